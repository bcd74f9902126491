/* How far prediction and truth agree, where classes have different numbers of rows: the mean
 * recall, and two measures that subtract what chance would reach. Cohen's kappa is
 *   1 - sum_ij d_ij o_ij / sum_ij d_ij e_ij
 * with o the shares of the pairs of true and predicted class, e those of independent ones, and d
 * the disagreement of classes i and j: 1, |i - j| or (i - j)^2. The expected sums of the last two
 * take one pass over the classes. */
#include <math.h>
#include <stdbool.h>

#include "base/border.h"
#include "metrics/tally.h"

/* Computes a measure that depends on the tallies alone. */
static clf_status from_tallies(const char *measure, const int32_t *truth, const int32_t *predicted,
                               const float *weights, int64_t rows, int64_t classes,
                               double (*value)(const clf__tallies *), double *out) {
  clf__tallies tallies;
  CLF__CHECK(clf__tallies_create(&tallies, measure, truth, predicted, weights, rows, classes));
  *out = value(&tallies);
  clf__tallies_free(&tallies);
  return CLF_OK;
}

clf_status clf_balanced_accuracy(const int32_t *truth, const int32_t *predicted,
                                 const float *weights, int64_t rows, int64_t classes, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(predicted);
  CLF__REQUIRE(out);
  CLF__ENTER("balanced_accuracy");
  return from_tallies("balanced accuracy", truth, predicted, weights, rows, classes,
                      clf__tallies_balanced, out);
}

clf_status clf_matthews_correlation(const int32_t *truth, const int32_t *predicted,
                                    const float *weights, int64_t rows, int64_t classes,
                                    double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(predicted);
  CLF__REQUIRE(out);
  CLF__ENTER("matthews_correlation");
  return from_tallies("Matthews correlation", truth, predicted, weights, rows, classes,
                      clf__tallies_matthews, out);
}

/* The expected mean of |i - j|: the sum over the gaps between neighboring classes of the chance
 * that truth and prediction are on different sides. */
static double expected_linear(const clf__tallies *tallies) {
  double truths = 0, predictions = 0, sum = 0;
  for (int64_t k = 0; k + 1 < tallies->classes; k++) {
    truths += tallies->of[k].truths / tallies->rows;
    predictions += tallies->of[k].predictions / tallies->rows;
    sum += truths * (1 - predictions) + predictions * (1 - truths);
  }
  return sum;
}

/* The expected mean of (i - j)^2: both variances, and the squared distance of the means. */
static double expected_quadratic(const clf__tallies *tallies) {
  double means[2] = {0, 0}, sum = 0;
  for (int64_t k = 0; k < tallies->classes; k++) {
    means[0] += (double)k * (tallies->of[k].truths / tallies->rows);
    means[1] += (double)k * (tallies->of[k].predictions / tallies->rows);
  }
  for (int64_t k = 0; k < tallies->classes; k++) {
    const double t = (double)k - means[0], p = (double)k - means[1];
    sum += t * t * (tallies->of[k].truths / tallies->rows) +
           p * p * (tallies->of[k].predictions / tallies->rows);
  }
  return sum + (means[0] - means[1]) * (means[0] - means[1]);
}

static clf_status check_distances(const int32_t *predicted, int64_t rows, int64_t classes) {
  for (int64_t i = 0; i < rows; i++) {
    if (predicted[i] < 0 || predicted[i] >= classes) {
      return clf__fail(CLF_ERROR_DATA,
                       "Cohen's kappa: the prediction of row %lld is %d; distances need one of 0 "
                       "to %lld",
                       (long long)i, predicted[i], (long long)(classes - 1));
    }
  }
  return CLF_OK;
}

static double kappa_by_distance(const clf__tallies *tallies, const int32_t *truth,
                                const int32_t *predicted, const float *weights, int64_t rows,
                                int32_t disagreement) {
  const bool linear = disagreement == CLF_DISAGREEMENT_LINEAR;
  double observed = 0;
  for (int64_t i = 0; i < rows; i++) {
    const double distance = fabs((double)truth[i] - (double)predicted[i]);
    observed += clf__weight_of(weights, i) * (linear ? distance : distance * distance);
  }
  const double expected = (linear ? expected_linear : expected_quadratic)(tallies);
  return observed > 0 ? 1 - observed / tallies->rows / expected : expected > 0 ? 1 : 0;
}

clf_status clf_cohen_kappa(const int32_t *truth, const int32_t *predicted, const float *weights,
                           int64_t rows, int64_t classes, int32_t disagreement, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(predicted);
  CLF__REQUIRE(out);
  CLF__ENTER("cohen_kappa");
  clf__tallies tallies;
  if (disagreement < CLF_DISAGREEMENT_EQUAL || disagreement > CLF_DISAGREEMENT_QUADRATIC) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "Cohen's kappa: disagreement is %d; it must be one of CLF_DISAGREEMENT_EQUAL, "
                     "CLF_DISAGREEMENT_LINEAR and CLF_DISAGREEMENT_QUADRATIC",
                     disagreement);
  }
  CLF__CHECK(
      clf__tallies_create(&tallies, "Cohen's kappa", truth, predicted, weights, rows, classes));
  const bool equal = disagreement == CLF_DISAGREEMENT_EQUAL;
  const clf_status status = equal ? CLF_OK : check_distances(predicted, rows, classes);
  if (status == CLF_OK) {
    *out = equal ? clf__tallies_kappa(&tallies)
                 : kappa_by_distance(&tallies, truth, predicted, weights, rows, disagreement);
  }
  clf__tallies_free(&tallies);
  return status;
}
