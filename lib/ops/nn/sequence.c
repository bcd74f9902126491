/* Sequences of features. Each function reads and writes its arrays once and is bound by memory. The
 * sums by id also read every id once for each shard. */
#include "ops/nn/sequence.h"

#include <string.h>

#include "base/math.h"
#include "base/pool.h"

enum { ROWS_PER_TASK = 16, PLACES_PER_TASK = 1024, MAX_SHARDS = 64 };

typedef struct job {
  const float *from;
  const float *ids;
  const clf__span *spans;
  float *to;
  int64_t rows, steps, width;
  int32_t *chosen;
  clf__span *found;
  int64_t shards; /* shards of ids: a power of 2 */
} job;

typedef void (*row_function)(const job *j, int64_t row);

typedef struct row_job {
  const job *job;
  row_function function;
} row_job;

static void run_rows(void *argument, clf__range range) {
  const row_job *r = argument;
  for (int64_t row = range.first; row < range.end; row++) {
    r->function(r->job, row);
  }
}

static void each_row(clf_context *context, const job *j, row_function function) {
  row_job r = {j, function};
  const double elements = (double)j->rows * (double)j->steps * (double)(j->width + 1);
  clf__parallel_ranges(context, j->rows, ROWS_PER_TASK, elements * CLF__COST_COPY, run_rows, &r);
}

static void find_span(const job *j, int64_t row) {
  const float *ids = j->ids + row * j->steps;
  clf__span span = {0, j->steps};
  while (span.begin < span.end && ids[span.begin] == 0) {
    span.begin++;
  }
  while (span.end > span.begin && ids[span.end - 1] == 0) {
    span.end--;
  }
  j->found[row] = span;
}

void clf__spans_of_ids(clf_context *context, const float *ids, int64_t rows, int64_t steps,
                       clf__span *spans) {
  const job j = {.ids = ids, .rows = rows, .steps = steps, .found = spans};
  each_row(context, &j, find_span);
}

static void embed_places(void *argument, clf__range range) {
  const job *j = argument;
  for (int64_t i = range.first; i < range.end; i++) {
    memcpy(j->to + i * j->width, j->from + (int64_t)j->ids[i] * j->width,
           (size_t)j->width * sizeof *j->to);
  }
}

/* Bytes of `count` vectors of the table, each at another place. */
static double table_work(int64_t count, int64_t width) {
  return (double)count * ((double)width * CLF__COST_COPY + CLF__COST_ELEMENT);
}

void clf__embed(clf_context *context, const float *table, int64_t width, const float *ids,
                int64_t count, float *y) {
  job j = {.from = table, .ids = ids, .to = y, .width = width};
  clf__parallel_ranges(context, count, PLACES_PER_TASK, table_work(count, width), embed_places, &j);
}

/* Handles the ids of one remainder. */
static void sum_shard(void *argument, int64_t shard, int32_t worker) {
  const job *j = argument;
  (void)worker;
  for (int64_t i = 0; i < j->rows; i++) {
    const int64_t id = (int64_t)j->ids[i];
    if ((id & (j->shards - 1)) == shard) {
      const float *dy = j->from + i * j->width;
      float *sum = j->to + id * j->width;
      for (int64_t k = 0; k < j->width; k++) {
        sum[k] += dy[k];
      }
    }
  }
}

static void zero_entries(void *argument, clf__range range) {
  const job *j = argument;
  memset(j->to + range.first * j->width, 0,
         (size_t)((range.end - range.first) * j->width) * sizeof *j->to);
}

void clf__embed_sums(clf_context *context, const float *dy, int64_t width, const float *ids,
                     int64_t count, float *sums, int64_t entries) {
  job j = {.from = dy, .ids = ids, .to = sums, .rows = count, .width = width, .shards = 1};
  const int64_t threads = clf__context_threads(context);
  /* Several shards for each thread, since a few ids may be most of all. */
  while (threads > 1 && j.shards < clf__min_i64(4 * threads, MAX_SHARDS)) {
    j.shards *= 2;
  }
  clf__parallel_ranges(context, entries, PLACES_PER_TASK,
                       (double)entries * (double)width * CLF__COST_COPY, zero_entries, &j);
  clf__parallel(context, j.shards, table_work(count, width), sum_shard, &j);
}

static void average_row(const job *j, int64_t row) {
  const clf__span span = clf__span_of(j->spans, row, j->steps);
  const float factor = span.end > span.begin ? 1 / (float)(span.end - span.begin) : 0;
  const float *x = j->from + row * j->steps * j->width;
  float *y = j->to + row * j->width;
  memset(y, 0, (size_t)j->width * sizeof *y);
  for (int64_t t = span.begin; t < span.end; t++) {
    for (int64_t k = 0; k < j->width; k++) {
      y[k] += x[t * j->width + k];
    }
  }
  for (int64_t k = 0; k < j->width; k++) {
    y[k] *= factor;
  }
}

void clf__time_average(clf_context *context, const float *x, int64_t rows, int64_t steps,
                       int64_t width, const clf__span *spans, float *y) {
  const job j = {.from = x, .spans = spans, .to = y, .rows = rows, .steps = steps, .width = width};
  each_row(context, &j, average_row);
}

static void average_row_back(const job *j, int64_t row) {
  const clf__span span = clf__span_of(j->spans, row, j->steps);
  const float factor = span.end > span.begin ? 1 / (float)(span.end - span.begin) : 0;
  const float *dy = j->from + row * j->width;
  float *dx = j->to + row * j->steps * j->width;
  memset(dx, 0, (size_t)(span.begin * j->width) * sizeof *dx);
  for (int64_t t = span.begin; t < span.end; t++) {
    for (int64_t k = 0; k < j->width; k++) {
      dx[t * j->width + k] = dy[k] * factor;
    }
  }
  memset(dx + span.end * j->width, 0, (size_t)((j->steps - span.end) * j->width) * sizeof *dx);
}

void clf__time_average_back(clf_context *context, const float *dy, int64_t rows, int64_t steps,
                            int64_t width, const clf__span *spans, float *dx) {
  const job j = {
      .from = dy, .spans = spans, .to = dx, .rows = rows, .steps = steps, .width = width};
  each_row(context, &j, average_row_back);
}

static void max_row(const job *j, int64_t row) {
  const clf__span span = clf__span_of(j->spans, row, j->steps);
  const float *x = j->from + row * j->steps * j->width;
  float *y = j->to + row * j->width;
  for (int64_t k = 0; k < j->width; k++) {
    int64_t best = span.begin;
    for (int64_t t = span.begin + 1; t < span.end; t++) {
      best = x[t * j->width + k] > x[best * j->width + k] ? t : best;
    }
    y[k] = span.end > span.begin ? x[best * j->width + k] : 0;
    if (j->chosen != NULL) {
      j->chosen[row * j->width + k] = span.end > span.begin ? (int32_t)best : -1;
    }
  }
}

void clf__time_max(clf_context *context, const float *x, int64_t rows, int64_t steps, int64_t width,
                   const clf__span *spans, float *y, int32_t *chosen) {
  const job j = {.from = x,
                 .spans = spans,
                 .to = y,
                 .rows = rows,
                 .steps = steps,
                 .width = width,
                 .chosen = chosen};
  each_row(context, &j, max_row);
}

static void max_row_back(const job *j, int64_t row) {
  float *dx = j->to + row * j->steps * j->width;
  memset(dx, 0, (size_t)(j->steps * j->width) * sizeof *dx);
  for (int64_t k = 0; k < j->width; k++) {
    const int32_t best = j->chosen[row * j->width + k];
    if (best >= 0) {
      dx[best * j->width + k] = j->from[row * j->width + k];
    }
  }
}

void clf__time_max_back(clf_context *context, const float *dy, int64_t rows, int64_t steps,
                        int64_t width, int32_t *chosen, float *dx) {
  const job j = {
      .from = dy, .to = dx, .rows = rows, .steps = steps, .width = width, .chosen = chosen};
  each_row(context, &j, max_row_back);
}
