/* Losses of a batch and their gradients. */
#ifndef CLF_LAYERS_LOSS_H
#define CLF_LAYERS_LOSS_H

#include "layers/layer.h"

#define CLF__LOSS_WORDS "cross_entropy|binary_cross_entropy|squared_error|hinge"
enum {
  CLF__LOSS_CROSS_ENTROPY,        /* -ln softmax(z)_t */
  CLF__LOSS_BINARY_CROSS_ENTROPY, /* sum of -t ln s(z) - (1 - t) ln(1 - s(z)), s the sigmoid */
  CLF__LOSS_SQUARED_ERROR,        /* 1/2 sum (z - t)^2 */
  CLF__LOSS_HINGE                 /* sum of max(0, 1 + z_k - z_t) over the other classes k */
};

/* The desired outputs of a batch: labels, or targets [rows, outputs]. */
typedef struct clf__loss_target {
  int32_t loss;
  int64_t outputs;       /* of the network: 1 for two classes with binary_cross_entropy or hinge */
  float low, high;       /* targets that represent "no" and "yes" */
  const int32_t *labels; /* [rows] or NULL */
  const double *targets; /* [rows, outputs] or NULL */
  const double *scale;   /* [outputs] scale of the targets in the data's units, or NULL for 1 */
  const float *weights;  /* [rows] weights in the loss, or NULL for 1 */
  const float *counts;   /* [rows] weights in the accuracy, or NULL for 1 */
} clf__loss_target;

typedef struct clf__loss_sums {
  double loss;      /* weighted sum over the rows */
  double data_loss; /* the same in the units of the data */
  double weight;    /* sum of the weights */
  double right;     /* sum of the counts of rows whose largest output is that of the label */
  double count;     /* sum of the counts */
} clf__loss_sums;

/* Adds the sums of a batch. `z` [rows, outputs] are the network's outputs. dz, if not NULL,
 * receives the gradient of the batch's weighted sum of losses times `scale`. */
clf_status clf__loss(clf_context *context, const clf__loss_target *target, int64_t rows,
                     const float *z, double scale, float *dz, clf__loss_sums *sums);

#endif
