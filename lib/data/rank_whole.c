/* Gives each rank the rows of all. Each rank sends its rows once to all others, into the place that
 * they have among all rows, so nothing is held twice. */
#include "data/rank_whole.h"

#include <string.h>

#include "base/status.h"
#include "comm/comm.h"
#include "data/build.h"

/* Rows are elements of `size` bytes in all[] and at `own`. */
static clf_status spread(clf_context *context, const char *name, void *all, const void *own,
                         const clf__shards *shards, size_t size) {
  const int64_t count = shards->start[shards->rank + 1] - shards->first;
  if (count > 0) {
    memcpy((char *)all + (size_t)shards->first * size, own, (size_t)count * size);
  }
  return clf__comm_spread(context, name, all, shards->start, size);
}

static clf_status gather_dense(clf__rank_whole *whole, clf_context *context, const clf__rows *x) {
  const size_t element = clf__dtype_size(x->dtype);
  const size_t size = (size_t)x->columns * element;
  char *data = clf__arena_matrix(&whole->arena, x->shards->rows, x->columns, element);
  CLF__CHECK(clf__arena_status(&whole->arena));
  for (int64_t i = 0; i < x->rows; i++) {
    memcpy(data + (size_t)(x->shards->first + i) * size,
           (const char *)x->data + (size_t)(i * x->stride) * element, size);
  }
  whole->x.data = data;
  whole->x.stride = x->columns;
  return clf__comm_spread(context, "rows", data, x->shards->start, size);
}

/* Column numbers come from other processes, and are used as such. */
static clf_status check_sparse(const clf__rows *x) {
  bool right = x->row_start[0] == 0;
  for (int64_t i = 0; i < x->rows && right; i++) {
    right = x->row_start[i] <= x->row_start[i + 1] && x->row_start[i + 1] <= x->row_start[x->rows];
    for (int64_t j = x->row_start[i]; right && j < x->row_start[i + 1]; j++) {
      right = x->column[j] >= 0 && x->column[j] < x->columns;
    }
  }
  return right ? CLF_OK : clf__comm_garbled("broadcast");
}

static clf_status gather_sparse(clf__rank_whole *whole, clf_context *context, const clf__rows *x) {
  const clf__shards *shards = x->shards;
  const int64_t from = x->row_start[0], entries = x->row_start[x->rows] - from;
  int64_t *start = clf__arena_zeroed(&whole->arena, (int64_t)shards->ranks + 1, sizeof *start);
  int64_t *row_start = clf__arena_array(&whole->arena, shards->rows + 1, sizeof *row_start);
  CLF__CHECK(clf__arena_status(&whole->arena));
  CLF__CHECK(clf__comm_gather_starts(context, "entries", entries, INT64_MAX / 16, start));
  const int64_t total = start[shards->ranks], first = start[shards->rank];
  int32_t *column = clf__arena_array(&whole->arena, total, sizeof *column);
  float *value = clf__arena_array(&whole->arena, total, sizeof *value);
  CLF__CHECK(clf__arena_status(&whole->arena));
  for (int64_t i = 0; i < x->rows; i++) {
    row_start[shards->first + i] = x->row_start[i] - from + first;
  }
  row_start[shards->rows] = total;
  if (entries > 0) {
    memcpy(column + first, x->column + from, (size_t)entries * sizeof *column);
    memcpy(value + first, x->value + from, (size_t)entries * sizeof *value);
  }
  CLF__CHECK(
      clf__comm_spread(context, "starts of rows", row_start, shards->start, sizeof *row_start));
  CLF__CHECK(clf__comm_spread(context, "columns of entries", column, start, sizeof *column));
  CLF__CHECK(clf__comm_spread(context, "values of entries", value, start, sizeof *value));
  whole->x.row_start = row_start;
  whole->x.column = column;
  whole->x.value = value;
  return check_sparse(&whole->x);
}

static clf_status gather_labels(clf__rank_whole *whole, clf_context *context,
                                const clf__rank_part *part, const clf__shards *shards) {
  whole->labels = clf__arena_array(&whole->arena, shards->rows, sizeof *whole->labels);
  CLF__CHECK(clf__arena_status(&whole->arena));
  CLF__CHECK(spread(context, "labels", whole->labels, part->labels, shards, sizeof *whole->labels));
  for (int64_t i = 0; i < shards->rows; i++) {
    if (whole->labels[i] < 0 || whole->labels[i] >= part->classes) {
      return clf__comm_garbled("broadcast");
    }
  }
  return CLF_OK;
}

static clf_status gather_targets(clf__rank_whole *whole, clf_context *context,
                                 const clf__rank_part *part, const clf__shards *shards) {
  whole->targets =
      clf__arena_matrix(&whole->arena, shards->rows, part->outputs, sizeof *whole->targets);
  CLF__CHECK(clf__arena_status(&whole->arena));
  return spread(context, "targets", whole->targets, part->targets, shards,
                (size_t)part->outputs * sizeof *whole->targets);
}

static clf_status gather_weights(clf__rank_whole *whole, clf_context *context,
                                 const clf__rank_part *part, const clf__shards *shards) {
  whole->weights = clf__arena_array(&whole->arena, shards->rows, sizeof *whole->weights);
  CLF__CHECK(clf__arena_status(&whole->arena));
  return spread(context, "weights", whole->weights, part->weights, shards, sizeof *whole->weights);
}

static clf_status gather(clf__rank_whole *out, clf_context *context, const clf__rank_part *part) {
  const clf__rows *x = part->x;
  const clf__shards *shards = x->shards;
  out->arena.context = context;
  out->x = *x;
  out->x.rows = shards->rows;
  out->x.first_row = 0;
  out->x.shards = NULL;
  CLF__CHECK(clf__rows_sparse(x) ? gather_sparse(out, context, x) : gather_dense(out, context, x));
  CLF__CHECK(part->labels != NULL ? gather_labels(out, context, part, shards) : CLF_OK);
  CLF__CHECK(part->targets != NULL ? gather_targets(out, context, part, shards) : CLF_OK);
  return part->weights != NULL ? gather_weights(out, context, part, shards) : CLF_OK;
}

clf_status clf__rank_whole_gather(clf__rank_whole *out, clf_context *context,
                                  const clf__rank_part *part) {
  CLF__CHECK(clf__shards_create_alone(&out->shards, context, part->x->shards->rows));
  CLF__CHECK(gather(out, context, part));
  out->x.shards = out->shards;
  return CLF_OK;
}

/* Copies elements of `size` bytes; NULL if there are none. */
static void *choose(clf__arena *arena, const void *from, const int64_t *rows, int64_t count,
                    size_t size) {
  char *out = from != NULL ? clf__arena_array(arena, count, size) : NULL;
  for (int64_t i = 0; out != NULL && i < count; i++) {
    memcpy(out + (size_t)i * size, (const char *)from + (size_t)rows[i] * size, size);
  }
  return out;
}

static void choose_sparse(clf__rows *out, clf__arena *arena, const clf__rows *x,
                          const int64_t *rows) {
  int64_t *start = clf__arena_zeroed(arena, out->rows + 1, sizeof *start);
  for (int64_t i = 0; start != NULL && i < out->rows; i++) {
    start[i + 1] = start[i] + x->row_start[rows[i] + 1] - x->row_start[rows[i]];
  }
  const int64_t entries = start != NULL ? start[out->rows] : 0;
  int32_t *column = clf__arena_array(arena, entries, sizeof *column);
  float *value = clf__arena_array(arena, entries, sizeof *value);
  if (clf__arena_status(arena) < 0) {
    return;
  }
  for (int64_t i = 0; i < out->rows; i++) {
    const size_t here = (size_t)(start[i + 1] - start[i]);
    if (here > 0) {
      memcpy(column + start[i], x->column + x->row_start[rows[i]], here * sizeof *column);
      memcpy(value + start[i], x->value + x->row_start[rows[i]], here * sizeof *value);
    }
  }
  out->row_start = start;
  out->column = column;
  out->value = value;
}

clf_status clf__rank_whole_choose(clf__rank_whole *out, clf_context *context,
                                  const clf__rank_part *part, const int64_t *rows, int64_t count) {
  const clf__shards *shards = part->x->shards;
  const size_t element = clf__dtype_size(part->x->dtype);
  clf__shards *places = NULL;
  clf__arena arena = {.context = context};
  clf__rows x = *part->x;
  clf_status status = CLF_OK;
  x.rows = count;
  x.first_row = 0;
  x.shards = NULL;
  clf__rank_part chosen = *part;
  chosen.x = &x;
  if (clf__rows_sparse(&x)) {
    choose_sparse(&x, &arena, part->x, rows);
  } else {
    char *data = clf__arena_matrix(&arena, count, x.columns, element);
    for (int64_t i = 0; data != NULL && i < count; i++) {
      memcpy(data + (size_t)(i * x.columns) * element,
             (const char *)part->x->data + (size_t)(rows[i] * x.stride) * element,
             (size_t)x.columns * element);
    }
    x.data = data;
    x.stride = x.columns;
  }
  int32_t *labels = choose(&arena, part->labels, rows, count, sizeof *labels);
  double *targets =
      choose(&arena, part->targets, rows, count, (size_t)part->outputs * sizeof *targets);
  float *weights = choose(&arena, part->weights, rows, count, sizeof *weights);
  CLF__TRY(clf__arena_status(&arena));
  chosen.labels = labels;
  chosen.targets = targets;
  chosen.weights = weights;
  if (shards == NULL || shards->ranks == 1) {
    *out = (clf__rank_whole){
        .arena = arena, .x = x, .labels = labels, .targets = targets, .weights = weights};
    return CLF_OK;
  }
  CLF__TRY(clf__shards_places(&places, shards, count));
  x.shards = places;
  status = gather(out, context, &chosen);
done:
  clf__shards_free(places);
  clf__arena_free(&arena);
  return status;
}

void clf__rank_whole_free(clf__rank_whole *whole) {
  clf__shards_free(whole->shards);
  clf__arena_free(&whole->arena);
}

/* Makes a tensor of all rows on gathered memory, like that of a part. */
static clf_status wrap(clf_tensor **out, const clf_tensor *like, const void *data, int64_t rows) {
  int64_t shape[CLF_MAX_DIMENSIONS];
  if (like == NULL) {
    return CLF_OK;
  }
  memcpy(shape, like->shape, sizeof shape);
  shape[0] = rows;
  CLF__CHECK(clf_tensor_wrap(out, like->context, data, like->dtype, like->ndim, shape, NULL));
  (*out)->scale = like->scale;
  return CLF_OK;
}

static clf_status wrap_rows(clf_dataset *all, const clf__rank_whole *whole,
                            const clf_dataset *part) {
  const clf__rows *x = &whole->x;
  if (!clf__rows_sparse(x)) {
    return wrap(&all->x, part->x, x->data, x->rows);
  }
  CLF__CHECK(wrap(&all->row_start, part->row_start, x->row_start, x->rows + 1));
  CLF__CHECK(wrap(&all->column, part->column, x->column, x->row_start[x->rows]));
  return wrap(&all->value, part->value, x->value, x->row_start[x->rows]);
}

clf_status clf__rank_dataset_gather(clf__rank_dataset *out, clf_context *context,
                                    const clf_dataset *part) {
  const clf__rows x = clf__dataset_rows(part);
  const clf__rank_part own = {.x = &x,
                              .labels = clf__dataset_labels(part),
                              .targets = clf__dataset_targets(part),
                              .weights = clf__dataset_weights(part),
                              .classes = clf__classes_count(part->classes),
                              .outputs = clf_dataset_outputs(part)};
  const clf__rank_whole *whole = &out->whole;
  CLF__CHECK(clf__rank_whole_gather(&out->whole, context, &own));
  CLF__CHECK(clf__dataset_blank(&out->rows, context));
  out->rows->rows = whole->x.rows;
  out->rows->features = part->features;
  out->rows->shards = whole->shards;
  out->rows->classes = clf__classes_retain(part->classes);
  out->rows->names = clf__names_retain(part->names);
  out->rows->categories = clf__categories_retain(part->categories);
  CLF__CHECK(wrap_rows(out->rows, whole, part));
  CLF__CHECK(wrap(&out->rows->labels, part->labels, whole->labels, whole->x.rows));
  CLF__CHECK(wrap(&out->rows->targets, part->targets, whole->targets, whole->x.rows));
  return wrap(&out->rows->weights, part->weights, whole->weights, whole->x.rows);
}

void clf__rank_dataset_free(clf__rank_dataset *all) {
  clf_dataset_free(all->rows);
  clf__rank_whole_free(&all->whole);
}
