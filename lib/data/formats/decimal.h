/* Numbers as data files have them, read inline: short, plain decimals; others by clf__read_f64. */
#ifndef CLF_DATA_FORMATS_DECIMAL_H
#define CLF_DATA_FORMATS_DECIMAL_H

#include "base/text.h"

/* Appends the digits before `stop` to a number. */
static inline const char *clf__append_digits(int64_t *number, const char *at, const char *stop) {
  int64_t value = *number;
  for (; at < stop && (unsigned char)(*at - '0') <= 9; at++) {
    value = value * 10 + (*at - '0');
  }
  *number = value;
  return at;
}

/* A significand, see below, that makes sure that f32 merges nothing. */
#define CLF__FEW_DIGITS ((int64_t)1 << 23)

/* As clf__read_f64, and with the same result: an integer below 2^53 divided by a power of 10 up to
 * 10^15 is correctly rounded, since both are exact. `*significand` is that integer without its
 * sign, INT64_MAX where it is not known. Of two numbers that differ, f32 tells one apart from the
 * other when its significand is below CLF__FEW_DIGITS: they are a unit of its last place apart, or
 * more. */
static inline const char *clf__read_digits(const char *begin, const char *end, double *out,
                                           int64_t *significand) {
  /* Powers of 10, and the same for negative numbers, without a branch. */
  static const double divisors[2][16] = {
      {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15},
      {-1e0, -1e1, -1e2, -1e3, -1e4, -1e5, -1e6, -1e7, -1e8, -1e9, -1e10, -1e11, -1e12, -1e13,
       -1e14, -1e15}};
  enum { DIGITS = 15, ENOUGH = DIGITS + 2 }; /* a point and a digit too many */
  const bool negative = begin < end && *begin == '-';
  const char *first = begin + negative;
  const char *stop = end - first > ENOUGH ? first + ENOUGH : end;
  int64_t mantissa = 0;
  const char *at = clf__append_digits(&mantissa, first, stop);
  int64_t digits = at - first;
  int64_t decimals = 0;
  if (at < stop && *at == '.') {
    const char *point = at;
    at = clf__append_digits(&mantissa, point + 1, stop);
    decimals = at - point - 1;
    digits += decimals;
  }
  *significand = INT64_MAX;
  if (digits == 0 || digits > DIGITS || (at < end && (*at | 0x20) == 'e')) {
    return clf__read_f64(begin, end, out);
  }
  *out = (double)mantissa / divisors[negative][decimals];
  *significand = mantissa;
  return at;
}

static inline const char *clf__read_decimal(const char *begin, const char *end, double *out) {
  int64_t significand;
  return clf__read_digits(begin, end, out, &significand);
}

#endif
