/* Cross-validation as `svm-train -v` does it. */
#ifndef CLASSIFY_LIBSVM_FOLDS_H
#define CLASSIFY_LIBSVM_FOLDS_H

#include "libsvm/machine.h"

/* Counts the rows of `training` (all rows, in order) whose class is predicted by the machine that
 * is fitted on the other folds. `folds` is from 2 to the number of rows. */
clf_status svm_cross_validate(int64_t *correct, const svm_training *training,
                              const svm_settings *settings, int64_t folds, bool quiet);

#endif
