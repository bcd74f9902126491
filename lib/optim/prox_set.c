/* Working sets of proximal Newton: the columns whose weight is not 0, and those that violate the
 * optimality conditions most. */
#include <math.h>
#include <stdlib.h>

#include "base/math.h"
#include "base/status.h"
#include "optim/prox_model.h"

typedef struct candidate {
  double violation;
  int64_t column;
} candidate;

static int by_violation(const void *left, const void *right) {
  const candidate *a = left, *b = right;
  return a->violation != b->violation
             ? (a->violation < b->violation) - (a->violation > b->violation)
             : (a->column > b->column) - (a->column < b->column);
}

static int by_number(const void *left, const void *right) {
  const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

/* A weight of 0 is a candidate if it violates the conditions after the best change of the
 * intercept, too. */
clf_status clf__prox_choose_set(int64_t *set, int64_t *count, const clf__prox_target *target,
                                const clf__prox_problem *problem,
                                const clf__prox_columns *columns) {
  const int64_t all = problem->x->columns;
  candidate *candidates = clf__alloc_array(problem->context, all, sizeof *candidates);
  int64_t found = 0;
  if (candidates == NULL) {
    return CLF_ERROR_MEMORY;
  }
  *count = 0;
  for (int64_t j = 0; j < all; j++) {
    const double deviation = columns->deviation[j];
    const double g = target->gradient[j] - columns->mean[j] * target->bias_gradient;
    if (!(deviation > 0)) {
      continue;
    }
    if (target->weight[j] != 0) {
      set[(*count)++] = j;
    } else if (fabs(g) > problem->l1) {
      candidates[found++] = (candidate){(fabs(g) - problem->l1) / deviation, j};
    }
  }
  qsort(candidates, (size_t)found, sizeof *candidates, by_violation);
  found = problem->l1 > 0 ? clf__min_i64(found, CLF__PROX_ADDED + *count) : found;
  for (int64_t i = 0; i < found; i++) {
    set[(*count)++] = candidates[i].column;
  }
  qsort(set, (size_t)*count, sizeof *set, by_number);
  clf__free(candidates);
  return CLF_OK;
}
