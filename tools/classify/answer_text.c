#include "answer_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/text.h"
#include "table.h"

/* What stands for a row that is none of the classes; null in JSON. The labels of a machine of one
 * class are those of the library. */
static const char *label_of(const answer_text *self, const answers *a, int64_t row) {
  const char *none = a->one_class ? "-1" : "none of these";
  return a->labels[row] >= 0 ? self->names[a->labels[row]] : none;
}

/* The name of a class as a field of CSV. */
static char *csv_name(const char *name) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (out == NULL) {
    return NULL;
  }
  table_csv_field(out, name);
  return fclose(out) == 0 ? text : (free(text), NULL);
}

bool answer_text_begin(answer_text *self, const tool *t, const clf_model *model,
                       const answer_wish *wish, FILE *out) {
  *self = (answer_text){.out = out,
                        .model = model,
                        .wish = *wish,
                        .csv = t->common.csv,
                        .json = t->common.json,
                        .one_class = model_learns_one_class(model),
                        .terminal = isatty(fileno(out)) == 1,
                        .writer = json_begin(out)};
  self->classes = self->one_class ? 1 : clf_model_classes(model);
  self->names = calloc((size_t)self->classes + 1, sizeof *self->names);
  for (int64_t k = 0; self->names != NULL && k < self->classes; k++) {
    const char *name = self->one_class ? "0" : clf_model_class_name(model, k);
    self->names[k] = self->csv        ? csv_name(name)
                     : self->terminal ? printable_text(name, "")
                                      : strdup(name);
    if (self->names[k] == NULL) {
      return false;
    }
  }
  return self->names != NULL;
}

void answer_text_free(answer_text *self) {
  for (int64_t k = 0; self->names != NULL && k < self->classes; k++) {
    free(self->names[k]);
  }
  free(self->names);
  *self = (answer_text){.out = NULL};
}

static void write_number(json_writer *json, const char *name, double value) {
  char text[NUMBER_BYTES];
  json_literal(json, name, isfinite(value) ? number_text(text, value) : "null");
}

static bool has_labels(const answer_text *self) {
  return self->classes > 0;
}

/* Values behind labels, whose columns have names. CSV has the decision value of a machine of one
 * class in any case. */
static bool has_columns(const answer_text *self) {
  return has_labels(self) && (self->wish.kind != ANSWER_LABELS || (self->one_class && self->csv));
}

/* "value", or "value2" of several. */
static void write_value_name(const answer_text *self, int64_t j) {
  fputs("value", self->out);
  if (clf_model_outputs(self->model) > 1) {
    fprintf(self->out, "%lld", (long long)j + 1);
  }
}

/* Heads of columns of a set, or of an interval of each value. */
static void write_cover_header(const answer_text *self, char gap) {
  if (has_labels(self)) {
    fprintf(self->out, "%cset", gap);
    return;
  }
  for (int64_t j = 0; j < clf_model_outputs(self->model); j++) {
    for (int end = 0; end < 2; end++) {
      fputc(gap, self->out);
      write_value_name(self, j);
      fputs(end == 0 ? "_low" : "_high", self->out);
    }
  }
}

/* The first line: of CSV, and of probabilities and scores. */
static void write_header(const answer_text *self) {
  const char gap = self->csv ? ',' : '\t';
  const int64_t outputs = clf_model_outputs(self->model);
  if (self->files) {
    fprintf(self->out, "file%c", gap);
  }
  fputs(has_labels(self) ? "label" : "", self->out);
  for (int64_t j = 0; !has_labels(self) && j < outputs; j++) {
    fputs(j > 0 ? (const char[]){gap, '\0'} : "", self->out);
    write_value_name(self, j);
  }
  if (self->wish.coverage > 0) {
    write_cover_header(self, gap);
  }
  if (self->wish.novelty) {
    fprintf(self->out, "%cnovelty", gap);
  }
  for (int64_t k = 0; has_columns(self) && k < outputs; k++) {
    fprintf(self->out, "%c%s", gap, self->one_class ? "value" : self->names[k]);
  }
  fputc('\n', self->out);
}

/* Whether a line has more than the label or the values. */
static bool is_headed(const answer_text *self) {
  return self->csv || self->wish.coverage > 0 || self->wish.novelty || has_columns(self);
}

static void begin(answer_text *self) {
  if (self->begun) {
    return;
  }
  self->begun = true;
  if (self->json) {
    json_open(&self->writer, NULL, '[');
  } else if (is_headed(self)) {
    write_header(self);
  }
}

/* The labels of a block, in one piece: the most frequent use. */
static void write_labels(const answer_text *self, const answers *a) {
  for (int64_t i = 0; i < a->filled; i++) {
    fputs_unlocked(label_of(self, a, i), self->out);
    putc_unlocked('\n', self->out);
  }
}

/* The names of the classes in the set, with | between them. */
static void write_set(const answer_text *self, const uint8_t *set) {
  bool first = true;
  fputs(self->csv ? "\"" : "", self->out);
  for (int64_t k = 0; k < clf_model_classes(self->model); k++) {
    if (set[k] == 0) {
      continue;
    }
    fputs(first ? "" : "|", self->out);
    const char *name = self->csv ? clf_model_class_name(self->model, k) : self->names[k];
    for (const char *c = name; *c != '\0'; c++) {
      fputs(self->csv && *c == '"' ? "\"" : "", self->out);
      fputc(*c, self->out);
    }
    first = false;
  }
  fputs(self->csv ? "\"" : "", self->out);
}

static void write_cover(const answer_text *self, const answers *a, int64_t row, char gap) {
  char text[NUMBER_BYTES];
  if (a->sets != NULL) {
    fputc(gap, self->out);
    write_set(self, a->sets + row * a->outputs);
  }
  for (int64_t j = 0; a->bounds != NULL && j < 2 * a->outputs; j++) {
    fprintf(self->out, "%c%s", gap, number_text(text, (double)a->bounds[row * 2 * a->outputs + j]));
  }
}

static void write_file_name(const answer_text *self, const char *name) {
  char *printable = self->terminal && !self->csv ? printable_text(name, "") : NULL;
  if (self->csv) {
    table_csv_field(self->out, name);
  } else {
    fputs(printable != NULL ? printable : name, self->out);
  }
  free(printable);
}

static void write_line(const answer_text *self, const answers *a, int64_t row, const char *name) {
  const char gap = self->csv ? ',' : '\t';
  const bool shows = a->labels == NULL || has_columns(self);
  const double *values = a->values != NULL && shows ? a->values + row * a->outputs : NULL;
  char text[NUMBER_BYTES];
  if (self->files) {
    write_file_name(self, name);
  }
  fputs(self->files ? (const char[]){gap, '\0'} : "", self->out);
  fputs(a->labels != NULL ? label_of(self, a, row) : "", self->out);
  if (a->labels != NULL) {
    write_cover(self, a, row, gap);
  }
  if (a->novelty != NULL) {
    fprintf(self->out, "%c%s", gap, number_text(text, (double)a->novelty[row]));
  }
  for (int64_t j = 0; values != NULL && j < a->outputs; j++) {
    if (j > 0 || a->labels != NULL) {
      fputc(gap, self->out);
    }
    if (self->csv || a->labels == NULL) {
      fputs(number_text(text, values[j]), self->out);
    } else {
      fprintf(self->out, "%.6g", values[j]);
    }
  }
  if (a->labels == NULL) {
    write_cover(self, a, row, gap);
  }
  fputc('\n', self->out);
}

/* The values of the classes, or of a regression. */
static void write_values(json_writer *json, const answers *a, const double *values) {
  const char *what = a->labels == NULL ? "values" : a->probabilities ? "probabilities" : "scores";
  if (a->one_class || (a->labels == NULL && a->outputs == 1)) {
    write_number(json, "value", values[0]);
    return;
  }
  json_open(json, what, a->labels != NULL ? '{' : '[');
  for (int64_t j = 0; j < a->outputs; j++) {
    write_number(json, a->labels != NULL ? clf_model_class_name(a->model, j) : NULL, values[j]);
  }
  json_close(json, a->labels != NULL ? '}' : ']');
}

/* The set of a row, or its intervals. */
static void write_covered(json_writer *json, const answers *a, int64_t row) {
  if (a->sets != NULL) {
    json_open(json, "set", '[');
    for (int64_t k = 0; k < a->outputs; k++) {
      if (a->sets[row * a->outputs + k] != 0) {
        json_text(json, NULL, clf_model_class_name(a->model, k));
      }
    }
    json_close(json, ']');
  }
  if (a->bounds == NULL) {
    return;
  }
  const float *bounds = a->bounds + row * a->outputs * 2;
  json_open(json, a->outputs == 1 ? "interval" : "intervals", '[');
  for (int64_t j = 0; j < a->outputs; j++) {
    if (a->outputs > 1) {
      json_open(json, NULL, '[');
    }
    write_number(json, NULL, (double)bounds[2 * j]);
    write_number(json, NULL, (double)bounds[2 * j + 1]);
    if (a->outputs > 1) {
      json_close(json, ']');
    }
  }
  json_close(json, ']');
}

void answer_object(json_writer *json, const answers *a, int64_t row, const char *file) {
  json_open(json, NULL, '{');
  if (file != NULL) {
    json_text(json, "file", file);
  }
  if (a->one_class) {
    json_int64(json, "label", a->labels[row]);
  } else if (a->labels != NULL && a->labels[row] >= 0) {
    json_text(json, "label", clf_model_class_name(a->model, a->labels[row]));
  } else if (a->labels != NULL) {
    json_literal(json, "label", "null");
  }
  if (a->values != NULL) {
    write_values(json, a, a->values + row * a->outputs);
  }
  if (a->novelty != NULL) {
    write_number(json, "novelty", (double)a->novelty[row]);
  }
  write_covered(json, a, row);
  json_close(json, '}');
}

void answer_text_write(answer_text *self, const answers *a, const char *const *names) {
  begin(self);
  if (!self->json && !self->files && !is_headed(self) && a->labels != NULL) {
    write_labels(self, a);
    return;
  }
  for (int64_t i = 0; i < a->filled; i++) {
    const char *name = names != NULL ? names[i] : "";
    if (self->json) {
      answer_object(&self->writer, a, i, self->files ? name : NULL);
    } else {
      write_line(self, a, i, name);
    }
  }
}

void answer_text_end(answer_text *self) {
  begin(self);
  if (self->json) {
    json_close(&self->writer, ']');
  }
}
