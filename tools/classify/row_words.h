/* A row of the command line. */
#ifndef CLASSIFY_ROW_WORDS_H
#define CLASSIFY_ROW_WORDS_H

#include "service.h"

typedef struct row_words {
  const char *const *words; /* [count] NAME=VALUE */
  size_t count;
  const clf_model *model; /* whose features have names */
} row_words;

/* The first word that is not of this form, or NULL. */
const char *row_wrong_word(const row_words *row);

/* Whether each feature of the model is the name of one word; says which is not, and which words are
 * left out. */
bool row_has_features(const row_words *row, bool quiet);

/* Makes a text of the format "fields" of the words of features; to be freed. With `only`, one of
 * the words, the other values are empty. NULL without memory. */
char *row_of_words(const row_words *row, const char *only);

/* Reads such a text as the model's training data were. */
clf_status row_read(clf_dataset **out, const service *s, const char *lines);

/* Says which word the reader or the model refuses, and why, after one of them has failed. Returns
 * the status to exit with. */
int row_fail(const row_words *row, const service *s, clf_status status);

#endif
