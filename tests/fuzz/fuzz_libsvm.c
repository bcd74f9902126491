/* LIBSVM's model files from memory. A model that is read predicts, is saved and loaded, and is
 * written as a file that is read again. */
#include <stdio.h>
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
  const clf__model_reader *format = &clf__model_reader_libsvm;
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
  char path[] = "/tmp/classify-fuzz-libsvm-XXXXXX";
  clf_model *again = NULL;
  int file = mkstemp(path);
  FUZZ_CHECK(file >= 0);
  close(file);
  if (clf_model_export(model, "libsvm", path, NULL) == CLF_OK) {
    char params[64];
    snprintf(params, sizeof params, "features=%d zero_based=false", (int)clf_model_features(model));
    clf_status status = clf_model_import(&again, context, "libsvm", path, params);
    FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_MEMORY || status == CLF_ERROR_FORMAT);
  }
  clf_model_free(again);
  unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const params[] = {NULL, "features=20 zero_based=true", "zero_based=false"};
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
      "svm_type one_class\nkernel_type rbf\ngamma 0.5\nnr_class 2\ntotal_sv 2\nrho 0.25\nSV\n"
      "1 1:1\n0.5 2:1\n",
      "svm_type nu_svr\nkernel_type linear\nnr_class 2\ntotal_sv 2\nrho 1\nprobA 2\nSV\n"
      "1 1:1\n-1 2:3\n",
      "svm_type c_svc\nkernel_type rbf\ngamma 0.5\nnr_class 2\ntotal_sv 3\nrho 0.25\n"
      "label 1 -1\nprobA -1.5\nprobB 0.1\nnr_sv 1 2\nSV\n1 1:0.5 3:2\n-0.5 2:1e-3\n-.5 1:-1 2:7\n",
      "svm_type nu_svc\nkernel_type linear\nnr_class 3\ntotal_sv 3\nrho 0 1 2\nlabel 3 1 2\n"
      "nr_sv 1 1 1\nSV\n1 1 1:1 2:2 3:3\n-1 .5 2:1\n-1 -.5 0:4\n",
      "svm_type c_svc\nkernel_type polynomial\ndegree 2\ngamma 1\ncoef0 1\nnr_class 2\ntotal_sv 2\n"
      "rho -1\nlabel 0 7\nnr_sv 1 1\nSV\n1 5:1\n-1 4:1\n",
      "svm_type c_svc\nkernel_type precomputed\nnr_class 2\ntotal_sv 2\nrho 0\nlabel 1 2\n"
      "nr_sv 1 1\nSV\n1 0:2 \n-1 0:5 \n",
      "svm_type c_svc\nkernel_type sigmoid\ngamma .1\ncoef0 0\nnr_class 2\ntotal_sv 2\n"
      "rho 1\nlabel 2 1\nnr_sv 1 1\nSV\n3 90:1\n-3 \n",
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
