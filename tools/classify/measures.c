/* The intervals of shares of rows are Wilson's (1927): of the accuracy, and of the precision and
 * recall of a class. Weighted rows count as (sum w)^2 / sum w^2. The others are percentiles of the
 * bootstrap (Efron, 1979): of the measures of rows that are drawn from the rows with replacement. A
 * row that is drawn n times weighs n times as much.
 */
#include "measures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "report/progress.h"

const measure_kind measure_kinds[MEASURES] = {
    [MEASURE_ACCURACY] = {"accuracy", "accuracy", false},
    [MEASURE_PRECISION] = {"precision", "precision", false},
    [MEASURE_RECALL] = {"recall", "recall", false},
    [MEASURE_F1] = {"f1", "F1", false},
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

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static void draw_rows(const graded *g, uint64_t *state, float *weights) {
  memset(weights, 0, (size_t)g->rows * sizeof *weights);
  for (int64_t i = 0; i < g->rows; i++) {
    const uint64_t row = next_random(state) % (uint64_t)g->rows;
    weights[row] += g->weights[row];
  }
}

enum { MIN_DRAWS = 20 };

/* The measures of all draws: [draws, values], of which the first MEASURES are not of a class. */
typedef struct bootstrap {
  double *found;
  int64_t draws, values;
} bootstrap;

static clf_status run_bootstrap(bootstrap *b, evaluation *e, tool *t, int64_t draws) {
  const graded *g = e->of;
  const double began = seconds_now();
  uint64_t state = (uint64_t)t->common.seed;
  float *weights = malloc((size_t)g->rows * sizeof *weights);
  clf_status status = CLF_OK;
  b->found = malloc(((size_t)(draws * b->values) + 1) * sizeof *b->found);
  if (weights == NULL || b->found == NULL) {
    status = CLF_ERROR_MEMORY;
  }
  progress_title(&t->progress, "intervals");
  while (status == CLF_OK && b->draws < draws && !progress_ends(&t->progress)) {
    double *found = b->found + b->draws++ * b->values;
    draw_rows(g, &state, weights);
    status = evaluate(e, weights, found, found + MEASURES);
    progress_show(&t->progress, b->draws, draws, began);
  }
  progress_clear(&t->progress);
  free(weights);
  return status == CLF_OK && progress_cancels(&t->progress) ? CLF_ERROR_CANCELLED : status;
}

static int compare_numbers(const void *first, const void *second) {
  const double a = *(const double *)first, b = *(const double *)second;
  return (a > b) - (a < b);
}

/* The value below which a share of ascending numbers lies, between two of them by line. */
static double quantile(const double *sorted, int64_t count, double share) {
  const double place = share * (double)(count - 1);
  const int64_t low = (int64_t)place, high = low + 1 < count ? low + 1 : low;
  return sorted[low] + (place - (double)low) * (sorted[high] - sorted[low]);
}

/* There is none where the draws are too few, where the measure is not defined for half of them,
 * and where it would be a single value, as where no row is wrong: draws then say nothing of
 * other rows. */
static void find_interval(const bootstrap *b, int64_t value, double *sorted, figure *out) {
  int64_t count = 0;
  for (int64_t i = 0; i < b->draws; i++) {
    const double found = b->found[i * b->values + value];
    if (isfinite(found)) {
      sorted[count++] = found;
    }
  }
  if (count >= MIN_DRAWS && 2 * count > b->draws && isfinite(out->value)) {
    qsort(sorted, (size_t)count, sizeof *sorted, compare_numbers);
    const double low = quantile(sorted, count, 0.025), high = quantile(sorted, count, 0.975);
    if (low < high) {
      out->low = low;
      out->high = high;
      out->interval = INTERVAL_BOOTSTRAP;
    }
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
    add_row(&of[2 * g->said.labels[i]], g->weights[i]);
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

/* Fewer draws where they would take long: some 2e8 values of rows and classes are a few seconds. */
static int64_t usual_draws(const graded *g) {
  enum { USUAL = 1000, FEW = 100 };
  const double draws = 2e8 / ((double)g->rows * (double)g->outputs);
  return draws > USUAL ? USUAL : draws < FEW ? FEW : (int64_t)draws;
}

static clf_status find_intervals(measures *m, evaluation *e, tool *t, int64_t draws) {
  bootstrap b = {NULL, 0, MEASURES + m->classes * CLASS_MEASURES};
  double *sorted = malloc(((size_t)draws + 1) * sizeof *sorted);
  clf_status status = sorted != NULL ? run_bootstrap(&b, e, t, draws) : CLF_ERROR_MEMORY;
  m->resamples = b.draws;
  m->wanted = draws;
  for (int64_t i = 0; status == CLF_OK && i < b.values; i++) {
    find_interval(&b, i, sorted, i < MEASURES ? &m->of[i] : &m->of_class[0][0] + (i - MEASURES));
  }
  if (status == CLF_OK && m->classes > 0) {
    status = find_shares(m, e->of);
  }
  free(sorted);
  free(b.found);
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
    status = evaluate(e, g->weights, values, values + MEASURES);
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
  clf_status status = evaluation_create(&e, g);
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
