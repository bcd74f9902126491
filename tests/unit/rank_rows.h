/* Rows that ranks have parts of, in all storages. */
#ifndef TESTS_UNIT_RANK_ROWS_H
#define TESTS_UNIT_RANK_ROWS_H

#include <math.h>

#include "ranks.h"

enum {
  ROWS = 230,
  COLUMNS = 6,
  CLASSES = 3,
  F32 = 0,
  U8 = 1,
  SPARSE = 2,
  LACKING = 3,
  STORAGES = 4
};

/* The rows of all ranks. Classes come in order, so that ranks lack some of them. */
static struct rows {
  float x[ROWS * COLUMNS];
  float lacking[ROWS * COLUMNS]; /* few different values, of which some are missing */
  uint8_t bytes[ROWS * COLUMNS];
  int64_t row_start[ROWS + 1];
  int32_t column[ROWS * COLUMNS];
  float value[ROWS * COLUMNS];
  int32_t labels[ROWS];
  double targets[ROWS * 2];
  float weights[ROWS];
} rows;

static inline void fill_rows(void) {
  uint32_t state = 1;
  int64_t entries = 0;
  for (int64_t i = 0; i < ROWS; i++) {
    rows.labels[i] = (int32_t)(i * CLASSES / ROWS) * 10 - 5;
    rows.weights[i] = (float)(i % 7) / 3;
    for (int64_t j = 0; j < COLUMNS; j++) {
      state = state * 1664525u + 1013904223u;
      const double noise = (double)(state >> 8) / 0x1p24;
      const double value = noise * (double)(j + 1) + (double)(rows.labels[i] * (int32_t)(j % 3));
      rows.x[i * COLUMNS + j] = (float)value;
      rows.lacking[i * COLUMNS + j] = state >> 28 == 0 ? NAN : (float)(state >> 28) - 4.5F;
      rows.bytes[i * COLUMNS + j] = (uint8_t)(state >> 24);
      if (state % 3 != 0) {
        rows.column[entries] = (int32_t)j;
        rows.value[entries++] = (float)value;
      }
    }
    rows.row_start[i + 1] = entries;
    rows.targets[2 * i] = (double)rows.x[i * COLUMNS] + 0.1 * (double)(i % 5);
    rows.targets[2 * i + 1] = (double)(i % 11);
  }
}

static inline clf_tensor *part(clf_context *context, const void *data, int32_t dtype, int64_t count,
                               int64_t columns) {
  const int64_t shape[] = {count, columns};
  clf_tensor *wrapped = NULL;
  ck_clf_ok(clf_tensor_wrap(&wrapped, context, data, dtype, columns > 0 ? 2 : 1, shape, NULL));
  return wrapped;
}

/* What is fitted. */
typedef struct fit_case {
  const char *transform, *transform_params; /* alone, or as a stage of the model */
  const char *model, *params;
  bool regression;
  bool validated; /* the first half of the rows is given to validate on, too */
  bool exact;     /* without weights, the bytes are those of rows that have no shards, too */
  int storages;   /* one bit each */
} fit_case;

static inline clf_dataset *rows_of(clf_context *context, const fit_case *what, int storage,
                                   bool weighted, int64_t first, int64_t count) {
  clf_dataset *data = NULL;
  clf_tensor *x = NULL, *start = NULL, *column = NULL;
  clf_tensor *y = what->regression ? part(context, rows.targets + 2 * first, CLF_F64, count, 2)
                                   : part(context, rows.labels + first, CLF_I32, count, 0);
  if (storage == SPARSE) {
    int64_t row_start[ROWS + 1];
    const int64_t at = rows.row_start[first], entries = rows.row_start[first + count] - at;
    for (int64_t i = 0; i <= count; i++) {
      row_start[i] = rows.row_start[first + i] - at;
    }
    start = part(context, row_start, CLF_I64, count + 1, 0);
    column = part(context, rows.column + at, CLF_I32, entries, 0);
    x = part(context, rows.value + at, CLF_F32, entries, 0);
    ck_clf_ok(clf_dataset_create_sparse(&data, context, COLUMNS, start, column, x, NULL));
  } else {
    const float *values = storage == LACKING ? rows.lacking : rows.x;
    x = storage == U8 ? part(context, rows.bytes + first * COLUMNS, CLF_U8, count, COLUMNS)
                      : part(context, values + first * COLUMNS, CLF_F32, count, COLUMNS);
    ck_clf_ok(clf_dataset_create(&data, context, x, NULL));
  }
  ck_clf_ok(what->regression ? clf_dataset_set_targets(data, y) : clf_dataset_set_labels(data, y));
  if (weighted) {
    clf_tensor *weights = part(context, rows.weights + first, CLF_F32, count, 0);
    ck_clf_ok(clf_dataset_set_weights(data, weights));
    clf_tensor_free(weights);
  }
  clf_tensor_free(x);
  clf_tensor_free(y);
  clf_tensor_free(start);
  clf_tensor_free(column);
  return data;
}

#endif
