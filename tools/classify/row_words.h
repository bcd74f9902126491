/* A row of the command line. */
#ifndef CLASSIFY_ROW_WORDS_H
#define CLASSIFY_ROW_WORDS_H

#include "service.h"

typedef struct row_words {
  const char *const *words; /* [count] NAME=VALUE */
  size_t count;
  const service *service; /* of a model whose features have names */
  int64_t *features;      /* [count] which feature each word is of, or -1 */
  char *lines;            /* the words of features as a text of the format "fields" */
} row_words;

/* Takes words, which live as long, as a row. Returns -1 to go on, or the status to exit with after
 * a message: where a word is no NAME=VALUE, or not each feature is the name of one word. Notes the
 * words that are left out. Close it in both cases. */
int row_open(row_words *out, const service *s, const char *const *words, size_t count);
void row_close(row_words *self);

/* Reads the row as the model's training data were. */
clf_status row_read(clf_dataset **out, const row_words *self);

/* Says which word the reader refuses, where `rows` is NULL, or else the model, and why. Returns the
 * status to exit with. */
int row_fail(const row_words *self, const clf_dataset *rows, clf_status status);

#endif
