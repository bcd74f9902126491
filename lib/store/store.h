/* The container of the model file: an ordered list of named entries, texts and tensors. It knows
 * nothing of models. Layout: docs/model-format.md. */
#ifndef CLF_STORE_STORE_H
#define CLF_STORE_STORE_H

#include "base/file.h"
#include "tensor/tensor.h"

typedef struct clf__store clf__store;

clf_status clf__store_create(clf__store **out, clf_context *context);
void clf__store_free(clf__store *store); /* NULL is fine */
/* Exchanges the entries of two stores of one context. */
void clf__store_swap(clf__store *one, clf__store *two);

/* Add an entry. Names are unique and have 1 to 255 printable ASCII characters without blanks. Texts
 * are copied; tensors are shared (and made C-contiguous). A store has at most 10,000 entries. */
clf_status clf__store_add_text(clf__store *store, const char *name, const char *text);
clf_status clf__store_add_tensor(clf__store *store, const char *name, const clf_tensor *tensor);

/* Puts another tensor in the place of one of that name. */
clf_status clf__store_replace_tensor(clf__store *store, const char *name, const clf_tensor *tensor);

/* Return an entry by name; NULL if there is none of that name and type. It lives as long as the
 * store.
 */
const char *clf__store_text(const clf__store *store, const char *name);
const clf_tensor *clf__store_tensor(const clf__store *store, const char *name);

/* Makes a handle on a tensor. Returns CLF_ERROR_ARGUMENT, with a list of the names, if `owner` has
 * none of this name. */
clf_status clf__store_share(clf_tensor **out, const clf__store *store, const char *owner,
                            const char *name);

int64_t clf__store_count(const clf__store *store);
const char *clf__store_name(const clf__store *store, int64_t index);

/* Writes to memory by the convention of clf_model_save_memory(), or to a path atomically. */
clf_status clf__store_write_memory(const clf__store *store, void *buffer, size_t capacity,
                                   size_t *size);
clf_status clf__store_write_path(const clf__store *store, const char *path);

/* Reads and verifies everything before any of it is used. Tensors own their memory. */
clf_status clf__store_read_memory(clf__store **out, clf_context *context, const void *bytes,
                                  size_t size);
clf_status clf__store_read_path(clf__store **out, clf_context *context, const char *path);

/* Which tensors stay in the bytes that are read, and whether their checksums are verified. On
 * machines of the other byte order, only those of bytes stay. */
typedef struct clf__store_place {
  const char *const *names; /* ends with NULL */
  bool verify;
} clf__store_place;

/* Reads from bytes that are aligned to 64, and which the tensors then share. Takes ownership of the
 * bytes unless it returns CLF_ERROR_MEMORY before it has read any of them; the caller releases them
 * in any case. */
clf_status clf__store_read_bytes(clf__store **out, clf_context *context, clf__bytes *bytes,
                                 const clf__store_place *place);

#endif
