/* Open addressing with linear probing, at most half full. */
#include "data/dictionary.h"

#include <string.h>

#include "base/math.h"

enum { FIRST_SLOTS = 64, FIRST_TEXT = 256 };

/* What a text is in the table. */
typedef struct place {
  uint64_t key, hash;
} place;

static place place_of(const clf__dictionary *self, const char *text, size_t length) {
  const uint64_t hash = clf__text_hash(self, text, length);
  return (place){length <= 8 ? clf__text_word(text, length) : hash, hash};
}

/* Returns the slot of a text, or the free one where it belongs. */
static clf__dictionary_slot *slot_of(const clf__dictionary *self, place p, const char *text,
                                     size_t length) {
  const int64_t mask = self->slot_count - 1;
  int64_t at = (int64_t)(p.hash >> 8) & mask;
  for (; self->slots[at].code >= 0; at = (at + 1) & mask) {
    const clf__dictionary_slot *slot = &self->slots[at];
    if (slot->key == p.key && slot->length == (uint32_t)length &&
        (length <= 8 || memcmp(self->text + self->entries[slot->code].text, text, length) == 0)) {
      break;
    }
  }
  return &self->slots[at];
}

int32_t clf__dictionary_find(const clf__dictionary *self, const char *text, size_t length) {
  return self->count == 0 ? -1 : slot_of(self, place_of(self, text, length), text, length)->code;
}

static clf_status grow_slots(clf__dictionary *self) {
  const int64_t count = self->slot_count > 0 ? 2 * self->slot_count : FIRST_SLOTS;
  clf__dictionary_slot *slots = clf__alloc_array(self->context, count, sizeof *slots);
  if (slots == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf__free(self->slots);
  memset(slots, 0xFF, (size_t)count * sizeof *slots); /* codes of -1 */
  self->slots = slots;
  self->slot_count = count;
  for (int64_t code = 0; code < self->count; code++) {
    const char *text = self->text + self->entries[code].text;
    const size_t length = (size_t)self->entries[code].length;
    const place p = place_of(self, text, length);
    *slot_of(self, p, text, length) =
        (clf__dictionary_slot){p.key, (int32_t)code, (uint32_t)length};
  }
  return CLF_OK;
}

/* Makes room for one more text of this length. */
static clf_status reserve(clf__dictionary *self, size_t length) {
  if (length > UINT32_MAX - 1) {
    return clf__fail(CLF_ERROR_DATA, "a category of 4 GiB");
  }
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
  const place p = place_of(self, text, length);
  if (self->count > 0 && (*code = slot_of(self, p, text, length)->code) >= 0) {
    return CLF_OK;
  }
  CLF__CHECK(reserve(self, length));
  *code = (int32_t)self->count;
  *slot_of(self, p, text, length) = (clf__dictionary_slot){p.key, *code, (uint32_t)length};
  self->entries[self->count++] = (clf__dictionary_entry){self->text_size, (int64_t)length};
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
