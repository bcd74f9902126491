/* A column of CSV text as labels: numbers when all of them are, else names. */
#include <math.h>

#include "data/csv.h"

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

/* Labels that are all numbers; `*numbers` stays NULL when one is not. */
static clf_status as_numbers(clf_tensor **numbers, const column *self) {
  clf_tensor *made = NULL;
  clf_status status = clf__tensor_vector(&made, self->context, CLF_F64, self->rows);
  for (int64_t i = 0; status == CLF_OK && i < self->rows; i++) {
    double *number = (double *)made->data + i;
    clf__csv_field field = field_at(self, i);
    if (!clf__csv_number(&field, number) || !isfinite(*number)) {
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
  clf_status status = as_numbers(&numbers, &self);
  if (status == CLF_OK && numbers != NULL) {
    status = clf_dataset_set_labels(dataset, numbers);
  } else if (status == CLF_OK) {
    status = set_names(dataset, &self);
  }
  clf_tensor_free(numbers);
  return status;
}
