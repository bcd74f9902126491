/* Products of quantized numbers against plain loops of 64-bit integers: the same bits on every CPU
 * target. */
#include "ops_support.h"

#include <math.h>
#include <string.h>

#include "ops/conv/conv_int8.h"
#include "ops/kernels.h"

/* The byte of a value, by the formula of ops/nn/int8.h. */
static int64_t byte_of(float x, clf__int8_range range) {
  const float scaled = x * (1 / range.scale);
  const double nearest = nearbyint((double)fminf(fmaxf(scaled, -300), 300)) + range.zero;
  return (int64_t)fmin(fmax(nearest, 0), 255);
}

static int8_t *random_weights(uint64_t *state, int64_t count) {
  int8_t *w = malloc((size_t)count + 1);
  for (int64_t i = 0; i < count; i++) {
    w[i] = (int8_t)((int)(255 * random_unit(state)) - 127);
  }
  return w;
}

static float expected(int64_t sum, float scale, float bias, bool relu) {
  volatile float product = (float)sum * scale; /* rounded by itself */
  const float y = product + bias;
  return relu && !(y > 0) ? 0 : y;
}

typedef struct dense_case {
  int64_t rows, inputs, units;
  int32_t zero;
  bool relu, extreme; /* the largest values, with sums of one sign */
} dense_case;

static const dense_case dense_cases[] = {
    {1, 1, 1, 0, false, false},       {2, 3, 10, 0, true, false},
    {1, 785, 1024, 0, true, false},   {1, 50, 300, 9, false, false},
    {3, 784, 256, 0, true, false},    {67, 65, 33, 128, false, false},
    {131, 12, 17, 255, true, false},  {7, 65536, 3, 0, false, true},
    {1, 65536, 70, 255, false, true},
};

/* Bytes with gaps between the rows give what the numbers gave that they stand for. */
static void check_bytes(clf_context *context, clf__dense_int8 *pass, clf__int8_range range,
                        float *scratch) {
  const int64_t stride = pass->inputs + 5, size = pass->rows * pass->units;
  uint8_t *bytes = malloc((size_t)(pass->rows * stride));
  float *y = malloc((size_t)size * sizeof *y);
  memset(bytes, 0xee, (size_t)(pass->rows * stride));
  for (int64_t i = 0; i < pass->rows * pass->inputs; i++) {
    bytes[i / pass->inputs * stride + i % pass->inputs] = (uint8_t)byte_of(pass->x[i], range);
  }
  const clf__rows rows = {.rows = pass->rows,
                          .columns = pass->inputs,
                          .dtype = CLF_U8,
                          .scale = range.scale,
                          .data = bytes,
                          .stride = stride};
  const float *before = pass->y;
  pass->x = NULL;
  pass->bytes = &rows;
  pass->y = y;
  clf__dense_int8_multiply(context, pass, scratch);
  ck_assert_mem_eq(y, before, (size_t)size * sizeof *y);
  free(bytes);
  free(y);
}

static void check_dense(clf_context *context, const dense_case *c, uint64_t seed) {
  uint64_t state = seed;
  const clf__int8_range range = {0.0078125F, c->zero};
  const int64_t padded = clf__int8_padded(c->units);
  float *x = random_f32(&state, c->rows * c->inputs), *bias = random_f32(&state, padded);
  float *scale = random_f32(&state, c->units);
  int8_t *w = random_weights(&state, c->inputs * c->units);
  float *y = malloc((size_t)(c->rows * c->units) * sizeof *y);
  for (int64_t i = 0; i < c->rows * c->inputs; i++) {
    x[i] = c->extreme ? (c->zero == 0 ? 2.0F : -2.0F) : i % 3 == 0 ? 0 : 2 * x[i];
  }
  for (int64_t i = 0; c->extreme && i < c->inputs * c->units; i++) {
    w[i] = 127;
  }
  const clf__int8_shape shape = {1, c->inputs, c->units};
  const clf__int8_source source = {w, scale, range};
  float *packed = malloc((size_t)clf__int8_packed_size(context, shape) * sizeof *packed);
  float *scratch =
      malloc((size_t)clf__dense_int8_scratch_size(context, c->inputs) * sizeof *scratch);
  clf__int8_pack(context, shape, &source, packed);
  clf__dense_int8 pass = {c->inputs, c->units, c->rows, x, NULL, packed, bias, c->relu, y};
  clf__dense_int8_multiply(context, &pass, scratch);
  for (int64_t i = 0; i < c->rows; i++) {
    for (int64_t j = 0; j < c->units; j++) {
      int64_t sum = 0;
      for (int64_t k = 0; k < c->inputs; k++) {
        sum += (byte_of(x[i * c->inputs + k], range) - c->zero) * w[k * c->units + j];
      }
      ck_assert_float_eq(y[i * c->units + j],
                         expected(sum, range.scale * scale[j], bias[j], c->relu));
    }
  }
  ck_assert(clf__int8_reads_bytes(packed, range.scale) == (c->zero == 0));
  ck_assert(!clf__int8_reads_bytes(packed, 2 * range.scale));
  if (c->zero == 0) {
    check_bytes(context, &pass, range, scratch);
  }
  free(x);
  free(bias);
  free(scale);
  free(w);
  free(y);
  free(packed);
  free(scratch);
}

TEST_LOOP(int8__dense_has_the_exact_sums, 0, cpu_levels()) {
  clf_context *context = context_of(_i, 1);
  for (size_t i = 0; context != NULL && i < sizeof dense_cases / sizeof *dense_cases; i++) {
    check_dense(context, &dense_cases[i], i + 1);
  }
  clf_context_free(context);
}

/* A kernel of size k on an image of size n is a convolution without zeros if pad is 0. */
static clf__conv2d conv_of(int64_t n, int64_t channels, int64_t filters, int64_t k, int64_t stride,
                           int64_t dilation, int64_t pad) {
  const int64_t out = (n + 2 * pad - (k - 1) * dilation - 1) / stride + 1;
  return (clf__conv2d){n,        n + 1, channels, filters, k,   k, stride,
                       dilation, pad,   pad,      out,     out, 0, false};
}

static int64_t conv_sum(const clf__conv2d *c, clf__int8_range range, const float *x,
                        const int8_t *w, int64_t i, int64_t j, int64_t d) {
  int64_t sum = 0;
  for (int64_t m = 0; m < c->kernel_height; m++) {
    for (int64_t n = 0; n < c->kernel_width; n++) {
      const int64_t p = i * c->stride + m * c->dilation - c->pad_top;
      const int64_t q = j * c->stride + n * c->dilation - c->pad_left;
      for (int64_t e = 0; p >= 0 && p < c->height && q >= 0 && q < c->width && e < c->channels;
           e++) {
        const float pixel = x[(p * c->width + q) * c->channels + e];
        sum += (byte_of(pixel, range) - range.zero) *
               w[((m * c->kernel_width + n) * c->channels + e) * c->filters + d];
      }
    }
  }
  return sum;
}

static void check_conv(clf_context *context, const clf__conv2d *c, int32_t zero, bool relu) {
  enum { ROWS = 2 };
  uint64_t state = (uint64_t)(c->channels + 1);
  const clf__int8_range range = {0.01F, zero};
  const int64_t pixels = c->height * c->width * c->channels, size = c->out_height * c->out_width;
  float *x = random_f32(&state, ROWS * pixels), *scale = random_f32(&state, c->filters);
  float *bias = random_f32(&state, clf__int8_padded(c->filters));
  int8_t *w = random_weights(&state, c->kernel_height * c->kernel_width * c->channels * c->filters);
  float *y = malloc((size_t)(ROWS * size * c->filters) * sizeof *y);
  float *packed = malloc((size_t)clf__conv_int8_packed_size(context, c) * sizeof *packed);
  float *scratch = malloc((size_t)clf__conv_int8_scratch_size(context, c) * sizeof *scratch);
  clf__conv_int8_pack(context, c, &(clf__int8_source){w, scale, range}, packed);
  clf__conv_int8_infer(&(clf__conv_pass){.context = context,
                                         .conv = c,
                                         .rows = ROWS,
                                         .x = x,
                                         .w = packed,
                                         .bias = bias,
                                         .relu = relu,
                                         .y = y},
                       scratch);
  for (int64_t row = 0; row < ROWS; row++) {
    for (int64_t at = 0; at < size * c->filters; at++) {
      const int64_t d = at % c->filters, j = at / c->filters % c->out_width;
      const int64_t i = at / c->filters / c->out_width;
      const int64_t sum = conv_sum(c, range, x + row * pixels, w, i, j, d);
      ck_assert_float_eq(y[row * size * c->filters + at],
                         expected(sum, range.scale * scale[d], bias[d], relu));
    }
  }
  free(x);
  free(scale);
  free(bias);
  free(w);
  free(y);
  free(packed);
  free(scratch);
}

TEST_LOOP(int8__convolutions_have_the_exact_sums, 0, cpu_levels()) {
  const clf__conv2d convs[] = {
      conv_of(28, 1, 32, 5, 1, 1, 2), conv_of(14, 32, 64, 5, 1, 1, 2),
      conv_of(9, 3, 7, 3, 2, 1, 1),   conv_of(11, 5, 20, 3, 1, 3, 3),
      conv_of(8, 4, 1, 1, 3, 1, 0),   conv_of(7, 2, 130, 7, 1, 1, 0),
      conv_of(4, 6, 3, 4, 2, 2, 5),
  };
  clf_context *context = context_of(_i, 1);
  for (size_t i = 0; context != NULL && i < sizeof convs / sizeof *convs; i++) {
    ck_assert(clf__conv_int8_fits(&convs[i]));
    check_conv(context, &convs[i], i % 2 == 0 ? 0 : 101, i % 3 == 0);
  }
  ck_assert(!tiles_are_in_use());
  clf_context_free(context);
}

TEST_LOOP(int8__quantizes_to_the_nearest_even_byte, 0, cpu_levels()) {
  const float x[] = {0,     0.5F,      1.5F,     2.5F,   -0.5F,   -1.5F, 254.5F, 300,   -3e9F,
                     3e38F, -INFINITY, INFINITY, 1e-45F, 7.4999F, -9.5F, 99,     100.5F};
  enum { COUNT = sizeof x / sizeof *x };
  clf_context *context = context_of(_i, 1);
  const clf__int8_kernels *kernels =
      context != NULL ? clf__reduced_kernels_for(context)->int8 : NULL;
  for (int32_t zero = 0; kernels != NULL && zero <= 255; zero += 51) {
    uint8_t bytes[COUNT * 2];
    const clf__int8_range range = {1, zero};
    ck_assert(kernels->quantize(x, COUNT, range, bytes));
    for (int i = 0; i < COUNT; i++) {
      int16_t wide;
      memcpy(&wide, bytes + (kernels->element == 2 ? 2 * i : 0), sizeof wide);
      ck_assert_int_eq(kernels->element == 2 ? wide : bytes[i], byte_of(x[i], range));
    }
  }
  ck_assert(!tiles_are_in_use());
  clf_context_free(context);
}

TEST_LOOP(int8__a_row_with_a_nan_gives_nan, 0, cpu_levels()) {
  enum { ROWS = 3, INPUTS = 40, UNITS = 5 };
  clf_context *context = context_of(_i, 1);
  float x[ROWS * INPUTS] = {0}, y[ROWS * UNITS], bias[16] = {0}, scale[UNITS] = {0};
  int8_t w[INPUTS * UNITS] = {0};
  const clf__int8_shape shape = {1, INPUTS, UNITS};
  x[INPUTS + 39] = NAN;
  for (int rows = 2; context != NULL && rows <= ROWS; rows++) {
    float *packed = malloc((size_t)clf__int8_packed_size(context, shape) * sizeof *packed);
    float *scratch =
        malloc((size_t)clf__dense_int8_scratch_size(context, INPUTS) * sizeof *scratch);
    clf__int8_pack(context, shape, &(clf__int8_source){w, scale, {1, 0}}, packed);
    const clf__dense_int8 pass = {INPUTS, UNITS, rows, x, NULL, packed, bias, true, y};
    clf__dense_int8_multiply(context, &pass, scratch);
    for (int i = 0; i < rows * UNITS; i++) {
      ck_assert(i / UNITS == 1 ? isnan(y[i]) : y[i] == 0);
    }
    free(packed);
    free(scratch);
  }
  ck_assert(!tiles_are_in_use());
  clf_context_free(context);
}

SUITE("int8")
