/* classify tune: cross-validates combinations of parameter values. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "examples.h"
#include "notes.h"
#include "report.h"
#include "report/files.h"
#include "report/scores.h"
#include "report/text.h"
#include "table.h"
#include "table_stages.h"
#include "verbs.h"

static struct {
  recipe recipe;
  const char *search, *method;
  int64_t folds;
} set = {.folds = 5};

static const option_entry options[] = {
    RECIPE_OPTIONS(set.recipe),
    {"search", "GRID",
     "the values to try, such as 'C=0.1|1|10 gamma=0.01|0.1'; those of an optimizer and of "
     "transforms with their name: 'optimizer.learning_rate=0.01|0.001 pca.components=10|20'",
     OPTION_TEXT, 0, &set.search},
    {"method", "METHOD",
     "'random trials=60' tries some combinations, of ranges such as 'C=log:0.01..100', too; "
     "'halving factor=3' tries all on few rows, and the best of them on more (default: grid)",
     OPTION_TEXT, 0, &set.method},
    {"folds", "N",
     "parts of the rows, each of which is predicted by a model of the others (default: 5)",
     OPTION_NUMBER, 2, &set.folds},
};

typedef struct tuning {
  input in;
  clf_model *model, *best;
  clf_search *search;
  int64_t *order; /* [combinations] the best first, those without a score last */
} tuning;

static int check_options(const tool *t) {
  if (set.search == NULL) {
    complain("--search says which values to try, such as 'C=0.1|1|10'");
    return EXIT_USAGE;
  }
  return t->common.output == NULL || save_possible(t->common.output) ? -1 : EXIT_FAILURE;
}

static int fail_search(clf_status status, const tool *t) {
  if (status == CLF_ERROR_CANCELLED && progress_ends(&t->progress) && !progress_interrupted()) {
    complain("the time ended before a combination was scored; --time must be longer");
    return EXIT_FAILURE;
  }
  const int failed = tool_fail(status);
  return status == CLF_ERROR_ARGUMENT ? EXIT_USAGE : failed;
}

/* Whether a combination is better: scored on more rows, so in a later round, or with a higher
 * score. One without a score is never better. */
static bool is_better(const clf_search *search, int64_t one, int64_t other) {
  const int64_t rows = clf_search_rows(search, one), others = clf_search_rows(search, other);
  return rows != others ? rows > others
                        : clf_search_mean(search, one) > clf_search_mean(search, other);
}

/* Sorts the combinations, the best first; of equal ones the first stays in front. */
static clf_status set_order(tuning *self) {
  const int64_t count = clf_search_count(self->search);
  self->order = calloc((size_t)count, sizeof *self->order);
  for (int64_t i = 0; self->order != NULL && i < count; i++) {
    int64_t at = i;
    for (; at > 0 && is_better(self->search, i, self->order[at - 1]); at--) {
      self->order[at] = self->order[at - 1];
    }
    self->order[at] = i;
  }
  return self->order != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

/* In a halving search, the rows of a combination say in which round it was scored. */
static bool has_rounds(const tuning *self) {
  const int64_t count = clf_search_count(self->search);
  const int64_t most = clf_search_rows(self->search, self->order[0]);
  const int64_t fewest = clf_search_rows(self->search, self->order[count - 1]);
  return fewest > 0 && fewest < most;
}

static int print_result(const tuning *self, const tool *t) {
  const bool regression = clf_dataset_classes(self->in.rows) == 0, rounds = has_rounds(self);
  const table_column columns[] = {{"parameters", false, 0},
                                  {regression ? "r2" : "accuracy", true, 4},
                                  {"deviation", true, 4},
                                  {"rows", true, 0}};
  table all = table_of(columns, rounds ? 4 : 3);
  for (int64_t i = 0; i < clf_search_count(self->search); i++) {
    table_text(&all, clf_search_combination(self->search, self->order[i]));
    table_number(&all, clf_search_mean(self->search, self->order[i]));
    table_number(&all, clf_search_deviation(self->search, self->order[i]));
    if (rounds) {
      table_number(&all, (double)clf_search_rows(self->search, self->order[i]));
    }
  }
  const int status = table_print(&all, t, stdout);
  table_free(&all);
  return status;
}

static void write_combinations(report *to, const tuning *self) {
  const size_t count = (size_t)clf_search_count(self->search);
  const bool classes = clf_dataset_classes(self->in.rows) > 0;
  score_row *rows = calloc(count, sizeof *rows);
  for (size_t i = 0; rows != NULL && i < count; i++) {
    const int64_t at = self->order[i];
    rows[i] = (score_row){.name = clf_search_combination(self->search, at),
                          .score = clf_search_mean(self->search, at),
                          .deviation = clf_search_deviation(self->search, at),
                          .seconds = (double)NAN};
  }
  if (rows == NULL) {
    to->status = tool_fail(CLF_ERROR_MEMORY);
  } else {
    page_scores(to->page, &(const score_table){.title = "Combinations",
                                               .names = "Parameters",
                                               .score = classes ? "Accuracy" : "R²",
                                               .percent = classes,
                                               .rows = rows,
                                               .count = count,
                                               .best = 0});
  }
  free(rows);
}

static int write_report(const tuning *self, const tool *t) {
  report r;
  char title[96], lead[256], folds[32];
  const bool classes = clf_dataset_classes(self->in.rows) > 0;
  snprintf(title, sizeof title, "%" PRId64 " settings of %s", clf_search_count(self->search),
           clf_model_kind(self->model));
  snprintf(lead, sizeof lead, "The best has a mean %s of <b>%.4f</b> on the held-out folds.",
           classes ? "accuracy" : "R²",
           clf_search_mean(self->search, clf_search_best(self->search)));
  snprintf(folds, sizeof folds, "%" PRId64, set.folds);
  const fact facts[] = {
      {"Model", recipe_model(&set.recipe)}, {"Search", set.search}, {"Folds", folds}};
  report_begin(&r, t, title, lead, self->in.path, facts, sizeof facts / sizeof *facts);
  if (r.page != NULL) {
    write_combinations(&r, self);
  }
  if (self->best != NULL) {
    report_kept(&r, self->in.rows, self->best);
  }
  return report_end(&r, -1);
}

/* Fits the best combination to all rows, and saves it. The first Ctrl-C ends the fit with what
 * it has, as it does in train. */
static clf_status keep_best(tuning *self, tool *t) {
  const double score = clf_search_mean(self->search, clf_search_best(self->search));
  progress_renew(&t->progress);
  progress_title(&t->progress, clf_model_kind(self->model));
  progress_line(&t->progress, "fitting to all rows: %s", clf_model_kind(self->model));
  clf_status status = clf_search_model(&self->best, self->search);
  status = status == CLF_OK ? clf_model_fit(self->best, self->in.rows, NULL, NULL) : status;
  if (status == CLF_OK) {
    progress_settle(&t->progress);
  }
  status = status == CLF_OK ? notes_training(self->best, t, &self->in, self->in.rows) : status;
  status = status == CLF_OK ? notes_set(self->best, NOTE_VALIDATED_SCORE, "%.6f", score) : status;
  status = status == CLF_OK ? tool_save(self->best, t->common.output) : status;
  progress_clear(&t->progress);
  return status;
}

static int search_and_keep(tuning *self, tool *t) {
  progress_title(&t->progress, "search");
  char params[256];
  snprintf(params, sizeof params, "method=%s", set.method != NULL ? set.method : "grid");
  clf_status status = clf_search_create(&self->search, self->model, self->in.rows, set.folds,
                                        (uint64_t)t->common.seed, set.search, params);
  progress_clear(&t->progress);
  if (status < 0) {
    return fail_search(status, t);
  }
  const bool interrupted = progress_interrupted();
  progress_settle(&t->progress);
  status = set_order(self);
  int ended = status == CLF_OK ? print_result(self, t) : tool_fail(status);
  if (ended < 0 && t->common.output != NULL) {
    status = keep_best(self, t);
    ended = status < 0 ? tool_fail(status) : -1;
  }
  ended = ended < 0 ? write_report(self, t) : ended;
  if (ended >= 0) {
    return ended;
  }
  const bool converged = self->best == NULL || clf_model_outcome(self->best) == CLF_OK;
  return interrupted || !converged ? EXIT_NOT_CONVERGED : EXIT_SUCCESS;
}

static int run(tool *t) {
  tuning self = {.model = NULL};
  const double deadline = t->progress.deadline;
  int status = check_options(t);
  t->progress.deadline = 0; /* the time does not end the reading */
  status = status < 0 ? recipe_make(&self.model, t, &set.recipe) : status;
  status =
      status < 0 ? examples_read_files(&self.in, t, &set.recipe, &t->words, self.model) : status;
  status = status < 0 ? table_stages_add(&set.recipe, self.model, t, self.in.rows) : status;
  t->progress.deadline = deadline;
  status = status < 0 ? search_and_keep(&self, t) : status;
  free(self.order);
  clf_search_free(self.search);
  clf_model_free(self.best);
  clf_model_free(self.model);
  input_free(&self.in);
  return status;
}

const verb verb_tune = {
    .name = "tune",
    .summary = "find the best values of a model's parameters",
    .usage = "DATA… --search GRID [OPTION …] [-o MODEL]",
    .example =
        "classify tune iris.csv --model svm --transform standardize --search "
        "'C=0.1|1|10 gamma=0.01|0.1|1' -o iris.clf",
    .words = "DATA…",
    .words_help = "labeled data, as for train",
    .details =
        "Cross-validates combinations of the values on the same folds and prints them, the\n"
        "best first. With -o, the model with the best combination is fitted to all rows\n"
        "and saved. Ctrl-C or the end of --time ends the search; the combinations are then\n"
        "compared on the folds that are done. During the last fit, Ctrl-C ends that fit, and\n"
        "the model so far is saved.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .takes = TAKES_OUTPUT | TAKES_TABLES | TAKES_REPORT | TAKES_FORMAT | TAKES_TIME | TAKES_SEED,
    .minimum_words = 1,
    .maximum_words = 1000,
    .run = run,
};
