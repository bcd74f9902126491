/* Passes over large matrices that do nothing but write them, shared by the threads. */
#include "ops/linalg/mirror.h"

#include <string.h>

#include "base/math.h"
#include "base/pool.h"

enum { SQUARE = 64, PIECE = 1 << 17 /* 1 MB */ };

typedef struct matrix {
  double *a;
  int64_t n;
} matrix;

/* Rows of squares of the lower triangle; a square and its source stay in the first cache. */
static void mirror_rows(void *argument, clf__range rows) {
  const matrix *m = argument;
  for (int64_t first = 0; first < rows.end; first += SQUARE) {
    for (int64_t i = rows.first; i < rows.end; i++) {
      for (int64_t j = first; j < clf__min_i64(first + SQUARE, i); j++) {
        m->a[i * m->n + j] = m->a[j * m->n + i];
      }
    }
  }
}

void clf__mirror_upper(clf_context *context, double *a, int64_t n) {
  matrix m = {a, n};
  clf__parallel_ranges(context, n, SQUARE, (double)n * (double)n / 2 * CLF__COST_ELEMENT,
                       mirror_rows, &m);
}

static void zero_range(void *argument, clf__range range) {
  double *a = argument;
  memset(a + range.first, 0, (size_t)(range.end - range.first) * sizeof *a);
}

void clf__zero_f64(clf_context *context, double *a, int64_t count) {
  clf__parallel_ranges(context, count, PIECE, (double)count * CLF__COST_ELEMENT, zero_range, a);
}
