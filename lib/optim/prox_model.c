/* The quadratic model and its coordinate descent (Friedman, Hastie and Tibshirani 2010). One
 * coordinate's minimum is a soft threshold of its Newton step.
 *
 * With the curvature v_i of the rows, V = sum v_i, the weighted means m_j = sum v_i x_ij / V and
 * the gradient G of f with respect to the intercept, a change d of the weights has its best
 * change of the intercept at -G / V - sum m_j d_j. What is left is a function of d alone, with
 * the gradient g_j - m_j G and the second derivatives H_jk = sum v_i (x_ij - m_j) (x_ik - m_k).
 *
 * Two forms compute H d. Either sum_j sqrt(v_i) x_ij d_j is kept for each row, and a visit reads
 * the entries of a column; the means are subtracted by formula, so that sparse rows stay sparse.
 * Or H is computed; a visit then costs nothing, and a change a row of H.
 *
 * Sweeps alternate with steps of all weights that are not 0 (prox_face.c). Where those are exact,
 * weights of 0 that violate the conditions are added one after the other, as by the feature-sign
 * search of Lee, Battle, Raina and Ng (2007): columns that nearly depend on each other, on which
 * sweeps come no further, have their minimum after finitely many steps. */
#include "optim/prox_model.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/status.h"
#include "ops/kernels.h"
#include "ops/linalg/gram.h"

enum {
  MAX_ROUNDS = 20,
  WORK_A_CHECK = 1 << 20,
  LANES = 4 /* sums that are added at the same time */
};

static const double max_ratio = 0.999;
static const double min_diagonal = 1e-6;

/* Means and diagonal of the columns' entries. */
static clf_status use_entries(clf__prox_model *m) {
  const clf__prox_sample *s = &m->sample;
  double *root = clf__alloc_array(m->arena.context, s->rows, sizeof *root);
  if (root == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < s->rows; i++) {
    root[i] = sqrt((double)s->v[i]);
  }
  for (int64_t a = 0; a < m->count; a++) {
    double sum = 0, filled = 0, squares = 0;
    for (int64_t e = s->start[a]; e < s->start[a + 1]; e++) {
      const double own = root[s->entry[e].row];
      sum += own * (double)s->entry[e].value;
      filled += own * own;
    }
    m->mean[a] = m->intercept ? sum / s->total : 0;
    for (int64_t e = s->start[a]; e < s->start[a + 1]; e++) {
      const double rest = (double)s->entry[e].value - root[s->entry[e].row] * m->mean[a];
      squares += rest * rest;
    }
    m->diagonal[a] = squares + fmax(s->total - filled, 0) * m->mean[a] * m->mean[a];
  }
  clf__free(root);
  return CLF_OK;
}

static clf_status use_matrix(clf__prox_model *m) {
  const clf__prox_sample *s = &m->sample;
  const clf__rows x = clf__rows_of_f32(s->dense, s->rows, m->count, m->count);
  const clf__gram_input input = {.x = &x, .weights = s->v, .centered = m->intercept};
  clf__gram gram = {0};
  clf_status status = CLF_OK;
  CLF__TRY(clf__gram_create(&gram, m->arena.context, &input));
  for (int64_t a = 0; a < m->count; a++) {
    m->mean[a] = m->intercept ? gram.mean[a] : 0;
    m->diagonal[a] = gram.scatter[a * (m->count + 1)];
  }
  m->fine = !gram.coarse;
  m->matrix = gram.scatter;
  gram.scatter = NULL;
done:
  clf__gram_free(&gram);
  return status;
}

static clf_status begin(clf__prox_model *m) {
  m->responses = m->matrix != NULL ? m->count : m->sample.rows;
  m->response = clf__arena_zeroed(&m->arena, m->responses, sizeof *m->response);
  m->change = clf__arena_zeroed(&m->arena, m->count, sizeof *m->change);
  return clf__arena_status(&m->arena);
}

static clf_status allocate(clf__prox_model *m) {
  double **const arrays[] = {&m->unit,     &m->center,   &m->mean, &m->old,
                             &m->gradient, &m->diagonal, &m->l1,   &m->l2};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
    *arrays[i] = clf__arena_array(&m->arena, m->count, sizeof(double));
  }
  return clf__arena_status(&m->arena);
}

static void set_units(clf__prox_model *m, const clf__prox_problem *p,
                      const clf__prox_columns *columns, const clf__prox_target *t) {
  const bool centered = !clf__rows_sparse(p->x);
  for (int64_t a = 0; a < m->count; a++) {
    const int64_t j = t->set[a];
    const double unit = columns->deviation[j];
    m->unit[a] = unit;
    m->center[a] = (centered ? columns->mean[j] : 0) + unit * m->mean[a];
    m->old[a] = t->weight[j] * unit;
    m->gradient[a] = (t->gradient[j] - m->center[a] * m->bias_gradient) / unit;
    m->l1[a] = p->l1 / unit;
    m->l2[a] = p->l2 / unit / unit;
  }
}

/* A sample may lack the few rows in which a column is not constant. In units of the deviations, the
 * second derivative is then far below the sum of the curvature. */
static void skip_unknown(clf__prox_model *m, int64_t rows) {
  for (int64_t a = 0; a < m->count && m->sample.rows < rows; a++) {
    if (!(m->diagonal[a] > min_diagonal * m->sample.total)) {
      m->diagonal[a] = -(double)INFINITY;
      m->incomplete = true;
    }
  }
}

clf_status clf__prox_model_create(clf__prox_model *m, const clf__prox_problem *problem,
                                  const clf__prox_columns *columns,
                                  const clf__prox_target *target) {
  *m = (clf__prox_model){.arena = {.context = problem->context},
                         .count = target->count,
                         .kernels = clf__kernels_for(problem->context)->vectors,
                         .intercept = problem->intercept,
                         .bias_gradient = problem->intercept ? target->bias_gradient : 0};
  CLF__CHECK(allocate(m));
  CLF__CHECK(clf__prox_sample_create(&m->sample, problem, columns, target));
  CLF__CHECK(m->sample.dense == NULL ? use_entries(m) : use_matrix(m));
  skip_unknown(m, problem->x->rows);
  set_units(m, problem, columns, target);
  return begin(m);
}

void clf__prox_model_free(clf__prox_model *m) {
  clf__free(m->matrix);
  clf__prox_sample_free(&m->sample);
  clf__arena_free(&m->arena);
}

/* Weights that become 0 change by what they are, whatever the rounding of their units. */
double clf__prox_model_direction(const clf__prox_model *m, const clf__prox_target *target,
                                 double *direction) {
  double bias = m->intercept ? -m->bias_gradient / m->sample.total : 0;
  for (int64_t a = 0; a < m->count; a++) {
    const int64_t j = target->set[a];
    const bool none = m->old[a] + m->change[a] == 0;
    direction[j] = none ? -target->weight[j] : m->change[a] / m->unit[a];
    bias -= m->intercept ? m->center[a] * direction[j] : 0;
  }
  return bias;
}

double clf__prox_model_product(const clf__prox_model *m, int64_t a, const double *response,
                               double shift) {
  const clf__prox_sample *s = &m->sample;
  if (m->matrix != NULL) {
    return response[a];
  }
  double sums[LANES] = {0};
  int64_t e = s->start[a];
  for (; e + LANES <= s->start[a + 1]; e += LANES) {
    for (int lane = 0; lane < LANES; lane++) {
      sums[lane] += (double)s->entry[e + lane].value * response[s->entry[e + lane].row];
    }
  }
  for (; e < s->start[a + 1]; e++) {
    sums[0] += (double)s->entry[e].value * response[s->entry[e].row];
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + shift * s->total * m->mean[a];
}

void clf__prox_model_respond(const clf__prox_model *m, int64_t a, double change,
                             double *restrict response) {
  const clf__prox_sample *s = &m->sample;
  if (m->matrix != NULL) {
    m->kernels->add_rows(m->matrix + a * m->count, 1, m->count, &change, m->count, response);
    return;
  }
  for (int64_t e = s->start[a]; e < s->start[a + 1]; e++) {
    response[s->entry[e].row] += change * (double)s->entry[e].value;
  }
}

/* Minimizes over one coordinate. Returns about twice what the model decreases by. */
static double visit(clf__prox_model *m, int64_t a) {
  const double l2 = m->l2[a], h = m->diagonal[a] + l2, old = m->old[a] + m->change[a];
  if (!(h > 0)) {
    return 0;
  }
  const double gradient = m->gradient[a] + clf__prox_model_product(m, a, m->response, m->shift);
  const double newton = old - (gradient + l2 * old) / h, threshold = m->l1[a] / h;
  const double next = newton > threshold    ? newton - threshold
                      : newton < -threshold ? newton + threshold
                                            : 0;
  const double step = next - old;
  if (step == 0 || !isfinite(step)) {
    return 0;
  }
  m->change[a] = next - m->old[a];
  m->shift -= m->mean[a] * step;
  clf__prox_model_respond(m, a, step, m->response);
  return step * step * h;
}

/* Visits all coordinates, or those that are not 0. *decrease is about twice that of the model. */
static clf_status sweep(clf__prox_model *m, bool all, double *decrease) {
  int64_t work = 0;
  *decrease = 0;
  for (int64_t a = 0; a < m->count; a++) {
    if (!all && m->old[a] + m->change[a] == 0) {
      continue;
    }
    *decrease += visit(m, a);
    work += m->matrix != NULL ? m->count : m->sample.start[a + 1] - m->sample.start[a];
    if (work > WORK_A_CHECK) {
      CLF__CHECK(clf__progress_check());
      work = 0;
    }
  }
  return CLF_OK;
}

double clf__prox_model_value(const clf__prox_model *m) {
  const double *response = m->response;
  double sum = 0, curved = 0;
  for (int64_t a = 0; a < m->count; a++) {
    const double old = m->old[a], w = old + m->change[a];
    sum += m->gradient[a] * m->change[a];
    sum += m->l1[a] * (fabs(w) - fabs(old)) + m->l2[a] / 2 * (w * w - old * old);
    curved += m->matrix != NULL ? m->change[a] * response[a] : 0;
  }
  for (int64_t i = 0; m->matrix == NULL && i < m->responses; i++) {
    curved += response[i] * response[i];
  }
  curved -= m->matrix == NULL ? m->sample.total * m->shift * m->shift : 0;
  return sum + curved / 2;
}

static clf_status next_sweep(clf__prox_model *m, bool all, double *decrease) {
  CLF__CHECK(sweep(m, all, decrease));
  m->decreases += *decrease;
  return CLF_OK;
}

/* Returns the weight of 0 that violates the conditions most, in units of its curvature, or -1 if
 * none does by more than a share `accuracy` of the penalty. */
static int64_t most_violated(const clf__prox_model *m, double accuracy) {
  int64_t found = -1;
  double most = 0;
  for (int64_t a = 0; a < m->count; a++) {
    const double h = m->diagonal[a] + m->l2[a];
    const double over = fabs(m->gradient[a] + m->response[a]) - m->l1[a];
    if (m->old[a] + m->change[a] == 0 && h > 0 && over > accuracy * m->l1[a] &&
        over * over > most * h) {
      most = over * over / h;
      found = a;
    }
  }
  return found;
}

/* For a matrix in f64. */
static clf_status search_signs(clf__prox_model *m, double accuracy) {
  double decrease = 0;
  CLF__CHECK(next_sweep(m, true, &decrease));
  for (int64_t step = 0; step < MAX_ROUNDS + 4 * m->count; step++) {
    bool ended = false;
    CLF__CHECK(clf__progress_check());
    CLF__CHECK(clf__prox_model_face(m, accuracy, &m->decreases, &ended));
    const int64_t next = ended ? -1 : most_violated(m, accuracy);
    if (!ended && next < 0) {
      break;
    }
    m->decreases += next >= 0 ? visit(m, next) : 0;
  }
  return CLF_OK;
}

/* A sweep over the weights that are not 0 shows how fast descent converges: were the decreases of
 * sweeps a geometric series, as the last two are, and their rest a share `accuracy` of the sum,
 * there would be nothing to do for conjugate gradients. */
clf_status clf__prox_model_minimize(clf__prox_model *m, double accuracy) {
  double last = 0, decrease = 0;
  bool ended = false;
  if (m->fine) {
    return search_signs(m, accuracy);
  }
  CLF__CHECK(next_sweep(m, true, &last));
  for (int round = 0; round < MAX_ROUNDS; round++) {
    CLF__CHECK(next_sweep(m, false, &decrease));
    const double ratio = fmin(decrease / last, max_ratio);
    if (decrease * ratio / (1 - ratio) > accuracy * m->decreases) {
      CLF__CHECK(clf__prox_model_face(m, accuracy, &m->decreases, &ended));
    }
    CLF__CHECK(next_sweep(m, true, &last));
    if (!(last > accuracy * m->decreases)) {
      break;
    }
  }
  return CLF_OK;
}
