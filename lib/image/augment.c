/* Random changes of images: shifts, rotations, scaling, shearing, mirroring and elastic
 * distortions. All except mirroring are drawn uniformly within their bounds, relative to the center
 * of the image, and applied together in one resampling.
 *
 * Elastic distortions: Simard, Steinkraus and Platt, "Best practices for convolutional neural
 * networks applied to visual document analysis" (ICDAR 2003), displace each pixel by noise that is
 * smoothed by a Gaussian. Here the noise is drawn on a lattice and smoothed by cubic B-splines,
 * whose variance is that of a Gaussian with sigma = spacing / sqrt(3). So 28 x 28 pixels take about
 * 130 random numbers instead of 1568, and no filter. The position of the lattice is random too, so
 * that no pixel is special. */
#include "image/augment.h"

#include <math.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"
#include "ops/image/warp.h"

typedef struct augment_params {
  double shift, rotate, scale, shear;
  double elastic, elastic_sigma;
  double flip;
  int32_t fill;
} augment_params;

#define CLF__VALUES augment_params
static const clf__param params[] = {
    CLF__REAL(shift, "0", 0, 1e4, "maximum translation in pixels on each axis"),
    CLF__REAL(rotate, "0", 0, 180, "maximum rotation in degrees, in both directions"),
    CLF__REAL(scale, "0", 0, 9, "maximum share to grow or shrink by: 0.25 is 1 / 1.25 to 1.25"),
    CLF__REAL(shear, "0", 0, 9, "maximum shift of a row, in pixels for each row off the middle"),
    CLF__REAL(elastic, "0", 0, 1e4, "standard deviation of elastic shifts on each axis, in pixels"),
    CLF__REAL(elastic_sigma, "4", 0.5, 1e4,
              "standard deviation of the blur that smooths elastic shifts, in pixels"),
    CLF__REAL(flip, "0", 0, 1, "probability of a horizontal flip"),
    CLF__CHOICE(fill, "zero|edge", "zero", "pixels from outside: zeros, or the nearest pixel"),
};

const clf__kind clf__augment_image = {
    "image",
    "images shifted, rotated, scaled, sheared, mirrored and elastically distorted",
    {"augment", params, CLF__PARAM_COUNT(params), sizeof(augment_params)},
};

struct clf__augment {
  clf_context *context;
  void *params;
  clf__warp warp;  /* sizes alone */
  int64_t nodes;   /* of the lattice's two fields */
  int64_t scratch; /* floats for each worker */
  float *buffer;   /* [threads, scratch] */
};

static clf_status set_sizes(clf__augment *augment, int32_t dimensions, const int64_t *shape) {
  const augment_params *p = augment->params;
  clf__lattice *lattice = &augment->warp.lattice;
  if (dimensions != 2 && dimensions != 3) {
    return clf__fail(CLF_ERROR_SHAPE,
                     "augment: rows of %d dimension%s are not images; it needs rows of shape "
                     "[height, width] or [height, width, channels]",
                     (int)dimensions, dimensions == 1 ? "" : "s");
  }
  augment->warp.height = shape[0];
  augment->warp.width = shape[1];
  augment->warp.channels = dimensions == 3 ? shape[2] : 1;
  augment->warp.edge = p->fill == 1;
  if (clf__warp_scratch(&augment->warp) < 0) {
    return clf__fail(CLF_ERROR_SHAPE, "augment: images of %lld x %lld x %lld are too large",
                     (long long)augment->warp.height, (long long)augment->warp.width,
                     (long long)augment->warp.channels);
  }
  if (p->elastic > 0) {
    lattice->spacing = sqrt(3) * p->elastic_sigma;
    for (int axis = 0; axis < 2; axis++) {
      lattice->nodes[axis] = clf__lattice_nodes(lattice->spacing, shape[axis]);
    }
    augment->nodes = 2 * lattice->nodes[0] * lattice->nodes[1];
  }
  augment->scratch = augment->nodes + clf__warp_scratch(&augment->warp);
  return CLF_OK;
}

static clf_status parse(void **out, clf_context *context, const char *text) {
  const clf_status status = clf__params_create(out, context, &clf__augment_image.params, text);
  return status == CLF_ERROR_ARGUMENT ? clf__fail_within(status, "network: augment '%s'", text)
                                      : status;
}

clf_status clf__augment_check(clf_context *context, const char *text) {
  void *values = NULL;
  const clf_status status = parse(&values, context, text);
  clf__params_free(&clf__augment_image.params, values);
  return status;
}

clf_status clf__augment_create(clf__augment **out, clf_context *context, const char *text,
                               int32_t dimensions, const int64_t *shape) {
  if (text == NULL || text[0] == '\0') {
    *out = NULL;
    return CLF_OK;
  }
  clf__augment *augment = clf__alloc_zeroed(context, 1, sizeof *augment);
  int64_t floats;
  clf_status status = augment != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  augment->context = context;
  CLF__TRY(parse(&augment->params, context, text));
  CLF__TRY(set_sizes(augment, dimensions, shape));
  floats = clf__mul_i64(augment->scratch, clf__context_threads(context), &floats) ? floats : -1;
  augment->buffer = clf__alloc_array(context, floats, sizeof *augment->buffer);
  status = augment->buffer != NULL ? CLF_OK : CLF_ERROR_MEMORY;
done:
  if (status < 0) {
    clf__augment_free(augment);
    return status;
  }
  *out = augment;
  return CLF_OK;
}

void clf__augment_free(clf__augment *augment) {
  if (augment != NULL) {
    clf__params_free(&clf__augment_image.params, augment->params);
    clf__free(augment->buffer);
    clf__free(augment);
  }
}

static double within(clf__random *random, double max) {
  return max * (2 * clf__random_uniform(random) - 1);
}

/* The map from the result to the image. */
static void draw_affine(const augment_params *p, clf__random *random, clf__warp *warp) {
  const double radians = 3.141592653589793 / 180;
  const double angle = radians * within(random, p->rotate);
  const double scale = exp(within(random, log1p(p->scale)));
  const double shear = within(random, p->shear);
  const double shift[2] = {within(random, p->shift), within(random, p->shift)};
  const double mirror = clf__random_uniform(random) < p->flip ? -1 : 1;
  const double cosine = scale * cos(angle), sine = scale * sin(angle);
  const double right[2] = {mirror * sine, mirror * cosine};
  const double down[2] = {cosine + shear * sine, shear * cosine - sine};
  const double middle[2] = {(double)(warp->height - 1) / 2, (double)(warp->width - 1) / 2};
  for (int axis = 0; axis < 2; axis++) {
    warp->right[axis] = (float)right[axis];
    warp->down[axis] = (float)down[axis];
    warp->origin[axis] =
        (float)(middle[axis] + shift[axis] - middle[0] * down[axis] - middle[1] * right[axis]);
  }
}

/* The mean of the sum of the squares of the four weights over a cell is 151 / 315 on each axis. */
static void draw_lattice(const augment_params *p, clf__random *random, clf__lattice *lattice,
                         float *nodes) {
  const double max = p->elastic * sqrt(3) * 315 / 151;
  const int64_t count = lattice->nodes[0] * lattice->nodes[1];
  for (int axis = 0; axis < 2; axis++, nodes += count) {
    lattice->phase[axis] = clf__random_uniform(random);
    lattice->shift[axis] = nodes;
    for (int64_t i = 0; i < count; i++) {
      nodes[i] = (float)within(random, max);
    }
  }
}

void clf__augment_row(const clf__augment *augment, int32_t worker, uint64_t seed, int64_t row,
                      float *values) {
  const augment_params *p = augment->params;
  float *buffer = augment->buffer + worker * augment->scratch;
  clf__random random = clf__random_seed(seed, (uint64_t)row);
  clf__warp warp = augment->warp;
  draw_affine(p, &random, &warp);
  if (warp.lattice.spacing > 0) {
    draw_lattice(p, &random, &warp.lattice, buffer);
  }
  clf__warp_image(augment->context, &warp, buffer + augment->nodes, values);
}
