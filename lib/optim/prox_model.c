/* The quadratic model and its coordinate descent (Friedman, Hastie and Tibshirani 2010). One
 * coordinate's minimum is a soft threshold of its Newton step.
 *
 * With the curvature v_i of the rows, V = sum v_i, the weighted means m_j = sum v_i x_ij / V and the
 * gradient G of f with respect to the intercept, a change d of the weights has its best change of
 * the intercept at -G / V - sum m_j d_j. What is left is a function of d alone, with the gradient
 * g_j - m_j G and the second derivatives H_jk = sum v_i (x_ij - m_j) (x_ik - m_k).
 *
 * Two forms compute H d. Either v_i sum_j x_ij d_j is kept for each row, and a visit reads the
 * entries of a column; the means are subtracted by formula, so that sparse rows stay sparse. Or H
 * is computed, in units of the columns' deviations; a visit then costs nothing, and a change a row
 * of H.
 *
 * The sweeps are extrapolated (Bertrand and Massias 2021): of the points after each of PERIOD sweeps,
 * the combination whose last changes nearly cancel is kept if the model is smaller there. */
#include "optim/prox_model.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/status.h"
#include "ops/linalg/gram.h"

enum {
  MAX_ROUNDS = 20,
  PERIOD = 5,          /* sweeps before an extrapolation */
  POINTS = PERIOD + 2, /* the current one, and after each sweep of a period */
  WORK_A_CHECK = 1 << 20
};

/* Means and diagonal of the columns' entries. */
static void use_entries(clf__prox_model *m) {
  const clf__prox_columns *c = m->columns;
  for (int64_t a = 0; a < m->count; a++) {
    const int64_t begin = c->start[m->set[a]], end = c->start[m->set[a] + 1];
    double sum = 0, filled = 0, squares = 0;
    for (int64_t e = begin; e < end; e++) {
      sum += (double)m->v[c->row[e]] * (double)c->value[e];
      filled += (double)m->v[c->row[e]];
    }
    m->mean[a] = m->problem->intercept ? sum / m->total : 0;
    for (int64_t e = begin; e < end; e++) {
      const double rest = (double)c->value[e] - m->mean[a];
      squares += (double)m->v[c->row[e]] * rest * rest;
    }
    m->diagonal[a] = squares + fmax(m->total - filled, 0) * m->mean[a] * m->mean[a];
  }
}

/* Computes the matrix of all columns. */
static clf_status use_matrix(clf__prox_model *m) {
  const clf__prox_columns *c = m->columns;
  const int64_t columns = m->problem->x->columns;
  const clf__rows x = clf__rows_of_f32(c->scaled, m->problem->x->rows, columns, columns);
  const clf__gram_input input = {.x = &x, .weights = m->v, .centered = m->problem->intercept};
  clf__gram gram = {0};
  clf_status status = CLF_OK;
  CLF__TRY(clf__gram_create(&gram, m->problem->context, &input));
  for (int64_t a = 0; a < m->count; a++) {
    const double deviation = c->deviation[m->set[a]];
    m->mean[a] = m->problem->intercept ? c->mean[m->set[a]] + deviation * gram.mean[m->set[a]] : 0;
    m->diagonal[a] = deviation * deviation * gram.scatter[m->set[a] * (columns + 1)];
  }
  m->matrix = gram.scatter;
  gram.scatter = NULL;
done:
  clf__gram_free(&gram);
  return status;
}

/* A point consists of the changes of the weights, the shift, and H times the changes, or the changes
 * of the outputs that stand for it. All of them are linear in the changes. */
static clf_status create_points(clf__prox_model *m) {
  const clf__rows *x = m->problem->x;
  m->responses = m->columns->start == NULL ? x->columns : x->rows;
  m->size = m->count + 1 + m->responses;
  m->points = clf__arena_matrix(&m->arena, POINTS, m->size, sizeof *m->points);
  CLF__CHECK(clf__arena_status(&m->arena));
  memset(m->points, 0, (size_t)m->size * sizeof *m->points);
  m->change = m->points;
  m->shift = m->change + m->count;
  m->response = m->shift + 1;
  return CLF_OK;
}

clf_status clf__prox_model_create(clf__prox_model *m, const clf__prox_problem *problem,
                                  const clf__prox_columns *columns,
                                  const clf__prox_target *target) {
  const int64_t rows = problem->x->rows;
  *m = (clf__prox_model){.arena = {.context = problem->context},
                         .problem = problem,
                         .columns = columns,
                         .count = target->count,
                         .set = target->set,
                         .weight = target->weight,
                         .bias_gradient = target->bias_gradient};
  m->v = clf__arena_array(&m->arena, rows, sizeof *m->v);
  m->mean = clf__arena_array(&m->arena, m->count, sizeof *m->mean);
  m->diagonal = clf__arena_array(&m->arena, m->count, sizeof *m->diagonal);
  m->gradient = clf__arena_array(&m->arena, m->count, sizeof *m->gradient);
  CLF__CHECK(clf__arena_status(&m->arena));
  CLF__CHECK(create_points(m));
  problem->curvature(problem->argument, target->output, m->v);
  for (int64_t i = 0; i < rows; i++) {
    m->v[i] *= target->stiffness;
    m->total += (double)m->v[i];
  }
  if (columns->start != NULL) {
    use_entries(m);
  } else {
    CLF__CHECK(use_matrix(m));
  }
  for (int64_t a = 0; a < m->count; a++) {
    m->gradient[a] = target->gradient[m->set[a]] - m->mean[a] * target->bias_gradient;
  }
  return CLF_OK;
}

void clf__prox_model_free(clf__prox_model *m) {
  clf__free(m->matrix);
  clf__arena_free(&m->arena);
}

double clf__prox_model_bias(const clf__prox_model *m) {
  return m->problem->intercept ? *m->shift - m->bias_gradient / m->total : 0;
}

/* The derivative of the model with respect to a change. */
static double derivative(const clf__prox_model *m, int64_t a) {
  const clf__prox_columns *c = m->columns;
  double sum = m->gradient[a];
  if (m->matrix != NULL) {
    return sum + c->deviation[m->set[a]] * m->response[m->set[a]];
  }
  for (int64_t e = c->start[m->set[a]]; e < c->start[m->set[a] + 1]; e++) {
    sum += (double)c->value[e] * m->response[c->row[e]];
  }
  return sum + *m->shift * m->total * m->mean[a];
}

static void add_change(clf__prox_model *m, int64_t a, double step) {
  const clf__prox_columns *c = m->columns;
  *m->shift -= m->mean[a] * step;
  if (m->matrix != NULL) {
    const double scaled = step * c->deviation[m->set[a]];
    const double *line = m->matrix + m->set[a] * m->responses;
    for (int64_t j = 0; j < m->responses; j++) {
      m->response[j] += scaled * line[j];
    }
    return;
  }
  for (int64_t e = c->start[m->set[a]]; e < c->start[m->set[a] + 1]; e++) {
    m->response[c->row[e]] += step * (double)m->v[c->row[e]] * (double)c->value[e];
  }
}

/* Minimizes over one coordinate. Returns about twice what the model decreases by. */
static double visit(clf__prox_model *m, int64_t a) {
  const double l2 = m->problem->l2, h = m->diagonal[a] + l2;
  const double own = m->weight[m->set[a]], old = own + m->change[a];
  if (!(h > 0)) {
    return 0;
  }
  const double newton = old - (derivative(m, a) + l2 * old) / h, threshold = m->problem->l1 / h;
  const double next = newton > threshold    ? newton - threshold
                      : newton < -threshold ? newton + threshold
                                            : 0;
  const double step = next - old;
  if (step == 0 || !isfinite(step)) {
    return 0;
  }
  m->change[a] = next - own;
  add_change(m, a, step);
  return step * step * h;
}

/* Visits all coordinates, or those that are not 0. *decrease is about twice that of the model. */
static clf_status sweep(clf__prox_model *m, bool all, double *decrease) {
  int64_t work = 0;
  *decrease = 0;
  for (int64_t a = 0; a < m->count; a++) {
    if (!all && m->weight[m->set[a]] + m->change[a] == 0) {
      continue;
    }
    *decrease += visit(m, a);
    work += m->matrix != NULL ? m->responses
                              : m->columns->start[m->set[a] + 1] - m->columns->start[m->set[a]];
    if (work > WORK_A_CHECK) {
      CLF__CHECK(clf__progress_check());
      work = 0;
    }
  }
  return CLF_OK;
}

/* The model with its penalty at a point, up to a constant. */
static double value_at(const clf__prox_model *m, const double *point) {
  const double *change = point, shift = point[m->count], *response = point + m->count + 1;
  double sum = 0, curved = 0;
  for (int64_t a = 0; a < m->count; a++) {
    const double old = m->weight[m->set[a]], w = old + change[a];
    sum += m->gradient[a] * change[a];
    sum += m->problem->l1 * (fabs(w) - fabs(old)) + m->problem->l2 / 2 * (w * w - old * old);
    curved +=
        m->matrix != NULL ? change[a] * m->columns->deviation[m->set[a]] * response[m->set[a]] : 0;
  }
  for (int64_t i = 0; m->matrix == NULL && i < m->responses; i++) {
    curved += m->v[i] > 0 ? response[i] * response[i] / (double)m->v[i] : 0;
  }
  curved -= m->matrix == NULL ? m->total * shift * shift : 0;
  return sum + curved / 2;
}

/* Solves A z = 1 for a symmetric positive definite A [PERIOD, PERIOD] by elimination, and scales z
 * to a sum of 1. Returns false if that fails. */
static bool solve_few(double *A, double *z) {
  double sum = 0;
  for (int i = 0; i < PERIOD; i++) {
    z[i] = 1;
  }
  for (int i = 0; i < PERIOD; i++) {
    for (int r = i + 1; r < PERIOD; r++) {
      const double factor = A[r * PERIOD + i] / A[i * PERIOD + i];
      for (int c = i; c < PERIOD; c++) {
        A[r * PERIOD + c] -= factor * A[i * PERIOD + c];
      }
      z[r] -= factor * z[i];
    }
  }
  for (int i = PERIOD - 1; i >= 0; i--) {
    for (int c = i + 1; c < PERIOD; c++) {
      z[i] -= A[i * PERIOD + c] * z[c];
    }
    z[i] /= A[i * PERIOD + i];
    sum += z[i];
  }
  for (int i = 0; i < PERIOD; i++) {
    z[i] /= sum;
    if (!isfinite(z[i])) {
      return false;
    }
  }
  return true;
}

/* Products of the changes from point to point. */
static void products_of_steps(const clf__prox_model *m, double *A) {
  double trace = 0;
  for (int i = 0; i < PERIOD; i++) {
    for (int k = 0; k <= i; k++) {
      const double *a = m->points + (i + 1) * m->size, *b = m->points + (k + 1) * m->size;
      double sum = 0;
      for (int64_t j = 0; j < m->count; j++) {
        const double scale = m->diagonal[j];
        sum += scale * (a[m->size + j] - a[j]) * (b[m->size + j] - b[j]);
      }
      A[i * PERIOD + k] = A[k * PERIOD + i] = sum;
    }
    trace += A[i * PERIOD + i];
  }
  for (int i = 0; i < PERIOD; i++) {
    A[i * PERIOD + i] += 1e-10 * trace;
  }
}

/* Keeps the current point as number `index` of the period. */
static void keep_point(clf__prox_model *m, int index) {
  memcpy(m->points + (index + 1) * m->size, m->points, (size_t)m->size * sizeof *m->points);
}

/* Replaces the current point by the extrapolated one, if the model is smaller there. */
static void extrapolate(clf__prox_model *m) {
  double A[PERIOD * PERIOD], z[PERIOD], *to = m->points + m->size;
  products_of_steps(m, A);
  if (!solve_few(A, z)) {
    return;
  }
  for (int64_t j = 0; j < m->size; j++) {
    double sum = 0;
    for (int i = 0; i < PERIOD; i++) {
      sum += z[i] * m->points[(i + 2) * m->size + j];
    }
    to[j] = sum;
  }
  for (int64_t a = 0; a < m->count; a++) {
    const double last = m->weight[m->set[a]] + m->change[a];
    to[a] = last == 0 ? m->change[a] : to[a];
  }
  if (value_at(m, to) < value_at(m, m->points)) {
    memcpy(m->points, to, (size_t)m->size * sizeof *m->points);
  }
}

/* Sweeps over the coordinates that are not 0 until one of them decreases the model by no more than
 * `enough`. */
static clf_status run_period(clf__prox_model *m, double enough) {
  double decrease = 0;
  keep_point(m, 0);
  for (int i = 1; i <= PERIOD; i++) {
    CLF__CHECK(sweep(m, false, &decrease));
    if (decrease <= enough) {
      return CLF_OK;
    }
    keep_point(m, i);
  }
  extrapolate(m);
  return CLF_OK;
}

clf_status clf__prox_model_minimize(clf__prox_model *m, double accuracy) {
  double first = 0, decrease = 0;
  for (int round = 0; round < MAX_ROUNDS; round++) {
    CLF__CHECK(sweep(m, true, &decrease));
    first = fmax(first, decrease);
    if (decrease <= accuracy * first) {
      break;
    }
    CLF__CHECK(run_period(m, accuracy * first));
  }
  return CLF_OK;
}
