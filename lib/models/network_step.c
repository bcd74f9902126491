/* Batches through the layers: forward, the loss and its gradient, backward, a step of the
 * optimizer. */
#include "models/network_trainer.h"

static clf__pass pass_of(const clf__trainer *t, int64_t layer, int64_t rows, bool training,
                         uint64_t seed) {
  return (clf__pass){.layer = t->network->layers[layer],
                     .rows = rows,
                     .training = training,
                     .seed = seed + (uint64_t)layer,
                     .x = t->y[layer],
                     .y = t->y[layer + 1],
                     .weights = t->weights + t->network->first_weight[layer],
                     .kept = t->kept[layer],
                     .gradients = t->gradients + t->network->first_weight[layer]};
}

static clf_status forward(const clf__trainer *t, int64_t rows, bool training, uint64_t seed) {
  clf_status status = CLF_OK;
  for (int64_t i = 0; status == CLF_OK && i < t->network->layer_count; i++) {
    const clf__pass pass = pass_of(t, i, rows, training, seed);
    status = pass.layer->kind->forward(&pass);
  }
  return status;
}

/* From the loss's gradient in the first half of `slopes`. */
static clf_status backward(const clf__trainer *t, int64_t rows, uint64_t seed) {
  float *dy = t->slopes, *dx = t->slopes + t->batch_size * t->network->widest;
  clf_status status = CLF_OK;
  for (int64_t i = t->network->layer_count - 1; status == CLF_OK && i >= 0; i--) {
    clf__pass pass = pass_of(t, i, rows, true, seed);
    pass.dy = dy;
    pass.dx = t->network->first_weight[i] > 0 ? dx : NULL; /* layers before it have weights */
    status = pass.layer->kind->backward(&pass);
    dx = dy;
    dy = pass.dx;
    if (dy == NULL) {
      break;
    }
  }
  return status;
}

clf_status clf__trainer_step(clf__trainer *t, int64_t first, int64_t rows, double rate,
                             uint64_t seed, clf__loss_sums *sums) {
  clf__trainer_take(t, &t->train, first, rows);
  clf_status status = forward(t, rows, true, seed);
  if (status == CLF_OK) {
    status =
        clf__loss(t->context, &t->aim, rows, t->y[t->network->layer_count], 1, t->slopes, sums);
  }
  if (status == CLF_OK) {
    status = backward(t, rows, seed);
  }
  if (status == CLF_OK) {
    clf__optimizer_step(t->optimizer, t->stepped, t->stepped_count, rate, clf__trainer_clipping(t));
  }
  return status;
}

clf_status clf__trainer_validate(clf__trainer *t, clf__loss_sums *sums) {
  clf_status status = CLF_OK;
  for (int64_t first = 0; status == CLF_OK && first < t->validation.count; first += t->batch_size) {
    const int64_t left = t->validation.count - first;
    const int64_t rows = left < t->batch_size ? left : t->batch_size;
    clf__trainer_take(t, &t->validation, first, rows);
    status = forward(t, rows, false, 0);
    if (status == CLF_OK) {
      status = clf__loss(t->context, &t->aim, rows, t->y[t->network->layer_count], 1, NULL, sums);
    }
  }
  return status;
}
