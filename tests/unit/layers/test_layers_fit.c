/* Each kind of layer takes part in a network that learns a tiny set by heart; at every level of CPU
 * layers give what the generic one gives; first weights are what their rules say. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ops_support.h"

#include "layers/layer.h"
#include "ops/nn/sequence.h"

enum { ROWS = 12, PIXELS = 32, CLASSES = 3 };

/* Of rows 4 x 4 x 2. */
static const char *const networks[] = {
    "flatten; dense units=16 activation=relu; dense units=3",
    "flatten; dense units=16 initializer=orthogonal; activation function=tanh; dense units=3",
    "conv2d filters=8 kernel=3 activation=relu; flatten; dense units=3",
    "conv2d filters=16 kernel=3 padding=same activation=relu; max_pool2d; flatten; dense units=3",
    "conv2d filters=8 kernel=2 activation=tanh; max_pool2d size=2 stride=1 padding=same; flatten; "
    "dense units=3",
    "conv2d filters=16 kernel=3 padding=same activation=relu; average_pool2d; flatten; dense "
    "units=3",
    "conv2d filters=32 kernel=3 activation=relu; global_max_pool2d; dense units=3",
    "conv2d filters=32 kernel=3 activation=relu; global_average_pool2d; dense units=3",
    "flatten; dense units=24; batch_norm; activation; dense units=3",
    "conv2d filters=8 kernel=2 bias=false; batch_norm; activation; flatten; dense units=3",
    "flatten; dense units=48 activation=relu; dropout rate=0.1; dense units=3",
};
enum { NETWORKS = sizeof networks / sizeof networks[0] };

/* Labels have nothing to do with the rows, so that only learning by heart helps. */
TEST_LOOP(network__learns_a_tiny_set_by_heart, 0, NETWORKS) {
  float x[ROWS * PIXELS];
  int32_t y[ROWS];
  uint64_t state = 17;
  clf_context *context = NULL;
  clf_model *model = NULL;
  clf_optimizer *adam = NULL;
  clf_tensor *history = NULL;
  double score = 0;
  for (int i = 0; i < ROWS * PIXELS; i++) {
    x[i] = (float)random_normal(&state);
  }
  for (int i = 0; i < ROWS; i++) {
    y[i] = i % CLASSES;
  }
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1 seed=2"));
  clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, PIXELS, y);
  ck_clf_ok(clf_model_create(&model, context, "network", "input=4,4,2 epochs=400 batch_size=12"));
  ck_clf_ok(clf_model_set_text(model, "layers", networks[_i]));
  ck_clf_ok(clf_optimizer_create(&adam, context, "adam", "learning_rate=0.01"));
  ck_clf_ok(clf_model_fit(model, data, adam, NULL));
  ck_clf_ok(clf_model_score(model, data, &score));
  ck_clf_ok(clf_model_tensor(&history, model, "history_loss"));
  const double *loss = clf_tensor_data(history);
  const double last = loss[clf_tensor_count(history) - 1];
  ck_assert_double_eq(score, 1);
  ck_assert_msg(last < 0.05, "'%s' ends with a loss of %g", networks[_i], last);
  clf_tensor_free(history);
  clf_optimizer_free(adam);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

typedef struct layer_case {
  const char *kind, *params;
  clf__shape in;
} layer_case;

static const layer_case cases[] = {
    {"dense", "units=37 activation=tanh", {1, {113}}},
    {"dense", "units=1 activation=sigmoid", {1, {5}}},
    {"conv2d", "filters=19 kernel=3 padding=same activation=leaky_relu", {3, {11, 9, 7}}},
    {"conv2d", "filters=32 kernel=5 padding=same activation=relu", {3, {13, 14, 1}}},
    {"conv2d", "filters=3 kernel=2 stride=2 dilation=2 activation=softmax", {3, {9, 8, 3}}},
    {"max_pool2d", NULL, {3, {6, 8, 37}}},
    {"average_pool2d", "size=2 padding=same", {3, {7, 9, 37}}},
    {"max_pool2d", "size=3 stride=2 padding=same", {3, {7, 9, 37}}},
    {"average_pool2d", "size=3 stride=2 padding=same", {3, {7, 9, 37}}},
    {"global_max_pool2d", NULL, {3, {7, 5, 18}}},
    {"global_average_pool2d", NULL, {3, {7, 5, 18}}},
    {"batch_norm", NULL, {3, {5, 7, 3}}},
    {"batch_norm", NULL, {1, {71}}},
    {"activation", "function=softmax", {1, {23}}},
    {"dropout", "rate=0.4", {1, {77}}},
};
enum { CASES = sizeof cases / sizeof cases[0], MOST = 1 << 17 };

/* y, dx and gradients, one after another; how many. */
static int64_t run_layer(clf_context *context, const layer_case *of, float *out) {
  static float x[MOST], y[MOST], dy[MOST], dx[MOST], weights[CLF__LAYER_WEIGHTS][MOST];
  static float gradients[CLF__LAYER_WEIGHTS][MOST];
  static char kept[MOST];
  float *weight_list[CLF__LAYER_WEIGHTS], *gradient_list[CLF__LAYER_WEIGHTS];
  clf__layer *layer = NULL;
  uint64_t state = 5;
  int64_t count = 0;
  ck_clf_ok(clf__layer_create(&layer, context, of->kind, of->params));
  layer->number = 1;
  ck_clf_ok(clf__layer_infer_shapes(layer, &of->in));
  ck_assert_int_le(ROWS * layer->inputs, MOST);
  ck_assert_int_le(ROWS * layer->outputs, MOST);
  ck_assert_int_le(ROWS * (int64_t)layer->kept_bytes, MOST);
  for (int i = 0; i < MOST; i++) {
    x[i] = (float)random_normal(&state);
    dy[i] = (float)random_normal(&state);
  }
  for (int64_t j = 0; j < CLF__LAYER_WEIGHTS; j++) {
    weight_list[j] = weights[j];
    gradient_list[j] = gradients[j];
    if (j < layer->weight_count) {
      ck_clf_ok(clf__weight_initialize(context, &layer->weights[j], 3, j, weights[j]));
    }
  }
  clf__pass pass = {.layer = layer,
                    .rows = ROWS,
                    .training = true,
                    .seed = 9,
                    .x = x,
                    .y = y,
                    .weights = weight_list,
                    .kept = kept,
                    .dy = dy,
                    .dx = dx,
                    .gradients = gradient_list};
  ck_clf_ok(layer->kind->forward(&pass));
  ck_clf_ok(layer->kind->backward(&pass));
  const float *const parts[] = {y, dx, gradients[0], gradients[1]};
  const int64_t sizes[] = {ROWS * layer->outputs, ROWS * layer->inputs,
                           layer->weight_count > 0 ? clf__shape_count(&layer->weights[0].shape) : 0,
                           layer->weight_count > 1 ? clf__shape_count(&layer->weights[1].shape)
                                                   : 0};
  for (int i = 0; i < 4; i++) {
    memcpy(out + count, parts[i], (size_t)sizes[i] * sizeof *out);
    count += sizes[i];
  }
  clf__layer_free(layer);
  return count;
}

/* Sums of some hundred products in another order. */
TEST_LOOP(layers__are_the_same_at_every_level_of_cpu, 0, CASES) {
  static float expected[4 * MOST], found[4 * MOST];
  clf_context *generic = context_on("generic", 2);
  const int64_t count = run_layer(generic, &cases[_i], expected);
  for (int level = 0; level < cpu_levels(); level++) {
    clf_context *context = context_of(level, 2);
    double largest = 0, worst = 0;
    if (context != NULL) {
      ck_assert_int_eq(run_layer(context, &cases[_i], found), count);
      for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)expected[i]));
        worst = fmax(worst, fabs((double)expected[i] - (double)found[i]));
      }
      ck_assert_msg(worst <= 1e-5 * largest, "%s %s, %s: %g of %g", cases[_i].kind,
                    cases[_i].params, clf__cpu_targets[level].name, worst, largest);
    }
    clf_context_free(context);
  }
  clf_context_free(generic);
}

static void draw(int32_t initial, int64_t rows, int64_t columns, float *w) {
  const clf__weight_info info = {.name = "weight",
                                 .shape = {2, {rows, columns}},
                                 .initial = initial,
                                 .fan_in = rows,
                                 .fan_out = columns};
  clf_context *context = context_on("auto", 2);
  ck_clf_ok(clf__weight_initialize(context, &info, 4, 1, w));
  clf_context_free(context);
}

/* Mean, variance, and for uniform ones the bound, of 120,000 numbers. */
TEST(weights__begin_by_their_rules) {
  enum { IN = 400, OUT = 300 };
  static float w[IN * OUT], again[IN * OUT];
  static const double variances[] = {
      [CLF__INITIAL_GLOROT_UNIFORM] = 2.0 / 700, [CLF__INITIAL_GLOROT_NORMAL] = 2.0 / 700,
      [CLF__INITIAL_HE_UNIFORM] = 2.0 / 400,     [CLF__INITIAL_HE_NORMAL] = 2.0 / 400,
      [CLF__INITIAL_UNIFORM] = 0.0025 / 3,       [CLF__INITIAL_NORMAL] = 0.0025,
      [CLF__INITIAL_LECUN_UNIFORM] = 1.0 / 400,  [CLF__INITIAL_FAN_IN_UNIFORM] = 1.0 / 1200,
      [CLF__INITIAL_AUTO] = 2.0 / 700, /* Glorot's */
  };
  for (int32_t initial = 0; initial <= CLF__INITIAL_AUTO; initial++) {
    const bool normal = initial == CLF__INITIAL_GLOROT_NORMAL ||
                        initial == CLF__INITIAL_HE_NORMAL || initial == CLF__INITIAL_NORMAL;
    double sum = 0, squares = 0, largest = 0;
    draw(initial, IN, OUT, w);
    draw(initial, IN, OUT, again);
    ck_assert_mem_eq(w, again, sizeof w);
    for (int i = 0; i < IN * OUT; i++) {
      sum += (double)w[i];
      squares += (double)w[i] * (double)w[i];
      largest = fmax(largest, fabs((double)w[i]));
    }
    if (initial == CLF__INITIAL_ZEROS || initial == CLF__INITIAL_ONES) {
      ck_assert_double_eq(sum, initial == CLF__INITIAL_ONES ? IN * OUT : 0);
      ck_assert_double_eq(squares, sum);
    } else if (initial != CLF__INITIAL_ORTHOGONAL) {
      const double variance = variances[initial], deviation = sqrt(variance);
      ck_assert_double_eq_tol(sum / (IN * OUT), 0, 0.02 * deviation);
      ck_assert_double_eq_tol(squares / (IN * OUT), variance, 0.02 * variance);
      ck_assert(normal ? largest > 3.5 * deviation : largest <= 1.7321 * deviation);
    }
  }
}

/* A layer of few inputs and many outputs begins by its inputs alone. */
TEST(weights__of_few_inputs_begin_wide) {
  enum { IN = 2, OUT = 30000 };
  static float w[IN * OUT];
  double squares = 0;
  draw(CLF__INITIAL_AUTO, IN, OUT, w);
  for (int i = 0; i < IN * OUT; i++) {
    squares += (double)w[i] * (double)w[i];
  }
  ck_assert_double_eq_tol(squares / (IN * OUT), 1.0 / IN, 0.02);
}

/* The biases of an unfitted network's layer. */
static const float *biases(clf_model **model, clf_tensor **tensor, const char *layer,
                           const char *name) {
  char params[128];
  float zeros[2] = {0};
  clf_tensor *zero = NULL;
  snprintf(params, sizeof params, "input=4,9 layers='%s; flatten; dense units=2'", layer);
  ck_clf_ok(clf_model_create(model, NULL, "network", params));
  ck_clf_ok(clf_tensor_wrap(&zero, NULL, zeros, CLF_F32, 1, (int64_t[]){2}, NULL));
  ck_clf_ok(clf_network_set_weight(*model, "dense_1.bias", zero));
  ck_clf_ok(clf_model_tensor(tensor, *model, name));
  clf_tensor_free(zero);
  return clf_tensor_data(*tensor);
}

/* Those of forget gates begin 1 above what the initializer says. */
TEST(biases__of_recurrent_layers_begin_as_told) {
  enum { UNITS = 6 };
  static const char *const kinds[] = {"rnn", "gru", "lstm"};
  static const char *const initializers[] = {"zeros", "ones", "fan_in_uniform"};
  for (int k = 0; k < 3; k++) {
    for (int i = 0; i < 3; i++) {
      char layer[64], name[32];
      clf_model *model = NULL;
      clf_tensor *tensor = NULL;
      snprintf(layer, sizeof layer, "%s units=%d bias_initializer=%s", kinds[k], (int)UNITS,
               initializers[i]);
      snprintf(name, sizeof name, "%s_1.bias", kinds[k]);
      const float *b = biases(&model, &tensor, layer, name);
      const int64_t count = clf_tensor_count(tensor);
      for (int64_t j = 0; j < count; j++) {
        const bool forget = k == 2 && j >= UNITS && j < 2 * UNITS;
        const double value = (double)b[j] - (forget ? 1 : 0), bound = 1 / sqrt(UNITS);
        ck_assert(i < 2 ? value == i : fabs(value) <= bound && value != 0);
      }
      clf_tensor_free(tensor);
      clf_model_free(model);
    }
  }
}

TEST(weights__are_orthogonal) {
  static const int64_t shapes[][2] = {{1, 1},   {7, 7},  {100, 33}, {33, 100},
                                      {64, 64}, {90, 1}, {1, 9}};
  for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
    const int64_t rows = shapes[s][0], columns = shapes[s][1];
    const bool tall = rows >= columns;
    const int64_t count = tall ? columns : rows, length = tall ? rows : columns;
    float w[100 * 100];
    draw(CLF__INITIAL_ORTHOGONAL, rows, columns, w);
    for (int64_t i = 0; i < count; i++) {
      for (int64_t j = 0; j <= i; j++) {
        double sum = 0;
        for (int64_t k = 0; k < length; k++) {
          sum += tall ? (double)w[k * columns + i] * (double)w[k * columns + j]
                      : (double)w[i * columns + k] * (double)w[j * columns + k];
        }
        ck_assert_double_eq_tol(sum, i == j, 1e-6);
      }
    }
  }
}

SUITE("layers_fit")
