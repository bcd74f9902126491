/* All measures of graded rows at once, for any weights of the rows. */
#ifndef CLASSIFY_EVALUATE_H
#define CLASSIFY_EVALUATE_H

#include "measures.h"
#include "ranks.h"

/* What is the same for all weights, computed once. */
typedef struct evaluation {
  const graded *of;
  bool ranked;              /* whether the rows are in order, so that draws have areas, too */
  ranks ranking;            /* of a classifier */
  int32_t *truth;           /* [rows] 0 for unknown classes, whose rows then weigh nothing */
  double *top;              /* [rows] 1 where the class is among those with the highest scores */
  float *known;             /* [rows] weights of the rows of known classes, filled by evaluate() */
  double *log_loss, *brier; /* [rows] of each row alone; of probabilities */
  double (*tally)[3];       /* [classes] weights: right, true and predicted */
  double scale;             /* of a regression: the largest magnitude of targets and values */
} evaluation;

/* Unless the rows are to be ranked, areas and calibration error of many scores are computed slowly,
 * and with little memory. Free it in any case. */
clf_status evaluation_create(evaluation *out, const graded *g, bool ranked);
void evaluation_free(evaluation *e);

/* Computes the measures [MEASURES] and those of each class [classes, CLASS_MEASURES], NaN where one
 * is not defined, or reads all scores and they are not `wanted`. A weight of n counts as n equal
 * rows. */
clf_status evaluate(evaluation *e, const float *weights, bool wanted, double *of, double *of_class);

#endif
