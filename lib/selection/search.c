/* Searches among parameter values: the combinations of a grid, or some drawn from it, and what
 * their cross-validation found. */
#include "selection/search.h"

#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/context.h"
#include "base/math.h"
#include "base/text.h"
#include "comm/comm.h"
#include "selection/grid.h"

#define CLF__VALUES clf__search_params
static const clf__param params[] = {
    CLF__CHOICE(method, "grid|random|halving", "grid",
                "all combinations; some drawn at random; or rounds that keep the best"),
    CLF__INT_OR(trials, "auto", "auto", 1, CLF__MAX_COMBINATIONS,
                "combinations to draw; auto: 60, or with halving all of a grid without ranges"),
    CLF__REAL(factor, "3", CLF__ABOVE(1), 1000,
              "of halving: by which the rows grow, and the combinations fall, from round to round"),
    CLF__INT_OR(min_rows, "auto", "auto", 1, 1e15,
                "of halving: minimum in the first round; auto: 2 for each fold and class"),
    CLF__REAL(time_limit, "0", 0, 1e9,
              "seconds after which the search ends with what it has; 0: no limit"),
    CLF__BOOL(refit, "false", "whether the best combination is then fitted to all rows"),
};

const clf__kind clf__search_kind = CLF__KIND(
    "search", "cross-validation of combinations of parameters", params, clf__search_params);

enum { DEFAULT_TRIALS = 60, MAX_ATTEMPTS = 20 }; /* attempts a trial to draw a new combination */

static clf_status make_arrays(clf_search *search, int64_t count) {
  search->params = clf__arena_zeroed(&search->arena, count, sizeof *search->params);
  search->scores = clf__arena_matrix(&search->arena, count, search->folds, sizeof(double));
  search->mean = clf__arena_array(&search->arena, count, sizeof *search->mean);
  search->deviation = clf__arena_array(&search->arena, count, sizeof *search->deviation);
  search->rows = clf__arena_zeroed(&search->arena, count, sizeof *search->rows);
  CLF__CHECK(clf__arena_status(&search->arena));
  for (int64_t i = 0; i < count; i++) {
    search->mean[i] = search->deviation[i] = NAN;
  }
  for (int64_t i = 0; i < count * search->folds; i++) {
    search->scores[i] = NAN;
  }
  return CLF_OK;
}

static clf_status add(clf_search *search, char *combination) {
  if (combination == NULL) {
    return CLF_ERROR_MEMORY;
  }
  search->params[search->count++] = combination;
  return CLF_OK;
}

static clf_status add_all(clf_search *search, const clf__grid *grid) {
  CLF__CHECK(make_arrays(search, grid->combinations));
  for (int64_t i = 0; i < grid->combinations; i++) {
    CLF__CHECK(add(search, clf__grid_combination(grid, search->context, i)));
  }
  return CLF_OK;
}

/* Draws different combinations of a grid that has more of them. */
static clf_status add_some(clf_search *search, const clf__grid *grid, int64_t trials,
                           clf__random *random) {
  int64_t *order = clf__alloc_array(search->context, grid->combinations, sizeof *order);
  clf_status status = order == NULL ? CLF_ERROR_MEMORY : make_arrays(search, trials);
  for (int64_t i = 0; order != NULL && i < grid->combinations; i++) {
    order[i] = i;
  }
  if (status == CLF_OK) {
    clf__random_shuffle(random, order, grid->combinations);
  }
  for (int64_t i = 0; status == CLF_OK && i < trials; i++) {
    status = add(search, clf__grid_combination(grid, search->context, order[i]));
  }
  clf__free(order);
  return status;
}

static bool is_new(const clf_search *search, const char *combination) {
  for (int64_t i = 0; i < search->count; i++) {
    if (strcmp(search->params[i], combination) == 0) {
      return false;
    }
  }
  return true;
}

/* Draws from ranges. A combination that was drawn before is drawn again, some times. */
static clf_status add_drawn(clf_search *search, const clf__grid *grid, int64_t trials,
                            clf__random *random) {
  CLF__CHECK(make_arrays(search, trials));
  for (int64_t left = trials * MAX_ATTEMPTS; left > 0 && search->count < trials; left--) {
    char *combination = clf__grid_draw(grid, search->context, random);
    if (combination != NULL && !is_new(search, combination)) {
      clf__free(combination);
      continue;
    }
    CLF__CHECK(add(search, combination));
  }
  if (search->count < trials) {
    clf__log(search->context, CLF_LOG_WARNING,
             "search: %lld different combinations were found instead of trials=%lld",
             (long long)search->count, (long long)trials);
  }
  return CLF_OK;
}

static clf_status add_combinations(clf_search *search, const clf__grid *grid,
                                   const clf__search_params *own, uint64_t seed) {
  const bool endless = grid->combinations == CLF__ENDLESS, drawn = own->trials.word < 0;
  const int64_t trials = drawn ? (int64_t)own->trials.value : DEFAULT_TRIALS;
  clf__random random = clf__random_seed(seed, 1);
  if (own->method == CLF__SEARCH_GRID && endless) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "grid: a range, or more than %d combinations; method=random or halving draws "
                     "some of them",
                     CLF__MAX_COMBINATIONS);
  }
  if (own->method == CLF__SEARCH_GRID && drawn) {
    return clf__fail(
        CLF_ERROR_ARGUMENT,
        "search: trials is for method=random and halving; a grid has all combinations");
  }
  if (endless) {
    return add_drawn(search, grid, trials, &random);
  }
  const bool all = own->method != CLF__SEARCH_RANDOM && !drawn;
  return all || trials >= grid->combinations ? add_all(search, grid)
                                             : add_some(search, grid, trials, &random);
}

/* Fits the best combination to all rows, which each rank has and fits by itself. The time limit is
 * for the search alone. */
static clf_status refit(clf_search *search, const clf_dataset *data) {
  CLF__CHECK(clf__variant_make(&search->best_fit, search->model, search->regression,
                               search->params[search->best]));
  clf__comm_alone(search->context, true);
  const clf_status status = clf_model_fit(search->best_fit, data, NULL, NULL);
  clf__comm_alone(search->context, false);
  return status < 0 ? clf__fail_within(status, "%s", search->params[search->best]) : CLF_OK;
}

/* What the ranks must have in common; a time limit would end their searches at different times. */
static clf_status agree(const clf_search *search, const clf_model *model, const clf_dataset *data,
                        uint64_t seed, const char *grid, const clf__search_params *own) {
  uint64_t hash = seed;
  if (clf__comm_ranks(search->context) == 1) {
    return CLF_OK;
  }
  CLF__CHECK(own->time_limit > 0 ? clf__comm_refuse(search->context, "a search with a time_limit")
                                 : CLF_OK);
  CLF__CHECK(clf__comm_hash_kind(&hash, search->context, &clf__search_kind, own));
  return clf__selection_agree(model, data, search->folds, hash, grid);
}

clf_status clf_search_create(clf_search **out, const clf_model *model, const clf_dataset *data,
                             int64_t folds, uint64_t seed, const char *grid, const char *text) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  clf_status status = CLF_OK;
  clf__comm_call together;
  clf__grid values = {NULL, 0, 1};
  void *own = NULL;
  clf_search *search = NULL;
  CLF__TRY(clf__comm_begin(&together, model->context));
  CLF__TRY(CLF__REQUIRED(out));
  CLF__TRY(CLF__REQUIRED(data));
  CLF__TRY(CLF__REQUIRED(grid));
  search = clf__handle_create(model->context, sizeof *search);
  CLF__TRY(search != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  search->arena.context = search->context;
  search->folds = folds;
  search->regression = data->labels == NULL;
  CLF__TRY(clf__check_folds(data, folds));
  CLF__TRY(clf__params_create(&own, search->context, &clf__search_kind.params, text));
  CLF__TRY(agree(search, model, data, seed, grid, own));
  CLF__TRY(clf__grid_parse(&values, model, grid));
  CLF__TRY(clf_model_clone(&search->model, model));
  CLF__TRY(add_combinations(search, &values, own, seed));
  CLF__TRY(clf__search_run(search, own, data, seed));
  CLF__TRY(((const clf__search_params *)own)->refit ? refit(search, data) : CLF_OK);
done:
  status = clf__comm_end(&together, status);
  if (status == CLF_OK) {
    *out = search;
    search = NULL;
  }
  clf__grid_free(&values);
  clf__params_free(&clf__search_kind.params, own);
  clf_search_free(search);
  return status;
}

void clf_search_free(clf_search *search) {
  if (search == NULL) {
    return;
  }
  for (int64_t i = 0; i < search->count; i++) {
    clf__free(search->params[i]);
  }
  clf__arena_free(&search->arena);
  clf_model_free(search->model);
  clf_model_free(search->best_fit);
  clf__handle_free(search);
}

static bool has(const clf_search *search, int64_t index) {
  return search != NULL && index >= 0 && index < search->count;
}

int64_t clf_search_count(const clf_search *search) {
  return search != NULL ? search->count : -1;
}

const char *clf_search_combination(const clf_search *search, int64_t index) {
  return has(search, index) ? search->params[index] : NULL;
}

double clf_search_mean(const clf_search *search, int64_t index) {
  return has(search, index) ? search->mean[index] : NAN;
}

double clf_search_deviation(const clf_search *search, int64_t index) {
  return has(search, index) ? search->deviation[index] : NAN;
}

double clf_search_score(const clf_search *search, int64_t index, int64_t fold) {
  return has(search, index) && fold >= 0 && fold < search->folds
             ? search->scores[index * search->folds + fold]
             : NAN;
}

int64_t clf_search_rows(const clf_search *search, int64_t index) {
  return has(search, index) ? search->rows[index] : -1;
}

int64_t clf_search_best(const clf_search *search) {
  return search != NULL ? search->best : -1;
}

clf_status clf_search_model(clf_model **out, const clf_search *search) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(search);
  CLF__ENTER("search");
  return search->best_fit != NULL ? clf__model_copy(out, search->best_fit)
                                  : clf__variant_make(out, search->model, search->regression,
                                                      search->params[search->best]);
}
