/* Images read from bytes and files: PGM and PPM here, limits, damage, writing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

static clf_status load(clf_image **out, const char *bytes, size_t size, const char *params) {
  return clf_image_load_memory(out, NULL, bytes, size, params);
}

/* Asserts that the bytes are read as an image of this size with these pixels. */
static void check_image(const char *bytes, size_t size, int64_t height, int64_t width,
                        int64_t channels, const uint8_t *pixels) {
  clf_image *image = NULL;
  ck_clf_ok(load(&image, bytes, size, NULL));
  ck_assert_int_eq(clf_image_height(image), height);
  ck_assert_int_eq(clf_image_width(image), width);
  ck_assert_int_eq(clf_image_channels(image), channels);
  ck_assert_mem_eq(clf_image_pixels(image), pixels, (size_t)(height * width * channels));
  clf_image_free(image);
}

static void check_refused(const char *bytes, size_t size, const char *params, clf_status expected,
                          const char *says) {
  clf_image *image = NULL;
  ck_clf_fails(load(&image, bytes, size, params), expected);
  ck_clf_says(says);
  ck_clf_says("image in memory");
  ck_assert_ptr_null(image);
}

#define TEXT(literal) (literal), sizeof(literal) - 1

TEST(pnm__is_read_in_all_forms) {
  check_image(TEXT("P5 3 2 255\n\1\2\3\4\5\6"), 2, 3, 1, (const uint8_t[]){1, 2, 3, 4, 5, 6});
  check_image(TEXT("P6\n# a comment\n1 2\n255\n\1\2\3\4\5\6\n"), 2, 1, 3,
              (const uint8_t[]){1, 2, 3, 4, 5, 6});
  check_image(TEXT("P2#here too\r\n2 2 15\n0 5 10# and here\n15"), 2, 2, 1,
              (const uint8_t[]){0, 85, 170, 255});
  check_image(TEXT("P3 1 1 255 1\t2\n3"), 1, 1, 3, (const uint8_t[]){1, 2, 3});
  check_image(TEXT("P5 4 1 65535\n\0\0\1\1\377\377\0\200"), 1, 4, 1,
              (const uint8_t[]){0, 1, 255, 0});
  check_image(TEXT("P2 2 1 1000 500 1000"), 1, 2, 1, (const uint8_t[]){128, 255});
}

TEST(pnm__of_one_bit_is_black_for_1) {
  check_image(TEXT("P1 3 2\n1 0 1\n0 1 0\n"), 2, 3, 1, (const uint8_t[]){0, 255, 0, 255, 0, 255});
  check_image(TEXT("P1\n# the letter L\n2 3\n10\n10 # its foot:\n11"), 3, 2, 1,
              (const uint8_t[]){0, 255, 0, 255, 0, 0});
  check_image(TEXT("P1 3 2 010101"), 2, 3, 1, (const uint8_t[]){255, 0, 255, 0, 255, 0});
  check_image(TEXT("P4 3 2\n\240\137"), 2, 3, 1, (const uint8_t[]){0, 255, 0, 255, 0, 255});
  check_image(TEXT("P4#c\n10 1 \0\300"), 1, 10, 1,
              (const uint8_t[]){255, 255, 255, 255, 255, 255, 255, 255, 0, 0});
  check_image(TEXT("P4 8 2\n\17\360"), 2, 8, 1,
              (const uint8_t[]){255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255});
  check_refused(TEXT("P1 3 2 01010"), NULL, CLF_ERROR_FORMAT, "ends early");
  check_refused(TEXT("P1 3 2 010 01 "), NULL, CLF_ERROR_FORMAT, "ends early");
  check_refused(TEXT("P1 3 2 010121"), NULL, CLF_ERROR_FORMAT, "above the largest");
  check_refused(TEXT("P1 3 2 0101010"), NULL, CLF_ERROR_FORMAT, "1 bytes follow its pixels");
  check_refused(TEXT("P4 9 2\n\1\2\3"), NULL, CLF_ERROR_FORMAT, "need 1 bytes more");
  check_refused(TEXT("P4 0 2\n\1\2\3"), NULL, CLF_ERROR_FORMAT, "no pixels");
  check_refused(TEXT("P4 100000 100000\n\1"), "max_pixels=1099511627776", CLF_ERROR_FORMAT,
                "ends early");
}

TEST(pnm__has_the_pixels_of_its_size) {
  check_image(TEXT("P5 2 1 255\n\1\2P5 2 1 255\n\3\4"), 1, 2, 1, (const uint8_t[]){1, 2});
  check_image(TEXT("P2 2 1 255 1 2 # the end\n"), 1, 2, 1, (const uint8_t[]){1, 2});
  check_image(TEXT("P5 2 1 # wide, high\n255# levels\n\1\2"), 1, 2, 1, (const uint8_t[]){1, 2});
  check_image(TEXT("P2 2 1 65535 0 65535"), 1, 2, 1, (const uint8_t[]){0, 255});
  check_image(TEXT("P5 2 1 255#\r\n\n\t"), 1, 2, 1, (const uint8_t[]){10, 9});
  check_refused(TEXT("P5 2 1 255\n\1\2\3"), NULL, CLF_ERROR_FORMAT,
                "1 bytes follow its pixels, which end at byte 13");
  check_refused(TEXT("P6 1 1 255\n\1\2\3and more"), NULL, CLF_ERROR_FORMAT, "8 bytes follow");
  check_refused(TEXT("P2 2 1 255 1 2 3"), NULL, CLF_ERROR_FORMAT, "2 bytes follow");
  check_refused(TEXT("P5 2 1 255# no end"), NULL, CLF_ERROR_FORMAT, "ends early");
  check_refused(TEXT("P5 2 1 255x\1\2"), NULL, CLF_ERROR_FORMAT, "no blank at byte 10");
}

TEST(pnm__damage_is_told) {
  check_refused(TEXT("P5 3 2 255\n\1\2\3\4\5"), NULL, CLF_ERROR_FORMAT, "ends early");
  check_refused(TEXT("P6 3 2"), NULL, CLF_ERROR_FORMAT, "ends early");
  check_refused(TEXT("P6 3 x 255\n"), NULL, CLF_ERROR_FORMAT, "no number at byte 5");
  check_refused(TEXT("P5 1 1 0\n\1"), NULL, CLF_ERROR_FORMAT, "1 to 65535");
  check_refused(TEXT("P5 1 1 65536\n\1"), NULL, CLF_ERROR_FORMAT, "1 to 65535");
  check_refused(TEXT("P5 1 1 15\n\20"), NULL, CLF_ERROR_FORMAT, "above the largest");
  check_refused(TEXT("P2 1 2 15\n1 16 "), NULL, CLF_ERROR_FORMAT, "above the largest");
  check_refused(TEXT("P2 3 1 15\n1 2x3 "), NULL, CLF_ERROR_FORMAT, "no number");
  check_refused(TEXT("P5 0 1 15\n"), NULL, CLF_ERROR_FORMAT, "no pixels");
}

TEST(load__refuses_what_is_no_image) {
  check_refused(TEXT("P7 of something else"), NULL, CLF_ERROR_FORMAT,
                "it is a text; images are read from pnm, gif");
  clf_image *image = NULL;
  ck_clf_fails(load(&image, TEXT("P5 1 1 1\n\1"), "max_pixel=3"), CLF_ERROR_ARGUMENT);
  ck_clf_says("max_pixels");
}

TEST(load__says_what_else_a_file_is) {
  static const struct {
    const char *bytes;
    size_t size;
    const char *what;
  } files[] = {
      {TEXT(""), "it is empty"},
      {TEXT("BM\x46\0\0\0\0\0\0\0\x36"), "a BMP image"},
      {TEXT("BMW and other cars"), "a text"},
      {TEXT("RIFF\x24\0\0\0WEBPVP8 "), "a WebP image"},
      {TEXT("RIFF\x24\0\0\0WAVEfmt "), "of no known kind"},
      {TEXT("II*\0\x08\0\0\0"), "a TIFF image"},
      {TEXT("MM\0*\0\0\0\x08"), "a TIFF image"},
      {TEXT("\0\0\0\x18"
            "ftypheic\0\0\0\0mif1heic"),
       "a HEIC image"},
      {TEXT("\0\0\0\x1C"
            "ftypavif\0\0\0\0"),
       "an AVIF image"},
      {TEXT("\0\0\0\x18"
            "ftypisom\0\0\0\0"),
       "an MP4 or QuickTime film"},
      {TEXT("%PDF-1.7\n"), "a PDF document"},
      {TEXT("<?xml version='1.0'?>\n<svg width='3'/>"), "an SVG image"},
      {TEXT("<?xml version='1.0'?>\n<note/>"), "an XML document"},
      {TEXT("\n<!DOCTYPE HTML>\n<title>404"), "an HTML page"},
      {TEXT("\0\0\1\0\1\0"), "an icon of Windows"},
      {TEXT("8BPS\0\1"), "an image of Photoshop"},
      {TEXT("P7\nWIDTH 1\n"), "a PAM image"},
      {TEXT("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0"), "such as Thumbs.db of Windows"},
      {TEXT("\0\0\0\1Bud1\0"), "a .DS_Store of macOS"},
      {TEXT("[.ShellClassInfo]\r\nIconFile=a.ico"), "a desktop.ini of Windows"},
      {TEXT("version https://git-lfs.github.com/spec/v1\n"), "a pointer of Git LFS"},
      {TEXT("PK\3\4\x14"), "a ZIP archive"},
      {TEXT("\0\0\0\0\0\0\0\0"), "nothing but zeros"},
      {TEXT("\1\2\3\4"), "of no known kind"},
      {TEXT("\0"), "nothing but zeros"},
#ifndef CLASSIFY_PNG
      {TEXT("\x89PNG\r\n\x1A\n"), "a PNG image, which this build has no libpng for"},
#endif
#ifndef CLASSIFY_JPEG
      {TEXT("\xFF\xD8\xFF\xE0"), "a JPEG image, which this build has no libjpeg for"},
#endif
  };
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char *exact = malloc(files[i].size + 1); /* a sanitizer sees what is read beyond it */
    memcpy(exact, files[i].bytes, files[i].size);
    check_refused(exact, files[i].size, NULL, CLF_ERROR_FORMAT, files[i].what);
    ck_clf_says("; images are read from pnm, gif");
    free(exact);
  }
}

TEST(load__has_a_limit) {
  check_refused(TEXT("P5 20000 20000 255\n\1"), NULL, CLF_ERROR_DATA, "max_pixels=150000000");
  check_refused(TEXT("P5 3 2 255\n\1\2\3\4\5\6"), "max_pixels=5", CLF_ERROR_DATA,
                "3x2 pixels, more than max_pixels=5");
  check_refused(TEXT("P6 99999999999999999999 99999999999999999999 255\n\1"),
                "max_pixels=1099511627776", CLF_ERROR_DATA, "more than max_pixels");
  check_refused(TEXT("P6 1000000 1000000 255\n\1"), "max_pixels=1099511627776", CLF_ERROR_FORMAT,
                "ends early");
  check_refused(TEXT("P5 10000 10000 255\n\1"), NULL, CLF_ERROR_FORMAT, "ends early");
}

static char path[64];

static void name_file(const char *ending) {
  static int number;
  snprintf(path, sizeof path, "/tmp/classify-image-%d-%d.%s", (int)getpid(), number++, ending);
}

TEST(save__is_read_back) {
  static const char *const endings[] = {"ppm", "PNM"};
  static const uint8_t pixels[] = {1, 2, 3, 250, 251, 252, 0, 255, 128, 10, 35, 32};
  for (int i = 0; i < 2; i++) {
    clf_image *image = NULL, *read = NULL;
    name_file(endings[i]);
    ck_clf_ok(clf_image_create(&image, NULL, 2, 2, 3, pixels, 0));
    ck_clf_ok(clf_image_save(image, path, NULL));
    ck_clf_ok(clf_image_load(&read, NULL, path, NULL));
    ck_assert_int_eq(clf_image_channels(read), 3);
    ck_assert_mem_eq(clf_image_pixels(read), pixels, sizeof pixels);
    clf_image_free(read);
    clf_image_free(image);
    unlink(path);
  }
}

TEST(save__refuses_other_endings) {
  clf_image *image = NULL, *read = NULL;
  ck_clf_ok(clf_image_create(&image, NULL, 2, 2, 3, NULL, 0));
  name_file("bmp");
  ck_clf_fails(clf_image_save(image, path, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("pgm|ppm|pnm");
  name_file("pgm");
  ck_clf_fails(clf_image_save(image, path, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("1 channels, the image 3");
  ck_clf_fails(clf_image_save(image, "/nonexistent/a.ppm", NULL), CLF_ERROR_IO);
  ck_clf_fails(clf_image_save(image, "/nonexistent/a", NULL), CLF_ERROR_UNSUPPORTED);
  ck_assert_int_ne(access(path, F_OK), 0);
  ck_clf_fails(clf_image_load(&read, NULL, path, NULL), CLF_ERROR_IO);
  ck_clf_says(path);
  ck_assert_ptr_null(read);
  clf_image_free(image);
}

SUITE("image_files")
