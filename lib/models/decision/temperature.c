/* The temperature T minimizes the cross-entropy of the softmax of b z, b = 1 / T,
 *   L(b) = sum_i w_i (ln sum_k exp(b z_ik) - b z_iy) + ln(1 + exp(b m)),
 * which is convex in b. The last term is one prior row on the wrong side, as far from the boundary
 * as the nearest row on the right side: m is the smallest positive margin z_iy - max_k z_ik. So b
 * is finite even if every row's class has the highest score, and hardly changes otherwise.
 * The minimum is found by Newton steps on L'(b) = 0 inside of a bracket, which a step that would
 * leave it halves. b is measured in units of 1 / (the mean range of a row's scores), so that the
 * result does not depend on the unit of the scores. */
#include "models/decision/temperature.h"

#include <math.h>

#include "base/progress.h"

/* If the scores say nothing of the classes, b is this instead of 0: all probabilities are equal. */
#define MIN_B 1e-6

static double weight_of(const clf__scored *rows, int64_t i) {
  return rows->weights != NULL ? (double)rows->weights[i] : 1;
}

static double largest_of(const float *z, int64_t classes) {
  double largest = (double)z[0];
  for (int64_t k = 1; k < classes; k++) {
    largest = fmax(largest, (double)z[k]);
  }
  return largest;
}

/* The mean over the rows of the range of their scores. */
static double mean_range(const clf__scored *rows) {
  double sum = 0, total = 0;
  for (int64_t i = 0; i < rows->rows; i++) {
    const float *z = rows->scores + i * rows->classes;
    double smallest = (double)z[0];
    for (int64_t k = 1; k < rows->classes; k++) {
      smallest = fmin(smallest, (double)z[k]);
    }
    const double w = weight_of(rows, i);
    total += w;
    sum += w > 0 ? w * (largest_of(z, rows->classes) - smallest) : 0;
  }
  return sum / total;
}

/* The smallest positive margin of a row with a weight; 0 if there is none. */
static double smallest_margin(const clf__scored *rows) {
  double smallest = INFINITY;
  for (int64_t i = 0; i < rows->rows; i++) {
    const float *z = rows->scores + i * rows->classes;
    double other = -INFINITY;
    for (int64_t k = 0; k < rows->classes; k++) {
      other = k != rows->labels[i] ? fmax(other, (double)z[k]) : other;
    }
    const double margin = (double)z[rows->labels[i]] - other;
    smallest = margin > 0 && weight_of(rows, i) > 0 ? fmin(smallest, margin) : smallest;
  }
  return smallest < INFINITY ? smallest : 0;
}

/* Computes a row's part of L'(b) and L''(b) with z in units of `unit`, relative to the largest. */
static void row_derivatives(const float *z, int64_t classes, int32_t label, double b, double unit,
                            double derivative[2]) {
  const double largest = largest_of(z, classes);
  double sum = 0, first = 0, second = 0;
  for (int64_t k = 0; k < classes; k++) {
    const double value = ((double)z[k] - largest) / unit, e = exp(b * value);
    sum += e;
    first += e * value;
    second += e * value * value;
  }
  const double mean = first / sum;
  derivative[0] = mean - ((double)z[label] - largest) / unit;
  derivative[1] = second / sum - mean * mean;
}

/* `margin` is that of the prior row, in units of `unit`. */
static void derivatives(const clf__scored *rows, double b, double unit, double margin,
                        double derivative[2]) {
  const double wrong = 1 / (1 + exp(-b * margin));
  derivative[0] = margin * wrong;
  derivative[1] = margin * margin * wrong * (1 - wrong);
  for (int64_t i = 0; i < rows->rows; i++) {
    const double w = weight_of(rows, i);
    double own[2];
    if (w > 0) {
      row_derivatives(rows->scores + i * rows->classes, rows->classes, rows->labels[i], b, unit,
                      own);
      derivative[0] += w * own[0];
      derivative[1] += w * own[1];
    }
  }
}

double clf__temperature_fit(const clf__scored *rows) {
  enum { MAX_STEPS = 200 };
  double low = 0, high = INFINITY, b = 1, derivative[2];
  const double unit = mean_range(rows);
  if (!(unit > 0)) {
    return 1;
  }
  const double margin = smallest_margin(rows) / unit;
  derivatives(rows, MIN_B, unit, margin, derivative);
  if (derivative[0] >= 0) {
    return unit / MIN_B;
  }
  /* The caller finds out that the host has cancelled. */
  for (int step = 0; step < MAX_STEPS && clf__progress_check() == CLF_OK; step++) {
    derivatives(rows, b, unit, margin, derivative);
    *(derivative[0] < 0 ? &low : &high) = b;
    double next = b - derivative[0] / derivative[1];
    if (!(next > low && next < high)) {
      next = high < INFINITY ? (low + high) / 2 : 2 * b;
    }
    if (fabs(next - b) <= 1e-12 * b) {
      break;
    }
    b = next;
  }
  return unit / b;
}
