/* Linear machines of classes that overlap: the duality gap, computed here in f64 from the stored
 * support vectors, whatever the rows and C, and whichever method they are solved by. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"

#include "models/model.h"

enum { ROWS = 700, COLUMNS = 5, WIDTH = 900, MANY_ROWS = 3000, MANY_WIDTH = 40 };

typedef enum kind {
  PLAIN,
  SPARSE,
  SHIFTED,
  SMALL,
  LARGE,
  REPEATED,
  WEIGHTED,
  BINARY,
  WIDE, /* most of which descent solves: some rows are empty, some twice there */
  WIDE_WEIGHTED,
  WIDE_RARE, /* few rows of a class */
  KINDS,
  SEPARABLE = KINDS, /* wide, with a hundredth of the rows of a class, whatever their values */
  CONSTANT,          /* the same, with a large constant column */
  DENSE_RARE         /* the same classes; many dense rows */
} kind;

static float x[ROWS * WIDTH];
static int height, width; /* rows and columns of x */
static int32_t labels[MANY_ROWS];
static float weights[MANY_ROWS];

static float value_of(kind of, int i, int j, double normal) {
  static const double shift = 1e7, small = 1e-20, large = 1e12;
  return (float)(of == SHIFTED ? shift + 100 * normal
                 : of == SMALL ? small * normal
                 : of == LARGE ? large * normal
                 : of == REPEATED
                     ? (double)x[(i / 4 * 4) * width + j] * (i % 4 > 0) + normal * (i % 4 == 0)
                 : of == BINARY ? normal > 0
                                : normal);
}

static clf_dataset *rows_of(clf_context *context, kind of) {
  uint64_t seed = 5;
  height = of == DENSE_RARE ? MANY_ROWS : ROWS;
  width = of == DENSE_RARE ? MANY_WIDTH : of >= WIDE ? WIDTH : COLUMNS;
  for (int i = 0; i < height; i++) {
    double sum = 2 * random_normal(&seed);
    for (int j = 0; j < width; j++) {
      const double filled = of >= SEPARABLE || i % 20 > 0 ? 0.02 : 0;
      const bool there = of < WIDE || of == DENSE_RARE || random_unit(&seed) < filled;
      const double normal = there ? random_normal(&seed) : 0;
      sum += normal;
      x[i * width + j] = of == CONSTANT && j == 0 ? 100 : value_of(of, i, j, normal);
    }
    labels[i] = of >= SEPARABLE ? i % 100 == 0 : sum > (of == WIDE_RARE ? 8 : 0.5);
    weights[i] = of == WEIGHTED || of == WIDE_WEIGHTED ? (float)((i % 5) * random_unit(&seed)) : 1;
  }
  clf_dataset *data = of == SPARSE || of == BINARY || (of >= WIDE && of != DENSE_RARE)
                          ? sparse_of(context, x, height, width, labels)
                          : dataset_of(context, x, CLF_F32, height, width, labels);
  if (of == WEIGHTED || of == WIDE_WEIGHTED) {
    set_weights(data, weights);
  }
  return data;
}

/* The primal objective of w and b less the dual one of the coefficients, relative to the first. */
static double relative_gap(const clf_model *model, double C) {
  const double *w = clf__state_data(model->state, "weights_f64");
  const double b = *(const double *)clf__state_data(model->state, "intercept");
  const double *coefficient = clf__state_data(model->state, "dual_coef_f64");
  const int64_t *row = clf__state_data(model->state, "support");
  const int64_t vectors = clf_tensor_count(clf__store_tensor(model->state, "support"));
  const clf_tensor *center = clf__store_tensor(model->state, "center");
  double losses = 0, squares = 0, alpha = 0, sum = 0;
  for (int i = 0; i < height; i++) {
    const double side = labels[i] == 0 ? 1 : -1;
    double miss = 1 - side * b;
    for (int j = 0; j < width; j++) {
      const double mean = center != NULL ? clf__tensor_value(center, j) : 0;
      miss -= side * w[j] * ((double)x[i * width + j] - mean);
    }
    losses += C * (double)weights[i] * fmax(miss, 0);
  }
  for (int j = 0; j < width; j++) {
    squares += w[j] * w[j];
  }
  for (int64_t k = 0; k < vectors; k++) {
    const double side = labels[row[k]] == 0 ? 1 : -1;
    alpha += side * coefficient[k];
    sum += coefficient[k];
    ck_assert_double_ge(side * coefficient[k], 0);
    ck_assert_double_le(side * coefficient[k], C * (double)weights[row[k]] * (1 + 1e-6));
  }
  ck_assert_double_le(fabs(sum), 1e-9 * alpha);
  return (squares + losses - alpha) / (squares / 2 + losses);
}

TEST_LOOP(svm_linear__reaches_the_optimum, 0, KINDS) {
  static const double Cs[] = {1e-4, 1, 100, 1e6};
  for (size_t k = 0; k < sizeof Cs / sizeof *Cs; k++) {
    /* In units of the features: C times their squares. */
    const double unit = _i == SMALL ? 1e40 : _i == LARGE ? 1e-24 : 1;
    const double C = fmin(Cs[k] * unit, 1e30);
    char params[100];
    snprintf(params, sizeof params, "kernel=linear precision=f64 C=%.17g", C);
    clf_dataset *data = rows_of(NULL, (kind)_i);
    clf_model *model = fitted(NULL, "svm", params, data);
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    ck_assert_double_le(relative_gap(model, C), _i < WIDE ? 4e-3 : 2.5e-4);
    ck_assert_double_ge(relative_gap(model, C), -1e-6);
    clf_model_free(model);
    clf_dataset_free(data);
  }
}

/* The objective is a small part of what margins cost that miss by the tolerance. */
TEST_LOOP(svm_linear__of_sparse_rows_or_a_rare_class_is_near_the_minimum_of_any_objective,
          SEPARABLE, DENSE_RARE + 1) {
  static const double Cs[] = {1, 100, 1e4};
  clf_dataset *data = rows_of(NULL, (kind)_i);
  for (size_t k = 0; k < sizeof Cs / sizeof *Cs; k++) {
    char params[100];
    snprintf(params, sizeof params, "kernel=linear precision=f64 C=%g", Cs[k]);
    clf_model *model = fitted(NULL, "svm", params, data);
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    ck_assert_double_le(relative_gap(model, Cs[k]), 2.5e-4);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

TEST(svm_linear__reaches_small_tolerances) {
  static const double tolerances[] = {1e-3, 1e-5, 1e-7};
  clf_dataset *data = rows_of(NULL, PLAIN);
  for (size_t k = 0; k < sizeof tolerances / sizeof *tolerances; k++) {
    char params[100];
    snprintf(params, sizeof params, "kernel=linear precision=f64 C=10 tolerance=%g", tolerances[k]);
    clf_model *model = fitted(NULL, "svm", params, data);
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    ck_assert_double_le(relative_gap(model, 10), 2 * tolerances[k]);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

/* The time does not grow with C, and max_iterations is a limit of these steps too. */
TEST(svm_linear__needs_few_steps_for_any_C) {
  static const char *const params[] = {"kernel=linear C=1", "kernel=linear C=1e5"};
  clf_dataset *data = rows_of(NULL, PLAIN);
  for (int k = 0; k < 2; k++) {
    clf_model *model = fitted(NULL, "svm", params[k], data);
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    ck_assert_int_le(*(const int64_t *)clf__state_data(model->state, "iterations"), 100);
    clf_model_free(model);
  }
  clf_model *model = fitted(NULL, "svm", "kernel=linear C=1 max_iterations=3", data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_NOT_CONVERGED);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(svm_linear__any_number_of_threads_gives_the_same_bits, 0, 3) {
  static const kind kinds[] = {PLAIN, SPARSE, WIDE};
  static const char *const threads[] = {"threads=1", "threads=2", "threads=3"};
  double first[COLUMNS];
  for (int t = 0; t < 3; t++) {
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, threads[t]));
    clf_dataset *data = rows_of(context, kinds[_i]);
    clf_model *model = fitted(context, "svm", "kernel=linear C=10", data);
    const double *w = clf__state_data(model->state, "weights_f64");
    if (t == 0) {
      memcpy(first, w, sizeof first);
    }
    ck_assert_mem_eq(first, w, sizeof first);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

static int32_t stop_at_fourth(void *user, const clf_progress *progress) {
  (void)progress;
  return ++*(int *)user >= 4;
}

TEST(svm_linear__that_is_cancelled_leaves_the_model) {
  int calls = -1000000;
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  ck_clf_ok(clf_context_set_progress(context, stop_at_fourth, &calls));
  clf_dataset *data = rows_of(context, PLAIN);
  clf_model *model = fitted(context, "svm", "kernel=linear", data);
  double before[COLUMNS];
  memcpy(before, clf__state_data(model->state, "weights_f64"), sizeof before);
  ck_clf_ok(clf_model_set_text(model, "C", "100"));
  calls = 0;
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_CANCELLED);
  ck_assert_mem_eq(before, clf__state_data(model->state, "weights_f64"), sizeof before);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

static clf_status fit_once(clf_context *context, const void *argument) {
  const clf_dataset *data = argument;
  clf_model *model = NULL;
  clf_status status = clf_model_create(&model, context, "svm", "kernel=linear C=0.01");
  if (status == CLF_OK) {
    status = clf_model_fit(model, data, NULL, NULL);
  }
  clf_model_free(model);
  return status;
}

TEST_LOOP(svm_linear__every_allocation_may_fail, 0, 2) {
  clf_dataset *data = rows_of(NULL, _i == 0 ? PLAIN : WIDE);
  check_every_allocation("threads=1", fit_once, data);
  clf_dataset_free(data);
}

SUITE("svm_linear")
