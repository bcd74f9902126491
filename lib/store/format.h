/* The bytes of a store (docs/model-format.md) and its entries, for this folder. */
#ifndef CLF_STORE_FORMAT_H
#define CLF_STORE_FORMAT_H

#include "store/store.h"

enum {
  CLF__FORMAT_VERSION = 2, /* with tensors of bf16 or i8; files without them are version 1 */
  CLF__HEADER_BYTES = 40,
  CLF__RECORD_BYTES = 48, /* of a table record, before its shape and name */
  CLF__DATA_ALIGNMENT = 64,
  CLF__NAME_ALIGNMENT = 8,
  CLF__MAX_NAME_BYTES = 255,
  CLF__MAX_ENTRIES = 10000,
  CLF__TEXT = 1,
  CLF__TENSOR = 2
};

/* Begins with a byte above 127 and contains both kinds of line ends, so that a transfer as text
 * changes it. */
extern const unsigned char clf__magic[8];

typedef struct clf__entry {
  char *name;
  char *text;         /* or NULL */
  clf_tensor *tensor; /* or NULL; contiguous */
} clf__entry;

struct clf__store {
  clf_context *context;
  clf__entry *entries; /* [count] */
  int32_t *by_name;    /* [count] indices in the order of their names */
  int64_t count, capacity;
};

/* 1 to 255 printable ASCII characters without blanks, so that any message can quote it. */
bool clf__name_valid(const char *name, size_t length);

/* Takes ownership of the entry's contents, even if it fails. Returns CLF_ERROR_ARGUMENT if the name
 * is not valid or exists already, or if there are too many entries; or CLF_ERROR_MEMORY. */
clf_status clf__store_add_entry(clf__store *store, clf__entry *entry);

static inline bool clf__little_endian(void) {
  return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
}

static inline void clf__write_u64(unsigned char *to, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) {
    to[i] = (unsigned char)(value >> 8 * i);
  }
}

static inline uint64_t clf__read_u64(const unsigned char *from, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; i++) {
    value |= (uint64_t)from[i] << 8 * i;
  }
  return value;
}

/* Rounds `value` up to a multiple of `alignment`, a power of two; returns false on overflow. */
static inline bool clf__align(size_t value, size_t alignment, size_t *out) {
  if (!clf__add_size(value, alignment - 1, out)) {
    return false;
  }
  *out &= ~(alignment - 1);
  return true;
}

/* Copies elements with their bytes in reverse order. */
void clf__copy_swapped(void *to, const void *from, size_t count, size_t element_bytes);

#endif
