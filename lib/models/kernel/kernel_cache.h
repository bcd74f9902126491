/* A cache of kernel values between training rows. The values of a row with all rows of one class
 * form a segment. So every pair of classes that the row belongs to, every problem of a
 * cross-validation, and every class against the rest can use it. */
#ifndef CLF_MODELS_KERNEL_KERNEL_CACHE_H
#define CLF_MODELS_KERNEL_KERNEL_CACHE_H

#include "ops/kernelfn/kernel_matrix.h"

/* Rows grouped by class: order[start[k]] … order[start[k + 1] - 1] are the rows of class k. */
typedef struct clf__grouped_rows {
  const clf__rows *x;
  const int64_t *order;
  const int64_t *start; /* [classes + 1] */
  int64_t classes;
} clf__grouped_rows;

typedef struct clf__kernel_cache clf__kernel_cache;

/* Stores at most `bytes`, in addition to the packed rows; nothing where rows have so few columns
 * that computing a value takes less time than storing it. The rows are borrowed. Fails as
 * clf__kernel_columns_create(). */
clf_status clf__kernel_cache_create(clf__kernel_cache **out, clf_context *context,
                                    const clf__kernel_function *function,
                                    const clf__grouped_rows *rows, const float *center,
                                    int64_t bytes);
void clf__kernel_cache_free(clf__kernel_cache *cache); /* NULL is fine */
/* Returns whether values are stored. */
bool clf__kernel_cache_stores(const clf__kernel_cache *cache);

/* sums [rows of the class] += sum_i factor[i] K(x_row[i], class), in the order of i. The bits do
 * not depend on what is cached. May be called from any number of threads at once. */
clf_status clf__kernel_cache_add(clf__kernel_cache *cache, int64_t class, const int64_t *row,
                                 const double *factor, int64_t count, double *sums);

/* Lends most of the cache's memory to another one, whose use is so much better that this one drops
 * its segments: returns the bytes, to be returned when the other is freed. */
int64_t clf__kernel_cache_lend(clf__kernel_cache *cache);
void clf__kernel_cache_return(clf__kernel_cache *cache, int64_t bytes);

#endif
