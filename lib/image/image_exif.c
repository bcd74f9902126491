/* EXIF data are a TIFF file in the first APP1 segment that begins with "Exif": a byte order, 42,
 * and the offset of a directory of entries of 12 bytes (tag, type, count, value). Tag 0x0112 is the
 * orientation, a 16-bit number (JEITA CP-3451, 4.6.4), which describes how the rows are oriented in
 * the scene. */
#include "image/image_exif.h"

#include <string.h>

typedef struct tiff {
  const unsigned char *bytes;
  size_t size;
  bool little_endian;
} tiff;

/* Reads a number of `width` bytes; 0 beyond the end of the data. */
static uint32_t number_at(const tiff *data, size_t at, size_t width) {
  uint32_t number = 0;
  if (at > data->size || width > data->size - at) {
    return 0;
  }
  for (size_t i = 0; i < width; i++) {
    number = number << 8 | data->bytes[at + (data->little_endian ? width - 1 - i : i)];
  }
  return number;
}

static int orientation_of(const unsigned char *bytes, size_t size) {
  enum { ENTRY_BYTES = 12, ORIENTATION = 0x0112, SHORT = 3 };
  const tiff data = {bytes, size, size > 0 && bytes[0] == 'I'};
  if (size < 8 || (memcmp(bytes, "II", 2) != 0 && memcmp(bytes, "MM", 2) != 0) ||
      number_at(&data, 2, 2) != 42) {
    return 1;
  }
  const size_t directory = number_at(&data, 4, 4);
  const uint32_t entries = number_at(&data, directory, 2);
  for (uint32_t i = 0; i < entries; i++) {
    const size_t entry = directory + 2 + (size_t)i * ENTRY_BYTES;
    if (number_at(&data, entry, 2) == ORIENTATION && number_at(&data, entry + 2, 2) == SHORT) {
      const uint32_t value = number_at(&data, entry + 8, 2);
      return value >= 1 && value <= 8 ? (int)value : 1;
    }
  }
  return 1;
}

int clf__exif_orientation(const unsigned char *bytes, size_t size) {
  enum { START_OF_SCAN = 0xDA, APP1 = 0xE1 };
  static const char mark[6] = "Exif\0";
  size_t at = 2;
  while (at + 4 <= size && bytes[at] == 0xFF && bytes[at + 1] != START_OF_SCAN) {
    const size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
    if (bytes[at + 1] == 0xFF) {
      at++; /* padding */
      continue;
    }
    if (length < 2 || length > size - at - 2) {
      return 1;
    }
    if (bytes[at + 1] == APP1 && length >= 2 + sizeof mark &&
        memcmp(bytes + at + 4, mark, sizeof mark) == 0) {
      return orientation_of(bytes + at + 4 + sizeof mark, length - 2 - sizeof mark);
    }
    at += 2 + length;
  }
  return 1;
}

clf_status clf__image_orient(clf_image **image, int orientation) {
  /* Whether rows become columns, whether rows are reversed, and whether the pixels in them are. */
  static const struct {
    bool across, upward, leftward;
  } turns[9] = {[2] = {false, false, true}, [3] = {false, true, true}, [4] = {false, true, false},
                [5] = {true, false, false}, [6] = {true, true, false}, [7] = {true, true, true},
                [8] = {true, false, true}};
  const clf_image *from = *image;
  clf_image *made = NULL;
  if (orientation <= 1) {
    return CLF_OK;
  }
  const bool across = turns[orientation].across;
  const int64_t height = from->height, width = from->width, channels = from->channels;
  CLF__CHECK(clf__image_create_uninitialized(&made, from->context, across ? width : height,
                                             across ? height : width, channels));
  uint8_t *to = made->pixels;
  for (int64_t i = 0; i < made->height; i++) {
    for (int64_t j = 0; j < made->width; j++, to += channels) {
      const int64_t row = across ? j : i, column = across ? i : j;
      memcpy(to,
             from->pixels + ((turns[orientation].upward ? height - 1 - row : row) * width +
                             (turns[orientation].leftward ? width - 1 - column : column)) *
                                channels,
             (size_t)channels);
    }
  }
  clf_image_free(*image);
  *image = made;
  return CLF_OK;
}
