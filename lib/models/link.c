/* Probabilities from decisions: the softmax of a row, p_k = e^z_k / sum_j e^z_j, or its sigmoids
 * 1 / (1 + e^-z_k), scaled to sum to 1. Decisions in f64 give probabilities in f64. */
#include <math.h>

#include "models/model.h"
#include "ops/ops.h"

static void softmax(double *values, int64_t count) {
  double largest = -INFINITY, sum = 0;
  for (int64_t k = 0; k < count; k++) {
    largest = fmax(largest, values[k]);
  }
  for (int64_t k = 0; k < count; k++) {
    values[k] = exp(values[k] - largest);
    sum += values[k];
  }
  for (int64_t k = 0; k < count; k++) {
    values[k] /= sum;
  }
}

static void normalized_sigmoids(double *values, int64_t count) {
  double sum = 0;
  for (int64_t k = 0; k < count; k++) {
    values[k] = 1 / (1 + exp(-values[k]));
    sum += values[k];
  }
  for (int64_t k = 0; k < count; k++) {
    values[k] = sum > 0 ? values[k] / sum : 1 / (double)count;
  }
}

static clf_status require_link(const clf_model *model, int32_t link) {
  return link != CLF__LINK_NONE
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED, "%s: this fit gives no probabilities",
                         model->kind->base.name);
}

clf_status clf__link_probabilities(const clf_model *model, float *values, int64_t rows) {
  const int64_t classes = model->outputs;
  const int32_t link = model->kind->link(model);
  if (link == CLF__LINK_SIGMOIDS) {
    clf__normalized_sigmoids(model->context, values, rows, classes);
  } else if (link == CLF__LINK_SOFTMAX) {
    clf__softmax_rows(model->context, values, rows, classes, classes, NULL);
  }
  return require_link(model, link);
}

clf_status clf__link_probabilities_f64(const clf_model *model, double *values, int64_t rows) {
  const int64_t classes = model->outputs;
  const int32_t link = model->kind->link(model);
  for (int64_t i = 0; i < rows && link != CLF__LINK_NONE; i++, values += classes) {
    if (link == CLF__LINK_SIGMOIDS) {
      normalized_sigmoids(values, classes);
    } else {
      softmax(values, classes);
    }
  }
  return require_link(model, link);
}
