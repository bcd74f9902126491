/* Threads that fit, ask, clone, validate and load side by side, on one context
 * and on the default one. It is run under the thread sanitizer too. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"

enum { THREADS = 16, ROUNDS = 8, ROWS = 200, COLUMNS = 8, CLASSES = 4, MOST_BYTES = 1 << 16 };

static float values[ROWS * COLUMNS];
static int32_t labels[ROWS];

static void fill_rows(void) {
  uint64_t state = 4;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % CLASSES;
    for (int j = 0; j < COLUMNS; j++) {
      values[i * COLUMNS + j] = (float)(random_normal(&state) + (j == labels[i] ? 2 : 0));
    }
  }
}

/* All outputs of a fitted model for the rows. */
typedef struct answers {
  int32_t labels[ROWS];
  float decisions[ROWS * CLASSES];
  float probabilities[ROWS * CLASSES];
  double score;
  size_t saved_size;
  char saved[MOST_BYTES];
  char description[4096];
} answers;

static clf_status ask(answers *out, const clf_model *model, const clf_dataset *rows) {
  clf_status status;
  memset(out, 0, sizeof *out);
  TRY(clf_model_predict(model, rows, out->labels, ROWS));
  TRY(clf_model_decision_function(model, rows, out->decisions, ROWS * CLASSES));
  status = clf_model_predict_proba(model, rows, out->probabilities, ROWS * CLASSES);
  TRY(status == CLF_ERROR_UNSUPPORTED ? CLF_OK : status);
  TRY(clf_model_score(model, rows, &out->score));
  TRY(clf_model_save_memory(model, out->saved, sizeof out->saved, &out->saved_size));
  TRY(clf_model_describe(model, out->description, sizeof out->description, NULL));
done:
  return status;
}

/* What the threads share, and what each must find. */
typedef struct shared {
  const char *kind;
  clf_dataset *rows;
  clf_model *model;
  answers expected;
} shared;

/* The work of one thread. It makes no assertions, because those of check may be used on the main
 * thread only. */
typedef struct work {
  const shared *all;
  int number;
  clf_status status;
  char message[512];
  answers found;
} work;

static clf_status compare(const work *own) {
  return memcmp(&own->found, &own->all->expected, sizeof own->found) == 0 ? CLF_OK : CLF_ERROR_DATA;
}

/* The shared model itself. */
static clf_status ask_shared(work *own) {
  clf_status status = ask(&own->found, own->all->model, own->all->rows);
  return status < 0 ? status : compare(own);
}

/* Each thread fits a model of its own, with the shared context and the shared rows. */
static clf_status fit_on_shared(work *own) {
  clf_model *model = NULL;
  clf_status status;
  TRY(clf_model_clone(&model, own->all->model));
  TRY(clf_model_fit(model, own->all->rows, NULL, NULL));
  TRY(ask(&own->found, model, own->all->rows));
  TRY(compare(own));
done:
  clf_model_free(model);
  return status;
}

/* Everything of its own, on the default context, which comes and goes meanwhile. */
static clf_status fit_on_default(work *own) {
  clf_tensor *x = NULL;
  clf_tensor *y = NULL;
  clf_dataset *rows = NULL;
  clf_model *model = NULL;
  clf_model *loaded = NULL;
  clf_status status;
  const int64_t shape[] = {ROWS, COLUMNS};
  TRY(clf_tensor_wrap(&x, NULL, values, CLF_F32, 2, shape, NULL));
  TRY(clf_tensor_wrap(&y, NULL, labels, CLF_I32, 1, shape, NULL));
  TRY(clf_dataset_create(&rows, NULL, x, y));
  TRY(clf_model_create(&model, NULL, own->all->kind, NULL));
  TRY(clf_model_fit(model, rows, NULL, NULL));
  TRY(ask(&own->found, model, rows));
  TRY(clf_model_load_memory(&loaded, NULL, own->all->expected.saved,
                            own->all->expected.saved_size));
  TRY(ask(&own->found, loaded, rows));
  TRY(compare(own));
done:
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_tensor_free(x);
  clf_tensor_free(y);
  return status;
}

/* Cross-validation of the shared model, which only reads it. */
static clf_status validate_shared(work *own) {
  double scores[3];
  clf_status status = clf_cross_validate(own->all->model, own->all->rows, 3, 1, scores);
  return status < 0 ? status : ask_shared(own);
}

static void *run(void *argument) {
  static clf_status (*const jobs[])(work *) = {ask_shared, fit_on_shared, fit_on_default,
                                               validate_shared};
  work *own = argument;
  for (int round = 0; round < ROUNDS && own->status == CLF_OK; round++) {
    own->status = jobs[(own->number + round) % 4](own);
  }
  snprintf(own->message, sizeof own->message, "%s", clf_last_error());
  return NULL;
}

static int32_t go_on(void *user, const clf_progress *progress) {
  (void)user;
  return !(progress->step >= 0 && progress->step <= progress->steps);
}

static void ignore(void *user, int32_t level, const char *message) {
  (void)user;
  (void)level;
  (void)message;
}

TEST_LOOP(threads__fit_and_ask_side_by_side, 0, (int)clf_kind_count("model")) {
  static shared all;
  static work works[THREADS];
  pthread_t threads[THREADS];
  clf_context *context = NULL;
  all.kind = clf_kind_name("model", _i);
  fill_rows();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=4"));
  ck_clf_ok(clf_context_set_progress(context, go_on, NULL));
  ck_clf_ok(clf_context_set_log(context, ignore, NULL));
  all.rows = dataset_of(context, values, CLF_F32, ROWS, COLUMNS, labels);
  all.model = fitted(context, all.kind, NULL, all.rows);
  ck_clf_ok(ask(&all.expected, all.model, all.rows));
  for (int i = 0; i < THREADS; i++) {
    works[i].all = &all;
    works[i].number = i;
    works[i].status = CLF_OK;
    ck_assert_int_eq(pthread_create(&threads[i], NULL, run, &works[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    ck_assert_msg(works[i].status == CLF_OK, "%s, thread %d: %s: %s", all.kind, i,
                  clf_status_name(works[i].status), works[i].message);
  }
  clf_model_free(all.model);
  clf_dataset_free(all.rows);
  clf_context_free(context);
}

SUITE("side_by_side")
