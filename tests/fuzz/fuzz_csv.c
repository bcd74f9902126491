/* CSV text from memory. */
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const params[] = {NULL, "label=none missing=nan delimiter=comma",
                                       "missing=skip weight=2", "label=1,b regression=true"};
  return fuzz_format(&clf__format_csv, data, size, params, sizeof params / sizeof params[0]);
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const char *const seeds[] = {
      "a,b,c,label\n1,2,3,x\n-4.5e1,.5,6,y\n",
      "\xEF\xBB\xBF\"a\";\"b\"\r\n\"1\"; 2 \r\n\r\n3;\"x \"\"y\"\"\"\r\n",
      "1\t2\t\"a\rb\"\r?\t3\tNA\r,\t1e-5\tc",
      "0,0.25,1,7\n1,,2,8\n,nan,3,9\n12345678901234567890,1e22,inf,1\n",
  };
  const size_t count = sizeof seeds / sizeof seeds[0];
  return (size_t)index < count ? fuzz_copy(buffer, capacity, seeds[index], strlen(seeds[index]))
                               : 0;
}
