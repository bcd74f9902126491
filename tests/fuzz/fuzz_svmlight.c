/* SVMlight text from memory. */
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const params[] = {NULL, "features=100 zero_based=true regression=true",
                                       "zero_based=false", "precomputed=true"};
  return fuzz_format(&clf__dataset_reader_svmlight, data, size, params,
                     sizeof params / sizeof params[0]);
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const char *const seeds[] = {
      "1 1:0.5 3:2\n-1 2:-1e3\n1\n",
      "# comment\r\n+1 qid:7 9:1 2:.5 4:3 # more\r\n\t2.5 0:1\r\n",
      "1 0:1 1:4 2:0.1\n-1 0:2 1:0.1 2:9\n",
      "0 1:0.12345678901\n1 1:0.12345678902\n",
      "0 2147483646:1\n1 7:1 5:2 3:4 1:6\n",
  };
  const size_t count = sizeof seeds / sizeof seeds[0];
  return (size_t)index < count ? fuzz_copy(buffer, capacity, seeds[index], strlen(seeds[index]))
                               : 0;
}
