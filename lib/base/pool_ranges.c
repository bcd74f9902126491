/* Loops over ranges: each range is a task of the pool. */
#include "base/math.h"
#include "base/pool.h"

typedef struct ranges {
  int64_t total, size; /* the grain, or the number of parts */
  clf__range_task task;
  void *argument;
} ranges;

static void range_task(void *argument, int64_t index, int32_t worker) {
  const ranges *r = argument;
  const int64_t first = index * r->size;
  const int64_t end = r->total - first > r->size ? first + r->size : r->total;
  r->task(r->argument, (clf__range){index, first, end, worker});
}

void clf__parallel_ranges(clf_context *context, int64_t total, int64_t grain, double work,
                          clf__range_task task, void *argument) {
  ranges r = {total, grain, task, argument};
  clf__parallel(context, clf__ceil_div(total, grain), work, range_task, &r);
}

static void part_task(void *argument, int64_t index, int32_t worker) {
  const ranges *r = argument;
  r->task(r->argument, clf__range_of_part(r->total, r->size, index, worker));
}

void clf__parallel_parts(clf_context *context, int64_t total, int64_t parts, double work,
                         clf__range_task task, void *argument) {
  ranges r = {total, parts, task, argument};
  clf__parallel(context, parts, work, part_task, &r);
}
