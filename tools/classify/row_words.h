/* A row of the command line. */
#ifndef CLASSIFY_ROW_WORDS_H
#define CLASSIFY_ROW_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include <classify.h>

/* Makes a CSV text of words NAME=VALUE: a header, and one row of quoted fields; to be freed. NULL
 * without memory, or where a word is not of this form, which *wrong then is. */
char *row_of_words(const char *const *words, size_t count, const char **wrong);

/* Whether each feature of a model is the name of one word; says which is not. */
bool row_has_features(const char *const *words, size_t count, const clf_model *model);

#endif
