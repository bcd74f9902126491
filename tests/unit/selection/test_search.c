/* Random and halving searches against loops over their own combinations; time limits; refits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { ROWS = 120, COLUMNS = 4, CLASSES = 3, FOLDS = 3, SEED = 11 };

static float x[ROWS * COLUMNS];
static int32_t y[ROWS];
static clf_context *context;
static clf_dataset *data;
static clf_model *ridge;

static void open_on(const char *params) {
  uint64_t state = 5;
  for (int i = 0; i < ROWS; i++) {
    y[i] = i % CLASSES;
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)(random_normal(&state) + (j == y[i] ? 1.5 : 0));
    }
  }
  ck_clf_ok(clf_context_create(&context, NULL, params));
  data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
  ck_clf_ok(clf_model_create(&ridge, context, "ridge", NULL));
}

static void open_default(void) {
  open_on("threads=2");
}

static void close_all(void) {
  clf_model_free(ridge);
  clf_dataset_free(data);
  clf_context_free(context);
}

static clf_search *search_for(const char *grid, const char *params) {
  clf_search *search = NULL;
  ck_clf_ok(clf_search_create(&search, ridge, data, FOLDS, SEED, grid, params));
  return search;
}

static void check_refused(const char *grid, const char *params, const char *says) {
  clf_search *search = NULL;
  ck_clf_fails(clf_search_create(&search, ridge, data, FOLDS, SEED, grid, params),
               CLF_ERROR_ARGUMENT);
  ck_clf_says(says);
  ck_assert_ptr_null(search);
}

static double mean_by_loop(const clf_dataset *rows, const char *params, uint64_t seed) {
  clf_model *model = NULL;
  double scores[FOLDS], sum = 0;
  ck_clf_ok(clf_model_create(&model, context, "ridge", params));
  ck_clf_ok(clf_cross_validate(model, rows, FOLDS, seed, scores));
  for (int k = 0; k < FOLDS; k++) {
    sum += scores[k];
  }
  clf_model_free(model);
  return sum / FOLDS;
}

TEST(random__draws_different_combinations_of_lists) {
  clf_search *search =
      search_for("alpha=1|2|3|4|5 fit_intercept=true|false", "method=random trials=7");
  clf_search *again =
      search_for("alpha=1|2|3|4|5 fit_intercept=true|false", "method=random trials=7");
  ck_assert_int_eq(clf_search_count(search), 7);
  for (int64_t i = 0; i < 7; i++) {
    const char *mine = clf_search_combination(search, i);
    ck_assert_str_eq(mine, clf_search_combination(again, i));
    ck_assert_double_eq_tol(clf_search_mean(search, i), mean_by_loop(data, mine, SEED), 1e-14);
    ck_assert_int_eq(clf_search_rows(search, i), ROWS);
    for (int64_t j = 0; j < i; j++) {
      ck_assert_str_ne(mine, clf_search_combination(search, j));
    }
  }
  clf_search_free(again);
  clf_search_free(search);
}

TEST(random__with_enough_trials_is_the_grid) {
  clf_search *search = search_for("alpha=1|2|3", "method=random trials=60");
  ck_assert_int_eq(clf_search_count(search), 3);
  ck_assert_str_eq(clf_search_combination(search, 2), "alpha=3");
  clf_search_free(search);
}

/* Of values that are uniform in the logarithm of 1e-4 … 1e4, half lie below 1, and a quarter below
 * 0.01; 5 standard deviations of a share of 1000 draws are 0.08. */
TEST(random__draws_the_logarithm_uniformly) {
  enum { TRIALS = 1000 };
  clf_search *search = search_for("alpha=log:1e-4..1e4", "method=random trials=1000");
  int below = 0, far_below = 0;
  ck_assert_int_eq(clf_search_count(search), TRIALS);
  for (int64_t i = 0; i < TRIALS; i++) {
    const double alpha = strtod(clf_search_combination(search, i) + strlen("alpha="), NULL);
    ck_assert(alpha >= 1e-4 && alpha <= 1e4);
    below += alpha < 1;
    far_below += alpha < 0.01;
  }
  ck_assert_double_eq_tol(below / (double)TRIALS, 0.5, 0.08);
  ck_assert_double_eq_tol(far_below / (double)TRIALS, 0.25, 0.07);
  clf_search_free(search);
}

/* There are 6 whole numbers, and each is drawn. */
TEST(random__draws_whole_numbers_with_both_ends) {
  clf_search *search = search_for("max_iterations=linear:5..10", "method=random trials=6");
  bool seen[11] = {false};
  ck_assert_int_eq(clf_search_count(search), 6);
  for (int64_t i = 0; i < 6; i++) {
    seen[atoi(clf_search_combination(search, i) + strlen("max_iterations="))] = true;
  }
  ck_assert(seen[5] && seen[6] && seen[7] && seen[8] && seen[9] && seen[10]);
  clf_search_free(search);
}

/* 9 combinations on a ninth of 120 rows, 3 on a third, 1 on all. */
TEST(halving__keeps_the_best_third_of_each_round) {
  const char *const grid = "alpha=1e-3|1e-2|1e-1|1|10|1e2|1e3|1e4|1e5";
  clf_search *search = search_for(grid, "method=halving min_rows=13");
  const int64_t left_before[] = {9, 3, 1}, rows[] = {13, 40, ROWS};
  bool in[9];
  memset(in, true, sizeof in);
  for (int round = 0; round < 3; round++) {
    clf_dataset *some = NULL, *rest = NULL;
    double mean[9];
    int64_t left = 0;
    if (round < 2) {
      const double share = (double)(int64_t)(ROWS * pow(3, round - 2)) / ROWS;
      ck_clf_ok(clf_dataset_split(&some, &rest, data, share, SEED + (uint64_t)round));
    }
    for (int i = 0; i < 9; i++) {
      if (in[i]) {
        mean[i] = mean_by_loop(some != NULL ? some : data, clf_search_combination(search, i),
                               SEED + (uint64_t)round);
        left++;
      }
    }
    ck_assert_int_eq(left, left_before[round]);
    bool kept[9] = {false};
    for (int i = 0; i < 9; i++) {
      int64_t better = 0;
      for (int j = 0; j < 9; j++) {
        better += in[i] && in[j] && (mean[j] > mean[i] || (mean[j] == mean[i] && j < i));
      }
      kept[i] = in[i] && better < left / 3;
      if (in[i] && (!kept[i] || round == 2)) { /* its last round */
        ck_assert_int_eq(clf_search_rows(search, i), rows[round]);
        ck_assert_double_eq_tol(clf_search_mean(search, i), mean[i], 1e-14);
      }
      if (in[i] && round == 2) {
        ck_assert_int_eq(clf_search_best(search), i);
      }
    }
    memcpy(in, kept, sizeof in);
    clf_dataset_free(some);
    clf_dataset_free(rest);
  }
  clf_search_free(search);
}

/* With min_rows=60 there are only two rounds, and the last one has two combinations. */
TEST(halving__begins_with_enough_rows) {
  clf_search *search = search_for("alpha=1|10|100|1000", "method=halving min_rows=60 factor=2");
  int64_t all = 0;
  for (int64_t i = 0; i < 4; i++) {
    all += clf_search_rows(search, i) == ROWS;
    ck_assert(clf_search_rows(search, i) == ROWS || clf_search_rows(search, i) == 60);
  }
  ck_assert_int_eq(all, 2);
  ck_assert_int_eq(clf_search_rows(search, clf_search_best(search)), ROWS);
  clf_search_free(search);
}

TEST(halving__has_the_same_results_on_any_threads) {
  double mean[27];
  for (int t = 0; t < 2; t++) {
    close_all();
    open_on(t == 0 ? "threads=1" : "threads=4");
    clf_search *search = search_for("alpha=log:0.01..1e5", "method=halving trials=27");
    for (int64_t i = 0; i < 27; i++) {
      const double now = clf_search_mean(search, i);
      ck_assert(t == 0 || now == mean[i]);
      mean[i] = now;
    }
    clf_search_free(search);
  }
}

TEST(search__gives_the_scores_of_folds) {
  clf_search *search = search_for("alpha=1|100", NULL);
  clf_model *model = NULL;
  double scores[FOLDS];
  ck_clf_ok(clf_model_create(&model, context, "ridge", "alpha=100"));
  ck_clf_ok(clf_cross_validate(model, data, FOLDS, SEED, scores));
  for (int64_t k = 0; k < FOLDS; k++) {
    ck_assert_double_eq(clf_search_score(search, 1, k), scores[k]);
  }
  ck_assert(isnan(clf_search_score(search, 2, 0)) && isnan(clf_search_score(search, 1, FOLDS)));
  ck_assert(isnan(clf_search_score(search, 1, -1)) && isnan(clf_search_score(NULL, 0, 0)));
  ck_assert_int_eq(clf_search_rows(search, 2), -1);
  clf_model_free(model);
  clf_search_free(search);
}

TEST(search__gives_its_results_as_a_dataset) {
  clf_search *search = search_for("alpha=1|100 class_weight='none|balanced|1,2,3'", NULL);
  clf_dataset *results = NULL;
  clf_tensor *cells = NULL;
  ck_clf_ok(clf_search_dataset(&results, search));
  ck_assert_int_eq(clf_dataset_rows(results), 6);
  ck_assert_int_eq(clf_dataset_features(results), 2 + 3 + FOLDS);
  ck_assert_str_eq(clf_dataset_column_name(results, 0), "alpha");
  ck_assert_str_eq(clf_dataset_column_name(results, 2), "mean");
  ck_assert_str_eq(clf_dataset_column_name(results, 5), "fold_1");
  ck_assert_int_eq(clf_dataset_category_count(results, 0), 0);
  ck_assert_int_eq(clf_dataset_category_count(results, 1), 3);
  ck_assert_str_eq(clf_dataset_category_name(results, 1, 2), "1,2,3");
  ck_clf_ok(clf_dataset_tensor(&cells, results, "x"));
  const double *row = (const double *)clf_tensor_data(cells) + 5 * (2 + 3 + FOLDS);
  ck_assert_double_eq(row[0], 100);
  ck_assert_double_eq(row[1], 2);
  ck_assert_double_eq(row[2], clf_search_mean(search, 5));
  ck_assert_double_eq(row[4], ROWS);
  ck_assert_double_eq(row[5 + 1], clf_search_score(search, 5, 1));
  clf_tensor_free(cells);
  clf_dataset_free(results);
  clf_search_free(search);
}

TEST(search__refits_the_best) {
  clf_search *search = search_for("alpha=1|1e6", "refit=true");
  clf_model *best = NULL, *by_hand = NULL;
  float found[ROWS * CLASSES], expected[ROWS * CLASSES];
  ck_clf_ok(clf_model_create(&by_hand, context, "ridge",
                             clf_search_combination(search, clf_search_best(search))));
  ck_clf_ok(clf_model_fit(by_hand, data, NULL, NULL));
  ck_clf_ok(clf_search_model(&best, search));
  clf_search_free(search);
  ck_clf_ok(clf_model_decision_function(best, data, found, ROWS * CLASSES));
  ck_clf_ok(clf_model_decision_function(by_hand, data, expected, ROWS * CLASSES));
  ck_assert_mem_eq(found, expected, sizeof found);
  clf_model_free(by_hand);
  clf_model_free(best);
}

/* The second combination never ends: the search has the first one's score. */
TEST(search__ends_by_its_time_limit) {
  const char *const threads[] = {"threads=1", "threads=2"};
  for (int i = 0; i < 2; i++) {
    close_all();
    open_on(threads[i]);
    clf_model *network = NULL;
    clf_search *search = NULL;
    ck_clf_ok(clf_model_create(&network, context, "network", "layers='dense units=3'"));
    ck_clf_ok(
        clf_search_create(&search, network, data, FOLDS, SEED, "epochs=1|1000000", "time_limit=1"));
    ck_assert_int_eq(clf_search_rows(search, 0), ROWS);
    ck_assert_int_eq(clf_search_rows(search, 1), 0);
    ck_assert(isnan(clf_search_mean(search, 1)));
    ck_assert_int_eq(clf_search_best(search), 0);
    clf_search_free(search);
    search = NULL;
    ck_clf_fails(
        clf_search_create(&search, network, data, FOLDS, SEED, "epochs=1000000", "time_limit=0.2"),
        CLF_ERROR_CANCELLED);
    ck_clf_says("time_limit of 0.2 s");
    clf_model_free(network);
  }
}

TEST(search__refuses_what_it_cannot_do) {
  check_refused("alpha=log:1..10", NULL, "method=random");
  check_refused("alpha=1|2", "trials=3", "trials");
  check_refused("alpha=log:0..10", "method=random", "above 0");
  check_refused("alpha=log:10..1", "method=random", "LOW below HIGH");
  check_refused("alpha=linear:1..", "method=random", "LOW..HIGH");
  check_refused("alpha=linear:-1..2", "method=random", "alpha");
  check_refused("fit_intercept=linear:0..1", "method=random", "takes no numbers");
  check_refused("max_iterations=linear:1.5..3", "method=random", "whole numbers");
  check_refused("alpha=1", "method=bayes", "grid");
  check_refused("alpha=1", "method=halving factor=1", "factor");
}

SUITE("search", .setup = open_default, .teardown = close_all)
