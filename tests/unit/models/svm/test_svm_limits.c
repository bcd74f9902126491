/* Support vector machines at their limits: many classes, many rows and a host that stops the fit, a
 * cache too small for the kernel matrix, and the memory that a fit takes. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "support.h"

/* One machine a pair of 120 classes is 7,140 machines, of 40 classes 780. */
TEST_LOOP(svm__takes_many_classes, 0, 3) {
  enum { CLASSES = SLOW ? 40 : 120, ROWS = 5 * CLASSES, COLUMNS = 20 };
  static const char *const params[] = {"kernel=rbf gamma=0.01 C=10",
                                       "kernel=rbf gamma=0.01 C=10 multiclass=one_vs_rest",
                                       "kernel=linear"};
  static const int64_t machines[] = {CLASSES * (CLASSES - 1) / 2, CLASSES,
                                     CLASSES * (CLASSES - 1) / 2};
  float *x = malloc(sizeof *x * ROWS * COLUMNS), *values = malloc(sizeof *values * ROWS * CLASSES);
  int32_t *y = malloc(sizeof *y * ROWS);
  double accuracy = 0;
  clf_tensor *intercept = NULL;
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  clf_model *model = fitted(NULL, "svm", params[_i], data);
  ck_clf_ok(clf_model_score(model, data, &accuracy));
  ck_assert_double_eq(accuracy, 1);
  ck_clf_ok(clf_model_decision_function(model, data, values, (int64_t)ROWS * CLASSES));
  fitted_data(model, "intercept", &intercept);
  ck_assert_int_eq(clf_tensor_count(intercept), machines[_i]);
  clf_tensor_free(intercept);
  clf_model_free(model);
  clf_dataset_free(data);
  free(x);
  free(y);
  free(values);
}

TEST(svm__refuses_pairs_of_5000_classes) {
  enum { CLASSES = 5000 };
  static float x[CLASSES];
  static int32_t y[CLASSES];
  for (int i = 0; i < CLASSES; i++) {
    x[i] = (float)i;
    y[i] = i;
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, CLASSES, 1, y);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "svm", "kernel=linear"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("5000 classes make 12497500 machines");
  clf_model_free(model);
  clf_dataset_free(data);
}

enum { MAX_THREADS = 2 };

/* Says stop at a call once it is armed, and notes the longest time that it was not asked. */
typedef struct host {
  int64_t stop_at, calls; /* stop_at: 0 for never */
  double asked, longest;
} host;

static int32_t stop_in_the_middle(void *user, const clf_progress *progress) {
  host *own = user;
  const double now = seconds_worked();
  ck_assert(own->stop_at == 0 || strcmp(progress->stage, "svm") == 0);
  own->longest = own->asked > 0 ? fmax(own->longest, now - own->asked) : 0;
  own->asked = now;
  own->calls++;
  return own->stop_at > 0 && own->calls >= own->stop_at;
}

/* The first machine has 12,000 rows of noise: a fit of minutes. */
TEST_LOOP(svm__of_many_rows_is_cancelled_within_a_second, 0, 3) {
  enum { ROWS = 60000, COLUMNS = 784, CLASSES = 10, SOME = 10 };
  static const int64_t stops[] = {1, 2, 8};
  host own = {0};
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  ck_clf_ok(clf_context_set_progress(context, stop_in_the_middle, &own));
  uint8_t *x = malloc((size_t)ROWS * COLUMNS);
  int32_t *y = malloc(ROWS * sizeof *y);
  uint64_t state = 1;
  for (int64_t i = 0; i < (int64_t)ROWS * COLUMNS; i++) {
    x[i] = (uint8_t)(256 * random_unit(&state));
  }
  for (int i = 0; i < ROWS; i++) {
    y[i] = i % CLASSES;
  }
  clf_dataset *few = dataset_of(context, x, CLF_U8, 300, COLUMNS, y);
  clf_dataset *all = dataset_of(context, x, CLF_U8, ROWS, COLUMNS, y);
  clf_dataset *some = dataset_of(context, x, CLF_U8, SOME, COLUMNS, NULL);
  clf_model *model = fitted(context, "svm", NULL, few);
  float before[SOME * CLASSES], after[SOME * CLASSES];
  ck_clf_ok(clf_model_decision_function(model, some, before, SOME * CLASSES));
  own = (host){.stop_at = stops[_i], .asked = seconds_worked()};
  ck_clf_fails(clf_model_fit(model, all, NULL, NULL), CLF_ERROR_CANCELLED);
  ck_assert_int_eq(own.calls, stops[_i]);
  ck_assert_double_lt(own.longest, CANCEL_SECONDS);
  ck_assert_double_lt(seconds_worked() - own.asked, CANCEL_SECONDS);
  own = (host){0};
  ck_clf_ok(clf_model_decision_function(model, some, after, SOME * CLASSES));
  ck_assert_mem_eq(before, after, sizeof before);
  clf_model_free(model);
  clf_dataset_free(few);
  clf_dataset_free(all);
  clf_dataset_free(some);
  clf_context_free(context);
  free(x);
  free(y);
}

/* Kernel values of rows of 64 columns or fewer are not kept. */
enum { ROWS = SLOW ? 1200 : 2400, COLUMNS = 66 };

/* Rows whose labels say little about them: most become support vectors, so that nearly the whole
 * kernel matrix is asked for. */
static void fill_noise(float *x, int32_t *y, int32_t classes) {
  uint64_t state = 7;
  for (int i = 0; i < ROWS; i++) {
    y[i] = i % classes;
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)(random_normal(&state) + (j == y[i] ? 0.5 : 0));
    }
  }
}

/* Both have the same bits. */
static void check_same(const clf_model *one, const clf_model *other, const char *name,
                       size_t element) {
  clf_tensor *a = NULL, *b = NULL;
  const void *left = fitted_data(one, name, &a), *right = fitted_data(other, name, &b);
  ck_assert_int_eq(clf_tensor_count(a), clf_tensor_count(b));
  ck_assert_msg(memcmp(left, right, (size_t)clf_tensor_count(a) * element) == 0, "%s differs",
                name);
  clf_tensor_free(a);
  clf_tensor_free(b);
}

TEST_LOOP(svm__does_not_depend_on_what_its_cache_holds, 0, 4) {
  static const char *const caches[] = {"0", "0.1", "3"}; /* of a matrix of 22 or 6 MB */
  static float x[ROWS * COLUMNS];
  static int32_t y[ROWS];
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, _i % 2 == 0 ? "threads=1" : "threads=2"));
  fill_noise(x, y, _i / 2 == 0 ? 2 : 3);
  clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
  clf_model *ample = fitted(context, "svm", "C=10 cache_mb=1000", data);
  for (size_t i = 0; i < sizeof caches / sizeof caches[0]; i++) {
    char params[64];
    snprintf(params, sizeof params, "C=10 cache_mb=%s", caches[i]);
    clf_model *model = fitted(context, "svm", params, data);
    check_same(ample, model, "support", sizeof(int64_t));
    check_same(ample, model, "dual_coef", sizeof(float));
    check_same(ample, model, "intercept", sizeof(double));
    check_same(ample, model, "objective", sizeof(double));
    check_same(ample, model, "iterations", sizeof(int64_t));
    clf_model_free(model);
  }
  clf_model_free(ample);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* Beside what is kept: for each thread a working set of 512 variables (its matrix, 1 MB, and the
 * packed rows of it) and 64 rows of the kernel matrix that are being computed; for each row of the
 * data a copy of it, packed, and some hundred bytes of bookkeeping. */
static uint64_t allowance(uint64_t threads) {
  const uint64_t set = 512 * 512 * sizeof(float) + 512 * 256;
  const uint64_t slab = 64 * ROWS * sizeof(float);
  return threads * (set + slab) + ROWS * (2 * COLUMNS * sizeof(float) + 256) + (1 << 18);
}

TEST_LOOP(svm__keeps_to_the_memory_for_its_cache, 0, 8) {
  static const uint64_t megabytes[] = {0, 1, 4, 1000};
  static float x[ROWS * COLUMNS];
  static int32_t y[ROWS];
  const uint64_t matrix = (uint64_t)ROWS * ROWS * sizeof(float);
  const uint64_t threads = 1 + (uint64_t)_i % 2;
  const uint64_t limit = megabytes[_i / 2] << 20;
  char text[64];
  clf_context *context = NULL;
  snprintf(text, sizeof text, "threads=%d", (int)threads);
  ck_clf_ok(clf_context_create(&context, NULL, text));
  fill_noise(x, y, 3);
  clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
  const uint64_t before = clf_context_memory(context);
  snprintf(text, sizeof text, "C=10 cache_mb=%d", (int)megabytes[_i / 2]);
  clf_model *model = fitted(context, "svm", text, data);
  const uint64_t peak = clf_context_memory_peak(context) - before;
  const uint64_t kept = limit < matrix ? limit : matrix + matrix / 50; /* slabs have heads */
  ck_assert_uint_le(peak, kept + allowance(threads));
  if (limit > matrix) {
    ck_assert_uint_ge(peak, matrix / 2); /* the other cases are about a cache that is too small */
  }
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

SUITE("svm_limits")
