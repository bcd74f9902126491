/* Compressed test inputs, by zlib itself. */
#ifndef TESTS_UNIT_GZIP_H
#define TESTS_UNIT_GZIP_H

#include <check.h>
#include <string.h>
#include <zlib.h>

/* Deflates into `to`; `gzip` with header and trailer, otherwise raw. Returns the length. */
static inline size_t deflate_bytes(void *to, size_t capacity, const void *from, size_t size,
                                   int gzip) {
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, gzip ? MAX_WBITS + 16 : -MAX_WBITS, 9,
                                Z_DEFAULT_STRATEGY),
                   Z_OK);
  stream.next_in = (Bytef *)(uintptr_t)from;
  stream.avail_in = (uInt)size;
  stream.next_out = to;
  stream.avail_out = (uInt)capacity;
  ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
  size_t length = stream.total_out;
  deflateEnd(&stream);
  return length;
}

#endif
