/* Resampled images against plain loops in f64, at every level of CPU. */
#include "ops_support.h"

#include <math.h>

#include "ops/image/warp.h"

enum { HEIGHT = 9, WIDTH = 21, MOST_CHANNELS = 3, ELEMENTS = HEIGHT * WIDTH * MOST_CHANNELS };

static clf__warp identity(int64_t channels) {
  return (clf__warp){
      .height = HEIGHT, .width = WIDTH, .channels = channels, .down = {1, 0}, .right = {0, 1}};
}

/* The pixel at integer coordinates, which may lie outside the image. */
static double pixel(const clf__warp *warp, const float *image, int64_t i, int64_t j, int64_t c) {
  const bool inside = i >= 0 && i < warp->height && j >= 0 && j < warp->width;
  if (!inside && !warp->edge) {
    return 0;
  }
  i = i < 0 ? 0 : i < warp->height ? i : warp->height - 1;
  j = j < 0 ? 0 : j < warp->width ? j : warp->width - 1;
  return (double)image[(i * warp->width + j) * warp->channels + c];
}

static double bilinear(const clf__warp *warp, const float *image, double y, double x, int64_t c) {
  const int64_t i = (int64_t)floor(y), j = (int64_t)floor(x);
  const double down = y - (double)i, right = x - (double)j;
  return (1 - down) *
             ((1 - right) * pixel(warp, image, i, j, c) + right * pixel(warp, image, i, j + 1, c)) +
         down * ((1 - right) * pixel(warp, image, i + 1, j, c) +
                 right * pixel(warp, image, i + 1, j + 1, c));
}

/* The cubic B-spline as its integral form has it: the fourth difference of cubes, over 6. */
static double spline(double t) {
  static const double binomial[] = {1, -4, 6, -4, 1};
  double sum = 0;
  for (int k = 0; k < 5; k++) {
    const double from = t + 2 - k;
    sum += from > 0 ? binomial[k] * from * from * from : 0;
  }
  return sum / 6;
}

static double displacement(const clf__lattice *lattice, int axis, int64_t i, int64_t j) {
  double sum = 0;
  for (int64_t n = 0; lattice->spacing > 0 && n < lattice->nodes[0]; n++) {
    for (int64_t m = 0; m < lattice->nodes[1]; m++) {
      const double y = lattice->phase[0] + (double)i / lattice->spacing - (double)n + 1;
      const double x = lattice->phase[1] + (double)j / lattice->spacing - (double)m + 1;
      sum += (double)lattice->shift[axis][n * lattice->nodes[1] + m] * spline(y) * spline(x);
    }
  }
  return sum;
}

static void expected(const clf__warp *warp, const float *image, double *out) {
  for (int64_t i = 0; i < warp->height; i++) {
    for (int64_t j = 0; j < warp->width; j++) {
      double at[2];
      for (int axis = 0; axis < 2; axis++) {
        at[axis] = (double)warp->origin[axis] + (double)warp->down[axis] * (double)i +
                   (double)warp->right[axis] * (double)j + displacement(&warp->lattice, axis, i, j);
      }
      for (int64_t c = 0; c < warp->channels; c++) {
        out[(i * warp->width + j) * warp->channels + c] = bilinear(warp, image, at[0], at[1], c);
      }
    }
  }
}

/* out [height, width, channels]. */
static void run(clf_context *context, const clf__warp *warp, const float *image, float *out) {
  const int64_t count = clf__warp_scratch(warp);
  ck_assert_int_gt(count, 0);
  float *scratch = malloc((size_t)count * sizeof *scratch);
  memset(scratch, 0xff, (size_t)count * sizeof *scratch);
  memcpy(out, image, (size_t)(warp->height * warp->width * warp->channels) * sizeof *out);
  clf__warp_image(context, warp, scratch, out);
  free(scratch);
}

TEST_LOOP(warp__agrees_with_plain_loops, 0, cpu_levels()) {
  clf_context *context = context_of(_i, 1);
  uint64_t state = 5;
  for (int round = 0; context != NULL && round < 40; round++) {
    clf__warp warp = identity(1 + round % MOST_CHANNELS);
    float *image = random_f32(&state, ELEMENTS), *shift[2] = {NULL, NULL}, out[ELEMENTS];
    double want[ELEMENTS];
    warp.edge = round % 2 == 1;
    for (int axis = 0; axis < 2; axis++) {
      warp.origin[axis] = (float)(4 * random_signed(&state));
      warp.down[axis] = (float)(2 * random_signed(&state));
      warp.right[axis] = (float)(2 * random_signed(&state));
    }
    if (round % 4 > 1) {
      warp.lattice = (clf__lattice){.spacing = 0.9 + 4 * random_unit(&state),
                                    .phase = {random_unit(&state), random_unit(&state)}};
      warp.lattice.nodes[0] = clf__lattice_nodes(warp.lattice.spacing, HEIGHT);
      warp.lattice.nodes[1] = clf__lattice_nodes(warp.lattice.spacing, WIDTH);
      for (int axis = 0; axis < 2; axis++) {
        shift[axis] = random_f32(&state, warp.lattice.nodes[0] * warp.lattice.nodes[1]);
        warp.lattice.shift[axis] = shift[axis];
      }
    }
    run(context, &warp, image, out);
    expected(&warp, image, want);
    for (int64_t i = 0; i < HEIGHT * WIDTH * warp.channels; i++) {
      /* Places up to 60 in f32, times differences of values of up to 2. */
      ck_assert_double_eq_tol((double)out[i], want[i], 5e-5);
    }
    free(image);
    free(shift[0]);
    free(shift[1]);
  }
  clf_context_free(context);
}

static void same_as(clf_context *context, const clf__warp *warp, const float *image,
                    const float *want) {
  float out[ELEMENTS];
  run(context, warp, image, out);
  ck_assert_mem_eq(out, want, (size_t)(HEIGHT * WIDTH * warp->channels) * sizeof(float));
}

TEST_LOOP(warp__moves_and_mirrors_whole_pixels_exactly, 0, cpu_levels()) {
  clf_context *context = context_of(_i, 1);
  uint64_t state = 6;
  for (int64_t channels = 1; context != NULL && channels <= MOST_CHANNELS; channels++) {
    float *image = random_f32(&state, ELEMENTS), want[ELEMENTS];
    clf__warp warp = identity(channels);
    same_as(context, &warp, image, image);
    for (int edge = 0; edge < 2; edge++) {
      warp.origin[0] = -2;
      warp.origin[1] = 3;
      warp.edge = edge == 1;
      for (int64_t i = 0; i < HEIGHT * WIDTH * channels; i++) {
        const int64_t at = i / channels;
        want[i] = (float)pixel(&warp, image, at / WIDTH - 2, at % WIDTH + 3, i % channels);
      }
      same_as(context, &warp, image, want);
    }
    warp = identity(channels);
    warp.origin[1] = WIDTH - 1;
    warp.right[1] = -1;
    for (int64_t i = 0; i < HEIGHT * WIDTH * channels; i++) {
      const int64_t at = i / channels;
      want[i] = (float)pixel(&warp, image, at / WIDTH, WIDTH - 1 - at % WIDTH, i % channels);
    }
    same_as(context, &warp, image, want);
    free(image);
  }
  clf_context_free(context);
}

TEST_LOOP(warp__far_places_are_outside, 0, cpu_levels()) {
  clf_context *context = context_of(_i, 1);
  uint64_t state = 7;
  float *image = random_f32(&state, ELEMENTS), want[ELEMENTS] = {0};
  clf__warp warp = identity(1);
  warp.origin[0] = -1e30F;
  warp.origin[1] = 1e30F;
  if (context != NULL) {
    same_as(context, &warp, image, want);
    warp.edge = true;
    for (int i = 0; i < HEIGHT * WIDTH; i++) {
      want[i] = image[WIDTH - 1];
    }
    same_as(context, &warp, image, want);
  }
  free(image);
  clf_context_free(context);
}

TEST(warp__refuses_sizes_beyond_31_bits) {
  static const int64_t sizes[][3] = {
      {INT32_MAX, 1, 1}, {1, INT32_MAX, 1}, {50000, 50000, 1}, {1000, 1000, 3000}};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    const clf__warp warp = {.height = sizes[i][0], .width = sizes[i][1], .channels = sizes[i][2]};
    ck_assert_int_eq(clf__warp_scratch(&warp), -1);
  }
}

SUITE("warp")
