/* The kernel perceptron at its limits: budgets, strange rows, threads, and lack of memory. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "failing_allocator.h"
#include "perceptron_kernel_rows.h"

/* Without one these rows make more than 700 vectors. */
TEST_LOOP(perceptron_kernel__keeps_to_its_budget, 0, 2) {
  static const int budgets[] = {1, 2, 7, 255, 700};
  static const char *const policies[] = {"oldest", "least_useful"};
  fill_rows();
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  clf_model *all = fitted(NULL, "perceptron", "kernel=rbf", data);
  ck_assert_int_gt(count_of(all, "support"), 700);
  for (int i = 0; i < 5; i++) {
    char params[96];
    snprintf(params, sizeof params, "kernel=rbf epochs=3 budget=%d budget_policy=%s", budgets[i],
             policies[_i]);
    clf_model *model = fitted(NULL, "perceptron", params, data);
    ck_assert_int_le(count_of(model, "support"), budgets[i]);
    clf_model_free(model);
  }
  clf_model_free(all);
  clf_dataset_free(data);
}

/* Classes of a checkerboard's fields in two of four features. */
static void fill_board(float *points, int32_t *labels, int rows, uint64_t seed) {
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < 4; j++) {
      points[i * 4 + j] = (float)(2 * random_unit(&seed) - 1);
    }
    labels[i] = points[i * 4] * points[i * 4 + 1] > 0;
  }
}

/* Averages are worth more than the last function, with a budget as without. */
TEST(perceptron_kernel__averages_well_within_a_budget) {
  enum { POINTS = 1200 };
  static float points[POINTS * 4];
  static int32_t labels[POINTS];
  static const char *const settings[] = {"", "averaged=no", "budget_policy=least_useful"};
  double accuracy[3];
  fill_board(points, labels, POINTS, 3);
  clf_dataset *train = dataset_of(NULL, points, CLF_F32, POINTS, 4, labels);
  static float other[POINTS * 4];
  static int32_t other_labels[POINTS];
  fill_board(other, other_labels, POINTS, 4);
  clf_dataset *test = dataset_of(NULL, other, CLF_F32, POINTS, 4, other_labels);
  for (int i = 0; i < 3; i++) {
    char params[96];
    snprintf(params, sizeof params, "kernel=rbf gamma=1 budget=100 %s", settings[i]);
    clf_model *model = fitted(NULL, "perceptron", params, train);
    ck_assert_int_le(count_of(model, "support"), 100);
    ck_clf_ok(clf_model_score(model, test, &accuracy[i]));
    clf_model_free(model);
  }
  ck_assert_double_ge(accuracy[0], 0.9);
  ck_assert_double_ge(accuracy[0], accuracy[1]);
  ck_assert_double_ge(accuracy[2], 0.9);
  clf_dataset_free(train);
  clf_dataset_free(test);
}

typedef struct host {
  int64_t calls, stop_at;
} host;

static int32_t stop_at_call(void *user, const clf_progress *progress) {
  host *own = user;
  (void)progress;
  return ++own->calls == own->stop_at;
}

/* Also while the averages of dropped vectors are handed over, at the end. */
TEST(perceptron_kernel__with_a_budget_is_cancelled_at_any_call) {
  static const char params[] = "kernel=rbf gamma=0.5 epochs=2 budget=40";
  host own = {0, 0};
  clf_context *context = NULL;
  fill_rows();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  ck_clf_ok(clf_context_set_progress(context, stop_at_call, &own));
  clf_dataset *data = dataset_of(context, x, CLF_F32, 300, COLUMNS, y);
  int64_t calls = 0;
  for (bool cancelled = true; cancelled; calls++) {
    clf_model *model = NULL;
    own = (host){0, calls + 1};
    ck_clf_ok(clf_model_create(&model, context, "perceptron", params));
    const clf_status status = clf_model_fit(model, data, NULL, NULL);
    cancelled = own.calls >= own.stop_at;
    ck_assert_int_eq(status, cancelled ? CLF_ERROR_CANCELLED : CLF_OK);
    ck_assert_int_eq(clf_model_features(model), cancelled ? -1 : COLUMNS);
    clf_model_free(model);
  }
  ck_assert_int_gt(calls, 5);
  clf_dataset_free(data);
  clf_context_free(context);
}

TEST_LOOP(perceptron_kernel__refuses_kernels_beyond_float, 0, 2) {
  const float points[] = {1.6e9F, 10, 1.61e9F, 20, 1.62e9F, 15, 1.63e9F, 30};
  const int32_t labels[] = {0, 1, 0, 1};
  static const char *const params[] = {
      "kernel=polynomial gamma=auto",
      "kernel=polynomial gamma=1e-8 learning_rate=1e30", /* values of 1e30, of 1e60 in sums */
  };
  clf_model *model = NULL;
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, 4, 2, labels);
  ck_clf_ok(clf_model_create(&model, NULL, "perceptron", params[_i]));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_NUMERIC);
  ck_clf_says("beyond");
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(perceptron_kernel__ends_with_an_epoch_without_mistakes) {
  enum { POINTS = 40 };
  float points[POINTS * 2];
  int32_t labels[POINTS];
  fill_clouds(points, labels, POINTS, 2, 2);
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, POINTS, 2, labels);
  clf_model *model = fitted(NULL, "perceptron", "kernel=rbf gamma=1 epochs=1000", data);
  clf_tensor *tensor = NULL;
  const double *shares = fitted_data(model, "history_loss", &tensor);
  const int64_t epochs = clf_tensor_count(tensor);
  ck_assert_int_gt(epochs, 1);
  ck_assert_int_lt(epochs, 1000);
  for (int64_t i = 0; i < epochs; i++) {
    ck_assert(i == epochs - 1 ? shares[i] == 0 : shares[i] > 0);
  }
  clf_tensor_free(tensor);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* What it works in is no larger than the rows are worth. */
TEST(perceptron_kernel__needs_little_memory_for_few_rows) {
  enum { POINTS = 40, MOST_BYTES = 1 << 17 };
  float points[POINTS * 2];
  int32_t labels[POINTS];
  clf_context *context = NULL;
  fill_clouds(points, labels, POINTS, 2, 2);
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  clf_dataset *data = dataset_of(context, points, CLF_F32, POINTS, 2, labels);
  const uint64_t before = clf_context_memory(context);
  clf_model *model = fitted(context, "perceptron", "kernel=rbf gamma=1", data);
  ck_assert_uint_lt(clf_context_memory_peak(context) - before, MOST_BYTES);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

static const char *const kernel_params[] = {"kernel=linear", "kernel=polynomial gamma=1 coef0=1",
                                            "kernel=rbf gamma=1",
                                            "kernel=sigmoid gamma=0.5 coef0=0.1"};
enum { KERNEL_COUNT = sizeof kernel_params / sizeof kernel_params[0] };

TEST_LOOP(perceptron_kernel__tells_two_rows_apart, 0, KERNEL_COUNT) {
  const float points[] = {-1, 1};
  const int32_t labels[] = {0, 1};
  double accuracy = 0;
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, 2, 1, labels);
  clf_model *model = fitted(NULL, "perceptron", kernel_params[_i], data);
  ck_clf_ok(clf_model_score(model, data, &accuracy));
  ck_assert_double_eq(accuracy, 1);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Every pass makes mistakes, and all of them end; either label is as good. */
TEST_LOOP(perceptron_kernel__takes_equal_rows_of_opposite_labels, 0, KERNEL_COUNT) {
  const float points[] = {1, 2, 1, 2, 1, 2, 1, 2};
  const int32_t labels[] = {0, 1, 0, 1};
  double accuracy = 0;
  float values[8];
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, 4, 2, labels);
  clf_model *model = fitted(NULL, "perceptron", kernel_params[_i], data);
  ck_assert_int_eq(count_of(model, "history_loss"), 10);
  ck_clf_ok(clf_model_score(model, data, &accuracy));
  ck_assert_double_eq(accuracy, 0.5);
  ck_clf_ok(clf_model_decision_function(model, data, values, 8));
  for (int i = 0; i < 8; i++) {
    ck_assert_float_eq(values[i], values[i % 2]);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

/* The model stays what it was. */
TEST_LOOP(perceptron_kernel__refuses_nan, 0, KERNEL_COUNT) {
  fill_rows();
  float values[10 * CLASSES], again[10 * CLASSES];
  clf_dataset *good = dataset_of(NULL, x, CLF_F32, 10, COLUMNS, y);
  clf_dataset *bad = dataset_of(NULL, x, CLF_F32, 100, COLUMNS, y);
  clf_model *model = fitted(NULL, "perceptron", kernel_params[_i], good);
  const int64_t outputs = count_of(model, "intercept") * 10;
  ck_clf_ok(clf_model_decision_function(model, good, values, outputs));
  x[99 * COLUMNS] = NAN;
  ck_clf_fails(clf_model_fit(model, bad, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_ok(clf_model_decision_function(model, good, again, outputs));
  ck_assert_mem_eq(values, again, (size_t)outputs * sizeof *values);
  clf_model_free(model);
  clf_dataset_free(good);
  clf_dataset_free(bad);
}

TEST_LOOP(perceptron_kernel__has_the_same_bits_on_one_thread_and_two, 0, 3) {
  static const char *const params[] = {"kernel=rbf epochs=3", "kernel=sigmoid epochs=3",
                                       "kernel=rbf epochs=3 budget=60 averaged=no"};
  static outcome outcomes[2];
  fill_rows();
  for (int i = 0; i < 2; i++) {
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, i == 0 ? "threads=1" : "threads=2"));
    clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
    clf_model *model = fitted(context, "perceptron", params[_i], data);
    note(&outcomes[i], model, data);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
  ck_assert_mem_eq(&outcomes[0], &outcomes[1], sizeof outcomes[0]);
}

enum { FEW = 2 * COLUMNS, VALUES = FEW * CLASSES };

/* A model on the context is fitted, and used on the same rows; all that it took is given back. */
static clf_status fit_and_decide(clf_context *context, const char *params, const clf_dataset *data,
                                 float *values) {
  clf_model *model = NULL;
  clf_status status;
  TRY(clf_model_create(&model, context, "perceptron", params));
  TRY(clf_model_fit(model, data, NULL, NULL));
  TRY(clf_model_decision_function(model, data, values, VALUES));
done:
  clf_model_free(model);
  return status;
}

static void refuse(int64_t number, bool the_rest, const char *params, const clf_dataset *data,
                   const float *expected) {
  failing_allocator from = {.refuse = number, .refuse_the_rest = the_rest};
  clf_context *context = failing_context("threads=1", &from);
  float values[VALUES], untouched[VALUES];
  memset(values, 0x5a, sizeof values);
  memset(untouched, 0x5a, sizeof untouched);
  if (context != NULL) {
    const clf_status status = fit_and_decide(context, params, data, values);
    ck_assert_msg(status == CLF_OK || status == CLF_ERROR_MEMORY, "allocation %lld: %s",
                  (long long)number, clf_last_error());
    ck_assert_mem_eq(values, status == CLF_OK ? expected : untouched, sizeof values);
  }
  clf_context_free(context);
  ck_assert_int_eq(from.held, 0);
}

TEST_LOOP(perceptron_kernel__may_lack_memory_at_any_time, 0, 3) {
  static const char *const params[] = {
      "kernel=rbf epochs=2",
      "kernel=polynomial gamma=1 coef0=1 epochs=2 budget=2",
      "kernel=rbf averaged=no epochs=2 budget=2 budget_policy=least_useful",
  };
  failing_allocator counted = {0};
  float expected[VALUES];
  fill_rows();
  for (int i = 0; i < FEW; i++) {
    y[i] = i % CLASSES;
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, FEW, COLUMNS, y);
  clf_context *context = failing_context("threads=1", &counted);
  ck_clf_ok(fit_and_decide(context, params[_i], data, expected));
  clf_context_free(context);
  ck_assert_int_gt(counted.asked, 20);
  for (int64_t number = 1; number <= counted.asked; number++) {
    refuse(number, false, params[_i], data, expected);
    refuse(number, true, params[_i], data, expected);
  }
  clf_dataset_free(data);
}

SUITE("perceptron_kernel_limits")
