/* Areas under curves of rows in the order of their scores.
 *   ROC                the share of (positive, negative) pairs of rows in which the positive row
 *                      has the higher score, ties half (Mann and Whitney, 1947); a pair weighs the
 *                      product of the weights of its rows
 *   average precision  sum over the distinct scores, from the highest, of precision times the step
 *                      in recall: the area under precision by recall, without interpolation
 */
#include <math.h>

#include "base/border.h"
#include "metrics/ranking.h"

/* NaN if all rows are positive or none is. */
static double roc_area(const clf__ranking *ranking, int64_t rows) {
  double pairs_won = 0, positives = 0;
  double negatives = 0; /* with a lower score than the current rows */
  for (int64_t i = 0; i < rows;) {
    const clf__tie tied = clf__ranking_next(ranking, rows, &i, 1);
    pairs_won += tied.positive * (negatives + tied.negative / 2);
    negatives += tied.negative;
    positives += tied.positive;
  }
  return pairs_won / (positives * negatives);
}

/* NaN if no row is positive. */
static double precision_area(const clf__ranking *ranking, int64_t rows) {
  double sum = 0, found = 0,
         positives = 0; /* found: weights of all rows from the highest score on */
  for (int64_t i = rows - 1; i >= 0;) {
    const clf__tie tied = clf__ranking_next(ranking, rows, &i, -1);
    positives += tied.positive;
    found += tied.positive + tied.negative;
    sum += tied.positive > 0 ? tied.positive * (positives / found) : 0;
  }
  return sum / positives;
}

/* Fails where no area is defined: where all rows of a weight above 0 are of one class. */
static clf_status mean_area(const clf__ranked *what, clf__area area, const char *needed,
                            double *out) {
  double result;
  int64_t first = 0;
  CLF__CHECK(clf__mean_area(what, area, &result));
  if (isnan(result)) {
    while (clf__weight_of(what->weights, first) == 0) {
      first++;
    }
    return clf__fail(CLF_ERROR_DATA, "%s: truth is %d in all rows%s; %s", what->measure,
                     (int)what->truth[first], what->weights != NULL ? " of a weight above 0" : "",
                     needed);
  }
  *out = result;
  return CLF_OK;
}

clf_status clf_roc_auc(const int32_t *truth, const float *scores, const float *weights,
                       int64_t rows, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(scores);
  CLF__REQUIRE(out);
  CLF__ENTER("roc_auc");
  const clf__ranked what = {"ROC", truth, scores, weights, rows, 2, 1};
  return mean_area(&what, roc_area, "both 0 and 1 must occur", out);
}

clf_status clf_roc_auc_classes(const int32_t *truth, const float *scores, const float *weights,
                               int64_t rows, int64_t classes, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(scores);
  CLF__REQUIRE(out);
  CLF__ENTER("roc_auc_classes");
  const clf__ranked what = {"ROC", truth, scores, weights, rows, classes, classes};
  return mean_area(&what, roc_area, "two classes must occur", out);
}

clf_status clf_average_precision(const int32_t *truth, const float *scores, const float *weights,
                                 int64_t rows, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(scores);
  CLF__REQUIRE(out);
  CLF__ENTER("average_precision");
  const clf__ranked what = {"average precision", truth, scores, weights, rows, 2, 1};
  return mean_area(&what, precision_area, "1 must occur", out);
}

clf_status clf_average_precision_classes(const int32_t *truth, const float *scores,
                                         const float *weights, int64_t rows, int64_t classes,
                                         double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(scores);
  CLF__REQUIRE(out);
  CLF__ENTER("average_precision_classes");
  const clf__ranked what = {"average precision", truth, scores, weights, rows, classes, classes};
  return mean_area(&what, precision_area, "a class must occur", out);
}
