/* Measures of predicted probabilities p, each row of which is scaled to sum to 1; w are the weights
 * of the rows, divided by their sum, and y the true class.
 *   log loss           sum w -ln p_y, where p is kept away from 0 and 1 by the rounding unit of
 *                      f32, so that one confident mistake does not make it infinite
 *   Brier score        sum w sum_k (p_k - [k = y])^2, of two classes the half of it, which is
 *                      sum w (p_1 - y)^2 (Brier, 1950)
 *   calibration error  sum over bins of |sum w (p_max - [right])| over the rows whose confidence
 *                      p_max is in the bin (Guo et al., "On Calibration of Modern Neural Networks",
 *                      2017)
 */
#include <math.h>

#include "base/border.h"
#include "base/context.h"
#include "base/memory.h"
#include "base/text.h"
#include "metrics/check.h"

/* What the measures of this file are computed from. */
typedef struct forecast {
  const char *measure;
  const int32_t *truth;       /* [rows] */
  const float *probabilities; /* [rows, classes] */
  const float *weights;       /* [rows], or NULL */
  int64_t rows, classes;
} forecast;

/* The value of a measure for one row, whose probabilities sum to `sum`. */
typedef double (*row_value)(const float *row, double sum, int32_t truth, int64_t classes);

static clf_status row_sum(const forecast *f, int64_t index, double *out) {
  const float *row = f->probabilities + index * f->classes;
  double sum = 0;
  for (int64_t k = 0; k < f->classes; k++) {
    if (!(row[k] >= 0) || isinf(row[k])) {
      return clf__fail(
          CLF_ERROR_DATA,
          "%s: the probability of row %lld, class %lld is %s; it must be 0 or more and "
          "finite",
          f->measure, (long long)index, (long long)k, clf__number_text((double)row[k]));
    }
    sum += (double)row[k];
  }
  if (sum == 0) {
    return clf__fail(CLF_ERROR_DATA, "%s: all probabilities of row %lld are 0", f->measure,
                     (long long)index);
  }
  *out = sum;
  return CLF_OK;
}

static clf_status check_forecast(const forecast *f, double *sum_of_weights) {
  CLF__CHECK(clf__check_truth(f->measure, f->truth, f->rows, f->classes));
  CLF__CHECK(clf__check_table(f->measure, f->rows, f->classes, sizeof *f->probabilities));
  return clf__check_weights(f->measure, f->weights, f->rows, sum_of_weights);
}

static clf_status mean_of_rows(const forecast *f, row_value value, double *out) {
  double total = 0, weights;
  CLF__CHECK(check_forecast(f, &weights));
  for (int64_t i = 0; i < f->rows; i++) {
    double sum = 0;
    CLF__CHECK(row_sum(f, i, &sum));
    total += clf__weight_of(f->weights, i) *
             value(f->probabilities + i * f->classes, sum, f->truth[i], f->classes);
  }
  *out = total / weights;
  return CLF_OK;
}

static double surprise(const float *row, double sum, int32_t truth, int64_t classes) {
  const double unit = 0x1p-23;
  (void)classes;
  return -log(fmin(fmax((double)row[truth] / sum, unit), 1 - unit));
}

static double squared_error(const float *row, double sum, int32_t truth, int64_t classes) {
  double total = 0;
  for (int64_t k = 0; k < classes; k++) {
    const double difference = (double)row[k] / sum - (k == truth ? 1 : 0);
    total += difference * difference;
  }
  return classes == 2 ? total / 2 : total;
}

clf_status clf_log_loss(const int32_t *truth, const float *probabilities, const float *weights,
                        int64_t rows, int64_t classes, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(probabilities);
  CLF__REQUIRE(out);
  CLF__ENTER("log_loss");
  const forecast f = {"log loss", truth, probabilities, weights, rows, classes};
  return mean_of_rows(&f, surprise, out);
}

clf_status clf_brier_score(const int32_t *truth, const float *probabilities, const float *weights,
                           int64_t rows, int64_t classes, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(probabilities);
  CLF__REQUIRE(out);
  CLF__ENTER("brier_score");
  const forecast f = {"Brier score", truth, probabilities, weights, rows, classes};
  return mean_of_rows(&f, squared_error, out);
}

enum { MAX_BINS = 1000000 };

/* The rows whose confidence is in one bin. */
typedef struct bin {
  double weight, confidence, right; /* sums */
} bin;

static int64_t largest(const float *row, int64_t classes) {
  int64_t best = 0;
  for (int64_t k = 1; k < classes; k++) {
    best = row[k] > row[best] ? k : best;
  }
  return best;
}

/* Bin b holds the confidences in (b / bins, (b + 1) / bins]. */
static clf_status fill_bins(const forecast *f, bin *of, int64_t bins) {
  for (int64_t i = 0; i < f->rows; i++) {
    const float *row = f->probabilities + i * f->classes;
    const int64_t predicted = largest(row, f->classes);
    const double weight = clf__weight_of(f->weights, i);
    double sum = 0;
    CLF__CHECK(row_sum(f, i, &sum));
    const double confidence = (double)row[predicted] / sum;
    const double place = fmin(fmax(ceil(confidence * (double)bins), 1), (double)bins);
    bin *b = &of[(int64_t)place - 1];
    b->weight += weight;
    b->confidence += weight * confidence;
    b->right += predicted == f->truth[i] ? weight : 0;
  }
  return CLF_OK;
}

static void write_curve(const bin *of, int64_t bins, double weights, double *curve) {
  for (int64_t b = 0; b < bins; b++) {
    curve[3 * b] = of[b].weight / weights;
    curve[3 * b + 1] = of[b].weight > 0 ? of[b].confidence / of[b].weight : 0;
    curve[3 * b + 2] = of[b].weight > 0 ? of[b].right / of[b].weight : 0;
  }
}

clf_status clf_calibration_error(const int32_t *truth, const float *probabilities,
                                 const float *weights, int64_t rows, int64_t classes, int64_t bins,
                                 double *out, double *curve) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(probabilities);
  CLF__REQUIRE(out);
  CLF__ENTER("calibration_error");
  const forecast f = {"calibration error", truth, probabilities, weights, rows, classes};
  double total, error = 0;
  bin *of = NULL;
  clf_context *context = NULL;
  clf_status status;
  CLF__TRY(check_forecast(&f, &total));
  CLF__TRY(bins >= 1 && bins <= MAX_BINS
               ? CLF_OK
               : clf__fail(CLF_ERROR_ARGUMENT,
                           "calibration error: bins is %lld; it must be 1 to %d", (long long)bins,
                           MAX_BINS));
  context = clf__context_retain(NULL);
  CLF__TRY(context != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  of = clf__alloc_zeroed(context, bins, sizeof *of);
  CLF__TRY(of != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(fill_bins(&f, of, bins));
  for (int64_t b = 0; b < bins; b++) {
    error += fabs(of[b].confidence - of[b].right);
  }
  *out = error / total;
  if (curve != NULL) {
    write_curve(of, bins, total, curve);
  }
done:
  clf__free(of);
  clf__context_release(context);
  return status;
}
