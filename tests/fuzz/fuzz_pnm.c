/* PGM and PPM from memory, and whatever else bytes look like. */
#include "image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_image(data, size);
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const char *const seeds[] = {
      "P5 3 2 255\n123456",
      "P6\n# a comment\n1 2\n65535\n123456789012",
      "P2 2 2 15\n0 5 10 15\n",
      "P1 3 2 # bits\n010 1 01",
      "P4 9 2\n1234",
      "P5 1 1 255# a comment\n1\nP5 1 1 255 2",
      "P3 1 2 1000 0 1 2 # three\n10 200 1000",
  };
  image_bytes file = {0};
  if ((size_t)index < sizeof seeds / sizeof seeds[0]) {
    put(&file, seeds[index], strlen(seeds[index]));
  }
  return fuzz_copy_image(buffer, capacity, &file);
}
