/* Elementary functions on arrays, divided between threads if they are long. */
#include "ops/nn/vector_math.h"

#include "base/pool.h"
#include "ops/kernels.h"

enum { TASK_VALUES = 1 << 15 };

typedef struct math_call {
  const clf__kernels *kernels;
  void (*map)(const float *x, float *out, int64_t count); /* or */
  bool softmax;                                           /* otherwise the sigmoid */
  const float *x;
  float *values;
  int64_t count, task_count; /* values or, for softmax, rows */
  int64_t columns, ld;
  float *softplus;
  double *log_sums;
} math_call;

static void math_task(void *argument, clf__range range) {
  const math_call *call = argument;
  const int64_t count = range.end - range.first;
  if (call->map != NULL) {
    call->map(call->x + range.first, call->values + range.first, count);
  } else if (call->softmax) {
    call->kernels->math->softmax(call->values + range.first * call->ld, count, call->columns,
                                 call->ld,
                                 call->log_sums == NULL ? NULL : call->log_sums + range.first);
  } else {
    call->kernels->math->sigmoid(call->values + range.first, count,
                                 call->softplus == NULL ? NULL : call->softplus + range.first);
  }
}

static void run(clf_context *context, math_call *call) {
  const double values = (double)call->count * (double)(call->softmax ? call->columns : 1);
  clf__parallel_ranges(context, call->count, call->task_count, values * CLF__COST_FUNCTION,
                       math_task, call);
}

void clf__exp_f32(clf_context *context, const float *x, float *out, int64_t count) {
  math_call call = {.map = clf__kernels_for(context)->math->exp,
                    .x = x,
                    .values = out,
                    .count = count,
                    .task_count = TASK_VALUES};
  run(context, &call);
}

void clf__log_f32(clf_context *context, const float *x, float *out, int64_t count) {
  math_call call = {.map = clf__kernels_for(context)->math->log,
                    .x = x,
                    .values = out,
                    .count = count,
                    .task_count = TASK_VALUES};
  run(context, &call);
}

void clf__tanh_f32(clf_context *context, const float *x, float *out, int64_t count) {
  math_call call = {.map = clf__kernels_for(context)->math->tanh,
                    .x = x,
                    .values = out,
                    .count = count,
                    .task_count = TASK_VALUES};
  run(context, &call);
}

void clf__softmax_rows(clf_context *context, float *values, int64_t rows, int64_t columns,
                       int64_t ld, double *log_sums) {
  math_call call = {.kernels = clf__kernels_for(context),
                    .softmax = true,
                    .values = values,
                    .count = rows,
                    .task_count = 1 + TASK_VALUES / (columns + 16),
                    .columns = columns,
                    .ld = ld,
                    .log_sums = log_sums};
  run(context, &call);
}

void clf__sigmoid(clf_context *context, float *values, int64_t count, float *softplus) {
  math_call call = {.kernels = clf__kernels_for(context),
                    .values = values,
                    .count = count,
                    .task_count = TASK_VALUES,
                    .softplus = softplus};
  run(context, &call);
}

void clf__normalized_sigmoids(clf_context *context, float *values, int64_t rows, int64_t columns) {
  clf__sigmoid(context, values, rows * columns, NULL);
  for (int64_t i = 0; i < rows; i++, values += columns) {
    float sum = 0;
    for (int64_t k = 0; k < columns; k++) {
      sum += values[k];
    }
    for (int64_t k = 0; k < columns; k++) {
      values[k] = sum > 0 ? values[k] / sum : 1 / (float)columns;
    }
  }
}
