/* The C library returns most of what a fit frees to the system, and the next fit receives it back
 * as pages that have to be mapped and cleared first. For a fit of 100 rows and 300 columns, with
 * blocks of up to 0.7 MB, this took 0.7 of 1.8 ms on a virtual machine (AMD EPYC, Zen 4), and more
 * on two threads, because unmapping interrupts the other core.
 *
 * Sizes are rounded up to four steps for each doubling, so that a block serves all sizes of its
 * step. A thread that finds the blocks in use by another does without them, so none ever waits, and
 * a child that was forked meanwhile does without them for good. */
#include "base/spare.h"

#include <string.h>

#include "base/block.h"

enum { MIN_BYTES = 16 << 10, MAX_BYTES = 4 << 20, STEPS = 4 };

static bool is_middle(size_t bytes) {
  return bytes >= MIN_BYTES && bytes <= MAX_BYTES;
}

size_t clf__spare_size(size_t bytes) {
  size_t step = MIN_BYTES / STEPS;
  if (!is_middle(bytes)) {
    return bytes;
  }
  while (step * 2 * STEPS <= bytes) {
    step *= 2;
  }
  return (bytes + step - 1) / step * step;
}

static bool enter(clf__spare *spare, size_t bytes) {
  return spare->keeps && is_middle(bytes) && !atomic_flag_test_and_set(&spare->in_use);
}

static void leave(clf__spare *spare) {
  atomic_flag_clear(&spare->in_use);
}

static clf__block *remove_block(clf__spare *spare, int i) {
  clf__block *block = spare->blocks[i];
  spare->count--;
  spare->bytes -= clf__spare_size(block->bytes);
  memmove(spare->blocks + i, spare->blocks + i + 1,
          (size_t)(spare->count - i) * sizeof *spare->blocks);
  return block;
}

clf__block *clf__spare_take(clf__spare *spare, size_t bytes) {
  clf__block *found = NULL;
  if (!enter(spare, bytes)) {
    return NULL;
  }
  for (int i = spare->count - 1; i >= 0 && found == NULL; i--) {
    if (clf__spare_size(spare->blocks[i]->bytes) == clf__spare_size(bytes)) {
      found = remove_block(spare, i);
    }
  }
  leave(spare);
  return found;
}

/* Removes the oldest blocks until there is space for so many bytes. */
static clf__block *make_space(clf__spare *spare, size_t bytes) {
  clf__block *removed = NULL;
  while (spare->count == CLF__SPARE_BLOCKS || spare->bytes + bytes > CLF__SPARE_BYTES) {
    clf__block *oldest = remove_block(spare, 0);
    oldest->below = removed;
    removed = oldest;
  }
  return removed;
}

clf__block *clf__spare_keep(clf__spare *spare, clf__block *block) {
  block->below = NULL;
  if (!enter(spare, block->bytes)) {
    return block;
  }
  const size_t size = clf__spare_size(block->bytes);
  clf__block *removed = make_space(spare, size);
  spare->blocks[spare->count++] = block;
  spare->bytes += size;
  leave(spare);
  return removed;
}

clf__block *clf__spare_close(clf__spare *spare) {
  spare->keeps = false;
  return make_space(spare, CLF__SPARE_BYTES);
}
