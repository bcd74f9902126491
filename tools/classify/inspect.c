/* classify inspect: what a model or data are, and what may be wrong with data. */
#include <stdlib.h>
#include <string.h>

#include "convert_pipe.h"
#include "inspect.h"
#include "params.h"
#include "report/text.h"
#include "sniff.h"
#include "verbs.h"

static struct { bool all; } set;

static const option_entry options[] = {
    {"all", NULL, "show all columns and tensors, however many there are", OPTION_SWITCH, 0,
     &set.all},
};

/* What --format says, or the content. */
static int find_reader(sniffed *out, char kind[KIND_BYTES], const char **params, const tool *t,
                       const char *path) {
  *params = "";
  const int status = sniff(out, path);
  if (status >= 0 || t->common.format == NULL) {
    return status;
  }
  *params = params_split(kind, t->common.format);
  out->reader = kind;
  if (out->what == CONTENT_MODEL) {
    complain("'%s' is a model; --format is for data", path);
    return EXIT_USAGE;
  }
  if (clf_kind_help("dataset_reader", kind) == NULL) {
    out->what = CONTENT_TEXTS;
  } else if (clf_kind_help("document_reader", kind) == NULL) {
    out->what = CONTENT_ROWS;
  } else if (params_has(*params, "text")) {
    out->what = CONTENT_TEXTS;
  }
  return -1;
}

static int inspect_read(sheet *out, const tool *t, const char *path) {
  input in;
  int status = input_read(&in, t, path);
  if (status < 0) {
    sheet_text(out, "format", "%s%s%s", in.reader, *in.params != '\0' ? " " : "", in.params);
    status = in.texts != NULL ? inspect_texts(out, t, &in) : inspect_rows(out, &in);
  }
  input_free(&in);
  return status;
}

static int inspect_path(sheet *out, const tool *t, const char *path, const char *shown) {
  sniffed found;
  char kind[KIND_BYTES];
  const char *params;
  int status = find_reader(&found, kind, &params, t, path);
  if (status >= 0) {
    return status;
  }
  if (found.what == CONTENT_MODEL) {
    return found.reader != NULL ? inspect_foreign(out, t, path, found.reader)
                                : inspect_model(out, t, path);
  }
  sheet_text(out, "data", "%s", shown);
  sheet_lines(out, INSPECT_PROBLEMS);
  if (found.what == CONTENT_ROWS && strcmp(found.reader, "csv") == 0) {
    return inspect_csv(out, t, path, params);
  }
  return found.what == CONTENT_ROWS && strcmp(found.reader, "images") == 0
             ? inspect_pictures(out, t, path, params)
             : inspect_read(out, t, path);
}

/* Warnings of the library are among the problems, and its notes are what the sheet says. */
static void on_log(void *user, int32_t level, const char *message) {
  sheet *out = user;
  if (level == CLF_LOG_WARNING && strstr(message, "unreadable=nan") == NULL) {
    char *text = text_of_original(message);
    sheet_once(out, INSPECT_PROBLEMS, text != NULL ? text : message);
    free(text);
  }
}

static int run(tool *t) {
  sheet found = {.csv = NULL};
  pipe_files files;
  const char *path = t->words.words[0];
  int status = pipe_open(&files, path, path);
  const clf_status listens = clf_context_set_log(t->context, on_log, &found);
  status = listens < 0 ? tool_fail(listens) : status;
  if (status < 0) {
    status = inspect_path(&found, t, files.in, strcmp(path, "-") == 0 ? "standard input" : path);
  }
  pipe_close(&files);
  progress_clear(&t->progress);
  found.all = set.all;
  status = status < 0 ? sheet_print(&found, t, stdout) : status;
  sheet_free(&found);
  return status < 0 ? EXIT_SUCCESS : status;
}

const verb verb_inspect = {
    .name = "inspect",
    .summary = "describe a model or data",
    .usage = "FILE [OPTION …]",
    .words = "FILE",
    .words_help =
        "a model, a detector, a transform, a vocabulary, or data: a file or folder of rows, "
        "images or texts; - for standard input",
    .example = "classify inspect iris.csv",
    .details =
        "Describes a file. For a model, it prints the parts and their parameters, the features,\n"
        "the classes, the tensors, and how the model was trained. For data, it prints how\n"
        "they are read, the columns, the classes, and possible problems.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .takes = TAKES_TABLES | TAKES_FORMAT,
    .minimum_words = 1,
    .maximum_words = 1,
    .run = run,
};
