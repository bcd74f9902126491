/* Sums and maps by channel against plain loops in f64, at every level of CPU, with the same bits on
 * any number of threads. */
#include "base/status.h"
#include "failing_allocator.h"
#include "ops_support.h"

#include <math.h>

#include "ops/nn/channels.h"

static const clf__channels shapes[] = {{1, 1},     {7, 1},   {70000, 1}, {300, 2},
                                       {4100, 3},  {129, 7}, {1000, 31}, {50, 64},
                                       {3000, 65}, {9, 200}, {2, 700}};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

typedef struct problem {
  clf__channels shape;
  float *x, *dy, *vectors[4], *y, *dx;
  double *sums, *squares, *gradients, *products;
} problem;

static problem problem_of(clf__channels shape) {
  uint64_t state = 11;
  problem p = {.shape = shape};
  const int64_t count = shape.pixels * shape.channels;
  p.x = random_f32(&state, count);
  p.dy = random_f32(&state, count);
  p.y = random_f32(&state, count);
  p.dx = random_f32(&state, count);
  for (int i = 0; i < 4; i++) {
    p.vectors[i] = random_f32(&state, shape.channels);
  }
  double **const sums[] = {&p.sums, &p.squares, &p.gradients, &p.products};
  for (int i = 0; i < 4; i++) {
    *sums[i] = random_f64(&state, shape.channels);
  }
  return p;
}

static void free_problem(problem *p) {
  void *const all[] = {p->x, p->dy, p->vectors[0], p->vectors[1], p->vectors[2], p->vectors[3],
                       p->y, p->dx, p->sums,       p->squares,    p->gradients,  p->products};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    free(all[i]);
  }
}

static clf_status run_all(clf_context *context, problem *p) {
  const clf__channel_map map = {p->vectors[0], p->vectors[1], p->vectors[2]};
  clf_status status;
  TRY(clf__channel_sums(context, p->shape, p->x, p->sums, p->squares));
  TRY(clf__channel_products(context, p->shape, p->x, p->dy, map.center, p->gradients, p->products));
  clf__channel_apply(context, p->shape, p->x, &map, p->y);
  clf__channel_gradient(context, p->shape, p->x, p->dy, &map, p->vectors[3], p->dx);

done:
  return status;
}

/* Sums in f64 differ by their order only; a map by the rounding of its three steps. */
static void check_channel(const problem *p, int64_t j) {
  const double center = (double)p->vectors[0][j], factor = (double)p->vectors[1][j];
  const double shift = (double)p->vectors[2][j], share = (double)p->vectors[3][j];
  const double rounding = 1e-13 * (double)(10 + p->shape.pixels);
  double sums[4] = {0}, worst = 0;
  for (int64_t i = j; i < p->shape.pixels * p->shape.channels; i += p->shape.channels) {
    const double x = (double)p->x[i], dy = (double)p->dy[i];
    const double y = (x - center) * factor + shift;
    const double terms[4] = {x, x * x, dy, dy * (x - center)};
    for (int k = 0; k < 4; k++) {
      sums[k] += terms[k];
    }
    worst = fmax(worst, fabs((double)p->y[i] - y));
    worst = fmax(worst, fabs((double)p->dx[i] - (share * dy + y)));
  }
  ck_assert_double_lt(worst, 1e-6);
  ck_assert_double_eq_tol(p->sums[j], sums[0], rounding);
  ck_assert_double_eq_tol(p->squares[j], sums[1], rounding);
  ck_assert_double_eq_tol(p->gradients[j], sums[2], rounding);
  ck_assert_double_eq_tol(p->products[j], sums[3], rounding);
}

TEST(channels__are_those_of_plain_loops) {
  for (int level = 0; level < cpu_levels(); level++) {
    clf_context *context = context_of(level, 2);
    for (int s = 0; context != NULL && s < SHAPES; s++) {
      problem p = problem_of(shapes[s]);
      ck_clf_ok(run_all(context, &p));
      for (int64_t j = 0; j < p.shape.channels; j++) {
        check_channel(&p, j);
      }
      free_problem(&p);
    }
    clf_context_free(context);
  }
}

TEST(channels__have_the_same_bits_on_any_number_of_threads) {
  for (int s = 0; s < SHAPES; s++) {
    clf_context *alone = context_on("auto", 1), *team = context_on("auto", 3);
    problem p = problem_of(shapes[s]), q = problem_of(shapes[s]);
    const size_t channels = (size_t)p.shape.channels;
    const size_t count = (size_t)p.shape.pixels * channels;
    ck_clf_ok(run_all(alone, &p));
    ck_clf_ok(run_all(team, &q));
    ck_assert_mem_eq(p.sums, q.sums, channels * sizeof *p.sums);
    ck_assert_mem_eq(p.squares, q.squares, channels * sizeof *p.sums);
    ck_assert_mem_eq(p.products, q.products, channels * sizeof *p.sums);
    ck_assert_mem_eq(p.y, q.y, count * sizeof *p.y);
    ck_assert_mem_eq(p.dx, q.dx, count * sizeof *p.dx);
    free_problem(&p);
    free_problem(&q);
    clf_context_free(alone);
    clf_context_free(team);
  }
}

static clf_status run_on(clf_context *context, const void *argument) {
  problem p = *(const problem *)argument;
  const clf_status status = run_all(context, &p);
  return status < 0 ? clf__fail_within(status, "channels") : status;
}

TEST(channels__every_allocation_may_fail) {
  problem p = problem_of(shapes[4]);
  check_every_allocation("threads=1", run_on, &p);
  free_problem(&p);
}

SUITE("channels")
