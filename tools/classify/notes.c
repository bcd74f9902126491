#include "notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

clf_status notes_set(clf_model *model, const char *key, const char *format, ...) {
  char *text = NULL;
  va_list arguments;
  va_start(arguments, format);
  const int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  const clf_status status =
      length < 0 ? CLF_ERROR_MEMORY : clf_model_set_metadata(model, key, text);
  free(length < 0 ? NULL : text);
  return status;
}

const char *notes_get(const clf_model *model, const char *key) {
  return clf_model_metadata(model, key);
}
