/* Long vectors of f64 on the calling thread. */
#ifndef CLF_OPTIM_VECTOR_H
#define CLF_OPTIM_VECTOR_H

#include <math.h>
#include <stdint.h>

static inline double clf__vector_lanes(const double sums[8]) {
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/* Eight sums in parallel: the order is fixed, and the compiler may vectorize. */
static inline double clf__vector_dot(const double *a, const double *b, int64_t count) {
  double sums[8] = {0};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int64_t j = 0; j < 8; j++) {
      sums[j] += a[i + j] * b[i + j];
    }
  }
  for (; i < count; i++) {
    sums[0] += a[i] * b[i];
  }
  return clf__vector_lanes(sums);
}

/* to += factor from. */
static inline void clf__vector_add(double *restrict to, double factor, const double *restrict from,
                                   int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    to[i] += factor * from[i];
  }
}

/* The same; returns what clf__vector_dot(to, to) then does. */
static inline double clf__vector_add_square(double *restrict to, double factor,
                                            const double *restrict from, int64_t count) {
  double sums[8] = {0};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int64_t j = 0; j < 8; j++) {
      to[i + j] += factor * from[i + j];
      sums[j] += to[i + j] * to[i + j];
    }
  }
  for (; i < count; i++) {
    to[i] += factor * from[i];
    sums[0] += to[i] * to[i];
  }
  return clf__vector_lanes(sums);
}

/* Returns the largest size of a number; NaN counts as 0. */
static inline double clf__vector_largest(const double *values, int64_t count) {
  double largest[8] = {0};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int64_t j = 0; j < 8; j++) {
      largest[j] = fabs(values[i + j]) > largest[j] ? fabs(values[i + j]) : largest[j];
    }
  }
  for (; i < count; i++) {
    largest[0] = fabs(values[i]) > largest[0] ? fabs(values[i]) : largest[0];
  }
  for (int j = 1; j < 8; j++) {
    largest[0] = largest[j] > largest[0] ? largest[j] : largest[0];
  }
  return largest[0];
}

#endif
