/* Rows of three classes, a cloud each. */
#ifndef TESTS_UNIT_CLOUDS_H
#define TESTS_UNIT_CLOUDS_H

#include "support.h"

enum { CLOUD_ROWS = 120, CLOUD_COLUMNS = 6, CLOUD_CLASSES = 3 };
typedef struct clouds {
  float x[CLOUD_ROWS * CLOUD_COLUMNS];
  int32_t y[CLOUD_ROWS];
} clouds;

static inline clf_dataset *cloud_data(clf_context *context, clouds *c) {
  fill_clouds(c->x, c->y, CLOUD_ROWS, CLOUD_COLUMNS, CLOUD_CLASSES);
  return dataset_of(context, c->x, CLF_F32, CLOUD_ROWS, CLOUD_COLUMNS, c->y);
}

#endif
