/* Compares the classifiers of a table on MNIST, or on any data set that the library reads:
 * trains and tests each, and writes what came out as a table, as JSON and as a page. */
#include <classify.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/data.h"
#include "common/models.h"
#include "report/files.h"
#include "report/model_page.h"
#include "report/page.h"
#include "report/text.h"

#define MLP(extra, first, between, last)                                                           \
  "epochs={epochs} " extra "layers='flatten; " first "dense units=256 activation=relu; " between   \
  "dense units=256 activation=relu; " between "dense units={classes} activation=" last "'"
#define DROPOUT(rate) "dropout rate=" rate "; "
#define LENET5(more)                                                                               \
  "epochs={epochs} " more                                                                          \
  "layers='conv2d filters=6 kernel=5 activation=tanh; average_pool2d size=2; "                     \
  "conv2d filters=16 kernel=5 activation=tanh; average_pool2d size=2; flatten; "                   \
  "dense units=120 activation=tanh; dense units=84 activation=tanh; dense units={classes}'"
#define CNN(more, relu)                                                                            \
  "epochs={epochs} " more "batch_size=100 layers='conv2d filters=32 kernel=5 padding=same " relu   \
  "max_pool2d size=2; "                                                                            \
  "conv2d filters=64 kernel=5 padding=same " relu                                                  \
  "max_pool2d size=2; flatten; "                                                                   \
  "dense units=1024 " relu "dropout rate=0.4; dense units={classes}'"
#define RELU "activation=relu; "
#define HE_RELU "initializer=he_uniform " RELU /* for steps as small as those of plain sgd */
#define MOVED "augment='shift=1 rotate=8 scale=0.08' "
#define DECAY "schedule=cosine factor=0.01"
#define NETWORK(text, how, passes, passes_few)                                                     \
  { .params = text, .optimizer = how, .epochs = passes, .epochs_few = passes_few }

/* A new model is a line here. */
static const model_entry models[] = {
    {"ridge", "ridge", {{.params = "alpha=1"}}},
    {"fisher", "fisher", {{.params = "shrinkage=none"}}},
    {"perceptron", "perceptron", {{.params = "epochs=10 averaged=true"}}},
    {"logistic", "logistic", {{.params = "C=1"}}},
    {"svm_linear", "svm", {{.params = "kernel=linear C=1"}}},
    {"svm_poly", "svm", {{.params = "kernel=polynomial degree=4 gamma=0.01 coef0=1 C=1"}}},
    {"svm_rbf", "svm", {{.params = "kernel=rbf C=5 gamma=0.02"}}},
    {"svm_sigmoid", "svm", {{.params = "kernel=sigmoid gamma=0.01 coef0=-2 C=100"}}},
    {"kernel_fisher",
     "fisher",
     {{.params = "kernel=rbf gamma=0.02 alpha=0.1 landmarks=0 residual=0.05"}}},
    {"kernel_perceptron", "perceptron", {{.params = "kernel=rbf gamma=0.02"}}},
    {"mlp_cross_entropy",
     "network",
     {NETWORK(MLP("", "", "", "linear"), "adam", 10, 10),
      NETWORK(MLP("", DROPOUT("0.2"), DROPOUT("0.2"), "linear"),
              "adamw learning_rate=0.002 weight_decay=0.02 " DECAY, 30, 20)}},
    {"mlp_squared_error",
     "network",
     {NETWORK(MLP("loss=squared_error ", "", "", "sigmoid"), "adam", 10, 10),
      NETWORK(MLP("loss=squared_error ", DROPOUT("0.1"), DROPOUT("0.2"), "sigmoid"),
              "adam learning_rate=0.002 " DECAY, 30, 20)}},
    {"lenet5",
     "network",
     {NETWORK(LENET5(""), "adam", 10, 10),
      NETWORK(LENET5(MOVED), "adam learning_rate=0.003 " DECAY, 20, 15)}},
    {"cnn",
     "network",
     {NETWORK(CNN("max_steps=20000 ", HE_RELU), "sgd learning_rate=0.001", 34, 34),
      NETWORK(CNN(MOVED, RELU), "adam " DECAY, 8, 3)}},
};

static const model_table table = {models, sizeof models / sizeof *models,
                                  "--models list shows them"};

typedef struct settings {
  const char *models;                      /* comma list, "all" or "list" */
  const char *preset;                      /* by name */
  const char *format, *params, *test_data; /* of other data; NULL for MNIST */
  const char *save;                        /* folder, or NULL */
  int64_t train, test;                     /* rows to take; 0: all */
  int64_t validation;                      /* training rows to hold out */
} settings;

/* A model, and what it predicts of the test rows. */
typedef struct verdict {
  char params[MAX_PARAMS];
  clf_model *model;
  int32_t *predicted; /* [rows] */
} verdict;

typedef struct mnist_run {
  settings set;
  model_run base;
  clf_dataset *train, *test, *validation; /* the last may be NULL */
  verdict verdicts[MAX_MODELS];
} mnist_run;

static void list_models(const model_choice *choice) {
  for (size_t i = 0; i < choice->count; i++) {
    const model_recipe *recipe = models_recipe(choice->entries[i], choice->preset);
    char params[MAX_PARAMS];
    models_params(params, recipe, &(const model_sizes){.epochs = recipe->epochs, .classes = 10});
    printf("%-18s %-10s %s%s%s\n", choice->entries[i]->name, choice->entries[i]->kind, params,
           recipe->optimizer != NULL ? " with " : "",
           recipe->optimizer != NULL ? recipe->optimizer : "");
  }
}

/* Chooses the models; "list" shows all. */
static int choose(mnist_run *run) {
  const bool list = strcmp(run->set.models, "list") == 0;
  const int status =
      models_choose(&run->base.chosen, &table, list ? "all" : run->set.models, run->set.preset);
  if (status < 0 && list) {
    list_models(&run->base.chosen);
    return EXIT_SUCCESS;
  }
  if (status < 0 && run->set.format == NULL && (run->set.params || run->set.test_data)) {
    complain("--params and --test-data belong to --format");
    return EXIT_USAGE;
  }
  return status;
}

static int parse(mnist_run *run, int argc, char *const *argv) {
  settings *set = &run->set;
  set->models = "all";
  set->preset = "best";
  const option_entry own[] = {
      {"models", "LIST",
       "models to run, separated by commas; all (the default), or list to show them", OPTION_TEXT,
       0, &set->models},
      {"preset", "NAME",
       "settings of the networks: best (the default), or exact, those that are common for them",
       OPTION_TEXT, 0, &set->preset},
      {"train", "N", "train on N rows, the classes in proportion (default: all)", OPTION_NUMBER, 1,
       &set->train},
      {"test", "N", "test on N rows, likewise", OPTION_NUMBER, 1, &set->test},
      {"validation", "N", "hold N training rows out, on which networks are tested after each epoch",
       OPTION_NUMBER, 1, &set->validation},
      {"format", "NAME",
       "other data: --data is a file or folder of this format (idx, csv, svmlight, npy, rows, "
       "images); a "
       "fifth of its rows is held out for the test",
       OPTION_TEXT, 0, &set->format},
      {"params", "TEXT", "parameters of the format, such as \"label=species\"", OPTION_TEXT, 0,
       &set->params},
      {"test-data", "PATH", "a file or folder of the format to test on, with the same classes",
       OPTION_TEXT, 0, &set->test_data},
      {"save", "DIR", "save the models as DIR/NAME.clf", OPTION_TEXT, 0, &set->save},
  };
  const program_options program = {
      .usage = "[OPTION …]",
      .summary = "Trains and tests classifiers on the handwritten digits of MNIST.",
      .data =
          "folder of the four files of MNIST, or its parent (default: $CLASSIFY_DATA, else a "
          "sample of 12,000 images that comes with the program)",
      .own = own,
      .count = sizeof own / sizeof *own};
  int status = options_parse(&run->base.shared, &program, argc, argv);
  run->base.shared.data = run->base.shared.data != NULL ? run->base.shared.data : EXAMPLES_DATA;
  return status >= 0 ? status : choose(run);
}

static int load_data(mnist_run *run) {
  const settings *set = &run->set;
  const int64_t seed = run->base.shared.seed;
  int status = set->format == NULL
                   ? data_read_mnist(&run->train, &run->test, run->base.session.context,
                                     run->base.shared.data)
                   : data_read(&run->train, &run->test, run->base.session.context, set->format,
                               run->base.shared.data, set->test_data, set->params, seed);
  if (status >= 0) {
    return status;
  }
  clf_status taken = data_take(&run->train, NULL, set->train, seed);
  taken = taken == CLF_OK ? data_take(&run->test, NULL, set->test, seed) : taken;
  if (taken == CLF_OK && set->validation > 0) {
    const int64_t rows = clf_dataset_rows(run->train);
    if (set->validation >= rows) {
      complain("--validation %" PRId64 " leaves none of %" PRId64 " rows to train on",
               set->validation, rows);
      return EXIT_USAGE;
    }
    run->validation = run->train; /* which becomes the part that is held out */
    run->train = NULL;
    taken = data_take(&run->validation, &run->train, set->validation, seed + 1);
  }
  return taken == CLF_OK ? -1 : report_failure(taken);
}

static clf_status save_model(const mnist_run *run, const char *name, const clf_model *model) {
  char path[4096];
  if (run->set.save == NULL) {
    return CLF_OK;
  }
  snprintf(path, sizeof path, "%s/%s.clf", run->set.save, name);
  return clf_model_save(model, path);
}

static void free_verdict(result *row, verdict *made) {
  history_free(&row->history);
  clf_model_free(made->model);
  free(made->predicted);
  *made = (verdict){0};
}

/* Fits, tests and saves one model. */
static clf_status run_model(void *self, const model_entry *entry, result *row) {
  mnist_run *run = self;
  const model_recipe *recipe = models_recipe(entry, run->base.chosen.preset);
  const int64_t rows = clf_dataset_rows(run->train);
  enum { FEW = 30000 };
  verdict *made = &run->verdicts[run->base.count];
  models_params(made->params, recipe,
                &(const model_sizes){.epochs = rows < FEW ? recipe->epochs_few : recipe->epochs,
                                     .classes = clf_dataset_classes(run->train)});
  progress_line(&run->base.session.progress, "%s: fitting %" PRId64 " rows", entry->name, rows);
  clf_status status = models_fit(&made->model, row, run->base.session.context, entry, recipe,
                                 made->params, run->train, run->validation);
  status = status == CLF_OK ? models_test(&made->predicted, row, made->model, run->train, run->test)
                            : status;
  status = status == CLF_OK ? save_model(run, entry->name, made->model) : status;
  progress_clear(&run->base.session.progress);
  if (status < 0) {
    free_verdict(row, made);
    return status;
  }
  results_print_row(row);
  return CLF_OK;
}

static void write_lead(FILE *out, const mnist_run *run, const result *best) {
  const bool digits = run->set.format == NULL;
  fputs("<p class=\"lead\">", out);
  if (run->base.count > 1) {
    fprintf(out, "The best of %zu models, %s, ", run->base.count, best->model);
  } else {
    fprintf(out, "%s ", best->model);
  }
  fprintf(out, "%s %.2f&nbsp;%% of ", digits ? "reads" : "gets", 100 * best->test_accuracy);
  html_count(out, best->test_rows);
  fprintf(out, " unseen %s right after learning from ", digits ? "digits" : "rows");
  html_count(out, best->train_rows);
  fputs(".</p>\n", out);
}

static clf_status write_report(FILE *out, const void *self, const run_facts *facts) {
  const mnist_run *run = self;
  const size_t best = results_best(run->base.results, run->base.count);
  clf_status status = CLF_OK;
  page_begin(out, run->set.format == NULL ? "MNIST: handwritten digits" : "Classifiers compared");
  write_lead(out, run, &run->base.results[best]);
  page_facts(out, facts, NULL, 0);
  page_results(out, run->base.results, run->base.count);
  fputs("<section>\n<h2>Each model</h2>\n", out);
  for (size_t i = 0; status == CLF_OK && i < run->base.count; i++) {
    const result *row = &run->base.results[i];
    fprintf(out,
            "<details%s>\n<summary><b>%s</b><span>%.2f&nbsp;%%</span></summary>\n"
            "<div class=\"body\">\n",
            i == best ? " open" : "", row->model, 100 * row->test_accuracy);
    status = page_model(out, row, run->verdicts[i].model, run->test, run->verdicts[i].predicted);
    fputs("</div>\n</details>\n", out);
  }
  fputs("</section>\n", out);
  page_end(out);
  return status;
}

int main(int argc, char **argv) {
  static mnist_run run;
  int status = parse(&run, argc, argv);
  status = status >= 0 ? status : session_begin(&run.base.session, &run.base.shared);
  status = status >= 0 ? status : load_data(&run);
  status = status >= 0 ? status : output_folder(run.set.save);
  status = status >= 0 ? status : session_open_outputs(&run.base.session, &run.base.shared, NULL);
  if (status < 0) {
    results_print_head();
    status = models_run(&run.base, NULL, run_model, &run);
    status = models_write(&run.base, run.base.shared.data, NULL, write_report, &run, status);
  }
  for (size_t i = 0; i < run.base.count; i++) {
    free_verdict(&run.base.results[i], &run.verdicts[i]);
  }
  clf_dataset_free(run.train);
  clf_dataset_free(run.validation);
  clf_dataset_free(run.test);
  return session_end(&run.base.session, status);
}
