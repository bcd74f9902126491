/* A column of CSV text as labels: integers of 64 bits if all of them are; numbers if all of them
 * are and doubles do not merge integers among them; otherwise names. */
#include <math.h>
#include <string.h>

#include "base/utf8_text.h"
#include "data/formats/csv/csv.h"
#include "data/formats/decimal.h"
#include "data/label_key.h"

typedef struct column {
  clf_context *context;
  const clf__csv_columns *columns;
  const char *const *fields; /* [rows] the beginning of each */
  int64_t rows;
} column;

static clf__csv_field field_at(const column *self, int64_t row) {
  clf__csv_field field = {.begin = NULL};
  clf__csv_field_at(&field, &self->columns->text, self->fields[row]);
  return field;
}

/* Reads a field as a number; returns false if it is none, or one that doubles would merge with
 * others. */
static bool number_of(const clf__csv_digits *digits, double *out) {
  return clf__read_decimal(digits->begin, digits->end, out) == digits->end && isfinite(*out) &&
         clf__double_keeps(digits->begin, digits->end, *out);
}

static bool integer_of(const clf__csv_digits *digits, int64_t *out) {
  return clf__read_i64(digits->begin, digits->end, out) == digits->end;
}

/* Reads labels that are all integers, or all numbers; `*numbers` stays NULL if one is neither. */
static clf_status as_numbers(clf_tensor **numbers, const column *self, int32_t dtype) {
  clf_tensor *made = NULL;
  clf_status status = clf__tensor_vector(&made, self->context, dtype, self->rows);
  for (int64_t i = 0; status == CLF_OK && i < self->rows; i++) {
    const clf__csv_field field = field_at(self, i);
    clf__csv_digits digits;
    clf__csv_respell(&digits, &self->columns->text, &field);
    if (digits.end == NULL || !(dtype == CLF_I64 ? integer_of(&digits, (int64_t *)made->data + i)
                                                 : number_of(&digits, (double *)made->data + i))) {
      clf_tensor_free(made);
      return CLF_OK;
    }
  }
  *numbers = made;
  return status;
}

/* Names were refused: reports the position of the first that is not UTF-8. */
static clf_status fail_names(const column *self, clf_status status, const char *const *names) {
  int64_t label = 0;
  while (self->columns->roles[label] != CLF__CSV_LABEL) {
    label++;
  }
  for (int64_t i = 0; i < self->rows; i++) {
    if (clf__utf8_check(names[i], strlen(names[i]), CLF__LINES_LATIN1_ADVICE) < 0) {
      return clf__csv_fail_within(status, self->columns, self->fields[i], label);
    }
  }
  return status;
}

static clf_status set_names(clf_dataset *dataset, const column *self) {
  size_t bytes = 0;
  for (int64_t i = 0; i < self->rows; i++) {
    clf__csv_field field = field_at(self, i);
    bytes += (size_t)(field.end - field.begin) + 1;
  }
  clf__arena arena = {.context = self->context};
  const char **names = clf__arena_array(&arena, self->rows, sizeof *names);
  char *text = clf__arena_array(&arena, (int64_t)bytes, 1);
  clf_status status = clf__arena_status(&arena);
  char *next = text;
  for (int64_t i = 0; status == CLF_OK && i < self->rows; i++) {
    clf__csv_field field = field_at(self, i);
    names[i] = next;
    next += clf__csv_content(&field, next) + 1;
  }
  if (status == CLF_OK) {
    status = clf_dataset_set_label_names(dataset, names, self->rows);
    status = status == CLF_ERROR_DATA ? fail_names(self, status, names) : status;
  }
  clf__arena_free(&arena);
  return status;
}

clf_status clf__csv_set_labels(clf_dataset *dataset, const clf__csv_columns *columns,
                               const char *const *fields) {
  const column self = {dataset->context, columns, fields, dataset->rows};
  clf_tensor *numbers = NULL;
  clf_status status = as_numbers(&numbers, &self, CLF_I64);
  if (status == CLF_OK && numbers == NULL) {
    status = as_numbers(&numbers, &self, CLF_F64);
  }
  if (status == CLF_OK && numbers != NULL) {
    status = clf_dataset_set_labels(dataset, numbers);
  } else if (status == CLF_OK) {
    status = set_names(dataset, &self);
  }
  clf_tensor_free(numbers);
  return status == CLF_ERROR_MEMORY ? clf__fail_within(status, "%s", columns->text.lines.name)
                                    : status;
}
