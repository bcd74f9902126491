/* The levels of some rows and columns, of which those of all rows are merged. */
#ifndef CLF_TRANSFORM_LEVELS_PARTS_H
#define CLF_TRANSFORM_LEVELS_PARTS_H

#include "transform/levels.h"

/* What rows weigh. */
typedef struct clf__levels_weights {
  const float *of; /* [rows], or NULL for 1 */
  double unit;     /* of the levels' weights */
} clf__levels_weights;

/* Does what clf__levels_find() does, for columns first … first + count - 1 of these rows alone,
 * whose weights may all be 0. */
clf_status clf__levels_of_rows(clf_context *context, const clf__rows *x,
                               const clf__levels_weights *weights, int64_t first, int64_t count,
                               clf__levels_use use, void *argument);

/* Does what clf__levels_find() does, for rows that have shards. */
clf_status clf__levels_of_shards(clf_context *context, const clf__rows *x,
                                 const clf__levels_weights *weights, clf__levels_use use,
                                 void *argument);

#endif
