/* A model on every split of a protocol, and the people and pictures that it mistook. */
#ifndef EXAMPLES_EVALUATE_H
#define EXAMPLES_EVALUATE_H

#include "models.h"
#include "splits.h"

typedef struct evaluation_job {
  clf_context *context;
  progress_display *progress;
  const face_set *faces;
  face_protocol protocol;
  int64_t splits, seed; /* how many, and the seed of the first */
} evaluation_job;

typedef struct evaluation {
  double deviation;  /* of the accuracy over the splits */
  double *accuracy;  /* [splits] */
  int64_t *counts;   /* [people, people]: truth, taken for; of all splits together */
  int64_t *wrong;    /* [pictures] how often each was taken for somebody else */
  int32_t *mistaken; /* [pictures] for whom, the last time */
  int64_t *rows;     /* [2 * pictures] for work */
  char params[MAX_PARAMS];
} evaluation;

/* Fits and tests a model on one split. The results in `row` are added up to means over the splits.
 * The caller frees the model. */
clf_status split_fit(clf_model **out, result *row, const evaluation_job *job,
                     const model_entry *entry, const clf_dataset *train);

/* Shows that a split is under way. Returns CLF_ERROR_CANCELLED if Ctrl-C was pressed. */
clf_status split_begin(const evaluation_job *job, const char *model, int64_t split);

/* Mean and standard deviation of values [count]. */
double mean_of(const double *values, int64_t count);
double deviation_of(const double *values, int64_t count);

/* Fills `row` with means over the splits; its times are those of one split. Free *out after failures
 * too. */
clf_status evaluate(evaluation *out, result *row, const evaluation_job *job,
                    const model_entry *entry);
void evaluation_free(evaluation *e);

/* Writes its additional members of the JSON. */
void evaluation_members(json_writer *json, const evaluation *e, const evaluation_job *job);

#endif
