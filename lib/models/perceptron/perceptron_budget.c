/* A budget for the vectors of a kernel perceptron. A new vector beyond the budget replaces the
 * oldest one (Dekel, Shalev-Shwartz and Singer 2008, without their shrinking) or the least useful
 * one, whose terms have the smallest norm, sum_k c_k^2 k(x, x). Dropping a vector is an update that
 * subtracts its terms; averages keep its earlier terms (perceptron_average.c). */
#include <string.h>

#include "models/perceptron/perceptron_kernel.h"

enum { OLDEST = 0 };

static clf_status length_of(const clf__kernel_learner *l, int64_t row, double *out) {
  double diagonal = 1;
  clf_status status =
      l->function.kind == CLF__KERNEL_RBF
          ? CLF_OK
          : clf__kernel_diagonal(l->context, &l->function, l->training->x, &row, 1, &diagonal);
  double sum = 0;
  for (int64_t k = 0; k < l->classes; k++) {
    sum += l->C[row * l->classes + k] * l->C[row * l->classes + k];
  }
  *out = sum * diagonal;
  return status;
}

/* Returns the index of a place in the ring, counted from its first. */
static clf_status find_least_useful(const clf__kernel_learner *l, int64_t *place) {
  double smallest = 0, length;
  for (int64_t i = 0; i < l->ring_count; i++) {
    int64_t row = l->ring[(l->ring_first + i) % l->params->budget];
    CLF__CHECK(length_of(l, row, &length));
    if (i == 0 || length < smallest) {
      smallest = length;
      *place = i;
    }
  }
  return CLF_OK;
}

/* Removes the vector at a place; the earlier ones move up. */
static int64_t remove_vector(clf__kernel_learner *l, int64_t place) {
  const int64_t budget = l->params->budget;
  int64_t row = l->ring[(l->ring_first + place) % budget];
  for (int64_t i = place; i > 0; i--) {
    l->ring[(l->ring_first + i) % budget] = l->ring[(l->ring_first + i - 1) % budget];
  }
  l->ring_first = (l->ring_first + 1) % budget;
  l->ring_count--;
  l->held[row] = false;
  return row;
}

static clf_status drop(clf__kernel_learner *l, int64_t row, int64_t next) {
  double *c = l->C + row * l->classes;
  float *k = l->tile; /* not in use while a block is learned */
  CLF__CHECK(clf__kernel_block(l->columns, 0, l->count, l->training->x, &row, 1, k, l->count));
  for (int64_t i = 0; i < l->classes; i++) {
    l->step[i] = -c[i];
  }
  clf__kernel_update(l, row, l->step, next, k);
  for (int64_t i = 0; l->U != NULL && i < l->classes; i++) {
    l->U[row * l->classes + i] += (double)l->seen * l->step[i];
  }
  memset(c, 0, (size_t)l->classes * sizeof *c);
  return CLF_OK;
}

clf_status clf__perceptron_reserve(clf__kernel_learner *l, int64_t row, int64_t next) {
  if (l->ring == NULL || l->held[row]) {
    return CLF_OK;
  }
  clf_status status = CLF_OK;
  if (l->ring_count == l->params->budget) {
    int64_t place = 0;
    if (l->params->budget_policy != OLDEST) {
      status = find_least_useful(l, &place);
    }
    if (status == CLF_OK) {
      status = drop(l, remove_vector(l, place), next);
    }
    if (status < 0) {
      return status;
    }
  }
  l->ring[(l->ring_first + l->ring_count) % l->params->budget] = row;
  l->ring_count++;
  l->held[row] = true;
  return CLF_OK;
}
