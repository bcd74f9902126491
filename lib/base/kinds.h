/* Kinds: whatever has a name that callers choose it by. Models, layers, optimizers, transforms and
 * formats are structs whose first member is their clf__kind, `base`; the registry of an area lists
 * them, which the finder and the catalog read. */
#ifndef CLF_BASE_KINDS_H
#define CLF_BASE_KINDS_H

#include "base/params.h"

typedef struct clf__kind {
  const char *name;
  const char *help; /* one line */
  clf__param_table params;
} clf__kind;

/* With the parameters that an array describes, set in a struct of a type; without any. */
#define CLF__KIND(name, help, params, type)                                                        \
  {                                                                                                \
    (name), (help), {                                                                              \
      (name), (params), CLF__PARAM_COUNT(params), sizeof(type)                                     \
    }                                                                                              \
  }
#define CLF__KIND_PLAIN(name, help)                                                                \
  {                                                                                                \
    (name), (help), {                                                                              \
      (name), NULL, 0, 1                                                                           \
    }                                                                                              \
  }

typedef struct clf__registry {
  const char *area;              /* in the catalog: "document_format" */
  const char *noun;              /* in messages: "format of documents" */
  const clf__kind *const *kinds; /* up to NULL */
} clf__registry;

/* The struct that holds the kind of that name: NULL where there is none. */
const void *clf__kind_named(const clf__registry *registry, const char *name);
/* The same, after a CLF_ERROR_ARGUMENT where there is none: its message suggests a name, or lists
 * them. */
const void *clf__kind_find(const clf__registry *registry, const char *name);

#endif
