/* What a sentiment model says of a text, for people to read. */
#ifndef EXAMPLES_SENTIMENT_TELL_H
#define EXAMPLES_SENTIMENT_TELL_H

#include <classify.h>
#include <stdio.h>

/* A fitted model with its vocabulary. */
typedef struct reader {
  const clf_model *model;
  const clf_vocabulary *vocabulary;
  clf_context *context;
} reader;

/* Writes a bar for each class, and the words without which the text would read most differently. */
clf_status tell_text(FILE *out, const reader *with, const char *text, int64_t length);

/* Loss and accuracy of each epoch, on the rows trained on and those held out, as a table. */
void tell_history(FILE *out, const clf_model *model);

#endif
