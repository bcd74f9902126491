/* The HTML page that --report asks for, by the parts of tools/report. */
#ifndef CLASSIFY_REPORT_H
#define CLASSIFY_REPORT_H

#include "measures.h"
#include "output.h"
#include "report/page.h"

typedef struct report {
  output_file file;
  FILE *page; /* NULL: no report is asked for, and the functions below do nothing */
  int status; /* -1, or the status to exit with after a message */
} report;

/* Begins the page: its headline, a lead sentence in HTML (NULL for none), where the data came from,
 * and the verb's own facts [count] of at most 11, besides those that every report has. */
void report_begin(report *out, const tool *t, const char *title, const char *lead, const char *data,
                  const fact *facts, size_t count);

/* Ends the page, and puts it where it belongs if `status`, that of the work, is -1. Returns that
 * status, or the one to exit with after a message. */
int report_end(report *r, int status);

/* Writes the measures of answers with their intervals, confusions, how far probabilities can be
 * relied on, and the curves that the areas are below; of a regression what was predicted. */
void report_answers(report *r, const graded *g, const measures *m);

/* Writes what the model's kind has to show, with the rows that were answered. */
void report_model(report *r, const clf_dataset *rows, const graded *g);

/* Writes what the kind of a model that was kept has to show, with the rows that it was fitted to:
 * not which of them it gets wrong, since that says little of other rows. */
void report_kept(report *r, const clf_dataset *rows, const clf_model *model);

/* A page on a model and how it answered rows. */
typedef struct model_page {
  const char *title, *data;
  const char *rows; /* what they are, for the lead sentence: "rows that were held out" */
  const fact *facts;
  size_t count;
} model_page;

/* Writes the whole page. Returns -1 to go on, or the status to exit with after a message. */
int report_write(const tool *t, const model_page *about, const clf_dataset *rows, const graded *g,
                 const measures *m);

/* A lead sentence on answers, in HTML; free it. NULL where memory runs out. */
char *report_lead(const graded *g, const measures *m, const char *rows);

#endif
