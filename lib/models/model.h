/* The model interface. A fitted model is named tensors (plus classes and transforms), so saving,
 * loading, describing and sharing are written once, in model.c, persist.c and describe.c; a kind
 * brings its parameters, its fit and its decision function. */
#ifndef CLF_MODELS_MODEL_H
#define CLF_MODELS_MODEL_H

#include <classify/model.h>

#include "base/kinds.h"
#include "data/dataset.h"
#include "optim/optimizer.h"
#include "store/object.h"
#include "tensor/rows.h"
#include "transform/transform.h"

/* What a kind offers beyond dense, unweighted classification. */
enum {
  CLF__CAN_REGRESS = 1, /* targets as well as labels */
  CLF__CAN_WEIGH = 2,   /* sample weights */
  CLF__CAN_SPARSE = 4,  /* sparse rows */
  CLF__CAN_STEP = 8     /* an optimizer; validation rows are for the fit itself */
};

/* The rows of a fit, checked and prepared: transforms applied, values finite, at least two classes
 * (rows of weight 0 do not count), weights not all 0. */
typedef struct clf__training {
  const clf__rows *x;
  const double *center;                   /* [columns] what x had subtracted, or NULL */
  const int32_t *labels;                  /* [rows] 0 … classes-1; NULL in a regression */
  const double *targets;                  /* [rows, outputs]; NULL in a classification */
  const float *weights;                   /* [rows] sample weights, NULL for 1 */
  int64_t classes;                        /* 0 in a regression */
  bool partial;                           /* more rows may come, of other classes */
  const clf__store *before;               /* the state that the fit goes on from, or NULL */
  int64_t outputs;                        /* classes, or target columns */
  double *class_rows;                     /* [classes] sum of the sample weights in each class */
  int32_t row_dimensions;                 /* of a dense row, such as 2 for images */
  const int64_t *row_shape;               /* [row_dimensions] */
  clf_optimizer *optimizer;               /* the caller's, or NULL */
  const struct clf__training *validation; /* x, labels, targets, weights; NULL for none */
  const clf_model *log_as;                /* in whose name choices are logged; NULL for silence */
  void **shared; /* what fits on these same rows hand on; NULL when there is one only */
} clf__training;

/* How a fitted model decides: what a file of another program says of it depends on that. */
enum {
  CLF__DECISION_OWN, /* in none of the ways below */
  CLF__DECISION_LINEAR, /* clf__decision_names; or sums over support vectors, after a fit with a kernel */
  CLF__DECISION_LAYERS,   /* a network of layers (network/network.h) */
  CLF__DECISION_MACHINES, /* pairs of classes told apart by sums over support vectors (svm/svm.h) */
  CLF__DECISIONS
};

/* How probabilities follow from the decisions of several classes. */
enum { CLF__LINK_NONE, CLF__LINK_SOFTMAX, CLF__LINK_SIGMOIDS /* scaled to sum to 1 */ };

typedef struct clf__model_kind {
  clf__kind base;
  int32_t decision; /* CLF__DECISION_… */
  uint32_t can;
  /* How the names of tensors begin that are no part of the model's file, up to NULL; or NULL. */
  const char *const *unsaved;
  /* A text parameter of the one handle it is set on, such as a path to write to: neither saved nor
   * believed when loaded, nor given to clones, folds and searches. Or NULL. */
  const char *unshared;
  /* What no field's bounds tell, such as the grammar of a text: CLF_OK or CLF_ERROR_ARGUMENT, as
   * soon as a parameter is set. NULL where there is nothing. */
  clf_status (*check_params)(clf_context *context, const void *params);
  /* Whether the method, with the parameters as they are, finds the same, or the like, for rows
   * moved by a constant: rows that lie far from 0 are then moved (kind_rows.h). NULL for never. */
  bool (*movable)(const clf_model *model);
  /* Whether the fit reads f64 rows, by the functions of tensor/rows.h alone; NULL for never: it gets
   * f32 ones then, as decide and transform do but where clf__linear_precise(). */
  bool (*reads_f64)(const clf_model *model);
  /* Adds the fitted tensors to `state`, which has no more than the center; returns CLF_OK,
   * CLF_NOT_CONVERGED or an error. After CLF_ERROR_DIVERGED a state with a "history_loss" is kept:
   * it was good before. */
  clf_status (*fit)(const clf_model *model, const clf__training *training, clf__store *state);
  /* Frees what fit left in *training->shared, such as kernel values and a solution to start from;
   * NULL for kinds that leave nothing. */
  void (*free_shared)(void *shared);
  /* The same as fit, going on from training->before (NULL at the first call); NULL when there is
   * none. */
  clf_status (*partial_fit)(const clf_model *model, const clf__training *training,
                            clf__store *state);
  /* Whether the parameters make fit, too, go on from the state that there is; NULL for never. The
   * log says when such a state is dropped, with what would keep it. */
  bool (*goes_on)(const clf_model *model);
  const char *goes_on_by; /* what says so, such as "warm_start=true" */
  /* Whether a loaded state is complete and of the right shapes: CLF_OK or CLF_ERROR_CORRUPT. */
  clf_status (*check)(const clf_model *model);
  /* Makes what decisions need beside the state and is the same for all of them, such as packed
   * weights: called once when a fit or a load is complete, into model->prepared, which every thread
   * then reads. NULL with free_prepared where there is nothing. decide without a model->prepared
   * happens in a fit only. */
  clf_status (*prepare)(const clf_model *model, void **prepared);
  void (*free_prepared)(void *prepared); /* NULL is fine */
  /* values [rows, outputs]. */
  clf_status (*decide)(const clf_model *model, const clf__rows *x, float *values);
  /* Turns decisions [rows, classes] into probabilities in place; NULL when there are none.
   * CLF_ERROR_UNSUPPORTED where this fit has none. */
  clf_status (*probabilities)(const clf_model *model, float *values, int64_t rows);
  /* CLF__LINK_… of this fit; NULL where there is none. */
  int32_t (*link)(const clf_model *model);
  /* transform(): values [rows, components(model)]; both NULL when there is none. */
  int64_t (*components)(const clf_model *model);
  clf_status (*transform)(const clf_model *model, const clf__rows *x, float *values);
} clf__model_kind;

struct clf_model {
  clf_context *context;
  const clf__model_kind *kind;
  void *params;
  clf_transform **stages; /* the pipeline; fitted together with the model */
  int64_t stage_count;
  clf_vocabulary *vocabulary; /* its texts' words, kept with it; or NULL */
  clf_optimizer *optimizer;   /* its own, of fits that are handed none; or NULL */
  /* Fitted state; NULL and -1 before the first fit. */
  clf__store *state;
  void *prepared;        /* from the state, by the kind; not saved */
  clf__classes *classes; /* NULL in a regression */
  int64_t features;      /* that the pipeline takes */
  int64_t columns;       /* that the kind sees, after the pipeline */
  int64_t outputs;
  clf_status outcome;
};

extern const clf__model_kind clf__ridge_kind;
extern const clf__model_kind clf__fisher_kind;
extern const clf__model_kind clf__perceptron_kind;
extern const clf__model_kind clf__logistic_kind;
extern const clf__model_kind clf__svm_kind;
extern const clf__model_kind clf__network_kind;

/* The probabilities of kinds with a link. */
clf_status clf__link_probabilities(const clf_model *model, float *values, int64_t rows);

/* clf_model_fit() of one of several models of one kind on the same rows; `shared` (kind_rows.h), or
 * NULL, is what their fits hand on. */
struct clf__fit_shared;
clf_status clf__model_fit_shared(clf_model *model, const clf_dataset *train,
                                 struct clf__fit_shared *shared);

/* Fitted models as entries of a file, which share their tensors; other entries do not matter. */
extern const clf__object_kind clf__model_object;

/* Logs what a fit has chosen, such as what `auto` came to, as CLF_LOG_INFO; nothing for fits of a
 * search, which are many. */
void clf__fit_log(const clf__training *training, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

extern const clf__registry clf__model_kinds;

clf_status clf__model_require_fit(const clf_model *model);
/* Whether a tensor of the state is a part of the model's file. */
bool clf__model_saves(const clf_model *model, const char *tensor);
void clf__model_drop_fit(clf_model *model); /* leaves kind, parameters and steps */
/* Replaces model->prepared; whoever completes or changes a state calls it. */
clf_status clf__model_prepare(clf_model *model);
/* CLF_ERROR_UNSUPPORTED for kinds with a solver of their own. */
clf_status clf__model_check_optimizer(const clf_model *model);
/* The parameters as clones and files get them: without what is the handle's alone. */
clf_status clf__model_copy_params(void **out, const clf_model *model);
clf_status clf__stages_clone(clf_transform ***out, const clf_model *model, int64_t extra);
void clf__stages_free(clf_transform **stages, int64_t count);

/* Rows as the kind sees them: *out is `data` or, with transforms, *made (to be freed). */
clf_status clf__model_pipeline(const clf_model *model, const clf_dataset *data,
                               const clf_dataset **out, clf_dataset **made);

/* CLF_ERROR_NUMERIC when a tensor of the state holds NaN or Inf. */
clf_status clf__state_check_finite(const clf_model *model);

/* Puts a new zeroed tensor into the state, a vector when `columns` is -1. */
clf_status clf__state_tensor(clf_context *context, clf__store *state, const char *name,
                             int32_t dtype, int64_t rows, int64_t columns);
/* The elements of a tensor that the state is known to have; a fit may write to those it made. */
void *clf__state_data(const clf__store *state, const char *name);
/* CLF_ERROR_CORRUPT unless the state has it with this dtype and shape; a size of -1 is not checked,
 * -1 columns stands for a vector. */
clf_status clf__check_tensor(const clf_model *model, const char *name, int32_t dtype, int64_t rows,
                             int64_t columns);

/* The part shared by all linear kinds (linear.c). A linear map of the rows is two tensors of the
 * state, W [outputs, columns] f32 and b [outputs] f32, and, where products in f32 would lose too
 * much of their sums, the same two in f64, by which the map is then applied. */
typedef struct clf__linear_names {
  const char *weights, *offset, *weights_f64, *offset_f64;
} clf__linear_names;

extern const clf__linear_names clf__decision_names;   /* weights, intercept */
extern const clf__linear_names clf__projection_names; /* projection, projection_offset */

/* W as a fit has it: element (k, j) at w[k * output_step + j * column_step]; b [outputs]. */
typedef struct clf__linear_solution {
  const double *w, *b;
  int64_t output_step, column_step;
  int64_t outputs, columns;
} clf__linear_solution;

/* Puts the map into the state, in the precision that the rows x of the fit ask for. */
clf_status clf__linear_store(clf_context *context, clf__store *state,
                             const clf__linear_names *names, const clf__linear_solution *solution,
                             const clf__rows *x);
/* values [rows, outputs] of rows of any storage. */
clf_status clf__linear_apply(const clf_model *model, const clf__linear_names *names,
                             const clf__rows *x, float *values);
/* Whether decisions are sums over support vectors (kernel/kernel.h), which the state holds then. */
bool clf__support_there(const clf__store *state);
/* Whether the fitted model applies such a map in f64, to the rows themselves: rounding f64 ones to
 * f32 would then lose what the map does not. */
bool clf__linear_precise(const clf_model *model);
/* CLF_ERROR_CORRUPT unless the state has the map; sizes of -1 are not checked. */
clf_status clf__linear_check_map(const clf_model *model, const clf__linear_names *names,
                                 int64_t outputs, int64_t columns);
/* Those of the decisions of a whole kind. */
clf_status clf__linear_check(const clf_model *model);
clf_status clf__linear_decide(const clf_model *model, const clf__rows *x, float *values);

/* Row weights times class weights. The parameter class_weight is a clf__list with the words
 * "none|balanced" (balanced: rows / (classes * rows of the class), as in scikit-learn, with the
 * classes that have rows). *out is NULL when all are 1, else allocated [rows]. CLF_ERROR_DATA when
 * fewer than two classes keep rows with a weight, or a product is beyond float. */
clf_status clf__effective_weights(float **out, const clf_model *model,
                                  const clf__training *training, const clf__list *class_weight);
/* The same of other rows, such as those to validate on; balanced are the classes of the fit. */
clf_status clf__effective_weights_of(float **out, const clf_model *model, const clf__training *rows,
                                     const clf__training *fit, const clf__list *class_weight);

#endif
