/* The rows of a prediction, block by block, as the kind reads them. */
#ifndef CLF_MODELS_BLOCKS_H
#define CLF_MODELS_BLOCKS_H

#include "models/model.h"

/* Returns whether a transform of the model reads missing values, which are NaN. */
bool clf__model_takes_missing(const clf_model *model);
/* Returns the number of rows in a block, so that everything computed from a block is small. `width`
 * is how many numbers the caller itself computes from each row of a block. */
int64_t clf__block_rows(const clf_model *model, const clf_dataset *rows, int64_t width);

/* Uses a block after the pipeline; its first row is row `first` of the call. */
typedef clf_status (*clf__block_use)(void *argument, const clf__rows *x, int64_t first);

/* Sends all rows in order through the pipeline and `use`, `block` at a time, as a call that the
 * host may cancel and whose stage is `stage`. `wide` requests rows for results in f64, as for
 * clf__kind_rows_decide(). Ends at the first failure. */
clf_status clf__for_blocks(const clf_model *model, const clf_dataset *rows, int64_t block,
                           const char *stage, bool wide, clf__block_use use, void *argument);

#endif
