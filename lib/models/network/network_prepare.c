/* Prepares a fitted network for inference: layers that are the identity are left out, batch
 * normalizations and activations are folded into the products before them, and weights are packed.
 * A model does this at its first prediction and keeps the result as long as it stays fitted. So
 * loading a file needs only the memory of the weights, and a detector, which packs them for its own
 * sizes, needs no other packed weights.
 */
#include <stdatomic.h>
#include <string.h>

#include "base/lock.h"
#include "base/workspace.h"
#include "models/network/network_infer.h"
#include "models/network/network_int8.h"

enum { MAX_CACHED = 1 << 19 /* packed weights that L2 may hold beside the values of rows */ };

/* Returns the layer that comes next in inference, from index `i` on; NULL at the end. flatten
 * counts, because it changes the last axis. */
static const clf__layer *next_layer(const clf__network *network, int64_t i) {
  while (i < network->layer_count &&
         network->layers[i]->kind->operation == CLF__OPERATION_IDENTITY) {
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

/* Folds a batch normalization into weight [rows, columns] and bias [columns]. */
static clf_status fold_norm(const clf__network *network, const clf__layer *norm,
                            float *const *norm_weights, float *weight, int64_t rows, float *bias) {
  const int64_t columns = clf__shape_count(&norm->weights[0].shape);
  double *factor = clf__alloc_matrix(network->context, 2, columns, sizeof *factor);
  if (factor == NULL) {
    return CLF_ERROR_MEMORY;
  }
  double *shift = factor + columns;
  norm->kind->map(norm, norm_weights, factor, shift);
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

static bool is_f32(const clf__layer *layer) {
  return clf__layer_inference_of(layer) == layer->kind->inference[CLF__PRODUCT_F32];
}

/* Returns the index of the first layer after a product that cannot be folded into it. A
 * normalization is not folded into weights of bf16, which would be rounded again; those of int8
 * have scales. */
static int64_t end_of_step(const clf__network *network, clf__infer_step *step) {
  int64_t end = step->first + 1;
  while (step->activation == CLF__LINEAR) {
    const clf__layer *next = next_layer(network, end);
    const int32_t operation = next != NULL ? next->kind->operation : CLF__OPERATION_OWN;
    const bool folds = operation == CLF__OPERATION_CHANNEL_MAP &&
                       (is_f32(step->layer) || clf__int8_multiplies(step->layer));
    if (!folds && operation != CLF__OPERATION_ACTIVATION) {
      break;
    }
    step->activation = next->activation;
    end = index_of(network, next) + 1;
  }
  return end;
}

/* Adds the pool behind a product to its step, if a pass computes both. */
static int64_t pool_step(const clf__network *network, clf__infer_step *step, int64_t end) {
  const clf__layer_kind *kind = step->layer->kind;
  const clf__layer *next = next_layer(network, end);
  step->pooled = next != NULL && kind->kept_with_pool != NULL && step->activation <= CLF__RELU &&
                 kind->kept_with_pool(step->layer, next) > 0;
  return step->pooled ? index_of(network, next) + 1 : end;
}

static void plan_steps(clf__inference *made) {
  const clf__network *network = made->network;
  int64_t end = 0;
  for (int64_t i = 0; i < network->layer_count; i = end) {
    const clf__layer *layer = network->layers[i];
    end = i + 1;
    const int32_t operation = layer->kind->operation;
    if (operation == CLF__OPERATION_IDENTITY || operation == CLF__OPERATION_FLATTEN) {
      continue;
    }
    clf__infer_step *step = &made->steps[made->step_count++];
    step->layer = layer;
    step->first = i;
    step->by_rows = operation == CLF__OPERATION_RECURRENT;
    if (clf__layer_inference_of(layer) != NULL) {
      step->activation = layer->activation;
      end = pool_step(network, step, end_of_step(network, step));
    }
    step->end = end;
    step->outputs = network->layers[end - 1]->outputs;
  }
}

/* Makes the steps of a network, without weights. It takes ownership of the network, even if it
 * fails. */
static clf_status plan(clf__inference **out, clf__network *network) {
  clf__inference *made = clf__alloc_zeroed(network->context, 1, sizeof *made);
  if (made == NULL) {
    clf__network_free(network);
    return CLF_ERROR_MEMORY;
  }
  made->arena.context = network->context;
  made->network = network;
  made->outputs = network->outputs;
  made->steps = clf__arena_zeroed(&made->arena, network->layer_count, sizeof *made->steps);
  if (made->steps == NULL) {
    clf__inference_free(made);
    return CLF_ERROR_MEMORY;
  }
  plan_steps(made);
  *out = made;
  return CLF_OK;
}

/* What is packed: the weights of a step or, for int8, its bytes and their scales. */
typedef struct pack_source {
  clf__int8_source int8;
  const float *values; /* the f32 weights, or the scales */
  int64_t rows;        /* of the values, in columns */
  float *own;          /* a copy of the values that is made only if there are normalizations */
} pack_source;

static pack_source source_of(const clf__infer_step *step, const clf__store *state) {
  const clf__shape *shape = &step->layer->weights[0].shape;
  pack_source source = {.values = step->weights[0],
                        .rows = clf__shape_count(shape) / shape->size[shape->ndim - 1]};
  if (clf__int8_multiplies(step->layer)) {
    source.int8 = clf__int8_source_of(state, step->layer);
    source.values = source.int8.scale;
    source.rows = 1;
  }
  return source;
}

/* Folds the normalizations of a step into its bias and into a copy of its weights or scales. */
static clf_status fold_norms(const clf__inference *made, clf__infer_step *step,
                             pack_source *source) {
  const clf__network *network = made->network;
  const clf__shape *shape = &step->layer->weights[0].shape;
  const int64_t count = source->rows * shape->size[shape->ndim - 1];
  clf_status status = CLF_OK;
  for (int64_t i = step->first + 1; status == CLF_OK && i < step->end; i++) {
    if (network->layers[i]->kind->map == NULL) {
      continue;
    }
    if (source->own == NULL) {
      source->own = clf__alloc_array(network->context, count, sizeof *source->own);
      if (source->own == NULL) {
        return CLF_ERROR_MEMORY;
      }
      memcpy(source->own, source->values, (size_t)count * sizeof *source->own);
      source->values = source->own;
    }
    status = fold_norm(network, network->layers[i], made->weights + network->first_weight[i],
                       source->own, source->rows, step->bias);
  }
  return status;
}

static clf_status pack_step(clf__inference *made, clf__infer_step *step, const clf__store *state) {
  const clf__layer *layer = step->layer;
  const clf__layer_inference *inference = clf__layer_inference_of(layer);
  const clf__shape *shape = &layer->weights[0].shape;
  const int64_t columns = shape->size[shape->ndim - 1];
  pack_source source = source_of(step, state);
  clf_status status = CLF_OK;
  const int64_t size = inference->packed_size(layer);
  step->scratch = inference->scratch_size(layer);
  step->packed =
      clf__arena_array(&made->arena, step->scratch < 0 ? -1 : size, sizeof *step->packed);
  step->by_rows = inference->by_rows || size > MAX_CACHED;
  step->bias = clf__arena_zeroed(&made->arena, clf__int8_padded(columns), sizeof *step->bias);
  CLF__TRY(clf__arena_status(&made->arena));
  if (layer->weight_count > 1) {
    memcpy(step->bias, step->weights[1], (size_t)columns * sizeof *step->bias);
  }
  CLF__TRY(fold_norms(made, step, &source));
  if (clf__int8_multiplies(layer)) {
    source.int8.scale = source.values;
    inference->pack(layer, &source.int8, step->packed);
  } else {
    inference->pack(layer, source.values, step->packed);
  }
done:
  clf__free(source.own);
  return status;
}

void clf__inference_free(clf__inference *made) {
  if (made == NULL) {
    return;
  }
  clf__arena_free(&made->arena);
  clf__network_free(made->network);
  clf__free(made);
}

clf_status clf__inference_create(clf__inference **out, clf__network *network,
                                 const clf__store *state) {
  clf__inference *made = NULL;
  clf_status status = plan(&made, network);
  CLF__TRY(status);
  CLF__TRY(clf__network_read_weights(&made->weights, network, state));
  for (int64_t i = 0; i < made->step_count; i++) {
    clf__infer_step *step = &made->steps[i];
    step->weights = made->weights + network->first_weight[step->first];
    if (clf__layer_inference_of(step->layer) != NULL) {
      CLF__TRY(pack_step(made, step, state));
    }
  }
  *out = made;
  return CLF_OK;
done:
  clf__inference_free(made);
  return status;
}

/* What a model stores. */
typedef struct kept {
  int64_t hidden;                      /* as clf__network_hidden() returns it */
  clf__process_lock packing;           /* owned by the thread that packs */
  _Atomic(clf__inference *) inference; /* NULL before the first prediction */
} kept;

void clf__network_free_prepared(void *prepared) {
  kept *own = prepared;
  if (own != NULL) {
    clf__inference_free(atomic_load(&own->inference));
    clf__free(own);
  }
}

clf_status clf__network_prepare(const clf_model *model, void **prepared) {
  clf__network *network = NULL;
  clf__inference *steps = NULL;
  clf_status status = clf__network_of_state(&network, model->context, model->state);
  if (status == CLF_OK) {
    status = plan(&steps, network);
  }
  if (status < 0) {
    return status;
  }
  kept *own = clf__alloc_zeroed(model->context, 1, sizeof *own);
  if (own != NULL) {
    own->hidden = clf__inference_hidden(steps);
    atomic_init(&own->packing, 0);
    atomic_init(&own->inference, NULL);
    *prepared = own;
  }
  clf__inference_free(steps);
  return own != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

int64_t clf__network_hidden(const clf_model *model) {
  return ((const kept *)model->prepared)->hidden;
}

/* If several threads come first at the same time, one packs, and the others wait for its result, so
 * that the memory is needed only once. If it fails, the next one tries. */
static clf_status pack_once(kept *own, const clf_model *model) {
  clf__inference *made = NULL;
  clf__network *network = NULL;
  clf_status status = CLF_OK;
  clf__workspace *paused = clf__workspace_pause();
  clf__process_lock_acquire(&own->packing);
  if (atomic_load(&own->inference) == NULL) {
    CLF__TRY(clf__network_of_state(&network, model->context, model->state));
    CLF__TRY(clf__inference_create(&made, network, model->state));
    atomic_store_explicit(&own->inference, made, memory_order_release);
  }
done:
  clf__process_lock_release(&own->packing);
  clf__workspace_resume(paused);
  return status;
}

clf_status clf__network_inference(const clf__inference **out, const clf_model *model) {
  kept *own = model->prepared;
  clf_status status = CLF_OK;
  *out = atomic_load_explicit(&own->inference, memory_order_acquire);
  if (*out == NULL) {
    status = pack_once(own, model);
    *out = atomic_load_explicit(&own->inference, memory_order_acquire);
  }
  return status;
}
