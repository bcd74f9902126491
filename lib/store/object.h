/* Objects that are saved as stores: a kind puts one's entries in and takes one out again, and is
 * then saved and loaded by path and by memory alike. */
#ifndef CLF_STORE_OBJECT_H
#define CLF_STORE_OBJECT_H

#include "store/store.h"

typedef struct clf__object_kind {
  clf_status (*write)(const void *object, clf__store *store);
  /* A new object; fails without touching *out. */
  clf_status (*read)(void **out, clf_context *context, const clf__store *store);
} clf__object_kind;

/* The context is the object's. Paths and buffers are as clf__store_write_path() and _memory() have
 * them. */
clf_status clf__object_save(const clf__object_kind *kind, const void *object, clf_context *context,
                            const char *path);
clf_status clf__object_save_memory(const clf__object_kind *kind, const void *object,
                                   clf_context *context, void *buffer, size_t capacity,
                                   size_t *size);

/* Failures of a path name it. */
clf_status clf__object_load(const clf__object_kind *kind, void **out, clf_context *context,
                            const char *path);
clf_status clf__object_load_memory(const clf__object_kind *kind, void **out, clf_context *context,
                                   const void *bytes, size_t size);

#endif
