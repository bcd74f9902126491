/* The machines of a fit as the state of its model. */
#include <string.h>

#include "models/svm/svm_fitting.h"

/* Computes the index of each row among the support vectors, -1 for the others; returns their
 * number. A model has at least one, with coefficient 0 if a regression is a constant. */
static int64_t number_vectors(const clf__svm_fitting *f, int64_t *place, int64_t *vectors,
                              int64_t *count) {
  const int64_t rows = f->training->x->rows;
  int64_t next = 0;
  memset(place, 0, (size_t)rows * sizeof *place);
  for (int64_t i = 0; i < f->shape.problems; i++) {
    for (int64_t k = 0; k < f->problems[i].count; k++) {
      place[f->problems[i].row[k]] = 1;
    }
  }
  const int64_t end = f->shared->start[clf__svm_groups(f->training)];
  bool none = true;
  for (int64_t at = 0; none && at < end; at++) {
    none = place[f->shared->order[at]] == 0;
  }
  for (int64_t at = 0; at < end; at++) {
    const int64_t row = f->shared->order[at];
    if (place[row] == 1 || none) {
      none = false;
      count[clf__svm_group_of(f->training, row)]++;
      vectors[next] = row;
      place[row] = next++;
    } else {
      place[row] = -1;
    }
  }
  return next;
}

/* Thousands of machines have gigabytes of coefficients: before each but the first, asks whether to
 * go on. */
static clf_status ask(const clf__svm_fitting *f, int64_t machine) {
  return machine == 0
             ? CLF_OK
             : clf__progress_step(&f->rows.progress, f->shape.problems, (double)NAN, (double)NAN);
}

static clf_status add_coefficients(const clf__svm_fitting *f, clf__store *state, const char *name,
                                   int32_t dtype, int64_t vectors) {
  const int64_t lines = f->shape.coefficients, shape[] = {lines, vectors};
  const size_t bytes = (size_t)vectors * clf__dtype_size(dtype);
  clf_tensor *tensor = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__tensor_create_uninitialized(&tensor, f->model->context, dtype, 2, shape));
  for (int64_t i = 0; i < lines; i++) {
    CLF__TRY(ask(f, i));
    memset((char *)tensor->data + (size_t)i * bytes, 0, bytes);
  }
  status = clf__store_add_tensor(state, name, tensor);
done:
  clf_tensor_free(tensor);
  return status;
}

static clf_status store_coefficients(const clf__svm_fitting *f, const int64_t *place, float *c,
                                     double *precise, int64_t vectors) {
  for (int64_t i = 0; i < f->shape.problems; i++) {
    const clf__svm_problem *p = &f->problems[i];
    CLF__CHECK(ask(f, i));
    for (int64_t k = 0; k < p->count; k++) {
      const int64_t line = clf__svm_line(f, i, clf__svm_group_of(f->training, p->row[k]));
      c[line * vectors + place[p->row[k]]] = (float)p->b[k];
      precise[line * vectors + place[p->row[k]]] = p->b[k];
    }
  }
  return CLF_OK;
}

static clf_status store_weights(const clf__svm_fitting *f, clf__store *state) {
  clf_context *context = f->model->context;
  const clf__rows *x = f->training->x;
  const int64_t problems = f->shape.problems, columns = x->columns;
  CLF__CHECK(clf__state_tensor(context, state, "weights", CLF_F32, problems, columns));
  CLF__CHECK(clf__state_tensor(context, state, "weights_f64", CLF_F64, problems, columns));
  float *weights = clf__state_data(state, "weights");
  double *w = clf__state_data(state, "weights_f64");
  memset(w, 0, (size_t)(problems * columns) * sizeof *w);
  for (int64_t i = 0; i < problems; i++) {
    CLF__CHECK(ask(f, i));
    for (int64_t k = 0; k < f->problems[i].count; k++) {
      clf__sum_row(context, x, f->problems[i].row[k], f->problems[i].b[k], w + i * columns);
    }
  }
  for (int64_t i = 0; i < problems * columns; i++) {
    weights[i] = (float)w[i];
  }
  return CLF_OK;
}

/* What nu determined: the C of the c_svc, or the epsilon of the epsilon_svr, with this machine. */
static clf_status store_implied(const clf__svm_fitting *f, clf__store *state) {
  const bool margins = f->shape.type == CLF__SVM_NU_SVC;
  const char *name = margins ? "implied_C" : "implied_epsilon";
  if (!margins && f->shape.type != CLF__SVM_NU_SVR) {
    return CLF_OK;
  }
  CLF__CHECK(clf__state_tensor(f->model->context, state, name, CLF_F64, f->shape.problems, -1));
  double *values = clf__state_data(state, name);
  for (int64_t i = 0; i < f->shape.problems; i++) {
    const double implied = f->problems[i].implied;
    values[i] = !margins ? -implied : implied > 0 ? 1 / implied : 0;
  }
  return CLF_OK;
}

static clf_status store_problems(const clf__svm_fitting *f, clf__store *state) {
  clf_context *context = f->model->context;
  const clf__svm_params *p = f->model->params;
  const int64_t problems = f->shape.problems;
  if (f->shape.one_vs_rest) {
    CLF__CHECK(clf__state_tensor(context, state, "one_vs_rest", CLF_I32, 1, -1));
    *(int32_t *)clf__state_data(state, "one_vs_rest") = 1;
  }
  if (f->shape.type != CLF__SVM_C_SVC) {
    CLF__CHECK(clf__state_tensor(context, state, "type", CLF_I32, 1, -1));
    *(int32_t *)clf__state_data(state, "type") = f->shape.type;
  }
  CLF__CHECK(store_implied(f, state));
  CLF__CHECK(clf__state_tensor(context, state, "intercept", CLF_F64, problems, -1));
  CLF__CHECK(clf__state_tensor(context, state, "objective", CLF_F64, problems, -1));
  CLF__CHECK(clf__state_tensor(context, state, "iterations", CLF_I64, problems, -1));
  for (int64_t i = 0; i < problems; i++) {
    ((double *)clf__state_data(state, "intercept"))[i] = f->problems[i].intercept;
    ((double *)clf__state_data(state, "objective"))[i] = f->problems[i].objective;
    ((int64_t *)clf__state_data(state, "iterations"))[i] = f->problems[i].steps;
  }
  if (clf__svm_calibration_folds(p) > 0 && !f->stopped) {
    CLF__CHECK(clf__state_tensor(context, state, "calibration", CLF_F64, problems, 2));
    double *calibration = clf__state_data(state, "calibration");
    for (int64_t i = 0; i < problems; i++) {
      memcpy(calibration + 2 * i, f->problems[i].calibration, 2 * sizeof *calibration);
    }
  }
  return CLF_OK;
}

clf_status clf__svm_store_machines(const clf__svm_fitting *f, clf__store *state) {
  clf_context *context = f->model->context;
  const int64_t rows = f->training->x->rows;
  clf__arena arena = {.context = context};
  int64_t *place = clf__arena_array(&arena, rows, sizeof *place);
  int64_t *vectors = clf__arena_array(&arena, rows, sizeof *vectors);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__state_tensor(context, state, "support_count", CLF_I64, clf__svm_groups(f->training),
                             -1));
  const int64_t count = number_vectors(f, place, vectors, clf__state_data(state, "support_count"));
  CLF__TRY(clf__support_store(context, state, &f->rows.function, f->training->x, vectors, count,
                              f->shared->center));
  for (int64_t k = 0; f->number != NULL && k < count; k++) {
    ((int64_t *)clf__state_data(state, "support"))[k] = f->number[vectors[k]];
  }
  CLF__TRY(add_coefficients(f, state, "dual_coef", CLF_F32, count));
  CLF__TRY(add_coefficients(f, state, "dual_coef_f64", CLF_F64, count));
  CLF__TRY(store_coefficients(f, place, clf__state_data(state, "dual_coef"),
                              clf__state_data(state, "dual_coef_f64"), count));
  CLF__TRY(store_problems(f, state));
  if (f->rows.function.kind == CLF__KERNEL_LINEAR) {
    CLF__TRY(store_weights(f, state));
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Machines of two classes have a vector of each. */
static int64_t vectors_of(const clf_model *model, int64_t machines) {
  return machines == 1 ? model->outputs : machines;
}

/* The weights of each machine are its one vector. Those of two classes' only machine are the
 * difference of two, so that each class has a vector. */
static clf_status store_identity(const clf_model *model, clf__store *state, int64_t machines,
                                 int64_t vectors) {
  clf_context *context = model->context;
  CLF__CHECK(clf__state_tensor(context, state, "support_count", CLF_I64, model->outputs, -1));
  CLF__CHECK(clf__state_tensor(context, state, "dual_coef", CLF_F32, machines, vectors));
  CLF__CHECK(clf__state_tensor(context, state, "dual_coef_f64", CLF_F64, machines, vectors));
  for (int64_t k = 0; k < vectors; k++) {
    const int64_t at = machines > 1 ? k * vectors + k : k;
    const bool second = machines == 1 && k == 1;
    ((int64_t *)clf__state_data(state, "support_count"))[k] = 1;
    ((float *)clf__state_data(state, "dual_coef"))[at] = second ? -1 : 1;
    ((double *)clf__state_data(state, "dual_coef_f64"))[at] = second ? -1 : 1;
  }
  return CLF_OK;
}

clf_status clf__svm_store_linear(const clf_model *model, clf__store *state, const double *w,
                                 const double *b, int64_t machines) {
  clf_context *context = model->context;
  const int64_t columns = model->columns;
  const clf__kernel_function function = {.kind = CLF__KERNEL_LINEAR, .degree = 3};
  CLF__CHECK(clf__state_tensor(context, state, "weights", CLF_F32, machines, columns));
  CLF__CHECK(clf__state_tensor(context, state, "weights_f64", CLF_F64, machines, columns));
  CLF__CHECK(clf__state_tensor(context, state, "intercept", CLF_F64, machines, -1));
  float *weights = clf__state_data(state, "weights");
  for (int64_t j = 0; j < machines * columns; j++) {
    weights[j] = (float)w[j];
  }
  memcpy(clf__state_data(state, "weights_f64"), w, (size_t)(machines * columns) * sizeof *w);
  memcpy(clf__state_data(state, "intercept"), b, (size_t)machines * sizeof *b);
  if (machines > 1) {
    CLF__CHECK(clf__state_tensor(context, state, "one_vs_rest", CLF_I32, 1, -1));
    *(int32_t *)clf__state_data(state, "one_vs_rest") = 1;
  }
  const int64_t vectors = vectors_of(model, machines);
  CLF__CHECK(store_identity(model, state, machines, vectors));
  clf__arena arena = {.context = context};
  int64_t *rows = clf__arena_array(&arena, vectors, sizeof *rows);
  float *own = clf__arena_matrix(&arena, vectors, columns, sizeof *own);
  clf_status status = clf__arena_status(&arena);
  for (int64_t k = 0; k < vectors && status == CLF_OK; k++) {
    rows[k] = k;
    for (int64_t j = 0; j < columns; j++) {
      own[k * columns + j] =
          vectors == machines ? weights[k * columns + j] : (k == 0 ? weights[j] : -weights[j]) / 2;
    }
  }
  const clf__rows x = clf__rows_of_f32(own, vectors, columns, columns);
  if (status == CLF_OK) {
    status = clf__support_store(context, state, &function, &x, rows, vectors, NULL);
  }
  clf__arena_free(&arena);
  return status;
}
