/* Fisher's axes: the directions in which the class means are scattered most relative to the scatter
 * within the classes. They come from an eigenproblem of the size of the classes, or, if these are
 * many, of the features. */
#include <math.h>

#include "base/math.h"
#include "models/fisher/fisher.h"
#include "ops/ops.h"

/* With so many classes, and more than features, the K by K matrix is avoided. */
enum { MANY_CLASSES = 200 };
/* Squared singular values of the means relative to the largest, below which they are rounding
 * errors. */
static const double min_square = 1e-14;
/* Share of the largest eigenvalue that may be lost with them. */
static const double max_loss = 1e-9;

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

/* What the eigenproblem of the features works on, K > D. */
typedef struct few_features {
  double *means;      /* [D, K] M in units of the deviations */
  double *solved;     /* [D, K] S^-1 M in their reciprocals */
  double *square;     /* [D, D] M M^T, and later the projected matrix */
  double *product;    /* [D, D] */
  double *left, *sum; /* [D, D] eigenvectors of M M^T; [D] its eigenvalues */
  double *small;      /* [D, D] eigenvectors of the projected matrix */
} few_features;

/* to [D, K] = from [D, K] minus its weighted means over the classes, times roots of the priors and
 * the factor of each feature. */
static void center_columns(const clf__fisher_work *work, const double *from, double power,
                           double *to) {
  const int64_t classes = work->classes;
  for (int64_t j = 0; j < work->columns; j++) {
    const double deviation = work->deviation[j] > 0 ? work->deviation[j] : 1;
    const double factor = power > 0 ? deviation : 1 / deviation;
    double mean = 0;
    for (int64_t k = 0; k < classes; k++) {
      mean += work->priors[k] * from[j * classes + k];
    }
    for (int64_t k = 0; k < classes; k++) {
      to[j * classes + k] = factor * sqrt(work->priors[k]) * (from[j * classes + k] - mean);
    }
  }
}

/* Replaces the product N = S^-1 M M^T by the symmetric matrix of M^T S^-1 M in the basis of the
 * right singular vectors of M, diag(s) U^T N U diag(1 / s). */
static clf_status project(const clf__fisher_work *work, few_features *f) {
  const int64_t d = work->columns;
  const clf__f64_view u = clf__f64_matrix(f->left, d, d, d);
  CLF__CHECK(
      clf__gemm_f64(work->context, 1, u, clf__f64_matrix(f->product, d, d, d), 0, f->small, d));
  CLF__CHECK(clf__gemm_f64(work->context, 1, clf__f64_matrix(f->small, d, d, d),
                           clf__f64_transposed(f->left, d, d, d), 0, f->product, d));
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) {
      const bool both = f->sum[i] > min_square * f->sum[0] && f->sum[j] > min_square * f->sum[0];
      f->product[i * d + j] *= both ? sqrt(f->sum[i] / f->sum[j]) : 0;
    }
  }
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) {
      f->square[i * d + j] = (f->product[i * d + j] + f->product[j * d + i]) / 2;
    }
  }
  return CLF_OK;
}

/* vectors [D, K]: the eigenvectors of M^T S^-1 M, y^T diag(1 / s) U^T M. */
static clf_status expand(const clf__fisher_work *work, few_features *f, double *vectors) {
  const int64_t d = work->columns, classes = work->classes;
  for (int64_t i = 0; i < d * d; i++) {
    const double square = f->sum[i % d];
    f->small[i] = square > min_square * f->sum[0] ? f->small[i] / sqrt(square) : 0;
  }
  CLF__CHECK(clf__gemm_f64(work->context, 1, clf__f64_matrix(f->small, d, d, d),
                           clf__f64_matrix(f->left, d, d, d), 0, f->product, d));
  return clf__gemm_f64(work->context, 1, clf__f64_matrix(f->product, d, d, d),
                       clf__f64_matrix(f->means, d, classes, classes), 0, vectors, classes);
}

/* Returns whether the eigenvalues add up to the trace of M^T S^-1 M. What rounding takes from M may
 * count in it: S^-1 enlarges directions in which the classes vary little. */
static bool are_complete(const clf__fisher_work *work, const few_features *f,
                         const double *values) {
  double missing = 0;
  for (int64_t i = 0; i < work->columns * work->classes; i++) {
    missing += f->means[i] * f->solved[i];
  }
  for (int64_t j = 0; j < work->columns; j++) {
    missing -= values[j];
  }
  return fabs(missing) <= max_loss * values[0];
}

/* The D eigenvalues of M^T S^-1 M that may differ from 0, and their eigenvectors [D, K], unless
 * *complete becomes false. */
static clf_status solve_by_features(const clf__fisher_work *work, double *values, double *vectors,
                                    bool *complete) {
  const int64_t d = work->columns, classes = work->classes, square = clf__count(d, d);
  clf__arena arena = {.context = work->context};
  few_features f = {.means = clf__arena_matrix(&arena, d, classes, sizeof(double)),
                    .solved = clf__arena_matrix(&arena, d, classes, sizeof(double)),
                    .square = clf__arena_array(&arena, square, sizeof(double)),
                    .product = clf__arena_array(&arena, square, sizeof(double)),
                    .left = clf__arena_array(&arena, square, sizeof(double)),
                    .sum = clf__arena_array(&arena, d, sizeof(double)),
                    .small = clf__arena_array(&arena, square, sizeof(double))};
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  center_columns(work, work->offsets, -1, f.means);
  center_columns(work, work->directions, 1, f.solved);
  const clf__f64_view transposed = clf__f64_transposed(f.means, classes, d, classes);
  CLF__TRY(clf__gemm_f64(work->context, 1, clf__f64_matrix(f.means, d, classes, classes),
                         transposed, 0, f.square, d));
  CLF__TRY(clf__gemm_f64(work->context, 1, clf__f64_matrix(f.solved, d, classes, classes),
                         transposed, 0, f.product, d));
  CLF__TRY(clf__eigen_symmetric(work->context, f.square, d, d, f.sum, f.left));
  CLF__TRY(project(work, &f));
  CLF__TRY(clf__eigen_symmetric(work->context, f.square, d, d, values, f.small));
  *complete = are_complete(work, &f, values);
  status = expand(work, &f, vectors);
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status solve_by_classes(const clf__fisher_work *work, double *values, double *vectors) {
  const int64_t classes = work->classes;
  clf__arena arena = {.context = work->context};
  double *between = clf__arena_matrix(&arena, classes, classes, sizeof *between);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  between_classes(work, between);
  status = clf__eigen_symmetric(work->context, between, classes, classes, values, vectors);
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf__fisher_store_axes(const clf__fisher_work *work, clf__store *state) {
  const int64_t classes = work->classes;
  const bool many = classes >= MANY_CLASSES && classes > work->columns;
  bool solved = false;
  double *vectors = NULL;
  clf__arena arena = {.context = work->context};
  double *values = clf__arena_zeroed(&arena, classes, sizeof *values);
  clf_status status = CLF_OK;
  if (many) {
    vectors = clf__arena_matrix(&arena, work->columns, classes, sizeof *vectors);
    CLF__TRY(clf__arena_status(&arena));
    CLF__TRY(solve_by_features(work, values, vectors, &solved));
  }
  if (!solved) {
    vectors = clf__arena_matrix(&arena, classes, classes, sizeof *vectors);
    CLF__TRY(clf__arena_status(&arena));
    CLF__TRY(solve_by_classes(work, values, vectors));
  }
  status = store_axes(work, values, vectors, count_axes(work, values), state);
done:
  clf__arena_free(&arena);
  return status;
}
