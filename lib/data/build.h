/* What the files that make datasets share. */
#ifndef CLF_DATA_BUILD_H
#define CLF_DATA_BUILD_H

#include "data/dataset.h"

/* Makes a dataset whose members are NULL and 0, except the context, which it retains. */
clf_status clf__dataset_blank(clf_dataset **out, clf_context *context);
/* Shares labels, targets and weights of `like` with a dataset that has none. */
clf_status clf__dataset_share_rest(clf_dataset *dataset, const clf_dataset *like);

/* Makes a C-contiguous f32 copy in parallel. Returns CLF_ERROR_DATA if a finite value is too large
 * for f32; the message states its row and column. */
clf_status clf__to_f32(clf_tensor **out, clf_context *context, const clf_tensor *tensor);

/* The same for numbers that all matter: also returns CLF_ERROR_DATA if all nonzero values are so
 * small that f32 loses digits of them. */
clf_status clf__round_to_f32(clf_tensor **out, clf_context *context, const clf_tensor *tensor);

/* Makes a C-contiguous copy of features: f64 from f64 and from integers that f32 cannot represent,
 * otherwise f32. The log reports integers that f64 cannot represent either. */
clf_status clf__to_float(clf_tensor **out, clf_context *context, const clf_tensor *tensor);

/* The text for the log. */
#define CLF__ROUNDED_INTEGERS                                                                      \
  "x: some integers are beyond 2^53 and are rounded to f64, which may merge them: subtract what "  \
  "they have in common"

/* The dtype parameter of readers of text, "auto|f32|f64". */
enum { CLF__READ_AUTO, CLF__READ_F32, CLF__READ_F64 };

/* *column becomes the first column that lies far from 0 (clf__rows_far) and cannot be represented
 * by f32, or -1. The rows are f64, or f32 rows of numbers that were rounded only if their digits
 * distinguish them in f32 (data/formats/decimal.h). An f32 value that is an integer was not
 * rounded: no other number with so few digits rounds to it. */
clf_status clf__rounded_far(int64_t *column, clf_context *context, const clf__rows *x);

/* *column becomes a column of dense f64 rows for which f32 is not enough, or -1: two of its values
 * merge, rounding changes a value by more than 1e-6 of its range, or a value is too large. NaN is
 * ignored. */
clf_status clf__needs_f64(int64_t *column, clf_context *context, const char *stage,
                          const clf__rows *x);

/* For sparse rows whose values, the numbers `value` [entries] in `column` [entries], are rounded to
 * f32: logs a feature that lies so far from 0 that rounding changes it by more than 1e-6 of its
 * range, or else the feature with most numbers that f32 merges. `name` names the rows. */
clf_status clf__sparse_report(const clf_dataset *dataset, const clf_tensor *column,
                              const clf_tensor *value, const char *name);

/* Copies rows of `from` (indices along axis 0), whose rows are contiguous, to the first rows of
 * `to`, which is C-contiguous and of the same dtype and row size. */
void clf__gather(clf_tensor *to, const clf_tensor *from, const int64_t *rows, int64_t count);
/* Reduces the tensor to its first `count` elements along axis 0. */
clf_status clf__tensor_cut(clf_tensor **tensor, int64_t count);
/* Makes a tensor of `count` rows like those of `from`, with the same scale. */
clf_status clf__like_rows(clf_tensor **out, clf_context *context, const clf_tensor *from,
                          int64_t count);

#endif
