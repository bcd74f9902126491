/* Fisher's directions of fewer rows n than features D. With the rows Z [n, D], centered by their
 * classes and weighted, S = Z^T Z has a rank below n, and Z Z^T, which is far smaller, tells all of
 * it: with Z Z^T = V L V^T,
 *
 *   S^+ C             = Z^T (Z Z^T)^+ (Z Z^T)^+ Z C       without a penalty
 *   (S + P)^-1 C      = P^-1/2 (c - Y^T (I + Y Y^T)^-1 Y c),  Y = Z P^-1/2,  c = P^-1/2 C
 *
 * takes n^2 D / 2 multiplications and the eigenvectors of an n by n matrix, where the factorization
 * of S takes D^3 / 3, and D^2 numbers of memory. The pseudoinverse is two least squares problems: U
 * minimizes |Z^T U - C|, and X = S^+ C is the shortest solution of Z X = U. Each is corrected by
 * residuals from the rows until the corrections are rounding errors, as in ops/linalg.
 *
 * Eigenvalues of Z Z^T are either rounding errors or far above them. If some lie between, or if
 * corrections do not shrink, it is not known along how many directions the rows vary: rows that are
 * equal but for the rounding of their values, say. Without a penalty the decisions may depend on
 * that, so the fit says that it has not converged. The factorization of S would know less, since it
 * has the same squares and does not see the rows. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "comm/shards.h"
#include "models/fisher/fisher.h"
#include "ops/ops.h"

/* Fewer features are solved by S, as ever; so are tables with more rows for each feature. */
enum { MIN_COLUMNS = 1000, MIN_COLUMNS_PER_ROW = 2, BLOCK_ROWS = 128, MAX_PASSES = 8 };

static const double max_rounding = 1e-14, min_digits = 1e-12; /* of the largest eigenvalue */
static const double goal = 1e-10;  /* relative change of a solution that remains */
static const double enough = 1e-7; /* where smaller ones are out of reach */

typedef struct wide {
  const clf__fisher_wide *problem;
  clf__progress progress;
  clf__arena arena;
  int64_t n, d, outputs;
  clf__centered rows;    /* with `factors` */
  bool penalized;        /* every column has a penalty */
  bool clear;            /* the rank is known */
  double *factors;       /* [D] of the columns of Z, or of Y */
  double *roots;         /* [n] of the weights: Z and Y are these times the rows */
  double *a, *b;         /* [BLOCK_ROWS, D] */
  double *gram;          /* [n, n] */
  double *values;        /* [n] eigenvalues, and then the reciprocals that are applied */
  double *vectors;       /* [n, n] */
  double *along, *in_v;  /* [n, outputs] */
  double *u, *step;      /* [n, outputs] */
  double *left, *change; /* [D, outputs] */
  double *before, *size; /* [outputs] */
} wide;

clf_status clf__fisher_choose_wide(clf__fisher_work *work) {
  const clf__shards *shards = work->training->x->shards;
  const int64_t rows = clf__shards_rows(shards, work->training->x->rows);
  work->wide = work->sums == NULL && work->params->tolerance == 0 && work->columns >= MIN_COLUMNS &&
               rows <= work->columns / MIN_COLUMNS_PER_ROW &&
               work->params->shrinkage.word != CLF__FISHER_SHRINKAGE_AUTO;
  return work->wide && shards != NULL && shards->ranks > 1
             ? clf__comm_refuse(work->context, "fisher on twice as many features as rows")
             : CLF_OK;
}

static clf_status allocate(wide *w) {
  const int64_t n = w->n, d = w->d, outputs = w->outputs;
  const int64_t small = clf__count(n, outputs), large = clf__count(d, outputs);
  w->factors = clf__arena_array(&w->arena, d, sizeof(double));
  w->roots = clf__arena_array(&w->arena, n, sizeof(double));
  w->a = clf__arena_matrix(&w->arena, BLOCK_ROWS, d, sizeof(double));
  w->b = clf__arena_matrix(&w->arena, BLOCK_ROWS, d, sizeof(double));
  w->gram = clf__arena_zeroed(&w->arena, clf__count(n, n), sizeof(double));
  w->values = clf__arena_array(&w->arena, n, sizeof(double));
  w->vectors = clf__arena_matrix(&w->arena, n, n, sizeof(double));
  w->along = clf__arena_array(&w->arena, small, sizeof(double));
  w->in_v = clf__arena_array(&w->arena, small, sizeof(double));
  w->u = clf__arena_array(&w->arena, small, sizeof(double));
  w->step = clf__arena_array(&w->arena, small, sizeof(double));
  w->left = clf__arena_array(&w->arena, large, sizeof(double));
  w->change = clf__arena_array(&w->arena, large, sizeof(double));
  w->before = clf__arena_array(&w->arena, outputs, sizeof(double));
  w->size = clf__arena_array(&w->arena, outputs, sizeof(double));
  return clf__arena_status(&w->arena);
}

/* Computes rows first … without their weights, at most BLOCK_ROWS, and returns how many. */
static int64_t read_rows(const wide *w, int64_t first, double *block) {
  const int64_t count = clf__min_i64(BLOCK_ROWS, w->n - first);
  clf__centered_read(&w->rows, w->problem->context, first, count, block, w->d);
  return count;
}

static void set_roots(const wide *w) {
  const float *weights = w->problem->weights;
  for (int64_t i = 0; i < w->n; i++) {
    w->roots[i] = sqrt(w->problem->scale * (weights != NULL ? (double)weights[i] : 1));
  }
}

/* to [n, outputs] = the rows of `from` times the roots. */
static void scale_rows(const wide *w, const double *from, double *to) {
  for (int64_t i = 0; i < w->n * w->outputs; i++) {
    to[i] = w->roots[i / w->outputs] * from[i];
  }
}

/* Computes the upper triangle of Z Z^T. */
static clf_status multiply_rows(const wide *w) {
  clf_context *context = w->problem->context;
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < w->n; i += BLOCK_ROWS) {
    const int64_t rows = read_rows(w, i, w->a);
    for (int64_t j = i; j < w->n; j += BLOCK_ROWS) {
      CLF__TRY(clf__progress_step(&w->progress, i, (double)NAN, (double)NAN));
      const double *b = j == i ? w->a : w->b;
      const int64_t columns = j == i ? rows : read_rows(w, j, w->b);
      CLF__TRY(clf__gemm_f64(context, 1, clf__f64_matrix(w->a, rows, w->d, w->d),
                             clf__f64_transposed(b, w->d, columns, w->d), 0, w->gram + i * w->n + j,
                             w->n));
    }
  }
  for (int64_t i = 0; i < w->n * w->n; i++) {
    w->gram[i] *= w->roots[i / w->n] * w->roots[i % w->n];
  }
done:
  return status;
}

/* out [n, outputs] = Z x. */
static clf_status map(const wide *w, const double *x, double *out) {
  const clf__f64_view right = clf__f64_matrix(x, w->d, w->outputs, w->outputs);
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < w->n && status == CLF_OK; i += BLOCK_ROWS) {
    const int64_t rows = read_rows(w, i, w->a);
    status = clf__gemm_f64(w->problem->context, 1, clf__f64_matrix(w->a, rows, w->d, w->d), right,
                           0, out + i * w->outputs, w->outputs);
  }
  scale_rows(w, out, out);
  return status;
}

/* out [D, outputs] = Z^T u. */
static clf_status combine(const wide *w, const double *u, double *out) {
  const int64_t outputs = w->outputs;
  clf_status status = CLF_OK;
  scale_rows(w, u, w->in_v);
  for (int64_t i = 0; i < w->n && status == CLF_OK; i += BLOCK_ROWS) {
    const int64_t rows = read_rows(w, i, w->a);
    status = clf__gemm_f64(w->problem->context, 1, clf__f64_transposed(w->a, w->d, rows, w->d),
                           clf__f64_matrix(w->in_v + i * outputs, rows, outputs, outputs), i > 0,
                           out, outputs);
  }
  return status;
}

/* out [n, outputs] = V f(L) V^T u, where f(L) are w->values. */
static clf_status apply(const wide *w, const double *u, double *out) {
  clf_context *context = w->problem->context;
  const int64_t n = w->n, outputs = w->outputs;
  const clf__f64_view vectors = clf__f64_matrix(w->vectors, n, n, n);
  CLF__CHECK(clf__gemm_f64(context, 1, vectors, clf__f64_matrix(u, n, outputs, outputs), 0, w->in_v,
                           outputs));
  for (int64_t i = 0; i < n * outputs; i++) {
    w->in_v[i] *= w->values[i / outputs];
  }
  return clf__gemm_f64(context, 1, clf__f64_transposed(w->vectors, n, n, n),
                       clf__f64_matrix(w->in_v, n, outputs, outputs), 0, out, outputs);
}

/* Replaces the eigenvalues by those of the inverse that is applied. Returns whether each is clearly
 * a rounding error or not. */
static bool invert_values(wide *w) {
  const double largest = w->values[0];
  bool clear = true;
  for (int64_t i = 0; i < w->n; i++) {
    const double value = w->values[i];
    clear =
        clear && (w->penalized || value <= max_rounding * largest || value >= min_digits * largest);
    w->values[i] = w->penalized                     ? 1 / (1 + fmax(value, 0))
                   : value > max_rounding * largest ? 1 / value
                                                    : 0;
  }
  return clear;
}

/* Compares the sums of a_i b_i of each output, the squared length of a correction, with those of
 * the first. Returns 1 if all corrections are rounding errors now, -1 if one does not shrink, or
 * else 0. */
static int judge(const wide *w, int pass, int64_t rows, const double *a, const double *b) {
  int found = 1;
  for (int64_t k = 0; k < w->outputs; k++) {
    double square = 0;
    for (int64_t i = 0; i < rows; i++) {
      square += a[i * w->outputs + k] * b[i * w->outputs + k];
    }
    const double length = sqrt(fmax(square, 0));
    w->size[k] = pass == 0 ? length : w->size[k];
    const bool reached = length <= goal * w->size[k];
    const bool stalls = pass > 0 && !reached && !(length < w->before[k] / 2);
    if (stalls && length <= enough * w->size[k]) {
      continue; /* rounding errors of nearly dependent rows */
    }
    if (stalls || !isfinite(square)) {
      return -1;
    }
    found = reached ? found : 0;
    w->before[k] = length;
  }
  return found;
}

static void add(double *to, const double *from, double factor, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    to[i] += factor * from[i];
  }
}

/* U [n, outputs], which minimizes |Z^T U - C|. */
static clf_status fit_right_side(wide *w, const double *right, int *found) {
  const int64_t small = w->n * w->outputs, large = w->d * w->outputs;
  clf_status status = CLF_OK;
  memset(w->u, 0, (size_t)small * sizeof *w->u);
  memcpy(w->left, right, (size_t)large * sizeof *w->left);
  for (int pass = 0; pass < MAX_PASSES; pass++) {
    CLF__TRY(map(w, w->left, w->along));
    CLF__TRY(apply(w, w->along, w->step));
    add(w->u, w->step, 1, small);
    *found = judge(w, pass, w->n, w->step, w->along);
    if (*found != 0) {
      break;
    }
    CLF__TRY(combine(w, w->step, w->change));
    add(w->left, w->change, -1, large);
  }
done:
  return status;
}

/* X [D, outputs], the shortest with Z X = U; U is destroyed. */
static clf_status fit_shortest(wide *w, double *x, int *found) {
  const int64_t small = w->n * w->outputs, large = w->d * w->outputs;
  clf_status status = CLF_OK;
  memset(x, 0, (size_t)large * sizeof *x);
  for (int pass = 0; pass < MAX_PASSES; pass++) {
    CLF__TRY(apply(w, w->u, w->step));
    CLF__TRY(combine(w, w->step, w->change));
    add(x, w->change, 1, large);
    *found = judge(w, pass, w->n, w->step, w->u);
    if (*found != 0) {
      break;
    }
    CLF__TRY(map(w, w->change, w->along));
    add(w->u, w->along, -1, small);
  }
done:
  return status;
}

/* X = (I + Y^T Y)^-1 c. */
static clf_status fit_penalized(wide *w, const double *c, double *x, int *found) {
  const int64_t large = w->d * w->outputs;
  clf_status status = CLF_OK;
  memset(x, 0, (size_t)large * sizeof *x);
  memcpy(w->left, c, (size_t)large * sizeof *c);
  for (int pass = 0; pass < MAX_PASSES; pass++) {
    CLF__TRY(map(w, w->left, w->along));
    CLF__TRY(apply(w, w->along, w->step));
    CLF__TRY(combine(w, w->step, w->change));
    add(w->left, w->change, -1, large); /* the correction */
    add(x, w->left, 1, large);
    *found = judge(w, pass, w->d, w->left, w->left);
    if (*found != 0) {
      break;
    }
    CLF__TRY(map(w, x, w->along));
    CLF__TRY(combine(w, w->along, w->left));
    for (int64_t i = 0; i < large; i++) {
      w->left[i] = c[i] - x[i] - w->left[i];
    }
  }
done:
  return status;
}

/* Sets the columns of Z or Y. A column that does not vary within the classes has a penalty even
 * where others have none, and stays out. Returns whether the rest has penalties, or has none. */
static bool set_factors(wide *w) {
  const clf__fisher_wide *p = w->problem;
  int64_t with = 0, without = 0;
  for (int64_t j = 0; j < w->d; j++) {
    const double factor = p->rows.factor[j];
    const bool varies = factor > 0 && p->penalty[j] < 1 - DBL_EPSILON;
    w->factors[j] = varies ? factor : 0;
    with += varies && p->penalty[j] > 0;
    without += varies && p->penalty[j] == 0;
  }
  w->penalized = with > 0;
  for (int64_t j = 0; j < w->d && w->penalized; j++) {
    w->factors[j] /= sqrt(w->factors[j] > 0 ? p->penalty[j] : 1);
  }
  return with == 0 || without == 0;
}

/* Divides by the root of the penalty; columns that stay out become 0. */
static void scale_by_penalty(const wide *w, const double *from, double *to) {
  for (int64_t i = 0; i < w->d * w->outputs; i++) {
    const int64_t j = i / w->outputs;
    const double root = w->penalized ? sqrt(w->problem->penalty[j]) : 1;
    to[i] = w->factors[j] > 0 ? from[i] / root : 0;
  }
}

/* The columns that stay out are independent of the others: their part of S is diagonal. */
static void set_constant(const wide *w, double *x) {
  for (int64_t i = 0; i < w->d * w->outputs; i++) {
    const int64_t j = i / w->outputs;
    if (w->factors[j] == 0) {
      x[i] = w->problem->penalty[j] > 0 ? w->problem->right[i] / w->problem->penalty[j] : 0;
    }
  }
}

static clf_status solve(wide *w, double *x, int *found) {
  double *right = clf__arena_matrix(&w->arena, w->d, w->outputs, sizeof *right);
  clf_status status = clf__arena_status(&w->arena);
  CLF__TRY(status);
  set_roots(w);
  CLF__TRY(multiply_rows(w));
  CLF__TRY(clf__eigen_symmetric(w->problem->context, w->gram, w->n, w->n, w->values, w->vectors));
  w->clear = invert_values(w);
  scale_by_penalty(w, w->problem->right, right);
  if (w->penalized) {
    CLF__TRY(fit_penalized(w, right, x, found));
    scale_by_penalty(w, x, x);
  } else {
    int of_right_side = 0;
    CLF__TRY(fit_right_side(w, right, &of_right_side));
    CLF__TRY(fit_shortest(w, x, found));
    w->clear = w->clear && of_right_side > 0 && *found > 0;
  }
  set_constant(w, x);
done:
  return status;
}

static void report_rank(const wide *w) {
  int64_t rank = 0;
  for (int64_t i = 0; i < w->n; i++) {
    rank += w->values[i] > 0;
  }
  clf__log(w->problem->context, CLF_LOG_INFO,
           "fisher: the rows, fewer than the %lld features, vary along %lld directions within the "
           "classes; of all solutions the one of minimum norm is taken",
           (long long)w->d, (long long)rank);
}

/* Without a penalty, states what is not known about the solution x; it is an error if x is not a
 * number. */
static clf_status judge_rank(const wide *w, const double *x, clf__fisher_end *end) {
  *end = CLF__FISHER_SOLVED;
  if (w->clear) {
    report_rank(w);
    return CLF_OK;
  }
  for (int64_t i = 0; i < w->d * w->outputs; i++) {
    if (!isfinite(x[i])) {
      return clf__fail(CLF_ERROR_NUMERIC,
                       "fisher: rows within the classes are too nearly dependent to be solved: set "
                       "shrinkage, or leave out rows that repeat others");
    }
  }
  *end = CLF__FISHER_DOUBTFUL;
  clf__log(w->problem->context, CLF_LOG_WARNING,
           "fisher: some of the rows, fewer than the %lld features, differ by hardly more than "
           "rounding errors within the classes, and the decisions depend on these differences: set "
           "shrinkage, or leave out rows that repeat others",
           (long long)w->d);
  return CLF_OK;
}

clf_status clf__fisher_solve_wide(double *solution, clf__fisher_end *end,
                                  const clf__fisher_wide *problem) {
  const clf__rows *x = problem->rows.x;
  wide w = {.problem = problem,
            .progress = clf__progress_begin(problem->context, "gram", x->rows),
            .arena = {.context = problem->context},
            .n = x->rows,
            .d = x->columns,
            .outputs = problem->outputs,
            .rows = problem->rows};
  int found = -1;
  clf_status status = CLF_OK;
  *end = CLF__FISHER_NOT_SOLVED;
  CLF__TRY(allocate(&w));
  w.rows.factor = w.factors;
  if (set_factors(&w)) {
    CLF__TRY(solve(&w, solution, &found));
    if (!w.penalized) {
      CLF__TRY(judge_rank(&w, solution, end));
    } else if (found > 0) {
      *end = CLF__FISHER_SOLVED;
    }
  }
done:
  clf__arena_free(&w.arena);
  return status;
}
