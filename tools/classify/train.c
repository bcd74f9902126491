/* classify train: fits a model to data and saves it with what is needed to use it. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "crops.h"
#include "examples.h"
#include "notes.h"
#include "params.h"
#include "report.h"
#include "report/files.h"
#include "report/text.h"
#include "require.h"
#include "table.h"
#include "table_stages.h"
#include "verbs.h"

static struct {
  recipe recipe;
  const char *test, *detector, *continued;
  double holdout;
} set;

static const option_entry options[] = {
    RECIPE_OPTIONS(set.recipe),
    {"detector", "FILE",
     "a detector of faces or other objects, optionally with parameters, such as 'faces.clf "
     "threshold=0.9': train on the box with the highest score of each image, not on all of the "
     "image",
     OPTION_TEXT, 0, &set.detector},
    {"continue", "MODEL",
     "a model that learns these data, too, instead of a new one: ridge and fisher that were "
     "trained "
     "with incremental=true as if by one training on all data, perceptrons and networks by one "
     "pass",
     OPTION_TEXT, 0, &set.continued},
    {"test", "DATA", "labeled data to test the model on", OPTION_TEXT, 0, &set.test},
    {"holdout", "SHARE",
     "share of the rows, such as 0.2, to leave out of the training and test the model on",
     OPTION_SHARE, 0, &set.holdout},
};

/* What a run of the verb has. */
typedef struct training {
  input in, test_in;
  clf_model *model;
  clf_dataset *train, *test; /* NULL: all rows of `in`; no test */
  double fit_seconds, train_score, test_score;
} training;

static const clf_dataset *train_rows(const training *self) {
  return self->train != NULL ? self->train : self->in.rows;
}

static const clf_dataset *test_rows(const training *self) {
  return self->test != NULL ? self->test : self->test_in.rows;
}

static int check_options(const tool *t) {
  if (t->common.output == NULL) {
    complain("-o MODEL says where to save the model");
    return EXIT_USAGE;
  }
  if (set.test != NULL && set.holdout > 0) {
    complain("--test and --holdout exclude each other");
    return EXIT_USAGE;
  }
  const recipe *r = &set.recipe;
  if (set.continued != NULL &&
      (r->model != NULL || r->transforms.count > 0 || r->optimizer != NULL ||
       r->vocabulary != NULL || set.detector != NULL || set.holdout > 0)) {
    complain(
        "--continue takes all that the model has: it excludes --model, --transform, "
        "--optimizer, --vocabulary, --detector and --holdout");
    return EXIT_USAGE;
  }
  if (set.continued != NULL && t->words.count != 1) {
    complain("--continue reads one file or folder of data");
    return EXIT_USAGE;
  }
  if (t->common.require != NULL && set.test == NULL && set.holdout == 0) {
    complain("--require asks for rows to test the model on: --test DATA or --holdout SHARE");
    return EXIT_USAGE;
  }
  return save_possible(t->common.output) ? -1 : EXIT_FAILURE;
}

/* Reads pictures by the detector. */
static int read_crops(training *self, tool *t) {
  clf_detector *detector = NULL;
  char kind[KIND_BYTES];
  const char *params = params_split(kind, t->common.format != NULL ? t->common.format : "images");
  if (strcmp(kind, "images") != 0) {
    complain("--detector needs images, so --format must begin with images");
    return EXIT_USAGE;
  }
  progress_title(&t->progress, "detect");
  int status = crops_open(&detector, t, set.detector);
  status = status < 0 ? crops_read(&self->in, t, detector, t->words.words[0], params) : status;
  if (status < 0 && set.test != NULL) {
    status = crops_read(&self->test_in, t, detector, set.test, self->in.params);
  }
  clf_detector_free(detector);
  return status;
}

/* Reads the data as the model that goes on reads them. */
static int read_more(training *self, tool *t) {
  int status = input_read_for(&self->in, t, t->words.words[0], self->model);
  if (status < 0 && set.test != NULL) {
    status = input_read_for(&self->test_in, t, set.test, self->model);
  }
  return status;
}

static int read_data(training *self, tool *t) {
  if (set.continued != NULL) {
    return read_more(self, t);
  }
  int status = set.detector != NULL
                   ? read_crops(self, t)
                   : examples_read_files(&self->in, t, &set.recipe, &t->words, self->model);
  if (status < 0 && set.holdout > 0) {
    status = examples_split(&self->train, &self->test, &self->in, t, &set.recipe, set.holdout,
                            self->model);
  } else if (status < 0 && set.test != NULL && set.detector == NULL) {
    status = input_read_like(&self->test_in, t, set.test, &self->in);
    if (status < 0 && self->test_in.texts != NULL) {
      status = input_encode(&self->test_in, clf_model_vocabulary(self->model));
    }
  }
  return status;
}

/* A machine of one class also fits rows without labels, of which it has no score. */
static clf_status score(double *out, const clf_model *model, const clf_dataset *rows) {
  if (model_learns_one_class(model) && clf_dataset_classes(rows) == 0) {
    *out = (double)NAN;
    return CLF_OK;
  }
  return clf_model_score(model, rows, out);
}

static clf_status fit(training *self, tool *t) {
  const double began = seconds_now();
  progress_title(&t->progress, clf_model_kind(self->model));
  clf_status status = set.continued != NULL
                          ? clf_model_partial_fit(self->model, train_rows(self))
                          : clf_model_fit(self->model, train_rows(self), NULL, NULL);
  self->fit_seconds = seconds_now() - began;
  progress_title(&t->progress, "score");
  if (status == CLF_OK) {
    progress_settle(&t->progress);
    status = score(&self->train_score, self->model, train_rows(self));
  }
  if (status == CLF_OK && test_rows(self) != NULL) {
    status = score(&self->test_score, self->model, test_rows(self));
  }
  progress_clear(&t->progress);
  return status;
}

static clf_status note_all(const training *self, const tool *t) {
  clf_status status = notes_training(self->model, t, &self->in, train_rows(self));
  if (status == CLF_OK && set.detector != NULL) {
    status = notes_set(self->model, NOTE_DETECTOR, "%s", set.detector);
  }
  return status == CLF_OK && test_rows(self) != NULL
             ? notes_set(self->model, NOTE_TEST_SCORE, "%.6f", self->test_score)
             : status;
}

static int print_result(const training *self, const tool *t) {
  const bool regression =
      clf_model_classes(self->model) == 0 && !model_learns_one_class(self->model);
  const clf_dataset *test = test_rows(self);
  const table_column columns[] = {
      {"model", false, 0},
      {"rows", true, 0},
      {"features", true, 0},
      {"classes", true, 0},
      {regression ? "train_r2" : "train_accuracy", true, 4},
      {"fit_seconds", true, 3},
      {"outcome", false, 0},
      {"test_rows", true, 0},
      {regression ? "test_r2" : "test_accuracy", true, 4},
  };
  const size_t count = sizeof columns / sizeof *columns;
  table results = table_of(columns, test != NULL ? count : count - 2);
  table_text(&results, clf_model_kind(self->model));
  table_integer(&results, clf_dataset_rows(train_rows(self)));
  table_integer(&results, clf_model_features(self->model));
  table_integer(&results, clf_model_classes(self->model));
  table_number(&results, self->train_score);
  table_number(&results, self->fit_seconds);
  table_text(&results, clf_model_outcome(self->model) == CLF_OK ? "converged" : "not converged");
  if (test != NULL) {
    table_integer(&results, clf_dataset_rows(test));
    table_number(&results, self->test_score);
  }
  const int status = table_print(&results, t, stdout);
  table_free(&results);
  return status;
}

static int write_report(const training *self, const tool *t, const clf_dataset *rows,
                        const graded *g, const measures *m) {
  char title[128], count[24], seconds[24];
  snprintf(title, sizeof title, "Training of %s", clf_model_kind(self->model));
  snprintf(count, sizeof count, "%" PRId64, clf_dataset_rows(train_rows(self)));
  snprintf(seconds, sizeof seconds, "%.3f s", self->fit_seconds);
  const bool converged = clf_model_outcome(self->model) == CLF_OK;
  const fact facts[] = {{"Model", t->common.output},
                        {"Rows trained on", count},
                        {"Fit", seconds},
                        {"Outcome", converged ? "converged" : "not converged"}};
  const model_page about = {.title = title,
                            .data = self->in.path,
                            .rows = rows == train_rows(self) ? "rows of the training itself"
                                                             : "rows not trained on",
                            .facts = facts,
                            .count = sizeof facts / sizeof *facts};
  return report_write(t, &about, rows, g, m);
}

/* Measures the model on the rows to test it on, or else on its own, for --report and --require. */
static int measure(const training *self, tool *t, const requirements *required) {
  const clf_dataset *rows = test_rows(self) != NULL ? test_rows(self) : train_rows(self);
  graded g = {0};
  measures m = {0};
  if (t->common.report == NULL && required->count == 0) {
    return -1;
  }
  int status = graded_create(&g, self->model, rows, t->common.outliers);
  if (status < 0) {
    const int64_t draws = t->common.report != NULL ? -1 : 0; /* only the report has intervals */
    const clf_status done = measures_create(&m, &g, t, draws);
    status = done == CLF_OK ? -1 : tool_fail(done);
  }
  status = status < 0 ? write_report(self, t, rows, &g, &m) : status;
  status = status < 0 ? requirements_check(required, &m, g.names) : status;
  measures_free(&m);
  graded_free(&g);
  return status;
}

static int run(tool *t) {
  training self = {.model = NULL};
  requirements required;
  int status = check_options(t);
  status = status < 0 ? requirements_read(&required, t->common.require) : status;
  if (status < 0) {
    status = set.continued != NULL ? input_model(&self.model, t, set.continued)
                                   : recipe_make(&self.model, t, &set.recipe);
  }
  status = status < 0 ? read_data(&self, t) : status;
  if (status < 0 && set.continued == NULL) {
    status = table_stages_add(&set.recipe, self.model, t, self.in.rows);
  }
  if (status < 0) {
    clf_status done = fit(&self, t);
    done = done == CLF_OK ? note_all(&self, t) : done;
    done = done == CLF_OK ? tool_save(self.model, t->common.output) : done;
    status = done == CLF_OK ? print_result(&self, t) : tool_fail(done);
  }
  status = status < 0 ? measure(&self, t, &required) : status;
  if (status < 0) {
    status = clf_model_outcome(self.model) == CLF_OK ? EXIT_SUCCESS : EXIT_NOT_CONVERGED;
  }
  clf_dataset_free(self.train);
  clf_dataset_free(self.test);
  clf_model_free(self.model);
  input_free(&self.in);
  input_free(&self.test_in);
  return status;
}

const verb verb_train = {
    .name = "train",
    .summary = "fit a model to data and save it",
    .usage = "DATA… [OPTION …] -o MODEL",
    .example =
        "classify train iris.csv --model 'svm C=5' --transform standardize --holdout 0.2 -o "
        "iris.clf",
    .words = "DATA…",
    .words_help =
        "a file or folder of rows, images or texts with their labels; - for standard "
        "input; or a file for each label with one text a line, reviews.pos reviews.neg",
    .details =
        "Fits a model to data and saves it in a file that holds all that a prediction needs:\n"
        "how the data are read, the transforms, the vocabulary, and the names of the classes\n"
        "and the features.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .takes = TAKES_OUTPUT | TAKES_TABLES | TAKES_REPORT | TAKES_FORMAT | TAKES_TIME | TAKES_SEED |
             TAKES_REQUIRE | TAKES_OUTLIERS,
    .minimum_words = 1,
    .maximum_words = 1000,
    .run = run,
};
