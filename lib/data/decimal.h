/* Numbers as data files have them, read inline: short, plain decimals; others by clf__read_f64. */
#ifndef CLF_DATA_DECIMAL_H
#define CLF_DATA_DECIMAL_H

#include "base/text.h"

/* As clf__read_f64, and with the same result: an integer below 2^53 divided by a power of 10 up to
 * 10^15 is correctly rounded, since both are exact. `*significand` is that integer without its
 * sign, INT64_MAX where it is not known. Of two numbers that differ, f32 tells one apart from the
 * other when its significand is below 2^23: they are a unit of its last place apart, or more. */
static inline const char *clf__read_digits(const char *begin, const char *end, double *out,
                                           int64_t *significand) {
  static const double powers_of_10[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                        1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  enum { DIGITS = 15 };
  const char *at = begin;
  bool negative = at < end && *at == '-';
  at += negative;
  const char *digits = at;
  int64_t mantissa = 0;
  *significand = INT64_MAX;
  for (; at < end && (unsigned char)(*at - '0') <= 9; at++) {
    mantissa = mantissa * 10 + (*at - '0');
    if (at - digits == DIGITS) {
      return clf__read_f64(begin, end, out);
    }
  }
  int64_t count = at - digits;
  int64_t decimals = 0;
  if (at < end && *at == '.') {
    for (at++; at < end && (unsigned char)(*at - '0') <= 9; at++, decimals++) {
      if (count + decimals == DIGITS) {
        return clf__read_f64(begin, end, out);
      }
      mantissa = mantissa * 10 + (*at - '0');
    }
  }
  if (count + decimals == 0 || (at < end && (*at | 0x20) == 'e')) {
    return clf__read_f64(begin, end, out);
  }
  double value = (double)mantissa / powers_of_10[decimals];
  *out = negative ? -value : value;
  *significand = mantissa;
  return at;
}

static inline const char *clf__read_decimal(const char *begin, const char *end, double *out) {
  int64_t significand;
  return clf__read_digits(begin, end, out, &significand);
}

#endif
