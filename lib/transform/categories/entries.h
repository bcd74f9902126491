/* Rows of few entries, which transforms of categories make: dense or sparse. */
#ifndef CLF_TRANSFORM_CATEGORIES_ENTRIES_H
#define CLF_TRANSFORM_CATEGORIES_ENTRIES_H

#include "data/dataset.h"

/* An entry of a row that is made. */
typedef struct clf__entry {
  int32_t column;
  float value;
} clf__entry;

/* Writes the entries of a row, at most `capacity` of clf__entries_make(), in any order; those of
 * one column, which are whole numbers, are added up. values [features] are the row's. *count
 * receives their number. */
typedef clf_status (*clf__entries_of_row)(const void *argument, const double *values,
                                          clf__entry *out, int64_t *count);

/* The parameter `sparse`. auto: sparse if there are many columns for each that is read. */
enum { CLF__SPARSE_AUTO, CLF__SPARSE_FALSE, CLF__SPARSE_TRUE };
#define CLF__SPARSE_PARAM                                                                          \
  CLF__CHOICE(sparse, "auto|false|true", "auto",                                                   \
              "sparse rows; auto: from 256 columns on, and 16 for each that is read")
bool clf__entries_sparse(int32_t chosen, int64_t features, int64_t columns);

/* Makes a dataset of so many columns, sparse or of f32. */
clf_status clf__entries_make(clf_dataset **out, const clf_dataset *dataset, int64_t columns,
                             bool sparse, int64_t capacity, clf__entries_of_row row,
                             const void *argument);

#endif
