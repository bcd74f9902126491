/* The command line of the programs: one table of options drives parsing (by getopt_long()), help
 * and messages. */
#ifndef REPORT_OPTIONS_H
#define REPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum option_type {
  OPTION_SWITCH,  /* bool */
  OPTION_TEXT,    /* const char * */
  OPTION_NUMBER,  /* int64_t, `minimum` and up */
  OPTION_SHARE,   /* double, above 0 and below 1 */
  OPTION_SECONDS, /* double, above 0: "90", "90s", "5m" or "2h" */
  OPTION_BYTES,   /* int64_t: "1000000", "500M" or "2G" */
  OPTION_CHOICE,  /* const char *: one of the words of `argument`, "bash|zsh|fish" */
  OPTION_TEXTS,   /* option_texts: may be given several times */
  OPTION_WORDS    /* option_words: what stands among the options without dashes, or after "--" */
} option_type;

typedef struct option_entry {
  const char *name;     /* without the dashes; of words, as the help shows them */
  const char *argument; /* what it takes, as the help shows it; NULL for a switch and for words */
  const char *help;     /* NULL for a name of one letter, "o", of the option in the row above */
  option_type type;
  int64_t minimum;
  void *value; /* receives it */
} option_entry;

typedef struct option_words {
  const char **words; /* capacity for all arguments */
  size_t count;
} option_words;

typedef struct option_texts {
  const char *texts[16];
  size_t count;
} option_texts;

/* A command line, as its help shows it. */
typedef struct command_line {
  const char *usage;           /* what follows the program's name */
  const char *example;         /* lines that begin the help, or NULL */
  const char *summary;         /* what it does: lines of at most 80 characters */
  const option_entry *options; /* [count] in the order of the help; --help is added, with -h */
  size_t count;
  const char *exits; /* what the exit statuses mean */
} command_line;

/* Reads the command line. Returns -1 to go on, or the status to exit with: 0 after --help (or -h),
 * EXIT_USAGE after a message on what is wrong. */
int options_read(const command_line *line, int argc, char *const *argv);

/* What stands before an option's name: "--", or "-" before a name of one letter. */
const char *option_dashes(const option_entry *entry);

/* The row of an option's letter, or NULL where it has none. */
const option_entry *option_letter(const command_line *line, size_t index);

/* What every program takes. */
typedef struct shared_options {
  const char *data;   /* folder: --data, else $CLASSIFY_DATA, else NULL */
  const char *json;   /* or NULL */
  const char *report; /* or NULL */
  int64_t threads;    /* 0: the library's choice */
  int64_t seed;
  bool quiet;
} shared_options;

/* What a program's command line is. */
typedef struct program_options {
  const char *usage;       /* what follows the program's name */
  const char *summary;     /* what it does: lines of at most 80 characters */
  const char *data;        /* what --data takes, and what is used without it */
  const option_entry *own; /* [count] the options besides the shared ones */
  size_t count;
} program_options;

enum { EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

/* Reads the command line of a program with the shared options. Returns as options_read(), 0 also
 * after --version. */
int options_parse(shared_options *shared, const program_options *program, int argc,
                  char *const *argv);

#endif
