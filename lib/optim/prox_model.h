/* The quadratic model of one output about the current point, on a working set of columns. The
 * intercept is eliminated: it takes its best value for any change of the weights, by which columns
 * are centered at their means weighted by the curvature. */
#ifndef CLF_OPTIM_PROX_MODEL_H
#define CLF_OPTIM_PROX_MODEL_H

#include "base/memory.h"
#include "optim/prox_newton.h"

/* Columns of the rows: the mean and the deviation of each, and either their entries or, for models
 * with a matrix, the rows in units of the deviations, about the means. */
typedef struct clf__prox_columns {
  clf__arena arena;
  double total;      /* weight of the rows */
  double *mean;      /* [columns]; 0 without an intercept */
  double *deviation; /* [columns] about the mean */
  double *filled;    /* [columns] weight of the entries that are not 0 */
  float *scaled;     /* [rows, columns], or NULL */
  int64_t *start;    /* [columns + 1], or NULL */
  int32_t *row;      /* by start's values, ascending */
  float *value;
} clf__prox_columns;

clf_status clf__prox_columns_create(clf__prox_columns *out, const clf__prox_problem *problem);
void clf__prox_columns_free(clf__prox_columns *columns);

typedef struct clf__prox_model {
  clf__arena arena;
  const clf__prox_problem *problem;
  const clf__prox_columns *columns;
  int64_t count;        /* columns in the set */
  const int64_t *set;   /* [count] */
  const double *weight; /* [columns] of the output, at the current point */
  float *v;             /* [rows] curvature */
  double total;         /* sum of v */
  double *mean;         /* [count] weighted by v; 0 without an intercept */
  double *diagonal;     /* [count] second derivatives */
  double *gradient;     /* [count] of the model at no change */
  double bias_gradient; /* of f with respect to the intercept */
  double *matrix;       /* [columns, columns], or NULL if there are entries */
  int64_t responses;    /* columns or rows */
  double decrease;      /* of the last sweep */
  double decreases;     /* of all sweeps */
  int64_t size;         /* of a point */
  double *points;       /* [points, size]; the first is the current one, which follows */
  double *change;       /* [count] of the weights */
  double *shift;        /* [1] of the intercept, by `change` */
  double *response;     /* [responses] the matrix times the change in units of the deviations, or v
                         * times the change of the output without the shift */
} clf__prox_model;

/* What a model is made for. */
typedef struct clf__prox_target {
  int64_t output;
  const int64_t *set; /* [count] */
  int64_t count;
  const double *weight;   /* [columns] */
  const double *gradient; /* [columns] of f */
  double bias_gradient;   /* of f with respect to the intercept */
  float stiffness;        /* factor of the curvature */
} clf__prox_target;

clf_status clf__prox_model_create(clf__prox_model *out, const clf__prox_problem *problem,
                                  const clf__prox_columns *columns, const clf__prox_target *target);
void clf__prox_model_free(clf__prox_model *model);
/* Minimizes by coordinate descent until the violation is at most `violation`. */
/* Returns the change of the intercept. */
double clf__prox_model_bias(const clf__prox_model *model);
clf_status clf__prox_model_minimize(clf__prox_model *model, double violation);

/* Returns the change of the intercept. */
double clf__prox_model_bias(const clf__prox_model *model);

/* Adds to each column of the variables w the number that minimizes its penalty; `sorted` [outputs]
 * is scratch. */
void clf__prox_shift(const clf__prox_problem *problem, double *w, double *sorted);

#endif
