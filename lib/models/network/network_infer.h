/* A network made ready for inference, which network_prepare.c makes and network_infer.c runs. */
#ifndef CLF_MODELS_NETWORK_NETWORK_INFER_H
#define CLF_MODELS_NETWORK_NETWORK_INFER_H

#include "models/network/network.h"

typedef struct clf__infer_step {
  const clf__layer *layer;
  int64_t first, end;    /* of the network's layers, those after the first folded into it */
  float *const *weights; /* the state's */
  /* For kinds whose inference is not the forward pass. */
  float *packed;
  float *bias;
  int32_t activation;
  int64_t scratch;
} clf__infer_step;

struct clf__inference {
  clf__arena arena;
  clf__network *network;
  float **weights; /* [weights of the network] */
  clf__infer_step *steps;
  int64_t step_count;
  int64_t outputs; /* of the last step */
};

#endif
