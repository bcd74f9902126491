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

/* The same of numbers that all mean something: CLF_ERROR_DATA also where none but 0 is large enough
 * for f32 to hold it with all its digits. */
clf_status clf__round_to_f32(clf_tensor **out, clf_context *context, const clf_tensor *tensor);

/* A C-contiguous copy of features: f64 of f64 and of integers that f32 does not hold, else f32. The
 * log says where f64 does not hold integers either. */
clf_status clf__to_float(clf_tensor **out, clf_context *context, const clf_tensor *tensor);

/* What the log says of them. */
#define CLF__ROUNDED_INTEGERS                                                                      \
  "x: some integers are beyond 2^53 and are rounded to f64, which may merge them: subtract what "  \
  "they have in common"

/* The dtype parameter of readers of text, "auto|f32|f64". */
enum { CLF__READ_AUTO, CLF__READ_F32, CLF__READ_F64 };
#define CLF__READ_DTYPE_HELP                                                                       \
  "type of the features; auto: f64 where f32 would merge values or lose more than 1e-6 of a "      \
  "column's range"

/* Of f32 rows of numbers that were rounded only where f32 tells them apart by their digits, see
 * data/formats/decimal.h, or of f64 rows: *column is the first that lies far from 0 (clf__rows_far) and is
 * not the same as f32, -1 where there is none. An f32 that is an integer is such a number itself:
 * no other one of so few digits rounds to it. */
clf_status clf__rounded_far(int64_t *column, clf_context *context, const clf__rows *x);

/* *column is one of dense f64 rows that f32 would not do for: two of its values merge, rounding
 * loses more than 1e-6 of its range, or a value is too large; -1 where there is none. NaN is passed
 * over. */
clf_status clf__needs_f64(int64_t *column, clf_context *context, const char *stage,
                          const clf__rows *x);

/* For sparse rows whose values, the numbers `value` [entries] in `column` [entries], are rounded to
 * f32: the log says which feature lies so far from 0 that f32 loses more than 1e-6 of its range, or
 * else which has most numbers that differ and are the same as f32. `name` is of whose rows they
 * are. */
clf_status clf__sparse_report(const clf_dataset *dataset, const clf_tensor *column,
                              const clf_tensor *value, const char *name);

/* Copies rows (indices along axis 0) of `from`, whose rows are contiguous, to the first rows of
 * `to`, which is C-contiguous and of the same dtype and row size. */
void clf__gather(clf_tensor *to, const clf_tensor *from, const int64_t *rows, int64_t count);
/* The first `count` along axis 0 take the tensor's place. */
clf_status clf__tensor_cut(clf_tensor **tensor, int64_t count);
/* A new tensor of `count` rows like those of `from`, scale included. */
clf_status clf__like_rows(clf_tensor **out, clf_context *context, const clf_tensor *from,
                          int64_t count);

#endif
