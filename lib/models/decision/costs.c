#include "models/decision/costs.h"

#include <stdbool.h>

static double expected_cost(const double *costs, const double *p, int64_t classes, int64_t class) {
  double sum = 0;
  for (int64_t i = 0; i < classes; i++) {
    sum += p[i] * costs[i * classes + class];
  }
  return sum;
}

void clf__costs_decide(const double *costs, const double *p, int64_t rows, int64_t classes,
                       int32_t *labels) {
  for (int64_t i = 0; i < rows; i++, p += classes) {
    double lowest = expected_cost(costs, p, classes, 0);
    labels[i] = 0;
    for (int64_t k = 1; k < classes; k++) {
      const double cost = expected_cost(costs, p, classes, k);
      if (cost < lowest) {
        lowest = cost;
        labels[i] = (int32_t)k;
      }
    }
  }
}

/* Whether the second prediction costs no more for any true class, and the first is not chosen where
 * both cost the same. */
static bool dominates(const double *costs, int64_t classes, int64_t first, int64_t second) {
  bool lower = second < first;
  for (int64_t i = 0; i < classes; i++) {
    const double a = costs[i * classes + first], b = costs[i * classes + second];
    if (b > a) {
      return false;
    }
    lower = lower || b < a;
  }
  return lower;
}

int64_t clf__costs_dominated(const double *costs, int64_t classes, int64_t *other) {
  for (int64_t k = 0; k < classes; k++) {
    for (int64_t j = 0; j < classes; j++) {
      if (j != k && dominates(costs, classes, k, j)) {
        *other = j;
        return k;
      }
    }
  }
  return -1;
}
