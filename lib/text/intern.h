/* Byte strings, each stored once and numbered in the order of their first occurrence: words, and
 * n-grams as the bytes of their words' numbers. Each has a count of its occurrences, for
 * vocabularies. */
#ifndef CLF_TEXT_INTERN_H
#define CLF_TEXT_INTERN_H

#include <stdbool.h>

#include "base/hash.h"
#include "base/memory.h"

/* 32 bytes, so that no item lies in two cache lines. */
typedef struct clf__interned {
  uint64_t head;        /* the first 8 bytes; most strings are shorter */
  uint64_t offset : 56; /* into the bytes */
  uint64_t length : 8;
  int64_t count; /* the members from here on are the user's; zeros and -1 at first */
  int32_t documents;
  int32_t last;
} clf__interned;

/* Items are in blocks that do not move, each twice as large as the one before. */
enum { CLF__INTERN_FIRST_BITS = 9, CLF__INTERN_BLOCKS = 32 - CLF__INTERN_FIRST_BITS };

typedef struct clf__intern_slot {
  uint32_t tag; /* the upper 32 bits of the hash, whose first bits are the position */
  int32_t id;   /* -1 for none */
} clf__intern_slot;

typedef struct clf__intern {
  clf_context *context;
  clf__hash_key key;
  clf__intern_slot *slots; /* [slot_count], a power of two; NULL at first */
  int64_t slot_count;
  int32_t shift; /* from a tag to its position */
  clf__interned *blocks[CLF__INTERN_BLOCKS];
  int64_t count;
  unsigned char *bytes; /* [byte_capacity] */
  int64_t byte_count, byte_capacity;
} clf__intern;

static inline clf__interned *clf__intern_item(const clf__intern *table, int64_t id) {
  const uint64_t at = (uint64_t)id + (UINT64_C(1) << CLF__INTERN_FIRST_BITS);
  const int bits = 63 - __builtin_clzll(at);
  return &table->blocks[bits - CLF__INTERN_FIRST_BITS][at - (UINT64_C(1) << bits)];
}

/* All members are zero except context and key. With the same key, strings have the same hash in
 * every table. */
clf__intern clf__intern_of(clf_context *context, clf__hash_key key);
void clf__intern_free(clf__intern *table);

/* Reserves memory for so many strings of so many bytes in total; returns false if memory runs
 * out. */
bool clf__intern_reserve(clf__intern *table, int64_t strings, int64_t bytes);

/* Returns the string's number, or -1. `hash` is its clf__hash_bytes(); as there, 8 bytes behind the
 * string are read too. */
int32_t clf__intern_find(const clf__intern *table, uint64_t hash, const void *bytes, size_t size);
/* The same, but a new string of at most 255 bytes is added. Returns -1 if memory runs out, with the
 * message set. */
int32_t clf__intern_add(clf__intern *table, uint64_t hash, const void *bytes, size_t size);

static inline uint32_t clf__intern_tag(uint64_t hash) {
  return (uint32_t)(hash >> 29);
}

/* Prefetch what a search for the hash will access, in two steps some time apart: its slot, and the
 * item there. */
static inline void clf__intern_expect(const clf__intern *table, uint64_t hash) {
  if (table->slots != NULL) {
    __builtin_prefetch(&table->slots[clf__intern_tag(hash) >> table->shift]);
  }
}
static inline void clf__intern_expect_item(const clf__intern *table, uint64_t hash) {
  if (table->count > 0) {
    int32_t id = table->slots[clf__intern_tag(hash) >> table->shift].id;
    __builtin_prefetch(clf__intern_item(table, id >= 0 ? id : 0));
  }
}

static inline const unsigned char *clf__intern_bytes(const clf__intern *table, int64_t id) {
  return table->bytes + clf__intern_item(table, id)->offset;
}

#endif
