/* Open addressing with linear probing, at most half full. A slot stores 32 bits of the hash, so
 * that strings are compared, and items accessed, only if these agree. The first of these bits are
 * the position. So a table of twice the size has the slots in the same order, and growing reads and
 * writes memory sequentially without accessing strings. */
#include "text/intern.h"

#include <string.h>

#include "base/status.h"

enum { FIRST_SLOTS = 1024, READ_BEYOND = 8 }; /* clf__hash_bytes reads beyond a string */

clf__intern clf__intern_of(clf_context *context, clf__hash_key key) {
  return (clf__intern){.context = context, .key = key};
}

void clf__intern_free(clf__intern *table) {
  clf__free(table->slots);
  for (int i = 0; i < CLF__INTERN_BLOCKS; i++) {
    clf__free(table->blocks[i]);
  }
  clf__free(table->bytes);
  *table = clf__intern_of(table->context, table->key);
}

/* Returns the first 8 bytes of a string, padded with zeros. */
static uint64_t head_of(const void *bytes, size_t size) {
  uint64_t head = clf__hash_load(bytes);
  return size < sizeof head ? head & ((UINT64_C(1) << 8 * size) - 1) : head;
}

static bool is_same(const clf__intern *table, const clf__interned *item, uint64_t head,
                    const void *bytes, size_t size) {
  return item->head == head && item->length == size &&
         (size <= sizeof head || memcmp(table->bytes + item->offset, bytes, size) == 0);
}

/* Returns the slot of the string, or the free one where it would be inserted. */
static int64_t slot_of(const clf__intern *table, uint64_t hash, const void *bytes, size_t size) {
  const int64_t mask = table->slot_count - 1;
  const uint32_t tag = clf__intern_tag(hash);
  const uint64_t head = head_of(bytes, size);
  int64_t at = tag >> table->shift;
  for (;; at = (at + 1) & mask) {
    const clf__intern_slot *slot = &table->slots[at];
    if (slot->id < 0) {
      return at;
    }
    if (slot->tag == tag && is_same(table, clf__intern_item(table, slot->id), head, bytes, size)) {
      return at;
    }
  }
}

int32_t clf__intern_find(const clf__intern *table, uint64_t hash, const void *bytes, size_t size) {
  return table->slots != NULL ? table->slots[slot_of(table, hash, bytes, size)].id : -1;
}

/* Makes slots for at least twice as many strings as `strings`. */
static bool grow_slots(clf__intern *table, int64_t strings) {
  int64_t count = table->slots != NULL ? table->slot_count : FIRST_SLOTS;
  int32_t shift = 32;
  while (count < 2 * strings) {
    count *= 2;
  }
  if (count == table->slot_count) {
    return true;
  }
  clf__intern_slot *slots = clf__alloc_array(table->context, count, sizeof *slots);
  if (slots == NULL) {
    return false;
  }
  for (int64_t i = 0; i < count; i++) {
    slots[i] = (clf__intern_slot){0, -1};
  }
  while (INT64_C(1) << (32 - shift) < count) {
    shift--;
  }
  for (int64_t i = 0; i < table->slot_count; i++) {
    if (table->slots[i].id >= 0) {
      int64_t at = table->slots[i].tag >> shift;
      while (slots[at].id >= 0) {
        at = (at + 1) & (count - 1);
      }
      slots[at] = table->slots[i];
    }
  }
  clf__free(table->slots);
  table->slots = slots;
  table->slot_count = count;
  table->shift = shift;
  return true;
}

/* Allocates a block for the next item if the last one is full. */
static bool add_block(clf__intern *table) {
  const uint64_t at = (uint64_t)table->count + (UINT64_C(1) << CLF__INTERN_FIRST_BITS);
  if ((at & (at - 1)) != 0) {
    return true;
  }
  clf__interned *block = clf__alloc_array(table->context, (int64_t)at, sizeof *block);
  table->blocks[63 - __builtin_clzll(at) - CLF__INTERN_FIRST_BITS] = block;
  return block != NULL;
}

static bool grow_bytes(clf__intern *table, int64_t capacity) {
  unsigned char *bytes = clf__resize_array(table->context, table->bytes, capacity, 1);
  if (bytes == NULL) {
    return false;
  }
  table->bytes = bytes;
  table->byte_capacity = capacity;
  return true;
}

bool clf__intern_reserve(clf__intern *table, int64_t strings, int64_t bytes) {
  return grow_slots(table, strings) &&
         (bytes + READ_BEYOND <= table->byte_capacity || grow_bytes(table, bytes + READ_BEYOND));
}

/* Reserves memory for one more item of `size` bytes. */
static bool reserve(clf__intern *table, size_t size) {
  const int64_t needed = table->byte_count + (int64_t)size + READ_BEYOND;
  if (table->count == INT32_MAX) {
    clf__fail(CLF_ERROR_MEMORY, "more than %d different words or n-grams", INT32_MAX);
    return false;
  }
  if (2 * (table->count + 1) > table->slot_count && !grow_slots(table, table->count + 1)) {
    return false;
  }
  if (needed > table->byte_capacity &&
      !grow_bytes(table, needed + table->byte_capacity + 16 * FIRST_SLOTS)) {
    return false;
  }
  return add_block(table);
}

int32_t clf__intern_add(clf__intern *table, uint64_t hash, const void *bytes, size_t size) {
  int32_t id = clf__intern_find(table, hash, bytes, size);
  if (id >= 0) {
    return id;
  }
  if (!reserve(table, size)) {
    return -1;
  }
  id = (int32_t)table->count++;
  memcpy(table->bytes + table->byte_count, bytes, size);
  memset(table->bytes + table->byte_count + size, 0, READ_BEYOND);
  *clf__intern_item(table, id) = (clf__interned){
      .head = head_of(bytes, size),
      .offset = (uint64_t)table->byte_count & ((UINT64_C(1) << 56) - 1),
      .length = size & 0xFF,
      .last = -1,
  };
  table->byte_count += (int64_t)size;
  table->slots[slot_of(table, hash, bytes, size)] = (clf__intern_slot){clf__intern_tag(hash), id};
  return id;
}
