/* classify convert: data and models from one format to another. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "convert_pipe.h"
#include "convert_target.h"
#include "input.h"
#include "output.h"
#include "params.h"
#include "report/text.h"
#include "sniff.h"
#include "verbs.h"

static struct {
  const char *from, *to;
  bool without_vocabulary;
} set;

static const option_entry options[] = {
    {"from", "TEXT",
     "the format of IN and its parameters, such as 'csv label=kind' (default: by the content)",
     OPTION_TEXT, 0, &set.from},
    {"to", "TEXT",
     "the format of OUT and its parameters, such as 'csv delimiter=semicolon' (default: by the "
     "name)",
     OPTION_TEXT, 0, &set.to},
    {"without-vocabulary", NULL,
     "write a model of texts as one of their encoded rows, where the format has no place for its "
     "vocabulary",
     OPTION_SWITCH, 0, &set.without_vocabulary},
};

/* What a run of the verb has: rows, or a model. */
typedef struct conversion {
  pipe_files files;
  target to;
  input in;
  clf_model *model;
} conversion;

static int fail(clf_status status) {
  const int failed = tool_fail(status);
  return status == CLF_ERROR_ARGUMENT ? EXIT_USAGE : failed;
}

static bool is_kind(const char *area, const char *kind) {
  return clf_kind_help(area, kind) != NULL;
}

static bool is_data_format(const char *kind) {
  return is_kind("dataset_reader", kind) || is_kind("document_reader", kind);
}

/* Finds what the input is: by --from, whose words are `kind` and `*params`, or by its content. */
static int find_source(sniffed *out, char kind[KIND_BYTES], const char **params,
                       const conversion *self) {
  *params = "";
  if (set.from == NULL) {
    const int status = sniff(out, self->files.in);
    if (status < 0) {
      snprintf(kind, KIND_BYTES, "%s", out->reader != NULL ? out->reader : FORMAT_OWN);
    }
    return status;
  }
  *params = params_split(kind, set.from);
  const bool model = strcmp(kind, FORMAT_OWN) == 0 || is_kind("model_reader", kind);
  *out = (sniffed){model ? CONTENT_MODEL : CONTENT_ROWS, NULL, ""};
  if (model || is_data_format(kind)) {
    return -1;
  }
  complain("--from: there is no format '%s'; classify list formats shows those with a reader",
           kind);
  return EXIT_USAGE;
}

static int read_model(conversion *self, const tool *t, const char *kind, const char *params) {
  const bool own = strcmp(kind, FORMAT_OWN) == 0;
  if (own && *params != '\0') {
    complain("--from: " FORMAT_OWN " has no parameters");
    return EXIT_USAGE;
  }
  const clf_status status =
      own ? clf_model_load(&self->model, t->context, self->files.in)
          : clf_model_import(&self->model, t->context, kind, self->files.in, params);
  const char *word = t->words.words[0], *path = self->files.in;
  return status == CLF_OK ? -1
         : own ? input_model_fail(t, path, strcmp(word, "-") == 0 ? "standard input" : word, status)
               : fail(status);
}

static int read_rows(conversion *self, tool *t) {
  t->common.format = set.from;
  const bool copied = self->files.from != NULL;
  int status = copied ? pipe_rewind(&self->files) : -1;
  status = status < 0 ? input_read(&self->in, t, copied ? "-" : self->files.in) : status;
  if (status < 0 && self->in.rows == NULL) {
    complain(
        "'%s' holds texts, which no other format can hold; classify train makes a model of "
        "them",
        t->words.words[0]);
    return EXIT_FAILURE;
  }
  return status;
}

static int read_source(conversion *self, tool *t) {
  sniffed found;
  char kind[KIND_BYTES];
  const char *params;
  int status = pipe_open(&self->files, t->words.words[0], t->words.words[1]);
  status = status < 0 ? find_source(&found, kind, &params, self) : status;
  if (status < 0) {
    /* before the long reading */
    status = target_find(&self->to, found.what == CONTENT_MODEL, set.to, t->words.words[1]);
  }
  if (status < 0) {
    status = found.what == CONTENT_MODEL ? read_model(self, t, kind, params) : read_rows(self, t);
  }
  return status;
}

/* Notes what the format of the output has no place for. */
static void note_lost_of_rows(const conversion *self, const tool *t) {
  clf_tensor *x = NULL;
  const bool named = clf_dataset_column_name(self->in.rows, 0) != NULL;
  const bool shaped = !clf_dataset_sparse(self->in.rows) &&
                      clf_dataset_tensor(&x, self->in.rows, "x") == CLF_OK &&
                      clf_tensor_ndim(x) > 2;
  clf_tensor_free(x);
  if (named && (self->to.holds & HOLDS_NAMES) == 0 && !t->common.quiet) {
    complain("%s has no place for the names of the columns: they are left out", self->to.format);
  }
  if (shaped && (self->to.holds & HOLDS_SHAPE) == 0 && !t->common.quiet) {
    complain("%s has no place for the shape of the rows: each row is written as its numbers alone",
             self->to.format);
  }
}

static void note_lost_of_model(const conversion *self, const tool *t) {
  const bool noted = clf_model_metadata_key(self->model, 0) != NULL;
  const bool named = clf_model_feature_name(self->model, 0) != NULL;
  if (noted && (self->to.holds & HOLDS_NOTES) == 0 && !t->common.quiet) {
    complain("%s has no place for the model's metadata: it is left out", self->to.format);
  }
  if (named && (self->to.holds & HOLDS_NAMES) == 0 && !t->common.quiet) {
    complain("%s has no place for the names of the features: they are left out", self->to.format);
  }
}

static int write_rows(conversion *self, const tool *t) {
  const bool named = strcmp(self->to.format, "csv") == 0; /* and so has parameters for them */
  int status = named ? target_keep(&self->to, self->in.params, "label") : -1;
  status = named && status < 0 ? target_keep(&self->to, self->in.params, "weight") : status;
  if (self->files.to != NULL && strcmp(self->to.format, "idx") == 0) {
    complain(
        "idx has a file of rows and one of labels, so it is not written to a stream; name a file");
    status = EXIT_USAGE;
  }
  if (status < 0) {
    output_begin_call();
    const clf_status done = output_end_call(
        clf_dataset_save(self->in.rows, self->to.format, self->files.out, self->to.params));
    status = done == CLF_OK ? (note_lost_of_rows(self, t), -1) : fail(done);
  }
  return status;
}

/* Refuses what the format has no place for, and the model does not work without. */
static int check_model(const conversion *self) {
  const bool own = strcmp(self->to.format, FORMAT_OWN) == 0;
  if (own && *self->to.params != '\0') {
    complain("--to: " FORMAT_OWN " has no parameters");
    return EXIT_USAGE;
  }
  if (clf_model_vocabulary(self->model) != NULL && (self->to.holds & HOLDS_TEXTS) == 0 &&
      !set.without_vocabulary) {
    complain(
        "the model reads texts by its vocabulary, which %s has no place for; "
        "--without-vocabulary writes the model of the encoded rows",
        self->to.format);
    return EXIT_FAILURE;
  }
  return -1;
}

static int write_model(const conversion *self, const tool *t) {
  const int status = check_model(self);
  if (status >= 0) {
    return status;
  }
  output_begin_call();
  const clf_status done = output_end_call(
      strcmp(self->to.format, FORMAT_OWN) == 0
          ? clf_model_save(self->model, self->files.out)
          : clf_model_export(self->model, self->to.format, self->files.out, self->to.params));
  return done == CLF_OK ? (note_lost_of_model(self, t), -1) : fail(done);
}

static int run(tool *t) {
  conversion self = {.model = NULL};
  progress_title(&t->progress, "convert");
  int status = read_source(&self, t);
  if (status < 0) {
    status = self.model != NULL ? write_model(&self, t) : write_rows(&self, t);
  }
  progress_clear(&t->progress);
  status = status < 0 ? pipe_commit(&self.files) : status;
  clf_model_free(self.model);
  input_free(&self.in);
  target_free(&self.to);
  pipe_close(&self.files);
  return status < 0 ? EXIT_SUCCESS : status;
}

const verb verb_convert = {
    .name = "convert",
    .summary = "convert data or a model to another format",
    .usage = "IN OUT [OPTION …]",
    .example = "classify convert iris.csv iris.npz",
    .words = "IN OUT",
    .words_help = "the file to read and the file to write; - is standard input or output",
    .details =
        "Reads data (csv, svmlight, npy, npz, rows, idx, images) or a model (clf, libsvm,\n"
        "liblinear), and writes it in the format that the name of OUT says: .csv .tsv .svm\n"
        ".npy .npz .rows .idx, or .clf .libsvm .liblinear .onnx .c. What that format cannot\n"
        "hold is refused, or noted where no result depends on it. OUT is replaced once all is\n"
        "written.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .takes = 0,
    .minimum_words = 2,
    .maximum_words = 2,
    .run = run,
};
