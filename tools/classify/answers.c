#include "answers.h"

#include <stdlib.h>
#include <string.h>

/* A model without probabilities refuses every row, and one with them may refuse this one too. */
bool model_has_probabilities(const clf_model *model) {
  const int64_t features = clf_model_features(model), classes = clf_model_classes(model);
  if (classes < 1) {
    return false;
  }
  double *values = calloc((size_t)classes, sizeof *values);
  clf_tensor *x = NULL;
  clf_dataset *row = NULL;
  clf_status status = values != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  if (status == CLF_OK) {
    status = clf_tensor_create(&x, NULL, CLF_F32, 2, (const int64_t[]){1, features});
  }
  status = status == CLF_OK ? clf_dataset_create(&row, NULL, x, NULL) : status;
  status = status == CLF_OK ? clf_model_predict_proba_f64(model, row, values, classes) : status;
  clf_dataset_free(row);
  clf_tensor_free(x);
  free(values);
  return status != CLF_ERROR_UNSUPPORTED;
}

bool model_learns_one_class(const clf_model *model) {
  char type[32] = "";
  return strcmp(clf_model_kind(model), "svm") == 0 &&
         clf_model_get_text(model, "type", type, sizeof type, NULL) == CLF_OK &&
         strcmp(type, "one_class") == 0;
}

clf_status answers_create(answers *out, const clf_model *model, answer_kind kind, int64_t rows) {
  const bool labels = clf_model_classes(model) > 0, values = kind != ANSWER_LABELS || !labels;
  *out = (answers){.model = model,
                   .rows = rows,
                   .outputs = clf_model_outputs(model),
                   .probabilities = kind == ANSWER_PROBABILITIES};
  if (values) {
    out->values = calloc((size_t)rows + 1, (size_t)out->outputs * sizeof *out->values);
  }
  if (labels) {
    out->labels = calloc((size_t)rows + 1, sizeof *out->labels);
  }
  return (values && out->values == NULL) || (labels && out->labels == NULL) ? CLF_ERROR_MEMORY
                                                                            : CLF_OK;
}

clf_status answers_cover(answers *a, double coverage) {
  a->coverage = coverage;
  if (!(coverage > 0)) {
    return CLF_OK;
  }
  const size_t values = (size_t)a->rows * (size_t)a->outputs + 1;
  if (a->labels != NULL) {
    a->sets = calloc(values, sizeof *a->sets);
    return a->sets != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  }
  a->bounds = calloc(values, 2 * sizeof *a->bounds);
  return a->bounds != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

void answers_free(answers *a) {
  free(a->sets);
  free(a->bounds);
  free(a->labels);
  free(a->values);
  *a = (answers){0};
}

clf_status answers_add(answers *a, const clf_dataset *data) {
  double *values = a->values != NULL ? a->values + a->filled * a->outputs : NULL;
  const int64_t left = a->rows - a->filled;
  clf_status status = CLF_OK;
  if (a->labels != NULL) {
    status = clf_model_predict(a->model, data, a->labels + a->filled, left);
  }
  if (status == CLF_OK && a->probabilities) {
    status = clf_model_predict_proba_f64(a->model, data, values, left * a->outputs);
  } else if (status == CLF_OK && values != NULL) {
    status = clf_model_decision_function_f64(a->model, data, values, left * a->outputs);
  }
  const int64_t done = a->filled * a->outputs;
  if (status == CLF_OK && a->sets != NULL) {
    status = clf_model_predict_set(a->model, data, a->coverage, a->sets + done, left * a->outputs);
  }
  if (status == CLF_OK && a->bounds != NULL) {
    status = clf_model_predict_interval(a->model, data, a->coverage, a->bounds + 2 * done,
                                        2 * left * a->outputs);
  }
  a->filled += status == CLF_OK ? clf_dataset_rows(data) : 0;
  return status;
}

/* Whether the model refuses one of some rows, or memory runs out. */
static bool refuses(const clf_model *model, answer_kind kind, const clf_dataset *rows,
                    int64_t first, int64_t count) {
  int64_t *indices = malloc((size_t)count * sizeof *indices);
  clf_dataset *part = NULL;
  answers a = {.rows = 0};
  for (int64_t i = 0; indices != NULL && i < count; i++) {
    indices[i] = first + i;
  }
  clf_status status =
      indices != NULL ? clf_dataset_subset(&part, rows, indices, count) : CLF_ERROR_MEMORY;
  status = status == CLF_OK ? answers_create(&a, model, kind, count) : status;
  status = status == CLF_OK ? answers_add(&a, part) : status;
  answers_free(&a);
  clf_dataset_free(part);
  free(indices);
  return status < 0;
}

int64_t answers_refused(const clf_model *model, answer_kind kind, const clf_dataset *rows,
                        int64_t first) {
  int64_t count = clf_dataset_rows(rows) - first;
  while (count > 1) {
    const int64_t half = count / 2;
    const bool in_half = refuses(model, kind, rows, first, half);
    first += in_half ? 0 : half;
    count = in_half ? half : count - half;
  }
  refuses(model, kind, rows, first, 1); /* for its message */
  return first;
}
