/* Kinds: everything that callers choose by a name. Models, layers, optimizers, transforms and
 * formats are structs whose first member is their clf__kind, `base`. The registry of an area lists
 * its kinds; the finder and the catalog read it. */
#ifndef CLF_BASE_KINDS_H
#define CLF_BASE_KINDS_H

#include "base/params.h"

typedef struct clf__kind {
  const char *name;
  const char *help; /* one line */
  clf__param_table params;
} clf__kind;

/* Make a kind: with parameters that an array describes and a struct of some type holds, or without
 * parameters. */
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
  const char *area;              /* in the catalog: "document_reader" */
  const char *noun;              /* in messages: "format of documents" */
  const clf__kind *const *kinds; /* ends with NULL */
} clf__registry;

/* Returns the struct that contains the kind of that name, or NULL. */
const void *clf__kind_named(const clf__registry *registry, const char *name);
/* Does the same, and sets the message if there is no such kind: CLF_ERROR_ARGUMENT with the nearest
 * name as a suggestion, or with all names. */
const void *clf__kind_find(const clf__registry *registry, const char *name);
/* The same for formats whose files are read and written by kinds of different registries. A kind
 * that only `others` have returns CLF_ERROR_UNSUPPORTED: its files are only `used` ("read"). */
clf_status clf__format_find(const void **out, const clf__registry *registry, const char *name,
                            const clf__registry *others, const char *used);

/* Returns the names of the kinds that have something, as "a, b or c", for a message. */
typedef struct clf__kind_names {
  char text[256];
} clf__kind_names;
clf__kind_names clf__kinds_with(const clf__registry *registry, bool (*has)(const clf__kind *kind));

#endif
