/* A network: layers in sequence, built from their text, and what the files of its model share. */
#ifndef CLF_MODELS_NETWORK_NETWORK_H
#define CLF_MODELS_NETWORK_NETWORK_H

#include "base/text.h"
#include "layers/activation.h"
#include "layers/loss.h"
#include "models/decision/decision.h"
#include "models/model.h"
#include "optim/optimizer.h"

typedef struct clf__network_params {
  clf__decision_params decision;
  char *layers;
  clf__list input;
  int32_t loss;
  clf__number epochs;
  int64_t max_steps;
  int64_t batch_size;
  double validation_split;
  int64_t patience;
  double clip_norm;
  double averaging;
  int64_t accumulation;
  char *checkpoint;
  int64_t checkpoint_interval;
  bool shuffle;
  char *augment;
  clf__list class_weight;
  bool warm_start;
  char *frozen;
  int32_t precision;
} clf__network_params;

/* The records of an epoch, a tensor [epochs] of the state each. The times are not saved, so that
 * the same training gives the same bytes. */
enum {
  CLF__RECORD_LOSS,
  CLF__RECORD_ACCURACY,
  CLF__RECORD_VALIDATION_LOSS,
  CLF__RECORD_VALIDATION_ACCURACY,
  CLF__RECORD_LEARNING_RATE,
  CLF__RECORD_SECONDS,
  CLF__RECORDS
};
extern const char *const clf__record_names[CLF__RECORDS];
/* The prefix of the names of tensors that a partial fit continues from. */
#define CLF__RESUME "training_"
/* What the precision of the weights costs, as far as it was measured (network_quantize.c). */
#define CLF__PRECISION_LOSS "precision_loss"

/* Reads the shape of a row from the parameter "input"; returns false if that is auto, or has too
 * many dimensions.
 */
bool clf__network_input(const clf__network_params *params, clf__shape *out);

typedef struct clf__network {
  clf_context *context;
  clf__arena arena;
  clf__shape input;
  clf__layer **layers; /* [layer_count] */
  int64_t layer_count;
  int64_t *first_weight; /* [layer_count + 1] */
  int64_t outputs;       /* of the last layer */
  int64_t widest;        /* elements of a row at the widest point, the input included */
  bool produces_mask;    /* a layer determines which steps count */
  int32_t precision;     /* CLF__PRECISION_… of the products */
} clf__network;

/* Builds a network from "kind name=value …; kind …". CLF_ERROR_SHAPE names the layer that the rows
 * do not fit. */
clf_status clf__network_build(clf__network **out, clf_context *context, const char *layers,
                              const clf__shape *input);
/* Builds the network of a fitted model; its state has the layers and the input. */
clf_status clf__network_of_state(clf__network **out, clf_context *context, const clf__store *state);
/* Builds the network from a model's parameters; returns CLF_ERROR_NOT_FITTED if these lack layers
 * or input. */
clf_status clf__network_declared(clf__network **out, const clf_model *model);
/* Returns the layers' text, which the caller frees. */
clf_status clf__network_layers_of_state(char **out, clf_context *context, const clf__store *state);
void clf__network_free(clf__network *network); /* NULL is fine */
/* Parses the layers of a text; their shapes and weights are not known yet. */
clf_status clf__network_parse(clf__network **out, clf_context *context, const char *layers);
/* Returns where the last layer of such a text begins, with the separator before it. */
char *clf__network_last_layer(char *layers);
/* As clf__network_copy_state(), with `value` as the entry of that name (network_set.c). */
clf_status clf__network_replace(clf__store **out, clf_context *context, const clf__store *state,
                                const char *name, const clf_tensor *value);
/* Returns the layers' text of the parameter or, if that is empty, of the fitted state; "" for none.
 * The caller frees it. */
clf_status clf__network_layers(char **out, const clf_model *model);
/* Marks the layers that are named as frozen (network_freeze.c). A name that the network lacks is
 * CLF_ERROR_ARGUMENT if `strict`, and otherwise of a layer that comes with the next fit. */
clf_status clf__network_mark_frozen(clf__network *network, const char *names, bool strict);
/* Appends the names of the frozen ones among the first `layers`. */
void clf__network_append_frozen(clf__text *text, const clf__network *network, int64_t layers);
/* Returns the index of the first layer that a training changes; layer_count if there is none. */
int64_t clf__network_first_trained(const clf__network *network);
/* Returns how many of the fitted layers the next fit continues from; -1 for all of them, because
 * none was removed. */
int64_t clf__network_kept_layers(const clf__store *state);
/* Returns CLF_OK, or CLF_ERROR_CORRUPT if the number in the state is not valid. */
clf_status clf__network_check_kept(const clf_model *model, const clf__network *network);

static inline int64_t clf__network_weights(const clf__network *network) {
  return network->first_weight[network->layer_count];
}

/* "dense_1.weight" */
typedef struct clf__weight_name {
  char text[64];
} clf__weight_name;
clf__weight_name clf__network_weight_name(const clf__layer *layer, int64_t index);
/* *out receives the network's weights [weights] as f32. They point into the state, which must live
 * as long, or to copies where the state has elements of less precision. */
clf_status clf__network_state_weights(float ***out, clf__network *network, const clf__store *state);
/* The same, but NULL for what kernels of int8 read as it is. */
clf_status clf__network_read_weights(float ***out, clf__network *network, const clf__store *state);
/* Returns CLF_OK, or CLF_ERROR_CORRUPT if a weight is missing or not valid. */
clf_status clf__network_check_weights(const clf__network *network, const clf__store *state);

/* Sets the precision of all products; CLF_ERROR_UNSUPPORTED names a layer that cannot have it
 * (network_precision.c). */
clf_status clf__network_set_precision(clf__network *network, int32_t precision);
/* Reads the precision that a network was fitted in; CLF_ERROR_CORRUPT if it is none. */
clf_status clf__network_precision_of_state(int32_t *out, const clf__store *state);
/* Returns CLF_OK, or CLF_ERROR_CORRUPT if a narrow weight of a state that has all weights is in
 * elements of another precision than its layer's. */
clf_status clf__network_check_precision(const clf__network *network, const clf__store *state);
/* Returns whether the state has a valid weight of that name. */
bool clf__weight_holds(const clf__store *state, const clf__layer *layer, int64_t index);
/* values [count] = those of a weight that is not f32. */
void clf__weight_widen(const clf__store *state, const clf__layer *layer, int64_t index,
                       float *values);
/* Rounds the f32 weights of a state that can be narrow to elements of the precision, which it adds
 * to the state. Those of int8 need ranges of the layers' inputs, too (network_int8.h). */
clf_status clf__network_reduce(const clf__network *network, int32_t precision, clf__store *state);
/* Returns the word for the precision of a valid state, such as "int8". */
const char *clf__network_precision_word(const clf__store *state);
/* Copies the entries of a state, without what a partial fit would continue from and the measured
 * loss of precision (network_set.c). */
clf_status clf__network_copy_state(clf__store **out, clf_context *context, const clf__store *state);
/* Returns the bytes of a weight of a fitted network. */
int64_t clf__weight_bytes(const clf__layer *layer, int64_t index);

/* Copies rows of x to `out` [rows, columns] as f32: rows[0 … count-1], or from `first` on if `rows`
 * is NULL. */
void clf__network_gather(const clf__rows *x, const int64_t *rows, int64_t first, int64_t count,
                         float *out);

/* Prepares a network for inference (network_infer.c). The weights are those that the state has by
 * the layers' names, and must live as long. It takes ownership of the network, even if it fails. */
typedef struct clf__inference clf__inference;
clf_status clf__inference_create(clf__inference **out, clf__network *network,
                                 const clf__store *state);
void clf__inference_free(clf__inference *inference); /* NULL is fine */

/* The members of clf__model_kind for a fitted model, and its network, which is prepared at the
 * first call. */
clf_status clf__network_prepare(const clf_model *model, void **prepared);
void clf__network_free_prepared(void *prepared);
clf_status clf__network_inference(const clf__inference **out, const clf_model *model);

int64_t clf__network_infer_outputs(const clf__inference *inference);
/* out [rows, outputs]. */
clf_status clf__network_infer(const clf__inference *inference, const clf__rows *x, float *out);
/* out [rows, hidden]: the inputs of the last step with weights; the outputs if there is no such
 * step. */
int64_t clf__inference_hidden(const clf__inference *inference);
int64_t clf__network_hidden(const clf_model *model);
clf_status clf__network_infer_hidden(const clf__inference *inference, const clf__rows *x,
                                     float *out);

/* Returns factors and offsets [outputs] of a regression's outputs (network_targets.c); NULL for 1,
 * and for 0. */
typedef struct clf__target_units {
  const double *center, *scale;
} clf__target_units;
clf__target_units clf__network_units(const clf__store *state);
/* Returns whether it is the name of one of the two tensors; *scale receives which. */
bool clf__network_is_unit(const char *name, bool *scale);
/* Returns CLF_OK, or CLF_ERROR_CORRUPT if those of the state are not valid. */
clf_status clf__network_check_units(const clf_model *model);

/* Converts a network's outputs [rows, outputs] into the model's scores; both may be one array. */
void clf__network_scores(const clf_model *model, const float *y, int64_t outputs, float *scores,
                         int64_t rows);

/* Checks what the bounds of the parameters do not express: the grammar of layers and augment, and
 * sizes that are not integers. CLF_ERROR_ARGUMENT names parameter, layer and value. */
clf_status clf__network_check_params(clf_context *context, const void *params);
/* Returns CLF_OK if the loss can be used with outputs of this shape, otherwise a status with the
 * reason. */
clf_status clf__network_check_loss(const clf__network *network, int32_t loss, int64_t classes,
                                   int64_t outputs);
/* Returns the function that the outputs come from: that of the last layer that changes its
 * input. */
int32_t clf__network_end(const clf__network *network);
/* Returns CLF_ERROR_UNSUPPORTED for models of other kinds. */
clf_status clf__network_require(const clf_model *model);
/* Returns CLF_OK if that function and the loss can be combined, otherwise a status with the
 * reason. */
clf_status clf__network_check_end(const clf__network *network, int32_t loss);
/* Logs combinations that make little sense, before a fit on those rows. */
clf_status clf__network_warn_of_end(const clf__network *network, int32_t loss,
                                    const clf__training *training);
clf_status clf__network_fit(const clf_model *model, const clf__training *training,
                            clf__store *state);
clf_status clf__network_partial_fit(const clf_model *model, const clf__training *training,
                                    clf__store *state);

#endif
