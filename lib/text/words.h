/* Text as words. A word is a run of letters, marks and digits, with single apostrophes inside
 * ("don't"); characters of scripts without blanks are a word each. Everything else is between
 * words. How text is split belongs to a vocabulary, so its rules have versions, and old ones stay.
 */
#ifndef CLF_TEXT_WORDS_H
#define CLF_TEXT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/unicode.h"

enum {
  CLF__MAX_WORD_BYTES = 255, /* bytes; a longer run counts as the word of its first characters */
  CLF__WORD_SLACK = 8,       /* readable bytes behind, for clf__hash_bytes */
  CLF__WORD_VERSION = 2      /* the newest; 1 is the first */
};

typedef struct clf__word_options {
  int32_t version;
  bool lowercase, strip_tags;
  bool entities; /* references such as &eacute; are the characters that they name */
  bool emoji;    /* emoji are words */
  bool runs;     /* scripts without blanks: words are runs, as in other scripts */
} clf__word_options;

/* How words are split, made once for many texts. */
typedef struct clf__word_rules {
  clf__word_options options;
  unsigned char ascii[256];                 /* what a byte adds to a word, or a mark of words.c */
  unsigned char classes[CLF__CHAR_CLASSES]; /* what the class of a character counts as */
} clf__word_rules;
clf__word_rules clf__word_rules_of(const clf__word_options *options);

typedef struct clf__words {
  const clf__word_rules *rules;
  const unsigned char *at, *end;
  uint32_t unclosed; /* of clf__html_tag() */
  /* The current word, as it is looked up, and where it stands in the text. */
  const unsigned char *from, *to;
  size_t length;
  bool full;     /* what follows of the run is left out */
  bool plain;    /* normalization would change nothing */
  uint32_t last; /* character that was added */
  unsigned char word[CLF__MAX_WORD_BYTES + CLF__WORD_SLACK];
} clf__words;

/* Words of a text, which need not be valid UTF-8: bytes that are not are between words. */
void clf__words_begin(clf__words *words, const clf__word_rules *rules, const char *text,
                      size_t length);
/* Goes on to the next word; false at the end. */
bool clf__words_next(clf__words *words);

#endif
