/* Scores of the next rows for many classes, whose W does not fit into the first caches: read for
 * one row after the other it comes from memory each time, at 4 bytes a multiply-add. So the scores
 * of some rows are computed together, in parts of W, on all threads. An update changes two classes;
 * the scores of those that have changed are computed once more when it is a row's turn. Every score
 * is the same sum as that of a single row, so the result is the same to the bit. */
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "models/perceptron/perceptron.h"
#include "ops/kernels.h"
#include "ops/linalg/linear.h"
#include "ops/linalg/row.h"

enum {
  ROWS = CLF__PERCEPTRON_AHEAD,
  MANY_CLASSES = 512, /* changed ones are few among them */
  PART = 1 << 16      /* numbers of W, at a time: 256 KiB */
};

void clf__perceptron_open_ahead(clf__perceptron_learner *l) {
  const clf__rows *x = l->training->x;
  clf__perceptron_ahead *a = &l->ahead;
  if (clf__rows_sparse(x) || l->classes < MANY_CLASSES ||
      l->params->multiclass != CLF__PERCEPTRON_MULTINOMIAL) {
    return;
  }
  a->rows = clf__rows_range(x, 0, 1);
  a->rows.stride = l->columns;
  a->data = clf__arena_matrix(&l->arena, ROWS, l->columns, x->dtype == CLF_U8 ? 1 : sizeof(float));
  a->rows.data = a->data;
  a->is_changed = clf__arena_zeroed(&l->arena, l->classes, sizeof *a->is_changed);
  a->changed = clf__arena_array(&l->arena, 2 * ROWS, sizeof *a->changed);
  a->scores = clf__arena_matrix(&l->arena, ROWS, l->classes, sizeof *a->scores);
}

static int64_t classes_of_part(const clf__perceptron_learner *l) {
  return clf__clamp_i64(PART / l->columns, 16, l->classes);
}

static void score_parts(void *argument, clf__range parts) {
  const clf__perceptron_learner *l = argument;
  const clf__linear_kernels *kernels = clf__kernels_for(l->context)->linear;
  const int64_t width = classes_of_part(l);
  for (int64_t part = parts.first; part < parts.end; part++) {
    const int64_t first = part * width, count = clf__min_i64(width, l->classes - first);
    (l->ahead.rows.dtype == CLF_U8 ? kernels->u8 : kernels->f32)(
        &l->ahead.rows, l->W + first * l->columns, l->columns, l->b + first, count,
        l->ahead.scores + first, l->classes);
  }
}

void clf__perceptron_score_ahead(clf__perceptron_learner *l, int64_t i, int64_t rows) {
  const clf__rows *x = l->training->x;
  clf__perceptron_ahead *a = &l->ahead;
  const size_t size = x->dtype == CLF_U8 ? 1 : sizeof(float);
  const size_t bytes = (size_t)l->columns * size;
  a->rows.rows = clf__min_i64(ROWS, rows - i);
  for (int64_t c = 0; c < a->rows.rows; c++) {
    const char *from = (const char *)x->data + (size_t)(l->order[i + c] * x->stride) * size;
    memcpy((char *)a->data + (size_t)c * bytes, from, bytes);
  }
  for (int64_t c = 0; c < a->changes; c++) {
    a->is_changed[a->changed[c]] = false;
  }
  a->changes = 0;
  const double work = (double)a->rows.rows * (double)l->classes * (double)l->columns;
  clf__parallel_ranges(l->context, clf__ceil_div(l->classes, classes_of_part(l)), 1,
                       work * CLF__COST_PRODUCT, score_parts, l);
}

const float *clf__perceptron_ahead_scores(clf__perceptron_learner *l, const clf__rows *row,
                                          int64_t i) {
  const clf__perceptron_ahead *a = &l->ahead;
  float *scores = a->scores + i % ROWS * l->classes;
  for (int64_t c = 0; c < a->changes; c++) {
    const int64_t k = a->changed[c];
    clf__score_row(l->context, row, l->W + k * l->columns, l->b + k, 1, scores + k);
  }
  return scores;
}

void clf__perceptron_ahead_change(clf__perceptron_learner *l, int64_t k) {
  clf__perceptron_ahead *a = &l->ahead;
  if (a->scores != NULL && !a->is_changed[k]) {
    a->is_changed[k] = true;
    a->changed[a->changes++] = k;
  }
}
