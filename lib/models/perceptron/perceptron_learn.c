/* The perceptron (Rosenblatt 1958) on labeled rows, one at a time in a shuffled order.
 *
 * multinomial: if, for a row of class y, the best other class r scores at least as much, W_y += eta
 * x and W_r -= eta x (Duda and Hart 1973; Crammer and Singer 2003). one_vs_rest: each class has its
 * own perceptron, with t = 1 for its rows and -1 for the others; W_k += eta t x if t z_k <= 0. A
 * row's weight multiplies eta; rows of weight 0 are skipped.
 *
 * averaged (Freund and Schapire 1999): the model is the mean of W over all rows seen. An update
 * that is made after c rows is missing from the first c of T terms. So with U the sum of c times
 * each update, the mean is W - U / T, and work is needed only for mistakes (Daumé 2006). Passes
 * that are skipped, because the one before had no mistake, count in T. Otherwise the average of a
 * fit that separates the rows at once would consist mostly of its early W.
 *
 * Rows are learned strictly one after another on the calling thread; with many classes their
 * scores are computed ahead (perceptron_ahead.c). MNIST needs 0.47 G multiply-adds an epoch, 8 ms
 * at 16 of them a cycle. Rows come in random order, so they are prefetched. */
#include "models/perceptron/perceptron.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/random.h"
#include "ops/ops.h"
#include "tensor/rows_fetch.h"

enum { AHEAD = 2 }; /* rows between prefetching one and using it */

#define REPORT_SECONDS 0.2 /* within a pass, so that it can be cancelled */

static void score_row(clf__perceptron_learner *l, const clf__rows *row) {
  if (!clf__rows_sparse(row)) {
    clf__score_row(l->context, row, l->W, l->b, l->classes, l->scores);
    return;
  }
  memcpy(l->scores, l->b, (size_t)l->classes * sizeof(float));
  for (int64_t e = row->row_start[0]; e < row->row_start[1]; e++) {
    const float *w = l->W + row->column[e] * l->classes;
    for (int64_t k = 0; k < l->classes; k++) {
      l->scores[k] += row->value[e] * w[k];
    }
  }
}

/* W_k += amount x; also added to U. */
static void add_row(clf__perceptron_learner *l, const clf__rows *row, int64_t k, float amount) {
  double late = (double)l->seen * (double)amount;
  float *w = l->W + k * l->class_step;
  double *u = l->U != NULL ? l->U + k * l->class_step : NULL;
  if (clf__rows_sparse(row)) {
    for (int64_t e = row->row_start[0]; e < row->row_start[1]; e++) {
      int64_t at = row->column[e] * l->column_step;
      w[at] += amount * row->value[e];
      if (u != NULL) {
        u[at] += late * (double)row->value[e];
      }
    }
  } else {
    clf__add_row(l->context, row, amount, w, late, u);
  }
  if (l->params->fit_intercept) {
    l->b[k] += amount;
    if (u != NULL) {
      l->Ub[k] += late;
    }
  }
}

/* Returns the best class other than y, the first of equals: lanes find the best score, and then it
 * is looked up. Scores that are not numbers are never above others. */
static int64_t best_other(const float *scores, int64_t classes, int64_t y) {
  enum { LANES = 16 };
  const int64_t first = y == 0 ? 1 : 0;
  float top[LANES], best = scores[first];
  for (int64_t l = 0; l < LANES; l++) {
    top[l] = best;
  }
  for (int64_t half = 0; half < 2; half++) { /* the classes before y, and those after it */
    int64_t k = half == 0 ? first : clf__max_i64(y + 1, first);
    const int64_t end = half == 0 ? y : classes;
    for (; k + LANES <= end; k += LANES) {
      for (int64_t l = 0; l < LANES; l++) {
        top[l] = scores[k + l] > top[l] ? scores[k + l] : top[l];
      }
    }
    for (; k < end; k++) {
      top[0] = scores[k] > top[0] ? scores[k] : top[0];
    }
  }
  for (int64_t l = 0; l < LANES; l++) {
    best = top[l] > best ? top[l] : best;
  }
  for (int64_t k = first; k < classes; k++) {
    if (k != y && scores[k] == best) {
      return k;
    }
  }
  return first; /* its score is not a number */
}

/* Learns row i of the order; returns the number of mistakes made on it. Scores that are not finite
 * count as one mistake. */
static int64_t step(clf__perceptron_learner *l, int64_t i, float weight) {
  const int64_t at = l->order[i];
  clf__rows row = clf__rows_range(l->training->x, at, 1);
  int64_t y = l->training->labels[at], mistakes = 0;
  float amount = (float)l->params->learning_rate * weight;
  const float *scores = l->scores;
  if (l->ahead.scores != NULL) {
    scores = clf__perceptron_ahead_scores(l, &row, i);
  } else {
    score_row(l, &row);
  }
  if (l->params->multiclass == CLF__PERCEPTRON_MULTINOMIAL) {
    int64_t rival = best_other(scores, l->classes, y);
    if (!(scores[y] > scores[rival])) {
      add_row(l, &row, y, amount);
      add_row(l, &row, rival, -amount);
      clf__perceptron_ahead_change(l, y);
      clf__perceptron_ahead_change(l, rival);
      mistakes = 1;
    }
    return mistakes;
  }
  for (int64_t k = 0; k < l->classes; k++) {
    float t = k == y ? 1.F : -1.F;
    if (!(t * l->scores[k] > 0)) {
      add_row(l, &row, k, t * amount);
      mistakes++;
    }
  }
  return mistakes;
}

void clf__perceptron_draw_order(const clf_context *context, const clf__perceptron_params *params,
                                uint64_t stream, int64_t *order, int64_t rows) {
  for (int64_t i = 0; i < rows; i++) {
    order[i] = i;
  }
  if (params->shuffle) {
    clf__random random = clf__random_seed(clf__context_seed(context), stream);
    clf__random_shuffle(&random, order, rows);
  }
}

clf_status clf__perceptron_report(clf__perceptron_learner *l, int64_t epoch) {
  l->reported = clf__seconds();
  return clf__progress_step(&l->progress, epoch, l->share, (double)NAN);
}

static clf_status report_if_late(clf__perceptron_learner *l, int64_t epoch) {
  return clf__seconds() - l->reported > REPORT_SECONDS ? clf__perceptron_report(l, epoch) : CLF_OK;
}

clf_status clf__perceptron_learn(clf__perceptron_learner *l, clf__perceptron_pass *pass) {
  clf__rows_fetch fetch = {0};
  clf_status status = CLF_OK;
  clf__perceptron_draw_order(l->context, l->params, pass->stream, l->order, pass->rows);
  for (int64_t i = 0; i < pass->rows; i++) {
    l->order[i] += pass->first;
  }
  for (int64_t i = 0; status == CLF_OK && i < pass->rows; i++) {
    int64_t at = l->order[i];
    float weight = l->weights != NULL ? l->weights[at] : 1;
    if (i + AHEAD < pass->rows) {
      clf__prefetch_row(l->training->x, l->order[i + AHEAD]);
    }
    if (l->ahead.scores != NULL && i % CLF__PERCEPTRON_AHEAD == 0) {
      clf__perceptron_score_ahead(l, i, pass->rows);
      status = report_if_late(l, pass->epoch);
    }
    if (weight > 0 && status == CLF_OK) {
      pass->mistakes += step(l, i, weight);
      l->seen++;
    }
    if (i % 256 == 0 && status == CLF_OK) {
      clf__rows_fetch_next(&fetch, l->training->x, l->order, i, pass->rows);
      status = report_if_late(l, pass->epoch);
    }
  }
  clf__rows_fetch_end(&fetch, l->training->x);
  return status;
}

void clf__perceptron_set_share(clf__perceptron_learner *l, double mistakes, double rows) {
  const bool together = l->params->multiclass == CLF__PERCEPTRON_MULTINOMIAL;
  const double decisions = rows * (together ? 1 : (double)l->classes);
  l->share = mistakes / (rows > 0 ? decisions : 1);
}

clf_status clf__perceptron_run_epoch(clf__perceptron_learner *l, int64_t epoch) {
  const int64_t before = l->seen;
  clf__perceptron_pass pass = {
      .epoch = epoch, .rows = l->training->x->rows, .stream = (uint64_t)before};
  CLF__CHECK(clf__perceptron_learn(l, &pass));
  clf__perceptron_set_share(l, (double)pass.mistakes, (double)(l->seen - before));
  return CLF_OK;
}
