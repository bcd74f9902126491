/* Linear maps in the state of a model: in f64 where f32 products would cancel, and only there. */
#include <math.h>

#include "failing_allocator.h"
#include "ops_support.h"

#include "models/linear.h"
#include "models/model.h"
#include "ops/ops.h"

enum { ROWS = 150, COLUMNS = 300, OUTPUTS = 3 };
enum { U8, F32, SPARSE, F64, STORAGES };

#define FAR 1e9 /* the center of the f64 rows */

/* Rows in one storage, which in pairs of columns differ little, and the same as f64. */
typedef struct sample {
  clf__rows x;
  double dense[ROWS * COLUMNS];
  uint8_t bytes[ROWS * COLUMNS];
  float floats[ROWS * COLUMNS];
  double far[ROWS * COLUMNS], center[COLUMNS];
  int64_t row_start[ROWS + 1];
  int32_t column[ROWS * COLUMNS];
} sample;

static void set_value(sample *s, int storage, int64_t at, double value) {
  s->bytes[at] = (uint8_t)(128 + 100 * value);
  s->floats[at] = (float)value;
  s->far[at] = FAR + value;
  s->dense[at] = storage == U8    ? s->bytes[at] * (double)(1.0F / 255)
                 : storage == F64 ? s->far[at] - FAR
                                  : (double)s->floats[at];
}

static sample *sample_of(int storage) {
  static sample s;
  uint64_t state = 7;
  s.x = (clf__rows){.rows = ROWS,
                    .columns = COLUMNS,
                    .stride = COLUMNS,
                    .scale = storage == U8 ? 1.0F / 255 : 1,
                    .dtype = storage == U8    ? CLF_U8
                             : storage == F64 ? CLF_F64
                                              : CLF_F32};
  for (int64_t at = 0; at < ROWS * COLUMNS; at += 2) {
    const double value = random_signed(&state);
    set_value(&s, storage, at, value);
    set_value(&s, storage, at + 1, value + 1e-2 * random_signed(&state));
    s.column[at] = (int32_t)(at % COLUMNS);
    s.column[at + 1] = (int32_t)((at + 1) % COLUMNS);
  }
  for (int64_t i = 0; i <= ROWS; i++) {
    s.row_start[i] = i * COLUMNS;
  }
  for (int64_t j = 0; j < COLUMNS; j++) {
    s.center[j] = FAR;
  }
  s.x.data = storage == U8 ? (void *)s.bytes : storage == F64 ? (void *)s.far : s.floats;
  s.x.row_start = storage == SPARSE ? s.row_start : NULL;
  s.x.column = s.column;
  s.x.value = s.floats;
  s.x.center = storage == F64 ? s.center : NULL;
  return &s;
}

/* Weights of a pair of columns: `large` and -`large`, and something small on top. */
static void fill_weights(double large, double *w, double *b) {
  uint64_t state = 8;
  for (int64_t i = 0; i < OUTPUTS * COLUMNS; i++) {
    w[i] = (i % 2 == 0 ? large : -large) + 0.1 * random_signed(&state);
  }
  for (int64_t k = 0; k < OUTPUTS; k++) {
    b[k] = random_signed(&state);
  }
}

static clf_status store_map(clf_model *model, clf_context *context, const double *w,
                            const double *b, const clf__rows *x) {
  const clf__linear_solution solution = {w, b, COLUMNS, 1, OUTPUTS, COLUMNS};
  *model = (clf_model){
      .context = context, .kind = &clf__ridge_kind, .columns = COLUMNS, .outputs = OUTPUTS};
  clf_status status = clf__store_create(&model->state, context);
  return status < 0 ? status
                    : clf__linear_store(context, model->state, &clf__decision_names, &solution, x);
}

static bool is_precise(const clf_model *model) {
  const int64_t *precision = clf__state_data(model->state, "precision");
  ck_assert(*precision == 32 || *precision == 64);
  ck_assert_int_eq(clf__linear_needs_f64(model->state, &clf__decision_names), *precision == 64);
  return *precision == 64;
}

/* The largest error of the values against sums in long double, relative to their spread. */
static double error_of(const sample *s, const double *w, const double *b, const float *values) {
  double worst = 0;
  for (int64_t k = 0; k < OUTPUTS; k++) {
    double error = 0, sum = 0, square = 0;
    for (int64_t i = 0; i < ROWS; i++) {
      long double z = (long double)b[k];
      for (int64_t j = 0; j < COLUMNS; j++) {
        z += (long double)w[k * COLUMNS + j] * (long double)s->dense[i * COLUMNS + j];
      }
      error = fmax(error, fabs((double)(z - (long double)values[i * OUTPUTS + k])));
      sum += (double)z;
      square += (double)(z * z);
    }
    worst = fmax(worst, error / sqrt(square / ROWS - sum * sum / ROWS / ROWS));
  }
  return worst;
}

/* Of every storage at every level of CPU: ordinary weights stay in f32, those that cancel are kept
 * in f64. The limit for f32 is 1e-5 of the spread; f64 leaves the rounding of the values. */
TEST_LOOP(map__is_right_whatever_cancels, 0, STORAGES *cpu_levels()) {
  static const double large[] = {0, 1e5, 1e9};
  static double w[OUTPUTS * COLUMNS], b[OUTPUTS];
  static float values[ROWS * OUTPUTS], again[ROWS * OUTPUTS];
  const int storage = _i % STORAGES;
  const sample *s = sample_of(storage);
  for (int t = 0; t < 3; t++) {
    clf_context *context = context_of(_i / STORAGES, 2);
    clf_model model;
    if (context == NULL) {
      return;
    }
    fill_weights(large[t], w, b);
    ck_clf_ok(store_map(&model, context, w, b, &s->x));
    ck_assert_int_eq(is_precise(&model), t > 0);
    ck_clf_ok(clf__linear_decide(&model, &s->x, values));
    ck_assert_double_le(error_of(s, w, b, values), t == 0 ? 1e-5 : 1e-6);
    for (int64_t i = 0; i < ROWS; i++) { /* a row by itself */
      const clf__rows row = clf__rows_range(&s->x, i, 1);
      ck_clf_ok(clf__linear_decide(&model, &row, again + i * OUTPUTS));
    }
    ck_assert(t == 0 || memcmp(values, again, sizeof values) == 0);
    clf__store_free(model.state);
    clf_context_free(context);
  }
}

/* A map that is far from 0 everywhere: its values are no better than f32 can say. */
TEST(map__stays_in_f32_where_the_values_themselves_are_rounded) {
  static double w[OUTPUTS * COLUMNS], b[OUTPUTS];
  const sample *s = sample_of(F32);
  clf_context *context = context_on("auto", 1);
  clf_model model;
  fill_weights(0, w, b);
  b[0] = -1e30;
  b[1] = 1e7;
  memset(w + 2 * COLUMNS, 0, COLUMNS * sizeof *w); /* and one that says nothing */
  ck_clf_ok(store_map(&model, context, w, b, &s->x));
  ck_assert(!is_precise(&model));
  clf__store_free(model.state);
  clf_context_free(context);
}

TEST(map__is_checked_when_it_is_loaded) {
  static double w[OUTPUTS * COLUMNS], b[OUTPUTS];
  const sample *s = sample_of(F32);
  clf_context *context = context_on("auto", 1);
  clf_model model;
  fill_weights(1e5, w, b);
  ck_clf_ok(store_map(&model, context, w, b, &s->x));
  ck_clf_ok(clf__linear_check(&model));
  int64_t *precision = clf__state_data(model.state, "precision");
  *precision = 48;
  ck_assert_int_eq(clf__linear_check(&model), CLF_ERROR_CORRUPT);
  clf__store_free(model.state);
  ck_clf_ok(clf__store_create(&model.state, context)); /* of an earlier version */
  ck_clf_ok(clf__state_tensor(context, model.state, "weights", CLF_F32, OUTPUTS, COLUMNS));
  ck_clf_ok(clf__state_tensor(context, model.state, "intercept", CLF_F32, OUTPUTS, -1));
  ck_clf_ok(clf__linear_check(&model));
  ck_clf_ok(clf__state_tensor(context, model.state, "weights_f64", CLF_F64, OUTPUTS, COLUMNS));
  ck_assert_int_eq(clf__linear_check(&model), CLF_ERROR_CORRUPT); /* without its intercept */
  ck_clf_ok(clf__state_tensor(context, model.state, "intercept_f64", CLF_F64, OUTPUTS + 1, -1));
  ck_assert_int_eq(clf__linear_check(&model), CLF_ERROR_CORRUPT);
  clf__store_free(model.state);
  clf_context_free(context);
}

/* Every allocation refused once: the call says so, and nothing stays behind. */
TEST_LOOP(map__survives_refused_allocations, 0, 2 * STORAGES) {
  static double w[OUTPUTS * COLUMNS], b[OUTPUTS];
  static float values[ROWS * OUTPUTS];
  const sample *s = sample_of(_i % STORAGES);
  fill_weights(_i < STORAGES ? 1e5 : 0, w, b);
  clf_status status = CLF_ERROR_MEMORY;
  for (int64_t refuse = 1; status == CLF_ERROR_MEMORY; refuse++) {
    failing_allocator from = {.refuse = refuse};
    clf_context *context = failing_context("threads=1", &from);
    clf_model model = {.state = NULL};
    if (context != NULL) {
      status = store_map(&model, context, w, b, &s->x);
      status = status == CLF_OK ? clf__linear_decide(&model, &s->x, values) : status;
      ck_assert(status == CLF_OK || status == CLF_ERROR_MEMORY);
      clf__store_free(model.state);
      clf_context_free(context);
    }
    ck_assert_int_eq(from.held, 0);
  }
  ck_assert_double_le(error_of(s, w, b, values), 1e-5);
}

/* Two columns that nearly explain each other, as a model is fitted, saved and loaded: weights of
 * 4096 and -4096 reach targets of size 1, of which f32 products would lose the fourth digit. */
TEST(ridge__decides_in_f64_on_columns_that_nearly_explain_each_other) {
  enum { N = 200, D = 3 };
  static float x[N * D], values[N], again[N];
  static double t[N];
  static char saved[1 << 16];
  uint64_t state = 3;
  size_t size = 0;
  for (int i = 0; i < N; i++) {
    const double hidden = rint(64 * random_signed(&state));
    const double near = ldexp(rint(ldexp(random_signed(&state), 18)), -18);
    x[D * i] = (float)near;
    x[D * i + 1] = (float)(near + ldexp(hidden, -18)); /* exact */
    x[D * i + 2] = (float)random_signed(&state);
    t[i] = hidden / 64;
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, N, D, NULL);
  clf_tensor *targets = NULL;
  ck_clf_ok(clf_tensor_wrap(&targets, NULL, t, CLF_F64, 2, (int64_t[]){N, 1}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, targets));
  clf_model *model = fitted(NULL, "ridge", "alpha=0", data), *loaded = NULL;
  ck_assert(is_precise(model));
  ck_clf_ok(clf_model_decision_function(model, data, values, N));
  for (int i = 0; i < N; i++) {
    ck_assert_double_eq_tol((double)values[i], t[i], 1e-6);
  }
  ck_clf_ok(clf_model_save_memory(model, saved, sizeof saved, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, saved, size));
  ck_clf_ok(clf_model_decision_function(loaded, data, again, N));
  ck_assert_mem_eq(values, again, sizeof values);
  clf_model_free(model);
  clf_model_free(loaded);
  clf_tensor_free(targets);
  clf_dataset_free(data);
}

SUITE("linear_map")
