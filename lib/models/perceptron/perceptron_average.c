/* The average of a kernel perceptron that dropped vectors. Averaged over the learned rows, its
 * functions are f = sum_i c_i k(x_i, .), with terms of all vectors that ever existed. The model
 * uses only the vectors H that exist at the end. It is the combination of these that is nearest to
 * f in the norm of the kernel, which is the one with the same values at H. With D for the dropped
 * vectors,
 *
 *   K_HH q = K_HD c_D,  and the coefficients are c_H + q.
 *
 * The solution is found by conjugate gradients. If vectors are nearly dependent, many coefficients
 * give nearly the same function, so the iterations end before they determine the last digits. If
 * the kernel is not positive definite, they end at the first direction that shows it. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "models/perceptron/perceptron_kernel.h"
#include "ops/kernelfn/kernel_product.h"

enum { PART = 64 }; /* dropped vectors that are processed at a time */

typedef struct projection {
  clf__arena arena;
  clf__kernel_learner *l;
  int64_t n, m;            /* existing and dropped vectors */
  int64_t *held, *dropped; /* their rows */
  clf__kernel_product *matrix;
  double *root;       /* [n] ones */
  double *q, *r;      /* [n, classes] solution and residual */
  double *d, *Kd;     /* [n, classes] direction and its product */
  double *rr;         /* [classes] squared length of the residual */
  double *enough;     /* [classes] squared length at which to end */
  double *curve, *dd; /* [classes] d.Kd and d.d */
  double *steepest;   /* [classes] largest d.Kd / d.d so far */
} projection;

static void list_vectors(projection *p) {
  const clf__kernel_learner *l = p->l;
  for (int64_t i = 0; i < l->rows; i++) {
    bool counts = false;
    for (int64_t k = 0; k < l->classes; k++) {
      counts = counts || l->C[i * l->classes + k] != 0;
    }
    if (l->held[i]) {
      p->held[p->n++] = i;
    } else if (counts) {
      p->dropped[p->m++] = i;
    }
  }
}

static clf_status prepare(projection *p) {
  clf__kernel_learner *l = p->l;
  const int64_t size = clf__count(p->n, l->classes);
  p->root = clf__arena_array(&p->arena, p->n, sizeof(double));
  p->q = clf__arena_zeroed(&p->arena, size, sizeof(double));
  p->r = clf__arena_zeroed(&p->arena, size, sizeof(double));
  p->d = clf__arena_array(&p->arena, size, sizeof(double));
  p->Kd = clf__arena_array(&p->arena, size, sizeof(double));
  p->rr = clf__arena_array(&p->arena, l->classes, sizeof(double));
  p->enough = clf__arena_array(&p->arena, l->classes, sizeof(double));
  p->curve = clf__arena_array(&p->arena, l->classes, sizeof(double));
  p->dd = clf__arena_array(&p->arena, l->classes, sizeof(double));
  p->steepest = clf__arena_zeroed(&p->arena, l->classes, sizeof(double));
  CLF__CHECK(clf__arena_status(&p->arena));
  for (int64_t i = 0; i < p->n; i++) {
    p->root[i] = 1;
  }
  return clf__kernel_product_create(&p->matrix, l->context, &l->function,
                                    &(clf__row_pick){l->training->x, p->held, 0, p->n}, l->center,
                                    p->root, l->classes, (size_t)CLF__PERCEPTRON_CACHE);
}

/* r = K_HD c_D. */
static clf_status value_dropped(projection *p) {
  clf__kernel_learner *l = p->l;
  const int64_t classes = l->classes, n = p->n;
  clf__kernel_columns *columns = NULL;
  clf__arena arena = {.context = l->context};
  float *values = clf__arena_matrix(&arena, n, PART, sizeof *values);
  float *products = clf__arena_matrix(&arena, n, classes, sizeof *products);
  float *c = clf__arena_matrix(&arena, PART, classes, sizeof *c);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__kernel_columns_create(&columns, l->context, &l->function, l->training->x, p->held,
                                      n, l->training->x, l->center));
  for (int64_t first = 0; first < p->m; first += PART) {
    const int64_t count = clf__min_i64(p->m - first, PART);
    for (int64_t i = 0; i < count * classes; i++) {
      c[i] = (float)l->C[p->dropped[first + i / classes] * classes + i % classes];
    }
    CLF__TRY(
        clf__kernel_block(columns, 0, n, l->training->x, p->dropped + first, count, values, n));
    CLF__TRY(clf__gemm_f32(l->context, 1, clf__f32_transposed(values, n, count, n),
                           clf__f32_matrix(c, count, classes, classes), 0, products, classes));
    for (int64_t i = 0; i < n * classes; i++) {
      p->r[i] += (double)products[i];
    }
    CLF__TRY(clf__progress_step(&l->progress, l->epoch, l->share, (double)NAN));
  }
done:
  clf__kernel_columns_free(columns);
  clf__arena_free(&arena);
  return status;
}

/* dots [classes] of the columns of a and b. */
static void dot(const projection *p, const double *a, const double *b, double *dots) {
  const int64_t classes = p->l->classes;
  memset(dots, 0, (size_t)classes * sizeof *dots);
  for (int64_t i = 0; i < p->n * classes; i++) {
    dots[i % classes] += a[i] * b[i];
  }
}

/* Makes one step along d; returns false if no class needs one. The step of a class that has ended
 * is 0. */
static bool advance(projection *p) {
  const double min = 1e-6; /* relative to the steepest: below it floats do not determine a
                            * direction */
  const int64_t classes = p->l->classes;
  bool going = false;
  dot(p, p->d, p->Kd, p->curve);
  dot(p, p->d, p->d, p->dd);
  for (int64_t k = 0; k < classes; k++) {
    p->steepest[k] = fmax(p->steepest[k], p->dd[k] > 0 ? p->curve[k] / p->dd[k] : 0);
    const bool some = p->rr[k] > p->enough[k] && p->curve[k] > min * p->steepest[k] * p->dd[k];
    p->curve[k] = some ? p->rr[k] / p->curve[k] : 0;
    going = going || some;
  }
  for (int64_t i = 0; i < p->n * classes; i++) {
    p->q[i] += p->curve[i % classes] * p->d[i];
    p->r[i] -= p->curve[i % classes] * p->Kd[i];
  }
  dot(p, p->r, p->r, p->dd);
  for (int64_t i = 0; i < p->n * classes; i++) {
    const int64_t k = i % classes;
    p->d[i] = p->curve[k] > 0 ? p->r[i] + p->dd[k] / p->rr[k] * p->d[i] : 0;
  }
  memcpy(p->rr, p->dd, (size_t)classes * sizeof *p->rr);
  return going;
}

static clf_status solve(projection *p) {
  enum { MAX_ITERATIONS = 100 };
  const double precision = 1e-3; /* relative to the values of the dropped vectors */
  const clf__kernel_learner *l = p->l;
  bool going = true;
  memcpy(p->d, p->r, (size_t)(p->n * l->classes) * sizeof *p->d);
  dot(p, p->r, p->r, p->rr);
  for (int64_t k = 0; k < l->classes; k++) {
    p->enough[k] = precision * precision * p->rr[k];
  }
  for (int i = 0; i < MAX_ITERATIONS && going; i++) {
    CLF__CHECK(clf__kernel_product_times(p->matrix, p->d, false, &l->progress, l->epoch, p->Kd));
    going = advance(p);
  }
  return CLF_OK;
}

static void store(projection *p) {
  const int64_t classes = p->l->classes;
  double *C = p->l->C;
  for (int64_t i = 0; i < p->m; i++) {
    memset(C + p->dropped[i] * classes, 0, (size_t)classes * sizeof *C);
  }
  for (int64_t i = 0; i < p->n * classes; i++) {
    C[p->held[i / classes] * classes + i % classes] += p->q[i];
  }
}

clf_status clf__perceptron_project(clf__kernel_learner *l) {
  projection p = {.arena = {.context = l->context}, .l = l};
  clf_status status = CLF_OK;
  p.held = clf__arena_array(&p.arena, l->rows, sizeof *p.held);
  p.dropped = clf__arena_array(&p.arena, l->rows, sizeof *p.dropped);
  CLF__TRY(clf__arena_status(&p.arena));
  list_vectors(&p);
  if (p.m > 0) {
    CLF__TRY(prepare(&p));
    CLF__TRY(value_dropped(&p));
    CLF__TRY(solve(&p));
    store(&p);
  }
done:
  clf__kernel_product_free(p.matrix);
  clf__arena_free(&p.arena);
  return status;
}
