/* Logistic regression that begins where an earlier fit ended: the same result in fewer iterations. */
#include <math.h>
#include <stdbool.h>

#include "support.h"

enum { ROWS = 400, COLUMNS = 8, CLASSES = 4 };

static float x[ROWS * COLUMNS];
static int32_t labels[ROWS];

static clf_dataset *make(int64_t rows, int classes) {
  uint64_t seed = 5;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % classes;
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)(random_normal(&seed) + 1 + (j == labels[i] ? 1 : 0));
    }
  }
  return dataset_of(NULL, x, CLF_F32, rows, COLUMNS, labels);
}

static int64_t iterations(const clf_model *model) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, model, "iterations"));
  const int64_t count = *(const int64_t *)clf_tensor_data(tensor);
  clf_tensor_free(tensor);
  return count;
}

typedef struct setting {
  const char *params;
  int classes;
  double tolerance;
} setting;

static const setting settings[] = {
    {"tolerance=1e-7", CLASSES, 2e-4},
    {"tolerance=1e-10 precision=f64", CLASSES, 1e-7},
    {"tolerance=1e-10 precision=f64", 2, 1e-7},
    {"tolerance=1e-10 precision=f64 multiclass=one_vs_rest", CLASSES, 1e-7},
    {"tolerance=1e-10 precision=f64 fit_intercept=false", CLASSES, 1e-7},
    {"tolerance=1e-8 precision=f64 penalty=l1", 2, 1e-5},
};

/* The rows of each class are those of the last fit. */
static void ck_same_class_rows(const clf_model *a, const clf_model *b, int classes) {
  clf_tensor *of_a = NULL, *of_b = NULL;
  const double *in_a = fitted_data(a, "decision_class_rows", &of_a);
  const double *in_b = fitted_data(b, "decision_class_rows", &of_b);
  for (int k = 0; k < classes; k++) {
    ck_assert_double_eq(in_a[k], in_b[k]);
  }
  clf_tensor_free(of_a);
  clf_tensor_free(of_b);
}

/* Fits to some rows with one C, then to all rows with another. */
TEST_LOOP(logistic_warm__ends_as_a_cold_fit_sooner, 0, sizeof settings / sizeof *settings) {
  const setting *s = &settings[_i];
  double cold_values[ROWS * CLASSES], warm_values[ROWS * CLASSES];
  clf_dataset *some = make(ROWS - 20, s->classes), *all = make(ROWS, s->classes);
  clf_model *cold = fitted(NULL, "logistic", s->params, all);
  clf_model *warm = fitted(NULL, "logistic", s->params, some);
  const int64_t size = ROWS * s->classes;
  ck_clf_ok(clf_model_set_i64(warm, "warm_start", 1));
  ck_clf_ok(clf_model_set_f64(warm, "C", 1.5));
  ck_clf_ok(clf_model_set_f64(cold, "C", 1.5));
  ck_clf_ok(clf_model_fit(warm, all, NULL, NULL));
  ck_clf_ok(clf_model_fit(cold, all, NULL, NULL));
  ck_assert_int_eq(clf_model_outcome(warm), CLF_OK);
  ck_assert_int_lt(iterations(warm), iterations(cold));
  ck_same_class_rows(warm, cold, s->classes);
  ck_clf_ok(clf_model_decision_function_f64(cold, all, cold_values, size));
  ck_clf_ok(clf_model_decision_function_f64(warm, all, warm_values, size));
  for (int64_t i = 0; i < size; i++) {
    ck_assert_double_eq_tol(cold_values[i], warm_values[i], s->tolerance);
  }
  ck_clf_ok(clf_model_fit(warm, all, NULL, NULL));
  ck_assert_int_le(iterations(warm), 1);
  clf_model_free(cold);
  clf_model_free(warm);
  clf_dataset_free(some);
  clf_dataset_free(all);
}

TEST(logistic_warm__needs_the_same_classes) {
  clf_dataset *two = make(ROWS, 2), *four = make(ROWS, CLASSES);
  clf_model *model = fitted(NULL, "logistic", "warm_start=true", two);
  ck_clf_fails(clf_model_fit(model, four, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_says("which the model lacks");
  clf_model_free(model);
  clf_dataset_free(two);
  clf_dataset_free(four);
}

SUITE("logistic_warm")
