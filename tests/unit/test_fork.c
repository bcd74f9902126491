/* A process forks after the threads of the library have started. Parent and child can both use the
 * library afterwards. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

enum { ROWS = 3000, COLUMNS = 20, CLASSES = 3 };

static float values[ROWS * COLUMNS];
static int32_t labels[ROWS];

static void fill_rows(void) {
  uint64_t state = 6;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % CLASSES;
    for (int j = 0; j < COLUMNS; j++) {
      values[i * COLUMNS + j] = (float)(random_normal(&state) + (j == labels[i] ? 2 : 0));
    }
  }
}

/* Fits a new model and predicts by the old one; returns 0 if both predict as they should.
 * Without check's assertions, which belong to the parent. */
static int go_on(const clf_model *model, const clf_dataset *rows, const int32_t *expected) {
  static int32_t found[ROWS];
  clf_model *again = NULL;
  double scores[4];
  int wrong = clf_model_predict(model, rows, found, ROWS) != CLF_OK ||
              memcmp(found, expected, sizeof found) != 0 || clf_model_clone(&again, model) < 0 ||
              clf_model_fit(again, rows, NULL, NULL) != CLF_OK ||
              clf_model_predict(again, rows, found, ROWS) != CLF_OK ||
              memcmp(found, expected, sizeof found) != 0 ||
              clf_cross_validate(model, rows, 4, 1, scores) != CLF_OK;
  clf_model_free(again);
  return wrong;
}

static int exit_code_of(pid_t child) {
  int state = 0;
  ck_assert_int_eq(waitpid(child, &state, 0), child);
  ck_assert_msg(WIFEXITED(state), "the child was ended by signal %d", WTERMSIG(state));
  return WEXITSTATUS(state);
}

TEST_LOOP(fork__leaves_parent_and_child_working, 0, (int)clf_kind_count("model")) {
  static int32_t expected[ROWS];
  clf_context *context = NULL;
  fill_rows();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=4"));
  clf_dataset *rows = dataset_of(context, values, CLF_F32, ROWS, COLUMNS, labels);
  clf_model *model = fitted(context, clf_kind_name("model", _i), NULL, rows);
  ck_clf_ok(clf_model_predict(model, rows, expected, ROWS));
  ck_assert_int_eq(go_on(model, rows, expected), 0);
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    alarm(60); /* a child that hangs is ended */
    int wrong = go_on(model, rows, expected);
    clf_model_free(model);
    clf_dataset_free(rows);
    clf_context_free(context);
    _exit(wrong);
  }
  ck_assert_int_eq(go_on(model, rows, expected), 0);
  ck_assert_int_eq(exit_code_of(child), 0);
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_context_free(context);
}

/* A child forks again after it has used the library. */
TEST(fork__goes_on_in_grandchildren) {
  static int32_t expected[ROWS];
  clf_context *context = NULL;
  fill_rows();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=3"));
  clf_dataset *rows = dataset_of(context, values, CLF_F32, ROWS, COLUMNS, labels);
  clf_model *model = fitted(context, "ridge", NULL, rows);
  ck_clf_ok(clf_model_predict(model, rows, expected, ROWS));
  pid_t child = fork();
  if (child == 0) {
    alarm(60);
    int wrong = go_on(model, rows, expected);
    pid_t grandchild = fork();
    if (grandchild == 0) {
      alarm(60);
      _exit(go_on(model, rows, expected));
    }
    int state = 0;
    wrong |= grandchild < 0 || waitpid(grandchild, &state, 0) != grandchild || state != 0;
    _exit(wrong | go_on(model, rows, expected));
  }
  ck_assert_int_eq(exit_code_of(child), 0);
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_context_free(context);
}

static atomic_bool churning;

/* Makes and frees contexts, the default one and others, until it must stop. */
static void *churn(void *argument) {
  (void)argument;
  while (atomic_load(&churning)) {
    clf_tensor *tensor = NULL;
    clf_context *context = NULL;
    if (clf_tensor_create(&tensor, NULL, CLF_F32, 1, (int64_t[]){3}) == CLF_OK &&
        clf_context_create(&context, NULL, "threads=2") == CLF_OK) {
      clf_tensor_free(tensor);
      clf_tensor_create(&tensor, context, CLF_F32, 1, (int64_t[]){3});
    }
    clf_context_free(context);
    clf_tensor_free(tensor);
  }
  return NULL;
}

/* In the child: handles on the default context, and a model on it. */
static int use_default_context(const clf_dataset *rows, const int32_t *expected) {
  static int32_t found[ROWS];
  clf_tensor *tensor = NULL;
  clf_model *model = NULL;
  const int wrong = clf_tensor_create(&tensor, NULL, CLF_F32, 1, (int64_t[]){3}) != CLF_OK ||
                    clf_model_create(&model, NULL, "ridge", NULL) != CLF_OK ||
                    clf_model_fit(model, rows, NULL, NULL) != CLF_OK ||
                    clf_model_predict(model, rows, found, ROWS) != CLF_OK ||
                    memcmp(found, expected, sizeof found) != 0;
  clf_model_free(model);
  clf_tensor_free(tensor);
  return wrong;
}

/* Whatever the other threads were about to do with the default context when the process forked. */
TEST(fork__meets_contexts_in_the_making) {
  enum { THREADS = 3, FORKS = 400 };
  static int32_t expected[ROWS];
  pthread_t threads[THREADS];
  clf_context *context = NULL;
  fill_rows();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  clf_dataset *rows = dataset_of(context, values, CLF_F32, ROWS, COLUMNS, labels);
  clf_model *model = fitted(context, "ridge", NULL, rows);
  ck_clf_ok(clf_model_predict(model, rows, expected, ROWS));
  atomic_store(&churning, true);
  for (int i = 0; i < THREADS; i++) {
    ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, NULL), 0);
  }
  for (int i = 0; i < FORKS; i++) {
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
      alarm(60); /* a child that hangs is ended */
      _exit(use_default_context(rows, expected));
    }
    ck_assert_int_eq(exit_code_of(child), 0);
  }
  atomic_store(&churning, false);
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
  }
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_context_free(context);
}

SUITE("fork", .skip = !FORK_WITH_THREADS)
