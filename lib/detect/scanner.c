/* Consider a network of convolutions and pools without padding. Applied to a larger image, its
 * output at position (i, j) is that for the window at (i s, j s), where s is the product of the
 * strides. So every value of a layer is computed once, however many windows share it. The layers at
 * the end are rewritten: a dense layer over a last map of k x k is a convolution with that kernel
 * and the same weights in memory, a dense layer over another one is a convolution of 1 x 1, and a
 * global pool is a pool of k x k. (Sermanet et al., "OverFeat", ICLR 2014, section 3.5.) */
#include "detect/scanner.h"

#include <string.h>

#include "base/math.h"
#include "base/text.h"
#include "layers/activation.h"
#include "models/network/network_infer.h"
#include "ops/nn/pool.h"

/* The layers written so far. */
struct clf__scan_writer {
  clf__scanner *scanner;
  clf__text text;
  int64_t map_height, map_width; /* of the layer before */
  bool flat;                     /* a flatten layer made one axis of a map larger than 1 x 1 */
};

static clf_status refuse(const clf__layer *layer, const char *why) {
  return clf__fail(CLF_ERROR_UNSUPPORTED, "detector: %s %lld %s", layer->kind->base.name,
                   (long long)layer->number, why);
}

static void begin_layer(clf__scan_writer *w, const char *kind) {
  clf__text_append(&w->text, "%s%s", w->text.length > 0 ? "; " : "", kind);
}

static clf_status copy_layer(clf__scan_writer *w, const clf__layer *layer) {
  begin_layer(w, layer->kind->base.name);
  clf__text_append(&w->text, " ");
  clf__params_format(&layer->kind->base.params, layer->params, &w->text);
  return CLF_OK;
}

/* Writes a layer with a window. */
static clf_status write_window(clf__scan_writer *w, const clf__layer *layer) {
  if (layer->stride == 0) {
    return refuse(layer,
                  "has padding=same: only with padding=valid is a window's value the same "
                  "wherever it lies in the image");
  }
  const int64_t height = w->scanner->height, width = w->scanner->width;
  w->scanner->step *= layer->stride; /* both are at most 2^31 */
  if (w->scanner->step > clf__min_i64(height, width)) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "detector: up to %s %lld the strides make %lld, more than its window of "
                     "%lldx%lld pixels: it would leave pixels between windows out",
                     layer->kind->base.name, (long long)layer->number, (long long)w->scanner->step,
                     (long long)height, (long long)width);
  }
  w->map_height = layer->out.size[0];
  w->map_width = layer->out.size[1];
  return copy_layer(w, layer);
}

static clf_status check_square(const clf__scan_writer *w, const clf__layer *layer) {
  return w->map_height == w->map_width
             ? CLF_OK
             : refuse(layer,
                      "would need a window that is not square: the last map of the image "
                      "must have as many rows as columns");
}

static clf_status write_dense(clf__scan_writer *w, const clf__layer *layer) {
  CLF__CHECK(check_square(w, layer));
  begin_layer(w, "conv2d");
  clf__text_append(&w->text,
                   " filters=%lld kernel=%lld bias=%s activation=", (long long)layer->outputs,
                   (long long)w->map_height, layer->weight_count > 1 ? "true" : "false");
  clf_status status =
      clf__params_get_text(&layer->kind->base.params, layer->params, "activation", &w->text);
  w->map_height = w->map_width = 1;
  w->flat = false;
  return status;
}

static clf_status write_global(clf__scan_writer *w, const clf__layer *layer) {
  clf_status status = check_square(w, layer);
  if (status == CLF_OK) {
    begin_layer(w, layer->kind->variant == CLF__POOL_MAX ? "max_pool2d" : "average_pool2d");
    clf__text_append(&w->text, " size=%lld stride=1", (long long)w->map_height);
    w->map_height = w->map_width = 1;
  }
  return status;
}

static clf_status write_flatten(clf__scan_writer *w, const clf__layer *layer) {
  (void)layer;
  w->flat = w->map_height > 1 || w->map_width > 1;
  return CLF_OK;
}

static clf_status write_nothing(clf__scan_writer *w, const clf__layer *layer) {
  (void)w;
  (void)layer;
  return CLF_OK;
}

static clf_status write_activation(clf__scan_writer *w, const clf__layer *layer) {
  return w->flat && layer->activation == CLF__SOFTMAX
             ? refuse(layer, "is over all places of the window")
             : copy_layer(w, layer);
}

static clf_status write_norm(clf__scan_writer *w, const clf__layer *layer) {
  return w->flat ? refuse(layer,
                          "has statistics for each position in the window: put it before the "
                          "flatten layer")
                 : copy_layer(w, layer);
}

static const char not_over_images[] = "cannot be moved over an image";

const clf__scan_rule clf__scan_rules[CLF__OPERATIONS] = {
    [CLF__OPERATION_OWN] = {NULL, not_over_images},
    [CLF__OPERATION_DENSE] = {write_dense, NULL},
    [CLF__OPERATION_CONVOLUTION] = {write_window, NULL},
    [CLF__OPERATION_POOL] = {write_window, NULL},
    [CLF__OPERATION_GLOBAL_POOL] = {write_global, NULL},
    [CLF__OPERATION_TIME_POOL] = {NULL, not_over_images},
    [CLF__OPERATION_CHANNEL_MAP] = {write_norm, NULL},
    [CLF__OPERATION_ACTIVATION] = {write_activation, NULL},
    [CLF__OPERATION_FLATTEN] = {write_flatten, NULL},
    [CLF__OPERATION_IDENTITY] = {write_nothing, NULL},
    [CLF__OPERATION_EMBEDDING] = {NULL, not_over_images},
    [CLF__OPERATION_RECURRENT] = {NULL, not_over_images},
};

static clf_status write_layer(clf__scan_writer *w, const clf__layer *layer) {
  const clf__scan_rule *rule = &clf__scan_rules[layer->kind->operation];
  return rule->write != NULL ? rule->write(w, layer) : refuse(layer, rule->refusal);
}

static clf_status write_layers(clf__scan_writer *w, const clf__network *network) {
  clf_status status = CLF_OK;
  w->map_height = w->scanner->height;
  w->map_width = w->scanner->width;
  for (int64_t i = 0; status == CLF_OK && i < network->layer_count; i++) {
    status = write_layer(w, network->layers[i]);
  }
  const clf__layer *last = network->layers[network->layer_count - 1];
  if (status == CLF_OK && (w->map_height != 1 || w->map_width != 1)) {
    status = refuse(last, "ends the network with more than one place for a window");
  }
  return status == CLF_OK && w->text.failed ? CLF_ERROR_MEMORY : status;
}

/* Reads the window, [height, width] or [height, width, channels]. */
static clf_status set_window(clf__scanner *made, const clf__network *network) {
  const clf__shape *in = &network->input;
  made->height = in->size[0];
  made->width = in->ndim > 1 ? in->size[1] : 0;
  made->channels = in->ndim > 2 ? in->size[2] : 1;
  made->outputs = network->outputs;
  made->step = 1;
  return in->ndim == 2 || (in->ndim == 3 && (made->channels == 1 || made->channels == 3))
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "detector: the network's input is %s; it must be an image, height x width "
                         "x 1 or 3 channels",
                         clf__shape_name(in).text);
}

/* Adds the weights of a layer under the name of the rewritten layer, as f32. */
static clf_status share_weights(clf__store *to, const clf__layer *layer,
                                const clf__layer *rewritten, const clf__store *state) {
  for (int64_t j = 0; j < layer->weight_count; j++) {
    const clf__shape *shape = &rewritten->weights[j].shape;
    const clf_tensor *own = clf__store_tensor(state, clf__network_weight_name(layer, j).text);
    clf_tensor *tensor = NULL;
    clf_status status = CLF_OK;
    if (own->dtype == CLF_F32) {
      status = clf_tensor_reshape(&tensor, own, shape->ndim, shape->size);
    } else {
      status = clf__tensor_create_uninitialized(&tensor, layer->context, CLF_F32, shape->ndim,
                                                shape->size);
      if (status == CLF_OK) {
        clf__weight_widen(state, layer, j, tensor->data);
      }
    }
    if (status == CLF_OK) {
      status = clf__store_add_tensor(to, clf__network_weight_name(rewritten, j).text, tensor);
    }
    clf_tensor_free(tensor);
    if (status < 0) {
      return status;
    }
  }
  return CLF_OK;
}

/* Layers with weights keep their order. */
static clf_status share_all(clf__scanner *made, const clf__network *network,
                            const clf__store *state) {
  const clf__shape window = {3, {made->height, made->width, made->channels}};
  clf__network *rewritten = NULL;
  clf_status status = clf__network_build(&rewritten, made->context, made->layers, &window);
  int64_t at = 0;
  CLF__TRY(status);
  CLF__TRY(clf__store_create(&made->weights, made->context));
  for (int64_t i = 0; i < network->layer_count; i++) {
    if (network->layers[i]->weight_count == 0) {
      continue;
    }
    while (rewritten->layers[at]->weight_count == 0) {
      at++;
    }
    CLF__TRY(share_weights(made->weights, network->layers[i], rewritten->layers[at++], state));
  }
done:
  clf__network_free(rewritten);
  return status;
}

static clf_status check_model(const clf_model *model) {
  CLF__CHECK(clf__model_require_fit(model));
  if (model->kind->decision != CLF__DECISION_LAYERS || model->classes == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "detector: it needs a network that classifies, not %s",
                     model->classes == NULL ? "a regression" : model->kind->base.name);
  }
  return model->stage_count == 0
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "detector: transforms before the network cannot be moved over an image; "
                         "let it begin with batch_norm instead");
}

clf_status clf__scanner_create(clf__scanner **out, const clf_model *model) {
  clf_status status = CLF_OK;
  CLF__CHECK(check_model(model));
  clf__network *network = NULL;
  clf__scanner *made = clf__alloc_zeroed(model->context, 1, sizeof *made);
  if (made == NULL) {
    return CLF_ERROR_MEMORY;
  }
  made->context = model->context;
  clf__scan_writer w = {.scanner = made, .text = {.context = model->context}};
  CLF__TRY(clf__network_of_state(&network, model->context, model->state));
  CLF__TRY(set_window(made, network));
  CLF__TRY(write_layers(&w, network));
  made->layers = w.text.bytes;
  w.text = (clf__text){0};
  CLF__TRY(share_all(made, network, model->state));
  *out = made;
  made = NULL;
done:
  clf__text_free(&w.text);
  clf__network_free(network);
  clf__scanner_free(made);
  return status;
}

void clf__scanner_free(clf__scanner *scanner) {
  if (scanner != NULL) {
    clf__free(scanner->layers);
    clf__store_free(scanner->weights);
    clf__free(scanner);
  }
}

static clf_status build(clf__network **out, const clf__scanner *scanner, int64_t rows,
                        int64_t columns) {
  const clf__shape image = {3,
                            {scanner->height + (rows - 1) * scanner->step,
                             scanner->width + (columns - 1) * scanner->step, scanner->channels}};
  return clf__network_build(out, scanner->context, scanner->layers, &image);
}

clf_status clf__scanner_prepare(clf__inference **out, const clf__scanner *scanner, int64_t rows,
                                int64_t columns) {
  clf__network *network = NULL;
  clf_status status = build(&network, scanner, rows, columns);
  return status == CLF_OK ? clf__inference_create(out, network, scanner->weights) : status;
}

int64_t clf__scan_width(const clf__inference *inference) {
  const clf__network *network = inference->network;
  return network->layers[network->layer_count - 1]->out.size[1];
}

clf_status clf__scanner_widest(const clf__scanner *scanner, int64_t places, int64_t *out) {
  clf__network *network = NULL;
  clf_status status = build(&network, scanner, places, places);
  if (status == CLF_OK) {
    *out = network->widest;
  }
  clf__network_free(network);
  return status;
}
