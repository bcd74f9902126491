/* Linear algebra in f64, in turns with OpenBLAS's BLAS and LAPACK: seconds of each and their ratio.
 *
 *   BENCH_CONTEXT="threads=1" OPENBLAS_NUM_THREADS=1 bench_linalg SIZE [TURNS]
 *
 * On one thread it is the processor's time, so that other work on the machine does not count; the
 * fastest of the turns. To compare on AVX2: BENCH_CONTEXT="threads=1 cpu=avx2" and
 * OPENBLAS_CORETYPE=Haswell. */
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <classify.h>

#include "base/context.h"
#include "base/progress.h"
#include "ops/ops.h"

/* LAPACK with 32-bit integers; the lengths of character arguments come last. */
extern void dpotrf_(const char *uplo, const int32_t *n, double *a, const int32_t *lda,
                    int32_t *info, size_t);
extern void dsyevd_(const char *jobz, const char *uplo, const int32_t *n, double *a,
                    const int32_t *lda, double *values, double *work, const int32_t *work_size,
                    int32_t *integers, const int32_t *integers_size, int32_t *info, size_t, size_t);
extern void dsyevr_(const char *jobz, const char *range, const char *uplo, const int32_t *n,
                    double *a, const int32_t *lda, const double *vl, const double *vu,
                    const int32_t *il, const int32_t *iu, const double *abstol, int32_t *found,
                    double *values, double *vectors, const int32_t *ldz, int32_t *support,
                    double *work, const int32_t *work_size, int32_t *integers,
                    const int32_t *integers_size, int32_t *info, size_t, size_t, size_t);

typedef struct bench {
  clf_context *context;
  int32_t n, count;
  const double *positive, *factor;
  double *a, *b, *values, *work;
  int32_t work_size, integers_size, *integers;
} bench;

typedef void (*step)(bench *);

static void our_product(bench *s) {
  clf__gemm_f64(s->context, 1, clf__f64_matrix(s->positive, s->n, s->n, s->n),
                clf__f64_matrix(s->factor, s->n, s->n, s->n), 0, s->b, s->n);
}
static void their_product(bench *s) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, s->n, s->n, s->n, 1, s->positive, s->n,
              s->factor, s->n, 0, s->b, s->n);
}
static void our_cholesky(bench *s) {
  clf__cholesky(s->context, s->a, s->n, s->n, 0, NULL);
}
static void their_cholesky(bench *s) {
  int32_t info;
  dpotrf_("U", &s->n, s->a, &s->n, &info, 1);
}
static void our_solve(bench *s) {
  clf__solve_lower(s->context, s->factor, s->n, s->n, s->a, s->count, s->count);
}
static void their_solve(bench *s) {
  cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, s->n, s->count, 1,
              s->factor, s->n, s->a, s->count);
}
static void our_solve_transposed(bench *s) {
  clf__solve_lower_transposed(s->context, s->factor, s->n, s->n, s->a, s->count, s->count);
}
static void their_solve_transposed(bench *s) {
  cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, s->n, s->count, 1,
              s->factor, s->n, s->a, s->count);
}
static void our_eigen(bench *s) {
  clf__eigen_symmetric(s->context, s->a, s->n, s->count, s->values, s->b);
}
static void their_eigen(bench *s) {
  int32_t info;
  dsyevd_("V", "L", &s->n, s->a, &s->n, s->values, s->work, &s->work_size, s->integers,
          &s->integers_size, &info, 1, 1);
}
static void their_largest(bench *s) {
  const double none = 0;
  const int32_t first = s->n - s->count + 1;
  int32_t found, info;
  dsyevr_("V", "I", "L", &s->n, s->a, &s->n, &none, &none, &first, &s->n, &none, &found, s->values,
          s->b, &s->n, s->integers, s->work, &s->work_size, s->integers + 2 * s->n,
          &s->integers_size, &info, 1, 1, 1);
}

static double seconds_of(bench *s, step call) {
  const bool one_thread = clf__context_threads(s->context) == 1;
  memcpy(s->a, s->positive, (size_t)s->n * (size_t)s->n * sizeof *s->a);
  const double began = one_thread ? (double)clock() / CLOCKS_PER_SEC : clf__seconds();
  call(s);
  return (one_thread ? (double)clock() / CLOCKS_PER_SEC : clf__seconds()) - began;
}

static void compare(bench *s, const char *name, step ours, step theirs, int turns) {
  double mine = INFINITY, other = INFINITY;
  for (int turn = 0; turn < turns; turn++) {
    mine = fmin(mine, seconds_of(s, ours));
    other = fmin(other, seconds_of(s, theirs));
  }
  printf("n %5d  %-34s %11.6f s  OpenBLAS %11.6f s  ratio %.2f\n", s->n, name, mine, other,
         mine / other);
  fflush(stdout);
}

static void *array(int64_t count, size_t element) {
  return calloc((size_t)count, element);
}

int main(int count, char **arguments) {
  const int32_t n = count > 1 ? atoi(arguments[1]) : 784;
  const int turns = count > 2 ? atoi(arguments[2]) : 3;
  const int64_t size = (int64_t)n * n;
  bench s = {.n = n, .work_size = (int32_t)(1 + 26 * n + 2 * size), .integers_size = 13 * n};
  double *positive = array(size, sizeof *positive), *factor = array(size, sizeof *factor);
  uint64_t state = 1;
  if (n < 1 || clf_context_create(&s.context, NULL, getenv("BENCH_CONTEXT")) < 0) {
    printf("%s\n", clf_last_error());
    return 1;
  }
  s.a = array(size, sizeof *s.a);
  s.b = array(size, sizeof *s.b);
  s.values = array(n, sizeof *s.values);
  s.work = array(s.work_size, sizeof *s.work);
  s.integers = array(s.integers_size + 2 * n, sizeof *s.integers);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j <= i; j++) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      positive[i * n + j] = positive[j * n + i] =
          (double)(state >> 40) * 0x1p-24 + (i == j ? n : 0);
    }
  }
  memcpy(factor, positive, (size_t)size * sizeof *factor);
  clf__cholesky(s.context, factor, n, n, 0, NULL);
  s.positive = positive;
  s.factor = factor;
  s.count = n;
  compare(&s, "product", our_product, their_product, turns);
  compare(&s, "Cholesky", our_cholesky, their_cholesky, turns);
  compare(&s, "solve, n columns", our_solve, their_solve, turns);
  compare(&s, "solve transposed, n columns", our_solve_transposed, their_solve_transposed, turns);
  compare(&s, "all eigenvectors (dsyevd)", our_eigen, their_eigen, turns);
  s.count = n < 50 ? n : 50;
  compare(&s, "50 largest eigenvectors (dsyevr)", our_eigen, their_largest, turns);
  s.count = 10;
  compare(&s, "solve, 10 columns", our_solve, their_solve, turns);
  compare(&s, "solve transposed, 10 columns", our_solve_transposed, their_solve_transposed, turns);
  clf_context_free(s.context);
  return 0;
}
