/* Sends rows through the layers: forward pass, loss and its gradient, backward pass, optimizer
 * step. A step descends the gradient of
 *
 *   sum of w_i loss_i / (n W)       over its n rows, W the mean weight of all training rows,
 *
 * so that the steps of an epoch add up to the weighted loss of all rows. If it were divided by the
 * weights of its own rows, a batch without heavy rows would count as much as one with them, and
 * rare classes would lose their weight in small batches. A batch may be processed in micro-batches,
 * whose gradients are summed. The backward pass ends at the first layer that is trained.
 */
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "models/network/network_trainer.h"
#include "ops/nn/elementwise.h"

static clf__pass pass_of(const clf__trainer *t, int64_t layer, int64_t rows, uint64_t seed) {
  return (clf__pass){.layer = t->network->layers[layer],
                     .rows = rows,
                     .seed = seed + (uint64_t)layer,
                     .places = t->joined ? t->places : NULL,
                     .x = t->y[layer],
                     .y = t->y[layer + (t->pooled[layer] ? 2 : 1)],
                     .kept = t->kept[layer],
                     .pooled = t->pooled[layer],
                     .spans = t->network->layers[layer]->masked ? t->spans : NULL};
}

/* Returns whether the passes of the layer before it are also those of this one. */
static bool is_pooled(const clf__trainer *t, int64_t layer) {
  return layer > 0 && t->pooled[layer - 1];
}

/* Between two layers the host's callback is called if the last call was long enough ago. */
static clf_status pause(clf__trainer *t) {
  static const double interval = 0.1;
  const double now = clf__seconds();
  if (now - t->reported < interval) {
    return CLF_OK;
  }
  t->reported = now;
  return clf__progress_step(&t->progress, t->step, t->loss, t->accuracy);
}

/* A rank may have no row of a batch; it then waits only for sums of layers over all of them. */
static bool is_left_out(const clf__pass *pass) {
  return pass->rows == 0 && pass->layer->statistic_count == 0;
}

/* Sends rows through the first `layers`. */
static clf_status forward(clf__trainer *t, int64_t layers, float *const *weights, int64_t rows,
                          bool training, uint64_t seed) {
  clf_status status = CLF_OK;
  for (int64_t i = 0; status == CLF_OK && i < layers; i++) {
    if (is_pooled(t, i)) {
      continue;
    }
    clf__pass pass = pass_of(t, i, rows, seed);
    pass.training = training;
    pass.weights = weights + t->network->first_weight[i];
    status = is_left_out(&pass) ? CLF_OK : pass.layer->kind->forward(&pass);
    status = status == CLF_OK ? pause(t) : status;
  }
  return status;
}

static void clear_gradients(const clf__pass *pass) {
  for (int64_t j = 0; j < pass->layer->weight_count; j++) {
    const clf__weight_info *info = &pass->layer->weights[j];
    if (info->trained) {
      memset(pass->gradients[j], 0, (size_t)clf__shape_count(&info->shape) * sizeof(float));
    }
  }
}

/* Lets the pass make the step for the first weight of its layer. */
static void set_update(clf__pass *pass, const clf__trainer *t, int64_t layer, clf__update *update) {
  const int64_t at = t->network->first_weight[layer];
  if (t->rate != NULL && pass->layer->weight_count > 0 && pass->layer->weights[0].trained) {
    const int64_t index = t->stepped_at[at];
    *update =
        clf__optimizer_update(t->optimizer, t->stepped, index, *t->rate, 1, t->params->averaging);
    pass->update = update;
    pass->updated = &t->stepped[index].updated;
  }
}

/* Starts from the gradient of the loss, in the first half of `layer_gradients`. */
static clf_status backward(clf__trainer *t, float *const *gradients, int64_t rows, uint64_t seed) {
  const int64_t first = clf__network_first_trained(t->network);
  float *dy = t->layer_gradients, *dx = t->layer_gradients + t->micro_batch * t->network->widest;
  clf_status status = CLF_OK;
  for (int64_t i = t->network->layer_count - 1; status == CLF_OK && i >= 0 && dy != NULL; i--) {
    if (is_pooled(t, i)) {
      continue;
    }
    clf__pass pass = pass_of(t, i, rows, seed);
    clf__update update;
    set_update(&pass, t, i, &update);
    pass.training = true;
    pass.weights = t->weights + t->network->first_weight[i];
    pass.gradients =
        pass.layer->frozen ? t->unused_gradients : gradients + t->network->first_weight[i];
    pass.dy = dy;
    pass.dx = i <= first ? NULL : clf__layer_back_in_place(pass.layer) ? dy : dx;
    if (is_left_out(&pass)) {
      clear_gradients(&pass);
    } else {
      status = pass.layer->kind->backward(&pass);
    }
    status = status == CLF_OK ? pause(t) : status;
    dx = pass.dx == dy ? dx : dy;
    dy = pass.dx;
  }
  return status;
}

/* Adds the gradient of the weighted losses of some rows, times `scale`. */
static clf_status add_micro_batch(clf__trainer *t, int64_t first, int64_t rows, bool begins,
                                  double scale, uint64_t seed, clf__loss_sums *sums) {
  float *const *gradients = begins ? t->gradients : t->micro_batch_gradients;
  const int64_t own = clf__trainer_read(t, &t->train, first, rows);
  CLF__CHECK(forward(t, t->network->layer_count, t->weights, own, true, seed));
  CLF__CHECK(own > 0 ? clf__loss(t->context, &t->target, own, t->y[t->network->layer_count], scale,
                                 t->layer_gradients, sums)
                     : CLF_OK);
  CLF__CHECK(backward(t, gradients, own, seed));
  if (!begins) {
    clf__trainer_add_gradients(t);
  }
  return CLF_OK;
}

clf_status clf__trainer_step(clf__trainer *t, int64_t first, int64_t rows, double rate,
                             clf__random *random, clf__loss_sums *sums) {
  const double scale = 1 / ((double)rows * t->mean_weight);
  const bool alone = rows <= t->micro_batch && !t->joined && t->params->clip_norm == 0;
  clf_status status = CLF_OK;
  t->rate = alone ? &rate : NULL;
  for (int64_t i = 0; i < t->stepped_count; i++) {
    t->stepped[i].updated = false;
  }
  for (int64_t done = 0; status == CLF_OK && done < rows; done += t->micro_batch) {
    const int64_t count = clf__min_i64(rows - done, t->micro_batch);
    status =
        add_micro_batch(t, first + done, count, done == 0, scale, clf__random_next(random), sums);
  }
  status = status == CLF_OK ? clf__trainer_join_gradients(t) : status;
  if (status == CLF_OK) {
    clf__optimizer_step(t->optimizer, t->stepped, t->stepped_count, rate, clf__trainer_clipping(t),
                        t->params->averaging);
  }
  return status;
}

clf_status clf__trainer_validate(clf__trainer *t, clf__loss_sums *sums) {
  clf_status status = CLF_OK;
  for (int64_t first = 0; status == CLF_OK && first < t->validation.count;
       first += t->micro_batch) {
    const int64_t left = t->validation.count - first;
    const int64_t rows =
        clf__trainer_read(t, &t->validation, first, clf__min_i64(left, t->micro_batch));
    status = forward(t, t->network->layer_count, t->averaged_weights, rows, false, 0);
    if (status == CLF_OK && rows > 0) {
      status =
          clf__loss(t->context, &t->target, rows, t->y[t->network->layer_count], 0, NULL, sums);
    }
  }
  return status;
}

/* Sums the statistics of a layer over rows, as the layers before it compute them in inference. */
static clf_status measure_layer(clf__trainer *t, int64_t index, const clf__row_set *set,
                                double *sums) {
  clf_status status = CLF_OK;
  for (int64_t first = 0; status == CLF_OK && first < set->count; first += t->micro_batch) {
    const int64_t left = set->count - first;
    const int64_t rows = clf__trainer_read(t, set, first, clf__min_i64(left, t->micro_batch));
    status = forward(t, index, t->weights, rows, false, 0);
    if (status == CLF_OK && rows > 0) {
      const clf__pass pass = pass_of(t, index, rows, 0);
      status = pass.layer->kind->measure(&pass, sums);
    }
  }
  return status == CLF_OK && t->joined ? clf__comm_sum(t->context, "statistics", sums,
                                                       t->network->layers[index]->statistic_count)
                                       : status;
}

clf_status clf__trainer_measure(clf__trainer *t) {
  enum { ROWS = 4096 };
  const int64_t trained = t->train.count, rows = clf__min_i64(trained, ROWS);
  const clf__row_set set = {t->training, NULL, t->order, rows};
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < rows; i++) {
    t->order[i] = t->rows[i * trained / rows];
  }
  for (int64_t i = 0; status == CLF_OK && i < t->network->layer_count; i++) {
    const clf__layer *layer = t->network->layers[i];
    if (layer->statistic_count == 0) {
      continue;
    }
    double *sums = clf__alloc_zeroed(t->context, layer->statistic_count, sizeof *sums);
    status = sums != NULL ? measure_layer(t, i, &set, sums) : CLF_ERROR_MEMORY;
    if (status == CLF_OK) {
      layer->kind->set_measured(layer, sums, t->weights + t->network->first_weight[i]);
    }
    clf__free(sums);
  }
  return status;
}
