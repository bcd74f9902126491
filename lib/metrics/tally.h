/* The weights of the rows of each class: those of the class, those predicted as it, and those of
 * both, which are predicted correctly. All measures of predicted classes are computed from them. */
#ifndef CLF_METRICS_TALLY_H
#define CLF_METRICS_TALLY_H

#include <classify/context.h>

#include "metrics/check.h"

/* Of one class, or of all classes together. */
typedef struct clf__tally {
  double hits, truths, predictions;
} clf__tally;

/* One tally for each class, on the default context. */
typedef struct clf__tallies {
  clf_context *context;
  clf__tally *of; /* [classes] */
  int64_t classes;
  double rows; /* sum of all weights */
} clf__tallies;

/* Checks the arguments of a measure and sums the weights. After a failure there is nothing to
 * free. */
clf_status clf__tallies_create(clf__tallies *out, const char *measure, const int32_t *truth,
                               const int32_t *predicted, const float *weights, int64_t rows,
                               int64_t classes);
void clf__tallies_free(clf__tallies *tallies);

/* Ratios of sums; 0/0 is 0. */
double clf__tally_precision(const clf__tally *tally);
double clf__tally_recall(const clf__tally *tally);
double clf__tally_f1(const clf__tally *tally);

/* Sums over the classes. */
clf__tally clf__tallies_sum(const clf__tallies *tallies);

/* The mean of a score over the classes that occur in truth or prediction. */
double clf__tallies_mean(const clf__tallies *tallies, double (*score)(const clf__tally *));

/* The mean recall of the classes that have rows. */
double clf__tallies_balanced(const clf__tallies *tallies);
/* The correlation of truth and prediction (Matthews, 1975; Gorodkin, 2004). Predictions out of
 * range are one more class. */
double clf__tallies_matthews(const clf__tallies *tallies);
/* Cohen's kappa of equal disagreements. Predictions out of range are one more class. */
double clf__tallies_kappa(const clf__tallies *tallies);

#endif
