/* A folder of text files. Its folders are labels, as in LABEL/FILE; without any, its files are
 * documents without labels. Names are in byte order, so that documents and labels always come in
 * the same order. */
#include <string.h>

#include "base/context.h"
#include "base/file.h"
#include "base/folder.h"
#include "data/document_format.h"

typedef struct folder_params {
  char *folders;
  int64_t max_bytes;
} folder_params;

static const clf__param params[] = {
    {"folders", CLF_PARAM_TEXT, offsetof(folder_params, folders), NULL, 0, 0, false, NULL,
     "the folders to read, separated by commas; otherwise all"},
    {"max_bytes", CLF_PARAM_I64, offsetof(folder_params, max_bytes), "67108864", 1, 1e12, false,
     NULL, "a larger file is refused"},
};

enum { FILES_A_PART = 128 };

typedef struct folder_reader {
  clf_context *context;
  const char *path;
  const folder_params *params;
  clf__folder top;
  clf__folder *labels;      /* [label_count] files of each */
  const char **label_names; /* NULL where the top's own files are read */
  int64_t label_count;
  int64_t count;       /* files */
  const char **names;  /* [count] "label/file" */
  const char **of_row; /* [count] label names */
} folder_reader;

/* Whether the list of folders, separated by commas, has the name; NULL lists all. */
static bool is_listed(const char *list, const char *name) {
  size_t length = strlen(name);
  while (list != NULL) {
    size_t size = strcspn(list, ",");
    if (size == length && memcmp(list, name, length) == 0) {
      return true;
    }
    if (list[size] == '\0') {
      return false;
    }
    list += size + 1;
  }
  return true;
}

static bool has_folder(const clf__folder *folder, const char *name, size_t length) {
  for (int64_t i = 0; i < folder->count; i++) {
    if (folder->entries[i].folder && strlen(folder->entries[i].name) == length &&
        memcmp(folder->entries[i].name, name, length) == 0) {
      return true;
    }
  }
  return false;
}

/* Every folder that is asked for is there. */
static clf_status check_listed(const folder_reader *self) {
  for (const char *list = self->params->folders; list != NULL;) {
    size_t size = strcspn(list, ",");
    if (!has_folder(&self->top, list, size)) {
      return clf__fail(CLF_ERROR_DATA, "'%s' has no folder '%.*s'", self->path, (int)size, list);
    }
    list = list[size] != '\0' ? list + size + 1 : NULL;
  }
  return CLF_OK;
}

/* Lists one label's files. */
static clf_status list_label(folder_reader *self, const char *name) {
  clf__text path = {.context = self->context};
  clf__folder *label = &self->labels[self->label_count];
  clf__text_append(&path, "%s/%s", self->path, name);
  clf_status status = path.failed ? CLF_ERROR_MEMORY : CLF_OK;
  CLF__TRY(status);
  CLF__TRY(clf__folder_list(label, self->context, path.bytes));
  self->label_names[self->label_count++] = name;
  self->count += label->count;
  if (label->count == 0) {
    status = clf__fail(CLF_ERROR_DATA, "'%s' is empty: the label has no documents", path.bytes);
  }
  for (int64_t i = 0; status == CLF_OK && i < label->count; i++) {
    if (label->entries[i].folder) {
      status = clf__fail(CLF_ERROR_DATA,
                         "'%s/%s' is a folder; the folder of a label holds its documents",
                         path.bytes, label->entries[i].name);
    }
  }
done:
  clf__text_free(&path);
  return status;
}

/* Finds all files, in the labels' folders or, when there are none, at the top. */
static clf_status list_files(folder_reader *self) {
  clf_status status = CLF_OK;
  CLF__TRY(clf__folder_list(&self->top, self->context, self->path));
  CLF__TRY(check_listed(self));
  self->labels = clf__alloc_zeroed(self->context, self->top.count, sizeof *self->labels);
  self->label_names = clf__alloc_zeroed(self->context, self->top.count, sizeof *self->label_names);
  if (self->labels == NULL || self->label_names == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < self->top.count; i++) {
    const clf__folder_entry *entry = &self->top.entries[i];
    if (entry->folder && is_listed(self->params->folders, entry->name)) {
      CLF__TRY(list_label(self, entry->name));
    }
  }
  if (self->label_count == 0) {
    self->count = self->top.count;
  }
  if (self->count == 0) {
    status = clf__fail(CLF_ERROR_DATA, "'%s' is empty: it has no documents", self->path);
  }
done:
  return status;
}

/* Writes "label/file" for each, and its label. */
static clf_status name_files(clf_documents *documents, folder_reader *self) {
  int64_t row = 0;
  self->of_row = clf__alloc_zeroed(self->context, self->count, sizeof *self->of_row);
  documents->names = clf__alloc_zeroed(self->context, self->count, sizeof *documents->names);
  if (self->of_row == NULL || documents->names == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t k = 0; k < self->label_count; k++) {
    for (int64_t i = 0; i < self->labels[k].count; i++) {
      self->of_row[row++] = self->label_names[k];
      clf__text_append(&documents->name_text, "%s/%s", self->label_names[k],
                       self->labels[k].entries[i].name);
      clf__text_append_bytes(&documents->name_text, "", 1);
    }
  }
  for (int64_t i = 0; self->label_count == 0 && i < self->count; i++) {
    clf__text_append_bytes(&documents->name_text, self->top.entries[i].name,
                           strlen(self->top.entries[i].name) + 1);
  }
  if (documents->name_text.failed) {
    return CLF_ERROR_MEMORY;
  }
  const char *at = documents->name_text.bytes;
  for (int64_t i = 0; i < self->count; i++) {
    documents->names[i] = at;
    at += strlen(at) + 1;
  }
  return CLF_OK;
}

/* Reads a file whole into `bytes`. */
static clf_status read_file(clf__text *bytes, const char *path, int64_t most) {
  clf__file file = {0};
  clf_status status = clf__file_open(&file, path);
  if (status < 0) {
    return status;
  }
  bytes->length = 0;
  if (file.size > (size_t)most) {
    status = clf__fail(CLF_ERROR_DATA, "'%s' has %zu bytes, more than max_bytes=%lld", path,
                       file.size, (long long)most);
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
    path.length = 0;
    clf__text_append(&path, "%s/%s", self->path, documents->names[i]);
    status =
        path.failed ? CLF_ERROR_MEMORY : read_file(&bytes, path.bytes, self->params->max_bytes);
    if (status == CLF_OK) {
      size_t mark = bytes.length >= 3 && memcmp(bytes.bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
      clf__documents_put(documents, part, i, bytes.bytes + mark, bytes.length - mark);
    }
  }
  clf__text_free(&path);
  clf__text_free(&bytes);
  return status;
}

static clf_status load(clf_documents **out, clf_context *context, const char *path,
                       const void *values) {
  folder_reader self = {.context = context, .path = path, .params = values};
  clf_documents *made = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(list_files(&self));
  CLF__TRY(clf__documents_blank(&made, context, self.count,
                                (self.count + FILES_A_PART - 1) / FILES_A_PART));
  CLF__TRY(name_files(made, &self));
  CLF__TRY(clf__documents_fill(made, fill, &self));
  if (self.label_count > 0) {
    CLF__TRY(clf_dataset_set_label_names(made->answers, self.of_row, self.count));
  }
  *out = made;
  made = NULL;
done:
  for (int64_t k = 0; k < self.label_count; k++) {
    clf__folder_free(&self.labels[k]);
  }
  clf__folder_free(&self.top);
  clf__free(self.labels);
  clf__free(self.label_names);
  clf__free(self.of_row);
  clf_documents_free(made);
  return status;
}

const clf__document_format clf__document_format_folder = {
    .name = "folder",
    .help = "text files in a folder for each label, as LABEL/FILE, or in one without labels",
    .params = {"folder", params, CLF__PARAM_COUNT(params), sizeof(folder_params)},
    .load = load,
};
