/* Bytes are added before they are allocated, so that threads together never hold more than the
 * limit. */
#include "base/account.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/block.h"

/* A sanitizer that reports accesses to freed blocks must see them released. */
#if defined(__has_feature)
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
enum { KEEPS_SPARE = 0 };
#else
enum { KEEPS_SPARE = 1 };
#endif

/* Asks for huge pages for large blocks: touching them for the first time then takes a fifth of the
 * time, and kernels that walk through them miss the address cache less often. */
static void *system_allocate(void *user, size_t size, size_t alignment) {
  (void)user;
  enum { HUGE_PAGE = 1 << 21 };
  void *block = NULL;
  bool large = size >= 2 * HUGE_PAGE;
  if (posix_memalign(&block, large ? HUGE_PAGE : alignment, size) != 0) {
    return NULL;
  }
#ifdef MADV_HUGEPAGE
  if (large) {
    (void)madvise(block, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
  }
#endif
  return block;
}

static void system_release(void *user, void *pointer) {
  (void)user;
  free(pointer);
}

const clf_allocator clf__system_allocator = {sizeof clf__system_allocator, system_allocate,
                                             system_release, NULL};

void clf__account_open(clf__account *account, const clf_allocator *allocator) {
  account->allocator = *allocator;
  account->limit = SIZE_MAX;
  account->spare.keeps = KEEPS_SPARE && allocator->allocate == system_allocate;
  atomic_flag_clear(&account->spare.in_use);
  atomic_init(&account->held, 0);
  atomic_init(&account->peak, 0);
  atomic_init(&account->refused, 0);
  atomic_init(&account->by_limit, false);
}

static void release_chain(const clf__account *account, clf__block *block) {
  while (block != NULL) {
    clf__block *next = block->below;
    account->allocator.release(account->allocator.user, block);
    block = next;
  }
}

void clf__account_close(clf__account *account) {
  release_chain(account, clf__spare_close(&account->spare));
}

void clf__account_set_limit(clf__account *account, size_t limit) {
  account->limit = limit;
  clf__account_close(account);
}

clf__block *clf__account_allocate(clf__account *account, size_t bytes) {
  clf__block *block = clf__spare_take(&account->spare, bytes);
  return block != NULL
             ? block
             : account->allocator.allocate(account->allocator.user,
                                           account->spare.keeps ? clf__spare_size(bytes) : bytes,
                                           CLF__BLOCK_ALIGNMENT);
}

void clf__account_release(clf__account *account, clf__block *block) {
  release_chain(account, clf__spare_keep(&account->spare, block));
}

bool clf__account_add(clf__account *account, size_t bytes) {
  size_t held = atomic_fetch_add(&account->held, bytes) + bytes;
  if (held > account->limit || held < bytes) {
    atomic_fetch_sub(&account->held, bytes);
    return false;
  }
  size_t peak = atomic_load(&account->peak);
  while (held > peak && !atomic_compare_exchange_weak(&account->peak, &peak, held)) {
  }
  return true;
}

void clf__account_remove(clf__account *account, size_t bytes) {
  atomic_fetch_sub(&account->held, bytes);
}

size_t clf__account_available(const clf__account *account) {
  const size_t held = atomic_load(&account->held), limit = account->limit;
  return limit == SIZE_MAX ? SIZE_MAX : held < limit ? limit - held : 0;
}
