/* Rows of numbers: dense, as pictures or sparse; what all columns have in common. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "column_facts.h"
#include "inspect.h"
#include "report/session.h"

/* The elements of rows, dense or sparse. */
typedef struct elements {
  clf_tensor *x, *row_start, *column, *value;
  int64_t rows, columns;
} elements;

static void elements_free(elements *self) {
  clf_tensor_free(self->x);
  clf_tensor_free(self->row_start);
  clf_tensor_free(self->column);
  clf_tensor_free(self->value);
}

static clf_status elements_of(elements *out, const clf_dataset *rows) {
  *out = (elements){.rows = clf_dataset_rows(rows), .columns = clf_dataset_features(rows)};
  if (!clf_dataset_sparse(rows)) {
    return clf_dataset_tensor(&out->x, rows, "x");
  }
  clf_status status = clf_dataset_tensor(&out->row_start, rows, "row_start");
  status = status == CLF_OK ? clf_dataset_tensor(&out->column, rows, "column") : status;
  return status == CLF_OK ? clf_dataset_tensor(&out->value, rows, "value") : status;
}

/* An element of a dense row. */
static double element(const elements *self, int64_t row, int64_t column) {
  const int64_t at = row * clf_tensor_stride(self->x, 0) + column;
  const void *data = clf_tensor_data(self->x);
  switch (clf_tensor_dtype(self->x)) {
  case CLF_U8:
    return ((const uint8_t *)data)[at] * clf_tensor_scale(self->x);
  case CLF_F64:
    return ((const double *)data)[at];
  default:
    return (double)((const float *)data)[at];
  }
}

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) { /* FNV-1a */
    hash = (hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(1099511628211);
  }
  return hash;
}

static uint64_t hash_row(const elements *self, int64_t row, uint64_t seed) {
  uint64_t hash = UINT64_C(14695981039346656037) ^ seed;
  if (self->x != NULL) {
    for (int64_t j = 0; j < self->columns; j++) {
      const double value = element(self, row, j) + 0.0; /* -0 becomes 0 */
      hash = hash_bytes(hash, &value, sizeof value);
    }
    return hash;
  }
  const int64_t *start = clf_tensor_data(self->row_start);
  for (int64_t e = start[row]; e < start[row + 1]; e++) {
    hash = hash_bytes(hash, (const int32_t *)clf_tensor_data(self->column) + e, sizeof(int32_t));
    hash = hash_bytes(hash, (const float *)clf_tensor_data(self->value) + e, sizeof(float));
  }
  return hash;
}

static int compare_hashes(const void *a, const void *b) {
  const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
  return (one > other) - (one < other);
}

void inspect_duplicates(sheet *out, const clf_dataset *rows, const uint64_t *seeds) {
  elements all;
  const clf_status status = elements_of(&all, rows);
  uint64_t *hashes = status == CLF_OK ? calloc((size_t)all.rows, sizeof *hashes) : NULL;
  int64_t repeated = 0;
  for (int64_t i = 0; hashes != NULL && i < all.rows && !progress_interrupted(); i++) {
    hashes[i] = hash_row(&all, i, seeds != NULL ? seeds[i] : 0);
  }
  if (hashes != NULL) {
    qsort(hashes, (size_t)all.rows, sizeof *hashes, compare_hashes);
  }
  for (int64_t i = 1; hashes != NULL && i < all.rows; i++) {
    repeated += hashes[i] == hashes[i - 1];
  }
  if (repeated > 0) {
    sheet_line(out, INSPECT_PROBLEMS,
               "%" PRId64 " of %" PRId64
               " rows repeat another row: a test set may hold rows of "
               "the training set",
               repeated, all.rows);
  }
  out->failed = out->failed || hashes == NULL;
  free(hashes);
  elements_free(&all);
}

static const table_column class_columns[] = {
    {"class", false, 0}, {"rows", true, 0}, {"share", true, 4}};

void inspect_classes(sheet *out, const char *const *names, const int64_t *rows, int64_t count) {
  enum { FEW = 5, UNEQUAL = 20 };
  int64_t all = 0, most = 0, least = INT64_MAX;
  table *shown =
      sheet_table_of(out, "classes", class_columns, sizeof class_columns / sizeof *class_columns);
  for (int64_t i = 0; i < count; i++) {
    all += rows[i];
    most = rows[i] > most ? rows[i] : most;
    least = rows[i] < least ? rows[i] : least;
  }
  for (int64_t i = 0; i < count; i++) {
    table_text(shown, names[i]);
    table_integer(shown, rows[i]);
    table_number(shown, (double)rows[i] / (double)all);
    if (rows[i] < FEW) {
      sheet_line(out, INSPECT_PROBLEMS,
                 "class '%s' has %" PRId64 " row%s, which is too few to learn and to test",
                 names[i], rows[i], rows[i] == 1 ? "" : "s");
    }
  }
  if (count == 1) {
    sheet_line(out, INSPECT_PROBLEMS, "there is one class only; a classifier needs two");
  } else if (count > 1 && most > UNEQUAL * least) {
    sheet_line(out, INSPECT_PROBLEMS,
               "the classes are unequal, %" PRId64 " rows and %" PRId64
               ": class_weight=balanced of most models weighs them alike",
               most, least);
  }
}

/* The classes of a dataset. */
static int add_classes(sheet *out, const clf_dataset *rows) {
  const int64_t count = clf_dataset_classes(rows);
  clf_tensor *labels = NULL;
  const char **names = calloc((size_t)count + 1, sizeof *names);
  int64_t *sizes = calloc((size_t)count + 1, sizeof *sizes);
  clf_status status = names != NULL && sizes != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  status = status == CLF_OK ? clf_dataset_tensor(&labels, rows, "labels") : status;
  if (status == CLF_OK) {
    const int32_t *label = clf_tensor_data(labels);
    for (int64_t i = 0; i < clf_dataset_rows(rows); i++) {
      sizes[label[i]]++;
    }
    for (int64_t k = 0; k < count; k++) {
      names[k] = clf_dataset_class_name(rows, k);
    }
    inspect_classes(out, names, sizes, count);
  }
  clf_tensor_free(labels);
  free(names);
  free(sizes);
  return status == CLF_OK ? -1 : tool_fail(status);
}

int inspect_labels(sheet *out, const clf_dataset *rows) {
  if (clf_dataset_classes(rows) > 0) {
    return add_classes(out, rows);
  }
  if (clf_dataset_outputs(rows) > 0) {
    sheet_integer(out, "targets", clf_dataset_outputs(rows));
  } else {
    sheet_line(out, INSPECT_PROBLEMS, "there are no labels");
  }
  return -1;
}

/* Sums of each column, of dense or sparse rows. */
static void add_up(column_sums *sums, const elements *all) {
  if (all->x != NULL) {
    for (int64_t i = 0; i < all->rows && !progress_interrupted(); i++) {
      for (int64_t j = 0; j < all->columns; j++) {
        column_sums_add(&sums[j], element(all, i, j));
      }
    }
    return;
  }
  const int64_t *start = clf_tensor_data(all->row_start);
  const int32_t *column = clf_tensor_data(all->column);
  const float *value = clf_tensor_data(all->value);
  for (int64_t e = start[0]; e < start[all->rows]; e++) {
    column_sums_add(&sums[column[e]], (double)value[e]);
  }
  for (int64_t j = 0; j < all->columns; j++) {
    const column_facts *facts = &sums[j].facts;
    column_sums_add_zeros(&sums[j], all->rows - facts->count - facts->missing - facts->infinite);
  }
}

static const table_column number_columns[] = {
    {"column", true, 0},  {"name", false, 0}, {"type", false, 0},
    {"missing", true, 0}, {"zeros", true, 0}, {"min", true, 0},
    {"mean", true, 0},    {"max", true, 0},   {"deviation", true, 0}};

static void add_columns(sheet *out, const clf_dataset *rows, const column_sums *sums, bool wide) {
  table *shown = sheet_table_of(out, "columns", number_columns,
                                sizeof number_columns / sizeof *number_columns);
  out->csv = "columns";
  for (int64_t j = 0; j < clf_dataset_features(rows); j++) {
    const column_facts facts = column_sums_end(&sums[j]);
    const char *name = clf_dataset_column_name(rows, j);
    const double numbers[] = {facts.min, facts.mean, facts.max, facts.deviation};
    table_integer(shown, j + 1);
    table_text(shown, name != NULL ? name : "");
    table_text(shown, facts.count == 0 ? "empty" : facts.whole ? "integer" : "number");
    table_integer(shown, facts.missing);
    table_integer(shown, facts.zeros);
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
      char text[40] = "";
      if (isfinite(numbers[k])) {
        snprintf(text, sizeof text, "%.*g", wide ? 12 : 6, numbers[k]);
      }
      table_text(shown, text);
    }
  }
}

/* All values together, and the columns that may be wrong. */
static void judge_columns(sheet *out, const column_sums *sums, const elements *all, bool scales) {
  enum { MANY = 1000 };
  int64_t constant = 0, missing = 0, infinite = 0, far = 0;
  double min = INFINITY, max = -INFINITY, narrow = INFINITY, wide = 0, sum = 0;
  for (int64_t j = 0; j < all->columns; j++) {
    const column_facts facts = column_sums_end(&sums[j]);
    constant += facts.count > 0 && facts.min == facts.max;
    missing += facts.missing;
    infinite += facts.infinite;
    far += facts.deviation > 0 && fabs(facts.mean) > MANY * facts.deviation;
    if (facts.count > 0) {
      min = facts.min < min ? facts.min : min;
      max = facts.max > max ? facts.max : max;
      sum += facts.mean / (double)all->columns;
    }
    if (facts.deviation > 0) {
      narrow = facts.deviation < narrow ? facts.deviation : narrow;
      wide = facts.deviation > wide ? facts.deviation : wide;
    }
  }
  sheet_number(out, "min", min);
  sheet_number(out, "mean", sum);
  sheet_number(out, "max", max);
  if (missing > 0 || infinite > 0) {
    sheet_line(out, INSPECT_PROBLEMS,
               "%" PRId64 " values are NaN and %" PRId64 " are infinite, which models refuse",
               missing, infinite);
  }
  if (constant > 0) {
    sheet_line(out, INSPECT_PROBLEMS, "%" PRId64 " of %" PRId64 " columns are constant", constant,
               all->columns);
  }
  if (far > 0) {
    sheet_line(out, INSPECT_PROBLEMS,
               "%" PRId64 " columns lie far from 0 for their spread: --transform standardize", far);
  }
  if (scales && wide > MANY * narrow) {
    sheet_line(out, INSPECT_PROBLEMS,
               "the scales differ: deviations are %.3g to %.3g: --transform standardize%s", narrow,
               wide, all->x == NULL ? " with mean=false" : "");
  }
}

/* How the rows are stored. */
static void add_form(sheet *out, const clf_dataset *rows, const elements *all) {
  const double cells = (double)all->rows * (double)all->columns;
  if (all->x == NULL) {
    sheet_text(out, "storage", "sparse");
    sheet_integer(out, "entries", clf_dataset_nonzeros(rows));
    sheet_number(out, "density", (double)clf_dataset_nonzeros(rows) / cells);
    return;
  }
  const int32_t dtype = clf_tensor_dtype(all->x);
  sheet_text(out, "storage", "%s", dtype == CLF_U8 ? "u8" : dtype == CLF_F64 ? "f64" : "f32");
  if (clf_tensor_ndim(all->x) > 2) {
    char size[128] = "";
    for (int32_t d = 1; d < clf_tensor_ndim(all->x); d++) {
      snprintf(size + strlen(size), sizeof size - strlen(size), "%s%" PRId64, d > 1 ? "x" : "",
               clf_tensor_extent(all->x, d));
    }
    sheet_text(out, "row_shape", "%s", size);
  }
}

/* Describes each column, and what all of them have in common. */
static clf_status add_all(sheet *out, const clf_dataset *rows, const elements *all) {
  const bool pictures = all->x != NULL && clf_tensor_ndim(all->x) > 2;
  column_sums *sums = calloc((size_t)all->columns, sizeof *sums);
  if (sums == NULL) {
    return CLF_ERROR_MEMORY;
  }
  add_up(sums, all);
  judge_columns(out, sums, all, !pictures);
  if (!pictures) {
    add_columns(out, rows, sums, all->x != NULL && clf_tensor_dtype(all->x) == CLF_F64);
  }
  free(sums);
  return CLF_OK;
}

/* Describes the entries of sparse rows of so many columns that most of them are empty. */
static clf_status add_entries(sheet *out, const elements *all) {
  const int64_t *start = clf_tensor_data(all->row_start);
  const float *value = clf_tensor_data(all->value);
  column_sums sums = {.shift = 0};
  for (int64_t e = start[0]; e < start[all->rows]; e++) {
    column_sums_add(&sums, (double)value[e]);
  }
  const column_facts facts = column_sums_end(&sums);
  sheet_number(out, "min_entry", facts.min);
  sheet_number(out, "mean_entry", facts.mean);
  sheet_number(out, "max_entry", facts.max);
  return CLF_OK;
}

int inspect_rows(sheet *out, const input *in) {
  enum { MANY_COLUMNS = 1 << 20 };
  elements all;
  clf_status status = elements_of(&all, in->rows);
  if (status == CLF_OK) {
    sheet_integer(out, "rows", all.rows);
    sheet_integer(out, "features", all.columns);
    add_form(out, in->rows, &all);
    status = all.x == NULL && all.columns > MANY_COLUMNS ? add_entries(out, &all)
                                                         : add_all(out, in->rows, &all);
  }
  int done = status == CLF_OK ? -1 : tool_fail(status);
  if (done < 0) {
    inspect_duplicates(out, in->rows, NULL);
    done = inspect_labels(out, in->rows);
  }
  elements_free(&all);
  return done < 0 && progress_interrupted() ? tool_fail(CLF_ERROR_CANCELLED) : done;
}
