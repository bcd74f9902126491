/* The progress of long calls, which the host's callback sees and may cancel. */
#ifndef CLF_BASE_PROGRESS_H
#define CLF_BASE_PROGRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

#include "base/pool.h"
#include "base/status.h"

/* Reports the progress of a long call: begin once, then step. Loss or metric are NAN if they do not
 * apply. */
typedef struct clf__progress {
  clf_context *context;
  const char *stage;
  int64_t steps;
  double began;
} clf__progress;

clf__progress clf__progress_begin(clf_context *context, const char *stage, int64_t steps);
/* Returns CLF_OK or CLF_ERROR_CANCELLED. In a pool task it returns whether the watched call that
 * the task belongs to was cancelled; only the calling thread asks the host. */
clf_status clf__progress_step(const clf__progress *progress, int64_t step, double loss,
                              double metric);

struct clf__loop; /* of tasks, in progress.c */

/* What the threads of a call know about it. Its calling thread asks the host for all of them, and
 * informs them by a flag. */
typedef struct clf__watch {
  clf__progress progress;
  const atomic_int_least64_t *done; /* the step to report */
  bool by_rows;                     /* steps are rows; those of the running loop are added */
  const struct clf__loop *loop;     /* the running loop over rows on the calling thread, or NULL */
  int64_t furthest;                 /* the last step that was reported */
  pthread_t caller;
  double reported; /* when it was last reported, and which step */
  double loss, metric;
  atomic_bool cancelled;
} clf__watch;

/* A public call that may take long, from clf__call_begin() to clf__call_end() on one thread. Loops
 * by clf__progress_ranges() in it ask the host ten times a second, and end when the host cancels. A
 * call within another call (predict in score) or within a callback is a part of that call. It costs
 * nothing if the context has no callback, as the default context (NULL). */
typedef struct clf__call {
  bool watches; /* otherwise another call watches, or there is no callback */
  atomic_int_least64_t done;
  clf__watch watch;
} clf__call;

/* The steps are rows. */
void clf__call_begin(clf__call *call, clf_context *context, const char *stage, int64_t steps);
/* The same for a part of a long call that reports `progress` itself, at `step`, which the loops of
 * the part report again. */
void clf__call_begin_part(clf__call *call, const clf__progress *progress, int64_t step);
/* States that all rows before `first` are done. Returns CLF_OK or CLF_ERROR_CANCELLED. */
clf_status clf__call_next(clf__call *call, int64_t first);
/* Must be called once after clf__call_begin(). Returns `status`, or CLF_ERROR_CANCELLED if the host
 * cancelled: the caller then discards its results. */
clf_status clf__call_end(clf__call *call, clf_status status);

/* Runs clf__parallel_ranges() in a call that may be cancelled. Returns CLF_OK, or
 * CLF_ERROR_CANCELLED if tasks were left out. */
clf_status clf__progress_ranges(clf_context *context, int64_t total, int64_t grain, double work,
                                clf__range_task task, void *argument);
/* The same by clf__parallel_parts(). */
clf_status clf__progress_parts(clf_context *context, int64_t total, int64_t parts, double work,
                               clf__range_task task, void *argument);
/* The same over `rows` rows, of which row 0 is row `first` of the call; the reported step grows as
 * rows are completed. */
clf_status clf__progress_rows(clf_context *context, int64_t first, int64_t rows, int64_t grain,
                              double work, clf__range_task task, void *argument);
/* Asks whether to continue, for a thread that works for long within one task. Returns CLF_OK or
 * CLF_ERROR_CANCELLED. */
clf_status clf__progress_check(void);

/* Runs clf__parallel_ranges() over tasks that are long calls themselves. Meanwhile the calling
 * thread reports progress: while it waits, and when a task of its own steps. It reports `done`,
 * which the tasks count up, as the step. Within a pool task only the loop runs, whose tasks see
 * whether the watched call is cancelled. Returns CLF_OK or CLF_ERROR_CANCELLED. */
clf_status clf__progress_parallel(const clf__progress *progress, const atomic_int_least64_t *done,
                                  int64_t total, int64_t grain, double work, clf__range_task task,
                                  void *argument);
/* Asks the host if that is due, for a thread that waits or works for long within such a call. */
void clf__progress_poll(void);

/* A public call that may end with what it has, from clf__stop_begin() to clf__stop_end() on one
 * thread. CLF_PROGRESS_STOP ends whatever runs as CLF_PROGRESS_CANCEL does. Whoever then has
 * something to keep says so by clf__stop_keep(), and the call continues from there. A call within
 * another one, such as a fit of a search, keeps nothing: the outer call decides. */
typedef struct clf__stop {
  bool outermost;
  bool asked;          /* the host's last answer was CLF_PROGRESS_STOP, or the time is over */
  bool complete;       /* the call has all that it will have, and ignores such answers */
  bool kept;           /* because the host stopped it */
  bool late;           /* the time is over */
  bool shared;         /* by ranks of which the others go on: nothing is kept */
  double deadline;     /* of clf__seconds(); INFINITY for none */
  clf__failure before; /* the thread's message when the call began */
} clf__stop;

void clf__stop_begin(clf__stop *stop);
/* Lets the call end after so many seconds as if the host had answered CLF_PROGRESS_STOP; 0 for no
 * limit. */
void clf__stop_limit(clf__stop *stop, double seconds);
void clf__stop_end(const clf__stop *stop);
/* To be called where a solver has ended and has a result. Returns CLF_NOT_CONVERGED if `status` is
 * CLF_ERROR_CANCELLED because the host stopped the call, otherwise `status`. Unless that is a
 * failure, what follows in the call is not stopped. */
clf_status clf__stop_keep(clf__stop *stop, clf_status status);

/* Monotonic seconds. */
double clf__seconds(void);

#endif
