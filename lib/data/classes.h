/* The classes of labels: names, and numbers where the labels were numbers. Counted and immutable,
 * so that datasets and models share one. */
#ifndef CLF_DATA_CLASSES_H
#define CLF_DATA_CLASSES_H

#include "store/store.h"

typedef struct clf__classes clf__classes;

/* From the labels of rows; `indices` [count] receives each row's class. Names are not NULL; UTF-8
 * unless they are of a model file from before that was asked for. */
clf_status clf__classes_of_numbers(clf__classes **out, clf_context *context,
                                   const clf_tensor *labels, int32_t *indices);
clf_status clf__classes_of_names(clf__classes **out, clf_context *context, const char *const *names,
                                 int64_t count, int32_t *indices);
clf__classes *clf__classes_retain(clf__classes *classes);
void clf__classes_release(clf__classes *classes); /* NULL is fine */

int32_t clf__classes_count(const clf__classes *classes);
const char *clf__classes_name(const clf__classes *classes, int64_t index); /* NULL beyond the end */

/* map [count of `from`] receives, for each class of `from`, its index in `to` or -1. Numbers are
 * compared as numbers ("1" is "1.0"), names as bytes; f32 numbers and f64 ones also by their
 * shortest texts, so that 0.1 is 0.1. */
void clf__classes_map(const clf__classes *from, const clf__classes *to, int32_t *map);

clf_status clf__classes_save(const clf__classes *classes, clf__store *store);
/* *out stays NULL when the store has none. */
clf_status clf__classes_load(clf__classes **out, clf_context *context, const clf__store *store);

#endif
