/* Finding kinds by their names. */
#include "base/kinds.h"

#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"

const void *clf__kind_named(const clf__registry *registry, const char *name) {
  const clf__kind *const *kind = registry->kinds;
  while (*kind != NULL && strcmp((*kind)->name, name) != 0) {
    kind++;
  }
  return *kind;
}

const void *clf__kind_find(const clf__registry *registry, const char *name) {
  enum { MAX_NAMES = 64 }; /* listed in the message */
  const char *names[MAX_NAMES];
  int64_t count = 0;
  const void *found = clf__kind_named(registry, name);
  if (found == NULL) {
    while (count < MAX_NAMES && registry->kinds[count] != NULL) {
      names[count] = registry->kinds[count]->name;
      count++;
    }
    clf__fail_name(registry->noun, name, names, count);
  }
  return found;
}

clf_status clf__format_find(const void **out, const clf__registry *registry, const char *name,
                            const clf__registry *others, const char *used) {
  if (clf__kind_named(registry, name) == NULL && clf__kind_named(others, name) != NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s files are only %s", name, used);
  }
  *out = clf__kind_find(registry, name);
  return *out != NULL ? CLF_OK : CLF_ERROR_ARGUMENT;
}

clf__kind_names clf__kinds_with(const clf__registry *registry, bool (*has)(const clf__kind *kind)) {
  clf__kind_names names = {.text = ""};
  const clf__kind *before = NULL, *last = NULL;
  size_t length = 0;
  for (const clf__kind *const *kind = registry->kinds; *kind != NULL; kind++) {
    if (!has(*kind)) {
      continue;
    }
    if (last != NULL && length < sizeof names.text) {
      const int written = snprintf(names.text + length, sizeof names.text - length, "%s%s",
                                   before != NULL ? ", " : "", last->name);
      length += (size_t)written;
    }
    before = last;
    last = *kind;
  }
  if (last != NULL && length < sizeof names.text) {
    snprintf(names.text + length, sizeof names.text - length, "%s%s", before != NULL ? " or " : "",
             last->name);
  }
  return names;
}
