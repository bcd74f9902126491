/* A model of the faces program on every split of a protocol. */
#ifndef EXAMPLES_FACES_EVALUATE_H
#define EXAMPLES_FACES_EVALUATE_H

#include "common/progress.h"
#include "common/results.h"
#include "models.h"
#include "splits.h"

typedef struct evaluation {
  result summary; /* means over the splits; fit_seconds and predict_seconds of one split */
  double deviation;
  int64_t splits, first_seed;
  double *accuracy;  /* [splits] */
  int64_t *counts;   /* [people, people]: truth, taken for; of all splits together */
  int64_t *wrong;    /* [pictures] how often each was taken for somebody else */
  int32_t *mistaken; /* [pictures] for whom, the last time */
  char *more;        /* what the JSON has of it besides the summary */
  char params[MAX_PARAMS], optimizer[MAX_PARAMS];
} evaluation;

typedef struct evaluation_job {
  clf_context *context;
  const face_set *faces;
  face_protocol protocol;
  int64_t splits; /* asked for */
  int64_t seed;   /* of the first split */
  progress_display *progress;
} evaluation_job;

/* CLF_ERROR_CANCELLED where Ctrl-C was pressed. *out is to be freed after failures too. */
clf_status evaluate(evaluation *out, const evaluation_job *job, const model_entry *entry);
void evaluation_free(evaluation *e);

#endif
