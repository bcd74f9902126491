/* Objects that are saved as stores. A kind writes an object's entries to a store and reads an
 * object from one; saving and loading by path and by memory use these two functions. */
#ifndef CLF_STORE_OBJECT_H
#define CLF_STORE_OBJECT_H

#include "store/store.h"

typedef struct clf__object_kind {
  clf_status (*write)(const void *object, clf__store *store);
  /* Makes a new object; after a failure *out is unchanged. */
  clf_status (*read)(void **out, clf_context *context, const clf__store *store);
} clf__object_kind;

/* The context is the object's. Paths and buffers are as in clf__store_write_path() and
 * _memory(). */
clf_status clf__object_save(const clf__object_kind *kind, const void *object, clf_context *context,
                            const char *path);
clf_status clf__object_save_memory(const clf__object_kind *kind, const void *object,
                                   clf_context *context, void *buffer, size_t capacity,
                                   size_t *size);

/* Messages of a failure name the path. */
clf_status clf__object_load(const clf__object_kind *kind, void **out, clf_context *context,
                            const char *path);
clf_status clf__object_load_memory(const clf__object_kind *kind, void **out, clf_context *context,
                                   const void *bytes, size_t size);

#endif
