/* What all linear kinds share. A linear map of the rows consists of tensors of the state:
 * W [outputs, columns] and b [outputs] in f32, the same pair in f64, and `precision` i64 [1]. It is
 * 64 if f32 products would lose too many digits, so that results in f32, too, are computed from the
 * pair in f64; otherwise it is 32. Earlier versions stored no `precision`, and the pair in f64 only
 * where it would be 64. */
#ifndef CLF_MODELS_LINEAR_H
#define CLF_MODELS_LINEAR_H

#include "models/model.h"

typedef struct clf__linear_names {
  const char *weights, *offset, *weights_f64, *offset_f64, *precision;
} clf__linear_names;

extern const clf__linear_names clf__decision_names;   /* weights, intercept … */
extern const clf__linear_names clf__projection_names; /* projection, projection_offset … */

/* W as a fit stores it: element (k, j) is w[k * output_step + j * column_step]; b [outputs]. */
typedef struct clf__linear_solution {
  const double *w, *b;
  int64_t output_step, column_step;
  int64_t outputs, columns;
} clf__linear_solution;

/* Sets model->linear to what the state has. */
void clf__linear_bind(clf_model *model);

/* Adds the map to the state, with the precision that the rows x of the fit require; f64 if there
 * are none, as in an import. */
clf_status clf__linear_store(clf_context *context, clf__store *state,
                             const clf__linear_names *names, const clf__linear_solution *solution,
                             const clf__rows *x);
/* The same with the precision that the rows of sums require. */
struct clf__moments;
clf_status clf__linear_store_sums(clf_context *context, clf__store *state,
                                  const clf__linear_names *names,
                                  const clf__linear_solution *solution,
                                  const struct clf__moments *sums);
/* values [rows, outputs] for rows of any storage. */
clf_status clf__linear_apply(const clf_model *model, const clf__linear_names *names,
                             const clf__rows *x, float *values);
/* The same in f64, if the state has the map in f64. */
clf_status clf__linear_apply_f64(const clf_model *model, const clf__linear_names *names,
                                 const clf__rows *x, double *values);
/* Returns whether f32 results of this map are computed in f64. */
bool clf__linear_needs_f64(const clf__store *state, const clf__linear_names *names);
/* Returns whether decisions are sums over support vectors (kernel/kernel.h) in the state. */
bool clf__support_there(const clf__store *state);
/* Returns whether the fitted model applies a map in f64 to the rows themselves even for results in
 * f32, because rounding f64 rows to f32 would lose digits that the map needs. */
bool clf__linear_precise(const clf_model *model);
/* Returns whether the fitted model computes results in f64 by maps in f64 of the rows themselves:
 * it consists of linear maps, and was not saved by a version that kept them in f32. */
bool clf__linear_has_f64(const clf_model *model);
/* Returns CLF_ERROR_CORRUPT unless the state has the map; sizes of -1 are not checked. */
clf_status clf__linear_check_map(const clf_model *model, const clf__linear_names *names,
                                 int64_t outputs, int64_t columns);
/* The decisions of kinds that consist of a linear map alone. */
clf_status clf__linear_check(const clf_model *model);
clf_status clf__linear_decide(const clf_model *model, const clf__rows *x, float *values);
clf_status clf__linear_decide_f64(const clf_model *model, const clf__rows *x, double *values);

#endif
