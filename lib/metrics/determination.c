/* R^2 = 1 - sum w (t - y)^2 / sum w (t - mean)^2. It is computed from two root mean squares: of the
 * differences relative to the largest one, and of the targets' places in their range, so that
 * squares of huge or tiny targets neither overflow nor underflow. Differences are those of halves,
 * which cannot overflow. */
#include "metrics/determination.h"

#include <math.h>

typedef struct measuring {
  const clf__determined *of;
  double low, high; /* half the smallest and the largest target */
  double largest;   /* half the largest difference */
  double mean;      /* of the places */
} measuring;

static double weight_of(const measuring *m, int64_t row) {
  return m->of->weights != NULL ? (double)m->of->weights[row] : 1;
}

static double difference(const measuring *m, int64_t row) {
  const int64_t at = row * m->of->outputs;
  return m->of->targets[at] / 2 - (double)m->of->values[at] / 2;
}

/* The place of a target in the range of all, from 0 to 1. */
static double place(const measuring *m, int64_t row) {
  const double range = m->high - m->low;
  return range > 0 ? (m->of->targets[row * m->of->outputs] / 2 - m->low) / range : 0;
}

/* The weight of the rows, and the sums of the places and of the squares of differences. */
static clf_status add_first(void *argument, int64_t first, int64_t rows, double *sums) {
  const measuring *m = argument;
  for (int64_t i = first; i < first + rows; i++) {
    const double weight = weight_of(m, i);
    if (weight > 0) {
      const double part = m->largest > 0 ? difference(m, i) / m->largest : 0;
      sums[0] += weight;
      sums[1] += weight * place(m, i);
      sums[2] += weight * part * part;
    }
  }
  return CLF_OK;
}

static clf_status add_second(void *argument, int64_t first, int64_t rows, double *sum) {
  const measuring *m = argument;
  for (int64_t i = first; i < first + rows; i++) {
    const double part = place(m, i) - m->mean;
    *sum += weight_of(m, i) > 0 ? weight_of(m, i) * part * part : 0;
  }
  return CLF_OK;
}

static clf_status find_extremes(measuring *m) {
  double found[2] = {-INFINITY, 0}; /* the largest target, and difference */
  m->low = INFINITY;
  for (int64_t i = 0; i < m->of->rows; i++) {
    const double half = m->of->targets[i * m->of->outputs] / 2;
    if (weight_of(m, i) > 0) {
      m->low = fmin(m->low, half);
      found[0] = fmax(found[0], half);
      found[1] = fmax(found[1], fabs(difference(m, i)));
    }
  }
  CLF__CHECK(clf__shards_extremes(m->of->shards, &m->low, NULL, 1));
  CLF__CHECK(clf__shards_extremes(m->of->shards, NULL, found, 2));
  m->high = found[0];
  m->largest = found[1];
  return CLF_OK;
}

clf_status clf__determination(double *out, const clf__determined *of) {
  measuring m = {.of = of};
  double sums[3] = {0, 0, 0}, squares = 0;
  clf__shard_sum sum = {.name = "determination",
                        .of = of->shards,
                        .rows = of->rows,
                        .add = add_first,
                        .argument = &m};
  CLF__CHECK(find_extremes(&m));
  CLF__CHECK(clf__shards_sum(&sum, sums, 3));
  m.mean = sums[1] / sums[0];
  sum.add = add_second;
  CLF__CHECK(clf__shards_sum(&sum, &squares, 1));
  const double residual = m.largest * sqrt(sums[2] / sums[0]);
  const double spread = m.high > m.low ? (m.high - m.low) * sqrt(squares / sums[0]) : 0;
  *out = spread > 0 ? 1 - residual / spread * (residual / spread) : residual > 0 ? 0 : 1;
  return CLF_OK;
}
