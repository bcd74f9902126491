/* Rows in the order of their scores, from which the areas under curves are computed. */
#ifndef CLF_METRICS_RANKING_H
#define CLF_METRICS_RANKING_H

#include <classify/context.h>

#include "metrics/check.h"

/* What an area is computed from. */
typedef struct clf__ranked {
  const char *measure;
  const int32_t *truth; /* [rows] */
  const float *scores;  /* [rows, columns] */
  const float *weights; /* [rows], or NULL */
  int64_t rows, classes, columns;
} clf__ranked;

/* Weights of rows with the same score, of those that are not of the class and of those that are. */
typedef struct clf__tie {
  double negative, positive;
} clf__tie;

/* Rows by ascending scores. */
typedef struct clf__ranking {
  clf_context *context;
  uint64_t *items; /* [2, rows]: two halves, between which sorting moves them */
} clf__ranking;

/* Sums the weights of the rows with the score of the row at place `*at`, and moves `*at` behind
 * them: up where `step` is 1, down where it is -1. */
clf__tie clf__ranking_next(const clf__ranking *ranking, int64_t rows, int64_t *at, int step);

/* Returns the area of one class against the others, NaN where it is not defined. */
typedef double (*clf__area)(const clf__ranking *ranking, int64_t rows);

/* Checks the arguments, and computes the mean over the classes of the area of each column, without
 * those that are NaN; with one column, that of class 1. `*out` receives NaN where all are. Returns
 * CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_DATA or CLF_ERROR_MEMORY. */
clf_status clf__mean_area(const clf__ranked *what, clf__area area, double *out);

#endif
