/* Collectives, their failures, and sums over shards. */
#include <math.h>

#include "base/context.h"
#include "base/context_state.h"
#include "base/cpu.h"
#include "comm/shards.h"
#include "ranks.h"

SUITE("comm")

TEST(communicator__is_checked) {
  clf_context *context = NULL;
  struct ranks all = {.count = 2};
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  struct rank rank = {.all = &all};
  clf_communicator calls = communicator_of(&rank);
  calls.struct_size = 3;
  ck_assert_int_eq(clf_context_set_communicator(context, &calls), CLF_ERROR_ARGUMENT);
  calls = communicator_of(&rank);
  calls.rank = 2;
  ck_assert_int_eq(clf_context_set_communicator(context, &calls), CLF_ERROR_ARGUMENT);
  ck_assert_ptr_nonnull(strstr(clf_last_error(), "rank 2 of 2 ranks"));
  calls = communicator_of(&rank);
  calls.broadcast = NULL;
  ck_assert_int_eq(clf_context_set_communicator(context, &calls), CLF_ERROR_ARGUMENT);
  ck_assert_ptr_nonnull(strstr(clf_last_error(), "broadcast"));
  ck_assert_int_eq(clf_context_set_communicator(NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_context_set_communicator(context, NULL));
  clf_context_free(context);
}

TEST(shard_range__divides_the_rows_into_whole_shards) {
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "shards=10"));
  static const int64_t sizes[] = {0, 1, 9, 10, 63, 64, 1000, INT64_MAX};
  for (int which = 0; which < 8; which++) {
    for (int32_t ranks = 1; ranks < 15; ranks++) {
      int64_t next = 0;
      for (int32_t rank = 0; rank < ranks; rank++) {
        int64_t first, count;
        ck_clf_ok(clf_shard_range(context, sizes[which], rank, ranks, &first, &count));
        ck_assert_int_eq(first, next);
        ck_assert_int_ge(count, 0);
        next += count;
        bool begins = false;
        for (int64_t shard = 0; shard <= 10; shard++) {
          begins = begins || first == sizes[which] / 10 * shard + sizes[which] % 10 * shard / 10;
        }
        ck_assert(begins);
      }
      ck_assert_int_eq(next, sizes[which]);
    }
  }
  int64_t first, count;
  ck_clf_ok(clf_shard_range(NULL, 640, 1, 4, &first, &count));
  ck_assert_int_eq(first, 160);
  ck_assert_int_eq(count, 160);
  ck_assert_int_eq(clf_shard_range(NULL, 640, 4, 4, &first, &count), CLF_ERROR_ARGUMENT);
  ck_assert_int_eq(clf_shard_range(NULL, -1, 0, 4, &first, &count), CLF_ERROR_ARGUMENT);
  ck_assert_int_eq(clf_shard_range(NULL, 5, 0, 4, NULL, &count), CLF_ERROR_ARGUMENT);
  clf_context_free(context);
}

typedef struct marking {
  bool old; /* the struct of a header that lacks the mark */
  int64_t in_call[MAX_RANKS];
} marking;

static void mark_rank(struct rank *rank) {
  marking *m = rank->user;
  int64_t *mark = &m->in_call[rank->index];
  clf_communicator calls = communicator_of(rank);
  clf__comm_call call;
  calls.in_call = m->old ? (int64_t *)(intptr_t)8 : mark; /* is not read */
  calls.struct_size = m->old ? offsetof(clf_communicator, in_call) : sizeof calls;
  ck_clf_ok(clf_context_set_communicator(rank->context, &calls));
  for (int fails = 0; fails < 2; fails++) {
    ck_clf_ok(clf__comm_begin(&call, rank->context));
    ck_assert_int_eq(*mark, m->old ? 0 : 1);
    const bool first = fails == 1 && rank->index == 0;
    const clf_status status =
        clf__comm_end(&call, first ? clf__fail(CLF_ERROR_DATA, "a failure") : CLF_OK);
    ck_assert_int_eq(status, first ? CLF_ERROR_DATA : fails == 1 ? CLF_ERROR_PEER : CLF_OK);
    ck_assert_int_eq(*mark, 0);
  }
}

TEST_LOOP(mark_of_a_call__ends_with_it, 0, 2) {
  marking m = {.old = _i == 1};
  struct ranks all;
  open_ranks(&all, 2, "threads=1", false);
  run_ranks(&all, mark_rank, &m);
  close_ranks(&all);
}

/* Rows whose sums depend on the order of addition. */
enum { COLUMNS = 3 };
static double value_of(int64_t row, int64_t column) {
  return sin((double)(row * 7 + column)) * pow(10, (double)(row % 9));
}

typedef struct summing {
  int64_t rows, count; /* of all ranks; numbers of each */
  bool integers, uneven;
  double *sums[MAX_RANKS]; /* [count] */
} summing;

typedef struct adding {
  int64_t first, count;
  bool integers;
} adding;

static clf_status add_values(void *argument, int64_t first, int64_t rows, double *sums) {
  const adding *a = argument;
  for (int64_t i = first; i < first + rows; i++) {
    for (int64_t j = 0; j < a->count; j++) {
      const double value = value_of(a->first + i, j);
      sums[j] += a->integers ? floor(value) : value;
    }
  }
  return CLF_OK;
}

static void sum_rows(struct rank *rank) {
  summing *s = rank->user;
  int64_t first, rows;
  clf__comm_call call;
  clf__shards *shards = NULL;
  const int32_t ranks = rank->all->count;
  ck_clf_ok(clf_shard_range(rank->context, s->rows, rank->index, ranks, &first, &rows));
  if (s->uneven) {
    const int64_t end = s->rows * (rank->index + 1) * (rank->index + 1) / (ranks * ranks);
    first = s->rows * rank->index * rank->index / (ranks * ranks);
    rows = end - first;
  }
  ck_clf_ok(clf__comm_begin(&call, rank->context));
  ck_clf_ok(clf__shards_create(&shards, rank->context, rows));
  adding a = {first, s->count, s->integers};
  const clf__shard_sum sum = {"test", shards, rows, s->integers, add_values, &a};
  memset(s->sums[rank->index], 0, (size_t)s->count * sizeof(double));
  ck_clf_ok(clf__shards_sum(&sum, s->sums[rank->index], s->count));
  ck_clf_ok(clf__comm_end(&call, CLF_OK));
  clf__shards_free(shards);
}

/* The tree over the shards, written down by itself. */
static double tree_of(int64_t rows, int64_t shards, int64_t low, int64_t high, int64_t column) {
  if (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    return tree_of(rows, shards, low, middle, column) + tree_of(rows, shards, middle, high, column);
  }
  double sum = 0;
  for (int64_t i = rows * low / shards; i < rows * high / shards; i++) {
    sum += value_of(i, column);
  }
  return sum;
}

static void open_sums(summing *s, int32_t ranks) {
  for (int32_t i = 0; i < ranks; i++) {
    s->sums[i] = malloc((size_t)s->count * sizeof(double));
  }
}

static void close_sums(summing *s, int32_t ranks) {
  for (int32_t i = 0; i < ranks; i++) {
    free(s->sums[i]);
  }
}

TEST(shard_sums__have_the_same_bits_on_any_number_of_ranks) {
  static const int64_t rows[] = {0, 1, 5, 64, 1003};
  static const char *const params[] = {"threads=1", "threads=1 shards=1", "threads=1 shards=10"};
  static const int64_t shards[] = {64, 1, 10};
  for (int which = 0; which < RANK_COUNTS * 5 * 3 * 2; which++) {
    const int32_t count = rank_counts[which % RANK_COUNTS];
    const int size = which / RANK_COUNTS % 5, set = which / RANK_COUNTS / 5 % 3;
    struct ranks all;
    summing s = {.rows = rows[size], .count = COLUMNS};
    open_sums(&s, count);
    open_ranks(&all, count, params[set], which >= RANK_COUNTS * 15);
    run_ranks(&all, sum_rows, &s);
    for (int32_t rank = 0; rank < count; rank++) {
      for (int64_t j = 0; j < COLUMNS; j++) {
        ck_assert(s.sums[rank][j] == tree_of(rows[size], shards[set], 0, shards[set], j));
      }
    }
    close_ranks(&all);
    close_sums(&s, count);
  }
}

/* So many numbers are exchanged in ranges and in blocks. */
TEST(shard_sums__of_many_numbers_are_those_of_few) {
  enum { MANY = 40000 };
  summing one = {.rows = 100, .count = MANY}, s = {.rows = 100, .count = MANY};
  struct ranks all;
  open_sums(&one, 1);
  open_ranks(&all, 1, "threads=1", false);
  run_ranks(&all, sum_rows, &one);
  close_ranks(&all);
  for (int which = 2; which < 2 * RANK_COUNTS; which++) {
    const int32_t count = rank_counts[which / 2];
    open_sums(&s, count);
    open_ranks(&all, count, "threads=1", which % 2 == 1);
    run_ranks(&all, sum_rows, &s);
    for (int32_t rank = 0; rank < count; rank++) {
      ck_assert_mem_eq(s.sums[rank], one.sums[0], MANY * sizeof(double));
    }
    close_ranks(&all);
    close_sums(&s, count);
  }
  close_sums(&one, 1);
}

TEST(shard_sums__of_ranks_with_parts_of_shards_are_right) {
  for (int which = 1; which < RANK_COUNTS; which++) {
    const int32_t count = rank_counts[which];
    summing s = {.rows = 1003, .count = COLUMNS, .uneven = true};
    struct ranks all;
    open_sums(&s, count);
    open_ranks(&all, count, "threads=1", false);
    run_ranks(&all, sum_rows, &s);
    for (int64_t j = 0; j < COLUMNS; j++) {
      ck_assert_double_eq_tol(s.sums[0][j], tree_of(1003, 1, 0, 1, j), 1e-3);
      ck_assert(s.sums[0][j] == s.sums[count - 1][j]);
    }
    close_ranks(&all);
    close_sums(&s, count);
  }
}

TEST(shard_sums__of_integers_are_exact) {
  for (int which = 0; which < 2 * RANK_COUNTS; which++) {
    const int32_t count = rank_counts[which / 2];
    summing s = {.rows = 77, .count = COLUMNS, .integers = true};
    struct ranks all;
    open_sums(&s, count);
    open_ranks(&all, count, "threads=1", which % 2 == 1);
    run_ranks(&all, sum_rows, &s);
    for (int64_t j = 0; j < COLUMNS; j++) {
      double sum = 0;
      for (int64_t i = 0; i < 77; i++) {
        sum += floor(value_of(i, j));
      }
      ck_assert(s.sums[count - 1][j] == sum);
    }
    close_ranks(&all);
    close_sums(&s, count);
  }
}

/* What each rank does, and what it returns. */
typedef struct trying {
  int32_t odd; /* the rank that does something else */
  int what;
  clf_status status[MAX_RANKS];
  char message[MAX_RANKS][512];
} trying;

enum { FAIL, OTHER_NAME, OTHER_SIZE, EARLY_END, ALL_WELL };

static clf_status try_call(struct rank *rank, const trying *t) {
  const bool odd = rank->index == t->odd;
  int64_t mine = rank->index, all[MAX_RANKS];
  CLF__CHECK(clf__comm_gather(rank->context, "first", &mine, sizeof mine, all));
  for (int32_t i = 0; i < rank->all->count; i++) {
    ck_assert_int_eq(all[i], i);
  }
  if (odd && t->what == FAIL) {
    return clf__fail(CLF_ERROR_DATA, "row 7 is not a number");
  }
  if (odd && t->what == EARLY_END) {
    return CLF_OK;
  }
  double values[2] = {1, mine == 0 ? 5 : (double)-mine};
  CLF__CHECK(clf__comm_maxima(rank->context, odd && t->what == OTHER_NAME ? "third" : "second",
                              values, odd && t->what == OTHER_SIZE ? 1 : 2));
  ck_assert(values[1] == 5 || t->what == OTHER_SIZE);
  return CLF_OK;
}

static void try_rank(struct rank *rank) {
  trying *t = rank->user;
  clf__comm_call call;
  ck_clf_ok(clf__comm_begin(&call, rank->context));
  const clf_status status = clf__comm_end(&call, try_call(rank, t));
  t->status[rank->index] = status;
  snprintf(t->message[rank->index], sizeof t->message[0], "%s", clf_last_error());
}

TEST(failure__of_one_rank_ends_the_call_on_all) {
  for (int which = 1; which < RANK_COUNTS; which++) {
    const int32_t count = rank_counts[which];
    trying t = {.odd = count - 1, .what = FAIL}, well = {.what = ALL_WELL};
    struct ranks all;
    open_ranks(&all, count, "threads=1", false);
    run_ranks(&all, try_rank, &t);
    char expected[80];
    snprintf(expected, sizeof expected, "rank %d: row 7 is not a number", (int)count - 1);
    for (int32_t rank = 0; rank < count; rank++) {
      const bool odd = rank == t.odd;
      ck_assert_int_eq(t.status[rank], odd ? CLF_ERROR_DATA : CLF_ERROR_PEER);
      ck_assert_str_eq(t.message[rank], odd ? "row 7 is not a number" : expected);
    }
    run_ranks(&all, try_rank, &well); /* they are in step, and go on */
    for (int32_t rank = 0; rank < count; rank++) {
      ck_assert_int_eq(well.status[rank], CLF_OK);
    }
    close_ranks(&all);
  }
}

TEST(difference__of_one_rank_ends_the_call_on_all) {
  static const char *const messages[] = {
      "", "rank 0 is in 'second' and rank 2 in 'third'", "ranks 0 and 2 differ in 'second'",
      "rank 0 is in 'second' and rank 2 in 'the end of the call'"};
  for (int what = OTHER_NAME; what <= EARLY_END; what++) {
    trying t = {.odd = 2, .what = what};
    struct ranks all;
    open_ranks(&all, 4, "threads=1", false);
    run_ranks(&all, try_rank, &t);
    for (int32_t rank = 0; rank < 4; rank++) {
      ck_assert_int_eq(t.status[rank], CLF_ERROR_PEER);
      ck_assert_msg(strstr(t.message[rank], messages[what]) != NULL, "%s", t.message[rank]);
    }
    close_ranks(&all);
  }
}

static void compare_rank(struct rank *rank) {
  trying *t = rank->user;
  clf__comm_call call;
  ck_clf_ok(clf__comm_begin(&call, rank->context));
  t->status[rank->index] = clf__comm_end(&call, clf__comm_compare(rank->context));
  snprintf(t->message[rank->index], sizeof t->message[0], "%s", clf_last_error());
}

/* Products by tiles have sums in another order, so either all ranks use them or none does. */
TEST(tiles__that_one_rank_is_refused_end_the_call_on_all) {
  trying t = {.odd = 0};
  struct ranks all;
  open_ranks(&all, 2, "threads=1", false);
  const bool tiled = clf__context_target(all.rank[0].context)->tiled != NULL;
  atomic_store(&all.rank[0].context->tiles, CLF__TILES_ALLOWED);
  atomic_store(&all.rank[1].context->tiles, CLF__TILES_REFUSED);
  run_ranks(&all, compare_rank, &t);
  for (int32_t rank = 0; rank < 2; rank++) {
    ck_assert_int_eq(t.status[rank], tiled ? CLF_ERROR_PEER : CLF_OK);
    ck_assert(!tiled || strstr(t.message[rank], "context: seed, shards, cpu") != NULL);
  }
  close_ranks(&all);
}

/* A call of these ranks has 5 callbacks on each. */
TEST(callback__that_fails_ends_the_call_on_all) {
  for (int64_t at = 1; at <= 5; at++) {
    trying t = {.odd = 0, .what = at < 3 ? FAIL : ALL_WELL}, after = {.what = ALL_WELL};
    struct ranks all;
    open_ranks(&all, 3, "threads=1", false);
    all.rank[1].fails_at = at;
    run_ranks(&all, try_rank, &t);
    for (int32_t rank = 0; rank < 3; rank++) {
      ck_assert_int_lt(t.status[rank], 0);
    }
    ck_assert_int_eq(t.status[1], CLF_ERROR_PEER);
    ck_assert_ptr_nonnull(strstr(t.message[1], " returned 5"));
    run_ranks(&all, try_rank, &after);
    for (int32_t rank = 0; rank < 3; rank++) {
      ck_assert_int_eq(after.status[rank], CLF_ERROR_PEER);
      ck_assert_ptr_nonnull(strstr(after.message[rank], "failed before"));
    }
    close_ranks(&all);
  }
}

static int32_t gather_late(void *user, const void *mine, int64_t bytes, void *all) {
  struct rank *rank = user;
  const int32_t result = gather_ranks(user, mine, bytes, all);
  return rank->callbacks < 3 ? result : CLF_RANK_LATE - 2;
}

TEST(callback__names_the_rank_that_is_late) {
  trying t = {.odd = 0, .what = ALL_WELL};
  struct ranks all;
  open_ranks(&all, 3, "threads=1", false);
  for (int32_t i = 0; i < 3; i++) {
    clf_communicator calls = communicator_of(&all.rank[i]);
    calls.all_gather = gather_late;
    ck_clf_ok(clf_context_set_communicator(all.rank[i].context, &calls));
  }
  run_ranks(&all, try_rank, &t);
  for (int32_t rank = 0; rank < 3; rank++) {
    ck_assert_int_eq(t.status[rank], CLF_ERROR_PEER);
    ck_assert_str_eq(t.message[rank], "rank 2 has not come to all_gather in time");
  }
  close_ranks(&all);
}

typedef struct beginning {
  clf_context *context;
  clf_status status;
} beginning;

static void *begin_second(void *argument) {
  beginning *b = argument;
  clf__comm_call call;
  b->status = clf__comm_begin(&call, b->context);
  b->status = clf__comm_end(&call, b->status);
  return NULL;
}

static void begin_twice(struct rank *rank) {
  clf__comm_call call, within;
  beginning b = {.context = rank->context};
  pthread_t thread;
  ck_clf_ok(clf__comm_begin(&call, rank->context));
  ck_clf_ok(clf__comm_begin(&within, rank->context));
  ck_assert_int_eq(pthread_create(&thread, NULL, begin_second, &b), 0);
  pthread_join(thread, NULL);
  ck_assert_int_eq(b.status, CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf__comm_end(&within, CLF_OK));
  ck_clf_ok(clf__comm_end(&call, CLF_OK));
}

TEST(call__of_a_second_thread_is_refused_where_it_begins) {
  struct ranks all;
  open_ranks(&all, 2, "threads=1", false);
  run_ranks(&all, begin_twice, NULL);
  close_ranks(&all);
}

/* A collective after one that failed on another rank: no rank waits for it. */
static void go_on(struct rank *rank) {
  clf__comm_call call;
  double value = 1;
  ck_clf_ok(clf__comm_begin(&call, rank->context));
  clf_status status = rank->index == 1 ? clf__comm_end(&call, CLF_ERROR_DATA)
                                       : clf__comm_maxima(rank->context, "first", &value, 1);
  if (rank->index == 0) {
    ck_assert_int_eq(status, CLF_ERROR_PEER);
    status = clf__comm_maxima(rank->context, "second", &value, 1);
    ck_assert_int_eq(status, CLF_ERROR_PEER);
    ck_assert_ptr_nonnull(strstr(clf_last_error(), "has ended"));
    status = clf__comm_end(&call, status);
  }
  ck_assert_int_lt(status, 0);
}

TEST(collective__after_the_end_of_a_call_fails_at_once) {
  struct ranks all;
  open_ranks(&all, 2, "threads=1", false);
  run_ranks(&all, go_on, NULL);
  close_ranks(&all);
}
