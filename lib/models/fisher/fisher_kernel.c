/* The kernel Fisher discriminant (Mika et al. 1999, Baudat and Anouar 2000) by spectral regression
 * (Cai, He and Han 2007). Its axes are f(x) = sum_i a_i k(x_i, x), regressed on responses y that
 * are constant in each class, orthonormal and orthogonal to 1, weighted by the rows' weights w:
 *
 *   minimize sum_i w_i (f(x_i) + b - y_i)^2 + alpha |f|^2
 *
 * The solution satisfies (K + alpha W^-1) a + b 1 = y, 1^T a = 0. There is one axis fewer than
 * classes, and no eigenproblem. Fisher's linear discriminant (fisher.c) is then fitted on the
 * images of the rows along these axes; it whitens them and classifies. As alpha goes to 0, the
 * linear kernel yields the linear discriminant.
 *
 * f is a combination of all rows or, with landmarks, of a part of them (fisher_landmarks.c). */
#include "models/fisher/fisher_kernel.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "comm/shards.h"
#include "models/linear.h"

enum { IMAGE_ROWS = 4096, LARGE = 8192 };

/* Computes orthonormal responses: the indicators of the classes, minus their projections on 1 and
 * on earlier responses, weighted by the classes. One of the classes that have rows is left out. */
static int64_t make_responses(const clf__training *training, double *values) {
  const double *weight = training->class_rows;
  int64_t classes = training->classes, present = 0, count = 0;
  double total = 0;
  for (int64_t k = 0; k < classes; k++) {
    present += weight[k] > 0;
    total += weight[k];
  }
  const int64_t width = present - 1;
  for (int64_t own = 0; own < classes && count < width; own++) {
    if (weight[own] == 0) {
      continue;
    }
    double length = 0;
    for (int64_t k = 0; k < classes; k++) {
      values[k * width + count] = (k == own) - weight[own] / total;
    }
    for (int64_t pass = 0; pass < 2; pass++) {
      for (int64_t c = 0; c < count; c++) {
        double dot = 0;
        for (int64_t k = 0; k < classes; k++) {
          dot += weight[k] / total * values[k * width + c] * values[k * width + count];
        }
        for (int64_t k = 0; k < classes; k++) {
          values[k * width + count] -= dot * values[k * width + c];
        }
      }
    }
    for (int64_t k = 0; k < classes; k++) {
      length += weight[k] / total * values[k * width + count] * values[k * width + count];
    }
    for (int64_t k = 0; k < classes; k++) {
      values[k * width + count] /= sqrt(length);
    }
    count++;
  }
  return count;
}

static clf_status prepare(clf__fisher_system *s, const clf_model *model,
                          const clf__training *training) {
  clf_context *context = model->context;
  const int64_t count = training->x->rows, classes = training->classes;
  *s = (clf__fisher_system){.context = context,
                            .arena = {.context = context},
                            .params = model->params,
                            .training = training};
  const clf__kernel_params *kernel = &s->params->kernel;
  CLF__CHECK(clf__kernel_resolve(&s->function, model, kernel->kernel - 1, kernel, training));
  CLF__CHECK(clf__kernel_center(&s->center, &s->arena, &s->function, training->x));
  int64_t *rows = clf__arena_array(&s->arena, count, sizeof *rows);
  double *root = clf__arena_array(&s->arena, count, sizeof *root);
  double *values = clf__arena_zeroed(&s->arena, clf__count(classes, classes), sizeof *values);
  CLF__CHECK(clf__arena_status(&s->arena));
  for (int64_t i = 0; i < count; i++) {
    double weight = training->weights != NULL ? (double)training->weights[i] : 1;
    if (weight > 0) {
      rows[s->n] = i;
      root[s->n++] = sqrt(weight);
      s->weight += weight;
    }
  }
  s->rows = rows;
  s->root = root;
  s->values = values;
  s->responses = make_responses(training, values);
  return CLF_OK;
}

static clf_status solve(clf__fisher_system *s) {
  enum { AUTO = 0, CHOLESKY = 1 };
  const clf__fisher_params *p = s->params;
  bool landmarks = p->landmarks > 0 && p->landmarks < s->n;
  size_t bytes;
  /* Ranks, whose memory limits may differ, choose alike: by the rows alone. */
  bool fits = s->training->x->shards != NULL ||
              (clf__mul_size((size_t)s->n * sizeof(double), (size_t)s->n, &bytes) &&
               bytes < clf__context_available(s->context));
  bool direct = p->solver == CHOLESKY || (p->solver == AUTO && s->n <= LARGE && fits);
  s->progress =
      clf__progress_begin(s->context, "fisher", landmarks || direct ? 4 : p->max_iterations);
  if (p->solver == AUTO && !landmarks) {
    clf__fit_log(s->training, "solver=auto is %s", direct ? "cholesky" : "cg");
  }
  return landmarks ? clf__fisher_solve_landmarks(s)
         : direct  ? clf__fisher_solve_cholesky(s)
                   : clf__fisher_solve_cg(s);
}

static clf_status store_solution(const clf__fisher_system *s, clf__store *state) {
  CLF__CHECK(clf__support_store(s->context, state, &s->function, s->training->x, s->support, s->m,
                                s->center));
  CLF__CHECK(clf__state_tensor(s->context, state, "coefficients", CLF_F32, s->responses, s->m));
  float *coefficients = clf__state_data(state, "coefficients");
  for (int64_t c = 0; c < s->responses; c++) {
    for (int64_t j = 0; j < s->m; j++) {
      coefficients[c * s->m + j] = (float)s->a[j * s->responses + c];
    }
  }
  if (s->history != NULL) {
    CLF__CHECK(
        clf__state_tensor(s->context, state, "history_residual", CLF_F64, s->iterations, -1));
    memcpy(clf__state_data(state, "history_residual"), s->history,
           (size_t)s->iterations * sizeof(double));
  }
  return CLF_OK;
}

/* Computes the images of rows [x->rows, responses] by the stored solution. */
static clf_status map_rows(const clf_model *model, const clf__rows *x, float *images) {
  const clf_tensor *coefficients = clf__store_tensor(model->state, "coefficients");
  const int64_t start[2] = {0, coefficients->shape[1]};
  return clf__support_sums(model, start, 1, coefficients->data, coefficients->shape[0], x, images);
}

/* Each of several ranks computes the images of its own rows, and receives the others. */
static clf_status map_training(const clf_model *model, clf__fisher_system *s) {
  const clf__rows *x = s->training->x;
  const clf__shards *parts = s->training->parts;
  const bool divides = parts != NULL && parts->ranks > 1;
  const int64_t end = divides ? parts->start[parts->rank + 1] : x->rows;
  s->images = clf__arena_matrix(&s->arena, x->rows, s->responses, sizeof *s->images);
  CLF__CHECK(clf__arena_status(&s->arena));
  clf_status status = CLF_OK;
  for (int64_t first = divides ? parts->first : 0; first < end && status == CLF_OK;
       first += IMAGE_ROWS) {
    int64_t count = clf__min_i64(end - first, IMAGE_ROWS);
    clf__rows part = clf__rows_range(x, first, count);
    status = map_rows(model, &part, s->images + first * s->responses);
    if (status == CLF_OK) {
      status = clf__progress_step(&s->progress, s->step, (double)NAN, (double)NAN);
    }
  }
  return status == CLF_OK && divides
             ? clf__comm_spread(s->context, "images", s->images, parts->start,
                                (size_t)s->responses * sizeof *s->images)
             : status;
}

/* The rows were finite, so the kernel has overflowed. */
static clf_status check_images(const clf__fisher_system *s, const clf__rows *images) {
  clf_status status = clf__rows_check_finite(s->context, images);
  return status != CLF_ERROR_DATA ? status
                                  : clf__fail(CLF_ERROR_NUMERIC,
                                              "kernel values are beyond the range of float; "
                                              "scale the features, or lower gamma or degree");
}

clf_status clf__fisher_fit_kernel(const clf_model *model, const clf__training *training,
                                  clf__store *state) {
  clf__fisher_system system, *s = &system;
  clf_status status = CLF_OK, outcome;
  CLF__TRY(prepare(s, model, training));
  CLF__TRY(solve(s));
  outcome = status;
  CLF__TRY(store_solution(s, state));
  if (s->images == NULL) {
    CLF__TRY(map_training(model, s));
  }
  clf__rows images = clf__rows_of_f32(s->images, training->x->rows, s->responses, s->responses);
  clf__training mapped = *training;
  mapped.x = &images;
  mapped.center = NULL;
  CLF__TRY(check_images(s, &images));
  CLF__TRY(clf__fisher_fit_linear(model, &mapped, state));
  status = outcome;
done:
  clf__arena_free(&s->arena);
  clf__free(s->history);
  return status;
}

clf_status clf__fisher_check_kernel(const clf_model *model, int64_t *columns) {
  clf_status status = clf__support_check(model);
  if (status == CLF_OK) {
    status = clf__check_tensor(model, "coefficients", CLF_F32, -1, clf__support_count(model));
  }
  if (status == CLF_OK) {
    *columns = clf__store_tensor(model->state, "coefficients")->shape[0];
  }
  return status;
}

clf_status clf__fisher_map_kernel(const clf_model *model, const clf__rows *x,
                                  const clf__linear_names *names, float *values) {
  const int64_t columns = clf__store_tensor(model->state, names->weights)->shape[1];
  float *images = clf__alloc_matrix(model->context, x->rows, columns, sizeof *images);
  if (images == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = map_rows(model, x, images);
  if (status == CLF_OK) {
    const clf__rows mapped = clf__rows_of_f32(images, x->rows, columns, columns);
    status = clf__linear_apply(model, names, &mapped, values);
  }
  clf__free(images);
  return status;
}
