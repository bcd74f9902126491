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
 *  double accuracy = 0, confusion[2][2];
 *  if (clf_accuracy(truth, predicted, NULL, 4, &accuracy) >= 0 &&
 *      clf_confusion_matrix(truth, predicted, NULL, 4, 2, &confusion[0][0]) >= 0) {
 *    printf("accuracy %g, %g of class 1 predicted as class 0\n", accuracy, confusion[1][0]);
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

/** How much two classes i and j differ in Cohen's kappa. The values never change. */
enum {
  CLF_DISAGREEMENT_EQUAL = 1,    /**< 1 */
  CLF_DISAGREEMENT_LINEAR = 2,   /**< |i - j|, of classes in an order */
  CLF_DISAGREEMENT_QUADRATIC = 3 /**< (i - j)² */
};

/* From predicted classes */

/** Computes the share of rows that were predicted right.
 *  @param truth, predicted  [rows]
 *  @param weights  [rows] ≥ 0, not all 0; or NULL @since 0.1 */
CLF_API clf_status clf_accuracy(const int32_t *truth, const int32_t *predicted,
                                const float *weights, int64_t rows, double *out);

/** Counts the pairs of true and predicted classes.
 *  @param weights  [rows] ≥ 0, not all 0; or NULL
 *  @param out  [classes, classes] receives the sums of the weights, which without weights are the
 *              counts: a row for each true class, a column for each predicted one. Predictions out
 *              of range are left out @since 0.1 */
CLF_API clf_status clf_confusion_matrix(const int32_t *truth, const int32_t *predicted,
                                        const float *weights, int64_t rows, int64_t classes,
                                        double *out);

/** Computes precision, recall and F1 of each class.
 *  @param weights  [rows] ≥ 0, not all 0; or NULL
 *  @param scores  [classes, 4] receives precision, recall, F1 and support, which is the sum of the
 *                 weights of the true rows, without weights their number @since 0.1 */
CLF_API clf_status clf_class_scores(const int32_t *truth, const int32_t *predicted,
                                    const float *weights, int64_t rows, int64_t classes,
                                    double *scores);

/** Computes precision, recall and F1 averaged over the classes that occur in `truth` or
 *  `predicted`.
 *  @param weights  [rows] ≥ 0, not all 0; or NULL
 *  @param average  CLF_AVERAGE_…
 *  @param scores  [3] receives precision, recall and F1 @since 0.1 */
CLF_API clf_status clf_average_scores(const int32_t *truth, const int32_t *predicted,
                                      const float *weights, int64_t rows, int64_t classes,
                                      int32_t average, double *scores);

/** Computes the mean over the classes that occur in `truth` of their recall. Always predicting one
 *  of them gives 1 / classes.
 *  @param weights  [rows] ≥ 0, not all 0; or NULL @since 0.1 */
CLF_API clf_status clf_balanced_accuracy(const int32_t *truth, const int32_t *predicted,
                                         const float *weights, int64_t rows, int64_t classes,
                                         double *out);

/** Computes the Matthews correlation coefficient, -1 to 1, of two or more classes (Gorodkin,
 *  "Comparing two K-category assignments by a K-category correlation coefficient", 2004). 0 is
 *  what chance reaches. Predictions out of range are one more class.
 *  @param weights  [rows] ≥ 0, not all 0; or NULL @since 0.1 */
CLF_API clf_status clf_matthews_correlation(const int32_t *truth, const int32_t *predicted,
                                            const float *weights, int64_t rows, int64_t classes,
                                            double *out);

/** Computes Cohen's kappa, the agreement beyond chance (Cohen, 1960; with distances 1968): 1 minus
 *  the mean disagreement of truth and prediction over that of independent ones. Without distances,
 *  predictions out of range are one more class; with distances they are CLF_ERROR_DATA.
 *  @param weights  [rows] ≥ 0, not all 0; or NULL
 *  @param disagreement  CLF_DISAGREEMENT_… @since 0.1 */
CLF_API clf_status clf_cohen_kappa(const int32_t *truth, const int32_t *predicted,
                                   const float *weights, int64_t rows, int64_t classes,
                                   int32_t disagreement, double *out);

/* From probabilities and scores. With `weights`, rows count as if each were repeated that often:
 * [rows] ≥ 0, not all 0; NULL weighs all rows alike. */

/** Computes the mean of -ln p(true class). Each row is first scaled to sum to 1, and p is clipped
 *  to [2^-23, 1 - 2^-23].
 *  @param probabilities  [rows, classes] finite and ≥ 0
 *  @param weights        [rows], or NULL @since 0.1 */
CLF_API clf_status clf_log_loss(const int32_t *truth, const float *probabilities,
                                const float *weights, int64_t rows, int64_t classes, double *out);

/** Computes the Brier score: the mean over the rows of the sum over the classes of (p - 1)² for the
 *  true class and p² for the others; for two classes half of it, which is the mean of (p(1) -
 *  truth)². Each row is first scaled to sum to 1. 0 is best; the worst is 1 with two classes, and 2
 *  with more.
 *  @param probabilities  [rows, classes] finite and ≥ 0
 *  @param weights        [rows], or NULL @since 0.1 */
CLF_API clf_status clf_brier_score(const int32_t *truth, const float *probabilities,
                                   const float *weights, int64_t rows, int64_t classes,
                                   double *out);

/** Computes the expected calibration error: by how much the probability of the predicted class, the
 *  confidence, differs from the share of rows predicted right, as a mean over bins of equal width
 *  by their share of the rows (Guo et al., "On Calibration of Modern Neural Networks", 2017). Each
 *  row is first scaled to sum to 1; the first of several largest classes is predicted.
 *  @param probabilities  [rows, classes] finite and ≥ 0
 *  @param weights        [rows], or NULL
 *  @param bins           1 to 1,000,000 of the confidences (b / bins, (b + 1) / bins]; 15 is usual
 *  @param curve          [bins, 3] receives the share of the rows in each bin, their mean
 *                        confidence, and the share of them that is right (0 in empty bins); or NULL
 *                        @since 0.1 */
CLF_API clf_status clf_calibration_error(const int32_t *truth, const float *probabilities,
                                         const float *weights, int64_t rows, int64_t classes,
                                         int64_t bins, double *out, double *curve);

/** Computes the share of rows whose true class is among those with the `k` highest scores; of equal
 *  scores, those of lower indices come first, so that k = 1 is the accuracy of clf_model_predict().
 *  @param scores   [rows, classes] no NaN
 *  @param weights  [rows], or NULL
 *  @param k        ≥ 1 @since 0.1 */
CLF_API clf_status clf_top_k_accuracy(const int32_t *truth, const float *scores,
                                      const float *weights, int64_t rows, int64_t classes,
                                      int64_t k, double *out);

/** Computes the area under the ROC curve; ties count half.
 *  @param truth    [rows] 0 or 1, both present in rows of a weight above 0
 *  @param scores   [rows] higher means 1; no NaN
 *  @param weights  [rows], or NULL @since 0.1 */
CLF_API clf_status clf_roc_auc(const int32_t *truth, const float *scores, const float *weights,
                               int64_t rows, double *out);

/** Computes the mean over the classes of the one-vs-rest area under the ROC curve; classes that do
 *  not occur are left out.
 *  @param scores   [rows, classes] no NaN
 *  @param weights  [rows], or NULL @since 0.1 */
CLF_API clf_status clf_roc_auc_classes(const int32_t *truth, const float *scores,
                                       const float *weights, int64_t rows, int64_t classes,
                                       double *out);

/** Computes the average precision, the area under the curve of precision by recall: the sum over
 *  the distinct scores, from the highest, of the precision among the rows with that score or a
 *  higher one times the recall that its rows add. Nothing is interpolated.
 *  @param truth    [rows] 0 or 1; 1 is present in rows of a weight above 0
 *  @param scores   [rows] higher means 1; no NaN
 *  @param weights  [rows], or NULL @since 0.1 */
CLF_API clf_status clf_average_precision(const int32_t *truth, const float *scores,
                                         const float *weights, int64_t rows, double *out);

/** Computes the mean over the classes of the one-vs-rest average precision; classes that do not
 *  occur are left out.
 *  @param scores   [rows, classes] no NaN
 *  @param weights  [rows], or NULL @since 0.1 */
CLF_API clf_status clf_average_precision_classes(const int32_t *truth, const float *scores,
                                                 const float *weights, int64_t rows,
                                                 int64_t classes, double *out);

/* Confidence intervals */

/** Computes measures of weighted rows for clf_bootstrap(), such as by the functions above.
 *  @param argument  as given to clf_bootstrap()
 *  @param weights   [rows] of one draw, valid during the call
 *  @param values    [values] receives the measures; they are NaN before, which stands for one that
 *                   is not defined
 *  @return CLF_OK; a negative status, with which clf_bootstrap() then fails; or a positive one,
 *          after which it ends with the draws before @since 0.1 */
typedef clf_status (*clf_measure_callback)(void *argument, const float *weights, double *values);

/** Computes confidence intervals of measures by the bootstrap: rows are drawn with replacement, as
 *  many as there are, and an interval is what lies between two percentiles of the measures of such
 *  draws (Efron, "Bootstrap methods: another look at the jackknife", 1979). A row that is drawn
 *  n times weighs n times as much. The same seed draws the same rows.
 *  @param measure, argument  called for each draw, on the calling thread
 *  @param weights    [rows] ≥ 0, not all 0; or NULL
 *  @param values     how many measures there are, ≥ 1
 *  @param intervals  [values, 2] receives the lower and the upper end of each; NaN with fewer than
 *                    20 draws, or where a measure is not defined for half of them
 *  @param draws      receives how many were done, or NULL
 *  @param params     "draws=1000 seed=0 coverage=0.95", or NULL; clf_param_describe("measure",
 *                    "bootstrap", …) lists them
 *  @return as the other functions, or what `measure` fails with @since 0.1 */
CLF_API clf_status clf_bootstrap(clf_measure_callback measure, void *argument, const float *weights,
                                 int64_t rows, int64_t values, double *intervals, int64_t *draws,
                                 const char *params);

#ifdef __cplusplus
}
#endif

#endif
