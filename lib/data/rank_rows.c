/* Checks that the datasets of the ranks are parts of one, and gives them the same classes. */
#include "data/rank_rows.h"

#include <string.h>

/* What the datasets of all ranks must have in common, as numbers. */
typedef struct traits {
  int64_t features;
  int64_t dtype; /* -1 for sparse rows */
  double scale;
  int64_t outputs; /* target columns; -1 for labels, 0 for neither */
  int64_t weights;
  int64_t names;      /* a hash */
  int64_t categories; /* a hash of the columns that have them; 0 for none */
} traits;

static int64_t hash_names(const clf_dataset *dataset) {
  uint64_t hash = 0;
  for (int64_t j = 0; dataset->names != NULL && j < dataset->features; j++) {
    const char *name = clf__names_at(dataset->names, j);
    hash = clf__comm_hash(hash, name, strlen(name) + 1);
  }
  return (int64_t)hash;
}

static int64_t hash_categories(const clf_dataset *dataset) {
  uint64_t hash = 0;
  for (int64_t j = clf__categories_next(dataset->categories, 0); j >= 0;
       j = clf__categories_next(dataset->categories, j + 1)) {
    const int64_t number = j + 1;
    hash = clf__comm_hash(hash, &number, sizeof number);
  }
  return (int64_t)hash;
}

static traits traits_of(const clf_dataset *dataset) {
  traits t;
  memset(&t, 0, sizeof t); /* padding is exchanged too */
  t.features = dataset->features;
  t.dtype = dataset->x != NULL ? dataset->x->dtype : -1;
  t.scale = dataset->x != NULL ? dataset->x->scale : 1;
  t.outputs = dataset->labels != NULL ? -1 : clf_dataset_outputs(dataset);
  t.weights = dataset->weights != NULL;
  t.names = hash_names(dataset);
  t.categories = hash_categories(dataset);
  return t;
}

/* Returns the first trait in which two datasets differ, or NULL. */
static const char *difference(const traits *one, const traits *other) {
  return one->features != other->features       ? "numbers of columns"
         : one->dtype != other->dtype           ? "types of features, or dense and sparse rows"
         : one->scale != other->scale           ? "scales of bytes"
         : one->outputs != other->outputs       ? "labels or targets"
         : one->weights != other->weights       ? "weights, which all or none must have"
         : one->names != other->names           ? "names of columns"
         : one->categories != other->categories ? "columns of categories"
                                                : NULL;
}

static clf_status compare_ranks(clf_context *context, const clf_dataset *dataset) {
  const int32_t ranks = clf__comm_ranks(context);
  const traits mine = traits_of(dataset);
  clf_status status = CLF_OK;
  traits *all = clf__alloc_array(context, ranks, sizeof *all);
  CLF__TRY(all != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(clf__comm_gather(context, "datasets", &mine, (int64_t)sizeof mine, all));
  for (int32_t rank = 1; rank < ranks && status == CLF_OK; rank++) {
    const char *what = difference(&all[0], &all[rank]);
    status = what == NULL
                 ? CLF_OK
                 : clf__fail(CLF_ERROR_PEER, "the rows of ranks 0 and %d have different %s",
                             (int)rank, what);
  }
done:
  clf__free(all);
  return status;
}

/* Refuses integers that are rounded because another rank has fractions. */
static clf_status check_map(const clf__classes *classes, const int32_t *map) {
  for (int32_t i = 0; i < clf__classes_count(classes); i++) {
    if (map[i] < 0) {
      return clf__fail(CLF_ERROR_DATA,
                       "label %s would be rounded among those of other ranks, which are not "
                       "integers; use names as labels",
                       clf__classes_name(classes, i));
    }
  }
  return CLF_OK;
}

/* Replaces labels and classes by those of all ranks. */
static clf_status join_classes(clf__rank_rows *out, clf_context *context,
                               const clf_dataset *dataset) {
  clf_status status = CLF_OK;
  int32_t *map = NULL;
  CLF__TRY(clf__rank_classes(&out->classes, context, dataset->classes));
  map = clf__alloc_array(context, clf__classes_count(dataset->classes), sizeof *map);
  CLF__TRY(map != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  clf__classes_map(dataset->classes, out->classes, map);
  CLF__TRY(check_map(dataset->classes, map));
  CLF__TRY(clf__tensor_vector(&out->labels, context, CLF_I32, dataset->rows));
  for (int64_t i = 0; i < dataset->rows; i++) {
    ((int32_t *)out->labels->data)[i] = map[((const int32_t *)dataset->labels->data)[i]];
  }
  out->rows.labels = out->labels;
  out->rows.classes = out->classes;
done:
  clf__free(map);
  return status;
}

clf_status clf__rank_rows_create(clf__rank_rows *out, const clf__comm_call *call,
                                 const clf_dataset *dataset) {
  clf_context *context = call->context;
  *out = (clf__rank_rows){.rows = *dataset};
  if (dataset->shards != NULL || (clf__comm_running(context) && !call->outermost)) {
    return CLF_OK;
  }
  if (call->outermost) {
    CLF__CHECK(compare_ranks(context, dataset));
    CLF__CHECK(dataset->categories != NULL ? clf__rank_categories(out, context, dataset) : CLF_OK);
    CLF__CHECK(dataset->labels != NULL ? join_classes(out, context, dataset) : CLF_OK);
  }
  CLF__CHECK(clf__shards_create(&out->shards, context, dataset->rows));
  out->rows.shards = out->shards;
  return CLF_OK;
}

void clf__rank_rows_free(clf__rank_rows *rows) {
  clf__shards_free(rows->shards);
  clf_tensor_free(rows->labels);
  clf__classes_release(rows->classes);
  clf_dataset_free(rows->translated);
  clf__categories_release(rows->categories);
  *rows = (clf__rank_rows){.shards = NULL};
}
