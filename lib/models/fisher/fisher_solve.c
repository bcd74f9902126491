/* Fisher's directions S^-1 (m_k - m): the covariance S within the classes comes from the Gram
 * engine's sums, with variances that are never 0 by chance, and with shrinkage if the parameter
 * asks for it. Its equations are solved in correlation form by ops/linalg/least_squares.h. */
#include <math.h>
#include <string.h>

#include "models/fisher/fisher.h"
#include "models/fisher/fisher_basis.h"
#include "models/fisher/fisher_shrinkage.h"
#include "ops/ops.h"

/* Sets what the scatter is multiplied by. A weight of 2 counts as two rows. If the scatter is
 * divided by the sum of the weights, their unit does not matter; the unbiased estimate has as many
 * degrees of freedom fewer as there are class means. */
static clf_status set_scale(clf__fisher_work *work) {
  double weight = work->gram.weight;
  for (int64_t k = 0; k < work->classes && work->params->unbiased; k++) {
    weight -= work->gram.class_weight[k] > 0;
  }
  work->scale = 1 / weight;
  return weight > 0 ? CLF_OK
                    : clf__fail(CLF_ERROR_DATA,
                                "fisher: unbiased=true needs weights whose sum is above the number "
                                "of classes; it is %s",
                                clf__number_text(work->gram.weight));
}

/* Returns element j of the diagonal of the covariance. */
static double *variance(const clf__fisher_work *work, int64_t j) {
  return work->gram.scatter + j * (work->wide ? 1 : work->columns + 1);
}

static void covariance_within(clf__fisher_work *work) {
  const int64_t d = work->columns, classes = work->classes;
  double *s = work->gram.scatter;
  for (int64_t i = 0; i < d * (work->wide ? 1 : d); i++) {
    s[i] *= work->scale;
  }
  for (int64_t j = 0; j < d; j++) {
    double between = 0;
    for (int64_t k = 0; k < classes; k++) {
      const double offset = work->offsets[j * classes + k];
      between += work->gram.class_weight[k] * offset * offset;
    }
    work->total_variance[j] = *variance(work, j) + work->scale * between;
  }
}

/* Computes the variances within the classes: with shrinkage=auto by fisher_shrinkage.c, otherwise
 * from the diagonal of the covariance. A feature that is constant in every class, but not overall,
 * separates the classes best; its variance is set to a small part of the total one instead of 0. A
 * variance that is a rounding error, of the mean or of the products in the scatter, counts as 0. */
static clf_status set_deviations(clf__fisher_work *work) {
  const int64_t d = work->columns;
  double *variances = work->deviation;
  clf_status status = CLF_OK;
  if (work->params->shrinkage.word == CLF__FISHER_SHRINKAGE_AUTO) {
    status = clf__fisher_variances(variances, work->context, work->training, &work->gram,
                                   work->offsets, work->total_variance);
  } else {
    for (int64_t j = 0; j < d; j++) {
      variances[j] = fmax(*variance(work, j), 1e-8 * work->total_variance[j]);
    }
  }
  for (int64_t j = 0; status == CLF_OK && j < d; j++) {
    const double mean = work->gram.mean[j], noise = work->gram.noise[j];
    const double rounding = fmax(1e-22 * mean * mean, work->scale * noise * noise);
    work->penalty[j] = fmax(variances[j] - *variance(work, j), 0);
    *variance(work, j) = variances[j];
    work->deviation[j] = variances[j] > rounding ? sqrt(variances[j]) : 0;
  }
  return status;
}

/* A number shrinks towards the mean variance; auto shrinks towards the features' own variances,
 * which does not depend on their scales. */
static clf_status shrink_covariance(clf__fisher_work *work) {
  const clf__number *shrinkage = &work->params->shrinkage;
  if (shrinkage->word == CLF__FISHER_SHRINKAGE_NONE) {
    return CLF_OK;
  }
  double amount = shrinkage->value;
  if (shrinkage->word == CLF__FISHER_SHRINKAGE_AUTO) {
    CLF__CHECK(clf__fisher_shrinkage(&amount, work->context, work->training, &work->gram,
                                     work->offsets, work->deviation));
    clf__fit_log(work->training, "shrinkage=auto is %s", clf__number_text(amount));
  }
  int64_t d = work->columns;
  double *s = work->gram.scatter;
  double mean_variance = 0;
  for (int64_t j = 0; j < d; j++) {
    mean_variance += *variance(work, j) / (double)d;
  }
  for (int64_t i = 0; i < d; i++) {
    const double own = *variance(work, i);
    const double target = shrinkage->word == CLF__FISHER_SHRINKAGE_AUTO ? own : mean_variance;
    for (int64_t j = 0; j < d && !work->wide; j++) {
      s[i * d + j] *= 1 - amount;
    }
    *variance(work, i) = (1 - amount) * own + amount * target;
    work->penalty[i] = (1 - amount) * work->penalty[i] + amount * target;
    work->deviation[i] = sqrt(*variance(work, i));
  }
  work->scale *= 1 - amount;
  return CLF_OK;
}

/* Computes the covariance in correlation form and what belongs to it: the right-hand side [D, K] in
 * `right`, the factors 1 / deviation in `factors`, and the means of the classes. */
static void scale_columns(clf__fisher_work *work, double *factors, double *right, double *means) {
  const int64_t d = work->columns, classes = work->classes;
  double *s = work->gram.scatter;
  for (int64_t i = 0; i < d; i++) {
    factors[i] = work->deviation[i] > 0 ? 1 / work->deviation[i] : 0;
    work->penalty[i] *= factors[i] * factors[i];
    work->gram.noise[i] *= factors[i] * sqrt(work->scale);
    for (int64_t k = 0; k < classes; k++) {
      const double offset = work->offsets[i * classes + k];
      right[i * classes + k] = factors[i] * offset;
      means[k * d + i] = work->gram.mean[i] + offset;
    }
  }
  for (int64_t i = 0; i < d && !work->wide; i++) {
    for (int64_t j = 0; j < d; j++) {
      s[i * d + j] *= factors[i] * factors[j];
    }
  }
}

/* The directions of more classes than features are combinations of those of a basis. */
static clf_status solve_many(clf__fisher_work *work, const clf__least_squares *problem) {
  clf__fisher_basis basis = {.context = work->context,
                             .columns = work->columns,
                             .classes = work->classes,
                             .right = problem->right_side};
  clf__least_squares own = *problem;
  clf_status status = CLF_OK;
  CLF__TRY(clf__fisher_basis_create(&basis));
  if (basis.rank == 0) {
    status = clf__least_squares_solve(work->directions, NULL, work->context, problem);
    goto done;
  }
  own.outputs = basis.rank;
  own.right_side = basis.independent;
  double *solution = clf__arena_matrix(&basis.arena, work->columns, basis.rank, sizeof *solution);
  CLF__TRY(clf__arena_status(&basis.arena));
  CLF__TRY(clf__least_squares_solve(solution, NULL, work->context, &own));
  status = clf__fisher_basis_combine(&basis, solution, work->directions);
done:
  clf__fisher_basis_free(&basis);
  return status;
}

/* Solves for the directions in correlation form. */
static clf_status solve_directions(clf__fisher_work *work) {
  const int64_t d = work->columns, classes = work->classes;
  clf__arena arena = {.context = work->context};
  double *factors = clf__arena_array(&arena, d, sizeof *factors);
  double *right = clf__arena_matrix(&arena, d, classes, sizeof *right);
  double *means = clf__arena_matrix(&arena, d, classes, sizeof *means);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  scale_columns(work, factors, right, means);
  const clf__centered rows = {.x = work->training->x,
                              .class_means = means,
                              .labels = work->training->labels,
                              .factor = factors};
  const clf__fisher_wide wide = {
      work->context, rows, work->training->weights, work->scale, work->penalty, classes, right};
  const clf__least_squares problem = {.rows = rows,
                                      .weights = work->training->weights,
                                      .scale = work->scale,
                                      .penalty = work->penalty,
                                      .tolerance = work->params->tolerance,
                                      .matrix = work->gram.scatter,
                                      .noise = work->gram.noise,
                                      .coarse = work->gram.coarse,
                                      .exact = work->gram.exact,
                                      .outputs = classes,
                                      .right_side = right,
                                      .uncertainty =
                                          work->sums != NULL ? &work->uncertainty : NULL};
  CLF__TRY(work->wide ? clf__fisher_solve_wide(work->directions, &work->end, &wide)
           : clf__fisher_many_classes(work)
               ? solve_many(work, &problem)
               : clf__least_squares_solve(work->directions, NULL, work->context, &problem));
  for (int64_t i = 0; i < d * classes; i++) {
    work->directions[i] *= factors[i / classes];
  }
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status solve(clf__fisher_work *work) {
  CLF__CHECK(set_scale(work));
  covariance_within(work);
  CLF__CHECK(set_deviations(work));
  CLF__CHECK(shrink_covariance(work));
  return solve_directions(work);
}

clf_status clf__fisher_solve(clf__fisher_work *work) {
  if (work->sums != NULL && !work->varies) {
    memset(work->directions, 0, (size_t)(work->columns * work->classes) * sizeof *work->directions);
    return CLF_OK;
  }
  CLF__CHECK(solve(work));
  if (work->wide && work->end == CLF__FISHER_NOT_SOLVED) { /* by the whole scatter, then */
    work->wide = false;
    clf__gram_free(&work->gram);
    CLF__CHECK(clf__fisher_gram(work));
    CLF__CHECK(solve(work));
  }
  return CLF_OK;
}
