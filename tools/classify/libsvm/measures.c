/* The accuracy of labels; of targets the mean squared error and the squared correlation r^2 =
 * (n Spt - Sp St)^2 / ((n Spp - Sp^2) (n Stt - St^2)), with sums S over predictions p and targets t. */
#include "libsvm/measures.h"

#include <stdio.h>

#include "libsvm/machine.h"

void svm_measures_add(svm_measures *m, const double *label, const double *answer, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const double p = answer[i], t = label[i];
    m->correct += p == t;
    m->squares += (p - t) * (p - t);
    m->sum[0] += p;
    m->sum[1] += t;
    m->square[0] += p * p;
    m->square[1] += t * t;
    m->product += p * t;
  }
  m->count += count;
}

static double correlation(const svm_measures *m) {
  const double n = (double)m->count, both = n * m->product - m->sum[0] * m->sum[1];
  return both * both /
         ((n * m->square[0] - m->sum[0] * m->sum[0]) * (n * m->square[1] - m->sum[1] * m->sum[1]));
}

static double accuracy(const svm_measures *m) {
  return 100.0 * (double)m->correct / (double)m->count;
}

void svm_measures_print(const svm_measures *m, int type) {
  if (svm_type_is_regression(type)) {
    printf(
        "Mean squared error = %g (regression)\n"
        "Squared correlation coefficient = %g (regression)\n",
        m->squares / (double)m->count, correlation(m));
  } else {
    printf("Accuracy = %g%% (%lld/%lld) (classification)\n", accuracy(m), (long long)m->correct,
           (long long)m->count);
  }
}

void svm_measures_print_folds(const svm_measures *m, int type) {
  if (svm_type_is_regression(type)) {
    printf(
        "Cross Validation Mean squared error = %g\n"
        "Cross Validation Squared correlation coefficient = %g\n",
        m->squares / (double)m->count, correlation(m));
  } else {
    printf("Cross Validation Accuracy = %g%%\n", accuracy(m));
  }
}
