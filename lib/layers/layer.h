/* Layers: kinds in a table (registry.c). A layer consists of its parameters, its shapes, and the
 * description of its weights; it has no activations and does not know its network. Forward and
 * backward get all their operands in a pass, so that any number of threads can use one network. */
#ifndef CLF_LAYERS_LAYER_H
#define CLF_LAYERS_LAYER_H

#include "base/context.h"
#include "base/kinds.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"
#include "tensor/rows.h"
#include "tensor/tensor.h"

/* The shape of one row: [features], or [height, width, channels] of an image. */
typedef struct clf__shape {
  int32_t ndim;
  int64_t size[CLF_MAX_DIMENSIONS];
} clf__shape;

/* Limits for an axis, and for the elements of a shape, which are more than memory can address: sums
 * and products of a few such sizes do not overflow. */
#define CLF__MAX_AXIS (INT64_C(1) << 31)
#define CLF__MAX_ELEMENTS (INT64_C(1) << 46)

/* Returns the number of elements; -1 if an axis or the number is out of bounds. */
int64_t clf__shape_count(const clf__shape *shape);
/* Returns "28x28x1", for messages. */
typedef struct clf__shape_text {
  char text[96];
} clf__shape_text;
clf__shape_text clf__shape_name(const clf__shape *shape);

/* How a weight is initialized (initial.c), and the words for it. */
#define CLF__INITIALIZER_WORDS                                                                     \
  "glorot_uniform|glorot_normal|he_uniform|he_normal|orthogonal|uniform|normal|lecun_uniform|"     \
  "fan_in_uniform|zeros|ones|auto"
#define CLF__INITIALIZER                                                                           \
  CLF__CHOICE(initializer, CLF__INITIALIZER_WORDS, "auto",                                         \
              "auto: the wider of glorot_uniform and lecun_uniform; regression: fan_in_uniform")
#define CLF__BIAS_INITIALIZER(standard)                                                            \
  CLF__CHOICE(bias_initializer, CLF__INITIALIZER_WORDS, standard,                                  \
              "initial biases; fan_in_uniform: within 1 / sqrt(inputs), as in PyTorch")
enum {
  CLF__INITIAL_GLOROT_UNIFORM,
  CLF__INITIAL_GLOROT_NORMAL,
  CLF__INITIAL_HE_UNIFORM,
  CLF__INITIAL_HE_NORMAL,
  CLF__INITIAL_ORTHOGONAL,
  CLF__INITIAL_UNIFORM,
  CLF__INITIAL_NORMAL,
  CLF__INITIAL_LECUN_UNIFORM,
  CLF__INITIAL_FAN_IN_UNIFORM,
  CLF__INITIAL_ZEROS,
  CLF__INITIAL_ONES,
  CLF__INITIAL_AUTO
};

/* The elements that the factors of a network's products are rounded to. The sums, and everything
 * between the products, are f32. */
#define CLF__REDUCED_WORDS "bf16|int8"
#define CLF__PRODUCT_WORDS "f32|" CLF__REDUCED_WORDS
enum {
  CLF__PRODUCT_F32,
  CLF__PRODUCT_BF16, /* in training and in inference (base/bf16.h) */
  CLF__PRODUCT_INT8, /* in inference; training is in f32 */
  CLF__PRODUCT_PRECISIONS
};

typedef struct clf__weight_info {
  const char *name; /* "weight" */
  clf__shape shape;
  int32_t initial;
  int64_t fan_in, fan_out;
  bool forgets; /* the second quarter are biases of forget gates, which begin at 1 more (Jozefowicz
                 * et al., 2015) */
  bool trained; /* false: measured by passes, such as running means */
  bool decayed; /* weight decay applies */
  bool not_negative;
  bool narrow; /* a fitted network keeps it in the elements of the network's precision */
} clf__weight_info;

enum { CLF__LAYER_WEIGHTS = 8 }; /* at most */

typedef struct clf__layer_kind clf__layer_kind;

typedef struct clf__layer {
  clf_context *context;
  const clf__layer_kind *kind;
  void *params;
  int64_t number; /* counts the layers of a kind from 1, for messages: "dense 1" */
  clf__shape in, out;
  int64_t inputs, outputs; /* elements of in and out */
  clf__weight_info weights[CLF__LAYER_WEIGHTS];
  int64_t weight_count;
  int32_t precision;  /* CLF__PRECISION_… of its products; clf__network_set_precision() sets it */
  int32_t activation; /* the function at the end, CLF__LINEAR … of ops/nn/elementwise.h */
  size_t kept_bytes;  /* of a row, kept from a training forward pass for the backward pass */
  bool produces_mask; /* sets the spans of a pass */
  bool masked;        /* it, or a layer before it, has set the spans of its steps */
  bool frozen;        /* a training leaves its weights, none of which is `trained`, as they are */
  int64_t stride;     /* pixels from one position of its window to the next; 0 without a window that
                       * stays within the image */
  int64_t state_count;     /* floats of a row carried from step to step of a stream; -1: it cannot
                            * stream */
  int64_t statistic_count; /* of the rows, stored as weights that are not trained; or 0 */
} clf__layer;

/* The operands of one pass over a batch. Weights and gradients are in the order of
 * layer->weights. */
typedef struct clf__pass {
  const clf__layer *layer;
  int64_t rows;
  bool training;
  uint64_t seed;           /* of the random numbers of this step */
  const int64_t *places;   /* [rows] in the batch of all ranks, for random numbers of a row; NULL if
                            * the rows are all of it */
  const float *x;          /* [rows, inputs] */
  float *y;                /* [rows, outputs] */
  float *const *weights;   /* a training pass may update weights that are not trained */
  void *kept;              /* [rows, kept_bytes] */
  bool pooled;             /* a pass with the layer after it, a pool: y and dy are the pool's, and
                            * `kept` has the bytes of its kind's kept_with_pool() */
  struct clf__span *spans; /* [rows] steps that count (ops/nn/sequence.h), or NULL for all */
  float *state;            /* [state_count] in streams, which have one row and one step; otherwise
                            * NULL */
  /* Backward: dy is the gradient of the loss with respect to y, and may be overwritten. dx, which
   * is NULL if it is not needed, and the gradients of trained weights are set. */
  float *dy;
  float *dx;
  float *const *gradients;
  /* NULL, or the step of the optimizer for weight 0: the pass may make it instead of setting
   * gradients[0], after its last use of the weight, and then sets *updated. */
  const struct clf__update *update;
  bool *updated;
} clf__pass;

/* Returns the number of a row by which its random numbers are drawn. */
static inline uint64_t clf__pass_place(const clf__pass *pass, int64_t row) {
  return (uint64_t)(pass->places != NULL ? pass->places[row] : row);
}

/* A layer in inference, with weights that are packed once. */
typedef struct clf__infer {
  const clf__layer *layer;
  int64_t rows;
  const float *x;         /* [rows, inputs] */
  const clf__rows *bytes; /* what is read instead of x after reads_bytes(), otherwise NULL */
  const float *packed;    /* [packed_size] */
  const float *bias;      /* [last axis of out], and zeros up to whole vectors */
  int32_t activation;
  bool pooled;    /* as in clf__pass */
  float *y;       /* [rows, outputs] */
  float *scratch; /* [scratch_size] */
} clf__infer;

/* For kinds that are f(x W + b), where the last axis of W and b is that of the output: layers that
 * follow can be folded into W, b and f. */
typedef struct clf__layer_inference {
  bool by_rows; /* faster with many rows at a time; other kinds with few, whose values stay in
                 * cache */
  /* Returns floats, or -1 if the number overflows. */
  int64_t (*packed_size)(const clf__layer *layer);
  int64_t (*scratch_size)(const clf__layer *layer);
  /* `weight` is f32 or, with CLF__PRODUCT_INT8, a clf__int8_source. */
  void (*pack)(const clf__layer *layer, const void *weight, float *packed);
  /* Runs on the calling thread. */
  void (*run)(const clf__infer *pass);
  /* Returns whether rows of u8, of that scale, are already what the packed weights multiply; NULL
   * for never. */
  bool (*reads_bytes)(const float *packed, float scale);
} clf__layer_inference;

/* What a layer computes in inference. Code that writes layers in another form, such as ONNX, or for
 * images of another size, has a rule for each operation, or a reason why it has none. */
enum {
  CLF__OPERATION_OWN, /* none of those below: it has no other form */
  CLF__OPERATION_DENSE,
  CLF__OPERATION_CONVOLUTION,
  CLF__OPERATION_POOL,        /* over windows; its variant is CLF__POOL_MAX or CLF__POOL_MEAN */
  CLF__OPERATION_GLOBAL_POOL, /* over images; likewise */
  CLF__OPERATION_TIME_POOL,   /* over the steps of sequences; likewise */
  CLF__OPERATION_CHANNEL_MAP, /* factor x + shift by channels */
  CLF__OPERATION_ACTIVATION,  /* the layer's activation, and nothing else */
  CLF__OPERATION_FLATTEN,
  CLF__OPERATION_IDENTITY,
  CLF__OPERATION_EMBEDDING,
  CLF__OPERATION_RECURRENT, /* its variant is the cell, such as CLF__CELL_LSTM */
  CLF__OPERATIONS
};

struct clf__layer_kind {
  clf__kind base;
  int32_t operation; /* CLF__OPERATION_… */
  int32_t variant;   /* distinguishes kinds with the same operation */
  /* Sets out, weights, weight_count, activation and kept_bytes from params and in, which was
   * checked to have `dimensions` (0: any number). */
  int32_t dimensions;
  clf_status (*infer_shapes)(clf__layer *layer);
  clf_status (*forward)(const clf__pass *pass);
  clf_status (*backward)(const clf__pass *pass);
  /* Returns the bytes of a row that a training pass with the pool after it keeps; 0 if there is no
   * such pass, nor in inference. NULL for never. */
  size_t (*kept_with_pool)(const clf__layer *layer, const clf__layer *pool);
  /* By precision. NULL if inference is the forward pass. */
  const clf__layer_inference *inference[CLF__PRODUCT_PRECISIONS];
  /* Kinds with narrow weights: whether the products can have a precision other than f32. */
  bool can_reduce[CLF__PRODUCT_PRECISIONS];
  /* Returns whether a layer of these shapes can have it; NULL if all can. One that cannot stays
   * f32. */
  bool (*reduces)(const clf__layer *layer, int32_t precision);
  /* For CLF__OPERATION_CHANNEL_MAP, which can be folded into a product before it: sets both
   * [channels]. */
  void (*map)(const clf__layer *layer, float *const *weights, double *factor, double *shift);
  /* If there are statistics [statistic_count]: adds those of a pass's x to sums that begin at 0,
   * and sets the weights that are not trained to those of all passes. */
  clf_status (*measure)(const clf__pass *pass, double *sums);
  void (*set_measured)(const clf__layer *layer, const double *sums, float *const *weights);
  /* Sets a stream's state [state_count] before its first step; NULL for zeros. */
  void (*start)(const clf__layer *layer, float *const *weights, float *state);
};

extern const clf__layer_kind clf__dense_kind;
extern const clf__layer_kind clf__activation_kind;
extern const clf__layer_kind clf__dropout_kind;
extern const clf__layer_kind clf__flatten_kind;
extern const clf__layer_kind clf__conv2d_kind;
extern const clf__layer_kind clf__max_pool2d_kind;
extern const clf__layer_kind clf__average_pool2d_kind;
extern const clf__layer_kind clf__global_max_pool2d_kind;
extern const clf__layer_kind clf__global_average_pool2d_kind;
extern const clf__layer_kind clf__batch_norm_kind;
extern const clf__layer_kind clf__embedding_kind;
extern const clf__layer_kind clf__rnn_kind;
extern const clf__layer_kind clf__lstm_kind;
extern const clf__layer_kind clf__gru_kind;
extern const clf__layer_kind clf__global_average_pool1d_kind;
extern const clf__layer_kind clf__global_max_pool1d_kind;

extern const clf__registry clf__layer_kinds;

/* Returns how the layer predicts with packed weights; NULL if by its forward pass. */
static inline const clf__layer_inference *clf__layer_inference_of(const clf__layer *layer) {
  return layer->kind->inference[layer->precision];
}

/* Makes a layer of a kind by its name and "name=value …" (NULL for none); its shapes are not set
 * yet. */
clf_status clf__layer_create(clf__layer **out, clf_context *context, const char *kind,
                             const char *params);
void clf__layer_free(clf__layer *layer); /* NULL is fine */
/* Sets shapes and weights for rows of shape `in`; the message of CLF_ERROR_SHAPE names the layer
 * and the problem. */
clf_status clf__layer_infer_shapes(clf__layer *layer, const clf__shape *in);
/* Returns CLF_ERROR_SHAPE with a message that begins with the layer's name and number. */
clf_status clf__layer_fail(const clf__layer *layer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Draws the initial values of a weight from the seed and its index in the network. Fails only if
 * memory runs out. */
clf_status clf__weight_initialize(clf_context *context, const clf__weight_info *info, uint64_t seed,
                                  int64_t place, float *values);

/* Returns whether dx may be in the memory of dy. */
static inline bool clf__layer_back_in_place(const clf__layer *layer) {
  const int32_t operation = layer->kind->operation;
  return operation == CLF__OPERATION_FLATTEN || operation == CLF__OPERATION_IDENTITY;
}

/* Returns whether y may be in the memory of x, the output of the layer before (NULL: of none),
 * because it has the values of x, or because no backward pass reads x again. */
static inline bool clf__layer_in_place(const clf__layer *layer, const clf__layer *before) {
  const int32_t from = before != NULL ? before->kind->operation : CLF__OPERATION_OWN;
  return layer->kind->operation == CLF__OPERATION_FLATTEN ||
         (layer->kind->operation == CLF__OPERATION_IDENTITY &&
          (from == CLF__OPERATION_EMBEDDING || from == CLF__OPERATION_RECURRENT));
}

#endif
