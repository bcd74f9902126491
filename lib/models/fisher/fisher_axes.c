/* Fisher's axes: the directions in which the class means are scattered most relative to the scatter
 * within the classes. They come from an eigenproblem of the size of the classes, or, if these are
 * many, of the features. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "models/fisher/fisher.h"
#include "ops/linalg/qr.h"
#include "ops/ops.h"

enum { BLOCK_CLASSES = 1024, BLOCK_FEATURES = 512 };

/* Computes the matrix [K, K] whose eigenvectors define the axes: M^T S^-1 M, where column k of M is
 * sqrt(p_k) (m_k - m') and m' is the mean weighted by the priors. */
static clf_status between_classes(const clf__fisher_work *work, double *between) {
  int64_t classes = work->classes;
  const clf__progress progress = clf__progress_begin(work->context, "axes", work->columns);
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
    CLF__CHECK(clf__progress_step(&progress, j + 1, (double)NAN, (double)NAN));
  }
  return CLF_OK;
}

static double weighted_mean(const clf__fisher_work *work, const double *values) {
  double mean = 0;
  for (int64_t k = 0; k < work->classes; k++) {
    mean += work->priors[k] * values[k];
  }
  return mean;
}

/* to [count, K] = features first … of `from` [D, K], minus their weighted means over the classes,
 * times roots of the priors. */
static void center_features(const clf__fisher_work *work, const double *from, int64_t first,
                            int64_t count, double *to) {
  const int64_t classes = work->classes;
  for (int64_t i = 0; i < count; i++) {
    const double *row = from + (first + i) * classes, mean = weighted_mean(work, row);
    for (int64_t k = 0; k < classes; k++) {
      to[i * classes + k] = sqrt(work->priors[k]) * (row[k] - mean);
    }
  }
}

/* The matrix of between_classes() by products of blocks of features, for many classes. */
static clf_status multiply_classes(const clf__fisher_work *work, double *between) {
  const int64_t classes = work->classes, d = work->columns;
  const clf__progress progress = clf__progress_begin(work->context, "axes", d);
  clf__arena arena = {.context = work->context};
  double *m = clf__arena_matrix(&arena, BLOCK_FEATURES, classes, sizeof *m);
  double *n = clf__arena_matrix(&arena, BLOCK_FEATURES, classes, sizeof *n);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t first = 0; first < d; first += BLOCK_FEATURES) {
    const int64_t count = clf__min_i64(BLOCK_FEATURES, d - first);
    center_features(work, work->offsets, first, count, m);
    center_features(work, work->directions, first, count, n);
    CLF__TRY(clf__gemm_f64(work->context, 1, clf__f64_transposed(m, classes, count, classes),
                           clf__f64_matrix(n, count, classes, classes), first > 0, between,
                           classes));
    CLF__TRY(clf__progress_step(&progress, first + count, (double)NAN, (double)NAN));
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Returns 1 / sqrt(lambda), with the sign that makes the largest entry of v positive. */
static double scale_of_axis(const clf__fisher_work *work, const double *vector, double value) {
  double largest = 0;
  for (int64_t k = 0; k < work->classes; k++) {
    largest = fabs(vector[k]) > fabs(largest) ? vector[k] : largest;
  }
  return (largest < 0 ? -1 : 1) / sqrt(value);
}

/* The axes of make_axis() by products of blocks of features, for many classes. */
static clf_status multiply_axes(const clf__fisher_work *work, const double *vectors,
                                const double *values, int64_t count, double *axes,
                                double *offsets) {
  const int64_t classes = work->classes, d = work->columns;
  const clf__progress progress = clf__progress_begin(work->context, "axes", d);
  clf__arena arena = {.context = work->context};
  double *n = clf__arena_matrix(&arena, BLOCK_FEATURES, classes, sizeof *n);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t first = 0; first < d; first += BLOCK_FEATURES) {
    const int64_t features = clf__min_i64(BLOCK_FEATURES, d - first);
    center_features(work, work->directions, first, features, n);
    CLF__TRY(clf__gemm_f64(work->context, 1, clf__f64_matrix(vectors, count, classes, classes),
                           clf__f64_transposed(n, classes, features, classes), 0, axes + first, d));
    CLF__TRY(clf__progress_step(&progress, first + features, (double)NAN, (double)NAN));
  }
  for (int64_t c = 0; c < count; c++) {
    const double scale = scale_of_axis(work, vectors + c * classes, values[c]);
    for (int64_t j = 0; j < d; j++) {
      axes[c * d + j] *= scale;
    }
    offsets[c] = -clf__dot(axes + c * d, work->gram.mean, d);
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Computes axis c = S^-1 M v_c / sqrt(lambda_c), along which the variance within the classes is 1;
 * its sign makes the largest entry of v_c positive. Returns its offset, which maps the mean to
 * 0. */
static double make_axis(const clf__fisher_work *work, const double *vector, double value,
                        double *axis) {
  int64_t classes = work->classes;
  const double scale = scale_of_axis(work, vector, value);
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

/* What the eigenproblem of the features works on, K > D. With the factorization M^T = Q R of the
 * class means, which has no rounding errors but those of M, the symmetric M^T S^-1 M is
 * Q (R G^T) Q^T for G = Q^T (S^-1 M)^T, and axis c is G^T y_c / sqrt(lambda_c) for the eigenvector
 * y_c of R G^T. So small differences of the means, which S^-1 enlarges, keep their digits. */
typedef struct few_features {
  clf__arena arena;
  double *factors;         /* [D, 2 D] R and G */
  double *block;           /* [BLOCK_CLASSES, 2 D] of M^T and (S^-1 M)^T */
  double *mean, *solution; /* [D] weighted means of the offsets and the directions */
  double *square;          /* [D, D] R G^T */
  double *vectors;         /* [D, D] its eigenvectors */
} few_features;

/* The unit of a feature. */
static double unit_of(const clf__fisher_work *work, int64_t j) {
  return work->deviation[j] > 0 ? work->deviation[j] : 1;
}

/* Fills the block with classes first … first + count - 1: M in units of the deviations, S^-1 M in
 * their reciprocals. */
static void fill_block(const clf__fisher_work *work, few_features *f, int64_t first,
                       int64_t count) {
  const int64_t d = work->columns, classes = work->classes;
  for (int64_t i = 0; i < count; i++) {
    const int64_t k = first + i;
    const double root = sqrt(work->priors[k]);
    double *row = f->block + i * 2 * d;
    for (int64_t j = 0; j < d; j++) {
      row[j] = root * (work->offsets[j * classes + k] - f->mean[j]) / unit_of(work, j);
      row[d + j] = root * (work->directions[j * classes + k] - f->solution[j]) * unit_of(work, j);
    }
  }
}

static clf_status factor_means(const clf__fisher_work *work, few_features *f) {
  const int64_t d = work->columns, classes = work->classes;
  const clf__progress progress = clf__progress_begin(work->context, "axes", classes);
  for (int64_t j = 0; j < d; j++) {
    f->mean[j] = weighted_mean(work, work->offsets + j * classes);
    f->solution[j] = weighted_mean(work, work->directions + j * classes);
  }
  for (int64_t first = 0; first < classes; first += BLOCK_CLASSES) {
    const int64_t count = clf__min_i64(BLOCK_CLASSES, classes - first);
    fill_block(work, f, first, count);
    CLF__CHECK(
        clf__qr_add_rows(work->context, f->factors, d, 2 * d, 2 * d, f->block, count, 2 * d));
    CLF__CHECK(clf__progress_step(&progress, first + count, (double)NAN, (double)NAN));
  }
  return CLF_OK;
}

static clf_status open_features(const clf__fisher_work *work, few_features *f) {
  const int64_t d = work->columns;
  f->arena.context = work->context;
  f->factors = clf__arena_zeroed(&f->arena, clf__count(2 * d, d), sizeof(double));
  f->block = clf__arena_matrix(&f->arena, BLOCK_CLASSES, 2 * d, sizeof(double));
  f->mean = clf__arena_array(&f->arena, d, sizeof(double));
  f->solution = clf__arena_array(&f->arena, d, sizeof(double));
  f->square = clf__arena_matrix(&f->arena, d, d, sizeof(double));
  f->vectors = clf__arena_matrix(&f->arena, d, d, sizeof(double));
  return clf__arena_status(&f->arena);
}

/* The eigenvalues of M^T S^-1 M that may differ from 0, and y. */
static clf_status solve_by_features(const clf__fisher_work *work, few_features *f, double *values) {
  const int64_t d = work->columns;
  CLF__CHECK(factor_means(work, f));
  CLF__CHECK(clf__gemm_f64(work->context, 1, clf__f64_matrix(f->factors, d, d, 2 * d),
                           clf__f64_transposed(f->factors + d, d, d, 2 * d), 0, f->square, d));
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < i; j++) {
      const double mean = (f->square[i * d + j] + f->square[j * d + i]) / 2;
      f->square[i * d + j] = f->square[j * d + i] = mean;
    }
  }
  return clf__eigen_symmetric(work->context, f->square, d, d, values, f->vectors);
}

/* Makes the largest entry of v_c positive, to which the class means on the axis are proportional.
 * `on_axis` [K] is scratch. */
static void orient_axis(const clf__fisher_work *work, const few_features *f, double *axis,
                        double *on_axis) {
  const int64_t classes = work->classes;
  double largest = 0;
  memset(on_axis, 0, (size_t)classes * sizeof *on_axis);
  for (int64_t j = 0; j < work->columns; j++) {
    for (int64_t k = 0; k < classes; k++) {
      on_axis[k] += axis[j] * (work->offsets[j * classes + k] - f->mean[j]);
    }
  }
  for (int64_t k = 0; k < classes; k++) {
    const double value = sqrt(work->priors[k]) * on_axis[k];
    largest = fabs(value) > fabs(largest) ? value : largest;
  }
  for (int64_t j = 0; j < work->columns && largest < 0; j++) {
    axis[j] = -axis[j];
  }
}

/* axes [count, D] of the largest eigenvalues, and the offsets [count] that map the mean to 0. */
static clf_status make_axes_of_features(const clf__fisher_work *work, few_features *f,
                                        const double *values, int64_t count, double *axes,
                                        double *offsets) {
  const int64_t d = work->columns;
  double *on_axis = clf__arena_array(&f->arena, work->classes, sizeof *on_axis);
  CLF__CHECK(clf__arena_status(&f->arena));
  CLF__CHECK(clf__gemm_f64(work->context, 1, clf__f64_matrix(f->vectors, count, d, d),
                           clf__f64_matrix(f->factors + d, d, d, 2 * d), 0, axes, d));
  for (int64_t c = 0; c < count; c++) {
    double *axis = axes + c * d;
    for (int64_t j = 0; j < d; j++) {
      axis[j] /= unit_of(work, j) * sqrt(values[c]);
    }
    orient_axis(work, f, axis, on_axis);
    offsets[c] = -clf__dot(axis, work->gram.mean, d);
  }
  return CLF_OK;
}

/* Computes the axes of the largest eigenvalues, and the share of each in their sum. */
static clf_status store_axes(const clf__fisher_work *work, few_features *f, const double *values,
                             const double *vectors, clf__store *state) {
  const int64_t classes = work->classes, d = work->columns, count = count_axes(work, values);
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
    explained[c] = values[c] / sum;
  }
  if (sum > 0 && vectors == NULL) {
    CLF__TRY(make_axes_of_features(work, f, values, count, axes, offsets));
  }
  const bool many = classes >= CLF__FISHER_MANY_CLASSES;
  if (sum > 0 && vectors != NULL && many) {
    CLF__TRY(multiply_axes(work, vectors, values, count, axes, offsets));
  }
  for (int64_t c = 0; c < count && sum > 0 && vectors != NULL && !many; c++) {
    offsets[c] = make_axis(work, vectors + c * classes, values[c], axes + c * d);
  }
  const clf__linear_solution solution = {axes, offsets, d, 1, count, d};
  status = clf__fisher_store_map(work, state, &clf__projection_names, &solution);
done:
  clf__free(axes);
  return status;
}

static clf_status solve_by_classes(const clf__fisher_work *work, clf__arena *arena, double *values,
                                   double *vectors) {
  const int64_t classes = work->classes;
  double *between = clf__arena_matrix(arena, classes, classes, sizeof *between);
  CLF__CHECK(clf__arena_status(arena));
  CLF__CHECK(classes >= CLF__FISHER_MANY_CLASSES ? multiply_classes(work, between)
                                                 : between_classes(work, between));
  return clf__eigen_symmetric(work->context, between, classes, classes, values, vectors);
}

clf_status clf__fisher_store_axes(const clf__fisher_work *work, clf__store *state) {
  const int64_t classes = work->classes;
  few_features f = {.arena = {.context = work->context}};
  double *vectors = NULL;
  double *values = clf__arena_zeroed(&f.arena, classes, sizeof *values);
  clf_status status = CLF_OK;
  if (clf__fisher_many_classes(work)) {
    CLF__TRY(open_features(work, &f));
    CLF__TRY(solve_by_features(work, &f, values));
  } else {
    vectors = clf__arena_matrix(&f.arena, classes, classes, sizeof *vectors);
    CLF__TRY(solve_by_classes(work, &f.arena, values, vectors));
  }
  status = store_axes(work, &f, values, vectors, state);
done:
  clf__arena_free(&f.arena);
  return status;
}
