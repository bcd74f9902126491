/* Numbers as decimal text: the fewest digits that read back as the same number, and of texts with
 * so many digits the nearest one.
 *
 * A number c 2^q is what is read from every text between the middles to its two neighbors, c - 1/2
 * and c + 1/2 times 2^q, and from the middles themselves if c is even. Below a power of two the
 * neighbor is half as far. With 10^k <= 2^q < 10^(k+1), the interval holds a multiple of 10^k and
 * at most one of 10^(k+1) (Giulietti, "The Schubfach way to render doubles", 2020). So the nearest
 * multiple of 10^(k+1) is the answer if it lies in the interval, otherwise that of 10^k or, for
 * some powers of two, of 10^(k-1).
 *
 * The number and the ends of the interval are compared in quarters of 10^k: 4 c 2^q 10^-k and so
 * on, by a table of powers of 10 of 128 bits. A product that is no integer is replaced by one of
 * the two integers next to it, the odd one, which compares like the product itself with all even
 * integers; all others are even. Giulietti proves that the table has enough bits for that. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/wide.h"

/* powers_of_10[i] is 10^(FIRST_POWER + i) divided by a power of 2. */
#include "base/number_powers.inc"

/* A positive number: significand * 2^exponent. */
typedef struct binary {
  uint64_t significand;
  int32_t exponent;
  bool power_of_2; /* the neighbor below is half as far */
} binary;

/* The same as value * 10^exponent; the last digit is not 0. */
typedef struct decimal {
  uint64_t value;
  int32_t exponent;
} decimal;

/* Correct for |exponent| <= 1100 and <= 330: a shift rounds down, also what is negative. */
static int32_t floor_log10_of_power_of_2(int32_t exponent) {
  return (exponent * 78913) >> 18;
}

static int32_t floor_log2_of_power_of_10(int32_t exponent) {
  return (exponent * 108853) >> 15;
}

/* Returns value * 10^power / 2^128, and an odd number if that is no integer; `bits` are those of
 * the power in the table. Rounding of the table adds less than 2 / 2^64 to an integer, and
 * everything else exceeds one by more. */
static uint64_t multiply(uint64_t value, const uint64_t bits[2]) {
  uint64_t low, lowest;
  const uint64_t high = clf__multiply_wide(value, bits[0], &low);
  const uint64_t middle = clf__multiply_wide(value, bits[1], &lowest) + low;
  return (high + (middle < low)) | (middle > 1);
}

/* A number and the ends of its interval, in quarters of a power of 10. */
typedef struct interval {
  uint64_t lower, number, upper;
} interval;

static interval scale(const binary *b, int32_t power) {
  const uint64_t *bits = powers_of_10[-power - FIRST_POWER];
  const int32_t shift = b->exponent + floor_log2_of_power_of_10(-power) + 1; /* 0 … 8 */
  const uint64_t quarters = 4 * b->significand, open = b->significand % 2;
  return (interval){multiply((quarters - 2 + b->power_of_2) << shift, bits) + open,
                    multiply(quarters << shift, bits),
                    multiply((quarters + 2) << shift, bits) - open};
}

static bool contains(const interval *in, uint64_t value) {
  return in->lower <= 4 * value && 4 * value <= in->upper;
}

/* Returns the nearest integer; of two the even one. */
static uint64_t nearest(const interval *in) {
  const uint64_t whole = in->number / 4, rest = in->number % 4;
  return whole + (rest > 2 || (rest == 2 && whole % 2 == 1));
}

static decimal without_zeros(decimal d) {
  static const struct {
    uint64_t divisor;
    int32_t zeros;
  } steps[] = {{100000000, 8}, {10000, 4}, {100, 2}, {10, 1}};
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    while (d.value % steps[i].divisor == 0) {
      d.value /= steps[i].divisor;
      d.exponent += steps[i].zeros;
    }
  }
  return d;
}

/* The text of a float is read as a double, which is rounded to the float. Of all floats one has a
 * text, 7.038531e-26, that is so near the end of its interval that this gives the neighbor. It gets
 * a digit more. */
static bool is_rounded_twice(const binary *b) {
  return b->significand == 0xAE43FD && b->exponent == -107;
}

static decimal shortest(const binary *b) {
  const int32_t power = floor_log10_of_power_of_2(b->exponent);
  interval in = scale(b, power);
  const uint64_t tens = (in.number / 4 + 5) / 10 * 10; /* a tie would not lie in the interval */
  if (contains(&in, tens) && !is_rounded_twice(b)) {
    return without_zeros((decimal){tens, power});
  }
  if (contains(&in, nearest(&in))) {
    return (decimal){nearest(&in), power};
  }
  in = scale(b, power - 1);
  return (decimal){nearest(&in), power - 1};
}

/* Writes the digits so that they end at `end`; returns the first. */
static char *write_digits(char *end, uint64_t value) {
  static const char pairs[] =
      "00010203040506070809101112131415161718192021222324252627282930313233"
      "34353637383940414243444546474849505152535455565758596061626364656667"
      "6869707172737475767778798081828384858687888990919293949596979899";
  while (value >= 10) {
    end -= 2;
    memcpy(end, pairs + 2 * (value % 100), 2);
    value /= 100;
  }
  if (value > 0) {
    *--end = (char)('0' + value);
  }
  return end;
}

static char *append(char *to, const char *from, size_t count) {
  memcpy(to, from, count);
  return to + count;
}

static char *append_zeros(char *to, int32_t count) {
  memset(to, '0', (size_t)count);
  return to + count;
}

/* Appends digits with a point after the first, and the exponent with two digits or three. */
static char *append_scientific(char *to, const char *digits, int32_t count, int32_t exponent) {
  const int32_t size = exponent < 0 ? -exponent : exponent;
  to = append(to, digits, 1);
  if (count > 1) {
    *to++ = '.';
    to = append(to, digits + 1, (size_t)count - 1);
  }
  *to++ = 'e';
  *to++ = exponent < 0 ? '-' : '+';
  if (size >= 100) {
    *to++ = (char)('0' + size / 100);
  }
  *to++ = (char)('0' + size / 10 % 10);
  *to++ = (char)('0' + size % 10);
  return to;
}

/* Appends digits, the first of which is that of 10^exponent. */
static char *append_plain(char *to, const char *digits, int32_t count, int32_t exponent) {
  if (exponent < 0) {
    to = append(to, "0.", 2);
    to = append_zeros(to, -exponent - 1);
    return append(to, digits, (size_t)count);
  }
  if (exponent + 1 >= count) {
    to = append(to, digits, (size_t)count);
    return append_zeros(to, exponent + 1 - count);
  }
  to = append(to, digits, (size_t)exponent + 1);
  *to++ = '.';
  return append(to, digits + exponent + 1, (size_t)(count - exponent - 1));
}

/* Lays the digits out as printf's %g does with `precision` digits, or more if there are more. */
static char *append_decimal(char *to, decimal d, int32_t precision) {
  enum { MAX_DIGITS = 20 };
  char digits[MAX_DIGITS], *end = digits + MAX_DIGITS;
  const char *first = write_digits(end, d.value);
  const int32_t count = (int32_t)(end - first), exponent = d.exponent + count - 1;
  return exponent < -4 || exponent >= (count > precision ? count : precision)
             ? append_scientific(to, first, count, exponent)
             : append_plain(to, first, count, exponent);
}

/* Splits the bits of a number without its sign. */
static binary split(uint64_t bits, int32_t digits, int32_t min_exponent) {
  const uint64_t hidden = UINT64_C(1) << (digits - 1), fraction = bits & (hidden - 1);
  const int32_t biased = (int32_t)(bits >> (digits - 1));
  return (binary){biased > 0 ? fraction | hidden : fraction,
                  min_exponent - digits + (biased > 1 ? biased - 1 : 0),
                  fraction == 0 && biased > 1};
}

/* Appends a number; it takes less than the bytes of a result. */
static char *append_number(char *to, double value, bool single) {
  if (isnan(value)) {
    return append(to, "nan", 3);
  }
  *to = '-';
  to += signbit(value) != 0;
  if (isinf(value)) {
    return append(to, "inf", 3);
  }
  if (value == 0) {
    return append(to, "0", 1);
  }
  const float narrow = (float)fabs(value);
  uint64_t bits;
  uint32_t narrow_bits;
  memcpy(&bits, &value, sizeof bits);
  memcpy(&narrow_bits, &narrow, sizeof narrow_bits);
  const binary b = single ? split(narrow_bits, FLT_MANT_DIG, FLT_MIN_EXP)
                          : split(bits & (UINT64_MAX >> 1), DBL_MANT_DIG, DBL_MIN_EXP);
  return append_decimal(to, shortest(&b), single ? FLT_DIG : DBL_DIG);
}

clf__number_text_result clf__number_format(double value) {
  clf__number_text_result out;
  *append_number(out.text, value, false) = '\0';
  return out;
}

clf__number_text_result clf__number_format_f32(float value) {
  clf__number_text_result out;
  *append_number(out.text, (double)value, true) = '\0';
  return out;
}

void clf__text_append_number(clf__text *text, double value, bool single) {
  clf__number_text_result number;
  const char *end = append_number(number.text, value, single);
  clf__text_append_bytes(text, number.text, (size_t)(end - number.text));
}
