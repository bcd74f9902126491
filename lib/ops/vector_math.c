/* Elementary functions on arrays. */
#include "ops/vector_math.h"

#include <math.h>

void clf__exp_f32(clf_context *context, const float *x, float *out, int64_t count) {
  (void)context;
  for (int64_t i = 0; i < count; i++) {
    out[i] = expf(x[i]);
  }
}

void clf__log_f32(clf_context *context, const float *x, float *out, int64_t count) {
  (void)context;
  for (int64_t i = 0; i < count; i++) {
    out[i] = logf(x[i]);
  }
}

void clf__softmax_rows(clf_context *context, float *values, int64_t rows, int64_t columns,
                       int64_t ld, double *log_sums) {
  (void)context;
  for (int64_t i = 0; i < rows; i++) {
    float *row = values + i * ld, maximum = -INFINITY, sum = 0;
    for (int64_t j = 0; j < columns; j++) {
      maximum = row[j] > maximum ? row[j] : maximum;
    }
    for (int64_t j = 0; j < columns; j++) {
      row[j] = expf(row[j] - maximum);
      sum += row[j];
    }
    for (int64_t j = 0; j < columns; j++) {
      row[j] /= sum;
    }
    if (log_sums != NULL) {
      log_sums[i] = (double)maximum + log((double)sum);
    }
  }
}

void clf__sigmoid(clf_context *context, float *values, int64_t count, float *softplus) {
  (void)context;
  for (int64_t i = 0; i < count; i++) {
    float x = values[i], small = expf(-fabsf(x));
    if (softplus != NULL) {
      softplus[i] = (x > 0 ? x : 0) + log1pf(small);
    }
    values[i] = (x < 0 ? small : 1) / (1 + small);
  }
}
