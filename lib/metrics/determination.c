/* R^2 = 1 - sum w (t - y)^2 / sum w (t - mean)^2. It is computed from two root mean squares, each
 * relative to its largest difference, so that squares of huge or tiny targets neither overflow nor
 * underflow. */
#include "metrics/determination.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct scored {
  const double *targets;
  const float *weights;
  int64_t rows, outputs;
} scored;

static double weight_of(const scored *s, int64_t row) {
  return s->weights != NULL ? (double)s->weights[row] : 1;
}

/* Returns half the distance of a target from its value, or from the mean if there are no values:
 * the difference of two halves cannot overflow. */
static double distance(const scored *s, const float *values, double mean, int64_t row) {
  const double from = values != NULL ? (double)values[row * s->outputs] : mean;
  return s->targets[row * s->outputs] / 2 - from / 2;
}

/* Returns sqrt(sum w d^2 / sum w) of the distances d. */
static double norm(const scored *s, const float *values, double mean) {
  double largest = 0, sum = 0, total = 0;
  for (int64_t i = 0; i < s->rows; i++) {
    largest = weight_of(s, i) > 0 ? fmax(largest, fabs(distance(s, values, mean, i))) : largest;
  }
  for (int64_t i = 0; largest > 0 && i < s->rows; i++) {
    const double part = weight_of(s, i) > 0 ? distance(s, values, mean, i) / largest : 0;
    sum += weight_of(s, i) * part * part;
    total += weight_of(s, i);
  }
  return total > 0 ? largest * sqrt(sum / total) : 0;
}

/* `*constant` receives whether all targets are equal, which rounding of their mean would hide. */
static double mean_target(const scored *s, bool *constant) {
  double mean = 0, total = 0, first = NAN;
  *constant = true;
  for (int64_t i = 0; i < s->rows; i++) {
    const double weight = weight_of(s, i), target = s->targets[i * s->outputs];
    if (weight > 0) {
      first = isnan(first) ? target : first;
      *constant = *constant && target == first;
      total += weight;
      mean = mean * (1 - weight / total) + target * (weight / total);
    }
  }
  return mean;
}

double clf__determination(const double *targets, const float *values, const float *weights,
                          int64_t rows, int64_t outputs) {
  const scored s = {targets, weights, rows, outputs};
  bool constant;
  const double mean = mean_target(&s, &constant), residual = norm(&s, values, mean);
  const double spread = constant ? 0 : norm(&s, NULL, mean);
  return spread > 0 ? 1 - residual / spread * (residual / spread) : residual > 0 ? 0 : 1;
}
