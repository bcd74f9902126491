/* Writes LIBLINEAR's model files: models whose decision is W x + b of the rows, or of rows that are
 * shifted and scaled. In f64, that is folded into W and b: with z = shift + (x - center) factor,
 *   W z + b = (W factor) x + (b + sum_j W_j (shift - center_j factor_j)),
 * and in the same way a center that the model subtracts.
 *
 * The solver that the file names says how predict uses the values. Logistic ones have the sigmoid
 * of a value as probability; for several classes these are scaled to sum to 1. Others have none.
 * Two classes are one machine, whose value is positive for the second class, since LIBLINEAR takes
 * the other one at 0, as this library does. MCSVM_CS, which has a machine of each class in any
 * case, is for models whose values have no other meaning than that the largest wins. Regressions of
 * one target and one-class machines have one machine as well. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/text.h"
#include "interchange/liblinear/liblinear.h"
#include "models/decision/decision.h"
#include "models/linear.h"
#include "models/svm/svm.h"

typedef struct liblinear_write_params {
  bool probabilities;
} liblinear_write_params;

#define CLF__VALUES liblinear_write_params
static const clf__param params[] = {
    CLF__BOOL(probabilities, "true", "refuse models whose probabilities the file cannot express"),
};

enum { PIECE = 1 << 16 };
static const int64_t values_a_step = 1 << 18;

typedef struct exporting {
  clf__arena arena;
  const clf_model *model;
  int32_t solver;
  int64_t machines;
  double *w; /* [machines, columns] */
  double *b; /* [machines] */
} exporting;

static clf_status unsupported(const clf_model *model, const char *what, const char *advice) {
  return clf__fail(CLF_ERROR_UNSUPPORTED, "liblinear: the model (%s) %s; %s",
                   model->kind->base.name, what, advice);
}

static bool is_linear_svm(const clf_model *model) {
  return model->kind->decision == CLF__DECISION_MACHINES &&
         clf__support_function(model).kind == CLF__KERNEL_LINEAR;
}

/* Refuses models that are neither linear classifiers of integers nor have a single value. */
static clf_status check_written(const clf_model *model) {
  const bool linear =
      model->kind->decision == CLF__DECISION_LINEAR && !clf__support_there(model->state);
  if (!linear && !is_linear_svm(model)) {
    return unsupported(model, "is not linear", "the file holds weights of the features alone");
  }
  if (model->classes == NULL) {
    return model->outputs == 1
               ? CLF_OK
               : unsupported(model, "has several targets", "fit a model of each target");
  }
  if (clf__calibration_there(&model->decision)) {
    return clf__fail(
        CLF_ERROR_UNSUPPORTED,
        "liblinear: the model is calibrated, which its files cannot express; export it as it "
        "was before");
  }
  return clf__model_check_integer_classes(model, "liblinear");
}

/* Copies machine `from` of the state, or the difference to machine `less`. */
static void copy_machine(exporting *e, int64_t to, int64_t from, int64_t less, double factor) {
  const clf__store *state = e->model->state;
  const int64_t columns = e->model->columns;
  const clf_tensor *wide = clf__store_tensor(state, "weights_f64");
  const float *single = clf__state_data(state, "weights");
  for (int64_t j = 0; j < columns; j++) {
    const int64_t own = from * columns + j, other = less * columns + j;
    const double *w = wide != NULL ? wide->data : NULL;
    double value = w != NULL ? w[own] : (double)single[own];
    value -= less < 0 ? 0 : w != NULL ? w[other] : (double)single[other];
    e->w[to * columns + j] = factor * value;
  }
}

static double intercept_at(const clf_model *model, int64_t index) {
  const clf_tensor *wide = clf__store_tensor(model->state, "intercept_f64");
  const clf_tensor *own = wide != NULL ? wide : clf__store_tensor(model->state, "intercept");
  return clf__tensor_value(own, index);
}

static clf_status allocate(exporting *e, int32_t solver) {
  e->solver = solver;
  e->machines = clf__liblinear_machines(solver, e->model->outputs);
  e->w = clf__arena_matrix(&e->arena, e->machines, e->model->columns, sizeof *e->w);
  e->b = clf__arena_array(&e->arena, e->machines, sizeof *e->b);
  return clf__arena_status(&e->arena);
}

/* The softmax of two values is the sigmoid of their difference. */
static clf_status collect_linear(exporting *e, bool probabilities) {
  const clf_model *model = e->model;
  const int32_t link = model->kind->link != NULL ? model->kind->link(model) : CLF__LINK_NONE;
  const bool two = model->outputs == 2;
  const bool logistic = link == CLF__LINK_SIGMOIDS || (link == CLF__LINK_SOFTMAX && two);
  if (link == CLF__LINK_SOFTMAX && !two && probabilities) {
    return unsupported(model, "has the softmax of its values as probabilities, not sigmoids",
                       "fit with multiclass=one_vs_rest if it is logistic, or write the decisions "
                       "alone by probabilities=false");
  }
  CLF__CHECK(allocate(e, logistic ? CLF__LIBLINEAR_L2R_LR : CLF__LIBLINEAR_MCSVM_CS));
  if (e->machines == 1) {
    copy_machine(e, 0, 1, 0, 1);
    e->b[0] = intercept_at(model, 1) - intercept_at(model, 0);
    return CLF_OK;
  }
  for (int64_t k = 0; k < e->machines; k++) {
    copy_machine(e, k, k, -1, 1);
    e->b[k] = intercept_at(model, k);
  }
  return CLF_OK;
}

static clf_status check_machines(const clf_model *model) {
  const int64_t *count = clf__state_data(model->state, "support_count");
  const bool rest = clf__svm_shape_of(model).one_vs_rest;
  if (!rest && model->outputs > 2) {
    return unsupported(model, "has a machine of each pair of classes",
                       "fit with multiclass=one_vs_rest, or write libsvm");
  }
  for (int64_t k = 0; k < model->outputs && rest; k++) {
    if (count[k] == 0) {
      return unsupported(model, "has a class without support vectors, which it never predicts",
                         "fit without that class");
    }
  }
  return CLF_OK;
}

/* Returns the solver of a machine's objective; an elastic net has none of its own. */
static int32_t solver_of(const clf_model *model) {
  const clf__svm_params *p = model->params;
  return p->loss == CLF__SVM_HINGE  ? CLF__LIBLINEAR_L2R_L1LOSS_SVC_DUAL
         : clf__svm_l1_share(p) > 0 ? CLF__LIBLINEAR_L1R_L2LOSS_SVC
                                    : CLF__LIBLINEAR_L2R_L2LOSS_SVC;
}

/* A calibrated machine f has the probability 1 / (1 + exp(A f + B)), which is the sigmoid of
 * -(A f + B). The machine of two classes is that of the first one. */
static clf_status collect_svm(exporting *e) {
  const clf_model *model = e->model;
  const clf_tensor *calibration = clf__store_tensor(model->state, "calibration");
  CLF__CHECK(check_machines(model));
  CLF__CHECK(allocate(e, calibration != NULL ? CLF__LIBLINEAR_L2R_LR : solver_of(e->model)));
  const double sign = e->machines == 1 ? -1 : 1;
  for (int64_t k = 0; k < e->machines; k++) {
    const double *ab = calibration != NULL ? (const double *)calibration->data + 2 * k : NULL;
    const double factor = ab != NULL ? -sign * ab[0] : sign;
    copy_machine(e, k, k, -1, factor);
    e->b[k] = factor * intercept_at(model, k) - (ab != NULL ? sign * ab[1] : 0);
  }
  return CLF_OK;
}

/* The loss of ridge is squared, that of svm is not. */
static clf_status collect_value(exporting *e) {
  const clf_model *model = e->model;
  CLF__CHECK(allocate(e, clf__model_separates_outliers(model) ? CLF__LIBLINEAR_ONECLASS_SVM
                         : is_linear_svm(model)               ? CLF__LIBLINEAR_L2R_L1LOSS_SVR_DUAL
                                                              : CLF__LIBLINEAR_L2R_L2LOSS_SVR));
  copy_machine(e, 0, 0, -1, 1);
  *e->b = intercept_at(model, 0);
  return CLF_OK;
}

/* Replaces W and b, which are of shift + (x - center) factor, by those of x. */
static void fold(exporting *e, const double *center, const double *factor, double shift) {
  const int64_t columns = e->model->columns;
  for (int64_t k = 0; k < e->machines; k++) {
    for (int64_t j = 0; j < columns; j++) {
      double *w = &e->w[k * columns + j];
      const double own = *w, scale = factor != NULL ? factor[j] : 1;
      *w = own * scale;
      e->b[k] += own * (shift - (center != NULL ? center[j] * scale : 0));
    }
  }
}

static clf_status fold_stage(exporting *e, const clf_transform *stage) {
  clf__affine affine;
  if (stage->kind->affine == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "liblinear: the transform %s is not written; fit on rows that are transformed "
                     "already",
                     stage->kind->base.name);
  }
  double *center = clf__alloc_matrix(e->model->context, 2, stage->inputs, sizeof *center);
  if (center == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const clf_status status = clf__transform_affine(stage, center, center + stage->inputs, &affine);
  if (status < 0) {
    clf__free(center);
    return clf__fail_within(status, "liblinear");
  }
  const bool clips = isfinite(affine.low) || isfinite(affine.high);
  if (!clips) {
    fold(e, affine.center, affine.factor, affine.shift);
  }
  clf__free(center);
  return clips ? clf__fail(CLF_ERROR_UNSUPPORTED,
                           "liblinear: the transform %s clips features, which weights cannot "
                           "express; fit with clip=false",
                           stage->kind->base.name)
               : CLF_OK;
}

static clf_status check_finite(const exporting *e) {
  for (int64_t k = 0; k < e->machines; k++) {
    double sum = e->b[k];
    for (int64_t j = 0; j < e->model->columns; j++) {
      sum = isfinite(e->w[k * e->model->columns + j]) ? sum : NAN;
    }
    if (!isfinite(sum)) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "liblinear: about 0, weights or intercepts are beyond the range of f64");
    }
  }
  return CLF_OK;
}

static clf_status collect(exporting *e, const liblinear_write_params *chosen) {
  const clf_model *model = e->model;
  const clf_tensor *center = clf__store_tensor(model->state, "center");
  CLF__CHECK(model->classes == NULL ? collect_value(e)
             : is_linear_svm(model) ? collect_svm(e)
                                    : collect_linear(e, chosen->probabilities));
  if (center != NULL) {
    fold(e, center->data, NULL, 0);
  }
  for (int64_t i = model->stage_count; i > 0; i--) {
    CLF__CHECK(fold_stage(e, model->stages[i - 1]));
  }
  return check_finite(e);
}

/* The labels of two classes begin with that of the machine, the second one. */
static void append_header(clf__text *text, const exporting *e, bool biased) {
  const clf_model *model = e->model;
  const int64_t classes = model->classes != NULL ? model->outputs : 0;
  size_t length;
  const char *solver = clf__word_at(CLF__LIBLINEAR_SOLVERS, e->solver, &length);
  clf__text_append(text, "solver_type %.*s\nnr_class %lld\n", (int)length, solver,
                   (long long)(classes > 0 ? classes : 2));
  for (int64_t k = 0; k < classes; k++) {
    const int64_t class = e->machines == 1 ? 1 - k : k;
    clf__text_append(text, "%s %s%s", k == 0 ? "label" : "",
                     clf__classes_name(model->classes, class), k == classes - 1 ? "\n" : "");
  }
  clf__text_append(text, "nr_feature %lld\nbias %d\n", (long long)model->features, biased ? 1 : -1);
  if (e->solver == CLF__LIBLINEAR_ONECLASS_SVM) {
    clf__text_append(text, "rho %s\n", clf__number_text(-*e->b));
  }
  clf__text_append(text, "w\n");
}

static void append_weights(clf__text *text, const double *values, int64_t count, int64_t step) {
  for (int64_t k = 0; k < count; k++) {
    clf__text_append(text, "%s%s", k > 0 ? " " : "", clf__number_text(values[k * step]));
  }
  clf__text_append(text, "\n");
}

static clf_status write_all(const exporting *e, clf__output *output, clf__text *text) {
  const int64_t columns = e->model->columns, step = 1 + values_a_step / e->machines;
  const clf__progress progress = clf__progress_begin(e->model->context, "liblinear", columns);
  bool biased = false;
  for (int64_t k = 0; k < e->machines && e->solver != CLF__LIBLINEAR_ONECLASS_SVM; k++) {
    biased = biased || e->b[k] != 0;
  }
  append_header(text, e, biased);
  for (int64_t j = 0; j < columns; j++) {
    if (j % step == 0 && j > 0) {
      CLF__CHECK(clf__progress_step(&progress, j, NAN, NAN));
    }
    append_weights(text, e->w + j, e->machines, columns);
    CLF__CHECK(clf__output_text(output, text, PIECE));
  }
  if (biased) {
    append_weights(text, e->b, e->machines, 1);
  }
  return clf__output_text(output, text, 0);
}

static clf_status write(const clf_model *model, clf__output *output, const void *values) {
  clf__text text = {.context = model->context};
  exporting e = {.arena = {.context = model->context}, .model = model};
  clf_status status;
  CLF__TRY(check_written(model));
  CLF__TRY(collect(&e, values));
  CLF__TRY(write_all(&e, output, &text));
done:
  clf__arena_free(&e.arena);
  clf__text_free(&text);
  return status;
}

const clf__model_writer clf__model_writer_liblinear = {
    .base = CLF__KIND("liblinear", "LIBLINEAR's model files, of linear models", params,
                      liblinear_write_params),
    .write = write,
};
