/* The units in which a network learns the targets of a regression. The length of an optimizer step
 * does not depend on the unit of the targets, and the initial outputs are about 1. Without a scale,
 * targets of 150 would therefore be 150 / learning rate steps away. So the network learns
 *
 *   t' = (t - c) / s    by output, and predicts c + s y,
 *
 * with c and s the weighted mean and standard deviation of the training rows' targets. If all
 * targets are c, then s is |c|, or 1 if c is 0. For a network that ends in relu or leaky_relu, c is
 * 0 and s the root mean square; since f(s y) = s f(y), its range stays the same. A network with a
 * bounded end, such as a sigmoid, predicts the targets themselves, c = 0 and s = 1. The same holds
 * for networks whose weights were set and not fitted, and for files that have neither tensor. */
#include <math.h>
#include <string.h>

#include "models/network/network_trainer.h"
#include "models/targets.h"

static const char center_name[] = "target_center", scale_name[] = "target_scale";

static const double *values_of(const clf__store *state, const char *name) {
  const clf_tensor *tensor = clf__store_tensor(state, name);
  return tensor != NULL ? tensor->data : NULL;
}

clf__target_units clf__network_units(const clf__store *state) {
  return (clf__target_units){values_of(state, center_name), values_of(state, scale_name)};
}

bool clf__network_is_unit(const char *name, bool *scale) {
  *scale = strcmp(name, scale_name) == 0;
  return *scale || strcmp(name, center_name) == 0;
}

static clf_status check_unit(const clf_model *model, const char *name, double above) {
  const double *values = values_of(model->state, name);
  clf_status status = CLF_OK;
  if (values != NULL) {
    CLF__TRY(clf__check_tensor(model, name, CLF_F64, model->outputs, -1));
    bool valid = model->classes == NULL;
    for (int64_t k = 0; valid && k < model->outputs; k++) {
      valid = values[k] > above;
    }
    status = valid ? CLF_OK : clf__fail(CLF_ERROR_CORRUPT, "model file: '%s' is not valid", name);
  }
done:
  return status;
}

clf_status clf__network_check_units(const clf_model *model) {
  const clf_status status = check_unit(model, center_name, -INFINITY);
  return status == CLF_OK ? check_unit(model, scale_name, 0) : status;
}

static void measure(const clf__trainer *t, int32_t end, int64_t k, double *center, double *scale) {
  const clf__target_column column = {t->training->targets + k, t->training->outputs, t->rows,
                                     t->train.count, t->train.weights};
  double spread = 0;
  if (end == CLF__LINEAR) {
    *center = clf__target_mean(&column);
  }
  if (end == CLF__LINEAR || end == CLF__RELU || end == CLF__LEAKY_RELU) {
    spread = clf__target_spread(&column, *center);
  }
  if (spread == 0) {
    spread = fabs(*center);
  }
  *scale = spread > 0 ? spread : 1;
}

/* Weights from an earlier fit keep the units in which they were learned. */
static void read_earlier(const clf__trainer *t, int64_t k, double *center, double *scale) {
  const clf__target_units units = clf__network_units(t->before);
  *center = units.center != NULL ? units.center[k] : 0;
  *scale = units.scale != NULL ? units.scale[k] : 1;
}

clf_status clf__trainer_units(clf__trainer *t, clf__store *state) {
  const int64_t outputs = t->network->outputs;
  const int32_t end = clf__network_end(t->network);
  CLF__CHECK(clf__state_tensor(t->context, state, center_name, CLF_F64, outputs, -1));
  CLF__CHECK(clf__state_tensor(t->context, state, scale_name, CLF_F64, outputs, -1));
  double *center = clf__state_data(state, center_name), *scale = clf__state_data(state, scale_name);
  for (int64_t k = 0; k < outputs; k++) {
    scale[k] = 1;
    if (t->before != NULL && !t->new_head) {
      read_earlier(t, k, &center[k], &scale[k]);
    } else if (t->training != NULL) {
      measure(t, end, k, &center[k], &scale[k]);
    }
  }
  t->units = (clf__target_units){center, scale};
  return CLF_OK;
}
