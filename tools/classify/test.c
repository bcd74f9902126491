/* classify test: how well a model predicts rows whose labels or targets are known. */
#include <inttypes.h>
#include <stdlib.h>

#include "input.h"
#include "report.h"
#include "report/text.h"
#include "require.h"
#include "test_print.h"
#include "verbs.h"

enum { MAX_RESAMPLES = 1000000 };

static struct { int64_t resamples; } set = {.resamples = -1};

static const option_entry options[] = {
    {"resamples", "N",
     "draws of the rows for the intervals that are not Wilson's, 0 for none (default: 1000, and "
     "fewer where there are very many rows)",
     OPTION_NUMBER, 0, &set.resamples},
};

/* Names what counts as wrong since the model does not know its class. */
static void note_unknown(const graded *g, const tool *t) {
  if (g->unknown_count == 0 || t->common.quiet) {
    return;
  }
  enum { NAMED = 5 };
  char *names = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&names, &size);
  for (int64_t k = 0; out != NULL && k < g->unknown_count && k < NAMED; k++) {
    fprintf(out, "%s%s (%" PRId64 ")", k > 0 ? ", " : "", g->unknown[k].name, g->unknown[k].rows);
  }
  if (out != NULL && fclose(out) == 0) {
    complain("%" PRId64
             " rows are of classes that the model does not know, and count as wrong: "
             "%s%s",
             g->unknown_rows, names, g->unknown_count > NAMED ? " …" : "");
  }
  free(names);
}

static void note_rejected(const graded *g, const tool *t) {
  if (g->rejected_rows > 0 && !t->common.quiet) {
    complain("%" PRId64 " of %" PRId64
             " rows are none of the classes to the model, and count as wrong",
             g->rejected_rows, g->rows);
  }
}

/* Ctrl-C ends the draws, and a second one cancels the test. */
static int print_measured(measures *m, const graded *g, const input *in, tool *t) {
  note_unknown(g, t);
  note_rejected(g, t);
  const clf_status done = measures_create(m, g, t, set.resamples);
  if (done < 0) {
    return tool_fail(done);
  }
  progress_settle(&t->progress);
  if (m->skipped && !t->common.quiet) {
    complain(
        "%" PRId64 " rows of %" PRId64
        " classes have very many scores: the areas and the calibration error get no intervals; "
        "--resamples 100 draws them, too",
        g->rows, g->classes);
  }
  if (m->resamples < m->wanted) {
    complain("ended early: %" PRId64 " of %" PRId64 " draws for the intervals are done",
             m->resamples, m->wanted);
  }
  return test_print(g, m, t, in->path);
}

static int write_report(const graded *g, const measures *m, const input *in, const tool *t) {
  char title[256];
  const fact facts[] = {{"Model", t->words.words[0]}, {"Kind", clf_model_kind(g->said.model)}};
  const model_page about = {title, in->path, "rows", facts, sizeof facts / sizeof *facts};
  snprintf(title, sizeof title, "Test of %s", t->words.words[0]);
  return report_write(t, &about, in->rows, g, m);
}

static int run(tool *t) {
  clf_model *model = NULL;
  input in = {0};
  graded g = {0};
  measures m = {0};
  requirements required;
  int status = requirements_read(&required, t->common.require);
  if (status < 0 && set.resamples > MAX_RESAMPLES) {
    complain("--resamples is %" PRId64 "; it must be %d at most", set.resamples, MAX_RESAMPLES);
    status = EXIT_USAGE;
  }
  status = status < 0 ? input_model(&model, t, t->words.words[0]) : status;
  status = status < 0 ? input_read_for(&in, t, t->words.words[1], model) : status;
  progress_title(&t->progress, "predict");
  status = status < 0 ? graded_create(&g, model, in.rows, t->common.outliers) : status;
  progress_clear(&t->progress);
  if (status < 0) {
    status =
        progress_interrupted() ? tool_fail(CLF_ERROR_CANCELLED) : print_measured(&m, &g, &in, t);
  }
  status = status < 0 ? write_report(&g, &m, &in, t) : status;
  status = status < 0 ? requirements_check(&required, &m, g.names) : status;
  status = status < 0 && m.resamples < m.wanted ? EXIT_NOT_CONVERGED : status;
  measures_free(&m);
  graded_free(&g);
  input_free(&in);
  clf_model_free(model);
  return status < 0 ? EXIT_SUCCESS : status;
}

const verb verb_test = {
    .name = "test",
    .summary = "measure how well a model predicts labeled data",
    .usage = "MODEL DATA [OPTION …]",
    .example = "classify test iris.clf new.csv --require accuracy=0.9",
    .words = "MODEL DATA",
    .words_help = "a model file, and labeled data, which are read as the training data were",
    .details =
        "Prints the measures that the model's predictions allow: accuracy, precision, recall\n"
        "and F1, also of each class, the areas under the ROC and the precision-recall curve,\n"
        "and the confusion matrix; with probabilities also log loss, Brier score and\n"
        "calibration error; of a regression R², mean absolute and root mean squared error.\n"
        "Each has an interval of 95 %: Wilson's for accuracy and for precision and recall of\n"
        "a class, and the bootstrap's for the others. Weights of the rows count.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .takes =
        TAKES_TABLES | TAKES_REPORT | TAKES_FORMAT | TAKES_SEED | TAKES_REQUIRE | TAKES_OUTLIERS,
    .minimum_words = 2,
    .maximum_words = 2,
    .run = run,
};
