/* log: each feature x becomes ln(1 + x), for counts and amounts of any scale; numbers below 0 are
 * refused, or with signs=true become -ln(1 - x). */
#include <math.h>

#include "base/text.h"
#include "transform/map.h"
#include "transform/transform.h"

typedef struct log_params {
  clf__transform_params common;
  bool signs;
  int32_t precision;
} log_params;

#define CLF__VALUES log_params
static const clf__param params[] = {
    CLF__BOOL(signs, "false", "numbers below 0 become -ln(1 - x), instead of being refused"),
    CLF__PRECISION_PARAM,
    CLF__TRANSFORM_PARAMS,
};

static clf_status change(const void *argument, int64_t column, double *value) {
  const log_params *values = argument;
  (void)column;
  if (*value < 0 && !values->signs) {
    return clf__fail(CLF_ERROR_DATA, "%s is below 0; signs=true takes it as -ln(1 - x)",
                     clf__number_text(*value));
  }
  *value = copysign(log1p(fabs(*value)), *value);
  return CLF_OK;
}

static clf_status apply(clf_dataset **out, const clf_transform *transform,
                        const clf_dataset *dataset) {
  const log_params *values = transform->params;
  return clf__map_apply(out, dataset, values->precision == CLF__PRECISION_F64, change, values);
}

/* Refuses what apply would refuse. */
static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  const log_params *values = transform->params;
  clf_dataset *made = NULL;
  (void)state;
  if (values->signs) {
    return CLF_OK;
  }
  const clf_status status = apply(&made, transform, dataset);
  clf_dataset_free(made);
  return status;
}

static clf_status check(const clf_transform *transform) {
  (void)transform;
  return CLF_OK;
}

const clf__transform_kind clf__log_kind = {
    .base = CLF__KIND("log", "the logarithm of 1 + each feature", params, log_params),
    .operation = CLF__TRANSFORM_LOG,
    .can = CLF__ONE_EACH | CLF__CONSTANT,
    .fit = fit,
    .apply = apply,
    .check = check,
};
