/* How networks are trained: averages of the weights, batches in parts, cancelling. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clouds.h"
#include "failing_allocator.h"

enum {
  ROWS = CLOUD_ROWS,
  COLUMNS = CLOUD_COLUMNS,
  CLASSES = CLOUD_CLASSES,
  WEIGHTS = COLUMNS * CLASSES
};

/* dense_1.weight of a linear network after a fit by plain sgd. */
static void linear_weights(const clf_dataset *data, const char *params, float *out) {
  clf_model *model = NULL;
  clf_optimizer *sgd = NULL;
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network", params));
  ck_clf_ok(clf_optimizer_create(&sgd, NULL, "sgd", "learning_rate=0.05 momentum=0.5"));
  ck_clf_ok(clf_model_fit(model, data, sgd, NULL));
  ck_clf_ok(clf_model_tensor(&tensor, model, "dense_1.weight"));
  ck_assert_int_eq(clf_tensor_count(tensor), WEIGHTS);
  memcpy(out, clf_tensor_data(tensor), WEIGHTS * sizeof *out);
  clf_tensor_free(tensor);
  clf_optimizer_free(sgd);
  clf_model_free(model);
}

/* Compares the average with the sum over the final weights of fits of 1, 2 … steps. */
TEST(averaging__is_the_weighted_mean_over_steps) {
  enum { STEPS = 7 };
  static const double decays[] = {0.5, 0.9, 1};
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  float after[STEPS][WEIGHTS], averaged[WEIGHTS];
  char params[128];
  for (int i = 0; i < STEPS; i++) {
    snprintf(params, sizeof params, "layers='dense units=3' batch_size=120 epochs=%d", i + 1);
    linear_weights(data, params, after[i]);
  }
  for (int d = 0; d < 3; d++) {
    snprintf(params, sizeof params,
             "layers='dense units=3' batch_size=120 epochs=%d averaging=%g patience=%d", STEPS,
             decays[d], d == 1 ? 100 : 0);
    linear_weights(data, params, averaged);
    for (int k = 0; k < WEIGHTS; k++) {
      double sum = 0, powers = 0;
      for (int i = 0; i < STEPS; i++) {
        const double power = pow(decays[d], STEPS - 1 - i);
        sum += power * (double)after[i][k];
        powers += power;
      }
      ck_assert_double_eq_tol((double)averaged[k], sum / powers, 1e-6);
    }
  }
  clf_dataset_free(data);
}

TEST(averaging__is_what_is_validated) {
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  clf_model *model = NULL;
  clf_tensor *losses = NULL;
  float p[ROWS * CLASSES];
  double loss = 0;
  ck_clf_ok(clf_model_create(
      &model, NULL, "network",
      "layers='dense units=8 activation=tanh; dense units=3' epochs=3 averaging=0.95"));
  ck_clf_ok(clf_model_fit(model, data, NULL, data));
  ck_clf_ok(clf_model_predict_proba(model, data, p, ROWS * CLASSES));
  for (int i = 0; i < ROWS; i++) {
    loss -= log((double)p[i * CLASSES + c.y[i]]) / ROWS;
  }
  ck_clf_ok(clf_model_tensor(&losses, model, "history_validation_loss"));
  ck_assert_double_eq_tol(((const double *)clf_tensor_data(losses))[2], loss, 1e-5);
  clf_tensor_free(losses);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Equal to rounding: the sums are divided differently. 120 rows are a group of 64 and one of 56,
 * whose last batch has 8. */
TEST(accumulation__is_one_larger_batch) {
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  float whole[WEIGHTS], parts[WEIGHTS], weights[ROWS];
  for (int weighted = 0; weighted < 2; weighted++) {
    if (weighted) {
      for (int i = 0; i < ROWS; i++) {
        weights[i] = i % 16 < 8 ? 0 : (float)(1 + i % 5);
      }
      set_weights(data, weights);
    }
    static const char *const rest = "layers='dense units=3' epochs=4 clip_norm=0.7";
    char params[128];
    snprintf(params, sizeof params, "%s batch_size=64", rest);
    linear_weights(data, params, whole);
    snprintf(params, sizeof params, "%s batch_size=16 accumulation=4", rest);
    linear_weights(data, params, parts);
    for (int k = 0; k < WEIGHTS; k++) {
      ck_assert_double_eq_tol((double)parts[k], (double)whole[k], 2e-6);
    }
    snprintf(params, sizeof params, "%s batch_size=8 accumulation=1000000", rest);
    linear_weights(data, params, parts);
    snprintf(params, sizeof params, "%s batch_size=1000", rest);
    linear_weights(data, params, whole);
    for (int k = 0; k < WEIGHTS; k++) {
      ck_assert_double_eq_tol((double)parts[k], (double)whole[k], 2e-6);
    }
  }
  clf_dataset_free(data);
}

/* Layers make the optimizer's step themselves unless all gradients are needed first, as for their
 * norm, or the batch is so large that their gradients are summed in several blocks. */
TEST_LOOP(steps__of_layers_have_the_bits_of_those_of_the_optimizer, 0, 5) {
  enum { MANY = 600 };
  static const char *const params[] = {
      "epochs=3 batch_size=50 averaging=0.9 layers='dense units=20 activation=relu; dense units=3'",
      "epochs=1 batch_size=40 layers='dense units=2100 activation=tanh; dense units=3'",
      "epochs=2 precision=bf16 layers='dense units=99 activation=relu; dense units=3'",
      "epochs=3 batch_size=513 layers='dense units=20 activation=relu; dense units=3'",
      "epochs=3 batch_size=600 precision=bf16 layers='dense units=40; dense units=3'"};
  static const char *const kinds[] = {"adamw", "sgd", "adam", "adam", "rmsprop"};
  static const char *const rules[] = {"weight_decay=0.1", "momentum=0.9", "weight_decay=0.01", "",
                                      ""};
  static float x[MANY * COLUMNS], scores[2][MANY * CLASSES];
  static int32_t y[MANY];
  const int64_t rows = _i < 3 ? ROWS : MANY;
  fill_clouds(x, y, rows, COLUMNS, CLASSES);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, rows, COLUMNS, y);
  for (int i = 0; i < 2; i++) {
    char text[200];
    clf_model *model = NULL;
    clf_optimizer *optimizer = NULL;
    snprintf(text, sizeof text, "%s%s", params[_i], i == 0 ? "" : " clip_norm=1e30");
    ck_clf_ok(clf_model_create(&model, NULL, "network", text));
    ck_clf_ok(clf_optimizer_create(&optimizer, NULL, kinds[_i], rules[_i]));
    ck_clf_ok(clf_model_fit(model, data, optimizer, NULL));
    ck_clf_ok(clf_model_decision_function(model, data, scores[i], MANY * CLASSES));
    clf_optimizer_free(optimizer);
    clf_model_free(model);
  }
  ck_assert_mem_eq(scores[0], scores[1], sizeof scores[0]);
  clf_dataset_free(data);
}

/* In order and 40 rows a step, two steps of the first epoch are one epoch of the first 80 rows. */
TEST(max_steps__ends_within_an_epoch) {
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  clf_dataset *first = dataset_of(NULL, c.x, CLF_F32, 80, COLUMNS, c.y);
  static const char *const rest = "layers='dense units=3' batch_size=40 shuffle=false";
  float found[WEIGHTS], expected[WEIGHTS];
  char params[128];
  snprintf(params, sizeof params, "%s epochs=1", rest);
  linear_weights(first, params, expected);
  snprintf(params, sizeof params, "%s epochs=3 max_steps=2", rest);
  linear_weights(data, params, found);
  ck_assert_mem_eq(found, expected, sizeof found);
  snprintf(params, sizeof params, "%s epochs=2", rest);
  linear_weights(data, params, expected);
  snprintf(params, sizeof params, "%s epochs=9 max_steps=6", rest);
  linear_weights(data, params, found);
  ck_assert_mem_eq(found, expected, sizeof found);
  clf_dataset_free(first);
  clf_dataset_free(data);
}

/* The weights are those that a fit of so many epochs as were good ends with. */
TEST(diverging__keeps_the_last_good_epoch) {
  static const char *const rest = "layers='dense units=3' loss=squared_error batch_size=40";
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  clf_model *model = NULL;
  clf_optimizer *wild = NULL;
  char text[128];
  float found[ROWS * CLASSES], expected[ROWS * CLASSES];
  snprintf(text, sizeof text, "%s epochs=500", rest);
  ck_clf_ok(clf_optimizer_create(&wild, NULL, "sgd", "learning_rate=0.2"));
  ck_clf_ok(clf_model_create(&model, NULL, "network", text));
  ck_clf_fails(clf_model_fit(model, data, wild, NULL), CLF_ERROR_DIVERGED);
  clf_tensor *losses = NULL;
  ck_clf_ok(clf_model_tensor(&losses, model, "history_loss"));
  const int64_t good = clf_tensor_count(losses);
  ck_assert_int_gt(good, 1);
  clf_tensor_free(losses);
  ck_clf_ok(clf_model_decision_function(model, data, found, ROWS * CLASSES));
  clf_model_free(model);
  snprintf(text, sizeof text, "%s epochs=%d", rest, (int)good);
  ck_clf_ok(clf_model_create(&model, NULL, "network", text));
  ck_clf_ok(clf_model_fit(model, data, wild, NULL));
  ck_clf_ok(clf_model_decision_function(model, data, expected, ROWS * CLASSES));
  ck_assert_mem_eq(found, expected, sizeof found);
  ck_clf_ok(clf_model_set_i64(model, "epochs", good + 1));
  ck_clf_fails(clf_model_fit(model, data, wild, NULL), CLF_ERROR_DIVERGED);
  snprintf(text, sizeof text, "the loss is not finite in epoch %d;", (int)good + 1);
  ck_clf_says(text);
  clf_optimizer_free(wild);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(rows__of_another_width_or_class_are_refused) {
  clouds c;
  int32_t labels[ROWS];
  clf_dataset *data = cloud_data(NULL, &c);
  clf_model *model = fitted(NULL, "network", "layers='dense units=3' epochs=1", data);
  clf_dataset *narrow = dataset_of(NULL, c.x, CLF_F32, ROWS, COLUMNS - 1, c.y);
  ck_clf_fails(clf_model_predict(model, narrow, labels, ROWS), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_model_fit(model, data, NULL, narrow), CLF_ERROR_SHAPE);
  c.y[7] = CLASSES; /* beyond the units */
  clf_dataset *wide = dataset_of(NULL, c.x, CLF_F32, ROWS, COLUMNS, c.y);
  ck_clf_fails(clf_model_fit(model, wide, NULL, NULL), CLF_ERROR_SHAPE);
  ck_clf_says("gives 3 outputs; there are 4 classes");
  ck_clf_fails(clf_model_fit(model, data, NULL, wide), CLF_ERROR_DATA);
  ck_clf_says("'3'");
  ck_clf_ok(clf_model_predict(model, data, labels, ROWS)); /* it is as it was */
  clf_dataset_free(wide);
  clf_dataset_free(narrow);
  clf_model_free(model);
  clf_dataset_free(data);
}

typedef struct host {
  pthread_t thread;
  int64_t calls, most;
  double asked, longest;
} host;

static int32_t stop_after(void *user, const clf_progress *progress) {
  host *own = user;
  const double now = seconds_worked();
  ck_assert(pthread_equal(own->thread, pthread_self()));
  ck_assert(progress->step <= progress->steps);
  own->longest = fmax(own->longest, now - own->asked);
  own->asked = now;
  return ++own->calls >= own->most;
}

/* One batch, of some minutes. The fit reads few of its rows. */
TEST(cancel__ends_within_a_second_in_a_large_batch) {
  enum { IMAGES = 50000, PIXELS = 28 * 28 };
  uint8_t *x = calloc(IMAGES, PIXELS);
  int32_t *y = calloc(IMAGES, sizeof *y);
  clf_context *context = NULL;
  clf_model *model = NULL;
  host own = {.thread = pthread_self(), .most = 5};
  y[1] = 1;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  clf_dataset *data = dataset_of(context, x, CLF_U8, IMAGES, PIXELS, y);
  ck_clf_ok(clf_model_create(
      &model, context, "network",
      "input=28,28,1 batch_size=1000000 layers='conv2d kernel=5 filters=32 padding=same; "
      "conv2d kernel=5 filters=64 padding=same; flatten; dense units=2'"));
  ck_clf_ok(clf_context_set_progress(context, stop_after, &own));
  own.asked = seconds_worked();
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_CANCELLED);
  ck_assert_int_eq(own.calls, own.most);
  ck_assert_double_lt(own.longest, CANCEL_SECONDS);
  ck_assert_double_lt(seconds_worked() - own.asked, CANCEL_SECONDS);
  ck_assert(clf_context_memory_peak(context) < (uint64_t)400 << 20);
  ck_clf_fails(clf_model_outcome(model), CLF_ERROR_NOT_FITTED);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
  free(x);
  free(y);
}

TEST(cancel__ends_an_epoch_in_its_middle) {
  clouds c;
  clf_context *context = NULL;
  clf_model *model = NULL;
  host own = {.thread = pthread_self(), .most = 4};
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  clf_dataset *data = cloud_data(context, &c);
  ck_clf_ok(clf_model_create(&model, context, "network", "batch_size=8"));
  ck_clf_ok(clf_context_set_progress(context, stop_after, &own));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_CANCELLED);
  ck_clf_says("network: cancelled at step ");
  ck_clf_says("of 2010");
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* What a fit of some steps of one epoch takes: blocks that it asks for, and bytes at most. */
typedef struct cost {
  int64_t asked;
  uint64_t peak;
} cost;

static cost cost_of_steps(int steps) {
  enum { IMAGES = 40, SIDE = 12, CHANNELS = 6, PIXELS = SIDE * SIDE * CHANNELS };
  static uint8_t x[IMAGES * PIXELS];
  int32_t y[IMAGES];
  char params[256];
  failing_allocator counting = {.refuse = 0};
  clf_context *context = failing_context("threads=2", &counting);
  clf_model *model = NULL;
  for (int64_t i = 0; i < IMAGES * PIXELS; i++) {
    x[i] = (uint8_t)(i * 37 % 251);
  }
  for (int32_t i = 0; i < IMAGES; i++) {
    y[i] = i % 2;
  }
  snprintf(params, sizeof params,
           "input=%d,%d,%d batch_size=2 epochs=1 max_steps=%d layers='conv2d kernel=5 filters=8 "
           "padding=same activation=relu; max_pool2d size=2; conv2d kernel=3 filters=4; flatten; "
           "dense units=2'",
           SIDE, SIDE, CHANNELS, steps);
  clf_dataset *data = dataset_of(context, x, CLF_U8, IMAGES, PIXELS, y);
  ck_clf_ok(clf_model_create(&model, context, "network", params));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  const cost spent = {counting.asked, clf_context_memory_peak(context)};
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
  ck_assert_int_eq(counting.held, 0);
  return spent;
}

/* The first step measures what the layers take; the others find it allocated, in no more memory but
 * for the alignment of the blocks. */
TEST(steps__allocate_nothing_after_the_first) {
  const cost one = cost_of_steps(1), two = cost_of_steps(2), many = cost_of_steps(20);
  ck_assert_int_eq(two.asked, many.asked);
  ck_assert_uint_le(many.peak, one.peak + 64 * 64);
}

typedef struct keeper {
  clf_context *context;
  clf_tensor *kept[100];
  int count;
} keeper;

static int32_t keep_tensors(void *user, const clf_progress *progress) {
  keeper *own = (keeper *)user;
  const int64_t shape[] = {100};
  if (own->count < 100) {
    ck_clf_ok(clf_tensor_create(&own->kept[own->count], own->context, CLF_I64, 1, shape));
    int64_t *values = (int64_t *)clf_tensor_data(own->kept[own->count]);
    for (int i = 0; i < 100; i++) {
      values[i] = progress->step;
    }
    own->count++;
  }
  return CLF_PROGRESS_GO;
}

TEST(progress__may_make_what_outlives_the_fit) {
  clouds c;
  keeper own = {.count = 0};
  clf_model *model = NULL;
  ck_clf_ok(clf_context_create(&own.context, NULL, "threads=1 progress_interval=0"));
  const uint64_t before = clf_context_memory(own.context);
  clf_dataset *data = cloud_data(own.context, &c);
  ck_clf_ok(clf_model_create(&model, own.context, "network", "batch_size=8 epochs=2"));
  ck_clf_ok(clf_context_set_progress(own.context, keep_tensors, &own));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_assert_int_gt(own.count, 10);
  for (int k = 0; k < own.count; k++) {
    const int64_t *values = (const int64_t *)clf_tensor_data(own.kept[k]);
    ck_assert_int_eq(values[0], values[99]);
    ck_assert_int_le(values[0], k + 1);
    clf_tensor_free(own.kept[k]);
  }
  clf_model_free(model);
  clf_dataset_free(data);
  ck_assert_uint_eq(clf_context_memory(own.context), before);
  clf_context_free(own.context);
}

enum { LONG_ROWS = 32, LONG_COLUMNS = 6 * 200 };

/* Returns the status of the fit of a recurrent network under a memory limit. */
static clf_status fit_within(size_t limit, const char *epochs, size_t *peak) {
  static float x[LONG_ROWS * LONG_COLUMNS];
  static int32_t y[LONG_ROWS];
  char params[96];
  clf_context *context = NULL;
  clf_model *model = NULL;
  for (int i = 0; i < LONG_ROWS; i++) {
    y[i] = i % 2;
  }
  snprintf(params, sizeof params, "threads=1 memory_limit=%zu", limit);
  ck_clf_ok(clf_context_create(&context, NULL, params));
  clf_dataset *data = dataset_of(context, x, CLF_F32, LONG_ROWS, LONG_COLUMNS, y);
  ck_clf_ok(clf_model_create(&model, context, "network", "input=6,200 batch_size=32"));
  ck_clf_ok(clf_model_set_text(model, "layers", "gru units=64; dense units=2"));
  ck_clf_ok(clf_model_set_text(model, "epochs", epochs));
  const clf_status status = clf_model_fit(model, data, NULL, NULL);
  *peak = clf_context_memory_peak(context);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
  return status;
}

/* A layer of gru frees its arrays in another order than the reverse. */
TEST(memory_limit__of_one_step_is_enough_for_more) {
  const size_t records = 4096;
  size_t peak, more;
  ck_clf_ok(fit_within((size_t)1 << 30, "1", &peak));
  ck_assert_int_eq(fit_within(peak / 2, "1", &more), CLF_ERROR_MEMORY);
  ck_clf_ok(fit_within(peak + records, "4", &more));
}

SUITE("network_training")
