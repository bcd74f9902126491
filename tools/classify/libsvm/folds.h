/* Cross-validation as `svm-train -v` does it. */
#ifndef CLASSIFY_LIBSVM_FOLDS_H
#define CLASSIFY_LIBSVM_FOLDS_H

#include "libsvm/machine.h"

/* Predicts each row of `training` (all rows, in order) by the machine that is fitted on the other
 * folds. `folds` is from 2 to the number of rows; `answer` [rows]. */
clf_status svm_cross_validate(double *answer, const svm_training *training,
                              const svm_settings *settings, int64_t folds, bool quiet);

/* Computes the scale of the Laplace distribution of a regression's errors, by 5 folds, and prints
 * it unless `quiet`. */
clf_status svm_error_scale(double *sigma, const svm_training *training,
                           const svm_settings *settings, bool quiet);

#endif
