/* Texts from outside as UTF-8. */
#ifndef CLF_BASE_UTF8_TEXT_H
#define CLF_BASE_UTF8_TEXT_H

#include "base/text.h"

/* Appends bytes as valid UTF-8, and returns how often U+FFFD replaced invalid bytes. */
int64_t clf__utf8_append(clf__text *text, const unsigned char *bytes, size_t size);

/* Returns CLF_ERROR_DATA if a text is not UTF-8; the message states the first wrong byte. `advice`
 * says what to do about it; NULL suggests converting the text. */
clf_status clf__utf8_check(const char *text, size_t length, const char *advice);
/* Checks names [count], which end with a NUL. Returns CLF_ERROR_ARGUMENT if one is NULL. The
 * message states its index; `what` is "labels: the name of row", say. */
clf_status clf__utf8_check_names(const char *const *names, int64_t count, const char *what);

#endif
