/* Choices drawn from the bytes of an input, so that a fuzzer steers them: numbers that are hard on
 * arithmetic, and settings of a kind's parameters within their bounds. When the bytes are used up,
 * every choice is the first. */
#ifndef TESTS_FUZZ_DICE_H
#define TESTS_FUZZ_DICE_H

#include <float.h>
#include <math.h>
#include <string.h>

#include "fuzz.h"

typedef struct dice {
  const uint8_t *at;
  size_t left;
} dice;

/* 0 … below - 1 */
static inline int64_t roll(dice *from, int64_t below) {
  uint64_t value = 0;
  for (int64_t reach = 1; reach < below && from->left > 0; reach <<= 8) {
    value = value << 8 | *from->at;
    from->at++;
    from->left--;
    if (reach > INT64_MAX >> 8) {
      break;
    }
  }
  return (int64_t)(value % (uint64_t)below);
}

static inline double roll_number(dice *from) {
  static const double numbers[] = {
      0,       1,        -1,      0.5,     -0.0,    2,        3,        1e-3,     -1e-3,
      10,      255,      1e3,     -1e3,    1e7,     1e7 + 1,  1e9,      1e-7,     1e-20,
      -1e-20,  1e20,     -1e20,   FLT_MIN, FLT_MAX, -FLT_MAX, 1e-45,    1e-300,   1e300,
      DBL_MAX, -DBL_MAX, DBL_MIN, 0x1p53,  0x1p63,  NAN,      INFINITY, -INFINITY};
  return numbers[roll(from, sizeof numbers / sizeof numbers[0])];
}

/* Most are finite. */
static inline double roll_finite(dice *from) {
  const double number = roll_number(from);
  return isfinite(number) || roll(from, 16) == 15 ? number : 4;
}

/* A small size, mostly a few. */
static inline int64_t roll_few(dice *from, int64_t most) {
  return roll(from, 4) > 0 ? roll(from, most < 4 ? most : 4) : roll(from, most);
}

static inline void roll_word(char *to, size_t capacity, dice *from, const char *words) {
  int64_t count = 1;
  for (const char *at = words; *at != '\0'; at++) {
    count += *at == '|';
  }
  const char *word = words;
  for (int64_t skip = roll(from, count); skip > 0; word++) {
    skip -= *word == '|';
  }
  snprintf(to, capacity, "%.*s", (int)strcspn(word, "|"), word);
}

/* A valid value of the parameter. Integers are small, because most of them are numbers of things
 * that take time. */
static inline void roll_value(char *to, size_t capacity, dice *from, const clf_param_info *param) {
  static const double steps[] = {0, 1e-300, 1e-30, 1e-7, 1e-3, 0.1, 0.5, 1, 2, 3, 10, 1e3, 1e300};
  const double low = isfinite(param->minimum) ? param->minimum : -1e300;
  const double drawn = steps[roll(from, sizeof steps / sizeof steps[0])];
  const double step = drawn == 0 && param->exclusive != 0 ? 1 : drawn;
  const bool word = param->words[0] != '\0' && roll(from, 2) == 0;
  switch (param->type) {
  case CLF_PARAM_I64:
    snprintf(to, capacity, "%.0f",
             fmin(fmax(low, -1) + (double)roll_few(from, 20), param->maximum));
    return;
  case CLF_PARAM_BOOL:
    snprintf(to, capacity, "%s", roll(from, 2) == 0 ? "true" : "false");
    return;
  case CLF_PARAM_CHOICE:
    roll_word(to, capacity, from, param->words);
    return;
  case CLF_PARAM_TEXT:
    snprintf(to, capacity, "%s", param->default_value != NULL ? param->default_value : "");
    return;
  default:
    if (word) {
      roll_word(to, capacity, from, param->words);
    } else {
      snprintf(to, capacity, "%.17g",
               fmin((isfinite(param->minimum) ? low : 0) + step, param->maximum));
    }
  }
}

/* Some of a kind's parameters as "name=value …"; those that `fixed` names ("a|b") are left out. */
static inline void roll_params(char *to, size_t capacity, dice *from, const char *area,
                               const char *kind, const char *fixed) {
  size_t length = 0;
  to[0] = '\0';
  for (int64_t i = 0; i < clf_param_count(area, kind); i++) {
    clf_param_info param = {.struct_size = sizeof param};
    char value[128] = "";
    FUZZ_CHECK(clf_param_describe(area, kind, i, &param) == CLF_OK);
    if (strstr(fixed, param.name) != NULL || roll(from, 3) != 1) {
      continue;
    }
    roll_value(value, sizeof value, from, &param);
    if (value[0] == '\0') {
      continue;
    }
    int added = snprintf(to + length, capacity - length, "%s%s='%s'", length > 0 ? " " : "",
                         param.name, value);
    if (added < 0 || (size_t)added >= capacity - length) {
      to[length] = '\0';
      return;
    }
    length += (size_t)added;
  }
}

/* A seed of bytes, which follow from the first. */
static inline size_t dice_seed(uint8_t *buffer, size_t capacity, int first, size_t length) {
  uint32_t state = (uint32_t)first * 2654435761U + 12345;
  FUZZ_CHECK(length <= capacity);
  for (size_t i = 0; i < length; i++) {
    state = state * 1664525U + 1013904223U;
    buffer[i] = (uint8_t)(state >> 24);
  }
  buffer[0] = (uint8_t)first;
  return length;
}

#endif
