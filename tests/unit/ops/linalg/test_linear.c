/* Linear maps of rows and their gradients against plain loops in f64, at every level of CPU. */
#include "ops_support.h"

#include <math.h>

#include "ops/linalg/linear.h"
#include "ops/linalg/linear_digits.h"

enum { U8, F32, SPARSE, STORAGES };
enum { PADDING = 3 };

/* Rows in any storage, and the same as f64. */
typedef struct sample {
  clf__rows x;
  double *dense; /* [rows, columns] */
  void *data;
  int64_t *row_start;
  int32_t *column;
  float *value;
} sample;

static double stored(sample *s, int storage, int64_t i, int64_t j, int64_t *e, uint64_t *state) {
  const int64_t at = i * s->x.stride + j;
  if (storage == U8) {
    ((uint8_t *)s->data)[at] = (uint8_t)(256 * random_unit(state));
    return ((uint8_t *)s->data)[at] * (double)s->x.scale;
  }
  if (storage == F32) {
    ((float *)s->data)[at] = (float)random_signed(state);
    return (double)((float *)s->data)[at];
  }
  if (random_unit(state) > 0.2) {
    return 0;
  }
  s->column[*e] = (int32_t)j;
  s->value[*e] = (float)random_signed(state);
  return (double)s->value[(*e)++];
}

static sample sample_of(int storage, int64_t rows, int64_t columns, uint64_t *state) {
  const size_t size = (size_t)(rows * (columns + PADDING) + 1);
  sample s = {.x = {.rows = rows,
                    .columns = columns,
                    .dtype = storage == U8 ? CLF_U8 : CLF_F32,
                    .scale = storage == U8 ? 1.0F / 255 : 1,
                    .stride = columns + PADDING},
              .dense = malloc(size * sizeof(double)),
              .data = malloc(size * sizeof(float)),
              .row_start = calloc((size_t)rows + 1, sizeof(int64_t)),
              .column = malloc(size * sizeof(int32_t)),
              .value = malloc(size * sizeof(float))};
  int64_t e = 0;
  s.x.data = storage == SPARSE ? NULL : s.data;
  s.x.row_start = storage == SPARSE ? s.row_start : NULL;
  s.x.column = s.column;
  s.x.value = s.value;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) {
      s.dense[i * columns + j] = stored(&s, storage, i, j, &e, state);
    }
    s.row_start[i + 1] = e;
  }
  return s;
}

static void free_sample(sample *s) {
  free(s->dense);
  free(s->data);
  free(s->row_start);
  free(s->column);
  free(s->value);
}

/* Rounding: each product and sum by up to 2^-24 of `size`, the sum of absolute values. */
static void near(double got, double want, double size, int64_t i, int64_t j) {
  if (!(fabs(got - want) <= 0x1p-20 * size + 1e-30)) {
    ck_abort_msg("element %d %d: %.9g, not %.9g", (int)i, (int)j, got, want);
  }
}

static void check_outputs(const sample *s, const float *w, const float *b, int64_t outputs,
                          const float *out, int64_t ld) {
  for (int64_t i = 0; i < s->x.rows; i++) {
    for (int64_t o = 0; o < outputs; o++) {
      double sum = b == NULL ? 0 : (double)b[o], size = fabs(sum);
      for (int64_t j = 0; j < s->x.columns; j++) {
        const double product = s->dense[i * s->x.columns + j] * (double)w[o * s->x.columns + j];
        sum += product;
        size += fabs(product);
      }
      near((double)out[i * ld + o], sum, size, i, o);
    }
    for (int64_t o = outputs; o < ld; o++) {
      near((double)out[i * ld + o], 7, 0, i, o);
    }
  }
}

static void check_gradient(const sample *s, const float *r, int64_t ld, int64_t outputs,
                           const double *out) {
  for (int64_t o = 0; o < outputs; o++) {
    for (int64_t j = 0; j < s->x.columns; j++) {
      double sum = 0, size = 0;
      for (int64_t i = 0; i < s->x.rows; i++) {
        const double product = (double)r[i * ld + o] * s->dense[i * s->x.columns + j];
        sum += product;
        size += fabs(product);
      }
      near(out[o * s->x.columns + j], sum, size, o, j);
    }
  }
}

static float *sevens(int64_t count) {
  float *values = malloc((size_t)count * sizeof *values + 1);
  for (int64_t i = 0; i < count; i++) {
    values[i] = 7;
  }
  return values;
}

static const int64_t shapes[][3] = {
    {1, 1, 1},   {1, 17, 10}, {3, 784, 10}, {4, 16, 5},     {7, 100, 3},   {65, 33, 2},
    {5, 40, 50}, {70, 19, 7}, {100, 3, 33}, {131, 300, 70}, {200, 53, 17}, {9, 500, 1},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static void check_shape(clf_context *context, int storage, const int64_t *shape, uint64_t *state) {
  const int64_t outputs = shape[2], ld = outputs + PADDING;
  sample s = sample_of(storage, shape[0], shape[1], state);
  float *w = random_f32(state, outputs * s.x.columns), *b = random_f32(state, outputs);
  float *r = random_f32(state, s.x.rows * ld), *out = sevens(s.x.rows * ld);
  double *sums = calloc((size_t)(outputs * s.x.columns), sizeof *sums);
  clf__linear_gradient gradient;
  ck_clf_ok(clf__linear(context, &s.x, w, b, outputs, out, ld));
  check_outputs(&s, w, b, outputs, out, ld);
  ck_clf_ok(clf__linear(context, &s.x, w, NULL, outputs, out, ld));
  check_outputs(&s, w, NULL, outputs, out, ld);
  ck_clf_ok(clf__linear_gradient_create(&gradient, context, &s.x, outputs));
  for (int64_t first = 0; first < s.x.rows; first += 60) {
    const clf__rows block =
        clf__rows_range(&s.x, first, s.x.rows - first < 60 ? s.x.rows - first : 60);
    clf__linear_gradient_block(&gradient, &block, r + first * ld, ld);
    if (first % 120 == 0) {
      clf__linear_gradient_flush(&gradient, sums);
    }
  }
  clf__linear_gradient_flush(&gradient, sums);
  clf__linear_gradient_flush(&gradient, sums); /* nothing is left to add */
  check_gradient(&s, r, ld, outputs, sums);
  clf__linear_gradient_free(&gradient);
  free(w);
  free(b);
  free(r);
  free(out);
  free(sums);
  free_sample(&s);
}

TEST_LOOP(linear__agrees_with_plain_loops, 0, cpu_levels()) {
  uint64_t state = 1;
  clf_context *context = context_of(_i, 2);
  for (int i = 0; context != NULL && i < SHAPES * STORAGES; i++) {
    check_shape(context, i % STORAGES, shapes[i / STORAGES], &state);
  }
  clf_context_free(context);
}

/* However the rows are cut into blocks, and on however many threads. */
TEST_LOOP(linear__has_the_same_bits_on_any_threads, 0, cpu_levels()) {
  static const int threads[] = {1, 2, 5};
  static const int64_t outputs[] = {10, 40};
  enum { ROWS = 3001, COLUMNS = 130 };
  for (int i = 0; i < 2 * STORAGES; i++) {
    uint64_t state = 2;
    const int64_t width = outputs[i % 2];
    sample s = sample_of(i / 2, ROWS, COLUMNS, &state);
    float *w = random_f32(&state, width * COLUMNS);
    float *first = sevens(ROWS * width), *again = sevens(ROWS * width);
    for (int t = 0; t < 3; t++) {
      clf_context *context = context_of(_i, threads[t]);
      if (context != NULL) {
        ck_clf_ok(clf__linear(context, &s.x, w, NULL, width, t == 0 ? first : again, width));
        ck_assert(t == 0 || memcmp(first, again, (size_t)(ROWS * width) * sizeof(float)) == 0);
        clf_context_free(context);
      }
    }
    free(w);
    free(first);
    free(again);
    free_sample(&s);
  }
}

TEST_LOOP(linear__few_rows_follow_changing_weights, 0, cpu_levels()) {
  uint64_t state = 3;
  clf_context *context = context_of(_i, 1);
  if (context == NULL) {
    return;
  }
  sample s = sample_of(U8, 1, 90, &state);
  float *w = random_f32(&state, 50 * 90), *out = sevens(50);
  clf__linear_map map;
  ck_clf_ok(clf__linear_prepare(&map, context, &s.x, w, NULL, 50));
  for (int i = 0; i < 50 * 90; i++) {
    w[i] *= -3;
  }
  clf__linear_block(&map, &s.x, out, 50);
  check_outputs(&s, w, NULL, 50, out, 50);
  clf__linear_release(&map);
  free(w);
  free(out);
  free_sample(&s);
  clf_context_free(context);
}

/* An output is as exact as the unit of its last digit, 2^-31 of the largest weight, makes it, and
 * rounded to f32. */
static void check_digits(const clf__digit_map *map, const sample *s, const float *w) {
  const int64_t outputs = map->outputs, columns = s->x.columns, ld = outputs + PADDING;
  float *out = sevens(s->x.rows * ld);
  map->kernels->outputs(map, &s->x, out, ld, 0);
  for (int64_t i = 0; i < s->x.rows; i++) {
    for (int64_t o = 0; o < outputs; o++) {
      double sum = (double)map->b[o], size = 0, largest = 0;
      for (int64_t j = 0; j < columns; j++) {
        sum += s->dense[i * columns + j] * (double)w[o * columns + j];
        size += s->dense[i * columns + j];
        largest = fmax(largest, fabs((double)w[o * columns + j]));
      }
      const double error = 0x1p-31 * largest * size + 0x1p-21 * (fabs(sum) + 1);
      ck_assert_msg(fabs((double)out[i * ld + o] - sum) <= error, "row %d output %d", (int)i,
                    (int)o);
    }
    near((double)out[i * ld + outputs], 7, 0, i, outputs);
  }
  free(out);
}

static void check_digits_of(clf_context *context, const int64_t *shape, uint64_t *state) {
  const int64_t outputs = shape[2];
  sample s = sample_of(U8, shape[0], shape[1], state);
  float *w = random_f32(state, outputs * s.x.columns), *b = random_f32(state, outputs);
  float *r = random_f32(state, s.x.rows * outputs);
  float *sums = calloc((size_t)(outputs * s.x.columns), sizeof *sums);
  double *exact = calloc((size_t)(outputs * s.x.columns), sizeof *exact);
  clf__digit_map map;
  ck_clf_ok(clf__digits_create(&map, context, &s.x, outputs));
  if (map.kernels != NULL) {
    for (int64_t i = 0; i < s.x.rows; i++) { /* the residuals of an output may be tiny, or 0 */
      r[i * outputs] *= 1e-20F;
      r[i * outputs + 1] = 0;
    }
    ck_assert(clf__digits_set(&map, w, b));
    check_digits(&map, &s, w);
    ck_assert(map.kernels->gradient(&map, &s.x, r, sums, 0));
    for (int64_t i = 0; i < outputs * s.x.columns; i++) {
      exact[i] = (double)sums[i];
    }
    check_gradient(&s, r, outputs, outputs, exact);
    r[outputs * s.x.rows - 1] = NAN;
    ck_assert(!map.kernels->gradient(&map, &s.x, r, sums, 0));
    w[0] = 1e6F; /* out of proportion, where the others are many */
    ck_assert(clf__digits_set(&map, w, b) == (s.x.columns < 256));
    w[0] = INFINITY;
    ck_assert(!clf__digits_set(&map, w, b));
  }
  clf__digits_free(&map);
  free(w);
  free(b);
  free(r);
  free(sums);
  free(exact);
  free_sample(&s);
}

TEST_LOOP(linear__in_digits_is_exact, 0, cpu_levels()) {
  static const int64_t of[][3] = {
      {64, 32, 5}, {65, 784, 10}, {131, 300, 17}, {129, 1100, 33}, {300, 67, 16}};
  uint64_t state = 4;
  clf_context *context = context_of(_i, 1);
  for (int i = 0; context != NULL && i < 5; i++) {
    check_digits_of(context, of[i], &state);
  }
  clf_context_free(context);
}

TEST(linear__of_nothing) {
  clf_context *context = context_on("generic", 2);
  clf__rows none = clf__rows_of_f32(NULL, 0, 5, 5);
  float bias[2] = {1, 2}, out[6] = {0};
  ck_clf_ok(clf__linear(context, &none, NULL, NULL, 3, NULL, 3));
  clf__rows empty = clf__rows_of_f32(NULL, 3, 0, 0);
  ck_clf_ok(clf__linear(context, &empty, NULL, bias, 2, out, 2));
  for (int i = 0; i < 6; i++) {
    ck_assert_float_eq(out[i], bias[i % 2]);
  }
  clf_context_free(context);
}

SUITE("linear")
