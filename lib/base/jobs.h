/* Tasks that may fail, run in parallel. */
#ifndef CLF_BASE_JOBS_H
#define CLF_BASE_JOBS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/context.h"
#include "base/pool.h"
#include "base/progress.h"

/* Works on a range. Returns CLF_OK, or an error with its message set. */
typedef clf_status (*clf__job)(void *argument, clf__range range);

/* Run jobs on the ranges of 0 … total - 1, as clf__progress_ranges(), clf__progress_rows() and
 * clf__progress_parallel() run tasks. If several jobs fail, they return the failure of the lowest
 * range, with its message, whichever thread was first. Ranges after a failed one may be left out.
 * They allocate no memory. */
clf_status clf__jobs_ranges(clf_context *context, int64_t total, int64_t grain, double work,
                            clf__job job, void *argument);
clf_status clf__jobs_rows(clf_context *context, int64_t first, int64_t rows, int64_t grain,
                          double work, clf__job job, void *argument);
/* `done` is the step to report, which the jobs count up. If it is NULL, the host is asked at once,
 * and the step is the part of `total` that completed jobs make up. */
clf_status clf__jobs_run(const clf__progress *progress, atomic_int_least64_t *done, int64_t total,
                         int64_t grain, double work, clf__job job, void *argument);
/* Runs a job on all of 0 … total - 1, with everything that it calls, on the calling thread. */
clf_status clf__jobs_alone(int64_t total, clf__job job, void *argument);

#endif
