/* A fitted model that answers requests, from any number of threads at once: rows, texts or pictures
 * in, answers out. What comes by HTTP and what comes by a pipe is answered here. */
#ifndef CLASSIFY_SERVICE_H
#define CLASSIFY_SERVICE_H

#include "answers.h"
#include "name_index.h"
#include "tool.h"

typedef enum service_input { READS_ROWS, READS_TEXTS, READS_PICTURES } service_input;

typedef struct service {
  const tool *tool;
  clf_context *context;
  const clf_model *model;
  service_input reads;
  int64_t features, outputs;
  int64_t height, width, channels; /* of its pictures */
  char *picture;                   /* how they are read: parameters of the format "images" */
  clf_detector *detector;  /* that finds what it reads in pictures; NULL: it reads whole pictures */
  char *plain;             /* parameters of a CSV file without a header; NULL without memory */
  char *columns;           /* of a CSV file with a header, that too; NULL without memory */
  char *fields;            /* of a row of the format "fields", that too; NULL without memory */
  bool sparse, zero_based; /* it was trained on svmlight's format, with indices from 0 */
  bool named;              /* the features have names, all different */
  name_index names;        /* of the features, where they have some */
  answer_wish wish;        /* probabilities, or scores of a model that has none */
} service;

/* Looks at a model, which outlives the service: the reader and the shape of the rows that it was
 * trained on are in its metadata, if this program has trained it. Returns -1 to go on, or the
 * status to exit with after a message: where its detector cannot be read, or memory runs out. End
 * it in both cases. */
int service_begin(service *out, const tool *t, const clf_model *model);
void service_end(service *s);

/* Makes a dataset of values [rows, features], which outlive it. */
clf_status service_dataset(clf_dataset **out, const service *s, const double *values, int64_t rows);

/* Each answers what it is given; free the answers also after a failure. The first one frees the
 * dataset. */
clf_status service_answer(answers *out, const service *s, clf_dataset *data);
clf_status service_texts(answers *out, const service *s, const char *const *texts,
                         const size_t *sizes, int64_t count);

/* Makes a row of one picture, of any format that the library reads; *out is NULL where the model
 * has a detector that finds nothing in it. */
clf_status service_picture(clf_dataset **out, const service *s, const void *bytes, size_t size);
clf_status service_picture_file(clf_dataset **out, const service *s, const char *path);

/* Answers the rows of a CSV file: columns by the names of the features, in any order, if its first
 * line has one of these names, and else in the order of the features. */
clf_status service_table(answers *out, const service *s, const char *bytes, size_t size);

/* Whether the first line of a table has such a name. */
bool service_has_header(const service *s, const char *bytes, size_t size);

/* Answers a row in svmlight's format, with a label or without. */
clf_status service_sparse(answers *out, const service *s, const char *bytes, size_t size);

#endif
