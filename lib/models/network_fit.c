/* Training by minibatches: forward through the layers, the loss's gradient, backward, a step of the
 * optimizer. Everything random is a function of the seed and of the epoch or step, so a training is
 * told by its seed. A loss that is not finite ends it with CLF_ERROR_DIVERGED and the weights of
 * the last epoch that was good. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "models/network.h"
#include "ops/network.h"

const char *const clf__record_names[CLF__RECORDS] = {
    "history_loss",
    "history_accuracy",
    "history_validation_loss",
    "history_validation_accuracy",
    "history_learning_rate",
};

/* Rows to take batches from. */
typedef struct row_set {
  const clf__training *from;
  const float *weights; /* by row, or NULL */
  const int64_t *rows;  /* [count], or NULL for all in order */
  int64_t count;
} row_set;

typedef struct trainer {
  clf_context *context;
  const clf__network_params *params;
  const char *layers; /* as text */
  const clf__training *training;
  clf__network *network;
  clf_optimizer *optimizer;
  uint64_t seed;
  int64_t batch_size, epochs;
  int64_t *order; /* [rows]: those trained on, then those held out */
  row_set train, validation;
  float *row_weights; /* [rows] or NULL */
  /* By weight of the network. */
  float **weights;
  float **gradients; /* NULL where not trained */
  float **best;
  clf__optimizer_weight *stepped; /* [stepped_count] */
  int64_t stepped_count;
  /* Of a batch. */
  float **y;     /* [layer_count + 1], y[0] the rows */
  void **kept;   /* [layer_count] */
  float *slopes; /* [2, batch_size * widest] */
  int32_t *labels;
  double *targets;
  float *batch_weights;
  clf__aim aim;
  double *records[CLF__RECORDS]; /* [epochs] */
} trainer;

static void free_arrays(void *pointer, int64_t count) {
  void **arrays = pointer;
  for (int64_t i = 0; arrays != NULL && i < count; i++) {
    clf__free(arrays[i]);
  }
  clf__free(arrays);
}

static void trainer_free(trainer *t) {
  if (t->network == NULL) {
    return;
  }
  const int64_t layers = t->network->layer_count, weights = clf__network_weights(t->network);
  free_arrays(t->gradients, weights);
  free_arrays(t->best, weights);
  free_arrays(t->y, layers + 1);
  free_arrays(t->kept, layers);
  for (int i = 0; i < CLF__RECORDS; i++) {
    clf__free(t->records[i]);
  }
  clf__free(t->weights);
  clf__free(t->stepped);
  clf__free(t->slopes);
  clf__free(t->labels);
  clf__free(t->targets);
  clf__free(t->batch_weights);
  clf__free(t->order);
  clf__free(t->row_weights);
}

static const clf__weight_info *weight_info(const clf__network *network, int64_t layer,
                                           int64_t index) {
  return &network->layers[layer]->weights[index];
}

/* Gradients and best values of each weight; the trained ones make the optimizer's list. */
static clf_status make_weights(trainer *t) {
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
      const clf__weight_info *info = weight_info(network, i, j);
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

/* Buffers of a batch. */
static clf_status make_batch(trainer *t) {
  const clf__network *network = t->network;
  const int64_t batch = t->batch_size, layers = network->layer_count;
  int64_t size;
  t->y = clf__alloc_zeroed(t->context, layers + 1, sizeof(float *));
  t->kept = clf__alloc_zeroed(t->context, layers, sizeof(void *));
  if (t->y == NULL || t->kept == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i <= layers; i++) {
    const int64_t width =
        i == 0 ? clf__shape_count(&network->input) : network->layers[i - 1]->outputs;
    size = clf__mul_i64(batch, width, &size) ? size : -1;
    t->y[i] = clf__alloc_array(t->context, size, sizeof(float));
    if (t->y[i] == NULL) {
      return CLF_ERROR_MEMORY;
    }
    if (i < layers && network->layers[i]->kept_bytes > 0) {
      t->kept[i] = clf__alloc_array(t->context, batch, network->layers[i]->kept_bytes);
      if (t->kept[i] == NULL) {
        return CLF_ERROR_MEMORY;
      }
    }
  }
  size = clf__mul_i64(2 * batch, network->widest, &size) ? size : -1;
  t->slopes = clf__alloc_array(t->context, size, sizeof *t->slopes);
  t->labels = clf__alloc_array(t->context, batch, sizeof *t->labels);
  size = clf__mul_i64(batch, t->training->outputs, &size) ? size : -1;
  t->targets = clf__alloc_array(t->context, size, sizeof *t->targets);
  t->batch_weights = clf__alloc_array(t->context, batch, sizeof *t->batch_weights);
  bool complete =
      t->slopes != NULL && t->labels != NULL && t->targets != NULL && t->batch_weights != NULL;
  for (int i = 0; i < CLF__RECORDS; i++) {
    t->records[i] = clf__alloc_zeroed(t->context, t->epochs, sizeof(double));
    complete = complete && t->records[i] != NULL;
  }
  return complete ? CLF_OK : CLF_ERROR_MEMORY;
}

/* Streams of the seed, so that what is drawn for one purpose does not depend on another. */
enum { STREAM_SPLIT, STREAM_ORDER, STREAM_STEP, STREAM_WEIGHTS };

static uint64_t seed_of(const trainer *t, int stream) {
  clf__random random = clf__random_seed(t->seed, (uint64_t)stream);
  return clf__random_next(&random);
}

static int64_t steps_per_epoch(const trainer *t) {
  return (t->train.count - 1) / t->batch_size + 1;
}

static int64_t auto_epochs(const trainer *t) {
  enum { LEAST = 10, STEPS = 2000 };
  const int64_t epochs = (STEPS - 1) / steps_per_epoch(t) + 1;
  return epochs > LEAST ? epochs : LEAST;
}

/* Divides the rows into those to train on and those to hold out. */
static clf_status make_rows(trainer *t) {
  const int64_t rows = t->training->x->rows;
  const int64_t held =
      t->training->validation == NULL ? (int64_t)((double)rows * t->params->validation_split) : 0;
  t->order = clf__alloc_array(t->context, rows, sizeof *t->order);
  if (t->order == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < rows; i++) {
    t->order[i] = i;
  }
  if (held > 0) {
    clf__random random = clf__random_seed(seed_of(t, STREAM_SPLIT), 0);
    clf__random_shuffle(&random, t->order, rows);
  }
  t->train = (row_set){t->training, t->row_weights, t->order, rows - held};
  t->validation = (row_set){t->training, t->row_weights, t->order + rows - held, held};
  if (t->training->validation != NULL) {
    const clf__training *given = t->training->validation;
    t->validation = (row_set){given, given->weights, NULL, given->x->rows};
  }
  t->batch_size = t->params->batch_size < rows ? t->params->batch_size : rows;
  t->epochs = t->params->epochs.word < 0 ? (int64_t)t->params->epochs.value : auto_epochs(t);
  return CLF_OK;
}

/* Rows first … first + count - 1 of the set become the batch. */
static void take_batch(trainer *t, const row_set *set, int64_t first, int64_t count) {
  const clf__training *from = set->from;
  const int64_t *rows = set->rows != NULL ? set->rows + first : NULL;
  clf__network_gather(from->x, rows, first, count, t->y[0]);
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = rows != NULL ? rows[i] : first + i;
    t->batch_weights[i] = set->weights != NULL ? set->weights[row] : 1;
    if (from->labels != NULL) {
      t->labels[i] = from->labels[row];
    } else {
      memcpy(t->targets + i * from->outputs, from->targets + row * from->outputs,
             (size_t)from->outputs * sizeof *t->targets);
    }
  }
}

static clf__pass pass_of(const trainer *t, int64_t layer, int64_t rows, bool training,
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

static clf_status forward(const trainer *t, int64_t rows, bool training, uint64_t seed) {
  clf_status status = CLF_OK;
  for (int64_t i = 0; status == CLF_OK && i < t->network->layer_count; i++) {
    const clf__pass pass = pass_of(t, i, rows, training, seed);
    status = pass.layer->kind->forward(&pass);
  }
  return status;
}

/* From the loss's gradient in the first half of `slopes`. */
static clf_status backward(const trainer *t, int64_t rows, uint64_t seed) {
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

/* 1, or what shortens the gradient to clip_norm. */
static double clipping(const trainer *t) {
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

static clf_status step(trainer *t, int64_t first, int64_t rows, double rate, uint64_t seed,
                       clf__loss_sums *sums) {
  take_batch(t, &t->train, first, rows);
  clf_status status = forward(t, rows, true, seed);
  if (status == CLF_OK) {
    status =
        clf__loss(t->context, &t->aim, rows, t->y[t->network->layer_count], 1, t->slopes, sums);
  }
  if (status == CLF_OK) {
    status = backward(t, rows, seed);
  }
  if (status == CLF_OK) {
    clf__optimizer_step(t->optimizer, t->stepped, t->stepped_count, rate, clipping(t));
  }
  return status;
}

static clf_status validate(trainer *t, clf__loss_sums *sums) {
  clf_status status = CLF_OK;
  for (int64_t first = 0; status == CLF_OK && first < t->validation.count; first += t->batch_size) {
    const int64_t left = t->validation.count - first;
    const int64_t rows = left < t->batch_size ? left : t->batch_size;
    take_batch(t, &t->validation, first, rows);
    status = forward(t, rows, false, 0);
    if (status == CLF_OK) {
      status = clf__loss(t->context, &t->aim, rows, t->y[t->network->layer_count], 1, NULL, sums);
    }
  }
  return status;
}

static clf_status run_epoch(trainer *t, const clf__progress *progress, int64_t epoch) {
  const int64_t steps = steps_per_epoch(t);
  const uint64_t step_seed = seed_of(t, STREAM_STEP);
  clf__loss_sums sums = {0}, held = {0};
  if (t->params->shuffle) {
    clf__random random = clf__random_seed(seed_of(t, STREAM_ORDER), (uint64_t)epoch);
    clf__random_shuffle(&random, t->order, t->train.count);
  }
  for (int64_t i = 0; i < steps; i++) {
    const int64_t first = i * t->batch_size, left = t->train.count - first;
    const int64_t at = epoch * steps + i;
    const double rate = clf__optimizer_rate(t->optimizer, steps, steps * t->epochs);
    t->records[CLF__RECORD_LEARNING_RATE][epoch] = rate;
    clf__random random = clf__random_seed(step_seed, (uint64_t)at);
    clf_status status = step(t, first, left < t->batch_size ? left : t->batch_size, rate,
                             clf__random_next(&random), &sums);
    const double weight = sums.weight > 0 ? sums.weight : 1;
    if (status == CLF_OK) {
      status = clf__progress_step(progress, at + 1, sums.loss / weight, sums.right / weight);
    }
    if (status < 0) {
      return status;
    }
  }
  clf_status status = validate(t, &held);
  t->records[CLF__RECORD_LOSS][epoch] = sums.loss / (sums.weight > 0 ? sums.weight : 1);
  t->records[CLF__RECORD_ACCURACY][epoch] = sums.right / (sums.weight > 0 ? sums.weight : 1);
  t->records[CLF__RECORD_VALIDATION_LOSS][epoch] = held.weight > 0 ? held.loss / held.weight : 0;
  t->records[CLF__RECORD_VALIDATION_ACCURACY][epoch] =
      held.weight > 0 ? held.right / held.weight : 0;
  return status;
}

static void copy_weights(const trainer *t, float *const *to, float *const *from) {
  for (int64_t i = 0; i < t->network->layer_count; i++) {
    for (int64_t j = 0; j < t->network->layers[i]->weight_count; j++) {
      const int64_t at = t->network->first_weight[i] + j;
      const int64_t size = clf__shape_count(&weight_info(t->network, i, j)->shape);
      memcpy(to[at], from[at], (size_t)size * sizeof(float));
    }
  }
}

static bool weights_finite(const trainer *t) {
  double squares = 0;
  for (int64_t i = 0; i < t->stepped_count; i++) {
    squares += clf__sum_of_squares(t->context, t->stepped[i].values, t->stepped[i].count);
  }
  return isfinite(squares);
}

/* Runs the epochs; *epochs receives how many were good. */
static clf_status train(trainer *t, int64_t *epochs) {
  const clf__network_params *p = t->params;
  const int64_t steps = steps_per_epoch(t);
  const clf__progress progress = clf__progress_begin(t->context, "network", steps * t->epochs);
  const bool held = t->validation.count > 0;
  double least = INFINITY;
  int64_t without = 0;
  copy_weights(t, t->best, t->weights);
  for (*epochs = 0; *epochs < t->epochs; ++*epochs) {
    clf_status status = run_epoch(t, &progress, *epochs);
    const double loss = t->records[held ? CLF__RECORD_VALIDATION_LOSS : CLF__RECORD_LOSS][*epochs];
    if (status < 0) {
      return status;
    }
    if (!isfinite(loss) || !isfinite(t->records[CLF__RECORD_LOSS][*epochs]) || !weights_finite(t)) {
      copy_weights(t, t->weights, t->best);
      return clf__fail(CLF_ERROR_DIVERGED,
                       "network: the loss is not finite in epoch %lld; lower the learning rate, "
                       "scale the features or set clip_norm",
                       (long long)*epochs + 1);
    }
    clf__optimizer_epoch(t->optimizer, loss);
    const bool better = loss < least;
    least = better ? loss : least;
    without = better ? 0 : without + 1;
    if (p->patience == 0 || better) {
      copy_weights(t, t->best, t->weights);
    } else if (without >= p->patience) {
      ++*epochs;
      break;
    }
  }
  copy_weights(t, t->weights, t->best);
  return CLF_OK;
}

static clf_status store_array(clf_context *context, clf__store *state, const char *name,
                              int32_t dtype, const clf__shape *shape, const void *values) {
  clf_tensor *tensor = NULL;
  clf_status status = clf_tensor_create(&tensor, context, dtype, shape->ndim, shape->size);
  if (status == CLF_OK) {
    if (values != NULL) {
      memcpy(tensor->data, values, (size_t)clf__shape_count(shape) * clf__dtype_size(dtype));
    }
    status = clf__store_add_tensor(state, name, tensor);
  }
  clf_tensor_free(tensor);
  return status;
}

/* What the network is, and its weights with their first values. */
static clf_status begin_state(const trainer *t, clf__store *state) {
  const clf__network *network = t->network;
  const clf__shape dimensions = {1, {network->input.ndim}}, one = {1, {1}};
  const clf__shape length = {1, {(int64_t)strlen(t->layers)}};
  clf_status status = CLF_OK;
  CLF__TRY(store_array(t->context, state, "layers", CLF_U8, &length, t->layers));
  CLF__TRY(
      store_array(t->context, state, "input_shape", CLF_I64, &dimensions, network->input.size));
  CLF__TRY(store_array(t->context, state, "loss", CLF_I32, &one, &t->params->loss));
  for (int64_t i = 0; i < network->layer_count; i++) {
    for (int64_t j = 0; j < network->layers[i]->weight_count; j++) {
      const clf__weight_info *info = weight_info(network, i, j);
      const clf__weight_name name = clf__network_weight_name(network->layers[i], j);
      CLF__TRY(store_array(t->context, state, name.text, CLF_F32, &info->shape, NULL));
      clf__weight_initialise(info, seed_of(t, STREAM_WEIGHTS), network->first_weight[i] + j,
                             clf__state_data(state, name.text));
    }
  }
done:
  return status;
}

static clf_status end_state(const trainer *t, int64_t epochs, clf__store *state) {
  const clf__shape shape = {1, {epochs}};
  clf_status status = CLF_OK;
  for (int i = 0; status == CLF_OK && i < CLF__RECORDS && epochs > 0; i++) {
    const bool validation =
        i == CLF__RECORD_VALIDATION_LOSS || i == CLF__RECORD_VALIDATION_ACCURACY;
    const bool accuracy = i == CLF__RECORD_ACCURACY || i == CLF__RECORD_VALIDATION_ACCURACY;
    if ((!validation || t->validation.count > 0) && (!accuracy || t->training->labels != NULL)) {
      status = store_array(t->context, state, clf__record_names[i], CLF_F64, &shape, t->records[i]);
    }
  }
  return status;
}

/* The shape of a row: the parameter's, or the dataset's. */
static clf_status input_shape(const clf__network_params *p, const clf__training *training,
                              clf__shape *out) {
  *out = (clf__shape){1, {training->x->columns}};
  if (p->input.word < 0) {
    out->ndim = (int32_t)(p->input.count < CLF_MAX_DIMENSIONS ? p->input.count : 0);
    for (int32_t i = 0; i < out->ndim; i++) {
      out->size[i] = (int64_t)p->input.values[i];
    }
    if (out->ndim == 0 || clf__shape_count(out) != training->x->columns) {
      return clf__fail(CLF_ERROR_SHAPE, "network: input is %s; the rows have %lld features",
                       clf__shape_name(out).text, (long long)training->x->columns);
    }
  } else if (training->row_dimensions > 1) {
    out->ndim = training->row_dimensions;
    memcpy(out->size, training->row_shape, (size_t)out->ndim * sizeof *out->size);
  }
  return CLF_OK;
}

static void set_aim(trainer *t) {
  const clf__layer *last = t->network->layers[t->network->layer_count - 1];
  const bool labels = t->training->labels != NULL;
  t->aim = (clf__aim){.loss = t->params->loss,
                      .outputs = t->network->outputs,
                      .low = clf__layer_activation(last) == CLF__TANH ? -1 : 0,
                      .high = 1,
                      .labels = labels ? t->labels : NULL,
                      .targets = labels ? NULL : t->targets,
                      .weights = t->batch_weights};
}

static clf_status prepare(trainer *t, const clf_model *model, clf__store *state) {
  clf_status status = CLF_OK;
  CLF__TRY(clf__effective_weights(&t->row_weights, model, t->training, &t->params->class_weight));
  CLF__TRY(make_rows(t));
  if (t->row_weights == NULL) {
    t->train.weights = t->training->weights;
    t->validation.weights =
        t->validation.from == t->training ? t->training->weights : t->validation.weights;
  }
  CLF__TRY(begin_state(t, state));
  CLF__TRY(clf__network_state_weights(&t->weights, t->network, state));
  CLF__TRY(make_weights(t));
  CLF__TRY(make_batch(t));
  CLF__TRY(clf__optimizer_begin(t->optimizer, t->stepped, t->stepped_count));
  set_aim(t);
done:
  return status;
}

/* The parameter's, or without any a linear layer with what the rows ask for. */
static clf_status choose_layers(trainer *t, clf__text *text) {
  t->layers = t->params->layers;
  if (t->layers == NULL || t->layers[0] == '\0') {
    clf__text_append(text, "flatten; dense units=%lld", (long long)t->training->outputs);
    t->layers = text->bytes;
  }
  return text->failed ? CLF_ERROR_MEMORY : CLF_OK;
}

clf_status clf__network_fit(const clf_model *model, const clf__training *training,
                            clf__store *state) {
  trainer t = {.context = model->context,
               .params = model->params,
               .training = training,
               .optimizer = training->optimizer,
               .seed = clf__context_seed(model->context)};
  clf_optimizer *own = NULL;
  clf__shape input;
  clf__text text = {.context = model->context};
  int64_t epochs = 0;
  clf_status status = choose_layers(&t, &text);
  CLF__TRY(status);
  CLF__TRY(input_shape(t.params, training, &input));
  CLF__TRY(clf__network_build(&t.network, t.context, t.layers, &input));
  CLF__TRY(
      clf__network_check_loss(t.network, t.params->loss, training->classes, training->outputs));
  if (t.optimizer == NULL) {
    CLF__TRY(clf_optimizer_create(&own, t.context, "adam", NULL));
    t.optimizer = own;
  }
  CLF__TRY(prepare(&t, model, state));
  status = train(&t, &epochs);
  if (status == CLF_OK || status == CLF_ERROR_DIVERGED) {
    const clf_status stored = end_state(&t, epochs, state);
    status = stored < 0 ? stored : status;
  }
done:
  trainer_free(&t);
  clf__text_free(&text);
  clf_optimizer_free(own);
  clf__network_free(t.network);
  return status;
}
