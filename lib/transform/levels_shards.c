/* The levels of rows with shards: each rank sorts its part of each shard, all ranks receive what
 * each has found, and every rank merges it in the tree over the shards (comm/shards.h), some
 * columns at a time. A level that a shard lacks has the weight 0 there. So the weights have the
 * same bits for any number of ranks. What travels is a number and a weight for each distinct value
 * of a shard. */
#include <math.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "comm/shards.h"
#include "transform/levels_parts.h"

enum { BLOCK_VALUES = 1 << 22 /* at most so many values of all ranks at a time, or one column */ };

/* The rows of a shard that a rank has. */
typedef struct part {
  int64_t shard;
  int32_t rank;
  int64_t first, rows; /* of all ranks */
} part;

/* The levels of a column in a part. */
typedef struct found {
  int64_t count;
  double missing;
  const double *value, *weight; /* [count] */
  double *own;                  /* [2, count] the memory of this rank's, or NULL */
} found;

typedef struct merging {
  clf_context *context;
  const clf__rows *x;
  const clf__shards *shards;
  const clf__levels_weights *weights;
  clf__levels_use use;
  void *argument;
  part *parts; /* [count] of all ranks, in order */
  int64_t count;
  int64_t first_own, own; /* this rank's */
  int64_t most;           /* parts of a rank */
  int64_t first, columns; /* of the block */
  found *found;           /* [count, columns] */
  int64_t sorted;         /* the part that is being sorted */
} merging;

static clf_status list_parts(merging *m, clf__arena *arena) {
  const clf__shards *shards = m->shards;
  int32_t rank = 0;
  int64_t of_rank = 0;
  m->parts = clf__arena_array(arena, shards->count + shards->ranks, sizeof *m->parts);
  CLF__CHECK(clf__arena_status(arena));
  for (int64_t s = 0; s < shards->count; s++) {
    int64_t first = clf__shard_start(shards, s);
    const int64_t end = clf__shard_start(shards, s + 1);
    while (first < end) {
      while (shards->start[rank + 1] <= first) {
        rank++;
        of_rank = 0;
      }
      const int64_t next = clf__min_i64(end, shards->start[rank + 1]);
      m->first_own = rank == shards->rank && of_rank == 0 ? m->count : m->first_own;
      m->own += rank == shards->rank;
      m->parts[m->count++] = (part){s, rank, first, next - first};
      m->most = clf__max_i64(m->most, ++of_rank);
      first = next;
    }
  }
  return CLF_OK;
}

/* Keeps the levels of a column of the part that is being sorted. */
static clf_status keep(void *argument, int64_t column, const clf__levels *levels) {
  const merging *m = argument;
  found *to = &m->found[m->sorted * m->columns + column - m->first];
  to->own = clf__alloc_matrix(m->context, 2, clf__max_i64(levels->count, 1), sizeof *to->own);
  if (to->own == NULL) {
    return CLF_ERROR_MEMORY;
  }
  to->count = levels->count;
  to->missing = levels->missing;
  to->value = to->own;
  to->weight = to->own + levels->count;
  memcpy(to->own, levels->value, (size_t)levels->count * sizeof *to->own);
  memcpy(to->own + levels->count, levels->weight, (size_t)levels->count * sizeof *to->own);
  return CLF_OK;
}

static clf_status sort_parts(merging *m) {
  for (int64_t p = m->first_own; p < m->first_own + m->own; p++) {
    const int64_t first = m->parts[p].first - m->shards->first;
    const clf__rows x = clf__rows_range(m->x, first, m->parts[p].rows);
    const clf__levels_weights weights = {m->weights->of != NULL ? m->weights->of + first : NULL,
                                         m->weights->unit};
    m->sorted = p;
    CLF__CHECK(clf__levels_of_rows(m->context, &x, &weights, m->first, m->columns, keep, m));
  }
  return CLF_OK;
}

/* What a rank says of the levels of a column in a part. */
typedef struct size {
  int64_t count;
  double missing;
} size;

/* Fills the members of the other ranks' parts but for the memory. *step becomes the maximum number
 * of values of a rank. Sizes come from other processes. */
static clf_status read_sizes(merging *m, const size *all, int64_t *step) {
  int64_t of_rank = 0, values = 0;
  for (int64_t p = 0; p < m->count; p++) {
    const bool begins = p == 0 || m->parts[p].rank != m->parts[p - 1].rank;
    of_rank = begins ? 0 : of_rank + 1;
    values = begins ? 0 : values;
    for (int64_t j = 0; j < m->columns; j++) {
      const size *from = &all[(m->parts[p].rank * m->most + of_rank) * m->columns + j];
      if (from->count < 0 || from->count > m->parts[p].rows + 1 || !(from->missing >= 0) ||
          !(from->missing < INFINITY)) {
        return clf__comm_garbled("all_gather");
      }
      m->found[p * m->columns + j].count = from->count;
      m->found[p * m->columns + j].missing = from->missing;
      values += 2 * from->count;
    }
    *step = clf__max_i64(*step, values);
  }
  return CLF_OK;
}

/* Copies this rank's values one after the other. */
static void pack(const merging *m, double *to) {
  for (int64_t i = m->first_own * m->columns; i < (m->first_own + m->own) * m->columns; i++) {
    const size_t bytes = (size_t)m->found[i].count * sizeof *to;
    memcpy(to, m->found[i].value, bytes);
    memcpy(to + m->found[i].count, m->found[i].weight, bytes);
    to += 2 * m->found[i].count;
  }
}

/* Returns whether values ascend, as the merge needs it, and weights are numbers from 0 on. */
static bool is_right(const found *levels) {
  bool right = true;
  for (int64_t i = 0; i < levels->count && right; i++) {
    right = levels->weight[i] >= 0 && levels->weight[i] < INFINITY &&
            (i == 0 ? !isnan(levels->value[0]) : levels->value[i - 1] < levels->value[i]);
  }
  return right;
}

/* Sets where the values of all parts lie: those of a rank from rank * step on. They come from other
 * processes. */
static clf_status place(const merging *m, const double *all, int64_t step) {
  int64_t at = 0;
  for (int64_t p = 0; p < m->count; p++) {
    at = p == 0 || m->parts[p].rank != m->parts[p - 1].rank ? m->parts[p].rank * step : at;
    for (int64_t j = 0; j < m->columns; j++) {
      found *to = &m->found[p * m->columns + j];
      to->value = all + at;
      to->weight = all + at + to->count;
      at += 2 * to->count;
      if (!is_right(to)) {
        return clf__comm_garbled("all_gather");
      }
    }
  }
  return CLF_OK;
}

/* All ranks receive what each has found; the arena holds it. */
static clf_status exchange(merging *m, clf__arena *arena) {
  const int64_t ranks = m->shards->ranks, sizes = clf__count(m->most, m->columns);
  int64_t step = 1;
  if (ranks == 1) {
    return CLF_OK;
  }
  size *mine = clf__arena_zeroed(arena, sizes, sizeof *mine);
  size *all = clf__arena_matrix(arena, ranks, sizes, sizeof *all);
  CLF__CHECK(clf__arena_status(arena));
  for (int64_t i = 0; i < m->own * m->columns; i++) {
    const found *from = &m->found[m->first_own * m->columns + i];
    mine[i] = (size){from->count, from->missing};
  }
  CLF__CHECK(
      clf__comm_gather(m->context, "sizes of levels", mine, sizes * (int64_t)sizeof *mine, all));
  CLF__CHECK(read_sizes(m, all, &step));
  double *values = clf__arena_zeroed(arena, step, sizeof *values);
  double *received = clf__arena_matrix(arena, ranks, step, sizeof *received);
  CLF__CHECK(clf__arena_status(arena));
  pack(m, values);
  CLF__CHECK(
      clf__comm_gather(m->context, "levels", values, step * (int64_t)sizeof *values, received));
  return place(m, received, step);
}

/* Levels in a part of the arrays of a column. */
typedef struct run {
  int64_t at, count;
  double missing;
} run;

typedef struct column {
  const merging *m;
  const found *found;           /* of part p: found[p * m->columns] */
  double *value, *weight;       /* [levels of all parts], part by part */
  double *to_value, *to_weight; /* the same, to merge into */
  int64_t next, at;             /* part, and where its levels lie */
} column;

/* Merges the levels of two runs, the second of which lies behind the first, in place of the
 * first. One of them advances in each step, whatever the values are. */
static run merge(const column *c, run one, run two) {
  const int64_t end = one.at + one.count, last = two.at + two.count;
  int64_t a = one.at, b = two.at, count = 0;
  run out = {one.at, 0, one.missing + two.missing};
  double *value = c->to_value + one.at, *weight = c->to_weight + one.at;
  while (a < end || b < last) {
    const bool first = b == last || (a < end && !(c->value[b] < c->value[a]));
    const bool second = a == end || (b < last && !(c->value[a] < c->value[b]));
    value[count] = first ? c->value[a] : c->value[b];
    weight[count++] = (first ? c->weight[a] : 0) + (second ? c->weight[b] : 0);
    a += first;
    b += second;
  }
  out.count = count;
  memcpy(c->value + one.at, value, (size_t)count * sizeof *value);
  memcpy(c->weight + one.at, weight, (size_t)count * sizeof *weight);
  return out;
}

/* Merges the levels of shards low … high - 1. */
static run merge_shards(column *c, int64_t low, int64_t high) {
  const merging *m = c->m;
  run out = {c->at, 0, 0};
  if (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    out = merge_shards(c, low, middle);
    return merge(c, out, merge_shards(c, middle, high));
  }
  while (c->next < m->count && m->parts[c->next].shard == low) {
    const found *from = &c->found[c->next++ * m->columns];
    const run own = {c->at, from->count, from->missing};
    c->at += from->count;
    out = merge(c, out, own);
  }
  return out;
}

static clf_status merge_column(const merging *m, int64_t j) {
  column c = {.m = m, .found = m->found + j};
  int64_t count = 1;
  for (int64_t p = 0; p < m->count; p++) {
    count += c.found[p * m->columns].count;
  }
  double *memory = clf__alloc_matrix(m->context, 4, count, sizeof *memory);
  if (memory == NULL) {
    return CLF_ERROR_MEMORY;
  }
  c.value = memory;
  c.weight = memory + count;
  c.to_value = memory + 2 * count;
  c.to_weight = memory + 3 * count;
  for (int64_t p = 0, at = 0; p < m->count; p++) {
    const found *from = &c.found[p * m->columns];
    memcpy(c.value + at, from->value, (size_t)from->count * sizeof *c.value);
    memcpy(c.weight + at, from->weight, (size_t)from->count * sizeof *c.weight);
    at += from->count;
  }
  const run all = merge_shards(&c, 0, m->shards->count);
  clf__levels levels = {all.count, c.value + all.at, c.weight + all.at, 0, all.missing};
  for (int64_t i = 0; i < all.count; i++) {
    levels.total += levels.weight[i];
  }
  const clf_status status = m->use(m->argument, m->first + j, &levels);
  clf__free(memory);
  return status;
}

static clf_status merge_columns(void *argument, clf__range columns) {
  for (int64_t j = columns.first; j < columns.end; j++) {
    CLF__CHECK(clf__progress_check());
    CLF__CHECK(merge_column(argument, j));
  }
  return CLF_OK;
}

static clf_status find_block(merging *m) {
  const double values = (double)m->shards->rows * (double)m->columns;
  clf__arena arena = {.context = m->context};
  clf_status status = CLF_OK;
  m->found = clf__alloc_zeroed(m->context, clf__count(m->count, m->columns), sizeof *m->found);
  CLF__TRY(m->found != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(sort_parts(m));
  CLF__TRY(exchange(m, &arena));
  status =
      clf__jobs_ranges(m->context, m->columns, 1, values * CLF__COST_ELEMENT, merge_columns, m);
done:
  for (int64_t i = 0; m->found != NULL && i < m->count * m->columns; i++) {
    clf__free(m->found[i].own);
  }
  clf__free(m->found);
  clf__arena_free(&arena);
  return status;
}

static clf_status count_entries(void *argument, int64_t first, int64_t rows, double *entries) {
  const clf__rows x = clf__rows_range(argument, first, rows);
  *entries += (double)clf__rows_entries(&x);
  return CLF_OK;
}

/* Returns how many columns are merged at a time, which must be the same on all ranks. */
static clf_status choose_block(int64_t *out, const merging *m) {
  clf__rows x = *m->x;
  double entries = 0;
  const clf__shard_sum sum = {.name = "entries",
                              .of = m->shards,
                              .rows = x.rows,
                              .integers = true,
                              .add = count_entries,
                              .argument = &x};
  CLF__CHECK(clf__shards_sum(&sum, &entries, 1));
  const double each = entries / (double)x.columns + (double)m->count;
  *out = (int64_t)fmin(fmax((double)BLOCK_VALUES / each, 1), (double)x.columns);
  return CLF_OK;
}

clf_status clf__levels_of_shards(clf_context *context, const clf__rows *x,
                                 const clf__levels_weights *weights, clf__levels_use use,
                                 void *argument) {
  merging m = {.context = context,
               .x = x,
               .shards = x->shards,
               .weights = weights,
               .use = use,
               .argument = argument};
  clf__arena arena = {.context = context};
  int64_t block = 1;
  clf_status status = CLF_OK;
  CLF__TRY(list_parts(&m, &arena));
  CLF__TRY(choose_block(&block, &m));
  for (m.first = 0; m.first < x->columns; m.first += block) {
    m.columns = clf__min_i64(block, x->columns - m.first);
    CLF__TRY(find_block(&m));
  }
done:
  clf__arena_free(&arena);
  return status;
}
