#include "models/decision/conformal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A number in [0, 1) that is drawn by the bits of the values: FNV-1a, finished by SplitMix64. */
static double draw(uint64_t seed, const double *values, int64_t classes) {
  uint64_t z = UINT64_C(0xcbf29ce484222325) ^ seed;
  for (int64_t k = 0; k < classes; k++) {
    uint64_t bits;
    memcpy(&bits, &values[k], sizeof bits);
    z = (z ^ bits) * UINT64_C(0x100000001b3);
  }
  z += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static int compare_places(const void *first, const void *second) {
  const clf__conformal_place *a = first, *b = second;
  if (a->value != b->value) {
    return a->value > b->value ? -1 : 1;
  }
  return (a->class > b->class) - (a->class < b->class);
}

static void add_up(const clf__conformal *how, const double *values, int64_t classes,
                   const clf__conformal_place *order, double *scores) {
  const double u = how->randomized ? draw(how->seed, values, classes) : 1;
  double before = 0;
  for (int64_t i = 0; i < classes; i++) {
    const double p = order[i].value;
    scores[order[i].class] = before + u * p;
    before += p;
  }
}

void clf__conformal_scores(const clf__conformal *how, const double *values, int64_t classes,
                           clf__conformal_place *order, double *scores) {
  if (how->method == CLF__CONFORMAL_LAC) {
    for (int64_t k = 0; k < classes; k++) {
      scores[k] = -values[k];
    }
    return;
  }
  for (int64_t k = 0; k < classes; k++) {
    order[k] = (clf__conformal_place){values[k], k};
  }
  qsort(order, (size_t)classes, sizeof *order, compare_places);
  add_up(how, values, classes, order, scores);
}

void clf__conformal_set(const clf__conformal *how, const double *scores, const double *quantiles,
                        int64_t classes, uint8_t *set) {
  int64_t best = 0;
  for (int64_t k = 0; k < classes; k++) {
    set[k] = scores[k] <= quantiles[k];
    best = scores[k] < scores[best] ? k : best;
  }
  if (how->method == CLF__CONFORMAL_APS && !how->randomized) {
    set[best] = 1;
  }
}

static int compare_rows(const void *first, const void *second) {
  const clf__conformal_row *a = first, *b = second;
  return (a->score > b->score) - (a->score < b->score);
}

void clf__conformal_sort(clf__conformal_row *rows, int64_t count) {
  qsort(rows, (size_t)count, sizeof *rows, compare_rows);
}

static double sum_to(const double *cumulative, int64_t index) {
  return cumulative != NULL ? cumulative[index] : (double)(index + 1);
}

double clf__conformal_quantile(const double *scores, const double *cumulative, int64_t count,
                               double coverage) {
  const double total = count > 0 ? sum_to(cumulative, count - 1) : 0;
  /* Rounding of a product such as 0.07 * 100 must not ask for one row more. */
  const double needed = coverage * (total + 1) * (1 - 1e-14);
  int64_t low = 0, high = count;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (sum_to(cumulative, middle) >= needed) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low < count ? scores[low] : (double)INFINITY;
}
