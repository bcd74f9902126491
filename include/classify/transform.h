/** @file classify/transform.h
 *  Transforms of features: their statistics are fitted on one dataset and applied to others. Use
 *  clf_model_add_transform() to make a transform part of a model, so that it is fitted, applied and
 *  saved with the model.
 *
 *  Kinds: "standardize" (mean 0, standard deviation 1), "min_max" (to [low, high]), "polynomial"
 *  (powers and products of features up to a degree), "log_count_ratio" (each feature times how much
 *  its share differs between the classes), "pca" (principal components: the directions in which the
 *  rows vary most), "hog" (histograms of oriented gradients of gray images), "select" (some of the
 *  columns, as they are), "robust" (median 0, divided by the distance of the quartiles), "quantile"
 *  (ranks, evenly or normally distributed), "log" (of 1 + x), "impute" (missing values replaced),
 *  and of categories "one_hot" (a column of 0 and 1 for each), "ordinal" (their numbers),
 *  "target_mean" (the mean of the labels or targets of each) and "hash" (any texts in a fixed
 *  number of columns); see clf_kind_name("transform", …).
 *
 *  **Some of the columns.** Every transform has the parameter `columns`, a list such as age,fare.
 *  It reads these columns and no others: each item is a name, as the rows have it, or a number from
 *  1, or -1 for the last column; names go first. A '!' before the list chooses all other columns.
 *  Names with commas are quoted: columns='"a,b",c'. The columns that are not chosen pass through
 *  untouched ("select" leaves them out): numbers keep their values, and columns of categories their
 *  categories. What a transform makes of one column stands where that stood. What it makes of
 *  several ("polynomial", "pca", "hog") stands behind the columns that pass through. If the rows,
 *  or what is made of them, are sparse, so is the result; otherwise it is f64 if either is. The
 *  messages of a transform count the columns that it reads.
 *
 *  **Missing values** are NaN. "impute", "select" and the transforms of categories read them; all
 *  others refuse them in a fit, as models do, and keep them later. A column that has no value at
 *  all is imputed as 0, and the log says so.
 *
 *  **Categories.** "one_hot", "ordinal", "target_mean" and "hash" read the columns of categories,
 *  or those that `columns` names: numbers there are categories by their value. The first two number
 *  the categories by name, so that the order of rows does not matter. `min_frequency` and
 *  `max_categories` pool the rare ones. `missing` and `unknown` say what becomes of missing values,
 *  and of categories that the fit lacked: "error" refuses them, "own" gives them a category, which
 *  is that of the rare ones for unknown ones where there are any, and "ignore" gives 0 in all
 *  columns of "one_hot" and NaN by "ordinal". What "one_hot" and "hash" make is sparse
 *  (sparse=auto) if it has 256 columns or more, and 16 or more for each column that is read.
 *  "target_mean" gives the rows of clf_transform_fit_apply() the means of other rows
 *  (cross-fitting), and all rows later the means of the rows of the fit.
 *
 *  **Weights** count rows: those of weight 2 count twice. Quantiles and frequencies take weights
 *  below 1 in units of the smallest.
 *
 *  **Names.** If the rows of the fit have names of columns, so have the transformed rows: what is
 *  made of one column has its name, products are called "a b^2", and what depends on several in
 *  another way is numbered, pca_0, pca_1, …; see clf_transform_output_name(). Rows of more than
 *  65,536 columns get no names.
 *
 *  **Use.** Fit a transform on the rows for training, and apply it to all others:
 *
 *  @code
 *  clf_dataset *train = NULL, *reduced = NULL;
 *  clf_transform *pca = NULL;
 *  if (clf_dataset_load(&train, NULL, "csv", "train.csv", NULL) < 0 ||
 *      clf_transform_create(&pca, NULL, "pca", "components=20") < 0 ||
 *      clf_transform_fit(pca, train) < 0 || clf_transform_apply(&reduced, pca, train) < 0) {
 *    fprintf(stderr, "%s\n", clf_last_error());
 *  }
 *  clf_dataset_free(reduced);
 *  clf_transform_free(pca);
 *  clf_dataset_free(train);
 *  @endcode
 *
 *  Thread class of the file: a fitted transform may be applied in many threads at once.
 */
#ifndef CLASSIFY_TRANSFORM_H
#define CLASSIFY_TRANSFORM_H

#include <classify/dataset.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque; see the file's head. */
typedef struct clf_transform clf_transform;

/** Makes an unfitted transform.
 *  @param out     receives the transform; free it with clf_transform_free()
 *  @param kind    "standardize", "min_max", "robust", "quantile", "log", "impute", "polynomial",
 *                 "log_count_ratio", "pca", "hog", "select", "one_hot", "ordinal", "target_mean" or
 *                 "hash"
 *  @param params  "name=value …" or NULL; clf_param_describe("transform", kind, …) describes them
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_transform_create(clf_transform **out, clf_context *context, const char *kind,
                                        const char *params);

/** Computes what the transform needs to know of the columns. The arithmetic is in f64 for rows of
 *  any type, so features may lie far from 0, such as 1e9 ± 1. One of several ranks may pass NULL.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_DATA (no rows, NaN or Inf, a column that is
 *          not there, a column of categories; for pca, rows that are all equal),
 *          CLF_ERROR_UNSUPPORTED (sparse rows would become dense; log_count_ratio or target_mean on
 *          rows without labels), CLF_ERROR_SHAPE (a basis or an eigenproblem too large),
 *          CLF_ERROR_NUMERIC (products of rows that overflow), CLF_ERROR_CANCELLED,
 *          CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_transform_fit(clf_transform *transform, const clf_dataset *dataset);

/** Continues fitting with more rows ("standardize", "min_max", "pca"): the transform is then that
 *  of one fit of all rows, in whatever order and in however many calls they come, to about 1e-10.
 *  The first call begins; it forgets nothing of a "min_max" that was fitted before. "standardize"
 *  keeps a few sums for each feature, and "pca" (not with solver=gram) those of features^2
 *  products, from which each call computes the components. They are saved with the transform.
 *  @return as clf_transform_fit(), CLF_ERROR_SHAPE (also: another number of features than fitted
 *          on), CLF_ERROR_UNSUPPORTED (also: another kind; a transform that clf_transform_fit()
 *          fitted, which keeps no sums). The transform is unchanged after any failure @since 0.1 */
CLF_API clf_status clf_transform_partial_fit(clf_transform *transform, const clf_dataset *dataset);

/** Makes a dataset with transformed features and the same labels, targets and weights.
 *
 *  The new features are f32, with two exceptions. From f64 rows, "polynomial" and "standardize"
 *  with mean=false, which subtract nothing, make f64 features. "standardize", "min_max" and "pca"
 *  with precision=f64 do so, too. With precision=f32 they subtract in f64 and round to f32
 *  afterwards, so an offset costs no digits.
 *  Columns are matched with those of the fit as by clf_model_predict().
 *  @param out  receives the dataset; free it with clf_dataset_free()
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_SHAPE (another number of
 *          features than fitted on), CLF_ERROR_DATA (columns that are missing, or categories in
 *          place of numbers), CLF_ERROR_UNSUPPORTED (sparse rows would become dense),
 *          CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_transform_apply(clf_dataset **out, const clf_transform *transform,
                                       const clf_dataset *dataset);

/** Fits the transform to a dataset and transforms the same rows, as a model does with the
 *  transforms of its pipeline: clf_transform_fit() and clf_transform_apply() in one call.
 *  @param out  receives the dataset; free it with clf_dataset_free()
 *  @return CLF_OK, or a status of these two: CLF_ERROR_ARGUMENT, CLF_ERROR_DATA,
 *          CLF_ERROR_UNSUPPORTED, CLF_ERROR_SHAPE, CLF_ERROR_NUMERIC, CLF_ERROR_CANCELLED,
 *          CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_transform_fit_apply(clf_dataset **out, clf_transform *transform,
                                           const clf_dataset *dataset);

/** Returns the number of columns of the transformed rows, with those that pass through; -1 when
 *  not fitted. @since 0.1 */
CLF_API int64_t clf_transform_outputs(const clf_transform *transform);

/** Writes the name of a column of the transformed rows. Columns of the fit without a name are
 *  called x0, x1, … in it.
 *  @param index     0 … clf_transform_outputs() - 1
 *  @param buffer    receives NUL-terminated text when it fits; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param needed    receives the bytes needed, the NUL included; may be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: too small a buffer that is not NULL),
 *          CLF_ERROR_NOT_FITTED, CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_transform_output_name(const clf_transform *transform, int64_t index,
                                             char *buffer, size_t capacity, size_t *needed);

/** Returns a read-only tensor of the fitted transform:
 *  - with `columns`: "columns" i64 [features], the chosen columns, counted from 0; where others
 *    below have [features], these are meant;
 *  - standardize, all f64 [features]: "mean"; "deviation", by which features are divided: the
 *    standard deviation, but 1 for a constant feature; and "spread", the standard deviation itself,
 *    which is 0 for a constant feature. Transforms that earlier versions saved lack "spread";
 *  - min_max: "minimum" and "maximum";
 *  - pca: "mean" f64 [features]; "components" f32 [components, features], the axes, of length 1;
 *    "variance" f64 [components], the variance of the population along each axis;
 *    "total_variance" f64 [1], which includes the axes that were left out; and, with precision=f64,
 *    "components_f64", the axes in f64;
 *  - log_count_ratio: "factor" f64 [features], by which features are multiplied;
 *  - robust: "center" and "scale" f64 [features]; scale is 1 where the quantiles are equal;
 *  - quantile: "quantiles" f64 [features, quantiles] of the "shares" f64 [quantiles];
 *  - impute: "value" f64 [features], and "indicator" u8 [features], 1 for features that get one;
 *  - one_hot, ordinal and target_mean: "groups" i32 [features], the number of categories with those
 *    of rare, missing and unknown ones; target_mean: "means" f64 [all groups, outputs] and "mean"
 *    f64 [outputs], that of all rows;
 *  - hog: "size" i64 [2], height and width.
 *  @param out  receives a new handle on the transform's memory, valid even after its next fit; free
 *              it with clf_tensor_free()
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (no such name; the message lists them), CLF_ERROR_NOT_FITTED,
 *          CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_transform_tensor(clf_tensor **out, const clf_transform *transform,
                                        const char *name);

/** Frees the handle. NULL is fine. @since 0.1 */
CLF_API void clf_transform_free(clf_transform *transform);

/* Kind and parameters */

/** Returns the kind of the transform, such as "pca"; NULL for NULL. The string is a constant of the
 *  library. @since 0.1 */
CLF_API const char *clf_transform_kind(const clf_transform *transform);

/** Writes the parameters as text, "name=value …", from which clf_transform_create() makes an equal
 *  transform that is not fitted.
 *  @param buffer    receives NUL-terminated text when it fits; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param needed    receives the bytes needed, the NUL included; may be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: too small a buffer that is not NULL), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_transform_params(const clf_transform *transform, char *buffer,
                                        size_t capacity, size_t *needed);

/* Files */

/** Saves a fitted transform, atomically: the path holds the old file or the whole new one. The
 *  format is described in docs/model-format.md.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_IO, CLF_ERROR_MEMORY,
 *          CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_transform_save(const clf_transform *transform, const char *path);

/** Saves a fitted transform to memory.
 *  @param buffer    receives the bytes when they fit; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param size      receives the bytes needed
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: too small a buffer that is not NULL),
 *          CLF_ERROR_NOT_FITTED, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_transform_save_memory(const clf_transform *transform, void *buffer,
                                             size_t capacity, size_t *size);

/** Loads a fitted transform from a file of its own. Those of a model are loaded with the model.
 *  @param out  receives the transform; free it with clf_transform_free()
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_IO, CLF_ERROR_CORRUPT (also: a file of something
 *          else), CLF_ERROR_VERSION, CLF_ERROR_UNSUPPORTED (a kind that this version does not
 *          know), CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_transform_load(clf_transform **out, clf_context *context, const char *path);

/** Loads a transform from memory, which is not needed afterwards. @return as clf_transform_load()
 *  @since 0.1 */
CLF_API clf_status clf_transform_load_memory(clf_transform **out, clf_context *context,
                                             const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
