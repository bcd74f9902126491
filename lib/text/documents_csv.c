/* Documents from a column of CSV or TSV text, labels from another. */
#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "data/formats/csv/csv.h"
#include "text/document_format.h"

typedef struct text_params {
  char *text, *label;
  clf__csv_style style;
} text_params;

#define CLF__VALUES text_params
static const clf__param params[] = {
    CLF__TEXT(text, NULL, "text column by name or number (-1: last); otherwise the last non-label"),
    CLF__TEXT(label, NULL, "label column, or none; otherwise the last that is not the text"),
    CLF__CSV_HEADER,
    CLF__CSV_DELIMITER,
    CLF__CSV_MISSING_VALUES,
    CLF__CSV_LINES,
    CLF__CSV_QUOTES,
};

enum { ROWS_A_PART = 512 };

typedef struct text_reader {
  clf__arena arena;
  clf_context *context;
  clf__csv_style style;
  clf__csv_columns columns;
  const char **texts, **labels; /* [rows] where the fields begin; labels are NULL if there are
                                 * none */
  int64_t rows;
} text_reader;

/* Determines which columns have the texts and labels; the others are left out. */
static clf_status set_roles(clf__csv_columns *columns, const text_params *own) {
  int64_t label = -1, text = -1;
  clf_status status = CLF_OK;
  if (own->text != NULL) {
    CLF__TRY(clf__csv_assign_role(columns, "text", own->text, strlen(own->text), CLF__CSV_TEXT));
  }
  if (own->label == NULL && columns->count > 1) {
    label = clf__csv_assign_to_last(columns, CLF__CSV_LABEL);
  } else if (own->label != NULL && strcmp(own->label, "none") != 0) {
    CLF__TRY(
        clf__csv_assign_role(columns, "label", own->label, strlen(own->label), CLF__CSV_LABEL));
  }
  if (own->text == NULL) {
    text = clf__csv_assign_to_last(columns, CLF__CSV_TEXT);
  }
  for (int64_t i = 0; i < columns->count; i++) {
    columns->counts[columns->roles[i]]++;
  }
  CLF__TRY(clf__csv_log_guesses(columns, label, text));
  clf__csv_warn_of_label(columns, label);
  if (columns->counts[CLF__CSV_TEXT] == 0) {
    status = clf__fail(CLF_ERROR_DATA, "%s: its only column is the label; no text is left",
                       columns->text.lines.name);
  }
done:
  return status;
}

/* Records where the fields of the record at `*at` begin, and advances `*at`. */
static clf_status read_record(text_reader *self, const char **at) {
  const clf__csv_columns *columns = &self->columns;
  const char *record = *at;
  for (int64_t column = 0; column < columns->count; column++) {
    clf__csv_field field;
    const char *wrong = clf__csv_field_at(&field, &columns->text, *at);
    if (wrong != NULL) {
      clf__fail(CLF_ERROR_FORMAT, "%s", wrong);
      return clf__csv_fail_within(CLF_ERROR_FORMAT, columns, *at, column);
    }
    if (field.last != (column + 1 == columns->count) &&
        !clf__csv_ends_empty(columns, &field, column)) {
      return clf__csv_fail_count(columns, record);
    }
    if (columns->roles[column] == CLF__CSV_TEXT) {
      self->texts[self->rows] = *at;
    } else if (columns->roles[column] == CLF__CSV_LABEL) {
      if (clf__csv_missing(&columns->text, &field)) {
        clf__fail(CLF_ERROR_DATA, "the label is missing; label=none goes without%s",
                  field.begin < field.end ? ", missing_values says which texts stand for none"
                                          : "");
        return clf__csv_fail_within(CLF_ERROR_DATA, columns, *at, column);
      }
      self->labels[self->rows] = *at;
    }
    *at = field.next;
  }
  self->rows++;
  return CLF_OK;
}

static clf_status read_records(text_reader *self) {
  const clf__csv_text *text = &self->columns.text;
  const clf__lines *lines = &text->lines;
  clf__lines_watch watch = clf__lines_watch_of(lines, self->context, "csv");
  int64_t capacity = clf__csv_count_records(text, self->columns.rows);
  bool labeled = self->columns.counts[CLF__CSV_LABEL] > 0;
  self->arena.context = self->context;
  self->texts = clf__arena_array(&self->arena, capacity, sizeof *self->texts);
  self->labels = labeled ? clf__arena_array(&self->arena, capacity, sizeof *self->labels) : NULL;
  if (clf__arena_status(&self->arena) < 0) {
    return clf__fail_within(CLF_ERROR_MEMORY, "%s", lines->name);
  }
  for (const char *at = self->columns.rows; at < lines->end; at = clf__csv_record_at(text, at)) {
    clf_status status = clf__lines_step(lines, &watch, at);
    if (status == CLF_OK) {
      status =
          self->rows < capacity ? read_record(self, &at) : clf__csv_fail_count(&self->columns, at);
    }
    if (status < 0) {
      return status;
    }
  }
  return CLF_OK;
}

static clf_status fill(void *argument, clf_documents *documents, clf__document_part *part) {
  const text_reader *self = argument;
  clf__text content = {.context = self->context};
  clf_status status = CLF_OK;
  for (int64_t i = part->first; status == CLF_OK && i < part->first + part->count; i++) {
    clf__csv_field field;
    clf__csv_field_at(&field, &self->columns.text, self->texts[i]);
    content.length = 0;
    if (!clf__text_reserve(&content, (size_t)(field.end - field.begin))) {
      status = CLF_ERROR_MEMORY;
    } else {
      clf__documents_write(documents, part, i, content.bytes,
                           clf__csv_content(&field, content.bytes));
    }
  }
  clf__text_free(&content);
  return status;
}

/* Reads the documents, without their labels. */
static clf_status make_documents(clf_documents **out, text_reader *self) {
  clf_documents *made = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__documents_blank(&made, self->context, self->rows,
                                clf__ceil_div(self->rows, ROWS_A_PART)));
  CLF__TRY(clf__documents_fill(made, fill, self));
  *out = made;
  return CLF_OK;
done:
  clf_documents_free(made);
  return clf__fail_within(status, "%s", self->columns.text.lines.name);
}

static clf_status parse(clf_documents **out, clf_context *context, const clf__bytes *bytes,
                        const char *name, const void *values) {
  const text_params *own = values;
  text_reader self = {.context = context, .style = own->style};
  clf_documents *made = NULL;
  clf_status status = CLF_OK;
  self.style.documents = true;
  CLF__TRY(clf__csv_columns_read(&self.columns, context, bytes, name, &self.style));
  CLF__TRY(set_roles(&self.columns, own));
  CLF__TRY(read_records(&self));
  CLF__TRY(make_documents(&made, &self));
  if (self.labels != NULL) {
    CLF__TRY(clf__csv_set_labels(made->label_set, &self.columns, self.labels));
  }
  made->guesses = clf__csv_take_guesses(&self.columns);
  *out = made;
  made = NULL;
done:
  clf_documents_free(made);
  clf__csv_columns_free(&self.columns);
  clf__arena_free(&self.arena);
  return status;
}

const clf__document_reader clf__document_reader_csv = {
    .base = CLF__KIND(
        "csv",
        "a column of texts and one of labels, fields separated by commas, semicolons or tabs",
        params, text_params),
    .parse = parse,
};
