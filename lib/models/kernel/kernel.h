/* What models with kernels share: the parameters kernel, gamma, degree and coef0, support vectors
 * in the state, and prediction by them. */
#ifndef CLF_MODELS_KERNEL_KERNEL_H
#define CLF_MODELS_KERNEL_KERNEL_H

#include "models/model.h"
#include "ops/ops.h"

/* The struct of parameters of each such model has a member `kernel`. */
typedef struct clf__kernel_params {
  int32_t kernel; /* index of the word in its table */
  clf__number gamma;
  int64_t degree;
  double coef0;
} clf__kernel_params;

/* Limit for fitted models: more than gamma=scale is for the smallest floats. The parameter's own
 * limit is 1e30.
 */
#define CLF__KERNEL_MAX_GAMMA 1e100

/* The words of the parameter `kernel`, in the order of CLF__KERNEL_…. */
#define CLF__KERNEL_WORDS "linear|polynomial|rbf|sigmoid|precomputed"

/* The other rows of the table of parameters. */
#define CLF__KERNEL_PARAMS                                                                         \
  CLF__REAL_OR(kernel.gamma, "scale|auto", "scale", 0, 1e30,                                       \
               "factor in kernels; scale: 1/(features * variance of values); auto: 1/features"),   \
      CLF__INT(kernel.degree, "3", 1, 64,                                                          \
               "degree of the polynomial kernel (gamma x.z + coef0)^degree"),                      \
      CLF__REAL(kernel.coef0, "0", -1e30, 1e30, "constant in the polynomial and sigmoid kernels")

/* Makes the function for `kind` (CLF__KERNEL_…), with gamma determined from the training rows whose
 * weight is not 0; it is 0 for kinds without gamma. A precomputed kernel returns CLF_ERROR_SHAPE
 * unless x has as many columns as rows, and CLF_ERROR_UNSUPPORTED if they are sparse. Others return
 * CLF_ERROR_NUMERIC, with the row in the message, if kernel values overflow a float. */
clf_status clf__kernel_resolve(clf__kernel_function *out, const clf_model *model, int32_t kind,
                               const clf__kernel_params *params, const clf__training *training);

/* The same, and the center of clf__kernel_center(), of rows that ranks have parts of (x->shards). A
 * precomputed kernel has no parts. */
clf_status clf__kernel_resolve_ranks(clf__kernel_function *out, const float **center,
                                     clf__arena *arena, const clf_model *model,
                                     const clf__kernel_params *params,
                                     const clf__training *training);
/* Returns CLF_ERROR_NUMERIC if values of a linear or polynomial kernel overflow a float. */
clf_status clf__kernel_check_range(clf_context *context, const clf__kernel_function *function,
                                   const clf__training *training);

/* Returns CLF_ERROR_NUMERIC if kernel values as floats cannot distinguish the rows although they
 * differ; logs a warning if only few digits distinguish them. */
clf_status clf__kernel_check_digits(clf_context *context, const clf__kernel_function *function,
                                    const clf__training *training);

/* Returns whether methods with an intercept and a kernel (CLF__KERNEL_…) find the same for rows
 * that are shifted by a constant. */
bool clf__kernel_movable(int32_t kind);

/* Computes the column means of dense f32 rows for an rbf kernel, in the arena. *out is NULL if
 * subtracting them would not make the rows much shorter. */
clf_status clf__kernel_center(const float **out, clf__arena *arena,
                              const clf__kernel_function *function, const clf__rows *x);

/* Writes the rows rows[0 … count-1] of x to the state as support vectors: their numbers, the
 * function and the center, if there is one. The tensors:
 *   support            i64 [n]   the rows' numbers in training
 *   kernel             i32 [2]   CLF__KERNEL_…, degree
 *   kernel_gamma       f64 [1]   as resolved
 *   kernel_coef0       f64 [1]
 *   kernel_center      f32 [columns], or none
 *   support_vectors    f32 or u8 [n, columns], with support_scale f32 [1] for u8
 *   support_row_start  i64 [n + 1], support_column i32 and support_value f32, for sparse rows
 * A precomputed kernel needs no vectors. Later changes of the parameters do not affect the
 * state. */
clf_status clf__support_store(clf_context *context, clf__store *state,
                              const clf__kernel_function *function, const clf__rows *x,
                              const int64_t *rows, int64_t count, const float *center);

/* Checks whether a loaded state has them as above. Returns CLF_OK or CLF_ERROR_CORRUPT. The
 * functions below rely on it.
 */
clf_status clf__support_check(const clf_model *model);
int64_t clf__support_count(const clf_model *model);
clf__kernel_function clf__support_function(const clf_model *model);
/* Returns the support vectors as rows; those of a precomputed kernel have no data. */
clf__rows clf__support_rows(const clf_model *model);

/* What a kind with support vectors prepares for decisions; decisions also work without it. */
clf_status clf__support_prepare(const clf_model *model, void **prepared);
void clf__support_free_prepared(void *prepared);

/* out [x->rows, segments * outputs]: clf__kernel_sums over the state's support vectors. */
clf_status clf__support_sums(const clf_model *model, const int64_t *start, int64_t segments,
                             const float *c, int64_t outputs, const clf__rows *x, float *out);
/* The same with coefficients in f64, summed in f64. */
clf_status clf__support_sums_f64(const clf_model *model, const int64_t *start, int64_t segments,
                                 const double *c, int64_t outputs, const clf__rows *x, double *out);

#endif
