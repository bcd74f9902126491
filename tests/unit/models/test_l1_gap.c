/* What a fit with an L1 penalty says of its objective holds: where it has converged, the duality gap
 * of the weights it stored, computed here, is at most the tolerance. The tables have columns that
 * nearly depend on each other, are shifted, of different scales, duplicates or constant, fewer rows
 * than columns, rows with weights and rows that are separable. */
#include <math.h>
#include <stdio.h>

#include "failing_allocator.h"

#include "models/model.h"

enum { MAX_ROWS = 120, MAX_COLUMNS = 40, TABLES = 64 };

typedef struct table {
  int64_t rows, columns;
  double C;
  float x[MAX_ROWS * MAX_COLUMNS];
  int32_t labels[MAX_ROWS];
  float weights[MAX_ROWS];
} table;

static void depend(table *t, int64_t i, double near, uint64_t *seed) {
  float *row = t->x + i * t->columns;
  for (int64_t j = t->columns / 2; j < t->columns; j++) {
    row[j] = (float)((double)row[j - t->columns / 2] + near * random_normal(seed));
  }
}

/* The kinds of tables follow one another, each with near dependence, C and size of its own. */
static void make(table *t, int number) {
  uint64_t seed = (uint64_t)number + 1;
  const int kind = number % 8, step = number / 8;
  t->rows = kind == 3 ? 20 : 40 + 10 * step;
  t->columns = kind == 3 ? MAX_COLUMNS : 3 + step;
  t->C = pow(10, step - 3);
  for (int64_t i = 0; i < t->rows; i++) {
    float *row = t->x + i * t->columns;
    t->labels[i] = (int32_t)(i % 2);
    t->weights[i] = kind == 4 ? (float)(3 * random_unit(&seed)) : 1;
    for (int64_t j = 0; j < t->columns; j++) {
      const double value = random_normal(&seed) + (j == 0 ? t->labels[i] * (kind == 5 ? 9 : 1) : 0);
      row[j] = (float)(kind == 1   ? value + 1000
                       : kind == 2 ? value * pow(10, (double)(j % 5) - 3)
                       : kind == 6 ? (j == 1 ? 5 : value)
                                   : value);
    }
    if (kind == 0 || kind == 3 || kind == 7) {
      depend(t, i, kind == 7 ? 0 : pow(10, -2 - step % 5), &seed);
    }
  }
}

/* What a row of the margin m adds to the loss; *pull is -dloss/dm. */
static double loss_of(bool svm, double m, double *pull) {
  if (svm) {
    *pull = 2 * fmax(1 - m, 0);
    return *pull * *pull / 4;
  }
  *pull = m > 0 ? exp(-m) / (1 + exp(-m)) : 1 / (1 + exp(m));
  return fmax(-m, 0) + log1p(exp(-fabs(m)));
}

/* Minus the conjugate of the loss at the pull q. */
static double dual_of(bool svm, double q) {
  return svm ? q - q * q / 4 : -(q > 0 ? q * log(q) : 0) - (q < 1 ? (1 - q) * log1p(-q) : 0);
}

/* Returns the gap of C sum w loss + |W|, without an intercept, as a share of it. */
static double gap_of(const table *t, bool svm, const double *w) {
  double pull[MAX_ROWS], largest = 1, value = 0, dual = 0;
  for (int64_t j = 0; j < t->columns; j++) {
    value += fabs(w[j]);
  }
  for (int64_t i = 0; i < t->rows; i++) {
    double z = 0;
    for (int64_t j = 0; j < t->columns; j++) {
      z += w[j] * (double)t->x[i * t->columns + j];
    }
    value += t->C * (double)t->weights[i] * loss_of(svm, (t->labels[i] ? 1 : -1) * z, &pull[i]);
  }
  for (int64_t j = 0; j < t->columns; j++) {
    double h = 0;
    for (int64_t i = 0; i < t->rows; i++) {
      h += t->C * (double)t->weights[i] * pull[i] * (t->labels[i] ? 1 : -1) *
           (double)t->x[i * t->columns + j];
    }
    largest = fmax(largest, fabs(h));
  }
  for (int64_t i = 0; i < t->rows; i++) {
    dual += t->C * (double)t->weights[i] * dual_of(svm, pull[i] / largest);
  }
  return (value - dual) / value;
}

static void check_tables(bool svm, double tolerance, const char *more, double limit) {
  static table t;
  int converged = 0;
  for (int number = 0; number < TABLES; number++) {
    char params[200];
    make(&t, number);
    snprintf(params, sizeof params, "%s penalty=l1 C=%.17g tolerance=%g %s",
             svm ? "kernel=linear loss=squared_hinge intercept_scaling=0" : "fit_intercept=false",
             t.C, tolerance, more);
    clf_dataset *data = dataset_of(NULL, t.x, CLF_F32, t.rows, t.columns, t.labels);
    set_weights(data, t.weights);
    clf_model *model = fitted(NULL, svm ? "svm" : "logistic", params, data);
    double w[MAX_COLUMNS];
    for (int64_t j = 0; j < t.columns; j++) { /* the machine is positive for the first class */
      const double *stored = clf__state_data(model->state, "weights_f64");
      w[j] = svm ? -stored[j] : stored[t.columns + j];
    }
    if (clf_model_outcome(model) == CLF_OK) {
      ck_assert_double_le(gap_of(&t, svm, w), limit);
      converged++;
    }
    clf_model_free(model);
    clf_dataset_free(data);
  }
  ck_assert_int_ge(converged, TABLES - 2);
}

TEST(l1_gap__logistic_is_within_the_tolerance) {
  check_tables(false, 1e-2, "", 1e-2);
  check_tables(false, 1e-4, "", 1e-4);
  check_tables(false, 1e-7, "", 1e-6);
  check_tables(false, 1e-8, "precision=f64", 1.01e-8);
}

/* The tolerance of an svm is in margins. */
TEST(l1_gap__svm_is_within_a_thousandth_of_the_tolerance) {
  check_tables(true, 1, "", 1e-3);
  check_tables(true, 1e-3, "", 1e-6);
  check_tables(true, 1e-5, "", 1.01e-8);
}

SUITE("l1_gap")
