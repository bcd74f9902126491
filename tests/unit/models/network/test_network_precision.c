/* Networks whose products are of reduced precision, against the same products written out, and what
 * their states and files hold. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <classify/network.h>
#include <classify/sequence.h>

#include "base/bf16.h"
#include "failing_allocator.h"
#include "files.h"

/* Returns the bf16 number next to a value, as f32. */
static inline float bf16_round(float value) {
  return clf__bf16_value(clf__bf16_of(value));
}

enum { ROWS = 96, COLUMNS = 7, CLASSES = 3, MOST = 1 << 18, HIDDEN = 33 };

#define DENSE "layers='dense units=33 activation=relu; dense units=3'"

static clf_dataset *clouds(clf_context *context) {
  static float x[ROWS * COLUMNS];
  static int32_t y[ROWS];
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  return dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
}

static clf_model *fitted_on_clouds(clf_context *context, const char *params) {
  clf_model *model = NULL;
  clf_dataset *data = clouds(context);
  ck_clf_ok(clf_model_create(&model, context, "network", params));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  clf_dataset_free(data);
  return model;
}

static size_t saved(const clf_model *model, unsigned char *bytes) {
  size_t size = 0;
  ck_clf_ok(clf_model_save_memory(model, bytes, MOST, &size));
  return size;
}

/* Scores of the first rows. */
static void predict(const clf_model *model, int64_t rows, float *out) {
  static float x[ROWS * COLUMNS];
  static int32_t y[ROWS];
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, rows, COLUMNS, NULL);
  ck_clf_ok(clf_model_decision_function(model, data, out, rows * CLASSES));
  clf_dataset_free(data);
}

static int32_t dtype_of(const clf_model *model, const char *name) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, model, name));
  const int32_t dtype = clf_tensor_dtype(tensor);
  clf_tensor_free(tensor);
  return dtype;
}

/* A weight as f32. */
static void weight(const clf_model *model, const char *name, float *out) {
  clf_tensor *tensor = NULL, *copy = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, model, name));
  ck_clf_ok(clf_tensor_copy(&copy, tensor, CLF_F32));
  memcpy(out, clf_tensor_data(copy), (size_t)clf_tensor_count(copy) * sizeof *out);
  clf_tensor_free(copy);
  clf_tensor_free(tensor);
}

/* y [units] = the bf16 x times the weights, with f32 sums. */
static void layer(const float *x, int inputs, const float *w, const float *b, int units, float *y) {
  for (int k = 0; k < units; k++) {
    double sum = 0;
    for (int i = 0; i < inputs; i++) {
      sum += (double)bf16_round(x[i]) * (double)w[i * units + k];
    }
    y[k] = (float)(sum + (double)b[k]);
  }
}

TEST(bf16__predicts_products_of_rounded_factors) {
  static float x[ROWS * COLUMNS], w[COLUMNS * HIDDEN], v[HIDDEN * CLASSES];
  static int32_t y[ROWS];
  float b[HIDDEN], c[CLASSES], hidden[HIDDEN], out[CLASSES], all[ROWS * CLASSES], one[CLASSES];
  clf_model *model = fitted_on_clouds(NULL, "precision=bf16 epochs=5 " DENSE);
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  weight(model, "dense_1.weight", w);
  weight(model, "dense_1.bias", b);
  weight(model, "dense_2.weight", v);
  weight(model, "dense_2.bias", c);
  predict(model, ROWS, all);
  predict(model, 1, one);
  ck_assert_mem_eq(one, all, sizeof one); /* few rows take another way to the same bits */
  for (int row = 0; row < ROWS; row++) {
    layer(x + row * COLUMNS, COLUMNS, w, b, HIDDEN, hidden);
    for (int k = 0; k < HIDDEN; k++) {
      hidden[k] = fmaxf(hidden[k], 0);
    }
    layer(hidden, HIDDEN, v, c, CLASSES, out);
    for (int k = 0; k < CLASSES; k++) { /* a hidden value may be rounded the other way */
      ck_assert_float_eq_tol(all[row * CLASSES + k], out[k], 0.01F * (1 + fabsf(out[k])));
    }
  }
  clf_model_free(model);
}

TEST(bf16__is_as_accurate) {
  double narrow = 0, wide = 0;
  clf_dataset *data = clouds(NULL);
  clf_model *f32 = fitted_on_clouds(NULL, DENSE),
            *bf16 = fitted_on_clouds(NULL, "precision=bf16 " DENSE);
  ck_clf_ok(clf_model_score(f32, data, &wide));
  ck_clf_ok(clf_model_score(bf16, data, &narrow));
  ck_assert(wide > 0.9 && fabs(wide - narrow) <= 0.03);
  clf_model_free(f32);
  clf_model_free(bf16);
  clf_dataset_free(data);
}

/* Layers of one input, and of one unit before them, against the same training in f32. */
TEST(bf16__layers_of_one_input_are_learned_as_in_f32) {
  enum { POINTS = 512 };
  static float x[POINTS], y[2][POINTS];
  static double targets[POINTS];
  static unsigned char bytes[2][MOST];
  size_t size[2];
  uint64_t state = 4;
  double squares = 0;
  clf_dataset *data = NULL;
  clf_tensor *rows = NULL, *values = NULL;
  for (int i = 0; i < POINTS; i++) {
    x[i] = (float)(4 * random_unit(&state) - 2);
    targets[i] = 3 * (double)x[i] - 1;
  }
  ck_clf_ok(clf_tensor_wrap(&rows, NULL, x, CLF_F32, 2, (int64_t[]){POINTS, 1}, NULL));
  ck_clf_ok(clf_tensor_wrap(&values, NULL, targets, CLF_F64, 1, (int64_t[]){POINTS}, NULL));
  ck_clf_ok(clf_dataset_create(&data, NULL, rows, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, values));
  for (int i = 0; i < 3; i++) { /* f32, and bf16 twice */
    clf_model *model = NULL;
    char params[256];
    snprintf(params, sizeof params,
             "precision=%s epochs=60 loss=squared_error layers='dense units=16 activation=tanh; "
             "dense units=1; dense units=4 activation=tanh; dense units=1'",
             i == 0 ? "f32" : "bf16");
    ck_clf_ok(clf_model_create(&model, NULL, "network", params));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_clf_ok(clf_model_decision_function(model, data, y[i > 0], POINTS));
    if (i > 0) {
      size[i - 1] = saved(model, bytes[i - 1]);
    }
    clf_model_free(model);
  }
  ck_assert_uint_eq(size[0], size[1]);
  ck_assert_mem_eq(bytes[0], bytes[1], size[0]);
  for (int i = 0; i < POINTS; i++) {
    squares += pow((double)y[1][i] - (double)y[0][i], 2) / POINTS;
  }
  ck_assert_msg(sqrt(squares) <= 0.1, "%g", sqrt(squares)); /* the targets are -7 … 5 */
  clf_dataset_free(data);
  clf_tensor_free(rows);
  clf_tensor_free(values);
}

/* A checkpoint names the weights that a fit begins with: those of the model, as f32. */
TEST_LOOP(bf16__checkpoints_of_fits_that_go_on, 0, 2) {
  char params[1024];
  clf_dataset *data = clouds(NULL);
  snprintf(params, sizeof params, "precision=%s epochs=1 warm_start=true " DENSE,
           _i == 0 ? "bf16" : "int8");
  clf_model *model = fitted_on_clouds(NULL, params);
  snprintf(params, sizeof params, "%s/checkpoint-%d", folder, _i);
  ck_clf_ok(clf_model_set_text(model, "checkpoint", params));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(bf16__file_has_half_the_bytes_and_predicts_the_same) {
  static unsigned char bytes[MOST], again[MOST];
  static float before[ROWS * CLASSES], after[ROWS * CLASSES];
  char text[4096];
#define WIDE "layers='dense units=500 activation=tanh; dense units=3' epochs=1"
  clf_model *wide = fitted_on_clouds(NULL, WIDE),
            *model = fitted_on_clouds(NULL, "precision=bf16 " WIDE);
  const size_t whole = saved(wide, bytes), size = saved(model, bytes);
  clf_model *loaded = NULL;
  ck_assert_uint_lt(size + 5000 * sizeof(uint16_t) * 9 / 10, whole);
  ck_assert_int_eq(bytes[8], 2); /* the format's version */
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  ck_assert_uint_eq(saved(loaded, again), size);
  ck_assert_mem_eq(bytes, again, size);
  predict(model, ROWS, before);
  predict(loaded, ROWS, after);
  ck_assert_mem_eq(before, after, sizeof before);
  ck_assert_int_eq(dtype_of(loaded, "dense_1.weight"), CLF_BF16);
  ck_assert_int_eq(dtype_of(loaded, "dense_1.bias"), CLF_F32);
  ck_clf_ok(clf_model_describe(loaded, text, sizeof text, NULL));
  ck_assert_ptr_nonnull(strstr(text, "precision=bf16"));
  ck_assert_ptr_nonnull(strstr(text, "dense_1.weight: bf16 [7, 500]"));
  clf_model_free(wide);
  clf_model_free(model);
  clf_model_free(loaded);
}

/* What a partial fit continues from is f32: steps that are smaller than the rounding add up. */
TEST(bf16__partial_fits_are_one_fit) {
  static unsigned char first[MOST], second[MOST];
  clf_dataset *data = clouds(NULL);
  clf_model *whole = fitted_on_clouds(NULL, "precision=bf16 epochs=3 " DENSE), *parts = NULL;
  ck_clf_ok(clf_model_create(&parts, NULL, "network", "precision=bf16 epochs=3 " DENSE));
  for (int i = 0; i < 3; i++) {
    ck_clf_ok(clf_model_partial_fit(parts, data));
    ck_assert_int_eq(dtype_of(parts, "dense_1.weight"), CLF_BF16);
  }
  const size_t size = saved(whole, first);
  ck_assert_uint_eq(size, saved(parts, second));
  ck_assert_mem_eq(first, second, size);
  clf_model_free(whole);
  clf_model_free(parts);
  clf_dataset_free(data);
}

static size_t exported(const clf_model *model, const char *format, char *bytes) {
  char path[512];
  snprintf(path, sizeof path, "%s/exported", folder);
  ck_clf_ok(clf_model_export(model, format, path, NULL));
  FILE *file = fopen(path, "rb");
  const size_t size = fread(bytes, 1, MOST, file);
  fclose(file);
  return size;
}

/* Other programs get the rounded weights as f32: the files of a network that has these. */
TEST(bf16__is_exported_as_f32) {
  static const char *const names[] = {"dense_1.weight", "dense_1.bias", "dense_2.weight",
                                      "dense_2.bias"};
  static char first[MOST], second[MOST];
  clf_model *bf16 = fitted_on_clouds(NULL, "precision=bf16 epochs=1 " DENSE);
  clf_model *f32 = fitted_on_clouds(NULL, "epochs=1 " DENSE);
  for (int i = 0; i < 4; i++) {
    clf_tensor *tensor = NULL;
    ck_clf_ok(clf_model_tensor(&tensor, bf16, names[i]));
    ck_clf_ok(clf_network_set_weight(f32, names[i], tensor));
    clf_tensor_free(tensor);
  }
  for (int i = 0; i < 2; i++) {
    const char *format = i == 0 ? "onnx" : "c";
    const size_t size = exported(bf16, format, first);
    ck_assert_uint_eq(size, exported(f32, format, second));
    ck_assert_mem_eq(first, second, size);
  }
  clf_model_free(bf16);
  clf_model_free(f32);
}

TEST(bf16__has_the_same_bits_on_any_threads) {
  static unsigned char first[MOST], other[MOST];
  size_t size = 0;
  for (int threads = 1; threads <= 3; threads++) {
    char params[32];
    clf_context *context = NULL;
    snprintf(params, sizeof params, "threads=%d", threads);
    ck_clf_ok(clf_context_create(&context, NULL, params));
    clf_model *model = fitted_on_clouds(context, "precision=bf16 epochs=2 " DENSE);
    const size_t now = saved(model, threads == 1 ? first : other);
    ck_assert(threads == 1 || (now == size && memcmp(first, other, size) == 0));
    size = now;
    clf_model_free(model);
    clf_context_free(context);
  }
}

TEST(bf16__weights_are_rounded_when_they_are_set) {
  const float values[] = {0x1.01p0F, 0x1.03p0F}, rounded[] = {1, 0x1.04p0F};
  float found[2];
  clf_model *model = NULL;
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network",
                             "precision=bf16 input=2 layers='dense units=1' "
                             "loss=squared_error"));
  ck_clf_ok(clf_tensor_wrap(&tensor, NULL, values, CLF_F32, 2, (int64_t[]){2, 1}, NULL));
  ck_clf_ok(clf_network_set_weight(model, "dense_1.weight", tensor));
  ck_assert_int_eq(dtype_of(model, "dense_1.weight"), CLF_BF16);
  weight(model, "dense_1.weight", found);
  ck_assert_mem_eq(found, rounded, sizeof rounded);
  clf_tensor_free(tensor);
  clf_model_free(model);
}

/* NaN and infinity in a weight of bf16. */
TEST(bf16__hostile_weights_are_refused) {
  static const uint16_t bad[] = {0x7f80, 0xff80, 0x7fc1, 0x7f81};
  clf_model *model = fitted_on_clouds(NULL, "precision=bf16 epochs=1 " DENSE);
  for (int i = 0; i < 4; i++) {
    clf_tensor *tensor = NULL;
    ck_clf_ok(clf_model_tensor(&tensor, model, "dense_1.weight"));
    uint16_t *first = clf_tensor_data(tensor);
    const uint16_t good = *first;
    static unsigned char bytes[MOST];
    clf_model *loaded = NULL;
    *first = bad[i];
    const size_t size = saved(model, bytes);
    *first = good;
    ck_clf_fails(clf_model_load_memory(&loaded, NULL, bytes, size), CLF_ERROR_CORRUPT);
    clf_tensor_free(tensor);
  }
  clf_model_free(model);
}

/* Sequences of ids 1 … 5 with 0 as padding; the class is that of the id that occurs most. */
static clf_dataset *sequences(clf_context *context, float *x, int32_t *y) {
  enum { STEPS = 9 };
  uint64_t state = 3;
  for (int i = 0; i < ROWS; i++) {
    y[i] = i % CLASSES;
    for (int j = 0; j < STEPS; j++) {
      const bool own = random_unit(&state) < 0.6;
      x[i * STEPS + j] = (float)(own ? y[i] + 1 : 1 + (int)(5 * random_unit(&state)));
      x[i * STEPS + j] = j >= 4 + i % 6 ? 0 : x[i * STEPS + j];
    }
  }
  return dataset_of(context, x, CLF_F32, ROWS, STEPS, y);
}

static const char *const sequence_layers[] = {
    "embedding vocabulary=6 units=5; lstm units=20 bidirectional=true; dense units=3",
    "embedding vocabulary=6 units=5; gru units=17; dense units=3",
    "embedding vocabulary=6 units=5; rnn units=9 return_sequences=true; lstm; dense units=3"};

/* Fits, with the scores before and after the file. */
static clf_model *fitted_on_sequences(const char *precision, const char *layers, float *scores) {
  static unsigned char bytes[MOST];
  float x[ROWS * 9], after[ROWS * CLASSES];
  int32_t y[ROWS];
  char params[256];
  clf_model *model = NULL, *loaded = NULL;
  clf_dataset *data = sequences(NULL, x, y);
  snprintf(params, sizeof params, "precision=%s epochs=20 batch_size=16 layers='%s'", precision,
           layers);
  ck_clf_ok(clf_model_create(&model, NULL, "network", params));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_decision_function(model, data, scores, ROWS * CLASSES));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, saved(model, bytes)));
  ck_clf_ok(clf_model_decision_function(loaded, data, after, ROWS * CLASSES));
  ck_assert_mem_eq(scores, after, sizeof after);
  clf_dataset_free(data);
  clf_model_free(loaded);
  return model;
}

/* The same training in f32 ends near by: by far more than bf16 rounds it would not. */
TEST_LOOP(bf16__sequences_are_learned_as_in_f32, 0, 3) {
  float narrow[ROWS * CLASSES], wide[ROWS * CLASSES];
  int same = 0;
  clf_model *f32 = fitted_on_sequences("f32", sequence_layers[_i], wide);
  clf_model *bf16 = fitted_on_sequences("bf16", sequence_layers[_i], narrow);
  for (int i = 0; i < ROWS; i++) {
    int best[2] = {0, 0};
    for (int k = 1; k < CLASSES; k++) {
      best[0] = narrow[i * CLASSES + k] > narrow[i * CLASSES + best[0]] ? k : best[0];
      best[1] = wide[i * CLASSES + k] > wide[i * CLASSES + best[1]] ? k : best[1];
    }
    same += best[0] == best[1];
  }
  ck_assert_int_ge(same, ROWS - 3);
  ck_assert_int_eq(dtype_of(bf16, "embedding_1.weight"), CLF_BF16);
  clf_model_free(f32);
  clf_model_free(bf16);
}

/* Step by step the factors are rounded as in whole rows; only the order of f32 sums differs. */
TEST(bf16__streams_are_whole_rows) {
  float scores[ROWS * CLASSES], x[ROWS * 9], out[CLASSES];
  int32_t y[ROWS];
  clf_model *model = fitted_on_sequences("bf16", sequence_layers[1], scores);
  clf_dataset_free(sequences(NULL, x, y));
  for (int row = 0; row < 8; row++) {
    clf_sequence *stream = NULL;
    ck_clf_ok(clf_sequence_create(&stream, model));
    ck_clf_ok(clf_sequence_feed(stream, x + row * 9, 4 + row % 6));
    ck_clf_ok(clf_sequence_decision_function(stream, out, CLASSES));
    for (int k = 0; k < CLASSES; k++) {
      ck_assert_float_eq_tol(out[k], scores[row * CLASSES + k], 0.01F);
    }
    clf_sequence_free(stream);
  }
  clf_model_free(model);
}

/* Of 12 x 12 pixels, bright in the upper or in the lower half. */
static clf_dataset *images(clf_context *context) {
  static float x[ROWS * 144];
  static int32_t y[ROWS];
  uint64_t state = 9;
  for (int i = 0; i < ROWS; i++) {
    y[i] = i % 2;
    for (int j = 0; j < 144; j++) {
      x[i * 144 + j] = (float)random_unit(&state) + (float)((j < 72) == (y[i] == 0));
    }
  }
  return dataset_of(context, x, CLF_F32, ROWS, 144, y);
}

TEST(bf16__images_have_weights_of_half_the_bytes) {
  static float before[ROWS * 2], after[ROWS * 2];
  static unsigned char bytes[MOST];
  double score = 0;
  clf_model *model = NULL, *loaded = NULL;
  clf_dataset *data = images(NULL);
  ck_clf_ok(clf_model_create(&model, NULL, "network",
                             "precision=bf16 epochs=4 input=12,12,1 layers='conv2d filters=6 "
                             "kernel=3; batch_norm; activation; flatten; dense units=2'"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_score(model, data, &score));
  ck_assert(score > 0.95);
  ck_assert_int_eq(dtype_of(model, "conv2d_1.weight"), CLF_BF16);
  ck_assert_int_eq(dtype_of(model, "batch_norm_1.running_mean"), CLF_F32);
  ck_clf_ok(clf_model_decision_function(model, data, before, ROWS * 2));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, saved(model, bytes)));
  ck_clf_ok(clf_model_decision_function(loaded, data, after, ROWS * 2));
  ck_assert_mem_eq(before, after, sizeof before);
  clf_model_free(model);
  clf_model_free(loaded);
  clf_dataset_free(data);
}

/* The passes of a convolution may be those of the pool behind it too, but not with a layer between
 * them. */
TEST_LOOP(bf16__pools_have_the_same_bits_behind_convolutions_and_other_layers, 0, 2) {
  static const char *const layers[] = {
      "conv2d filters=6 kernel=3 padding=same%s; max_pool2d size=2; conv2d filters=20 kernel=3%s; "
      "max_pool2d size=2; flatten; dense units=2",
      "conv2d filters=32 kernel=5%s; max_pool2d size=2; flatten; dense units=9%s; dense units=2"};
  static float scores[2][ROWS * 2];
  clf_dataset *data = images(NULL);
  for (int i = 0; i < 2; i++) {
    const char *relu = i == 0 ? " activation=relu" : "; activation function=relu";
    char text[300], params[400];
    clf_model *model = NULL;
    snprintf(text, sizeof text, layers[_i], relu, relu);
    snprintf(params, sizeof params,
             "precision=bf16 epochs=2 validation_split=0.2 input=12,12,1 layers='%s'", text);
    ck_clf_ok(clf_model_create(&model, NULL, "network", params));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_clf_ok(clf_model_decision_function(model, data, scores[i], ROWS * 2));
    clf_model_free(model);
  }
  ck_assert_mem_eq(scores[0], scores[1], sizeof scores[0]);
  clf_dataset_free(data);
}

static clf_status live(clf_context *context, const void *argument) {
  static unsigned char bytes[MOST];
  static float x[ROWS * COLUMNS];
  static int32_t y[ROWS];
  const int64_t shape[] = {ROWS, COLUMNS};
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
  TRY(clf_model_partial_fit(model, data));
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

TEST(bf16__every_allocation_may_fail) {
  check_every_allocation("threads=1", live, "precision=bf16 epochs=1 " DENSE);
}

static clf_status live_of_images(clf_context *context, const void *argument) {
  float out[ROWS * 2];
  clf_model *model = NULL;
  clf_status status = CLF_OK;
  TRY(clf_model_create(&model, context, "network",
                       "precision=bf16 max_steps=1 batch_size=16 input=12,12,1 layers='conv2d "
                       "filters=6 kernel=3 padding=same activation=relu; max_pool2d size=2; conv2d "
                       "filters=5 kernel=3; max_pool2d size=2; flatten; dense units=2'"));
  TRY(clf_model_fit(model, argument, NULL, NULL));
  TRY(clf_model_decision_function(model, argument, out, ROWS * 2));
done:
  clf_model_free(model);
  return status;
}

TEST(bf16__every_allocation_of_a_pass_that_pools_may_fail) {
  clf_dataset *data = images(NULL);
  check_every_allocation("threads=1", live_of_images, data);
  clf_dataset_free(data);
}

SUITE("network_precision", .setup = make_folder, .teardown = remove_folder)
