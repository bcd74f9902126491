/* Log loss: the mean of -ln p(true class). p is kept away from 0 and 1 by the rounding unit of f32,
 * so that one confident mistake does not make the mean infinite. */
#include <math.h>
#include <stdbool.h>

#include "base/border.h"
#include "base/text.h"
#include "metrics/check.h"

static clf_status row_sum(const float *row, int64_t index, int64_t classes, double *out) {
  double sum = 0;
  for (int64_t k = 0; k < classes; k++) {
    if (!(row[k] >= 0) || isinf(row[k])) {
      return clf__fail(CLF_ERROR_DATA,
                       "log loss: the probability of row %lld, class %lld is %s; it must be 0 or "
                       "more and finite",
                       (long long)index, (long long)k, clf__number_text((double)row[k]));
    }
    sum += (double)row[k];
  }
  if (sum == 0) {
    return clf__fail(CLF_ERROR_DATA, "log loss: all probabilities of row %lld are 0",
                     (long long)index);
  }
  *out = sum;
  return CLF_OK;
}

clf_status clf_log_loss(const int32_t *truth, const float *probabilities, int64_t rows,
                        int64_t classes, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(probabilities);
  CLF__REQUIRE(out);
  CLF__ENTER("log_loss");
  const double unit = 0x1p-23;
  double loss = 0;
  CLF__CHECK(clf__check_truth("log loss", truth, rows, classes));
  CLF__CHECK(clf__check_table("log loss", rows, classes, sizeof *probabilities));
  for (int64_t i = 0; i < rows; i++) {
    const float *row = probabilities + i * classes;
    double sum = 0;
    CLF__CHECK(row_sum(row, i, classes, &sum));
    loss -= log(fmin(fmax((double)row[truth[i]] / sum, unit), 1 - unit));
  }
  *out = loss / (double)rows;
  return CLF_OK;
}
