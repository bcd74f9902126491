/* Probabilities of support vector machines. A sigmoid 1 / (1 + exp(A f + B)) maps the value f of
 * each machine to the probability of its positive side (Platt 2000). It is fitted by the Newton
 * method of Lin, Lin and Weng (2007) to values on rows that were left out of the fit, in a
 * five-fold cross-validation. The probabilities of all pairs are coupled into those of the classes
 * by the second method of Wu, Lin and Weng (2004).
 *
 * A row is left out by setting its bound to 0. The solver updates its gradient like that of any
 * other row, which gives its value at no cost, and the folds share rows of the kernel matrix.
 */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/random.h"
#include "models/svm/svm.h"

enum { FOLDS = 5 };

/* ln(1 + e^z) without overflow. */
static double log_1_plus_exp(double z) {
  return z > 0 ? z + log1p(exp(-z)) : log1p(exp(z));
}

/* 1 / (1 + e^z). */
static double sigmoid(double z) {
  return z > 0 ? exp(-z) / (1 + exp(-z)) : 1 / (1 + exp(z));
}

/* The cross-entropy of the targets t under A, B. */
static double entropy(const double *f, const double *t, int64_t count, double A, double B) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) {
    const double z = A * f[i] + B;
    sum += t[i] * z + log_1_plus_exp(-z);
  }
  return sum;
}

/* Gradient [2] and Hessian [3] (AA, AB, BB) of the cross-entropy. */
static void derivatives(const double *f, const double *t, int64_t count, const double ab[2],
                        double *gradient, double *hessian) {
  memset(gradient, 0, 2 * sizeof *gradient);
  hessian[0] = hessian[2] = 1e-12;
  hessian[1] = 0;
  for (int64_t i = 0; i < count; i++) {
    const double p = sigmoid(ab[0] * f[i] + ab[1]), d = t[i] - p, weight = p * (1 - p);
    gradient[0] += f[i] * d;
    gradient[1] += d;
    hessian[0] += f[i] * f[i] * weight;
    hessian[1] += f[i] * weight;
    hessian[2] += weight;
  }
}

/* Halves the step until the cross-entropy decreases enough; returns false if it never does. */
static bool search(const double *f, const double *t, int64_t count, double ab[2],
                   const double step[2], double derivative, double *value) {
  for (double length = 1; length >= 1e-10; length /= 2) {
    const double A = ab[0] + length * step[0], B = ab[1] + length * step[1];
    const double now = entropy(f, t, count, A, B);
    if (now < *value + 1e-4 * length * derivative) {
      ab[0] = A;
      ab[1] = B;
      *value = now;
      return true;
    }
  }
  return false;
}

/* Targets t [count] are 1 and 0, moved inward by one prior row on each side: (positives + 1) /
 * (positives + 2) and 1 / (negatives + 2). */
static void fit_sigmoid(const double *f, const double *t, int64_t count, double positives,
                        double negatives, double ab[2]) {
  enum { MAX_STEPS = 100 };
  double gradient[2], hessian[3];
  ab[0] = 0;
  ab[1] = log((negatives + 1) / (positives + 1));
  double value = entropy(f, t, count, ab[0], ab[1]);
  for (int i = 0; i < MAX_STEPS; i++) {
    derivatives(f, t, count, ab, gradient, hessian);
    if (fabs(gradient[0]) < 1e-5 && fabs(gradient[1]) < 1e-5) {
      break;
    }
    const double det = hessian[0] * hessian[2] - hessian[1] * hessian[1];
    const double step[2] = {-(hessian[2] * gradient[0] - hessian[1] * gradient[1]) / det,
                            -(hessian[0] * gradient[1] - hessian[1] * gradient[0]) / det};
    const double derivative = gradient[0] * step[0] + gradient[1] * step[1];
    if (!search(f, t, count, ab, step, derivative, &value)) {
      break;
    }
  }
}

typedef struct held_out {
  const clf__svm_problem *whole; /* solved */
  double *f, *target;            /* [count] values of left-out rows; targets of the sigmoid */
  int64_t *order;                /* scratch */
  int32_t *fold;                 /* the fold in which each row is left out */
  bool *absent;
} held_out;

/* Distributes the rows of each side among the folds, in an order drawn from the seed. */
static void deal_folds(held_out *c) {
  const clf__svm_problem *whole = c->whole;
  clf_context *context = whole->rows->context;
  clf__random random = clf__random_seed(clf__context_seed(context), (uint64_t)whole->count);
  int32_t next[2] = {0, 0};
  for (int64_t i = 0; i < whole->count; i++) {
    c->order[i] = i;
  }
  clf__random_shuffle(&random, c->order, whole->count);
  for (int64_t i = 0; i < whole->count; i++) {
    int32_t *place = &next[whole->y[c->order[i]] > 0];
    c->fold[c->order[i]] = *place;
    *place = (*place + 1) % FOLDS;
  }
}

static clf_status value_fold(held_out *c, int32_t fold) {
  const clf__svm_problem *whole = c->whole;
  clf__svm_problem part = {.rows = whole->rows,
                           .parts = whole->parts,
                           .part = whole->part,
                           .side = whole->side,
                           .tolerance = whole->tolerance,
                           .max_steps = whole->max_steps,
                           .C = whole->C,
                           .absent = c->absent};
  for (int64_t i = 0; i < whole->count; i++) {
    c->absent[i] = c->fold[i] == fold;
  }
  clf_status status = clf__svm_solve(&part);
  for (int64_t i = 0; status == CLF_OK && i < part.count; i++) {
    if (c->absent[i]) {
      c->f[i] = part.y[i] - part.gradient[i] + part.intercept;
    }
  }
  clf__svm_problem_free(&part);
  return status;
}

static void fit_targets(held_out *c, double ab[2]) {
  const clf__svm_problem *whole = c->whole;
  double positives = 0;
  for (int64_t i = 0; i < whole->count; i++) {
    positives += whole->y[i] > 0;
  }
  const double negatives = (double)whole->count - positives;
  for (int64_t i = 0; i < whole->count; i++) {
    c->target[i] = whole->y[i] > 0 ? (positives + 1) / (positives + 2) : 1 / (negatives + 2);
  }
  fit_sigmoid(c->f, c->target, whole->count, positives, negatives, ab);
}

clf_status clf__svm_calibrate(const clf__svm_problem *whole, double ab[2]) {
  held_out c = {.whole = whole};
  clf__arena arena = {.context = whole->rows->context};
  c.f = clf__arena_zeroed(&arena, whole->count, sizeof *c.f);
  c.target = clf__arena_array(&arena, whole->count, sizeof *c.target);
  c.order = clf__arena_array(&arena, whole->count, sizeof *c.order);
  c.fold = clf__arena_array(&arena, whole->count, sizeof *c.fold);
  c.absent = clf__arena_array(&arena, whole->count, sizeof *c.absent);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  deal_folds(&c);
  for (int32_t fold = 0; fold < FOLDS; fold++) {
    CLF__TRY(value_fold(&c, fold));
  }
  fit_targets(&c, ab);
done:
  clf__arena_free(&arena);
  return status;
}

/* Computes the probabilities p [classes] that minimize the sum over pairs of (r_ji p_i - r_ij
 * p_j)^2, by the iteration of Wu, Lin and Weng's algorithm 2: Q_ii = sum r_ji^2, Q_ij = -r_ji r_ij.
 * `Qp` [classes] is scratch. */
static void couple(const double *Q, int64_t classes, double *Qp, double *p) {
  const int64_t max_rounds = clf__max_i64(classes, 100);
  const double tolerance = 0.005 / (double)classes;
  for (int64_t k = 0; k < classes; k++) {
    p[k] = 1 / (double)classes;
  }
  for (int64_t round = 0; round < max_rounds; round++) {
    double pQp = 0, error = 0;
    for (int64_t i = 0; i < classes; i++) {
      Qp[i] = 0;
      for (int64_t j = 0; j < classes; j++) {
        Qp[i] += Q[i * classes + j] * p[j];
      }
      pQp += p[i] * Qp[i];
    }
    for (int64_t i = 0; i < classes; i++) {
      error = fmax(error, fabs(Qp[i] - pQp));
    }
    if (error < tolerance) {
      return;
    }
    for (int64_t i = 0; i < classes; i++) {
      const double step = (pQp - Qp[i]) / Q[i * classes + i];
      p[i] += step;
      pQp = (pQp + step * (step * Q[i * classes + i] + 2 * Qp[i])) / (1 + step) / (1 + step);
      for (int64_t j = 0; j < classes; j++) {
        Qp[j] = (Qp[j] + step * Q[i * classes + j]) / (1 + step);
        p[j] /= 1 + step;
      }
    }
  }
}

static double calibrated(const double *ab, float f) {
  const double min = 1e-7, p = sigmoid(ab[0] * (double)f + ab[1]);
  return p < min ? min : p > 1 - min ? 1 - min : p;
}

/* Computes p [classes] for the classes that have support vectors, as if there were no others: their
 * pairs are coupled, or the value of the only pair is used directly. */
static void pair_probabilities(const double *ab, const float *f, const int64_t *support_count,
                               int64_t classes, double *Q, double *p) {
  double *Qp = Q + classes * classes, r = 0;
  int64_t present = 0, i = 0, j = 0;
  for (int64_t k = 0; k < classes; k++) {
    present += support_count[k] > 0;
  }
  memset(Q, 0, (size_t)(present * present) * sizeof *Q);
  for (int64_t left = 0; left < classes; left++) {
    j = i + 1;
    for (int64_t right = left + 1; right < classes; right++, f++, ab += 2) {
      if (support_count[left] == 0 || support_count[right] == 0) {
        continue;
      }
      r = calibrated(ab, *f);
      Q[i * present + i] += (1 - r) * (1 - r);
      Q[j * present + j] += r * r;
      Q[i * present + j] = Q[j * present + i] = -r * (1 - r);
      j++;
    }
    i += support_count[left] > 0;
  }
  if (present == 2) {
    p[0] = r;
    p[1] = 1 - r;
  } else {
    couple(Q, present, Qp, p);
  }
  for (int64_t k = classes - 1; k >= 0; k--) {
    p[k] = support_count[k] > 0 ? p[--present] : 0;
  }
}

void clf__svm_log_odds(const clf__svm_shape *shape, int64_t classes, const int64_t *support_count,
                       const double *calibration, const float *f, double *scratch, float *values) {
  double *p = scratch, *Q = scratch + classes;
  double sum = 0;
  if (shape->one_vs_rest) {
    for (int64_t k = 0; k < classes; k++) {
      p[k] = support_count[k] > 0 ? calibrated(calibration + 2 * k, f[k]) : 0;
    }
  } else {
    pair_probabilities(calibration, f, support_count, classes, Q, p);
  }
  for (int64_t k = 0; k < classes; k++) {
    sum += p[k];
  }
  for (int64_t k = 0; k < classes; k++) {
    const double others = sum - p[k], min = 1e-12; /* rounding may make either 0 */
    values[k] = (float)log((p[k] < min ? min : p[k]) / (others < min ? min : others));
  }
}

clf_status clf__svm_probabilities(const clf_model *model, float *values, int64_t rows) {
  const int64_t classes = model->outputs;
  const int64_t *support_count = clf__state_data(model->state, "support_count");
  if (clf__store_tensor(model->state, "calibration") == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "svm: it was fitted without probabilities; set probability=true and fit it to "
                     "its end");
  }
  for (int64_t row = 0; row < rows; row++, values += classes) {
    double sum = 0;
    for (int64_t k = 0; k < classes; k++) {
      sum += support_count[k] > 0 ? sigmoid(-(double)values[k]) : 0;
    }
    for (int64_t k = 0; k < classes; k++) {
      values[k] = support_count[k] > 0 ? (float)(sigmoid(-(double)values[k]) / sum) : 0;
    }
  }
  return CLF_OK;
}
