/* Linear machines of the hinge loss by an interior point method (Ferris and Munson 2003), with the
 * steps of Mehrotra (1992). With the misses m_i = 1 - y_i (w . x_i + b), the errors e_i >= m_i and
 * the slacks s_i = e_i - m_i, the solution has
 *   w = sum y_i alpha_i x_i,  sum y_i alpha_i = 0,  alpha_i s_i = 0,  (C_i - alpha_i) e_i = 0,
 * where all of alpha, C - alpha, s and e are >= 0. The products are driven to 0 at equal rates.
 * With v_i = 1 / (s_i / alpha_i + e_i / (C_i - alpha_i)), a Newton step is
 *   change of alpha_i = v_i (r_i + change of m_i),
 *   (P + sum v x x^T) (change of w and b) = sum y_i (alpha_i + v_i r_i) x_i - (w, 0),
 * and r_i = m_i + mu / alpha_i - mu / (C_i - alpha_i) less the second-order terms that a first step
 * to mu = 0 has found.
 *
 * It takes 10 to 30 steps whatever the rows and C, of one factorization and four passes each. */
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "models/svm/svm_normal.h"
#include "models/svm/svm_start.h"

enum { STEPS = 20, MAX_STEPS = 100, PARTS = 16 };

static const double INSIDE = 0.995;    /* of the way to the bounds */
static const double MIN_LENGTH = 1e-8; /* of a step that still leads anywhere */
static const double OF_ROW = 60;       /* ns, of a step, for what is not a pass */

typedef struct interior {
  clf__arena arena;
  clf__svm_start *p;
  clf__svm_normal normal;
  double *u;    /* [columns] w and b */
  double *step; /* [columns] */
  /* [count] each. */
  double *rest;   /* C - alpha */
  double *errors; /* e */
  double *slacks; /* s */
  double *v, *r;
  double *values; /* of a pass over the rows */
  double *miss_change, *alpha_change, *error_change;
  double *of_alpha, *of_rest; /* second-order terms of their products */
  double mu;                  /* what the step leads to */
  double length;              /* of the step */
  double product;             /* mean to stop at */
  bool resolves;              /* alpha have the digits that the margins need */
  double parts[PARTS];        /* results of a rule */
} interior;

/* Does something for rows; returns what is to be combined. */
typedef double (*row_rule)(interior *n, clf__range range);

typedef struct row_call {
  interior *n;
  row_rule rule;
} row_call;

static void row_task(void *argument, clf__range range) {
  const row_call *call = argument;
  call->n->parts[range.index] = call->rule(call->n, range);
}

/* The results are in n->parts, in an order that does not depend on threads. */
static void for_rows(interior *n, row_rule rule) {
  row_call call = {n, rule};
  clf__parallel_parts(n->p->context, n->p->count, PARTS, (double)n->p->count * OF_ROW / 8, row_task,
                      &call);
}

static double set_weights(interior *n, clf__range range) {
  for (int64_t i = range.first; i < range.end; i++) {
    n->v[i] = 1 / (n->slacks[i] / n->p->alpha[i] + n->errors[i] / n->rest[i]);
    n->of_alpha[i] = n->of_rest[i] = 0;
  }
  return 0;
}

static double set_values(interior *n, clf__range range) {
  const clf__svm_start *p = n->p;
  for (int64_t i = range.first; i < range.end; i++) {
    n->r[i] = n->errors[i] - n->slacks[i] + (n->mu - n->of_alpha[i]) / p->alpha[i] -
              (n->mu + n->of_rest[i]) / n->rest[i];
    n->values[i] = p->y[i] * (p->alpha[i] + n->v[i] * n->r[i]);
  }
  return 0;
}

static double set_changes(interior *n, clf__range range) {
  for (int64_t i = range.first; i < range.end; i++) {
    n->miss_change[i] *= -n->p->y[i];
    n->alpha_change[i] = n->v[i] * (n->r[i] + n->miss_change[i]);
    n->error_change[i] =
        (n->mu + n->of_rest[i] + n->errors[i] * n->alpha_change[i]) / n->rest[i] - n->errors[i];
  }
  return 0;
}

/* Solves for the step to mu, of which `step` has the sum of the rows times their values. */
static clf_status find_step(interior *n) {
  for (int64_t j = 0; j < n->p->x->columns; j++) {
    n->step[j] -= n->u[j];
  }
  clf__svm_normal_solve(&n->normal, n->step);
  CLF__CHECK(clf__svm_normal_multiply(&n->normal, n->step, n->miss_change));
  for_rows(n, set_changes);
  return CLF_OK;
}

/* Returns the steepest decrease of a value by a step, relative to it. */
static double steepest_decrease(interior *n, clf__range range) {
  double steepest[4] = {0};
  for (int64_t i = range.first; i < range.end; i++) {
    const double change = n->error_change[i];
    const double decrease[4] = {-n->alpha_change[i] / n->p->alpha[i],
                                n->alpha_change[i] / n->rest[i], -change / n->errors[i],
                                (n->miss_change[i] - change) / n->slacks[i]};
    for (int k = 0; k < 4; k++) {
      steepest[k] = decrease[k] > steepest[k] ? decrease[k] : steepest[k];
    }
  }
  return fmax(fmax(steepest[0], steepest[1]), fmax(steepest[2], steepest[3]));
}

/* Returns the longest step within the bounds, up to a whole one. */
static double longest_step(interior *n) {
  double steepest = INSIDE;
  for_rows(n, steepest_decrease);
  for (int64_t c = 0; c < PARTS; c++) {
    steepest = fmax(steepest, n->parts[c]);
  }
  return INSIDE / steepest;
}

static double sum_products(interior *n, clf__range range) {
  double sum = 0;
  for (int64_t i = range.first; i < range.end; i++) {
    const double change = n->error_change[i], alpha_change = n->length * n->alpha_change[i];
    sum += (n->p->alpha[i] + alpha_change) *
               (n->slacks[i] + n->length * (change - n->miss_change[i])) +
           (n->rest[i] - alpha_change) * (n->errors[i] + n->length * change);
  }
  return sum;
}

/* Returns the mean product after a step of a length. */
static double mean_product(interior *n, double length) {
  double sum = 0;
  n->length = length;
  for_rows(n, sum_products);
  for (int64_t c = 0; c < PARTS; c++) {
    sum += n->parts[c];
  }
  return sum / (2 * (double)n->p->count);
}

/* The second-order terms of a step to 0, which has been found. */
static double set_second(interior *n, clf__range range) {
  for (int64_t i = range.first; i < range.end; i++) {
    const double change = n->error_change[i];
    n->of_alpha[i] = n->alpha_change[i] * (change - n->miss_change[i]);
    n->of_rest[i] = n->alpha_change[i] * change;
  }
  return 0;
}

static double move(interior *n, clf__range range) {
  for (int64_t i = range.first; i < range.end; i++) {
    const double change = n->error_change[i];
    n->errors[i] += n->length * change;
    n->slacks[i] += n->length * (change - n->miss_change[i]);
    n->p->alpha[i] += n->length * n->alpha_change[i];
    n->rest[i] -= n->length * n->alpha_change[i];
  }
  return 0;
}

/* Makes one step from where the mean product is `now`. Returns CLF_ERROR_NUMERIC where rounding
 * allows none. */
static clf_status improve(interior *n, double *now) {
  n->mu = 0;
  for_rows(n, set_weights);
  for_rows(n, set_values);
  CLF__CHECK(clf__svm_normal_factor(&n->normal, n->v, n->values, n->step));
  CLF__CHECK(find_step(n));
  const double ratio = mean_product(n, longest_step(n)) / *now;
  for_rows(n, set_second);
  n->mu = ratio * ratio * ratio * *now;
  for_rows(n, set_values);
  CLF__CHECK(clf__svm_normal_sum(&n->normal, n->values, n->step));
  CLF__CHECK(find_step(n));
  const double length = longest_step(n), next = mean_product(n, length);
  if (!(length > MIN_LENGTH) || !(next > 0) || !isfinite(next)) {
    return CLF_ERROR_NUMERIC;
  }
  for_rows(n, move);
  for (int64_t j = 0; j < n->normal.columns; j++) {
    n->u[j] += length * n->step[j];
  }
  *now = next;
  n->p->steps++;
  return CLF_OK;
}

/* alpha is rounded by no more than a share of its bound, which changes the gradients by C times the
 * squares of the rows about their mean. */
static clf_status set_product(interior *n) {
  const clf__svm_start *p = n->p;
  double largest = 0, square = 0;
  for (int64_t i = 0; i < p->count; i++) {
    largest = fmax(largest, p->C[i]);
    n->values[i] = 1 / (double)p->count;
  }
  CLF__CHECK(clf__svm_normal_squares(&n->normal, n->r));
  CLF__CHECK(clf__svm_normal_sum(&n->normal, n->values, n->step));
  for (int64_t i = 0; i < p->count; i++) {
    square += n->r[i] / (double)p->count;
  }
  square -= clf__dot(n->step, n->step, p->x->columns);
  n->resolves = clf__svm_resolves(largest * square, p->count);
  n->product = p->product / fmax(1, largest * square);
  return CLF_OK;
}

/* With all products small and a last step that was nearly whole, w is the sum of the rows. */
static clf_status run(interior *n) {
  static const double nearly = 0.9;
  clf__svm_start *p = n->p;
  const int64_t max_steps = clf__min_i64(p->max_steps, MAX_STEPS);
  double now = 0;
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < p->count; i++) {
    now += (p->alpha[i] * n->slacks[i] + n->rest[i] * n->errors[i]) / (2 * (double)p->count);
  }
  while (status == CLF_OK && p->steps < max_steps && !(n->length > nearly && now <= n->product)) {
    status = clf__progress_step(p->progress, 0, now, (double)NAN);
    status = status == CLF_OK ? improve(n, &now) : status;
  }
  return status == CLF_ERROR_NUMERIC ? CLF_OK : status;
}

static clf_status create(interior *n) {
  clf__svm_start *p = n->p;
  double **const of_rows[] = {
      &n->rest,        &n->errors,       &n->slacks,       &n->v,        &n->r,      &n->values,
      &n->miss_change, &n->alpha_change, &n->error_change, &n->of_alpha, &n->of_rest};
  CLF__CHECK(clf__svm_normal_create(&n->normal, p->C));
  n->u = clf__arena_zeroed(&n->arena, n->normal.columns, sizeof *n->u);
  n->step = clf__arena_array(&n->arena, n->normal.columns, sizeof *n->step);
  for (size_t k = 0; k < sizeof of_rows / sizeof *of_rows; k++) {
    *of_rows[k] = clf__arena_array(&n->arena, p->count, sizeof(double));
  }
  CLF__CHECK(clf__arena_status(&n->arena));
  for (int64_t i = 0; i < p->count; i++) { /* w = 0, where all rows miss by 1 */
    n->errors[i] = 2;
    n->slacks[i] = 1;
    p->alpha[i] = n->rest[i] = p->C[i] / 2;
  }
  return CLF_OK;
}

double clf__svm_interior_work(const clf__rows *x, int64_t count) {
  return STEPS * (clf__svm_normal_factor_work(x, count) + 4 * clf__svm_normal_pass_work(x, count) +
                  OF_ROW * (double)count);
}

/* Rows that miss the margin by more than the tolerance, or are as far within it, are at a bound. */
static void round_alpha(interior *n) {
  clf__svm_start *p = n->p;
  for (int64_t i = 0; i < p->count; i++) {
    const double miss = n->errors[i] - n->slacks[i];
    p->alpha[i] = miss < -p->tolerance ? 0 : miss > p->tolerance ? p->C[i] : p->alpha[i];
  }
}

clf_status clf__svm_interior(clf__svm_start *p) {
  interior n = {.arena = {.context = p->context},
                .p = p,
                .normal = {.context = p->context,
                           .progress = p->progress,
                           .rows = p->x,
                           .count = p->count,
                           .row = p->row,
                           .intercept = true}};
  clf_status status = CLF_OK;
  CLF__TRY(create(&n));
  CLF__TRY(set_product(&n));
  status = n.resolves ? run(&n) : CLF_OK;
  round_alpha(&n); /* those of a fit that is stopped as well */
done:
  clf__svm_normal_free(&n.normal);
  clf__arena_free(&n.arena);
  return status;
}
