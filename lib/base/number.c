/* Decimal text to double; number_text.c goes the other way.
 *
 * Reading splits the text into w * 10^e with an integer w, and rounds once:
 *   w <= 2^53, |e| <= 22   w and 10^|e| are exact doubles, so one product or quotient is correctly
 *                          rounded (Clinger, "How to read floating point numbers accurately", 1990)
 *   w < 2^64, |e| <= 27    5^|e| fits 64 bits, so w * 5^e is exact in 128-bit integers, as a
 *                          product or as quotient and remainder, and is rounded by hand
 *   otherwise              strtod_l in the "C" locale on a copy
 * At most 768 significant digits decide the rounding; for the digits after them it only matters
 * whether one of them is not zero. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { MANTISSA_DIGITS = 19, DECIDING_DIGITS = 768, EXACT_POWER_OF_10 = 22, POWER_OF_5 = 27 };

typedef struct decimal {
  uint64_t mantissa;
  int64_t exponent; /* of 10 */
  int32_t digits;   /* in the mantissa */
  int64_t dropped;  /* digits that did not fit into the mantissa */
  bool inexact;     /* one of the dropped digits is not 0 */
} decimal;

static inline bool is_digit(char byte) {
  return (unsigned char)(byte - '0') <= 9;
}

static inline const char *read_digits(const char *at, const char *end, decimal *number) {
  uint64_t mantissa = number->mantissa;
  int32_t digits = number->digits;
  for (; at < end && is_digit(*at); at++) {
    if (digits < MANTISSA_DIGITS) {
      mantissa = mantissa * 10 + (uint64_t)(*at - '0');
      digits += mantissa != 0;
    } else {
      number->dropped++;
      number->inexact |= *at != '0';
    }
  }
  number->mantissa = mantissa;
  number->digits = digits;
  return at;
}

/* Reads "e", a sign and digits. Without digits it returns `at`, and the exponent is 0. */
static const char *read_exponent(const char *at, const char *end, int64_t *exponent) {
  const int64_t huge = INT64_MAX / 20;
  const char *digit = at;
  *exponent = 0;
  if (at == end || (*at | 0x20) != 'e') {
    return at;
  }
  digit++;
  bool negative = digit < end && *digit == '-';
  digit += digit < end && (*digit == '-' || *digit == '+');
  if (digit == end || !is_digit(*digit)) {
    return at;
  }
  int64_t value = 0;
  for (; digit < end && is_digit(*digit); digit++) {
    value = value < huge ? value * 10 + (*digit - '0') : value;
  }
  *exponent = negative ? -value : value;
  return digit;
}

/* Reads digits with an optional point and an optional exponent, without a sign. Returns NULL if
 * there is no digit. */
static inline const char *read_decimal(const char *begin, const char *end, decimal *number) {
  const char *at = read_digits(begin, end, number);
  int64_t digits = at - begin;
  number->exponent = number->dropped;
  if (at < end && *at == '.') {
    const char *fraction = at + 1;
    int64_t dropped = number->dropped;
    at = read_digits(fraction, end, number);
    digits += at - fraction;
    number->exponent -= (at - fraction) - (number->dropped - dropped);
  }
  if (digits == 0) {
    return NULL;
  }
  if (at < end && (*at | 0x20) == 'e') {
    int64_t exponent;
    at = read_exponent(at, end, &exponent);
    number->exponent += exponent;
  }
  return at;
}

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

/* Returns (high + a bit of `sticky`) * 2^exponent, rounded half to even, if that is a normal
 * number. The top bit of `high` must be set. */
static double round_to_double(uint64_t high, bool sticky, int exponent) {
  uint64_t kept = high >> 11;
  uint64_t rest = high & 0x7FF;
  kept += rest > 0x400 || (rest == 0x400 && (sticky || (kept & 1) != 0));
  const uint64_t bits = (uint64_t)(exponent + 11 + DBL_MAX_EXP - 1) << (DBL_MANT_DIG - 1);
  double power_of_2;
  memcpy(&power_of_2, &bits, sizeof power_of_2);
  return (double)kept * power_of_2;
}

static const uint64_t powers_of_5[POWER_OF_5 + 1] = {1,
                                                     5,
                                                     25,
                                                     125,
                                                     625,
                                                     3125,
                                                     15625,
                                                     78125,
                                                     390625,
                                                     1953125,
                                                     9765625,
                                                     48828125,
                                                     244140625,
                                                     1220703125,
                                                     6103515625,
                                                     30517578125,
                                                     152587890625,
                                                     762939453125,
                                                     3814697265625,
                                                     19073486328125,
                                                     95367431640625,
                                                     476837158203125,
                                                     2384185791015625,
                                                     11920928955078125,
                                                     59604644775390625,
                                                     298023223876953125,
                                                     1490116119384765625,
                                                     7450580596923828125};

/* Returns mantissa * 10^exponent for 0 < mantissa and |exponent| <= POWER_OF_5. */
static double scale_by_integers(uint64_t mantissa, int exponent) {
  uint64_t power = powers_of_5[abs(exponent)];
  int left = __builtin_clzll(mantissa);
  mantissa <<= left;
  int up = __builtin_clzll(power);
  power <<= up;
  wide exact;
  bool sticky = false;
  int shift;
  if (exponent >= 0) {
    exact = (wide)mantissa * power; /* 2^126 … 2^128 */
    shift = exponent - left - up;
  } else {
    wide numerator = (wide)mantissa << 63;
    uint64_t quotient = (uint64_t)(numerator / power); /* 2^62 … 2^64 */
    sticky = numerator - (wide)quotient * power != 0;
    exact = (wide)quotient << 64;
    shift = exponent - left + up - 63 - 64;
  }
  if (exact >> 127 == 0) {
    exact <<= 1;
    shift--;
  }
  sticky = sticky || (uint64_t)exact != 0;
  return round_to_double((uint64_t)(exact >> 64), sticky, shift + 64);
}
#endif

/* Converts the remaining cases by the C library: all deciding digits as an integer, then the
 * exponent. */
static double scale_by_library(const char *begin, const char *end, const decimal *number) {
  char text[DECIDING_DIGITS + 40];
  int32_t kept = 0;
  int64_t left_out = 0;
  bool sticky = false;
  for (const char *at = begin; at < end && (*at | 0x20) != 'e'; at++) {
    if (*at == '.' || (kept == 0 && *at == '0')) {
      continue;
    }
    if (kept < DECIDING_DIGITS) {
      text[kept++] = *at;
    } else {
      left_out++;
      sticky |= *at != '0';
    }
  }
  int64_t exponent = number->exponent - number->dropped + left_out;
  if (sticky) {
    text[kept++] = '1';
    exponent--;
  }
  exponent = exponent > 9999 ? 9999 : exponent < -9999 ? -9999 : exponent;
  snprintf(text + kept, sizeof text - (size_t)kept, "e%d", (int)exponent);
  locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (locale == (locale_t)0) {
    return NAN;
  }
  double value = strtod_l(text, NULL, locale);
  freelocale(locale);
  return value;
}

static inline double to_double(const char *begin, const char *end, const decimal *number) {
  static const double powers_of_10[EXACT_POWER_OF_10 + 1] = {
      1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  uint64_t mantissa = number->mantissa;
  int64_t exponent = number->exponent;
  if (mantissa == 0) {
    return 0;
  }
  if (FLT_EVAL_METHOD == 0 && !number->inexact && mantissa <= (UINT64_C(1) << DBL_MANT_DIG) &&
      exponent >= -EXACT_POWER_OF_10 && exponent <= EXACT_POWER_OF_10) {
    return exponent < 0 ? (double)mantissa / powers_of_10[-exponent]
                        : (double)mantissa * powers_of_10[exponent];
  }
#ifdef __SIZEOF_INT128__
  if (!number->inexact && exponent >= -POWER_OF_5 && exponent <= POWER_OF_5) {
    return scale_by_integers(mantissa, (int)exponent);
  }
#endif
  return scale_by_library(begin, end, number);
}

static const char *read_word(const char *at, const char *end, double *out) {
  static const struct {
    const char *word;
    double value;
  } words[] = {{"infinity", INFINITY}, {"inf", INFINITY}, {"nan", NAN}};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    size_t length = strlen(words[i].word);
    if ((size_t)(end - at) >= length && strncasecmp(at, words[i].word, length) == 0) {
      *out = words[i].value;
      return at + length;
    }
  }
  return NULL;
}

const char *clf__read_f64(const char *begin, const char *end, double *out) {
  bool negative = begin < end && *begin == '-';
  const char *digits = begin + (negative || (begin < end && *begin == '+'));
  decimal number = {0};
  double value;
  const char *after = read_decimal(digits, end, &number);
  if (after != NULL) {
    value = to_double(digits, after, &number);
  } else {
    after = read_word(digits, end, &value);
  }
  if (after != NULL) {
    *out = negative ? -value : value;
  }
  return after;
}

const char *clf__read_i64(const char *begin, const char *end, int64_t *out) {
  bool negative = begin < end && *begin == '-';
  const char *digits = begin + (negative || (begin < end && *begin == '+'));
  const uint64_t limit = (uint64_t)INT64_MAX + negative;
  uint64_t value = 0;
  const char *at = digits;
  for (; at < end && is_digit(*at); at++) {
    uint64_t digit = (uint64_t)(*at - '0');
    if (value > (limit - digit) / 10) {
      return NULL;
    }
    value = value * 10 + digit;
  }
  if (at == digits) {
    return NULL;
  }
  *out = negative ? (int64_t)(0 - value) : (int64_t)value;
  return at;
}

bool clf__parse_f64(const char *text, double *out) {
  const char *end = text + strlen(text);
  double value;
  if (clf__read_f64(text, end, &value) != end) {
    return false;
  }
  *out = value;
  return true;
}

bool clf__parse_i64(const char *text, int64_t *out) {
  const char *end = text + strlen(text);
  int64_t value;
  if (clf__read_i64(text, end, &value) != end) {
    return false;
  }
  *out = value;
  return true;
}
