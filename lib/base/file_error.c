/* The reasons for which the system refuses calls on files. */
#include "base/file_error.h"

#include <errno.h>
#include <locale.h>
#include <string.h>

#include "base/status.h"

/* strerror() is not safe in threads, and its text depends on the host's language and encoding. */
clf_status clf__file_fail(const char *action, const char *path) {
  int error = errno;
  if (error == ENOMEM) {
    return clf__fail(CLF_ERROR_MEMORY, "cannot %s '%s': out of memory", action, path);
  }
  locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  const char *reason = locale != (locale_t)0 ? strerror_l(error, locale) : "unknown reason";
  clf_status status = clf__fail(CLF_ERROR_IO, "cannot %s '%s': %s", action, path, reason);
  if (locale != (locale_t)0) {
    freelocale(locale);
  }
  return status;
}
