/* Trains and tests every classifier of a table (models.c) on MNIST. */
#include <classify.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/folder.h"
#include "common/session.h"
#include "models.h"
#include "report.h"

typedef struct settings {
  shared_options shared;
  const char *models;  /* comma list, "all" or "list" */
  const char *preset;  /* by name */
  const char *save;    /* folder, or NULL */
  int64_t train, test; /* rows to take; 0: all */
  int64_t validation;  /* training rows to hold out */
} settings;

typedef struct mnist_run {
  settings set;
  model_choice chosen;
  session session;
  clf_dataset *train, *test;
  clf_dataset *validation; /* or NULL */
  result results[MAX_MODELS];
  verdict verdicts[MAX_MODELS];
  size_t count; /* of results */
} mnist_run;

static int parse(mnist_run *run, int argc, char *const *argv) {
  settings *set = &run->set;
  set->models = "all";
  set->preset = "best";
  const option_entry own[] = {
      {"models", "LIST",
       "models to run, separated by commas; all (the default), or list to show "
       "them",
       OPTION_TEXT, 0, &set->models},
      {"preset", "NAME",
       "settings of the networks: best (the default), or exact, those that are common for them",
       OPTION_TEXT, 0, &set->preset},
      {"train", "N", "train on N rows, the classes in proportion (default: all)", OPTION_NUMBER, 1,
       &set->train},
      {"test", "N", "test on N rows, likewise", OPTION_NUMBER, 1, &set->test},
      {"validation", "N", "hold N training rows out, on which networks are tested after each epoch",
       OPTION_NUMBER, 1, &set->validation},
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
  int status = options_parse(&set->shared, &program, argc, argv);
  set->shared.data = set->shared.data != NULL ? set->shared.data : EXAMPLES_DATA;
  return status >= 0 ? status : models_choose(&run->chosen, set->models, set->preset);
}

/* Reads a split of the data and, when fewer rows are wanted, draws them. */
static clf_status load_split(clf_dataset **out, mnist_run *run, const char *inside,
                             const char *split, int64_t wanted) {
  char path[4096];
  snprintf(path, sizeof path, "%s%s/%s", run->set.shared.data, inside, split);
  clf_dataset *all = NULL, *rest = NULL;
  clf_status status = clf_dataset_load(&all, run->session.context, "idx", path, NULL);
  int64_t rows = clf_dataset_rows(all);
  if (status < 0 || wanted == 0 || wanted >= rows) {
    *out = all;
    return status;
  }
  status = clf_dataset_split(out, &rest, all, (double)wanted / (double)rows,
                             (uint64_t)run->set.shared.seed);
  clf_dataset_free(rest);
  clf_dataset_free(all);
  return status;
}

/* Takes the rows to validate on out of the training rows. */
static int hold_out(mnist_run *run) {
  const int64_t wanted = run->set.validation, rows = clf_dataset_rows(run->train);
  clf_dataset *rest = NULL;
  if (wanted == 0) {
    return -1;
  }
  if (wanted >= rows) {
    complain("--validation %" PRId64 " leaves none of %" PRId64 " rows to train on", wanted, rows);
    return EXIT_USAGE;
  }
  clf_status status =
      clf_dataset_split(&run->validation, &rest, run->train, (double)wanted / (double)rows,
                        (uint64_t)run->set.shared.seed + 1);
  if (status < 0) {
    return report_failure(status);
  }
  clf_dataset_free(run->train);
  run->train = rest;
  return -1;
}

static int load_data(mnist_run *run) {
  const char *folder = run->set.shared.data;
  const char *inside = mnist_place(folder);
  if (inside == NULL) {
    complain(
        "no MNIST in '%s': neither it nor its folder mnist has train-images-idx3-ubyte.gz or "
        "train-images-idx3-ubyte; examples/data/fetch.sh mnist gets the full set",
        folder);
    return EXIT_FAILURE;
  }
  clf_status status = load_split(&run->train, run, inside, "train", run->set.train);
  status = status == CLF_OK ? load_split(&run->test, run, inside, "t10k", run->set.test) : status;
  return status == CLF_OK ? hold_out(run) : report_failure(status);
}

/* Opens what will be written, before the long work. */
static int open_outputs(mnist_run *run) {
  const shared_options *shared = &run->set.shared;
  const char *save = run->set.save;
  if (save != NULL && mkdir(save, 0777) != 0 && errno != EEXIST) {
    complain("cannot make the folder %s: %s", save, strerror(errno));
    return EXIT_FAILURE;
  }
  return session_open_outputs(&run->session, shared, NULL);
}

/* The probabilities for the report, where the model has them. */
static clf_status add_probabilities(verdict *made, const clf_dataset *test, int64_t count) {
  made->probabilities = malloc((size_t)count * sizeof(float));
  clf_status status = made->probabilities == NULL
                          ? CLF_ERROR_MEMORY
                          : clf_model_predict_proba(made->model, test, made->probabilities, count);
  if (status == CLF_ERROR_UNSUPPORTED) {
    free(made->probabilities);
    made->probabilities = NULL;
    status = CLF_OK;
  }
  return status;
}

static clf_status test_model(mnist_run *run, result *row, verdict *made) {
  int64_t rows = clf_dataset_rows(run->test);
  int64_t values = rows * clf_model_outputs(made->model);
  made->predicted = malloc((size_t)rows * sizeof(int32_t));
  made->decision = malloc((size_t)values * sizeof(float));
  if (made->predicted == NULL || made->decision == NULL) {
    return CLF_ERROR_MEMORY;
  }
  double start = seconds_now();
  clf_status status = clf_model_predict(made->model, run->test, made->predicted, rows);
  row->predict_seconds = seconds_now() - start;
  if (status == CLF_OK) {
    status = clf_model_score(made->model, run->test, &row->test_accuracy);
  }
  if (status == CLF_OK) {
    status = clf_model_score(made->model, run->train, &row->train_accuracy);
  }
  if (status == CLF_OK && run->session.report != NULL) {
    status = clf_model_decision_function(made->model, run->test, made->decision, values);
  }
  if (status == CLF_OK && run->session.report != NULL) {
    status = add_probabilities(made, run->test, values);
  }
  return status;
}

static clf_status save_model(const mnist_run *run, const model_entry *entry,
                             const clf_model *model) {
  char path[4096];
  if (run->set.save == NULL) {
    return CLF_OK;
  }
  snprintf(path, sizeof path, "%s/%s.clf", run->set.save, entry->name);
  return clf_model_save(model, path);
}

static clf_status fit_model(mnist_run *run, const model_entry *entry, result *row, verdict *made) {
  const model_recipe *recipe = models_recipe(entry, run->chosen.preset);
  clf_status status =
      clf_model_create(&made->model, run->session.context, entry->kind, row->params);
  if (status < 0) {
    return status;
  }
  clf_optimizer *optimizer = NULL;
  if (recipe->optimizer != NULL) {
    status = clf_optimizer_create(&optimizer, run->session.context, recipe->optimizer,
                                  recipe->optimizer_params);
  }
  double start = seconds_now();
  if (status == CLF_OK) {
    status = clf_model_fit(made->model, run->train, optimizer,
                           recipe->optimizer != NULL ? run->validation : NULL);
  }
  clf_optimizer_free(optimizer);
  row->fit_seconds = seconds_now() - start;
  row->outcome = clf_model_outcome(made->model);
  return status == CLF_OK ? history_read(&row->history, made->model) : status;
}

static void free_outcome(result *row, verdict *made) {
  history_free(&row->history);
  clf_model_free(made->model);
  free(made->predicted);
  free(made->decision);
  free(made->probabilities);
  *made = (verdict){0};
}

/* Fits, tests and saves one model; the result is added when all of it worked. */
static clf_status run_model(mnist_run *run, const model_entry *entry) {
  result *row = &run->results[run->count];
  verdict *made = &run->verdicts[run->count];
  *row = (result){.model = entry->name,
                  .params = made->params,
                  .train_rows = clf_dataset_rows(run->train),
                  .test_rows = clf_dataset_rows(run->test)};
  const model_recipe *recipe = models_recipe(entry, run->chosen.preset);
  models_params(made->params, recipe, row->train_rows);
  if (recipe->optimizer != NULL) {
    models_optimizer(made->optimizer, recipe);
    row->optimizer = made->optimizer;
  }
  progress_title(&run->session.progress, entry->name);
  progress_line(&run->session.progress, "%s: fitting %" PRId64 " rows", entry->name,
                row->train_rows);
  clf_status status = fit_model(run, entry, row, made);
  if (status == CLF_OK) {
    status = test_model(run, row, made);
  }
  if (status == CLF_OK) {
    status = save_model(run, entry, made->model);
  }
  progress_clear(&run->session.progress);
  if (status < 0) {
    free_outcome(row, made);
    return status;
  }
  results_print_row(row);
  run->count++;
  return CLF_OK;
}

/* Runs the chosen models; one that fails does not keep the others from running. */
static int run_models(mnist_run *run) {
  int exit_status = EXIT_SUCCESS;
  results_print_head();
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
    }
  }
  return exit_status;
}

static int write_outputs(mnist_run *run, int exit_status) {
  const shared_options *shared = &run->set.shared;
  const run_facts facts = session_facts(&run->session, shared, shared->data);
  if (run->session.json != NULL) {
    results_write_json(run->session.json, &facts, run->results, run->count);
    exit_status = output_close(run->session.json, shared->json) < 0 ? EXIT_FAILURE : exit_status;
  }
  if (run->session.report != NULL) {
    if (run->count > 0 && mnist_report(run->session.report, &facts, run->results, run->verdicts,
                                       run->count, run->test) < 0) {
      complain("the report is not complete: %s", clf_last_error());
      exit_status = EXIT_FAILURE;
    }
    exit_status =
        output_close(run->session.report, shared->report) < 0 ? EXIT_FAILURE : exit_status;
  }
  return exit_status;
}

static void free_run(mnist_run *run) {
  for (size_t i = 0; i < run->count; i++) {
    free_outcome(&run->results[i], &run->verdicts[i]);
  }
  clf_dataset_free(run->train);
  clf_dataset_free(run->validation);
  clf_dataset_free(run->test);
  session_end(&run->session);
}

int main(int argc, char **argv) {
  static mnist_run run;
  int status = parse(&run, argc, argv);
  status = status >= 0 ? status : session_begin(&run.session, &run.set.shared);
  status = status >= 0 ? status : load_data(&run);
  status = status >= 0 ? status : open_outputs(&run);
  if (status < 0) {
    status = run_models(&run);
    status = write_outputs(&run, status);
  }
  free_run(&run);
  return status;
}
