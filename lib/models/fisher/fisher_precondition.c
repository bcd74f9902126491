/* The preconditioner of the kernel Fisher system S = W^1/2 K W^1/2 + alpha I (Frangella, Tropp and
 * Udell 2023): with Nystroem's features U, weighted,
 *
 *   M = U U^T + s I,   M^-1 r = (r - U (U^T U + s I)^-1 U^T r) / s.
 *
 * It is positive definite whatever the rounding errors of U, which is in floats. s is alpha, or
 * more if alpha is below the rounding errors of U^T U. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "models/fisher/fisher_cg.h"
#include "models/fisher/fisher_nystroem.h"

#define ROUNDING 1e-6

static clf_status allocate(clf__precondition *p, const clf__fisher_system *s) {
  p->arena.context = s->context;
  p->u = clf__arena_matrix(&p->arena, s->n, p->rank, sizeof *p->u);
  p->factor = clf__arena_zeroed(&p->arena, clf__count(p->rank, p->rank), sizeof *p->factor);
  p->t = clf__arena_matrix(&p->arena, p->rank, s->responses, sizeof *p->t);
  p->t_f32 = clf__arena_matrix(&p->arena, p->rank, s->responses, sizeof *p->t_f32);
  p->r_f32 = clf__arena_matrix(&p->arena, s->n, s->responses, sizeof *p->r_f32);
  p->scale = clf__arena_array(&p->arena, s->responses, sizeof *p->scale);
  return clf__arena_status(&p->arena);
}

static clf_status set_factor(clf__precondition *p, const clf__fisher_system *s) {
  double trace = 0;
  for (int64_t i = 0; i < p->rank; i++) {
    trace += p->factor[i * p->rank + i];
  }
  p->shift = fmax(s->params->alpha, ROUNDING * trace);
  for (int64_t i = 0; i < p->rank; i++) {
    p->factor[i * p->rank + i] += p->shift;
  }
  return clf__cholesky(s->context, p->factor, p->rank, p->rank, 1e-12, NULL);
}

/* Computes U and U^T U. */
static clf_status fill(clf__precondition *out, clf__fisher_system *s, int64_t rank) {
  clf__nystroem nystroem = {0};
  clf_status status = CLF_OK;
  CLF__TRY(clf__nystroem_create(&nystroem, s, rank));
  out->rank = nystroem.rank;
  CLF__TRY(allocate(out, s));
  for (int64_t first = 0; first < s->n; first += CLF__NYSTROEM_ROWS) {
    int64_t count = clf__min_i64(s->n - first, CLF__NYSTROEM_ROWS);
    float *u = out->u + first * out->rank;
    CLF__TRY(clf__nystroem_rows(&nystroem, first, count, u));
    CLF__TRY(clf__nystroem_add(&nystroem, u, count, out->factor));
    CLF__TRY(clf__progress_step(&s->progress, s->step, (double)NAN, (double)NAN));
  }
done:
  clf__nystroem_free(&nystroem);
  return status;
}

clf_status clf__precondition_create(clf__precondition *out, clf__fisher_system *s, int64_t rank) {
  CLF__CHECK(fill(out, s, rank));
  return set_factor(out, s);
}

void clf__precondition_free(clf__precondition *p) {
  clf__arena_free(&p->arena);
}

/* Residuals become small, so each is scaled by its largest element before it is converted to
 * floats. */
static void set_scaled(const clf__precondition *p, const clf__fisher_system *s, const double *r) {
  for (int64_t c = 0; c < s->responses; c++) {
    double largest = 0;
    for (int64_t i = 0; i < s->n; i++) {
      largest = fmax(largest, fabs(r[i * s->responses + c]));
    }
    p->scale[c] = largest > 0 ? largest : 1;
  }
  for (int64_t i = 0; i < s->n * s->responses; i++) {
    p->r_f32[i] = (float)(r[i] / p->scale[i % s->responses]);
  }
}

clf_status clf__precondition_apply(const clf__precondition *p, const clf__fisher_system *s,
                                   const double *r, double *z) {
  const int64_t width = s->responses, rank = p->rank;
  set_scaled(p, s, r);
  CLF__CHECK(clf__gemm_f32(s->context, 1, clf__f32_transposed(p->u, rank, s->n, rank),
                           clf__f32_matrix(p->r_f32, s->n, width, width), 0, p->t_f32, width));
  for (int64_t i = 0; i < rank * width; i++) {
    p->t[i] = (double)p->t_f32[i];
  }
  CLF__CHECK(clf__solve_lower(s->context, p->factor, rank, rank, p->t, width, width));
  CLF__CHECK(clf__solve_lower_transposed(s->context, p->factor, rank, rank, p->t, width, width));
  for (int64_t i = 0; i < rank * width; i++) {
    p->t_f32[i] = (float)p->t[i];
  }
  CLF__CHECK(clf__gemm_f32(s->context, -1, clf__f32_matrix(p->u, s->n, rank, rank),
                           clf__f32_matrix(p->t_f32, rank, width, width), 1, p->r_f32, width));
  for (int64_t i = 0; i < s->n * width; i++) {
    z[i] = (double)p->r_f32[i] * p->scale[i % width] / p->shift;
  }
  return CLF_OK;
}
