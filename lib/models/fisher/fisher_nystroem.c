/* Nystroem's features; see the header. A landmark that is a combination of others, up to the
 * rounding errors of K, which is in floats, is dropped from L, so that its feature is 0. The mean
 * over the landmarks is subtracted from the features, so that sums in floats lose little to
 * cancellation. */
#include "models/fisher/fisher_nystroem.h"

#include <math.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/random.h"

#define ROUNDING 1e-6

/* Distributes the landmarks in proportion to the rows of each class, rounded down but at least one;
 * the remaining ones go to the classes with the smallest share. */
static void share_landmarks(const int64_t *rows_of, int64_t classes, int64_t n, int64_t wanted,
                            int64_t *share) {
  int64_t given = 0;
  for (int64_t k = 0; k < classes; k++) {
    share[k] = (int64_t)((double)wanted * (double)rows_of[k] / (double)n);
    share[k] = share[k] < 1 && rows_of[k] > 0 ? 1 : share[k];
    given += share[k];
  }
  for (; given < wanted; given++) {
    int64_t neediest = 0;
    double min = INFINITY;
    for (int64_t k = 0; k < classes; k++) {
      double served = share[k] < rows_of[k] ? (double)share[k] / (double)rows_of[k] : INFINITY;
      if (served < min) {
        neediest = k;
        min = served;
      }
    }
    share[neediest]++;
  }
}

/* Selects the first rows of each class in a random order. */
static clf_status select_landmarks(clf__nystroem *n, int64_t wanted) {
  clf__fisher_system *s = n->system;
  const int32_t *labels = s->training->labels;
  int64_t classes = s->training->classes;
  clf__arena arena = {.context = s->context};
  int64_t *rows_of = clf__arena_zeroed(&arena, classes, sizeof *rows_of);
  int64_t *share = clf__arena_zeroed(&arena, classes, sizeof *share);
  int64_t *order = clf__arena_array(&arena, s->n, sizeof *order);
  bool *selected = clf__arena_zeroed(&arena, s->n, sizeof *selected);
  int64_t *landmarks = clf__arena_array(&s->arena, s->n, sizeof *landmarks);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__arena_status(&s->arena));
  for (int64_t i = 0; i < s->n; i++) {
    order[i] = i;
    rows_of[labels[s->rows[i]]]++;
  }
  share_landmarks(rows_of, classes, s->n, clf__min_i64(wanted, s->n), share);
  clf__random random = clf__random_seed(clf__context_seed(s->context), 0);
  clf__random_shuffle(&random, order, s->n);
  for (int64_t i = 0; i < s->n; i++) {
    int64_t *left = &share[labels[s->rows[order[i]]]];
    selected[order[i]] = *left > 0;
    *left -= *left > 0;
  }
  for (int64_t i = 0; i < s->n; i++) {
    landmarks[n->rank] = s->rows[i];
    n->rank += selected[i];
  }
  n->landmarks = landmarks;
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status allocate(clf__nystroem *n) {
  n->arena.context = n->system->context;
  n->factor = clf__arena_matrix(&n->arena, n->rank, n->rank, sizeof *n->factor);
  n->inverse = clf__arena_matrix(&n->arena, n->rank, n->rank, sizeof *n->inverse);
  n->center = clf__arena_array(&n->arena, n->rank, sizeof *n->center);
  n->tile = clf__arena_matrix(&n->arena, CLF__NYSTROEM_ROWS, n->rank, sizeof *n->tile);
  n->scratch = clf__arena_matrix(&n->arena, CLF__NYSTROEM_STRIP, n->rank, sizeof *n->scratch);
  return clf__arena_status(&n->arena);
}

/* K_zz = L L^T. */
static clf_status factor_landmarks(clf__nystroem *n) {
  clf__fisher_system *s = n->system;
  for (int64_t first = 0; first < n->rank; first += CLF__NYSTROEM_ROWS) {
    int64_t left = n->rank - first;
    int64_t count = clf__min_i64(left, CLF__NYSTROEM_ROWS);
    CLF__CHECK(clf__kernel_block(n->columns, 0, n->rank, s->training->x, n->landmarks + first,
                                 count, n->tile, n->rank));
    for (int64_t i = 0; i < count * n->rank; i++) {
      n->factor[first * n->rank + i] = (double)n->tile[i];
    }
  }
  return clf__cholesky(s->context, n->factor, n->rank, n->rank, ROUNDING, NULL);
}

/* Computes L^-1 by blocks of columns, which are 0 above their first row, and the means of L. */
static clf_status invert(clf__nystroem *n) {
  const int64_t rank = n->rank;
  double *block = clf__alloc_matrix(n->system->context, rank, CLF__NYSTROEM_STRIP, sizeof *block);
  clf_status status = block == NULL ? CLF_ERROR_MEMORY : CLF_OK;
  for (int64_t first = 0; first < rank && status == CLF_OK; first += CLF__NYSTROEM_STRIP) {
    int64_t width = clf__min_i64(rank - first, CLF__NYSTROEM_STRIP);
    for (int64_t i = 0; i < (rank - first) * width; i++) {
      block[i] = i / width == i % width;
    }
    status = clf__solve_lower(n->system->context, n->factor + first * rank + first, rank - first,
                              rank, block, width, width);
    for (int64_t i = 0; i < rank * width; i++) {
      int64_t row = i / width;
      n->inverse[row * rank + first + i % width] =
          row < first ? 0 : (float)block[(row - first) * width + i % width];
    }
    if (status == CLF_OK) {
      status = clf__progress_step(&n->system->progress, n->system->step, (double)NAN, (double)NAN);
    }
  }
  for (int64_t j = 0; j < rank && status == CLF_OK; j++) {
    double sum = 0;
    for (int64_t i = j; i < rank; i++) {
      sum += isfinite(n->factor[i * rank + j]) ? n->factor[i * rank + j] : 0;
    }
    n->center[j] = (float)(sum / (double)rank);
  }
  clf__free(block);
  return status;
}

clf_status clf__nystroem_create(clf__nystroem *out, clf__fisher_system *s, int64_t wanted) {
  out->system = s;
  CLF__CHECK(select_landmarks(out, wanted));
  CLF__CHECK(allocate(out));
  CLF__CHECK(clf__kernel_columns_create(&out->columns, s->context, &s->function, s->training->x,
                                        out->landmarks, out->rank, s->training->x, s->center));
  CLF__CHECK(factor_landmarks(out));
  return invert(out);
}

void clf__nystroem_free(clf__nystroem *n) {
  clf__kernel_columns_free(n->columns);
  clf__arena_free(&n->arena);
}

typedef struct rows_task {
  const clf__nystroem *nystroem;
  int64_t first;
  float *u;
} rows_task;

static void center_row(void *argument, int64_t i, int32_t worker) {
  (void)worker;
  const rows_task *job = argument;
  const clf__nystroem *n = job->nystroem;
  const float root = (float)n->system->root[job->first + i];
  float *row = job->u + i * n->rank;
  for (int64_t j = 0; j < n->rank; j++) {
    row[j] = root * (row[j] - n->center[j]);
  }
}

clf_status clf__nystroem_rows(clf__nystroem *n, int64_t first, int64_t count, float *u) {
  const clf__fisher_system *s = n->system;
  const int64_t rank = n->rank;
  clf_status status =
      clf__kernel_block(n->columns, 0, rank, s->training->x, s->rows + first, count, n->tile, rank);
  /* L^-1 is lower triangular: feature j needs only the kernel values up to j. */
  for (int64_t at = 0; at < rank && status == CLF_OK; at += CLF__NYSTROEM_STRIP) {
    int64_t width = clf__min_i64(rank - at, CLF__NYSTROEM_STRIP);
    status = clf__gemm_f32(s->context, 1, clf__f32_matrix(n->tile, count, at + width, rank),
                           clf__f32_transposed(n->inverse + at * rank, at + width, width, rank), 0,
                           u + at, rank);
  }
  rows_task job = {n, first, u};
  clf__parallel(s->context, status == CLF_OK ? count : 0,
                (double)count * (double)rank * CLF__COST_COPY, center_row, &job);
  return status;
}

typedef struct strip {
  const float *products;
  double *sums;
  int64_t first, width, rank;
} strip;

static void add_row(void *argument, int64_t i, int32_t worker) {
  (void)worker;
  const strip *job = argument;
  const float *from = job->products + i * job->width;
  double *to = job->sums + (job->first + i) * job->rank;
  for (int64_t j = 0; j <= job->first + i; j++) {
    to[j] += (double)from[j];
  }
}

clf_status clf__nystroem_add(clf__nystroem *n, const float *u, int64_t count, double *products) {
  clf_context *context = n->system->context;
  const int64_t rank = n->rank;
  clf_status status = CLF_OK;
  for (int64_t first = 0; first < rank && status == CLF_OK; first += CLF__NYSTROEM_STRIP) {
    int64_t rows = clf__min_i64(rank - first, CLF__NYSTROEM_STRIP);
    strip job = {n->scratch, products, first, first + rows, rank};
    status = clf__gemm_f32(context, 1, clf__f32_transposed(u + first, rows, count, rank),
                           clf__f32_matrix(u, count, job.width, rank), 0, n->scratch, job.width);
    clf__parallel(context, status == CLF_OK ? rows : 0,
                  (double)rows * (double)job.width * CLF__COST_COPY, add_row, &job);
  }
  return status;
}
