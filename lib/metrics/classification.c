/* Measures of predicted classes: accuracy, the confusion matrix, and precision, recall and F1 of
 * each class or averaged, from the tallies of the classes (tally.h). */
#include <stdbool.h>
#include <string.h>

#include "base/border.h"
#include "metrics/tally.h"

clf_status clf_accuracy(const int32_t *truth, const int32_t *predicted, const float *weights,
                        int64_t rows, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(predicted);
  CLF__REQUIRE(out);
  CLF__ENTER("accuracy");
  double sum, right = 0;
  CLF__CHECK(clf__check_truth("accuracy", truth, rows, (int64_t)INT32_MAX + 1));
  CLF__CHECK(clf__check_weights("accuracy", weights, rows, &sum));
  for (int64_t i = 0; i < rows; i++) {
    if (truth[i] == predicted[i]) {
      right += clf__weight_of(weights, i);
    }
  }
  *out = right / sum;
  return CLF_OK;
}

static bool in_range(int32_t class, int64_t classes) {
  return class >= 0 && class < classes;
}

clf_status clf_confusion_matrix(const int32_t *truth, const int32_t *predicted,
                                const float *weights, int64_t rows, int64_t classes, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(predicted);
  CLF__REQUIRE(out);
  CLF__ENTER("confusion_matrix");
  double sum;
  CLF__CHECK(clf__check_truth("confusion matrix", truth, rows, classes));
  CLF__CHECK(clf__check_weights("confusion matrix", weights, rows, &sum));
  CLF__CHECK(clf__check_table("confusion matrix", classes, classes, sizeof *out));
  memset(out, 0, (size_t)(classes * classes) * sizeof *out);
  for (int64_t i = 0; i < rows; i++) {
    if (in_range(predicted[i], classes)) {
      out[truth[i] * classes + predicted[i]] += clf__weight_of(weights, i);
    }
  }
  return CLF_OK;
}

clf_status clf_class_scores(const int32_t *truth, const int32_t *predicted, const float *weights,
                            int64_t rows, int64_t classes, double *scores) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(predicted);
  CLF__REQUIRE(scores);
  CLF__ENTER("class_scores");
  clf__tallies counts;
  CLF__CHECK(
      clf__tallies_create(&counts, "class scores", truth, predicted, weights, rows, classes));
  for (int64_t k = 0; k < classes; k++) {
    const clf__tally *count = &counts.of[k];
    scores[4 * k] = clf__tally_precision(count);
    scores[4 * k + 1] = clf__tally_recall(count);
    scores[4 * k + 2] = clf__tally_f1(count);
    scores[4 * k + 3] = count->truths;
  }
  clf__tallies_free(&counts);
  return CLF_OK;
}

/* Weights the classes by their true rows. */
static double mean_by_rows(const clf__tallies *counts, double (*score)(const clf__tally *)) {
  double sum = 0, weights = 0;
  for (int64_t k = 0; k < counts->classes; k++) {
    sum += counts->of[k].truths * score(&counts->of[k]);
    weights += counts->of[k].truths;
  }
  return sum / weights;
}

clf_status clf_average_scores(const int32_t *truth, const int32_t *predicted, const float *weights,
                              int64_t rows, int64_t classes, int32_t average, double *scores) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(predicted);
  CLF__REQUIRE(scores);
  CLF__ENTER("average_scores");
  if (average < CLF_AVERAGE_MACRO || average > CLF_AVERAGE_WEIGHTED) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "average scores: average is %d; it must be one of CLF_AVERAGE_MACRO, "
                     "CLF_AVERAGE_MICRO and CLF_AVERAGE_WEIGHTED",
                     average);
  }
  clf__tallies counts;
  CLF__CHECK(
      clf__tallies_create(&counts, "average scores", truth, predicted, weights, rows, classes));
  double (*const kinds[])(const clf__tally *) = {clf__tally_precision, clf__tally_recall,
                                                 clf__tally_f1};
  const clf__tally all = clf__tallies_sum(&counts);
  for (int i = 0; i < 3; i++) {
    scores[i] = average == CLF_AVERAGE_MICRO   ? kinds[i](&all)
                : average == CLF_AVERAGE_MACRO ? clf__tallies_mean(&counts, kinds[i])
                                               : mean_by_rows(&counts, kinds[i]);
  }
  clf__tallies_free(&counts);
  return CLF_OK;
}
