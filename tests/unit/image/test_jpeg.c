/* JPEG files that lack a part of their picture. Each form of file is read if it is complete, and
 * refused if bytes of it are set to 0, removed, inserted or replaced by those of another file. */
#include "failing_allocator.h"

#ifdef CLASSIFY_JPEG
#include "image_bytes.h"

typedef struct jpeg_file {
  unsigned char *bytes;
  size_t size;
} jpeg_file;

static jpeg_file file_of(const jpeg_form *form) {
  unsigned long size = 0;
  jpeg_file file = {encode_jpeg(form, &size), 0};
  file.size = size;
  return file;
}

/* The file with `count` bytes of `with` in the place of `without`. */
static jpeg_file replaced(const jpeg_file *from, size_t at, size_t without, const void *with,
                          size_t count) {
  jpeg_file file = {malloc(from->size - without + count), from->size - without + count};
  memcpy(file.bytes, from->bytes, at);
  memcpy(file.bytes + at, with, count);
  memcpy(file.bytes + at + count, from->bytes + at + without, from->size - at - without);
  return file;
}

static void check_refused(jpeg_file file, const char *says) {
  clf_image *image = NULL;
  ck_clf_fails(clf_image_load_memory(&image, NULL, file.bytes, file.size, NULL), CLF_ERROR_FORMAT);
  ck_clf_says("image in memory: jpeg: ");
  ck_clf_says(says);
  ck_assert_ptr_null(image);
  free(file.bytes);
}

static clf_image *loaded(const jpeg_file *file) {
  clf_image *image = NULL;
  ck_clf_ok(clf_image_load_memory(&image, NULL, file->bytes, file->size, NULL));
  return image;
}

static size_t image_size(const clf_image *image) {
  return (size_t)(clf_image_height(image) * clf_image_width(image) * clf_image_channels(image));
}

static void check_same(jpeg_file file, const clf_image *expected) {
  clf_image *image = loaded(&file);
  ck_assert_uint_eq(image_size(image), image_size(expected));
  ck_assert_mem_eq(clf_image_pixels(image), clf_image_pixels(expected), image_size(image));
  clf_image_free(image);
  free(file.bytes);
}

/* Where a marker is, from `from` on; the size of the file where there is none. */
static size_t find_marker(const jpeg_file *file, size_t from, int low, int high) {
  for (size_t i = from; i + 1 < file->size; i++) {
    if (file->bytes[i] == 0xFF && file->bytes[i + 1] >= low && file->bytes[i + 1] <= high) {
      return i;
    }
  }
  return file->size;
}

/* Where entropy-coded data that begin in a scan's segment end: at the next marker but restarts. */
static size_t scan_end(const jpeg_file *file, size_t scan) {
  size_t at = scan + 2;
  do {
    at = find_marker(file, at + 1, 0xC0, 0xFE);
  } while (at < file->size && file->bytes[at + 1] >= 0xD0 && file->bytes[at + 1] <= 0xD7);
  return at;
}

enum {
  GREY,
  COLOR,
  RESTARTED,
  SEPARATE,
  SEPARATE_RESTARTED,
  PROGRESSIVE,
  PROGRESSIVE_RESTARTED,
  CMYK_PROGRESSIVE,
  GREY_PROGRESSIVE,
  FORMS
};

#define FORM .width = 61, .height = 45, .texture = 60

static const jpeg_form forms[FORMS] = {
    [GREY] = {FORM, .space = JCS_GRAYSCALE},
    [COLOR] = {FORM, .space = JCS_RGB},
    [RESTARTED] = {FORM, .space = JCS_RGB, .restart = 2},
    [SEPARATE] = {FORM, .space = JCS_RGB, .separate = 1},
    [SEPARATE_RESTARTED] = {FORM, .space = JCS_RGB, .separate = 1, .restart = 3},
    [PROGRESSIVE] = {FORM, .space = JCS_RGB, .progressive = 1},
    [PROGRESSIVE_RESTARTED] = {FORM, .space = JCS_RGB, .progressive = 1, .restart = 2},
    [CMYK_PROGRESSIVE] = {FORM, .space = JCS_CMYK, .progressive = 1},
    [GREY_PROGRESSIVE] = {FORM, .space = JCS_GRAYSCALE, .progressive = 1},
};

/* Scans and restart intervals only order the same coefficients otherwise. */
TEST(scans__in_any_order_make_one_picture) {
  for (int i = 0; i < FORMS; i++) {
    const jpeg_form plain = {FORM, .space = forms[i].space};
    jpeg_file file = file_of(&plain);
    clf_image *expected = loaded(&file);
    check_same(file_of(&forms[i]), expected);
    clf_image_free(expected);
    free(file.bytes);
  }
}

/* Components of other sizes have blocks at the edges that only some scans have. */
TEST(scans__of_any_sampling_make_one_picture) {
  for (int across = 1; across <= 4; across++) {
    for (int down = 1; down <= 4 && across * down <= 8; down++) {
      jpeg_form form = forms[COLOR];
      form.width = 57 + across;
      form.across = across;
      form.down = down;
      jpeg_file file = file_of(&form);
      clf_image *expected = loaded(&file);
      form.separate = 1;
      check_same(file_of(&form), expected);
      form.separate = 0;
      form.progressive = 1;
      form.restart = 3;
      check_same(file_of(&form), expected);
      clf_image_free(expected);
      free(file.bytes);
    }
  }
}

/* Parts of the scans' data are set to 0, and the end marker stays. One in some hundreds of them is
 * accepted, because zeros may be valid blocks or padding. */
TEST(data__that_are_zeroed_are_refused) {
  int read = 0, count = 0;
  for (int i = 0; i < FORMS; i++) {
    jpeg_file file = file_of(&forms[i]);
    for (size_t from = file.size / 2; from + 16 < file.size; from += 23) {
      clf_image *image = NULL;
      jpeg_file damaged = replaced(&file, 0, 0, "", 0);
      memset(damaged.bytes + from, 0, damaged.size - 2 - from);
      read += clf_image_load_memory(&image, NULL, damaged.bytes, damaged.size, NULL) == CLF_OK;
      count++;
      clf_image_free(image);
      free(damaged.bytes);
    }
    free(file.bytes);
  }
  ck_assert_int_gt(count, 300);
  ck_assert_int_le(read, 3);
}

TEST(data__that_end_early_are_refused) {
  for (int i = 0; i < FORMS; i++) {
    jpeg_file file = file_of(&forms[i]);
    for (size_t to = file.size / 2; to + 3 < file.size; to += 7) {
      check_refused(replaced(&file, to, file.size - 2 - to, "", 0), ""); /* with an end marker */
      check_refused(replaced(&file, to, file.size - to, "", 0), "");
      check_refused(replaced(&file, to, file.size - to, file.bytes, file.size), "");
    }
    check_refused(replaced(&file, file.size - 2, 2, "", 0), "it ends early, without an end marker");
    check_refused(replaced(&file, file.size - 1, 1, "\xC9", 1), "it ends early");
    free(file.bytes);
  }
}

static const char no_bytes[4];

TEST(data__that_go_on_are_refused) {
  for (int i = 0; i < FORMS; i++) {
    jpeg_file file = file_of(&forms[i]);
    const size_t end = scan_end(&file, find_marker(&file, 0, 0xDA, 0xDA));
    check_refused(replaced(&file, end, 0, "\x12", 1), "the data of scan 1 do not fit its");
    check_refused(replaced(&file, end, 0, "\xFF\0", 2), "the data of scan 1 do not fit its");
    check_refused(replaced(&file, end, 0, "\0\0\1", 3), "the data of scan 1 do not fit its");
    check_refused(replaced(&file, end, 0, no_bytes, 4), "the data of scan 1 do not fit its");
    free(file.bytes);
  }
}

/* Without any one of the scans, a part of some component or of its bits is missing. */
TEST(scans__that_are_missing_are_told) {
  for (int i = SEPARATE; i < FORMS; i++) {
    jpeg_file file = file_of(&forms[i]);
    size_t scan = find_marker(&file, 0, 0xDA, 0xDA);
    while (scan < file.size) {
      const size_t end = scan_end(&file, scan);
      check_refused(replaced(&file, scan, end - scan, "", 0), "");
      scan = find_marker(&file, end, 0xDA, 0xDA);
    }
    free(file.bytes);
  }
  jpeg_file file = file_of(&forms[GREY_PROGRESSIVE]);
  size_t last = 0;
  for (size_t at = 0; at < file.size; at = find_marker(&file, at + 1, 0xDA, 0xDA)) {
    last = at;
  }
  check_refused(replaced(&file, last, file.size - 2 - last, "", 0),
                "it ends without the last bits of coefficient 1 of component 1");
  free(file.bytes);
  file = file_of(&forms[SEPARATE]);
  const size_t second =
      find_marker(&file, scan_end(&file, find_marker(&file, 0, 0xDA, 0xDA)), 0xDA, 0xDA);
  check_refused(replaced(&file, second, file.size - 2 - second, "", 0),
                "it ends without the data of coefficient 0 of component 2");
  free(file.bytes);
}

TEST(scans__that_come_twice_are_refused) {
  for (int i = COLOR; i < FORMS; i++) {
    jpeg_file file = file_of(&forms[i]);
    const size_t scan = find_marker(&file, 0, 0xDA, 0xDA), end = scan_end(&file, scan);
    check_refused(replaced(&file, end, 0, file.bytes + scan, end - scan), "does not follow");
    free(file.bytes);
  }
}

TEST(intervals__are_counted) {
  jpeg_file file = file_of(&forms[RESTARTED]);
  const size_t first = find_marker(&file, 0, 0xD0, 0xD0),
               second = find_marker(&file, 0, 0xD1, 0xD1);
  check_refused(replaced(&file, first, second - first, "", 0), "restart marker of the next");
  check_refused(replaced(&file, second, 0, file.bytes + first, second - first),
                "restart marker of the next");
  check_refused(replaced(&file, second, 2, "\xFF\xD2", 2), "restart marker of the next");
  const size_t restart = find_marker(&file, 0, 0xDD, 0xDD);
  check_refused(replaced(&file, restart + 5, 1, "\3", 1), "do not fit");
  check_refused(replaced(&file, restart, 6, "", 0), "do not fit");
  free(file.bytes);
}

TEST(segments__follow_each_other) {
  jpeg_file file = file_of(&forms[PROGRESSIVE]);
  clf_image *expected = loaded(&file);
  const size_t frame = find_marker(&file, 0, 0xC2, 0xC2), scan = find_marker(&file, 0, 0xDA, 0xDA);
  check_refused(replaced(&file, frame, 0, "abc", 3), "3 extraneous bytes");
  check_refused(replaced(&file, frame, 0, "\xFF\xD8", 2), "two SOI markers");
  check_refused(replaced(&file, scan, 0, file.bytes + frame, 19), "two SOF markers");
  check_refused(replaced(&file, frame + 3, 1, "\x13", 1), "");
  const size_t tables = find_marker(&file, scan_end(&file, scan), 0xC4, 0xC4);
  check_refused(replaced(&file, tables, 0, "\xFF\xFE\0\3xabc", 8), "there is no marker");
  check_refused(replaced(&file, tables, 0, "\xFF\xD3", 2), "impossible marker");
  check_refused(replaced(&file, tables, 0, "\xFF\xFE\0\1", 4), "a segment without a length");
  check_refused(replaced(&file, tables, 0, file.bytes + frame, 19), "second frame");
  check_refused(replaced(&file, tables + 3, 1, "\x15", 1), "");
  check_same(replaced(&file, scan, 0, "\xFF\xFF\xFF", 3), expected);        /* filled up */
  check_same(replaced(&file, scan, 0, "\xFF\xFE\0\3x", 5), expected);       /* a comment */
  check_same(replaced(&file, file.size, 0, "and what else", 13), expected); /* behind the end */
  check_same(replaced(&file, file.size, 0, file.bytes, file.size), expected);
  clf_image_free(expected);
  free(file.bytes);
}

/* The last byte of an interval is filled up with ones, by some programs with zeros. */
TEST(data__may_be_filled_up_with_zeros) {
  for (int width = 8; width <= 120; width += 8) {
    const jpeg_form form = {.width = width, .height = 8, .space = JCS_GRAYSCALE, .texture = 90};
    jpeg_file file = file_of(&form);
    clf_image *expected = loaded(&file);
    unsigned char *last = &file.bytes[file.size - 3], filled = *last;
    int accepted = 0;
    for (int mask = 1; mask < 256 && (filled & mask) == mask; mask = 2 * mask + 1) {
      clf_image *image = NULL;
      *last = (unsigned char)(filled & ~mask);
      const clf_status status = clf_image_load_memory(&image, NULL, file.bytes, file.size, NULL);
      accepted += status == CLF_OK && memcmp(clf_image_pixels(image), clf_image_pixels(expected),
                                             image_size(expected)) == 0;
      clf_image_free(image);
      *last = filled;
    }
    ck_assert(accepted <= 1);
    if (width == 8) {
      ck_assert_int_eq(accepted, (filled & 1) != 0);
    }
    clf_image_free(expected);
    free(file.bytes);
  }
}

/* Some cameras fill each interval up to words, and write a restart marker behind the last one. */
TEST(intervals__may_be_filled_up) {
  for (int i = 0; i < FORMS; i++) {
    jpeg_file file = file_of(&forms[i]);
    clf_image *expected = loaded(&file);
    const size_t end = scan_end(&file, find_marker(&file, 0, 0xDA, 0xDA));
    const size_t restart = find_marker(&file, 0, 0xD0, 0xD0);
    for (size_t count = 1; count < 4; count++) {
      check_same(replaced(&file, end, 0, no_bytes, count), expected);
      if (restart < file.size) {
        check_same(replaced(&file, restart, 0, no_bytes, count), expected);
      }
    }
    clf_image_free(expected);
    free(file.bytes);
  }
  jpeg_file file = file_of(&forms[RESTARTED]); /* of 6 intervals */
  clf_image *expected = loaded(&file);
  check_same(replaced(&file, file.size - 2, 0, "\xFF\xD5", 2), expected);
  check_refused(replaced(&file, file.size - 2, 0, "\xFF\xD6", 2), "impossible marker");
  clf_image_free(expected);
  free(file.bytes);
}

/* A sequential scan has all coefficients; some programs write that the last one is 0. */
TEST(scans__that_are_sequential_have_all_coefficients) {
  for (int i = GREY; i <= RESTARTED; i++) {
    jpeg_file file = file_of(&forms[i]);
    clf_image *expected = loaded(&file);
    const size_t scan = find_marker(&file, 0, 0xDA, 0xDA);
    const size_t last = scan + file.bytes[scan + 3];
    ck_assert_uint_eq(file.bytes[last], 63);
    check_same(replaced(&file, last, 1, "\0", 1), expected);
    check_refused(replaced(&file, last, 1, "\5", 1), "impossible coefficients");
    clf_image_free(expected);
    free(file.bytes);
  }
}

/* Coefficients with larger steps would mean pixels beyond black and white. */
TEST(coefficients__beyond_pixels_are_refused) {
  for (int i = 0; i < FORMS; i++) {
    jpeg_file file = file_of(&forms[i]);
    const size_t table = find_marker(&file, 0, 0xDB, 0xDB);
    memset(file.bytes + table + 5, 255, 64);
    check_refused(file, "do not fit");
  }
  jpeg_file file = file_of(&forms[GREY]);
  file.bytes[find_marker(&file, 0, 0xDB, 0xDB) + 9] = 0;
  check_refused(file, "a quantization step is 0");
}

/* Faults that only the decoder can find are left to the decoder. */
TEST(files__of_arithmetic_codes_are_left_to_the_library) {
#ifdef C_ARITH_CODING_SUPPORTED
  const jpeg_form form = {FORM, .space = JCS_RGB, .arithmetic = 1};
  jpeg_file file = file_of(&forms[COLOR]);
  clf_image *expected = loaded(&file);
  check_same(file_of(&form), expected);
  clf_image_free(expected);
  free(file.bytes);
  file = file_of(&form);
  check_refused(replaced(&file, file.size - 2, 2, "", 0), "");
  free(file.bytes);
#endif
}

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525U + 1013904223U;
  return *state >> 8;
}

static bool differs_by_a_hundredth(const clf_image *image, const clf_image *expected) {
  const size_t size = image_size(expected);
  size_t wrong = 0;
  for (size_t i = 0; i < size; i++) {
    wrong += clf_image_pixels(image)[i] != clf_image_pixels(expected)[i];
  }
  return 100 * wrong > size;
}

/* Whether the file with up to 32 bytes of its scans overwritten is read with over 1 % of its values
 * wrong. */
static bool misleads(const jpeg_file *file, const clf_image *expected, uint32_t *random) {
  const size_t from = find_marker(file, 0, 0xDA, 0xDA) + 14;
  const size_t at = from + next_random(random) % (file->size - 34 - from);
  const size_t count = 1 + next_random(random) % 32;
  jpeg_file damaged = replaced(file, 0, 0, "", 0);
  clf_image *image = NULL;
  for (size_t i = 0; i < count; i++) {
    damaged.bytes[at + i] = (unsigned char)next_random(random);
  }
  const bool wrong =
      clf_image_load_memory(&image, NULL, damaged.bytes, damaged.size, NULL) == CLF_OK &&
      differs_by_a_hundredth(image, expected);
  clf_image_free(image);
  free(damaged.bytes);
  return wrong;
}

/* Frames of films in JPEG leave out the tables that all share; libjpeg-turbo knows these. */
TEST(files__without_huffman_tables_are_left_to_the_library) {
  jpeg_file file = file_of(&forms[COLOR]), bare = replaced(&file, 0, 0, "", 0);
  clf_image *expected = loaded(&file), *image = NULL;
  for (size_t at = 0; (at = find_marker(&bare, 0, 0xC4, 0xC4)) < bare.size;) {
    const size_t length = 2 + (size_t)(bare.bytes[at + 2] << 8 | bare.bytes[at + 3]);
    jpeg_file less = replaced(&bare, at, length, "", 0);
    free(bare.bytes);
    bare = less;
  }
  if (clf_image_load_memory(&image, NULL, bare.bytes, bare.size, NULL) == CLF_OK) {
    ck_assert_mem_eq(clf_image_pixels(image), clf_image_pixels(expected), image_size(expected));
  } else {
    ck_clf_says("Huffman table");
  }
  clf_image_free(image);
  clf_image_free(expected);
  free(bare.bytes);
  free(file.bytes);
}

/* What is as long, has as many blocks and possible coefficients does not show: with libjpeg-turbo
 * 67, 69, 45 and 26 of 1,000, where its decoder alone draws 868, 866, 469 and 446. */
TEST(damage__is_found_as_a_rule) {
  static const int cases[] = {GREY, COLOR, RESTARTED, PROGRESSIVE};
  for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
    jpeg_form form = forms[cases[c]];
    form.width = 200;
    form.height = 160;
    jpeg_file file = file_of(&form);
    clf_image *expected = loaded(&file);
    uint32_t random = 1;
    int wrong = 0;
    for (int i = 0; i < 1000; i++) {
      wrong += misleads(&file, expected, &random);
    }
    ck_assert_int_le(wrong, 100);
    clf_image_free(expected);
    free(file.bytes);
  }
}

static clf_status load_file(clf_context *context, const void *argument) {
  const jpeg_file *file = argument;
  clf_image *image = NULL;
  clf_status status = clf_image_load_memory(&image, context, file->bytes, file->size, NULL);
  clf_image_free(image);
  return status;
}

TEST(each_allocation__may_be_refused) {
  jpeg_file file = file_of(&forms[PROGRESSIVE]);
  ck_assert_int_eq(check_every_allocation("threads=1", load_file, &file).tolerated, 0);
  free(file.bytes);
}

SUITE("jpeg")
#else
SUITE("jpeg", .skip = true)
#endif
