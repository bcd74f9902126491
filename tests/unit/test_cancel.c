/* Long calls ask the host more than once a second, end when it says so, and leave no trace. */
#include "ops_support.h"
#include "still_clock.h"

#include <math.h>
#include <pthread.h>

#include "base/pool.h"
#include "base/progress.h"
#include "ops/linalg/eigen.h"
#include "ops/linalg/factor.h"
#include "ops/linalg/gram.h"

enum { MAX_THREADS = 2 };

/* Says stop at the third call of a stage, and notes the longest time that it was not asked. */
typedef struct host {
  pthread_t thread;
  const char *stage;
  int64_t calls; /* of the stage */
  int64_t step;  /* at the last of them */
  double asked, longest;
} host;

static int32_t stop_at_third(void *user, const clf_progress *progress) {
  host *own = user;
  const double now = seconds_worked();
  ck_assert(pthread_equal(own->thread, pthread_self()));
  ck_assert(progress->step >= 0 && progress->step <= progress->steps);
  own->longest =
      own->asked > 0 && now - own->asked > own->longest ? now - own->asked : own->longest;
  own->asked = now;
  own->calls += strcmp(progress->stage, own->stage) == 0;
  own->step = progress->step;
  return own->calls >= 3;
}

static clf_context *watched_context(host *own, const char *params, const char *stage) {
  clf_context *context = NULL;
  *own = (host){.thread = pthread_self(), .stage = stage};
  ck_clf_ok(clf_context_create(&context, NULL, params));
  ck_clf_ok(clf_context_set_progress(context, stop_at_third, own));
  return context;
}

static void check_stopped(const host *own) {
  char text[64];
  snprintf(text, sizeof text, "%s: cancelled at step", own->stage);
  ck_clf_says(text);
  ck_assert_int_eq(own->calls, 3);
  ck_assert_double_lt(own->longest, CANCEL_SECONDS);
  ck_assert_double_lt(seconds_worked() - own->asked, CANCEL_SECONDS);
}

typedef struct shape {
  const char *stage;
  int64_t rows, columns, outputs;
  int32_t dtype;
} shape;

static const shape dense_shapes[] = {
    {"gram", 16000, 3000, 0, CLF_F32},  /* many panels: pairs are divided */
    {"gram", 40000, 3000, 0, CLF_U8},   /* exact */
    {"gram", 1000000, 100, 0, CLF_F32}, /* few panels: rows are divided */
    {"sums", 10000, 60, 4000, CLF_F32}, /* many targets */
};

/* Zeros are as much work as other numbers; the pages of calloc() are not touched until read. A
 * quarter of the rows of many columns is as long where everything takes many times as long. */
static clf__rows zero_rows(const shape *s) {
  size_t element = s->dtype == CLF_U8 ? 1 : sizeof(float);
  return (clf__rows){.rows = SLOW && s->columns > 1000 ? s->rows / 4 : s->rows,
                     .columns = s->columns,
                     .dtype = s->dtype,
                     .scale = 1,
                     .stride = s->columns,
                     .data = calloc((size_t)(s->rows * s->columns), element)};
}

static void check_gram(const shape *s, const char *params) {
  host own;
  clf__rows x = zero_rows(s);
  double *targets = s->outputs > 0 ? calloc((size_t)(s->rows * s->outputs), sizeof *targets) : NULL;
  clf__gram_input input = {.x = &x, .targets = targets, .outputs = s->outputs, .centered = true};
  clf__gram gram = {0};
  clf_context *context = watched_context(&own, params, s->stage);
  ck_clf_fails(clf__gram_create(&gram, context, &input), CLF_ERROR_CANCELLED);
  check_stopped(&own);
  ck_assert_ptr_null(gram.scatter);
  ck_assert(clf_context_memory(context) < 1 << 20); /* what is left is the pool */
  clf_context_free(context);
  free((void *)(uintptr_t)x.data);
  free(targets);
}

/* Threads divide other things for each, so two of them run but for the second. */
TEST_LOOP(gram__of_dense_rows_can_be_cancelled, 0, sizeof dense_shapes / sizeof dense_shapes[0]) {
  check_gram(&dense_shapes[_i], _i == 1 ? "threads=1 cpu=generic" : "threads=2 cpu=generic");
}

/* Few enough entries for the rows to count as sparse. */
TEST(gram__of_sparse_rows_can_be_cancelled) {
  enum { ROWS = 30000, COLUMNS = 4000, ENTRIES = 400 };
  host own;
  int64_t *row_start = calloc(ROWS + 1, sizeof *row_start);
  int32_t *column = malloc((size_t)ROWS * ENTRIES * sizeof *column);
  float *value = calloc((size_t)ROWS * ENTRIES, sizeof *value);
  for (int64_t i = 0; i < ROWS; i++) {
    row_start[i + 1] = (i + 1) * ENTRIES;
    for (int64_t e = 0; e < ENTRIES; e++) {
      column[i * ENTRIES + e] = (int32_t)(e * (COLUMNS / ENTRIES));
    }
  }
  clf__rows x = {.rows = ROWS,
                 .columns = COLUMNS,
                 .dtype = CLF_F32,
                 .scale = 1,
                 .row_start = row_start,
                 .column = column,
                 .value = value};
  clf__gram_input input = {.x = &x, .centered = true};
  clf__gram gram = {0};
  for (int threads = 1; threads <= 2; threads++) {
    clf_context *context = watched_context(&own, threads == 1 ? "threads=1" : "threads=2", "gram");
    ck_clf_fails(clf__gram_create(&gram, context, &input), CLF_ERROR_CANCELLED);
    check_stopped(&own);
    clf_context_free(context);
  }
  free(row_start);
  free(column);
  free(value);
}

TEST(cholesky__can_be_cancelled) {
  enum { N = 4000 };
  host own;
  clf_context *context = watched_context(&own, "threads=1 cpu=generic", "cholesky");
  double *a = calloc((size_t)N * N, sizeof *a);
  for (int64_t i = 0; i < N; i++) {
    a[i * N + i] = 1;
  }
  ck_clf_fails(clf__cholesky(context, a, N, N, 0, NULL), CLF_ERROR_CANCELLED);
  check_stopped(&own);
  free(a);
  clf_context_free(context);
}

TEST_LOOP(eigenproblems__can_be_cancelled_at_each_stage, 0, 3) {
  enum { N = SLOW ? 700 : 1500 };
  static const char *const stages[] = {"tridiagonal", "eigenvalues", "eigenvectors"};
  uint64_t seed = 1;
  host own;
  clf_context *context = watched_context(&own, "threads=2 cpu=generic", stages[_i]);
  double *a = random_f64(&seed, (int64_t)N * N);
  double *values = calloc(N, sizeof *values), *vectors = calloc((size_t)N * N, sizeof *vectors);
  ck_clf_fails(clf__eigen_symmetric(context, a, N, N, values, vectors), CLF_ERROR_CANCELLED);
  check_stopped(&own);
  ck_assert(clf_context_memory(context) < 1 << 20);
  free(a);
  free(values);
  free(vectors);
  clf_context_free(context);
}

/* In the tasks of a call that is watched, the same functions end with that call. */
typedef struct inner_call {
  clf_context *context;
  const clf__gram_input *input;
  clf_status status[2];
} inner_call;

static void inner_gram(void *argument, clf__range range) {
  inner_call *call = argument;
  clf__gram gram = {0};
  call->status[range.index] = clf__gram_create(&gram, call->context, call->input);
  clf__gram_free(&gram);
}

TEST_LOOP(gram__in_tasks_ends_with_the_call_they_belong_to, 0, 3) {
  host own;
  clf_context *context = watched_context(&own, "threads=2 cpu=generic", "outer");
  const shape *s = &dense_shapes[_i];
  clf__rows x = zero_rows(s);
  clf__gram_input input = {.x = &x, .centered = true};
  inner_call call = {.context = context, .input = &input};
  atomic_int_least64_t done = 0;
  clf__progress progress = clf__progress_begin(context, "outer", 2);
  ck_clf_fails(clf__progress_parallel(&progress, &done, 2, 1, CLF__WORK_LONG, inner_gram, &call),
               CLF_ERROR_CANCELLED);
  check_stopped(&own);
  /* Where the calling thread had to wait for a processor, the other may have come to its end. */
  ck_assert_int_eq(call.status[0], CLF_ERROR_CANCELLED);
  ck_assert(call.status[1] == CLF_ERROR_CANCELLED || call.status[1] == CLF_OK);
  free((void *)(uintptr_t)x.data);
  clf_context_free(context);
}

/* A model keeps what it was fitted to. */
TEST_LOOP(fit__that_is_cancelled_leaves_the_model, 0, 4) {
  enum { ROWS = 60000, COLUMNS = 784 };
  static const char *const kinds[] = {"ridge", "fisher"}, *const stages[] = {"gram", "cholesky"};
  host own;
  clf_context *context = watched_context(&own, "threads=2", "none");
  uint8_t *x = malloc((size_t)ROWS * COLUMNS);
  int32_t *y = malloc(ROWS * sizeof *y);
  uint64_t state = 1;
  for (int64_t i = 0; i < (int64_t)ROWS * COLUMNS; i++) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    x[i] = (uint8_t)(state >> 56);
  }
  for (int i = 0; i < ROWS; i++) {
    y[i] = i % 10;
  }
  clf_dataset *few = dataset_of(context, x, CLF_U8, 1000, COLUMNS, y);
  clf_dataset *all = dataset_of(context, x, CLF_U8, ROWS, COLUMNS, y);
  clf_model *model = fitted(context, kinds[_i / 2], NULL, few);
  float before[100], after[100];
  clf_dataset *some = dataset_of(context, x, CLF_U8, 10, COLUMNS, NULL);
  ck_clf_ok(clf_model_decision_function(model, some, before, 100));
  own.stage = stages[_i % 2];
  ck_clf_fails(clf_model_fit(model, all, NULL, NULL), CLF_ERROR_CANCELLED);
  check_stopped(&own);
  ck_clf_ok(clf_model_decision_function(model, some, after, 100));
  ck_assert_mem_eq(before, after, sizeof before);
  clf_model_free(model);
  clf_dataset_free(few);
  clf_dataset_free(all);
  clf_dataset_free(some);
  clf_context_free(context);
  free(x);
  free(y);
}

/* Thousands of steps of one layer are one step of the training. */
TEST(fit__of_long_sequences_can_be_cancelled) {
  enum { ROWS = 4, STEPS = 4096 };
  static float x[ROWS * STEPS];
  static int32_t y[ROWS] = {0, 1, 0, 1};
  host own;
  for (int threads = SLOW ? 2 : 1; threads <= 2; threads++) {
    clf_context *context = watched_context(
        &own, threads == 1 ? "threads=1 cpu=generic" : "threads=2 cpu=generic", "network");
    clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, STEPS, y);
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, context, "network",
                               "epochs=1 layers='embedding vocabulary=2 units=3 mask=false; lstm "
                               "units=512; dense units=2'"));
    ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_CANCELLED);
    check_stopped(&own);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

/* Rows without zeros, so that no step of a product can be skipped. */
static void fill_pixels(uint8_t *pixels, int64_t count) {
  uint64_t state = 5;
  for (int64_t i = 0; i < count; i++) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    pixels[i] = (uint8_t)(1 | state >> 57);
  }
}

/* What predicts: a kind fitted on a few of the rows, in seconds of work for all of them. */
typedef struct prediction {
  const char *kind, *params, *step, *step_params;
  int64_t fitted, rows;
} prediction;

static const prediction predictions[] = {
    {"svm", "C=0.001", NULL, NULL, 1500, 20000}, /* all of its rows are support vectors */
    {"perceptron", "kernel=rbf gamma=0.01 epochs=1", NULL, NULL, 2000, 40000},
    {"fisher", "kernel=rbf gamma=0.01", NULL, NULL, 1500, 20000},
    {"ridge", NULL, "pca", "components=300", 1000, 60000},
    {"ridge", NULL, "hog", "input=28,28 cell=4", 300, 60000},
    {"network",
     "epochs=1 batch_size=2 input=28,28,1 layers='conv2d filters=64 kernel=5; conv2d filters=64 "
     "kernel=5; flatten; dense units=2'",
     NULL, NULL, 2, 3000},
};
enum { PIXELS = 784 };

static clf_model *fit_prediction(clf_context *context, const prediction *p, const uint8_t *pixels,
                                 const int32_t *labels) {
  clf_model *model = NULL;
  clf_dataset *few = dataset_of(context, pixels, CLF_U8, p->fitted, PIXELS, labels);
  ck_clf_ok(clf_model_create(&model, context, p->kind, p->params));
  if (p->step != NULL) {
    ck_clf_ok(clf_model_add_transform(model, p->step, p->step_params));
  }
  ck_clf_ok(clf_model_fit(model, few, NULL, NULL));
  clf_dataset_free(few);
  return model;
}

/* Half of them on one thread, half on two: who asks meanwhile is the same for all kinds. */
TEST_LOOP(predictions__can_be_cancelled, 0, SLOW ? 1 : sizeof predictions / sizeof predictions[0]) {
  const prediction *p = &predictions[_i];
  uint8_t *pixels = malloc((size_t)(p->rows * PIXELS));
  int32_t *labels = calloc((size_t)p->rows, sizeof *labels), *found = malloc((size_t)p->rows * 4);
  float *values = malloc((size_t)p->rows * 2 * sizeof *values);
  host own;
  fill_pixels(pixels, p->rows * PIXELS);
  for (int64_t i = 0; i < p->fitted; i++) {
    labels[i] = (int32_t)(i % 2);
  }
  memset(found, 0x5a, (size_t)p->rows * sizeof *found);
  memset(values, 0x5a, (size_t)p->rows * 2 * sizeof *values);
  clf_context *context = watched_context(
      &own, _i % 2 == 0 ? "threads=2 cpu=generic" : "threads=1 cpu=generic", "predict");
  clf_model *model = fit_prediction(context, p, pixels, labels);
  clf_dataset *rows = dataset_of(context, pixels, CLF_U8, p->rows, PIXELS, NULL);
  own.asked = own.longest = 0;
  const uint64_t held = clf_context_memory(context);
  ck_clf_fails(clf_model_predict(model, rows, found, p->rows), CLF_ERROR_CANCELLED);
  check_stopped(&own);
  own.calls = 0;
  own.asked = own.longest = 0;
  ck_clf_fails(clf_model_decision_function(model, rows, values, 2 * p->rows), CLF_ERROR_CANCELLED);
  check_stopped(&own);
  ck_assert_uint_le(clf_context_memory(context), held + (1 << 26)); /* support vectors, packed */
  clf_dataset_free(rows);
  clf_model_free(model);
  clf_context_free(context);
  for (int64_t i = 0; i < p->rows; i++) {
    ck_assert_int_eq(found[i], 0x5a5a5a5a);
  }
  ck_assert_int_eq(((const unsigned char *)values)[8 * p->rows - 1], 0x5a);
  free(pixels);
  free(labels);
  free(found);
  free(values);
}

static const char *const transforms[][2] = {{"hog", "input=28,28 cell=4"},
                                            {"pca", "components=300"}};

TEST_LOOP(transforms__can_be_cancelled, 0, SLOW ? 1 : sizeof transforms / sizeof transforms[0]) {
  enum { COUNT = 80000, FEW = 800 };
  uint8_t *pixels = malloc((size_t)COUNT * PIXELS);
  host own;
  fill_pixels(pixels, (int64_t)COUNT * PIXELS);
  clf_context *context = watched_context(&own, "threads=2 cpu=generic", transforms[_i][0]);
  own.stage = "none";
  clf_dataset *few = dataset_of(context, pixels, CLF_U8, FEW, PIXELS, NULL);
  clf_dataset *rows = dataset_of(context, pixels, CLF_U8, COUNT, PIXELS, NULL);
  clf_dataset *made = NULL;
  clf_transform *transform = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, transforms[_i][0], transforms[_i][1]));
  ck_clf_ok(clf_transform_fit(transform, few));
  own = (host){.thread = pthread_self(), .stage = transforms[_i][0]};
  ck_clf_fails(clf_transform_apply(&made, transform, rows), CLF_ERROR_CANCELLED);
  check_stopped(&own);
  ck_assert_ptr_null(made);
  clf_transform_free(transform);
  clf_dataset_free(few);
  clf_dataset_free(rows);
  clf_context_free(context);
  free(pixels);
}

/* What is short is not asked about, so that many short calls lose nothing. */
TEST(predictions__that_are_short_ask_nobody) {
  host own;
  static float x[20] = {1, 2, 3};
  static int32_t y[10] = {0, 1, 0, 1}, found[10];
  clf_context *context = watched_context(&own, "threads=2", "predict");
  clf_dataset *data = dataset_of(context, x, CLF_F32, 10, 2, y);
  clf_model *model = fitted(context, "ridge", NULL, data);
  own.calls = 0;
  atomic_store(&clock_stands, true); /* on a busy machine, a short call may last */
  for (int i = 0; i < 100; i++) {
    ck_clf_ok(clf_model_predict(model, data, found, 10));
  }
  atomic_store(&clock_stands, false);
  ck_assert_int_eq(own.calls, 0);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

SUITE("cancel")
