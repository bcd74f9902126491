/* The order of a sparse row's entries: columns ascend. */
#ifndef CLF_DATA_ROW_ORDER_H
#define CLF_DATA_ROW_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns whether each column is greater than the one before it. */
bool clf__row_ascends(const int32_t *column, int64_t count);

/* Sorts a row by its columns in place, together with its values of `size` bytes, at most 8. Returns
 * -1, or an entry with the same column as the one before it. */
int64_t clf__row_sort(int32_t *column, void *value, size_t size, int64_t count);

#endif
