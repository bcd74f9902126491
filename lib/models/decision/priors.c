#include "models/decision/priors.h"

#include <math.h>
#include <stddef.h>

/* A class without rows has no probability. */
static double corrected(const double *priors, const double *from, const double *p, int64_t k) {
  return from[k] > 0 ? p[k] * (priors[k] / from[k]) : 0;
}

void clf__priors_apply(const double *priors, const double *from, double *p, int64_t rows,
                       int64_t classes) {
  for (int64_t i = 0; i < rows; i++, p += classes) {
    double sum = 0;
    for (int64_t k = 0; k < classes; k++) {
      sum += corrected(priors, from, p, k);
    }
    for (int64_t k = 0; sum > 0 && k < classes; k++) {
      p[k] = corrected(priors, from, p, k) / sum;
    }
  }
}

/* Adds the corrected probabilities of all rows, by their weights, to `sums`. */
static void add_rows(const double *p, const float *weights, int64_t rows, int64_t classes,
                     const double *from, const double *priors, double *sums) {
  for (int64_t i = 0; i < rows; i++, p += classes) {
    double sum = 0;
    for (int64_t k = 0; k < classes; k++) {
      sum += corrected(priors, from, p, k);
    }
    const double scale = sum > 0 ? (weights != NULL ? (double)weights[i] : 1) / sum : 0;
    for (int64_t k = 0; k < classes; k++) {
      sums[k] += scale * corrected(priors, from, p, k);
    }
  }
}

/* Replaces the priors by the sums over their total; returns the largest change. */
static double adopt(double *priors, const double *sums, int64_t classes) {
  double total = 0, change = 0;
  for (int64_t k = 0; k < classes; k++) {
    total += sums[k];
  }
  for (int64_t k = 0; total > 0 && k < classes; k++) {
    change = fmax(change, fabs(sums[k] / total - priors[k]));
    priors[k] = sums[k] / total;
  }
  return change;
}

bool clf__priors_estimate(const double *p, const float *weights, int64_t rows, int64_t classes,
                          const double *from, double *priors, double *scratch) {
  enum { MAX_STEPS = 10000 };
  double change = 1;
  for (int64_t k = 0; k < classes; k++) {
    priors[k] = from[k];
  }
  for (int step = 0; step < MAX_STEPS && change > 1e-9; step++) {
    for (int64_t k = 0; k < classes; k++) {
      scratch[k] = 0;
    }
    add_rows(p, weights, rows, classes, from, priors, scratch);
    change = adopt(priors, scratch, classes);
  }
  return change <= 1e-9;
}
