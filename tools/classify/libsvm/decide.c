/* Decides as LIBSVM does: by the value, or of classes by the votes of the pairs, of which the first class wins where several
 * have as many (clf_model_predict() lets the decision values settle that), or by probabilities. */
#include <stdlib.h>
#include <string.h>

#include "libsvm/machine.h"

void svm_machine_free(svm_machine *machine) {
  clf_model_free(machine->model);
  free(machine->label);
  free(machine->place);
  *machine = (svm_machine){.model = NULL};
}

/* Index of the pair of classes i < j among (0, 1), (0, 2) … (1, 2) … */
static int64_t pair_of(int64_t i, int64_t j, int64_t classes) {
  return i * (2 * classes - i - 1) / 2 + j - i - 1;
}

/* The decision value of the machine's class i against j. */
static double value_of(const svm_machine *machine, const double *values, int64_t i, int64_t j) {
  const int64_t k = machine->place[i], l = machine->place[j];
  return k < l ? values[pair_of(k, l, machine->classes)] : -values[pair_of(l, k, machine->classes)];
}

static int32_t vote(const svm_machine *machine, const double *values, int64_t *votes) {
  int32_t best = 0;
  memset(votes, 0, (size_t)machine->classes * sizeof *votes);
  for (int64_t i = 0; i < machine->classes; i++) {
    for (int64_t j = i + 1; j < machine->classes; j++) {
      votes[value_of(machine, values, i, j) > 0 ? i : j]++;
    }
  }
  for (int32_t i = 1; i < machine->classes; i++) {
    best = votes[i] > votes[best] ? i : best;
  }
  return best;
}

static clf_status decide_votes(const svm_machine *machine, const clf_dataset *data,
                               double *answer) {
  const int64_t rows = clf_dataset_rows(data);
  const int64_t pairs = machine->classes * (machine->classes - 1) / 2;
  double *values = calloc((size_t)rows, (size_t)pairs * sizeof *values);
  int64_t *votes = calloc((size_t)machine->classes, sizeof *votes);
  clf_status status = CLF_ERROR_MEMORY;
  if (values != NULL && votes != NULL) {
    status = clf_model_project_f64(machine->model, data, values, rows * pairs, NULL);
  }
  for (int64_t i = 0; status >= 0 && i < rows; i++) {
    answer[i] = machine->label[vote(machine, values + i * pairs, votes)];
  }
  free(votes);
  free(values);
  return status;
}

static clf_status decide_probabilities(const svm_machine *machine, const clf_dataset *data,
                                       double *answer, double *probabilities) {
  const int64_t rows = clf_dataset_rows(data), classes = machine->classes;
  double *row = calloc((size_t)classes, sizeof *row);
  clf_status status = row == NULL ? CLF_ERROR_MEMORY
                                  : clf_model_predict_proba_f64(machine->model, data, probabilities,
                                                                rows * classes);
  for (int64_t i = 0; status >= 0 && i < rows; i++) {
    double *own = probabilities + i * classes;
    memcpy(row, own, (size_t)classes * sizeof *row);
    int32_t best = 0;
    for (int32_t k = 0; k < classes; k++) {
      own[k] = row[machine->place[k]];
      best = own[k] > own[best] ? k : best;
    }
    answer[i] = machine->label[best];
  }
  free(row);
  return status;
}

static clf_status decide_value(const svm_machine *machine, const clf_dataset *data,
                               double *answer) {
  const int64_t rows = clf_dataset_rows(data);
  const clf_status status = clf_model_decision_function_f64(machine->model, data, answer, rows);
  for (int64_t i = 0; status >= 0 && i < rows && machine->type == SVM_ONE_CLASS; i++) {
    answer[i] = answer[i] > 0 ? 1 : -1;
  }
  return status;
}

clf_status svm_machine_decide(const svm_machine *machine, const clf_dataset *data, double *answer,
                              double *probabilities) {
  if (machine->model == NULL) {
    for (int64_t i = 0; i < clf_dataset_rows(data); i++) {
      answer[i] = machine->label[0];
    }
    return CLF_OK;
  }
  if (!svm_type_has_classes(machine->type)) {
    return decide_value(machine, data, answer);
  }
  return probabilities == NULL ? decide_votes(machine, data, answer)
                               : decide_probabilities(machine, data, answer, probabilities);
}
