/* PNG, JPEG and GIF: what the parity tests against Pillow do not reach. Those that are not built in
 * are not tested, hence helpers that are inline. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failing_allocator.h"

#include "image/image_exif.h"
#include "image_bytes.h"

static inline clf_image *loaded(const image_bytes *file, const char *params) {
  clf_image *image = NULL;
  ck_clf_ok(clf_image_load_memory(&image, NULL, file->bytes, file->size, params));
  return image;
}

static inline void check_refused(const image_bytes *file, const char *params, clf_status expected,
                                 const char *says) {
  clf_image *image = NULL;
  ck_clf_fails(clf_image_load_memory(&image, NULL, file->bytes, file->size, params), expected);
  ck_clf_says(says);
  ck_clf_says("image in memory");
  ck_assert_ptr_null(image);
}

static inline void check_image(const image_bytes *file, const char *params, int64_t height,
                               int64_t width, int64_t channels, const uint8_t *pixels) {
  clf_image *image = loaded(file, params);
  ck_assert_int_eq(clf_image_height(image), height);
  ck_assert_int_eq(clf_image_width(image), width);
  ck_assert_int_eq(clf_image_channels(image), channels);
  ck_assert_mem_eq(clf_image_pixels(image), pixels, (size_t)(height * width * channels));
  clf_image_free(image);
}

/* Each beginning of a file is refused as one that ends early, and no change of a byte does harm. */
static inline void check_damage(const image_bytes *whole, size_t step) {
  image_bytes file = *whole;
  for (file.size = 8; file.size + 2 < whole->size; file.size += step) {
    clf_image *image = NULL;
    ck_clf_fails(clf_image_load_memory(&image, NULL, file.bytes, file.size, NULL),
                 CLF_ERROR_FORMAT);
  }
  file.size = whole->size;
  for (size_t i = 0; i < whole->size; i += step) {
    clf_image *image = NULL;
    file.bytes[i] ^= 0x55;
    clf_status status =
        clf_image_load_memory(&image, NULL, file.bytes, file.size, "max_pixels=100000");
    ck_assert_msg((status == CLF_OK) == (image != NULL), "byte %zu", i);
    clf_image_free(image);
    file.bytes[i] ^= 0x55;
  }
}

static inline clf_status load_file(clf_context *context, const void *argument) {
  const image_bytes *file = argument;
  clf_image *image = NULL;
  clf_status status = clf_image_load_memory(&image, context, file->bytes, file->size, NULL);
  clf_image_free(image);
  return status;
}

static inline void check_allocation(const image_bytes *file) {
  ck_assert_int_eq(check_every_allocation("threads=1", load_file, file).tolerated, 0);
}

static inline void check_cancel(const image_bytes *file) {
  clf_context *context = NULL;
  clf_image *image = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  ck_clf_ok(clf_context_set_progress(context, cancel_at_once, NULL));
  ck_clf_fails(clf_image_load_memory(&image, context, file->bytes, file->size, NULL),
               CLF_ERROR_CANCELLED);
  ck_assert_ptr_null(image);
  clf_context_free(context);
}

#ifdef CLASSIFY_PNG
/* Two rows of two pixels of a palette, the second colour half transparent. */
static void make_palette_png(image_bytes *file) {
  const png_bytes png = {2, 2,          8, 3, 0, "\0\0\1\0\1\2", 6, "\12\24\36\310\310\310\0\0\0",
                         9, "\377\200", 2};
  make_png(file, &png);
}

/* Four interlaced pixels of 16 bits a channel, one of them with alpha. */
static void make_interlaced_png(image_bytes *file) {
  static const uint8_t rows[] = {0, 0, 0, 1, 1, 255, 255, 128, 128, /* the first pass: one pixel */
                                 0, 1, 1, 2, 2, 3,   3,   255, 255, /* the sixth: that beside it */
                                 0, 9, 9, 8, 8, 7,   7,   255, 255, /* the seventh: a row of two */
                                 6, 6, 5, 5, 4, 4,   0,   0};
  const png_bytes png = {2, 2, 16, 6, 1, rows, sizeof rows, NULL, 0, NULL, 0};
  make_png(file, &png);
}

TEST(png__is_laid_on_the_background) {
  image_bytes file;
  make_palette_png(&file);
  /* (200 * 128 + 127 * b) / 255 */
  check_image(&file, NULL, 2, 2, 3,
              (const uint8_t[]){10, 20, 30, 227, 227, 227, 227, 227, 227, 0, 0, 0});
  check_image(&file, "background=0", 2, 2, 3,
              (const uint8_t[]){10, 20, 30, 100, 100, 100, 100, 100, 100, 0, 0, 0});
  make_interlaced_png(&file);
  check_image(&file, "background=0", 2, 2, 3,
              (const uint8_t[]){0, 1, 128, 1, 2, 3, 9, 8, 7, 0, 0, 0});
}

TEST(png__has_limits) {
  image_bytes file;
  const png_bytes large = {20000, 20000, 8, 0, 0, "\0", 1, NULL, 0, NULL, 0};
  const png_bytes line = {1 << 28, 1, 16, 6, 0, "\0", 1, NULL, 0, NULL, 0};
  make_png(&file, &large);
  check_refused(&file, NULL, CLF_ERROR_DATA, "20000x20000 pixels, more than max_pixels=150000000");
  make_png(&file, &line);
  check_refused(&file, NULL, CLF_ERROR_DATA, "max_pixels");
  const png_bytes bomb = {10000, 10000, 1, 0, 0, "\0", 1, NULL, 0, NULL, 0};
  make_png(&file, &bomb);
  check_refused(&file, NULL, CLF_ERROR_FORMAT, "bytes cannot hold 10000x10000 pixels");
  make_palette_png(&file);
  check_refused(&file, "max_pixels=3", CLF_ERROR_DATA, "2x2");
}

TEST(png__survives_damage) {
  image_bytes file;
  make_palette_png(&file);
  check_damage(&file, 1);
  check_allocation(&file);
  check_cancel(&file);
  make_interlaced_png(&file);
  check_damage(&file, 1);
  check_allocation(&file);
  file.bytes[file.size - 20] ^= 1; /* in the data's checksum */
  check_refused(&file, NULL, CLF_ERROR_FORMAT, "png: ");
}

static clf_status save_refusing(int64_t refuse, int64_t *asked, const char *path) {
  failing_allocator from = {.refuse = refuse};
  clf_context *context = failing_context("threads=1", &from);
  clf_image *image = NULL;
  clf_status status = context != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  TRY(status);
  TRY(clf_image_create(&image, context, 3, 5, 3, NULL, 0));
  TRY(clf_image_save(image, path, NULL));
done:
  clf_image_free(image);
  clf_context_free(context);
  ck_assert_int_eq(from.held, 0);
  *asked = from.asked;
  return status;
}

/* Level 0 stores the pixels, whose bytes the file then exceeds; each level reads back the same. */
TEST(png__is_compressed_as_much_as_asked) {
  enum { SIDE = 64 };
  static uint8_t pixels[SIDE * SIDE];
  static const char *const params[] = {"compression=0", "compression=1", NULL, "compression=9"};
  char folder[] = "/tmp/classify-png-XXXXXX", path[64];
  clf_image *image = NULL, *again = NULL;
  long size = LONG_MAX;
  for (int i = 0; i < SIDE * SIDE; i++) {
    pixels[i] = (uint8_t)(i * i % 251 * (i / SIDE % 2));
  }
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/a.png", folder);
  ck_clf_ok(clf_image_create(&image, NULL, SIDE, SIDE, 1, pixels, 0));
  for (int i = 0; i < 4; i++) {
    struct stat about;
    ck_clf_ok(clf_image_save(image, path, params[i]));
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert_int_le((long)about.st_size, size);
    ck_assert(i != 0 || about.st_size > SIDE * SIDE);
    ck_assert(i == 0 || about.st_size < SIDE * SIDE);
    size = (long)about.st_size;
    ck_clf_ok(clf_image_load(&again, NULL, path, NULL));
    ck_assert_mem_eq(clf_image_pixels(again), pixels, sizeof pixels);
    clf_image_free(again);
  }
  ck_clf_fails(clf_image_save(image, path, "compression=10"), CLF_ERROR_ARGUMENT);
  clf_image_free(image);
  remove(path);
  remove(folder);
}

TEST(png__is_written_or_not) {
  char folder[] = "/tmp/classify-png-XXXXXX", path[64];
  int64_t asked = 0, none;
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/a.png", folder);
  ck_clf_ok(save_refusing(0, &asked, path));
  clf_image *image = NULL;
  ck_clf_ok(clf_image_load(&image, NULL, path, NULL));
  ck_assert_int_eq(clf_image_width(image), 5);
  clf_image_free(image);
  ck_assert_int_eq(remove(path), 0);
  for (int64_t refuse = 1; refuse <= asked; refuse++) {
    ck_clf_fails(save_refusing(refuse, &none, path), CLF_ERROR_MEMORY);
    ck_assert_int_ne(remove(path), 0);
  }
  ck_assert_int_eq(remove(folder), 0); /* nothing is left in it */
}
#endif

#ifdef CLASSIFY_JPEG
/* EXIF data that say `orientation`, as a JPEG segment of 34 bytes. */
static void make_exif(uint8_t segment[36], uint8_t orientation) {
  static const uint8_t bytes[36] =
      "\xFF\xE1\0\x22"
      "Exif\0\0"
      "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0";
  memcpy(segment, bytes, 36);
  segment[29] = orientation;
}

TEST(jpeg__survives_damage) {
  static const J_COLOR_SPACE spaces[] = {JCS_GRAYSCALE, JCS_RGB, JCS_CMYK};
  for (int i = 0; i < 3; i++) {
    image_bytes file;
    make_jpeg(&file, 20, 18, spaces[i], i % 2, "", 0);
    check_damage(&file, 7);
    check_allocation(&file);
    check_cancel(&file);
  }
}

TEST(jpeg__has_limits) {
  image_bytes file;
  make_jpeg(&file, 20, 18, JCS_GRAYSCALE, 0, "", 0);
  check_refused(&file, "max_pixels=359", CLF_ERROR_DATA, "20x18 pixels");
  uint8_t *size = memmem(file.bytes, file.size, "\xFF\xC0", 2);
  ck_assert_ptr_nonnull(size);
  memcpy(size + 5, "\x20\0\x20\0", 4);
  check_refused(&file, NULL, CLF_ERROR_FORMAT, "bytes cannot hold 8192x8192 pixels");
  memcpy(size + 5, "\x4E\x20\x4E\x20", 4);
  check_refused(&file, NULL, CLF_ERROR_DATA, "20000x20000 pixels, more than max_pixels=150000000");
}

/* The coefficients of a progressive file are memory too. */
TEST(jpeg__coefficients_count_as_memory) {
  image_bytes file;
  clf_context *context = NULL;
  clf_image *image = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1 memory_limit=60000"));
  make_jpeg(&file, 60, 60, JCS_RGB, 1, "", 0);
  uint8_t *size = memmem(file.bytes, file.size, "\xFF\xC2", 2);
  ck_assert_ptr_nonnull(size);
  memcpy(size + 5, "\1\0\1\0", 4); /* 256x256 */
  ck_clf_fails(clf_image_load_memory(&image, context, file.bytes, file.size, NULL),
               CLF_ERROR_MEMORY);
  ck_clf_says("coefficients");
  clf_context_free(context);
}

/* A file that repeats a scan for ever is no image. */
TEST(jpeg__scans_are_bounded) {
  static image_bytes file;
  make_jpeg(&file, 16, 16, JCS_GRAYSCALE, 1, "", 0);
  uint8_t *scan = memmem(file.bytes, file.size, "\xFF\xDA", 2);
  uint8_t *next = memmem(scan + 2, file.size - (size_t)(scan + 2 - file.bytes), "\xFF", 1);
  while (next[1] == 0) {
    next = memmem(next + 2, file.size - (size_t)(next + 2 - file.bytes), "\xFF", 1);
  }
  const size_t before = (size_t)(scan - file.bytes), length = (size_t)(next - scan);
  clf_image *image = NULL;
  const size_t size = before + 1000 * length;
  uint8_t *bomb = malloc(size);
  memcpy(bomb, file.bytes, before);
  for (size_t i = 0; i < 1000; i++) {
    memcpy(bomb + before + i * length, scan, length);
  }
  ck_clf_fails(clf_image_load_memory(&image, NULL, bomb, size, NULL), CLF_ERROR_FORMAT);
  ck_assert_ptr_null(image);
  free(bomb);
}

TEST(jpeg__exif_is_read_with_care) {
  image_bytes file;
  uint8_t segment[36];
  for (uint8_t orientation = 0; orientation < 10; orientation++) {
    make_exif(segment, orientation);
    make_jpeg(&file, 20, 12, JCS_GRAYSCALE, 0, segment, sizeof segment);
    const int expected = orientation >= 1 && orientation <= 8 ? orientation : 1;
    ck_assert_int_eq(clf__exif_orientation(file.bytes, file.size), expected);
    clf_image *image = loaded(&file, NULL);
    ck_assert_int_eq(clf_image_width(image), expected > 4 ? 12 : 20);
    clf_image_free(image);
  }
  make_exif(segment, 6);
  make_jpeg(&file, 20, 12, JCS_GRAYSCALE, 0, segment, sizeof segment);
  check_allocation(&file);
  for (size_t size = 0; size < 60; size++) {
    uint8_t *exact = malloc(size + 1);
    memcpy(exact, file.bytes, size);
    ck_assert_int_eq(clf__exif_orientation(exact, size), size >= 38 ? 6 : 1);
    free(exact);
  }
}
#endif

static uint8_t colors[3 * 128];

TEST(gif__lies_on_its_canvas) {
  static const uint8_t pixels[] = {1, 2, 3, 4, 5, 6};
  image_bytes file;
  fill_palette(colors, 1);
  const gif_bytes gif = {4, 3, 2, 1, 3, 2, 0, 5, colors, pixels};
  make_gif(&file, &gif);
  check_image(&file, "background=9", 3, 5, 1, /* a column more than the canvas has */
              (const uint8_t[]){9, 9, 9, 9, 9, 9, 9, 2, 4, 6, 9, 9, 8, 9, 12});
  const gif_bytes bare = {0, 0, 1, 0, 3, 2, 0, -1, colors, pixels};
  make_gif(&file, &bare);
  check_image(&file, NULL, 2, 4, 1, (const uint8_t[]){255, 2, 4, 6, 255, 8, 10, 12});
}

TEST(gif__may_be_interlaced_and_coloured) {
  static const uint8_t rows[] = {1, 5, 3, 7, 2, 4, 6, 8}; /* of 0, 4, 2, 6, 1, 3, 5, 7 */
  image_bytes file;
  uint8_t expected[8 * 3];
  fill_palette(colors, 0);
  const gif_bytes gif = {1, 8, 0, 0, 1, 8, 1, -1, colors, rows};
  make_gif(&file, &gif);
  for (int i = 0; i < 8; i++) {
    memcpy(expected + 3 * i, colors + 3 * (i + 1), 3);
  }
  check_image(&file, NULL, 8, 1, 3, expected);
}

TEST(gif__survives_damage) {
  uint8_t pixels[20 * 18];
  image_bytes file;
  fill_palette(colors, 0);
  for (int i = 0; i < 20 * 18; i++) {
    pixels[i] = (uint8_t)(i % 128);
  }
  const gif_bytes gif = {20, 18, 0, 0, 20, 18, 1, 3, colors, pixels};
  make_gif(&file, &gif);
  check_damage(&file, 7);
  check_allocation(&file);
  check_cancel(&file);
  check_refused(&file, "max_pixels=300", CLF_ERROR_DATA, "20x18");
  file.bytes[6 + 4] = 0x80; /* a palette of two colours, followed by what was the others */
  clf_image *image = NULL;
  ck_clf_fails(clf_image_load_memory(&image, NULL, file.bytes, file.size, NULL), CLF_ERROR_FORMAT);
  memcpy(file.bytes, "GIF89a\4\0\4\0\0\0\0;", 14);
  file.size = 14;
  check_refused(&file, NULL, CLF_ERROR_FORMAT, "no picture");
}

/* An image of 3 channels and one of 1, written to memory by each writer that there is. */
TEST(memory__holds_what_the_file_would) {
  static const uint8_t pixels[2 * 3 * 3] = {1, 2, 3, 250, 251, 252, 7, 8, 9, 0, 128, 255};
  char path[] = "/tmp/classify-image-XXXXXX.pnm";
  close(mkstemps(path, 4));
  for (int64_t i = 0; i < clf_kind_count("image_writer"); i++) {
    for (int64_t channels = 1; channels <= 3; channels += 2) {
      const char *format = clf_kind_name("image_writer", i);
      unsigned char bytes[512], file[512];
      clf_image *image = NULL, *again = NULL;
      size_t size = 0, needed = 0;
      ck_clf_ok(clf_image_create(&image, NULL, 2, 3, channels, pixels, 0));
      ck_clf_ok(clf_image_save_memory(image, format, NULL, NULL, 0, &needed));
      bytes[0] = 'u';
      ck_clf_fails(clf_image_save_memory(image, format, NULL, bytes, needed - 1, &size),
                   CLF_ERROR_ARGUMENT);
      ck_assert(bytes[0] == 'u' && size == 0);
      ck_clf_ok(clf_image_save_memory(image, format, NULL, bytes, needed, &size));
      ck_assert_uint_eq(size, needed);
      ck_clf_ok(clf_image_load_memory(&again, NULL, bytes, size, NULL));
      ck_assert_int_eq(clf_image_channels(again), channels);
      ck_assert_mem_eq(clf_image_pixels(again), pixels, (size_t)(6 * channels));
      memcpy(path + strlen(path) - 3, format, 3);
      ck_clf_ok(clf_image_save(image, path, NULL));
      FILE *from = fopen(path, "rb");
      ck_assert_uint_eq(fread(file, 1, sizeof file, from), size);
      fclose(from);
      ck_assert_mem_eq(file, bytes, size);
      remove(path);
      clf_image_free(again);
      clf_image_free(image);
    }
  }
  memcpy(path + strlen(path) - 3, "pnm", 3);
  remove(path);
}

TEST(memory__of_an_image_takes_no_other_format) {
  clf_image *image = NULL;
  size_t size = 7;
  ck_clf_ok(clf_image_create(&image, NULL, 2, 3, 1, NULL, 0));
  ck_clf_fails(clf_image_save_memory(image, "gif", NULL, NULL, 0, &size), CLF_ERROR_ARGUMENT);
  ck_clf_says("there is no format of images 'gif'");
  ck_clf_fails(clf_image_save_memory(image, "pnm", "quality=1", NULL, 0, &size),
               CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_image_save_memory(image, "pnm", NULL, NULL, 5, &size), CLF_ERROR_ARGUMENT);
  ck_assert_uint_eq(size, 7);
  clf_image_free(image);
}

static clf_status write_to_memory(clf_context *context, const void *argument) {
  unsigned char bytes[512];
  size_t size = 0;
  clf_image *image = NULL;
  clf_status status = CLF_OK;
  TRY(clf_image_create(&image, context, 3, 5, 3, NULL, 0));
  TRY(clf_image_save_memory(image, argument, NULL, bytes, sizeof bytes, &size));
done:
  clf_image_free(image);
  return status;
}

TEST(memory__may_be_refused_while_an_image_is_written) {
  for (int64_t i = 0; i < clf_kind_count("image_writer"); i++) {
    check_every_allocation("threads=1", write_to_memory, clf_kind_name("image_writer", i));
  }
}

SUITE("image_codecs")
