/* The 64-bit FNV-1a checksum of bytes, the same in every process, by which data that were seen
 * before are recognized. */
#ifndef CLF_BASE_CHECKSUM_H
#define CLF_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#define CLF__CHECKSUM_FIRST UINT64_C(14695981039346656037)

static inline uint64_t clf__checksum(uint64_t sum, const void *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    sum = (sum ^ ((const unsigned char *)bytes)[i]) * UINT64_C(1099511628211);
  }
  return sum;
}

#endif
