/* Trains models of a table (models.c) to classify texts by their labels: film reviews by whether
 * they are for or against the film, or any folders of texts. Compares them, and then classifies
 * what is typed. */
#include <classify.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/curves.h"
#include "common/report.h"
#include "common/session.h"
#include "corpus.h"
#include "explain.h"
#include "models.h"

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
  int64_t *counts; /* [classes, classes] of test texts: truth, predicted */
  char params[MAX_PARAMS], optimizer[MAX_PARAMS], words[2 * MAX_PARAMS], more[3 * MAX_PARAMS];
} trained;

typedef struct sentiment_run {
  settings set;
  model_choice chosen;
  session session;
  corpus texts;
  result results[MAX_MODELS];
  trained made[MAX_MODELS];
  size_t count; /* of results */
} sentiment_run;

static int parse(sentiment_run *run, int argc, char *const *argv) {
  settings *set = &run->set;
  set->model = "all";
  set->preset = "best";
  const option_entry own[] = {
      {"model", "NAME", "lstm, gru, average, bag_of_words or all (the default)", OPTION_TEXT, 0,
       &set->model},
      {"epochs", "N", "passes of networks over the texts (default: the preset's)", OPTION_NUMBER, 1,
       &set->epochs},
      {"preset", "NAME",
       "best (the default), or exact: common settings, which synthetic reviews always have",
       OPTION_TEXT, 0, &set->preset},
      {"save", "FILE", "save the best model, with its vocabulary", OPTION_TEXT, 0, &set->save},
  };
  const program_options program = {
      .usage = "[OPTION …]",
      .summary =
          "Learns to classify texts, such as film reviews by whether they praise the film,\n"
          "and then classifies the lines that it reads.",
      .data =
          "folder with the folders train and test, each with a folder of text files for each "
          "label, or its parent where it is called aclImdb (default: $CLASSIFY_DATA, else "
          "synthetic reviews, in which the order of the words decides)",
      .own = own,
      .count = sizeof own / sizeof *own};
  int status = options_parse(&set->shared, &program, argc, argv);
  return status >= 0 ? status : models_choose(&run->chosen, set->model, set->preset);
}

/* Reads the texts, and opens what will be written before the long work. */
static int open_all(sentiment_run *run) {
  const shared_options *shared = &run->set.shared;
  const double start = seconds_now();
  int status = corpus_open(&run->texts, run->session.context, shared->data, shared->seed);
  if (status >= 0) {
    return status;
  }
  run->chosen.preset = run->texts.synthetic ? PRESET_EXACT : run->chosen.preset;
  printf("%s: %" PRId64 " to train on, %" PRId64 " to test, read in %.2f s\n",
         run->texts.synthetic ? "synthetic reviews, made by this program" : "texts",
         clf_documents_count(run->texts.train.documents),
         clf_documents_count(run->texts.test.documents), seconds_now() - start);
  return session_open_outputs(&run->session, shared, run->set.save);
}

static clf_status make_vocabulary(sentiment_run *run, const model_recipe *recipe,
                                  clf_vocabulary **out) {
  char params[MAX_PARAMS], steps[32] = "";
  if (recipe->optimizer != NULL) {
    snprintf(steps, sizeof steps, " steps=%" PRId64,
             recipe->steps > 0 ? recipe->steps : run->texts.steps);
  }
  snprintf(params, sizeof params, "%s%s", recipe->vocabulary, steps);
  clf_status status = clf_vocabulary_create(out, run->session.context, params);
  return status == CLF_OK ? clf_vocabulary_build(*out, run->texts.train.documents) : status;
}

static clf_status fit_model(sentiment_run *run, const model_entry *entry, trained *made,
                            result *row, const clf_dataset *train) {
  const model_recipe *recipe = models_recipe(entry, run->chosen.preset);
  const int usual = run->texts.synthetic ? recipe->epochs_synthetic : recipe->epochs;
  clf_optimizer *optimizer = NULL;
  models_params(made->params, recipe, clf_vocabulary_size(made->vocabulary),
                clf_dataset_classes(train), run->set.epochs > 0 ? run->set.epochs : usual);
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

/* Predictions of the test texts, counted by their labels. Both parts have the same labels, so that
 * their classes are the same. */
static clf_status count_predictions(trained *made, result *row, const clf_dataset *test) {
  const int64_t rows = clf_dataset_rows(test), classes = clf_model_classes(made->model);
  int32_t *predicted = malloc((size_t)rows * sizeof *predicted);
  clf_tensor *labels = NULL;
  made->counts = malloc((size_t)(classes * classes) * sizeof *made->counts);
  clf_status status = predicted != NULL && made->counts != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  if (status == CLF_OK) {
    const double start = seconds_now();
    status = clf_model_predict(made->model, test, predicted, rows);
    row->predict_seconds = seconds_now() - start;
  }
  status = status == CLF_OK ? clf_dataset_tensor(test, "labels", &labels) : status;
  if (status == CLF_OK) {
    status = clf_confusion_matrix(clf_tensor_data(labels), predicted, rows, classes, made->counts);
  }
  clf_tensor_free(labels);
  free(predicted);
  return status;
}

static clf_status test_model(sentiment_run *run, trained *made, result *row,
                             const clf_dataset *train) {
  clf_dataset *test = NULL;
  clf_status status = corpus_rows(&test, made->vocabulary, &run->texts.test);
  if (status == CLF_OK) {
    row->test_rows = clf_dataset_rows(test);
    status = count_predictions(made, row, test);
  }
  if (status == CLF_OK) {
    status = clf_model_score(made->model, test, &row->test_accuracy);
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
  free(made->counts);
  *made = (trained){0};
}

/* How texts become rows, for people and for JSON. */
static void describe_words(trained *made, const model_recipe *recipe) {
  const char *transform = recipe->transform != NULL ? recipe->transform : "";
  snprintf(made->words, sizeof made->words, "%s%s%s", recipe->vocabulary,
           recipe->transform != NULL ? ", then the transform " : "", transform);
  snprintf(made->more, sizeof made->more,
           "\"vocabulary\": \"%s\", \"vocabulary_size\": %" PRId64 ", \"transform\": \"%s\", ",
           recipe->vocabulary, clf_vocabulary_size(made->vocabulary), transform);
}

/* Fits and tests one model; the result is added when all of it worked. */
static clf_status run_model(sentiment_run *run, const model_entry *entry) {
  const model_recipe *recipe = models_recipe(entry, run->chosen.preset);
  trained *made = &run->made[run->count];
  result *row = &run->results[run->count];
  clf_dataset *train = NULL;
  *row = (result){.model = entry->name, .params = made->params, .more = made->more};
  progress_title(&run->session.progress, entry->name);
  clf_status status = make_vocabulary(run, recipe, &made->vocabulary);
  if (status == CLF_OK) {
    describe_words(made, recipe);
    status = corpus_rows(&train, made->vocabulary, &run->texts.train);
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

/* Runs the chosen models; one that fails does not keep the others from running. */
static int run_models(sentiment_run *run) {
  int exit_status = EXIT_SUCCESS;
  for (size_t i = 0; i < run->chosen.count; i++) {
    clf_status status =
        progress_interrupted() ? CLF_ERROR_CANCELLED : run_model(run, run->chosen.entries[i]);
    if (status == CLF_ERROR_CANCELLED && progress_interrupted()) {
      complain("interrupted; %zu of %zu models done", run->count, run->chosen.count);
      return EXIT_INTERRUPTED;
    }
    if (status < 0) {
      complain("%s: %s", run->chosen.entries[i]->name, clf_last_error());
      exit_status = EXIT_FAILURE;
      continue;
    }
    const trained *made = &run->made[run->count - 1];
    printf("\n%s: %s\n", run->chosen.entries[i]->name, made->words);
    print_history(stdout, made->model);
  }
  putchar('\n');
  results_print_head();
  for (size_t i = 0; i < run->count; i++) {
    results_print_row(&run->results[i]);
  }
  return exit_status;
}

/* A text of the test set, and which of its words change the result. */
static clf_status show_text(const reader *with, const corpus *c) {
  int64_t length = 0;
  const char *text = clf_documents_text(c->test.documents, 0, &length);
  const int shown = length < 200 ? (int)length : 200;
  printf("\nA text of the test set: %.*s%s\n", shown, text, shown < length ? " …" : "");
  return explain_text(stdout, with, text, length);
}

static clf_status classify_lines(const reader *with) {
  char *line = NULL;
  size_t capacity = 0;
  clf_status status = CLF_OK;
  const bool asks = isatty(STDIN_FILENO) != 0;
  while (status == CLF_OK) {
    if (asks) {
      printf("\nA text, or an empty line to end: ");
    }
    fflush(stdout);
    const ssize_t length = getline(&line, &capacity, stdin);
    if (length < 0 || (asks && length <= 1)) {
      break;
    }
    status = length > 1 ? explain_text(stdout, with, line, (int64_t)length) : CLF_OK;
  }
  free(line);
  return progress_interrupted() ? CLF_ERROR_CANCELLED : status;
}

static int use_best(sentiment_run *run) {
  const trained *best = &run->made[results_best(run->results, run->count)];
  const reader with = {best->model, best->vocabulary, run->session.context};
  clf_status status = CLF_OK;
  if (run->set.save != NULL) {
    status = clf_model_set_vocabulary(best->model, best->vocabulary);
    status = status == CLF_OK ? clf_model_save(best->model, run->set.save) : status;
  }
  printf("\nNow %s classifies each line that is read.\n", run->results[best - run->made].model);
  status = status == CLF_OK ? show_text(&with, &run->texts) : status;
  status = status == CLF_OK ? classify_lines(&with) : status;
  return status == CLF_OK ? EXIT_SUCCESS : report_failure(status);
}

static clf_status write_model(FILE *out, const result *row, const trained *made) {
  enum { MAX_CLASSES = 64 };
  const char *names[MAX_CLASSES];
  const int64_t classes = clf_model_classes(made->model);
  fprintf(out, "<section>\n<h2>%s</h2>\n<p class=\"note\">Vocabulary: ", row->model);
  html_text(out, made->words);
  fputs("; ", out);
  html_count(out, clf_vocabulary_size(made->vocabulary));
  fputs(" entries</p>\n", out);
  page_recipe(out, row);
  if (classes <= MAX_CLASSES) {
    for (int64_t k = 0; k < classes; k++) {
      names[k] = clf_model_class_name(made->model, k);
    }
    fputs("<div class=\"tables\">\n", out);
    page_confusion(out, made->counts, names, classes);
    page_classes(out, made->counts, names, classes);
    fputs("</div>\n", out);
  }
  page_curves(out, &row->history);
  const clf_status status = page_layers(out, made->model);
  fputs("</section>\n", out);
  return status;
}

static clf_status write_report(sentiment_run *run, const run_facts *facts) {
  char trained_on[32], tested_on[32];
  FILE *out = run->session.report;
  clf_status status = CLF_OK;
  const result *best = &run->results[results_best(run->results, run->count)];
  snprintf(trained_on, sizeof trained_on, "%" PRId64, best->train_rows);
  snprintf(tested_on, sizeof tested_on, "%" PRId64, best->test_rows);
  page_begin(out, run->texts.synthetic ? "Synthetic film reviews" : "Texts by their labels");
  fprintf(out, "<p class=\"lead\">%s classifies %.2f&nbsp;%% of the test texts correctly.%s</p>\n",
          best->model, 100 * best->test_accuracy,
          run->texts.synthetic ? " The reviews are synthetic: the program writes them so that the "
                                 "order of the words decides what they say."
                               : "");
  const fact own[] = {{"Training texts", trained_on}, {"Test texts", tested_on}};
  page_facts(out, facts, own, sizeof own / sizeof *own);
  page_results(out, run->results, run->count);
  for (size_t i = 0; status == CLF_OK && i < run->count; i++) {
    status = write_model(out, &run->results[i], &run->made[i]);
  }
  page_end(out);
  return status;
}

static int write_outputs(sentiment_run *run, int exit_status) {
  const shared_options *shared = &run->set.shared;
  const run_facts facts =
      session_facts(&run->session, shared, run->texts.synthetic ? "synthetic" : shared->data);
  if (run->session.json != NULL) {
    results_write_json(run->session.json, &facts, run->results, run->count);
  }
  if (run->session.report != NULL && run->count > 0) {
    const clf_status status = write_report(run, &facts);
    exit_status = status < 0 ? report_failure(status) : exit_status;
  }
  return session_close_outputs(&run->session, shared, exit_status);
}

static void free_run(sentiment_run *run) {
  for (size_t i = 0; i < run->count; i++) {
    free_model(&run->made[i], &run->results[i]);
  }
  corpus_close(&run->texts);
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
