/* Byte strings, each kept once and numbered in the order of first sight: words, and n-grams as the
 * bytes of their words' numbers. With each goes how often it was seen, for vocabularies. */
#ifndef CLF_DATA_INTERN_H
#define CLF_DATA_INTERN_H

#include <stdbool.h>

#include "base/hash.h"
#include "base/memory.h"

typedef struct clf__interned {
  uint64_t head;  /* the first 8 bytes, which most strings are shorter than */
  int64_t offset; /* into the bytes */
  int64_t count;  /* what follows is the user's; zeros and -1 at first */
  int32_t documents;
  int32_t last;
  uint32_t length;
} clf__interned;

typedef struct clf__intern_slot {
  uint32_t tag; /* of the hash */
  int32_t id;   /* -1 for none */
} clf__intern_slot;

typedef struct clf__intern {
  clf_context *context;
  clf__hash_key key;
  clf__intern_slot *slots; /* [slot_count], a power of two; NULL at first */
  int64_t slot_count;
  clf__interned *items; /* [room] */
  int64_t count, room;
  unsigned char *bytes; /* [byte_room] */
  int64_t byte_count, byte_room;
} clf__intern;

/* All zero but context and key. Strings under one key have the same hash in every table. */
clf__intern clf__intern_of(clf_context *context, clf__hash_key key);
void clf__intern_free(clf__intern *table);

/* The string's number, or -1. `hash` is clf__hash_bytes() of it; as there, 8 bytes behind it are
 * read too. */
int32_t clf__intern_find(const clf__intern *table, uint64_t hash, const void *bytes, size_t size);
/* The same; a new string is added. -1 when memory runs out, with the message set. */
int32_t clf__intern_add(clf__intern *table, uint64_t hash, const void *bytes, size_t size);

/* Has what a search of the hash will touch brought near, in two steps some time apart: its slot,
 * and the item there. */
static inline void clf__intern_expect(const clf__intern *table, uint64_t hash) {
  if (table->slots != NULL) {
    __builtin_prefetch(&table->slots[hash & (uint64_t)(table->slot_count - 1)]);
  }
}
static inline void clf__intern_expect_item(const clf__intern *table, uint64_t hash) {
  if (table->slots != NULL) {
    int32_t id = table->slots[hash & (uint64_t)(table->slot_count - 1)].id;
    __builtin_prefetch(&table->items[id >= 0 ? id : 0]);
  }
}

static inline const unsigned char *clf__intern_bytes(const clf__intern *table, int64_t id) {
  return table->bytes + table->items[id].offset;
}

#endif
