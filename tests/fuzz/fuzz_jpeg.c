/* JPEG files from memory, and their EXIF data. */
#include "image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_image(data, size);
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const J_COLOR_SPACE spaces[] = {JCS_GRAYSCALE, JCS_RGB, JCS_CMYK};
  static const jpeg_form forms[] = {
      {.width = 33, .height = 20, .space = JCS_RGB, .restart = 2, .texture = 40},
      {.width = 33, .height = 20, .space = JCS_RGB, .separate = 1, .texture = 40},
#ifdef C_ARITH_CODING_SUPPORTED
      {.width = 33, .height = 20, .space = JCS_RGB, .arithmetic = 1, .texture = 40},
#endif
      {.width = 40, .height = 40, .space = JCS_RGB, .progressive = 1, .restart = 3, .texture = 60},
      {.width = 40, .height = 40, .space = JCS_RGB, .progressive = 1, .across = 4, .down = 1},
      {.width = 64, .height = 64, .space = JCS_GRAYSCALE, .progressive = 1, .texture = 90},
  };
  enum { PLAIN = 6, FORMS = sizeof forms / sizeof forms[0] };
  static const char exif[] =
      "\xFF\xE1\0\x22"
      "Exif\0\0"
      "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0";
  image_bytes file = {0};
  if (index < PLAIN) {
    make_jpeg(&file, 17, 9, spaces[index % 3], index / 3, exif, index % 2 != 0 ? 36 : 0);
  } else if (index < PLAIN + FORMS) {
    unsigned long size = 0;
    unsigned char *made = encode_jpeg(&forms[index - PLAIN], &size);
    put(&file, made, size);
    free(made);
  }
  return fuzz_copy_image(buffer, capacity, &file);
}
