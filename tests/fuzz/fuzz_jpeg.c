/* JPEG files from memory, and their EXIF data. */
#include "image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_image(data, size);
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const J_COLOR_SPACE spaces[] = {JCS_GRAYSCALE, JCS_RGB, JCS_CMYK};
  static const jpeg_form forms[] = {
      {33, 20, JCS_RGB, 0, 0, 2, 0, 40}, {33, 20, JCS_RGB, 0, 0, 0, 1, 40},
      {33, 20, JCS_RGB, 0, 1, 0, 0, 40}, {40, 40, JCS_RGB, 1, 0, 3, 0, 60},
      {40, 40, JCS_RGB, 1, 1, 0, 0, 60}, {64, 64, JCS_GRAYSCALE, 1, 0, 0, 0, 90},
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
