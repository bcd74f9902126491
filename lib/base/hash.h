/* Hashing of short byte strings under a secret key, so that nobody can choose texts that collide.
 * Whatever is derived from a table and kept must not depend on the key. */
#ifndef CLF_BASE_HASH_H
#define CLF_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/wide.h"

typedef struct clf__hash_key {
  uint64_t multiplier; /* 1 … 2^61 - 2 */
} clf__hash_key;

/* Returns a new key each time. */
clf__hash_key clf__hash_key_new(void);

#define CLF__HASH_PRIME ((UINT64_C(1) << 61) - 1)

/* Returns (hash + part) * key mod 2^61 - 1, for hash < 2^61 and part < 2^60. */
static inline uint64_t clf__hash_step(clf__hash_key key, uint64_t hash, uint64_t part) {
  uint64_t low;
  uint64_t sum = hash + part;
  sum = (sum & CLF__HASH_PRIME) + (sum >> 61);
  uint64_t high = clf__multiply_wide(sum, key.multiplier, &low);
  uint64_t folded = (low & CLF__HASH_PRIME) + (low >> 61 | high << 3);
  return (folded & CLF__HASH_PRIME) + (folded >> 61);
}

static inline uint64_t clf__hash_load(const unsigned char *bytes) {
  return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 |
         (uint64_t)bytes[3] << 24 | (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 |
         (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

/* Mixes the bits one-to-one. Without it, strings that count up would fall into few places of a
 * table for some keys in a thousand. */
static inline uint64_t clf__hash_mix(uint64_t hash) {
  hash ^= hash >> 31;
  hash = hash * UINT64_C(0xBF58476D1CE4E5B9) & CLF__HASH_PRIME;
  return hash ^ hash >> 29;
}

/* Returns 61 bits; any few of them can index a table. The 8 bytes behind the end are read but do
 * not affect the result. */
static inline uint64_t clf__hash_bytes(clf__hash_key key, const unsigned char *bytes, size_t size) {
  uint64_t hash = 0;
  for (; size > 7; size -= 7, bytes += 7) {
    hash = clf__hash_step(key, hash, clf__hash_load(bytes) & ((UINT64_C(1) << 56) - 1));
  }
  uint64_t rest = clf__hash_load(bytes) & ((UINT64_C(1) << 8 * size) - 1);
  return clf__hash_mix(clf__hash_step(key, hash, rest | (uint64_t)(size + 1) << 56));
}

#endif
