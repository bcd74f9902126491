/* Only the rows of a class have to be sorted: of each of the others it is enough to know between
 * which of their scores it lies, and most lie below all of them. With K classes of n rows in all
 * that is n K comparisons, and memory for n scores. */
#include "class_areas.h"

#include <math.h>
#include <stdlib.h>

/* One distinct score of the rows of a class: the weights of its rows, of rows of other classes that
 * have it, and of those that have a higher one but none of the next score of the class. */
typedef struct level {
  double score;
  int64_t column;
  double positive, tied, above;
} level;

typedef struct levels {
  level *of;       /* [rows] by column, then by descending score */
  int64_t *first;  /* [columns + 1] */
  double *lowest;  /* [columns] infinite where no row is of the class */
  int64_t columns; /* of scores */
} levels;

static int compare_levels(const void *first, const void *second) {
  const level *a = first, *b = second;
  if (a->column != b->column) {
    return a->column < b->column ? -1 : 1;
  }
  return (a->score < b->score) - (a->score > b->score);
}

static int64_t column_of(const levels *l, int32_t class) {
  return l->columns > 1 ? class : class - 1;
}

/* Lists the scores of the rows in the column of their own class. */
static void fill_levels(levels *l, const graded *g, const float *weights) {
  int64_t count = 0, used = 0;
  for (int64_t i = 0; i < g->rows; i++) {
    const int64_t column = g->truth[i] >= 0 ? column_of(l, g->truth[i]) : -1;
    if (column >= 0) {
      l->of[count++] = (level){ranks_score(g, i, column), column, (double)weights[i], 0, 0};
    }
  }
  qsort(l->of, (size_t)count, sizeof *l->of, compare_levels);
  for (int64_t i = 0; i < count; i++) {
    if (used > 0 && compare_levels(&l->of[used - 1], &l->of[i]) == 0) {
      l->of[used - 1].positive += l->of[i].positive;
    } else {
      l->of[used++] = l->of[i];
    }
  }
  for (int64_t k = 0, at = 0; k < l->columns; k++) {
    l->first[k] = at;
    while (at < used && l->of[at].column == k) {
      at++;
    }
    l->first[k + 1] = at;
    l->lowest[k] = at > l->first[k] ? l->of[at - 1].score : (double)INFINITY;
  }
}

/* Adds the weight of a row of another class, whose score is not below the lowest. */
static void add_other(const levels *l, int64_t column, double score, double weight) {
  int64_t low = l->first[column], high = l->first[column + 1] - 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (l->of[middle].score <= score) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  *(l->of[low].score == score ? &l->of[low].tied : &l->of[low].above) += weight;
}

static void add_others(const levels *l, const graded *g, const float *weights) {
  for (int64_t i = 0; i < g->rows; i++) {
    const int64_t own = g->truth[i] >= 0 ? column_of(l, g->truth[i]) : -1;
    for (int64_t k = 0; g->truth[i] >= 0 && k < l->columns; k++) {
      const double score = l->columns > 1 ? graded_score(g, i, k) : ranks_score(g, i, k);
      if (score >= l->lowest[k] && k != own) {
        add_other(l, k, score, (double)weights[i]);
      }
    }
  }
}

static areas sum_areas(const levels *l, int64_t column, double all) {
  double positive = 0, negative = 0, lost = 0, precise = 0;
  for (int64_t i = l->first[column]; i < l->first[column + 1]; i++) {
    const level *at = &l->of[i];
    negative += at->above;
    lost += at->positive * (negative + at->tied / 2);
    positive += at->positive;
    negative += at->tied;
    precise += at->positive > 0 ? at->positive * (positive / (positive + negative)) : 0;
  }
  const double pairs = positive * (all - positive);
  return (areas){.roc = pairs > 0 ? 1 - lost / pairs : (double)NAN,
                 .average_precision = positive > 0 ? precise / positive : (double)NAN};
}

bool class_areas(const graded *g, const float *weights, areas *out) {
  const int64_t columns = ranks_columns(g);
  levels l = {.of = malloc(((size_t)g->rows + 1) * sizeof *l.of),
              .first = malloc(((size_t)columns + 1) * sizeof *l.first),
              .lowest = malloc((size_t)columns * sizeof *l.lowest),
              .columns = columns};
  const bool fits = l.of != NULL && l.first != NULL && l.lowest != NULL;
  double all = 0;
  for (int64_t i = 0; i < g->rows; i++) {
    all += g->truth[i] >= 0 ? (double)weights[i] : 0;
  }
  if (fits) {
    fill_levels(&l, g, weights);
    add_others(&l, g, weights);
  }
  for (int64_t k = 0; fits && k < columns; k++) {
    out[k] = sum_areas(&l, k, all);
  }
  free(l.of);
  free(l.first);
  free(l.lowest);
  return fits;
}
