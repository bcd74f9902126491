/* Mean and variance are those of the differences from the first number, so that they keep their
 * digits where a column lies far from 0. */
#include "column_facts.h"

#include <math.h>
#include <stdlib.h>

void column_sums_add(column_sums *self, double value) {
  column_facts *facts = &self->facts;
  if (!isfinite(value)) {
    facts->missing += isnan(value) != 0;
    facts->infinite += isinf(value) != 0;
    return;
  }
  if (facts->count == 0) {
    self->shift = facts->min = facts->max = value;
    facts->whole = true;
  }
  const double difference = value - self->shift;
  facts->count++;
  facts->zeros += value == 0;
  facts->min = value < facts->min ? value : facts->min;
  facts->max = value > facts->max ? value : facts->max;
  facts->whole = facts->whole && floor(value) == value;
  self->sum += difference;
  self->squares += difference * difference;
}

void column_sums_add_zeros(column_sums *self, int64_t count) {
  if (count > 0) {
    column_sums_add(self, 0);
    self->facts.count += count - 1;
    self->facts.zeros += count - 1;
    self->sum -= (double)(count - 1) * self->shift;
    self->squares += (double)(count - 1) * self->shift * self->shift;
  }
}

column_facts column_sums_end(const column_sums *self) {
  column_facts facts = self->facts;
  facts.distinct = -1;
  if (facts.count == 0) {
    facts.min = facts.max = facts.mean = facts.deviation = NAN;
    return facts;
  }
  const double count = (double)facts.count, mean = self->sum / count;
  const double variance = self->squares / count - mean * mean;
  facts.mean = self->shift + mean;
  facts.deviation = facts.min == facts.max ? 0 : sqrt(variance > 0 ? variance : 0);
  return facts;
}

static int compare(const void *a, const void *b) {
  const double one = *(const double *)a, other = *(const double *)b;
  return isnan(one) || isnan(other) ? (isnan(one) != 0) - (isnan(other) != 0)
                                    : (one > other) - (one < other);
}

column_facts column_facts_of(double *values, int64_t count) {
  column_sums sums = {.shift = 0};
  bool counts_rows = count > 1 && (values[0] == 0 || values[0] == 1);
  for (int64_t i = 0; i < count; i++) {
    column_sums_add(&sums, values[i]);
    counts_rows = counts_rows && values[i] == values[0] + (double)i;
  }
  column_facts facts = column_sums_end(&sums);
  facts.counts_rows = counts_rows;
  facts.distinct = 0;
  qsort(values, (size_t)count, sizeof *values, compare);
  for (int64_t i = 0; i < count && !isnan(values[i]); i++) {
    facts.distinct += i == 0 || values[i] != values[i - 1];
  }
  return facts;
}
