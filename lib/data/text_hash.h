/* A hash of texts for tables in memory. Tables seed it by their address, so that no file can be
 * made to collide in every process; nothing that is saved or reported depends on it. */
#ifndef CLF_DATA_TEXT_HASH_H
#define CLF_DATA_TEXT_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t clf__hash_mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
  return hash ^ (hash >> 32);
}

static inline uint64_t clf__text_hash(const void *table, const char *text, size_t length) {
  uint64_t hash = (uint64_t)(uintptr_t)table ^ (uint64_t)length << 48;
  uint64_t word;
  for (; length >= sizeof word; text += sizeof word, length -= sizeof word) {
    memcpy(&word, text, sizeof word);
    hash = clf__hash_mix(hash, word);
  }
  word = 0;
  for (size_t i = 0; i < length; i++) {
    word |= (uint64_t)(unsigned char)text[i] << 8 * i;
  }
  return clf__hash_mix(clf__hash_mix(hash, word), hash >> 7);
}

#endif
