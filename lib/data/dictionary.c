/* Open addressing with linear probing, at most half full. */
#include "data/dictionary.h"

#include <string.h>

#include "base/math.h"
#include "data/text_hash.h"

enum { FIRST_SLOTS = 64, FIRST_TEXT = 256 };

/* Returns the slot of a text, or the free one where it belongs. */
static int64_t slot_of(const clf__dictionary *self, uint64_t hash, const char *text,
                       size_t length) {
  const int64_t mask = self->slot_count - 1;
  const uint64_t word = clf__text_word(text, length);
  int64_t slot = (int64_t)(hash >> 8) & mask;
  for (; self->slots[slot] >= 0; slot = (slot + 1) & mask) {
    const clf__dictionary_entry *entry = &self->entries[self->slots[slot]];
    if (entry->hash == hash && entry->word == word && entry->length == (int64_t)length &&
        (length <= sizeof word || memcmp(self->text + entry->text, text, length) == 0)) {
      break;
    }
  }
  return slot;
}

int32_t clf__dictionary_find(const clf__dictionary *self, const char *text, size_t length) {
  const uint64_t hash = clf__text_hash(self, text, length);
  return self->count == 0 ? -1 : self->slots[slot_of(self, hash, text, length)];
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
  if (self->count == CLF__MAX_CATEGORIES) {
    return clf__fail(CLF_ERROR_DATA, "more than %d categories", CLF__MAX_CATEGORIES);
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

clf_status clf__dictionary_add(clf__dictionary *self, const char *text, size_t length,
                               int32_t *code) {
  const uint64_t hash = clf__text_hash(self, text, length);
  if (self->count > 0 && (*code = self->slots[slot_of(self, hash, text, length)]) >= 0) {
    return CLF_OK;
  }
  CLF__CHECK(reserve(self, length));
  *code = (int32_t)self->count;
  self->slots[slot_of(self, hash, text, length)] = *code;
  self->entries[self->count++] = (clf__dictionary_entry){.word = clf__text_word(text, length),
                                                         .hash = hash,
                                                         .text = self->text_size,
                                                         .length = (int64_t)length};
  memcpy(self->text + self->text_size, text, length);
  self->text[self->text_size + (int64_t)length] = '\0';
  self->text_size += (int64_t)length + 1;
  return CLF_OK;
}

void clf__dictionary_list(const clf__dictionary *self, const char **names) {
  for (int64_t i = 0; i < self->count; i++) {
    names[i] = self->text + self->entries[i].text;
  }
}

void clf__dictionary_free(clf__dictionary *self) {
  clf__free(self->slots);
  clf__free(self->entries);
  clf__free(self->text);
  *self = (clf__dictionary){.context = self->context};
}
