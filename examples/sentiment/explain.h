/* Prints what a sentiment model makes of a text, and how it was trained. */
#ifndef EXAMPLES_SENTIMENT_EXPLAIN_H
#define EXAMPLES_SENTIMENT_EXPLAIN_H

#include <classify.h>
#include <stdio.h>

/* A fitted model with its vocabulary. */
typedef struct reader {
  const clf_model *model;
  const clf_vocabulary *vocabulary;
  clf_context *context;
} reader;

/* Prints a bar for each of the surest classes, and the words without which the surest would be more
 * or less probable. */
clf_status explain_text(FILE *out, const reader *with, const char *text, int64_t length);

/* Prints loss and accuracy of each epoch, on the rows trained on and those held out, as a table. */
void print_history(FILE *out, const clf_model *model);

#endif
