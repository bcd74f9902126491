/* Ridge with an alpha for each output, and the choice among candidates, which fits without each row
 * in turn find, too. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"

#include "models/model.h"

enum { MAX_ROWS = 60, MAX_COLUMNS = 90, OUTPUTS = 3, CANDIDATES = 4 };

static const double candidates[CANDIDATES] = {0.03, 1, 30, 1000};
static const char alphas[] = "0.03,1,30,1000";

static float x[MAX_ROWS * MAX_COLUMNS];
static double targets[MAX_ROWS * OUTPUTS];
static int32_t labels[MAX_ROWS];
static float weights[MAX_ROWS];

static void fill(int rows, int columns) {
  uint64_t seed = 7;
  for (int i = 0; i < rows; i++) {
    labels[i] = i % OUTPUTS;
    weights[i] = i % 7 == 3 ? 0 : (float)(0.5 + random_unit(&seed));
    for (int j = 0; j < columns; j++) {
      x[i * columns + j] =
          random_unit(&seed) < 0.4 ? 0 : (float)(random_normal(&seed) + (j == labels[i]));
    }
    for (int k = 0; k < OUTPUTS; k++) {
      targets[i * OUTPUTS + k] =
          3 + x[i * columns + k] * (k == 0 ? 5 : 0.3) + random_normal(&seed) * (k + 1);
    }
  }
}

/* All rows, or all but one. */
static clf_dataset *rows_of(int rows, int columns, bool sparse, bool regression, int without) {
  static float kept[MAX_ROWS * MAX_COLUMNS], of_rows[MAX_ROWS];
  static double goals[MAX_ROWS * OUTPUTS];
  static int32_t classes[MAX_ROWS];
  int count = 0;
  for (int i = 0; i < rows; i++) {
    if (i != without) {
      memcpy(kept + count * columns, x + i * columns, (size_t)columns * sizeof *x);
      memcpy(goals + count * OUTPUTS, targets + i * OUTPUTS, OUTPUTS * sizeof *goals);
      classes[count] = labels[i];
      of_rows[count++] = weights[i];
    }
  }
  clf_dataset *data =
      sparse ? sparse_of(NULL, kept, count, columns, regression ? NULL : classes)
             : dataset_of(NULL, kept, CLF_F32, count, columns, regression ? NULL : classes);
  if (regression) {
    clf_tensor *tensor = NULL;
    const int64_t shape[] = {count, OUTPUTS};
    ck_clf_ok(clf_tensor_wrap(&tensor, NULL, goals, CLF_F64, 2, shape, NULL));
    ck_clf_ok(clf_dataset_set_targets(data, tensor));
    clf_tensor_free(tensor);
  }
  set_weights(data, of_rows);
  return data;
}

/* Squared errors [CANDIDATES, OUTPUTS] by a fit without each row. */
static void leave_one_out(int rows, int columns, bool regression, double *errors) {
  for (int i = 0; i < rows; i++) {
    clf_dataset *others = rows_of(rows, columns, false, regression, i);
    clf_dataset *own = dataset_of(NULL, x + i * columns, CLF_F32, 1, columns, NULL);
    for (int a = 0; a < CANDIDATES; a++) {
      char params[80];
      double found[OUTPUTS];
      snprintf(params, sizeof params, "alpha=%g precision=f64", candidates[a]);
      clf_model *model = fitted(NULL, "ridge", params, others);
      ck_clf_ok(clf_model_decision_function_f64(model, own, found, OUTPUTS));
      for (int k = 0; k < OUTPUTS; k++) {
        const double goal = regression ? targets[i * OUTPUTS + k] : labels[i] == k ? 1 : -1;
        const double error = found[k] - goal;
        errors[a * OUTPUTS + k] += (double)weights[i] * error * error;
      }
      clf_model_free(model);
    }
    clf_dataset_free(own);
    clf_dataset_free(others);
  }
}

static int best_of(const double *errors, int first, int end) {
  int best = 0;
  double smallest = (double)INFINITY;
  for (int a = 0; a < CANDIDATES; a++) {
    double sum = 0;
    for (int k = first; k < end; k++) {
      sum += errors[a * OUTPUTS + k];
    }
    best = sum < smallest ? a : best;
    smallest = fmin(sum, smallest);
  }
  return best;
}

static void check_choice(int rows, int columns, bool sparse, bool regression) {
  double errors[CANDIDATES * OUTPUTS] = {0}, total = 0;
  fill(rows, columns);
  for (int i = 0; i < rows; i++) {
    total += (double)weights[i];
  }
  leave_one_out(rows, columns, regression, errors);
  clf_dataset *data = rows_of(rows, columns, sparse, regression, -1);
  for (int each = 0; each < 2; each++) {
    char params[120];
    snprintf(params, sizeof params, "alphas=%s choose=%s precision=f64", alphas,
             each ? "each" : "shared");
    clf_model *model = fitted(NULL, "ridge", params, data);
    const double *alpha = clf__state_data(model->state, "alpha");
    const double *error = clf__state_data(model->state, "leave_one_out_error");
    for (int k = 0; k < OUTPUTS; k++) {
      const int a = each ? best_of(errors, k, k + 1) : best_of(errors, 0, OUTPUTS);
      ck_assert_double_eq(alpha[k], candidates[a]);
      const double expected = errors[a * OUTPUTS + k] / total;
      ck_assert_double_eq_tol(error[k], expected, 1e-6 * expected);
    }
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

/* Walsh functions are orthogonal. One column is 1e7 times the others, whose eigenvalues l are near
 * the rounding of its own: t = h_2 + h_127 leaves h_2 alpha / (l + alpha) + h_127, and the leverages
 * are 1 / 128 of 1 for the mean, 1 for the large column, and l / (l + alpha) for each other one. */
TEST(choice__counts_columns_that_are_small) {
  enum { N = 128, SMALL = 63 };
  static float points[N * (1 + SMALL)];
  double goals[N], expected = 0;
  const double unit = 0.75, alpha = 64, l = N * unit * unit, kept = l / (l + alpha);
  const double left = 1 - (2 + SMALL * kept) / N;
  for (int i = 0; i < N; i++) {
    double h[N];
    for (int j = 0; j < N; j++) {
      h[j] = __builtin_parity((unsigned)(i & j)) ? -1 : 1;
    }
    for (int j = 0; j <= SMALL; j++) {
      points[i * (1 + SMALL) + j] = (float)(h[j + 1] * (j == 0 ? 1e7 : unit));
    }
    goals[i] = h[2] + h[N - 1];
    expected += pow((h[2] * (1 - kept) + h[N - 1]) / left, 2) / N;
  }
  clf_tensor *tensor = NULL;
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, N, 1 + SMALL, NULL);
  ck_clf_ok(clf_tensor_wrap(&tensor, NULL, goals, CLF_F64, 2, (int64_t[]){N, 1}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, tensor));
  clf_model *model = fitted(NULL, "ridge", "alphas=64 choose=shared precision=f64", data);
  const double *error = clf__state_data(model->state, "leave_one_out_error");
  ck_assert_double_eq_tol(error[0] / expected, 1, 0.05);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(tensor);
}

TEST(choice__is_that_of_fits_without_each_row) {
  for (int sparse = 0; sparse < 2; sparse++) {
    for (int regression = 0; regression < 2; regression++) {
      check_choice(40, 6, sparse, regression);
      check_choice(20, 90, sparse, regression);
    }
  }
}

static void errors_of(const clf_dataset *data, const char *alpha, double *errors) {
  char params[80];
  snprintf(params, sizeof params, "alphas=%s choose=shared precision=f64", alpha);
  clf_model *model = fitted(NULL, "ridge", params, data);
  memcpy(errors, clf__state_data(model->state, "leave_one_out_error"), OUTPUTS * sizeof *errors);
  clf_model_free(model);
}

/* Residuals of as many coefficients as rows vanish with alpha, the errors of left-out rows do not. */
TEST(errors__have_a_limit_at_alpha_0) {
  static const int columns[] = {19, 20, 90};
  for (int c = 0; c < 3; c++) {
    fill(20, columns[c]);
    clf_dataset *data = rows_of(20, columns[c], false, true, -1);
    double limit[OUTPUTS], small[OUTPUTS], smaller[OUTPUTS];
    errors_of(data, "1e-8", limit);
    errors_of(data, "1e-12", small);
    errors_of(data, "1e-15", smaller);
    for (int k = 0; k < OUTPUTS; k++) {
      ck_assert_double_eq_tol(small[k], limit[k], 1e-4 * limit[k]);
      ck_assert_double_eq_tol(smaller[k], limit[k], 1e-4 * limit[k]);
    }
    clf_dataset_free(data);
  }
}

static void check_output(const clf_model *all, const clf_model *one, int k, int columns) {
  const double *w = clf__state_data(all->state, "weights_f64");
  const double *expected = clf__state_data(one->state, "weights_f64");
  for (int j = 0; j < columns; j++) {
    ck_assert_double_eq_tol(w[k * columns + j], expected[k * columns + j], 1e-12);
  }
}

TEST(alphas__are_those_of_the_outputs) {
  fill(40, 6);
  clf_dataset *data = rows_of(40, 6, false, true, -1);
  clf_model *all = fitted(NULL, "ridge", "alphas=0,30,1000", data);
  clf_model *first = fitted(NULL, "ridge", "alpha=0", data);
  clf_model *second = fitted(NULL, "ridge", "alpha=30", data);
  clf_model *third = fitted(NULL, "ridge", "alphas=1000,1000,1000", data);
  check_output(all, first, 0, 6);
  check_output(all, second, 1, 6);
  check_output(all, third, 2, 6);
  clf_model_free(all);
  clf_model_free(first);
  clf_model_free(second);
  clf_model_free(third);
  clf_dataset_free(data);
}

static void refused(const clf_dataset *data, const char *params, clf_status status,
                    const char *says) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", params));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), status);
  ck_clf_says(says);
  clf_model_free(model);
}

TEST(alphas__that_do_not_fit_are_refused) {
  fill(40, 6);
  clf_dataset *data = rows_of(40, 6, false, true, -1);
  refused(data, "alphas=1,2", CLF_ERROR_ARGUMENT, "3 outputs");
  refused(data, "choose=shared", CLF_ERROR_ARGUMENT, "set alphas");
  refused(data, "choose=each alphas=0,1", CLF_ERROR_ARGUMENT, "above 0");
  refused(data, "alphas=1,2,3 solver=cg", CLF_ERROR_UNSUPPORTED, "solver=cholesky");
  refused(data, "alphas=1,2,3 incremental=true", CLF_ERROR_UNSUPPORTED, "set alpha");
  clf_dataset *single = rows_of(1, 6, false, true, -1);
  refused(single, "alphas=1,2 choose=each", CLF_ERROR_DATA, "two rows");
  clf_dataset_free(single);
  clf_dataset_free(data);
}

SUITE("ridge_alphas")
