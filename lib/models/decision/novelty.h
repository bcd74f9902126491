/* How unlike the rows of a fit a row is, from two signs: how far it is from each class (density.h),
 * and how little the model's scores speak for a class. Tensors of the state:
 *
 *   decision_reject_center, _unit   f64 [columns]     z = (x - center) / unit, of the rows x that
 *                                                     the kind reads, or of their sums (below)
 *   decision_reject_means           f32 [classes, columns]
 *   decision_reject_axes            f32 [classes * axes, columns]
 *   decision_reject_variances       f64 [classes, axes + 1]
 *   decision_reject_scale           f64 [SCALES]      what makes a novelty of the two signs
 *
 * Rows of more than CLF__NOVELTY_COLUMNS columns are summed into as many, each column with a sign,
 * both drawn from its number: that keeps distances nearly as they are (Charikar, Chen and
 * Farach-Colton 2002), and sparse rows of any width are as fast as their entries. */
#ifndef CLF_MODELS_DECISION_NOVELTY_H
#define CLF_MODELS_DECISION_NOVELTY_H

#include "models/decision/decision.h"
#include "models/decision/density.h"

enum { CLF__NOVELTY_COLUMNS = 1024 };

/* decision_reject_scale: of each sign its median in known rows, and how far above that a tenth of
 * them lie; and the threshold of the sum. */
enum {
  CLF__NOVELTY_DISTANCE,
  CLF__NOVELTY_DISTANCE_UNIT,
  CLF__NOVELTY_SILENCE,
  CLF__NOVELTY_SILENCE_UNIT,
  CLF__NOVELTY_THRESHOLD,
  CLF__NOVELTY_SCALES
};

/* Returns the columns of z for rows of so many columns. */
int64_t clf__novelty_columns(int64_t columns);
/* Reads a row as the columns of z, without center and unit; `row` [x->columns] is scratch. */
void clf__novelty_read(const clf__rows *x, int64_t i, double *row, double *out);
/* Returns the negative largest score of a row. */
double clf__novelty_silence(const float *scores, int64_t classes);
/* Returns the sum of the two signs, each counted from its median on, in its unit. */
double clf__novelty_sum(const double *scale, double distance, double silence);

/* Computes novelty [rows] of rows as the kind reads them, with their scores [rows, classes]; above
 * 1 are rows to reject. The model has the tensors. */
clf_status clf__novelty_compute(const clf_model *model, const clf__rows *x, const float *scores,
                                double *novelty);
/* Returns CLF_ERROR_CORRUPT unless the tensors are valid, or none is there. */
clf_status clf__novelty_check(const clf_model *model);

#endif
