/* Conversion between numbers and texts that is the same in every locale, and small helpers on
 * strings. */
#ifndef CLF_BASE_TEXT_H
#define CLF_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <classify/status.h>

typedef struct clf__number_text_result {
  char text[32];
} clf__number_text_result;

/* Returns the shortest decimal text that reads back as the same double; "inf", "-inf", "nan". */
clf__number_text_result clf__number_format(double value);
#define clf__number_text(value) (clf__number_format(value).text)
/* Returns the shortest text that reads back as the same float. */
clf__number_text_result clf__number_format_f32(float value);

/* Reads a number at `begin`, never past `end`. Returns the first byte after it, or NULL if there is
 * none. It accepts decimal numbers, exponents, "inf", "infinity" and "nan" (in any case), each with
 * a sign, but not hexadecimal numbers. The result is correctly rounded; beyond the range of double
 * it is infinity or 0. */
const char *clf__read_f64(const char *begin, const char *end, double *out);
/* Reads an integer in the same way; also returns NULL if the value does not fit. */
const char *clf__read_i64(const char *begin, const char *end, int64_t *out);

/* Reads a number that must be the whole NUL-terminated text. */
bool clf__parse_f64(const char *text, double *out);
bool clf__parse_i64(const char *text, int64_t *out);

/* Returns the index of `word`, of `length` bytes, among "a|b|c", or -1. */
int32_t clf__word_index(const char *words, const char *word, size_t length);
/* Returns the word of that index among "a|b|c"; it ends after `length` bytes. */
const char *clf__word_at(const char *words, int32_t index, size_t *length);

/* Returns the candidate nearest to `name` by edit distance if it is near enough to suggest,
 * otherwise NULL. */
const char *clf__nearest(const char *name, const char *const *candidates, int64_t count);

/* Returns CLF_ERROR_ARGUMENT for an unknown name: "there is no <what> '<name>'", with the nearest
 * name as a suggestion, or with all of them. */
clf_status clf__fail_name(const char *what, const char *name, const char *const *names,
                          int64_t count);

/* A text that grows. `failed` is set if memory runs out; text that is appended later is ignored. A
 * text without a context does not grow: `length` counts on when the caller's bytes are full. */
struct clf_context;
typedef struct clf__text {
  struct clf_context *context;
  char *bytes; /* NUL-terminated as soon as something was appended */
  size_t length;
  size_t capacity;
  bool failed;
} clf__text;

void clf__text_append(clf__text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void clf__text_append_bytes(clf__text *text, const char *bytes, size_t count);
/* The same as clf__number_format(), or clf__number_format_f32() if `single` is set. */
void clf__text_append_number(clf__text *text, double value, bool single);
/* Reserves space for `more` bytes and the NUL; returns false if memory runs out. */
bool clf__text_reserve(clf__text *text, size_t more);
void clf__text_free(clf__text *text);

/* CLF_ERROR_ARGUMENT for a NULL buffer with a capacity, and for a buffer that is too small for what
 * is needed. */
clf_status clf__check_buffer(const void *buffer, size_t capacity, size_t needed);

/* Copies the text to a caller's buffer by the convention of clf_model_get_text(). Returns CLF_OK,
 * CLF_ERROR_ARGUMENT, or CLF_ERROR_MEMORY if the text has failed. */
clf_status clf__text_copy(const clf__text *text, char *buffer, size_t capacity, size_t *needed);

#endif
