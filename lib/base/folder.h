/* The contents of a folder. */
#ifndef CLF_BASE_FOLDER_H
#define CLF_BASE_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

typedef struct clf__folder_entry {
  const char *name; /* within the folder */
  bool folder;      /* a folder or a link to one; anything else counts as a file */
} clf__folder_entry;

typedef struct clf__folder {
  struct clf_context *context;
  clf__folder_entry *entries; /* [count] in byte order of their names */
  int64_t count;
  clf__text names;
} clf__folder;

/* Lists a folder, without names that begin with a dot. Returns CLF_ERROR_IO or CLF_ERROR_MEMORY. */
clf_status clf__folder_list(clf__folder *out, struct clf_context *context, const char *path);
void clf__folder_free(clf__folder *folder); /* all zero is allowed */

#endif
