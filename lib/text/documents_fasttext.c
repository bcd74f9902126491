/* fastText's training data: a text in each line, with its label as a word that begins with
 * "__label__", as in "__label__pos a good film". A file in which no line has a label holds texts to
 * classify. */
#include <string.h>

#include "base/context.h"
#include "base/utf8.h"
#include "base/utf8_text.h"
#include "text/document_lines.h"

typedef struct fasttext_params {
  char *prefix;
  clf__lines_style style;
} fasttext_params;

#define CLF__VALUES fasttext_params
static const clf__param params[] = {
    CLF__TEXT(prefix, "__label__", "beginning of the word that is a line's label"),
    CLF__LINES_ENCODING(style.encoding),
    CLF__LINES_FIRST_LINE(style.first_line),
};

typedef struct fasttext_reader {
  clf_context *context;
  const char *prefix;
  size_t prefix_size;
  clf__line_source source;
  clf__document_lines lines;
  clf__text label_text; /* the labels, each with a NUL */
  const char **labels;  /* [lines.count] */
  int64_t labeled;      /* lines with a label */
} fasttext_reader;

/* A word is a run of bytes between these. */
static bool is_blank(char byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

typedef struct word {
  const char *begin, *end;
} word;

/* Returns the first word that begins at `at` or later; it is empty at the end. */
static word word_from(const char *at, const char *end) {
  while (at < end && is_blank(*at)) {
    at++;
  }
  word found = {at, at};
  while (found.end < end && !is_blank(*found.end)) {
    found.end++;
  }
  return found;
}

/* Returns the first label in begin … end, or an empty word at the end. */
static word find_label(const fasttext_reader *self, const char *begin, const char *end) {
  word found = word_from(begin, end);
  while (found.begin < found.end && ((size_t)(found.end - found.begin) < self->prefix_size ||
                                     memcmp(found.begin, self->prefix, self->prefix_size) != 0)) {
    found = word_from(found.end, end);
  }
  return found;
}

static clf_status fail_at(const fasttext_reader *self, int64_t index, clf_status status) {
  const clf__lines *lines = &self->source.lines;
  return clf__fail(status, "%s line %lld: %s", lines->name,
                   (long long)clf__line_number(lines, self->lines.begins[index]), clf_last_error());
}

/* Checks the label of a line, and adds it to the labels. */
static clf_status add_label(fasttext_reader *self, word label, const char *end) {
  const char *name = label.begin + self->prefix_size;
  const size_t length = (size_t)(label.end - name);
  const word more = find_label(self, label.end, end);
  if (length == 0) {
    return clf__fail(CLF_ERROR_DATA, "its label '%s' has no name", self->prefix);
  }
  if (more.begin < more.end) {
    return clf__fail(CLF_ERROR_DATA, "it has two labels, '%s' and '%s'; one for each text is read",
                     clf__excerpt_of(label.begin, label.end).text,
                     clf__excerpt_of(more.begin, more.end).text);
  }
  CLF__CHECK(clf__utf8_check(name, length, CLF__LINES_LATIN1_ADVICE));
  clf__text_append_bytes(&self->label_text, name, length);
  clf__text_append_bytes(&self->label_text, "", 1);
  return self->label_text.failed ? CLF_ERROR_MEMORY : CLF_OK;
}

static bool is_blank_line(const clf__document_lines *lines, int64_t index) {
  const char *end = lines->begins[index] + lines->sizes[index];
  return word_from(lines->begins[index], end).begin == end;
}

/* Finds the labels of all lines; `*bare` becomes the first text without one, or -1. */
static clf_status find_labels(fasttext_reader *self, int64_t *bare) {
  const clf__document_lines *lines = &self->lines;
  clf__lines_watch watch = clf__lines_watch_of(&self->source.lines, self->context, "labels");
  *bare = -1;
  for (int64_t i = 0; i < lines->count; i++) {
    const char *end = lines->begins[i] + lines->sizes[i];
    const word label = find_label(self, lines->begins[i], end);
    CLF__CHECK(clf__lines_step(&self->source.lines, &watch, lines->begins[i]));
    if (label.begin < label.end) {
      const clf_status status = add_label(self, label, end);
      CLF__CHECK(status < 0 ? fail_at(self, i, status) : CLF_OK);
      self->labeled++;
    } else if (*bare < 0 && !is_blank_line(lines, i)) {
      *bare = i;
    }
  }
  return CLF_OK;
}

/* In a file of labels, blank lines are no texts. */
static void leave_out_blank(fasttext_reader *self) {
  clf__document_lines *lines = &self->lines;
  int64_t kept = 0;
  for (int64_t i = 0; i < lines->count; i++) {
    if (!is_blank_line(lines, i)) {
      lines->begins[kept] = lines->begins[i];
      lines->sizes[kept++] = lines->sizes[i];
    }
  }
  if (kept < lines->count) {
    clf__log(self->context, CLF_LOG_INFO, "%s: %lld blank lines are left out",
             self->source.lines.name, (long long)(lines->count - kept));
  }
  lines->count = kept;
}

/* Either all texts have labels, or none has. */
static clf_status choose_lines(fasttext_reader *self) {
  int64_t bare = -1;
  CLF__CHECK(find_labels(self, &bare));
  if (self->labeled > 0 && bare >= 0) {
    clf__fail(CLF_ERROR_DATA, "it has no label, a word that begins with '%s', and others have one",
              self->prefix);
    return fail_at(self, bare, CLF_ERROR_DATA);
  }
  if (self->labeled > 0) {
    leave_out_blank(self);
  } else {
    clf__log(
        self->context, CLF_LOG_INFO,
        "%s: no line has a label, a word that begins with '%s'; prefix=TEXT says how they begin",
        self->source.lines.name, self->prefix);
  }
  return CLF_OK;
}

/* Writes the text around the label. */
static clf_status fill(void *argument, clf_documents *documents, clf__document_part *part) {
  const fasttext_reader *self = argument;
  clf__text content = {.context = self->context};
  for (int64_t i = part->first; !content.failed && i < part->first + part->count; i++) {
    const char *begin = self->lines.begins[i], *end = begin + self->lines.sizes[i];
    const word label = find_label(self, begin, end);
    const char *rest = label.begin < label.end ? word_from(label.end, end).begin : end;
    content.length = 0;
    clf__text_append_bytes(&content, begin, (size_t)(label.begin - begin));
    clf__text_append_bytes(&content, rest, (size_t)(end - rest));
    clf__documents_write(documents, part, i, content.bytes, content.length);
  }
  const clf_status status = content.failed ? CLF_ERROR_MEMORY : CLF_OK;
  clf__text_free(&content);
  return status;
}

static clf_status set_labels(clf_documents *documents, fasttext_reader *self) {
  const char *at = self->label_text.bytes;
  const char **labels = clf__arena_array(&self->lines.arena, documents->count, sizeof *labels);
  CLF__CHECK(clf__arena_status(&self->lines.arena));
  for (int64_t i = 0; i < documents->count; i++) {
    labels[i] = at;
    at += strlen(at) + 1;
  }
  return clf_dataset_set_label_names(documents->label_set, labels, documents->count);
}

static clf_status make(clf_documents **out, fasttext_reader *self) {
  clf_documents *made = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__document_lines_find(&self->lines, self->context, &self->source, 1));
  CLF__TRY(choose_lines(self));
  CLF__TRY(clf__document_lines_make(&made, self->context, &self->lines, fill, self));
  if (self->labeled > 0) {
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
  const fasttext_params *own = values;
  fasttext_reader self = {
      .context = context, .prefix = own->prefix, .label_text = {.context = context}};
  if (own->prefix == NULL || own->prefix[0] == '\0') {
    return clf__fail(CLF_ERROR_ARGUMENT, "fasttext: prefix must not be empty");
  }
  self.prefix_size = strlen(own->prefix);
  clf_status status = clf__lines_open(&self.source.lines, &self.source.converted, context, bytes,
                                      name, &own->style);
  if (status == CLF_OK) {
    status = make(out, &self);
    status = status == CLF_ERROR_MEMORY ? clf__fail_within(status, "%s", name) : status;
  }
  clf__arena_free(&self.lines.arena);
  clf__text_free(&self.label_text);
  clf__line_source_close(&self.source);
  return status;
}

const clf__document_reader clf__document_reader_fasttext = {
    .base = CLF__KIND("fasttext",
                      "fastText's training data: a text in each line, with a word __label__NAME",
                      params, fasttext_params),
    .parse = parse,
};
