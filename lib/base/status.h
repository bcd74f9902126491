/* Reporting an error: a status and a message that names the value. */
#ifndef CLF_BASE_STATUS_H
#define CLF_BASE_STATUS_H

#include <stdbool.h>

#include <classify/status.h>

#include "base/border.h"

/* Sets the calling thread's message (truncated to fit, never allocating) and returns `status`.
 * Write numbers of type double through clf__number_text(), which knows no locale. */
clf_status clf__fail(clf_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts text in front of the current message, such as the file or the parameters it concerns. */
clf_status clf__fail_within(clf_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For memory.c: a refused allocation. Who knows what it was for puts that in front by
 * clf__fail_within(); else CLF__ENTER's subject is put there. Returns CLF_ERROR_MEMORY. */
clf_status clf__fail_refused(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A failure with its message, to hand to another thread. */
enum { CLF__MESSAGE_BYTES = 512 };
typedef struct clf__failure {
  clf_status status;
  bool unnamed; /* it is of a refused allocation, and does not say for what */
  char message[CLF__MESSAGE_BYTES];
} clf__failure;

/* Keeps `status` with the calling thread's message. */
void clf__failure_keep(clf__failure *out, clf_status status);
/* Makes it the calling thread's failure; returns its status. */
clf_status clf__failure_raise(const clf__failure *failure);

/* Fails with CLF_ERROR_ARGUMENT when a required pointer is NULL. */
#define CLF__REQUIRE(pointer)                                                                      \
  do {                                                                                             \
    if ((pointer) == NULL) {                                                                       \
      return clf__fail(CLF_ERROR_ARGUMENT, "%s: %s must not be NULL", __func__, #pointer);         \
    }                                                                                              \
  } while (0)

/* Carries a failure up, where nothing is to be freed: `if ((s = call) < 0) return s;`. */
#define CLF__CHECK(call)                                                                           \
  do {                                                                                             \
    const clf_status clf__checked = (call);                                                        \
    if (clf__checked < 0) {                                                                        \
      return clf__checked;                                                                         \
    }                                                                                              \
  } while (0)

/* Carries a failure up through the exit that frees: `status = call; if (status < 0) goto done;`. */
#define CLF__TRY(call)                                                                             \
  do {                                                                                             \
    status = (call);                                                                               \
    if (status < 0) {                                                                              \
      goto done;                                                                                   \
    }                                                                                              \
  } while (0)

#endif
