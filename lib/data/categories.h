/* The categories of columns. A category column of a dataset holds codes 0 … K-1 as numbers, NaN
 * where the value is missing, and its dictionary has the name of each code; a number column has
 * none. They are reference-counted and, once shared, immutable, so that datasets, transforms and
 * models can share them. */
#ifndef CLF_DATA_CATEGORIES_H
#define CLF_DATA_CATEGORIES_H

#include "data/names.h"

typedef struct clf__categories clf__categories;

enum { CLF__MAX_CATEGORIES = 1 << 24 }; /* of a column: f32 represents all codes */

/* Makes categories of columns [count], each a dictionary of distinct names or NULL; the
 * dictionaries are shared. *out becomes NULL if all are NULL. */
clf_status clf__categories_create(clf__categories **out, clf_context *context,
                                  clf__names *const *columns, int64_t count);
clf__categories *clf__categories_retain(clf__categories *categories); /* NULL is fine */
void clf__categories_release(clf__categories *categories);            /* NULL is fine */

/* Sets the dictionary of a column in place if nobody else holds the categories, so that one column
 * after the other takes no time with the square of their number. Returns whether it did. */
bool clf__categories_replace(clf__categories *categories, int64_t column, clf__names *names);

/* Returns the dictionary of a column, which is borrowed; NULL for a number column, beyond the end,
 * and of NULL. */
clf__names *clf__categories_of(const clf__categories *categories, int64_t column);
/* Makes the dictionary of a column from distinct names. Returns CLF_ERROR_DATA if one occurs twice;
 * `*twice` is then its second index, otherwise -1. */
clf_status clf__categories_column(clf__names **out, clf_context *context, const char *const *names,
                                  int64_t count, int64_t *twice);
/* Returns the first column from `from` on that has categories; -1 if there is none. */
int64_t clf__categories_next(const clf__categories *categories, int64_t from);

/* Saved as two tensors: "<entry>_counts" i64 [columns], the number of names of each column, and
 * "<entry>_names" u8, all names, with a NUL after each. */
clf_status clf__categories_save(const clf__categories *categories, clf__store *store,
                                const char *entry);
/* *out stays NULL if the store has no such entries. Returns CLF_ERROR_CORRUPT unless they are
 * categories of `count` columns: names in UTF-8, distinct in each column. */
clf_status clf__categories_load(clf__categories **out, clf_context *context,
                                const clf__store *store, const char *entry, int64_t count);

#endif
