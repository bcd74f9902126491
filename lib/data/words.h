/* Text as words. A word is a run of letters, marks and digits, with single apostrophes inside
 * ("don't"); Han and Hiragana characters are a word each. Everything else is between words. */
#ifndef CLF_DATA_WORDS_H
#define CLF_DATA_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  CLF__LONGEST_WORD = 255, /* bytes; a longer run counts as the word of its first characters */
  CLF__WORD_SLACK = 8      /* readable bytes behind, for clf__hash_bytes */
};

/* How words are split, made once for many texts. */
typedef struct clf__word_rules {
  bool lowercase;
  unsigned char ascii[256]; /* what a byte adds to a word, or a mark of words.c */
} clf__word_rules;
clf__word_rules clf__word_rules_of(bool lowercase, bool strip_tags);

typedef struct clf__words {
  const clf__word_rules *rules;
  const unsigned char *at, *end;
  /* The current word, as it is looked up, and where it stands in the text. */
  const unsigned char *from, *to;
  size_t length;
  bool full; /* what follows of the run is left out */
  unsigned char word[CLF__LONGEST_WORD + CLF__WORD_SLACK];
} clf__words;

/* Words of a text, which need not be valid UTF-8: bytes that are not are between words. */
void clf__words_begin(clf__words *words, const clf__word_rules *rules, const char *text,
                      size_t length);
/* Goes on to the next word; false at the end. */
bool clf__words_next(clf__words *words);

#endif
