/* What the models with kernels share: the parameters kernel, gamma, degree and coef0 under the same
 * names, support vectors in the state, and prediction by them. */
#ifndef CLF_MODELS_KERNEL_H
#define CLF_MODELS_KERNEL_H

#include "models/model.h"
#include "ops/ops.h"

/* A member of the struct of parameters of each such model. */
typedef struct clf__kernel_params {
  int32_t kernel; /* place among the words of its table */
  clf__number gamma;
  int64_t degree;
  double coef0;
} clf__kernel_params;

/* The rows of its table of parameters: gamma, degree and coef0 of the member `kernel` of `type`. */
#define CLF__KERNEL_PARAMS(type)                                                                   \
  {"gamma",                                                                                        \
   CLF_PARAM_NUMBER,                                                                               \
   offsetof(type, kernel.gamma),                                                                   \
   "scale",                                                                                        \
   0,                                                                                              \
   1e30,                                                                                           \
   false,                                                                                          \
   "scale|auto",                                                                                   \
   "factor in the kernel: scale is 1 / (features * variance of all values), auto 1 / features"},   \
      {"degree",                                                                                   \
       CLF_PARAM_I64,                                                                              \
       offsetof(type, kernel.degree),                                                              \
       "3",                                                                                        \
       1,                                                                                          \
       64,                                                                                         \
       false,                                                                                      \
       NULL,                                                                                       \
       "of the polynomial kernel (gamma x.z + coef0)^degree"},                                     \
  {                                                                                                \
    "coef0", CLF_PARAM_F64, offsetof(type, kernel.coef0), "0", -1e30, 1e30, false, NULL,           \
        "added in the polynomial and the sigmoid kernel"                                           \
  }

/* The words of the parameter `kernel`, in the order of CLF__KERNEL_…. */
#define CLF__KERNEL_WORDS "linear|polynomial|rbf|sigmoid|precomputed"

/* The function for `kind` (CLF__KERNEL_…) with gamma resolved on the training rows. For a
 * precomputed kernel CLF_ERROR_SHAPE unless x has as many columns as rows. */
clf_status clf__kernel_resolve(clf__kernel_function *out, const clf_model *model, int32_t kind,
                               const clf__kernel_params *params, const clf__rows *x);

/* Column means of dense f32 rows for an rbf kernel, allocated; *out is NULL where none is needed.
 */
clf_status clf__kernel_center(float **out, clf_context *context,
                              const clf__kernel_function *function, const clf__rows *x);

/* Puts the rows rows[0 … count-1] of x into the state as support vectors, with their numbers
 * (`support`), the function (`kernel_gamma` f64, as resolved) and the center when there is one. */
clf_status clf__support_store(clf_context *context, clf__store *state,
                              const clf__kernel_function *function, const clf__rows *x,
                              const int64_t *rows, int64_t count, const float *center);

/* Whether a loaded state holds them as above. */
clf_status clf__support_check(const clf_model *model, int32_t kind);
int64_t clf__support_count(const clf_model *model);

/* out [x->rows, segments * outputs]: clf__kernel_sums of the state's support vectors. */
clf_status clf__support_sums(const clf_model *model, int32_t kind, const clf__kernel_params *params,
                             const int64_t *start, int64_t segments, const float *c,
                             int64_t outputs, const clf__rows *x, float *out);

#endif
