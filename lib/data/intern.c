/* Open addressing with linear probing, half full at the most. A slot holds 32 bits of the hash, so
 * that strings are compared, and items touched, only where these agree. */
#include "data/intern.h"

#include <string.h>

#include "base/status.h"

enum { FIRST_SLOTS = 1024, READ_BEYOND = 8 }; /* clf__hash_bytes reads on behind a string */

clf__intern clf__intern_of(clf_context *context, clf__hash_key key) {
  return (clf__intern){.context = context, .key = key};
}

void clf__intern_free(clf__intern *table) {
  clf__free(table->slots);
  clf__free(table->items);
  clf__free(table->bytes);
  *table = clf__intern_of(table->context, table->key);
}

static uint32_t tag_of(uint64_t hash) {
  return (uint32_t)(hash >> 29); /* the upper bits: the lower ones say the place */
}

/* The first 8 bytes of a string, or all of a shorter one and zeros. */
static uint64_t head_of(const void *bytes, size_t size) {
  uint64_t head = clf__hash_load(bytes);
  return size < sizeof head ? head & ((UINT64_C(1) << 8 * size) - 1) : head;
}

static bool is_same(const clf__intern *table, const clf__interned *item, uint64_t head,
                    const void *bytes, size_t size) {
  return item->head == head && item->length == size &&
         (size <= sizeof head || memcmp(table->bytes + item->offset, bytes, size) == 0);
}

/* The slot of the string, or the free one where it belongs. */
static int64_t slot_of(const clf__intern *table, uint64_t hash, const void *bytes, size_t size) {
  const int64_t mask = table->slot_count - 1;
  const uint32_t tag = tag_of(hash);
  const uint64_t head = head_of(bytes, size);
  int64_t at = (int64_t)hash & mask;
  for (;; at = (at + 1) & mask) {
    const clf__intern_slot *slot = &table->slots[at];
    if (slot->id < 0) {
      return at;
    }
    if (slot->tag == tag && is_same(table, &table->items[slot->id], head, bytes, size)) {
      return at;
    }
  }
}

int32_t clf__intern_find(const clf__intern *table, uint64_t hash, const void *bytes, size_t size) {
  return table->slots != NULL ? table->slots[slot_of(table, hash, bytes, size)].id : -1;
}

static bool grow_slots(clf__intern *table) {
  int64_t count = table->slots != NULL ? 2 * table->slot_count : FIRST_SLOTS;
  clf__intern_slot *slots = clf__alloc_array(table->context, count, sizeof *slots);
  if (slots == NULL) {
    return false;
  }
  for (int64_t i = 0; i < count; i++) {
    slots[i] = (clf__intern_slot){0, -1};
  }
  for (int64_t id = 0; id < table->count; id++) {
    uint64_t hash =
        clf__hash_bytes(table->key, clf__intern_bytes(table, id), (size_t)table->items[id].length);
    int64_t at = (int64_t)hash & (count - 1);
    while (slots[at].id >= 0) {
      at = (at + 1) & (count - 1);
    }
    slots[at] = (clf__intern_slot){tag_of(hash), (int32_t)id};
  }
  clf__free(table->slots);
  table->slots = slots;
  table->slot_count = count;
  return true;
}

/* Room for one more item of `size` bytes. */
static bool make_room(clf__intern *table, size_t size) {
  if (table->count == INT32_MAX) {
    clf__fail(CLF_ERROR_MEMORY, "more than %d different words or n-grams", INT32_MAX);
    return false;
  }
  if (2 * (table->count + 1) > table->slot_count && !grow_slots(table)) {
    return false;
  }
  if (table->count == table->room) {
    int64_t room = table->room > 0 ? 2 * table->room : FIRST_SLOTS / 2;
    clf__interned *items = clf__resize_array(table->context, table->items, room, sizeof *items);
    if (items == NULL) {
      return false;
    }
    table->items = items;
    table->room = room;
  }
  int64_t needed = table->byte_count + (int64_t)size + READ_BEYOND;
  if (needed > table->byte_room) {
    int64_t room = needed > 2 * table->byte_room ? needed + 16 * FIRST_SLOTS : 2 * table->byte_room;
    unsigned char *bytes = clf__resize_array(table->context, table->bytes, room, 1);
    if (bytes == NULL) {
      return false;
    }
    table->bytes = bytes;
    table->byte_room = room;
  }
  return true;
}

int32_t clf__intern_add(clf__intern *table, uint64_t hash, const void *bytes, size_t size) {
  int32_t id = clf__intern_find(table, hash, bytes, size);
  if (id >= 0) {
    return id;
  }
  if (!make_room(table, size)) {
    return -1;
  }
  id = (int32_t)table->count++;
  memcpy(table->bytes + table->byte_count, bytes, size);
  memset(table->bytes + table->byte_count + size, 0, READ_BEYOND);
  table->items[id] = (clf__interned){.head = head_of(bytes, size),
                                     .offset = table->byte_count,
                                     .last = -1,
                                     .length = (uint32_t)size};
  table->byte_count += (int64_t)size;
  table->slots[slot_of(table, hash, bytes, size)] = (clf__intern_slot){tag_of(hash), id};
  return id;
}
