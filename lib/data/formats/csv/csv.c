/* CSV as a dataset: features as an f32 or f64 matrix, labels as numbers or names, or targets, and
 * weights. With dtype=auto the matrix is f32 until a number occurs that f32 might merge with
 * another. Then the records are read again as f64, and stay f64 if a column needs it.
 *
 * The records are counted first, so that the matrix is allocated once. Every field of a record
 * takes at least one byte, so the size of the file bounds the matrix, whatever its first line
 * says. */
#include "data/build.h"
#include "data/formats/csv/csv_reader.h"
#include "data/formats/decimal.h"
#include "tensor/rows_precision.h"

enum { MANY_ROWS = 20 }; /* with more rows, labels that are mostly distinct are not classes */

#define CLF__VALUES clf__csv_params
static const clf__param params[] = {
    CLF__TEXT(label, NULL, "label column by name or number (-1: last), or none; otherwise last"),
    CLF__TEXT(weight, NULL, "column of the rows' weights"),
    CLF__TEXT(ignore, NULL,
              "columns to omit, separated by commas; a name selects all columns that have it"),
    CLF__TEXT(columns, NULL, "columns that are the features, in this order, separated by commas"),
    CLF__CSV_HEADER,
    CLF__CHOICE(style.row_numbers, "auto|true|false", "auto",
                "whether the first column only numbers or names the rows, and is omitted"),
    CLF__CSV_DELIMITER,
    CLF__CHOICE(style.comment, CLF__CSV_COMMENTS, "auto",
                "beginning of a comment to the line's end; auto: # on lines before the table"),
    CLF__CHOICE(style.decimal, CLF__CSV_DECIMALS, "auto", "decimal mark"),
    CLF__CHOICE(style.thousands, CLF__CSV_THOUSANDS, "none", "mark between groups of three digits"),
    CLF__TEXT(categories, "auto",
              "columns of categories, separated by commas; auto: features of texts; or none"),
    CLF__CHOICE(dates, CLF__CSV_DATES, "auto",
                "dates become days since 1970: in the order of day (d), month and year; or none"),
    CLF__CHOICE(missing, "error|nan|skip|keep", "error",
                "fields without a value: refuse them, keep NaN (nan, keep), or skip the row"),
    CLF__CHOICE(unreadable, "error|nan", "error",
                "fields of features that are no numbers: refuse them, or read NaN"),
    CLF__CSV_MISSING_VALUES,
    CLF__CSV_QUOTES,
    CLF__CSV_LINES,
    CLF__CHOICE(dtype, "auto|f32|f64", "auto",
                "auto: f64 where f32 merges values or loses more than 1e-6 of a column's range"),
    CLF__BOOL(regression, "false", "the labels are regression targets, of one or more columns"),
    CLF__DATASET_SPILL,
};

static clf_status allocate_x(clf__csv_reader *self, bool wide) {
  self->wide = wide;
  self->few = wide ? 0 : CLF__FEW_DIGITS;
  return clf__tensor_matrix(&self->x, self->context, wide ? CLF_F64 : CLF_F32, self->capacity,
                            self->columns.counts[CLF__CSV_FEATURE]);
}

/* Numbers are read in place if they have a decimal point, end at a delimiter, and there is no list
 * of missing values. */
static clf_status allocate_plain(clf__csv_reader *self) {
  const clf__csv_columns *columns = &self->columns;
  const bool plain = columns->text.decimal == '.' && columns->text.missing == NULL;
  self->plain = clf__arena_zeroed(&self->arena, columns->count, sizeof *self->plain);
  CLF__CHECK(clf__arena_status(&self->arena));
  for (int64_t i = 0; i + 1 < columns->count; i++) {
    const bool feature = columns->roles[i] == CLF__CSV_FEATURE;
    self->plain[i] = feature && plain && columns->kinds[i] == CLF__CSV_NUMBER
                         ? CLF__CSV_PLAIN_NUMBER
                     : feature && !columns->text.runs && columns->kinds[i] == CLF__CSV_CATEGORY
                         ? CLF__CSV_PLAIN_CATEGORY
                         : 0;
  }
  return CLF_OK;
}

static clf_status allocate(clf__csv_reader *self) {
  const clf__csv_columns *columns = &self->columns;
  int64_t bytes = columns->text.lines.end - columns->rows;
  int64_t bound = (bytes + 1) / columns->count;
  int64_t records = clf__csv_count_records(&columns->text, columns->rows);
  clf_status status;
  self->keeps_missing =
      self->params->missing == CLF__MISSING_NAN || self->params->missing == CLF__MISSING_KEEP;
  self->capacity = bound < 1 ? 1 : records < bound ? records : bound;
  CLF__TRY(allocate_x(self, self->params->dtype == CLF__READ_F64));
  CLF__TRY(allocate_plain(self));
  CLF__TRY(clf__csv_categories_create(self));
  CLF__TRY(clf__csv_order_create(self));
  if (columns->counts[CLF__CSV_TARGET] > 0) {
    CLF__TRY(clf__tensor_matrix(&self->targets, self->context, CLF_F64, self->capacity,
                                columns->counts[CLF__CSV_TARGET]));
  }
  if (columns->counts[CLF__CSV_WEIGHT] > 0) {
    CLF__TRY(clf__tensor_vector(&self->weights, self->context, CLF_F64, self->capacity));
  }
  if (columns->counts[CLF__CSV_LABEL] > 0) {
    self->labels = clf__arena_array(&self->arena, self->capacity, sizeof *self->labels);
    status = clf__arena_status(&self->arena);
  }
done:
  return status;
}

/* Shrinks the matrix to the rows that were read. */
static clf_status cut(clf_tensor **tensor, int64_t rows) {
  return *tensor == NULL || (*tensor)->shape[0] == rows ? CLF_OK : clf__tensor_cut(tensor, rows);
}

/* Returns whether f32 might not be enough, by the digits of the numbers and the ranges of the
 * columns. */
static clf_status is_doubtful(bool *out, const clf__csv_reader *self) {
  const clf__rows x =
      clf__rows_of_f32(self->x->data, self->rows, self->x->shape[1], self->x->shape[1]);
  int64_t far = -1;
  const clf_status status = self->many ? CLF_OK : clf__rounded_far(&far, self->context, &x);
  *out = self->many || far >= 0;
  return status;
}

/* Reads the records again as f64, and converts them to f32 if no column needs f64. */
static clf_status widen(clf__csv_reader *self) {
  int64_t column = -1;
  clf_tensor *narrow = NULL;
  clf_tensor_free(self->x);
  self->x = NULL;
  self->rows = self->skipped = self->unreadable = 0;
  CLF__CHECK(allocate_x(self, true));
  CLF__CHECK(clf__csv_read_records(self));
  CLF__CHECK(cut(&self->x, self->rows));
  const clf__rows x = {.rows = self->rows,
                       .columns = self->x->shape[1],
                       .dtype = CLF_F64,
                       .scale = 1,
                       .data = self->x->data,
                       .stride = self->x->shape[1]};
  CLF__CHECK(clf__needs_f64(&column, self->context, "csv", &x));
  if (column >= 0) {
    clf__log(self->context, CLF_LOG_INFO,
             "%s: the features are f64, as f32 does not do for feature %lld; dtype=f32 rounds them",
             self->columns.text.lines.name, (long long)column + 1);
    return CLF_OK;
  }
  CLF__CHECK(clf__to_f32(&narrow, self->context, self->x));
  clf_tensor_free(self->x);
  self->x = narrow;
  return CLF_OK;
}

static clf_status read_features(clf__csv_reader *self) {
  bool doubtful = false;
  CLF__CHECK(clf__csv_read_records(self));
  if (!self->wide) {
    CLF__CHECK(is_doubtful(&doubtful, self));
  }
  if (doubtful && clf__csv_may_widen(self)) {
    CLF__CHECK(widen(self));
  } else if (doubtful) {
    clf__log(self->context, CLF_LOG_WARNING,
             "%s: f32 may merge values that differ, as dtype=f32 asks; dtype=auto keeps them apart",
             self->columns.text.lines.name);
  }
  return CLF_OK;
}

/* Logs what was left out, and labels that look like something else. */
static void log_rows(const clf__csv_reader *self, const clf_dataset *dataset) {
  const char *name = self->columns.text.lines.name;
  const int64_t classes = clf_dataset_classes(dataset);
  if (self->skipped > 0) {
    clf__log(self->context, CLF_LOG_INFO,
             "%s: %lld of %lld rows lack a value and are left out, by missing=skip", name,
             (long long)self->skipped, (long long)(self->rows + self->skipped));
  }
  if (self->unreadable > 0) {
    clf__log(self->context, CLF_LOG_WARNING,
             "%s: %lld fields are no numbers and became NaN, by unreadable=nan; the first is in "
             "line %lld",
             name, (long long)self->unreadable,
             (long long)clf__line_number(&self->columns.text.lines, self->first_unreadable));
  }
  if (self->rows >= MANY_ROWS && classes > self->rows / 2) {
    clf__log(self->context, CLF_LOG_WARNING,
             "%s: the labels of %lld rows are %lld classes; label names another column, "
             "regression=true takes numbers as targets",
             name, (long long)self->rows, (long long)classes);
  }
}

/* Sets the names of the features that the header has. */
static clf_status set_names(clf_dataset *dataset, const clf__csv_reader *self) {
  const clf__csv_columns *columns = &self->columns;
  clf__arena arena = {.context = self->context};
  const char **names = NULL;
  clf_status status = CLF_OK;
  if (columns->header == NULL) {
    return CLF_OK;
  }
  CLF__TRY(clf__csv_names(&names, &arena, columns));
  const char **chosen = clf__arena_array(&arena, dataset->features, sizeof *chosen);
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t i = 0, feature = 0; i < columns->count; i++) {
    if (columns->roles[i] == CLF__CSV_FEATURE) {
      chosen[columns->positions != NULL ? columns->positions[i] : feature] = names[i];
      feature++;
    }
  }
  status = clf_dataset_set_column_names(dataset, chosen, dataset->features);
done:
  clf__arena_free(&arena);
  return status;
}

/* Reads the rows, without their labels. */
static clf_status make_dataset(clf_dataset **out, clf__csv_reader *self) {
  clf_dataset *dataset = NULL;
  clf_status status;
  CLF__TRY(cut(&self->x, self->rows));
  CLF__TRY(cut(&self->targets, self->rows));
  CLF__TRY(cut(&self->weights, self->rows));
  CLF__TRY(clf_dataset_create(&dataset, self->context, self->x, NULL));
  CLF__TRY(set_names(dataset, self));
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
  return status < 0 ? clf__fail_within(status, "%s", self->columns.text.lines.name) : status;
}

static clf_status parse(clf_dataset **out, clf_context *context, clf__bytes *bytes,
                        const char *name, const void *values) {
  clf__csv_reader self = {.context = context, .arena = {.context = context}, .params = values};
  clf_dataset *dataset = NULL;
  clf_status status;
  CLF__TRY(clf__csv_columns_read(&self.columns, context, bytes, name, &self.params->style));
  CLF__TRY(clf__csv_columns_set_roles(&self.columns, self.params));
  status = allocate(&self);
  if (status < 0) {
    clf__fail_within(status, "%s", name);
    goto done;
  }
  CLF__TRY(read_features(&self));
  CLF__TRY(make_dataset(&dataset, &self));
  status = clf__csv_categories_set(dataset, &self);
  CLF__TRY(status == CLF_ERROR_MEMORY ? clf__fail_within(status, "%s", name) : status);
  if (self.labels != NULL) {
    CLF__TRY(clf__csv_set_labels(dataset, &self.columns, self.labels));
  }
  log_rows(&self, dataset);
  dataset->guesses = clf__csv_take_guesses(&self.columns);
  *out = dataset;
  dataset = NULL;
done:
  clf_dataset_free(dataset);
  clf__csv_categories_free(&self);
  clf__csv_columns_free(&self.columns);
  clf_tensor_free(self.x);
  clf_tensor_free(self.targets);
  clf_tensor_free(self.weights);
  clf__arena_free(&self.arena);
  return status;
}

const clf__dataset_reader clf__dataset_reader_csv = {
    .base = CLF__KIND("csv", "text, a row a line, fields separated by commas, semicolons or tabs",
                      params, clf__csv_params),
    .parse = parse,
};
