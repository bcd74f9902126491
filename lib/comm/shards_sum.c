/* Sums over shards. A rank sums its parts of the tree. Few numbers then go to all ranks, each of
 * which completes the tree; of many, each rank receives a range, for which it completes the tree,
 * and passes on the result: a rank sends and receives each number a few times, however many ranks
 * there are. */
#include <math.h>
#include <string.h>

#include "base/context_state.h"
#include "base/math.h"
#include "base/progress.h"
#include "comm/comm_state.h"
#include "comm/shards.h"

enum {
  BLOCK_VALUES = 1 << 17, /* that all ranks together send at a time */
  FEW_VALUES = 1 << 13    /* that are not worth two exchanges */
};

static void add_values(double *to, const double *from, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    to[i] += from[i];
  }
}

static int32_t levels_of(int64_t shards) {
  int32_t levels = 1;
  for (; shards > 1; shards = clf__ceil_div(shards, 2)) {
    levels++;
  }
  return levels;
}

/* Sums shards low … high - 1, which this rank has, into `out`, which is 0. `spare` has memory for
 * the levels below. */
static clf_status sum_node(const clf__shard_sum *sum, int64_t count, int64_t low, int64_t high,
                           double *out, double *spare) {
  const clf__shards *shards = sum->of;
  const int64_t first = clf__shard_start(shards, low), end = clf__shard_start(shards, high);
  if (first == end) {
    return CLF_OK;
  }
  if (high - low == 1) {
    return sum->add(sum->argument, first - shards->first, end - first, out);
  }
  const int64_t middle = low + (high - low) / 2;
  CLF__CHECK(sum_node(sum, count, low, middle, out, spare));
  memset(spare, 0, (size_t)count * sizeof *spare);
  CLF__CHECK(sum_node(sum, count, middle, high, spare, spare + count));
  add_values(out, spare, count);
  return CLF_OK;
}

/* Sums the parts of this rank into values [nodes, count], which are 0. */
static clf_status sum_nodes(const clf__shard_sum *sum, int64_t count, const clf__shard_node *nodes,
                            int32_t number, double *values, double *spare) {
  for (int32_t i = 0; i < number; i++) {
    const clf__shard_node *node = &nodes[i];
    double *out = values + i * count;
    CLF__CHECK(node->high - node->low > 1 ? sum_node(sum, count, node->low, node->high, out, spare)
                                          : sum->add(sum->argument, node->first - sum->of->first,
                                                     node->end - node->first, out));
  }
  return CLF_OK;
}

/* The parts of all ranks, in order, with `width` values of each. */
typedef struct part {
  clf__shard_node node;
  int64_t at; /* of its values */
} part;

typedef struct completion {
  const clf__shards *shards;
  clf__arena arena;
  part *parts; /* [count] */
  int64_t count, next;
  int32_t most;  /* parts of a rank */
  double *spare; /* [levels, width] */
  const double *values;
  int64_t width;
} completion;

static clf_status list_parts(completion *c, const clf__shards *shards) {
  clf__shard_node nodes[CLF__MAX_NODES];
  c->shards = shards;
  c->arena.context = shards->context;
  for (int32_t rank = 0; rank < shards->ranks; rank++) {
    const int32_t number = clf__shards_nodes(shards, rank, nodes);
    c->most = number > c->most ? number : c->most;
    c->count += number;
  }
  c->parts = clf__arena_array(&c->arena, c->count, sizeof *c->parts);
  return clf__arena_status(&c->arena);
}

/* States where the values of the parts lie: those of a rank one after the other, from rank * step
 * on. */
static void place_parts(completion *c, int64_t step, int64_t width) {
  clf__shard_node nodes[CLF__MAX_NODES];
  int64_t at = 0;
  for (int32_t rank = 0; rank < c->shards->ranks; rank++) {
    const int32_t number = clf__shards_nodes(c->shards, rank, nodes);
    for (int32_t i = 0; i < number; i++) {
      c->parts[at++] = (part){nodes[i], rank * step + i * width};
    }
  }
  c->width = width;
  c->next = 0;
}

static bool is_whole(const clf__shards *shards, const clf__shard_node *node) {
  return node->first == clf__shard_start(shards, node->low) &&
         node->end == clf__shard_start(shards, node->high);
}

/* Adds the next part. */
static void add_part(completion *c, double *out) {
  add_values(out, c->values + c->parts[c->next++].at, c->width);
}

/* Completes shards low … high - 1 into `out`, which is 0, in the order of sum_node(). */
static void complete(completion *c, int64_t low, int64_t high, double *out, double *spare) {
  if (clf__shard_start(c->shards, low) == clf__shard_start(c->shards, high)) {
    return;
  }
  const clf__shard_node *node = &c->parts[c->next].node;
  if (node->low == low && node->high == high && is_whole(c->shards, node)) {
    add_part(c, out);
    return;
  }
  if (high - low == 1) { /* several ranks have rows of the shard */
    while (c->next < c->count && c->parts[c->next].node.low == low) {
      add_part(c, out);
    }
    return;
  }
  const int64_t middle = low + (high - low) / 2;
  complete(c, low, middle, out, spare);
  memset(spare, 0, (size_t)c->width * sizeof *spare);
  complete(c, middle, high, spare, spare + c->width);
  add_values(out, spare, c->width);
}

/* All ranks receive all parts of some numbers at a time. */
static clf_status reduce_on_all(completion *c, const clf__shard_sum *sum, const double *values,
                                int32_t number, double *sums, int64_t count) {
  const clf__shards *shards = c->shards;
  clf__comm *comm = shards->context->comm;
  const int64_t most = c->most;
  const int64_t block = clf__clamp_i64(BLOCK_VALUES / (shards->ranks * most), 1, count);
  double *mine = clf__arena_zeroed(&c->arena, clf__count(most, block), sizeof *mine);
  double *all = clf__arena_matrix(&c->arena, shards->ranks * most, block, sizeof *all);
  c->spare = clf__arena_matrix(&c->arena, levels_of(shards->count), block, sizeof *c->spare);
  CLF__CHECK(clf__arena_status(&c->arena));
  CLF__CHECK(clf__comm_meet(comm, CLF_OK, sum->name, (uint64_t)count));
  for (int64_t first = 0; first < count; first += block) {
    const int64_t here = clf__min_i64(block, count - first);
    for (int32_t i = 0; i < number; i++) {
      memcpy(mine + i * here, values + i * count + first, (size_t)here * sizeof *mine);
    }
    const int64_t bytes = most * here * (int64_t)sizeof *mine;
    CLF__CHECK(clf__comm_called(comm, comm->calls.all_gather(comm->calls.user, mine, bytes, all),
                                "all_gather"));
    place_parts(c, most * here, here);
    c->values = all;
    complete(c, 0, shards->count, sums + first, c->spare);
  }
  return CLF_OK;
}

/* The buffers of an exchange: what goes to each rank, and what comes from it. */
typedef struct mail {
  double *packed, *received, *slice, *gathered;
  const void **out;
  void **in;
  int64_t *out_bytes, *in_bytes;
} mail;

static clf_status open_mail(mail *m, clf__arena *arena, int32_t ranks, int64_t parts,
                            int64_t number, int64_t width) {
  m->packed = clf__arena_zeroed(arena, clf__count(ranks * number, width), sizeof(double));
  m->received = clf__arena_matrix(arena, parts, width, sizeof(double));
  m->slice = clf__arena_zeroed(arena, width, sizeof(double));
  m->gathered = clf__arena_matrix(arena, ranks, width, sizeof(double));
  m->out = clf__arena_array(arena, ranks, sizeof *m->out);
  m->in = clf__arena_array(arena, ranks, sizeof *m->in);
  m->out_bytes = clf__arena_array(arena, ranks, sizeof *m->out_bytes);
  m->in_bytes = clf__arena_array(arena, ranks, sizeof *m->in_bytes);
  return clf__arena_status(arena);
}

/* Fills the packets: rank r receives numbers r * width … of each part. */
static void address(const mail *m, const clf__shards *shards, const double *values, int64_t number,
                    int64_t count, int64_t width) {
  const int64_t value = (int64_t)sizeof(double);
  clf__shard_node nodes[CLF__MAX_NODES];
  double *in = m->received;
  for (int32_t rank = 0; rank < shards->ranks; rank++) {
    double *out = m->packed + rank * number * width;
    const int64_t first = rank * width, here = clf__clamp_i64(count - first, 0, width);
    for (int64_t i = 0; i < number && here > 0; i++) {
      memcpy(out + i * width, values + i * count + first, (size_t)here * sizeof *out);
    }
    const int64_t theirs = clf__shards_nodes(shards, rank, nodes) * width;
    m->out[rank] = out;
    m->out_bytes[rank] = number * width * value;
    m->in[rank] = in;
    m->in_bytes[rank] = theirs * value;
    in += theirs;
  }
}

/* Each rank receives all parts of a range of the numbers. */
static clf_status reduce_in_ranges(completion *c, const clf__shard_sum *sum, const double *values,
                                   int32_t number, double *sums, int64_t count) {
  const clf__shards *shards = c->shards;
  clf__comm *comm = shards->context->comm;
  const int64_t width = clf__ceil_div(count, shards->ranks);
  mail m = {.packed = NULL};
  CLF__CHECK(open_mail(&m, &c->arena, shards->ranks, c->count, number, width));
  c->spare = clf__arena_matrix(&c->arena, levels_of(shards->count), width, sizeof *c->spare);
  CLF__CHECK(clf__arena_status(&c->arena));
  address(&m, shards, values, number, count, width);
  CLF__CHECK(clf__comm_meet(comm, CLF_OK, sum->name, (uint64_t)count));
  CLF__CHECK(clf__comm_called(
      comm, comm->calls.exchange(comm->calls.user, m.out, m.out_bytes, m.in, m.in_bytes),
      "exchange"));
  place_parts(c, 0, width);
  for (int64_t i = 0; i < c->count; i++) {
    c->parts[i].at = i * width;
  }
  c->values = m.received;
  complete(c, 0, shards->count, m.slice, c->spare);
  CLF__CHECK(clf__comm_called(
      comm,
      comm->calls.all_gather(comm->calls.user, m.slice, width * (int64_t)sizeof *sums, m.gathered),
      "all_gather"));
  memcpy(sums, m.gathered, (size_t)count * sizeof *sums);
  return CLF_OK;
}

static clf_status sum_of_ranks(const clf__shard_sum *sum, double *sums, int64_t count) {
  const clf__shards *shards = sum->of;
  clf__shard_node nodes[CLF__MAX_NODES];
  const int32_t number = clf__shards_nodes(shards, shards->rank, nodes);
  completion c = {.next = 0};
  clf__arena arena = {.context = shards->context};
  clf_status status = CLF_OK;
  double *values = clf__arena_zeroed(&arena, clf__count(number, count), sizeof *values);
  double *spare = clf__arena_matrix(&arena, levels_of(shards->count), count, sizeof *spare);
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(sum_nodes(sum, count, nodes, number, values, spare));
  CLF__TRY(list_parts(&c, shards));
  if (c.count > 0) {
    const bool ranges = shards->context->comm->calls.exchange != NULL && count > FEW_VALUES;
    status = ranges ? reduce_in_ranges(&c, sum, values, number, sums, count)
                    : reduce_on_all(&c, sum, values, number, sums, count);
    clf__comm_seen(shards->context->comm, sums, (size_t)count * sizeof *sums);
  }
done:
  clf__arena_free(&c.arena);
  clf__arena_free(&arena);
  return status;
}

/* With one rank, the tree is completed in place. */
static clf_status sum_here(const clf__shard_sum *sum, double *sums, int64_t count) {
  double *spare =
      clf__alloc_matrix(sum->of->context, levels_of(sum->of->count), count, sizeof *spare);
  if (spare == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const clf_status status = sum_node(sum, count, 0, sum->of->count, sums, spare);
  clf__free(spare);
  return status;
}

clf_status clf__shards_sum(const clf__shard_sum *sum, double *sums, int64_t count) {
  const bool ranks = sum->of != NULL && sum->of->ranks > 1;
  if (ranks) { /* so that a rank can be cancelled however few rows it has */
    const clf__progress progress = clf__progress_begin(sum->of->context, "exchange", 1);
    CLF__CHECK(clf__progress_step(&progress, 0, NAN, NAN));
  }
  if (sum->of != NULL && !sum->integers) {
    return ranks ? sum_of_ranks(sum, sums, count) : sum_here(sum, sums, count);
  }
  CLF__CHECK(sum->rows > 0 ? sum->add(sum->argument, 0, sum->rows, sums) : CLF_OK);
  return ranks ? clf__comm_sum_integers(sum->of->context, sum->name, sums, count) : CLF_OK;
}

clf_status clf__shards_extremes(const clf__shards *shards, double *minimum, double *maximum,
                                int64_t count) {
  if (shards == NULL || shards->ranks == 1) {
    return CLF_OK;
  }
  for (int64_t j = 0; minimum != NULL && j < count; j++) {
    minimum[j] = -minimum[j];
  }
  CLF__CHECK(minimum != NULL ? clf__comm_maxima(shards->context, "minima", minimum, count)
                             : CLF_OK);
  for (int64_t j = 0; minimum != NULL && j < count; j++) {
    minimum[j] = -minimum[j];
  }
  return maximum != NULL ? clf__comm_maxima(shards->context, "maxima", maximum, count) : CLF_OK;
}
