/* Regressions of networks: targets of any size and place are learned alike, what is reported is in
 * the data's units, and the defaults learn. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "failing_allocator.h"
#include "models/model.h"

enum { ROWS = 60, COLUMNS = 3, CAPACITY = 1 << 14 };

static const char small[] =
    "loss=squared_error layers='dense units=5 activation=tanh; dense' "
    "batch_size=16 epochs=8 ";

typedef struct sample {
  float x[ROWS * COLUMNS];
  double t[2 * ROWS];
  float weights[ROWS];
} sample;

/* t [ROWS, 1]: a smooth function of the rows, times `scale`, plus `shift`. */
static void fill(sample *s, double scale, double shift) {
  uint64_t state = 7;
  for (int i = 0; i < ROWS; i++) {
    double sum = 0;
    for (int k = 0; k < COLUMNS; k++) {
      s->x[i * COLUMNS + k] = (float)random_normal(&state);
      sum += (k + 1) * (double)s->x[i * COLUMNS + k];
    }
    s->t[i] = shift + scale * sin(0.5 * sum);
    s->weights[i] = (float)(i % 3);
  }
}

static clf_dataset *data_of(clf_context *context, const sample *s, int64_t outputs,
                            const float *weights) {
  clf_dataset *data = dataset_of(context, s->x, CLF_F32, ROWS, COLUMNS, NULL);
  clf_tensor *t = NULL, *w = NULL;
  ck_clf_ok(
      clf_tensor_wrap(&t, context, (void *)s->t, CLF_F64, 2, (int64_t[]){ROWS, outputs}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, t));
  if (weights != NULL) {
    ck_clf_ok(clf_tensor_wrap(&w, context, (void *)weights, CLF_F32, 1, (int64_t[]){ROWS}, NULL));
    ck_clf_ok(clf_dataset_set_weights(data, w));
  }
  clf_tensor_free(t);
  clf_tensor_free(w);
  return data;
}

static clf_model *fit(clf_context *context, const char *params, const clf_dataset *data) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, "network", params));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  return model;
}

static double number(const clf_model *model, const char *name, int64_t index) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, model, name));
  ck_assert_int_lt(index, clf_tensor_count(tensor));
  const double value = ((const double *)clf_tensor_data(tensor))[index];
  clf_tensor_free(tensor);
  return value;
}

static void predict(const clf_model *model, const clf_dataset *data, float *out) {
  ck_clf_ok(clf_model_decision_function(model, data, out, ROWS * clf_model_outputs(model)));
}

/* Targets a t + b: predictions a p + b, losses times a^2, and the score stays. */
TEST(targets__of_any_unit_are_learned_alike) {
  static const struct {
    double scale, shift, tolerance;
  } units[] = {{0x1p-67, 0, 1e-5}, {0x1p67, 0, 1e-5}, {0x1p100, 0, 1e-5},       {1, 1000, 1e-3},
               {100, 2e5, 1e-3},   {1e-20, 0, 1e-5},  {0x1p-100, 0x1p-99, 1e-5}};
  static const char held[] =
      "loss=squared_error layers='dense units=5 activation=tanh; dense' "
      "batch_size=16 epochs=8 validation_split=0.2 patience=4";
  sample s;
  float plain[ROWS], found[ROWS];
  fill(&s, 1, 0);
  clf_dataset *data = data_of(NULL, &s, 1, NULL);
  clf_model *first = fit(NULL, held, data);
  predict(first, data, plain);
  double score = 0, other_score = 0;
  ck_clf_ok(clf_model_score(first, data, &score));
  clf_dataset_free(data);
  for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
    const double a = units[u].scale, b = units[u].shift, tolerance = units[u].tolerance;
    fill(&s, a, b);
    data = data_of(NULL, &s, 1, NULL);
    clf_model *model = fit(NULL, held, data);
    predict(model, data, found);
    for (int i = 0; i < ROWS; i++) {
      const double expected = (double)plain[i];
      ck_assert_double_eq_tol(((double)found[i] - b) / a, expected, tolerance);
    }
    const int last = 3;
    ck_assert_double_eq_tol(number(model, "history_loss", last) / a / a,
                            number(first, "history_loss", last), tolerance);
    ck_assert_double_eq_tol(number(model, "history_validation_loss", last) / a / a,
                            number(first, "history_validation_loss", last), tolerance);
    ck_clf_ok(clf_model_score(model, data, &other_score));
    ck_assert_double_eq_tol(other_score, score, tolerance);
    clf_model_free(model);
    clf_dataset_free(data);
  }
  clf_model_free(first);
}

/* The loss that is reported, of the model's own predictions before the only step. */
TEST(history__is_in_the_units_of_the_data) {
  sample s;
  float found[2 * ROWS];
  double loss = 0, total = 0;
  fill(&s, 1, 0);
  for (int i = ROWS - 1; i >= 0; i--) {
    const double t = s.t[i];
    s.t[2 * i] = 1000 + 300 * t;
    s.t[2 * i + 1] = 0.01 * t * t;
  }
  clf_dataset *data = data_of(NULL, &s, 2, s.weights);
  char params[160];
  for (int epochs = 0; epochs < 2; epochs++) {
    snprintf(params, sizeof params,
             "loss=squared_error layers='dense units=2' batch_size=1000 epochs=%d", epochs);
    clf_model *model = fit(NULL, params, data);
    if (epochs == 0) {
      predict(model, data, found);
      for (int i = 0; i < ROWS; i++) {
        const double first = (double)found[2 * i] - s.t[2 * i];
        const double second = (double)found[2 * i + 1] - s.t[2 * i + 1];
        loss += (double)s.weights[i] * 0.5 * (first * first + second * second);
        total += (double)s.weights[i];
      }
    } else {
      ck_assert_double_eq_tol(number(model, "history_loss", 0) / (loss / total), 1, 1e-5);
    }
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

/* Weighted means and deviations by output. */
TEST(units__are_the_weighted_mean_and_deviation) {
  sample s;
  fill(&s, 5, 3);
  for (int i = 0; i < ROWS; i++) {
    s.t[2 * i] = 3 + 5 * sin(i);
    s.t[2 * i + 1] = i % 2 == 0 ? 1e9 : 1e9 + 2;
  }
  clf_dataset *data = data_of(NULL, &s, 2, s.weights);
  clf_model *model = fit(NULL, "loss=squared_error layers='dense units=2' epochs=1", data);
  for (int k = 0; k < 2; k++) {
    double mean = 0, squares = 0, total = 0;
    for (int i = 0; i < ROWS; i++) {
      total += (double)s.weights[i];
      mean += (double)s.weights[i] * s.t[2 * i + k];
    }
    mean /= total;
    for (int i = 0; i < ROWS; i++) {
      squares += (double)s.weights[i] * (s.t[2 * i + k] - mean) * (s.t[2 * i + k] - mean);
    }
    ck_assert_double_eq_tol(number(model, "target_center", k) / mean, 1, 1e-12);
    ck_assert_double_eq_tol(number(model, "target_scale", k) / sqrt(squares / total), 1, 1e-6);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(targets__that_are_constant_are_predicted) {
  sample s;
  float found[ROWS];
  fill(&s, 0, 1e-6);
  clf_dataset *data = data_of(NULL, &s, 1, NULL);
  clf_model *model =
      fit(NULL, "loss=squared_error layers='dense units=9 activation=tanh; dense'", data);
  ck_assert_double_eq(number(model, "target_center", 0), 1e-6);
  ck_assert_double_eq(number(model, "target_scale", 0), 1e-6);
  predict(model, data, found);
  for (int i = 0; i < ROWS; i++) {
    ck_assert_float_eq_tol(found[i], 1e-6F, 0.2e-6F);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

/* A bend at 0 stays there, bounds stay what they are. */
TEST(units__leave_the_end_of_the_network_its_sense) {
  static const struct {
    const char *layers;
    bool centered, scaled;
  } ends[] = {
      {"dense", true, true},
      {"dense activation=relu; flatten", false, true},
      {"dense; activation function=leaky_relu; dropout rate=0.1", false, true},
      {"dense activation=sigmoid", false, false},
      {"dense activation=tanh", false, false},
      {"dense units=3 activation=relu; batch_norm; dense", true, true},
      {"rnn units=1' input='3,1", false, false},
      {"conv2d filters=1 kernel=1 activation=relu; global_max_pool2d' input='3,1,1", false, true},
  };
  sample s;
  fill(&s, 0.5, 0.5);
  double squares = 0;
  for (int i = 0; i < ROWS; i++) {
    squares += s.t[i] * s.t[i] / ROWS;
  }
  clf_dataset *data = data_of(NULL, &s, 1, NULL);
  for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
    char params[160];
    snprintf(params, sizeof params, "loss=squared_error epochs=1 layers='%s'", ends[e].layers);
    clf_model *model = fit(NULL, params, data);
    const double center = number(model, "target_center", 0);
    const double scale = number(model, "target_scale", 0);
    ck_assert_msg(ends[e].centered ? center != 0 : center == 0, "%s", ends[e].layers);
    ck_assert_msg(ends[e].scaled ? scale != 1 : scale == 1, "%s", ends[e].layers);
    if (ends[e].scaled && !ends[e].centered) {
      ck_assert_double_eq_tol(scale, sqrt(squares), 1e-12);
    }
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

static void keep_log(void *user, int32_t level, const char *message) {
  if (level == CLF_LOG_WARNING) {
    snprintf(user, 512, "%s", message);
  }
}

TEST(targets__that_floats_do_not_hold_are_told) {
  static const char *const kinds[] = {"network", "ridge"};
  char log[512] = "";
  clf_context *context = NULL;
  sample s;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf_context_set_log(context, keep_log, log));
  for (int k = 0; k < 2; k++) {
    const char *params = k == 0 ? small : NULL;
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, context, kinds[k], params));
    fill(&s, 1, 1e9);
    clf_dataset *data = data_of(context, &s, 1, NULL);
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_assert_msg(strstr(log, "64 apart") != NULL, "%s", log);
    clf_dataset_free(data);
    clf_model_free(model);
    ck_clf_ok(clf_model_create(&model, context, kinds[k], params));
    log[0] = '\0';
    fill(&s, 1e4, 1e9);
    data = data_of(context, &s, 1, NULL);
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_assert_str_eq(log, "");
    clf_dataset_free(data);
    s.t[11] = -4e38;
    data = data_of(context, &s, 1, NULL);
    ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_DATA);
    ck_clf_says("target of row 11, output 0 is -4e+38");
    if (k == 0) {
      fill(&s, 1, 0);
      clf_dataset *good = data_of(context, &s, 1, NULL);
      ck_clf_fails(clf_model_fit(model, good, NULL, data), CLF_ERROR_DATA);
      ck_clf_says("validation: ");
      clf_dataset_free(good);
    }
    clf_dataset_free(data);
    clf_model_free(model);
  }
  clf_context_free(context);
}

/* A file of a regression as it was before there were units, or with other ones. */
static clf_status load_with(clf_model **out, const clf_model *model, const char *drop, double scale,
                            double center) {
  static unsigned char bytes[CAPACITY];
  clf_model with = *model;
  size_t size = 0;
  ck_clf_ok(clf__store_create(&with.state, model->context));
  for (int64_t i = 0; i < clf__store_count(model->state); i++) {
    const char *name = clf__store_name(model->state, i);
    const clf_tensor *tensor = clf__store_tensor(model->state, name);
    clf_tensor *own = NULL;
    if (strstr(name, drop) != NULL) {
      continue;
    }
    ck_clf_ok(clf_tensor_copy(&own, tensor, tensor->dtype));
    if (strcmp(name, "target_scale") == 0) {
      ((double *)own->data)[0] = scale;
    } else if (strcmp(name, "target_center") == 0) {
      ((double *)own->data)[0] = center;
    }
    ck_clf_ok(clf__store_add_tensor(with.state, name, own));
    clf_tensor_free(own);
  }
  ck_clf_ok(clf_model_save_memory(&with, bytes, CAPACITY, &size));
  clf__store_free(with.state);
  return clf_model_load_memory(out, model->context, bytes, size);
}

TEST(files__have_the_units_and_old_ones_none) {
  sample s;
  float found[ROWS], raw[ROWS];
  fill(&s, 50, 300);
  clf_dataset *data = data_of(NULL, &s, 1, NULL);
  clf_model *model = fit(NULL, small, data), *loaded = NULL;
  const double center = number(model, "target_center", 0), scale = number(model, "target_scale", 0);
  predict(model, data, found);
  ck_clf_ok(load_with(&loaded, model, "no such", scale, center));
  predict(loaded, data, raw);
  ck_assert_mem_eq(raw, found, sizeof raw);
  clf_model_free(loaded);
  ck_clf_ok(load_with(&loaded, model, "target_", 0, 0));
  predict(loaded, data, raw);
  for (int i = 0; i < ROWS; i++) {
    ck_assert_double_eq_tol((double)found[i], center + scale * (double)raw[i], 1e-4);
  }
  clf_model_free(loaded);
  loaded = NULL;
  ck_clf_fails(load_with(&loaded, model, "no such", 0, center), CLF_ERROR_CORRUPT);
  ck_clf_says("target_scale");
  ck_clf_fails(load_with(&loaded, model, "no such", -1, center), CLF_ERROR_CORRUPT);
  ck_clf_fails(load_with(&loaded, model, "no such", scale, (double)NAN), CLF_ERROR_CORRUPT);
  ck_assert_ptr_null(loaded);
  clf_model_free(model);
  clf_dataset_free(data);
}

static clf_status set(clf_model *model, const char *name, double value) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_tensor_wrap(&tensor, NULL, &value, CLF_F64, 1, (int64_t[]){1}, NULL));
  const clf_status status = clf_network_set_weight(model, name, tensor);
  clf_tensor_free(tensor);
  return status;
}

/* Whoever goes on keeps the units of the first fit: the weights are of them. */
TEST(units__are_kept_by_fits_that_go_on) {
  sample s, other;
  float before[ROWS], after[ROWS];
  fill(&s, 50, 300);
  fill(&other, 5, -40);
  clf_dataset *data = data_of(NULL, &s, 1, NULL), *rest = data_of(NULL, &other, 1, NULL);
  clf_model *model = fit(NULL, small, data);
  const double center = number(model, "target_center", 0), scale = number(model, "target_scale", 0);
  ck_clf_ok(clf_model_partial_fit(model, rest));
  ck_assert_double_eq(number(model, "target_center", 0), center);
  ck_assert_double_eq(number(model, "target_scale", 0), scale);
  predict(model, data, before);
  ck_clf_ok(clf_model_set_text(model, "warm_start", "true"));
  ck_clf_ok(clf_model_set_i64(model, "epochs", 0));
  ck_clf_ok(clf_model_fit(model, rest, NULL, NULL));
  ck_assert_double_eq(number(model, "target_center", 0), center);
  predict(model, data, after);
  ck_assert_mem_eq(before, after, sizeof before);
  clf_model_free(model);
  ck_clf_ok(clf_model_create(&model, NULL, "network", small));
  ck_clf_ok(clf_model_partial_fit(model, rest));
  ck_assert_double_eq_tol(number(model, "target_center", 0), -40, 5);
  clf_model_free(model);
  clf_dataset_free(rest);
  clf_dataset_free(data);
}

/* It is another training than one of a given length, also where both have rows to validate on. */
TEST(checkpoint__knows_that_its_regression_ends_by_itself) {
  static char path[64] = "/tmp/classify-targets-XXXXXX";
  sample s;
  char params[256];
  clf_model *model = NULL;
  fill(&s, 50, 300);
  clf_dataset *data = data_of(NULL, &s, 1, NULL);
  const int file = mkstemp(path);
  ck_assert_int_ge(file, 0);
  close(file);
  unlink(path);
  snprintf(params, sizeof params, "loss=squared_error checkpoint=%s batch_size=16", path);
  ck_clf_ok(clf_model_create(&model, NULL, "network", params));
  ck_clf_ok(clf_model_fit(model, data, NULL, data));
  ck_clf_ok(clf_model_fit(model, data, NULL, data));
  ck_clf_ok(clf_model_set_text(model, "epochs", "5000"));
  ck_clf_fails(clf_model_fit(model, data, NULL, data), CLF_ERROR_ARGUMENT);
  ck_clf_says("its patience is '150', this one's '0'");
  clf_model_free(model);
  clf_dataset_free(data);
  unlink(path);
}

/* A training that was cut off ends with the bits that it would have had. */
TEST(checkpoint__of_a_regression_goes_on) {
  static char path[64] = "/tmp/classify-targets-XXXXXX";
  static unsigned char whole[CAPACITY], found[CAPACITY];
  sample s;
  char params[256];
  size_t size = 0, found_size = 0;
  fill(&s, 50, 300);
  clf_dataset *data = data_of(NULL, &s, 1, s.weights);
  const int file = mkstemp(path);
  ck_assert_int_ge(file, 0);
  close(file);
  unlink(path);
  static const char held[] =
      "loss=squared_error layers='dense units=5 activation=tanh; dense' "
      "batch_size=16 validation_split=0.2 patience=3 ";
  snprintf(params, sizeof params, "%s epochs=6", held);
  clf_model *model = fit(NULL, params, data);
  ck_clf_ok(clf_model_save_memory(model, whole, CAPACITY, &size));
  clf_model_free(model);
  snprintf(params, sizeof params, "%s epochs=2 checkpoint=%s", held, path);
  clf_model_free(fit(NULL, params, data));
  snprintf(params, sizeof params, "%s epochs=6 checkpoint=%s", held, path);
  model = fit(NULL, params, data);
  ck_clf_ok(clf_model_save_memory(model, found, CAPACITY, &found_size));
  ck_assert_uint_eq(found_size, size);
  ck_assert_mem_eq(found, whole, size);
  clf_model_free(model);
  clf_dataset_free(data);
  unlink(path);
}

/* All tensors of a regression can be carried over by name, into one that was never fitted. */
TEST(units__can_be_set) {
  sample s;
  float found[ROWS], raw[ROWS];
  fill(&s, 50, 300);
  clf_dataset *data = data_of(NULL, &s, 1, NULL);
  clf_model *fitted = fit(NULL, small, data), *model = NULL;
  char params[160];
  snprintf(params, sizeof params, "%s input=3", small);
  ck_clf_ok(clf_model_create(&model, NULL, "network", params));
  for (int64_t i = 0; clf_model_tensor_name(fitted, i) != NULL; i++) {
    const char *name = clf_model_tensor_name(fitted, i);
    clf_tensor *tensor = NULL;
    if (strchr(name, '.') != NULL || strncmp(name, "target_", 7) == 0) {
      ck_clf_ok(clf_model_tensor(&tensor, fitted, name));
      ck_clf_ok(clf_network_set_weight(model, name, tensor));
      clf_tensor_free(tensor);
    }
  }
  predict(fitted, data, found);
  predict(model, data, raw);
  ck_assert_mem_eq(raw, found, sizeof raw);
  ck_clf_fails(set(model, "target_scale", 0), CLF_ERROR_DATA);
  ck_clf_says("not above 0");
  ck_clf_fails(set(model, "target_center", (double)INFINITY), CLF_ERROR_DATA);
  ck_clf_fails(set(model, "target_middle", 1), CLF_ERROR_ARGUMENT);
  predict(model, data, raw);
  ck_assert_mem_eq(raw, found, sizeof raw);
  clf_model_free(model);
  clf_model_free(fitted);
  clf_dataset_free(data);
}

/* By its defaults a network learns sin(3x), whatever the unit and place of the targets. */
TEST(defaults__learn_a_sine) {
  enum { COUNT = 400, SEEDS = 3 };
  static float x[COUNT], held_x[COUNT];
  static double t[COUNT], held_t[COUNT];
  uint64_t state = 3;
  for (int i = 0; i < COUNT; i++) {
    x[i] = (float)(6 * random_unit(&state) - 3);
    held_x[i] = (float)(6 * random_unit(&state) - 3);
    t[i] = 2e5 + 100 * sin(3 * (double)x[i]);
    held_t[i] = 2e5 + 100 * sin(3 * (double)held_x[i]);
  }
  for (int f = 0; f < 2; f++) {
    double sum = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      char text[160];
      clf_context *context = NULL;
      clf_tensor *targets = NULL, *held_targets = NULL;
      snprintf(text, sizeof text, "seed=%d", seed);
      ck_clf_ok(clf_context_create(&context, NULL, text));
      clf_dataset *data = dataset_of(context, x, CLF_F32, COUNT, 1, NULL);
      clf_dataset *held = dataset_of(context, held_x, CLF_F32, COUNT, 1, NULL);
      const int64_t shape[] = {COUNT};
      ck_clf_ok(clf_tensor_wrap(&targets, context, t, CLF_F64, 1, shape, NULL));
      ck_clf_ok(clf_tensor_wrap(&held_targets, context, held_t, CLF_F64, 1, shape, NULL));
      ck_clf_ok(clf_dataset_set_targets(data, targets));
      ck_clf_ok(clf_dataset_set_targets(held, held_targets));
      snprintf(text, sizeof text,
               "loss=squared_error layers='dense units=100 activation=%s; dense'",
               f == 0 ? "relu" : "tanh");
      clf_model *model = fit(context, text, data);
      double score = 0;
      ck_clf_ok(clf_model_score(model, held, &score));
      ck_assert_double_gt(score, 0.85);
      sum += score;
      clf_model_free(model);
      clf_dataset_free(held);
      clf_dataset_free(data);
      clf_tensor_free(held_targets);
      clf_tensor_free(targets);
      clf_context_free(context);
    }
    ck_assert_double_gt(sum / SEEDS, 0.9);
  }
}

/* The defaults learn little from noise, because held-out rows end the training. */
TEST(defaults__do_not_learn_noise) {
  sample s, other;
  double score = 0;
  fill(&s, 1, 0);
  uint64_t state = 99;
  for (int i = 0; i < ROWS; i++) {
    s.t[i] = random_normal(&state);
  }
  other = s;
  for (int i = 0; i < ROWS; i++) {
    other.t[i] = random_normal(&state);
  }
  clf_dataset *data = data_of(NULL, &s, 1, NULL), *held = data_of(NULL, &other, 1, NULL);
  clf_model *model =
      fit(NULL, "loss=squared_error layers='dense units=100 activation=relu; dense'", data);
  ck_clf_ok(clf_model_score(model, held, &score));
  ck_assert_double_gt(score, -0.5);
  clf_model_free(model);
  clf_dataset_free(held);
  clf_dataset_free(data);
}

static clf_status whole_life(clf_context *context, const void *unused) {
  static sample s;
  static unsigned char bytes[CAPACITY];
  clf_tensor *rows = NULL, *targets = NULL;
  clf_dataset *data = NULL;
  clf_model *model = NULL, *loaded = NULL;
  float found[ROWS];
  size_t size;
  clf_status status;
  (void)unused;
  fill(&s, 3, 40);
  TRY(clf_tensor_wrap(&rows, context, (void *)s.x, CLF_F32, 2, (int64_t[]){ROWS, COLUMNS}, NULL));
  TRY(clf_tensor_wrap(&targets, context, (void *)s.t, CLF_F64, 1, (int64_t[]){ROWS}, NULL));
  TRY(clf_dataset_create(&data, context, rows, NULL));
  TRY(clf_dataset_set_targets(data, targets));
  TRY(clf_model_create(&model, context, "network",
                       "loss=squared_error layers='dense units=2; dense' epochs=1"));
  TRY(clf_model_fit(model, data, NULL, NULL));
  TRY(clf_network_set_weight(model, "target_scale", targets) == CLF_ERROR_SHAPE ? CLF_OK
                                                                                : CLF_ERROR_MEMORY);
  TRY(clf_model_save_memory(model, bytes, CAPACITY, &size));
  TRY(clf_model_load_memory(&loaded, context, bytes, size));
  TRY(clf_model_decision_function(loaded, data, found, ROWS));
done:
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(targets);
  clf_tensor_free(rows);
  return status;
}

TEST(targets__every_allocation_may_fail) {
  check_every_allocation("threads=1", whole_life, NULL);
}

SUITE("network_targets")
