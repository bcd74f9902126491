/* Tasks that may fail. A message belongs to the thread that set it, so each job hands its own over.
 * What the lowest failed job says does not depend on the threads: all before it have run. */
#include "base/jobs.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/status.h"

enum { MESSAGE_BYTES = 512 };

typedef struct outcome {
  clf_status status;
  char message[MESSAGE_BYTES];
} outcome;

typedef struct jobs {
  clf__job job;
  void *argument;
  int64_t items, count;
  clf__progress progress;
  outcome *outcomes;           /* [count] */
  atomic_int_least64_t failed; /* the lowest failed job so far */
  atomic_int_least64_t done;
} jobs;

static void note_failure(jobs *own, int64_t index) {
  int_least64_t lowest = atomic_load(&own->failed);
  while (index < lowest && !atomic_compare_exchange_weak(&own->failed, &lowest, index)) {
  }
}

static void run_job(void *argument, int64_t index, int32_t worker) {
  (void)worker;
  jobs *own = argument;
  outcome *ended = &own->outcomes[index];
  if (atomic_load(&own->failed) < index) {
    return;
  }
  ended->status = clf__progress_step(&own->progress, atomic_load(&own->done), NAN, NAN);
  if (ended->status == CLF_OK) {
    ended->status = own->job(own->argument, index);
  }
  if (ended->status < 0) {
    snprintf(ended->message, sizeof ended->message, "%s", clf_last_error());
    note_failure(own, index);
  }
  atomic_fetch_add(&own->done,
                   own->items * (index + 1) / own->count - own->items * index / own->count);
}

clf_status clf__jobs_run(clf_context *context, const char *stage, int64_t items, int64_t count,
                         clf__job job, void *argument) {
  jobs own = {.job = job, .argument = argument, .items = items, .count = count};
  own.progress = clf__progress_begin(context, stage, items);
  own.outcomes = clf__alloc_zeroed(context, count, sizeof *own.outcomes);
  if (own.outcomes == NULL) {
    return CLF_ERROR_MEMORY;
  }
  atomic_init(&own.failed, count);
  atomic_init(&own.done, 0);
  clf_status status =
      clf__progress_parallel(&own.progress, &own.done, count, CLF__WORK_LONG, run_job, &own);
  const int64_t failed = atomic_load(&own.failed);
  if (status == CLF_OK && failed < count) {
    const outcome *first = &own.outcomes[failed];
    status = first->status == CLF_ERROR_MEMORY ? clf__fail_refused("%s", first->message)
                                               : clf__fail(first->status, "%s", first->message);
  }
  clf__free(own.outcomes);
  return status;
}
