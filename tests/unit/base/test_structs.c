/* Structs with a struct_size, passed between callers and libraries of older and newer versions. */
#include "base/structs.h"

#include <stdint.h>
#include <string.h>

#include "support.h"

/* A struct as it was at first, as this version has it, and as a later one will. */
typedef struct first {
  uint32_t struct_size;
  int32_t a;
  double b;
} first;

typedef struct now {
  uint32_t struct_size;
  int32_t a;
  double b;
  const char *c;
} now;

typedef struct later {
  uint32_t struct_size;
  int32_t a;
  double b;
  const char *c;
  int64_t d;
} later;

static const clf__struct about = CLF__STRUCT(now, b);
static const now full = {sizeof full, 7, 0.5, "text"};

TEST(read__of_an_older_struct_has_defaults) {
  const first old = {sizeof old, 3, 2.5};
  now out = full;
  ck_clf_ok(clf__struct_read(&out, &about, &old));
  ck_assert_int_eq(out.a, 3);
  ck_assert_double_eq(out.b, 2.5);
  ck_assert_ptr_null(out.c);
}

TEST(read__of_a_later_struct_refuses_what_it_does_not_know) {
  later newer = {sizeof newer, 3, 2.5, "c", 0};
  now out = full;
  ck_clf_ok(clf__struct_read(&out, &about, &newer));
  ck_assert_str_eq(out.c, "c");
  newer.d = 1;
  out = full;
  ck_clf_fails(clf__struct_read(&out, &about, &newer), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("now: the member at byte 24 is set");
  ck_assert_int_eq(out.a, 7);
}

TEST(write__keeps_to_the_size_of_an_older_struct) {
  struct {
    first own;
    char behind[16];
  } old = {{sizeof old.own, 0, 0}, "untouched"};
  ck_clf_ok(clf__struct_write(&old.own, &about, &full));
  ck_assert_uint_eq(old.own.struct_size, sizeof old.own);
  ck_assert_int_eq(old.own.a, 7);
  ck_assert_double_eq(old.own.b, 0.5);
  ck_assert_str_eq(old.behind, "untouched");
}

TEST(write__clears_what_a_later_struct_has_more) {
  struct {
    later own;
    char behind[16];
  } newer = {{sizeof newer.own, 0, 0, NULL, 99}, "untouched"};
  ck_clf_ok(clf__struct_write(&newer.own, &about, &full));
  ck_assert_uint_eq(newer.own.struct_size, sizeof newer.own);
  ck_assert_str_eq(newer.own.c, "text");
  ck_assert_int_eq(newer.own.d, 0);
  ck_assert_str_eq(newer.behind, "untouched");
}

/* Sizes that were not set: 0, less than that of the first version, and an arbitrary number. */
TEST(struct_size__must_be_set) {
  static const uint32_t sizes[] = {0, 1, sizeof(uint32_t), sizeof(first) - 1, 4097, UINT32_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    now mine = {sizes[i], 1, 1, NULL}, out = full;
    ck_clf_fails(clf__struct_read(&out, &about, &mine), CLF_ERROR_ARGUMENT);
    ck_clf_says("set it to sizeof(now)");
    ck_assert_mem_eq(&out, &full, sizeof out);
    ck_clf_fails(clf__struct_write(&mine, &about, &full), CLF_ERROR_ARGUMENT);
    ck_assert_int_eq(mine.a, 1);
  }
}

TEST(public_structs__need_their_size) {
  clf_context *context = NULL;
  clf_allocator allocator = {0};
  clf_param_info info = {0};
  ck_clf_fails(clf_context_create(&context, &allocator, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("clf_allocator: struct_size is 0; set it to sizeof(clf_allocator)");
  ck_clf_fails(clf_param_describe("model", "ridge", 0, &info), CLF_ERROR_ARGUMENT);
  ck_clf_says("clf_param_info: struct_size is 0; set it to sizeof(clf_param_info)");
  ck_assert_ptr_null(context);
  ck_assert_ptr_null(info.name);
}

SUITE("structs")
