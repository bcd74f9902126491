/* Sums over kernel matrices against their definition, at every level of CPU; what blocks and sums
 * refuse, and their lack of memory. */
#include "failing_allocator.h"
#include "kernel_matrices.h"
#include "ops/kernelfn/kernel_parts.h"

enum { SUPPORT = 1111, SEGMENTS = 4, MOST_OUTPUTS = 9 };
static const int64_t starts[SEGMENTS + 1] = {0, 200, 200, 1000, SUPPORT};

typedef struct sums_case {
  clf__kernel_function function;
  clf__kernel_expansion e;
  matrix z;
  float *c;
  int64_t *support;
} sums_case;

static sums_case random_sums(uint64_t *state, int kind, int function, int64_t depth,
                             int64_t outputs) {
  sums_case s = {.z = random_matrix(state, kind, SUPPORT, depth, 0),
                 .c = random_f32(state, SUPPORT * outputs),
                 .support = picked(state, SUPPORT, depth)};
  s.function = function_of(function, depth);
  s.e =
      (clf__kernel_expansion){.start = starts, .segments = SEGMENTS, .c = s.c, .outputs = outputs};
  return s;
}

/* As partners of rows like x. */
static clf_status pack(clf__kernel_columns **out, clf_context *context, const sums_case *s,
                       const matrix *x, const float *center) {
  const bool precomputed = s->function.kind == CLF__KERNEL_PRECOMPUTED;
  return clf__kernel_columns_create(out, context, &s->function, precomputed ? NULL : &s->z.rows,
                                    precomputed ? s->support : NULL, SUPPORT, &x->rows, center);
}

static void free_sums(sums_case *s) {
  free_matrix(&s->z);
  free(s->c);
  free(s->support);
}

static void check_sums(const sums_case *c, const matrix *x, const float *out) {
  const clf__kernel_expansion *e = &c->e;
  for (int64_t i = 0; i < x->rows.rows; i++) {
    for (int64_t s = 0; s < e->segments; s++) {
      for (int64_t o = 0; o < e->outputs; o++) {
        double sum = 0, tolerance = 1e-6;
        for (int64_t j = e->start[s]; j < e->start[s + 1]; j++) {
          const int64_t column = c->function.kind == CLF__KERNEL_PRECOMPUTED ? c->support[j] : j;
          const double factor = (double)e->c[o * e->start[e->segments] + j];
          const double value = kernel_value(&c->function, x, i, &c->z, column);
          sum += factor * value;
          tolerance += fabs(factor) * (tolerance_of(&c->function, x, i, &c->z, column, value) +
                                       1e-6 * fabs(value));
        }
        const double got = (double)out[(i * e->segments + s) * e->outputs + o];
        ck_assert_msg(fabs(got - sum) <= tolerance, "sum is %g, not %g", got, sum);
      }
    }
  }
}

TEST_LOOP(sums__agree_with_the_definition_however_many_rows, 0, cpu_levels()) {
  enum { ROWS = 53, DEPTH = 19 };
  clf_context *context = context_of(_i, 2);
  uint64_t state = 14;
  for (int pair = 0; context != NULL && pair < STORAGES * STORAGES; pair++) {
    for (int kind = 0; kind <= CLF__KERNEL_PRECOMPUTED; kind++) {
      const int64_t outputs = kind == CLF__KERNEL_RBF ? MOST_OUTPUTS : 1 + kind;
      sums_case s = random_sums(&state, pair % STORAGES, kind, DEPTH, outputs);
      matrix x = random_matrix(&state, pair / STORAGES, ROWS, DEPTH, 0);
      float all[ROWS * SEGMENTS * MOST_OUTPUTS], some[ROWS * SEGMENTS * MOST_OUTPUTS];
      clf__kernel_columns *columns = NULL;
      ck_clf_ok(pack(&columns, context, &s, &x, NULL));
      s.e.z = columns;
      ck_clf_ok(clf__kernel_sums(context, &s.e, &x.rows, all));
      check_sums(&s, &x, all);
      for (int64_t row = 0, count = 1; row < ROWS; row += count, count += 3) {
        const clf__rows part =
            clf__rows_range(&x.rows, row, ROWS - row < count ? ROWS - row : count);
        ck_clf_ok(clf__kernel_sums(context, &s.e, &part, some));
        ck_assert_mem_eq(some, all + row * SEGMENTS * outputs,
                         (size_t)(part.rows * SEGMENTS * outputs) * sizeof *some);
      }
      clf__kernel_columns_free(columns);
      free_sums(&s);
      free_matrix(&x);
    }
  }
  clf_context_free(context);
}

/* Rows of bytes that are 0 in one of two halves, in turns. */
static void halve(matrix *x) {
  uint8_t *bytes = x->data;
  for (int64_t i = 0; i < x->rows.rows; i++) {
    const int64_t half = x->rows.columns / 2, first = i % 2 * half;
    memset(bytes + i * x->rows.stride + first, 0, (size_t)half);
  }
}

/* Many rows of bytes are taken in an order in which tiles have fewer steps, unless the CPU has tiles that omit none; a few
 * are not. */
TEST_LOOP(sums__of_rows_with_zeros_do_not_depend_on_their_order, 0, cpu_levels()) {
  enum { ROWS = 90, DEPTH = 70, FEW = 45, OUTPUTS = 2 };
  clf_context *context = context_of(_i, 2);
  uint64_t state = 21;
  float all[ROWS * SEGMENTS * OUTPUTS], some[FEW * SEGMENTS * OUTPUTS];
  clf__kernel_columns *columns = NULL;
  clf__arena arena = {.context = context};
  if (context == NULL) {
    return;
  }
  sums_case s = random_sums(&state, U8, CLF__KERNEL_RBF, DEPTH, OUTPUTS);
  matrix x = random_matrix(&state, U8, ROWS, DEPTH, 0);
  halve(&x);
  ck_clf_ok(pack(&columns, context, &s, &x, NULL));
  s.e.z = columns;
  ck_clf_ok(clf__kernel_sums(context, &s.e, &x.rows, all));
  for (int64_t row = 0; row < ROWS; row += FEW) {
    const clf__rows part = clf__rows_range(&x.rows, row, FEW);
    ck_clf_ok(clf__kernel_sums(context, &s.e, &part, some));
    ck_assert_mem_eq(some, all + row * SEGMENTS * OUTPUTS, sizeof some);
  }
  const int64_t *order = clf__kernel_order(&arena, columns, &x.rows);
  int64_t sum = 0;
  ck_assert((order == NULL) == (clf__reduced_kernels_for(context)->byte_tiles != NULL));
  for (int64_t i = 0; order != NULL && i < ROWS; i++) {
    sum += order[i];
    ck_assert_int_eq(order[i] % 2, order[i / FEW * FEW] % 2); /* one half, then the other */
  }
  ck_assert_int_eq(sum, order != NULL ? ROWS * (ROWS - 1) / 2 : 0);
  clf__arena_free(&arena);
  clf__kernel_columns_free(columns);
  free_sums(&s);
  free_matrix(&x);
  clf_context_free(context);
}

TEST_LOOP(norms_beyond_float__are_refused, 0, cpu_levels()) {
  clf_context *context = context_of(_i, 1);
  uint64_t state = 15;
  for (int kind = F32; context != NULL && kind <= SPARSE; kind++) {
    matrix x = random_matrix(&state, kind, 20, 5, 2);
    matrix huge = random_matrix(&state, kind, 20, 5, 2);
    float out[20];
    clf__kernel_columns *columns = NULL;
    const clf__kernel_function f = function_of(CLF__KERNEL_RBF, 5);
    for (int i = 0; i < 3; i++) {
      if (kind == F32) {
        ((float *)huge.data)[8 * (7 + i) + i] = 1e30F;
      } else {
        huge.value[huge.row_start[7 + i]] = -1e30F;
      }
    }
    memset(out, 0, sizeof out);
    ck_clf_fails(
        clf__kernel_columns_create(&columns, context, &f, &huge.rows, NULL, 20, &x.rows, NULL),
        CLF_ERROR_NUMERIC);
    ck_clf_says("row 7: the sum of its squared features");
    ck_assert_ptr_null(columns);
    ck_clf_ok(
        clf__kernel_columns_create(&columns, context, &f, &x.rows, NULL, 20, &huge.rows, NULL));
    ck_clf_fails(clf__kernel_block(columns, 0, 1, &huge.rows, NULL, 20, out, 1), CLF_ERROR_NUMERIC);
    ck_clf_says("row 7:");
    memset(out, 0, sizeof out);
    const clf__kernel_expansion e = {
        .z = columns, .start = (const int64_t[]){0, 20}, .segments = 1, .c = out, .outputs = 1};
    ck_clf_fails(clf__kernel_sums(context, &e, &huge.rows, out), CLF_ERROR_NUMERIC);
    ck_assert_float_eq(out[0], 0);
    clf__kernel_columns_free(columns);
    free_matrix(&x);
    free_matrix(&huge);
  }
  clf_context_free(context);
}

/* Every allocation in turn is refused: a status, and nothing is lost. */
TEST(allocation_failures__are_reported) {
  static const char *const stages[] = {"columns", "block", "sums"};
  uint64_t state = 16;
  for (int pair = 0; pair < STORAGES * 2; pair++) {
    const int64_t rows = pair % 2 == 0 ? 3 : 70;
    matrix x = random_matrix(&state, pair / 2, rows, 9, 0);
    sums_case s = random_sums(&state, pair / 2, CLF__KERNEL_RBF, 9, 2);
    float *out = malloc((size_t)rows * SUPPORT * sizeof *out), center[9] = {0};
    for (int64_t refuse = 1;; refuse++) {
      failing_allocator from = {.refuse = refuse};
      clf_context *context = failing_context("threads=1", &from);
      clf__kernel_columns *columns = NULL;
      clf_status status = CLF_ERROR_MEMORY;
      int stage = 0;
      if (context != NULL) {
        TRY(pack(&columns, context, &s, &x, center));
        s.e.z = columns;
        stage++;
        TRY(clf__kernel_block(columns, 0, SUPPORT, &x.rows, NULL, rows, out, SUPPORT));
        stage++;
        TRY(clf__kernel_sums(context, &s.e, &x.rows, out));
      }
    done:
      clf__kernel_columns_free(columns);
      clf_context_free(context);
      ck_assert_int_eq(atomic_load(&from.held), 0);
      ck_assert_msg(status == CLF_OK || status == CLF_ERROR_MEMORY, "%s", stages[stage]);
      if (status == CLF_OK) {
        break;
      }
    }
    free(out);
    free_sums(&s);
    free_matrix(&x);
  }
}

SUITE("kernel_sums")
