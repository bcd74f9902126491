/* The categories of all ranks. Each rank has a dictionary of its own for each column of categories;
 * the joint one has the names of rank 0 first, then those of rank 1 that are new, and so on. If
 * each rank has its names in the order of their first rows, these are in the order of one
 * process's. */
#include <string.h>

#include "base/math.h"
#include "comm/comm.h"
#include "data/dictionary.h"
#include "data/match.h"
#include "data/rank_rows.h"

/* What all ranks have sent: the number of names of each column, and then the names. */
typedef struct dictionaries {
  int64_t columns;
  int32_t ranks;
  int64_t step;    /* bytes of a rank */
  char *all;       /* [ranks, step] */
  const char **at; /* [ranks] the next name */
} dictionaries;

static const int64_t *counts_of(const dictionaries *d, int32_t rank) {
  return (const int64_t *)(const void *)(d->all + rank * d->step);
}

static clf_status gather(dictionaries *d, clf__arena *arena, const clf_dataset *dataset) {
  clf_context *context = arena->context;
  clf__store *store = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__store_create(&store, context));
  CLF__TRY(dataset->categories != NULL ? clf__categories_save(dataset->categories, store, "rank")
                                       : CLF_OK); /* this rank has no rows */
  const clf_tensor *counts = clf__store_tensor(store, "rank_counts");
  const clf_tensor *names = clf__store_tensor(store, "rank_names");
  const int64_t counted = d->columns * (int64_t)sizeof(int64_t);
  const int64_t own = names != NULL ? clf_tensor_count(names) : 0;
  double bytes = (double)own;
  CLF__TRY(clf__comm_maxima(context, "sizes of categories", &bytes, 1));
  CLF__TRY(bytes >= (double)own && bytes < 0x1p53 ? CLF_OK : clf__comm_garbled("all_gather"));
  d->step = counted + clf__round_up((int64_t)bytes + 1, (int64_t)sizeof(int64_t));
  char *mine = clf__arena_zeroed(arena, d->step, 1);
  d->all = clf__arena_matrix(arena, d->ranks, d->step, 1);
  d->at = clf__arena_array(arena, d->ranks, sizeof *d->at);
  CLF__TRY(clf__arena_status(arena));
  if (names != NULL) {
    memcpy(mine, counts->data, (size_t)counted);
    memcpy(mine + counted, names->data, (size_t)own);
  }
  CLF__TRY(clf__comm_gather(context, "categories", mine, d->step, d->all));
  for (int32_t rank = 0; rank < d->ranks; rank++) {
    d->at[rank] = d->all + rank * d->step + counted;
  }
done:
  clf__store_free(store);
  return status;
}

/* Adds the names that a rank has for a column. They come from another process. */
static clf_status add_names(dictionaries *d, clf__dictionary *to, int32_t rank, int64_t column) {
  const int64_t count = counts_of(d, rank)[column];
  const char *end = d->all + (rank + 1) * d->step;
  int32_t code;
  for (int64_t i = 0; i < count; i++) {
    const char *name = d->at[rank];
    const char *close = memchr(name, '\0', (size_t)(end - name));
    if (close == NULL) {
      return clf__comm_garbled("all_gather");
    }
    CLF__CHECK(clf__dictionary_add(to, name, (size_t)(close - name), &code));
    d->at[rank] = close + 1;
  }
  return CLF_OK;
}

/* *out stays NULL for a column of numbers. */
static clf_status join_column(clf__names **out, clf_context *context, dictionaries *d,
                              int64_t column) {
  clf__dictionary joint = {.context = context};
  const char **names = NULL;
  int64_t twice;
  clf_status status = CLF_OK;
  for (int32_t rank = 0; rank < d->ranks; rank++) {
    CLF__TRY(add_names(d, &joint, rank, column));
  }
  if (joint.count > 0) {
    names = clf__alloc_array(context, joint.count, sizeof *names);
    CLF__TRY(names != NULL ? CLF_OK : CLF_ERROR_MEMORY);
    clf__dictionary_list(&joint, names);
    status = clf__categories_column(out, context, names, joint.count, &twice);
  }
done:
  clf__free(names);
  clf__dictionary_free(&joint);
  return status;
}

static clf_status join(clf__categories **out, clf_context *context, const clf_dataset *dataset) {
  dictionaries d = {.columns = dataset->features, .ranks = clf__comm_ranks(context)};
  clf__arena arena = {.context = context};
  clf_status status = CLF_OK;
  clf__names **columns = clf__arena_zeroed(&arena, d.columns, sizeof(clf__names *));
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(gather(&d, &arena, dataset));
  for (int64_t j = 0; j < d.columns; j++) {
    CLF__TRY(join_column(&columns[j], context, &d, j));
  }
  status = clf__categories_create(out, context, columns, d.columns);
done:
  for (int64_t j = 0; columns != NULL && j < d.columns; j++) {
    clf__names_release(columns[j]);
  }
  clf__arena_free(&arena);
  return status;
}

clf_status clf__rank_categories(clf__rank_rows *out, clf_context *context) {
  const clf_dataset *rows;
  CLF__CHECK(join(&out->categories, context, &out->rows));
  const clf__fit_columns columns = {context, "ranks", out->rows.features, NULL, out->categories};
  if (out->empty == NULL) {
    CLF__CHECK(clf__dataset_match(&rows, &out->translated, &columns, &out->rows));
    out->rows.x = rows->x;
  }
  out->rows.categories = out->categories;
  return CLF_OK;
}
