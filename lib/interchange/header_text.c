/* Reading the header of LIBSVM's and LIBLINEAR's files, and numbers in their lines. */
#include "interchange/header_text.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"
#include "data/formats/decimal.h"

static const char *word_end(const char *at, const char *end) {
  while (at < end && !clf__header_blank(*at)) {
    at++;
  }
  return at;
}

clf_status clf__header_fail_at(const clf__header *self, const char *at, clf_status status) {
  return clf__fail_within(status, "%s line %lld, column %lld", self->lines.name,
                          (long long)clf__line_number(&self->lines, at),
                          (long long)clf__line_column(&self->lines, at));
}

clf_status clf__header_fail_word(const clf__header *self, const char *at, const char *end,
                                 const char *wanted) {
  clf__excerpt word = clf__excerpt_of(at, word_end(at, end));
  clf__fail(CLF_ERROR_FORMAT, "'%s' is not %s", word.text, wanted);
  return clf__header_fail_at(self, at, CLF_ERROR_FORMAT);
}

const char *clf__header_line_end(const clf__header *self, const char *at, const char **next) {
  *next = clf__line_after(&self->lines, at);
  const char *end = *next > at && (*next)[-1] == self->lines.line_end ? *next - 1 : *next;
  while (end > at && clf__header_blank(end[-1])) {
    end--;
  }
  return end;
}

static clf_status read_double(const clf__header *self, const char **at, const char *end,
                              double *out) {
  const char *stop = clf__read_decimal(*at, end, out);
  if (stop == NULL || (stop < end && !clf__header_blank(*stop)) || !isfinite(*out)) {
    return clf__header_fail_word(self, *at, end, "a finite number");
  }
  *at = clf__header_skip_blanks(stop, end);
  return CLF_OK;
}

clf_status clf__header_read_integer(const clf__header *self, const char **at, const char *end,
                                    int64_t *out) {
  const char *stop = clf__read_i64(*at, end, out);
  if (stop == NULL || (stop < end && !clf__header_blank(*stop))) {
    return clf__header_fail_word(self, *at, end, "an integer");
  }
  *at = clf__header_skip_blanks(stop, end);
  return CLF_OK;
}

clf_status clf__header_read_single(const clf__header *self, const char **at, const char *end,
                                   double *out) {
  const char *begin = *at;
  clf_status status = read_double(self, at, end, out);
  return status < 0 || isfinite((float)*out)
             ? status
             : clf__header_fail_word(self, begin, end, "within the range of float");
}

static clf_status fail_key(const clf__header *self, const char *at, const char *end) {
  clf__text wanted = {.context = self->arena->context};
  clf__text_append(&wanted, "a line of a %s model: one of %s|%s", self->kind->program,
                   self->kind->keys, self->kind->end);
  const clf_status status =
      wanted.failed ? CLF_ERROR_MEMORY : clf__header_fail_word(self, at, end, wanted.bytes);
  clf__text_free(&wanted);
  return status;
}

static clf_status read_lines(clf__header *self) {
  for (const char *at = self->lines.begin, *next; at < self->lines.end; at = next) {
    const char *end = clf__header_line_end(self, at, &next);
    at = clf__header_skip_blanks(at, end);
    const char *stop = word_end(at, end);
    const size_t length = (size_t)(stop - at);
    if (length == strlen(self->kind->end) && memcmp(at, self->kind->end, length) == 0) {
      self->after = next;
      return CLF_OK;
    }
    int32_t key = clf__word_index(self->kind->keys, at, length);
    if (key < 0) {
      return fail_key(self, at, end);
    }
    if (clf__header_has(self, key)) {
      return clf__header_fail_word(self, at, end, "there for the first time");
    }
    self->fields[key] = (clf__header_field){clf__header_skip_blanks(stop, end), end};
  }
  return clf__fail(CLF_ERROR_FORMAT, "%s: no line '%s' ends the header of a %s model",
                   self->lines.name, self->kind->end, self->kind->program);
}

clf_status clf__header_read(clf__header *out, clf__arena *arena, const clf__bytes *bytes,
                            const char *name, const clf__header_kind *kind) {
  *out = (clf__header){.kind = kind, .arena = arena};
  if (clf__lines_of(&out->lines, bytes, name) < 0) { /* an empty file is not valid either */
    return clf__fail(CLF_ERROR_FORMAT, "%s", clf_last_error());
  }
  return read_lines(out);
}

static clf_status find_field(const clf__header *self, int32_t key, clf__header_field *out) {
  size_t length;
  const char *word = clf__word_at(self->kind->keys, key, &length);
  *out = self->fields[key];
  return out->begin != NULL ? CLF_OK
                            : clf__fail(CLF_ERROR_FORMAT, "%s: its header has no line '%.*s'",
                                        self->lines.name, (int)length, word);
}

clf_status clf__header_word(const clf__header *self, int32_t key, const char *words, int32_t *out) {
  clf__header_field line;
  CLF__CHECK(find_field(self, key, &line));
  *out = clf__word_index(words, line.begin, (size_t)(line.end - line.begin));
  return *out >= 0 ? CLF_OK : clf__header_fail_word(self, line.begin, line.end, words);
}

clf_status clf__header_list(const clf__header *self, int32_t key, int64_t count, double **doubles,
                            int64_t **integers) {
  clf__header_field line;
  CLF__CHECK(find_field(self, key, &line));
  const char *at = line.begin;
  int64_t found = 0;
  if (count > (line.end - line.begin) / 2 + 1) {
    found = -1; /* the text is too short for so many */
  } else if (doubles != NULL) {
    *doubles = clf__arena_array(self->arena, count, sizeof **doubles);
  } else {
    *integers = clf__arena_array(self->arena, count, sizeof **integers);
  }
  clf_status status = clf__arena_status(self->arena);
  for (; status == CLF_OK && found >= 0 && found < count && at < line.end; found++) {
    status = doubles != NULL ? read_double(self, &at, line.end, *doubles + found)
                             : clf__header_read_integer(self, &at, line.end, *integers + found);
  }
  if (status == CLF_OK && (found < count || at < line.end)) {
    clf__fail(CLF_ERROR_FORMAT, "this line must hold %lld numbers", (long long)count);
    status = clf__header_fail_at(self, line.begin, CLF_ERROR_FORMAT);
  }
  return status;
}

clf_status clf__header_number(const clf__header *self, int32_t key, double min, double max,
                              bool integer, double *out) {
  double *value = NULL;
  CLF__CHECK(clf__header_list(self, key, 1, &value, NULL));
  if (*value < min || *value > max || (integer && *value != rint(*value))) {
    clf__fail(CLF_ERROR_FORMAT, "%s is not %s from %s to %s", clf__number_text(*value),
              integer ? "an integer" : "a number", clf__number_text(min), clf__number_text(max));
    return clf__header_fail_at(self, self->fields[key].begin, CLF_ERROR_FORMAT);
  }
  *out = *value;
  return CLF_OK;
}
