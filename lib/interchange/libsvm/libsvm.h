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
  CLF__LIBSVM_NR_SV
};
#define CLF__LIBSVM_KEYS                                                                           \
  "svm_type|kernel_type|degree|gamma|coef0|nr_class|total_sv|rho|label|probA|probB|nr_sv"
/* LIBSVM's words for types; those for kernels are also ours (CLF__KERNEL_WORDS). */
#define CLF__LIBSVM_TYPES "c_svc|nu_svc|one_class|epsilon_svr|nu_svr"
enum { CLF__LIBSVM_C_SVC, CLF__LIBSVM_NU_SVC };

typedef struct clf__libsvm_params {
  clf__number features;
  int32_t zero_based; /* auto, true, false */
} clf__libsvm_params;

/* The content of a file: classes in its order, vectors one class after another. */
typedef struct clf__libsvm {
  clf__arena arena; /* holds the arrays */
  clf__kernel_function function;
  int64_t classes, pairs, vectors;
  clf_tensor *labels;    /* [classes] i64 */
  int64_t *count;        /* [classes] number of vectors of each */
  double *rho;           /* [pairs] (0,1), (0,2), …, (1,2), … */
  double *calibration_a; /* [pairs], or NULL */
  double *calibration_b;
  double *coefficients; /* [classes - 1, vectors], within the range of float */
  /* The vectors; a precomputed kernel has only row numbers from 0. */
  int64_t columns;
  int64_t *row_start;
  int32_t *column;
  double *value;    /* within the range of float */
  int64_t *support; /* [vectors], otherwise NULL */
} clf__libsvm;

/* Trusts nothing in the text. Returns CLF_ERROR_FORMAT with the position, CLF_ERROR_UNSUPPORTED for
 * models that are not classifiers, or CLF_ERROR_MEMORY. Free it after a failure, too. */
clf_status clf__libsvm_parse(clf__libsvm *out, clf_context *context, const clf__bytes *bytes,
                             const char *name, const clf__libsvm_params *params);
void clf__libsvm_free(clf__libsvm *file);

/* Returns the index of the pair i < j among all. */
static inline int64_t clf__libsvm_pair(int64_t i, int64_t j, int64_t classes) {
  return i * classes - i * (i + 1) / 2 + j - i - 1;
}

#endif
