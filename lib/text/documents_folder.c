/* A folder of text files, one document each. */
#include <string.h>

#include "base/context.h"
#include "base/file.h"
#include "base/math.h"
#include "data/formats/folder_files.h"
#include "text/document_format.h"

typedef struct folder_params {
  char *folders;
  int64_t max_bytes;
} folder_params;

#define CLF__VALUES folder_params
static const clf__param params[] = {
    CLF__TEXT(folders, NULL, "the folders to read, separated by commas; otherwise all"),
    CLF__INT(max_bytes, "67108864", 1, 1e12, "maximum size of a file in bytes"),
};

enum { FILES_A_PART = 128 };

typedef struct folder_reader {
  clf_context *context;
  const folder_params *params;
  clf__folder_files files;
} folder_reader;

/* Reads a whole file into `bytes`. */
static clf_status read_file(clf__text *bytes, const char *path, int64_t max) {
  clf__file file = {0};
  clf_status status = CLF_OK;
  CLF__CHECK(clf__file_open(&file, path));
  bytes->length = 0;
  if (file.size > (size_t)max) {
    status = clf__fail(CLF_ERROR_DATA, "'%s' has %zu bytes, more than max_bytes=%lld", path,
                       file.size, (long long)max);
  } else if (!clf__text_reserve(bytes, file.size)) {
    status = CLF_ERROR_MEMORY;
  } else {
    status = clf__file_next(&file, bytes->bytes, file.size);
    bytes->length = file.size;
  }
  clf__file_close(&file);
  return status;
}

static clf_status fill(void *argument, clf_documents *documents, clf__document_part *part) {
  const folder_reader *self = argument;
  clf__text path = {.context = self->context}, bytes = {.context = self->context};
  clf_status status = CLF_OK;
  for (int64_t i = part->first; status == CLF_OK && i < part->first + part->count; i++) {
    status = clf__folder_files_path(&path, &self->files, i);
    status = status == CLF_OK ? read_file(&bytes, path.bytes, self->params->max_bytes) : status;
    if (status == CLF_OK) {
      size_t mark = bytes.length >= 3 && memcmp(bytes.bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
      clf__documents_write(documents, part, i, bytes.bytes + mark, bytes.length - mark);
    }
  }
  clf__text_free(&path);
  clf__text_free(&bytes);
  return status;
}

static clf_status load(clf_documents **out, clf_context *context, const char *path,
                       const void *values) {
  folder_reader self = {.context = context, .params = values};
  clf__folder_files *files = &self.files;
  clf_documents *made = NULL;
  clf_status status = CLF_OK;
  files->context = context;
  CLF__TRY(clf__folder_files_list(files, context, path, self.params->folders, "documents"));
  CLF__TRY(clf__documents_blank(&made, context, files->count,
                                clf__ceil_div(files->count, FILES_A_PART)));
  CLF__TRY(clf__documents_fill(made, fill, &self));
  made->names = files->names;
  made->name_text = files->name_text;
  files->names = NULL;
  files->name_text = (clf__text){.context = context};
  if (files->labels != NULL) {
    CLF__TRY(clf_dataset_set_label_names(made->label_set, files->labels, files->count));
  }
  *out = made;
  made = NULL;
done:
  clf__folder_files_free(files);
  clf_documents_free(made);
  return status;
}

const clf__document_reader clf__document_reader_folder = {
    .base = CLF__KIND(
        "folder", "text files in a folder for each label, as LABEL/FILE, or in one without labels",
        params, folder_params),
    .load = load,
};
