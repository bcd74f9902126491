/* What the files that make datasets share. */
#ifndef CLF_DATA_BUILD_H
#define CLF_DATA_BUILD_H

#include "data/dataset.h"

/* All NULL and 0 but the context, which is held. */
clf_status clf__dataset_blank(clf_dataset **out, clf_context *context);
/* A handle on `like`'s labels, targets and weights, for a dataset that has none. */
clf_status clf__dataset_share_rest(clf_dataset *dataset, const clf_dataset *like);

/* A C-contiguous f32 copy, made in parallel. CLF_ERROR_DATA when a finite value is too large for
 * f32: its row and column are in the message. */
clf_status clf__to_f32(clf_tensor **out, clf_context *context, const clf_tensor *tensor);

/* A C-contiguous copy of features: f64 of f64 and of integers that f32 does not hold, else f32. The
 * log says where f64 does not hold integers either. */
clf_status clf__to_float(clf_tensor **out, clf_context *context, const clf_tensor *tensor);

/* Copies rows (indices along axis 0) of `from`, whose rows are contiguous, to the first rows of
 * `to`, which is C-contiguous and of the same dtype and row size. */
void clf__gather(clf_tensor *to, const clf_tensor *from, const int64_t *rows, int64_t count);
/* A new tensor of `count` rows like those of `from`, scale included. */
clf_status clf__like_rows(clf_tensor **out, clf_context *context, const clf_tensor *from,
                          int64_t count);

#endif
