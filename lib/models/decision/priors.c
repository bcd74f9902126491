#include "models/decision/priors.h"

#include <math.h>
#include <stddef.h>

#include "base/progress.h"
#include "base/status.h"

/* A class without rows has no probability. If only classes without a share have one, the row says
 * nothing, and the shares are its probabilities. */
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
    for (int64_t k = 0; k < classes; k++) {
      p[k] = sum > 0 ? corrected(priors, from, p, k) / sum : priors[k];
    }
  }
}

/* The rows, and the progress of the steps through them. */
typedef struct estimation {
  const double *p;
  const float *weights;
  int64_t rows, classes;
  const double *from;
  clf__progress progress;
} estimation;

/* Adds the corrected probabilities of all rows, by their weights, to `sums`. */
static clf_status add_rows(const estimation *e, int64_t step, const double *priors, double *sums) {
  enum { ROWS_A_CHECK = 1 << 16 };
  const double *p = e->p;
  for (int64_t i = 0; i < e->rows; i++, p += e->classes) {
    double sum = 0;
    for (int64_t k = 0; k < e->classes; k++) {
      sum += corrected(priors, e->from, p, k);
    }
    const double scale = sum > 0 ? (e->weights != NULL ? (double)e->weights[i] : 1) / sum : 0;
    for (int64_t k = 0; k < e->classes; k++) {
      sums[k] += scale * corrected(priors, e->from, p, k);
    }
    if (i % ROWS_A_CHECK == 0) {
      CLF__CHECK(clf__progress_step(&e->progress, step, (double)NAN, (double)NAN));
    }
  }
  return CLF_OK;
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

clf_status clf__priors_estimate(clf_context *context, const double *p, const float *weights,
                                int64_t rows, int64_t classes, const double *from, double *priors,
                                double *scratch) {
  enum { MAX_STEPS = 10000 };
  static const double negligible = 1e-9;
  const estimation e = {p,       weights, rows,
                        classes, from,    clf__progress_begin(context, "priors", MAX_STEPS)};
  double change = 1;
  for (int64_t k = 0; k < classes; k++) {
    priors[k] = from[k];
  }
  for (int64_t step = 0; step < MAX_STEPS && change > negligible; step++) {
    for (int64_t k = 0; k < classes; k++) {
      scratch[k] = 0;
    }
    CLF__CHECK(add_rows(&e, step, priors, scratch));
    change = adopt(priors, scratch, classes);
  }
  return change <= negligible ? CLF_OK : CLF_NOT_CONVERGED;
}
