/* The context's threads: parallel loops over tasks that are split by size, so that results do not
 * depend on who runs which. */
#ifndef CLF_BASE_POOL_H
#define CLF_BASE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

/* Runs task `index`; `worker` (0 … clf__context_threads() - 1) selects its scratch memory. */
typedef void (*clf__task)(void *argument, int64_t index, int32_t worker);

/* Runs tasks 0 … count-1 and returns when all are done. The calling thread takes part. When the
 * pool is busy with another call, or the caller is itself a pool task, all run on the calling
 * thread, as worker 0. A single task is simply called: clf__parallel inside it still uses the pool.
 * Threads start with the first call of more than one task, and again in a forked child. Never
 * fails: threads that cannot be started are done without. */
void clf__parallel(clf_context *context, int64_t count, clf__task task, void *argument);

/* Runs a task on the calling thread, as worker 0, with all that it calls. */
void clf__alone(clf__task task, void *argument);

/* Whether the calling thread is running a pool task. */
bool clf__in_task(void);

/* Used by the context. */
typedef struct clf__pool clf__pool;
clf__pool *clf__pool_create(clf_context *context, int32_t threads);
void clf__pool_free(clf__pool *pool);
clf__pool *clf__context_pool(clf_context *context);

#endif
