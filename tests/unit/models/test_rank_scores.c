/* Scores and measures of the rows of several ranks have the bits of one process. */
#include <math.h>

#include "rank_rows.h"

SUITE("rank_scores")

typedef struct scoring {
  const fit_case *what;
  bool weighted;
  double score[MAX_RANKS];
} scoring;

static void score_rank(struct rank *rank) {
  scoring *s = rank->user;
  clf_model *model = NULL;
  int64_t first, count;
  ck_clf_ok(clf_shard_range(rank->context, ROWS, rank->index, rank->all->count, &first, &count));
  clf_dataset *data = rows_of(rank->context, s->what, F32, s->weighted, first, count);
  ck_clf_ok(clf_model_create(&model, rank->context, s->what->model, s->what->params));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_score(model, data, &s->score[rank->index]));
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(score__is_that_of_the_rows_of_all_ranks) {
  const fit_case cases[] = {{.model = "ridge", .params = "alpha=100"},
                            {.model = "ridge", .regression = true}};
  fill_rows();
  for (int which = 0; which < 4; which++) {
    scoring s = {.what = &cases[which / 2], .weighted = which % 2 == 1};
    double one = 0;
    for (int n = 0; n < RANK_COUNTS; n++) {
      struct ranks all;
      open_ranks(&all, rank_counts[n], "threads=1", n == 2);
      run_ranks(&all, score_rank, &s);
      close_ranks(&all);
      one = n == 0 ? s.score[0] : one;
      for (int32_t rank = 0; rank < rank_counts[n]; rank++) {
        ck_assert(s.score[rank] == one);
      }
    }
    ck_assert(one > 0.01 && one < 1);
    if (!s.weighted) { /* and without ranks, but for the last bits */
      struct ranks alone = {.count = 1, .rank = {{.all = &alone, .user = &s}}};
      ck_clf_ok(clf_context_create(&alone.rank[0].context, NULL, NULL));
      score_rank(&alone.rank[0]);
      ck_assert_double_eq_tol(s.score[0], one, 1e-12);
      clf_context_free(alone.rank[0].context);
    }
  }
}

typedef struct gathering {
  int64_t rows; /* of all ranks */
  bool other;   /* the last rank has another type */
  clf_status status[MAX_RANKS];
} gathering;

/* Rank r has 2 r rows of 3 numbers, so that the first has none. */
static void gather_rank(struct rank *rank) {
  gathering *g = rank->user;
  const int64_t own = (int64_t)2 * rank->index, before = (int64_t)rank->index * (rank->index - 1);
  const bool other = g->other && rank->index == rank->all->count - 1;
  const int64_t shape[] = {own, 3};
  clf_tensor *mine = NULL, *all = NULL;
  ck_clf_ok(clf_tensor_create(&mine, rank->context, other ? CLF_I64 : CLF_F64, 2, shape));
  for (int64_t i = 0; i < 3 * own && !other; i++) {
    ((double *)clf_tensor_data(mine))[i] = (double)(3 * before + i);
  }
  g->status[rank->index] = clf_gather_rows(&all, rank->context, mine);
  if (g->status[rank->index] == CLF_OK) {
    ck_assert_int_eq(clf_tensor_extent(all, 0), g->rows);
    ck_assert_int_eq(clf_tensor_extent(all, 1), 3);
    for (int64_t i = 0; i < 3 * g->rows; i++) {
      ck_assert(((double *)clf_tensor_data(all))[i] == (double)i);
    }
  } else {
    ck_assert_ptr_null(all);
    ck_assert_ptr_nonnull(strstr(clf_last_error(), "different types, scales or extents"));
  }
  clf_tensor_free(all);
  clf_tensor_free(mine);
}

TEST(gathered_rows__are_those_of_all_ranks_in_their_order) {
  for (int n = 1; n < RANK_COUNTS; n++) {
    const int32_t count = rank_counts[n];
    gathering g = {.rows = (int64_t)count * (count - 1)}, odd = {.rows = g.rows, .other = true};
    struct ranks all;
    open_ranks(&all, count, "threads=1", n == 2);
    run_ranks(&all, gather_rank, &g);
    run_ranks(&all, gather_rank, &odd);
    for (int32_t rank = 0; rank < count; rank++) {
      ck_assert_int_eq(g.status[rank], CLF_OK);
      ck_assert_int_eq(odd.status[rank], CLF_ERROR_PEER);
    }
    close_ranks(&all);
  }
}

TEST(gathered_rows__without_a_communicator_are_a_copy) {
  const int32_t values[] = {3, 1, 2};
  const int64_t shape[] = {3}, fewer[] = {2}, step[] = {2};
  clf_tensor *wrapped = NULL, *all = NULL, *stepped = NULL;
  ck_clf_ok(clf_tensor_wrap(&wrapped, NULL, values, CLF_I32, 1, shape, NULL));
  ck_clf_ok(clf_gather_rows(&all, NULL, wrapped));
  ck_assert_mem_eq(clf_tensor_data(all), values, sizeof values);
  clf_tensor_free(all);
  ck_clf_ok(clf_tensor_wrap(&stepped, NULL, values, CLF_I32, 1, fewer, step));
  ck_clf_fails(clf_gather_rows(&all, NULL, stepped), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_gather_rows(NULL, NULL, wrapped), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_gather_rows(&all, NULL, NULL), CLF_ERROR_ARGUMENT);
  clf_tensor_free(stepped);
  clf_tensor_free(wrapped);
}
