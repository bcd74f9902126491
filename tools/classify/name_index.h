/* Names in their order, to find one of many. */
#ifndef CLASSIFY_NAME_INDEX_H
#define CLASSIFY_NAME_INDEX_H

#include <classify.h>
#include <stdbool.h>
#include <stddef.h>

#include "fields.h"

typedef struct numbered_name {
  const char *name; /* of the model or of the fields */
  int64_t number;
} numbered_name;

typedef struct name_index {
  numbered_name *names; /* [count] sorted by the names */
  size_t count;
} name_index;

/* Sorts the names of a model's features, which all have one, or the texts of fields. False without
 * memory. Free it in both cases. */
bool name_index_of_model(name_index *out, const clf_model *model);
bool name_index_of_fields(name_index *out, const fields *f);
void name_index_free(name_index *self);

/* The number of a name of so many bytes, from 0; -1 if it is none. */
int64_t name_index_find(const name_index *self, const char *name, size_t size);

#endif
