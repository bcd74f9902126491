/* Tasks that may fail, side by side. */
#ifndef CLF_BASE_JOBS_H
#define CLF_BASE_JOBS_H

#include <stdint.h>

#include <classify/context.h>

/* Job `index`: CLF_OK, or a status with its message set. */
typedef clf_status (*clf__job)(void *argument, int64_t index);

/* Runs jobs 0 … jobs-1 as clf__progress_parallel() does. Progress counts `items`, of which job i
 * has those from items * i / jobs to items * (i + 1) / jobs. Of several failures the one of the
 * lowest job is told, whoever ran first; jobs after a failed one may be left out. */
clf_status clf__jobs_run(clf_context *context, const char *stage, int64_t items, int64_t jobs,
                         clf__job job, void *argument);

#endif
