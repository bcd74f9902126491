/* UTF-8 in and out, and texts from outside as messages show them. */
#ifndef CLF_BASE_UTF8_H
#define CLF_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { CLF__REPLACEMENT = 0xFFFD, CLF__MAX_UTF8_BYTES = 4 };

/* The character at *at, which is before `end`, and moves on. Where the bytes are no UTF-8 it is
 * CLF__REPLACEMENT, `*valid` is false, and the longest beginning of a character is skipped, or one
 * byte: as Python, the web and the Unicode standard (3.9, "best practice") replace them. */
uint32_t clf__utf8_next(const unsigned char **at, const unsigned char *end, bool *valid);
/* Bytes written to `to`, at most CLF__MAX_UTF8_BYTES. */
size_t clf__utf8_write(unsigned char *to, uint32_t character);
/* Appends bytes as valid UTF-8; returns how often U+FFFD took the place of bytes that are none. */
int64_t clf__utf8_append(clf__text *text, const unsigned char *bytes, size_t size);

/* CLF_ERROR_DATA, with the first byte that is no UTF-8 in the message, where a text has one.
 * `advice` says what to do about it; NULL: convert the text. */
clf_status clf__utf8_check(const char *text, size_t length, const char *advice);
/* The same for the names [count] of rows, which end with a NUL; CLF_ERROR_ARGUMENT where one is
 * NULL. The message says which row. */
clf_status clf__utf8_check_names(const char *const *names, int64_t count);

/* The beginning of a text, fit to be shown: no control characters, valid UTF-8. */
typedef struct clf__excerpt {
  char text[48];
} clf__excerpt;
clf__excerpt clf__excerpt_of(const char *begin, const char *end);

#endif
