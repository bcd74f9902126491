/* Cross-validation. Each (settings, fold) pair is one task: fit on the other folds, score on this
 * one. If fits on the same rows pass something on, a task is a fold with all settings, one after
 * another. Folds are processed in groups just large enough to give every thread a task, so that the
 * rows of only a few folds exist at once; all settings share them. A group with fewer tasks than
 * threads runs one task after another instead, each fit on all threads.
 *
 * Several ranks, which have the same rows, divide the tasks: each does every n-th, by itself, and
 * all receive the scores (selection_ranks.c).
 *
 * The failure of the first task in order is reported, whichever finished first: a task is skipped
 * only if an earlier one has failed. */
#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/jobs.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "comm/comm.h"
#include "models/kind_rows.h"
#include "selection/selection.h"

/* Rows to fit on and to score. */
typedef struct fold_rows {
  clf_dataset *train;
  clf_dataset *test;
} fold_rows;

typedef struct run {
  clf_context *context;
  const clf__variants *variants;
  double *scores; /* [variants, folds] */
  int64_t folds;
  clf__progress progress;
  atomic_int_least64_t done;
  bool chained; /* the settings of a fold follow each other in one task */
  int32_t ranks, rank;
  /* The current group. */
  fold_rows *rows; /* [size] */
  int64_t first;
  int64_t size;
} run;

clf_status clf__variant_make(clf_model **out, const clf_model *model, bool regression,
                             const char *params) {
  clf_model *variant = NULL;
  CLF__CHECK(clf_model_clone(&variant, model));
  clf_status status = clf__settings_apply(variant, regression, params);
  if (status < 0) {
    clf_model_free(variant);
    return status;
  }
  *out = variant;
  return CLF_OK;
}

static clf_status score_variant(const clf_model *model, const char *params, const fold_rows *rows,
                                clf__fit_shared *shared, double *score) {
  clf_model *variant = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__variant_make(&variant, model, rows->train->labels == NULL, params));
  CLF__TRY(clf__model_fit_within(variant, rows->train, NULL, shared));
  CLF__TRY(clf_model_score(variant, rows->test, score));
done:
  clf_model_free(variant);
  return status;
}

static clf_status score_one(run *now, int64_t fold, int64_t variant, clf__fit_shared *shared) {
  const char *params = now->variants->params[variant];
  double *score = &now->scores[variant * now->folds + now->first + fold];
  CLF__CHECK(clf__progress_step(&now->progress, atomic_load(&now->done), NAN, NAN));
  const clf_status status =
      score_variant(now->variants->model, params, &now->rows[fold], shared, score);
  atomic_fetch_add(&now->done, 1);
  return status >= 0
             ? CLF_OK
             : clf__fail_within(status, "%s%sfold %lld", params, params[0] != '\0' ? ", " : "",
                                (long long)(now->first + fold));
}

/* Returns whether this rank has a task of the group. */
static bool has_task(const run *now, int64_t task) {
  const int64_t tasks = now->chained ? 1 : now->variants->count;
  return (now->first * tasks + task) % now->ranks == now->rank;
}

static bool has_fold(const run *now, int64_t fold) {
  const int64_t tasks = now->chained ? 1 : now->variants->count;
  bool has = false;
  for (int64_t task = fold * tasks; task < (fold + 1) * tasks; task++) {
    has = has || has_task(now, task);
  }
  return has;
}

/* Runs the settings of one fold after another; which one fails first does not depend on the
 * group. */
static clf_status run_job(void *argument, clf__range range) {
  run *now = argument;
  const int64_t variants = now->variants->count;
  clf__fit_shared shared = {.own = NULL};
  clf_status status = CLF_OK;
  if (!has_task(now, range.index)) {
    atomic_fetch_add(&now->done, now->chained ? variants : 1);
    return CLF_OK;
  }
  if (!now->chained) {
    return score_one(now, range.index / variants, range.index % variants, NULL);
  }
  for (int64_t variant = 0; variant < variants && status == CLF_OK; variant++) {
    status = score_one(now, range.index, variant, &shared);
  }
  clf__fit_shared_free(&shared, now->variants->model->kind);
  return status;
}

static void free_group(run *now) {
  for (int64_t i = 0; i < now->size; i++) {
    clf_dataset_free(now->rows[i].train);
    clf_dataset_free(now->rows[i].test);
    now->rows[i] = (fold_rows){NULL, NULL};
  }
}

static clf_status run_group(run *now, const clf_dataset *data, uint64_t seed) {
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < now->size; i++) {
    CLF__TRY(has_fold(now, i) ? clf_dataset_fold(&now->rows[i].train, &now->rows[i].test, data,
                                                 now->folds, now->first + i, seed)
                              : CLF_OK);
  }
  int64_t tasks = now->chained ? now->size : now->size * now->variants->count;
  int32_t threads = clf__context_threads(now->context);
  if (threads > 1 && tasks >= threads) {
    status = clf__jobs_run(&now->progress, &now->done, tasks, 1, CLF__WORK_LONG, run_job, now);
  } else { /* not as tasks of the pool, so that the functions they call can use it */
    for (int64_t task = 0; task < tasks; task++) {
      CLF__TRY(run_job(now, (clf__range){task, task, task + 1, 0}));
    }
  }
done:
  free_group(now);
  return status;
}

clf_status clf__check_folds(const clf_dataset *data, int64_t folds) {
  int64_t rows = clf_dataset_rows(data);
  if (folds >= 2 && folds <= rows) {
    return CLF_OK;
  }
  return clf__fail(CLF_ERROR_ARGUMENT, "cross-validation: folds is %lld; it must be 2 to %lld",
                   (long long)folds, (long long)rows);
}

clf_status clf__cross_validate(const char *stage, const clf__variants *variants,
                               const clf_dataset *data, int64_t folds, uint64_t seed,
                               double *scores) {
  clf_context *context = variants->model->context;
  int64_t threads = clf__context_threads(context);
  bool chained = variants->count > 1 && variants->model->kind->free_shared != NULL;
  int64_t group = chained ? threads : clf__ceil_div(threads, variants->count);
  group = clf__min_i64(group, folds);
  run now = {.context = context,
             .variants = variants,
             .scores = scores,
             .folds = folds,
             .chained = chained,
             .ranks = clf__comm_ranks(context),
             .rank = clf__comm_rank(context),
             .progress = clf__progress_begin(context, stage, variants->count * folds)};
  clf_status status = CLF_OK;
  clf__comm_alone(context, true);
  now.rows = clf__alloc_zeroed(context, group, sizeof *now.rows);
  CLF__TRY(now.rows != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  for (; now.first < folds; now.first += group) {
    now.size = clf__min_i64(folds - now.first, group);
    CLF__TRY(run_group(&now, data, seed));
  }
  CLF__TRY(clf__progress_step(&now.progress, now.progress.steps, NAN, NAN));
done:
  clf__comm_alone(context, false);
  clf__free(now.rows);
  return status < 0 ? status
                    : clf__selection_share(context, scores, variants->count, folds, chained);
}

clf_status clf_cross_validate(const clf_model *model, const clf_dataset *data, int64_t folds,
                              uint64_t seed, double *scores) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  clf__comm_call together;
  const char *as_it_is = "";
  const clf__variants variants = {model, &as_it_is, 1};
  clf__stop stop; /* keeps nothing, so that no fold has a fit that was stopped */
  clf_status status = CLF_OK;
  double *found = NULL;
  clf__stop_begin(&stop);
  CLF__TRY(clf__comm_begin(&together, model->context));
  CLF__TRY(CLF__REQUIRED(data));
  CLF__TRY(CLF__REQUIRED(scores));
  CLF__TRY(clf__check_folds(data, folds));
  found = clf__alloc_array(model->context, folds, sizeof *found);
  CLF__TRY(found != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(clf__selection_agree(model, data, folds, seed, ""));
  status = clf__cross_validate("cross_validate", &variants, data, folds, seed, found);
done:
  clf__stop_end(&stop);
  status = clf__comm_end(&together, status);
  if (status == CLF_OK) {
    memcpy(scores, found, (size_t)folds * sizeof *scores);
  }
  clf__free(found);
  return status;
}
