/* The text of LIBSVM's model files: a header of lines "key value …" in any order, a line "SV", then
 * a support vector a line, "coefficient … index:value …" with a coefficient for each class but its
 * own. Counts in the header are compared with what there is of text before memory is asked for. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "data/decimal.h"
#include "data/lines.h"
#include "data/row_order.h"
#include "models/libsvm.h"

enum { ZERO_BASED_AUTO, ZERO_BASED_TRUE, ZERO_BASED_FALSE };
enum { LARGEST_INDEX = INT32_MAX - 1, MOST_DEGREE = 64 };

/* The values behind a key. */
typedef struct field {
  const char *begin; /* NULL where the key does not occur */
  const char *end;
} field;

typedef struct reader {
  clf__lines lines;
  clf_context *context;
  clf__libsvm *file;
  const clf__libsvm_params *params;
  field fields[CLF__LIBSVM_FIELDS];
  const char *vectors; /* the first line behind "SV" */
  int64_t entries;
  int32_t highest;
  const char *highest_at, *zero_at; /* entries; NULL before the first */
} reader;

static clf_status fail_at(const reader *self, const char *at, clf_status status) {
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

static const char *word_end(const char *at, const char *end) {
  while (at < end && !is_blank(*at)) {
    at++;
  }
  return at;
}

static clf_status fail_word(const reader *self, const char *at, const char *end,
                            const char *wanted) {
  clf__excerpt word = clf__excerpt_of(at, word_end(at, end));
  clf__fail(CLF_ERROR_FORMAT, "'%s' is not %s", word.text, wanted);
  return fail_at(self, at, CLF_ERROR_FORMAT);
}

/* The line at `at`, without its end; *next is where the one after it begins. */
static const char *line_end(const reader *self, const char *at, const char **next) {
  *next = clf__line_after(&self->lines, at);
  const char *end = *next > at && (*next)[-1] == self->lines.line_end ? *next - 1 : *next;
  while (end > at && is_blank(end[-1])) {
    end--;
  }
  return end;
}

static clf_status read_header(reader *self) {
  static const char keys[] = CLF__LIBSVM_KEYS;
  for (const char *at = self->lines.begin, *next; at < self->lines.end; at = next) {
    const char *end = line_end(self, at, &next);
    at = skip_blanks(at, end);
    const char *stop = word_end(at, end);
    if (stop - at == 2 && memcmp(at, "SV", 2) == 0) {
      self->vectors = next;
      return CLF_OK;
    }
    int32_t key = clf__word_index(keys, at, (size_t)(stop - at));
    if (key < 0) {
      return fail_word(self, at, end, "a line of a LIBSVM model: one of " CLF__LIBSVM_KEYS "|SV");
    }
    if (self->fields[key].begin != NULL) {
      return fail_word(self, at, end, "there for the first time");
    }
    self->fields[key] = (field){skip_blanks(stop, end), end};
  }
  return clf__fail(CLF_ERROR_FORMAT, "%s: no line 'SV' ends the header of a LIBSVM model",
                   self->lines.name);
}

static clf_status find_field(const reader *self, int32_t key, field *out) {
  static const char *const names[] = {"svm_type", "kernel_type", "degree",   "gamma",
                                      "coef0",    "nr_class",    "total_sv", "rho",
                                      "label",    "probA",       "probB",    "nr_sv"};
  *out = self->fields[key];
  return out->begin != NULL ? CLF_OK
                            : clf__fail(CLF_ERROR_FORMAT, "%s: its header has no line '%s'",
                                        self->lines.name, names[key]);
}

static clf_status read_word(const reader *self, int32_t key, const char *words, int32_t *out) {
  field line;
  clf_status status = find_field(self, key, &line);
  if (status < 0) {
    return status;
  }
  *out = clf__word_index(words, line.begin, (size_t)(line.end - line.begin));
  return *out >= 0 ? CLF_OK : fail_word(self, line.begin, line.end, words);
}

static clf_status read_double(const reader *self, const char **at, const char *end, double *out) {
  const char *stop = clf__read_decimal(*at, end, out);
  if (stop == NULL || (stop < end && !is_blank(*stop)) || !isfinite(*out)) {
    return fail_word(self, *at, end, "a finite number");
  }
  *at = skip_blanks(stop, end);
  return CLF_OK;
}

static clf_status read_integer(const reader *self, const char **at, const char *end, int64_t *out) {
  const char *stop = clf__read_i64(*at, end, out);
  if (stop == NULL || (stop < end && !is_blank(*stop))) {
    return fail_word(self, *at, end, "an integer");
  }
  *at = skip_blanks(stop, end);
  return CLF_OK;
}

/* `count` numbers, allocated, which are all that the line holds: *doubles or else *integers. */
static clf_status read_list(const reader *self, int32_t key, int64_t count, double **doubles,
                            int64_t **integers) {
  field line;
  clf_status status = find_field(self, key, &line);
  if (status < 0) {
    return status;
  }
  const char *at = line.begin;
  int64_t found = 0;
  if (count > (line.end - line.begin) / 2 + 1) {
    found = -1; /* there is no room for so many */
  } else if (doubles != NULL) {
    *doubles = clf__alloc_array(self->context, count, sizeof **doubles);
    status = *doubles == NULL ? CLF_ERROR_MEMORY : CLF_OK;
  } else {
    *integers = clf__alloc_array(self->context, count, sizeof **integers);
    status = *integers == NULL ? CLF_ERROR_MEMORY : CLF_OK;
  }
  for (; status == CLF_OK && found >= 0 && found < count && at < line.end; found++) {
    status = doubles != NULL ? read_double(self, &at, line.end, *doubles + found)
                             : read_integer(self, &at, line.end, *integers + found);
  }
  if (status == CLF_OK && (found < count || at < line.end)) {
    clf__fail(CLF_ERROR_FORMAT, "this line must hold %lld numbers", (long long)count);
    status = fail_at(self, line.begin, CLF_ERROR_FORMAT);
  }
  return status;
}

/* One number, within bounds. */
static clf_status read_number(const reader *self, int32_t key, double least, double most,
                              bool integer, double *out) {
  double *value = NULL;
  clf_status status = read_list(self, key, 1, &value, NULL);
  if (status == CLF_OK &&
      (*value < least || *value > most || (integer && *value != rint(*value)))) {
    clf__fail(CLF_ERROR_FORMAT, "%s is not %s from %s to %s", clf__number_text(*value),
              integer ? "an integer" : "a number", clf__number_text(least), clf__number_text(most));
    status = fail_at(self, self->fields[key].begin, CLF_ERROR_FORMAT);
  }
  if (status == CLF_OK) {
    *out = *value;
  }
  clf__free(value);
  return status;
}

static clf_status read_kind(const reader *self) {
  int32_t type;
  clf_status status = read_word(self, CLF__LIBSVM_SVM_TYPE, CLF__LIBSVM_TYPES, &type);
  if (status == CLF_OK && type != CLF__LIBSVM_C_SVC && type != CLF__LIBSVM_NU_SVC) {
    field line = self->fields[CLF__LIBSVM_SVM_TYPE];
    clf__fail(CLF_ERROR_UNSUPPORTED, "'%.*s' is no classifier; c_svc and nu_svc are read",
              (int)(line.end - line.begin), line.begin);
    status = fail_at(self, line.begin, CLF_ERROR_UNSUPPORTED);
  }
  return status;
}

static clf_status read_function(const reader *self) {
  clf__kernel_function *function = &self->file->function;
  int32_t kind = 0;
  double degree = 3;
  clf_status status;
  CLF__TRY(read_word(self, CLF__LIBSVM_KERNEL_TYPE, CLF__KERNEL_WORDS, &kind));
  *function = (clf__kernel_function){.kind = kind};
  const bool polynomial = kind == CLF__KERNEL_POLYNOMIAL;
  if (polynomial) {
    CLF__TRY(read_number(self, CLF__LIBSVM_DEGREE, 1, MOST_DEGREE, true, &degree));
  }
  if (polynomial || kind == CLF__KERNEL_RBF || kind == CLF__KERNEL_SIGMOID) {
    CLF__TRY(read_number(self, CLF__LIBSVM_GAMMA, 0, 1e30, false, &function->gamma));
  }
  if (polynomial || kind == CLF__KERNEL_SIGMOID) {
    CLF__TRY(read_number(self, CLF__LIBSVM_COEF0, -1e30, 1e30, false, &function->coef0));
  }
  function->degree = (int32_t)degree;
done:
  return status;
}

static clf_status check_counts(const reader *self) {
  const clf__libsvm *file = self->file;
  int64_t left = file->vectors;
  for (int64_t k = 0; k < file->classes && left >= 0; k++) {
    left = file->count[k] < 0 || file->count[k] > left ? -1 : left - file->count[k];
  }
  if (left == 0) {
    return CLF_OK;
  }
  clf__fail(CLF_ERROR_FORMAT, "the classes' support vectors are not total_sv, %lld",
            (long long)file->vectors);
  return fail_at(self, self->fields[CLF__LIBSVM_NR_SV].begin, CLF_ERROR_FORMAT);
}

static clf_status read_classes(const reader *self) {
  clf__libsvm *file = self->file;
  double classes = 0, vectors = 0;
  int64_t *labels = NULL;
  clf_status status;
  CLF__TRY(read_number(self, CLF__LIBSVM_NR_CLASS, 2, INT32_MAX, true, &classes));
  CLF__TRY(read_number(self, CLF__LIBSVM_TOTAL_SV, 1, INT32_MAX, true, &vectors));
  file->classes = (int64_t)classes;
  file->vectors = (int64_t)vectors;
  file->pairs = file->classes * (file->classes - 1) / 2;
  CLF__TRY(read_list(self, CLF__LIBSVM_LABEL, file->classes, NULL, &labels));
  CLF__TRY(read_list(self, CLF__LIBSVM_NR_SV, file->classes, NULL, &file->count));
  CLF__TRY(check_counts(self));
  CLF__TRY(read_list(self, CLF__LIBSVM_RHO, file->pairs, &file->rho, NULL));
  if (self->fields[CLF__LIBSVM_PROBABILITY_A].begin != NULL ||
      self->fields[CLF__LIBSVM_PROBABILITY_B].begin != NULL) {
    CLF__TRY(read_list(self, CLF__LIBSVM_PROBABILITY_A, file->pairs, &file->calibration_a, NULL));
    CLF__TRY(read_list(self, CLF__LIBSVM_PROBABILITY_B, file->pairs, &file->calibration_b, NULL));
  }
  CLF__TRY(clf__tensor_vector(&file->labels, self->context, CLF_I64, file->classes));
  memcpy(file->labels->data, labels, (size_t)file->classes * sizeof *labels);
done:
  clf__free(labels);
  return status;
}

/* Memory for the vectors, by what there is of text: a coefficient takes two bytes of it, an entry
 * four. */
static clf_status allocate_vectors(reader *self) {
  clf__libsvm *file = self->file;
  const int64_t bytes = self->lines.end - self->vectors;
  int64_t entries = 0, coefficients;
  if (!clf__mul_i64(file->classes - 1, file->vectors, &coefficients) ||
      coefficients > bytes / 2 + 1) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: it ends before the coefficients of %lld support vectors",
                     self->lines.name, (long long)file->vectors);
  }
  for (const char *at = self->vectors; at < self->lines.end; at++) {
    entries += *at == ':';
  }
  entries = entries < bytes / 3 + 1 ? entries : bytes / 3 + 1;
  file->coefficients = clf__alloc_array(self->context, coefficients, sizeof(float));
  file->row_start = clf__alloc_zeroed(self->context, file->vectors + 1, sizeof(int64_t));
  file->column = clf__alloc_array(self->context, entries, sizeof(int32_t));
  file->value = clf__alloc_array(self->context, entries, sizeof(float));
  self->entries = entries;
  bool there = file->coefficients != NULL && file->row_start != NULL && file->column != NULL &&
               file->value != NULL;
  if (file->function.kind == CLF__KERNEL_PRECOMPUTED) {
    file->support = clf__alloc_array(self->context, file->vectors, sizeof(int64_t));
    there = there && file->support != NULL;
  }
  return there ? CLF_OK : clf__fail_within(CLF_ERROR_MEMORY, "%s", self->lines.name);
}

static clf_status read_float(const reader *self, const char **at, const char *end, float *out) {
  double value = 0;
  const char *begin = *at;
  clf_status status = read_double(self, at, end, &value);
  *out = (float)value;
  return status < 0 || isfinite(*out) ? status
                                      : fail_word(self, begin, end, "within the range of float");
}

/* "index:value" as the next entry of the vector. */
static clf_status read_entry(reader *self, const char **at, const char *end, int64_t entry) {
  const char *begin = *at;
  int64_t index;
  const char *colon = clf__read_i64(begin, end, &index);
  if (colon == NULL || colon == end || *colon != ':' || index < 0 || index > LARGEST_INDEX ||
      entry >= self->entries) {
    return fail_word(self, begin, end, "of the form index:value with an index up to 2147483646");
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
  return read_float(self, at, end, &self->file->value[entry]);
}

/* "0:number", numbers of rows counting from 1. */
static clf_status read_support(reader *self, const char **at, const char *end, int64_t vector) {
  const char *begin = *at;
  int64_t number = 0;
  if (end - begin < 3 || memcmp(begin, "0:", 2) != 0) {
    return fail_word(self, begin, end, "of the form 0:number, as with a precomputed kernel");
  }
  *at = begin + 2;
  clf_status status = read_integer(self, at, end, &number);
  if (status == CLF_OK && (number < 1 || number > LARGEST_INDEX || *at < end)) {
    status = fail_word(self, begin, end, "the number of one row of training, from 1");
  }
  self->file->support[vector] = number - 1;
  if (number > self->highest) {
    self->highest = (int32_t)number;
    self->highest_at = begin;
  }
  return status;
}

static clf_status read_vector(reader *self, const char *at, const char *end, int64_t vector) {
  clf__libsvm *file = self->file;
  const int64_t first = file->row_start[vector];
  int64_t entry = first;
  clf_status status = CLF_OK;
  for (int64_t k = 0; k < file->classes - 1; k++) {
    CLF__TRY(read_float(self, &at, end, &file->coefficients[k * file->vectors + vector]));
  }
  if (file->support != NULL) {
    CLF__TRY(read_support(self, &at, end, vector));
  }
  for (; at < end; entry++) {
    CLF__TRY(read_entry(self, &at, end, entry));
  }
  file->row_start[vector + 1] = entry;
  if (!clf__row_ascends(file->column + first, entry - first) &&
      clf__row_sort(file->column + first, file->value + first, entry - first) >= 0) {
    clf__fail(CLF_ERROR_FORMAT, "an index occurs twice");
    status = fail_at(self, at, CLF_ERROR_FORMAT);
  }
done:
  return status;
}

static clf_status read_vectors(reader *self) {
  clf__libsvm *file = self->file;
  clf__lines_watch watch = clf__lines_watch_of(&self->lines, self->context, "libsvm");
  int64_t vector = 0;
  for (const char *at = self->vectors, *next; at < self->lines.end; at = next) {
    const char *end = line_end(self, at, &next);
    at = skip_blanks(at, end);
    clf_status status = clf__lines_step(&self->lines, &watch, at);
    if (status == CLF_OK && at < end) {
      status = vector < file->vectors
                   ? read_vector(self, at, end, vector)
                   : fail_word(self, at, end, "expected: the file has all of its support vectors");
      vector++;
    }
    if (status < 0) {
      return status;
    }
  }
  return vector == file->vectors
             ? CLF_OK
             : clf__fail(CLF_ERROR_FORMAT, "%s: it has %lld of %lld support vectors",
                         self->lines.name, (long long)vector, (long long)file->vectors);
}

/* Columns from 0, and how many. */
static clf_status set_columns(reader *self) {
  clf__libsvm *file = self->file;
  const int32_t zero_based = self->params->zero_based;
  if (zero_based == ZERO_BASED_FALSE && self->zero_at != NULL) {
    clf__fail(CLF_ERROR_FORMAT, "the index is 0, and zero_based=false says that they begin at 1");
    return fail_at(self, self->zero_at, CLF_ERROR_FORMAT);
  }
  const bool zero = zero_based == ZERO_BASED_TRUE || self->zero_at != NULL;
  const int32_t base = zero && file->support == NULL ? 0 : 1;
  for (int64_t e = 0; e < file->row_start[file->vectors]; e++) {
    file->column[e] -= base;
  }
  file->columns = (int64_t)self->highest + 1 - base;
  if (self->params->features.word < 0) {
    const double wanted = self->params->features.value;
    if (wanted != rint(wanted)) {
      return clf__fail(CLF_ERROR_ARGUMENT, "libsvm: features is %s; it must be an integer",
                       clf__number_text(wanted));
    }
    if ((double)file->columns > wanted) {
      clf__fail(CLF_ERROR_FORMAT, "the index %d is beyond features=%lld (the first is %d)",
                self->highest, (long long)wanted, base);
      return fail_at(self, self->highest_at, CLF_ERROR_FORMAT);
    }
    file->columns = (int64_t)wanted;
  }
  return file->columns > 0 ? CLF_OK
                           : clf__fail(CLF_ERROR_FORMAT,
                                       "%s: no support vector has an entry; say how many features "
                                       "there are by features=N",
                                       self->lines.name);
}

clf_status clf__libsvm_parse(clf__libsvm *out, clf_context *context, const clf__bytes *bytes,
                             const char *name, const clf__libsvm_params *params) {
  reader self = {.context = context, .file = out, .params = params};
  clf_status status;
  CLF__TRY(clf__lines_of(&self.lines, bytes, name));
  CLF__TRY(read_header(&self));
  CLF__TRY(read_kind(&self));
  CLF__TRY(read_function(&self));
  CLF__TRY(read_classes(&self));
  CLF__TRY(allocate_vectors(&self));
  CLF__TRY(read_vectors(&self));
  CLF__TRY(set_columns(&self));
done:
  return status;
}

void clf__libsvm_free(clf__libsvm *file) {
  clf_tensor_free(file->labels);
  clf__free(file->count);
  clf__free(file->rho);
  clf__free(file->calibration_a);
  clf__free(file->calibration_b);
  clf__free(file->coefficients);
  clf__free(file->row_start);
  clf__free(file->column);
  clf__free(file->value);
  clf__free(file->support);
  *file = (clf__libsvm){.classes = 0};
}
