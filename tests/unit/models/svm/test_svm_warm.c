/* Support vector machines that begin where the last fit to the same rows ended: the same result in
 * fewer steps. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "failing_allocator.h"
#include "support.h"

enum { ROWS = 240, COLUMNS = 4, CLASSES = 3 };

static float x[ROWS * COLUMNS];
static int32_t labels[ROWS];
static double targets[ROWS];

/* Rows that overlap, around `mean`; the seed 0 is that of all tests. */
static clf_dataset *make(clf_context *context, const char *params, double mean, uint64_t seed) {
  uint64_t state = 7 + seed;
  const bool regression = strstr(params, "svr") != NULL, alone = strstr(params, "one_cl") != NULL;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % CLASSES;
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)(mean + random_normal(&state) + (j == labels[i] ? 1 : 0));
    }
    targets[i] = sin((double)x[i * COLUMNS]) + 0.3 * random_normal(&state);
  }
  clf_dataset *data =
      dataset_of(context, x, CLF_F32, ROWS, COLUMNS, regression || alone ? NULL : labels);
  clf_tensor *tensor = NULL;
  if (data != NULL && regression &&
      clf_tensor_wrap(&tensor, context, targets, CLF_F64, 2, (int64_t[]){ROWS, 1}, NULL) ==
          CLF_OK) {
    ck_clf_ok(clf_dataset_set_targets(data, tensor));
  }
  clf_tensor_free(tensor);
  return data;
}

static int64_t steps_of(const clf_model *model) {
  clf_tensor *tensor = NULL;
  const int64_t *steps = fitted_data(model, "iterations", &tensor);
  int64_t sum = 0;
  for (int64_t i = 0; i < clf_tensor_count(tensor); i++) {
    sum += steps[i];
  }
  clf_tensor_free(tensor);
  return sum;
}

/* Compares decisions, of up to CLASSES outputs. */
static void ck_same_decisions(const clf_model *a, const clf_model *b, const clf_dataset *data,
                              double tolerance) {
  float of_a[ROWS * CLASSES] = {0}, of_b[ROWS * CLASSES] = {0};
  ck_clf_ok(clf_model_decision_function(a, data, of_a, ROWS * CLASSES));
  ck_clf_ok(clf_model_decision_function(b, data, of_b, ROWS * CLASSES));
  for (int i = 0; i < ROWS * CLASSES; i++) {
    ck_assert_double_le(fabs((double)of_a[i] - (double)of_b[i]), tolerance);
  }
}

typedef struct path {
  const char *params;
  const char *changed, *value; /* between the fits */
} path;

static const path paths[] = {
    {"kernel=rbf", "C", "2"},
    {"kernel=rbf C=4", "C", "1"},
    {"kernel=linear", "C", "2"},
    {"kernel=linear precision=f64", "C", "2"},
    {"kernel=polynomial", "C", "2"},
    {"kernel=rbf multiclass=one_vs_rest", "C", "2"},
    {"kernel=rbf", "class_weight", "balanced"},
    {"kernel=rbf calibration=sigmoid", "C", "2"},
    {"kernel=rbf type=epsilon_svr", "C", "1.5"},
    {"kernel=rbf type=epsilon_svr", "epsilon", "0.12"},
    {"kernel=linear type=epsilon_svr", "C", "2"},
    {"kernel=linear loss=squared_hinge multiclass=one_vs_rest", "C", "1.2"},
    {"kernel=linear loss=squared_hinge multiclass=one_vs_rest penalty=l1", "C", "1.2"},
    {"kernel=linear loss=squared_hinge multiclass=one_vs_rest intercept_scaling=2", "C", "1.2"},
    {"kernel=linear loss=squared_hinge multiclass=one_vs_rest intercept_scaling=0", "C", "1.2"},
};

TEST_LOOP(svm_warm__ends_as_a_cold_fit_sooner, 0, sizeof paths / sizeof *paths) {
  const path *p = &paths[_i];
  clf_dataset *data = make(NULL, p->params, 0, 0);
  clf_model *cold = NULL, *warm = NULL;
  ck_clf_ok(clf_model_create(&cold, NULL, "svm", p->params));
  ck_clf_ok(clf_model_set_text(cold, "tolerance", "1e-5"));
  ck_clf_ok(clf_model_clone(&warm, cold));
  ck_clf_ok(clf_model_set_text(warm, "warm_start", "true"));
  ck_clf_ok(clf_model_fit(warm, data, NULL, NULL));
  ck_clf_ok(clf_model_set_text(warm, p->changed, p->value));
  ck_clf_ok(clf_model_set_text(cold, p->changed, p->value));
  ck_clf_ok(clf_model_fit(warm, data, NULL, NULL));
  ck_clf_ok(clf_model_fit(cold, data, NULL, NULL));
  ck_assert_int_eq(clf_model_outcome(warm), CLF_OK);
  ck_assert_int_lt(steps_of(warm), steps_of(cold));
  ck_same_decisions(warm, cold, data, 1e-4);
  ck_clf_ok(clf_model_fit(warm, data, NULL, NULL));
  ck_assert_int_lt(steps_of(warm), steps_of(cold) / 10 + 1);
  ck_same_decisions(warm, cold, data, 1e-4);
  clf_model_free(cold);
  clf_model_free(warm);
  clf_dataset_free(data);
}

static void note(void *user, int32_t level, const char *message) {
  (void)level;
  strncat(user, message, 1023 - strlen(user));
}

static const char refusal[] = "begins at 0";

/* A second fit of a model with warm_start=true that is as one of a new model, and says so. */
static void ck_cold(const char *first, double first_mean, uint64_t first_seed,
                    const char *const settings[][2], const char *log_has) {
  char log[1024] = "";
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  clf_dataset *data = make(context, first, first_mean, first_seed);
  clf_model *warm = fitted(context, "svm", first, data), *cold = NULL;
  for (int i = 0; settings[i][0] != NULL; i++) {
    ck_clf_ok(clf_model_set_text(warm, settings[i][0], settings[i][1]));
  }
  clf_dataset_free(data);
  data = make(context, strcmp(settings[0][1], "epsilon_svr") == 0 ? "svr" : first, 300, 0);
  ck_clf_ok(clf_model_clone(&cold, warm));
  ck_clf_ok(clf_model_fit(cold, data, NULL, NULL));
  ck_clf_ok(clf_context_set_log(context, note, log));
  ck_clf_ok(clf_model_fit(warm, data, NULL, NULL));
  ck_clf_ok(clf_context_set_log(context, NULL, NULL));
  ck_assert_msg(log_has == NULL || strstr(log, log_has) != NULL, "log: %s", log);
  ck_assert_int_eq(steps_of(warm), steps_of(cold));
  ck_same_decisions(warm, cold, data, 0);
  clf_model_free(warm);
  clf_model_free(cold);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* Rows at 300 have a center with a kernel that allows it, and none with others. */
TEST(svm_warm__begins_at_0_with_others) {
  static const char warm[] = "warm_start=true";
  ck_cold(warm, 300, 1, (const char *const[][2]){{"C", "2"}, {NULL}}, refusal);
  ck_cold(warm, 0, 0, (const char *const[][2]){{"C", "2"}, {NULL}}, refusal);
  ck_cold(warm, 300, 0, (const char *const[][2]){{"gamma", "0.1"}, {NULL}}, refusal);
  ck_cold(warm, 300, 0, (const char *const[][2]){{"multiclass", "one_vs_rest"}, {NULL}}, refusal);
  ck_cold(warm, 300, 0,
          (const char *const[][2]){{"kernel", "polynomial"}, {"gamma", "1e-5"}, {NULL}}, refusal);
  ck_cold(warm, 300, 0, (const char *const[][2]){{"type", "epsilon_svr"}, {NULL}}, NULL);
  ck_cold("warm_start=true type=nu_svc", 300, 0, (const char *const[][2]){{"nu", "0.3"}, {NULL}},
          "warm_start has no effect with type=nu_svc");
}

/* What the next fit begins with is neither saved nor needed. */
TEST(svm_warm__is_saved_without_its_start) {
  clf_dataset *data = make(NULL, "", 0, 0);
  clf_model *model = fitted(NULL, "svm", "warm_start=true", data), *loaded = NULL;
  clf_model *plain = fitted(NULL, "svm", NULL, data);
  clf_tensor *tensor = NULL;
  static unsigned char file[1 << 20];
  size_t size = 0;
  const int64_t steps = steps_of(model);
  ck_same_decisions(model, plain, data, 0);
  ck_clf_ok(clf_model_save_memory(model, file, sizeof file, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, file, size));
  ck_clf_fails(clf_model_tensor(&tensor, loaded, "warm_variables"), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_model_fit(loaded, data, NULL, NULL));
  ck_assert_int_eq(steps_of(loaded), steps);
  ck_same_decisions(loaded, model, data, 0);
  clf_model_free(plain);
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(svm_warm__has_the_same_bits_on_any_threads, 0, 3) {
  static const char *const settings[] = {"warm_start=true kernel=rbf",
                                         "warm_start=true kernel=linear multiclass=one_vs_rest",
                                         "warm_start=true kernel=rbf type=epsilon_svr"};
  float values[2][ROWS * CLASSES] = {{0}};
  for (int i = 0; i < 2; i++) {
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, i == 0 ? "threads=1" : "threads=3"));
    clf_dataset *data = make(context, settings[_i], 0, 0);
    clf_model *model = fitted(context, "svm", settings[_i], data);
    ck_clf_ok(clf_model_set_text(model, "C", "2"));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_clf_ok(clf_model_decision_function(model, data, values[i], ROWS * CLASSES));
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
  ck_assert_mem_eq(values[0], values[1], sizeof values[0]);
}

static clf_status fit_twice(clf_context *context, const void *params) {
  clf_dataset *data = NULL;
  clf_model *model = NULL;
  clf_tensor *rows = NULL, *classes = NULL;
  clf_status status = CLF_OK;
  TRY(clf_tensor_wrap(&rows, context, x, CLF_F32, 2, (int64_t[]){60, COLUMNS}, NULL));
  TRY(clf_tensor_wrap(&classes, context, labels, CLF_I32, 1, (int64_t[]){60}, NULL));
  TRY(clf_dataset_create(&data, context, rows, classes));
  TRY(clf_model_create(&model, context, "svm", params));
  TRY(clf_model_fit(model, data, NULL, NULL));
  TRY(clf_model_set_text(model, "C", "2"));
  TRY(clf_model_fit(model, data, NULL, NULL));
done:
  clf_tensor_free(rows);
  clf_tensor_free(classes);
  clf_dataset_free(data);
  clf_model_free(model);
  return status;
}

TEST(svm_warm__survives_refused_memory) {
  clf_dataset_free(make(NULL, "", 0, 0));
  check_every_allocation("threads=1", fit_twice, "warm_start=true");
}

SUITE("svm_warm")
