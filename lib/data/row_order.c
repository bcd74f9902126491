/* Sorting of sparse rows by heapsort: it needs no memory, and no input makes it slow. */
#include "data/row_order.h"

#include <string.h>

bool clf__row_ascends(const int32_t *column, int64_t count) {
  bool ascending = true;
  for (int64_t i = 1; i < count; i++) {
    ascending &= column[i] > column[i - 1];
  }
  return ascending;
}

static void swap(int32_t *column, char *value, size_t size, int64_t a, int64_t b) {
  char moved_value[sizeof(double)];
  int32_t moved_column = column[a];
  column[a] = column[b];
  column[b] = moved_column;
  memcpy(moved_value, value + (size_t)a * size, size);
  memcpy(value + (size_t)a * size, value + (size_t)b * size, size);
  memcpy(value + (size_t)b * size, moved_value, size);
}

/* Moves entry `root` down a heap of `count` entries. */
static void sift(int32_t *column, void *value, size_t size, int64_t root, int64_t count) {
  for (int64_t child; (child = 2 * root + 1) < count; root = child) {
    child += child + 1 < count && column[child + 1] > column[child];
    if (column[root] >= column[child]) {
      return;
    }
    swap(column, value, size, root, child);
  }
}

int64_t clf__row_sort(int32_t *column, void *value, size_t size, int64_t count) {
  for (int64_t root = count / 2 - 1; root >= 0; root--) {
    sift(column, value, size, root, count);
  }
  for (int64_t last = count - 1; last > 0; last--) {
    swap(column, value, size, 0, last);
    sift(column, value, size, 0, last);
  }
  for (int64_t i = 1; i < count; i++) {
    if (column[i] == column[i - 1]) {
      return i;
    }
  }
  return -1;
}
