/** @file classify/selection.h
 *  Choosing parameters: cross-validation and grid search.
 *
 *  Folds run side by side on the context's threads. Same data, seed and parameters: same scores.
 *  Thread class of the file: model and dataset are only read.
 */
#ifndef CLASSIFY_SELECTION_H
#define CLASSIFY_SELECTION_H

#include <classify/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Scores a model's kind, parameters, optimizer and transforms on each fold after fitting on the
 *  others. A network has the optimizer of clf_model_set_optimizer().
 *  @param model   fitted or not; not changed. A network's `checkpoint` is not written to by folds
 *  @param folds   2 … rows; stratified when there are labels
 *  @param seed    of the partition
 *  @param scores  [folds] receives clf_model_score() of each fold
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, or what fit or score returned for the first fold that failed
 *  @since 0.1 */
CLF_API clf_status clf_cross_validate(const clf_model *model, const clf_dataset *data,
                                      int64_t folds, uint64_t seed, double *scores);

/** Results of a grid search. */
typedef struct clf_search clf_search;

/** Cross-validates every combination of parameter values: of the model, of a network's optimizer
 *  ("optimizer.learning_rate"; of adam where the model has none of its own) and of its transforms
 *  ("pca.components"; "pca_2.components" where the model has several of the kind, counted from 1).
 *  @param out    receives the results; free them with clf_search_free()
 *  @param model  gives kind, optimizer, transforms and the parameters that the grid does not name
 *  @param grid   "name=value|value|… …", such as "C=0.1|1|10 pca.components=20|50"
 *  @param folds, seed  as in clf_cross_validate(); the same folds for every combination
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_CANCELLED, CLF_ERROR_MEMORY, or what fit or score
 *          returned for the first combination that failed (the message names it) @since 0.1 */
CLF_API clf_status clf_search_create(clf_search **out, const clf_model *model,
                                     const clf_dataset *data, const char *grid, int64_t folds,
                                     uint64_t seed);

/** Frees the results. NULL is fine. @since 0.1 */
CLF_API void clf_search_free(clf_search *search);

/** Number of combinations; -1 for NULL. @since 0.1 */
CLF_API int64_t clf_search_count(const clf_search *search);
/** The parameters of a combination as a string, such as "C=10"; NULL beyond the end. @since 0.1 */
CLF_API const char *clf_search_params(const clf_search *search, int64_t index);
/** Mean score over the folds; NaN beyond the end. @since 0.1 */
CLF_API double clf_search_mean(const clf_search *search, int64_t index);
/** Standard deviation over the folds (divisor: folds); NaN beyond the end. @since 0.1 */
CLF_API double clf_search_deviation(const clf_search *search, int64_t index);
/** The combination with the highest mean, the first of equals; -1 for NULL. @since 0.1 */
CLF_API int64_t clf_search_best(const clf_search *search);

/** Makes an unfitted model with the best combination's parameters; of the optimizer and the
 *  transforms too, so that a fit that is handed no optimizer is that of the combination.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_search_model(clf_model **out, const clf_search *search);

#ifdef __cplusplus
}
#endif

#endif
