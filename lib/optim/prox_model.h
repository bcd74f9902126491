/* The quadratic model of one output about the current point, on a working set of columns. The
 * intercept is eliminated: it takes its best value for any change of the weights, by which columns
 * are centered at their means weighted by the curvature. */
#ifndef CLF_OPTIM_PROX_MODEL_H
#define CLF_OPTIM_PROX_MODEL_H

#include "base/memory.h"
#include "ops/linalg/vectors.h"
#include "optim/prox_newton.h"

typedef struct clf__prox_entry {
  int32_t row;
  float value;
} clf__prox_entry;

typedef struct clf__prox_columns {
  clf__arena arena;
  double *mean;           /* [columns]; 0 without an intercept */
  double *deviation;      /* [columns] about the mean */
  float *leverage;        /* [rows] 1 + mean square of the row in units of the deviations */
  int64_t *start;         /* sparse rows: [columns + 1], or NULL */
  clf__prox_entry *entry; /* by start's values, rows ascending */
} clf__prox_columns;

clf_status clf__prox_columns_create(clf__prox_columns *out, const clf__prox_problem *problem);
void clf__prox_columns_free(clf__prox_columns *columns);

enum { CLF__PROX_ADDED = 256 /* columns that may come to a set beyond its double */ };

/* What a model is made for. */
typedef struct clf__prox_target {
  int64_t output;
  const int64_t *set; /* [count] columns of a deviation above 0, ascending */
  int64_t count;
  const double *weight;   /* [columns] */
  const double *gradient; /* [columns] of f */
  double bias_gradient;   /* of f with respect to the intercept */
  float stiffness;        /* factor of the curvature */
  double rows;            /* about so many rows of x are sampled */
  uint64_t seed;          /* of the sample */
} clf__prox_target;

/* Fills `set` [columns] with the working set of a target, whose other members are set, in ascending
 * order. */
clf_status clf__prox_choose_set(int64_t *set, int64_t *count, const clf__prox_target *target,
                                const clf__prox_problem *problem, const clf__prox_columns *columns);

/* A sample of the rows on the columns of a set, in units of the columns' deviations. Dense rows
 * are centered at the columns' means. */
typedef struct clf__prox_sample {
  clf__arena arena;
  int64_t rows, count;
  int64_t *row;           /* [rows] of x, ascending */
  float *v;               /* [rows] curvature divided by the probability of the row */
  double total;           /* sum of v */
  bool full;              /* all rows */
  float *dense;           /* [rows, count], or NULL if there are entries */
  int64_t *start;         /* [count + 1] */
  clf__prox_entry *entry; /* by column: row of the sample, and value times the root of v */
} clf__prox_sample;

clf_status clf__prox_sample_create(clf__prox_sample *out, const clf__prox_problem *problem,
                                   const clf__prox_columns *columns,
                                   const clf__prox_target *target);
void clf__prox_sample_free(clf__prox_sample *sample);

/* All but the changes of the intercept is in units of the deviations: weights times, and gradients
 * divided by those. */
typedef struct clf__prox_model {
  clf__arena arena;
  clf__prox_sample sample;
  int64_t count;        /* columns in the set */
  double *unit;         /* [count] deviations */
  double *center;       /* [count] mean weighted by v, in the columns' own units */
  double *mean;         /* [count] that of the sample's values; 0 without an intercept */
  double *old;          /* [count] weights at the current point */
  double *gradient;     /* [count] of the model at no change */
  double *diagonal;     /* [count] second derivatives; -INFINITY where the sample has none */
  bool incomplete;      /* there are such columns, which stay as they are */
  double *l1, *l2;      /* [count] penalties */
  double bias_gradient; /* of f with respect to the intercept; 0 without one */
  bool intercept;
  const clf__vector_kernels *kernels;
  double *matrix;    /* [count, count], or NULL if there are entries */
  bool fine;         /* there is a matrix, whose products were computed in f64 */
  int64_t responses; /* columns of the set or rows of the sample */
  double decreases;  /* about twice those of the model so far */
  double *change;    /* [count] of the weights */
  double shift;      /* minus the sum of mean times change */
  double *response;  /* [responses] the matrix times the changes, or the roots of v times the
                         * changes of the outputs without the shift */
} clf__prox_model;

clf_status clf__prox_model_create(clf__prox_model *out, const clf__prox_problem *problem,
                                  const clf__prox_columns *columns, const clf__prox_target *target);
void clf__prox_model_free(clf__prox_model *model);
/* Minimizes by coordinate descent until what is left is a share `accuracy` of the decrease. */
clf_status clf__prox_model_minimize(clf__prox_model *model, double accuracy);
/* Returns element `a` of the second derivatives times changes that have the response and the shift.
 */
double clf__prox_model_product(const clf__prox_model *model, int64_t a, const double *response,
                               double shift);
/* Adds the response of a change of column `a`. */
void clf__prox_model_respond(const clf__prox_model *model, int64_t a, double change,
                             double *response);
/* Returns the model with its penalty at its changes, up to a constant. */
double clf__prox_model_value(const clf__prox_model *model);
/* Minimizes over the weights that are not 0 (prox_face.c). *decreased is the decrease so far; to it
 * is added that of the step, and steps below a share `accuracy` of it are not made. *ended is
 * whether a weight became 0. */
clf_status clf__prox_model_face(clf__prox_model *model, double accuracy, double *decreased,
                                bool *ended);
/* Adds the change of the target's weights to direction [columns]; returns that of the intercept. */
double clf__prox_model_direction(const clf__prox_model *model, const clf__prox_target *target,
                                 double *direction);

/* Computes the gaps [outputs, or 1 if f is not separate] at the point x of the last evaluation,
 * with the gradient of f there. Unless u is balanced, which takes a pass over the rows, they are
 * estimates. `scratch` [outputs, columns]. */
clf_status clf__prox_gap(const clf__prox_problem *problem, const clf__prox_columns *columns,
                         const double *x, const double *gradient, bool balanced, double *scratch,
                         double *gaps);

/* Adds to each column of the variables w the number that minimizes its penalty; `sorted` [outputs]
 * is scratch. */
void clf__prox_shift(const clf__prox_problem *problem, double *w, double *sorted);

#endif
