#include "tool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "report/files.h"
#include "report/session.h"
#include "report/text.h"

const char tool_example[] = "classify train iris.csv --model 'svm C=5' --holdout 0.2 -o iris.clf";

const char tool_exits[] =
    "0 good, 1 failed, 2 wrong usage, 3 not converged (the result is kept), 4 below --require, 130 "
    "interrupted";

/* An option that verbs have in common. */
typedef struct common_entry {
  unsigned flag; /* TAKES_…; 0: every verb takes it */
  option_entry entry;
} common_entry;

void tool_options(option_entry out[TOOL_OPTIONS], size_t *count, tool *t, const verb *which) {
  common_options *c = &t->common;
  const common_entry entries[] = {
      {TAKES_FORMAT,
       {"format", "TEXT",
        "how to read the data: a format and its parameters, such as 'csv label=kind' (default: by "
        "the content); classify list dataset_reader",
        OPTION_TEXT, 0, &c->format}},
      {TAKES_OUTPUT, {"output", "FILE", "where to write the result", OPTION_TEXT, 0, &c->output}},
      {TAKES_OUTPUT, {"o", "FILE", NULL, OPTION_TEXT, 0, &c->output}},
      {TAKES_TABLES, {"json", NULL, "print the result as JSON", OPTION_SWITCH, 0, &c->json}},
      {TAKES_TABLES, {"csv", NULL, "print the result as CSV", OPTION_SWITCH, 0, &c->csv}},
      {TAKES_REPORT,
       {"report", "FILE", "write a report as one HTML page", OPTION_TEXT, 0, &c->report}},
      {TAKES_REQUIRE,
       {"require", "TEXT",
        "exit with status 4 unless a measure is at least this good, such as 'accuracy=0.9'",
        OPTION_TEXT, 0, &c->require}},
      {TAKES_OUTLIERS,
       {"outliers", "NAMES",
        "labels, separated by commas, of rows that a machine of one class should find unlike those "
        "of its fit (default: -1)",
        OPTION_TEXT, 0, &c->outliers}},
      {TAKES_TIME,
       {"time", "T", "end after this time with the result so far, such as 60s, 5m or 2h",
        OPTION_SECONDS, 0, &c->time}},
      {TAKES_SEED,
       {"seed", "S", "seed of all random numbers (default: 0)", OPTION_NUMBER, 0, &c->seed}},
      {0,
       {"threads", "N", "threads to use (default: all that this process may use)", OPTION_NUMBER, 1,
        &c->threads}},
      {0,
       {"memory", "BYTES", "max memory for data and models, such as 2G", OPTION_BYTES, 0,
        &c->memory}},
      {0,
       {"quiet", NULL, "print no progress and no notes; warnings and errors remain", OPTION_SWITCH,
        0, &c->quiet}},
  };
  *count = 0;
  if (which->words != NULL) {
    out[(*count)++] =
        (option_entry){which->words, NULL, which->words_help, OPTION_WORDS, 0, &t->words};
  }
  for (size_t i = 0; i < which->count; i++) {
    out[(*count)++] = which->options[i];
  }
  for (size_t i = 0; which->program == NULL && i < sizeof entries / sizeof *entries; i++) {
    if (entries[i].flag == 0 || (which->takes & entries[i].flag) != 0) {
      out[(*count)++] = entries[i].entry;
    }
  }
}

int tool_fail(clf_status status) {
  return report_failure(status);
}

/* A file that is complete stays, and counts, whatever is pressed meanwhile. */
clf_status tool_save(const clf_model *model, const char *path) {
  output_begin_call();
  const clf_status status = clf_model_save(model, path);
  output_end_call(status);
  return status;
}

const char *tool_memory_message(const char *message) {
  static const char memory[] = "data in memory";
  return strncmp(message, memory, strlen(memory)) == 0 ? message + strlen(memory) : NULL;
}

bool tool_for_people(const tool *t) {
  return !t->common.json && !t->common.csv;
}

/* Notes of the library: warnings always, what it guessed and chose unless --quiet is given. */
static void on_log(void *user, int32_t level, const char *message) {
  tool *t = user;
  if (!t->hushed && (level == CLF_LOG_WARNING || !t->common.quiet)) {
    const char *rest = tool_memory_message(message);
    const char *name = t->memory != NULL ? t->memory : "standard input";
    progress_clear(&t->progress);
    complain("%s%s%s", level == CLF_LOG_WARNING ? "warning: " : "", rest != NULL ? name : "",
             rest != NULL ? rest : message);
  }
}

/* Whether a path is the same file as one of the words, which it would then replace. */
static bool replaces_input(const tool *t, const char *path) {
  bool same = false;
  for (size_t i = 0; !same && i < t->words.count; i++) {
    same = file_is(path, t->words.words[i]);
  }
  if (same) {
    complain("'%s' is what is read, and would be replaced: write to another file", path);
  }
  return same;
}

/* Reads the options and words of the command line. Returns -1 to go on, or an exit status. */
static int read_command(tool *t, int argc, char **argv) {
  option_entry options[TOOL_OPTIONS];
  size_t count;
  tool_options(options, &count, t, t->verb);
  const command_line line = {.usage = t->verb->usage,
                             .example = t->verb->example,
                             .summary = t->verb->details,
                             .options = options,
                             .count = count,
                             .exits = tool_exits};
  const int status = options_read(&line, argc, argv);
  if (status >= 0) {
    return status;
  }
  if (t->words.count < t->verb->minimum_words || t->words.count > t->verb->maximum_words) {
    complain("it takes %s; --help explains it",
             t->verb->words != NULL ? t->verb->words : "no words");
    return EXIT_USAGE;
  }
  if (replaces_input(t, t->common.output) || replaces_input(t, t->common.report)) {
    return EXIT_USAGE;
  }
  if (!output_possible(t->common.report)) {
    return EXIT_FAILURE;
  }
  if (t->common.json && t->common.csv) {
    complain("--json and --csv exclude each other");
    return EXIT_USAGE;
  }
  return -1;
}

static clf_status open_context(tool *t) {
  char params[128];
  const common_options *c = &t->common;
  int length = snprintf(params, sizeof params, "seed=%" PRId64, c->seed);
  if (c->threads > 0) {
    length +=
        snprintf(params + length, sizeof params - (size_t)length, " threads=%" PRId64, c->threads);
  }
  if (c->memory > 0) {
    snprintf(params + length, sizeof params - (size_t)length, " memory_limit=%" PRId64, c->memory);
  }
  clf_status status = clf_context_create(&t->context, NULL, params);
  status = status == CLF_OK ? progress_start(&t->progress, t->context, c->quiet) : status;
  t->progress.keeps = true;
  t->progress.deadline = c->time > 0 ? seconds_now() + c->time : 0;
  return status == CLF_OK ? clf_context_set_log(t->context, on_log, t) : status;
}

/* Checks that all of standard output was written. */
static int close_standard_output(int status) {
  if ((fflush(stdout) != 0 || ferror(stdout)) && status != EXIT_FAILURE) {
    complain("cannot write to standard output: %s", strerror(errno));
    return EXIT_FAILURE;
  }
  return status;
}

/* The command line as a shell would take it. */
static char *command_of(int argc, char **argv) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (out == NULL) {
    return NULL;
  }
  fputs("classify", out);
  for (int i = 0; i < argc; i++) {
    const bool plain =
        argv[i][0] != '\0' && strpbrk(argv[i], " \t\n\"'\\$`*?[]<>|&;()#~!{}") == NULL;
    fprintf(out, plain ? " %s" : " '", argv[i]);
    for (const char *at = argv[i]; !plain && *at != '\0'; at++) {
      fputs(*at == '\'' ? "'\\''" : (const char[]){*at, '\0'}, out);
    }
    fputs(plain ? "" : "'", out);
  }
  return fclose(out) == 0 ? text : (free(text), NULL);
}

void tool_name(const verb *which) {
  static char name[64]; /* messages need it until the process ends */
  snprintf(name, sizeof name, "classify %s", which->name);
  program_invocation_short_name = name;
}

int tool_main(const verb *which, int argc, char **argv) {
  tool_name(which);
  char *command = command_of(argc, argv);
  tool t = {.verb = which, .command = command};
  t.words.words = calloc((size_t)argc + 1, sizeof *t.words.words);
  int status = command == NULL || t.words.words == NULL ? tool_fail(CLF_ERROR_MEMORY)
                                                        : read_command(&t, argc, argv);
  if (status < 0) {
    const clf_status opened = open_context(&t);
    status = opened == CLF_ERROR_ARGUMENT ? (tool_fail(opened), EXIT_USAGE)
             : opened < 0                 ? tool_fail(opened)
                                          : which->run(&t);
    progress_clear(&t.progress);
  }
  clf_context_free(t.context);
  free(t.words.words);
  free(command);
  return close_standard_output(status);
}
