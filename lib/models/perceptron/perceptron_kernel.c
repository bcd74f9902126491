/* The perceptron with a kernel as a model: `coefficients` [classes, vectors], `intercept` and the
 * support vectors, which are the rows with a nonzero coefficient. Averages are C - U / T, as for
 * the weights of the linear model (perceptron_learn.c). */
#include "models/perceptron/perceptron_kernel.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"

static clf_status learner_create(clf__kernel_learner *l, const clf_model *model,
                                 const clf__training *training, const float *weights) {
  const clf__perceptron_params *p = model->params;
  clf_context *context = model->context;
  const int64_t rows = training->x->rows, classes = training->classes;
  /* A block may add two updates for each row; no row is pending twice. */
  const int64_t pending = clf__min_i64(CLF__PERCEPTRON_PENDING + 2 * CLF__PERCEPTRON_BLOCK, rows);
  const int64_t block = clf__min_i64(CLF__PERCEPTRON_BLOCK, rows);
  const int64_t tile = clf__min_i64(CLF__PERCEPTRON_TILE, rows);
  const int64_t size = clf__count(rows, classes);
  *l = (clf__kernel_learner){
      .context = context,
      .arena = {.context = context},
      .params = p,
      .training = training,
      .weights = weights,
      .rows = rows,
      .classes = classes,
      .share = (double)NAN,
  };
  l->F = clf__arena_zeroed(&l->arena, size, sizeof *l->F);
  l->C = clf__arena_zeroed(&l->arena, size, sizeof *l->C);
  l->U = p->averaged ? clf__arena_zeroed(&l->arena, size, sizeof *l->U) : NULL;
  l->b = clf__arena_zeroed(&l->arena, classes, sizeof *l->b);
  l->Ub = clf__arena_zeroed(&l->arena, classes, sizeof *l->Ub);
  l->order = clf__arena_array(&l->arena, rows, sizeof *l->order);
  l->pending_row = clf__arena_array(&l->arena, pending, sizeof *l->pending_row);
  l->place = clf__arena_zeroed(&l->arena, rows, sizeof *l->place);
  l->delta = clf__arena_matrix(&l->arena, pending, classes, sizeof *l->delta);
  l->block = clf__arena_array(&l->arena, block, sizeof *l->block);
  l->scores = clf__arena_matrix(&l->arena, block, classes, sizeof *l->scores);
  l->inside = clf__arena_matrix(&l->arena, block, block, sizeof *l->inside);
  l->across = clf__arena_matrix(&l->arena, pending, block, sizeof *l->across);
  l->products = clf__arena_matrix(&l->arena, tile, classes, sizeof *l->products);
  l->tile = clf__arena_matrix(&l->arena, tile, pending, sizeof *l->tile);
  l->step = clf__arena_array(&l->arena, classes, sizeof *l->step);
  l->held = clf__arena_zeroed(&l->arena, rows, sizeof *l->held);
  l->ring = p->budget > 0 ? clf__arena_array(&l->arena, p->budget, sizeof *l->ring) : NULL;
  CLF__CHECK(clf__arena_status(&l->arena));
  CLF__CHECK(clf__kernel_resolve(&l->function, model, p->kernel.kernel - 1, &p->kernel, training));
  return clf__kernel_center(&l->center, &l->arena, &l->function, training->x);
}

/* Replaces C and b by their averages. */
static void average(clf__kernel_learner *l) {
  const double share = l->seen > 0 ? 1 / (double)l->seen : 0;
  for (int64_t i = 0; i < l->rows * l->classes; i++) {
    l->C[i] -= share * l->U[i];
  }
  for (int64_t k = 0; k < l->classes; k++) {
    l->b[k] -= share * l->Ub[k];
  }
}

/* Lists the rows with a nonzero coefficient in `order`; returns their number, at least one. */
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

/* As for the linear perceptron. */
static clf_status run_epochs(clf__kernel_learner *l, double *shares, int64_t *done) {
  int64_t rows_before = 0;
  clf_status status = clf__kernel_report(l);
  while (status == CLF_OK && *done < l->params->epochs && l->share != 0) {
    rows_before = l->seen;
    CLF__TRY(clf__kernel_run_epoch(l));
    shares[(*done)++] = l->share;
    status = clf__kernel_report(l);
  }
  if (status == CLF_OK) { /* passes that need not be run count for the averages */
    l->seen += (l->params->epochs - *done) * (l->seen - rows_before);
  }
done:
  return *done > 0 ? clf__stop_keep(l->training->stop, status) : status;
}

clf_status clf__perceptron_fit_kernel(const clf_model *model, const clf__training *training,
                                      const float *weights, clf__store *state) {
  const clf__perceptron_params *p = model->params;
  clf__kernel_learner l = {0};
  int64_t epochs = 0;
  clf_status status = CLF_OK;
  CLF__TRY(learner_create(&l, model, training, weights));
  double *shares = clf__arena_array(&l.arena, p->epochs, sizeof *shares);
  CLF__TRY(clf__arena_status(&l.arena));
  l.progress = clf__progress_begin(model->context, "perceptron", p->epochs);
  CLF__TRY(run_epochs(&l, shares, &epochs));
  const clf_status ended = status;
  CLF__TRY(store_model(&l, state));
  CLF__TRY(clf__state_tensor(model->context, state, "history_loss", CLF_F64, epochs, -1));
  memcpy(clf__state_data(state, "history_loss"), shares, (size_t)epochs * sizeof *shares);
  status = ended;
done:
  clf__arena_free(&l.arena);
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
