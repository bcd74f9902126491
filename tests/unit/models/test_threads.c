/* Calls on a `const` model from many threads at once give the same results as from one. Under the
 * thread sanitizer there is no race. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "models/model.h"
#include "support.h"

enum { THREADS = 16, ROUNDS = 4, ROWS = 120, FEATURES = 20, CLASSES = 3 };

typedef struct job {
  const clf_model *model;
  const clf_dataset *data;
  const int32_t *labels;
  const float *decision;
  const double *precise;
  size_t bytes;
  atomic_int *wrong;
} job;

static void *predict_again(void *argument) {
  const job *this = argument;
  int32_t labels[ROWS];
  float decision[ROWS * CLASSES];
  double precise[ROWS * CLASSES];
  double score = -1;
  size_t bytes = 0;
  for (int round = 0; round < ROUNDS; round++) {
    bool same =
        clf_model_predict(this->model, this->data, labels, ROWS) == CLF_OK &&
        memcmp(labels, this->labels, sizeof labels) == 0 &&
        clf_model_decision_function(this->model, this->data, decision, ROWS * CLASSES) == CLF_OK &&
        memcmp(decision, this->decision, sizeof decision) == 0 &&
        clf_model_decision_function_f64(this->model, this->data, precise, ROWS * CLASSES) ==
            CLF_OK &&
        memcmp(precise, this->precise, sizeof precise) == 0 &&
        clf_model_score(this->model, this->data, &score) == CLF_OK && score > 0.9 &&
        clf_model_save_memory(this->model, NULL, 0, &bytes) == CLF_OK && bytes == this->bytes;
    atomic_fetch_add(this->wrong, !same);
  }
  return NULL;
}

static void many_threads_agree(clf_model *model, const clf_dataset *data) {
  int32_t labels[ROWS];
  float decision[ROWS * CLASSES];
  double precise[ROWS * CLASSES];
  size_t bytes = 0;
  atomic_int wrong = 0;
  pthread_t threads[THREADS];
  ck_clf_ok(clf_model_predict(model, data, labels, ROWS));
  ck_clf_ok(clf_model_decision_function(model, data, decision, ROWS * CLASSES));
  ck_clf_ok(clf_model_decision_function_f64(model, data, precise, ROWS * CLASSES));
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &bytes));
  job shared = {model, data, labels, decision, precise, bytes, &wrong};
  for (int i = 0; i < THREADS; i++) {
    ck_assert_int_eq(pthread_create(&threads[i], NULL, predict_again, &shared), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
  }
  ck_assert_int_eq(atomic_load(&wrong), 0);
}

/* Points around one corner a class; every third row of each class. */
static void fill(float *values, int32_t *labels) {
  uint64_t state = 3;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % CLASSES;
    for (int j = 0; j < FEATURES; j++) {
      values[i * FEATURES + j] =
          (float)(random_normal(&state) + (j % CLASSES == labels[i] ? 3 : 0));
    }
  }
}

TEST_LOOP(one_model__predicts_in_16_threads, 0, (int)clf_kind_count("model")) {
  float values[ROWS * FEATURES];
  int32_t labels[ROWS];
  clf_context *context = NULL;
  fill(values, labels);
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  clf_dataset *dense = dataset_of(context, values, CLF_F32, ROWS, FEATURES, labels);
  clf_dataset *sparse = sparse_of(context, values, ROWS, FEATURES, labels);
  clf_model *model = fitted(context, clf__model_kinds.kinds[_i]->name, NULL, dense);
  many_threads_agree(model, dense);
  many_threads_agree(model, sparse);
  clf_model_free(model);
  clf_dataset_free(sparse);
  clf_dataset_free(dense);
  clf_context_free(context);
}

/* Predictions of 64 threads on one model, until each was asked on its own thread. The callback ends
 * all but every eighth, which go on. */
enum { CALLERS = 64, MANY = THREAD_SANITIZER ? 20000 : 100000 };

static bool goes_on(int number) {
  return number % 8 == 1;
}

typedef struct asking {
  const clf_model *model;
  const clf_dataset *rows;
  atomic_int calls[CALLERS];
  atomic_int wrong;
} asking;

typedef struct caller {
  asking *shared;
  int number;
} caller;

static _Thread_local int own_number = -1;

static int32_t ask(void *user, const clf_progress *progress) {
  asking *shared = user;
  if (own_number < 0) { /* the fit, or a thread that made no call */
    atomic_fetch_add(&shared->wrong, strcmp(progress->stage, "svm") != 0);
    return 0;
  }
  const bool sound = strcmp(progress->stage, "predict") == 0 && progress->step >= 0 &&
                     progress->step <= MANY && progress->steps == MANY;
  atomic_fetch_add(&shared->wrong, !sound);
  atomic_fetch_add(&shared->calls[own_number], 1);
  return !goes_on(own_number);
}

static void *predict_until_asked(void *argument) {
  const caller *self = argument;
  asking *shared = self->shared;
  int32_t *labels = malloc(MANY * sizeof *labels);
  clf_status status = CLF_OK;
  own_number = self->number;
  while (status == CLF_OK && atomic_load(&shared->calls[own_number]) == 0) {
    status = clf_model_predict(shared->model, shared->rows, labels, MANY);
  }
  atomic_fetch_add(&shared->wrong, status != (goes_on(own_number) ? CLF_OK : CLF_ERROR_CANCELLED));
  free(labels);
  return NULL;
}

TEST(callback__is_asked_on_each_calls_own_thread) {
  enum { FITTED = 300 };
  static asking shared;
  float *values = calloc((size_t)MANY * FEATURES, sizeof *values);
  int32_t labels[FITTED];
  pthread_t threads[CALLERS];
  caller callers[CALLERS];
  uint64_t state = 5;
  clf_context *context = NULL;
  for (int i = 0; i < MANY * FEATURES; i++) {
    values[i] = (float)random_unit(&state);
  }
  for (int i = 0; i < FITTED; i++) {
    labels[i] = i % 2;
  }
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2 cpu=generic"));
  ck_clf_ok(clf_context_set_progress(context, ask, &shared));
  clf_dataset *few = dataset_of(context, values, CLF_F32, FITTED, FEATURES, labels);
  clf_dataset *rows = dataset_of(context, values, CLF_F32, MANY, FEATURES, NULL);
  clf_model *model = fitted(context, "svm", "C=0.01", few);
  shared.model = model;
  shared.rows = rows;
  for (int i = 0; i < CALLERS; i++) {
    callers[i] = (caller){&shared, i};
    ck_assert_int_eq(pthread_create(&threads[i], NULL, predict_until_asked, &callers[i]), 0);
  }
  for (int i = 0; i < CALLERS; i++) {
    ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
  }
  ck_assert_int_eq(atomic_load(&shared.wrong), 0);
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_dataset_free(few);
  clf_context_free(context);
  free(values);
}

static void *fail_in_own_words(void *argument) {
  char kind[16];
  clf_model *model = NULL;
  snprintf(kind, sizeof kind, "kind-%d", *(int *)argument);
  for (int round = 0; round < 100; round++) {
    if (clf_model_create(&model, NULL, kind, NULL) != CLF_ERROR_ARGUMENT ||
        strstr(clf_last_error(), kind) == NULL) {
      *(int *)argument = -1;
    }
  }
  return NULL;
}

TEST(last_error__is_each_threads_own) {
  pthread_t threads[THREADS];
  int numbers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    numbers[i] = i + 10;
    ck_assert_int_eq(pthread_create(&threads[i], NULL, fail_in_own_words, &numbers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(numbers[i], i + 10);
  }
}

static void *make_and_free(void *argument) {
  for (int round = 0; round < 200; round++) {
    clf_tensor *tensor = NULL;
    if (clf_tensor_create(&tensor, NULL, CLF_F32, 1, &(int64_t){100}) != CLF_OK) {
      *(int *)argument = 1;
    }
    clf_tensor_free(tensor);
  }
  return NULL;
}

TEST(default_context__comes_and_goes_in_many_threads) {
  pthread_t threads[THREADS];
  int failed[THREADS] = {0};
  for (int i = 0; i < THREADS; i++) {
    ck_assert_int_eq(pthread_create(&threads[i], NULL, make_and_free, &failed[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(failed[i], 0);
  }
}

SUITE("threads")
