/* Which classes a model confuses, and how often. */
#include <stdlib.h>

#include "graded.h"

static void *allocate(int64_t count, size_t size) {
  return calloc(count > 0 ? (size_t)count : 1, size);
}

void graded_confusion(const graded *g, int64_t *counts) {
  for (int64_t i = 0; i < g->rows; i++) {
    if (g->truth[i] >= 0 && g->said.labels[i] >= 0) {
      counts[g->truth[i] * g->classes + g->said.labels[i]]++;
    }
  }
}

static int compare_pairs(const void *first, const void *second) {
  const confused *a = first, *b = second;
  const int64_t at = a->truth != b->truth ? a->truth - b->truth : a->predicted - b->predicted;
  return (at > 0) - (at < 0);
}

confused *graded_pairs(const graded *g, int64_t *count) {
  confused *pairs = allocate(g->rows, sizeof *pairs);
  int64_t known = 0, used = 0;
  for (int64_t i = 0; pairs != NULL && i < g->rows; i++) {
    if (g->truth[i] >= 0 && g->said.labels[i] >= 0) {
      pairs[known++] = (confused){g->truth[i], g->said.labels[i], 1};
    }
  }
  if (pairs != NULL) {
    qsort(pairs, (size_t)known, sizeof *pairs, compare_pairs);
  }
  for (int64_t i = 0; i < known; i++) {
    if (used > 0 && compare_pairs(&pairs[used - 1], &pairs[i]) == 0) {
      pairs[used - 1].count++;
    } else {
      pairs[used++] = pairs[i];
    }
  }
  *count = used;
  return pairs;
}

bool graded_worst(const graded *g, int64_t *out, int64_t count) {
  int64_t *wrong = allocate(g->classes, sizeof *wrong), found = 0;
  for (int64_t i = 0; wrong != NULL && i < g->rows; i++) {
    if (g->truth[i] >= 0) {
      wrong[g->truth[i]] += g->said.labels[i] != g->truth[i];
    }
  }
  for (int64_t k = 0; wrong != NULL && k < g->classes; k++) {
    int64_t place = found < count ? found++ : count;
    for (; place > 0 && wrong[out[place - 1]] < wrong[k]; place--) {
      if (place < count) {
        out[place] = out[place - 1];
      }
    }
    if (place < count) {
      out[place] = k;
    }
  }
  const bool fits = wrong != NULL;
  free(wrong);
  return fits;
}
