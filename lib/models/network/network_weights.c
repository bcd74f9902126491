/* The weights of a training: their gradients, averages and best values so far, and operations on
 * all of them. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "models/network/network_trainer.h"
#include "ops/nn/elementwise.h"

static float *make_array(clf__trainer *t, bool wanted, int64_t size) {
  return wanted ? clf__arena_zeroed(&t->arena, size, sizeof(float)) : NULL;
}

static clf_status make_weight(clf__trainer *t, const clf__weight_info *info, int64_t at) {
  const int64_t size = clf__shape_count(&info->shape);
  t->best[at] = make_array(t, true, size);
  if (t->joined && info->trained) {
    t->gradients[at] = t->joined_gradients + t->trained_count;
    t->trained_count += size;
  } else {
    t->gradients[at] = make_array(t, info->trained, size);
  }
  t->micro_batch_gradients[at] = make_array(t, info->trained && t->group > t->micro_batch, size);
  t->averages[at] = make_array(t, info->trained && t->params->averaging > 0, size);
  CLF__CHECK(clf__arena_status(&t->arena));
  if (t->averages[at] != NULL) {
    memcpy(t->averages[at], t->weights[at], (size_t)size * sizeof(float));
  }
  t->averaged_weights[at] = t->averages[at] != NULL ? t->averages[at] : t->weights[at];
  if (info->trained) {
    t->stepped_at[at] = t->stepped_count;
    t->stepped[t->stepped_count++] = (clf__optimizer_weight){.count = size,
                                                             .values = t->weights[at],
                                                             .gradient = t->gradients[at],
                                                             .average = t->averages[at],
                                                             .decayed = info->decayed};
  }
  return CLF_OK;
}

/* The backward pass of a frozen layer between trained ones computes gradients that nothing reads,
 * all of them at the same place. */
static clf_status make_unused_gradients(clf__trainer *t) {
  int64_t largest = 0;
  for (int64_t i = clf__network_first_trained(t->network); i < t->network->layer_count; i++) {
    const clf__layer *layer = t->network->layers[i];
    for (int64_t j = 0; layer->frozen && j < layer->weight_count; j++) {
      largest = clf__max_i64(clf__shape_count(&layer->weights[j].shape), largest);
    }
  }
  for (int j = 0; largest > 0 && j < CLF__LAYER_WEIGHTS; j++) {
    t->unused_gradients[j] = j == 0 ? make_array(t, true, largest) : t->unused_gradients[0];
  }
  return clf__arena_status(&t->arena);
}

/* Gradients that are sent to other ranks at once lie at one place. */
static clf_status make_joined_gradients(clf__trainer *t) {
  int64_t count = 0;
  for (int64_t i = 0; i < t->network->layer_count; i++) {
    const clf__layer *layer = t->network->layers[i];
    for (int64_t j = 0; j < layer->weight_count; j++) {
      count += layer->weights[j].trained ? clf__shape_count(&layer->weights[j].shape) : 0;
    }
  }
  t->joined_gradients = make_array(t, true, count);
  return clf__arena_status(&t->arena);
}

clf_status clf__trainer_weights(clf__trainer *t) {
  const clf__network *network = t->network;
  const int64_t count = clf__network_weights(network);
  t->gradients = clf__arena_zeroed(&t->arena, count, sizeof *t->gradients);
  t->micro_batch_gradients = clf__arena_zeroed(&t->arena, count, sizeof *t->micro_batch_gradients);
  t->averages = clf__arena_zeroed(&t->arena, count, sizeof *t->averages);
  t->averaged_weights = clf__arena_zeroed(&t->arena, count, sizeof *t->averaged_weights);
  t->best = clf__arena_zeroed(&t->arena, count, sizeof *t->best);
  t->stepped = clf__arena_zeroed(&t->arena, count, sizeof *t->stepped);
  t->stepped_at = clf__arena_zeroed(&t->arena, count, sizeof *t->stepped_at);
  clf_status status = t->joined ? make_joined_gradients(t) : CLF_OK;
  status = status == CLF_OK ? clf__arena_status(&t->arena) : status;
  for (int64_t i = 0; i < network->layer_count; i++) {
    for (int64_t j = 0; status == CLF_OK && j < network->layers[i]->weight_count; j++) {
      status = make_weight(t, &network->layers[i]->weights[j], network->first_weight[i] + j);
    }
  }
  return status == CLF_OK ? make_unused_gradients(t) : status;
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

typedef struct part {
  float *values; /* NULL for none */
  int64_t count;
} part;

/* The parts of a vector, one for each weight. */
static part part_of(const clf__trainer *t, int vector, int64_t at, int64_t size, int64_t stepped) {
  const bool trained = t->gradients[at] != NULL;
  const clf__optimizer_slot *slot = trained ? &t->optimizer->slots[stepped] : NULL;
  float *const all[CLF__VECTORS] = {t->weights[at], t->best[at], t->averages[at],
                                    slot != NULL ? slot->first : NULL,
                                    slot != NULL ? slot->second : NULL};
  return (part){all[vector], all[vector] != NULL ? size : 0};
}

int64_t clf__trainer_move_vector(const clf__trainer *t, int vector, float *values,
                                 bool into_parts) {
  int64_t total = 0, stepped = 0;
  for (int64_t i = 0; i < t->network->layer_count; i++) {
    const clf__layer *layer = t->network->layers[i];
    for (int64_t j = 0; j < layer->weight_count; j++) {
      const int64_t size = clf__shape_count(&layer->weights[j].shape);
      const part p = part_of(t, vector, t->network->first_weight[i] + j, size, stepped);
      stepped += layer->weights[j].trained;
      if (values != NULL && p.values != NULL) {
        memcpy(into_parts ? p.values : values + total, into_parts ? values + total : p.values,
               (size_t)p.count * sizeof *values);
      }
      total += p.count;
    }
  }
  return total;
}

void clf__trainer_add_gradients(const clf__trainer *t) {
  int64_t next = 0;
  for (int64_t at = 0; at < clf__network_weights(t->network); at++) {
    if (t->gradients[at] != NULL) {
      clf__accumulate(t->context, t->micro_batch_gradients[at], t->stepped[next++].count,
                      t->gradients[at]);
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
