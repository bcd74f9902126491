#include "notes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

/* Height, width and channels of pictures. */
static clf_status note_shape(clf_model *model, const clf_dataset *rows) {
  clf_tensor *x = NULL;
  clf_status status = CLF_OK;
  if (clf_dataset_tensor(&x, rows, "x") == CLF_OK && clf_tensor_ndim(x) >= 3) {
    const int64_t channels = clf_tensor_ndim(x) > 3 ? clf_tensor_extent(x, 3) : 1;
    status = notes_set(model, NOTE_SHAPE, "%" PRId64 "x%" PRId64 "x%" PRId64,
                       clf_tensor_extent(x, 1), clf_tensor_extent(x, 2), channels);
  }
  clf_tensor_free(x);
  return status;
}

clf_status notes_training(clf_model *model, const tool *t, const input *in,
                          const clf_dataset *rows) {
  const time_t now = time(NULL);
  char date[32];
  struct tm utc;
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  clf_status status = notes_set(model, NOTE_COMMAND, "%s", t->command);
  status = status == CLF_OK ? notes_set(model, NOTE_VERSION, "%s", clf_version()) : status;
  status = status == CLF_OK ? notes_set(model, NOTE_DATE, "%s", date) : status;
  status = status == CLF_OK ? notes_set(model, NOTE_SEED, "%" PRId64, t->common.seed) : status;
  status = status == CLF_OK ? notes_set(model, NOTE_DATA, "%s", in->path) : status;
  status =
      status == CLF_OK ? notes_set(model, NOTE_CHECKSUM, "%08" PRIx32, input_checksum(in)) : status;
  status = status == CLF_OK ? notes_set(model, NOTE_READER, "%s", in->reader) : status;
  status = status == CLF_OK ? notes_set(model, NOTE_READER_PARAMS, "%s", in->params) : status;
  status =
      status == CLF_OK ? notes_set(model, NOTE_ROWS, "%" PRId64, clf_dataset_rows(rows)) : status;
  return status == CLF_OK ? note_shape(model, rows) : status;
}

const char *notes_get(const clf_model *model, const char *key) {
  return clf_model_metadata(model, key);
}
