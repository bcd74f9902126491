/* A reserve: predictions of few rows allocate nothing, start no thread, and are the same bits. */
#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "failing_allocator.h"

enum { ROWS = 96, COLUMNS = 64, CLASSES = 3, MOST = 64 };

static float values[ROWS * COLUMNS];
static int32_t labels[ROWS];

typedef struct form {
  const char *kind, *params, *transform, *transform_params;
  bool sparse;
} form;

static const form forms[] = {
    {"ridge", "incremental=true", "standardize", NULL, false},
    {"ridge", "", NULL, NULL, true},
    {"fisher", "", "min_max", "clip=true", false},
    {"fisher", "kernel=rbf", NULL, NULL, false},
    {"perceptron", "", "pca", "components=5", false},
    {"perceptron", "kernel=polynomial", NULL, NULL, false},
    {"logistic", "calibration=isotonic reject=0.05", "quantile", NULL, false},
    {"logistic", "", "polynomial", "degree=2 columns=1,2,3", false},
    {"logistic", "penalty=l1", NULL, NULL, true},
    {"svm", "kernel=linear calibration=temperature", "robust", NULL, false},
    {"svm", "kernel=rbf calibration=sigmoid", NULL, NULL, false},
    {"svm", "kernel=rbf multiclass=one_vs_rest", "impute", NULL, false},
    {"svm", "type=one_class", "log", "signs=true", false},
    {"network", "layers='dense units=9 activation=relu; dense units=3' epochs=1", NULL, NULL,
     false},
    {"network",
     "input=8,8,1 layers='conv2d filters=3 kernel=3; max_pool2d size=2; flatten; dense units=3' "
     "epochs=1",
     NULL, NULL, false},
    {"network", "input=8,8 layers='lstm units=4; dense units=3' epochs=1", NULL, NULL, false},
};
enum { FORMS = sizeof forms / sizeof *forms };

static void fill(void) {
  fill_clouds(values, labels, ROWS, COLUMNS, CLASSES);
}

static clf_dataset *rows_of(clf_context *context, const form *f, int64_t first, int64_t rows) {
  const float *x = values + first * COLUMNS;
  return f->sparse ? sparse_of(context, x, rows, COLUMNS, labels + first)
                   : dataset_of(context, x, CLF_F32, rows, COLUMNS, labels + first);
}

static clf_status unless_unsupported(clf_status status) {
  return status == CLF_ERROR_UNSUPPORTED ? CLF_OK : status;
}

static clf_model *fit(clf_context *context, const form *f) {
  clf_dataset *train = rows_of(context, f, 0, ROWS);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, f->kind, f->params));
  if (f->transform != NULL) {
    ck_clf_ok(clf_model_add_transform(model, f->transform, f->transform_params));
  }
  ck_clf_ok(clf_model_fit(model, train, NULL, NULL));
  ck_clf_ok(unless_unsupported(clf_model_conform(model, train, NULL)));
  clf_dataset_free(train);
  return model;
}

/* Everything that a model computes of rows. */
typedef struct results {
  int32_t labels[MOST];
  float decisions[MOST * MOST], probabilities[MOST * MOST], projections[MOST * MOST];
  float novelty[MOST];
  uint8_t sets[MOST * MOST];
  double decisions_f64[MOST * MOST], probabilities_f64[MOST * MOST];
} results;

static clf_status ask(results *out, const clf_model *model, const clf_dataset *rows) {
  clf_status status = CLF_OK;
  int64_t few = MOST * MOST;
  memset(out, 0, sizeof *out);
  TRY(clf_model_predict(model, rows, out->labels, MOST));
  TRY(clf_model_decision_function(model, rows, out->decisions, few));
  TRY(clf_model_decision_function_f64(model, rows, out->decisions_f64, few));
  TRY(unless_unsupported(clf_model_predict_proba(model, rows, out->probabilities, few)));
  TRY(unless_unsupported(clf_model_predict_proba_f64(model, rows, out->probabilities_f64, few)));
  TRY(unless_unsupported(clf_model_project(model, rows, out->projections, few, NULL)));
  TRY(unless_unsupported(clf_model_novelty(model, rows, out->novelty, MOST)));
  TRY(unless_unsupported(clf_model_predict_set(model, rows, 0.9, out->sets, few)));
done:
  return status;
}

static int threads_now(void) {
  DIR *folder = opendir("/proc/self/task");
  int count = 0;
  while (folder != NULL && readdir(folder) != NULL) {
    count++;
  }
  if (folder != NULL) {
    closedir(folder);
  }
  return count;
}

/* The model, in a context that counts its allocations. */
static clf_model *moved(clf_context *context, clf_model *model) {
  static char bytes[1 << 22];
  clf_model *out = NULL;
  size_t size = 0;
  ck_clf_ok(clf_model_save_memory(model, bytes, sizeof bytes, &size));
  ck_clf_ok(clf_model_load_memory(&out, context, bytes, size));
  return out;
}

TEST_LOOP(reserved__predictions_allocate_nothing_and_are_the_same, 0, FORMS) {
  static results found, expected;
  const form *f = &forms[_i];
  failing_allocator counted = {0};
  fill();
  clf_context *context = failing_context("threads=2", &counted);
  clf_model *model = fit(NULL, f), *own = moved(context, model);
  const int before = threads_now();
  for (int turn = 0; turn < 3; turn++) {
    const int64_t rows = turn == 0 ? 1 : 12; /* the last time replaces a reserve of the same size */
    clf_dataset *sample = rows_of(context, f, 0, rows);
    ck_clf_ok(clf_model_reserve(own, sample, 1));
    clf_dataset_free(sample);
    for (int64_t first = 0; first + rows <= ROWS; first += 7) {
      clf_dataset *part = rows_of(context, f, first, rows);
      ck_clf_ok(ask(&expected, model, part));
      const int64_t asked = counted.asked;
      ck_clf_ok(ask(&found, own, part));
      ck_assert_msg(counted.asked == asked, "%s %s: %lld allocations", f->kind, f->params,
                    (long long)(counted.asked - asked));
      ck_assert_msg(memcmp(&found, &expected, sizeof found) == 0, "%s %s: row %lld", f->kind,
                    f->params, (long long)first);
      clf_dataset_free(part);
    }
  }
  if (strcmp(f->kind, "network") != 0) { /* packing its weights uses the threads */
    ck_assert_int_eq(threads_now(), before);
  }
  clf_model_free(own);
  clf_model_free(model);
  clf_context_free(context);
  ck_assert_int_eq(counted.held, 0);
}

/* What a model computes once after a fit, it keeps outside of the reserve. */
TEST_LOOP(reserved__models_learn_on, 0, FORMS) {
  static results found, expected;
  const form *f = &forms[_i];
  failing_allocator counted = {0};
  fill();
  clf_context *context = failing_context("threads=2", &counted);
  clf_model *model = fit(NULL, f), *own = fit(context, f);
  clf_dataset *sample = rows_of(NULL, f, 0, 2), *half = rows_of(NULL, f, 0, ROWS / 2);
  ck_clf_ok(clf_model_reserve(own, sample, 1));
  ck_clf_ok(clf_model_fit(own, half, NULL, NULL));
  ck_clf_ok(clf_model_fit(model, half, NULL, NULL));
  if (strstr(f->params, "incremental") != NULL) {
    ck_clf_ok(clf_model_partial_fit(own, sample));
    ck_clf_ok(clf_model_partial_fit(model, sample));
  }
  ck_clf_ok(ask(&expected, model, sample));
  for (int turn = 0; turn < 4; turn++) {
    const int64_t asked = counted.asked;
    ck_clf_ok(ask(&found, own, sample));
    ck_assert_int_eq(memcmp(&found, &expected, sizeof found), 0);
    ck_assert_msg(turn < 3 || counted.asked == asked, "%s %s", f->kind, f->params);
  }
  ck_clf_ok(ask(&expected, model, half)); /* more rows than the reserve is for */
  ck_clf_ok(ask(&found, own, half));
  ck_assert_int_eq(memcmp(&found, &expected, sizeof found), 0);
  clf_dataset_free(half);
  clf_dataset_free(sample);
  clf_model_free(own);
  clf_model_free(model);
  clf_context_free(context);
  ck_assert_int_eq(counted.held, 0);
}

/* Threads that share a model, more of them than callers. */
typedef struct caller {
  const clf_model *model;
  clf_dataset *rows;
  results found;
  clf_status status;
} caller;

static void *call_often(void *argument) {
  caller *c = argument;
  c->status = CLF_OK;
  for (int i = 0; i < 20 && c->status == CLF_OK; i++) {
    c->status = ask(&c->found, c->model, c->rows);
  }
  return NULL;
}

TEST_LOOP(reserved__models_are_shared_by_threads, 0, FORMS) {
  enum { THREADS = 6 };
  static caller callers[THREADS];
  static results expected;
  pthread_t threads[THREADS];
  const form *f = &forms[_i];
  fill();
  clf_context *context = context_with("threads=2");
  clf_model *model = fit(context, f);
  clf_dataset *sample = rows_of(context, f, 0, 1);
  ck_clf_ok(clf_model_reserve(model, sample, 3));
  for (int i = 0; i < THREADS; i++) {
    callers[i].model = model;
    callers[i].rows = rows_of(context, f, i, 1);
    ck_assert_int_eq(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    ck_clf_ok(callers[i].status);
    ck_clf_ok(ask(&expected, model, callers[i].rows));
    ck_assert_int_eq(memcmp(&callers[i].found, &expected, sizeof expected), 0);
    clf_dataset_free(callers[i].rows);
  }
  clf_dataset_free(sample);
  clf_model_free(model);
  clf_context_free(context);
}

TEST(reserved__sparse_rows_with_more_entries_enlarge_it) {
  static results found;
  const form *f = &forms[1];
  float row[COLUMNS] = {0};
  failing_allocator counted = {0};
  fill();
  row[3] = 1;
  clf_context *context = failing_context("threads=1", &counted);
  clf_model *model = fit(context, f);
  clf_dataset *small = sparse_of(context, row, 1, COLUMNS, labels);
  clf_dataset *large = rows_of(context, f, 0, 1);
  ck_clf_ok(clf_model_reserve(model, small, 1));
  ck_clf_ok(ask(&found, model, large));
  const int64_t asked = counted.asked;
  ck_clf_ok(ask(&found, model, large));
  ck_assert_int_eq(counted.asked, asked);
  clf_dataset_free(small);
  clf_dataset_free(large);
  clf_model_free(model);
  clf_context_free(context);
  ck_assert_int_eq(counted.held, 0);
}

/* A row whose prediction fails says so as ever, and the next one succeeds. */
TEST(reserved__failures_are_reported) {
  static results found;
  fill();
  values[5] = NAN;
  clf_dataset *bad = rows_of(NULL, &forms[2], 0, 1), *good = rows_of(NULL, &forms[2], 1, 1);
  fill();
  clf_model *model = fit(NULL, &forms[2]);
  ck_clf_ok(clf_model_reserve(model, good, 1));
  values[5] = NAN;
  ck_clf_fails(ask(&found, model, bad), CLF_ERROR_DATA);
  ck_clf_ok(ask(&found, model, good));
  ck_clf_fails(clf_model_reserve(model, bad, 1), CLF_ERROR_DATA);
  ck_clf_ok(ask(&found, model, good));
  clf_dataset_free(bad);
  clf_dataset_free(good);
  clf_model_free(model);
}

TEST(reserved__misuse_is_refused) {
  fill();
  clf_model *model = fit(NULL, &forms[0]), *empty = NULL;
  clf_dataset *one = rows_of(NULL, &forms[0], 0, 1);
  static float narrow[4];
  clf_dataset *other = dataset_of(NULL, narrow, CLF_F32, 1, 4, NULL);
  static float many[1025];
  clf_dataset *tall = dataset_of(NULL, many, CLF_F32, 1025, 1, NULL);
  ck_clf_ok(clf_model_create(&empty, NULL, "ridge", NULL));
  ck_clf_fails(clf_model_reserve(empty, one, 1), CLF_ERROR_NOT_FITTED);
  ck_clf_fails(clf_model_reserve(model, one, 0), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_model_reserve(model, one, 1025), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_model_reserve(model, tall, 1), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_model_reserve(model, other, 1), CLF_ERROR_SHAPE);
  clf_dataset_free(tall);
  clf_dataset_free(other);
  clf_dataset_free(one);
  clf_model_free(empty);
  clf_model_free(model);
}

static clf_status live(clf_context *context, const void *argument) {
  const form *f = argument;
  clf_dataset *train = NULL;
  clf_model *model = NULL;
  clf_tensor *x = NULL, *y = NULL;
  int32_t out[4];
  int64_t rows = 4;
  clf_status status = CLF_OK;
  TRY(clf_tensor_wrap(&x, context, values, CLF_F32, 2, (int64_t[]){rows, COLUMNS}, NULL));
  TRY(clf_tensor_wrap(&y, context, labels, CLF_I32, 1, &rows, NULL));
  TRY(clf_dataset_create(&train, context, x, y));
  TRY(clf_model_create(&model, context, f->kind, f->params));
  TRY(clf_model_fit(model, train, NULL, NULL));
  TRY(clf_model_reserve(model, train, 2));
  TRY(clf_model_predict(model, train, out, rows));
  TRY(clf_model_reserve(model, train, 1));
  TRY(clf_model_predict(model, train, out, rows));
done:
  clf_tensor_free(x);
  clf_tensor_free(y);
  clf_dataset_free(train);
  clf_model_free(model);
  return status;
}

TEST(reserved__every_allocation_may_fail) {
  fill();
  check_every_allocation("threads=1", live, &forms[13]);
}

SUITE("reserve")
