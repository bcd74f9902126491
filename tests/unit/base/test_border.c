/* Every kind under a host that traps floating-point exceptions, rounds upwards and flushes
 * subnormal numbers: the same bits as without, no signal, and the host's environment afterwards. */
#include <fenv.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "failing_allocator.h"

enum { ROWS = 90, COLUMNS = 16, CLASSES = 3, TRACE = 4096 };

static float values[ROWS * COLUMNS], probabilities[ROWS * CLASSES];
static double doubles[ROWS * COLUMNS];
static int32_t labels[ROWS];
static char folder[] = "/tmp/classify-border-XXXXXX", csv_path[64];

static void fill_rows(void) {
  uint64_t state = 11;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % CLASSES;
    for (int j = 0; j < COLUMNS; j++) {
      const double value = random_normal(&state) + (j == labels[i] ? 2 : 0);
      values[i * COLUMNS + j] = j == 5 ? 1e-40F * (float)(i % 7) : (float)value; /* subnormal */
      doubles[i * COLUMNS + j] = value / 3;
    }
    for (int k = 0; k < CLASSES; k++) {
      probabilities[i * CLASSES + k] = k == labels[i] ? 0.7F : 0.15F;
    }
  }
  FILE *file = NULL;
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(csv_path, sizeof csv_path, "%s/rows.csv", folder);
  file = fopen(csv_path, "w");
  for (int i = 0; i < ROWS; i++) {
    fprintf(file, "%.9g,%.9g,1.1e-40,%d\n", (double)values[i], doubles[i] / 7, labels[i]);
  }
  fclose(file);
}

/* What may not change in a call. */
typedef struct environment {
  int rounding, traps, flags;
  uint32_t control; /* of SSE, flags included */
} environment;

static environment environment_now(void) {
  environment now = {fegetround(), fegetexcept(), fetestexcept(FE_ALL_EXCEPT), 0};
#if defined(__x86_64__)
  now.control = __builtin_ia32_stmxcsr();
#endif
  return now;
}

enum { FRIENDLY, TRAPPING, FLAGGED };

static void set_environment(int kind) {
  fesetenv(FE_DFL_ENV);
  if (kind == FLAGGED) {
    fesetround(FE_TOWARDZERO);
    feraiseexcept(FE_OVERFLOW | FE_INEXACT);
  }
#if defined(__x86_64__)
  if (kind != FRIENDLY) {
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040); /* subnormal numbers are 0 */
  }
#endif
  if (kind == TRAPPING) {
    fesetround(FE_UPWARD);
    feenableexcept(FE_ALL_EXCEPT);
  }
}

/* The results of the calls, as a hash of their bytes after each call. */
typedef struct trace {
  uint64_t hash[TRACE];
  int count;
  int64_t asked; /* the progress callback */
} trace;

static void note(trace *to, const void *bytes, size_t size) {
  uint64_t hash = to->count > 0 ? to->hash[to->count - 1] : 14695981039346656037ULL;
  for (size_t i = 0; i < size; i++) {
    hash = (hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211ULL;
  }
  ck_assert_int_lt(to->count, TRACE);
  to->hash[to->count++] = hash;
}

/* The call succeeds and leaves the environment. */
#define CALL(call)                                                                                 \
  do {                                                                                             \
    const environment before_ = environment_now();                                                 \
    const clf_status status_ = (call);                                                             \
    const environment after_ = environment_now();                                                  \
    ck_assert_msg(status_ >= 0, "%s: %s", #call, clf_last_error());                                \
    ck_assert_msg(memcmp(&before_, &after_, sizeof before_) == 0, "%s", #call);                    \
  } while (0)

static int32_t check_callback(void *user, const clf_progress *progress) {
  const environment now = environment_now();
  (void)progress;
  ((trace *)user)->asked++;
  ck_assert_int_eq(now.rounding, FE_TONEAREST);
  ck_assert_int_eq(now.traps, 0);
  return 0;
}

static void use_model(trace *to, clf_context *context, const clf_model *model,
                      const clf_dataset *rows) {
  static float out[ROWS * 1024];
  static int32_t found[ROWS];
  static char text[1 << 20];
  clf_model *loaded = NULL;
  double score;
  int64_t components;
  size_t size;
  const int64_t outputs = clf_model_outputs(model);
  CALL(clf_model_predict(model, rows, found, ROWS));
  note(to, found, sizeof found);
  CALL(clf_model_decision_function(model, rows, out, ROWS * outputs));
  note(to, out, (size_t)(ROWS * outputs) * sizeof *out);
  if (clf_model_predict_proba(model, rows, out, ROWS * outputs) == CLF_OK) {
    CALL(clf_model_predict_proba(model, rows, out, ROWS * outputs));
    note(to, out, (size_t)(ROWS * outputs) * sizeof *out);
  }
  if (clf_model_project(model, rows, NULL, 0, &components) == CLF_OK) {
    CALL(clf_model_project(model, rows, out, ROWS * components, NULL));
    note(to, out, (size_t)(ROWS * components) * sizeof *out);
  }
  CALL(clf_model_score(model, rows, &score));
  note(to, &score, sizeof score);
  CALL(clf_model_save_memory(model, text, sizeof text, &size));
  note(to, text, size);
  CALL(clf_model_load_memory(&loaded, context, text, size));
  CALL(clf_model_describe(loaded, text, sizeof text, &size));
  note(to, text, size);
  clf_model_free(loaded);
}

/* Models of all kinds, and others for the paths that a kind has more of. */
static const char *const models[][3] = {
    {"ridge", "alpha=0.37", "standardize"},
    {"ridge", "solver=cg", "polynomial"},
    {"fisher", "shrinkage=0.1", "pca"},
    {"fisher", "kernel=rbf gamma=0.1", "min_max"},
    {"perceptron", "epochs=7", "standardize"},
    {"perceptron", "kernel=rbf gamma=0.1 epochs=3", NULL},
    {"logistic", "C=0.7", "log_count_ratio"},
    {"svm", "kernel=linear", "hog input=4,4 cell=2 block=1"},
    {"svm", "kernel=rbf gamma=0.1 C=3.3 probability=true", NULL},
    {"network",
     "epochs=2 batch_size=16 layers='dense units=9 activation=tanh; batch_norm; dropout "
     "rate=0.2; dense units=3'",
     "standardize"},
    {"network",
     "epochs=2 batch_size=16 input=4,4,1 layers='conv2d filters=3 kernel=3 activation=relu; "
     "max_pool2d size=2; flatten; dense units=3'",
     NULL},
    {"network", "epochs=2 batch_size=16 input=4,4 layers='lstm units=5; dense units=3'", NULL},
};

static void run_model(trace *to, clf_context *context, const clf_dataset *rows, int index) {
  const char *const *entry = models[index];
  char step[32];
  clf_model *model = NULL;
  CALL(clf_model_create(&model, context, entry[0], entry[1]));
  if (entry[2] != NULL) {
    const char *space = strchr(entry[2], ' ');
    snprintf(step, sizeof step, "%.*s",
             (int)(space != NULL ? space - entry[2] : (ptrdiff_t)strlen(entry[2])), entry[2]);
    CALL(clf_model_add_transform(model, step, space != NULL ? space + 1 : NULL));
  }
  CALL(clf_model_fit(model, rows, NULL, NULL));
  use_model(to, context, model, rows);
  clf_model_free(model);
}

static void run_data(trace *to, clf_context *context, const clf_dataset *rows) {
  clf_dataset *loaded = NULL, *first = NULL, *second = NULL, *wide = NULL;
  clf_tensor *x = NULL, *f64 = NULL;
  CALL(clf_dataset_load(&loaded, context, "csv", csv_path, NULL));
  CALL(clf_dataset_tensor(&x, loaded, "x"));
  note(to, clf_tensor_data(x), clf_tensor_extent(x, 0) > 0 ? ROWS * 3 * sizeof(float) : 0);
  CALL(clf_dataset_split(&first, &second, rows, 0.3, 5));
  CALL(clf_tensor_wrap(&f64, context, doubles, CLF_F64, 2, (int64_t[]){ROWS, COLUMNS}, NULL));
  CALL(clf_dataset_create(&wide, context, f64, NULL));
  clf_tensor_free(x);
  clf_tensor_free(f64);
  clf_dataset_free(wide);
  clf_dataset_free(first);
  clf_dataset_free(second);
  clf_dataset_free(loaded);
}

static void run_measures(trace *to, clf_context *context, const clf_dataset *rows) {
  double out[4], scores[CLASSES][4];
  clf_model *model = NULL;
  clf_search *search = NULL;
  CALL(clf_accuracy(labels, labels, NULL, ROWS, &out[0]));
  CALL(clf_log_loss(labels, probabilities, NULL, ROWS, CLASSES, &out[1]));
  CALL(clf_roc_auc_classes(labels, probabilities, NULL, ROWS, CLASSES, &out[2]));
  note(to, out, 3 * sizeof *out);
  CALL(clf_brier_score(labels, probabilities, NULL, ROWS, CLASSES, &out[0]));
  CALL(clf_calibration_error(labels, probabilities, NULL, ROWS, CLASSES, 5, &out[1], NULL));
  CALL(clf_average_precision_classes(labels, probabilities, NULL, ROWS, CLASSES, &out[2]));
  CALL(clf_class_scores(labels, labels, NULL, ROWS, CLASSES, scores[0]));
  CALL(clf_cohen_kappa(labels, labels, NULL, ROWS, CLASSES, CLF_DISAGREEMENT_LINEAR, &out[3]));
  CALL(clf_top_k_accuracy(labels, probabilities, NULL, ROWS, CLASSES, 2, &out[3]));
  CALL(clf_model_create(&model, context, "ridge", NULL));
  CALL(clf_model_set_f64(model, "alpha", 0.1));
  CALL(clf_model_get_f64(model, "alpha", &out[3]));
  note(to, out, sizeof out);
  CALL(clf_cross_validate(model, rows, 3, 1, out));
  note(to, out, 3 * sizeof *out);
  CALL(clf_search_create(&search, model, rows, 3, 1, "alpha=0.1|1.7", NULL));
  out[0] = clf_search_mean(search, 1);
  out[1] = clf_search_deviation(search, 1);
  note(to, out, 2 * sizeof *out);
  clf_search_free(search);
  clf_model_free(model);
}

static void run_images(trace *to, clf_context *context) {
  static uint8_t pixels[12 * 10];
  clf_image *image = NULL, *small = NULL, *even = NULL, *lit = NULL;
  clf_box boxes[2] = {{.top = 1, .left = 1, .height = 3, .width = 3},
                      {.top = 2, .left = 1, .height = 3, .width = 3}};
  for (int i = 0; i < 120; i++) {
    pixels[i] = (uint8_t)(i * 37);
  }
  CALL(clf_image_create(&image, context, 12, 10, 1, pixels, 0));
  CALL(clf_image_resize(&small, image, 7, 5));
  note(to, clf_image_pixels(small), 35);
  CALL(clf_image_equalize(&even, image));
  note(to, clf_image_pixels(even), 120);
  CALL(clf_image_tan_triggs(&lit, image, NULL));
  note(to, clf_image_pixels(lit), 120);
  const environment before = environment_now();
  const double overlap = clf_box_overlap(&boxes[0], &boxes[1]);
  const environment after = environment_now();
  ck_assert_mem_eq(&before, &after, sizeof before);
  note(to, &overlap, sizeof overlap);
  clf_image_free(image);
  clf_image_free(small);
  clf_image_free(even);
  clf_image_free(lit);
}

/* A context of its own, so that its threads start in this environment. */
static void run_all(trace *to, int kind) {
  clf_context *context = NULL;
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *rows = NULL;
  memset(to, 0, sizeof *to);
  set_environment(kind);
  CALL(clf_context_create(&context, NULL, "threads=3"));
  CALL(clf_context_set_progress(context, check_callback, to));
  CALL(clf_tensor_wrap(&x, context, values, CLF_F32, 2, (int64_t[]){ROWS, COLUMNS}, NULL));
  CALL(clf_tensor_wrap(&y, context, labels, CLF_I32, 1, (int64_t[]){ROWS}, NULL));
  CALL(clf_dataset_create(&rows, context, x, y));
  for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
    run_model(to, context, rows, (int)i);
  }
  run_data(to, context, rows);
  run_measures(to, context, rows);
  run_images(to, context);
  clf_dataset_free(rows);
  clf_tensor_free(x);
  clf_tensor_free(y);
  clf_context_free(context);
  fesetenv(FE_DFL_ENV);
}

TEST_LOOP(border__gives_the_same_bits_whatever_the_host_has_set, TRAPPING, FLAGGED + 1) {
  static trace friendly, hostile;
  fill_rows();
  run_all(&friendly, FRIENDLY);
  ck_assert_int_gt(friendly.asked, 0);
  run_all(&hostile, _i);
  ck_assert_int_eq(friendly.count, hostile.count);
  for (int i = 0; i < friendly.count; i++) {
    ck_assert_msg(friendly.hash[i] == hostile.hash[i], "result %d of %d differs", i,
                  friendly.count);
  }
  unlink(csv_path);
  rmdir(folder);
}

/* A call that fails leaves the environment too. */
TEST(border__is_left_by_failures) {
  clf_model *model = NULL;
  for (int kind = TRAPPING; kind <= FLAGGED; kind++) {
    set_environment(kind);
    const environment before = environment_now();
    const clf_status status = clf_model_create(&model, NULL, "ridge", "alpha=-1.5e-3");
    const environment after = environment_now();
    fesetenv(FE_DFL_ENV);
    ck_assert_int_eq(status, CLF_ERROR_ARGUMENT);
    ck_assert_mem_eq(&before, &after, sizeof before);
  }
}

SUITE("border")
