/* Images made of images, against plain loops in f64 and closed forms, at every level of CPU. */
#include "ops_support.h"

#include <math.h>

#include "ops/image/resize.h"

static clf_image *image_of(clf_context *context, int64_t height, int64_t width, int64_t channels,
                           const uint8_t *pixels) {
  clf_image *image = NULL;
  ck_clf_ok(clf_image_create(&image, context, height, width, channels, pixels, 0));
  return image;
}

static clf_image *random_image(clf_context *context, int64_t height, int64_t width,
                               int64_t channels) {
  uint64_t state = (uint64_t)(height * 1000 + width);
  uint8_t *pixels = random_u8(&state, height * width * channels);
  clf_image *image = image_of(context, height, width, channels, pixels);
  free(pixels);
  return image;
}

static void check_shape(const clf_image *image, int64_t height, int64_t width, int64_t channels) {
  ck_assert_int_eq(clf_image_height(image), height);
  ck_assert_int_eq(clf_image_width(image), width);
  ck_assert_int_eq(clf_image_channels(image), channels);
}

/* Asserts that no pixel differs by more than `most` levels. */
static void check_pixels(const clf_image *image, const uint8_t *pixels, int most) {
  const int64_t count =
      clf_image_height(image) * clf_image_width(image) * clf_image_channels(image);
  for (int64_t i = 0; i < count; i++) {
    ck_assert_msg(abs(clf_image_pixels(image)[i] - pixels[i]) <= most, "byte %lld is %d, not %d",
                  (long long)i, clf_image_pixels(image)[i], pixels[i]);
  }
}

TEST(create__copies_rows) {
  static const uint8_t pixels[] = {1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12};
  static const uint8_t packed[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  clf_image *image = NULL;
  ck_clf_ok(clf_image_create(&image, NULL, 2, 2, 3, pixels, 8));
  check_shape(image, 2, 2, 3);
  check_pixels(image, packed, 0);
  clf_image_free(image);
  image = image_of(NULL, 3, 4, 1, packed);
  check_pixels(image, packed, 0);
  clf_image_free(image);
  image = image_of(NULL, 2, 3, 1, NULL);
  check_pixels(image, (const uint8_t[6]){0}, 0);
  clf_image_free(image);
}

TEST(create__refuses_other_shapes) {
  static const struct {
    int64_t height, width, channels;
    size_t row_bytes;
    clf_status status;
  } cases[] = {
      {0, 1, 1, 0, CLF_ERROR_SHAPE},         {1, -1, 1, 0, CLF_ERROR_SHAPE},
      {1, 1, 2, 0, CLF_ERROR_SHAPE},         {1, 1, 4, 0, CLF_ERROR_SHAPE},
      {INT64_MAX, 1, 3, 0, CLF_ERROR_SHAPE}, {1, INT64_MAX, 3, 0, CLF_ERROR_SHAPE},
      {2, 2, 3, 5, CLF_ERROR_ARGUMENT},      {2, 2, 3, SIZE_MAX - 5, CLF_ERROR_ARGUMENT},
  };
  static const uint8_t pixels[64] = {0};
  clf_context *context = NULL;
  clf_image *image = NULL;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ck_clf_fails(clf_image_create(&image, NULL, cases[i].height, cases[i].width, cases[i].channels,
                                  pixels, cases[i].row_bytes),
                 cases[i].status);
  }
  ck_clf_ok(clf_context_create(&context, NULL, "memory_limit=1000000"));
  ck_clf_fails(clf_image_create(&image, context, 1 << 20, 1 << 20, 3, NULL, 0), CLF_ERROR_MEMORY);
  ck_assert_ptr_null(image);
  clf_context_free(context);
}

TEST(grey__is_the_luma) {
  clf_image *image = random_image(NULL, 9, 31, 3), *grey = NULL, *again = NULL;
  ck_clf_ok(clf_image_to_gray(&grey, image));
  check_shape(grey, 9, 31, 1);
  const uint8_t *rgb = clf_image_pixels(image);
  for (int64_t i = 0; i < 9 * 31; i++) {
    const double luma = 0.299 * rgb[3 * i] + 0.587 * rgb[3 * i + 1] + 0.114 * rgb[3 * i + 2];
    ck_assert_double_le(fabs(clf_image_pixels(grey)[i] - luma), 0.5 + 255 * 3 * 0x1p-17);
  }
  ck_clf_ok(clf_image_to_gray(&again, grey));
  check_pixels(again, clf_image_pixels(grey), 0);
  clf_image_free(again);
  clf_image_free(grey);
  clf_image_free(image);
}

TEST(crop__repeats_the_edge) {
  static const int64_t parts[][4] = {
      {2, 3, 4, 5},
      {0, 0, 7, 9},
      {-3, -2, 5, 6},
      {5, 6, 6, 8},
      {-4, -4, 20, 20},
      {100, 100, 2, 2},
      {INT64_MIN, INT64_MAX, 3, 2},
      {3, INT64_MIN, 1, 4},
  };
  for (int64_t channels = 1; channels <= 3; channels += 2) {
    clf_image *image = random_image(NULL, 7, 9, channels);
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
      const int64_t *at = parts[p];
      clf_image *part = NULL;
      ck_clf_ok(clf_image_crop(&part, image, at[0], at[1], at[2], at[3]));
      check_shape(part, at[2], at[3], channels);
      for (int64_t i = 0; i < at[2] * at[3] * channels; i++) {
        const double y = (double)at[0] + (double)(i / (at[3] * channels));
        const double x = (double)at[1] + (double)(i / channels % at[3]);
        const int64_t row = (int64_t)fmin(fmax(y, 0), 6), column = (int64_t)fmin(fmax(x, 0), 8);
        ck_assert_int_eq(clf_image_pixels(part)[i],
                         clf_image_pixels(image)[(row * 9 + column) * channels + i % channels]);
      }
      clf_image_free(part);
    }
    clf_image_free(image);
  }
}

/* The weight of an input pixel in an output pixel: a triangle of height 1, whose width is two of
 * the larger pixels. */
static double weight(int64_t in, int64_t out, int64_t i, int64_t k) {
  const double scale = (double)in / (double)out, reach = fmax(scale, 1);
  return fmax(0, 1 - fabs((double)k + 0.5 - ((double)i + 0.5) * scale) / reach);
}

static double resized(const clf_image *image, int64_t height, int64_t width, int64_t i, int64_t j,
                      int64_t c) {
  const int64_t rows = clf_image_height(image), columns = clf_image_width(image);
  double sum = 0, weights = 0;
  for (int64_t y = 0; y < rows; y++) {
    const double down = weight(rows, height, i, y);
    for (int64_t x = 0; down > 0 && x < columns; x++) {
      const double both = down * weight(columns, width, j, x);
      sum += both * clf_image_pixels(image)[(y * columns + x) * clf_image_channels(image) + c];
      weights += both;
    }
  }
  return sum / weights;
}

static void check_resize(clf_context *context, const int64_t *sizes, int64_t channels) {
  clf_image *image = random_image(context, sizes[0], sizes[1], channels), *made = NULL;
  const clf__picture from = {
      CLF_U8, sizes[0], sizes[1], channels, sizes[1] * channels, clf_image_pixels(image)};
  const int64_t row = sizes[3] * channels, stride = row + 5;
  float *floats = malloc((size_t)(sizes[2] * stride) * sizeof *floats);
  ck_clf_ok(clf_image_resize(&made, image, sizes[2], sizes[3]));
  ck_clf_ok(clf__resize(context, &from, sizes[2], sizes[3], CLF_F32, floats, stride));
  check_shape(made, sizes[2], sizes[3], channels);
  for (int64_t i = 0; i < sizes[2] * row; i++) {
    const double right =
        resized(image, sizes[2], sizes[3], i / row, i % row / channels, i % channels);
    const float value = floats[i / row * stride + i % row];
    ck_assert_double_le(fabs((double)value - right), 1e-3); /* 255 times a few roundings of f32 */
    ck_assert_double_le(fabs(clf_image_pixels(made)[i] - right), 0.5 + 1e-3);
  }
  free(floats);
  clf_image_free(made);
  clf_image_free(image);
}

TEST_LOOP(resize__is_a_mean_by_triangles, 0, cpu_levels()) {
  static const int64_t sizes[][4] = {
      {40, 70, 33, 58}, {40, 70, 20, 35}, {41, 67, 5, 9}, {5, 6, 17, 40},
      {1, 1, 3, 20},    {9, 100, 1, 1},   {3, 40, 50, 4}, {40, 3, 4, 50},
  };
  clf_context *context = context_of(_i, 2);
  for (size_t i = 0; context != NULL && i < sizeof sizes / sizeof sizes[0]; i++) {
    check_resize(context, sizes[i], 1);
    check_resize(context, sizes[i], 3);
  }
  clf_context_free(context);
}

TEST(resize__to_the_same_size_changes_nothing) {
  clf_image *image = random_image(NULL, 30, 47, 3), *made = NULL;
  ck_clf_ok(clf_image_resize(&made, image, 30, 47));
  check_pixels(made, clf_image_pixels(image), 0);
  clf_image_free(made);
  clf_image_free(image);
}

TEST(resize__has_the_same_bits_on_any_threads) {
  clf_context *contexts[2] = {context_on("auto", 1), context_on("auto", 4)};
  clf_image *made[2] = {NULL};
  for (int i = 0; i < 2; i++) {
    clf_image *image = random_image(contexts[i], 300, 400, 3);
    ck_clf_ok(clf_image_resize(&made[i], image, 250, 333));
    clf_image_free(image);
  }
  check_pixels(made[0], clf_image_pixels(made[1]), 0);
  for (int i = 0; i < 2; i++) {
    clf_image_free(made[i]);
    clf_context_free(contexts[i]);
  }
}

TEST(resize__refuses_other_sizes) {
  clf_image *image = random_image(NULL, 3, 4, 1), *made = NULL;
  ck_clf_fails(clf_image_resize(&made, image, 0, 4), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_image_resize(&made, image, 4, INT64_MAX), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_image_crop(&made, image, 0, 0, 4, -1), CLF_ERROR_SHAPE);
  ck_assert_ptr_null(made);
  clf_image_free(image);
}

TEST(equalize__spreads_the_levels) {
  /* Of 8 pixels 2, 3, 1 and 2 have a level: (0, 3, 4, 6) / 6 of them are above the lowest. */
  static const uint8_t pixels[] = {10, 10, 20, 20, 20, 30, 200, 200};
  static const uint8_t spread[] = {0, 0, 128, 128, 128, 170, 255, 255};
  static const uint8_t flat[] = {7, 7, 7, 7};
  clf_image *image = image_of(NULL, 2, 4, 1, pixels), *made = NULL;
  ck_clf_ok(clf_image_equalize(&made, image));
  check_pixels(made, spread, 0);
  clf_image_free(made);
  clf_image_free(image);
  made = NULL;
  image = image_of(NULL, 2, 2, 1, flat);
  ck_clf_ok(clf_image_equalize(&made, image));
  check_pixels(made, flat, 0);
  clf_image_free(made);
  clf_image_free(image);
}

/* x blurred at a pixel, in two dimensions at once. */
static double blurred(const double *x, int64_t height, int64_t width, double sigma, int64_t i,
                      int64_t j) {
  const int64_t reach = (int64_t)ceil(3 * sigma);
  double sum = 0, weights = 0;
  for (int64_t y = i - reach; y <= i + reach; y++) {
    for (int64_t z = j - reach; z <= j + reach; z++) {
      const int64_t row = y < 0 ? 0 : y < height ? y : height - 1;
      const int64_t column = z < 0 ? 0 : z < width ? z : width - 1;
      const double w = exp(-(double)((y - i) * (y - i) + (z - j) * (z - j)) / (2 * sigma * sigma));
      sum += w * x[row * width + column];
      weights += w;
    }
  }
  return sum / weights;
}

static double mean_power(const double *x, int64_t count, double alpha, double limit) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) {
    sum += pow(fmin(limit, fabs(x[i])), alpha);
  }
  return pow(sum / (double)count, 1 / alpha);
}

TEST(normalize__is_the_chain_of_tan_and_triggs) {
  enum { HEIGHT = 17, WIDTH = 23, COUNT = HEIGHT * WIDTH };
  clf_image *image = random_image(NULL, HEIGHT, WIDTH, 1), *made = NULL;
  double x[COUNT], z[COUNT];
  for (int64_t i = 0; i < COUNT; i++) {
    x[i] = pow(clf_image_pixels(image)[i] / 255.0, 0.3);
  }
  for (int64_t i = 0; i < COUNT; i++) {
    z[i] = blurred(x, HEIGHT, WIDTH, 0.8, i / WIDTH, i % WIDTH) -
           blurred(x, HEIGHT, WIDTH, 2.5, i / WIDTH, i % WIDTH);
  }
  const double first = mean_power(z, COUNT, 0.2, INFINITY);
  for (int64_t i = 0; i < COUNT; i++) {
    z[i] /= first;
  }
  const double second = mean_power(z, COUNT, 0.2, 5);
  ck_clf_ok(clf_image_tan_triggs(&made, image, "gamma=0.3 inner=0.8 outer=2.5 alpha=0.2 tau=5"));
  for (int64_t i = 0; i < COUNT; i++) {
    const double level = 127.5 + 127.5 * tanh(z[i] / second / 5);
    ck_assert_double_le(fabs(clf_image_pixels(made)[i] - level), 0.5 + 0.01);
  }
  clf_image_free(made);
  clf_image_free(image);
}

/* The limits of the formulas: tau to 0 leaves the sign, inner to 0 takes no noise out, alpha to 0
 * divides by the geometric mean, which is 0 where one value is. */
TEST(normalize__has_limits) {
  enum { SIDE = 12, PIXELS = SIDE * SIDE };
  static const char *const params[] = {
      "tau=1e-300",   "inner=1e-300",    "outer=1e-300", "alpha=1e-300", "alpha=1e-300 tau=1e-300",
      "gamma=1e-300", "gamma=10 tau=1e6"};
  clf_image *image = random_image(NULL, SIDE, SIDE, 1), *made[2] = {NULL};
  for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
    ck_clf_ok(clf_image_tan_triggs(&made[0], image, params[i]));
    clf_image_free(made[0]);
  }
  ck_clf_ok(clf_image_tan_triggs(&made[0], image, NULL));
  ck_clf_ok(clf_image_tan_triggs(&made[1], image, "tau=1e-300"));
  for (int i = 0; i < PIXELS; i++) {
    const int level = clf_image_pixels(made[0])[i], sign = clf_image_pixels(made[1])[i];
    ck_assert_msg(level == 128 || level == 127 || sign == (level > 127 ? 255 : 0), "%d: %d, %d", i,
                  level, sign);
  }
  clf_image_free(made[0]);
  clf_image_free(made[1]);
  clf_image_free(image);
}

TEST(normalize__takes_colours_and_flat_images) {
  static const uint8_t grey[] = {128, 128, 128, 128, 128, 128};
  clf_image *image = image_of(NULL, 2, 3, 3, NULL), *made = NULL;
  ck_clf_ok(clf_image_tan_triggs(&made, image, NULL));
  check_shape(made, 2, 3, 1);
  check_pixels(made, grey, 0);
  clf_image_free(made);
  made = NULL;
  ck_clf_fails(clf_image_tan_triggs(&made, image, "gama=1"), CLF_ERROR_ARGUMENT);
  ck_clf_says("gamma");
  ck_assert_ptr_null(made);
  clf_image_free(image);
}

SUITE("image")
