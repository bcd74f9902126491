/* The sigmoid 1 / (1 + exp(A f + B)) of scores f (Platt 2000), fitted by the Newton method of Lin,
 * Lin and Weng (2007). */
#ifndef CLF_MODELS_DECISION_SIGMOID_H
#define CLF_MODELS_DECISION_SIGMOID_H

#include <stdbool.h>
#include <stdint.h>

/* Rows with the scores f [count] of one map; `positive` is whether a row is of its class. */
typedef struct clf__sigmoid_rows {
  const double *f;
  const bool *positive;
  const double *weights; /* [count], or NULL for 1 */
  int64_t count;
} clf__sigmoid_rows;

/* Fits ab = {A, B}. */
void clf__sigmoid_fit(const clf__sigmoid_rows *rows, double ab[2]);
/* The same for scores of any unit, in which A may be too small or too large for the method. */
void clf__sigmoid_fit_scaled(const clf__sigmoid_rows *rows, double *scratch, double ab[2]);
/* Returns 1 / (1 + e^z). */
double clf__sigmoid_value(double z);

#endif
