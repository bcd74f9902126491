/* Whether two fitted transforms do the same. */
#include <string.h>

#include "base/text.h"
#include "transform/transform.h"

static bool equal_tensors(const clf_tensor *one, const clf_tensor *two) {
  return one != NULL && two != NULL && one->dtype == two->dtype && one->ndim == two->ndim &&
         memcmp(one->shape, two->shape, (size_t)one->ndim * sizeof *one->shape) == 0 &&
         memcmp(one->data, two->data,
                (size_t)clf_tensor_count(one) * clf__dtype_size(one->dtype)) == 0;
}

static bool equal_states(const clf__store *one, const clf__store *two) {
  if (one == NULL || two == NULL || clf__store_count(one) != clf__store_count(two)) {
    return false;
  }
  for (int64_t i = 0; i < clf__store_count(one); i++) {
    const char *name = clf__store_name(one, i);
    if (!equal_tensors(clf__store_tensor(one, name), clf__store_tensor(two, name))) {
      return false;
    }
  }
  return true;
}

clf_status clf__transform_equal(bool *equal, const clf_transform *one, const clf_transform *two) {
  clf__text first = {.context = one->context}, second = {.context = one->context};
  *equal = one->kind == two->kind && one->features == two->features;
  if (!*equal) {
    return CLF_OK;
  }
  clf__params_format(&one->kind->base.params, one->params, &first);
  clf__params_format(&one->kind->base.params, two->params, &second);
  const bool failed = first.failed || second.failed;
  if (!failed) {
    const char *a = first.bytes != NULL ? first.bytes : "";
    const char *b = second.bytes != NULL ? second.bytes : "";
    *equal = strcmp(a, b) == 0 && equal_states(one->state, two->state);
  }
  clf__text_free(&first);
  clf__text_free(&second);
  return failed ? CLF_ERROR_MEMORY : CLF_OK;
}
