/* Long vectors of f64 on the calling thread. */
#ifndef CLF_OPTIM_VECTOR_H
#define CLF_OPTIM_VECTOR_H

#include <stdint.h>

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
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/* to += factor from. */
static inline void clf__vector_add(double *restrict to, double factor, const double *restrict from,
                                   int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    to[i] += factor * from[i];
  }
}

#endif
