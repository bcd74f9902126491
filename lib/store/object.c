#include "store/object.h"

#include "base/context.h"
#include "base/progress.h"
#include "base/status.h"

static clf_status to_store(clf__store **out, const clf__object_kind *kind, const void *object,
                           clf_context *context) {
  clf_status status = clf__store_create(out, context);
  return status < 0 ? status : kind->write(object, *out);
}

clf_status clf__object_save(const clf__object_kind *kind, const void *object, clf_context *context,
                            const char *path) {
  clf__store *store = NULL;
  clf__call call;
  clf__call_begin(&call, context, "save", 1);
  clf_status status = to_store(&store, kind, object, context);
  if (status == CLF_OK) {
    status = clf__store_write_path(store, path);
  }
  clf__store_free(store);
  return clf__call_end(&call, status);
}

clf_status clf__object_save_memory(const clf__object_kind *kind, const void *object,
                                   clf_context *context, void *buffer, size_t capacity,
                                   size_t *size) {
  clf__store *store = NULL;
  clf_status status = to_store(&store, kind, object, context);
  if (status == CLF_OK) {
    status = clf__store_write_memory(store, buffer, capacity, size);
  }
  clf__store_free(store);
  return status;
}

clf_status clf__object_load(const clf__object_kind *kind, void **out, clf_context *context,
                            const char *path) {
  clf__store *store = NULL;
  clf__call call;
  clf__call_begin(&call, context, "load", 1);
  clf_status status = clf__store_read_path(&store, context, path);
  status = clf__call_end(&call, status);
  if (status == CLF_OK) {
    status = kind->read(out, context, store);
  }
  clf__store_free(store);
  /* Functions that open or read the file name it already. */
  return status < 0 && status != CLF_ERROR_IO ? clf__fail_within(status, "%s", path) : status;
}

clf_status clf__object_load_memory(const clf__object_kind *kind, void **out, clf_context *context,
                                   const void *bytes, size_t size) {
  clf__store *store = NULL;
  clf_status status = clf__store_read_memory(&store, context, bytes, size);
  if (status == CLF_OK) {
    status = kind->read(out, context, store);
  }
  clf__store_free(store);
  return status;
}
