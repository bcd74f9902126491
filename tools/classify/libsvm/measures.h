/* LIBSVM's measures of predictions, which it prints after them and after a cross-validation. */
#ifndef CLASSIFY_LIBSVM_MEASURES_H
#define CLASSIFY_LIBSVM_MEASURES_H

#include <stdint.h>

typedef struct svm_measures {
  int64_t count, correct;
  double squares;                    /* of the errors */
  double sum[2], square[2], product; /* of the predictions [0] and the labels [1] */
} svm_measures;

void svm_measures_add(svm_measures *measures, const double *label, const double *answer,
                      int64_t count);
/* Prints the lines of svm-predict, and those of svm-train -v. */
void svm_measures_print(const svm_measures *measures, int type);
void svm_measures_print_folds(const svm_measures *measures, int type);

#endif
