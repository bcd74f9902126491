/* Rows as a model's kind reads them. Far from 0, f32 merges values that differ, and products of f32
 * cancel; most methods do not care where 0 is. So the rows of these are moved by a center, kept in
 * the state as `center` [columns] f64, which is subtracted in f64 before they are rounded. */
#ifndef CLF_MODELS_KIND_ROWS_H
#define CLF_MODELS_KIND_ROWS_H

#include "models/model.h"

typedef struct clf__kind_rows {
  clf__rows x;
  clf_tensor *center;       /* of a fit: what was subtracted, or NULL */
  float *values;            /* made for x, or NULL */
  bool made, movable, wide; /* of a fit: x is made; by these properties of the model */
} clf__kind_rows;

/* The rows of a fit. The center is that of the state `before`, where there is one, and the median
 * of the columns where a column lies far from 0 or f32 merges its values, and the kind allows it;
 * it is added to the model's state. Where rounding f64 rows loses something nevertheless, the log
 * says so. Rows that were made for an earlier fit stay where they suit this one, too. */
clf_status clf__kind_rows_fit(clf__kind_rows *rows, const clf_model *model, const clf__rows *x,
                              const float *weights, const clf__store *before);

/* Rows for decisions of the fitted model: u8, f32 or sparse; f64 too where clf__linear_precise().
 */
clf_status clf__kind_rows_decide(clf__kind_rows *rows, const clf_model *model, const clf__rows *x);

void clf__kind_rows_free(clf__kind_rows *rows);

/* What fits of models of one kind on the same rows hand on; all NULL at first. */
typedef struct clf__fit_shared {
  clf__kind_rows rows; /* to be freed */
  void *own;           /* of the kind, for its free_shared */
} clf__fit_shared;

/* Whether a loaded state has a center as it must be, or none: CLF_OK or CLF_ERROR_CORRUPT. */
clf_status clf__center_check(const clf_model *model);

#endif
