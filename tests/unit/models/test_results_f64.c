/* Results in f64: those of linear maps are right to the digits of f64, whatever stores the rows;
 * those of other models are the f32 ones, widened. */
#include <math.h>

#include "ops_support.h"

#include "models/model.h"

enum { ROWS = 150, COLUMNS = 12, CLASSES = 3, CELLS = ROWS * CLASSES };
enum { F32, U8, F64, SPARSE, STORAGES };

static float floats[ROWS * COLUMNS];
static uint8_t bytes[ROWS * COLUMNS];
static double doubles[ROWS * COLUMNS], seen[ROWS * COLUMNS];
static int32_t labels[ROWS];

/* Rows in one storage; `seen` receives their values. */
static clf_dataset *rows_of(clf_context *context, int storage) {
  fill_clouds(floats, labels, ROWS, COLUMNS, CLASSES);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    floats[i] = storage == SPARSE && i % 3 > 0 ? 0 : floats[i] / 4;
    bytes[i] = (uint8_t)fmin(fmax(128 + 20 * (double)floats[i], 0), 255);
    doubles[i] = (double)floats[i] + 1e-9 * (i % 7);
    seen[i] = storage == U8    ? bytes[i] * (double)(1.0F / 255)
              : storage == F64 ? doubles[i]
                               : (double)floats[i];
  }
  return storage == SPARSE ? sparse_of(context, floats, ROWS, COLUMNS, labels)
         : storage == U8   ? dataset_of(context, bytes, CLF_U8, ROWS, COLUMNS, labels)
         : storage == F64  ? dataset_of(context, doubles, CLF_F64, ROWS, COLUMNS, labels)
                           : dataset_of(context, floats, CLF_F32, ROWS, COLUMNS, labels);
}

/* Compares values [ROWS, width] with the linear map in the state, applied in long double to the
 * rows that the model saw. */
static void check_map(const clf_model *model, const char *weights, const char *offset,
                      int64_t width, const double *values) {
  const double *w = clf__state_data(model->state, weights);
  const double *b = clf__state_data(model->state, offset);
  for (int64_t i = 0; i < ROWS; i++) {
    for (int64_t k = 0; k < width; k++) {
      long double z = (long double)b[k], size = fabsl((long double)b[k]);
      for (int64_t j = 0; j < COLUMNS; j++) {
        const long double term =
            (long double)w[k * COLUMNS + j] * (long double)seen[i * COLUMNS + j];
        z += term;
        size += fabsl(term);
      }
      ck_assert_double_eq_tol(values[i * width + k], (double)z, 1e-15 * (double)size);
    }
  }
}

static void check_probabilities(const clf_model *model, const clf_dataset *rows,
                                const double *decisions) {
  static double chances[CELLS];
  static float rounded[CELLS];
  ck_clf_ok(clf_model_predict_proba_f64(model, rows, chances, CELLS));
  ck_clf_ok(clf_model_predict_proba(model, rows, rounded, CELLS));
  const bool sigmoids = model->kind->link(model) == CLF__LINK_SIGMOIDS;
  for (int i = 0; i < ROWS; i++) {
    const double *z = decisions + i * CLASSES, *p = chances + i * CLASSES;
    long double sum = 0;
    for (int k = 0; k < CLASSES; k++) {
      sum += sigmoids ? 1 / (1 + expl(-(long double)z[k])) : expl((long double)z[k]);
    }
    for (int k = 0; k < CLASSES; k++) {
      const long double own =
          sigmoids ? 1 / (1 + expl(-(long double)z[k])) : expl((long double)z[k]);
      ck_assert_double_eq_tol(p[k], (double)(own / sum), 1e-14);
      ck_assert_double_eq_tol(p[k], (double)rounded[i * CLASSES + k], 1e-4);
    }
    ck_assert_double_eq_tol(p[0] + p[1] + p[2], 1, 1e-15);
  }
}

static const char *const linear[][2] = {{"ridge", ""},
                                        {"logistic", ""},
                                        {"logistic", "multiclass=one_vs_rest C=0.1"},
                                        {"logistic", "penalty=l1"},
                                        {"fisher", ""},
                                        {"perceptron", ""},
                                        {"ridge", "solver=cg"}};
enum { LINEAR = sizeof linear / sizeof *linear };

TEST_LOOP(results_f64__of_linear_maps_have_the_digits_of_f64, 0, LINEAR *STORAGES) {
  static double values[CELLS], axes[CELLS];
  static float rounded[CELLS];
  const char *const *how = linear[_i / STORAGES];
  clf_dataset *rows = rows_of(NULL, _i % STORAGES);
  clf_model *model = fitted(NULL, how[0], how[1], rows);
  int64_t width = 0;
  ck_clf_ok(clf_model_decision_function_f64(model, rows, values, CELLS));
  ck_clf_ok(clf_model_decision_function(model, rows, rounded, CELLS));
  check_map(model, "weights_f64", "intercept_f64", CLASSES, values);
  for (int i = 0; i < CELLS; i++) {
    ck_assert_double_eq_tol(values[i], (double)rounded[i], 1e-5 * (10 + fabs(values[i])));
  }
  if (model->kind->probabilities != NULL) {
    check_probabilities(model, rows, values);
  }
  if (model->kind->transform != NULL) {
    ck_clf_ok(clf_model_project_f64(model, rows, NULL, 0, &width));
    ck_assert_int_eq(width, CLASSES - 1);
    ck_clf_ok(clf_model_project_f64(model, rows, axes, CELLS, NULL));
    check_map(model, "projection_f64", "projection_offset_f64", width, axes);
  }
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* 1e9 apart, in f64: f32 values could not tell the rows apart. */
TEST(results_f64__of_f64_rows_far_from_0_lose_nothing) {
  static double far[ROWS * COLUMNS], at_0[CELLS], values[CELLS];
  clf_dataset *near = rows_of(NULL, F64);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    doubles[i] = ldexp(rint(ldexp(doubles[i], 20)), -20); /* exact after the shift, too */
    far[i] = doubles[i] + 0x1p30;
  }
  clf_dataset *rows = dataset_of(NULL, far, CLF_F64, ROWS, COLUMNS, labels);
  clf_model *a = fitted(NULL, "ridge", "", near), *b = fitted(NULL, "ridge", "", rows);
  ck_clf_ok(clf_model_decision_function_f64(a, near, at_0, CELLS));
  ck_clf_ok(clf_model_decision_function_f64(b, rows, values, CELLS));
  for (int i = 0; i < CELLS; i++) {
    ck_assert_double_eq_tol(values[i], at_0[i], 1e-9);
  }
  clf_model_free(a);
  clf_model_free(b);
  clf_dataset_free(near);
  clf_dataset_free(rows);
}

static const char *const widened[][2] = {{"svm", "probability=true"},
                                         {"fisher", "kernel=rbf"},
                                         {"perceptron", "kernel=rbf"},
                                         {"network", "epochs=2"}};
enum { WIDENED = sizeof widened / sizeof *widened };

typedef clf_status (*in_f32)(const clf_model *, const clf_dataset *, float *, int64_t);
typedef clf_status (*in_f64)(const clf_model *, const clf_dataset *, double *, int64_t);

static void check_widened(const clf_model *model, const clf_dataset *rows, in_f32 narrow,
                          in_f64 wide) {
  static double values[CELLS];
  static float rounded[CELLS];
  const clf_status status = narrow(model, rows, rounded, CELLS);
  ck_assert_int_eq(wide(model, rows, values, CELLS), status);
  for (int i = 0; status == CLF_OK && i < CELLS; i++) {
    ck_assert_double_eq(values[i], (double)rounded[i]);
  }
}

TEST_LOOP(results_f64__of_other_models_are_widened, 0, WIDENED) {
  clf_dataset *rows = rows_of(NULL, F64);
  clf_model *model = fitted(NULL, widened[_i][0], widened[_i][1], rows);
  check_widened(model, rows, clf_model_decision_function, clf_model_decision_function_f64);
  check_widened(model, rows, clf_model_predict_proba, clf_model_predict_proba_f64);
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* Support vectors: near the values in f32, the same for a row alone, and for a linear kernel those of
 * its weights. */
TEST_LOOP(results_f64__of_support_vectors, 0, 5 * STORAGES) {
  static const char *const params[] = {"kernel=linear", "kernel=rbf", "kernel=polynomial",
                                       "kernel=rbf multiclass=one_vs_rest",
                                       "kernel=linear multiclass=one_vs_rest"};
  static double values[CELLS], machines[CELLS], alone[CLASSES];
  static float rounded[CELLS];
  clf_dataset *rows = rows_of(NULL, _i % STORAGES);
  clf_model *model = fitted(NULL, "svm", params[_i / STORAGES], rows);
  const bool pairs = strstr(params[_i / STORAGES], "rest") == NULL;
  ck_clf_ok(clf_model_project_f64(model, rows, machines, CELLS, NULL));
  ck_clf_ok(clf_model_project(model, rows, rounded, CELLS, NULL));
  for (int i = 0; i < CELLS; i++) {
    ck_assert_double_eq_tol(machines[i], (double)rounded[i], 2e-5 * (1 + fabs(machines[i])));
  }
  ck_clf_ok(clf_model_decision_function_f64(model, rows, values, CELLS));
  for (int i = 0; i < ROWS; i++) {
    const double *f = machines + i * CLASSES, *z = values + i * CLASSES;
    for (int k = 0; k < CLASSES && !pairs; k++) {
      ck_assert_double_eq(z[k], f[k]);
    }
    if (pairs) { /* (0, 1), (0, 2), (1, 2): votes, and a fraction below 1/2 */
      ck_assert_double_eq_tol(z[0], (f[0] > 0) + (f[1] > 0), 0.5);
      ck_assert_double_eq_tol(z[1], (f[0] <= 0) + (f[2] > 0), 0.5);
      ck_assert_double_eq_tol(z[2], (f[1] <= 0) + (f[2] <= 0), 0.5);
    }
  }
  ck_clf_fails(clf_model_predict_proba_f64(model, rows, values, CELLS), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("calibration=sigmoid");
  ck_clf_ok(clf_model_decision_function_f64(model, rows, values, CELLS));
  if (_i % STORAGES == F32) {
    clf_dataset *row = dataset_of(NULL, floats + COLUMNS, CLF_F32, 1, COLUMNS, NULL);
    ck_clf_ok(clf_model_decision_function_f64(model, row, alone, CLASSES));
    ck_assert_mem_eq(alone, values + CLASSES, sizeof alone);
    clf_dataset_free(row);
    if (strstr(params[_i / STORAGES], "linear") != NULL) {
      check_map(model, "weights_f64", "intercept", CLASSES, machines);
    }
  }
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* The model as an earlier version stored it: without maps in f64, or with maps in f64 that all
 * decisions use. */
static void age(clf_model *model, bool precise) {
  clf__store *older = NULL;
  ck_clf_ok(clf__store_create(&older, model->context));
  for (int64_t i = 0; i < clf__store_count(model->state); i++) {
    const char *name = clf__store_name(model->state, i);
    if (strstr(name, "precision") == NULL && (precise || strstr(name, "_f64") == NULL)) {
      ck_clf_ok(clf__store_add_tensor(older, name, clf__store_tensor(model->state, name)));
    }
  }
  clf__store_free(model->state);
  model->state = older;
}

TEST_LOOP(results_f64__of_older_files, 0, 4) {
  static const char *const models[][2] = {
      {"fisher", ""}, {"fisher", ""}, {"svm", ""}, {"svm", "kernel=linear"}};
  static double values[CELLS];
  static float before[CELLS], after[CELLS];
  static char saved[1 << 16];
  size_t size = 0;
  clf_dataset *rows = rows_of(NULL, F64);
  clf_model *model = fitted(NULL, models[_i][0], models[_i][1], rows), *loaded = NULL;
  ck_clf_ok(clf_model_decision_function(model, rows, before, CELLS));
  age(model, _i == 1);
  ck_clf_ok(clf_model_save_memory(model, saved, sizeof saved, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, saved, size));
  ck_clf_ok(clf_model_decision_function(loaded, rows, after, CELLS));
  ck_clf_ok(clf_model_decision_function_f64(loaded, rows, values, CELLS));
  for (int i = 0; i < CELLS; i++) {
    ck_assert(_i == 1 || after[i] == before[i]);
    ck_assert_float_eq((float)values[i], after[i]); /* which are computed in f64 in either case */
  }
  if (_i != 1) {
    check_widened(loaded, rows, clf_model_decision_function, clf_model_decision_function_f64);
    check_widened(loaded, rows, clf_model_predict_proba, clf_model_predict_proba_f64);
  }
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* Regressions; blocks of a pipeline; any number of threads; a file. */
TEST(results_f64__have_the_same_bits_on_any_number_of_threads_and_after_loading) {
  static double targets[ROWS], values[2][ROWS], again[ROWS];
  static char saved[1 << 16];
  size_t size = 0;
  for (int t = 0; t < 2; t++) {
    clf_context *context = NULL;
    clf_tensor *y = NULL;
    clf_model *model = NULL, *loaded = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, t == 0 ? "threads=1" : "threads=3"));
    clf_dataset *rows = rows_of(context, F64);
    for (int i = 0; i < ROWS; i++) {
      targets[i] = sin(seen[i * COLUMNS]) + 3 * seen[i * COLUMNS + 1];
    }
    ck_clf_ok(clf_tensor_wrap(&y, context, targets, CLF_F64, 2, (int64_t[]){ROWS, 1}, NULL));
    ck_clf_ok(clf_dataset_set_targets(rows, y));
    ck_clf_ok(clf_model_create(&model, context, "ridge", NULL));
    ck_clf_ok(clf_model_add_transform(model, "polynomial", "degree=2"));
    ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
    ck_clf_ok(clf_model_decision_function_f64(model, rows, values[t], ROWS));
    ck_clf_ok(clf_model_save_memory(model, saved, sizeof saved, &size));
    ck_clf_ok(clf_model_load_memory(&loaded, context, saved, size));
    ck_clf_ok(clf_model_decision_function_f64(loaded, rows, again, ROWS));
    ck_assert_mem_eq(values[t], again, sizeof again);
    clf_model_free(loaded);
    clf_model_free(model);
    clf_tensor_free(y);
    clf_dataset_free(rows);
    clf_context_free(context);
  }
  ck_assert_mem_eq(values[0], values[1], sizeof again);
}

/* A table of more products than are in f64 anyway: the gradient at the solution vanishes to the
 * digits of f64 only if asked for. */
TEST_LOOP(ridge__solves_large_tables_in_f64_where_asked, 0, 2) {
  enum { N = 5000, D = 80 };
  static double x[N * D], t[N], residual[N];
  uint64_t state = 6;
  clf_tensor *y = NULL;
  for (int i = 0; i < N; i++) {
    t[i] = random_normal(&state);
    for (int j = 0; j < D; j++) {
      x[i * D + j] = random_normal(&state) + 0.1 * t[i];
    }
  }
  clf_dataset *rows = dataset_of(NULL, x, CLF_F64, N, D, NULL);
  ck_clf_ok(clf_tensor_wrap(&y, NULL, t, CLF_F64, 2, (int64_t[]){N, 1}, NULL));
  ck_clf_ok(clf_dataset_set_targets(rows, y));
  clf_model *model = fitted(NULL, "ridge", _i == 1 ? "precision=f64" : "", rows);
  const double *w = clf__state_data(model->state, "weights_f64");
  ck_clf_ok(clf_model_decision_function_f64(model, rows, residual, N));
  double worst = 0;
  for (int j = 0; j < D; j++) {
    long double gradient = (long double)w[j], size = fabsl((long double)w[j]);
    for (int i = 0; i < N; i++) {
      const long double term = (long double)(residual[i] - t[i]) * (long double)x[i * D + j];
      gradient += term;
      size += fabsl(term);
    }
    worst = fmax(worst, (double)(fabsl(gradient) / size));
  }
  ck_assert(_i == 1 ? worst < 1e-14 : worst > 1e-12);
  clf_model_free(model);
  clf_tensor_free(y);
  clf_dataset_free(rows);
}

TEST(results_f64__are_refused_as_those_in_f32) {
  static double values[CELLS] = {7};
  clf_dataset *rows = rows_of(NULL, F64);
  clf_model *model = NULL, *ridge = fitted(NULL, "ridge", "", rows);
  clf_dataset *narrow = dataset_of(NULL, doubles, CLF_F64, ROWS, COLUMNS - 1, NULL);
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  ck_clf_fails(clf_model_decision_function_f64(model, rows, values, CELLS), CLF_ERROR_NOT_FITTED);
  ck_clf_fails(clf_model_project_f64(model, rows, values, CELLS, NULL), CLF_ERROR_NOT_FITTED);
  ck_clf_fails(clf_model_decision_function_f64(ridge, rows, values, CELLS - 1), CLF_ERROR_ARGUMENT);
  ck_clf_says("capacity is 449");
  ck_clf_fails(clf_model_decision_function_f64(ridge, narrow, values, CELLS), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_model_predict_proba_f64(ridge, rows, values, CELLS), CLF_ERROR_UNSUPPORTED);
  ck_clf_fails(clf_model_project_f64(ridge, rows, values, CELLS, NULL), CLF_ERROR_UNSUPPORTED);
  doubles[COLUMNS + 2] = (double)NAN;
  ck_clf_fails(clf_model_decision_function_f64(ridge, rows, values, CELLS), CLF_ERROR_DATA);
  ck_clf_says("row 1");
  ck_assert_double_eq(values[0], 7);
  clf_model_free(model);
  clf_model_free(ridge);
  clf_dataset_free(narrow);
  clf_dataset_free(rows);
}

TEST(precision_f64__is_refused_where_kernel_values_are_f32) {
  clf_model *model = NULL;
  ck_clf_fails(clf_model_create(&model, NULL, "svm", "precision=f64"), CLF_ERROR_ARGUMENT);
  ck_clf_says("kernel=linear");
  ck_clf_fails(clf_model_create(&model, NULL, "fisher", "kernel=rbf precision=f64"),
               CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_model_create(&model, NULL, "svm", "precision=f64 kernel=linear"));
  ck_clf_fails(clf_model_set_text(model, "kernel", "rbf"), CLF_ERROR_ARGUMENT);
  clf_model_free(model);
}

SUITE("results_f64")
