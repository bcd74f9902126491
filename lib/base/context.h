/* The context behind every handle. */
#ifndef CLF_BASE_CONTEXT_H
#define CLF_BASE_CONTEXT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

#include "base/cpu.h"
#include "base/kinds.h"
#include "base/pool.h"

/* Returns a counted hold on `context`, or on the default context for NULL; NULL (with the message
 * set) when that cannot be made. Every handle keeps one and gives it back by clf__context_release.
 */
clf_context *clf__context_retain(clf_context *context);
void clf__context_release(clf_context *context);

int32_t clf__context_threads(const clf_context *context);
uint64_t clf__context_seed(const clf_context *context);
const clf__cpu_target *clf__context_target(const clf_context *context);
/* Bytes that may still be allocated under the memory limit; SIZE_MAX without one. */
size_t clf__context_available(const clf_context *context);

void clf__log(clf_context *context, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether anybody reads the log; what is only formatted for it need not be. */
bool clf__context_has_log(const clf_context *context);
bool clf__context_has_callback(const clf_context *context);
/* What the host's callback says; false without one. */
bool clf__context_asks_to_stop(const clf_context *context, const clf_progress *state);

/* A long call's progress: begin once, then step. NAN where loss or metric do not apply. */
typedef struct clf__progress {
  clf_context *context;
  const char *stage;
  int64_t steps;
  double began;
} clf__progress;

clf__progress clf__progress_begin(clf_context *context, const char *stage, int64_t steps);
/* CLF_OK or CLF_ERROR_CANCELLED. In a pool task it tells whether the call that the task belongs to
 * was cancelled, where that is watched; the host is asked by the calling thread alone. */
clf_status clf__progress_step(const clf__progress *progress, int64_t step, double loss,
                              double metric);

struct clf__loop; /* of tasks, in progress.c */

/* What the threads of a call know of it: its calling thread asks the host for all of them, and
 * tells them by a flag. */
typedef struct clf__watch {
  clf__progress progress;
  const atomic_int_least64_t *done; /* the step to report */
  bool by_rows;                     /* steps are rows: those of the loop at work count */
  const struct clf__loop *loop;     /* over rows, at work on the calling thread, or NULL */
  int64_t furthest;                 /* step that was reported */
  pthread_t caller;
  double reported; /* when it last was, and what */
  double loss, metric;
  atomic_bool cancelled;
} clf__watch;

/* A public call that may take long, from clf__call_begin() to clf__call_end() on one thread: loops
 * by clf__progress_ranges() in it ask the host ten times a second and end when it says so. Within
 * another call (predict in score) and within a callback it is a part of that one. Costs nothing
 * where the context has no callback, as NULL, the default one, has none. */
typedef struct clf__call {
  bool watches; /* else another call does, or there is nobody to ask */
  atomic_int_least64_t done;
  clf__watch watch;
} clf__call;

/* The steps are rows. */
void clf__call_begin(clf__call *call, clf_context *context, const char *stage, int64_t steps);
/* All rows before `first` are done. CLF_OK or CLF_ERROR_CANCELLED. */
clf_status clf__call_next(clf__call *call, int64_t first);
/* Must be called once after clf__call_begin(). Returns `status`, or CLF_ERROR_CANCELLED where the
 * host said stop: what was made is to be thrown away then. */
clf_status clf__call_end(clf__call *call, clf_status status);

/* clf__parallel_ranges() in a call that may be cancelled. CLF_OK, or CLF_ERROR_CANCELLED: then some
 * ranges were left out. */
clf_status clf__progress_ranges(clf_context *context, int64_t total, int64_t grain, double work,
                                clf__range_task task, void *argument);
/* The same over `rows` rows, row 0 of which is row `first` of the call: what is reported grows with
 * the rows that are done. */
clf_status clf__progress_rows(clf_context *context, int64_t first, int64_t rows, int64_t grain,
                              double work, clf__range_task task, void *argument);
/* For a thread that works for long within one task: CLF_OK or CLF_ERROR_CANCELLED. */
clf_status clf__progress_check(void);

/* clf__parallel_ranges() over tasks that are long calls themselves. The calling thread goes on
 * reporting meanwhile, with `done` as the step, which the tasks count up: when a task of its own
 * steps and while it waits for those of others. From a pool task it is clf__parallel_ranges(), and
 * the tasks learn from the call that is watched whether to stop. CLF_OK or CLF_ERROR_CANCELLED. */
clf_status clf__progress_parallel(const clf__progress *progress, const atomic_int_least64_t *done,
                                  int64_t total, int64_t grain, double work, clf__range_task task,
                                  void *argument);
/* For a thread that waits or works for long within such a call: asks the host where that is due. */
void clf__progress_poll(void);

/* Monotonic seconds. */
double clf__seconds(void);

extern const clf__kind clf__context_kind;

#endif
