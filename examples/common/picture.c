/* A PNG with a palette: the colours of a scale, and how opaque each is, so that the picture sits on
 * a light page and on a dark one. */
#include "picture.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

enum { COLOURS = 63, MOST_BYTES = 2 * PICTURE_MOST_PIXELS + 1024 };

typedef struct byte_list {
  uint8_t bytes[MOST_BYTES];
  size_t count;
} byte_list;

typedef struct palette {
  uint8_t colour[3 * COLOURS];
  uint8_t opacity[COLOURS];
} palette;

static void put(byte_list *list, const void *bytes, size_t count) {
  memcpy(list->bytes + list->count, bytes, count);
  list->count += count;
}

static void put_u32(byte_list *list, uint32_t value) {
  uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                     (uint8_t)value};
  put(list, bytes, sizeof bytes);
}

static void put_chunk(byte_list *list, const char *type, const void *bytes, size_t count) {
  put_u32(list, (uint32_t)count);
  size_t start = list->count;
  put(list, type, 4);
  put(list, bytes, count);
  put_u32(list, (uint32_t)crc32(0, list->bytes + start, (uInt)(count + 4)));
}

/* PNG, 8 bits a pixel, indices of the palette. */
static void encode(byte_list *png, const uint8_t *indices, int64_t height, int64_t width,
                   const palette *colours) {
  uint8_t lines[2 * PICTURE_MOST_PIXELS];
  uint8_t packed[2 * PICTURE_MOST_PIXELS + 64];
  uLongf packed_size = sizeof packed;
  size_t size = 0;
  for (int64_t i = 0; i < height; i++) {
    lines[size++] = 0; /* no filter */
    memcpy(lines + size, indices + i * width, (size_t)width);
    size += (size_t)width;
  }
  compress2(packed, &packed_size, lines, (uLong)size, Z_BEST_COMPRESSION);

  uint8_t header[13] = {[2] = (uint8_t)(width >> 8),
                        [3] = (uint8_t)width,
                        [6] = (uint8_t)(height >> 8),
                        [7] = (uint8_t)height,
                        [8] = 8,
                        [9] = 3};
  put(png, "\x89PNG\r\n\x1a\n", 8);
  put_chunk(png, "IHDR", header, sizeof header);
  put_chunk(png, "PLTE", colours->colour, sizeof colours->colour);
  put_chunk(png, "tRNS", colours->opacity, sizeof colours->opacity);
  put_chunk(png, "IDAT", packed, packed_size);
  put_chunk(png, "IEND", "", 0);
}

static void write_base64(FILE *out, const byte_list *list) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < list->count; i += 3) {
    size_t left = list->count - i;
    uint32_t three = (uint32_t)list->bytes[i] << 16;
    three |= left > 1 ? (uint32_t)list->bytes[i + 1] << 8 : 0;
    three |= left > 2 ? list->bytes[i + 2] : 0;
    fputc(digits[three >> 18], out);
    fputc(digits[three >> 12 & 63], out);
    fputc(left > 1 ? digits[three >> 6 & 63] : '=', out);
    fputc(left > 2 ? digits[three & 63] : '=', out);
  }
}

static void write_image(FILE *out, const uint8_t *indices, int64_t height, int64_t width,
                        const palette *colours, const char *text) {
  static const char start[] = "<img src=\"data:image/png;base64,";
  byte_list png = {.count = 0};
  encode(&png, indices, height, width, colours);
  fputs(start, out);
  write_base64(out, &png);
  fprintf(out, "\" width=\"%d\" height=\"%d\" alt=\"%s\">", (int)width, (int)height, text);
}

static bool too_large(int64_t height, int64_t width) {
  return height < 1 || width < 1 || height > PICTURE_MOST_PIXELS / width;
}

/* A value of low…high as one of the colours. */
static uint8_t level(float value, float low, float high) {
  float share = (value - low) / (high - low);
  return (uint8_t)((share < 0 ? 0 : share > 1 ? 1 : share) * (COLOURS - 1) + 0.5f);
}

void picture_ink(FILE *out, const float *values, int64_t height, int64_t width, const char *text) {
  if (too_large(height, width)) {
    return;
  }
  palette colours = {.colour = {0}};
  for (int i = 0; i < COLOURS; i++) {
    colours.opacity[i] = (uint8_t)(i * 255 / (COLOURS - 1));
  }
  uint8_t indices[PICTURE_MOST_PIXELS];
  for (int64_t i = 0; i < height * width; i++) {
    indices[i] = level(values[i], 0, 1);
  }
  write_image(out, indices, height, width, &colours, text);
}

void picture_grey(FILE *out, const uint8_t *pixels, int64_t height, int64_t width,
                  const char *text) {
  if (too_large(height, width)) {
    return;
  }
  palette colours;
  uint8_t indices[PICTURE_MOST_PIXELS];
  memset(colours.opacity, 255, sizeof colours.opacity);
  for (int i = 0; i < COLOURS; i++) {
    memset(colours.colour + 3 * i, i * 255 / (COLOURS - 1), 3);
  }
  for (int64_t i = 0; i < height * width; i++) {
    indices[i] = level(pixels[i], 0, 255);
  }
  write_image(out, indices, height, width, &colours, text);
}

void picture_signed(FILE *out, const float *values, int64_t height, int64_t width, float limit,
                    const char *text) {
  static const uint8_t below[] = {217, 95, 2}, above[] = {36, 113, 204};
  if (too_large(height, width)) {
    return;
  }
  palette colours;
  for (int i = 0; i < COLOURS; i++) {
    float share = (float)(2 * i - (COLOURS - 1)) / (COLOURS - 1); /* -1…1 */
    memcpy(colours.colour + 3 * i, share < 0 ? below : above, 3);
    colours.opacity[i] = (uint8_t)(255 * powf(fabsf(share), 0.8f));
  }
  uint8_t indices[PICTURE_MOST_PIXELS];
  for (int64_t i = 0; i < height * width; i++) {
    indices[i] = level(values[i], -limit, limit);
  }
  write_image(out, indices, height, width, &colours, text);
}
