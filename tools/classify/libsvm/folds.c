/* Cross-validation with LIBSVM's folds, which are those of rand() from its default seed: each class
 * is shuffled and cut into equal parts, or without classes all rows are, so with the same C library
 * the results are comparable. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsvm/folds.h"

typedef struct folding {
  svm_training training; /* of all rows */
  const svm_settings *settings;
  int64_t folds;
  int64_t *order;  /* [count] the rows, fold after fold */
  int64_t *start;  /* [folds + 1] */
  int64_t *others; /* [count] those outside the fold */
  double *decided; /* [count] what is predicted of the row at that place */
} folding;

static void shuffle(int64_t *rows, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const int64_t j = i + rand() % (count - i);
    const int64_t row = rows[i];
    rows[i] = rows[j];
    rows[j] = row;
  }
}

/* Sets order[] to the rows, class after class, and begin[] to where each class begins. */
static void group_classes(folding *f, const svm_classes *classes, int64_t *begin) {
  for (int64_t k = 0; k < classes->count; k++) {
    begin[k + 1] = begin[k] + classes->rows[k];
  }
  for (int64_t i = 0; i < f->training.count; i++) {
    f->others[begin[classes->of[i]]++] = i;
  }
  for (int64_t k = classes->count; k > 0; k--) {
    begin[k] = begin[k - 1];
  }
  begin[0] = 0;
}

/* Every fold gets its part of each class. */
static bool make_stratified(folding *f) {
  svm_classes classes = {.count = 0};
  const svm_training *t = &f->training;
  int64_t *begin = NULL, next = 0;
  const bool good = svm_classes_find(&classes, t->rows, t->chosen, t->count) &&
                    (begin = calloc((size_t)classes.count + 1, sizeof *begin)) != NULL;
  if (good) {
    group_classes(f, &classes, begin);
    for (int64_t k = 0; k < classes.count; k++) {
      shuffle(f->others + begin[k], classes.rows[k]);
    }
    for (int64_t fold = 0; fold < f->folds; fold++) {
      f->start[fold] = next;
      for (int64_t k = 0; k < classes.count; k++) {
        const int64_t end = begin[k] + (fold + 1) * classes.rows[k] / f->folds;
        for (int64_t i = begin[k] + fold * classes.rows[k] / f->folds; i < end; i++) {
          f->order[next++] = f->others[i];
        }
      }
    }
    f->start[f->folds] = next;
  }
  free(begin);
  svm_classes_free(&classes);
  return good;
}

/* Each fold gets its part of all rows. */
static bool make_plain(folding *f) {
  for (int64_t i = 0; i < f->training.count; i++) {
    f->order[i] = i;
  }
  for (int64_t fold = 0; fold <= f->folds; fold++) {
    f->start[fold] = fold * f->training.count / f->folds;
  }
  shuffle(f->order, f->training.count);
  return true;
}

static clf_status decide(folding *f, const svm_machine *machine, svm_training *part, int64_t fold) {
  const int64_t first = f->start[fold], count = f->start[fold + 1] - first;
  double *probabilities = NULL;
  clf_dataset *data = NULL;
  clf_status status = svm_training_rows(&data, part, f->order + first, count);
  if (status >= 0 && machine->calibrated && svm_type_has_classes(machine->type)) {
    probabilities = calloc((size_t)count, (size_t)machine->classes * sizeof *probabilities);
    status = probabilities != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  }
  status =
      status >= 0 ? svm_machine_decide(machine, data, f->decided + first, probabilities) : status;
  free(probabilities);
  clf_dataset_free(data);
  return status;
}

static clf_status run_fold(folding *f, int64_t fold, bool quiet) {
  const int64_t first = f->start[fold], next = f->start[fold + 1], count = f->training.count;
  svm_machine machine = {.model = NULL};
  svm_training part = f->training;
  if (next == first) {
    return CLF_OK;
  }
  memcpy(f->others, f->order, (size_t)first * sizeof *f->others);
  memcpy(f->others + first, f->order + next, (size_t)(count - next) * sizeof *f->others);
  part.chosen = f->others;
  part.count = count - (next - first);
  part.classes = (svm_classes){.count = 0};
  clf_status status = svm_machine_fit(&machine, &part, f->settings);
  status = status >= 0 && !quiet ? svm_machine_print(&machine, &part, f->settings) : status;
  status = status >= 0 ? decide(f, &machine, &part, fold) : status;
  svm_machine_free(&machine);
  svm_classes_free(&part.classes);
  return status;
}

clf_status svm_cross_validate(double *answer, const svm_training *training,
                              const svm_settings *settings, int64_t folds, bool quiet) {
  const size_t count = (size_t)training->count;
  const bool stratified = svm_type_has_classes(settings->type) && folds < training->count;
  folding f = {.training = *training, .settings = settings, .folds = folds};
  clf_status status = CLF_ERROR_MEMORY;
  f.order = calloc(count, sizeof *f.order);
  f.start = calloc((size_t)folds + 1, sizeof *f.start);
  f.others = calloc(count, sizeof *f.others);
  f.decided = calloc(count, sizeof *f.decided);
  if (f.order != NULL && f.start != NULL && f.others != NULL && f.decided != NULL &&
      (stratified ? make_stratified(&f) : make_plain(&f))) {
    status = CLF_OK;
  }
  for (int64_t fold = 0; status >= 0 && fold < folds; fold++) {
    status = run_fold(&f, fold, quiet);
  }
  for (int64_t i = 0; status >= 0 && i < training->count; i++) {
    answer[f.order[i]] = f.decided[i];
  }
  free(f.order);
  free(f.start);
  free(f.others);
  free(f.decided);
  return status;
}

/* The mean of the absolute errors up to `limit`; with five standard deviations of the distribution
 * as the limit, a few large errors do not count. */
static double mean_error(const double *error, int64_t count, double limit) {
  double sum = 0;
  int64_t counted = 0;
  for (int64_t i = 0; i < count; i++) {
    if (error[i] <= limit) {
      sum += error[i];
      counted++;
    }
  }
  return sum / (double)counted;
}

clf_status svm_error_scale(double *sigma, const svm_training *training,
                           const svm_settings *settings, bool quiet) {
  enum { FOLDS = 5 };
  svm_settings plain = *settings;
  double *error = calloc((size_t)training->count, sizeof *error);
  const int64_t folds = training->count < FOLDS ? training->count : FOLDS;
  clf_status status = CLF_ERROR_MEMORY;
  plain.probability = false;
  if (error != NULL) {
    status = svm_cross_validate(error, training, &plain, folds, quiet);
  }
  for (int64_t i = 0; status >= 0 && i < training->count; i++) {
    error[i] = fabs(training->rows->label[training->chosen[i]] - error[i]);
  }
  if (status >= 0) {
    const double mean = mean_error(error, training->count, (double)INFINITY);
    *sigma = mean_error(error, training->count, 5 * sqrt(2 * mean * mean));
  }
  if (status >= 0 && !quiet) {
    printf(
        "Prob. model for test data: target value = predicted value + z,\n"
        "z: Laplace distribution e^(-|z|/sigma)/(2sigma),sigma= %g\n",
        *sigma);
  }
  free(error);
  return status;
}
