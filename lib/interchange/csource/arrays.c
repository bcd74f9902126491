/* Pieces of C source code: constants, arrays of them, local arrays, and products of matrices. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/math.h"
#include "interchange/csource/csource.h"

enum {
  PIECE = 1 << 16,
  NUMBERS = 8,         /* in a line */
  MAX_STACK = 1 << 22, /* bytes; half of what a thread usually has */
  LONGEST_CODE = 1024
};

void clf__csource_code(clf__csource *source, clf__text *to, const char *format, ...) {
  char code[LONGEST_CODE];
  va_list arguments;
  va_start(arguments, format);
  to->failed |= vsnprintf(code, sizeof code, format, arguments) >= LONGEST_CODE;
  va_end(arguments);
  for (const char *at = code; *at != '\0';) {
    const size_t plain = strcspn(at, "@");
    clf__text_append_bytes(to, at, plain);
    at += plain;
    if (*at == '@') {
      clf__text_append(to, "%s_", source->name);
      at++;
    }
  }
}

/* An integer gets a point, so that it is a constant of a floating type. */
static clf__number_text_result with_point(clf__number_text_result number, const char *suffix) {
  const size_t length = strlen(number.text);
  const bool plain = strcspn(number.text, ".e") == length;
  snprintf(number.text + length, sizeof number.text - length, "%s%s", plain ? ".0" : "", suffix);
  return number;
}

clf__number_text_result clf__csource_f64(double value) {
  return with_point(clf__number_format(value), "");
}

static clf__number_text_result constant_f32(float value) {
  return with_point(clf__number_format_f32(value), "F");
}

void clf__csource_math(clf__csource *source) {
  clf__text_append(&source->text, source->calls_math ? "" : "\n#include <math.h>\n");
  source->calls_math = true;
}

clf__csource_array clf__csource_matrix(int32_t dtype, const void *data, int64_t rows,
                                       int64_t columns) {
  return (clf__csource_array){data, dtype, rows, columns, columns, 1};
}

clf__csource_array clf__csource_vector(int32_t dtype, const void *data, int64_t count) {
  return (clf__csource_array){data, dtype, 0, count, count, 1};
}

static void append_element(clf__text *text, const clf__csource_array *array, int64_t at) {
  switch (array->dtype) {
  case CLF_F32:
    clf__text_append(text, "%s", constant_f32(((const float *)array->data)[at]).text);
    break;
  case CLF_F64:
    clf__text_append(text, "%s", clf__csource_f64(((const double *)array->data)[at]).text);
    break;
  case CLF_U8:
    clf__text_append(text, "%d", ((const uint8_t *)array->data)[at]);
    break;
  case CLF_I32:
    clf__text_append(text, "%d", (int)((const int32_t *)array->data)[at]);
    break;
  default:
    clf__text_append(text, "%lld", (long long)((const int64_t *)array->data)[at]);
  }
}

/* A damaged model file may hold numbers whose product is not finite. */
static bool is_finite(const clf__csource_array *array, int64_t at) {
  return array->dtype == CLF_F32   ? isfinite(((const float *)array->data)[at])
         : array->dtype == CLF_F64 ? isfinite(((const double *)array->data)[at])
                                   : true;
}

/* Appends the numbers of a row, some in a line. */
static clf_status append_row(clf__csource *source, const clf__csource_array *array, int64_t row) {
  clf__text *text = &source->text;
  clf_status status = CLF_OK;
  for (int64_t j = 0; j < array->columns && status == CLF_OK; j++) {
    const int64_t at = row * array->row_step + j * array->column_step;
    if (!is_finite(array, at)) {
      return clf__fail(CLF_ERROR_UNSUPPORTED, "c: a number of the model is not finite");
    }
    clf__text_append(text, "%s", j == 0 ? "" : j % NUMBERS == 0 ? ",\n     " : ", ");
    append_element(text, array, at);
    status = clf__output_text(source->output, text, PIECE);
  }
  /* An array of C has at least one element. */
  clf__text_append(text, array->columns > 0 ? "" : "0");
  return status;
}

clf_status clf__csource_table(clf__csource *source, const char *name,
                              const clf__csource_array *array) {
  static const char *const types[] = {[CLF_F32] = "float",
                                      [CLF_F64] = "double",
                                      [CLF_U8] = "unsigned char",
                                      [CLF_I32] = "int",
                                      [CLF_I64] = "int"};
  const bool matrix = array->rows > 0;
  clf__text *text = &source->text;
  clf_status status = CLF_OK;
  if (array->rows > INT32_MAX || array->columns > INT32_MAX) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "c: %s has %lld x %lld numbers; an index is an int",
                     name, (long long)array->rows, (long long)array->columns);
  }
  clf__csource_code(source, text, "\nstatic const %s @%s", types[array->dtype], name);
  if (matrix) {
    clf__text_append(text, "[%lld]", (long long)array->rows);
  }
  clf__text_append(text, "[%lld] = {\n", (long long)clf__max_i64(array->columns, 1));
  for (int64_t i = 0; i < (matrix ? array->rows : 1) && status == CLF_OK; i++) {
    clf__text_append(text, matrix ? "    {" : "     ");
    status = append_row(source, array, i);
    clf__text_append(text, matrix ? "},\n" : "\n");
  }
  clf__text_append(text, "};\n");
  return status;
}

static const char *const locals[CLF__CSOURCE_LOCALS] = {"a", "b", "c", "d"};

/* Returns the index of the array for a result. */
static int choose_local(const clf__csource *source, bool wide, bool over) {
  const int first = wide ? 2 : 0;
  const bool in_first = strcmp(source->values, locals[first]) == 0;
  const bool in_second = strcmp(source->values, locals[first + 1]) == 0;
  return (over ? in_second : in_first) ? first + 1 : first;
}

clf_status clf__csource_local(const char **out, clf__csource *source, bool wide, int64_t columns,
                              bool in_place) {
  const int index = choose_local(source, wide, in_place && columns == source->columns);
  double bytes = 0;
  source->size[index] = clf__max_i64(source->size[index], columns);
  for (int i = 0; i < CLF__CSOURCE_LOCALS; i++) {
    bytes += (double)source->size[i] * (i < 2 ? sizeof(float) : sizeof(double));
  }
  if (bytes > MAX_STACK) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "c: rows of %lld values between the parts of the model take %s bytes of the "
                     "stack; there are %d at most",
                     (long long)columns, clf__number_text(bytes), MAX_STACK);
  }
  *out = locals[index];
  return CLF_OK;
}

void clf__csource_becomes(clf__csource *source, const char *values, bool wide, int64_t columns) {
  source->values = values;
  source->wide = wide;
  source->columns = columns;
}

void clf__csource_product(clf__csource *source, const char *weights, const char *bias,
                          int64_t outputs, const char *to, bool wide) {
  clf__text *body = &source->body;
  clf__csource_code(source, body,
                    "  for (int k = 0; k < %lld; k++) {\n"
                    "    double sum = 0;\n"
                    "    for (int j = 0; j < %lld; j++) {\n"
                    "      sum += (double)@%s[k][j] * (double)%s[j];\n"
                    "    }\n",
                    (long long)outputs, (long long)source->columns, weights, source->values);
  if (bias != NULL) { /* last, so that products which cancel leave it */
    clf__csource_code(source, body, "    sum += (double)@%s[k];\n", bias);
  }
  clf__csource_code(source, body, "    %s[k] = %ssum;\n  }\n", to, wide ? "" : "(float)");
}
