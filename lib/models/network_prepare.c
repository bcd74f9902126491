/* A fitted network made ready for inference: layers that pass their input on are left out, batch
 * normalisations and activations folded into the products before them, weights packed. */
#include <string.h>

#include "layers/batch_norm.h"
#include "models/network_infer.h"

/* The layer that comes next in inference, from index `i` on; NULL at the end. A flatten layer,
 * which changes the last axis, is one. */
static const clf__layer *next_layer(const clf__network *network, int64_t i) {
  while (i < network->layer_count && network->layers[i]->kind == &clf__dropout_kind) {
    i++;
  }
  return i < network->layer_count ? network->layers[i] : NULL;
}

static int64_t index_of(const clf__network *network, const clf__layer *layer) {
  int64_t i = 0;
  while (network->layers[i] != layer) {
    i++;
  }
  return i;
}

/* Folds a batch normalisation into weight [rows, columns] and bias [columns]. */
static clf_status fold_norm(const clf__network *network, const clf__layer *norm,
                            float *const *norm_weights, float *weight, int64_t rows, float *bias) {
  const int64_t columns = clf__shape_count(&norm->weights[0].shape);
  double *factor = clf__alloc_array(network->context, 2 * columns, sizeof *factor);
  double *shift = factor + columns;
  if (factor == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf__batch_norm_map(norm, norm_weights, factor, shift);
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) {
      weight[i * columns + j] = (float)((double)weight[i * columns + j] * factor[j]);
    }
  }
  for (int64_t j = 0; j < columns; j++) {
    bias[j] = (float)((double)bias[j] * factor[j] + shift[j]);
  }
  clf__free(factor);
  return CLF_OK;
}

/* Folds what follows layer `at` into the step's bias and activation and into `weight`; *end is the
 * index of the first layer that is not part of the step. */
static clf_status fold_following(const clf__network *network, float *const *weights, int64_t at,
                                 clf__infer_step *step, float *weight, int64_t *end) {
  const clf__shape *shape = &step->layer->weights[0].shape;
  const int64_t columns = shape->size[shape->ndim - 1];
  const int64_t rows = clf__shape_count(shape) / columns;
  clf_status status = CLF_OK;
  *end = at + 1;
  while (status == CLF_OK && step->activation == CLF__LINEAR) {
    const clf__layer *next = next_layer(network, *end);
    if (next == NULL ||
        (next->kind != &clf__batch_norm_kind && next->kind != &clf__activation_kind)) {
      break;
    }
    const int64_t index = index_of(network, next);
    if (next->kind == &clf__activation_kind) {
      step->activation = clf__layer_activation(next);
    } else {
      status = fold_norm(network, next, weights + network->first_weight[index], weight, rows,
                         step->bias);
    }
    *end = index + 1;
  }
  return status;
}

/* A step with packed weights. */
static clf_status pack_step(const clf__network *network, float *const *weights, int64_t at,
                            clf__infer_step *step, int64_t *end) {
  const clf__layer *layer = step->layer;
  const clf__layer_inference *inference = layer->kind->inference;
  float *const *own = weights + network->first_weight[at];
  const clf__shape *shape = &layer->weights[0].shape;
  const int64_t count = clf__shape_count(shape), columns = shape->size[shape->ndim - 1];
  float *weight = clf__alloc_array(network->context, count, sizeof *weight);
  clf_status status = CLF_ERROR_MEMORY;
  step->scratch = inference->scratch_size(layer);
  step->packed =
      clf__alloc_array(network->context, step->scratch < 0 ? -1 : inference->packed_size(layer),
                       sizeof *step->packed);
  step->bias = clf__alloc_zeroed(network->context, columns, sizeof *step->bias);
  if (weight == NULL || step->packed == NULL || step->bias == NULL) {
    goto done;
  }
  memcpy(weight, own[0], (size_t)count * sizeof *weight);
  if (layer->weight_count > 1) {
    memcpy(step->bias, own[1], (size_t)columns * sizeof *step->bias);
  }
  step->activation = clf__layer_activation(layer);
  CLF__TRY(fold_following(network, weights, at, step, weight, end));
  inference->pack(layer, weight, step->packed);
done:
  clf__free(weight);
  return status;
}

static clf_status make_steps(clf__inference *made) {
  const clf__network *network = made->network;
  int64_t end = 0;
  for (int64_t i = 0; i < network->layer_count; i = end) {
    const clf__layer *layer = network->layers[i];
    end = i + 1;
    if (layer->kind->passes) {
      continue;
    }
    clf__infer_step *step = &made->steps[made->step_count++];
    step->layer = layer;
    step->weights = made->weights + network->first_weight[i];
    if (layer->kind->inference != NULL) {
      clf_status status = pack_step(network, made->weights, i, step, &end);
      if (status < 0) {
        return status;
      }
    }
  }
  return CLF_OK;
}

void clf__network_free_prepared(void *prepared) {
  clf__inference *made = prepared;
  if (made == NULL) {
    return;
  }
  for (int64_t i = 0; i < made->step_count; i++) {
    clf__free(made->steps[i].packed);
    clf__free(made->steps[i].bias);
  }
  clf__free(made->steps);
  clf__free(made->weights);
  clf__network_free(made->network);
  clf__free(made);
}

clf_status clf__inference_create(clf__inference **out, clf__network *network,
                                 const clf__store *state) {
  clf_status status = CLF_ERROR_MEMORY;
  clf__inference *made = clf__alloc_zeroed(network->context, 1, sizeof *made);
  if (made == NULL) {
    clf__network_free(network);
    return status;
  }
  made->network = network;
  CLF__TRY(clf__network_state_weights(&made->weights, network, state));
  made->steps = clf__alloc_zeroed(network->context, network->layer_count, sizeof *made->steps);
  CLF__TRY(made->steps != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(make_steps(made));
  made->outputs = network->outputs;
  *out = made;
  return CLF_OK;
done:
  clf__network_free_prepared(made);
  return status;
}

clf_status clf__network_prepare(const clf_model *model, void **prepared) {
  clf__network *network = NULL;
  clf__inference *made = NULL;
  clf_status status = clf__network_of_state(&network, model->context, model->state);
  if (status == CLF_OK) {
    status = clf__inference_create(&made, network, model->state);
  }
  if (status == CLF_OK) {
    *prepared = made;
  }
  return status;
}
