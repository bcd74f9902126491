/* Sums over rows, from which least squares, Fisher's discriminant and principal axes follow, and
 * which rows can be added to and subtracted from:
 *
 *   z_i = (x_i - reference) / unit,
 *   sum_i w_i z_i,   sum_i w_i t_i z_i,   sum_i w_i z_i z_i^T.
 *
 * The reference keeps the digits of columns that lie far from 0. It is the mean of the first rows,
 * and moves to the mean of all rows if that is far from it. Bytes and sparse rows have the
 * reference 0. The unit of bytes is their scale, so that all sums of theirs are integers: as long
 * as they are below 2^53, they are exact, whatever the order and the division of the rows. Other
 * products are in f64.
 *
 * `t` is the one-hot row of the class, or the targets minus target_reference. `peak` is the largest
 * value that each sum of squares has had, to which its rounding error is proportional, however much
 * of it was subtracted again. */
#ifndef CLF_OPS_LINALG_MOMENTS_H
#define CLF_OPS_LINALG_MOMENTS_H

#include "ops/linalg/gram.h"
#include "store/store.h"

typedef struct clf__moments {
  clf_context *context;
  clf__arena arena; /* holds the arrays, except `products` */
  int64_t columns;
  int64_t outputs;          /* classes or targets; 0 for neither */
  int64_t groups;           /* classes, otherwise 1 */
  bool classes;             /* the outputs are classes */
  bool full;                /* products of all pairs of columns; false: the squares alone */
  bool integers;            /* all sums are integers, and exact */
  bool fixed;               /* the reference stays 0 */
  double unit;              /* 0 before the first rows */
  double *reference;        /* [columns] */
  double *target_reference; /* [outputs] of targets */
  double *rows;             /* [groups] number of rows of a weight above 0 */
  double *weight;           /* [groups] */
  double *target;           /* [outputs] sum w t, of targets */
  double *sum;              /* [columns] */
  double *cross;            /* [outputs, columns] */
  double *peak;             /* [columns] */
  double *minimum;          /* [columns] of x */
  double *maximum;          /* [columns] */
  double *products;         /* [columns, columns] upper triangle; or [columns] the squares */
} clf__moments;

/* The rows of a call. `labels` are classes of the moments; NULL with `targets`, or for neither. */
typedef struct clf__moment_rows {
  const clf__rows *x;
  const float *weights;  /* [rows] or NULL */
  const int32_t *labels; /* [rows] or NULL */
  const double *targets; /* [rows, outputs] or NULL */
} clf__moment_rows;

clf_status clf__moments_create(clf__moments **out, clf_context *context, int64_t columns,
                               int64_t outputs, bool classes, bool full, bool fixed);
void clf__moments_free(clf__moments *moments); /* NULL is fine */
/* Copies moments. With `map` [old classes], class k becomes map[k] of `outputs`; NULL keeps them.
 * */
clf_status clf__moments_clone(clf__moments **out, const clf__moments *moments, const int32_t *map,
                              int64_t outputs);

/* Adds rows, which are finite, or subtracts them. After a failure the moments are not usable.
 * Returns CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED, or CLF_ERROR_NUMERIC if squares overflow. */
clf_status clf__moments_add(clf__moments *moments, const clf__moment_rows *rows);
clf_status clf__moments_subtract(clf__moments *moments, const clf__moment_rows *rows);

/* The same for a few rows, in two steps: the first may fail and changes nothing; the second cannot
 * fail. *few becomes NULL if the rows must be added by clf__moments_add() to a copy. */
typedef struct clf__few_rows clf__few_rows;
clf_status clf__moments_few(clf__few_rows **few, const clf__moments *moments,
                            const clf__moment_rows *rows, int sign);
void clf__moments_add_few(clf__moments *moments, const clf__few_rows *few);
void clf__few_rows_free(clf__few_rows *few); /* NULL is fine */

/* Adds the moments of other rows, of the same columns; class k of them is map[k] of these, and map
 * is NULL for the same outputs. */
clf_status clf__moments_merge(clf__moments *moments, const clf__moments *other, const int32_t *map);

/* Replaces each x_j by factor_j x_j + shift_j in all sums. */
clf_status clf__moments_map(clf__moments *moments, const double *factor, const double *shift);

double clf__moments_weight(const clf__moments *moments); /* of all groups */
int64_t clf__moments_rows(const clf__moments *moments);
/* mean [columns] and, if not NULL, the variance of the population [columns], in the units of x. */
void clf__moments_columns(const clf__moments *moments, double *mean, double *variance);
/* Returns sum_i w_i (v z_i)^2 for v [columns], of full moments. */
double clf__moments_form(const clf__moments *moments, const double *v);
/* Returns the first column whose sum of squares is negative by more than rounding errors, or -1. */
int64_t clf__moments_negative(const clf__moments *moments);
/* Computes what clf__gram_create() computes from rows; the mean and cross are in the units of x.
 * With `targets` the class_weight are sums of w t. `within` as in clf__gram_input; *separated, if
 * not NULL, receives whether the classes lie so far apart that the scatter within them is a
 * rounding error. */
clf_status clf__moments_gram(clf__gram *out, clf_context *context, const clf__moments *moments,
                             bool centered, bool within, bool *separated);

/* Save to and load from tensors named by a prefix. *out stays NULL if there are none. Returns
 * CLF_ERROR_CORRUPT unless the sums are those of some rows: counts and weights are not negative,
 * and no product exceeds what the squares allow. */
clf_status clf__moments_save(const clf__moments *moments, clf__store *store, const char *prefix);
clf_status clf__moments_load(clf__moments **out, clf_context *context, const clf__store *store,
                             const char *prefix, int64_t columns, int64_t outputs, bool classes,
                             bool full);

#endif
