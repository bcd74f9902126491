/* Streams: the network is built for rows of one step, with a state for each layer that carries
 * information from step to step. A layer without a state must treat all steps alike, so that its
 * weights fit rows of one step; otherwise the stream is refused. */
#include <classify/sequence.h>

#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/progress.h"
#include "base/text.h"
#include "models/network/network.h"

struct clf_sequence {
  clf__arena arena;
  const clf_model *model;
  clf__network *network;
  float **weights; /* [weights of the network], the model's */
  int64_t features;
  bool produces_mask;  /* ids of 0 are padding at the ends of a row */
  float *state, *next; /* [state_size] of all layers, one after the other: the current state, and
                        * the next */
  int64_t state_size;
  float *buffers; /* [2, widest] */
  float *scores;  /* [outputs of the model] */
  int64_t steps;
};

void clf_sequence_free(clf_sequence *sequence) {
  if (sequence == NULL) {
    return;
  }
  clf__network_free(sequence->network);
  clf__arena_free(&sequence->arena);
  clf__free(sequence);
}

static clf_status check_model(const clf_model *model) {
  if (model->kind->decision != CLF__DECISION_LAYERS) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s reads no sequences; a network does",
                     model->kind->base.name);
  }
  if (model->stage_count > 0) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "network: its transforms are of whole rows, so it cannot read step by step");
  }
  return clf__model_require_fit(model);
}

static clf_status cannot_stream(const clf__layer *layer) {
  return clf__fail(CLF_ERROR_UNSUPPORTED, "%s %lld needs the whole sequence, not step by step",
                   layer->kind->base.name, (long long)layer->number);
}

/* Returns the shape of a row of one step, from that of a row of many. */
static clf_status step_shape(const clf__network *whole, clf__shape *step) {
  *step = whole->input;
  if (step->ndim > 2) {
    return cannot_stream(whole->layers[0]);
  }
  step->size[0] = 1;
  return CLF_OK;
}

static clf_status check_layers(const clf__network *whole, const clf__network *single) {
  bool carries = false;
  for (int64_t i = 0; i < single->layer_count; i++) {
    const clf__layer *layer = single->layers[i];
    carries = carries || layer->state_count > 0;
    if (layer->state_count < 0) {
      return cannot_stream(layer);
    }
    for (int64_t j = 0; j < layer->weight_count; j++) {
      const clf__shape *a = &layer->weights[j].shape, *b = &whole->layers[i]->weights[j].shape;
      if (clf__shape_count(a) != clf__shape_count(b)) {
        return cannot_stream(layer);
      }
    }
  }
  return carries ? CLF_OK
                 : clf__fail(CLF_ERROR_UNSUPPORTED,
                             "network: no layer of it carries a state from step to step");
}

/* Builds the network for one step; `whole` is the model's. */
static clf_status build(clf_sequence *s) {
  clf_context *context = s->model->context;
  clf__network *whole = NULL;
  clf__shape step;
  char *layers = NULL;
  clf_status status = clf__network_of_state(&whole, context, s->model->state);
  CLF__TRY(status);
  CLF__TRY(step_shape(whole, &step));
  CLF__TRY(clf__network_layers_of_state(&layers, context, s->model->state));
  status = clf__network_build(&s->network, context, layers, &step);
  if (status == CLF_ERROR_SHAPE) {
    status = clf__fail_within(CLF_ERROR_UNSUPPORTED, "network: step by step");
  }
  CLF__TRY(status);
  CLF__TRY(check_layers(whole, s->network));
  CLF__TRY(clf__network_set_precision(s->network, whole->precision));
  CLF__TRY(clf__network_state_weights(&s->weights, s->network, s->model->state));
done:
  clf__free(layers);
  clf__network_free(whole);
  return status;
}

static clf_status make_buffers(clf_sequence *s) {
  for (int64_t i = 0; i < s->network->layer_count; i++) {
    s->state_size += s->network->layers[i]->state_count;
  }
  s->features = clf__shape_count(&s->network->input);
  s->produces_mask = s->network->layers[0]->produces_mask;
  s->arena.context = s->model->context;
  s->state = clf__arena_zeroed(&s->arena, s->state_size, sizeof *s->state);
  s->next = clf__arena_zeroed(&s->arena, s->state_size, sizeof *s->next);
  s->buffers = clf__arena_matrix(&s->arena, 2, s->network->widest, sizeof *s->buffers);
  s->scores = clf__arena_zeroed(&s->arena, s->model->outputs, sizeof *s->scores);
  return clf__arena_status(&s->arena);
}

/* Sets the state before the first step. */
static void start(clf_sequence *s) {
  float *state = s->state;
  for (int64_t i = 0; i < s->network->layer_count; i++) {
    const clf__layer *layer = s->network->layers[i];
    if (layer->kind->start != NULL) {
      layer->kind->start(layer, s->weights + s->network->first_weight[i], state);
    } else {
      memset(state, 0, (size_t)layer->state_count * sizeof *state);
    }
    state += layer->state_count;
  }
  s->steps = 0;
}

clf_status clf_sequence_create(clf_sequence **out, const clf_model *model) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  clf_status status = CLF_OK;
  CLF__CHECK(check_model(model));
  clf_sequence *s = clf__alloc_zeroed(model->context, 1, sizeof *s);
  if (s == NULL) {
    return CLF_ERROR_MEMORY;
  }
  s->model = model;
  CLF__TRY(build(s));
  CLF__TRY(make_buffers(s));
  start(s);
  *out = s;
  return CLF_OK;
done:
  clf_sequence_free(s);
  return status;
}

clf_status clf_sequence_reset(clf_sequence *sequence) {
  CLF__REQUIRE(sequence);
  CLF__ENTER(sequence->model->kind->base.name);
  start(sequence);
  return CLF_OK;
}

/* Runs one step through the layers, from a state to the next one. */
static clf_status run_step(clf_sequence *s, const float *x, const float **y) {
  const clf__network *network = s->network;
  float *to = s->buffers, *state = s->next;
  clf_status status = CLF_OK;
  memcpy(s->next, s->state, (size_t)s->state_size * sizeof *s->next);
  for (int64_t i = 0; status == CLF_OK && i < network->layer_count; i++) {
    const clf__layer *layer = network->layers[i];
    const clf__pass pass = {.layer = layer,
                            .rows = 1,
                            .x = x,
                            .y = to,
                            .weights = s->weights + network->first_weight[i],
                            .state = layer->state_count > 0 ? state : NULL};
    status = layer->kind->forward(&pass);
    state += layer->state_count;
    x = to;
    to = to == s->buffers ? s->buffers + network->widest : s->buffers;
  }
  *y = x;
  return status;
}

/* Padding before the first id is not a step. Padding after it becomes a step if another id follows,
 * so it advances the state; until then the scores stay those of the last id. */
static clf_status feed_step(clf_sequence *s, const float *x) {
  const bool padding = s->produces_mask && x[0] == 0;
  const float *y = NULL;
  for (int64_t i = 0; i < s->features; i++) {
    if (!isfinite(x[i])) {
      return clf__fail(CLF_ERROR_DATA, "clf_sequence_feed: feature %lld of step %lld is %s",
                       (long long)i, (long long)s->steps, clf__number_format_f32(x[i]).text);
    }
  }
  if (padding && s->steps == 0) {
    return CLF_OK;
  }
  CLF__CHECK(run_step(s, x, &y));
  float *before = s->state;
  s->state = s->next;
  s->next = before;
  s->steps++;
  if (!padding) {
    clf__network_scores(s->model, y, s->network->outputs, s->scores, 1);
  }
  return CLF_OK;
}

clf_status clf_sequence_feed(clf_sequence *sequence, const float *steps, int64_t count) {
  CLF__REQUIRE(sequence);
  CLF__ENTER(sequence->model->kind->base.name);
  if (count < 0 || (count > 0 && steps == NULL)) {
    return clf__fail(CLF_ERROR_ARGUMENT, "clf_sequence_feed: %lld steps at %s", (long long)count,
                     steps == NULL ? "NULL" : "steps");
  }
  clf__call call;
  clf_status status = CLF_OK;
  clf__call_begin(&call, sequence->model->context, "feed", count);
  for (int64_t i = 0; i < count; i++) {
    CLF__TRY(clf__call_next(&call, i));
    CLF__TRY(feed_step(sequence, steps + i * sequence->features));
  }
done:
  return clf__call_end(&call, status);
}

int64_t clf_sequence_features(const clf_sequence *sequence) {
  return sequence != NULL ? sequence->features : -1;
}

int64_t clf_sequence_steps(const clf_sequence *sequence) {
  return sequence != NULL ? sequence->steps : -1;
}

clf_status clf_sequence_decision_function(const clf_sequence *sequence, float *values,
                                          int64_t capacity) {
  CLF__REQUIRE(sequence);
  CLF__REQUIRE(values);
  CLF__ENTER(sequence->model->kind->base.name);
  const int64_t outputs = sequence->model->outputs;
  if (sequence->steps == 0) {
    return clf__fail(CLF_ERROR_ARGUMENT, "the sequence has read no step yet");
  }
  if (capacity < outputs) {
    return clf__fail(CLF_ERROR_ARGUMENT, "the output must hold %lld values; its capacity is %lld",
                     (long long)outputs, (long long)capacity);
  }
  memcpy(values, sequence->scores, (size_t)outputs * sizeof *values);
  return CLF_OK;
}

clf_status clf_sequence_predict_proba(const clf_sequence *sequence, float *probabilities,
                                      int64_t capacity) {
  CLF__REQUIRE(sequence);
  CLF__REQUIRE(probabilities);
  CLF__ENTER(sequence->model->kind->base.name);
  const clf_model *model = sequence->model;
  if (model->classes == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "a regression has no probabilities");
  }
  clf_status status = clf_sequence_decision_function(sequence, probabilities, capacity);
  return status < 0 ? status : clf__decision_probabilities(model, probabilities, 1);
}
