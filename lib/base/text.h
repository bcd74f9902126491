/* Numbers to text and back, the same in every locale; small helpers on strings. */
#ifndef CLF_BASE_TEXT_H
#define CLF_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <classify/status.h>

typedef struct clf__number_text_result {
  char text[32];
} clf__number_text_result;

/* The shortest decimal text that reads back as the same double; "inf", "-inf", "nan". */
clf__number_text_result clf__number_format(double value);
#define clf__number_text(value) (clf__number_format(value).text)
/* The same for a float: the shortest text that reads back as the same float. */
clf__number_text_result clf__number_format_f32(float value);

/* Reads a number at `begin`, never past `end`; returns the first byte after it, or NULL when there
 * is none. Takes decimal, exponent, "inf", "infinity" and "nan" (in any case) with a sign; no
 * hexadecimal. Correctly rounded; beyond the range of double it gives infinity or 0. */
const char *clf__read_f64(const char *begin, const char *end, double *out);
/* The same for integers; NULL also when the value does not fit. */
const char *clf__read_i64(const char *begin, const char *end, int64_t *out);

/* The whole NUL-terminated text is one number. */
bool clf__parse_f64(const char *text, double *out);
bool clf__parse_i64(const char *text, int64_t *out);

/* Index of `word` among "a|b|c", or -1. `length` is the word's. */
int32_t clf__word_index(const char *words, const char *word, size_t length);
/* The word of that index among "a|b|c", which ends after `length` bytes. */
const char *clf__word_at(const char *words, int32_t index, size_t *length);

/* The candidate nearest to `name` by edit distance when it is near enough to suggest, else NULL. */
const char *clf__nearest(const char *name, const char *const *candidates, int64_t count);

/* CLF_ERROR_ARGUMENT for a name that is none of the names: "there is no <what> '<name>'", and the
 * nearest as a suggestion, or all of them. */
clf_status clf__fail_name(const char *what, const char *name, const char *const *names,
                          int64_t count);

/* Bytes of the UTF-8 character at `at`, of at most `left`; 0 where there is none. */
size_t clf__utf8_length(const char *at, size_t left);
/* Makes UTF-8 of a text for people: a byte that is none becomes '?'. */
void clf__utf8_mend(char *text);

/* Text that grows; `failed` is set when memory ran out, and what is appended then is ignored. */
struct clf_context;
typedef struct clf__text {
  struct clf_context *context;
  char *bytes; /* NUL-terminated once something was appended */
  size_t length;
  size_t capacity;
  bool failed;
} clf__text;

void clf__text_append(clf__text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void clf__text_append_bytes(clf__text *text, const char *bytes, size_t count);
/* Makes room for `more` bytes and the NUL; false when memory runs out. */
bool clf__text_reserve(clf__text *text, size_t more);
void clf__text_free(clf__text *text);

/* Hands text out by the convention of clf_model_get_text(): CLF_OK, CLF_ERROR_ARGUMENT, or
 * CLF_ERROR_MEMORY where it failed. */
clf_status clf__text_copy(const clf__text *text, char *buffer, size_t capacity, size_t *needed);

#endif
