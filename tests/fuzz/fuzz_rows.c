/* Files of rows from memory, as they are and with right checksums. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "reader.h"
#include "seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const params[] = {NULL, "verify=false"};
  uint8_t *sealed = malloc(size + 1);
  FUZZ_CHECK(sealed != NULL);
  memcpy(sealed, data, size);
  seal(sealed, size);
  fuzz_format(&clf__dataset_reader_rows, data, size, params, 2);
  fuzz_format(&clf__dataset_reader_rows, sealed, size, params, 2);
  free(sealed);
  return 0;
}

static clf_dataset *make_dataset(int index) {
  static const float x[] = {0, 1, 2, 0, 1, 1};
  static const double y[] = {0.5, 2, 0.5};
  static const int32_t column[] = {0, 1, 0, 1};
  static const int64_t start[] = {0, 2, 3, 4};
  const int64_t rows = 3, entries = 4, starts = 4;
  const int64_t shape[] = {3, 2};
  clf_tensor *values = NULL, *labels = NULL, *columns = NULL, *first = NULL;
  clf_dataset *dataset = NULL;
  FUZZ_CHECK(clf_tensor_wrap(&values, NULL, x, CLF_F32, index == 1 ? 1 : 2,
                             index == 1 ? &entries : shape, NULL) == CLF_OK);
  FUZZ_CHECK(clf_tensor_wrap(&labels, NULL, y, CLF_F64, 1, &rows, NULL) == CLF_OK);
  FUZZ_CHECK(clf_tensor_wrap(&columns, NULL, column, CLF_I32, 1, &entries, NULL) == CLF_OK);
  FUZZ_CHECK(clf_tensor_wrap(&first, NULL, start, CLF_I64, 1, &starts, NULL) == CLF_OK);
  FUZZ_CHECK((index == 1
                  ? clf_dataset_create_sparse(&dataset, NULL, 2, first, columns, values, NULL)
                  : clf_dataset_create(&dataset, NULL, values, NULL)) == CLF_OK);
  if (index == 2) {
    FUZZ_CHECK(clf_dataset_set_targets(dataset, labels) == CLF_OK);
    FUZZ_CHECK(clf_dataset_set_weights(dataset, labels) == CLF_OK);
  } else {
    FUZZ_CHECK(clf_dataset_set_labels(dataset, labels) == CLF_OK);
  }
  if (index == 3) {
    FUZZ_CHECK(clf_dataset_set_column_names(dataset, (const char *[]){"a", "b"}, 2) == CLF_OK);
    FUZZ_CHECK(clf_dataset_set_categories(dataset, 0, (const char *[]){"x", "y", "z"}, 3) ==
               CLF_OK);
    FUZZ_CHECK(clf_dataset_set_label_names(dataset, (const char *[]){"l", "k", "l"}, 3) == CLF_OK);
  }
  clf_tensor_free(values);
  clf_tensor_free(labels);
  clf_tensor_free(columns);
  clf_tensor_free(first);
  return dataset;
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  char path[] = "/tmp/classify-fuzz-XXXXXX";
  if (index > 3) {
    return 0;
  }
  const int descriptor = mkstemp(path);
  FUZZ_CHECK(descriptor >= 0);
  close(descriptor);
  clf_dataset *dataset = make_dataset(index);
  FUZZ_CHECK(clf_dataset_save(dataset, "rows", path, NULL) == CLF_OK);
  clf_dataset_free(dataset);
  FILE *file = fopen(path, "rb");
  FUZZ_CHECK(file != NULL);
  const size_t size = fread(buffer, 1, capacity, file);
  fclose(file);
  unlink(path);
  return size;
}
