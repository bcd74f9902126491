/* A run of classify predict. */
#ifndef CLASSIFY_PREDICT_H
#define CLASSIFY_PREDICT_H

#include "answer_text.h"
#include "output.h"
#include "service.h"
#include "stream.h"

typedef struct prediction {
  tool *tool;
  clf_model *model;
  output_file file; /* of -o */
  answer_text text;
  service service; /* how pictures and columns are read */
  answer_wish wish;
  int64_t rows;
  bool failed; /* a picture could not be read */
} prediction;

/* Answers the rows of a dataset behind the first `skipped`; `names` are those of their files, or
 * NULL. */
clf_status predict_rows(prediction *self, const clf_dataset *rows, const char *const *names,
                        int64_t skipped);

/* Makes rows of texts. */
clf_status predict_encode(clf_dataset **out, const prediction *self, const clf_documents *texts);

/* Whether what was written so far arrived. */
bool predict_written(prediction *self, bool now);

/* Answers all records of a text. Returns -1 to go on, or the status to exit with after a
 * message. */
int predict_stream(prediction *self, stream *s);

#endif
