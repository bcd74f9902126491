/* Moments of a few rows: what may fail comes first, so that the sums change in place and at once.
 * */
#include <math.h>

#include "base/context.h"
#include "ops/kernels.h"
#include "ops/linalg/moments_parts.h"
#include "ops/linalg/vectors.h"

enum { FEW_ROWS = 8 };

struct clf__few_rows {
  clf__arena arena;
  int64_t count;
  int sign;
  bool integers;
  double *z;       /* [count, columns] */
  double *weight;  /* [count] */
  int64_t *group;  /* [count] */
  double *targets; /* [count, outputs], or NULL */
};

/* Returns whether a group may lose its last row or its weight. */
static bool empties(const clf__moments *m, const clf__few_rows *few) {
  for (int64_t i = 0; i < few->count && few->sign < 0; i++) {
    double lost = 0;
    for (int64_t k = 0; k < few->count; k++) {
      lost += few->group[k] == few->group[i] ? few->weight[k] : 0;
    }
    if (m->rows[few->group[i]] <= (double)few->count + 1 ||
        !(m->weight[few->group[i]] - lost > 0)) {
      return true;
    }
  }
  return false;
}

/* Returns whether the sums with the rows are those of some rows near the reference. */
static bool stay_near(const clf__moments *m, const clf__few_rows *few, bool moves) {
  double weight = clf__moments_weight(m);
  for (int64_t i = 0; i < few->count; i++) {
    weight += few->sign * few->weight[i];
  }
  for (int64_t j = 0; j < m->columns; j++) {
    double sum = m->sum[j], square = *clf__moments_square(m, j);
    for (int64_t i = 0; i < few->count; i++) {
      const double z = few->z[i * m->columns + j], product = few->sign * few->weight[i] * z;
      sum += product;
      square += product * z;
    }
    if (!isfinite(square) || square < -1e-9 * m->peak[j] ||
        (moves && clf__moments_drift(m, j, weight, sum, square) != 0)) {
      return false;
    }
  }
  return true;
}

static clf_status read_few(clf__few_rows *few, const clf__moments *m,
                           const clf__moment_rows *rows) {
  clf__z_view view;
  few->arena.context = m->context;
  few->z = clf__arena_matrix(&few->arena, few->count, m->columns, sizeof *few->z);
  few->weight = clf__arena_array(&few->arena, few->count, sizeof *few->weight);
  few->group = clf__arena_array(&few->arena, few->count, sizeof *few->group);
  if (rows->targets != NULL) {
    few->targets = clf__arena_matrix(&few->arena, few->count, m->outputs, sizeof *few->targets);
  }
  CLF__CHECK(clf__arena_status(&few->arena));
  CLF__CHECK(clf__z_view_create(&view, m, rows->x));
  clf__centered_read(&view.rows, m->context, 0, few->count, few->z, m->columns);
  clf__free(view.factor);
  for (int64_t i = 0; i < few->count; i++) {
    few->weight[i] = clf__moment_weight(rows, i);
    few->group[i] = clf__moments_group(m, rows, i);
    if (rows->targets != NULL) {
      clf__moments_read_targets(m, rows, i, few->targets + i * m->outputs);
    }
  }
  return CLF_OK;
}

clf_status clf__moments_few(clf__few_rows **out, const clf__moments *m,
                            const clf__moment_rows *rows, int sign) {
  clf__few_rows *few = NULL;
  clf_status status = CLF_OK;
  if (rows->x->rows > FEW_ROWS || !m->full || clf__moments_rows(m) == 0) {
    return CLF_OK;
  }
  few = clf__alloc_zeroed(m->context, 1, sizeof *few);
  CLF__TRY(few != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  *few = (clf__few_rows){
      .count = rows->x->rows, .sign = sign, .integers = m->integers && clf__moments_whole(m, rows)};
  CLF__TRY(read_few(few, m, rows));
  if (!empties(m, few) && stay_near(m, few, !m->fixed && clf__moments_float(rows->x))) {
    *out = few;
    few = NULL;
  }
done:
  clf__few_rows_free(few);
  return status;
}

void clf__moments_add_few(clf__moments *m, const clf__few_rows *few) {
  const clf__vector_kernels *kernels = clf__kernels_for(m->context)->vectors;
  const int64_t n = m->columns;
  m->integers = few->integers;
  for (int64_t i = 0; i < few->count; i++) {
    const double *z = few->z + i * n, weight = few->weight[i];
    const double *targets = few->targets != NULL ? few->targets + i * m->outputs : NULL;
    if (!(weight > 0)) {
      continue;
    }
    clf__moments_add_weight(m, few->group[i], weight, targets, few->sign);
    clf__moments_add_row(m, kernels, z, few->group[i], few->sign * weight, targets);
    for (int64_t j = 0; j < n; j++) {
      const double product = few->sign * weight * z[j];
      if (product != 0) {
        kernels->add_rows(z + j, 1, n - j, &product, n - j, m->products + j * n + j);
      }
    }
    if (few->sign > 0) {
      clf__moments_add_extremes(m, z);
    }
  }
  for (int64_t j = 0; j < n; j++) {
    m->peak[j] = fmax(m->peak[j], *clf__moments_square(m, j));
  }
}

void clf__few_rows_free(clf__few_rows *few) {
  if (few != NULL) {
    clf__arena_free(&few->arena);
    clf__free(few);
  }
}
