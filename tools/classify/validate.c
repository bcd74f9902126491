/* classify validate: cross-validation, each fold with all measures. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "examples.h"
#include "report.h"
#include "report/scores.h"
#include "report/text.h"
#include "require.h"
#include "table.h"
#include "table_stages.h"
#include "verbs.h"

static struct {
  recipe recipe;
  int64_t folds;
} set = {.folds = 5};

static const option_entry options[] = {
    RECIPE_OPTIONS(set.recipe),
    {"folds", "N",
     "parts of the rows, each of which is predicted by a model of the others (default: 5)",
     OPTION_NUMBER, 2, &set.folds},
};

/* A fold that is done. */
typedef struct fold {
  clf_model *model; /* of the other rows; the answers refer to it */
  graded answers;
  double of[MEASURES];
  double seconds; /* of the fit */
  clf_status outcome;
} fold;

typedef struct validation {
  input in;
  fold *folds;     /* [set.folds] */
  int64_t done;    /* folds */
  graded all;      /* answers of all folds that are done */
  measures of_all; /* and their measures, without intervals */
  double mean[MEASURES], deviation[MEASURES];
} validation;

static int score_fold(fold *self, tool *t, const clf_dataset *test) {
  measures found = {0};
  const int status = graded_create(&self->answers, self->model, test, t->common.outliers);
  const clf_status done = status < 0 ? measures_create(&found, &self->answers, t, 0) : CLF_OK;
  for (int i = 0; status < 0 && done == CLF_OK && i < MEASURES; i++) {
    self->of[i] = found.of[i].value;
  }
  measures_free(&found);
  return done == CLF_OK ? status : tool_fail(done);
}

/* Fits and scores one fold; *ends receives whether Ctrl-C or the time ended the fit. */
static int run_fold(validation *self, tool *t, int64_t index, bool *ends) {
  fold *now = &self->folds[index];
  clf_dataset *train = NULL, *test = NULL;
  char title[32];
  snprintf(title, sizeof title, "fold %" PRId64, index + 1);
  int status = recipe_make(&now->model, t, &set.recipe);
  status = status < 0 ? examples_fold(&train, &test, &self->in, t, &set.recipe, set.folds, index,
                                      now->model)
                      : status;
  if (status < 0) {
    const double began = seconds_now();
    progress_title(&t->progress, title);
    const clf_status done = clf_model_fit(now->model, train, NULL, NULL);
    now->seconds = seconds_now() - began;
    *ends = progress_ends(&t->progress);
    now->outcome = done >= 0 ? clf_model_outcome(now->model) : done;
    const bool kept = *ends && index > 0 && !progress_cancels(&t->progress);
    status = done >= 0 || kept ? -1 : tool_fail(done);
  }
  if (status < 0 && !*ends) {
    status = score_fold(now, t, test);
    *ends = status >= 0 && progress_ends(&t->progress);
    status = *ends && !progress_cancels(&t->progress) ? -1 : status;
  }
  progress_clear(&t->progress);
  clf_dataset_free(train);
  clf_dataset_free(test);
  return status;
}

/* A fold that was ended early is no part of the result; a second Ctrl-C leaves none. */
static int run_folds(validation *self, tool *t) {
  bool ends = false;
  int status = -1;
  while (status < 0 && !ends && self->done < set.folds) {
    status = run_fold(self, t, self->done, &ends);
    self->done += status < 0 && !ends ? 1 : 0;
  }
  if (status < 0 && progress_cancels(&t->progress)) {
    return tool_fail(CLF_ERROR_CANCELLED);
  }
  if (status < 0 && self->done == 0) {
    complain("no fold was finished in time");
    return progress_interrupted() ? EXIT_INTERRUPTED : EXIT_FAILURE;
  }
  if (status < 0 && self->done < set.folds) {
    complain("ended early: %" PRId64 " of %" PRId64 " folds are done", self->done, set.folds);
  }
  return status;
}

/* Means and deviations (divisor: folds) of the folds where a measure is defined. */
static void average(validation *self) {
  for (int i = 0; i < MEASURES; i++) {
    double sum = 0, squares = 0, count = 0;
    for (int64_t k = 0; k < self->done; k++) {
      const double value = self->folds[k].of[i];
      sum += isnan(value) ? 0 : value;
      count += isnan(value) ? 0 : 1;
    }
    self->mean[i] = sum / count;
    for (int64_t k = 0; k < self->done; k++) {
      const double apart = self->folds[k].of[i] - self->mean[i];
      squares += isnan(apart) ? 0 : apart * apart;
    }
    self->deviation[i] = sqrt(squares / count);
  }
}

static clf_status join_folds(validation *self, tool *t) {
  const int64_t draws = t->common.report != NULL ? -1 : 0; /* only the report has intervals */
  graded *parts = calloc((size_t)self->done, sizeof *parts);
  clf_status status = parts != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t k = 0; status == CLF_OK && k < self->done; k++) {
    parts[k] = self->folds[k].answers;
    self->folds[k].answers = (graded){.rows = parts[k].rows};
  }
  status = status == CLF_OK ? graded_join(&self->all, parts, self->done) : status;
  if (status == CLF_OK) {
    status = measures_create(&self->of_all, &self->all, t, draws);
  }
  for (int64_t k = 0; parts != NULL && k < self->done; k++) {
    graded_free(&parts[k]);
  }
  free(parts);
  average(self);
  return status;
}

/* Adds a row: of a fold, of the means, or of the deviations. */
/* People get the measures that fit into a line; `test` and a report have the others. */
static bool is_shown(const validation *self, int measure, const tool *t) {
  const bool further = measure == MEASURE_BALANCED || measure == MEASURE_MATTHEWS ||
                       measure == MEASURE_KAPPA || measure == MEASURE_TOP;
  return !isnan(self->mean[measure]) && !(further && tool_for_people(t));
}

static void add_row(table *to, const validation *self, const char *name, int64_t rows,
                    const double *of, double seconds, const char *outcome, const tool *t) {
  table_text(to, name);
  table_integer(to, rows);
  for (int i = 0; i < MEASURES; i++) {
    if (is_shown(self, i, t)) {
      table_number(to, of[i]);
    }
  }
  table_number(to, seconds);
  table_text(to, outcome);
}

static int print_result(const validation *self, const tool *t) {
  table_column columns[TABLE_COLUMNS] = {{"fold", false, 0}, {"rows", true, 0}};
  size_t count = 2;
  double seconds = 0, apart = 0;
  char name[24];
  for (int i = 0; i < MEASURES; i++) {
    if (is_shown(self, i, t)) {
      columns[count++] = (table_column){measure_kinds[i].name, true, 4};
    }
  }
  columns[count++] = (table_column){"fit_seconds", true, 3};
  columns[count++] = (table_column){"outcome", false, 0};
  table all = table_of(columns, count);
  for (int64_t k = 0; k < self->done; k++) {
    const fold *one = &self->folds[k];
    snprintf(name, sizeof name, "%" PRId64, k + 1);
    add_row(&all, self, name, one->answers.rows, one->of, one->seconds,
            one->outcome == CLF_OK ? "converged" : "not converged", t);
    seconds += one->seconds / (double)self->done;
  }
  for (int64_t k = 0; k < self->done; k++) {
    apart += pow(self->folds[k].seconds - seconds, 2) / (double)self->done;
  }
  add_row(&all, self, "mean", self->all.rows, self->mean, seconds, "", t);
  add_row(&all, self, "deviation", self->all.rows, self->deviation, sqrt(apart), "", t);
  const int status = table_print(&all, t, stdout);
  table_free(&all);
  return status;
}

static void write_folds(report *to, const validation *self) {
  const bool classes = self->all.classes > 0;
  const int main = classes ? MEASURE_ACCURACY : MEASURE_R2;
  score_row *rows = calloc((size_t)self->done, sizeof *rows);
  char(*names)[24] = calloc((size_t)self->done, sizeof *names);
  for (int64_t k = 0; rows != NULL && names != NULL && k < self->done; k++) {
    snprintf(names[k], sizeof names[k], "%" PRId64, k + 1);
    rows[k] = (score_row){.name = names[k],
                          .score = self->folds[k].of[main],
                          .deviation = (double)NAN,
                          .seconds = self->folds[k].seconds};
  }
  if (rows == NULL || names == NULL) {
    to->status = tool_fail(CLF_ERROR_MEMORY);
  } else {
    char note[160];
    snprintf(note, sizeof note, "The mean is %.4f, the standard deviation %.4f.", self->mean[main],
             self->deviation[main]);
    page_scores(to->page, &(const score_table){.title = "Folds",
                                               .note = note,
                                               .names = "Fold",
                                               .score = classes ? "Accuracy" : "R²",
                                               .percent = classes,
                                               .rows = rows,
                                               .count = (size_t)self->done,
                                               .best = (size_t)self->done});
  }
  free(rows);
  free(names);
}

/* The measures are those of the rows of all folds, each predicted by the model of the others. */
static int write_report(const validation *self, const tool *t) {
  report r;
  char title[256], folds[48];
  snprintf(title, sizeof title, "Cross-validation of %s", clf_model_kind(self->folds[0].model));
  snprintf(folds, sizeof folds, "%" PRId64 " of %" PRId64, self->done, set.folds);
  const fact facts[] = {{"Model", recipe_model(&set.recipe)}, {"Folds", folds}};
  char *lead = report_lead(&self->all, &self->of_all, "rows, each by a model of the other folds,");
  report_begin(&r, t, title, lead, self->in.path, facts, sizeof facts / sizeof *facts);
  if (r.page != NULL) {
    write_folds(&r, self);
  }
  report_answers(&r, &self->all, &self->of_all);
  free(lead);
  return report_end(&r, -1);
}

/* What --require asks for holds of the means; that of a class of the rows of all folds. */
static int check(const validation *self, const requirements *required) {
  measures of = self->of_all;
  for (int i = 0; i < MEASURES; i++) {
    of.of[i].value = self->mean[i];
  }
  return requirements_check(required, &of, self->all.names);
}

static int exit_of(const validation *self) {
  for (int64_t k = 0; k < self->done; k++) {
    if (self->folds[k].outcome != CLF_OK) {
      return EXIT_NOT_CONVERGED;
    }
  }
  return self->done < set.folds ? EXIT_NOT_CONVERGED : EXIT_SUCCESS;
}

static int run(tool *t) {
  validation self = {.done = 0};
  requirements required;
  clf_model *first = NULL; /* keeps the vocabulary by which all texts are read at first */
  int status = requirements_read(&required, t->common.require);
  status = status < 0 ? recipe_make(&first, t, &set.recipe) : status;
  status = status < 0 ? examples_read_files(&self.in, t, &set.recipe, &t->words, first) : status;
  status = status < 0 ? table_stages_add(&set.recipe, NULL, t, self.in.rows) : status;
  if (status < 0 && set.folds > clf_dataset_rows(self.in.rows)) {
    complain("--folds is %" PRId64 ", but there are only %" PRId64 " rows", set.folds,
             clf_dataset_rows(self.in.rows));
    status = EXIT_USAGE;
  }
  if (status < 0) {
    self.folds = calloc((size_t)set.folds, sizeof *self.folds);
    status = self.folds != NULL ? run_folds(&self, t) : tool_fail(CLF_ERROR_MEMORY);
  }
  if (status < 0) {
    progress_settle(&t->progress);
    const clf_status joined = join_folds(&self, t);
    status = joined == CLF_OK ? print_result(&self, t) : tool_fail(joined);
  }
  status = status < 0 ? write_report(&self, t) : status;
  status = status < 0 ? check(&self, &required) : status;
  status = status < 0 ? exit_of(&self) : status;
  for (int64_t k = 0; self.folds != NULL && k < set.folds; k++) {
    graded_free(&self.folds[k].answers);
    clf_model_free(self.folds[k].model);
  }
  free(self.folds);
  measures_free(&self.of_all);
  graded_free(&self.all);
  clf_model_free(first);
  input_free(&self.in);
  return status;
}

const verb verb_validate = {
    .name = "validate",
    .summary = "cross-validate a model",
    .usage = "DATA… [OPTION …]",
    .example = "classify validate iris.csv --model 'svm C=5' --transform standardize --folds 10",
    .words = "DATA…",
    .words_help = "labeled data, as for train",
    .details =
        "Divides the rows into folds, the classes in proportion, and predicts each fold with a\n"
        "model, transforms and a vocabulary that are fitted to the other folds alone. Prints\n"
        "the measures of each fold, their mean and their standard deviation. --require\n"
        "compares the means.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .takes = TAKES_TABLES | TAKES_REPORT | TAKES_FORMAT | TAKES_TIME | TAKES_SEED | TAKES_REQUIRE |
             TAKES_OUTLIERS,
    .minimum_words = 1,
    .maximum_words = 1000,
    .run = run,
};
