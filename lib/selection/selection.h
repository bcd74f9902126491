/* Cross-validation of several settings of one model, for cross_validation.c and the searches. */
#ifndef CLF_SELECTION_SELECTION_H
#define CLF_SELECTION_SELECTION_H

#include <classify/selection.h>

#include "models/model.h"

/* The parameters of clf_search_create(), for the catalog. */
extern const clf__kind clf__search_kind;

/* Sets a parameter of a model, of its optimizer (or of the default one for its kind of task), or of
 * one of its transforms (settings.c). */
clf_status clf__setting_apply(clf_model *model, bool regression, const char *name,
                              const char *value);
/* Sets "name=value …", NULL for none. After an error, some of them may have been set. */
clf_status clf__settings_apply(clf_model *model, bool regression, const char *text);

/* Returns the CLF_PARAM_… of the parameter that a setting names. */
clf_status clf__setting_type(clf_model *model, const char *name, int32_t *type);

/* Settings to try, each added to the model's own: "name=value …", "" for none. */
typedef struct clf__variants {
  const clf_model *model;
  const char *const *params; /* [count] */
  int64_t count;
} clf__variants;

/* Makes a new unfitted model with the settings. */
clf_status clf__variant_make(clf_model **out, const clf_model *model, bool regression,
                             const char *params);

/* Checks for 2 … rows. Returns CLF_OK or CLF_ERROR_ARGUMENT. */
clf_status clf__check_folds(const clf_dataset *data, int64_t folds);

/* Returns CLF_ERROR_PEER unless all ranks have the same model, rows and settings. */
clf_status clf__selection_agree(const clf_model *model, const clf_dataset *data, int64_t folds,
                                uint64_t seed, const char *settings);
/* Gives all ranks the scores [count, folds], of whose tasks each has done every n-th. */
clf_status clf__selection_share(clf_context *context, double *scores, int64_t count, int64_t folds,
                                bool chained);

/* scores [count, folds] are partly filled after a failure, whose message names settings and
 * fold. */
clf_status clf__cross_validate(const char *stage, const clf__variants *variants,
                               const clf_dataset *data, int64_t folds, uint64_t seed,
                               double *scores);

#endif
