/* Grid search: every combination of the values in "name=value|value|… …" is cross-validated on the
 * same folds. The last name varies fastest. */
#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "selection/selection.h"

enum { MAX_COMBINATIONS = 100000 };

struct clf_search {
  clf_context *context;
  clf__arena arena; /* holds the arrays */
  clf_model *model; /* unfitted, without the grid's settings */
  bool regression;
  int64_t count;
  char **params;     /* [count] "name=value …" */
  double *mean;      /* [count] */
  double *deviation; /* [count] */
  int64_t best;
};

/* One name of the grid. */
typedef struct value_axis {
  char *name;
  char *values; /* one after another, each ends with a NUL */
  int64_t count;
} value_axis;

typedef struct value_grid {
  value_axis *axes;
  int64_t count;
  int64_t combinations;
} value_grid;

static void grid_free(value_grid *grid) {
  for (int64_t i = 0; i < grid->count; i++) {
    clf__free(grid->axes[i].name);
    clf__free(grid->axes[i].values);
  }
  clf__free(grid->axes);
}

static const char *value_at(const value_axis *axis, int64_t index) {
  const char *value = axis->values;
  for (; index > 0; index--) {
    value += strlen(value) + 1;
  }
  return value;
}

/* Divides "a|b|c" into its values. */
static void cut_values(value_axis *axis) {
  axis->count = 1;
  for (char *at = axis->values; *at != '\0'; at++) {
    if (*at == '|') {
      *at = '\0';
      axis->count++;
    }
  }
}

/* Adds an axis to the grid, which takes ownership of name and values on success. */
static clf_status add_axis(value_grid *grid, clf_context *context, char *name, char *values) {
  value_axis added = {name, values, 0};
  cut_values(&added);
  for (int64_t i = 0; i < grid->count; i++) {
    if (strcmp(grid->axes[i].name, name) == 0) {
      return clf__fail(CLF_ERROR_ARGUMENT,
                       "grid: '%s' occurs twice; separate its values by '|' instead", name);
    }
  }
  if (added.count > MAX_COMBINATIONS / grid->combinations) {
    return clf__fail(CLF_ERROR_ARGUMENT, "grid: more than %d combinations", MAX_COMBINATIONS);
  }
  value_axis *axes = clf__resize_array(context, grid->axes, grid->count + 1, sizeof *axes);
  if (axes == NULL) {
    return CLF_ERROR_MEMORY;
  }
  grid->axes = axes;
  grid->axes[grid->count++] = added;
  grid->combinations *= added.count;
  return CLF_OK;
}

static clf_status grid_parse(value_grid *out, clf_context *context, const char *text) {
  *out = (value_grid){NULL, 0, 1};
  for (;;) {
    char *name = NULL;
    char *values = NULL;
    clf_status status = clf__params_next(context, &text, &name, &values);
    if (status < 0 || name == NULL) {
      return status;
    }
    status = add_axis(out, context, name, values);
    if (status < 0) {
      clf__free(name);
      clf__free(values);
      return status;
    }
  }
}

/* The model must accept each value by itself; its message describes a refusal. */
static clf_status grid_check(const value_grid *grid, const clf_model *model) {
  clf_model *trial = NULL;
  clf_status status = clf_model_clone(&trial, model);
  for (int64_t i = 0; status == CLF_OK && i < grid->count; i++) {
    const value_axis *axis = &grid->axes[i];
    const char *value = axis->values;
    if (model->kind->unshared != NULL && strcmp(axis->name, model->kind->unshared) == 0) {
      status =
          clf__fail(CLF_ERROR_ARGUMENT,
                    "grid: '%s' is of one training alone; the folds would share it", axis->name);
    }
    for (int64_t k = 0; status == CLF_OK && k < axis->count; k++) {
      status = clf__setting_apply(trial, false, axis->name, value);
      value += strlen(value) + 1;
    }
  }
  clf_model_free(trial);
  return status;
}

/* Allocates combination `index` as "name=value …". */
static char *combination_text(const value_grid *grid, clf_context *context, int64_t index) {
  clf__text text = {.context = context};
  int64_t stride = grid->combinations;
  clf__text_append(&text, "%s", "");
  for (int64_t i = 0; i < grid->count; i++) {
    const value_axis *axis = &grid->axes[i];
    stride /= axis->count;
    const char *value = value_at(axis, index / stride % axis->count);
    clf__text_append(&text, "%s%s=", i > 0 ? " " : "", axis->name);
    if (strpbrk(value, " \t\r\n\"'") != NULL) {
      clf__params_quote(&text, value);
    } else {
      clf__text_append(&text, "%s", value);
    }
  }
  char *copy = text.failed ? NULL : clf__copy_bytes(context, text.bytes, text.length);
  clf__text_free(&text);
  return copy;
}

static clf_status add_combinations(clf_search *search, const value_grid *grid) {
  search->params = clf__arena_zeroed(&search->arena, grid->combinations, sizeof *search->params);
  search->mean = clf__arena_array(&search->arena, grid->combinations, sizeof *search->mean);
  search->deviation =
      clf__arena_array(&search->arena, grid->combinations, sizeof *search->deviation);
  CLF__CHECK(clf__arena_status(&search->arena));
  for (; search->count < grid->combinations; search->count++) {
    char *params = combination_text(grid, search->context, search->count);
    if (params == NULL) {
      return CLF_ERROR_MEMORY;
    }
    search->params[search->count] = params;
  }
  return CLF_OK;
}

/* Means and deviations of the scores, of which the first `used` of each combination count. */
static void summarize(clf_search *search, const double *scores, int64_t folds, int64_t used) {
  for (int64_t i = 0; i < search->count; i++) {
    const double *own = scores + i * folds;
    double sum = 0;
    double squares = 0;
    for (int64_t k = 0; k < used; k++) {
      sum += own[k];
    }
    double mean = sum / (double)used;
    for (int64_t k = 0; k < used; k++) {
      squares += (own[k] - mean) * (own[k] - mean);
    }
    search->mean[i] = mean;
    search->deviation[i] = sqrt(squares / (double)used);
    double best = search->mean[search->best];
    search->best = mean > best || isnan(best) ? i : search->best;
  }
}

/* Returns how many folds come first in which all combinations, or at least one, have a score. */
static int64_t scored_folds(const clf_search *search, const double *scores, int64_t folds,
                            bool by_all) {
  for (int64_t k = 0; k < folds; k++) {
    int64_t having = 0;
    for (int64_t i = 0; i < search->count; i++) {
      having += !isnan(scores[i * folds + k]);
    }
    if (having < (by_all ? search->count : 1)) {
      return k;
    }
  }
  return folds;
}

/* What a search that was stopped has: the folds on which all combinations were scored; before the
 * end of the first one, the combinations that were scored on it. */
static clf_status keep_scores(clf_search *search, const double *scores, int64_t folds,
                              clf__stop *stop, clf_status status) {
  const int64_t complete = scored_folds(search, scores, folds, true);
  const int64_t used = clf__max_i64(complete, 1);
  if (complete == 0 && scored_folds(search, scores, folds, false) == 0) {
    return status;
  }
  CLF__CHECK(clf__stop_keep(stop, status));
  summarize(search, scores, folds, used);
  int64_t counted = 0;
  for (int64_t i = 0; i < search->count; i++) {
    counted += !isnan(search->mean[i]);
  }
  clf__log(search->context, CLF_LOG_INFO,
           "grid_search: stopped, as the progress callback asked; %lld of %lld combinations have "
           "scores, on %lld of %lld folds",
           (long long)counted, (long long)search->count, (long long)used, (long long)folds);
  return CLF_OK;
}

static clf_status run_search(clf_search *search, const clf_dataset *data, int64_t folds,
                             uint64_t seed) {
  clf__stop stop;
  int64_t values;
  if (!clf__mul_i64(search->count, folds, &values)) {
    return clf__fail(CLF_ERROR_ARGUMENT, "grid: %lld combinations on %lld folds are too many",
                     (long long)search->count, (long long)folds);
  }
  double *scores = clf__alloc_array(search->context, values, sizeof *scores);
  if (scores == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const clf__variants variants = {search->model, (const char *const *)search->params,
                                  search->count};
  for (int64_t i = 0; i < values; i++) {
    scores[i] = NAN;
  }
  clf__stop_begin(&stop);
  clf_status status = clf__cross_validate("grid_search", &variants, data, folds, seed, scores);
  if (status == CLF_OK) {
    summarize(search, scores, folds, folds);
  } else {
    status = keep_scores(search, scores, folds, &stop, status);
  }
  clf__stop_end(&stop);
  clf__free(scores);
  return status;
}

clf_status clf_search_create(clf_search **out, const clf_model *model, const clf_dataset *data,
                             int64_t folds, uint64_t seed, const char *text) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(model);
  CLF__REQUIRE(data);
  CLF__ENTER(model->kind->base.name);
  if (text == NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT, "clf_search_create: grid must not be NULL");
  }
  clf_status status = CLF_OK;
  CLF__CHECK(clf__check_folds(data, folds));
  value_grid grid = {NULL, 0, 1};
  clf_search *search = clf__handle_create(model->context, sizeof *search);
  if (search == NULL) {
    return CLF_ERROR_MEMORY;
  }
  search->arena.context = search->context;
  CLF__TRY(grid_parse(&grid, search->context, text));
  CLF__TRY(grid_check(&grid, model));
  CLF__TRY(clf_model_clone(&search->model, model));
  search->regression = data->labels == NULL;
  CLF__TRY(add_combinations(search, &grid));
  CLF__TRY(run_search(search, data, folds, seed));
  *out = search;
  search = NULL;
done:
  grid_free(&grid);
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

int64_t clf_search_best(const clf_search *search) {
  return search != NULL ? search->best : -1;
}

clf_status clf_search_model(clf_model **out, const clf_search *search) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(search);
  CLF__ENTER("search");
  return clf__variant_make(out, search->model, search->regression, search->params[search->best]);
}
