/* A run of the command line tool: what every verb has, and what a verb is. */
#ifndef CLASSIFY_TOOL_H
#define CLASSIFY_TOOL_H

#include <classify.h>
#include <stdbool.h>
#include <stdio.h>

#include "report/options.h"
#include "report/progress.h"

enum { EXIT_NOT_CONVERGED = 3, EXIT_BELOW = 4 /* what --require asks for */ };

/* The options that verbs have in common; each verb says which of them it takes. All take --threads,
 * --memory and --quiet. */
enum {
  TAKES_OUTPUT = 1,    /* -o FILE */
  TAKES_TABLES = 2,    /* --json, --csv */
  TAKES_REPORT = 4,    /* --report FILE */
  TAKES_FORMAT = 8,    /* --format TEXT */
  TAKES_TIME = 16,     /* --time T */
  TAKES_SEED = 32,     /* --seed S */
  TAKES_REQUIRE = 64,  /* --require MEASURE=VALUE */
  TAKES_OUTLIERS = 128 /* --outliers NAMES */
};

typedef struct common_options {
  int64_t threads, memory, seed; /* 0: the library's choice, no limit, 0 */
  double time;                   /* seconds; 0: no limit */
  const char *output, *report, *format, *require, *outliers; /* or NULL */
  bool quiet, json, csv;
} common_options;

typedef struct tool tool;

/* A verb: its row of the table in verbs.c, its help, its manual page and its completion. */
typedef struct verb {
  const char *name;
  const char *summary;         /* a line, for the list of verbs */
  const char *usage;           /* what follows the name: "DATA… [OPTION …] -o MODEL" */
  const char *words;           /* arguments that are no options, "DATA…", or NULL for none */
  const char *words_help;      /* and what they are */
  const char *example;         /* a command line that works */
  const char *details;         /* what it does; lines of at most 80 characters */
  const option_entry *options; /* [count] of its own */
  size_t count;
  unsigned takes;       /* TAKES_… */
  size_t minimum_words; /* arguments that are no options */
  size_t maximum_words;
  int (*run)(tool *t); /* returns the status to exit with */
  /* In place of run(): it reads its command line by itself. Its options are then letters, without
   * those that verbs have in common, and the tool is also this program where it is called by its
   * name. */
  int (*program)(int argc, char **argv);
} verb;

struct tool {
  const verb *verb;
  const char *command; /* as it was typed, for the model's metadata */
  const char *memory;  /* what messages call data in memory; NULL: standard input */
  common_options common;
  option_words words;
  clf_context *context;
  progress_display progress;
  bool
      hushed; /* what the library notes and warns of is not shown, as in the many fits of a search */
};

/* A command line that works, and what exit statuses mean: of the program's help and manual
 * pages. */
extern const char tool_example[], tool_exits[];

/* All options of a verb: [*count] rows of at most TOOL_OPTIONS, its words first, then its own, for
 * its help, manual page and completion. */
enum { TOOL_OPTIONS = 40 };
void tool_options(option_entry out[TOOL_OPTIONS], size_t *count, tool *t, const verb *which);

/* From then on messages begin with "classify VERB". */
void tool_name(const verb *which);

/* Runs a verb. argv[0] is its name. */
int tool_main(const verb *which, int argc, char **argv);

/* Reports a call that failed; returns the status to exit with. */
int tool_fail(clf_status status);

/* Saves a model; a signal that ends the program cancels it. */
clf_status tool_save(const clf_model *model, const char *path);

/* The part of a message of the library behind "data in memory", by which it calls data that the
 * tool has read itself; NULL for other messages. */
const char *tool_memory_message(const char *message);

/* Whether something was written for people to standard output: neither JSON nor CSV. */
bool tool_for_people(const tool *t);

#endif
