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
  clf_dataset *data =
      count > 0 ? rows_of(rank->context, s->what, F32, s->weighted, first, count) : NULL;
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
      open_ranks(&all, rank_counts[n], "threads=1 shards=6", n == 2); /* one of 7 has no rows */
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

typedef struct teaching {
  bool fails; /* rank 1 */
  clf_status status[MAX_RANKS];
  double priors[MAX_RANKS][CLASSES];
  size_t size[MAX_RANKS];
  char bytes[MAX_RANKS][20000];
} teaching;

static void save_taught(teaching *t, const clf_model *model, int32_t at) {
  ck_clf_ok(clf_model_save_memory(model, t->bytes[at], sizeof t->bytes[at], &t->size[at]));
}

/* What held-out rows teach, where one rank may have none of them. */
static void teach_rank(struct rank *rank) {
  static const double other[CLASSES] = {0.5, 0.25, 0.25};
  teaching *t = rank->user;
  const int32_t at = rank->index;
  const fit_case plain = {.regression = false};
  clf_model *model = NULL;
  int64_t first, count;
  ck_clf_ok(clf_shard_range(rank->context, ROWS, at, rank->all->count, &first, &count));
  clf_dataset *data = count > 0 ? rows_of(rank->context, &plain, U8, true, first, count) : NULL;
  ck_clf_ok(clf_model_create(&model, rank->context, "logistic", "tolerance=0.01"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_calibrate(model, data, "method=temperature"));
  ck_clf_ok(clf_model_conform(model, data, "method=aps"));
  ck_clf_ok(clf_model_set_reject(model, data, "rate=0.1"));
  ck_clf_ok(clf_model_estimate_priors(model, data, t->priors[at], CLASSES));
  ck_clf_ok(clf_model_tune_threshold(model, data, NULL));
  save_taught(t, model, at);
  if (t->fails) {
    const size_t size = t->size[at];
    char *before = malloc(size);
    memcpy(before, t->bytes[at], size);
    t->status[at] = clf_model_calibrate(model, data, at == 1 ? "method=isotonic" : NULL);
    ck_assert_int_eq(t->status[at], CLF_ERROR_PEER);
    t->status[at] = clf_model_conform(model, at == 1 ? NULL : data, at == 1 ? "method=no" : NULL);
    save_taught(t, model, at);
    ck_assert_uint_eq(t->size[at], size);
    ck_assert_mem_eq(t->bytes[at], before, size);
    free(before);
    if (at == 1) { /* has another model */
      ck_clf_ok(clf_model_set_priors(model, other, NULL));
    }
    t->status[at] = clf_model_calibrate(model, data, NULL);
    ck_assert_int_eq(t->status[at], CLF_ERROR_PEER);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(held_out_rows__of_ranks_teach_what_those_of_one_process_do) {
  static teaching one, t;
  fill_rows();
  for (int n = 0; n < RANK_COUNTS; n++) {
    struct ranks all;
    t = (teaching){.fails = rank_counts[n] > 1};
    open_ranks(&all, rank_counts[n], "threads=1 shards=6", n == 2); /* one of 7 has none */
    run_ranks(&all, teach_rank, &t);
    close_ranks(&all);
    one = n == 0 ? t : one;
    for (int32_t rank = 0; rank < rank_counts[n]; rank++) {
      ck_assert_uint_eq(t.size[rank], one.size[0]);
      ck_assert_mem_eq(t.bytes[rank], one.bytes[0], one.size[0]);
      ck_assert_mem_eq(t.priors[rank], one.priors[0], sizeof one.priors[0]);
      ck_assert(!t.fails || t.status[rank] < 0);
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

/* What cross-validation and a search find. */
enum { FOLDS = 5, MAX_COMBINATIONS = 12 };

typedef struct selecting {
  const char *model, *transform, *grid, *params;
  int64_t count; /* of combinations */
  int32_t odd;   /* the rank that has another row, or -1 */
  clf_status status[MAX_RANKS];
  double scores[MAX_RANKS][FOLDS], means[MAX_RANKS][MAX_COMBINATIONS];
  int64_t best[MAX_RANKS];
  size_t size[MAX_RANKS]; /* of the best model */
  char bytes[MAX_RANKS][20000];
} selecting;

static void search_rank(struct rank *rank, selecting *s, const clf_model *model,
                        const clf_dataset *data) {
  clf_search *search = NULL;
  clf_model *best = NULL;
  const int32_t at = rank->index;
  ck_clf_ok(clf_search_create(&search, model, data, FOLDS, 3, s->grid, s->params));
  ck_assert_int_eq(clf_search_count(search), s->count);
  for (int64_t i = 0; i < s->count; i++) {
    s->means[at][i] = clf_search_mean(search, i);
  }
  s->best[at] = clf_search_best(search);
  ck_clf_ok(clf_search_model(&best, search));
  ck_clf_ok(clf_model_save_memory(best, s->bytes[at], sizeof s->bytes[at], &s->size[at]));
  clf_model_free(best);
  clf_search_free(search);
}

static void select_rank(struct rank *rank) {
  selecting *s = rank->user;
  const int32_t at = rank->index;
  const bool odd = at == s->odd;
  const fit_case plain = {.regression = false};
  clf_model *model = NULL;
  clf_dataset *data = rows_of(rank->context, &plain, F32, odd, 0, ROWS);
  ck_clf_ok(clf_model_create(&model, rank->context, s->model, NULL));
  if (s->transform != NULL) {
    ck_clf_ok(clf_model_add_transform(model, s->transform, NULL));
  }
  s->status[at] = clf_cross_validate(model, data, FOLDS, 7, s->scores[at]);
  if (s->odd >= 0) {
    ck_assert_ptr_nonnull(strstr(clf_last_error(), "differ in 'rows of a cross-validation'"));
  } else {
    search_rank(rank, s, model, data);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Pipelines, fits that share what they found, and more combinations than ranks. */
TEST(searches__are_divided_among_ranks_that_have_the_same_rows) {
  static const selecting cases[] = {
      {.model = "ridge",
       .transform = "standardize",
       .grid = "alpha=0.1|10|1e4",
       .params = "refit=true",
       .count = 3},
      {.model = "svm", .grid = "C=0.1|1|10 kernel=rbf", .params = "refit=true", .count = 3},
      {.model = "fisher",
       .grid = "shrinkage=0|0.1|0.5|0.9",
       .params = "method=halving refit=true min_rows=30 factor=2",
       .count = 4}};
  static selecting one, s;
  fill_rows();
  for (size_t which = 0; which < sizeof cases / sizeof *cases; which++) {
    for (int n = 0; n < RANK_COUNTS; n++) {
      struct ranks all;
      s = cases[which];
      s.odd = -1;
      open_ranks(&all, rank_counts[n], n % 2 == 0 ? "threads=1" : "threads=3", n == 2);
      run_ranks(&all, select_rank, &s);
      close_ranks(&all);
      one = n == 0 ? s : one;
      for (int32_t rank = 0; rank < rank_counts[n]; rank++) {
        ck_assert_int_eq(s.status[rank], CLF_OK);
        ck_assert_mem_eq(s.scores[rank], one.scores[0], sizeof one.scores[0]);
        ck_assert_mem_eq(s.means[rank], one.means[0], sizeof one.means[0]);
        ck_assert_int_eq(s.best[rank], one.best[0]);
        ck_assert_uint_eq(s.size[rank], one.size[0]);
        ck_assert_mem_eq(s.bytes[rank], one.bytes[0], one.size[0]);
      }
    }
  }
}

TEST(searches__of_ranks_with_other_rows_are_refused) {
  static selecting s = {.model = "ridge", .odd = 1};
  struct ranks all;
  fill_rows();
  open_ranks(&all, 3, "threads=1", false);
  run_ranks(&all, select_rank, &s);
  for (int32_t rank = 0; rank < 3; rank++) {
    ck_assert_int_eq(s.status[rank], CLF_ERROR_PEER);
  }
  close_ranks(&all);
}

/* A vocabulary of all documents, of which each rank has some. */
typedef struct counting {
  const char *params;
  size_t size[MAX_RANKS];
  char bytes[MAX_RANKS][8000];
} counting;

static void count_words(struct rank *rank) {
  static const char *const texts[] = {
      "the cat sat", "the dog ran",   "a cat and a dog", "dogs sat and sat",
      "the end",     "zebra, zebra!", "the cat ran",     "and the end is near"};
  enum { TEXTS = sizeof texts / sizeof *texts };
  counting *c = rank->user;
  const int64_t ranks = rank->all->count, at = rank->index;
  const int64_t first = TEXTS * at / ranks, count = TEXTS * (at + 1) / ranks - first;
  clf_documents *documents = NULL;
  clf_vocabulary *vocabulary = NULL;
  ck_clf_ok(clf_documents_create(&documents, rank->context, texts + first, NULL, count));
  ck_clf_ok(clf_vocabulary_create(&vocabulary, rank->context, c->params));
  ck_clf_ok(clf_vocabulary_build(vocabulary, documents));
  ck_clf_ok(
      clf_vocabulary_save_memory(vocabulary, c->bytes[at], sizeof c->bytes[at], &c->size[at]));
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

TEST(vocabulary__of_ranks_is_that_of_all_documents) {
  static const char *const params[] = {"encoding=tf_idf", "ngrams=1,2,3 min_count=2",
                                       "ngrams=2 max_words=7"};
  static counting one, c;
  for (int which = 0; which < 3; which++) {
    for (int n = 0; n < RANK_COUNTS; n++) {
      struct ranks all;
      c = (counting){.params = params[which]};
      open_ranks(&all, rank_counts[n], n % 2 == 0 ? "threads=1" : "threads=2", n == 2);
      run_ranks(&all, count_words, &c);
      close_ranks(&all);
      one = n == 0 ? c : one;
      for (int32_t rank = 0; rank < rank_counts[n]; rank++) {
        ck_assert_uint_eq(c.size[rank], one.size[0]);
        ck_assert_mem_eq(c.bytes[rank], one.bytes[0], one.size[0]);
      }
    }
  }
}
