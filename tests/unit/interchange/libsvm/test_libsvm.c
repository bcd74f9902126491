/* LIBSVM's model files and the writer of its data files: values known by hand, and what is refused.
 * tests/parity/test_libsvm.py reads files that LIBSVM's tools wrote. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
  ck_clf_ok(clf_model_import(&model, NULL, "libsvm", path, params));
  return model;
}

#define HEAD "svm_type c_svc\nkernel_type linear\nnr_class 2\ntotal_sv 2\n"
#define REST "rho 0.5\nlabel 7 -3\nnr_sv 1 1\nSV\n"
#define LINEAR HEAD REST "2 1:1 2:3\n-1 2:1\n"

/* f = 2 (x1 + 3 x2) - x2 - 1/2 for the label 7, which is our second class. */
TEST(import__of_two_classes_is_by_hand) {
  static const float x[] = {1, 0, 0, 1, -1, 0.25F};
  clf_model *model = import(LINEAR, NULL);
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, 3, 2, NULL);
  float values[6];
  ck_assert_str_eq(clf_model_class_name(model, 0), "-3");
  ck_assert_str_eq(clf_model_class_name(model, 1), "7");
  ck_clf_ok(clf_model_decision_function(model, rows, values, 6));
  ck_assert_float_eq(values[1], 1.5F);
  ck_assert_float_eq(values[3], 4.5F);
  ck_assert_float_eq(values[5], -1.25F);
  ck_assert_float_eq(values[0], -1.5F);
  clf_dataset_free(rows);
  clf_model_free(model);
}

/* Three classes in the order 5, 1, 3 with one vector each, along an axis of its own. */
TEST(import__turns_machines_whose_classes_change_places) {
  clf_model *model = import(
      "svm_type nu_svc\nkernel_type linear\nnr_class 3\ntotal_sv 3\n"
      "rho 1 2 4\nlabel 5 1 3\nprobA -1 -2 -3\nprobB 0.5 0.25 0.125\n"
      "nr_sv 1 1 1\nSV\n10 20 1:1\n-30 40 2:1\n-50 -60 3:1\n",
      NULL);
  /* Pairs of the file: (5,1) 10 x1 - 30 x2 - 1, (5,3) 20 x1 - 50 x3 - 2, (1,3) 40 x2 - 60 x3 - 4.
   * Ours: (1,3), (1,5), (3,5). */
  static const float weights[] = {0, 40, -60, -10, 30, 0, -20, 0, 50};
  static const double intercept[] = {-4, 1, 2};
  static const double calibration[] = {-3, 0.125, -1, -0.5, -2, -0.25};
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, model, "weights"));
  ck_assert_mem_eq(clf_tensor_data(tensor), weights, sizeof weights);
  clf_tensor_free(tensor);
  ck_clf_ok(clf_model_tensor(&tensor, model, "intercept"));
  ck_assert_mem_eq(clf_tensor_data(tensor), intercept, sizeof intercept);
  clf_tensor_free(tensor);
  ck_clf_ok(clf_model_tensor(&tensor, model, "calibration"));
  ck_assert_mem_eq(clf_tensor_data(tensor), calibration, sizeof calibration);
  clf_tensor_free(tensor);
  clf_model_free(model);
}

TEST(import__takes_features_and_where_they_begin) {
  clf_model *model = import(LINEAR, "features=9");
  ck_assert_int_eq(clf_model_features(model), 9);
  clf_model_free(model);
  model = import(LINEAR, "zero_based=true");
  ck_assert_int_eq(clf_model_features(model), 3);
  clf_model_free(model);
  model = import(HEAD REST "2 0:1\n-1 2:1\n", NULL);
  ck_assert_int_eq(clf_model_features(model), 3);
  clf_model_free(model);
}

typedef struct bad_file {
  const char *text, *params, *says;
  clf_status status;
} bad_file;

static const bad_file bad_files[] = {
    {"", NULL, "empty", CLF_ERROR_FORMAT},
    {"svm_type c_svc\n", NULL, "no line 'SV'", CLF_ERROR_FORMAT},
    {"svm_tipe c_svc\nSV\n", NULL, "line 1, column 1: 'svm_tipe' is not", CLF_ERROR_FORMAT},
    {"svm_type epsilon_svc\nSV\n", NULL, "line 1, column 10: 'epsilon_svc' is not",
     CLF_ERROR_FORMAT},
    {"svm_type nu_svr\nkernel_type linear\nnr_class 2\ntotal_sv 1\nrho 0\nlabel 1 2\nSV\n", NULL,
     "line 6, column 7: labels are for classes", CLF_ERROR_FORMAT},
    {"svm_type one_class\nkernel_type linear\nnr_class 2\ntotal_sv 0\nrho 0\nSV\n", NULL,
     "no support vector has an entry", CLF_ERROR_FORMAT},
    {"svm_type c_svc\nSV\n", NULL, "no line 'kernel_type'", CLF_ERROR_FORMAT},
    {"svm_type c_svc\nkernel_type rbf\ngamma -1\nSV\n", NULL, "line 3, column 7", CLF_ERROR_FORMAT},
    {"svm_type c_svc\nkernel_type cubic\nSV\n", NULL, "line 2, column 13", CLF_ERROR_FORMAT},
    {"svm_type c_svc\nsvm_type c_svc\nSV\n", NULL, "line 2, column 1", CLF_ERROR_FORMAT},
    {"svm_type c_svc\nkernel_type linear\nnr_class 1\ntotal_sv 1\nSV\n", NULL,
     "1 is not an integer from 2", CLF_ERROR_FORMAT},
    {"svm_type c_svc\nkernel_type linear\nnr_class 2000000000\ntotal_sv 1\nlabel 1 2\nSV\n", NULL,
     "must hold 2000000000 numbers", CLF_ERROR_FORMAT},
    {HEAD "rho 0.5\nlabel 7 7\nnr_sv 1 1\nSV\n1 1:1\n1 1:1\n", NULL, "a label occurs twice",
     CLF_ERROR_FORMAT},
    {HEAD "rho 0.5\nlabel 7 8\nnr_sv 1 2\nSV\n1 1:1\n1 1:1\n", NULL, "line 7, column 7",
     CLF_ERROR_FORMAT},
    {HEAD "rho nan\nlabel 7 8\nnr_sv 1 1\nSV\n1 1:1\n1 1:1\n", NULL,
     "line 5, column 5: 'nan' is not a finite number", CLF_ERROR_FORMAT},
    {HEAD REST "1 1:1\n", NULL, "it has 1 of 2 support vectors", CLF_ERROR_FORMAT},
    {HEAD REST "1 1:1\n1 1:1\n1 1:1\n", NULL, "line 11, column 1", CLF_ERROR_FORMAT},
    {HEAD REST "1 1:1\n1 1:x\n", NULL, "line 10, column 5: 'x' is not", CLF_ERROR_FORMAT},
    {HEAD REST "1 1:1\n1 1=2\n", NULL, "line 10, column 3: '1=2' is not", CLF_ERROR_FORMAT},
    {HEAD REST "1 1:1\n1 2:1 2:2\n", NULL, "occurs twice", CLF_ERROR_FORMAT},
    {HEAD REST "1 1:1e99\n1 2:1\n", NULL, "range of float", CLF_ERROR_FORMAT},
    {HEAD REST "1\n1\n", NULL, "features=N", CLF_ERROR_FORMAT},
    {HEAD REST "1 2147483646:1\n1 1:1\n", NULL, "out of proportion", CLF_ERROR_FORMAT},
    {LINEAR, "features=1", "line 9, column 7: the index 2 is beyond", CLF_ERROR_FORMAT},
    {LINEAR, "feature=1", "did you mean", CLF_ERROR_ARGUMENT},
};

TEST_LOOP(import__says_what_is_wrong_and_where, 0, sizeof bad_files / sizeof bad_files[0]) {
  const bad_file *bad = &bad_files[_i];
  clf_model *model = NULL;
  put_text("model", bad->text);
  ck_clf_fails(clf_model_import(&model, NULL, "libsvm", path, bad->params), bad->status);
  ck_clf_says(bad->says);
  ck_assert_ptr_null(model);
}

TEST(formats__are_found_by_name) {
  clf_model *model = NULL;
  ck_clf_fails(clf_model_import(&model, NULL, "libsmv", path, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("libsvm");
  ck_clf_fails(clf_model_import(&model, NULL, "libsvm", "/nonexistent/file", NULL), CLF_ERROR_IO);
  ck_assert_str_eq(clf_kind_name("model_reader", 0), "libsvm");
}

/* Every number comes back, whatever the locale's decimal point is. */
TEST_LOOP(export__writes_what_import_reads, 0, 3) {
  char text[512];
  static const char *const locales[] = {"C", "de_DE.UTF-8", "fr_FR.UTF-8"};
  setlocale(LC_ALL, locales[_i]);
  clf_model *model = import(LINEAR, NULL);
  ck_clf_ok(clf_model_export(model, "libsvm", path, NULL));
  read_text_file(text, sizeof text, path);
  setlocale(LC_ALL, "C");
  ck_assert_str_eq(text, HEAD "rho -0.5\nlabel -3 7\nnr_sv 1 1\nSV\n1 2:1\n-2 1:1 2:3\n");
  clf_model_free(model);
}

/* f = 2 x1 - (x1 + 4 x2) - 3 / 2: machines without classes have one line, and neither labels nor
 * counts. */
#define ONE(type, probability)                                                                     \
  "svm_type " type "\nkernel_type linear\nnr_class 2\ntotal_sv 2\nrho 1.5\n" probability           \
  "SV\n2 1:1\n-1 1:1 2:4\n"

TEST_LOOP(machines_without_classes__are_read_and_written, 0, 3) {
  static const char *const files[] = {ONE("epsilon_svr", ""), ONE("nu_svr", "probA 0.5\n"),
                                      ONE("one_class", "")};
  static const float x[] = {3, 1, 9, 0.5F};
  char text[512];
  float values[2];
  int32_t labels[2];
  clf_model *model = import(files[_i], NULL), *loaded = NULL;
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, 2, 2, NULL);
  size_t size = 0;
  char bytes[8192];
  ck_assert_int_eq(clf_model_classes(model), 0);
  ck_assert_int_eq(clf_model_outputs(model), 1);
  ck_clf_ok(clf_model_save_memory(model, bytes, sizeof bytes, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  ck_clf_ok(clf_model_decision_function(loaded, rows, values, 2));
  ck_assert_float_eq(values[0], -2.5F);
  ck_assert_float_eq(values[1], 5.5F);
  if (_i < 2) {
    ck_clf_fails(clf_model_predict(loaded, rows, labels, 2), CLF_ERROR_UNSUPPORTED);
  } else {
    ck_clf_ok(clf_model_predict(loaded, rows, labels, 2));
    ck_assert_int_eq(labels[0], -1);
    ck_assert_int_eq(labels[1], 0);
  }
  ck_clf_ok(clf_model_export(loaded, "libsvm", path, NULL));
  read_text_file(text, sizeof text, path);
  ck_assert_str_eq(text, files[_i]);
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* A regression whose targets all lie within epsilon has no vectors in LIBSVM's file. */
TEST(import__of_a_constant) {
  clf_model *model = import(
      "svm_type epsilon_svr\nkernel_type rbf\ngamma 1\nnr_class 2\n"
      "total_sv 0\nrho -2.5\nSV\n",
      "features=2");
  static const float x[] = {3, 1};
  float value = 0;
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, 1, 2, NULL);
  ck_clf_ok(clf_model_decision_function(model, rows, &value, 1));
  ck_assert_float_eq(value, 2.5F);
  clf_dataset_free(rows);
  clf_model_free(model);
}

static void check_refused(clf_model *model, const char *says) {
  ck_clf_fails(clf_model_export(model, "libsvm", path, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says(says);
  clf_model_free(model);
}

TEST(export__refuses_what_the_file_cannot_say) {
  enum { ROWS = 30, COLUMNS = 4 };
  float x[ROWS * COLUMNS];
  int32_t y[ROWS];
  const char *names[ROWS];
  fill_clouds(x, y, ROWS, COLUMNS, 3);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  clf_model *scaled = NULL, *unfitted = NULL;
  unlink(path);
  ck_clf_ok(clf_model_create(&unfitted, NULL, "svm", NULL));
  ck_clf_fails(clf_model_export(unfitted, "libsvm", path, NULL), CLF_ERROR_NOT_FITTED);
  clf_model_free(unfitted);
  check_refused(fitted(NULL, "ridge", NULL, data), "this is ridge");
  check_refused(fitted(NULL, "svm", "multiclass=one_vs_rest", data), "multiclass=one_vs_one");
  ck_clf_ok(clf_model_create(&scaled, NULL, "svm", NULL));
  ck_clf_ok(clf_model_add_transform(scaled, "standardize", NULL));
  ck_clf_ok(clf_model_fit(scaled, data, NULL, NULL));
  check_refused(scaled, "transforms");
  for (int i = 0; i < ROWS; i++) {
    names[i] = y[i] == 0 ? "1" : y[i] == 1 ? "2" : "three";
  }
  ck_clf_ok(clf_dataset_set_label_names(data, names, ROWS));
  check_refused(fitted(NULL, "svm", NULL, data), "'three' is not an integer");
  ck_assert_int_ne(access(path, F_OK), 0);
  clf_dataset_free(data);
}

static const float values[] = {0,       1,        -2,   0.1F,    FLT_MAX, FLT_MIN,
                               1e-45F,  16777216, 3e9F, 1048575, 1048577, -0.00012F,
                               1 / 3.F, 5e-10F,   0,    0};
enum { VALUE_ROWS = 4, VALUE_COLUMNS = 4 };

TEST(save__counts_from_where_it_is_asked_to) {
  static const char *const params[] = {NULL, "zero_based=true"};
  static const char *const lines[] = {"5 2:1 3:-2 4:0.1\n", "5 1:1 2:-2 3:0.1\n"};
  static const int32_t y[] = {5, -1, 5, 2};
  for (int i = 0; i < 4; i++) {
    clf_dataset *data = i % 2 == 0 ? dataset_of(NULL, values, CLF_F32, VALUE_ROWS, VALUE_COLUMNS, y)
                                   : sparse_of(NULL, values, VALUE_ROWS, VALUE_COLUMNS, y);
    char line[64] = "";
    ck_clf_ok(clf_dataset_save(data, "svmlight", path, params[i / 2]));
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    ck_assert_str_eq(line, lines[i / 2]);
    fclose(file);
    clf_dataset_free(data);
  }
}

/* Floats come back bit for bit; the last row, which is 0 but for one value, too. */
TEST_LOOP(save__writes_what_load_reads, 0, 2) {
  static const int32_t y[] = {5, -1, 5, 2};
  clf_dataset *data = _i == 0 ? dataset_of(NULL, values, CLF_F32, VALUE_ROWS, VALUE_COLUMNS, y)
                              : sparse_of(NULL, values, VALUE_ROWS, VALUE_COLUMNS, y);
  clf_dataset *again = NULL;
  ck_clf_ok(clf_dataset_save(data, "svmlight", path, NULL));
  ck_clf_ok(clf_dataset_load(&again, NULL, "svmlight", path, "features=4"));
  clf_tensor *parts[4] = {NULL};
  static const char *const names[] = {"row_start", "column", "value", "labels"};
  for (int i = 0; i < 4; i++) {
    ck_clf_ok(clf_dataset_tensor(&parts[i], again, names[i]));
  }
  const int64_t *row_start = clf_tensor_data(parts[0]);
  const int32_t *column = clf_tensor_data(parts[1]), *labels = clf_tensor_data(parts[3]);
  float found[VALUE_ROWS * VALUE_COLUMNS] = {0};
  for (int64_t row = 0; row < VALUE_ROWS; row++) {
    for (int64_t e = row_start[row]; e < row_start[row + 1]; e++) {
      found[row * VALUE_COLUMNS + column[e]] = ((const float *)clf_tensor_data(parts[2]))[e];
    }
    char name[16];
    snprintf(name, sizeof name, "%d", y[row]);
    ck_assert_str_eq(clf_dataset_class_name(again, labels[row]), name);
  }
  ck_assert_mem_eq(found, values, sizeof values);
  for (int i = 0; i < 4; i++) {
    clf_tensor_free(parts[i]);
  }
  clf_dataset_free(data);
  clf_dataset_free(again);
}

TEST(save__writes_labels_targets_and_bytes) {
  static const uint8_t x[] = {0, 255, 51, 0};
  static const char *const names[] = {"pear", "apple"};
  static const double targets[] = {0.1, -1e300};
  char text[128];
  clf_dataset *data = dataset_of(NULL, x, CLF_U8, 2, 2, NULL);
  ck_clf_ok(clf_dataset_save(data, "svmlight", path, NULL));
  read_text_file(text, sizeof text, path);
  ck_assert_str_eq(text, "0 2:1\n0 1:0.20000002\n");
  ck_clf_ok(clf_dataset_set_label_names(data, names, 2));
  ck_clf_ok(clf_dataset_save(data, "svmlight", path, NULL));
  read_text_file(text, sizeof text, path);
  ck_assert_str_eq(text, "1 2:1\n0 1:0.20000002\n");
  clf_tensor *t = NULL;
  ck_clf_ok(clf_tensor_wrap(&t, NULL, targets, CLF_F64, 1, (int64_t[]){2}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, t));
  ck_clf_ok(clf_dataset_save(data, "svmlight", path, NULL));
  read_text_file(text, sizeof text, path);
  ck_assert_str_eq(text, "0.1 2:1\n-1e+300 1:0.20000002\n");
  clf_tensor_free(t);
  clf_dataset_free(data);
}

/* All digits of f64 rows, and of labels. */
TEST(save__writes_f64_rows) {
  static const double x[] = {1700000001.5, 0, -1e300, 0.1};
  static const int64_t y[] = {9007199254740993, 9007199254740992};
  char text[128];
  clf_tensor *labels = NULL;
  clf_dataset *data = dataset_of(NULL, x, CLF_F64, 2, 2, NULL);
  ck_clf_ok(clf_tensor_wrap(&labels, NULL, y, CLF_I64, 1, (int64_t[]){2}, NULL));
  ck_clf_ok(clf_dataset_set_labels(data, labels));
  ck_clf_ok(clf_dataset_save(data, "svmlight", path, NULL));
  read_text_file(text, sizeof text, path);
  ck_assert_str_eq(text, "9007199254740993 1:1700000001.5\n9007199254740992 1:-1e+300 2:0.1\n");
  clf_tensor_free(labels);
  clf_dataset_free(data);
}

TEST(save__refuses_what_it_cannot_write) {
  static const float x[] = {1, 2, NAN, 4};
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 2, 1, NULL);
  clf_dataset *bad = dataset_of(NULL, x, CLF_F32, 2, 2, NULL);
  unlink(path);
  ck_clf_fails(clf_dataset_save(bad, "svmlight", path, NULL), CLF_ERROR_DATA);
  ck_clf_fails(clf_dataset_save(data, "images", path, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_fails(clf_dataset_save(data, "svmlite", path, NULL), CLF_ERROR_ARGUMENT);
  set_weights(data, x);
  ck_clf_fails(clf_dataset_save(data, "svmlight", path, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("weights");
  ck_clf_fails(clf_dataset_save(bad, "svmlight", "/nonexistent/folder/file", NULL), CLF_ERROR_DATA);
  ck_assert_int_ne(access(path, F_OK), 0);
  clf_dataset_free(data);
  clf_dataset_free(bad);
}

SUITE("libsvm", .setup = make_path, .teardown = remove_folder)
