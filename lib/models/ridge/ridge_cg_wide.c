/* Ridge for sparse rows that are fewer than their columns: the conjugate gradients of ridge_cg.c
 * without a preconditioner, by vectors of rows. All iterates lie in the span of the rows:
 *
 *   w = A^T u with A = D^1/2 (X - 1 m^T);
 *   w's residual is A^T r with r = D^1/2 t - (G + alpha) u,
 *
 * G = A A^T, for the row weights D, the mean m and the centered targets t. So an iteration needs
 * the product g = G r, the squares r^T g of w's residual, and those of G times the direction, which
 * changes as the direction does. A vector that is orthogonal to D^1/2 1, as D^1/2 t is, stays so:
 * instead of subtracting m from the rows, the products are centered.
 *
 * G is never formed. The entries are sorted by columns, so that G r reads each of them from the
 * cache for both products, with a column: v = its product with r, then g += v times the column. A
 * column with one entry only adds to the diagonal of G. All is in f64 except the values: an
 * iteration takes 1 ns an entry, and five vectors of rows.
 *
 * At the end w's residual is computed from the rows. Where rounding makes it larger than the
 * tolerance, the iterations start again from it as long as that halves it: iterative refinement. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "models/ridge/ridge_cg.h"
#include "optim/vector.h"

typedef struct entry {
  int32_t row;
  float value;
} entry;

enum { MANY = 16 /* entries of a column, and more: sorted as one length */ };

typedef struct wide {
  clf__ridge_cg *work;
  clf__arena arena;
  int64_t rows;
  int64_t columns;         /* with entries, in ascending order of their numbers of entries */
  int64_t first[MANY + 1]; /* of them with 1, 2 and MANY entries, and the end */
  int32_t *column;         /* [columns] which they are */
  int64_t *start;          /* [columns + 1] of `entries` */
  entry *entries;
  int64_t chunks;   /* of the columns, whose sums are added in order */
  int64_t *cut;     /* [chunks + 1] their first columns; none has one entry */
  double *sums;     /* [chunks, rows] */
  double *root;     /* [rows] of their weights */
  double weight;    /* the sum of the weights; 0 without an intercept */
  double *diagonal; /* [rows] the squares of the columns with one entry */
  double *scaled;   /* [rows] the vector that a pass multiplies, times root */
  /* [K, rows]: u since the last start, r, G r, p, G p, and u before that start */
  double *solution, *residual, *product, *direction, *turned, *before;
  double *measure, *first_measure; /* [K] squares of w's residual; at w = 0 */
} wide;

/* The entries are copied only where the vectors of columns would take as much memory. */
bool clf__ridge_cg_is_wide(const clf__ridge_cg *work) {
  enum { ENTRIES_OF_COLUMN = 6 };
  const clf__rows *x = work->training->x;
  return clf__rows_sparse(x) && x->shards == NULL && work->alpha > 0 && x->rows < x->columns &&
         x->rows <= INT32_MAX && clf__rows_entries(x) / ENTRIES_OF_COLUMN < x->columns;
}

/* Sets first and place [columns of x]: the place of each among the sorted ones. `place` has their
 * numbers of entries. */
static void sort_columns(wide *w, int32_t *place, int64_t columns) {
  int64_t next[MANY + 1] = {0};
  for (int64_t j = 0; j < columns; j++) {
    next[clf__min_i64(place[j], MANY)]++;
  }
  w->columns = 0;
  for (int64_t length = 1; length <= MANY; length++) {
    const int64_t count = next[length];
    w->first[length - 1] = next[length] = w->columns;
    w->columns += count;
  }
  w->first[MANY] = w->columns;
  int64_t entries = 0;
  for (int64_t j = 0; j < columns; j++) {
    const int64_t length = place[j];
    if (length > 0) {
      place[j] = (int32_t)next[clf__min_i64(length, MANY)]++;
      w->column[place[j]] = (int32_t)j;
      w->start[place[j] + 1] = length;
    }
  }
  w->start[0] = 0;
  for (int64_t c = 0; c < w->columns; c++) {
    entries += w->start[c + 1];
    w->start[c + 1] = entries;
  }
}

static void sort_entries(wide *w, const clf__rows *x, const int32_t *place, int64_t *next) {
  memcpy(next, w->start, (size_t)w->columns * sizeof *next);
  for (int64_t i = 0; i < x->rows; i++) {
    for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
      w->entries[next[place[x->column[e]]]++] = (entry){(int32_t)i, x->value[e]};
    }
  }
  for (int64_t c = 0; c < w->first[1]; c++) {
    const entry *only = &w->entries[c];
    w->diagonal[only->row] += (double)only->value * (double)only->value;
  }
}

/* Cuts the columns of several entries into chunks of about as many entries each. */
static void cut_columns(wide *w) {
  const int64_t before = w->first[1], entries = w->start[w->columns] - before;
  int64_t c = before;
  for (int64_t chunk = 0; chunk < w->chunks; chunk++) {
    while (w->start[c] - before < entries * chunk / w->chunks) {
      c++;
    }
    w->cut[chunk] = c;
  }
  w->cut[w->chunks] = w->columns;
}

static clf_status set_entries(wide *w) {
  const clf__rows *x = w->work->training->x;
  clf__arena arena = {.context = w->arena.context};
  clf_status status = CLF_OK;
  int32_t *place = clf__arena_zeroed(&arena, x->columns, sizeof *place);
  int64_t *next = clf__arena_array(&arena, x->columns, sizeof *next);
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t e = x->row_start[0]; e < x->row_start[x->rows]; e++) {
    place[x->column[e]]++;
  }
  sort_columns(w, place, x->columns);
  sort_entries(w, x, place, next);
  cut_columns(w);
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status create(wide *w) {
  enum { ENTRIES_OF_SUM = 16 };
  const clf__rows *x = w->work->training->x;
  const int64_t entries = clf__rows_entries(x), outputs = w->work->outputs;
  const int64_t size = clf__count(outputs, x->rows);
  w->rows = x->rows;
  w->chunks = clf__clamp_i64(entries / (ENTRIES_OF_SUM * x->rows), 1, CLF__RIDGE_CHUNKS);
  w->column = clf__arena_array(&w->arena, x->columns, sizeof *w->column);
  w->start = clf__arena_array(&w->arena, x->columns + 1, sizeof *w->start);
  w->entries = clf__arena_array(&w->arena, entries, sizeof *w->entries);
  w->cut = clf__arena_array(&w->arena, w->chunks + 1, sizeof *w->cut);
  w->sums = clf__arena_matrix(&w->arena, w->chunks, w->rows, sizeof(double));
  w->root = clf__arena_array(&w->arena, w->rows, sizeof(double));
  w->diagonal = clf__arena_zeroed(&w->arena, w->rows, sizeof(double));
  w->scaled = clf__arena_array(&w->arena, w->rows, sizeof(double));
  w->solution = clf__arena_zeroed(&w->arena, size, sizeof(double));
  w->residual = clf__arena_array(&w->arena, size, sizeof(double));
  w->product = clf__arena_array(&w->arena, size, sizeof(double));
  w->direction = clf__arena_array(&w->arena, size, sizeof(double));
  w->turned = clf__arena_array(&w->arena, size, sizeof(double));
  w->before = clf__arena_zeroed(&w->arena, size, sizeof(double));
  w->measure = clf__arena_array(&w->arena, outputs, sizeof(double));
  w->first_measure = clf__arena_array(&w->arena, outputs, sizeof(double));
  CLF__CHECK(clf__arena_status(&w->arena));
  return set_entries(w);
}

/* scaled = D^1/2 vector. */
static void scale(wide *w, const double *vector) {
  for (int64_t i = 0; i < w->rows; i++) {
    w->scaled[i] = w->root[i] * vector[i];
  }
}

/* Makes a vector of rows orthogonal to D^1/2 1. */
static void center(const wide *w, double *vector) {
  const double mean = w->weight > 0 ? clf__vector_dot(w->root, vector, w->rows) / w->weight : 0;
  for (int64_t i = 0; i < w->rows; i++) {
    vector[i] -= mean * w->root[i];
  }
}

static double column_product(const wide *w, int64_t c, const double *vector) {
  double sum = 0;
  for (int64_t e = w->start[c]; e < w->start[c + 1]; e++) {
    sum += (double)w->entries[e].value * vector[w->entries[e].row];
  }
  return sum;
}

static void add_column(const wide *w, int64_t c, double factor, double *sums) {
  for (int64_t e = w->start[c]; e < w->start[c + 1]; e++) {
    sums[w->entries[e].row] += factor * (double)w->entries[e].value;
  }
}

static void multiply_chunk(void *argument, clf__range range) {
  const wide *w = argument;
  double *sums = w->sums + range.index * w->rows;
  memset(sums, 0, (size_t)w->rows * sizeof *sums);
  for (int64_t c = w->cut[range.index]; c < w->cut[range.index + 1]; c++) {
    add_column(w, c, column_product(w, c, w->scaled), sums);
  }
}

/* out = G vector. */
static void multiply(wide *w, const double *vector, double *out) {
  scale(w, vector);
  const double work = 2 * CLF__COST_ELEMENT * (double)w->start[w->columns];
  clf__parallel_parts(w->arena.context, w->columns, w->chunks, work, multiply_chunk, w);
  for (int64_t chunk = 1; chunk < w->chunks; chunk++) {
    clf__vector_add(w->sums, 1, w->sums + chunk * w->rows, w->rows);
  }
  for (int64_t i = 0; i < w->rows; i++) {
    out[i] = w->root[i] * (w->sums[i] + w->diagonal[i] * w->scaled[i]);
  }
  center(w, out);
}

/* The direction of output k starts at its residual. */
static void start_direction(wide *w, int64_t k) {
  const size_t bytes = (size_t)w->rows * sizeof(double);
  double *r = w->residual + k * w->rows, *g = w->product + k * w->rows;
  center(w, r);
  multiply(w, r, g);
  memcpy(w->direction + k * w->rows, r, bytes);
  memcpy(w->turned + k * w->rows, g, bytes);
  w->measure[k] = clf__vector_dot(r, g, w->rows);
}

/* Sets the roots, the means, the residuals at u = 0 and the first directions. */
static clf_status start(wide *w, bool fit_intercept) {
  clf__ridge_cg *work = w->work;
  if (fit_intercept) {
    CLF__CHECK(clf__ridge_cg_target_means(work, &w->weight));
  }
  for (int64_t i = 0; i < w->rows; i++) {
    const double weight = work->weights != NULL ? (double)work->weights[i] : 1;
    w->root[i] = sqrt(weight);
    w->scaled[i] = weight;
  }
  for (int64_t c = 0; fit_intercept && c < w->columns; c++) {
    work->mean[w->column[c]] = column_product(w, c, w->scaled) / w->weight;
  }
  for (int64_t k = 0; k < work->outputs; k++) {
    double *r = w->residual + k * w->rows;
    for (int64_t i = 0; i < w->rows; i++) {
      r[i] = w->root[i] * (clf__ridge_cg_target(work, i, k) - work->target_mean[k]);
    }
    start_direction(w, k);
    w->first_measure[k] = w->measure[k];
  }
  return CLF_OK;
}

/* Makes one step of output k. Returns false if the direction consists only of rounding errors. */
static bool step(wide *w, int64_t k) {
  const int64_t n = w->rows;
  double *u = w->solution + k * n, *r = w->residual + k * n, *g = w->product + k * n;
  double *p = w->direction + k * n, *q = w->turned + k * n;
  const double alpha = w->work->alpha;
  const double length =
      w->measure[k] / (clf__vector_dot(q, q, n) + alpha * clf__vector_dot(p, q, n));
  if (!(length > 0 && length < INFINITY)) {
    return false;
  }
  for (int64_t i = 0; i < n; i++) {
    u[i] += length * p[i];
    r[i] -= length * (q[i] + alpha * p[i]);
  }
  center(w, r);
  multiply(w, r, g);
  const double next = clf__vector_dot(r, g, n), turn = next / w->measure[k];
  for (int64_t i = 0; i < n; i++) {
    p[i] = r[i] + turn * p[i];
    q[i] = g[i] + turn * q[i];
  }
  w->measure[k] = next;
  return next >= 0;
}

/* Returns whether f64 holds the squares of all residuals. */
static bool is_in_range(const wide *w) {
  static const double SMALLEST = 1e-280, LARGEST = 1e280;
  bool in_range = true;
  for (int64_t k = 0; k < w->work->outputs; k++) {
    const double square = w->measure[k];
    in_range = in_range && square > SMALLEST && square < LARGEST;
  }
  return in_range;
}

static double relative(const wide *w, int64_t k) {
  return sqrt(w->measure[k] / w->first_measure[k]);
}

static double worst_residual(const wide *w) {
  double worst = 0;
  for (int64_t k = 0; k < w->work->outputs; k++) {
    worst = fmax(worst, relative(w, k));
  }
  return worst;
}

/* Ends as well where directions consist only of rounding errors. */
static clf_status iterate(wide *w, const clf__ridge_params *p, double tolerance) {
  clf__progress progress = clf__progress_begin(w->arena.context, "ridge", p->max_iterations);
  clf_status status = CLF_OK;
  int64_t i = w->work->iterations;
  bool sound = true;
  double worst = worst_residual(w);
  for (; i < p->max_iterations && worst > tolerance && sound; i++) {
    CLF__TRY(clf__progress_step(&progress, i, worst, NAN));
    for (int64_t k = 0; k < w->work->outputs; k++) {
      sound = (relative(w, k) <= tolerance || step(w, k)) && sound;
    }
    worst = worst_residual(w);
  }
done:
  w->work->iterations = i;
  return status < 0 && i > 0 ? clf__stop_keep(w->work->training->stop, status) : status;
}

/* Adds A^T u of output k to w, where u is what the last iterations have found: in all of u,
 * rounding would hide small weights of large columns. Sets r by the rows, and u to 0. Returns the
 * size of w's residual, beside that of w = 0. */
static double finish(wide *w, int64_t k) {
  clf__ridge_cg *work = w->work;
  double *weights = work->solution + k * work->columns, *u = w->solution + k * w->rows;
  double *r = w->residual + k * w->rows, *before = w->before + k * w->rows, squares = 0;
  center(w, u);
  scale(w, u);
  memset(r, 0, (size_t)w->rows * sizeof *r);
  for (int64_t c = 0; c < w->columns; c++) {
    double *weight = &weights[w->column[c]];
    *weight += column_product(w, c, w->scaled);
    add_column(w, c, -*weight, r);
  }
  for (int64_t i = 0; i < w->rows; i++) {
    r[i] = w->root[i] * (clf__ridge_cg_target(work, i, k) - work->target_mean[k] + r[i]);
  }
  center(w, r);
  scale(w, r);
  for (int64_t c = 0; c < w->columns; c++) {
    const double left = column_product(w, c, w->scaled) - work->alpha * weights[w->column[c]];
    squares += left * left;
  }
  clf__vector_add(before, 1, u, w->rows);
  clf__vector_add(r, -work->alpha, before, w->rows);
  memset(u, 0, (size_t)w->rows * sizeof *u);
  return sqrt(squares / w->first_measure[k]);
}

/* Iterates until the residuals of the rows are small, or no longer decrease; *worst is the largest
 * relative one. */
static clf_status refine(wide *w, const clf__ridge_params *p, double *worst) {
  static const double of_tolerance = 0.999; /* the residual of the rows has the rest */
  const int64_t outputs = w->work->outputs;
  double before = INFINITY;
  *worst = INFINITY;
  while (true) {
    for (int64_t k = 0; before < INFINITY && k < outputs; k++) {
      start_direction(w, k);
    }
    const clf_status status = iterate(w, p, of_tolerance * p->tolerance);
    CLF__CHECK(status);
    *worst = 0;
    for (int64_t k = 0; k < outputs; k++) {
      const double own = finish(w, k);
      *worst = own >= 0 ? fmax(*worst, own) : INFINITY;
    }
    if (status != CLF_OK || *worst <= p->tolerance || !(*worst < before / 2) ||
        w->work->iterations == p->max_iterations) {
      return status;
    }
    before = *worst;
  }
}

clf_status clf__ridge_cg_wide(clf__ridge_cg *work, const clf__ridge_params *p, bool *solved) {
  wide w = {.work = work, .arena = {.context = work->model->context}};
  clf_status status = CLF_OK;
  double worst = INFINITY;
  CLF__TRY(create(&w));
  CLF__TRY(start(&w, p->fit_intercept));
  if (is_in_range(&w)) {
    CLF__TRY(refine(&w, p, &worst));
  }
  *solved = worst < INFINITY;
  if (*solved) {
    CLF__TRY(clf__stop_keep(work->training->stop, status));
    status = worst <= p->tolerance && status == CLF_OK ? CLF_OK : CLF_NOT_CONVERGED;
  }
done:
  clf__arena_free(&w.arena);
  return status;
}
