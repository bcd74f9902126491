/* An ONNX graph while it is built: a sequence of nodes, each of which maps the current value to the
 * next. Names are C identifiers, as ONNX requires. */
#ifndef CLF_INTERCHANGE_ONNX_GRAPH_H
#define CLF_INTERCHANGE_ONNX_GRAPH_H

#include "base/text.h"
#include "layers/layer.h"
#include "store/store.h"

/* Field numbers of the messages that are written (onnx.proto of ONNX 1.8; they never change). */
enum {
  CLF__MODEL_IR_VERSION = 1,
  CLF__MODEL_PRODUCER = 2,
  CLF__MODEL_PRODUCER_VERSION = 3,
  CLF__MODEL_GRAPH = 7,
  CLF__MODEL_OPSET = 8,
  CLF__MODEL_METADATA = 14,
  CLF__OPSET_DOMAIN = 1,
  CLF__OPSET_VERSION = 2,
  CLF__METADATA_KEY = 1,
  CLF__METADATA_VALUE = 2,
  CLF__GRAPH_NODE = 1,
  CLF__GRAPH_NAME = 2,
  CLF__GRAPH_CONSTANT = 5,
  CLF__GRAPH_INPUT = 11,
  CLF__GRAPH_OUTPUT = 12,
};

typedef struct clf__value_name {
  char text[96];
} clf__value_name;

typedef struct clf__graph {
  clf_context *context;
  const char *name;           /* the caller's; NULL for that of the model's kind */
  clf__text nodes, constants; /* fields of the graph */
  clf__text node;             /* the current node */
  int64_t count;              /* nodes so far */
  clf__value_name value;      /* the current record */
  clf__shape shape;           /* of its rows, with the channels last */
  bool channels_first;        /* the value has its channels first */
  bool wide;                  /* the value is f64 */
  const clf__store *state;    /* of the model */
  clf__value_name lengths;    /* of sequences that end early, [N, 1]; "" if none does */
  clf__value_name refused;    /* [N, 1] f32: NaN for rows that the library refuses, otherwise 0;
                               * "" if none is */
} clf__graph;

void clf__graph_free(clf__graph *graph);
bool clf__graph_failed(const clf__graph *graph);

/* Begin a node, without an input yet, or with the current value as its first one. */
void clf__node_open(clf__graph *graph, const char *operator);
void clf__node_begin(clf__graph *graph, const char *operator);
/* Adds further inputs: a value by name, and constants, which are copied. */
void clf__node_input(clf__graph *graph, const char *value);
void clf__node_f32(clf__graph *graph, const char *name, const float *values,
                   const clf__shape *shape);
/* f64 if the current value is, otherwise rounded to f32. */
void clf__node_f64(clf__graph *graph, const char *name, const double *values,
                   const clf__shape *shape);
/* Bytes of u8 or, with `is_signed`, of i8. */
void clf__node_bytes(clf__graph *graph, const char *name, const void *values,
                     const clf__shape *shape, bool is_signed);
void clf__node_i64(clf__graph *graph, const char *name, const int64_t *values, int64_t count);
/* Attributes. */
void clf__node_integer(clf__graph *graph, const char *name, int64_t value);
void clf__node_integers(clf__graph *graph, const char *name, const int64_t *values, int32_t count);
void clf__node_real(clf__graph *graph, const char *name, float value);
void clf__node_text(clf__graph *graph, const char *name, const char *value);
/* Skips an output before the one that the end names. */
void clf__node_skip_output(clf__graph *graph);
/* Ends the node: its output, called `name` or, for NULL, by a generated name, becomes the current
 * value. */
void clf__node_end(clf__graph *graph, const char *name);

/* Add nodes that change the layout of the current value, unless it has that layout. */
void clf__graph_channels_first(clf__graph *graph);
void clf__graph_channels_last(clf__graph *graph);
void clf__graph_flatten(clf__graph *graph);
/* Adds a node of the current value and a constant of so many numbers, element by element. */
void clf__graph_elementwise(clf__graph *graph, const char *operator, const char * name,
                            const double *values, const clf__shape *shape);
/* Adds a node of the current value and another one. */
void clf__graph_combine(clf__graph *graph, const char *operator, const clf__value_name * other);
/* Adds a node that takes columns of the current value, in this order. */
void clf__graph_gather(clf__graph *graph, const char *name, const int64_t *columns, int64_t count);
/* Adds nodes that keep which rows are refused: those with a number in the current value, [N,
 * columns] of 0 or above, that is not 0. The current value becomes another one. */
clf_status clf__graph_refuse(clf__graph *graph, const char *name, int64_t columns);
/* Adds a node that makes numbers of truth values: 1 and 0. */
void clf__graph_cast(clf__graph *graph);
/* Adds a node that makes i64 of whole numbers, for indices. */
void clf__graph_index(clf__graph *graph);
/* Adds a node that makes it f64 or f32, unless it is that already. */
void clf__graph_widen(clf__graph *graph, bool wide);

/* Adds the field of the graph that describes an input or output: [N, shape…], f64 if `wide` is set,
 * otherwise f32.
 */
void clf__graph_describe(clf__text *to, int field, const char *name, const clf__shape *shape,
                         bool wide);

#endif
