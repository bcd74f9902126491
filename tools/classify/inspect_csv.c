/* The columns of a CSV file: a table of them, and what may be wrong with them. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "csv_look.h"

enum { MANY = 1000 };

static const char *type_of(const column_facts *facts) {
  return facts->texts > 0    ? facts->count > 0 ? "mixed" : "text"
         : facts->count == 0 ? "empty"
         : facts->whole      ? "integer"
                             : "number";
}

static const table_column shown_columns[] = {
    {"column", true, 0},  {"name", false, 0},     {"role", false, 0}, {"type", false, 0},
    {"missing", true, 0}, {"distinct", true, 0},  {"min", true, 0},   {"mean", true, 0},
    {"max", true, 0},     {"deviation", true, 0}, {"texts", true, 0}, {"values", false, 0}};

static void add_number(table *rows, double value, int digits) {
  char text[40] = "";
  if (isfinite(value)) {
    snprintf(text, sizeof text, "%.*g", digits, value);
  }
  table_text(rows, text);
}

static void add_columns(csv_look *self) {
  table *rows = sheet_table_of(self->out, "columns", shown_columns,
                               sizeof shown_columns / sizeof *shown_columns);
  const int digits = self->wide ? 12 : 6;
  for (int64_t j = 0; j < self->columns; j++) {
    const column_facts *facts = &self->facts[j];
    table_integer(rows, j + 1 + self->offset);
    table_text(rows, csv_look_name(self, j));
    table_text(rows, self->roles[j]);
    table_text(rows, type_of(facts));
    table_integer(rows, facts->missing);
    add_number(rows, facts->distinct >= 0 ? (double)facts->distinct : NAN, 15);
    add_number(rows, facts->min, digits);
    add_number(rows, facts->mean, digits);
    add_number(rows, facts->max, digits);
    add_number(rows, facts->deviation, 6);
    table_integer(rows, facts->texts);
    table_text(rows, self->values[j] != NULL ? self->values[j] : "");
  }
  self->out->csv = "columns";
}

/* Problems of one feature. */
static void judge_column(csv_look *self, int64_t j) {
  sheet *out = self->out;
  const column_facts *facts = &self->facts[j];
  const shown_column shown = csv_look_show(self, j);
  const bool feature = csv_look_has_role(self, j, "feature");
  if (feature && facts->texts > 0) {
    sheet_line(out, INSPECT_PROBLEMS,
               "%s holds %s: --format 'csv ignore=%" PRId64 "' leaves it out%s", shown.text,
               facts->count > 0 ? "numbers and texts"
                                : "texts, which train takes as dates or as categories",
               j + 1 + self->offset,
               facts->count > 0 ? ", and missing_values= says which texts stand for no value" : "");
  }
  if (facts->missing > 0) {
    sheet_line(out, INSPECT_PROBLEMS,
               "%s lacks a value in %" PRId64 " of %" PRId64
               " rows: --format 'csv missing=skip' leaves these rows out, missing=keep keeps them",
               shown.text, facts->missing, self->count);
  }
  if (feature && (facts->distinct == 0 || facts->distinct == 1)) {
    sheet_line(out, INSPECT_PROBLEMS, "%s is %s", shown.text,
               facts->distinct == 0 ? "empty" : "constant");
  } else if (feature && facts->counts_rows && self->count > 2) {
    sheet_line(out, INSPECT_PROBLEMS,
               "%s numbers the rows: --format 'csv ignore=%" PRId64 "' leaves it out", shown.text,
               j + 1 + self->offset);
  } else if (feature && facts->deviation > 0 && fabs(facts->mean) > MANY * facts->deviation) {
    sheet_line(out, INSPECT_PROBLEMS,
               "%s lies far from 0 for its spread, by %.3g deviations: --transform standardize",
               shown.text, fabs(facts->mean) / facts->deviation);
  }
}

/* Features whose spreads differ by so much that most models see only the wide ones. */
static void judge_scales(csv_look *self) {
  int64_t narrow = -1, wide = -1;
  for (int64_t j = 0; j < self->columns; j++) {
    const double deviation = self->facts[j].deviation;
    if (csv_look_has_role(self, j, "feature") && self->facts[j].texts == 0 && deviation > 0) {
      narrow = narrow < 0 || deviation < self->facts[narrow].deviation ? j : narrow;
      wide = wide < 0 || deviation > self->facts[wide].deviation ? j : wide;
    }
  }
  if (narrow >= 0 && self->facts[wide].deviation > MANY * self->facts[narrow].deviation) {
    const shown_column one = csv_look_show(self, narrow), other = csv_look_show(self, wide);
    sheet_line(self->out, INSPECT_PROBLEMS,
               "the scales differ: the deviation of %s is %.3g, that of %s %.3g: --transform "
               "standardize",
               one.text, self->facts[narrow].deviation, other.text, self->facts[wide].deviation);
  }
}

static void judge(csv_look *self) {
  int64_t features = 0;
  for (int64_t j = 0; j < self->columns; j++) {
    judge_column(self, j);
    features += csv_look_has_role(self, j, "feature") && self->facts[j].texts == 0;
  }
  judge_scales(self);
  if (!self->unseen) {
    inspect_duplicates(self->out, self->rows, self->hashes);
  }
  if (features == 0) {
    sheet_line(self->out, INSPECT_PROBLEMS, "no feature has only numbers");
  }
}

int inspect_csv(sheet *out, const tool *t, const char *path, const char *params) {
  csv_look self = {.out = out, .t = t, .path = path, .given = params};
  int status = csv_look_read(&self);
  if (status < 0) {
    sheet_integer(out, "rows", self.count);
    sheet_integer(out, "column_count", self.columns);
    status = csv_look_at_columns(&self);
  }
  if (status < 0) {
    add_columns(&self);
    judge(&self);
  }
  csv_look_free(&self);
  return status;
}
