/* Products of kernel matrices with vectors against their definition, at every level of CPU and with
 * capacity for all, some or none of the kernel values. */
#include "base/progress.h"
#include "base/status.h"
#include "failing_allocator.h"
#include "kernel_matrices.h"

#include "ops/kernelfn/kernel_product.h"

/* Three blocks by three, the last of them small and with a part of a vector. */
enum {
  ROWS = 1100,
  FROM = 1300,
  DEPTH = 7,
  MOST_SIDES = 9,
  BLOCKS = 6,
  BLOCK_ELEMENTS = 512 * 512
};

typedef struct product_case {
  matrix x;
  clf__kernel_function function;
  int64_t sides;
  int64_t rows[ROWS];
  double root[ROWS], p[ROWS * MOST_SIDES];
  double y[ROWS * MOST_SIDES];         /* by the definition */
  double magnitude[ROWS * MOST_SIDES]; /* sums of the products' magnitudes */
  double weight[MOST_SIDES];           /* sums of those of the vectors */
  double largest;                      /* kernel value */
} product_case;

static void set_case(product_case *c, uint64_t *state, int storage, int kind, int64_t sides) {
  memset(c, 0, sizeof *c);
  c->x = random_matrix(state, storage, FROM, kind == CLF__KERNEL_PRECOMPUTED ? FROM : DEPTH, 0);
  c->function = function_of(kind, DEPTH);
  c->sides = sides;
  for (int64_t i = 0; i < ROWS; i++) {
    c->rows[i] = i + i / 8;
    c->root[i] = 0.5 + random_unit(state);
    for (int64_t s = 0; s < sides; s++) {
      c->p[i * sides + s] = random_signed(state);
      c->weight[s] += fabs(c->root[i] * c->p[i * sides + s]);
    }
  }
  for (int64_t i = 0; i < ROWS; i++) {
    for (int64_t j = 0; j < ROWS; j++) {
      /* The lower triangle stands for both. */
      const int64_t low = i > j ? j : i, high = i > j ? i : j;
      const double k = kernel_value(&c->function, &c->x, c->rows[high], &c->x, c->rows[low]);
      c->largest = fmax(c->largest, fabs(k));
      for (int64_t s = 0; s < sides; s++) {
        const double term = c->root[i] * k * c->root[j] * c->p[j * sides + s];
        c->y[i * sides + s] += term;
        c->magnitude[i * sides + s] += fabs(term);
      }
    }
  }
}

static void check_product(const product_case *c, const double *y, double error) {
  for (int64_t i = 0; i < ROWS * c->sides; i++) {
    const double off = 2e-6 * c->magnitude[i] +
                       error * c->root[i / c->sides] * c->largest * c->weight[i % c->sides];
    ck_assert_msg(fabs(y[i] - c->y[i]) <= off, "product is %g, not %g", y[i], c->y[i]);
  }
}

static clf__kernel_product *product_of_case(clf_context *context, const product_case *c,
                                            int64_t bytes) {
  clf__kernel_product *made = NULL;
  ck_clf_ok(clf__kernel_product_create(&made, context, &c->function,
                                       &(clf__row_pick){&c->x.rows, c->rows, 0, ROWS}, NULL,
                                       c->root, c->sides, (size_t)bytes));
  return made;
}

/* Room for all as floats, for all as 16-bit integers, for two, for none. */
static const int64_t capacities[] = {4 * BLOCKS * BLOCK_ELEMENTS, 2 * BLOCKS *BLOCK_ELEMENTS,
                                     4 * BLOCK_ELEMENTS, 0};
enum { CAPACITIES = sizeof capacities / sizeof capacities[0] };

TEST_LOOP(products__agree_with_the_definition, 0, cpu_levels()) {
  static product_case c;
  static double y[ROWS * MOST_SIDES];
  clf_context *context = context_of(_i, 2);
  uint64_t state = 31;
  for (int kind = 0; context != NULL && kind <= CLF__KERNEL_PRECOMPUTED; kind++) {
    const int storage = kind == CLF__KERNEL_RBF ? U8 : kind == CLF__KERNEL_LINEAR ? SPARSE : F32;
    const clf__progress progress = clf__progress_begin(context, "product", 1);
    set_case(&c, &state, storage, kind, 2 * kind + 1);
    for (int capacity = 0; capacity < CAPACITIES; capacity++) {
      clf__kernel_product *made = product_of_case(context, &c, capacities[capacity]);
      for (int turn = 0; turn < 3; turn++) {
        const bool rounded = turn < 2 && capacity > 0;
        ck_clf_ok(clf__kernel_product_times(made, c.p, turn == 2, &progress, 0, y));
        check_product(&c, y, rounded ? 1.0 / 65000 : 1e-6);
      }
      clf__kernel_product_free(made);
    }
    free_matrix(&c.x);
  }
  clf_context_free(context);
}

TEST(products__have_the_same_bits_on_any_number_of_threads) {
  static product_case c;
  static double y[2][ROWS * MOST_SIDES];
  uint64_t state = 32;
  set_case(&c, &state, U8, CLF__KERNEL_RBF, 4);
  for (int capacity = 0; capacity < CAPACITIES; capacity++) {
    for (int threads = 1; threads <= 2; threads++) {
      clf_context *context = context_on("auto", threads);
      const clf__progress progress = clf__progress_begin(context, "product", 1);
      clf__kernel_product *made = product_of_case(context, &c, capacities[capacity]);
      ck_clf_ok(clf__kernel_product_times(made, c.p, false, &progress, 0, y[threads - 1]));
      ck_clf_ok(clf__kernel_product_times(made, c.p, false, &progress, 0, y[threads - 1]));
      clf__kernel_product_free(made);
      clf_context_free(context);
    }
    ck_assert_mem_eq(y[0], y[1], (size_t)(ROWS * c.sides) * sizeof(double));
  }
  free_matrix(&c.x);
}

/* Kernel values beyond float must end in what is not finite, not in what looks like a product. */
TEST_LOOP(products__of_infinite_values_are_not_finite, 0, cpu_levels()) {
  static product_case c;
  static double y[ROWS * MOST_SIDES];
  clf_context *context = context_of(_i, 1);
  uint64_t state = 33;
  set_case(&c, &state, F32, CLF__KERNEL_POLYNOMIAL, 1);
  c.function.degree = 64;
  c.function.coef0 = 1e30;
  for (int capacity = 0; context != NULL && capacity < 2; capacity++) {
    const clf__progress progress = clf__progress_begin(context, "product", 1);
    clf__kernel_product *made = product_of_case(context, &c, capacities[capacity]);
    for (int turn = 0; turn < 2; turn++) {
      ck_clf_ok(clf__kernel_product_times(made, c.p, false, &progress, 0, y));
      ck_assert(!isfinite(y[0]) && !isfinite(y[ROWS - 1]));
    }
    clf__kernel_product_free(made);
  }
  free_matrix(&c.x);
  clf_context_free(context);
}

static clf_status make_and_multiply(clf_context *context, const void *argument) {
  static double y[ROWS * MOST_SIDES];
  const product_case *c = argument;
  const clf__progress progress = clf__progress_begin(context, "product", 1);
  clf__kernel_product *made = NULL;
  clf_status status;
  TRY(clf__kernel_product_create(&made, context, &c->function,
                                 &(clf__row_pick){&c->x.rows, c->rows, 0, ROWS}, NULL, c->root, 1,
                                 (size_t)capacities[1]));
  TRY(clf__kernel_product_times(made, c->p, false, &progress, 0, y));
done:
  clf__kernel_product_free(made);
  return status < 0 ? clf__fail_within(status, "product") : status;
}

TEST(products__tell_of_lack_of_memory) {
  static product_case c;
  uint64_t state = 34;
  set_case(&c, &state, F32, CLF__KERNEL_RBF, 1);
  check_every_allocation("threads=1", make_and_multiply, &c);
  free_matrix(&c.x);
}

SUITE("kernel_product")
