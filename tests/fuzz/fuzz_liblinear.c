/* LIBLINEAR's model files from memory. A model that is read predicts, is saved and loaded, and is
 * written as a file that is read again. */
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "fuzz.h"
#include "interchange/model_format.h"

enum { ROWS = 3, MOST_FEATURES = 100, MOST_OUTPUTS = 100 };

static void predict(const clf_model *model, clf_context *context) {
  static const float values[ROWS * MOST_FEATURES] = {1, 0, -2, 0.5F, 3};
  float out[ROWS * MOST_OUTPUTS];
  int32_t labels[ROWS];
  int64_t features = clf_model_features(model), classes = clf_model_classes(model);
  clf_tensor *x = NULL;
  clf_dataset *rows = NULL;
  if (features > MOST_FEATURES || classes > MOST_OUTPUTS) {
    return;
  }
  FUZZ_CHECK(clf_tensor_wrap(&x, context, values, CLF_F32, 2, (int64_t[]){ROWS, features}, NULL) ==
             CLF_OK);
  FUZZ_CHECK(clf_dataset_create(&rows, context, x, NULL) == CLF_OK);
  if (clf_model_predict(model, rows, labels, ROWS) == CLF_OK) {
    for (int i = 0; i < ROWS; i++) {
      FUZZ_CHECK(labels[i] >= (classes > 0 ? 0 : -1) && labels[i] < clf_model_outputs(model));
    }
  }
  clf_model_predict_proba(model, rows, out, ROWS * classes);
  clf_dataset_free(rows);
  clf_tensor_free(x);
}

static clf_model *import(clf_context *context, const void *bytes, size_t size, const char *text) {
  void *params = NULL;
  clf_model *model = NULL;
  const clf__model_reader *format = &clf__model_reader_liblinear;
  const clf__bytes source = {bytes, size, CLF__BYTES_BORROWED};
  FUZZ_CHECK(clf__params_create(&params, context, &format->base.params, text) == CLF_OK);
  clf_status status = format->import(&model, context, &source, "file", params);
  FUZZ_CHECK((status == CLF_OK) == (model != NULL));
  FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_FORMAT || status == CLF_ERROR_UNSUPPORTED ||
             status == CLF_ERROR_MEMORY);
  FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_MEMORY ||
             strncmp(clf_last_error(), "file", 4) == 0);
  clf__params_free(&format->base.params, params);
  return model;
}

/* What is written can be read. */
static void write_again(const clf_model *model, clf_context *context) {
  char path[] = "/tmp/classify-fuzz-liblinear-XXXXXX";
  clf_model *again = NULL;
  int file = mkstemp(path);
  FUZZ_CHECK(file >= 0);
  close(file);
  if (clf_model_export(model, "liblinear", path, NULL) == CLF_OK) {
    clf_status status = clf_model_import(&again, context, "liblinear", path, NULL);
    FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_MEMORY || status == CLF_ERROR_FORMAT);
  }
  clf_model_free(again);
  unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const params[] = {NULL, "features=20", "features=1"};
  static unsigned written;
  clf_context *context = NULL;
  FUZZ_CHECK(clf_context_create(&context, NULL, "threads=1 memory_limit=64000000") == CLF_OK);
  for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
    uint64_t held = clf_context_memory(context);
    clf_model *model = import(context, data, size, params[i]);
    if (model != NULL) {
      predict(model, context);
      if (written++ % 64 == 0) { /* files are slow */
        write_again(model, context);
      }
    }
    clf_model_free(model);
    FUZZ_CHECK(clf_context_memory(context) == held);
  }
  clf_context_free(context);
  return 0;
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const char *const seeds[] = {
      "solver_type L2R_LR\nnr_class 2\nlabel 1 -1\nnr_feature 2\nbias 0.5\nw\n1.5 \n-2e-3 \n7 \n",
      "solver_type L2R_L2LOSS_SVC_DUAL\nnr_class 2\nlabel -1 1\nnr_feature 3\nbias "
      "-1\nw\n.5\n0\n1\n",
      "solver_type MCSVM_CS\nnr_class 3\nlabel 3 1 2\nnr_feature 2\nbias 1\nw\n1 2 3\n4 5 6\n7 8 "
      "9\n",
      "solver_type L1R_LR\nnr_class 3\nlabel 3 1 2\nnr_feature 1\nbias -1\nw\n1 2 3\n",
      "solver_type MCSVM_CS\nnr_class 2\nlabel 0 7\nnr_feature 1\nbias -1\nw\n1 -2\n",
      "solver_type L2R_L1LOSS_SVC_DUAL\nnr_class 4\nlabel 3 1 2 0\nnr_feature 1\nbias -1\nw\n1 2 3 "
      "0\n",
      "solver_type ONECLASS_SVM\nnr_class 2\nnr_feature 1\nbias -1\nrho 0.5\nw\n1\n",
      "solver_type L2R_L2LOSS_SVR\nnr_class 2\nnr_feature 1\nbias 2\nw\n1\n0.5\n",
  };
  const size_t count = sizeof seeds / sizeof seeds[0];
  if ((size_t)index >= count) {
    return 0;
  }
  size_t size = strlen(seeds[index]);
  FUZZ_CHECK(size <= capacity);
  memcpy(buffer, seeds[index], size);
  return size;
}
