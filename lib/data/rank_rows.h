/* The rows of a fit whose ranks have parts of them (comm/shards.h). */
#ifndef CLF_DATA_RANK_ROWS_H
#define CLF_DATA_RANK_ROWS_H

#include "data/dataset.h"

/* A dataset as the fit sees it: its own rows, with the shards of all ranks' rows, and the classes
 * and categories of all ranks. */
typedef struct clf__rank_rows {
  clf_dataset rows; /* members of the caller's, and those below; not to be freed */
  clf__shards *shards;
  clf__classes *classes;
  clf_tensor *labels; /* class indices of `classes` */
  clf_dataset *empty; /* of a rank that has none */
  clf__categories *categories;
  clf_dataset *translated; /* its x has codes of `categories`; NULL if the rows have them */
} clf__rank_rows;

/* Exchanges what ranks must know of each other's rows. `dataset` is NULL for one of several ranks
 * that has no rows, which then gets a dataset of none that is like those of the others. A dataset
 * that has its shards already, or is used within a call of all ranks by one of them, stays as it
 * is. Returns CLF_ERROR_PEER if the ranks' datasets do not fit each other. */
clf_status clf__rank_rows_create(clf__rank_rows *out, const clf__comm_call *call,
                                 const clf_dataset *dataset);
void clf__rank_rows_free(clf__rank_rows *rows);

/* Gives out->rows the categories of all ranks, and their codes. */
clf_status clf__rank_categories(clf__rank_rows *out, clf_context *context);

/* Makes the classes of all ranks. `classes` are this rank's, NULL if it has none. */
clf_status clf__rank_classes(clf__classes **out, clf_context *context, const clf__classes *classes);

#endif
