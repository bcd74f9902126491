/* A row of the command line. */
#ifndef CLASSIFY_ROW_WORDS_H
#define CLASSIFY_ROW_WORDS_H

#include <stddef.h>

/* Makes a CSV text of words NAME=VALUE: a header, and one row of quoted fields; to be freed. NULL
 * without memory, or where a word is not of this form, which *wrong then is. */
char *row_of_words(const char *const *words, size_t count, const char **wrong);

#endif
