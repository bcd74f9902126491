/* GIF files from memory. */
#include "image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_image(data, size);
}

/* Literal codes of 2 colors in the place of a picture's data, of more bits as the table grows. */
static void put_growing_codes(image_bytes *file, int count) {
  enum { CLEAR = 4, END = 5 };
  uint8_t block[255];
  size_t used = 0;
  uint32_t buffer = CLEAR;
  int held = 3, bits = 3;
  put(file, "\2", 1);
  for (int i = 0; i <= count; i++) {
    buffer |= (uint32_t)(i < count ? i % 2 : END) << held;
    for (held += bits; held >= 8 || (i == count && held > 0); held -= 8, buffer >>= 8) {
      block[used++] = (uint8_t)buffer;
    }
    bits += END + i + 1 == 1 << bits;
  }
  put(file, (const uint8_t[]){(uint8_t)used}, 1);
  put(file, block, used);
  put(file, "", 1);
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const uint8_t pixels[6 * 8] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 127, 126, 3, 3, 3};
  uint8_t colors[3 * 128];
  image_bytes file = {0};
  fill_palette(colors, index % 2);
  const gif_bytes seeds[] = {
      {6, 8, 0, 0, 6, 8, 1, 3, colors, pixels},
      {9, 5, 4, 3, 6, 4, 0, -1, colors, pixels},
      {0, 0, 1, 1, 2, 2, 0, 0, colors, pixels},
  };
  if ((size_t)index < sizeof seeds / sizeof seeds[0]) {
    make_gif(&file, &seeds[index]);
  } else if ((size_t)index < sizeof seeds / sizeof seeds[0] + 2) {
    put(&file, "GIF89a\x10\0\x10\0\x80\0\0\1\2\3\4\5\6", 19);
    put(&file, "\x21\xFE\3abc\0\x2C\0\0\0\0\x10\0\x10\0\0", 17);
    put_growing_codes(&file, 256);
    put(&file, "\x21\xF9\4\1\0\0\1\0\x2C\0\0\0\0\2\0\2\0\0\2\1\5\0", 22);
    put(&file, index % 2 == 0 ? ";" : ";behind", index % 2 == 0 ? 1 : 7);
  }
  return fuzz_copy_image(buffer, capacity, &file);
}
