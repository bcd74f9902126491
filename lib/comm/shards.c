/* Which rows make up a shard, which ranks have them, and which parts of the tree are complete. */
#include "comm/shards.h"

#include <string.h>

#include "base/border.h"
#include "base/context.h"
#include "base/context_state.h"
#include "base/math.h"

enum { AUTO_SHARDS = 64 };

/* Returns total * part / parts, without overflow. */
static int64_t share(int64_t total, int64_t part, int64_t parts) {
  return total / parts * part + total % parts * part / parts;
}

/* Returns the context's shards, and `automatic` for auto. */
static int64_t shards_or(const clf_context *context, int64_t automatic) {
  const clf__number *shards = &context->params.shards;
  return shards->word >= 0 ? automatic : (int64_t)shards->value;
}

int64_t clf__shards_of(const clf_context *context) {
  return shards_or(context, context->comm != NULL ? AUTO_SHARDS : 1);
}

clf_status clf_shard_range(const clf_context *context, int64_t rows, int32_t rank, int32_t ranks,
                           int64_t *first, int64_t *count) {
  CLF__REQUIRE(first);
  CLF__REQUIRE(count);
  CLF__ENTER("shard range");
  if (rows < 0 || ranks < 1 || rank < 0 || rank >= ranks) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "shard range: %lld rows, rank %d of %d ranks; rank must be 0 … ranks - 1",
                     (long long)rows, (int)rank, (int)ranks);
  }
  const int64_t shards = context != NULL ? shards_or(context, AUTO_SHARDS) : AUTO_SHARDS;
  *first = share(rows, share(shards, rank, ranks), shards);
  *count = share(rows, share(shards, rank + 1, ranks), shards) - *first;
  return CLF_OK;
}

int64_t clf__shard_start(const clf__shards *shards, int64_t shard) {
  return shards->cuts != NULL ? shards->cuts[shard] : share(shards->rows, shard, shards->count);
}

clf__shard_part clf__shards_part(const clf__shards *shards, int64_t rows, int64_t shard) {
  if (shards == NULL) {
    return (clf__shard_part){0, rows};
  }
  const int64_t low = clf__shard_start(shards, shard), high = clf__shard_start(shards, shard + 1);
  const int64_t first = clf__clamp_i64(low - shards->first, 0, rows);
  return (clf__shard_part){first, clf__clamp_i64(high - shards->first, 0, rows) - first};
}

typedef struct listing {
  const clf__shards *shards;
  int64_t first, end; /* rows of the rank */
  clf__shard_node *nodes;
  int32_t count;
} listing;

static void list_nodes(listing *list, int64_t low, int64_t high) {
  const int64_t first = clf__max_i64(clf__shard_start(list->shards, low), list->first);
  const int64_t end = clf__min_i64(clf__shard_start(list->shards, high), list->end);
  const bool whole =
      first == clf__shard_start(list->shards, low) && end == clf__shard_start(list->shards, high);
  if (first >= end) {
    return;
  }
  if (whole || high - low == 1) {
    list->nodes[list->count++] = (clf__shard_node){low, high, first, end};
    return;
  }
  list_nodes(list, low, low + (high - low) / 2);
  list_nodes(list, low + (high - low) / 2, high);
}

int32_t clf__shards_nodes(const clf__shards *shards, int32_t rank,
                          clf__shard_node nodes[CLF__MAX_NODES]) {
  listing list = {shards, shards->start[rank], shards->start[rank + 1], nodes, 0};
  list_nodes(&list, 0, shards->count);
  return list.count;
}

/* Logs that the first row of a rank does not begin a shard. */
static void report_cuts(const clf__shards *shards) {
  clf__shard_node nodes[CLF__MAX_NODES];
  for (int32_t rank = 0; rank < shards->ranks; rank++) {
    const int32_t count = clf__shards_nodes(shards, rank, nodes);
    for (int32_t i = 0; i < count; i++) {
      if (nodes[i].first != clf__shard_start(shards, nodes[i].low) ||
          nodes[i].end != clf__shard_start(shards, nodes[i].high)) {
        clf__log(shards->context, CLF_LOG_INFO,
                 "rank %d has only a part of shard %lld, so that results depend in their last bits "
                 "on which rank has which rows; clf_shard_range() gives whole shards",
                 (int)rank, (long long)nodes[i].low);
        return;
      }
    }
  }
}

static clf_status gather_starts(clf__shards *shards, int64_t rows) {
  if (shards->ranks == 1) {
    shards->start[1] = rows;
    return CLF_OK;
  }
  CLF__CHECK(clf__comm_compare(shards->context));
  return clf__comm_gather_starts(shards->context, "rows", rows, INT64_MAX / (int64_t)sizeof(double),
                                 shards->start);
}

static clf_status create_places(clf__shards **out, clf_context *context, int64_t rows,
                                int32_t ranks, int32_t rank) {
  clf__shards *shards =
      clf__alloc_zeroed(context, 1, sizeof *shards + ((size_t)ranks + 1) * sizeof(int64_t));
  if (shards == NULL) {
    return CLF_ERROR_MEMORY;
  }
  *shards = (clf__shards){.context = context,
                          .count = clf__shards_of(context),
                          .ranks = ranks,
                          .rank = rank,
                          .start = (int64_t *)(shards + 1)};
  const clf_status status = gather_starts(shards, rows);
  if (status < 0) {
    clf__free(shards);
    return status;
  }
  shards->rows = shards->start[ranks];
  shards->first = shards->start[shards->rank];
  *out = shards;
  return CLF_OK;
}

static clf_status create(clf__shards **out, clf_context *context, int64_t rows, int32_t ranks,
                         int32_t rank) {
  if (clf__shards_of(context) == 1 && ranks == 1) {
    return CLF_OK;
  }
  CLF__CHECK(create_places(out, context, rows, ranks, rank));
  report_cuts(*out);
  return CLF_OK;
}

clf_status clf__shards_places(clf__shards **out, const clf__shards *shards, int64_t count) {
  return create_places(out, shards->context, count, shards->ranks, shards->rank);
}

clf_status clf__shards_create(clf__shards **out, clf_context *context, int64_t rows) {
  const bool together = clf__comm_running(context);
  return create(out, context, rows, together ? clf__comm_ranks(context) : 1,
                together ? clf__comm_rank(context) : 0);
}

clf_status clf__shards_create_alone(clf__shards **out, clf_context *context, int64_t rows) {
  return create(out, context, rows, 1, 0);
}

clf_status clf__shards_choose(clf__shards **out, const clf__shards *shards, const int64_t *chosen) {
  const int64_t ranks = shards->ranks, count = shards->count;
  clf__shards *made = clf__alloc_zeroed(
      shards->context, 1, sizeof *made + (size_t)(ranks + count + 2) * sizeof(int64_t));
  if (made == NULL) {
    return CLF_ERROR_MEMORY;
  }
  *made = *shards;
  made->start = (int64_t *)(made + 1);
  made->cuts = made->start + ranks + 1;
  for (int64_t i = 0; i < ranks * count; i++) {
    made->start[i / count + 1] += chosen[i];
    made->cuts[i % count + 1] += chosen[i];
  }
  for (int64_t rank = 0; rank < ranks; rank++) {
    made->start[rank + 1] += made->start[rank];
  }
  for (int64_t shard = 0; shard < count; shard++) {
    made->cuts[shard + 1] += made->cuts[shard];
  }
  made->rows = made->start[ranks];
  made->first = made->start[made->rank];
  *out = made;
  return CLF_OK;
}

void clf__shards_free(clf__shards *shards) {
  clf__free(shards);
}
