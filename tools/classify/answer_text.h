/* Answers of a model as text: a line for each row, or CSV or JSON for machines. */
#ifndef CLASSIFY_ANSWER_TEXT_H
#define CLASSIFY_ANSWER_TEXT_H

#include <stdio.h>

#include "answers.h"
#include "report/json.h"
#include "tool.h"

typedef struct answer_text {
  FILE *out;
  const clf_model *model;
  answer_wish wish;
  bool csv, json, files;    /* files: a column of names comes first */
  bool one_class, terminal; /* terminal: what it would obey is escaped */
  bool begun;
  int64_t classes; /* 1 of a machine of one class, 0 of a regression */
  char **names;    /* [classes] as they are written */
  json_writer writer;
} answer_text;

/* Prepares to write; frees it in every case. False without memory. */
bool answer_text_begin(answer_text *self, const tool *t, const clf_model *model,
                       const answer_wish *wish, FILE *out);
/* Writes the JSON object of a row, with the name of its file unless that is NULL. */
void answer_object(json_writer *json, const answers *a, int64_t row, const char *file);
/* Writes answers; `names` [filled] are those of their files, for `files`, or NULL. */
void answer_text_write(answer_text *self, const answers *a, const char *const *names);
/* Ends what began, also if there was no answer. */
void answer_text_end(answer_text *self);
void answer_text_free(answer_text *self);

#endif
