/* Linear svm with the squared hinge loss: closed forms, and the optimality conditions of each
 * machine, computed here in f64. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"

#include "models/model.h"

enum { ROWS = 150, COLUMNS = 8, CLASSES = 3 };

static float x[ROWS * COLUMNS];
static int32_t labels[ROWS];
static float weights[ROWS];

static clf_dataset *rows_of(clf_context *context, bool sparse, int classes) {
  uint64_t seed = 3;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % classes;
    weights[i] = (float)(0.5 + random_unit(&seed));
    for (int j = 0; j < COLUMNS; j++) {
      const double value = random_normal(&seed) + (j == labels[i] ? 1.5 : 0.2);
      x[i * COLUMNS + j] = random_unit(&seed) < 0.3 ? 0 : (float)value;
    }
  }
  clf_dataset *data = sparse ? sparse_of(context, x, ROWS, COLUMNS, labels)
                             : dataset_of(context, x, CLF_F32, ROWS, COLUMNS, labels);
  set_weights(data, weights);
  return data;
}

/* How far a weight, or the feature of the intercept, is from its optimum. */
static double violation_of(double w, double gradient, double l1) {
  const double smooth = gradient + (1 - l1) * w;
  return w > 0 ? fabs(smooth + l1) : w < 0 ? fabs(smooth - l1) : fmax(fabs(smooth) - l1, 0);
}

/* The penalty with the share `l1` of |w|. */
static double penalty_of(double w, double l1) {
  return l1 * fabs(w) + (1 - l1) * w * w / 2;
}

/* The largest violation of the conditions of a machine, whose objective is compared as well. */
static double check_machine(const clf_model *model, int k, int classes, double C, double l1,
                            double scaling) {
  const double *w = (const double *)clf__state_data(model->state, "weights_f64") + k * COLUMNS;
  const double b = ((const double *)clf__state_data(model->state, "intercept"))[k];
  const double own = scaling > 0 && !isinf(scaling) ? b / scaling : 0;
  double gradient[COLUMNS + 1] = {0}, largest = 0;
  double objective = penalty_of(own, l1);
  for (int i = 0; i < ROWS; i++) {
    const double side = labels[i] == (classes == 2 ? 0 : k) ? 1 : -1;
    double rest = 1 - side * b;
    for (int j = 0; j < COLUMNS; j++) {
      rest -= side * w[j] * (double)x[i * COLUMNS + j];
    }
    for (int j = 0; j <= COLUMNS && rest > 0; j++) {
      const double value = j < COLUMNS ? (double)x[i * COLUMNS + j] : 1;
      gradient[j] -= 2 * C * (double)weights[i] * side * rest * value;
    }
    objective += rest > 0 ? C * (double)weights[i] * rest * rest : 0;
  }
  for (int j = 0; j < COLUMNS; j++) {
    largest = fmax(largest, violation_of(w[j], gradient[j], l1));
    objective += penalty_of(w[j], l1);
  }
  const double stored = ((const double *)clf__state_data(model->state, "objective"))[k];
  ck_assert_double_eq_tol(stored, objective, 1e-9 * objective);
  if (scaling == 0) {
    ck_assert_double_eq(b, 0);
    return largest;
  }
  return fmax(largest, isinf(scaling) ? fabs(gradient[COLUMNS])
                                      : violation_of(own, scaling * gradient[COLUMNS], l1));
}

static void check_fit(bool sparse, int classes, double l1, double scaling) {
  char params[200], value[32] = "free";
  if (!isinf(scaling)) {
    snprintf(value, sizeof value, "%g", scaling);
  }
  snprintf(params, sizeof params,
           "kernel=linear loss=squared_hinge multiclass=one_vs_rest C=0.3 penalty=%s "
           "l1_ratio=%g "
           "intercept_scaling=%s tolerance=1e-7",
           l1 == 0   ? "l2"
           : l1 == 1 ? "l1"
                     : "elastic_net",
           l1, value);
  clf_dataset *data = rows_of(NULL, sparse, classes);
  clf_model *model = fitted(NULL, "svm", params, data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  for (int k = 0; k < (classes == 2 ? 1 : classes); k++) {
    ck_assert_double_le(check_machine(model, k, classes, 0.3, l1, scaling), 1e-6);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(squared_hinge__conditions_hold_at_the_solution) {
  const double scalings[] = {(double)INFINITY, 0, 1, 10};
  for (int s = 0; s < 4; s++) {
    for (int l1 = 0; l1 < 3; l1++) {
      check_fit(false, 2, l1 / 2., scalings[s]);
      check_fit(true, CLASSES, l1 / 2., scalings[s]);
    }
  }
}

/* x = -1 and 1: the machine is positive for the first class, so w = -4 C / (1 + 4 C), and with |w|
 * it is -(1 - 1 / (4 C)), or 0. */
TEST(squared_hinge__two_points_have_a_closed_form) {
  float two[] = {-1, 1};
  int32_t own[] = {0, 1};
  clf_dataset *data = dataset_of(NULL, two, CLF_F32, 2, 1, own);
  const double C[] = {0.1, 2};
  for (int i = 0; i < 2; i++) {
    for (int l1 = 0; l1 < 2; l1++) {
      char params[120];
      snprintf(params, sizeof params, "kernel=linear loss=squared_hinge C=%g penalty=%s", C[i],
               l1 ? "l1" : "l2");
      clf_model *model = fitted(NULL, "svm", params, data);
      const double *w = clf__state_data(model->state, "weights_f64");
      const double expected = l1 ? fmax(1 - 1 / (4 * C[i]), 0) : 4 * C[i] / (1 + 4 * C[i]);
      ck_assert_double_eq_tol(w[0], -expected, 1e-6);
      clf_model_free(model);
    }
  }
  clf_dataset_free(data);
}

static void refused(const char *params, const char *says) {
  clf_model *model = NULL;
  ck_clf_fails(clf_model_create(&model, NULL, "svm", params), CLF_ERROR_ARGUMENT);
  ck_clf_says(says);
}

TEST(squared_hinge__refuses_what_it_is_not_for) {
  refused("loss=squared_hinge", "kernel=linear");
  refused("loss=squared_hinge kernel=linear type=nu_svc", "type=c_svc");
  refused("loss=squared_hinge kernel=linear probability=true", "loss=hinge");
  refused("kernel=linear penalty=l1",
          "penalty=l1 and intercept_scaling are for loss=squared_hinge");
  refused("kernel=linear penalty=elastic_net", "penalty=elastic_net and");
  refused("kernel=linear intercept_scaling=1", "squared_hinge");
  clf_dataset *data = rows_of(NULL, false, CLASSES);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "svm", "kernel=linear loss=squared_hinge"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("one_vs_rest");
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(squared_hinge__is_calibrated_by_rows_that_are_held_out, 2, CLASSES + 1) {
  clf_dataset *data = rows_of(NULL, false, _i);
  clf_model *model =
      fitted(NULL, "svm", "kernel=linear loss=squared_hinge multiclass=one_vs_rest", data);
  float p[ROWS * CLASSES];
  double before = 0, after = 0, truth = 0;
  ck_clf_ok(clf_model_score(model, data, &before));
  ck_clf_ok(clf_model_calibrate(model, data, "method=sigmoid"));
  ck_clf_ok(clf_model_score(model, data, &after));
  ck_assert_double_ge(after, before - 0.1);
  ck_clf_ok(clf_model_predict_proba(model, data, p, ROWS * _i));
  for (int i = 0; i < ROWS; i++) {
    double sum = 0;
    for (int k = 0; k < _i; k++) {
      sum += (double)p[i * _i + k];
    }
    ck_assert_double_eq_tol(sum, 1, 1e-6);
    truth += (double)p[i * _i + labels[i]] / ROWS;
  }
  ck_assert_double_gt(truth, 1.2 / _i);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(squared_hinge__any_number_of_threads_gives_the_same_bits, 0, 2) {
  static const char *const threads[] = {"threads=1", "threads=3"};
  static const char *const params[] = {
      "kernel=linear loss=squared_hinge multiclass=one_vs_rest penalty=l1",
      "kernel=linear loss=squared_hinge multiclass=one_vs_rest"};
  for (int sparse = 0; sparse < 2; sparse++) {
    double first[CLASSES * COLUMNS];
    for (int t = 0; t < 2; t++) {
      clf_context *context = NULL;
      ck_clf_ok(clf_context_create(&context, NULL, threads[t]));
      clf_dataset *data = rows_of(context, sparse, CLASSES);
      clf_model *model = fitted(context, "svm", params[_i], data);
      const double *w = clf__state_data(model->state, "weights_f64");
      if (t == 0) {
        memcpy(first, w, sizeof first);
      }
      ck_assert_mem_eq(first, w, sizeof first);
      clf_model_free(model);
      clf_dataset_free(data);
      clf_context_free(context);
    }
  }
}

static clf_status fit_once(clf_context *context, const void *argument) {
  clf_model *model = NULL;
  clf_status status = clf_model_create(&model, context, "svm",
                                       "kernel=linear loss=squared_hinge multiclass=one_vs_rest");
  if (status == CLF_OK) {
    status = clf_model_fit(model, argument, NULL, NULL);
  }
  clf_model_free(model);
  return status;
}

TEST(squared_hinge__every_allocation_may_fail) {
  clf_dataset *data = rows_of(NULL, true, CLASSES);
  check_every_allocation("threads=1", fit_once, data);
  clf_dataset_free(data);
}

/* Sparse rows of few columns and a large C: Newton's method ends after a few steps. */
TEST(squared_hinge__needs_few_steps_for_any_C) {
  static const char *const Cs[] = {"1e-4", "1", "1e3", "1e6"};
  clf_dataset *data = rows_of(NULL, true, 2);
  for (size_t k = 0; k < sizeof Cs / sizeof *Cs; k++) {
    char params[100];
    snprintf(params, sizeof params, "kernel=linear loss=squared_hinge tolerance=1e-6 C=%s", Cs[k]);
    clf_model *model = fitted(NULL, "svm", params, data);
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    ck_assert_int_le(*(const int64_t *)clf__state_data(model->state, "iterations"), 25);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

SUITE("svm_squared_hinge")
