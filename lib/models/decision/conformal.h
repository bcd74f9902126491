/* Sets of classes, and intervals, that hold the truth with a given probability, whatever the model:
 * split conformal prediction (Vovk, Gammerman and Shafer 2005). Each held-out row has a score of
 * how badly its true class fits; a class is in the set of a new row if its score is no higher than
 * the k-th lowest of the n held-out ones, k = ceil((n + 1) coverage).
 *
 *   lac  score -v of the class's probability or score v: the smallest sets on average (Sadinle, Lei
 *        and Wasserman 2019)
 *   aps  the sum of the probabilities of the classes that are more probable, and u times the
 *        class's own (Romano, Sesia and Candes 2020), with u uniform on [0, 1), or 1 if not
 *        randomized
 *
 * With scores of each class apart, coverage holds for each class. */
#ifndef CLF_MODELS_DECISION_CONFORMAL_H
#define CLF_MODELS_DECISION_CONFORMAL_H

#include <stdbool.h>
#include <stdint.h>

enum { CLF__CONFORMAL_LAC, CLF__CONFORMAL_APS };

typedef struct clf__conformal {
  int32_t method; /* CLF__CONFORMAL_… */
  bool randomized;
  uint64_t seed;
} clf__conformal;

/* A class in the order of values. */
typedef struct clf__conformal_place {
  double value;
  int64_t class;
} clf__conformal_place;

/* The scores of all classes of a row of values [classes], for which `order` [classes] is scratch.
 * u depends on the seed and the values alone, so that a row has the same set in any batch. */
void clf__conformal_scores(const clf__conformal *how, const double *values, int64_t classes,
                           clf__conformal_place *order, double *scores);

/* Writes 1 for the classes whose scores do not exceed their quantiles [classes], else 0. The set of
 * a method that is not randomized also has the most probable class. */
void clf__conformal_set(const clf__conformal *how, const double *scores, const double *quantiles,
                        int64_t classes, uint8_t *set);

/* A score of a held-out row, and its weight. */
typedef struct clf__conformal_row {
  double score, weight;
} clf__conformal_row;

/* Sorts rows by ascending score. */
void clf__conformal_sort(clf__conformal_row *rows, int64_t count);

/* Returns the score that a share `coverage` of the rows does not exceed: the first at which the
 * weights reach coverage (W + 1), with W their sum, so that a weight of n counts as n rows. It is
 * INFINITY where there are too few rows for that. `scores` [count] ascend, and `cumulative` [count]
 * are sums of weights up to each, or NULL for weights of 1. */
double clf__conformal_quantile(const double *scores, const double *cumulative, int64_t count,
                               double coverage);

#endif
