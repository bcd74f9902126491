/* The means over rows are linear in the weights: what each row contributes is asked of the library
 * once, row by row. */
#include "evaluate.h"

#include <math.h>
#include <stdlib.h>

#include "class_areas.h"

enum { RIGHT, TRUE, PREDICTED };

static void *allocate(int64_t count, size_t size) {
  return calloc(count > 0 ? (size_t)count : 1, size);
}

/* Log loss and Brier score of each row; of rows of unknown classes they are not used. */
static clf_status score_rows(evaluation *e) {
  const graded *g = e->of;
  clf_status status = CLF_OK;
  e->log_loss = allocate(g->rows, sizeof *e->log_loss);
  e->brier = allocate(g->rows, sizeof *e->brier);
  if (e->log_loss == NULL || e->brier == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; status == CLF_OK && i < g->rows; i++) {
    const float *row = g->chances + i * g->classes;
    status = clf_log_loss(&e->truth[i], row, NULL, 1, g->classes, &e->log_loss[i]);
    status = status == CLF_OK
                 ? clf_brier_score(&e->truth[i], row, NULL, 1, g->classes, &e->brier[i])
                 : status;
  }
  return status;
}

/* Whether the class of each row is among those with the highest scores, as clf_top_k_accuracy()
 * has it of scores in f32. */
static void score_tops(evaluation *e) {
  const graded *g = e->of;
  for (int64_t i = 0; i < g->rows; i++) {
    const int32_t truth = e->truth[i];
    const double own = graded_score(g, i, truth);
    int64_t rank = 0;
    for (int64_t k = 0; k < g->outputs; k++) {
      const double score = graded_score(g, i, k);
      rank += score > own || (score == own && k < truth);
    }
    e->top[i] = g->truth[i] >= 0 && rank < TOP_SCORES ? 1 : 0;
  }
}

static clf_status prepare_classes(evaluation *e) {
  const graded *g = e->of;
  e->truth = allocate(g->rows, sizeof *e->truth);
  e->top = allocate(g->rows, sizeof *e->top);
  e->known = allocate(g->rows, sizeof *e->known);
  e->tally = allocate(g->classes, sizeof *e->tally);
  if (e->truth == NULL || e->top == NULL || e->known == NULL || e->tally == NULL ||
      (e->ranked && !ranks_create(&e->ranking, g, NULL, ranks_columns(g)))) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < g->rows; i++) {
    e->truth[i] = g->truth[i] < 0 ? 0 : g->truth[i];
  }
  if (g->classes > TOP_SCORES) {
    score_tops(e);
  }
  return g->chances != NULL ? score_rows(e) : CLF_OK;
}

clf_status evaluation_create(evaluation *out, const graded *g, bool ranked) {
  *out = (evaluation){.of = g, .ranked = ranked, .scale = 0};
  if (g->classes > 0) {
    return prepare_classes(out);
  }
  for (int64_t i = 0; i < g->rows * g->outputs; i++) {
    out->scale = fmax(out->scale, fmax(fabs(g->targets[i]), fabs(g->said.values[i])));
  }
  out->scale = out->scale > 0 ? out->scale : 1;
  return CLF_OK;
}

void evaluation_free(evaluation *e) {
  ranks_free(&e->ranking);
  free(e->truth);
  free(e->top);
  free(e->known);
  free(e->log_loss);
  free(e->brier);
  free(e->tally);
  *e = (evaluation){.of = NULL};
}

static double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

/* Sums of the weights of all rows, of those that are right, of those of unknown classes, and of
 * those that are rejected. */
typedef struct totals {
  double sum, right, unknown, rejected;
} totals;

/* As clf_balanced_accuracy(), clf_matthews_correlation() and clf_cohen_kappa() have them; rows of
 * unknown classes are of one more class, which is never predicted, and rejected ones of another,
 * which is never true. */
static void score_agreement(const evaluation *e, const totals *all, double *of) {
  const double unknown = all->unknown / all->sum, rejected = all->rejected / all->sum;
  double recalls = 0, present = unknown > 0, predicting = rejected > 0;
  double truths = unknown * unknown, predicted = rejected * rejected, chance = 0;
  for (int64_t k = 0; k < e->of->classes; k++) {
    const double *t = e->tally[k], p = t[PREDICTED] / all->sum, true_share = t[TRUE] / all->sum;
    recalls += ratio(t[RIGHT], t[TRUE]);
    present += t[TRUE] > 0;
    predicting += p > 0;
    truths += true_share * true_share;
    predicted += p * p;
    chance += true_share * p;
  }
  const double agreed = all->right / all->sum - chance;
  const bool single = present < 2 || predicting < 2;
  of[MEASURE_BALANCED] = recalls / present;
  of[MEASURE_MATTHEWS] = single ? 0 : agreed / (sqrt(1 - truths) * sqrt(1 - predicted));
  of[MEASURE_KAPPA] = present < 2 && all->right == all->sum ? 0 : agreed / (1 - chance);
}

static void score_top(const evaluation *e, const float *weights, double sum, double *of) {
  double top = 0;
  for (int64_t i = 0; i < e->of->rows; i++) {
    top += (double)weights[i] * e->top[i];
  }
  of[MEASURE_TOP] = top / sum;
}

/* Rows of unknown classes are wrong, and count as predicted; rejected rows are wrong, too. */
static void fill_tally(evaluation *e, const float *weights, double *of) {
  const graded *g = e->of;
  totals all = {0, 0, 0, 0};
  for (int64_t k = 0; k < g->classes; k++) {
    e->tally[k][RIGHT] = e->tally[k][TRUE] = e->tally[k][PREDICTED] = 0;
  }
  for (int64_t i = 0; i < g->rows; i++) {
    const double weight = (double)weights[i];
    const int32_t predicted = g->said.labels[i], truth = g->truth[i];
    all.sum += weight;
    *(predicted >= 0 ? &e->tally[predicted][PREDICTED] : &all.rejected) += weight;
    *(truth >= 0 ? &e->tally[truth][TRUE] : &all.unknown) += weight;
    if (truth >= 0 && truth == predicted) {
      all.right += weight;
      e->tally[truth][RIGHT] += weight;
    }
  }
  of[MEASURE_ACCURACY] = all.sum > 0 ? all.right / all.sum : (double)NAN;
  if (all.sum > 0) {
    score_agreement(e, &all, of);
  }
  if (all.sum > 0 && g->classes > TOP_SCORES) {
    score_top(e, weights, all.sum, of);
  }
}

/* As clf_average_scores() with CLF_AVERAGE_MACRO has them, with weights. */
static void score_classes(const evaluation *e, double *of, double *of_class) {
  static const int means[CLASS_MEASURES] = {MEASURE_PRECISION, MEASURE_RECALL, MEASURE_F1};
  double sums[CLASS_MEASURES] = {0, 0, 0};
  double occurring = 0;
  for (int64_t k = 0; k < e->of->classes; k++) {
    const double *t = e->tally[k];
    double *own = of_class + k * CLASS_MEASURES;
    own[CLASS_PRECISION] = ratio(t[RIGHT], t[PREDICTED]);
    own[CLASS_RECALL] = ratio(t[RIGHT], t[TRUE]);
    const bool occurs = t[TRUE] + t[PREDICTED] > 0;
    own[CLASS_F1] = occurs ? ratio(2 * t[RIGHT], t[TRUE] + t[PREDICTED]) : (double)NAN;
    occurring += occurs ? 1 : 0;
    for (int i = 0; i < CLASS_MEASURES; i++) {
      sums[i] += occurs ? own[i] : 0;
    }
  }
  for (int i = 0; i < CLASS_MEASURES; i++) {
    of[means[i]] = occurring > 0 ? sums[i] / occurring : (double)NAN;
  }
}

static clf_status score_probabilities(evaluation *e, double sum, bool wanted, double *of) {
  const graded *g = e->of;
  double log_loss = 0, brier = 0;
  for (int64_t i = 0; i < g->rows; i++) {
    log_loss += (double)e->known[i] * e->log_loss[i];
    brier += (double)e->known[i] * e->brier[i];
  }
  of[MEASURE_LOG_LOSS] = log_loss / sum;
  of[MEASURE_BRIER] = brier / sum;
  return wanted ? clf_calibration_error(e->truth, g->chances, e->known, g->rows, g->classes,
                                        CALIBRATION_BINS, &of[MEASURE_CALIBRATION], NULL)
                : CLF_OK;
}

/* The means over the columns where areas are defined. */
static clf_status score_areas(const evaluation *e, const float *weights, double *of) {
  areas *each = NULL, mean = {(double)NAN, (double)NAN};
  const int64_t columns = ranks_columns(e->of);
  if (e->ranked) {
    mean = ranks_mean_areas(&e->ranking, weights);
  } else {
    each = allocate(columns, sizeof *each);
    if (each == NULL || !class_areas(e->of, weights, each)) {
      free(each);
      return CLF_ERROR_MEMORY;
    }
    mean = mean_areas(each, columns);
  }
  free(each);
  of[MEASURE_ROC] = mean.roc;
  of[MEASURE_AVERAGE_PRECISION] = mean.average_precision;
  return CLF_OK;
}

static clf_status evaluate_classes(evaluation *e, const float *weights, bool wanted, double *of,
                                   double *of_class) {
  const graded *g = e->of;
  double sum = 0;
  fill_tally(e, weights, of);
  score_classes(e, of, of_class);
  for (int64_t i = 0; i < g->rows; i++) {
    e->known[i] = g->truth[i] >= 0 ? weights[i] : 0;
    sum += (double)e->known[i];
  }
  const clf_status status = wanted ? score_areas(e, weights, of) : CLF_OK;
  return status == CLF_OK && g->chances != NULL && sum > 0 ? score_probabilities(e, sum, wanted, of)
                                                           : status;
}

/* Weighted sums over the rows of one output of a regression, of what is divided by the scale. */
typedef struct residuals {
  double weight, absolute, squared, spread;
} residuals;

static double mean_target(const evaluation *e, const float *weights, int64_t output) {
  double sum = 0, total = 0;
  for (int64_t i = 0; i < e->of->rows; i++) {
    total += (double)weights[i];
    sum += (double)weights[i] * (e->of->targets[i * e->of->outputs + output] / e->scale);
  }
  return sum / total;
}

/* Whether the rows have one target, which rounding of their mean would hide. */
static bool is_constant(const evaluation *e, const float *weights, int64_t output) {
  const graded *g = e->of;
  double first = (double)NAN;
  for (int64_t i = 0; i < g->rows; i++) {
    const double target = g->targets[i * g->outputs + output];
    first = isnan(first) && weights[i] > 0 ? target : first;
    if (weights[i] > 0 && target != first) {
      return false;
    }
  }
  return true;
}

static residuals sum_residuals(const evaluation *e, const float *weights, int64_t output) {
  const graded *g = e->of;
  const double mean = mean_target(e, weights, output);
  residuals r = {0, 0, 0, 0};
  for (int64_t i = 0; i < g->rows; i++) {
    const double weight = (double)weights[i];
    const double target = g->targets[i * g->outputs + output] / e->scale;
    const double error = target - g->said.values[i * g->outputs + output] / e->scale;
    r.weight += weight;
    r.absolute += weight * fabs(error);
    r.squared += weight * error * error;
    r.spread += weight * (target - mean) * (target - mean);
  }
  r.spread = is_constant(e, weights, output) ? 0 : r.spread;
  return r;
}

/* As clf_model_score() has it; NaN where no row weighs anything. */
static double determination(const residuals *r) {
  return !(r->weight > 0) ? (double)NAN
         : r->spread > 0  ? 1 - r->squared / r->spread
         : r->squared > 0 ? 0
                          : 1;
}

/* Each measure is the mean over the outputs. */
static void evaluate_regression(const evaluation *e, const float *weights, double *of) {
  const double outputs = (double)e->of->outputs;
  of[MEASURE_R2] = of[MEASURE_ABSOLUTE] = of[MEASURE_SQUARED] = 0;
  for (int64_t k = 0; k < e->of->outputs; k++) {
    const residuals r = sum_residuals(e, weights, k);
    of[MEASURE_R2] += determination(&r) / outputs;
    of[MEASURE_ABSOLUTE] += e->scale * (r.absolute / r.weight) / outputs;
    of[MEASURE_SQUARED] += e->scale * sqrt(r.squared / r.weight) / outputs;
  }
}

clf_status evaluate(evaluation *e, const float *weights, bool wanted, double *of,
                    double *of_class) {
  for (int i = 0; i < MEASURES; i++) {
    of[i] = (double)NAN;
  }
  if (e->of->classes > 0) {
    return evaluate_classes(e, weights, wanted, of, of_class);
  }
  evaluate_regression(e, weights, of);
  return CLF_OK;
}
