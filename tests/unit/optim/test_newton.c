/* Truncated Newton on sparse rows: the gradient at the solution, computed here from dense rows,
 * whatever the scale of the columns; and the models that use it. */
#include "optim/newton.h"

#include <math.h>

#include "failing_allocator.h"

#include "models/model.h"

enum { ROWS = 240, COLUMNS = 600 };
enum { PLAIN, SCALED, SHIFTED, DUPLICATED, WEIGHTED, ALIKE, DATA };

static float x[ROWS * COLUMNS], weights[ROWS];
static int32_t labels[ROWS];
static int64_t start[ROWS + 1];
static int32_t column[ROWS * COLUMNS];
static float value[ROWS * COLUMNS];

/* 20 of 600 columns for each row, of which some depend on the label. */
static void draw(int form) {
  uint64_t state = 7;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % 2;
    weights[i] = form == WEIGHTED ? (float)(i % 3) : 1;
    for (int j = 0; j < COLUMNS; j++) {
      const double own = random_normal(&state) + (j % 7 == labels[i] ? 1.5 : 0);
      const double scale = form != SCALED ? 1 : j % 3 == 0 ? 1e-3 : j % 3 == 1 ? 1e3 : 1;
      const bool filled = random_unit(&state) < 20. / COLUMNS || j == 5;
      const double moved = form == SHIFTED && j == 5 ? 1e4 + 4 * own : own;
      x[i * COLUMNS + j] = filled && form != ALIKE ? (float)(scale * moved) : j == 5;
    }
    x[i * COLUMNS + 9] = form == DUPLICATED ? x[i * COLUMNS + 5] : x[i * COLUMNS + 9];
    for (int j = 0; j < COLUMNS && form == WEIGHTED && i % 3 == 0; j++) {
      x[i * COLUMNS + j] *= 1e25F; /* of weight 0 */
    }
  }
}

static clf__rows sparse_rows(void) {
  int64_t entries = 0;
  for (int i = 0; i < ROWS; i++) {
    start[i] = entries;
    for (int j = 0; j < COLUMNS; j++) {
      if (x[i * COLUMNS + j] != 0) {
        column[entries] = j;
        value[entries++] = x[i * COLUMNS + j];
      }
    }
  }
  start[ROWS] = entries;
  return (clf__rows){.rows = ROWS,
                     .columns = COLUMNS,
                     .dtype = CLF_F32,
                     .scale = 1,
                     .row_start = start,
                     .column = column,
                     .value = value};
}

/* The losses of one row and their derivatives with respect to z. */
static double logistic(double z, double side, double *first, double *second) {
  const double wrong = 1 / (1 + exp(side * z));
  *first = -side * wrong;
  *second = wrong * (1 - wrong);
  return side * z > 0 ? log1p(exp(-side * z)) : log1p(exp(side * z)) - side * z;
}

static double squared_hinge(double z, double side, double *first, double *second) {
  const double rest = fmax(0, 1 - side * z);
  *first = -2 * side * rest;
  *second = rest > 0 ? 2 : 0;
  return rest * rest;
}

typedef double (*loss_of_row)(double z, double side, double *first, double *second);
static const loss_of_row losses[] = {logistic, squared_hinge};

typedef struct fit {
  loss_of_row loss;
  int64_t observed;
  double value;
} fit;

static double differentiate(void *argument, clf__range rows, const double *z, double *first,
                            double *second) {
  const fit *f = argument;
  double sum = 0;
  for (int64_t i = rows.first; i < rows.end; i++) {
    first[i] = second[i] = 0;
    if (weights[i] > 0) {
      sum += (double)weights[i] * f->loss(z[i], labels[i] == 1 ? 1 : -1, &first[i], &second[i]);
    }
    first[i] *= (double)weights[i];
    second[i] *= (double)weights[i];
  }
  return sum;
}

/* Values do not increase but for rounding. */
static clf_status observe(void *argument, int64_t iteration, double now, double violation) {
  fit *f = argument;
  ck_assert_int_ge(iteration, f->observed);
  ck_assert(isfinite(violation) && now <= f->value * (1 + 1e-11));
  f->observed = iteration;
  f->value = now;
  return CLF_OK;
}

/* The largest component of the gradient in units of the columns' deviations. */
static double violation_of(const fit *f, const double *w, double l2) {
  static double gradient[COLUMNS + 1];
  double largest = 0, total = 0;
  memset(gradient, 0, sizeof gradient);
  for (int i = 0; i < ROWS; i++) {
    double z = w[COLUMNS], first = 0, second = 0;
    for (int j = 0; j < COLUMNS; j++) {
      z += w[j] * (double)x[i * COLUMNS + j];
    }
    if (weights[i] > 0) {
      f->loss(z, labels[i] == 1 ? 1 : -1, &first, &second);
    }
    total += (double)weights[i];
    for (int j = 0; j < COLUMNS && weights[i] > 0; j++) {
      gradient[j] += (double)weights[i] * first * (double)x[i * COLUMNS + j];
    }
    gradient[COLUMNS] += (double)weights[i] * first;
  }
  for (int j = 0; j < COLUMNS; j++) {
    double mean = 0, square = 0;
    for (int i = 0; i < ROWS; i++) {
      mean += (double)weights[i] / total * (weights[i] > 0 ? (double)x[i * COLUMNS + j] : 0);
    }
    for (int i = 0; i < ROWS; i++) {
      const double rest = weights[i] > 0 ? (double)x[i * COLUMNS + j] - mean : 0;
      square += (double)weights[i] / total * rest * rest;
    }
    largest = square > 0 ? fmax(largest, fabs(gradient[j] + l2 * w[j]) / sqrt(square)) : largest;
  }
  return fmax(largest, fabs(gradient[COLUMNS]));
}

static void check_solution(int form, int loss, double l2) {
  double w[COLUMNS + 1] = {0};
  fit f = {losses[loss], 0, (double)INFINITY};
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  draw(form);
  const clf__rows rows = sparse_rows();
  const clf__newton_problem problem = {.context = context,
                                       .argument = &f,
                                       .x = &rows,
                                       .intercept = true,
                                       .l2 = l2,
                                       .tolerance = 1e-7,
                                       .deviations = true,
                                       .closeness = loss == 0 ? (double)INFINITY : 1e-10,
                                       .max_iterations = 1000,
                                       .differentiate = differentiate,
                                       .observe = observe};
  clf__newton_result result = {.iterations = 0};
  ck_clf_ok(clf__newton(&result, &problem, w));
  ck_assert_double_eq_tol(result.value, f.value, 1e-12 * f.value);
  ck_assert_double_le(result.violation, 1e-7);
  /* Sums over a feature around 1e4 lose four digits here, too. */
  ck_assert_double_le(violation_of(&f, w, l2), form == SHIFTED ? 1e-5 : 1.1e-7);
  const int64_t once = result.iterations;
  result = (clf__newton_result){.iterations = 0};
  f.observed = 0;
  f.value = (double)INFINITY;
  ck_clf_ok(clf__newton(&result, &problem, w)); /* from the solution */
  ck_assert_int_le(result.iterations, form == SHIFTED ? once : 0);
  clf_context_free(context);
}

TEST_LOOP(newton__gradient_is_zero_at_the_solution, 0, 2 * DATA) {
  static const double l2[] = {100, 1, 0.05};
  for (int k = 0; k < (SLOW ? 1 : _i / 2 == SCALED ? 2 : 3); k++) {
    check_solution(_i / 2, _i % 2, l2[k]);
  }
}

/* Solves for w, for two iterations if there is no penalty. */
static void solve(const clf__rows *rows, double l2, double *w) {
  fit f = {losses[0], 0, (double)INFINITY};
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  const clf__newton_problem problem = {.context = context,
                                       .argument = &f,
                                       .x = rows,
                                       .intercept = true,
                                       .l2 = l2,
                                       .tolerance = 1e-7,
                                       .closeness = (double)INFINITY,
                                       .max_iterations = l2 > 0 ? 1000 : 2,
                                       .differentiate = differentiate,
                                       .observe = observe};
  clf__newton_result result = {.iterations = 0};
  ck_clf_ok(clf__newton(&result, &problem, w));
  clf_context_free(context);
}

/* The same rows with a hundred times as many columns, most of them empty: the same bits, and a
 * weight without an entry is 0, or what it was if there is no penalty. */
TEST_LOOP(newton__columns_without_entries_change_nothing, 0, 2) {
  enum { APART = 100, MANY = APART * COLUMNS };
  static double few[COLUMNS + 1], many[MANY + 1];
  const double l2 = _i == 0 ? 1 : 0;
  draw(PLAIN);
  clf__rows rows = sparse_rows();
  solve(&rows, l2, few);
  for (int64_t e = 0; e < start[ROWS]; e++) {
    column[e] = column[e] * APART + 7;
  }
  rows.columns = MANY;
  memset(many, 0, sizeof many);
  many[3] = 5;
  solve(&rows, l2, many);
  ck_assert_double_eq(many[3], l2 > 0 ? 0 : 5);
  ck_assert_double_eq(many[MANY], few[COLUMNS]);
  for (int j = 0; j < COLUMNS; j++) {
    ck_assert_double_eq(many[j * APART + 7], few[j]);
  }
}

/* Fits with a third of the columns multiplied by `large` and a third by `small`. */
static double fit_scaled(float large, float small) {
  clf_context *context = NULL;
  clf_model *model = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  draw(PLAIN);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    x[i] *= i % 3 == 0 ? large : i % 3 == 1 ? small : 1;
  }
  clf_dataset *data = sparse_of(context, x, ROWS, COLUMNS, labels);
  ck_clf_ok(clf_model_create(&model, context, "svm", "kernel=linear loss=squared_hinge C=1e6"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  const double objective = *(double *)clf__state_data(model->state, "objective");
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
  return objective;
}

/* The large columns have next to no penalty, so the minimum is hardly more than with a smaller
 * factor, whatever the columns that are next to nothing; a fit is within 1e-6 of it. */
TEST(newton__columns_of_different_scale_are_solved) {
  ck_assert_double_le(fit_scaled(1e18F, 1e-18F), (1 + 1e-6) * fit_scaled(1e4F, 0));
}

/* A bound of what a model's objective, C times the losses plus |w|^2 / 2, exceeds its minimum by, as
 * a share of it: it is strongly convex in w, and b is next to its best value. */
static double excess_of(const fit *f, double C, const double *w) {
  static double gradient[COLUMNS + 1];
  double objective = 0, curvature = 0, square = 0;
  memset(gradient, 0, sizeof gradient);
  for (int i = 0; i < ROWS; i++) {
    double z = w[COLUMNS], first = 0, second = 0;
    for (int j = 0; j < COLUMNS && weights[i] > 0; j++) {
      z += w[j] * (double)x[i * COLUMNS + j];
    }
    const double weight = C * (double)weights[i];
    objective += weight * f->loss(z, labels[i] == 1 ? 1 : -1, &first, &second);
    curvature += weight * second;
    for (int j = 0; j < COLUMNS && weights[i] > 0; j++) {
      gradient[j] += weight * first * (double)x[i * COLUMNS + j];
    }
    gradient[COLUMNS] += weight * first;
  }
  for (int j = 0; j < COLUMNS; j++) {
    square += (gradient[j] + w[j]) * (gradient[j] + w[j]);
    objective += w[j] * w[j] / 2;
  }
  return (square / 2 + gradient[COLUMNS] * gradient[COLUMNS] / (2 * curvature)) / objective;
}

/* A fit with a large C that converges is near its minimum, also where the mean loss, and with it the
 * gradient, has long been small. Descent, with which the squared hinge loss begins, does not end for
 * a column of 1e4. */
TEST_LOOP(newton__models_end_near_the_minimum_for_any_C, 0, 4) {
  static const int forms[] = {PLAIN, WEIGHTED, PLAIN, SHIFTED};
  const fit f = {losses[_i / 2], 0, (double)INFINITY};
  double w[COLUMNS + 1];
  draw(forms[_i]);
  clf_dataset *data = sparse_of(NULL, x, ROWS, COLUMNS, labels);
  set_weights(data, weights);
  clf_model *model = _i / 2 == 0
                         ? fitted(NULL, "logistic", "C=1e6", data)
                         : fitted(NULL, "svm", "kernel=linear loss=squared_hinge C=1e6", data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  const double *stored = clf__state_data(model->state, "weights_f64");
  const double *b = clf__state_data(model->state, _i / 2 == 0 ? "intercept_f64" : "intercept");
  for (int j = 0; j <= COLUMNS; j++) {
    w[j] = _i / 2 == 0 ? (j < COLUMNS ? stored[COLUMNS + j] - stored[j] : b[1] - b[0])
                       : -(j < COLUMNS ? stored[j] : b[0]);
  }
  ck_assert_double_le(excess_of(&f, 1e6, w), forms[_i] == SHIFTED ? INFINITY : 1e-5);
  clf_model_free(model);
  clf_dataset_free(data);
}

static const char *const models[][2] = {
    {"logistic", "C=100"},
    {"logistic", "C=100 precision=f64 tolerance=1e-11"},
    {"svm", "kernel=linear loss=squared_hinge C=3"},
};

TEST_LOOP(newton__models_have_the_same_bits_on_any_number_of_threads, 0, 3) {
  static const char *const threads[] = {"threads=1", "threads=3"};
  double first[COLUMNS];
  draw(PLAIN);
  for (int t = 0; t < 2; t++) {
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, threads[t]));
    clf_dataset *data = sparse_of(context, x, ROWS, COLUMNS, labels);
    clf_model *model = fitted(context, models[_i][0], models[_i][1], data);
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    const double *w = clf__state_data(model->state, "weights_f64");
    if (t == 0) {
      memcpy(first, w, sizeof first);
    }
    ck_assert_mem_eq(first, w, sizeof first);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

static clf_status fit_once(clf_context *context, const void *argument) {
  const int which = *(const int *)argument;
  clf_dataset *data = sparse_of(NULL, x, ROWS, COLUMNS, labels);
  clf_model *model = NULL;
  clf_status status = clf_model_create(&model, context, models[which][0], models[which][1]);
  if (status == CLF_OK) {
    status = clf_model_fit(model, data, NULL, NULL);
  }
  clf_model_free(model);
  clf_dataset_free(data);
  return status;
}

TEST_LOOP(newton__every_allocation_may_fail, 0, 3) {
  draw(PLAIN);
  check_every_allocation("threads=1", fit_once, &_i);
}

SUITE("newton")
