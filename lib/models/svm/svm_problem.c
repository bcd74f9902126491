/* The variables of a problem: their rows, bounds, linear term and first values, and what the
 * solution means. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "models/svm/svm_solver.h"

int64_t clf__svm_count(const clf__svm_problem *p) {
  const int64_t *start = p->rows->groups.start;
  int64_t count = 0;
  for (int64_t i = 0; i < p->parts; i++) {
    count += start[p->part[i] + 1] - start[p->part[i]];
  }
  return count;
}

clf_status clf__svm_alloc_results(clf__svm_problem *p) {
  clf_context *context = p->rows->context;
  p->count = clf__svm_count(p);
  p->row = clf__alloc_array(context, p->count, sizeof *p->row);
  p->y = clf__alloc_array(context, p->count, sizeof *p->y);
  p->linear =
      p->type == CLF__SVM_C_SVC ? p->y : clf__alloc_array(context, p->count, sizeof *p->linear);
  p->b = clf__alloc_zeroed(context, p->count, sizeof *p->b);
  p->gradient = clf__alloc_array(context, p->count, sizeof *p->gradient);
  return p->row && p->y && p->linear && p->b && p->gradient ? CLF_OK : CLF_ERROR_MEMORY;
}

static double linear_of(const clf__svm_problem *p, int64_t row, double y) {
  if (p->target != NULL) {
    const double epsilon = p->type == CLF__SVM_EPSILON_SVR ? p->epsilon : 0;
    return p->target[row * p->stride] - p->target_mean - epsilon * y;
  }
  return p->type == CLF__SVM_C_SVC ? y : 0;
}

void clf__svm_set_variables(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  const clf__grouped_rows *groups = &p->rows->groups;
  int64_t at = 0;
  for (int64_t i = 0; i < p->parts; i++) {
    for (int64_t j = groups->start[p->part[i]]; j < groups->start[p->part[i] + 1]; j++, at++) {
      const double C = p->absent != NULL && p->absent[at] ? 0 : p->C[groups->order[j]];
      p->row[at] = groups->order[j];
      p->y[at] = p->side[i];
      p->linear[at] = linear_of(p, groups->order[j], p->side[i]);
      s->lower[at] = p->side[i] > 0 ? 0 : -C;
      s->upper[at] = p->side[i] > 0 ? C : 0;
    }
  }
}

/* Starts from another solution, moved within the bounds: one factor shrinks all b, which keeps
 * their sum of 0, and K b with them if it is known. */
static void start_from(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  double factor = 1;
  for (int64_t i = 0; i < p->count; i++) {
    const double bound = p->start_b[i] > 0 ? s->upper[i] : s->lower[i];
    factor = fabs(p->start_b[i]) * factor > fabs(bound) ? bound / p->start_b[i] : factor;
  }
  for (int64_t i = 0; i < p->count; i++) {
    p->b[i] = fmin(fmax(factor * p->start_b[i], s->lower[i]), s->upper[i]);
    p->gradient[i] -= p->start_product != NULL ? factor * p->start_product[i] : 0;
  }
}

/* The sums of the upper bounds of alpha on each side, [0] those of side 1. */
static void side_bounds(const clf__svm_solver *s, double bounds[2]) {
  bounds[0] = bounds[1] = 0;
  for (int64_t i = 0; i < s->p->count; i++) {
    bounds[s->p->y[i] < 0] += s->upper[i] - s->lower[i];
  }
}

/* Distributes the constant sums among the first variables, as LIBSVM does. If the folds of a
 * cross-validation leave too few rows of a side, the sums are as large as they can be. */
static void distribute(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  double bounds[2];
  side_bounds(s, bounds);
  const double all = clf__svm_twins(p) ? bounds[0] : bounds[0] + bounds[1];
  double sum = p->type == CLF__SVM_ONE_CLASS ? p->nu * all : p->nu * all / 2;
  sum = p->type == CLF__SVM_ONE_CLASS ? sum : fmin(sum, fmin(bounds[0], bounds[1]));
  double left[2] = {sum, sum};
  for (int64_t i = 0; i < p->count; i++) {
    double *rest = &left[p->y[i] < 0];
    const double alpha = fmin(*rest, s->upper[i] - s->lower[i]);
    p->b[i] = p->y[i] * alpha;
    *rest -= alpha;
  }
}

void clf__svm_set_start(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  memcpy(p->gradient, p->linear, (size_t)p->count * sizeof *p->gradient);
  if (clf__svm_type_has_nu(p->type)) {
    distribute(s);
  } else if (p->start_b != NULL) {
    start_from(s);
  }
}

double clf__svm_max_nu(const clf__svm_problem *p) {
  const clf__grouped_rows *groups = &p->rows->groups;
  double bounds[2] = {0, 0};
  for (int64_t i = 0; i < p->parts; i++) {
    for (int64_t j = groups->start[p->part[i]]; j < groups->start[p->part[i] + 1]; j++) {
      bounds[p->side[i] < 0] += p->C[groups->order[j]];
    }
  }
  return 2 * fmin(bounds[0], bounds[1]) / (bounds[0] + bounds[1]);
}

double clf__svm_value(const clf__svm_problem *p, int64_t i) {
  return p->linear[i] - p->gradient[i] + p->intercept;
}

/* Computes whether the reduced convex hulls of the two sides, whose squared distance b^T K b is a
 * multiple of, are further apart than rounding makes them. A kernel value is a float, so it has an
 * error of up to eps sqrt(K_ii K_jj), or that of the smallest floats, and b^T K b one of up to
 *   sum_ij |b_i| |b_j| eps sqrt(K_ii K_jj) = eps (sum_i |b_i| sqrt(K_ii))^2.
 * Where the hulls overlap, the minimum of b^T K b is 0, and with rounded values at most that error.
 * The margin itself has no such bound: values change by the square root of that error. A kernel
 * that is indefinite, as the sigmoid can be, has no hulls: where b^T K b is below 0 by more than
 * the error, it says nothing of the margin. */
static clf_status find_margin(const clf__svm_problem *p, bool *found) {
  const clf__svm_rows *rows = p->rows;
  double length = 0, sum = 0;
  double *diagonal = clf__alloc_array(rows->context, p->count, sizeof *diagonal);
  clf_status status = diagonal != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  if (status == CLF_OK) {
    status = clf__kernel_diagonal(rows->context, &rows->function, rows->groups.x, p->row, p->count,
                                  diagonal);
  }
  for (int64_t i = 0; status == CLF_OK && i < p->count; i++) {
    length += fabs(p->b[i]) * sqrt(fabs(diagonal[i]));
    sum += fabs(p->b[i]);
  }
  const double error = (double)FLT_EPSILON * length * length + (double)FLT_TRUE_MIN * sum * sum;
  *found = p->implied > 0 && fabs(2 * p->objective) > error;
  clf__free(diagonal);
  return status;
}

clf_status clf__svm_scale_margin(clf__svm_problem *p) {
  bool sides[2] = {false, false}, found;
  if (p->type != CLF__SVM_NU_SVC) {
    return CLF_OK;
  }
  for (int64_t i = 0; i < p->count; i++) {
    sides[p->y[i] < 0] |= p->absent == NULL || !p->absent[i];
  }
  if (!sides[0] || !sides[1]) { /* of rows of one side every row is on that side */
    p->implied = 0;
    p->intercept = (double)sides[0] - (double)sides[1];
    return CLF_OK;
  }
  CLF__CHECK(find_margin(p, &found));
  if (!found) {
    return clf__fail(
        CLF_ERROR_NUMERIC,
        "type=nu_svc: with nu=%s no margin separates two of the classes; raise nu, unless "
        "their rows are the same",
        clf__number_text(p->nu));
  }
  for (int64_t i = 0; i < p->count; i++) {
    p->b[i] /= p->implied;
    p->gradient[i] /= p->implied;
  }
  p->intercept /= p->implied;
  p->objective /= p->implied * p->implied;
  return CLF_OK;
}

/* Frees what is only needed to solve the problem. */
static void free_terms(clf__svm_problem *p) {
  if (p->linear != p->y) {
    clf__free(p->linear);
  }
  clf__free(p->y);
  clf__free(p->gradient);
  p->y = p->linear = p->gradient = NULL;
}

void clf__svm_problem_free(clf__svm_problem *p) {
  free_terms(p);
  clf__free(p->row);
  clf__free(p->b);
}

void clf__svm_keep_vectors(clf__svm_problem *p) {
  const int64_t rows = clf__svm_twins(p) ? p->count / 2 : p->count;
  int64_t kept = 0;
  for (int64_t i = 0; i < rows; i++) {
    const double b = p->b[i] + (clf__svm_twins(p) ? p->b[rows + i] : 0);
    if (b != 0) {
      p->row[kept] = p->row[i];
      p->b[kept++] = b;
    }
  }
  p->count = kept;
  free_terms(p);
  int64_t *row = clf__resize_array(p->rows->context, p->row, kept, sizeof *row);
  double *b = clf__resize_array(p->rows->context, p->b, kept, sizeof *b);
  p->row = row != NULL ? row : p->row;
  p->b = b != NULL ? b : p->b;
}
