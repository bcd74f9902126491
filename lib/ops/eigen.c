/* The symmetric eigenproblem by LAPACK's dsyevr (relatively robust representations). A symmetric
 * matrix is the same in row and column order, and LAPACK's eigenvector columns are our rows. */
#include <limits.h>

#include "ops/factor.h"

/* LAPACK with 32-bit integers; character arguments carry their length at the end. */
extern void dsyevr_(const char *jobz, const char *range, const char *uplo, const int32_t *n,
                    double *a, const int32_t *lda, const double *vl, const double *vu,
                    const int32_t *il, const int32_t *iu, const double *abstol, int32_t *found,
                    double *values, double *vectors, const int32_t *ldz, int32_t *support,
                    double *work, const int32_t *work_size, int32_t *integer_work,
                    const int32_t *integer_work_size, int32_t *info, size_t, size_t, size_t);

typedef struct workspace {
  double *work;
  int32_t *integers;
  int32_t work_size, integers_size;
} workspace;

static int32_t call_dsyevr(double *a, int32_t n, double *values, double *vectors, int32_t *support,
                           const workspace *space) {
  const double none = 0, tolerance = 0;
  const int32_t no_index = 0;
  int32_t found = 0, info = 0;
  dsyevr_("V", "A", "L", &n, a, &n, &none, &none, &no_index, &no_index, &tolerance, &found, values,
          vectors, &n, support, space->work, &space->work_size, space->integers,
          &space->integers_size, &info, 1, 1, 1);
  return info;
}

clf_status clf__eigen_symmetric(clf_context *context, double *a, int64_t n, double *values,
                                double *vectors) {
  if (n <= 0) {
    return CLF_OK;
  }
  if (n > INT32_MAX / 32) {
    return clf__fail(CLF_ERROR_SHAPE, "an eigenproblem of size %lld is too large (at most %d)",
                     (long long)n, INT32_MAX / 32);
  }
  clf_status status = CLF_ERROR_MEMORY;
  double best_work = 0;
  int32_t best_integers = 0;
  workspace space = {&best_work, &best_integers, -1, -1};
  int32_t *support = clf__alloc_array(context, 2 * n, sizeof(int32_t));
  if (support == NULL) {
    return status;
  }
  int32_t info = call_dsyevr(a, (int32_t)n, values, vectors, support, &space); /* asks for sizes */
  space.work_size = (int32_t)best_work;
  space.integers_size = best_integers;
  space.work = clf__alloc_array(context, space.work_size, sizeof(double));
  space.integers = clf__alloc_array(context, space.integers_size, sizeof(int32_t));
  if (space.work == NULL || space.integers == NULL) {
    goto done;
  }
  info = info == 0 ? call_dsyevr(a, (int32_t)n, values, vectors, support, &space) : info;
  status = info == 0 ? CLF_OK
                     : clf__fail(CLF_ERROR_NUMERIC,
                                 "the eigenvalues of a %lld by %lld matrix did not converge",
                                 (long long)n, (long long)n);
done:
  clf__free(space.integers);
  clf__free(space.work);
  clf__free(support);
  return status;
}
