/* Copies of fitted transforms, and whether two do the same. */
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

clf_status clf__transform_copy(clf_transform **out, const clf_transform *transform) {
  clf_transform *copy = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__transform_clone(&copy, transform));
  CLF__TRY(clf__store_create(&copy->state, transform->context));
  for (int64_t i = 0; i < clf__store_count(transform->state); i++) {
    const char *name = clf__store_name(transform->state, i);
    CLF__TRY(clf__store_add_tensor(copy->state, name, clf__store_tensor(transform->state, name)));
  }
  copy->inputs = transform->inputs;
  copy->features = transform->features;
  copy->chosen = transform->chosen; /* in a tensor that both share */
  copy->names = clf__names_retain(transform->names);
  copy->outputs = clf__names_retain(transform->outputs);
  copy->categories = clf__categories_retain(transform->categories);
  *out = copy;
  copy = NULL;
done:
  clf_transform_free(copy);
  return status;
}
