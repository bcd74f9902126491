/* LIBLINEAR's model files: values known by hand, and what is refused.
 * tests/parity/test_liblinear.py reads files that LIBLINEAR's tools wrote. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "failing_allocator.h"
#include "files.h"
#include "support.h"

static char path[64];

static void make_path(void) {
  make_folder();
  snprintf(path, sizeof path, "%s/model", folder);
}

static clf_model *import(const char *text, const char *params) {
  clf_model *model = NULL;
  put_text("model", text);
  ck_clf_ok(clf_model_import(&model, NULL, "liblinear", path, params));
  return model;
}

#define TWO(solver) "solver_type " solver "\nnr_class 2\nlabel 7 -3\nnr_feature 2\n"
#define THREE(solver) "solver_type " solver "\nnr_class 3\nlabel 5 1 3\nnr_feature 2\n"
#define LOGISTIC TWO("L2R_LR") "bias 2\nw\n1.5 \n-0.25 \n0.5 \n"

static void assert_decisions(const clf_model *model, const float *expected, int64_t count) {
  static const float x[] = {1, 0, 0, 4};
  float values[6];
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, 2, 2, NULL);
  ck_clf_ok(clf_model_decision_function(model, rows, values, count));
  for (int64_t i = 0; i < count; i++) {
    ck_assert_float_eq_tol(values[i], expected[i], 1e-6F);
  }
  clf_dataset_free(rows);
}

/* z = 1.5 x1 - 0.25 x2 + 2 * 0.5 is positive for the label 7, our second class. */
TEST(import__of_a_regression_is_by_hand) {
  static const float expected[] = {0, 2.5F, 0, 0};
  clf_model *model = import(LOGISTIC, NULL);
  ck_assert_str_eq(clf_model_kind(model), "logistic");
  ck_assert_str_eq(clf_model_class_name(model, 0), "-3");
  ck_assert_str_eq(clf_model_class_name(model, 1), "7");
  assert_decisions(model, expected, 4);
  clf_model_free(model);
}

/* f = -(1.5 x1 - 0.25 x2) is the value of the first class. */
TEST(import__turns_the_machine_of_two_classes) {
  static const float expected[] = {-1.5F, 1.5F, 1, -1};
  clf_model *model = import(TWO("L2R_L2LOSS_SVC") "bias -1\nw\n1.5\n-0.25\n", NULL);
  ck_assert_str_eq(clf_model_kind(model), "svm");
  assert_decisions(model, expected, 4);
  clf_model_free(model);
}

/* The difference of a machine of each class. */
TEST(import__subtracts_the_machines_of_crammer_and_singer) {
  static const float expected[] = {-1, 1, 12, -12};
  clf_model *model = import(TWO("MCSVM_CS") "bias -1\nw\n2 1\n-1 2\n", NULL);
  assert_decisions(model, expected, 4);
  clf_model_free(model);
}

/* Machines of 5, 1 and 3 in the order of the numbers, for each kind of solver. */
TEST_LOOP(import__orders_machines_by_their_classes, 0, 3) {
  static const char *const files[] = {
      THREE("MCSVM_CS") "bias 1\nw\n1 2 3\n10 20 30\n0.5 0.25 0\n",
      THREE("L1R_L2LOSS_SVC") "bias 1\nw\n1 2 3\n10 20 30\n0.5 0.25 0\n",
      THREE("L1R_LR") "bias 1\nw\n1 2 3 10\n20 30 0.5\n\n0.25 0",
  };
  static const float expected[] = {2.25F, 3, 1.5F, 80.25F, 120, 40.5F};
  clf_model *model = import(files[_i], NULL);
  ck_assert_str_eq(clf_model_kind(model), _i == 2 ? "logistic" : "svm");
  assert_decisions(model, expected, 6);
  clf_model_free(model);
}

TEST(import__takes_more_features_than_the_file_has) {
  static const float x[] = {1, 4, 9};
  float values[2];
  clf_model *model = import(LOGISTIC, "features=3");
  clf_dataset *row = dataset_of(NULL, x, CLF_F32, 1, 3, NULL);
  ck_assert_int_eq(clf_model_features(model), 3);
  ck_clf_ok(clf_model_decision_function(model, row, values, 2));
  ck_assert_float_eq(values[1], 1.5F);
  clf_dataset_free(row);
  clf_model_free(model);
}

static void assert_values(const clf_model *model, float first, float second) {
  static const float x[] = {1, 0, 0, 4};
  float values[2];
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, 2, 2, NULL);
  ck_clf_ok(clf_model_decision_function(model, rows, values, 2));
  ck_assert_float_eq_tol(values[0], first, 1e-6F);
  ck_assert_float_eq_tol(values[1], second, 1e-6F);
  clf_dataset_free(rows);
}

#define VALUE(solver) "solver_type " solver "\nnr_class 2\nnr_feature 2\n"

/* f = 1.5 x1 - 0.25 x2 + 2 * 0.5 is the target itself. The loss is not in what is written again. */
TEST_LOOP(import__of_a_target_has_its_value, 0, 3) {
  static const char *const files[] = {VALUE("L2R_L2LOSS_SVR") "bias 2\nw\n1.5\n-0.25\n0.5\n",
                                      VALUE("L2R_L2LOSS_SVR_DUAL") "bias 2\nw\n1.5\n-0.25\n0.5\n",
                                      VALUE("L2R_L1LOSS_SVR_DUAL") "bias 2\nw\n1.5\n-0.25\n0.5\n"};
  char text[512];
  clf_model *model = import(files[_i], NULL);
  assert_values(model, 2.5F, 0);
  ck_clf_ok(clf_model_export(model, "liblinear", path, NULL));
  read_text_file(text, sizeof text, path);
  ck_assert_str_eq(text, VALUE("L2R_L1LOSS_SVR_DUAL") "bias 1\nw\n1.5\n-0.25\n1\n");
  clf_model_free(model);
}

/* Rows are like those of the fit if 1.5 x1 - 0.25 x2 > 0.75. */
TEST(import__of_one_class_subtracts_rho) {
  static const float x[] = {1, 0, 0, 4};
  int32_t found[2];
  char text[512];
  clf_model *model = import(VALUE("ONECLASS_SVM") "bias -1\nrho 0.75\nw\n1.5\n-0.25\n", NULL);
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, 2, 2, NULL);
  assert_values(model, 0.75F, -1.75F);
  ck_clf_ok(clf_model_predict(model, rows, found, 2));
  ck_assert(found[0] == 0 && found[1] == -1);
  ck_clf_ok(clf_model_export(model, "liblinear", path, NULL));
  read_text_file(text, sizeof text, path);
  ck_assert_str_eq(text, VALUE("ONECLASS_SVM") "bias -1\nrho 0.75\nw\n1.5\n-0.25\n");
  clf_dataset_free(rows);
  clf_model_free(model);
}

/* A fitted model and what its file has, by the same value of a row. */
static void check_value_written(const char *kind, const char *params, const clf_dataset *data,
                                const char *solver) {
  char text[4096];
  float before[30], after[30];
  clf_model *model = fitted(NULL, kind, params, data);
  ck_clf_ok(clf_model_decision_function(model, data, before, 30));
  ck_clf_ok(clf_model_export(model, "liblinear", path, NULL));
  clf_model_free(model);
  model = NULL;
  read_text_file(text, sizeof text, path);
  ck_assert_ptr_nonnull(strstr(text, solver));
  ck_clf_ok(clf_model_import(&model, NULL, "liblinear", path, NULL));
  ck_clf_ok(clf_model_decision_function(model, data, after, 30));
  for (int i = 0; i < 30; i++) {
    ck_assert_float_eq_tol(before[i], after[i], 1e-5F);
  }
  clf_model_free(model);
}

typedef struct bad_file {
  const char *text, *params, *says;
  clf_status status;
} bad_file;

#define BIG "solver_type L2R_L2LOSS_SVC\nnr_class 2000000000\nlabel 7 -3\nnr_feature 2\nbias 1\nw\n"

static const bad_file bad_files[] = {
    {"", NULL, "empty", CLF_ERROR_FORMAT},
    {"solver_type L2R_LR\n", NULL, "no line 'w' ends the header of a LIBLINEAR", CLF_ERROR_FORMAT},
    {"svm_type c_svc\nw\n", NULL, "line 1, column 1: 'svm_type' is not a line of a LIBLINEAR model",
     CLF_ERROR_FORMAT},
    {"nr_class 2\nw\n", NULL, "no line 'solver_type'", CLF_ERROR_FORMAT},
    {VALUE("L2R_L2LOSS_SVR") "bias -1\nlabel 1 2\nw\n1\n2\n", NULL,
     "line 5, column 7: a model of this solver_type has no labels", CLF_ERROR_FORMAT},
    {VALUE("ONECLASS_SVM") "bias -1\nw\n1\n2\n", NULL, "no line 'rho'", CLF_ERROR_FORMAT},
    {VALUE("ONECLASS_SVM") "bias -1\nrho 1e39\nw\n1\n2\n", NULL, "line 5, column 5: 1e+39",
     CLF_ERROR_FORMAT},
    {"solver_type L2R_L1LOSS_SVR_DUAL\nnr_class 3\nnr_feature 2\nbias -1\nw\n1\n2\n", NULL,
     "line 2, column 10: 3 is not", CLF_ERROR_FORMAT},
    {"solver_type L3R\nw\n", NULL, "line 1, column 13: 'L3R' is not", CLF_ERROR_FORMAT},
    {"solver_type L2R_LR\nnr_class 1\nnr_feature 1\nbias 1\nw\n", NULL,
     "1 is not an integer from 2", CLF_ERROR_FORMAT},
    {BIG, NULL, "line 3, column 7: this line must hold 2000000000 numbers", CLF_ERROR_FORMAT},
    {TWO("L2R_LR") "bias nan\nw\n1\n2\n", NULL, "line 5, column 6", CLF_ERROR_FORMAT},
    {TWO("L2R_LR") "bias -1\nlabel 1 2\nw\n1\n2\n", NULL, "line 6, column 1", CLF_ERROR_FORMAT},
    {TWO("L2R_LR") "bias -1\nw\n1\n", NULL, "too short for the weights of 2 features in 1 machines",
     CLF_ERROR_FORMAT},
    {TWO("L2R_LR") "bias -1\nw\n1\n   ", NULL,
     "it has 1 weights; 2 features have one in each of 1 machines", CLF_ERROR_FORMAT},
    {TWO("L2R_LR") "bias 1\nw\n1.000\n2.000\n", NULL,
     "it has 2 weights; 2 features and the bias have", CLF_ERROR_FORMAT},
    {TWO("L2R_LR") "bias -1\nw\n1\n2\n3\n", NULL, "line 9, column 1: '3' is not expected",
     CLF_ERROR_FORMAT},
    {TWO("L2R_LR") "bias -1\nw\n1\nx\n", NULL, "line 8, column 1: 'x' is not a finite number",
     CLF_ERROR_FORMAT},
    {TWO("L2R_LR") "bias -1\nw\n1\n-1e39\n", NULL, "line 8, column 1: '-1e39' is not within",
     CLF_ERROR_FORMAT},
    {TWO("L2R_LR") "bias 2\nw\n1\n1\n3e38\n", NULL, "bias times its weight, 6e+38",
     CLF_ERROR_FORMAT},
    {"solver_type L2R_LR\nnr_class 2\nlabel 7 7\nnr_feature 1\nbias -1\nw\n1\n", NULL,
     "a label occurs twice", CLF_ERROR_FORMAT},
    {LOGISTIC, "features=1", "line 4, column 12: the model has 2 features, more than features=1",
     CLF_ERROR_FORMAT},
    {LOGISTIC, "feature=1", "did you mean", CLF_ERROR_ARGUMENT},
};

TEST_LOOP(import__says_what_is_wrong_and_where, 0, sizeof bad_files / sizeof bad_files[0]) {
  const bad_file *bad = &bad_files[_i];
  clf_model *model = NULL;
  put_text("model", bad->text);
  ck_clf_fails(clf_model_import(&model, NULL, "liblinear", path, bad->params), bad->status);
  ck_clf_says(bad->says);
  ck_assert_ptr_null(model);
}

/* Coefficients of an svm of many classes would take far more memory than its file. */
TEST(import__refuses_files_out_of_proportion) {
  enum { CLASSES = 4000 };
  static char text[1 << 17];
  clf_model *model = NULL;
  int length = snprintf(text, sizeof text,
                        "solver_type L2R_L2LOSS_SVC\nnr_class %d\nnr_feature 1\n"
                        "bias -1\nlabel",
                        CLASSES);
  for (int i = 0; i < CLASSES; i++) {
    length += snprintf(text + length, sizeof text - (size_t)length, " %d", i);
  }
  length += snprintf(text + length, sizeof text - (size_t)length, "\nw\n");
  for (int i = 0; i < CLASSES; i++) {
    length += snprintf(text + length, sizeof text - (size_t)length, "1 ");
  }
  put_text("model", text);
  ck_clf_fails(clf_model_import(&model, NULL, "liblinear", path, NULL), CLF_ERROR_FORMAT);
  ck_clf_says("4000 machines are out of proportion");
}

/* Every number comes back, whatever the locale's decimal point is. */
TEST_LOOP(export__writes_what_import_reads, 0, 3) {
  static const char *const locales[] = {"C", "de_DE.UTF-8", "fr_FR.UTF-8"};
  char text[512];
  clf_model *model = import(LOGISTIC, NULL);
  setlocale(LC_ALL, locales[_i]);
  ck_clf_ok(clf_model_export(model, "liblinear", path, NULL));
  setlocale(LC_ALL, "C");
  read_text_file(text, sizeof text, path);
  ck_assert_str_eq(text, TWO("L2R_LR") "bias 1\nw\n1.5\n-0.25\n1\n");
  clf_model_free(model);
  model = import(THREE("MCSVM_CS") "bias -1\nw\n1 2 0.1\n10 20 1e-30\n", NULL);
  ck_clf_ok(clf_model_export(model, "liblinear", path, NULL));
  read_text_file(text, sizeof text, path);
  ck_assert_str_eq(text,
                   "solver_type L2R_L1LOSS_SVC_DUAL\nnr_class 3\nlabel 1 3 5\nnr_feature 2\n"
                   "bias -1\nw\n2 0.1 1\n20 1e-30 10\n");
  clf_model_free(model);
}

static void check_refused(clf_model *model, const char *says) {
  unlink(path);
  ck_clf_fails(clf_model_export(model, "liblinear", path, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says(says);
  ck_assert_int_ne(access(path, F_OK), 0);
  clf_model_free(model);
}

static clf_model *transformed(const char *transform, const char *params, const clf_dataset *data) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  ck_clf_ok(clf_model_add_transform(model, transform, params));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  return model;
}

TEST(export__refuses_what_the_file_cannot_say) {
  enum { ROWS = 30, COLUMNS = 4 };
  float x[ROWS * COLUMNS];
  int32_t y[ROWS];
  const char *names[ROWS];
  fill_clouds(x, y, ROWS, COLUMNS, 3);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  check_refused(fitted(NULL, "logistic", NULL, data), "softmax");
  check_refused(fitted(NULL, "fisher", NULL, data), "probabilities=false");
  check_refused(fitted(NULL, "svm", "kernel=linear", data), "multiclass=one_vs_rest");
  check_refused(fitted(NULL, "svm", NULL, data), "is not linear");
  check_refused(fitted(NULL, "perceptron", "kernel=rbf", data), "is not linear");
  check_refused(transformed("polynomial", NULL, data), "the transform polynomial is not written");
  check_refused(transformed("min_max", "clip=true", data), "clip=false");
  for (int i = 0; i < ROWS; i++) {
    names[i] = y[i] == 0 ? "1" : y[i] == 1 ? "2" : "three";
  }
  ck_clf_ok(clf_dataset_set_label_names(data, names, ROWS));
  check_refused(fitted(NULL, "ridge", NULL, data), "'three' is not an integer");
  clf_tensor *targets = NULL;
  ck_clf_ok(clf_tensor_wrap(&targets, NULL, x, CLF_F32, 1, (int64_t[]){ROWS}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, targets));
  check_value_written("ridge", NULL, data, "solver_type L2R_L2LOSS_SVR\n");
  check_value_written("svm", "kernel=linear type=epsilon_svr", data, "L2R_L1LOSS_SVR_DUAL");
  check_value_written("svm", "kernel=linear type=nu_svr", data, "L2R_L1LOSS_SVR_DUAL");
  check_value_written("svm", "kernel=linear type=one_class", data, "ONECLASS_SVM");
  clf_tensor_free(targets);
  targets = NULL;
  ck_clf_ok(clf_tensor_wrap(&targets, NULL, x, CLF_F32, 2, (int64_t[]){ROWS, 2}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, targets));
  check_refused(fitted(NULL, "ridge", NULL, data), "has several targets");
  clf_tensor_free(targets);
  clf_dataset_free(data);
}

/* Both directions, of each kind of machine, with each allocation refused in turn. */
static clf_status there_and_back(clf_context *context, const void *argument) {
  static const char *const files[] = {LOGISTIC, THREE("L2R_LR") "bias 1\nw\n1 2 3\n4 5 6\n7 8 9\n",
                                      THREE("MCSVM_CS") "bias -1\nw\n1 2 3\n4 5 6\n",
                                      VALUE("ONECLASS_SVM") "bias -1\nrho 1\nw\n1\n2\n"};
  clf_model *model = NULL;
  clf_status status = CLF_OK;
  (void)argument;
  for (size_t i = 0; status == CLF_OK && i < sizeof files / sizeof files[0]; i++) {
    put_text("model", files[i]);
    status = clf_model_import(&model, context, "liblinear", path, NULL);
    if (status == CLF_OK) {
      status = clf_model_export(model, "liblinear", path, NULL);
    }
    clf_model_free(model);
    model = NULL;
  }
  return status;
}

TEST(each_allocation__may_be_refused) {
  ck_assert_int_eq(check_every_allocation("threads=1", there_and_back, NULL).tolerated, 0);
}

SUITE("liblinear", .setup = make_path, .teardown = remove_folder)
