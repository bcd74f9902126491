/* The kernel Fisher discriminant: its three solvers against a dense solution made here and against
 * each other, and what degenerate rows, threads, cancelling and files do to it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

enum { ROWS = 120, COLUMNS = 3, CLASSES = 3, SIDES = CLASSES - 1 };

#define KERNEL "kernel=rbf gamma=0.4 "

static const char *const solvers[] = {KERNEL "landmarks=0 solver=cholesky",
                                      KERNEL "landmarks=0 solver=cg residual=1e-6",
                                      KERNEL "landmarks=40"};
enum { SOLVERS = sizeof solvers / sizeof solvers[0] };

/* Three classes that overlap. */
static void make_rows(float *x, int32_t *labels) {
  uint64_t state = 5;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % 6 < 3 ? 0 : i % 6 < 5 ? 1 : 2;
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)(random_normal(&state) + (j == labels[i] ? 1.5 : 0));
    }
  }
}

static void posteriors(clf_context *context, const char *params, const clf_dataset *train,
                       const clf_dataset *rows, float *p) {
  clf_model *model = fitted(context, "fisher", params, train);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  ck_clf_ok(clf_model_predict_proba(model, rows, p, clf_dataset_rows(rows) * CLASSES));
  clf_model_free(model);
}

static void check_near(const float *found, const float *expected, int64_t count, double tolerance) {
  for (int64_t i = 0; i < count; i++) {
    ck_assert_double_eq_tol((double)found[i], (double)expected[i], tolerance);
  }
}

static double rbf(const float *a, const float *b) {
  double square = 0;
  for (int j = 0; j < COLUMNS; j++) {
    square += ((double)a[j] - (double)b[j]) * ((double)a[j] - (double)b[j]);
  }
  return exp(-0.4 * square);
}

/* The bordered system [K + alpha I, 1; 1^T, 0] with the sides beside it. */
enum { ORDER = ROWS + 1, WIDTH = ORDER + SIDES };
typedef double bordered[ORDER][WIDTH];

static void set_system(bordered s, const float *x, const int32_t *labels, double alpha) {
  memset(s, 0, sizeof(bordered));
  for (int i = 0; i < ROWS; i++) {
    for (int j = 0; j < ROWS; j++) {
      s[i][j] = rbf(x + i * COLUMNS, x + j * COLUMNS) + (i == j ? alpha : 0);
    }
    s[i][ROWS] = s[ROWS][i] = 1;
    for (int c = 0; c < SIDES; c++) {
      s[i][ORDER + c] = labels[i] == c;
    }
  }
}

/* Gauss and Jordan, with the largest pivots. */
static void eliminate(bordered s) {
  for (int k = 0; k < ORDER; k++) {
    int pivot = k;
    for (int i = k + 1; i < ORDER; i++) {
      pivot = fabs(s[i][k]) > fabs(s[pivot][k]) ? i : pivot;
    }
    for (int j = 0; j < WIDTH; j++) {
      double own = s[k][j];
      s[k][j] = s[pivot][j];
      s[pivot][j] = own;
    }
    for (int i = 0; i < ORDER; i++) {
      double factor = i == k ? 0 : s[i][k] / s[k][k];
      for (int j = k; j < WIDTH && factor != 0; j++) {
        s[i][j] -= factor * s[k][j];
      }
    }
    for (int j = WIDTH - 1; j >= k; j--) {
      s[k][j] /= s[k][k];
    }
  }
}

/* The projections of the rows by the solution. Any basis of the responses gives the same
 * discriminant. */
static void reference_images(const float *x, const int32_t *labels, double alpha, float *images) {
  static bordered s;
  set_system(s, x, labels, alpha);
  eliminate(s);
  for (int i = 0; i < ROWS; i++) {
    for (int c = 0; c < SIDES; c++) {
      double sum = 0;
      for (int j = 0; j < ROWS; j++) {
        sum += s[j][ORDER + c] * rbf(x + i * COLUMNS, x + j * COLUMNS);
      }
      images[i * SIDES + c] = (float)sum;
    }
  }
}

/* The linear discriminant of the images, which has tests of its own, is the expected model. The
 * solvers use K in floats, and probabilities change steeply with the projections, hence the
 * tolerance. */
TEST(kernel_fisher__agrees_with_a_dense_solution) {
  static float x[ROWS * COLUMNS], images[ROWS * SIDES], expected[ROWS * CLASSES],
      found[ROWS * CLASSES];
  int32_t labels[ROWS];
  make_rows(x, labels);
  reference_images(x, labels, 0.5, images);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, labels);
  clf_dataset *mapped = dataset_of(NULL, images, CLF_F32, ROWS, SIDES, labels);
  posteriors(NULL, NULL, mapped, mapped, expected);
  posteriors(NULL, KERNEL "alpha=0.5 landmarks=0 solver=cholesky", data, data, found);
  check_near(found, expected, ROWS * CLASSES, 1e-4);
  posteriors(NULL, KERNEL "alpha=0.5 landmarks=0 solver=cg residual=1e-6", data, data, found);
  check_near(found, expected, ROWS * CLASSES, 1e-4);
  clf_dataset_free(data);
  clf_dataset_free(mapped);
}

/* Each row six times, with six times alpha, has the solution of the rows once. A megabyte holds two
 * of the three blocks of the matrix in 16 bits. The residual is nevertheless exact. */
TEST(kernel_fisher__in_16_bits_agrees_with_a_dense_solution) {
  enum { TIMES = 6 };
  static float x[ROWS * COLUMNS], images[ROWS * SIDES], many[TIMES * ROWS * COLUMNS],
      expected[ROWS * CLASSES], found[2][ROWS * CLASSES];
  static const char *const threads[] = {"threads=1", "threads=2"};
  int32_t labels[ROWS], labels_many[TIMES * ROWS];
  make_rows(x, labels);
  reference_images(x, labels, 0.5, images);
  for (int i = 0; i < TIMES; i++) {
    memcpy(many + i * ROWS * COLUMNS, x, sizeof x);
    memcpy(labels_many + i * ROWS, labels, sizeof labels);
  }
  clf_dataset *mapped = dataset_of(NULL, images, CLF_F32, ROWS, SIDES, labels);
  posteriors(NULL, "shrinkage=0", mapped, mapped, expected);
  for (int t = 0; t < 2; t++) {
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, threads[t]));
    clf_dataset *data = dataset_of(context, many, CLF_F32, TIMES * ROWS, COLUMNS, labels_many);
    clf_dataset *rows = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, NULL);
    posteriors(context, KERNEL "shrinkage=0 alpha=3 landmarks=0 solver=cg residual=1e-6 cache_mb=1",
               data, rows, found[t]);
    clf_dataset_free(data);
    clf_dataset_free(rows);
    clf_context_free(context);
  }
  check_near(found[0], expected, ROWS * CLASSES, 1e-4);
  ck_assert_mem_eq(found[0], found[1], sizeof found[0]);
  clf_dataset_free(mapped);
}

/* The history has an entry for each iteration. The last one decides whether the fit converged. */
TEST(history__holds_the_residual_of_each_iteration) {
  static const char *const params[] = {KERNEL "alpha=0.01 landmarks=0 solver=cg residual=1e-3",
                                       KERNEL "alpha=0.01 landmarks=0 solver=cg max_iterations=2"};
  static float x[ROWS * COLUMNS];
  int32_t labels[ROWS];
  make_rows(x, labels);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, labels);
  for (int i = 0; i < 2; i++) {
    clf_model *model = fitted(NULL, "fisher", params[i], data);
    clf_tensor *tensor = NULL;
    ck_clf_ok(clf_model_tensor(&tensor, model, "history_residual"));
    const double *residual = clf_tensor_data(tensor);
    const int64_t last = clf_tensor_count(tensor) - 1;
    ck_assert(i == 0 ? last > 1 : last == 1);
    ck_assert((residual[last] <= 2e-3) == (clf_model_outcome(model) == CLF_OK));
    ck_assert_int_eq(clf_model_outcome(model), i == 0 ? CLF_OK : CLF_NOT_CONVERGED);
    clf_tensor_free(tensor);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

/* K = [1, e; e, 1] and y = (1, -1): a = (1, -1) / (1 - e + alpha). Each point is there as two rows
 * of half its weight, which share its coefficient. */
TEST_LOOP(kernel_fisher__solves_two_points, 0, 2) {
  static const float x[] = {0, 1, 0, 1}, weights[] = {0.5F, 0.5F, 0.5F, 0.5F};
  static const int32_t labels[] = {0, 1, 0, 1};
  static const char *const params[] = {"kernel=rbf gamma=1 alpha=0.1 solver=cholesky",
                                       "kernel=rbf gamma=1 alpha=0.1 solver=cg"};
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 4, 1, labels);
  set_weights(data, weights);
  clf_model *model = fitted(NULL, "fisher", params[_i], data);
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, model, "coefficients"));
  const float *a = clf_tensor_data(tensor);
  const double expected = 1 / (1 - exp(-1) + 0.1);
  ck_assert_int_eq(clf_tensor_count(tensor), 4);
  ck_assert_double_eq_tol(fabs((double)(a[0] + a[2])), expected, 1e-5);
  ck_assert_double_eq_tol((double)(a[0] + a[2]), -(double)(a[1] + a[3]), 1e-6);
  clf_tensor_free(tensor);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Every row is there twice, so that all but one span the same space as all do. */
TEST(landmarks__that_span_all_rows_give_the_solution_of_all) {
  static float x[ROWS * COLUMNS], twice[2 * ROWS * COLUMNS], all[ROWS * CLASSES],
      found[ROWS * CLASSES];
  int32_t labels[ROWS], labels_twice[2 * ROWS];
  make_rows(x, labels);
  memcpy(twice, x, sizeof x);
  memcpy(twice + ROWS * COLUMNS, x, sizeof x);
  memcpy(labels_twice, labels, sizeof labels);
  memcpy(labels_twice + ROWS, labels, sizeof labels);
  clf_dataset *data = dataset_of(NULL, twice, CLF_F32, 2 * ROWS, COLUMNS, labels_twice);
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, NULL);
  posteriors(NULL, KERNEL "landmarks=0 solver=cholesky", data, rows, all);
  posteriors(NULL, KERNEL "landmarks=239", data, rows, found);
  check_near(found, all, ROWS * CLASSES, 1e-3);
  posteriors(NULL, KERNEL "landmarks=240 solver=cholesky", data, rows, found);
  ck_assert_mem_eq(found, all, sizeof all);
  clf_dataset_free(data);
  clf_dataset_free(rows);
}

/* A row of weight 2 is as good as two of it. */
TEST_LOOP(weights__are_repetitions_of_rows, 0, 2) {
  static const char *const params[] = {KERNEL "landmarks=0 solver=cholesky",
                                       KERNEL "landmarks=0 solver=cg residual=1e-5"};
  static float x[2 * ROWS * COLUMNS], weights[ROWS], expected[ROWS * CLASSES],
      found[ROWS * CLASSES];
  int32_t labels[2 * ROWS];
  int64_t count = ROWS;
  make_rows(x, labels);
  for (int i = 0; i < ROWS; i++) {
    weights[i] = i % 3 == 0 ? 2 : 1;
    if (i % 3 == 0) {
      memcpy(x + count * COLUMNS, x + i * COLUMNS, COLUMNS * sizeof *x);
      labels[count++] = labels[i];
    }
  }
  clf_dataset *repeated = dataset_of(NULL, x, CLF_F32, count, COLUMNS, labels);
  clf_dataset *weighted = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, labels);
  set_weights(weighted, weights);
  posteriors(NULL, params[_i], repeated, weighted, expected);
  posteriors(NULL, params[_i], weighted, weighted, found);
  check_near(found, expected, ROWS * CLASSES, 1e-3);
  clf_dataset_free(repeated);
  clf_dataset_free(weighted);
}

static void decisions_of(const clf_model *model, const clf_dataset *rows, float *values) {
  ck_clf_ok(clf_model_decision_function(model, rows, values, ROWS * CLASSES));
}

TEST_LOOP(kernel_fisher__does_not_depend_on_threads, 0, SOLVERS) {
  static float x[ROWS * COLUMNS], values[2][ROWS * CLASSES];
  static const char *const threads[] = {"threads=1", "threads=2"};
  int32_t labels[ROWS];
  make_rows(x, labels);
  for (int t = 0; t < 2; t++) {
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, threads[t]));
    clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, labels);
    clf_model *model = fitted(context, "fisher", solvers[_i], data);
    decisions_of(model, data, values[t]);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
  ck_assert_mem_eq(values[0], values[1], sizeof values[0]);
}

TEST_LOOP(kernel_fisher__loaded_predicts_the_same, 0, SOLVERS) {
  static float x[ROWS * COLUMNS], before[ROWS * CLASSES], after[ROWS * CLASSES];
  static char saved[65536];
  int32_t labels[ROWS];
  size_t size = 0;
  make_rows(x, labels);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, labels);
  clf_model *model = fitted(NULL, "fisher", solvers[_i], data), *loaded = NULL;
  decisions_of(model, data, before);
  ck_clf_ok(clf_model_save_memory(model, saved, sizeof saved, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, saved, size));
  decisions_of(loaded, data, after);
  ck_assert_mem_eq(before, after, sizeof before);
  clf_model_free(model);
  clf_model_free(loaded);
  clf_dataset_free(data);
}

static int32_t stop_at_zero(void *user, const clf_progress *progress) {
  (void)progress;
  return --*(int64_t *)user <= 0;
}

/* Stops at each call of the host in turn, until there are no more. */
TEST_LOOP(kernel_fisher__that_is_cancelled_leaves_the_model, 0, SOLVERS) {
  enum { MOST_CALLS = 1000, AT_LEAST = 3 };
  static float x[ROWS * COLUMNS], before[ROWS * CLASSES], after[ROWS * CLASSES];
  int32_t labels[ROWS];
  int64_t left = INT64_MAX, stop = 0;
  clf_status status = CLF_ERROR_CANCELLED;
  clf_context *context = NULL;
  make_rows(x, labels);
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  ck_clf_ok(clf_context_set_progress(context, stop_at_zero, &left));
  clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, labels);
  clf_model *model = fitted(context, "fisher", solvers[_i], data);
  decisions_of(model, data, before);
  ck_clf_ok(clf_model_set_f64(model, "alpha", 2));
  while (status == CLF_ERROR_CANCELLED && ++stop < MOST_CALLS) {
    left = stop;
    status = clf_model_fit(model, data, NULL, NULL);
    left = INT64_MAX;
    decisions_of(model, data, after);
    ck_assert((memcmp(before, after, sizeof before) == 0) == (status == CLF_ERROR_CANCELLED));
  }
  ck_assert_int_eq(status, CLF_OK);
  ck_assert_int_gt(stop, AT_LEAST);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* A usable model with finite values, or a status that says why there is none. */
static void fit_or_say(const char *params, const clf_dataset *data) {
  clf_model *model = NULL;
  float values[64];
  const int64_t count = clf_dataset_rows(data) * 2;
  ck_clf_ok(clf_model_create(&model, NULL, "fisher", params));
  clf_status status = clf_model_fit(model, data, NULL, NULL);
  ck_assert_msg(status == CLF_OK || status == CLF_ERROR_NUMERIC || status == CLF_ERROR_DATA,
                "%s: %s: %s", params, clf_status_name(status), clf_last_error());
  if (status < 0) {
    ck_clf_says("fisher");
    ck_assert_int_eq(clf_model_features(model), -1);
  } else {
    status = clf_model_decision_function(model, data, values, 64);
    ck_assert_msg(status == CLF_OK || status == CLF_ERROR_DATA, "%s: %s", params, clf_last_error());
    for (int64_t i = 0; i < count && status == CLF_OK; i++) {
      ck_assert(isfinite(values[i]));
    }
  }
  clf_model_free(model);
}

static const char *const strange[] = {
    "kernel=rbf",
    "kernel=rbf gamma=0",
    "kernel=rbf gamma=1e30",
    "kernel=linear",
    "kernel=polynomial degree=20 gamma=1e3",
    "kernel=sigmoid gamma=10 coef0=3",
};
enum { STRANGE = sizeof strange / sizeof strange[0] };

TEST_LOOP(kernel_fisher__takes_or_refuses_degenerate_rows, 0, STRANGE) {
  enum { COUNT = 8 };
  static const char *const ways[] = {"landmarks=0 solver=cholesky", "landmarks=0 solver=cg",
                                     "landmarks=1"};
  static const float two[] = {0, 1}, equal[COUNT] = {3, 3, 3, 3, 3, 3, 3, 3},
                     huge[COUNT] = {1e30F, -1, 0, 2, -1e30F, 5, 1e30F, 1};
  static const int32_t labels[COUNT] = {0, 1, 0, 1, 0, 1, 1, 0};
  clf_dataset *sets[] = {dataset_of(NULL, two, CLF_F32, 2, 1, labels),
                         dataset_of(NULL, equal, CLF_F32, COUNT, 1, labels),
                         dataset_of(NULL, huge, CLF_F32, COUNT, 1, labels)};
  for (int i = 0; i < 3 * 3; i++) {
    char params[160];
    snprintf(params, sizeof params, "%s %s", strange[_i], ways[i % 3]);
    fit_or_say(params, sets[i / 3]);
  }
  for (int i = 0; i < 3; i++) {
    clf_dataset_free(sets[i]);
  }
}

/* The position of a NaN among the projections would mean nothing to the caller. */
TEST(kernel_fisher__says_that_the_kernel_left_the_range) {
  static const float x[] = {0, 1, 2, 3};
  static const int32_t labels[] = {0, 1, 0, 1};
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 4, 1, labels);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "fisher", "kernel=polynomial gamma=1e3 degree=20"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_NUMERIC);
  ck_clf_says("fisher: kernel values are beyond the range of float");
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(kernel_fisher__refuses_what_is_not_a_number, 0, SOLVERS) {
  static const float x[] = {0, 1, NAN, 2};
  static const int32_t labels[] = {0, 1, 0, 1};
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 4, 1, labels);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "fisher", solvers[_i]));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_DATA);
  ck_assert_int_eq(clf_model_features(model), -1);
  clf_model_free(model);
  clf_dataset_free(data);
}

SUITE("fisher_kernel")
