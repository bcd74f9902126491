/* One problem while it is being solved, shared by svm_problem.c, svm_solve.c,
 * svm_gradient.c, svm_set.c, svm_shrink.c, svm_accelerate.c and svm_start.c. */
#ifndef CLF_MODELS_SVM_SVM_SOLVER_H
#define CLF_MODELS_SVM_SVM_SOLVER_H

#include "models/svm/svm.h"

enum {
  CLF__SVM_SET = 512
}; /* max variables of a working set; its matrix takes 1 MB, the size of L2 */

/* The optimality conditions of the variables of one sum: the largest gradient in the up set exceeds
 * the smallest in the low set by no more than the tolerance. */
typedef struct clf__svm_gap {
  double max_up, min_low;
} clf__svm_gap;

/* What the working sets have changed, from one step of svm_accelerate.c to the next. */
enum { CLF__SVM_DIRECTIONS = 3 };

typedef struct clf__svm_history {
  double *b, *gradient; /* [count] after the last step; NULL if there are none */
  double *before;       /* [count] b before a step */
  double *direction[CLF__SVM_DIRECTIONS], *product[CLF__SVM_DIRECTIONS]; /* [count] d and K d, the
                                                                          * newest first */
  int directions;
  int64_t sets, wait; /* working sets since the last step, and until the next */
} clf__svm_history;

typedef struct clf__svm_solver {
  clf__arena arena;
  clf__svm_problem *p;
  clf_context *context;
  double *lower, *upper; /* [count] */
  double *before;        /* [count] gradients before the current step, if it can be cancelled */
  int64_t sums;          /* of b that are constant: 1, or 2 for those of the sides */
  bool may_shrink;       /* the active variables may be solved by themselves */
  clf__svm_gap gap[2];   /* [sums] */
  double largest;        /* |K_ii| so far */
  double interior_work, descent_work; /* of the ways to a linear machine's solution */
  double work_to_spend; /* before a linear machine goes on near its solution; INFINITY: never */
  double work_spent;    /* on working sets */
  bool few_vectors;     /* the decomposition is faster only because one side has few rows */
  clf__svm_history history;
  double demanded; /* share of the tolerance: less than 1 where the objective demands it */
  /* The working set. */
  int64_t capacity; /* for variables */
  int64_t size;
  int64_t split;      /* where the variables of the second sum begin */
  int64_t *set;       /* [capacity] variables; -1 for a gap before the split */
  bool *in_set;       /* [count] whether a variable is in the set */
  int64_t *candidate; /* [count] scratch */
  int64_t *row;       /* [capacity] rows of x */
  float *K;           /* [capacity, capacity] */
  float *diagonal;    /* [capacity] */
  double *own;        /* [6, capacity] lower, upper, b, gradient, up_set, low_set */
  double *factor;     /* [capacity] changes of b */
  double *step;       /* [columns] change of w for a linear kernel */
  float *w;           /* the same */
} clf__svm_solver;

/* Returns by how much the objective of a linear machine, of sparse rows or with few_vectors, may
 * exceed its minimum, as a share of it. */
static inline double clf__svm_max_excess(const clf__svm_problem *p) {
  return 0.25 * p->tolerance;
}

/* Returns the middle of the interval that the conditions allow. */
static inline double clf__svm_middle(const clf__svm_gap *gap) {
  return isfinite(gap->max_up) && isfinite(gap->min_low) ? gap->max_up / 2 + gap->min_low / 2
         : isfinite(gap->max_up)                         ? gap->max_up
         : isfinite(gap->min_low)                        ? gap->min_low
                                                         : 0;
}

static inline bool clf__svm_in_up_set(const clf__svm_solver *s, int64_t i) {
  return s->p->b[i] < s->upper[i];
}

static inline bool clf__svm_in_low_set(const clf__svm_solver *s, int64_t i) {
  return s->p->b[i] > s->lower[i];
}

static inline int64_t clf__svm_sum_of(const clf__svm_solver *s, int64_t i) {
  return s->sums == 2 && s->p->y[i] < 0;
}

/* svm_problem.c. The variables, and their values to start from; K b is not subtracted from the
 * gradients unless start_product has it. */
clf_status clf__svm_alloc_results(clf__svm_problem *p);
void clf__svm_set_variables(clf__svm_solver *s);
void clf__svm_set_start(clf__svm_solver *s);

/* svm_gradient.c. Adds row[i] times factor[i], for `moved` rows, to the gradients. */
clf_status clf__svm_update_gradients(clf__svm_solver *s, int64_t moved);
/* Subtracts K b from the gradients; for a linear kernel by w, in f64. */
clf_status clf__svm_subtract_start(clf__svm_solver *s);
void clf__svm_subtract_weights(clf__svm_solver *s);
/* Starts from the solution with all variables: those that are absent now become 0. */
clf_status clf__svm_start_without(clf__svm_solver *s);
/* Moves b that are beyond their bounds to them; others make up for that, so that the sum of b stays
 * as it is. */
clf_status clf__svm_return_to_bounds(clf__svm_solver *s);

/* svm_accelerate.c. Begins with the present b and gradients; makes a step after a working set, if
 * it is time for one. If that fails, b and the gradients are as before. */
clf_status clf__svm_open_history(clf__svm_solver *s);
void clf__svm_begin_history(clf__svm_solver *s);
clf_status clf__svm_accelerate(clf__svm_solver *s);

/* svm_set_newton.c. Solves the problem of a working set, in the number of steps that is
 * returned. */
clf_status clf__svm_solve_set(const clf__svm_solver *s, const clf__smo *smo, int64_t *steps);

/* svm_shrink.c. Returns whether the active variables, by the gaps, are to be solved by themselves;
 * and solves them until their gap is `gap`. Without the memory for it, b and the gradients are as
 * before; if it is stopped, they are what the active variables have by then. */
bool clf__svm_shrinks(const clf__svm_solver *s);
clf_status clf__svm_solve_active(clf__svm_solver *s, double gap);

/* svm_start.c. Sets the work to spend; returns how many steps a working set may make; subtracts the
 * work of a working set with so many steps; and sets b near the solution. After clf__svm_stay()
 * that is not done any more. */
void clf__svm_expect_work(clf__svm_solver *s);
int64_t clf__svm_steps_of_set(const clf__svm_solver *s);
void clf__svm_spend_work(clf__svm_solver *s, int64_t steps);
void clf__svm_stay(clf__svm_solver *s);
clf_status clf__svm_start_near(clf__svm_solver *s);

/* svm_solve.c. Sets the gap of each sum, and returns by how much the worst violates the
 * conditions. */
double clf__svm_find_gaps(clf__svm_solver *s);

/* svm_set.c. Moves the `wanted` of at[count] that have the largest sign * gradient[at] to the
 * front; equal ones are ordered by at. */
void clf__svm_select_first(const double *gradient, double sign, int64_t *at, int64_t count,
                           int64_t wanted);
/* Returns the set as a problem, whose variables and matrix are in the solver's memory. */
clf__smo clf__svm_set_problem(const clf__svm_solver *s, double tolerance);

/* Selects the next working set: for each sum, variables of the up set whose gradient is above
 * `min_low`, and of the low set whose gradient is below `max_up`. */
void clf__svm_select_working_set(clf__svm_solver *s);

/* Makes the set a problem of its own, in the solver's memory. Fails if memory runs out. */
clf_status clf__svm_load_working_set(clf__svm_solver *s, double tolerance, clf__smo *out);

#endif
