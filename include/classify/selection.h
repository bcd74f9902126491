/** @file classify/selection.h
 *  Choosing parameters: cross-validation and search.
 *
 *  Folds are fitted in parallel on the context's threads. The same data, seed and parameters give
 *  the same scores.
 *
 *  **Use.** Search a grid by cross-validation, and fit the best combination to all rows:
 *
 *  @code
 *  clf_dataset *train = NULL;
 *  clf_model *svm = NULL, *best = NULL;
 *  clf_search *search = NULL;
 *  if (clf_dataset_load(&train, NULL, "csv", "train.csv", NULL) < 0 ||
 *      clf_model_create(&svm, NULL, "svm", "kernel=rbf") < 0 ||
 *      clf_search_create(&search, svm, train, 5, 0, "C=1|10|100 gamma=0.01|0.1",
 *                        "refit=true") < 0 ||
 *      clf_search_model(&best, search) < 0) {
 *    fprintf(stderr, "%s\n", clf_last_error());
 *  }
 *  clf_model_free(best);
 *  clf_search_free(search);
 *  clf_model_free(svm);
 *  clf_dataset_free(train);
 *  @endcode
 *
 *  Thread class of the file: model and dataset are only read.
 */
#ifndef CLASSIFY_SELECTION_H
#define CLASSIFY_SELECTION_H

#include <classify/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Cross-validation */

/** Fits a model on all folds but one and scores it on that one, for each fold. The model's kind,
 *  parameters, transforms and, for a network, the optimizer of clf_model_set_optimizer() are used.
 *  @param model   fitted or not; it is not changed. The `checkpoint` of a network is not written
 *  @param folds   2 … rows; stratified when there are labels
 *  @param seed    of the partition
 *  @param scores  [folds] receives clf_model_score() of each fold
 *  With a communicator all ranks make this call on the same rows, and divide the folds.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_PEER, or what fit or score returned for the first
 *          fold that failed
 *  @since 0.1 */
CLF_API clf_status clf_cross_validate(const clf_model *model, const clf_dataset *data,
                                      int64_t folds, uint64_t seed, double *scores);

/** Results of a search. */
typedef struct clf_search clf_search;

/* Search */

/** Cross-validates combinations of parameter values. The parameters are the model's, those of
 *  a network's optimizer, such as "optimizer.learning_rate", and those of its transforms, such as
 *  "pca.components", or "pca_2.components" for the second transform of that kind. If the model has
 *  no optimizer of its own, the optimizer is adam.
 *
 *  `method=grid` tries every combination, `method=random` some that are drawn from the lists and
 *  ranges of the grid. `method=halving` scores its combinations on few rows, keeps the best share
 *  1 / factor of them, scores these on `factor` times the rows, and so on up to all rows; the best
 *  combination is that of the last round.
 *  @param out    receives the results; free them with clf_search_free()
 *  @param model  provides the kind, the optimizer, the transforms, and the parameters that the grid
 *                does not name
 *  @param folds, seed  as in clf_cross_validate(); the same folds for every combination. The seed
 *                also draws combinations, and the rows of rounds
 *  @param grid   "name=value|value|… …", such as "C=0.1|1|10 pca.components=20|50". For the methods
 *                random and halving a name may have a range: "C=log:0.01..100" draws the logarithm
 *                uniformly, "l1_ratio=linear:0..1" the value itself, both for whole numbers, too
 *  @param params  "name=value …" such as "method=random trials=30 time_limit=60 refit=true", or
 *                NULL for a grid search; clf_param_describe("search", "search", …) lists them
 *
 *  A search that the progress callback ends by CLF_PROGRESS_STOP, or that ends by `time_limit`, has
 *  the scores of the folds on which every combination was scored. If there is no such fold yet, it
 *  has the scores of the first fold, and NaN for combinations that have none; in a later round of
 *  halving it has those of the round before.
 *
 *  With a communicator all ranks make this call on the same rows, and divide the fits; `refit` is
 *  done by each. Then there is no `time_limit`, and a search that one rank stops is cancelled.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_CANCELLED (also: the time limit ended before any
 *          score), CLF_ERROR_MEMORY, CLF_ERROR_PEER, CLF_ERROR_UNSUPPORTED (a time limit on several
 *          ranks), or what fit or score returned for the first combination that failed (the message
 *          names it) @since 0.1 */
CLF_API clf_status clf_search_create(clf_search **out, const clf_model *model,
                                     const clf_dataset *data, int64_t folds, uint64_t seed,
                                     const char *grid, const char *params);

/** Frees the results. NULL is fine. @since 0.1 */
CLF_API void clf_search_free(clf_search *search);

/* Results */

/** Returns the number of combinations; -1 for NULL. @since 0.1 */
CLF_API int64_t clf_search_count(const clf_search *search);
/** Returns the parameters of a combination as text, such as "C=10"; NULL beyond the end. It lives
 *  as long as the results. @since 0.1 */
CLF_API const char *clf_search_combination(const clf_search *search, int64_t index);
/** Returns the mean score over the folds; NaN beyond the end, and for a combination that a search
 *  which was stopped has no score of. @since 0.1 */
CLF_API double clf_search_mean(const clf_search *search, int64_t index);
/** Returns the standard deviation of the scores over the folds (divisor: folds); NaN beyond the
 *  end. @since 0.1 */
CLF_API double clf_search_deviation(const clf_search *search, int64_t index);
/** Returns the score of a combination on one fold, of the last round that it was scored in; NaN if
 *  there is none. @since 0.1 */
CLF_API double clf_search_score(const clf_search *search, int64_t index, int64_t fold);
/** Returns on how many rows a combination was cross-validated last; 0 if it was not, -1 beyond the
 *  end. Combinations of a halving search can be compared if these numbers are equal. @since 0.1 */
CLF_API int64_t clf_search_rows(const clf_search *search, int64_t index);
/** Returns the combination with the highest mean score, of those of the last round; the first if
 *  several are equal; -1 for NULL.
 *  @since 0.1 */
CLF_API int64_t clf_search_best(const clf_search *search);

/** Makes a dataset of the results: a row for each combination; as columns the parameters that vary,
 *  by their names, then "mean", "deviation", "rows" and the scores "fold_1" … in f64. A parameter
 *  whose values are not all numbers is a category column. Scores that there are not are NaN.
 *  @param out  receives the dataset; free it with clf_dataset_free()
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_search_dataset(clf_dataset **out, const clf_search *search);

/** Makes a model with the parameters of the best combination, those of its optimizer and
 *  transforms included: fitted to all rows after a search with refit=true, otherwise unfitted. A
 *  fit without an explicit optimizer then uses that of the combination.
 *  @param out  receives the model; free it with clf_model_free()
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_search_model(clf_model **out, const clf_search *search);

#ifdef __cplusplus
}
#endif

#endif
