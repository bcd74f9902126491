/* The account that a context keeps of its memory, and the allocator that the memory comes from. */
#ifndef CLF_BASE_ACCOUNT_H
#define CLF_BASE_ACCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <classify/context.h>

#include "base/spare.h"

typedef struct clf__account {
  clf_allocator allocator;
  clf__spare spare; /* of the C library's blocks, where no limit is set */
  atomic_size_t held, peak;
  size_t limit; /* SIZE_MAX for none */
  /* The last allocation that was refused, on any thread. */
  atomic_size_t refused;
  atomic_bool by_limit; /* the memory limit refused it; otherwise the allocator did */
} clf__account;

/* Allocates by the C library. */
extern const clf_allocator clf__system_allocator;

void clf__account_open(clf__account *account, const clf_allocator *allocator);
void clf__account_set_limit(clf__account *account, size_t limit);
/* Releases the blocks that are kept for later allocations. */
void clf__account_close(clf__account *account);
/* Allocates and releases a block, whose bytes the caller adds and removes. */
clf__block *clf__account_allocate(clf__account *account, size_t bytes);
void clf__account_release(clf__account *account, clf__block *block);
/* Returns false if the bytes would exceed the limit. */
bool clf__account_add(clf__account *account, size_t bytes);
void clf__account_remove(clf__account *account, size_t bytes);
/* Returns how many bytes may still be added; SIZE_MAX without a limit. */
size_t clf__account_available(const clf__account *account);

#endif
