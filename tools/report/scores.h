/* Scores side by side in the HTML report: of folds, of combinations of parameters, of models. */
#ifndef REPORT_SCORES_H
#define REPORT_SCORES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A row. What is not known is NaN. */
typedef struct score_row {
  const char *name;    /* of the fold or the model, or the parameters */
  const char *details; /* small print below it, or NULL */
  double score;        /* NaN: it was not computed */
  double deviation;
  double seconds;
} score_row;

typedef struct score_table {
  const char *title, *note; /* heading, and a sentence below it or NULL */
  const char *names;        /* heading of the first column: "Fold", "Parameters", "Model" */
  const char *score;        /* what the score is: "accuracy" */
  bool percent;             /* the scores are shares, shown in percent */
  const score_row *rows;    /* [count] */
  size_t count, best;       /* the best row; `count` for none */
} score_table;

/* Writes a section with the table: each score as a dot on a common scale, with its deviation. */
void page_scores(FILE *out, const score_table *table);

#endif
