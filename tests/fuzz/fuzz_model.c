/* Model files from memory. A model that loads is used in every way, and can be saved and loaded
 * again; whatever its numbers are, it predicts or says why not. */
#include <string.h>

#include "fuzz.h"
#include "models/model.h"
#include "seal.h"

enum { ROWS = 6, FEATURES = 3, MOST_FEATURES = 1000, MOST_OUTPUTS = 1000 };

static clf_context *make_context(void) {
  clf_context *context = NULL;
  FUZZ_CHECK(clf_context_create(&context, "threads=1 memory_limit=64000000", NULL) == CLF_OK);
  return context;
}

/* Rows of two or three classes, or two targets. */
static clf_dataset *make_rows(clf_context *context, int64_t features, bool regression) {
  static float values[ROWS * MOST_FEATURES];
  static const double targets[ROWS * 2] = {1, -1, 2, 0, 3, 1, 2, 5, 8, 1, 0, 0};
  static const char *const names[ROWS] = {"a", "b", "a", "b", "c", "c"};
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *rows = NULL;
  for (int64_t i = 0; i < ROWS * features; i++) {
    values[i] = (float)(i * 7 % 11) / 4;
  }
  FUZZ_CHECK(clf_tensor_wrap(&x, context, values, CLF_F32, 2, (int64_t[]){ROWS, features}, NULL,
                             NULL, NULL) == CLF_OK);
  FUZZ_CHECK(clf_dataset_create(&rows, context, x, NULL) == CLF_OK);
  if (regression) {
    FUZZ_CHECK(clf_tensor_wrap(&y, context, targets, CLF_F64, 2, (int64_t[]){ROWS, 2}, NULL, NULL,
                               NULL) == CLF_OK);
    FUZZ_CHECK(clf_dataset_set_targets(rows, y) == CLF_OK);
  } else {
    FUZZ_CHECK(clf_dataset_set_label_names(rows, names, ROWS) == CLF_OK);
  }
  clf_tensor_free(x);
  clf_tensor_free(y);
  return rows;
}

static void use(const clf_model *model, const clf_dataset *rows) {
  static float values[ROWS * MOST_OUTPUTS];
  int32_t labels[ROWS];
  double score;
  int64_t outputs = clf_model_outputs(model), classes = clf_model_classes(model);
  if (clf_model_predict(model, rows, labels, ROWS) == CLF_OK) {
    for (int i = 0; i < ROWS; i++) {
      FUZZ_CHECK(labels[i] >= 0 && labels[i] < classes);
    }
  }
  if (outputs <= MOST_OUTPUTS) {
    clf_model_decision_function(model, rows, values, ROWS * outputs);
    if (clf_model_predict_proba(model, rows, values, ROWS * outputs) == CLF_OK) {
      for (int64_t i = 0; i < ROWS * outputs; i++) {
        FUZZ_CHECK(values[i] >= 0 && values[i] <= 1);
      }
    }
  }
  clf_model_transform(model, rows, values, ROWS * MOST_OUTPUTS, NULL);
  clf_model_score(model, rows, &score);
  for (int64_t i = 0; i < classes; i++) {
    FUZZ_CHECK(clf_model_class_name(model, i) != NULL);
  }
}

static void describe_and_save(const clf_model *model, clf_context *context) {
  static char text[1 << 16];
  size_t size = 0;
  clf_model *again = NULL;
  clf_model_describe(model, text, sizeof text, NULL);
  FUZZ_CHECK(clf_model_save_memory(model, NULL, 0, &size) == CLF_OK);
  uint8_t *bytes = malloc(size);
  FUZZ_CHECK(clf_model_save_memory(model, bytes, size, &size) == CLF_OK);
  FUZZ_CHECK(clf_model_load_memory(&again, context, bytes, size) == CLF_OK);
  clf_model_free(again);
  free(bytes);
}

static void load_and_use(const uint8_t *data, size_t size) {
  clf_context *context = make_context();
  clf_model *model = NULL;
  clf_status status = clf_model_load_memory(&model, context, data, size);
  FUZZ_CHECK((status == CLF_OK) == (model != NULL));
  if (status == CLF_OK) {
    int64_t features = clf_model_features(model);
    FUZZ_CHECK(features > 0 && clf_model_outputs(model) > 0);
    if (features <= MOST_FEATURES) {
      clf_dataset *rows = make_rows(context, features, clf_model_classes(model) == 0);
      use(model, rows);
      clf_dataset_free(rows);
    }
    describe_and_save(model, context);
  } else {
    FUZZ_CHECK(status == CLF_ERROR_CORRUPT || status == CLF_ERROR_VERSION ||
               status == CLF_ERROR_UNSUPPORTED || status == CLF_ERROR_MEMORY);
  }
  clf_model_free(model);
  clf_context_free(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  load_and_use(data, size);
  uint8_t *sealed = malloc(size + 1);
  FUZZ_CHECK(sealed != NULL);
  memcpy(sealed, data, size);
  seal(sealed, size);
  load_and_use(sealed, size);
  free(sealed);
  return 0;
}

/* Every kind of classifier; then a regression, a pipeline, and a network of more layers. */
static size_t save_fitted(clf_context *context, const char *kind, const char *params,
                          bool regression, const char *transform, uint8_t *buffer,
                          size_t capacity) {
  clf_model *model = NULL;
  size_t size = 0;
  clf_dataset *rows = make_rows(context, FEATURES, regression);
  FUZZ_CHECK(clf_model_create(&model, context, kind, params) == CLF_OK);
  if (transform != NULL) {
    const bool images = strcmp(transform, "hog") == 0;
    FUZZ_CHECK(clf_model_add(model, transform, images ? "input=1,3 cell=1 block=1" : NULL) ==
               CLF_OK);
  }
  FUZZ_CHECK(clf_model_fit(model, rows, NULL, NULL) >= CLF_OK);
  FUZZ_CHECK(clf_model_save_memory(model, buffer, capacity, &size) == CLF_OK);
  clf_dataset_free(rows);
  clf_model_free(model);
  return size;
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  const clf__model_kind *const *models = clf__model_kinds();
  const clf__transform_kind *const *transforms = clf__transform_kinds();
  clf_context *context = make_context();
  size_t size = 0;
  for (; *models != NULL && index > 0; models++) {
    index--;
  }
  for (; *models == NULL && *transforms != NULL && index > 0; transforms++) {
    index--;
  }
  if (*models != NULL) {
    size = save_fitted(context, (*models)->name, NULL, false, NULL, buffer, capacity);
  } else if (*transforms != NULL) {
    size = save_fitted(context, "ridge", NULL, false, (*transforms)->name, buffer, capacity);
  } else if (index == 1) {
    size = save_fitted(context, "network",
                       "input=3,1 epochs=1 layers='conv2d filters=2 kernel=2 padding=same; "
                       "batch_norm; activation; max_pool2d size=1; flatten; dense units=3'",
                       false, NULL, buffer, capacity);
  } else if (index == 0) {
    size = save_fitted(context, "ridge", NULL, true, NULL, buffer, capacity);
  }
  clf_context_free(context);
  return size;
}
