/* The rows of a training: those to train on, those that are held out, and batches of them. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/text.h"
#include "data/split.h"
#include "models/network/network_trainer.h"
#include "ops/nn/sequence.h"

/* Returns the rows of a micro-batch. No layer may work on them for long, so that a fit can be
 * cancelled within a second, and what the layers keep must fit into memory: a large batch needs no
 * more memory than a small one. A layer that measures the batch needs the whole batch. */
static int64_t micro_batch_rows(const clf__trainer *t) {
  static const double max_work = 1e10; /* multiply-adds, about 0.2 s */
  static const double max_bytes = 2e9;
  double layer_work = 1, bytes = 1, rows;
  for (int64_t i = 0; i < t->network->layer_count; i++) {
    const clf__layer *layer = t->network->layers[i];
    bytes += (double)layer->kept_bytes + (double)layer->outputs * sizeof(float);
    for (int64_t j = 0; j < layer->weight_count; j++) {
      const clf__weight_info *info = &layer->weights[j];
      layer_work = fmax(layer_work,
                        (double)layer->outputs * (double)clf__min_i64(info->fan_in, layer->inputs));
    }
    if (layer->statistic_count > 0) {
      return t->batch;
    }
  }
  rows = fmin(max_work / layer_work, max_bytes / bytes);
  return (double)t->batch > rows ? (int64_t)fmax(1, rows) : t->batch;
}

static int64_t auto_epochs(const clf__trainer *t) {
  enum { MIN_EPOCHS = 10, STEPS = 2000, REGRESSION_STEPS = 4000 };
  const int64_t steps = t->regression ? REGRESSION_STEPS : STEPS;
  const int64_t epochs = (steps - 1) / clf__trainer_steps(t) + 1;
  return clf__max_i64(epochs, MIN_EPOCHS);
}

/* Returns whether a regression without a given number of epochs ends when the held-out rows no
 * longer improve: enough steps to learn a function without noise are also enough to memorize the
 * noise of another.
 */
static bool stops_by_itself(const clf__trainer *t) {
  const clf__network_params *p = t->params;
  return t->regression && !t->partial && p->epochs.word >= 0 && p->max_steps == 0 &&
         p->patience == 0;
}

static double held_share(const clf__trainer *t) {
  static const double share = 0.1;
  const double given = t->params->validation_split;
  return t->training->validation != NULL ? 0 : given == 0 && stops_by_itself(t) ? share : given;
}

/* Epochs of about 600 steps, because the losses of a few held-out rows fluctuate. */
static int64_t auto_patience(const clf__trainer *t) {
  enum { MIN_EPOCHS = 5, STEPS = 600 };
  const int64_t epochs = (STEPS - 1) / clf__trainer_steps(t) + 1;
  return clf__max_i64(epochs, MIN_EPOCHS);
}

/* Sets the epochs for all steps; a partial fit is one epoch, with a schedule for all. */
static void set_length(clf__trainer *t) {
  const clf__network_params *p = t->params;
  const int64_t steps = clf__trainer_steps(t);
  t->patience = stops_by_itself(t) ? auto_patience(t) : p->patience;
  t->epochs = p->epochs.word < 0 ? (int64_t)p->epochs.value : auto_epochs(t);
  t->max_steps = steps * t->epochs;
  if (p->max_steps > 0 && p->max_steps < t->max_steps) {
    t->max_steps = p->max_steps;
    t->epochs = (t->max_steps - 1) / steps + 1;
  }
  t->schedule = t->max_steps;
  if (t->partial) {
    t->epochs = 1;
    t->max_steps = p->max_steps > 0 ? clf__min_i64(p->max_steps, steps) : steps;
  }
}

static double weight_of(const clf__row_set *set, int64_t i) {
  return set->weights != NULL ? (double)set->weights[set->rows != NULL ? set->rows[i] : i] : 1;
}

static double total_weight(const clf__row_set *set) {
  double sum = 0;
  for (int64_t i = 0; i < set->count; i++) {
    sum += weight_of(set, i);
  }
  return sum;
}

/* Lists the rows that count in t->rows. Rows of weight 0 would change nothing, and are left out. */
static int64_t choose_rows(const clf__trainer *t) {
  const clf__row_set all = {t->training, t->train.weights, NULL, t->all_rows};
  int64_t count = 0;
  for (int64_t i = 0; i < all.count; i++) {
    t->rows[count] = i;
    count += weight_of(&all, i) > 0;
  }
  return count;
}

/* Moves rows to hold out to the end of the `count` in t->rows: a share of each class. */
static clf_status hold_out(clf__trainer *t, int64_t count, int64_t *trained) {
  const clf__training *from = t->training;
  clf_context *context = t->context;
  clf__arena arena = {.context = context};
  int32_t *labels = clf__arena_array(&arena, count, sizeof *labels);
  bool *mark = clf__arena_zeroed(&arena, count, sizeof *mark);
  int64_t *ordered = clf__arena_array(&arena, count, sizeof *ordered);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t i = 0; from->labels != NULL && i < count; i++) {
    labels[i] = from->labels[t->rows[i]];
  }
  const clf__split split = {from->labels != NULL ? labels : NULL, from->classes, count};
  CLF__TRY(clf__split_mark(context, &split, 1 - held_share(t),
                           clf__trainer_seed(t, CLF__STREAM_SPLIT), mark));
  int64_t at = 0;
  for (int first = 1; first >= 0; first--) {
    for (int64_t i = 0; i < count; i++) {
      if (mark[i] == first) {
        ordered[at++] = t->rows[i];
      }
    }
    *trained = first ? at : *trained;
  }
  memcpy(t->rows, ordered, (size_t)count * sizeof *ordered);
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status set_validation(clf__trainer *t, int64_t held) {
  const clf__training *given = t->training->validation;
  t->validation = (clf__row_set){t->training, t->train.weights, t->rows + t->train.count, held};
  if (given != NULL) {
    t->validation = (clf__row_set){given, t->validation_weights, NULL, given->x->rows};
  } else if (held == 0 && t->params->validation_split > 0) {
    clf__log(t->context, CLF_LOG_WARNING,
             "network: validation_split=%s holds out none of %lld rows; it leaves the only row of "
             "a class",
             clf__number_text(t->params->validation_split), (long long)t->train.count);
  }
  if (held > 0 && t->params->validation_split == 0) {
    clf__log(t->context, CLF_LOG_INFO,
             "network: %lld of %lld rows are held out, to end where they are predicted no better; "
             "with epochs=N all are trained on",
             (long long)held, (long long)(held + t->train.count));
  }
  return t->validation.count == 0 || total_weight(&t->validation) > 0
             ? CLF_OK
             : clf__fail(CLF_ERROR_DATA, "network: validation: all row weights are 0");
}

/* Divides the rows into those to train on and those to hold out. */
clf_status clf__trainer_rows(clf__trainer *t) {
  const int64_t rows = t->all_rows;
  t->rows = clf__arena_array(&t->arena, rows, sizeof *t->rows);
  t->order = clf__arena_array(&t->arena, rows, sizeof *t->order);
  CLF__CHECK(clf__arena_status(&t->arena));
  t->train.weights = t->row_weights;
  const int64_t count = choose_rows(t);
  int64_t trained = count;
  if (count == 0) {
    return clf__fail(CLF_ERROR_DATA, "network: all row weights are 0");
  }
  if (held_share(t) > 0) {
    CLF__CHECK(hold_out(t, count, &trained));
  }
  t->train = (clf__row_set){t->training, t->train.weights, t->rows, trained};
  CLF__CHECK(set_validation(t, count - trained));
  t->mean_weight = total_weight(&t->train) / (double)trained;
  t->train.rows = t->order;
  t->batch = clf__min_i64(t->params->batch_size, t->train.count);
  t->group = clf__min_i64(t->batch * t->params->accumulation, t->train.count);
  t->micro_batch = micro_batch_rows(t);
  set_length(t);
  return CLF_OK;
}

static void set_loss_target(clf__trainer *t) {
  const bool labels = t->training->labels != NULL;
  t->target = (clf__loss_target){.loss = t->params->loss,
                                 .outputs = t->network->outputs,
                                 .low = clf__network_end(t->network) == CLF__TANH ? -1 : 0,
                                 .high = 1,
                                 .labels = labels ? t->labels : NULL,
                                 .targets = labels ? NULL : t->targets,
                                 .scale = t->units.scale,
                                 .weights = t->batch_weights,
                                 .counts = t->batch_counts};
}

/* Returns what layer i keeps if its passes are also those of the pool after it, otherwise 0. */
static size_t kept_with_pool(const clf__network *network, int64_t i) {
  const bool has_next = i + 1 < network->layer_count;
  const clf__layer_kind *kind = has_next ? network->layers[i]->kind : NULL;
  return kind != NULL && kind->kept_with_pool != NULL
             ? kind->kept_with_pool(network->layers[i], network->layers[i + 1])
             : 0;
}

/* Allocates the buffers of a batch. */
clf_status clf__trainer_batch(clf__trainer *t) {
  const clf__network *network = t->network;
  const int64_t batch = t->micro_batch, layers = network->layer_count;
  t->y = clf__arena_zeroed(&t->arena, layers + 1, sizeof *t->y);
  t->kept = clf__arena_zeroed(&t->arena, layers, sizeof *t->kept);
  t->pooled = clf__arena_zeroed(&t->arena, layers, sizeof *t->pooled);
  CLF__CHECK(clf__arena_status(&t->arena));
  for (int64_t i = 0; i <= layers; i++) {
    const int64_t width =
        i == 0 ? clf__shape_count(&network->input) : network->layers[i - 1]->outputs;
    const size_t pooled = kept_with_pool(network, i);
    const size_t kept = pooled > 0 ? pooled : i < layers ? network->layers[i]->kept_bytes : 0;
    const bool same =
        i > 0 && clf__layer_in_place(network->layers[i - 1], i > 1 ? network->layers[i - 2] : NULL);
    const bool unused = i > 0 && t->pooled[i - 1];
    t->y[i] = same     ? t->y[i - 1]
              : unused ? NULL
                       : clf__arena_matrix(&t->arena, batch, width, sizeof *t->y[i]);
    if (pooled > 0) {
      t->pooled[i] = true;
    }
    if (kept > 0) {
      t->kept[i] = clf__arena_array(&t->arena, batch, kept);
    }
  }
  t->own = clf__arena_array(&t->arena, batch, sizeof *t->own);
  t->places = clf__arena_array(&t->arena, batch, sizeof *t->places);
  if (network->produces_mask) {
    t->spans = clf__arena_array(&t->arena, batch, sizeof *t->spans);
  }
  t->layer_gradients =
      clf__arena_matrix(&t->arena, 2 * batch, network->widest, sizeof *t->layer_gradients);
  t->labels = clf__arena_array(&t->arena, batch, sizeof *t->labels);
  t->targets = clf__arena_matrix(&t->arena, batch, t->training->outputs, sizeof *t->targets);
  t->batch_weights = clf__arena_array(&t->arena, batch, sizeof *t->batch_weights);
  t->batch_counts = clf__arena_array(&t->arena, batch, sizeof *t->batch_counts);
  for (int i = 0; i < CLF__RECORDS; i++) {
    t->records[i] = clf__arena_zeroed(&t->arena, t->epochs, sizeof *t->records[i]);
  }
  set_loss_target(t);
  return clf__arena_status(&t->arena);
}

/* Copies the features of a batch; each task copies some rows. */
typedef struct taking {
  const clf__trainer *trainer;
  const clf__rows *x;
  bool augmented;
} taking;

static void read_rows(void *argument, clf__range range) {
  const taking *job = argument;
  const clf__trainer *t = job->trainer;
  const int64_t columns = job->x->columns, count = range.end - range.first;
  const int64_t *rows = t->own + range.first;
  float *out = t->y[0] + range.first * columns;
  clf__network_gather(job->x, rows, 0, count, out);
  for (int64_t i = 0; job->augmented && i < count; i++) {
    clf__augment_row(t->augment, range.worker, t->augment_seed, t->first_row + rows[i],
                     out + i * columns);
  }
}

static void read_features(const clf__trainer *t, const clf__row_set *set, int64_t count) {
  enum { TASK_ELEMENTS = 1 << 15, AUGMENTED_ELEMENTS = 1 << 12 };
  const bool augmented = set == &t->train && t->augment != NULL;
  const int64_t elements = augmented ? AUGMENTED_ELEMENTS : TASK_ELEMENTS;
  const int64_t rows = elements / set->from->x->columns + 1;
  taking job = {t, set->from->x, augmented};
  const double values = (double)count * (double)set->from->x->columns;
  clf__parallel_ranges(t->context, count, rows,
                       values * (augmented ? 10 * CLF__COST_ELEMENT : CLF__COST_COPY), read_rows,
                       &job);
}

static void read_targets(const clf__trainer *t, const clf__training *from, int64_t row,
                         double *out) {
  for (int64_t k = 0; k < from->outputs; k++) {
    out[k] = (from->targets[row * from->outputs + k] - t->units.center[k]) / t->units.scale[k];
  }
}

/* Returns the number of the first row that `set` has here: each rank has all validation rows that
 * were given. */
static int64_t first_here(const clf__trainer *t, const clf__row_set *set) {
  return set->from == t->training->validation ? 0 : t->first_row;
}

/* Lists the rows that this rank has; of validation rows that were given, its part of them. */
static int64_t find_own(clf__trainer *t, const clf__row_set *set, int64_t first, int64_t count) {
  const bool divides = t->joined && set->from == t->training->validation;
  const int64_t ranks = divides ? clf__comm_ranks(t->context) : 1;
  const int64_t rank = divides ? clf__comm_rank(t->context) : 0;
  int64_t own = 0;
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = set->rows != NULL ? set->rows[first + i] : first + i;
    const int64_t local = row - first_here(t, set);
    if (local >= 0 && local < set->from->x->rows && i % ranks == rank) {
      t->own[own] = local;
      t->places[own++] = i;
    }
  }
  return own;
}

int64_t clf__trainer_read(clf__trainer *t, const clf__row_set *set, int64_t first, int64_t count) {
  const clf__training *from = set->from;
  const int64_t own = find_own(t, set, first, count);
  if (set == &t->train && !t->joined) {
    clf__rows_fetch_next(&t->fetch, from->x, set->rows, first, set->count);
  }
  read_features(t, set, own);
  for (int64_t i = 0; i < own; i++) {
    const int64_t row = first_here(t, set) + t->own[i];
    t->batch_weights[i] = set->weights != NULL ? set->weights[row] : 1;
    t->batch_counts[i] = from->weights != NULL ? from->weights[row] : 1;
    if (from->labels != NULL) {
      t->labels[i] = from->labels[row];
    } else {
      read_targets(t, from, row, t->targets + i * from->outputs);
    }
  }
  return own;
}
