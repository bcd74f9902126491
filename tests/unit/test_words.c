/* Text to characters and words, and the table that numbers these. */
#include <stdio.h>
#include <string.h>

#include "data/intern.h"
#include "data/unicode.h"
#include "data/words.h"
#include "support.h"

/* Words with '|' between. */
static const char *split_bytes(const char *bytes, size_t size, bool lowercase, bool strip_tags) {
  static char out[4096];
  clf__word_rules rules = clf__word_rules_of(lowercase, strip_tags);
  clf__words words;
  size_t length = 0;
  clf__words_begin(&words, &rules, bytes, size);
  while (clf__words_next(&words)) {
    ck_assert(words.from < words.to);
    ck_assert(words.length > 0 && words.length <= CLF__LONGEST_WORD);
    length += (size_t)snprintf(out + length, sizeof out - length, "%s%.*s", length > 0 ? "|" : "",
                               (int)words.length, (const char *)words.word);
  }
  out[length] = '\0';
  return out;
}

static const char *split(const char *text) {
  return split_bytes(text, strlen(text), true, true);
}

START_TEST(words__are_runs_of_letters_and_digits) {
  ck_assert_str_eq(split("The movie, in 1994-95: great!"), "the|movie|in|1994|95|great");
  ck_assert_str_eq(split("snake_case a.b/c @home 3rd"), "snake|case|a|b|c|home|3rd");
  ck_assert_str_eq(split(""), "");
  ck_assert_str_eq(split(" \t\n.,;-"), "");
  ck_assert_str_eq(split("x"), "x");
}
END_TEST

START_TEST(words__have_apostrophes_inside_only) {
  ck_assert_str_eq(split("don't 'tis the dogs' rock'n'roll o''clock"),
                   "don't|tis|the|dogs|rock'n'roll|o|clock");
  ck_assert_str_eq(split("don\xE2\x80\x99t l\xE2\x80\x99\xC3\xA9t\xC3\xA9 \xE2\x80\x99x"),
                   "don't|l'\xC3\xA9t\xC3\xA9|x");
  ck_assert_str_eq(split("it'"), "it");
  ck_assert_str_eq(split("it\xE2\x80\x99"), "it");
}
END_TEST

START_TEST(words__of_other_scripts) {
  ck_assert_str_eq(split("\xC3\x9C"
                         "ber stra\xC3\x9F"
                         "e"),
                   "\xC3\xBC"
                   "ber|stra\xC3\x9F"
                   "e");
  /* Cyrillic, Greek with both sigmas, a letter with a combining mark */
  ck_assert_str_eq(split("\xD0\x9C\xD0\x98\xD0\xA0"), "\xD0\xBC\xD0\xB8\xD1\x80");
  ck_assert_str_eq(split("\xCE\xA3\xCE\x9F\xCE\xA3 \xCF\x83\xCE\xBF\xCF\x82"),
                   "\xCF\x83\xCE\xBF\xCF\x83|\xCF\x83\xCE\xBF\xCF\x83");
  ck_assert_str_eq(split("e\xCC\x81t"), "e\xCC\x81t");
  /* Han and Hiragana one by one, Katakana and Hangul as runs */
  ck_assert_str_eq(split("\xE6\xBC\xA2\xE5\xAD\x97"
                         "abc"),
                   "\xE6\xBC\xA2|\xE5\xAD\x97|abc");
  ck_assert_str_eq(split("\xE3\x81\x82\xE3\x81\x84"), "\xE3\x81\x82|\xE3\x81\x84");
  ck_assert_str_eq(split("\xED\x95\x9C\xEA\xB5\xAD"), "\xED\x95\x9C\xEA\xB5\xAD");
  /* typographic quotes, an emoji and its variation selector are between words */
  ck_assert_str_eq(split("\xE2\x80\x9C"
                         "a\xE2\x80\x9D\xE2\x9D\xA4\xEF\xB8\x8F"
                         "b"),
                   "a|b");
  /* the letter that grows by a byte in lower case */
  ck_assert_str_eq(split("\xC8\xBA"), "\xE2\xB1\xA5");
}
END_TEST

START_TEST(words__keep_their_case_when_told) {
  const char *text =
      "A \xC3\x9C"
      "b";
  ck_assert_str_eq(split_bytes(text, strlen(text), false, true),
                   "A|\xC3\x9C"
                   "b");
}
END_TEST

START_TEST(tags__are_between_words) {
  ck_assert_str_eq(split("a<br />b<br/><br>c</p>d<!-- e -->f<?php g?>h"), "a|b|c|d|f|h");
  ck_assert_str_eq(split("a < b > c <3 d"), "a|b|c|3|d");
  ck_assert_str_eq(split("a <b c"), "a|b|c");        /* never closed */
  ck_assert_str_eq(split("a <b <i>c</i>"), "a|b|c"); /* '<' before '>' */
  ck_assert_str_eq(split("a<"), "a");
  const char *text = "a<br>b";
  ck_assert_str_eq(split_bytes(text, strlen(text), true, false), "a|br|b");
}
END_TEST

START_TEST(words__are_where_they_say) {
  const char *text =
      " \xC3\x9C"
      "b, don't";
  clf__word_rules rules = clf__word_rules_of(true, true);
  clf__words words;
  clf__words_begin(&words, &rules, text, strlen(text));
  ck_assert(clf__words_next(&words));
  ck_assert_int_eq(words.from - (const unsigned char *)text, 1);
  ck_assert_int_eq(words.to - (const unsigned char *)text, 4);
  ck_assert(clf__words_next(&words));
  ck_assert_int_eq(words.from - (const unsigned char *)text, 6);
  ck_assert_int_eq(words.to - (const unsigned char *)text, 11);
  ck_assert(!clf__words_next(&words));
  ck_assert(!clf__words_next(&words));
}
END_TEST

/* Of a run that is too long the first whole characters count, and it stays one word. */
START_TEST(words__of_any_length_end) {
  enum { LETTERS = 1000 };
  char text[2 * LETTERS + 3];
  memset(text, 'A', LETTERS);
  memcpy(text + LETTERS, " b", 3);
  const char *found = split(text);
  ck_assert_uint_eq(strlen(found), CLF__LONGEST_WORD + 2);
  ck_assert_str_eq(found + CLF__LONGEST_WORD, "|b");
  for (int i = 0; i < LETTERS; i++) {
    memcpy(text + 2 * i, "\xC3\xA4", 2);
  }
  memcpy(text + 2 * LETTERS, " b", 3);
  found = split(text);
  ck_assert_uint_eq(strlen(found), CLF__LONGEST_WORD - 1 + 2);
}
END_TEST

START_TEST(bytes_that_are_no_utf8__are_between_words) {
  static const char text[] =
      "a\xFF"
      "b\xC3"
      "c\x80"
      "d\xED\xA0\x80"
      "e\0f";
  ck_assert_str_eq(split_bytes(text, sizeof text - 1, true, true), "a|b|c|d|e|f");
  ck_assert_str_eq(split_bytes("a\xE2\x80", 3, true, true), "a");
}
END_TEST

static const struct {
  const char *bytes, *text;
  int replaced;
} damaged[] = {
    /* as Python's decode("utf-8", "replace") gives them; R stands for U+FFFD */
    {"abc", "abc", 0},
    {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", 0},
    {"a\xFF"
     "b",
     "aRb", 1},
    {"\x80\x80", "RR", 2},
    {"\xC0\xAF", "RR", 2},           /* a long form */
    {"\xED\xA0\x80", "RRR", 3},      /* a surrogate */
    {"\xF4\x90\x80\x80", "RRRR", 4}, /* beyond U+10FFFF */
    {"\xE2\x82", "R", 1},            /* cut off: one beginning */
    {"\xF0\x9F\x98"
     "x\xC3",
     "RxR", 2},
    {"\xE2\x82\xE2\x82\xAC", "R\xE2\x82\xAC", 1},
};

START_TEST(bytes_that_are_no_utf8__are_replaced_and_counted) {
  char expected[64];
  size_t length = 0;
  for (const char *at = damaged[_i].text; *at != '\0'; at++) {
    length += (size_t)snprintf(expected + length, sizeof expected - length, "%s",
                               *at == 'R' ? "\xEF\xBF\xBD" : (char[]){*at, '\0'});
  }
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  clf__text text = {.context = context};
  int64_t replaced =
      clf__utf8_append(&text, (const unsigned char *)damaged[_i].bytes, strlen(damaged[_i].bytes));
  ck_assert_str_eq(text.bytes, expected);
  ck_assert_int_eq(replaced, damaged[_i].replaced);
  clf__text_free(&text);
  clf_context_free(context);
}
END_TEST

/* Of every character: decoding gives it back, and lower case has no lower case of its own. */
START_TEST(characters__survive_encoding) {
  int64_t wrong = 0;
  for (uint32_t character = 0; character < 0x110000; character++) {
    unsigned char bytes[CLF__LONGEST_CHARACTER];
    const unsigned char *at = bytes;
    bool valid;
    if (character >= 0xD800 && character < 0xE000) {
      continue;
    }
    size_t size = clf__utf8_put(bytes, character);
    wrong += clf__utf8_next(&at, bytes + size, &valid) != character;
    wrong += !valid || at != bytes + size;
    uint32_t lower = character < 0x80 ? character : clf__char_lower(character);
    wrong += (lower < 0x80 ? lower : clf__char_lower(lower)) != lower;
  }
  ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(interned__strings_keep_their_numbers) {
  enum { STRINGS = 5000 };
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  clf__intern table = clf__intern_of(context, clf__hash_key_new());
  for (int round = 0; round < 2; round++) {
    for (int32_t i = 0; i < STRINGS; i++) {
      unsigned char string[32] = {0};
      size_t size = (size_t)snprintf((char *)string, sizeof string - 8, "%d", i);
      uint64_t hash = clf__hash_bytes(table.key, string, size);
      ck_assert_int_eq(clf__intern_find(&table, hash, string, size), round == 0 ? -1 : i);
      ck_assert_int_eq(clf__intern_add(&table, hash, string, size), i);
    }
  }
  ck_assert_int_eq(table.count, STRINGS);
  clf__intern_free(&table);
  clf_context_free(context);
}
END_TEST

/* The places of similar strings spread whatever the key: no slot's neighbourhood fills up. */
START_TEST(hashes__spread) {
  enum { STRINGS = 1 << 14, PLACES = 1 << 14 };
  for (int round = 0; round < 20; round++) {
    clf__hash_key key = clf__hash_key_new();
    static int hits[PLACES];
    int most = 0;
    memset(hits, 0, sizeof hits);
    for (int32_t i = 0; i < STRINGS; i++) {
      unsigned char string[24] = "word";
      memcpy(string + 4, &i, sizeof i);
      int *place = &hits[clf__hash_bytes(key, string, 8) % PLACES];
      *place += 1;
      most = *place > most ? *place : most;
    }
    ck_assert_int_lt(most, 20); /* 2^14 balls at random: 7 or 8 */
  }
  unsigned char bytes[16] = {0};
  ck_assert_uint_ne(clf__hash_key_new().multiplier, clf__hash_key_new().multiplier);
  ck_assert_uint_ne(clf__hash_bytes((clf__hash_key){12345}, bytes, 1),
                    clf__hash_bytes((clf__hash_key){12345}, bytes, 2));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("words");
  TCase *tests = tcase_create("words");
  tcase_add_test(tests, words__are_runs_of_letters_and_digits);
  tcase_add_test(tests, words__have_apostrophes_inside_only);
  tcase_add_test(tests, words__of_other_scripts);
  tcase_add_test(tests, words__keep_their_case_when_told);
  tcase_add_test(tests, tags__are_between_words);
  tcase_add_test(tests, words__are_where_they_say);
  tcase_add_test(tests, words__of_any_length_end);
  tcase_add_test(tests, bytes_that_are_no_utf8__are_between_words);
  tcase_add_loop_test(tests, bytes_that_are_no_utf8__are_replaced_and_counted, 0,
                      sizeof damaged / sizeof damaged[0]);
  tcase_add_test(tests, characters__survive_encoding);
  tcase_add_test(tests, interned__strings_keep_their_numbers);
  tcase_add_test(tests, hashes__spread);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
