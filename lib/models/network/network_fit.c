/* Training by minibatches: forward through the layers, the loss's gradient, backward, a step of the
 * optimizer. Everything random is a function of the seed and of the epoch or step, so the seed
 * determines a training. A loss that is not finite ends it with CLF_ERROR_DIVERGED and the weights
 * of the last good epoch. */
#include <math.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/workspace_memory.h"
#include "models/network/network_quantize.h"
#include "models/network/network_trainer.h"

uint64_t clf__trainer_seed(const clf__trainer *t, int stream) {
  clf__random random = clf__random_seed(t->seed, (uint64_t)stream);
  return clf__random_next(&random);
}

/* Seed of an epoch of this fit; the epochs of earlier fits had others. */
static clf__random random_of(const clf__trainer *t, int stream, int64_t epoch) {
  return clf__random_seed(clf__trainer_seed(t, stream), (uint64_t)(t->earlier + epoch));
}

int64_t clf__trainer_steps(const clf__trainer *t) {
  return (t->train.count - 1) / t->group + 1;
}

/* Runs one step of the optimizer, number `index` of the epoch. */
static clf_status run_step(clf__trainer *t, int64_t epoch, int64_t index, uint64_t seed,
                           clf__loss_sums *sums) {
  const int64_t first = index * t->group, left = t->train.count - first;
  const double rate = clf__optimizer_rate(t->optimizer, clf__trainer_steps(t), t->schedule);
  clf__random random = clf__random_seed(seed, (uint64_t)index);
  t->records[CLF__RECORD_LEARNING_RATE][epoch] = rate;
  clf_status status =
      clf__trainer_step(t, first, clf__min_i64(left, t->group), rate, &random, sums);
  if (status == CLF_OK) {
    t->loss = sums->data_loss / sums->weight;
    t->accuracy = sums->right / sums->count;
    t->reported = clf__seconds();
    status = clf__progress_step(&t->progress, ++t->step, t->loss, t->accuracy);
  }
  return status;
}

/* Shuffles the training rows for the epoch; the order does not depend on earlier ones. */
static void set_order(clf__trainer *t, int64_t epoch) {
  memcpy(t->order, t->rows, (size_t)t->train.count * sizeof *t->order);
  if (t->params->shuffle) {
    clf__random random = random_of(t, CLF__STREAM_ORDER, epoch);
    clf__random_shuffle(&random, t->order, t->train.count);
  }
}

/* After the first step it is known how much memory the layers take in one. */
static void grow_workspace(clf__workspace *workspace) {
  if (workspace->peak > workspace->size && clf__workspace_empty(workspace)) {
    clf__workspace_resize(workspace, workspace->peak);
  }
}

static clf_status run_steps(clf__trainer *t) {
  const int64_t epoch = t->epoch;
  const int64_t all = clf__trainer_steps(t), left = t->max_steps - t->step;
  const int64_t steps = clf__min_i64(all, left);
  clf__random drawn = random_of(t, CLF__STREAM_STEP, epoch);
  clf__random changes = random_of(t, CLF__STREAM_AUGMENT, epoch);
  const uint64_t step_seed = clf__random_next(&drawn);
  const double began = clf__seconds();
  clf__loss_sums of[2], *const sums = &of[0], *const held = &of[1];
  memset(of, 0, sizeof of);
  set_order(t, epoch);
  t->augment_seed = clf__random_next(&changes);
  for (int64_t i = 0; i < steps; i++) {
    CLF__CHECK(run_step(t, epoch, i, step_seed, sums));
    grow_workspace(&t->workspace);
  }
  CLF__CHECK(clf__trainer_validate(t, held));
  CLF__CHECK(clf__trainer_join_losses(t, of, 2));
  t->records[CLF__RECORD_SECONDS][epoch] = clf__seconds() - began;
  t->criterion = sums->loss / sums->weight;
  t->records[CLF__RECORD_LOSS][epoch] = sums->data_loss / sums->weight;
  t->records[CLF__RECORD_ACCURACY][epoch] = sums->right / sums->count;
  if (t->validation.count > 0) {
    t->criterion = held->loss / held->weight;
    t->records[CLF__RECORD_VALIDATION_LOSS][epoch] = held->data_loss / held->weight;
    t->records[CLF__RECORD_VALIDATION_ACCURACY][epoch] = held->right / held->count;
  }
  return CLF_OK;
}

/* The layers allocate the same arrays in every step. They get them from a workspace, whose pages
 * are mapped and cleared once. Between epochs it takes no memory. Under a memory limit there is
 * none, since blocks that do not fit would be needed in addition to it. */
static clf_status run_epoch(clf__trainer *t) {
  clf_status status;
  if (clf__context_available(t->context) < SIZE_MAX) {
    status = run_steps(t);
  } else {
    clf__workspace_resize(&t->workspace, t->workspace.peak);
    clf__workspace_open(&t->workspace);
    status = run_steps(t);
    clf__workspace_close(&t->workspace);
    clf__workspace_resize(&t->workspace, 0);
  }
  clf__rows_fetch_end(&t->fetch, t->training->x);
  return status;
}

typedef clf_status (*part)(clf__trainer *t);

typedef struct part_run {
  clf__trainer *trainer;
  part run;
} part_run;

static clf_status part_job(void *argument, clf__range range) {
  const part_run *own = argument;
  (void)range;
  return own->run(own->trainer);
}

/* Runs a part of the training as a watched call, so that the host is asked within long steps of
 * layers too. */
static clf_status watch(clf__trainer *t, part run) {
  part_run own = {t, run};
  return clf__jobs_run(&t->progress, &t->step, 1, 1, CLF__WORK_LONG, part_job, &own);
}

static void end_epoch(clf__trainer *t) {
  const bool better = t->criterion < t->best_criterion;
  clf__optimizer_epoch(t->optimizer, t->criterion);
  t->epoch++;
  t->best_criterion = better ? t->criterion : t->best_criterion;
  t->epochs_without_improvement = better ? 0 : t->epochs_without_improvement + 1;
  if (t->patience == 0 || better) {
    clf__trainer_copy_weights(t, t->best, t->averaged_weights);
  } else if (t->epochs_without_improvement >= t->patience) {
    t->stopped = true;
  }
}

/* Restores a checkpoint, if there is one, or prepares the first epoch. */
static clf_status begin(clf__trainer *t) {
  t->best_criterion = INFINITY;
  t->loss = t->accuracy = NAN;
  t->reported = clf__seconds();
  t->progress = clf__progress_begin(t->context, "network", t->max_steps);
  clf__trainer_copy_weights(t, t->best, t->weights);
  const clf_status status = clf__checkpoint_read(t);
  return status == CLF_OK ? clf__checkpoint_check(t) : status;
}

static clf_status train(clf__trainer *t) {
  clf_status status = begin(t);
  while (status == CLF_OK && t->epoch < t->epochs && !t->stopped) {
    CLF__TRY(watch(t, run_epoch));
    const double own = t->records[CLF__RECORD_LOSS][t->epoch];
    const double held = t->records[CLF__RECORD_VALIDATION_LOSS][t->epoch];
    if (!isfinite(held) || !isfinite(own) || !clf__trainer_weights_finite(t)) {
      status = clf__fail(CLF_ERROR_DIVERGED,
                         "network: the loss is not finite in epoch %lld; lower the learning rate, "
                         "scale the features or set clip_norm",
                         (long long)t->epoch + 1);
    } else {
      end_epoch(t);
      status = clf__checkpoint_write(t);
    }
  }
done:
  return t->epoch > 0 ? clf__stop_keep(t->training->stop, status) : status;
}

static void log_choices(const clf__trainer *t) {
  clf__text text = {.context = t->context};
  if (t->training->log_as == NULL || !clf__context_has_log(t->context)) {
    return;
  }
  clf__optimizer_append(&text, t->optimizer);
  if (!text.failed) {
    clf__fit_log(t->training, "optimizer %s", text.bytes);
  }
  clf__text_free(&text);
  if (t->params->input.word >= 0) {
    clf__fit_log(t->training, "input=auto is %s", clf__shape_name(&t->network->input).text);
  }
  if (t->params->epochs.word >= 0 && !t->partial) {
    clf__fit_log(t->training, "epochs=auto is %lld", (long long)t->epochs);
  }
}

static void log_end(const clf__trainer *t) {
  if (t->stopped) {
    clf__fit_log(t->training,
                 "stopped after epoch %lld of %lld, %lld without a lower loss; the weights are "
                 "those of epoch %lld",
                 (long long)t->epoch, (long long)t->epochs,
                 (long long)t->epochs_without_improvement,
                 (long long)(t->epoch - t->epochs_without_improvement));
  } else if (t->patience > 0 && t->epochs_without_improvement > 0) {
    clf__fit_log(t->training, "the weights are those of epoch %lld of %lld, of the lowest loss",
                 (long long)(t->epoch - t->epochs_without_improvement), (long long)t->epoch);
  }
}

typedef struct reduction {
  clf__trainer *trainer;
  bool measures;
  clf__store *state;
} reduction;

static clf_status reduction_job(void *argument, clf__range range) {
  const reduction *own = argument;
  const clf__trainer *t = own->trainer;
  (void)range;
  return clf__network_reduce_fit(t->network, t->training, t->partial ? t->before : NULL,
                                 own->measures ? t->epoch * t->train.count : 0, own->state);
}

static clf_status reduce(clf__trainer *t, bool measures, clf__store *state) {
  reduction own = {t, measures, state};
  return clf__jobs_run(&t->progress, &t->step, 1, 1, CLF__WORK_LONG, reduction_job, &own);
}

/* Adds to the state what was learned and what a partial fit would continue from. The best weights
 * of several epochs do not go together with the optimizer's state, which belongs to the last ones.
 * For a stream of rows, running statistics represent more than the last rows. */
static clf_status end(clf__trainer *t, clf__store *state, clf_status trained) {
  const bool resumes = t->partial || (t->params->warm_start && t->patience == 0);
  bool measures = t->epoch > 0;
  clf_status status = trained;
  if (trained < 0 && (trained != CLF_ERROR_DIVERGED || t->epoch == 0)) {
    return trained;
  }
  if (measures && t->partial) {
    CLF__TRY(clf__resume_same_rows(t, &measures));
  }
  if (trained == CLF_OK && resumes && t->epoch > 0) {
    CLF__TRY(clf__resume_write(t, state));
  }
  clf__trainer_copy_weights(t, t->weights, t->best);
  CLF__TRY(measures ? watch(t, clf__trainer_measure) : CLF_OK);
  CLF__TRY(clf__trainer_end_state(t, state));
  CLF__TRY(reduce(t, measures, state));
  status = trained;
done:
  return status;
}

/* Determines the shape of a row: by the parameter, by the network that the fit continues from, or
 * by the dataset. */
static clf_status input_shape(const clf__network_params *p, const clf__training *training,
                              const clf__network *before, clf__shape *out) {
  *out = (clf__shape){1, {training->x->columns}};
  if (p->input.word >= 0 && before != NULL) {
    *out = before->input;
  } else if (p->input.word < 0) {
    if (!clf__network_input(p, out) || clf__shape_count(out) != training->x->columns) {
      return clf__fail(CLF_ERROR_SHAPE, "network: input is %s; the rows have %lld features",
                       clf__shape_name(out).text, (long long)training->x->columns);
    }
  } else if (training->row_dimensions > 1) {
    out->ndim = training->row_dimensions;
    memcpy(out->size, training->row_shape, (size_t)out->ndim * sizeof *out->size);
  }
  return CLF_OK;
}

static clf_status prepare(clf__trainer *t, const clf_model *model, clf__store *state) {
  const clf__training *given = t->training->validation;
  const clf__list *class_weight = &t->params->class_weight;
  CLF__CHECK(clf__effective_weights(&t->row_weights, &t->arena, model, t->training, t->training,
                                    class_weight));
  if (given != NULL) {
    CLF__CHECK(clf__effective_weights(&t->validation_weights, &t->arena, model, given, t->training,
                                      class_weight));
  }
  CLF__CHECK(clf__trainer_join(t));
  CLF__CHECK(clf__trainer_rows(t));
  CLF__CHECK(clf__trainer_begin_state(t, state));
  if (t->regression) {
    CLF__CHECK(clf__trainer_units(t, state));
  }
  CLF__CHECK(clf__network_state_weights(&t->weights, t->network, state));
  CLF__CHECK(clf__trainer_weights(t));
  CLF__CHECK(clf__trainer_batch(t));
  CLF__CHECK(clf__augment_create(&t->augment, t->context, t->params->augment,
                                 t->network->input.ndim, t->network->input.size));
  CLF__CHECK(clf__optimizer_begin(t->optimizer, t->stepped, t->stepped_count));
  if (t->partial) {
    clf__resume_read(t);
  }
  return CLF_OK;
}

/* Returns the layers of the parameter, or else a linear layer of the size that the rows require. */
static clf_status choose_layers(clf__trainer *t, clf__text *text) {
  t->layers = t->params->layers;
  if (t->layers == NULL || t->layers[0] == '\0') {
    clf__text_append(text, "flatten; dense units=%lld", (long long)t->training->outputs);
    t->layers = text->bytes;
  }
  return text->failed ? CLF_ERROR_MEMORY : CLF_OK;
}

/* Returns the number of epochs that the model has had. */
static int64_t epochs_of(const clf__store *state) {
  const clf_tensor *losses = state != NULL ? clf__store_tensor(state, "history_loss") : NULL;
  return losses != NULL ? clf_tensor_count(losses) : 0;
}

/* Determines what the training continues from. */
static clf_status go_on(clf__trainer *t, clf__network *before) {
  const int64_t kept = clf__network_kept_layers(t->before);
  CLF__CHECK(clf__network_state_weights(&t->before_weights, before, t->before));
  t->new_head = kept >= 0;
  t->earlier = t->new_head ? 0 : epochs_of(t->before);
  return clf__resume_check(t->network, before, kept, &t->kept_weights);
}

static clf_status check_frozen(const clf__trainer *t) {
  const char *frozen = t->params->frozen;
  if (frozen == NULL || frozen[0] == '\0') {
    return CLF_OK;
  }
  if (clf__network_first_trained(t->network) == t->network->layer_count) {
    return clf__fail(CLF_ERROR_ARGUMENT, "network: frozen=%s leaves no layer with weights to train",
                     frozen);
  }
  if (t->before == NULL) {
    clf__log(t->context, CLF_LOG_WARNING,
             "network: frozen=%s: the model was not fitted before, so these layers keep their "
             "random initial weights",
             frozen);
  }
  return CLF_OK;
}

static clf_status fit(const clf_model *model, const clf__training *training, bool partial,
                      clf__store *state) {
  clf__trainer t = {.context = model->context,
                    .arena = {.context = model->context},
                    .workspace = {.context = model->context},
                    .params = model->params,
                    .training = training,
                    .regression = training->targets != NULL,
                    .before = training->before,
                    .partial = partial,
                    .optimizer = training->optimizer,
                    .seed = clf__context_seed(model->context)};
  clf_optimizer *own = NULL;
  clf__network *before = NULL;
  clf__shape input;
  clf__text text = {.context = model->context};
  clf_status status = choose_layers(&t, &text);
  CLF__TRY(status);
  if (t.before != NULL) {
    CLF__TRY(clf__network_of_state(&before, t.context, t.before));
  }
  CLF__TRY(input_shape(t.params, training, before, &input));
  CLF__TRY(clf__network_build(&t.network, t.context, t.layers, &input));
  CLF__TRY(clf__network_set_precision(t.network, t.params->precision));
  CLF__TRY(
      clf__network_check_loss(t.network, t.params->loss, training->classes, training->outputs));
  CLF__TRY(clf__network_check_end(t.network, t.params->loss));
  CLF__TRY(clf__network_warn_of_end(t.network, t.params->loss, training));
  CLF__TRY(clf__network_mark_frozen(t.network, t.params->frozen, true));
  CLF__TRY(check_frozen(&t));
  CLF__TRY(before != NULL ? go_on(&t, before) : CLF_OK);
  CLF__TRY(clf__resume_optimizer(&own, &t));
  t.optimizer = own != NULL ? own : t.optimizer;
  CLF__TRY(prepare(&t, model, state));
  log_choices(&t);
  status = end(&t, state, train(&t));
  log_end(&t);
done:
  clf__augment_free(t.augment);
  clf__arena_free(&t.arena);
  clf__text_free(&text);
  clf_optimizer_free(own);
  clf__network_free(t.network);
  clf__network_free(before);
  return status;
}

clf_status clf__network_fit(const clf_model *model, const clf__training *training,
                            clf__store *state) {
  return fit(model, training, false, state);
}

clf_status clf__network_partial_fit(const clf_model *model, const clf__training *training,
                                    clf__store *state) {
  return fit(model, training, true, state);
}
