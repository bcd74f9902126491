/* The support vectors of LIBSVM's model files, one in each line: "coefficient … index:value …" with
 * a coefficient for each class except its own, or one without classes. */
#include "interchange/libsvm/libsvm_text.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/text.h"
#include "data/row_order.h"

enum { ZERO_BASED_AUTO, ZERO_BASED_TRUE, ZERO_BASED_FALSE };
enum { LARGEST_INDEX = INT32_MAX - 1 };

/* Allocates the vectors; the length of the text bounds the memory, because a coefficient takes two
 * bytes of it and an entry four. */
static clf_status allocate_vectors(clf__libsvm_reader *self) {
  clf__libsvm *file = self->file;
  const int64_t bytes = self->header.lines.end - self->header.after;
  int64_t entries = 0, coefficients;
  if (!clf__mul_i64(file->lines, file->vectors, &coefficients) || coefficients > bytes / 2 + 1) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: it ends before the coefficients of %lld support vectors",
                     self->header.lines.name, (long long)file->vectors);
  }
  for (const char *at = self->header.after; at < self->header.lines.end; at++) {
    entries += *at == ':';
  }
  entries = clf__min_i64(entries, bytes / 3 + 1);
  const int64_t vectors = clf__max_i64(file->vectors, 1);
  file->coefficients =
      clf__arena_zeroed(&file->arena, clf__max_i64(coefficients, 1), sizeof *file->coefficients);
  file->row_start = clf__arena_zeroed(&file->arena, vectors + 1, sizeof(int64_t));
  file->column = clf__arena_array(&file->arena, entries, sizeof(int32_t));
  file->value = clf__arena_array(&file->arena, entries, sizeof(double));
  self->entries = entries;
  if (file->function.kind == CLF__KERNEL_PRECOMPUTED) {
    file->support = clf__arena_zeroed(&file->arena, vectors, sizeof *file->support);
  }
  const clf_status status = clf__arena_status(&file->arena);
  return status < 0 ? clf__fail_within(status, "%s", self->header.lines.name) : CLF_OK;
}

/* Reads "index:value" as the next entry of the vector. */
static clf_status read_entry(clf__libsvm_reader *self, const char **at, const char *end,
                             int64_t entry) {
  const char *begin = *at;
  int64_t index;
  const char *colon = clf__read_i64(begin, end, &index);
  if (colon == NULL || colon == end || *colon != ':' || index < 0 || index > LARGEST_INDEX ||
      entry >= self->entries) {
    return clf__header_fail_word(&self->header, begin, end,
                                 "of the form index:value with an index up to 2147483646");
  }
  *at = colon + 1;
  self->file->column[entry] = (int32_t)index;
  if (index == 0) {
    self->zero_at = begin;
  }
  if (index > self->highest) {
    self->highest = (int32_t)index;
    self->highest_at = begin;
  }
  return clf__header_read_single(&self->header, at, end, &self->file->value[entry]);
}

/* Reads "0:number"; row numbers count from 1. */
static clf_status read_support(clf__libsvm_reader *self, const char **at, const char *end,
                               int64_t vector) {
  const char *begin = *at;
  int64_t number = 0;
  if (end - begin < 3 || memcmp(begin, "0:", 2) != 0) {
    return clf__header_fail_word(&self->header, begin, end,
                                 "of the form 0:number, as with a precomputed kernel");
  }
  *at = begin + 2;
  clf_status status = clf__header_read_integer(&self->header, at, end, &number);
  if (status == CLF_OK && (number < 1 || number > LARGEST_INDEX || *at < end)) {
    status = clf__header_fail_word(&self->header, begin, end,
                                   "the number of one row of training, from 1");
  }
  self->file->support[vector] = number - 1;
  if (number > self->highest) {
    self->highest = (int32_t)number;
    self->highest_at = begin;
  }
  return status;
}

static clf_status read_vector(clf__libsvm_reader *self, const char *at, const char *end,
                              int64_t vector) {
  clf__libsvm *file = self->file;
  const int64_t first = file->row_start[vector];
  int64_t entry = first;
  clf_status status = CLF_OK;
  for (int64_t k = 0; k < file->lines; k++) {
    double coefficient = 0;
    CLF__TRY(clf__header_read_single(&self->header, &at, end, &coefficient));
    file->coefficients[k * file->vectors + vector] = coefficient;
  }
  if (file->support != NULL) {
    CLF__TRY(read_support(self, &at, end, vector));
  }
  for (; at < end; entry++) {
    CLF__TRY(read_entry(self, &at, end, entry));
  }
  file->row_start[vector + 1] = entry;
  if (!clf__row_ascends(file->column + first, entry - first) &&
      clf__row_sort(file->column + first, file->value + first, sizeof(double), entry - first) >=
          0) {
    clf__fail(CLF_ERROR_FORMAT, "an index occurs twice");
    status = clf__header_fail_at(&self->header, at, CLF_ERROR_FORMAT);
  }
done:
  return status;
}

static clf_status read_vectors(clf__libsvm_reader *self) {
  clf__libsvm *file = self->file;
  clf__lines_watch watch = clf__lines_watch_of(&self->header.lines, self->context, "libsvm");
  int64_t vector = 0;
  for (const char *at = self->header.after, *next; at < self->header.lines.end; at = next) {
    const char *end = clf__header_line_end(&self->header, at, &next);
    at = clf__header_skip_blanks(at, end);
    clf_status status = clf__lines_step(&self->header.lines, &watch, at);
    if (status == CLF_OK && at < end) {
      status = vector < file->vectors
                   ? read_vector(self, at, end, vector)
                   : clf__header_fail_word(&self->header, at, end,
                                           "expected: the file has all of its support vectors");
      vector++;
    }
    if (status < 0) {
      return status;
    }
  }
  return vector == file->vectors
             ? CLF_OK
             : clf__fail(CLF_ERROR_FORMAT, "%s: it has %lld of %lld support vectors",
                         self->header.lines.name, (long long)vector, (long long)file->vectors);
}

/* Makes columns count from 0, and finds their number. */
static clf_status set_columns(clf__libsvm_reader *self) {
  clf__libsvm *file = self->file;
  const int32_t zero_based = self->params->zero_based;
  if (zero_based == ZERO_BASED_FALSE && self->zero_at != NULL) {
    clf__fail(CLF_ERROR_FORMAT, "the index is 0, and zero_based=false says that they begin at 1");
    return clf__header_fail_at(&self->header, self->zero_at, CLF_ERROR_FORMAT);
  }
  const bool zero = zero_based == ZERO_BASED_TRUE || self->zero_at != NULL;
  const int32_t base = zero && file->support == NULL ? 0 : 1;
  for (int64_t e = 0; e < file->row_start[file->vectors]; e++) {
    file->column[e] -= base;
  }
  file->columns = (int64_t)self->highest + 1 - base;
  if (self->params->features.word < 0) {
    const int64_t wanted = (int64_t)self->params->features.value;
    if (file->columns > wanted) {
      clf__fail(CLF_ERROR_FORMAT, "the index %d is beyond features=%lld (the first is %d)",
                self->highest, (long long)wanted, base);
      return clf__header_fail_at(&self->header, self->highest_at, CLF_ERROR_FORMAT);
    }
    file->columns = wanted;
  }
  return file->columns > 0 ? CLF_OK
                           : clf__fail(CLF_ERROR_FORMAT,
                                       "%s: no support vector has an entry; say how many features "
                                       "there are by features=N",
                                       self->header.lines.name);
}

clf_status clf__libsvm_read_vectors(clf__libsvm_reader *self) {
  CLF__CHECK(allocate_vectors(self));
  CLF__CHECK(read_vectors(self));
  CLF__CHECK(set_columns(self));
  /* A constant has no vectors there; here it has one of zeros, whose coefficient is 0. */
  self->file->vectors = clf__max_i64(self->file->vectors, 1);
  return CLF_OK;
}
