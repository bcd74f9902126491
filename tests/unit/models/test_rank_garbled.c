/* Bytes from another rank that it cannot have sent. */
#include "rank_rows.h"

SUITE("rank_garbled")

enum { WORD_BYTES = 64 }; /* of what ranks say before each collective */

typedef struct garbling {
  int64_t at; /* the callback of rank 1 that passes on other bytes */
  int byte;
  bool spares_words; /* whose failure is not one of these bytes */
  int64_t hit;       /* bytes that were others; 0 for none */
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
  garbling *g = rank->user;
  const int32_t result = gather_ranks(user, mine, bytes, all);
  if (rank->callbacks == g->at && !(g->spares_words && bytes == WORD_BYTES)) {
    g->hit = bytes;
    memset(all, g->byte, (size_t)bytes);
  }
  return result;
}

/* Two ranks, of which rank 1 garbles what it receives as `user` says, a garbling or a struct that
 * begins with one. Returns how many callbacks rank 1 had. */
static int64_t run_garbled(void (*work)(struct rank *rank), void *user) {
  struct ranks all;
  open_ranks(&all, 2, "threads=1 shards=4", true);
  clf_communicator calls = communicator_of(&all.rank[1]);
  calls.all_gather = garble_other;
  calls.all_sum = NULL;
  calls.exchange = NULL;
  ck_clf_ok(clf_context_set_communicator(all.rank[1].context, &calls));
  run_ranks(&all, work, user);
  close_ranks(&all);
  return all.rank[1].callbacks;
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
      callbacks = run_garbled(garbled_levels, &g);
      ck_assert_msg(at > callbacks || g.status[1] < 0, "callback %d, byte %d", (int)at, bytes[i]);
    }
  }
}

typedef struct garbled_fit {
  garbling garbling; /* first: garble_other() reads it */
  const char *model, *params;
} garbled_fit;

static void garbled_sums(struct rank *rank) {
  garbled_fit *g = rank->user;
  const fit_case plain = {.regression = false};
  clf_model *model = NULL;
  clf_dataset *data = rows_of(rank->context, &plain, F32, true, 0, ROWS);
  ck_clf_ok(clf_model_create(&model, rank->context, g->model, g->params));
  g->garbling.status[rank->index] = clf_model_fit(model, data, NULL, data);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* All bits set are a NaN in each sum. */
TEST_LOOP(sums_that_are_not_numbers__are_noticed, 0, 5) {
  static const char *const fits[][2] = {
      {"ridge"},
      {"fisher"},
      {"logistic", "max_iterations=4"},
      {"perceptron", "mixed=true epochs=1"},
      {"network", "epochs=1 batch_size=120 layers='dense units=3'"}};
  garbled_fit g = {.model = fits[_i][0], .params = fits[_i][1]};
  fill_rows();
  const int64_t callbacks = run_garbled(garbled_sums, &g);
  ck_assert_int_ge(g.garbling.status[1], 0);
  g.garbling.byte = 0xFF;
  for (int64_t at = 1; at <= callbacks; at++) {
    g.garbling.at = at;
    g.garbling.hit = 0;
    g.garbling.spares_words = true;
    run_garbled(garbled_sums, &g);
    ck_assert_msg(g.garbling.hit == 0 || g.garbling.status[1] < 0, "%s, callback %d of %d: %s",
                  g.model, (int)at, (int)callbacks, "other bytes were not noticed");
  }
}
