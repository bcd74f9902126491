/** @file classify/transform.h
 *  Transforms of features whose statistics are fitted on one dataset and applied to others. To make
 *  one part of a model, so that it is fitted, applied and saved with it, use clf_model_add().
 *
 *  Kinds: "standardize" (mean 0, standard deviation 1), "min_max" (to [low, high]), "polynomial"
 *  (powers and products of features up to a degree), "log_count_ratio" (each feature times how
 *  much its share differs between the classes), "pca" (principal components: the directions in
 *  which the rows vary most), "hog" (histograms of oriented gradients of grey images); see
 *  clf_kind_name("transform", …).
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

/** Makes a transform.
 *  @param kind    "standardize", "min_max", "polynomial", "log_count_ratio", "pca" or "hog"
 *  @param params  "name=value …" or NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_transform_create(clf_transform **out, clf_context *context, const char *kind,
                                        const char *params);

/** Fits the statistics, in f64 whatever the rows are, so features may lie far from 0 (1e9 +- 1).
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_DATA (no rows, NaN or Inf; for pca, rows that are
 *          all equal), CLF_ERROR_UNSUPPORTED (sparse rows would become dense), CLF_ERROR_SHAPE (a
 *          basis or an eigenproblem too large), CLF_ERROR_NUMERIC (products of rows that
 *          overflow), CLF_ERROR_CANCELLED, CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_transform_fit(clf_transform *transform, const clf_dataset *dataset);

/** Makes a dataset with transformed features and the same labels, targets and weights. Of f64 rows
 *  "standardize", "min_max" and "pca" subtract in f64 and round to f32 then, so an offset costs no
 *  digits; "standardize" with mean=false (which subtracts nothing) and "polynomial" give f64. Of
 *  all others the features are f32.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_SHAPE (another number of
 *          features than fitted on), CLF_ERROR_UNSUPPORTED (sparse rows would become dense),
 *          CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_transform_apply(clf_dataset **out, const clf_transform *transform,
                                       const clf_dataset *dataset);

/** A tensor of the fitted transform, read-only: "mean" and "deviation" f64 [features] of
 *  standardize, "minimum" and "maximum" of min_max; of pca, "mean" f64 [features], "components" f32
 *  [components, features], the axes of length 1, "variance" f64 [components] along them (of the
 *  population), and "total_variance" f64 [1], of the axes left out too; of hog, "size" i64 [2],
 *  height and width.
 *  @param out  receives a new handle on the transform's memory, valid even after its next fit; free
 *              it with clf_tensor_free()
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (no such name; the message lists them), CLF_ERROR_NOT_FITTED,
 *          CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_transform_tensor(const clf_transform *transform, const char *name,
                                        clf_tensor **out);

/** Frees the handle. NULL is fine. @since 0.1 */
CLF_API void clf_transform_free(clf_transform *transform);

#ifdef __cplusplus
}
#endif

#endif
