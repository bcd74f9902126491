/* An allocator that refuses one allocation, or all from one on, and counts the blocks in use. */
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
  const clf_allocator allocator = {sizeof allocator, failing_allocate, failing_release, from};
  clf_status status = clf_context_create(&context, &allocator, params);
  ck_assert_msg(status == CLF_OK || status == CLF_ERROR_MEMORY, "%s", clf_last_error());
  ck_assert(status == CLF_OK ? context != NULL : context == NULL);
  return context;
}

/* What a test does on a context: it frees whatever it made, whether or not it succeeded. */
typedef clf_status (*life)(clf_context *context, const void *argument);

typedef struct refusals {
  int64_t asked;     /* the last allocation of a whole life that was refused */
  int64_t tolerated; /* those that were refused and did not make it fail */
} refusals;

/* Which allocations are refused: all; each third where memory is checked, for what the plain run
 * does not notice; few where threads are, or the processor is emulated. */
enum { REFUSE_EACH = ADDRESS_SANITIZER ? 3 : SLOW ? 7 : 1 };

/* One life, in which allocation `refuse` is refused. Every 16th is lived again on the same context,
 * where nothing is refused any more. Returns whether the allocation was asked for. */
static inline bool refuse_one(const char *params, life live, const void *argument, int64_t refuse,
                              bool the_rest, refusals *count) {
  failing_allocator from = {.refuse = refuse, .refuse_the_rest = the_rest};
  clf_context *context = failing_context(params, &from);
  if (context != NULL) {
    const clf_status status = live(context, argument);
    const bool refused = from.asked >= refuse;
    ck_assert_msg(status == CLF_OK || (status == CLF_ERROR_MEMORY && refused),
                  "allocation %lld: %s: %s", (long long)refuse, clf_status_name(status),
                  clf_last_error());
    if (status == CLF_OK) {
      count->tolerated += refused;
    } else {
      check_refused_memory();
    }
    from.refuse = 0;
    if (refused && refuse % 16 == 0) {
      ck_clf_ok(live(context, argument));
    }
    clf_context_free(context);
    ck_assert_msg(from.held == 0, "%lld blocks are lost after allocation %lld was refused",
                  (long long)from.held, (long long)refuse);
    return refused;
  }
  ck_assert_int_eq(from.held, 0);
  return true;
}

/* Lives on contexts of which the first, the second ... allocation is refused, by steps of
 * REFUSE_EACH, until all were: each life ends in CLF_OK, or in CLF_ERROR_MEMORY with a message, and
 * holds nothing at the end. */
static inline refusals check_every_allocation(const char *params, life live, const void *argument) {
  refusals count = {0};
  for (int64_t refuse = 1; refuse_one(params, live, argument, refuse, false, &count);
       refuse += REFUSE_EACH) {
    count.asked = refuse;
    if (refuse % (8 * REFUSE_EACH) == 1) {
      refuse_one(params, live, argument, refuse, true, &count);
    }
  }
  ck_assert_int_gt(count.asked, 0);
  return count;
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
