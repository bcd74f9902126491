/* What is looked at before a kernel is used: of sparse rows the entries alone, with the results
 * that the same rows dense have, and as long as the host lets it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/kernel/kernel.h"
#include "support.h"

static clf_status resolve(const clf_model *model, int32_t kind, const clf__rows *x) {
  const clf__kernel_params params = {.gamma = {.word = -1, .value = 0.5}, .degree = 2, .coef0 = 1};
  const clf__training training = {.x = x};
  clf__kernel_function function;
  return clf__kernel_resolve(&function, model, kind, &params, &training);
}

static void keep_message(void *user, int32_t level, const char *message) {
  if (level == CLF_LOG_WARNING) {
    snprintf(user, 512, "%s", message);
  }
}

enum { ROWS = 40, COLUMNS = 7 };

/* Numbers about an offset; a column of them, and where they lie near 0 a fifth of all, are 0. */
static void fill(float *x, float offset) {
  uint64_t state = 3;
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    const float value = offset + (float)random_normal(&state);
    x[i] = i % COLUMNS == 3 || (offset < 10 && i % 5 == 0) ? 0 : value;
  }
}

/* In odd rows, zeros are stored entries, too. */
static clf__rows sparse_rows_of(const float *x, int64_t *row_start, int32_t *column, float *value) {
  int64_t entries = 0;
  for (int i = 0; i < ROWS; i++) {
    row_start[i] = entries;
    for (int j = 0; j < COLUMNS; j++) {
      if (x[i * COLUMNS + j] != 0 || i % 2 == 1) {
        column[entries] = j;
        value[entries++] = x[i * COLUMNS + j];
      }
    }
  }
  row_start[ROWS] = entries;
  return (clf__rows){.rows = ROWS,
                     .columns = COLUMNS,
                     .dtype = CLF_F32,
                     .scale = 1,
                     .row_start = row_start,
                     .column = column,
                     .value = value};
}

/* The message has the quotient with all its digits. */
TEST_LOOP(sparse_rows__are_judged_as_dense_ones, 0, 2) {
  static const float offsets[] = {0, 1, 60, 300, 2000, 20000};
  float x[ROWS * COLUMNS], value[ROWS * COLUMNS];
  int32_t column[ROWS * COLUMNS];
  int64_t row_start[ROWS + 1];
  int refused = 0, warned = 0;
  const int32_t kind = _i == 0 ? CLF__KERNEL_LINEAR : CLF__KERNEL_POLYNOMIAL;
  clf_context *context = NULL;
  clf_model *model = NULL;
  char said[2][512], log[512] = "";
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  ck_clf_ok(clf_context_set_log(context, keep_message, log));
  ck_clf_ok(clf_model_create(&model, context, "svm", NULL));
  for (int i = 0; i < 6; i++) {
    fill(x, offsets[i]);
    const clf__rows dense = clf__rows_of_f32(x, ROWS, COLUMNS, COLUMNS);
    const clf__rows sparse = sparse_rows_of(x, row_start, column, value);
    clf_status status[2];
    for (int k = 0; k < 2; k++) {
      log[0] = 0;
      status[k] = resolve(model, kind, k == 0 ? &dense : &sparse);
      snprintf(said[k], sizeof said[k], "%s", status[k] < 0 ? clf_last_error() : log);
    }
    ck_assert_int_eq(status[0], status[1]);
    ck_assert_str_eq(said[0], said[1]);
    refused += status[0] == CLF_ERROR_NUMERIC;
    warned += status[0] == CLF_OK && log[0] != 0;
    for (int j = COLUMNS; j < ROWS * COLUMNS; j++) {
      x[j] = x[j - COLUMNS];
    }
    const clf__rows same = sparse_rows_of(x, row_start, column, value);
    ck_clf_ok(resolve(model, kind, &same));
  }
  ck_assert_int_ge(refused, 1);
  ck_assert_int_ge(warned, 1);
  clf_model_free(model);
  clf_context_free(context);
}

static int32_t stop(void *user, const clf_progress *progress) {
  ck_assert_str_eq(progress->stage, "svm");
  return ++*(int *)user;
}

/* Pages of calloc() that are never written cost no memory. */
TEST_LOOP(looking_at_many_rows__can_be_cancelled, 0, 2) {
  enum { MANY = 2000000, WIDE = 784 };
  clf_context *context = NULL;
  clf_model *model = NULL;
  int asked = 0;
  const uint8_t *zeros = calloc(MANY, WIDE);
  ck_assert_ptr_nonnull(zeros);
  const clf__rows x = {
      .rows = MANY, .columns = WIDE, .dtype = CLF_U8, .scale = 1, .data = zeros, .stride = WIDE};
  ck_clf_ok(clf_context_create(&context, NULL, _i == 0 ? "threads=1" : "threads=2"));
  ck_clf_ok(clf_context_set_progress(context, stop, &asked));
  ck_clf_ok(clf_model_create(&model, context, "svm", NULL));
  ck_clf_fails(resolve(model, CLF__KERNEL_LINEAR, &x), CLF_ERROR_CANCELLED);
  ck_assert_int_eq(asked, 1);
  clf_model_free(model);
  clf_context_free(context);
  free((void *)(uintptr_t)zeros);
}

SUITE("kernel_resolve")
