/* Minimum, maximum and division of integers, and scalar products of short vectors. For double use
 * fmin() and fmax(). */
#ifndef CLF_BASE_MATH_H
#define CLF_BASE_MATH_H

#include <stddef.h>
#include <stdint.h>

static inline int64_t clf__min_i64(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static inline int64_t clf__max_i64(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/* Returns `low` if low > high. */
static inline int64_t clf__clamp_i64(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : clf__min_i64(value, high);
}

static inline size_t clf__min_size(size_t a, size_t b) {
  return a < b ? a : b;
}

static inline size_t clf__max_size(size_t a, size_t b) {
  return a > b ? a : b;
}

/* Returns how many parts of at most `part` make up `whole` >= 0: the quotient, rounded up, without
 * overflow. */
static inline int64_t clf__ceil_div(int64_t whole, int64_t part) {
  return whole / part + (whole % part > 0);
}

/* Returns the smallest multiple of `unit` that is >= `size`, for `size` >= 0. */
static inline int64_t clf__round_up(int64_t size, int64_t unit) {
  return clf__ceil_div(size, unit) * unit;
}

/* The products are added in order. */
static inline double clf__dot(const double *a, const double *b, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) {
    sum += a[i] * b[i];
  }
  return sum;
}

#endif
