/* Normalization of illumination: histogram equalization, and the method of Tan and Triggs (2010,
 * section II). Its steps are I^gamma; a band-pass filter, G(inner) * I - G(outer) * I; division by
 * mean(|I|^alpha)^(1/alpha), and then by mean(min(tau, |I|)^alpha)^(1/alpha), so that few large
 * values do not determine the scale; and tau tanh(I / tau). */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/params.h"
#include "image/image.h"
#include "ops/image/resize.h"

enum { LEVELS = 256 };

/* Computes the new level of each level from a channel's histogram. */
static void equalizing_map(uint8_t *map, const int64_t *counts, int64_t pixels) {
  int lowest = 0;
  while (counts[lowest] == 0) {
    lowest++;
  }
  const int64_t rest = pixels - counts[lowest];
  int64_t up_to = 0;
  for (int v = 0; v < LEVELS; v++) {
    up_to += v > lowest ? counts[v] : 0;
    map[v] = (uint8_t)(rest > 0 ? floor(255 * (double)up_to / (double)rest + 0.5) : (double)v);
  }
}

clf_status clf_image_equalize(clf_image **out, const clf_image *image) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(image);
  CLF__ENTER("image");
  const int64_t channels = image->channels, count = image->height * image->width;
  clf_image *made = NULL;
  CLF__CHECK(clf__image_create_uninitialized(&made, image->context, image->height, image->width,
                                             channels));
  for (int64_t c = 0; c < channels; c++) {
    int64_t counts[LEVELS] = {0};
    uint8_t map[LEVELS];
    for (int64_t i = c; i < count * channels; i += channels) {
      counts[image->pixels[i]]++;
    }
    equalizing_map(map, counts, count);
    for (int64_t i = c; i < count * channels; i += channels) {
      made->pixels[i] = map[image->pixels[i]];
    }
  }
  *out = made;
  return CLF_OK;
}

typedef struct illumination_params {
  double gamma, inner, outer, alpha, tau;
} illumination_params;

#define CLF__VALUES illumination_params
static const clf__param params[] = {
    CLF__REAL(gamma, "0.2", CLF__ABOVE(0), 10, "exponent of the levels from 0 to 1"),
    CLF__REAL(inner, "1", CLF__ABOVE(0), 1000, "sigma in pixels of the blur that removes noise"),
    CLF__REAL(outer, "2", CLF__ABOVE(0), 1000, "sigma in pixels of the blur that is subtracted"),
    CLF__REAL(alpha, "0.1", CLF__ABOVE(0), 10, "power of values in means that measure contrast"),
    CLF__REAL(tau, "10", CLF__ABOVE(0), 1e6, "values are bent to lie below this size"),
};

const clf__kind clf__image_normalize_kind =
    CLF__KIND("tan_triggs", "illumination normalized by the method of Tan and Triggs", params,
              illumination_params);

/* A table, because a byte has few levels. */
static void raise_levels(float *out, const uint8_t *pixels, int64_t count, double gamma) {
  float levels[LEVELS];
  for (int v = 0; v < LEVELS; v++) {
    levels[v] = (float)pow(v / 255.0, gamma);
  }
  for (int64_t i = 0; i < count; i++) {
    out[i] = levels[pixels[i]];
  }
}

/* Subtracts the coarse blur from the fine one. What is left of an even area is rounding, which the
 * division by the mean would make as large as true contrast: it is 0. */
static void subtract(float *x, const float *fine, const float *coarse, int64_t count) {
  static const float rounding = 16 * FLT_EPSILON;
  for (int64_t i = 0; i < count; i++) {
    const float difference = fine[i] - coarse[i];
    x[i] = fabsf(difference) > rounding * coarse[i] ? difference : 0;
  }
}

/* Divides by mean(min(limit, |x|)^alpha)^(1/alpha); values that are all 0 stay 0. It sums the
 * differences of the powers from 1, which are still accurate if alpha is tiny; the mean is then the
 * geometric one. */
static void divide_by_mean(float *x, int64_t count, double alpha, double limit) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) {
    const double size = fmin(fabs((double)x[i]), limit);
    sum += size > 0 ? expm1(alpha * log(size)) : -1;
  }
  const double scale = exp(log1p(sum / (double)count) / alpha);
  for (int64_t i = 0; scale > 0 && i < count; i++) {
    x[i] = (float)((double)x[i] / scale);
  }
}

static clf_status normalize_illumination(clf_image *made, const clf_image *gray,
                                         const illumination_params *chosen) {
  const int64_t height = gray->height, width = gray->width, count = height * width;
  clf_context *context = gray->context;
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  float *x = clf__arena_array(&arena, count, sizeof *x);
  float *coarse = clf__arena_array(&arena, count, sizeof *coarse);
  float *fine = clf__arena_array(&arena, count, sizeof *fine);
  CLF__TRY(clf__arena_status(&arena));
  raise_levels(x, gray->pixels, count, chosen->gamma);
  CLF__TRY(clf__blur(context, x, height, width, chosen->inner, fine));
  CLF__TRY(clf__blur(context, x, height, width, chosen->outer, coarse));
  subtract(x, fine, coarse, count);
  divide_by_mean(x, count, chosen->alpha, INFINITY);
  divide_by_mean(x, count, chosen->alpha, chosen->tau);
  for (int64_t i = 0; i < count; i++) {
    const float bent = tanhf((float)((double)x[i] / chosen->tau));
    made->pixels[i] = (uint8_t)(127.5F + 127.5F * bent + 0.5F);
  }
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf_image_tan_triggs(clf_image **out, const clf_image *image, const char *text) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(image);
  CLF__ENTER("image");
  void *chosen = NULL;
  clf_image *gray = NULL, *made = NULL;
  clf_status status;
  CLF__TRY(clf__params_create(&chosen, image->context, &clf__image_normalize_kind.params, text));
  CLF__TRY(clf_image_to_gray(&gray, image));
  CLF__TRY(clf__image_create_uninitialized(&made, image->context, image->height, image->width, 1));
  CLF__TRY(normalize_illumination(made, gray, chosen));
  *out = made;
  made = NULL;
done:
  clf_image_free(made);
  clf_image_free(gray);
  clf__params_free(&clf__image_normalize_kind.params, chosen);
  return status;
}
