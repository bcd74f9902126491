/* Elementary functions on arrays, divided between threads if they are long. */
#include "ops/nn/vector_math.h"

#include "base/pool.h"
#include "ops/kernels.h"

enum { TASK_VALUES = 1 << 15 };

typedef struct math_call {
  const clf__kernels *kernels;
  float *values;
  int64_t columns, ld;
  double *log_sums;
  float *softplus;
} math_call;

static void softmax_task(void *argument, clf__range rows) {
  const math_call *call = argument;
  call->kernels->math->softmax(call->values + rows.first * call->ld, rows.end - rows.first,
                               call->columns, call->ld,
                               call->log_sums == NULL ? NULL : call->log_sums + rows.first);
}

static void sigmoid_task(void *argument, clf__range range) {
  const math_call *call = argument;
  call->kernels->math->sigmoid(call->values + range.first, range.end - range.first,
                               call->softplus == NULL ? NULL : call->softplus + range.first);
}

void clf__softmax_rows(clf_context *context, float *values, int64_t rows, int64_t columns,
                       int64_t ld, double *log_sums) {
  math_call call = {clf__kernels_for(context), values, columns, ld, .log_sums = log_sums};
  clf__parallel_ranges(context, rows, 1 + TASK_VALUES / (columns + 16),
                       (double)rows * (double)columns * CLF__COST_FUNCTION, softmax_task, &call);
}

void clf__sigmoid(clf_context *context, float *values, int64_t count, float *softplus) {
  math_call call = {clf__kernels_for(context), values, .softplus = softplus};
  clf__parallel_ranges(context, count, TASK_VALUES, (double)count * CLF__COST_FUNCTION,
                       sigmoid_task, &call);
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
