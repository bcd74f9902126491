/* Models asked what they cannot answer: a status, and outputs as they were. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

enum { ROWS = 60, COLUMNS = 4, CLASSES = 3, MARK = 77 };

static float x[ROWS * COLUMNS];
static int32_t y[ROWS];
static clf_dataset *open_rows;
static clf_model *open_model;

static void open_fitted(int kind) {
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  open_rows = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  open_model = fitted(NULL, kind_at(kind), NULL, open_rows);
}

static void close_fitted(void) {
  clf_model_free(open_model);
  clf_dataset_free(open_rows);
}

/* Asks in every way; each must fail as expected and leave its output alone. */
static void check_refused(const clf_model *model, const clf_dataset *rows, int64_t capacity_of_one,
                          clf_status expected) {
  int32_t labels[ROWS];
  float values[ROWS * CLASSES];
  double score = MARK;
  for (int i = 0; i < ROWS * CLASSES; i++) {
    values[i] = MARK;
  }
  for (int i = 0; i < ROWS; i++) {
    labels[i] = MARK;
  }
  ck_clf_fails(clf_model_predict(model, rows, labels, capacity_of_one), expected);
  int64_t capacity = 3 * capacity_of_one;
  ck_clf_fails(clf_model_decision_function(model, rows, values, capacity), expected);
  clf_status status = clf_model_predict_proba(model, rows, values, capacity);
  ck_assert(status == expected || status == CLF_ERROR_UNSUPPORTED);
  int64_t axes = 1;
  clf_model_project(model, rows, NULL, 0, &axes);
  status = clf_model_project(model, rows, values, axes * capacity_of_one, NULL);
  ck_assert(status == expected || status == CLF_ERROR_UNSUPPORTED);
  if (capacity_of_one == ROWS) {
    ck_clf_fails(clf_model_score(model, rows, &score), expected);
  }
  for (int i = 0; i < ROWS * CLASSES; i++) {
    ck_assert_float_eq(values[i], MARK);
  }
  for (int i = 0; i < ROWS; i++) {
    ck_assert_int_eq(labels[i], MARK);
  }
  ck_assert_double_eq(score, MARK);
}

TEST_LOOP(predict__refuses_rows_of_another_width, 0, (int)clf_kind_count("model")) {
  open_fitted(_i);
  for (int columns = 3; columns <= 5; columns += 2) {
    clf_dataset *rows = dataset_of(NULL, x, CLF_F32, 40, columns, y);
    check_refused(open_model, rows, ROWS, CLF_ERROR_SHAPE);
    clf_dataset_free(rows);
  }
  close_fitted();
}

TEST_LOOP(predict__refuses_rows_that_are_not_finite, 0, (int)clf_kind_count("model")) {
  const float bad[] = {NAN, INFINITY, -INFINITY};
  open_fitted(_i);
  for (int b = 0; b < 3; b++) {
    static float rows_data[ROWS * COLUMNS];
    memcpy(rows_data, x, sizeof rows_data);
    rows_data[59 * COLUMNS + 1] = bad[b];
    clf_dataset *rows = dataset_of(NULL, rows_data, CLF_F32, ROWS, COLUMNS, y);
    check_refused(open_model, rows, ROWS, CLF_ERROR_DATA);
    int32_t labels[ROWS];
    ck_clf_fails(clf_model_predict(open_model, rows, labels, ROWS), CLF_ERROR_DATA);
    ck_clf_says("row 59");
    ck_clf_says("column 1");
    clf_dataset_free(rows);
  }
  close_fitted();
}

/* Models whose results are finite for some rows that are not: by votes, sigmoids, maxima or clips. */
static const struct {
  const char *kind, *params, *transform, *transform_params;
} saturating[] = {
    {"svm", "kernel=linear", NULL, NULL},
    {"svm", "kernel=linear", "standardize", NULL},
    {"svm", "kernel=rbf", "standardize", NULL},
    {"svm", "kernel=sigmoid", NULL, NULL},
    {"perceptron", "kernel=sigmoid", NULL, NULL},
    {"perceptron", "kernel=rbf", "standardize", NULL},
    {"fisher", "kernel=sigmoid", NULL, NULL},
    {"network", "epochs=1 layers='dense units=8 activation=tanh; dense units=3'", NULL, NULL},
    {"network",
     "epochs=1 loss=squared_error layers='dense units=8; dense units=3 activation=sigmoid'",
     "standardize", NULL},
    {"ridge", NULL, "min_max", "clip=true"},
    {"logistic", NULL, "min_max", "clip=true"},
};

TEST_LOOP(predict__refuses_infinity_that_would_saturate, 0,
          (int)(sizeof saturating / sizeof *saturating)) {
  const float bad[] = {NAN, INFINITY, -INFINITY};
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  open_rows = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  ck_clf_ok(clf_model_create(&open_model, NULL, saturating[_i].kind, saturating[_i].params));
  if (saturating[_i].transform != NULL) {
    ck_clf_ok(clf_model_add_transform(open_model, saturating[_i].transform,
                                      saturating[_i].transform_params));
  }
  ck_clf_ok(clf_model_fit(open_model, open_rows, NULL, NULL));
  for (int b = 0; b < 3; b++) {
    float row[] = {1, bad[b], 2, 3};
    clf_dataset *rows = dataset_of(NULL, row, CLF_F32, 1, COLUMNS, y);
    int32_t label;
    check_refused(open_model, rows, 1, CLF_ERROR_DATA);
    ck_clf_fails(clf_model_predict(open_model, rows, &label, 1), CLF_ERROR_DATA);
    ck_clf_says("row 0, column 1");
    clf_dataset_free(rows);
  }
  close_fitted();
}

TEST_LOOP(predict__takes_or_refuses_extreme_rows, 0, (int)clf_kind_count("model")) {
  const float extremes[] = {1e30f, -3e38f, 3e38f, 1e-45f};
  open_fitted(_i);
  for (int e = 0; e < 4; e++) {
    int32_t label = MARK;
    float row[] = {extremes[e], extremes[e], -extremes[e], extremes[e]};
    clf_dataset *rows = dataset_of(NULL, row, CLF_F32, 1, 4, NULL);
    clf_status status = clf_model_predict(open_model, rows, &label, 1);
    ck_assert_msg(status == CLF_OK ? label >= 0 && label < CLASSES
                                   : status == CLF_ERROR_DATA && label == MARK,
                  "%s: %s", clf_status_name(status), clf_last_error());
    float values[CLASSES];
    if (clf_model_decision_function(open_model, rows, values, CLASSES) == CLF_OK) {
      ck_assert(isfinite(values[0]) && isfinite(values[1]) && isfinite(values[2]));
    }
    clf_dataset_free(rows);
  }
  close_fitted();
}

TEST_LOOP(predict__refuses_too_small_an_output, 0, (int)clf_kind_count("model")) {
  open_fitted(_i);
  check_refused(open_model, open_rows, ROWS - 1, CLF_ERROR_ARGUMENT);
  check_refused(open_model, open_rows, 0, CLF_ERROR_ARGUMENT);
  check_refused(open_model, open_rows, -1, CLF_ERROR_ARGUMENT);
  close_fitted();
}

TEST_LOOP(save_and_describe__refuse_too_small_a_buffer, 0, (int)clf_kind_count("model")) {
  open_fitted(_i);
  size_t size = 0;
  char buffer[16] = "untouched";
  ck_clf_ok(clf_model_save_memory(open_model, NULL, 0, &size));
  ck_assert_uint_gt(size, sizeof buffer);
  size_t known = size;
  ck_clf_fails(clf_model_save_memory(open_model, buffer, sizeof buffer, &size), CLF_ERROR_ARGUMENT);
  ck_assert_uint_eq(size, known);
  ck_clf_fails(clf_model_describe(open_model, buffer, sizeof buffer, NULL), CLF_ERROR_ARGUMENT);
  ck_assert_str_eq(buffer, "untouched");
  close_fitted();
}

TEST_LOOP(unfitted__models_refuse_to_answer, 0, (int)clf_kind_count("model")) {
  clf_model *model = NULL;
  size_t size = MARK;
  clf_tensor *tensor = NULL;
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  ck_clf_ok(clf_model_create(&model, NULL, kind_at(_i), NULL));
  check_refused(model, rows, ROWS, CLF_ERROR_NOT_FITTED);
  ck_clf_fails(clf_model_outcome(model), CLF_ERROR_NOT_FITTED);
  ck_clf_says("fitted");
  ck_clf_fails(clf_model_save(model, "/tmp/never-written"), CLF_ERROR_NOT_FITTED);
  ck_clf_fails(clf_model_save_memory(model, NULL, 0, &size), CLF_ERROR_NOT_FITTED);
  ck_clf_fails(clf_model_tensor(&tensor, model, "weights"), CLF_ERROR_NOT_FITTED);
  ck_assert_uint_eq(size, MARK);
  ck_assert_int_eq(clf_model_features(model), -1);
  ck_assert_int_eq(clf_model_classes(model), -1);
  ck_assert_int_eq(clf_model_outputs(model), -1);
  ck_assert_ptr_null(clf_model_class_name(model, 0));
  ck_assert_ptr_null(clf_model_tensor_name(model, 0));
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* What is written is checked before anything is, and writers of formats name their parameters. */
TEST(writers__refuse_unknown_params) {
  static const char path[] = "/tmp/classify-never-written.ppm";
  clf_image *image = NULL;
  open_fitted(0);
  clf_model *svm = fitted(NULL, "svm", NULL, open_rows);
  ck_clf_ok(clf_image_create(&image, NULL, 2, 2, 3, NULL, 0));
  ck_clf_fails(clf_dataset_save(open_rows, "svmlight", path, "zero_base=true"), CLF_ERROR_ARGUMENT);
  ck_clf_says("svmlight has no parameter 'zero_base'; did you mean 'zero_based'?");
  ck_clf_fails(clf_model_export(svm, "libsvm", path, "scale=1"), CLF_ERROR_ARGUMENT);
  ck_clf_says("libsvm has no parameter 'scale'; it has: it takes none");
  ck_clf_fails(clf_model_export(open_model, "onnx", path, "opset=99"), CLF_ERROR_ARGUMENT);
  ck_clf_says("onnx has no parameter 'opset'; it has: name");
  ck_clf_fails(clf_image_save(image, path, "quality=90"), CLF_ERROR_ARGUMENT);
  ck_clf_says("pnm has no parameter 'quality'; it has: it takes none");
  ck_assert_int_ne(access(path, F_OK), 0);
  clf_image_free(image);
  clf_model_free(svm);
  close_fitted();
}

TEST(success__leaves_the_message_alone) {
  clf_model *model = NULL;
  double score = 0;
  ck_clf_fails(clf_model_create(&model, NULL, "rigde", NULL), CLF_ERROR_ARGUMENT);
  char *message = strdup(clf_last_error());
  ck_assert_ptr_nonnull(message);
  ck_assert_str_ne(message, "");
  for (int kind = 0; kind < clf_kind_count("model"); kind++) {
    open_fitted(kind);
    ck_clf_ok(clf_model_score(open_model, open_rows, &score));
    ck_assert_str_eq(clf_last_error(), message);
    close_fitted();
  }
  free(message);
}

/* A fit that fails leaves the model as the fit before had left it. */
TEST_LOOP(fit__that_fails_keeps_the_old_state, 0, (int)clf_kind_count("model")) {
  float before[ROWS * CLASSES];
  float after[ROWS * CLASSES];
  open_fitted(_i);
  ck_clf_ok(clf_model_decision_function(open_model, open_rows, before, ROWS * CLASSES));
  static float rows_data[ROWS * COLUMNS];
  memcpy(rows_data, x, sizeof rows_data);
  rows_data[7] = NAN;
  clf_dataset *bad = dataset_of(NULL, rows_data, CLF_F32, ROWS, COLUMNS, y);
  ck_clf_fails(clf_model_fit(open_model, bad, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_ok(clf_model_decision_function(open_model, open_rows, after, ROWS * CLASSES));
  ck_assert_mem_eq(before, after, sizeof before);
  clf_dataset_free(bad);
  close_fitted();
}

TEST_LOOP(score__refuses_what_it_cannot_score, 0, (int)clf_kind_count("model")) {
  double score = MARK;
  static const float zero[ROWS] = {0};
  open_fitted(_i);
  clf_dataset *bare = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, NULL);
  ck_clf_fails(clf_model_score(open_model, bare, &score), CLF_ERROR_ARGUMENT);
  clf_dataset *weightless = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  set_weights(weightless, zero);
  ck_clf_fails(clf_model_score(open_model, weightless, &score), CLF_ERROR_DATA);
  ck_assert_double_eq(score, MARK);
  clf_dataset_free(weightless);
  clf_dataset_free(bare);
  close_fitted();
}

/* Rows of classes that the model has never heard of are wrong, and of known ones right. */
TEST_LOOP(score__counts_unknown_classes_as_wrong, 0, (int)clf_kind_count("model")) {
  open_fitted(_i);
  double known = 0;
  double half = 0;
  ck_clf_ok(clf_model_score(open_model, open_rows, &known));
  for (int i = 0; i < ROWS; i++) {
    y[i] = i < 30 ? y[i] : 1000 + i;
  }
  clf_dataset *strangers = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  ck_assert_double_eq(known, 1);
  ck_clf_ok(clf_model_score(open_model, strangers, &half));
  ck_assert_double_eq(half, 0.5);
  clf_dataset_free(strangers);
  close_fitted();
}

SUITE("misuse")
