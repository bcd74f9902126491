/* The context's threads: parallel loops over tasks. Work is divided by size, so that results do not
 * depend on which thread runs which task. */
#ifndef CLF_BASE_POOL_H
#define CLF_BASE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

/* Runs task `index`; `worker` (0 … clf__context_threads() - 1) selects its scratch memory. */
typedef void (*clf__task)(void *argument, int64_t index, int32_t worker);

/* Work is stated in nanoseconds that one thread would take. Rough sums of these costs are enough,
 * because it only matters whether the work is some thousand or some hundred thousand. */
#define CLF__COST_PRODUCT 0.02 /* one multiply-add of a product of f32 matrices */
#define CLF__COST_COPY 0.1     /* one element that vector code reads, writes, adds or compares */
#define CLF__COST_FUNCTION 0.5 /* one element of exp and the like by vectors; root and division */
#define CLF__COST_ELEMENT 1.0  /* one element processed by itself: a sparse entry, a conversion */
#define CLF__WORK_LONG 1e18    /* tasks that always take long */

/* Runs tasks 0 … count-1, whose total work is `work`, and returns when all are done. The calling
 * thread takes part, and workers are woken if the work pays for it, so small work costs no more
 * than its tasks. How the work is divided into tasks must not depend on the number of threads. If
 * another call uses the pool, or the caller is itself a pool task, all tasks run on the calling
 * thread as worker 0. A single task is called directly, and clf__parallel inside of it can use the
 * pool. Threads start with the first call that pays for them, and again in a forked child. It never
 * fails: threads that cannot be started are left out. */
void clf__parallel(clf_context *context, int64_t count, double work, clf__task task,
                   void *argument);

/* Range `index` of a loop: first … end - 1. `worker` as above. */
typedef struct clf__range {
  int64_t index, first, end;
  int32_t worker;
} clf__range;

typedef void (*clf__range_task)(void *argument, clf__range range);

/* Runs clf__parallel() over 0 … total - 1 in ranges of `grain` > 0; the last range may be shorter.
 * The ranges depend only on these two numbers. */
void clf__parallel_ranges(clf_context *context, int64_t total, int64_t grain, double work,
                          clf__range_task task, void *argument);

/* The same for `parts` > 0 ranges of equal length, except one. */
void clf__parallel_parts(clf_context *context, int64_t total, int64_t parts, double work,
                         clf__range_task task, void *argument);
/* Returns range `index` of such a loop. */
static inline clf__range clf__range_of_part(int64_t total, int64_t parts, int64_t index,
                                            int32_t worker) {
  return (clf__range){index, total * index / parts, total * (index + 1) / parts, worker};
}

/* Returns how many workers may take part in so much work now: 1, or the context's threads. */
int32_t clf__workers(const clf_context *context, double work);

/* Runs a task, with everything that it calls, on the calling thread as worker 0. */
void clf__alone(clf__task task, void *argument);
/* The same for what runs between the two calls. The first returns what the second is passed. */
bool clf__alone_begin(void);
void clf__alone_end(bool before);

/* Returns whether the calling thread is running a pool task. */
bool clf__in_task(void);

/* Used by the context. */
typedef struct clf__pool clf__pool;
/* The calling thread calls `idle` ten times a second while it waits for the tasks of others. */
clf__pool *clf__pool_create(clf_context *context, int32_t threads, void (*idle)(void));
void clf__pool_free(clf__pool *pool);

#endif
