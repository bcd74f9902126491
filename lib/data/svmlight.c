/* SVMlight and LIBSVM text, a row a line: "label index:value index:value … # comment", also with a
 * "qid:number" behind the label, which is checked and left out.
 *
 * Rows go into CSR. Entries are counted by their colons first; an entry has four bytes at least and
 * a row two, which bounds the memory by the size of the file. Rows whose indices do not ascend are
 * sorted, which also finds an index that occurs twice. */
#include <math.h>
#include <string.h>

#include "data/build.h"
#include "data/decimal.h"
#include "data/label_key.h"
#include "data/lines.h"
#include "data/row_order.h"

typedef struct svmlight_params {
  clf__number features;
  int32_t zero_based; /* auto, true, false */
  bool regression;
} svmlight_params;
enum { ZERO_BASED_AUTO, ZERO_BASED_TRUE, ZERO_BASED_FALSE };
enum { LARGEST_INDEX = INT32_MAX - 1 };

static const clf__param params[] = {
    {"features", CLF_PARAM_NUMBER, offsetof(svmlight_params, features), "auto", 1, INT32_MAX, false,
     "auto", "number of features; auto: the highest index"},
    {"zero_based", CLF_PARAM_CHOICE, offsetof(svmlight_params, zero_based), "auto", 0, 0, false,
     "auto|true|false", "whether indices begin at 0; auto: when there is an index 0"},
    {"regression", CLF_PARAM_BOOL, offsetof(svmlight_params, regression), "false", 0, 0, false,
     NULL, "the labels are regression targets"},
};

typedef struct svmlight_reader {
  clf__lines lines;
  const svmlight_params *params;
  clf_tensor *row_start, *column, *value;
  clf_tensor *labels;     /* i64 until there is one that is no integer of 64 bits, then f64 */
  const char *rounded_at; /* a label that is an integer which f64 rounds, or NULL */
  bool rounded, many;     /* some values are, f32 might merge some by their digits */
  int64_t rows;
  int64_t entries;
  int32_t highest;        /* index; -1 before the first entry */
  const char *highest_at; /* the entry that has it */
  const char *zero_at;    /* an entry that has index 0, or NULL */
} svmlight_reader;

static clf_status fail_at(const svmlight_reader *self, const char *at, clf_status status) {
  return clf__fail_within(status, "%s line %lld, column %lld", self->lines.name,
                          (long long)clf__line_number(&self->lines, at),
                          (long long)clf__line_column(&self->lines, at));
}

static bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r';
}

static const char *skip_blanks(const char *at, const char *end) {
  while (at < end && is_blank(*at)) {
    at++;
  }
  return at;
}

/* End of the word at `at`. */
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
  return fail_at(self, at, CLF_ERROR_FORMAT);
}

/* A finite number before a blank or the line's end. */
static clf_status read_number(const svmlight_reader *self, const char **at, const char *end,
                              const char *wanted, double *out, int64_t *significand) {
  const char *stop = clf__read_digits(*at, end, out, significand);
  if (stop == NULL || (stop < end && !is_blank(*stop))) {
    return fail_word(self, *at, end, wanted);
  }
  if (!isfinite((float)*out)) {
    clf__excerpt word = clf__excerpt_of(*at, stop);
    clf__fail(CLF_ERROR_DATA, "'%s' is not a finite 32-bit number", word.text);
    return fail_at(self, *at, CLF_ERROR_DATA);
  }
  *at = stop;
  return CLF_OK;
}

static clf_status read_label(svmlight_reader *self, const char **at, const char *end) {
  double label;
  int64_t significand;
  const char *begin = *at;
  const char *word = word_end(*at, end);
  size_t length = (size_t)(word - *at);
  if (memchr(*at, ',', length) != NULL) {
    return fail_word(self, *at, end, "one label; files with several labels a row cannot be read");
  }
  if (memchr(*at, ':', length) != NULL) {
    return fail_word(self, *at, end, "a label, with which each line must begin");
  }
  clf_status status =
      read_number(self, at, end, "a label, which must be a number", &label, &significand);
  if (status < 0) {
    return status;
  }
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

/* The index and its colon; a number that is too large stays at LARGEST_INDEX + 1. */
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

/* "index:value" into the next entry. */
static clf_status read_entry(svmlight_reader *self, const char **at, const char *end) {
  const char *begin = *at;
  int64_t index;
  int64_t significand;
  double value;
  const char *after = read_index(begin, end, &index);
  if (after == NULL || self->entries == clf_tensor_size(self->column, 0)) {
    return fail_word(self, begin, end, "of the form index:value");
  }
  if (index > LARGEST_INDEX) {
    return fail_word(self, begin, end, "an entry with an index up to 2147483646");
  }
  *at = after;
  clf_status status = read_number(self, at, end, "a number", &value, &significand);
  if (status < 0) {
    return status;
  }
  const bool rounded = (double)(float)value != value;
  self->rounded |= rounded;
  self->many |= rounded && significand >= CLF__FEW_DIGITS;
  int32_t column = (int32_t)index;
  ((int32_t *)self->column->data)[self->entries] = column;
  ((float *)self->value->data)[self->entries] = (float)value;
  self->entries++;
  self->zero_at = column == 0 ? begin : self->zero_at;
  if (column > self->highest) {
    self->highest = column;
    self->highest_at = begin;
  }
  return CLF_OK;
}

/* Puts a row's entries in order; an index twice is an error. */
static clf_status order_row(svmlight_reader *self, int64_t first, const char *line) {
  int32_t *column = (int32_t *)self->column->data + first;
  float *value = (float *)self->value->data + first;
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
  return CLF_OK;
}

/* One row, from `at`, its label, to `end`, where the line or its comment does. */
static clf_status read_row(svmlight_reader *self, const char *at, const char *end) {
  const char *line = at;
  int64_t first = self->entries;
  clf_status status;
  CLF__TRY(read_label(self, &at, end));
  at = skip_blanks(at, end);
  CLF__TRY(read_qid(self, &at, end));
  while (at < end) {
    CLF__TRY(read_entry(self, &at, end));
    at = skip_blanks(at, end);
  }
  CLF__TRY(order_row(self, first, line));
  self->rows++;
  ((int64_t *)self->row_start->data)[self->rows] = self->entries;
done:
  return status;
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

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static clf_status allocate(svmlight_reader *self, clf_context *context) {
  const clf__lines *lines = &self->lines;
  int64_t bytes = lines->end - lines->begin;
  int64_t rows = smaller(count_byte(lines, lines->line_end) + 1, bytes / 2 + 1);
  int64_t most = smaller(count_byte(lines, ':'), bytes / 4 + 1);
  clf_status status;
  CLF__TRY(clf__tensor_vector(&self->labels, context, self->params->regression ? CLF_F64 : CLF_I64,
                              rows));
  CLF__TRY(clf__tensor_vector(&self->row_start, context, CLF_I64, rows + 1));
  CLF__TRY(clf__tensor_vector(&self->column, context, CLF_I32, most));
  CLF__TRY(clf__tensor_vector(&self->value, context, CLF_F32, most));
done:
  return status < 0 ? clf__fail_within(status, "%s", lines->name) : CLF_OK;
}

/* The index that the first feature has in the file. */
static clf_status find_base(const svmlight_reader *self, int32_t *base) {
  int32_t zero_based = self->params->zero_based;
  if (zero_based == ZERO_BASED_FALSE && self->zero_at != NULL) {
    clf__fail(CLF_ERROR_DATA, "the index is 0, and zero_based=false says that they begin at 1");
    return fail_at(self, self->zero_at, CLF_ERROR_DATA);
  }
  *base = zero_based == ZERO_BASED_TRUE || self->zero_at != NULL ? 0 : 1;
  return CLF_OK;
}

static clf_status find_features(const svmlight_reader *self, int32_t base, int64_t *features) {
  int64_t needed = (int64_t)self->highest + 1 - base;
  if (self->params->features.word >= 0) {
    *features = needed;
    return self->highest >= 0 ? CLF_OK
                              : clf__fail(CLF_ERROR_DATA,
                                          "%s: no row has an entry; say how many features there "
                                          "are by features=N",
                                          self->lines.name);
  }
  double wanted = self->params->features.value;
  *features = (int64_t)wanted;
  if ((double)*features != wanted) {
    return clf__fail(CLF_ERROR_ARGUMENT, "svmlight: features is %s; it must be an integer",
                     clf__number_text(wanted));
  }
  if (needed <= *features) {
    return CLF_OK;
  }
  clf__fail(CLF_ERROR_DATA, "the index %d is beyond features=%lld (the first is %d)", self->highest,
            (long long)*features, base);
  return fail_at(self, self->highest_at, CLF_ERROR_DATA);
}

static clf_status set_labels(clf_dataset *dataset, const svmlight_reader *self) {
  if (self->params->regression) {
    return clf_dataset_set_targets(dataset, self->labels);
  }
  if (self->labels->dtype == CLF_I64 || self->rounded_at == NULL) {
    return clf_dataset_set_labels(dataset, self->labels);
  }
  clf__fail(CLF_ERROR_DATA,
            "the label has more digits than f64 holds, which is how labels are read where not all "
            "are integers of 64 bits");
  return fail_at(self, self->rounded_at, CLF_ERROR_DATA);
}

static clf_status make_dataset(clf_dataset **out, svmlight_reader *self, clf_context *context) {
  clf_dataset *dataset = NULL;
  int32_t base = 0;
  clf_status status;
  CLF__TRY(find_base(self, &base));
  CLF__TRY(clf__dataset_blank(&dataset, context));
  CLF__TRY(find_features(self, base, &dataset->features));
  for (int64_t i = 0; i < self->entries; i++) {
    ((int32_t *)self->column->data)[i] -= base;
  }
  CLF__TRY(clf__tensor_cut(&self->row_start, self->rows + 1));
  CLF__TRY(clf__tensor_cut(&self->column, self->entries));
  CLF__TRY(clf__tensor_cut(&self->value, self->entries));
  CLF__TRY(clf__tensor_cut(&self->labels, self->rows));
  dataset->rows = self->rows;
  CLF__TRY(clf__tensor_share(&dataset->row_start, self->row_start));
  CLF__TRY(clf__tensor_share(&dataset->column, self->column));
  CLF__TRY(clf__tensor_share(&dataset->value, self->value));
  CLF__TRY(set_labels(dataset, self));
  if (self->rounded) {
    CLF__TRY(
        clf__sparse_tell_far(dataset, self->column, self->value, self->many, self->lines.name));
  }
  *out = dataset;
  dataset = NULL;
done:
  clf_dataset_free(dataset);
  return status;
}

static clf_status parse(clf_dataset **out, clf_context *context, clf__bytes *bytes,
                        const char *name, const void *values) {
  svmlight_reader self = {.params = values, .highest = -1};
  clf_status status;
  CLF__TRY(clf__lines_of(&self.lines, bytes, name));
  CLF__TRY(allocate(&self, context));
  CLF__TRY(read_rows(&self, context));
  CLF__TRY(make_dataset(out, &self, context));
done:
  clf_tensor_free(self.row_start);
  clf_tensor_free(self.column);
  clf_tensor_free(self.value);
  clf_tensor_free(self.labels);
  return status;
}

const clf__format clf__format_svmlight = {
    .name = "svmlight",
    .help = "SVMlight and LIBSVM text: sparse rows, \"label index:value …\"",
    .params = {"svmlight", params, CLF__PARAM_COUNT(params), sizeof(svmlight_params)},
    .parse = parse,
    .write = clf__svmlight_write,
};
