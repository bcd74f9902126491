/* Predictions of few rows. A call takes a place of the model's reserve, without waiting: it does
 * what any other call does, but on the calling thread alone, and in the workspace of that place. If
 * all places are taken, it allocates as ever. A workspace grows after a call for which it was too
 * small. */
#include "models/reserve.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/math.h"
#include "base/workspace_memory.h"
#include "models/decision/decision.h"

enum { MAX_ROWS = 1024, MAX_CALLERS = 1024 };

typedef struct clf__reserve_place {
  _Alignas(64) atomic_bool taken; /* alone in its cache line */
  clf__workspace workspace;
} place;

struct clf__reserve {
  int64_t rows; /* max of a call */
  int64_t count;
  place *places; /* [count] */
};

void clf__reserve_free(clf__reserve *reserve) {
  if (reserve == NULL) {
    return;
  }
  for (int64_t i = 0; i < reserve->count; i++) {
    clf__workspace_resize(&reserve->places[i].workspace, 0);
  }
  clf__free(reserve->places);
  clf__free(reserve);
}

/* Threads begin to search at different places, so that they seldom meet. */
static place *take_place(const clf__reserve *reserve) {
  const size_t thread = (size_t)&errno >> 12;
  for (int64_t i = 0; i < reserve->count; i++) {
    place *p = &reserve->places[(int64_t)((thread + (size_t)i) % (size_t)reserve->count)];
    if (!atomic_load_explicit(&p->taken, memory_order_relaxed) &&
        !atomic_exchange_explicit(&p->taken, true, memory_order_acquire)) {
      return p;
    }
  }
  return NULL;
}

static clf__reserved enter_place(place *p) {
  clf__workspace_open(&p->workspace);
  return (clf__reserved){p, clf__alone_begin()};
}

clf__reserved clf__reserve_enter(const clf_model *model, const clf_dataset *data) {
  const clf__reserve *reserve = model->reserve;
  if (reserve == NULL || data == NULL || data->rows > reserve->rows) {
    return (clf__reserved){NULL, false};
  }
  place *p = take_place(reserve);
  return p != NULL ? enter_place(p) : (clf__reserved){NULL, false};
}

void clf__reserve_leave(const clf__reserved *reserved) {
  place *p = reserved->place;
  if (p == NULL) {
    return;
  }
  clf__alone_end(reserved->before);
  clf__workspace_close(&p->workspace);
  if (clf__workspace_empty(&p->workspace)) {
    if (p->workspace.peak > p->workspace.size) {
      clf__workspace_resize(&p->workspace, p->workspace.peak);
    }
    atomic_store_explicit(&p->taken, false, memory_order_release);
  } else {
    /* Something in it outlives the call, so the place is not used again. */
#ifdef CLF__DEBUG
    __builtin_trap();
#endif
  }
}

static clf_status create(clf__reserve **out, const clf_model *model, int64_t rows,
                         int64_t callers) {
  clf__reserve *reserve = clf__alloc_zeroed(model->context, 1, sizeof *reserve);
  place *places = clf__alloc_zeroed(model->context, callers, sizeof *places);
  if (reserve == NULL || places == NULL) {
    clf__free(reserve);
    clf__free(places);
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < callers; i++) {
    atomic_init(&places[i].taken, false);
    places[i].workspace.context = model->context;
  }
  *reserve = (clf__reserve){rows, callers, places};
  *out = reserve;
  return CLF_OK;
}

/* The sets of classes, or the intervals. */
static clf_status predict_sure(const clf_model *model, const clf_dataset *sample) {
  static const double coverage = 0.9;
  const int64_t count = clf_dataset_rows(sample) * model->outputs;
  const bool sets = model->classes != NULL;
  void *out = clf__alloc_array(model->context, count, sets ? 1 : 2 * sizeof(float));
  clf_status status = CLF_ERROR_MEMORY;
  if (out != NULL) {
    status = sets ? clf_model_predict_set(model, sample, coverage, out, count)
                  : clf_model_predict_interval(model, sample, coverage, out, 2 * count);
  }
  clf__free(out);
  return status;
}

/* Everything that a model computes of rows, with the memory for the results. */
static clf_status predict_all(const clf_model *model, const clf_dataset *sample) {
  const int64_t rows = clf_dataset_rows(sample);
  const bool labels = model->classes != NULL || clf__model_separates_outliers(model);
  int64_t width = model->outputs, components = 0;
  clf__arena arena = {.context = model->context};
  clf_status status = CLF_OK;
  if (model->kind->transform != NULL) {
    components = model->kind->components(model);
    width = clf__max_i64(width, components);
  }
  void *out = clf__arena_matrix(&arena, rows, width, sizeof(double));
  const int64_t count = rows * width;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(labels ? clf_model_predict(model, sample, out, count) : CLF_OK);
  CLF__TRY(clf_model_decision_function(model, sample, out, count));
  CLF__TRY(clf_model_decision_function_f64(model, sample, out, count));
  if (clf__decision_has_probabilities(model)) {
    CLF__TRY(clf_model_predict_proba(model, sample, out, count));
    CLF__TRY(clf_model_predict_proba_f64(model, sample, out, count));
  }
  CLF__TRY(model->decision.reject_scale != NULL ? clf_model_novelty(model, sample, out, count)
                                                : CLF_OK);
  CLF__TRY(model->decision.set_start != NULL ? predict_sure(model, sample) : CLF_OK);
  if (components > 0) {
    CLF__TRY(clf_model_project(model, sample, out, count, NULL));
    CLF__TRY(clf_model_project_f64(model, sample, out, count, NULL));
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Makes the workspace as large as the predictions of the sample need it. A block that is freed
 * before those behind it takes space in a workspace, but not outside of it, so that the first pass
 * may ask for too little. */
static clf_status size_workspace(const clf_model *model, place *p, const clf_dataset *sample) {
  clf_status status = CLF_OK;
  size_t before;
  do {
    before = p->workspace.size;
    const clf__reserved use = enter_place(p);
    status = predict_all(model, sample);
    clf__reserve_leave(&use);
    if (status >= 0 && p->workspace.memory == NULL) {
      status = clf__memory_refused(model->context);
    }
  } while (status >= 0 && p->workspace.size > before);
  return status;
}

/* The first pass is an ordinary call, in which the model computes what it keeps for all calls. */
static clf_status size_workspaces(const clf_model *model, clf__reserve *reserve,
                                  const clf_dataset *sample) {
  const bool before = clf__alone_begin();
  clf_status status = predict_all(model, sample);
  clf__alone_end(before);
  for (int64_t i = 0; status >= 0 && i < reserve->count; i++) {
    status = size_workspace(model, &reserve->places[i], sample);
  }
  return status;
}

clf_status clf_model_reserve(clf_model *model, const clf_dataset *sample, int32_t callers) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(sample);
  CLF__ENTER(model->kind->base.name);
  clf__reserve *reserve = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__model_require_fit(model));
  if (sample->rows > MAX_ROWS || callers < 1 || callers > MAX_CALLERS) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "%s: a reserve is for 1 to %d rows and 1 to %d callers, not for %lld and %d",
                     model->kind->base.name, MAX_ROWS, MAX_CALLERS, (long long)sample->rows,
                     callers);
  }
  clf__reserve *const old = model->reserve;
  model->reserve = NULL; /* so that the calls which are measured do not use it */
  CLF__TRY(create(&reserve, model, sample->rows, callers));
  CLF__TRY(size_workspaces(model, reserve, sample));
done:
  model->reserve = status < 0 ? old : reserve;
  clf__reserve_free(status < 0 ? reserve : old);
  return status;
}
