/* Layers and losses against central differences of their own forward pass, and optimizers against
 * their rules written out for one weight. */
#include <math.h>
#include <string.h>

#include "layers/loss.h"
#include "ops/nn/sequence.h"
#include "optim/optimizer.h"
#include "support.h"

enum { ROWS = 5, MOST = 512 };

typedef struct probe {
  clf__layer *layer;
  int64_t rows;
  float x[MOST], y[MOST], r[MOST], dy[MOST], dx[MOST];
  float weights[CLF__LAYER_WEIGHTS][MOST], gradients[CLF__LAYER_WEIGHTS][MOST];
  float *weight_list[CLF__LAYER_WEIGHTS], *gradient_list[CLF__LAYER_WEIGHTS];
  char kept[MOST * 8];
  clf__span *spans; /* [rows] or NULL */
} probe;

static clf__pass pass_of(probe *p) {
  return (clf__pass){.layer = p->layer,
                     .rows = p->rows,
                     .training = true,
                     .seed = 7,
                     .x = p->x,
                     .y = p->y,
                     .weights = p->weight_list,
                     .kept = p->kept,
                     .spans = p->spans,
                     .dy = p->dy,
                     .dx = p->dx,
                     .gradients = p->gradient_list};
}

/* sum of r y, of which the gradient by y is r. */
static double objective(probe *p) {
  const clf__pass pass = pass_of(p);
  ck_clf_ok(p->layer->kind->forward(&pass));
  double sum = 0;
  for (int64_t i = 0; i < p->rows * p->layer->outputs; i++) {
    sum += (double)p->r[i] * (double)p->y[i];
  }
  return sum;
}

static void compare(probe *p, float *values, const float *gradient, int64_t count,
                    const char *what) {
  const float h = 0x1p-8F;
  for (int64_t i = 0; i < count; i++) {
    const float before = values[i];
    values[i] = before + h;
    const double above = objective(p);
    values[i] = before - h;
    const double below = objective(p);
    values[i] = before;
    const double slope = (above - below) / (2 * (double)h);
    /* The third derivative times h^2, and the sums' rounding over h. */
    ck_assert_msg(fabs(slope - (double)gradient[i]) < 2e-3 * (1 + fabs(slope)),
                  "%s: %s[%d] is %g, by differences %g", p->layer->kind->base.name, what, (int)i,
                  (double)gradient[i], slope);
  }
}

static void check_spans(const char *kind, const char *params, clf__shape in, int64_t rows,
                        clf__span *spans) {
  clf_context *context = NULL;
  uint64_t state = 3;
  probe *p = calloc(1, sizeof *p);
  p->rows = rows;
  p->spans = spans;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  ck_clf_ok(clf__layer_create(&p->layer, context, kind, params));
  p->layer->number = 1;
  ck_clf_ok(clf__layer_infer_shapes(p->layer, &in));
  ck_assert_int_le(p->rows * p->layer->inputs, MOST);
  ck_assert_int_le(p->rows * p->layer->outputs, MOST);
  for (int64_t i = 0; i < p->layer->weight_count; i++) {
    p->weight_list[i] = p->weights[i];
    p->gradient_list[i] = p->gradients[i];
    for (int64_t j = 0; j < clf__shape_count(&p->layer->weights[i].shape); j++) {
      const double value = 0.5 * random_normal(&state);
      p->weights[i][j] = (float)(p->layer->weights[i].not_negative ? fabs(value) + 0.5 : value);
    }
  }
  for (int i = 0; i < MOST; i++) {
    /* Pixels are apart by more than 2 h, so that no maximum changes. */
    const float pixel = (float)(i * 37 % 307) / 100 - 1.5F;
    p->x[i] = in.ndim > 1 ? pixel : (float)random_normal(&state);
    p->r[i] = (float)random_normal(&state);
  }
  objective(p);
  memcpy(p->dy, p->r, sizeof p->dy);
  const clf__pass pass = pass_of(p);
  ck_clf_ok(p->layer->kind->backward(&pass));
  compare(p, p->x, p->dx, p->rows * p->layer->inputs, "dx");
  for (int64_t i = 0; i < p->layer->weight_count && p->layer->weights[i].trained; i++) {
    compare(p, p->weights[i], p->gradients[i], clf__shape_count(&p->layer->weights[i].shape),
            p->layer->weights[i].name);
  }
  clf__layer_free(p->layer);
  clf_context_free(context);
  free(p);
}

static void check_rows(const char *kind, const char *params, clf__shape in, int64_t rows) {
  check_spans(kind, params, in, rows, NULL);
}

static void check_layer(const char *kind, const char *params, clf__shape in) {
  check_rows(kind, params, in, ROWS);
}

TEST(layers__agree_with_differences) {
  const clf__shape seven = {1, {7}}, image = {3, {3, 2, 2}};
  check_layer("dense", "units=4", seven);
  check_layer("dense", "units=1 bias=false activation=tanh", seven);
  check_layer("dense", "units=17 activation=sigmoid", seven);
  check_layer("dense", "units=5 activation=softmax initializer=he_normal", seven);
  check_layer("dense", "units=9 activation=leaky_relu", seven);
  check_layer("activation", "function=tanh", image);
  check_layer("activation", "function=softmax", image);
  check_layer("activation", "function=linear", image);
  check_layer("dropout", "rate=0.3", image);
  check_layer("dropout", "rate=0", image);
  check_layer("flatten", NULL, image);
  const clf__shape picture = {3, {5, 6, 2}}, grey = {2, {6, 5}}, one = {3, {1, 1, 3}};
  const clf__shape wide = {3, {1, 1, 97}};
  check_layer("conv2d", "filters=3 kernel=3", picture);
  check_layer("conv2d", "filters=2 kernel=2 padding=same stride=2 activation=tanh", picture);
  check_layer("conv2d", "filters=2 kernel=3 dilation=2 padding=same activation=softmax", picture);
  check_layer("conv2d", "filters=3 kernel=2 bias=false activation=sigmoid initializer=he_normal",
              grey);
  check_layer("conv2d", "filters=4 kernel=1", one);
  check_layer("max_pool2d", NULL, picture);
  check_layer("max_pool2d", "size=2 padding=same", picture);
  check_layer("average_pool2d", "size=3 padding=same", picture);
  check_layer("max_pool2d", "size=3 stride=1", picture);
  check_layer("average_pool2d", "size=2 stride=3", picture);
  check_layer("average_pool2d", "size=5", grey);
  check_layer("max_pool2d", "size=3 stride=2 padding=same", picture);
  check_layer("max_pool2d", "size=9 stride=1 padding=same", grey);
  check_layer("average_pool2d", "size=3 stride=2 padding=same", picture);
  check_layer("average_pool2d", "size=4 stride=1 padding=same", one);
  check_layer("global_max_pool2d", NULL, picture);
  check_layer("global_average_pool2d", NULL, picture);
  check_layer("global_average_pool2d", NULL, wide);
  const clf__shape single = {1, {1}};
  check_layer("batch_norm", NULL, seven);
  check_layer("batch_norm", "epsilon=0.1", single);
  check_layer("batch_norm", "epsilon=0.01", wide);
  check_layer("batch_norm", "momentum=0.5", picture);
  check_layer("batch_norm", NULL, one);
  check_rows("batch_norm", NULL, picture, 1);
  check_rows("batch_norm", NULL, seven, 1); /* by the running statistics */
  /* Padding has no part in the statistics, but in what comes after them: here r is not 0 there. */
  const clf__shape sequence = {2, {6, 3}};
  clf__span spans[ROWS] = {{0, 6}, {1, 3}, {0, 0}, {5, 6}, {2, 4}};
  clf__span single_step[ROWS] = {{0, 0}, {2, 3}, {0, 0}, {0, 0}, {0, 0}}, none[ROWS] = {{0, 0}};
  check_spans("batch_norm", "epsilon=0.1", sequence, ROWS, spans);
  check_spans("batch_norm", NULL, sequence, ROWS, single_step); /* by the running statistics */
  check_spans("batch_norm", NULL, sequence, ROWS, none);
}

/* The gradients are those of a constant in training and in inference, even if the state before the
 * first step is learned, because these rows do not change it. */
TEST(rows_of_padding_alone__give_0) {
  static const char *const kinds[][2] = {
      {"rnn", "units=2 initial_state=learned"},
      {"lstm", "units=2 initial_state=learned bidirectional=true"},
      {"gru", "units=2 initial_state=learned return_sequences=true"},
      {"global_average_pool1d", NULL},
      {"global_max_pool1d", NULL},
  };
  const clf__shape sequence = {2, {3, 2}};
  clf__span some[ROWS] = {{0, 3}, {0, 0}, {1, 2}, {3, 3}, {0, 2}};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    check_spans(kinds[k][0], kinds[k][1], sequence, ROWS, some);
    for (int training = 0; training < 2; training++) {
      clf_context *context = NULL;
      probe *p = calloc(1, sizeof *p);
      ck_clf_ok(clf_context_create(&context, NULL, NULL));
      p->rows = ROWS;
      p->spans = some;
      ck_clf_ok(clf__layer_create(&p->layer, context, kinds[k][0], kinds[k][1]));
      ck_clf_ok(clf__layer_infer_shapes(p->layer, &sequence));
      for (int i = 0; i < CLF__LAYER_WEIGHTS; i++) {
        p->weight_list[i] = p->weights[i];
        for (int j = 0; j < MOST; j++) {
          p->weights[i][j] = 0.5F;
        }
      }
      for (int i = 0; i < MOST; i++) {
        p->x[i] = p->y[i] = 1;
      }
      clf__pass pass = pass_of(p);
      pass.training = training;
      pass.kept = training ? pass.kept : NULL;
      ck_clf_ok(p->layer->kind->forward(&pass));
      for (int64_t i = 0; i < ROWS * p->layer->outputs; i++) {
        const int64_t row = i / p->layer->outputs;
        ck_assert(row == 1 || row == 3 ? p->y[i] == 0 : row != 0 || p->y[i] != 0);
      }
      clf__layer_free(p->layer);
      clf_context_free(context);
      free(p);
    }
  }
}

/* What the padding holds changes neither the other places nor the running statistics. */
TEST(batch_norm__leaves_padding_out) {
  enum { STEPS = 6, CHANNELS = 3 };
  const clf__shape sequence = {2, {STEPS, CHANNELS}};
  clf__span spans[ROWS] = {{0, 6}, {1, 3}, {0, 0}, {5, 6}, {2, 4}};
  float statistics[2][2 * CHANNELS], y[2][ROWS * STEPS * CHANNELS];
  double mean[CHANNELS] = {0};
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  for (int v = 0; v < 2; v++) {
    uint64_t state = 3;
    probe *p = calloc(1, sizeof *p);
    p->rows = ROWS;
    p->spans = spans;
    ck_clf_ok(clf__layer_create(&p->layer, context, "batch_norm", "momentum=1"));
    ck_clf_ok(clf__layer_infer_shapes(p->layer, &sequence));
    for (int i = 0; i < 4; i++) {
      p->weight_list[i] = p->weights[i];
      for (int j = 0; j < CHANNELS; j++) {
        p->weights[i][j] = 1;
      }
    }
    for (int i = 0; i < ROWS * STEPS * CHANNELS; i++) {
      const int row = i / (STEPS * CHANNELS), step = i / CHANNELS % STEPS;
      const bool counts = step >= spans[row].begin && step < spans[row].end;
      const float value = (float)random_normal(&state);
      p->x[i] = counts ? value : v == 0 ? 0 : 1e6F;
      mean[i % CHANNELS] += v == 0 && counts ? (double)value / 11 : 0; /* 11 steps count */
    }
    const clf__pass pass = pass_of(p);
    ck_clf_ok(p->layer->kind->forward(&pass));
    memcpy(statistics[v], p->weights[2], CHANNELS * sizeof(float));
    memcpy(statistics[v] + CHANNELS, p->weights[3], CHANNELS * sizeof(float));
    for (int i = 0; i < ROWS * STEPS * CHANNELS; i++) {
      const int row = i / (STEPS * CHANNELS), step = i / CHANNELS % STEPS;
      y[v][i] = step >= spans[row].begin && step < spans[row].end ? p->y[i] : 0;
    }
    clf__layer_free(p->layer);
    free(p);
  }
  ck_assert_mem_eq(statistics[0], statistics[1], sizeof statistics[0]);
  ck_assert_mem_eq(y[0], y[1], sizeof y[0]);
  for (int j = 0; j < CHANNELS; j++) {
    ck_assert_double_eq_tol((double)statistics[0][j], mean[j], 1e-6);
  }
  clf_context_free(context);
}

/* The share, its spread over rows, and that neither rows, neighbours nor seeds repeat each other.
 */
TEST(dropout__drops_its_share_at_random) {
  enum { WIDTH = 1000, LINES = 100, COUNT = WIDTH * LINES };
  static float x[COUNT], y[2][COUNT];
  clf_context *context = NULL;
  clf__layer *layer = NULL;
  const clf__shape in = {1, {WIDTH}};
  double zeros = 0, by_row = 0, pairs = 0, below = 0, again = 0;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf__layer_create(&layer, context, "dropout", "rate=0.2"));
  ck_clf_ok(clf__layer_infer_shapes(layer, &in));
  for (int i = 0; i < COUNT; i++) {
    x[i] = 1;
  }
  for (int seed = 0; seed < 2; seed++) {
    const clf__pass pass = {.layer = layer,
                            .rows = LINES,
                            .training = true,
                            .seed = (uint64_t)seed,
                            .x = x,
                            .y = y[seed]};
    ck_clf_ok(layer->kind->forward(&pass));
  }
  for (int row = 0; row < LINES; row++) {
    int in_row = 0;
    for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
      const bool dropped = y[0][i] == 0;
      ck_assert(dropped || fabs((double)y[0][i] - 1.25) < 1e-6);
      in_row += dropped;
      pairs += dropped && i > 0 && y[0][i - 1] == 0;
      below += dropped && i >= WIDTH && y[0][i - WIDTH] == 0;
      again += dropped && y[1][i] == 0;
    }
    zeros += in_row;
    by_row += (in_row - 200.0) * (in_row - 200.0) / LINES;
  }
  ck_assert_double_eq_tol(zeros / COUNT, 0.2, 0.006);  /* 5 deviations */
  ck_assert_double_eq_tol(by_row, 160, 120);           /* variance of a row's: 160 */
  ck_assert_double_eq_tol(pairs / COUNT, 0.04, 0.004); /* 0.2^2 each, if independent */
  ck_assert_double_eq_tol(below / COUNT, 0.04, 0.004);
  ck_assert_double_eq_tol(again / COUNT, 0.04, 0.004);
  /* In place, in both directions. */
  const clf__pass own = {
      .layer = layer, .rows = LINES, .training = true, .x = x, .y = x, .dy = y[1], .dx = y[1]};
  for (int i = 0; i < COUNT; i++) {
    y[1][i] = 1;
  }
  ck_clf_ok(layer->kind->forward(&own));
  ck_assert_mem_eq(x, y[0], sizeof x);
  ck_clf_ok(layer->kind->backward(&own));
  ck_assert_mem_eq(y[1], y[0], sizeof x);
  clf__layer_free(layer);
  clf_context_free(context);
}

TEST(layers__name_what_does_not_fit) {
  const clf__shape small = {3, {4, 4, 1}}, flat = {1, {16}};
  static const char *const kinds[] = {"conv2d", "max_pool2d"};
  static const char *const params[] = {"kernel=7", "size=5"};
  static const char *const says[] = {"conv2d 3: kernel 7 is larger than its input 4x4",
                                     "max_pool2d 3: window 5 is larger than its input 4x4"};
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  for (int i = 0; i < 2; i++) {
    clf__layer *layer = NULL;
    ck_clf_ok(clf__layer_create(&layer, context, kinds[i], params[i]));
    layer->number = 3;
    ck_clf_fails(clf__layer_infer_shapes(layer, &small), CLF_ERROR_SHAPE);
    ck_clf_says(says[i]);
    ck_clf_fails(clf__layer_infer_shapes(layer, &flat), CLF_ERROR_SHAPE);
    ck_clf_says("height x width x channels");
    clf__layer_free(layer);
  }
  clf_context_free(context);
}

TEST(losses__agree_with_differences) {
  enum { OUTPUTS = 4 };
  static const int32_t labels[ROWS] = {0, 3, 1, 1, 2}, two[ROWS] = {0, 1, 1, 0, 1};
  static const float weights[ROWS] = {1, 0.5F, 2, 0, 1};
  for (int32_t loss = CLF__LOSS_CROSS_ENTROPY; loss <= CLF__LOSS_HINGE; loss++) {
    for (int64_t outputs = 1; outputs <= OUTPUTS; outputs += OUTPUTS - 1) {
      const clf__loss_target target = {.loss = loss,
                                       .outputs = outputs,
                                       .high = 1,
                                       .labels = outputs == 1 ? two : labels,
                                       .weights = weights};
      float z[ROWS * OUTPUTS], dz[ROWS * OUTPUTS];
      uint64_t state = 5;
      clf__loss_sums sums = {0};
      if (outputs == 1 && loss == CLF__LOSS_CROSS_ENTROPY) {
        continue; /* needs an output a class */
      }
      for (int64_t i = 0; i < ROWS * outputs; i++) {
        z[i] = (float)random_normal(&state);
      }
      ck_clf_ok(clf__loss(NULL, &target, ROWS, z, 1 / 4.5, dz, &sums));
      ck_assert_double_eq_tol(sums.weight, 4.5, 1e-12);
      for (int64_t i = 0; i < ROWS * outputs; i++) {
        const float h = 0x1p-8F, before = z[i];
        float unused[ROWS * OUTPUTS];
        clf__loss_sums above = {0}, below = {0};
        z[i] = before + h;
        ck_clf_ok(clf__loss(NULL, &target, ROWS, z, 1, unused, &above));
        z[i] = before - h;
        ck_clf_ok(clf__loss(NULL, &target, ROWS, z, 1, unused, &below));
        z[i] = before;
        const double slope = (above.loss - below.loss) / (2 * (double)h) / 4.5;
        ck_assert_msg(fabs(slope - (double)dz[i]) < 1e-4, "loss %d: %g, not %g", (int)loss,
                      (double)dz[i], slope);
      }
    }
  }
}

/* Ten steps on f(w) = w^2 / 2, of which the gradient is w. */
static double walk(const char *kind, const char *params) {
  clf_optimizer *optimizer = NULL;
  float w = 1, g = 0;
  const clf__optimizer_weight weight = {.count = 1, .values = &w, .gradient = &g, .decayed = true};
  ck_clf_ok(clf_optimizer_create(&optimizer, NULL, kind, params));
  ck_clf_ok(clf__optimizer_begin(optimizer, &weight, 1));
  for (int i = 0; i < 10; i++) {
    g = w;
    clf__optimizer_step(optimizer, &weight, 1, clf__optimizer_rate(optimizer, 5, 10), 1, 0);
  }
  clf_optimizer_free(optimizer);
  return (double)w;
}

TEST(optimizers__follow_their_rules) {
  double w = 1, v = 0, m = 0;
  for (int i = 0; i < 10; i++) {
    w -= 0.1 * (w + 0.5 * w);
  }
  ck_assert_double_eq_tol(walk("sgd", "learning_rate=0.1 weight_decay=0.5"), w, 1e-6);
  w = 1;
  for (int i = 0; i < 10; i++) {
    v = 0.9 * v + w;
    w -= 0.1 * (w + 0.9 * v);
  }
  ck_assert_double_eq_tol(walk("sgd", "learning_rate=0.1 momentum=0.9 nesterov=true"), w, 1e-6);
  for (int decoupled = 0; decoupled < 2; decoupled++) {
    w = 1, m = v = 0;
    for (int i = 1; i <= 10; i++) {
      const double g = w + (decoupled ? 0 : 0.1 * w);
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      const double step = m / (1 - pow(0.9, i)) / (sqrt(v / (1 - pow(0.999, i))) + 1e-8);
      w -= 0.05 * (step + (decoupled ? 0.1 * w : 0));
    }
    ck_assert_double_eq_tol(
        walk(decoupled ? "adamw" : "adam", "learning_rate=0.05 weight_decay=0.1"), w, 1e-5);
  }
  /* 1 - beta is 1e-7, which is not what 1 less the f32 nearest to beta gives. */
  w = 1, m = v = 0;
  for (int i = 1; i <= 10; i++) {
    m += (1 - 0.9999999) * (w - m);
    v += (1 - 0.9999999) * (w * w - v);
    w -= 0.05 * (m / (1 - pow(0.9999999, i))) / (sqrt(v / (1 - pow(0.9999999, i))) + 1e-8);
  }
  ck_assert_double_eq_tol(walk("adam", "learning_rate=0.05 beta1=0.9999999 beta2=0.9999999"), w,
                          1e-5);
  w = 1, v = 0;
  for (int i = 0; i < 10; i++) {
    v += (1 - 0.9999999) * (w * w - v);
    w -= 1e-4 * w / (sqrt(v) + 1e-8);
  }
  ck_assert_double_eq_tol(walk("rmsprop", "learning_rate=0.0001 alpha=0.9999999"), w, 1e-5);
  w = 1, v = 0;
  for (int i = 0; i < 10; i++) {
    v = 0.9 * v + 0.1 * w * w;
    w -= 0.05 * w / (sqrt(v) + 1e-8);
  }
  ck_assert_double_eq_tol(walk("rmsprop", "learning_rate=0.05 alpha=0.9"), w, 1e-5);
  w = 1, v = 0;
  for (int i = 0; i < 10; i++) {
    v += w * w;
    w -= 0.1 * w / (sqrt(v) + 1e-10);
  }
  ck_assert_double_eq_tol(walk("adagrad", "learning_rate=0.1"), w, 1e-5);
}

static double rate_at(const char *params, int64_t step) {
  clf_optimizer *optimizer = NULL;
  ck_clf_ok(clf_optimizer_create(&optimizer, NULL, "sgd", params));
  ck_clf_ok(clf__optimizer_begin(optimizer, NULL, 0));
  optimizer->steps = step;
  const double rate = clf__optimizer_rate(optimizer, 10, 101);
  clf_optimizer_free(optimizer);
  return rate;
}

TEST(schedules__change_the_rate) {
  ck_assert_double_eq_tol(rate_at("learning_rate=0.5", 77), 0.5, 1e-12);
  ck_assert_double_eq_tol(rate_at("learning_rate=1 schedule=step interval=3 factor=0.5", 29), 1,
                          1e-12);
  ck_assert_double_eq_tol(rate_at("learning_rate=1 schedule=step interval=3 factor=0.5", 60), 0.25,
                          1e-12);
  ck_assert_double_eq_tol(rate_at("learning_rate=1 schedule=cosine factor=0", 50), 0.5, 1e-12);
  ck_assert_double_eq_tol(rate_at("learning_rate=1 schedule=cosine factor=0.2", 100), 0.2, 1e-12);
  ck_assert_double_eq_tol(rate_at("learning_rate=1 warmup=4", 1), 0.5, 1e-12);
  clf_optimizer *optimizer = NULL;
  ck_clf_ok(clf_optimizer_create(&optimizer, NULL, "sgd",
                                 "learning_rate=1 schedule=plateau interval=2 factor=0.5"));
  ck_clf_ok(clf__optimizer_begin(optimizer, NULL, 0));
  clf__optimizer_epoch(optimizer, 3);
  clf__optimizer_epoch(optimizer, 3);
  ck_assert_double_eq_tol(clf__optimizer_rate(optimizer, 1, 10), 1, 1e-12);
  clf__optimizer_epoch(optimizer, 4);
  ck_assert_double_eq_tol(clf__optimizer_rate(optimizer, 1, 10), 0.5, 1e-12);
  clf_optimizer_free(optimizer);
}

TEST(optimizer__names_what_there_is) {
  clf_optimizer *optimizer = NULL;
  ck_clf_fails(clf_optimizer_create(&optimizer, NULL, "adma", NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("adam");
  ck_clf_fails(clf_optimizer_create(&optimizer, NULL, "adam", "momentum=1"), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_optimizer_create(NULL, NULL, "adam", NULL), CLF_ERROR_ARGUMENT);
  ck_assert_ptr_null(optimizer);
  ck_assert_ptr_null(clf_optimizer_kind(NULL));
  clf_optimizer_free(NULL);
}

SUITE("layers")
