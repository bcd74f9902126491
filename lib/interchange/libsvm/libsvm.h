/* LIBSVM's model files, for the code that reads them (libsvm_read.c, libsvm_text.c,
 * libsvm_vectors.c) and writes them. */
#ifndef CLF_INTERCHANGE_LIBSVM_LIBSVM_H
#define CLF_INTERCHANGE_LIBSVM_LIBSVM_H

#include "interchange/model_format.h"
#include "models/svm/svm.h"

/* The keys at the beginning of header lines. */
enum {
  CLF__LIBSVM_SVM_TYPE,
  CLF__LIBSVM_KERNEL_TYPE,
  CLF__LIBSVM_DEGREE,
  CLF__LIBSVM_GAMMA,
  CLF__LIBSVM_COEF0,
  CLF__LIBSVM_NR_CLASS,
  CLF__LIBSVM_TOTAL_SV,
  CLF__LIBSVM_RHO,
  CLF__LIBSVM_LABEL,
  CLF__LIBSVM_PROBABILITY_A,
  CLF__LIBSVM_PROBABILITY_B,
  CLF__LIBSVM_NR_SV,
  CLF__LIBSVM_DENSITY_MARKS /* of probabilities of one_class, which are not read */
};
#define CLF__LIBSVM_KEYS                                                                           \
  "svm_type|kernel_type|degree|gamma|coef0|nr_class|total_sv|rho|label|probA|probB|nr_sv|"         \
  "prob_density_marks"
/* LIBSVM's words for types and kernels are also ours (CLF__SVM_TYPE_WORDS, CLF__KERNEL_WORDS). */

typedef struct clf__libsvm_params {
  clf__number features;
  int32_t zero_based; /* auto, true, false */
} clf__libsvm_params;

/* The content of a file: classes in its order, vectors one class after another. A regression or a
 * one_class has one machine, and neither classes nor counts. */
typedef struct clf__libsvm {
  clf__arena arena; /* holds the arrays */
  clf__kernel_function function;
  int32_t type; /* CLF__SVM_C_SVC … */
  int64_t classes, pairs, vectors;
  int64_t lines;         /* of coefficients: classes - 1, or 1 */
  clf_tensor *labels;    /* [classes] i64, or NULL */
  int64_t *count;        /* [classes] number of vectors of each, or NULL */
  double *rho;           /* [pairs] (0,1), (0,2), …, (1,2), … */
  double *calibration_a; /* [pairs], or NULL; of a regression the scale of Laplace's distribution */
  double *calibration_b; /* [pairs] for classes */
  double *coefficients;  /* [lines, vectors], within the range of float */
  /* The vectors; a precomputed kernel has only row numbers from 0. */
  int64_t columns;
  int64_t *row_start;
  int32_t *column;
  double *value;    /* within the range of float */
  int64_t *support; /* [vectors], otherwise NULL */
} clf__libsvm;

/* Trusts nothing in the text. Returns CLF_ERROR_FORMAT with the position, or
 * CLF_ERROR_MEMORY. Free it after a failure, too. */
clf_status clf__libsvm_parse(clf__libsvm *out, clf_context *context, const clf__bytes *bytes,
                             const char *name, const clf__libsvm_params *params);
void clf__libsvm_free(clf__libsvm *file);

/* Returns the index of the pair i < j among all. */
static inline int64_t clf__libsvm_pair(int64_t i, int64_t j, int64_t classes) {
  return i * classes - i * (i + 1) / 2 + j - i - 1;
}

#endif
