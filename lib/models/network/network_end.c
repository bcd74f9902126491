/* The function at the end of a network must suit its loss. A loss has a minimum that the scores
 * must be able to approach:
 *
 *   cross_entropy         unbounded scores of both signs: softmax is a part of the loss
 *   binary_cross_entropy  the same, with the sigmoid
 *   hinge                 score_t - score_k >= 1; with one output, score >= 1 or <= -1
 *   squared_error         the targets
 *
 * If no score can, the pair is refused; if few can, or only slowly, the log says so once. */
#include <math.h>

#include "base/text.h"
#include "models/network/network.h"

/* The range of a function, as an open or closed interval. */
typedef struct reach {
  const char *name, *values; /* for messages */
  double low, high;
} reach;

static const reach reaches[] = {
    [CLF__LINEAR] = {"linear", "any", -INFINITY, INFINITY},
    [CLF__RELU] = {"relu", "at least 0", 0, INFINITY},
    [CLF__LEAKY_RELU] = {"leaky_relu", "any", -INFINITY, INFINITY},
    [CLF__SIGMOID] = {"sigmoid", "0 to 1", 0, 1},
    [CLF__TANH] = {"tanh", "-1 to 1", -1, 1},
    [CLF__SOFTMAX] = {"softmax", "0 to 1 with a sum of 1", 0, 1},
};

/* The outputs of pools, dropout and flatten lie within the range of their inputs. */
static bool keeps_values(const clf__layer *layer) {
  return layer->weight_count == 0 && layer->kind->operation != CLF__OPERATION_ACTIVATION;
}

int32_t clf__network_end(const clf__network *network) {
  int64_t last = network->layer_count - 1;
  while (last > 0 && keeps_values(network->layers[last])) {
    last--;
  }
  return network->layers[last]->activation;
}

static bool is_entropy(int32_t loss) {
  return loss == CLF__LOSS_CROSS_ENTROPY || loss == CLF__LOSS_BINARY_CROSS_ENTROPY;
}

clf_status clf__network_check_end(const clf__network *network, int32_t loss) {
  const int32_t end = clf__network_end(network);
  const reach *own = &reaches[end];
  const bool hinge = loss == CLF__LOSS_HINGE, single = network->outputs == 1;
  if (end == CLF__SOFTMAX && single) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "network: softmax of one output is always 1: make the last layer linear, or "
                     "give it an output a class");
  }
  if (is_entropy(loss) && (end == CLF__SOFTMAX || end == CLF__SIGMOID)) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "network: the entropy losses take the scores before %s: make the last layer "
                     "linear, or use loss=squared_error",
                     end == CLF__SOFTMAX ? "softmax" : "the sigmoid");
  }
  if (hinge && (end == CLF__SOFTMAX || end == CLF__SIGMOID || (single && end == CLF__RELU))) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "network: loss=hinge asks for %s, which %s (%s) never gives: make the last "
                     "layer linear",
                     single ? "a score of at least 1 or at most -1" : "scores that are 1 apart",
                     own->name, own->values);
  }
  return CLF_OK;
}

/* Scores that the loss pulls beyond the range of the function. */
static void warn_of_scores(const clf__network *network, int32_t loss) {
  const int32_t end = clf__network_end(network);
  const bool bounded = end == CLF__RELU || end == CLF__TANH;
  const bool enough = loss == CLF__LOSS_HINGE && end == CLF__TANH && network->outputs > 1;
  if (bounded && !enough && loss != CLF__LOSS_SQUARED_ERROR) {
    clf__log(network->context, CLF_LOG_WARNING,
             "network: the last layer ends in %s, whose scores are %s; the loss asks for scores "
             "of both signs without bounds: a linear last layer gives them",
             reaches[end].name, reaches[end].values);
  }
}

/* Targets outside of the range of the function. */
static clf_status warn_of_targets(const clf__network *network, const clf__training *training) {
  const reach *own = &reaches[clf__network_end(network)];
  const int64_t count = training->x->rows * training->outputs;
  double low = INFINITY, high = -INFINITY;
  for (int64_t i = 0; i < count; i++) {
    low = training->targets[i] < low ? training->targets[i] : low;
    high = training->targets[i] > high ? training->targets[i] : high;
  }
  CLF__CHECK(clf__shards_extremes(training->x->shards, &low, &high, 1));
  if (low < own->low || high > own->high) {
    clf__log(network->context, CLF_LOG_WARNING,
             "network: the last layer ends in %s, whose values are %s; the targets are %s to %s: "
             "make the last layer linear, or scale them",
             own->name, own->values, clf__number_text(low), clf__number_text(high));
  }
  return CLF_OK;
}

clf_status clf__network_warn_of_end(const clf__network *network, int32_t loss,
                                    const clf__training *training) {
  if (training->targets != NULL) {
    return warn_of_targets(network, training);
  }
  warn_of_scores(network, loss);
  return CLF_OK;
}
