/* Results of models: the table on standard output and the JSON file (docs/json.md). */
#ifndef REPORT_RESULTS_H
#define REPORT_RESULTS_H

#include <classify/status.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "history.h"
#include "json.h"

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
} result;

/* Of a network: wall time of an epoch, the mean. */
double results_seconds_per_epoch(const result *row);

/* A table on standard output, a row a result. */
void results_print_head(void);
void results_print_row(const result *row);

/* Index of the highest test accuracy, the first of equals. */
size_t results_best(const result *results, size_t count);

/* Writes the members that a program adds to a result. */
typedef void (*result_members)(json_writer *json, const void *user, size_t index);

/* Writes the JSON file; `more` may be NULL. */
void results_write_json(FILE *out, const run_facts *run, const result *results, size_t count,
                        result_members more, const void *user);

/* Writes what all results of a run share as members of an object. */
void write_facts(json_writer *json, const run_facts *run);

#endif
