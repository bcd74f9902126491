/* Gaussian blur as two one-dimensional filters: weighted sums of 2 r + 1 rows, with r = 3 sigma
 * rounded up, and then of as many elements of a row. The weights are exp(-k^2 / (2 sigma^2)),
 * scaled to sum to 1. The image is extended on all sides by r pixels that repeat its edge. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/status.h"
#include "ops/image/resize.h"
#include "ops/kernels.h"

/* Returns the weight of an element that many standard deviations away; 1 at 0, whatever the
 * deviation. */
static double weight_at(double distance) {
  return exp(-0.5 * distance * distance);
}

static void set_weights(float *weights, int64_t reach, double sigma) {
  double sum = 0;
  for (int64_t k = -reach; k <= reach; k++) {
    sum += weight_at((double)k / sigma);
  }
  for (int64_t k = -reach; k <= reach; k++) {
    weights[k + reach] = (float)(weight_at((double)k / sigma) / sum);
  }
}

/* Fills to [height + 2 reach, width + 2 reach]. */
static void fill_frame(float *to, const float *x, int64_t height, int64_t width, int64_t reach) {
  for (int64_t i = -reach; i < height + reach; i++) {
    const float *row = x + clf__clamp_i64(i, 0, height - 1) * width;
    for (int64_t j = 0; j < reach; j++) {
      to[j] = row[0];
      to[reach + width + j] = row[width - 1];
    }
    memcpy(to + reach, row, (size_t)width * sizeof *to);
    to += width + 2 * reach;
  }
}

clf_status clf__blur(clf_context *context, const float *x, int64_t height, int64_t width,
                     double sigma, float *out) {
  const clf__kernels *kernels = clf__kernels_for(context);
  const int64_t reach = (int64_t)ceil(3 * sigma), taps = 2 * reach + 1, line = width + 2 * reach;
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  float *weights = clf__arena_array(&arena, taps, sizeof *weights);
  float *row = clf__arena_array(&arena, line, sizeof *row);
  float *frame = clf__arena_matrix(&arena, height + 2 * reach, line, sizeof *frame);
  CLF__TRY(clf__arena_status(&arena));
  set_weights(weights, reach, sigma);
  fill_frame(frame, x, height, width, reach);
  for (int64_t i = 0; i < height; i++) {
    kernels->resize->weigh_f32(frame + i * line, line, weights, taps, line, row);
    kernels->resize->weigh_f32(row, 1, weights, taps, width, out + i * width);
  }
done:
  clf__arena_free(&arena);
  return status;
}
