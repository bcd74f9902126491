/* Searches: search.c has the handle and its results, search_rounds.c the fits, and
 * search_table.c the results as a dataset. */
#ifndef CLF_SELECTION_SEARCH_H
#define CLF_SELECTION_SEARCH_H

#include "selection/selection.h"

enum { CLF__SEARCH_GRID, CLF__SEARCH_RANDOM, CLF__SEARCH_HALVING };

typedef struct clf__search_params {
  int32_t method; /* CLF__SEARCH_… */
  clf__number trials;
  double factor;
  clf__number min_rows;
  double time_limit;
  bool refit;
} clf__search_params;

struct clf_search {
  clf_context *context;
  clf__arena arena;    /* holds the arrays */
  clf_model *model;    /* unfitted, without the grid's settings */
  clf_model *best_fit; /* with refit=true, otherwise NULL */
  bool regression;
  int64_t count, folds;
  char **params;     /* [count] "name=value …" */
  double *scores;    /* [count, folds] of the last round of each combination; NaN for none */
  double *mean;      /* [count] */
  double *deviation; /* [count] */
  int64_t *rows;     /* [count] on which it was scored last; 0 if it was not */
  int64_t best;
};

/* Cross-validates the combinations, in rounds with method=halving, and fills the results. */
clf_status clf__search_run(clf_search *search, const clf__search_params *params,
                           const clf_dataset *data, uint64_t seed);

#endif
