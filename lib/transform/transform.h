/* Transforms: kinds in a registry (transform_registry.c), fitted state as named tensors, so that
 * saving and loading need no code of their own. */
#ifndef CLF_TRANSFORM_TRANSFORM_H
#define CLF_TRANSFORM_TRANSFORM_H

#include <classify/transform.h>

#include "base/kinds.h"
#include "data/dataset.h"
#include "store/store.h"
#include "transform/affine.h"

typedef struct clf__transform_kind {
  clf__kind base;
  /* Puts what it learns into `state` as tensors. */
  clf_status (*fit)(const clf_transform *transform, const clf_dataset *dataset, clf__store *state);
  clf_status (*apply)(clf_dataset **out, const clf_transform *transform,
                      const clf_dataset *dataset);
  /* For kinds that change each feature by itself: what the fitted transform does, with center
   * (where it moves features) and factor [features] for it to fill; NULL for other kinds. */
  void (*affine)(const clf_transform *transform, double *center, double *factor, clf__affine *out);
  /* Columns of the fitted output. */
  int64_t (*columns)(const clf_transform *transform);
  /* Whether a loaded state is complete and fits `features`: CLF_OK or CLF_ERROR_CORRUPT. */
  clf_status (*check)(const clf_transform *transform);
} clf__transform_kind;

struct clf_transform {
  clf_context *context;
  const clf__transform_kind *kind;
  void *params;
  int64_t features; /* -1 until fitted */
  clf__store *state;
};

extern const clf__transform_kind clf__standardize_kind;
extern const clf__transform_kind clf__min_max_kind;
extern const clf__transform_kind clf__polynomial_kind;
extern const clf__transform_kind clf__log_count_ratio_kind;
extern const clf__transform_kind clf__pca_kind;
extern const clf__transform_kind clf__hog_kind;

extern const clf__registry clf__transform_kinds;

/* For check(): the finite numbers [features] of an f64 tensor of the state; NULL, with the message
 * of CLF_ERROR_CORRUPT set, when there are none. */
const double *clf__transform_vector(const clf_transform *transform, const char *name);

/* What a fitted transform of a kind with `affine` does to the dataset. */
clf_status clf__transform_change(clf_dataset **out, const clf_transform *transform,
                                 const clf_dataset *dataset);

/* Unfitted, same kind and parameters. */
clf_status clf__transform_clone(clf_transform **out, const clf_transform *transform);
/* Columns that a fitted transform gives. */
int64_t clf__transform_columns(const clf_transform *transform);

/* Entries are named "<prefix>kind", "<prefix>params", "<prefix>features", and the tensors by
 * prefix and name. */
clf_status clf__transform_save(const clf_transform *transform, clf__store *store,
                               const char *prefix);
clf_status clf__transform_load(clf_transform **out, clf_context *context, const clf__store *store,
                               const char *prefix);

#endif
