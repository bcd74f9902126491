/* Makes the checksums and the size of a store (docs/model-format.md) right again after a mutation,
 * so that what comes behind their verification is reached too. */
#ifndef TESTS_FUZZ_SEAL_H
#define TESTS_FUZZ_SEAL_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

static inline void seal_put(uint8_t *to, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) {
    to[i] = (uint8_t)(value >> 8 * i);
  }
}

static inline uint64_t seal_get(const uint8_t *from, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; i++) {
    value |= (uint64_t)from[i] << 8 * i;
  }
  return value;
}

static inline void seal(uint8_t *bytes, size_t size) {
  enum { HEADER = 40, RECORD = 48 };
  if (size < HEADER) {
    return;
  }
  seal_put(bytes + 16, size, 8);
  uint64_t table = seal_get(bytes + 24, 8);
  size_t end = table < size - HEADER ? HEADER + (size_t)table : size;
  for (size_t at = HEADER; end - at >= RECORD;) {
    uint64_t axes = seal_get(bytes + at + 8, 4), name = seal_get(bytes + at + 12, 4);
    uint64_t offset = seal_get(bytes + at + 16, 8), length = seal_get(bytes + at + 24, 8);
    if (offset <= size && length <= size - offset) {
      seal_put(bytes + at + 40, crc32_z(0, bytes + offset, (size_t)length), 4);
    }
    uint64_t step = RECORD + 8 * axes + (name + 7) / 8 * 8;
    if (step > end - at) {
      break;
    }
    at += (size_t)step;
  }
  seal_put(bytes + 32, crc32_z(0, bytes + HEADER, end - HEADER), 4);
  seal_put(bytes + 36, crc32_z(0, bytes, 36), 4);
}

#endif
