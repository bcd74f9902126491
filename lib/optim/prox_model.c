/* The quadratic model and its coordinate descent (Friedman, Hastie and Tibshirani 2010). One
 * coordinate's minimum is a soft threshold of its Newton step.
 *
 * With the curvature v_i of the rows, V = sum v_i, the weighted means m_j = sum v_i x_ij / V and
 * the gradient G of f with respect to the intercept, a change d of the weights has its best
 * change of the intercept at -G / V - sum m_j d_j. What is left is a function of d alone, with
 * the gradient g_j - m_j G and the second derivatives H_jk = sum v_i (x_ij - m_j) (x_ik - m_k).
 *
 * Two forms compute H d. Either v_i sum_j x_ij d_j is kept for each row, and a visit reads the
 * entries of a column; the means are subtracted by formula, so that sparse rows stay sparse. Or
 * H is computed, in units of the columns' deviations; a visit then costs nothing, and a change a
 * row of H.
 *
 * The sweeps are extrapolated. */
#include "optim/prox_model.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/status.h"
#include "ops/linalg/gram.h"
#include "optim/extrapolation.h"

enum {
  MAX_ROUNDS = 20,
  POINTS = 1 + CLF__PERIOD_POINTS, /* the current one, and after each sweep of a period */
  WORK_A_CHECK = 1 << 20
};

static const double max_ratio = 0.999;

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

/* A point consists of the changes of the weights, the shift, and H times the changes, or the
 * changes of the outputs that stand for it. All of them are linear in the changes. */
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

/* Keeps the current point as number `index` of the period. */
static void keep_point(clf__prox_model *m, int index) {
  memcpy(m->points + (index + 1) * m->size, m->points, (size_t)m->size * sizeof *m->points);
}

/* Returns whether a weight that is 0 was so at all points of the period. */
static bool stayed_zero(const clf__prox_model *m, int64_t a) {
  bool same = true;
  for (int i = 1; i <= CLF__PERIOD_POINTS; i++) {
    same = same && m->points[i * m->size + a] == m->change[a];
  }
  return same;
}

/* Replaces the current point by the extrapolated one, if the model is smaller there. Weights that
 * are 0 stay so; if one has become 0 in the period, its changes are no such sequence. */
static void extrapolate(clf__prox_model *m) {
  double z[CLF__PERIOD], *kept = m->points + m->size, *to = kept;
  for (int64_t a = 0; a < m->count; a++) {
    if (m->weight[m->set[a]] + m->change[a] == 0 && !stayed_zero(m, a)) {
      return;
    }
  }
  if (!clf__extrapolation(z, kept, m->count, m->size, m->diagonal)) {
    return;
  }
  clf__extrapolate(to, z, kept, m->size, m->size);
  for (int64_t a = 0; a < m->count; a++) {
    to[a] = m->weight[m->set[a]] + m->change[a] == 0 ? m->change[a] : to[a];
  }
  if (value_at(m, to) < value_at(m, m->points)) {
    memcpy(m->points, to, (size_t)m->size * sizeof *m->points);
  }
}

/* Runs a sweep. *done becomes true if little is left: were the decreases of sweeps a geometric
 * series, as the last two are, their rest would be a share `accuracy` of their sum. */
static clf_status next_sweep(clf__prox_model *m, bool all, double accuracy, bool *done) {
  const double before = m->decrease;
  CLF__CHECK(sweep(m, all, &m->decrease));
  m->decreases += m->decrease;
  const double ratio = fmin(m->decrease / before, max_ratio);
  *done = !(m->decrease * ratio / (1 - ratio) > accuracy * m->decreases);
  return CLF_OK;
}

/* Sweeps over the coordinates that are not 0. */
static clf_status run_period(clf__prox_model *m, double accuracy) {
  bool done = false;
  keep_point(m, 0);
  for (int i = 1; i <= CLF__PERIOD && !done; i++) {
    CLF__CHECK(next_sweep(m, false, accuracy, &done));
    keep_point(m, i);
  }
  if (!done) {
    extrapolate(m);
  }
  return CLF_OK;
}

clf_status clf__prox_model_minimize(clf__prox_model *m, double accuracy) {
  bool done = false;
  m->decrease = (double)INFINITY;
  CLF__CHECK(sweep(m, true, &m->decrease));
  m->decreases = m->decrease;
  for (int round = 0; round < MAX_ROUNDS && !done; round++) {
    CLF__CHECK(run_period(m, accuracy));
    CLF__CHECK(next_sweep(m, true, accuracy, &done));
  }
  return CLF_OK;
}
