/* Text to characters and words, and the table that numbers these. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "base/utf8_text.h"
#include "support.h"
#include "text/intern.h"
#include "text/unicode.h"
#include "text/words.h"

static const clf__word_options defaults = {
    .version = CLF__WORD_VERSION, .lowercase = true, .strip_tags = true};

/* The words of a text, separated by '|'. */
static const char *split_by(const clf__word_options *options, const char *bytes, size_t size) {
  static char out[4096];
  clf__word_rules rules = clf__word_rules_of(options);
  clf__words words;
  size_t length = 0;
  clf__words_begin(&words, &rules, bytes, size);
  while (clf__words_next(&words)) {
    ck_assert(words.from < words.to);
    ck_assert(words.length > 0 && words.length <= CLF__MAX_WORD_BYTES);
    length += (size_t)snprintf(out + length, sizeof out - length, "%s%.*s", length > 0 ? "|" : "",
                               (int)words.length, (const char *)words.word);
  }
  out[length] = '\0';
  return out;
}

static const char *split_bytes(const char *bytes, size_t size, bool lowercase, bool strip_tags) {
  clf__word_options options = defaults;
  options.lowercase = lowercase;
  options.strip_tags = strip_tags;
  return split_by(&options, bytes, size);
}

static const char *split(const char *text) {
  return split_by(&defaults, text, strlen(text));
}

TEST(words__are_runs_of_letters_and_digits) {
  ck_assert_str_eq(split("The movie, in 1994-95: great!"), "the|movie|in|1994|95|great");
  ck_assert_str_eq(split("snake_case a.b/c @home 3rd"), "snake|case|a|b|c|home|3rd");
  ck_assert_str_eq(split(""), "");
  ck_assert_str_eq(split(" \t\n.,;-"), "");
  ck_assert_str_eq(split("x"), "x");
}

TEST(words__have_apostrophes_inside_only) {
  ck_assert_str_eq(split("don't 'tis the dogs' rock'n'roll o''clock"),
                   "don't|tis|the|dogs|rock'n'roll|o|clock");
  ck_assert_str_eq(split("don\xE2\x80\x99t l\xE2\x80\x99\xC3\xA9t\xC3\xA9 \xE2\x80\x99x"),
                   "don't|l'\xC3\xA9t\xC3\xA9|x");
  ck_assert_str_eq(split("it'"), "it");
  ck_assert_str_eq(split("it\xE2\x80\x99"), "it");
}

/* By options other than the defaults. */
#define SPLIT_WITH(text, ...)                                                                      \
  split_by(&(clf__word_options){.version = CLF__WORD_VERSION, .lowercase = true, __VA_ARGS__},     \
           text, strlen(text))

TEST(words__of_other_scripts) {
  /* Cyrillic, Greek with both sigmas */
  ck_assert_str_eq(split(u8"МИР"), u8"мир");
  ck_assert_str_eq(split(u8"ΣΟΣ σος"), u8"σοσ|σοσ");
  /* Hindi and Telugu, where marks are inside of words; a word of one letter */
  ck_assert_str_eq(split(u8"आधुनिक मानक हिन्दी य"), u8"आधुनिक|मानक|हिन्दी|य");
  ck_assert_str_eq(split(u8"ప్రధానమంత్రిని కలుసుకున్నారు"), u8"ప్రధానమంత్రిని|కలుసుకున్నారు");
  /* Katakana and Hangul are runs */
  ck_assert_str_eq(split(u8"カタカナ 한국어"), u8"カタカナ|한국어");
  /* typographic quotes are between words */
  ck_assert_str_eq(split(u8"“a”b"), "a|b");
  /* the letter that grows by a byte in lower case */
  ck_assert_str_eq(split(u8"Ⱥ"), u8"ⱥ");
}

TEST(words__of_scripts_without_blanks_are_characters) {
  ck_assert_str_eq(split(u8"漢字abc"), u8"漢|字|abc");
  ck_assert_str_eq(split(u8"あい"), u8"あ|い");
  /* Thai, Lao, Khmer, Burmese: a letter with its marks; digits are runs */
  ck_assert_str_eq(split(u8"ที่นี่ ๑๒"), u8"ที่|นี่|๑๒");
  ck_assert_str_eq(split(u8"ພາສາ"), u8"ພ|າ|ສ|າ");
  ck_assert_str_eq(split(u8"មាន"), u8"មា|ន");
  ck_assert_str_eq(split(u8"မြန်မာ"), u8"မြ|န်|မာ");
  /* Hiragana with a voicing mark of its own, Han with a selector */
  ck_assert_str_eq(split(u8"か\u3099漢\uFE00"), u8"が|漢");
  /* what was divided before */
  ck_assert_str_eq(SPLIT_WITH(u8"漢字 ひらがな ภาษา ไทย", .runs = true),
                   u8"漢字|ひらがな|ภาษา|ไทย");
}

TEST(words__fold_as_unicode_says) {
  ck_assert_str_eq(split(u8"Über Straße STRASSE Maſſe ẞ"), u8"über|strasse|strasse|masse|ss");
  ck_assert_str_eq(split(u8"ǅ Ǆ ǆ ﬁn ŉ"), u8"ǆ|ǆ|ǆ|fin|ʼn");
  /* The dot of a capital İ stays; Turkish ı is no i. */
  ck_assert_str_eq(split(u8"İ I\u0307 I ı i"), u8"i\u0307|i\u0307|i|ı|i");
  /* An iota below becomes a letter, from which the accent does not pass. */
  ck_assert_str_eq(split(u8"ᾼ ᾳ ΑΙ \u03B1\u0345\u0301 \u1FB4"), u8"αι|αι|αι|άι|άι");
  ck_assert_str_eq(split_bytes(u8"Aß", 3, false, true), u8"Aß");
}

TEST(words__that_are_canonically_equal_are_one) {
  ck_assert_str_eq(split(u8"\u00E9t\u00E9 e\u0301te\u0301 E\u0301T\u00C9"),
                   u8"\u00E9t\u00E9|\u00E9t\u00E9|\u00E9t\u00E9");
  ck_assert_str_eq(split(u8"\u212B A\u030A \u2126 \u212A"), u8"\u00E5|\u00E5|\u03C9|k");
  ck_assert_str_eq(split(u8"\u1112\u1161\u11AB\uAD6D \uD55C\u1100\u116E\u11A8"),
                   u8"\uD55C\uAD6D|\uD55C\uAD6D");
  /* marks in either order, and one that composes behind another that does not */
  ck_assert_str_eq(split(u8"q\u0323\u0307 q\u0307\u0323"), u8"q\u0323\u0307|q\u0323\u0307");
  ck_assert_str_eq(split(u8"a\u0323\u0302 a\u0302\u0323 \u1EAD"), u8"\u1EAD|\u1EAD|\u1EAD");
  /* excluded from composition */
  ck_assert_str_eq(split(u8"\u0958"), u8"\u0915\u093C");
  ck_assert_str_eq(split_bytes(u8"E\u0301", 3, false, true), u8"\u00C9");
}

TEST(joiners__are_of_words_between_letters) {
  ck_assert_str_eq(split(u8"\u200C \u200D \u200D\u200C. \u0301"), "");
  ck_assert_str_eq(split(u8"a\u200C b\u200D, \u200Dc"), "a|b|c");
  ck_assert_str_eq(split(u8"می\u200Cخواهم"), u8"می\u200Cخواهم");
  ck_assert_str_eq(split(u8"a\u200D'\u200Cb"), u8"a\u200D'\u200Cb");
  ck_assert_str_eq(split(u8"a'\u0323b c'\u0323 \u0323'd"), u8"a'\u0323b|c|d");
  /* behind a virama they belong to the word at its end too */
  ck_assert_str_eq(split(u8"അവന്\u200D x"), u8"അവന്\u200D|x");
  ck_assert_str_eq(split(u8"क्\u200Dष"), u8"क्\u200Dष");
}

TEST(characters_that_are_not_seen__divide_no_words) {
  ck_assert_str_eq(split(u8"co\u00ADope\u00ADrate\u00AD x"), "cooperate|x");
  ck_assert_str_eq(split(u8"\uFEFFa\u2060b \u200Ec\u200F \u202Ad\u202C"), "ab|c|d");
  ck_assert_str_eq(split(u8"a\uFE0Fb"), "ab");
  ck_assert_str_eq(split(u8"a\u200Bb"), "a|b"); /* a blank of no width */
}

TEST(emoji__are_words_when_told) {
  static const char text[] =
      u8"good👍🏽❤️🇩🇪🇫🇷👨‍👩‍👧x🏴\U000E0067\U000E0062\U000E007F "
      u8"©";
  ck_assert_str_eq(split(text), "good|x");
  ck_assert_str_eq(SPLIT_WITH(text, .emoji = true),
                   u8"good|👍🏽|❤|🇩🇪|🇫🇷|👨\u200D👩\u200D👧|x|"
                   u8"🏴\U000E0067\U000E0062\U000E007F|"
                   u8"©");
  ck_assert_str_eq(SPLIT_WITH(u8"❤\uFE0E❤\u200D❤\u200D", .emoji = true), u8"❤|❤\u200D❤");
  ck_assert_str_eq(SPLIT_WITH(u8"🇩\u200D🇫🇷 ☆", .emoji = true), u8"🇩\u200D🇫|🇷");
}

TEST(entities__are_characters_when_told) {
  static const char text[] = "caf&eacute; don&#39;t d&#xE9;j&#XE0; &Eacute;t&eacute; R&D AT&amp;T";
  ck_assert_str_eq(split("&eacute; &#39;a"), "eacute|39|a");
  ck_assert_str_eq(SPLIT_WITH(text, .entities = true), u8"café|don't|déjà|été|r|d|at|t");
  /* a character of Windows-1252, none, and what ends without a semicolon */
  ck_assert_str_eq(SPLIT_WITH("it&#146;s a&#0;b&#xD800;c&#99999999999;d", .entities = true),
                   "it's|a|b|c|d");
  ck_assert_str_eq(SPLIT_WITH("&eacute &nosuchname; &#; &#x; &", .entities = true),
                   "eacute|nosuchname|x");
  /* one that names '<' begins no tag, and one that names '&' no other */
  ck_assert_str_eq(SPLIT_WITH("&lt;b&gt;c &amp;lt;", .entities = true, .strip_tags = true),
                   "b|c|lt");
  ck_assert_str_eq(SPLIT_WITH("a&shy;b a&zwnj;b c&nbsp;d", .entities = true), u8"ab|a\u200Cb|c|d");
  /* first in a word, last in the text, in a word that is normalized */
  ck_assert_str_eq(SPLIT_WITH("&#65;&#x301;", .entities = true), u8"á");
}

TEST(words__keep_their_case_when_told) {
  const char *text =
      "A \xC3\x9C"
      "b";
  ck_assert_str_eq(split_bytes(text, strlen(text), false, true),
                   "A|\xC3\x9C"
                   "b");
}

TEST(tags__are_between_words) {
  ck_assert_str_eq(split("a<br />b<br/><BR>c</p>d<!-- e > f -->g<?php h?>i<!DOCTYPE html>j"),
                   "a|b|c|d|g|i|j");
  ck_assert_str_eq(split("<a href=\"x>y\" title='it' target=_blank>link</a >x<input disabled/>y"),
                   "link|x|y");
  ck_assert_str_eq(split("<p\n class = c data-x>a<td width=100% nowrap>b<img src='u'alt=''/>c"),
                   "a|b|c");
  ck_assert_str_eq(split("<script>if (a<b) c()</script>d<STYLE type=x>e{}</Style>f"), "d|f");
  ck_assert_str_eq(split("a<script>b"), "a|b"); /* never closed */
  const char *text = "a<br>b";
  ck_assert_str_eq(split_bytes(text, strlen(text), true, false), "a|br|b");
}

TEST(text_like_a_tag__keeps_its_words) {
  ck_assert_str_eq(split("x<y and then z>w"), "x|y|and|then|z|w");
  ck_assert_str_eq(split("if a<b and c>d then <b & c>"), "if|a|b|and|c|d|then|b|c");
  ck_assert_str_eq(split("a < b > c <3 d </3 e <- f <> g"), "a|b|c|3|d|3|e|f|g");
  ck_assert_str_eq(split("<unk> <user> List<String> <me@x.org>"), "unk|user|list|string|me|x|org");
  ck_assert_str_eq(split("a <b c"), "a|b|c");
  ck_assert_str_eq(split("a <b <i>c</i>"), "a|b|c");
  ck_assert_str_eq(split("a<"), "a");
  ck_assert_str_eq(split("a <!-- b"), "a|b"); /* no end */
  ck_assert_str_eq(split("<p class=> <a x=\"b"), "p|class|a|x|b");
}

/* Text that begins as many tags as it can, with none of them complete, is read in linear time. */
TEST_LOOP(tags_without_end__are_read_once, 0, 10) {
  static const char *const parts[] = {"<a b=\"",   "<!--",       "<a b='<a c=\"",      "<script>",
                                      "<a defer ", "<",          "<a b=\"<a c='<a d=", "<!a",
                                      "<style></", "<a b=\"x\" "};
  enum { BYTES = 4 << 20 };
  char *text = malloc(BYTES);
  const size_t length = strlen(parts[_i]);
  for (size_t i = 0; i < BYTES; i++) {
    text[i] = parts[_i][i % length];
  }
  clf__word_rules rules = clf__word_rules_of(&defaults);
  clf__words words;
  clf__words_begin(&words, &rules, text, BYTES);
  while (clf__words_next(&words)) {
  }
  free(text);
}

TEST(first_rules__are_as_they_were) {
  static const char text[] = u8"x<y and z>w e\u0301 \u200D İ ß ไทย ﬁ co\u00ADop か\u3099";
  const clf__word_options first = {.version = 1, .lowercase = true, .strip_tags = true};
  ck_assert_str_eq(split_by(&first, text, sizeof text - 1),
                   u8"x|w|e\u0301|\u200D|i|ß|ไทย|ﬁ|co|op|か|\u3099");
}

TEST(words__are_where_they_say) {
  const char *text =
      " \xC3\x9C"
      "b, don't";
  clf__word_rules rules = clf__word_rules_of(&defaults);
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

/* Positions are those in the text, whatever the length of the normalized word. */
TEST(words__that_change_their_length_are_where_they_say) {
  static const char text[] = u8" e\u0301\u00ADt&eacute; か\u3099 ﬁn ";
  const clf__word_options options = {
      .version = CLF__WORD_VERSION, .lowercase = true, .entities = true};
  static const struct {
    const char *word;
    int from, to;
  } expected[] = {{u8"été", 1, 15}, {u8"が", 16, 22}, {"fin", 23, 27}};
  clf__word_rules rules = clf__word_rules_of(&options);
  clf__words words;
  clf__words_begin(&words, &rules, text, sizeof text - 1);
  for (int i = 0; i < 3; i++) {
    ck_assert(clf__words_next(&words));
    ck_assert_uint_eq(words.length, strlen(expected[i].word));
    ck_assert_mem_eq(words.word, expected[i].word, words.length);
    ck_assert_int_eq(words.from - (const unsigned char *)text, expected[i].from);
    ck_assert_int_eq(words.to - (const unsigned char *)text, expected[i].to);
  }
  ck_assert(!clf__words_next(&words));
}

/* Of a run that is too long the first whole characters count, and it stays one word. */
TEST(words__of_any_length_end) {
  enum { LETTERS = 1000 };
  char text[2 * LETTERS + 3];
  memset(text, 'A', LETTERS);
  memcpy(text + LETTERS, " b", 3);
  const char *found = split(text);
  ck_assert_uint_eq(strlen(found), CLF__MAX_WORD_BYTES + 2);
  ck_assert_str_eq(found + CLF__MAX_WORD_BYTES, "|b");
  for (int i = 0; i < LETTERS; i++) {
    memcpy(text + 2 * i, "\xC3\xA4", 2);
  }
  memcpy(text + 2 * LETTERS, " b", 3);
  found = split(text);
  ck_assert_uint_eq(strlen(found), CLF__MAX_WORD_BYTES - 1 + 2);
  /* marks without end on one letter, in either order */
  char *other = text + LETTERS;
  for (int i = 0; i + 4 <= LETTERS; i += 4) {
    memcpy(text + i, "\xCC\x81\xCC\xA3", 4);
    memcpy(other + i, "\xCC\xA3\xCC\x81", 4);
  }
  text[0] = other[0] = 'a';
  text[1] = other[1] = 'b';
  char one[CLF__MAX_WORD_BYTES + 1];
  snprintf(one, sizeof one, "%s", split_bytes(text, LETTERS, true, true));
  ck_assert_str_eq(one, split_bytes(other, LETTERS, true, true));
}

TEST(bytes_that_are_no_utf8__are_between_words) {
  static const char text[] =
      "a\xFF"
      "b\xC3"
      "c\x80"
      "d\xED\xA0\x80"
      "e\0f";
  ck_assert_str_eq(split_bytes(text, sizeof text - 1, true, true), "a|b|c|d|e|f");
  ck_assert_str_eq(split_bytes("a\xE2\x80", 3, true, true), "a");
}

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

TEST_LOOP(bytes_that_are_no_utf8__are_replaced_and_counted, 0, sizeof damaged / sizeof damaged[0]) {
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

/* For every character: decoding its UTF-8 gives it back, and its case folding is not changed by
 * another folding. */
TEST(characters__survive_encoding) {
  int64_t wrong = 0;
  for (uint32_t character = 0; character < 0x110000; character++) {
    unsigned char bytes[CLF__MAX_UTF8_BYTES];
    const unsigned char *at = bytes;
    bool valid;
    if (character >= 0xD800 && character < 0xE000) {
      continue;
    }
    size_t size = clf__utf8_write(bytes, character);
    wrong += clf__utf8_next(&at, bytes + size, &valid) != character;
    wrong += !valid || at != bytes + size;
    uint32_t lower = character < 0x80 ? character : clf__char_lower(character);
    wrong += (lower < 0x80 ? lower : clf__char_lower(lower)) != lower;
  }
  ck_assert_int_eq(wrong, 0);
}

TEST(interned__strings_keep_their_numbers) {
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

/* The slots of similar strings are spread for every key, so that no part of the table fills up. */
TEST(hashes__spread) {
  enum { STRINGS = 1 << 14, PLACES = 1 << 14 };
  uint64_t state = 1;
  for (int round = 0; round < 20; round++) {
    const clf__hash_key key = {1 + (uint64_t)(random_unit(&state) * 0x1p60)};
    static int hits[PLACES];
    int most = 0;
    memset(hits, 0, sizeof hits);
    for (int32_t i = 0; i < STRINGS; i++) {
      unsigned char string[24] = "word";
      memcpy(string + 4, &i, sizeof i);
      const uint64_t hash = clf__hash_bytes(key, string, 8);
      int *place = &hits[round % 2 == 0 ? hash % PLACES : hash >> 47]; /* 2^14 of its 61 bits */
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

SUITE("words")
