#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/wide.h"
#include "support.h"

/* The test program stays in the "C" locale, so the C library's strtod() is the reference. */
static void assert_read_as_strtod(const char *text) {
  double value, reference = strtod(text, NULL);
  if (!clf__parse_f64(text, &value)) {
    ck_abort_msg("'%s' is not taken", text);
  }
  if (memcmp(&value, &reference, sizeof value) != 0) {
    ck_abort_msg("'%s': %.17g, not %.17g", text, value, reference);
  }
}

TEST(numbers__read_as_the_c_library_reads_them) {
  static const char *const texts[] = {"0",
                                      "-0",
                                      "+1",
                                      ".5",
                                      "5.",
                                      "-.25e1",
                                      "1E+2",
                                      "1e-2",
                                      "007",
                                      "0.000000000000000000000000000000000000001",
                                      "123456789012345678901234567890",
                                      "1000000000000000000000000",
                                      "9007199254740993",
                                      "9007199254740993.0000000000000000000000000000001",
                                      "4503599627370497.5",
                                      "1e22",
                                      "1e23",
                                      "8.5e-23",
                                      "18446744073709551615e27",
                                      "18446744073709551615e-27",
                                      "1.7976931348623157e308",
                                      "1.7976931348623159e308",
                                      "1e309",
                                      "-1e999999999999999999999",
                                      "1e-999999999999999999999",
                                      "0e999999999999999999999",
                                      "5e-324",
                                      "2.4703282292062327208e-324",
                                      "2.4703282292062328e-324",
                                      "2.2250738585072011e-308",
                                      "2.2250738585072014e-308"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    assert_read_as_strtod(texts[i]);
  }
}

/* Random bits, random digits with small exponents, and midpoints between neighbours. */
TEST(random_numbers__read_as_the_c_library_reads_them) {
  clf__random random = clf__random_seed(1, 0);
  for (int i = 0; i < 200000; i++) {
    char text[64];
    uint64_t bits = clf__random_next(&random);
    int small = (int)clf__random_below(&random, 80);
    double value;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) {
      continue;
    }
    snprintf(text, sizeof text, "%.*g", 1 + small % 20, value);
    assert_read_as_strtod(text);
    snprintf(text, sizeof text, "%llue%d", (unsigned long long)(bits >> small % 64), small - 40);
    assert_read_as_strtod(text);
    double even = ldexp((double)(bits >> 11 | UINT64_C(1) << 52), small - 60);
    snprintf(text, sizeof text, "%.19g", even / 2 + nextafter(even, INFINITY) / 2);
    assert_read_as_strtod(text);
  }
}

/* 2^53 + 1 lies halfway between two doubles; a digit 1 after n zeros decides. */
TEST(far_digit__decides_the_rounding) {
  char text[2200];
  double value;
  for (int zeros = 1; zeros < 2000; zeros += 37) {
    snprintf(text, sizeof text, "9007199254740993.%0*d", zeros, 0);
    ck_assert(clf__parse_f64(text, &value));
    ck_assert_double_eq(value, 9007199254740992.0);
    strcat(text, "1e0");
    ck_assert(clf__parse_f64(text, &value));
    ck_assert_double_eq(value, 9007199254740994.0);
  }
  snprintf(text, sizeof text, "0.%01999d1e2000", 0);
  assert_read_as_strtod(text);
}

TEST(words__are_infinities_and_nan) {
  double value;
  ck_assert(clf__parse_f64("inf", &value) && value > DBL_MAX);
  ck_assert(clf__parse_f64("-Infinity", &value) && value < -DBL_MAX);
  ck_assert(clf__parse_f64("+INF", &value) && value > DBL_MAX);
  ck_assert(clf__parse_f64("NaN", &value) && isnan(value));
  ck_assert(clf__parse_f64("-nan", &value) && isnan(value));
}

TEST(what_is_no_number__is_refused) {
  static const char *const texts[] = {"",     " ",   "-",     "+",  ".",      "-.",    "e5",  ".e5",
                                      "--1",  "+-1", " 1",    "1 ", "1,5",    "1.2.3", "1e",  "1e+",
                                      "0x10", "in",  "infin", "na", "nan(1)", "1f",    "1e5x"};
  double value = 42;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    ck_assert_msg(!clf__parse_f64(texts[i], &value), "'%s' is taken", texts[i]);
  }
  ck_assert_double_eq(value, 42);
}

TEST(reading__stops_at_the_first_foreign_byte_and_at_the_end) {
  static const char text[] = "12.5e3,7";
  static const int lengths[] = {0, 1, 2, 3, 4, 4, 6};
  static const double values[] = {0, 1, 12, 12, 12.5, 12.5, 12500};
  double value;
  ck_assert_ptr_null(clf__read_f64(text, text, &value));
  for (int end = 1; end <= 6; end++) {
    ck_assert_ptr_eq(clf__read_f64(text, text + end, &value), text + lengths[end]);
    ck_assert_double_eq(value, values[end]);
  }
  ck_assert_ptr_eq(clf__read_f64(text, text + 8, &value), text + 6);
  static const char words[] = "infinity";
  ck_assert_ptr_eq(clf__read_f64(words, words + 7, &value), words + 3);
  ck_assert_ptr_null(clf__read_f64(words, words + 2, &value));
}

TEST(integers__are_read_to_the_limits_of_64_bits) {
  int64_t value = 42;
  ck_assert(clf__parse_i64("9223372036854775807", &value) && value == INT64_MAX);
  ck_assert(clf__parse_i64("-9223372036854775808", &value) && value == INT64_MIN);
  ck_assert(clf__parse_i64("+0017", &value) && value == 17);
  ck_assert(!clf__parse_i64("9223372036854775808", &value));
  ck_assert(!clf__parse_i64("-9223372036854775809", &value));
  ck_assert(!clf__parse_i64("99999999999999999999", &value));
  ck_assert(!clf__parse_i64("", &value) && !clf__parse_i64("-", &value));
  ck_assert(!clf__parse_i64("1.5", &value) && !clf__parse_i64(" 1", &value));
  ck_assert_int_eq(value, 17);
}

TEST(formatted_numbers__are_short_and_read_back) {
  static const struct {
    double value;
    const char *text;
  } cases[] = {{0.1, "0.1"},
               {1.0 / 3, "0.3333333333333333"},
               {100, "100"},
               {-0.0, "-0"},
               {1e21, "1e+21"},
               {5e-324, "5e-324"},
               {DBL_MAX, "1.7976931348623157e+308"},
               {0.1 + 0.2, "0.30000000000000004"},
               {INFINITY, "inf"},
               {-INFINITY, "-inf"},
               {NAN, "nan"},
               {-NAN, "nan"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ck_assert_str_eq(clf__number_text(cases[i].value), cases[i].text);
  }
}

TEST(number_text__of_a_float_has_the_form_of_a_double) {
  static const struct {
    float value;
    const char *text;
  } cases[] = {{0.1F, "0.1"},
               {-0.0F, "-0"},
               {16777216, "16777216"},
               {20000000, "2e+07"},
               {123456, "123456"},
               {1e-4F, "0.0001"},
               {1e-5F, "1e-05"},
               {FLT_MAX, "3.4028235e+38"},
               {FLT_TRUE_MIN, "1e-45"},
               {2097152.25F, "2097152.2"},
               {0x1.5c87fap-84F, "7.0385307e-26"},
               {-INFINITY, "-inf"},
               {NAN, "nan"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ck_assert_str_eq(clf__number_format_f32(cases[i].value).text, cases[i].text);
  }
}

/* The digits of a number's text, without zeros before and after them. */
typedef struct digits {
  char text[32];
  int count;
} digits;

static digits digits_of(const char *text) {
  digits out = {.count = 0};
  int zeros = 0;
  for (; *text != '\0' && *text != 'e'; text++) {
    zeros = *text == '0' ? zeros + 1 : *text == '.' || *text == '-' ? zeros : 0;
    if (*text != '.' && *text != '-' && (out.count > 0 || *text != '0')) {
      out.text[out.count++] = *text;
    }
  }
  out.count -= zeros < out.count ? zeros : out.count;
  out.text[out.count] = '\0';
  return out;
}

/* The reference: the C library's nearest text of so many digits, the first that reads back. */
static void assert_shortest(double value, bool single) {
  char reference[64];
  const clf__number_text_result text =
      single ? clf__number_format_f32((float)value) : clf__number_format(value);
  double back = NAN;
  for (int precision = 0; back != value && precision < DBL_DECIMAL_DIG; precision++) {
    snprintf(reference, sizeof reference, "%.*e", precision, value);
    back = single ? (double)strtof(reference, NULL) : strtod(reference, NULL);
  }
  const double own = single ? (double)strtof(text.text, NULL) : strtod(text.text, NULL);
  double read = NAN;
  clf__parse_f64(text.text, &read);
  read = single ? (double)(float)read : read;
  if (own != value || read != value ||
      strcmp(digits_of(text.text).text, digits_of(reference).text) != 0) {
    ck_abort_msg("%a (%s): '%s', not '%s'", value, single ? "f32" : "f64", text.text, reference);
  }
}

static void assert_shortest_about(double value) {
  const float single = (float)value;
  assert_shortest(value, false);
  assert_shortest(nextafter(value, 0), false);
  assert_shortest(nextafter(value, INFINITY), false);
  if (isfinite(single) && single > 0) {
    assert_shortest((double)single, true);
    assert_shortest((double)nextafterf(single, 0), true);
  }
}

/* The way without integers of 128 bits, by which other targets write and draw the same numbers. */
TEST(wide_products__by_halves_are_the_same) {
  static const uint64_t ends[] = {0, 1, UINT32_MAX, UINT64_C(1) << 32, INT64_MAX, UINT64_MAX};
  enum { ENDS = sizeof ends / sizeof ends[0] };
  clf__random random = clf__random_seed(3, 0);
  for (int i = 0; i < 1000; i++) {
    const uint64_t drawn = clf__random_next(&random), shift = drawn % 64;
    const uint64_t a = i < ENDS * ENDS ? ends[i / ENDS] : clf__random_next(&random) >> shift;
    const uint64_t b = i < ENDS * ENDS ? ends[i % ENDS] : drawn;
    uint64_t low, halves_low;
    ck_assert_uint_eq(clf__multiply_halves(a, b, &halves_low), clf__multiply_wide(a, b, &low));
    ck_assert_uint_eq(halves_low, low);
  }
  uint64_t low;
  ck_assert_uint_eq(clf__multiply_halves(UINT64_MAX, UINT64_MAX, &low), UINT64_MAX - 1);
  ck_assert_uint_eq(low, 1);
}

/* Below powers of two the distance of neighbors changes; powers of ten and their multiples have few
 * digits. */
TEST(number_text__is_the_shortest_of_all_powers_of_two_and_ten) {
  char text[32];
  for (int exponent = -1073; exponent < 1023; exponent++) {
    assert_shortest_about(ldexp(1, exponent));
    assert_shortest_about(ldexp(0.75, exponent));
  }
  for (int exponent = -322; exponent < 308; exponent++) {
    for (int factor = 1; factor < 10; factor += 2) {
      snprintf(text, sizeof text, "%de%d", factor, exponent);
      assert_shortest_about(strtod(text, NULL));
    }
  }
}

/* Random bits, few digits, integers and quarters, which lie halfway between two texts of 16 digits,
 * and numbers below the normal ones. */
TEST(number_text__is_the_shortest_of_random_numbers) {
  clf__random random = clf__random_seed(2, 0);
  for (int i = 0; i < 8000; i++) {
    const uint64_t bits = clf__random_next(&random);
    const uint64_t below = (bits >> 12) >> (bits % 50);
    const uint32_t half = (uint32_t)bits, half_below = (half >> 9) >> (bits % 20);
    double values[6] = {(double)(bits >> 40) / 1e5, (double)(bits >> bits % 64),
                        (double)(bits >> 12) / 4, ldexp((double)bits, -(int)(bits % 128))};
    float singles[2];
    memcpy(&values[4], &bits, sizeof bits);
    memcpy(&values[5], &below, sizeof below);
    memcpy(&singles[0], &half, sizeof half);
    memcpy(&singles[1], &half_below, sizeof half_below);
    for (int k = 0; k < 6; k++) {
      if (isfinite(values[k])) {
        assert_shortest(values[k], false);
      }
      if (k < 4) {
        assert_shortest((double)(float)values[k], true);
      }
    }
    for (int k = 0; k < 2; k++) {
      if (isfinite(singles[k])) {
        assert_shortest((double)singles[k], true);
      }
    }
  }
}

/* Any installed locale that writes 0.5 in another way than "C". */
static bool set_foreign_locale(void) {
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8",
                                      "ps_AF.UTF-8", "ps_AF.utf8", "de_DE",       "fa_IR.UTF-8"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (setlocale(LC_ALL, names[i]) != NULL && localeconv()->decimal_point[0] != '.') {
      return true;
    }
  }
  setlocale(LC_ALL, "C");
  return false;
}

TEST(locale__changes_nothing) {
  if (!set_foreign_locale()) {
    return;
  }
  double value;
  ck_assert_str_eq(clf__number_text(-1234.5e-20), "-1.2345e-17");
  ck_assert(clf__parse_f64("1.25", &value) && value == 1.25);
  ck_assert(clf__parse_f64("1.25e-300", &value) && value == 1.25e-300);
  ck_assert(!clf__parse_f64("1,25", &value));
}

TEST(word_index__finds_whole_words) {
  ck_assert_int_eq(clf__word_index("auto|rbf|linear", "auto", 4), 0);
  ck_assert_int_eq(clf__word_index("auto|rbf|linear", "linear", 6), 2);
  ck_assert_int_eq(clf__word_index("auto|rbf|linear", "rbfx", 3), 1);
  ck_assert_int_eq(clf__word_index("auto|rbf|linear", "rb", 2), -1);
  ck_assert_int_eq(clf__word_index("auto|rbf|linear", "lin", 3), -1);
  ck_assert_int_eq(clf__word_index("auto|rbf|linear", "auto|rbf", 8), -1);
  ck_assert_int_eq(clf__word_index("auto", "", 0), -1);
}

TEST(word_at__is_the_inverse_of_word_index) {
  static const char words[] = "auto|rbf|linear";
  size_t length;
  for (int32_t index = 0; index < 3; index++) {
    const char *word = clf__word_at(words, index, &length);
    ck_assert_int_eq(clf__word_index(words, word, length), index);
  }
}

TEST(nearest__suggests_what_was_meant) {
  static const char *const names[] = {"gamma", "C", "kernel", "class_weight", "tolerance"};
  ck_assert_str_eq(clf__nearest("gama", names, 5), "gamma");
  ck_assert_str_eq(clf__nearest("gmama", names, 5), "gamma");
  ck_assert_str_eq(clf__nearest("Kernel", names, 5), "kernel");
  ck_assert_str_eq(clf__nearest("classweight", names, 5), "class_weight");
  ck_assert_str_eq(clf__nearest("tolerence", names, 5), "tolerance");
  ck_assert_str_eq(clf__nearest("tol_rence", names, 5), "tolerance");
  ck_assert_ptr_null(clf__nearest("alpha", names, 5));
  ck_assert_ptr_null(clf__nearest("", names, 5));
  ck_assert_ptr_null(clf__nearest("gamma", names, 0));
  char lengthy[200];
  memset(lengthy, 'g', sizeof lengthy - 1);
  lengthy[sizeof lengthy - 1] = '\0';
  ck_assert_ptr_null(clf__nearest(lengthy, names, 5));
}

TEST(text__grows_as_it_is_appended_to) {
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  clf__text text = {.context = context};
  for (int i = 0; i < 1000; i++) {
    clf__text_append(&text, "%d %s;", i, "abc");
  }
  ck_assert(!text.failed);
  ck_assert_uint_eq(text.length, strlen(text.bytes));
  ck_assert_uint_eq(text.length, 10 + 180 + 2700 + 5 * 1000);
  ck_assert_str_eq(text.bytes + text.length - 8, "999 abc;");
  clf__text_free(&text);
  ck_assert_ptr_null(text.bytes);
  clf_context_free(context);
}

TEST(text__remembers_that_memory_ran_out) {
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "memory_limit=20000 threads=1"));
  clf__text text = {.context = context};
  for (int i = 0; i < 1000; i++) {
    clf__text_append(&text, "%0100d", i);
  }
  ck_assert(text.failed);
  clf__text_free(&text);
  clf_context_free(context);
}

TEST(text_copy__keeps_the_convention) {
  const clf__text abc = {.bytes = "abc", .length = 3}, empty = {.bytes = NULL};
  const clf__text failed = {.failed = true};
  char buffer[4] = "???";
  size_t needed = 99;
  ck_clf_ok(clf__text_copy(&abc, NULL, 0, &needed));
  ck_assert_uint_eq(needed, 4);
  needed = 99;
  ck_clf_fails(clf__text_copy(&abc, buffer, 3, &needed), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf__text_copy(&abc, NULL, 4, &needed), CLF_ERROR_ARGUMENT);
  ck_assert_uint_eq(needed, 99);
  ck_assert_str_eq(buffer, "???");
  ck_clf_ok(clf__text_copy(&abc, buffer, 4, NULL));
  ck_assert_str_eq(buffer, "abc");
  ck_clf_fails(clf__text_copy(&failed, buffer, 4, NULL), CLF_ERROR_MEMORY);
  ck_clf_ok(clf__text_copy(&empty, buffer, 4, &needed));
  ck_assert_str_eq(buffer, "");
  ck_assert_uint_eq(needed, 1);
}

/* The table of well-formed bytes of the Unicode standard, 3.9: at its borders. */
TEST(utf8__is_told_from_other_bytes) {
  static const struct {
    const char *bytes;
    size_t length;
  } cases[] = {
      {"a", 1},
      {"\xC2\x80", 2},
      {"\xC1\xBF", 0},
      {"\x80", 0},
      {"\xC3", 0},
      {"\xE0\xA0\x80", 3},
      {"\xE0\x9F\xBF", 0},
      {"\xED\x9F\xBF", 3},
      {"\xED\xA0\x80", 0},
      {"\xEF\xBF\xBF", 3},
      {"\xF0\x90\x80\x80", 4},
      {"\xF0\x8F\xBF\xBF", 0},
      {"\xF4\x8F\xBF\xBF", 4},
      {"\xF4\x90\x80\x80", 0},
      {"\xF5\x80\x80\x80", 0},
      {"\xE2\x82\x28", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const size_t all = strlen(cases[i].bytes);
    ck_assert_uint_eq(clf__utf8_length(cases[i].bytes, all), cases[i].length);
    ck_assert(all == 1 || clf__utf8_length(cases[i].bytes, all - 1) == 0);
  }
  char text[] = "caf\xE9 \xC3\xA9\xE2\x82";
  clf__utf8_mend(text);
  ck_assert_str_eq(text, "caf? \xC3\xA9??");
}

static char heard[1024];

static void listen(void *user, int32_t level, const char *message) {
  (void)user, (void)level;
  snprintf(heard, sizeof heard, "%s", message);
}

/* Whatever paths and names are, messages about them are UTF-8, also where they are cut off. */
TEST(messages__are_utf8) {
  clf_context *context = NULL;
  clf_dataset *dataset = NULL;
  char path[600];
  ck_clf_fails(clf_dataset_load(&dataset, NULL, "npy", "/nowhere/caf\xE9", NULL), CLF_ERROR_IO);
  ck_clf_says("/nowhere/caf?");
  for (int start = 0; start < 2; start++) {
    memset(path, 'a', sizeof path);
    for (size_t i = (size_t)start; i + 1 < sizeof path; i += 2) {
      memcpy(path + i, "\xC3\xA9", 2);
    }
    path[sizeof path - 1] = '\0';
    ck_clf_fails(clf_dataset_load(&dataset, NULL, "npy", path, NULL), CLF_ERROR_IO);
    for (const char *at = clf_last_error(); *at != '\0';) {
      const size_t length = clf__utf8_length(at, strlen(at));
      ck_assert_uint_gt(length, 0);
      at += length;
    }
  }
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf_context_set_log(context, listen, NULL));
  clf__log(context, CLF_LOG_INFO, "%s", "caf\xE9");
  ck_assert_str_eq(heard, "caf?");
  clf_context_free(context);
}

SUITE("text")
