/* Sums of kernel values with coefficients.
 *
 * The floor for 10,000 rows of MNIST, 13,300 vectors of 784 bytes and 9 coefficients each, by VNNI
 * on one core: 0.22 s for the products that are not 0 (at 260 G a second), 0.05 s for the
 * exponentials and 0.02 s for the sums; measured are 0.30 s. A single row is bound by reading the
 * parts of the packed vectors that its features need, a third of 10 MB, which takes 0.14 ms. */
#include "base/context.h"
#include "base/jobs.h"
#include "ops/kernelfn/kernel_parts.h"
#include "ops/linalg/linear.h"

enum {
  PIECE = 480, /* columns whose products are summed in f32: a multiple of every panel */
  FEW_ROWS = 48,
};

typedef struct sums_call {
  const clf__kernel_expansion *e;
  const clf__kernels *kernels;
  const clf__rows *x;
  int64_t count;        /* of support vectors */
  int64_t width;        /* segments * outputs */
  const int64_t *order; /* [rows] of x, or NULL */
  int64_t group;
  int64_t group_bytes, scratch_bytes;
  char *scratch;
  float *out; /* [rows, width], or */
  double *precise;
} sums_call;

/* values [rows, columns] are multiplied by c_f64 from column `begin` on. */
static void add_precise(const sums_call *call, const clf__rows *values, int64_t begin,
                        int64_t segment, double *sums) {
  const clf__kernel_expansion *e = call->e;
  for (int64_t i = 0; i < values->rows; i++) {
    const float *row = (const float *)values->data + i * values->stride;
    for (int64_t o = 0; o < e->outputs; o++) {
      const double *c = e->c_f64 + o * call->count + begin;
      double sum = 0;
      for (int64_t j = 0; j < values->columns; j++) {
        sum += c[j] * (double)row[j];
      }
      sums[i * call->width + segment * e->outputs + o] += sum;
    }
  }
}

/* sums [rows, width] += c times the values [rows, n] of columns first … first + n - 1. Pieces end
 * at multiples of PIECE and at the ends of segments, so the sum of a row does not depend on other
 * rows. */
static void add_values(const sums_call *call, const float *values, int64_t ld, int64_t rows,
                       int64_t first, int64_t n, float *products, double *sums) {
  const clf__kernel_expansion *e = call->e;
  for (int64_t s = 0; s < e->segments; s++) {
    const int64_t begin = e->start[s] > first ? e->start[s] : first;
    const int64_t end = clf__min_i64(e->start[s + 1], first + n);
    if (begin >= end) {
      continue;
    }
    const clf__rows part = clf__rows_of_f32(values + (begin - first), rows, end - begin, ld);
    if (e->c_f64 != NULL) {
      add_precise(call, &part, begin, s, sums);
      continue;
    }
    call->kernels->linear->f32(&part, e->c + begin, call->count, NULL, e->outputs, products,
                               e->outputs);
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t o = 0; o < e->outputs; o++) {
        sums[i * call->width + s * e->outputs + o] += (double)products[i * e->outputs + o];
      }
    }
  }
}

static void store(const sums_call *call, const double *sums, const clf__row_pick *rows) {
  for (int64_t i = 0; i < rows->count; i++) {
    const int64_t to = clf__row_picked(rows, i) * call->width;
    for (int64_t k = 0; k < call->width; k++) {
      const double value = sums[i * call->width + k];
      if (call->precise != NULL) {
        call->precise[to + k] = value;
      } else {
        call->out[to + k] = (float)value;
      }
    }
  }
}

/* Combines a group of rows with all columns. */
static clf_status rows_job(void *argument, clf__range rows) {
  sums_call *call = argument;
  const clf__row_pick pick = {call->x, call->order, rows.first, rows.end - rows.first};
  char *scratch = call->scratch + rows.worker * call->scratch_bytes;
  double *sums = (double *)(void *)(scratch + call->group_bytes);
  float *values = (float *)(sums + call->group * call->width);
  float *products = values + call->group * PIECE;
  clf__kernel_group group;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__kernel_group_begin(&group, call->e->z, &pick, scratch));
  memset(sums, 0, (size_t)(pick.count * call->width) * sizeof *sums);
  for (int64_t first = 0; first < call->count && status == CLF_OK; first += PIECE) {
    const int64_t n = clf__min_i64(PIECE, call->count - first);
    clf__kernel_group_range(&group, first, n, values, PIECE);
    add_values(call, values, PIECE, pick.count, first, n, products, sums);
    status = clf__progress_check();
  }
  clf__kernel_group_end(&group);
  store(call, sums, &pick);
  return status;
}

static clf_status alloc_scratch(sums_call *call, clf_context *context) {
  const int64_t workers = clf__context_threads(context);
  const int64_t rest = call->group * (call->width * (int64_t)sizeof(double) +
                                      (PIECE + call->e->outputs) * (int64_t)sizeof(float));
  int64_t zeroed;
  call->group_bytes = clf__kernel_group_bytes(call->e->z, call->group, &zeroed);
  call->scratch_bytes = clf__round_up(call->group_bytes + rest, 64);
  call->scratch = clf__alloc_array(context, workers, (size_t)call->scratch_bytes);
  for (int64_t i = 0; call->scratch != NULL && zeroed > 0 && i < workers; i++) {
    memset(call->scratch + i * call->scratch_bytes, 0, (size_t)zeroed);
  }
  return call->scratch == NULL ? CLF_ERROR_MEMORY : CLF_OK;
}

static clf_status sum_many(sums_call *call, clf_context *context) {
  clf__arena arena = {.context = context};
  call->order = clf__kernel_order(&arena, call->e->z, call->x);
  call->group = clf__kernel_group_rows(call->e->z, call->x->rows);
  clf_status status = alloc_scratch(call, context);
  if (status == CLF_OK) {
    status = clf__jobs_rows(context, call->x->first_row, call->x->rows, call->group,
                            clf__kernel_work(call->e->z, call->x->rows, 0, call->e->z->count),
                            rows_job, call);
  }
  clf__free(call->scratch);
  clf__arena_free(&arena);
  return status;
}

/* For few rows, threads share the columns. */
static clf_status sum_few(sums_call *call, clf_context *context) {
  const int64_t rows = call->x->rows, count = call->count;
  clf__arena arena = {.context = context};
  double *sums = clf__arena_zeroed(&arena, clf__count(rows, call->width), sizeof *sums);
  float *products = clf__arena_matrix(&arena, rows, call->e->outputs, sizeof *products);
  float *values = clf__arena_matrix(&arena, rows, count, sizeof *values);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__kernel_block(call->e->z, 0, count, call->x, NULL, rows, values, count));
  for (int64_t first = 0; first < count; first += PIECE) {
    add_values(call, values + first, count, rows, first, clf__min_i64(PIECE, count - first),
               products, sums);
  }
  store(call, sums, &(clf__row_pick){call->x, NULL, 0, rows});
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status sum(sums_call *call, clf_context *context) {
  call->kernels = clf__kernels_for(context);
  call->count = call->e->start[call->e->segments];
  call->width = call->e->segments * call->e->outputs;
  if (call->x->rows <= 0) {
    return CLF_OK;
  }
  return call->x->rows <= FEW_ROWS ? sum_few(call, context) : sum_many(call, context);
}

clf_status clf__kernel_sums(clf_context *context, const clf__kernel_expansion *e,
                            const clf__rows *x, float *out) {
  sums_call call = {.e = e, .x = x, .out = out};
  return sum(&call, context);
}

clf_status clf__kernel_sums_f64(clf_context *context, const clf__kernel_expansion *e,
                                const clf__rows *x, double *out) {
  sums_call call = {.e = e, .x = x, .precise = out};
  return sum(&call, context);
}
