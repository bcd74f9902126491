/* Where linear machines start: what they do with features of any scale, in the folds of a
 * calibration, with little memory, and when they are stopped. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"
#include "log.h"
#include "still_clock.h"

#include "models/model.h"
#include "models/svm/svm_normal.h"

enum { FEW = 600, ROWS = 6000, COLUMNS = 10 };

static float x[ROWS * COLUMNS];
static int32_t labels[ROWS];
static int rows;          /* of x */
static double likelihood; /* mean log of the probability that a label has by its row */

/* Classes that overlap: the first is that of a positive sum of the row and twice a normal number. */
static clf_dataset *overlapping(clf_context *context, int count, double scale, uint64_t seed) {
  likelihood = 0;
  rows = count;
  for (int i = 0; i < rows; i++) {
    double sum = 0;
    for (int j = 0; j < COLUMNS; j++) {
      const double normal = random_normal(&seed);
      sum += normal * (1 + j % 3) / 2;
      x[i * COLUMNS + j] = (float)(scale * normal);
    }
    labels[i] = !(sum + 2 * random_normal(&seed) > 0);
    const double first = erfc(-sum / 2 / sqrt(2)) / 2;
    likelihood += log(labels[i] == 0 ? first : 1 - first) / rows;
  }
  return dataset_of(context, x, CLF_F32, rows, COLUMNS, labels);
}

/* The mean loss of the rows. */
static double hinge(const clf_model *model) {
  const double *w = clf__state_data(model->state, "weights_f64");
  const double b = *(const double *)clf__state_data(model->state, "intercept");
  double sum = 0;
  for (int i = 0; i < rows; i++) {
    double value = b;
    for (int j = 0; j < COLUMNS; j++) {
      value += w[j] * (double)x[i * COLUMNS + j];
    }
    sum += fmax(0, 1 - (labels[i] == 0 ? value : -value)) / rows;
  }
  return sum;
}

/* Without an influence of the penalty, all have the same loss. */
TEST(svm_start__features_of_large_scale) {
  clf_dataset *data = overlapping(NULL, FEW, 100, 1);
  clf_model *model = fitted(NULL, "svm", "kernel=linear", data);
  const double smallest = hinge(model);
  clf_model_free(model);
  clf_dataset_free(data);
  for (int exponent = 3; exponent <= 5; exponent++) {
    data = overlapping(NULL, FEW, pow(10, exponent), 1);
    model = fitted(NULL, "svm", "kernel=linear", data);
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    ck_assert_double_le(hinge(model), smallest * 1.001);
    clf_model_free(model);
    clf_dataset_free(data);
  }
}

/* Where alpha in double cannot tell margins, a start does not make the machine worse than none. */
TEST(svm_start__features_beyond_all_digits) {
  for (int exponent = 7; exponent <= 15; exponent += 2) {
    clf_dataset *data = overlapping(NULL, FEW, pow(10, exponent), 1);
    clf_model *model = fitted(NULL, "svm", "kernel=linear max_iterations=200000", data);
    ck_assert_double_le(hinge(model), 2);
    clf_model_free(model);
    clf_dataset_free(data);
  }
}

/* The folds of a calibration are solved to their end as well, and give nearly the probabilities that
 * the rows have. */
TEST(svm_start__folds_converge) {
  static float p[FEW * 2];
  clf_dataset *data = overlapping(NULL, FEW, 1000, 1);
  clf_model *model = fitted(NULL, "svm", "kernel=linear calibration=sigmoid", data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  clf_dataset_free(data);
  data = overlapping(NULL, FEW, 1000, 2);
  ck_clf_ok(clf_model_predict_proba(model, data, p, (int64_t)FEW * 2));
  double own = 0;
  for (int i = 0; i < FEW; i++) {
    own += log((double)p[2 * i + labels[i]]) / FEW;
  }
  ck_assert_double_ge(own, likelihood - 0.03);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(svm_start__folds_that_have_not_converged_are_known) {
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  ck_clf_ok(clf_context_set_log(context, listen, NULL));
  clf_dataset *data = overlapping(context, FEW, 1, 1);
  clf_model *model =
      fitted(context, "svm", "kernel=linear C=1e6 calibration=sigmoid max_iterations=300", data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_NOT_CONVERGED);
  ck_assert_ptr_nonnull(strstr(warned, "5 folds of the calibration have not converged"));
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* Fits once under a limit of the memory beyond the rows. */
static void fit_within(const char *params, clf_dataset *data, int kilobytes) {
  char text[64];
  clf_context *context = NULL;
  snprintf(text, sizeof text, "threads=1 memory_limit=%d", kilobytes * 1024);
  ck_clf_ok(clf_context_create(&context, NULL, text));
  clf_model *model = fitted(context, "svm", params, data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  clf_model_free(model);
  clf_context_free(context);
}

enum { MANY = 2000, WIDTH = 200, FILLED = 10 };

/* FILLED values in each row. */
static clf_dataset *wide_rows(clf_context *context) {
  static float wide[MANY * WIDTH];
  static int32_t sides[MANY];
  uint64_t seed = 4;
  memset(wide, 0, sizeof wide);
  for (int i = 0; i < MANY; i++) {
    double sum = random_normal(&seed);
    for (int k = 0; k < FILLED; k++) {
      const int j = (int)(random_unit(&seed) * WIDTH);
      const double value = random_normal(&seed);
      wide[i * WIDTH + j] = (float)value;
      sum += j % 2 == 0 ? value : 0;
    }
    sides[i] = sum > 0;
  }
  return sparse_of(context, wide, MANY, WIDTH, sides);
}

/* The rows in f64 take 530 KB, the equations of sparse rows 320 KB and up to 16 times as much. */
TEST(svm_start__without_the_memory_for_it) {
  clf_dataset *dense = overlapping(NULL, ROWS, 1, 1), *sparse = wide_rows(NULL);
  fit_within("kernel=linear C=0.01 tolerance=0.1", dense, 2100);
  fit_within("kernel=linear loss=squared_hinge", sparse, 600);
  clf_dataset_free(dense);
  clf_dataset_free(sparse);
}

TEST(svm_start__sums_of_many_columns_take_little_memory) {
  enum { ENTRIES = 40, OF_MATRIX = 2500 * 2500 * 8 };
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  static int64_t start[MANY + 1];
  static int32_t column[MANY * ENTRIES];
  static float value[MANY * ENTRIES];
  for (int i = 0; i < MANY * ENTRIES; i++) {
    start[i / ENTRIES + 1] = i + 1;
    column[i] = i % ENTRIES * 62;
    value[i] = 1;
  }
  const clf__rows same = {.rows = MANY,
                          .columns = 2499,
                          .dtype = CLF_F32,
                          .row_start = start,
                          .column = column,
                          .value = value};
  clf__svm_normal normal = {.context = context, .rows = &same, .count = MANY, .intercept = true};
  ck_clf_ok(clf__svm_normal_create(&normal, NULL));
  ck_assert_uint_le(clf_context_memory_peak(context), OF_MATRIX + (64 << 20) + (1 << 20));
  clf__svm_normal_free(&normal);
  clf_context_free(context);
}

/* Says `answer` at a report, and counts. */
typedef struct host {
  int64_t at, calls;
  int32_t answer;
} host;

static int32_t answer_at(void *user, const clf_progress *progress) {
  host *own = user;
  (void)progress;
  return ++own->calls == own->at ? own->answer : CLF_PROGRESS_GO;
}

static clf_context *asked(host *own) {
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1 progress_interval=0"));
  ck_clf_ok(clf_context_set_progress(context, answer_at, own));
  return context;
}

/* The equations of these rows take 9e7 products a step. */
TEST_LOOP(svm_start__asks_the_host_within_a_step, 0, 2) {
  enum { LONG = 144000, ENTRIES = 35, NARROW = 70 };
  static const char *const params[] = {"kernel=linear max_iterations=1",
                                       "kernel=linear loss=squared_hinge max_iterations=1"};
  static float values[LONG * NARROW];
  static int32_t sides[LONG];
  uint64_t seed = 4;
  host own = {0};
  for (int i = 0; i < LONG; i++) {
    sides[i] = random_unit(&seed) < 0.5;
    for (int j = 0; j < ENTRIES; j++) {
      values[i * NARROW + 2 * j] = (float)random_normal(&seed) + (float)sides[i];
    }
  }
  clf_context *context = asked(&own);
  clf_dataset *data = sparse_of(context, values, LONG, NARROW, sides);
  clf_model *model = fitted(context, "svm", params[_i], data);
  ck_assert_int_ge(own.calls, 8);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* The steps of Newton's method count, and a fit that is stopped keeps them. */
TEST(svm_start__of_the_squared_hinge_is_limited_and_stopped) {
  static const char params[] = "kernel=linear loss=squared_hinge C=100 tolerance=1e-9";
  host own = {0};
  clf_context *context = asked(&own);
  clf_dataset *data = wide_rows(context);
  for (int limit = 1; limit < 4; limit++) {
    char text[120];
    snprintf(text, sizeof text, "%s max_iterations=%d", params, limit);
    clf_model *model = fitted(context, "svm", text, data);
    ck_assert_int_le(*(const int64_t *)clf__state_data(model->state, "iterations"), limit);
    clf_model_free(model);
  }
  own = (host){.at = 5, .answer = CLF_PROGRESS_STOP};
  atomic_store(&clock_stands, true); /* so that the call is of a step */
  clf_model *model = fitted(context, "svm", params, data);
  atomic_store(&clock_stands, false);
  ck_assert_int_eq(clf_model_outcome(model), CLF_NOT_CONVERGED);
  ck_assert_int_ge(*(const int64_t *)clf__state_data(model->state, "iterations"), 1);
  double accuracy = 0;
  ck_clf_ok(clf_model_score(model, data, &accuracy));
  ck_assert_double_ge(accuracy, 0.8);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* A row of weight 0 says nothing, whatever it contains. */
TEST_LOOP(svm_start__rows_without_weight_have_no_influence, 0, 6) {
  static const char *const kinds[] = {"svm", "svm", "logistic"};
  static const char *const params[] = {"kernel=linear loss=squared_hinge",
                                       "kernel=linear loss=squared_hinge penalty=l1",
                                       "penalty=l1 precision=f64"};
  static float weights[ROWS];
  const float huge = _i / 3 == 0 ? 1e25F : 3e38F;
  double values[2][COLUMNS];
  for (int k = 0; k < 2; k++) {
    clf_dataset *data = overlapping(NULL, ROWS, 1, 1);
    for (int i = 0; i < ROWS; i++) {
      weights[i] = i != 7;
    }
    for (int j = 0; j < COLUMNS && k == 1; j++) {
      x[7 * COLUMNS + j] = huge;
    }
    set_weights(data, weights);
    clf_model *model = fitted(NULL, kinds[_i % 3], params[_i % 3], data);
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    memcpy(values[k], clf__state_data(model->state, _i % 3 < 2 ? "weights_f64" : "weights_f64"),
           sizeof values[k]);
    clf_model_free(model);
    clf_dataset_free(data);
  }
  for (int j = 0; j < COLUMNS; j++) {
    ck_assert_double_eq_tol(values[0][j], values[1][j], 1e-4);
  }
}

SUITE("svm_start")
