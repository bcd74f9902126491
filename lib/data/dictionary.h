/* Distinct texts with codes 0, 1, … in the order in which they were added: a hash table whose
 * texts are one block of memory. */
#ifndef CLF_DATA_DICTIONARY_H
#define CLF_DATA_DICTIONARY_H

#include "data/names.h"

enum { CLF__DICTIONARY_MAX = 1 << 24 }; /* f32 represents codes below it */

typedef struct clf__dictionary_entry {
  int64_t text; /* its place in the block */
  int64_t length;
  uint64_t hash;
} clf__dictionary_entry;

/* All members but the context are zero at first. */
typedef struct clf__dictionary {
  clf_context *context;
  int32_t *slots;                 /* [slot_count] codes, -1 for none */
  int64_t slot_count;             /* 0, or a power of 2 above count */
  clf__dictionary_entry *entries; /* [capacity] */
  int64_t count, capacity;
  char *text; /* [text_capacity], each text with a NUL after it */
  int64_t text_size, text_capacity;
} clf__dictionary;

/* Adds names in their order. Returns CLF_ERROR_DATA for more than CLF__DICTIONARY_MAX, and if one
 * occurs twice; `*twice` is then its
 * second index, otherwise -1. */
clf_status clf__dictionary_add_names(clf__dictionary *self, const char *const *names, int64_t count,
                                     int64_t *twice);
void clf__dictionary_free(clf__dictionary *self);

#endif
