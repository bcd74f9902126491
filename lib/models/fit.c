/* Fitting, common to all kinds: checks, the pipeline, weights. A fit builds a new state, which
 * replaces the old one only when everything has succeeded. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bf16.h"
#include "base/border.h"
#include "base/text.h"
#include "data/rank_whole.h"
#include "models/decision/decision.h"
#include "models/fit_checks.h"
#include "models/fit_ranks.h"
#include "models/fit_validation.h"
#include "models/kind_rows.h"
#include "models/sums.h"
#include "models/targets.h"

/* A dataset that belongs to the caller or was made by the pipeline. */
typedef struct pipeline_data {
  const clf_dataset *data;
  clf_dataset *made; /* owned, or NULL */
} pipeline_data;

/* Sends the rows through the stages, and fits each stage first if `fit` is set. */
static clf_status run_stages(pipeline_data *out, clf_transform **stages, int64_t count, bool fit,
                             const clf_dataset *data) {
  pipeline_data now = {data, NULL};
  for (int64_t i = 0; i < count; i++) {
    clf_dataset *next = NULL;
    clf_status status = fit ? clf_transform_fit_apply(&next, stages[i], now.data)
                            : clf_transform_apply(&next, stages[i], now.data);
    clf_dataset_free(now.made);
    if (status < 0) {
      return status;
    }
    next->shards = data->shards;
    now = (pipeline_data){next, next};
  }
  *out = now;
  return CLF_OK;
}

clf_status clf__stages_run(const clf_dataset **out, clf_dataset **made, clf_transform **stages,
                           int64_t count, bool fit, const clf_dataset *data) {
  pipeline_data result;
  clf_status status = run_stages(&result, stages, count, fit, data);
  if (status == CLF_OK) {
    *out = result.data;
    *made = result.made;
  }
  return status;
}

clf_status clf__model_pipeline(const clf_model *model, const clf_dataset *data,
                               const clf_dataset **out, clf_dataset **made) {
  return clf__stages_run(out, made, model->stages, model->stage_count, false, data);
}

/* Adds the weights of rows: those of each class, or of all without labels. */
static clf_status add_weights(void *argument, int64_t first, int64_t rows, double *sums) {
  const clf__training *training = argument;
  for (int64_t i = first; i < first + rows; i++) {
    const double weight = training->weights != NULL ? (double)training->weights[i] : 1;
    sums[training->labels != NULL ? training->labels[i] : 0] += weight;
  }
  return CLF_OK;
}

static clf_status sum_weights(clf__training *training, double *sums, int64_t count) {
  const clf__shard_sum sum = {.name = "weights",
                              .of = training->x->shards,
                              .rows = training->x->rows,
                              .integers = training->weights == NULL,
                              .add = add_weights,
                              .argument = training};
  return clf__shards_sum(&sum, sums, count);
}

/* Fills class_rows, and refuses data without two classes. */
static clf_status count_classes(clf__training *training, const clf_model *model) {
  int64_t present = 0;
  CLF__CHECK(sum_weights(training, training->class_rows, training->classes));
  for (int64_t k = 0; k < training->classes; k++) {
    present += training->class_rows[k] > 0;
  }
  memcpy(training->class_sums, training->class_rows,
         (size_t)training->classes * sizeof *training->class_sums);
  if (present == 0) {
    return clf__fail(CLF_ERROR_DATA, "%s: all row weights are 0", model->kind->base.name);
  }
  if (training->partial ? training->classes < 2 : present < 2) {
    return clf__fail(CLF_ERROR_DATA, "%s: the rows hold one class only; two are needed",
                     model->kind->base.name);
  }
  return CLF_OK;
}

static clf_status check_regression_weights(clf__training *training, const clf_model *model) {
  double sum = training->weights == NULL ? 1 : 0;
  CLF__CHECK(training->weights != NULL ? sum_weights(training, &sum, 1) : CLF_OK);
  return sum > 0 ? CLF_OK
                 : clf__fail(CLF_ERROR_DATA, "%s: all row weights are 0", model->kind->base.name);
}

/* What a fit may be given in addition to its rows. */
typedef struct fit_extras {
  bool silent; /* one of the fits of a search */
  bool partial;
  const clf__store *before; /* the state that it continues from, or NULL */
  bool new_outputs;         /* which is of other classes */
  clf_optimizer *optimizer;
  const clf__training *validation;
  clf__fit_shared *shared;
  clf__comm_call *together; /* of all ranks; NULL for a fit within another call */
  bool whole;               /* each rank makes the fit to the rows of all */
  clf__stop stop;
} fit_extras;

/* A training that diverged after good epochs. */
static bool is_partly_good(clf_status status, const clf_model *next) {
  return status == CLF_ERROR_DIVERGED && next->state != NULL &&
         clf__store_tensor(next->state, "history_loss") != NULL;
}

/* Refuses what a file of the model would be refused for. */
clf_status clf__fit_check_fitted(const clf_model *next) {
  const clf_status status = next->kind->check(next);
  return status == CLF_ERROR_CORRUPT
             ? clf__fail_within(CLF_ERROR_NUMERIC, "these rows and parameters leave no model")
             : status;
}

void clf__fit_log(const clf__training *training, const char *format, ...) {
  const clf_model *model = training->log_as;
  char line[400];
  if (model == NULL || !clf__context_has_log(model->context)) {
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  clf__log(model->context, CLF_LOG_INFO, "%s: %s", model->kind->base.name, line);
}

static void log_rows(const clf__training *training) {
  const clf_model *model = training->log_as;
  if (model != NULL) {
    clf__fit_log(training, "%lld rows of %lld columns%s, %lld %s; %d threads, kernels for %s",
                 (long long)training->x->rows, (long long)training->x->columns,
                 training->center != NULL ? ", their center subtracted" : "",
                 (long long)training->outputs,
                 training->classes > 0       ? "classes"
                 : training->targets != NULL ? "targets"
                                             : "outputs",
                 (int)clf__context_threads(model->context), clf_context_cpu(model->context));
  }
}

/* Labels and targets that the fit does not use. */
static void log_unused(const clf_model *model, const clf_dataset *data) {
  if (data->labels != NULL || data->targets != NULL) {
    clf__log(model->context, CLF_LOG_INFO, "%s: with %s the fit does not use the %s of the rows",
             model->kind->base.name, clf__model_learning(model).setting,
             data->labels != NULL ? "labels" : "targets");
  }
}

static void log_stop(const clf__training *training) {
  if (training->stop->kept) {
    clf__fit_log(training,
                 "stopped, as the progress callback asked; the model has what the fit "
                 "had found until then");
  }
}

/* Replaces the rows of a training by those of all ranks, if the kind needs them on each. */
static clf_status gather_rows(clf__rank_whole *whole, clf__rows *x, clf__training *training,
                              const clf_model *next) {
  if (x->shards == NULL || x->shards->ranks == 1 || next->kind->whole_rows == NULL ||
      !next->kind->whole_rows(next)) {
    return CLF_OK;
  }
  const clf__rank_part part = {.x = x,
                               .labels = training->labels,
                               .targets = training->targets,
                               .weights = training->weights,
                               .classes = training->classes,
                               .outputs = training->outputs};
  CLF__CHECK(clf__rank_whole_gather(whole, next->context, &part));
  *x = whole->x;
  training->labels = whole->labels;
  training->targets = whole->targets;
  training->weights = whole->weights;
  return CLF_OK;
}

static clf_status check_finite(const clf_model *next, const clf__rows *x) {
  const clf_status status = clf__rows_check_finite(next->context, x);
  return status < 0 ? clf__fail_within(status, "%s", next->kind->base.name) : CLF_OK;
}

static bool shows_finite(const clf_model *next, const clf__rows *x) {
  return (x->shards == NULL || x->shards->ranks == 1) && next->kind->sums_first != NULL &&
         next->kind->sums_first(next);
}

/* Returns whether a search of the rows may have failed before the fit did so. */
static bool may_be_of_values(clf_status status) {
  return status == CLF_ERROR_DATA || status == CLF_ERROR_NUMERIC || status == CLF_ERROR_ARGUMENT;
}

/* Runs one fit on rows after the pipeline. `labels` are class indices of the model. */
static clf_status fit_rows(clf_model *next, const clf_dataset *data, const int32_t *labels,
                           fit_extras *extras) {
  clf__rows x = clf__dataset_rows(data);
  const bool alone = clf__model_learning(next).from == CLF__LEARNS_ROWS;
  clf__rank_whole whole = {.shards = NULL};
  clf__kind_rows own = {.center = NULL};
  clf__kind_rows *rows = extras->shared != NULL ? &extras->shared->rows : &own;
  CLF__CHECK(clf__dataset_check_numbers(data, next->kind->base.name));
  const bool unchecked = shows_finite(next, &x);
  CLF__CHECK(unchecked ? CLF_OK : check_finite(next, &x));
  clf_status status = CLF_OK;
  clf__training training = {
      .labels = labels,
      .targets = labels == NULL && !alone ? clf__dataset_targets(data) : NULL,
      .weights = clf__dataset_weights(data),
      .classes = labels != NULL ? next->outputs : 0,
      .outputs = next->outputs,
      .partial = extras->partial || (extras->before != NULL && next->kind->goes_on_by != NULL),
      .before = extras->before,
      .new_outputs = extras->new_outputs,
      .row_dimensions = data->x != NULL ? data->x->ndim - 1 : 1,
      .row_shape = data->x != NULL ? data->x->shape + 1 : &data->features,
      .optimizer = extras->optimizer,
      .validation = extras->validation,
      .log_as = extras->silent ? NULL : next,
      .shared = extras->shared != NULL ? &extras->shared->own : NULL,
      .left_out = extras->shared != NULL ? extras->shared->left_out : NULL,
      .stop = &extras->stop,
  };
  training.class_rows =
      clf__alloc_zeroed(next->context, clf__count(2, training.classes), sizeof(double));
  if (training.class_rows == NULL) {
    return CLF_ERROR_MEMORY;
  }
  training.class_sums = training.class_rows + training.classes;
  training.x = &x;
  training.parts = x.shards;
  next->columns = x.columns;
  CLF__TRY(gather_rows(&whole, &x, &training, next));
  CLF__TRY(labels != NULL ? count_classes(&training, next)
                          : check_regression_weights(&training, next));
  CLF__TRY(training.targets == NULL ? CLF_OK : clf__targets_check(next, &training));
  /* A whole fit chooses its own center, wherever it begins. */
  CLF__TRY(clf__kind_rows_fit(rows, next, &x, training.weights,
                              extras->partial ? extras->before : NULL));
  training.x = &rows->x;
  training.center = rows->center != NULL ? rows->center->data : NULL;
  log_rows(&training);
  status = extras->partial ? next->kind->partial_fit(next, &training, next->state)
                           : next->kind->fit(next, &training, next->state);
  if (status == CLF_ERROR_NUMERIC) {
    clf__fail_within(status, "%s", next->kind->base.name);
  }
  if (status < 0 && !is_partly_good(status, next)) {
    goto done;
  }
  const clf_status ended = status;
  log_stop(&training);
  clf__stop_keep(&extras->stop, CLF_OK);
  next->outcome = ended < 0 ? CLF_NOT_CONVERGED : ended;
  CLF__TRY(clf__iterations_add(next));
  CLF__TRY(clf__decision_add_absent(next, &training));
  CLF__TRY(clf__decision_add_class_rows(next, &training));
  CLF__TRY(clf__state_check_finite(next));
  CLF__TRY(clf__fit_check_fitted(next));
  CLF__TRY(clf__model_prepare(next));
  status = ended;
done:
  if (unchecked && may_be_of_values(status)) {
    const clf_status found = check_finite(next, &x);
    status = found < 0 ? found : status;
  }
  clf__kind_rows_free(&own);
  clf__rank_whole_free(&whole);
  clf__free(training.class_rows);
  return status;
}

clf_status clf__state_check_finite(const clf_model *model) {
  for (int64_t i = 0; i < clf__store_count(model->state); i++) {
    const char *name = clf__store_name(model->state, i);
    const clf_tensor *tensor = clf__store_tensor(model->state, name);
    const bool floats =
        tensor->dtype == CLF_F32 || tensor->dtype == CLF_F64 || tensor->dtype == CLF_BF16;
    const int64_t count = floats ? clf_tensor_count(tensor) : 0;
    for (int64_t j = 0; j < count; j++) {
      const double value = tensor->dtype == CLF_F32 ? (double)((const float *)tensor->data)[j]
                           : tensor->dtype == CLF_BF16
                               ? (double)clf__bf16_value(((const uint16_t *)tensor->data)[j])
                               : ((const double *)tensor->data)[j];
      if (!isfinite(value)) {
        return clf__fail(CLF_ERROR_NUMERIC,
                         "%s: '%s' has a value that is not finite; are the features scaled?",
                         model->kind->base.name, name);
      }
    }
  }
  return CLF_OK;
}

/* Makes a second model with the same kind and parameters, whose fitted parts are empty. If it
 * continues a fit, it borrows the fitted transforms. */
static clf_status begin_fit(clf_model *next, const clf_model *model, bool goes_on) {
  *next = *model;
  next->stages = goes_on ? model->stages : NULL;
  next->state = NULL;
  next->prepared = NULL;
  next->decision = (clf__decision){.absent = NULL};
  next->linear = (clf__linear_bound){.center = NULL};
  next->sums = NULL;
  next->classes = NULL;
  next->names = NULL;
  next->categories = NULL;
  clf_status status = goes_on ? CLF_OK : clf__stages_clone(&next->stages, model, 0);
  if (status == CLF_OK) {
    status = clf__store_create(&next->state, model->context);
  }
  return status;
}

static void free_fit(clf_model *fitted, bool goes_on) {
  if (!goes_on) {
    clf__stages_free(fitted->stages, fitted->stages != NULL ? fitted->stage_count : 0);
  }
  clf__model_drop_fit(fitted);
}

/* Sets extras->before to the state that the fit continues from; if it discards one instead, the log
 * says so. */
static void choose_before(const clf_model *model, fit_extras *extras) {
  const clf__model_kind *kind = model->kind;
  if (extras->partial || (kind->goes_on != NULL && kind->goes_on(model))) {
    extras->before = model->state;
  } else if (kind->goes_on_by != NULL && model->state != NULL) {
    clf__log(model->context, CLF_LOG_WARNING,
             "%s: the fit replaces what the model has learned; %s continues from it, and so does "
             "partial_fit",
             kind->base.name, kind->goes_on_by);
  }
}

static clf_status fit_stoppable(clf_model *model, const clf_dataset *train,
                                const clf_dataset *validation, fit_extras *extras) {
  clf_status status = CLF_OK;
  CLF__CHECK(clf__fit_check_capabilities(model, train));
  choose_before(model, extras);
  CLF__CHECK(clf__decision_check_start(model, extras->before != NULL && !extras->partial));
  const bool goes_on = extras->before != NULL;
  const bool same_outputs =
      goes_on && !(model->kind->has_new_outputs != NULL && model->kind->has_new_outputs(model));
  extras->new_outputs = goes_on && !same_outputs;
  clf_dataset *matched = NULL;
  CLF__CHECK(same_outputs ? clf__fit_check_outputs(model, train) : CLF_OK);
  CLF__CHECK(goes_on ? clf__fit_match(&train, &matched, model, train) : CLF_OK);
  clf_model next;
  pipeline_data data = {train, NULL};
  clf__fit_validation held = {.given = NULL};
  clf__fit_shared folds = {.own = NULL};
  int32_t *labels = NULL;
  CLF__TRY(begin_fit(&next, model, goes_on));
  CLF__TRY(run_stages(&data, next.stages, next.stage_count, !goes_on, train));
  next.features = train->features;
  next.names = clf__names_retain(goes_on ? model->names : train->names);
  next.categories = clf__categories_retain(goes_on ? model->categories : train->categories);
  const bool alone = clf__model_learning(model).from == CLF__LEARNS_ROWS;
  if (!alone) {
    next.classes = clf__classes_retain(same_outputs ? model->classes : train->classes);
  } else if (!extras->silent) {
    log_unused(model, train);
  }
  if (same_outputs && next.classes != NULL) {
    CLF__TRY(clf__fit_translate_labels(&labels, &next, train));
  }
  next.outputs = next.classes != NULL ? clf__classes_count(next.classes)
                 : alone              ? 1
                                      : clf_dataset_outputs(train);
  if (validation != NULL) {
    CLF__TRY(clf__fit_validation_begin(&held, &next, validation));
    extras->validation = held.training.x != NULL ? &held.training : NULL;
  }
  if (!extras->partial && extras->shared == NULL && clf__decision_folds_share(&next)) {
    extras->shared = &folds;
  }
  status = fit_rows(&next, data.data, labels != NULL || alone ? labels : clf__dataset_labels(train),
                    extras);
  const bool kept = is_partly_good(status, &next);
  if (status < 0 && !kept) {
    goto done;
  }
  if (extras->stop.kept || (extras->partial && model->state == NULL)) {
    clf__decision_log_skipped(&next);
  } else if (!kept && !extras->partial) {
    CLF__TRY(clf__decision_fit(&next, train, labels != NULL ? labels : clf__dataset_labels(train),
                               extras->optimizer, validation, extras->shared));
  }
  if (validation != NULL && !kept) {
    if (extras->together != NULL && extras->together->outermost) {
      clf__comm_alone(model->context, true); /* each rank has these rows of all */
    }
    CLF__TRY(clf__fit_add_validation_score(&next, held.given));
  }
  CLF__TRY(extras->together != NULL ? clf__comm_end(extras->together, CLF_OK) : CLF_OK);
  clf__decision_log_dropped(model, &next);
  clf_model old = *model;
  *model = next;
  next = old;
  status = kept ? CLF_ERROR_DIVERGED : CLF_OK;
done:
  clf__free(labels);
  clf__fit_validation_end(&held);
  clf_dataset_free(data.made);
  clf_dataset_free(matched);
  clf__fit_shared_free(&folds, model->kind);
  free_fit(&next, goes_on);
  return status;
}

static clf_status fit_model(clf_model *model, const clf_dataset *train,
                            const clf_dataset *validation, fit_extras *extras) {
  const clf__sums_kind *sums = model->kind->sums;
  if (sums != NULL && sums->kept(model)) {
    return clf__sums_fit(model, train, validation, extras->silent);
  }
  clf__stop_begin(&extras->stop);
  extras->stop.shared = extras->whole || clf__comm_running(model->context);
  const clf_status status = fit_stoppable(model, train, validation, extras);
  clf__stop_end(&extras->stop);
  return status;
}

clf_status clf_model_fit(clf_model *model, const clf_dataset *train, clf_optimizer *optimizer,
                         const clf_dataset *validation) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  clf__fit_joint j = {.rows = NULL};
  fit_extras extras = {.optimizer = optimizer != NULL ? optimizer : model->optimizer,
                       .together = &j.call};
  clf_status status = CLF_OK;
  CLF__TRY(clf__comm_begin(&j.call, model->context));
  CLF__TRY(optimizer != NULL ? clf__model_check_optimizer(model) : CLF_OK);
  CLF__TRY(clf__fit_join(&j, model, train, validation));
  extras.whole = j.call.outermost && !clf__fit_is_divided(model);
  CLF__TRY(extras.whole ? clf__fit_join_whole(&j, model, extras.optimizer) : CLF_OK);
  status = fit_model(model, j.rows, j.validation, &extras);
done:
  status = clf__comm_end(&j.call, status);
  clf__fit_joint_free(&j);
  return status;
}

clf_status clf__model_fit_within(clf_model *model, const clf_dataset *train,
                                 const clf_dataset *validation, clf__fit_shared *shared) {
  /* Rows that a pipeline makes exist for one fit only. */
  fit_extras extras = {.optimizer = model->optimizer,
                       .silent = true,
                       .shared = model->stage_count == 0 ? shared : NULL};
  return fit_model(model, train, validation, &extras);
}

static bool is_partial(const clf__kind *kind) {
  const clf__model_kind *model = (const void *)kind;
  return model->sums != NULL || model->partial_fit != NULL;
}

clf_status clf_model_partial_fit(clf_model *model, const clf_dataset *train) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(train);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(clf__comm_refuse(model->context, "clf_model_partial_fit()"));
  fit_extras extras = {.partial = true, .optimizer = model->optimizer};
  if (model->kind->sums != NULL) {
    return clf__sums_partial_fit(model, train);
  }
  if (model->kind->partial_fit == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s cannot be fitted in parts, as %s can",
                     model->kind->base.name, clf__kinds_with(&clf__model_kinds, is_partial).text);
  }
  if (model->stage_count > 0 && model->state == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "%s: transforms are fitted on all rows at once; fit the model once, or apply "
                     "them to the dataset before partial_fit",
                     model->kind->base.name);
  }
  return fit_model(model, train, NULL, &extras);
}
