/* Groups of arrays: what base/memory.h says of them, and that none of it depends on how many there
 * are or on which of them is refused. */
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "failing_allocator.h"

/* Three arrays, of which each element is written. */
static clf_status fill_group(clf_context *context, const void *argument) {
  (void)argument;
  clf__arena arena = {.context = context};
  double *values = clf__arena_array(&arena, 100, sizeof *values);
  int64_t *sums = clf__arena_zeroed(&arena, 30, sizeof *sums);
  float *matrix = clf__arena_matrix(&arena, 20, 7, sizeof *matrix);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t i = 0; i < 30; i++) {
    ck_assert_int_eq(sums[i], 0);
  }
  memset(values, 1, 100 * sizeof *values);
  memset(sums, 2, 30 * sizeof *sums);
  memset(matrix, 3, 20 * 7 * sizeof *matrix);
  ck_assert_int_eq(((const unsigned char *)values)[100 * sizeof *values - 1], 1);
  ck_assert_int_eq(((const unsigned char *)sums)[30 * sizeof *sums - 1], 2);
done:
  clf__arena_free(&arena);
  return status < 0 ? clf__fail_within(status, "group") : status;
}

TEST(each_refused_array_is_one_failure) {
  check_every_allocation("threads=1", fill_group, NULL);
}

TEST(after_a_refusal_nothing_is_asked_for) {
  failing_allocator from = {0};
  clf_context *context = failing_context("threads=1", &from);
  clf__arena arena = {.context = context};
  ck_assert_ptr_nonnull(clf__arena_array(&arena, 1, 1));
  ck_clf_ok(clf__arena_status(&arena));
  from.refuse = atomic_load(&from.asked) + 1;
  ck_assert_ptr_null(clf__arena_array(&arena, 12345, 1));
  ck_assert_ptr_null(clf__arena_array(&arena, 1, 1));
  ck_assert_ptr_null(clf__arena_zeroed(&arena, 1, 1));
  ck_assert_ptr_null(clf__arena_matrix(&arena, 1, 1, 1));
  ck_assert_int_eq(atomic_load(&from.asked), from.refuse);
  ck_clf_fails(clf__arena_status(&arena), CLF_ERROR_MEMORY);
  ck_clf_says("12345 more bytes were refused");
  clf__arena_free(&arena);
  clf_context_free(context);
  ck_assert_int_eq(atomic_load(&from.held), 0);
}

TEST(sizes_that_overflow_are_refused) {
  clf_context *context = context_with("threads=1");
  const int64_t huge = INT64_C(1) << 32;
  const int64_t shapes[][2] = {{huge, huge}, {INT64_MAX, 2}, {INT64_MAX, 1}, {-1, 1},
                               {1, -1},      {-1, -1},       {-1, 0},        {-huge, huge}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const int64_t rows = shapes[i][0], columns = shapes[i][1];
    clf__arena arena = {.context = context};
    ck_assert_ptr_null(clf__arena_matrix(&arena, rows, columns, sizeof(double)));
    ck_clf_fails(clf__arena_status(&arena), CLF_ERROR_MEMORY);
    clf__arena_free(&arena);
    ck_assert_ptr_null(clf__arena_zeroed(&arena, clf__count(rows, columns), sizeof(double)));
    ck_clf_fails(clf__arena_status(&arena), CLF_ERROR_MEMORY);
    clf__arena_free(&arena);
    ck_assert_ptr_null(clf__alloc_matrix(context, rows, columns, sizeof(double)));
    ck_clf_says("out of memory: ");
  }
  clf_context_free(context);
}

TEST(a_count_is_a_product_or_refused) {
  ck_assert_int_eq(clf__count(0, 0), 0);
  ck_assert_int_eq(clf__count(0, INT64_MAX), 0);
  ck_assert_int_eq(clf__count(INT64_MAX, 1), INT64_MAX);
  ck_assert_int_eq(clf__count(3037000499, 3037000499), INT64_C(9223372030926249001));
  ck_assert_int_eq(clf__count(3037000500, 3037000500), -1);
  ck_assert_int_eq(clf__count(-2, -3), -1);
  ck_assert_int_eq(clf__count(clf__count(2, 3), 4), 24);
  ck_assert_int_eq(clf__count(clf__count(INT64_MAX, 2), 0), -1);
}

TEST(arrays_are_aligned_and_apart) {
  clf_context *context = context_with("threads=1");
  clf__arena arena = {.context = context};
  unsigned char *arrays[64];
  for (int64_t i = 0; i < 64; i++) {
    arrays[i] = i % 2 == 0 ? clf__arena_array(&arena, i, 3) : clf__arena_matrix(&arena, i, 3, 1);
    ck_assert_ptr_nonnull(arrays[i]);
    ck_assert_uint_eq((uintptr_t)arrays[i] % 64, 0);
    if (i > 0) {
      memset(arrays[i], (int)i, (size_t)(3 * i));
    }
  }
  for (int64_t i = 1; i < 64; i++) {
    for (int64_t j = 0; j < 3 * i; j++) {
      ck_assert_int_eq(arrays[i][j], i);
    }
  }
  clf__arena_free(&arena);
  clf_context_free(context);
}

TEST(an_array_of_no_elements_is_no_refusal) {
  clf_context *context = context_with("threads=1");
  clf__arena arena = {.context = context};
  ck_assert_ptr_nonnull(clf__arena_array(&arena, 0, sizeof(double)));
  ck_assert_ptr_nonnull(clf__arena_zeroed(&arena, 0, sizeof(double)));
  ck_assert_ptr_nonnull(clf__arena_matrix(&arena, 0, INT64_MAX, sizeof(double)));
  ck_clf_ok(clf__arena_status(&arena));
  clf__arena_free(&arena);
  clf_context_free(context);
}

TEST(memory_is_counted_and_returned) {
  clf_context *context = context_with("threads=1");
  const uint64_t before = clf_context_memory(context);
  double *alone = clf__alloc_array(context, 1000, sizeof *alone);
  const uint64_t each = clf_context_memory(context) - before;
  clf__free(alone);
  clf__arena arena = {.context = context};
  for (int32_t turn = 0; turn < 2; turn++) { /* an arena can be used again */
    for (uint64_t i = 1; i <= 20; i++) {
      ck_assert_ptr_nonnull(clf__arena_array(&arena, 1000, sizeof(double)));
      ck_assert_uint_eq(clf_context_memory(context), before + i * each);
    }
    clf__arena_free(&arena);
    ck_assert_uint_eq(clf_context_memory(context), before);
  }
  clf__arena_free(&arena);
  clf__arena nothing = {0};
  clf__arena_free(&nothing);
  clf_context_free(context);
}

TEST(the_memory_limit_holds_for_the_group) {
  clf_context *context = context_with("threads=1 memory_limit=1000000");
  clf__arena arena = {.context = context};
  int64_t count = 0;
  while (clf__arena_array(&arena, 100000, 1) != NULL) {
    count++;
  }
  ck_assert_int_le(count, 9);
  ck_assert_int_ge(count, 8);
  ck_clf_fails(clf__arena_status(&arena), CLF_ERROR_MEMORY);
  ck_clf_says("memory limit: 100000 more bytes exceed it: ");
  clf__arena_free(&arena);
  ck_assert_ptr_nonnull(clf__arena_array(&arena, 100000, 1));
  ck_clf_ok(clf__arena_status(&arena));
  clf__arena_free(&arena);
  clf_context_free(context);
}

SUITE("arena")
