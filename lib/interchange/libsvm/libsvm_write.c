/* Writes LIBSVM's model files, with classes in our order, so that no sign changes. A machine
 * without classes has one line of coefficients, and neither labels nor counts.
 *
 * Such files have no center. A model that subtracts a center c from its rows x has support vectors
 * s = t - c of training rows t. It is written as the same function of x itself:
 *   rbf     the distance of x - c and s is that of x and s + c: vectors s + c;
 *   linear  sum a (x - c).s + b = sum a x.s + (b - c.sum a s): vectors s, and -rho in parentheses.
 * If c is large, the result depends on differences of large products. So c is folded in f64, and
 * all numbers of such a model are written with the digits of f64. */
#include <math.h>

#include "base/text.h"
#include "data/formats/sparse_text.h"
#include "interchange/libsvm/libsvm.h"
#include "models/decision/decision.h"

enum { PIECE = 1 << 16 };

typedef struct exporting {
  clf__arena arena;
  const clf_model *model;
  clf__rows z; /* the support vectors */
  clf__byte_texts texts;
  const double *center; /* [columns], or NULL */
  double *vector;       /* [columns] memory for one vector, if there is a center */
  double *rho;          /* [pairs] */
  int64_t pairs;
} exporting;

/* Refuses models that such a file cannot express. */
static clf_status check_written(const clf_model *model) {
  if (model->kind->decision != CLF__DECISION_MACHINES) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "libsvm: its files hold models of kind svm; this is %s",
                     model->kind->base.name);
  }
  if (model->stage_count > 0) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "libsvm: there is no place for the model's transforms; fit one without on "
                     "rows that are transformed already");
  }
  if (clf__svm_shape_of(model).one_vs_rest) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "libsvm: its files hold machines of pairs; fit with multiclass=one_vs_one");
  }
  if (model->classes == NULL) {
    return model->outputs == 1
               ? CLF_OK
               : clf__fail(CLF_ERROR_UNSUPPORTED,
                           "libsvm: its files hold one target; the model has %lld, so fit one for "
                           "each",
                           (long long)model->outputs);
  }
  if (clf__calibration_there(&model->decision)) {
    return clf__fail(
        CLF_ERROR_UNSUPPORTED,
        "libsvm: the model is calibrated, which its files cannot express; export it as it "
        "was before");
  }
  return clf__model_check_integer_classes(model, "libsvm");
}

/* Writes number `index` of `count`, which are `step` apart. */
static void append_numbers(clf__text *text, const char *key, const double *values, int64_t count,
                           int64_t step) {
  clf__text_append(text, "%s", key);
  for (int64_t i = 0; i < count; i++) {
    clf__text_append(text, " %s", clf__number_text(values[i * step]));
  }
  clf__text_append(text, "\n");
}

static void append_function(clf__text *text, int32_t type, const clf__kernel_function *function) {
  static const char *const types[] = {"c_svc", "nu_svc", "one_class", "epsilon_svr", "nu_svr"};
  static const char *const kernels[] = {"linear", "polynomial", "rbf", "sigmoid", "precomputed"};
  const bool polynomial = function->kind == CLF__KERNEL_POLYNOMIAL;
  const bool sigmoid = function->kind == CLF__KERNEL_SIGMOID;
  clf__text_append(text, "svm_type %s\nkernel_type %s\n", types[type], kernels[function->kind]);
  if (polynomial) {
    clf__text_append(text, "degree %d\n", (int)function->degree);
  }
  if (polynomial || sigmoid || function->kind == CLF__KERNEL_RBF) {
    clf__text_append(text, "gamma %s\n", clf__number_text(function->gamma));
  }
  if (polynomial || sigmoid) {
    clf__text_append(text, "coef0 %s\n", clf__number_text(function->coef0));
  }
}

/* rho += sum a c.s, for the pairs of vector `v`, which is of class `own`. */
static void move_rho(exporting *e, int64_t own, int64_t v) {
  const int64_t classes = e->model->outputs;
  const float *a = clf__state_data(e->model->state, "dual_coef");
  double dot = 0;
  clf__rows_read_f64(&e->z, v, e->vector);
  for (int64_t j = 0; j < e->z.columns; j++) {
    dot += e->center[j] * e->vector[j];
  }
  if (e->model->classes == NULL) {
    e->rho[0] += (double)a[v] * dot;
    return;
  }
  for (int64_t other = 0; other < classes; other++) {
    if (other != own) {
      const int64_t pair = other < own ? clf__libsvm_pair(other, own, classes)
                                       : clf__libsvm_pair(own, other, classes);
      e->rho[pair] += (double)a[(other < own ? other : other - 1) * e->z.rows + v] * dot;
    }
  }
}

static clf_status move_machines(exporting *e) {
  const int64_t *count = clf__state_data(e->model->state, "support_count");
  const int64_t groups = e->model->classes != NULL ? e->model->outputs : 1;
  for (int64_t own = 0, v = 0; own < groups; own++) {
    for (int64_t left = count[own]; left > 0; left--, v++) {
      move_rho(e, own, v);
    }
  }
  for (int64_t k = 0; k < e->pairs; k++) {
    if (!isfinite(e->rho[k])) {
      return clf__fail(CLF_ERROR_UNSUPPORTED, "libsvm: about 0, a rho is beyond the range of f64");
    }
  }
  return CLF_OK;
}

static clf_status prepare(exporting *e) {
  const clf_model *model = e->model;
  const clf_tensor *center = clf__store_tensor(model->state, "center");
  const double *intercept = clf__state_data(model->state, "intercept");
  e->z = clf__support_rows(model);
  e->pairs = clf__svm_shape_of(model).problems;
  e->center = center != NULL ? center->data : NULL;
  clf__byte_texts_fill(&e->texts, &e->z);
  e->rho = clf__arena_array(&e->arena, e->pairs, sizeof *e->rho);
  if (center != NULL) {
    e->vector = clf__arena_array(&e->arena, e->z.columns, sizeof *e->vector);
  }
  CLF__CHECK(clf__arena_status(&e->arena));
  for (int64_t k = 0; k < e->pairs; k++) {
    e->rho[k] = -intercept[k];
  }
  return center != NULL && clf__support_function(model).kind == CLF__KERNEL_LINEAR
             ? move_machines(e)
             : CLF_OK;
}

static void append_classes(clf__text *text, const exporting *e) {
  const clf_model *model = e->model;
  const clf_tensor *calibration = clf__store_tensor(model->state, "calibration");
  const int64_t *count = clf__state_data(model->state, "support_count");
  clf__text_append(text, "label");
  for (int64_t k = 0; k < model->outputs; k++) {
    clf__text_append(text, " %s", clf__classes_name(model->classes, k));
  }
  clf__text_append(text, "\n");
  if (calibration != NULL) {
    append_numbers(text, "probA", calibration->data, e->pairs, 2);
    append_numbers(text, "probB", (const double *)calibration->data + 1, e->pairs, 2);
  }
  clf__text_append(text, "nr_sv");
  for (int64_t k = 0; k < model->outputs; k++) {
    clf__text_append(text, " %lld", (long long)count[k]);
  }
  clf__text_append(text, "\n");
}

static void append_header(clf__text *text, const exporting *e) {
  const clf_model *model = e->model;
  const clf__kernel_function function = clf__support_function(model);
  const clf_tensor *laplace = clf__store_tensor(model->state, "laplace_scale");
  append_function(text, clf__svm_shape_of(model).type, &function);
  clf__text_append(text, "nr_class %lld\ntotal_sv %lld\n",
                   model->classes != NULL ? (long long)model->outputs : 2,
                   (long long)clf__support_count(model));
  append_numbers(text, "rho", e->rho, e->pairs, 1);
  if (model->classes != NULL) {
    append_classes(text, e);
  } else if (laplace != NULL) {
    append_numbers(text, "probA", laplace->data, 1, 1);
  }
  clf__text_append(text, "SV\n");
}

/* Returns the vector of a model with a center, as f64. */
static void append_moved(clf__text *text, exporting *e, int64_t vector) {
  const clf__rows row = {.rows = 1,
                         .columns = e->z.columns,
                         .dtype = CLF_F64,
                         .scale = 1,
                         .stride = e->z.columns,
                         .data = e->vector};
  clf__rows_read_f64(&e->z, vector, e->vector);
  if (clf__support_function(e->model).kind == CLF__KERNEL_RBF) {
    for (int64_t j = 0; j < e->z.columns; j++) {
      e->vector[j] += e->center[j];
    }
  }
  clf__append_row(text, &row, 0, 1, &e->texts);
}

static void append_vector(clf__text *text, exporting *e, int64_t vector) {
  const clf_model *model = e->model;
  const float *c = clf__state_data(model->state, "dual_coef");
  const int64_t lines = clf__svm_shape_of(model).coefficients;
  for (int64_t k = 0; k < lines; k++) {
    const float own = c[k * e->z.rows + vector];
    const clf__number_text_result number =
        e->center != NULL ? clf__number_format((double)own) : clf__number_format_f32(own);
    clf__text_append(text, "%s%s", k > 0 ? " " : "", number.text);
  }
  if (clf__support_function(model).kind == CLF__KERNEL_PRECOMPUTED) {
    const int64_t *support = clf__state_data(model->state, "support");
    clf__text_append(text, " 0:%lld", (long long)support[vector] + 1);
  } else if (e->center != NULL) {
    append_moved(text, e, vector);
  } else {
    clf__append_row(text, &e->z, vector, 1, &e->texts);
  }
  clf__text_append_bytes(text, "\n", 1);
}

static clf_status write(const clf_model *model, clf__output *output, const void *params) {
  (void)params;
  clf__text text = {.context = model->context};
  exporting e = {.arena = {.context = model->context}, .model = model};
  clf_status status;
  CLF__TRY(check_written(model));
  CLF__TRY(prepare(&e));
  append_header(&text, &e);
  for (int64_t vector = 0; vector < e.z.rows; vector++) {
    append_vector(&text, &e, vector);
    CLF__TRY(clf__output_text(output, &text, PIECE));
  }
  CLF__TRY(clf__output_text(output, &text, 0));
done:
  clf__arena_free(&e.arena);
  clf__text_free(&text);
  return status;
}

const clf__model_writer clf__model_writer_libsvm = {
    .base = CLF__KIND_PLAIN(
        "libsvm", "LIBSVM's own model files, of an svm of pairs, of one class or of a target"),
    .write = write,
};
