/* SVMlight and LIBSVM text, one row in each line: "label index:value index:value … # comment". A
 * "qid:number" after the label is checked and ignored, which the log reports.
 *
 * Rows are stored as CSR, with f64 values until svmlight_dataset.c makes a dataset. Entries are
 * first counted by their colons. An entry has at least four bytes and a row two, so the size of the
 * file bounds the memory. Rows whose indices do not ascend are sorted, which also finds an index
 * that occurs twice. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/utf8.h"
#include "data/formats/decimal.h"
#include "data/formats/svmlight.h"
#include "data/label_key.h"
#include "data/row_order.h"

enum { LARGEST_INDEX = INT32_MAX - 1 };

#define CLF__VALUES clf__svmlight_params
static const clf__param params[] = {
    CLF__INT_OR(features, "auto", "auto", 1, INT32_MAX, "number of features; auto: highest index"),
    CLF__CHOICE(zero_based, "auto|true|false", "auto", "indices begin at 0; auto: if one is 0"),
    CLF__CHOICE(precomputed, "auto|true|false", "auto",
                "rows are kernel values, 0:serial 1:K 2:K …; auto: if row i begins with 0:i"),
    CLF__BOOL(regression, "false", "the labels are regression targets"),
    CLF__LINES_FIRST_LINE(first_line),
    CLF__DATASET_SPILL,
};

typedef clf__svmlight svmlight_reader;

static bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r';
}

static const char *skip_blanks(const char *at, const char *end) {
  while (at < end && is_blank(*at)) {
    at++;
  }
  return at;
}

/* Returns the end of the word at `at`. */
static const char *word_end(const char *at, const char *end) {
  while (at < end && !is_blank(*at)) {
    at++;
  }
  return at;
}

static clf_status fail_word(const svmlight_reader *self, const char *at, const char *end,
                            const char *wanted) {
  clf__excerpt word = clf__excerpt_of(at, word_end(at, end));
  clf__fail(CLF_ERROR_FORMAT, "'%s' is not %s", word.text, wanted);
  return clf__svmlight_fail_at(self, at, CLF_ERROR_FORMAT);
}

/* Reads a finite number that ends at a blank or at the end of the line. */
static clf_status read_number(const svmlight_reader *self, const char **at, const char *end,
                              const char *wanted, double *out) {
  const char *stop = clf__read_decimal(*at, end, out);
  if (stop == NULL || (stop < end && !is_blank(*stop))) {
    return fail_word(self, *at, end, wanted);
  }
  if (!isfinite((float)*out)) {
    clf__excerpt word = clf__excerpt_of(*at, stop);
    clf__fail(CLF_ERROR_DATA, "'%s' is not a finite 32-bit number", word.text);
    return clf__svmlight_fail_at(self, *at, CLF_ERROR_DATA);
  }
  *at = stop;
  return CLF_OK;
}

static clf_status read_label(svmlight_reader *self, const char **at, const char *end) {
  double label;
  const char *begin = *at;
  const char *word = word_end(*at, end);
  size_t length = (size_t)(word - *at);
  if (memchr(*at, ',', length) != NULL) {
    return fail_word(self, *at, end, "one label; files with several labels a row cannot be read");
  }
  if (memchr(*at, ':', length) != NULL) {
    return fail_word(self, *at, end, "a label, with which each line must begin");
  }
  CLF__CHECK(read_number(self, at, end, "a label, which must be a number", &label));
  int64_t *integers = self->labels->data;
  double *numbers = self->labels->data;
  if (self->labels->dtype == CLF_I64 && clf__read_i64(begin, *at, &integers[self->rows]) != *at) {
    self->labels->dtype = CLF_F64;
    for (int64_t i = 0; i < self->rows; i++) {
      numbers[i] = (double)integers[i];
    }
  }
  if (self->labels->dtype == CLF_F64) {
    numbers[self->rows] = label;
  }
  if (self->rounded_at == NULL && !clf__double_keeps(begin, *at, label)) {
    self->rounded_at = begin;
  }
  return CLF_OK;
}

/* Reads the index and its colon; a number that is too large stays at LARGEST_INDEX + 1. */
static const char *read_index(const char *at, const char *end, int64_t *index) {
  const char *begin = at;
  int64_t value = 0;
  for (; at < end && (unsigned char)(*at - '0') <= 9; at++) {
    value = value * 10 + (*at - '0');
    value = value > LARGEST_INDEX ? LARGEST_INDEX + 1 : value;
  }
  *index = value;
  return at > begin && at < end && *at == ':' ? at + 1 : NULL;
}

/* Reads "index:value" into the next entry. */
static clf_status read_entry(svmlight_reader *self, const char **at, const char *end) {
  const char *begin = *at;
  int64_t index;
  double value;
  const char *after = read_index(begin, end, &index);
  if (after == NULL || self->entries == clf_tensor_extent(self->column, 0)) {
    return fail_word(self, begin, end, "of the form index:value");
  }
  if (index > LARGEST_INDEX) {
    return fail_word(self, begin, end, "an entry with an index up to 2147483646");
  }
  *at = after;
  CLF__CHECK(read_number(self, at, end, "a number", &value));
  int32_t column = (int32_t)index;
  ((int32_t *)self->column->data)[self->entries] = column;
  ((double *)self->value->data)[self->entries] = value;
  self->entries++;
  self->zero_at = column == 0 ? begin : self->zero_at;
  if (column > self->highest) {
    self->highest = column;
    self->highest_at = begin;
  }
  return CLF_OK;
}

/* Sorts the entries of a row; an index that occurs twice is an error. */
static clf_status order_row(svmlight_reader *self, int64_t first, const char *line) {
  int32_t *column = (int32_t *)self->column->data + first;
  double *value = (double *)self->value->data + first;
  int64_t count = self->entries - first;
  int64_t twice =
      clf__row_ascends(column, count) ? -1 : clf__row_sort(column, value, sizeof *value, count);
  if (twice < 0) {
    return CLF_OK;
  }
  return clf__fail(CLF_ERROR_DATA, "%s line %lld: the index %d occurs twice", self->lines.name,
                   (long long)clf__line_number(&self->lines, line), column[twice]);
}

static clf_status read_qid(svmlight_reader *self, const char **at, const char *end) {
  int64_t query;
  const char *begin = *at;
  if (end - begin < 4 || memcmp(begin, "qid:", 4) != 0) {
    return CLF_OK;
  }
  const char *stop = clf__read_i64(begin + 4, end, &query);
  if (stop == NULL || (stop < end && !is_blank(*stop))) {
    return fail_word(self, begin, end, "of the form qid:number");
  }
  *at = skip_blanks(stop, end);
  self->queries++;
  return CLF_OK;
}

/* Returns whether the row begins with its serial number, as the rows of a precomputed kernel do. */
static void look_for_serial(svmlight_reader *self, int64_t first) {
  const bool has = self->entries > first && ((int32_t *)self->column->data)[first] == 0;
  const double serial = has ? ((double *)self->value->data)[first] : 0;
  self->serials += has;
  self->serials_in_order += has && serial == (double)(self->rows + 1);
}

/* Reads one row, from its label at `at` to `end`, where the line or its comment ends. */
static clf_status read_row(svmlight_reader *self, const char *at, const char *end) {
  const char *line = at;
  int64_t first = self->entries;
  CLF__CHECK(read_label(self, &at, end));
  at = skip_blanks(at, end);
  CLF__CHECK(read_qid(self, &at, end));
  while (at < end) {
    CLF__CHECK(read_entry(self, &at, end));
    at = skip_blanks(at, end);
  }
  CLF__CHECK(order_row(self, first, line));
  look_for_serial(self, first);
  self->rows++;
  ((int64_t *)self->row_start->data)[self->rows] = self->entries;
  return CLF_OK;
}

static clf_status read_rows(svmlight_reader *self, clf_context *context) {
  const clf__lines *lines = &self->lines;
  clf__lines_watch watch = clf__lines_watch_of(lines, context, "svmlight");
  for (const char *at = lines->begin; at < lines->end;) {
    const char *next = clf__line_after(lines, at);
    const char *comment = memchr(at, '#', (size_t)(next - at));
    const char *end = comment != NULL ? comment : next - (next[-1] == lines->line_end);
    at = skip_blanks(at, end);
    clf_status status = clf__lines_step(lines, &watch, at);
    if (status == CLF_OK && at < end) {
      status = read_row(self, at, end);
    }
    if (status < 0) {
      return status;
    }
    at = next;
  }
  if (self->rows == 0) {
    return clf__fail(CLF_ERROR_DATA, "%s: it has no rows", lines->name);
  }
  return CLF_OK;
}

static int64_t count_byte(const clf__lines *lines, char byte) {
  int64_t count = 0;
  for (const char *at = lines->begin; at < lines->end; at++) {
    count += *at == byte;
  }
  return count;
}

static clf_status allocate(svmlight_reader *self, clf_context *context) {
  const clf__lines *lines = &self->lines;
  int64_t bytes = lines->end - lines->begin;
  int64_t rows = clf__min_i64(count_byte(lines, lines->line_end) + 1, bytes / 2 + 1);
  int64_t max = clf__min_i64(count_byte(lines, ':'), bytes / 4 + 1);
  clf_status status;
  CLF__TRY(clf__tensor_vector(&self->labels, context, self->params->regression ? CLF_F64 : CLF_I64,
                              rows));
  CLF__TRY(clf__tensor_vector(&self->row_start, context, CLF_I64, rows + 1));
  CLF__TRY(clf__tensor_create_uninitialized(&self->column, context, CLF_I32, 1, &max));
  CLF__TRY(clf__tensor_create_uninitialized(&self->value, context, CLF_F64, 1, &max));
done:
  return status < 0 ? clf__fail_within(status, "%s", lines->name) : CLF_OK;
}

static clf_status parse(clf_dataset **out, clf_context *context, clf__bytes *bytes,
                        const char *name, const void *values) {
  svmlight_reader self = {.params = values, .highest = -1};
  clf_status status;
  CLF__TRY(clf__lines_of(&self.lines, bytes, name));
  self.lines.first_line = self.params->first_line;
  CLF__TRY(allocate(&self, context));
  CLF__TRY(read_rows(&self, context));
  CLF__TRY(clf__svmlight_dataset(out, &self, context));
done:
  clf_tensor_free(self.row_start);
  clf_tensor_free(self.column);
  clf_tensor_free(self.value);
  clf_tensor_free(self.labels);
  return status;
}

const clf__dataset_reader clf__dataset_reader_svmlight = {
    .base = CLF__KIND("svmlight", "SVMlight and LIBSVM text: sparse rows, \"label index:value …\"",
                      params, clf__svmlight_params),
    .parse = parse,
};
