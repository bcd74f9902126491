/* Fits that begin where the last one ended, with warm_start=true. The state keeps the dual
 * variables b of all rows, those of one machine after another; they are not saved. Any b within the
 * bounds whose sum is 0 leads to the same optimum, and K b is computed from them and from the rows
 * of this fit. So how close the start is to the solution determines the number of steps, and not
 * the result. */
#include "base/checksum.h"
#include "models/svm/svm_fitting.h"

static const char variables_name[] = CLF__SVM_WARM "variables", rows_name[] = CLF__SVM_WARM "rows";

static uint64_t add_kernel(uint64_t sum, const clf__kernel_function *function) {
  const double numbers[] = {(double)function->kind, (double)function->degree,
                            (double)function->gamma, (double)function->coef0};
  return clf__checksum(sum, numbers, sizeof numbers);
}

/* Computes a checksum of the machines, the kernel, the rows' classes or targets, and the values of
 * some rows, which is enough to recognize others. */
static clf_status identify(const clf__svm_fitting *f, uint64_t *out) {
  enum { ROWS = 64 };
  const clf__training *training = f->training;
  const clf__svm_shared *shared = f->shared;
  const int64_t rows = training->x->rows, groups = clf__svm_groups(training);
  double *row = clf__alloc_array(f->model->context, training->x->columns, sizeof *row);
  if (row == NULL) {
    return CLF_ERROR_MEMORY;
  }
  uint64_t sum = clf__checksum(CLF__CHECKSUM_FIRST, &f->shape.type, sizeof f->shape.type);
  sum = clf__checksum(sum, &f->shape.problems, sizeof f->shape.problems);
  sum = add_kernel(sum, &f->rows.function);
  sum = clf__checksum(sum, shared->start, (size_t)(groups + 1) * sizeof *shared->start);
  sum = clf__checksum(sum, shared->order, (size_t)shared->start[groups] * sizeof *shared->order);
  if (clf__svm_type_is_regression(f->shape.type)) {
    sum = clf__checksum(sum, training->targets,
                        (size_t)(rows * training->outputs) * sizeof *training->targets);
  }
  for (int64_t i = 0; i < rows; i += rows / ROWS + 1) {
    clf__rows_read_f64(training->x, i, row);
    sum = clf__checksum(sum, row, (size_t)training->x->columns * sizeof *row);
  }
  clf__free(row);
  *out = sum;
  return CLF_OK;
}

/* Returns the variables that the last fit left, or NULL. */
static const double *earlier(const clf__svm_fitting *f, uint64_t rows, int64_t count) {
  const clf__store *before = f->training->before;
  const clf_tensor *b = before != NULL ? clf__store_tensor(before, variables_name) : NULL;
  const bool same = b != NULL && clf_tensor_count(b) == count &&
                    *(const uint64_t *)clf__state_data(before, rows_name) == rows;
  if (before != NULL && !same) {
    clf__fit_log(f->training,
                 "begins at 0: the model has no solution for these rows and this "
                 "kernel");
  }
  return same ? b->data : NULL;
}

clf_status clf__svm_begin_warm(clf__svm_fitting *f, clf__store *state) {
  clf_context *context = f->model->context;
  const clf__svm_params *p = f->model->params;
  uint64_t rows;
  int64_t count = 0;
  if (!p->warm_start) {
    return CLF_OK;
  }
  if (clf__svm_type_has_nu(p->type)) {
    clf__fit_log(f->training, "warm_start has no effect with %s",
                 clf__model_learning(f->model).setting);
    return CLF_OK;
  }
  for (int64_t i = 0; i < f->shape.problems; i++) {
    count += clf__svm_count(&f->problems[i]);
  }
  CLF__CHECK(identify(f, &rows));
  CLF__CHECK(clf__state_tensor(context, state, rows_name, CLF_I64, 1, -1));
  *(uint64_t *)clf__state_data(state, rows_name) = rows;
  CLF__CHECK(clf__state_tensor(context, state, variables_name, CLF_F64, count, -1));
  double *kept = clf__state_data(state, variables_name);
  const double *start = earlier(f, rows, count);
  for (int64_t i = 0, at = 0; i < f->shape.problems; i++) {
    clf__svm_problem *problem = &f->problems[i];
    problem->kept_b = kept + at;
    problem->start_b = problem->start_b == NULL && start != NULL ? start + at : problem->start_b;
    at += clf__svm_count(problem);
  }
  return CLF_OK;
}
