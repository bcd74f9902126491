/* A network that is prepared for inference; network_prepare.c makes it and network_infer.c runs
 * it. */
#ifndef CLF_MODELS_NETWORK_NETWORK_INFER_H
#define CLF_MODELS_NETWORK_NETWORK_INFER_H

#include "models/network/network.h"
#include "ops/nn/sequence.h"

typedef struct clf__infer_step {
  const clf__layer *layer;
  int64_t first, end;    /* layers of the network; those after the first are folded into it */
  int64_t outputs;       /* of a row */
  float *const *weights; /* the state's */
  /* For kinds whose inference is not the forward pass. */
  float *packed;
  float *bias;
  int32_t activation;
  bool pooled; /* the last layer is a pool, which the first computes too */
  int64_t scratch;
  bool by_rows; /* faster with many rows at a time */
} clf__infer_step;

struct clf__inference {
  clf__arena arena;
  clf__network *network;
  float **weights; /* [weights of the network] */
  clf__infer_step *steps;
  int64_t step_count;
  int64_t outputs; /* of the last step */
};

/* Computes y [rows, outputs] of the step's layers from x [rows, inputs], or else from bytes that it
 * reads as they are, with scratch [scratch]. */
clf_status clf__infer_step_run(const clf__infer_step *step, int64_t rows, const float *x,
                               const clf__rows *bytes, float *y, float *scratch, clf__span *spans);

#endif
