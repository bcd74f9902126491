/* The checks that measures share. */
#include "metrics/check.h"

#include "base/memory.h"

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
