/* A row of weight 2 is the row twice, and one of weight 0 is left out: models fitted on weights and
 * on repeated rows, in another order, decide alike. */
#include <math.h>

#include "support.h"

enum { ROWS = 48, COLUMNS = 7, CLASSES = 3, MAX_WEIGHT = 3, REPEATED = MAX_WEIGHT * ROWS };
enum { F32, U8, F64, SPARSE, STORAGES };

static float floats[REPEATED * COLUMNS];
static double doubles[REPEATED * COLUMNS];
static uint8_t bytes[REPEATED * COLUMNS];
static int32_t labels[REPEATED];
static double targets[REPEATED];
static float weights[ROWS];

static clf_dataset *rows_of(int storage, int64_t rows, const int32_t *y) {
  return storage == SPARSE ? sparse_of(NULL, floats, rows, COLUMNS, y)
         : storage == U8   ? dataset_of(NULL, bytes, CLF_U8, rows, COLUMNS, y)
         : storage == F64  ? dataset_of(NULL, doubles, CLF_F64, rows, COLUMNS, y)
                           : dataset_of(NULL, floats, CLF_F32, rows, COLUMNS, y);
}

static void fill(int storage) {
  uint64_t state = 21;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % CLASSES;
    weights[i] = (float)(int)(random_unit(&state) * (MAX_WEIGHT + 1));
    for (int j = 0; j < COLUMNS; j++) {
      const int at = i * COLUMNS + j;
      const double value = random_normal(&state) + (j % CLASSES == labels[i] ? 1 : 0);
      floats[at] = storage == SPARSE && random_unit(&state) < 0.5 ? 0 : (float)value;
      doubles[at] = value;
      bytes[at] = (uint8_t)fmin(fmax(128 + 30 * value, 0), 255);
    }
    targets[i] = doubles[i * COLUMNS] + 0.3 * random_normal(&state);
  }
}

/* Replaces the rows by repeated ones in another order; returns how many. */
static int64_t repeat(void) {
  static float f[ROWS * COLUMNS];
  static double d[ROWS * COLUMNS], t[ROWS];
  static uint8_t b[ROWS * COLUMNS];
  static int32_t y[ROWS];
  int64_t at = 0;
  memcpy(f, floats, sizeof f);
  memcpy(d, doubles, sizeof d);
  memcpy(b, bytes, sizeof b);
  memcpy(y, labels, sizeof y);
  memcpy(t, targets, sizeof t);
  for (int time = 0; time < MAX_WEIGHT; time++) {
    for (int k = 0; k < ROWS; k++) {
      const int i = (k * 29 + 7 * time) % ROWS;
      if ((float)time < weights[i]) {
        memcpy(floats + at * COLUMNS, f + i * COLUMNS, COLUMNS * sizeof *f);
        memcpy(doubles + at * COLUMNS, d + i * COLUMNS, COLUMNS * sizeof *d);
        memcpy(bytes + at * COLUMNS, b + i * COLUMNS, COLUMNS);
        labels[at] = y[i];
        targets[at++] = t[i];
      }
    }
  }
  return at;
}

static void set_targets(clf_dataset *rows, int64_t count) {
  clf_tensor *y = NULL;
  ck_clf_ok(clf_tensor_wrap(&y, NULL, targets, CLF_F64, 2, (int64_t[]){count, 1}, NULL));
  ck_clf_ok(clf_dataset_set_targets(rows, y));
  clf_tensor_free(y);
}

typedef struct setting {
  const char *kind, *params;
  bool regression;
  double tolerance; /* of the largest difference, relative to the largest value */
} setting;

/* Direct solvers, and iterative ones in f64, agree to rounding errors, or to what their tolerance
 * leaves. Otherwise f32 leaves more. */
static const setting settings[] = {
    {"ridge", "", false, 1e-13},
    {"ridge", "alpha=0.01 fit_intercept=false", false, 1e-13},
    {"ridge", "", true, 1e-13},
    {"ridge", "solver=cg tolerance=1e-12", false, 1e-5},
    {"fisher", "", false, 1e-13},
    {"fisher", "unbiased=true", false, 1e-13},
    {"fisher", "shrinkage=0.3", false, 1e-13},
    {"fisher", "shrinkage=auto", false, 1e-13},
    {"fisher", "kernel=rbf alpha=0.1", false, 2e-5},
    {"logistic", "", false, 2e-5},
    {"logistic", "precision=f64", false, 1e-8},
    {"logistic", "precision=f64 tolerance=1e-10 C=100", false, 1e-8},
    {"logistic", "precision=f64 tolerance=1e-10 multiclass=one_vs_rest", false, 1e-8},
    {"logistic", "precision=f64 tolerance=1e-11 penalty=l1", false, 1e-8},
    {"svm", "kernel=linear precision=f64 tolerance=1e-9", false, 1e-8},
    {"svm", "kernel=linear loss=squared_hinge multiclass=one_vs_rest penalty=l1 tolerance=1e-8",
     false, 1e-8},
    {"svm", "kernel=linear tolerance=1e-9", false, 1e-6},
    {"svm", "kernel=rbf tolerance=1e-9", false, 1e-8},
    {"svm", "kernel=rbf tolerance=1e-9 multiclass=one_vs_rest", false, 1e-8},
    {"svm", "kernel=polynomial tolerance=1e-9", false, 1e-8},
    {"svm", "kernel=sigmoid tolerance=1e-9", false, 1e-8},
    {"svm", "type=nu_svc kernel=rbf nu=0.3 tolerance=1e-9", false, 1e-6},
    {"svm", "type=one_class kernel=rbf nu=0.3 tolerance=1e-9", false, 1e-6},
    {"svm", "type=epsilon_svr kernel=rbf tolerance=1e-9", true, 1e-6},
    {"svm", "type=nu_svr kernel=rbf tolerance=1e-9", true, 1e-6},
};
enum { SETTINGS = sizeof settings / sizeof *settings, CELLS = ROWS * CLASSES };

/* Decisions, for the svm the values of its machines; returns how many there are. */
static int64_t decide(const setting *how, const clf_dataset *train, int storage, double *values) {
  clf_model *model = fitted(NULL, how->kind, how->params, train);
  fill(storage); /* what `train` borrows is replaced */
  clf_dataset *asked = rows_of(storage, ROWS, NULL);
  int64_t width = clf_model_outputs(model);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  ck_clf_ok(strcmp(how->kind, "svm") == 0
                ? clf_model_project_f64(model, asked, values, CELLS, &width)
                : clf_model_decision_function_f64(model, asked, values, CELLS));
  clf_dataset_free(asked);
  clf_model_free(model);
  return ROWS * width;
}

TEST_LOOP(weights__are_repeated_rows, 0, SETTINGS *STORAGES) {
  static double weighted[CELLS], repeated[CELLS];
  const setting *how = &settings[_i / STORAGES];
  const int storage = _i % STORAGES;
  double error = 0, size = 0;
  fill(storage);
  clf_dataset *rows = rows_of(storage, ROWS, how->regression ? NULL : labels);
  if (how->regression) {
    set_targets(rows, ROWS);
  }
  set_weights(rows, weights);
  const int64_t values = decide(how, rows, storage, weighted);
  const int64_t count = repeat();
  clf_dataset *more = rows_of(storage, count, how->regression ? NULL : labels);
  if (how->regression) {
    set_targets(more, count);
  }
  ck_assert_int_eq(decide(how, more, storage, repeated), values);
  for (int64_t i = 0; i < values; i++) {
    error = fmax(error, fabs(weighted[i] - repeated[i]));
    size = fmax(size, fabs(weighted[i]));
  }
  ck_assert_msg(error <= how->tolerance * size, "%s %s: off by %g of %g", how->kind, how->params,
                error, size);
  clf_dataset_free(rows);
  clf_dataset_free(more);
}

/* Weights also count in the numbers that transforms learn. */
TEST_LOOP(weights__of_transforms_are_repeated_rows, 0, 4 * STORAGES) {
  static const char *const transforms[][2] = {{"standardize", "mean=false"},
                                              {"min_max", ""},
                                              {"pca", "precision=f64"},
                                              {"pca", "precision=f64 solver=covariance"}};
  static const char *const learned[] = {"mean",    "deviation", "spread",         "minimum",
                                        "maximum", "variance",  "components_f64", "total_variance"};
  const char *const *how = transforms[_i / STORAGES];
  const int storage = _i % STORAGES;
  clf_transform *made[2] = {NULL};
  const bool to_0 = strcmp(how[0], "min_max") == 0 && storage == SPARSE;
  for (int i = 0; i < 2; i++) {
    fill(storage);
    for (int j = 0; to_0 && j < ROWS * COLUMNS; j++) {
      floats[j] = fabsf(floats[j]); /* so that sparse rows stay sparse */
    }
    floats[0] = storage == SPARSE ? floats[0] : 1000; /* an extreme that may not count */
    doubles[0] = 1000;
    weights[0] = 0;
    const int64_t count = i == 0 ? ROWS : repeat();
    clf_dataset *rows = rows_of(storage, count, labels);
    if (i == 0) {
      set_weights(rows, weights);
    }
    ck_clf_ok(clf_transform_create(&made[i], NULL, how[0], how[1]));
    ck_clf_ok(clf_transform_fit(made[i], rows));
    clf_dataset_free(rows);
  }
  for (size_t k = 0; k < sizeof learned / sizeof *learned; k++) {
    clf_tensor *a = NULL, *b = NULL;
    if (clf_transform_tensor(&a, made[0], learned[k]) == CLF_OK) {
      ck_clf_ok(clf_transform_tensor(&b, made[1], learned[k]));
      const double *x = clf_tensor_data(a), *y = clf_tensor_data(b);
      ck_assert_int_eq(clf_tensor_count(a), clf_tensor_count(b));
      for (int64_t i = 0; i < clf_tensor_count(a); i++) {
        ck_assert_double_eq_tol(x[i], y[i], 1e-10);
      }
    }
    clf_tensor_free(a);
    clf_tensor_free(b);
  }
  clf_transform_free(made[0]);
  clf_transform_free(made[1]);
}

SUITE("weights")
