/* Rows of a mapped file that are read in another order than theirs, such as a shuffled one.
 *
 * A reader that waits for the disk with each row has one request under way at a time, and the
 * system reads what lies around the row, in vain. Rows that are named in advance are read by
 * themselves, many at the same time. A cold row of 4 KB in 12 GB took 0.7 ms (7 ms if the process
 * may have 1.5 GB of memory, its part of the page cache included), and takes 0.02 ms.
 *
 * Naming a row takes half a microsecond even where it lies in memory. So rows are named only for
 * some time after a reader has waited: what waited are the major page faults of the process. The
 * system is then told as well that the order is random. Otherwise it keeps what was read last, and
 * has no room for what is named. */
#ifndef CLF_TENSOR_ROWS_FETCH_H
#define CLF_TENSOR_ROWS_FETCH_H

#include "tensor/rows.h"

enum { CLF__FETCH_ROWS = 512 }; /* are named in advance */

/* A reader of rows; starts as zeros. */
typedef struct clf__rows_fetch {
  int64_t position; /* of the last call */
  int64_t named;    /* rows of the order so far */
  int64_t waits;    /* at the last look, and 1 more; 0 before the first */
  int64_t looks;    /* for which rows are named yet */
  bool random;      /* the system was told so */
} clf__rows_fetch;

/* To be called as rows order[position] … are about to be read, at least once in some hundred rows.
 * The next pass starts at position 0. */
void clf__rows_fetch_next(clf__rows_fetch *fetch, const clf__rows *x, const int64_t *order,
                          int64_t position, int64_t count);

/* To be called before the rows are read in order again. */
void clf__rows_fetch_end(clf__rows_fetch *fetch, const clf__rows *x);

#endif
