/* How far rows are from classes: a Gaussian for each class, of few axes. */
#ifndef CLF_MODELS_DECISION_DENSITY_H
#define CLF_MODELS_DECISION_DENSITY_H

#include "tensor/rows.h"

typedef struct clf__density {
  int64_t classes, columns;
  int64_t axes_of_class; /* at most `columns` */
  float *means;          /* [classes, columns] */
  float *axes;           /* [classes * axes_of_class, columns] of length 1 */
  double *variances;     /* [classes, axes_of_class + 1] along the axes, the last along all other
                          * directions; all 0 for a class without rows */
} clf__density;

/* Returns how many axes a class has. */
int64_t clf__density_axes(int64_t classes, int64_t columns);
/* Fits the arrays of `out`, whose sizes are set, to dense f32 rows that are in the order of their
 * classes. */
clf_status clf__density_fit(clf__density *out, clf_context *context, const clf__rows *x,
                            const int32_t *labels, const float *weights);
/* Computes for z [rows, columns] the distance [rows] from the nearest class. */
clf_status clf__density_distances(const clf__density *density, clf_context *context, const float *z,
                                  int64_t rows, double *distances);

#endif
