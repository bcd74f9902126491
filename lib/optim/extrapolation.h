/* Extrapolation of sequences of points that converge linearly (Anderson 1965; for coordinate
 * descent Bertrand and Massias 2021). */
#ifndef CLF_OPTIM_EXTRAPOLATION_H
#define CLF_OPTIM_EXTRAPOLATION_H

#include <stdbool.h>
#include <stdint.h>

enum { CLF__PERIOD = 5, CLF__PERIOD_POINTS = CLF__PERIOD + 1 };

/* Computes the factors z [CLF__PERIOD] of the combination of the last points whose steps nearly
 * cancel. points [CLF__PERIOD_POINTS, stride] are in order; steps are compared by their first
 * `size` elements, whose squares count `scale` [size] times. Returns false if there is none. */
bool clf__extrapolation(double *z, const double *points, int64_t size, int64_t stride,
                        const double *scale);
/* Computes the combination [size] of the points with the factors. */
void clf__extrapolate(double *out, const double *z, const double *points, int64_t size,
                      int64_t stride);

#endif
