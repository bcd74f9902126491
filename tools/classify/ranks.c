#include "ranks.h"

#include <math.h>
#include <stdlib.h>

/* A row and its score. */
typedef struct ranked {
  double score;
  int64_t row;
} ranked;

static int compare_ranked(const void *first, const void *second) {
  const ranked *a = first, *b = second;
  if (a->score != b->score) {
    return a->score > b->score ? -1 : 1;
  }
  return (a->row > b->row) - (a->row < b->row);
}

int64_t ranks_columns(const graded *g) {
  return g->classes == 2 ? 1 : g->classes;
}

static int64_t chosen_column(const ranks *r, int64_t column) {
  return r->chosen != NULL ? r->chosen[column] : column;
}

int64_t ranks_class(const ranks *r, int64_t column) {
  return r->of->classes == 2 ? 1 : chosen_column(r, column);
}

/* Scores of two classes rank by their difference; probabilities of them sum to 1. */
double ranks_score(const graded *g, int64_t row, int64_t column) {
  if (g->classes != 2) {
    return graded_score(g, row, column);
  }
  const double second = graded_score(g, row, 1);
  return g->said.probabilities ? second : second - graded_score(g, row, 0);
}

static void sort_column(ranks *r, int64_t column, ranked *items) {
  int64_t *order = r->order + column * r->rows, count = 0;
  bool *last = r->last + column * r->rows;
  for (int64_t i = 0; i < r->of->rows; i++) {
    if (r->of->truth[i] >= 0) {
      items[count++] = (ranked){ranks_score(r->of, i, chosen_column(r, column)), i};
    }
  }
  qsort(items, (size_t)count, sizeof *items, compare_ranked);
  for (int64_t i = 0; i < count; i++) {
    order[i] = items[i].row;
    last[i] = i + 1 == count || items[i + 1].score != items[i].score;
  }
}

bool ranks_create(ranks *out, const graded *g, const int64_t *chosen, int64_t columns) {
  *out = (ranks){.of = g, .chosen = chosen, .columns = columns, .rows = g->rows - g->unknown_rows};
  const size_t cells = (size_t)(out->columns * out->rows) + 1;
  ranked *items = malloc(((size_t)out->rows + 1) * sizeof *items);
  out->order = malloc(cells * sizeof *out->order);
  out->last = malloc(cells * sizeof *out->last);
  const bool fits = items != NULL && out->order != NULL && out->last != NULL;
  for (int64_t k = 0; fits && k < out->columns; k++) {
    sort_column(out, k, items);
  }
  free(items);
  return fits;
}

void ranks_free(ranks *r) {
  free(r->order);
  free(r->last);
  r->order = NULL;
  r->last = NULL;
}

/* Weights of rows from the highest score on, and of those with the same score. */
typedef struct tally {
  double positive, negative, tied_positive, tied_negative;
} tally;

/* Adds the row at a place, and returns whether it is the last one with its score. */
static bool add_place(tally *t, const ranks *r, int64_t column, int64_t place,
                      const float *weights) {
  const int64_t row = r->order[column * r->rows + place];
  const double weight = (double)weights[row];
  *(r->of->truth[row] == ranks_class(r, column) ? &t->tied_positive : &t->tied_negative) += weight;
  return r->last[column * r->rows + place];
}

static void close_tie(tally *t) {
  t->positive += t->tied_positive;
  t->negative += t->tied_negative;
  t->tied_positive = t->tied_negative = 0;
}

areas ranks_areas(const ranks *r, int64_t column, const float *weights) {
  tally t = {0, 0, 0, 0};
  double lost = 0, precise = 0;
  for (int64_t i = 0; i < r->rows; i++) {
    if (add_place(&t, r, column, i, weights)) {
      lost += t.tied_positive * (t.negative + t.tied_negative / 2);
      const double tied = t.tied_positive;
      close_tie(&t);
      precise += tied > 0 ? tied * (t.positive / (t.positive + t.negative)) : 0;
    }
  }
  const double pairs = t.positive * t.negative;
  return (areas){.roc = pairs > 0 ? 1 - lost / pairs : (double)NAN,
                 .average_precision = t.positive > 0 ? precise / t.positive : (double)NAN};
}

/* Sums of the defined areas, and how many there are. */
typedef struct area_sums {
  areas sum;
  double rocs, precisions;
} area_sums;

static void add_areas(area_sums *to, areas one) {
  to->sum.roc += isnan(one.roc) ? 0 : one.roc;
  to->rocs += isnan(one.roc) ? 0 : 1;
  to->sum.average_precision += isnan(one.average_precision) ? 0 : one.average_precision;
  to->precisions += isnan(one.average_precision) ? 0 : 1;
}

static areas divide(const area_sums *of) {
  return (areas){of->sum.roc / of->rocs, of->sum.average_precision / of->precisions};
}

areas mean_areas(const areas *of, int64_t columns) {
  area_sums sums = {{0, 0}, 0, 0};
  for (int64_t k = 0; k < columns; k++) {
    add_areas(&sums, of[k]);
  }
  return divide(&sums);
}

areas ranks_mean_areas(const ranks *r, const float *weights) {
  area_sums sums = {{0, 0}, 0, 0};
  for (int64_t k = 0; k < r->columns; k++) {
    add_areas(&sums, ranks_areas(r, k, weights));
  }
  return divide(&sums);
}

int64_t ranks_curve(const ranks *r, int64_t column, const float *weights, double *alarms,
                    double *hits, double *precision) {
  tally t = {0, 0, 0, 0};
  int64_t points = 1;
  alarms[0] = hits[0] = 0;
  precision[0] = 1;
  for (int64_t i = 0; i < r->rows; i++) {
    if (add_place(&t, r, column, i, weights)) {
      close_tie(&t);
      alarms[points] = t.negative;
      hits[points] = t.positive;
      precision[points] = t.positive + t.negative > 0 ? t.positive / (t.positive + t.negative) : 1;
      points++;
    }
  }
  for (int64_t i = 0; i < points; i++) {
    alarms[i] = t.negative > 0 ? alarms[i] / t.negative : 0;
    hits[i] = t.positive > 0 ? hits[i] / t.positive : 0;
  }
  return points;
}
