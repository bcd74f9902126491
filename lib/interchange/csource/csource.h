/* A fitted model as C source code, while it is written. The arrays of numbers go to the file as the
 * model is walked through. The statements of the decision function, each of which makes the next
 * values of a row from the current ones, are collected in `body`, which is written behind them. */
#ifndef CLF_INTERCHANGE_CSOURCE_CSOURCE_H
#define CLF_INTERCHANGE_CSOURCE_CSOURCE_H

#include "base/text.h"
#include "interchange/model_format.h"
#include "layers/layer.h"

/* Local arrays of the decision function: two of floats and two of doubles, so that each statement
 * can read one and write another. */
enum { CLF__CSOURCE_LOCALS = 4 };

typedef struct clf__csource {
  const clf_model *model;
  const char *name; /* all names in the file begin with it */
  clf__output *output;
  clf__text text; /* what comes next in the file */
  clf__text body;
  /* The current values of the row. */
  const char *values; /* the array's name */
  int64_t columns;
  bool wide;                         /* doubles */
  int64_t size[CLF__CSOURCE_LOCALS]; /* elements of the local arrays, a and b of float, c and d */
  bool calls_math;                   /* <math.h> is included */
  bool warned;
} clf__csource;

/* Appends formatted code to a text, in which @ stands for the name and an underscore. */
void clf__csource_code(clf__csource *source, clf__text *to, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Returns a number as a constant of double. */
clf__number_text_result clf__csource_f64(double value);
/* Includes <math.h> before what follows. */
void clf__csource_math(clf__csource *source);

/* Numbers that become a constant array: element (i, j) is data[i * row_step + j * column_step]. */
typedef struct clf__csource_array {
  const void *data;
  int32_t dtype;
  int64_t rows; /* 0 for a vector */
  int64_t columns;
  int64_t row_step, column_step;
} clf__csource_array;

/* Make one of a vector, and of a matrix in the order of its rows. */
clf__csource_array clf__csource_vector(int32_t dtype, const void *data, int64_t count);
clf__csource_array clf__csource_matrix(int32_t dtype, const void *data, int64_t rows,
                                       int64_t columns);
/* Writes the constant array @name. Integers must be within the range of int. */
clf_status clf__csource_table(clf__csource *source, const char *name,
                              const clf__csource_array *array);

/* Sets *out to a local array for `columns` values, which is not the current one unless `in_place`
 * and it has that type and size. CLF_ERROR_UNSUPPORTED if the function would take too much of the
 * stack. */
clf_status clf__csource_local(const char **out, clf__csource *source, bool wide, int64_t columns,
                              bool in_place);
/* Makes a local array the current one. */
void clf__csource_becomes(clf__csource *source, const char *values, bool wide, int64_t columns);
/* Adds statements that compute to[k] = bias_k + sum_j weights_kj values_j for `outputs` k from the
 * arrays of these names; `bias` may be NULL. The results are doubles, or rounded to float. */
void clf__csource_product(clf__csource *source, const char *weights, const char *bias,
                          int64_t outputs, const char *to, bool wide);

/* The parts of a model. Each adds its arrays and statements, or refuses what has no form in C. */
clf_status clf__csource_transforms(clf__csource *source);
/* Subtracts the center of rows far from 0, and rounds, as the model reads its rows. The log reports
 * once that floats may be too coarse for these. */
clf_status clf__csource_model_rows(clf__csource *source);
/* Decisions, which statements write to `scores`. */
clf_status clf__csource_linear(clf__csource *source);
clf_status clf__csource_svm(clf__csource *source);
clf_status clf__csource_network(clf__csource *source);

/* Write the functions @probabilities(x, p) and @predict(x) of classifiers. */
clf_status clf__csource_probabilities(clf__csource *source, const char *input);
void clf__csource_predict(clf__csource *source, const char *input);

/* Writes the support vectors and the function @kernel(values, v), which returns the kernel value of
 * the current row and vector v. */
clf_status clf__csource_kernel(clf__csource *source);
/* Writes coefficients [outputs, vectors] in the order of vectors. */
clf_status clf__csource_coefficients(clf__csource *source, const char *name, int64_t outputs);
/* Adds statements that compute to[o] = bias_o + the sum over all vectors of coefficients_vo times
 * the kernel value; `bias` may be NULL. */
void clf__csource_kernel_sums(clf__csource *source, const char *coefficients, const char *bias,
                              int64_t outputs, const char *to);

/* "dense_1_weight", a name of an array of a layer. */
typedef struct clf__csource_name {
  char text[80];
} clf__csource_name;
clf__csource_name clf__csource_layer_name(const clf__layer *layer, const char *what);
/* Adds a comment with the layer's name to the statements. */
void clf__csource_comment(clf__csource *source, const clf__layer *layer);

/* How layers of an operation (CLF__OPERATION_…) are written: by a function, or not at all, for the
 * reason in the message. */
typedef struct clf__csource_rule {
  clf_status (*add)(clf__csource *source, const clf__layer *layer, float *const *weights);
  const char *refusal;
} clf__csource_rule;

extern const clf__csource_rule clf__csource_rules[CLF__OPERATIONS];

/* Those of images, without the activations at their ends. */
clf_status clf__csource_conv2d(clf__csource *source, const clf__layer *layer,
                               float *const *weights);
clf_status clf__csource_pool2d(clf__csource *source, const clf__layer *layer,
                               float *const *weights);
clf_status clf__csource_global_pool2d(clf__csource *source, const clf__layer *layer,
                                      float *const *weights);

#endif
