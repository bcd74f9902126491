/* One way from the scores of a model to its probabilities and classes:
 *   p = the calibration's, or those of the kind's link; 0 for classes without weight; corrected for
 *       other shares of the classes.
 * The predicted class has the lowest expected cost, or is chosen by thresholds, if these are set.
 * Otherwise it has the largest p, and among equal ones the largest score; without
 * probabilities it has the largest score. It is always computed from scores in f32. The
 * probabilities of a row agree with it: where rounding, saturation or arithmetic in f64 makes
 * another class the first maximum, the two values are exchanged, and if they are equal, that of the
 * predicted class becomes the next larger number. */
#include <math.h>
#include <string.h>

#include "base/border.h"
#include "models/decision/costs.h"
#include "models/decision/decision.h"
#include "models/decision/priors.h"
#include "models/decision/thresholds.h"

bool clf__decision_has_probabilities(const clf_model *model) {
  const clf__model_kind *kind = model->kind;
  return model->classes != NULL && (clf__calibration_there(&model->decision) ||
                                    (kind->link != NULL && kind->link(model) != CLF__LINK_NONE));
}

clf_status clf__decision_require_classes(const clf_model *model) {
  CLF__CHECK(clf__model_require_fit(model));
  return model->classes != NULL
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED, "%s: the fit had no classes: it is %s",
                         model->kind->base.name,
                         clf__model_separates_outliers(model) ? "a machine of one class"
                                                              : "a regression");
}

clf_status clf__decision_require_probabilities(const clf_model *model) {
  CLF__CHECK(clf__decision_require_classes(model));
  if (clf__decision_has_probabilities(model)) {
    return CLF_OK;
  }
  if (model->kind->probabilities != NULL) {
    return model->kind->probabilities(model, NULL, 0); /* says what the fit lacks */
  }
  return clf__fail(CLF_ERROR_UNSUPPORTED,
                   "%s gives no probabilities; fitted with calibration=sigmoid, or calibrated by "
                   "clf_model_calibrate(), it does",
                   model->kind->base.name);
}

/* Returns whether the predicted class follows from the probabilities, not from the scores, which
 * the link keeps in order. */
static bool decides_by_p(const clf__decision *d) {
  return clf__calibration_there(d) || d->priors != NULL;
}

static bool is_plain(const clf__decision *d) {
  return d->absent == NULL && !decides_by_p(d);
}

/* p is NULL if the scores decide. */
static int32_t winner_of(const clf__decision *d, const double *p, const float *scores,
                         int64_t classes) {
  int32_t best = -1;
  for (int32_t k = 0; k < classes; k++) {
    if (d->absent != NULL && d->absent[k] != 0) {
      continue;
    }
    const bool more = best >= 0 && p != NULL && p[k] > p[best];
    const bool equal = best >= 0 && (p == NULL || p[k] == p[best]);
    best = best < 0 || more || (equal && scores[k] > scores[best]) ? k : best;
  }
  return best;
}

static void exclude_absent(const clf__decision *d, int64_t classes, double *p, int64_t rows) {
  for (int64_t i = 0; i < rows && d->absent != NULL; i++, p += classes) {
    double sum = 0, present = 0;
    for (int64_t k = 0; k < classes; k++) {
      present += d->absent[k] == 0;
      sum += d->absent[k] == 0 ? p[k] : 0;
    }
    for (int64_t k = 0; k < classes; k++) {
      p[k] = d->absent[k] != 0 ? 0 : sum > 0 ? p[k] / sum : 1 / present;
    }
  }
}

static void apply_priors(const clf__decision *d, int64_t classes, double *p, int64_t rows) {
  if (d->priors != NULL) {
    clf__priors_apply(d->priors, d->priors + classes, p, rows, classes);
  }
}

static void widen(const float *from, int64_t count, double *to) {
  for (int64_t i = 0; i < count; i++) {
    to[i] = (double)from[i];
  }
}

/* Computes p [rows, classes] in f64 by the kind's link in f32. */
static clf_status link_f32(const clf_model *model, const float *scores, int64_t rows, double *p) {
  const int64_t count = rows * model->outputs;
  float *own = clf__alloc_array(model->context, count, sizeof *own);
  if (own == NULL) {
    return CLF_ERROR_MEMORY;
  }
  memcpy(own, scores, (size_t)count * sizeof *own);
  const clf_status status = model->kind->probabilities(model, own, rows);
  widen(own, count, p);
  clf__free(own);
  return status;
}

clf_status clf__decision_p(const clf_model *model, const float *scores, int64_t rows, double *p) {
  const clf__decision *d = &model->decision;
  if (clf__calibration_there(d)) {
    widen(scores, rows * model->outputs, p);
    clf__calibration_apply(d, model->outputs, p, rows);
  } else {
    CLF__CHECK(link_f32(model, scores, rows, p));
  }
  exclude_absent(d, model->outputs, p, rows);
  apply_priors(d, model->outputs, p, rows);
  return CLF_OK;
}

/* The same from scores in f64, in place. */
static clf_status compute_f64(const clf_model *model, double *p, int64_t rows) {
  const clf__decision *d = &model->decision;
  if (clf__calibration_there(d)) {
    clf__calibration_apply(d, model->outputs, p, rows);
  } else {
    CLF__CHECK(model->kind->probabilities_f64(model, p, rows));
  }
  exclude_absent(d, model->outputs, p, rows);
  apply_priors(d, model->outputs, p, rows);
  return CLF_OK;
}

/* As in LIBSVM, a row on the boundary counts as an outlier. */
static void label_outliers(const float *scores, int64_t rows, int32_t *labels) {
  for (int64_t i = 0; i < rows; i++) {
    labels[i] = scores[i] > 0 ? 0 : -1;
  }
}

/* The class with the highest probability, or score, of each row. */
static clf_status find_winners(const clf_model *model, const float *scores, int64_t rows,
                               int32_t *labels) {
  const clf__decision *d = &model->decision;
  const int64_t classes = model->outputs;
  double *p = NULL;
  clf_status status = CLF_OK;
  if (clf__model_separates_outliers(model)) {
    label_outliers(scores, rows, labels);
    return CLF_OK;
  }
  if (decides_by_p(d)) {
    p = clf__alloc_matrix(model->context, rows, classes, sizeof *p);
    CLF__TRY(p != NULL ? CLF_OK : CLF_ERROR_MEMORY);
    CLF__TRY(clf__decision_p(model, scores, rows, p));
  }
  for (int64_t i = 0; i < rows; i++) {
    labels[i] = winner_of(d, p != NULL ? p + i * classes : NULL, scores + i * classes, classes);
  }
done:
  clf__free(p);
  return status;
}

clf_status clf__decision_labels(const clf_model *model, const float *scores, int64_t rows,
                                int32_t *labels) {
  const clf__decision *d = &model->decision;
  if (d->costs == NULL && d->thresholds == NULL) {
    return find_winners(model, scores, rows, labels);
  }
  double *p = clf__alloc_matrix(model->context, rows, model->outputs, sizeof *p);
  clf_status status = p != NULL ? clf__decision_p(model, scores, rows, p) : CLF_ERROR_MEMORY;
  if (status == CLF_OK && d->costs != NULL) {
    clf__costs_decide(d->costs, p, rows, model->outputs, labels);
  } else if (status == CLF_OK) {
    clf__thresholds_decide(d->thresholds, p, rows, model->outputs, labels);
  }
  clf__free(p);
  return status;
}

/* The probabilities of a row, in f32 or in f64. */
typedef struct row_of_p {
  float *f32; /* or NULL */
  double *f64;
} row_of_p;

static double get_p(const row_of_p *p, int64_t k) {
  return p->f32 != NULL ? (double)p->f32[k] : p->f64[k];
}

static void set_p(const row_of_p *p, int64_t k, double value) {
  if (p->f32 != NULL) {
    p->f32[k] = (float)value;
  } else {
    p->f64[k] = value;
  }
}

static int64_t argmax(const row_of_p *p, int64_t classes) {
  int64_t best = 0;
  for (int64_t k = 1; k < classes; k++) {
    best = get_p(p, k) > get_p(p, best) ? k : best;
  }
  return best;
}

/* Makes p[winner] the first maximum of p. */
static void agree(row_of_p p, int64_t classes, int32_t winner) {
  const int64_t best = argmax(&p, classes);
  const double largest = get_p(&p, best);
  if (best == winner) {
    return;
  }
  set_p(&p, best, get_p(&p, winner));
  set_p(&p, winner, largest);
  if (argmax(&p, classes) != winner) {
    set_p(&p, winner,
          p.f32 != NULL ? (double)nextafterf((float)largest, 2) : nextafter(largest, 2));
  }
}

/* The link of scores, where nothing else was set: few rows need no memory. */
static clf_status link_rows(const clf_model *model, float *values, int64_t rows) {
  enum { FEW = 64 };
  const int64_t classes = model->outputs;
  int32_t few[FEW], *many = NULL;
  clf_status status = CLF_OK;
  if (rows > FEW) {
    many = clf__alloc_array(model->context, rows, sizeof *many);
    CLF__TRY(many != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  }
  int32_t *winner = many != NULL ? many : few;
  CLF__TRY(find_winners(model, values, rows, winner));
  CLF__TRY(model->kind->probabilities(model, values, rows));
  for (int64_t i = 0; i < rows; i++) {
    agree((row_of_p){.f32 = values + i * classes}, classes, winner[i]);
  }
done:
  clf__free(many);
  return status;
}

clf_status clf__decision_probabilities(const clf_model *model, float *values, int64_t rows) {
  const clf__decision *d = &model->decision;
  const int64_t classes = model->outputs;
  if (is_plain(d)) {
    return link_rows(model, values, rows);
  }
  double *p = clf__alloc_matrix(model->context, rows, classes, sizeof *p);
  clf_status status = p != NULL ? clf__decision_p(model, values, rows, p) : CLF_ERROR_MEMORY;
  for (int64_t i = 0; i < rows && status == CLF_OK; i++) {
    float *row = values + i * classes;
    const double *own = p + i * classes;
    const int32_t winner = winner_of(d, decides_by_p(d) ? own : NULL, row, classes);
    for (int64_t k = 0; k < classes; k++) {
      row[k] = (float)own[k];
    }
    agree((row_of_p){.f32 = row}, classes, winner);
  }
  clf__free(p);
  return status;
}

clf_status clf__decision_probabilities_f64(const clf_model *model, double *values,
                                           const float *scores, int64_t rows) {
  const int64_t classes = model->outputs;
  int32_t *winner = clf__alloc_array(model->context, rows, sizeof *winner);
  clf_status status = CLF_OK;
  CLF__TRY(winner != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(find_winners(model, scores, rows, winner));
  CLF__TRY(compute_f64(model, values, rows));
  for (int64_t i = 0; i < rows; i++) {
    agree((row_of_p){.f64 = values + i * classes}, classes, winner[i]);
  }
done:
  clf__free(winner);
  return status;
}
