/* Prints what a model of texts makes of one of them. */
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
clf_status explain_text(FILE *out, const reader *with, const char *text, size_t length);

/* Does so for each line of standard input, up to its end; on a terminal it asks for them, and an empty
 * line ends it. CLF_ERROR_CANCELLED where Ctrl-C was pressed. */
clf_status explain_lines(const reader *with);

#endif
