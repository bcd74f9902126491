/* Kernel matrices against their definition with sums in double precision, at every level of CPU. */
#include "kernel_matrices.h"

typedef struct block_case {
  clf__kernel_function f;
  const matrix *x, *z;
  const int64_t *x_list, *z_list;
  int64_t count, columns;
  const float *center;
} block_case;

static clf__kernel_columns *columns_of(clf_context *context, const block_case *b) {
  clf__kernel_columns *columns = NULL;
  ck_clf_ok(clf__kernel_columns_create(&columns, context, &b->f, b->z == NULL ? NULL : &b->z->rows,
                                       b->z_list, b->columns, &b->x->rows, b->center));
  return columns;
}

/* Compares the whole block with the definition, and then parts of the block, which have the same
 * bits. */
static void check_block(clf_context *context, const block_case *b) {
  const int64_t ld = b->columns + 2;
  clf__kernel_columns *columns = columns_of(context, b);
  float *out = malloc((size_t)(b->count * ld) * sizeof *out), part[64 * 70];
  for (int64_t i = 0; i < b->count * ld; i++) {
    out[i] = -77;
  }
  ck_clf_ok(clf__kernel_block(columns, 0, b->columns, &b->x->rows, b->x_list, b->count, out, ld));
  for (int64_t i = 0; i < b->count; i++) {
    const int64_t row = b->x_list == NULL ? i : b->x_list[i];
    for (int64_t j = 0; j < b->columns; j++) {
      const int64_t other = b->z_list == NULL ? j : b->z_list[j];
      const double want = kernel_value(&b->f, b->x, row, b->z, other);
      const double off = fabs((double)out[i * ld + j] - want);
      const double allowed = tolerance_of(&b->f, b->x, row, b->z, other, want);
      ck_assert_msg(off <= allowed, "kind %d: K(%d, %d) is %.9g, not %.9g: off %g > %g", b->f.kind,
                    (int)i, (int)j, (double)out[i * ld + j], want, off, allowed);
    }
    ck_assert_float_eq(out[i * ld + b->columns], -77);
  }
  for (int64_t first = 0; first < b->columns; first += 13) {
    const int64_t n = b->columns - first < 37 ? b->columns - first : 37;
    const int64_t rows = b->count < 5 ? b->count : 5, from = b->count - rows;
    if (b->x_list != NULL) {
      ck_clf_ok(
          clf__kernel_block(columns, first, n, &b->x->rows, b->x_list + from, rows, part, 70));
      for (int64_t i = 0; i < rows; i++) {
        ck_assert_mem_eq(part + i * 70, out + (from + i) * ld + first, (size_t)n * sizeof *part);
      }
    }
  }
  clf__kernel_columns_free(columns);
  free(out);
}

TEST_LOOP(block__agrees_with_the_definition, 0, cpu_levels()) {
  enum { STEP = 3 }; /* a third of the storages for each shape, others on the next processor */
  static const int64_t shapes[][3] = {{1, 1, 1},   {1, 16, 784}, {3, 5, 3},    {7, 49, 391},
                                      {9, 97, 64}, {100, 61, 7}, {30, 33, 68}, {2, 3, 1100}};
  clf_context *context = context_of(_i, 2);
  uint64_t state = 7;
  for (size_t s = 0; context != NULL && s < sizeof shapes / sizeof shapes[0]; s++) {
    for (int pair = ((int)s + _i) % STEP; pair < STORAGES * STORAGES; pair += STEP) {
      const int64_t count = shapes[s][0], columns = shapes[s][1], depth = shapes[s][2];
      matrix x = random_matrix(&state, pair / STORAGES, count + 4, depth, 0);
      matrix z = random_matrix(&state, pair % STORAGES, columns + 4, depth, 0);
      int64_t *x_list = picked(&state, count, count + 4),
              *z_list = picked(&state, columns, columns);
      for (int kind = 0; kind < CLF__KERNEL_PRECOMPUTED; kind++) {
        block_case b = {function_of(kind, depth), &x, &z, NULL, NULL, count, columns, NULL};
        check_block(context, &b);
        b.x_list = x_list;
        b.z_list = z_list;
        check_block(context, &b);
      }
      free(x_list);
      free(z_list);
      free_matrix(&x);
      free_matrix(&z);
    }
  }
  clf_context_free(context);
}

TEST_LOOP(block__of_a_precomputed_kernel_is_its_columns, 0, cpu_levels()) {
  clf_context *context = context_of(_i, 2);
  uint64_t state = 8;
  for (int kind = 0; context != NULL && kind < STORAGES; kind++) {
    matrix x = random_matrix(&state, kind, 40, 40, 0);
    int64_t *list = picked(&state, 40, 40);
    block_case b = {{CLF__KERNEL_PRECOMPUTED, 1, 1, 0}, &x, &x, list, list, 40, 30, NULL};
    check_block(context, &b);
    b.z = NULL;
    clf__kernel_columns_free(columns_of(context, &b));
    free(list);
    free_matrix(&x);
  }
  clf_context_free(context);
}

/* Features near 1000 that differ by 1: without the center nothing would be left of a distance. */
TEST_LOOP(block__keeps_its_digits_far_from_zero, 0, cpu_levels()) {
  enum { ROWS = 50, DEPTH = 30 };
  clf_context *context = context_of(_i, 1);
  uint64_t state = 9;
  if (context != NULL) {
    matrix x = random_matrix(&state, F32, ROWS, DEPTH, 0);
    float center[DEPTH], out[ROWS * ROWS];
    for (int i = 0; i < ROWS * DEPTH; i++) {
      float *value = (float *)x.data + i / DEPTH * (DEPTH + 3) + i % DEPTH;
      *value += 1000;
      x.exact[i] = (double)*value;
    }
    for (int j = 0; j < DEPTH; j++) {
      center[j] = 1000.25F;
    }
    block_case b = {{CLF__KERNEL_RBF, 1, 0.1, 0}, &x, &x, NULL, NULL, ROWS, ROWS, center};
    clf__kernel_columns *columns = columns_of(context, &b);
    ck_clf_ok(clf__kernel_block(columns, 0, ROWS, &x.rows, NULL, ROWS, out, ROWS));
    for (int i = 0; i < ROWS * ROWS; i++) {
      const double want = kernel_value(&b.f, &x, i / ROWS, &x, i % ROWS);
      ck_assert_double_le(fabs((double)out[i] - want), 5e-6 * want);
    }
    clf__kernel_columns_free(columns);
    free_matrix(&x);
    clf_context_free(context);
  }
}

TEST_LOOP(block__is_symmetric_to_the_bit, 0, cpu_levels()) {
  enum { A = 77, B = 23, DEPTH = 717, FEW = 8 };
  clf_context *context = context_of(_i, 1);
  uint64_t state = 10;
  for (int pair = 0; context != NULL && pair < STORAGES * STORAGES; pair++) {
    matrix x = random_matrix(&state, pair / STORAGES, A, DEPTH, 0);
    matrix z = random_matrix(&state, pair % STORAGES, B, DEPTH, 0);
    for (int kind = 0; kind < CLF__KERNEL_PRECOMPUTED; kind++) {
      float there[A * B], back[B * A], few[FEW * B];
      const clf__kernel_function f = function_of(kind, DEPTH);
      block_case one = {f, &x, &z, NULL, NULL, A, B, NULL};
      block_case other = {f, &z, &x, NULL, NULL, B, A, NULL};
      clf__kernel_columns *columns = columns_of(context, &one);
      ck_clf_ok(clf__kernel_block(columns, 0, B, &x.rows, NULL, A, there, B));
      ck_clf_ok(clf__kernel_block(columns, 0, B, &x.rows, NULL, FEW, few, B));
      ck_assert_mem_eq(few, there, sizeof few); /* by tiles for few rows and for many */
      clf__kernel_columns_free(columns);
      columns = columns_of(context, &other);
      ck_clf_ok(clf__kernel_block(columns, 0, A, &z.rows, NULL, B, back, A));
      clf__kernel_columns_free(columns);
      for (int i = 0; i < A * B; i++) {
        ck_assert_mem_eq(&there[i], &back[i % B * A + i / B], sizeof there[i]);
      }
    }
    free_matrix(&x);
    free_matrix(&z);
  }
  clf_context_free(context);
}

TEST_LOOP(rbf__of_equal_rows_is_1, 0, cpu_levels()) {
  enum { ROWS = 70 };
  clf_context *context = context_of(_i, 1);
  uint64_t state = 11;
  for (int kind = 0; context != NULL && kind < STORAGES; kind++) {
    for (int64_t depth = 1; depth < 2000; depth = depth * 5 + 3) {
      matrix x = random_matrix(&state, kind, ROWS, depth, 0);
      float out[ROWS * ROWS];
      block_case b = {{CLF__KERNEL_RBF, 1, 10, 0}, &x, &x, NULL, NULL, ROWS, ROWS, NULL};
      clf__kernel_columns *columns = columns_of(context, &b);
      ck_clf_ok(clf__kernel_block(columns, 0, ROWS, &x.rows, NULL, ROWS, out, ROWS));
      for (int i = 0; i < ROWS; i++) {
        ck_assert_float_eq(out[i * ROWS + i], 1);
      }
      clf__kernel_columns_free(columns);
      free_matrix(&x);
    }
  }
  clf_context_free(context);
}

/* Every pixel white against black, at the greatest width that is exact, and one beyond. */
TEST_LOOP(u8__extremes_do_not_overflow, 0, cpu_levels()) {
  enum { DEPTH = 33026, ROWS = 3 };
  clf_context *context = context_of(_i, 1);
  for (int64_t depth = DEPTH - 1; context != NULL && depth <= DEPTH; depth++) {
    uint64_t state = 1;
    matrix x = random_matrix(&state, U8, ROWS, depth, 0);
    float out[ROWS * ROWS];
    x.rows.scale = 1;
    memset(x.data, 255, ROWS * (size_t)(depth + 3));
    memset(x.data, 0, (size_t)depth + 3);
    for (int64_t i = 0; i < ROWS * depth; i++) {
      x.exact[i] = i < depth ? 0 : 255;
    }
    for (int kind = 0; kind < CLF__KERNEL_PRECOMPUTED; kind++) {
      block_case b = {{kind, 2, 1e-10, 0.5}, &x, &x, NULL, NULL, ROWS, ROWS, NULL};
      clf__kernel_columns *columns = columns_of(context, &b);
      ck_clf_ok(clf__kernel_block(columns, 0, ROWS, &x.rows, NULL, ROWS, out, ROWS));
      for (int i = 0; i < ROWS * ROWS; i++) {
        const double want = kernel_value(&b.f, &x, i / ROWS, &x, i % ROWS);
        ck_assert_double_le(fabs((double)out[i] - want), 1e-6 * want);
      }
      clf__kernel_columns_free(columns);
    }
    free_matrix(&x);
  }
  clf_context_free(context);
}

TEST_LOOP(block__has_the_same_bits_on_any_threads, 0, cpu_levels()) {
  enum { ROWS = 150, COLUMNS = 2500, DEPTH = 65 };
  static float first[ROWS * COLUMNS], again[ROWS * COLUMNS];
  for (int kind = 0; kind < STORAGES; kind++) {
    for (int threads = 1; threads < 6; threads += 2) {
      clf_context *context = context_of(_i, threads);
      uint64_t state = 12;
      if (context != NULL) {
        matrix x = random_matrix(&state, kind, ROWS, DEPTH, 0);
        matrix z = random_matrix(&state, kind, COLUMNS, DEPTH, 0);
        block_case b = {
            function_of(CLF__KERNEL_RBF, DEPTH), &x, &z, NULL, NULL, ROWS, COLUMNS, NULL};
        clf__kernel_columns *columns = columns_of(context, &b);
        float *out = threads == 1 ? first : again;
        ck_clf_ok(clf__kernel_block(columns, 0, COLUMNS, &x.rows, NULL, ROWS, out, COLUMNS));
        ck_assert(threads == 1 || memcmp(first, again, sizeof first) == 0);
        clf__kernel_columns_free(columns);
        free_matrix(&x);
        free_matrix(&z);
        clf_context_free(context);
      }
    }
  }
}

TEST_LOOP(diagonal__agrees_with_the_definition, 0, cpu_levels()) {
  enum { ROWS = 40 };
  clf_context *context = context_of(_i, 2);
  uint64_t state = 13;
  for (int pair = 0; context != NULL && pair < STORAGES * 5; pair++) {
    matrix x = random_matrix(&state, pair / 5, ROWS, ROWS, 0);
    const clf__kernel_function f = function_of(pair % 5, ROWS);
    int64_t *list = picked(&state, ROWS, ROWS);
    double out[ROWS];
    ck_clf_ok(clf__kernel_diagonal(context, &f, &x.rows, list, ROWS, out));
    for (int64_t i = 0; i < ROWS; i++) {
      const double want = kernel_value(&f, &x, list[i], &x, list[i]);
      ck_assert_double_le(fabs(out[i] - want), 1e-12 * fabs(want));
    }
    free(list);
    free_matrix(&x);
  }
  clf_context_free(context);
}

SUITE("kernel_matrix")
