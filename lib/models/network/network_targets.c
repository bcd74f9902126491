/* The units in which a network learns the targets of a regression. A step of the optimizer is about
 * as long whatever the unit of the targets, and weights begin so that outputs are about 1: without
 * a scale targets of 150 are 150 / learning rate steps away. So the network learns
 *
 *   t' = (t - c) / s    by output, and predicts c + s y,
 *
 * with c and s the weighted mean and deviation of the rows trained on. Where all targets are c, s is
 * |c|, or 1 where c is 0. A network that ends in relu or leaky_relu keeps its bend at 0: c is 0 and s
 * the root mean square, and since f(s y) = s f(y) it can predict what it could before. A bounded end,
 * such as the sigmoid's, predicts the targets themselves: c = 0, s = 1. So do networks whose weights
 * were set, not fitted, and files that have neither tensor. */
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

/* Weights that are gone on with keep the units that they were learned in. */
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
    if (t->before != NULL) {
      read_earlier(t, k, &center[k], &scale[k]);
    } else if (t->training != NULL) {
      measure(t, end, k, &center[k], &scale[k]);
    }
  }
  t->units = (clf__target_units){center, scale};
  return CLF_OK;
}
