/* The report of the mnist program. */
#ifndef EXAMPLES_MNIST_REPORT_H
#define EXAMPLES_MNIST_REPORT_H

#include <classify.h>
#include <stdio.h>

#include "common/results.h"
#include "models.h"

/* What a model predicts of the test rows. The report shows it in detail. */
typedef struct verdict {
  char params[MAX_PARAMS], optimizer[MAX_PARAMS]; /* what its result points to */
  clf_model *model;
  int32_t *predicted;   /* [rows] */
  float *decision;      /* [rows, classes] */
  float *probabilities; /* [rows, classes], or NULL where the model has none */
} verdict;

/* Writes the page. `results` and `verdicts` are [count], count ≥ 1. Returns the library's status;
 * what the file system refused is left in the stream. */
clf_status mnist_report(FILE *out, const run_facts *run, const result *results,
                        const verdict *verdicts, size_t count, const clf_dataset *test);

#endif
