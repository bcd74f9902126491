/* Model files that were damaged, and ones that were made to do harm: refused, or harmless. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "store/store.h"
#include "support.h"

enum { ROWS = 18, COLUMNS = 2, CLASSES = 3, CAPACITY = 1 << 17 };

static float values[ROWS * COLUMNS];
static int32_t labels[ROWS];

/* A saved model of one kind, with a pipeline, and the rows it was fitted on. */
typedef struct victim {
  clf_context *context;
  clf_dataset *rows;
  unsigned char *bytes;
  size_t size;
} victim;

/* Settings: each kind of model plain, then each with a pipeline; then networks of more layers. */
static const char *const networks[] = {
    "precision=bf16 input=2,1 epochs=2 layers='conv2d filters=2 kernel=2 padding=same; batch_norm; "
    "activation; max_pool2d size=1; flatten; dense units=3; batch_norm'",
    "epochs=2 layers='embedding vocabulary=6 units=2; gru units=2 bidirectional=true "
    "initial_state=learned; dense units=3'",
};
enum { NORMS, WORDS, NETWORKS }; /* their order; the second reads words and has a vocabulary */
/* And models with tensors of their own: an svm of each type, and sums over rows. */
static const char *const machines[][2] = {{"svm", "type=one_class"},
                                          {"svm", "type=nu_svc nu=0.6 kernel=linear"},
                                          {"ridge", "incremental=true"},
                                          {"fisher", "incremental=true"},
                                          {"logistic", "penalty=l1 C=0.5"},
                                          {"svm",
                                           "kernel=linear loss=squared_hinge penalty=elastic_net "
                                           "multiclass=one_vs_rest"},
                                          {"svm", "type=epsilon_svr kernel=linear C=0.5"},
                                          {"svm", "type=nu_svr"}};
enum { MACHINES = sizeof machines / sizeof *machines, REGRESSIONS = 2 }; /* these are the last */

static int setting_count(void) {
  return 2 * (int)clf_kind_count("model") + NETWORKS + MACHINES;
}

static void add_vocabulary(clf_model *model, clf_context *context) {
  static const char *const texts[] = {"a fine film", "a fine day"};
  clf_documents *documents = NULL;
  clf_vocabulary *vocabulary = NULL;
  ck_clf_ok(clf_documents_create(&documents, context, texts, NULL, 2));
  ck_clf_ok(clf_vocabulary_create(&vocabulary, context, "max_words=6 steps=2"));
  ck_clf_ok(clf_vocabulary_build(vocabulary, documents));
  ck_clf_ok(clf_model_set_vocabulary(model, vocabulary));
  ck_clf_ok(clf_model_set_metadata(model, "source", "films"));
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

static clf_model *create_model(clf_context *context, int setting) {
  const int kinds = (int)clf_kind_count("model"), network = setting - 2 * kinds;
  const char *kind = network < 0          ? clf_kind_name("model", setting / 2)
                     : network < NETWORKS ? "network"
                                          : machines[network - NETWORKS][0];
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, kind,
                             network < 0          ? NULL
                             : network < NETWORKS ? networks[network]
                                                  : machines[network - NETWORKS][1]));
  if (network == WORDS) {
    add_vocabulary(model, context);
  }
  if (network < 0 && setting % 2 == 1) {
    ck_clf_ok(clf_model_add_transform(model, "min_max", NULL));
    ck_clf_ok(clf_model_add_transform(model, "polynomial", NULL));
    ck_clf_ok(clf_model_add_transform(model, "standardize", NULL));
  }
  if (setting == 1) { /* once, for there is much in it to change */
    ck_clf_ok(clf_model_add_transform(model, "pca", "components=3"));
  }
  if (setting == 3) {
    ck_clf_ok(clf_model_add_transform(model, "log_count_ratio", NULL));
  }
  if (setting == 4) {
    ck_clf_ok(clf_model_add_transform(model, "impute", "indicator=true"));
    ck_clf_ok(clf_model_add_transform(model, "robust", NULL));
    ck_clf_ok(clf_model_add_transform(model, "quantile", "quantiles=5"));
  }
  if (setting == 6) {
    ck_clf_ok(clf_model_add_transform(model, "one_hot", "columns=1 unknown=ignore"));
    ck_clf_ok(clf_model_add_transform(model, "target_mean", "columns=2"));
    ck_clf_ok(clf_model_add_transform(model, "ordinal", "columns=2 unknown=own"));
    ck_clf_ok(clf_model_add_transform(model, "hash", "columns=3 size=4"));
  }
  return model;
}

/* Regressions learn the labels as numbers. */
static void set_targets(clf_dataset *rows, clf_context *context) {
  static double targets[ROWS];
  clf_tensor *tensor = NULL;
  for (int i = 0; i < ROWS; i++) {
    targets[i] = labels[i] + 0.1 * i;
  }
  ck_clf_ok(clf_tensor_wrap(&tensor, context, targets, CLF_F64, 1, (int64_t[]){ROWS}, NULL));
  ck_clf_ok(clf_dataset_set_targets(rows, tensor));
  clf_tensor_free(tensor);
}

static victim make_victim(int setting) {
  uint64_t state = 2;
  victim made = {0};
  const bool words = setting == 2 * (int)clf_kind_count("model") + WORDS;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % CLASSES;
    for (int j = 0; j < COLUMNS; j++) {
      const double value = random_normal(&state) + (j == labels[i] ? 3 : 0);
      values[i * COLUMNS + j] = words ? (float)(1 + (labels[i] + j) % 5) : (float)value;
    }
  }
  ck_clf_ok(clf_context_create(&made.context, NULL, "threads=1"));
  const bool regression = setting >= setting_count() - REGRESSIONS;
  made.rows = dataset_of(made.context, values, CLF_F32, ROWS, COLUMNS, regression ? NULL : labels);
  if (regression) {
    set_targets(made.rows, made.context);
  }
  const char *const names[] = {"width", "height"};
  ck_clf_ok(clf_dataset_set_column_names(made.rows, setting < 2 ? names : NULL, COLUMNS));
  clf_model *model = create_model(made.context, setting);
  ck_clf_ok(clf_model_fit(model, made.rows, NULL, NULL));
  if (regression) {
    ck_clf_ok(clf_model_conform(model, made.rows, NULL));
  }
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &made.size));
  made.bytes = malloc(made.size);
  ck_clf_ok(clf_model_save_memory(model, made.bytes, made.size, &made.size));
  clf_model_free(model);
  return made;
}

static void free_victim(victim *from) {
  ck_assert_uint_lt(clf_context_memory_peak(from->context), 64 << 20);
  clf_dataset_free(from->rows);
  free(from->bytes);
  clf_context_free(from->context);
}

/* Uses a model in every way. The test is that nothing crashes. */
static void use(clf_model *model, const clf_dataset *rows) {
  static float numbers[CAPACITY];
  static int32_t found[ROWS];
  static char text[CAPACITY];
  clf_tensor *tensor = NULL;
  size_t size;
  double score;
  clf_model_predict(model, rows, found, ROWS);
  clf_model_decision_function(model, rows, numbers, CAPACITY);
  clf_model_predict_proba(model, rows, numbers, CAPACITY);
  clf_model_project(model, rows, numbers, CAPACITY, NULL);
  clf_model_predict_interval(model, rows, 0.9, numbers, CAPACITY);
  clf_model_score(model, rows, &score);
  clf_model_describe(model, text, sizeof text, &size);
  for (int64_t i = 0; clf_model_metadata_key(model, i) != NULL; i++) {
    ck_assert_ptr_nonnull(clf_model_metadata(model, clf_model_metadata_key(model, i)));
  }
  clf_network_summary(model, text, sizeof text, &size);
  clf_model_save_memory(model, NULL, 0, &size);
  for (int64_t i = 0; clf_model_tensor_name(model, i) != NULL; i++) {
    ck_clf_ok(clf_model_tensor(&tensor, model, clf_model_tensor_name(model, i)));
    clf_tensor_free(tensor);
  }
  for (int64_t i = 0; i < clf_model_classes(model); i++) {
    ck_assert_ptr_nonnull(clf_model_class_name(model, i));
  }
  clf_model_partial_fit(model, rows);
  clf_model_predict(model, rows, found, ROWS);
}

/* Asserts that the bytes are refused as damaged. */
static void check_damaged(const victim *from, const unsigned char *bytes, size_t size,
                          const char *what, size_t where) {
  clf_model *model = NULL;
  uint64_t held = clf_context_memory(from->context);
  clf_status status = clf_model_load_memory(&model, from->context, bytes, size);
  ck_assert_msg(status == CLF_ERROR_CORRUPT || status == CLF_ERROR_VERSION, "%s %zu: %s: %s", what,
                where, clf_status_name(status), clf_last_error());
  ck_assert_ptr_null(model);
  ck_assert_uint_eq(clf_context_memory(from->context), held);
}

/* Every third byte of a file, and fewer where memory is checked: others in that of the next setting. */
enum { STRIDE = ADDRESS_SANITIZER ? 19 : 3 };

TEST_LOOP(model_file__every_changed_byte_is_refused, 0, setting_count()) {
  victim from = make_victim(_i);
  for (size_t i = (size_t)_i % STRIDE; i < from.size; i += STRIDE) {
    const unsigned char bit = (unsigned char)(1u << i * 5 % 8);
    from.bytes[i] ^= bit;
    check_damaged(&from, from.bytes, from.size, "byte", i);
    from.bytes[i] ^= bit;
  }
  free_victim(&from);
}

TEST_LOOP(model_file__every_truncation_is_refused, 0, setting_count()) {
  victim from = make_victim(_i);
  for (size_t size = (size_t)_i % STRIDE; size < from.size; size += STRIDE) {
    unsigned char *cut = malloc(size > 0 ? size : 1); /* so that a read beyond its end is seen */
    memcpy(cut, from.bytes, size);
    check_damaged(&from, cut, size, "size", size);
    free(cut);
  }
  unsigned char *longer = calloc(1, from.size + 64);
  memcpy(longer, from.bytes, from.size);
  for (size_t more = 1; more <= 64; more++) {
    check_damaged(&from, longer, from.size + more, "size", from.size + more);
  }
  free(longer);
  free_victim(&from);
}

/* Changes one entry while the others are copied: adds to `store` what stands in for the entry. */
typedef void (*change)(clf__store *store, const char *name, const char *text,
                       const clf_tensor *tensor, int variant);

static void keep(clf__store *store, const char *name, const char *text, const clf_tensor *tensor) {
  ck_clf_ok(text != NULL ? clf__store_add_text(store, name, text)
                         : clf__store_add_tensor(store, name, tensor));
}

/* Loads the victim with one entry changed, its checksums right; uses what loads. */
static clf_status load_changed(const victim *from, int64_t index, change make, int variant) {
  clf__store *original = NULL;
  clf__store *store = NULL;
  clf_model *model = NULL;
  size_t size = 0;
  ck_clf_ok(clf__store_read_memory(&original, from->context, from->bytes, from->size));
  ck_clf_ok(clf__store_create(&store, from->context));
  for (int64_t i = 0; i < clf__store_count(original); i++) {
    const char *name = clf__store_name(original, i);
    const char *text = clf__store_text(original, name);
    const clf_tensor *tensor = clf__store_tensor(original, name);
    if (i == index) {
      make(store, name, text, tensor, variant);
    } else {
      keep(store, name, text, tensor);
    }
  }
  ck_clf_ok(clf__store_write_memory(store, NULL, 0, &size));
  unsigned char *bytes = malloc(size);
  ck_clf_ok(clf__store_write_memory(store, bytes, size, &size));
  clf_status status = clf_model_load_memory(&model, from->context, bytes, size);
  ck_assert_msg(status == CLF_OK || status == CLF_ERROR_CORRUPT || status == CLF_ERROR_VERSION ||
                    status == CLF_ERROR_UNSUPPORTED,
                "entry %s, variant %d: %s: %s", clf__store_name(original, index), variant,
                clf_status_name(status), clf_last_error());
  ck_assert(status == CLF_OK ? model != NULL : model == NULL);
  if (status == CLF_OK) {
    use(model, from->rows);
  } else {
    ck_assert_str_ne(clf_last_error(), "");
  }
  clf_model_free(model);
  free(bytes);
  clf__store_free(store);
  clf__store_free(original);
  return status;
}

/* Entries without which the model is complete, because they are only reported, not used; what a
 * partial fit would go on from; what an earlier version did not write; metadata; and classes,
 * without which a ridge is a regression. */
static bool is_optional(const char *name) {
  static const char *const names[] = {"state.history_loss",
                                      "state.explained_ratio",
                                      "state.iterations",
                                      "state.precision_loss",
                                      "state.decision_class_rows",
                                      "step.2.spread",
                                      "state.dual_coef_f64",
                                      "state.precision",
                                      "state.projection_precision",
                                      "state.weight_sums",
                                      "state.optimizer",
                                      "metadata.source",
                                      "feature_names",
                                      "classes"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(name, names[i]) == 0) {
      return true;
    }
  }
  return strncmp(name, "step.", 5) == 0 &&
         (strstr(name, ".input_names") != NULL || strstr(name, ".class_names") != NULL);
}

/* Tries the variants 0 … count-1 of a change on every entry that `applies` to. */
static void change_each(int setting, change make, int count,
                        bool (*applies)(const char *name, const clf_tensor *tensor),
                        bool must_fail) {
  victim from = make_victim(setting);
  clf__store *original = NULL;
  ck_clf_ok(clf__store_read_memory(&original, from.context, from.bytes, from.size));
  uint64_t held = clf_context_memory(from.context);
  for (int64_t i = 0; i < clf__store_count(original); i++) {
    const char *name = clf__store_name(original, i);
    if (!applies(name, clf__store_tensor(original, name))) {
      continue;
    }
    for (int variant = 0; variant < count; variant++) {
      clf_status status = load_changed(&from, i, make, variant);
      ck_assert_msg(!must_fail || status < 0, "setting %d: entry %s, variant %d was believed",
                    setting, name, variant);
      ck_assert_uint_eq(clf_context_memory(from.context), held);
    }
  }
  clf__store_free(original);
  free_victim(&from);
}

static bool is_needed(const char *name, const clf_tensor *tensor) {
  (void)tensor;
  return !is_optional(name);
}

static bool is_text(const char *name, const clf_tensor *tensor) {
  (void)name;
  return tensor == NULL;
}

static bool is_needed_tensor(const char *name, const clf_tensor *tensor) {
  return tensor != NULL && !is_optional(name);
}

static bool is_float_tensor(const char *name, const clf_tensor *tensor) {
  return is_needed_tensor(name, tensor) && (tensor->dtype == CLF_F32 || tensor->dtype == CLF_F64);
}

static void leave_out(clf__store *store, const char *name, const char *text,
                      const clf_tensor *tensor, int variant) {
  (void)store;
  (void)name;
  (void)text;
  (void)tensor;
  (void)variant;
}

TEST_LOOP(model_file__without_an_entry_is_refused, 0, setting_count()) {
  change_each(_i, leave_out, 1, is_needed, true);
}

/* A text for a tensor, a tensor for a text. */
static void swap_type(clf__store *store, const char *name, const char *text,
                      const clf_tensor *tensor, int variant) {
  (void)variant;
  clf_tensor *other = NULL;
  if (tensor != NULL) {
    ck_clf_ok(clf__store_add_text(store, name, "1"));
    return;
  }
  (void)text;
  ck_clf_ok(clf_tensor_create(&other, NULL, CLF_F32, 1, (int64_t[]){3}));
  ck_clf_ok(clf__store_add_tensor(store, name, other));
  clf_tensor_free(other);
}

TEST_LOOP(model_file__with_an_entry_of_the_other_type_is_refused, 0, setting_count()) {
  change_each(_i, swap_type, 1, is_needed, true);
}

static const char *const TEXTS[] = {
    "",
    " ",
    "x",
    "-1",
    "0",
    "1",
    "2",
    "4",
    "7",
    "1000000",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "1e300",
    "nan",
    "inf",
    "1.5",
    "ridge",
    "fisher",
    "perceptron",
    "logistic",
    "standardize",
    "min_max",
    "polynomial",
    "pca",
    "hog",
    "degree=30",
    "degree=3 interaction_only=true",
    "alpha=nan",
    "alpha=1 alpha",
    "alpha=\"1",
    "low=2 high=1",
    "\xff\xfe",
};
enum { TEXT_COUNT = sizeof TEXTS / sizeof TEXTS[0] };

static void put_text(clf__store *store, const char *name, const char *text,
                     const clf_tensor *tensor, int variant) {
  (void)text;
  (void)tensor;
  ck_clf_ok(clf__store_add_text(store, name, TEXTS[variant]));
}

TEST_LOOP(model_file__with_hostile_texts_does_no_harm, 0, setting_count()) {
  change_each(_i, put_text, TEXT_COUNT, is_text, false);
}

static void put_long_text(clf__store *store, const char *name, const char *text,
                          const clf_tensor *tensor, int variant) {
  enum { LONG = 1 << 20 };
  static char huge[LONG + 1];
  (void)text;
  (void)tensor;
  memset(huge, "a= "[variant], LONG);
  ck_clf_ok(clf__store_add_text(store, name, huge));
}

TEST_LOOP(model_file__with_huge_texts_does_no_harm, 0, setting_count()) {
  change_each(_i, put_long_text, 3, is_text, false);
}

/* The same numbers with another dtype. */
static void put_dtype(clf__store *store, const char *name, const char *text,
                      const clf_tensor *tensor, int variant) {
  static const int32_t dtypes[] = {CLF_F32, CLF_F64, CLF_U8, CLF_I32, CLF_I64};
  clf_tensor *other = NULL;
  (void)text;
  int32_t dtype = dtypes[variant] == tensor->dtype ? dtypes[variant + 1] : dtypes[variant];
  ck_clf_ok(clf_tensor_create(&other, NULL, dtype, tensor->ndim, tensor->shape));
  ck_clf_ok(clf__store_add_tensor(store, name, other));
  clf_tensor_free(other);
}

TEST_LOOP(model_file__with_a_wrong_dtype_is_refused, 0, setting_count()) {
  change_each(_i, put_dtype, 4, is_needed_tensor, true);
}

enum { SHAPE_COUNT = 8 };

/* Zeros of a wrong shape. */
static void put_shape(clf__store *store, const char *name, const char *text,
                      const clf_tensor *tensor, int variant) {
  clf_tensor *other = NULL;
  int64_t shape[CLF_MAX_DIMENSIONS] = {0};
  int32_t ndim = tensor->ndim;
  (void)text;
  memcpy(shape, tensor->shape, (size_t)ndim * sizeof *shape);
  int32_t last = ndim > 0 ? ndim - 1 : 0;
  switch (variant) {
  case 0: /* no elements */
    shape[0] = 0;
    ndim = ndim > 0 ? ndim : 1;
    break;
  case 1:
    shape[0]++;
    ndim = ndim > 0 ? ndim : 1;
    break;
  case 2:
    shape[last]++;
    ndim = ndim > 0 ? ndim : 1;
    break;
  case 3:
    shape[last] = shape[last] > 1 ? shape[last] - 1 : 2;
    ndim = ndim > 0 ? ndim : 1;
    break;
  case 4: /* an axis more */
    shape[ndim++] = 1;
    break;
  case 5: /* an axis fewer */
    ndim = ndim > 0 ? ndim - 1 : 1;
    break;
  case 6:
    ndim = CLF_MAX_DIMENSIONS;
    for (int32_t i = 0; i < ndim; i++) {
      shape[i] = 1;
    }
    break;
  default:
    shape[last] += 10000;
    ndim = ndim > 0 ? ndim : 1;
  }
  ck_clf_ok(clf_tensor_create(&other, NULL, tensor->dtype, ndim, shape));
  ck_clf_ok(clf__store_add_tensor(store, name, other));
  clf_tensor_free(other);
}

TEST_LOOP(model_file__with_a_wrong_shape_is_refused, 0, setting_count()) {
  change_each(_i, put_shape, SHAPE_COUNT, is_needed_tensor, true);
}

/* A copy with one number replaced, the first or the last. */
static void put_number(clf__store *store, const char *name, const clf_tensor *tensor, int variant,
                       double number) {
  clf_tensor *copy = NULL;
  ck_clf_ok(clf_tensor_copy(&copy, tensor, tensor->dtype));
  int64_t at = variant % 2 == 0 ? 0 : clf_tensor_count(copy) - 1;
  switch (tensor->dtype) {
  case CLF_F32:
    ((float *)clf_tensor_data(copy))[at] = (float)number;
    break;
  case CLF_F64:
    ((double *)clf_tensor_data(copy))[at] = number;
    break;
  case CLF_I32:
    ((int32_t *)clf_tensor_data(copy))[at] = (int32_t)fmax(fmin(number, 2147483647.), -2147483648.);
    break;
  case CLF_I64:
    ((int64_t *)clf_tensor_data(copy))[at] = number > 0 ? INT64_MAX : INT64_MIN;
    break;
  default:
    ((uint8_t *)clf_tensor_data(copy))[at] = number > 0 ? 255 : 0;
  }
  ck_clf_ok(clf__store_add_tensor(store, name, copy));
  clf_tensor_free(copy);
}

static void put_not_finite(clf__store *store, const char *name, const char *text,
                           const clf_tensor *tensor, int variant) {
  const double numbers[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
  (void)text;
  put_number(store, name, tensor, variant, numbers[variant / 2]);
}

TEST_LOOP(model_file__with_numbers_that_are_not_finite_is_refused, 0, setting_count()) {
  change_each(_i, put_not_finite, 6, is_float_tensor, true);
}

static void put_extreme(clf__store *store, const char *name, const char *text,
                        const clf_tensor *tensor, int variant) {
  static const double numbers[] = {3e38, -3e38, 0, -1, 1e-45, 1};
  (void)text;
  put_number(store, name, tensor, variant, numbers[variant / 2]);
}

TEST_LOOP(model_file__with_extreme_numbers_does_no_harm, 0, setting_count()) {
  change_each(_i, put_extreme, 12, is_needed_tensor, false);
}

static bool is_variance(const char *name, const clf_tensor *tensor) {
  (void)tensor;
  return strstr(name, "running_var") != NULL;
}

static void put_negative(clf__store *store, const char *name, const char *text,
                         const clf_tensor *tensor, int variant) {
  (void)text;
  put_number(store, name, tensor, variant, -1);
}

TEST_LOOP(model_file__with_a_negative_variance_is_refused, setting_count() - NETWORKS + NORMS,
          setting_count() - NETWORKS + NORMS + 1) {
  change_each(_i, put_negative, 2, is_variance, true);
}

/* A second entry, of another name. */
static void add_stranger(clf__store *store, const char *name, const char *text,
                         const clf_tensor *tensor, int variant) {
  static const char *const strangers[] = {"state.zzz", "step.99.kind", "zzz", "state."};
  keep(store, name, text, tensor);
  ck_clf_ok(clf__store_add_text(store, strangers[variant], "1"));
}

TEST_LOOP(model_file__with_a_stranger_does_no_harm, 0, setting_count()) {
  change_each(_i, add_stranger, 4, is_text, false);
}

/* The file of a network with another number of features and another input shape, as if it had been
 * fitted with them. */
static clf_status load_network(const char *layers, int64_t features, const int64_t *input,
                               int32_t axes) {
  clf__store *original = NULL, *store = NULL;
  clf_model *model = NULL, *loaded = NULL;
  clf_tensor *tensor = NULL;
  size_t size = 0;
  char text[32];
  static unsigned char bytes[CAPACITY];
  static const float pixels[4] = {1, 2, 3, 4};
  static const int32_t classes[2] = {0, 1};
  clf_dataset *rows = dataset_of(NULL, pixels, CLF_F32, 2, 2, classes);
  ck_clf_ok(clf_model_create(&model, NULL, "network", "input=2,1,1 epochs=0"));
  ck_clf_ok(clf_model_set_text(model, "layers", "global_max_pool2d; dense units=2"));
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  ck_clf_ok(clf_model_save_memory(model, bytes, sizeof bytes, &size));
  ck_clf_ok(clf__store_read_memory(&original, NULL, bytes, size));
  ck_clf_ok(clf__store_create(&store, NULL));
  snprintf(text, sizeof text, "%lld", (long long)features);
  for (int64_t i = 0; i < clf__store_count(original); i++) {
    const char *name = clf__store_name(original, i), *old = clf__store_text(original, name);
    const int64_t length = (int64_t)strlen(layers);
    if (strcmp(name, "features") == 0 || strcmp(name, "columns") == 0) {
      ck_clf_ok(clf__store_add_text(store, name, text));
    } else if (strcmp(name, "state.layers") == 0) {
      ck_clf_ok(clf_tensor_wrap(&tensor, NULL, layers, CLF_U8, 1, &length, NULL));
      ck_clf_ok(clf__store_add_tensor(store, name, tensor));
      clf_tensor_free(tensor);
    } else if (strcmp(name, "state.input_shape") == 0) {
      ck_clf_ok(clf_tensor_wrap(&tensor, NULL, input, CLF_I64, 1, (int64_t[]){axes}, NULL));
      ck_clf_ok(clf__store_add_tensor(store, name, tensor));
      clf_tensor_free(tensor);
    } else {
      keep(store, name, old, clf__store_tensor(original, name));
    }
  }
  ck_clf_ok(clf__store_write_memory(store, bytes, sizeof bytes, &size));
  const clf_status status = clf_model_load_memory(&loaded, NULL, bytes, size);
  if (status == CLF_OK) {
    static char table[4096];
    ck_clf_ok(clf_network_summary(loaded, table, sizeof table, &size));
    ck_assert_ptr_null(strchr(table, '-'));
  }
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(rows);
  clf__store_free(original);
  clf__store_free(store);
  return status;
}

/* An axis is 2^31 at most, and all of a shape can be addressed: so no sum of sizes overflows. */
TEST(network__of_shapes_beyond_all_memory_is_refused) {
  static const char same[] =
      "max_pool2d size=10000 stride=1 padding=same; global_max_pool2d; "
      "dense units=2";
  const int64_t axis = INT64_C(1) << 31, most = INT64_MAX - 1;
  ck_clf_fails(load_network(same, most, (int64_t[]){most, 1, 1}, 3), CLF_ERROR_CORRUPT);
  ck_clf_says("9223372036854775806");
  ck_clf_fails(load_network(same, 2, (int64_t[]){most, 1, 1}, 3), CLF_ERROR_CORRUPT);
  ck_clf_says("9223372036854775806x1x1");
  ck_clf_fails(load_network(same, axis, (int64_t[]){axis + 1, 1, 1}, 3), CLF_ERROR_CORRUPT);
  ck_clf_says("2147483649x1x1");
  ck_clf_fails(load_network(same, axis, (int64_t[]){axis, axis, 1}, 3), CLF_ERROR_CORRUPT);
  ck_clf_says("2147483648x2147483648x1");
  ck_clf_fails(load_network("conv2d filters=1000000 kernel=1; global_max_pool2d; dense units=2",
                            axis, (int64_t[]){axis, 1, 1}, 3),
               CLF_ERROR_CORRUPT);
  ck_clf_says("2147483648x1x1000000");
  ck_clf_ok(load_network(same, axis, (int64_t[]){axis, 1, 1}, 3));
  ck_clf_ok(load_network(same, 2, (int64_t[]){2, 1, 1}, 3));
}

TEST(load__refuses_what_is_no_model) {
  clf_model *model = NULL;
  clf__store *store = NULL;
  unsigned char bytes[4096];
  size_t size = 0;
  ck_clf_fails(clf_model_load_memory(&model, NULL, "", 0), CLF_ERROR_CORRUPT);
  ck_clf_fails(clf_model_load_memory(&model, NULL, NULL, 0), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_model_load_memory(NULL, NULL, bytes, 0), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf__store_create(&store, NULL));
  ck_clf_ok(clf__store_write_memory(store, bytes, sizeof bytes, &size));
  ck_clf_fails(clf_model_load_memory(&model, NULL, bytes, size), CLF_ERROR_CORRUPT);
  clf__store_free(store);
  ck_assert_ptr_null(model);
}

SUITE("hostile_model")
