/* What a folder holds. */
#ifndef CLF_BASE_FOLDER_H
#define CLF_BASE_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

typedef struct clf__folder_entry {
  const char *name; /* within the folder */
  bool folder;      /* or a link to one; anything else is taken for a file */
} clf__folder_entry;

typedef struct clf__folder {
  struct clf_context *context;
  clf__folder_entry *entries; /* [count] in byte order of their names */
  int64_t count;
  clf__text names;
} clf__folder;

/* Lists a folder; names that begin with a dot are left out. CLF_ERROR_IO, CLF_ERROR_MEMORY. */
clf_status clf__folder_list(clf__folder *out, struct clf_context *context, const char *path);
void clf__folder_free(clf__folder *folder); /* all zero is fine */

#endif
