/* What the values of a column are like. */
#ifndef CLASSIFY_COLUMN_FACTS_H
#define CLASSIFY_COLUMN_FACTS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct column_facts {
  int64_t count;   /* of numbers, without NaN and infinities */
  int64_t missing; /* NaN, or fields without a value */
  int64_t infinite;
  int64_t zeros;
  int64_t distinct;                 /* -1: not counted */
  int64_t texts;                    /* fields that are no numbers */
  bool whole;                       /* all numbers are integers */
  bool counts_rows;                 /* 0, 1, 2 … or 1, 2, 3 … */
  double min, max, mean, deviation; /* NaN without numbers; divisor of the variance: count */
} column_facts;

/* Of all values [count], which it sorts. */
column_facts column_facts_of(double *values, int64_t count);

/* The same of numbers as they come, without `distinct` and `counts_rows`. */
typedef struct column_sums {
  column_facts facts;
  double shift, sum, squares; /* of value - shift */
} column_sums;
void column_sums_add(column_sums *self, double value);
void column_sums_add_zeros(column_sums *self, int64_t count);
column_facts column_sums_end(const column_sums *self);

#endif
