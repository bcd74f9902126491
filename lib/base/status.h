/* Reporting an error: a status, and a message that names the wrong value. */
#ifndef CLF_BASE_STATUS_H
#define CLF_BASE_STATUS_H

#include <stdbool.h>

#include <classify/status.h>

/* Sets the calling thread's message (truncated to fit, never allocating) and returns `status`.
 * Print numbers of type double by clf__number_text(), which does not depend on the locale. */
clf_status clf__fail(clf_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts text in front of the current message, such as the file or the parameters that it
 * concerns. */
clf_status clf__fail_within(clf_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Reports a refused allocation; only memory.c calls it. A caller that knows the purpose puts it in
 * front by clf__fail_within(); otherwise CLF__ENTER's subject is used. Returns CLF_ERROR_MEMORY. */
clf_status clf__fail_refused(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* For CLF__ENTER: forgets that the message is one of a refusal without a subject; puts the subject
 * in front of such a message. */
void clf__refusal_forget(void);
void clf__refusal_name(const char *subject);

/* A failure with its message, to be passed to another thread. */
enum { CLF__MESSAGE_BYTES = 512 };
typedef struct clf__failure {
  clf_status status;
  bool unnamed; /* about a refused allocation, without naming its purpose */
  char message[CLF__MESSAGE_BYTES];
} clf__failure;

/* Keeps `status` with the calling thread's message. */
void clf__failure_keep(clf__failure *out, clf_status status);
/* Sets the message on the calling thread, and returns the status. */
clf_status clf__failure_raise(const clf__failure *failure);

/* Returns a failure to the caller, where nothing is to be freed: `if ((s = call) < 0) return
 * s;`. */
#define CLF__CHECK(call)                                                                           \
  do {                                                                                             \
    const clf_status clf__checked = (call);                                                        \
    if (clf__checked < 0) {                                                                        \
      return clf__checked;                                                                         \
    }                                                                                              \
  } while (0)

/* Returns a failure through the exit that frees: `status = call; if (status < 0) goto done;`. */
#define CLF__TRY(call)                                                                             \
  do {                                                                                             \
    status = (call);                                                                               \
    if (status < 0) {                                                                              \
      goto done;                                                                                   \
    }                                                                                              \
  } while (0)

#endif
