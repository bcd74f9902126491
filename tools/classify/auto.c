/* classify auto: judges the candidates of candidates.c on the same held-out rows, and keeps the best.
 *
 * All candidates are judged at little cost first: few rows in five folds, many rows by a part of them.
 * Those that are best then, in that order, are judged more exactly: few rows in five folds many times,
 * each time others, and many rows by all of them, of which a share is held out. With a time limit, a
 * candidate may take as long as leaves time to fit it to all rows afterwards. The limit bounds the
 * judging: a model that is as good as the best is fitted, even if none of them can be in time. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "notes.h"
#include "report/files.h"
#include "report/text.h"
#include "table_stages.h"
#include "verbs.h"

enum {
  FOLDS = 5,
  FEW = 6000,          /* rows that are judged in folds */
  FEW_TEXTS = 2000,    /* the same of texts, whose vocabulary takes time */
  TO_SCORE = 1000,     /* rows to score at least, by repetition, */
  MAX_REPEATS = 4,     /* at most so often */
  FINAL_SCORE = 10000, /* the same of the best */
  FINAL_REPEATS = 20,
  PART = 4000,     /* rows of the part that many rows are judged on first, */
  PART_FOLDS = 3,  /* in so many folds */
  HELD_OUT = 10000 /* rows that suffice to be held out of many */
};
static const double held_out_share = 0.2;
static const double first_time = 0.5; /* share of the time limit for all candidates */
static const double few_lag = 0.01, many_lag = 0.03; /* by which the best may be exceeded */

/* Returns the best of those that were judged to the end, or NULL. */
static const verdict *best_of(const verdicts *all) {
  const verdict *best = NULL;
  for (size_t i = 0; i < all->count; i++) {
    const verdict *one = all->of[i];
    if (one->state == JUDGED && (best == NULL || one->mean > best->mean)) {
      best = one;
    }
  }
  return best;
}

static double share_of(const jury *by) {
  return by->folds > 0 ? 1 - 1 / (double)by->folds : 1 - by->share;
}

static double fits_of(const jury *by) {
  return by->folds > 0 ? (double)(by->folds * by->repeats) : 1;
}

/* The time to leave for the fit of a candidate to all rows: more than it is expected to take, also
 * since what is judged before may end late. */
static double reserve_for(const search *self, const verdict *one) {
  const double margin = 1.5, least = 0.1;
  return margin * verdict_seconds(one, clf_dataset_rows(self->in.rows)) + least;
}

/* The end of a candidate's judging, so that the best so far, and also the candidate, can be fitted
 * to all rows in time; 0: none. The first one has all the time it takes. */
static double end_for(const search *self, const jury *by, const candidate *which,
                      const verdict *best, int64_t rows) {
  const int64_t all = clf_dataset_rows(self->in.rows);
  const double apart = (double)all / (share_of(by) * (double)rows);
  const double refit = pow(apart, which->growth) / fits_of(by);
  const double now = seconds_now(), left = self->deadline - now;
  if (self->deadline == 0 || best == NULL) {
    return 0;
  }
  const double own = now + left / (1 + refit);
  return fmax(fmin(own, self->deadline - reserve_for(self, best)), now);
}

/* Whether there is time before such an end. */
static bool has_time(double end) {
  return end == 0 || end > seconds_now();
}

/* Whether a candidate that was judged in the first round can be judged by another jury, and then be
 * fitted to all rows, in the time left. */
static bool can_be_final(const search *self, const verdict *one, const jury *by, int64_t rows) {
  const double apart = share_of(by) * (double)rows / (double)one->train_rows;
  const double fit = one->seconds / (double)one->done * pow(apart, one->of->growth);
  const double needed = fits_of(by) * fit + reserve_for(self, one);
  return self->deadline == 0 || needed <= self->deadline - seconds_now();
}

static const char *state_of(const verdict *one, char text[32]) {
  snprintf(text, 32, "%.4f", one->mean);
  return one->state == LEFT_OUT ? "left out" : one->state == REFUSED ? "refused" : text;
}

/* Judges a candidate and adds the verdict. */
static int judge_next(tool *t, jury *by, verdicts *to, const candidate *which, double deadline) {
  char text[32];
  verdict **of = realloc(to->of, (to->count + 1) * sizeof(verdict *));
  to->of = of != NULL ? of : to->of;
  verdict *one = of != NULL ? calloc(1, sizeof *one) : NULL;
  if (one == NULL) {
    return tool_fail(CLF_ERROR_MEMORY);
  }
  const verdict *best = best_of(to);
  to->of[to->count++] = one;
  const int status = judge(one, by, t, which, best, deadline);
  if (status < 0) {
    progress_line(&t->progress, "%s%s%s: %s", one->as.model,
                  *one->as.pipeline != '\0' ? " after " : "", one->as.pipeline,
                  state_of(one, text));
  }
  return status;
}

/* Judges all candidates on the rows of a jury, but for those that were judged. */
static int judge_all(search *self, tool *t, jury *by, verdicts *to, double limit) {
  const int64_t rows = clf_dataset_rows(by->in->rows);
  int status = -1;
  for (size_t i = 0; i < candidate_count && status < 0 && !progress_interrupted(); i++) {
    const candidate *which = &candidates[i];
    const verdict *best = best_of(to);
    const double end = limit > 0 && best != NULL ? limit : end_for(self, by, which, best, rows);
    if (has_time(end) && candidate_suits(which, self->data, self->in.rows) &&
        !verdicts_have(to, which)) {
      status = judge_next(t, by, to, which, end);
    }
  }
  return status;
}

/* Judges again those that were best, the best first. One that there is no time for is passed
 * over. */
static int judge_finals(search *self, tool *t, jury *by) {
  const int64_t rows = clf_dataset_rows(self->in.rows);
  size_t count;
  verdict **of = verdicts_sorted(&self->first, &count);
  int status = of != NULL ? -1 : tool_fail(CLF_ERROR_MEMORY);
  for (size_t i = 0; i < count && status < 0 && !progress_interrupted(); i++) {
    const verdict *best = best_of(&self->last);
    const double end = end_for(self, by, of[i]->of, best != NULL ? best : of[i], rows);
    of[i]->final = of[i]->mean >= of[0]->mean - self->lag;
    if (of[i]->final && has_time(end) && !verdicts_have(&self->last, of[i]->of) &&
        can_be_final(self, of[i], by, rows)) {
      status = judge_next(t, by, &self->last, of[i]->of, end);
    }
  }
  free(of);
  return status;
}

/* When the first round ends; 0: never. */
static double first_end(const search *self) {
  const double now = seconds_now();
  return self->deadline > 0 ? now + first_time * (self->deadline - now) : 0;
}

/* Both rounds. What was left out of the first for lack of time is judged if there is some left
 * after the second. */
static int judge_rounds(search *self, tool *t, jury *first, jury *last, double lag) {
  self->lag = lag;
  int status = judge_all(self, t, first, &self->first, first_end(self));
  status = status < 0 ? judge_finals(self, t, last) : status;
  if (status < 0 && self->deadline > 0) {
    status = judge_all(self, t, first, &self->first, 0);
    status = status < 0 ? judge_finals(self, t, last) : status;
  }
  jury_free(first);
  jury_free(last);
  return status;
}

static jury in_folds(const search *self, int64_t to_score, int64_t max_repeats) {
  const int64_t rows = clf_dataset_rows(self->in.rows), repeats = (to_score + rows - 1) / rows;
  return (jury){.in = &self->in,
                .stages = &self->needed.transforms,
                .folds = rows < FOLDS ? rows : FOLDS,
                .repeats = repeats < max_repeats ? repeats : max_repeats};
}

static int judge_few(search *self, tool *t) {
  jury first = in_folds(self, TO_SCORE, MAX_REPEATS);
  jury last = in_folds(self, FINAL_SCORE, FINAL_REPEATS);
  return judge_rounds(self, t, &first, &last, few_lag);
}

static int judge_many(search *self, tool *t) {
  const int64_t rows = clf_dataset_rows(self->in.rows);
  const double most = HELD_OUT / (double)rows;
  jury last = {.in = &self->in,
               .stages = &self->needed.transforms,
               .share = most < held_out_share ? most : held_out_share};
  input few = {.path = self->in.path};
  jury first = {.in = &few, .stages = &self->needed.transforms, .folds = PART_FOLDS, .repeats = 1};
  clf_dataset *rest = NULL;
  const clf_status split = clf_dataset_split(&few.rows, &rest, self->in.rows, PART / (double)rows,
                                             (uint64_t)t->common.seed);
  const int status =
      split == CLF_OK ? judge_rounds(self, t, &first, &last, many_lag) : tool_fail(split);
  clf_dataset_free(few.rows);
  clf_dataset_free(rest);
  return status;
}

/* Texts are judged once, since they are encoded again for each vocabulary. */
static int judge_texts(search *self, tool *t) {
  const int64_t rows = clf_dataset_rows(self->in.rows);
  jury by =
      rows <= FEW_TEXTS
          ? in_folds(self, TO_SCORE, MAX_REPEATS)
          : (jury){.in = &self->in, .stages = &self->needed.transforms, .share = held_out_share};
  const int status = judge_all(self, t, &by, &self->last, 0);
  jury_free(&by);
  return status;
}

/* Returns the best of the first round whose fit to all rows is in time. If none is as good as the
 * best, but for the lag, it is the fastest of those that are. */
static const verdict *choose_first(const search *self, double left) {
  const int64_t rows = clf_dataset_rows(self->in.rows);
  const verdict *best = best_of(&self->first), *timely = NULL, *fastest = best;
  for (size_t i = 0; best != NULL && i < self->first.count; i++) {
    const verdict *one = self->first.of[i];
    const double seconds = verdict_seconds(one, rows);
    if (one->state == JUDGED && one->mean >= best->mean - self->lag) {
      timely = seconds <= left && (timely == NULL || one->mean > timely->mean) ? one : timely;
      fastest = seconds < verdict_seconds(fastest, rows) ? one : fastest;
    }
  }
  return timely != NULL ? timely : fastest;
}

/* Chooses the best of the last round, unless one of the first that is better, for which the last
 * one had no time, can be fitted to all rows in time. */
static const verdict *choose(const search *self) {
  const int64_t rows = clf_dataset_rows(self->in.rows);
  const double left = self->deadline > 0 ? self->deadline - seconds_now() : INFINITY;
  const verdict *last = best_of(&self->last), *first = choose_first(self, left);
  const bool better = last != NULL && first != NULL && first->mean > last->mean &&
                      verdict_seconds(first, rows) <= left &&
                      !verdicts_have(&self->last, first->of);
  return last == NULL || better ? first : last;
}

/* Fits the chosen candidate to all rows, and saves it. The first Ctrl-C ends the fit with what it
 * has, as it does in train. A fit that was ended by the time while it was judged gets as much time
 * for each row again. */
static int keep(search *self, tool *t, const verdict *chosen) {
  const recipe *r = &chosen->as.recipe;
  int status = recipe_make(&self->model, t, r);
  status = status < 0 ? examples_encode(&self->in, t, r, self->model) : status;
  if (status >= 0) {
    return status;
  }
  const int64_t rows = clf_dataset_rows(self->in.rows);
  t->hushed = false;
  progress_title(&t->progress, chosen->as.model);
  progress_line(&t->progress, "fitting to all rows: %s", chosen->as.model);
  t->progress.deadline = chosen->ended ? seconds_now() + verdict_seconds(chosen, rows) : 0;
  clf_status done = clf_model_fit(self->model, self->in.rows, NULL, NULL);
  if (done == CLF_OK) {
    progress_settle(&t->progress);
  }
  done = done == CLF_OK ? notes_training(self->model, t, &self->in, self->in.rows) : done;
  done = done == CLF_OK ? notes_set(self->model, NOTE_VALIDATED_SCORE, "%.6f", chosen->mean) : done;
  done = done == CLF_OK ? tool_save(self->model, t->common.output) : done;
  progress_clear(&t->progress);
  return done == CLF_OK ? -1 : tool_fail(done);
}

static int fail_search(const search *self, const tool *t) {
  if (progress_interrupted()) {
    complain(progress_cancels(&t->progress) ? "interrupted"
                                            : "interrupted before a model was judged");
    return EXIT_INTERRUPTED;
  }
  for (size_t i = 0; i < self->last.count + self->first.count; i++) {
    const verdict *one =
        i < self->last.count ? self->last.of[i] : self->first.of[i - self->last.count];
    if (one->state == REFUSED) {
      complain("%s", one->message);
      break;
    }
  }
  return EXIT_FAILURE;
}

static int search_and_keep(search *self, tool *t) {
  const int64_t rows = clf_dataset_rows(self->in.rows);
  self->data = candidate_data(self->in.rows, self->in.texts != NULL);
  t->hushed = true;
  int status = self->data == FOR_TEXTS ? judge_texts(self, t)
               : rows <= FEW           ? judge_few(self, t)
                                       : judge_many(self, t);
  if (status >= 0) {
    return status;
  }
  self->interrupted = progress_interrupted();
  const verdict *chosen = choose(self);
  if (chosen == NULL || progress_cancels(&t->progress)) {
    return fail_search(self, t);
  }
  progress_renew(&t->progress);
  status = keep(self, t, chosen);
  status = status < 0 ? search_print(self, t, chosen) : status;
  const bool ended = self->interrupted || clf_model_outcome(self->model) != CLF_OK;
  return status >= 0 ? status : ended ? EXIT_NOT_CONVERGED : EXIT_SUCCESS;
}

static void free_verdicts(verdicts *all) {
  for (size_t i = 0; i < all->count; i++) {
    verdict_free(all->of[i]);
    free(all->of[i]);
  }
  free(all->of);
}

static int run(tool *t) {
  search self = {.deadline = t->progress.deadline, .needed = {.model = "ridge"}};
  clf_model *keeper = NULL; /* of the vocabulary by which texts are read at first */
  int status = -1;
  t->progress.deadline = 0; /* the time does not end the reading */
  if (t->common.output == NULL) {
    complain("-o MODEL says where to save the model");
    return EXIT_USAGE;
  }
  status = save_possible(t->common.output) ? recipe_make(&keeper, t, &self.needed) : EXIT_FAILURE;
  status = status < 0 ? examples_read_files(&self.in, t, &self.needed, &t->words, keeper) : status;
  status = status < 0 ? table_stages_add(&self.needed, NULL, t, self.in.rows) : status;
  status = status < 0 ? search_and_keep(&self, t) : status;
  progress_title(&t->progress, "");
  free_verdicts(&self.first);
  free_verdicts(&self.last);
  clf_model_free(self.model);
  clf_model_free(keeper);
  input_free(&self.in);
  return status;
}

const verb verb_auto = {
    .name = "auto",
    .summary = "try many models and keep the best",
    .usage = "DATA… [OPTION …] -o MODEL",
    .example = "classify auto iris.csv --time 60s -o iris.clf",
    .words = "DATA…",
    .words_help = "labeled data, as for train",
    .details =
        "Tries models of all kinds, with scaling and some values of their parameters. It\n"
        "scores all of them on the same held-out rows, prints the scores, the best first,\n"
        "and saves the best model, fitted to all rows. The fastest models are tried first.\n"
        "When --time ends or after Ctrl-C, the best model so far is fitted and saved; Ctrl-C\n"
        "during that last fit ends it, and the model so far is saved.",
    .takes = TAKES_OUTPUT | TAKES_TABLES | TAKES_REPORT | TAKES_FORMAT | TAKES_TIME | TAKES_SEED,
    .minimum_words = 1,
    .maximum_words = 1000,
    .run = run,
};
