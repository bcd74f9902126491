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
 *  Thread class of the file: the model is changed, so no other thread may use it during the call;
 *  datasets are only read.
 */
#ifndef CLASSIFY_DECISION_H
#define CLASSIFY_DECISION_H

#include <classify/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Calibration */

/** Fits the probabilities of a fitted classifier to rows that are held out: rows that the fit did
 *  not see, since on others its scores are too good. It replaces a calibration that the model has.
 *  From then on clf_model_predict_proba() computes calibrated probabilities, and
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

#ifdef __cplusplus
}
#endif

#endif
