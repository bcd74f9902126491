/* One problem while it is being solved, shared by svm_solve.c and svm_set.c. */
#ifndef CLF_MODELS_SVM_SVM_SOLVER_H
#define CLF_MODELS_SVM_SVM_SOLVER_H

#include "models/svm/svm.h"

enum {
  CLF__SVM_SET = 512
}; /* max variables of a working set; its matrix takes 1 MB, the size of L2 */

typedef struct clf__svm_solver {
  clf__arena arena;
  clf__svm_problem *p;
  clf_context *context;
  double *lower, *upper; /* [count] */
  double *before;        /* [count] gradients before the current step, if it can be cancelled */
  /* The working set. */
  int64_t capacity; /* for variables */
  int64_t size;
  int64_t *set;       /* [capacity] */
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

static inline bool clf__svm_in_up_set(const clf__svm_solver *s, int64_t i) {
  return s->p->b[i] < s->upper[i];
}

static inline bool clf__svm_in_low_set(const clf__svm_solver *s, int64_t i) {
  return s->p->b[i] > s->lower[i];
}

/* Selects the next working set: variables of the up set whose gradient is above `min_low`, and of
 * the low set whose gradient is below `max_up`. */
void clf__svm_select_working_set(clf__svm_solver *s, double max_up, double min_low);

/* Makes the set a problem of its own, in the solver's memory. Fails if memory runs out. */
clf_status clf__svm_load_working_set(clf__svm_solver *s, double tolerance, clf__smo *out);

#endif
