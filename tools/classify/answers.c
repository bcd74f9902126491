#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include "report/text.h"

/* A model that cannot answer so refuses every row, and one that can may refuse this one, too. */
bool model_can_answer(const clf_model *model, const answer_wish *wish) {
  clf_tensor *x = NULL;
  clf_dataset *row = NULL;
  answers a = {.rows = 0};
  clf_status status = answers_create(&a, model, wish, 1);
  if (status == CLF_OK) {
    status =
        clf_tensor_create(&x, NULL, CLF_F32, 2, (const int64_t[]){1, clf_model_features(model)});
  }
  status = status == CLF_OK ? clf_dataset_create(&row, NULL, x, NULL) : status;
  status = status == CLF_OK ? answers_add(&a, row) : status;
  answers_free(&a);
  clf_dataset_free(row);
  clf_tensor_free(x);
  return status != CLF_ERROR_UNSUPPORTED;
}

bool model_has_probabilities(const clf_model *model) {
  return clf_model_classes(model) > 0 &&
         model_can_answer(model, &(answer_wish){.kind = ANSWER_PROBABILITIES});
}

bool model_learns_one_class(const clf_model *model) {
  char type[32] = "";
  return strcmp(clf_model_kind(model), "svm") == 0 &&
         clf_model_get_text(model, "type", type, sizeof type, NULL) == CLF_OK &&
         strcmp(type, "one_class") == 0;
}

bool answers_offered(const clf_model *model, const answer_wish *wish) {
  const bool classes = clf_model_classes(model) > 0;
  const answer_wish covers = {ANSWER_LABELS, wish->coverage, false};
  const answer_wish novelty = {ANSWER_LABELS, 0, wish->novelty};
  if (wish->kind == ANSWER_PROBABILITIES && !model_has_probabilities(model)) {
    complain("--probabilities: %s",
             model_learns_one_class(model) ? "a machine of one class has none; --scores prints its "
                                             "decision value"
             : !classes                    ? "the model is a regression, which has none"
                        : "the model has none: classify calibrate fits them to labeled rows");
    return false;
  }
  if (wish->coverage > 0 && !model_can_answer(model, &covers)) {
    complain("--set: %s", model_learns_one_class(model)
                              ? "a machine of one class has no sets"
                              : "the model is not prepared for it: classify calibrate MODEL "
                                "HELD_OUT --conform 'method=lac' -o MODEL does it");
    return false;
  }
  if (wish->novelty && !model_can_answer(model, &novelty)) {
    complain("--novelty: %s",
             model_learns_one_class(model) ? "a machine of one class has none; --scores prints its "
                                             "decision value"
             : !classes                    ? "a regression has none"
                        : "the model does not reject rows: classify train with reject=0.05 in "
                          "--model, or classify calibrate --reject 0.05");
    return false;
  }
  return true;
}

static void *allocate(bool wanted, int64_t rows, size_t size) {
  return wanted ? calloc((size_t)rows + 1, size) : NULL;
}

clf_status answers_create(answers *out, const clf_model *model, const answer_wish *wish,
                          int64_t rows) {
  const bool one_class = model_learns_one_class(model);
  const bool labels = clf_model_classes(model) > 0 || one_class;
  const bool values = wish->kind != ANSWER_LABELS || clf_model_classes(model) == 0;
  const bool covers = wish->coverage > 0;
  const size_t outputs = (size_t)clf_model_outputs(model);
  *out = (answers){.model = model,
                   .rows = rows,
                   .outputs = clf_model_outputs(model),
                   .probabilities = wish->kind == ANSWER_PROBABILITIES,
                   .one_class = one_class,
                   .coverage = wish->coverage,
                   .labels = allocate(labels, rows, sizeof *out->labels),
                   .values = allocate(values, rows, outputs * sizeof *out->values),
                   .sets = allocate(covers && labels, rows, outputs * sizeof *out->sets),
                   .bounds = allocate(covers && !labels, rows, 2 * outputs * sizeof *out->bounds),
                   .novelty = allocate(wish->novelty, rows, sizeof *out->novelty)};
  return (labels && out->labels == NULL) || (values && out->values == NULL) ||
                 (covers && out->sets == NULL && out->bounds == NULL) ||
                 (wish->novelty && out->novelty == NULL)
             ? CLF_ERROR_MEMORY
             : CLF_OK;
}

void answers_free(answers *a) {
  free(a->novelty);
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
  if (a->probabilities) {
    status = clf_model_predict_proba_f64(a->model, data, values, left * a->outputs);
  } else if (values != NULL) {
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
  if (status == CLF_OK && a->novelty != NULL) {
    status = clf_model_novelty(a->model, data, a->novelty + a->filled, left);
  }
  if (status == CLF_OK && a->labels != NULL) { /* what a model cannot answer is found before */
    status = clf_model_predict(a->model, data, a->labels + a->filled, left);
  }
  a->filled += status == CLF_OK ? clf_dataset_rows(data) : 0;
  return status;
}

/* Whether the model refuses one of some rows, or memory runs out. */
static bool refuses(const clf_model *model, const answer_wish *wish, const clf_dataset *rows,
                    int64_t first, int64_t count) {
  int64_t *indices = malloc((size_t)count * sizeof *indices);
  clf_dataset *part = NULL;
  answers a = {.rows = 0};
  for (int64_t i = 0; indices != NULL && i < count; i++) {
    indices[i] = first + i;
  }
  clf_status status =
      indices != NULL ? clf_dataset_subset(&part, rows, indices, count) : CLF_ERROR_MEMORY;
  status = status == CLF_OK ? answers_create(&a, model, wish, count) : status;
  status = status == CLF_OK ? answers_add(&a, part) : status;
  answers_free(&a);
  clf_dataset_free(part);
  free(indices);
  return status < 0;
}

int64_t answers_refused(const clf_model *model, const answer_wish *wish, const clf_dataset *rows,
                        int64_t first) {
  int64_t count = clf_dataset_rows(rows) - first;
  while (count > 1) {
    const int64_t half = count / 2;
    const bool in_half = refuses(model, wish, rows, first, half);
    first += in_half ? 0 : half;
    count = in_half ? half : count - half;
  }
  refuses(model, wish, rows, first, 1); /* for its message */
  return first;
}
