/* The header of the text files of LIBSVM's and LIBLINEAR's models: lines of "key value …" in any
 * order, and a line of one word, after which the numbers of the model begin. Counts are compared
 * with the length of the text before memory is allocated. */
#ifndef CLF_INTERCHANGE_HEADER_TEXT_H
#define CLF_INTERCHANGE_HEADER_TEXT_H

#include "base/memory.h"
#include "data/formats/lines.h"

/* What the header of a program's files consists of. */
typedef struct clf__header_kind {
  const char *program; /* for messages */
  const char *keys;    /* "a|b", the keys of its lines; they are numbered in this order */
  const char *end;     /* the word that ends it */
} clf__header_kind;

/* The values after a key. */
typedef struct clf__header_field {
  const char *begin; /* NULL if the key does not occur */
  const char *end;
} clf__header_field;

enum { CLF__HEADER_MAX_FIELDS = 13 };

typedef struct clf__header {
  const clf__header_kind *kind;
  clf__lines lines;
  clf__arena *arena; /* the caller's, holds the lists */
  clf__header_field fields[CLF__HEADER_MAX_FIELDS];
  const char *after; /* the first line after the header */
} clf__header;

/* Reads the header of a file. Returns CLF_ERROR_FORMAT with the position, also for an empty
 * file. */
clf_status clf__header_read(clf__header *out, clf__arena *arena, const clf__bytes *bytes,
                            const char *name, const clf__header_kind *kind);

/* Read what is after a key, which must be in the header: one of the words "a|b", by its index;
 * `count` numbers, which must be all that the line has, as *doubles or else as *integers; and one
 * number within bounds. */
clf_status clf__header_word(const clf__header *self, int32_t key, const char *words, int32_t *out);
clf_status clf__header_list(const clf__header *self, int32_t key, int64_t count, double **doubles,
                            int64_t **integers);
clf_status clf__header_number(const clf__header *self, int32_t key, double min, double max,
                              bool integer, double *out);

static inline bool clf__header_has(const clf__header *self, int32_t key) {
  return self->fields[key].begin != NULL;
}

/* Blanks within lines. */
static inline bool clf__header_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r';
}

static inline const char *clf__header_skip_blanks(const char *at, const char *end) {
  while (at < end && clf__header_blank(*at)) {
    at++;
  }
  return at;
}

/* Puts the position in front of the message. */
clf_status clf__header_fail_at(const clf__header *self, const char *at, clf_status status);
/* Returns CLF_ERROR_FORMAT: the word at `at` is not the expected one. */
clf_status clf__header_fail_word(const clf__header *self, const char *at, const char *end,
                                 const char *wanted);
/* Returns the line at `at` without its end; *next is where the next one begins. */
const char *clf__header_line_end(const clf__header *self, const char *at, const char **next);
/* Read one number, and the blanks after it: an integer, and a number within the range of float. */
clf_status clf__header_read_integer(const clf__header *self, const char **at, const char *end,
                                    int64_t *out);
clf_status clf__header_read_single(const clf__header *self, const char **at, const char *end,
                                   double *out);

#endif
