/* Sparse rows without the columns that have no entries. */
#ifndef CLF_OPTIM_NEWTON_COLUMNS_H
#define CLF_OPTIM_NEWTON_COLUMNS_H

#include "base/memory.h"
#include "tensor/rows.h"

typedef struct clf__newton_columns {
  clf__rows x;   /* with x.columns columns */
  int32_t *kept; /* [x.columns] which columns they are, ascending; NULL if all are kept */
} clf__newton_columns;

/* Keeps all columns where that costs little: of the rows of several ranks, and where there are many
 * entries for each. Allocates in the arena. Returns CLF_OK or CLF_ERROR_MEMORY. */
clf_status clf__newton_columns_keep(clf__newton_columns *out, clf__arena *arena,
                                    const clf__rows *x);

#endif
