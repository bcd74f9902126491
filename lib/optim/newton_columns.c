/* Of ten million columns, rows of texts may have entries in a hundredth. The solver's vectors, some
 * 15 numbers a column that it reads and writes in each pass, then are that much shorter. Finding
 * the columns takes as long as two passes. */
#include "optim/newton_columns.h"

#include "base/math.h"

enum { FEW_ENTRIES = 2 }; /* for each column */

/* Sets place [columns] of each column with an entry to 1; returns how many there are. */
static int64_t mark_columns(const clf__rows *x, int32_t *place) {
  int64_t count = 0;
  for (int64_t e = x->row_start[0]; e < x->row_start[x->rows]; e++) {
    count += place[x->column[e]] == 0;
    place[x->column[e]] = 1;
  }
  return count;
}

/* Replaces the marks by the columns' new numbers. */
static void number_columns(int32_t *kept, int32_t *place, int64_t columns) {
  int32_t next = 0;
  for (int64_t j = 0; j < columns; j++) {
    if (place[j] != 0) {
      kept[next] = (int32_t)j;
      place[j] = next++;
    }
  }
}

clf_status clf__newton_columns_keep(clf__newton_columns *out, clf__arena *arena,
                                    const clf__rows *x) {
  const int64_t first = x->row_start[0], end = x->row_start[x->rows];
  *out = (clf__newton_columns){.x = *x};
  if (x->shards != NULL || FEW_ENTRIES * x->columns <= end - first) {
    return CLF_OK;
  }
  int32_t *place = clf__arena_zeroed(arena, x->columns, sizeof *place);
  int32_t *column = clf__arena_array(arena, end, sizeof *column);
  CLF__CHECK(clf__arena_status(arena));
  out->x.columns = mark_columns(x, place);
  out->kept = clf__arena_array(arena, out->x.columns, sizeof *out->kept);
  CLF__CHECK(clf__arena_status(arena));
  number_columns(out->kept, place, x->columns);
  for (int64_t e = first; e < end; e++) {
    column[e] = place[x->column[e]];
  }
  out->x.column = column;
  return CLF_OK;
}
