/* Writing datasets as CSV: a line that names the columns, then a record for each row: the features,
 * its weight if there are weights, its targets or its label. So the label is the last column, where
 * the reader looks for it.
 *
 * Numbers are the shortest texts that read back as the same f32 or f64. A text is quoted if it
 * would otherwise read as something else: as several fields, a comment, or a missing value. If a
 * name of a column is a number, all names are quoted, which distinguishes them from a row. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/progress.h"
#include "base/utf8.h"
#include "data/formats/csv/csv.h"
#include "data/formats/sparse_text.h"
#include "data/formats/write_labels.h"

typedef struct csv_write_params {
  int32_t delimiter;
  bool header;
  char *label, *weight;
} csv_write_params;

#define CLF__VALUES csv_write_params
static const clf__param params[] = {
    CLF__CHOICE(delimiter, "comma|semicolon|tab|space|pipe", "comma", "delimiter of the fields"),
    CLF__BOOL(header, "true", "whether the first line names the columns"),
    CLF__TEXT(label, "label", "name of the column of labels or targets"),
    CLF__TEXT(weight, "weight", "name of the column of weights"),
};

enum { PIECE = 1 << 16, NAME_BYTES = 32 };
static const int64_t values_a_step = 1 << 20;

typedef struct csv_writer {
  clf__arena arena;
  clf__text text;
  const clf_dataset *dataset;
  const csv_write_params *params;
  clf__csv_text style; /* as a reader takes the file */
  clf__rows x;
  clf__byte_texts bytes;
  double *values; /* [columns] of a row that is neither bytes nor f32 */
  bool quoted;    /* all names of columns are */
  bool missing;   /* some values are */
} csv_writer;

static void append_delimiter(csv_writer *w) {
  clf__text_append_bytes(&w->text, &w->style.delimiter, 1);
}

/* Readers also guess the delimiter by its rivals, and look for a byte order mark. */
static bool needs_quotes(const csv_writer *w, const char *name) {
  static const char rivals[] = "\"\n\r\t,;|", mark[] = "\xEF\xBB\xBF";
  const size_t length = strlen(name);
  const clf__csv_field field = {.begin = name, .end = name + length};
  return strpbrk(name, rivals) != NULL || strchr(name, w->style.delimiter) != NULL ||
         name[0] == '#' || strncmp(name, mark, sizeof mark - 1) == 0 ||
         clf__csv_missing(&w->style, &field) || name[0] == ' ' || name[length - 1] == ' ';
}

static void append_name(csv_writer *w, const char *name, bool quoted) {
  if (!quoted && !needs_quotes(w, name)) {
    clf__text_append_bytes(&w->text, name, strlen(name));
    return;
  }
  clf__text_append_bytes(&w->text, "\"", 1);
  for (const char *at = name; *at != '\0'; at++) {
    clf__text_append_bytes(&w->text, "\"\"", *at == '"' ? 2 : 0);
    clf__text_append_bytes(&w->text, at, *at != '"');
  }
  clf__text_append_bytes(&w->text, "\"", 1);
}

typedef struct column_name {
  char text[NAME_BYTES];
} column_name;

/* Returns the name of a feature; f1, f2 … if the dataset has no names. */
static const char *name_of(const csv_writer *w, int64_t column, column_name *made) {
  const char *name = clf_dataset_column_name(w->dataset, column);
  snprintf(made->text, sizeof made->text, "f%lld", (long long)column + 1);
  return name != NULL ? name : made->text;
}

static clf_status check_classes(const clf_dataset *dataset) {
  for (int64_t k = 0; k < clf_dataset_classes(dataset); k++) {
    if (clf_dataset_class_name(dataset, k)[0] == '\0') {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "csv: the name of class %lld is empty, which readers take for no label",
                       (long long)k);
    }
  }
  return CLF_OK;
}

static clf_status check_categories(const clf_dataset *dataset) {
  for (int64_t j = clf__categories_next(dataset->categories, 0); j >= 0;
       j = clf__categories_next(dataset->categories, j + 1)) {
    const int64_t code = clf__names_find(clf__categories_of(dataset->categories, j), "");
    if (code >= 0) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "csv: the name of category %lld of %s is empty, which readers take for a "
                       "missing value",
                       (long long)code, clf__dataset_column(dataset, j).text);
    }
  }
  return CLF_OK;
}

/* Returns whether readers take a name for a number, or for true or false. */
static bool reads_as_number(const csv_writer *w, const char *name) {
  const clf__csv_field field = {.begin = name, .end = name + strlen(name)};
  double value;
  int64_t significand;
  return clf__csv_number(&w->style, &field, &value, &significand);
}

static clf_status check_names(csv_writer *w) {
  const csv_write_params *p = w->params;
  const bool labelled = w->dataset->labels != NULL || w->dataset->targets != NULL;
  for (int64_t j = 0; j < w->x.columns && p->header; j++) {
    column_name made;
    const char *name = name_of(w, j, &made);
    const char *taken = labelled && strcmp(name, p->label) == 0                       ? "label"
                        : w->dataset->weights != NULL && strcmp(name, p->weight) == 0 ? "weight"
                                                                                      : NULL;
    if (taken != NULL) {
      return clf__fail(CLF_ERROR_ARGUMENT,
                       "csv: a feature is named '%s', too; %s=NAME gives that column another name",
                       name, taken);
    }
    w->quoted = w->quoted || reads_as_number(w, name);
  }
  w->quoted = w->quoted || (labelled && reads_as_number(w, p->label)) ||
              (w->dataset->weights != NULL && reads_as_number(w, p->weight));
  return CLF_OK;
}

/* Several targets are numbered from 1. */
static void append_label_names(csv_writer *w) {
  const int64_t outputs = clf_dataset_outputs(w->dataset);
  if (outputs <= 1) {
    append_delimiter(w);
    append_name(w, w->params->label, w->quoted);
    return;
  }
  clf__text name = {.context = w->dataset->context};
  for (int64_t k = 0; k < outputs; k++) {
    name.length = 0;
    clf__text_append(&name, "%s_%lld", w->params->label, (long long)k + 1);
    append_delimiter(w);
    append_name(w, name.failed ? "" : name.bytes, w->quoted);
  }
  w->text.failed = w->text.failed || name.failed;
  clf__text_free(&name);
}

static void append_header(csv_writer *w) {
  for (int64_t j = 0; j < w->x.columns; j++) {
    column_name made;
    const char *name = name_of(w, j, &made);
    clf__text_append_bytes(&w->text, &w->style.delimiter, j > 0);
    append_name(w, name, w->quoted);
  }
  if (w->dataset->weights != NULL) {
    append_delimiter(w);
    append_name(w, w->params->weight, w->quoted);
  }
  if (w->dataset->labels != NULL || w->dataset->targets != NULL) {
    append_label_names(w);
  }
  clf__text_append_bytes(&w->text, "\n", 1);
}

static void append_features(csv_writer *w, int64_t row) {
  const clf__rows *x = &w->x;
  const bool bytes = x->dtype == CLF_U8 && !clf__rows_sparse(x);
  const uint8_t *own = bytes ? (const uint8_t *)x->data + row * x->stride : NULL;
  if (!bytes) {
    clf__rows_read_f64(x, row, w->values);
  }
  for (int64_t j = 0; j < x->columns; j++) {
    const clf__names *categories = clf__categories_of(w->dataset->categories, j);
    clf__text_append_bytes(&w->text, &w->style.delimiter, j > 0);
    if (!bytes && isnan(w->values[j])) {
      w->missing = true; /* an empty field */
    } else if (categories != NULL) {
      append_name(w, clf__names_at(categories, (int64_t)w->values[j]), false);
    } else if (bytes) {
      clf__text_append_bytes(&w->text, w->bytes.of[own[j]].text, strlen(w->bytes.of[own[j]].text));
    } else {
      clf__text_append_number(&w->text, w->values[j], x->dtype != CLF_F64);
    }
  }
}

static void append_row(csv_writer *w, int64_t row) {
  const clf_dataset *d = w->dataset;
  const double *targets = clf__dataset_targets(d);
  const int64_t outputs = clf_dataset_outputs(d);
  append_features(w, row);
  if (d->weights != NULL) {
    append_delimiter(w);
    clf__text_append_number(&w->text, (double)clf__dataset_weights(d)[row], true);
  }
  for (int64_t k = 0; k < outputs; k++) {
    append_delimiter(w);
    clf__text_append_number(&w->text, targets[row * outputs + k], false);
  }
  if (d->labels != NULL) {
    append_delimiter(w);
    append_name(w, clf_dataset_class_name(d, clf__dataset_labels(d)[row]), false);
  }
  clf__text_append_bytes(&w->text, "\n", 1);
}

/* Logs the parameters that read what is not a label in the last column, and class names that will
 * be read as numbers. */
static void log_reading(const csv_writer *w) {
  const clf_dataset *d = w->dataset;
  const int64_t outputs = clf_dataset_outputs(d);
  const bool plain = d->labels != NULL && d->weights == NULL;
  const clf__label_form form = clf__label_form_of(d);
  char label[80] = "", weight[128] = "";
  if (outputs > 1) {
    snprintf(label, sizeof label, "regression=true, and the last %lld columns as label",
             (long long)outputs);
  } else if (outputs == 1 || d->labels == NULL) {
    snprintf(label, sizeof label, "%s", outputs == 1 ? "regression=true" : "label=none");
  }
  if (d->weights != NULL) {
    const char *name = w->params->weight;
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)w->x.columns + 1);
    snprintf(weight, sizeof weight, "%sweight=%s", label[0] != '\0' ? ", " : "",
             w->params->header ? clf__excerpt_of(name, name + strlen(name)).text : number);
  }
  if (!plain) {
    clf__log(d->context, CLF_LOG_INFO, "csv: the file is read by %s%s", label, weight);
  }
  if (d->labels != NULL && form != CLF__LABEL_NAME && !clf__classes_are_numbers(d->classes)) {
    clf__log(
        d->context, CLF_LOG_WARNING,
        "csv: all class names are texts of numbers, such as %s, which readers take for numbers",
        clf_dataset_class_name(d, 0));
  }
}

static clf_status prepare(csv_writer *w, clf_context *context, const csv_write_params *chosen) {
  w->arena.context = w->text.context = context;
  w->params = chosen;
  w->style.quote = '"';
  w->style.decimal = '.';
  clf__csv_set_delimiter(&w->style, chosen->delimiter + CLF__CSV_COMMA);
  clf__byte_texts_fill(&w->bytes, &w->x);
  w->values = clf__arena_array(&w->arena, w->x.columns, sizeof *w->values);
  CLF__CHECK(clf__arena_status(&w->arena));
  CLF__CHECK(check_classes(w->dataset));
  CLF__CHECK(check_categories(w->dataset));
  return check_names(w);
}

static clf_status write(const clf_dataset *dataset, clf__output *output, const void *values) {
  csv_writer w = {.dataset = dataset, .x = clf__dataset_rows(dataset)};
  const clf__progress progress = clf__progress_begin(dataset->context, "csv", w.x.rows);
  const int64_t step = 1 + values_a_step / (1 + w.x.columns);
  clf_status status;
  CLF__TRY(prepare(&w, dataset->context, values));
  log_reading(&w);
  if (w.params->header) {
    append_header(&w);
  }
  for (int64_t row = 0; row < w.x.rows; row++) {
    if (row % step == 0 && row > 0) {
      CLF__TRY(clf__progress_step(&progress, row, NAN, NAN));
    }
    append_row(&w, row);
    CLF__TRY(clf__output_text(output, &w.text, PIECE));
  }
  CLF__TRY(clf__output_text(output, &w.text, 0));
  if (w.missing) {
    clf__log(dataset->context, CLF_LOG_INFO,
             "csv: missing values are empty fields, which missing=keep reads");
  }
done:
  clf__text_free(&w.text);
  clf__arena_free(&w.arena);
  return status;
}

const clf__dataset_writer clf__dataset_writer_csv = {
    .base = CLF__KIND("csv", "CSV with a header: features, weights, and targets or labels", params,
                      csv_write_params),
    .write = write,
    .tables = true,
};
