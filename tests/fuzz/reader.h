/* What the targets of the data readers share: one format, any bytes, each of some parameters. */
#ifndef TESTS_FUZZ_READER_H
#define TESTS_FUZZ_READER_H

#include <string.h>

#include "base/memory.h"
#include "data/dataset.h"
#include "fuzz.h"

/* Reads the bytes; a dataset that comes of it is in order, and no memory is lost. */
static inline void fuzz_parse(const clf__dataset_reader *format, clf_context *context,
                              const uint8_t *data, size_t size, const char *params) {
  void *values = NULL;
  clf_dataset *dataset = NULL;
  uint64_t held = clf_context_memory(context);
  FUZZ_CHECK(clf__params_create(&values, context, &format->base.params, params) == CLF_OK);
  unsigned char *block = clf__alloc(context, size);
  FUZZ_CHECK(block != NULL);
  memcpy(block, data, size);
  clf__bytes bytes = {block, size, CLF__BYTES_BLOCK};
  clf_status status = format->parse(&dataset, context, &bytes, "file", values);
  FUZZ_CHECK((status == CLF_OK) == (dataset != NULL));
  FUZZ_CHECK(status == CLF_OK || strncmp(clf_last_error(), "file", 4) == 0);
  if (dataset != NULL) {
    clf__rows rows = clf__dataset_rows(dataset);
    FUZZ_CHECK(rows.rows > 0 && rows.columns > 0);
    (void)clf__rows_check_finite(context, &rows);
    for (int64_t i = 0; clf__dataset_labels(dataset) != NULL && i < rows.rows; i++) {
      FUZZ_CHECK(clf_dataset_class_name(dataset, clf__dataset_labels(dataset)[i]) != NULL);
    }
  }
  clf_dataset_free(dataset);
  clf__bytes_release(&bytes);
  clf__params_free(&format->base.params, values);
  FUZZ_CHECK(clf_context_memory(context) == held);
}

static inline int fuzz_format(const clf__dataset_reader *format, const uint8_t *data, size_t size,
                              const char *const *params, size_t count) {
  clf_context *context = NULL;
  FUZZ_CHECK(clf_context_create(&context, NULL, "threads=1 memory_limit=64000000") == CLF_OK);
  for (size_t i = 0; i < count; i++) {
    fuzz_parse(format, context, data, size, params[i]);
  }
  clf_context_free(context);
  return 0;
}

static inline size_t fuzz_copy(uint8_t *buffer, size_t capacity, const void *seed, size_t size) {
  FUZZ_CHECK(size <= capacity);
  memcpy(buffer, seed, size);
  return size;
}

#endif
