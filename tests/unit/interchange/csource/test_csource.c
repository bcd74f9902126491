/* Models as C source code: what is refused, and what the file says. tests/parity/test_csource.py
 * compiles the files and compares their results. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "failing_allocator.h"
#include "files.h"
#include "log.h"
#include "support.h"

enum { ROWS = 60, COLUMNS = 5, CLASSES = 3 };

static char path[64];
static float x[ROWS * COLUMNS];
static int32_t y[ROWS];

static void setup(void) {
  make_folder();
  snprintf(path, sizeof path, "%s/model.c", folder);
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
}

static clf_dataset *clouds(clf_context *context) {
  return dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
}

/* The file's text, which the caller frees. */
static char *contents(void) {
  FILE *file = fopen(path, "rb");
  ck_assert_ptr_nonnull(file);
  ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
  const size_t size = (size_t)ftell(file);
  rewind(file);
  char *text = malloc(size + 1);
  ck_assert_uint_eq(fread(text, 1, size, file), size);
  text[size] = '\0';
  fclose(file);
  return text;
}

static void check_holds(const char *text, const char *part) {
  ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in the file", part);
}

static clf_status add_transforms(clf_model *model, const char *const *transforms) {
  clf_status status = CLF_OK;
  for (; *transforms != NULL && status == CLF_OK; transforms++) {
    status = clf_model_add_transform(model, *transforms, NULL);
  }
  return status;
}

TEST(file__declares_what_the_model_has) {
  clf_dataset *data = clouds(NULL);
  clf_model *model = fitted(NULL, "logistic", NULL, data);
  ck_clf_ok(clf_model_export(model, "c", path, "name=own_2"));
  char *text = contents();
  check_holds(text, "enum { own_2_FEATURES = 5, own_2_CLASSES = 3 };");
  check_holds(text, "\nint own_2_predict(const float *x);");
  check_holds(text, "\nvoid own_2_decision(const float *x, double *scores);");
  check_holds(text, "\nvoid own_2_probabilities(const float *x, double *p);");
  check_holds(text, "\nconst char *const own_2_class_names[3] = {\n    \"0\",\n    \"1\",");
  free(text);
  ck_clf_ok(clf_model_export(model, "c", path, "input=f64"));
  text = contents();
  check_holds(text, "\nint model_predict(const double *x);");
  free(text);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(file__of_linear_sums_needs_no_header) {
  clf_dataset *data = clouds(NULL);
  clf_model *model = fitted(NULL, "ridge", NULL, data);
  ck_clf_ok(clf_model_export(model, "c", path, NULL));
  char *text = contents();
  ck_assert_ptr_null(strstr(text, "#include"));
  ck_assert_ptr_null(strstr(text, "probabilities"));
  ck_assert_ptr_null(strstr(text, "feature_names"));
  free(text);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(name__must_begin_names_in_c) {
  static const char *const wrong[] = {
      "name=1st", "name=_own",       "name=a-b",
      "name=''",  "name=Zo\xC3\xAB", "name=a23456789_123456789_123456789_123456789_1"};
  clf_dataset *data = clouds(NULL);
  clf_model *model = fitted(NULL, "ridge", NULL, data);
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    ck_clf_fails(clf_model_export(model, "c", path, wrong[i]), CLF_ERROR_ARGUMENT);
    ck_clf_says("cannot begin names in C");
    ck_assert_int_ne(access(path, F_OK), 0);
  }
  ck_clf_ok(clf_model_export(model, "c", path, "name=a23456789_123456789_123456789_123456789_"));
  clf_model_free(model);
  clf_dataset_free(data);
}

static void check_refused(const char *kind, const char *params, const char *transform,
                          const char *transform_params, const char *says) {
  clf_dataset *data = clouds(NULL);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, kind, params));
  if (transform != NULL) {
    ck_clf_ok(clf_model_add_transform(model, transform, transform_params));
  }
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_fails(clf_model_export(model, "c", path, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says(says);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(what_has_no_form_in_c__is_refused_by_its_name_and_the_old_file_stays) {
  put_text("model.c", "old");
  check_refused("network", "epochs=1 input=5,1 layers='gru units=3; dense units=3'", NULL, NULL,
                "c: gru 1: layers of sequences are not written");
  check_refused("network", "epochs=1 input=5,1 layers='global_max_pool1d; dense units=3'", NULL,
                NULL, "c: global_max_pool1d 1: layers of sequences are not written");
  check_refused("ridge", NULL, "hog", "input=5,1 cell=1 block=1", "c: the transform hog is");
  check_refused("network", "epochs=1 layers='dense units=1100000; dense units=3'", NULL, NULL,
                "bytes of the stack");
  char *text = contents();
  ck_assert_str_eq(text, "old");
  free(text);
}

TEST(features_beyond_float__need_doubles) {
  static double far[ROWS * COLUMNS];
  const double units[] = {1e-60, 1e60};
  for (int i = 0; i < 2; i++) {
    clf_model *model = NULL;
    for (int j = 0; j < ROWS * COLUMNS; j++) {
      far[j] = units[i] * (double)x[j];
    }
    clf_dataset *data = dataset_of(NULL, far, CLF_F64, ROWS, COLUMNS, y);
    ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
    ck_clf_ok(clf_model_add_transform(model, "standardize", NULL));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_clf_fails(clf_model_export(model, "c", path, NULL), CLF_ERROR_UNSUPPORTED);
    ck_clf_says("c: the transform standardize multiplies feature 0 by ");
    ck_clf_says("set input=f64");
    ck_clf_ok(clf_model_export(model, "c", path, "input=f64"));
    clf_model_free(model);
    clf_dataset_free(data);
  }
}

/* Once, and only for functions of floats. */
TEST(log__says_where_floats_are_coarse) {
  static double far[ROWS * COLUMNS];
  static const char *const transforms[] = {NULL, "standardize", "min_max"};
  clf_context *context = NULL;
  for (int j = 0; j < ROWS * COLUMNS; j++) {
    far[j] = 1e9 + (double)x[j];
  }
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  clf_dataset *data = dataset_of(context, far, CLF_F64, ROWS, COLUMNS, y);
  for (int i = 0; i < 3; i++) {
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, context, "ridge", NULL));
    if (transforms[i] != NULL) {
      ck_clf_ok(clf_model_add_transform(model, transforms[i], NULL));
    }
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_clf_ok(clf_context_set_log(context, listen, NULL));
    forget_log();
    ck_clf_ok(clf_model_export(model, "c", path, "input=f64"));
    ck_assert_str_eq(warned, "");
    ck_clf_ok(clf_model_export(model, "c", path, NULL));
    ck_assert_ptr_nonnull(strstr(warned, "the functions must take doubles: input=f64\n"));
    ck_assert_ptr_eq(strchr(warned, '\n'), strrchr(warned, '\n'));
    ck_clf_ok(clf_context_set_log(context, NULL, NULL));
    clf_model_free(model);
  }
  clf_dataset_free(data);
  clf_context_free(context);
}

/* Quotes, backslashes and trigraphs are escaped, and bytes beyond ASCII; a longer name than C99 has
 * literals for is refused. */
TEST(class_names__become_literals) {
  static char longest[4200];
  const char *names[ROWS];
  clf_tensor *rows = NULL;
  clf_dataset *data = NULL;
  const int64_t shape[] = {ROWS, COLUMNS};
  memset(longest, 'x', sizeof longest - 1);
  ck_clf_ok(clf_tensor_wrap(&rows, NULL, x, CLF_F32, 2, shape, NULL));
  for (int length = 4095; length <= 4096; length++) {
    clf_model *model = NULL;
    longest[length] = '\0';
    for (int i = 0; i < ROWS; i++) {
      names[i] = y[i] == 0 ? "\"a\\\" ?\?/\n" : y[i] == 1 ? "Zo\xC3\xAB" : longest;
    }
    ck_clf_ok(clf_dataset_create(&data, NULL, rows, NULL));
    ck_clf_ok(clf_dataset_set_label_names(data, names, ROWS));
    model = fitted(NULL, "ridge", NULL, data);
    if (length == 4095) {
      ck_clf_ok(clf_model_export(model, "c", path, NULL));
      char *text = contents();
      check_holds(text, "\"\\042a\\134\\042 \\077\\077/\\012\"");
      check_holds(text, "\"Zo\\303\\253\"");
      free(text);
    } else {
      ck_clf_fails(clf_model_export(model, "c", path, NULL), CLF_ERROR_UNSUPPORTED);
      ck_clf_says("has 4096 bytes; a literal of C99 has 4095 at most");
    }
    longest[length] = 'x';
    clf_model_free(model);
    clf_dataset_free(data);
  }
  clf_tensor_free(rows);
}

TEST(feature_names__are_those_of_the_columns) {
  static const char *const names[COLUMNS] = {"a", "b \"1\"", "c", "d", "e"};
  clf_dataset *data = clouds(NULL);
  ck_clf_ok(clf_dataset_set_column_names(data, names, COLUMNS));
  clf_model *model = fitted(NULL, "ridge", NULL, data);
  ck_clf_ok(clf_model_export(model, "c", path, NULL));
  char *text = contents();
  check_holds(text,
              "\nconst char *const model_feature_names[5] = {\n    \"a\",\n    \"b \\0421\\042\",");
  free(text);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(export__needs_a_fit_and_a_folder) {
  clf_dataset *data = clouds(NULL);
  clf_model *model = NULL, *read = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  ck_clf_fails(clf_model_export(model, "c", path, NULL), CLF_ERROR_NOT_FITTED);
  ck_clf_fails(clf_model_import(&read, NULL, "c", path, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("only written");
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_fails(clf_model_export(model, "c", "no/such/folder/model.c", NULL), CLF_ERROR_IO);
  ck_clf_says("no/such/folder");
  clf_model_free(model);
  clf_dataset_free(data);
}

/* A model for each way through the writer. */
typedef struct written {
  const char *kind, *params, *transforms[4];
} written;

static clf_status write_one(clf_context *context, const void *argument) {
  const written *w = argument;
  clf_model *model = NULL;
  clf_dataset *data = NULL;
  clf_tensor *rows = NULL, *labels = NULL;
  const int64_t shape[] = {ROWS, COLUMNS};
  clf_status status = clf_tensor_wrap(&rows, context, x, CLF_F32, 2, shape, NULL);
  status = status < 0 ? status : clf_tensor_wrap(&labels, context, y, CLF_I32, 1, shape, NULL);
  status = status < 0 ? status : clf_dataset_create(&data, context, rows, labels);
  status = status < 0 ? status : clf_model_create(&model, context, w->kind, w->params);
  status = status < 0 ? status : add_transforms(model, w->transforms);
  status = status < 0 ? status : clf_model_fit(model, data, NULL, NULL);
  status = status < 0 ? status : clf_model_export(model, "c", path, NULL);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(rows);
  clf_tensor_free(labels);
  return status;
}

TEST_LOOP(each_allocation__may_be_refused, 0, 6) {
  static const written cases[] = {
      {"logistic", "max_iterations=3", {"standardize", "polynomial", "pca", NULL}},
      {"svm", "kernel=rbf max_iterations=20 probability=true", {NULL}},
      {"fisher", "kernel=polynomial", {"min_max", NULL}},
      {"network",
       "epochs=1 layers='dense units=4; batch_norm; activation function=softmax; dense "
       "units=3'",
       {NULL}},
      {"network",
       "epochs=1 input=5,1,1 layers='conv2d filters=2 kernel=1; max_pool2d size=1; "
       "global_average_pool2d; dense units=3'",
       {NULL}},
      {"perceptron", "kernel=rbf epochs=2", {NULL}},
  };
  const refusals count = check_every_allocation("threads=1", write_one, &cases[_i]);
  ck_assert_int_gt(count.asked, 0);
}

SUITE("csource", .setup = setup, .teardown = remove_folder)
