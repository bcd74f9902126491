/* Elementwise kernels of networks. A row has some hundred elements, so a task is a block of rows,
 * whose size depends on the columns alone. */
#include "ops/nn/elementwise.h"

#include "base/math.h"
#include "base/pool.h"
#include "ops/kernels.h"
#include "ops/linalg/row.h"
#include "ops/nn/vector_math.h"

enum { TASK_ELEMENTS = 1 << 14 };

typedef struct rows_job {
  const clf__kernels *kernels;
  int32_t function;
  const float *bias;
  const float *y;
  float *out;
  int64_t rows, columns;
} rows_job;

static void activate_rows(void *argument, clf__range range) {
  const rows_job *job = argument;
  const int64_t rows = range.end - range.first;
  float *y = job->out + range.first * job->columns;
  job->kernels->elementwise->bias_activate(job->function, job->bias, y, rows, job->columns);
  if (job->function == CLF__SOFTMAX) {
    job->kernels->math->softmax(y, rows, job->columns, job->columns, NULL);
  }
}

static void gradient_rows(void *argument, clf__range range) {
  const rows_job *job = argument;
  job->kernels->elementwise->activation_gradient(job->function, job->y + range.first * job->columns,
                                                 job->out + range.first * job->columns,
                                                 range.end - range.first, job->columns);
}

static void run(clf_context *context, rows_job *job, clf__range_task task) {
  job->kernels = clf__kernels_for(context);
  const int64_t grain = job->columns < TASK_ELEMENTS ? TASK_ELEMENTS / job->columns : 1;
  const bool simple = job->function <= CLF__LEAKY_RELU;
  clf__parallel_ranges(context, job->rows, grain,
                       (double)job->rows * (double)job->columns *
                           (simple ? CLF__COST_COPY : CLF__COST_FUNCTION),
                       task, job);
}

void clf__bias_activate(clf_context *context, int32_t function, const float *bias, float *y,
                        int64_t rows, int64_t columns) {
  rows_job job = {.function = function, .bias = bias, .out = y, .rows = rows, .columns = columns};
  if (function != CLF__LINEAR || bias != NULL) {
    run(context, &job, activate_rows);
  }
}

void clf__activation_gradient(clf_context *context, int32_t function, const float *y, float *dy,
                              int64_t rows, int64_t columns) {
  rows_job job = {.function = function, .y = y, .out = dy, .rows = rows, .columns = columns};
  if (function != CLF__LINEAR) {
    run(context, &job, gradient_rows);
  }
}

void clf__drop(clf_context *context, double rate, uint64_t seed, const float *x, float *y,
               int64_t count) {
  const double values = 4294967296.0; /* 2^32, the number of values of 32 bits */
  const uint32_t limit = (uint32_t)(rate * values);
  clf__kernels_for(context)->elementwise->drop(limit, (float)(1 / (1 - limit / values)), seed, x, y,
                                               count);
}

void clf__column_sums(clf_context *context, const float *x, int64_t rows, int64_t columns,
                      float *sums) {
  clf__kernels_for(context)->elementwise->column_sums(x, rows, columns, sums);
}

void clf__update_some(clf_context *context, const clf__update *update, int64_t first, int64_t count,
                      const float *gradient) {
  clf__update part = *update;
  part.count = count;
  part.weight += first;
  part.gradient = gradient;
  part.first = part.first != NULL ? part.first + first : NULL;
  part.second = part.second != NULL ? part.second + first : NULL;
  part.average = part.average != NULL ? part.average + first : NULL;
  clf__kernels_for(context)->elementwise->update(&part);
}

typedef struct update_job {
  clf_context *context;
  const clf__update *update;
} update_job;

static void update_part(void *argument, clf__range range) {
  const update_job *job = argument;
  clf__update_some(job->context, job->update, range.first, range.end - range.first,
                   job->update->gradient + range.first);
}

void clf__update_weights(clf_context *context, const clf__update *update) {
  update_job job = {context, update};
  clf__parallel_ranges(context, update->count, TASK_ELEMENTS,
                       (double)update->count * CLF__COST_FUNCTION, update_part, &job);
}

void clf__accumulate(clf_context *context, const float *x, int64_t count, float *sums) {
  clf__kernels_for(context)->rows->step_f32(sums, 1, x, count);
}

double clf__sum_of_squares(clf_context *context, const float *x, int64_t count) {
  const clf__kernels *kernels = clf__kernels_for(context);
  double sum = 0;
  for (int64_t first = 0; first < count; first += TASK_ELEMENTS) {
    const int64_t left = count - first;
    sum += (double)kernels->elementwise->square_sum(x + first, clf__min_i64(left, TASK_ELEMENTS));
  }
  return sum;
}
