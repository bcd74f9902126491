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

/* Returns the windows from (i, j) on that have as many columns as this one, without those that
 * follow in the next line: their parts within the image, and where the first one begins. */
static clf__pool_windows windows_at(const clf__pool2d *p, int64_t i, int64_t j, int64_t *at) {
  const int64_t top = i * p->stride - p->pad_top, left = j * p->stride - p->pad_left;
  const int64_t first = clf__max_i64(top, 0), column = clf__max_i64(left, 0);
  const int64_t whole = (p->width + p->pad_left - p->window_width) / p->stride + 1;
  clf__pool_windows w = {.count = 1,
                         .step = p->stride * p->channels,
                         .rows = clf__min_i64(top + p->window_height, p->height) - first,
                         .columns = clf__min_i64(left + p->window_width, p->width) - column,
                         .channels = p->channels,
                         .line = p->width * p->channels,
                         .overlap = p->stride < p->window_height || p->stride < p->window_width};
  if (w.columns == p->window_width) {
    w.count = clf__max_i64(1, clf__min_i64(whole, p->out_width) - j);
  }
  *at = (first * p->width + column) * p->channels;
  return w;
}

/* Returns whether each pixel is in a window, and in no other. */
static bool partition(const clf__pool2d *p) {
  return p->stride == p->window_height && p->stride == p->window_width &&
         p->out_height * p->stride - p->pad_top >= p->height &&
         p->out_width * p->stride - p->pad_left >= p->width;
}

static void pool_row(void *argument, int64_t row, int32_t worker) {
  const pooling *job = argument;
  const clf__pool2d *p = job->pool;
  const clf__kernels *k = job->kernels;
  const bool maximum = job->function == CLF__POOL_MAX;
  const int64_t image = p->height * p->width * p->channels, from = row * image;
  int64_t to = row * p->out_height * p->out_width * p->channels, at, count;
  (void)worker;
  if (job->dy != NULL && !partition(p)) {
    memset(job->out + from, 0, (size_t)image * sizeof *job->out);
  }
  for (int64_t place = 0; place < p->out_height * p->out_width; place += count) {
    const clf__pool_windows w = windows_at(p, place / p->out_width, place % p->out_width, &at);
    at += from;
    if (job->dy == NULL) {
      (maximum ? k->pool->max : k->pool->mean)(&w, job->x + at, job->out + to);
    } else {
      (maximum ? k->pool->max_gradient : k->pool->mean_gradient)(&w, job->x + at, job->y + to,
                                                                 job->dy + to, job->out + at);
    }
    count = w.count;
    to += count * p->channels;
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
