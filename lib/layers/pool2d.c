/* Pooling of images, channel by channel, over windows within the image: the maximum, whose gradient
 * goes to the first pixel that has it, or the mean, whose gradient is shared. Bound by reading the
 * input once; rows go to the pool. */
#include <string.h>

#include "base/pool.h"
#include "layers/layer.h"

typedef struct pool_params {
  int64_t size;
  clf__number stride;
} pool_params;

#define PARAMS                                                                                     \
  {                                                                                                \
    {"size", CLF_PARAM_I64, offsetof(pool_params, size),   "2", 1, 1e4,                            \
     false,  NULL,          "height and width of a window"},                                       \
        {"stride", CLF_PARAM_NUMBER, offsetof(pool_params, stride),       "size", 1, 1e4,          \
         false,    "size",           "pixels from one window to the next"},                        \
  }
static const clf__param max_params[] = PARAMS, average_params[] = PARAMS;

static int64_t stride_of(const clf__layer *layer) {
  const pool_params *p = layer->params;
  return p->stride.word < 0 ? (int64_t)p->stride.value : p->size;
}

static clf_status arrange(clf__layer *layer) {
  const pool_params *p = layer->params;
  const int64_t height = layer->in.size[0], width = layer->in.size[1], stride = stride_of(layer);
  if (height < p->size || width < p->size) {
    return clf__layer_fail(layer, "window %lld is larger than its input %lldx%lld",
                           (long long)p->size, (long long)height, (long long)width);
  }
  layer->out = (clf__shape){
      3, {(height - p->size) / stride + 1, (width - p->size) / stride + 1, layer->in.size[2]}};
  return CLF_OK;
}

/* One window: `from` its first pixel, y and the gradients of its output. */
typedef struct window {
  int64_t size, channels;
  int64_t line; /* elements from one line of the image to the next */
} window;

static void max_window(const window *w, const float *restrict from, float *restrict y) {
  memcpy(y, from, (size_t)w->channels * sizeof *y);
  for (int64_t m = 0; m < w->size; m++) {
    for (int64_t n = 0; n < w->size; n++) {
      const float *x = from + m * w->line + n * w->channels;
      for (int64_t c = 0; c < w->channels; c++) {
        y[c] = x[c] <= y[c] ? y[c] : x[c]; /* NaN goes through */
      }
    }
  }
}

static void average_window(const window *w, const float *restrict from, float *restrict y) {
  const float share = 1 / (float)(w->size * w->size);
  memset(y, 0, (size_t)w->channels * sizeof *y);
  for (int64_t m = 0; m < w->size; m++) {
    for (int64_t n = 0; n < w->size; n++) {
      const float *x = from + m * w->line + n * w->channels;
      for (int64_t c = 0; c < w->channels; c++) {
        y[c] += x[c] * share;
      }
    }
  }
}

static void max_gradient(const window *w, const float *x, const float *y, const float *dy,
                         float *dx) {
  for (int64_t c = 0; c < w->channels; c++) {
    int64_t best = c;
    for (int64_t i = w->size * w->size - 1; i >= 0; i--) {
      const int64_t at = i / w->size * w->line + i % w->size * w->channels + c;
      best = x[at] == y[c] ? at : best;
    }
    dx[best] += dy[c];
  }
}

static void average_gradient(const window *w, const float *x, const float *y, const float *dy,
                             float *dx) {
  const float share = 1 / (float)(w->size * w->size);
  (void)x;
  (void)y;
  for (int64_t m = 0; m < w->size; m++) {
    for (int64_t n = 0; n < w->size; n++) {
      for (int64_t c = 0; c < w->channels; c++) {
        dx[m * w->line + n * w->channels + c] += dy[c] * share;
      }
    }
  }
}

typedef struct pooling {
  const clf__pass *pass;
  void (*value)(const window *w, const float *from, float *y);
  void (*gradient)(const window *w, const float *x, const float *y, const float *dy, float *dx);
} pooling;

/* Every window of a row of the batch. */
static void pool_row(void *argument, int64_t row, int32_t worker) {
  const pooling *job = argument;
  const clf__layer *layer = job->pass->layer;
  const pool_params *p = layer->params;
  const int64_t channels = layer->in.size[2], line = layer->in.size[1] * channels;
  const int64_t stride = stride_of(layer), first = row * layer->inputs;
  const window w = {p->size, channels, line};
  int64_t to = row * layer->outputs;
  (void)worker;
  if (job->gradient != NULL) {
    memset(job->pass->dx + first, 0, (size_t)layer->inputs * sizeof(float));
  }
  for (int64_t i = 0; i < layer->out.size[0]; i++) {
    for (int64_t j = 0; j < layer->out.size[1]; j++, to += channels) {
      const int64_t from = first + i * stride * line + j * stride * channels;
      if (job->gradient != NULL) {
        job->gradient(&w, job->pass->x + from, job->pass->y + to, job->pass->dy + to,
                      job->pass->dx + from);
      } else {
        job->value(&w, job->pass->x + from, job->pass->y + to);
      }
    }
  }
}

static clf_status pool(const clf__pass *pass, pooling job) {
  job.pass = pass;
  if (job.gradient == NULL || pass->dx != NULL) {
    clf__parallel(pass->layer->context, pass->rows, pool_row, &job);
  }
  return CLF_OK;
}

static clf_status max_forward(const clf__pass *pass) {
  return pool(pass, (pooling){.value = max_window});
}

static clf_status max_backward(const clf__pass *pass) {
  return pool(pass, (pooling){.gradient = max_gradient});
}

static clf_status average_forward(const clf__pass *pass) {
  return pool(pass, (pooling){.value = average_window});
}

static clf_status average_backward(const clf__pass *pass) {
  return pool(pass, (pooling){.gradient = average_gradient});
}

#define KIND(function, text)                                                                       \
  const clf__layer_kind clf__##function##_pool2d_kind = {                                          \
      .name = #function "_pool2d",                                                                 \
      .help = text,                                                                                \
      .params = {#function "_pool2d", function##_params, CLF__PARAM_COUNT(function##_params),      \
                 sizeof(pool_params)},                                                             \
      .dimensions = 3,                                                                             \
      .arrange = arrange,                                                                          \
      .forward = function##_forward,                                                               \
      .backward = function##_backward,                                                             \
  }
KIND(max, "the largest pixel of each window");
KIND(average, "the mean of each window");
