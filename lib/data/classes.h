/* The classes of labels: names, and numbers if the labels were numbers. They are reference-counted
 * and immutable, so that datasets and models can share them. */
#ifndef CLF_DATA_CLASSES_H
#define CLF_DATA_CLASSES_H

#include "store/store.h"

typedef struct clf__classes clf__classes;

/* Makes classes from the labels of rows; `indices` [count] receives the class of each row. Names
 * must not be NULL. They are UTF-8, except in model files from before that was required. */
clf_status clf__classes_of_numbers(clf__classes **out, clf_context *context,
                                   const clf_tensor *labels, int32_t *indices);
clf_status clf__classes_of_names(clf__classes **out, clf_context *context, const char *const *names,
                                 int64_t count, int32_t *indices);
clf__classes *clf__classes_retain(clf__classes *classes);
void clf__classes_release(clf__classes *classes); /* NULL is fine */

int32_t clf__classes_count(const clf__classes *classes);
bool clf__classes_are_numbers(const clf__classes *classes); /* not names, even of digits */
const char *clf__classes_name(const clf__classes *classes, int64_t index); /* NULL beyond the end */

/* map [count of `from`] receives, for each class of `from`, its index in `to` or -1. Numbers are
 * compared as numbers ("1" equals "1.0"), names as bytes. An f32 number and an f64 one are also
 * equal if their shortest texts are, so that 0.1 equals 0.1. */
void clf__classes_map(const clf__classes *from, const clf__classes *to, int32_t *map);

/* Makes the classes of both, with those of `more` that `classes` lacks: *out retains `classes` if
 * there are none. Returns CLF_ERROR_DATA if the ones are numbers and the others are not. */
clf_status clf__classes_join(clf__classes **out, clf_context *context, clf__classes *classes,
                             const clf__classes *more);

clf_status clf__classes_save(const clf__classes *classes, clf__store *store);
/* *out stays NULL if the store has none. */
clf_status clf__classes_load(clf__classes **out, clf_context *context, const clf__store *store);

#endif
