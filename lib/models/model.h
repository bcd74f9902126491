/* The model interface. A fitted model consists of named tensors, classes and transforms. So saving,
 * loading, describing and sharing are implemented once, in model.c, persist.c and describe.c. A
 * kind provides its parameters, its fit and its decision function. */
#ifndef CLF_MODELS_MODEL_H
#define CLF_MODELS_MODEL_H

#include <classify/model.h>

#include "base/kinds.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/match.h"
#include "optim/optimizer.h"
#include "store/object.h"
#include "tensor/rows.h"
#include "transform/transform.h"

/* What a kind supports in addition to dense, unweighted classification. */
enum {
  CLF__CAN_REGRESS = 1, /* targets in addition to labels */
  CLF__CAN_WEIGH = 2,   /* sample weights */
  CLF__CAN_SPARSE = 4,  /* sparse rows */
  CLF__CAN_STEP = 8     /* an optimizer; the fit itself uses validation rows */
};

/* The rows of a fit, checked and prepared: transforms are applied, values are finite, there are at
 * least two classes (rows of weight 0 do not count), and not all weights are 0. */
typedef struct clf__training {
  const clf__rows *x;
  const double *center;                   /* [columns] what was subtracted from x, or NULL */
  const int32_t *labels;                  /* [rows] 0 … classes-1; NULL for a regression */
  const double *targets;                  /* [rows, outputs]; NULL for a classification */
  const float *weights;                   /* [rows] sample weights, NULL for 1 */
  const struct clf__shards *parts;        /* how ranks that have all rows each divide them;
                                           * otherwise the shards of x */
  int64_t classes;                        /* 0 for a regression */
  bool partial;                           /* the rows add to what `before` has learned, and more
                                           * may follow, of other classes */
  const clf__store *before;               /* the state that the fit continues from, or NULL */
  bool new_outputs;                       /* that state is of other classes */
  int64_t outputs;                        /* classes, or target columns */
  double *class_rows;                     /* [classes] sum of the sample weights in each class */
  double *class_sums;                     /* [classes] the same, times the class weights */
  int32_t row_dimensions;                 /* of a dense row: 3 for images with channels */
  const int64_t *row_shape;               /* [row_dimensions] */
  clf_optimizer *optimizer;               /* the caller's, or NULL */
  const struct clf__training *validation; /* x, labels, targets, weights; NULL for none */
  const clf_model *log_as;                /* in this model's name choices are logged; NULL: nothing
                                           * is logged */
  void **shared; /* what one fit on these rows leaves to the next; NULL if there is only one fit */
  const bool *left_out; /* [rows] rows of a fold, which the fit does not learn from; NULL unless
                         * the kind leaves_out() */
  clf__stop *stop;      /* by which a fit that the host stops keeps what it has (base/progress.h) */
} clf__training;

/* The tensors of the state that turn scores into decisions, the same for all kinds
 * (decision/decision.h); NULL for those that are not set. */
typedef struct clf__decision {
  const int32_t *absent;
  const double *sigmoid;
  const double *temperature;
  const double *isotonic_x, *isotonic_y;
  const int64_t *isotonic_start;
  const double *class_rows, *priors, *costs, *thresholds;
  const int64_t *set_method, *set_start;
  const double *set_scores, *set_cumulative;
  const double *reject_scale;
} clf__decision;

/* How a fitted model decides, which determines how files of other programs express it. */
enum {
  CLF__DECISION_OWN,      /* in none of the ways below */
  CLF__DECISION_LINEAR,   /* clf__decision_names; or sums over support vectors, after a fit with a
                           * kernel */
  CLF__DECISION_LAYERS,   /* a network of layers (network/network.h) */
  CLF__DECISION_MACHINES, /* pairs of classes, distinguished by sums over support vectors
                           * (svm/svm.h) */
  CLF__DECISIONS
};

/* How probabilities are computed from the decisions of several classes. */
enum { CLF__LINK_NONE, CLF__LINK_SOFTMAX, CLF__LINK_SIGMOIDS /* scaled to sum to 1 */ };

/* What a fit with the current parameters learns from. */
enum {
  CLF__LEARNS_AS_GIVEN, /* labels or targets, as the rows have them */
  CLF__LEARNS_LABELS,
  CLF__LEARNS_TARGETS,
  CLF__LEARNS_ROWS /* the rows alone: labels and targets are not used */
};
typedef struct clf__learning {
  const char *setting; /* what determines it, such as "type=nu_svr"; NULL if nothing does */
  int32_t from;        /* CLF__LEARNS_… */
} clf__learning;

/* The first member of the struct of parameters of each kind is the clf__decision_params `decision`
 * (decision/decision.h), whose rows in the table are CLF__DECISION_PARAMS. */
typedef struct clf__model_kind {
  clf__kind base;
  int32_t decision; /* CLF__DECISION_… */
  /* After a fit with a kernel, the sums over support vectors are not the decisions, but rows that
   * the linear map of the decisions is applied to. */
  bool maps_sums;
  uint32_t can;
  /* Prefixes of the names of tensors that are not saved in the model's file, ending with NULL; or
   * NULL. */
  const char *const *unsaved;
  /* A text parameter that belongs to the handle it is set on, such as a path to write to. It is not
   * saved, ignored when loaded, and not copied to clones, folds and searches. Or NULL. */
  const char *unshared;
  /* Returns what the fit learns from; NULL for CLF__LEARNS_AS_GIVEN. */
  clf__learning (*learning)(const clf_model *model);
  /* Returns whether the only output of a fitted model, without classes, is positive for rows like
   * those of its fit, and predictions are 0 for these and -1 for others. NULL for never. */
  bool (*separates_outliers)(const clf_model *model);
  /* Checks what the bounds of a parameter do not express, such as the grammar of a text, whenever a
   * parameter is set. Returns CLF_OK or CLF_ERROR_ARGUMENT. NULL if there is nothing to check. */
  clf_status (*check_params)(clf_context *context, const void *params);
  /* Returns whether the method, with the current parameters, finds the same or a similar result for
   * rows that are shifted by a constant. Rows that lie far from 0 are then shifted (kind_rows.h).
   * NULL for never. */
  bool (*movable)(const clf_model *model);
  /* Returns whether the fit can read f64 rows, which it then does only by the functions of
   * tensor/rows.h. NULL for never: the fit gets f32 rows. decide and transform get f32 rows unless
   * clf__linear_precise(). */
  bool (*reads_f64)(const clf_model *model);
  /* Returns whether the fit begins with sums of all rows, and fails if one is not finite. The rows
   * are then searched for such values only if it failed, so that rows that are mapped are read once
   * less. NULL for never. */
  bool (*sums_first)(const clf_model *model);
  /* Returns whether several ranks divide the fit with the current parameters: it sums the rows of
   * all (comm/shards.h), or divides something else. If not, or if this is NULL, each rank gets the
   * rows of all, and makes the fit of one process that has them. */
  bool (*divided)(const clf_model *model);
  /* Returns whether, if several ranks divide the fit, each gets the rows of all of them after the
   * pipeline, and the fit divides its work by itself (data/rank_whole.h). NULL for never. */
  bool (*whole_rows)(const clf_model *model);
  /* Returns CLF_OK, or for parameters with which several ranks cannot make the fit the message of
   * clf__comm_refuse(). NULL: there are none. */
  clf_status (*check_ranks)(const clf_model *model);
  /* Adds the fitted tensors to `state`, which is empty except for the center. Returns CLF_OK,
   * CLF_NOT_CONVERGED or an error. After CLF_ERROR_DIVERGED a state with "history_loss" is kept,
   * because it was good before the divergence. A fit that was stopped and has something usable asks
   * clf__stop_keep(). */
  clf_status (*fit)(const clf_model *model, const clf__training *training, clf__store *state);
  /* Returns whether fit, with the current parameters, leaves out the rows of training->left_out,
   * so that the folds of a cross-validation share what *training->shared has. NULL for never. */
  bool (*leaves_out)(const clf_model *model);
  /* Frees what fit left in *training->shared, such as kernel values and a starting solution; NULL
   * for kinds that leave nothing. */
  void (*free_shared)(void *shared);
  /* The same as fit, but continues from training->before (NULL at the first call); NULL if the kind
   * cannot. */
  clf_status (*partial_fit)(const clf_model *model, const clf__training *training,
                            clf__store *state);
  /* Of kinds whose fit follows from sums over the rows (sums.h), NULL for others. They have no
   * partial_fit of their own. */
  const struct clf__sums_kind *sums;
  /* Returns whether the parameters let fit, too, continue from the existing state; NULL for never.
   * If such a state is discarded, the log says so, and names the setting that would keep it. */
  bool (*goes_on)(const clf_model *model);
  const char *goes_on_by; /* the setting that does so, such as "warm_start=true"; NULL if the
                           * result is the same either way, and the log need not say it */
  /* Returns whether a fit that continues from the existing state makes other outputs than that has:
   * it may have other classes, or targets. NULL for never. */
  bool (*has_new_outputs)(const clf_model *model);
  /* Checks whether a loaded state is complete and has the right shapes. Returns CLF_OK or
   * CLF_ERROR_CORRUPT. */
  clf_status (*check)(const clf_model *model);
  /* Appends to a description what the names and shapes of the state do not say; NULL for nothing.
   */
  void (*describe)(const clf_model *model, clf__text *text);
  /* Prepares what all decisions share, such as packed weights, in model->prepared, which every
   * thread then reads. It is called once when a fit or a load is complete. NULL, with
   * free_prepared, if there is nothing to prepare. decide runs without model->prepared only during
   * a fit. */
  clf_status (*prepare)(const clf_model *model, void **prepared);
  void (*free_prepared)(void *prepared); /* NULL is fine */
  /* values [rows, outputs]. */
  clf_status (*decide)(const clf_model *model, const clf__rows *x, float *values);
  /* Converts decisions [rows, classes] into probabilities in place; NULL if the kind has none.
   * Returns CLF_ERROR_UNSUPPORTED if this fit has none. */
  clf_status (*probabilities)(const clf_model *model, float *values, int64_t rows);
  /* Returns CLF__LINK_… of this fit; NULL if there is none. */
  int32_t (*link)(const clf_model *model);
  /* Kinds that compute probabilities from sigmoids of several machines a class do so by themselves:
   * the tensor of the state with these sigmoids, which fit() adds if calibration=sigmoid, and a
   * function that adds it for held-out rows, with `labels` as indices of the model's classes. Both
   * NULL for other kinds. */
  const char *own_sigmoids;
  clf_status (*fit_sigmoids)(const clf_model *model, const clf_dataset *held_out,
                             const int32_t *labels, clf__store *state);
  /* transform(): values [rows, components(model)]; both NULL if the kind has none. */
  int64_t (*components)(const clf_model *model);
  clf_status (*transform)(const clf_model *model, const clf__rows *x, float *values);
  /* The same three for results in f64, called if has_f64() or, where that is NULL,
   * clf__linear_has_f64(); otherwise results in f32 are widened. If clf__linear_has_f64(), f64 rows
   * are passed as they are. */
  bool (*has_f64)(const clf_model *model);
  clf_status (*decide_f64)(const clf_model *model, const clf__rows *x, double *values);
  clf_status (*probabilities_f64)(const clf_model *model, double *values, int64_t rows);
  clf_status (*transform_f64)(const clf_model *model, const clf__rows *x, double *values);
} clf__model_kind;

typedef struct clf__reserve clf__reserve; /* reserve.h */

/* What predictions read of the state, found by name once (linear.h); zeros before
 * clf__model_prepare(). */
typedef struct clf__bound_map {
  const clf_tensor *w, *w_f64; /* NULL if the state does not have it */
  const float *b;
  const double *b_f64;
  bool needs_f64; /* also for results in f32 */
} clf__bound_map;

typedef struct clf__linear_bound {
  clf__bound_map decision;
  const clf_tensor *center; /* of the rows, or NULL */
  bool precise, has_f64;
} clf__linear_bound;

struct clf_model {
  clf_context *context;
  const clf__model_kind *kind;
  void *params;
  clf_transform **stages; /* the pipeline, which is fitted together with the model */
  int64_t stage_count;
  clf_vocabulary *vocabulary; /* the words of its texts, or NULL */
  clf_optimizer *optimizer;   /* its own optimizer, for fits that are passed none; or NULL */
  clf__store *metadata;       /* texts of the caller (metadata.c), or NULL */
  /* The fitted state; NULL and -1 before the first fit. */
  clf__store *state;
  struct clf__sums *sums;      /* of its rows, if it keeps them; or NULL */
  void *prepared;              /* derived from the state by the kind; not saved */
  clf__reserve *reserve;       /* of this handle, for predictions of few rows; or NULL */
  clf__decision decision;      /* tensors of the state */
  clf__linear_bound linear;    /* those of its linear maps */
  clf__classes *classes;       /* NULL in a regression */
  clf__names *names;           /* of the features, or NULL */
  clf__categories *categories; /* of the features, or NULL if all are numbers */
  int64_t features;            /* of rows before the pipeline */
  int64_t columns;             /* of rows after the pipeline, as the kind reads them */
  int64_t outputs;
  clf_status outcome;
};

extern const clf__model_kind clf__ridge_kind;
extern const clf__model_kind clf__fisher_kind;
extern const clf__model_kind clf__perceptron_kind;
extern const clf__model_kind clf__logistic_kind;
extern const clf__model_kind clf__svm_kind;
extern const clf__model_kind clf__network_kind;

/* Compute the probabilities of kinds with a link (link.c). */
clf_status clf__link_probabilities(const clf_model *model, float *values, int64_t rows);
clf_status clf__link_probabilities_f64(const clf_model *model, double *values, int64_t rows);

/* Runs clf_model_fit() for one of the many fits of another call, without its log. `shared`
 * (kind_rows.h), or NULL, is what fits of one kind on the same rows pass on. */
struct clf__fit_shared;
clf_status clf__model_fit_within(clf_model *model, const clf_dataset *train,
                                 const clf_dataset *validation, struct clf__fit_shared *shared);

/* Fitted models as entries of a file; the model shares the tensors, and other entries are
 * ignored. */
extern const clf__object_kind clf__model_object;
/* Makes a second fitted model, as saving and loading would; it shares the tensors. */
clf_status clf__model_copy(clf_model **out, const clf_model *model);

/* Logs what a fit has chosen, such as the value for `auto`, as CLF_LOG_INFO; does nothing in the
 * many fits of a search. */
void clf__fit_log(const clf__training *training, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

extern const clf__registry clf__model_kinds;

clf_status clf__model_require_fit(const clf_model *model);
clf__learning clf__model_learning(const clf_model *model);
bool clf__model_separates_outliers(const clf_model *model); /* fitted */
/* Returns whether a tensor of the state is saved in the model's file. */
bool clf__model_saves(const clf_model *model, const char *tensor);
void clf__model_drop_fit(clf_model *model); /* leaves kind, parameters and stages */
/* Replaces model->prepared, model->decision and model->linear; called by whoever completes or
 * changes a state. */
clf_status clf__model_prepare(clf_model *model);
/* Returns CLF_ERROR_UNSUPPORTED for kinds that have a solver. */
clf_status clf__model_check_optimizer(const clf_model *model);
/* Copies the parameters for clones and files, without those that belong to the handle. */
clf_status clf__model_copy_params(void **out, const clf_model *model);
clf_status clf__stages_clone(clf_transform ***out, const clf_model *model, int64_t extra);
void clf__stages_free(clf_transform **stages, int64_t count);

/* The columns that it was fitted on, before the pipeline. */
clf__fit_columns clf__model_fit_columns(const clf_model *model);

/* The metadata (metadata.c). *out stays NULL if the model has none. */
clf_status clf__metadata_clone(clf__store **out, const clf_model *model);
clf_status clf__metadata_save(const clf_model *model, clf__store *store);
clf_status clf__metadata_load(clf_model *model, const clf__store *store);

/* Makes the rows as the kind reads them: *out is `data` or, with transforms, *made, which the
 * caller frees. */
clf_status clf__model_pipeline(const clf_model *model, const clf_dataset *data,
                               const clf_dataset **out, clf_dataset **made);

/* Adds `iterations` to a state that has a history and lacks them (iterations.c). */
clf_status clf__iterations_add(const clf_model *model);
/* Returns CLF_ERROR_CORRUPT unless a loaded state has valid `iterations`, or none. */
clf_status clf__iterations_check(const clf_model *model);

/* Returns CLF_ERROR_NUMERIC if a tensor of the state has NaN or Inf. */
clf_status clf__state_check_finite(const clf_model *model);

/* Adds a new zeroed tensor to the state; a vector if `columns` is -1. */
clf_status clf__state_tensor(clf_context *context, clf__store *state, const char *name,
                             int32_t dtype, int64_t rows, int64_t columns);
/* Returns the elements of a tensor that the state must have. A fit may write to those that it
 * made. */
void *clf__state_data(const clf__store *state, const char *name);
/* Returns CLF_ERROR_CORRUPT unless the state has a tensor of this dtype and shape. A size of -1 is
 * not checked; -1 columns mean a vector. */
clf_status clf__check_tensor(const clf_model *model, const char *name, int32_t dtype, int64_t rows,
                             int64_t columns);

/* Multiplies row weights by class weights. *out becomes rows->weights, or an array [rows] in the
 * arena if classes have weights. balanced means rows / (classes * rows of the class), counting
 * classes that have rows in `fit`, as in scikit-learn. `rows` and `fit` differ only for validation
 * rows. Returns CLF_ERROR_DATA if fewer than two classes keep rows with a weight, or a product
 * overflows a float. */
clf_status clf__effective_weights(const float **out, clf__arena *arena, const clf_model *model,
                                  const clf__training *rows, const clf__training *fit,
                                  const clf__list *class_weight);
enum { CLF__CLASS_WEIGHT_NONE, CLF__CLASS_WEIGHT_BALANCED }; /* its words */
/* The row of the parameter. */
#define CLF__CLASS_WEIGHT                                                                          \
  CLF__KEYED_LIST(                                                                                 \
      class_weight, "none|balanced", "none", 0, DBL_MAX,                                           \
      "weight of each class, or of those named: spam:5; or balanced by the class's rows")

/* The row of the parameter of kinds with `sums`. */
#define CLF__INCREMENTAL                                                                           \
  CLF__BOOL(incremental, "false",                                                                  \
            "whether fit keeps sums of features^2, to add, forget and merge rows")

#endif
