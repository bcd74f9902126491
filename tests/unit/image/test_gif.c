/* GIF files whose codes grow to 12 bits, packed here by LZW as the format describes it, and those
 * that do not hold together. */
#include "support.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct gif_file {
  unsigned char bytes[1 << 17];
  size_t size;
} gif_file;

/* How a picture is packed. */
typedef struct form {
  int width, height, colors; /* colors: a power of 2, 2 to 256 */
  int code_size;
  bool keeps_full; /* goes on with a full table instead of clearing it */
} form;

static gif_file file;
static unsigned char pixels[1 << 16];

static void put(const void *bytes, size_t count) {
  ck_assert_uint_le(file.size + count, sizeof file.bytes);
  memcpy(file.bytes + file.size, bytes, count);
  file.size += count;
}

static void put_byte(int value) {
  put(&(unsigned char){(unsigned char)value}, 1);
}

/* Codes become bytes, and these blocks of 255 and fewer. */
typedef struct packer {
  unsigned char block[256];
  int used;
  uint32_t buffer;
  int bits;
} packer;

static void put_block(packer *to) {
  put_byte(to->used);
  put(to->block, (size_t)to->used);
  to->used = 0;
}

static void put_code(packer *to, int code, int bits) {
  to->buffer |= (uint32_t)code << to->bits;
  for (to->bits += bits; to->bits >= 8; to->bits -= 8, to->buffer >>= 8) {
    to->block[to->used++] = (unsigned char)to->buffer;
    if (to->used == 255) {
      put_block(to);
    }
  }
}

static void end_codes(packer *to) {
  if (to->bits > 0) {
    to->block[to->used++] = (unsigned char)to->buffer;
  }
  if (to->used > 0) {
    put_block(to);
  }
  put_byte(0);
}

/* next[string][pixel]: the code of both, 0 for none. */
static int next[4096][256];

static void put_picture(const form *how) {
  const int clear = 1 << how->code_size, count = how->width * how->height;
  packer to = {.used = 0};
  int defined = clear + 1, bits = how->code_size + 1, string = pixels[0];
  put_byte(how->code_size);
  memset(next, 0, sizeof next);
  put_code(&to, clear, bits);
  for (int i = 1; i < count; i++) {
    const int pixel = pixels[i];
    if (next[string][pixel] > 0) {
      string = next[string][pixel];
      continue;
    }
    put_code(&to, string, bits);
    if (defined < 4095) {
      next[string][pixel] = ++defined;
      bits += defined == 1 << bits && bits < 12;
    } else if (!how->keeps_full) {
      put_code(&to, clear, bits);
      memset(next, 0, sizeof next);
      defined = clear + 1;
      bits = how->code_size + 1;
    }
    string = pixel;
  }
  put_code(&to, string, bits);
  bits += defined + 1 == 1 << bits && bits < 12; /* a reader defines a last code */
  put_code(&to, clear + 1, bits);
  end_codes(&to);
}

static void put_description(const form *how) {
  const unsigned char place[] = {0x2C,
                                 0,
                                 0,
                                 0,
                                 0,
                                 (unsigned char)how->width,
                                 (unsigned char)(how->width >> 8),
                                 (unsigned char)how->height,
                                 (unsigned char)(how->height >> 8),
                                 0};
  put(place, sizeof place);
}

static void make(const form *how) {
  int bits = 0;
  while (2 << bits < how->colors) {
    bits++;
  }
  file.size = 0;
  put("GIF89a", 6);
  put((unsigned char[]){(unsigned char)how->width, (unsigned char)(how->width >> 8),
                        (unsigned char)how->height, (unsigned char)(how->height >> 8),
                        (unsigned char)(0x80 | bits), 0, 0},
      7);
  for (int i = 0; i < how->colors; i++) {
    put((unsigned char[]){(unsigned char)i, (unsigned char)i, (unsigned char)i}, 3);
  }
  put_description(how);
  put_picture(how);
  put_byte(0x3B);
}

static uint32_t random_state;

static uint32_t next_random(void) {
  random_state = random_state * 1664525U + 1013904223U;
  return random_state >> 8;
}

/* Runs of random length and color: many strings, long and short. */
static void fill(const form *how, uint32_t longest) {
  random_state = 1;
  for (int i = 0; i < how->width * how->height;) {
    const unsigned char color = (unsigned char)(next_random() % (uint32_t)how->colors);
    for (uint32_t run = 1 + next_random() % longest; run > 0 && i < how->width * how->height;
         run--) {
      pixels[i++] = color;
    }
  }
}

static clf_status load(clf_image **out) {
  return clf_image_load_memory(out, NULL, file.bytes, file.size, NULL);
}

static void check_read(const form *how) {
  clf_image *image = NULL;
  ck_clf_ok(load(&image));
  ck_assert_int_eq(clf_image_height(image), how->height);
  ck_assert_int_eq(clf_image_width(image), how->width);
  ck_assert_int_eq(clf_image_channels(image), 1);
  ck_assert_mem_eq(clf_image_pixels(image), pixels, (size_t)(how->width * how->height));
  clf_image_free(image);
}

static void check_refused(const char *says) {
  clf_image *image = NULL;
  ck_clf_fails(load(&image), CLF_ERROR_FORMAT);
  ck_clf_says("image in memory: gif: ");
  ck_clf_says(says);
  ck_assert_ptr_null(image);
}

TEST(codes__of_any_size_and_number_are_read) {
  static const form forms[] = {{1, 1, 2, 2, false},       {7, 9, 2, 1, false},
                               {64, 64, 2, 2, false},     {250, 250, 4, 2, false},
                               {250, 250, 256, 8, false}, {250, 250, 256, 8, true},
                               {250, 250, 16, 8, true},   {300, 200, 128, 7, false}};
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    for (uint32_t longest = 1; longest < 100000; longest *= 17) {
      fill(&forms[i], longest);
      make(&forms[i]);
      check_read(&forms[i]);
    }
  }
}

static const form plain = {100, 80, 64, 6, false};

static void make_plain(void) {
  fill(&plain, 5);
  make(&plain);
}

/* Returns the position of the data of the picture, which begin with the code size. */
static size_t data_at(void) {
  return 13 + 3 * 64 + 10;
}

TEST(pixels__fill_the_rectangle) {
  make_plain();
  file.bytes[data_at() - 5] = 99; /* width */
  check_refused("it has too many pixels before byte");
  file.bytes[data_at() - 5] = 101;
  check_refused("its pixels end early");
  file.bytes[data_at() - 5] = 100;
  check_read(&plain);
}

/* The shortest file of one color, and one that claims more pixels than so few bytes can hold. */
TEST(pixels__are_no_more_than_bytes_hold) {
  const form one = {250, 250, 2, 2, false};
  memset(pixels, 1, sizeof pixels);
  make(&one);
  check_read(&one);
  memcpy(&file.bytes[data_at() - 3 * 62 - 5], "\xFF\x7F\xFF\3", 4); /* 32767x1023 */
  check_refused("bytes cannot hold 32767x1023 pixels");
}

TEST(data__end_with_the_end_code) {
  make_plain();
  const unsigned char more[] = {1, 0, 0, 0x3B};
  file.size -= 2; /* the block without bytes, and the trailer */
  put(more, sizeof more);
  check_refused("there is more behind the end of its pixels");
  make_plain();
  file.size -= 2;
  check_refused("it ends early");
  put("\0", 1);
  check_read(&plain); /* without a trailer */
  put("what else there is", 18);
  check_read(&plain);
}

TEST(codes__that_do_not_exist_are_refused) {
  const form tiny = {2, 2, 4, 2, false};
  for (int code = 0; code < 8; code++) {
    memcpy(pixels, "\0\1\2\3", 4);
    make(&tiny);
    unsigned char *codes = file.bytes + 13 + 12 + 10 + 2; /* 3 bits each: clear, 0, 1 … */
    codes[0] = (unsigned char)(4 | code << 3 | (codes[0] & 0xC0));
    if (code == 0) {
      check_read(&tiny);
    } else if (code == 6 || code == 7) {
      check_refused("there is no such code");
    } else if (code == 5) {
      check_refused("its pixels end early");
    }
  }
  make(&tiny);
  file.bytes[13 + 12 + 10] = 9;
  check_refused("impossible size");
  file.bytes[13 + 12 + 10] = 0;
  check_refused("impossible size");
}

/* Extensions come before the picture; what comes after it may be cut off. */
TEST(records__lead_to_the_first_picture) {
  make_plain();
  const size_t description = data_at() - 10;
  static gif_file whole;
  whole = file;
  file.size = description;
  put("\x21\xFE\5words\0", 9);
  put("\x21\xF9\4\0\0\0\0\0", 8);
  put(whole.bytes + description, whole.size - description);
  check_read(&plain);
  const size_t end = file.size - 1;
  file.size = end;
  for (file.size = 6; file.size < end; file.size++) {
    check_refused("it ends early");
  }
  file.size = description;
  put("\x21\xF9\5\0\0\0\0\0\0", 9);
  check_refused("a graphic control has another length");
  file.size = description;
  put("\x3C", 1);
  check_refused("there is no record");
  file.size = description;
  put("\x3B", 1);
  check_refused("it has no picture");
}

/* Up to 32 bytes overwritten anywhere behind the palette, in 1,000 ways: none makes a picture with
 * more than 1 % of wrong pixels but for some in a thousand. */
TEST(damage__is_found_as_a_rule) {
  static gif_file whole;
  int misled = 0;
  make_plain();
  whole = file;
  random_state = 7;
  for (int i = 0; i < 1000; i++) {
    clf_image *image = NULL;
    const size_t at = data_at() + next_random() % (file.size - 34 - data_at());
    const size_t count = 1 + next_random() % 32;
    for (size_t k = 0; k < count; k++) {
      file.bytes[at + k] = (unsigned char)next_random();
    }
    if (load(&image) == CLF_OK) {
      int wrong = 0;
      for (int k = 0; k < 100 * 80; k++) {
        wrong += clf_image_pixels(image)[k] != pixels[k];
      }
      misled += 100 * wrong > 100 * 80;
    }
    clf_image_free(image);
    file = whole;
  }
  ck_assert_msg(misled <= 20, "%d of 1000", misled);
}

SUITE("gif")
