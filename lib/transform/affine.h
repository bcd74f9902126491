/* Features that are shifted and scaled column by column, for standardize and min_max. */
#ifndef CLF_TRANSFORM_AFFINE_H
#define CLF_TRANSFORM_AFFINE_H

#include "data/dataset.h"

/* x becomes shift + (x - center) * factor, but not less than `low` or more than `high`. */
typedef struct clf__affine {
  const double *center; /* [columns], or NULL for none */
  const double *factor; /* [columns] */
  double shift;
  double low, high; /* -INFINITY, INFINITY for none */
  bool f64;         /* f64 rows stay f64 */
} clf__affine;

/* The parameter `precision` of transforms. */
#define CLF__PRECISION_PARAM CLF__PRECISION("type of the features that are made of f64 rows")

/* Makes a dataset of f32 features, or of f64 features if f64 rows are only scaled or stay f64.
 * Sparse rows stay sparse: the map must keep 0, which is not checked. */
clf_status clf__affine_apply(clf_dataset **out, const clf_dataset *dataset,
                             const clf__affine *affine);

#endif
