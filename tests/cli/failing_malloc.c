/* Preloaded into a program: from the allocation with the number FAILING_MALLOC on, one of some 150
 * fails, by a hash of its number. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static atomic_uint allocations;
static atomic_long first;

static bool fails(void) {
  unsigned number = atomic_fetch_add(&allocations, 1);
  if (number == 0) {
    const char *text = getenv("FAILING_MALLOC");
    first = text != NULL ? atol(text) : -1;
  }
  if (first < 0 || number < (unsigned long)first) {
    return false;
  }
  number *= 2654435761U;
  number ^= number >> 15;
  return number % 151 == 0;
}

void *malloc(size_t size) {
  return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  return fails() ? NULL : __libc_realloc(memory, size);
}
