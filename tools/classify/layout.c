#include "layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "fields.h"
#include "header.h"
#include "notes.h"
#include "params.h"
#include "report/text.h"
#include "sniff.h"

static bool is_reader(const layout *self, const char *name) {
  return strcmp(self->reader, name) == 0;
}

/* Puts parameters behind others, which it replaces: `names` are their names, "|a|b|". False without
 * memory. */
static bool replace(layout *self, const char *names, const char *with) {
  char *rest = params_among(self->params, names, false);
  char *joined = rest != NULL ? params_join(rest, with) : NULL;
  free(rest);
  if (joined != NULL) {
    free(self->params);
    self->params = joined;
  }
  return joined != NULL;
}

/* Adds a parameter that is not given yet. False without memory. */
static bool add_default(layout *self, const char *name, const char *value) {
  char *text = NULL;
  if (params_has(self->params, name)) {
    return true;
  }
  const bool good = asprintf(&text, "%s=%s", name, value) >= 0 && replace(self, "", text);
  free(text);
  return good;
}

bool layout_fix(layout *self, const char *guesses) {
  char *all = params_with(self->params, guesses);
  if (all != NULL) {
    free(self->params);
    self->params = all;
  }
  return all != NULL;
}

/* What labels, weights and other columns of the training data were: new data need not have them. */
#define NO_LABELS "|label|weight|ignore|columns|regression|header|row_numbers|"

/* Rows of a table with a header: the features by their names, whatever else is there. */
static bool lay_out_names(layout *self, const service *own) {
  char *columns = columns_of_model(own->model), *text = NULL;
  const bool good = columns != NULL &&
                    asprintf(&text, "header=true row_numbers=true label=none %s", columns) >= 0 &&
                    replace(self, NO_LABELS, text);
  free(columns);
  free(text);
  return good;
}

/* Finds the labels of a table without a header that has more or fewer columns than features: by
 * their number in the training data, or as the only field that is no number. */
static int find_labels(layout *self, const service *own, const stream *s, const fields *first) {
  const int64_t features = own->features;
  const size_t column = (int64_t)first->count == features + 1 ? fields_only_text(first) : 0;
  char *label = params_value(self->params, "label"), number[40];
  const bool known = label != NULL && field_is_number(label);
  free(label);
  if (known) {
    return -1;
  }
  if (column == 0) {
    char *delimiter = params_value(self->params, "delimiter");
    complain("%s: its first row has %zu column%s by delimiter=%s, and the model has %" PRId64
             " features; a header with their names, or --format 'csv label=NUMBER', says which "
             "they are",
             s->name, first->count, first->count == 1 ? "" : "s",
             delimiter != NULL ? delimiter : "comma", features);
    free(delimiter);
    return EXIT_FAILURE;
  }
  snprintf(number, sizeof number, "label=%zu", column);
  return replace(self, "|label|", number) ? -1 : tool_fail(CLF_ERROR_MEMORY);
}

/* Rows of a table by the order of the columns: the features alone, or all that the training data
 * had. */
static bool lay_out_order(layout *self, const service *own, const fields *first, bool header) {
  const char *text = header ? "header=true" : "header=false";
  const size_t features = (size_t)own->features;
  const bool numbered = params_is(self->params, "row_numbers", "true");
  if (first->count == features || (numbered && first->count == features + 1)) {
    char *categories = category_numbers_of_model(own->model);
    const bool good = categories != NULL &&
                      (first->count != features || replace(self, "|categories|", categories));
    free(categories);
    return good && replace(self, NO_LABELS, text) && replace(self, "|label|", "label=none") &&
           replace(self, "|row_numbers|",
                   first->count == features ? "row_numbers=false" : "row_numbers=true");
  }
  char label[40] = "";
  for (size_t i = 0; header && first->count == features + 1 && i < first->count; i++) {
    if (strcmp(first->texts[i], "label") == 0 || strcmp(first->texts[i], "class") == 0) {
      snprintf(label, sizeof label, "label=%zu", i + 1); /* wherever the training data had them */
    }
  }
  return replace(self, "|header|", text) && add_default(self, "row_numbers", "false") &&
         (*label == '\0' || replace(self, "|label|", label));
}

/* Columns are of numbers or of categories as those of the model, whatever a part of the rows looks
 * like: a zip code stays a text. */
static bool add_categories(layout *self, const service *own) {
  char *categories =
      params_has(self->params, "categories") ? NULL : categories_of_model(own->model);
  const bool good = params_has(self->params, "categories") ||
                    (categories != NULL && replace(self, "", categories));
  free(categories);
  return good;
}

/* A table of rows. A row without a value is not left out, since the answers behind it would then be
 * those of other lines; and numbers are f64 in every block, whatever the others have. */
static int lay_out_rows(layout *self, const tool *t, const service *own, const fields *first,
                        const char *name, bool *header) {
  const bool given = t->common.format != NULL, named = header_has_names(own, first);
  bool good = (!params_is(self->params, "missing", "skip") || replace(self, "|missing|", "")) &&
              add_default(self, "dtype", "f64") && add_categories(self, own);
  *header = given && params_has(self->params, "header") ? params_is(self->params, "header", "true")
                                                        : named || fields_are_names(first);
  if (good && *header && named && !(given && params_has(self->params, "columns"))) {
    const int status = header_check(own, first, name, t->common.quiet);
    if (status >= 0) {
      return status;
    }
    good = lay_out_names(self, own);
  } else if (good) {
    good = given ? replace(self, "|header|", *header ? "header=true" : "header=false") &&
                       add_default(self, "row_numbers", "false")
                 : lay_out_order(self, own, first, *header);
  }
  return good ? -1 : tool_fail(CLF_ERROR_MEMORY);
}

/* A table of texts, whose column the header names. */
static bool lay_out_texts(layout *self, const service *own, const fields *first, bool *header) {
  const char *trained = notes_get(own->model, NOTE_READER_PARAMS);
  if (!params_has(self->params, "text") && trained != NULL && params_has(trained, "text")) {
    char *kept = params_among(trained, "|text|", true);
    const bool good = kept != NULL && replace(self, "|text|", kept);
    free(kept);
    if (!good) {
      return false;
    }
  }
  char *text = params_value(self->params, "text");
  const bool known = text != NULL, said = params_is(self->params, "header", "true");
  *header = known && !field_is_number(text) ? fields_have(first, text) : said;
  free(text);
  if (!known && first->count > 1) { /* the reader finds it by the labels */
    return replace(self, "|header|", *header ? "header=true" : "header=false");
  }
  const char *columns = *header ? "header=true label=none" : "header=false label=none";
  if (first->count == 1 && !*header) {
    return replace(self, "|text|label|header|", "text=1 header=false label=none");
  }
  return replace(self, "|label|header|", columns);
}

/* Bytes of a first line such as "sep=;", by which Excel names the delimiter and which the reader
 * skips. */
static size_t separator_line(const stream *s) {
  const size_t mark = s->used >= 3 && memcmp(s->bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  const char *at = s->bytes + mark;
  const bool has =
      s->used >= mark + 6 && memcmp(at, "sep=", 4) == 0 && (at[5] == '\n' || at[5] == '\r');
  const char *end = has ? memchr(at, s->line_end, s->used - mark) : NULL;
  return end != NULL ? (size_t)(end + 1 - s->bytes) : 0;
}

/* Finds header and columns by the first record of a table. */
static int lay_out_table(layout *self, const tool *t, const service *own, stream *s) {
  record first = {0};
  fields f = {0};
  bool header = false, good = true;
  if (!stream_record(s, separator_line(s), &first)) {
    return -1;
  }
  if (!params_has(self->params, "delimiter")) {
    good = add_default(self, "delimiter",
                       fields_delimiter(s->bytes + first.begin, first.end - first.begin));
  }
  char *delimiter = params_value(self->params, "delimiter");
  good =
      good && delimiter != NULL &&
      fields_split(&f, s->bytes + first.begin, first.end - first.begin, delimiter, s->style.quotes);
  if (good && !self->texts && f.count == (size_t)own->features + 1 &&
      *f.texts[f.count - 1] == '\0') {
    f.count--; /* an empty field behind the last delimiter */
  }
  int status = !good || (self->texts && !lay_out_texts(self, own, &f, &header))
                   ? tool_fail(CLF_ERROR_MEMORY)
               : self->texts ? -1
                             : lay_out_rows(self, t, own, &f, s->name, &header);
  if (!params_has(self->params, "comment")) { /* comments are in front of the table only */
    record_style style = s->style;
    style.comment = '\0';
    stream_restyle(s, style, first.begin);
  }
  self->first = first.begin;
  if (status < 0 && header) {
    self->header = true;
    stream_set_header(s, first.end);
  } else if (s->bytes[first.end - 1] == s->line_end) { /* or the only one */
    self->repeated = first.end;
  }
  if (status < 0 && !self->texts && !header && t->common.format == NULL &&
      !params_is(self->params, "label", "none")) {
    status = find_labels(self, own, s, &f);
  }
  fields_free(&f);
  free(delimiter);
  return status;
}

/* What a record is for a reader. */
static record_style style_of(const layout *self) {
  record_style style = {.skipped = true};
  if (strcmp(self->reader, "csv") == 0) {
    style.quotes = !params_no(self->params, "quotes");
    style.comment = params_is(self->params, "comment", "percent") ? '%'
                    : params_is(self->params, "comment", "none")  ? '\0'
                                                                  : '#';
  } else {
    /* A blank line among lines with labels is no text, in whatever block it comes. */
    style.comment = strcmp(self->reader, "svmlight") == 0 ? '#' : '\0';
    style.skipped = style.comment != '\0' || strcmp(self->reader, "fasttext") == 0;
  }
  return style;
}

/* Whether the text's first record has a field of this name. */
static bool begins_with(const stream *s, const char *name, const char *delimiter) {
  record first = {0};
  fields f = {0};
  const bool has =
      stream_record(s, 0, &first) &&
      fields_split(&f, s->bytes + first.begin, first.end - first.begin, delimiter, true) &&
      fields_have(&f, name);
  fields_free(&f);
  return has;
}

/* Whether a table of texts is there: one was the training data, and this is a file like it, or its
 * header has the column of the texts. Other texts are lines. */
static bool has_text_table(const layout *self, const stream *s) {
  if (strcmp(self->reader, "csv") != 0) {
    return false;
  }
  char *text = params_value(self->params, "text"),
       *delimiter = params_value(self->params, "delimiter");
  const bool has = text != NULL && begins_with(s, text, delimiter != NULL ? delimiter : "comma");
  const bool headless =
      !params_is(self->params, "header", "true") || (text != NULL && field_is_number(text));
  free(text);
  free(delimiter);
  return has || (headless && !s->pipe && s->own);
}

/* A file that lacks the column of the texts may be the wrong one. */
static void note_lines(const layout *self, const tool *t, const stream *s) {
  char *text = is_reader(self, "csv") && s->own ? params_value(self->params, "text") : NULL;
  if (text != NULL && !t->common.quiet) {
    complain("'%s' has no column '%s' of texts: each of its lines is read as a text", s->name,
             text);
  }
  free(text);
}

/* Chooses the reader of texts, unless --format says it: lines, or fastText's lines with labels. */
static bool choose_texts(layout *self, const tool *t, const stream *s) {
  char *given = params_value(self->params, "prefix");
  const char *prefix = given != NULL ? given : "__label__";
  const size_t length = strlen(prefix);
  const bool labeled = s->whole >= length && memcmp(s->bytes, prefix, length) == 0;
  bool good = true;
  if (!has_text_table(self, s)) {
    note_lines(self, t, s);
    char *encoding = params_value(self->params, "encoding");
    snprintf(self->reader, sizeof self->reader, "%s", labeled ? "fasttext" : "lines");
    self->params[0] = '\0';
    good = (encoding == NULL || add_default(self, "encoding", encoding)) &&
           (!labeled || given == NULL || add_default(self, "prefix", given));
    free(encoding);
  }
  free(given);
  return good;
}

/* The reader of rows that has no metadata of its training: by the content. */
static void choose_rows(layout *self, const stream *s) {
  const sniffed found = sniff_bytes((const unsigned char *)s->bytes, s->used);
  snprintf(self->reader, sizeof self->reader, "%s",
           found.what == CONTENT_ROWS && strcmp(found.reader, "svmlight") == 0 ? "svmlight"
                                                                               : "csv");
}

/* The reader and its parameters: those of --format, or of the training data. */
static bool begin(layout *self, const tool *t, const clf_model *model) {
  const char *reader = notes_get(model, NOTE_READER);
  const char *params = notes_get(model, NOTE_READER_PARAMS);
  if (t->common.format != NULL) {
    params = params_split(self->reader, t->common.format);
  } else {
    snprintf(self->reader, sizeof self->reader, "%s", reader != NULL ? reader : "");
  }
  self->params = strdup(params != NULL ? params : "");
  return self->params != NULL;
}

/* Rows of sparse text have the features of the model, whatever they have themselves. */
static bool lay_out_sparse(layout *self, const service *own) {
  char features[32];
  snprintf(features, sizeof features, "%" PRId64, own->features);
  return add_default(self, "features", features);
}

int layout_find(layout *out, const tool *t, const service *own, stream *s) {
  const bool texts = clf_model_vocabulary(own->model) != NULL;
  *out = (layout){.texts = texts};
  stream_set_style(s, texts ? (record_style){.quotes = false}
                            : (record_style){.comment = '#', .skipped = true});
  const int begun = stream_peek(s, 1); /* by which the reader is chosen */
  if (begun >= 0) {
    return begun;
  }
  bool good = begin(out, t, own->model);
  if (good && t->common.format == NULL) {
    if (out->texts) {
      good = choose_texts(out, t, s);
    } else if (!is_reader(out, "csv") && !is_reader(out, "svmlight")) {
      choose_rows(out, s);
      out->params[0] = '\0';
    }
  }
  if (!good) {
    return tool_fail(CLF_ERROR_MEMORY);
  }
  stream_set_style(s, style_of(out));
  const int status = stream_peek(s, separator_line(s) > 0 ? 2 : 1);
  if (status >= 0) {
    return status;
  }
  if (is_reader(out, "csv")) {
    return lay_out_table(out, t, own, s);
  }
  return is_reader(out, "svmlight") && !lay_out_sparse(out, own) ? tool_fail(CLF_ERROR_MEMORY) : -1;
}

void layout_free(layout *self) {
  free(self->params);
  *self = (layout){0};
}
