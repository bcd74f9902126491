/* Batch normalization (Ioffe and Szegedy, 2015). For each channel, the last axis,
 *
 *   y = weight (x - mean) / sqrt(variance + epsilon) + bias
 *
 * In training, mean and variance are those of the channel over the n values of the batch: rows and
 * pixels, or steps of sequences that are not padding. They update the running ones as in PyTorch:
 *
 *   running = (1 - momentum) running + momentum now      with the unbiased variance, over n - 1
 *
 * Running statistics lag behind the weights, so they are measured over many rows at the end of the
 * training. Inference uses them, and so does a training that leaves the layer as it is. A single
 * value has no variance, so a batch of one row of features is treated as in inference, too.
 *
 * Backward, with z = (x - mean) r and r = 1 / sqrt(variance + epsilon): dbias = sum dy, dweight =
 * sum dy z, dx = weight r (dy - dbias / n - z dweight / n). For padding, which does not affect mean
 * and variance, and with running statistics, dx = weight r dy. */
#include "comm/comm.h"
#include "layers/layer.h"

#include <math.h>
#include <string.h>

#include "ops/nn/channels.h"
#include "ops/nn/sequence.h"

typedef struct batch_norm_params {
  double momentum, epsilon;
} batch_norm_params;

#define CLF__VALUES batch_norm_params
static const clf__param params[] = {
    CLF__REAL(momentum, "0.1", 0, 1,
              "weight of a batch's mean and variance in the running ones; Keras has 1 - momentum"),
    CLF__REAL(epsilon, "1e-5", 1e-12, 1, "constant that is added to the variance"),
};

enum { WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VAR, WEIGHTS };

static clf_status infer_shapes(clf__layer *layer) {
  static const struct {
    const char *name;
    int32_t initial;
    bool trained, not_negative;
  } weights[WEIGHTS] = {{"weight", CLF__INITIAL_ONES, true, false},
                        {"bias", CLF__INITIAL_ZEROS, true, false},
                        {"running_mean", CLF__INITIAL_ZEROS, false, false},
                        {"running_var", CLF__INITIAL_ONES, false, true}};
  const int64_t channels = layer->in.size[layer->in.ndim - 1];
  layer->out = layer->in;
  for (int i = 0; i < WEIGHTS; i++) {
    layer->weights[i] = (clf__weight_info){.name = weights[i].name,
                                           .shape = {1, {channels}},
                                           .initial = weights[i].initial,
                                           .trained = weights[i].trained,
                                           .not_negative = weights[i].not_negative};
  }
  layer->weight_count = WEIGHTS;
  /* Returns the batch's mean and r, at the beginning of what is kept for all rows. */
  layer->kept_bytes = 2 * (size_t)channels * sizeof(float);
  layer->statistic_count = 2 * channels + 1;
  return CLF_OK;
}

static clf__channels shape_of(const clf__pass *pass) {
  const clf__layer *layer = pass->layer;
  const int64_t channels = layer->in.size[layer->in.ndim - 1];
  return (clf__channels){pass->rows * layer->inputs / channels, channels};
}

/* Returns the number of values of a channel that are not padding. */
static int64_t values_of(const clf__pass *pass) {
  const clf__span *spans = pass->spans;
  int64_t count = spans != NULL ? 0 : shape_of(pass).pixels;
  for (int64_t i = 0; spans != NULL && i < pass->rows; i++) {
    count += spans[i].end - spans[i].begin;
  }
  return count;
}

static bool learns(const clf__pass *pass) {
  return pass->training && !pass->layer->frozen;
}

/* Allocates the steps of x that are not padding, one after another. */
static float *gather_steps(const clf__pass *pass, int64_t count) {
  const clf__layer *layer = pass->layer;
  const int64_t steps = layer->in.size[0], channels = layer->in.size[1];
  float *steps_of_all = clf__alloc_matrix(layer->context, count, channels, sizeof *steps_of_all);
  float *to = steps_of_all;
  for (int64_t i = 0; to != NULL && i < pass->rows; i++) {
    const clf__span span = pass->spans[i];
    const int64_t size = (span.end - span.begin) * channels;
    memcpy(to, pass->x + (i * steps + span.begin) * channels, (size_t)size * sizeof *to);
    to += size;
  }
  return steps_of_all;
}

/* Computes sums [channels] of the values that are not padding, and of their squares. */
static clf_status sum_values(const clf__pass *pass, double *sums, double *squares) {
  clf__channels shape = shape_of(pass);
  float *steps = NULL;
  if (pass->rows == 0) {
    memset(sums, 0, (size_t)shape.channels * sizeof *sums);
    memset(squares, 0, (size_t)shape.channels * sizeof *squares);
    return CLF_OK;
  }
  if (pass->spans != NULL) {
    shape.pixels = values_of(pass);
    steps = gather_steps(pass, shape.pixels);
    if (steps == NULL) {
      return CLF_ERROR_MEMORY;
    }
  }
  clf_status status = clf__channel_sums(pass->layer->context, shape,
                                        steps != NULL ? steps : pass->x, sums, squares);
  clf__free(steps);
  return status;
}

static float inverse_root(const clf__pass *pass, double variance) {
  const batch_norm_params *p = pass->layer->params;
  return (float)(1 / sqrt(variance + p->epsilon));
}

/* Returns mean and biased variance of n values. */
typedef struct moments {
  double mean, variance;
} moments;

static moments moments_of(double sum, double squares, double n) {
  const double mean = sum / n, variance = squares / n - mean * mean;
  return (moments){mean, variance < 0 ? 0 : variance}; /* NaN is passed on */
}

/* Adds the sums [2 channels] and the number n of values, which follows, of all ranks. */
static clf_status join(const clf__pass *pass, double *sums) {
  const int64_t channels = shape_of(pass).channels;
  sums[2 * channels] = (double)values_of(pass);
  return pass->places != NULL
             ? clf__comm_sum(pass->layer->context, "batch normalization", sums, 2 * channels + 1)
             : CLF_OK;
}

/* Computes mean and r [channels] of the batch, and updates the running statistics; or else *several
 * is false. */
static clf_status move_running(const clf__pass *pass, float *mean, float *r, bool *several) {
  const batch_norm_params *p = pass->layer->params;
  const int64_t channels = shape_of(pass).channels;
  float *running_mean = pass->weights[RUNNING_MEAN], *running_var = pass->weights[RUNNING_VAR];
  double *sums = clf__alloc_array(pass->layer->context, 2 * channels + 1, sizeof *sums);
  if (sums == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = sum_values(pass, sums, sums + channels);
  status = status == CLF_OK ? join(pass, sums) : status;
  const double n = sums[2 * channels];
  *several = status == CLF_OK && n > 1;
  for (int64_t j = 0; *several && j < channels; j++) {
    const moments now = moments_of(sums[j], sums[channels + j], n);
    const double unbiased = now.variance * n / (n - 1);
    mean[j] = (float)now.mean;
    r[j] = inverse_root(pass, now.variance);
    running_mean[j] += (float)(p->momentum * (now.mean - (double)running_mean[j]));
    running_var[j] += (float)(p->momentum * (unbiased - (double)running_var[j]));
  }
  clf__free(sums);
  return status;
}

/* The sums are those of the values, of their squares and of their number. */
static clf_status measure(const clf__pass *pass, double *sums) {
  const int64_t channels = shape_of(pass).channels;
  double *own = clf__alloc_matrix(pass->layer->context, 2, channels, sizeof *own);
  if (own == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = sum_values(pass, own, own + channels);
  for (int64_t j = 0; status == CLF_OK && j < 2 * channels; j++) {
    sums[j] += own[j];
  }
  sums[2 * channels] += (double)values_of(pass);
  clf__free(own);
  return status;
}

static void set_measured(const clf__layer *layer, const double *sums, float *const *weights) {
  const int64_t channels = layer->in.size[layer->in.ndim - 1];
  const double n = sums[2 * channels];
  for (int64_t j = 0; n > 1 && j < channels; j++) {
    const moments all = moments_of(sums[j], sums[channels + j], n);
    weights[RUNNING_MEAN][j] = (float)all.mean;
    weights[RUNNING_VAR][j] = (float)(all.variance * n / (n - 1));
  }
}

static clf_status forward(const clf__pass *pass) {
  clf_context *context = pass->layer->context;
  const clf__channels shape = shape_of(pass);
  float *mean = clf__alloc_matrix(context, 3, shape.channels, sizeof *mean);
  if (mean == NULL) {
    return CLF_ERROR_MEMORY;
  }
  float *r = mean + shape.channels, *factor = r + shape.channels;
  bool by_batch = false;
  clf_status status = learns(pass) ? move_running(pass, mean, r, &by_batch) : CLF_OK;
  if (!by_batch) {
    memcpy(mean, pass->weights[RUNNING_MEAN], (size_t)shape.channels * sizeof *mean);
    for (int64_t j = 0; j < shape.channels; j++) {
      r[j] = inverse_root(pass, (double)pass->weights[RUNNING_VAR][j]);
    }
  }
  if (status == CLF_OK) {
    for (int64_t j = 0; j < shape.channels; j++) {
      factor[j] = pass->weights[WEIGHT][j] * r[j];
    }
    if (pass->training) {
      memcpy(pass->kept, mean, 2 * (size_t)shape.channels * sizeof *mean);
    }
    const clf__channel_map map = {mean, factor, pass->weights[BIAS]};
    clf__channel_apply(context, shape, pass->x, &map, pass->y);
  }
  clf__free(mean);
  return status;
}

/* The sums are those of dy, of its products and of their number. */
static void set_gradients(const clf__pass *pass, const double *sums) {
  const int64_t channels = shape_of(pass).channels;
  const float *r = (const float *)pass->kept + channels;
  for (int64_t j = 0; j < channels; j++) {
    pass->gradients[WEIGHT][j] = (float)((double)r[j] * sums[channels + j]);
    pass->gradients[BIAS][j] = (float)sums[j];
  }
}

/* If the statistics are not those of the batch, dx = weight r dy. */
static void set_map(const clf__pass *pass, const double *sums, float *factor, float *shift,
                    float *share) {
  const int64_t channels = shape_of(pass).channels;
  const float *r = (const float *)pass->kept + channels;
  const double n = sums[2 * channels];
  const bool by_batch = learns(pass) && n > 1;
  for (int64_t j = 0; j < channels; j++) {
    const double gain = (double)pass->weights[WEIGHT][j] * (double)r[j];
    const double spread = (double)r[j] * (double)r[j] * sums[channels + j] / n;
    share[j] = (float)gain;
    factor[j] = by_batch ? (float)(-gain * spread) : 0;
    shift[j] = by_batch ? (float)(-gain * sums[j] / n) : 0;
  }
}

/* Computes dx of padding, steps first … end - 1 of a row. */
static void pass_padding(const clf__pass *pass, int64_t row, int64_t first, int64_t end,
                         const float *share) {
  const int64_t steps = pass->layer->in.size[0], channels = pass->layer->in.size[1];
  for (int64_t i = row * steps + first; i < row * steps + end; i++) {
    for (int64_t j = 0; j < channels; j++) {
      pass->dx[i * channels + j] = share[j] * pass->dy[i * channels + j];
    }
  }
}

static clf_status backward(const clf__pass *pass) {
  clf_context *context = pass->layer->context;
  const clf__channels shape = shape_of(pass);
  const float *mean = pass->kept;
  clf__arena arena = {.context = context};
  double *sums = clf__arena_zeroed(&arena, 2 * shape.channels + 1, sizeof *sums);
  float *factor = clf__arena_matrix(&arena, 3, shape.channels, sizeof *factor);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  float *shift = factor + shape.channels, *share = shift + shape.channels;
  CLF__TRY(pass->rows > 0 ? clf__channel_products(context, shape, pass->x, pass->dy, mean, sums,
                                                  sums + shape.channels)
                          : CLF_OK);
  set_gradients(pass, sums);
  if (pass->dx != NULL) {
    CLF__TRY(join(pass, sums));
    set_map(pass, sums, factor, shift, share);
    const clf__channel_map map = {mean, factor, shift};
    clf__channel_gradient(context, shape, pass->x, pass->dy, &map, share, pass->dx);
    for (int64_t i = 0; pass->spans != NULL && i < pass->rows; i++) {
      pass_padding(pass, i, 0, pass->spans[i].begin, share);
      pass_padding(pass, i, pass->spans[i].end, pass->layer->in.size[0], share);
    }
  }
done:
  clf__arena_free(&arena);
  return status;
}

static void map(const clf__layer *layer, float *const *weights, double *factor, double *shift) {
  const batch_norm_params *p = layer->params;
  for (int64_t j = 0; j < layer->in.size[layer->in.ndim - 1]; j++) {
    factor[j] = (double)weights[WEIGHT][j] / sqrt((double)weights[RUNNING_VAR][j] + p->epsilon);
    shift[j] = (double)weights[BIAS][j] - (double)weights[RUNNING_MEAN][j] * factor[j];
  }
}

const clf__layer_kind clf__batch_norm_kind = {
    .base =
        CLF__KIND("batch_norm",
                  "each channel less its mean over the batch, by its deviation, scaled and shifted",
                  params, batch_norm_params),
    .operation = CLF__OPERATION_CHANNEL_MAP,
    .infer_shapes = infer_shapes,
    .forward = forward,
    .backward = backward,
    .map = map,
    .measure = measure,
    .set_measured = set_measured,
};
