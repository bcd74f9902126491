/* A support vector machine with LIBSVM's order of classes: fitted on rows, deciding by its rules, and
 * written to its model file. */
#ifndef CLASSIFY_LIBSVM_MACHINE_H
#define CLASSIFY_LIBSVM_MACHINE_H

#include <classify.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "libsvm/text.h"

/* The numbers of the option -t. */
enum { SVM_LINEAR, SVM_POLYNOMIAL, SVM_RBF, SVM_SIGMOID, SVM_PRECOMPUTED, SVM_KERNELS };

/* The numbers of the option -s, and the words of files for them. */
enum { SVM_C_SVC, SVM_NU_SVC, SVM_ONE_CLASS, SVM_EPSILON_SVR, SVM_NU_SVR, SVM_TYPES };
extern const char *const svm_type_words[SVM_TYPES];

static inline bool svm_type_has_classes(int type) {
  return type == SVM_C_SVC || type == SVM_NU_SVC;
}

static inline bool svm_type_is_regression(int type) {
  return type == SVM_EPSILON_SVR || type == SVM_NU_SVR;
}

enum { SVM_MAX_WEIGHTS = 256 };

/* What the options of svm-train say of the machine. */
typedef struct svm_settings {
  int type, kernel;
  int64_t degree;
  double gamma, coef0, C, nu, epsilon, tolerance, cache_mb;
  bool probability;
  double sigma; /* with probability, of a regression: the scale of its errors; else 0 */
  int weights;  /* how many options -wi there are */
  int32_t weight_label[SVM_MAX_WEIGHTS]; /* [weights] */
  double weight[SVM_MAX_WEIGHTS];        /* [weights] */
} svm_settings;

/* The classes of some rows, in the order in which the rows have them first; of the two classes -1
 * and 1, 1 is first. */
typedef struct svm_classes {
  int64_t count;
  int32_t *label; /* [count] */
  int64_t *rows;  /* [count] how many rows each has */
  int32_t *of;    /* [rows] the class of each row */
} svm_classes;

/* Finds the classes of `count` rows. False when memory runs out. */
bool svm_classes_find(svm_classes *out, const svm_rows *rows, const int64_t *chosen, int64_t count);
void svm_classes_free(svm_classes *classes);

/* A fitted machine, or one of a file. */
typedef struct svm_machine {
  clf_model *model; /* NULL for a machine of a single class */
  int type;
  int64_t classes; /* 2, as in files, for a machine without classes */
  int32_t *label;  /* [classes], or NULL */
  int64_t *place;  /* [classes] the index that each has in the model, or NULL */
  bool calibrated; /* it has probabilities, or the scale of its errors */
  double sigma;
} svm_machine;

void svm_machine_free(svm_machine *machine);

/* Writes what LIBSVM predicts for each row of a dataset: the label of the class with most votes, and
 * of several such that of the first one, or with `probabilities` [rows, classes] of the most
 * probable class; 1 or -1 of one class; the value of a regression. `answer` [rows]. */
clf_status svm_machine_decide(const svm_machine *machine, const clf_dataset *data, double *answer,
                              double *probabilities);

/* The upper bound of the dual variables of a class's rows, or of all rows. */
double svm_bound_of(const svm_settings *settings, int32_t label);

/* What a machine is fitted on. */
typedef struct svm_training {
  clf_context *context;
  const svm_rows *rows;
  clf_dataset *whole;    /* of all rows; NULL with a precomputed kernel */
  const int64_t *chosen; /* [count] the rows to fit */
  int64_t count;
  svm_classes classes; /* of these rows, if the machine has classes */
} svm_training;

/* Makes the dataset of some rows; with a precomputed kernel, of their kernel values with the rows
 * that are fitted. */
clf_status svm_training_rows(clf_dataset **out, const svm_training *training, const int64_t *chosen,
                             int64_t count);

/* Fits a machine, which is to be freed after a failure too; training->classes receives the
 * classes. */
clf_status svm_machine_fit(svm_machine *out, svm_training *training, const svm_settings *settings);

/* Computes the rho [pairs] of LIBSVM's decision function for the rows as they were read. */
clf_status svm_machine_rho(const svm_machine *machine, const svm_training *training,
                           const svm_settings *settings, double *rho);

/* Prints LIBSVM's lines on a fit. */
clf_status svm_machine_print(const svm_machine *machine, const svm_training *training,
                             const svm_settings *settings);

/* Writes LIBSVM's model file. */
clf_status svm_machine_write(FILE *out, const svm_machine *machine, const svm_training *training,
                             const svm_settings *settings);

/* Reads LIBSVM's model file; rows to decide have at least `columns` columns, of which column j is
 * the feature of index j (with a precomputed kernel, the kernel values with row j + 1). -1 to go
 * on, or an exit status after a message. */
int svm_machine_read(svm_machine *out, clf_context *context, const char *path, int64_t columns,
                     bool *precomputed);

#endif
