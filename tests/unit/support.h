/* What the suites share: datasets of plain arrays, and checks that print the message of the
 * library. */
#ifndef TESTS_UNIT_SUPPORT_H
#define TESTS_UNIT_SUPPORT_H

#include <check.h>
#include <classify.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__has_feature)
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#define THREAD_SANITIZER 1
#else
#define THREAD_SANITIZER 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define ADDRESS_SANITIZER 1
#else
#define ADDRESS_SANITIZER 0
#endif

/* tests/cross/aarch64.sh defines EMULATED: an emulated processor is some thirty times slower. */
#ifndef EMULATED
#define EMULATED 0
#endif

/* Where everything takes many times as long, fewer of the cases that are drawn or combined run. */
enum { SLOW = THREAD_SANITIZER || ADDRESS_SANITIZER || EMULATED };

/* The processor seconds, of two threads, in which a call must ask whether it is cancelled and must
 * end once it is. */
enum { CANCEL_SECONDS = EMULATED ? 60 : THREAD_SANITIZER ? 40 : ADDRESS_SANITIZER ? 10 : 2 };

/* The thread sanitizer knows no threads in a child of fork(), a lock of the address sanitizer's may
 * be held there by a thread that was starting, and qemu-user loses its own threads there. */
#if THREAD_SANITIZER || EMULATED || ADDRESS_SANITIZER
#define FORK_WITH_THREADS 0
#else
#define FORK_WITH_THREADS 1
#endif

/* Each test is named once, where it is written: TEST(name) { ... } defines and registers it, and
 * TEST_LOOP(name, first, last) { ... } one that runs for each `_i` in [first, last). They run in the
 * order of the file, each in a process of its own, and `test_ridge NAME ...` runs those named. One
 * SUITE("ridge") a file makes its main(); members of `suite` may follow the name. */
struct suite {
  const char *name;
  double timeout; /* seconds for each test; 100 if not given */
  SFun setup;     /* before each test, in its process */
  SFun teardown;
  bool skip; /* this build cannot run it */
};

struct test {
  const char *name;
  void (*add)(TCase *tests);
  struct test *next;
};
static struct test *tests_first;
static struct test **tests_end = &tests_first;

static inline void add_test(struct test *test) {
  *tests_end = test;
  tests_end = &test->next;
}

/* Priorities order the constructors by line; those up to 100 are the compiler's own. */
#define TEST_LOOP(test_name, first, last)                                                          \
  static const TTest *test_name;                                                                   \
  static void test_name##_add(TCase *tests) {                                                      \
    tcase_add_loop_test(tests, test_name, first, last);                                            \
  }                                                                                                \
  __attribute__((constructor(101 + __LINE__))) static void test_name##_register(void) {            \
    static struct test test = {#test_name, test_name##_add, NULL};                                 \
    add_test(&test);                                                                               \
  }                                                                                                \
  START_TEST(test_name)
#define TEST(test_name) TEST_LOOP(test_name, 0, 1)

#define SUITE(...)                                                                                 \
  int main(int argc, char **argv) {                                                                \
    return run_suite(&(const struct suite){.name = __VA_ARGS__}, argc - 1, argv + 1);              \
  }

static inline bool is_chosen(const char *name, int argc, char **argv) {
  for (int i = 0; i < argc; i++) {
    if (strcmp(name, argv[i]) == 0) {
      return true;
    }
  }
  return argc == 0;
}

/* Fails if a test does, and if there is none. */
static inline int run_suite(const struct suite *form, int argc, char **argv) {
  if (form->skip) {
    return 77; /* meson's status for it */
  }
  Suite *suite = suite_create(form->name);
  TCase *tests = tcase_create(form->name);
  tcase_set_timeout(tests, form->timeout > 0 ? form->timeout : 100);
  tcase_add_checked_fixture(tests, form->setup, form->teardown);
  for (const struct test *test = tests_first; test != NULL; test = test->next) {
    if (is_chosen(test->name, argc, argv)) {
      test->add(tests);
    }
  }
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  const bool failed = srunner_ntests_failed(runner) > 0 || srunner_ntests_run(runner) == 0;
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define ck_clf_ok(call)                                                                            \
  do {                                                                                             \
    clf_status status_ = (call);                                                                   \
    ck_assert_msg(status_ >= 0, "%s: %s: %s", #call, clf_status_name(status_), clf_last_error());  \
  } while (0)

#define ck_clf_fails(call, expected)                                                               \
  do {                                                                                             \
    clf_status status_ = (call);                                                                   \
    ck_assert_msg(status_ == (expected), "%s: %s, not %s: %s", #call, clf_status_name(status_),    \
                  clf_status_name(expected), clf_last_error());                                    \
  } while (0)

/* The last message contains the text. */
#define ck_clf_says(text)                                                                          \
  ck_assert_msg(strstr(clf_last_error(), text) != NULL, "'%s' is not in: %s", text,                \
                clf_last_error())

/* The last message is of a refused allocation: it names what that was for, each part once, and the
 * numbers. */
static inline void check_refused_memory(void) {
  const char *message = clf_last_error(), *end = strstr(message, "out of memory: ");
  unsigned long long asked, held, limit;
  char rest[8] = "";
  end = end != NULL ? end : strstr(message, "memory limit: ");
  ck_assert_msg(end != NULL && end - message > 2, "no subject: %s", message);
  const char *numbers = strchr(end, ':') + 2;
  ck_assert_msg(
      sscanf(numbers, "%llu more bytes were refused: %llu are hel%7s", &asked, &held, rest) == 3 ||
          sscanf(numbers, "%llu more bytes exceed it: %llu of %llu are hel%7s", &asked, &held,
                 &limit, rest) == 4,
      "no numbers: %s", message);
  ck_assert_str_eq(rest, "d");
  const char *before = NULL;
  size_t length = 0;
  for (const char *part = message; part < end;) {
    const size_t size = (size_t)(strstr(part, ": ") - part);
    ck_assert_msg(size > 0 && (size != length || memcmp(part, before, size) != 0),
                  "an empty or doubled name: %s", message);
    before = part;
    length = size;
    part += size + 2;
  }
}

/* A dense dataset that borrows `data` [rows, columns]; labels [rows] or NULL. */
static inline clf_dataset *dataset_of(clf_context *context, const void *data, int32_t dtype,
                                      int64_t rows, int64_t columns, const int32_t *labels) {
  clf_tensor *x = NULL;
  clf_tensor *y = NULL;
  clf_dataset *dataset = NULL;
  ck_clf_ok(clf_tensor_wrap(&x, context, data, dtype, 2, (int64_t[]){rows, columns}, NULL));
  if (dtype == CLF_U8) {
    ck_clf_ok(clf_tensor_set_scale(x, 1.0 / 255));
  }
  if (labels != NULL) {
    ck_clf_ok(clf_tensor_wrap(&y, context, labels, CLF_I32, 1, &rows, NULL));
  }
  ck_clf_ok(clf_dataset_create(&dataset, context, x, y));
  clf_tensor_free(x);
  clf_tensor_free(y);
  return dataset;
}

/* The same rows as CSR, copied; zeros are left out. */
static inline clf_dataset *sparse_of(clf_context *context, const float *data, int64_t rows,
                                     int64_t columns, const int32_t *labels) {
  clf_tensor *parts[4] = {NULL};
  clf_dataset *dataset = NULL;
  int64_t entries = 0;
  for (int64_t i = 0; i < rows * columns; i++) {
    entries += data[i] != 0;
  }
  ck_clf_ok(clf_tensor_create(&parts[0], context, CLF_I64, 1, (int64_t[]){rows + 1}));
  ck_clf_ok(clf_tensor_create(&parts[1], context, CLF_I32, 1, &entries));
  ck_clf_ok(clf_tensor_create(&parts[2], context, CLF_F32, 1, &entries));
  int64_t *row_start = clf_tensor_data(parts[0]);
  int32_t *column = clf_tensor_data(parts[1]);
  float *value = clf_tensor_data(parts[2]);
  int64_t e = 0;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) {
      if (data[i * columns + j] != 0) {
        column[e] = (int32_t)j;
        value[e++] = data[i * columns + j];
      }
    }
    row_start[i + 1] = e;
  }
  if (labels != NULL) {
    ck_clf_ok(clf_tensor_wrap(&parts[3], context, labels, CLF_I32, 1, &rows, NULL));
  }
  ck_clf_ok(clf_dataset_create_sparse(&dataset, context, columns, parts[0], parts[1], parts[2],
                                      parts[3]));
  for (int i = 0; i < 4; i++) {
    clf_tensor_free(parts[i]);
  }
  return dataset;
}

static inline void set_weights(clf_dataset *dataset, const float *weights) {
  clf_tensor *tensor = NULL;
  int64_t rows = clf_dataset_rows(dataset);
  ck_clf_ok(clf_tensor_wrap(&tensor, NULL, weights, CLF_F32, 1, &rows, NULL));
  ck_clf_ok(clf_dataset_set_weights(dataset, tensor));
  clf_tensor_free(tensor);
}

static inline clf_model *fitted(clf_context *context, const char *kind, const char *params,
                                const clf_dataset *train) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, kind, params));
  ck_clf_ok(clf_model_fit(model, train, NULL, NULL));
  return model;
}

/* The elements of a tensor of the fitted model, which `*tensor` holds. */
static inline const void *fitted_data(const clf_model *model, const char *name,
                                      clf_tensor **tensor) {
  ck_clf_ok(clf_model_tensor(tensor, model, name));
  return clf_tensor_data(*tensor);
}

/* For loops over all kinds of models. */
static inline const char *kind_at(int index) {
  return clf_kind_name("model", index);
}

/* Of the processor, by this process. */
static inline double seconds_worked(void) {
  return (double)clock() / CLOCKS_PER_SEC;
}

/* For clf_context_set_progress(). */
static inline int32_t cancel_at_once(void *user, const clf_progress *progress) {
  (void)user;
  (void)progress;
  return 1;
}

/* Numbers in [0, 1) that do not depend on the library: a 64-bit linear congruential generator. */
static inline double random_unit(uint64_t *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(*state >> 11) * 0x1p-53;
}

/* Roughly normal: the sum of twelve uniform numbers minus 6. */
static inline double random_normal(uint64_t *state) {
  double sum = -6;
  for (int i = 0; i < 12; i++) {
    sum += random_unit(state);
  }
  return sum;
}

/* Rows [rows, columns] in clouds around random centres, far apart, and their labels. */
static inline void fill_clouds(float *x, int32_t *y, int64_t rows, int64_t columns,
                               int64_t classes) {
  float *centres = (float *)malloc((size_t)(classes * columns) * sizeof *centres);
  uint64_t state = 9;
  for (int64_t i = 0; i < classes * columns; i++) {
    centres[i] = (float)(4 * random_normal(&state));
  }
  for (int64_t i = 0; i < rows; i++) {
    y[i] = (int32_t)(i % classes);
    for (int64_t j = 0; j < columns; j++) {
      x[i * columns + j] = centres[y[i] * columns + j] + (float)random_normal(&state);
    }
  }
  free(centres);
}

static inline clf_context *context_with(const char *params) {
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, params));
  return context;
}

#endif
