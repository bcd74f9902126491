/* Detects what sparse values, which are f32, lose of the original numbers: the range of a column
 * that lies far from 0, and differences between numbers of a column that f32 merges. The latter are
 * found by sorting the entries of some rows by column and number. */
#include <math.h>
#include <stdlib.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "data/build.h"
#include "tensor/rows_precision.h"

enum {
  LOOKED_AT = 1 << 16, /* entries that are sorted */
  SHARE = 64           /* merged values matter if one entry of a column in so many is one */
};

static bool is_rounded(double number) {
  return number != (double)(float)number;
}

/* A column that has an entry in each row so far and lies far from 0. */
typedef struct full_column {
  int64_t column;
  double low, high;
  int64_t rows;
  bool rounded;
} full_column;

static full_column *find_full(full_column *full, int64_t count, int64_t column) {
  int64_t first = 0;
  while (count > 0) {
    const int64_t half = count / 2;
    const bool after = full[first + half].column < column;
    first = after ? first + half + 1 : first;
    count = after ? count - half - 1 : half;
  }
  return full + first;
}

/* Removes columns that the row shows to be near 0, or in which it has no entry; returns how many
 * are left. */
static int64_t drop_near(full_column *full, int64_t count, int64_t row) {
  int64_t kept = 0;
  for (int64_t k = 0; k < count; k++) {
    if (full[k].rows == row + 1 && clf__range_is_far(full[k].low, full[k].high)) {
      full[kept++] = full[k];
    }
  }
  return kept;
}

/* The range of a column includes its missing zeros, so only a column with an entry in each row can
 * lie far from 0. The candidates are the entries of the first row, `full` [count]; most are removed
 * by the second. */
static int64_t far_column(full_column *full, int64_t count, const clf_dataset *dataset,
                          const clf_tensor *column, const clf_tensor *value) {
  const int64_t *start = dataset->row_start->data;
  for (int64_t k = 0; k < count; k++) {
    full[k] = (full_column){.column = ((const int32_t *)dataset->column->data)[start[0] + k],
                            .low = INFINITY,
                            .high = -INFINITY};
  }
  for (int64_t i = 0; i < dataset->rows && count > 0; i++) {
    for (int64_t e = start[i]; e < start[i + 1]; e++) {
      const int64_t j = (int64_t)clf__tensor_value(column, e);
      full_column *at = find_full(full, count, j);
      if (at < full + count && at->column == j) {
        const double number = clf__tensor_value(value, e);
        at->low = fmin(at->low, number);
        at->high = fmax(at->high, number);
        at->rounded |= is_rounded(number);
        at->rows = i + 1;
      }
    }
    count = drop_near(full, count, i);
  }
  for (int64_t k = 0; k < count; k++) {
    if (full[k].rounded && full[k].low < full[k].high) {
      return full[k].column;
    }
  }
  return -1;
}

typedef struct entry {
  int64_t column;
  double number;
} entry;

static int compare(const void *a, const void *b) {
  const entry *first = a, *second = b;
  if (first->column != second->column) {
    return first->column < second->column ? -1 : 1;
  }
  return (first->number > second->number) - (first->number < second->number);
}

/* Copies the entries of evenly spaced rows; returns how many. */
static int64_t gather(entry *to, const clf_dataset *dataset, const clf_tensor *column,
                      const clf_tensor *value) {
  const int64_t *start = dataset->row_start->data;
  const int64_t step = 1 + clf_tensor_count(value) / LOOKED_AT;
  int64_t count = 0;
  for (int64_t i = 0; i < dataset->rows; i += step) {
    for (int64_t e = start[i]; e < start[i + 1] && count < LOOKED_AT; e++) {
      to[count++] =
          (entry){(int64_t)clf__tensor_value(column, e), clf__tensor_value(value, e) + 0.0};
    }
  }
  return count;
}

/* Returns the column with most merged values. */
static clf__merged count_merged(const entry *sorted, int64_t count) {
  clf__merged max = {.column = -1};
  int64_t end;
  for (int64_t first = 0; first < count; first = end) {
    int64_t merged = 0;
    for (end = first + 1; end < count && sorted[end].column == sorted[first].column; end++) {
      merged += sorted[end].number != sorted[end - 1].number &&
                (float)sorted[end].number == (float)sorted[end - 1].number;
    }
    if (merged * SHARE >= end - first && merged > max.rows) {
      max = (clf__merged){sorted[first].column, merged, end - first};
    }
  }
  return max;
}

static clf_status find_merged(clf__merged *out, const clf_dataset *dataset,
                              const clf_tensor *column, const clf_tensor *value) {
  const int64_t all = clf_tensor_count(value);
  entry *entries =
      clf__alloc_array(dataset->context, clf__min_i64(all, LOOKED_AT), sizeof *entries);
  if (entries == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const int64_t count = gather(entries, dataset, column, value);
  qsort(entries, (size_t)count, sizeof *entries, compare);
  *out = count_merged(entries, count);
  clf__free(entries);
  return CLF_OK;
}

/* Readers have f64, which gets a separate loop without a branch. */
static bool any_rounded(const clf_tensor *value) {
  const int64_t count = clf_tensor_count(value);
  const double *numbers = value->data;
  bool rounded = false;
  if (value->dtype == CLF_F64 && clf__tensor_contiguous(value)) {
    for (int64_t e = 0; e < count; e++) {
      rounded |= is_rounded(numbers[e]);
    }
    return rounded;
  }
  for (int64_t e = 0; e < count && !rounded; e++) {
    rounded = is_rounded(clf__tensor_value(value, e));
  }
  return rounded;
}

static clf_status find_far(int64_t *out, const clf_dataset *dataset, const clf_tensor *column,
                           const clf_tensor *value) {
  const int64_t *start = dataset->row_start->data;
  const int64_t count = start[1] - start[0];
  full_column *full = clf__alloc_array(dataset->context, count, sizeof *full);
  if (full == NULL) {
    return CLF_ERROR_MEMORY;
  }
  *out = far_column(full, count, dataset, column, value);
  clf__free(full);
  return CLF_OK;
}

clf_status clf__sparse_report(const clf_dataset *dataset, const clf_tensor *column,
                              const clf_tensor *value, const char *name) {
  static const char advice[] = "subtract what they have in common, or take dense rows (CSV, NPY)";
  clf__merged merged = {.column = -1};
  int64_t far = -1;
  if (!any_rounded(value)) {
    return CLF_OK;
  }
  CLF__CHECK(find_far(&far, dataset, column, value));
  if (far >= 0) {
    clf__log(dataset->context, CLF_LOG_WARNING,
             "%s: feature %lld lies so far from 0 that f32, as sparse values are, may merge its "
             "values: %s",
             name, (long long)far + 1, advice);
    return CLF_OK;
  }
  CLF__CHECK(find_merged(&merged, dataset, column, value));
  if (merged.column >= 0) {
    clf__log(dataset->context, CLF_LOG_WARNING,
             "%s: f32, as sparse values are, does not distinguish all values of feature %lld (in "
             "%lld of %lld entries looked at): %s",
             name, (long long)merged.column + 1, (long long)merged.rows,
             (long long)merged.looked_at, advice);
  }
  return CLF_OK;
}
