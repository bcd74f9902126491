/* A header in front of each block has its size and its account. So freeing needs neither, and the
 * account can count the allocated bytes. */
#include "base/memory.h"

#include <limits.h>
#include <string.h>

#include "base/context_state.h"
#include "base/math.h"
#include "base/spill.h"
#include "base/status.h"
#include "base/workspace.h"

enum { ALIGNMENT = CLF__BLOCK_ALIGNMENT };

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

static clf__block *allocate(clf_context *context, size_t bytes) {
  clf__account *account = &context->account;
  if (!clf__account_add(account, bytes)) {
    return refuse(context, bytes - ALIGNMENT, true);
  }
  clf__block *block = clf__account_allocate(account, bytes);
  if (block == NULL) {
    clf__account_remove(account, bytes);
    return refuse(context, bytes - ALIGNMENT, false);
  }
  *block = (clf__block){.account = account, .bytes = bytes};
  return block;
}

static void *allocate_spilled(size_t bytes) {
  clf__block *block = clf__spill_allocate(bytes);
  if (block == NULL) {
    return NULL;
  }
  *block = (clf__block){.bytes = bytes, .spilled = true};
  return (char *)block + ALIGNMENT;
}

void *clf__alloc(clf_context *context, size_t bytes) {
  size_t whole;
  if (!clf__add_size(bytes, ALIGNMENT, &whole)) {
    return refuse(context, bytes, false);
  }
  if (clf__spill_takes(context, whole)) {
    return allocate_spilled(whole);
  }
  clf__block *block = clf__workspace_take(context, whole);
  block = block != NULL ? block : allocate(context, whole);
  if (block == NULL) {
    return NULL;
  }
  clf__workspace_note(context, block);
  return (char *)block + ALIGNMENT;
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

static clf__block *header_of(void *block) {
  return (clf__block *)(void *)((char *)block - ALIGNMENT);
}

void *clf__alloc_zeroed(clf_context *context, int64_t count, size_t element_bytes) {
  void *block = clf__alloc_array(context, count, element_bytes);
  if (block != NULL && !header_of(block)->spilled) { /* a new file is all 0 */
    memset(block, 0, (size_t)count * element_bytes);
  }
  return block;
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
  clf__block *header = header_of(block);
#ifdef CLF__DEBUG
  if (header->in_arena) { /* clf__arena_free() frees it */
    __builtin_trap();
  }
#endif
  if (header->spilled) {
    clf__spill_release(header, header->bytes);
    return;
  }
  if (clf__workspace_free(header)) {
    return;
  }
  clf__account *account = header->account;
  clf__account_remove(account, header->bytes);
  clf__account_release(account, header);
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
