/* Opens models, and says what other files are. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "input.h"
#include "report/text.h"
#include "sniff.h"

/* What a file of the library's own that lacks the kind of a model is; NULL where it is damaged. */
static const char *other_kind(const tool *t, const char *path) {
  clf_transform *transform = NULL;
  clf_vocabulary *vocabulary = NULL;
  const bool transforms = clf_transform_load(&transform, t->context, path) == CLF_OK;
  const bool encodes = !transforms && clf_vocabulary_load(&vocabulary, t->context, path) == CLF_OK;
  clf_transform_free(transform);
  clf_vocabulary_free(vocabulary);
  return transforms ? "a transform" : encodes ? "a vocabulary" : NULL;
}

int input_model_fail(const tool *t, const char *path, const char *name, clf_status status) {
  char message[1024];
  snprintf(message, sizeof message, "%s", clf_last_error());
  if (status != CLF_ERROR_CORRUPT || strstr(message, "'kind' is missing") == NULL) {
    return tool_fail(status);
  }
  const char *other = other_kind(t, path); /* has errors of its own */
  if (other != NULL) {
    complain("%s is %s, not a model", name, other);
  } else {
    complain("%s", message);
  }
  return EXIT_FAILURE;
}

int input_model(clf_model **out, const tool *t, const char *path) {
  unsigned char head[64] = "";
  clf_status status = clf_model_load(out, t->context, path);
  gzFile file = status == CLF_ERROR_CORRUPT ? gzopen(path, "rb") : NULL;
  const int count = file != NULL ? gzread(file, head, sizeof head - 1) : 0;
  const sniffed found = sniff_bytes(head, count > 0 ? (size_t)count : 0);
  if (count > 0 && found.what == CONTENT_MODEL && found.reader != NULL) {
    status = clf_model_import(out, t->context, found.reader, path, NULL);
  }
  if (file != NULL) {
    gzclose(file);
  }
  return status == CLF_OK ? -1 : input_model_fail(t, path, path, status);
}
