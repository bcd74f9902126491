/* Shrinkage by Ledoit and Wolf (2004, "A well-conditioned estimator for large-dimensional
 * covariance matrices"), on rows z_i centred by their class and scaled to unit variance. With R
 * their correlation matrix, p features and n rows: delta = (|R|^2 - p) / p, beta = (mean |z_i|^4 -
 * |R|^2) / (p n), and the shrinkage is min(beta, delta) / delta. */
#include "models/fisher_shrinkage.h"

#include <math.h>

#include "base/pool.h"

enum { CHUNK_ROWS = 256 };

/* sum over the rows of weight |z|^4, a chunk a task. */
typedef struct fourth_powers {
  const clf__training *training;
  const float *means;      /* [K, D] class means */
  const float *scale;      /* [D] 1 / deviation, 0 for constant columns */
  const double *at_origin; /* [K] |0 - mean|^2 scaled, where sparse rows start from */
  double *sums;            /* [chunks] */
} fourth_powers;

static double dense_distance(const clf__rows *x, int64_t row, const float *mean,
                             const float *scale) {
  double sum = 0;
  const float *f32 = (const float *)x->data + row * x->stride;
  const uint8_t *u8 = (const uint8_t *)x->data + row * x->stride;
  for (int64_t j = 0; j < x->columns; j++) {
    float value = x->dtype == CLF_U8 ? (float)u8[j] * x->scale : f32[j];
    float z = (value - mean[j]) * scale[j];
    sum += (double)(z * z);
  }
  return sum;
}

static double sparse_distance(const clf__rows *x, int64_t row, const float *mean,
                              const float *scale, double at_origin) {
  double sum = at_origin;
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    int32_t j = x->column[e];
    double here = (double)((x->value[e] - mean[j]) * scale[j]);
    double zero = (double)(mean[j] * scale[j]);
    sum += here * here - zero * zero;
  }
  return sum;
}

static void sum_chunk(void *argument, int64_t chunk, int32_t worker) {
  (void)worker;
  const fourth_powers *work = argument;
  const clf__rows *x = work->training->x;
  int64_t end = (chunk + 1) * CHUNK_ROWS < x->rows ? (chunk + 1) * CHUNK_ROWS : x->rows;
  double sum = 0;
  for (int64_t i = chunk * CHUNK_ROWS; i < end; i++) {
    int32_t k = work->training->labels[i];
    const float *mean = work->means + k * x->columns;
    double square = clf__rows_sparse(x)
                        ? sparse_distance(x, i, mean, work->scale, work->at_origin[k])
                        : dense_distance(x, i, mean, work->scale);
    double weight = work->training->weights != NULL ? (double)work->training->weights[i] : 1;
    sum += weight * square * square;
  }
  work->sums[chunk] = sum;
}

/* |R|^2 and, into *features, p. */
static double squared_norm(const double *covariance, const double *deviation, int64_t d,
                           double *features) {
  double sum = 0;
  *features = 0;
  for (int64_t i = 0; i < d; i++) {
    *features += deviation[i] > 0;
    for (int64_t j = 0; j < d && deviation[i] > 0; j++) {
      double r = deviation[j] > 0 ? covariance[i * d + j] / (deviation[i] * deviation[j]) : 0;
      sum += r * r;
    }
  }
  return sum;
}

clf_status clf__fisher_shrinkage(double *out, clf_context *context, const clf__training *training,
                                 const clf__gram *gram, const double *offsets,
                                 const double *deviation) {
  int64_t d = training->x->columns;
  int64_t classes = training->classes;
  int64_t chunks = (training->x->rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
  float *means = clf__alloc_array(context, classes * d, sizeof *means);
  float *scale = clf__alloc_array(context, d, sizeof *scale);
  double *at_origin = clf__alloc_zeroed(context, classes, sizeof *at_origin);
  double *sums = clf__alloc_array(context, chunks, sizeof *sums);
  clf_status status = means && scale && at_origin && sums ? CLF_OK : CLF_ERROR_MEMORY;
  if (status < 0) {
    goto done;
  }
  for (int64_t j = 0; j < d; j++) {
    scale[j] = deviation[j] > 0 ? (float)(1 / deviation[j]) : 0;
    for (int64_t k = 0; k < classes; k++) {
      float mean = (float)(gram->mean[j] + offsets[j * classes + k]);
      means[k * d + j] = mean;
      at_origin[k] += (double)(mean * scale[j]) * (double)(mean * scale[j]);
    }
  }
  fourth_powers work = {training, means, scale, at_origin, sums};
  clf__parallel(context, chunks, sum_chunk, &work);
  double fourth = 0;
  for (int64_t i = 0; i < chunks; i++) {
    fourth += sums[i] / gram->weight;
  }
  double p = 0;
  double norm = squared_norm(gram->scatter, deviation, d, &p);
  double delta = p > 0 ? (norm - p) / p : 0;
  double beta = p > 0 ? (fourth - norm) / (p * gram->weight) : 0;
  *out = delta > 0 && beta > 0 ? fmin(beta, delta) / delta : 0;
done:
  clf__free(means);
  clf__free(scale);
  clf__free(at_origin);
  clf__free(sums);
  return status;
}
