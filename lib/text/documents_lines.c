/* A text in each line of a file. The files of a prefix have the texts of one label each: the files
 * reviews.neg and reviews.pos are the texts labeled neg and pos. */
#include <string.h>

#include "base/context.h"
#include "base/folder.h"
#include "text/document_lines.h"

typedef struct lines_params {
  char *labels;
  clf__lines_style style;
} lines_params;

#define CLF__VALUES lines_params
static const clf__param params[] = {
    CLF__TEXT(labels, NULL,
              "labels, separated by commas, of the files PATH.LABEL; otherwise all of that form"),
    CLF__LINES_ENCODING(style.encoding),
    CLF__LINES_FIRST_LINE(style.first_line),
};

typedef struct lines_reader {
  clf_context *context;
  const lines_params *params;
  clf__arena arena;
  clf__text label_text;      /* the labels, each with a NUL */
  const char **labels;       /* [count]; NULL if there are none */
  clf__line_source *sources; /* [count] */
  int64_t count;
  clf__document_lines lines;
} lines_reader;

static clf_status fill(void *argument, clf_documents *documents, clf__document_part *part) {
  const clf__document_lines *lines = argument;
  for (int64_t i = part->first; i < part->first + part->count; i++) {
    clf__documents_write(documents, part, i, lines->begins[i], lines->sizes[i]);
  }
  return CLF_OK;
}

/* Sets the label of each document, that of its file. */
static clf_status set_labels(clf_documents *documents, lines_reader *self) {
  const char **labels = clf__arena_array(&self->arena, documents->count, sizeof *labels);
  CLF__CHECK(clf__arena_status(&self->arena));
  int64_t row = 0;
  for (int64_t i = 0; i < self->count; i++) {
    for (int64_t end = row + clf__lines_count(&self->sources[i].lines); row < end; row++) {
      labels[row] = self->labels[i];
    }
  }
  return clf_dataset_set_label_names(documents->label_set, labels, documents->count);
}

/* Makes the documents of all sources. */
static clf_status make(clf_documents **out, lines_reader *self) {
  clf_documents *made = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__document_lines_find(&self->lines, self->context, self->sources, self->count));
  CLF__TRY(clf__document_lines_make(&made, self->context, &self->lines, fill, &self->lines));
  if (self->labels != NULL) {
    CLF__TRY(set_labels(made, self));
  }
  *out = made;
  made = NULL;
done:
  clf_documents_free(made);
  return status;
}

static clf_status parse(clf_documents **out, clf_context *context, const clf__bytes *bytes,
                        const char *name, const void *values) {
  clf__line_source source = {0};
  lines_reader self = {.context = context, .params = values, .sources = &source, .count = 1};
  if (self.params->labels != NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "%s: labels=%s names files PATH.LABEL, and this is one text; leave it out",
                     name, self.params->labels);
  }
  clf_status status =
      clf__lines_open(&source.lines, &source.converted, context, bytes, name, &self.params->style);
  if (status == CLF_OK) {
    status = make(out, &self);
    status = status < 0 ? clf__fail_within(status, "%s", name) : status;
  }
  clf__arena_free(&self.lines.arena);
  clf__line_source_close(&source);
  return status;
}

/* Adds a label, which is a part of a list or of a file's name. */
static void add_label(lines_reader *self, const char *label, size_t length) {
  clf__text_append_bytes(&self->label_text, label, length);
  clf__text_append_bytes(&self->label_text, "", 1);
  self->count++;
}

/* Adds the labels of the list `labels`. */
static void list_labels(lines_reader *self) {
  for (const char *at = self->params->labels; at != NULL;) {
    const size_t length = strcspn(at, ",");
    add_label(self, at, length);
    at = at[length] == ',' ? at + length + 1 : NULL;
  }
}

/* Adds the label of the entry if it is the file `base`.LABEL, or `base`.LABEL.gz in place of it. */
static void add_label_of(lines_reader *self, const char *path, const char *base,
                         const clf__folder_entry *entry) {
  const size_t prefix = strlen(base);
  if (entry->folder || strncmp(entry->name, base, prefix) != 0 || entry->name[prefix] != '.') {
    return;
  }
  const char *label = entry->name + prefix + 1;
  const size_t length = strlen(label);
  clf__text plain = {.context = self->context};
  bool packed = length > 3 && strcmp(label + length - 3, ".gz") == 0;
  clf__text_append(&plain, "%s.%.*s", path, (int)length - 3, label);
  if (plain.failed) {
    self->label_text.failed = true;
  } else if (length > 0 && !(packed && clf__file_exists(plain.bytes))) {
    add_label(self, label, packed ? length - 3 : length);
  }
  clf__text_free(&plain);
}

/* Adds the labels of all files that begin with the path and a dot, in byte order. */
static clf_status find_labels(lines_reader *self, const char *path) {
  const char *slash = strrchr(path, '/');
  const char *base = slash != NULL ? slash + 1 : path;
  clf__folder folder = {.context = self->context};
  clf__text place = {.context = self->context};
  clf_status status = CLF_OK;
  clf__text_append(&place, "%.*s", slash != NULL ? (int)(base - path) : 1,
                   slash != NULL ? path : ".");
  CLF__TRY(place.failed ? CLF_ERROR_MEMORY : CLF_OK);
  CLF__TRY(clf__folder_list(&folder, self->context, place.bytes));
  for (int64_t i = 0; i < folder.count; i++) {
    add_label_of(self, path, base, &folder.entries[i]);
  }
  if (self->count == 0 && !self->label_text.failed) {
    status = clf__fail(CLF_ERROR_IO,
                       "'%s' is neither a file nor what the names of files begin with, as "
                       "%s.pos and %s.neg: a text a line, and the label after the dot",
                       path, path, path);
  }
done:
  clf__text_free(&place);
  clf__folder_free(&folder);
  return status;
}

/* Opens the texts of one label. */
static clf_status open_source(lines_reader *self, int64_t index, const char *path) {
  clf__line_source *source = &self->sources[index];
  clf__text plain = {.context = self->context}, packed = {.context = self->context};
  clf_status status = CLF_OK;
  clf__text_append(&plain, "%s.%s", path, self->labels[index]);
  clf__text_append(&packed, "%s.%s.gz", path, self->labels[index]);
  CLF__TRY(plain.failed || packed.failed ? CLF_ERROR_MEMORY : CLF_OK);
  const bool both = clf__file_exists(packed.bytes) && clf__file_exists(plain.bytes);
  const char *name = clf__file_exists(packed.bytes) ? packed.bytes : plain.bytes;
  CLF__TRY(both ? clf__fail(CLF_ERROR_DATA,
                            "both '%s' and '%s' are there, with texts of one label; remove one",
                            plain.bytes, packed.bytes)
                : CLF_OK);
  CLF__TRY(clf__source_open(&source->bytes, self->context, name, false, NULL));
  CLF__TRY(clf__lines_open(&source->lines, &source->converted, self->context, &source->bytes, name,
                           &self->params->style));
done:
  clf__text_free(&plain);
  clf__text_free(&packed);
  return status;
}

/* Finds the files of a prefix, and opens them. */
static clf_status open_sources(lines_reader *self, const char *path) {
  if (self->params->labels != NULL) {
    list_labels(self);
  } else {
    CLF__CHECK(find_labels(self, path));
  }
  self->labels = clf__arena_array(&self->arena, self->count, sizeof *self->labels);
  self->sources = clf__arena_zeroed(&self->arena, self->count, sizeof *self->sources);
  CLF__CHECK(self->label_text.failed ? CLF_ERROR_MEMORY : clf__arena_status(&self->arena));
  const char *at = self->label_text.bytes;
  for (int64_t i = 0; i < self->count; i++) {
    self->labels[i] = at;
    at += strlen(at) + 1;
    CLF__CHECK(open_source(self, i, path));
  }
  if (self->params->labels == NULL) {
    clf__log(self->context, CLF_LOG_INFO,
             "'%s': the endings of its %lld files are taken for labels, the first is '%s'; "
             "labels=A,B takes some of them",
             path, (long long)self->count, self->labels[0]);
  }
  return CLF_OK;
}

static clf_status load(clf_documents **out, clf_context *context, const char *path,
                       const void *values) {
  lines_reader self = {.context = context,
                       .params = values,
                       .arena = {.context = context},
                       .label_text = {.context = context}};
  clf_status status = CLF_OK;
  if (clf__file_exists(path)) {
    clf__bytes bytes = {0};
    status = clf__source_open(&bytes, context, path, false, NULL);
    status = status == CLF_OK ? parse(out, context, &bytes, path, values) : status;
    clf__bytes_release(&bytes);
    return status;
  }
  CLF__TRY(open_sources(&self, path));
  status = make(out, &self);
  status = status < 0 ? clf__fail_within(status, "%s", path) : status;
done:
  for (int64_t i = 0; self.sources != NULL && i < self.count; i++) {
    clf__line_source_close(&self.sources[i]);
  }
  clf__arena_free(&self.lines.arena);
  clf__arena_free(&self.arena);
  clf__text_free(&self.label_text);
  return status;
}

const clf__document_reader clf__document_reader_lines = {
    .base = CLF__KIND("lines",
                      "a text in each line, of a file without labels or of a file for each label, "
                      "PATH.LABEL",
                      params, lines_params),
    .load = load,
    .parse = parse,
};
