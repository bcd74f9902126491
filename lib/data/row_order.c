/* Sparse rows in order, by heapsort: it needs no memory, and is as fast on rows made to be slow. */
#include "data/row_order.h"

bool clf__row_ascends(const int32_t *column, int64_t count) {
  bool ascending = true;
  for (int64_t i = 1; i < count; i++) {
    ascending &= column[i] > column[i - 1];
  }
  return ascending;
}

static void swap(int32_t *column, float *value, int64_t a, int64_t b) {
  int32_t moved_column = column[a];
  float moved_value = value[a];
  column[a] = column[b];
  value[a] = value[b];
  column[b] = moved_column;
  value[b] = moved_value;
}

/* Moves entry `root` down a heap of `count` entries. */
static void sift(int32_t *column, float *value, int64_t root, int64_t count) {
  for (int64_t child; (child = 2 * root + 1) < count; root = child) {
    child += child + 1 < count && column[child + 1] > column[child];
    if (column[root] >= column[child]) {
      return;
    }
    swap(column, value, root, child);
  }
}

int64_t clf__row_sort(int32_t *column, float *value, int64_t count) {
  for (int64_t root = count / 2 - 1; root >= 0; root--) {
    sift(column, value, root, count);
  }
  for (int64_t last = count - 1; last > 0; last--) {
    swap(column, value, 0, last);
    sift(column, value, 0, last);
  }
  for (int64_t i = 1; i < count; i++) {
    if (column[i] == column[i - 1]) {
      return i;
    }
  }
  return -1;
}
