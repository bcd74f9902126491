/* Each column is gathered and sorted by the context's threads, a column a task: as 64-bit keys in
 * the order of the doubles, by a radix sort of 8 bits that skips digits which all keys share (f32
 * values have 3 such digits or more). The columns of sparse rows are listed first. The floor is
 * reading and writing the column once a digit. */
#include "transform/levels_parts.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "comm/shards.h"

enum { DIGITS = 8, VALUES = 256 };

/* The entries of sparse rows, column by column. */
typedef struct listing {
  int64_t *start; /* [columns + 1] */
  float *value;
  float *weight;
} listing;

typedef struct finding {
  clf_context *context;
  clf__rows x;
  int64_t first; /* column */
  const float *weights;
  double unit;         /* of weights */
  int64_t rows;        /* of a weight above 0 */
  double weight;       /* of all rows, in units */
  listing sparse;      /* start is NULL for dense rows */
  unsigned char **own; /* [threads] memory of a worker, or NULL */
  clf__levels_use use;
  void *argument;
} finding;

/* The memory of a worker: two arrays of keys, and of weights. */
typedef struct sorting {
  uint64_t *key, *other;
  float *weight, *other_weight;
  int64_t count;
} sorting;

static uint64_t key_of(double value) {
  uint64_t bits;
  value += 0.0; /* -0 becomes 0 */
  memcpy(&bits, &value, sizeof bits);
  return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double value_of(uint64_t key) {
  double value;
  const uint64_t bits = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static double read_value(const clf__rows *x, int64_t row, int64_t column) {
  const int64_t at = row * x->stride + column;
  return x->dtype == CLF_F64   ? ((const double *)x->data)[at]
         : x->dtype == CLF_F32 ? (double)((const float *)x->data)[at]
                               : (double)((const uint8_t *)x->data)[at] * (double)x->scale;
}

static void add(sorting *to, double value, float weight, double *missing) {
  if (isnan(value)) {
    *missing += (double)weight;
    return;
  }
  to->key[to->count] = key_of(value);
  to->weight[to->count++] = weight;
}

static void gather_dense(const finding *f, int64_t column, sorting *to, double *missing) {
  for (int64_t i = 0; i < f->x.rows; i++) {
    const float weight = f->weights != NULL ? f->weights[i] : 1;
    if (weight > 0) {
      add(to, read_value(&f->x, i, column), weight, missing);
    }
  }
}

static void gather_sparse(const finding *f, int64_t column, sorting *to, double *missing) {
  for (int64_t e = f->sparse.start[column]; e < f->sparse.start[column + 1]; e++) {
    add(to, (double)f->sparse.value[e], f->sparse.weight[e], missing);
  }
}

/* Sorts keys and weights. Returns CLF_OK or CLF_ERROR_CANCELLED. */
static clf_status sort_keys(sorting *s) {
  int64_t counts[DIGITS][VALUES] = {{0}};
  for (int64_t i = 0; i < s->count; i++) {
    for (int d = 0; d < DIGITS; d++) {
      counts[d][s->key[i] >> 8 * d & 0xFF]++;
    }
  }
  for (int d = 0; d < DIGITS; d++) {
    int64_t *next = counts[d], sum = 0;
    if (s->count == 0 || next[s->key[0] >> 8 * d & 0xFF] == s->count) {
      continue;
    }
    CLF__CHECK(clf__progress_check());
    for (int v = 0; v < VALUES; v++) {
      const int64_t here = next[v];
      next[v] = sum;
      sum += here;
    }
    for (int64_t i = 0; i < s->count; i++) {
      const int64_t to = next[s->key[i] >> 8 * d & 0xFF]++;
      s->other[to] = s->key[i];
      s->other_weight[to] = s->weight[i];
    }
    uint64_t *keys = s->key;
    float *weights = s->weight;
    s->key = s->other;
    s->weight = s->other_weight;
    s->other = keys;
    s->other_weight = weights;
  }
  return CLF_OK;
}

/* Merges equal keys: the values take the place of the keys, and the weights that of the other
 * keys. */
static void merge(const finding *f, sorting *s, clf__levels *out) {
  double *value = (double *)(void *)s->key, *weight = (double *)(void *)s->other;
  uint64_t before = 0;
  for (int64_t i = 0; i < s->count; i++) {
    const uint64_t key = s->key[i];
    const double here = (double)s->weight[i] / f->unit;
    if (out->count == 0 || key != before) {
      const double found = value_of(key);
      memcpy(&value[out->count], &found, sizeof found);
      weight[out->count++] = here;
    } else {
      weight[out->count - 1] += here;
    }
    before = key;
    out->total += here;
  }
  out->value = value;
  out->weight = weight;
}

/* Inserts 0 with the weight of the elements that sparse rows leave out; there is memory for it. */
static void insert_zero(const finding *f, int64_t column, clf__levels *levels) {
  const int64_t entries = f->sparse.start[column + 1] - f->sparse.start[column];
  const double rest = f->weight - levels->total - levels->missing;
  double *value = (double *)(uintptr_t)levels->value, *weight = (double *)(uintptr_t)levels->weight;
  int64_t at = levels->count;
  if (entries >= f->rows || rest <= 0) {
    return;
  }
  while (at > 0 && value[at - 1] > 0) {
    at--;
  }
  if (at > 0 && value[at - 1] == 0) {
    weight[at - 1] += rest;
  } else {
    memmove(value + at + 1, value + at, (size_t)(levels->count - at) * sizeof *value);
    memmove(weight + at + 1, weight + at, (size_t)(levels->count - at) * sizeof *weight);
    value[at] = 0;
    weight[at] = rest;
    levels->count++;
  }
  levels->total += rest;
}

static clf_status worker_memory(sorting *out, finding *f, int32_t worker) {
  const int64_t capacity = f->rows + 1;
  const size_t each = 2 * (sizeof(uint64_t) + sizeof(float));
  if (f->own[worker] == NULL) {
    f->own[worker] = clf__alloc_array(f->context, capacity, each);
  }
  if (f->own[worker] == NULL) {
    return CLF_ERROR_MEMORY;
  }
  uint64_t *keys = (uint64_t *)(void *)f->own[worker];
  float *weights = (float *)(void *)(keys + 2 * capacity);
  *out = (sorting){keys, keys + capacity, weights, weights + capacity, 0};
  return CLF_OK;
}

static clf_status find_column(finding *f, int64_t column, int32_t worker) {
  sorting s;
  clf__levels levels = {.count = 0};
  CLF__CHECK(worker_memory(&s, f, worker));
  if (f->sparse.start != NULL) {
    gather_sparse(f, column, &s, &levels.missing);
  } else {
    gather_dense(f, column, &s, &levels.missing);
  }
  levels.missing /= f->unit;
  CLF__CHECK(sort_keys(&s));
  merge(f, &s, &levels);
  if (f->sparse.start != NULL) {
    insert_zero(f, column, &levels);
  }
  return f->use(f->argument, column, &levels);
}

static clf_status find_columns(void *argument, clf__range columns) {
  finding *f = argument;
  for (int64_t j = columns.first; j < columns.end; j++) {
    CLF__CHECK(find_column(f, f->first + j, columns.worker));
  }
  return CLF_OK;
}

/* Lists the entries of the rows of a weight above 0 by column. */
static clf_status list_entries(finding *f, clf__arena *arena) {
  const clf__rows *x = &f->x;
  listing *to = &f->sparse;
  int64_t *start = clf__arena_zeroed(arena, x->columns + 2, sizeof *start);
  to->value = clf__arena_array(arena, clf__rows_entries(x), sizeof *to->value);
  to->weight = clf__arena_array(arena, clf__rows_entries(x), sizeof *to->weight);
  CLF__CHECK(clf__arena_status(arena));
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t i = 0; i < x->rows; i++) {
      const float weight = f->weights != NULL ? f->weights[i] : 1;
      for (int64_t e = x->row_start[i]; weight > 0 && e < x->row_start[i + 1]; e++) {
        const int64_t at = start[x->column[e] + (pass == 0 ? 2 : 1)]++;
        if (pass == 1) {
          to->value[at] = x->value[e];
          to->weight[at] = weight;
        }
      }
    }
    for (int64_t j = 0; pass == 0 && j < x->columns; j++) {
      start[j + 2] += start[j + 1];
    }
  }
  to->start = start;
  return CLF_OK;
}

/* Determines how many of the rows count, and their weight. */
static void weigh(finding *f) {
  for (int64_t i = 0; f->weights != NULL && i < f->x.rows; i++) {
    f->weight += (double)f->weights[i];
    f->rows += f->weights[i] > 0;
  }
  f->rows = f->weights != NULL ? f->rows : f->x.rows;
  f->weight = f->weights != NULL ? f->weight / f->unit : (double)f->x.rows;
}

clf_status clf__levels_of_rows(clf_context *context, const clf__rows *x,
                               const clf__levels_weights *weights, int64_t first, int64_t count,
                               clf__levels_use use, void *argument) {
  finding f = {.context = context,
               .x = *x,
               .first = first,
               .weights = weights->of,
               .unit = weights->unit,
               .use = use,
               .argument = argument};
  const int32_t threads = clf__context_threads(context);
  clf__arena arena = {.context = context};
  clf_status status = CLF_OK;
  weigh(&f);
  f.own = clf__arena_zeroed(&arena, threads, sizeof *f.own);
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__rows_sparse(x) ? list_entries(&f, &arena) : CLF_OK);
  const double work = (double)clf__rows_entries(x) * DIGITS * CLF__COST_ELEMENT;
  status = clf__jobs_ranges(context, count, 1, work, find_columns, &f);
done:
  for (int32_t i = 0; f.own != NULL && i < threads; i++) {
    clf__free(f.own[i]);
  }
  clf__arena_free(&arena);
  return status;
}

/* Adds the weights of rows, and how many of them are above 0. */
static clf_status add_weights(void *argument, int64_t first, int64_t rows, double *sums) {
  const float *weights = ((const clf__levels_weights *)argument)->of;
  for (int64_t i = first; i < first + rows; i++) {
    const double weight = weights != NULL ? (double)weights[i] : 1;
    sums[0] += weight;
    sums[1] += weight > 0;
  }
  return CLF_OK;
}

/* Determines the unit of the weights, and the weight of all rows in it. */
static clf_status measure(clf__levels_weights *out, double *total, const clf__rows *x,
                          const float *weights) {
  double sums[2] = {0, 0};
  *out = (clf__levels_weights){weights, 1};
  const clf__shard_sum sum = {.name = "weights",
                              .of = x->shards,
                              .rows = x->rows,
                              .integers = weights == NULL,
                              .add = add_weights,
                              .argument = out};
  for (int64_t i = 0; weights != NULL && i < x->rows; i++) {
    const double weight = (double)weights[i];
    out->unit = weight > 0 && weight < out->unit ? weight : out->unit;
  }
  CLF__CHECK(clf__shards_extremes(x->shards, &out->unit, NULL, 1));
  CLF__CHECK(clf__shards_sum(&sum, sums, 2));
  *total = sums[0] / out->unit;
  return sums[1] > 0 ? CLF_OK : clf__fail(CLF_ERROR_DATA, "all weights are 0");
}

clf_status clf__levels_weight(double *out, const clf__rows *x, const float *weights) {
  clf__levels_weights unused;
  return measure(&unused, out, x, weights);
}

clf_status clf__levels_find(clf_context *context, const clf__rows *x, const float *weights,
                            clf__levels_use use, void *argument) {
  clf__levels_weights measured;
  double total;
  CLF__CHECK(measure(&measured, &total, x, weights));
  return x->shards != NULL
             ? clf__levels_of_shards(context, x, &measured, use, argument)
             : clf__levels_of_rows(context, x, &measured, 0, x->columns, use, argument);
}

static double between(double low, double high, double share) {
  const double gap = high - low;
  if (!isfinite(gap)) {
    return low * (1 - share) + high * share;
  }
  return share < 0.5 ? low + gap * share : high - gap * (1 - share);
}

/* Returns the row of a share, counted from 0. A product that is a whole number but for the rounding
 * of the share is that number. */
static double row_of(double share, double total) {
  const double row = fmax(share * (total - 1), 0), whole = rint(row);
  return fabs(row - whole) <= 4 * DBL_EPSILON * row ? whole : row;
}

void clf__levels_quantiles(const clf__levels *levels, const double *q, int64_t count, double *out) {
  int64_t at = 0;
  double below = 0; /* weight of the levels before `at` */
  for (int64_t k = 0; k < count; k++) {
    const double row = row_of(q[k], levels->total), first = floor(row);
    while (at + 1 < levels->count && below + levels->weight[at] <= first) {
      below += levels->weight[at++];
    }
    const bool shared = at + 1 < levels->count && below + levels->weight[at] <= first + 1;
    out[k] =
        shared ? between(levels->value[at], levels->value[at + 1], row - first) : levels->value[at];
  }
}
