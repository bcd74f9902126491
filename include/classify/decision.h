/** @file classify/decision.h
 *  From scores to decisions: what is set on a fitted classifier, of any kind, and saved with it.
 *
 *  A model is made by clf_model_fit(). How its scores become probabilities and classes is set
 *  afterwards, from rows that the fit did not see. The parameter `calibration` of every model does
 *  the same within the fit, by cross-validation. A new fit drops what was set.
 *
 *  **Use.** Calibrate a model on rows that are held out, and read probabilities:
 *
 *  @code
 *  clf_dataset *all = NULL, *train = NULL, *held_out = NULL;
 *  clf_model *model = NULL;
 *  if (clf_dataset_load(&all, NULL, "csv", "train.csv", NULL) < 0 ||
 *      clf_dataset_split(&train, &held_out, all, 0.8, 0) < 0 ||
 *      clf_model_create(&model, NULL, "ridge", NULL) < 0 ||
 *      clf_model_fit(model, train, NULL, NULL) < 0 ||
 *      clf_model_calibrate(model, held_out, "method=sigmoid") < 0) {
 *    fprintf(stderr, "%s\n", clf_last_error());
 *  }
 *  clf_model_free(model);
 *  clf_dataset_free(held_out);
 *  clf_dataset_free(train);
 *  clf_dataset_free(all);
 *  @endcode
 *
 *  **Several processes.** With a communicator (classify/comm.h) all ranks call the functions that
 *  take rows, on the same models. Each gets the rows of all, and a rank that has none passes NULL.
 *  If one rank fails, the others return CLF_ERROR_PEER, and all models stay unchanged.
 *
 *  Thread class of the file: a model that is not const is changed, so no other thread may use it
 *  during the call; the others, and datasets, are only read.
 */
#ifndef CLASSIFY_DECISION_H
#define CLASSIFY_DECISION_H

#include <classify/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Calibration */

/** Fits the probabilities of a fitted classifier to rows that are held out: rows that the fit did
 *  not see, since on its own rows its scores are too good. It replaces a calibration that the model
 *  has. From then on clf_model_predict_proba() computes calibrated probabilities, and
 *  clf_model_predict() gives the class with the highest one.
 *
 *  - `method=sigmoid`: 1 / (1 + exp(A s + B)) of each class's score s (of the difference of the two
 *    scores, for two classes), scaled to sum to 1 (Platt 2000; Lin, Lin and Weng 2007). An svm has
 *    a sigmoid for each of its machines, and couples those of pairs (Wu, Lin and Weng 2004).
 *  - `method=temperature`: the softmax of scores / T (Guo et al. 2017).
 *  - `method=isotonic`: a non-decreasing function of each class's score (Zadrozny and Elkan 2002),
 *    for a thousand rows or more.
 *
 *  The same methods are values of the parameter `calibration` of every model, which then fits them
 *  to the scores of a cross-validation of `calibration_folds` folds.
 *  @param model     a fitted classifier
 *  @param held_out  rows with labels, of at least two of the model's classes, which are found by
 *                   their names; its weights count
 *  @param params    "name=value …", or NULL for the defaults; clf_param_describe("decision",
 *                   "calibrate", …) lists them
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_SHAPE, CLF_ERROR_DATA (a row
 *          of a class that the model does not have, or rows of one class only),
 *          CLF_ERROR_UNSUPPORTED (a regression), CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED; after a
 *          failure the model is unchanged @since 0.1 */
CLF_API clf_status clf_model_calibrate(clf_model *model, const clf_dataset *held_out,
                                       const char *params);

/* Choices: which class is predicted from the probabilities */

/** Sets what mistakes cost: from then on clf_model_predict() gives the class of the lowest expected
 *  cost, sum over i of p_i costs[i][j], the first of equal ones (Elkan, "The Foundations of
 *  Cost-Sensitive Learning", 2001). Probabilities stay as they are; costs only mean something if
 *  these are good, for which clf_model_calibrate() is. A threshold of clf_model_tune_threshold() is
 *  dropped. The log says if a class is never predicted by these costs.
 *  @param model  a fitted classifier with probabilities
 *  @param costs  [classes, classes] finite: a row for each true class, a column for each predicted
 *                one, as in clf_confusion_matrix(); NULL for none
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_DATA, CLF_ERROR_UNSUPPORTED
 *          (a regression, no probabilities), CLF_ERROR_MEMORY; after a failure the model is
 *          unchanged @since 0.1 */
CLF_API clf_status clf_model_set_costs(clf_model *model, const double *costs);

/** Chooses the probability from which a class is predicted, by a measure of held-out rows. Of two
 *  classes the second has such a threshold, or the one of `class`; of more classes each has its
 *  own, of it against the others, or only the one of `class`. Of the classes that reach their
 *  thresholds the one with the largest ratio of both is predicted; if there is none, the most
 *  probable of those without a threshold, or else the one with the largest ratio.
 *
 *  A threshold is the middle between two neighboring probabilities of the rows; of those with the
 *  same measure it is the nearest to 1/2. The log says which row decided, and the tensor
 *  "decision_thresholds" [classes] holds them, 0 for none. Costs are dropped; clf_model_set_costs()
 *  with NULL drops the thresholds.
 *  @param model     a fitted classifier with probabilities
 *  @param held_out  rows with labels that the fit did not see; its weights count
 *  @param params    "metric=f1", "metric=precision require='recall>=0.95'": the measure that is
 *                   maximized, and conditions, separated by commas, of these measures: f1,
 *                   accuracy, balanced_accuracy, precision, recall, specificity,
 *                   matthews_correlation, cohen_kappa. clf_param_describe("decision",
 *                   "tune_threshold", …) lists the parameters
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_SHAPE, CLF_ERROR_DATA (a
 *          condition that is not reached, with what is; no rows of the class, or of others),
 *          CLF_ERROR_UNSUPPORTED (a regression, no probabilities), CLF_ERROR_MEMORY,
 *          CLF_ERROR_CANCELLED; after a failure the model is unchanged @since 0.1 */
CLF_API clf_status clf_model_tune_threshold(clf_model *model, const clf_dataset *held_out,
                                            const char *params);

/** Corrects probabilities for rows in which the classes have other shares than in the training
 *  rows: p_k becomes p_k priors_k / current_k, scaled to sum to 1 (Saerens, Latinne and
 *  Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori Probabilities", 2002).
 *  Predictions follow. Thresholds and prediction sets are dropped, with a line in the log.
 *  @param model   a fitted classifier with probabilities
 *  @param priors  [classes] shares, ≥ 0, scaled to sum to 1; NULL for no correction
 *  @param current [classes] shares that the probabilities are of; NULL for those of the training
 *                 rows with their weights and class_weight, or of the rows of clf_model_calibrate()
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_DATA (negative, all 0, or
 *          above 0 for a class that had no rows), CLF_ERROR_UNSUPPORTED (a regression, no
 *          probabilities, or NULL for `current` of a model from a file that does not have it),
 *          CLF_ERROR_MEMORY; after a failure the model is unchanged @since 0.1 */
CLF_API clf_status clf_model_set_priors(clf_model *model, const double *priors,
                                        const double *current);

/** Estimates the shares of the classes among rows without labels, by expectation maximization: the
 *  shares that are the mean of the probabilities corrected for them (Saerens et al. 2002). It is as
 *  good as the probabilities are calibrated. clf_model_set_priors() sets them.
 *  @param model     a fitted classifier with probabilities; a correction that is set does not count
 *  @param data      rows; its weights count
 *  @param priors    [classes] receives the shares
 *  @param capacity  of `priors`
 *  @return CLF_OK, CLF_NOT_CONVERGED (the shares are usable), or as clf_model_set_priors()
 *          @since 0.1 */
CLF_API clf_status clf_model_estimate_priors(const clf_model *model, const clf_dataset *data,
                                             double *priors, int64_t capacity);

/* Sets and intervals that hold the truth with a given probability */

/** Keeps with the model how well it fits held-out rows, from which clf_model_predict_set() and
 *  clf_model_predict_interval() find what holds the truth of other rows with a given probability,
 *  whatever the model: by split conformal prediction (Vovk, Gammerman and Shafer 2005). Held-out
 *  and other rows must come from the same source, and the fit must not have seen them.
 *
 *  - `method=lac`: the classes whose probability (or score, of a model without probabilities) is
 *    high enough; the smallest sets on average (Sadinle, Lei and Wasserman 2019). A set is empty
 *    where no class is: as for a row between the classes of a model that is better than the
 *    coverage.
 *  - `method=aps`: the most probable classes until their probabilities sum to enough (Romano,
 *    Sesia and Candès 2020), with sets that are larger where the model is less certain.
 *    `randomized=true` makes coverage exact, with some empty sets; its numbers are drawn by the
 *    row's probabilities and `seed`, so that a row always has the same set. With
 *    `randomized=false` the most probable class is in each set, and coverage is at least that
 *    asked for.
 *  - `by_class=true`: coverage holds for each class, also for rare ones. A class with fewer than
 *    coverage / (1 - coverage) held-out rows is in each set.
 *
 *  Intervals of a regression have the same width for all rows, by absolute residuals.
 *  @param model     a fitted classifier or regression
 *  @param held_out  rows with labels or targets; a weight of n counts as n rows
 *  @param params    "name=value …", or NULL; clf_param_describe("decision", "conform", …) lists
 *                   them
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_SHAPE, CLF_ERROR_DATA,
 *          CLF_ERROR_UNSUPPORTED (aps without probabilities), CLF_ERROR_MEMORY,
 *          CLF_ERROR_CANCELLED; after a failure the model is unchanged @since 0.1 */
CLF_API clf_status clf_model_conform(clf_model *model, const clf_dataset *held_out,
                                     const char *params);

/** Predicts a set of classes for each row, which holds the true class with probability `coverage`.
 *  With too few held-out rows for it the sets hold all classes, and the log says so.
 *  @param model     a classifier after clf_model_conform(), which the call does not change
 *  @param data      rows
 *  @param coverage  between 0 and 1, such as 0.95
 *  @param sets      [rows, classes] receives 1 for each class in the set, else 0
 *  @param capacity  of `sets`
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_SHAPE, CLF_ERROR_DATA,
 *          CLF_ERROR_UNSUPPORTED (a regression, or no scores of held-out rows), CLF_ERROR_MEMORY,
 *          CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_model_predict_set(const clf_model *model, const clf_dataset *data,
                                         double coverage, uint8_t *sets, int64_t capacity);

/** Predicts an interval for each row and output of a regression, which holds the target with
 *  probability `coverage`. With too few held-out rows for it its ends are -Inf and Inf, and the log
 *  says so.
 *  @param bounds  [rows, outputs, 2] receives the lower and the upper end
 *  @return as clf_model_predict_set() @since 0.1 */
CLF_API clf_status clf_model_predict_interval(const clf_model *model, const clf_dataset *data,
                                              double coverage, float *bounds, int64_t capacity);

/* None of these */

/** Lets a fitted classifier reject rows that are unlike those of its classes. It learns from rows
 *  that are held out, which the fit did not see, and replaces what the model has learned of this
 *  before. From then on clf_model_predict() gives the label -1 where clf_model_novelty() is above
 *  1. Of new rows like those held out, about the share `rate` is rejected, too (false alarms). No
 *  rows of other classes are needed.
 *
 *  The parameter `reject=RATE` of every model does the same within the fit, from its rows and the
 *  scores of a cross-validation of `calibration_folds` folds.
 *  @param model     a fitted classifier
 *  @param held_out  rows with labels, of the model's classes, which are found by their names; its
 *                   weights count. A thousand rows or more make the rate certain.
 *  @param params    "rate=0.05" (the default), or NULL; clf_param_describe("decision", "reject", …)
 *                   describes it; rate=0 ends rejecting, and held_out may then be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_SHAPE, CLF_ERROR_DATA (a row
 *          of a class that the model does not have, or fewer than two rows),
 *          CLF_ERROR_UNSUPPORTED (a regression), CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED; after a
 *          failure the model is unchanged @since 0.1 */
CLF_API clf_status clf_model_set_reject(clf_model *model, const clf_dataset *held_out,
                                        const char *params);

/** Computes how unlike the rows of its classes each row is, for a model that rejects rows: 0 and
 *  more; those above 1 are rejected. The score is the sum of two: how far the row is from the
 *  nearest class (a Gaussian of each class, of up to 40 axes), and how little the largest of its
 *  scores speaks for a class, both counted from the median of known rows on.
 *  Any number of threads may call it at once while no thread changes the model.
 *  @param scores    [rows], receives the novelty of each row
 *  @param capacity  elements of scores, at least the number of rows
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_SHAPE, CLF_ERROR_DATA,
 *          CLF_ERROR_UNSUPPORTED (the model rejects no rows), CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED
 *  @since 0.1 */
CLF_API clf_status clf_model_novelty(const clf_model *model, const clf_dataset *data, float *scores,
                                     int64_t capacity);

#ifdef __cplusplus
}
#endif

#endif
