/* The fit of a sigmoid p = 1 / (1 + exp(A f + B)) minimizes the cross-entropy
 *   -sum_i w_i (t_i ln p_i + (1 - t_i) ln(1 - p_i)),
 * where the targets t are 1 and 0, moved inward by one prior row on each side: (n+ + 1) / (n+ + 2)
 * for the positive rows, of total weight n+, and 1 / (n- + 2) for the others. So A is finite even
 * if the scores separate the rows. */
#include "models/decision/sigmoid.h"

#include <math.h>
#include <string.h>

#include "base/progress.h"

/* ln(1 + e^z) without overflow. */
static double log_1_plus_exp(double z) {
  return z > 0 ? z + log1p(exp(-z)) : log1p(exp(z));
}

double clf__sigmoid_value(double z) {
  return z > 0 ? exp(-z) / (1 + exp(-z)) : 1 / (1 + exp(z));
}

typedef struct problem {
  const clf__sigmoid_rows *rows;
  double positives, negatives; /* total weights */
  double target[2];            /* of negative and positive rows */
} problem;

static double weight_of(const clf__sigmoid_rows *rows, int64_t i) {
  return rows->weights != NULL ? rows->weights[i] : 1;
}

static problem problem_of(const clf__sigmoid_rows *rows) {
  problem p = {.rows = rows};
  for (int64_t i = 0; i < rows->count; i++) {
    *(rows->positive[i] ? &p.positives : &p.negatives) += weight_of(rows, i);
  }
  p.target[0] = 1 / (p.negatives + 2);
  p.target[1] = (p.positives + 1) / (p.positives + 2);
  return p;
}

static double entropy(const problem *p, double A, double B) {
  const clf__sigmoid_rows *rows = p->rows;
  double sum = 0;
  for (int64_t i = 0; i < rows->count; i++) {
    const double z = A * rows->f[i] + B;
    sum += weight_of(rows, i) * (p->target[rows->positive[i]] * z + log_1_plus_exp(-z));
  }
  return sum;
}

/* Gradient [2] and Hessian [3] (AA, AB, BB) of the cross-entropy. */
static void derivatives(const problem *p, const double ab[2], double *gradient, double *hessian) {
  const clf__sigmoid_rows *rows = p->rows;
  memset(gradient, 0, 2 * sizeof *gradient);
  hessian[0] = hessian[2] = 1e-12;
  hessian[1] = 0;
  for (int64_t i = 0; i < rows->count; i++) {
    const double f = rows->f[i], w = weight_of(rows, i), q = clf__sigmoid_value(ab[0] * f + ab[1]);
    const double d = w * (p->target[rows->positive[i]] - q), weight = w * (q * (1 - q));
    gradient[0] += f * d;
    gradient[1] += d;
    hessian[0] += f * f * weight;
    hessian[1] += f * weight;
    hessian[2] += weight;
  }
}

/* Halves the step until the cross-entropy decreases enough; returns false if it never does. */
static bool search(const problem *p, double ab[2], const double step[2], double derivative,
                   double *value) {
  for (double length = 1; length >= 1e-10; length /= 2) {
    const double A = ab[0] + length * step[0], B = ab[1] + length * step[1];
    const double now = entropy(p, A, B);
    if (now < *value + 1e-4 * length * derivative) {
      ab[0] = A;
      ab[1] = B;
      *value = now;
      return true;
    }
  }
  return false;
}

void clf__sigmoid_fit(const clf__sigmoid_rows *rows, double ab[2]) {
  enum { MAX_STEPS = 100 };
  const problem p = problem_of(rows);
  double gradient[2], hessian[3];
  ab[0] = 0;
  ab[1] = log((p.negatives + 1) / (p.positives + 1));
  double value = entropy(&p, ab[0], ab[1]);
  /* The caller finds out that the host has cancelled. */
  for (int i = 0; i < MAX_STEPS && clf__progress_check() == CLF_OK; i++) {
    derivatives(&p, ab, gradient, hessian);
    if (fabs(gradient[0]) < 1e-5 && fabs(gradient[1]) < 1e-5) {
      break;
    }
    const double det = hessian[0] * hessian[2] - hessian[1] * hessian[1];
    const double step[2] = {-(hessian[2] * gradient[0] - hessian[1] * gradient[1]) / det,
                            -(hessian[0] * gradient[1] - hessian[1] * gradient[0]) / det};
    const double derivative = gradient[0] * step[0] + gradient[1] * step[1];
    if (!search(&p, ab, step, derivative, &value)) {
      break;
    }
  }
}

/* Scores z = (f - mean) / deviation give A z + B = (A / deviation) f + (B - A mean / deviation). */
void clf__sigmoid_fit_scaled(const clf__sigmoid_rows *rows, double *scratch, double ab[2]) {
  double largest = 0, mean = 0, square = 0, total = 0;
  for (int64_t i = 0; i < rows->count; i++) {
    largest = weight_of(rows, i) > 0 ? fmax(largest, fabs(rows->f[i])) : largest;
  }
  const double unit = largest > 0 ? largest : 1;
  for (int64_t i = 0; i < rows->count; i++) {
    const double w = weight_of(rows, i);
    total += w;
    mean += w > 0 ? w * (rows->f[i] / unit) : 0;
  }
  mean /= total;
  for (int64_t i = 0; i < rows->count; i++) {
    scratch[i] = rows->f[i] / unit - mean;
    square += weight_of(rows, i) > 0 ? weight_of(rows, i) * scratch[i] * scratch[i] : 0;
  }
  const double deviation = square > 0 ? sqrt(square / total) : 1;
  for (int64_t i = 0; i < rows->count; i++) {
    scratch[i] /= deviation;
  }
  const clf__sigmoid_rows scaled = {scratch, rows->positive, rows->weights, rows->count};
  clf__sigmoid_fit(&scaled, ab);
  ab[1] -= ab[0] * (mean / deviation);
  ab[0] /= deviation * unit;
}
