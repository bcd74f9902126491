/* Names of columns, in their order. They are reference-counted and immutable, so that datasets and
 * models can share them. */
#ifndef CLF_DATA_NAMES_H
#define CLF_DATA_NAMES_H

#include "store/store.h"

typedef struct clf__names clf__names;

/* Copies names [count], which must not be NULL. */
clf_status clf__names_create(clf__names **out, clf_context *context, const char *const *names,
                             int64_t count);
clf__names *clf__names_retain(clf__names *names);  /* NULL is fine */
void clf__names_release(clf__names *names);        /* NULL is fine */
int64_t clf__names_count(const clf__names *names); /* 0 for NULL */
/* Returns NULL beyond the end. */
const char *clf__names_at(const clf__names *names, int64_t index);

/* Returns the first index at which the two differ; -1 if they are equal, or one is NULL. */
int64_t clf__names_difference(const clf__names *one, const clf__names *other);
/* Builds a hash table of names that nobody shares yet. Returns CLF_ERROR_DATA if one occurs twice;
 * `*twice` is then its second index, otherwise -1. */
clf_status clf__names_index(clf__names *names, int64_t *twice);
/* Returns the first index of a name; -1 if there is none. Without a hash table, it compares all. */
int64_t clf__names_find(const clf__names *names, const char *name);

/* Saved as one u8 tensor of the names, with a NUL after each. */
clf_status clf__names_save(const clf__names *names, clf__store *store, const char *entry);
/* *out stays NULL if the store has no such entry. Returns CLF_ERROR_CORRUPT unless there are
 * `count` names, all UTF-8. */
clf_status clf__names_load(clf__names **out, clf_context *context, const clf__store *store,
                           const char *entry, int64_t count);

/* Points `names` [capacity] at the texts in `bytes`, each of which ends with a NUL. Returns their
 * number; 0 if the last one has no end or there are more than `capacity`. */
int64_t clf__names_cut(const char *bytes, int64_t size, const char **names, int64_t capacity);

#endif
