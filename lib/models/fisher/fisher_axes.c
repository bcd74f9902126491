/* Fisher's axes: the directions in which the class means are scattered most relative to the scatter
 * within the classes. They come from an eigenproblem of the size of the classes. */
#include <math.h>

#include "base/math.h"
#include "models/fisher/fisher.h"
#include "ops/ops.h"

/* Computes the matrix [K, K] whose eigenvectors define the axes: M^T S^-1 M, where column k of M is
 * sqrt(p_k) (m_k - m') and m' is the mean weighted by the priors. */
static void between_classes(const clf__fisher_work *work, double *between) {
  int64_t classes = work->classes;
  for (int64_t a = 0; a < classes * classes; a++) {
    between[a] = 0;
  }
  for (int64_t j = 0; j < work->columns; j++) {
    const double *offset = work->offsets + j * classes;
    const double *direction = work->directions + j * classes;
    double offset_mean = 0;
    double direction_mean = 0;
    for (int64_t k = 0; k < classes; k++) {
      offset_mean += work->priors[k] * offset[k];
      direction_mean += work->priors[k] * direction[k];
    }
    for (int64_t a = 0; a < classes; a++) {
      for (int64_t b = 0; b < classes; b++) {
        between[a * classes + b] += sqrt(work->priors[a] * work->priors[b]) *
                                    (offset[a] - offset_mean) * (direction[b] - direction_mean);
      }
    }
  }
}

/* Computes axis c = S^-1 M v_c / sqrt(lambda_c), along which the variance within the classes is 1;
 * its sign makes the largest entry of v_c positive. Returns its offset, which maps the mean to
 * 0. */
static double make_axis(const clf__fisher_work *work, const double *vector, double value,
                        double *axis) {
  int64_t classes = work->classes;
  double largest = 0;
  for (int64_t k = 0; k < classes; k++) {
    largest = fabs(vector[k]) > fabs(largest) ? vector[k] : largest;
  }
  double scale = (largest < 0 ? -1 : 1) / sqrt(value);
  double at_mean = 0;
  for (int64_t j = 0; j < work->columns; j++) {
    const double *direction = work->directions + j * classes;
    double mean = 0;
    for (int64_t k = 0; k < classes; k++) {
      mean += work->priors[k] * direction[k];
    }
    axis[j] = 0;
    for (int64_t k = 0; k < classes; k++) {
      axis[j] += scale * sqrt(work->priors[k]) * (direction[k] - mean) * vector[k];
    }
    at_mean += axis[j] * work->gram.mean[j];
  }
  return -at_mean;
}

/* Axes whose eigenvalue is a rounding error are left out, but at least one is returned. */
static int64_t count_axes(const clf__fisher_work *work, const double *values) {
  int64_t classes = work->classes;
  int64_t max = clf__min_i64(classes - 1, work->columns);
  int64_t count = 0;
  while (count < max && values[count] > 1e-10 * values[0]) {
    count++;
  }
  if (work->params->components.word < 0 && work->params->components.value < (double)count) {
    count = (int64_t)work->params->components.value;
  }
  count = count > 0 ? count : 1;
  if (work->params->components.word >= 0) {
    clf__fit_log(work->training, "components=auto is %lld", (long long)count);
  }
  return count;
}

/* Computes the axes of the `count` largest eigenvalues, and the share of each in their sum. */
static clf_status store_axes(const clf__fisher_work *work, const double *values,
                             const double *vectors, int64_t count, clf__store *state) {
  const int64_t classes = work->classes, d = work->columns;
  double *axes = clf__alloc_zeroed(work->context, clf__count(count, d + 1), sizeof *axes);
  clf_status status = CLF_OK;
  CLF__TRY(axes == NULL ? CLF_ERROR_MEMORY : CLF_OK);
  CLF__TRY(clf__state_tensor(work->context, state, "explained_ratio", CLF_F64, count, -1));
  double *explained = clf__state_data(state, "explained_ratio"), *offsets = axes + count * d;
  double sum = 0;
  for (int64_t k = 0; k < classes; k++) {
    sum += values[k] > 0 ? values[k] : 0;
  }
  for (int64_t c = 0; c < count && sum > 0; c++) {
    offsets[c] = make_axis(work, vectors + c * classes, values[c], axes + c * d);
    explained[c] = values[c] / sum;
  }
  const clf__linear_solution solution = {axes, offsets, d, 1, count, d};
  status = clf__fisher_store_map(work, state, &clf__projection_names, &solution);
done:
  clf__free(axes);
  return status;
}

clf_status clf__fisher_store_axes(const clf__fisher_work *work, clf__store *state) {
  int64_t classes = work->classes;
  clf__arena arena = {.context = work->context};
  double *between = clf__arena_matrix(&arena, classes, classes, sizeof *between);
  double *vectors = clf__arena_matrix(&arena, classes, classes, sizeof *vectors);
  double *values = clf__arena_array(&arena, classes, sizeof *values);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  between_classes(work, between);
  CLF__TRY(clf__eigen_symmetric(work->context, between, classes, classes, values, vectors));
  status = store_axes(work, values, vectors, count_axes(work, values), state);
done:
  clf__arena_free(&arena);
  return status;
}
