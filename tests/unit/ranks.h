/* Threads that stand for the ranks of a communicator: each has a context of its own, and runs the
 * same function. */
#ifndef TESTS_UNIT_RANKS_H
#define TESTS_UNIT_RANKS_H

#include <pthread.h>

#include "failing_allocator.h"

enum { MAX_RANKS = 8, RANK_SECONDS = 60 /* for which a callback waits for other ranks */ };

static const int32_t rank_counts[] = {1, 2, 3, 4, 7};
enum { RANK_COUNTS = 5 };

struct ranks;

struct rank {
  struct ranks *all;
  int32_t index;
  clf_context *context;
  void *user;         /* what run_ranks() was passed */
  int64_t fails_at;   /* the callback, counted from 1, that fails; 0 for none */
  int64_t callbacks;  /* so far */
  int64_t bytes_sent; /* so far */
  void (*body)(struct rank *rank);
};

struct ranks {
  int32_t count;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int32_t arrived;
  int64_t round;
  bool broken;
  struct {
    const void *const *data;
    const int64_t *bytes;
  } posted[MAX_RANKS];
  struct rank rank[MAX_RANKS];
};

/* Waits for all ranks. Returns false if one of them has failed, or does not come. Those that all have
 * met are well, also where one of them fails before the others go on. */
static inline bool meet(struct ranks *all) {
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_sec += RANK_SECONDS;
  pthread_mutex_lock(&all->lock);
  const int64_t round = all->round;
  if (!all->broken && ++all->arrived == all->count) {
    all->arrived = 0;
    all->round++;
    pthread_cond_broadcast(&all->changed);
  }
  while (all->round == round && !all->broken) {
    if (pthread_cond_timedwait(&all->changed, &all->lock, &end) != 0) {
      all->broken = true;
    }
  }
  const bool well = all->round != round;
  pthread_cond_broadcast(&all->changed);
  pthread_mutex_unlock(&all->lock);
  return well;
}

/* Returns whether the callback is the one that is to fail. */
static inline bool fails(struct rank *rank) {
  if (++rank->callbacks != rank->fails_at) {
    return false;
  }
  pthread_mutex_lock(&rank->all->lock);
  rank->all->broken = true;
  pthread_cond_broadcast(&rank->all->changed);
  pthread_mutex_unlock(&rank->all->lock);
  return true;
}

static inline int32_t exchange_ranks(void *user, const void *const *out, const int64_t *out_bytes,
                                     void *const *in, const int64_t *in_bytes) {
  struct rank *rank = user;
  struct ranks *all = rank->all;
  if (fails(rank)) {
    return 5;
  }
  all->posted[rank->index].data = out;
  all->posted[rank->index].bytes = out_bytes;
  if (!meet(all)) {
    return 6;
  }
  bool same = true;
  for (int32_t from = 0; from < all->count; from++) {
    const int64_t bytes = all->posted[from].bytes[rank->index];
    same = same && bytes == in_bytes[from];
    if (bytes == in_bytes[from] && bytes > 0) {
      memcpy(in[from], all->posted[from].data[rank->index], (size_t)bytes);
    }
    rank->bytes_sent += out_bytes[from];
  }
  return meet(all) && same ? 0 : 7;
}

static inline int32_t gather_ranks(void *user, const void *mine, int64_t bytes, void *all) {
  const void *out[MAX_RANKS];
  void *in[MAX_RANKS];
  int64_t sizes[MAX_RANKS];
  struct rank *rank = user;
  for (int32_t other = 0; other < rank->all->count; other++) {
    out[other] = mine;
    in[other] = (char *)all + other * bytes;
    sizes[other] = bytes;
  }
  return exchange_ranks(user, out, sizes, in, sizes);
}

static inline int32_t broadcast_ranks(void *user, void *data, int64_t bytes, int32_t root) {
  struct rank *rank = user;
  char *all = malloc((size_t)(bytes * rank->all->count) + 1);
  const int32_t result = gather_ranks(user, data, bytes, all);
  if (result == 0) {
    memcpy(data, all + root * bytes, (size_t)bytes);
  }
  free(all);
  return result;
}

/* Adds from the last rank to the first: the order is free. */
static inline int32_t sum_ranks(void *user, double *values, int64_t count) {
  struct rank *rank = user;
  const int32_t ranks = rank->all->count;
  double *all = malloc((size_t)(count * ranks) * sizeof *all + 1);
  const int32_t result = gather_ranks(user, values, count * (int64_t)sizeof *values, all);
  for (int64_t i = 0; i < count && result == 0; i++) {
    values[i] = 0;
    for (int32_t other = ranks - 1; other >= 0; other--) {
      values[i] += all[other * count + i];
    }
  }
  free(all);
  return result;
}

static inline clf_communicator communicator_of(struct rank *rank) {
  return (clf_communicator){.struct_size = sizeof(clf_communicator),
                            .rank = rank->index,
                            .ranks = rank->all->count,
                            .user = rank,
                            .all_gather = gather_ranks,
                            .broadcast = broadcast_ranks,
                            .all_sum = sum_ranks,
                            .exchange = exchange_ranks};
}

static inline void *run_rank(void *argument) {
  struct rank *rank = argument;
  rank->body(rank);
  return NULL;
}

/* Makes ranks whose contexts have these parameters. With `few`, the communicator has only the
 * callbacks that it must have. */
static inline void open_ranks(struct ranks *all, int32_t count, const char *params, bool few) {
  *all = (struct ranks){
      .count = count, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  for (int32_t i = 0; i < count; i++) {
    struct rank *rank = &all->rank[i];
    *rank = (struct rank){.all = all, .index = i};
    clf_communicator calls = communicator_of(rank);
    calls.all_sum = few ? NULL : calls.all_sum;
    calls.exchange = few ? NULL : calls.exchange;
    ck_clf_ok(clf_context_create(&rank->context, NULL, params));
    ck_clf_ok(clf_context_set_communicator(rank->context, &calls));
  }
}

/* Runs `body` on all ranks at once. */
static inline void run_ranks(struct ranks *all, void (*body)(struct rank *), void *user) {
  pthread_t thread[MAX_RANKS];
  for (int32_t i = 0; i < all->count; i++) {
    all->rank[i].body = body;
    all->rank[i].user = user;
    ck_assert_int_eq(pthread_create(&thread[i], NULL, run_rank, &all->rank[i]), 0);
  }
  for (int32_t i = 0; i < all->count; i++) {
    pthread_join(thread[i], NULL);
  }
}

static inline void close_ranks(struct ranks *all) {
  for (int32_t i = 0; i < all->count; i++) {
    clf_context_free(all->rank[i].context);
  }
}

#endif
