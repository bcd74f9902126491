/* The files and labels of a folder. Names are in byte order, so that rows always have the same
 * order. */
#include "data/formats/folder_files.h"

#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/status.h"

typedef struct lister {
  clf_context *context;
  clf__arena arena;
  const char *path, *folders, *what;
  clf__folder top;
  clf__folder *labels;      /* [label_count] files of each label */
  const char **label_names; /* [label_count] */
  int64_t label_count;
  int64_t count; /* files */
} lister;

/* Returns whether the list of folders, separated by commas, has the name; NULL lists all. */
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

/* Checks that every requested folder exists. */
static clf_status check_listed(const lister *self) {
  for (const char *list = self->folders; list != NULL;) {
    size_t size = strcspn(list, ",");
    if (!has_folder(&self->top, list, size)) {
      return clf__fail(CLF_ERROR_DATA, "'%s' has no folder '%.*s'", self->path, (int)size, list);
    }
    list = list[size] != '\0' ? list + size + 1 : NULL;
  }
  return CLF_OK;
}

/* Lists the files of one label. */
static clf_status list_label(lister *self, const char *name) {
  clf__text path = {.context = self->context};
  clf__folder *label = &self->labels[self->label_count];
  clf__text_append(&path, "%s/%s", self->path, name);
  clf_status status = path.failed ? CLF_ERROR_MEMORY : CLF_OK;
  CLF__TRY(status);
  CLF__TRY(clf__folder_list(label, self->context, path.bytes));
  self->label_names[self->label_count++] = name;
  self->count += label->count;
  if (label->count == 0) {
    status =
        clf__fail(CLF_ERROR_DATA, "'%s' is empty: the label has no %s", path.bytes, self->what);
  }
  for (int64_t i = 0; status == CLF_OK && i < label->count; i++) {
    if (label->entries[i].folder) {
      status = clf__fail(CLF_ERROR_DATA, "'%s/%s' is a folder; the folder of a label holds its %s",
                         path.bytes, label->entries[i].name, self->what);
    }
  }
done:
  clf__text_free(&path);
  return status;
}

/* Finds all files: in the labels' folders or, if there are none, in the folder itself. */
static clf_status list_files(lister *self) {
  clf_status status = CLF_OK;
  CLF__TRY(clf__folder_list(&self->top, self->context, self->path));
  CLF__TRY(check_listed(self));
  self->labels = clf__arena_zeroed(&self->arena, self->top.count, sizeof *self->labels);
  self->label_names = clf__arena_zeroed(&self->arena, self->top.count, sizeof *self->label_names);
  CLF__CHECK(clf__arena_status(&self->arena));
  for (int64_t i = 0; i < self->top.count; i++) {
    const clf__folder_entry *entry = &self->top.entries[i];
    if (entry->folder && is_listed(self->folders, entry->name)) {
      CLF__TRY(list_label(self, entry->name));
    }
  }
  if (self->label_count == 0) {
    self->count = self->top.count;
  }
  if (self->count == 0) {
    status = clf__fail(CLF_ERROR_DATA, "'%s' is empty: it has no %s", self->path, self->what);
  }
done:
  return status;
}

/* Logs what is taken for labels, and what is left out. */
static void log_guesses(const lister *self) {
  const char *first_file = NULL;
  int64_t count = 0;
  for (int64_t i = 0; i < self->top.count && self->label_count > 0; i++) {
    if (!self->top.entries[i].folder) {
      first_file = first_file == NULL ? self->top.entries[i].name : first_file;
      count++;
    }
  }
  if (self->folders == NULL && self->label_count > 0) {
    clf__log(self->context, CLF_LOG_INFO,
             "'%s': its %lld folders are taken for labels; folders=A,B takes some of them",
             self->path, (long long)self->label_count);
  } else if (self->label_count == 0) {
    clf__log(self->context, CLF_LOG_INFO, "'%s': it has no folders to be labels", self->path);
  }
  if (count > 0) {
    clf__log(self->context, CLF_LOG_INFO,
             "'%s': %lld files next to the folders of labels are left out, the first '%s'",
             self->path, (long long)count, first_file);
  }
}

/* Writes "label/file" for each file, and its label. */
static clf_status name_files(clf__folder_files *files, const lister *self) {
  int64_t row = 0;
  files->names = clf__alloc_zeroed(self->context, self->count, sizeof *files->names);
  if (self->label_count > 0) {
    files->labels = clf__alloc_zeroed(self->context, self->count, sizeof *files->labels);
  }
  if (files->names == NULL || (self->label_count > 0 && files->labels == NULL)) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t k = 0; k < self->label_count; k++) {
    for (int64_t i = 0; i < self->labels[k].count; i++) {
      files->labels[row++] = self->label_names[k];
      clf__text_append(&files->name_text, "%s/%s", self->label_names[k],
                       self->labels[k].entries[i].name);
      clf__text_append_bytes(&files->name_text, "", 1);
    }
  }
  for (int64_t i = 0; self->label_count == 0 && i < self->count; i++) {
    clf__text_append_bytes(&files->name_text, self->top.entries[i].name,
                           strlen(self->top.entries[i].name) + 1);
  }
  if (files->name_text.failed) {
    return CLF_ERROR_MEMORY;
  }
  const char *at = files->name_text.bytes;
  for (int64_t i = 0; i < self->count; i++) {
    files->names[i] = at;
    at += strlen(at) + 1;
  }
  return CLF_OK;
}

clf_status clf__folder_files_list(clf__folder_files *out, clf_context *context, const char *path,
                                  const char *folders, const char *what) {
  lister self = {.context = context,
                 .arena = {.context = context},
                 .path = path,
                 .folders = folders,
                 .what = what};
  clf__folder_files made = {
      .context = context, .name_text = {.context = context}, .label_text = {.context = context}};
  clf_status status = CLF_OK;
  self.top.context = context;
  CLF__TRY(list_files(&self));
  log_guesses(&self);
  CLF__TRY(name_files(&made, &self));
  made.path = path;
  made.count = self.count;
  made.top = self.top;
  self.top = (clf__folder){.context = context};
  *out = made;
  made = (clf__folder_files){.context = context};
done:
  for (int64_t k = 0; k < self.label_count; k++) {
    clf__folder_free(&self.labels[k]);
  }
  clf__folder_free(&self.top);
  clf__arena_free(&self.arena);
  clf__folder_files_free(&made);
  return status;
}

clf_status clf__folder_files_one(clf__folder_files *out, struct clf_context *context,
                                 const char *path) {
  clf__folder_files made = {
      .context = context, .name_text = {.context = context}, .label_text = {.context = context}};
  made.top.context = context;
  made.names = clf__alloc_array(context, 1, sizeof *made.names);
  clf__text_append(&made.name_text, "%s", path);
  if (made.names == NULL || made.name_text.failed) {
    clf__folder_files_free(&made);
    return CLF_ERROR_MEMORY;
  }
  made.names[0] = made.name_text.bytes;
  made.count = 1;
  *out = made;
  return CLF_OK;
}

/* The parts of a path in front of a name. */
static const char *folder_of(const clf__folder_files *files) {
  return files->path != NULL ? files->path : "";
}

static const char *separator_of(const clf__folder_files *files) {
  return files->path != NULL ? "/" : "";
}

/* Writes the labels, each followed by a NUL. */
static clf_status cut_names(clf__folder_files *files, const char *until) {
  for (int64_t i = 0; i < files->count; i++) {
    const char *slash = strrchr(files->names[i], '/');
    const char *name = slash != NULL ? slash + 1 : files->names[i];
    const char *end = strstr(name, until);
    if (end == NULL || end == name) {
      return clf__fail(CLF_ERROR_DATA, "%s%s%s: there is no label before a '%s' in its name",
                       folder_of(files), separator_of(files), files->names[i], until);
    }
    clf__text_append_bytes(&files->label_text, name, (size_t)(end - name));
    clf__text_append_bytes(&files->label_text, "", 1);
  }
  return files->label_text.failed ? CLF_ERROR_MEMORY : CLF_OK;
}

clf_status clf__folder_files_label(clf__folder_files *files, const char *until) {
  if (until == NULL || until[0] == '\0') {
    return clf__fail(CLF_ERROR_ARGUMENT, "images: label_until must not be empty");
  }
  CLF__CHECK(cut_names(files, until));
  clf__free(files->labels);
  files->labels = clf__alloc_array(files->context, files->count, sizeof *files->labels);
  if (files->labels == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const char *at = files->label_text.bytes;
  for (int64_t i = 0; i < files->count; i++) {
    files->labels[i] = at;
    at += strlen(at) + 1;
  }
  return CLF_OK;
}

clf_status clf__folder_files_path(clf__text *out, const clf__folder_files *files, int64_t index) {
  out->length = 0;
  clf__text_append(out, "%s%s%s", folder_of(files), separator_of(files), files->names[index]);
  return out->failed ? CLF_ERROR_MEMORY : CLF_OK;
}

void clf__folder_files_free(clf__folder_files *files) {
  clf__free(files->names);
  clf__free(files->labels);
  clf__text_free(&files->name_text);
  clf__text_free(&files->label_text);
  clf__folder_free(&files->top);
  *files = (clf__folder_files){.context = files->context};
}
