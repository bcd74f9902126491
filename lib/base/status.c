/* The thread's message is a fixed buffer, so that reporting "out of memory" needs no memory. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static _Thread_local struct {
  char text[CLF__MESSAGE_BYTES];
  bool unnamed; /* about a refused allocation, without naming its purpose */
} last;

/* If the cut divides a UTF-8 character, the whole character is removed. */
static void cut_to_utf8(char *text, size_t length) {
  size_t end = length;
  while (end > 0 && ((unsigned char)text[end - 1] & 0xC0) == 0x80) {
    end--;
  }
  if (end == 0 || (unsigned char)text[end - 1] < 0xC0) {
    return;
  }
  unsigned char lead = (unsigned char)text[end - 1];
  size_t needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (length - (end - 1) < needed) {
    text[end - 1] = '\0';
  }
}

static void set_message(const char *format, va_list arguments) {
  char text[CLF__MESSAGE_BYTES]; /* arguments may point into the current message */
  int length = vsnprintf(text, sizeof text, format, arguments);
  if (length < 0) {
    text[0] = '\0';
  } else if ((size_t)length >= sizeof text) {
    cut_to_utf8(text, sizeof text - 1);
  }
  clf__utf8_mend(text); /* paths need not be UTF-8 */
  memcpy(last.text, text, sizeof text);
  last.unnamed = false;
}

clf_status clf__fail(clf_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  set_message(format, arguments);
  va_end(arguments);
  return status;
}

clf_status clf__fail_within(clf_status status, const char *format, ...) {
  char before[CLF__MESSAGE_BYTES];
  memcpy(before, last.text, sizeof before);
  va_list arguments;
  va_start(arguments, format);
  set_message(format, arguments);
  va_end(arguments);
  return clf__fail(status, "%s: %s", last.text, before);
}

clf_status clf__fail_refused(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  set_message(format, arguments);
  va_end(arguments);
  last.unnamed = true;
  return CLF_ERROR_MEMORY;
}

void clf__failure_keep(clf__failure *out, clf_status status) {
  out->status = status;
  out->unnamed = last.unnamed;
  memcpy(out->message, last.text, sizeof out->message);
}

clf_status clf__failure_raise(const clf__failure *failure) {
  memcpy(last.text, failure->message, sizeof last.text);
  last.unnamed = failure->unnamed;
  return failure->status;
}

void clf__refusal_forget(void) {
  last.unnamed = false;
}

void clf__refusal_name(const char *subject) {
  if (last.unnamed) {
    clf__fail_within(CLF_ERROR_MEMORY, "%s", subject);
  }
}

const char *clf_last_error(void) {
  return last.text;
}

const char *clf_status_name(clf_status status) {
  static const struct {
    clf_status status;
    const char *name;
  } names[] = {
      {CLF_OK, "CLF_OK"},
      {CLF_NOT_CONVERGED, "CLF_NOT_CONVERGED"},
      {CLF_ERROR_ARGUMENT, "CLF_ERROR_ARGUMENT"},
      {CLF_ERROR_MEMORY, "CLF_ERROR_MEMORY"},
      {CLF_ERROR_IO, "CLF_ERROR_IO"},
      {CLF_ERROR_FORMAT, "CLF_ERROR_FORMAT"},
      {CLF_ERROR_CORRUPT, "CLF_ERROR_CORRUPT"},
      {CLF_ERROR_VERSION, "CLF_ERROR_VERSION"},
      {CLF_ERROR_SHAPE, "CLF_ERROR_SHAPE"},
      {CLF_ERROR_TYPE, "CLF_ERROR_TYPE"},
      {CLF_ERROR_DATA, "CLF_ERROR_DATA"},
      {CLF_ERROR_NOT_FITTED, "CLF_ERROR_NOT_FITTED"},
      {CLF_ERROR_UNSUPPORTED, "CLF_ERROR_UNSUPPORTED"},
      {CLF_ERROR_CANCELLED, "CLF_ERROR_CANCELLED"},
      {CLF_ERROR_NUMERIC, "CLF_ERROR_NUMERIC"},
      {CLF_ERROR_DIVERGED, "CLF_ERROR_DIVERGED"},
      {CLF_ERROR_PEER, "CLF_ERROR_PEER"},
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (names[i].status == status) {
      return names[i].name;
    }
  }
  return "unknown status";
}
