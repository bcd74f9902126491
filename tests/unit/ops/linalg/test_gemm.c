/* Matrix products against plain loops in f64, at every level of CPU. */
#include "ops_support.h"

#include <math.h>
#include <signal.h>

#include "base/bf16.h"
#include "ops/linalg/gemm.h"

/* Returns the bf16 number next to a value, as f32. */
static inline float bf16_round(float value) {
  return clf__bf16_value(clf__bf16_of(value));
}

typedef struct shape {
  int64_t m, n, k;
} shape;

static const shape shapes[] = {
    {1, 1, 1},    {1, 1, 0},   {3, 5, 0},    {2, 3, 4},    {8, 48, 16},   {17, 3, 1},
    {3, 17, 100}, {33, 1, 65}, {1, 100, 33}, {50, 97, 31}, {100, 255, 7}, {129, 67, 700},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0], PADDING = 3 };

/* Matrices [rows, ld] with padding that must not be touched. */
typedef struct problem {
  shape s;
  bool ta, tb, f64;
  int64_t lda, ldb, ldc;
  void *a, *b, *c;
  double alpha, beta;
} problem;

static double at(const problem *p, const void *matrix, int64_t index) {
  return p->f64 ? ((const double *)matrix)[index] : (double)((const float *)matrix)[index];
}

static problem problem_of(shape s, int flags, double beta, uint64_t *state) {
  problem p = {.s = s, .ta = flags & 1, .tb = flags & 2, .f64 = flags & 4, .alpha = -0.75};
  p.beta = beta;
  p.lda = (p.ta ? s.m : s.k) + PADDING;
  p.ldb = (p.tb ? s.k : s.n) + PADDING;
  p.ldc = s.n + PADDING;
  int64_t a = p.lda * (p.ta ? s.k : s.m), b = p.ldb * (p.tb ? s.n : s.k), c = p.ldc * s.m;
  p.a = p.f64 ? (void *)random_f64(state, a) : (void *)random_f32(state, a);
  p.b = p.f64 ? (void *)random_f64(state, b) : (void *)random_f32(state, b);
  p.c = p.f64 ? (void *)random_f64(state, c) : (void *)random_f32(state, c);
  return p;
}

static void free_problem(problem *p) {
  free(p->a);
  free(p->b);
  free(p->c);
}

static void *copy_c(const problem *p) {
  size_t bytes = (size_t)(p->s.m * p->ldc) * (p->f64 ? sizeof(double) : sizeof(float));
  return memcpy(malloc(bytes + 1), p->c, bytes);
}

static void multiply(clf_context *context, const problem *p, void *c) {
  const shape s = p->s;
  if (p->f64) {
    ck_clf_ok(clf__gemm_f64(context, p->alpha, (clf__f64_view){p->a, s.m, s.k, p->lda, p->ta},
                            (clf__f64_view){p->b, s.k, s.n, p->ldb, p->tb}, p->beta, c, p->ldc));
  } else {
    ck_clf_ok(
        clf__gemm_f32(context, (float)p->alpha, (clf__f32_view){p->a, s.m, s.k, p->lda, p->ta},
                      (clf__f32_view){p->b, s.k, s.n, p->ldb, p->tb}, (float)p->beta, c, p->ldc));
  }
}

static double expected(const problem *p, int64_t i, int64_t j) {
  double sum = 0;
  for (int64_t step = 0; step < p->s.k; step++) {
    sum += at(p, p->a, p->ta ? step * p->lda + i : i * p->lda + step) *
           at(p, p->b, p->tb ? j * p->ldb + step : step * p->ldb + j);
  }
  return p->alpha * sum + (p->beta == 0 ? 0 : p->beta * at(p, p->c, i * p->ldc + j));
}

/* Rounding: k products below 1 each, added one after the other. */
static void check(const problem *p, const void *c) {
  double unit = p->f64 ? 0x1p-53 : 0x1p-24;
  double tolerance = unit * (4 + (double)p->s.k);
  for (int64_t i = 0; i < p->s.m; i++) {
    for (int64_t j = 0; j < p->ldc; j++) {
      double want = j < p->s.n ? expected(p, i, j) : at(p, p->c, i * p->ldc + j);
      double got = at(p, c, i * p->ldc + j);
      if (!(fabs(got - want) <= (j < p->s.n ? tolerance : 0))) {
        ck_abort_msg("%d %d %d, element %d %d: %g, not %g", (int)p->s.m, (int)p->s.n, (int)p->s.k,
                     (int)i, (int)j, got, want);
      }
    }
  }
}

TEST_LOOP(gemm__agrees_with_plain_loops, 0, cpu_levels()) {
  uint64_t state = 1;
  clf_context *context = context_of(_i, 2);
  if (context == NULL) {
    return;
  }
  for (int i = 0; i < SHAPES; i++) {
    for (int flags = 0; flags < 8; flags++) {
      for (int beta = -1; beta < 2; beta++) {
        problem p = problem_of(shapes[i], flags, beta, &state);
        void *c = copy_c(&p);
        multiply(context, &p, c);
        check(&p, c);
        free(c);
        free_problem(&p);
      }
    }
  }
  clf_context_free(context);
}

/* Large enough to be packed, blocked and divided between threads. */
TEST_LOOP(gemm__large_has_the_same_bits_on_any_threads, 0, cpu_levels()) {
  static const int threads[] = {1, 2, 5};
  static const shape large[] = {{99, 2100, 530}, {310, 40, 600}, {9, 2000, 200}};
  for (int flags = 0; flags < 24; flags++) {
    uint64_t state = 2;
    problem p = problem_of(large[flags / 8], flags, 1, &state);
    void *first = NULL;
    size_t bytes = (size_t)(p.s.m * p.ldc) * (p.f64 ? sizeof(double) : sizeof(float));
    for (int t = 0; t < 3; t++) {
      clf_context *context = context_of(_i, threads[t]);
      if (context == NULL) {
        break;
      }
      void *c = copy_c(&p);
      multiply(context, &p, c);
      if (first == NULL) {
        first = c;
      } else {
        ck_assert_mem_eq(first, c, bytes);
        free(c);
      }
      clf_context_free(context);
    }
    if (first != NULL && _i == 0 && flags % 3 == 0) { /* each way once */
      check(&p, first);
    }
    free(first);
    free_problem(&p);
  }
}

TEST_LOOP(gemm__beta_0_does_not_read_c, 0, cpu_levels()) {
  uint64_t state = 3;
  clf_context *context = context_of(_i, 1);
  if (context == NULL) {
    return;
  }
  problem p = problem_of((shape){5, 70, 9}, 0, 0, &state);
  float *c = copy_c(&p);
  for (int64_t i = 0; i < p.s.m; i++) {
    for (int64_t j = 0; j < p.s.n; j++) {
      c[i * p.ldc + j] = NAN;
    }
  }
  multiply(context, &p, c);
  check(&p, c);
  free(c);
  free_problem(&p);
  clf_context_free(context);
}

/* Element (i, step) of a factor, rounded; 0 beyond the depth. */
static float rounded(const float *matrix, int64_t ld, bool transposed, int64_t i, int64_t step,
                     int64_t depth) {
  return step < depth ? bf16_round(matrix[transposed ? step * ld + i : i * ld + step]) : 0;
}

/* Products of bf16 of an element of C: one in `every` of the steps before `end`. */
static float sum_bf16(const problem *p, int64_t i, int64_t j, int64_t first, int64_t end,
                      int64_t every) {
  float sum = 0;
  for (int64_t s = first; s < end; s += every) {
    sum += rounded(p->a, p->lda, p->ta, i, s, p->s.k) * rounded(p->b, p->ldb, !p->tb, j, s, p->s.k);
  }
  return sum;
}

/* By tiles: of 32 steps, the even ones and the odd ones. */
static float expected_of_tiles(const problem *p, int64_t i, int64_t j) {
  float total = 0;
  for (int64_t first = 0; first < p->s.k; first += 32) {
    total += sum_bf16(p, i, j, first, first + 32, 2) + sum_bf16(p, i, j, first + 1, first + 32, 2);
  }
  return total;
}

/* The sum of bf16 products of one element of C: of each block of steps, of two steps each, the
 * second first. */
static float expected_bf16(const problem *p, int64_t i, int64_t j, bool tiles) {
  if (tiles) {
    return expected_of_tiles(p, i, j);
  }
  const int64_t blocks = p->s.k > 512 ? (p->s.k + 511) / 512 : 1;
  const int64_t depth = ((p->s.k + blocks - 1) / blocks + 1) / 2 * 2;
  float total = 0;
  for (int64_t first = 0; first < p->s.k; first += depth) {
    float sum = 0;
    for (int64_t step = first; step < first + depth && step < p->s.k; step += 2) {
      for (int64_t s = step + 1; s >= step; s--) {
        sum += rounded(p->a, p->lda, p->ta, i, s, p->s.k) *
               rounded(p->b, p->ldb, !p->tb, j, s, p->s.k);
      }
    }
    total += sum;
  }
  return total;
}

TEST_LOOP(gemm_bf16__has_the_bits_of_plain_loops, 0, cpu_levels()) {
  uint64_t state = 5;
  const bool tiles = level_has_tiles(_i);
  clf_context *context = context_of(_i, 2);
  for (int run = 0; context != NULL && run < 4 * SHAPES; run++) {
    problem p = problem_of(shapes[run / 4], run % 4, 0, &state);
    const shape s = p.s;
    float *c = copy_c(&p), *from = p.c;
    ck_clf_ok(clf__gemm_bf16(context, (clf__f32_view){p.a, s.m, s.k, p.lda, p.ta},
                             (clf__f32_view){p.b, s.k, s.n, p.ldb, p.tb}, c, p.ldc));
    for (int64_t at = 0; at < s.m * p.ldc; at++) {
      const int64_t i = at / p.ldc, j = at % p.ldc;
      ck_assert_float_eq(c[at], j < s.n ? expected_bf16(&p, i, j, tiles) : from[at]);
    }
    free(c);
    free_problem(&p);
  }
  ck_assert(!tiles_are_in_use());
  clf_context_free(context);
}

#ifdef __linux__
/* A small alternate signal stack makes the operating system refuse tiles: then products are those
 * of the CPU's other instructions. */
TEST(gemm_bf16__goes_without_tiles_that_are_refused) {
  static char small[4096];
  const stack_t before = {.ss_sp = small, .ss_size = sizeof small};
  const float from[3] = {1, 0x1p-30F, -1}, ones[3] = {1, 1, 1};
  float c = 0;
  if (sigaltstack(&before, NULL) == 0) { /* unless this process has asked for tiles */
    clf_context *context = context_on("auto", 1);
    ck_assert(!clf__cpu_request_tiles());
    ck_clf_ok(clf__gemm_bf16(context, clf__f32_matrix(from, 1, 3, 3),
                             clf__f32_matrix(ones, 3, 1, 1), &c, 1));
    ck_assert_float_eq(c, 0); /* by tiles 0x1p-30: 1 - 1, and the odd step */
    clf_context_free(context);
  }
}
#endif

/* A transposed column of stride 1 is also a plain row: both strides of A are 1. */
TEST_LOOP(gemm_bf16__reads_columns_of_stride_1, 0, cpu_levels()) {
  static const shape columns[] = {{1, 1, 1}, {1, 4, 2}, {1, 3, 5}, {1, 16, 64}, {1, 100, 701}};
  uint64_t state = 6;
  const bool tiles = level_has_tiles(_i);
  clf_context *context = context_of(_i, 2);
  for (int run = 0; context != NULL && run < 10; run++) {
    const shape s = columns[run / 2];
    problem p = problem_of(s, run % 2 == 0 ? 1 : 3, 0, &state);
    p.lda = 1;
    float *c = copy_c(&p);
    ck_clf_ok(clf__gemm_bf16(context, (clf__f32_view){p.a, 1, s.k, 1, true},
                             (clf__f32_view){p.b, s.k, s.n, p.ldb, p.tb}, c, p.ldc));
    for (int64_t j = 0; j < s.n; j++) {
      ck_assert_float_eq(c[j], expected_bf16(&p, 0, j, tiles));
    }
    free(c);
    free_problem(&p);
  }
  clf_context_free(context);
}

/* Ties go to even; numbers below the smallest normal one become 0, too large ones infinity. */
TEST_LOOP(gemm_bf16__rounds_as_stated, 0, cpu_levels()) {
  static const float from[] = {1,           0x1.01p0F,   0x1.03p0F,  0x1.010002p0F,
                               -0x1.01p0F,  0x1p-127F,   -0x1p-140F, 0x1.fep-126F,
                               0x1.ffp127F, 0x1.fep127F, -INFINITY,  0};
  static const float to[] = {1,        1,           0x1.04p0F, 0x1.02p0F, -1, 0, 0, 0x1.fep-126F,
                             INFINITY, 0x1.fep127F, -INFINITY, 0};
  enum { COUNT = sizeof from / sizeof from[0] };
  const float one = 1, nan = NAN;
  float c[COUNT];
  clf_context *context = context_of(_i, 1);
  if (context != NULL) {
    ck_clf_ok(clf__gemm_bf16(context, clf__f32_matrix(from, COUNT, 1, 1),
                             clf__f32_matrix(&one, 1, 1, 1), c, 1));
    for (int i = 0; i < COUNT; i++) {
      ck_assert_float_eq(bf16_round(from[i]), to[i]);
      ck_assert_float_eq(c[i], to[i]);
    }
    ck_clf_ok(clf__gemm_bf16(context, clf__f32_matrix(&nan, 1, 1, 1),
                             clf__f32_matrix(&one, 1, 1, 1), c, 1));
    ck_assert(isnan(c[0]) && isnan(bf16_round(nan)));
  }
  clf_context_free(context);
}

TEST(gemm__refuses_factors_that_do_not_agree) {
  const float a[6] = {0}, b[6] = {0};
  const double wide[6] = {0};
  float c[4] = {7};
  double wide_c[4] = {7};
  ck_clf_fails(
      clf__gemm_f32(NULL, 1, clf__f32_matrix(a, 2, 3, 3), clf__f32_matrix(b, 2, 2, 2), 0, c, 2),
      CLF_ERROR_SHAPE);
  ck_clf_fails(clf__gemm_f64(NULL, 1, clf__f64_transposed(wide, 2, 3, 2),
                             clf__f64_matrix(wide, 2, 2, 2), 0, wide_c, 2),
               CLF_ERROR_SHAPE);
  ck_assert(c[0] == 7 && wide_c[0] == 7);
}

TEST(gemm__says_when_memory_runs_out) {
  clf_context *context = NULL;
  uint64_t state = 4;
  ck_clf_ok(clf_context_create(&context, NULL, "memory_limit=100000 threads=1"));
  problem p = problem_of((shape){300, 300, 300}, 2, 0, &state);
  ck_clf_fails(clf__gemm_f32(context, 1, (clf__f32_view){p.a, 300, 300, p.lda, p.ta},
                             (clf__f32_view){p.b, 300, 300, p.ldb, p.tb}, 0, p.c, p.ldc),
               CLF_ERROR_MEMORY);
  free_problem(&p);
  clf_context_free(context);
}

SUITE("gemm")
