/* The header of LIBSVM's model files: lines of "key value …" in any order, and a line "SV", after
 * which the vectors begin. Counts are compared with the length of the text before memory is
 * allocated. */
#include "interchange/libsvm/libsvm_text.h"
#include "base/utf8.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "data/formats/decimal.h"

enum { MAX_DEGREE = 64 };

clf_status clf__libsvm_fail_at(const clf__libsvm_reader *self, const char *at, clf_status status) {
  return clf__fail_within(status, "%s line %lld, column %lld", self->lines.name,
                          (long long)clf__line_number(&self->lines, at),
                          (long long)clf__line_column(&self->lines, at));
}

clf_status clf__libsvm_fail_word(const clf__libsvm_reader *self, const char *at, const char *end,
                                 const char *wanted) {
  clf__excerpt word = clf__excerpt_of(at, clf__libsvm_word_end(at, end));
  clf__fail(CLF_ERROR_FORMAT, "'%s' is not %s", word.text, wanted);
  return clf__libsvm_fail_at(self, at, CLF_ERROR_FORMAT);
}

const char *clf__libsvm_line_end(const clf__libsvm_reader *self, const char *at,
                                 const char **next) {
  *next = clf__line_after(&self->lines, at);
  const char *end = *next > at && (*next)[-1] == self->lines.line_end ? *next - 1 : *next;
  while (end > at && clf__libsvm_blank(end[-1])) {
    end--;
  }
  return end;
}

clf_status clf__libsvm_read_double(const clf__libsvm_reader *self, const char **at, const char *end,
                                   double *out) {
  const char *stop = clf__read_decimal(*at, end, out);
  if (stop == NULL || (stop < end && !clf__libsvm_blank(*stop)) || !isfinite(*out)) {
    return clf__libsvm_fail_word(self, *at, end, "a finite number");
  }
  *at = clf__libsvm_skip_blanks(stop, end);
  return CLF_OK;
}

clf_status clf__libsvm_read_integer(const clf__libsvm_reader *self, const char **at,
                                    const char *end, int64_t *out) {
  const char *stop = clf__read_i64(*at, end, out);
  if (stop == NULL || (stop < end && !clf__libsvm_blank(*stop))) {
    return clf__libsvm_fail_word(self, *at, end, "an integer");
  }
  *at = clf__libsvm_skip_blanks(stop, end);
  return CLF_OK;
}

static clf_status read_header(clf__libsvm_reader *self) {
  static const char keys[] = CLF__LIBSVM_KEYS;
  for (const char *at = self->lines.begin, *next; at < self->lines.end; at = next) {
    const char *end = clf__libsvm_line_end(self, at, &next);
    at = clf__libsvm_skip_blanks(at, end);
    const char *stop = clf__libsvm_word_end(at, end);
    if (stop - at == 2 && memcmp(at, "SV", 2) == 0) {
      self->vectors = next;
      return CLF_OK;
    }
    int32_t key = clf__word_index(keys, at, (size_t)(stop - at));
    if (key < 0) {
      return clf__libsvm_fail_word(self, at, end,
                                   "a line of a LIBSVM model: one of " CLF__LIBSVM_KEYS "|SV");
    }
    if (self->fields[key].begin != NULL) {
      return clf__libsvm_fail_word(self, at, end, "there for the first time");
    }
    self->fields[key] = (clf__libsvm_field){clf__libsvm_skip_blanks(stop, end), end};
  }
  return clf__fail(CLF_ERROR_FORMAT, "%s: no line 'SV' ends the header of a LIBSVM model",
                   self->lines.name);
}

static clf_status find_field(const clf__libsvm_reader *self, int32_t key, clf__libsvm_field *out) {
  static const char *const names[] = {"svm_type", "kernel_type", "degree",   "gamma",
                                      "coef0",    "nr_class",    "total_sv", "rho",
                                      "label",    "probA",       "probB",    "nr_sv"};
  *out = self->fields[key];
  return out->begin != NULL ? CLF_OK
                            : clf__fail(CLF_ERROR_FORMAT, "%s: its header has no line '%s'",
                                        self->lines.name, names[key]);
}

static clf_status read_word(const clf__libsvm_reader *self, int32_t key, const char *words,
                            int32_t *out) {
  clf__libsvm_field line;
  CLF__CHECK(find_field(self, key, &line));
  *out = clf__word_index(words, line.begin, (size_t)(line.end - line.begin));
  return *out >= 0 ? CLF_OK : clf__libsvm_fail_word(self, line.begin, line.end, words);
}

/* Reads `count` numbers, in the file's arena, which must be all that the line has: *doubles or else
 * *integers. */
static clf_status read_list(const clf__libsvm_reader *self, int32_t key, int64_t count,
                            double **doubles, int64_t **integers) {
  clf__libsvm_field line;
  CLF__CHECK(find_field(self, key, &line));
  const char *at = line.begin;
  int64_t found = 0;
  if (count > (line.end - line.begin) / 2 + 1) {
    found = -1; /* the text is too short for so many */
  } else if (doubles != NULL) {
    *doubles = clf__arena_array(&self->file->arena, count, sizeof **doubles);
  } else {
    *integers = clf__arena_array(&self->file->arena, count, sizeof **integers);
  }
  clf_status status = clf__arena_status(&self->file->arena);
  for (; status == CLF_OK && found >= 0 && found < count && at < line.end; found++) {
    status = doubles != NULL ? clf__libsvm_read_double(self, &at, line.end, *doubles + found)
                             : clf__libsvm_read_integer(self, &at, line.end, *integers + found);
  }
  if (status == CLF_OK && (found < count || at < line.end)) {
    clf__fail(CLF_ERROR_FORMAT, "this line must hold %lld numbers", (long long)count);
    status = clf__libsvm_fail_at(self, line.begin, CLF_ERROR_FORMAT);
  }
  return status;
}

/* Reads one number within bounds. */
static clf_status read_number(const clf__libsvm_reader *self, int32_t key, double min, double max,
                              bool integer, double *out) {
  double *value = NULL;
  CLF__CHECK(read_list(self, key, 1, &value, NULL));
  if (*value < min || *value > max || (integer && *value != rint(*value))) {
    clf__fail(CLF_ERROR_FORMAT, "%s is not %s from %s to %s", clf__number_text(*value),
              integer ? "an integer" : "a number", clf__number_text(min), clf__number_text(max));
    return clf__libsvm_fail_at(self, self->fields[key].begin, CLF_ERROR_FORMAT);
  }
  *out = *value;
  return CLF_OK;
}

static clf_status read_kind(const clf__libsvm_reader *self) {
  int32_t type;
  clf_status status = read_word(self, CLF__LIBSVM_SVM_TYPE, CLF__LIBSVM_TYPES, &type);
  if (status == CLF_OK && type != CLF__LIBSVM_C_SVC && type != CLF__LIBSVM_NU_SVC) {
    clf__libsvm_field line = self->fields[CLF__LIBSVM_SVM_TYPE];
    clf__fail(CLF_ERROR_UNSUPPORTED, "'%.*s' is no classifier; c_svc and nu_svc are read",
              (int)(line.end - line.begin), line.begin);
    status = clf__libsvm_fail_at(self, line.begin, CLF_ERROR_UNSUPPORTED);
  }
  return status;
}

static clf_status read_function(const clf__libsvm_reader *self) {
  clf__kernel_function *function = &self->file->function;
  int32_t kind = 0;
  double degree = 3;
  CLF__CHECK(read_word(self, CLF__LIBSVM_KERNEL_TYPE, CLF__KERNEL_WORDS, &kind));
  *function = (clf__kernel_function){.kind = kind};
  const bool polynomial = kind == CLF__KERNEL_POLYNOMIAL;
  if (polynomial) {
    CLF__CHECK(read_number(self, CLF__LIBSVM_DEGREE, 1, MAX_DEGREE, true, &degree));
  }
  if (polynomial || kind == CLF__KERNEL_RBF || kind == CLF__KERNEL_SIGMOID) {
    CLF__CHECK(
        read_number(self, CLF__LIBSVM_GAMMA, 0, CLF__KERNEL_MAX_GAMMA, false, &function->gamma));
  }
  if (polynomial || kind == CLF__KERNEL_SIGMOID) {
    CLF__CHECK(read_number(self, CLF__LIBSVM_COEF0, -1e30, 1e30, false, &function->coef0));
  }
  function->degree = (int32_t)degree;
  return CLF_OK;
}

static clf_status check_counts(const clf__libsvm_reader *self) {
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
  return clf__libsvm_fail_at(self, self->fields[CLF__LIBSVM_NR_SV].begin, CLF_ERROR_FORMAT);
}

static clf_status read_classes(const clf__libsvm_reader *self) {
  clf__libsvm *file = self->file;
  double classes = 0, vectors = 0;
  int64_t *labels = NULL;
  CLF__CHECK(read_number(self, CLF__LIBSVM_NR_CLASS, 2, INT32_MAX, true, &classes));
  CLF__CHECK(read_number(self, CLF__LIBSVM_TOTAL_SV, 1, INT32_MAX, true, &vectors));
  file->classes = (int64_t)classes;
  file->vectors = (int64_t)vectors;
  file->pairs = file->classes * (file->classes - 1) / 2;
  CLF__CHECK(read_list(self, CLF__LIBSVM_LABEL, file->classes, NULL, &labels));
  CLF__CHECK(read_list(self, CLF__LIBSVM_NR_SV, file->classes, NULL, &file->count));
  CLF__CHECK(check_counts(self));
  CLF__CHECK(read_list(self, CLF__LIBSVM_RHO, file->pairs, &file->rho, NULL));
  if (self->fields[CLF__LIBSVM_PROBABILITY_A].begin != NULL ||
      self->fields[CLF__LIBSVM_PROBABILITY_B].begin != NULL) {
    CLF__CHECK(read_list(self, CLF__LIBSVM_PROBABILITY_A, file->pairs, &file->calibration_a, NULL));
    CLF__CHECK(read_list(self, CLF__LIBSVM_PROBABILITY_B, file->pairs, &file->calibration_b, NULL));
  }
  CLF__CHECK(clf__tensor_vector(&file->labels, self->context, CLF_I64, file->classes));
  memcpy(file->labels->data, labels, (size_t)file->classes * sizeof *labels);
  return CLF_OK;
}

clf_status clf__libsvm_parse(clf__libsvm *out, clf_context *context, const clf__bytes *bytes,
                             const char *name, const clf__libsvm_params *params) {
  clf__libsvm_reader self = {.context = context, .file = out, .params = params};
  clf_status status;
  out->arena.context = context;
  status = clf__lines_of(&self.lines, bytes, name);
  if (status < 0) {
    return clf__fail(CLF_ERROR_FORMAT, "%s", clf_last_error()); /* an empty one is not valid
                                                                 * either */
  }
  CLF__TRY(read_header(&self));
  CLF__TRY(read_kind(&self));
  CLF__TRY(read_function(&self));
  CLF__TRY(read_classes(&self));
  CLF__TRY(clf__libsvm_read_vectors(&self));
done:
  return status;
}

void clf__libsvm_free(clf__libsvm *file) {
  clf_tensor_free(file->labels);
  clf__arena_free(&file->arena);
  *file = (clf__libsvm){.classes = 0};
}
