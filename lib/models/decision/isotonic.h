/* Isotonic regression: the non-decreasing function of a score that is nearest to the labels in
 * weighted least squares, by pooling adjacent violators (Ayer et al. 1955; as a calibration by
 * Zadrozny and Elkan 2002). Between its points it is linear, and beyond them constant. */
#ifndef CLF_MODELS_DECISION_ISOTONIC_H
#define CLF_MODELS_DECISION_ISOTONIC_H

#include <stdbool.h>
#include <stdint.h>

/* A row: its score, label 0 or 1, and weight. */
typedef struct clf__isotonic_row {
  double x, y, weight;
} clf__isotonic_row;

/* Sorts the rows and replaces them by the points (x, y) of the function, both of which do not
 * decrease; returns the number of points. There must be a row with a weight. */
int64_t clf__isotonic_fit(clf__isotonic_row *rows, int64_t count);
/* Returns the value of the function of `count` points at x. */
double clf__isotonic_value(const double *points_x, const double *points_y, int64_t count, double x);

#endif
