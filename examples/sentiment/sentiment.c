/* Trains models of a table (models.c) to tell whether a film review is for or against the
 * film, compares them, and then classifies what is typed. */
#include <classify.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/curves.h"
#include "common/report.h"
#include "common/session.h"
#include "corpus.h"
#include "models.h"
#include "tell.h"

typedef struct settings {
  shared_options shared;
  const char *model;  /* by name, or "all" */
  const char *preset; /* by name */
  const char *save;   /* file, or NULL */
  int64_t epochs;     /* 0: the recipe's */
} settings;

typedef struct trained {
  clf_vocabulary *vocabulary;
  clf_model *model;
  char params[MOST_PARAMS], optimizer[MOST_PARAMS];
} trained;

typedef struct sentiment_run {
  settings set;
  model_choice chosen;
  session session;
  corpus reviews;
  result results[MOST_MODELS];
  trained made[MOST_MODELS];
  size_t count; /* of results */
} sentiment_run;

static int parse(sentiment_run *run, int argc, char *const *argv) {
  settings *set = &run->set;
  set->model = "all";
  set->preset = "best";
  const option_entry own[] = {
      {"model", "NAME", "lstm, gru, average, bag_of_words or all (the default)", OPTION_TEXT, 0,
       &set->model},
      {"epochs", "N", "passes of networks over the reviews (default: the preset's)", OPTION_NUMBER,
       1, &set->epochs},
      {"preset", "NAME",
       "best (the default), or exact: common settings, which synthetic reviews always have",
       OPTION_TEXT, 0, &set->preset},
      {"save", "FILE", "save the best model, with its vocabulary", OPTION_TEXT, 0, &set->save},
  };
  int status = options_parse(&set->shared,
                             "Learns from film reviews whether a text speaks well of its film, and "
                             "classifies the lines it\nreads. Without --data the reviews are "
                             "synthetic: made up, so that the order of words decides.",
                             own, sizeof own / sizeof *own, argc, argv);
  return status >= 0 ? status : models_choose(&run->chosen, set->model, set->preset);
}

/* Reads the reviews, and opens what will be written before the long work. */
static int open_all(sentiment_run *run) {
  const shared_options *shared = &run->set.shared;
  const bool given = strcmp(shared->data, EXAMPLES_DATA) != 0;
  const double start = seconds_now();
  int status =
      corpus_open(&run->reviews, run->session.context, given ? shared->data : NULL, shared->seed);
  if (status >= 0) {
    return status;
  }
  run->chosen.preset = run->reviews.synthetic ? PRESET_EXACT : run->chosen.preset;
  printf("%s: %" PRId64 " to train on, %" PRId64 " to test, read in %.2f s\n",
         run->reviews.synthetic ? "synthetic reviews, made up by this program" : "reviews",
         clf_documents_count(run->reviews.train.documents),
         clf_documents_count(run->reviews.test.documents), seconds_now() - start);
  return session_open_outputs(&run->session, shared);
}

static clf_status make_vocabulary(sentiment_run *run, const model_recipe *recipe,
                                  clf_vocabulary **out) {
  char params[MOST_PARAMS], steps[32] = "";
  if (recipe->optimizer != NULL) {
    snprintf(steps, sizeof steps, " steps=%" PRId64,
             recipe->steps > 0 ? recipe->steps : run->reviews.steps);
  }
  snprintf(params, sizeof params, "%s%s", recipe->vocabulary, steps);
  clf_status status = clf_vocabulary_create(out, run->session.context, params);
  return status == CLF_OK ? clf_vocabulary_build(*out, run->reviews.train.documents) : status;
}

static clf_status fit_model(sentiment_run *run, const model_entry *entry, trained *made,
                            result *row, const clf_dataset *train) {
  const model_recipe *recipe = models_recipe(entry, run->chosen.preset);
  const int usual = run->reviews.synthetic ? recipe->epochs_synthetic : recipe->epochs;
  clf_optimizer *optimizer = NULL;
  models_params(made->params, recipe, clf_vocabulary_size(made->vocabulary),
                run->set.epochs > 0 ? run->set.epochs : usual);
  clf_status status =
      clf_model_create(&made->model, run->session.context, entry->kind, made->params);
  if (status == CLF_OK && recipe->transform != NULL) {
    status = clf_model_add(made->model, recipe->transform, NULL);
  }
  if (status == CLF_OK && recipe->optimizer != NULL) {
    status = clf_optimizer_create(&optimizer, run->session.context, recipe->optimizer,
                                  recipe->optimizer_params);
    snprintf(made->optimizer, sizeof made->optimizer, "%s %s", recipe->optimizer,
             recipe->optimizer_params);
    row->optimizer = made->optimizer;
  }
  const double start = seconds_now();
  status = status == CLF_OK ? clf_model_fit(made->model, train, optimizer, NULL) : status;
  row->fit_seconds = seconds_now() - start;
  row->outcome = status;
  clf_optimizer_free(optimizer);
  return status < 0 ? status : history_read(&row->history, made->model);
}

static clf_status test_model(sentiment_run *run, const trained *made, result *row,
                             const clf_dataset *train) {
  clf_dataset *test = NULL;
  clf_status status = corpus_rows(&test, made->vocabulary, &run->reviews.test);
  if (status == CLF_OK) {
    row->test_rows = clf_dataset_rows(test);
    const double start = seconds_now();
    status = clf_model_score(made->model, test, &row->test_accuracy);
    row->predict_seconds = seconds_now() - start;
  }
  if (status == CLF_OK) {
    status = clf_model_score(made->model, train, &row->train_accuracy);
  }
  clf_dataset_free(test);
  return status;
}

static void free_model(trained *made, result *row) {
  history_free(&row->history);
  clf_model_free(made->model);
  clf_vocabulary_free(made->vocabulary);
  *made = (trained){0};
}

/* Fits and tests one model; the result is added when all of it worked. */
static clf_status run_model(sentiment_run *run, const model_entry *entry) {
  trained *made = &run->made[run->count];
  result *row = &run->results[run->count];
  clf_dataset *train = NULL;
  *row = (result){.model = entry->name, .params = made->params};
  progress_title(&run->session.progress, entry->name);
  clf_status status =
      make_vocabulary(run, models_recipe(entry, run->chosen.preset), &made->vocabulary);
  if (status == CLF_OK) {
    status = corpus_rows(&train, made->vocabulary, &run->reviews.train);
  }
  if (status == CLF_OK) {
    row->train_rows = clf_dataset_rows(train);
    status = fit_model(run, entry, made, row, train);
  }
  if (status >= 0) {
    status = test_model(run, made, row, train);
  }
  clf_dataset_free(train);
  progress_clear(&run->session.progress);
  if (status < 0) {
    free_model(made, row);
    return status;
  }
  run->count++;
  return CLF_OK;
}

static int run_models(sentiment_run *run) {
  for (size_t i = 0; i < run->chosen.count; i++) {
    clf_status status =
        progress_interrupted() ? CLF_ERROR_CANCELLED : run_model(run, run->chosen.entries[i]);
    if (status == CLF_ERROR_CANCELLED && progress_interrupted()) {
      complain("interrupted; %zu of %zu models done", run->count, run->chosen.count);
      return EXIT_INTERRUPTED;
    }
    if (status < 0) {
      complain("%s: %s", run->chosen.entries[i]->name, clf_last_error());
      return EXIT_FAILURE;
    }
    const model_recipe *recipe = models_recipe(run->chosen.entries[i], run->chosen.preset);
    printf("\n%s: %s%s%s\n", run->chosen.entries[i]->name, recipe->vocabulary,
           recipe->transform != NULL ? ", scaled by " : "",
           recipe->transform != NULL ? recipe->transform : "");
    tell_history(stdout, run->made[run->count - 1].model);
  }
  putchar('\n');
  results_print_head();
  for (size_t i = 0; i < run->count; i++) {
    results_print_row(&run->results[i]);
  }
  return EXIT_SUCCESS;
}

/* A review of the test set, and what it was that moved the model. */
static clf_status show_review(const reader *with, const corpus *c) {
  int64_t length = 0;
  const char *text = clf_documents_text(c->test.documents, 0, &length);
  const int shown = length < 200 ? (int)length : 200;
  printf("\nA review of the test set: %.*s%s\n", shown, text, shown < length ? " …" : "");
  return tell_text(stdout, with, text, length);
}

static clf_status classify_lines(const reader *with) {
  char *line = NULL;
  size_t capacity = 0;
  clf_status status = CLF_OK;
  const bool asks = isatty(STDIN_FILENO) != 0;
  while (status == CLF_OK) {
    if (asks) {
      printf("\nA review, or an empty line to end: ");
      fflush(stdout);
    }
    const ssize_t length = getline(&line, &capacity, stdin);
    if (length < 0 || (asks && length <= 1)) {
      break;
    }
    status = length > 1 ? tell_text(stdout, with, line, (int64_t)length) : CLF_OK;
  }
  free(line);
  return status;
}

static int use_best(sentiment_run *run) {
  const trained *best = &run->made[results_best(run->results, run->count)];
  const reader with = {best->model, best->vocabulary, run->session.context};
  clf_status status = CLF_OK;
  if (run->set.save != NULL) {
    status = clf_model_set_vocabulary(best->model, best->vocabulary);
    status = status == CLF_OK ? clf_model_save(best->model, run->set.save) : status;
  }
  printf("\nFrom here on by %s.\n", run->results[best - run->made].model);
  status = status == CLF_OK ? show_review(&with, &run->reviews) : status;
  status = status == CLF_OK ? classify_lines(&with) : status;
  if (status < 0) {
    complain("%s", clf_last_error());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

static void write_report(sentiment_run *run) {
  char machine[256], trained_on[32], tested_on[32];
  FILE *out = run->session.report;
  const size_t best = results_best(run->results, run->count);
  describe_machine(machine, sizeof machine);
  snprintf(trained_on, sizeof trained_on, "%" PRId64, run->results[0].train_rows);
  snprintf(tested_on, sizeof tested_on, "%" PRId64, run->results[0].test_rows);
  page_begin(out, run->reviews.synthetic ? "Synthetic film reviews" : "Film reviews");
  fprintf(out, "<p class=\"lead\">%s was right about %.2f&nbsp;%% of the test reviews.%s</p>\n",
          run->results[best].model, 100 * run->results[best].test_accuracy,
          run->reviews.synthetic ? " The reviews are made up by the program, so that the order of "
                                   "words decides what they say."
                                 : "");
  page_facts(out,
             (const fact[]){{"Training reviews", trained_on},
                            {"Test reviews", tested_on},
                            {"Machine", machine}},
             3);
  page_results(out, run->results, run->count);
  for (size_t i = 0; i < run->count; i++) {
    fprintf(out, "<section>\n<h2>%s</h2>\n<p class=\"note\">", run->results[i].model);
    html_text(out, run->results[i].params);
    fputs("</p>\n", out);
    page_curves(out, &run->results[i].history);
    fputs("</section>\n", out);
  }
  page_end(out);
}

static int write_outputs(sentiment_run *run, int exit_status) {
  const shared_options *shared = &run->set.shared;
  const run_facts facts = {.data = run->reviews.synthetic ? "synthetic" : shared->data,
                           .cpu = clf_context_cpu(run->session.context),
                           .threads = clf_context_threads(run->session.context),
                           .seed = shared->seed};
  if (run->session.json != NULL) {
    results_write_json(run->session.json, &facts, run->results, run->count);
    exit_status = output_close(run->session.json, shared->json) < 0 ? EXIT_FAILURE : exit_status;
  }
  if (run->session.report != NULL) {
    if (run->count > 0) {
      write_report(run);
    }
    exit_status =
        output_close(run->session.report, shared->report) < 0 ? EXIT_FAILURE : exit_status;
  }
  return exit_status;
}

static void free_run(sentiment_run *run) {
  for (size_t i = 0; i < run->count; i++) {
    free_model(&run->made[i], &run->results[i]);
  }
  corpus_close(&run->reviews);
  session_end(&run->session);
}

int main(int argc, char **argv) {
  static sentiment_run run;
  int status = parse(&run, argc, argv);
  status = status >= 0 ? status : session_begin(&run.session, &run.set.shared);
  status = status >= 0 ? status : open_all(&run);
  if (status < 0) {
    status = run_models(&run);
    status = write_outputs(&run, status);
    status = status == EXIT_SUCCESS ? use_best(&run) : status;
  }
  free_run(&run);
  return status;
}
