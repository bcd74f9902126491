/* CSV as a dataset: features as an f32 or f64 matrix, labels as numbers or names, or targets, and
 * weights. With dtype=auto the matrix is f32 until a number comes that f32 might merge with
 * another; the records are then read again, as f64, and stay so where a column needs it.
 *
 * The records are counted first, so that the matrix is allocated once. A record has a byte for each
 * of its fields at least, which bounds the matrix by the size of the file whatever its first line
 * says. Numbers are read where they stand; everything that is not simply a number and a delimiter
 * takes the slower path that looks at fields. */
#include "data/csv.h"

#include <math.h>
#include <string.h>

#include "data/build.h"
#include "data/decimal.h"
#include "tensor/rows_precision.h"

static const clf__param params[] = {
    {"label", CLF_PARAM_TEXT, offsetof(clf__csv_params, label), NULL, 0, 0, false, NULL,
     "label column by name or number (1: first, -1: last), or none; otherwise the last column; "
     "with regression also several, separated by commas"},
    {"weight", CLF_PARAM_TEXT, offsetof(clf__csv_params, weight), NULL, 0, 0, false, NULL,
     "column of the rows' weights"},
    {"ignore", CLF_PARAM_TEXT, offsetof(clf__csv_params, ignore), NULL, 0, 0, false, NULL,
     "columns to leave out, separated by commas"},
    {"header", CLF_PARAM_CHOICE, offsetof(clf__csv_params, style.header), "auto", 0, 0, false,
     "auto|true|false", "whether the first line names the columns"},
    {"delimiter", CLF_PARAM_CHOICE, offsetof(clf__csv_params, style.delimiter), "auto", 0, 0, false,
     "auto|comma|semicolon|tab|space|pipe", "what separates fields"},
    {"missing", CLF_PARAM_CHOICE, offsetof(clf__csv_params, missing), "error", 0, 0, false,
     "error|nan|skip", "empty fields, NA, NaN and ?: refuse them, keep NaN, or skip the row"},
    {"dtype", CLF_PARAM_CHOICE, offsetof(clf__csv_params, dtype), "auto", 0, 0, false,
     "auto|f32|f64", CLF__READ_DTYPE_HELP},
    {"regression", CLF_PARAM_BOOL, offsetof(clf__csv_params, regression), "false", 0, 0, false,
     NULL, "the label is a regression target"},
};
enum { MISSING_ERROR, MISSING_NAN, MISSING_SKIP };

typedef struct csv_reader {
  clf_context *context;
  const clf__csv_params *params;
  clf__csv_columns columns;
  clf_tensor *x, *targets, *weights; /* [capacity, …]; NULL when there are none */
  const char **labels;               /* [capacity] where the fields begin */
  int64_t capacity;
  int64_t rows;
  const char *record; /* the current one */
  bool wide;          /* x is f64 */
  int64_t few;        /* significands below it go to f32 as they are: none where x is f64 */
  bool many;          /* f32 might merge numbers, by their digits, or has no room for one */
  float *next_x;
  double *next_wide; /* in place of next_x */
  double *next_target;
} csv_reader;

/* Whether the reader may take the records again, as f64. */
static bool may_widen(const csv_reader *self) {
  return !self->wide && self->params->dtype == CLF__READ_AUTO;
}

/* Whether a number is a finite one of the type that the matrix has or may become. */
static bool fits(const csv_reader *self, double value) {
  return isfinite(self->params->dtype == CLF__READ_F32 ? (double)(float)value : value);
}

/* A number that f32 might merge with another, or any into f64. */
static void put_many_digits(csv_reader *self, double value) {
  if (self->wide) {
    *self->next_wide++ = value;
  } else {
    self->many |= (double)(float)value != value && !isnan(value);
    *self->next_x++ = (float)value;
  }
}

static inline void put_feature(csv_reader *self, double value, int64_t significand) {
  if (significand < self->few) {
    *self->next_x++ = (float)value;
  } else {
    put_many_digits(self, value);
  }
}

static clf_status fail_count(const csv_reader *self) {
  const clf__csv_text *text = &self->columns.text;
  return clf__fail(CLF_ERROR_FORMAT, "%s line %lld: it has %lld fields; the first line has %lld",
                   text->lines.name, (long long)clf__line_number(&text->lines, self->record),
                   (long long)clf__csv_count_fields(text, self->record),
                   (long long)self->columns.count);
}

static clf_status fail_missing(const csv_reader *self, const clf__csv_field *field, int64_t column,
                               bool feature) {
  clf__fail(CLF_ERROR_DATA, "the value is missing; missing=skip leaves such rows out%s",
            feature ? ", missing=nan keeps it as NaN" : "");
  return clf__csv_fail_within(CLF_ERROR_DATA, &self->columns, field->begin, column);
}

/* Text where a number should be: says how to leave the column out. */
static clf_status fail_number(const csv_reader *self, const clf__csv_field *field, int64_t column) {
  clf__excerpt shown = clf__excerpt_of(field->begin, field->end);
  double value;
  if (clf__csv_number(field, &value)) {
    const bool feature = self->columns.roles[column] == CLF__CSV_FEATURE;
    clf__fail(CLF_ERROR_DATA, "'%s' is not a finite %d-bit number", shown.text,
              feature && self->params->dtype != CLF__READ_F32 ? 64 : 32);
  } else if (self->record == self->columns.rows && self->columns.header == NULL) {
    clf__fail(CLF_ERROR_DATA,
              "'%s' is not a number; header=true takes the first line as names, ignore=%lld leaves "
              "the column out",
              shown.text, (long long)column + 1);
  } else {
    clf__fail(CLF_ERROR_DATA, "'%s' is not a number; ignore=%lld leaves the column out", shown.text,
              (long long)column + 1);
  }
  return clf__csv_fail_within(CLF_ERROR_DATA, &self->columns, field->begin, column);
}

/* The number in a field. A missing one is NaN, and `*complete` false when its row is skipped. */
static clf_status read_number(csv_reader *self, const clf__csv_field *field, int64_t column,
                              double *out, int64_t *significand, bool *complete) {
  bool feature = self->columns.roles[column] == CLF__CSV_FEATURE;
  if (clf__csv_missing(field)) {
    *out = NAN;
    *significand = INT64_MAX;
    *complete = *complete && self->params->missing != MISSING_SKIP;
    bool allowed =
        self->params->missing == MISSING_SKIP || (feature && self->params->missing == MISSING_NAN);
    return allowed ? CLF_OK : fail_missing(self, field, column, feature);
  }
  const bool number = clf__read_digits(field->begin, field->end, out, significand) == field->end &&
                      (feature ? fits(self, *out) : isfinite((float)*out));
  return number ? CLF_OK : fail_number(self, field, column);
}

/* Stores a field by the role of its column. */
static clf_status store(csv_reader *self, const clf__csv_field *field, int64_t column,
                        bool *complete) {
  clf__csv_role role = self->columns.roles[column];
  double number = 0;
  int64_t significand = 0;
  if (role == CLF__CSV_IGNORED) {
    return CLF_OK;
  }
  if (role == CLF__CSV_LABEL) {
    self->labels[self->rows] = field->begin - field->quoted;
    return clf__csv_missing(field)
               ? read_number(self, field, column, &number, &significand, complete)
               : CLF_OK;
  }
  clf_status status = read_number(self, field, column, &number, &significand, complete);
  if (role == CLF__CSV_FEATURE) {
    put_feature(self, number, significand);
  } else if (role == CLF__CSV_TARGET) {
    *self->next_target++ = number;
  } else {
    ((double *)self->weights->data)[self->rows] = number;
  }
  return status;
}

/* A feature that is simply a number before a delimiter. */
static inline bool read_plain(csv_reader *self, const char **at) {
  const char *end = self->columns.text.lines.end;
  double value;
  int64_t significand;
  const char *stop = clf__read_digits(*at, end, &value, &significand);
  if (stop == NULL || stop == end || *stop != self->columns.text.delimiter ||
      (significand == INT64_MAX && !isfinite((float)value))) {
    return false;
  }
  put_feature(self, value, significand);
  *at = stop + 1;
  return true;
}

/* Reads the record at `*at`, which moves behind it; `*complete` tells whether its row stays. */
static clf_status read_record(csv_reader *self, const char **at, bool *complete) {
  const clf__csv_columns *columns = &self->columns;
  *complete = true;
  for (int64_t column = 0; column < columns->count; column++) {
    bool last = column + 1 == columns->count;
    if (columns->roles[column] == CLF__CSV_FEATURE && !last && read_plain(self, at)) {
      continue;
    }
    clf__csv_field field;
    const char *wrong = clf__csv_field_at(&field, &columns->text, *at);
    if (wrong != NULL) {
      clf__fail(CLF_ERROR_FORMAT, "%s", wrong);
      return clf__csv_fail_within(CLF_ERROR_FORMAT, columns, *at, column);
    }
    clf_status status =
        field.last == last ? store(self, &field, column, complete) : fail_count(self);
    if (status < 0) {
      return status;
    }
    *at = field.next;
  }
  return CLF_OK;
}

/* Ends early where the records are to be read again. */
static clf_status read_records(csv_reader *self) {
  const clf__csv_columns *columns = &self->columns;
  const clf__lines *lines = &columns->text.lines;
  clf__lines_watch watch = clf__lines_watch_of(lines, self->context, "csv");
  const char *at = columns->rows;
  while (at < lines->end) {
    clf_status status = clf__lines_step(lines, &watch, at);
    if (status < 0) {
      return status;
    }
    self->record = at;
    if (self->rows == self->capacity) {
      return fail_count(self); /* what is left is too short for a record */
    }
    const int64_t first = self->rows * columns->counts[CLF__CSV_FEATURE];
    self->next_x = self->wide ? NULL : (float *)self->x->data + first;
    self->next_wide = self->wide ? (double *)self->x->data + first : NULL;
    if (self->targets != NULL) {
      self->next_target =
          (double *)self->targets->data + self->rows * columns->counts[CLF__CSV_TARGET];
    }
    bool complete;
    status = read_record(self, &at, &complete);
    if (status < 0) {
      return status;
    }
    self->rows += complete;
    if (self->many && may_widen(self)) {
      return CLF_OK;
    }
    at = clf__csv_record_at(&columns->text, at);
  }
  if (self->rows == 0) {
    return clf__fail(CLF_ERROR_DATA, "%s: every row lacks a value", lines->name);
  }
  return CLF_OK;
}

static clf_status allocate_x(csv_reader *self, bool wide) {
  self->wide = wide;
  self->few = wide ? 0 : CLF__FEW_DIGITS;
  return clf__tensor_matrix(&self->x, self->context, wide ? CLF_F64 : CLF_F32, self->capacity,
                            self->columns.counts[CLF__CSV_FEATURE]);
}

static clf_status allocate(csv_reader *self) {
  const clf__csv_columns *columns = &self->columns;
  int64_t bytes = columns->text.lines.end - columns->rows;
  int64_t bound = (bytes + 1) / columns->count;
  int64_t records = clf__csv_count_records(&columns->text, columns->rows);
  clf_status status;
  self->capacity = bound < 1 ? 1 : records < bound ? records : bound;
  CLF__TRY(allocate_x(self, self->params->dtype == CLF__READ_F64));
  if (columns->counts[CLF__CSV_TARGET] > 0) {
    CLF__TRY(clf__tensor_matrix(&self->targets, self->context, CLF_F64, self->capacity,
                                columns->counts[CLF__CSV_TARGET]));
  }
  if (columns->counts[CLF__CSV_WEIGHT] > 0) {
    CLF__TRY(clf__tensor_vector(&self->weights, self->context, CLF_F64, self->capacity));
  }
  if (columns->counts[CLF__CSV_LABEL] > 0) {
    self->labels = clf__alloc_array(self->context, self->capacity, sizeof *self->labels);
    status = self->labels != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  }
done:
  return status;
}

/* The rows that were read, in place of all that there is room for. */
static clf_status cut(clf_tensor **tensor, int64_t rows) {
  if (*tensor == NULL || (*tensor)->shape[0] == rows) {
    return CLF_OK;
  }
  clf_tensor *view = NULL;
  clf_status status = clf_tensor_slice(&view, *tensor, 0, 0, rows, 1);
  if (status == CLF_OK) {
    clf_tensor_free(*tensor);
    *tensor = view;
  }
  return status;
}

/* Whether f32 might not do, by what was seen of the numbers and by the columns' ranges. */
static clf_status is_doubtful(bool *out, const csv_reader *self) {
  const clf__rows x =
      clf__rows_of_f32(self->x->data, self->rows, self->x->shape[1], self->x->shape[1]);
  int64_t far = -1;
  const clf_status status = self->many ? CLF_OK : clf__rounded_far(&far, self->context, &x);
  *out = self->many || far >= 0;
  return status;
}

/* Reads the records again, as f64, which become f32 where no column needs it. */
static clf_status widen(csv_reader *self) {
  int64_t column = -1;
  clf_tensor *narrow = NULL;
  clf_status status = CLF_OK;
  clf_tensor_free(self->x);
  self->x = NULL;
  self->rows = 0;
  CLF__TRY(allocate_x(self, true));
  CLF__TRY(read_records(self));
  CLF__TRY(cut(&self->x, self->rows));
  const clf__rows x = {.rows = self->rows,
                       .columns = self->x->shape[1],
                       .dtype = CLF_F64,
                       .scale = 1,
                       .data = self->x->data,
                       .stride = self->x->shape[1]};
  CLF__TRY(clf__needs_f64(&column, self->context, "csv", &x));
  if (column >= 0) {
    clf__log(self->context, CLF_LOG_INFO,
             "%s: the features are f64, as f32 does not do for feature %lld; dtype=f32 rounds them",
             self->columns.text.lines.name, (long long)column + 1);
    return CLF_OK;
  }
  CLF__TRY(clf__to_f32(&narrow, self->context, self->x));
  clf_tensor_free(self->x);
  self->x = narrow;
done:
  return status;
}

static clf_status read_features(csv_reader *self) {
  bool doubtful = false;
  clf_status status = CLF_OK;
  CLF__TRY(read_records(self));
  if (!self->wide) {
    CLF__TRY(is_doubtful(&doubtful, self));
  }
  if (doubtful && may_widen(self)) {
    CLF__TRY(widen(self));
  } else if (doubtful) {
    clf__log(self->context, CLF_LOG_WARNING,
             "%s: f32 may merge values that differ, as dtype=f32 asks; dtype=auto keeps them apart",
             self->columns.text.lines.name);
  }
done:
  return status;
}

static clf_status make_dataset(clf_dataset **out, csv_reader *self) {
  clf_dataset *dataset = NULL;
  clf_status status;
  CLF__TRY(cut(&self->x, self->rows));
  CLF__TRY(cut(&self->targets, self->rows));
  CLF__TRY(cut(&self->weights, self->rows));
  CLF__TRY(clf_dataset_create(&dataset, self->context, self->x, NULL));
  if (self->labels != NULL) {
    CLF__TRY(clf__csv_set_labels(dataset, &self->columns.text, self->labels));
  }
  if (self->targets != NULL) {
    CLF__TRY(clf_dataset_set_targets(dataset, self->targets));
  }
  if (self->weights != NULL) {
    CLF__TRY(clf_dataset_set_weights(dataset, self->weights));
  }
  *out = dataset;
  dataset = NULL;
done:
  clf_dataset_free(dataset);
  return status;
}

static clf_status parse(clf_dataset **out, clf_context *context, clf__bytes *bytes,
                        const char *name, const void *values) {
  csv_reader self = {.context = context, .params = values};
  clf__lines lines;
  clf_status status;
  CLF__TRY(clf__lines_of(&lines, bytes, name));
  CLF__TRY(clf__csv_columns_read(&self.columns, context, &lines, &self.params->style));
  CLF__TRY(clf__csv_columns_set_roles(&self.columns, self.params));
  status = allocate(&self);
  if (status < 0) {
    clf__fail_within(status, "%s", name);
    goto done;
  }
  CLF__TRY(read_features(&self));
  status = make_dataset(out, &self);
  if (status < 0) {
    clf__fail_within(status, "%s", name);
  }
done:
  clf__csv_columns_free(&self.columns);
  clf_tensor_free(self.x);
  clf_tensor_free(self.targets);
  clf_tensor_free(self.weights);
  clf__free(self.labels);
  return status;
}

const clf__format clf__format_csv = {
    .name = "csv",
    .help = "text, a row a line, fields separated by commas, semicolons or tabs",
    .params = {"csv", params, CLF__PARAM_COUNT(params), sizeof(clf__csv_params)},
    .parse = parse,
};
