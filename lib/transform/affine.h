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

#endif
