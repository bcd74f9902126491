/* Rows as a model's kind reads them. Far from 0, f32 merges different values, and products of f32
 * cancel. The result of most methods does not depend on the origin, so their rows are shifted by a
 * center. It is subtracted in f64 before the rows are rounded, and stored in the state as `center`
 * [columns], f64. */
#ifndef CLF_MODELS_KIND_ROWS_H
#define CLF_MODELS_KIND_ROWS_H

#include "models/model.h"

typedef struct clf__kind_rows {
  clf__rows x;
  clf_tensor *center;       /* of a fit: what was subtracted, or NULL */
  float *values;            /* allocated for x, or NULL */
  bool made, movable, wide; /* of a fit: x exists; properties of the model that it depends on */
} clf__kind_rows;

/* Makes the rows of a fit. The center is that of the state `before`, if there is one. Otherwise, if
 * the kind allows it, and if a column lies far from 0 or f32 merges its values, it is the median of
 * the columns. It is added to the model's state. If rounding f64 rows loses information
 * nevertheless, the log says so. Rows of an earlier fit are reused if they suit this one. */
clf_status clf__kind_rows_fit(clf__kind_rows *rows, const clf_model *model, const clf__rows *x,
                              const float *weights, const clf__store *before);

/* Makes the rows for decisions of the fitted model: u8, f32 or sparse; also f64 if
 * clf__linear_precise() or, for results in f64 (`wide`), if clf__linear_has_f64(). */
clf_status clf__kind_rows_decide(clf__kind_rows *rows, const clf_model *model, const clf__rows *x,
                                 bool wide);

void clf__kind_rows_free(clf__kind_rows *rows);

/* What one fit leaves to the next one, which is of the same kind on the same rows. All members are
 * NULL at first. */
typedef struct clf__fit_shared {
  clf__kind_rows rows; /* to be freed */
  void *own;           /* belongs to the kind; freed by its free_shared */
  const bool
      *left_out; /* [rows] rows that the next fit does not learn from, if its kind leaves_out();
                         * or NULL */
} clf__fit_shared;

void clf__fit_shared_free(clf__fit_shared *shared, const clf__model_kind *kind);

/* Checks whether a loaded state has a valid center, or none. Returns CLF_OK or
 * CLF_ERROR_CORRUPT. */
clf_status clf__center_check(const clf_model *model);

#endif
