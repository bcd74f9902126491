/* svm-predict: classifies the rows of a file, or predicts their targets, by LIBSVM's model file. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "libsvm/machine.h"
#include "libsvm/measures.h"
#include "libsvm/programs.h"
#include "output.h"
#include "report/progress.h"
#include "report/session.h"
#include "report/text.h"

static const option_entry options[] = {
    {"b", "probability_estimates",
     "1 also writes the probabilities of the classes, or prints the scale of the errors (default "
     "0)",
     OPTION_TEXT, 0, NULL},
    {"q", NULL, "prints nothing", OPTION_SWITCH, 0, NULL},
};

const verb verb_svm_predict = {
    .name = "svm-predict",
    .summary = "predict rows as LIBSVM's svm-predict does",
    .usage = "[options] test_file model_file output_file",
    .words = "test_file model_file output_file",
    .words_help =
        "rows as \"label index:value …\", a model of svm-train, and where to write the "
        "predicted labels; - is standard input or output",
    .example = "classify svm-predict heart.t heart.model heart.out",
    .details = "Takes the options of LIBSVM's svm-predict, prints its lines and writes its files.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .minimum_words = 3,
    .maximum_words = 3,
    .program = svm_predict_main,
};

/* Rows that are classified at once. */
enum { BLOCK_ROWS = 4096, BLOCK_ENTRIES = 1 << 20 };

typedef struct predict_options {
  int64_t probability;
  bool quiet;
  const char *input, *model, *output;
} predict_options;

typedef struct predicting {
  const predict_options *options;
  clf_context *context;
  svm_machine machine;
  bool precomputed;
  svm_text text;
  svm_rows rows; /* a block of them */
  output_file out;
  svm_measures measures;
} predicting;

/* Whether the probabilities of classes are written. */
static bool writes_probabilities(const predicting *p) {
  return p->options->probability != 0 && svm_type_has_classes(p->machine.type);
}

static bool read_options(predict_options *o, int argc, char **argv) {
  int letter;
  while ((letter = getopt(argc, argv, "+:b:q")) != -1) {
    if (letter == 'q') {
      o->quiet = true;
    } else if (letter != 'b') {
      return svm_refuse_option(&verb_svm_predict, letter);
    } else if (!svm_read_integer(&o->probability, "-b", optarg, 0, 1)) {
      return false;
    }
  }
  if (argc - optind != 3) {
    svm_print_usage(&verb_svm_predict);
    return false;
  }
  o->input = argv[optind];
  o->model = argv[optind + 1];
  o->output = argv[optind + 2];
  return true;
}

/* Checks that the machine has what is asked for. */
static bool check_probability(const predicting *p) {
  if (p->options->probability != 0 && !p->machine.calibrated) {
    fprintf(stderr, "Model does not support probabiliy estimates\n");
    return false;
  }
  if (p->options->probability == 0 && p->machine.calibrated && !p->options->quiet) {
    printf("Model supports probability estimates, but disabled in prediction.\n");
  }
  return true;
}

static void write_head(const predicting *p) {
  if (p->options->probability != 0 && !writes_probabilities(p) && !p->options->quiet) {
    printf(
        "Prob. model for test data: target value = predicted value + z,\n"
        "z: Laplace distribution e^(-|z|/sigma)/(2sigma),sigma=%g\n",
        p->machine.sigma);
  }
  if (!writes_probabilities(p)) {
    return;
  }
  fprintf(p->out.file, "labels");
  for (int64_t k = 0; k < p->machine.classes; k++) {
    fprintf(p->out.file, " %d", p->machine.label[k]);
  }
  putc('\n', p->out.file);
}

static void write_rows(predicting *p, const double *answer, const double *probabilities) {
  const svm_machine *machine = &p->machine;
  for (int64_t i = 0; i < p->rows.count; i++) {
    fprintf(p->out.file, "%.17g", answer[i]);
    for (int64_t k = 0; probabilities != NULL && k < machine->classes; k++) {
      fprintf(p->out.file, " %g", *probabilities++);
    }
    putc('\n', p->out.file);
  }
  svm_measures_add(&p->measures, p->rows.label, answer, p->rows.count);
}

/* Makes the dataset of the block, and reads the model again where its rows have more columns than
 * the model: in a kernel they count. -1 to go on, or an exit status after a message. */
static int make_block(predicting *p, clf_dataset **out) {
  svm_rows *rows = &p->rows;
  const int64_t needed = (int64_t)rows->highest + (p->precomputed ? 0 : 1);
  int ended = -1;
  if (p->machine.model != NULL && clf_model_features(p->machine.model) < needed) {
    svm_machine_free(&p->machine);
    ended = svm_machine_read(&p->machine, p->context, p->options->model, needed, &p->precomputed);
  }
  if (ended >= 0) {
    return ended;
  }
  for (int64_t e = 0; p->precomputed && e < rows->entries; e++) {
    rows->index[e]--; /* kernel values begin at index 1; at 0 is the serial number */
  }
  const clf_model *model = p->machine.model;
  const int64_t columns = model != NULL ? clf_model_features(model) : needed > 0 ? needed : 1;
  const clf_status status =
      svm_rows_dataset(out, p->context, rows, rows->index, columns, p->precomputed);
  return status < 0 ? report_failure(status) : -1;
}

static int predict_block(predicting *p) {
  const size_t rows = (size_t)p->rows.count;
  const size_t classes = (size_t)p->machine.classes;
  const bool asked = writes_probabilities(p);
  clf_dataset *data = NULL;
  double *answer = calloc(rows, sizeof *answer);
  double *probabilities = asked ? calloc(rows, classes * sizeof *probabilities) : NULL;
  int ended = make_block(p, &data);
  if (ended < 0) {
    const clf_status status = answer == NULL || (asked && probabilities == NULL)
                                  ? CLF_ERROR_MEMORY
                                  : svm_machine_decide(&p->machine, data, answer, probabilities);
    ended = status < 0 ? report_failure(status) : -1;
  }
  if (ended < 0) {
    write_rows(p, answer, probabilities);
  }
  clf_dataset_free(data);
  free(probabilities);
  free(answer);
  return ended;
}

static int predict_all(predicting *p) {
  int found = 1, ended = -1;
  while (found > 0 && ended < 0) {
    svm_rows_clear(&p->rows);
    while (p->rows.count < BLOCK_ROWS && p->rows.entries < BLOCK_ENTRIES && found > 0 &&
           !progress_interrupted()) {
      found = svm_rows_read(&p->rows, &p->text);
    }
    ended = found < 0 || progress_interrupted() ? EXIT_FAILURE
            : p->rows.count > 0                 ? predict_block(p)
                                                : -1;
  }
  return ended;
}

/* Classifies between opening and closing the files. */
static int predict(predicting *p) {
  const predict_options *o = p->options;
  int ended = svm_machine_read(&p->machine, p->context, o->model, 0, &p->precomputed);
  if (ended >= 0 || !check_probability(p) || !output_begin(&p->out, o->output)) {
    return EXIT_FAILURE;
  }
  write_head(p);
  ended = predict_all(p);
  if (ended < 0) {
    ended = output_commit(&p->out) ? EXIT_SUCCESS : EXIT_FAILURE;
  }
  output_discard(&p->out);
  if (ended == EXIT_SUCCESS && !o->quiet) {
    svm_measures_print(&p->measures, p->machine.type);
  }
  return ended;
}

int svm_predict_main(int argc, char **argv) {
  predict_options o = {.quiet = false};
  predicting p = {.options = &o};
  int ended = EXIT_FAILURE;
  const int begun = svm_begin_options(&verb_svm_predict, argc, argv);
  if (begun >= 0) {
    return begun;
  }
  if (!read_options(&o, argc, argv) || !svm_text_open(&p.text, o.input, "can't open input file")) {
    return EXIT_FAILURE;
  }
  const clf_status status = svm_begin(&p.context, o.quiet);
  ended = status < 0 ? report_failure(status) : predict(&p);
  svm_machine_free(&p.machine);
  svm_text_close(&p.text);
  svm_rows_free(&p.rows);
  return svm_end(p.context, ended);
}
