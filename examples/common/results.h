/* Results of models: the table on standard output and the JSON file (docs/json.md). */
#ifndef EXAMPLES_RESULTS_H
#define EXAMPLES_RESULTS_H

#include <classify/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "history.h"

/* What all results of one run share. */
typedef struct run_facts {
  const char *data; /* folder, or what was made up */
  const char *cpu;  /* kernels in use */
  int32_t threads;
  int64_t seed;
} run_facts;

typedef struct result {
  const char *model;     /* name in the program's table */
  const char *params;    /* as given to clf_model_create() */
  const char *optimizer; /* of a network, with its parameters; NULL for others */
  int64_t train_rows, test_rows;
  double fit_seconds, predict_seconds;
  double train_accuracy, test_accuracy; /* 0…1 */
  clf_status outcome;                   /* of the fit: CLF_OK or CLF_NOT_CONVERGED */
  history history;                      /* of a network */
  const char *more; /* members that the program adds, as JSON with a comma after each; or NULL */
} result;

/* Of a network: wall time of an epoch, the mean. */
double results_seconds_per_epoch(const result *row);

/* A table on standard output, a row a result. */
void results_print_head(void);
void results_print_row(const result *row);

/* Index of the highest test accuracy, the first of equals. */
size_t results_best(const result *results, size_t count);

void results_write_json(FILE *out, const run_facts *run, const result *results, size_t count);

/* Opens a file for writing; NULL after a message. */
FILE *output_open(const char *path);

/* Whether a file can be saved there, before the long work: in a folder that is there and may be
 * written into. NULL can. False after a message. */
bool output_possible(const char *path);

/* Closes it; 0, or -1 after a message when something could not be written. */
int output_close(FILE *out, const char *path);

/* A string in its quotes; bytes that are no UTF-8 become U+FFFD. */
void write_json_text(FILE *out, const char *text);

/* A number by a format for a double; null where it is none or infinite. */
void write_json_number(FILE *out, const char *format, double value);

#endif
