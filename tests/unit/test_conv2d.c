/* Convolutions and their gradients against plain loops in f64, at every level of CPU. */
#include "ops_support.h"
#include "stingy.h"

#include <math.h>

#include "ops/conv2d.h"

/* height, width, channels, filters; kernel, stride, dilation; padding; size of the output */
static const clf__conv2d cases[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1},       {7, 5, 1, 3, 3, 3, 1, 1, 1, 1, 7, 5},
    {28, 28, 1, 32, 5, 5, 1, 1, 2, 2, 28, 28},  {9, 11, 3, 17, 3, 5, 2, 1, 1, 2, 5, 6},
    {14, 14, 32, 64, 5, 5, 1, 1, 2, 2, 14, 14}, {13, 6, 16, 5, 3, 3, 1, 2, 0, 0, 9, 2},
    {10, 13, 20, 7, 3, 2, 3, 1, 1, 0, 4, 4},    {6, 8, 40, 50, 1, 1, 1, 1, 0, 0, 6, 8},
    {8, 7, 40, 9, 1, 1, 2, 1, 0, 0, 4, 4},      {2, 3, 8, 4, 7, 7, 1, 1, 3, 3, 2, 3},
    {12, 9, 12, 6, 3, 3, 2, 2, 2, 2, 6, 5},     {11, 10, 33, 2, 4, 3, 3, 2, 3, 1, 4, 3},
    {40, 37, 30, 18, 3, 3, 1, 1, 1, 1, 40, 37}, {5, 4, 2, 48, 5, 4, 1, 1, 0, 0, 1, 1},
    {6, 6, 64, 10, 2, 2, 3, 1, 0, 0, 2, 2},
};
enum { CASES = sizeof cases / sizeof cases[0] };

typedef struct problem {
  clf__conv2d conv;
  int64_t rows, x_count, w_count, y_count;
  float *x, *w, *bias, *y, *dy, *dx, *dw, *dbias;
} problem;

static problem problem_of(clf__conv2d conv, int64_t rows, uint64_t *state) {
  problem p = {.conv = conv, .rows = rows};
  p.x_count = rows * conv.height * conv.width * conv.channels;
  p.w_count = conv.kernel_height * conv.kernel_width * conv.channels * conv.filters;
  p.y_count = rows * conv.out_height * conv.out_width * conv.filters;
  p.x = random_f32(state, p.x_count);
  p.w = random_f32(state, p.w_count);
  p.bias = random_f32(state, conv.filters);
  p.dy = random_f32(state, p.y_count);
  p.y = random_f32(state, p.y_count);
  p.dx = random_f32(state, p.x_count);
  p.dw = random_f32(state, p.w_count);
  p.dbias = random_f32(state, conv.filters);
  return p;
}

static void free_problem(problem *p) {
  float *const all[] = {p->x, p->w, p->bias, p->y, p->dy, p->dx, p->dw, p->dbias};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    free(all[i]);
  }
}

static clf_status run_all(clf_context *context, const problem *p, bool relu) {
  clf_status status;
  TRY(clf__conv2d_forward(context, &p->conv, p->rows, p->x, p->w, p->bias, relu, p->y));
  TRY(clf__conv2d_backward(context, &p->conv, p->rows, p->x, NULL, p->dy, p->w, p->dw, p->dbias,
                           p->dx));

done:
  return status;
}

typedef struct expected {
  double *y, *dx, *dw, *dbias;
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
      const double x = (double)p->x[from], w = (double)p->w[k * c.filters + d];
      const double dy = (double)p->dy[at * c.filters + d];
      e->y[at * c.filters + d] += w * x;
      e->dx[from] += w * dy;
      e->dw[k * c.filters + d] += x * dy;
    }
  }
}

static expected expect(const problem *p) {
  const clf__conv2d c = p->conv;
  const int64_t pixels = c.out_height * c.out_width;
  expected e = {
      calloc((size_t)p->y_count, sizeof(double)), calloc((size_t)p->x_count, sizeof(double)),
      calloc((size_t)p->w_count, sizeof(double)), calloc((size_t)c.filters, sizeof(double))};
  for (int64_t at = 0; at < p->rows * pixels; at++) {
    expect_pixel(p, &e, at, at / pixels, at % pixels / c.out_width, at % c.out_width);
    for (int64_t d = 0; d < c.filters; d++) {
      e.dbias[d] += (double)p->dy[at * c.filters + d];
      e.y[at * c.filters + d] += (double)p->bias[d];
    }
  }
  return e;
}

static void check(const char *what, int index, const float *got, const double *want, int64_t count,
                  bool relu, double tolerance) {
  for (int64_t i = 0; i < count; i++) {
    const double right = relu ? fmax(want[i], 0) : want[i];
    if (!(fabs((double)got[i] - right) <= tolerance)) {
      ck_abort_msg("case %d, %s %d: %g, not %g", index, what, (int)i, (double)got[i], right);
    }
  }
}

/* Each addition rounds by 2^-24 of the sum so far, which with random signs grows like sqrt(n) / 3:
 * below 2 on average for the short sums, and the signs of the errors cancel in the long ones. */
static double rounding(int64_t n) {
  return 0x1p-23 * (double)(n + 4);
}

static void free_expected(expected *e) {
  free(e->y);
  free(e->dx);
  free(e->dw);
  free(e->dbias);
}

static void check_gradients(int index, const problem *p) {
  const clf__conv2d c = p->conv;
  const int64_t pixels = p->rows * c.out_height * c.out_width;
  expected e = expect(p);
  check("dx", index, p->dx, e.dx, p->x_count, false,
        rounding(c.kernel_height * c.kernel_width * c.filters));
  check("dw", index, p->dw, e.dw, p->w_count, false, rounding(pixels));
  check("dbias", index, p->dbias, e.dbias, c.filters, false, rounding(pixels));
  free_expected(&e);
}

static void check_all(int index, const problem *p, bool relu) {
  const clf__conv2d c = p->conv;
  expected e = expect(p);
  check("y", index, p->y, e.y, p->y_count, relu,
        rounding(c.kernel_height * c.kernel_width * c.channels));
  free_expected(&e);
  check_gradients(index, p);
}

START_TEST(conv2d__agrees_with_plain_loops) {
  uint64_t state = 1;
  clf_context *context = context_of(_i, 2);
  if (context == NULL) {
    return;
  }
  for (int i = 0; i < CASES; i++) {
    for (int64_t rows = 1; rows < 4; rows += 2) {
      problem p = problem_of(cases[i], rows, &state);
      ck_clf_ok(run_all(context, &p, rows == 3));
      check_all(i, &p, rows == 3);
      free_problem(&p);
    }
  }
  clf_context_free(context);
}
END_TEST

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
                      0};
    const int64_t tall = (c.kernel_height - 1) * c.dilation;
    const int64_t wide = (c.kernel_width - 1) * c.dilation;
    c.pad_top = drawn(state, 0, tall);
    c.pad_left = drawn(state, 0, wide);
    c.out_height = output_size(c.height, c.pad_top + drawn(state, 0, tall), tall + 1, c.stride);
    c.out_width = output_size(c.width, c.pad_left + drawn(state, 0, wide), wide + 1, c.stride);
  }
  return c;
}

START_TEST(conv2d__agrees_on_random_shapes) {
  uint64_t state = 2;
  clf_context *context = context_of(_i, 2);
  if (context == NULL) {
    return;
  }
  for (int i = 0; i < 60; i++) {
    problem p = problem_of(drawn_conv(&state), drawn(&state, 1, 3), &state);
    ck_clf_ok(run_all(context, &p, false));
    check_all(1000 + i, &p, false);
    free_problem(&p);
  }
  clf_context_free(context);
}
END_TEST

START_TEST(conv2d__has_the_same_bits_on_any_threads) {
  static const int threads[] = {1, 2, 5};
  for (int i = 0; i < CASES; i++) {
    problem first = {0};
    for (int t = 0; t < 3; t++) {
      uint64_t state = 3;
      clf_context *context = context_of(_i, threads[t]);
      if (context == NULL) {
        break;
      }
      problem p = problem_of(cases[i], 21, &state);
      ck_clf_ok(run_all(context, &p, true));
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
END_TEST

START_TEST(conv2d__relu_keeps_what_is_not_a_number) {
  uint64_t state = 4;
  clf_context *context = context_of(_i, 1);
  if (context == NULL) {
    return;
  }
  problem p = problem_of(cases[1], 1, &state);
  p.x[0] = NAN;
  ck_clf_ok(clf__conv2d_forward(context, &p.conv, 1, p.x, p.w, NULL, true, p.y));
  ck_assert(isnan(p.y[0]));
  ck_assert(!isnan(p.y[p.y_count - 1]));
  free_problem(&p);
  clf_context_free(context);
}
END_TEST

/* Weights packed once serve any number of rows, with the bits that forward gives. */
START_TEST(conv2d__infers_what_forward_gives) {
  uint64_t state = 7;
  clf_context *context = context_of(_i, 2);
  if (context == NULL) {
    return;
  }
  for (int i = 0; i < CASES; i++) {
    problem p = problem_of(cases[i], 3, &state);
    float *packed = random_f32(&state, clf__conv2d_packed_size(&p.conv));
    float *scratch = random_f32(&state, clf__conv2d_scratch_size(&p.conv));
    float *y = random_f32(&state, p.y_count);
    ck_clf_ok(clf__conv2d_forward(context, &p.conv, 3, p.x, p.w, p.bias, true, p.y));
    clf__conv2d_pack(context, &p.conv, p.w, packed);
    clf__conv2d_infer(context, &p.conv, 3, p.x, packed, p.bias, true, y, scratch);
    ck_assert_mem_eq(y, p.y, (size_t)p.y_count * sizeof(float));
    clf__conv2d_infer(context, &p.conv, 1, p.x, packed, p.bias, true, y, scratch);
    ck_assert_mem_eq(y, p.y, (size_t)p.y_count / 3 * sizeof(float));
    free(packed);
    free(scratch);
    free(y);
    free_problem(&p);
  }
  clf_context_free(context);
}
END_TEST

/* The gradient after relu is that of dy where y is above 0. */
START_TEST(conv2d__goes_back_through_relu) {
  uint64_t state = 8;
  clf_context *context = context_of(_i, 2);
  if (context == NULL) {
    return;
  }
  for (int i = 0; i < CASES; i++) {
    problem p = problem_of(cases[i], 2, &state);
    ck_clf_ok(clf__conv2d_forward(context, &p.conv, 2, p.x, p.w, p.bias, true, p.y));
    float *dy = random_f32(&state, p.y_count);
    memcpy(dy, p.dy, (size_t)p.y_count * sizeof *dy);
    ck_clf_ok(clf__conv2d_backward(context, &p.conv, 2, p.x, p.y, dy, p.w, p.dw, p.dbias, p.dx));
    for (int64_t j = 0; j < p.y_count; j++) {
      p.dy[j] = p.y[j] > 0 ? p.dy[j] : 0;
    }
    check_gradients(i, &p);
    free(dy);
    free_problem(&p);
  }
  clf_context_free(context);
}
END_TEST

START_TEST(conv2d__no_rows_give_no_gradient) {
  uint64_t state = 5;
  clf_context *context = context_of(CPU_LEVELS - 1, 2);
  problem p = problem_of(cases[3], 0, &state);
  ck_clf_ok(run_all(context, &p, false));
  for (int64_t i = 0; i < p.w_count; i++) {
    ck_assert(p.dw[i] == 0);
  }
  ck_assert(p.dbias[0] == 0);
  free_problem(&p);
  clf_context_free(context);
}
END_TEST

/* Every allocation of the three directions refused in turn; outputs stay as they were. */
START_TEST(conv2d__says_when_memory_runs_out) {
  int refused = 0;
  for (int64_t refuse = 1; refuse < 100; refuse++) {
    uint64_t state = 6;
    stingy from = {.refuse = refuse};
    clf_context *context = stingy_context("threads=1", &from);
    if (context == NULL) {
      continue;
    }
    problem p = problem_of(cases[4], 2, &state);
    const float y = p.y[0], dx = p.dx[0], dw = p.dw[0];
    const clf_status status = run_all(context, &p, false);
    ck_assert(status == CLF_OK || status == CLF_ERROR_MEMORY);
    refused += status == CLF_ERROR_MEMORY;
    ck_assert(status == CLF_OK || p.dw[0] == dw);
    ck_assert(status == CLF_OK || p.y[0] != y || p.dx[0] == dx);
    free_problem(&p);
    clf_context_free(context);
    ck_assert_int_eq((int)from.held, 0);
  }
  ck_assert_int_eq(refused, 7);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("conv2d");
  TCase *tests = tcase_create("conv2d");
  tcase_set_timeout(tests, 100);
  tcase_add_loop_test(tests, conv2d__agrees_with_plain_loops, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, conv2d__agrees_on_random_shapes, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, conv2d__has_the_same_bits_on_any_threads, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, conv2d__infers_what_forward_gives, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, conv2d__goes_back_through_relu, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, conv2d__relu_keeps_what_is_not_a_number, 0, CPU_LEVELS);
  tcase_add_test(tests, conv2d__no_rows_give_no_gradient);
  tcase_add_test(tests, conv2d__says_when_memory_runs_out);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
