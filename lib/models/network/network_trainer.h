/* A training of a network, for the files that implement it: network_fit.c runs the epochs,
 * network_batch.c reads the rows, network_step.c sends a batch through the layers,
 * network_weights.c manages the weights, network_checkpoint.c saves the training, network_resume.c
 * handles what a partial fit continues from, and network_state.c writes the result to the state. */
#ifndef CLF_MODELS_NETWORK_NETWORK_TRAINER_H
#define CLF_MODELS_NETWORK_NETWORK_TRAINER_H

#include "base/progress.h"
#include "base/workspace.h"
#include "image/augment.h"
#include "models/network/network.h"
#include "tensor/rows_fetch.h"

/* Rows to read batches from. */
typedef struct clf__row_set {
  const clf__training *from;
  const float *weights; /* [rows] of the losses; NULL for 1 */
  const int64_t *rows;  /* [count], or NULL for all in order */
  int64_t count;
} clf__row_set;

typedef struct clf__trainer {
  clf_context *context;
  clf__arena arena;
  const clf__network_params *params;
  const char *layers; /* as text */
  /* NULL if weights are set, not learned. Its rows have numbers; with several ranks, x are those
   * from first_row on, and labels, targets and weights those of all. */
  const clf__training *training;
  clf__training of_all; /* what `training` is with several ranks */
  bool joined;          /* whether there are several ranks */
  int64_t all_rows, first_row;
  bool regression;
  const clf__store *before; /* the fitted state that the training continues from, or NULL */
  int64_t kept_weights;     /* of the network, the first ones: their values come from `before` */
  float **before_weights;   /* those of `before` */
  bool new_head;            /* layers of `before` were removed, so its outputs were others */
  int64_t earlier;          /* epochs of earlier fits of these outputs */
  bool partial;             /* one more epoch, with the state of the optimizer */
  clf__network *network;
  clf_optimizer *optimizer;
  uint64_t seed;
  int64_t batch;       /* rows, at most the number of all */
  int64_t group;       /* rows of a step: of the batches whose gradients are summed */
  int64_t micro_batch; /* rows that pass the layers at once: a batch, or a part of a large one */
  int64_t epochs;
  int64_t patience;  /* end after so many epochs without improvement; 0: never */
  int64_t max_steps; /* in all epochs; the last may have fewer than the others */
  int64_t schedule;  /* steps that the learning rate's schedule covers */
  int64_t *rows;     /* numbers in ascending order: those trained on, then those held out */
  int64_t *order;    /* of the training rows in this epoch */
  clf__row_set train, validation;
  const float *row_weights;        /* [rows] of the losses, or NULL for 1 */
  const float *validation_weights; /* the same for a given validation set */
  double mean_weight;              /* of the training rows */
  clf__target_units units;         /* of a regression, as in the state */
  clf__augment *augment;           /* of the training rows, or NULL */
  uint64_t augment_seed;           /* of this epoch */
  /* One for each weight of the network. */
  float **weights;
  float **gradients;       /* NULL for weights that are not trained */
  float *joined_gradients; /* with several ranks, [trained_count]: all of them, in order */
  int64_t trained_count;
  float *
      *micro_batch_gradients; /* of the second and later micro-batches of a step; NULL if there are
                               * none */
  float *unused_gradients[CLF__LAYER_WEIGHTS]; /* of a frozen layer between others; overwritten */
  float **averages;         /* over the steps; NULL for weights that are not trained, or without
                               * averaging */
  float **averaged_weights; /* what is validated and kept: the averages, if there are any, or the
                             * weights */
  float **best;             /* averaged_weights of the best epoch so far */
  clf__optimizer_weight *stepped; /* [stepped_count] */
  int64_t stepped_count;
  int64_t *stepped_at; /* [weights] the place of a trained weight in it */
  const double *rate;  /* of the step that runs, if its gradients are needed for nothing else, so
                        * that layers may make it; otherwise NULL */
  clf__rows_fetch fetch;
  /* Of a micro-batch. */
  int64_t *own;            /* [micro_batch] which rows of x are in it */
  int64_t *places;         /* [micro_batch] and where */
  float **y;               /* [layer_count + 1], y[0] the rows */
  void **kept;             /* [layer_count] */
  bool *pooled;            /* [layer_count] whether a layer's passes are also those of the next */
  struct clf__span *spans; /* [micro_batch] if a layer has a mask, or NULL */
  float *layer_gradients;  /* [2, micro_batch * widest] */
  int32_t *labels;
  double *targets;
  float *batch_weights, *batch_counts;
  clf__loss_target target;
  clf__workspace workspace;      /* of the layers in the steps of an epoch */
  double *records[CLF__RECORDS]; /* [epochs] */
  int64_t epoch;                 /* number of good epochs */
  double criterion;              /* of this epoch: the loss that the training minimizes, without a
                                  * unit */
  double best_criterion;         /* best criterion so far */
  int64_t epochs_without_improvement; /* epochs since */
  bool stopped;                       /* stopped because the loss did not improve */
  /* What is reported. */
  clf__progress progress;
  atomic_int_least64_t step;
  double loss, accuracy; /* of the current epoch so far */
  double reported;       /* time of the last report */
} clf__trainer;

/* The vectors of a training: all values of all weights, one after another. */
enum {
  CLF__VECTOR_WEIGHTS,
  CLF__VECTOR_BEST,
  CLF__VECTOR_AVERAGES,
  CLF__VECTOR_FIRST, /* state of the optimizer */
  CLF__VECTOR_SECOND,
  CLF__VECTORS
};
/* Copies between a vector and its parts. With NULL values it only counts the elements: 0 if the
 * training has none. */
int64_t clf__trainer_move_vector(const clf__trainer *t, int vector, float *values, bool into_parts);

/* Streams of the seed, so that random numbers for one purpose do not depend on another. */
enum {
  CLF__STREAM_SPLIT,
  CLF__STREAM_ORDER,
  CLF__STREAM_STEP,
  CLF__STREAM_WEIGHTS,
  CLF__STREAM_AUGMENT
};
uint64_t clf__trainer_seed(const clf__trainer *t, int stream);

/* Divides the rows into those to train on and those to hold out; sets the sizes of batches and
 * epochs. */
clf_status clf__trainer_rows(clf__trainer *t);
int64_t clf__trainer_steps(const clf__trainer *t); /* in an epoch; the last epoch may have fewer */
/* Allocates the buffers of a batch, and the records. */
clf_status clf__trainer_batch(clf__trainer *t);
/* Makes rows first … first + count - 1 of the set the batch, or those of them that this rank has;
 * returns their number. */
int64_t clf__trainer_read(clf__trainer *t, const clf__row_set *set, int64_t first, int64_t count);

/* Run a step on training rows, and compute the loss of the validation set. Both add to the sums. */
clf_status clf__trainer_step(clf__trainer *t, int64_t first, int64_t rows, double rate,
                             clf__random *random, clf__loss_sums *sums);
clf_status clf__trainer_validate(clf__trainer *t, clf__loss_sums *sums);
/* Sets the statistics that inference uses. They are measured on some thousand training rows, spread
 * over all, one layer after another: each layer on what the layers before it compute in inference
 * with the model's weights, without augmentation and dropout. */
clf_status clf__trainer_measure(clf__trainer *t);

/* Allocates what exists for each weight; the trained weights belong to the optimizer. */
clf_status clf__trainer_weights(clf__trainer *t);
void clf__trainer_copy_weights(const clf__trainer *t, float *const *to, float *const *from);
/* Adds the gradients of a micro-batch to those of the earlier ones. */
void clf__trainer_add_gradients(const clf__trainer *t);
bool clf__trainer_weights_finite(const clf__trainer *t);
/* Returns 1, or the factor that scales the gradient down to clip_norm. */
double clf__trainer_clipping(const clf__trainer *t);

/* Continue from the parameter's checkpoint, if there is one; refuse a path that could not be
 * written later; write a checkpoint when it is due. */
clf_status clf__checkpoint_read(clf__trainer *t);
clf_status clf__checkpoint_check(const clf__trainer *t);
clf_status clf__checkpoint_write(const clf__trainer *t);
/* Describes the training in texts. Returns CLF_ERROR_ARGUMENT, naming the difference, unless a file
 * has the same texts.
 */
clf_status clf__training_describe(const clf__trainer *t, clf__store *store);
clf_status clf__training_checksum(uint64_t *out, const clf__trainer *t); /* of its rows */
clf_status clf__training_compare(clf_context *context, const clf__store *own,
                                 const clf__store *file);

/* Several ranks (network_ranks.c); with one, these do nothing more than it needs. Sets `joined` and
 * the members about it; the weights of the losses are set. */
clf_status clf__trainer_join(clf__trainer *t);
/* Add those of all ranks; `count` sums. */
clf_status clf__trainer_join_losses(const clf__trainer *t, clf__loss_sums *sums, int count);
clf_status clf__trainer_join_gradients(const clf__trainer *t);
/* Adds each `step`-th row to the checksum. */
clf_status clf__trainer_checksum_rows(const clf__trainer *t, int64_t step, uint64_t *sum);
/* Reads a file, if there is one. */
clf_status clf__trainer_read_file(const clf__trainer *t, const char *path, clf__store **out);

/* Adds the description of the network and its weights with their initial values. */
clf_status clf__trainer_begin_state(const clf__trainer *t, clf__store *state);
/* Adds a regression's target units to the state: those of the state that it continues from,
 * otherwise those of the training rows, otherwise 0 and 1. */
clf_status clf__trainer_units(clf__trainer *t, clf__store *state);
/* Adds the records of the good epochs, after those of earlier fits. */
clf_status clf__trainer_end_state(const clf__trainer *t, clf__store *state);

/* Adds what a partial fit continues from in addition to the model, as tensors of the state that are
 * not saved (network_resume.c). */
/* Returns CLF_ERROR_SHAPE unless the networks have the same weights, or those of the first
 * `kept_layers` of `before` (-1: all); *kept_weights receives their number. */
clf_status clf__resume_check(const clf__network *network, const clf__network *before,
                             int64_t kept_layers, int64_t *kept_weights);
clf_status clf__resume_write(const clf__trainer *t, clf__store *state);
void clf__resume_read(clf__trainer *t);
/* *same receives whether the previous epoch was on the same rows, or there was none. */
clf_status clf__resume_same_rows(const clf__trainer *t, bool *same);
/* Returns the optimizer to use instead of the given one: for a partial fit a new one like that of
 * the earlier fits, for a training without an optimizer the default. NULL to use the given one. */
clf_status clf__resume_optimizer(clf_optimizer **out, const clf__trainer *t);

#endif
