/* Models of every kind, with random parameters and small tables of difficult numbers: ties, zeros,
 * constants, huge and tiny numbers, weights of 0. A fit ends within the time that the host gives
 * it, and what it leaves predicts finite numbers, or says why not, and saves as it loads. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dice.h"

enum { MOST_ROWS = 24, MOST_COLUMNS = 6, MOST_OUTPUTS = 64 };

typedef struct table {
  int64_t rows, columns;
  bool regression;
  clf_dataset *dataset;
} table;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Stops what takes longer than two seconds; a call must then end at once. */
static int32_t stop_late(void *user, const clf_progress *progress) {
  (void)progress;
  return seconds() > *(double *)user + 2;
}

/* Most columns are of one kind of numbers; any one may hold one that is not. */
static void fill_column(double *x, const table *t, int64_t column, dice *from) {
  const double base = roll_finite(from), step = roll_finite(from);
  const int64_t period = roll_few(from, MOST_ROWS) + 1, pattern = roll(from, 4);
  for (int64_t i = 0; i < t->rows; i++) {
    const double value = pattern == 0   ? base
                         : pattern == 1 ? base + step * (double)(i % period)
                         : pattern == 2 ? (i % period == 0 ? base : 0)
                                        : roll_finite(from);
    x[i * t->columns + column] = value;
  }
}

static void set_targets(table *t, dice *from) {
  static double values[MOST_ROWS * 3];
  int32_t labels[MOST_ROWS];
  clf_tensor *y = NULL;
  const int64_t kinds = roll_few(from, MOST_ROWS) + 1, outputs = roll(from, 3) + 1;
  for (int64_t i = 0; i < MOST_ROWS; i++) {
    labels[i] = (int32_t)(roll(from, 2) == 0 ? i % kinds : roll(from, kinds));
  }
  for (int64_t i = 0; t->regression && i < t->rows * outputs; i++) {
    values[i] = roll_finite(from);
  }
  if (t->regression) {
    FUZZ_CHECK(clf_tensor_wrap(&y, NULL, values, CLF_F64, 2, (int64_t[]){t->rows, outputs}, NULL) ==
               CLF_OK);
    clf_dataset_set_targets(t->dataset, y);
  } else {
    FUZZ_CHECK(clf_tensor_wrap(&y, NULL, labels, CLF_I32, 1, &t->rows, NULL) == CLF_OK);
    FUZZ_CHECK(clf_dataset_set_labels(t->dataset, y) == CLF_OK);
  }
  clf_tensor_free(y);
}

static void set_weights(table *t, dice *from) {
  double weights[MOST_ROWS];
  clf_tensor *w = NULL;
  for (int64_t i = 0; i < t->rows; i++) {
    weights[i] = fabs(roll_finite(from));
  }
  FUZZ_CHECK(clf_tensor_wrap(&w, NULL, weights, CLF_F64, 1, &t->rows, NULL) == CLF_OK);
  clf_dataset_set_weights(t->dataset, w);
  clf_tensor_free(w);
}

/* The non-zero numbers of x as sparse rows. */
static clf_status make_sparse(table *t, clf_context *context, const double *x) {
  static int64_t start[MOST_ROWS + 1];
  static int32_t column[MOST_ROWS * MOST_COLUMNS];
  static double value[MOST_ROWS * MOST_COLUMNS];
  int64_t entries = 0, rows = t->rows + 1;
  clf_tensor *parts[3] = {NULL};
  start[0] = 0;
  for (int64_t i = 0; i < t->rows; i++) {
    for (int64_t j = 0; j < t->columns; j++) {
      if (x[i * t->columns + j] != 0) {
        column[entries] = (int32_t)j;
        value[entries++] = x[i * t->columns + j];
      }
    }
    start[i + 1] = entries;
  }
  FUZZ_CHECK(clf_tensor_wrap(&parts[0], context, start, CLF_I64, 1, &rows, NULL) == CLF_OK);
  FUZZ_CHECK(clf_tensor_wrap(&parts[1], context, column, CLF_I32, 1, &entries, NULL) == CLF_OK);
  FUZZ_CHECK(clf_tensor_wrap(&parts[2], context, value, CLF_F64, 1, &entries, NULL) == CLF_OK);
  clf_status status = clf_dataset_create_sparse(&t->dataset, context, t->columns, parts[0],
                                                parts[1], parts[2], NULL);
  for (int i = 0; i < 3; i++) {
    clf_tensor_free(parts[i]);
  }
  return status;
}

static clf_status make_dense(table *t, clf_context *context, const double *x, dice *from) {
  static uint8_t bytes[MOST_ROWS * MOST_COLUMNS];
  const bool pixels = roll(from, 4) == 1;
  clf_tensor *tensor = NULL, *copy = NULL;
  for (int64_t i = 0; i < t->rows * t->columns; i++) {
    bytes[i] = (uint8_t)(isfinite(x[i]) ? fmod(fabs(x[i]), 256) : 255);
  }
  FUZZ_CHECK(clf_tensor_wrap(&tensor, context, pixels ? (const void *)bytes : x,
                             pixels ? CLF_U8 : CLF_F64, 2, (int64_t[]){t->rows, t->columns},
                             NULL) == CLF_OK);
  clf_status status = clf_tensor_copy(&copy, tensor, pixels ? CLF_U8 : CLF_F64);
  FUZZ_CHECK(status == CLF_OK);
  status = clf_dataset_create(&t->dataset, context, copy, NULL);
  clf_tensor_free(copy);
  clf_tensor_free(tensor);
  return status;
}

static bool make_table(table *t, clf_context *context, dice *from) {
  static double x[MOST_ROWS * MOST_COLUMNS];
  *t = (table){.rows = roll(from, MOST_ROWS) + 1, .columns = roll(from, MOST_COLUMNS) + 1};
  t->regression = roll(from, 8) == 1;
  for (int64_t j = 0; j < t->columns; j++) {
    fill_column(x, t, j, from);
  }
  clf_status status =
      roll(from, 4) == 1 ? make_sparse(t, context, x) : make_dense(t, context, x, from);
  if (status < 0) {
    FUZZ_CHECK(status == CLF_ERROR_DATA && t->dataset == NULL);
    return false;
  }
  if (roll(from, 8) != 1) {
    set_targets(t, from);
  }
  if (roll(from, 4) == 1) {
    set_weights(t, from);
  }
  return true;
}

/* What a model says of rows is finite, or refused by one of the statuses for that. */
static clf_status check_values(clf_status status, const float *values, int64_t count, bool shares) {
  FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_DATA || status == CLF_ERROR_NUMERIC ||
             status == CLF_ERROR_UNSUPPORTED || status == CLF_ERROR_MEMORY ||
             status == CLF_ERROR_SHAPE || status == CLF_ERROR_CANCELLED);
  for (int64_t i = 0; status == CLF_OK && i < count; i++) {
    FUZZ_CHECK(isfinite(values[i]) && (!shares || (values[i] >= 0 && values[i] <= 1)));
  }
  return status;
}

static void use(const clf_model *model, const table *t, clf_context *context) {
  static float values[MOST_ROWS * MOST_OUTPUTS], again[MOST_ROWS * MOST_OUTPUTS];
  int32_t labels[MOST_ROWS];
  const int64_t outputs = clf_model_outputs(model), classes = clf_model_classes(model);
  const int64_t count = t->rows * outputs;
  double score = 0;
  size_t size = 0;
  clf_model *loaded = NULL;
  FUZZ_CHECK(outputs > 0 && outputs <= MOST_OUTPUTS);
  clf_status decided = check_values(clf_model_decision_function(model, t->dataset, values, count),
                                    values, count, false);
  if (clf_model_predict(model, t->dataset, labels, t->rows) == CLF_OK) {
    for (int64_t i = 0; i < t->rows; i++) {
      FUZZ_CHECK(labels[i] >= -1 && labels[i] < (classes > 0 ? classes : 1)); /* -1: none */
    }
  }
  check_values(clf_model_predict_proba(model, t->dataset, again, count), again, count, true);
  static double precise[MOST_ROWS * MOST_OUTPUTS];
  const clf_status wide = clf_model_decision_function_f64(model, t->dataset, precise, count);
  FUZZ_CHECK(wide == decided || decided == CLF_ERROR_DATA); /* beyond f32, or not finite */
  for (int64_t i = 0; wide == CLF_OK && i < count; i++) {
    FUZZ_CHECK(isfinite(precise[i]));
  }
  if (clf_model_score(model, t->dataset, &score) == CLF_OK) {
    FUZZ_CHECK(!isnan(score));
  }
  FUZZ_CHECK(clf_model_save_memory(model, NULL, 0, &size) == CLF_OK);
  uint8_t *bytes = malloc(size);
  FUZZ_CHECK(bytes != NULL && clf_model_save_memory(model, bytes, size, &size) == CLF_OK);
  FUZZ_CHECK(clf_model_load_memory(&loaded, context, bytes, size) == CLF_OK);
  if (decided == CLF_OK) {
    FUZZ_CHECK(clf_model_decision_function(loaded, t->dataset, again, count) == CLF_OK);
    FUZZ_CHECK(memcmp(values, again, (size_t)count * sizeof *values) == 0);
  }
  clf_model_free(loaded);
  free(bytes);
}

static clf_model *make_model(clf_context *context, const char *kind, dice *from) {
  /* Parameters that are left out make fits long, as they should, or name files. */
  static const char fixed[] = "layers|input|checkpoint|checkpoint_interval|augment|micro_batch";
  static const char *const transforms[] = {
      "standardize", "min_max", "polynomial", "pca",     "log_count_ratio", "impute", "robust",
      "quantile",    "log",     "one_hot",    "ordinal", "target_mean",     "hash"};
  char params[1024];
  clf_model *model = NULL;
  roll_params(params, sizeof params, from, "model", kind, fixed);
  if (strcmp(kind, "network") == 0) {
    const size_t length = strlen(params);
    snprintf(params + length, sizeof params - length,
             " layers='dense units=4; activation; dense units=%d'", (int)roll(from, 4) + 1);
  }
  if (clf_model_create(&model, context, kind, params) != CLF_OK) {
    return NULL;
  }
  if (roll(from, 4) == 1) {
    const char *transform = transforms[roll(from, 13)];
    roll_params(params, sizeof params, from, "transform", transform, "columns");
    if (roll(from, 2) == 1 || strlen(params) == 0) {
      snprintf(params + strlen(params), sizeof params - strlen(params), " columns=1,2");
    }
    clf_model_add_transform(model, transform, params);
  }
  return model;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dice from = {data, size};
  clf_context *context = NULL;
  clf_model *model = NULL;
  table t;
  double began = seconds();
  FUZZ_CHECK(clf_context_create(&context, NULL, "threads=1 memory_limit=256000000") == CLF_OK);
  FUZZ_CHECK(clf_context_set_progress(context, stop_late, &began) == CLF_OK);
  const uint64_t held = clf_context_memory(context);
  const char *kind = clf_kind_name("model", roll(&from, clf_kind_count("model")));
  model = make_model(context, kind, &from);
  if (model != NULL && make_table(&t, context, &from)) {
    clf_status status = clf_model_fit(model, t.dataset, NULL, NULL);
    FUZZ_CHECK(status >= CLF_OK || clf_last_error()[0] != '\0');
    FUZZ_CHECK(status >= CLF_OK || status == CLF_ERROR_DIVERGED || clf_model_features(model) == -1);
    if (clf_model_features(model) >= 0) {
      use(model, &t, context);
    }
    clf_dataset_free(t.dataset);
  }
  clf_model_free(model);
  FUZZ_CHECK(clf_context_memory(context) == held);
  clf_context_free(context);
  return 0;
}

/* Every kind on tables of some order. */
size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  enum { SEEDS = 72, BYTES = 256 };
  uint32_t random = (uint32_t)index * 2654435761u + 1;
  FUZZ_CHECK(capacity >= BYTES);
  for (int i = 0; i < BYTES; i++) {
    random = random * 1664525u + 1013904223u;
    buffer[i] = (uint8_t)(random >> 24);
  }
  buffer[0] = (uint8_t)(index % clf_kind_count("model"));
  return index < SEEDS ? BYTES : 0;
}
