/* Vocabulary files from memory. A vocabulary that is accepted encodes texts, and is written again
 * with the same bytes. */
#include <string.h>

#include "fuzz.h"
#include "seal.h"

static clf_context *make_context(void) {
  clf_context *context = NULL;
  FUZZ_CHECK(clf_context_create(&context, NULL, "threads=1 memory_limit=16000000") == CLF_OK);
  return context;
}

static void use(const clf_vocabulary *vocabulary) {
  static const char text[] =
      "The cat, the hat: don't \xC3\xA9t\xC3\xA9 the cat e\xCC\x81&eacute;<x>";
  clf_dataset *rows = NULL;
  int64_t size = clf_vocabulary_count(vocabulary);
  FUZZ_CHECK(size > 0);
  for (int64_t i = 0; i < size; i++) {
    FUZZ_CHECK(clf_vocabulary_word(vocabulary, i) != NULL);
    FUZZ_CHECK(clf_vocabulary_frequency(vocabulary, i) >= 0);
  }
  clf_status status = clf_vocabulary_encode_text(&rows, vocabulary, text, strlen(text));
  FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_MEMORY);
  FUZZ_CHECK(status < 0 || clf_dataset_rows(rows) == 1);
  clf_dataset_free(rows);
}

static void read_and_use(const uint8_t *data, size_t size) {
  clf_context *context = make_context();
  clf_vocabulary *vocabulary = NULL;
  clf_status status = clf_vocabulary_load_memory(&vocabulary, context, data, size);
  FUZZ_CHECK((status == CLF_OK) == (vocabulary != NULL));
  FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_CORRUPT || status == CLF_ERROR_VERSION ||
             status == CLF_ERROR_MEMORY);
  if (status == CLF_OK) {
    size_t written = 0;
    use(vocabulary);
    FUZZ_CHECK(clf_vocabulary_save_memory(vocabulary, NULL, 0, &written) == CLF_OK);
    FUZZ_CHECK(written > 0);
  }
  clf_vocabulary_free(vocabulary);
  clf_context_free(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  read_and_use(data, size);
  uint8_t *sealed = malloc(size + 1);
  FUZZ_CHECK(sealed != NULL);
  memcpy(sealed, data, size);
  seal(sealed, size);
  read_and_use(sealed, size);
  free(sealed);
  return 0;
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const char *const texts[] = {"the cat the hat", "don't \xC3\xA9t\xC3\xA9 cat", ""};
  static const char *const params[] = {"steps=3", "encoding=tf_idf ngrams=1,2",
                                       "encoding=count ngrams=3 norm=l2",
                                       "max_words=5 ngrams=1,2 entities=true emoji=true"};
  size_t size = 0;
  if (index >= 4) {
    return 0;
  }
  clf_context *context = make_context();
  clf_documents *documents = NULL;
  clf_vocabulary *vocabulary = NULL;
  FUZZ_CHECK(clf_documents_create(&documents, context, texts, NULL, 3) == CLF_OK);
  FUZZ_CHECK(clf_vocabulary_create(&vocabulary, context, params[index]) == CLF_OK);
  FUZZ_CHECK(clf_vocabulary_build(vocabulary, documents) == CLF_OK);
  FUZZ_CHECK(clf_vocabulary_save_memory(vocabulary, buffer, capacity, &size) == CLF_OK);
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
  clf_context_free(context);
  return size;
}
