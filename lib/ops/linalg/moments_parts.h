/* The parts of moments. */
#ifndef CLF_OPS_LINALG_MOMENTS_PARTS_H
#define CLF_OPS_LINALG_MOMENTS_PARTS_H

#include "ops/linalg/centered.h"
#include "ops/linalg/moments.h"
#include "ops/linalg/vectors.h"

/* Returns the number of products that are kept. */
static inline int64_t clf__moments_products(const clf__moments *m) {
  return m->full ? clf__count(m->columns, m->columns) : m->columns;
}

/* Returns the sum of squares of column j. */
static inline double *clf__moments_square(const clf__moments *m, int64_t j) {
  return &m->products[m->full ? j * (m->columns + 1) : j];
}

static inline double clf__moment_weight(const clf__moment_rows *rows, int64_t row) {
  return rows->weights != NULL ? (double)rows->weights[row] : 1;
}

static inline int64_t clf__moments_group(const clf__moments *m, const clf__moment_rows *rows,
                                         int64_t row) {
  return m->classes ? rows->labels[row] : 0;
}

static inline bool clf__moments_float(const clf__rows *x) {
  return !clf__rows_sparse(x) && x->dtype != CLF_U8;
}

/* z of rows, as centered.h reads them. */
typedef struct clf__z_view {
  clf__rows x;
  clf__centered rows;
  double *factor; /* [columns] to be freed, or NULL for a unit of 1 */
} clf__z_view;

/* view->rows points into the view, which must stay where it is. */
clf_status clf__z_view_create(clf__z_view *view, const clf__moments *m, const clf__rows *x);
/* Returns whether the z and the weights of these rows are integers. */
bool clf__moments_whole(const clf__moments *m, const clf__moment_rows *rows);

/* Copies unit and references. */
void clf__moments_copy_origin(clf__moments *to, const clf__moments *from);
/* Adds `sign` times sums about the same references in the same unit. */
void clf__moments_combine(clf__moments *m, const clf__moments *other, const int32_t *map,
                          double sign);

/* Add a row z [columns] of a weight above 0: to the extremes; to weights and sums of targets; to
 * the sums of columns. `targets` [outputs] are about their reference, or NULL. */
void clf__moments_add_extremes(clf__moments *m, const double *z);
void clf__moments_add_weight(clf__moments *m, int64_t group, double weight, const double *targets,
                             double sign);
void clf__moments_add_row(clf__moments *m, const clf__vector_kernels *kernels, const double *z,
                          int64_t group, double weight, const double *targets);
/* Returns `targets` [outputs], filled; NULL if the rows have none. */
const double *clf__moments_read_targets(const clf__moments *m, const clf__moment_rows *rows,
                                        int64_t row, double *targets);

/* Updates `peak`. Returns CLF_ERROR_NUMERIC for squares beyond the range of doubles. */
clf_status clf__moments_check(clf__moments *m);
/* Returns how far the mean of a column, with these sums, is from the reference in units of z; 0 if
 * it is near. */
double clf__moments_drift(const clf__moments *m, int64_t j, double weight, double sum,
                          double square);
/* Moves the references to the means that are far from them. */
clf_status clf__moments_follow_drift(clf__moments *m);

#endif
