/* Rows of clouds that overlap, for tests of how classes are chosen. */
#ifndef TESTS_UNIT_CHOICE_ROWS_H
#define TESTS_UNIT_CHOICE_ROWS_H

#include "support.h"

enum { ROWS = 90, COLUMNS = 3, CLASSES = 3 };

static float x[ROWS * COLUMNS];
static int32_t y[ROWS];

/* Clouds that overlap, of unequal sizes: class 2 is rare. */
static inline clf_dataset *rows_of(int64_t classes) {
  uint64_t state = 4;
  for (int i = 0; i < ROWS; i++) {
    y[i] = classes == 2 ? i % 3 == 0 : i % 6 < 3 ? 0 : i % 6 < 5 ? 1 : 2;
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)(random_normal(&state) + (j == y[i] ? 1.5 : 0));
    }
  }
  return dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
}

#endif
