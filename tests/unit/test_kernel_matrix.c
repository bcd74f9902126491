/* Kernel matrices against their definition with sums in double precision, at every level of CPU. */
#include "ops_support.h"

#include <float.h>
#include <math.h>

#include "ops/kernel_matrix.h"
#include "stingy.h"

enum { U8, U8_OTHER, F32, SPARSE, STORAGES };

/* Rows that own their memory, and their values in f64. */
typedef struct matrix {
  clf__rows rows;
  double *exact; /* [rows, columns] */
  void *data;
  int64_t *row_start;
  int32_t *column;
  float *value;
} matrix;

/* About a third of the values are 0; dense rows have some more in memory than they show. */
static matrix random_matrix(uint64_t *state, int kind, int64_t rows, int64_t columns, float shift) {
  const int64_t stride = columns + 3, count = rows * stride;
  matrix m = {.rows = {.rows = rows, .columns = columns, .dtype = CLF_F32, .scale = 1}};
  m.exact = malloc((size_t)(rows * columns) * sizeof *m.exact);
  uint8_t *bytes = random_u8(state, count);
  float *values = random_f32(state, count);
  for (int64_t i = 0; i < count; i++) {
    const bool zero = random_unit(state) < 0.33;
    bytes[i] = zero ? 0 : bytes[i];
    values[i] = zero ? 0 : values[i] + shift;
  }
  if (kind == U8 || kind == U8_OTHER) {
    m.rows.dtype = CLF_U8;
    m.rows.scale = kind == U8 ? 1.0F / 255 : 1.0F / 100;
    m.rows.data = m.data = bytes;
    m.rows.stride = stride;
    for (int64_t i = 0; i < rows * columns; i++) {
      m.exact[i] = (double)bytes[i / columns * stride + i % columns] * (double)m.rows.scale;
    }
    free(values);
    return m;
  }
  free(bytes);
  for (int64_t i = 0; i < rows * columns; i++) {
    m.exact[i] = (double)values[i / columns * stride + i % columns];
  }
  if (kind == F32) {
    m.rows.data = m.data = values;
    m.rows.stride = stride;
    return m;
  }
  m.row_start = malloc((size_t)(rows + 1) * sizeof *m.row_start);
  m.column = malloc((size_t)count * sizeof *m.column);
  m.value = malloc((size_t)count * sizeof *m.value);
  m.row_start[0] = 0;
  for (int64_t i = 0; i < rows; i++) {
    int64_t e = m.row_start[i];
    for (int64_t j = 0; j < columns; j++) {
      if (values[i * stride + j] != 0) {
        m.column[e] = (int32_t)j;
        m.value[e++] = values[i * stride + j];
      }
    }
    m.row_start[i + 1] = e;
  }
  free(values);
  m.rows.row_start = m.row_start;
  m.rows.column = m.column;
  m.rows.value = m.value;
  return m;
}

static void free_matrix(matrix *m) {
  free(m->exact);
  free(m->data);
  free(m->row_start);
  free(m->column);
  free(m->value);
}

static double product_of(const matrix *x, int64_t i, const matrix *z, int64_t j) {
  const int64_t columns = x->rows.columns;
  double sum = 0;
  for (int64_t k = 0; k < columns; k++) {
    sum += x->exact[i * columns + k] * z->exact[j * columns + k];
  }
  return sum;
}

static double distance_of(const matrix *x, int64_t i, const matrix *z, int64_t j) {
  const int64_t columns = x->rows.columns;
  double sum = 0;
  for (int64_t k = 0; k < columns; k++) {
    const double apart = x->exact[i * columns + k] - z->exact[j * columns + k];
    sum += apart * apart;
  }
  return sum;
}

static double kernel_value(const clf__kernel_function *f, const matrix *x, int64_t i,
                           const matrix *z, int64_t j) {
  switch (f->kind) {
  case CLF__KERNEL_POLYNOMIAL:
    return pow(f->gamma * product_of(x, i, z, j) + f->coef0, f->degree);
  case CLF__KERNEL_RBF:
    return exp(-f->gamma * distance_of(x, i, z, j));
  case CLF__KERNEL_SIGMOID:
    return tanh(f->gamma * product_of(x, i, z, j) + f->coef0);
  case CLF__KERNEL_PRECOMPUTED:
    return x->exact[i * x->rows.columns + j];
  default:
    return product_of(x, i, z, j);
  }
}

/* What sums of f32 products may be off: some units of the sum of their magnitudes. */
static double tolerance_of(const clf__kernel_function *f, const matrix *x, int64_t i,
                           const matrix *z, int64_t j, double want) {
  if (f->kind == CLF__KERNEL_PRECOMPUTED) {
    return 1e-7 * fabs(want);
  }
  const double off =
      2e-6 * sqrt(product_of(x, i, x, i) * product_of(z, j, z, j)) + 1e-6 * fabs(f->coef0) + 1e-30;
  switch (f->kind) {
  case CLF__KERNEL_POLYNOMIAL: {
    const double base = fabs(f->gamma * product_of(x, i, z, j) + f->coef0);
    return f->degree * pow(base + off, f->degree - 1) * (f->gamma * off + 1e-6 * base) + 1e-30;
  }
  case CLF__KERNEL_RBF:
    return f->gamma * 2e-6 * (product_of(x, i, x, i) + product_of(z, j, z, j)) * want + 4e-7 * want;
  case CLF__KERNEL_SIGMOID:
    return f->gamma * off + 1e-6 * fabs(f->coef0) + 4e-7;
  default:
    return off;
  }
}

static clf__kernel_function function_of(int kind, int64_t columns) {
  return (clf__kernel_function){kind, 1 + kind + (int32_t)columns % 4,
                                (kind == CLF__KERNEL_RBF ? 3.0 : 0.7) / (double)columns, 0.25};
}

/* Some rows of x in an order of their own. */
static int64_t *picked(uint64_t *state, int64_t count, int64_t rows) {
  int64_t *list = malloc((size_t)count * sizeof *list + 1);
  for (int64_t i = 0; i < count; i++) {
    list[i] = (int64_t)(random_unit(state) * (double)rows);
  }
  return list;
}

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
  ck_assert_int_eq(clf__kernel_columns_count(columns), b->columns);
  return columns;
}

/* The whole block by itself against the definition, then parts of it with the same bits. */
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

START_TEST(block__agrees_with_the_definition) {
  static const int64_t shapes[][3] = {{1, 1, 1},   {1, 16, 784}, {3, 5, 3},     {17, 49, 783},
                                      {9, 97, 64}, {100, 61, 7}, {30, 33, 260}, {2, 3, 1100}};
  clf_context *context = context_of(_i, 2);
  uint64_t state = 7;
  for (size_t s = 0; context != NULL && s < sizeof shapes / sizeof shapes[0]; s++) {
    for (int pair = 0; pair < STORAGES * STORAGES; pair++) {
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
END_TEST

START_TEST(block__of_a_precomputed_kernel_is_its_columns) {
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
END_TEST

/* Features near 1000 that differ by 1: without the center nothing would be left of a distance. */
START_TEST(block__keeps_its_digits_far_from_zero) {
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
END_TEST

START_TEST(block__is_symmetric_to_the_bit) {
  enum { A = 61, B = 23, DEPTH = 701 };
  clf_context *context = context_of(_i, 1);
  uint64_t state = 10;
  for (int pair = 0; context != NULL && pair < STORAGES * STORAGES; pair++) {
    matrix x = random_matrix(&state, pair / STORAGES, A, DEPTH, 0);
    matrix z = random_matrix(&state, pair % STORAGES, B, DEPTH, 0);
    for (int kind = 0; kind < CLF__KERNEL_PRECOMPUTED; kind++) {
      float there[A * B], back[B * A];
      const clf__kernel_function f = function_of(kind, DEPTH);
      block_case one = {f, &x, &z, NULL, NULL, A, B, NULL};
      block_case other = {f, &z, &x, NULL, NULL, B, A, NULL};
      clf__kernel_columns *columns = columns_of(context, &one);
      ck_clf_ok(clf__kernel_block(columns, 0, B, &x.rows, NULL, A, there, B));
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
END_TEST

START_TEST(rbf__of_equal_rows_is_1) {
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
END_TEST

/* Every pixel white against black, at the greatest width that is exact, and one beyond. */
START_TEST(u8__extremes_do_not_overflow) {
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
END_TEST

START_TEST(block__has_the_same_bits_on_any_threads) {
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
END_TEST

START_TEST(diagonal__agrees_with_the_definition) {
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
END_TEST

enum { SUPPORT = 1111, SEGMENTS = 4, MOST_OUTPUTS = 9 };
static const int64_t starts[SEGMENTS + 1] = {0, 200, 200, 1000, SUPPORT};

typedef struct sums_case {
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
  s.e = (clf__kernel_expansion){.function = function_of(function, depth),
                                .start = starts,
                                .segments = SEGMENTS,
                                .c = s.c,
                                .outputs = outputs};
  return s;
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
          const int64_t column = e->support == NULL ? j : e->support[j];
          const double factor = (double)e->c[o * e->start[e->segments] + j];
          const double value = kernel_value(&e->function, x, i, &c->z, column);
          sum += factor * value;
          tolerance += fabs(factor) * (tolerance_of(&e->function, x, i, &c->z, column, value) +
                                       1e-6 * fabs(value));
        }
        const double got = (double)out[(i * e->segments + s) * e->outputs + o];
        ck_assert_msg(fabs(got - sum) <= tolerance, "sum is %g, not %g", got, sum);
      }
    }
  }
}

START_TEST(sums__agree_with_the_definition_however_many_rows) {
  enum { ROWS = 53, DEPTH = 19 };
  clf_context *context = context_of(_i, 2);
  uint64_t state = 14;
  for (int pair = 0; context != NULL && pair < STORAGES * STORAGES; pair++) {
    for (int kind = 0; kind <= CLF__KERNEL_PRECOMPUTED; kind++) {
      const int64_t outputs = kind == CLF__KERNEL_RBF ? MOST_OUTPUTS : 1 + kind;
      sums_case s = random_sums(&state, pair % STORAGES, kind, DEPTH, outputs);
      matrix x = random_matrix(&state, pair / STORAGES, ROWS, DEPTH, 0);
      float all[ROWS * SEGMENTS * MOST_OUTPUTS], some[ROWS * SEGMENTS * MOST_OUTPUTS];
      s.e.z = kind == CLF__KERNEL_PRECOMPUTED ? NULL : &s.z.rows;
      s.e.support = kind == CLF__KERNEL_PRECOMPUTED ? s.support : NULL;
      ck_clf_ok(clf__kernel_sums(context, &s.e, &x.rows, all));
      check_sums(&s, &x, all);
      for (int64_t row = 0, count = 1; row < ROWS; row += count, count += 3) {
        const clf__rows part =
            clf__rows_range(&x.rows, row, ROWS - row < count ? ROWS - row : count);
        ck_clf_ok(clf__kernel_sums(context, &s.e, &part, some));
        ck_assert_mem_eq(some, all + row * SEGMENTS * outputs,
                         (size_t)(part.rows * SEGMENTS * outputs) * sizeof *some);
      }
      free_sums(&s);
      free_matrix(&x);
    }
  }
  clf_context_free(context);
}
END_TEST

START_TEST(norms_beyond_float__are_refused) {
  clf_context *context = context_of(_i, 1);
  uint64_t state = 15;
  for (int kind = F32; context != NULL && kind <= SPARSE; kind++) {
    matrix x = random_matrix(&state, kind, 20, 5, 2);
    matrix huge = random_matrix(&state, kind, 20, 5, 2);
    float out[20];
    clf__kernel_columns *columns = NULL;
    const clf__kernel_function f = function_of(CLF__KERNEL_RBF, 5);
    const clf__kernel_expansion e = {.function = f,
                                     .z = &x.rows,
                                     .start = (const int64_t[]){0, 20},
                                     .segments = 1,
                                     .c = out,
                                     .outputs = 1};
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
    ck_clf_says("row 7: the sum of its squared features is not below");
    ck_assert_ptr_null(columns);
    ck_clf_ok(
        clf__kernel_columns_create(&columns, context, &f, &x.rows, NULL, 20, &huge.rows, NULL));
    ck_clf_fails(clf__kernel_block(columns, 0, 1, &huge.rows, NULL, 20, out, 1), CLF_ERROR_NUMERIC);
    ck_clf_says("row 7:");
    memset(out, 0, sizeof out);
    ck_clf_fails(clf__kernel_sums(context, &e, &huge.rows, out), CLF_ERROR_NUMERIC);
    ck_assert_float_eq(out[0], 0);
    clf__kernel_columns_free(columns);
    free_matrix(&x);
    free_matrix(&huge);
  }
  clf_context_free(context);
}
END_TEST

/* Every allocation in turn is refused: a status, and nothing is lost. */
START_TEST(allocation_failures__are_reported) {
  static const char *const stages[] = {"columns", "block", "sums"};
  uint64_t state = 16;
  for (int pair = 0; pair < STORAGES * 2; pair++) {
    const int64_t rows = pair % 2 == 0 ? 3 : 70;
    matrix x = random_matrix(&state, pair / 2, rows, 9, 0);
    sums_case s = random_sums(&state, pair / 2, CLF__KERNEL_RBF, 9, 2);
    float *out = malloc((size_t)rows * SUPPORT * sizeof *out), center[9] = {0};
    s.e.z = &s.z.rows;
    s.e.center = center;
    for (int64_t refuse = 1;; refuse++) {
      stingy from = {.refuse = refuse};
      clf_context *context = stingy_context("threads=1", &from);
      clf__kernel_columns *columns = NULL;
      clf_status status = CLF_ERROR_MEMORY;
      int stage = 0;
      if (context != NULL) {
        TRY(clf__kernel_columns_create(&columns, context, &s.e.function, &s.z.rows, NULL, SUPPORT,
                                       &x.rows, center));
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
END_TEST

int main(void) {
  Suite *suite = suite_create("kernel_matrix");
  TCase *tests = tcase_create("kernel_matrix");
  tcase_set_timeout(tests, 100);
  tcase_add_loop_test(tests, block__agrees_with_the_definition, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, block__of_a_precomputed_kernel_is_its_columns, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, block__keeps_its_digits_far_from_zero, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, block__is_symmetric_to_the_bit, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, rbf__of_equal_rows_is_1, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, u8__extremes_do_not_overflow, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, block__has_the_same_bits_on_any_threads, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, diagonal__agrees_with_the_definition, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, sums__agree_with_the_definition_however_many_rows, 0, CPU_LEVELS);
  tcase_add_loop_test(tests, norms_beyond_float__are_refused, 0, CPU_LEVELS);
  tcase_add_test(tests, allocation_failures__are_reported);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
