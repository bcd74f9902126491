/* Top-k accuracy. The rank of the true class is the number of classes with a higher score, or with
 * the same one and a lower index: a row counts as right if its rank is below k, so that k = 1 is
 * the accuracy of the first maximum. */
#include <math.h>

#include "base/border.h"
#include "metrics/check.h"

/* Returns -1 if a score is NaN. */
static int64_t rank_of(const float *row, int64_t classes, int32_t truth) {
  int64_t rank = 0;
  for (int64_t k = 0; k < classes; k++) {
    if (isnan(row[k])) {
      return -1;
    }
    rank += row[k] > row[truth] || (row[k] == row[truth] && k < truth);
  }
  return rank;
}

clf_status clf_top_k_accuracy(const int32_t *truth, const float *scores, const float *weights,
                              int64_t rows, int64_t classes, int64_t k, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(scores);
  CLF__REQUIRE(out);
  CLF__ENTER("top_k_accuracy");
  double sum, right = 0;
  CLF__CHECK(clf__check_truth("top-k accuracy", truth, rows, classes));
  CLF__CHECK(clf__check_table("top-k accuracy", rows, classes, sizeof *scores));
  CLF__CHECK(clf__check_weights("top-k accuracy", weights, rows, &sum));
  if (k < 1) {
    return clf__fail(CLF_ERROR_ARGUMENT, "top-k accuracy: k is %lld; it must be 1 or more",
                     (long long)k);
  }
  for (int64_t i = 0; i < rows; i++) {
    const int64_t rank = rank_of(scores + i * classes, classes, truth[i]);
    if (rank < 0) {
      return clf__fail(CLF_ERROR_DATA, "top-k accuracy: a score of row %lld is NaN", (long long)i);
    }
    right += rank < k ? clf__weight_of(weights, i) : 0;
  }
  *out = right / sum;
  return CLF_OK;
}
