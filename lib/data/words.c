/* Splitting text into words, in one pass over its bytes. ASCII, the bulk of most texts, is looked
 * up in a table of 256; other characters are decoded and classified (unicode.h).
 *
 * A tag is '<' and a letter, '/', '!' or '?', up to the next '>' with no '<' before it, so that
 * "a < b" and "<3" stay text and the search is linear however many '<' there are. */
#include "data/words.h"

#include <string.h>

#include "data/unicode.h"

/* Entries of the table that are no characters of words; SPECIAL bytes are looked at closely. */
enum { BETWEEN = 0, SPECIAL = 1 };

clf__word_rules clf__word_rules_of(bool lowercase, bool strip_tags) {
  clf__word_rules rules = {.lowercase = lowercase};
  for (int byte = 0; byte < 256; byte++) {
    bool capital = byte >= 'A' && byte <= 'Z';
    bool other = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
    int added = byte >= 0x80 || (byte == '<' && strip_tags) ? SPECIAL : BETWEEN;
    added = capital && lowercase ? byte + ('a' - 'A') : capital || other ? byte : added;
    rules.ascii[byte] = (unsigned char)added;
  }
  return rules;
}

void clf__words_begin(clf__words *words, const clf__word_rules *rules, const char *text,
                      size_t length) {
  words->rules = rules;
  words->at = (const unsigned char *)text;
  words->end = words->at + length;
}

/* Behind the tag that begins at `at`, or behind the '<' when none does. */
static const unsigned char *skip_tag(const unsigned char *at, const unsigned char *end) {
  const unsigned char *next = at + 1;
  if (next == end || *next == '\0' ||
      strchr("/!?abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", *next) == NULL) {
    return next;
  }
  for (const unsigned char *stop = next; stop < end && *stop != '<'; stop++) {
    if (*stop == '>') {
      return stop + 1;
    }
  }
  return next;
}

static clf__char_class class_at(const unsigned char *at, const unsigned char *end) {
  bool valid;
  uint32_t character = clf__utf8_next(&at, end, &valid);
  return valid ? clf__char_class_of(character) : CLF__CHAR_OTHER;
}

static bool is_of_word(const clf__words *words, const unsigned char *at) {
  return at < words->end && (*at < 0x80 ? words->rules->ascii[*at] > SPECIAL
                                        : class_at(at, words->end) == CLF__CHAR_WORD);
}

static void add(clf__words *words, const unsigned char *bytes, size_t count) {
  words->full = words->full || words->length + count > CLF__LONGEST_WORD;
  if (!words->full) {
    memcpy(words->word + words->length, bytes, count);
    words->length += count;
  }
}

/* Adds the character at words->at to the word; an ASCII one only where the word is full. */
static void add_character(clf__words *words) {
  unsigned char bytes[CLF__LONGEST_CHARACTER];
  bool valid;
  uint32_t character = clf__utf8_next(&words->at, words->end, &valid);
  character = words->rules->lowercase && character >= 0x80 ? clf__char_lower(character) : character;
  add(words, bytes, clf__utf8_put(bytes, character));
}

/* Bytes of the apostrophe at `at`, U+0027 or U+2019; 0 when there is none. */
static size_t apostrophe_at(const unsigned char *at, const unsigned char *end) {
  if (*at == '\'') {
    return 1;
  }
  return end - at >= 3 && memcmp(at, "\xE2\x80\x99", 3) == 0 ? 3 : 0;
}

/* Goes to the next character of a word; its class is CLF__CHAR_OTHER at the end of the text. */
static clf__char_class find_word(clf__words *words) {
  const unsigned char *at = words->at, *end = words->end;
  const unsigned char *ascii = words->rules->ascii;
  clf__char_class found = CLF__CHAR_OTHER;
  while (at < end && found == CLF__CHAR_OTHER) {
    if (ascii[*at] == BETWEEN) {
      at++;
    } else if (ascii[*at] > SPECIAL) {
      found = CLF__CHAR_WORD;
    } else if (*at == '<') {
      at = skip_tag(at, end);
    } else if ((found = class_at(at, end)) == CLF__CHAR_OTHER) {
      bool valid;
      clf__utf8_next(&at, end, &valid);
    }
  }
  words->at = at;
  return found;
}

/* Adds ASCII characters up to another one, as far as there is room. */
static void add_ascii(clf__words *words) {
  const unsigned char *ascii = words->rules->ascii;
  const unsigned char *at = words->at;
  unsigned char *to = words->word + words->length;
  const ptrdiff_t left = words->end - at;
  const ptrdiff_t room = words->full ? 0 : CLF__LONGEST_WORD - (ptrdiff_t)words->length;
  const unsigned char *stop = at + (left < room ? left : room);
  for (; at < stop && ascii[*at] > SPECIAL; at++) {
    *to++ = ascii[*at];
  }
  words->at = at;
  words->length = (size_t)(to - words->word);
}

/* The run of characters at words->at. */
static void read_run(clf__words *words) {
  for (;;) {
    add_ascii(words);
    const unsigned char *at = words->at;
    size_t apostrophe;
    if (at == words->end) {
      return;
    }
    if (is_of_word(words, at)) {
      add_character(words);
    } else if ((apostrophe = apostrophe_at(at, words->end)) > 0 &&
               is_of_word(words, at + apostrophe)) {
      add(words, (const unsigned char *)"'", 1);
      words->at += apostrophe;
    } else {
      return;
    }
  }
}

bool clf__words_next(clf__words *words) {
  clf__char_class found = find_word(words);
  if (found == CLF__CHAR_OTHER) {
    return false;
  }
  words->from = words->at;
  words->length = 0;
  words->full = false;
  if (found == CLF__CHAR_IDEOGRAPH) {
    add_character(words);
  } else {
    read_run(words);
  }
  words->to = words->at;
  return true;
}
