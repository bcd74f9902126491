/* classify calibrate: probabilities of a trained model, and how it decides by them, fitted to rows
 * that it was not trained on. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "decisions.h"
#include "graded.h"
#include "input.h"
#include "report/files.h"
#include "report/text.h"
#include "table.h"
#include "verbs.h"

static struct {
  const char *method;
  decisions decisions;
} set;

static const option_entry options[] = {
    {"method", "sigmoid|temperature|isotonic",
     "how scores become probabilities (default: sigmoid; isotonic is for a thousand rows or more)",
     OPTION_CHOICE, 0, &set.method},
    DECISION_OPTIONS(set.decisions),
};

/* How good probabilities are on the rows, NaN where the model has none; and how many rows it says
 * are none of its classes. */
typedef struct quality {
  double log_loss, brier;
  int64_t rejected;
} quality;

static int measure(quality *out, const clf_model *model, const input *in) {
  graded g = {0};
  *out = (quality){NAN, NAN, 0};
  if (clf_model_classes(model) == 0) {
    return -1;
  }
  int status = graded_create(&g, model, in->rows, NULL);
  out->rejected = g.rejected_rows;
  if (status < 0 && g.chances != NULL && g.unknown_rows == 0) {
    clf_status done =
        clf_log_loss(g.truth, g.chances, g.weights, g.rows, g.classes, &out->log_loss);
    done = done == CLF_OK
               ? clf_brier_score(g.truth, g.chances, g.weights, g.rows, g.classes, &out->brier)
               : done;
    status = done == CLF_OK ? -1 : tool_fail(done);
  }
  graded_free(&g);
  return status;
}

/* Other decisions alone leave the probabilities as they are. */
static int calibrate(clf_model *model, const input *in) {
  char params[64];
  if (set.method == NULL && decisions_any(&set.decisions)) {
    return -1;
  }
  snprintf(params, sizeof params, "method=%s", set.method != NULL ? set.method : "sigmoid");
  const clf_status done = clf_model_calibrate(model, in->rows, params);
  return done == CLF_OK ? -1 : input_fail(in->path, done);
}

static int print_qualities(const quality *before, const quality *after, const input *in,
                           const tool *t) {
  static const table_column all[] = {
      {"rows", true, 0},     {"rejected_rows", true, 0},      {"log_loss_before", true, 4},
      {"log_loss", true, 4}, {"brier_score_before", true, 4}, {"brier_score", true, 4}};
  enum { ALL = sizeof all / sizeof *all, COUNTS = 2 };
  const bool classes = clf_dataset_classes(in->rows) > 0; /* a regression has neither measure */
  const bool measured = classes && (!isnan(after->log_loss) || !tool_for_people(t));
  table_column columns[ALL] = {all[0]};
  size_t count = 1;
  if (set.decisions.reject != NULL) {
    columns[count++] = all[1];
  }
  for (size_t i = COUNTS; measured && i < ALL; i++) {
    columns[count++] = all[i];
  }
  table results = table_of(columns, count);
  table_integer(&results, clf_dataset_rows(in->rows));
  if (set.decisions.reject != NULL) {
    table_integer(&results, after->rejected);
  }
  if (measured) {
    table_number(&results, before->log_loss);
    table_number(&results, after->log_loss);
    table_number(&results, before->brier);
    table_number(&results, after->brier);
  }
  const int status = table_print(&results, t, stdout);
  table_free(&results);
  return status;
}

/* Only --conform is for a model without classes. */
static int check_model(const clf_model *model) {
  const decisions *which = &set.decisions;
  const bool intervals = set.method == NULL && which->threshold == NULL && which->costs == NULL &&
                         which->priors == NULL && which->reject == NULL && which->conform != NULL;
  const bool one_class = model_learns_one_class(model);
  if (clf_model_classes(model) > 0 || (intervals && !one_class)) {
    return -1;
  }
  complain("the model is %s: it has no classes to decide between%s",
           one_class ? "a machine of one class" : "a regression",
           one_class ? "; nu in the training is the share of rows outside"
                     : "; --conform 'method=lac' alone prepares its intervals");
  return EXIT_FAILURE;
}

static int check_options(const tool *t) {
  if (t->common.output == NULL) {
    complain("-o MODEL says where to save the calibrated model");
    return EXIT_USAGE;
  }
  return save_possible(t->common.output) ? -1 : EXIT_FAILURE;
}

static int run(tool *t) {
  clf_model *model = NULL;
  input in = {0};
  quality before, after;
  int status = check_options(t);
  status = status < 0 ? input_model(&model, t, t->words.words[0]) : status;
  status = status < 0 ? check_model(model) : status;
  status = status < 0 ? input_read_for(&in, t, t->words.words[1], model) : status;
  progress_title(&t->progress, "calibrate");
  status = status < 0 ? measure(&before, model, &in) : status;
  status = status < 0 ? calibrate(model, &in) : status;
  status = status < 0 ? decisions_set(&set.decisions, model, &in, t) : status;
  status = status < 0 ? measure(&after, model, &in) : status;
  progress_clear(&t->progress);
  if (status < 0) {
    const clf_status done = tool_save(model, t->common.output);
    status = done == CLF_OK ? print_qualities(&before, &after, &in, t) : tool_fail(done);
  }
  input_free(&in);
  clf_model_free(model);
  return status < 0 ? EXIT_SUCCESS : status;
}

const verb verb_calibrate = {
    .name = "calibrate",
    .summary = "fit a model's probabilities to rows that it was not trained on",
    .usage = "MODEL DATA [OPTION …] -o MODEL",
    .example = "classify calibrate iris.clf held_out.csv -o calibrated.clf",
    .words = "MODEL DATA",
    .words_help = "a model file, and labeled data, which are read as the training data were",
    .details =
        "Fits a map from the model's scores to probabilities, and saves the model with it. A\n"
        "model of any kind then has probabilities, and predicts the class with the highest.\n"
        "Prints log loss and Brier score of these rows before and after; rows that neither the\n"
        "model nor the map has seen show how good the probabilities are.\n"
        "The other options set how the model decides, and leave the probabilities as they are\n"
        "unless --method is given, too.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .takes = TAKES_OUTPUT | TAKES_TABLES | TAKES_FORMAT,
    .minimum_words = 2,
    .maximum_words = 2,
    .run = run,
};
