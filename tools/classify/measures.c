/* The intervals of shares of rows are Wilson's (1927): of the accuracy, and of the precision and
 * recall of a class. Weighted rows count as (sum w)^2 / sum w^2. The others are those of
 * clf_bootstrap(). */
#include "measures.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "report/progress.h"

const measure_kind measure_kinds[MEASURES] = {
    [MEASURE_ACCURACY] = {"accuracy", "accuracy", false},
    [MEASURE_BALANCED] = {"balanced_accuracy", "balanced accuracy", false},
    [MEASURE_PRECISION] = {"precision", "precision", false},
    [MEASURE_RECALL] = {"recall", "recall", false},
    [MEASURE_F1] = {"f1", "F1", false},
    [MEASURE_MATTHEWS] = {"matthews_correlation", "Matthews correlation", false},
    [MEASURE_KAPPA] = {"cohen_kappa", "Cohen's kappa", false},
    [MEASURE_TOP] = {"top_5_accuracy", "top-5 accuracy", false},
    [MEASURE_LOG_LOSS] = {"log_loss", "log loss", true},
    [MEASURE_BRIER] = {"brier_score", "Brier score", true},
    [MEASURE_CALIBRATION] = {"calibration_error", "calibration error", true},
    [MEASURE_ROC] = {"roc_auc", "area under ROC", false},
    [MEASURE_AVERAGE_PRECISION] = {"average_precision", "average precision", false},
    [MEASURE_R2] = {"r2", "R²", false},
    [MEASURE_ABSOLUTE] = {"mean_absolute_error", "mean absolute error", true},
    [MEASURE_SQUARED] = {"root_mean_squared_error", "root mean squared error", true},
};

const char *const class_measure_names[CLASS_MEASURES] = {"precision", "recall", "f1"};
const char *const interval_names[] = {"none", "Wilson", "bootstrap"};

/* The draws of rows: each is measured and shown as it is done. */
typedef struct drawing {
  evaluation *e;
  tool *t;
  int64_t values, done, wanted;
  double began;
} drawing;

static clf_status measure_draw(void *argument, const float *weights, double *values) {
  drawing *d = argument;
  if (progress_ends(&d->t->progress)) {
    return progress_cancels(&d->t->progress) ? CLF_ERROR_CANCELLED : CLF_NOT_CONVERGED;
  }
  const clf_status status = evaluate(d->e, weights, d->e->ranked, values, values + MEASURES);
  progress_show(&d->t->progress, ++d->done, d->wanted, d->began);
  return status;
}

/* There is none where it would be a single value, as where no row is wrong: draws then say nothing
 * of other rows. */
static void set_interval(figure *out, const double *ends) {
  if (isfinite(out->value) && ends[0] < ends[1]) {
    out->low = ends[0];
    out->high = ends[1];
    out->interval = INTERVAL_BOOTSTRAP;
  }
}

/* Weights of the rows that a share is of. */
typedef struct share_rows {
  double sum, squares;
} share_rows;

static void add_row(share_rows *to, float weight) {
  to->sum += (double)weight;
  to->squares += (double)weight * (double)weight;
}

/* There is none where a share is of no rows. */
static void find_wilson(const share_rows *of, figure *out) {
  const double z = 1.959963984540054;
  if (!(of->sum > 0)) {
    out->low = out->high = (double)NAN;
    out->interval = INTERVAL_NONE;
    return;
  }
  const double n = of->sum * of->sum / of->squares, p = out->value;
  const double center = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  out->low = fmax(0, center - half);
  out->high = fmin(1, center + half);
  out->interval = INTERVAL_WILSON;
}

/* Accuracy is a share of all rows, recall of those of a class, precision of those predicted so. */
static clf_status find_shares(measures *m, const graded *g) {
  share_rows all = {0, 0}, *of = calloc(2 * (size_t)m->classes + 1, sizeof *of);
  if (of == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < g->rows; i++) {
    add_row(&all, g->weights[i]);
    if (g->said.labels[i] >= 0) {
      add_row(&of[2 * g->said.labels[i]], g->weights[i]);
    }
    if (g->truth[i] >= 0) {
      add_row(&of[2 * g->truth[i] + 1], g->weights[i]);
    }
  }
  find_wilson(&all, &m->of[MEASURE_ACCURACY]);
  for (int64_t k = 0; k < m->classes; k++) {
    find_wilson(&of[2 * k], &m->of_class[k][CLASS_PRECISION]);
    find_wilson(&of[2 * k + 1], &m->of_class[k][CLASS_RECALL]);
  }
  free(of);
  return CLF_OK;
}

/* Fewer draws where they would take long: some 2e8 values of rows and classes are a few seconds. Of
 * many scores the draws do not read them, and the figures of all draws take memory. */
static int64_t usual_draws(const graded *g) {
  enum { USUAL = 1000, FEW = 100 };
  const double draws = g->scores != NULL
                           ? 1e7 / ((double)g->rows + (double)g->classes * CLASS_MEASURES)
                           : 2e8 / ((double)g->rows * (double)g->outputs);
  return draws > USUAL ? USUAL : draws < FEW ? FEW : (int64_t)draws;
}

static clf_status run_bootstrap(measures *m, drawing *d, double *ends) {
  const graded *g = d->e->of;
  char params[80];
  snprintf(params, sizeof params, "draws=%" PRId64 " seed=%" PRId64, d->wanted, d->t->common.seed);
  progress_title(&d->t->progress, "intervals");
  const clf_status status =
      clf_bootstrap(measure_draw, d, g->weights, g->rows, d->values, ends, &m->resamples, params);
  progress_clear(&d->t->progress);
  return status;
}

static clf_status find_intervals(measures *m, evaluation *e, tool *t, int64_t draws) {
  drawing d = {e, t, MEASURES + m->classes * CLASS_MEASURES, 0, draws, seconds_now()};
  double *ends = malloc(2 * (size_t)d.values * sizeof *ends);
  clf_status status = ends != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  m->wanted = draws;
  if (status == CLF_OK && draws > 0) {
    status = run_bootstrap(m, &d, ends);
    for (int64_t i = 0; status == CLF_OK && i < d.values; i++) {
      set_interval(i < MEASURES ? &m->of[i] : &m->of_class[0][0] + (i - MEASURES), ends + 2 * i);
    }
  }
  if (status == CLF_OK && m->classes > 0) {
    status = find_shares(m, e->of);
  }
  free(ends);
  return status;
}

static void set_values(measures *m, const double *values) {
  const figure none = {(double)NAN, (double)NAN, (double)NAN, INTERVAL_NONE};
  for (int64_t i = 0; i < MEASURES + m->classes * CLASS_MEASURES; i++) {
    figure *to = i < MEASURES ? &m->of[i] : &m->of_class[0][0] + (i - MEASURES);
    *to = none;
    to->value = i >= MEASURES && isnan(values[i]) ? 0 : values[i]; /* 0/0 of a class is 0 */
  }
}

static void count_support(measures *m, const graded *g) {
  for (int64_t i = 0; i < g->rows; i++) {
    if (g->classes > 0 && g->truth[i] >= 0) {
      m->support[g->truth[i]]++;
    }
  }
}

static clf_status fill(measures *m, const graded *g, evaluation *e, tool *t, int64_t draws) {
  const size_t classes = (size_t)m->classes + 1;
  double *values = malloc((MEASURES + classes * CLASS_MEASURES) * sizeof *values);
  m->of_class = malloc(classes * sizeof *m->of_class);
  m->support = calloc(classes, sizeof *m->support);
  clf_status status = CLF_ERROR_MEMORY;
  if (values != NULL && m->of_class != NULL && m->support != NULL) {
    status = evaluate(e, g->weights, true, values, values + MEASURES);
  }
  if (status == CLF_OK) {
    set_values(m, values);
    count_support(m, g);
    status = find_intervals(m, e, t, draws);
  }
  free(values);
  return status;
}

clf_status measures_create(measures *out, const graded *g, tool *t, int64_t resamples) {
  evaluation e;
  *out = (measures){.classes = g->classes, .positive = g->classes == 2 ? 1 : -1};
  clf_status status = evaluation_create(&e, g, g->scores == NULL || resamples > 0);
  out->skipped = g->scores != NULL && resamples < 0;
  status =
      status == CLF_OK ? fill(out, g, &e, t, resamples >= 0 ? resamples : usual_draws(g)) : status;
  evaluation_free(&e);
  return status;
}

void measures_free(measures *m) {
  free(m->of_class);
  free(m->support);
  *m = (measures){.classes = 0};
}
