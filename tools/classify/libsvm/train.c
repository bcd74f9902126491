/* svm-train: fits a machine on a file of rows and writes LIBSVM's model file. */
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libsvm/folds.h"
#include "libsvm/measures.h"
#include "libsvm/programs.h"
#include "output.h"
#include "report/files.h"
#include "report/progress.h"
#include "report/session.h"
#include "report/text.h"

static const option_entry options[] = {
    {"s", "svm_type", "0 C-SVC (default), 1 nu-SVC, 2 one-class SVM, 3 epsilon-SVR, 4 nu-SVR",
     OPTION_TEXT, 0, NULL},
    {"t", "kernel_type",
     "0 linear, 1 polynomial, 2 radial basis function (default), 3 sigmoid, 4 precomputed kernel "
     "values in training_set_file",
     OPTION_TEXT, 0, NULL},
    {"d", "degree", "degree of the polynomial kernel (gamma*u'*v + coef0)^degree (default 3)",
     OPTION_TEXT, 0, NULL},
    {"g", "gamma", "gamma of the kernels 1, 2 and 3 (default, and 0: 1/highest index)", OPTION_TEXT,
     0, NULL},
    {"r", "coef0", "coef0 of the kernels 1 and 3 (default 0)", OPTION_TEXT, 0, NULL},
    {"c", "cost", "C, the weight of errors, of the types 0, 3 and 4 (default 1)", OPTION_TEXT, 0,
     NULL},
    {"n", "nu", "nu of the types 1, 2 and 4 (default 0.5)", OPTION_TEXT, 0, NULL},
    {"p", "epsilon", "errors of type 3 that have no weight (default 0.1)", OPTION_TEXT, 0, NULL},
    {"m", "cachesize", "memory for kernel values in MB (default 100)", OPTION_TEXT, 0, NULL},
    {"e", "epsilon", "tolerance of the optimality conditions (default 0.001)", OPTION_TEXT, 0,
     NULL},
    {"h", "shrinking", "0 or 1, accepted; the solution is the same", OPTION_TEXT, 0, NULL},
    {"b", "probability_estimates",
     "1 also fits probabilities, or the scale of the errors (default 0)", OPTION_TEXT, 0, NULL},
    {"w", "label weight", "multiplies C for the class, of type 0; also written -wlabel weight",
     OPTION_TEXT, 0, NULL},
    {"v", "n", "prints measures of n-fold cross-validation, and writes no model", OPTION_TEXT, 0,
     NULL},
    {"q", NULL, "prints nothing about the fits", OPTION_SWITCH, 0, NULL},
};

const verb verb_svm_train = {
    .name = "svm-train",
    .summary = "fit an SVM as LIBSVM's svm-train does",
    .usage = "[options] training_set_file [model_file]",
    .words = "training_set_file [model_file]",
    .words_help =
        "rows as \"label index:value …\"; the model goes to training_set_file.model in the "
        "current folder by default",
    .example = "classify svm-train -c 5 -g 0.02 heart_scale heart.model",
    .details = "Takes the options of LIBSVM's svm-train, prints its lines and writes its files.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .minimum_words = 1,
    .maximum_words = 2,
    .program = svm_train_main,
};

typedef struct train_options {
  svm_settings settings;
  bool quiet;
  int64_t folds; /* 0 for none */
  const char *input, *model;
} train_options;

static bool error(const char *what) {
  fprintf(stderr, "ERROR: %s\n", what);
  return false;
}

static bool read_weight(svm_settings *s, const char *label, const char *weight) {
  int64_t number;
  if (s->weights == SVM_MAX_WEIGHTS) {
    complain("there are more than %d options -w", SVM_MAX_WEIGHTS);
    return false;
  }
  if (!svm_read_integer(&number, "-w", label, INT32_MIN, INT32_MAX) ||
      !svm_read_number(&s->weight[s->weights], "-w", weight)) {
    return false;
  }
  s->weight_label[s->weights++] = (int32_t)number;
  return true;
}

static bool check_settings(const svm_settings *s, int64_t kernel) {
  if (s->tolerance > 1) {
    fputs("WARNING: eps above 1 is taken as 1, the maximum\n", stderr);
  }
  const bool has_nu = s->type == SVM_NU_SVC || s->type == SVM_ONE_CLASS || s->type == SVM_NU_SVR;
  const bool has_C = s->type != SVM_NU_SVC && s->type != SVM_ONE_CLASS;
  return s->type < 0 || s->type >= SVM_TYPES            ? error("unknown svm type")
         : kernel < 0 || kernel >= SVM_KERNELS          ? error("unknown kernel type")
         : s->gamma < 0                                 ? error("gamma < 0")
         : kernel == SVM_POLYNOMIAL && s->degree < 0    ? error("degree of polynomial kernel < 0")
         : s->cache_mb <= 0                             ? error("cache_size <= 0")
         : s->tolerance <= 0                            ? error("eps <= 0")
         : has_C && s->C <= 0                           ? error("C <= 0")
         : has_nu && (s->nu <= 0 || s->nu > 1)          ? error("nu <= 0 or nu > 1")
         : s->type == SVM_EPSILON_SVR && s->epsilon < 0 ? error("p < 0")
         : s->probability && s->type == SVM_ONE_CLASS
             ? error("one-class SVM probability output not supported yet")
             : true;
}

/* What is not among the numbers of all machines. */
typedef struct other_options {
  int64_t type, kernel, shrinking, probability;
} other_options;

static bool read_option(train_options *o, other_options *other, int letter, char **argv) {
  svm_settings *s = &o->settings;
  const char name[] = {'-', (char)letter, '\0'};
  switch (letter) {
  case 's':
    return svm_read_integer(&other->type, name, optarg, INT32_MIN, INT32_MAX);
  case 't':
    return svm_read_integer(&other->kernel, name, optarg, INT32_MIN, INT32_MAX);
  case 'd':
    return svm_read_integer(&s->degree, name, optarg, INT32_MIN, INT32_MAX);
  case 'h':
    return svm_read_integer(&other->shrinking, name, optarg, 0, 1);
  case 'b':
    return svm_read_integer(&other->probability, name, optarg, 0, 1);
  case 'v':
    return svm_read_integer(&o->folds, name, optarg, 2, INT32_MAX);
  case 'g':
    return svm_read_number(&s->gamma, name, optarg);
  case 'r':
    return svm_read_number(&s->coef0, name, optarg);
  case 'c':
    return svm_read_number(&s->C, name, optarg);
  case 'n':
    return svm_read_number(&s->nu, name, optarg);
  case 'p':
    return svm_read_number(&s->epsilon, name, optarg);
  case 'm':
    return svm_read_number(&s->cache_mb, name, optarg);
  case 'e':
    return svm_read_number(&s->tolerance, name, optarg);
  case 'w':
    return read_weight(s, optarg, argv[optind] != NULL ? argv[optind++] : NULL);
  case 'q':
    o->quiet = true;
    return true;
  default:
    return svm_refuse_option(&verb_svm_train, letter);
  }
}

static bool read_options(train_options *o, int argc, char **argv) {
  other_options other = {.kernel = SVM_RBF, .shrinking = 1};
  int letter;
  o->settings = (svm_settings){
      .degree = 3, .C = 1, .nu = 0.5, .epsilon = 0.1, .tolerance = 1e-3, .cache_mb = 100};
  while ((letter = getopt(argc, argv, "+:s:t:d:g:r:c:n:p:m:e:h:b:v:w:q")) != -1) {
    if (!read_option(o, &other, letter, argv)) {
      return false;
    }
  }
  if (argc - optind < 1 || argc - optind > 2) {
    svm_print_usage(&verb_svm_train);
    return false;
  }
  o->input = argv[optind];
  o->model = argv[optind + 1];
  o->settings.type = other.type >= 0 && other.type < SVM_TYPES ? (int)other.type : SVM_TYPES;
  o->settings.kernel = (int)other.kernel;
  o->settings.probability = other.probability != 0;
  return check_settings(&o->settings, other.kernel);
}

static bool read_rows(svm_rows *rows, const char *path) {
  svm_text text;
  int found = 1;
  if (!svm_text_open(&text, path, "can't open input file")) {
    return false;
  }
  while (found > 0 && !progress_interrupted()) {
    found = svm_rows_read(rows, &text);
  }
  svm_text_close(&text);
  if (found == 0 && rows->count == 0) {
    complain("%s is empty; it must have a row in each line", path);
    return false;
  }
  return found == 0;
}

/* Labels are rounded toward 0, as LIBSVM does, and must be ints then. */
static bool check_labels(const svm_rows *rows) {
  for (int64_t i = 0; i < rows->count; i++) {
    if (!(fabs(rows->label[i]) <= INT32_MAX)) {
      fprintf(stderr, "Wrong input format at line %lld: the label %g is beyond the range of int\n",
              (long long)i + 1, rows->label[i]);
      return false;
    }
  }
  return true;
}

/* Rows of a precomputed kernel begin with their serial numbers, which are indices of others. */
static bool check_serials(const svm_rows *rows) {
  for (int64_t i = 0; i < rows->count; i++) {
    const int64_t first = rows->start[i];
    if (first == rows->start[i + 1] || rows->index[first] != 0) {
      fprintf(stderr,
              "Wrong input format: first column must be 0:sample_serial_number (line %lld)\n",
              (long long)i + 1);
      return false;
    }
    if (!(rows->value[first] >= 1 && rows->value[first] <= rows->highest)) {
      fprintf(stderr, "Wrong input format: sample_serial_number out of range (line %lld)\n",
              (long long)i + 1);
      return false;
    }
  }
  return true;
}

/* "FILE.model" in the current folder. */
static char *default_model(const char *input) {
  const char *slash = strrchr(input, '/');
  const char *name = slash != NULL ? slash + 1 : input;
  char *path = malloc(strlen(name) + sizeof ".model");
  if (path != NULL) {
    sprintf(path, "%s.model", name);
  }
  return path;
}

static void warn_weights(const svm_settings *s, const svm_classes *classes) {
  for (int i = 0; i < s->weights; i++) {
    int64_t k = 0;
    while (k < classes->count && classes->label[k] != s->weight_label[i]) {
      k++;
    }
    if (k == classes->count) {
      fprintf(stderr, "WARNING: class label %d specified in weight is not found\n",
              s->weight_label[i]);
    }
  }
}

static int write_model(const train_options *o, const svm_machine *machine,
                       const svm_training *training) {
  char *path = o->model == NULL ? default_model(o->input) : NULL;
  const char *name = path != NULL ? path : o->model;
  output_file out;
  clf_status status = name != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  bool good = name != NULL && output_begin(&out, name);
  if (good) {
    status = svm_machine_write(out.file, machine, training, &o->settings);
    good = status >= 0 && !progress_interrupted() && output_commit(&out);
    output_discard(&out);
  }
  free(path);
  return good ? EXIT_SUCCESS : status < 0 ? report_failure(status) : EXIT_FAILURE;
}

static int train(train_options *o, svm_training *training) {
  svm_machine machine = {.model = NULL};
  int ended = EXIT_FAILURE;
  svm_settings *settings = &o->settings;
  clf_status status = CLF_OK;
  if (settings->probability && svm_type_is_regression(settings->type)) {
    status = svm_error_scale(&settings->sigma, training, settings, o->quiet);
  }
  status = status >= 0 ? svm_machine_fit(&machine, training, settings) : status;
  if (svm_type_has_classes(settings->type)) {
    warn_weights(settings, &training->classes);
  }
  status = status >= 0 && !o->quiet ? svm_machine_print(&machine, training, &o->settings) : status;
  if (status >= 0) {
    if (machine.model != NULL && clf_model_outcome(machine.model) == CLF_NOT_CONVERGED) {
      fprintf(stderr, "\nWARNING: reaching max number of iterations\n");
    }
    ended = write_model(o, &machine, training);
  } else {
    ended = report_failure(status);
  }
  svm_machine_free(&machine);
  svm_classes_free(&training->classes);
  return ended;
}

static int cross_validate(const train_options *o, const svm_training *training) {
  svm_measures measures = {.count = 0};
  int64_t folds = o->folds;
  double *answer = calloc((size_t)training->count, sizeof *answer);
  if (folds > training->count) {
    folds = training->count;
    fprintf(stderr,
            "WARNING: # folds > # data. Will use # folds = # data instead (i.e., "
            "leave-one-out cross validation)\n");
  }
  const clf_status status =
      answer != NULL ? svm_cross_validate(answer, training, &o->settings, folds, o->quiet)
                     : CLF_ERROR_MEMORY;
  if (status >= 0) {
    svm_measures_add(&measures, training->rows->label, answer, training->count);
    svm_measures_print_folds(&measures, o->settings.type);
  }
  free(answer);
  return status >= 0 ? EXIT_SUCCESS : report_failure(status);
}

/* Makes the dataset of all rows. */
static clf_status make_whole(svm_training *training) {
  int32_t *column = NULL;
  int64_t columns;
  if (!svm_rows_number(&column, &columns, training->rows)) {
    return CLF_ERROR_MEMORY;
  }
  const clf_status status = svm_rows_dataset(&training->whole, training->context, training->rows,
                                             column, columns > 0 ? columns : 1, false);
  free(column);
  return status;
}

/* Completes what the rows decide. */
static clf_status prepare(svm_training *training, train_options *o, int64_t *chosen) {
  const svm_rows *rows = training->rows;
  if (o->settings.gamma == 0 && rows->highest > 0) {
    o->settings.gamma = 1.0 / rows->highest;
  }
  for (int64_t i = 0; i < rows->count; i++) {
    chosen[i] = i;
  }
  training->chosen = chosen;
  training->count = rows->count;
  return o->settings.kernel == SVM_PRECOMPUTED ? CLF_OK : make_whole(training);
}

static int run(train_options *o, clf_context *context) {
  svm_rows rows = {.count = 0};
  svm_training training = {.context = context, .rows = &rows};
  int64_t *chosen = NULL;
  int ended = EXIT_FAILURE;
  if (read_rows(&rows, o->input) &&
      (!svm_type_has_classes(o->settings.type) || check_labels(&rows)) &&
      (o->settings.kernel != SVM_PRECOMPUTED || check_serials(&rows))) {
    chosen = malloc((size_t)rows.count * sizeof *chosen);
    const clf_status status = chosen != NULL ? prepare(&training, o, chosen) : CLF_ERROR_MEMORY;
    ended = status < 0     ? report_failure(status)
            : o->folds > 0 ? cross_validate(o, &training)
                           : train(o, &training);
  }
  clf_dataset_free(training.whole);
  svm_rows_free(&rows);
  free(chosen);
  return ended;
}

int svm_train_main(int argc, char **argv) {
  train_options o = {.quiet = false};
  clf_context *context = NULL;
  const int begun = svm_begin_options(&verb_svm_train, argc, argv);
  if (begun >= 0) {
    return begun;
  }
  if (!read_options(&o, argc, argv) || (o.folds == 0 && !output_possible(o.model))) {
    return EXIT_FAILURE;
  }
  const clf_status status = svm_begin(&context, o.quiet);
  return svm_end(context, status < 0 ? report_failure(status) : run(&o, context));
}
