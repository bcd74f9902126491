/* Weights of networks by name, in and out, and the summary that lists their shapes. */
#include <math.h>
#include <string.h>

#include "failing_allocator.h"

enum { ROWS = 5, COLUMNS = 3, HIDDEN = 4, CLASSES = 2 };

static const char declared[] =
    "input=3 layers='dense units=4 activation=relu; dropout rate=0.5; dense units=2'";

/* Fractions that no two places share. */
static float number(int i) {
  return (float)((i * 37 + 11) % 64) / 32 - 1;
}

static void fill(float *values, int count, int from) {
  for (int i = 0; i < count; i++) {
    values[i] = number(from + i);
  }
}

static clf_status set(clf_model *model, const char *name, const void *values, int32_t dtype,
                      int32_t ndim, const int64_t *shape) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_tensor_wrap(&tensor, NULL, values, dtype, ndim, shape, NULL));
  clf_status status = clf_network_set_weight(model, name, tensor);
  clf_tensor_free(tensor);
  return status;
}

typedef struct weights {
  float first[COLUMNS * HIDDEN], first_bias[HIDDEN];
  double second[HIDDEN * CLASSES];
  float second_bias[CLASSES];
} weights;

static weights make_weights(void) {
  weights w;
  float second[HIDDEN * CLASSES];
  fill(w.first, COLUMNS * HIDDEN, 0);
  fill(w.first_bias, HIDDEN, 20);
  fill(second, HIDDEN * CLASSES, 30);
  fill(w.second_bias, CLASSES, 50);
  for (int i = 0; i < HIDDEN * CLASSES; i++) {
    w.second[i] = (double)second[i];
  }
  return w;
}

static void set_all(clf_model *model, const weights *w) {
  ck_clf_ok(set(model, "dense_1.weight", w->first, CLF_F32, 2, (int64_t[]){COLUMNS, HIDDEN}));
  ck_clf_ok(set(model, "dense_1.bias", w->first_bias, CLF_F32, 1, (int64_t[]){HIDDEN}));
  ck_clf_ok(set(model, "dense_2.weight", w->second, CLF_F64, 2, (int64_t[]){HIDDEN, CLASSES}));
  ck_clf_ok(set(model, "dense_2.bias", w->second_bias, CLF_F32, 1, (int64_t[]){CLASSES}));
}

/* relu(x W + b) V + c. */
static void forward(const weights *w, const float *x, double *out) {
  for (int k = 0; k < CLASSES; k++) {
    out[k] = (double)w->second_bias[k];
    for (int h = 0; h < HIDDEN; h++) {
      double sum = (double)w->first_bias[h];
      for (int j = 0; j < COLUMNS; j++) {
        sum += (double)x[j] * (double)w->first[j * HIDDEN + h];
      }
      out[k] += fmax(sum, 0) * w->second[h * CLASSES + k];
    }
  }
}

static void check_forward(const clf_model *model, const weights *w) {
  float x[ROWS * COLUMNS], found[ROWS * CLASSES];
  double expected[CLASSES];
  fill(x, ROWS * COLUMNS, 70);
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, NULL);
  ck_clf_ok(clf_model_decision_function(model, rows, found, ROWS * CLASSES));
  for (int i = 0; i < ROWS; i++) {
    forward(w, x + i * COLUMNS, expected);
    for (int k = 0; k < CLASSES; k++) {
      ck_assert_double_eq_tol((double)found[i * CLASSES + k], expected[k], 1e-5);
    }
  }
  clf_dataset_free(rows);
}

TEST(weights__make_a_network_without_a_fit) {
  const weights w = make_weights();
  clf_model *model = NULL, *loaded = NULL;
  unsigned char bytes[1 << 13];
  size_t size = 0;
  ck_clf_ok(clf_model_create(&model, NULL, "network", declared));
  set_all(model, &w);
  check_forward(model, &w);
  ck_assert_int_eq(clf_model_classes(model), CLASSES);
  ck_assert_int_eq(clf_model_features(model), COLUMNS);
  ck_assert_str_eq(clf_model_class_name(model, 1), "1");
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  ck_clf_ok(clf_model_save_memory(model, bytes, sizeof bytes, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  check_forward(loaded, &w);
  clf_model_free(loaded);
  clf_model_free(model);
}

TEST(weights__not_set_begin_as_a_fit_does) {
  const weights w = make_weights();
  float x[ROWS * COLUMNS] = {0};
  const int32_t y[ROWS] = {0, 1, 0, 1, 0};
  clf_model *model = NULL, *fit = NULL;
  clf_tensor *own = NULL, *other = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network", declared));
  ck_clf_ok(set(model, "dense_1.bias", w.first_bias, CLF_F32, 1, (int64_t[]){HIDDEN}));
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  ck_clf_ok(clf_model_create(&fit, NULL, "network", declared));
  ck_clf_ok(clf_model_set_i64(fit, "epochs", 0));
  ck_clf_ok(clf_model_fit(fit, data, NULL, NULL));
  ck_clf_ok(clf_model_tensor(&own, model, "dense_2.weight"));
  ck_clf_ok(clf_model_tensor(&other, fit, "dense_2.weight"));
  ck_assert_mem_eq(clf_tensor_data(own), clf_tensor_data(other), HIDDEN * CLASSES * sizeof(float));
  clf_tensor_free(own);
  clf_tensor_free(other);
  clf_model_free(fit);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(weights__of_a_fitted_network_can_be_changed) {
  const weights w = make_weights();
  float x[ROWS * COLUMNS];
  const int32_t y[ROWS] = {7, 9, 7, 9, 7};
  clf_model *model = NULL;
  clf_tensor *before = NULL, *after = NULL;
  float old;
  fill(x, ROWS * COLUMNS, 5);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  ck_clf_ok(clf_model_create(&model, NULL, "network", declared));
  ck_clf_ok(clf_model_set_i64(model, "epochs", 2));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_tensor(&before, model, "dense_1.weight"));
  old = *(const float *)clf_tensor_data(before);
  set_all(model, &w);
  check_forward(model, &w);
  ck_assert_str_eq(clf_model_class_name(model, 1), "9");
  ck_assert(*(const float *)clf_tensor_data(before) == old);
  ck_clf_ok(clf_model_tensor(&after, model, "dense_1.weight"));
  ck_assert_mem_eq(clf_tensor_data(after), w.first, sizeof w.first);
  clf_tensor_free(before);
  clf_tensor_free(after);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(weights__of_one_output_and_of_a_regression) {
  const float w[COLUMNS] = {1, 2, -3}, x[2 * COLUMNS] = {1, 1, 0, 0, 0, 1};
  int32_t found[2];
  float values[4];
  clf_model *model = NULL;
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, 2, COLUMNS, NULL);
  ck_clf_ok(clf_model_create(&model, NULL, "network",
                             "input=3 layers='dense bias=false' loss=binary_cross_entropy"));
  ck_clf_ok(set(model, "dense_1.weight", w, CLF_F32, 2, (int64_t[]){COLUMNS, 1}));
  ck_clf_ok(clf_model_predict(model, rows, found, 2));
  ck_assert(found[0] == 1 && found[1] == 0);
  clf_model_free(model);
  ck_clf_ok(clf_model_create(&model, NULL, "network",
                             "input=3 loss=squared_error layers='dense bias=false'"));
  ck_clf_ok(set(model, "dense_1.weight", w, CLF_F32, 2, (int64_t[]){COLUMNS, 1}));
  ck_assert_int_eq(clf_model_classes(model), 0);
  ck_clf_ok(clf_model_decision_function(model, rows, values, 2));
  ck_assert(values[0] == 3 && values[1] == -3);
  clf_model_free(model);
  clf_dataset_free(rows);
}

static void refused(const char *params, const char *name, int32_t ndim, const int64_t *shape,
                    clf_status status, const char *says) {
  const float values[64] = {1, 2, 3, NAN};
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network", params));
  ck_clf_fails(set(model, name, values, CLF_F32, ndim, shape), status);
  ck_clf_says(says);
  ck_assert_int_eq(clf_model_outcome(model), CLF_ERROR_NOT_FITTED);
  clf_model_free(model);
}

TEST(weights__that_do_not_fit_are_named) {
  const int64_t square[] = {3, 3}, vector[] = {4}, first[] = {3, 4};
  refused(declared, "dense_1.weight", 2, square, CLF_ERROR_SHAPE,
          "dense_1.weight is 3x4, the tensor 3x3");
  refused(declared, "dense_1.weight", 1, vector, CLF_ERROR_SHAPE, "the tensor 4");
  refused(declared, "dense_1.weigth", 2, first, CLF_ERROR_ARGUMENT, "'dense_1.weight'");
  refused(declared, "lstm", 2, first, CLF_ERROR_ARGUMENT, "dense_1.weight, dense_1.bias, dense_2");
  refused(declared, "dense_1.weight", 2, first, CLF_ERROR_DATA, "value 3");
  refused("layers='dense units=2'", "dense_1.weight", 2, first, CLF_ERROR_NOT_FITTED, "input=");
  refused("input=3", "dense_1.weight", 2, first, CLF_ERROR_NOT_FITTED, "'layers'");
  refused("input=3 layers='dense'", "dense_1.weight", 2, (int64_t[]){3, 1}, CLF_ERROR_SHAPE,
          "there are 2 classes");
  refused("input=2,2 layers='dense units=2'", "dense_1.weight", 2, first, CLF_ERROR_SHAPE,
          "flatten");
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network", declared));
  ck_clf_ok(clf_model_add_transform(model, "standardize", NULL));
  const float bias[HIDDEN] = {0};
  ck_clf_fails(set(model, "dense_1.bias", bias, CLF_F32, 1, vector), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("transforms");
  clf_model_free(model);
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  ck_clf_fails(set(model, "dense_1.bias", bias, CLF_F32, 1, vector), CLF_ERROR_UNSUPPORTED);
  clf_model_free(model);
}

TEST(summary__adds_up) {
  static const char expected[] =
      "layer                    output             parameters\n"
      "input                    28x28x1                     0\n"
      "conv2d_1                 24x24x6                   156\n"
      "max_pool2d_1             12x12x6                     0\n"
      "batch_norm_1             12x12x6                    24\n"
      "flatten_1                864                         0\n"
      "dense_1                  10                       8650\n"
      "parameters: 8830, of which 8818 are trained\n";
  clf_model *model = NULL;
  char text[1024];
  size_t needed = 0;
  ck_clf_ok(clf_model_create(&model, NULL, "network",
                             "layers='conv2d filters=6 kernel=5; max_pool2d; batch_norm; flatten; "
                             "dense units=10'"));
  ck_clf_fails(clf_network_summary(model, text, sizeof text, NULL), CLF_ERROR_NOT_FITTED);
  ck_clf_says("input=28,28,1");
  ck_clf_ok(clf_model_set_text(model, "input", "28,28,1"));
  ck_clf_ok(clf_network_summary(model, NULL, 0, &needed));
  ck_clf_fails(clf_network_summary(model, text, needed - 1, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_network_summary(model, text, needed, NULL));
  ck_assert_uint_eq(strlen(text) + 1, needed);
  ck_assert_msg(strncmp(text, expected, strlen(expected)) == 0, "%s", text);
  ck_assert_ptr_nonnull(strstr(text, "memory: 35320 bytes of weights; "));
  ck_clf_ok(clf_model_set_text(model, "input", "4,4,1"));
  ck_clf_fails(clf_network_summary(model, text, sizeof text, NULL), CLF_ERROR_SHAPE);
  ck_clf_says("kernel 5");
  clf_model_free(model);
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  ck_clf_fails(clf_network_summary(model, text, sizeof text, NULL), CLF_ERROR_UNSUPPORTED);
  clf_model_free(model);
}

static clf_status set_and_tell(clf_context *context, const void *unused) {
  const float bias[CLASSES] = {0};
  char text[1024];
  clf_tensor *tensor = NULL;
  clf_model *model = NULL;
  clf_status status;
  (void)unused;
  TRY(clf_tensor_wrap(&tensor, context, bias, CLF_F32, 1, (int64_t[]){CLASSES}, NULL));
  TRY(clf_model_create(&model, context, "network", declared));
  status = clf_network_set_weight(model, "dense_2.bias", tensor);
  if (status < 0) { /* then nothing has changed */
    ck_assert_int_eq(clf_model_features(model), -1);
    goto done;
  }
  TRY(clf_network_set_weight(model, "dense_2.bias", tensor));
  TRY(clf_network_summary(model, text, sizeof text, NULL));
done:
  clf_model_free(model);
  clf_tensor_free(tensor);
  return status;
}

TEST(weights__every_allocation_may_fail) {
  check_every_allocation("threads=1", set_and_tell, NULL);
}

SUITE("network_weights")
