/* Features moved and scaled column by column: what standardize and min_max apply. */
#ifndef CLF_TRANSFORM_AFFINE_H
#define CLF_TRANSFORM_AFFINE_H

#include "data/dataset.h"

/* x becomes shift + (x - center) * factor, not below `low` or above `high`. */
typedef struct clf__affine {
  const double *center; /* [columns], or NULL for none */
  const double *factor; /* [columns] */
  double shift;
  double low, high; /* -INFINITY, INFINITY for none */
} clf__affine;

/* A dataset of f32 features; of f64 ones where f64 rows are scaled only. Sparse rows stay sparse: 0
 * must become 0, which is not looked at. */
clf_status clf__affine_apply(clf_dataset **out, const clf_dataset *dataset,
                             const clf__affine *affine);

#endif
