/* Transforms: kinds in a registry (registry.c). The fitted state consists of named
 * tensors, so that saving and loading are the same for all. */
#ifndef CLF_TRANSFORM_TRANSFORM_H
#define CLF_TRANSFORM_TRANSFORM_H

#include <classify/transform.h>

#include "base/kinds.h"
#include "base/text.h"
#include "data/match.h"
#include "store/store.h"
#include "transform/affine.h"

/* What a transform computes, for code that writes it in another form. */
enum {
  CLF__TRANSFORM_OWN,        /* none of those below: it has no other form */
  CLF__TRANSFORM_AFFINE,     /* each feature by itself: `affine` describes it */
  CLF__TRANSFORM_PROJECTION, /* V (x - m): tensors `components` (and `components_f64`), `mean` and
                              * `variance`; parameter `whiten` */
  CLF__TRANSFORM_PRODUCTS,   /* of features; parameters `degree` and `interaction_only` */
  CLF__TRANSFORM_CHOICE,     /* the chosen columns, as they are */
  CLF__TRANSFORM_FILL,  /* NaN in chosen column k becomes `value`[k]; where `indicator`[k] is 1,
                              * a column of 0 and 1 follows */
  CLF__TRANSFORM_LOG,   /* ln(1 + x) of the chosen columns; parameter `signs` */
  CLF__TRANSFORM_CODES, /* what each value of a chosen column becomes: `code` */
  CLF__TRANSFORM_MARKS, /* `widths` columns for each chosen one, of which that of `code` becomes 1
                              * and the others 0 */
  CLF__TRANSFORMS
};

/* What a kind does beyond making numbers of finite numbers. */
enum {
  CLF__TAKES_MISSING = 1,    /* NaN is a missing value */
  CLF__TAKES_CATEGORIES = 2, /* otherwise rows with category columns are refused */
  CLF__WANTS_CATEGORIES = 4, /* without `columns` it reads the category columns only */
  CLF__ONE_EACH = 8,         /* makes one column of each; otherwise see `widths` */
  CLF__LEAVES_OUT = 16,      /* columns that are not chosen do not pass through */
  CLF__CONSTANT = 32,        /* what it computes does not depend on the rows it was fitted to */
  CLF__SUMS_RANKS = 64,      /* its fit includes the rows of all ranks (comm/shards.h) */
  CLF__READS_SUMS = 128      /* its fit begins with clf__column_statistics() or clf__gram_create(),
                              * which refuse rows that are not finite */
};

/* The first member of the parameters of every kind, and its row of the table. */
typedef struct clf__transform_params {
  char *columns; /* NULL for all */
} clf__transform_params;
#define CLF__TRANSFORM_PARAMS                                                                      \
  CLF__TEXT(common.columns, NULL,                                                                  \
            "columns to transform, by name or number from 1, as age,fare; !age: all but age")

typedef struct clf__transform_kind {
  clf__kind base;
  int32_t operation; /* CLF__TRANSFORM_… */
  uint32_t can;      /* CLF__TAKES_… and others */
  /* Adds what it learns to `state` as tensors, none of which is called "columns" or begins with
   * "input_". The dataset has the chosen columns only. */
  clf_status (*fit)(const clf_transform *transform, const clf_dataset *dataset, clf__store *state);
  /* The same, but continues from the state `before`, NULL at the first call; NULL if the kind
   * cannot. `before` may also come from fit. */
  clf_status (*partial_fit)(const clf_transform *transform, const clf_dataset *dataset,
                            const clf__store *before, clf__store *state);
  /* Makes the transformed columns of the chosen ones. */
  clf_status (*apply)(clf_dataset **out, const clf_transform *transform,
                      const clf_dataset *dataset);
  /* The same for the rows of the fit itself, where a model that learns from them must not see what
   * apply would make of them, because that depends on their own labels. NULL: apply. */
  clf_status (*apply_training)(clf_dataset **out, const clf_transform *transform,
                               const clf_dataset *dataset);
  /* For kinds that change each feature by itself: describes the fitted transform; center (if it
   * shifts features) and factor [features] are memory to fill. NULL for other kinds. */
  void (*affine)(const clf_transform *transform, double *center, double *factor, clf__affine *out);
  /* Returns the columns of the fitted output. NULL: as many as features. */
  int64_t (*columns)(const clf_transform *transform);
  /* Fills widths [features] with the columns that are made of each. NULL for kinds that make one
   * each, and for those whose columns depend on several features. */
  void (*widths)(const clf_transform *transform, int64_t *widths);
  /* Appends the name of a column of the fitted output. NULL: the name of the feature, or "pca_0"
   * for kinds whose columns depend on several. */
  void (*name)(const clf_transform *transform, int64_t column, clf__text *out);
  /* Returns the feature whose categories a column of the fitted output holds, or -1. NULL: -1. */
  int64_t (*category)(const clf_transform *transform, int64_t column);
  /* Writes what a value of a feature becomes in the columns that are made of it, as many for each
   * feature: of kinds with groupings (categories/grouping.h). NaN is a missing value. For marks it
   * is the column that becomes 1, or -1 for none. Returns whether the value is not refused. */
  bool (*code)(const clf_transform *transform, int64_t feature, double value, double *out);
  /* Checks whether a loaded state is complete and fits `features`. Returns CLF_OK or
   * CLF_ERROR_CORRUPT. */
  clf_status (*check)(const clf_transform *transform);
} clf__transform_kind;

struct clf_transform {
  clf_context *context;
  const clf__transform_kind *kind;
  void *params; /* begins with clf__transform_params */
  /* -1 and NULL until fitted. */
  int64_t inputs;              /* columns of the rows */
  int64_t features;            /* of them, which the kind reads */
  clf__store *state;           /* of the kind, and what follows: */
  clf__names *names;           /* of the inputs, or NULL; "input_names" */
  clf__categories *categories; /* of the inputs, or NULL; "input_categories_…" */
  clf__names *outputs;         /* names of what it makes, made of `names`; or NULL */
  const int64_t *chosen; /* [features] the columns that the kind reads, in the state; NULL: all */
};

extern const clf__transform_kind clf__standardize_kind;
extern const clf__transform_kind clf__min_max_kind;
extern const clf__transform_kind clf__polynomial_kind;
extern const clf__transform_kind clf__log_count_ratio_kind;
extern const clf__transform_kind clf__pca_kind;
extern const clf__transform_kind clf__hog_kind;
extern const clf__transform_kind clf__select_kind;
extern const clf__transform_kind clf__impute_kind;
extern const clf__transform_kind clf__robust_kind;
extern const clf__transform_kind clf__quantile_kind;
extern const clf__transform_kind clf__log_kind;
extern const clf__transform_kind clf__one_hot_kind;
extern const clf__transform_kind clf__ordinal_kind;
extern const clf__transform_kind clf__target_mean_kind;
extern const clf__transform_kind clf__hash_kind;

extern const clf__registry clf__transform_kinds;

/* Sums over the rows of partial fits (sums.c), in the state as tensors "sums.*". Makes those of
 * `before`, or new ones if it is NULL, with the rows of the dataset; `full` ones have the products
 * of all columns. Adds them to the state. Returns CLF_ERROR_UNSUPPORTED if `before` has none. */
struct clf__moments;
clf_status clf__transform_sums(struct clf__moments **out, const clf_transform *transform,
                               const clf_dataset *dataset, const clf__store *before, bool full,
                               clf__store *state);
/* For check(): returns CLF_ERROR_CORRUPT if the state has sums that are not valid. */
clf_status clf__transform_check_sums(const clf_transform *transform, bool full);

/* For check(): returns the finite numbers [features] of an f64 tensor of the state; NULL, with the
 * message of CLF_ERROR_CORRUPT set, if there are none. */
const double *clf__transform_vector(const clf_transform *transform, const char *name);

/* Returns what a fitted transform of a kind with `affine` does to the chosen columns. */
clf_status clf__transform_change(clf_dataset **out, const clf_transform *transform,
                                 const clf_dataset *dataset);
/* Describes what a fitted transform of a kind with `affine` does to all columns; center and factor
 * [inputs] are memory to fill. Returns CLF_ERROR_UNSUPPORTED if it shifts or clips only some of
 * them. */
clf_status clf__transform_affine(const clf_transform *transform, double *center, double *factor,
                                 clf__affine *out);

/* Makes an unfitted transform of the same kind and parameters. */
clf_status clf__transform_clone(clf_transform **out, const clf_transform *transform);
/* Makes a copy of a fitted transform, which shares its tensors. */
clf_status clf__transform_copy(clf_transform **out, const clf_transform *transform);
/* Sets *equal to whether kind, parameters and fitted tensors of two transforms are the same. */
clf_status clf__transform_equal(bool *equal, const clf_transform *one, const clf_transform *two);
/* Returns CLF_ERROR_NOT_FITTED for a transform that was not fitted. */
clf_status clf__transform_require_fit(const clf_transform *transform);
/* Returns the columns that a fitted transform makes, with those that pass through. */
int64_t clf__transform_columns(const clf_transform *transform);
/* Returns the chosen columns [features] of a fitted transform, NULL for all. */
const int64_t *clf__transform_chosen(const clf_transform *transform);
/* Returns the categories of feature k of the chosen ones in the rows of the fit, NULL for a column
 * of numbers. */
clf__names *clf__transform_categories(const clf_transform *transform, int64_t feature);

/* Names of columns (names.c): appends that of feature k of the chosen ones, "x3" if it has none. */
void clf__transform_feature_name(const clf_transform *transform, int64_t feature, clf__text *out);
/* Sets transform->outputs, which stay NULL if the inputs have no names or there are too many. */
clf_status clf__transform_name_outputs(clf_transform *transform);

/* Frees the fitted members, and sets them to NULL and -1. */
void clf__transform_drop_fit(clf_transform *transform);

/* Entries are named "<prefix>kind", "<prefix>params", "<prefix>features", and the tensors by
 * prefix and name. */
clf_status clf__transform_save(const clf_transform *transform, clf__store *store,
                               const char *prefix);
clf_status clf__transform_load(clf_transform **out, clf_context *context, const clf__store *store,
                               const char *prefix);

#endif
