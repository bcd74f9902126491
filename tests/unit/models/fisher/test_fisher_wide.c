/* Fisher's discriminant of fewer rows than features, which is solved in the space of the rows: the
 * decisions are those of the covariance matrix, by which a tolerance below rounding errors makes a
 * fit solve. */
#include <math.h>
#include <string.h>

#include "failing_allocator.h"

enum { ROWS = 40, COLUMNS = 1000, CLASSES = 3 };

static float x[ROWS * COLUMNS], weights[ROWS];
static int32_t labels[ROWS];

/* What is done to the rows of three clouds. */
enum { PLAIN, CONSTANT, REPEATED, FEW_DIRECTIONS, SHIFTED, TINY, WEIGHED, ZEROS, MADE };

static void make_rows(int how) {
  uint64_t seed = 5;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % CLASSES;
    weights[i] = i % 5 == 0 ? 0 : (float)(1 + i % 3);
    for (int j = 0; j < COLUMNS; j++) {
      const double value = random_normal(&seed) + (j % CLASSES == labels[i] ? 0.5 : 0);
      float *at = &x[i * COLUMNS + j];
      *at = (float)(how == SHIFTED ? 1000 + value : how == TINY ? 1e-18 * value : value);
      if (how == CONSTANT && j < 4) {
        *at = j < 2 ? (float)(labels[i] * (j + 1)) : 7; /* within each class, or everywhere */
      } else if (how == REPEATED && i >= ROWS - 6) {
        *at = x[(i - 12) * COLUMNS + j];
      } else if (how == FEW_DIRECTIONS && j >= 6) {
        *at = x[i * COLUMNS + j % 6] * (float)(1 + j % 2);
      } else if (how == ZEROS && j % 7 != i % 7) {
        *at = 0;
      }
    }
  }
}

static clf_status fit(clf_model **out, clf_context *context, const clf_dataset *data,
                      const char *params) {
  clf_status status = clf_model_create(out, context, "fisher", params);
  return status < 0 ? status : clf_model_fit(*out, data, NULL, NULL);
}

static void decide(const char *threads, const char *params, int how, float *out) {
  clf_context *context = context_with(threads);
  clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, labels);
  clf_model *model = NULL;
  if (how == WEIGHED) {
    set_weights(data, weights);
  }
  ck_clf_ok(fit(&model, context, data, params));
  ck_clf_ok(clf_model_decision_function(model, data, out, ROWS * CLASSES));
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

static void check_near(const float *found, const float *expected, double tolerance) {
  double largest = 0;
  for (int i = 0; i < ROWS * CLASSES; i++) {
    largest = fmax(largest, fabs((double)expected[i]));
  }
  for (int i = 0; i < ROWS * CLASSES; i++) {
    ck_assert_double_eq_tol((double)found[i], (double)expected[i], tolerance * largest);
  }
}

TEST_LOOP(wide_tables__are_decided_as_by_the_covariance, 0, MADE) {
  static float found[ROWS * CLASSES], again[ROWS * CLASSES], expected[ROWS * CLASSES];
  make_rows(_i);
  decide("threads=1", "", _i, found);
  decide("threads=2", "", _i, again);
  ck_assert_mem_eq(found, again, sizeof found);
  decide("threads=1", "tolerance=1e-300 precision=f64", _i, expected);
  check_near(found, expected, 2e-6);
}

/* (S + P)^-1 by the other method, with a penalty of all features. */
TEST_LOOP(wide_tables__are_shrunk_as_the_covariance, 0, 3) {
  static const char *const both[][2] = {
      {"shrinkage=0.1", "shrinkage=0.1 tolerance=1e-300 precision=f64"},
      {"shrinkage=1e-6", "shrinkage=1e-6 tolerance=1e-300 precision=f64"},
      {"shrinkage=1", "shrinkage=1 tolerance=1e-300 precision=f64"}};
  static float found[ROWS * CLASSES], expected[ROWS * CLASSES];
  make_rows(CONSTANT);
  decide("threads=2", both[_i][0], CONSTANT, found);
  decide("threads=2", both[_i][1], CONSTANT, expected);
  check_near(found, expected, 2e-6);
}

/* Some directions have a millionth of the others' variance squared. */
TEST(rows_of_very_different_sizes__are_decided_as_by_the_covariance) {
  static float found[ROWS * CLASSES], expected[ROWS * CLASSES];
  make_rows(PLAIN);
  for (int i = 0; i < ROWS; i++) {
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] *= (float)pow(10, -6.0 * i / ROWS);
    }
  }
  decide("threads=1", "precision=f64", PLAIN, found);
  decide("threads=1", "tolerance=1e-300 precision=f64", PLAIN, expected);
  check_near(found, expected, 2e-6);
}

static clf_status live(clf_context *context, const void *argument) {
  clf_dataset *data = NULL;
  clf_model *model = NULL;
  clf_tensor *rows = NULL, *classes = NULL;
  clf_status status =
      clf_tensor_wrap(&rows, context, x, CLF_F32, 2, (int64_t[]){ROWS, COLUMNS}, NULL);
  (void)argument;
  if (status == CLF_OK) {
    status = clf_tensor_wrap(&classes, context, labels, CLF_I32, 1, (int64_t[]){ROWS}, NULL);
  }
  if (status == CLF_OK) {
    status = clf_dataset_create(&data, context, rows, classes);
  }
  if (status == CLF_OK) {
    status = fit(&model, context, data, "");
  }
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(rows);
  clf_tensor_free(classes);
  return status;
}

TEST(a_wide_fit__survives_every_refused_allocation) {
  make_rows(PLAIN);
  check_every_allocation("threads=1", live, NULL);
}

SUITE("fisher_wide")
