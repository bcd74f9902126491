/* Transforms that change each element by a function of it and its column. */
#ifndef CLF_TRANSFORM_MAP_H
#define CLF_TRANSFORM_MAP_H

#include "data/dataset.h"

/* Changes one element in place. Returns CLF_OK, or an error with its message set, which begins with
 * where the element is. */
typedef clf_status (*clf__map_element)(const void *argument, int64_t column, double *value);

/* Makes a dataset of changed elements, of f32, or of f64 if `f64` and the rows are f64. Sparse rows
 * stay sparse: the function must keep 0, which is not checked. Names stay. */
clf_status clf__map_apply(clf_dataset **out, const clf_dataset *dataset, bool f64,
                          clf__map_element change, const void *argument);

#endif
