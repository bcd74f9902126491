/* Freed blocks of middle size that a context keeps for its next allocations. */
#ifndef CLF_BASE_SPARE_H
#define CLF_BASE_SPARE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/block.h"

enum {
  CLF__SPARE_BLOCKS = 16,
  CLF__SPARE_BYTES = 8 << 20, /* of all of them, at most */
};

typedef struct clf__spare {
  bool keeps; /* otherwise it stays empty */
  atomic_flag in_use;
  int count;
  clf__block *blocks[CLF__SPARE_BLOCKS]; /* the oldest first */
  size_t bytes;
} clf__spare;

/* Returns the size to allocate for a block of so many bytes. Blocks of the same size serve each
 * other's allocations. */
size_t clf__spare_size(size_t bytes);
/* Returns a block of clf__spare_size(bytes), or NULL. */
clf__block *clf__spare_take(clf__spare *spare, size_t bytes);
/* Keeps a block, and returns those that the caller has to release instead, linked by `below`; the
 * block may be among them. */
clf__block *clf__spare_keep(clf__spare *spare, clf__block *block);
/* Returns all blocks in the same way, and keeps no more. */
clf__block *clf__spare_close(clf__spare *spare);

#endif
