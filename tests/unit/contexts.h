/* Fixtures of suites whose tests share a context. */
#ifndef TESTS_UNIT_CONTEXTS_H
#define TESTS_UNIT_CONTEXTS_H

#include "base/pool.h"
#include "failing_allocator.h"

static clf_context *context;
static uint64_t held_before; /* bytes of the context before the test */

static inline void open_context(void) {
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  held_before = clf_context_memory(context);
}

static inline void do_nothing(void *argument, int64_t index, int32_t worker) {
  (void)argument, (void)index, (void)worker;
}

/* The pool's own memory is there before it is counted. */
static inline void open_two_threads(void) {
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  clf__parallel(context, 2, CLF__WORK_LONG, do_nothing, NULL);
  held_before = clf_context_memory(context);
}

/* The test has freed all that it made. */
static inline void close_context(void) {
  ck_assert_uint_eq(clf_context_memory(context), held_before);
  clf_context_free(context);
}

static inline clf_tensor *wrap(const void *data, int32_t dtype, int32_t ndim, const int64_t *shape,
                               const int64_t *strides) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_tensor_wrap(&tensor, context, data, dtype, ndim, shape, strides));
  return tensor;
}

#endif
