/* What the functions that decide, forget and merge have in common: the host may cancel them, and any
 * allocation may be refused; the model then stays as it was. */
#include "failing_allocator.h"

enum { ROWS = 9000, COLUMNS = 60, CLASSES = 3 };

static float x[ROWS * COLUMNS];
static int32_t y[ROWS];

static void make_rows(void) {
  uint64_t seed = 1;
  for (int64_t i = 0; i < ROWS; i++) {
    y[i] = (int32_t)(i % CLASSES);
    for (int64_t j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)random_normal(&seed) + (j == y[i] ? 1.5F : 0);
    }
  }
}

static int32_t cancel(void *user, const clf_progress *progress) {
  ck_assert(progress->step >= 0);
  return *(const bool *)user ? CLF_PROGRESS_CANCEL : CLF_PROGRESS_GO;
}

/* The calls, on a model that keeps its sums. */
static clf_status call(int which, clf_model *model, const clf_model *other,
                       const clf_dataset *rows) {
  switch (which) {
  case 0:
    return clf_model_calibrate(model, rows, "method=sigmoid");
  case 1:
    return clf_model_calibrate(model, rows, "method=isotonic");
  case 2:
    return clf_model_calibrate(model, rows, "method=temperature");
  case 3:
    return clf_model_tune_threshold(model, rows, "metric=f1");
  case 4:
    return clf_model_conform(model, rows, "method=lac");
  case 5:
    return clf_model_conform(model, rows, "method=aps by_class=true");
  case 6:
    return clf_model_set_reject(model, rows, "rate=0.1");
  case 7:
    return clf_model_forget(model, rows);
  default:
    return clf_model_merge(model, other);
  }
}
enum { MERGE = 8, CALLS };

static clf_model *learned(clf_context *context, const clf_dataset *rows) {
  clf_model *model = fitted(context, "ridge", "incremental=true", rows);
  ck_clf_ok(clf_model_calibrate(model, rows, "method=temperature"));
  return model;
}

/* A merge reads no rows: all it does is the solution, which is short for so few columns. */
TEST_LOOP(calls__cancelled_leave_the_model, 0, CALLS) {
  bool armed = false;
  clf_context *context = NULL;
  float before[ROWS * CLASSES], after[ROWS * CLASSES];
  make_rows();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1 progress_interval=0"));
  ck_clf_ok(clf_context_set_progress(context, cancel, &armed));
  clf_dataset *rows = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
  clf_dataset *few = dataset_of(context, x, CLF_F32, ROWS / 3, COLUMNS, y);
  clf_model *model = learned(context, rows), *other = learned(context, few);
  ck_clf_ok(clf_model_predict_proba(model, rows, before, ROWS * CLASSES));
  armed = true;
  const clf_status status = call(_i, model, other, few);
  armed = false;
  if (_i == MERGE && status == CLF_OK) {
    ck_assert_int_eq(clf_model_classes(model), CLASSES);
  } else {
    ck_assert_msg(status == CLF_ERROR_CANCELLED, "call %d: %s: %s", _i, clf_status_name(status),
                  clf_last_error());
    ck_clf_ok(clf_model_predict_proba(model, rows, after, ROWS * CLASSES));
    ck_assert_mem_eq(before, after, sizeof before);
    ck_clf_ok(call(_i, model, other, few)); /* and works when it is not cancelled */
  }
  clf_model_free(other);
  clf_model_free(model);
  clf_dataset_free(few);
  clf_dataset_free(rows);
  clf_context_free(context);
}

static clf_status decide(clf_context *from, const void *argument) {
  enum { FEW = 18 };
  const int which = *(const int *)argument;
  clf_tensor *data = NULL, *known = NULL;
  clf_dataset *rows = NULL;
  clf_model *model = NULL;
  clf_search *search = NULL;
  float p[FEW * CLASSES];
  clf_status status;
  TRY(clf_tensor_wrap(&data, from, x, CLF_F32, 2, (int64_t[]){FEW, COLUMNS}, NULL));
  TRY(clf_tensor_wrap(&known, from, y, CLF_I32, 1, (int64_t[]){FEW}, NULL));
  TRY(clf_dataset_create(&rows, from, data, known));
  TRY(clf_model_create(&model, from, "ridge", NULL));
  TRY(clf_model_fit(model, rows, NULL, NULL));
  if (which < 3) {
    TRY(call(which, model, NULL, rows));
    TRY(clf_model_set_costs(model, (const double[]){0, 1, 2, 1, 0, 2, 1, 1, 0}));
    TRY(clf_model_predict_proba(model, rows, p, FEW * CLASSES));
  } else {
    TRY(clf_search_create(&search, model, rows, 2, 1, "alpha=log:0.1..10",
                          "method=random trials=2"));
  }
done:
  clf_search_free(search);
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_tensor_free(known);
  clf_tensor_free(data);
  return status;
}

TEST_LOOP(calls__survive_every_refused_allocation, 0, 4) {
  make_rows();
  check_every_allocation("threads=1", decide, &_i);
}

/* Between rows of two classes bisection ends where both have the same probability to the last digit:
 * on the way, single rows in f64 are predicted as their probabilities in f64 say, whether these are
 * far enough apart to be certain or not. */
TEST(single_rows__at_a_boundary_agree) {
  enum { STEPS = 60, PAIRS = 8 };
  int changes = 0;
  make_rows();
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  clf_model *model = fitted(NULL, "logistic", NULL, rows);
  for (int64_t pair = 0; pair < PAIRS; pair++) {
    double low = 0, high = 1, row[COLUMNS], p[CLASSES];
    int32_t first = -1, label;
    for (int step = -1; step < STEPS; step++) {
      const double t = step < 0 ? 0 : (low + high) / 2;
      for (int64_t j = 0; j < COLUMNS; j++) {
        row[j] = (1 - t) * (double)x[pair * COLUMNS + j] + t * (double)x[(pair + 10) * COLUMNS + j];
      }
      clf_dataset *one = dataset_of(NULL, row, CLF_F64, 1, COLUMNS, NULL);
      ck_clf_ok(clf_model_predict(model, one, &label, 1));
      ck_clf_ok(clf_model_predict_proba_f64(model, one, p, CLASSES));
      clf_dataset_free(one);
      for (int32_t k = 0; k < CLASSES; k++) {
        ck_assert(k < label ? p[k] < p[label] : p[k] <= p[label]);
      }
      first = step < 0 ? label : first;
      changes += label != first;
      *(label == first ? &low : &high) = t;
    }
  }
  ck_assert_int_gt(changes, STEPS);
  clf_model_free(model);
  clf_dataset_free(rows);
}

SUITE("decision_calls")
