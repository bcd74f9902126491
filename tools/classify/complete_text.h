/* What complete.c and complete_text.c share: the word that is completed, and the candidates. */
#ifndef CLASSIFY_COMPLETE_TEXT_H
#define CLASSIFY_COMPLETE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The word that is completed: its first `done` bytes stay, and what a candidate has to begin with
 * are the others. */
typedef struct typed_word {
  const char *text;
  size_t done;
} typed_word;

/* The candidates so far, which are printed behind the line that is about all of them. */
typedef struct completions {
  FILE *out;
  char *text; /* what was written to it */
  size_t size;
  bool files, open;
} completions;

/* Offers a candidate of two parts, such as a parameter's name with "=" and its value. */
void offer(completions *c, const typed_word *word, const char *first, const char *second,
           const char *help);
/* Offers the words of "a|b|c", behind `first`. */
void offer_words(completions *c, const typed_word *word, const char *first, const char *words,
                 const char *help);

/* Completes a kind of an area and its parameters, "svm C=5 ker"; where an area has one kind of its
 * own name, parameters alone. */
void complete_kind(completions *c, const char *area, const typed_word *word);
/* Completes a grid of values, "C=0.1|1|10 gamma=", of the parameters of a kind; their names begin
 * with `prefix`. `kind` is a text that begins with its name. */
void complete_grid(completions *c, const char *area, const char *kind, const char *prefix,
                   const typed_word *word);

#endif
