/* The context's threads: parallel loops over tasks that are split by size, so that results do not
 * depend on who runs which. */
#ifndef CLF_BASE_POOL_H
#define CLF_BASE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

/* Runs task `index`; `worker` (0 … clf__context_threads() - 1) selects its scratch memory. */
typedef void (*clf__task)(void *argument, int64_t index, int32_t worker);

/* Work is stated in nanoseconds that one thread would take. Whether it is some thousand or some
 * hundred thousand is what counts, so sums of these, rough as they are, will do. */
#define CLF__COST_PRODUCT 0.02 /* a multiply-add of a product of f32 matrices */
#define CLF__COST_COPY 0.1     /* an element that vectors read, write, add or compare */
#define CLF__COST_FUNCTION                                                                         \
  0.5 /* exp and the like of an element, by vectors; a root and a division */
#define CLF__COST_ELEMENT                                                                          \
  1.0                       /* an element that is handled by itself: a sparse entry, a conversion */
#define CLF__WORK_LONG 1e18 /* of tasks that are long, whatever they are */

/* Runs tasks 0 … count-1, `work` in all, and returns when all are done. The calling thread takes
 * part; others are woken where the work pays for it, and small work costs no more than its tasks.
 * What is split into tasks must not depend on that. When the pool is busy with another call, or the
 * caller is itself a pool task, all run on the calling thread, as worker 0. A single task is simply
 * called: clf__parallel inside it still uses the pool. Threads start with the first call of more
 * than one task that pays for them, and again in a forked child. Never fails: threads that cannot
 * be started are done without. */
void clf__parallel(clf_context *context, int64_t count, double work, clf__task task,
                   void *argument);

/* Number `index` of the ranges that a loop is cut into: first … end - 1. `worker` as above. */
typedef struct clf__range {
  int64_t index, first, end;
  int32_t worker;
} clf__range;

typedef void (*clf__range_task)(void *argument, clf__range range);

/* clf__parallel() over 0 … total - 1 in ranges of `grain` > 0, of which the last may be shorter.
 * Where they are cut depends on these two numbers alone. */
void clf__parallel_ranges(clf_context *context, int64_t total, int64_t grain, double work,
                          clf__range_task task, void *argument);

/* The same in `parts` > 0 ranges that are as long as each other, but for one. */
void clf__parallel_parts(clf_context *context, int64_t total, int64_t parts, double work,
                         clf__range_task task, void *argument);
/* Number `index` of such ranges. */
static inline clf__range clf__range_of_part(int64_t total, int64_t parts, int64_t index,
                                            int32_t worker) {
  return (clf__range){index, total * index / parts, total * (index + 1) / parts, worker};
}

/* How many workers may take part in so much work now: 1, or the context's threads. */
int32_t clf__workers(const clf_context *context, double work);

/* Runs a task on the calling thread, as worker 0, with all that it calls. */
void clf__alone(clf__task task, void *argument);

/* Whether the calling thread is running a pool task. */
bool clf__in_task(void);

/* Used by the context. */
typedef struct clf__pool clf__pool;
clf__pool *clf__pool_create(clf_context *context, int32_t threads);
void clf__pool_free(clf__pool *pool);
clf__pool *clf__context_pool(const clf_context *context);

#endif
