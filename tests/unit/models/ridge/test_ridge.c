/* Ridge against the normal equations solved independently in f64, in every storage and solver. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

enum { ROWS = 60, COLUMNS = 7, OUTPUTS = 3, SIZE = COLUMNS + 1 };

typedef struct problem {
  float x[ROWS * COLUMNS];
  double targets[ROWS * OUTPUTS];
  float weights[ROWS];
  int32_t labels[ROWS];
} problem;

/* Features with offsets and scales of their own, some entries 0. */
static problem make_problem(uint64_t seed) {
  problem p;
  for (int i = 0; i < ROWS; i++) {
    for (int j = 0; j < COLUMNS; j++) {
      double value = (j + 1) * random_normal(&seed) + 3 * j;
      p.x[i * COLUMNS + j] = random_unit(&seed) < 0.2 ? 0 : (float)value;
    }
    p.labels[i] = i % OUTPUTS;
    p.weights[i] = (float)random_unit(&seed);
    for (int k = 0; k < OUTPUTS; k++) {
      p.targets[i * OUTPUTS + k] = 5 + random_normal(&seed) + p.x[i * COLUMNS + k];
    }
  }
  return p;
}

/* Gaussian elimination with partial pivoting; a [SIZE, SIZE], b [SIZE] becomes the solution. */
static void eliminate(double a[SIZE][SIZE], double *b) {
  for (int c = 0; c < SIZE; c++) {
    int pivot = c;
    for (int r = c; r < SIZE; r++) {
      pivot = fabs(a[r][c]) > fabs(a[pivot][c]) ? r : pivot;
    }
    for (int j = 0; j < SIZE; j++) {
      double swap = a[c][j];
      a[c][j] = a[pivot][j];
      a[pivot][j] = swap;
    }
    double swap = b[c];
    b[c] = b[pivot];
    b[pivot] = swap;
    for (int r = 0; r < SIZE; r++) {
      double factor = r != c ? a[r][c] / a[c][c] : 0;
      for (int j = c; j < SIZE && factor != 0; j++) {
        a[r][j] -= factor * a[c][j];
      }
      b[r] -= factor * b[c];
    }
  }
  for (int c = 0; c < SIZE; c++) {
    b[c] /= a[c][c];
  }
}

/* Weights and, last, the intercept of one output; `target` gives the row's value. */
static void solve_reference(const problem *p, const float *weights, double alpha, bool intercept,
                            const double *target, double *solution) {
  double a[SIZE][SIZE] = {{0}};
  memset(solution, 0, SIZE * sizeof *solution);
  for (int i = 0; i < ROWS; i++) {
    double w = weights != NULL ? (double)weights[i] : 1;
    double row[SIZE];
    for (int j = 0; j < COLUMNS; j++) {
      row[j] = (double)p->x[i * COLUMNS + j];
    }
    row[COLUMNS] = intercept ? 1 : 0;
    for (int r = 0; r < SIZE; r++) {
      for (int c = 0; c < SIZE; c++) {
        a[r][c] += w * row[r] * row[c];
      }
      solution[r] += w * row[r] * target[i];
    }
  }
  for (int c = 0; c < COLUMNS; c++) {
    a[c][c] += alpha;
  }
  a[COLUMNS][COLUMNS] += intercept ? 0 : 1;
  eliminate(a, solution);
}

static void compare(const clf_model *model, const problem *p, const float *weights, double alpha,
                    bool intercept, bool labels, double tolerance) {
  clf_tensor *w = NULL;
  clf_tensor *b = NULL;
  ck_clf_ok(clf_model_tensor(&w, model, "weights"));
  ck_clf_ok(clf_model_tensor(&b, model, "intercept"));
  for (int k = 0; k < OUTPUTS; k++) {
    double target[ROWS], expected[SIZE];
    for (int i = 0; i < ROWS; i++) {
      target[i] = labels ? (p->labels[i] == k ? 1 : -1) : p->targets[i * OUTPUTS + k];
    }
    solve_reference(p, weights, alpha, intercept, target, expected);
    for (int j = 0; j < COLUMNS; j++) {
      double found = (double)((float *)clf_tensor_data(w))[k * COLUMNS + j];
      ck_assert_double_eq_tol(found, expected[j], tolerance);
    }
    ck_assert_double_eq_tol((double)((float *)clf_tensor_data(b))[k], expected[COLUMNS],
                            10 * tolerance);
  }
  clf_tensor_free(w);
  clf_tensor_free(b);
}

static void check_classifier(const char *params, bool sparse, bool weighted, double alpha,
                             bool intercept) {
  problem p = make_problem(1);
  clf_dataset *data = sparse ? sparse_of(NULL, p.x, ROWS, COLUMNS, p.labels)
                             : dataset_of(NULL, p.x, CLF_F32, ROWS, COLUMNS, p.labels);
  if (weighted) {
    set_weights(data, p.weights);
  }
  clf_model *model = fitted(NULL, "ridge", params, data);
  /* f32 products within a block, f64 sums: 1e-6 of weights of size 1. */
  compare(model, &p, weighted ? p.weights : NULL, alpha, intercept, true, 2e-5);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(ridge__solves_the_normal_equations) {
  check_classifier("alpha=1", false, false, 1, true);
  check_classifier("alpha=100", false, false, 100, true);
  check_classifier("alpha=1 fit_intercept=false", false, false, 1, false);
  check_classifier("alpha=0", false, false, 0, true);
}

TEST(ridge__takes_weights) {
  check_classifier("alpha=1", false, true, 1, true);
  check_classifier("alpha=1", true, true, 1, true);
}

TEST(ridge__takes_sparse_rows) {
  check_classifier("alpha=1", true, false, 1, true);
  check_classifier("alpha=3 fit_intercept=false", true, false, 3, false);
}

TEST(ridge_cg__agrees_with_cholesky) {
  check_classifier("alpha=1 solver=cg tolerance=1e-7", false, false, 1, true);
  check_classifier("alpha=1 solver=cg tolerance=1e-7", true, true, 1, true);
  check_classifier("alpha=2 solver=cg tolerance=1e-7 fit_intercept=no", false, false, 2, false);
}

TEST(ridge__regresses_several_targets) {
  problem p = make_problem(2);
  clf_dataset *data = dataset_of(NULL, p.x, CLF_F32, ROWS, COLUMNS, NULL);
  clf_tensor *targets = NULL;
  ck_clf_ok(
      clf_tensor_wrap(&targets, NULL, p.targets, CLF_F64, 2, (int64_t[]){ROWS, OUTPUTS}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, targets));
  clf_tensor_free(targets);
  static const char *const solvers[] = {"alpha=1", "alpha=1 solver=cg tolerance=1e-7"};
  for (int s = 0; s < 2; s++) {
    clf_model *model = fitted(NULL, "ridge", solvers[s], data);
    compare(model, &p, NULL, 1, true, false, 1e-4);
    double score = 0;
    ck_clf_ok(clf_model_score(model, data, &score));
    ck_assert_double_gt(score, 0.3);
    ck_assert_int_eq(clf_model_classes(model), 0);
    int32_t labels[ROWS];
    ck_clf_fails(clf_model_predict(model, data, labels, ROWS), CLF_ERROR_UNSUPPORTED);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

TEST(ridge__scores_no_rows_without_weight) {
  problem p = make_problem(6);
  clf_dataset *data = dataset_of(NULL, p.x, CLF_F32, ROWS, COLUMNS, NULL);
  clf_tensor *targets = NULL;
  double score = 7;
  ck_clf_ok(clf_tensor_wrap(&targets, NULL, p.weights, CLF_F32, 1, (int64_t[]){ROWS}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, targets));
  clf_model *model = fitted(NULL, "ridge", NULL, data);
  set_weights(data, (float[ROWS]){0});
  ck_clf_fails(clf_model_score(model, data, &score), CLF_ERROR_DATA);
  ck_clf_says("all weights are 0");
  ck_assert_double_eq(score, 7);
  set_weights(data, (float[ROWS]){1, 1, 1});
  ck_clf_ok(clf_model_score(model, data, &score));
  ck_assert(score <= 1);
  clf_tensor_free(targets);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(ridge__reads_u8_as_scaled_numbers) {
  enum { PIXELS = 50 };
  static uint8_t pixels[ROWS * PIXELS];
  static float scaled[ROWS * PIXELS];
  int32_t labels[ROWS];
  uint64_t seed = 3;
  for (int i = 0; i < ROWS * PIXELS; i++) {
    pixels[i] = (uint8_t)(256 * random_unit(&seed));
    scaled[i] = (float)pixels[i] / 255;
    labels[i / PIXELS] = i / PIXELS % 2;
  }
  clf_dataset *bytes = dataset_of(NULL, pixels, CLF_U8, ROWS, PIXELS, labels);
  clf_dataset *floats = dataset_of(NULL, scaled, CLF_F32, ROWS, PIXELS, labels);
  clf_model *a = fitted(NULL, "ridge", NULL, bytes);
  clf_model *b = fitted(NULL, "ridge", NULL, floats);
  float from_bytes[ROWS * 2], from_floats[ROWS * 2];
  ck_clf_ok(clf_model_decision_function(a, bytes, from_bytes, ROWS * 2));
  ck_clf_ok(clf_model_decision_function(b, floats, from_floats, ROWS * 2));
  for (int i = 0; i < ROWS * 2; i++) {
    ck_assert_float_eq_tol(from_bytes[i], from_floats[i], 2e-5F);
  }
  clf_model_free(a);
  clf_model_free(b);
  clf_dataset_free(bytes);
  clf_dataset_free(floats);
}

TEST(ridge__without_penalty_stands_duplicate_columns) {
  problem p = make_problem(4);
  for (int i = 0; i < ROWS; i++) {
    p.x[i * COLUMNS + 5] = p.x[i * COLUMNS + 2];
    p.x[i * COLUMNS + 6] = 4;
  }
  clf_dataset *data = dataset_of(NULL, p.x, CLF_F32, ROWS, COLUMNS, p.labels);
  clf_dataset *fewer = NULL;
  float kept[ROWS * 5];
  for (int i = 0; i < ROWS; i++) {
    memcpy(kept + i * 5, p.x + i * COLUMNS, 5 * sizeof *kept);
  }
  fewer = dataset_of(NULL, kept, CLF_F32, ROWS, 5, p.labels);
  clf_model *all = fitted(NULL, "ridge", "alpha=0", data);
  clf_model *some = fitted(NULL, "ridge", "alpha=0", fewer);
  float from_all[ROWS * OUTPUTS], from_some[ROWS * OUTPUTS];
  ck_clf_ok(clf_model_decision_function(all, data, from_all, ROWS * OUTPUTS));
  ck_clf_ok(clf_model_decision_function(some, fewer, from_some, ROWS * OUTPUTS));
  for (int i = 0; i < ROWS * OUTPUTS; i++) {
    ck_assert_float_eq_tol(from_all[i], from_some[i], 1e-4F);
  }
  clf_model_free(all);
  clf_model_free(some);
  clf_dataset_free(data);
  clf_dataset_free(fewer);
}

static void keep_message(void *user, int32_t level, const char *message) {
  if (level == CLF_LOG_INFO && strstr(message, "features") != NULL) {
    snprintf(user, 200, "%s", message);
  }
}

/* One feature is twice another, one the sum of two, one constant, which is none of the others'. */
TEST(features__that_others_explain_are_in_the_log) {
  static const struct {
    const char *kind, *params, *said;
  } cases[] = {{"ridge", "alpha=0", "2 of 7 features are explained"},
               {"ridge", "alpha=1e-3", ""},
               {"fisher", "", "minimum norm"},
               {"fisher", "", "2 of 7 features are explained"},
               {"fisher", "tolerance=1e-6", "2 of 7 features are explained"},
               {"fisher", "tolerance=1e-6", "left out"}};
  problem p = make_problem(4);
  for (int i = 0; i < ROWS; i++) {
    float *row = p.x + i * COLUMNS;
    row[0] = rintf(1024 * row[0]);
    row[1] = rintf(1024 * row[1]);
    row[4] = 2 * row[0];
    row[5] = row[0] + row[1];
    row[6] = 4;
  }
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char said[200] = "";
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, NULL));
    ck_clf_ok(clf_context_set_log(context, keep_message, said));
    clf_dataset *data = dataset_of(context, p.x, CLF_F32, ROWS, COLUMNS, p.labels);
    clf_model *model = fitted(context, cases[i].kind, cases[i].params, data);
    ck_assert_msg(cases[i].said[0] == '\0' ? said[0] == '\0' : strstr(said, cases[i].said) != NULL,
                  "%s %s: '%s'", cases[i].kind, cases[i].params, said);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

/* Features that more rows would need to determine, and nearly no penalty: an error of f32 in the
 * residual, divided by alpha, would be larger than the weights. */
TEST(ridge_cg__is_exact_where_only_the_penalty_decides) {
  enum { FEW = 8, MANY = 12 };
  static const char *const params[] = {"alpha=1e-8 precision=f64",
                                       "alpha=1e-8 solver=cg tolerance=1e-10",
                                       "alpha=1e-8 solver=cg precision=f64 tolerance=1e-10"};
  float x[FEW * MANY];
  double y[FEW];
  const double *weights[3];
  clf_tensor *targets = NULL, *tensors[3] = {NULL, NULL, NULL};
  clf_model *models[3];
  for (int i = 0; i < FEW; i++) {
    y[i] = sin(1 + 7 * i);
    for (int j = 0; j < MANY; j++) {
      x[i * MANY + j] = (float)sin(3 * i * i + 5 * j + i * j);
    }
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, FEW, MANY, NULL);
  ck_clf_ok(clf_tensor_wrap(&targets, NULL, y, CLF_F64, 1, (int64_t[]){FEW}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, targets));
  for (int m = 0; m < 3; m++) {
    models[m] = fitted(NULL, "ridge", params[m], data);
    ck_assert_int_eq(clf_model_outcome(models[m]), CLF_OK);
    ck_clf_ok(clf_model_tensor(&tensors[m], models[m], "weights_f64"));
    weights[m] = clf_tensor_data(tensors[m]);
  }
  for (int j = 0; j < MANY; j++) {
    ck_assert_double_eq_tol(weights[1][j], weights[0][j], 1e-5);
    ck_assert_double_eq(weights[2][j], weights[1][j]);
  }
  for (int m = 0; m < 3; m++) {
    clf_tensor_free(tensors[m]);
    clf_model_free(models[m]);
  }
  clf_tensor_free(targets);
  clf_dataset_free(data);
}

/* Fewer rows than features, singular values of 1 to 1e-3, and a tolerance that f32 products alone do
 * not reach: rounding errors must not carry the iterates away from the solution of minimum norm. */
TEST(ridge_cg__keeps_the_best_iterate) {
  enum { FEW = 40, MANY = 200 };
  static float x[FEW * MANY];
  double y[FEW];
  const double pi = 3.14159265358979323846;
  for (int i = 0; i < FEW; i++) {
    y[i] = sin(1 + 7 * i);
    for (int j = 0; j < MANY; j++) {
      double sum = 0;
      for (int k = 1; k < FEW; k++) {
        sum += pow(10, -3.0 * k / FEW) * cos(pi * (i + 0.5) * k / FEW) *
               cos(pi * (j + 0.5) * k / MANY);
      }
      x[i * MANY + j] = (float)sum;
    }
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, FEW, MANY, NULL);
  clf_tensor *targets = NULL;
  ck_clf_ok(clf_tensor_wrap(&targets, NULL, y, CLF_F64, 1, (int64_t[]){FEW}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, targets));
  static const char *const params[] = {"alpha=0 solver=cg tolerance=1e-12 max_iterations=3000",
                                       "alpha=0 solver=cg tolerance=1e-5", "alpha=0"};
  clf_tensor *tensors[3];
  const float *weights[3];
  clf_model *models[3];
  for (int m = 0; m < 3; m++) {
    models[m] = fitted(NULL, "ridge", params[m], data);
    ck_clf_ok(clf_model_tensor(&tensors[m], models[m], "weights"));
    weights[m] = clf_tensor_data(tensors[m]);
  }
  for (int m = 0; m < 2; m++) {
    double error = 0, size = 0;
    for (int j = 0; j < MANY; j++) {
      error += pow((double)weights[m][j] - (double)weights[2][j], 2);
      size += pow((double)weights[2][j], 2);
    }
    ck_assert_double_le(sqrt(error / size), m == 0 ? 1e-3 : 0.1);
  }
  for (int m = 0; m < 3; m++) {
    clf_tensor_free(tensors[m]);
    clf_model_free(models[m]);
  }
  clf_tensor_free(targets);
  clf_dataset_free(data);
}

/* Sparse columns with squares of sizes 1 to 1e8, two classes, and columns far from 0: the diagonal
 * preconditioner makes some dozen iterations of it, and the weights of the classes are opposite. */
TEST(ridge_cg__needs_few_iterations_for_sparse_columns_of_any_size) {
  enum { MANY = 500, WIDE = 60 };
  static float x[MANY * WIDE];
  static int32_t labels[MANY];
  uint64_t seed = 4;
  for (int i = 0; i < MANY; i++) {
    for (int j = 0; j < WIDE; j++) {
      const double size = pow(10, j % 5), offset = j % 7 == 0 ? 100 : 0;
      x[i * WIDE + j] = random_unit(&seed) < 0.8 * (j % 7 != 0)
                            ? 0
                            : (float)(size * (offset + random_normal(&seed)));
    }
    labels[i] = (double)x[i * WIDE + 1] / 10 + random_normal(&seed) > 0;
  }
  clf_dataset *data = sparse_of(NULL, x, MANY, WIDE, labels);
  clf_model *cg = fitted(NULL, "ridge", "solver=cg tolerance=1e-8", data);
  clf_model *exact = fitted(NULL, "ridge", "solver=cholesky precision=f64", data);
  clf_tensor *iterations = NULL, *w[2] = {NULL, NULL};
  ck_clf_ok(clf_model_tensor(&iterations, cg, "iterations"));
  ck_assert_int_le(*(const int64_t *)clf_tensor_data(iterations), 60);
  ck_clf_ok(clf_model_tensor(&w[0], cg, "weights_f64"));
  ck_clf_ok(clf_model_tensor(&w[1], exact, "weights_f64"));
  const double *found = clf_tensor_data(w[0]), *right = clf_tensor_data(w[1]);
  for (int j = 0; j < WIDE; j++) {
    const double size = pow(10, j % 5);
    ck_assert(found[j] == -found[WIDE + j]);
    ck_assert_double_eq_tol(size * found[j], size * right[j], 1e-6);
  }
  clf_tensor_free(iterations);
  clf_tensor_free(w[0]);
  clf_tensor_free(w[1]);
  clf_model_free(cg);
  clf_model_free(exact);
  clf_dataset_free(data);
}

/* More columns than rows, weighted rows of which some are equal, and a column of years: the vectors
 * of rows have the solution of the normal equations, on any number of threads. */
static void check_wide(const char *const params[2]) {
  enum { FEW = 40, MANY = 400, TARGETS = 2 };
  static float x[FEW * MANY];
  double y[FEW * TARGETS];
  float weights[FEW];
  uint64_t seed = 9;
  for (int i = 0; i < FEW; i++) {
    for (int j = 0; j < MANY; j++) {
      const float value = random_unit(&seed) < 0.1 ? (float)random_normal(&seed) : 0;
      x[i * MANY + j] = i < 4 ? value : i < 8 ? x[(i - 4) * MANY + j] : value;
    }
    x[i * MANY + 7] = (float)(2020 + i % 9);
    weights[i] = i % 11 == 0 ? 0 : (float)random_unit(&seed);
    for (int k = 0; k < TARGETS; k++) {
      y[i * TARGETS + k] = 5 + random_normal(&seed);
    }
  }
  clf_context *contexts[2];
  clf_model *models[2];
  clf_tensor *w[2] = {NULL, NULL}, *b[2] = {NULL, NULL}, *targets = NULL;
  ck_clf_ok(clf_tensor_wrap(&targets, NULL, y, CLF_F64, 2, (int64_t[]){FEW, TARGETS}, NULL));
  for (int m = 0; m < 2; m++) {
    contexts[m] = context_with(m == 0 ? "threads=2" : "threads=1");
    clf_dataset *data = sparse_of(contexts[m], x, FEW, MANY, NULL);
    ck_clf_ok(clf_dataset_set_targets(data, targets));
    set_weights(data, weights);
    models[m] = fitted(contexts[m], "ridge", params[m], data);
    ck_assert_int_eq(clf_model_outcome(models[m]), CLF_OK);
    ck_clf_ok(clf_model_tensor(&w[m], models[m], "weights_f64"));
    ck_clf_ok(clf_model_tensor(&b[m], models[m], "intercept_f64"));
    clf_dataset_free(data);
  }
  const double *found = clf_tensor_data(w[0]), *right = clf_tensor_data(w[1]);
  for (int i = 0; i < TARGETS * MANY; i++) {
    ck_assert_double_eq_tol(found[i], right[i], 1e-7);
  }
  for (int k = 0; k < TARGETS; k++) {
    ck_assert_double_eq_tol(((const double *)clf_tensor_data(b[0]))[k],
                            ((const double *)clf_tensor_data(b[1]))[k], 1e-4);
  }
  for (int m = 0; m < 2; m++) {
    clf_tensor_free(w[m]);
    clf_tensor_free(b[m]);
    clf_model_free(models[m]);
    clf_context_free(contexts[m]);
  }
  clf_tensor_free(targets);
}

TEST(ridge_cg__solves_for_sparse_rows_that_are_fewer_than_columns) {
  check_wide((const char *const[]){"solver=cg tolerance=1e-9 alpha=0.1",
                                   "solver=cholesky precision=f64 alpha=0.1"});
  check_wide((const char *const[]){"solver=cg tolerance=1e-12 alpha=0.1 fit_intercept=no",
                                   "solver=cholesky precision=f64 alpha=0.1 fit_intercept=no"});
}

TEST(ridge__balances_classes) {
  problem p = make_problem(5);
  int64_t counts[2] = {0, 0};
  for (int i = 0; i < ROWS; i++) {
    p.labels[i] = i % 6 == 0;
    counts[p.labels[i]]++;
  }
  for (int i = 0; i < ROWS; i++) {
    p.weights[i] = (float)ROWS / (2 * (float)counts[p.labels[i]]);
  }
  clf_dataset *data = dataset_of(NULL, p.x, CLF_F32, ROWS, COLUMNS, p.labels);
  clf_dataset *weighted = dataset_of(NULL, p.x, CLF_F32, ROWS, COLUMNS, p.labels);
  set_weights(weighted, p.weights);
  clf_model *a = fitted(NULL, "ridge", "class_weight=balanced", data);
  clf_model *b = fitted(NULL, "ridge", NULL, weighted);
  float x[ROWS * 2], y[ROWS * 2];
  ck_clf_ok(clf_model_decision_function(a, data, x, ROWS * 2));
  ck_clf_ok(clf_model_decision_function(b, data, y, ROWS * 2));
  ck_assert_mem_eq(x, y, sizeof x);
  clf_model_free(a);
  clf_model_free(b);
  clf_dataset_free(data);
  clf_dataset_free(weighted);
}

SUITE("ridge")
