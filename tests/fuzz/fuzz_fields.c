/* One row of lines name=value from memory. */
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const params[] = {NULL, "categories=none ignore=1", "quotes=false dates=dmy",
                                       "encoding=latin1 decimal=comma thousands=point dtype=f64"};
  return fuzz_format(&clf__dataset_reader_fields, data, size, params,
                     sizeof params / sizeof params[0]);
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const char *const seeds[] = {
      "age=31\ncity=Bern\nsince=2024-02-03\nincome=\n",
      "\"a=\"\"b\"\"\"=\"1.5\"\r\n\r\n c = x=y, z \r\nd=NA\r\n",
      "a=\"two\nlines\"\nb=1 000,5\n",
      "a=1\ra=2\rb",
  };
  const size_t count = sizeof seeds / sizeof seeds[0];
  return (size_t)index < count ? fuzz_copy(buffer, capacity, seeds[index], strlen(seeds[index]))
                               : 0;
}
