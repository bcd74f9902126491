/* Logistic regression of fewer rows than features, whose weights are combinations of the rows. */
#include <math.h>
#include <string.h>

#include "failing_allocator.h"

enum { ROWS = 60, COLUMNS = 1500, CLASSES = 3 };
enum { NOTHING, LARGE_COLUMN, LARGE_ROW, TIME_COLUMN, LARGE_ROW_WITHOUT_WEIGHT };

static float x[ROWS * COLUMNS], weights[ROWS];
static uint8_t bytes[ROWS * COLUMNS];
static int32_t labels[ROWS];

typedef struct setting {
  const char *params;
  double C, size, offset;
  int classes;
  bool sigmoid, weighed, intercept, bytes;
  int spoiled; /* what is out of proportion */
} setting;

static const setting settings[] = {
    {"", 1, 1, 0, 2, true, false, true, false, NOTHING},
    {"", 1, 1, 0, 3, false, false, true, false, NOTHING},
    {"C=100 tolerance=1e-8", 100, 1, 0, 3, false, true, true, false, NOTHING},
    {"C=1e-3", 1e-3, 1, 0, 3, false, false, true, false, NOTHING},
    {"multiclass=one_vs_rest", 1, 1, 0, 3, true, true, true, false, NOTHING},
    {"fit_intercept=false", 1, 1, 0, 3, false, false, false, false, NOTHING},
    {"", 1, 1, 30, 3, false, false, true, false, NOTHING},
    {"C=1e24", 1e24, 1e-12, 0, 3, false, false, true, false, NOTHING},
    {"C=1e-24", 1e-24, 1e12, 0, 2, true, false, true, false, NOTHING},
    {"", 1, 1, 0, 3, false, false, true, true, NOTHING},
};

static void make_rows(const setting *s) {
  uint64_t seed = 5;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % s->classes;
    weights[i] = i % 5 == 0 ? 0 : (float)(1 + i % 3);
    for (int j = 0; j < COLUMNS; j++) {
      const double value = random_normal(&seed) + (j % s->classes == labels[i] ? 0.1 : 0);
      x[i * COLUMNS + j] = (float)(s->size * (value + s->offset));
      if (s->bytes) {
        bytes[i * COLUMNS + j] = (uint8_t)fmin(255, fmax(0, 128 + 40 * value));
        x[i * COLUMNS + j] = bytes[i * COLUMNS + j];
      }
    }
  }
}

/* One column or one row that is out of proportion. */
static void spoil_rows(int what) {
  uint64_t seed = 7;
  for (int j = 0; j < COLUMNS; j++) {
    x[j] *= what == LARGE_ROW ? 1e5F : what == LARGE_ROW_WITHOUT_WEIGHT ? 1e6F : 1;
  }
  for (int i = 0; i < ROWS; i++) {
    x[i * COLUMNS] *= what == LARGE_COLUMN ? 1e5F : 1;
    x[i * COLUMNS] =
        what == TIME_COLUMN ? (float)(1.7e9 + 1e5 * random_normal(&seed)) : x[i * COLUMNS];
  }
}

static clf_dataset *make_data(clf_context *context, const setting *s) {
  clf_dataset *data = s->bytes ? dataset_of(context, bytes, CLF_U8, ROWS, COLUMNS, labels)
                               : dataset_of(context, x, CLF_F32, ROWS, COLUMNS, labels);
  if (s->weighed) {
    set_weights(data, weights);
  }
  return data;
}

static const double *tensor_data(const clf_model *model, const char *name) {
  clf_tensor *tensor = NULL;
  const double *data = fitted_data(model, name, &tensor);
  clf_tensor_free(tensor); /* the model holds the data */
  return data;
}

/* r = p - t of one row, and its loss. */
static double residual(const setting *s, const double *z, int own, double *r) {
  double sum = 0, loss = 0;
  for (int k = 0; k < s->classes; k++) {
    sum += exp(z[k] - z[own]);
  }
  for (int k = 0; k < s->classes; k++) {
    const double t = k == own ? 1 : 0;
    r[k] = s->sigmoid ? 1 / (1 + exp(-z[k])) - t : exp(z[k] - z[own]) / sum - t;
    loss += s->sigmoid ? log1p(exp(k == own ? -z[k] : z[k])) : 0;
  }
  return s->sigmoid ? loss : log(sum);
}

/* The objective in f64, by plain loops, and its gradient: of_w [CLASSES, COLUMNS], of_b [CLASSES].
 * Two classes have one output, that of class 1. */
static double objective(const setting *s, const clf_model *model, double unit, double *of_w,
                        double *of_b) {
  const double *w = tensor_data(model, "weights_f64"), *b = tensor_data(model, "intercept_f64");
  static double row[COLUMNS];
  clf_tensor *tensor = NULL; /* what was subtracted from the rows, if anything */
  const double *center = clf_model_tensor(&tensor, model, "center") == CLF_OK
                             ? (const double *)clf_tensor_data(tensor)
                             : NULL;
  double loss = 0, square = 0;
  setting one = *s;
  one.sigmoid = s->sigmoid && s->classes > 2;
  for (int i = 0; i < s->classes * COLUMNS; i++) {
    square += w[i] * w[i];
    of_w[i] = w[i] / s->C;
  }
  memset(of_b, 0, CLASSES * sizeof *of_b);
  for (int i = 0; i < ROWS; i++) {
    const double weight = s->weighed ? (double)weights[i] : 1;
    double z[CLASSES], r[CLASSES];
    for (int j = 0; j < COLUMNS; j++) {
      row[j] = unit * (double)x[i * COLUMNS + j] - (center != NULL ? center[j] : 0);
    }
    for (int k = 0; k < s->classes; k++) {
      z[k] = b[k];
      for (int j = 0; j < COLUMNS; j++) {
        z[k] += w[k * COLUMNS + j] * row[j];
      }
    }
    loss += weight > 0 ? weight * residual(&one, z, labels[i], r) : 0;
    for (int k = s->classes == 2; k < s->classes && weight > 0; k++) {
      of_b[k] += weight * r[k];
      for (int j = 0; j < COLUMNS; j++) {
        of_w[k * COLUMNS + j] += weight * r[k] * row[j];
      }
    }
  }
  clf_tensor_free(tensor);
  return loss + square / (2 * s->C);
}

/* The objective is strongly convex in W: with the gradient g of W, and none of b, it is at most
 * C |g|^2 / 2 above its minimum. */
static void check_minimum(const setting *s, const clf_model *model, double unit) {
  static double gradient[CLASSES * COLUMNS];
  double norm = 0, of_bias[CLASSES];
  const double value = objective(s, model, unit, gradient, of_bias);
  for (int i = 0; i < s->classes * COLUMNS; i++) {
    norm += gradient[i] * gradient[i];
  }
  ck_assert_double_le(s->C * norm / 2, 1e-6 * value);
  for (int k = s->classes == 2; k < s->classes && s->intercept; k++) {
    ck_assert_double_le(fabs(of_bias[k]), 1e-4);
  }
}

TEST_LOOP(wide_rows__reach_the_minimum, 0, sizeof settings / sizeof *settings) {
  const setting *s = &settings[_i];
  make_rows(s);
  clf_context *context = context_with("threads=2");
  clf_dataset *data = make_data(context, s);
  clf_model *model = fitted(context, "logistic", s->params, data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  check_minimum(s, model, s->bytes ? 1. / 255 : 1);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

static const setting spoiled[] = {
    {"", 1, 1, 0, 2, true, false, true, false, LARGE_COLUMN},
    {"C=1e-4 fit_intercept=false", 1e-4, 1, 0, 3, false, false, false, false, LARGE_COLUMN},
    {"", 1, 1, 0, 2, true, false, true, false, LARGE_ROW},
    {"", 1, 1, 0, 3, false, false, true, false, TIME_COLUMN},
    {"C=0.01", 0.01, 1, 0, 3, false, true, true, false, LARGE_ROW_WITHOUT_WEIGHT},
    {"fit_intercept=false", 1, 1, 1e4, 2, true, false, false, false, NOTHING},
    {"", 1, 1e37, 0, 2, true, false, true, false, NOTHING},
};

/* Either the objective is as low as that of a fit in f64, or the fit says that it is not; what it
 * says about its loss is true in any case. */
TEST_LOOP(wide_rows__out_of_proportion_make_no_wrong_model, 0, sizeof spoiled / sizeof *spoiled) {
  static double gradient[CLASSES * COLUMNS];
  const setting *s = &spoiled[_i];
  double of_bias[CLASSES], sum = 0;
  char exact[80];
  snprintf(exact, sizeof exact, "%s precision=f64", s->params);
  make_rows(s);
  spoil_rows(s->spoiled);
  clf_context *context = context_with("threads=2");
  clf_dataset *data = make_data(context, s);
  clf_model *model = fitted(context, "logistic", s->params, data);
  clf_model *other = fitted(context, "logistic", exact, data);
  const double value = objective(s, model, 1, gradient, of_bias);
  const double least = objective(s, other, 1, gradient, of_bias);
  clf_tensor *history = NULL;
  ck_clf_ok(clf_model_tensor(&history, model, "history_loss"));
  const double *last = (const double *)clf_tensor_data(history) + clf_tensor_count(history) - 1;
  for (int i = 0; i < ROWS; i++) {
    sum += s->weighed ? (double)weights[i] : 1;
  }
  const double slack = 1e-9 * sum;
  if (s->spoiled == LARGE_ROW_WITHOUT_WEIGHT) { /* as if it were not there */
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    ck_assert_int_eq(clf_model_outcome(other), CLF_OK);
  }
  if (clf_model_outcome(model) == CLF_OK) {
    ck_assert_double_le(value, (1 + 1e-5) * least + slack);
  }
  ck_assert_double_le(fabs(*last * sum - value), 1e-3 * value + slack);
  clf_tensor_free(history);
  clf_model_free(other);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

typedef struct host {
  int reports, at;
} host;

static int32_t stop(void *user, const clf_progress *progress) {
  host *own = user;
  (void)progress;
  return ++own->reports == own->at ? CLF_PROGRESS_STOP : CLF_PROGRESS_GO;
}

/* Wherever a fit is stopped, also while the loss is checked and when it goes on by the weights. */
TEST_LOOP(wide_rows__are_kept_as_they_are_after_a_stop, 0, 2) {
  static double gradient[CLASSES * COLUMNS];
  const setting *s = _i == 0 ? &settings[0] : &spoiled[0];
  double of_bias[CLASSES];
  host own = {.at = 1};
  clf_context *context = context_with("threads=1 progress_interval=0");
  ck_clf_ok(clf_context_set_progress(context, stop, &own));
  make_rows(s);
  spoil_rows(s->spoiled);
  clf_dataset *data = make_data(context, s);
  int kept = 0;
  for (bool asked = true; asked; own.at += _i == 0 ? 1 : 9) {
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, context, "logistic", s->params));
    own.reports = 0;
    const clf_status status = clf_model_fit(model, data, NULL, NULL);
    ck_assert(status == CLF_OK || status == CLF_ERROR_CANCELLED);
    if (status == CLF_OK) {
      clf_tensor *history = NULL;
      ck_clf_ok(clf_model_tensor(&history, model, "history_loss"));
      const int64_t last = clf_tensor_count(history) - 1;
      const double loss = ((const double *)clf_tensor_data(history))[last] * ROWS;
      const double value = objective(s, model, 1, gradient, of_bias);
      ck_assert_double_le(fabs(loss - value), 1e-3 * value);
      ck_assert_double_le(value, 42);
      kept += clf_model_outcome(model) == CLF_NOT_CONVERGED;
      clf_tensor_free(history);
    }
    clf_model_free(model);
    asked = own.reports >= own.at;
  }
  ck_assert_int_gt(kept, 3);
  clf_dataset_free(data);
  clf_context_free(context);
}

TEST(wide_rows__have_the_same_bits_on_any_number_of_threads) {
  static double first[CLASSES * COLUMNS];
  make_rows(&settings[1]);
  for (int t = 0; t < 3; t++) {
    clf_context *context = context_with((const char *[]){"threads=1", "threads=2", "threads=5"}[t]);
    clf_dataset *data = make_data(context, &settings[1]);
    clf_model *model = fitted(context, "logistic", "", data);
    if (t == 0) {
      memcpy(first, tensor_data(model, "weights_f64"), sizeof first);
    }
    ck_assert_mem_eq(first, tensor_data(model, "weights_f64"), sizeof first);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

/* A model that goes on from weights which are no combination of its rows has another method. */
TEST(wide_rows__are_fitted_from_other_weights_to_the_same_minimum) {
  const setting *s = &settings[1];
  make_rows(s);
  clf_dataset *data = make_data(NULL, s);
  clf_model *model = fitted(NULL, "logistic", "warm_start=true", data);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    x[i] = -x[i];
  }
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  check_minimum(s, model, 1);
  clf_model_free(model);
  clf_dataset_free(data);
}

static clf_status live(clf_context *context, const void *argument) {
  clf_dataset *data = NULL;
  clf_model *model = NULL;
  clf_tensor *rows = NULL, *classes = NULL;
  clf_status status =
      clf_tensor_wrap(&rows, context, x, CLF_F32, 2, (int64_t[]){ROWS, COLUMNS}, NULL);
  (void)argument;
  if (status == CLF_OK) {
    status = clf_tensor_wrap(&classes, context, labels, CLF_I32, 1, (int64_t[]){ROWS}, NULL);
  }
  if (status == CLF_OK) {
    status = clf_dataset_create(&data, context, rows, classes);
  }
  if (status == CLF_OK) {
    status = clf_model_create(&model, context, "logistic", "tolerance=1e-5");
  }
  if (status == CLF_OK) {
    status = clf_model_fit(model, data, NULL, NULL);
  }
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(rows);
  clf_tensor_free(classes);
  return status;
}

TEST(wide_rows__survive_every_refused_allocation) {
  make_rows(&settings[0]);
  const refusals count = check_every_allocation("threads=1", live, NULL);
  /* The weights need no memory of the rows' coefficients. */
  ck_assert(REFUSE_EACH > 1 || count.tolerated > 0);
}

SUITE("logistic_wide")
