/* Bytes from another rank that it cannot have sent. */
#include "rank_rows.h"

SUITE("rank_garbled")

typedef struct garbling {
  int64_t at; /* the callback of rank 1 that passes on other bytes */
  int byte;
  clf_status status[MAX_RANKS];
} garbling;

static int32_t garble(void *user, const void *mine, int64_t bytes, void *all) {
  struct rank *rank = user;
  const garbling *g = rank->user;
  const int32_t result = gather_ranks(user, mine, bytes, all);
  if (rank->callbacks == g->at) {
    memset(all, g->byte, (size_t)(bytes * rank->all->count));
  }
  return result;
}

static void garbled_rank(struct rank *rank) {
  garbling *g = rank->user;
  const fit_case plain = {.regression = false};
  clf_model *model = NULL;
  clf_dataset *data = rows_of(rank->context, &plain, F32, true, 0, ROWS);
  ck_clf_ok(clf_model_create(&model, rank->context, "ridge", NULL));
  g->status[rank->index] = clf_model_fit(model, data, NULL, NULL);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* After the words for contexts and parameters, each second callback exchanges traits, the sizes of
 * classes, the classes, and numbers of rows. */
TEST_LOOP(bytes_that_nobody_sent__are_noticed, 2, 6) {
  static const int bytes[] = {0xFF, 0x7F, 0x80};
  fill_rows();
  for (int i = 0; i < 3; i++) {
    garbling g = {.at = (int64_t)2 * _i, .byte = bytes[i]};
    struct ranks all;
    open_ranks(&all, 2, "threads=1", false);
    clf_communicator calls = communicator_of(&all.rank[1]);
    calls.all_gather = garble;
    ck_clf_ok(clf_context_set_communicator(all.rank[1].context, &calls));
    run_ranks(&all, garbled_rank, &g);
    ck_assert_int_eq(g.status[0], CLF_ERROR_PEER);
    ck_assert_int_eq(g.status[1], CLF_ERROR_PEER);
    close_ranks(&all);
  }
}

/* Rank 1 receives other bytes of rank 0 from one callback. */
static int32_t garble_other(void *user, const void *mine, int64_t bytes, void *all) {
  struct rank *rank = user;
  const garbling *g = rank->user;
  const int32_t result = gather_ranks(user, mine, bytes, all);
  if (rank->callbacks == g->at) {
    memset(all, g->byte, (size_t)bytes);
  }
  return result;
}

static void garbled_levels(struct rank *rank) {
  garbling *g = rank->user;
  const fit_case plain = {.regression = true};
  clf_transform *transform = NULL;
  clf_dataset *data = rows_of(rank->context, &plain, F32, true, 0, ROWS);
  ck_clf_ok(clf_transform_create(&transform, rank->context, "robust", NULL));
  g->status[rank->index] = clf_transform_fit(transform, data);
  clf_transform_free(transform);
  clf_dataset_free(data);
}

/* The sizes of levels and levels are the last that are gathered, each after a word. */
TEST(levels_that_nobody_sent__are_noticed) {
  static const int bytes[] = {0xFF, 0x7F, 0x80};
  int64_t callbacks = INT64_MAX;
  fill_rows();
  for (int64_t at = 14; at <= callbacks; at += 2) {
    for (int i = 0; i < 3; i++) {
      garbling g = {.at = at, .byte = bytes[i]};
      struct ranks all;
      open_ranks(&all, 2, "threads=1 shards=4", true);
      clf_communicator calls = communicator_of(&all.rank[1]);
      calls.all_gather = garble_other;
      calls.all_sum = NULL;
      calls.exchange = NULL;
      ck_clf_ok(clf_context_set_communicator(all.rank[1].context, &calls));
      run_ranks(&all, garbled_levels, &g);
      callbacks = all.rank[1].callbacks;
      ck_assert_msg(at > callbacks || g.status[1] < 0, "callback %d, byte %d", (int)at, bytes[i]);
      close_ranks(&all);
    }
  }
}
