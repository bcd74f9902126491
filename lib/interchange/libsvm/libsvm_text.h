/* The text of LIBSVM's model files, as libsvm_text.c (header) and libsvm_vectors.c read it. */
#ifndef CLF_INTERCHANGE_LIBSVM_LIBSVM_TEXT_H
#define CLF_INTERCHANGE_LIBSVM_LIBSVM_TEXT_H

#include "data/formats/lines.h"
#include "interchange/libsvm/libsvm.h"

/* The values after a key. */
typedef struct clf__libsvm_field {
  const char *begin; /* NULL if the key does not occur */
  const char *end;
} clf__libsvm_field;

typedef struct clf__libsvm_reader {
  clf__lines lines;
  clf_context *context;
  clf__libsvm *file;
  const clf__libsvm_params *params;
  clf__libsvm_field fields[CLF__LIBSVM_FIELDS];
  const char *vectors; /* the first line after "SV" */
  int64_t entries;
  int32_t highest;
  const char *highest_at, *zero_at; /* entries; NULL before the first */
} clf__libsvm_reader;

static inline bool clf__libsvm_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r';
}

static inline const char *clf__libsvm_skip_blanks(const char *at, const char *end) {
  while (at < end && clf__libsvm_blank(*at)) {
    at++;
  }
  return at;
}

static inline const char *clf__libsvm_word_end(const char *at, const char *end) {
  while (at < end && !clf__libsvm_blank(*at)) {
    at++;
  }
  return at;
}

/* Puts the position in front of the message. */
clf_status clf__libsvm_fail_at(const clf__libsvm_reader *self, const char *at, clf_status status);
/* Returns CLF_ERROR_FORMAT: the word at `at` is not the expected one. */
clf_status clf__libsvm_fail_word(const clf__libsvm_reader *self, const char *at, const char *end,
                                 const char *wanted);
/* Returns the line at `at` without its end; *next is where the next one begins. */
const char *clf__libsvm_line_end(const clf__libsvm_reader *self, const char *at, const char **next);
/* Reads one number, and the blanks after it. */
clf_status clf__libsvm_read_double(const clf__libsvm_reader *self, const char **at, const char *end,
                                   double *out);
clf_status clf__libsvm_read_integer(const clf__libsvm_reader *self, const char **at,
                                    const char *end, int64_t *out);

/* Reads the vectors, after the header. */
clf_status clf__libsvm_read_vectors(clf__libsvm_reader *self);

#endif
