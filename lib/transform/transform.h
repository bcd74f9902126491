/* Transforms: kinds in a registry (registry.c). The fitted state consists of named
 * tensors, so that saving and loading are the same for all. */
#ifndef CLF_TRANSFORM_TRANSFORM_H
#define CLF_TRANSFORM_TRANSFORM_H

#include <classify/transform.h>

#include "base/kinds.h"
#include "data/dataset.h"
#include "store/store.h"
#include "transform/affine.h"

/* What a transform computes, for code that writes it in another form. */
enum {
  CLF__TRANSFORM_OWN,        /* none of those below: it has no other form */
  CLF__TRANSFORM_AFFINE,     /* each feature by itself: `affine` describes it */
  CLF__TRANSFORM_PROJECTION, /* V (x - m): tensors `components` (and `components_f64`), `mean` and
                              * `variance`; parameter `whiten` */
  CLF__TRANSFORM_PRODUCTS,   /* of features; parameters `degree` and `interaction_only` */
  CLF__TRANSFORMS
};

typedef struct clf__transform_kind {
  clf__kind base;
  int32_t operation;     /* CLF__TRANSFORM_… */
  bool takes_categories; /* otherwise rows with category columns are refused */
  /* Adds what it learns to `state` as tensors. */
  clf_status (*fit)(const clf_transform *transform, const clf_dataset *dataset, clf__store *state);
  clf_status (*apply)(clf_dataset **out, const clf_transform *transform,
                      const clf_dataset *dataset);
  /* For kinds that change each feature by itself: describes the fitted transform; center (if it
   * shifts features) and factor [features] are memory to fill. NULL for other kinds. */
  void (*affine)(const clf_transform *transform, double *center, double *factor, clf__affine *out);
  /* Returns the columns of the fitted output. */
  int64_t (*columns)(const clf_transform *transform);
  /* Checks whether a loaded state is complete and fits `features`. Returns CLF_OK or
   * CLF_ERROR_CORRUPT. */
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

/* For check(): returns the finite numbers [features] of an f64 tensor of the state; NULL, with the
 * message of CLF_ERROR_CORRUPT set, if there are none. */
const double *clf__transform_vector(const clf_transform *transform, const char *name);

/* Returns what a fitted transform of a kind with `affine` does to the dataset. */
clf_status clf__transform_change(clf_dataset **out, const clf_transform *transform,
                                 const clf_dataset *dataset);

/* Makes an unfitted transform of the same kind and parameters. */
clf_status clf__transform_clone(clf_transform **out, const clf_transform *transform);
/* Returns the columns that a fitted transform makes. */
int64_t clf__transform_columns(const clf_transform *transform);

/* Entries are named "<prefix>kind", "<prefix>params", "<prefix>features", and the tensors by
 * prefix and name. */
clf_status clf__transform_save(const clf_transform *transform, clf__store *store,
                               const char *prefix);
clf_status clf__transform_load(clf_transform **out, clf_context *context, const clf__store *store,
                               const char *prefix);

#endif
