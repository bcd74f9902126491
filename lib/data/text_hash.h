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

/* Read 4 or 8 bytes, the first of which is the lowest; a single load where that is the byte
 * order. */
static inline uint64_t clf__four_bytes(const char *at) {
  const unsigned char *byte = (const unsigned char *)at;
  return (uint64_t)byte[0] | (uint64_t)byte[1] << 8 | (uint64_t)byte[2] << 16 |
         (uint64_t)byte[3] << 24;
}

static inline uint64_t clf__eight_bytes(const char *at) {
  return clf__four_bytes(at) | clf__four_bytes(at + 4) << 32;
}

/* Returns the first 8 bytes of a text, the first of which is the lowest, with zeros behind a
 * shorter one. Bytes that are read twice are the same. */
static inline uint64_t clf__text_word(const char *text, size_t length) {
  if (length >= 4) {
    const size_t last = length < 8 ? length - 4 : 4;
    return clf__four_bytes(text) | clf__four_bytes(text + last) << 8 * last;
  }
  if (length == 0) {
    return 0;
  }
  const unsigned char *byte = (const unsigned char *)text;
  const size_t middle = length / 2, last = length - 1;
  return (uint64_t)byte[0] | (uint64_t)byte[middle] << 8 * middle |
         (uint64_t)byte[last] << 8 * last;
}

static inline uint64_t clf__hash_begin(const void *table, size_t length) {
  return (uint64_t)(uintptr_t)table ^ (uint64_t)length << 48;
}
/* Folds first: the multiplication carries bits only upwards, and the texts may differ in the last
 * of 8 bytes alone. The second step makes the low bits depend on all bits of the word: it
 * multiplies the whole hash, whose low half has those of the high one by now. */
static inline uint64_t clf__hash_end(uint64_t hash, uint64_t word) {
  hash ^= word;
  return clf__hash_mix(clf__hash_mix(hash, hash >> 32), 0);
}

static inline uint64_t clf__text_hash(const void *table, const char *text, size_t length) {
  uint64_t hash = clf__hash_begin(table, length);
  for (; length > 8; text += 8, length -= 8) {
    hash = clf__hash_mix(hash, clf__eight_bytes(text));
  }
  return clf__hash_end(hash, clf__text_word(text, length));
}
/* Returns the same of a text of up to 8 bytes, by clf__text_word() of it. */
static inline uint64_t clf__word_hash(const void *table, uint64_t word, size_t length) {
  return clf__hash_end(clf__hash_begin(table, length), word);
}

#endif
