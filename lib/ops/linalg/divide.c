/* Eigenvectors of a symmetric tridiagonal matrix by divide and conquer (Cuppen, "A divide and
 * conquer method for the symmetric tridiagonal eigenproblem", Numerische Mathematik 36, 1981; Gu
 * and Eisenstat 1995, see secular.c).
 *
 * The matrix is divided into two halves and an update of rank one, T = diag(T1, T2) + rho u u^T; in
 * the basis of the halves' eigenvectors T becomes diag(d) + rho z z^T. An eigenpair stays as it is
 * if its z is 0, or if a rotation makes it 0 because two d are equal (deflation). The other
 * eigenvalues are roots of the secular equation, and their eigenvectors are products with those of
 * the halves: n^3 operations at the last merge, and a third of that in all merges before. If only
 * the largest eigenvalues are wanted, the last merge computes only those.
 *
 * The eigenvectors of a part of T are the rows of the square block of Q at the part's position on
 * the diagonal, and 0 elsewhere. They are not sorted: order[] lists them in ascending order of
 * their eigenvalues. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "ops/linalg/gemm.h"
#include "ops/linalg/secular.h"
#include "ops/linalg/tridiagonal.h"

/* Multiplications in a product between two checks for cancellation; a product has at least so many
 * columns. */
static const double block_products = 2e9;
static const int64_t min_columns = 384;

/* In which half of the columns a row is not 0. */
enum { UPPER, BOTH, LOWER, SIDES };

typedef struct divide {
  clf__arena arena;
  clf_context *context;
  clf__progress progress;
  int64_t n, count;
  double *d, *e;
  double *q;                 /* [n, n] */
  int64_t *order;            /* [n] */
  double *vectors;           /* [n, n]: of the secular equation */
  double *gathered;          /* [n, (n + 1) / 2] */
  double *poles, *z, *roots; /* [n] of a merge */
  int64_t *kept, *rest;      /* [n] rows that the merge changes, and those that it does not */
  int64_t *places;           /* [n] of the kept rows, by side */
  uint8_t *sides;            /* [n] */
} divide;

/* A part that is merged from its halves. */
typedef struct merge {
  int64_t first, size, half;
  double rho, limit;
  double *q, *d; /* of the part */
  int64_t *order;
  int64_t kept, rest;
  int64_t of_side[SIDES];
} merge;

/* Merges the ascending orders of the halves. */
static void join_orders(divide *w, const merge *m) {
  int64_t a = 0, b = m->half, *joined = w->rest;
  for (int64_t i = 0; i < m->size; i++) {
    const bool upper =
        b == m->size || (a < m->half && m->d[m->order[a]] <= m->d[m->half + m->order[b]]);
    joined[i] = upper ? m->order[a++] : m->half + m->order[b++];
  }
  memcpy(m->order, joined, (size_t)m->size * sizeof *joined);
}

/* Computes z: the row of the combined eigenvectors at the cut, scaled to length 1. */
static void begin_merge(divide *w, merge *m, double torn) {
  const int64_t n = w->n;
  double largest = 0;
  m->rho = 2 * fabs(torn);
  for (int64_t i = 0; i < m->size; i++) {
    const bool upper = i < m->half;
    const double value = m->q[i * n + (upper ? m->half - 1 : m->half)];
    w->z[i] = (upper || torn > 0 ? value : -value) * sqrt(0.5);
    w->sides[i] = upper ? UPPER : LOWER;
    largest = fmax(largest, fmax(fabs(m->d[i]), fabs(w->z[i])));
  }
  m->limit = 8 * DBL_EPSILON * largest;
  join_orders(w, m);
}

/* Rotates two eigenvectors of nearly equal eigenvalues so that z becomes 0 for the first. */
static void rotate(divide *w, const merge *m, int64_t first, int64_t second, double c, double s) {
  double *a = m->q + first * w->n, *b = m->q + second * w->n;
  for (int64_t j = 0; j < m->size; j++) {
    const double x = a[j], y = b[j];
    a[j] = c * x + s * y;
    b[j] = c * y - s * x;
  }
  const double d = m->d[first], other = m->d[second];
  m->d[first] = d * c * c + other * s * s;
  m->d[second] = d * s * s + other * c * c;
  if (w->sides[first] != w->sides[second]) {
    w->sides[first] = w->sides[second] = BOTH;
  }
}

/* Returns whether `first` can be deflated by a rotation with `second`, and rotates them. */
static bool merges_with(divide *w, const merge *m, int64_t first, int64_t second) {
  const double length = hypot(w->z[first], w->z[second]);
  const double c = w->z[second] / length, s = -w->z[first] / length;
  if (fabs((m->d[second] - m->d[first]) * c * s) > m->limit) {
    return false;
  }
  w->z[second] = length;
  rotate(w, m, first, second, c, s);
  return true;
}

/* Divides the rows into kept (ascending) and rest. */
static void deflate(divide *w, merge *m) {
  int64_t last = -1; /* of the kept rows, not yet listed */
  for (int64_t i = 0; i < m->size; i++) {
    const int64_t row = m->order[i];
    if (m->rho * fabs(w->z[row]) <= m->limit) {
      w->rest[m->rest++] = row;
    } else {
      if (last >= 0) {
        *(merges_with(w, m, last, row) ? &w->rest[m->rest++] : &w->kept[m->kept++]) = last;
      }
      last = row;
    }
  }
  if (last >= 0) {
    w->kept[m->kept++] = last;
  }
}

/* Copies the kept rows to `gathered` without the columns that are 0. The upper half's come first,
 * [UPPER and BOTH, half], then the lower half's, [BOTH and LOWER, size - half]. */
static void gather(divide *w, merge *m) {
  const int64_t n = w->n, half = m->half, lower = m->size - half;
  int64_t next[SIDES] = {0};
  for (int64_t i = 0; i < m->kept; i++) {
    m->of_side[w->sides[w->kept[i]]]++;
  }
  next[BOTH] = m->of_side[UPPER];
  next[LOWER] = next[BOTH] + m->of_side[BOTH];
  double *of_lower = w->gathered + next[LOWER] * half;
  for (int64_t i = 0; i < m->kept; i++) {
    const int64_t row = w->kept[i], side = w->sides[row], place = next[side]++;
    w->places[i] = place;
    if (side != LOWER) {
      memcpy(w->gathered + place * half, m->q + row * n, (size_t)half * sizeof(double));
    }
    if (side != UPPER) {
      memcpy(of_lower + (place - m->of_side[UPPER]) * lower, m->q + row * n + half,
             (size_t)lower * sizeof(double));
    }
  }
}

/* Moves the rest to rows kept … size - 1, whose own rows have been gathered. */
static void move_rest(divide *w, const merge *m) {
  int64_t free_row = m->kept;
  for (int64_t i = 0; i < m->rest; i++) {
    w->sides[w->rest[i]] = SIDES;
  }
  for (int64_t i = 0; i < m->rest; i++) {
    const int64_t row = w->rest[i];
    if (row < m->kept) {
      while (w->sides[free_row] == SIDES) {
        free_row++;
      }
      memcpy(m->q + free_row * w->n, m->q + row * w->n, (size_t)m->size * sizeof(double));
      m->d[free_row] = m->d[row];
      w->rest[i] = free_row++;
    }
  }
}

/* to [rows, columns] = factors [rows, depth] times the gathered rows from `from` on. */
static clf_status multiply_half(divide *w, const merge *m, int64_t rows, int64_t columns,
                                int64_t depth, const double *factors, const double *from,
                                double *to) {
  const double fit = block_products / ((double)rows * (double)(depth > 0 ? depth : 1));
  const int64_t block = fit < (double)min_columns ? min_columns
                        : fit < (double)columns   ? (int64_t)fit
                                                  : columns;
  for (int64_t first = 0; first < columns; first += block) {
    const int64_t count = clf__min_i64(columns - first, block);
    CLF__CHECK(clf__progress_step(&w->progress, m->first + m->size - 1, (double)NAN, (double)NAN));
    CLF__CHECK(clf__gemm_f64(w->context, 1, clf__f64_matrix(factors, rows, depth, m->kept),
                             clf__f64_matrix(from + first, depth, count, columns), 0, to + first,
                             w->n));
  }
  return CLF_OK;
}

/* Computes the last `wanted` of rows 0 … kept - 1: products of the last eigenvectors of the secular
 * equation with the gathered rows. */
static clf_status multiply(divide *w, const merge *m, int64_t wanted) {
  const int64_t half = m->half, before = m->kept - wanted;
  const int64_t upper = m->of_side[UPPER] + m->of_side[BOTH];
  const double *factors = w->vectors + before * m->kept;
  double *to = m->q + before * w->n;
  clf_status status = multiply_half(w, m, wanted, half, upper, factors, w->gathered, to);
  return status < 0
             ? status
             : multiply_half(w, m, wanted, m->size - half, m->kept - m->of_side[UPPER],
                             factors + m->of_side[UPPER], w->gathered + upper * half, to + half);
}

/* Sorts the part's rows. The new ones ascend already; the rest is inserted one by one, which is
 * fast because only rotations have disturbed its order. */
static void order_rows(const divide *w, const merge *m) {
  int64_t *rest = w->rest, a = 0, b = 0;
  for (int64_t i = 1; i < m->rest; i++) {
    const int64_t row = rest[i];
    int64_t place = i;
    for (; place > 0 && m->d[rest[place - 1]] > m->d[row]; --place) {
      rest[place] = rest[place - 1];
    }
    rest[place] = row;
  }
  for (int64_t i = 0; i < m->size; i++) {
    const bool new_one = b == m->rest || (a < m->kept && m->d[a] <= m->d[rest[b]]);
    m->order[i] = new_one ? a++ : rest[b++];
  }
}

static clf_status merge_halves(divide *w, int64_t first, int64_t size, double torn) {
  merge m = {.first = first, .size = size, .half = size / 2};
  m.q = w->q + first * (w->n + 1);
  m.d = w->d + first;
  m.order = w->order + first;
  begin_merge(w, &m, torn);
  deflate(w, &m);
  if (m.kept > 0) {
    for (int64_t i = 0; i < m.kept; i++) {
      w->poles[i] = m.d[w->kept[i]];
      w->roots[i] = w->z[w->kept[i]];
    }
    memcpy(w->z, w->roots, (size_t)m.kept * sizeof *w->z);
    gather(w, &m);
    move_rest(w, &m);
    const clf__secular problem = {w->poles, w->z, m.kept, m.rho};
    const int64_t wanted = size == w->n && w->count < m.kept ? w->count : m.kept;
    CLF__CHECK(clf__secular_solve(w->context, &problem, w->roots, w->vectors, wanted, w->places));
    memcpy(m.d, w->roots, (size_t)m.kept * sizeof *m.d);
    CLF__CHECK(multiply(w, &m, wanted));
  }
  order_rows(w, &m);
  return CLF_OK;
}

static clf_status solve_part(divide *w, int64_t first, int64_t size) {
  clf_status status = CLF_OK;
  if (size == 1) {
    w->q[first * (w->n + 1)] = 1;
    w->order[first] = 0;
    return status;
  }
  const int64_t second = first + size / 2;
  const double torn = w->e[second - 1];
  w->d[second - 1] -= fabs(torn);
  w->d[second] -= fabs(torn);
  CLF__TRY(solve_part(w, first, size / 2));
  CLF__TRY(solve_part(w, second, size - size / 2));
  CLF__TRY(merge_halves(w, first, size, torn));
done:
  return status;
}

/* Moves rows, in descending order of their eigenvalues, to rows 0 … count - 1 of `vectors`, which
 * may be Q. */
static void pick_largest(const divide *w, double *values, double *vectors) {
  const int64_t n = w->n;
  const size_t bytes = (size_t)n * sizeof(double);
  double *moved = w->gathered;
  for (int64_t c = 0; c < w->count; c++) {
    values[c] = w->d[w->order[n - 1 - c]];
  }
  for (int64_t c = 0; c < w->count && vectors != w->q; c++) {
    memcpy(vectors + c * n, w->q + w->order[n - 1 - c] * n, bytes);
  }
  for (int64_t start = 0; start < n && vectors == w->q; start++) { /* one cycle of the permutation
                                                                    * at a time */
    int64_t to = start, from = w->order[n - 1 - start];
    memcpy(moved, w->q + start * n, bytes);
    while (from != start) {
      memcpy(w->q + to * n, w->q + from * n, bytes);
      w->order[n - 1 - to] = to;
      to = from;
      from = w->order[n - 1 - from];
    }
    memcpy(w->q + to * n, moved, bytes);
    w->order[n - 1 - to] = to;
  }
}

static clf_status allocate(divide *w, double *vectors) {
  const int64_t n = w->n;
  w->arena.context = w->context;
  w->q = w->count == n ? vectors : clf__arena_matrix(&w->arena, n, n, sizeof *w->q);
  w->vectors = clf__arena_matrix(&w->arena, n, n, sizeof *w->vectors);
  w->gathered = clf__arena_matrix(&w->arena, n, (n + 1) / 2, sizeof *w->gathered);
  w->poles = clf__arena_matrix(&w->arena, 3, n, sizeof *w->poles);
  w->order = clf__arena_matrix(&w->arena, 4, n, sizeof *w->order);
  w->sides = clf__arena_array(&w->arena, n, sizeof *w->sides);
  CLF__CHECK(clf__arena_status(&w->arena));
  w->z = w->poles + n;
  w->roots = w->z + n;
  w->kept = w->order + n;
  w->rest = w->kept + n;
  w->places = w->rest + n;
  memset(w->q, 0, (size_t)(n * n) * sizeof *w->q);
  return CLF_OK;
}

clf_status clf__tridiagonal_eigen(clf_context *context, double *diagonal, double *off_diagonal,
                                  int64_t n, int64_t count, double *values, double *vectors) {
  divide w = {.context = context,
              .progress = clf__progress_begin(context, "eigenvalues", n),
              .n = n,
              .count = count,
              .d = diagonal,
              .e = off_diagonal};
  clf_status status;
  CLF__TRY(allocate(&w, vectors));
  CLF__TRY(solve_part(&w, 0, n));
  pick_largest(&w, values, vectors);
done:
  clf__arena_free(&w.arena);
  return status;
}
