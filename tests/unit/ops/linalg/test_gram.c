/* The Gram engine against plain loops in f64 and in integers, at every level of CPU. */
#include "ops_support.h"

#include <math.h>

#include "ops/linalg/gram_parts.h"

enum { U8, F32, F64, SPARSE, FULL_SPARSE, STORAGES };
enum { NO_TARGETS, LABELS, TARGETS };
enum { OUTPUTS = 3 };

/* Rows in any storage, and the same as f64. */
typedef struct sample {
  clf__rows x;
  double *dense; /* [rows, columns], scaled */
  void *data;
  double *center;
  int64_t *row_start;
  int32_t *column;
  float *value;
  int32_t *labels;
  double *targets;
  float *weights;
} sample;

static void fill_sparse(sample *s, double density, uint64_t *state) {
  const int64_t rows = s->x.rows, columns = s->x.columns;
  size_t size = (size_t)(rows * columns + 1);
  s->row_start = calloc((size_t)rows + 1, sizeof *s->row_start);
  s->column = malloc(size * sizeof *s->column);
  s->value = malloc(size * sizeof *s->value);
  int64_t e = 0;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) {
      s->dense[i * columns + j] = 0;
      if (random_unit(state) < density) {
        s->column[e] = (int32_t)j;
        s->value[e] = (float)random_signed(state);
        s->dense[i * columns + j] = (double)s->value[e++];
      }
    }
    s->row_start[i + 1] = e;
  }
  s->x.row_start = s->row_start;
  s->x.column = s->column;
  s->x.value = s->value;
}

static void fill_dense(sample *s, int storage, uint64_t *state) {
  const int64_t rows = s->x.rows, columns = s->x.columns, stride = columns + 5;
  void *data = storage == U8    ? (void *)random_u8(state, rows * stride)
               : storage == F32 ? (void *)random_f32(state, rows * stride)
                                : (void *)random_f64(state, rows * stride);
  s->x.stride = stride;
  s->x.dtype = storage == U8 ? CLF_U8 : storage == F32 ? CLF_F32 : CLF_F64;
  s->x.scale = storage == U8 ? 1.0F / 255 : 1;
  s->center = storage == F64 ? random_f64(state, columns) : NULL;
  s->x.center = s->center;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) {
      const int64_t at = i * stride + j;
      s->dense[i * columns + j] = storage == U8    ? ((uint8_t *)data)[at] * (double)s->x.scale
                                  : storage == F32 ? (double)((float *)data)[at]
                                                   : ((double *)data)[at] - s->center[j];
    }
  }
  s->data = data;
  s->x.data = data;
}

static sample sample_of(int storage, int64_t rows, int64_t columns, uint64_t *state) {
  sample s = {.x = {.rows = rows, .columns = columns, .dtype = CLF_F32, .scale = 1}};
  s.dense = malloc((size_t)(rows * columns + 1) * sizeof(double));
  if (storage <= F64) {
    fill_dense(&s, storage, state);
  } else {
    fill_sparse(&s, storage == SPARSE ? 0.05 : 0.5, state);
  }
  s.labels = malloc((size_t)(rows + 1) * sizeof *s.labels);
  s.targets = random_f64(state, rows * OUTPUTS);
  s.weights = malloc((size_t)(rows + 1) * sizeof *s.weights);
  for (int64_t i = 0; i < rows; i++) {
    s.labels[i] = (int32_t)(OUTPUTS * random_unit(state));
    s.weights[i] = (float)(i % 7 == 3 ? 0 : 3 * random_unit(state));
  }
  return s;
}

static void free_sample(sample *s) {
  free(s->dense);
  free(s->data);
  free(s->center);
  free(s->row_start);
  free(s->column);
  free(s->value);
  free(s->labels);
  free(s->targets);
  free(s->weights);
}

static double weight_of(const clf__gram_input *input, int64_t row) {
  return input->weights == NULL ? 1 : (double)input->weights[row];
}

static double target_of(const clf__gram_input *input, int64_t row, int64_t o) {
  if (input->labels != NULL) {
    return input->labels[row] == o;
  }
  return input->targets[row * input->outputs + o];
}

static double *means_of(const sample *s, const clf__gram_input *input, double *weight) {
  double *mean = calloc((size_t)s->x.columns + 1, sizeof *mean);
  *weight = 0;
  for (int64_t i = 0; i < s->x.rows; i++) {
    *weight += weight_of(input, i);
    for (int64_t j = 0; input->centered && j < s->x.columns; j++) {
      mean[j] += weight_of(input, i) * s->dense[i * s->x.columns + j];
    }
  }
  for (int64_t j = 0; input->centered && j < s->x.columns; j++) {
    mean[j] /= *weight;
  }
  return mean;
}

static void near(double got, double want, double tolerance, const char *what, int64_t i,
                 int64_t j) {
  if (!(fabs(got - want) <= tolerance)) {
    ck_abort_msg("%s %d %d: %.17g, not %.17g (within %g)", what, (int)i, (int)j, got, want,
                 tolerance);
  }
}

/* f32 sums of up to 256 products: each addition rounds by at most 2^-25 of a sum that grows to
 * sqrt(S_ii S_jj), on average to half of it; equal products round in the same direction. */
static void check_scatter(const sample *s, const clf__gram_input *input, const clf__gram *gram,
                          const double *mean, double weight) {
  const int64_t columns = s->x.columns;
  const bool exact = s->x.dtype == CLF_U8 && input->weights == NULL;
  for (int64_t i = 0; i < columns; i++) {
    for (int64_t j = i; j < columns; j++) {
      double sum = 0, size_i = 0, size_j = 0;
      for (int64_t row = 0; row < s->x.rows; row++) {
        const double *x = s->dense + row * columns;
        const double w = weight_of(input, row), a = x[i] - mean[i], b = x[j] - mean[j];
        sum += w * a * b;
        size_i += w * a * a;
        size_j += w * b * b;
      }
      const double tolerance = exact ? 1e-13 * (1 + weight) : 4e-6 * sqrt(size_i * size_j) + 1e-12;
      near(gram->scatter[i * columns + j], sum, tolerance, "scatter", i, j);
      near(gram->scatter[j * columns + i], gram->scatter[i * columns + j], 0, "mirror", i, j);
    }
  }
}

static void check_cross(const sample *s, const clf__gram_input *input, const clf__gram *gram,
                        const double *mean, double weight) {
  for (int64_t o = 0; o < input->outputs; o++) {
    double total = 0;
    for (int64_t row = 0; row < s->x.rows; row++) {
      total += weight_of(input, row) * target_of(input, row, o);
    }
    near(gram->class_weight[o], total, 1e-13 * (1 + weight), "class_weight", o, 0);
    for (int64_t j = 0; j < s->x.columns; j++) {
      double sum = 0;
      for (int64_t row = 0; row < s->x.rows; row++) {
        sum += weight_of(input, row) * target_of(input, row, o) *
               (s->dense[row * s->x.columns + j] - mean[j]);
      }
      near(gram->cross[o * s->x.columns + j], sum, 1e-12 * (1 + weight), "cross", o, j);
    }
  }
}

static void check(const sample *s, const clf__gram_input *input, const clf__gram *gram) {
  double weight;
  double *mean = means_of(s, input, &weight);
  near(gram->weight, weight, 1e-13 * weight, "weight", 0, 0);
  for (int64_t j = 0; j < s->x.columns; j++) {
    near(gram->mean[j], mean[j], 1e-14, "mean", j, 0);
  }
  check_scatter(s, input, gram, mean, weight);
  check_cross(s, input, gram, mean, weight);
  free(mean);
}

static clf__gram_input input_of(const sample *s, int targets, bool weighted, bool centered) {
  return (clf__gram_input){.x = &s->x,
                           .weights = weighted ? s->weights : NULL,
                           .labels = targets == LABELS ? s->labels : NULL,
                           .targets = targets == TARGETS ? s->targets : NULL,
                           .outputs = targets == NO_TARGETS ? 0 : OUTPUTS,
                           .centered = centered};
}

static const int64_t shapes[][2] = {{1, 1},    {5, 1},    {3, 17},   {17, 3},
                                    {131, 50}, {1000, 7}, {55, 255}, {2500, 33}};

/* Of the twelve ways each fifth, others for each shape, storage and processor. */
TEST_LOOP(gram__agrees_with_plain_loops, 0, cpu_levels()) {
  enum { STEP = 5 };
  uint64_t state = 1;
  clf_context *context = context_of(_i, 2);
  for (size_t i = 0; context != NULL && i < sizeof shapes / sizeof shapes[0]; i++) {
    for (int storage = 0; storage < STORAGES; storage++) {
      sample s = sample_of(storage, shapes[i][0], shapes[i][1], &state);
      for (int how = ((int)i + storage + _i) % STEP; how < 12; how += STEP) {
        clf__gram_input input = input_of(&s, how % 3, how / 3 % 2, how / 6);
        clf__gram gram;
        ck_clf_ok(clf__gram_create(&gram, context, &input));
        check(&s, &input, &gram);
        clf__gram_free(&gram);
      }
      free_sample(&s);
    }
  }
  clf_context_free(context);
}

/* The kernels for large tables, on small ones: what the f64 products of these give. */
static void check_dense(clf_context *context, const sample *s, const clf__gram_input *input) {
  const int64_t columns = s->x.columns;
  const size_t size = (size_t)(columns * columns);
  double *got = calloc(size, sizeof *got), *want = calloc(size, sizeof *want);
  float *rounded = random_f32(&(uint64_t){5}, columns);
  double *center = calloc((size_t)columns, sizeof *center);
  clf__rows stored = s->x;
  const clf__centered rows = {.x = &stored, .mean = center};
  stored.scale = 1;
  for (int64_t j = 0; j < columns; j++) {
    center[j] = (double)rounded[j];
  }
  ck_clf_ok(clf__gram_add_dense(got, context, input, center));
  ck_clf_ok(clf__gram_add_f64(want, context, &rows, input->weights, 1));
  for (int64_t i = 0; i < columns; i++) {
    for (int64_t j = i; j < columns; j++) {
      const double sizes = want[i * columns + i] * want[j * columns + j];
      near(got[i * columns + j], want[i * columns + j], 4e-6 * sqrt(sizes), "products", i, j);
    }
  }
  free(got);
  free(want);
  free(rounded);
  free(center);
}

TEST_LOOP(gram_dense__agrees_with_f64, 0, cpu_levels()) {
  uint64_t state = 6;
  clf_context *context = context_of(_i, 2);
  for (size_t i = 0; context != NULL && i < sizeof shapes / sizeof shapes[0]; i++) {
    for (int storage = 0; storage < STORAGES; storage++) {
      sample s = sample_of(storage, shapes[i][0], shapes[i][1], &state);
      for (int weighted = storage == U8; weighted < 2; weighted++) {
        clf__gram_input input = input_of(&s, NO_TARGETS, weighted, true);
        check_dense(context, &s, &input);
      }
      free_sample(&s);
    }
  }
  clf_context_free(context);
}

TEST_LOOP(gram__has_the_same_bits_on_any_threads, 0, cpu_levels()) {
  static const int threads[] = {1, 2, 5};
  static const int64_t larger[][2] = {{5000, 60}, {3000, 333}};
  for (int i = 0; i < 4 * STORAGES; i++) {
    uint64_t state = 2;
    sample s = sample_of(i / 4, larger[i % 2][0], larger[i % 2][1], &state);
    clf__gram_input input = input_of(&s, LABELS, i / 2 % 2, true);
    clf_context *context[3] = {NULL};
    clf__gram gram[3] = {{0}};
    for (int t = 0; t < 3; t++) {
      context[t] = context_of(_i, threads[t]);
      if (context[t] != NULL) {
        const size_t columns = (size_t)s.x.columns;
        ck_clf_ok(clf__gram_create(&gram[t], context[t], &input));
        ck_assert_mem_eq(gram[t].scatter, gram[0].scatter, columns * columns * sizeof(double));
        ck_assert_mem_eq(gram[t].cross, gram[0].cross, OUTPUTS * columns * sizeof(double));
        ck_assert_mem_eq(gram[t].mean, gram[0].mean, columns * sizeof(double));
      }
    }
    for (int t = 0; t < 3; t++) {
      clf__gram_free(&gram[t]);
      clf_context_free(context[t]);
    }
    free_sample(&s);
  }
}

static void check_bytes(clf_context *context, const uint8_t *bytes, int64_t rows, int64_t columns) {
  clf__rows x = {.rows = rows, .columns = columns, .dtype = CLF_U8, .scale = 1};
  clf__gram_input input = {.x = &x};
  clf__gram plain, centered;
  x.data = bytes;
  x.stride = columns;
  ck_clf_ok(clf__gram_create(&plain, context, &input));
  input.centered = true;
  ck_clf_ok(clf__gram_create(&centered, context, &input));
  for (int64_t i = 0; i < columns; i++) {
    for (int64_t j = 0; j < columns; j++) {
      int64_t sum = 0, sum_i = 0, sum_j = 0;
      for (int64_t row = 0; row < rows; row++) {
        const int64_t a = bytes[row * columns + i], b = bytes[row * columns + j];
        sum += a * b;
        sum_i += a;
        sum_j += b;
      }
      near(plain.scatter[i * columns + j], (double)sum, 0, "plain", i, j);
      const double rest = (double)(rows * sum - sum_i * sum_j) / (double)rows;
      near(centered.scatter[i * columns + j], rest, 1e-15 * (double)sum, "centered", i, j);
    }
  }
  clf__gram_free(&plain);
  clf__gram_free(&centered);
}

TEST_LOOP(gram__u8_is_exact, 0, cpu_levels()) {
  uint64_t state = 3;
  clf_context *context = context_of(_i, 2);
  uint8_t *bytes = random_u8(&state, 300 * 97);
  if (context != NULL) {
    check_bytes(context, bytes, 300, 97);
    check_bytes(context, bytes, 97, 300);
    check_bytes(context, bytes, 1201, 24);
    clf_context_free(context);
  }
  free(bytes);
}

/* More rows of 255 than any sum of products in 32 bits holds; constant columns have no scatter. */
TEST_LOOP(gram__u8_does_not_overflow, 0, cpu_levels()) {
  enum { ROWS = 140001, FEW = 3, COLUMNS = 64 /* enough for tiles */ };
  clf_context *context = context_of(_i, 2);
  uint8_t *bytes = malloc(ROWS * COLUMNS);
  memset(bytes, 255, ROWS * COLUMNS);
  if (context != NULL) {
    clf__rows x = {.rows = ROWS,
                   .columns = COLUMNS,
                   .dtype = CLF_U8,
                   .scale = 1,
                   .data = bytes,
                   .stride = COLUMNS};
    clf__gram_input input = {.x = &x, .centered = true};
    clf__gram gram;
    check_bytes(context, bytes, ROWS, FEW);
    ck_clf_ok(clf__gram_create(&gram, context, &input));
    for (int i = 0; i < COLUMNS * COLUMNS; i++) {
      ck_assert_double_eq(gram.scatter[i], 0);
    }
    clf__gram_free(&gram);
    clf_context_free(context);
  }
  free(bytes);
}

/* Numbers of size 10,000 that differ by 1 keep their digits. */
TEST_LOOP(gram__f32_far_from_0_stays_accurate, 0, cpu_levels()) {
  enum { ROWS = 20000, COLUMNS = 20 };
  uint64_t state = 4;
  clf_context *context = context_of(_i, 2);
  float *values = malloc(ROWS * COLUMNS * sizeof *values);
  sample s = {.x = clf__rows_of_f32(values, ROWS, COLUMNS, COLUMNS)};
  s.dense = malloc(ROWS * COLUMNS * sizeof(double));
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    values[i] = (float)(10000 + random_normal(&state));
    s.dense[i] = (double)values[i];
  }
  if (context != NULL) {
    clf__gram_input input = input_of(&s, NO_TARGETS, false, true);
    clf__gram gram;
    double weight;
    double *mean = means_of(&s, &input, &weight);
    ck_clf_ok(clf__gram_create(&gram, context, &input));
    check_scatter(&s, &input, &gram, mean, weight);
    free(mean);
    clf__gram_free(&gram);
    clf_context_free(context);
  }
  free(values);
  free(s.dense);
}

/* sum w (x - m_k)(x - m_k)^T in f64, upper triangle. */
static double *within_of(const sample *s, const clf__gram_input *input) {
  const int64_t rows = s->x.rows, columns = s->x.columns;
  double *within = calloc((size_t)(columns * columns), sizeof *within);
  double *mean = calloc((size_t)columns, sizeof *mean);
  for (int32_t k = 0; k < OUTPUTS; k++) {
    double weight = 0;
    memset(mean, 0, (size_t)columns * sizeof *mean);
    for (int64_t i = 0; i < rows; i++) {
      const double w = s->labels[i] == k ? weight_of(input, i) : 0;
      weight += w;
      for (int64_t j = 0; j < columns; j++) {
        mean[j] += w * s->dense[i * columns + j];
      }
    }
    for (int64_t i = 0; i < rows; i++) {
      const double w = s->labels[i] == k ? weight_of(input, i) : 0;
      const double *x = s->dense + i * columns;
      for (int64_t a = 0; w > 0 && a < columns; a++) {
        for (int64_t b = a; b < columns; b++) {
          within[a * columns + b] += w * (x[a] - mean[a] / weight) * (x[b] - mean[b] / weight);
        }
      }
    }
  }
  free(mean);
  return within;
}

static void check_within(clf_context *context, const sample *s, bool weighted) {
  const int64_t columns = s->x.columns;
  clf__gram_input input = input_of(s, LABELS, weighted, true);
  clf__gram gram;
  double *within = within_of(s, &input);
  input.within = true;
  ck_clf_ok(clf__gram_create(&gram, context, &input));
  for (int64_t i = 0; i < columns; i++) {
    for (int64_t j = i; j < columns; j++) {
      const double size = sqrt(within[i * columns + i] * within[j * columns + j]);
      near(gram.scatter[i * columns + j], within[i * columns + j], 2e-4 * size + 1e-9, "within", i,
           j);
      near(gram.scatter[j * columns + i], gram.scatter[i * columns + j], 0, "mirror", i, j);
    }
  }
  free(within);
  clf__gram_free(&gram);
}

TEST_LOOP(gram_within__agrees_with_plain_loops, 0, cpu_levels()) {
  uint64_t state = 7;
  clf_context *context = context_of(_i, 2);
  for (int storage = 0; context != NULL && storage < STORAGES; storage++) {
    sample s = sample_of(storage, 900, 60, &state);
    check_within(context, &s, false);
    check_within(context, &s, true);
    free_sample(&s);
  }
  clf_context_free(context);
}

/* The distances of the classes are some 1e5 times their spread, so the total scatter in f32 has no
 * correct digit of the spread. One column is the same in all rows of a class. */
TEST_LOOP(gram_within__of_classes_far_apart_keeps_its_digits, 0, cpu_levels()) {
  uint64_t state = 8;
  clf_context *context = context_of(_i, 2);
  for (int storage = F32; context != NULL && storage <= F64; storage++) {
    sample s = sample_of(storage, 5000, 70, &state);
    for (int64_t i = 0; i < s.x.rows; i++) {
      for (int64_t j = 0; j < s.x.columns; j++) {
        const int64_t at = i * s.x.stride + j;
        const float value = (float)(1e5 * s.labels[i] + (j == 3 ? 0 : random_normal(&state)));
        if (storage == F32) {
          ((float *)s.data)[at] = value;
        } else {
          ((double *)s.data)[at] = (double)value;
        }
        s.dense[i * s.x.columns + j] = (double)value - (storage == F64 ? s.center[j] : 0);
      }
    }
    check_within(context, &s, false);
    check_within(context, &s, true);
    free_sample(&s);
  }
  clf_context_free(context);
}

TEST(gram__of_no_rows) {
  clf_context *context = context_on("generic", 1);
  clf__rows x = clf__rows_of_f32(NULL, 0, 4, 4);
  clf__gram_input input = {.x = &x, .centered = true};
  clf__gram gram;
  ck_clf_fails(clf__gram_create(&gram, context, &input), CLF_ERROR_DATA);
  input.centered = false;
  ck_clf_ok(clf__gram_create(&gram, context, &input));
  for (int i = 0; i < 16; i++) {
    ck_assert_double_eq(gram.scatter[i], 0);
  }
  clf__gram_free(&gram);
  clf_context_free(context);
}

TEST(gram__says_how_much_memory_it_needs) {
  clf_context *context = NULL;
  float value = 1;
  int64_t row_start[] = {0, 1};
  int32_t column = 5;
  clf__rows x = {.rows = 1,
                 .columns = 100000,
                 .dtype = CLF_F32,
                 .scale = 1,
                 .row_start = row_start,
                 .column = &column,
                 .value = &value};
  clf__gram_input input = {.x = &x, .centered = true};
  clf__gram gram;
  ck_clf_ok(clf_context_create(&context, NULL, "memory_limit=1000000000"));
  const uint64_t before = clf_context_memory(context);
  ck_clf_fails(clf__gram_create(&gram, context, &input), CLF_ERROR_MEMORY);
  ck_clf_says("100000 by 100000");
  ck_clf_says("80000000000");
  ck_assert_uint_eq(clf_context_memory(context), before);
  clf_context_free(context);
}

SUITE("gram")
