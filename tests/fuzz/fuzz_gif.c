/* GIF files from memory. */
#include "image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_image(data, size);
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
  }
  return fuzz_copy_image(buffer, capacity, &file);
}
