/* classify predict: answers of a model to rows, texts, pictures and folders of them. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "input.h"
#include "notes.h"
#include "params.h"
#include "predict.h"
#include "report/files.h"
#include "report/text.h"
#include "row_words.h"
#include "sniff.h"
#include "verbs.h"

static struct {
  bool probabilities, scores, row, novelty;
  double coverage;
} set;

static const option_entry options[] = {
    {"probabilities", NULL, "also print the probability of each class", OPTION_SWITCH, 0,
     &set.probabilities},
    {"scores", NULL, "also print the score of each class", OPTION_SWITCH, 0, &set.scores},
    {"row", NULL, "the words behind the model are one row, as age=30 city=Bern", OPTION_SWITCH, 0,
     &set.row},
    {"set", "COVERAGE",
     "also print the classes, or the interval of a regression, that hold the truth with this "
     "probability, such as 0.95; calibrate --conform prepares the model",
     OPTION_SHARE, 0, &set.coverage},
    {"novelty", NULL,
     "also print how unlike the rows of its classes each row is: those above 1 are none of these; "
     "for models that reject rows",
     OPTION_SWITCH, 0, &set.novelty},
};

clf_status predict_rows(prediction *self, const clf_dataset *rows, const char *const *names,
                        int64_t skipped) {
  answers a = {.rows = 0};
  clf_status status = answers_create(&a, self->model, &self->wish, clf_dataset_rows(rows));
  status = status == CLF_OK ? answers_add(&a, rows) : status;
  if (status == CLF_OK) {
    const answers rest = {.model = self->model,
                          .outputs = a.outputs,
                          .filled = a.filled - skipped,
                          .labels = a.labels != NULL ? a.labels + skipped : NULL,
                          .values = a.values != NULL ? a.values + skipped * a.outputs : NULL,
                          .probabilities = a.probabilities,
                          .one_class = a.one_class,
                          .novelty = a.novelty != NULL ? a.novelty + skipped : NULL,
                          .sets = a.sets != NULL ? a.sets + skipped * a.outputs : NULL,
                          .bounds = a.bounds != NULL ? a.bounds + skipped * a.outputs * 2 : NULL};
    answer_text_write(&self->text, &rest, names);
    self->rows += rest.filled;
  }
  answers_free(&a);
  return status;
}

bool predict_written(prediction *self, bool now) {
  return (!now || fflush(self->text.out) == 0) && !ferror(self->text.out);
}

clf_status predict_encode(clf_dataset **out, const prediction *self, const clf_documents *texts) {
  return clf_vocabulary_encode(out, clf_model_vocabulary(self->model), texts);
}

/* Answers a picture; `path` is NULL for bytes of standard input. One that cannot be read does not
 * keep the others from their answers. */
static int answer_picture(prediction *self, const char *path, const void *bytes, size_t size) {
  const char *name = path != NULL ? path : "standard input";
  clf_dataset *row = NULL;
  self->text.files = self->text.files || (!self->text.begun && path != NULL);
  clf_status status = path != NULL ? service_picture_file(&row, &self->service, path)
                                   : service_picture(&row, &self->service, bytes, size);
  self->failed = self->failed || row == NULL;
  if (status == CLF_OK && row == NULL) {
    complain("the detector finds nothing in '%s'", name);
  }
  status = row != NULL ? predict_rows(self, row, &name, 0) : status;
  clf_dataset_free(row);
  if (status == CLF_ERROR_CANCELLED || status == CLF_ERROR_MEMORY) {
    return tool_fail(status);
  }
  if (status < 0) {
    self->failed = true;
    input_fail(name, status);
  }
  return predict_written(self, true) ? -1 : EXIT_FAILURE;
}

/* The pictures of a folder, and of the folders in it. */
static int answer_picture_folder(prediction *self, const char *folder) {
  name_list names = {0};
  int status = -1;
  for (int part = FOLDER_FILES; part <= FOLDER_FOLDERS && status < 0; part++) {
    status = folder_list(&names, folder, (folder_part)part);
    for (int64_t i = 0; status < 0 && i < names.count; i++) {
      char *path = join_path(folder, names.names[i]);
      status = path == NULL             ? tool_fail(CLF_ERROR_MEMORY)
               : part == FOLDER_FOLDERS ? answer_picture_folder(self, path)
                                        : answer_picture(self, path, NULL, 0);
      free(path);
    }
    name_list_free(&names);
  }
  return status;
}

/* The texts of a folder, by their names. */
static int answer_text_folder(prediction *self, const char *folder) {
  clf_documents *texts = NULL;
  clf_dataset *rows = NULL;
  const char **names = NULL;
  clf_status status = clf_documents_load(&texts, self->tool->context, "folder", folder, NULL);
  const int64_t count = status == CLF_OK ? clf_documents_count(texts) : 0;
  status = status == CLF_OK ? predict_encode(&rows, self, texts) : status;
  names = calloc((size_t)count + 1, sizeof *names);
  for (int64_t i = 0; names != NULL && i < count; i++) {
    names[i] = clf_documents_name(texts, i);
  }
  self->text.files = self->text.files || !self->text.begun;
  status = status == CLF_OK && names == NULL ? CLF_ERROR_MEMORY : status;
  status = status == CLF_OK ? predict_rows(self, rows, names, 0) : status;
  free(names);
  clf_dataset_free(rows);
  clf_documents_free(texts);
  return status == CLF_OK ? -1 : tool_fail(status);
}

/* What is not read in blocks: a folder, the beginning of the names of files. */
static int answer_others(prediction *self, const char *path) {
  input in = {0};
  if (is_folder(path) && clf_model_vocabulary(self->model) != NULL) {
    return answer_text_folder(self, path);
  }
  if (is_folder(path)) {
    return answer_picture_folder(self, path);
  }
  sniffed found;
  if (self->service.reads == READS_PICTURES && sniff(&found, path) >= 0) {
    self->failed = true; /* a picture that is missing */
    return -1;
  }
  int status = input_read_for(&in, self->tool, path, self->model);
  if (status < 0) {
    const clf_status done = predict_rows(self, in.rows, NULL, 0);
    status = done == CLF_OK ? -1 : tool_fail(done);
  }
  input_free(&in);
  return status;
}

/* The parameters of a binary format: those of --format, or of the training data of the same format,
 * without labels; to be freed. */
static char *binary_params(const prediction *self, const char *reader) {
  char kind[KIND_BYTES] = "";
  const char *given = self->tool->common.format, *params = "";
  const char *trained = notes_get(self->model, NOTE_READER);
  if (given != NULL) {
    given = params_split(kind, given);
    params = strcmp(kind, reader) == 0 ? given : "";
  } else if (trained != NULL && strcmp(trained, reader) == 0) {
    params = notes_get(self->model, NOTE_READER_PARAMS);
  }
  char *rest = params_among(params != NULL ? params : "", "|labels|y|map|regression|", false),
       *all = NULL;
  const char *unlabeled = strcmp(reader, "npy") == 0    ? "y=none"
                          : strcmp(reader, "rows") == 0 ? "" /* has all or none */
                                                        : "labels=none";
  const int length = rest == NULL ? -1 : asprintf(&all, "%s %s", rest, unlabeled);
  free(rest);
  return length >= 0 ? all : NULL;
}

/* Answers the rows of a binary format, which is read as a whole. */
static int answer_binary(prediction *self, stream *s, const char *reader) {
  clf_dataset *rows = NULL;
  int status = stream_rest(s);
  if (status >= 0) {
    return status;
  }
  char *params = binary_params(self, reader);
  clf_status done = params == NULL ? CLF_ERROR_MEMORY
                                   : clf_dataset_load_memory(&rows, self->tool->context, reader,
                                                             s->bytes, s->used, params);
  done = done == CLF_OK ? predict_rows(self, rows, NULL, 0) : done;
  status = done == CLF_OK ? -1 : input_fail(s->name, done);
  clf_dataset_free(rows);
  free(params);
  return status;
}

static int answer_picture_stream(prediction *self, stream *s) {
  if (s->own) {
    return answer_picture(self, s->name, NULL, 0);
  }
  const int status = stream_rest(s);
  return status < 0 ? answer_picture(self, NULL, s->bytes, s->used) : status;
}

/* Answers what a file or a pipe holds, by its content. */
static int answer_content(prediction *self, stream *s) {
  int status = stream_start(s);
  if (status >= 0) {
    return status;
  }
  const sniffed found = sniff_bytes((const unsigned char *)s->bytes, s->used);
  if (found.what == CONTENT_MODEL) {
    complain("%s is a model, not data", s->name);
    return EXIT_FAILURE;
  }
  if (found.what == CONTENT_ROWS && strcmp(found.reader, "images") == 0) {
    return answer_picture_stream(self, s);
  }
  const bool text = found.what == CONTENT_TEXTS || strcmp(found.reader, "csv") == 0 ||
                    strcmp(found.reader, "svmlight") == 0;
  return text ? predict_stream(self, s) : answer_binary(self, s, found.reader);
}

static int answer_path(prediction *self, const char *path) {
  struct stat there;
  if (strcmp(path, "-") != 0 && (stat(path, &there) != 0 || S_ISDIR(there.st_mode))) {
    return answer_others(self, path);
  }
  stream s;
  int status = stream_open(&s, path);
  self->tool->memory = s.name;
  status = status < 0 ? answer_content(self, &s) : status;
  stream_close(&s);
  self->tool->memory = NULL;
  return status;
}

/* Answers the row of the words behind the model. */
static int answer_row(prediction *self) {
  const option_words *words = &self->tool->words;
  clf_dataset *rows = NULL;
  row_words row;
  self->tool->memory = "--row";
  int status = row_open(&row, &self->service, words->words + 1, words->count - 1);
  if (status < 0) {
    clf_status done = row_read(&rows, &row);
    done = done == CLF_OK ? predict_rows(self, rows, NULL, 0) : done;
    status = done < 0 ? row_fail(&row, rows, done) : -1;
  }
  self->tool->memory = NULL;
  clf_dataset_free(rows);
  row_close(&row);
  return status;
}

/* Opens the model, and where the answers go. */
static int begin(prediction *self) {
  const char *output = self->tool->common.output;
  if (set.probabilities && set.scores) {
    complain("--probabilities and --scores exclude each other");
    return EXIT_USAGE;
  }
  const int status = input_model(&self->model, self->tool, self->tool->words.words[0]);
  if (status >= 0) {
    return status;
  }
  self->wish = (answer_wish){.kind = set.probabilities ? ANSWER_PROBABILITIES
                                     : set.scores      ? ANSWER_SCORES
                                                       : ANSWER_LABELS,
                             .coverage = set.coverage,
                             .novelty = set.novelty};
  if (!answers_offered(self->model, &self->wish)) {
    return EXIT_FAILURE;
  }
  const int opened = service_begin(&self->service, self->tool, self->model);
  if (opened >= 0) {
    return opened;
  }
  if (output != NULL && !output_begin(&self->file, output)) {
    return EXIT_FAILURE;
  }
  FILE *out = output != NULL ? self->file.file : stdout;
  const bool begun = answer_text_begin(&self->text, self->tool, self->model, &self->wish, out);
  return begun ? -1 : tool_fail(CLF_ERROR_MEMORY);
}

static int run(tool *t) {
  prediction self = {.tool = t};
  int status = begin(&self);
  if (status < 0 && set.row) {
    status = answer_row(&self);
  } else if (status < 0 && t->words.count == 1) {
    status = answer_path(&self, "-");
  }
  for (size_t i = 1; !set.row && status < 0 && i < t->words.count; i++) {
    status = answer_path(&self, t->words.words[i]);
  }
  if (status < 0) {
    answer_text_end(&self.text);
    status = self.failed ? EXIT_FAILURE : EXIT_SUCCESS;
    if (self.file.file != NULL && !output_commit(&self.file)) {
      status = EXIT_FAILURE;
    }
  }
  output_discard(&self.file);
  answer_text_free(&self.text);
  service_end(&self.service);
  clf_model_free(self.model);
  return status;
}

const verb verb_predict = {
    .name = "predict",
    .summary = "predict the labels of rows, texts or images",
    .usage = "MODEL [DATA…] [OPTION …]",
    .example = "classify predict iris.clf new.csv --scores",
    .words = "MODEL [DATA…]",
    .words_help =
        "a model file, and the data to predict: a file of rows or texts, - for standard input "
        "(default), or image files and folders of them",
    .details =
        "Prints one line for each row, text or image: its predicted label, or the value of a\n"
        "regression. The data are read as the training data were; labels and a header may be\n"
        "missing. Text is read in blocks, so that any number of rows takes constant memory,\n"
        "and the predictions of rows that come by a pipe are printed at once. With --row, the\n"
        "words behind the model are NAME=VALUE of one row.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .takes = TAKES_OUTPUT | TAKES_TABLES | TAKES_FORMAT,
    .minimum_words = 1,
    .maximum_words = 1000000,
    .run = run,
};
