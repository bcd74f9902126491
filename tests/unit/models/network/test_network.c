/* Networks as models: they learn, tell their history, refuse what does not fit, and repeat. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clouds.h"
#include "failing_allocator.h"

enum { SIDE = 40, COLUMNS = CLOUD_COLUMNS, CLASSES = CLOUD_CLASSES };

static const char layers[] = "layers='dense units=16 activation=relu; dense units=3' ";

static clf_model *network(clf_context *context, const char *params) {
  char text[512];
  clf_model *model = NULL;
  snprintf(text, sizeof text, "%s%s", layers, params);
  ck_clf_ok(clf_model_create(&model, context, "network", text));
  return model;
}

static double score(const clf_model *model, const clf_dataset *data) {
  double value = 0;
  ck_clf_ok(clf_model_score(model, data, &value));
  return value;
}

/* The sign of x1 x2: no line parts the classes. */
TEST(network__learns_what_is_not_linear) {
  float x[SIDE * SIDE * 2];
  int32_t y[SIDE * SIDE];
  for (int i = 0; i < SIDE * SIDE; i++) {
    x[2 * i] = (float)(i % SIDE) / SIDE * 2 - 1 + 1.0F / SIDE;
    x[2 * i + 1] = (float)(i / SIDE) / SIDE * 2 - 1 + 1.0F / SIDE;
    y[i] = x[2 * i] * x[2 * i + 1] > 0;
  }
  static const char *const ends[] = {
      "loss=cross_entropy layers='dense units=16 activation=tanh; dense units=2'",
      "loss=binary_cross_entropy layers='dense units=16 activation=tanh; dense'",
      "loss=binary_cross_entropy layers='dense units=16 activation=tanh; dense units=2'",
      "loss=squared_error layers='dense units=9 activation=tanh; dense units=2 activation=sigmoid'",
      "loss=squared_error layers='dense units=16 activation=tanh; dense units=2 activation=tanh'",
      "loss=hinge layers='dense units=16 activation=tanh; dense'",
      "loss=hinge layers='dense units=16 activation=tanh; dense units=2'",
  };
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    clf_context *context = NULL;
    clf_model *model = NULL;
    clf_optimizer *adam = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, "threads=2 seed=3"));
    clf_dataset *data = dataset_of(context, x, CLF_F32, SIDE * SIDE, 2, y);
    ck_clf_ok(clf_model_create(&model, context, "network", ends[i]));
    ck_clf_ok(clf_model_set_i64(model, "epochs", 40));
    ck_clf_ok(clf_model_set_i64(model, "batch_size", 32));
    ck_clf_ok(clf_optimizer_create(&adam, context, "adam", "learning_rate=0.01"));
    ck_clf_ok(clf_model_fit(model, data, adam, NULL));
    ck_assert_msg(score(model, data) > 0.97, "%s: %g", ends[i], score(model, data));
    clf_optimizer_free(adam);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

/* One linear layer under squared error is least squares. */
TEST(network__regression_reaches_least_squares) {
  enum { ROWS = 64 };
  float x[ROWS * 2];
  double t[ROWS];
  uint64_t state = 1;
  for (int i = 0; i < ROWS; i++) {
    x[2 * i] = (float)random_normal(&state);
    x[2 * i + 1] = (float)random_normal(&state);
    t[i] = 2 * (double)x[2 * i] - (double)x[2 * i + 1] + 0.5;
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, 2, NULL);
  clf_tensor *targets = NULL, *tensor = NULL, *scale = NULL;
  clf_model *model = NULL;
  clf_optimizer *sgd = NULL;
  ck_clf_ok(clf_tensor_wrap(&targets, NULL, t, CLF_F64, 1, (int64_t[]){ROWS}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, targets));
  ck_clf_ok(clf_model_create(&model, NULL, "network",
                             "layers=dense loss=squared_error epochs=200 batch_size=64"));
  ck_clf_ok(clf_optimizer_create(&sgd, NULL, "sgd", "learning_rate=0.2"));
  ck_clf_ok(clf_model_fit(model, data, sgd, NULL));
  ck_clf_ok(clf_model_tensor(&tensor, model, "dense_1.weight"));
  const float *w = clf_tensor_data(tensor);
  ck_clf_ok(clf_model_tensor(&scale, model, "target_scale"));
  const double s = *(const double *)clf_tensor_data(scale);
  ck_assert_double_eq_tol((double)w[0] * s, 2, 1e-4);
  ck_assert_double_eq_tol((double)w[1] * s, -1, 1e-4);
  clf_tensor_free(scale);
  clf_tensor_free(tensor);
  clf_tensor_free(targets);
  clf_optimizer_free(sgd);
  clf_model_free(model);
  clf_dataset_free(data);
}

static void decisions(clf_context *context, const char *params, float *out) {
  clouds c;
  clf_dataset *data = cloud_data(context, &c);
  clf_model *model = network(context, params);
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_decision_function(model, data, out, CLOUD_ROWS * CLASSES));
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(network__same_seed_gives_same_bits_on_any_threads) {
  float first[CLOUD_ROWS * CLASSES], other[CLOUD_ROWS * CLASSES];
  static const char *const contexts[] = {"threads=1 seed=4", "threads=1 seed=4",
                                         "threads=3 seed=4"};
  for (int i = 0; i < 3; i++) {
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, contexts[i]));
    decisions(context, "epochs=3 batch_size=16", i == 0 ? first : other);
    ck_assert(i == 0 || memcmp(first, other, sizeof first) == 0);
    clf_context_free(context);
  }
}

TEST(network__tells_its_history_and_stops_early) {
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  clf_model *model = network(NULL, "epochs=500 patience=3 validation_split=0.25");
  clf_tensor *loss = NULL, *accuracy = NULL;
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_tensor(&loss, model, "history_loss"));
  ck_clf_ok(clf_model_tensor(&accuracy, model, "history_validation_accuracy"));
  const double *losses = clf_tensor_data(loss);
  const int64_t epochs = clf_tensor_count(loss);
  ck_assert_int_eq(clf_tensor_count(accuracy), epochs);
  ck_assert_double_lt(losses[epochs - 1], losses[0]);
  ck_assert_double_gt(score(model, data), 0.9);
  clf_tensor_free(loss);
  clf_tensor_free(accuracy);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(network__validation_set_is_in_the_history) {
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  clf_model *model = network(NULL, "epochs=4");
  clf_tensor *accuracy = NULL, *own = NULL;
  ck_clf_ok(clf_model_fit(model, data, NULL, data));
  ck_clf_ok(clf_model_tensor(&accuracy, model, "history_validation_accuracy"));
  ck_clf_ok(clf_model_tensor(&own, model, "validation_score"));
  ck_assert_int_eq(clf_tensor_count(accuracy), 4);
  ck_assert_double_eq_tol(((const double *)clf_tensor_data(accuracy))[3],
                          *(const double *)clf_tensor_data(own), 1e-12);
  clf_tensor_free(accuracy);
  clf_tensor_free(own);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(network__diverging_keeps_the_last_good_epoch) {
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  clf_model *model = network(NULL, "epochs=50 loss=squared_error");
  clf_optimizer *wild = NULL;
  ck_clf_ok(clf_optimizer_create(&wild, NULL, "sgd", "learning_rate=1000"));
  ck_clf_fails(clf_model_fit(model, data, wild, NULL), CLF_ERROR_DIVERGED);
  ck_clf_says("epoch");
  ck_clf_says("learning rate");
  ck_assert_int_eq(clf_model_outcome(model), CLF_NOT_CONVERGED);
  ck_assert(isfinite(score(model, data)));
  clf_optimizer_free(wild);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(network__clips_gradients) {
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  clf_model *model = network(NULL, "epochs=20 clip_norm=0.5");
  clf_optimizer *fast = NULL;
  ck_clf_ok(clf_optimizer_create(&fast, NULL, "sgd", "learning_rate=0.5"));
  ck_clf_ok(clf_model_fit(model, data, fast, NULL));
  ck_assert_double_gt(score(model, data), 0.9);
  clf_optimizer_free(fast);
  clf_model_free(model);
  clf_dataset_free(data);
}

static void fails(const char *params, const clf_dataset *data, clf_status status,
                  const char *says) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network", params));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), status);
  ck_clf_says(says);
  clf_model_free(model);
}

TEST(network__names_what_does_not_fit) {
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  fails("layers='dense units=2'", data, CLF_ERROR_SHAPE, "there are 3 classes");
  fails("layers='dense units=3' input=5", data, CLF_ERROR_SHAPE, "6 features");
  fails("layers='dense units=3' input=2,3", data, CLF_ERROR_SHAPE, "flatten");
  fails("layers='dense units=3 activation=softmax'", data, CLF_ERROR_ARGUMENT, "before softmax");
  fails("layers='dense units=3 activation=softmax; flatten'", data, CLF_ERROR_ARGUMENT, "softmax");
  clf_model *model = NULL, *ridge = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network", "input=2,3"));
  ck_clf_fails(clf_network_add_layer(model, "dense", "units=3"), CLF_ERROR_SHAPE);
  ck_clf_ok(clf_network_add_layer(model, "flatten", NULL));
  ck_clf_ok(clf_network_add_layer(model, "dense", "units=3"));
  ck_clf_fails(clf_network_add_layer(model, "dense", "units=0"), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_create(&ridge, NULL, "ridge", NULL));
  ck_clf_fails(clf_network_add_layer(ridge, "dense", NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_fails(clf_network_add_layer(NULL, "dense", NULL), CLF_ERROR_ARGUMENT);
  clf_model_free(ridge);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* A network that is too large for any memory is refused when its shapes are inferred, before sums
 * over its layers overflow. */
TEST(network__too_large_to_count_is_refused) {
  static const char *const params[] = {
      "input=2 layers='dense units=1000000000; dense units=1000000000'",
      "input=100000000,100000000 layers=flatten",
      "input=2000000,2000000,2 layers='conv2d filters=1000000 kernel=1'",
      "input=1000000000,1000 layers='lstm units=1000000 return_sequences=true'",
  };
  for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
    clf_model *model = NULL;
    char summary[512];
    ck_clf_ok(clf_model_create(&model, NULL, "network", params[i]));
    ck_clf_fails(clf_network_summary(model, summary, sizeof summary, NULL), CLF_ERROR_SHAPE);
    clf_model_free(model);
  }
}

TEST(network__without_layers_is_linear) {
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  clf_model *model = NULL;
  clf_tensor *weight = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network", "epochs=100"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_tensor(&weight, model, "dense_1.weight"));
  ck_assert_int_eq(clf_tensor_count(weight), COLUMNS * CLASSES);
  clf_tensor_free(weight);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(network__batch_beyond_the_rows_and_no_epochs) {
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  clf_model *model = network(NULL, "batch_size=100000 epochs=2");
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_set_i64(model, "epochs", 0));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_assert_int_eq(clf_model_outputs(model), CLASSES);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(network__saved_predicts_the_same_whatever_its_parameters_become) {
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  clf_model *model = network(NULL, "epochs=3"), *copy = NULL;
  float before[CLOUD_ROWS * CLASSES], after[CLOUD_ROWS * CLASSES], sum;
  unsigned char bytes[1 << 14];
  size_t size = 0;
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_predict_proba(model, data, before, CLOUD_ROWS * CLASSES));
  sum = before[0] + before[1] + before[2];
  ck_assert_float_eq_tol(sum, 1, 1e-6F);
  ck_clf_ok(clf_model_set_text(model, "layers", "dense units=7"));
  ck_clf_ok(clf_model_save_memory(model, bytes, sizeof bytes, &size));
  ck_clf_ok(clf_model_load_memory(&copy, NULL, bytes, size));
  ck_clf_ok(clf_model_predict_proba(copy, data, after, CLOUD_ROWS * CLASSES));
  ck_assert_mem_eq(before, after, sizeof before);
  for (size_t i = 0; i < size; i += 7) { /* the checksum knows */
    clf_model *damaged = NULL;
    bytes[i] ^= 0x40;
    ck_assert_int_lt(clf_model_load_memory(&damaged, NULL, bytes, size), 0);
    bytes[i] ^= 0x40;
  }
  clf_model_free(copy);
  clf_model_free(model);
  clf_dataset_free(data);
}

static int32_t cancel_later(void *user, const clf_progress *progress) {
  (void)progress;
  return ++*(int *)user > 3;
}

TEST(network__cancelled_stays_as_it_was) {
  clouds c;
  clf_context *context = NULL;
  int calls = 0;
  float before[CLOUD_ROWS * CLASSES], after[CLOUD_ROWS * CLASSES];
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  clf_dataset *data = cloud_data(context, &c);
  clf_model *model = network(context, "epochs=100 batch_size=8");
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_decision_function(model, data, before, CLOUD_ROWS * CLASSES));
  ck_clf_ok(clf_context_set_progress(context, cancel_later, &calls));
  ck_clf_ok(clf_model_set_i64(model, "epochs", 1000000));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_CANCELLED);
  ck_clf_ok(clf_context_set_progress(context, NULL, NULL));
  ck_clf_ok(clf_model_decision_function(model, data, after, CLOUD_ROWS * CLASSES));
  ck_assert_mem_eq(before, after, sizeof before);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

static clf_status whole_life(clf_context *context, const void *unused) {
  clouds c;
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *data = NULL;
  clf_model *model = NULL;
  clf_optimizer *adam = NULL;
  int32_t labels[CLOUD_ROWS];
  clf_status status;
  (void)unused;
  fill_clouds(c.x, c.y, CLOUD_ROWS, COLUMNS, CLASSES);
  TRY(clf_tensor_wrap(&x, context, c.x, CLF_F32, 2, (int64_t[]){CLOUD_ROWS, COLUMNS}, NULL));
  TRY(clf_tensor_wrap(&y, context, c.y, CLF_I32, 1, (int64_t[]){CLOUD_ROWS}, NULL));
  TRY(clf_dataset_create(&data, context, x, y));
  TRY(clf_model_create(&model, context, "network", "epochs=2 batch_size=50 validation_split=0.2"));
  TRY(clf_network_add_layer(model, "dense", "units=5 activation=tanh"));
  TRY(clf_network_add_layer(model, "dropout", "rate=0.1"));
  TRY(clf_network_add_layer(model, "dense", "units=3"));
  TRY(clf_optimizer_create(&adam, context, "adam", NULL));
  TRY(clf_model_fit(model, data, adam, data));
  TRY(clf_model_predict(model, data, labels, CLOUD_ROWS));
done:
  clf_optimizer_free(adam);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(x);
  clf_tensor_free(y);
  return status;
}

TEST(network__every_allocation_may_fail) {
  check_every_allocation("threads=1", whole_life, NULL);
}

TEST(network__layers_take_each_parameter_once) {
  clf_model *model = NULL;
  clf_optimizer *adam = NULL;
  ck_clf_fails(clf_model_create(&model, NULL, "network", "epochs=1 batch_size=2 epochs=1"),
               CLF_ERROR_ARGUMENT);
  ck_clf_says("network: epochs is given twice; the second value is '1'");
  ck_clf_fails(clf_optimizer_create(&adam, NULL, "adam", "beta1=0.8 beta1=0.9"),
               CLF_ERROR_ARGUMENT);
  ck_clf_says("beta1 is given twice");
  ck_assert_ptr_null(adam);
  ck_clf_ok(clf_model_create(&model, NULL, "network", NULL));
  ck_clf_fails(clf_network_add_layer(model, "dense", "units=3 units=4"), CLF_ERROR_ARGUMENT);
  ck_clf_says("dense: units is given twice");
  clf_model_free(model);
}

/* Two spirals of 0.75 turns about the origin, within 1 of it. */
static clf_dataset *spirals(clf_context *context, uint64_t seed, float *x, int32_t *y, int rows) {
  uint64_t state = seed;
  for (int i = 0; i < rows; i++) {
    y[i] = i % 2;
    const double turn = sqrt(random_unit(&state)), angle = 9.42477796076938 * turn;
    const double side = y[i] == 1 ? turn : -turn;
    x[2 * i] = (float)(side * cos(angle) + 0.02 * random_normal(&state));
    x[2 * i + 1] = (float)(side * sin(angle) + 0.02 * random_normal(&state));
  }
  return dataset_of(context, x, CLF_F32, rows, 2, y);
}

/* By the defaults, from every seed; with biases that begin at 0 the units of the first layer all
 * bend at the origin, and those of tanh fail. */
TEST(network__learns_two_spirals_by_its_defaults) {
  enum { ROWS = 400 };
  static const char *const functions[] = {"tanh", "relu"};
  float x[2 * ROWS], held_x[2 * ROWS];
  int32_t y[ROWS], held_y[ROWS];
  for (int seed = 0; seed < 10; seed++) {
    char params[128];
    clf_context *context = NULL;
    clf_model *model = NULL;
    snprintf(params, sizeof params, "seed=%d threads=1", seed);
    ck_clf_ok(clf_context_create(&context, NULL, params));
    clf_dataset *data = spirals(context, 2, x, y, ROWS);
    clf_dataset *held = spirals(context, 3, held_x, held_y, ROWS);
    for (int f = 0; f < 2; f++) {
      snprintf(params, sizeof params,
               "layers='dense units=32 activation=%s; dense units=32 activation=%s; dense units=2'",
               functions[f], functions[f]);
      ck_clf_ok(clf_model_create(&model, context, "network", params));
      ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
      ck_assert_msg(score(model, held) > 0.9, "%s, seed %d: %g", functions[f], seed,
                    score(model, held));
      clf_model_free(model);
    }
    clf_dataset_free(held);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

SUITE("network")
