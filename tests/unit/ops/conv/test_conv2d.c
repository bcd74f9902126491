/* Convolutions and their gradients against plain loops in f64, at every level of CPU. */
#include "failing_allocator.h"
#include "ops_support.h"

#include <math.h>

#include "base/bf16.h"
#include "ops/conv/conv2d.h"
#include "ops/nn/pool.h"

/* height, width, channels, filters; kernel, stride, dilation; padding; size of the output; bf16 */
static const clf__conv2d cases[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, false},
    {7, 5, 1, 3, 3, 3, 1, 1, 1, 1, 7, 5, 0, false},
    {28, 28, 1, 32, 5, 5, 1, 1, 2, 2, 28, 28, 0, false},
    {9, 11, 3, 17, 3, 5, 2, 1, 1, 2, 5, 6, 0, false},
    {14, 14, 32, 64, 5, 5, 1, 1, 2, 2, 14, 14, 0, false},
    {13, 6, 16, 5, 3, 3, 1, 2, 0, 0, 9, 2, 0, false},
    {10, 13, 20, 7, 3, 2, 3, 1, 1, 0, 4, 4, 0, false},
    {6, 8, 40, 50, 1, 1, 1, 1, 0, 0, 6, 8, 0, false},
    {8, 7, 40, 9, 1, 1, 2, 1, 0, 0, 4, 4, 0, false},
    {2, 3, 8, 4, 7, 7, 1, 1, 3, 3, 2, 3, 0, false},
    {12, 9, 12, 6, 3, 3, 2, 2, 2, 2, 6, 5, 0, false},
    {11, 10, 33, 2, 4, 3, 3, 2, 3, 1, 4, 3, 0, false},
    {40, 37, 30, 18, 3, 3, 1, 1, 1, 1, 40, 37, 0, false},
    {5, 4, 2, 48, 5, 4, 1, 1, 0, 0, 1, 1, 0, false},
    {6, 6, 64, 10, 2, 2, 3, 1, 0, 0, 2, 2, 0, false},
    {13, 18, 9, 40, 3, 3, 1, 1, 1, 1, 13, 18, 0, false},
    {4, 4, 20, 12, 5, 5, 1, 1, 2, 2, 4, 4, 0, false},
    {12, 12, 64, 48, 3, 3, 1, 1, 1, 1, 12, 12, 0, false},
    {17, 9, 33, 8, 5, 5, 1, 1, 0, 0, 13, 5, 0, false},
    {6, 40, 8, 70, 3, 3, 1, 1, 2, 0, 8, 38, 0, false},
    {16, 4, 65, 64, 3, 3, 1, 1, 1, 1, 16, 4, 0, false},
    {14, 14, 6, 16, 5, 5, 1, 1, 0, 0, 10, 10, 0, false},
    {13, 11, 7, 9, 3, 3, 2, 1, 1, 1, 7, 6, 0, false},
    {7, 7, 1, 20, 7, 7, 1, 1, 3, 3, 7, 7, 0, false},
    {1, 30, 4, 16, 1, 6, 1, 1, 0, 2, 1, 29, 0, false},
    {40, 40, 16, 4, 5, 4, 1, 1, 0, 0, 36, 37, 0, false},
    {13, 9, 20, 1, 2, 2, 1, 1, 0, 0, 12, 8, 0, false},
    /* Kernels that reach beyond the image from every place: on all sides, with nothing of them on
     * it, and with the first pixels left out. */
    {5, 5, 1, 2, 3, 3, 1, 10000, 10000, 10000, 5, 5, 0, false},
    {5, 4, 40, 3, 3, 3, 1, 7, 7, 7, 5, 4, 0, false},
    {6, 5, 3, 4, 31, 25, 1, 1, 15, 12, 6, 5, 0, false},
    {5, 5, 1, 2, 2, 2, 1, 10000, 5000, 5000, 5, 5, 0, false},
    {5, 5, 36, 2, 2, 2, 1, 100, 50, 50, 5, 5, 0, false},
    {5, 6, 1, 3, 3, 3, 3, 10, 9, 9, 2, 2, 0, false},
    {5, 6, 40, 3, 3, 3, 3, 10, 9, 9, 2, 2, 0, false},
};
enum { CASES = sizeof cases / sizeof cases[0] };

/* By patches: many channels, and kernels that are 1 x 1, move by more than a pixel, are dilated or
 * large. */
static const clf__conv2d patched[] = {{13, 6, 16, 5, 3, 3, 1, 2, 0, 0, 9, 2, 0, true},
                                      {10, 13, 20, 7, 3, 2, 3, 1, 1, 0, 4, 4, 0, true},
                                      {6, 8, 41, 50, 1, 1, 1, 1, 0, 0, 6, 8, 0, true},
                                      {8, 7, 40, 9, 1, 1, 2, 1, 0, 0, 4, 4, 0, true},
                                      {6, 6, 64, 10, 2, 2, 3, 1, 0, 0, 2, 2, 0, true},
                                      {13, 9, 35, 66, 3, 3, 2, 1, 1, 1, 7, 5, 0, true},
                                      {14, 14, 17, 33, 7, 7, 1, 1, 3, 3, 14, 14, 0, true}};
enum { PATCHED = sizeof patched / sizeof patched[0] };

static clf__conv2d any_case(int i) {
  return i < CASES ? cases[i] : patched[i - CASES];
}

typedef struct problem {
  clf__conv2d conv;
  int64_t rows, x_count, w_count, y_count;
  float *x, *w, *bias, *dy;
  float *out; /* what y was after relu, for the way back; NULL without relu */
  float *y, *dx, *dw, *dbias;
} problem;

static problem problem_of(clf__conv2d conv, int64_t rows, bool relu, uint64_t *state) {
  problem p = {.conv = conv, .rows = rows};
  p.x_count = rows * conv.height * conv.width * conv.channels;
  p.w_count = conv.kernel_height * conv.kernel_width * conv.channels * conv.filters;
  p.y_count = rows * conv.out_height * conv.out_width * conv.filters;
  p.x = random_f32(state, p.x_count);
  p.w = random_f32(state, p.w_count);
  p.bias = random_f32(state, conv.filters);
  p.dy = random_f32(state, p.y_count);
  p.out = relu ? random_f32(state, p.y_count) : NULL;
  p.y = random_f32(state, p.y_count);
  p.dx = random_f32(state, p.x_count);
  p.dw = random_f32(state, p.w_count);
  p.dbias = random_f32(state, conv.filters);
  return p;
}

static void free_problem(problem *p) {
  float *const all[] = {p->x, p->w, p->bias, p->dy, p->out, p->y, p->dx, p->dw, p->dbias};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    free(all[i]);
  }
}

static clf__conv_pass forward_of(clf_context *context, const problem *p, const float *bias,
                                 bool relu) {
  return (clf__conv_pass){.context = context,
                          .conv = &p->conv,
                          .rows = p->rows,
                          .x = p->x,
                          .w = p->w,
                          .bias = bias,
                          .relu = relu,
                          .y = p->y};
}

/* dx is left out without `data`, as for the first layer of a network. */
static clf_status run_all(clf_context *context, const problem *p, bool data) {
  const size_t size = (size_t)p->y_count * sizeof *p->dy;
  float *dy = malloc(size + 1); /* as it may be written over */
  clf_status status;
  memcpy(dy, p->dy, size);
  clf__conv_pass pass = forward_of(context, p, p->bias, p->out != NULL);
  TRY(clf__conv2d_forward(&pass));
  pass.out = p->out;
  pass.dy = dy;
  pass.dw = p->dw;
  pass.dbias = p->dbias;
  pass.dx = data ? p->dx : NULL;
  TRY(clf__conv2d_backward(&pass));

done:
  free(dy);
  return status;
}

/* Whether the CPU has the level. */
static bool run_at(int level, const problem *p, bool data) {
  clf_context *context = context_of(level, 2);
  if (context == NULL) {
    return false;
  }
  memset(p->y, 0xff, (size_t)p->y_count * sizeof *p->y); /* NaN */
  memset(p->dx, 0xff, (size_t)p->x_count * sizeof *p->dx);
  memset(p->dw, 0xff, (size_t)p->w_count * sizeof *p->dw);
  memset(p->dbias, 0xff, (size_t)p->conv.filters * sizeof *p->dbias);
  ck_clf_ok(run_all(context, p, data));
  clf_context_free(context);
  return true;
}

/* The gradients and outputs in f64, and for each the sum of the absolute values of its terms. */
typedef struct expected {
  double *dy; /* before relu */
  double *y, *dx, *dw, *dbias;
  double *y_size, *dx_size, *dw_size, *dbias_size;
} expected;

static void expect_pixel(const problem *p, const expected *e, int64_t at, int64_t row, int64_t i,
                         int64_t j) {
  const clf__conv2d c = p->conv;
  for (int64_t k = 0; k < c.kernel_height * c.kernel_width * c.channels; k++) {
    const int64_t channel = k % c.channels, n = k / c.channels % c.kernel_width;
    const int64_t m = k / c.channels / c.kernel_width;
    const int64_t h = i * c.stride + m * c.dilation - c.pad_top;
    const int64_t v = j * c.stride + n * c.dilation - c.pad_left;
    if (h < 0 || h >= c.height || v < 0 || v >= c.width) {
      continue;
    }
    const int64_t from = ((row * c.height + h) * c.width + v) * c.channels + channel;
    for (int64_t d = 0; d < c.filters; d++) {
      const int64_t to = at * c.filters + d, weight = k * c.filters + d;
      const double x = (double)p->x[from], w = (double)p->w[weight], dy = e->dy[to];
      e->y[to] += w * x;
      e->y_size[to] += fabs(w * x);
      e->dx[from] += w * dy;
      e->dx_size[from] += fabs(w * dy);
      e->dw[weight] += x * dy;
      e->dw_size[weight] += fabs(x * dy);
    }
  }
}

static double *zeros(int64_t count) {
  return calloc((size_t)count + 1, sizeof(double));
}

static expected expect(const problem *p) {
  const clf__conv2d c = p->conv;
  const int64_t pixels = c.out_height * c.out_width;
  expected e = {zeros(p->y_count), zeros(p->y_count), zeros(p->x_count),
                zeros(p->w_count), zeros(c.filters),  zeros(p->y_count),
                zeros(p->x_count), zeros(p->w_count), zeros(c.filters)};
  for (int64_t to = 0; to < p->y_count; to++) {
    const int64_t d = to % c.filters;
    e.dy[to] = p->out == NULL || p->out[to] > 0 ? (double)p->dy[to] : 0;
    e.dbias[d] += e.dy[to];
    e.dbias_size[d] += fabs(e.dy[to]);
    e.y[to] = (double)p->bias[d];
    e.y_size[to] = fabs((double)p->bias[d]);
  }
  for (int64_t at = 0; at < p->rows * pixels; at++) {
    expect_pixel(p, &e, at, at / pixels, at % pixels / c.out_width, at % c.out_width);
  }
  for (int64_t to = 0; p->out != NULL && to < p->y_count; to++) {
    e.y[to] = fmax(e.y[to], 0);
  }
  return e;
}

static void free_expected(expected *e) {
  double *const all[] = {e->dy,     e->y,       e->dx,      e->dw,        e->dbias,
                         e->y_size, e->dx_size, e->dw_size, e->dbias_size};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    free(all[i]);
  }
}

static bool by_winograd(const clf__conv2d *c) {
  clf_context *context = context_on("generic", 1);
  clf__conv2d f32 = *c;
  f32.bf16 = false;
  const int64_t size = clf__conv2d_packed_size(context, &f32);
  clf_context_free(context);
  return size != c->kernel_height * c->kernel_width * c->channels * c->filters;
}

/* A sum of n terms in any order has an error of at most n 2^-24 / (1 - n 2^-24) times the sum of
 * their absolute values, in f32 (Higham, 2002, section 4.2). Winograd's products round at every
 * point of a tile, whatever is summed there for one output: so the errors go with the largest size
 * of the array, however many the terms. 57 was the most seen. */
static void check(const char *where, const char *what, bool winograd, const float *got,
                  const double *want, const double *size, int64_t count, int64_t terms) {
  const double rounding = (double)terms * 0x1p-24 / (1 - (double)terms * 0x1p-24);
  double largest = 0;
  for (int64_t i = 0; i < count; i++) {
    largest = fmax(largest, size[i]);
  }
  for (int64_t i = 0; i < count; i++) {
    const double most = winograd ? 128 * 0x1p-24 * largest : rounding * size[i];
    if (!(fabs((double)got[i] - want[i]) <= most)) {
      ck_abort_msg("%s, %s %d: %g, not %g", where, what, (int)i, (double)got[i], want[i]);
    }
  }
}

/* At every level of CPU, without dx and with it; the problem is freed. */
static void check_levels(int index, problem p) {
  const clf__conv2d c = p.conv;
  const bool winograd = by_winograd(&c);
  const int64_t kernel = c.kernel_height * c.kernel_width;
  const int64_t pixels = p.rows * c.out_height * c.out_width;
  expected e = expect(&p);
  char where[64];
  for (int way = 0; way < 2 * cpu_levels(); way++) {
    const int level = way / 2;
    const bool data = way % 2 != 0;
    if (run_at(level, &p, data)) {
      snprintf(where, sizeof where, "case %d on %s", index, clf__cpu_targets[level].name);
      check(where, "y", winograd, p.y, e.y, e.y_size, p.y_count, kernel * c.channels + 2);
      check(where, "dw", winograd, p.dw, e.dw, e.dw_size, p.w_count, pixels + 16);
      check(where, "dbias", winograd, p.dbias, e.dbias, e.dbias_size, c.filters, pixels + 2);
      check(where, "dx", winograd, p.dx, e.dx, e.dx_size, data ? p.x_count : 0, kernel * c.filters);
    }
  }
  free_expected(&e);
  free_problem(&p);
}

TEST(conv2d__agrees_with_plain_loops) {
  uint64_t state = 1;
  for (int i = 0; i < CASES; i++) {
    if (!SLOW || i % 2 == 0) {
      check_levels(i, problem_of(cases[i], 1, false, &state));
    }
    if (!SLOW || i % 2 != 0) {
      check_levels(i, problem_of(cases[i], 3, true, &state));
    }
  }
}

static void round_all(float *values, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    values[i] = clf__bf16_value(clf__bf16_of(values[i]));
  }
}

static void round_factors(problem *p) {
  round_all(p->x, p->x_count);
  round_all(p->w, p->w_count);
  round_all(p->dy, p->y_count);
}

/* Products of two rounded numbers are exact in f32, so that the sums have the errors of f32. */
TEST(conv2d__bf16_agrees_with_plain_loops) {
  uint64_t state = 11;
  for (int i = 0; i < CASES; i++) {
    problem p = problem_of(cases[i], 2, i % 2 == 0, &state);
    round_factors(&p);
    p.conv.bf16 = true;
    check_levels(3000 + i, p);
  }
}

/* Numbers and their roundings have the same products, which have the same bits on every CPU but
 * those with tiles. */
TEST(conv2d__bf16_has_the_same_bits_on_every_cpu) {
  for (size_t i = 0; i < PATCHED; i++) {
    uint64_t state = i + 12, again = i + 12;
    problem first = problem_of(patched[i], 9, false, &state);
    problem other = problem_of(patched[i], 9, false, &again);
    round_factors(&first);
    ck_assert(run_at(cpu_levels() - 1, &first, true));
    for (int level = cpu_levels() - 1; level >= 0; level--) {
      if (run_at(level, &other, true)) {
        if (level_has_tiles(level)) {
          run_at(level, &first, true);
        }
        ck_assert_mem_eq(first.y, other.y, (size_t)first.y_count * sizeof(float));
        ck_assert_mem_eq(first.dx, other.dx, (size_t)first.x_count * sizeof(float));
        ck_assert_mem_eq(first.dw, other.dw, (size_t)first.w_count * sizeof(float));
      }
    }
    free_problem(&first);
    free_problem(&other);
  }
}

static int64_t drawn(uint64_t *state, int64_t first, int64_t last) {
  return first + (int64_t)(random_unit(state) * (double)(last - first + 1));
}

static int64_t output_size(int64_t size, int64_t padding, int64_t extent, int64_t stride) {
  return size + padding < extent ? 0 : (size + padding - extent) / stride + 1;
}

/* One with at least one pixel of output. */
static clf__conv2d drawn_conv(uint64_t *state) {
  clf__conv2d c = {0};
  while (c.out_height < 1 || c.out_width < 1) {
    c = (clf__conv2d){drawn(state, 1, 15),
                      drawn(state, 1, 15),
                      drawn(state, 1, 40),
                      drawn(state, 1, 40),
                      drawn(state, 1, 5),
                      drawn(state, 1, 5),
                      drawn(state, 1, 3),
                      drawn(state, 1, 2),
                      0,
                      0,
                      0,
                      0,
                      0,
                      false};
    const int64_t tall = (c.kernel_height - 1) * c.dilation;
    const int64_t wide = (c.kernel_width - 1) * c.dilation;
    c.pad_top = drawn(state, 0, tall);
    c.pad_left = drawn(state, 0, wide);
    c.out_height = output_size(c.height, c.pad_top + drawn(state, 0, tall), tall + 1, c.stride);
    c.out_width = output_size(c.width, c.pad_left + drawn(state, 0, wide), wide + 1, c.stride);
  }
  return c;
}

TEST(conv2d__agrees_on_random_shapes) {
  uint64_t state = 2;
  for (int i = 0; i < (SLOW ? 20 : 60); i++) {
    const clf__conv2d c = drawn_conv(&state);
    check_levels(1000 + i, problem_of(c, drawn(&state, 1, 3), false, &state));
  }
}

TEST(conv2d__agrees_on_random_shapes_by_winograd) {
  uint64_t state = 9;
  for (int i = 0; i < (SLOW ? 10 : 30); i++) {
    const int64_t height = drawn(&state, 4, 20), width = drawn(&state, 4, 20);
    const int64_t k = i % 2 == 0 ? 3 : 5, top = drawn(&state, 0, k - 1);
    const int64_t left = drawn(&state, 0, k - 1);
    const clf__conv2d c = {height, width, drawn(&state, 5, 40), drawn(&state, 8, 40), k, k,    1, 1,
                           top,    left,  height + top,         width + left,         0, false};
    check_levels(2000 + i, problem_of(c, drawn(&state, 1, 4), i % 3 == 0, &state));
  }
}

static double relative_error(const float *got, const double *want, int64_t count) {
  double squares = 0, errors = 0;
  for (int64_t i = 0; i < count; i++) {
    errors += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
    squares += want[i] * want[i];
  }
  return sqrt(errors / squares);
}

/* The second layer of the network for MNIST: root mean squares of the errors against those of the
 * values, as lib/ops/conv/winograd.c states them. */
TEST(conv2d__winograd_is_as_exact_as_stated) {
  uint64_t state = 10;
  problem p = problem_of(cases[4], 20, false, &state);
  ck_assert(by_winograd(&p.conv));
  expected e = expect(&p);
  for (int level = 0; level < cpu_levels(); level++) {
    if (run_at(level, &p, true)) {
      ck_assert_double_lt(relative_error(p.y, e.y, p.y_count), 4e-6);
      ck_assert_double_lt(relative_error(p.dx, e.dx, p.x_count), 4e-6);
      ck_assert_double_lt(relative_error(p.dw, e.dw, p.w_count), 4e-6);
    }
  }
  free_expected(&e);
  free_problem(&p);
}

TEST_LOOP(conv2d__has_the_same_bits_on_any_threads, 0, cpu_levels()) {
  static const int threads[] = {1, 5, 2};
  for (int i = 0; i < CASES + PATCHED; i++) {
    problem first = {0};
    for (int t = 0; t < (SLOW ? 2 : 3); t++) {
      uint64_t state = 3;
      clf_context *context = context_of(_i, threads[t]);
      if (context == NULL) {
        break;
      }
      problem p = problem_of(any_case(i), 21, true, &state);
      ck_clf_ok(run_all(context, &p, any_case(i).channels > 3));
      clf_context_free(context);
      if (t == 0) {
        first = p;
        continue;
      }
      ck_assert_mem_eq(first.y, p.y, (size_t)p.y_count * sizeof(float));
      ck_assert_mem_eq(first.dx, p.dx, (size_t)p.x_count * sizeof(float));
      ck_assert_mem_eq(first.dw, p.dw, (size_t)p.w_count * sizeof(float));
      ck_assert_mem_eq(first.dbias, p.dbias, (size_t)p.conv.filters * sizeof(float));
      free_problem(&p);
    }
    free_problem(&first);
  }
}

TEST_LOOP(conv2d__relu_keeps_what_is_not_a_number, 0, cpu_levels()) {
  uint64_t state = 4;
  clf_context *context = context_of(_i, 1);
  if (context == NULL) {
    return;
  }
  problem p = problem_of(cases[1], 1, false, &state);
  p.x[0] = NAN;
  const clf__conv_pass pass = forward_of(context, &p, NULL, true);
  ck_clf_ok(clf__conv2d_forward(&pass));
  ck_assert(isnan(p.y[0]));
  ck_assert(!isnan(p.y[p.y_count - 1]));
  free_problem(&p);
  ck_assert(!tiles_are_in_use());
  clf_context_free(context);
}

/* Weights that are packed once are used for any number of rows, and give the same bits as the
 * forward pass. */
TEST_LOOP(conv2d__infers_what_forward_gives, 0, cpu_levels()) {
  uint64_t state = 7;
  clf_context *context = context_of(_i, 2);
  if (context == NULL) {
    return;
  }
  for (int i = 0; i < CASES + PATCHED; i++) {
    problem p = problem_of(any_case(i), 3, false, &state);
    float *packed = random_f32(&state, clf__conv2d_packed_size(context, &p.conv));
    float *scratch = random_f32(&state, clf__conv2d_scratch_size(context, &p.conv));
    float *y = random_f32(&state, p.y_count);
    clf__conv_pass pass = forward_of(context, &p, p.bias, true);
    ck_clf_ok(clf__conv2d_forward(&pass));
    clf__conv2d_pack(context, &p.conv, p.w, packed);
    pass.w = packed;
    pass.y = y;
    clf__conv2d_infer(&pass, scratch);
    ck_assert_mem_eq(y, p.y, (size_t)p.y_count * sizeof(float));
    pass.rows = 1;
    clf__conv2d_infer(&pass, scratch);
    ck_assert_mem_eq(y, p.y, (size_t)p.y_count / 3 * sizeof(float));
    free(packed);
    free(scratch);
    free(y);
    free_problem(&p);
  }
  ck_assert(!tiles_are_in_use());
  clf_context_free(context);
}

/* A pass that pools, and the same in steps: y, and the gradients of random dy. */
static void check_pooled(clf_context *context, clf__conv2d conv, bool relu, uint64_t *state) {
  enum { ROWS = 5 };
  problem p = problem_of(conv, ROWS, relu, state);
  const clf__pool2d pool = {.height = conv.out_height,
                            .width = conv.out_width,
                            .channels = conv.filters,
                            .window_height = 2,
                            .window_width = 2,
                            .stride = 2,
                            .out_height = conv.out_height / 2,
                            .out_width = conv.out_width / 2};
  const int64_t count = p.y_count / 4;
  float *y = random_f32(state, count), *dy = random_f32(state, count);
  float *pooled = random_f32(state, count), *dx = random_f32(state, p.x_count);
  float *dw = random_f32(state, p.w_count), *dbias = random_f32(state, conv.filters);
  uint8_t *winners = malloc((size_t)count);
  for (int64_t i = 0; i < p.x_count; i++) {
    p.x[i] = roundf(p.x[i]); /* for equal outputs */
  }
  for (int64_t i = 0; i < p.w_count; i++) {
    p.w[i] = roundf(p.w[i]);
  }
  clf__conv_pass pass = forward_of(context, &p, p.bias, relu);
  ck_clf_ok(clf__conv2d_forward(&pass));
  clf__pool2d_forward(context, &pool, CLF__POOL_MAX, ROWS, p.y, y);
  clf__pool2d_backward(context, &pool, CLF__POOL_MAX, ROWS, p.y, y, dy, p.dy);
  pass.out = relu ? p.y : NULL;
  pass.dy = p.dy;
  pass.dw = p.dw;
  pass.dbias = p.dbias;
  pass.dx = p.dx;
  ck_clf_ok(clf__conv2d_backward(&pass));
  pass.y = pooled;
  pass.pooled = true;
  pass.winners = winners;
  ck_clf_ok(clf__conv2d_forward(&pass));
  ck_assert_mem_eq(pooled, y, (size_t)count * sizeof(float));
  pass.out = relu ? pooled : NULL;
  pass.dy = dy;
  pass.dw = dw;
  pass.dbias = dbias;
  pass.dx = dx;
  ck_clf_ok(clf__conv2d_backward(&pass));
  ck_assert_mem_eq(dw, p.dw, (size_t)p.w_count * sizeof(float));
  ck_assert_mem_eq(dbias, p.dbias, (size_t)conv.filters * sizeof(float));
  ck_assert_mem_eq(dx, p.dx, (size_t)p.x_count * sizeof(float));
  float *const all[] = {y, dy, pooled, dx, dw, dbias};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    free(all[i]);
  }
  free(winners);
  free_problem(&p);
}

/* One channel and many; filters that fill vectors and do not; images of one band and of several;
 * and equal outputs, of which the first one wins. */
TEST(conv2d__a_pass_that_pools_has_the_bits_of_a_pool_behind_it) {
  static const clf__conv2d pooled[] = {{28, 28, 1, 32, 5, 5, 1, 1, 2, 2, 28, 28, 0, true},
                                       {14, 14, 32, 64, 5, 5, 1, 1, 2, 2, 14, 14, 0, true},
                                       {6, 9, 3, 7, 3, 2, 1, 1, 0, 0, 4, 8, 0, true},
                                       {3, 3, 40, 33, 2, 2, 1, 1, 0, 0, 2, 2, 0, true},
                                       {50, 60, 35, 40, 3, 3, 1, 1, 1, 1, 50, 60, 0, true}};
  uint64_t state = 31;
  clf_context *context = context_on("auto", 2);
  const clf__conv2d odd = {5, 6, 3, 4, 3, 3, 1, 1, 1, 1, 5, 6, 0, true};
  const clf__conv2d f32 = {6, 6, 3, 4, 3, 3, 1, 1, 1, 1, 6, 6, 0, false};
  ck_assert(!clf__conv2d_pools(context, &odd) && !clf__conv2d_pools(context, &f32));
  for (size_t i = 0; i < sizeof pooled / sizeof pooled[0]; i++) {
    for (int relu = 0; relu < 2 && clf__conv2d_pools(context, &pooled[i]); relu++) {
      check_pooled(context, pooled[i], relu == 1, &state);
    }
  }
  ck_assert(!tiles_are_in_use());
  clf_context_free(context);
}

/* Scratch follows the image's size, whatever the kernel's, its stride and its dilation. */
TEST(conv2d__works_in_memory_of_the_images_size) {
  static const int64_t kernels[] = {1, 2, 3, 31, 1000}, steps[] = {1, 2, 7, 1000, 10000};
  static const int64_t channels[] = {1, 3, 40};
  clf_context *context = context_on("auto", 1);
  for (int i = 0; i < 5 * 5 * 5 * 3; i++) {
    clf__conv2d c = {.height = 9, .width = 7, .channels = channels[i / 125], .filters = 2};
    c.kernel_height = c.kernel_width = kernels[i % 5];
    c.dilation = steps[i / 5 % 5];
    c.stride = steps[i / 25 % 5];
    c.out_height = (c.height - 1) / c.stride + 1;
    c.out_width = (c.width - 1) / c.stride + 1;
    const int64_t span = (c.kernel_height - 1) * c.dilation + 1;
    const int64_t rows = (c.out_height - 1) * c.stride + span - c.height;
    const int64_t columns = (c.out_width - 1) * c.stride + span - c.width;
    c.pad_top = rows > 0 ? rows / 2 : 0;
    c.pad_left = columns > 0 ? columns / 2 : 0;
    /* The part that is seen is at most 2 x 9 high and 2 x 7 wide, patches of it one to a place; it
     * is packed beside itself, by Winograd in 4 times its size. */
    const int64_t most = 18 * 14 * c.channels * 9 * 7;
    ck_assert_int_ge(clf__conv2d_scratch_size(context, &c), 0);
    ck_assert_int_le(clf__conv2d_scratch_size(context, &c), most);
    ck_assert_int_le(clf__conv2d_packed_size(context, &c), 5 * 18 * 14 * c.channels * c.filters);
  }
  clf_context_free(context);
}

TEST(conv2d__what_cannot_be_counted_is_refused) {
  const int64_t side = INT64_C(1) << 31;
  clf_context *context = context_on("auto", 1);
  clf__conv2d wide = {side, side, 1 << 20, 1 << 20,    1000,       1000, 1,
                      1,    0,    0,       side - 999, side - 999, 0,    false};
  ck_assert_int_eq(clf__conv2d_scratch_size(context, &wide), -1);
  wide.bf16 = true;
  ck_assert_int_eq(clf__conv2d_scratch_size(context, &wide), -1);
  clf_context_free(context);
}

/* The rows of a problem from `first` on. */
static problem rows_of(const problem *p, int64_t first, int64_t rows, float *dw, float *dbias) {
  problem part = *p;
  part.rows = rows;
  part.x += p->x_count / p->rows * first;
  part.dx += p->x_count / p->rows * first;
  part.y += p->y_count / p->rows * first;
  part.dy += p->y_count / p->rows * first;
  part.out += p->y_count / p->rows * first;
  part.y_count = p->y_count / p->rows * rows;
  part.dw = dw;
  part.dbias = dbias;
  return part;
}

/* Large weights are multiplied by 64 tiles at a time, which are 21 1/3 of these images, on any
 * number of threads. The parts have fewer. */
TEST(conv2d__gradients_of_large_weights_are_the_sums_of_those_of_parts_of_the_rows) {
  enum { ROWS = 23, FIRST = 10 };
  const clf__conv2d conv = {16, 4, 65, 64, 3, 3, 1, 1, 1, 1, 16, 4, 0, false};
  uint64_t state = 21, again = 21;
  clf_context *context = context_on("auto", 2), *alone = context_on("auto", 1);
  problem p = problem_of(conv, ROWS, true, &state), whole = problem_of(conv, ROWS, true, &again);
  float *dw = random_f32(&state, p.w_count), *dbias = random_f32(&state, conv.filters);
  const problem first = rows_of(&p, 0, FIRST, p.dw, p.dbias);
  const problem rest = rows_of(&p, FIRST, ROWS - FIRST, dw, dbias);
  float largest = 0;
  ck_assert(by_winograd(&conv));
  ck_clf_ok(run_all(alone, &whole, true));
  ck_clf_ok(run_all(context, &first, true));
  ck_clf_ok(run_all(context, &rest, true));
  ck_assert_mem_eq(whole.dx, p.dx, (size_t)p.x_count * sizeof(float));
  for (int64_t i = 0; i < p.w_count; i++) {
    largest = fmaxf(largest, fabsf(whole.dw[i]));
  }
  for (int64_t i = 0; i < p.w_count; i++) {
    ck_assert_float_eq_tol(whole.dw[i], p.dw[i] + dw[i], 1e-4F * largest);
  }
  for (int64_t d = 0; d < conv.filters; d++) {
    ck_assert_float_eq_tol(whole.dbias[d], p.dbias[d] + dbias[d], 1e-3F);
  }
  free(dw);
  free(dbias);
  free_problem(&p);
  free_problem(&whole);
  clf_context_free(alone);
  clf_context_free(context);
}

TEST(conv2d__no_rows_give_no_gradient) {
  uint64_t state = 5;
  clf_context *context = context_on("auto", 2);
  problem p = problem_of(cases[3], 0, false, &state);
  ck_clf_ok(run_all(context, &p, true));
  for (int64_t i = 0; i < p.w_count; i++) {
    ck_assert(p.dw[i] == 0);
  }
  ck_assert(p.dbias[0] == 0);
  free_problem(&p);
  clf_context_free(context);
}

/* Every allocation of the three directions refused in turn; outputs stay as they were. A kernel of
 * which a part is seen needs copies of that part's weights and gradient. */
TEST_LOOP(conv2d__says_when_memory_runs_out, 0, 4) {
  static const struct {
    clf__conv2d conv;
    int allocations;
  } of[] = {{{14, 14, 32, 64, 5, 5, 1, 1, 2, 2, 14, 14, 0, false}, 7},
            {{5, 4, 40, 3, 3, 3, 1, 7, 7, 7, 5, 4, 0, false}, 11},
            {{5, 4, 40, 5, 3, 3, 2, 1, 1, 1, 3, 2, 0, true}, 8},
            {{16, 4, 65, 64, 3, 3, 1, 1, 1, 1, 16, 4, 0, false}, 9}};
  int refused = 0;
  for (int64_t refuse = 1; refuse < 100; refuse++) {
    uint64_t state = 6;
    failing_allocator from = {.refuse = refuse};
    clf_context *context = failing_context("threads=1", &from);
    if (context == NULL) {
      continue;
    }
    problem p = problem_of(of[_i].conv, 2, false, &state);
    const float y = p.y[0], dx = p.dx[0], dw = p.dw[0];
    const clf_status status = run_all(context, &p, true);
    ck_assert(status == CLF_OK || status == CLF_ERROR_MEMORY);
    refused += status == CLF_ERROR_MEMORY;
    ck_assert(status == CLF_OK || p.dw[0] == dw);
    ck_assert(status == CLF_OK || p.y[0] != y || p.dx[0] == dx);
    free_problem(&p);
    clf_context_free(context);
    ck_assert_int_eq((int)from.held, 0);
  }
  ck_assert_int_eq(refused, of[_i].allocations);
}

SUITE("conv2d")
