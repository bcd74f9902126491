/* Open addressing with linear probing, at most half full. The hash begins with the address of the
 * table, so that no file can be made to collide in every process; codes do not depend on it. */
#include "data/dictionary.h"

#include <string.h>

#include "base/math.h"

enum { FIRST_SLOTS = 64, FIRST_TEXT = 256 };

static uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
  return hash ^ (hash >> 29);
}

static uint64_t hash_of(const clf__dictionary *self, const char *text, size_t length) {
  uint64_t hash = (uint64_t)(uintptr_t)self ^ (uint64_t)length << 48;
  uint64_t word;
  for (; length >= sizeof word; text += sizeof word, length -= sizeof word) {
    memcpy(&word, text, sizeof word);
    hash = mix(hash, word);
  }
  word = 0;
  for (size_t i = 0; i < length; i++) {
    word |= (uint64_t)(unsigned char)text[i] << 8 * i;
  }
  return mix(mix(hash, word), hash);
}

/* Returns the slot of a text, or the free one where it belongs. */
static int64_t slot_of(const clf__dictionary *self, uint64_t hash, const char *text,
                       size_t length) {
  const int64_t mask = self->slot_count - 1;
  int64_t slot = (int64_t)(hash >> 8) & mask;
  for (; self->slots[slot] >= 0; slot = (slot + 1) & mask) {
    const clf__dictionary_entry *entry = &self->entries[self->slots[slot]];
    if (entry->hash == hash && entry->length == (int64_t)length &&
        memcmp(self->text + entry->text, text, length) == 0) {
      break;
    }
  }
  return slot;
}

static clf_status grow_slots(clf__dictionary *self) {
  const int64_t count = self->slot_count > 0 ? 2 * self->slot_count : FIRST_SLOTS;
  int32_t *slots = clf__alloc_array(self->context, count, sizeof *slots);
  if (slots == NULL) {
    return CLF_ERROR_MEMORY;
  }
  memset(slots, 0xFF, (size_t)count * sizeof *slots);
  for (int64_t code = 0; code < self->count; code++) {
    int64_t slot = (int64_t)(self->entries[code].hash >> 8) & (count - 1);
    while (slots[slot] >= 0) {
      slot = (slot + 1) & (count - 1);
    }
    slots[slot] = (int32_t)code;
  }
  clf__free(self->slots);
  self->slots = slots;
  self->slot_count = count;
  return CLF_OK;
}

/* Makes room for one more text of this length. */
static clf_status reserve(clf__dictionary *self, size_t length) {
  if (self->count == CLF__DICTIONARY_MAX) {
    return clf__fail(CLF_ERROR_DATA, "more than %d categories", CLF__DICTIONARY_MAX);
  }
  if (self->count == self->capacity) {
    const int64_t capacity = self->capacity > 0 ? 2 * self->capacity : FIRST_SLOTS;
    void *entries =
        clf__resize_array(self->context, self->entries, capacity, sizeof *self->entries);
    if (entries == NULL) {
      return CLF_ERROR_MEMORY;
    }
    self->entries = entries;
    self->capacity = capacity;
  }
  const int64_t size = self->text_size + (int64_t)length + 1;
  if (size > self->text_capacity) {
    const int64_t capacity = clf__max_i64(clf__max_i64(FIRST_TEXT, 2 * self->text_capacity), size);
    void *text = clf__resize_array(self->context, self->text, capacity, 1);
    if (text == NULL) {
      return CLF_ERROR_MEMORY;
    }
    self->text = text;
    self->text_capacity = capacity;
  }
  return 2 * self->count >= self->slot_count ? grow_slots(self) : CLF_OK;
}

static clf_status add(clf__dictionary *self, const char *text, size_t length, int32_t *code) {
  const uint64_t hash = hash_of(self, text, length);
  if (self->count > 0 && (*code = self->slots[slot_of(self, hash, text, length)]) >= 0) {
    return CLF_OK;
  }
  CLF__CHECK(reserve(self, length));
  *code = (int32_t)self->count;
  self->slots[slot_of(self, hash, text, length)] = *code;
  self->entries[self->count++] = (clf__dictionary_entry){self->text_size, (int64_t)length, hash};
  memcpy(self->text + self->text_size, text, length);
  self->text[self->text_size + (int64_t)length] = '\0';
  self->text_size += (int64_t)length + 1;
  return CLF_OK;
}

clf_status clf__dictionary_add_names(clf__dictionary *self, const char *const *names, int64_t count,
                                     int64_t *twice) {
  *twice = -1;
  for (int64_t i = 0; i < count; i++) {
    const int64_t before = self->count;
    int32_t code;
    CLF__CHECK(add(self, names[i], strlen(names[i]), &code));
    if (self->count == before) {
      *twice = i;
      return clf__fail(CLF_ERROR_DATA, "a category occurs twice");
    }
  }
  return CLF_OK;
}

void clf__dictionary_free(clf__dictionary *self) {
  clf__free(self->slots);
  clf__free(self->entries);
  clf__free(self->text);
  *self = (clf__dictionary){.context = self->context};
}
