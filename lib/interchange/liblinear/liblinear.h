/* LIBLINEAR's model files, for the code that reads and writes them.
 *
 * The header is followed by a line for each feature, with its weight in each machine. If `bias` is
 * not negative, one more line has the weights of a feature that is `bias` in all rows. Two classes
 * have one machine, whose value is positive for the first of the labels, unless the solver is
 * MCSVM_CS; otherwise each class has one, and the largest value wins. Regressions and one-class
 * machines have nr_class 2, no labels and one machine. From the value of a one-class machine, which
 * is positive for rows like those of its fit, the header's rho is subtracted. */
#ifndef CLF_INTERCHANGE_LIBLINEAR_LIBLINEAR_H
#define CLF_INTERCHANGE_LIBLINEAR_LIBLINEAR_H

#include "interchange/header_text.h"
#include "interchange/model_format.h"

/* The solvers of classifiers, and after them those that are none, by which there are no labels. */
#define CLF__LIBLINEAR_SOLVERS                                                                     \
  "L2R_LR|L1R_LR|L2R_LR_DUAL|MCSVM_CS|L2R_L2LOSS_SVC_DUAL|L2R_L2LOSS_SVC|L2R_L1LOSS_SVC_DUAL|"     \
  "L1R_L2LOSS_SVC|L2R_L2LOSS_SVR|L2R_L2LOSS_SVR_DUAL|L2R_L1LOSS_SVR_DUAL|ONECLASS_SVM"
enum {
  CLF__LIBLINEAR_L2R_LR,
  CLF__LIBLINEAR_L1R_LR,
  CLF__LIBLINEAR_L2R_LR_DUAL, /* the last one with probabilities */
  CLF__LIBLINEAR_MCSVM_CS,
  CLF__LIBLINEAR_L2R_L2LOSS_SVC_DUAL,
  CLF__LIBLINEAR_L2R_L2LOSS_SVC,
  CLF__LIBLINEAR_L2R_L1LOSS_SVC_DUAL,
  CLF__LIBLINEAR_L1R_L2LOSS_SVC, /* the last classifier */
  CLF__LIBLINEAR_L2R_L2LOSS_SVR,
  CLF__LIBLINEAR_L2R_L2LOSS_SVR_DUAL,
  CLF__LIBLINEAR_L2R_L1LOSS_SVR_DUAL,
  CLF__LIBLINEAR_ONECLASS_SVM,
};

typedef struct clf__liblinear_params {
  clf__number features;
} clf__liblinear_params;

/* The content of a file, classes in its order. */
typedef struct clf__liblinear {
  clf__arena arena; /* holds the arrays */
  int32_t solver;
  int64_t classes; /* 0 without labels */
  int64_t machines, columns;
  bool biased;        /* there is an intercept */
  double bias;        /* the value of its feature */
  clf_tensor *labels; /* [classes] i64, or NULL */
  double *weights;    /* [machines, columns] */
  double *intercept;  /* [machines] */
} clf__liblinear;

static inline bool clf__liblinear_classifies(int32_t solver) {
  return solver <= CLF__LIBLINEAR_L1R_L2LOSS_SVC;
}

/* Returns the number of machines for so many classes, or 0. */
static inline int64_t clf__liblinear_machines(int32_t solver, int64_t classes) {
  const bool each = classes > 2 || solver == CLF__LIBLINEAR_MCSVM_CS;
  return each ? classes : 1;
}

/* Trusts nothing in the text. Returns CLF_ERROR_FORMAT with the position, or CLF_ERROR_MEMORY. Free
 * it after a failure, too. */
clf_status clf__liblinear_parse(clf__liblinear *out, clf_context *context, const clf__bytes *bytes,
                                const char *name, const clf__liblinear_params *params);
void clf__liblinear_free(clf__liblinear *file);

#endif
