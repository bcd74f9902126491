/* Sums over rows, for transforms that are fitted in parts. */
#include "ops/linalg/moments.h"
#include "transform/transform.h"

static const char prefix[] = "sums.";

clf_status clf__transform_sums(clf__moments **out, const clf_transform *transform,
                               const clf_dataset *dataset, const clf__store *before, bool full,
                               clf__store *state) {
  clf_context *context = transform->context;
  const clf__rows x = clf__dataset_rows(dataset);
  const clf__moment_rows rows = {.x = &x, .weights = clf__dataset_weights(dataset)};
  clf__moments *m = NULL;
  clf_status status = CLF_OK;
  if (before == NULL) {
    CLF__TRY(clf__moments_create(&m, context, x.columns, 0, false, full, false));
  } else {
    CLF__TRY(clf__moments_load(&m, context, before, prefix, x.columns, 0, false, full));
  }
  if (m == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "the transform was fitted to all its rows at once and keeps no sums of them; "
                     "begin with a partial fit");
  }
  CLF__TRY(clf__moments_add(m, &rows));
  if (clf__moments_rows(m) == 0) {
    status = clf__fail(CLF_ERROR_DATA, "all weights are 0");
    goto done;
  }
  CLF__TRY(clf__moments_save(m, state, prefix));
  *out = m;
  m = NULL;
done:
  clf__moments_free(m);
  return status;
}

clf_status clf__transform_check_sums(const clf_transform *transform, bool full) {
  clf__moments *m = NULL;
  const clf_status status = clf__moments_load(&m, transform->context, transform->state, prefix,
                                              transform->features, 0, false, full);
  clf__moments_free(m);
  return status;
}
