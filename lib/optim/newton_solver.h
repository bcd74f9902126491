/* Truncated Newton while it runs, shared by newton.c and newton_step.c. */
#ifndef CLF_OPTIM_NEWTON_SOLVER_H
#define CLF_OPTIM_NEWTON_SOLVER_H

#include "base/memory.h"
#include "optim/newton.h"
#include "optim/newton_rows.h"

enum { CLF__NEWTON_PARTS = 16 }; /* of the rows, for derivatives */

typedef struct clf__newton_solver {
  clf__arena arena;
  const clf__newton_problem *problem;
  clf__newton_rows rows;
  int64_t count, columns;
  double *w; /* [columns + 1] borrowed */
  /* [columns + 1] each, of which the last is the intercept's: */
  double *unit; /* of the gradient; 0 for columns that cannot be learned from */
  double *gradient;
  double *center;                                /* c; 0 without an intercept */
  double *variance, *base;                       /* of the diagonal: without l2, divided by S */
  double *inverse;                               /* of the diagonal */
  double *step, *residual, *direction, *product; /* of conjugate gradients */
  double *z, *trial;                             /* [count] outputs */
  double *change;                                /* [count] X s, then with s_b */
  double *first, *second;                        /* [count] derivatives at the last trial */
  double *of_rows;                               /* [count] of a pass */
  double parts[CLF__NEWTON_PARTS];
  int64_t part_first; /* row */
  const double *at;   /* the outputs whose derivatives are computed */
  double total;       /* S, the sum of v */
  double bias_step;   /* s_b */
  double value, loss; /* F and f */
  int64_t passes;     /* of the last iteration */
  bool added;         /* z is a sum of changes */
} clf__newton_solver;

/* newton_step.c. Returns the largest component of a gradient plus some centers, in its unit;
 * INFINITY for NaN. */
double clf__newton_largest(const clf__newton_solver *s, const double *gradient, double centers);
/* Returns what F may exceed its minimum by. F is strongly convex in w, so this follows from the
 * gradient with respect to w where the intercept's is 0: its gradient minus the center's share. The
 * intercept's own share is that of Newton's step for it alone. */
double clf__newton_bound(const clf__newton_solver *s, const double *gradient, double centers);
/* Computes the diagonal's shape, in one pass. */
clf_status clf__newton_set_base(clf__newton_solver *s);
/* Sets the diagonal for a step, with a new shape if the last one no longer serves. */
clf_status clf__newton_set_diagonal(clf__newton_solver *s);
/* Returns the decrease of F that the diagonal promises. */
double clf__newton_promise(clf__newton_solver *s);
/* Sets the residual of no step; returns its square. */
double clf__newton_begin_step(clf__newton_solver *s);
/* Solves for the step, and X s, until a share of the right side is left. */
clf_status clf__newton_find_step(clf__newton_solver *s, double share);

#endif
