/* A header in front of each block has its size and its account. So freeing needs neither, and the
 * account can count the allocated bytes. The header takes 64 bytes, which keeps the alignment and
 * leaves space for the link to an arena's next block. So a group of arrays takes no more memory
 * than its arrays, and the address sanitizer checks the end of each of them. */
#include "base/memory.h"

#include <limits.h>
#include <string.h>

#include "base/context_state.h"
#include "base/math.h"
#include "base/status.h"

enum { ALIGNMENT = 64 };

typedef struct block_header {
  clf__account *account;
  size_t bytes; /* of the block, header included */
  bool in_arena;
  void *next; /* in an arena, the block that was allocated before this one */
} block_header;

_Static_assert(sizeof(block_header) <= ALIGNMENT, "the header must fit the alignment");

bool clf__mul_size(size_t a, size_t b, size_t *out) {
  if (b != 0 && a > SIZE_MAX / b) {
    return false;
  }
  *out = a * b;
  return true;
}

bool clf__add_size(size_t a, size_t b, size_t *out) {
  if (a > SIZE_MAX - b) {
    return false;
  }
  *out = a + b;
  return true;
}

bool clf__mul_i64(int64_t a, int64_t b, int64_t *out) {
  if (b != 0 && a > INT64_MAX / b) {
    return false;
  }
  *out = a * b;
  return true;
}

int64_t clf__count(int64_t rows, int64_t columns) {
  int64_t count;
  return rows >= 0 && columns >= 0 && clf__mul_i64(rows, columns, &count) ? count : -1;
}

clf_status clf__memory_refused(clf_context *context) {
  const clf__account *account = &context->account;
  const size_t bytes = atomic_load(&account->refused), held = atomic_load(&account->held);
  return atomic_load(&account->by_limit)
             ? clf__fail_refused("memory limit: %zu more bytes exceed it: %zu of %zu are held",
                                 bytes, held, account->limit)
             : clf__fail_refused("out of memory: %zu more bytes were refused: %zu are held", bytes,
                                 held);
}

static void *refuse(clf_context *context, size_t bytes, bool by_limit) {
  atomic_store(&context->account.refused, bytes);
  atomic_store(&context->account.by_limit, by_limit);
  clf__memory_refused(context);
  return NULL;
}

void *clf__alloc(clf_context *context, size_t bytes) {
  clf__account *account = &context->account;
  size_t whole;
  if (!clf__add_size(bytes, ALIGNMENT, &whole)) {
    return refuse(context, bytes, false);
  }
  if (!clf__account_add(account, whole)) {
    return refuse(context, bytes, true);
  }
  block_header *header = account->allocator.allocate(account->allocator.user, whole, ALIGNMENT);
  if (header == NULL) {
    clf__account_remove(account, whole);
    return refuse(context, bytes, false);
  }
  header->account = account;
  header->bytes = whole;
  header->in_arena = false;
  return (char *)header + ALIGNMENT;
}

void *clf__alloc_array(clf_context *context, int64_t count, size_t element_bytes) {
  size_t bytes;
  if (count < 0 || !clf__mul_size((size_t)count, element_bytes, &bytes)) {
    bytes = SIZE_MAX; /* overflow: as good as the true sum */
  }
  return bytes < SIZE_MAX ? clf__alloc(context, bytes) : refuse(context, bytes, false);
}

void *clf__alloc_matrix(clf_context *context, int64_t rows, int64_t columns, size_t element_bytes) {
  return clf__alloc_array(context, clf__count(rows, columns), element_bytes);
}

void *clf__alloc_zeroed(clf_context *context, int64_t count, size_t element_bytes) {
  void *block = clf__alloc_array(context, count, element_bytes);
  if (block != NULL) {
    memset(block, 0, (size_t)count * element_bytes);
  }
  return block;
}

static block_header *header_of(void *block) {
  return (block_header *)(void *)((char *)block - ALIGNMENT);
}

void *clf__resize_array(clf_context *context, void *block, int64_t count, size_t element_bytes) {
  void *resized = clf__alloc_array(context, count, element_bytes);
  if (resized != NULL && block != NULL) {
    size_t before = header_of(block)->bytes - ALIGNMENT;
    size_t after = (size_t)count * element_bytes;
    memcpy(resized, block, clf__min_size(before, after));
    clf__free(block);
  }
  return resized;
}

char *clf__copy_bytes(clf_context *context, const char *bytes, size_t length) {
  size_t size;
  if (!clf__add_size(length, 1, &size)) {
    return refuse(context, length, false);
  }
  char *copy = clf__alloc(context, size);
  if (copy != NULL) {
    memcpy(copy, bytes, length);
    copy[length] = '\0';
  }
  return copy;
}

char *clf__copy_text(clf_context *context, const char *text) {
  return clf__copy_bytes(context, text, strlen(text));
}

void clf__free(void *block) {
  if (block == NULL) {
    return;
  }
  block_header *header = header_of(block);
#ifdef CLF__DEBUG
  if (header->in_arena) { /* clf__arena_free() frees it */
    __builtin_trap();
  }
#endif
  clf__account *account = header->account;
  clf__account_remove(account, header->bytes);
  account->allocator.release(account->allocator.user, header);
}

static void *keep(clf__arena *arena, void *block) {
  if (block == NULL) {
    arena->refused = true;
    return NULL;
  }
  header_of(block)->in_arena = true;
  header_of(block)->next = arena->last;
  arena->last = block;
  return block;
}

void *clf__arena_array(clf__arena *arena, int64_t count, size_t element_bytes) {
  return arena->refused ? NULL
                        : keep(arena, clf__alloc_array(arena->context, count, element_bytes));
}

void *clf__arena_zeroed(clf__arena *arena, int64_t count, size_t element_bytes) {
  return arena->refused ? NULL
                        : keep(arena, clf__alloc_zeroed(arena->context, count, element_bytes));
}

void *clf__arena_matrix(clf__arena *arena, int64_t rows, int64_t columns, size_t element_bytes) {
  return clf__arena_array(arena, clf__count(rows, columns), element_bytes);
}

clf_status clf__arena_status(const clf__arena *arena) {
  return arena->refused ? CLF_ERROR_MEMORY : CLF_OK;
}

void clf__arena_free(clf__arena *arena) {
  while (arena->last != NULL) {
    void *block = arena->last;
    arena->last = header_of(block)->next;
    header_of(block)->in_arena = false;
    clf__free(block);
  }
  arena->refused = false;
}
