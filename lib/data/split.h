/* Random splits of rows, for datasets and for fits that hold out rows. */
#ifndef CLF_DATA_SPLIT_H
#define CLF_DATA_SPLIT_H

#include "base/context.h"
#include "base/status.h"

typedef struct clf__split {
  const int32_t *labels; /* [rows] 0 … classes - 1, or NULL: all rows form one group */
  int64_t classes;
  int64_t rows;
} clf__split;

/* mark [rows] = whether a row is in the first part, which has `fraction` (between 0 and 1) of each
 * class, as nearly as whole rows allow. The only row of a class is in the first part. */
clf_status clf__split_mark(clf_context *context, const clf__split *split, double fraction,
                           uint64_t seed, bool *mark);
/* fold [rows] = the fold of each row, 0 … folds - 1, as clf_dataset_fold() assigns them. */
clf_status clf__split_folds(clf_context *context, const clf__split *split, int64_t folds,
                            uint64_t seed, int64_t *fold);

#endif
