/* Freed blocks that are kept: which allocations they serve, and how many there are. */
#include <stdint.h>
#include <string.h>

#include "base/block.h"
#include "base/spare.h"
#include "support.h"

static clf__spare keeping(void) {
  clf__spare spare = {.keeps = true, .in_use = ATOMIC_FLAG_INIT};
  return spare;
}

TEST(sizes__are_rounded_up_by_a_quarter_at_most) {
  size_t before = 0;
  for (size_t bytes = 1; bytes < 5 << 20; bytes += bytes / 100 + 1) {
    const size_t size = clf__spare_size(bytes);
    ck_assert_uint_ge(size, bytes);
    ck_assert_uint_le(size, bytes + bytes / 4);
    ck_assert_uint_ge(size, before);
    ck_assert_uint_eq(clf__spare_size(size), size);
    before = size;
  }
  ck_assert_uint_eq(clf__spare_size(100), 100);
  ck_assert_uint_eq(clf__spare_size((16 << 10) + 1), 20 << 10);
}

TEST(a_kept_block__serves_the_sizes_of_its_step_once) {
  clf__spare spare = keeping();
  clf__block block = {.bytes = 100000}; /* 6.1 steps of 16 KB */
  ck_assert_ptr_null(clf__spare_take(&spare, 100000));
  ck_assert_ptr_null(clf__spare_keep(&spare, &block));
  ck_assert_ptr_null(clf__spare_take(&spare, 98304)); /* 6 steps */
  ck_assert_ptr_null(clf__spare_take(&spare, 130000));
  ck_assert_ptr_eq(clf__spare_take(&spare, 114688), &block); /* 7 steps */
  ck_assert_ptr_null(clf__spare_take(&spare, 100000));
  ck_assert_uint_eq(spare.bytes, 0);
}

TEST(the_oldest_blocks__are_released_for_later_ones) {
  enum { BLOCKS = CLF__SPARE_BLOCKS + 3 };
  clf__spare spare = keeping();
  clf__block blocks[BLOCKS], large = {.bytes = 4 << 20}, larger = large;
  for (int i = 0; i < BLOCKS; i++) {
    blocks[i] = (clf__block){.bytes = 20000};
    clf__block *removed = clf__spare_keep(&spare, &blocks[i]);
    ck_assert_ptr_eq(removed, i < CLF__SPARE_BLOCKS ? NULL : &blocks[i - CLF__SPARE_BLOCKS]);
  }
  ck_assert_ptr_eq(clf__spare_keep(&spare, &large), &blocks[3]);
  int count = 0;
  for (clf__block *b = clf__spare_keep(&spare, &larger); b != NULL; b = b->below) {
    count++;
  }
  ck_assert_int_eq(count, CLF__SPARE_BLOCKS - 1); /* both large ones are all that fits */
  ck_assert_uint_eq(spare.bytes, CLF__SPARE_BYTES);
  ck_assert_ptr_eq(clf__spare_close(&spare), &larger);
  ck_assert_ptr_eq(larger.below, &large);
  ck_assert_ptr_eq(clf__spare_keep(&spare, &large), &large);
}

TEST(small_and_large_blocks__and_those_of_a_closed_store__are_not_kept) {
  clf__spare spare = keeping(), none = {.in_use = ATOMIC_FLAG_INIT};
  clf__block small = {.bytes = 16000}, large = {.bytes = (4 << 20) + 1},
             middle = {.bytes = 1 << 20};
  ck_assert_ptr_eq(clf__spare_keep(&spare, &small), &small);
  ck_assert_ptr_eq(clf__spare_keep(&spare, &large), &large);
  ck_assert_ptr_eq(clf__spare_keep(&none, &middle), &middle);
  atomic_flag_test_and_set(&spare.in_use); /* as another thread does */
  ck_assert_ptr_eq(clf__spare_keep(&spare, &middle), &middle);
  ck_assert_ptr_null(clf__spare_take(&spare, 1 << 20));
}

SUITE("spare")
