/* One problem while it is being solved, between svm_solve.c and svm_set.c. */
#ifndef CLF_MODELS_SVM_SVM_SOLVER_H
#define CLF_MODELS_SVM_SVM_SOLVER_H

#include "models/svm/svm.h"

enum {
  CLF__SVM_SET = 512
}; /* most variables of a working set: its matrix is then 1 MB, as L2 is */

typedef struct clf__svm_solver {
  clf__arena arena;
  clf__svm_problem *p;
  clf_context *context;
  double *lower, *upper; /* [count] */
  /* The working set. */
  int64_t capacity; /* for variables */
  int64_t size;
  int64_t *set;       /* [capacity] */
  bool *in_set;       /* [count] whether a variable is in it */
  int64_t *candidate; /* [count] scratch */
  int64_t *row;       /* [capacity] rows of x */
  float *K;           /* [capacity, capacity] */
  float *diagonal;    /* [capacity] */
  double *own;        /* [6, capacity] lower, upper, b, error, rise, fall */
  double *factor;     /* [capacity] changes of b */
  double *step;       /* [columns] a linear kernel's change of w */
  float *w;           /* the same */
} clf__svm_solver;

static inline bool clf__svm_in_up_set(const clf__svm_solver *s, int64_t i) {
  return s->p->b[i] < s->upper[i];
}

static inline bool clf__svm_in_low_set(const clf__svm_solver *s, int64_t i) {
  return s->p->b[i] > s->lower[i];
}

/* Chooses the next working set: variables that may rise and whose error is above `min_low`, that may
 * fall and whose error is below `max_up`. */
void clf__svm_select_working_set(clf__svm_solver *s, double max_up, double min_low);

/* The set as a problem of its own, in the solver's memory. Fails for lack of memory. */
clf_status clf__svm_load_working_set(clf__svm_solver *s, double tolerance, clf__smo *out);

#endif
