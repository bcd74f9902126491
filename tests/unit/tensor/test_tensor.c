#include <math.h>
#include <string.h>

#include "contexts.h"
#include "tensor/tensor.h"

#define SHAPE(...) ((int64_t[]){__VA_ARGS__})

static clf_tensor *create(int32_t dtype, int32_t ndim, const int64_t *shape) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_tensor_create(&tensor, context, dtype, ndim, shape));
  return tensor;
}

/* 0, 1, 2, … as i32 [2, 3, 4]. */
static clf_tensor *cube(void) {
  clf_tensor *tensor = create(CLF_I32, 3, SHAPE(2, 3, 4));
  for (int32_t i = 0; i < 24; i++) {
    ((int32_t *)clf_tensor_data(tensor))[i] = i;
  }
  return tensor;
}

/* The elements in C order; frees the tensor. */
static void assert_values(clf_tensor *tensor, int64_t count, const double *expected) {
  ck_assert_int_eq(clf_tensor_count(tensor), count);
  for (int64_t i = 0; i < count; i++) {
    ck_assert_double_eq(clf__tensor_value(tensor, i), expected[i]);
  }
  clf_tensor_free(tensor);
}

#define VALUES(...)                                                                                \
  sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[]) {                                   \
    __VA_ARGS__                                                                                    \
  }

TEST(create__is_zeroed_writable_and_aligned) {
  const int32_t dtypes[] = {CLF_F32, CLF_F64, CLF_U8, CLF_I32, CLF_I64};
  const size_t sizes[] = {4, 8, 1, 4, 8};
  const char *const names[] = {"f32", "f64", "u8", "i32", "i64"};
  for (int i = 0; i < 5; i++) {
    clf_tensor *tensor = create(dtypes[i], 2, SHAPE(3, 5));
    const unsigned char *bytes = clf_tensor_data(tensor);
    ck_assert_uint_eq((uintptr_t)bytes % 64, 0);
    for (size_t j = 0; j < 15 * sizes[i]; j++) {
      ck_assert_uint_eq(bytes[j], 0);
    }
    ck_assert_int_eq(clf_tensor_writable(tensor), 1);
    ck_assert_int_eq(clf_tensor_dtype(tensor), dtypes[i]);
    ck_assert_int_eq(clf_tensor_stride(tensor, 0), 5);
    ck_assert_int_eq(clf_tensor_stride(tensor, 1), 1);
    ck_assert_str_eq(clf__dtype_name(dtypes[i]), names[i]);
    clf_tensor_free(tensor);
  }
}

TEST(create__takes_no_and_eight_dimensions) {
  clf_tensor *scalar = create(CLF_F64, 0, NULL);
  clf_tensor *deep = create(CLF_U8, 8, SHAPE(1, 2, 1, 2, 1, 2, 1, 2));
  ck_assert_int_eq(clf_tensor_ndim(scalar), 0);
  ck_assert_int_eq(clf_tensor_count(scalar), 1);
  ck_assert_ptr_nonnull(clf_tensor_data(scalar));
  ck_assert_int_eq(clf_tensor_count(deep), 16);
  ck_assert_int_eq(clf_tensor_stride(deep, 1), 8);
  clf_tensor_free(scalar);
  clf_tensor_free(deep);
}

TEST(create__takes_empty_axes) {
  clf_tensor *tensor = create(CLF_F32, 3, SHAPE(4, 0, 5));
  ck_assert_int_eq(clf_tensor_count(tensor), 0);
  ck_assert_ptr_null(clf_tensor_data(tensor));
  clf_tensor_free(tensor);
}

TEST(create__refuses_shapes_that_overflow) {
  clf_tensor *tensor = NULL;
  const int64_t large = INT64_C(1) << 40;
  ck_clf_fails(clf_tensor_create(&tensor, context, CLF_U8, 2, SHAPE(large, large)),
               CLF_ERROR_SHAPE);
  ck_clf_fails(clf_tensor_create(&tensor, context, CLF_F64, 1, SHAPE(INT64_C(1) << 60)),
               CLF_ERROR_SHAPE);
  ck_clf_fails(clf_tensor_create(&tensor, context, CLF_U8, 3, SHAPE(0, large, large)),
               CLF_ERROR_SHAPE);
  ck_clf_fails(clf_tensor_create(&tensor, context, CLF_U8, 1, SHAPE(-1)), CLF_ERROR_SHAPE);
  ck_clf_says("-1");
  ck_assert_ptr_null(tensor);
}

TEST(create__refuses_other_arguments) {
  clf_tensor *tensor = NULL;
  ck_clf_fails(clf_tensor_create(&tensor, context, 0, 1, SHAPE(1)), CLF_ERROR_TYPE);
  ck_clf_fails(clf_tensor_create(&tensor, context, 8, 1, SHAPE(1)), CLF_ERROR_TYPE);
  ck_clf_fails(clf_tensor_create(&tensor, context, INT32_MIN, 1, SHAPE(1)), CLF_ERROR_TYPE);
  ck_clf_fails(clf_tensor_create(&tensor, context, CLF_F32, 9, SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1)),
               CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_create(&tensor, context, CLF_F32, -1, SHAPE(1)), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_create(&tensor, context, CLF_F32, 1, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_create(NULL, context, CLF_F32, 0, NULL), CLF_ERROR_ARGUMENT);
  ck_assert_ptr_null(tensor);
}

TEST(create__respects_the_memory_limit) {
  clf_context *small = NULL;
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_context_create(&small, NULL, "threads=1 memory_limit=10000"));
  uint64_t before = clf_context_memory(small);
  ck_clf_fails(clf_tensor_create(&tensor, small, CLF_F64, 1, SHAPE(10000)), CLF_ERROR_MEMORY);
  ck_clf_says("memory limit");
  ck_clf_fails(clf_tensor_create(&tensor, small, CLF_U8, 1, SHAPE(INT64_MAX)), CLF_ERROR_MEMORY);
  ck_assert_uint_eq(clf_context_memory(small), before);
  ck_clf_ok(clf_tensor_create(&tensor, small, CLF_F64, 1, SHAPE(100)));
  clf_tensor_free(tensor);
  clf_context_free(small);
}

static void count_release(void *user) {
  ++*(int *)user;
}

TEST(wrap__borrows_until_the_last_view_is_gone) {
  const float data[] = {1, 2, 3, 4};
  int released = 0;
  clf_tensor *tensor = NULL, *view = NULL;
  ck_clf_ok(clf_tensor_wrap(&tensor, context, data, CLF_F32, 1, SHAPE(4), NULL));
  ck_assert_ptr_eq(clf_tensor_data(tensor), data);
  ck_assert_int_eq(clf_tensor_writable(tensor), 0);
  ck_clf_ok(clf_tensor_slice(&view, tensor, 0, 1, 2, 1));
  ck_clf_ok(clf_tensor_set_release(view, count_release, &released));
  clf_tensor_free(view);
  ck_clf_ok(clf_tensor_slice(&view, tensor, 0, 1, 2, 1));
  clf_tensor_free(tensor);
  ck_assert_int_eq(released, 0);
  clf_tensor_free(view);
  ck_assert_int_eq(released, 1);
}

TEST(wrap__refuses) {
  const double data[2] = {0};
  clf_tensor *tensor = NULL;
  const void *unaligned = (const char *)data + 4;
  ck_clf_fails(clf_tensor_wrap(&tensor, context, unaligned, CLF_F64, 1, SHAPE(1), NULL),
               CLF_ERROR_ARGUMENT);
  ck_clf_says("aligned");
  ck_clf_fails(clf_tensor_wrap(&tensor, context, NULL, CLF_F64, 1, SHAPE(1), NULL),
               CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_wrap(&tensor, context, data, 99, 1, SHAPE(1), NULL), CLF_ERROR_TYPE);
  ck_assert_ptr_null(tensor);
}

/* One callback frees the memory: a second one, or one for memory of the library, would lose it. */
TEST(release__is_set_once_and_for_wrapped_memory) {
  const float data[] = {1, 2};
  int released = 0, other = 0;
  clf_tensor *tensor = wrap(data, CLF_F32, 1, SHAPE(2), NULL), *owned = NULL;
  ck_clf_fails(clf_tensor_set_release(tensor, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_tensor_set_release(tensor, count_release, &released));
  ck_clf_fails(clf_tensor_set_release(tensor, count_release, &other), CLF_ERROR_ARGUMENT);
  ck_clf_says("released by one already");
  ck_clf_ok(clf_tensor_create(&owned, context, CLF_F32, 1, SHAPE(2)));
  ck_clf_fails(clf_tensor_set_release(owned, count_release, &other), CLF_ERROR_ARGUMENT);
  ck_clf_says("the library's");
  clf_tensor_free(owned);
  clf_tensor_free(tensor);
  ck_assert_int_eq(released, 1);
  ck_assert_int_eq(other, 0);
}

TEST(wrap__of_nothing_needs_no_data) {
  clf_tensor *tensor = wrap(NULL, CLF_F32, 2, SHAPE(0, 3), NULL);
  ck_assert_ptr_null(clf_tensor_data(tensor));
  clf_tensor_free(tensor);
}

TEST(wrap__follows_strides) {
  const int32_t data[] = {0, 1, 2, 3, 4, 5};
  assert_values(wrap(data, CLF_I32, 2, SHAPE(3, 2), SHAPE(1, 3)), VALUES(0, 3, 1, 4, 2, 5));
  assert_values(wrap(data + 5, CLF_I32, 1, SHAPE(3), SHAPE(-2)), VALUES(5, 3, 1));
  assert_values(wrap(data + 2, CLF_I32, 2, SHAPE(2, 2), SHAPE(0, 1)), VALUES(2, 3, 2, 3));
}

TEST(wrap__refuses_strides_that_overflow) {
  const uint8_t byte = 0;
  const int64_t wrong[][2] = {
      {INT64_MAX, 1}, {INT64_MIN, 1}, {INT64_C(1) << 62, INT64_C(1) << 62}, {-INT64_MAX, 2}};
  clf_tensor *tensor = NULL;
  for (int i = 0; i < 4; i++) {
    ck_clf_fails(clf_tensor_wrap(&tensor, context, &byte, CLF_U8, 2, SHAPE(3, 3), wrong[i]),
                 CLF_ERROR_SHAPE);
  }
  const double number = 0;
  ck_clf_fails(
      clf_tensor_wrap(&tensor, context, &number, CLF_F64, 1, SHAPE(2), SHAPE(INT64_C(1) << 60)),
      CLF_ERROR_SHAPE);
  ck_assert_ptr_null(tensor);
}

/* Where an axis is not walked along, its stride may be any number, and is not used. */
TEST(wrap__leaves_idle_strides_alone) {
  const float data[] = {1, 2};
  clf_tensor *copy = NULL, *view = NULL, *empty = NULL;
  clf_tensor *tensor = wrap(data, CLF_F32, 3, SHAPE(1, 2, 1), SHAPE(INT64_MAX, 1, INT64_MIN));
  ck_assert_int_eq(clf_tensor_stride(tensor, 0), 2);
  ck_clf_ok(clf_tensor_copy(&copy, tensor, CLF_I64));
  ck_assert_double_eq(clf__tensor_value(copy, 1), 2);
  ck_clf_ok(clf_tensor_slice(&view, tensor, 2, 0, 1, INT64_MAX));
  ck_assert_double_eq(clf__tensor_value(view, 1), 2);
  clf_tensor_free(view);
  clf_tensor_free(copy);
  clf_tensor_free(tensor);
  empty = wrap(NULL, CLF_F32, 2, SHAPE(0, 5), SHAPE(INT64_MAX, INT64_MIN));
  ck_clf_ok(clf_tensor_slice(&view, empty, 1, 3, 2, 1));
  ck_clf_ok(clf_tensor_copy(&copy, view, CLF_F64));
  ck_assert_int_eq(clf_tensor_count(copy), 0);
  clf_tensor_free(copy);
  clf_tensor_free(view);
  clf_tensor_free(empty);
}

/* No address is below 0 or beyond the last. */
TEST(wrap__refuses_what_has_no_address) {
  const uint8_t *const first = (const uint8_t *)(uintptr_t)64;
  const uint8_t *const last = (const uint8_t *)(UINTPTR_MAX - 64);
  clf_tensor *tensor = NULL;
  ck_clf_fails(clf_tensor_wrap(&tensor, context, first, CLF_U8, 1, SHAPE(100), SHAPE(-1)),
               CLF_ERROR_SHAPE);
  ck_clf_fails(clf_tensor_wrap(&tensor, context, last, CLF_U8, 1, SHAPE(100), NULL),
               CLF_ERROR_SHAPE);
  ck_clf_says("beyond what can be addressed");
  ck_assert_ptr_null(tensor);
}

TEST(slice__walks_forward_and_back) {
  clf_tensor *tensor = cube(), *view = NULL;
  ck_clf_ok(clf_tensor_slice(&view, tensor, 2, 1, 2, 2));
  assert_values(view, VALUES(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23));
  ck_clf_ok(clf_tensor_slice(&view, tensor, 1, 2, 3, -1));
  ck_assert_int_eq(clf_tensor_stride(view, 1), -4);
  ck_assert_double_eq(clf__tensor_value(view, 0), 8);
  ck_assert_double_eq(clf__tensor_value(view, 4), 4);
  clf_tensor *again = NULL;
  ck_clf_ok(clf_tensor_slice(&again, view, 1, 2, 2, -2));
  clf_tensor_free(view);
  assert_values(again, VALUES(0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23));
  ck_clf_ok(clf_tensor_slice(&view, tensor, 0, 1, 1, INT64_MIN));
  ck_assert_double_eq(clf__tensor_value(view, 0), 12);
  clf_tensor_free(view);
  clf_tensor_free(tensor);
}

TEST(slice__of_nothing_is_empty) {
  clf_tensor *tensor = cube(), *view = NULL;
  ck_clf_ok(clf_tensor_slice(&view, tensor, 1, 3, 0, 1));
  ck_assert_int_eq(clf_tensor_count(view), 0);
  ck_assert_ptr_null(clf_tensor_data(view));
  clf_tensor_free(view);
  clf_tensor_free(tensor);
}

TEST(slice__stays_within_its_axis) {
  const int64_t beyond[][3] = {{0, 4, 1},          {3, 1, 1},         {-1, 1, 1},
                               {0, 2, 3},          {1, 3, -1},        {4, 0, 1},
                               {2, INT64_MAX, 1},  {0, 2, INT64_MAX}, {2, 2, INT64_MIN},
                               {INT64_MAX, 2, -1}, {INT64_MIN, 1, 1}};
  clf_tensor *tensor = cube(), *view = NULL;
  for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
    ck_clf_fails(clf_tensor_slice(&view, tensor, 1, beyond[i][0], beyond[i][1], beyond[i][2]),
                 CLF_ERROR_SHAPE);
  }
  ck_clf_fails(clf_tensor_slice(&view, tensor, 3, 0, 1, 1), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_slice(&view, tensor, -1, 0, 1, 1), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_slice(&view, tensor, 0, 0, 1, 0), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_slice(&view, tensor, 0, 0, -1, 1), CLF_ERROR_ARGUMENT);
  ck_assert_ptr_null(view);
  clf_tensor_free(tensor);
}

TEST(reshape__keeps_the_order_and_finds_one_size) {
  clf_tensor *tensor = cube(), *view = NULL;
  ck_clf_ok(clf_tensor_reshape(&view, tensor, 2, SHAPE(-1, 6)));
  ck_assert_int_eq(clf_tensor_extent(view, 0), 4);
  ck_assert_ptr_eq(clf_tensor_data(view), clf_tensor_data(tensor));
  ck_assert_double_eq(clf__tensor_value(view, 13), 13);
  clf_tensor_free(view);
  ck_clf_ok(clf_tensor_reshape(&view, tensor, 4, SHAPE(2, 1, 12, 1)));
  clf_tensor_free(view);
  clf_tensor_free(tensor);
  clf_tensor *empty = create(CLF_F32, 2, SHAPE(0, 5));
  ck_clf_ok(clf_tensor_reshape(&view, empty, 3, SHAPE(3, 0, 7)));
  clf_tensor_free(view);
  clf_tensor_free(empty);
}

TEST(reshape__refuses_what_does_not_fit) {
  clf_tensor *tensor = cube(), *view = NULL, *columns = NULL;
  const int64_t large = INT64_C(1) << 40;
  ck_clf_fails(clf_tensor_reshape(&view, tensor, 2, SHAPE(5, 5)), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_tensor_reshape(&view, tensor, 2, SHAPE(-1, 7)), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_tensor_reshape(&view, tensor, 2, SHAPE(-1, -1)), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_tensor_reshape(&view, tensor, 2, SHAPE(-2, -12)), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_tensor_reshape(&view, tensor, 3, SHAPE(large, large, large)), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_tensor_reshape(&view, tensor, 9, SHAPE(24, 1, 1, 1, 1, 1, 1, 1, 1)),
               CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_tensor_slice(&columns, tensor, 2, 0, 2, 1));
  ck_clf_fails(clf_tensor_reshape(&view, columns, 1, SHAPE(12)), CLF_ERROR_SHAPE);
  ck_clf_says("contiguous");
  clf_tensor_free(columns);
  clf_tensor_free(tensor);
  clf_tensor *empty = create(CLF_F32, 2, SHAPE(0, 5));
  ck_clf_fails(clf_tensor_reshape(&view, empty, 2, SHAPE(-1, 0)), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_tensor_reshape(&view, empty, 4, SHAPE(0, large, large, large)), CLF_ERROR_SHAPE);
  clf_tensor_free(empty);
  ck_assert_ptr_null(view);
}

TEST(permute__turns_axes) {
  clf_tensor *tensor = cube(), *view = NULL;
  ck_clf_ok(clf_tensor_permute(&view, tensor, (int32_t[]){2, 0, 1}));
  ck_assert_int_eq(clf_tensor_extent(view, 0), 4);
  ck_assert_int_eq(clf_tensor_stride(view, 0), 1);
  ck_assert(!clf__tensor_contiguous(view));
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 2; j++) {
      for (int k = 0; k < 3; k++) {
        ck_assert_double_eq(clf__tensor_value(view, i * 6 + j * 3 + k), 12 * j + 4 * k + i);
      }
    }
  }
  clf_tensor_free(view);
  view = NULL;
  ck_clf_fails(clf_tensor_permute(&view, tensor, (int32_t[]){0, 0, 1}), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_permute(&view, tensor, (int32_t[]){0, 1, 3}), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_permute(&view, tensor, (int32_t[]){-1, 0, 1}), CLF_ERROR_ARGUMENT);
  ck_assert_ptr_null(view);
  clf_tensor_free(tensor);
}

static clf_tensor *copied(clf_tensor *tensor, int32_t dtype) {
  clf_tensor *copy = NULL;
  ck_clf_ok(clf_tensor_copy(&copy, tensor, dtype));
  ck_assert(clf__tensor_contiguous(copy));
  ck_assert_int_eq(clf_tensor_dtype(copy), dtype);
  ck_assert_int_eq(clf_tensor_writable(copy), 1);
  clf_tensor_free(tensor);
  return copy;
}

TEST(copy__lays_views_out_anew) {
  const int32_t dtypes[] = {CLF_I32, CLF_F64, CLF_U8};
  for (int i = 0; i < 3; i++) {
    clf_tensor *tensor = cube(), *transposed = NULL, *view = NULL;
    ck_clf_ok(clf_tensor_permute(&transposed, tensor, (int32_t[]){2, 1, 0}));
    ck_clf_ok(clf_tensor_slice(&view, transposed, 0, 3, 2, -2));
    clf_tensor_free(tensor);
    clf_tensor_free(transposed);
    assert_values(copied(view, dtypes[i]), VALUES(3, 15, 7, 19, 11, 23, 1, 13, 5, 17, 9, 21));
  }
  assert_values(copied(create(CLF_F32, 0, NULL), CLF_I64), VALUES(0));
  assert_values(copied(create(CLF_F32, 2, SHAPE(3, 0)), CLF_F64), 0, NULL);
}

TEST(copy__keeps_what_each_type_can_hold) {
  const double doubles[] = {0, -1.5, 1e300, -0x1p63, 255.9, -0.5};
  const int64_t integers[] = {INT64_MIN, INT64_MAX, -1, 0, INT64_C(1) << 53};
  assert_values(copied(wrap(doubles, CLF_F64, 1, SHAPE(3), NULL), CLF_F32),
                VALUES(0, -1.5, INFINITY));
  assert_values(copied(wrap(doubles + 3, CLF_F64, 1, SHAPE(3), NULL), CLF_I64),
                VALUES(-0x1p63, 255, 0));
  assert_values(copied(wrap(doubles + 4, CLF_F64, 1, SHAPE(2), NULL), CLF_U8), VALUES(255, 0));
  clf_tensor *copy = copied(wrap(integers, CLF_I64, 1, SHAPE(5), NULL), CLF_I64);
  ck_assert_mem_eq(clf_tensor_data(copy), integers, sizeof integers);
  clf_tensor_free(copy);
}

/* A number next to a tie, by so little that a first rounding would put it there. */
TEST(copy__rounds_once) {
  static const double values[] = {1 + 0x1p-8 + 0x1p-40,
                                  1 + 0x1p-8,
                                  -1 - 0x1p-8 - 0x1p-40,
                                  1 + 0x3p-8 - 0x1p-40,
                                  0x1p-126 - 0x1p-160,
                                  0x1.feffffffffp127,
                                  0x1.ff8p127,
                                  1e300,
                                  -0x1p-1000};
  static const uint16_t bits[] = {0x3f81, 0x3f80, 0xbf81, 0x3f81, 0,
                                  0x7f7f, 0x7f80, 0x7f80, 0x8000};
  clf_tensor *bf16 = copied(wrap(values, CLF_F64, 1, SHAPE(9), NULL), CLF_BF16);
  ck_assert_mem_eq(clf_tensor_data(bf16), bits, sizeof bits);
  clf_tensor_free(bf16);
  const int64_t tie = (INT64_C(1) << 62) + (INT64_C(1) << 54),
                next = (INT64_C(1) << 62) + (INT64_C(1) << 38);
  const int64_t integers[] = {tie + 1, tie,      -tie - 1, INT64_MIN, INT64_MAX,
                              257,     next + 1, next,     -next - 1};
  static const uint16_t rounded[] = {0x5e81, 0x5e80, 0xde81, 0xdf00, 0x5f00, 0x4380};
  bf16 = copied(wrap(integers, CLF_I64, 1, SHAPE(6), NULL), CLF_BF16);
  ck_assert_mem_eq(clf_tensor_data(bf16), rounded, sizeof rounded);
  clf_tensor_free(bf16);
  assert_values(copied(wrap(integers + 6, CLF_I64, 1, SHAPE(3), NULL), CLF_F32),
                VALUES(0x1p62 + 0x1p39, 0x1p62, -0x1p62 - 0x1p39));
}

TEST(copy__rounds_to_bf16_and_holds_small_integers) {
  static const float values[] = {1, 0x1.01p0F, 0x1.03p0F, -3.75F, 0, 127};
  static const uint16_t bits[] = {0x3f80, 0x3f80, 0x3f82, 0xc070, 0, 0x42fe};
  clf_tensor *bf16 = copied(wrap(values, CLF_F32, 1, SHAPE(6), NULL), CLF_BF16);
  ck_assert_mem_eq(clf_tensor_data(bf16), bits, sizeof bits);
  clf_tensor *small = copied(bf16, CLF_I8);
  ck_assert_double_eq(clf__tensor_value(small, 3), -3);
  ck_assert_double_eq(clf__tensor_value(small, 5), 127);
  clf_tensor_free(small);
}

TEST(copy__names_the_element_an_integer_cannot_hold) {
  const struct {
    double value;
    int32_t dtype;
  } cases[] = {{256, CLF_U8},
               {-1, CLF_U8},
               {NAN, CLF_U8},
               {2147483648, CLF_I32},
               {-2147483649.0, CLF_I32},
               {INFINITY, CLF_I32},
               {0x1p63, CLF_I64},
               {NAN, CLF_I64}};
  clf_tensor *copy = NULL;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const double values[] = {1, 2, cases[i].value, 3};
    clf_tensor *tensor = wrap(values, CLF_F64, 2, SHAPE(2, 2), NULL);
    ck_clf_fails(clf_tensor_copy(&copy, tensor, cases[i].dtype), CLF_ERROR_DATA);
    ck_clf_says("element 2");
    clf_tensor_free(tensor);
  }
  clf_tensor *tensor = create(CLF_F32, 1, SHAPE(1));
  ck_clf_fails(clf_tensor_copy(&copy, tensor, 77), CLF_ERROR_TYPE);
  ck_assert_ptr_null(copy);
  clf_tensor_free(tensor);
}

TEST(scale__belongs_to_u8_and_to_one_handle) {
  const uint8_t bytes[] = {0, 51, 255};
  clf_tensor *tensor = wrap(bytes, CLF_U8, 1, SHAPE(3), NULL), *view = NULL;
  ck_assert_double_eq(clf_tensor_scale(tensor), 1);
  ck_clf_ok(clf_tensor_slice(&view, tensor, 0, 0, 3, 1));
  ck_clf_ok(clf_tensor_set_scale(tensor, 0.5));
  ck_assert_double_eq(clf_tensor_scale(view), 1);
  clf_tensor_free(view);
  const double wrong[] = {0, -1, NAN, INFINITY, 1e-60, 1e37};
  for (int i = 0; i < 6; i++) {
    ck_clf_fails(clf_tensor_set_scale(tensor, wrong[i]), CLF_ERROR_ARGUMENT);
    ck_clf_says("scale");
  }
  clf_tensor *copy = NULL;
  ck_clf_ok(clf_tensor_copy(&copy, tensor, CLF_U8));
  ck_assert_double_eq(clf_tensor_scale(copy), 0.5);
  ck_assert_mem_eq(clf_tensor_data(copy), bytes, sizeof bytes);
  clf_tensor_free(copy);
  copy = copied(tensor, CLF_F32);
  ck_assert_double_eq(clf_tensor_scale(copy), 1);
  ck_clf_fails(clf_tensor_set_scale(copy, 2), CLF_ERROR_TYPE);
  ck_clf_ok(clf_tensor_set_scale(copy, 1));
  assert_values(copy, VALUES(0, 25.5, 127.5));
}

/* The layout that the DLPack specification fixes, written down a second time. */
typedef struct managed_tensor {
  void *data;
  int32_t device_type, device_id, ndim;
  uint8_t code, bits;
  uint16_t lanes;
  int64_t *shape, *strides;
  uint64_t byte_offset;
  void *manager;
  void (*deleter)(struct managed_tensor *);
} managed_tensor;

TEST(dlpack__hands_out_views_that_outlive_the_tensor) {
  clf_tensor *tensor = cube(), *view = NULL, *back = NULL;
  managed_tensor *managed = NULL;
  ck_clf_ok(clf_tensor_slice(&view, tensor, 1, 2, 3, -1));
  ck_clf_ok(clf_tensor_to_dlpack((void **)&managed, view));
  ck_assert_ptr_eq(managed->data, (int32_t *)clf_tensor_data(tensor) + 8);
  ck_assert_int_eq(managed->device_type, 1);
  ck_assert_int_eq(managed->ndim, 3);
  ck_assert_int_eq(managed->code, 0);
  ck_assert_int_eq(managed->bits, 32);
  ck_assert_int_eq(managed->lanes, 1);
  ck_assert_int_eq(managed->strides[1], -4);
  ck_assert_uint_eq(managed->byte_offset, 0);
  clf_tensor_free(tensor);
  clf_tensor_free(view);
  ck_clf_ok(clf_tensor_from_dlpack(&back, context, managed));
  assert_values(back, VALUES(8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3, 20, 21, 22, 23, 16, 17, 18, 19,
                             12, 13, 14, 15));
}

TEST(dlpack__names_every_type) {
  const int32_t dtypes[] = {CLF_F32, CLF_F64, CLF_U8, CLF_I32, CLF_I64};
  const int codes[] = {2, 2, 1, 0, 0}, bits[] = {32, 64, 8, 32, 64};
  for (int i = 0; i < 5; i++) {
    clf_tensor *tensor = create(dtypes[i], 1, SHAPE(2)), *back = NULL;
    managed_tensor *managed = NULL;
    ck_clf_ok(clf_tensor_to_dlpack((void **)&managed, tensor));
    ck_assert_int_eq(managed->code, codes[i]);
    ck_assert_int_eq(managed->bits, bits[i]);
    ck_clf_ok(clf_tensor_from_dlpack(&back, context, managed));
    ck_assert_int_eq(clf_tensor_dtype(back), dtypes[i]);
    ck_assert_ptr_eq(clf_tensor_data(back), clf_tensor_data(tensor));
    clf_tensor_free(tensor);
    clf_tensor_free(back);
  }
}

static void count_delete(managed_tensor *managed) {
  ++*(int *)managed->manager;
}

TEST(dlpack__takes_memory_and_deletes_it_once) {
  double numbers[] = {9, 1, 2, 3};
  int deleted = 0;
  managed_tensor managed = {.data = numbers,
                            .device_type = 1,
                            .ndim = 2,
                            .code = 2,
                            .bits = 64,
                            .lanes = 1,
                            .shape = SHAPE(1, 3),
                            .byte_offset = sizeof(double),
                            .manager = &deleted,
                            .deleter = count_delete};
  clf_tensor *tensor = NULL, *copy = NULL;
  ck_clf_ok(clf_tensor_from_dlpack(&tensor, context, &managed));
  ck_clf_ok(clf_tensor_copy(&copy, tensor, CLF_F32));
  assert_values(copy, VALUES(1, 2, 3));
  ck_assert_int_eq(deleted, 0);
  clf_tensor_free(tensor);
  ck_assert_int_eq(deleted, 1);
  managed.deleter = NULL;
  ck_clf_ok(clf_tensor_from_dlpack(&tensor, context, &managed));
  clf_tensor_free(tensor);
}

TEST(dlpack__refuses_what_it_cannot_hold_and_deletes_nothing) {
  float numbers[] = {1, 2};
  int deleted = 0;
  const managed_tensor good = {.data = numbers,
                               .device_type = 1,
                               .ndim = 1,
                               .code = 2,
                               .bits = 32,
                               .lanes = 1,
                               .shape = SHAPE(2),
                               .manager = &deleted,
                               .deleter = count_delete};
  managed_tensor bad[8];
  const clf_status expected[] = {CLF_ERROR_UNSUPPORTED, CLF_ERROR_TYPE,     CLF_ERROR_TYPE,
                                 CLF_ERROR_TYPE,        CLF_ERROR_ARGUMENT, CLF_ERROR_ARGUMENT,
                                 CLF_ERROR_SHAPE,       CLF_ERROR_ARGUMENT};
  for (int i = 0; i < 8; i++) {
    bad[i] = good;
  }
  bad[0].device_type = 2;
  bad[1].bits = 16;
  bad[2].lanes = 4;
  bad[3].code = 5;
  bad[4].ndim = 9;
  bad[5].data = NULL;
  bad[6].shape = SHAPE(-2);
  bad[7].byte_offset = 2;
  for (int i = 0; i < 8; i++) {
    clf_tensor *tensor = NULL;
    ck_clf_fails(clf_tensor_from_dlpack(&tensor, context, &bad[i]), expected[i]);
    ck_assert_ptr_null(tensor);
  }
  ck_assert_int_eq(deleted, 0);
}

TEST(null__is_answered) {
  clf_tensor *tensor = NULL;
  void *managed = NULL;
  ck_assert_ptr_null(clf_tensor_data(NULL));
  ck_assert_int_eq(clf_tensor_writable(NULL), 0);
  ck_assert_int_eq(clf_tensor_dtype(NULL), 0);
  ck_assert_int_eq(clf_tensor_ndim(NULL), -1);
  ck_assert_int_eq(clf_tensor_extent(NULL, 0), -1);
  ck_assert_int_eq(clf_tensor_stride(NULL, 0), 0);
  ck_assert_int_eq(clf_tensor_count(NULL), -1);
  ck_assert(isnan(clf_tensor_scale(NULL)));
  clf_tensor_free(NULL);
  ck_clf_fails(clf_tensor_copy(&tensor, NULL, CLF_F32), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_slice(&tensor, NULL, 0, 0, 0, 1), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_reshape(&tensor, NULL, 0, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_permute(&tensor, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_set_scale(NULL, 1), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_to_dlpack(&managed, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_tensor_from_dlpack(&tensor, context, NULL), CLF_ERROR_ARGUMENT);
  tensor = create(CLF_F32, 1, SHAPE(1));
  ck_assert_int_eq(clf_tensor_extent(tensor, 1), -1);
  ck_assert_int_eq(clf_tensor_extent(tensor, -1), -1);
  clf_tensor_free(tensor);
}

SUITE("tensor", .setup = open_context, .teardown = close_context)
