/* Tensors in the bytes of a file, which stay mapped, or in memory, as long as one of them lives. */
#include <stdatomic.h>

#include "tensor/tensor.h"

struct clf__tensor_bytes {
  atomic_int_least64_t references;
  clf__bytes bytes;
};

clf_status clf__tensor_bytes_share(clf__tensor_bytes **out, clf_context *context,
                                   clf__bytes *bytes) {
  clf__tensor_bytes *shared = clf__alloc(context, sizeof *shared);
  if (shared == NULL) {
    return CLF_ERROR_MEMORY;
  }
  atomic_init(&shared->references, 1);
  shared->bytes = *bytes;
  *bytes = (clf__bytes){0};
  *out = shared;
  return CLF_OK;
}

void clf__tensor_bytes_release(clf__tensor_bytes *shared) {
  if (shared != NULL && atomic_fetch_sub(&shared->references, 1) == 1) {
    clf__bytes_release(&shared->bytes);
    clf__free(shared);
  }
}

static void release(void *user) {
  clf__tensor_bytes_release(user);
}

clf_status clf__tensor_of_bytes(clf_tensor **out, clf_context *context, clf__tensor_bytes *shared,
                                const void *data, int32_t dtype, int32_t ndim,
                                const int64_t *shape) {
  CLF__CHECK(clf_tensor_wrap(out, context, data, dtype, ndim, shape, NULL));
  atomic_fetch_add(&shared->references, 1);
  return clf_tensor_set_release(*out, release, shared);
}
