/* A softmax does not change if the same is added to the weights of a column in all outputs,
 * which the models of single outputs do not see. So after each step the weights w_k of every
 * column are shifted by the c that minimizes their penalty sum_k l1 |w_k - c| + l2/2 (w_k -
 * c)^2, as by Friedman, Hastie and Tibshirani (2010): a median of them, drawn to the mean by l2.
 * The intercepts get the sum 0. */
#include <math.h>
#include <stdlib.h>

#include "optim/prox_model.h"

static int ascending(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* The derivative with respect to c of the penalty, with `below` of the weights below c. */
static double derivative(const clf__prox_problem *p, double sum, double c, int64_t below) {
  return p->l2 * ((double)p->outputs * c - sum) + p->l1 * (double)(2 * below - p->outputs);
}

/* Returns the best c for weights [outputs], which are sorted. It is one of them, where the
 * derivative changes its sign, or lies between two. */
static double best_of_sorted(const clf__prox_problem *p, const double *w, double sum) {
  const int64_t count = p->outputs;
  for (int64_t i = 0; i < count; i++) {
    if (derivative(p, sum, w[i], i) > 0) {
      return (sum - p->l1 / p->l2 * (double)(2 * i - count)) / (double)count;
    }
    if (derivative(p, sum, w[i], i + 1) >= 0) {
      return w[i];
    }
  }
  return 0;
}

void clf__prox_shift(const clf__prox_problem *p, double *w, double *sorted) {
  const int64_t columns = p->x->columns;
  for (int64_t j = 0; j < columns; j++) {
    int64_t below = 0, zeros = 0;
    double sum = 0;
    for (int64_t k = 0; k < p->outputs; k++) {
      sorted[k] = w[k * columns + j];
      sum += sorted[k];
      below += sorted[k] < 0;
      zeros += sorted[k] == 0;
    }
    if (derivative(p, sum, 0, below) <= 0 && derivative(p, sum, 0, below + zeros) >= 0) {
      continue;
    }
    qsort(sorted, (size_t)p->outputs, sizeof *sorted, ascending);
    const double c = best_of_sorted(p, sorted, sum);
    for (int64_t k = 0; k < p->outputs && isfinite(c); k++) {
      w[k * columns + j] -= c;
    }
  }
  double sum = 0, *b = w + p->outputs * columns;
  for (int64_t k = 0; k < p->outputs; k++) {
    sum += b[k];
  }
  for (int64_t k = 0; k < p->outputs && p->intercept; k++) {
    b[k] -= sum / (double)p->outputs;
  }
}
