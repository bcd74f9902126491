/* Rows of several ranks, cut into shards.
 *
 * The rows of all ranks are numbered in the order of the ranks. Shard s of S consists of rows
 * R s / S … R (s + 1) / S - 1, whichever ranks have them. Sums over rows are made for each shard by
 * itself, and added in a binary tree over the shards, which is the same for any number of ranks:
 *
 *   sum [low, high) = sum [low, middle) + sum [middle, high).
 *
 * Each rank sums the largest parts of the tree that it has completely, at most 2 log2 S of them.
 * Then each rank completes the tree for a range of the numbers, and passes the result to all. */
#ifndef CLF_COMM_SHARDS_H
#define CLF_COMM_SHARDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "comm/comm.h"

typedef struct clf__shards {
  clf_context *context;
  int64_t rows;  /* R, of all ranks */
  int64_t count; /* S */
  int32_t ranks;
  int32_t rank;
  int64_t first;  /* number of this rank's first row */
  int64_t *start; /* [ranks + 1] numbers of the ranks' first rows, and R */
  int64_t *cuts;  /* [S + 1] numbers of the shards' first rows, and R; NULL for equal shards */
} clf__shards;

/* Returns the number of shards that a context asks for. */
int64_t clf__shards_of(const clf_context *context);

/* Exchanges how many rows the ranks have. *out stays NULL if there is one shard. */
clf_status clf__shards_create(clf__shards **out, clf_context *context, int64_t rows);
/* The same for rows that this rank has all of, such as those of clf__rank_whole_gather(). */
clf_status clf__shards_create_alone(clf__shards **out, clf_context *context, int64_t rows);
/* The same for some of the rows: chosen [ranks, S] says how many each rank has of each shard. They
 * stay in their shards. */
clf_status clf__shards_choose(clf__shards **out, const clf__shards *shards, const int64_t *chosen);
/* The same ranks with other rows, of which this one has `count`, as places in an exchange: they are
 * in no shards. */
clf_status clf__shards_places(clf__shards **out, const clf__shards *shards, int64_t count);
void clf__shards_free(clf__shards *shards); /* NULL is fine */

/* Returns the number of rows of all ranks; `rows` are those of this one. */
static inline int64_t clf__shards_rows(const clf__shards *shards, int64_t rows) {
  return shards != NULL ? shards->rows : rows;
}

/* Returns which of its rows a rank has of a shard: the first, and how many. Without shards, all. */
typedef struct clf__shard_part {
  int64_t first, rows;
} clf__shard_part;
clf__shard_part clf__shards_part(const clf__shards *shards, int64_t rows, int64_t shard);

/* Adds the sums over rows first … first + rows - 1 of this rank to sums [count]. */
typedef clf_status (*clf__shard_sums)(void *argument, int64_t first, int64_t rows, double *sums);

/* A sum over rows. */
typedef struct clf__shard_sum {
  const char *name;      /* of the place, for messages */
  const clf__shards *of; /* NULL if the rows are all here and are one shard */
  int64_t rows;          /* of this rank */
  bool integers;         /* the sums are exact in any order: rows are not cut into shards */
  clf__shard_sums add;
  void *argument;
} clf__shard_sum;

/* Adds the sums over all rows to sums [count], which are 0. */
clf_status clf__shards_sum(const clf__shard_sum *sum, double *sums, int64_t count);
/* Replaces minimum and maximum [count], each of this rank's rows, by those of all rows. Either may
 * be NULL, and so may shards. */
clf_status clf__shards_extremes(const clf__shards *shards, double *minimum, double *maximum,
                                int64_t count);

/* A part of the tree: shards low … high - 1, of which a rank has rows first … end - 1. */
typedef struct clf__shard_node {
  int64_t low, high;
  int64_t first, end;
} clf__shard_node;

enum { CLF__MAX_NODES = 40 }; /* of a rank: 2 for each level of 2^16 shards, and some */

/* Lists the parts that a rank sums, in their order, and returns their number. */
int32_t clf__shards_nodes(const clf__shards *shards, int32_t rank,
                          clf__shard_node nodes[CLF__MAX_NODES]);
/* Returns the number of the first row of a shard; of shard S, R. */
int64_t clf__shard_start(const clf__shards *shards, int64_t shard);

#endif
