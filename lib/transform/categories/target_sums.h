/* The targets of rows, and their means by category (target_mean.c). */
#ifndef CLF_TRANSFORM_CATEGORIES_TARGET_SUMS_H
#define CLF_TRANSFORM_CATEGORIES_TARGET_SUMS_H

#include "data/dataset.h"

/* What the rows of a fit predict: whether they are of the second of two classes, whether they are
 * of each of several classes, or targets. */
typedef struct clf__targets {
  const clf_dataset *dataset;
  const int32_t *labels; /* NULL for targets */
  const double *values;  /* [rows, outputs] */
  const float *weights;  /* or NULL */
  int64_t outputs;
  double *mean; /* [outputs] of all rows, allocated */
} clf__targets;

/* Returns CLF_ERROR_UNSUPPORTED for rows without labels and targets. Free it in any case. */
clf_status clf__targets_begin(clf__targets *out, const clf_dataset *dataset);
void clf__targets_end(clf__targets *targets);

/* Rows whose mean is computed: those of other folds than `fold`. */
typedef struct clf__other_folds {
  const int64_t *of; /* [rows], or NULL for all rows */
  int64_t fold;
} clf__other_folds;

/* The groups of the rows by each of some features. */
typedef struct clf__target_groups {
  int64_t features;
  const int64_t *start; /* [features + 1] groups before those of the feature */
  const int32_t *group; /* [features, rows] -1 for none */
} clf__target_groups;

/* Fills means [groups of all features, outputs] with the means of the rows of each group, shrunk
 * towards the mean of all rows. A group without rows gets the mean of all. smoothing is the number
 * of rows that the mean of all counts as; NaN: by the variances (target_mean.c). */
clf_status clf__targets_means(double *means, const clf__targets *targets,
                              const clf__target_groups *groups, double smoothing,
                              clf__other_folds rows);

#endif
