/* Each loss is a function that returns the loss of a row and its gradient with respect to the
 * outputs:
 *   cross_entropy         ln sum_k e^z_k - z_t              softmax(z) - 1_t
 *   binary_cross_entropy  sum ln(1 + e^z) - t z             s(z) - t
 *   squared_error         1/2 sum (z - t)^2                 z - t
 *   hinge                 sum_k max(0, 1 + z_k - z_t)       Weston and Watkins (1999); with one
 *                         output max(0, 1 - t z), t = -1, 1
 * The sums over a batch are computed in f64 row by row, so they do not depend on threads. */
#include "layers/loss.h"

#include <math.h>

static double target_of(const clf__loss_target *target, int64_t row, int64_t k) {
  if (target->targets != NULL) {
    return target->targets[row * target->outputs + k];
  }
  int32_t label = target->labels[row];
  bool yes = target->outputs == 1 ? label == 1 : label == k;
  return (double)(yes ? target->high : target->low);
}

static double cross_entropy(const clf__loss_target *target, int64_t row, const float *z,
                            float *dz) {
  const int64_t outputs = target->outputs, t = target->labels[row];
  float largest = z[0];
  double sum = 0;
  for (int64_t k = 1; k < outputs; k++) {
    largest = z[k] > largest ? z[k] : largest;
  }
  for (int64_t k = 0; k < outputs; k++) {
    dz[k] = expf(z[k] - largest);
    sum += (double)dz[k];
  }
  const float inverse = (float)(1 / sum);
  for (int64_t k = 0; k < outputs; k++) {
    dz[k] *= inverse;
  }
  dz[t] -= 1;
  return log(sum) + (double)largest - (double)z[t];
}

static double binary_cross_entropy(const clf__loss_target *target, int64_t row, const float *z,
                                   float *dz) {
  double loss = 0;
  for (int64_t k = 0; k < target->outputs; k++) {
    const double t = target_of(target, row, k), x = (double)z[k];
    const double power = exp(-fabs(x));
    loss += log1p(power) + (x > 0 ? x : 0) - t * x;
    dz[k] = (float)((x > 0 ? 1 : power) / (1 + power) - t);
  }
  return loss;
}

static double squared_error(const clf__loss_target *target, int64_t row, const float *z,
                            float *dz) {
  double loss = 0;
  for (int64_t k = 0; k < target->outputs; k++) {
    const double error = (double)z[k] - target_of(target, row, k);
    loss += 0.5 * error * error;
    dz[k] = (float)error;
  }
  return loss;
}

/* The squared error of targets in the units of the data. */
static double data_error(const clf__loss_target *target, int64_t row, const float *z) {
  double loss = 0;
  for (int64_t k = 0; k < target->outputs; k++) {
    const double error = target->scale[k] * ((double)z[k] - target_of(target, row, k));
    loss += 0.5 * error * error;
  }
  return loss;
}

static double hinge(const clf__loss_target *target, int64_t row, const float *z, float *dz) {
  const int64_t outputs = target->outputs, t = target->labels[row];
  double loss = 0;
  if (outputs == 1) {
    const float sign = t == 1 ? 1 : -1, margin = 1 - sign * z[0];
    dz[0] = margin > 0 ? -sign : 0;
    return margin > 0 ? (double)margin : 0;
  }
  float violations = 0;
  for (int64_t k = 0; k < outputs; k++) {
    const float margin = k == t ? 0 : 1 + z[k] - z[t];
    dz[k] = margin > 0;
    violations += dz[k];
    loss += margin > 0 ? (double)margin : 0;
  }
  dz[t] = -violations;
  return loss;
}

typedef double (*row_loss)(const clf__loss_target *target, int64_t row, const float *z, float *dz);

static const row_loss losses[] = {cross_entropy, binary_cross_entropy, squared_error, hinge};

static bool is_right(const clf__loss_target *target, int64_t row, const float *z) {
  const int32_t label = target->labels[row];
  if (target->outputs == 1) {
    return (z[0] > 0) == (label == 1);
  }
  int64_t best = 0;
  for (int64_t k = 1; k < target->outputs; k++) {
    best = z[k] > z[best] ? k : best;
  }
  return best == label;
}

clf_status clf__loss(clf_context *context, const clf__loss_target *target, int64_t rows,
                     const float *z, double scale, float *dz, clf__loss_sums *sums) {
  float *row_gradient = NULL;
  if (dz == NULL) {
    row_gradient = clf__alloc_array(context, target->outputs, sizeof *row_gradient);
    if (row_gradient == NULL) {
      return CLF_ERROR_MEMORY;
    }
  }
  for (int64_t i = 0; i < rows; i++, z += target->outputs) {
    const double weight = target->weights != NULL ? (double)target->weights[i] : 1;
    const double count = target->counts != NULL ? (double)target->counts[i] : 1;
    float *gradient = dz != NULL ? dz + i * target->outputs : row_gradient;
    const double loss = losses[target->loss](target, i, z, gradient);
    sums->loss += weight * loss;
    sums->data_loss += weight * (target->scale != NULL ? data_error(target, i, z) : loss);
    sums->weight += weight;
    sums->right += target->labels != NULL && is_right(target, i, z) ? count : 0;
    sums->count += count;
    const float factor = (float)(scale * weight);
    for (int64_t k = 0; k < target->outputs; k++) {
      gradient[k] *= factor;
    }
  }
  clf__free(row_gradient);
  return CLF_OK;
}
