/* The segments that one call misses are computed together, in a slab, and dropped together; the
 * least recently used slab is dropped first. A slab in use is pinned. A slab that does not fit
 * exists for the call only. If two threads miss the same segment at the same time, both compute it,
 * and one result is kept. */
#include "models/kernel/kernel_cache.h"

#include <string.h>

#include "base/context.h"
#include "base/lock.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/status.h"
#include "ops/ops.h"

enum { SLAB_ROWS = 64, TASK_COLUMNS = 2048 };
/* Values of dense rows with so few columns are not stored: they are computed each time, and added
 * while they are in the second-level cache. With 30 columns and rbf that takes 0.8 ns a value. To
 * store one takes 1.5 ns, and to read and add it 0.4 (Xeon) to 1.2 ns (Zen 4). */
enum { CHEAP_COLUMNS = 64 };

typedef struct slab {
  struct slab *newer, *older;
  int64_t class, columns;
  int64_t count;
  int64_t row[SLAB_ROWS];
  int32_t pins;
  float *values; /* [count, columns] */
} slab;

/* The location of a segment; an empty entry has no slab. */
typedef struct entry {
  slab *slab;
  int64_t at; /* row of the slab */
} entry;

struct clf__kernel_cache {
  clf_context *context;
  clf__grouped_rows rows;
  clf__kernel_columns **columns; /* [classes] */
  bool cheap;                    /* no value is stored */
  clf__lock *lock;
  /* The members below are accessed under the lock. */
  entry *table;     /* open addressing, linear probing; at most half full */
  int64_t capacity; /* a power of 2 */
  int64_t used;
  slab *newest, *oldest;
  int64_t bytes, max_bytes;
};

static int64_t class_rows(const clf__kernel_cache *cache, int64_t class) {
  return cache->rows.start[class + 1] - cache->rows.start[class];
}

/* Returns where a search for the segment begins. */
static int64_t home_of(int64_t capacity, int64_t class, int64_t row) {
  const uint64_t key = (uint64_t)row * 0x9e3779b97f4a7c15u + (uint64_t) class * 0xc2b2ae3d27d4eb4fu;
  return (int64_t)((key ^ key >> 29) * 0xbf58476d1ce4e5b9u >> 20) & (capacity - 1);
}

/* Returns the entry of the segment, or the empty one where it would be inserted. */
static int64_t find(const entry *table, int64_t capacity, int64_t class, int64_t row) {
  int64_t place = home_of(capacity, class, row);
  while (table[place].slab != NULL &&
         (table[place].slab->class != class || table[place].slab->row[table[place].at] != row)) {
    place = (place + 1) & (capacity - 1);
  }
  return place;
}

/* Removes an entry, and moves up those behind it that may be closer to the start of their
 * search. */
static void forget(clf__kernel_cache *cache, int64_t place) {
  const int64_t mask = cache->capacity - 1;
  int64_t hole = place;
  for (int64_t next = (place + 1) & mask; cache->table[next].slab != NULL;
       next = (next + 1) & mask) {
    const slab *held = cache->table[next].slab;
    const int64_t home = home_of(cache->capacity, held->class, held->row[cache->table[next].at]);
    if (((next - home) & mask) >= ((next - hole) & mask)) {
      cache->table[hole] = cache->table[next];
      hole = next;
    }
  }
  cache->table[hole] = (entry){NULL, 0};
  cache->used--;
}

static clf_status reserve(clf__kernel_cache *cache, int64_t more) {
  int64_t capacity = cache->capacity;
  while (2 * (cache->used + more) > capacity) {
    capacity *= 2;
  }
  if (capacity == cache->capacity) {
    return CLF_OK;
  }
  entry *table = clf__alloc_zeroed(cache->context, capacity, sizeof *table);
  if (table == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < cache->capacity; i++) {
    const entry held = cache->table[i];
    if (held.slab != NULL) {
      table[find(table, capacity, held.slab->class, held.slab->row[held.at])] = held;
    }
  }
  clf__free(cache->table);
  cache->table = table;
  cache->capacity = capacity;
  return CLF_OK;
}

static void unlink_slab(clf__kernel_cache *cache, slab *one) {
  *(one->newer != NULL ? &one->newer->older : &cache->newest) = one->older;
  *(one->older != NULL ? &one->older->newer : &cache->oldest) = one->newer;
}

static void link_newest(clf__kernel_cache *cache, slab *one) {
  one->newer = NULL;
  one->older = cache->newest;
  *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = one;
  cache->newest = one;
}

static void slab_free(slab *one) {
  if (one != NULL) {
    clf__free(one->values);
    clf__free(one);
  }
}

static int64_t slab_bytes(const slab *one) {
  return one->count * one->columns * (int64_t)sizeof(float) + (int64_t)sizeof *one;
}

static void drop(clf__kernel_cache *cache, slab *one) {
  for (int64_t i = 0; i < one->count; i++) {
    const int64_t place = find(cache->table, cache->capacity, one->class, one->row[i]);
    if (cache->table[place].slab == one) {
      forget(cache, place);
    }
  }
  unlink_slab(cache, one);
  cache->bytes -= slab_bytes(one);
  slab_free(one);
}

/* Drops unused slabs, the oldest first, until `bytes` more fit; returns false if that is
 * impossible. */
static bool evict_for(clf__kernel_cache *cache, int64_t bytes) {
  slab *next = cache->oldest;
  while (next != NULL && cache->bytes + bytes > cache->max_bytes) {
    slab *one = next;
    next = one->newer;
    if (one->pins == 0) {
      drop(cache, one);
    }
  }
  return cache->bytes + bytes <= cache->max_bytes;
}

/* Stores the slab if it fits; segments that another thread has stored meanwhile are not entered. */
static bool keep(clf__kernel_cache *cache, slab *made) {
  if (!evict_for(cache, slab_bytes(made)) || reserve(cache, made->count) < 0) {
    return false;
  }
  for (int64_t i = 0; i < made->count; i++) {
    const int64_t place = find(cache->table, cache->capacity, made->class, made->row[i]);
    if (cache->table[place].slab == NULL) {
      cache->table[place] = (entry){made, i};
      cache->used++;
    }
  }
  link_newest(cache, made);
  cache->bytes += slab_bytes(made);
  return true;
}

/* One batch of a call: at most SLAB_ROWS segments of one class. */
typedef struct batch {
  clf__kernel_cache *cache;
  int64_t class, columns;
  int64_t count;
  const double *factor;
  double *sums;
  const float *values[SLAB_ROWS];
  slab *found[SLAB_ROWS]; /* pinned; NULL for segments that are computed */
  slab *made;             /* has the missing segments, or NULL */
} batch;

/* Pins the segments that exist, and lists the others in a new slab. */
static clf_status look_up(batch *b, const int64_t *row) {
  slab *made = clf__alloc_zeroed(b->cache->context, 1, sizeof *made);
  if (made == NULL) {
    return CLF_ERROR_MEMORY;
  }
  made->class = b->class;
  made->columns = b->columns;
  clf__lock_acquire(b->cache->lock);
  for (int64_t i = 0; i < b->count; i++) {
    const entry held = b->cache->table[find(b->cache->table, b->cache->capacity, b->class, row[i])];
    b->found[i] = held.slab;
    if (held.slab == NULL) {
      made->row[made->count++] = row[i];
      continue;
    }
    held.slab->pins++;
    unlink_slab(b->cache, held.slab);
    link_newest(b->cache, held.slab);
    b->values[i] = held.slab->values + held.at * b->columns;
  }
  clf__lock_release(b->cache->lock);
  if (made->count == 0) {
    slab_free(made);
    made = NULL;
  }
  b->made = made;
  return CLF_OK;
}

static clf_status compute(batch *b) {
  slab *made = b->made;
  made->values = clf__alloc_matrix(b->cache->context, made->count, b->columns, sizeof(float));
  if (made->values == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status =
      clf__kernel_block(b->cache->columns[b->class], 0, b->columns, b->cache->rows.x, made->row,
                        made->count, made->values, b->columns);
  const float *next = made->values;
  for (int64_t i = 0; i < b->count; i++) {
    if (b->found[i] == NULL) {
      b->values[i] = next;
      next += b->columns;
    }
  }
  return status;
}

static void add_columns(void *argument, clf__range range) {
  const batch *b = argument;
  const float *part[SLAB_ROWS];
  for (int64_t i = 0; i < b->count; i++) {
    part[i] = b->values[i] + range.first;
  }
  clf__sum_vectors(b->cache->context, b->sums + range.first, b->factor, part, b->count,
                   range.end - range.first);
}

static void release(batch *b, bool good) {
  bool kept = false;
  clf__lock_acquire(b->cache->lock);
  for (int64_t i = 0; i < b->count; i++) {
    if (b->found[i] != NULL) {
      b->found[i]->pins--;
    }
  }
  if (good && b->made != NULL) {
    kept = keep(b->cache, b->made);
  }
  clf__lock_release(b->cache->lock);
  if (!kept) {
    slab_free(b->made);
  }
}

/* Adds computed segments. */
static void add_part(void *argument, const float *values, int64_t ld, int64_t first, int64_t n) {
  const batch *b = argument;
  const float *part[SLAB_ROWS] = {NULL};
  for (int64_t i = 0; i < b->count; i++) {
    part[i] = values + i * ld;
  }
  clf__sum_vectors(b->cache->context, b->sums + first, b->factor, part, b->count, n);
}

/* Adds segments that are found or stored. */
static clf_status add_stored(batch *b, const int64_t *row) {
  clf_status status = look_up(b, row);
  if (status < 0) {
    return status;
  }
  if (b->made != NULL) {
    status = compute(b);
  }
  if (status == CLF_OK) {
    clf__parallel_ranges(b->cache->context, b->columns, TASK_COLUMNS,
                         (double)b->columns * (double)b->count * CLF__COST_COPY, add_columns, b);
  }
  release(b, status == CLF_OK);
  return status;
}

clf_status clf__kernel_cache_add(clf__kernel_cache *cache, int64_t class, const int64_t *row,
                                 const double *factor, int64_t count, double *sums) {
  clf_status status = CLF_OK;
  const int64_t columns = class_rows(cache, class);
  for (int64_t first = 0; status == CLF_OK && columns > 0 && first < count; first += SLAB_ROWS) {
    batch b = {.cache = cache,
               .class = class,
               .columns = columns,
               .count = clf__min_i64(SLAB_ROWS, count - first),
               .factor = factor + first,
               .sums = sums};
    status = cache->cheap ? clf__kernel_parts(cache->columns[class], cache->rows.x, row + first,
                                              b.count, add_part, &b)
                          : add_stored(&b, row + first);
  }
  return status;
}

bool clf__kernel_cache_stores(const clf__kernel_cache *cache) {
  return !cache->cheap;
}

int64_t clf__kernel_cache_lend(clf__kernel_cache *cache) {
  clf__lock_acquire(cache->lock);
  const int64_t bytes = cache->max_bytes - cache->max_bytes / 4;
  cache->max_bytes -= bytes;
  evict_for(cache, 0);
  clf__lock_release(cache->lock);
  return bytes;
}

void clf__kernel_cache_return(clf__kernel_cache *cache, int64_t bytes) {
  clf__lock_acquire(cache->lock);
  cache->max_bytes += bytes;
  clf__lock_release(cache->lock);
}

clf_status clf__kernel_cache_create(clf__kernel_cache **out, clf_context *context,
                                    const clf__kernel_function *function,
                                    const clf__grouped_rows *rows, const float *center,
                                    int64_t bytes) {
  enum { FIRST_CAPACITY = 1024 };
  clf__kernel_cache *cache = clf__alloc_zeroed(context, 1, sizeof *cache);
  if (cache == NULL) {
    return CLF_ERROR_MEMORY;
  }
  cache->context = context;
  cache->rows = *rows;
  cache->capacity = FIRST_CAPACITY;
  cache->max_bytes = bytes;
  cache->cheap = !clf__rows_sparse(rows->x) && function->kind != CLF__KERNEL_PRECOMPUTED &&
                 rows->x->columns <= CHEAP_COLUMNS;
  cache->lock = clf__lock_create(context);
  cache->table = clf__alloc_zeroed(context, FIRST_CAPACITY, sizeof *cache->table);
  cache->columns = clf__alloc_zeroed(context, rows->classes, sizeof(clf__kernel_columns *));
  clf_status status = cache->lock != NULL && cache->table != NULL && cache->columns != NULL
                          ? CLF_OK
                          : CLF_ERROR_MEMORY;
  for (int64_t k = 0; status == CLF_OK && k < rows->classes; k++) {
    status = clf__kernel_columns_create(&cache->columns[k], context, function, rows->x,
                                        rows->order + rows->start[k], class_rows(cache, k), rows->x,
                                        center);
  }
  if (status < 0) {
    clf__kernel_cache_free(cache);
    return status;
  }
  *out = cache;
  return CLF_OK;
}

void clf__kernel_cache_free(clf__kernel_cache *cache) {
  if (cache == NULL) {
    return;
  }
  while (cache->newest != NULL) {
    slab *one = cache->newest;
    unlink_slab(cache, one);
    slab_free(one);
  }
  for (int64_t k = 0; cache->columns != NULL && k < cache->rows.classes; k++) {
    clf__kernel_columns_free(cache->columns[k]);
  }
  clf__free(cache->columns);
  clf__free(cache->table);
  clf__lock_free(cache->lock);
  clf__free(cache);
}
