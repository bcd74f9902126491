/* The floor is reading the input once. Rows are divided between the threads of the pool. */
#include "ops/nn/pool.h"

#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "ops/kernels.h"

typedef struct pooling {
  const clf__kernels *kernels;
  const clf__pool2d *pool;
  int32_t function;
  const float *x, *y, *dy; /* dy is NULL in a forward pass */
  float *out;              /* y or dx */
} pooling;

/* Returns window (i, j): its part within the image, and where that part begins. */
static clf__pool_window window_at(const clf__pool2d *p, int64_t i, int64_t j, int64_t *at) {
  const int64_t top = i * p->stride - p->pad_top, left = j * p->stride - p->pad_left;
  const int64_t first = clf__max_i64(top, 0), column = clf__max_i64(left, 0);
  *at = (first * p->width + column) * p->channels;
  return (clf__pool_window){.rows = clf__min_i64(top + p->window_height, p->height) - first,
                            .columns = clf__min_i64(left + p->window_width, p->width) - column,
                            .channels = p->channels,
                            .line = p->width * p->channels};
}

static void pool_row(void *argument, int64_t row, int32_t worker) {
  const pooling *job = argument;
  const clf__pool2d *p = job->pool;
  const clf__kernels *k = job->kernels;
  const bool maximum = job->function == CLF__POOL_MAX;
  const int64_t image = p->height * p->width * p->channels, from = row * image;
  int64_t to = row * p->out_height * p->out_width * p->channels, at;
  (void)worker;
  if (job->dy != NULL) {
    memset(job->out + from, 0, (size_t)image * sizeof *job->out);
  }
  for (int64_t place = 0; place < p->out_height * p->out_width; place++, to += p->channels) {
    const clf__pool_window w = window_at(p, place / p->out_width, place % p->out_width, &at);
    at += from;
    if (job->dy == NULL) {
      (maximum ? k->pool->max : k->pool->mean)(&w, job->x + at, job->out + to);
    } else {
      (maximum ? k->pool->max_gradient : k->pool->mean_gradient)(&w, job->x + at, job->y + to,
                                                                 job->dy + to, job->out + at);
    }
  }
}

static double work_of(const clf__pool2d *p, int64_t rows) {
  const double windows = (double)rows * (double)(p->out_height * p->out_width * p->channels);
  return windows * (double)(p->window_height * p->window_width) * CLF__COST_COPY;
}

void clf__pool2d_forward(clf_context *context, const clf__pool2d *pool, int32_t function,
                         int64_t rows, const float *x, float *y) {
  pooling job = {clf__kernels_for(context), pool, function, x, NULL, NULL, y};
  clf__parallel(context, rows, work_of(pool, rows), pool_row, &job);
}

void clf__pool2d_backward(clf_context *context, const clf__pool2d *pool, int32_t function,
                          int64_t rows, const float *x, const float *y, const float *dy,
                          float *dx) {
  pooling job = {clf__kernels_for(context), pool, function, x, y, dy, dx};
  clf__parallel(context, rows, work_of(pool, rows), pool_row, &job);
}
