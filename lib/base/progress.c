/* Long calls ask the host, on the thread that made the call, whether to go on. What several threads
 * work on is watched: the calling thread asks for all of them, and tells them by a flag. */
#include <math.h>
#include <pthread.h>

#include "base/context.h"
#include "base/status.h"

clf__progress clf__progress_begin(clf_context *context, const char *stage, int64_t steps) {
  return (clf__progress){context, stage, steps, clf__seconds()};
}

/* Asks the host's callback, on the thread that made the call; true when it says stop. */
static bool report(const clf__progress *progress, int64_t step, double loss, double metric) {
  const clf_progress state = {
      progress->stage, step, progress->steps, loss, metric, clf__seconds() - progress->began};
  return clf__context_asks_to_stop(progress->context, &state);
}

static clf_status fail_cancelled(const clf__progress *progress, int64_t step) {
  return clf__fail(CLF_ERROR_CANCELLED, "%s: cancelled at step %lld of %lld", progress->stage,
                   (long long)step, (long long)progress->steps);
}

/* A call of clf__progress_parallel(), as its caller and its tasks see it. */
typedef struct watch {
  const clf__progress *progress;
  const atomic_int_least64_t *done;
  clf__task task;
  void *argument;
  pthread_t caller;
  double reported; /* when it last was, and what */
  double loss, metric;
  atomic_bool cancelled;
} watch;

static _Thread_local watch *watched;

void clf__progress_poll(void) {
  static const double interval = 0.1;
  watch *now = watched;
  if (now != NULL && !atomic_load(&now->cancelled) && pthread_equal(now->caller, pthread_self()) &&
      clf__seconds() - now->reported >= interval) {
    now->reported = clf__seconds();
    if (report(now->progress, atomic_load(now->done), now->loss, now->metric)) {
      atomic_store(&now->cancelled, true);
    }
  }
}

const atomic_bool *clf__progress_cancelled(void) {
  return watched != NULL ? &watched->cancelled : NULL;
}

static void run_watched(void *argument, int64_t index, int32_t worker) {
  watch *outer = watched;
  watched = argument;
  watched->task(watched->argument, index, worker);
  watched = outer;
}

clf_status clf__progress_parallel(const clf__progress *progress, const atomic_int_least64_t *done,
                                  int64_t count, clf__task task, void *argument) {
  if (clf__in_task()) { /* of a call that is watched itself, or of one that reports nothing */
    clf__parallel(progress->context, count, task, argument);
    return clf__progress_step(progress, atomic_load(done), NAN, NAN);
  }
  watch *outer = watched;
  watch mine = {progress, done, task, argument, pthread_self(), clf__seconds(), NAN, NAN, false};
  watched = &mine;
  clf__parallel(progress->context, count, run_watched, &mine);
  watched = outer;
  return atomic_load(&mine.cancelled) ? fail_cancelled(progress, atomic_load(done)) : CLF_OK;
}

clf_status clf__progress_step(const clf__progress *progress, int64_t step, double loss,
                              double metric) {
  bool stop;
  if (clf__in_task()) {
    clf__progress_poll();
    stop = watched != NULL && atomic_load(&watched->cancelled);
  } else {
    stop = (watched != NULL && atomic_load(&watched->cancelled)) ||
           report(progress, step, loss, metric);
    if (watched != NULL) { /* in the only task of its call */
      watched->reported = clf__seconds();
      watched->loss = loss;
      watched->metric = metric;
      atomic_store(&watched->cancelled, stop);
    }
  }
  return stop ? fail_cancelled(progress, step) : CLF_OK;
}
