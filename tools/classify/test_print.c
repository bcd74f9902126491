/* Machines get one table of all figures, a row each: the measures, those of each class, and the
 * counts of the confusion matrix. People get a table of each. */
#include "test_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"
#include "table.h"

static const figure none = {(double)NAN, (double)NAN, (double)NAN, INTERVAL_NONE};

static void add_figure(table *to, const char *name, const char *class, const char *predicted,
                       const figure *f) {
  table_text(to, name);
  table_text(to, class);
  table_text(to, predicted);
  table_number(to, f->value);
  table_number(to, f->low);
  table_number(to, f->high);
  table_text(to, f->interval == INTERVAL_NONE ? "" : interval_names[f->interval]);
}

static void add_count(table *to, const char *name, const char *class, const char *predicted,
                      int64_t count) {
  figure f = none;
  f.value = (double)count;
  add_figure(to, name, class, predicted, &f);
}

static void add_classes(table *to, const graded *g, const measures *m) {
  for (int64_t k = 0; k < g->classes; k++) {
    add_count(to, "rows", g->names[k], "", m->support[k]);
    for (int i = 0; i < CLASS_MEASURES; i++) {
      add_figure(to, class_measure_names[i], g->names[k], "", &m->of_class[k][i]);
    }
  }
  if (g->rejected_rows > 0) {
    add_count(to, "rejected_rows", "", "", g->rejected_rows);
  }
  for (int64_t k = 0; k < g->unknown_count; k++) {
    add_count(to, "unknown_rows", g->unknown[k].name, "", g->unknown[k].rows);
  }
}

/* The pairs of true and predicted classes that occur, by class: of 10,000 classes there are far
 * more pairs than rows. */
typedef struct pairs {
  confused *of;
  int64_t count;
} pairs;

static void add_confusion(table *to, const graded *g, const pairs *all) {
  for (int64_t i = 0; i < all->count; i++) {
    const confused *c = &all->of[i];
    add_count(to, "confusion", g->names[c->truth], g->names[c->predicted], c->count);
  }
}

static int print_machines(const graded *g, const measures *m, const pairs *confusions,
                          const tool *t) {
  static const table_column columns[] = {
      {"measure", false, 0}, {"class", false, 0}, {"predicted", false, 0}, {"value", true, 0},
      {"low", true, 0},      {"high", true, 0},   {"interval", false, 0}};
  table all = table_of(columns, sizeof columns / sizeof *columns);
  add_count(&all, "rows", "", "", g->rows);
  for (int i = 0; i < MEASURES; i++) {
    if (!isnan(m->of[i].value)) {
      add_figure(&all, measure_kinds[i].name, "", "", &m->of[i]);
    }
  }
  add_classes(&all, g, m);
  add_confusion(&all, g, confusions);
  const int status = table_print(&all, t, stdout);
  table_free(&all);
  return status;
}

static int print_measures(const graded *g, const measures *m, const tool *t) {
  static const table_column columns[] = {{"measure", false, 0},
                                         {"value", true, 4},
                                         {"from", true, 4},
                                         {"to", true, 4},
                                         {"interval of 95 %", false, 0}};
  table all = table_of(columns, sizeof columns / sizeof *columns);
  char text[160];
  for (int i = 0; i < MEASURES; i++) {
    const figure *f = &m->of[i];
    if (!isnan(f->value)) {
      const bool of_positive = i == MEASURE_AVERAGE_PRECISION && m->positive >= 0;
      snprintf(text, sizeof text, "%s%s%s", measure_kinds[i].title, of_positive ? " of " : "",
               of_positive ? g->names[m->positive] : "");
      table_text(&all, text);
      table_number(&all, f->value);
      table_number(&all, f->low);
      table_number(&all, f->high);
      snprintf(text, sizeof text, "bootstrap of %" PRId64 " draws", m->resamples);
      table_text(&all, f->interval == INTERVAL_BOOTSTRAP ? text
                       : f->interval == INTERVAL_WILSON  ? "Wilson"
                                                         : "");
    }
  }
  const int status = table_print(&all, t, stdout);
  table_free(&all);
  return status;
}

/* "0.9800 (0.94–1.00)" */
static void add_with_interval(table *to, const figure *f) {
  char text[64];
  if (f->interval == INTERVAL_NONE) {
    snprintf(text, sizeof text, "%.4f", f->value);
  } else {
    snprintf(text, sizeof text, "%.4f (%.2f–%.2f)", f->value, f->low, f->high);
  }
  table_text(to, text);
}

enum { FEW_CLASSES = 100, SHOWN_CLASSES = 20 };

static int print_classes(const graded *g, const measures *m, const tool *t) {
  static const table_column columns[] = {{"class", false, 0},
                                         {"rows", true, 0},
                                         {"precision", false, 0},
                                         {"recall", false, 0},
                                         {"F1", false, 0}};
  table all = table_of(columns, sizeof columns / sizeof *columns);
  int64_t worst[SHOWN_CLASSES];
  const bool few = g->classes <= FEW_CLASSES;
  const int64_t shown = few ? g->classes : SHOWN_CLASSES;
  if (!few && !graded_worst(g, worst, SHOWN_CLASSES)) {
    return tool_fail(CLF_ERROR_MEMORY);
  }
  for (int64_t i = 0; i < shown; i++) {
    const int64_t k = few ? i : worst[i];
    table_text(&all, g->names[k]);
    table_integer(&all, m->support[k]);
    for (int j = 0; j < CLASS_MEASURES; j++) {
      add_with_interval(&all, &m->of_class[k][j]);
    }
  }
  putchar('\n');
  if (!few) {
    printf("the %d of %" PRId64 " classes with the most wrong rows; --json and --csv have all:\n\n",
           SHOWN_CLASSES, g->classes);
  }
  const int status = table_print(&all, t, stdout);
  table_free(&all);
  return status;
}

enum { MATRIX = 15 };

/* A matrix, where it fits. */
static int print_matrix(const graded *g, const pairs *confusions, const tool *t) {
  int64_t counts[MATRIX * MATRIX] = {0};
  table_column columns[MATRIX + 1] = {{"true \\ predicted", false, 0}};
  char *names[MATRIX] = {NULL};
  for (int64_t k = 0; k < g->classes; k++) {
    names[k] = printable_text(g->names[k], "");
    columns[k + 1] = (table_column){names[k] != NULL ? names[k] : "", true, 0};
  }
  for (int64_t i = 0; i < confusions->count; i++) {
    const confused *c = &confusions->of[i];
    counts[c->truth * g->classes + c->predicted] = c->count;
  }
  table all = table_of(columns, (size_t)g->classes + 1);
  all.verbatim = true;
  for (int64_t i = 0; i < g->classes; i++) {
    table_text(&all, g->names[i]);
    for (int64_t j = 0; j < g->classes; j++) {
      table_integer(&all, counts[i * g->classes + j]);
    }
  }
  const int status = table_print(&all, t, stdout);
  table_free(&all);
  for (int64_t k = 0; k < g->classes; k++) {
    free(names[k]);
  }
  return status;
}

static int compare_confused(const void *first, const void *second) {
  const confused *a = first, *b = second;
  if (a->count != b->count) {
    return a->count > b->count ? -1 : 1;
  }
  const int64_t at = a->truth != b->truth ? a->truth - b->truth : a->predicted - b->predicted;
  return (at > 0) - (at < 0);
}

/* The most frequent confusions of many classes; they become the first pairs. */
static int print_pairs(const graded *g, const pairs *confusions, const tool *t) {
  static const table_column columns[] = {
      {"rows", true, 0}, {"of class", false, 0}, {"predicted as", false, 0}};
  enum { SHOWN = 10 };
  table all = table_of(columns, sizeof columns / sizeof *columns);
  int64_t count = 0;
  for (int64_t i = 0; i < confusions->count; i++) {
    if (confusions->of[i].truth != confusions->of[i].predicted) {
      confusions->of[count++] = confusions->of[i];
    }
  }
  qsort(confusions->of, (size_t)count, sizeof *confusions->of, compare_confused);
  for (int64_t i = 0; i < count && i < SHOWN; i++) {
    table_integer(&all, confusions->of[i].count);
    table_text(&all, g->names[confusions->of[i].truth]);
    table_text(&all, g->names[confusions->of[i].predicted]);
  }
  const int status = table_print(&all, t, stdout);
  table_free(&all);
  return status;
}

static int print_people(const graded *g, const measures *m, const pairs *confusions, const tool *t,
                        const char *data) {
  printf("%s on %" PRId64 " rows of %s%s\n\n", clf_model_kind(g->said.model), g->rows,
         strcmp(data, "-") == 0 ? "standard input" : data, g->weighted ? ", weighted" : "");
  int status = print_measures(g, m, t);
  if (status < 0 && g->classes > 0) {
    status = print_classes(g, m, t);
    putchar('\n');
  }
  if (status < 0 && g->classes > 0) {
    status = (g->classes <= MATRIX ? print_matrix : print_pairs)(g, confusions, t);
  }
  return status;
}

int test_print(const graded *g, const measures *m, const tool *t, const char *data) {
  pairs confusions = {NULL, 0};
  if (g->classes > 0) {
    confusions.of = graded_pairs(g, &confusions.count);
    if (confusions.of == NULL) {
      return tool_fail(CLF_ERROR_MEMORY);
    }
  }
  const int status = tool_for_people(t) ? print_people(g, m, &confusions, t, data)
                                        : print_machines(g, m, &confusions, t);
  free(confusions.of);
  return status;
}
