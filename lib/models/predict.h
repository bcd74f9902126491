/* Scores of rows, block by block, for what is predicted from them (predict.c). */
#ifndef CLF_MODELS_PREDICT_H
#define CLF_MODELS_PREDICT_H

#include "models/model.h"

/* Returns CLF_OK if the model is fitted, the rows are those it was fitted for, and `out` has the
 * capacity for `width` values of each. */
clf_status clf__predict_check(const clf_model *model, const clf_dataset *data, const void *out,
                              int64_t width, int64_t capacity);

/* Uses scores [rows, outputs] of a block, which are finite; its first row is row `first`. */
typedef clf_status (*clf__scores_use)(void *argument, const float *scores, int64_t rows,
                                      int64_t first);

/* Sends the scores of all rows through `use`, `block` rows at a time, as a call that the host may
 * cancel. */
clf_status clf__predict_scores(const clf_model *model, const clf_dataset *data, int64_t block,
                               clf__scores_use use, void *argument);

#endif
