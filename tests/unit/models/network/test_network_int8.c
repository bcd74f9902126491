/* Networks that are quantized to bytes: against the same products written out, against the network
 * in f32, and what their states and files hold. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <classify/network.h>

#include "base/context.h"
#include "failing_allocator.h"
#include "log.h"

enum { ROWS = 96, COLUMNS = 48, CLASSES = 3, MOST = 1 << 18, HIDDEN = 33 };

#define LAYERS "layers='dense units=33 activation=relu; dense units=3'"
#define DENSE "epochs=3 " LAYERS
#define TRAINED "epochs=40 " LAYERS
#define MIXED                                                                                      \
  "epochs=1 input=6,4,2 layers='conv2d filters=5 kernel=3; batch_norm; activation function=relu; " \
  "max_pool2d size=2; flatten; dense units=3 activation=sigmoid' loss=squared_error"

static clf_dataset *clouds(clf_context *context, int64_t rows) {
  static float x[ROWS * COLUMNS];
  static int32_t y[ROWS];
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  return dataset_of(context, x, CLF_F32, rows, COLUMNS, y);
}

static clf_model *fitted_on_clouds(clf_context *context, const char *params) {
  clf_model *model = NULL;
  clf_dataset *data = clouds(context, ROWS);
  ck_clf_ok(clf_model_create(&model, context, "network", params));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  clf_dataset_free(data);
  return model;
}

static void predict(const clf_model *model, int64_t rows, float *out) {
  clf_dataset *data = clouds(NULL, rows);
  ck_clf_ok(clf_model_decision_function(model, data, out, rows * CLASSES));
  clf_dataset_free(data);
}

static size_t saved(const clf_model *model, unsigned char *bytes) {
  size_t size = 0;
  ck_clf_ok(clf_model_save_memory(model, bytes, MOST, &size));
  return size;
}

/* The memory of a tensor of the model. */
static void *data_of(const clf_model *model, const char *name) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, model, name));
  void *data = clf_tensor_data(tensor);
  clf_tensor_free(tensor); /* the model keeps it */
  return data;
}

static void layer(const clf_model *model, const char *name, const float *x, int inputs, int units,
                  float *y) {
  char text[64];
  snprintf(text, sizeof text, "%s.weight", name);
  const int8_t *w = data_of(model, text);
  snprintf(text, sizeof text, "%s.weight_scale", name);
  const float *scale = data_of(model, text);
  snprintf(text, sizeof text, "%s.bias", name);
  const float *bias = data_of(model, text);
  snprintf(text, sizeof text, "%s.input_range", name);
  const float *range = data_of(model, text);
  for (int k = 0; k < units; k++) {
    int64_t sum = 0;
    for (int i = 0; i < inputs; i++) {
      const double nearest = nearbyint((double)(x[i] * (1 / range[0])) + (double)range[1]);
      sum += ((int64_t)fmin(fmax(nearest, 0), 255) - (int64_t)range[1]) * w[i * units + k];
    }
    y[k] = (float)sum * (range[0] * scale[k]) + bias[k];
  }
}

TEST(int8__predicts_products_of_bytes) {
  static float x[ROWS * COLUMNS];
  static int32_t y[ROWS];
  float hidden[HIDDEN], out[CLASSES], all[ROWS * CLASSES], one[CLASSES];
  clf_model *model = fitted_on_clouds(NULL, "precision=int8 " DENSE);
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  predict(model, ROWS, all);
  predict(model, 1, one);
  ck_assert_mem_eq(one, all, sizeof one); /* few rows take another way to the same bits */
  for (int row = 0; row < ROWS; row++) {
    layer(model, "dense_1", x + row * COLUMNS, COLUMNS, HIDDEN, hidden);
    for (int k = 0; k < HIDDEN; k++) {
      hidden[k] = fmaxf(hidden[k], 0);
    }
    layer(model, "dense_2", hidden, HIDDEN, CLASSES, out);
    ck_assert_mem_eq(out, all + row * CLASSES, sizeof out);
  }
  clf_model_free(model);
}

/* The same fit in f32 and quantized. */
static void check_near(const char *params, double most) {
  float before[ROWS * CLASSES], after[ROWS * CLASSES];
  double difference = 0, square = 0;
  char text[4096];
  clf_model *f32 = fitted_on_clouds(NULL, params), *int8 = fitted_on_clouds(NULL, params);
  clf_dataset *data = clouds(NULL, ROWS);
  ck_clf_ok(clf_network_quantize(int8, data, NULL));
  predict(f32, ROWS, before);
  predict(int8, ROWS, after);
  for (int i = 0; i < ROWS * CLASSES; i++) {
    difference += pow((double)(after[i] - before[i]), 2);
    square += pow((double)before[i], 2);
  }
  ck_assert_msg(difference > 0 && sqrt(difference / square) <= most, "%s: %g", params,
                sqrt(difference / square));
  ck_clf_ok(clf_model_describe(int8, text, sizeof text, NULL));
  ck_assert_ptr_nonnull(strstr(text, "precision=int8"));
  ck_assert_ptr_nonnull(strstr(text, "precision int8, on 96 rows: "));
  ck_clf_fails(clf_network_quantize(int8, data, "precision=bf16"), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("int8 already");
  clf_dataset_free(data);
  clf_model_free(f32);
  clf_model_free(int8);
}

/* Of the root of the mean square; an input has 8 bits, whose rounding errors are independent. */
TEST(int8__outputs_are_near_those_of_f32) {
  check_near(DENSE, 0.02);
  check_near(MIXED, 0.02);
  check_near("epochs=2 input=16,3 layers='lstm units=9; dense units=3'", 0.03);
  check_near("epochs=2 input=16,3 layers='gru units=9 bidirectional=true; dense units=3'", 0.03);
}

TEST(int8__a_fit_is_a_fit_in_f32_that_is_quantized) {
  clf_dataset *data = clouds(NULL, ROWS);
  clf_model *fit = fitted_on_clouds(NULL, "precision=int8 " DENSE),
            *quantized = fitted_on_clouds(NULL, DENSE);
  ck_clf_ok(clf_network_quantize(quantized, data, "precision=int8"));
  float all[2][ROWS * CLASSES];
  predict(fit, ROWS, all[0]);
  predict(quantized, ROWS, all[1]);
  ck_assert_mem_eq(all[0], all[1], sizeof all[0]);
  clf_model_free(fit);
  clf_model_free(quantized);
  clf_dataset_free(data);
}

TEST(int8__file_has_a_quarter_of_the_bytes_and_predicts_the_same) {
  static unsigned char bytes[MOST], again[MOST];
  float before[ROWS * CLASSES], after[ROWS * CLASSES];
#define WIDE "layers='dense units=1000 activation=relu; dense units=3' epochs=1"
  clf_model *wide = fitted_on_clouds(NULL, WIDE),
            *model = fitted_on_clouds(NULL, "precision=int8 " WIDE);
  const size_t whole = saved(wide, bytes), size = saved(model, bytes);
  clf_model *loaded = NULL;
  ck_assert_uint_lt(size, whole * 32 / 100); /* the biases are f32, and scales are added */
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  ck_assert_uint_eq(saved(loaded, again), size);
  ck_assert_mem_eq(bytes, again, size);
  predict(model, ROWS, before);
  predict(loaded, ROWS, after);
  ck_assert_mem_eq(before, after, sizeof before);
  clf_model_free(wide);
  clf_model_free(model);
  clf_model_free(loaded);
}

/* Sums of integers are exact, and what is between them is rounded alike. */
TEST(int8__has_the_same_bits_on_every_cpu_and_any_threads) {
  static unsigned char bytes[MOST];
  float first[ROWS * CLASSES], other[ROWS * CLASSES];
  clf_model *model = fitted_on_clouds(NULL, "precision=int8 " DENSE);
  const size_t size = saved(model, bytes);
  predict(model, ROWS, first);
  for (int i = 0; clf__cpu_targets[i].name != NULL; i++) {
    char params[64];
    clf_context *context = NULL;
    clf_model *loaded = NULL;
    snprintf(params, sizeof params, "cpu=%s threads=%d", clf__cpu_targets[i].word, i + 1);
    if (clf_context_create(&context, NULL, params) == CLF_OK) {
      ck_clf_ok(clf_model_load_memory(&loaded, context, bytes, size));
      predict(loaded, ROWS, other);
      ck_assert_mem_eq(first, other, sizeof first);
    }
    clf_model_free(loaded);
    clf_context_free(context);
  }
  clf_model_free(model);
}

/* Bytes with a scale are read as they are, with the results of the numbers that they stand for. */
TEST(int8__bytes_keep_their_range) {
  static uint8_t x[ROWS * COLUMNS];
  float of_bytes[ROWS * CLASSES], of_numbers[ROWS * CLASSES];
  static float values[ROWS * COLUMNS];
  static int32_t y[ROWS];
  clf_model *model = NULL;
  fill_clouds(values, y, ROWS, COLUMNS, CLASSES);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    x[i] = (uint8_t)(3 * fabsf(values[i]));
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_U8, ROWS, COLUMNS, y);
  ck_clf_ok(clf_model_create(&model, NULL, "network", "precision=int8 " DENSE));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  const float *range = data_of(model, "dense_1.input_range");
  ck_assert_float_eq(range[0], 1.0F / 255);
  ck_assert_float_eq(range[1], 0);
  ck_clf_ok(clf_model_decision_function(model, data, of_bytes, ROWS * CLASSES));
  clf_dataset_free(data);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    values[i] = (float)x[i] * (1.0F / 255);
  }
  data = dataset_of(NULL, values, CLF_F32, ROWS, COLUMNS, y);
  ck_clf_ok(clf_model_decision_function(model, data, of_numbers, ROWS * CLASSES));
  ck_assert_mem_eq(of_bytes, of_numbers, sizeof of_bytes);
  clf_model_free(model);
  clf_dataset_free(data);
}

static const char *const input_ranges[] = {"dense_1.input_range", "dense_2.input_range"};

/* Returns the values that the bytes 0 and 255 of an input stand for. */
static const double *range_of(const clf_model *model, const char *name) {
  static double limits[2][2];
  static int next;
  const float *range = data_of(model, name);
  double *out = limits[next++ % 2];
  out[0] = -(double)range[0] * (double)range[1];
  out[1] = (double)range[0] * (255 - (double)range[1]);
  return out;
}

static bool contains(const double *outer, const double *inner) {
  const double step = (outer[1] - outer[0]) / 255; /* the zero is a whole step */
  return outer[0] <= inner[0] + step && outer[1] >= inner[1] - step;
}

/* The weights are those of one fit; the ranges are those that all fits have seen. */
TEST(int8__partial_fits_quantize_what_goes_on_in_f32) {
  clf_dataset *data = clouds(NULL, ROWS);
  clf_model *one = fitted_on_clouds(NULL, "precision=int8 " DENSE), *many = NULL;
  ck_clf_ok(clf_model_create(&many, NULL, "network", "precision=int8 " DENSE));
  for (int i = 0; i < 3; i++) {
    ck_clf_ok(clf_model_partial_fit(many, data));
  }
  ck_assert_mem_eq(data_of(one, "dense_1.weight"), data_of(many, "dense_1.weight"),
                   COLUMNS * HIDDEN);
  ck_assert_mem_eq(data_of(one, "dense_2.weight_scale"), data_of(many, "dense_2.weight_scale"),
                   CLASSES * sizeof(float));
  for (int i = 0; i < 2; i++) {
    ck_assert(contains(range_of(many, input_ranges[i]), range_of(one, input_ranges[i])));
  }
  clf_model_free(one);
  clf_model_free(many);
  clf_dataset_free(data);
}

static double accuracy(const clf_model *model) {
  clf_dataset *data = clouds(NULL, ROWS);
  double score = 0;
  ck_clf_ok(clf_model_score(model, data, &score));
  clf_dataset_free(data);
  return score;
}

/* The same one row again and again, in the model of the fit and in one that was loaded. */
TEST_LOOP(int8__partial_fits_of_one_row_keep_the_ranges, 0, 2) {
  static unsigned char bytes[MOST];
  static float x[COLUMNS];
  const int32_t label = 0;
  double before[2][2];
  clf_model *model = fitted_on_clouds(NULL, "precision=int8 " TRAINED);
  clf_dataset *row = dataset_of(NULL, x, CLF_F32, 1, COLUMNS, &label);
  ck_assert(accuracy(model) > 0.95);
  for (int i = 0; i < 2; i++) {
    memcpy(before[i], range_of(model, input_ranges[i]), sizeof before[i]);
  }
  if (_i == 1) {
    const size_t size = saved(model, bytes);
    clf_model_free(model);
    ck_clf_ok(clf_model_load_memory(&model, NULL, bytes, size));
  }
  for (int i = 0; i < 3; i++) {
    ck_clf_ok(clf_model_partial_fit(model, row));
  }
  for (int i = 0; i < 2; i++) {
    ck_assert(contains(range_of(model, input_ranges[i]), before[i]));
  }
  ck_assert(accuracy(model) > 0.9);
  clf_model_free(model);
  clf_dataset_free(row);
}

TEST(int8__weights_that_are_set_are_quantized) {
  static float values[HIDDEN * CLASSES];
  clf_model *model = fitted_on_clouds(NULL, "precision=int8 " DENSE), *unfitted = NULL;
  clf_tensor *tensor = NULL, *loss = NULL, *first = NULL;
  const int64_t shape[] = {HIDDEN, CLASSES};
  for (int i = 0; i < HIDDEN; i++) {
    values[i * CLASSES] = (float)(i - 16);
    values[i * CLASSES + 1] = 1e-20F * (float)i;
  }
  ck_clf_ok(clf_tensor_wrap(&tensor, NULL, values, CLF_F32, 2, shape, NULL));
  ck_clf_ok(clf_model_tensor(&loss, model, "precision_loss"));
  clf_tensor_free(loss);
  ck_clf_ok(clf_network_set_weight(model, "dense_2.weight", tensor));
  ck_clf_fails(clf_model_tensor(&loss, model, "precision_loss"), CLF_ERROR_ARGUMENT);
  const int8_t *w = data_of(model, "dense_2.weight");
  const float *scale = data_of(model, "dense_2.weight_scale");
  ck_assert_int_eq(w[0], -127);
  ck_assert_int_eq(w[32 * CLASSES], 127);
  ck_assert_int_eq(w[32 * CLASSES + 1], 127);
  ck_assert_int_eq(w[32 * CLASSES + 2], 0); /* a column of zeros */
  ck_assert_float_eq_tol(scale[0], 16.0F / 127, 1e-8F);
  /* The inputs of the second layer would leave their range. */
  ck_clf_ok(clf_model_tensor(&first, model, "dense_1.bias"));
  ck_clf_fails(clf_network_set_weight(model, "dense_1.bias", first), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("set it in f32, then quantize");
  clf_tensor_free(first);
  ck_clf_ok(clf_model_create(&unfitted, NULL, "network", "precision=int8 input=48 " DENSE));
  ck_clf_fails(clf_network_set_weight(unfitted, "dense_2.weight", tensor), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("clf_network_quantize");
  clf_tensor_free(tensor);
  clf_model_free(model);
  clf_model_free(unfitted);
}

static void check_refused(const clf_model *model) {
  static unsigned char bytes[MOST];
  clf_model *loaded = NULL;
  const size_t size = saved(model, bytes);
  ck_clf_fails(clf_model_load_memory(&loaded, NULL, bytes, size), CLF_ERROR_CORRUPT);
}

TEST(int8__hostile_files_are_refused) {
  const float scales[] = {NAN, INFINITY, 0, -1, 1e-39F, 1e30F};
  const float zeros[] = {NAN, -1, 256, 0.5F, INFINITY};
  clf_model *model = fitted_on_clouds(NULL, "precision=int8 " DENSE);
  float *scale = data_of(model, "dense_2.weight_scale"),
        *range = data_of(model, "dense_1.input_range");
  double *loss = data_of(model, "precision_loss");
  int8_t *w = data_of(model, "dense_1.weight");
  const float good[] = {scale[1], range[0], range[1]};
  for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
    scale[1] = scales[i];
    check_refused(model);
    scale[1] = good[0];
    range[0] = scales[i];
    check_refused(model);
    range[0] = good[1];
  }
  for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
    range[1] = zeros[i];
    check_refused(model);
    range[1] = good[2];
  }
  const int8_t byte = *w;
  *w = -128;
  check_refused(model);
  *w = byte;
  loss[1] = NAN;
  check_refused(model);
  clf_model_free(model);
}

TEST(int8__quantize_refuses_what_it_cannot_use) {
  clf_dataset *data = clouds(NULL, ROWS), *narrow = NULL;
  clf_model *model = NULL, *ridge = NULL;
  float x[8] = {0};
  ck_clf_ok(clf_model_create(&model, NULL, "network", DENSE));
  ck_clf_ok(clf_model_create(&ridge, NULL, "ridge", NULL));
  narrow = dataset_of(NULL, x, CLF_F32, 2, 4, NULL);
  ck_clf_fails(clf_network_quantize(model, data, NULL), CLF_ERROR_NOT_FITTED);
  ck_clf_fails(clf_network_quantize(ridge, data, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_fails(clf_network_quantize(model, narrow, NULL), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_network_quantize(model, data, "precision=f32"), CLF_ERROR_ARGUMENT);
  clf_param_info info = {.struct_size = sizeof info};
  ck_clf_ok(clf_param_describe("network", "quantize", 0, &info));
  ck_assert_str_eq(info.words, "bf16|int8");
  ck_clf_fails(clf_network_quantize(model, data, "bits=4"), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_network_quantize(model, data, NULL));
  clf_model_free(model);
  clf_model_free(ridge);
  clf_dataset_free(data);
  clf_dataset_free(narrow);
}

/* Rows times a factor, in x [ROWS * COLUMNS]; one value may be another. */
static clf_dataset *scaled_clouds(clf_context *context, float *x, float factor, float outlier) {
  static int32_t y[ROWS];
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    x[i] *= factor;
  }
  x[0] = outlier != 0 ? outlier : x[0];
  return dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
}

/* What could not be saved and loaded again, or predicted, is not made. */
TEST(int8__numbers_beyond_the_precision_are_refused) {
  static unsigned char bytes[MOST];
  static float large[HIDDEN * CLASSES], x[2][ROWS * COLUMNS];
  clf_dataset *rows = scaled_clouds(NULL, x[0], 1e18F, 0),
              *one = scaled_clouds(NULL, x[1], 1, 3.4e38F);
  clf_model *model = fitted_on_clouds(NULL, DENSE), *loaded = NULL,
            *narrow = fitted_on_clouds(NULL, "precision=bf16 " DENSE);
  clf_tensor *tensor = NULL;
  const size_t size = saved(model, bytes);
  ck_clf_fails(clf_network_quantize(model, rows, NULL), CLF_ERROR_NUMERIC);
  ck_clf_says("the inputs of dense");
  ck_clf_fails(clf_network_quantize(model, one, "precision=bf16"), CLF_ERROR_NUMERIC);
  ck_clf_says("not finite");
  large[5] = 3.4e38F; /* beyond the largest bf16 by less than half a step of it */
  ck_clf_ok(clf_tensor_wrap(&tensor, NULL, large, CLF_F32, 2, (int64_t[]){HIDDEN, CLASSES}, NULL));
  ck_clf_fails(clf_network_set_weight(narrow, "dense_2.weight", tensor), CLF_ERROR_NUMERIC);
  ck_clf_says("'dense_2.weight' has the value 3.3999");
  ck_assert_uint_eq(saved(model, bytes), size);
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  clf_model_free(loaded);
  clf_model_free(model);
  clf_model_free(narrow);
  clf_tensor_free(tensor);
  clf_dataset_free(rows);
  clf_dataset_free(one);
}

static double rows_compared(int64_t rows, const char *precision) {
  float *x = calloc((size_t)rows * 2, sizeof *x);
  int32_t *y = calloc((size_t)rows, sizeof *y);
  char params[128];
  clf_model *model = NULL;
  for (int64_t i = 0; i < rows; i++) {
    y[i] = (int32_t)(i % 2);
    x[2 * i + i % 2] = 1 + (float)(i % 7);
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, rows, 2, y);
  snprintf(params, sizeof params, "precision=%s epochs=1 layers='dense units=2'", precision);
  ck_clf_ok(clf_model_create(&model, NULL, "network", params));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  const double count = *(const double *)data_of(model, "precision_loss");
  clf_model_free(model);
  clf_dataset_free(data);
  free(x);
  free(y);
  return count;
}

TEST(int8__each_row_of_a_fit_is_compared_once) {
  static const int rows[] = {2, 256, 300, 257, 1000, 2048, 2049, 5000};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i += SLOW ? 3 : 1) {
    ck_assert_double_eq(rows_compared(rows[i], "int8"), rows[i] < 2048 ? rows[i] : 2048);
  }
}

/* A sixteenth of what an epoch learns from, at least 128 and at most 512. */
TEST(bf16__a_short_fit_is_compared_on_few_rows) {
  static const int rows[] = {2, 127, 129, 2048, 4096, 10000};
  static const double compared[] = {2, 127, 128, 128, 256, 512};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    ck_assert_double_eq(rows_compared(rows[i], "bf16"), compared[i]);
  }
}

static const char *described(const clf_model *model) {
  static char text[4096];
  ck_clf_ok(clf_model_describe(model, text, sizeof text, NULL));
  return text;
}

/* Values far from all others make the steps of these coarse. */
TEST(int8__a_large_loss_is_logged) {
  static float x[2][ROWS * COLUMNS];
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  ck_clf_ok(clf_context_set_log(context, listen, NULL));
  clf_dataset *rows = scaled_clouds(context, x[0], 1, 0),
              *far = scaled_clouds(context, x[1], 1, 1e4F);
  clf_model *good = fitted_on_clouds(context, TRAINED), *bad = fitted_on_clouds(context, TRAINED);
  forget_log();
  ck_clf_ok(clf_network_quantize(good, rows, NULL));
  ck_assert_str_eq(warned, "");
  ck_assert_ptr_nonnull(strstr(described(good), "on 96 rows: all of them have the same class"));
  ck_clf_ok(clf_network_quantize(bad, far, NULL));
  ck_assert_ptr_nonnull(strstr(warned, "network: precision int8, on 96 rows: "));
  ck_assert_ptr_nonnull(strstr(warned, " % of them have the same class, compared with f32; "));
  ck_assert_ptr_nonnull(strstr(warned, "precision=bf16"));
  ck_assert_ptr_null(strstr(described(bad), "all of them"));
  clf_model_free(good);
  clf_model_free(bad);
  clf_dataset_free(rows);
  clf_dataset_free(far);
  clf_context_free(context);
}

/* There is no unit for the change of outputs that are all the same. */
TEST(int8__one_row_of_a_regression_has_no_measure) {
  static float x[2 * 3] = {1, 2, 3, 4, 5, 7};
  static double targets[2] = {1, 2};
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 2, 3, NULL),
              *one = dataset_of(NULL, x, CLF_F32, 1, 3, NULL);
  clf_tensor *values = NULL;
  clf_model *model = NULL;
  ck_clf_ok(clf_tensor_wrap(&values, NULL, targets, CLF_F64, 1, (int64_t[]){2}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, values));
  ck_clf_ok(clf_model_create(&model, NULL, "network", "epochs=1 loss=squared_error"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_network_quantize(model, one, NULL));
  ck_assert_ptr_nonnull(strstr(described(model), "on 1 rows: outputs do not vary"));
  ck_assert_double_eq(((const double *)data_of(model, "precision_loss"))[1], -1);
  clf_model_free(model);
  clf_tensor_free(values);
  clf_dataset_free(data);
  clf_dataset_free(one);
}

/* A few large values of one sign are cut off, and the others keep both signs. */
TEST(int8__few_large_values_are_cut_off) {
  enum { MANY = 1024, FEATURES = 64 };
  static float x[MANY * FEATURES];
  static int32_t y[MANY];
  uint64_t state = 8;
  for (int i = 0; i < MANY; i++) {
    y[i] = i % 2;
    for (int j = 0; j < FEATURES; j++) {
      x[i * FEATURES + j] = (float)(2 * random_unit(&state) - 1);
    }
  }
  x[70] = 12;
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, MANY, FEATURES, y);
  clf_model *model = NULL;
  ck_clf_ok(
      clf_model_create(&model, NULL, "network", "precision=int8 epochs=1 layers='dense units=2'"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  const double *range = range_of(model, "dense_1.input_range");
  ck_assert_msg(range[0] <= -0.98 && range[1] >= 0.9 && range[1] < 11, "%g %g", range[0], range[1]);
  clf_model_free(model);
  clf_dataset_free(data);
}

static int32_t cancel(void *user, const clf_progress *progress) {
  (void)progress;
  ++*(int *)user;
  return CLF_PROGRESS_CANCEL;
}

/* Without epochs, all that takes long is to quantize: a tenth of a second, or too little to be asked
 * about on fast machines. */
TEST(int8__a_fit_is_cancelled_while_it_quantizes) {
  clf_context *context = NULL;
  clf_model *model = NULL;
  int asked = 0;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1 progress_interval=0"));
  ck_clf_ok(clf_context_set_progress(context, cancel, &asked));
  clf_dataset *data = clouds(context, ROWS);
  ck_clf_ok(clf_model_create(&model, context, "network",
                             "precision=int8 epochs=0 layers='dense units=3000 activation=tanh; "
                             "dense units=3000 activation=tanh; dense units=3'"));
  const clf_status status = clf_model_fit(model, data, NULL, NULL);
  ck_assert_int_eq(status, asked > 0 ? CLF_ERROR_CANCELLED : CLF_OK);
  ck_assert_int_le(asked, 1);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

static clf_status live(clf_context *context, const void *argument) {
  static unsigned char bytes[MOST];
  static float x[ROWS * COLUMNS];
  static int32_t y[ROWS];
  const int64_t shape[] = {ROWS / 8, COLUMNS};
  float out[ROWS * CLASSES];
  clf_model *model = NULL, *copy = NULL;
  clf_tensor *rows = NULL, *labels = NULL;
  clf_dataset *data = NULL;
  size_t size = 0;
  clf_status status = CLF_OK;
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  TRY(clf_tensor_wrap(&rows, context, x, CLF_F32, 2, shape, NULL));
  TRY(clf_tensor_wrap(&labels, context, y, CLF_I32, 1, shape, NULL));
  TRY(clf_dataset_create(&data, context, rows, labels));
  TRY(clf_model_create(&model, context, "network", argument));
  TRY(clf_model_fit(model, data, NULL, NULL));
  TRY(clf_network_quantize(model, data, "precision=int8"));
  TRY(clf_model_save_memory(model, bytes, MOST, &size));
  TRY(clf_model_load_memory(&copy, context, bytes, size));
  TRY(clf_model_decision_function(copy, data, out, ROWS * CLASSES));
done:
  clf_model_free(model);
  clf_model_free(copy);
  clf_dataset_free(data);
  clf_tensor_free(rows);
  clf_tensor_free(labels);
  return status;
}

TEST(int8__every_allocation_may_fail) {
  check_every_allocation("threads=1", live, MIXED);
}

SUITE("network_int8")
