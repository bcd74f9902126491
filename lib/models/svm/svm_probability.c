/* Probabilities of support vector machines. A sigmoid (models/decision/sigmoid.h) maps the value f
 * of each machine to the probability of its positive side. It is fitted to values on rows that were
 * left out of the fit, in a cross-validation, or on held-out rows. The probabilities of all pairs
 * are coupled into those of the classes by the second method of Wu, Lin and Weng (2004).
 *
 * A row is left out by setting its bound to 0. The solver updates its gradient like that of any
 * other row, which gives its value at no cost. The folds share rows of the kernel matrix, and start
 * from the solution with all rows.
 */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/random.h"
#include "models/decision/sigmoid.h"
#include "models/svm/svm.h"

typedef struct left_out {
  const clf__svm_problem *whole; /* solved */
  int64_t folds;
  int64_t open;    /* folds that have not converged */
  double *f;       /* [count] values of rows that are left out */
  double *weights; /* [count] */
  bool *positive;  /* [count] */
  double *product; /* [count] K b of the solution, or NULL for a type that cannot start from it */
  int64_t *order;  /* scratch */
  int32_t *fold;   /* the fold in which each row is left out */
  bool *absent;
} left_out;

/* Distributes the rows of each side among the folds, in an order drawn from the seed. */
static void deal_folds(left_out *c) {
  const clf__svm_problem *whole = c->whole;
  clf_context *context = whole->rows->context;
  clf__random random = clf__random_seed(clf__context_seed(context), (uint64_t)whole->count);
  int32_t next[2] = {0, 0};
  for (int64_t i = 0; i < whole->count; i++) {
    c->order[i] = i;
  }
  clf__random_shuffle(&random, c->order, whole->count);
  for (int64_t i = 0; i < whole->count; i++) {
    int32_t *place = &next[whole->y[c->order[i]] > 0];
    c->fold[c->order[i]] = *place;
    *place = (int32_t)((*place + 1) % c->folds);
  }
}

static clf_status value_fold(left_out *c, int32_t fold) {
  const clf__svm_problem *whole = c->whole;
  clf__svm_problem part = {.rows = whole->rows,
                           .type = whole->type,
                           .nu = whole->nu,
                           .parts = whole->parts,
                           .part = whole->part,
                           .side = whole->side,
                           .tolerance = clf__svm_fold_tolerance(whole->tolerance),
                           .max_steps = whole->max_steps,
                           .f64 = whole->f64,
                           .C = whole->C,
                           .absent = c->absent,
                           .start_b = c->product != NULL ? whole->b : NULL,
                           .start_product = c->product};
  for (int64_t i = 0; i < whole->count; i++) {
    c->absent[i] = c->fold[i] == fold;
  }
  clf_status status = clf__svm_solve(&part);
  status = status == CLF_OK ? clf__svm_scale_margin(&part) : status;
  c->open += !part.converged;
  for (int64_t i = 0; status == CLF_OK && i < part.count; i++) {
    if (c->absent[i]) {
      c->f[i] = clf__svm_value(&part, i);
    }
  }
  clf__svm_problem_free(&part);
  return status;
}

clf_status clf__svm_calibrate(clf__svm_problem *whole, const float *weights, int64_t folds) {
  left_out c = {.whole = whole, .folds = folds};
  clf__arena arena = {.context = whole->rows->context};
  c.f = clf__arena_zeroed(&arena, whole->count, sizeof *c.f);
  c.weights = clf__arena_array(&arena, whole->count, sizeof *c.weights);
  c.positive = clf__arena_array(&arena, whole->count, sizeof *c.positive);
  c.order = clf__arena_array(&arena, whole->count, sizeof *c.order);
  c.fold = clf__arena_array(&arena, whole->count, sizeof *c.fold);
  c.absent = clf__arena_array(&arena, whole->count, sizeof *c.absent);
  clf_status status = CLF_OK;
  if (whole->type == CLF__SVM_C_SVC) {
    c.product = clf__arena_array(&arena, whole->count, sizeof *c.product);
  }
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t i = 0; c.product != NULL && i < whole->count; i++) {
    c.product[i] = whole->linear[i] - whole->gradient[i];
  }
  deal_folds(&c);
  for (int32_t fold = 0; fold < folds; fold++) {
    CLF__TRY(value_fold(&c, fold));
  }
  for (int64_t i = 0; i < whole->count; i++) {
    c.positive[i] = whole->y[i] > 0;
    c.weights[i] = weights != NULL ? (double)weights[whole->row[i]] : 1;
  }
  const clf__sigmoid_rows rows = {c.f, c.positive, c.weights, whole->count};
  clf__sigmoid_fit(&rows, whole->calibration);
  whole->open_folds = c.open;
done:
  clf__arena_free(&arena);
  return status;
}

/* Held-out rows with the values of all machines. */
typedef struct valued_rows {
  clf__svm_shape shape;
  const float *values;   /* [rows, problems] */
  const int32_t *labels; /* [rows] */
  const float *weights;  /* [rows], or NULL for 1 */
  int64_t rows;
  double *f, *own_weights; /* [rows] scratch: the rows of one machine */
  bool *positive;
} valued_rows;

/* Fits the sigmoid of machine `index` to the rows of its two sides: class i is the positive one,
 * and j the other, or all others. */
static void fit_machine(const valued_rows *v, int64_t index, int64_t i, int64_t j, double ab[2]) {
  int64_t count = 0;
  for (int64_t row = 0; row < v->rows; row++) {
    if (v->shape.one_vs_rest || v->labels[row] == i || v->labels[row] == j) {
      v->f[count] = (double)v->values[row * v->shape.problems + index];
      v->positive[count] = v->labels[row] == i;
      v->own_weights[count++] = v->weights != NULL ? (double)v->weights[row] : 1;
    }
  }
  const clf__sigmoid_rows rows = {v->f, v->positive, v->own_weights, count};
  clf__sigmoid_fit(&rows, ab);
}

clf_status clf__svm_fit_sigmoids(const clf_model *model, const clf_dataset *held_out,
                                 const int32_t *labels, clf__store *state) {
  const clf__svm_shape shape = clf__svm_shape_of(model);
  const int64_t classes = model->outputs, rows = held_out->rows;
  clf__arena arena = {.context = model->context};
  float *values = clf__arena_matrix(&arena, rows, shape.problems, sizeof *values);
  valued_rows v = {.shape = shape,
                   .values = values,
                   .labels = labels,
                   .weights = clf__dataset_weights(held_out),
                   .rows = rows,
                   .f = clf__arena_array(&arena, rows, sizeof *v.f),
                   .own_weights = clf__arena_array(&arena, rows, sizeof *v.own_weights),
                   .positive = clf__arena_array(&arena, rows, sizeof *v.positive)};
  int64_t index = 0;
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf_model_project(model, held_out, values, rows * shape.problems, NULL));
  CLF__TRY(clf__state_tensor(model->context, state, "calibration", CLF_F64, shape.problems, 2));
  double *ab = clf__state_data(state, "calibration");
  for (int64_t i = 0; i < classes; i++) {
    for (int64_t j = shape.one_vs_rest ? classes - 1 : i + 1; j < classes; j++, index++) {
      fit_machine(&v, index, i, j, ab + 2 * index);
    }
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Computes the probabilities p [classes] that minimize the sum over pairs of (r_ji p_i - r_ij
 * p_j)^2, by the iteration of Wu, Lin and Weng's algorithm 2: Q_ii = sum r_ji^2, Q_ij = -r_ji r_ij.
 * `Qp` [classes] is scratch. */
static void couple(const double *Q, int64_t classes, double *Qp, double *p) {
  const int64_t max_rounds = clf__max_i64(classes, 100);
  const double tolerance = 0.005 / (double)classes;
  for (int64_t k = 0; k < classes; k++) {
    p[k] = 1 / (double)classes;
  }
  for (int64_t round = 0; round < max_rounds; round++) {
    double pQp = 0, error = 0;
    for (int64_t i = 0; i < classes; i++) {
      Qp[i] = 0;
      for (int64_t j = 0; j < classes; j++) {
        Qp[i] += Q[i * classes + j] * p[j];
      }
      pQp += p[i] * Qp[i];
    }
    for (int64_t i = 0; i < classes; i++) {
      error = fmax(error, fabs(Qp[i] - pQp));
    }
    if (error < tolerance) {
      return;
    }
    for (int64_t i = 0; i < classes; i++) {
      const double step = (pQp - Qp[i]) / Q[i * classes + i];
      p[i] += step;
      pQp = (pQp + step * (step * Q[i * classes + i] + 2 * Qp[i])) / (1 + step) / (1 + step);
      for (int64_t j = 0; j < classes; j++) {
        Qp[j] = (Qp[j] + step * Q[i * classes + j]) / (1 + step);
        p[j] /= 1 + step;
      }
    }
  }
}

static double calibrated(const double *ab, float f) {
  const double min = 1e-7, p = clf__sigmoid_value(ab[0] * (double)f + ab[1]);
  return p < min ? min : p > 1 - min ? 1 - min : p;
}

/* Computes p [classes] for the classes that have support vectors, as if there were no others: their
 * pairs are coupled, or the value of the only pair is used directly. */
static void pair_probabilities(const double *ab, const float *f, const int64_t *support_count,
                               int64_t classes, double *Q, double *p) {
  double *Qp = Q + classes * classes, r = 0;
  int64_t present = 0, i = 0, j = 0;
  for (int64_t k = 0; k < classes; k++) {
    present += support_count[k] > 0;
  }
  memset(Q, 0, (size_t)(present * present) * sizeof *Q);
  for (int64_t left = 0; left < classes; left++) {
    j = i + 1;
    for (int64_t right = left + 1; right < classes; right++, f++, ab += 2) {
      if (support_count[left] == 0 || support_count[right] == 0) {
        continue;
      }
      r = calibrated(ab, *f);
      Q[i * present + i] += (1 - r) * (1 - r);
      Q[j * present + j] += r * r;
      Q[i * present + j] = Q[j * present + i] = -r * (1 - r);
      j++;
    }
    i += support_count[left] > 0;
  }
  if (present == 2) {
    p[0] = r;
    p[1] = 1 - r;
  } else {
    couple(Q, present, Qp, p);
  }
  for (int64_t k = classes - 1; k >= 0; k--) {
    p[k] = support_count[k] > 0 ? p[--present] : 0;
  }
}

void clf__svm_log_odds(const clf__svm_shape *shape, int64_t classes, const int64_t *support_count,
                       const double *calibration, const float *f, double *scratch, float *values) {
  double *p = scratch, *Q = scratch + classes;
  double sum = 0;
  if (shape->one_vs_rest) {
    for (int64_t k = 0; k < classes; k++) {
      p[k] = support_count[k] > 0 ? calibrated(calibration + 2 * k, f[k]) : 0;
    }
  } else {
    pair_probabilities(calibration, f, support_count, classes, Q, p);
  }
  for (int64_t k = 0; k < classes; k++) {
    sum += p[k];
  }
  for (int64_t k = 0; k < classes; k++) {
    const double others = sum - p[k], min = 1e-12; /* rounding may make either 0 */
    values[k] = (float)log((p[k] < min ? min : p[k]) / (others < min ? min : others));
  }
}

int32_t clf__svm_link(const clf_model *model) {
  return clf__store_tensor(model->state, "calibration") != NULL ? CLF__LINK_SIGMOIDS
                                                                : CLF__LINK_NONE;
}

clf_status clf__svm_probabilities(const clf_model *model, float *values, int64_t rows) {
  const int64_t classes = model->outputs;
  const int64_t *support_count = clf__state_data(model->state, "support_count");
  if (clf__store_tensor(model->state, "calibration") == NULL) {
    return clf__fail(
        CLF_ERROR_UNSUPPORTED,
        "svm: it was fitted without probabilities; set calibration=sigmoid and fit it to "
        "its end, or call clf_model_calibrate()");
  }
  for (int64_t row = 0; row < rows; row++, values += classes) {
    double sum = 0;
    for (int64_t k = 0; k < classes; k++) {
      sum += support_count[k] > 0 ? clf__sigmoid_value(-(double)values[k]) : 0;
    }
    for (int64_t k = 0; k < classes; k++) {
      values[k] = support_count[k] > 0 ? (float)(clf__sigmoid_value(-(double)values[k]) / sum) : 0;
    }
  }
  return CLF_OK;
}
