/* The HTML report: one page that needs nothing else, no scripts, light and dark, narrow and wide.
 * The parts here serve every program; a program adds its own between page_begin and page_end. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <classify/model.h>

#include "results.h"

/* A row of the list of facts under the headline. */
typedef struct fact {
  const char *name;
  const char *value;
} fact;

/* Writes text with what HTML gives a meaning escaped; bytes that are no UTF-8 become U+FFFD. */
void html_text(FILE *out, const char *text);

/* Writes a whole number with a comma every three digits. */
void html_count(FILE *out, int64_t number);

/* The head and the headline; after it, the program may write a <p class="lead">. */
void page_begin(FILE *out, const char *title);

/* The program's own facts, and those that every report has: where the data came from, machine,
 * kernels, threads, memory, seed, date, version. They end the page's header. */
void page_facts(FILE *out, const run_facts *run, const fact *own, size_t count);
void page_end(FILE *out);

/* A table of a class of the style sheet, whose first column names its rows; the caption may be
 * NULL. */
void table_begin(FILE *out, const char *style, const char *caption, const char *const *heads,
                 size_t count);
void table_end(FILE *out);

/* A cell with a time: "20 ms", "1.85 s", "311 s"; NaN is a dash. */
void table_seconds(FILE *out, double seconds);

/* What a model was made of, and of a network how it was trained. */
void page_recipe(FILE *out, const result *row);

/* A network's layers, shapes and parameters as a table; nothing for other models. */
clf_status page_layers(FILE *out, const clf_model *model);

/* The models, their errors as bars, their times. */
void page_results(FILE *out, const result *results, size_t count);

/* The counts of (truth, predicted), a row a true class, shaded by the share of its row.
 * `counts` is [classes, classes], `names` [classes]. */
void page_confusion(FILE *out, const int64_t *counts, const char *const *names, int64_t classes);

/* Rows, precision, recall and F1 of each class, from the same counts. */
void page_classes(FILE *out, const int64_t *counts, const char *const *names, int64_t classes);

#endif
