/* Splitting text into words. A word is a run of letters, marks and digits, with single apostrophes
 * inside ("don't"); in scripts without blanks each character is a word. Everything else separates
 * words. A vocabulary depends on these rules, so they have versions, and old versions remain.
 */
#ifndef CLF_TEXT_WORDS_H
#define CLF_TEXT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/unicode.h"

enum {
  CLF__MAX_WORD_BYTES = 255, /* bytes; a longer run counts as the word of its first characters */
  CLF__WORD_SLACK = 8,       /* readable bytes after it, for clf__hash_bytes */
  CLF__WORD_VERSION = 2      /* the newest version; 1 is the first */
};

typedef struct clf__word_options {
  int32_t version;
  bool lowercase, strip_tags;
  bool entities; /* references such as &eacute; are replaced by their characters */
  bool emoji;    /* emoji are words */
  bool runs;     /* words of scripts without blanks are runs, as in other scripts */
} clf__word_options;

/* The rules of splitting, prepared once for many texts. */
typedef struct clf__word_rules {
  clf__word_options options;
  unsigned char ascii[256];                 /* what a byte adds to a word, or a constant of
                                             * words.c */
  unsigned char classes[CLF__CHAR_CLASSES]; /* the role of each class of characters */
} clf__word_rules;
clf__word_rules clf__word_rules_of(const clf__word_options *options);

typedef struct clf__words {
  const clf__word_rules *rules;
  const unsigned char *at, *end;
  uint32_t unclosed; /* of clf__html_tag() */
  /* The current word, as it is looked up, and its position in the text. */
  const unsigned char *from, *to;
  size_t length;
  bool full;     /* the rest of the run is left out */
  bool plain;    /* normalization would not change it */
  uint32_t last; /* the last character that was added */
  unsigned char word[CLF__MAX_WORD_BYTES + CLF__WORD_SLACK];
} clf__words;

/* The words of a text, which need not be valid UTF-8; invalid bytes separate words. */
void clf__words_begin(clf__words *words, const clf__word_rules *rules, const char *text,
                      size_t length);
/* Advances to the next word; returns false at the end. */
bool clf__words_next(clf__words *words);

#endif
