/* From scores to decisions, for all kinds: the predicted class is the first maximum of the
 * probabilities, and a class without weight has probability 0. */
#include <math.h>

#include "ops_support.h"

#include "models/decision/decision.h"

enum { ROWS = 90, COLUMNS = 6, CLASSES = 4, PRESENT = 3, CELLS = ROWS * CLASSES };

static const char *const settings[][2] = {
    {"ridge", ""},
    {"fisher", ""},
    {"fisher", "kernel=rbf"},
    {"perceptron", ""},
    {"perceptron", "kernel=polynomial degree=2"},
    {"logistic", ""},
    {"logistic", "multiclass=one_vs_rest"},
    {"svm", "kernel=linear"},
    {"svm", "kernel=rbf"},
    {"svm", "kernel=rbf multiclass=one_vs_rest"},
    {"network", "layers='dense units=8 activation=relu; dense units=4' epochs=3"},
    {"network", "layers='dense units=4' epochs=2 loss=binary_cross_entropy"},
    {"network", "layers='dense units=4' epochs=2 loss=squared_error"}};
enum { SETTINGS = sizeof settings / sizeof *settings };

static const char *const calibrations[] = {
    "calibration=none", "calibration=sigmoid calibration_folds=2",
    "calibration=temperature calibration_folds=2", "calibration=isotonic calibration_folds=2"};
enum { CALIBRATIONS = 4 };

/* Rows to predict: as those of the fit, all the same, far from 0, beyond saturation. */
enum { ALIKE, EQUAL, FAR, HUGE_VALUES, PLACES };

static double doubles[ROWS * COLUMNS];
static float floats[ROWS * COLUMNS];
static int32_t labels[ROWS];
static float weights[ROWS];

/* Overlapping clouds of CLASSES classes; only the first `present` have weights. */
static void fill(int classes, int present) {
  uint64_t state = 5;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % classes;
    weights[i] = labels[i] < present ? (float)(1 + i % 2) : 0;
    for (int j = 0; j < COLUMNS; j++) {
      doubles[i * COLUMNS + j] = random_normal(&state) + (j % classes == labels[i] ? 1.5 : 0);
      floats[i * COLUMNS + j] = (float)doubles[i * COLUMNS + j];
    }
  }
}

static void move(int place) {
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    doubles[i] = place == EQUAL ? 0.25 : place == FAR ? doubles[i] + 1e7 : doubles[i] * 1e4;
    floats[i] = (float)doubles[i];
  }
}

static clf_dataset *rows_of(bool f64, bool weighted) {
  clf_dataset *rows = f64 ? dataset_of(NULL, doubles, CLF_F64, ROWS, COLUMNS, labels)
                          : dataset_of(NULL, floats, CLF_F32, ROWS, COLUMNS, labels);
  if (weighted) {
    set_weights(rows, weights);
  }
  return rows;
}

static int64_t first_maximum(const float *p, const double *p64, int64_t classes) {
  int64_t best = 0;
  for (int64_t k = 1; k < classes; k++) {
    best = (p != NULL ? p[k] > p[best] : p64[k] > p64[best]) ? k : best;
  }
  return best;
}

static void check_agreement(const clf_model *model, const clf_dataset *rows, int classes,
                            int present) {
  static float p[CELLS];
  static double p64[CELLS];
  static int32_t found[ROWS];
  ck_clf_ok(clf_model_predict(model, rows, found, ROWS));
  for (int i = 0; i < ROWS; i++) {
    ck_assert_int_lt(found[i], present);
  }
  if (!clf__decision_has_probabilities(model)) {
    ck_clf_fails(clf_model_predict_proba(model, rows, p, CELLS), CLF_ERROR_UNSUPPORTED);
    return;
  }
  ck_clf_ok(clf_model_predict_proba(model, rows, p, CELLS));
  ck_clf_ok(clf_model_predict_proba_f64(model, rows, p64, CELLS));
  for (int i = 0; i < ROWS; i++) {
    double sum = 0, sum64 = 0;
    for (int k = 0; k < classes; k++) {
      sum += (double)p[i * classes + k];
      sum64 += p64[i * classes + k];
      ck_assert(p[i * classes + k] >= 0 && p64[i * classes + k] >= 0);
      if (k >= present) {
        ck_assert(p[i * classes + k] == 0 && p64[i * classes + k] == 0);
      }
    }
    ck_assert_double_eq_tol(sum, 1, 1e-6);
    ck_assert_double_eq_tol(sum64, 1, 1e-6);
    ck_assert_int_eq(found[i], first_maximum(p + i * classes, NULL, classes));
    ck_assert_int_eq(found[i], first_maximum(NULL, p64 + i * classes, classes));
  }
}

/* One setting with one calibration, of rows in f32 or f64. */
static void check_setting(int setting, int calibration, int classes, int present, bool f64) {
  char params[200];
  clf_model *model = NULL;
  snprintf(params, sizeof params, "%s %s", settings[setting][1], calibrations[calibration]);
  fill(classes, present);
  clf_dataset *train = rows_of(f64, true);
  ck_clf_ok(clf_model_create(&model, NULL, settings[setting][0], params));
  ck_clf_ok(clf_model_fit(model, train, NULL, NULL));
  ck_assert(calibration == 0 || clf__decision_has_probabilities(model));
  for (int place = 0; place < PLACES; place++) {
    if (place != ALIKE) {
      move(place);
    }
    clf_dataset *rows = rows_of(f64, false);
    check_agreement(model, rows, classes, present);
    clf_dataset_free(rows);
    fill(classes, present);
  }
  clf_dataset_free(train);
  clf_model_free(model);
}

TEST_LOOP(decision__classes_agree_with_probabilities, 0, SETTINGS) {
  for (int calibration = 0; calibration < CALIBRATIONS; calibration++) {
    for (int f64 = 0; f64 < 2; f64++) {
      check_setting(_i, calibration, CLASSES, CLASSES, f64 > 0);
    }
  }
}

TEST_LOOP(decision__class_without_weight_has_probability_0, 0, SETTINGS) {
  for (int calibration = 0; calibration < CALIBRATIONS; calibration++) {
    check_setting(_i, calibration, CLASSES, PRESENT, calibration % 2 > 0);
  }
}

TEST_LOOP(decision__two_classes_agree_with_probabilities, 0, SETTINGS - 3) {
  for (int calibration = 0; calibration < CALIBRATIONS; calibration++) {
    check_setting(_i, calibration, 2, 2, calibration % 2 > 0);
  }
}

SUITE("decision")
