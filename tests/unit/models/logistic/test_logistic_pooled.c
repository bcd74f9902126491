/* Logistic regression of many classes, whose Hessian blocks are pooled. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "failing_allocator.h"

enum { ROWS = 9000, FEW_ROWS = 600, COLUMNS = 6, CLASSES = 40 };

static float x[ROWS * COLUMNS], weights[ROWS];
static int32_t labels[ROWS];

/* Classes of very different sizes; features of different scales and offsets, one of which is almost
 * a sum of others. */
static clf_dataset *make(int64_t rows, int32_t storage, bool weighted) {
  static float center[CLASSES * COLUMNS];
  static double wide[ROWS * COLUMNS];
  uint64_t seed = 5;
  for (int i = 0; i < CLASSES * COLUMNS; i++) {
    center[i] = (float)(2 * random_normal(&seed));
  }
  for (int64_t i = 0; i < rows; i++) {
    const double u = random_unit(&seed);
    labels[i] = i < CLASSES ? (int32_t)i : (int32_t)(CLASSES * u * u * u);
    weights[i] = i % 7 == 0 ? 0 : (float)random_unit(&seed);
    for (int j = 0; j < COLUMNS; j++) {
      const double value = (double)center[labels[i] * COLUMNS + j] + random_normal(&seed);
      x[i * COLUMNS + j] = (float)(value * pow(4, j - 3) + j);
    }
    x[i * COLUMNS + 5] = x[i * COLUMNS + 4] + x[i * COLUMNS + 3] + (float)random_normal(&seed) / 4;
  }
  for (int64_t i = 0; i < rows * COLUMNS; i++) {
    wide[i] = (double)x[i];
  }
  clf_dataset *data = storage == 0         ? sparse_of(NULL, x, rows, COLUMNS, labels)
                      : storage == CLF_F64 ? dataset_of(NULL, wide, CLF_F64, rows, COLUMNS, labels)
                                           : dataset_of(NULL, x, CLF_F32, rows, COLUMNS, labels);
  if (weighted) {
    set_weights(data, weights);
  }
  return data;
}

/* Largest component of the gradient of the mean objective, in f64, per unit of the column. */
static double gradient_at(const double *w, const double *b, int64_t rows, bool weighted,
                          bool softmax, bool intercept, double C) {
  static double gradient[CLASSES * (COLUMNS + 1)];
  double total = 0, largest = 0;
  memset(gradient, 0, sizeof gradient);
  for (int64_t i = 0; i < rows; i++) {
    const double weight = weighted ? (double)weights[i] : 1;
    double p[CLASSES], sum = 0, top = -INFINITY;
    for (int k = 0; k < CLASSES; k++) {
      p[k] = b[k];
      for (int j = 0; j < COLUMNS; j++) {
        p[k] += w[k * COLUMNS + j] * (double)x[i * COLUMNS + j];
      }
      top = fmax(top, p[k]);
    }
    for (int k = 0; k < CLASSES; k++) {
      p[k] = softmax ? exp(p[k] - top) : 1 / (1 + exp(-p[k]));
      sum += p[k];
    }
    for (int k = 0; k < CLASSES; k++) {
      const double residual = weight * (p[k] / (softmax ? sum : 1) - (k == labels[i]));
      for (int j = 0; j < COLUMNS; j++) {
        gradient[k * (COLUMNS + 1) + j] += residual * (double)x[i * COLUMNS + j];
      }
      gradient[k * (COLUMNS + 1) + COLUMNS] += residual;
    }
    total += weight;
  }
  for (int k = 0; k < CLASSES; k++) {
    for (int j = 0; j < COLUMNS + intercept; j++) {
      const double penalty = j < COLUMNS ? w[k * COLUMNS + j] / C : 0;
      largest = fmax(largest, fabs(gradient[k * (COLUMNS + 1) + j] + penalty) / total);
    }
  }
  return largest;
}

typedef struct setting {
  const char *params;
  double C;
  int64_t rows;
  int32_t storage; /* 0: sparse */
  bool weighted, softmax, intercept;
  int64_t iterations; /* at most */
  double tolerance;   /* of the gradient in f64 */
} setting;

/* A block for each output takes 26 to 50 iterations, and so do pooled ones but without an
 * intercept. In f32 a fit ends where the gradient proves that the objective is within 1e-6 of the
 * minimum. */
static const setting settings[] = {
    {"C=1", 1, FEW_ROWS, CLF_F32, false, true, true, 60, 1e-5},
    {"C=1", 1, ROWS, CLF_F32, true, true, true, 60, 1e-5}, /* a part of the rows */
    {"C=1 precision=f64", 1, FEW_ROWS, CLF_F64, true, true, true, 60, 2e-7},
    {"C=1 precision=f64", 1, ROWS, CLF_F64, true, true, true, 60, 2e-7},
    {"C=1", 1, FEW_ROWS, 0, true, true, true, 60, 1e-5},
    {"C=1 fit_intercept=false", 1, FEW_ROWS, CLF_F32, false, true, false, 100, 5e-5},
    {"C=100 multiclass=one_vs_rest", 100, FEW_ROWS, CLF_F32, true, false, true, 60, 1e-5},
};

static int64_t iterations(const clf_model *model) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, model, "iterations"));
  const int64_t count = *(const int64_t *)clf_tensor_data(tensor);
  clf_tensor_free(tensor);
  return count;
}

TEST_LOOP(logistic_pooled__ends_where_the_gradient_is_0, 0, sizeof settings / sizeof *settings) {
  const setting *s = &settings[_i];
  clf_dataset *data = make(s->rows, s->storage, s->weighted);
  clf_model *model = fitted(NULL, "logistic", s->params, data);
  clf_tensor *w = NULL, *b = NULL;
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  const double *of_w = fitted_data(model, "weights_f64", &w);
  const double *of_b = fitted_data(model, "intercept_f64", &b);
  const double largest =
      gradient_at(of_w, of_b, s->rows, s->weighted, s->softmax, s->intercept, s->C);
  ck_assert_double_lt(largest, s->tolerance);
  ck_assert_int_le(iterations(model), s->iterations);
  clf_tensor_free(w);
  clf_tensor_free(b);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Columns in which few rows of a class have a value, and next to no penalty: pooled blocks would not
 * end in 1,000 iterations. */
TEST(logistic_pooled__that_do_not_suit_are_divided) {
  enum { MANY_COLUMNS = 60 };
  uint64_t seed = 11;
  for (int64_t i = 0; i < FEW_ROWS; i++) {
    labels[i] = (int32_t)(i % CLASSES);
    for (int j = 0; j < MANY_COLUMNS; j++) {
      const double value = random_unit(&seed) * pow(10, j % 7 - 3);
      x[i * MANY_COLUMNS + j] = random_unit(&seed) < 0.1 ? (float)value : 0;
    }
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, FEW_ROWS, MANY_COLUMNS, labels);
  clf_model *model = fitted(NULL, "logistic", "C=1e6", data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  ck_assert_int_le(iterations(model), 500);
  clf_model_free(model);
  clf_dataset_free(data);
}

static clf_status fit_some(clf_context *context, const void *argument) {
  enum { SOME = 120 };
  const int64_t shape[] = {SOME, COLUMNS};
  clf_tensor *values = NULL, *classes = NULL;
  clf_dataset *data = NULL;
  clf_model *model = NULL;
  clf_status status = clf_tensor_wrap(&values, context, x, CLF_F32, 2, shape, NULL);
  status =
      status < 0 ? status : clf_tensor_wrap(&classes, context, labels, CLF_I32, 1, shape, NULL);
  status = status < 0 ? status : clf_dataset_create(&data, context, values, NULL);
  status = status < 0 ? status : clf_dataset_set_labels(data, classes);
  status = status < 0 ? status : clf_model_create(&model, context, "logistic", argument);
  status = status < 0 ? status : clf_model_fit(model, data, NULL, NULL);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(values);
  clf_tensor_free(classes);
  return status == CLF_NOT_CONVERGED ? CLF_OK : status;
}

TEST(logistic_pooled__survives_any_refused_allocation) {
  clf_dataset_free(make(FEW_ROWS, CLF_F32, false));
  check_every_allocation("threads=2", fit_some, "max_iterations=3");
}

SUITE("logistic_pooled")
