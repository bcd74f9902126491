/* PNG files from memory. */
#include "image.h"

/* Mutations have no right checksums, so they are put right here: chunk by chunk, while the lengths
 * make sense. */
static void seal(uint8_t *bytes, size_t size) {
  for (size_t at = 8; at + 12 <= size;) {
    const size_t length = (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 |
                          (size_t)bytes[at + 2] << 8 | bytes[at + 3];
    if (length > size - at - 12) {
      return;
    }
    const uint32_t sum = (uint32_t)crc32(0, bytes + at + 4, (uInt)(length + 4));
    for (int i = 0; i < 4; i++) {
      bytes[at + 8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
    }
    at += 12 + length;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *sealed = malloc(size > 0 ? size : 1);
  FUZZ_CHECK(sealed != NULL);
  memcpy(sealed, data, size);
  seal(sealed, size);
  fuzz_image(sealed, size);
  free(sealed);
  return fuzz_image(data, size);
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const uint8_t rows[100] = {1, 5, 250, 3, 2, 9, 100, 7, 1, 0, 4, 9, 1, 3};
  static const png_bytes seeds[] = {
      {3, 2, 8, 0, 0, rows, 8, NULL, 0, NULL, 0},
      {2, 2, 8, 6, 0, rows, 18, NULL, 0, NULL, 0},
      {3, 3, 16, 2, 1, rows, 60, NULL, 0, NULL, 0},
      {5, 3, 2, 3, 1, rows, 20, "\1\2\3\4\5\6\7\7\7", 9, "\200\1", 2},
      {3, 2, 4, 0, 0, rows, 6, NULL, 0, "\0\1", 2},
      {2, 2, 16, 4, 0, rows, 18, NULL, 0, NULL, 0},
  };
  image_bytes file = {0};
  if ((size_t)index < sizeof seeds / sizeof seeds[0]) {
    make_png(&file, &seeds[index]);
  }
  return fuzz_copy_image(buffer, capacity, &file);
}
