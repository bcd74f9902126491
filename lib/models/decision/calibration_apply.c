/* Probabilities from scores by the calibration of a model. Two classes have one map, of the
 * difference of their scores, to the probability of the second. The values of several maps are
 * scaled to sum to 1; if all are 0, the classes have equal probabilities. */
#include <math.h>

#include "models/decision/decision.h"
#include "models/decision/isotonic.h"
#include "models/decision/sigmoid.h"

bool clf__calibration_there(const clf__decision *d) {
  return d->sigmoid != NULL || d->temperature != NULL || d->isotonic_x != NULL;
}

static double map_value(const clf__decision *d, int64_t map, double score) {
  if (d->sigmoid != NULL) {
    return clf__sigmoid_value(d->sigmoid[2 * map] * score + d->sigmoid[2 * map + 1]);
  }
  const int64_t first = d->isotonic_start[map];
  return clf__isotonic_value(d->isotonic_x + first, d->isotonic_y + first,
                             d->isotonic_start[map + 1] - first, score);
}

static void apply_softmax(double temperature, int64_t classes, double *p) {
  double largest = p[0], sum = 0;
  for (int64_t k = 1; k < classes; k++) {
    largest = fmax(largest, p[k]);
  }
  for (int64_t k = 0; k < classes; k++) {
    p[k] = exp((p[k] - largest) / temperature);
    sum += p[k];
  }
  for (int64_t k = 0; k < classes; k++) {
    p[k] /= sum;
  }
}

static void apply_maps(const clf__decision *d, int64_t classes, double *p) {
  double sum = 0;
  for (int64_t k = 0; k < classes; k++) {
    p[k] = map_value(d, k, p[k]);
    sum += p[k];
  }
  for (int64_t k = 0; k < classes; k++) {
    p[k] = sum > 0 ? p[k] / sum : 1 / (double)classes;
  }
}

void clf__calibration_apply(const clf__decision *d, int64_t classes, double *values, int64_t rows) {
  for (int64_t i = 0; i < rows; i++, values += classes) {
    if (d->temperature != NULL) {
      apply_softmax(*d->temperature, classes, values);
    } else if (classes > 2) {
      apply_maps(d, classes, values);
    } else {
      values[1] = map_value(d, 0, values[1] - values[0]);
      values[0] = 1 - values[1];
    }
  }
}
