/* Fits by sums: the rows of a call are added to the sums of earlier ones, or subtracted from them.
 * Everything that may fail happens to a second model, which then replaces the first. */
#include <string.h>

#include "base/border.h"
#include "base/text.h"
#include "comm/comm.h"
#include "models/decision/decision.h"
#include "models/fit_checks.h"
#include "models/sums.h"
#include "models/sums_parts.h"
#include "models/targets.h"

enum { FIT, BEGIN /* the first partial fit */, ADD, FORGET };

typedef struct sums_call {
  int what;         /* FIT … */
  clf_model *model; /* of the caller */
  clf_model next;
  bool own_stages; /* next.stages are new */
  const clf_dataset *data;
  clf_dataset *matched;   /* the rows with the model's columns, or NULL */
  clf_dataset *made;      /* by the stages, or NULL */
  int32_t *labels;        /* [rows] classes of `next`; NULL for targets */
  int32_t *map;           /* [classes of the model] their indices in `next` */
  double *factor, *shift; /* [columns] the map of earlier sums, or NULL */
  clf__arena arena;
  clf__moment_rows rows;
  clf__rows x;
  clf__few_rows *few; /* or NULL: next.sums are new */
} sums_call;

/* Chooses the classes of the result, of which those of the model keep their names. */
static clf_status join_classes(sums_call *call) {
  clf_model *model = call->model, *next = &call->next;
  clf__classes *given = call->data->classes;
  if (call->what <= BEGIN || given == NULL) {
    next->classes = clf__classes_retain(given);
    return CLF_OK;
  }
  if (call->what == FORGET) {
    next->classes = clf__classes_retain(model->classes);
    return CLF_OK;
  }
  CLF__CHECK(clf__classes_join(&next->classes, model->context, model->classes, given));
  if (next->classes == model->classes) {
    return CLF_OK;
  }
  const int64_t old = clf__classes_count(model->classes);
  call->map = clf__arena_array(&call->arena, old, sizeof *call->map);
  CLF__CHECK(clf__arena_status(&call->arena));
  clf__classes_map(model->classes, next->classes, call->map);
  clf__log(model->context, CLF_LOG_INFO, "%s: these rows bring new classes; the model has %lld now",
           model->kind->base.name, (long long)clf__classes_count(next->classes));
  return CLF_OK;
}

/* Fits the stages to the rows, or applies those of the model. */
static clf_status run_stages(sums_call *call, const clf_dataset *train) {
  clf_model *next = &call->next;
  CLF__CHECK(clf__sums_check_stages(call->model, call->what != FORGET));
  if (call->what == FORGET) {
    return clf__stages_run(&call->data, &call->made, next->stages, next->stage_count, false, train);
  }
  clf__sums_stages stages = {.stages = NULL};
  CLF__CHECK(clf__sums_run_stages(&stages, &call->arena, call->model, call->what <= BEGIN, train));
  next->stages = stages.stages;
  call->own_stages = true;
  call->data = stages.data;
  call->made = stages.made;
  call->factor = stages.factor;
  call->shift = stages.shift;
  return CLF_OK;
}

static clf_status weigh_rows(sums_call *call) {
  clf_model *next = &call->next;
  const clf__list *list =
      next->kind->sums->class_weight != NULL ? next->kind->sums->class_weight(next) : NULL;
  clf__training training = {.x = &call->x,
                            .labels = call->labels,
                            .targets = call->rows.targets,
                            .weights = clf__dataset_weights(call->data),
                            .classes = call->labels != NULL ? next->outputs : 0,
                            .partial = call->what != FIT,
                            .outputs = next->outputs};
  call->rows.weights = training.weights;
  if (call->labels == NULL) {
    CLF__CHECK(clf__targets_check(next, &training));
  }
  training.class_rows =
      clf__arena_zeroed(&call->arena, training.classes, sizeof *training.class_rows);
  training.class_sums =
      clf__arena_zeroed(&call->arena, training.classes, sizeof *training.class_sums);
  CLF__CHECK(clf__arena_status(&call->arena));
  for (int64_t i = 0; i < call->x.rows && call->labels != NULL; i++) {
    training.class_rows[call->labels[i]] +=
        training.weights != NULL ? (double)training.weights[i] : 1;
  }
  return list != NULL ? clf__effective_weights(&call->rows.weights, &call->arena, next, &training,
                                               &training, list)
                      : CLF_OK;
}

/* Prepares the rows, and everything of `next` except its sums and its state. */
static clf_status begin(sums_call *call, const clf_dataset *train) {
  clf_model *model = call->model, *next = &call->next;
  *next = *model;
  next->prepared = NULL;
  next->state = NULL;
  next->decision = (clf__decision){.absent = NULL};
  next->linear = (clf__linear_bound){.center = NULL};
  next->sums = NULL;
  next->classes = NULL;
  next->names = NULL;
  next->categories = NULL;
  call->arena.context = model->context;
  CLF__CHECK(clf__fit_check_capabilities(model, train));
  if (call->what > BEGIN) {
    CLF__CHECK(clf__fit_check_outputs(model, train));
    CLF__CHECK(clf__fit_match(&train, &call->matched, model, train));
  }
  CLF__CHECK(clf__store_create(&next->state, model->context));
  CLF__CHECK(run_stages(call, train));
  next->names = clf__names_retain(call->what <= BEGIN ? train->names : model->names);
  next->categories =
      clf__categories_retain(call->what <= BEGIN ? train->categories : model->categories);
  next->features = train->features;
  CLF__CHECK(join_classes(call));
  next->outputs =
      next->classes != NULL ? clf__classes_count(next->classes) : clf_dataset_outputs(train);
  CLF__CHECK(clf__dataset_check_numbers(call->data, next->kind->base.name));
  call->x = clf__dataset_rows(call->data);
  call->rows.x = &call->x;
  next->columns = call->x.columns;
  CLF__CHECK(next->kind->sums->check(next));
  clf_status status = clf__rows_check_finite(next->context, &call->x);
  if (status < 0) {
    return clf__fail_within(status, "%s", next->kind->base.name);
  }
  if (next->classes != NULL) {
    CLF__CHECK(clf__fit_translate_labels(&call->labels, next, call->data));
  }
  call->rows.labels = call->labels;
  call->rows.targets = call->labels == NULL ? clf__dataset_targets(call->data) : NULL;
  return weigh_rows(call);
}

static void end(sums_call *call) {
  if (call->own_stages) {
    clf__stages_free(call->next.stages, call->next.stages != NULL ? call->next.stage_count : 0);
  }
  clf__few_rows_free(call->few);
  clf__model_drop_fit(&call->next);
  clf_dataset_free(call->made);
  clf_dataset_free(call->matched);
  clf__free(call->labels);
  clf__arena_free(&call->arena);
}

/* Refuses to forget more rows of a class than there are. */
static clf_status check_forgotten(const sums_call *call, const clf__moments *moments) {
  double *rows = clf__alloc_zeroed(moments->context, moments->groups, sizeof *rows);
  clf_status status = rows != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t i = 0; status == CLF_OK && i < call->x.rows; i++) {
    rows[call->labels != NULL ? call->labels[i] : 0] +=
        call->rows.weights == NULL || call->rows.weights[i] > 0;
  }
  for (int64_t g = 0; status == CLF_OK && g < moments->groups; g++) {
    if (rows[g] > moments->rows[g]) {
      status = clf__fail(
          CLF_ERROR_DATA, "%s: %lld rows%s%s are to be forgotten; the model has learned %lld",
          call->next.kind->base.name, (long long)rows[g], call->labels != NULL ? " of class " : "",
          call->labels != NULL ? clf__classes_name(call->next.classes, g) : "",
          (long long)moments->rows[g]);
    }
  }
  clf__free(rows);
  return status;
}

/* Refuses sums of fewer rows or classes than a fit needs. */
static clf_status check_rows(const clf_model *model, const clf__moments *moments) {
  int64_t classes = 0;
  for (int64_t g = 0; g < moments->groups; g++) {
    classes += moments->rows[g] > 0;
  }
  if (classes == 0) {
    return clf__fail(CLF_ERROR_DATA, "%s: all row weights are 0", model->kind->base.name);
  }
  if (moments->classes && classes < 2) {
    return clf__fail(CLF_ERROR_DATA, "%s: the rows hold one class only; two are needed",
                     model->kind->base.name);
  }
  const int64_t rows = clf__moments_rows(moments),
                needed = model->kind->sums->min_rows(model, classes);
  return rows >= needed
             ? CLF_OK
             : clf__fail(CLF_ERROR_DATA, "%s: %lld rows of %lld classes; a fit needs %lld",
                         model->kind->base.name, (long long)rows, (long long)classes,
                         (long long)needed);
}

/* What is left of rows that were not learned may be no sums of any rows. */
static clf_status check_rest(const clf_model *model, clf__moments *moments) {
  for (int64_t g = 0; g < moments->groups; g++) {
    if (moments->rows[g] > 0 && !(moments->weight[g] > 0)) {
      return clf__fail(CLF_ERROR_DATA,
                       "%s: the rows that are to be forgotten weigh more than those that were "
                       "learned",
                       model->kind->base.name);
    }
    if (moments->rows[g] == 0 && moments->classes) {
      moments->weight[g] = 0;
      memset(moments->cross + g * moments->columns, 0,
             (size_t)moments->columns * sizeof *moments->cross);
    }
  }
  const int64_t column = clf__moments_negative(moments);
  return column < 0 ? CLF_OK
                    : clf__fail(CLF_ERROR_DATA,
                                "%s: these rows are not among those that the model has learned: "
                                "without them, the sum of squares of column %lld is negative",
                                model->kind->base.name, (long long)column);
}

/* Makes new sums of `next`. */
static clf_status change_copy(sums_call *call) {
  clf_model *next = &call->next;
  const clf__sums *old = call->what <= BEGIN ? NULL : call->model->sums;
  const bool centered = next->kind->sums->centered(next);
  clf__moments **moments = &next->sums->moments;
  CLF__CHECK(old != NULL ? clf__moments_clone(moments, old->moments, call->map, next->outputs)
                         : clf__moments_create(moments, next->context, next->columns, next->outputs,
                                               next->classes != NULL, true, !centered));
  if (call->what == FORGET) {
    CLF__CHECK(clf__moments_subtract(*moments, &call->rows));
    CLF__CHECK(check_rest(next, *moments));
    return check_rows(next, *moments);
  }
  if (call->factor != NULL) {
    CLF__CHECK(clf__moments_map(*moments, call->factor, call->shift));
  }
  CLF__CHECK(clf__moments_add(*moments, &call->rows));
  return clf__moments_rows(*moments) > 0 && call->what != FIT ? CLF_OK : check_rows(next, *moments);
}

static clf_status change_sums(sums_call *call) {
  const clf__moments *old = call->what <= BEGIN ? NULL : call->model->sums->moments;
  clf_status status = CLF_OK;
  if (call->what == FORGET) {
    CLF__CHECK(check_forgotten(call, old));
  }
  if (old != NULL && call->map == NULL && call->factor == NULL && call->x.rows < call->x.columns) {
    CLF__CHECK(clf__moments_few(&call->few, old, &call->rows, call->what == FORGET ? -1 : 1));
  }
  if (call->few != NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__sums_create(&call->next.sums, call->next.context));
  status = change_copy(call);
  return status < 0 && status != CLF_ERROR_DATA
             ? clf__fail_within(status, "%s", call->next.kind->base.name)
             : status;
}

/* Completes `next`: at once, or at its first use if few rows were added to many. */
static clf_status finish(sums_call *call, bool silent) {
  clf_model *model = call->model, *next = &call->next;
  const bool later = call->what > BEGIN && call->x.rows < call->x.columns;
  if (!later) {
    CLF__CHECK(clf__sums_solve(next, silent));
  }
  if (call->few != NULL) {
    next->sums = model->sums;
    model->sums = NULL;
    clf__moments_add_few(next->sums->moments, call->few);
  }
  atomic_store(&next->sums->pending, later);
  return CLF_OK;
}

static clf_status run(sums_call *call, const clf_dataset *train, const clf_dataset *validation,
                      bool silent) {
  clf_model *model = call->model;
  clf_status status = CLF_OK;
  CLF__TRY(begin(call, train));
  CLF__TRY(validation != NULL ? clf__fit_check_outputs(&call->next, validation) : CLF_OK);
  CLF__TRY(change_sums(call));
  CLF__TRY(finish(call, silent));
  if (call->what == BEGIN) {
    clf__decision_log_skipped(&call->next);
  } else if (call->what == FIT) {
    CLF__TRY(clf__decision_fit(&call->next, train, call->labels, NULL, validation, NULL));
  }
  CLF__TRY(validation != NULL ? clf__fit_add_validation_score(&call->next, validation) : CLF_OK);
  clf__decision_log_dropped(model, &call->next);
  const clf_model old = *model;
  *model = call->next;
  call->next = old;
done:
  end(call);
  return status;
}

clf_status clf__sums_fit(clf_model *model, const clf_dataset *train, const clf_dataset *validation,
                         bool silent) {
  sums_call call = {.what = FIT, .model = model};
  return run(&call, train, validation, silent);
}

clf_status clf__sums_partial_fit(clf_model *model, const clf_dataset *train) {
  sums_call call = {.what = model->state != NULL ? ADD : BEGIN, .model = model};
  CLF__CHECK(model->state != NULL ? clf__sums_require(model) : CLF_OK);
  return run(&call, train, NULL, false);
}

clf_status clf__sums_require(const clf_model *model) {
  if (model->kind->sums == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "%s is not fitted by sums over the rows, so it can "
                     "neither forget rows nor be merged",
                     model->kind->base.name);
  }
  if (model->state == NULL) {
    return clf__model_require_fit(model);
  }
  if (model->sums != NULL && !model->kind->sums->centered(model) && !model->sums->moments->fixed) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "%s: the sums are those of a fit with an intercept; without one, fit the "
                     "model to all rows again",
                     model->kind->base.name);
  }
  return model->sums != NULL
             ? CLF_OK
             : clf__fail(
                   CLF_ERROR_UNSUPPORTED,
                   "%s: the model keeps no sums of its rows; fit it with incremental=true, or "
                   "by partial_fit from the start",
                   model->kind->base.name);
}

clf_status clf_model_forget(clf_model *model, const clf_dataset *data) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(data);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(clf__comm_refuse(model->context, "clf_model_forget()"));
  sums_call call = {.what = FORGET, .model = model};
  CLF__CHECK(clf__sums_require(model));
  return run(&call, data, NULL, false);
}
