/* What a network recorded of its training: numbers by epoch, read from the fitted model. */
#ifndef REPORT_HISTORY_H
#define REPORT_HISTORY_H

#include <classify/model.h>
#include <stdio.h>

enum {
  HISTORY_LOSS,
  HISTORY_ACCURACY,
  HISTORY_VALIDATION_LOSS,
  HISTORY_VALIDATION_ACCURACY,
  HISTORY_LEARNING_RATE,
  HISTORY_SECONDS,
  HISTORY_SERIES
};

typedef struct history {
  int64_t epochs;
  const double *series[HISTORY_SERIES]; /* [epochs], or NULL where there is no such record */
  clf_tensor *tensors[HISTORY_SERIES];  /* hold them */
} history;

/* Names of the series, as JSON has them. */
extern const char *const history_names[HISTORY_SERIES];

/* Reads the history of a fitted model; nothing where it is no network. */
clf_status history_read(history *out, const clf_model *model);
void history_free(history *h);

/* Prints loss and accuracy of each epoch, on the rows trained on and those held out, as a table;
 * nothing for a history of no epochs. */
void history_print(FILE *out, const history *h);

#endif
