/* Networks made ready for inference against the forward passes of their layers, one after another:
 * with batch normalisation and activations folded in, in blocks of any size, on many threads. */
#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"
#include "models/network/network.h"

enum { ROWS = 150, PIXELS = 60, CLASSES = 3, THREADS = 64 };

/* Of images 6 x 5 x 2. */
static const char *const networks[] = {
    "dense units=3",
    "dense units=200; batch_norm; activation; dense units=64 activation=tanh; dropout; dense "
    "units=3",
    "dense units=16 bias=false; dropout; batch_norm; batch_norm; activation function=sigmoid; "
    "dense "
    "units=3",
    "batch_norm; activation function=tanh; dense units=7 activation=relu; batch_norm; dense "
    "units=3",
    "dense units=1; activation function=leaky_relu; activation function=tanh; dense units=3; "
    "activation function=linear",
    "dense units=20 activation=relu; dense units=3; batch_norm",
};
static const char *const image_networks[] = {
    "conv2d filters=6 activation=relu; global_average_pool2d; batch_norm; dense units=3",
    "max_pool2d size=3 stride=2 padding=same; conv2d filters=3 kernel=2 padding=same; "
    "global_max_pool2d",
    "conv2d filters=5 padding=same; batch_norm; activation; max_pool2d; flatten; dense units=3",
    "conv2d filters=4 bias=false; batch_norm epsilon=0.1; average_pool2d stride=1; conv2d "
    "filters=17 "
    "kernel=2 activation=tanh; flatten; dropout; dense units=9; batch_norm; activation "
    "function=softmax; dense units=3",
    "batch_norm; conv2d filters=3 stride=2 activation=relu; batch_norm; flatten; batch_norm; dense "
    "units=3",
    "conv2d filters=3 kernel=5 padding=same; activation function=softmax; conv2d filters=3 "
    "kernel=3; average_pool2d size=3; flatten",
};
enum {
  FLAT = sizeof networks / sizeof networks[0],
  NETWORKS = FLAT + sizeof image_networks / sizeof image_networks[0]
};

typedef struct problem {
  clf_context *context;
  clf_dataset *data;
  clf_model *model;
  float x[ROWS * PIXELS];
  int32_t y[ROWS];
} problem;

static void create_model(problem *p, int network) {
  const bool flat = network < FLAT;
  ck_clf_ok(clf_model_create(&p->model, p->context, "network", "epochs=2 batch_size=32"));
  ck_clf_ok(clf_model_set_text(p->model, "input", flat ? "60" : "6,5,2"));
  ck_clf_ok(clf_model_set_text(p->model, "layers",
                               flat ? networks[network] : image_networks[network - FLAT]));
}

/* How many layers come before the last one with weights; a batch normalisation that is folded into
 * it is not one. */
static const int64_t hidden_layers[NETWORKS] = {0, 5, 5, 4, 3, 1, 3, 1, 5, 9, 5, 2};

/* A fitted network, whose running statistics are some way from the first ones. */
static problem *problem_of(int network, int threads) {
  problem *p = calloc(1, sizeof *p);
  char params[64];
  clf_optimizer *optimizer = NULL;
  snprintf(params, sizeof params, "threads=%d seed=5", threads);
  ck_clf_ok(clf_context_create(&p->context, NULL, params));
  fill_clouds(p->x, p->y, ROWS, PIXELS, CLASSES);
  for (int i = 0; i < ROWS * PIXELS; i++) {
    p->x[i] = p->x[i] * 0.7F + (float)(i % 3);
  }
  p->data = dataset_of(p->context, p->x, CLF_F32, ROWS, PIXELS, p->y);
  create_model(p, network);
  ck_clf_ok(clf_optimizer_create(&optimizer, p->context, "adam", "learning_rate=0.01"));
  ck_clf_ok(clf_model_fit(p->model, p->data, optimizer, NULL));
  clf_optimizer_free(optimizer);
  return p;
}

static void free_problem(problem *p) {
  clf_model_free(p->model);
  clf_dataset_free(p->data);
  clf_context_free(p->context);
  free(p);
}

/* out [ROWS, …], through the first so many layers (-1: all), one by one. Returns the columns. */
static int64_t plainly(const problem *p, int64_t layers, float *out) {
  clf__network *network = NULL;
  float **weights = NULL;
  ck_clf_ok(clf__network_of_state(&network, p->context, p->model->state));
  ck_clf_ok(clf__network_state_weights(&weights, network, p->model->state));
  float *from = malloc((size_t)(ROWS * network->widest) * sizeof *from);
  float *to = malloc((size_t)(ROWS * network->widest) * sizeof *to);
  memcpy(from, p->x, sizeof p->x);
  layers = layers < 0 ? network->layer_count : layers;
  const int64_t columns = layers > 0 ? network->layers[layers - 1]->outputs : PIXELS;
  for (int64_t i = 0; i < layers; i++) {
    const clf__pass pass = {.layer = network->layers[i],
                            .rows = ROWS,
                            .x = from,
                            .y = to,
                            .weights = weights + network->first_weight[i]};
    ck_clf_ok(pass.layer->kind->forward(&pass));
    float *other = from;
    from = to;
    to = other;
  }
  memcpy(out, from, (size_t)(ROWS * columns) * sizeof *out);
  free(from);
  free(to);
  clf__network_free(network);
  return columns;
}

static void assert_close(const float *found, const float *expected, int64_t count, int network) {
  float largest = 0, worst = 0;
  for (int64_t i = 0; i < count; i++) {
    largest = fmaxf(largest, fabsf(expected[i]));
    worst = fmaxf(worst, fabsf(expected[i] - found[i]));
  }
  ck_assert_msg(worst <= 1e-5F * largest, "network %d: %g of %g", network, (double)worst,
                (double)largest);
}

/* Folding rounds the product of two weights; all else is the order of sums. */
TEST_LOOP(folded__is_layer_by_layer, 0, NETWORKS) {
  float expected[ROWS * CLASSES], found[ROWS * CLASSES];
  problem *p = problem_of(_i, 2);
  plainly(p, -1, expected);
  ck_clf_ok(clf_model_decision_function(p->model, p->data, found, ROWS * CLASSES));
  assert_close(found, expected, ROWS * CLASSES, _i);
  free_problem(p);
}

TEST_LOOP(transform__gives_what_the_last_layer_takes, 0, NETWORKS) {
  enum { MOST = ROWS * 256 };
  float *expected = malloc(MOST * sizeof *expected), *found = malloc(MOST * sizeof *found);
  int64_t columns = 0;
  problem *p = problem_of(_i, 2);
  const int64_t hidden = plainly(p, hidden_layers[_i], expected);
  ck_clf_ok(clf_model_project(p->model, p->data, NULL, 0, &columns));
  ck_assert_int_eq(columns, hidden);
  ck_clf_ok(clf_model_project(p->model, p->data, found, MOST, NULL));
  assert_close(found, expected, ROWS * hidden, _i);
  free(expected);
  free(found);
  free_problem(p);
}

/* Predictions do not depend on how many rows a call has, nor on the number of threads. */
TEST_LOOP(rows__have_the_same_bits_alone_and_together, 0, NETWORKS) {
  static const int64_t counts[] = {1, 2, 3, 7, 64, 65, ROWS};
  float expected[ROWS * CLASSES], found[ROWS * CLASSES];
  problem *p = problem_of(_i, 1), *q = problem_of(_i, 3);
  ck_clf_ok(clf_model_decision_function(p->model, p->data, expected, ROWS * CLASSES));
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    for (int64_t first = 0; first + counts[i] <= ROWS; first += 37) {
      problem *of = i % 2 == 0 ? p : q;
      clf_dataset *some =
          dataset_of(of->context, of->x + first * PIXELS, CLF_F32, counts[i], PIXELS, NULL);
      ck_clf_ok(clf_model_decision_function(of->model, some, found, counts[i] * CLASSES));
      ck_assert_mem_eq(found, expected + first * CLASSES,
                       (size_t)(counts[i] * CLASSES) * sizeof *found);
      clf_dataset_free(some);
    }
  }
  free_problem(p);
  free_problem(q);
}

/* As Linux counts them. */
static int threads_now(void) {
  int count = 0;
  DIR *tasks = opendir("/proc/self/task");
  for (const struct dirent *entry = NULL; tasks != NULL && (entry = readdir(tasks)) != NULL;) {
    count += entry->d_name[0] != '.';
  }
  if (tasks != NULL) {
    closedir(tasks);
  }
  return count;
}

TEST_LOOP(one_row__starts_no_threads, 0, NETWORKS) {
  static unsigned char bytes[1 << 20];
  size_t size = 0;
  clf_context *context = NULL;
  clf_model *model = NULL;
  float values[CLASSES];
  problem *p = problem_of(_i, 1);
  ck_clf_ok(clf_model_save_memory(p->model, bytes, sizeof bytes, &size));
  const int before = threads_now();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=4"));
  ck_clf_ok(clf_model_load_memory(&model, context, bytes, size));
  clf_dataset *row = dataset_of(context, p->x, CLF_F32, 1, PIXELS, NULL);
  ck_clf_ok(clf_model_decision_function(model, row, values, CLASSES));
  ck_assert_int_eq(threads_now(), before);
  clf_dataset_free(row);
  clf_model_free(model);
  clf_context_free(context);
  free_problem(p);
}

typedef struct asking {
  const problem *problem;
  float values[ROWS * CLASSES];
  clf_status status;
} asking;

static void *ask(void *argument) {
  asking *a = argument;
  for (int i = 0; i < 3 && a->status == CLF_OK; i++) {
    a->status =
        clf_model_decision_function(a->problem->model, a->problem->data, a->values, ROWS * CLASSES);
  }
  return NULL;
}

/* A second handle on a fitted model, by its file. */
static clf_model *loaded_again(const problem *p) {
  static unsigned char bytes[1 << 20];
  clf_model *model = NULL;
  size_t size = 0;
  ck_clf_ok(clf_model_save_memory(p->model, bytes, sizeof bytes, &size));
  ck_clf_ok(clf_model_load_memory(&model, p->context, bytes, size));
  return model;
}

/* All of them predict before the weights of the model are packed. */
TEST_LOOP(one_network__answers_64_threads, 0, NETWORKS) {
  static asking askings[THREADS];
  pthread_t threads[THREADS];
  float expected[ROWS * CLASSES];
  problem *p = problem_of(_i, 2);
  ck_clf_ok(clf_model_decision_function(p->model, p->data, expected, ROWS * CLASSES));
  clf_model *fresh = loaded_again(p);
  clf_model_free(p->model);
  p->model = fresh;
  for (int i = 0; i < THREADS; i++) {
    askings[i] = (asking){.problem = p, .status = CLF_OK};
    ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &askings[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(askings[i].status, CLF_OK);
    ck_assert_mem_eq(askings[i].values, expected, sizeof expected);
  }
  free_problem(p);
}

typedef struct saved_network {
  unsigned char bytes[1 << 20];
  size_t size;
  const problem *p;
} saved_network;

static clf_status load_and_ask(clf_context *context, const void *argument) {
  const saved_network *saved = argument;
  clf_model *model = NULL;
  clf_dataset *data = NULL;
  clf_tensor *x = NULL;
  float values[ROWS * CLASSES];
  clf_status status;
  TRY(clf_model_load_memory(&model, context, saved->bytes, saved->size));
  TRY(clf_tensor_wrap(&x, context, saved->p->x, CLF_F32, 2, (int64_t[]){ROWS, PIXELS}, NULL));
  TRY(clf_dataset_create(&data, context, x, NULL));
  TRY(clf_model_decision_function(model, data, values, ROWS * CLASSES));
done:
  clf_tensor_free(x);
  clf_dataset_free(data);
  clf_model_free(model);
  return status;
}

TEST_LOOP(preparing__every_allocation_may_fail, 0, NETWORKS) {
  static saved_network saved;
  problem *p = problem_of(_i, 1);
  saved.p = p;
  ck_clf_ok(clf_model_save_memory(p->model, saved.bytes, sizeof saved.bytes, &saved.size));
  check_every_allocation("threads=1", load_and_ask, &saved);
  free_problem(p);
}

SUITE("network_infer")
