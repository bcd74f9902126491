/* Rows of equal score are one row first: their weighted mean. Then blocks are formed from left to
 * right; a block whose mean is not above that of the block before it is merged with it. Each block
 * gives its first and last score as points, so that the function is constant within a block and
 * linear between blocks, as in scikit-learn's IsotonicRegression. */
#include "models/decision/isotonic.h"

#include <stdlib.h>

static int compare(const void *a, const void *b) {
  const clf__isotonic_row *first = a, *second = b;
  if (first->x != second->x) {
    return first->x < second->x ? -1 : 1;
  }
  /* The order of equal scores must not change the sums. */
  if (first->y != second->y) {
    return first->y < second->y ? -1 : 1;
  }
  return (first->weight > second->weight) - (first->weight < second->weight);
}

/* Joins rows of equal score and drops those without weight; y becomes a mean. */
static int64_t join_equal(clf__isotonic_row *rows, int64_t count) {
  int64_t points = 0;
  for (int64_t i = 0; i < count;) {
    const double x = rows[i].x;
    double sum = 0, weight = 0;
    for (; i < count && rows[i].x == x; i++) {
      sum += rows[i].weight * rows[i].y;
      weight += rows[i].weight;
    }
    if (weight > 0) {
      rows[points++] = (clf__isotonic_row){x, sum / weight, weight};
    }
  }
  return points;
}

/* Rows of one value y, from score `first` to `last`. */
typedef struct block {
  double first, last, y, weight;
} block;

static bool merges(const block *before, const block *next) {
  return before->y >= next->y;
}

static block merged(const block *before, const block *next) {
  const double weight = before->weight + next->weight;
  return (block){before->first, next->last,
                 (before->weight * before->y + next->weight * next->y) / weight, weight};
}

/* Writes a block as two points from `at` on, or as one; returns the index after them. The points of
 * all blocks are never more than the rows that they were made of. */
static int64_t write_points(clf__isotonic_row *points, int64_t at, const block *b) {
  points[at++] = (clf__isotonic_row){b->first, b->y, b->weight};
  if (b->last > b->first) {
    points[at++] = (clf__isotonic_row){b->last, b->y, b->weight};
  }
  return at;
}

/* Reads the last block of *count points, and subtracts its points from *count. */
static block take_last(const clf__isotonic_row *points, int64_t *count) {
  const clf__isotonic_row *end = points + *count - 1;
  block b = {end->x, end->x, end->y, end->weight};
  if (*count > 1 && end[-1].y == end->y) {
    b.first = end[-1].x;
    *count -= 1;
  }
  *count -= 1;
  return b;
}

int64_t clf__isotonic_fit(clf__isotonic_row *rows, int64_t count) {
  qsort(rows, (size_t)count, sizeof *rows, compare);
  const int64_t points = join_equal(rows, count);
  int64_t made = 0;
  for (int64_t i = 0; i < points; i++) {
    block now = {rows[i].x, rows[i].x, rows[i].y, rows[i].weight};
    while (made > 0) {
      int64_t rest = made;
      const block before = take_last(rows, &rest);
      if (!merges(&before, &now)) {
        break;
      }
      now = merged(&before, &now);
      made = rest;
    }
    made = write_points(rows, made, &now);
  }
  return made;
}

double clf__isotonic_value(const double *points_x, const double *points_y, int64_t count,
                           double x) {
  int64_t low = 0, high = count - 1;
  if (x <= points_x[low]) {
    return points_y[low];
  }
  if (x >= points_x[high]) {
    return points_y[high];
  }
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    *(points_x[middle] <= x ? &low : &high) = middle;
  }
  const double part = (x - points_x[low]) / (points_x[high] - points_x[low]);
  return points_y[low] + part * (points_y[high] - points_y[low]);
}
