/* The support vector machine as a model: parameters, state, and what a file must have. svm_fit.c
 * has the fit and svm_decide.c the predictions. Its types are C-SVC (Boser, Guyon and Vapnik 1992;
 * Cortes and Vapnik 1995), epsilon-SVR (Vapnik 1995), nu-SVC and nu-SVR (Schölkopf, Smola,
 * Williamson and Bartlett 2000) and the one-class machine (Schölkopf, Platt, Shawe-Taylor, Smola
 * and Williamson 2001), as LIBSVM has them. */
#include "models/svm/svm.h"

#include <float.h>
#include <math.h>

#include "comm/comm.h"

#define CLF__VALUES clf__svm_params
static const clf__param params[] = {
    CLF__CHOICE(kernel.kernel, CLF__KERNEL_WORDS, "rbf",
                "rbf: exp(-gamma |x-z|^2); sigmoid: tanh(gamma x.z+coef0); precomputed: rows of K"),
    CLF__CHOICE(type, CLF__SVM_TYPE_WORDS, "c_svc",
                "classes by C or nu, rows unlike those of the fit, or targets by epsilon or nu"),
    CLF__REAL(C, "1", CLF__ABOVE(0), 1e30,
              "weight of errors; upper bound of the dual variables (c_svc, epsilon_svr, nu_svr)"),
    CLF__CHOICE(loss, "hinge|squared_hinge", "hinge",
                "of margins; squared_hinge: kernel=linear, a machine for each class"),
    CLF__CHOICE(penalty, "l2|l1|elastic_net", "l2",
                "squared_hinge: |w|^2 / 2, |w|_1 for few weights, or a mixture of both"),
    CLF__REAL(l1_ratio, "0.5", 0, 1, "elastic_net: share of |w|_1 in it"),
    CLF__REAL_OR(intercept_scaling, "free", "free", 0, 1e30,
                 "squared_hinge: value of a penalized feature for the intercept; 0: none"),
    CLF__REAL(nu, "0.5", CLF__ABOVE(0), 1,
              "max share of rows beyond the margin, and min share of support vectors"),
    CLF__REAL(epsilon, "0.1", 0, 1e30, "epsilon_svr: errors up to it have no weight"),
    CLF__KERNEL_PARAMS,
    CLF__CLASS_WEIGHT,
    CLF__CHOICE(multiclass, "one_vs_one|one_vs_rest", "one_vs_one",
                "a machine for each pair of classes, or for each class"),
    CLF__CHOICE(divide, "machines|rows", "machines",
                "what ranks divide: machines, of which each has all rows, or the rows (c_svc)"),
    CLF__REAL(tolerance, "1e-3", CLF__ABOVE(0), 1,
              "violation of optimality at which to stop; penalty=l1: 1000 relative duality gaps"),
    CLF__BOOL(probability, "false", "the same as calibration=sigmoid"),
    CLF__INT(max_iterations, "0", 0, 1e9,
             "maximum number of steps of a machine; 0: 1,000 a row, at least 10,000,000"),
    CLF__BOOL(warm_start, "false", "whether fit begins where the last fit to the same rows ended"),
    CLF__REAL(cache_mb, "200", 0, 1e9,
              "memory for kernel values in units of 2^20 bytes; up to 64 dense columns need none"),
    CLF__PRECISION("products of rows and weights in f32 or in f64; f64 is for kernel=linear"),
    CLF__DECISION_PARAMS,
};

static const char *const type_settings[] = {"type=c_svc", "type=nu_svc", "type=one_class",
                                            "type=epsilon_svr", "type=nu_svr"};

static clf__learning learning(const clf_model *model) {
  const int32_t type = ((const clf__svm_params *)model->params)->type;
  return (clf__learning){type_settings[type], clf__svm_type_has_classes(type) ? CLF__LEARNS_LABELS
                                              : type == CLF__SVM_ONE_CLASS    ? CLF__LEARNS_ROWS
                                                                           : CLF__LEARNS_TARGETS};
}

int64_t clf__svm_calibration_folds(const clf__svm_params *p) {
  const bool sigmoid = p->probability || p->decision.calibration == CLF__CALIBRATION_SIGMOID;
  return sigmoid ? p->decision.calibration_folds : 0;
}

static clf_status check_loss(const clf__svm_params *p) {
  if (p->loss == CLF__SVM_HINGE) {
    return p->penalty == CLF__SVM_L2 && isinf(clf__svm_intercept_scaling(p))
               ? CLF_OK
               : clf__fail(CLF_ERROR_ARGUMENT,
                           "svm: penalty=%s and intercept_scaling are for loss=squared_hinge",
                           p->penalty == CLF__SVM_ELASTIC_NET ? "elastic_net" : "l1");
  }
  if (p->kernel.kernel != CLF__KERNEL_LINEAR || p->type != CLF__SVM_C_SVC) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "svm: loss=squared_hinge is for kernel=linear and type=c_svc");
  }
  return clf__svm_calibration_folds(p) == 0
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT,
                         "svm: calibration=sigmoid within the fit is for loss=hinge; set "
                         "calibration=isotonic or calibration=temperature, or calibrate the model "
                         "by rows that are held out");
}

/* The rows of a machine are on several ranks. */
static clf_status check_divide(const clf__svm_params *p) {
  if (p->divide == CLF__SVM_DIVIDE_MACHINES) {
    return CLF_OK;
  }
  const char *other = p->type != CLF__SVM_C_SVC                     ? type_settings[p->type]
                      : p->loss != CLF__SVM_HINGE                   ? "loss=squared_hinge"
                      : p->kernel.kernel == CLF__KERNEL_PRECOMPUTED ? "kernel=precomputed"
                      : p->precision == CLF__PRECISION_F64          ? "precision=f64"
                      : p->warm_start                               ? "warm_start=true"
                      : clf__svm_calibration_folds(p) > 0           ? "calibration=sigmoid"
                                                                    : NULL;
  return other == NULL
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT,
                         "svm: divide=rows does not go with %s; use divide=machines", other);
}

static clf_status check_params(clf_context *context, const void *own) {
  const clf__svm_params *p = own;
  (void)context;
  if (p->precision == CLF__PRECISION_F64 && p->kernel.kernel != CLF__KERNEL_LINEAR) {
    return clf__fail(
        CLF_ERROR_ARGUMENT,
        "svm: precision=f64 is for kernel=linear; the values of other kernels are f32");
  }
  CLF__CHECK(check_loss(p));
  CLF__CHECK(check_divide(p));
  const bool calibrates = p->probability || p->decision.calibration != CLF__CALIBRATION_NONE;
  if (calibrates && !clf__svm_type_has_classes(p->type)) {
    return clf__fail(CLF_ERROR_ARGUMENT, "svm: %s is for classes, not for %s",
                     p->probability ? "probability=true" : "calibration", type_settings[p->type]);
  }
  if (p->probability &&
      (p->decision.calibration > CLF__CALIBRATION_SIGMOID || p->decision.calibration_folds == 0)) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "svm: probability=true is calibration=sigmoid with calibration_folds of 2 or "
                     "more; set probability=false for another calibration");
  }
  return CLF_OK;
}

static clf_status corrupt(const clf_model *model, const char *what) {
  return clf__fail(CLF_ERROR_CORRUPT, "%s: %s", model->kind->base.name, what);
}

static clf_status check_counts(const clf_model *model) {
  const int64_t groups = model->classes != NULL ? model->outputs : 1;
  CLF__CHECK(clf__check_tensor(model, "support_count", CLF_I64, groups, -1));
  const int64_t *count = clf__state_data(model->state, "support_count");
  int64_t left = clf__support_count(model);
  for (int64_t k = 0; k < groups; k++) {
    if (count[k] < 0 || count[k] > left) {
      return corrupt(model, "the classes' support vectors are not those that there are");
    }
    left -= count[k];
  }
  return left == 0 ? CLF_OK : corrupt(model, "some support vectors are of no class");
}

/* Entries that a model may lack. */
static clf_status check_if_there(const clf_model *model, const char *name, int32_t dtype,
                                 int64_t rows, int64_t columns) {
  return clf__store_tensor(model->state, name) == NULL
             ? CLF_OK
             : clf__check_tensor(model, name, dtype, rows, columns);
}

/* Models of earlier versions have neither. */
static clf_status check_f64(const clf_model *model, const clf__svm_shape *shape) {
  const bool linear = clf__support_function(model).kind == CLF__KERNEL_LINEAR;
  const bool weights = clf__store_tensor(model->state, "weights_f64") != NULL;
  if (!weights && clf__store_tensor(model->state, "dual_coef_f64") == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__check_tensor(model, "dual_coef_f64", CLF_F64, shape->coefficients,
                               clf__support_count(model)));
  return linear || weights
             ? clf__check_tensor(model, "weights_f64", CLF_F64, shape->problems, model->columns)
             : CLF_OK;
}

/* Returns whether the type agrees with classes and outputs. */
static clf_status check_type(const clf_model *model) {
  CLF__CHECK(check_if_there(model, "type", CLF_I32, 1, -1));
  CLF__CHECK(check_if_there(model, "one_vs_rest", CLF_I32, 1, -1));
  const int32_t type = clf__svm_shape_of(model).type;
  if (type < 0 || type >= CLF__SVM_TYPES ||
      clf__svm_type_has_classes(type) != (model->classes != NULL)) {
    return corrupt(model, "its type is not that of a model with these classes");
  }
  if (model->classes != NULL && model->outputs < 2) {
    return corrupt(model, "it has fewer than two classes");
  }
  if (type == CLF__SVM_ONE_CLASS && model->outputs != 1) {
    return corrupt(model, "a one-class machine has one output");
  }
  return CLF_OK;
}

/* What nu determined, by a fit of such a type; models of other programs lack it. */
static clf_status check_implied(const clf_model *model, const clf__svm_shape *shape) {
  static const char *const names[] = {"implied_C", "implied_epsilon"};
  const int32_t types[] = {CLF__SVM_NU_SVC, CLF__SVM_NU_SVR};
  const bool fitted = clf__store_tensor(model->state, "objective") != NULL;
  for (int i = 0; i < 2; i++) {
    const bool there = clf__store_tensor(model->state, names[i]) != NULL;
    if (there != (fitted && shape->type == types[i])) {
      return corrupt(model, "its type and what nu determined do not agree");
    }
    CLF__CHECK(check_if_there(model, names[i], CLF_F64, shape->problems, -1));
  }
  return CLF_OK;
}

static clf_status check(const clf_model *model) {
  CLF__CHECK(check_type(model));
  const clf__svm_shape shape = clf__svm_shape_of(model);
  CLF__CHECK(clf__support_check(model));
  CLF__CHECK(check_counts(model));
  if (clf__store_tensor(model->state, "center") != NULL &&
      !clf__kernel_movable(clf__support_function(model).kind)) {
    return corrupt(model, "its kernel depends on where 0 is, and there is a center");
  }
  CLF__CHECK(clf__check_tensor(model, "dual_coef", CLF_F32, shape.coefficients,
                               clf__support_count(model)));
  CLF__CHECK(clf__check_tensor(model, "intercept", CLF_F64, shape.problems, -1));
  if (clf__support_function(model).kind == CLF__KERNEL_LINEAR) {
    CLF__CHECK(clf__check_tensor(model, "weights", CLF_F32, shape.problems, model->columns));
  }
  CLF__CHECK(check_f64(model, &shape));
  CLF__CHECK(check_if_there(model, "calibration", CLF_F64, shape.problems, 2));
  CLF__CHECK(check_if_there(model, "laplace_scale", CLF_F64, 1, -1));
  CLF__CHECK(check_implied(model, &shape));
  /* The outcome of the fit; models of other programs have neither entry. A file with only one of
   * them is damaged. */
  if (clf__store_tensor(model->state, "objective") != NULL ||
      clf__store_tensor(model->state, "iterations") != NULL) {
    CLF__CHECK(clf__check_tensor(model, "objective", CLF_F64, shape.problems, -1));
    CLF__CHECK(clf__check_tensor(model, "iterations", CLF_I64, shape.problems, -1));
  }
  return CLF_OK;
}

static bool separates_outliers(const clf_model *model) {
  return clf__svm_shape_of(model).type == CLF__SVM_ONE_CLASS;
}

/* A penalized intercept depends on where 0 is. */
static bool movable(const clf_model *model) {
  const clf__svm_params *p = model->params;
  return clf__kernel_movable(p->kernel.kernel) && isinf(clf__svm_intercept_scaling(p));
}

/* A solution of another type is of other variables. */
static bool goes_on(const clf_model *model) {
  const clf__svm_params *p = model->params;
  return p->warm_start && (model->state == NULL || clf__svm_shape_of(model).type == p->type);
}

/* Prefixes of the names of tensors. */
static const char *const unsaved[] = {CLF__SVM_WARM, NULL};

static clf_status fit(const clf_model *model, const clf__training *training, clf__store *state) {
  const clf__svm_params *p = model->params;
  return p->loss == CLF__SVM_SQUARED_HINGE ? clf__svm_fit_primal(model, training, state)
                                           : clf__svm_fit(model, training, state);
}

static bool is_divided(const clf_model *model) {
  return ((const clf__svm_params *)model->params)->loss == CLF__SVM_HINGE;
}

/* The ranks divide the machines (svm_ranks.c), which are those of one process, or the rows
 * (svm_rows.c). */
static bool whole_rows(const clf_model *model) {
  return ((const clf__svm_params *)model->params)->divide == CLF__SVM_DIVIDE_MACHINES;
}

/* What a fit goes on from is not saved, so a rank may lack it. */
static clf_status check_ranks(const clf_model *model) {
  const clf__svm_params *p = model->params;
  return p->warm_start ? clf__comm_refuse(model->context, "svm with warm_start=true") : CLF_OK;
}

/* The folds of calibration=sigmoid belong to each machine. */
static bool leaves_out(const clf_model *model) {
  const clf__svm_params *p = model->params;
  return p->loss == CLF__SVM_HINGE && clf__svm_calibration_folds(p) == 0 &&
         p->divide == CLF__SVM_DIVIDE_MACHINES;
}

const clf__model_kind clf__svm_kind = {
    .base = CLF__KIND(
        "svm",
        "the support vector machine, for classes, targets or one class: linear, polynomial, rbf, "
        "sigmoid or precomputed kernel",
        params, clf__svm_params),
    .decision = CLF__DECISION_MACHINES,
    .can = CLF__CAN_REGRESS | CLF__CAN_WEIGH | CLF__CAN_SPARSE,
    .unsaved = unsaved,
    .learning = learning,
    .separates_outliers = separates_outliers,
    .movable = movable,
    .divided = is_divided,
    .whole_rows = whole_rows,
    .check_ranks = check_ranks,
    .fit = fit,
    .leaves_out = leaves_out,
    .goes_on = goes_on,
    .free_shared = clf__svm_shared_free,
    .check_params = check_params,
    .check = check,
    .prepare = clf__support_prepare,
    .free_prepared = clf__support_free_prepared,
    .decide = clf__svm_decide,
    .probabilities = clf__svm_probabilities,
    .link = clf__svm_link,
    .own_sigmoids = "calibration",
    .fit_sigmoids = clf__svm_fit_sigmoids,
    .components = clf__svm_components,
    .transform = clf__svm_transform,
    .has_f64 = clf__svm_has_f64,
    .decide_f64 = clf__svm_decide_f64,
    .transform_f64 = clf__svm_transform_f64,
};
