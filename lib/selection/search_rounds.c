/* The fits of a search. A grid and random draws are one round on all rows. Successive halving
 * (Jamieson and Talwalkar 2016) scores all combinations on few rows, keeps the best share
 * 1 / factor of them, scores these on `factor` times the rows, and so on, until the last round has
 * all rows. The rows of each round are a stratified draw of its own.
 *
 * A search that is stopped, by the progress callback or by its time limit, keeps the folds of the
 * current round on which all combinations were scored. If there are none yet, the scores of the
 * round before decide; in the first round those of the first fold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "base/text.h"
#include "comm/comm.h"
#include "selection/search.h"

typedef struct ranked {
  double mean;
  int64_t index; /* of a combination */
} ranked;

/* The combinations that are still in the search, and the rows of a round. */
typedef struct round_state {
  clf_search *search;
  int64_t *left;         /* [count] indices of combinations */
  const char **settings; /* [count] of those */
  double *scores;        /* [count, folds] of those, in this round */
  ranked *ranks;         /* [count] scratch */
  int64_t count;
  int64_t rows;
  bool first;
} round_state;

/* Sums up what combination `at` of the round has, of which the first `used` folds count. */
static void summarize(const round_state *now, int64_t at, int64_t used) {
  clf_search *search = now->search;
  const int64_t index = now->left[at], folds = search->folds;
  const double *scores = now->scores + at * folds;
  double *own = search->scores + index * folds;
  double sum = 0, squares = 0;
  for (int64_t k = 0; k < folds; k++) {
    own[k] = k < used ? scores[k] : (double)NAN;
    sum += k < used ? scores[k] : 0;
  }
  const double mean = sum / (double)used;
  for (int64_t k = 0; k < used; k++) {
    squares += (scores[k] - mean) * (scores[k] - mean);
  }
  search->mean[index] = mean;
  search->deviation[index] = sqrt(squares / (double)used);
  search->rows[index] = isnan(mean) ? 0 : now->rows;
}

static void summarize_all(const round_state *now, int64_t used) {
  clf_search *search = now->search;
  search->best = now->left[0];
  for (int64_t i = 0; i < now->count; i++) {
    summarize(now, i, used);
    const double best = search->mean[search->best];
    search->best = search->mean[now->left[i]] > best || isnan(best) ? now->left[i] : search->best;
  }
}

/* Returns how many folds come first in which all combinations, or at least one, have a score. */
static int64_t scored_folds(const round_state *now, bool by_all) {
  for (int64_t k = 0; k < now->search->folds; k++) {
    int64_t having = 0;
    for (int64_t i = 0; i < now->count; i++) {
      having += !isnan(now->scores[i * now->search->folds + k]);
    }
    if (having < (by_all ? now->count : 1)) {
      return k;
    }
  }
  return now->search->folds;
}

/* Keeps what a search has that ends in this round. */
static clf_status keep_scores(const round_state *now, clf__stop *stop, clf_status status) {
  const clf_search *search = now->search;
  const int64_t complete = scored_folds(now, true);
  if (complete == 0 && now->first && scored_folds(now, false) == 0) {
    return status;
  }
  CLF__CHECK(clf__stop_keep(stop, status));
  if (complete > 0 || now->first) {
    summarize_all(now, clf__max_i64(complete, 1));
  }
  int64_t counted = 0, used = 0;
  for (int64_t i = 0; i < search->count; i++) {
    counted += search->rows[i] > 0;
  }
  for (int64_t k = 0; k < search->folds; k++) {
    used += !isnan(search->scores[search->best * search->folds + k]);
  }
  clf__log(search->context, CLF_LOG_INFO,
           "search: stopped before its end; %lld of %lld combinations have scores; that of the "
           "best is of %lld of %lld folds of %lld rows",
           (long long)counted, (long long)search->count, (long long)used, (long long)search->folds,
           (long long)search->rows[search->best]);
  return CLF_OK;
}

/* Draws the rows of a round; *out is the whole set if it takes all of them. */
static clf_status draw_rows(clf_dataset **out, clf_dataset **made, const clf_dataset *data,
                            int64_t rows, uint64_t seed) {
  clf_dataset *rest = NULL;
  *out = (clf_dataset *)data;
  if (rows >= data->rows) {
    return CLF_OK;
  }
  CLF__CHECK(clf_dataset_split(made, &rest, data, (double)rows / (double)data->rows, seed));
  clf_dataset_free(rest);
  *out = *made;
  return CLF_OK;
}

static clf_status run_round(round_state *now, const clf_dataset *data, uint64_t seed,
                            clf__stop *stop) {
  clf_search *search = now->search;
  clf_dataset *rows = NULL, *made = NULL;
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < now->count; i++) {
    now->settings[i] = search->params[now->left[i]];
  }
  for (int64_t i = 0; i < now->count * search->folds; i++) {
    now->scores[i] = NAN;
  }
  CLF__CHECK(draw_rows(&rows, &made, data, now->rows, seed));
  now->rows = rows->rows;
  const clf__variants variants = {search->model, now->settings, now->count};
  status = clf__cross_validate("search", &variants, rows, search->folds, seed, now->scores);
  if (status == CLF_OK) {
    summarize_all(now, search->folds);
  } else if (clf__comm_ranks(search->context) == 1) { /* others do not know that this one stops */
    status = keep_scores(now, stop, status);
  }
  clf_dataset_free(made);
  return status;
}

/* By falling score; of equal ones the first in front. */
static int compare_scores(const void *one, const void *other) {
  const ranked *a = one, *b = other;
  return a->mean != b->mean ? (a->mean < b->mean ? 1 : -1) : a->index < b->index ? -1 : 1;
}

static int compare_indices(const void *one, const void *other) {
  const ranked *a = one, *b = other;
  return a->index < b->index ? -1 : 1;
}

/* Leaves the best combinations in the search, in their order. */
static void keep_best(round_state *now, int64_t keep) {
  for (int64_t i = 0; i < now->count; i++) {
    now->ranks[i] = (ranked){now->search->mean[now->left[i]], now->left[i]};
  }
  qsort(now->ranks, (size_t)now->count, sizeof *now->ranks, compare_scores);
  qsort(now->ranks, (size_t)keep, sizeof *now->ranks, compare_indices);
  for (int64_t i = 0; i < keep; i++) {
    now->left[i] = now->ranks[i].index;
  }
  now->count = keep;
}

/* Returns the number of rounds: so many that one combination is left, unless the first round would
 * have too few rows. */
static int64_t count_rounds(const clf_search *search, const clf__search_params *params,
                            const clf_dataset *data) {
  if (params->method != CLF__SEARCH_HALVING) {
    return 1;
  }
  const int64_t classes = clf__max_i64(clf_dataset_classes(data), 1);
  const double smallest = params->min_rows.word < 0 ? params->min_rows.value
                                                    : 2 * (double)search->folds * (double)classes;
  double left = (double)search->count, first = (double)data->rows;
  int64_t rounds = 1;
  while (left > 1 && first / params->factor >= smallest) {
    left = ceil(left / params->factor);
    first /= params->factor;
    rounds++;
  }
  return rounds;
}

static clf_status run_rounds(round_state *now, const clf__search_params *params,
                             const clf_dataset *data, uint64_t seed, clf__stop *stop) {
  const int64_t rounds = count_rounds(now->search, params, data);
  for (int64_t round = 0; round < rounds && !stop->kept; round++) {
    now->first = round == 0;
    now->rows = (int64_t)((double)data->rows * pow(params->factor, (double)(round + 1 - rounds)));
    CLF__CHECK(run_round(now, data, seed + (uint64_t)round, stop));
    if (!stop->kept && rounds > 1) {
      clf__log(now->search->context, CLF_LOG_INFO,
               "search: round %lld of %lld: %lld combinations on %lld rows, the best with %s",
               (long long)round + 1, (long long)rounds, (long long)now->count, (long long)now->rows,
               clf__number_text(now->search->mean[now->search->best]));
    }
    if (round + 1 < rounds) {
      keep_best(now, (int64_t)ceil((double)now->count / params->factor));
    }
  }
  return CLF_OK;
}

clf_status clf__search_run(clf_search *search, const clf__search_params *params,
                           const clf_dataset *data, uint64_t seed) {
  clf__arena arena = {.context = search->context};
  round_state now = {.search = search, .count = search->count};
  clf__stop stop;
  clf_status status = CLF_OK;
  now.left = clf__arena_array(&arena, search->count, sizeof *now.left);
  now.settings = clf__arena_array(&arena, search->count, sizeof *now.settings);
  now.scores = clf__arena_matrix(&arena, search->count, search->folds, sizeof *now.scores);
  now.ranks = clf__arena_array(&arena, search->count, sizeof *now.ranks);
  if (clf__arena_status(&arena) < 0) {
    clf__arena_free(&arena);
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < search->count; i++) {
    now.left[i] = i;
  }
  clf__stop_begin(&stop);
  clf__stop_limit(&stop, params->time_limit);
  status = run_rounds(&now, params, data, seed, &stop);
  clf__stop_end(&stop);
  clf__arena_free(&arena);
  return status == CLF_ERROR_CANCELLED && stop.late
             ? clf__fail(CLF_ERROR_CANCELLED,
                         "search: its time_limit of %s s ended before a combination was scored",
                         clf__number_text(params->time_limit))
             : status;
}
