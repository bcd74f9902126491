/* The checks that measures share. */
#include "metrics/check.h"

#include <math.h>

#include "base/memory.h"
#include "base/text.h"

clf_status clf__check_truth(const char *measure, const int32_t *truth, int64_t rows,
                            int64_t classes) {
  if (rows < 1 || classes < 1) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "%s: %lld rows and %lld classes; there must be one or more", measure,
                     (long long)rows, (long long)classes);
  }
  for (int64_t i = 0; i < rows; i++) {
    if (truth[i] < 0 || truth[i] >= classes) {
      return clf__fail(CLF_ERROR_DATA, "%s: truth of row %lld is %d; it must be 0 to %lld", measure,
                       (long long)i, truth[i], (long long)(classes - 1));
    }
  }
  return CLF_OK;
}

clf_status clf__check_table(const char *measure, int64_t rows, int64_t columns,
                            size_t element_bytes) {
  int64_t size;
  if (!clf__mul_i64(rows, columns, &size) || !clf__mul_i64(size, (int64_t)element_bytes, &size)) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: %lld x %lld values cannot be addressed", measure,
                     (long long)rows, (long long)columns);
  }
  return CLF_OK;
}

double clf__weight_of(const float *weights, int64_t row) {
  return weights != NULL ? (double)weights[row] : 1;
}

clf_status clf__check_weights(const char *measure, const float *weights, int64_t rows,
                              double *sum) {
  double total = 0;
  for (int64_t i = 0; weights != NULL && i < rows; i++) {
    if (!(weights[i] >= 0) || isinf(weights[i])) {
      return clf__fail(CLF_ERROR_DATA,
                       "%s: weight of row %lld is %s; it must be 0 or more and finite", measure,
                       (long long)i, clf__number_text((double)weights[i]));
    }
    total += (double)weights[i];
  }
  if (weights != NULL && total == 0) {
    return clf__fail(CLF_ERROR_DATA, "%s: all weights are 0", measure);
  }
  *sum = weights != NULL ? total : (double)rows;
  return CLF_OK;
}
