/* The weights of a training: their gradients, their best values so far, and what is asked of all of
 * them at once. */
#include <math.h>
#include <string.h>

#include "models/network_trainer.h"
#include "ops/network.h"

/* Gradients and best values of each weight; the trained ones make the optimizer's list. */
clf_status clf__trainer_weights(clf__trainer *t) {
  const clf__network *network = t->network;
  const int64_t count = clf__network_weights(network);
  t->gradients = clf__alloc_zeroed(t->context, count, sizeof(float *));
  t->best = clf__alloc_zeroed(t->context, count, sizeof(float *));
  t->stepped = clf__alloc_zeroed(t->context, count, sizeof *t->stepped);
  if (t->gradients == NULL || t->best == NULL || t->stepped == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < network->layer_count; i++) {
    for (int64_t j = 0; j < network->layers[i]->weight_count; j++) {
      const clf__weight_info *info = &network->layers[i]->weights[j];
      const int64_t at = network->first_weight[i] + j, size = clf__shape_count(&info->shape);
      t->best[at] = clf__alloc_array(t->context, size, sizeof(float));
      t->gradients[at] = info->trained ? clf__alloc_array(t->context, size, sizeof(float)) : NULL;
      if (t->best[at] == NULL || (info->trained && t->gradients[at] == NULL)) {
        return CLF_ERROR_MEMORY;
      }
      if (info->trained) {
        t->stepped[t->stepped_count++] =
            (clf__optimizer_weight){size, t->weights[at], t->gradients[at], info->decayed};
      }
    }
  }
  return CLF_OK;
}

void clf__trainer_copy_weights(const clf__trainer *t, float *const *to, float *const *from) {
  for (int64_t i = 0; i < t->network->layer_count; i++) {
    for (int64_t j = 0; j < t->network->layers[i]->weight_count; j++) {
      const int64_t at = t->network->first_weight[i] + j;
      const int64_t size = clf__shape_count(&t->network->layers[i]->weights[j].shape);
      memcpy(to[at], from[at], (size_t)size * sizeof(float));
    }
  }
}

bool clf__trainer_weights_finite(const clf__trainer *t) {
  double squares = 0;
  for (int64_t i = 0; i < t->stepped_count; i++) {
    squares += clf__sum_of_squares(t->context, t->stepped[i].values, t->stepped[i].count);
  }
  return isfinite(squares);
}

/* 1, or what shortens the gradient to clip_norm. */
double clf__trainer_clipping(const clf__trainer *t) {
  double squares = 0;
  if (t->params->clip_norm == 0) {
    return 1;
  }
  for (int64_t i = 0; i < t->stepped_count; i++) {
    squares += clf__sum_of_squares(t->context, t->stepped[i].gradient, t->stepped[i].count);
  }
  const double norm = sqrt(squares);
  return norm > t->params->clip_norm ? t->params->clip_norm / norm : 1;
}
