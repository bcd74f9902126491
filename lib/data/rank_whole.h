/* The rows of all ranks on each of them, for fits that divide something else than the rows. */
#ifndef CLF_DATA_RANK_WHOLE_H
#define CLF_DATA_RANK_WHOLE_H

#include "data/dataset.h"

/* What a fit reads. All of it lies in the arena, and is contiguous. */
typedef struct clf__rank_whole {
  clf__arena arena;
  clf__shards *shards; /* of all rows, as one process that has them sees them */
  clf__rows x;
  int32_t *labels; /* [rows], or NULL */
  double *targets; /* [rows, outputs], or NULL */
  float *weights;  /* [rows], or NULL */
} clf__rank_whole;

/* This rank's part of them. */
typedef struct clf__rank_part {
  const clf__rows *x; /* its shards say which part it is */
  const int32_t *labels;
  const double *targets;
  const float *weights;
  int64_t classes; /* of the labels */
  int64_t outputs; /* of the targets */
} clf__rank_part;

/* Exchanges the parts. `out` is zero before; free it after a failure, too. */
clf_status clf__rank_whole_gather(clf__rank_whole *out, clf_context *context,
                                  const clf__rank_part *part);
/* The same for `count` of this rank's rows, in ascending order. The rows of one process need no
 * shards. What is exchanged becomes a part of no shard. */
clf_status clf__rank_whole_choose(clf__rank_whole *out, clf_context *context,
                                  const clf__rank_part *part, const int64_t *rows, int64_t count);
void clf__rank_whole_free(clf__rank_whole *whole);

/* The same as a dataset, with the names, classes and categories that the part has from all
 * ranks. */
typedef struct clf__rank_dataset {
  clf__rank_whole whole;
  clf_dataset *rows; /* on the memory of `whole`; its shards are those of one process */
} clf__rank_dataset;

/* Exchanges the parts, which have shards of several ranks (rank_rows.h), through `context`; that of
 * the part may be another one. `out` is zero before; free it after a failure, too. */
clf_status clf__rank_dataset_gather(clf__rank_dataset *out, clf_context *context,
                                    const clf_dataset *part);
void clf__rank_dataset_free(clf__rank_dataset *all);

#endif
