/* An allocator that refuses one allocation, or all from one on, and counts what is out. */
#ifndef TESTS_UNIT_FAILING_ALLOCATOR_H
#define TESTS_UNIT_FAILING_ALLOCATOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "support.h"

typedef struct failing_allocator {
  atomic_int_least64_t asked;
  atomic_int_least64_t held;
  int64_t refuse;       /* number of the allocation to refuse, from 1; 0 for none */
  bool refuse_the_rest; /* those after it too */
} failing_allocator;

static inline void *failing_allocate(void *user, size_t size, size_t alignment) {
  failing_allocator *own = (failing_allocator *)user;
  int64_t number = atomic_fetch_add(&own->asked, 1) + 1;
  void *block = NULL;
  bool refused = number == own->refuse || (own->refuse_the_rest && number > own->refuse);
  if ((refused && own->refuse > 0) || posix_memalign(&block, alignment, size) != 0) {
    return NULL;
  }
  memset(block, 0xa5, size); /* nobody counts on zeros */
  atomic_fetch_add(&own->held, 1);
  return block;
}

static inline void failing_release(void *user, void *pointer) {
  atomic_fetch_sub(&((failing_allocator *)user)->held, 1);
  free(pointer);
}

/* A context on the allocator, or NULL when that was refused. */
static inline clf_context *failing_context(const char *params, failing_allocator *from) {
  clf_context *context = NULL;
  const clf_allocator allocator = {failing_allocate, failing_release, from};
  clf_status status = clf_context_create(&context, params, &allocator);
  ck_assert_msg(status == CLF_OK || status == CLF_ERROR_MEMORY, "%s", clf_last_error());
  ck_assert(status == CLF_OK ? context != NULL : context == NULL);
  return context;
}

/* Runs `life` on contexts of which the first, the second … allocation is refused, until none is:
 * each ends in CLF_OK or CLF_ERROR_MEMORY with a message, and holds nothing at the end. */
static inline void check_every_allocation(clf_status (*life)(clf_context *context)) {
  clf_status status = CLF_ERROR_MEMORY;
  for (int64_t refuse = 1; status != CLF_OK; refuse++) {
    failing_allocator from = {.refuse = refuse};
    clf_context *context = failing_context("threads=1", &from);
    if (context != NULL) {
      status = life(context);
      ck_assert_msg(status == CLF_OK || status == CLF_ERROR_MEMORY, "%s", clf_last_error());
      if (status < 0) {
        check_refused_memory();
      }
      clf_context_free(context);
    }
    ck_assert_int_eq(atomic_load(&from.held), 0);
  }
}

/* Goes on only while all is well. */
#define TRY(call)                                                                                  \
  do {                                                                                             \
    status = (call);                                                                               \
    if (status < 0) {                                                                              \
      goto done;                                                                                   \
    }                                                                                              \
  } while (0)

#endif
