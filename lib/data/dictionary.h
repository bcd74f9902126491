/* Distinct texts with codes 0, 1, … in the order in which they were added: a hash table whose
 * texts are one block of memory. */
#ifndef CLF_DATA_DICTIONARY_H
#define CLF_DATA_DICTIONARY_H

#include "data/categories.h"
#include "data/text_hash.h"

typedef struct clf__dictionary_entry {
  int64_t text; /* its place in the block */
  int64_t length;
} clf__dictionary_entry;

/* The key distinguishes texts of up to 8 bytes, and nearly all longer ones by their hash, so that a
 * search reads one place of memory. */
typedef struct clf__dictionary_slot {
  uint64_t key; /* the bytes of a text of up to 8, the hash of a longer one */
  int32_t code; /* -1 for none */
  uint32_t length;
} clf__dictionary_slot;

/* All members but the context are zero at first. */
typedef struct clf__dictionary {
  clf_context *context;
  clf__dictionary_slot *slots;    /* [slot_count] */
  int64_t slot_count;             /* 0, or a power of 2 above count */
  clf__dictionary_entry *entries; /* [capacity] */
  int64_t count, capacity;
  char *text; /* [text_capacity], each text with a NUL after it */
  int64_t text_size, text_capacity;
} clf__dictionary;

/* Returns the code of a text; -1 if it has none. */
int32_t clf__dictionary_find(const clf__dictionary *self, const char *text, size_t length);
/* Returns the same of a text of up to 8 bytes, by clf__text_word() of it. */
static inline int32_t clf__dictionary_find_word(const clf__dictionary *self, uint64_t word,
                                                size_t length) {
  const int64_t mask = self->slot_count - 1;
  int64_t at = (int64_t)(clf__word_hash(self, word, length) >> 8) & mask;
  while (self->slot_count > 0 && self->slots[at].code >= 0) {
    if (self->slots[at].key == word && self->slots[at].length == (uint32_t)length) {
      return self->slots[at].code;
    }
    at = (at + 1) & mask;
  }
  return -1;
}
/* *code becomes the code of the text, a new one if it had none. Returns CLF_OK, CLF_ERROR_DATA for
 * more than CLF__MAX_CATEGORIES texts, or CLF_ERROR_MEMORY. */
clf_status clf__dictionary_add(clf__dictionary *self, const char *text, size_t length,
                               int32_t *code);
/* Points `names` [count] at the texts. */
void clf__dictionary_list(const clf__dictionary *self, const char **names);
void clf__dictionary_free(clf__dictionary *self);

#endif
