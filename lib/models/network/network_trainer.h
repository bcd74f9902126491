/* A training of a network, for the files that make one: network_fit.c runs the epochs,
 * network_batch.c takes the rows, network_step.c sends a batch through the layers,
 * network_weights.c keeps the weights, network_checkpoint.c the whole training, network_resume.c
 * what a partial fit goes on from, network_state.c hands out what was learnt. */
#ifndef CLF_MODELS_NETWORK_NETWORK_TRAINER_H
#define CLF_MODELS_NETWORK_NETWORK_TRAINER_H

#include "image/augment.h"
#include "models/network/network.h"

/* Rows to take batches from. */
typedef struct clf__row_set {
  const clf__training *from;
  const float *weights; /* of the losses, by row; NULL for 1 */
  const int64_t *rows;  /* [count], or NULL for all in order */
  int64_t count;
} clf__row_set;

typedef struct clf__trainer {
  clf_context *context;
  clf__arena arena;
  const clf__network_params *params;
  const char *layers;            /* as text */
  const clf__training *training; /* NULL where weights are set, not learned */
  bool regression;
  const clf__store *before; /* the fitted state that the training goes on from, or NULL */
  int64_t earlier;          /* epochs that it has had */
  bool partial;             /* one epoch more, with what the optimizer remembers */
  clf__network *network;
  clf_optimizer *optimizer;
  uint64_t seed;
  int64_t batch; /* rows, at most those there are */
  int64_t group; /* rows of a step: batches whose gradients are summed */
  int64_t
      micro_batch; /* rows that go through the layers at once: a batch, or part of a large one */
  int64_t epochs;
  int64_t patience;  /* epochs without a better one to end after; 0: never */
  int64_t max_steps; /* in all of them; the last may have fewer than the others */
  int64_t schedule;  /* steps that the learning rate's schedule is for */
  int64_t *rows;     /* in ascending order: those trained on, then those held out */
  int64_t *order;    /* of the rows trained on, in this epoch */
  clf__row_set train, validation;
  float *row_weights;        /* [rows] the losses' where they are not the dataset's, or NULL */
  float *validation_weights; /* the same of a validation set that is given */
  double mean_weight;        /* of the rows trained on */
  clf__target_units units;   /* of a regression, the state's */
  clf__augment *augment;     /* of the rows trained on, or NULL */
  uint64_t augment_seed;     /* of this epoch */
  /* By weight of the network. */
  float **weights;
  float **gradients; /* NULL where not trained */
  float *
      *micro_batch_gradients; /* of all pieces of a step but the first; NULL where there are none */
  float **averages;           /* over the steps; NULL where not trained, or without averaging */
  float **averaged_weights; /* what is validated and kept: averages, where there are, or weights */
  float **best;             /* learnt in the best epoch so far */
  clf__optimizer_weight *stepped; /* [stepped_count] */
  int64_t stepped_count;
  /* Of a piece. */
  float **y;               /* [layer_count + 1], y[0] the rows */
  void **kept;             /* [layer_count] */
  struct clf__span *spans; /* [micro_batch] where a layer masks, or NULL */
  float *layer_gradients;  /* [2, micro_batch * widest] */
  int32_t *labels;
  double *targets;
  float *batch_weights, *batch_counts;
  clf__loss_target target;
  double *records[CLF__RECORDS]; /* [epochs] */
  int64_t epoch;                 /* how many were good */
  double criterion;              /* of this epoch: the loss that the training lowers, in no unit */
  double best_criterion;         /* criterion so far */
  int64_t epochs_without_improvement; /* epochs since */
  bool stopped;                       /* for want of a lower loss */
  /* What is reported. */
  clf__progress progress;
  atomic_int_least64_t step;
  double loss, accuracy; /* of the epoch so far */
  double reported;       /* when it last was */
} clf__trainer;

/* Vectors of a training, all values of all weights one after another. */
enum {
  CLF__VECTOR_WEIGHTS,
  CLF__VECTOR_BEST,
  CLF__VECTOR_AVERAGES,
  CLF__VECTOR_FIRST, /* what the optimizer remembers */
  CLF__VECTOR_SECOND,
  CLF__VECTORS
};
/* Copies between a vector and its parts, or with NULL values only counts: the elements, 0 where the
 * training has none. */
int64_t clf__trainer_move_vector(const clf__trainer *t, int vector, float *values, bool into_parts);

/* Streams of the seed, so that what is drawn for one purpose does not depend on another. */
enum {
  CLF__STREAM_SPLIT,
  CLF__STREAM_ORDER,
  CLF__STREAM_STEP,
  CLF__STREAM_WEIGHTS,
  CLF__STREAM_AUGMENT
};
uint64_t clf__trainer_seed(const clf__trainer *t, int stream);
/* Of an epoch of this fit; those of earlier fits were others. */
clf__random clf__trainer_random(const clf__trainer *t, int stream, int64_t epoch);

/* Divides the rows into those to train on and those to hold out; sizes of batches, epochs. */
clf_status clf__trainer_rows(clf__trainer *t);
int64_t clf__trainer_steps(const clf__trainer *t); /* an epoch, the last perhaps not */
/* Makes the buffers of a batch, and the records. */
clf_status clf__trainer_batch(clf__trainer *t);
/* Rows first … first + count - 1 of the set become the batch. */
void clf__trainer_read(clf__trainer *t, const clf__row_set *set, int64_t first, int64_t count);

/* A step on rows of the training set; the validation set's loss. Both add to the sums. */
clf_status clf__trainer_step(clf__trainer *t, int64_t first, int64_t rows, double rate,
                             clf__random *random, clf__loss_sums *sums);
clf_status clf__trainer_validate(clf__trainer *t, clf__loss_sums *sums);
/* Sets the statistics that inference uses to those of rows trained on, some thousands spread over
 * all, one layer after another: each on what the layers before it give in inference with the
 * model's weights, without augmentation and dropout. */
clf_status clf__trainer_measure(clf__trainer *t);

/* Makes what there is of each weight; the trained ones are the optimizer's. */
clf_status clf__trainer_weights(clf__trainer *t);
void clf__trainer_copy_weights(const clf__trainer *t, float *const *to, float *const *from);
/* Adds a piece's gradients to those of the pieces before it. */
void clf__trainer_add_gradients(const clf__trainer *t);
bool clf__trainer_weights_finite(const clf__trainer *t);
/* 1, or what shortens the gradient to clip_norm. */
double clf__trainer_clipping(const clf__trainer *t);

/* Goes on from the parameter's checkpoint, where there is one; refuses a path that the epochs to
 * come could not be kept under; keeps one where it is due. */
clf_status clf__checkpoint_read(clf__trainer *t);
clf_status clf__checkpoint_check(const clf__trainer *t);
clf_status clf__checkpoint_write(const clf__trainer *t);
/* Which training this is, as texts; CLF_ERROR_ARGUMENT with what differs unless a file has the
 * same.
 */
clf_status clf__training_describe(const clf__trainer *t, clf__store *store);
uint64_t clf__training_checksum(const clf__trainer *t); /* of its rows */
clf_status clf__training_compare(const clf__store *own, const clf__store *file);

/* What the network is, and its weights with their first values. */
clf_status clf__trainer_begin_state(const clf__trainer *t, clf__store *state);
/* Adds a regression's target units to the state: those of the state that it goes on from, else
 * those of the rows trained on where there are some, else 0 and 1. */
clf_status clf__trainer_units(clf__trainer *t, clf__store *state);
/* The records of the good epochs, behind those of earlier fits. */
clf_status clf__trainer_end_state(const clf__trainer *t, clf__store *state);

/* What a partial fit goes on from beside the model, in tensors of the state that are not saved
 * (network_resume.c). */
/* CLF_ERROR_SHAPE unless the networks have the same weights. */
clf_status clf__resume_check(const clf__network *network, const clf__network *before);
clf_status clf__resume_write(const clf__trainer *t, clf__store *state);
void clf__resume_read(clf__trainer *t);
/* Whether the epoch before was on the same rows, or there was none. */
bool clf__resume_same_rows(const clf__trainer *t);
/* What a training takes instead of an optimizer that it is given: a partial fit a new one like that
 * of the fits before it, any training the default where it is given none. NULL for no other. */
clf_status clf__resume_optimizer(clf_optimizer **out, const clf__trainer *t);

#endif
