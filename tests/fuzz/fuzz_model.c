/* Model files from memory. A model that loads is used in every way, and can be saved and loaded
 * again; whatever its numbers are, it predicts or says why not. */
#include "models.h"
#include "seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_load_and_use(data, size);
  uint8_t *sealed = malloc(size + 1);
  FUZZ_CHECK(sealed != NULL);
  memcpy(sealed, data, size);
  seal(sealed, size);
  fuzz_load_and_use(sealed, size);
  free(sealed);
  return 0;
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  clf_context *context = fuzz_context();
  const size_t size = fuzz_model_file(context, index, buffer, capacity);
  clf_context_free(context);
  return size;
}
