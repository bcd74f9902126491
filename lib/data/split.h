/* Which rows a random split takes, for datasets and for fits that hold rows out. */
#ifndef CLF_DATA_SPLIT_H
#define CLF_DATA_SPLIT_H

#include "base/context.h"
#include "base/status.h"

typedef struct clf__split {
  const int32_t *labels; /* [rows] 0 … classes - 1, or NULL: all rows are of one group */
  int64_t classes;
  int64_t rows;
} clf__split;

/* mark [rows] = whether a row is of the first part, which has `fraction` of each class (between 0
 * and 1) as nearly as whole rows can. The only row of a class is of the first part. */
clf_status clf__split_mark(clf_context *context, const clf__split *split, double fraction,
                           uint64_t seed, bool *mark);

#endif
