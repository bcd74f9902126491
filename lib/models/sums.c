/* The sums of a model: made, completed, saved. */
#include "models/sums.h"

#include "base/text.h"
#include "base/workspace.h"
#include "models/decision/decision.h"
#include "models/fit_checks.h"
#include "models/sums_parts.h"
#include "tensor/rows_precision.h"

static const char prefix[] = "sums.";

void clf__sums_free(clf__sums *sums) {
  if (sums != NULL) {
    clf__moments_free(sums->moments);
    clf__lock_free(sums->lock);
    clf__free(sums);
  }
}

clf_status clf__sums_create(clf__sums **out, clf_context *context) {
  clf__sums *sums = clf__alloc_zeroed(context, 1, sizeof *sums);
  if (sums == NULL) {
    return CLF_ERROR_MEMORY;
  }
  atomic_init(&sums->pending, false);
  sums->lock = clf__lock_create(context);
  if (sums->lock == NULL) {
    clf__sums_free(sums);
    return CLF_ERROR_MEMORY;
  }
  *out = sums;
  return CLF_OK;
}

clf_status clf__sums_judge(const clf__training *training, double uncertainty) {
  static const double negligible = 1e-6;
  if (uncertainty <= negligible) {
    return CLF_OK;
  }
  const clf_model *model = training->log_as;
  if (model != NULL) {
    clf__log(model->context, CLF_LOG_WARNING,
             "%s: the sums of the rows determine the solution only to within %s of its size; "
             "scaled features, more regularization or a fit of all rows at once determine it",
             model->kind->base.name, uncertainty < 1 ? clf__number_text(uncertainty) : "all");
  }
  return CLF_NOT_CONVERGED;
}

/* Chooses the center of rows whose columns lie far from 0: the reference, to which `view`, a copy
 * of the moments that shares their arrays, is then relative. */
static clf_status choose_center(clf__moments *view, clf__arena *arena, clf_model *next) {
  const clf__moments *m = next->sums->moments;
  const int64_t n = m->columns;
  bool far = false;
  for (int64_t j = 0; j < n; j++) {
    far = far || (m->reference[j] != 0 && clf__range_is_far(m->minimum[j], m->maximum[j]));
  }
  if (!far || next->kind->movable == NULL || !next->kind->movable(next)) {
    return CLF_OK;
  }
  view->reference = clf__arena_zeroed(arena, n, sizeof(double));
  view->minimum = clf__arena_array(arena, n, sizeof(double));
  view->maximum = clf__arena_array(arena, n, sizeof(double));
  CLF__CHECK(clf__arena_status(arena));
  CLF__CHECK(clf__state_tensor(next->context, next->state, "center", CLF_F64, n, -1));
  double *center = clf__state_data(next->state, "center");
  for (int64_t j = 0; j < n; j++) {
    center[j] = m->reference[j];
    view->minimum[j] = m->minimum[j] - m->reference[j];
    view->maximum[j] = m->maximum[j] - m->reference[j];
  }
  return CLF_OK;
}

/* Computes the state of `next`, which is empty, from its sums. */
clf_status clf__sums_solve(clf_model *next, bool silent) {
  clf__moments view = *next->sums->moments, *const moments = &view;
  clf__arena arena = {.context = next->context};
  const int64_t row_shape = next->columns;
  const clf__rows none = {
      .columns = next->columns, .dtype = CLF_F64, .scale = 1, .stride = next->columns};
  clf__stop stop = {.outermost = false};
  clf_status status = CLF_OK;
  double *class_sums = clf__arena_array(&arena, moments->outputs, sizeof *class_sums);
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t k = 0; moments->classes && k < moments->outputs; k++) {
    class_sums[k] = moments->weight[k];
  }
  CLF__TRY(choose_center(&view, &arena, next));
  const clf_tensor *center = clf__store_tensor(next->state, "center");
  const clf__training training = {.x = &none,
                                  .center = center != NULL ? center->data : NULL,
                                  .classes = moments->classes ? moments->outputs : 0,
                                  .partial = true,
                                  .outputs = moments->outputs,
                                  .class_rows = moments->classes ? moments->weight : NULL,
                                  .class_sums = class_sums,
                                  .row_dimensions = 1,
                                  .row_shape = &row_shape,
                                  .log_as = silent ? NULL : next,
                                  .stop = &stop};
  status = next->kind->sums->solve(next, &training, moments, next->state);
  CLF__TRY(status == CLF_ERROR_NUMERIC ? clf__fail_within(status, "%s", next->kind->base.name)
                                       : status);
  next->outcome = status;
  CLF__TRY(clf__decision_add_absent(next, &training));
  CLF__TRY(clf__decision_add_class_rows(next, &training));
  CLF__TRY(clf__state_check_finite(next));
  CLF__TRY(clf__fit_check_fitted(next));
  status = clf__model_prepare(next);
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status complete(clf_model *model) {
  clf_model next = *model;
  next.prepared = NULL;
  next.state = NULL;
  next.linear = (clf__linear_bound){.center = NULL};
  clf_status status = CLF_OK;
  CLF__TRY(clf__store_create(&next.state, model->context));
  CLF__TRY(clf__sums_solve(&next, false));
  clf__store_swap(model->state, next.state);
  model->prepared = next.prepared;
  model->decision = next.decision;
  model->linear = next.linear;
  model->outcome = next.outcome;
  next.prepared = NULL;
done:
  if (next.prepared != NULL) {
    model->kind->free_prepared(next.prepared);
  }
  clf__store_free(next.state);
  return status;
}

clf_status clf__sums_settle(const clf_model *model) {
  clf__sums *sums = model->sums;
  clf_status status = CLF_OK;
  if (!atomic_load_explicit(&sums->pending, memory_order_acquire)) {
    return CLF_OK;
  }
  clf__lock_acquire(sums->lock);
  if (atomic_load_explicit(&sums->pending, memory_order_relaxed)) {
    /* The state is constant for callers: it is what the model's sums determine. */
    clf__workspace *paused = clf__workspace_pause();
    status = complete((clf_model *)model);
    clf__workspace_resume(paused);
    if (status == CLF_OK) {
      atomic_store_explicit(&sums->pending, false, memory_order_release);
    }
  }
  clf__lock_release(sums->lock);
  return status;
}

clf_status clf__sums_save(const clf_model *model, clf__store *store) {
  return model->sums != NULL ? clf__moments_save(model->sums->moments, store, prefix) : CLF_OK;
}

clf_status clf__sums_load(clf_model *model, const clf__store *store) {
  clf__moments *moments = NULL;
  clf__sums *sums = NULL;
  if (model->kind->sums == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__moments_load(&moments, model->context, store, prefix, model->columns,
                               model->outputs, model->classes != NULL, true));
  clf_status status = moments != NULL ? clf__sums_create(&sums, model->context) : CLF_OK;
  if (status == CLF_OK && moments != NULL && !model->kind->sums->centered(model) &&
      !moments->fixed) {
    clf__sums_free(sums);
    sums = NULL;
    status = clf__fail(CLF_ERROR_CORRUPT, "%s: the sums are those of a fit with an intercept",
                       model->kind->base.name);
  }
  if (sums != NULL) {
    sums->moments = moments;
    model->sums = sums;
  } else {
    clf__moments_free(moments);
  }
  return status;
}
