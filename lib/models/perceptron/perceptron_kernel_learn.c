/* The perceptron with a kernel (Aizerman, Braverman and Rozonoer 1964). Rows are learned strictly
 * one after another, although the work is done in blocks. F stores the values of the functions of
 * all classes at all rows. At the start of a block, the pending updates are added to the scores of
 * its rows. Then each update is added to the scores of the later rows of the block, by the block's
 * own kernel matrix, and becomes pending itself. When many are pending, they are added to F for all
 * rows. So an update needs its kernel values with all rows only once, whatever the number of
 * epochs, and all kernel values come from matrix products. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "models/perceptron/perceptron_kernel.h"

enum { BLOCK = CLF__PERCEPTRON_BLOCK, TILE = CLF__PERCEPTRON_TILE };

#define REPORT_SECONDS 0.2

clf_status clf__kernel_report(clf__kernel_learner *l) {
  l->reported = clf__seconds();
  return clf__progress_step(&l->progress, l->epoch, l->share, (double)NAN);
}

static clf_status report_if_due(clf__kernel_learner *l) {
  const bool due = clf__seconds() - l->reported >= REPORT_SECONDS;
  return due ? clf__kernel_report(l) : CLF_OK;
}

static clf_status add_products(double *sums, const float *products, int64_t count) {
  bool finite = true;
  for (int64_t i = 0; i < count; i++) {
    finite = finite && isfinite(products[i]);
    sums[i] += (double)products[i];
  }
  return finite ? CLF_OK
                : clf__fail(CLF_ERROR_NUMERIC,
                            "sums of kernel values are beyond float; scale the features down "
                            "(transforms: standardize, min_max), or set a lower learning_rate");
}

/* Adds the pending updates to F, one tile of rows at a time. */
static clf_status bring_up_to_date(clf__kernel_learner *l) {
  const int64_t classes = l->classes, pending = l->pending;
  clf__kernel_columns *columns = NULL;
  clf_status status =
      clf__kernel_columns_create(&columns, l->context, &l->function, l->training->x, l->pending_row,
                                 pending, l->training->x, l->center);
  for (int64_t first = 0; first < l->rows && status == CLF_OK; first += TILE) {
    int64_t count = clf__min_i64(l->rows - first, TILE);
    clf__rows part = clf__rows_range(l->training->x, first, count);
    CLF__TRY(clf__kernel_block(columns, 0, pending, &part, NULL, count, l->tile, pending));
    CLF__TRY(clf__gemm_f32(l->context, 1, clf__f32_matrix(l->tile, count, pending, pending),
                           clf__f32_matrix(l->delta, pending, classes, classes), 0, l->products,
                           classes));
    CLF__TRY(add_products(l->F + first * classes, l->products, count * classes));
    CLF__TRY(report_if_due(l));
  }
  for (int64_t i = 0; i < pending; i++) {
    l->place[l->pending_row[i]] = 0;
  }
  l->pending = 0;
done:
  clf__kernel_columns_free(columns);
  return status;
}

/* Packs the rows of the block, and sets their scores. */
static clf_status open_block(clf__kernel_learner *l) {
  const int64_t classes = l->classes;
  CLF__CHECK(clf__kernel_columns_create(&l->columns, l->context, &l->function, l->training->x,
                                        l->block, l->count, l->training->x, l->center));
  l->inside_made = false;
  for (int64_t i = 0; i < l->count * classes; i++) {
    l->scores[i] = l->F[l->block[i / classes] * classes + i % classes];
  }
  if (l->pending == 0) {
    return CLF_OK;
  }
  CLF__CHECK(clf__kernel_block(l->columns, 0, l->count, l->training->x, l->pending_row, l->pending,
                               l->across, l->count));
  CLF__CHECK(clf__gemm_f32(
      l->context, 1, clf__f32_transposed(l->across, l->count, l->pending, l->count),
      clf__f32_matrix(l->delta, l->pending, classes, classes), 0, l->products, classes));
  return add_products(l->scores, l->products, l->count * classes);
}

/* Returns the pending update of a row. Updates of the same row are added, so that opposite ones
 * cancel. */
static float *pending_terms(clf__kernel_learner *l, int64_t row) {
  if (l->place[row] == 0) {
    memset(l->delta + l->pending * l->classes, 0, (size_t)l->classes * sizeof *l->delta);
    l->pending_row[l->pending++] = row;
    l->place[row] = l->pending;
  }
  return l->delta + (l->place[row] - 1) * l->classes;
}

void clf__kernel_update(clf__kernel_learner *l, int64_t row, const double *step, int64_t next,
                        const float *k) {
  const int64_t classes = l->classes;
  float *delta = pending_terms(l, row);
  for (int64_t c = 0; c < classes; c++) {
    delta[c] += (float)step[c];
    l->C[row * classes + c] += step[c];
    for (int64_t i = next; i < l->count && step[c] != 0; i++) {
      l->scores[i * classes + c] += step[c] * (double)k[i];
    }
  }
}

/* Returns the best class other than y, the first of equals. */
static int64_t best_other(const double *scores, int64_t classes, int64_t y) {
  int64_t best = y == 0 ? 1 : 0;
  for (int64_t k = best + 1; k < classes; k++) {
    best = k != y && scores[k] > scores[best] ? k : best;
  }
  return best;
}

/* Sets `step` to the update of a row with these scores (b included); returns the number of
 * mistakes. */
static int64_t find_step(clf__kernel_learner *l, const double *scores, int64_t y, double amount) {
  int64_t mistakes = 0;
  memset(l->step, 0, (size_t)l->classes * sizeof *l->step);
  if (l->params->multiclass == CLF__PERCEPTRON_MULTINOMIAL) {
    int64_t rival = best_other(scores, l->classes, y);
    mistakes = !(scores[y] > scores[rival]);
    l->step[y] = mistakes ? amount : 0;
    l->step[rival] = mistakes ? -amount : 0;
    return mistakes;
  }
  for (int64_t k = 0; k < l->classes; k++) {
    double t = k == y ? 1 : -1;
    if (!(t * scores[k] > 0)) {
      l->step[k] = t * amount;
      mistakes++;
    }
  }
  return mistakes;
}

static clf_status make_inside(clf__kernel_learner *l) {
  if (l->inside_made) {
    return CLF_OK;
  }
  l->inside_made = true;
  return clf__kernel_block(l->columns, 0, l->count, l->training->x, l->block, l->count, l->inside,
                           l->count);
}

/* Updates the intercepts and the sums for averages. */
static void note_step(clf__kernel_learner *l, int64_t row, const double *step) {
  const double late = (double)l->seen;
  for (int64_t k = 0; k < l->classes; k++) {
    if (l->U != NULL) {
      l->U[row * l->classes + k] += late * step[k];
    }
    if (l->params->fit_intercept) {
      l->b[k] += step[k];
      if (l->U != NULL) {
        l->Ub[k] += late * step[k];
      }
    }
  }
}

/* Learns row `at` of the block, and counts its mistakes. */
static clf_status learn_row(clf__kernel_learner *l, int64_t at, int64_t *mistakes) {
  const int64_t row = l->block[at], y = l->training->labels[row];
  double *scores = l->scores + at * l->classes;
  double amount = l->params->learning_rate * (l->weights != NULL ? (double)l->weights[row] : 1);
  for (int64_t k = 0; k < l->classes; k++) {
    scores[k] += l->b[k];
  }
  int64_t made = find_step(l, scores, y, amount);
  if (made > 0) {
    CLF__CHECK(make_inside(l));
    CLF__CHECK(clf__perceptron_reserve(l, row, at + 1));
    find_step(l, scores, y, amount);
    clf__kernel_update(l, row, l->step, at + 1, l->inside + at * l->count);
    note_step(l, row, l->step);
  }
  *mistakes += made;
  l->seen++;
  return CLF_OK;
}

static clf_status learn_block(clf__kernel_learner *l, int64_t *mistakes) {
  clf_status status = CLF_OK;
  if (l->pending >= CLF__PERCEPTRON_PENDING) {
    CLF__TRY(bring_up_to_date(l));
  }
  CLF__TRY(open_block(l));
  for (int64_t at = 0; at < l->count; at++) {
    CLF__TRY(learn_row(l, at, mistakes));
  }
  CLF__TRY(report_if_due(l));
done:
  clf__kernel_columns_free(l->columns);
  l->columns = NULL;
  return status;
}

clf_status clf__kernel_run_epoch(clf__kernel_learner *l) {
  int64_t mistakes = 0, rows = 0;
  clf__perceptron_draw_order(l->context, l->params, (uint64_t)l->seen, l->order, l->rows);
  for (int64_t i = 0; i < l->rows;) {
    for (l->count = 0; l->count < BLOCK && i < l->rows; i++) {
      l->block[l->count] = l->order[i];
      l->count += l->weights == NULL || l->weights[l->order[i]] > 0;
    }
    if (l->count > 0) {
      CLF__CHECK(learn_block(l, &mistakes));
    }
    rows += l->count;
  }
  int64_t decisions = l->params->multiclass == CLF__PERCEPTRON_MULTINOMIAL ? 1 : l->classes;
  l->share = (double)mistakes / (double)(rows > 0 ? rows * decisions : 1);
  l->epoch++;
  return CLF_OK;
}
