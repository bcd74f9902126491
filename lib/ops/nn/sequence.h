/* Sequences: which steps of a row count, and operations on rows of [steps, features]. */
#ifndef CLF_OPS_NN_SEQUENCE_H
#define CLF_OPS_NN_SEQUENCE_H

#include "tensor/rows.h"

/* Only steps begin … end - 1 of a row count; the others are padding. */
typedef struct clf__span {
  int64_t begin, end;
} clf__span;

/* Returns the span of a row; all of its steps if `spans` is NULL. */
static inline clf__span clf__span_of(const clf__span *spans, int64_t row, int64_t steps) {
  return spans != NULL ? spans[row] : (clf__span){0, steps};
}

/* Returns the span from the first to the last of ids [rows, steps] that is not 0. */
void clf__spans_of_ids(clf_context *context, const float *ids, int64_t rows, int64_t steps,
                       clf__span *spans);

/* y [count, width] = the rows of table [.., width] that ids [count] name. */
void clf__embed(clf_context *context, const float *table, int64_t width, const float *ids,
                int64_t count, float *y);
/* sums [entries, width] = for each id the sum of its rows of dy [count, width], in their order. */
void clf__embed_sums(clf_context *context, const float *dy, int64_t width, const float *ids,
                     int64_t count, float *sums, int64_t entries);

/* Reduces rows [steps, width] to their average or maximum over the span; 0 if it is empty. `chosen`
 * [rows, width], or NULL, receives the step of each maximum. */
void clf__time_average(clf_context *context, const float *x, int64_t rows, int64_t steps,
                       int64_t width, const clf__span *spans, float *y);
void clf__time_average_back(clf_context *context, const float *dy, int64_t rows, int64_t steps,
                            int64_t width, const clf__span *spans, float *dx);
void clf__time_max(clf_context *context, const float *x, int64_t rows, int64_t steps, int64_t width,
                   const clf__span *spans, float *y, int32_t *chosen);
void clf__time_max_back(clf_context *context, const float *dy, int64_t rows, int64_t steps,
                        int64_t width, int32_t *chosen, float *dx);

#endif
