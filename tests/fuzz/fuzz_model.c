/* Model files from memory. A model that loads is used in every way, and can be saved and loaded
 * again; whatever its numbers are, it predicts or says why not. */
#include "models.h"
#include "seal.h"

static void load_and_use(const uint8_t *data, size_t size) {
  clf_context *context = fuzz_context();
  clf_model *model = NULL;
  const clf_status status = clf_model_load_memory(&model, context, data, size);
  FUZZ_CHECK((status == CLF_OK) == (model != NULL));
  FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_CORRUPT || status == CLF_ERROR_VERSION ||
             status == CLF_ERROR_UNSUPPORTED);
  if (status == CLF_OK) {
    fuzz_use(model, context);
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

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  clf_context *context = fuzz_context();
  const size_t size = fuzz_model_file(context, index, buffer, capacity);
  clf_context_free(context);
  return size;
}
