/* Logistic regression with precision=f64: the gradient at the solution, computed here in long
 * double, is as small as the tolerance asks, which f32 cannot reach. */
#include <math.h>

#include "failing_allocator.h"

#include "models/model.h"

enum { FEW = 300, MANY = 5000, COLUMNS = 6, CLASSES = 4 }; /* MANY: curvatures of a sample */
enum { F32, U8, F64, SPARSE, STORAGES };
enum { SOFTMAX, SIGMOIDS, BINARY, LINKS };

static float floats[MANY * COLUMNS];
static uint8_t bytes[MANY * COLUMNS];
static double doubles[MANY * COLUMNS], seen[MANY * COLUMNS];
static int32_t labels[MANY];
static float weights[MANY];

static clf_dataset *rows_of(clf_context *context, int storage, int64_t rows, int classes) {
  uint64_t state = 4;
  for (int i = 0; i < MANY; i++) {
    labels[i] = i % classes;
    weights[i] = (float)(2 * random_unit(&state));
    for (int j = 0; j < COLUMNS; j++) {
      const int at = i * COLUMNS + j;
      const double value = random_normal(&state) + (j == labels[i] ? 1 : 0);
      doubles[at] = value;
      floats[at] = random_unit(&state) < 0.3 ? 0 : (float)value;
      bytes[at] = (uint8_t)fmin(fmax(128 + 30 * value, 0), 255);
      seen[at] = storage == U8    ? bytes[at] * (double)(1.0F / 255)
                 : storage == F64 ? value
                                  : (double)floats[at];
    }
  }
  clf_dataset *made = storage == SPARSE ? sparse_of(context, floats, rows, COLUMNS, labels)
                      : storage == U8   ? dataset_of(context, bytes, CLF_U8, rows, COLUMNS, labels)
                      : storage == F64
                          ? dataset_of(context, doubles, CLF_F64, rows, COLUMNS, labels)
                          : dataset_of(context, floats, CLF_F32, rows, COLUMNS, labels);
  set_weights(made, weights);
  return made;
}

/* The derivatives of the loss with respect to z, in place. */
static void residuals(long double *z, int classes, int own, bool sigmoids) {
  long double sum = 0;
  for (int k = 0; k < classes; k++) {
    z[k] = sigmoids ? 1 / (1 + expl(-z[k])) : expl(z[k]);
    sum += z[k];
  }
  for (int k = 0; k < classes; k++) {
    z[k] = (sigmoids ? z[k] : z[k] / sum) - (k == own);
  }
}

/* The largest component of the gradient of the mean objective. A binary model has 0 for class 0,
 * and is penalized for class 1 alone. */
static double largest_gradient(const clf_model *model, int64_t rows, int classes, bool sigmoids,
                               double C, bool intercept) {
  const double *w = clf__state_data(model->state, "weights_f64");
  const double *b = clf__state_data(model->state, "intercept_f64");
  long double sum = 0, gradient[CLASSES * (COLUMNS + 1)] = {0}, z[CLASSES];
  double largest = 0;
  for (int64_t i = 0; i < rows; i++) {
    for (int k = 0; k < classes; k++) {
      z[k] = (long double)b[k];
      for (int j = 0; j < COLUMNS; j++) {
        z[k] += (long double)w[k * COLUMNS + j] * (long double)seen[i * COLUMNS + j];
      }
    }
    residuals(z, classes, labels[i], sigmoids);
    sum += (long double)weights[i];
    for (int k = classes == 2; k < classes; k++) {
      for (int j = 0; j <= COLUMNS; j++) {
        const long double x = j < COLUMNS ? (long double)seen[i * COLUMNS + j] : 1;
        gradient[k * (COLUMNS + 1) + j] += (long double)weights[i] * z[k] * x;
      }
    }
  }
  for (int k = classes == 2; k < classes; k++) {
    for (int j = 0; j < COLUMNS + intercept; j++) {
      const long double penalty =
          j < COLUMNS ? (long double)w[k * COLUMNS + j] / (long double)C : 0;
      const long double of = (gradient[k * (COLUMNS + 1) + j] + penalty) / sum;
      largest = fmax(largest, fabs((double)of));
    }
  }
  return largest;
}

TEST_LOOP(logistic_f64__meets_its_tolerance, 0, 2 * LINKS * STORAGES) {
  static const char *const params[] = {"precision=f64 tolerance=1e-12 C=3",
                                       "precision=f64 tolerance=1e-12 C=3 multiclass=one_vs_rest",
                                       "precision=f64 tolerance=1e-12 C=3"};
  const int storage = _i % STORAGES, link = _i / STORAGES % LINKS;
  const int64_t count = _i / STORAGES / LINKS == 0 ? FEW : MANY;
  const int classes = link == BINARY ? 2 : CLASSES;
  clf_dataset *rows = rows_of(NULL, storage, count, classes);
  clf_model *model = fitted(NULL, "logistic", params[link], rows);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  ck_assert_double_le(largest_gradient(model, count, classes, link == SIGMOIDS, 3, true), 2e-12);
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* The same in f32 is far from it, because the features are rounded to single precision. */
TEST(logistic_f32__ends_where_f32_does) {
  clf_dataset *rows = rows_of(NULL, F64, FEW, CLASSES);
  clf_model *model = fitted(NULL, "logistic", "tolerance=1e-12 C=3", rows);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  ck_assert_double_ge(largest_gradient(model, FEW, CLASSES, false, 3, true), 1e-10);
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* Outputs of columns far from 0 cancel, as those about means that one row moves far away. Values in
 * f32 then end their decrease at gradients of 0.04 to 3, up to 1% above the minimum; at the weights
 * 0 the gradient is some 1e3, of which f64 leaves 1e-4. */
TEST_LOOP(logistic_f32__is_not_ended_by_rounding, 0, 24) {
  const bool intercept = _i % 2 == 0, binary = _i / 2 % 2 == 0;
  static const char *const params[] = {"C=3 fit_intercept=false", "C=3"};
  const float offset = 50 * powf(10, (float)(_i / 4 % 3)), factor = _i < 12 ? 3e5F : 1e3F;
  const int classes = binary ? 2 : CLASSES;
  clf_dataset_free(rows_of(NULL, F32, FEW, classes));
  for (int i = 0; i < FEW * COLUMNS; i++) {
    floats[i] = (floats[i] + offset) * (i / COLUMNS == FEW / 3 ? factor : 1);
    seen[i] = (double)floats[i];
  }
  clf_dataset *rows = dataset_of(NULL, floats, CLF_F32, FEW, COLUMNS, labels);
  set_weights(rows, weights);
  clf_model *model = fitted(NULL, "logistic", params[intercept], rows);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  ck_assert_double_le(largest_gradient(model, FEW, classes, false, 3, intercept), 1e-4);
  clf_model_free(model);
  clf_dataset_free(rows);
}

TEST(logistic_f64__says_when_it_has_not_converged) {
  clf_dataset *rows = rows_of(NULL, F64, FEW, CLASSES);
  clf_model *model =
      fitted(NULL, "logistic", "precision=f64 tolerance=1e-12 max_iterations=5", rows);
  ck_assert_int_eq(clf_model_outcome(model), CLF_NOT_CONVERGED);
  clf_model_free(model);
  /* A tolerance below rounding: it ends where steps gain nothing, which is good enough. */
  model = fitted(NULL, "logistic", "precision=f64 tolerance=0", rows);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  ck_assert_double_le(largest_gradient(model, FEW, CLASSES, false, 1, true), 1e-13);
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* Rows that are 2^30 away from 0 are centered in f64 and lose no digits. */
TEST(logistic_f64__finds_the_same_far_from_0) {
  static double far[FEW * COLUMNS], at_0[FEW * CLASSES], there[FEW * CLASSES];
  clf_dataset *rows = rows_of(NULL, F64, FEW, CLASSES);
  for (int i = 0; i < FEW * COLUMNS; i++) {
    doubles[i] = ldexp(rint(ldexp(doubles[i], 20)), -20); /* exact there, too */
    far[i] = doubles[i] + 0x1p30;
  }
  clf_dataset *moved = dataset_of(NULL, far, CLF_F64, FEW, COLUMNS, labels);
  set_weights(moved, weights);
  static const char params[] = "precision=f64 tolerance=1e-11";
  clf_model *a = fitted(NULL, "logistic", params, rows),
            *b = fitted(NULL, "logistic", params, moved);
  ck_clf_ok(clf_model_decision_function_f64(a, rows, at_0, FEW * CLASSES));
  ck_clf_ok(clf_model_decision_function_f64(b, moved, there, FEW * CLASSES));
  for (int i = 0; i < FEW * CLASSES; i++) {
    ck_assert_double_eq_tol(there[i], at_0[i], 1e-8);
  }
  clf_model_free(a);
  clf_model_free(b);
  clf_dataset_free(rows);
  clf_dataset_free(moved);
}

TEST_LOOP(logistic_f64__has_the_same_bits_on_any_number_of_threads, 0, STORAGES) {
  static double values[2][MANY * CLASSES];
  for (int t = 0; t < 2; t++) {
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, t == 0 ? "threads=1" : "threads=3"));
    clf_dataset *rows = rows_of(context, _i, MANY, CLASSES);
    clf_model *model = fitted(context, "logistic", "precision=f64", rows);
    ck_clf_ok(clf_model_decision_function_f64(model, rows, values[t], MANY * CLASSES));
    clf_model_free(model);
    clf_dataset_free(rows);
    clf_context_free(context);
  }
  ck_assert_mem_eq(values[0], values[1], sizeof values[0]);
}

TEST_LOOP(logistic_f64__survives_refused_allocations, 0, STORAGES) {
  static const char *const params[] = {"precision=f64 max_iterations=4"};
  clf_dataset *rows = rows_of(NULL, _i, 30, CLASSES);
  clf_status status = CLF_ERROR_MEMORY;
  for (int64_t refuse = 1; status == CLF_ERROR_MEMORY; refuse++) {
    failing_allocator from = {.refuse = refuse};
    clf_context *context = failing_context("threads=1", &from);
    clf_model *model = NULL;
    if (context != NULL) {
      status = clf_model_create(&model, context, "logistic", params[0]);
      status = status < 0 ? status : clf_model_fit(model, rows, NULL, NULL);
      ck_assert(status >= 0 || status == CLF_ERROR_MEMORY);
      clf_model_free(model);
      clf_context_free(context);
    }
    ck_assert_int_eq(from.held, 0);
  }
  clf_dataset_free(rows);
}

SUITE("logistic_f64")
