/* Cross-validation and grid search against the loops that they stand for. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

enum { ROWS = 90, COLUMNS = 4, CLASSES = 3, FOLDS = 5, SEED = 11 };

/* Three overlapping clouds, so that scores differ between folds and settings. */
typedef struct clouds {
  float x[ROWS * COLUMNS];
  int32_t y[ROWS];
} clouds;

static void fill(clouds *to) {
  uint64_t state = 5;
  for (int i = 0; i < ROWS; i++) {
    to->y[i] = i % CLASSES;
    for (int j = 0; j < COLUMNS; j++) {
      to->x[i * COLUMNS + j] = (float)(random_normal(&state) + (j == to->y[i] ? 1.5 : 0));
    }
  }
}

/* A context, the clouds on it, and an unfitted ridge. */
static clouds points;
static clf_context *context;
static clf_dataset *data;
static clf_model *ridge;

static void open_on(const char *params) {
  fill(&points);
  ck_clf_ok(clf_context_create(&context, NULL, params));
  data = dataset_of(context, points.x, CLF_F32, ROWS, COLUMNS, points.y);
  ck_clf_ok(clf_model_create(&ridge, context, "ridge", "alpha=3"));
}

static void open_default(void) {
  open_on("threads=4");
}

static void close_all(void) {
  clf_model_free(ridge);
  clf_dataset_free(data);
  clf_context_free(context);
}

static void reopen_on(const char *params) {
  close_all();
  open_on(params);
}

/* Does by hand what cross-validation does: a fit and a score for each fold. */
static void score_by_loop(const clf_model *model, int64_t folds, double *scores) {
  for (int64_t k = 0; k < folds; k++) {
    clf_dataset *train = NULL;
    clf_dataset *test = NULL;
    clf_model *copy = NULL;
    ck_clf_ok(clf_dataset_fold(&train, &test, data, folds, k, SEED));
    ck_clf_ok(clf_model_clone(&copy, model));
    ck_clf_ok(clf_model_fit(copy, train, NULL, NULL));
    ck_clf_ok(clf_model_score(copy, test, &scores[k]));
    clf_model_free(copy);
    clf_dataset_free(train);
    clf_dataset_free(test);
  }
}

static void check_against_loop(const clf_model *model, int64_t folds) {
  double found[ROWS];
  double expected[ROWS];
  score_by_loop(model, folds, expected);
  ck_clf_ok(clf_cross_validate(model, data, folds, SEED, found));
  for (int64_t k = 0; k < folds; k++) {
    ck_assert_double_eq(found[k], expected[k]);
  }
}

TEST(cross_validate__equals_the_loop_on_any_threads) {
  const char *const threads[] = {"threads=1", "threads=2", "threads=4", "threads=16"};
  for (int i = 0; i < 4; i++) {
    reopen_on(threads[i]);
    for (int64_t k = 0; k < clf_kind_count("model"); k++) {
      clf_model *model = NULL;
      ck_clf_ok(clf_model_create(&model, context, clf_kind_name("model", k), NULL));
      check_against_loop(model, FOLDS);
      clf_model_free(model);
    }
  }
}

TEST(cross_validate__takes_two_folds_to_one_a_row) {
  check_against_loop(ridge, 2);
  check_against_loop(ridge, ROWS);
}

TEST(cross_validate__fits_the_pipeline_in_each_fold) {
  ck_clf_ok(clf_model_add_transform(ridge, "standardize", NULL));
  ck_clf_ok(clf_model_add_transform(ridge, "polynomial", "degree=2"));
  check_against_loop(ridge, FOLDS);
}

TEST(cross_validate__scores_a_regression) {
  double targets[ROWS];
  clf_tensor *tensor = NULL;
  for (int i = 0; i < ROWS; i++) {
    targets[i] = (double)points.x[i * COLUMNS] - 2 * (double)points.x[i * COLUMNS + 1];
  }
  ck_clf_ok(clf_tensor_wrap(&tensor, context, targets, CLF_F64, 1, (int64_t[]){ROWS}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, tensor));
  check_against_loop(ridge, FOLDS);
  clf_tensor_free(tensor);
}

TEST(cross_validate__leaves_the_model_as_it_is) {
  double scores[FOLDS];
  float before[ROWS * CLASSES];
  float after[ROWS * CLASSES];
  ck_clf_ok(clf_cross_validate(ridge, data, FOLDS, SEED, scores));
  ck_assert_int_eq(clf_model_features(ridge), -1);
  ck_clf_ok(clf_model_fit(ridge, data, NULL, NULL));
  ck_clf_ok(clf_model_decision_function(ridge, data, before, ROWS * CLASSES));
  ck_clf_ok(clf_cross_validate(ridge, data, FOLDS, SEED, scores));
  ck_clf_ok(clf_model_decision_function(ridge, data, after, ROWS * CLASSES));
  ck_assert_mem_eq(before, after, sizeof before);
}

TEST(cross_validate__refuses_folds_that_cannot_be) {
  const int64_t folds[] = {INT64_MIN, -1, 0, 1, ROWS + 1, INT64_MAX};
  double score = -1;
  for (int i = 0; i < 6; i++) {
    ck_clf_fails(clf_cross_validate(ridge, data, folds[i], SEED, &score), CLF_ERROR_ARGUMENT);
    ck_clf_says("2 to 90");
  }
  ck_clf_fails(clf_cross_validate(NULL, data, 2, SEED, &score), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_cross_validate(ridge, NULL, 2, SEED, &score), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_cross_validate(ridge, data, 2, SEED, NULL), CLF_ERROR_ARGUMENT);
  ck_assert_double_eq(score, -1);
}

TEST(cross_validate__tells_of_the_first_fold_that_failed) {
  double scores[ROWS];
  for (int i = 0; i < ROWS; i++) {
    scores[i] = -1;
  }
  points.x[7 * COLUMNS + 2] = NAN;
  for (int i = 0; i < 20; i++) {
    ck_clf_fails(clf_cross_validate(ridge, data, ROWS, SEED, scores), CLF_ERROR_DATA);
    ck_clf_says("fold 0: ");
    ck_clf_says("ridge");
  }
  for (int i = 0; i < ROWS; i++) {
    ck_assert_double_eq(scores[i], -1);
  }
}

static clf_search *search_for(const char *grid) {
  clf_search *search = NULL;
  ck_clf_ok(clf_search_create(&search, ridge, data, FOLDS, SEED, grid, NULL));
  return search;
}

TEST(search__tries_every_combination) {
  const char *const expected[] = {"alpha=0.1 fit_intercept=true", "alpha=0.1 fit_intercept=no",
                                  "alpha=10 fit_intercept=true",  "alpha=10 fit_intercept=no",
                                  "alpha=1e6 fit_intercept=true", "alpha=1e6 fit_intercept=no"};
  const char *const threads[] = {"threads=1", "threads=2", "threads=16"};
  for (int t = 0; t < 3; t++) {
    reopen_on(threads[t]);
    clf_search *search = search_for(" alpha=0.1|10|1e6\tfit_intercept=true|no ");
    ck_assert_int_eq(clf_search_count(search), 6);
    int64_t best = 0;
    for (int64_t i = 0; i < 6; i++) {
      clf_model *model = NULL;
      double scores[FOLDS];
      double mean = 0;
      double squares = 0;
      ck_assert_str_eq(clf_search_combination(search, i), expected[i]);
      ck_clf_ok(clf_model_create(&model, context, "ridge", expected[i]));
      score_by_loop(model, FOLDS, scores);
      clf_model_free(model);
      for (int k = 0; k < FOLDS; k++) {
        mean += scores[k] / FOLDS;
        squares += scores[k] * scores[k] / FOLDS;
      }
      ck_assert_double_eq_tol(clf_search_mean(search, i), mean, 1e-14);
      /* The difference of squares loses half of the digits. */
      ck_assert_double_eq_tol(clf_search_deviation(search, i), sqrt(fabs(squares - mean * mean)),
                              1e-7);
      best = clf_search_mean(search, i) > clf_search_mean(search, best) ? i : best;
    }
    ck_assert_int_eq(clf_search_best(search), best);
    clf_search_free(search);
  }
}

TEST(search__takes_the_first_of_equals) {
  clf_search *search = search_for("max_iterations=10|20|30");
  ck_assert_int_eq(clf_search_count(search), 3);
  ck_assert_double_eq(clf_search_mean(search, 0), clf_search_mean(search, 2));
  ck_assert_int_eq(clf_search_best(search), 0);
  clf_search_free(search);
}

TEST(search__makes_the_best_model) {
  clf_search *search = search_for("alpha=1e9|0.5 class_weight=\"none|balanced\"");
  clf_model *model = NULL;
  double alpha = 0;
  ck_clf_ok(clf_search_model(&model, search));
  ck_assert_int_ge(clf_search_best(search), 0);
  ck_clf_ok(clf_model_get_f64(model, "alpha", &alpha));
  ck_assert_double_eq(alpha, clf_search_best(search) < 2 ? 1e9 : 0.5);
  ck_assert_int_eq(clf_model_features(model), -1);
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  clf_model_free(model);
  clf_search_free(search);
}

TEST(search__of_nothing_is_cross_validation) {
  clf_search *search = search_for("");
  double scores[FOLDS];
  double mean = 0;
  ck_clf_ok(clf_cross_validate(ridge, data, FOLDS, SEED, scores));
  for (int k = 0; k < FOLDS; k++) {
    mean += scores[k] / FOLDS;
  }
  ck_assert_int_eq(clf_search_count(search), 1);
  ck_assert_str_eq(clf_search_combination(search, 0), "");
  ck_assert_double_eq_tol(clf_search_mean(search, 0), mean, 1e-14);
  clf_search_free(search);
}

/* Fits that share kernel values and solutions find the same as separate fits. */
TEST(search__of_support_vector_machines_equals_the_loop) {
  const char *grids[] = {"C=0.1|1|10|0.5", "kernel=linear|rbf C=1|10", "C=1|10 gamma=0.1|1",
                         "multiclass=one_vs_one|one_vs_rest C=1|5"};
  for (int g = 0; g < 4; g++) {
    clf_model *svm = NULL;
    clf_search *search = NULL;
    ck_clf_ok(clf_model_create(&svm, context, "svm", "tolerance=1e-5"));
    ck_clf_ok(clf_search_create(&search, svm, data, FOLDS, SEED, grids[g], NULL));
    for (int64_t i = 0; i < clf_search_count(search); i++) {
      clf_model *one = NULL;
      double scores[FOLDS], mean = 0;
      char params[128];
      snprintf(params, sizeof params, "tolerance=1e-5 %s", clf_search_combination(search, i));
      ck_clf_ok(clf_model_create(&one, context, "svm", params));
      score_by_loop(one, FOLDS, scores);
      for (int k = 0; k < FOLDS; k++) {
        mean += scores[k] / FOLDS;
      }
      ck_assert_double_eq_tol(clf_search_mean(search, i), mean, 1e-9);
      clf_model_free(one);
    }
    clf_search_free(search);
    clf_model_free(svm);
  }
}

TEST(search__knows_nothing_beyond_its_end) {
  clf_search *search = search_for("alpha=1|2");
  const int64_t beyond[] = {-1, 2, INT64_MAX, INT64_MIN};
  for (int i = 0; i < 4; i++) {
    ck_assert_ptr_null(clf_search_combination(search, beyond[i]));
    ck_assert_double_nan(clf_search_mean(search, beyond[i]));
    ck_assert_double_nan(clf_search_deviation(search, beyond[i]));
  }
  clf_search_free(search);
  clf_model *model = NULL;
  ck_assert_int_eq(clf_search_count(NULL), -1);
  ck_assert_int_eq(clf_search_best(NULL), -1);
  ck_assert_ptr_null(clf_search_combination(NULL, 0));
  ck_assert_double_nan(clf_search_mean(NULL, 0));
  ck_assert_double_nan(clf_search_deviation(NULL, 0));
  ck_clf_fails(clf_search_model(&model, NULL), CLF_ERROR_ARGUMENT);
  clf_search_free(NULL);
}

static void check_refused(const char *grid, const char *says) {
  clf_search *search = NULL;
  ck_clf_fails(clf_search_create(&search, ridge, data, FOLDS, SEED, grid, NULL),
               CLF_ERROR_ARGUMENT);
  ck_clf_says(says);
  ck_assert_ptr_null(search);
}

TEST(search__refuses_a_grid_that_the_model_would_not_take) {
  check_refused("alhpa=1|2", "ridge has no parameter 'alhpa'; did you mean 'alpha'?");
  check_refused("alpha=1|x", "ridge: alpha is 'x'");
  check_refused("alpha=1|-1", "ridge: alpha is -1");
  check_refused("alpha=1||2", "ridge: alpha is ''");
  check_refused("alpha=1|", "ridge: alpha is ''");
  check_refused("alpha", "name=value");
  check_refused("alpha=1|2 solver=cg alpha=3", "'alpha' occurs twice");
  check_refused("class_weight=\"none|balanced", "quote");
  check_refused(NULL, "grid");
}

TEST(search__refuses_more_combinations_than_it_can_try) {
  enum { VALUES = 400 };
  char ones[2 * VALUES]; /* 1|1|…|1 */
  char grid[4 * VALUES + 64];
  for (int i = 0; i < VALUES; i++) {
    memcpy(ones + 2 * i, "1|", 2);
  }
  ones[sizeof ones - 1] = '\0';
  snprintf(grid, sizeof grid, "alpha=%s tolerance=%s", ones, ones);
  check_refused(grid, "100000");
}

/* A kernel whose values exceed the range of float ends the search with a message. */
TEST(search__ends_at_kernels_beyond_float) {
  static const char *const kinds[][2] = {{"svm", "kernel=polynomial gamma=1e9 max_iterations=100"},
                                         {"fisher", "kernel=polynomial gamma=1e9"},
                                         {"perceptron", "kernel=polynomial gamma=1e9 epochs=2"}};
  for (int i = 0; i < 3; i++) {
    clf_model *model = NULL;
    clf_search *search = NULL;
    ck_clf_ok(clf_model_create(&model, context, kinds[i][0], kinds[i][1]));
    ck_clf_fails(clf_search_create(&search, model, data, FOLDS, SEED, "degree=1|2|40", NULL),
                 CLF_ERROR_NUMERIC);
    ck_clf_says("degree=40, fold 0: ");
    ck_clf_says("beyond the range of float");
    ck_assert_ptr_null(search);
    clf_model_free(model);
  }
}

TEST(search__tells_of_the_first_combination_that_failed) {
  for (int i = 0; i < 20; i++) {
    clf_search *search = NULL;
    ck_clf_fails(
        clf_search_create(&search, ridge, data, FOLDS, SEED, "class_weight=none|1,2|1,2,3,4", NULL),
        CLF_ERROR_ARGUMENT);
    ck_clf_says("class_weight=1,2, fold 0: ridge: class_weight has 2 numbers");
    ck_assert_ptr_null(search);
  }
}

/* Counts reports, and cancels at one. */
typedef struct reports {
  int64_t count;
  int64_t cancel_at;
  int64_t last_step;
  int64_t steps;
  char stage[32];
} reports;

static int32_t report(void *user, const clf_progress *progress) {
  reports *all = user;
  all->count++;
  all->last_step = progress->step;
  all->steps = progress->steps;
  snprintf(all->stage, sizeof all->stage, "%s", progress->stage);
  return all->count == all->cancel_at;
}

TEST(search__reports_its_steps) {
  reports all = {0};
  ck_clf_ok(clf_context_set_progress(context, report, &all));
  clf_search_free(search_for("alpha=1|2|3"));
  ck_assert_int_ge(all.count, 1);
  ck_assert_str_eq(all.stage, "search");
  ck_assert_int_eq(all.last_step, 3 * FOLDS);
  ck_assert_int_eq(all.steps, 3 * FOLDS);
}

TEST(cross_validate__is_cancelled) {
  const char *const threads[] = {"threads=1", "threads=2", "threads=16"};
  for (int i = 0; i < 3; i++) {
    reports all = {.cancel_at = 1};
    double scores[FOLDS] = {-1, -1, -1, -1, -1};
    reopen_on(threads[i]);
    ck_clf_ok(clf_context_set_progress(context, report, &all));
    ck_clf_fails(clf_cross_validate(ridge, data, FOLDS, SEED, scores), CLF_ERROR_CANCELLED);
    ck_clf_says("cancelled");
    ck_assert_double_eq(scores[0], -1);
    ck_assert_int_eq(all.count, 1);
    ck_clf_ok(clf_cross_validate(ridge, data, FOLDS, SEED, scores));
  }
}

TEST(search__gives_all_memory_back) {
  double scores[FOLDS];
  uint64_t before = clf_context_memory(context);
  clf_search_free(search_for("alpha=1|2 solver=cg|cholesky"));
  ck_clf_ok(clf_cross_validate(ridge, data, FOLDS, SEED, scores));
  check_refused("alpha=1|2 solver=gc", "cg");
  uint64_t team = 64 * 1024; /* the pool's threads, once started, stay */
  ck_assert_uint_le(clf_context_memory(context), before + team);
  before = clf_context_memory(context);
  clf_search_free(search_for("alpha=1|2 solver=cg|cholesky"));
  ck_clf_ok(clf_cross_validate(ridge, data, FOLDS, SEED, scores));
  ck_assert_uint_eq(clf_context_memory(context), before);
}

SUITE("selection", .setup = open_default, .teardown = close_all)
