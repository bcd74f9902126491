/* gzip data and raw deflate data are taken or refused as zlib does it, whichever library inflates
 * them. */
#include "support.h"

#include <string.h>
#include <zlib.h>

#include "data/source.h"

SUITE("inflate")

enum { MAX = 1 << 18, MOST_PACKED = 2 * MAX };

static unsigned char plain[MAX], packed[MOST_PACKED], expected[2 * MAX];

static uint64_t state;

static uint32_t next_random(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33);
}

/* Numbers, noise, repetitions or zeros. */
static void fill_plain(size_t size) {
  const uint32_t kind = next_random() % 4;
  for (size_t i = 0; i < size; i++) {
    plain[i] = (unsigned char)(kind == 0   ? next_random()
                               : kind == 1 ? (uint32_t) "0123456789.,\n-"[next_random() % 14]
                               : kind == 2 ? (uint32_t)(i % 97)
                                           : 0);
  }
}

/* What a header may have, chosen by bits; 0 is the shortest. */
enum { NAME = 1, EXTRA = 2, COMMENT = 4, CHECKSUM = 8 };

/* Packs plain [size] at packed + at, and returns where it ends. */
static size_t pack(size_t at, size_t size, bool gzip, uint32_t fields) {
  z_stream stream;
  gz_header header;
  memset(&stream, 0, sizeof stream);
  memset(&header, 0, sizeof header);
  header.name = (fields & NAME) != 0 ? (Bytef *)(uintptr_t) "rows.csv" : NULL;
  header.comment = (fields & COMMENT) != 0 ? (Bytef *)(uintptr_t) "none" : NULL;
  header.extra = (fields & EXTRA) != 0 ? (Bytef *)(uintptr_t) "\1\0\2\0\3" : NULL;
  header.extra_len = 5;
  header.hcrc = (fields & CHECKSUM) != 0;
  ck_assert_int_eq(deflateInit2(&stream, (int)(next_random() % 10), Z_DEFLATED,
                                gzip ? MAX_WBITS + 16 : -MAX_WBITS, 9, (int)(next_random() % 5)),
                   Z_OK);
  ck_assert(!gzip || deflateSetHeader(&stream, &header) == Z_OK);
  stream.next_in = plain;
  stream.avail_in = (uInt)size;
  stream.next_out = packed + at;
  stream.avail_out = (uInt)(MOST_PACKED - at);
  ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
  at += stream.total_out;
  deflateEnd(&stream);
  return at;
}

/* What zlib makes of members until nothing follows; -1 if it refuses. */
static int64_t inflate_by_zlib(size_t size, bool gzip) {
  z_stream stream;
  int result;
  memset(&stream, 0, sizeof stream);
  ck_assert_int_eq(inflateInit2(&stream, gzip ? MAX_WBITS + 16 : -MAX_WBITS), Z_OK);
  stream.next_in = packed;
  stream.avail_in = (uInt)size;
  stream.next_out = expected;
  stream.avail_out = sizeof expected;
  while ((result = inflate(&stream, Z_NO_FLUSH)) == Z_STREAM_END && stream.avail_in > 0 && gzip &&
         stream.next_in[0] == 0x1F) {
    inflateReset(&stream);
  }
  const int64_t length = stream.next_out - expected;
  inflateEnd(&stream);
  return result == Z_STREAM_END && stream.avail_in == 0 ? length : -1;
}

/* Returns the status, after comparing the bytes. */
static clf_status check(size_t size, bool gzip, const char *says) {
  const clf__bytes from = {packed, size, CLF__BYTES_BORROWED};
  clf__bytes out = {0};
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  const int64_t length = inflate_by_zlib(size, gzip);
  const clf_status status = clf__inflate(&out, context, &from, gzip, NULL, "file");
  ck_assert_int_eq(status, length < 0 ? CLF_ERROR_FORMAT : CLF_OK);
  if (status == CLF_OK) {
    ck_assert_int_eq((int64_t)out.size, length);
    ck_assert_int_eq(memcmp(out.data, expected, out.size), 0);
  } else if (says != NULL) {
    ck_clf_says(says);
  }
  clf__bytes_release(&out);
  clf_context_free(context);
  return status;
}

TEST(inflate__takes_every_header_and_several_members) {
  for (uint32_t fields = 0; fields < 16; fields++) {
    state = fields;
    fill_plain(40000);
    size_t size = pack(0, 40000, true, fields);
    ck_assert_int_eq(check(size, true, NULL), CLF_OK);
    size = pack(size, 0, true, 15 - fields); /* an empty member */
    size = pack(size, 0, true, 0);
    size = pack(size, 30000, true, fields);
    ck_assert_int_eq(check(size, true, NULL), CLF_OK);
    ck_assert_int_eq(check(size + 1, true, NULL), CLF_ERROR_FORMAT); /* a byte behind */
  }
  ck_assert_int_eq(check(pack(0, 0, true, 0), true, NULL), CLF_OK);
}

TEST(inflate__says_what_is_wrong) {
  fill_plain(5000);
  const size_t size = pack(0, 5000, true, 0), end = pack(size, 5000, true, 0);
  for (size_t i = 1; i <= 8; i++) { /* checksum and length */
    packed[size - i] ^= 1;
    check(end, true, "file: the compressed data are damaged before byte");
    packed[size - i] ^= 1;
  }
  for (uint32_t flag = 0x20; flag < 0x100; flag *= 2) { /* which are reserved */
    packed[3] = (unsigned char)flag;
    check(end, true, "file: the compressed data are damaged before byte 4");
    packed[3] = 0;
    packed[size + 3] = (unsigned char)flag;
    check(end, true, "file: the compressed data are damaged before byte");
    packed[size + 3] = 0;
  }
  memset(packed + end, 7, 3);
  check(end + 3, true, "file: 3 bytes follow the compressed data, at byte");
  check(end + 1, true, "file: 1 bytes follow the compressed data, at byte");
  for (size_t i = size + 1; i < end; i += 1 + i % 5) {
    char says[64];
    snprintf(says, sizeof says,
             i < size + 2 ? "file: 1 bytes follow the compressed data"
                          : "file: the compressed data end early, at byte %zu",
             i);
    check(i, true, says);
  }
}

/* Bits, bytes and ends changed at random. */
TEST(inflate__refuses_what_zlib_refuses) {
  state = 7;
  for (int i = 0; i < 3000; i++) {
    const size_t length = next_random() % (i % 20 == 0 ? MAX : 3000);
    const bool gzip = i % 4 != 0;
    fill_plain(length);
    size_t size = pack(0, length, gzip, next_random() % 16);
    for (uint32_t k = next_random() % 4; k > 0; k--) {
      const size_t at = next_random() % (next_random() % 2 == 0 ? size : 20) % size;
      packed[at] ^= (unsigned char)(1 << next_random() % 8);
      size = next_random() % 8 == 0 ? 1 + next_random() % size : size;
    }
    check(size, gzip, NULL);
  }
}
