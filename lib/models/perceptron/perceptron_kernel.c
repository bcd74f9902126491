/* The perceptron with a kernel as a model: `coefficients` [classes, vectors] and `intercept` beside
 * the support vectors, the rows with a coefficient that is not 0. Averaged ones are C - U / T, as
 * the linear model's weights (perceptron_learn.c). */
#include "models/perceptron/perceptron_kernel.h"

#include <math.h>
#include <string.h>

#include "base/math.h"

static clf_status learner_create(clf__kernel_learner *l, const clf_model *model,
                                 const clf__training *training, const float *weights) {
  const clf__perceptron_params *p = model->params;
  clf_context *context = model->context;
  const int64_t rows = training->x->rows, classes = training->classes;
  /* A block may add two updates a row; no row is pending twice. */
  const int64_t pending = clf__min_i64(CLF__PERCEPTRON_PENDING + 2 * CLF__PERCEPTRON_BLOCK, rows);
  const int64_t block = clf__min_i64(CLF__PERCEPTRON_BLOCK, rows);
  const int64_t tile = clf__min_i64(CLF__PERCEPTRON_TILE, rows);
  int64_t size;
  size = clf__mul_i64(rows, classes, &size) ? size : -1;
  *l = (clf__kernel_learner){
      .context = context,
      .params = p,
      .training = training,
      .weights = weights,
      .rows = rows,
      .classes = classes,
      .F = clf__alloc_zeroed(context, size, sizeof(double)),
      .C = clf__alloc_zeroed(context, size, sizeof(double)),
      .U = p->averaged ? clf__alloc_zeroed(context, size, sizeof(double)) : NULL,
      .b = clf__alloc_zeroed(context, classes, sizeof(double)),
      .Ub = clf__alloc_zeroed(context, classes, sizeof(double)),
      .order = clf__alloc_array(context, rows, sizeof(int64_t)),
      .pending_row = clf__alloc_array(context, pending, sizeof(int64_t)),
      .place = clf__alloc_zeroed(context, rows, sizeof(int64_t)),
      .delta = clf__alloc_array(context, pending * classes, sizeof(float)),
      .block = clf__alloc_array(context, block, sizeof(int64_t)),
      .scores = clf__alloc_array(context, block * classes, sizeof(double)),
      .inside = clf__alloc_array(context, block * block, sizeof(float)),
      .across = clf__alloc_array(context, pending * block, sizeof(float)),
      .products = clf__alloc_array(context, tile * classes, sizeof(float)),
      .tile = clf__alloc_array(context, tile * pending, sizeof(float)),
      .step = clf__alloc_array(context, classes, sizeof(double)),
      .held = clf__alloc_zeroed(context, rows, sizeof(bool)),
      .ring = p->budget > 0 ? clf__alloc_array(context, p->budget, sizeof(int64_t)) : NULL,
      .share = (double)NAN,
  };
  bool complete = l->F && l->C && (l->U || !p->averaged) && l->b && l->Ub && l->order &&
                  l->pending_row && l->place && l->delta && l->block && l->scores && l->inside &&
                  l->across && l->products && l->tile && l->step && l->held &&
                  (l->ring || p->budget == 0);
  if (!complete) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status =
      clf__kernel_resolve(&l->function, model, p->kernel.kernel - 1, &p->kernel, training);
  return status < 0 ? status : clf__kernel_center(&l->center, context, &l->function, training->x);
}

static void learner_free(clf__kernel_learner *l) {
  clf__free(l->center);
  clf__free(l->F);
  clf__free(l->C);
  clf__free(l->U);
  clf__free(l->b);
  clf__free(l->Ub);
  clf__free(l->order);
  clf__free(l->pending_row);
  clf__free(l->place);
  clf__free(l->delta);
  clf__free(l->block);
  clf__free(l->scores);
  clf__free(l->inside);
  clf__free(l->across);
  clf__free(l->products);
  clf__free(l->tile);
  clf__free(l->step);
  clf__free(l->held);
  clf__free(l->ring);
}

/* Turns C and b into averages. */
static void average(clf__kernel_learner *l) {
  const double share = l->seen > 0 ? 1 / (double)l->seen : 0;
  for (int64_t i = 0; i < l->rows * l->classes; i++) {
    l->C[i] -= share * l->U[i];
  }
  for (int64_t k = 0; k < l->classes; k++) {
    l->b[k] -= share * l->Ub[k];
  }
}

/* The rows with a coefficient that is not 0 to `order`; returns their number, at least one. */
static int64_t list_vectors(clf__kernel_learner *l) {
  int64_t count = 0;
  for (int64_t i = 0; i < l->rows; i++) {
    bool counts = false;
    for (int64_t k = 0; k < l->classes; k++) {
      counts = counts || l->C[i * l->classes + k] != 0;
    }
    l->order[count] = i;
    count += counts;
  }
  return count > 0 ? count : 1;
}

static clf_status store_model(clf__kernel_learner *l, clf__store *state) {
  if (l->U != NULL) {
    average(l);
  }
  if (l->U != NULL && l->ring != NULL) {
    CLF__CHECK(clf__perceptron_project(l));
  }
  const int64_t count = list_vectors(l);
  CLF__CHECK(clf__support_store(l->context, state, &l->function, l->training->x, l->order, count,
                                l->center));
  CLF__CHECK(clf__state_tensor(l->context, state, "coefficients", CLF_F32, l->classes, count));
  CLF__CHECK(clf__state_tensor(l->context, state, "intercept", CLF_F32, l->classes, -1));
  float *coefficients = clf__state_data(state, "coefficients");
  float *intercept = clf__state_data(state, "intercept");
  for (int64_t k = 0; k < l->classes; k++) {
    for (int64_t j = 0; j < count; j++) {
      coefficients[k * count + j] = (float)l->C[l->order[j] * l->classes + k];
    }
    intercept[k] = (float)l->b[k];
  }
  return CLF_OK;
}

clf_status clf__perceptron_fit_kernel(const clf_model *model, const clf__training *training,
                                      const float *weights, clf__store *state) {
  const clf__perceptron_params *p = model->params;
  clf__kernel_learner l = {0};
  double *shares = clf__alloc_array(model->context, p->epochs, sizeof *shares);
  int64_t epochs = 0, before_pass = 0;
  clf_status status = shares == NULL ? CLF_ERROR_MEMORY : CLF_OK;
  CLF__TRY(status);
  CLF__TRY(learner_create(&l, model, training, weights));
  l.progress = clf__progress_begin(model->context, "perceptron", p->epochs);
  CLF__TRY(clf__progress_step(&l.progress, 0, (double)NAN, (double)NAN));
  for (; epochs < p->epochs && l.share != 0; epochs++) {
    before_pass = l.seen;
    CLF__TRY(clf__kernel_run_epoch(&l, epochs));
    shares[epochs] = l.share;
  }
  /* Passes that need not be made count for the averages, as those of the linear perceptron. */
  l.seen += (p->epochs - epochs) * (l.seen - before_pass);
  CLF__TRY(store_model(&l, state));
  CLF__TRY(clf__state_tensor(model->context, state, "history_loss", CLF_F64, epochs, -1));
  memcpy(clf__state_data(state, "history_loss"), shares, (size_t)epochs * sizeof *shares);
done:
  learner_free(&l);
  clf__free(shares);
  return status;
}

clf_status clf__perceptron_check_kernel(const clf_model *model) {
  CLF__CHECK(clf__support_check(model));
  CLF__CHECK(
      clf__check_tensor(model, "coefficients", CLF_F32, model->outputs, clf__support_count(model)));
  CLF__CHECK(clf__check_tensor(model, "intercept", CLF_F32, model->outputs, -1));
  return clf__check_tensor(model, "history_loss", CLF_F64, -1, -1);
}

clf_status clf__perceptron_decide_kernel(const clf_model *model, const clf__rows *x,
                                         float *values) {
  const int64_t outputs = model->outputs, start[2] = {0, clf__support_count(model)};
  const float *intercept = clf__state_data(model->state, "intercept");
  clf_status status = clf__support_sums(
      model, start, 1, clf__state_data(model->state, "coefficients"), outputs, x, values);
  for (int64_t i = 0; status == CLF_OK && i < x->rows * outputs; i++) {
    values[i] += intercept[i % outputs];
  }
  return status;
}
