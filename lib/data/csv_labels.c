/* A column of CSV text as labels: integers of 64 bits when all of them are, numbers when all are
 * and doubles merge no two integers among them, else names. */
#include <math.h>

#include "data/csv.h"
#include "data/label_key.h"

typedef struct column {
  clf_context *context;
  const clf__csv_text *text;
  const char *const *fields; /* [rows] where each begins */
  int64_t rows;
} column;

static clf__csv_field field_at(const column *self, int64_t row) {
  clf__csv_field field = {.begin = NULL};
  clf__csv_field_at(&field, self->text, self->fields[row]);
  return field;
}

/* The number that a field is; false where it is none, or one that doubles would merge with
 * others. */
static bool number_of(const clf__csv_field *field, double *out) {
  return clf__csv_number(field, out) && isfinite(*out) &&
         clf__double_keeps(field->begin, field->end, *out);
}

static bool integer_of(const clf__csv_field *field, int64_t *out) {
  return clf__read_i64(field->begin, field->end, out) == field->end;
}

/* Labels that are all integers, or all numbers; `*numbers` stays NULL when one is neither. */
static clf_status as_numbers(clf_tensor **numbers, const column *self, int32_t dtype) {
  clf_tensor *made = NULL;
  clf_status status = clf__tensor_vector(&made, self->context, dtype, self->rows);
  for (int64_t i = 0; status == CLF_OK && i < self->rows; i++) {
    const clf__csv_field field = field_at(self, i);
    if (!(dtype == CLF_I64 ? integer_of(&field, (int64_t *)made->data + i)
                           : number_of(&field, (double *)made->data + i))) {
      clf_tensor_free(made);
      return CLF_OK;
    }
  }
  *numbers = made;
  return status;
}

static clf_status set_names(clf_dataset *dataset, const column *self) {
  size_t bytes = 0;
  for (int64_t i = 0; i < self->rows; i++) {
    clf__csv_field field = field_at(self, i);
    bytes += (size_t)(field.end - field.begin) + 1;
  }
  const char **names = clf__alloc_array(self->context, self->rows, sizeof *names);
  char *text = clf__alloc(self->context, bytes);
  clf_status status = names != NULL && text != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  char *next = text;
  for (int64_t i = 0; status == CLF_OK && i < self->rows; i++) {
    clf__csv_field field = field_at(self, i);
    names[i] = next;
    next += clf__csv_content(&field, next) + 1;
  }
  if (status == CLF_OK) {
    status = clf_dataset_set_label_names(dataset, names, self->rows);
  }
  clf__free(names);
  clf__free(text);
  return status;
}

clf_status clf__csv_set_labels(clf_dataset *dataset, const clf__csv_text *text,
                               const char *const *fields) {
  const column self = {dataset->context, text, fields, dataset->rows};
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
  return status;
}
