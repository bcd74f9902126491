/* Setting weights by name, in a fitted network or in one that was trained elsewhere. The first
 * weight makes an unfitted network a fitted one, whose other weights are initialized as by a
 * fit. */
#include <math.h>
#include <string.h>

#include <classify/network.h>

#include "base/border.h"
#include "base/text.h"
#include "models/network/network_int8.h"
#include "models/network/network_trainer.h"

/* Makes the state of a fit without epochs and without rows: the classes are the numbers 0 … outputs
 * - 1, or with loss=squared_error there are none. */
static clf_status make_classes(clf__classes **out, clf_context *context, int64_t count) {
  clf_tensor *numbers = NULL;
  int32_t *indices = NULL;
  CLF__CHECK(clf__tensor_vector(&numbers, context, CLF_I32, count));
  for (int64_t k = 0; k < count; k++) {
    ((int32_t *)numbers->data)[k] = (int32_t)k;
  }
  indices = clf__alloc_array(context, count, sizeof *indices);
  clf_status status =
      indices != NULL ? clf__classes_of_numbers(out, context, numbers, indices) : CLF_ERROR_MEMORY;
  clf__free(indices);
  clf_tensor_free(numbers);
  return status;
}

static clf_status begin_untrained(clf_model *next, clf__store **state) {
  const clf__network_params *p = next->params;
  clf__trainer t = {.context = next->context,
                    .params = p,
                    .layers = p->layers,
                    .seed = clf__context_seed(next->context)};
  clf_status status = CLF_OK;
  CLF__CHECK(clf__network_declared(&t.network, next));
  const bool single = t.network->outputs == 1;
  const int64_t classes =
      p->loss == CLF__LOSS_SQUARED_ERROR ? 0 : (single ? 2 : t.network->outputs);
  t.regression = classes == 0;
  next->outputs = classes > 0 ? classes : t.network->outputs;
  next->features = next->columns = clf__shape_count(&t.network->input);
  next->outcome = CLF_OK;
  CLF__TRY(clf__network_check_loss(t.network, p->loss, classes, next->outputs));
  CLF__TRY(clf__network_check_end(t.network, p->loss));
  if (p->precision == CLF__PRODUCT_INT8) {
    status =
        clf__fail(CLF_ERROR_UNSUPPORTED,
                  "network: the ranges of precision=int8 are measured on rows; set the weights "
                  "with precision=f32, and call clf_network_quantize()");
    goto done;
  }
  if (next->stage_count > 0) {
    status = clf__fail(CLF_ERROR_UNSUPPORTED,
                       "network: transforms are fitted on rows; fit the model before its weights "
                       "are set");
    goto done;
  }
  CLF__TRY(clf__store_create(state, next->context));
  CLF__TRY(clf__trainer_begin_state(&t, *state));
  CLF__TRY(clf__network_reduce(t.network, p->precision, *state));
  if (!t.regression) {
    CLF__TRY(make_classes(&next->classes, next->context, classes));
  } else {
    CLF__TRY(clf__trainer_units(&t, *state));
  }
done:
  clf__network_free(t.network);
  return status;
}

/* A tensor that can be set: a weight of a layer, or the center or scale of a regression. */
typedef struct settable {
  clf__shape shape;
  int32_t dtype;
  double minimum;
  bool exclusive; /* the minimum itself is not allowed */
  int64_t layer;  /* whose weight it is; layer_count for none */
} settable;

/* Looks for the name among the weights, and collects their names for the message. Returns false if
 * no weight has it. */
static bool find_weight(settable *out, const clf__network *network, const char *name,
                        clf__weight_name *names, const char **texts) {
  bool found = false;
  for (int64_t i = 0; i < network->layer_count; i++) {
    for (int64_t j = 0; j < network->layers[i]->weight_count; j++) {
      const int64_t at = network->first_weight[i] + j;
      const clf__weight_info *info = &network->layers[i]->weights[j];
      names[at] = clf__network_weight_name(network->layers[i], j);
      texts[at] = names[at].text;
      if (strcmp(name, texts[at]) == 0) {
        *out = (settable){info->shape, CLF_F32, info->not_negative ? 0 : -INFINITY, false, i};
        found = true;
      }
    }
  }
  return found;
}

static clf_status find(settable *out, const clf__network *network, const clf_model *model,
                       const char *name) {
  const int64_t count = clf__network_weights(network);
  bool scale;
  if (model->classes == NULL && clf__network_is_unit(name, &scale)) {
    *out = (settable){
        {1, {model->outputs}}, CLF_F64, scale ? 0 : -INFINITY, scale, network->layer_count};
    return CLF_OK;
  }
  clf__arena arena = {.context = network->context};
  clf__weight_name *names = clf__arena_array(&arena, count, sizeof *names);
  const char **texts = clf__arena_array(&arena, count, sizeof *texts);
  clf_status status = clf__arena_status(&arena);
  if (status == CLF_OK && !find_weight(out, network, name, names, texts)) {
    clf__fail_name("weight", name, texts, count);
    status = clf__fail_within(CLF_ERROR_ARGUMENT, "network");
  }
  clf__arena_free(&arena);
  return status;
}

/* The ranges of int8 are those of inputs that the layers before computed. */
static clf_status check_ranges(const clf__network *network, const settable *info,
                               const char *name) {
  for (int64_t i = info->layer + 1; i < network->layer_count; i++) {
    const clf__layer *layer = network->layers[i];
    if (clf__int8_multiplies(layer)) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "network: precision=int8: the inputs of %s %lld have the range that was "
                       "measured with '%s' as it is; set it in f32, then quantize",
                       layer->kind->base.name, (long long)layer->number, name);
    }
  }
  return CLF_OK;
}

static double element(const clf_tensor *tensor, int64_t index) {
  return tensor->dtype == CLF_F32 ? (double)((const float *)tensor->data)[index]
                                  : ((const double *)tensor->data)[index];
}

/* Makes a copy of `from` that is valid as the tensor `name`. */
static clf_status copy_tensor(clf_tensor **out, const settable *info, const char *name,
                              const clf_tensor *from) {
  clf__shape shape = {from->ndim, {0}};
  bool same = from->ndim == info->shape.ndim;
  for (int32_t i = 0; i < from->ndim; i++) {
    shape.size[i] = from->shape[i];
    same = same && from->shape[i] == info->shape.size[i];
  }
  if (!same) {
    return clf__fail(CLF_ERROR_SHAPE, "network: %s is %s, the tensor %s", name,
                     clf__shape_name(&info->shape).text, clf__shape_name(&shape).text);
  }
  clf_status status = clf_tensor_copy(out, from, info->dtype);
  for (int64_t i = 0; status == CLF_OK && i < clf__shape_count(&shape); i++) {
    const double each = element(*out, i);
    const bool low = info->exclusive ? each <= info->minimum : each < info->minimum;
    if (!isfinite(each) || low) {
      status = clf__fail(CLF_ERROR_DATA, "network: value %lld for %s is %s", (long long)i, name,
                         !isfinite(each)   ? "not finite"
                         : info->exclusive ? "not above 0"
                                           : "negative");
    }
  }
  return status;
}

/* What a partial fit would continue from, and what was measured, belong to the weights that are
 * about to change. */
clf_status clf__network_copy_state(clf__store **out, clf_context *context,
                                   const clf__store *state) {
  clf_status status = clf__store_create(out, context);
  for (int64_t i = 0; status == CLF_OK && i < clf__store_count(state); i++) {
    const char *entry = clf__store_name(state, i);
    if (strncmp(entry, CLF__RESUME, strlen(CLF__RESUME)) != 0 &&
        strcmp(entry, CLF__PRECISION_LOSS) != 0) {
      status = clf__store_add_tensor(*out, entry, clf__store_tensor(state, entry));
    }
  }
  return status;
}

/* Files from before target units existed lack them. */
clf_status clf__network_replace(clf__store **out, clf_context *context, const clf__store *state,
                                const char *name, const clf_tensor *value) {
  CLF__CHECK(clf__network_copy_state(out, context, state));
  return clf__store_tensor(state, name) == NULL ? clf__store_add_tensor(*out, name, value)
                                                : clf__store_replace_tensor(*out, name, value);
}

/* Frees the parts of `other` that the model does not share. */
static void free_other(clf_model *other, const clf_model *model) {
  clf__network_free_prepared(other->prepared);
  clf__store_free(other->state);
  if (other->classes != model->classes) {
    clf__classes_release(other->classes);
  }
}

clf_status clf_network_set_weight(clf_model *model, const char *name, const clf_tensor *tensor) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(name);
  CLF__REQUIRE(tensor);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(clf__network_require(model));
  clf_model next = *model; /* replaces the model at the end, if nothing failed */
  clf__network *network = NULL;
  clf__store *untrained = NULL;
  clf_tensor *value = NULL;
  settable info;
  clf_status status = CLF_OK;
  next.state = NULL;
  next.prepared = NULL;
  if (model->state == NULL) {
    CLF__TRY(begin_untrained(&next, &untrained));
  }
  const clf__store *state = model->state != NULL ? model->state : untrained;
  CLF__TRY(clf__network_of_state(&network, model->context, state));
  CLF__TRY(find(&info, network, &next, name));
  CLF__TRY(check_ranges(network, &info, name));
  CLF__TRY(copy_tensor(&value, &info, name, tensor));
  CLF__TRY(clf__network_replace(&next.state, model->context, state, name, value));
  CLF__TRY(clf__network_reduce(network, network->precision, next.state));
  CLF__TRY(clf__model_prepare(&next));
  clf_model old = *model;
  *model = next;
  next = old;
done:
  free_other(&next, model);
  clf__network_free(network);
  clf__store_free(untrained);
  clf_tensor_free(value);
  return status;
}
