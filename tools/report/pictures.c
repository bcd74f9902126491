/* A PNG with a palette: the colors of a scale, and how opaque each is, so that the picture sits on
 * a light page and on a dark one. */
#include "pictures.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "page.h"

enum { COLORS = 63 };

typedef struct byte_list {
  uint8_t *bytes; /* with capacity for all that is appended */
  size_t count;
} byte_list;

typedef struct palette {
  uint8_t color[3 * COLORS];
  uint8_t opacity[COLORS];
} palette;

static void append(byte_list *list, const void *bytes, size_t count) {
  memcpy(list->bytes + list->count, bytes, count);
  list->count += count;
}

static void append_u32(byte_list *list, uint32_t value) {
  uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                     (uint8_t)value};
  append(list, bytes, sizeof bytes);
}

static void append_chunk(byte_list *list, const char *type, const void *bytes, size_t count) {
  append_u32(list, (uint32_t)count);
  size_t start = list->count;
  append(list, type, 4);
  append(list, bytes, count);
  append_u32(list, (uint32_t)crc32(0, list->bytes + start, (uInt)(count + 4)));
}

/* Compressed lines of a picture, each with its filter before it: none. False without memory. */
static bool compress_lines(byte_list *out, const uint8_t *indices, int64_t height, int64_t width) {
  const size_t row = (size_t)width, size = (size_t)height * (row + 1);
  uLongf packed = compressBound(size);
  uint8_t *lines = malloc(size);
  out->bytes = malloc(packed);
  const bool complete = lines != NULL && out->bytes != NULL;
  for (int64_t i = 0; complete && i < height; i++) {
    lines[(size_t)i * (row + 1)] = 0;
    memcpy(lines + (size_t)i * (row + 1) + 1, indices + (size_t)i * row, row);
  }
  if (complete) {
    compress2(out->bytes, &packed, lines, size, Z_BEST_COMPRESSION);
    out->count = packed;
  }
  free(lines);
  return complete;
}

/* PNG, 8 bits a pixel, indices of the palette. False without memory. */
static bool encode(byte_list *png, const uint8_t *indices, int64_t height, int64_t width,
                   const palette *colors) {
  enum { AROUND = 1024 }; /* more than all but the pixels take */
  byte_list packed = {0};
  const bool complete = compress_lines(&packed, indices, height, width) &&
                        (png->bytes = malloc(packed.count + AROUND)) != NULL;
  if (complete) {
    const uint8_t rest[] = {8, 3, 0, 0, 0};
    append(png, "\x89PNG\r\n\x1a\n", 8);
    byte_list header = {.bytes = (uint8_t[13]){0}};
    append_u32(&header, (uint32_t)width);
    append_u32(&header, (uint32_t)height);
    append(&header, rest, sizeof rest);
    append_chunk(png, "IHDR", header.bytes, header.count);
    append_chunk(png, "PLTE", colors->color, sizeof colors->color);
    append_chunk(png, "tRNS", colors->opacity, sizeof colors->opacity);
    append_chunk(png, "IDAT", packed.bytes, packed.count);
    append_chunk(png, "IEND", "", 0);
  }
  free(packed.bytes);
  return complete;
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

/* Writes the picture as a data: address. */
static void write_address(FILE *out, const uint8_t *indices, int64_t height, int64_t width,
                          const palette *colors) {
  byte_list png = {0};
  fputs("data:image/png;base64,", out);
  if (encode(&png, indices, height, width, colors)) {
    write_base64(out, &png);
  }
  free(png.bytes);
}

static void write_image(FILE *out, const uint8_t *indices, int64_t height, int64_t width,
                        const palette *colors, const char *text) {
  fputs("<img src=\"", out);
  write_address(out, indices, height, width, colors);
  fprintf(out, "\" width=\"%d\" height=\"%d\" alt=\"", (int)width, (int)height);
  html_text(out, text);
  fputs("\">", out);
}

/* A value of low…high as one of the colors. */
static uint8_t level(float value, float low, float high) {
  float share = (value - low) / (high - low);
  return (uint8_t)((share < 0 ? 0 : share > 1 ? 1 : share) * (COLORS - 1) + 0.5f);
}

/* The values as indices of the palette, to be freed; NULL without memory. */
static uint8_t *quantize(const float *values, int64_t count, float low, float high) {
  uint8_t *indices = malloc((size_t)count);
  for (int64_t i = 0; indices != NULL && i < count; i++) {
    indices[i] = level(values[i], low, high);
  }
  return indices;
}

static void write_values(FILE *out, const float *values, int64_t height, int64_t width, float low,
                         float high, const palette *colors, const char *text) {
  uint8_t *indices = quantize(values, height * width, low, high);
  if (indices != NULL) {
    write_image(out, indices, height, width, colors, text);
  }
  free(indices);
}

void picture_ink(FILE *out, const float *values, int64_t height, int64_t width, const char *text) {
  palette colors = {.color = {0}};
  for (int i = 0; i < COLORS; i++) {
    colors.opacity[i] = (uint8_t)(i * 255 / (COLORS - 1));
  }
  write_values(out, values, height, width, 0, 1, &colors, text);
}

static palette gray_levels(void) {
  palette colors;
  memset(colors.opacity, 255, sizeof colors.opacity);
  for (int i = 0; i < COLORS; i++) {
    memset(colors.color + 3 * i, i * 255 / (COLORS - 1), 3);
  }
  return colors;
}

void picture_values(FILE *out, const float *values, int64_t height, int64_t width,
                    const char *text) {
  const palette colors = gray_levels();
  write_values(out, values, height, width, 0, 1, &colors, text);
}

void picture_gray(FILE *out, const uint8_t *pixels, int64_t height, int64_t width,
                  const char *text) {
  const palette colors = gray_levels();
  uint8_t *indices = malloc((size_t)(height * width));
  for (int64_t i = 0; indices != NULL && i < height * width; i++) {
    indices[i] = level(pixels[i], 0, 255);
  }
  if (indices != NULL && text != NULL) {
    write_image(out, indices, height, width, &colors, text);
  } else if (indices != NULL) {
    write_address(out, indices, height, width, &colors);
  }
  free(indices);
}

void picture_signed(FILE *out, const float *values, int64_t height, int64_t width, float limit,
                    const char *text) {
  static const uint8_t below[] = {217, 95, 2}, above[] = {36, 113, 204};
  palette colors;
  for (int i = 0; i < COLORS; i++) {
    float share = (float)(2 * i - (COLORS - 1)) / (COLORS - 1); /* -1…1 */
    memcpy(colors.color + 3 * i, share < 0 ? below : above, 3);
    colors.opacity[i] = (uint8_t)(255 * powf(fabsf(share), 0.8f));
  }
  write_values(out, values, height, width, -limit, limit, &colors, text);
}
