/* Models from LIBLINEAR's files: logistic regressions become models of kind logistic, support
 * vector machines, also of targets and of one class, linear ones of kind svm.
 *
 * LIBLINEAR orders classes by their first occurrence in training, we order them by number. The
 * machine of two classes is that of the first label, so it may change its sign. An svm of this
 * library is a sum over support vectors: the weights of each machine are one of them, with the
 * coefficient 1. */
#include "interchange/liblinear/liblinear.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "models/linear.h"
#include "models/svm/svm.h"

/* The coefficients of an svm take classes^2 numbers, which may be many more than its file has.
 * Beyond these limits the file must be large itself. */
static const int64_t max_coefficients = 1 << 23, coefficients_per_byte = 4;

#define CLF__VALUES clf__liblinear_params
static const clf__param params[] = {
    CLF__INT_OR(features, "auto", "auto", 1, INT32_MAX, "number of features; auto: as in the file"),
};

typedef struct importing {
  clf__arena arena;
  clf_model *model;
  const clf__liblinear *file;
  int64_t bytes;  /* of the file */
  int32_t *place; /* [classes] index of the file's classes among ours */
  double *w, *b;  /* [outputs, columns], [outputs] in our order */
} importing;

static clf_status add_classes(importing *i) {
  const clf__liblinear *file = i->file;
  i->place = clf__arena_array(&i->arena, file->classes, sizeof *i->place);
  CLF__CHECK(clf__arena_status(&i->arena));
  CLF__CHECK(
      clf__classes_of_numbers(&i->model->classes, i->model->context, file->labels, i->place));
  return clf__classes_count(i->model->classes) == file->classes
             ? CLF_OK
             : clf__fail(CLF_ERROR_FORMAT, "a label occurs twice");
}

static clf_status allocate(importing *i, int64_t outputs) {
  i->w = clf__arena_zeroed(&i->arena, clf__count(outputs, i->file->columns), sizeof *i->w);
  i->b = clf__arena_zeroed(&i->arena, outputs, sizeof *i->b);
  return clf__arena_status(&i->arena);
}

/* Adds `factor` times a machine of the file to one of ours. */
static void add_machine(importing *i, int64_t to, int64_t from, double factor) {
  const int64_t columns = i->file->columns;
  for (int64_t j = 0; j < columns; j++) {
    i->w[to * columns + j] += factor * i->file->weights[from * columns + j];
  }
  i->b[to] += factor * i->file->intercept[from];
}

static void add_machines(importing *i) {
  for (int64_t k = 0; k < i->file->machines; k++) {
    add_machine(i, i->place[k], k, 1);
  }
}

/* A regression of two classes has the value of the second one, and 0 for the first. The products
 * are in f64, since it is not known for which rows f32 would do. */
static clf_status store_logistic(importing *i) {
  const clf__liblinear *file = i->file;
  clf_model *model = i->model;
  const clf__rows unknown = {.rows = 0, .columns = file->columns, .dtype = CLF_F64};
  CLF__CHECK(allocate(i, file->classes));
  if (file->machines == 1) {
    add_machine(i, 1, 0, i->place[0] == 1 ? 1 : -1);
  } else {
    add_machines(i);
  }
  const clf__linear_solution solution = {i->w, i->b,          file->columns,
                                         1,    file->classes, file->columns};
  CLF__CHECK(
      clf__linear_store(model->context, model->state, &clf__decision_names, &solution, &unknown));
  CLF__CHECK(clf__state_tensor(model->context, model->state, "one_vs_rest", CLF_I32, 1, -1));
  *(int32_t *)clf__state_data(model->state, "one_vs_rest") = file->classes > 2;
  return CLF_OK;
}

static clf_status check_coefficients(const importing *i, int64_t machines) {
  const int64_t max = max_coefficients + coefficients_per_byte * i->bytes;
  return machines <= max / machines
             ? CLF_OK
             : clf__fail(CLF_ERROR_FORMAT,
                         "%lld machines are out of proportion to a file of %lld bytes",
                         (long long)machines, (long long)i->bytes);
}

static int32_t type_of(const clf__liblinear *file) {
  return file->labels != NULL                          ? CLF__SVM_C_SVC
         : file->solver == CLF__LIBLINEAR_ONECLASS_SVM ? CLF__SVM_ONE_CLASS
                                                       : CLF__SVM_EPSILON_SVR;
}

/* A machine of two classes has the value of the first one. MCSVM_CS has a machine of each, whose
 * difference decides. */
static clf_status store_svm(importing *i) {
  const clf__liblinear *file = i->file;
  clf_model *model = i->model;
  const int64_t machines = file->classes > 2 ? file->classes : 1;
  CLF__CHECK(check_coefficients(i, machines));
  CLF__CHECK(allocate(i, machines));
  if (machines > 1) {
    add_machines(i);
  }
  for (int64_t k = 0; k < file->machines && machines == 1; k++) {
    add_machine(i, 0, k, file->labels == NULL || i->place[k] == 0 ? 1 : -1);
  }
  CLF__CHECK(clf__svm_store_linear(model, model->state, i->w, i->b, machines));
  if (file->labels == NULL) {
    CLF__CHECK(clf__state_tensor(model->context, model->state, "type", CLF_I32, 1, -1));
    *(int32_t *)clf__state_data(model->state, "type") = type_of(file);
  }
  clf__model_log_far(model->context, "liblinear", i->b, machines);
  return CLF_OK;
}

static clf_status fill(importing *i) {
  clf_model *model = i->model;
  clf_status status;
  CLF__TRY(clf__store_create(&model->state, model->context));
  model->features = model->columns = i->file->columns;
  model->outputs = i->file->labels != NULL ? i->file->classes : 1;
  CLF__TRY(i->file->labels != NULL ? add_classes(i) : CLF_OK);
  CLF__TRY(model->kind == &clf__logistic_kind ? store_logistic(i) : store_svm(i));
  model->outcome = CLF_OK;
  CLF__TRY(model->kind->check(model));
  CLF__TRY(clf__state_check_finite(model));
  CLF__TRY(clf__model_prepare(model));
done:
  return status;
}

/* Returns the parameters of a fit with the file's objective, apart from C. */
static void write_params(char *text, size_t capacity, const clf__liblinear *file) {
  const bool l1 = file->solver == CLF__LIBLINEAR_L1R_L2LOSS_SVC;
  const bool squared = l1 || file->solver == CLF__LIBLINEAR_L2R_L2LOSS_SVC_DUAL ||
                       file->solver == CLF__LIBLINEAR_L2R_L2LOSS_SVC;
  if (file->solver <= CLF__LIBLINEAR_L2R_LR_DUAL) {
    snprintf(text, capacity, "%s %s", file->biased ? "" : "fit_intercept=false",
             file->solver == CLF__LIBLINEAR_L1R_LR ? "penalty=l1" : "");
  } else if (squared) {
    snprintf(text, capacity, "kernel=linear loss=squared_hinge penalty=%s intercept_scaling=%s",
             l1 ? "l1" : "l2", clf__number_text(file->bias));
  } else {
    const int32_t type = type_of(file);
    snprintf(text, capacity, "kernel=linear%s",
             type == CLF__SVM_ONE_CLASS     ? " type=one_class"
             : type == CLF__SVM_EPSILON_SVR ? " type=epsilon_svr"
                                            : "");
  }
}

static clf_status create_model(clf_model **out, clf_context *context, const clf__liblinear *file) {
  const bool logistic = file->solver <= CLF__LIBLINEAR_L2R_LR_DUAL;
  char own[120], text[160];
  write_params(own, sizeof own, file);
  snprintf(text, sizeof text, "%s %s", file->classes > 2 ? "multiclass=one_vs_rest" : "", own);
  return clf_model_create(out, context,
                          (logistic ? &clf__logistic_kind : &clf__svm_kind)->base.name, text);
}

static clf_status import(clf_model **out, clf_context *context, const clf__bytes *bytes,
                         const char *name, const void *values) {
  clf__liblinear file = {.classes = 0};
  importing i = {.arena = {.context = context}, .file = &file, .bytes = (int64_t)bytes->size};
  clf_status status;
  CLF__TRY(clf__liblinear_parse(&file, context, bytes, name, values));
  CLF__TRY(create_model(&i.model, context, &file));
  status = fill(&i);
  if (status < 0) {
    status = clf__fail_within(status == CLF_ERROR_MEMORY ? status : CLF_ERROR_FORMAT, "%s", name);
    goto done;
  }
  *out = i.model;
  i.model = NULL;
done:
  clf_model_free(i.model);
  clf__arena_free(&i.arena);
  clf__liblinear_free(&file);
  return status;
}

const clf__model_reader clf__model_reader_liblinear = {
    .base = CLF__KIND("liblinear", "LIBLINEAR's model files", params, clf__liblinear_params),
    .import = import,
};
