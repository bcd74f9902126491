/* Principal axes: the eigenvectors of the covariance S = sum w_i (x_i - m)(x_i - m)^T / sum w_i.
 *
 * Let A have the rows sqrt(w_i) (x_i - m). Then S = A^T A / W is [columns, columns]. If there are
 * fewer rows than columns, the Gram matrix A A^T [rows, rows] is smaller and has the same positive
 * eigenvalues: if A A^T u = l u, then v = A^T u / sqrt(l) is an eigenvector of A^T A (Turk and
 * Pentland, "Eigenfaces for recognition", Journal of Cognitive Neuroscience 3, 1991). Everything is
 * computed in doubles, so that directions of small variance are not lost next to large ones. A is
 * computed in bands of columns. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "comm/shards.h"
#include "ops/ops.h"
#include "tensor/rows_precision.h"
#include "transform/numbers/pca.h"
#include "transform/numbers/statistics.h"

enum {
  MAX_SIZE = 32768, /* rows of an eigenproblem */
  BAND = 256,       /* columns of A at a time */
};

/* Eigenvalues below this share of the largest are rounding errors: of doubles, and of the f32
 * products that the Gram engine sums. */
static const double min_of_f64 = 0x1p-40, min_of_f32 = 0x1p-22;

typedef struct eigen_job {
  clf_context *context;
  clf__arena arena;
  const clf__rows *x;
  const float *weights;
  int64_t size;    /* of the matrix */
  double *matrix;  /* [size, size] */
  int64_t count;   /* number of the largest eigenvalues */
  double *values;  /* [count] */
  double *vectors; /* [count, size] in rows */
  double *band;    /* [rows, BAND] of A */
  double weight;   /* W */
  double min;
} eigen_job;

/* The f32 rows from which the mean was subtracted. */
static double value_of_byte(const clf__rows *x, int64_t at) {
  return (double)(x->scale * (float)((const uint8_t *)x->data)[at]);
}

/* Computes columns first … first + columns - 1 of A. */
static void fill_band(const eigen_job *job, const double *mean, int64_t first, int64_t columns) {
  const clf__rows *x = job->x;
  for (int64_t i = 0; i < x->rows; i++) {
    const double root = job->weights != NULL ? sqrt((double)job->weights[i]) : 1;
    double *to = job->band + i * BAND;
    for (int64_t j = 0; j < columns; j++) {
      const int64_t at = i * x->stride + first + j;
      const double value = x->dtype == CLF_F64   ? ((const double *)x->data)[at]
                           : x->dtype == CLF_F32 ? (double)((const float *)x->data)[at]
                                                 : value_of_byte(x, at);
      to[j] = root * (value - mean[first + j]);
    }
  }
}

static int64_t band_columns(const eigen_job *job, int64_t first) {
  return clf__min_i64(job->x->columns - first, BAND);
}

static clf_status make_gram(eigen_job *job, clf__directions *out) {
  const int64_t n = job->size;
  const clf__progress progress =
      clf__progress_begin(job->context, "gram", clf__ceil_div(job->x->columns, BAND));
  clf_status status = CLF_OK;
  job->band = clf__arena_matrix(&job->arena, n, BAND, sizeof *job->band);
  CLF__TRY(clf__arena_status(&job->arena));
  CLF__TRY(clf__column_means(job->context, job->x, job->weights, out->mean));
  for (int64_t first = 0; first < job->x->columns; first += BAND) {
    const int64_t width = band_columns(job, first);
    CLF__TRY(clf__progress_step(&progress, first / BAND, NAN, NAN));
    fill_band(job, out->mean, first, width);
    CLF__TRY(clf__gemm_f64(job->context, 1, clf__f64_matrix(job->band, n, width, BAND),
                           clf__f64_transposed(job->band, width, n, BAND), first > 0, job->matrix,
                           n));
  }
  job->weight = 0;
  for (int64_t i = 0; i < n; i++) {
    job->weight += job->weights != NULL ? (double)job->weights[i] : 1;
  }
done:
  return status;
}

/* f64 rows are rounded after the mean is subtracted. */
static clf_status round_rows(const eigen_job *job, double *mean, float **values, clf__rows *x) {
  CLF__CHECK(clf__column_means(job->context, x, job->weights, mean));
  *values = clf__alloc_matrix(job->context, x->rows, x->columns, sizeof(float));
  if (*values == NULL) {
    return CLF_ERROR_MEMORY;
  }
  CLF__CHECK(clf__rows_round(job->context, x, mean, *values));
  const clf__shards *shards = x->shards;
  *x = clf__rows_of_f32(*values, x->rows, x->columns, x->columns);
  x->shards = shards;
  return CLF_OK;
}

static clf_status make_covariance(eigen_job *job, clf__directions *out, bool f64) {
  clf__rows x = *job->x;
  const clf__gram_input input = {.x = &x, .weights = job->weights, .centered = true, .f64 = f64};
  clf__gram gram = {0};
  float *values = NULL;
  clf_status status = CLF_OK;
  memset(out->mean, 0, (size_t)job->size * sizeof *out->mean);
  if (!f64 && !clf__rows_sparse(&x) && x.dtype == CLF_F64) {
    CLF__TRY(round_rows(job, out->mean, &values, &x));
  }
  status = clf__gram_create(&gram, job->context, &input);
  if (status == CLF_OK) {
    for (int64_t j = 0; j < job->size; j++) {
      out->mean[j] += gram.mean[j];
    }
    memcpy(job->matrix, gram.scatter, (size_t)(job->size * job->size) * sizeof *gram.scatter);
    job->weight = gram.weight;
  }
done:
  clf__free(values);
  clf__gram_free(&gram);
  return status;
}

/* Returns the sum of all eigenvalues. */
static double trace(const eigen_job *job) {
  double sum = 0;
  for (int64_t i = 0; i < job->size; i++) {
    sum += job->matrix[i * (job->size + 1)];
  }
  return sum;
}

/* Returns how many of the largest directions to keep. */
static int64_t count_kept(const eigen_job *job, double share, double total) {
  const double *values = job->values;
  double kept = 0;
  int64_t count = 0;
  while (count < job->count && values[count] > job->min * values[0] &&
         (count == 0 || share >= 1 || kept < share * total)) {
    kept += values[count++];
  }
  return count;
}

/* Scales a direction to length 1 and makes its largest element (the first of equals) positive. */
static void normalize(double *vector, int64_t columns) {
  double sum = 0, largest = 0;
  for (int64_t j = 0; j < columns; j++) {
    sum += vector[j] * vector[j];
    largest = fabs(vector[j]) > fabs(largest) ? vector[j] : largest;
  }
  const double factor = (largest < 0 ? -1 : 1) / sqrt(sum);
  for (int64_t j = 0; j < columns; j++) {
    vector[j] *= factor;
  }
}

/* Computes the directions from the eigenvectors. */
static clf_status make_vectors(eigen_job *job, clf__directions *out, bool gram) {
  const int64_t n = job->size, columns = job->x->columns;
  out->vectors = clf__arena_matrix(&out->arena, out->count, columns, sizeof *out->vectors);
  out->variance = clf__arena_array(&out->arena, out->count, sizeof *out->variance);
  CLF__CHECK(clf__arena_status(&out->arena));
  for (int64_t first = 0; gram && first < columns; first += BAND) {
    const int64_t width = band_columns(job, first);
    CLF__CHECK(clf__progress_check());
    fill_band(job, out->mean, first, width);
    CLF__CHECK(clf__gemm_f64(job->context, 1, clf__f64_matrix(job->vectors, out->count, n, n),
                             clf__f64_matrix(job->band, n, width, BAND), 0, out->vectors + first,
                             columns));
  }
  if (!gram) {
    memcpy(out->vectors, job->vectors, (size_t)(out->count * n) * sizeof *out->vectors);
  }
  for (int64_t k = 0; k < out->count; k++) {
    out->variance[k] = job->values[k] / job->weight;
    normalize(out->vectors + k * columns, columns);
  }
  return CLF_OK;
}

static clf_status check_size(const clf__rows *x, bool gram, int64_t size) {
  if (gram && x->shards != NULL && x->shards->ranks > 1) {
    return clf__comm_refuse(x->shards->context,
                            "solver=gram, which solver=auto chooses for fewer rows than columns,");
  }
  if (gram && clf__rows_sparse(x)) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "solver=gram takes dense rows; for sparse ones there "
                     "is solver=covariance");
  }
  if (size > MAX_SIZE) {
    return clf__fail(CLF_ERROR_SHAPE,
                     "%lld %s make too large an eigenproblem (at most %d): take fewer",
                     (long long)size, gram ? "rows" : "features", MAX_SIZE);
  }
  return CLF_OK;
}

clf_status clf__directions_check_size(int64_t features) {
  const clf__rows none = {.columns = features};
  return check_size(&none, false, features);
}

/* Solves the eigenproblem of the matrix. */
static clf_status find(clf__directions *out, eigen_job *job, const clf__directions_wanted *wanted,
                       bool gram) {
  out->total = trace(job) / job->weight;
  CLF__CHECK(clf__eigen_symmetric(job->context, job->matrix, job->size, job->count, job->values,
                                  job->vectors));
  out->count = count_kept(job, wanted->share, out->total * job->weight);
  return out->count > 0
             ? make_vectors(job, out, gram)
             : clf__fail(CLF_ERROR_DATA, "all rows are equal: they vary in no direction");
}

static clf_status allocate(clf__directions *out, eigen_job *job,
                           const clf__directions_wanted *wanted) {
  out->arena.context = job->context;
  job->count = wanted->max < (double)job->size ? (int64_t)wanted->max : job->size;
  out->mean = clf__arena_array(&out->arena, job->x->columns, sizeof *out->mean);
  job->matrix = clf__arena_matrix(&job->arena, job->size, job->size, sizeof *job->matrix);
  job->vectors = clf__arena_matrix(&job->arena, job->count, job->size, sizeof *job->vectors);
  job->values = clf__arena_array(&job->arena, job->count, sizeof *job->values);
  CLF__CHECK(clf__arena_status(&out->arena));
  return clf__arena_status(&job->arena);
}

clf_status clf__directions_of_sums(clf__directions *out, clf_context *context,
                                   const clf__moments *sums, const clf__directions_wanted *wanted) {
  const clf__rows none = {.columns = sums->columns, .dtype = CLF_F64, .scale = 1};
  eigen_job job = {.context = context,
                   .arena = {.context = context},
                   .x = &none,
                   .size = sums->columns,
                   .min = min_of_f64};
  clf__gram gram = {0};
  clf_status status = CLF_OK;
  CLF__TRY(allocate(out, &job, wanted));
  CLF__TRY(clf__moments_gram(&gram, context, sums, true, false, NULL));
  memcpy(out->mean, gram.mean, (size_t)job.size * sizeof *out->mean);
  memcpy(job.matrix, gram.scatter, (size_t)(job.size * job.size) * sizeof *job.matrix);
  job.weight = gram.weight;
  status = find(out, &job, wanted, false);
done:
  clf__gram_free(&gram);
  clf__arena_free(&job.arena);
  return status;
}

clf_status clf__directions_find(clf__directions *out, clf_context *context, const clf__rows *x,
                                const float *weights, const clf__directions_wanted *wanted) {
  const bool few = clf__shards_rows(x->shards, x->rows) < x->columns && !clf__rows_sparse(x);
  const bool gram = wanted->solver == CLF__PCA_AUTO ? few : wanted->solver == CLF__PCA_GRAM;
  eigen_job job = {.context = context, .arena = {.context = context}, .x = x, .weights = weights};
  double largest;
  clf_status status = CLF_OK;
  out->arena.context = context;
  job.size = gram ? x->rows : x->columns;
  job.min = gram || wanted->f64 ? min_of_f64 : min_of_f32;
  CLF__TRY(check_size(x, gram, job.size));
  CLF__TRY(allocate(out, &job, wanted));
  CLF__TRY(gram ? make_gram(&job, out) : make_covariance(&job, out, wanted->f64));
  CLF__TRY(clf__rows_largest_small(&largest, x, weights, out->mean));
  CLF__TRY(clf__shards_extremes(x->shards, NULL, &largest, 1));
  CLF__TRY(clf__rows_check_small(largest, true));
  status = find(out, &job, wanted, gram);
done:
  clf__arena_free(&job.arena);
  return status;
}
