#include "csv_look.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "params.h"
#include "report/session.h"
#include "report/text.h"

enum { COMMON_VALUES = 3 };

static const char role_names[] =
    "|label|weight|ignore|columns|missing|unreadable|regression|dtype|";
static const char text_names[] = "|header|delimiter|missing_values|quotes|encoding|first_line|";

const char *csv_look_name(const csv_look *self, int64_t column) {
  const char *name = clf_dataset_column_name(self->rows, column);
  return name != NULL ? name : "";
}

shown_column csv_look_show(const csv_look *self, int64_t column) {
  shown_column out;
  const char *name = csv_look_name(self, column);
  snprintf(out.text, sizeof out.text, "column %" PRId64 "%s%.80s%s", column + 1 + self->offset,
           *name != '\0' ? " (" : "", name, *name != '\0' ? ")" : "");
  return out;
}

/* Reads all columns as features. */
static int read_rows(csv_look *self) {
  self->style = params_among(self->given, role_names, false);
  char *params = self->style != NULL
                     ? params_join(self->style, "label=none missing=nan unreadable=nan")
                     : NULL;
  clf_status status = params != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  if (status == CLF_OK) {
    status = clf_dataset_load(&self->rows, self->t->context, "csv", self->path, params);
  }
  free(params);
  if (status < 0) {
    tool_fail(status);
    return status == CLF_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAILURE;
  }
  const char *guesses = clf_dataset_guesses(self->rows);
  char *all = params_join(self->style, guesses);
  self->text_style = all != NULL ? params_among(all, text_names, true) : NULL;
  self->offset = all != NULL && params_is(all, "row_numbers", "true");
  self->count = clf_dataset_rows(self->rows);
  self->columns = clf_dataset_features(self->rows);
  self->roles = calloc((size_t)self->columns, sizeof *self->roles);
  self->facts = calloc((size_t)self->columns, sizeof *self->facts);
  self->values = calloc((size_t)self->columns, sizeof *self->values);
  self->hashes = calloc((size_t)self->count, sizeof *self->hashes);
  const bool good = self->text_style != NULL && self->roles != NULL && self->facts != NULL &&
                    self->values != NULL && self->hashes != NULL;
  if (good) {
    sheet_text(self->out, "format", "csv%s%s%s%s", *self->given != '\0' ? " " : "", self->given,
               *guesses != '\0' ? " " : "", guesses);
  }
  free(all);
  return good ? -1 : tool_fail(CLF_ERROR_MEMORY);
}

/* The column of a name or, where no column has that name, of a number in the file; -1 for none. */
static int64_t find_column(const csv_look *self, const char *text) {
  char *end;
  for (int64_t i = 0; i < self->columns; i++) {
    if (strcmp(csv_look_name(self, i), text) == 0) {
      return i;
    }
  }
  const long long number = strtoll(text, &end, 10);
  const int64_t column = number > 0   ? number - 1 - self->offset
                         : number < 0 ? self->columns + number
                                      : -1;
  return *text != '\0' && *end == '\0' && column >= 0 && column < self->columns ? column : -1;
}

/* Gives a role to the columns of a list, "a,b" or "\"a,b\",c". */
static int set_roles(csv_look *self, const char *parameter, const char *role) {
  char *list = params_value(self->given, parameter), *next = list;
  int status = -1;
  if (list != NULL && find_column(self, list) >= 0) {
    self->roles[find_column(self, list)] = role;
    next = NULL;
  }
  while (status < 0 && next != NULL && strcmp(next, "none") != 0) {
    const bool quoted = *next == '"' && strchr(next + 1, '"') != NULL;
    char *item = next + quoted, *stop = item + strcspn(item, quoted ? "\"" : ",");
    char *after = stop + (*stop != '\0') + (quoted && stop[1] == ',');
    next = *after != '\0' ? after : NULL;
    *stop = '\0';
    const int64_t column = find_column(self, item);
    if (column < 0 && !(self->offset == 1 && strcmp(item, "1") == 0)) {
      complain("%s: %s=%s: it has no such column", self->path, parameter, item);
      status = EXIT_USAGE;
    } else if (column >= 0) {
      self->roles[column] = role;
    }
  }
  free(list);
  return status;
}

/* Roles by the parameters; the last column has the labels unless they say otherwise. */
static int find_roles(csv_look *self) {
  char *label = params_value(self->given, "label"), *columns = params_value(self->given, "columns");
  const char *role = params_is(self->given, "regression", "true") ? "target" : "label";
  int status = set_roles(self, "columns", "feature");
  status = status < 0 ? set_roles(self, "ignore", "left out") : status;
  status = status < 0 ? set_roles(self, "weight", "weight") : status;
  status = status < 0 ? set_roles(self, "label", role) : status;
  if (status < 0 && label == NULL && self->columns > 1 && self->roles[self->columns - 1] == NULL) {
    self->roles[self->columns - 1] = role;
  }
  for (int64_t i = 0; i < self->columns; i++) {
    self->roles[i] = self->roles[i] != NULL ? self->roles[i]
                     : columns != NULL      ? "left out"
                                            : "feature";
  }
  free(label);
  free(columns);
  return status;
}

bool csv_look_has_role(const csv_look *self, int64_t column, const char *role) {
  return strcmp(self->roles[column], role) == 0;
}

/* Whether the reader takes a field for no value. */
static bool is_missing(const char *text, const char *list) {
  static const char usual[] =
      "?,NA,N/A,n/a,NaN,nan,NAN,-NaN,-nan,null,Null,NULL,None,<NA>,#N/A,#NA,#N/A N/A,\\N";
  const size_t length = strlen(text);
  for (const char *at = list != NULL ? list : usual; at != NULL && length > 0;) {
    if (strncmp(at, text, length) == 0 && (at[length] == ',' || at[length] == '\0')) {
      return true;
    }
    at = strchr(at, ',');
    at = at != NULL ? at + 1 : NULL;
  }
  return length == 0;
}

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

typedef struct frequency {
  const char *text;
  int64_t rows;
} frequency;

static int compare_frequencies(const void *a, const void *b) {
  const frequency *one = a, *other = b;
  return one->rows != other->rows ? (one->rows < other->rows) - (one->rows > other->rows)
                                  : strcmp(one->text, other->text);
}

static int compare_numbers(const void *a, const void *b) {
  const frequency *one = a, *other = b;
  const double first = strtod(one->text, NULL), second = strtod(other->text, NULL);
  return first != second ? (first > second) - (first < second) : strcmp(one->text, other->text);
}

/* The distinct ones of texts [count], which it sorts, in their order; NULL when memory runs out. */
static frequency *count_texts(const char **texts, int64_t count, int64_t *distinct) {
  frequency *out = calloc((size_t)count + 1, sizeof *out);
  *distinct = 0;
  qsort(texts, (size_t)count, sizeof *texts, compare_texts);
  for (int64_t i = 0; out != NULL && i < count; i++) {
    if (*distinct == 0 || strcmp(out[*distinct - 1].text, texts[i]) != 0) {
      out[(*distinct)++].text = texts[i];
    }
    out[*distinct - 1].rows++;
  }
  return out;
}

/* "apple 5, banana 4": the most common texts. */
static char *common_values(frequency *texts, int64_t distinct) {
  char *out = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&out, &size);
  qsort(texts, (size_t)distinct, sizeof *texts, compare_frequencies);
  for (int64_t i = 0; stream != NULL && i < distinct && i < COMMON_VALUES; i++) {
    fprintf(stream, "%s%.40s %" PRId64, i > 0 ? ", " : "", texts[i].text, texts[i].rows);
  }
  return stream != NULL && fclose(stream) == 0 ? out : (free(out), NULL);
}

static void add_label_classes(csv_look *self, int64_t column, const frequency *texts,
                              int64_t distinct) {
  const char **names = calloc((size_t)distinct + 1, sizeof *names);
  int64_t *rows = calloc((size_t)distinct + 1, sizeof *rows);
  self->out->failed = self->out->failed || names == NULL || rows == NULL;
  for (int64_t i = 0; names != NULL && rows != NULL && i < distinct; i++) {
    names[i] = texts[i].text;
    rows[i] = texts[i].rows;
  }
  if (self->count > 20 && 2 * distinct > self->count) {
    sheet_line(self->out, INSPECT_PROBLEMS,
               "the labels, %s, have %" PRId64 " different values in %" PRId64
               " rows: label=NAME names another column, regression=true takes numbers as targets",
               csv_look_show(self, column).text, distinct, self->count);
  } else if (names != NULL && rows != NULL) {
    inspect_classes(self->out, names, rows, distinct);
  }
  free(names);
  free(rows);
}

/* Counts what is in the fields of a column that hold texts: of labels all, otherwise where its
 * number [count] is NaN. */
static void count_fields(csv_look *self, int64_t column, const double *numbers,
                         const clf_documents *fields) {
  const bool label = csv_look_has_role(self, column, "label");
  char *list = params_value(self->text_style, "missing_values");
  const char **texts = calloc((size_t)self->count, sizeof *texts);
  column_facts *facts = &self->facts[column];
  int64_t used = 0, distinct = 0;
  facts->missing = facts->texts = 0;
  for (int64_t i = 0; texts != NULL && i < self->count; i++) {
    const char *text = clf_documents_text(fields, i, NULL);
    const bool missing = isnan(numbers[i]) && is_missing(text, list);
    facts->missing += missing;
    facts->texts += isnan(numbers[i]) && !missing;
    self->hashes[i] =
        isnan(numbers[i]) ? hash_bytes(self->hashes[i], text, strlen(text) + 1) : self->hashes[i];
    if (!missing && (label || isnan(numbers[i]))) {
      texts[used++] = text;
    }
  }
  frequency *frequencies = texts != NULL ? count_texts(texts, used, &distinct) : NULL;
  self->out->failed = self->out->failed || frequencies == NULL;
  if (frequencies != NULL && label) {
    facts->distinct = distinct;
    if (facts->texts == 0) {
      qsort(frequencies, (size_t)distinct, sizeof *frequencies, compare_numbers);
    }
    add_label_classes(self, column, frequencies, distinct);
  } else if (frequencies != NULL) {
    facts->distinct += distinct;
  }
  if (frequencies != NULL && facts->texts > 0) {
    self->values[column] = common_values(frequencies, distinct);
  }
  free(frequencies);
  free(texts);
  free(list);
}

/* Reads rows by more parameters. */
static clf_status load_rows(clf_dataset **out, const csv_look *self, const char *more) {
  char *params = params_join(self->style, more);
  const clf_status status = params != NULL
                                ? clf_dataset_load(out, self->t->context, "csv", self->path, params)
                                : CLF_ERROR_MEMORY;
  free(params);
  return status;
}

/* How a parameter of the reader selects a column: by its number, unless another column has that as
 * its name, as in a header 0,1,2; then by its own name. */
typedef struct selector {
  char text[80];
} selector;

static selector select_column(const csv_look *self, int64_t column) {
  selector number, out;
  snprintf(number.text, sizeof number.text, "%" PRId64, column + 1 + self->offset);
  out = number;
  const char *own = clf_dataset_column_name(self->rows, column);
  for (int64_t j = 0; own != NULL && j < self->columns; j++) {
    const char *name = clf_dataset_column_name(self->rows, j);
    if (j != column && name != NULL && strcmp(name, number.text) == 0 &&
        strpbrk(own, "',\"") == NULL && strlen(own) + 3 < sizeof out.text) {
      snprintf(out.text, sizeof out.text, "'%s'", own);
    }
  }
  return out;
}

/* Counts without the texts, of files that the reader of texts does not read alike, such as those
 * with comments: rows that missing=skip leaves out lack the value, and NaN in the others are
 * texts. */
static clf_status count_unseen(csv_look *self, int64_t column) {
  column_facts *facts = &self->facts[column];
  char more[160];
  clf_dataset *rows = NULL;
  clf_tensor *x = NULL;
  snprintf(more, sizeof more, "label=none missing=skip unreadable=nan columns=%s",
           select_column(self, column).text);
  clf_status status = load_rows(&rows, self, more);
  if (status == CLF_OK && (status = clf_dataset_tensor(&x, rows, "x")) == CLF_OK) {
    column_sums sums = {.shift = 0};
    for (int64_t i = 0; i < clf_dataset_rows(rows); i++) {
      column_sums_add(&sums, clf_tensor_dtype(x) == CLF_F64
                                 ? ((const double *)clf_tensor_data(x))[i]
                                 : (double)((const float *)clf_tensor_data(x))[i]);
    }
    facts->texts = sums.facts.missing;
    facts->missing = self->count - clf_dataset_rows(rows);
    facts->distinct = facts->texts > 0 ? -1 : facts->distinct;
    self->unseen = self->unseen || facts->texts > 0;
  }
  status = status == CLF_ERROR_DATA ? CLF_OK : status; /* every row lacks the value */
  clf_tensor_free(x);
  clf_dataset_free(rows);
  return status;
}

/* The classes of such a file; they cannot be read where a row has no label. */
static clf_status class_unseen(csv_look *self, int64_t column) {
  char more[160];
  clf_dataset *rows = NULL;
  snprintf(more, sizeof more, "missing=nan unreadable=nan label=%s",
           select_column(self, column).text);
  clf_status status = load_rows(&rows, self, more);
  if (status == CLF_OK) {
    self->facts[column].distinct = clf_dataset_classes(rows);
    status = inspect_labels(self->out, rows) < 0 ? CLF_OK : CLF_ERROR_MEMORY;
  }
  clf_dataset_free(rows);
  return status == CLF_ERROR_DATA ? CLF_OK : status;
}

static int read_fields(csv_look *self, int64_t column, const double *numbers) {
  char place[128];
  clf_documents *fields = NULL;
  snprintf(place, sizeof place, "text=%s label=none", select_column(self, column).text);
  char *params = params_join(self->text_style, place);
  clf_status status = params != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  if (status == CLF_OK) {
    status = clf_documents_load(&fields, self->t->context, "csv", self->path, params);
  }
  if (status == CLF_OK && clf_documents_count(fields) == self->count) {
    count_fields(self, column, numbers, fields);
  } else if (status != CLF_ERROR_MEMORY && status != CLF_ERROR_CANCELLED) {
    status = count_unseen(self, column);
    if (status == CLF_OK && csv_look_has_role(self, column, "label")) {
      status = class_unseen(self, column);
    }
  }
  clf_documents_free(fields);
  free(params);
  return status == CLF_OK ? -1 : tool_fail(status);
}

/* Copies a column of x [rows, columns]. */
/* The numbers of a column; NaN for texts, and for categories, whose codes say nothing. */
static void copy_column(double *out, const csv_look *self, const clf_tensor *x, int64_t column) {
  const void *data = clf_tensor_data(x);
  const bool codes = clf_dataset_category_count(self->rows, column) > 0;
  for (int64_t i = 0; i < self->count; i++) {
    const int64_t at = i * self->columns + column;
    out[i] = codes        ? (double)NAN
             : self->wide ? ((const double *)data)[at]
                          : (double)((const float *)data)[at];
  }
}

int csv_look_at_columns(csv_look *self) {
  clf_tensor *x = NULL;
  double *values = calloc((size_t)self->count, sizeof *values);
  int status = values != NULL && clf_dataset_tensor(&x, self->rows, "x") == CLF_OK
                   ? -1
                   : tool_fail(CLF_ERROR_MEMORY);
  self->wide = status < 0 && clf_tensor_dtype(x) == CLF_F64;
  for (int64_t j = 0; status < 0 && j < self->columns; j++) {
    copy_column(values, self, x, j);
    self->facts[j] = column_facts_of(values, self->count);
    if (self->facts[j].missing > 0 || csv_look_has_role(self, j, "label")) {
      copy_column(values, self, x, j);
      status = read_fields(self, j, values);
    }
    status = status < 0 && progress_interrupted() ? tool_fail(CLF_ERROR_CANCELLED) : status;
  }
  clf_tensor_free(x);
  free(values);
  return status;
}

int csv_look_read(csv_look *self) {
  const int status = read_rows(self);
  return status < 0 ? find_roles(self) : status;
}

void csv_look_free(csv_look *self) {
  for (int64_t j = 0; self->values != NULL && j < self->columns; j++) {
    free(self->values[j]);
  }
  free(self->values);
  free(self->hashes);
  free(self->facts);
  free(self->roles);
  free(self->style);
  free(self->text_style);
  clf_dataset_free(self->rows);
}
