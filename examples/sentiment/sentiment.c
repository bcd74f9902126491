/* Trains models of a table to classify texts by their labels: film reviews by whether
 * they are for or against the film, or any folders of texts. Compares them, and then classifies
 * what is typed. */
#include <classify.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/models.h"
#include "common/texts.h"
#include "report/explain.h"
#include "report/files.h"
#include "report/model_page.h"
#include "report/page.h"

#define IDS(words) "encoding=sequence max_words=" words
#define NETWORK(training, layers)                                                                  \
  "epochs={epochs} loss={loss} batch_size=128 " training                                           \
  " layers='embedding vocabulary={words} " layers "; dense units={outputs}'"
#define RECURRENT(cell) "units=50; dropout rate=0.2; " cell " units=32"
#define AVERAGE "units=50; global_average_pool1d; dense units=16 activation=relu"
#define BOTH_WAYS                                                                                  \
  "units=64 dropout=0.4; dropout rate=0.5; lstm units=64 bidirectional=true "                      \
  "return_sequences=true dropout=0.2; global_average_pool1d; dropout rate=0.5"
#define BAG(ngrams) "encoding=tf_idf ngrams=" ngrams " min_count=2 sublinear=true"

/* Weights oscillate from step to step, and the last small batch of an epoch may lower the accuracy
 * on held-out rows by a tenth. The mean of the weights over some hundred steps does not oscillate.
 * The synthetic reviews are few and need more epochs. */
#define EXACT(layers)                                                                              \
  {                                                                                                \
    .params = NETWORK("validation_split=0.2 averaging=0.99", layers),                              \
    .optimizer = "rmsprop learning_rate=0.001 alpha=0.9", .epochs = 5, .epochs_few = 32,           \
    .vocabulary = IDS("10000")                                                                     \
  }

/* A line of this table is a model. */
static const model_entry models[] = {
    {"lstm",
     "network",
     {EXACT(RECURRENT("lstm")),
      {.params = NETWORK("validation_split=0.05 averaging=0.99", BOTH_WAYS),
       .optimizer = "rmsprop learning_rate=0.002 alpha=0.9 schedule=cosine factor=0.02",
       .epochs = 4,
       .vocabulary = IDS("100000") " ngrams=1,2",
       .steps = 1000}}},
    {"gru", "network", {EXACT(RECURRENT("gru"))}},
    {"average", "network", {EXACT(AVERAGE)}},
    {"bag_of_words",
     "logistic",
     {{.params = "C=30", .vocabulary = BAG("1,2")},
      {.params = "C=30", .vocabulary = BAG("1,2,3"), .transforms = {"log_count_ratio"}}}},
};

static const model_table table = {models, sizeof models / sizeof *models, NULL};

typedef struct settings {
  const char *model;  /* by name, or "all" */
  const char *preset; /* by name */
  const char *save;   /* file, or NULL */
  int64_t epochs;     /* 0: the recipe's */
} settings;

typedef struct trained {
  clf_vocabulary *vocabulary;
  clf_model *model;
  clf_dataset *test;
  int32_t *predicted; /* of the test texts */
  const model_recipe *recipe;
  char params[MAX_PARAMS];
} trained;

typedef struct sentiment_run {
  settings set;
  model_run base;
  corpus texts;
  trained made[MAX_MODELS];
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
          "folder with a folder of text files for each label, a fifth of which is held out for the "
          "test; or with such folders in train and test, or their parent where it is called "
          "aclImdb "
          "(default: $CLASSIFY_DATA, else synthetic reviews, in which the order of the words "
          "decides)",
      .own = own,
      .count = sizeof own / sizeof *own};
  int status = options_parse(&run->base.shared, &program, argc, argv);
  return status >= 0 ? status : models_choose(&run->base.chosen, &table, set->model, set->preset);
}

/* Reads the texts, and opens what will be written before the long work. */
static int open_all(sentiment_run *run) {
  const shared_options *shared = &run->base.shared;
  const double start = seconds_now();
  int status = corpus_open(&run->texts, run->base.session.context, shared->data, shared->seed);
  if (status >= 0) {
    return status;
  }
  run->base.chosen.preset = run->texts.synthetic ? PRESET_EXACT : run->base.chosen.preset;
  printf("%s: %" PRId64 " to train on, %" PRId64 " to test, read in %.2f s\n",
         run->texts.synthetic ? "synthetic reviews, made by this program" : "texts",
         clf_documents_count(run->texts.train.documents),
         clf_documents_count(run->texts.test.documents), seconds_now() - start);
  return session_open_outputs(&run->base.session, shared, run->set.save);
}

static clf_status make_vocabulary(const sentiment_run *run, const model_recipe *recipe,
                                  clf_vocabulary **out) {
  char params[MAX_PARAMS], steps[32] = "";
  if (recipe->optimizer != NULL) {
    snprintf(steps, sizeof steps, " steps=%" PRId64,
             recipe->steps > 0 ? recipe->steps : run->texts.steps);
  }
  snprintf(params, sizeof params, "%s%s", recipe->vocabulary, steps);
  clf_status status = clf_vocabulary_create(out, run->base.session.context, params);
  return status == CLF_OK ? clf_vocabulary_build(*out, run->texts.train.documents) : status;
}

static void free_model(trained *made, result *row) {
  history_free(&row->history);
  clf_model_free(made->model);
  clf_dataset_free(made->test);
  clf_vocabulary_free(made->vocabulary);
  free(made->predicted);
  *made = (trained){0};
}

/* Writes the parameters of the vocabulary and the transform that make rows of the texts. */
static void write_words(FILE *out, const trained *made) {
  const char *transform = made->recipe->transforms[0];
  fprintf(out, "%s%s%s", made->recipe->vocabulary, transform != NULL ? ", then the transform " : "",
          transform != NULL ? transform : "");
}

static clf_status fit_and_test(sentiment_run *run, const model_entry *entry, trained *made,
                               result *row) {
  clf_dataset *train = NULL;
  clf_status status = make_vocabulary(run, made->recipe, &made->vocabulary);
  status = status == CLF_OK ? corpus_rows(&train, made->vocabulary, &run->texts.train) : status;
  status = status == CLF_OK ? corpus_rows(&made->test, made->vocabulary, &run->texts.test) : status;
  if (status == CLF_OK) {
    const int usual = run->texts.synthetic ? made->recipe->epochs_few : made->recipe->epochs;
    models_params(made->params, made->recipe,
                  &(const model_sizes){.epochs = run->set.epochs > 0 ? run->set.epochs : usual,
                                       .classes = clf_dataset_classes(train),
                                       .words = clf_vocabulary_count(made->vocabulary)});
    status = models_fit(&made->model, row, run->base.session.context, entry, made->recipe,
                        made->params, train, NULL);
  }
  if (status == CLF_OK) {
    status = models_test(&made->predicted, row, made->model, train, made->test);
  }
  clf_dataset_free(train);
  return status;
}

/* Fits and tests one model. */
static clf_status run_model(void *self, const model_entry *entry, result *row) {
  sentiment_run *run = self;
  trained *made = &run->made[run->base.count];
  made->recipe = models_recipe(entry, run->base.chosen.preset);
  const clf_status status = fit_and_test(run, entry, made, row);
  progress_clear(&run->base.session.progress);
  if (status < 0) {
    free_model(made, row);
    return status;
  }
  printf("\n%s: ", entry->name);
  write_words(stdout, made);
  putchar('\n');
  history_print(stdout, &row->history);
  return CLF_OK;
}

static int run_models(sentiment_run *run) {
  const int exit_status = models_run(&run->base, NULL, run_model, run);
  if (exit_status != EXIT_INTERRUPTED) {
    putchar('\n');
    results_print_head();
    for (size_t i = 0; i < run->base.count; i++) {
      results_print_row(&run->base.results[i]);
    }
  }
  return exit_status;
}

/* Prints a text of the test set and the words of it that change the result. */
static clf_status show_text(const reader *with, const corpus *c) {
  size_t length = 0;
  const char *text = clf_documents_text(c->test.documents, 0, &length);
  const int shown = length < 200 ? (int)length : 200;
  printf("\nA text of the test set: %.*s%s\n", shown, text, length > 200 ? " …" : "");
  return explain_text(stdout, with, text, length);
}

static int use_best(sentiment_run *run) {
  const trained *best = &run->made[results_best(run->base.results, run->base.count)];
  const reader with = {best->model, best->vocabulary, run->base.session.context};
  clf_status status = CLF_OK;
  if (run->set.save != NULL) {
    status = clf_model_set_vocabulary(best->model, best->vocabulary);
    status = status == CLF_OK ? clf_model_save(best->model, run->set.save) : status;
  }
  printf("\nNow %s classifies each line that is read.\n",
         run->base.results[best - run->made].model);
  status = status == CLF_OK ? show_text(&with, &run->texts) : status;
  status = status == CLF_OK ? explain_lines(&with) : status;
  return status == CLF_OK ? EXIT_SUCCESS : report_failure(status);
}

static clf_status write_model(FILE *out, const result *row, const trained *made) {
  fprintf(out, "<section>\n<h2>%s</h2>\n<p class=\"note\">Vocabulary: ", row->model);
  write_words(out, made);
  fputs("; ", out);
  html_count(out, clf_vocabulary_count(made->vocabulary));
  fputs(" entries</p>\n", out);
  const clf_status status = page_model(out, row, made->model, made->test, made->predicted);
  fputs("</section>\n", out);
  return status;
}

static clf_status write_report(FILE *out, const void *self, const run_facts *facts) {
  const sentiment_run *run = self;
  char trained_on[32], tested_on[32];
  clf_status status = CLF_OK;
  const result *best = &run->base.results[results_best(run->base.results, run->base.count)];
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
  page_results(out, run->base.results, run->base.count);
  for (size_t i = 0; status == CLF_OK && i < run->base.count; i++) {
    status = write_model(out, &run->base.results[i], &run->made[i]);
  }
  page_end(out);
  return status;
}

/* What the JSON has of a model besides. */
static void write_members(json_writer *json, const void *user, size_t index) {
  const trained *made = &((const sentiment_run *)user)->made[index];
  const char *transform = made->recipe->transforms[0];
  json_text(json, "vocabulary", made->recipe->vocabulary);
  json_int64(json, "vocabulary_size", clf_vocabulary_count(made->vocabulary));
  json_text(json, "transform", transform != NULL ? transform : "");
}

int main(int argc, char **argv) {
  static sentiment_run run;
  int status = parse(&run, argc, argv);
  status = status >= 0 ? status : session_begin(&run.base.session, &run.base.shared);
  status = status >= 0 ? status : open_all(&run);
  if (status < 0) {
    status = run_models(&run);
    status = models_write(&run.base, run.texts.synthetic ? "synthetic" : run.base.shared.data,
                          write_members, write_report, &run, status);
    status = status == EXIT_SUCCESS ? use_best(&run) : status;
  }
  for (size_t i = 0; i < run.base.count; i++) {
    free_model(&run.made[i], &run.base.results[i]);
  }
  corpus_close(&run.texts);
  return session_end(&run.base.session, status);
}
