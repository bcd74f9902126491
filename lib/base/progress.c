/* Long calls ask the host whether to continue, on the thread that made the call. If several threads
 * work on a call, the call is watched: the calling thread asks for all of them, and informs them by
 * a flag. */
#include "base/progress.h"

#include <math.h>
#include <time.h>

#include "base/context_state.h"
#include "base/math.h"
#include "base/status.h"
#include "base/workspace.h"

static const double poll_interval = 0.1; /* seconds between two questions of a loop */

static _Thread_local clf__watch *watched;
static _Thread_local double reported = -INFINITY; /* when the thread reported last */
static _Thread_local bool asking;                 /* the thread is inside the host's callback */
static _Thread_local clf__stop *stoppable;        /* of the outermost call that has one */

double clf__seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static bool has_limit(void) {
  return stoppable != NULL && stoppable->deadline < (double)INFINITY;
}

/* Returns whether calls on the context have someone to ask. */
static bool has_host(const clf_context *context) {
  return context->progress != NULL || has_limit();
}

clf__progress clf__progress_begin(clf_context *context, const char *stage, int64_t steps) {
  const double now = has_host(context) ? clf__seconds() : 0;
  return (clf__progress){context, stage, steps, now};
}

/* Returns whether the host wants a report of this thread now; if so, the interval begins again. */
static bool is_due(const clf_context *context) {
  const double interval = context->params.progress_interval;
  if (interval > 0) {
    const double now = clf__seconds();
    if (now - reported < interval) {
      return false;
    }
    reported = now;
  }
  return true;
}

/* Returns whether the host's answer ends what runs. */
static bool ends(int32_t answer) {
  if (answer == CLF_PROGRESS_GO || stoppable == NULL) {
    return answer != CLF_PROGRESS_GO;
  }
  stoppable->asked = answer == CLF_PROGRESS_STOP;
  return !(stoppable->asked && stoppable->complete);
}

static bool is_late(void) {
  if (has_limit() && clf__seconds() > stoppable->deadline) {
    stoppable->late = true;
  }
  return has_limit() && stoppable->late;
}

/* Asks the host's callback on the thread that made the call; returns true if what runs must end.
 * Calls that the callback makes do not ask. */
static bool report(const clf__progress *progress, int64_t step, double loss, double metric) {
  if (!asking && is_late()) {
    return ends(CLF_PROGRESS_STOP);
  }
  if (asking || progress->context->progress == NULL || !is_due(progress->context)) {
    return false;
  }
  const clf_progress state = {
      progress->stage, step, progress->steps, loss, metric, clf__seconds() - progress->began};
  clf__watch *outer = watched;
  clf__workspace *paused = clf__workspace_pause(); /* what the host makes may outlive the call */
  asking = true;
  watched = NULL;
  const int32_t answer = progress->context->progress(progress->context->progress_user, &state);
  clf__workspace_resume(paused);
  watched = outer;
  asking = false;
  return ends(answer);
}

static clf_status fail_cancelled(const clf__progress *progress, int64_t step) {
  return clf__fail(CLF_ERROR_CANCELLED, "%s: cancelled at step %lld of %lld", progress->stage,
                   (long long)step, (long long)progress->steps);
}

static bool is_cancelled(const clf__watch *watch) {
  return watch != NULL && atomic_load(&watch->cancelled);
}

/* Returns whether the watched call was cancelled. */
static clf_status status_of(const clf__watch *watch) {
  return is_cancelled(watch) ? fail_cancelled(&watch->progress, atomic_load(watch->done)) : CLF_OK;
}

/* The tasks of a loop, as the threads of the watched call run them. */
typedef struct clf__loop {
  clf__watch *watch;
  bool may_stop;
  clf__range_task task;
  void *argument;
  int64_t first;             /* first row of a loop over rows */
  atomic_int_least64_t done; /* number of finished items of the ranges */
} loop;

/* Returns the steps done, with those of the running loop; the number does not decrease when another
 * loop begins. */
static int64_t step_of(clf__watch *watch) {
  int64_t step = atomic_load(watch->done);
  if (watch->loop != NULL) {
    step = watch->loop->first + atomic_load(&watch->loop->done);
  }
  watch->furthest = clf__max_i64(step, watch->furthest);
  return watch->furthest;
}

void clf__progress_poll(void) {
  clf__watch *now = watched;
  if (now != NULL && !atomic_load(&now->cancelled) && pthread_equal(now->caller, pthread_self()) &&
      clf__seconds() - now->reported >= poll_interval) {
    now->reported = clf__seconds();
    if (report(&now->progress, step_of(now), now->loss, now->metric)) {
      atomic_store(&now->cancelled, true);
    }
  }
}

clf_status clf__progress_check(void) {
  clf__progress_poll();
  return status_of(watched);
}

static clf__watch watch_of(const clf__progress *progress, const atomic_int_least64_t *done) {
  return (clf__watch){.progress = *progress,
                      .done = done,
                      .caller = pthread_self(),
                      .reported = clf__seconds(),
                      .loss = NAN,
                      .metric = NAN};
}

static bool may_watch(const clf_context *context) {
  return context != NULL && has_host(context) && watched == NULL && !asking && !clf__in_task();
}

static void watch_call(clf__call *call, const clf__progress *progress, int64_t step) {
  atomic_init(&call->done, step);
  call->watch = watch_of(progress, &call->done);
  watched = &call->watch;
}

void clf__call_begin(clf__call *call, clf_context *context, const char *stage, int64_t steps) {
  call->watches = may_watch(context);
  if (call->watches) {
    const clf__progress progress = clf__progress_begin(context, stage, steps);
    watch_call(call, &progress, 0);
    call->watch.by_rows = true;
  }
}

void clf__call_begin_part(clf__call *call, const clf__progress *progress, int64_t step) {
  call->watches = may_watch(progress->context);
  if (call->watches) {
    watch_call(call, progress, step);
  }
}

clf_status clf__call_next(clf__call *call, int64_t first) {
  if (call->watches) {
    atomic_store(&call->done, first);
  }
  return clf__progress_check();
}

clf_status clf__call_end(clf__call *call, clf_status status) {
  if (!call->watches) {
    return status;
  }
  watched = NULL;
  return status < 0 ? status : status_of(&call->watch);
}

static void run_watched(void *argument, clf__range range) {
  loop *own = argument;
  clf__watch *outer = watched;
  watched = own->watch;
  if (own->may_stop) {
    clf__progress_poll();
  }
  if (!own->may_stop || !is_cancelled(own->watch)) {
    own->task(own->argument, range);
  }
  atomic_fetch_add(&own->done, range.end - range.first);
  watched = outer;
}

clf_status clf__progress_ranges(clf_context *context, int64_t total, int64_t grain, double work,
                                clf__range_task task, void *argument) {
  if (watched == NULL) {
    clf__parallel_ranges(context, total, grain, work, task, argument);
    return CLF_OK;
  }
  loop own = {.watch = watched, .may_stop = true, .task = task, .argument = argument};
  clf__parallel_ranges(context, total, grain, work, run_watched, &own);
  return status_of(watched);
}

clf_status clf__progress_parts(clf_context *context, int64_t total, int64_t parts, double work,
                               clf__range_task task, void *argument) {
  if (watched == NULL) {
    clf__parallel_parts(context, total, parts, work, task, argument);
    return CLF_OK;
  }
  loop own = {.watch = watched, .may_stop = true, .task = task, .argument = argument};
  clf__parallel_parts(context, total, parts, work, run_watched, &own);
  return status_of(watched);
}

clf_status clf__progress_rows(clf_context *context, int64_t first, int64_t rows, int64_t grain,
                              double work, clf__range_task task, void *argument) {
  if (watched == NULL || !watched->by_rows || clf__in_task()) {
    return clf__progress_ranges(context, rows, grain, work, task, argument);
  }
  loop own = {
      .watch = watched, .may_stop = true, .task = task, .argument = argument, .first = first};
  watched->loop = &own;
  clf__parallel_ranges(context, rows, grain, work, run_watched, &own);
  watched->loop = NULL;
  return status_of(watched);
}

clf_status clf__progress_parallel(const clf__progress *progress, const atomic_int_least64_t *done,
                                  int64_t total, int64_t grain, double work, clf__range_task task,
                                  void *argument) {
  if (clf__in_task()) { /* a task of a watched call, or of a call that reports nothing */
    clf__parallel_ranges(progress->context, total, grain, work, task, argument);
    return clf__progress_step(progress, atomic_load(done), NAN, NAN);
  }
  clf__watch *outer = watched;
  clf__watch mine = watch_of(progress, done);
  atomic_init(&mine.cancelled, is_cancelled(outer));
  loop own = {.watch = &mine, .task = task, .argument = argument};
  watched = &mine;
  clf__parallel_ranges(progress->context, total, grain, work, run_watched, &own);
  watched = outer;
  if (outer != NULL && is_cancelled(&mine)) {
    atomic_store(&outer->cancelled, true);
  }
  return status_of(&mine);
}

clf_status clf__progress_step(const clf__progress *progress, int64_t step, double loss,
                              double metric) {
  bool stop;
  if (clf__in_task()) {
    clf__progress_poll();
    stop = is_cancelled(watched);
  } else {
    stop = is_cancelled(watched) || report(progress, step, loss, metric);
    if (watched != NULL) { /* inside the only task of its call */
      watched->reported = clf__seconds();
      watched->loss = loss;
      watched->metric = metric;
      atomic_store(&watched->cancelled, stop);
    }
  }
  return stop ? fail_cancelled(progress, step) : CLF_OK;
}

void clf__stop_begin(clf__stop *stop) {
  *stop = (clf__stop){.outermost = stoppable == NULL && !asking, .deadline = INFINITY};
  if (stop->outermost) {
    clf__failure_keep(&stop->before, CLF_NOT_CONVERGED);
    stoppable = stop;
  }
}

void clf__stop_limit(clf__stop *stop, double seconds) {
  if (seconds > 0) {
    stop->deadline = clf__seconds() + seconds;
  }
}

void clf__stop_end(const clf__stop *stop) {
  if (stop->outermost) {
    stoppable = NULL;
  }
}

clf_status clf__stop_keep(clf__stop *stop, clf_status status) {
  if (status == CLF_ERROR_CANCELLED && stop->asked && !stop->shared) {
    stop->kept = true;
    status = clf__failure_raise(&stop->before);
  }
  stop->complete = stop->complete || status >= 0;
  return status;
}
