/* A fit while it is running, shared by svm_fit.c and svm_store.c. */
#ifndef CLF_MODELS_SVM_SVM_FITTING_H
#define CLF_MODELS_SVM_SVM_FITTING_H

#include "data/rank_whole.h"
#include "models/svm/svm.h"

typedef struct clf__svm_fitting {
  clf__arena arena;
  const clf_model *model;
  const clf__training *training;
  clf__svm_shape shape;
  clf__svm_rows rows;
  clf__svm_shared *shared;
  double *C;            /* [rows] */
  const float *counted; /* [rows], or NULL for 1 */
  int64_t *all;         /* [classes] 0, 1, … : the parts of a problem of all classes */
  clf__svm_problem *problems;
  int64_t (*pairs)[2];
  int8_t *sides;     /* [2 classes] -1 but for +1 in the middle: class k against the rest
                        reads its sides from classes - k on */
  int64_t *own;      /* [own_count] the problems that this rank solves */
  int64_t own_count; /* all of them with one rank */
  int32_t *owner;    /* [problems] ranks, or NULL with one */
  /* With divide=rows, when the machines are solved: the support vectors of all ranks, as rows of a
   * training, and their numbers among the rows of all. */
  clf__rank_whole vectors;
  clf__training vector_training;
  int64_t *number;
  int64_t quota;             /* steps that a machine may make in this round */
  bool closing;              /* unsolved machines stay as they are */
  bool stopped;              /* by the host */
  atomic_int_least64_t done; /* machines */
} clf__svm_fitting;

/* Writes the machines of a finished fit to the state. */
clf_status clf__svm_store_machines(const clf__svm_fitting *f, clf__store *state);

/* svm_ranks.c. Divides the problems among the ranks. Allocates in f->arena. */
clf_status clf__svm_divide(clf__svm_fitting *f);
/* Sets `steps` and `ended` of all problems to those of the ranks that solve them. */
clf_status clf__svm_share_steps(clf__svm_fitting *f);
/* Gives all ranks the results of all finished problems. */
clf_status clf__svm_share_results(clf__svm_fitting *f);

/* Returns the line of coefficients that has those of a machine's vectors of a class, -1 if the
 * machine has none. LIBSVM's layout: for a vector of class i, the coefficient in its machine
 * against class j is in row j, or in row j - 1 if j > i. */
static inline int64_t clf__svm_line(const clf__svm_fitting *f, int64_t machine, int64_t class) {
  const int64_t *part = f->problems[machine].part;
  return !f->shape.pairs    ? machine
         : class == part[0] ? part[1] - 1
         : class == part[1] ? part[0]
                            : -1;
}

/* With divide=rows: the machines, of which each rank has the vectors among its rows, get those of
 * all ranks, and f->training becomes that of the vectors. */
clf_status clf__svm_gather_vectors(clf__svm_fitting *f);
/* svm_rows.c. Solves a machine whose rows are divided; what remains are its vectors among this
 * rank's rows. */
clf_status clf__svm_solve_rows(clf__svm_fitting *f, clf__svm_problem *problem);

/* svm_warm.c. With warm_start=true, adds the tensors that the problems leave their variables in,
 * and lets them start from those of the last fit, if its rows and kernel are the same. */
clf_status clf__svm_begin_warm(clf__svm_fitting *f, clf__store *state);

#endif
