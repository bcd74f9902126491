/* Reads numbers of data files inline if they are short, plain decimals; others by clf__read_f64. */
#ifndef CLF_DATA_FORMATS_DECIMAL_H
#define CLF_DATA_FORMATS_DECIMAL_H

#include <float.h>

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

/* A significand, see below, for which f32 merges nothing. */
#define CLF__FEW_DIGITS ((int64_t)1 << 23)

/* Reads a number with the same result as clf__read_f64: an integer below 2^53 divided by a power of
 * 10 up to 10^15 is correctly rounded, since both are exact. `*significand` receives that integer
 * without its sign, or INT64_MAX if it is not known. If the significand is below CLF__FEW_DIGITS,
 * f32 distinguishes the number from any other one, because they differ by a unit of its last digit
 * or more. With an exponent, that holds where f32 has all its digits. */
static inline const char *clf__read_digits(const char *begin, const char *end, double *out,
                                           int64_t *significand) {
  /* Powers of 10, and their negatives for negative numbers, to avoid a branch. */
  static const double divisors[2][16] = {
      {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15},
      {-1e0, -1e1, -1e2, -1e3, -1e4, -1e5, -1e6, -1e7, -1e8, -1e9, -1e10, -1e11, -1e12, -1e13,
       -1e14, -1e15}};
  enum { DIGITS = 15, ENOUGH = DIGITS + 2 }; /* one point and one digit too many */
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
  if (digits == 0 || digits > DIGITS) {
    return clf__read_f64(begin, end, out);
  }
  if (at < end && (*at | 0x20) == 'e') {
    const char *after = clf__read_f64(begin, end, out);
    const double size = after == NULL ? 0 : *out < 0 ? -*out : *out;
    if (size >= (double)FLT_MIN && size <= (double)FLT_MAX) {
      *significand = mantissa;
    }
    return after;
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
