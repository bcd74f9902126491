/* What the suites of the kernel perceptron share. */
#ifndef TESTS_UNIT_PERCEPTRON_KERNEL_ROWS_H
#define TESTS_UNIT_PERCEPTRON_KERNEL_ROWS_H

#include <string.h>

#include "support.h"

/* More rows than are learned between matrix products (256), and more mistakes than may be pending
 * there (1024). Whole numbers, so that kernel values and their sums are exact in floats. */
enum { ROWS = 1500, COLUMNS = 3, CLASSES = 3 };

static float x[ROWS * COLUMNS];
static int32_t y[ROWS];

static inline void fill_rows(void) {
  uint64_t state = 11;
  for (int i = 0; i < ROWS; i++) {
    y[i] = (int32_t)(CLASSES * random_unit(&state));
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)((int)(5 * random_unit(&state)) - 2 + (j == y[i]));
    }
  }
}

static inline int64_t count_of(const clf_model *model, const char *name) {
  clf_tensor *tensor = NULL;
  fitted_data(model, name, &tensor);
  const int64_t count = clf_tensor_count(tensor);
  clf_tensor_free(tensor);
  return count;
}

/* All that a model says of itself and of rows is in its file and its decisions. */
typedef struct outcome {
  char saved[1 << 18];
  size_t size;
  float values[ROWS * CLASSES];
} outcome;

static inline void note(outcome *out, const clf_model *model, const clf_dataset *data) {
  memset(out, 0, sizeof *out);
  ck_clf_ok(clf_model_save_memory(model, out->saved, sizeof out->saved, &out->size));
  ck_clf_ok(clf_model_decision_function(model, data, out->values, ROWS * CLASSES));
}

#endif
