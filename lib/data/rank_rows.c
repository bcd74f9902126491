/* Checks that the datasets of the ranks are parts of one, and gives them the same classes. */
#include "data/rank_rows.h"

#include <string.h>

#include "base/math.h"
#include "data/build.h"

/* What the datasets of all ranks must have in common, as numbers. A rank without rows says nothing
 * but that. */
typedef struct traits {
  int64_t absent;
  int64_t features;
  int64_t shape[CLF_MAX_DIMENSIONS]; /* of dense rows */
  int64_t dimensions;
  int64_t name_bytes;
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
  t.absent = dataset == NULL;
  if (dataset == NULL) {
    return t;
  }
  t.features = dataset->features;
  t.dimensions = dataset->x != NULL ? dataset->x->ndim : 0;
  for (int64_t i = 1; i < t.dimensions; i++) {
    t.shape[i] = dataset->x->shape[i];
  }
  for (int64_t j = 0; dataset->names != NULL && j < dataset->features; j++) {
    t.name_bytes += (int64_t)strlen(clf__names_at(dataset->names, j)) + 1;
  }
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

/* Returns the first rank that has rows; their number if there is none. */
static int32_t first_present(const traits *all, int32_t ranks) {
  int32_t rank = 0;
  while (rank < ranks && all[rank].absent != 0) {
    rank++;
  }
  return rank;
}

/* `all` [ranks] receives the traits of all. */
static clf_status compare_ranks(traits *all, clf_context *context, const clf_dataset *dataset) {
  const int32_t ranks = clf__comm_ranks(context);
  const traits mine = traits_of(dataset);
  CLF__CHECK(clf__comm_gather(context, "datasets", &mine, (int64_t)sizeof mine, all));
  const int32_t first = first_present(all, ranks);
  if (first == ranks) {
    return clf__fail(CLF_ERROR_ARGUMENT, "no rank has rows: all passed NULL");
  }
  for (int32_t rank = first + 1; rank < ranks; rank++) {
    const char *what = all[rank].absent != 0 ? NULL : difference(&all[first], &all[rank]);
    if (what != NULL) {
      return clf__fail(CLF_ERROR_PEER, "the rows of ranks %d and %d have different %s", (int)first,
                       (int)rank, what);
    }
  }
  return CLF_OK;
}

static bool are_sizes(const traits *t) {
  bool sound = t->features >= 1 && t->features <= INT32_MAX && t->dimensions >= 0 &&
               t->dimensions <= CLF_MAX_DIMENSIONS && t->outputs >= -1 && t->name_bytes >= 0 &&
               t->name_bytes < INT64_MAX / 2;
  int64_t product = 1;
  for (int64_t i = 1; sound && i < t->dimensions; i++) {
    sound = t->shape[i] >= 1 && clf__mul_i64(product, t->shape[i], &product);
  }
  return sound && (t->dimensions == 0 || (t->dimensions >= 2 && product == t->features));
}

/* Makes x, or the parts of sparse rows, of no rows. */
static clf_status make_empty_x(clf_dataset *empty, const traits *like) {
  clf_context *context = empty->context;
  if (like->dtype >= 0) {
    CLF__CHECK(clf__tensor_create_uninitialized(&empty->x, context, (int32_t)like->dtype,
                                                (int32_t)like->dimensions, like->shape));
    empty->x->scale = like->scale;
    return CLF_OK;
  }
  CLF__CHECK(clf__tensor_vector(&empty->row_start, context, CLF_I64, 1));
  CLF__CHECK(clf__tensor_vector(&empty->column, context, CLF_I32, 0));
  return clf__tensor_vector(&empty->value, context, CLF_F32, 0);
}

/* Makes a dataset of no rows that is like those of the others, but for names and classes. */
static clf_status make_empty(clf_dataset **out, clf_context *context, const traits *like) {
  clf_dataset *empty = NULL;
  clf_status status = CLF_OK;
  if (!are_sizes(like)) {
    return clf__comm_garbled("all_gather");
  }
  CLF__TRY(clf__dataset_blank(&empty, context));
  empty->features = like->features;
  CLF__TRY(make_empty_x(empty, like));
  CLF__TRY(like->outputs < 0 ? clf__tensor_vector(&empty->labels, context, CLF_I32, 0)
           : like->outputs > 0
               ? clf__tensor_matrix(&empty->targets, context, CLF_F64, 0, like->outputs)
               : CLF_OK);
  CLF__TRY(like->weights != 0 ? clf__tensor_vector(&empty->weights, context, CLF_F32, 0) : CLF_OK);
  *out = empty;
  empty = NULL;
done:
  clf_dataset_free(empty);
  return status;
}

/* Gives the empty dataset, if there is one, the names of columns that rank `root` has. */
static clf_status pass_names(clf_dataset *empty, clf_context *context, const clf_dataset *dataset,
                             int32_t root, int64_t bytes) {
  const int32_t ranks = clf__comm_ranks(context);
  clf__arena arena = {.context = context};
  char *text = clf__arena_zeroed(&arena, bytes, 1), *to = text;
  int64_t *start = clf__arena_zeroed(&arena, (int64_t)ranks + 1, sizeof *start);
  const char **names = clf__arena_array(&arena, empty != NULL ? empty->features : 1, sizeof *names);
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  for (int32_t rank = root + 1; rank <= ranks; rank++) {
    start[rank] = bytes;
  }
  for (int64_t j = 0; empty == NULL && clf__comm_rank(context) == root && j < dataset->features;
       j++) {
    const size_t size = strlen(clf__names_at(dataset->names, j)) + 1;
    memcpy(to, clf__names_at(dataset->names, j), size);
    to += size;
  }
  CLF__TRY(clf__comm_spread(context, "names of columns", text, start, 1));
  if (empty != NULL) {
    CLF__TRY(clf__names_cut(text, bytes, names, empty->features) == empty->features
                 ? CLF_OK
                 : clf__comm_garbled("broadcast"));
    status = clf__names_create(&empty->names, context, names, empty->features);
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* *categories receives whether there are columns of categories. */
static clf_status meet_ranks(clf__rank_rows *out, bool *categories, clf_context *context,
                             const clf_dataset *dataset) {
  const int32_t ranks = clf__comm_ranks(context);
  bool absent = false;
  clf_status status = CLF_OK;
  traits *all = clf__alloc_array(context, ranks, sizeof *all);
  CLF__TRY(all != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(compare_ranks(all, context, dataset));
  const int32_t first = first_present(all, ranks);
  for (int32_t rank = 0; rank < ranks; rank++) {
    absent = absent || all[rank].absent != 0;
  }
  if (dataset == NULL) {
    CLF__TRY(make_empty(&out->empty, context, &all[first]));
    out->rows = *out->empty;
  }
  if (absent && all[first].name_bytes > 0) {
    CLF__TRY(pass_names(out->empty, context, dataset, first, all[first].name_bytes));
    out->rows.names = dataset != NULL ? dataset->names : out->empty->names;
  }
  *categories = all[first].categories != 0;
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
static clf_status join_classes(clf__rank_rows *out, clf_context *context) {
  const clf_dataset *dataset = &out->rows;
  clf_status status = CLF_OK;
  int32_t *map = NULL;
  CLF__TRY(clf__rank_classes(&out->classes, context, dataset->classes));
  map = clf__alloc_array(context, clf__classes_count(dataset->classes), sizeof *map);
  CLF__TRY(map != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  if (dataset->classes != NULL) {
    clf__classes_map(dataset->classes, out->classes, map);
    CLF__TRY(check_map(dataset->classes, map));
  }
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
  *out = (clf__rank_rows){.shards = NULL};
  if (dataset == NULL && !call->outermost) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "rows must not be NULL: only one of several ranks can have none");
  }
  out->rows = dataset != NULL ? *dataset : out->rows;
  if (out->rows.shards != NULL || (clf__comm_running(context) && !call->outermost)) {
    return CLF_OK;
  }
  if (call->outermost) {
    bool categories = false;
    CLF__CHECK(meet_ranks(out, &categories, context, dataset));
    CLF__CHECK(categories ? clf__rank_categories(out, context) : CLF_OK);
    CLF__CHECK(out->rows.labels != NULL ? join_classes(out, context) : CLF_OK);
  }
  CLF__CHECK(clf__shards_create(&out->shards, context, out->rows.rows));
  out->rows.shards = out->shards;
  return CLF_OK;
}

void clf__rank_rows_free(clf__rank_rows *rows) {
  clf__shards_free(rows->shards);
  clf_tensor_free(rows->labels);
  clf__classes_release(rows->classes);
  clf_dataset_free(rows->translated);
  clf_dataset_free(rows->empty);
  clf__categories_release(rows->categories);
  *rows = (clf__rank_rows){.shards = NULL};
}
