/* Logistic regression with an L1 penalty or an elastic net: closed forms, the optimality conditions
 * in long double, columns that are hard for solvers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"

#include "models/model.h"

enum { ROWS = 400, COLUMNS = 12, CLASSES = 4 };
enum { F32, U8, F64, SPARSE, STORAGES };
enum { SOFTMAX, SIGMOIDS, BINARY, LINKS };

static float floats[ROWS * COLUMNS];
static uint8_t bytes[ROWS * COLUMNS];
static double doubles[ROWS * COLUMNS], seen[ROWS * COLUMNS];
static int32_t labels[ROWS];
static float weights[ROWS];

/* The first columns tell classes apart, the others are noise. */
static clf_dataset *rows_of(clf_context *context, int storage, int classes) {
  uint64_t state = 4;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % classes;
    weights[i] = (float)(2 * random_unit(&state));
    for (int j = 0; j < COLUMNS; j++) {
      const int at = i * COLUMNS + j;
      const double value = random_normal(&state) + (j == labels[i] ? 1 : 0.3);
      doubles[at] = value;
      floats[at] = random_unit(&state) < 0.3 ? 0 : (float)value;
      bytes[at] = (uint8_t)fmin(fmax(128 + 30 * value, 0), 255);
      seen[at] = storage == U8    ? bytes[at] * (double)(1.0F / 255)
                 : storage == F64 ? value
                                  : (double)floats[at];
    }
  }
  clf_dataset *made = storage == SPARSE ? sparse_of(context, floats, ROWS, COLUMNS, labels)
                      : storage == U8   ? dataset_of(context, bytes, CLF_U8, ROWS, COLUMNS, labels)
                      : storage == F64
                          ? dataset_of(context, doubles, CLF_F64, ROWS, COLUMNS, labels)
                          : dataset_of(context, floats, CLF_F32, ROWS, COLUMNS, labels);
  set_weights(made, weights);
  return made;
}

static void residuals(long double *z, int classes, int own, bool sigmoids) {
  long double sum = 0, largest = -INFINITY;
  for (int k = 0; k < classes; k++) {
    largest = fmaxl(largest, z[k]);
  }
  for (int k = 0; k < classes; k++) {
    z[k] = sigmoids ? 1 / (1 + expl(-z[k])) : expl(z[k] - largest);
    sum += z[k];
  }
  for (int k = 0; k < classes; k++) {
    z[k] = (sigmoids ? z[k] : z[k] / sum) - (k == own);
  }
}

/* The gradients [classes, COLUMNS + 1] of sum w loss at a model's solution. */
static void gradients_at(const clf_model *model, int classes, bool sigmoids, long double *out) {
  const double *w = clf__state_data(model->state, "weights_f64");
  const double *b = clf__state_data(model->state, "intercept_f64");
  memset(out, 0, (size_t)classes * (COLUMNS + 1) * sizeof *out);
  for (int i = 0; i < ROWS; i++) {
    long double z[CLASSES];
    for (int k = 0; k < classes; k++) {
      z[k] = (long double)b[k];
      for (int j = 0; j < COLUMNS; j++) {
        z[k] += (long double)w[k * COLUMNS + j] * (long double)seen[i * COLUMNS + j];
      }
    }
    residuals(z, classes, labels[i], sigmoids);
    for (int k = 0; k < classes; k++) {
      long double *own = out + k * (COLUMNS + 1);
      for (int j = 0; j < COLUMNS; j++) {
        own[j] += (long double)weights[i] * z[k] * (long double)seen[i * COLUMNS + j];
      }
      own[COLUMNS] += (long double)weights[i] * z[k];
    }
  }
}

/* The largest violation of the optimality conditions of C sum w loss + l1 |W|_1 + l2/2 |W|^2, of a
 * row on average. Class 0 of two has no weights. */
static double violation(const clf_model *model, int classes, bool sigmoids, double C, double l1,
                        bool intercept) {
  const double *w = clf__state_data(model->state, "weights_f64");
  long double g[CLASSES * (COLUMNS + 1)];
  double largest = 0;
  gradients_at(model, classes, sigmoids, g);
  for (int k = classes == 2 ? 1 : 0; k < classes; k++) {
    for (int j = 0; j < COLUMNS; j++) {
      const double own = w[k * COLUMNS + j];
      const double smooth = C * (double)g[k * (COLUMNS + 1) + j] + (1 - l1) * own;
      const double now = own > 0   ? fabs(smooth + l1)
                         : own < 0 ? fabs(smooth - l1)
                                   : fmax(fabs(smooth) - l1, 0);
      largest = fmax(largest, now / C / ROWS);
    }
    const double of_bias = intercept ? (double)g[k * (COLUMNS + 1) + COLUMNS] : 0;
    largest = fmax(largest, fabs(of_bias) / ROWS);
  }
  return largest;
}

static int64_t zeros_of(const clf_model *model) {
  const clf_tensor *w = clf__store_tensor(model->state, "weights_f64");
  int64_t zeros = 0;
  for (int64_t i = 0; i < clf_tensor_count(w); i++) {
    zeros += ((const double *)w->data)[i] == 0;
  }
  return zeros;
}

static void check_conditions(int storage, int link, const char *more, double C, double l1,
                             bool intercept) {
  const int classes = link == BINARY ? 2 : CLASSES;
  char params[200];
  snprintf(params, sizeof params, "C=%g tolerance=1e-14 precision=f64 multiclass=%s %s", C,
           link == SIGMOIDS ? "one_vs_rest" : "multinomial", more);
  clf_dataset *data = rows_of(NULL, storage, classes);
  clf_model *model = fitted(NULL, "logistic", params, data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  ck_assert_double_le(violation(model, classes, link == SIGMOIDS, C, l1, intercept), 1e-7);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(l1__conditions_hold_at_the_solution) {
  for (int storage = 0; storage < STORAGES; storage++) {
    for (int link = 0; link < LINKS; link++) {
      check_conditions(storage, link, "penalty=l1", 0.1, 1, true);
      check_conditions(storage, link, "penalty=l1 fit_intercept=false", 1, 1, false);
      check_conditions(storage, link, "penalty=elastic_net l1_ratio=0.3", 0.2, 0.3, true);
    }
  }
}

TEST(l1__in_f32_conditions_hold_as_far_as_it_reaches) {
  for (int storage = 0; storage < STORAGES; storage++) {
    clf_dataset *data = rows_of(NULL, storage, CLASSES);
    clf_model *model = fitted(NULL, "logistic", "penalty=l1 C=0.1", data);
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    ck_assert_double_le(violation(model, CLASSES, false, 0.1, 1, true), 2e-4);
    ck_assert_int_gt(zeros_of(model), 20);
    clf_model_free(model);
    clf_dataset_free(data);
  }
}

/* Where a class is rare, the other outputs depend on each other, and iterations gain little each:
 * the last ones decrease the objective by no digit of a double, but the gap. */
TEST(l1__hardly_a_penalty_is_fitted_to_its_gap) {
  for (int storage = 0; storage < STORAGES; storage++) {
    clf_dataset *data = rows_of(NULL, storage, 3);
    for (int i = 2; i < ROWS; i += 3) {
      weights[i] /= 10;
    }
    set_weights(data, weights);
    for (int power = 5; power <= 7; power++) {
      char params[64];
      snprintf(params, sizeof params, "penalty=l1 C=1e%d", power);
      clf_model *model = fitted(NULL, "logistic", params, data);
      ck_assert_msg(clf_model_outcome(model) == CLF_OK, "storage %d, %s", storage, params);
      ck_assert_double_le(violation(model, 3, false, pow(10, power), 1, true), 1e-6);
      clf_model_free(model);
    }
    clf_dataset_free(data);
  }
}

/* Row i has a single entry, in column i % 4: columns are orthogonal, and without an intercept each
 * has its own problem, C n (sigmoid(w) - q) + sign w = 0 with the share q of class 1. */
TEST(l1__orthogonal_columns_have_a_closed_form) {
  enum { GROUPS = 4, EACH = 50 };
  float x[GROUPS * EACH * GROUPS] = {0};
  int32_t own[GROUPS * EACH];
  const double shares[GROUPS] = {0.9, 0.1, 0.52, 0.7}, C = 0.5;
  for (int i = 0; i < GROUPS * EACH; i++) {
    x[i * GROUPS + i % GROUPS] = 1;
    own[i] = i / GROUPS < (int)lround(EACH * shares[i % GROUPS]);
  }
  for (int sparse = 0; sparse < 2; sparse++) {
    clf_dataset *data = sparse ? sparse_of(NULL, x, GROUPS * EACH, GROUPS, own)
                               : dataset_of(NULL, x, CLF_F32, GROUPS * EACH, GROUPS, own);
    clf_model *model =
        fitted(NULL, "logistic",
               "C=0.5 penalty=l1 fit_intercept=false precision=f64 tolerance=1e-12", data);
    const double *w = (const double *)clf__state_data(model->state, "weights_f64") + GROUPS;
    for (int j = 0; j < GROUPS; j++) {
      const double pull = C * EACH * (shares[j] - 0.5);
      const double p = shares[j] - copysign(1 / (C * EACH), pull);
      ck_assert_double_eq_tol(w[j], fabs(pull) <= 1 ? 0 : log(p / (1 - p)), 1e-9);
    }
    clf_model_free(model);
    clf_dataset_free(data);
  }
}

static void check_same(const clf_dataset *data, const char *one, const char *other) {
  clf_model *a = fitted(NULL, "logistic", one, data), *b = fitted(NULL, "logistic", other, data);
  ck_assert_mem_eq(clf__state_data(a->state, "weights_f64"),
                   clf__state_data(b->state, "weights_f64"), CLASSES * COLUMNS * sizeof(double));
  clf_model_free(a);
  clf_model_free(b);
}

TEST(l1__what_is_no_l1_penalty_is_the_smooth_fit) {
  clf_dataset *data = rows_of(NULL, F32, CLASSES);
  check_same(data, "C=0.1 penalty=elastic_net l1_ratio=0", "C=0.1");
  check_same(data, "C=inf penalty=l1", "C=inf");
  check_same(data, "C=0.1 penalty=elastic_net l1_ratio=1", "C=0.1 penalty=l1");
  clf_dataset_free(data);
}

/* A column that is 0, one that is constant, a duplicate, and units of 1e-20 and 1e7: the fit
 * converges, and what carries no information in its unit has the weight 0. */
TEST(l1__columns_that_are_hard_for_solvers) {
  enum { HARD = 7 };
  static double x[ROWS * HARD];
  for (int sparse = 0; sparse < 2; sparse++) {
    uint64_t state = 6;
    static float narrow[ROWS * HARD];
    for (int i = 0; i < ROWS; i++) {
      labels[i] = i % 2;
      double *row = x + i * HARD;
      row[0] = 0;
      row[1] = 5;
      row[2] = row[3] = random_normal(&state) + labels[i];
      row[4] = 1e-20 * (random_normal(&state) + labels[i]);
      row[5] = 1e7 * (random_normal(&state) + labels[i]);
      row[6] = random_normal(&state) + labels[i] + (sparse ? 0 : 1e7);
      for (int j = 0; j < HARD; j++) {
        narrow[i * HARD + j] = (float)row[j];
      }
    }
    clf_dataset *data = sparse ? sparse_of(NULL, narrow, ROWS, HARD, labels)
                               : dataset_of(NULL, x, CLF_F64, ROWS, HARD, labels);
    clf_model *model = fitted(NULL, "logistic", "penalty=l1 precision=f64 tolerance=1e-9", data);
    const double *w = (const double *)clf__state_data(model->state, "weights_f64") + HARD;
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    ck_assert(w[0] == 0 && w[1] == 0 && w[4] == 0);
    ck_assert(w[2] + w[3] > 0.5 && w[5] * 1e7 > 0.5 && w[6] > 0.5);
    clf_model_free(model);
    clf_dataset_free(data);
  }
}

/* A row that is far from the others does not make a fit end before these are learned: the
 * conditions hold where it says so. */
TEST(l1__a_row_far_from_the_others_hides_no_violation) {
  static const float offsets[] = {0, 0, 1, 0}, factors[] = {1e5F, 1e7F, 1e5F, 1e6F};
  int converged = 0;
  for (int table = 0; table < 4; table++) {
    clf_dataset_free(rows_of(NULL, F32, 2));
    for (int i = 0; i < ROWS * COLUMNS; i++) {
      floats[i] = (floats[i] + offsets[table]) * (i / COLUMNS == 7 ? factors[table] : 1);
      seen[i] = (double)floats[i];
    }
    clf_dataset *data = dataset_of(NULL, floats, CLF_F32, ROWS, COLUMNS, labels);
    set_weights(data, weights);
    clf_model *model = fitted(NULL, "logistic", "penalty=l1 fit_intercept=false C=10", data);
    if (clf_model_outcome(model) == CLF_OK) {
      ck_assert_double_le(violation(model, 2, false, 10, 1, false), 1e-6);
      converged++;
    }
    clf_model_free(model);
    clf_dataset_free(data);
  }
  ck_assert_int_ge(converged, 3);
}

TEST(l1__separable_rows_end_with_finite_weights) {
  float x[] = {-3, -2, -1, 1, 2, 3};
  int32_t own[] = {0, 0, 0, 1, 1, 1};
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 6, 1, own);
  for (int f64 = 0; f64 < 2; f64++) {
    clf_model *model =
        fitted(NULL, "logistic",
               f64 ? "penalty=l1 C=1e8 precision=f64 tolerance=1e-12" : "penalty=l1 C=1e8", data);
    const double *w = clf__state_data(model->state, "weights_f64");
    ck_assert(isfinite(w[1]) && w[1] > 5);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

TEST(l1__more_columns_than_rows) {
  enum { FEW = 30, WIDE = 200 };
  static float x[FEW * WIDE];
  int32_t own[FEW];
  uint64_t state = 3;
  for (int i = 0; i < FEW; i++) {
    own[i] = i % 2;
    for (int j = 0; j < WIDE; j++) {
      x[i * WIDE + j] = (float)(random_normal(&state) + (j < 3 ? own[i] : 0));
    }
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, FEW, WIDE, own);
  clf_model *model = fitted(NULL, "logistic", "penalty=l1 precision=f64 tolerance=1e-10", data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  ck_assert_int_gt(zeros_of(model), 2 * WIDE - FEW);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(l1__any_number_of_threads_gives_the_same_bits) {
  static const char *const threads[] = {"threads=1", "threads=3"};
  for (int storage = 0; storage < STORAGES; storage++) {
    double first[CLASSES * COLUMNS];
    for (int t = 0; t < 2; t++) {
      clf_context *context = NULL;
      ck_clf_ok(clf_context_create(&context, NULL, threads[t]));
      clf_dataset *data = rows_of(context, storage, CLASSES);
      clf_model *model = fitted(context, "logistic", "penalty=l1 C=0.2", data);
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
}

enum { MANY = 8000, WIDTH = 6 };

/* So many rows that models are made of samples. One column is not 0 in three rows only, two are the
 * same, and one lies far from 0. */
static clf_dataset *many_rows(clf_context *context, bool sparse, int classes, double *rows,
                              int32_t *own) {
  static float narrow[MANY * WIDTH];
  uint64_t state = 8;
  for (int i = 0; i < MANY; i++) {
    double *row = rows + i * WIDTH;
    own[i] = classes == 2 ? random_unit(&state) < 0.3 : i % classes;
    row[0] = random_unit(&state) < 0.5 ? 0 : random_normal(&state) + own[i];
    row[1] = i == 10 || i == 4000 || i == 7990 ? 5 * own[i] + 1 : 0;
    row[2] = row[3] = random_unit(&state) < 0.5 ? 0 : random_normal(&state) + 3 * own[i];
    row[4] = sparse ? 0 : 1e4 + random_normal(&state) - own[i];
    row[5] = random_normal(&state);
    for (int j = 0; j < WIDTH; j++) {
      narrow[i * WIDTH + j] = (float)row[j];
      row[j] = sparse ? (double)narrow[i * WIDTH + j] : row[j];
    }
  }
  return sparse ? sparse_of(context, narrow, MANY, WIDTH, own)
                : dataset_of(context, rows, CLF_F64, MANY, WIDTH, own);
}

TEST_LOOP(l1__samples_of_rows_lead_to_the_minimum_of_all_rows, 0, 2) {
  static const char *const threads[] = {"threads=1", "threads=3"};
  static double rows[MANY * WIDTH], first[WIDTH];
  static int32_t own[MANY];
  for (int t = 0; t < 2; t++) {
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, threads[t]));
    clf_dataset *data = many_rows(context, _i == 1, 2, rows, own);
    clf_model *model =
        fitted(context, "logistic", "penalty=l1 C=0.5 precision=f64 tolerance=1e-10", data);
    const double *w = (const double *)clf__state_data(model->state, "weights_f64") + WIDTH;
    const double b = ((const double *)clf__state_data(model->state, "intercept_f64"))[1];
    const clf_tensor *center = clf__store_tensor(model->state, "center");
    long double g[WIDTH + 1] = {0};
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    for (int i = 0; i < MANY; i++) {
      long double z = (long double)b;
      for (int j = 0; j < WIDTH; j++) {
        const double c = center != NULL ? clf__tensor_value(center, j) : 0;
        z += (long double)w[j] * (long double)(rows[i * WIDTH + j] - c);
      }
      const long double rest = 1 / (1 + expl(-z)) - own[i];
      for (int j = 0; j < WIDTH; j++) {
        g[j] += rest * (long double)(rows[i * WIDTH + j] - (j == 4 ? 1e4 : 0)) / 2;
      }
      g[WIDTH] += rest;
    }
    for (int j = 0; j < WIDTH; j++) {
      const double own_gradient = (double)g[j];
      ck_assert_double_le(w[j] != 0 ? fabs(own_gradient + copysign(1, w[j]))
                                    : fmax(fabs(own_gradient) - 1, 0),
                          1e-5);
    }
    ck_assert_double_le(fabs((double)g[WIDTH]), 1e-5);
    if (t == 0) {
      memcpy(first, w, sizeof first);
    }
    ck_assert_mem_eq(first, w, sizeof first);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

/* Where C is so large that the rare rows are certain, samples lack them. */
TEST_LOOP(l1__columns_that_samples_lack, 0, 2) {
  static double rows[MANY * WIDTH];
  static int32_t own[MANY];
  clf_dataset *data = many_rows(NULL, _i == 1, 3, rows, own);
  clf_model *model =
      fitted(NULL, "logistic", "penalty=l1 C=1e4 precision=f64 tolerance=1e-6", data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  clf_model_free(model);
  clf_dataset_free(data);
}

SUITE("logistic_l1")
