/* Stores from memory. A file that is accepted is written again and must have the same bytes,
 * because the format has one form for each content, but for a version that the content does not
 * need: it is accepted, and not written. */
#include <string.h>

#include "fuzz.h"
#include "seal.h"
#include "store/store.h"

enum { VERSION = 8 }; /* place of its lowest byte */

static clf_context *make_context(void) {
  clf_context *context = NULL;
  FUZZ_CHECK(clf_context_create(&context, NULL, "threads=1 memory_limit=16000000") == CLF_OK);
  return context;
}

static void read_and_write(const uint8_t *data, size_t size) {
  clf_context *context = make_context();
  clf__store *store = NULL;
  clf_status status = clf__store_read_memory(&store, context, data, size);
  FUZZ_CHECK((status == CLF_OK) == (store != NULL));
  FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_CORRUPT || status == CLF_ERROR_VERSION ||
             status == CLF_ERROR_MEMORY);
  if (status == CLF_OK) {
    size_t written = 0;
    uint8_t *bytes = malloc(size);
    FUZZ_CHECK(clf__store_write_memory(store, bytes, size, &written) == CLF_OK);
    FUZZ_CHECK(written == size && bytes[VERSION] <= data[VERSION]);
    bytes[VERSION] = data[VERSION];
    seal(bytes, size);
    FUZZ_CHECK(memcmp(bytes, data, size) == 0);
    free(bytes);
  }
  clf__store_free(store);
  clf_context_free(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  read_and_write(data, size);
  uint8_t *sealed = malloc(size + 1);
  FUZZ_CHECK(sealed != NULL);
  memcpy(sealed, data, size);
  seal(sealed, size);
  read_and_write(sealed, size);
  free(sealed);
  return 0;
}

/* An empty store, then more and more entries of all types. */
size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const int64_t shape[3] = {2, 1, 3};
  clf_context *context = make_context();
  clf__store *store = NULL;
  size_t size = 0;
  FUZZ_CHECK(clf__store_create(&store, context) == CLF_OK);
  for (int32_t i = 0; i < index; i++) {
    char name[] = "entry.0";
    clf_tensor *tensor = NULL;
    FUZZ_CHECK(clf_tensor_create(&tensor, context, i % CLF_I64 + 1, i % 4, shape) == CLF_OK);
    name[6] = (char)('0' + i);
    FUZZ_CHECK((i % 2 == 0 ? clf__store_add_text(store, name, "value")
                           : clf__store_add_tensor(store, name, tensor)) == CLF_OK);
    clf_tensor_free(tensor);
  }
  if (index < 8) {
    FUZZ_CHECK(clf__store_write_memory(store, buffer, capacity, &size) == CLF_OK);
  }
  clf__store_free(store);
  clf_context_free(context);
  return size;
}
