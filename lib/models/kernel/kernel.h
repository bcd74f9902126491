/* What the models with kernels share: the parameters kernel, gamma, degree and coef0 under the same
 * names, support vectors in the state, and prediction by them. */
#ifndef CLF_MODELS_KERNEL_KERNEL_H
#define CLF_MODELS_KERNEL_KERNEL_H

#include "models/model.h"
#include "ops/ops.h"

/* A member `kernel` of the struct of parameters of each such model. */
typedef struct clf__kernel_params {
  int32_t kernel; /* place among the words of its table */
  clf__number gamma;
  int64_t degree;
  double coef0;
} clf__kernel_params;

/* Of fitted models: beyond what gamma=scale is of the smallest floats. The parameter ends at 1e30.
 */
#define CLF__KERNEL_MAX_GAMMA 1e100

/* The words of the parameter `kernel`, in the order of CLF__KERNEL_…. */
#define CLF__KERNEL_WORDS "linear|polynomial|rbf|sigmoid|precomputed"

/* The other rows of the table of parameters. */
#define CLF__KERNEL_PARAMS                                                                         \
  CLF__REAL_OR(                                                                                    \
      "gamma", kernel.gamma, "scale|auto", "scale", 0, 1e30,                                       \
      "factor in the kernel; scale: 1 / (features * variance of all values); auto: 1 / features"), \
      CLF__INT("degree", kernel.degree, "3", 1, 64,                                                \
               "degree of the polynomial kernel (gamma x.z + coef0)^degree"),                      \
      CLF__REAL("coef0", kernel.coef0, "0", -1e30, 1e30,                                           \
                "constant in the polynomial and the sigmoid kernel")

/* The function for `kind` (CLF__KERNEL_…) with gamma resolved on the training rows, but those of
 * weight 0; it is 0 for kinds without it. For a precomputed kernel CLF_ERROR_SHAPE unless x has as
 * many columns as rows, and CLF_ERROR_UNSUPPORTED when they are sparse; for others
 * CLF_ERROR_NUMERIC, naming the row, when values of the kernel are beyond float. */
clf_status clf__kernel_resolve(clf__kernel_function *out, const clf_model *model, int32_t kind,
                               const clf__kernel_params *params, const clf__training *training);

/* CLF_ERROR_NUMERIC where float values of the kernel do not tell the rows apart, though these are
 * not all the same; a warning where few digits do. */
clf_status clf__kernel_check_digits(clf_context *context, const clf__kernel_function *function,
                                    const clf__training *training);

/* Whether methods with an intercept find the same by a kernel (CLF__KERNEL_…) for rows moved by a
 * constant. */
bool clf__kernel_movable(int32_t kind);

/* Column means of dense f32 rows for an rbf kernel, in the arena; *out is NULL where taking them away
 * would not make the rows shorter by much. */
clf_status clf__kernel_center(const float **out, clf__arena *arena,
                              const clf__kernel_function *function, const clf__rows *x);

/* Puts the rows rows[0 … count-1] of x into the state as support vectors: their numbers, the
 * function and, when there is one, the center. The tensors:
 *   support            i64 [n]   the rows' numbers in training
 *   kernel             i32 [2]   CLF__KERNEL_…, degree
 *   kernel_gamma       f64 [1]   as resolved
 *   kernel_coef0       f64 [1]
 *   kernel_center      f32 [columns], or none
 *   support_vectors    f32 or u8 [n, columns], with support_scale f32 [1] for u8
 *   support_row_start  i64 [n + 1], support_column i32 and support_value f32, for sparse rows
 * A precomputed kernel needs no vectors. Later changes of the parameters do not reach the state. */
clf_status clf__support_store(clf_context *context, clf__store *state,
                              const clf__kernel_function *function, const clf__rows *x,
                              const int64_t *rows, int64_t count, const float *center);

/* Whether a loaded state holds them as above: CLF_OK or CLF_ERROR_CORRUPT. Those below rely on it.
 */
clf_status clf__support_check(const clf_model *model);
int64_t clf__support_count(const clf_model *model);
clf__kernel_function clf__support_function(const clf_model *model);
/* The support vectors as rows; those of a precomputed kernel have no data. */
clf__rows clf__support_rows(const clf_model *model);

/* What a kind whose state may hold support vectors prepares; decisions by them work without, too.
 */
clf_status clf__support_prepare(const clf_model *model, void **prepared);
void clf__support_free_prepared(void *prepared);

/* out [x->rows, segments * outputs]: clf__kernel_sums of the state's support vectors. */
clf_status clf__support_sums(const clf_model *model, const int64_t *start, int64_t segments,
                             const float *c, int64_t outputs, const clf__rows *x, float *out);

#endif
