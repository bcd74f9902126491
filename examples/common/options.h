/* The command line of the example programs: one table of options drives parsing, help and
 * messages. */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum option_type {
  OPTION_SWITCH, /* bool */
  OPTION_TEXT,   /* const char * */
  OPTION_NUMBER, /* int64_t, `minimum` and up */
  OPTION_WORDS   /* option_words: what stands among the options without dashes */
} option_type;

typedef struct option_entry {
  const char *name;     /* without the dashes; of words, as the help shows them */
  const char *argument; /* what it takes, as the help shows it; NULL for a switch and for words */
  const char *help;
  option_type type;
  int64_t minimum;
  void *value; /* receives it */
} option_entry;

typedef struct option_words {
  const char **words; /* capacity for all arguments */
  size_t count;
} option_words;

/* What every example program takes. */
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

/* Reads the command line. Returns -1 to go on, or the status to exit with: 0 after --help (or -h)
 * and --version, EXIT_USAGE after a message on what is wrong. */
int options_parse(shared_options *shared, const program_options *program, int argc,
                  char *const *argv);

/* The name most like `word`, for "did you mean"; NULL when none is. */
const char *closest_name(const char *word, const char *const *names, size_t count);

/* Reports that there is no such thing of that name, and which are there: the closest one, or else
 * `otherwise`, or where that is NULL all of them. Returns EXIT_USAGE. */
int options_reject(const char *what, const char *word, const char *const *names, size_t count,
                   const char *otherwise);

/* Writes "PROGRAM: message" to standard error. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void complain(const char *format, ...);

/* Columns of the terminal that a file descriptor is; 0 where it is none. */
int terminal_width(int file);

/* Writes text from column `indent` on, and what does not fit into `width` columns on lines that are
 * indented as much: broken between words only. A width of 0 is unlimited. */
void print_wrapped(FILE *out, const char *text, int indent, int width);

#endif
