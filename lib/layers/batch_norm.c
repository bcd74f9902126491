/* Batch normalisation (Ioffe and Szegedy, 2015): for each channel, the last axis,
 *
 *   y = weight (x - mean) / sqrt(variance + epsilon) + bias
 *
 * While training, mean and variance are those of the channel over the n values of the batch, rows
 * and pixels, and move the running ones as in PyTorch:
 *
 *   running = (1 - momentum) running + momentum now      with the unbiased variance, over n - 1
 *
 * which inference uses. A single value has no variance: such a batch, one row of features, passes
 * as in inference and moves nothing. Backward, with z = (x - mean) r and r = 1 / sqrt(variance +
 * epsilon): dbias = sum dy, dweight = sum dy z, dx = weight r (dy - dbias / n - z dweight / n). */
#include "layers/batch_norm.h"

#include <math.h>
#include <string.h>

#include "ops/channels.h"

typedef struct batch_norm_params {
  double momentum, epsilon;
} batch_norm_params;

static const clf__param params[] = {
    {"momentum", CLF_PARAM_F64, offsetof(batch_norm_params, momentum), "0.1", 0, 1, false, NULL,
     "share of a batch's mean and variance in the running ones, as in PyTorch; Keras has 1 - "
     "momentum"},
    {"epsilon", CLF_PARAM_F64, offsetof(batch_norm_params, epsilon), "1e-5", 1e-12, 1, false, NULL,
     "added to the variance"},
};

enum { WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VAR, WEIGHTS };

static clf_status arrange(clf__layer *layer) {
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
  /* The batch's mean and r, at the beginning of what is kept for all rows. */
  layer->kept_bytes = 2 * (size_t)channels * sizeof(float);
  return CLF_OK;
}

static clf__channels shape_of(const clf__pass *pass) {
  const clf__layer *layer = pass->layer;
  const int64_t channels = layer->in.size[layer->in.ndim - 1];
  return (clf__channels){pass->rows * layer->inputs / channels, channels};
}

static bool by_batch(const clf__pass *pass) {
  return pass->training && shape_of(pass).pixels > 1;
}

static float inverse_root(const clf__pass *pass, double variance) {
  const batch_norm_params *p = pass->layer->params;
  return (float)(1 / sqrt(variance + p->epsilon));
}

/* mean and r [channels] of the batch, which move the running ones. */
static clf_status measure(const clf__pass *pass, float *mean, float *r) {
  const batch_norm_params *p = pass->layer->params;
  const clf__channels shape = shape_of(pass);
  const double n = (double)shape.pixels;
  float *running_mean = pass->weights[RUNNING_MEAN], *running_var = pass->weights[RUNNING_VAR];
  double *sums = clf__alloc_array(pass->layer->context, 2 * shape.channels, sizeof *sums);
  if (sums == NULL) {
    return CLF_ERROR_MEMORY;
  }
  double *squares = sums + shape.channels;
  clf_status status = clf__channel_sums(pass->layer->context, shape, pass->x, sums, squares);
  for (int64_t j = 0; status == CLF_OK && j < shape.channels; j++) {
    const double center = sums[j] / n, spread = squares[j] / n - center * center;
    const double variance = spread < 0 ? 0 : spread; /* NaN goes through */
    mean[j] = (float)center;
    r[j] = inverse_root(pass, variance);
    running_mean[j] += (float)(p->momentum * (center - (double)running_mean[j]));
    running_var[j] += (float)(p->momentum * (variance * n / (n - 1) - (double)running_var[j]));
  }
  clf__free(sums);
  return status;
}

static clf_status forward(const clf__pass *pass) {
  clf_context *context = pass->layer->context;
  const clf__channels shape = shape_of(pass);
  float *mean = clf__alloc_array(context, 3 * shape.channels, sizeof *mean);
  if (mean == NULL) {
    return CLF_ERROR_MEMORY;
  }
  float *r = mean + shape.channels, *factor = r + shape.channels;
  clf_status status = CLF_OK;
  if (by_batch(pass)) {
    status = measure(pass, mean, r);
  } else {
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

/* Where the statistics are not the batch's, dx = weight r dy. */
static void set_map(const clf__pass *pass, const double *sums, const double *products,
                    float *factor, float *shift, float *share) {
  const clf__channels shape = shape_of(pass);
  const float *r = (const float *)pass->kept + shape.channels;
  const double n = (double)shape.pixels;
  for (int64_t j = 0; j < shape.channels; j++) {
    const double slope = (double)pass->weights[WEIGHT][j] * (double)r[j];
    const double spread = (double)r[j] * (double)r[j] * products[j] / n;
    share[j] = (float)slope;
    factor[j] = by_batch(pass) ? (float)(-slope * spread) : 0;
    shift[j] = by_batch(pass) ? (float)(-slope * sums[j] / n) : 0;
    pass->gradients[WEIGHT][j] = (float)((double)r[j] * products[j]);
    pass->gradients[BIAS][j] = (float)sums[j];
  }
}

static clf_status backward(const clf__pass *pass) {
  clf_context *context = pass->layer->context;
  const clf__channels shape = shape_of(pass);
  const float *mean = pass->kept;
  double *sums = clf__alloc_array(context, 2 * shape.channels, sizeof *sums);
  float *factor = clf__alloc_array(context, 3 * shape.channels, sizeof *factor);
  clf_status status = sums != NULL && factor != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  double *products = sums + shape.channels;
  float *shift = factor + shape.channels, *share = shift + shape.channels;
  CLF__TRY(clf__channel_products(context, shape, pass->x, pass->dy, mean, sums, products));
  set_map(pass, sums, products, factor, shift, share);
  if (pass->dx != NULL) {
    const clf__channel_map map = {mean, factor, shift};
    clf__channel_slope(context, shape, pass->x, pass->dy, &map, share, pass->dx);
  }
done:
  clf__free(sums);
  clf__free(factor);
  return status;
}

void clf__batch_norm_map(const clf__layer *layer, float *const *weights, double *factor,
                         double *shift) {
  const batch_norm_params *p = layer->params;
  for (int64_t j = 0; j < layer->in.size[layer->in.ndim - 1]; j++) {
    factor[j] = (double)weights[WEIGHT][j] / sqrt((double)weights[RUNNING_VAR][j] + p->epsilon);
    shift[j] = (double)weights[BIAS][j] - (double)weights[RUNNING_MEAN][j] * factor[j];
  }
}

const clf__layer_kind clf__batch_norm_kind = {
    .name = "batch_norm",
    .help = "each channel less its mean over the batch, by its deviation, scaled and shifted",
    .params = {"batch_norm", params, CLF__PARAM_COUNT(params), sizeof(batch_norm_params)},
    .arrange = arrange,
    .forward = forward,
    .backward = backward,
};
