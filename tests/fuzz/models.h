/* What the fuzz targets of models share: contexts, rows, and calls of all functions of a model. */
#ifndef TESTS_FUZZ_MODELS_H
#define TESTS_FUZZ_MODELS_H

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "fuzz.h"
#include "interchange/model_format.h"
#include "interchange/onnx/onnx.h"
#include "models/model.h"

enum {
  FUZZ_ROWS = 6,
  FUZZ_FEATURES = 3,
  FUZZ_MOST_FEATURES = 1000,
  FUZZ_MOST_OUTPUTS = 1000,
  FUZZ_MEMORY = 256 << 20 /* that nothing the targets do may need: running out is a finding */
};

static inline clf_context *fuzz_context(void) {
  clf_context *context = NULL;
  char params[64];
  snprintf(params, sizeof params, "threads=1 memory_limit=%d", (int)FUZZ_MEMORY);
  FUZZ_CHECK(clf_context_create(&context, NULL, params) == CLF_OK);
  return context;
}

/* Rows of two or three classes, or two targets; of whole numbers from 0 on, as of tokens, or not.
 */
static inline clf_dataset *fuzz_rows(clf_context *context, int64_t features, bool regression,
                                     bool whole) {
  static float values[FUZZ_ROWS * FUZZ_MOST_FEATURES];
  static const double targets[FUZZ_ROWS * 2] = {1, -1, 2, 0, 3, 1, 2, 5, 8, 1, 0, 0};
  static const char *const names[FUZZ_ROWS] = {"a", "b", "a", "b", "c", "c"};
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *rows = NULL;
  for (int64_t i = 0; i < FUZZ_ROWS * features; i++) {
    values[i] = whole ? (float)(i * 7 % 5) : (float)(i * 7 % 11) / 4;
  }
  FUZZ_CHECK(clf_tensor_wrap(&x, context, values, CLF_F32, 2, (int64_t[]){FUZZ_ROWS, features},
                             NULL) == CLF_OK);
  FUZZ_CHECK(clf_dataset_create(&rows, context, x, NULL) == CLF_OK);
  if (regression) {
    FUZZ_CHECK(clf_tensor_wrap(&y, context, targets, CLF_F64, 2, (int64_t[]){FUZZ_ROWS, 2}, NULL) ==
               CLF_OK);
    FUZZ_CHECK(clf_dataset_set_targets(rows, y) == CLF_OK);
  } else {
    FUZZ_CHECK(clf_dataset_set_label_names(rows, names, FUZZ_ROWS) == CLF_OK);
  }
  clf_tensor_free(x);
  clf_tensor_free(y);
  return rows;
}

/* Names the codes 0 … 4 of whole numbers; from another name on, some are others. */
static inline void fuzz_name_codes(clf_dataset *rows, int64_t column, int from) {
  static const char *const names[] = {"red", "green", "", "blue", "grey", "black"};
  FUZZ_CHECK(clf_dataset_set_categories(rows, column, names + from, 5) == CLF_OK);
}

/* A call that may fail because of the model, but not because memory runs out. */
static inline bool fuzz_fine(clf_status status) {
  FUZZ_CHECK(status != CLF_ERROR_MEMORY);
  return status >= CLF_OK;
}

static inline void fuzz_predict(const clf_model *model, const clf_dataset *rows) {
  static float values[FUZZ_ROWS * FUZZ_MOST_OUTPUTS];
  int32_t labels[FUZZ_ROWS];
  double score;
  const int64_t outputs = clf_model_outputs(model), classes = clf_model_classes(model);
  if (fuzz_fine(clf_model_predict(model, rows, labels, FUZZ_ROWS))) {
    for (int i = 0; i < FUZZ_ROWS; i++) {
      FUZZ_CHECK(labels[i] >= -1 && labels[i] < (classes > 0 ? classes : 1)); /* -1: none */
    }
  }
  if (outputs <= FUZZ_MOST_OUTPUTS) {
    fuzz_fine(clf_model_decision_function(model, rows, values, FUZZ_ROWS * outputs));
    if (fuzz_fine(clf_model_predict_proba(model, rows, values, FUZZ_ROWS * outputs))) {
      for (int64_t i = 0; i < FUZZ_ROWS * outputs; i++) {
        FUZZ_CHECK(values[i] >= 0 && values[i] <= 1);
      }
    }
  }
  if (outputs <= FUZZ_MOST_OUTPUTS / 2) {
    uint8_t sets[FUZZ_ROWS * FUZZ_MOST_OUTPUTS];
    double priors[FUZZ_MOST_OUTPUTS];
    fuzz_fine(clf_model_predict_set(model, rows, 0.5, sets, FUZZ_ROWS * outputs));
    fuzz_fine(clf_model_predict_interval(model, rows, 0.5, values, FUZZ_ROWS * outputs * 2));
    fuzz_fine(clf_model_estimate_priors(model, rows, priors, FUZZ_MOST_OUTPUTS));
  }
  fuzz_fine(clf_model_project(model, rows, values, FUZZ_ROWS * FUZZ_MOST_OUTPUTS, NULL));
  fuzz_fine(clf_model_score(model, rows, &score));
}

/* Other programs' files, written to nowhere. */
static inline void fuzz_export(const clf_model *model) {
  for (const clf__kind *const *kind = clf__model_writers.kinds; *kind != NULL; kind++) {
    const clf__model_writer *writer = (const clf__model_writer *)*kind;
    void *values = NULL;
    clf__output nowhere = {.path = "/dev/null",
                           .descriptor = open("/dev/null", O_WRONLY | O_CLOEXEC)};
    FUZZ_CHECK(nowhere.descriptor >= 0);
    if (fuzz_fine(clf__params_create(&values, model->context, &writer->base.params, NULL))) {
      fuzz_fine(writer->write(model, &nowhere, values));
    }
    clf__params_free(&writer->base.params, values);
    clf__output_close(&nowhere);
  }
}

/* A sequence of some steps. */
static inline void fuzz_stream(const clf_model *model) {
  static const float steps[FUZZ_MOST_FEATURES];
  static float values[FUZZ_MOST_OUTPUTS];
  clf_sequence *sequence = NULL;
  if (!fuzz_fine(clf_sequence_create(&sequence, model))) {
    return;
  }
  const int64_t features = clf_sequence_features(sequence);
  if (features > 0 && features <= FUZZ_MOST_FEATURES / 3) {
    fuzz_fine(clf_sequence_feed(sequence, steps, 3));
    clf_sequence_decision_function(sequence, values, FUZZ_MOST_OUTPUTS);
    clf_sequence_predict_proba(sequence, values, FUZZ_MOST_OUTPUTS);
    FUZZ_CHECK(clf_sequence_reset(sequence) == CLF_OK);
  }
  clf_sequence_free(sequence);
}

/* A network of images as a detector, moved over a picture. */
static inline void fuzz_detect(const clf_model *model, clf_context *context) {
  static const uint8_t pixels[20 * 18] = {9, 200, 3, 77};
  clf_detector *detector = NULL;
  clf_image *picture = NULL;
  int64_t count = 0;
  if (fuzz_fine(clf_detector_create(&detector, model, "scale_step=2 threshold=0"))) {
    FUZZ_CHECK(clf_image_create(&picture, context, 20, 18, 1, pixels, 18) == CLF_OK);
    fuzz_fine(clf_detector_run(detector, picture, NULL, 0, &count));
  }
  clf_image_free(picture);
  clf_detector_free(detector);
}

/* What the model is described as, its tensors, and its file, which loads again. */
static inline void fuzz_describe(const clf_model *model, clf_context *context) {
  static char text[1 << 16];
  size_t size = 0;
  clf_model *again = NULL, *clone = NULL;
  clf_tensor *tensor = NULL;
  fuzz_fine(clf_model_describe(model, text, sizeof text, NULL));
  fuzz_fine(clf_network_summary(model, text, sizeof text, NULL));
  for (int64_t i = 0; clf_model_tensor_name(model, i) != NULL; i++) {
    FUZZ_CHECK(clf_model_tensor(&tensor, model, clf_model_tensor_name(model, i)) == CLF_OK);
    clf_tensor_free(tensor);
  }
  for (int64_t i = 0; i < clf_model_classes(model); i++) {
    FUZZ_CHECK(clf_model_class_name(model, i) != NULL);
  }
  for (int64_t i = 0; clf_model_metadata_key(model, i) != NULL; i++) {
    FUZZ_CHECK(clf_model_metadata(model, clf_model_metadata_key(model, i)) != NULL);
  }
  if (clf_model_feature_name(model, 0) != NULL) {
    FUZZ_CHECK(clf_model_feature_name(model, clf_model_features(model) - 1) != NULL);
  }
  FUZZ_CHECK(clf_model_clone(&clone, model) == CLF_OK);
  FUZZ_CHECK(clf_model_save_memory(model, NULL, 0, &size) == CLF_OK);
  uint8_t *bytes = malloc(size);
  FUZZ_CHECK(bytes != NULL);
  FUZZ_CHECK(clf_model_save_memory(model, bytes, size, &size) == CLF_OK);
  FUZZ_CHECK(clf_model_load_memory(&again, context, bytes, size) == CLF_OK);
  clf_model_free(again);
  clf_model_free(clone);
  free(bytes);
}

static inline void fuzz_use(const clf_model *model, clf_context *context) {
  const int64_t features = clf_model_features(model);
  FUZZ_CHECK(features > 0 && clf_model_outputs(model) > 0);
  for (int whole = 0; whole < 3 && features <= FUZZ_MOST_FEATURES; whole++) {
    clf_dataset *rows = fuzz_rows(context, features, clf_model_classes(model) == 0, whole > 0);
    for (int64_t j = 0; whole == 2 && j < features; j++) {
      if (clf_model_category_count(model, j) > 0) {
        fuzz_name_codes(rows, j, 1);
      }
    }
    fuzz_predict(model, rows);
    clf_dataset_free(rows);
  }
  fuzz_stream(model);
  fuzz_export(model);
  fuzz_detect(model, context);
  fuzz_describe(model, context);
}

/* Whether a file was loaded, which `made` says; else its status is one of a file's. */
static inline bool fuzz_loaded(clf_status status, bool made) {
  FUZZ_CHECK((status == CLF_OK) == made);
  FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_CORRUPT || status == CLF_ERROR_VERSION ||
             status == CLF_ERROR_UNSUPPORTED);
  return made;
}

static inline void fuzz_load_and_use(const uint8_t *bytes, size_t size) {
  clf_context *context = fuzz_context();
  clf_model *model = NULL;
  const clf_status status = clf_model_load_memory(&model, context, bytes, size);
  if (fuzz_loaded(status, model != NULL)) {
    fuzz_use(model, context);
  }
  clf_model_free(model);
  clf_context_free(context);
}

/* Sets what the model offers of other decisions. */
static inline void fuzz_decide(clf_model *model, const clf_dataset *rows) {
  static const double ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  const bool costs = strcmp(clf_model_kind(model), "logistic") == 0;
  FUZZ_CHECK(clf_model_classes(model) <= 3);
  fuzz_fine(clf_model_set_priors(model, ones, NULL));
  fuzz_fine(costs ? clf_model_set_costs(model, ones) : clf_model_tune_threshold(model, rows, NULL));
  fuzz_fine(clf_model_conform(model, rows, costs ? "by_class=true" : NULL));
}

/* A fitted model of three features; its file in the buffer. */
static inline size_t fuzz_save_fitted(clf_context *context, const char *kind, const char *params,
                                      bool regression, const char *transform, uint8_t *buffer,
                                      size_t capacity) {
  clf_model *model = NULL;
  size_t size = 0;
  const clf__transform_kind *stage =
      transform != NULL ? clf__kind_named(&clf__transform_kinds, transform) : NULL;
  const bool coded = stage != NULL && (stage->can & CLF__WANTS_CATEGORIES) != 0;
  clf_dataset *rows =
      fuzz_rows(context, FUZZ_FEATURES, regression, coded || strcmp(kind, "network") == 0);
  if (coded) {
    fuzz_name_codes(rows, 1, 0);
  }
  FUZZ_CHECK(clf_dataset_set_column_names(rows, (const char *const[]){"a", "b", ""},
                                          FUZZ_FEATURES) == CLF_OK);
  FUZZ_CHECK(clf_model_create(&model, context, kind, params) == CLF_OK);
  FUZZ_CHECK(clf_model_set_metadata(model, "key", "value") == CLF_OK);
  if (transform != NULL) {
    const bool images = strcmp(transform, "hog") == 0;
    FUZZ_CHECK(clf_model_add_transform(model, transform,
                                       images ? "input=1,3 cell=1 block=1" : NULL) == CLF_OK);
  }
  FUZZ_CHECK(clf_model_fit(model, rows, NULL, NULL) >= CLF_OK);
  fuzz_decide(model, rows);
  if (transform == NULL) { /* some make so many columns that their axes fill the buffer */
    fuzz_fine(clf_model_set_reject(model, rows, "rate=0.3"));
  }
  FUZZ_CHECK(clf_model_save_memory(model, buffer, capacity, &size) == CLF_OK);
  clf_dataset_free(rows);
  clf_model_free(model);
  return size;
}

/* Writes file number `index`: of every kind of classifier, of a regression, of every transform, and
 * of networks. Returns 0 if there is none of that number. */
static inline size_t fuzz_model_file(clf_context *context, int index, uint8_t *buffer,
                                     size_t capacity) {
  static const char *const networks[] = {
      "input=3,1 epochs=1 layers='conv2d filters=2 kernel=2 padding=same; batch_norm; activation; "
      "max_pool2d size=1; flatten; dense units=3'",
      "epochs=1 layers='embedding vocabulary=6 units=2; lstm units=2 return_sequences=true "
      "bidirectional=true initial_state=learned; global_max_pool1d; dense units=3'",
      "epochs=1 layers='embedding vocabulary=6 units=2; gru units=2; dense units=3' "
      "loss=squared_error",
      "precision=bf16 input=3,1 epochs=1 layers='rnn units=2 return_sequences=true; "
      "global_average_pool1d; dense units=3'",
      "input=1,3,1 epochs=1 layers='average_pool2d size=2 padding=same stride=1; conv2d filters=6 "
      "kernel=1 activation=relu; dropout; global_average_pool2d; dense units=3'",
  };
  static const char *const others[][2] = {
      {"svm", "kernel=rbf probability=true"},
      {"ridge", "calibration=isotonic calibration_folds=2"},
      {"logistic", "calibration=temperature calibration_folds=2"},
      {"perceptron", "calibration=sigmoid calibration_folds=2"},
      {"svm", "kernel=polynomial multiclass=one_vs_rest"},
      {"svm", "kernel=linear loss=squared_hinge multiclass=one_vs_rest penalty=l1"},
      {"logistic", "penalty=l1"},
      {"ridge", "alphas=1,2 choose=shared"},
      {"svm", "type=nu_svc nu=0.2"},
      {"svm", "type=one_class kernel=linear"},
      {"fisher", "kernel=rbf"},
      {"perceptron", "kernel=rbf"},
      {"ridge", "incremental=true"},
      {"fisher", "incremental=true"},
  };
  const clf__kind *const *models = clf__model_kinds.kinds;
  const clf__kind *const *transforms = clf__transform_kinds.kinds;
  for (; *models != NULL; models++) {
    if (index-- == 0) {
      return fuzz_save_fitted(context, (*models)->name, NULL, false, NULL, buffer, capacity);
    }
  }
  for (; *transforms != NULL; transforms++) {
    if (index-- == 0) {
      return fuzz_save_fitted(context, "ridge", NULL, false, (*transforms)->name, buffer, capacity);
    }
  }
  if (index-- == 0) {
    return fuzz_save_fitted(context, "ridge", NULL, true, NULL, buffer, capacity);
  }
  if (index-- == 0) {
    return fuzz_save_fitted(context, "svm", "type=nu_svr", true, NULL, buffer, capacity);
  }
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (index-- == 0) {
      return fuzz_save_fitted(context, others[i][0], others[i][1], false, NULL, buffer, capacity);
    }
  }
  for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
    if (index-- == 0) {
      return fuzz_save_fitted(context, "network", networks[i], false, NULL, buffer, capacity);
    }
  }
  return 0;
}

#endif
