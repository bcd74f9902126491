/** @file classify/metrics.h
 *  Measures of predictions, computed from plain arrays.
 *
 *  Class indices are 0 … classes - 1. A `predicted` value out of range counts as wrong; a `truth`
 *  value out of range is CLF_ERROR_DATA. Where a ratio is 0/0, its value is 0. Every function
 *  returns CLF_OK, CLF_ERROR_ARGUMENT (NULL, a size < 1), CLF_ERROR_DATA, or CLF_ERROR_MEMORY.
 *  Thread class of the file: any thread.
 *
 *  **Use.** Compare predictions with the true classes:
 *
 *  @code
 *  const int32_t truth[4] = {0, 1, 1, 0}, predicted[4] = {0, 1, 0, 0};
 *  double accuracy = 0;
 *  int64_t confusion[2][2];
 *  if (clf_accuracy(truth, predicted, NULL, 4, &accuracy) >= 0 &&
 *      clf_confusion_matrix(truth, predicted, 4, 2, &confusion[0][0]) >= 0) {
 *    printf("accuracy %g, %lld of class 1 taken for class 0\n", accuracy,
 *           (long long)confusion[1][0]);
 *  }
 *  @endcode
 */
#ifndef CLASSIFY_METRICS_H
#define CLASSIFY_METRICS_H

#include <classify/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How per-class figures become one. The values never change. */
enum {
  CLF_AVERAGE_MACRO = 1,   /**< mean over the classes */
  CLF_AVERAGE_MICRO = 2,   /**< from the counts of all classes together */
  CLF_AVERAGE_WEIGHTED = 3 /**< mean over the classes, weighted by their true rows */
};

/* From predicted classes */

/** Computes the share of rows that were predicted right.
 *  @param truth, predicted  [rows]
 *  @param weights  [rows] ≥ 0, not all 0; or NULL @since 0.1 */
CLF_API clf_status clf_accuracy(const int32_t *truth, const int32_t *predicted,
                                const float *weights, int64_t rows, double *out);

/** Counts the pairs of true and predicted classes.
 *  @param out  [classes, classes] receives the counts: a row for each true class, a column for each
 *              predicted one. Predictions out of range are left out @since 0.1 */
CLF_API clf_status clf_confusion_matrix(const int32_t *truth, const int32_t *predicted,
                                        int64_t rows, int64_t classes, int64_t *out);

/** Computes precision, recall and F1 of each class.
 *  @param precision, recall, f1  [classes] each, or NULL
 *  @param support  [classes] true rows of each class, or NULL @since 0.1 */
CLF_API clf_status clf_class_scores(const int32_t *truth, const int32_t *predicted, int64_t rows,
                                    int64_t classes, double *precision, double *recall, double *f1,
                                    int64_t *support);

/** Computes precision, recall and F1 averaged over the classes that occur in `truth` or
 *  `predicted`.
 *  @param average  CLF_AVERAGE_…
 *  @param precision, recall, f1  one value each, or NULL @since 0.1 */
CLF_API clf_status clf_average_scores(const int32_t *truth, const int32_t *predicted, int64_t rows,
                                      int64_t classes, int32_t average, double *precision,
                                      double *recall, double *f1);

/* From probabilities and scores */

/** Computes the mean of -ln p(true class). Each row is first scaled to sum to 1, and p is clipped
 *  to [2^-23, 1 - 2^-23].
 *  @param probabilities  [rows, classes] finite and ≥ 0 @since 0.1 */
CLF_API clf_status clf_log_loss(const int32_t *truth, const float *probabilities, int64_t rows,
                                int64_t classes, double *out);

/** Computes the area under the ROC curve; ties count half.
 *  @param truth   [rows] 0 or 1, both present
 *  @param scores  [rows] higher means 1; no NaN @since 0.1 */
CLF_API clf_status clf_roc_auc(const int32_t *truth, const float *scores, int64_t rows,
                               double *out);

/** Computes the mean over the classes of the one-vs-rest area under the ROC curve; classes that do
 *  not occur are left out.
 *  @param scores  [rows, classes] no NaN @since 0.1 */
CLF_API clf_status clf_roc_auc_classes(const int32_t *truth, const float *scores, int64_t rows,
                                       int64_t classes, double *out);

#ifdef __cplusplus
}
#endif

#endif
