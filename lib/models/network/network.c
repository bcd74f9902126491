/* Networks as a model: layers in sequence, trained by gradient steps (network_fit.c). The layers
 * are a parameter, a single text, so they are saved, copied and described like any parameter. The
 * state has the layers that it was fitted with, their weights by name, and the history of the
 * training. */
#include "models/network/network.h"

#include <float.h>
#include <string.h>

#include <classify/network.h>

#include "base/border.h"
#include "base/text.h"
#include "models/fit_checks.h"
#include "models/network/network_int8.h"
#include "models/network/network_quantize.h"
#include "ops/ops.h"

#define CLF__VALUES clf__network_params
static const clf__param params[] = {
    CLF__TEXT(layers, "",
              "layers \"kind name=value …; kind …\" that end with an output a class; none: linear"),
    CLF__LIST(input, "auto", "auto", 1, 1e9, "shape of a row, as 28,28,1; auto: the dataset's"),
    CLF__CHOICE(loss, CLF__LOSS_WORDS, "cross_entropy",
                "loss to minimize; the two entropies are of the scores before softmax or sigmoid"),
    CLF__INT_OR(epochs, "auto", "auto", 0, 1e6,
                "passes over the rows; auto: 10, or 2,000 steps if more; regression: up to 4,000"),
    CLF__INT(max_steps, "0", 0, 1e9, "maximum number of steps, even within an epoch; 0: no limit"),
    CLF__INT(batch_size, "128", 1, 1e9, "number of rows of a step"),
    CLF__REAL(validation_split, "0", 0, 0.9, "share of each class to hold out, if no set is given"),
    CLF__INT(patience, "0", 0, 1e6,
             "epochs without a lower loss to stop after, with the best weights; 0: never"),
    CLF__REAL(clip_norm, "0", 0, DBL_MAX, "norm to which larger gradients are scaled; 0: no limit"),
    CLF__REAL(averaging, "0", 0, 1,
              "decay of the weights' mean to keep, such as 0.999; 1: plain mean; 0: last weights"),
    CLF__INT(accumulation, "1", 1, 1e6, "batches whose gradients are summed before each step"),
    CLF__TEXT(checkpoint, NULL, "file of the training's state, from which the same fit continues"),
    CLF__INT(checkpoint_interval, "1", 1, 1e6, "epochs between checkpoints; the end has one, too"),
    CLF__BOOL(shuffle, "true", "whether each epoch has a new order, from the context's seed"),
    CLF__TEXT(augment, "", "random changes of training images, as in \"shift=2 rotate=10\""),
    CLF__CLASS_WEIGHT,
    CLF__BOOL(warm_start, "false", "whether a fit starts from fitted weights, not from new ones"),
    CLF__TEXT(frozen, "",
              "layers that a fit leaves as they are: names, as conv2d_1,dense_1, or kinds"),
    CLF__CHOICE(precision, CLF__PRODUCT_WORDS, "f32",
                "factors of products: bf16 halves the weights' bytes, int8 quarters them"),
    CLF__DECISION_PARAMS,
};

clf_status clf__network_check_loss(const clf__network *network, int32_t loss, int64_t classes,
                                   int64_t outputs) {
  const clf__layer *last = network->layers[network->layer_count - 1];
  const bool single = classes == 2 && network->outputs == 1 &&
                      (loss == CLF__LOSS_BINARY_CROSS_ENTROPY || loss == CLF__LOSS_HINGE);
  if (classes == 0 && loss != CLF__LOSS_SQUARED_ERROR) {
    return clf__fail(CLF_ERROR_ARGUMENT, "network: targets are fitted with loss=squared_error");
  }
  if (network->outputs != outputs && !single) {
    return clf__fail(CLF_ERROR_SHAPE,
                     "network: %s %lld, the last layer, gives %lld outputs; there "
                     "are %lld %s",
                     last->kind->base.name, (long long)last->number, (long long)network->outputs,
                     (long long)outputs, classes > 0 ? "classes" : "target columns");
  }
  return CLF_OK;
}

/* The records of the epochs that the fit makes. All have the same length; without epochs there are
 * none. Times are not saved. */
static clf_status check_history(const clf_model *model) {
  int64_t epochs = -1, missing = 0, found = 0;
  for (int i = 0; i < CLF__RECORDS; i++) {
    const clf_tensor *tensor = clf__store_tensor(model->state, clf__record_names[i]);
    const bool validation =
        i == CLF__RECORD_VALIDATION_LOSS || i == CLF__RECORD_VALIDATION_ACCURACY;
    const bool accuracy = i == CLF__RECORD_ACCURACY || i == CLF__RECORD_VALIDATION_ACCURACY;
    const bool validated = clf__store_tensor(model->state, "history_validation_loss") != NULL ||
                           clf__store_tensor(model->state, "history_validation_accuracy") != NULL;
    const bool due = (!validation || validated) && (!accuracy || model->classes != NULL);
    missing += due && tensor == NULL && i != CLF__RECORD_SECONDS;
    if (tensor == NULL) {
      continue;
    }
    found++;
    if (tensor->dtype != CLF_F64 || tensor->ndim != 1 || !due ||
        (epochs >= 0 && tensor->shape[0] != epochs)) {
      return clf__fail(CLF_ERROR_CORRUPT, "model file: '%s' is not valid", clf__record_names[i]);
    }
    epochs = tensor->shape[0];
  }
  return missing == 0 || found == 0
             ? CLF_OK
             : clf__fail(CLF_ERROR_CORRUPT, "model file: a part of the history is missing");
}

static clf_status check(const clf_model *model) {
  enum { LOSSES = 4 };
  clf__network *network = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__check_tensor(model, "loss", CLF_I32, 1, -1));
  const int32_t loss = *(const int32_t *)clf__state_data(model->state, "loss");
  const int64_t classes = model->classes != NULL ? model->outputs : 0;
  CLF__TRY(clf__network_of_state(&network, model->context, model->state));
  CLF__TRY(clf__network_check_weights(network, model->state));
  CLF__TRY(clf__network_check_precision(network, model->state));
  CLF__TRY(clf__int8_check(network, model->state));
  CLF__TRY(clf__network_check_reduction(model));
  CLF__TRY(check_history(model));
  CLF__TRY(clf__network_check_units(model));
  CLF__TRY(clf__network_check_kept(model, network));
  if (loss < 0 || loss >= LOSSES || clf__shape_count(&network->input) != model->columns ||
      clf__network_check_loss(network, loss, classes, model->outputs) < 0) {
    status = clf__fail(CLF_ERROR_CORRUPT, "model file: the network does not fit its data");
  }
done:
  clf__network_free(network);
  return status == CLF_OK || status == CLF_ERROR_MEMORY
             ? status
             : clf__fail_within(CLF_ERROR_CORRUPT, "network");
}

/* Converts outputs [rows, outputs] of a regression to the units of the data. */
static void scale_scores(const clf_model *model, clf__target_units units, const float *y,
                         float *scores, int64_t rows) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t k = 0; k < model->outputs; k++) {
      const int64_t at = i * model->outputs + k;
      const double scale = units.scale != NULL ? units.scale[k] : 1;
      const double center = units.center != NULL ? units.center[k] : 0;
      scores[at] = (float)(center + scale * (double)y[at]);
    }
  }
}

/* The single output of two classes is that of class 1; class 0 has 0. */
static void spread_scores(const float *y, float *scores, int64_t rows) {
  for (int64_t i = rows - 1; i >= 0; i--) {
    scores[2 * i + 1] = y[i];
    scores[2 * i] = 0;
  }
}

void clf__network_scores(const clf_model *model, const float *y, int64_t outputs, float *scores,
                         int64_t rows) {
  const bool regression = model->classes == NULL;
  const clf__target_units units =
      regression ? clf__network_units(model->state) : (clf__target_units){NULL, NULL};
  if (units.scale != NULL || units.center != NULL) {
    scale_scores(model, units, y, scores, rows);
  } else if (outputs == model->outputs) {
    memmove(scores, y, (size_t)(rows * outputs) * sizeof *scores);
  } else {
    spread_scores(y, scores, rows);
  }
}

static clf_status decide(const clf_model *model, const clf__rows *x, float *values) {
  const clf__inference *inference = NULL;
  clf_status status = clf__network_inference(&inference, model);
  if (status == CLF_OK) {
    status = clf__network_infer(inference, x, values);
  }
  if (status == CLF_OK) {
    clf__network_scores(model, values, clf__network_infer_outputs(inference), values, x->rows);
  }
  return status;
}

static int64_t components(const clf_model *model) {
  return clf__network_hidden(model);
}

static clf_status transform(const clf_model *model, const clf__rows *x, float *values) {
  const clf__inference *inference = NULL;
  clf_status status = clf__network_inference(&inference, model);
  return status == CLF_OK ? clf__network_infer_hidden(inference, x, values) : status;
}

static int32_t link_of(const clf_model *model) {
  const int32_t loss = *(const int32_t *)clf__state_data(model->state, "loss");
  if (loss == CLF__LOSS_BINARY_CROSS_ENTROPY) {
    return model->outputs > 2 ? CLF__LINK_SIGMOIDS : CLF__LINK_SOFTMAX;
  }
  return loss == CLF__LOSS_CROSS_ENTROPY ? CLF__LINK_SOFTMAX : CLF__LINK_NONE;
}

static clf_status probabilities(const clf_model *model, float *values, int64_t rows) {
  return link_of(model) != CLF__LINK_NONE
             ? clf__link_probabilities(model, values, rows)
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "network: only the entropy losses give probabilities; this one was fitted "
                         "with another");
}

/* Rounding is measured on all rows once the training is over. */
static bool is_divided(const clf_model *model) {
  return ((const clf__network_params *)model->params)->precision == CLF__PRODUCT_F32;
}

/* One rank writes the file of a checkpoint, if the ranks train together. */
static clf_status check_ranks(const clf_model *model) {
  const clf__network_params *p = model->params;
  return p->checkpoint == NULL || p->checkpoint[0] == '\0' || clf__fit_is_divided(model)
             ? CLF_OK
             : clf__comm_refuse(model->context,
                                "a checkpoint with this precision, calibration or "
                                "reject");
}

/* Weights that were frozen, or whose head was removed, are there to be used. */
static bool goes_on(const clf_model *model) {
  const clf__network_params *p = model->params;
  return p->warm_start || (p->frozen != NULL && p->frozen[0] != '\0') ||
         (model->state != NULL && clf__network_kept_layers(model->state) >= 0);
}

static bool has_new_outputs(const clf_model *model) {
  return clf__network_kept_layers(model->state) >= 0;
}

static const char *const unsaved[] = {"history_seconds", CLF__RESUME, NULL};

const clf__model_kind clf__network_kind = {
    .base = CLF__KIND("network", "layers in sequence, trained by gradient steps", params,
                      clf__network_params),
    .decision = CLF__DECISION_LAYERS,
    .can = CLF__CAN_REGRESS | CLF__CAN_WEIGH | CLF__CAN_SPARSE | CLF__CAN_STEP,
    .unsaved = unsaved,
    .unshared = "checkpoint",
    .check_params = clf__network_check_params,
    .divided = is_divided,
    .check_ranks = check_ranks,
    .fit = clf__network_fit,
    .partial_fit = clf__network_partial_fit,
    .goes_on = goes_on,
    .has_new_outputs = has_new_outputs,
    .goes_on_by = "warm_start=true",
    .check = check,
    .describe = clf__network_describe,
    .prepare = clf__network_prepare,
    .free_prepared = clf__network_free_prepared,
    .decide = decide,
    .probabilities = probabilities,
    .link = link_of,
    .components = components,
    .transform = transform,
};

clf_status clf__network_require(const clf_model *model) {
  return model->kind->decision == CLF__DECISION_LAYERS
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED, "%s has no layers; a network has",
                         model->kind->base.name);
}
