/* The rows of a prediction, block by block, as the kind sees them. */
#ifndef CLF_MODELS_BLOCKS_H
#define CLF_MODELS_BLOCKS_H

#include "models/model.h"

/* Rows of a block: as many as keep what is made of them small. `width` counts the numbers that the
 * caller makes of each row for one block only. */
int64_t clf__block_rows(const clf_model *model, const clf_dataset *rows, int64_t width);

/* Uses a block that went through the pipeline; its first row is row `first` of the call's. */
typedef clf_status (*clf__block_use)(void *argument, const clf__rows *x, int64_t first);

/* Sends all rows through the pipeline and `use`, `block` at a time in their order, as a call that
 * the host may cancel; `stage` names it. Ends at the first failure. */
clf_status clf__for_blocks(const clf_model *model, const clf_dataset *rows, int64_t block,
                           const char *stage, clf__block_use use, void *argument);

#endif
