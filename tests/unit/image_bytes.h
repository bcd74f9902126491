/* Image files put together in memory, for tests and as seeds of fuzz targets. */
#ifndef TESTS_UNIT_IMAGE_BYTES_H
#define TESTS_UNIT_IMAGE_BYTES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#ifdef CLASSIFY_JPEG
#include <jpeglib.h>
#endif

typedef struct image_bytes {
  size_t size;
  uint8_t bytes[8192];
} image_bytes;

static inline void put(image_bytes *out, const void *bytes, size_t count) {
  if (count > sizeof out->bytes - out->size) {
    abort();
  }
  memcpy(out->bytes + out->size, bytes, count);
  out->size += count;
}

static inline void put_u32(image_bytes *out, uint32_t value) {
  const uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                           (uint8_t)value};
  put(out, bytes, sizeof bytes);
}

static inline void put_chunk(image_bytes *out, const char *kind, const void *bytes, size_t count) {
  put_u32(out, (uint32_t)count);
  const size_t from = out->size;
  put(out, kind, 4);
  put(out, bytes, count);
  put_u32(out, (uint32_t)crc32(0, out->bytes + from, (uInt)(count + 4)));
}

/* A PNG file of rows that have their filter bytes; `colors` is a palette of 3 bytes each, or NULL,
 * `alpha` what its tRNS chunk holds. */
typedef struct png_bytes {
  uint32_t width, height;
  uint8_t depth, color, interlaced;
  const void *rows;
  size_t row_count; /* bytes */
  const void *colors;
  size_t color_count; /* bytes */
  const void *alpha;
  size_t alpha_count;
} png_bytes;

static inline void make_png(image_bytes *out, const png_bytes *png) {
  uint8_t packed[2048];
  uLongf count = sizeof packed;
  out->size = 0;
  put(out, "\x89PNG\r\n\x1A\n", 8);
  image_bytes head = {0};
  put_u32(&head, png->width);
  put_u32(&head, png->height);
  put(&head, (const uint8_t[]){png->depth, png->color, 0, 0, png->interlaced}, 5);
  put_chunk(out, "IHDR", head.bytes, head.size);
  if (png->colors != NULL) {
    put_chunk(out, "PLTE", png->colors, png->color_count);
  }
  if (png->alpha != NULL) {
    put_chunk(out, "tRNS", png->alpha, png->alpha_count);
  }
  if (compress(packed, &count, png->rows, (uLong)png->row_count) != Z_OK) {
    abort();
  }
  put_chunk(out, "IDAT", packed, count);
  put_chunk(out, "IEND", "", 0);
}

/* A GIF file. Colours are those of a palette of 128; codes are 8 bits wide, each a byte, since the
 * table is cleared before it grows beyond that. */
typedef struct gif_bytes {
  uint8_t canvas_width, canvas_height, left, top, width, height;
  uint8_t interlaced;
  int transparent;       /* colour, or -1 */
  const uint8_t *colors; /* [128, 3] */
  const uint8_t *pixels; /* [height, width], in the order they are stored in */
} gif_bytes;

static inline void put_codes(image_bytes *out, const uint8_t *pixels, size_t count) {
  enum { CLEAR = 0x80, END = 0x81, RUN = 100 };
  for (size_t i = 0; i < count; i += RUN) {
    const size_t run = count - i < RUN ? count - i : RUN;
    put(out, (const uint8_t[]){(uint8_t)(run + 1), CLEAR}, 2);
    put(out, pixels + i, run);
  }
  put(out, (const uint8_t[]){1, END, 0}, 3);
}

static inline void make_gif(image_bytes *out, const gif_bytes *gif) {
  out->size = 0;
  put(out, "GIF89a", 6);
  put(out, (const uint8_t[]){gif->canvas_width, 0, gif->canvas_height, 0, 0xE6, 0, 0}, 7);
  put(out, gif->colors, 3 * 128);
  if (gif->transparent >= 0) {
    put(out, (const uint8_t[]){0x21, 0xF9, 4, 1, 0, 0, (uint8_t)gif->transparent, 0}, 8);
  }
  put(out, (const uint8_t[]){0x2C, gif->left, 0, gif->top, 0, gif->width, 0, gif->height, 0}, 9);
  put(out, (const uint8_t[]){gif->interlaced ? 0x40 : 0, 7}, 2);
  put_codes(out, gif->pixels, (size_t)gif->width * gif->height);
  put(out, ";", 1);
}

/* A palette of greys, or of colours that differ in all channels. */
static inline void fill_palette(uint8_t colors[3 * 128], int grey) {
  for (int i = 0; i < 128; i++) {
    colors[3 * i] = (uint8_t)(2 * i);
    colors[3 * i + 1] = (uint8_t)(grey ? 2 * i : 255 - i);
    colors[3 * i + 2] = (uint8_t)(grey ? 2 * i : 7 * i);
  }
}

#ifdef CLASSIFY_JPEG
/* How a JPEG file is written. */
typedef struct jpeg_form {
  int width, height;
  J_COLOR_SPACE space;
  int progressive, arithmetic;
  int restart;      /* units of a restart interval; 0: none */
  int separate;     /* a scan for each component */
  int texture;      /* strength of noise on the ramp of levels */
  int across, down; /* sampling factors of the first component; 0: the library's */
} jpeg_form;

static inline void fill_line(unsigned char *line, const jpeg_form *form, int channels, int row) {
  for (int i = 0; i < form->width * channels; i++) {
    const unsigned noise =
        ((unsigned)(i + 1) * 2654435761U ^ (unsigned)row * 40503U * 65537U) >> 16;
    const int dark = form->texture > 0 ? (int)(noise % (unsigned)form->texture) : 0;
    line[i] = (unsigned char)(i * 3 + row * 2 - dark);
  }
}

/* The file, to be freed; `*size` receives its bytes. */
static inline unsigned char *encode_jpeg(const jpeg_form *form, unsigned long *size) {
  static const jpeg_scan_info separate[] = {
      {1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
  struct jpeg_compress_struct jpeg;
  struct jpeg_error_mgr errors;
  unsigned char *made = NULL;
  *size = 0;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  jpeg_mem_dest(&jpeg, &made, size);
  jpeg.image_width = (JDIMENSION)form->width;
  jpeg.image_height = (JDIMENSION)form->height;
  jpeg.input_components = form->space == JCS_GRAYSCALE ? 1 : form->space == JCS_RGB ? 3 : 4;
  jpeg.in_color_space = form->space;
  jpeg_set_defaults(&jpeg);
  if (form->progressive) {
    jpeg_simple_progression(&jpeg);
  }
  if (form->separate) {
    jpeg.scan_info = separate;
    jpeg.num_scans = jpeg.input_components;
  }
  if (form->across > 0) {
    jpeg.comp_info[0].h_samp_factor = form->across;
    jpeg.comp_info[0].v_samp_factor = form->down;
  }
  jpeg.restart_interval = (unsigned)form->restart;
  jpeg.arith_code = form->arithmetic;
  unsigned char *line = malloc((size_t)(form->width * jpeg.input_components));
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    fill_line(line, form, jpeg.input_components, (int)jpeg.next_scanline);
    jpeg_write_scanlines(&jpeg, &line, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  free(line);
  return made;
}

/* A JPEG file of a ramp of levels. `markers` is put in after the first two bytes. */
static inline void make_jpeg(image_bytes *out, int width, int height, J_COLOR_SPACE space,
                             int progressive, const void *markers, size_t marker_count) {
  const jpeg_form form = {
      .width = width, .height = height, .space = space, .progressive = progressive};
  unsigned long size = 0;
  unsigned char *made = encode_jpeg(&form, &size);
  out->size = 0;
  put(out, made, 2);
  put(out, markers, marker_count);
  put(out, made + 2, size - 2);
  free(made);
}
#endif

#endif
