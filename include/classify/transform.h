/** @file classify/transform.h
 *  Transforms of features whose statistics are fitted on one dataset and applied to others. To make
 *  one part of a model, so that it is fitted, applied and saved with it, use clf_model_add().
 *
 *  Kinds: "standardize" (mean 0, standard deviation 1), "min_max" (to [low, high]), "polynomial"
 *  (powers and products of features up to a degree); see clf_kind_name("transform", …).
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
 *  @param kind    "standardize", "min_max" or "polynomial"
 *  @param params  "name=value …" or NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_transform_create(clf_transform **out, clf_context *context, const char *kind,
                                        const char *params);

/** Fits the statistics.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_DATA (no rows, NaN or Inf), CLF_ERROR_UNSUPPORTED
 *          (sparse rows would become dense), CLF_ERROR_SHAPE (a basis too large), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_transform_fit(clf_transform *transform, const clf_dataset *dataset);

/** Makes a dataset with transformed features (f32) and the same labels, targets and weights.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_SHAPE (another number of
 *          features than fitted on), CLF_ERROR_UNSUPPORTED (sparse rows would become dense),
 *          CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_transform_apply(clf_dataset **out, const clf_transform *transform,
                                       const clf_dataset *dataset);

/** Frees the handle. NULL is fine. @since 0.1 */
CLF_API void clf_transform_free(clf_transform *transform);

#ifdef __cplusplus
}
#endif

#endif
