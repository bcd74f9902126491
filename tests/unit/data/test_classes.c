#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "base/utf8_text.h"
#include "contexts.h"
#include "data/classes.h"

static clf_status classify(clf__classes **out, const void *labels, int32_t dtype, int64_t count,
                           int32_t *indices) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_tensor_wrap(&tensor, context, labels, dtype, 1, &count, NULL));
  clf_status status = clf__classes_of_numbers(out, context, tensor, indices);
  clf_tensor_free(tensor);
  return status;
}

static void assert_names(const clf__classes *classes, int32_t count, const char *const *names) {
  ck_assert_int_eq(clf__classes_count(classes), count);
  for (int32_t i = 0; i < count; i++) {
    ck_assert_str_eq(clf__classes_name(classes, i), names[i]);
  }
  ck_assert_ptr_null(clf__classes_name(classes, count));
  ck_assert_ptr_null(clf__classes_name(classes, -1));
}

TEST(numbers__ascend_and_print_short) {
  const double labels[] = {7, -2, 1.5, 7, -0.0, 0};
  const int32_t expected[] = {3, 0, 2, 3, 1, 1};
  int32_t indices[6];
  clf__classes *classes = NULL;
  ck_clf_ok(classify(&classes, labels, CLF_F64, 6, indices));
  assert_names(classes, 4, (const char *[]){"-2", "0", "1.5", "7"});
  ck_assert_mem_eq(indices, expected, sizeof indices);
  clf__classes_release(classes);
}

TEST(numbers__negative_fractions_and_infinities_are_ordered) {
  const double labels[] = {-0.5, -INFINITY, -1e300, INFINITY, 1e-310, -1.25};
  const int32_t expected[] = {3, 0, 1, 5, 4, 2};
  int32_t indices[6];
  clf__classes *classes = NULL;
  ck_clf_ok(classify(&classes, labels, CLF_F64, 6, indices));
  ck_assert_mem_eq(indices, expected, sizeof indices);
  clf__classes_release(classes);
}

/* The shortest text that reads back as the same f32, and the class of the f64 written so. */
TEST(numbers__f32_are_named_as_f32) {
  const float labels[] = {0.1f, 0.25f, 3};
  const double wide[] = {0.1, 0.25, 3, (double)0.1f};
  const int64_t count = 3;
  int32_t indices[4], map[4];
  clf__classes *single = NULL, *doubles = NULL;
  ck_clf_ok(classify(&single, labels, CLF_F32, count, indices));
  ck_clf_ok(classify(&doubles, wide, CLF_F64, 4, indices));
  assert_names(single, 3, (const char *[]){"0.1", "0.25", "3"});
  assert_names(doubles, 4, (const char *[]){"0.1", "0.10000000149011612", "0.25", "3"});
  clf__classes_map(single, doubles, map);
  ck_assert_mem_eq(map, ((int32_t[]){1, 2, 3}), 3 * sizeof *map); /* the same number comes first */
  clf__classes_map(doubles, single, map);
  ck_assert_mem_eq(map, ((int32_t[]){0, 0, 1, 2}), 4 * sizeof *map);
  clf__classes_release(doubles);
  ck_clf_ok(classify(&doubles, wide, CLF_F64, 3, indices));
  clf__classes_map(single, doubles, map);
  ck_assert_mem_eq(map, ((int32_t[]){0, 1, 2}), 3 * sizeof *map);
  clf__classes_release(doubles);
  clf__classes_release(single);
}

TEST(numbers__large_integers_stay_apart) {
  const int64_t labels[] = {INT64_MAX, 1000000000000000001, INT64_MIN, 1000000000000000000, -3};
  int32_t indices[5];
  clf__classes *classes = NULL;
  ck_clf_ok(classify(&classes, labels, CLF_I64, 5, indices));
  assert_names(classes, 5,
               (const char *[]){"-9223372036854775808", "-3", "1000000000000000000",
                                "1000000000000000001", "9223372036854775807"});
  ck_assert_mem_eq(indices, ((const int32_t[]){4, 3, 0, 2, 1}), sizeof indices);
  clf__classes_release(classes);
}

TEST(numbers__every_type_gives_the_same_classes) {
  const uint8_t as_u8[] = {3, 0, 9};
  const int32_t as_i32[] = {3, 0, 9};
  const float as_f32[] = {3, 0, 9};
  const void *labels[] = {as_u8, as_i32, as_f32};
  const int32_t dtypes[] = {CLF_U8, CLF_I32, CLF_F32};
  for (int i = 0; i < 3; i++) {
    int32_t indices[3];
    clf__classes *classes = NULL;
    ck_clf_ok(classify(&classes, labels[i], dtypes[i], 3, indices));
    assert_names(classes, 3, (const char *[]){"0", "3", "9"});
    ck_assert_mem_eq(indices, ((const int32_t[]){1, 0, 2}), sizeof indices);
    clf__classes_release(classes);
  }
}

TEST(numbers__nan_is_refused_with_its_row) {
  const float labels[] = {1, 2, NAN};
  int32_t indices[3];
  clf__classes *classes = NULL;
  ck_clf_fails(classify(&classes, labels, CLF_F32, 3, indices), CLF_ERROR_DATA);
  ck_clf_says("row 2");
  ck_assert_ptr_null(classes);
}

TEST(numbers__wide_and_narrow_ranges_agree) {
  enum { COUNT = 5000 };
  static int64_t labels[COUNT];
  static int32_t narrow[COUNT], wide[COUNT];
  uint64_t state = 1;
  for (int i = 0; i < COUNT; i++) {
    labels[i] = (int64_t)(random_unit(&state) * 300) - 150;
  }
  clf__classes *classes = NULL;
  ck_clf_ok(classify(&classes, labels, CLF_I64, COUNT, narrow));
  clf__classes_release(classes);
  for (int i = 0; i < COUNT; i++) {
    labels[i] *= 1000003;
  }
  ck_clf_ok(classify(&classes, labels, CLF_I64, COUNT, wide));
  clf__classes_release(classes);
  ck_assert_mem_eq(narrow, wide, sizeof narrow);
}

TEST(names__are_in_byte_order) {
  const char *const labels[] = {"virginica", "setosa", "\xC3\xA9t\xC3\xA9", "", "setosa", "Zoo"};
  int32_t indices[6];
  clf__classes *classes = NULL;
  ck_clf_ok(clf__classes_of_names(&classes, context, labels, 6, indices));
  assert_names(classes, 5, (const char *[]){"", "Zoo", "setosa", "virginica", "\xC3\xA9t\xC3\xA9"});
  ck_assert_mem_eq(indices, ((const int32_t[]){3, 2, 4, 0, 2, 1}), sizeof indices);
  clf__classes_release(classes);
}

TEST(names__a_null_is_refused_with_its_row) {
  const char *const labels[] = {"a", NULL};
  ck_clf_fails(clf__utf8_check_names(labels, 2, "labels: the name of row"), CLF_ERROR_ARGUMENT);
  ck_clf_says("row 1");
}

static clf__classes *numbers(const void *labels, int32_t dtype, int64_t count) {
  int32_t indices[8];
  clf__classes *classes = NULL;
  ck_clf_ok(classify(&classes, labels, dtype, count, indices));
  return classes;
}

static clf__classes *names(const char *const *labels, int64_t count) {
  int32_t indices[8];
  clf__classes *classes = NULL;
  ck_clf_ok(clf__classes_of_names(&classes, context, labels, count, indices));
  return classes;
}

/* Frees both. */
static void assert_maps(clf__classes *from, clf__classes *to, const int32_t *expected) {
  int32_t map[8];
  clf__classes_map(from, to, map);
  ck_assert_mem_eq(map, expected, (size_t)clf__classes_count(from) * sizeof *map);
  clf__classes_release(from);
  clf__classes_release(to);
}

TEST(map__integers_and_doubles_are_one_number) {
  const int32_t integers[] = {1, 2, 5};
  const double doubles[] = {1.0, 1.5, 5.0};
  assert_maps(numbers(integers, CLF_I32, 3), numbers(doubles, CLF_F64, 3),
              (const int32_t[]){0, -1, 2});
  assert_maps(numbers(doubles, CLF_F64, 3), numbers(integers, CLF_I32, 3),
              (const int32_t[]){0, -1, 2});
}

TEST(map__an_integer_beyond_doubles_has_no_double) {
  const int64_t integers[] = {1000000000000000000, 1000000000000000001};
  const double doubles[] = {0.5, 1e18};
  assert_maps(numbers(integers, CLF_I64, 2), numbers(doubles, CLF_F64, 2),
              (const int32_t[]){1, -1});
  assert_maps(numbers(doubles, CLF_F64, 2), numbers(integers, CLF_I64, 2),
              (const int32_t[]){-1, 0});
}

TEST(map__names_are_bytes) {
  const char *const some[] = {"b", "a", "c"};
  const char *const other[] = {"c", "b"};
  assert_maps(names(some, 3), names(other, 2), (const int32_t[]){-1, 0, 1});
}

TEST(map__a_name_is_a_number_when_it_reads_the_same) {
  const char *const texts[] = {"1", "1.0", "2.5", "x"};
  const double doubles[] = {1, 2.5};
  assert_maps(names(texts, 4), numbers(doubles, CLF_F64, 2), (const int32_t[]){0, -1, 1, -1});
  assert_maps(numbers(doubles, CLF_F64, 2), names(texts, 4), (const int32_t[]){0, 2});
}

/* Saves, writes, reads and loads; frees what it is given. */
static clf__classes *through_a_file(clf__classes *classes) {
  static unsigned char bytes[4096];
  size_t size = 0;
  clf__store *store = NULL, *read = NULL;
  clf__classes *loaded = NULL;
  ck_clf_ok(clf__store_create(&store, context));
  ck_clf_ok(clf__classes_save(classes, store));
  ck_clf_ok(clf__store_write_memory(store, bytes, sizeof bytes, &size));
  ck_clf_ok(clf__store_read_memory(&read, context, bytes, size));
  ck_clf_ok(clf__classes_load(&loaded, context, read));
  clf__store_free(store);
  clf__store_free(read);
  clf__classes_release(classes);
  return loaded;
}

TEST(load__gives_back_integers_doubles_and_names) {
  const int64_t integers[] = {INT64_MIN, 1000000000000000001, 5};
  const double doubles[] = {-1.5, 0, 1e300};
  const char *const texts[] = {"", "cat", "\xC3\xA9"};
  const float singles[] = {0.1f, 2};
  clf__classes *loaded = through_a_file(numbers(singles, CLF_F32, 2));
  assert_names(loaded, 2, (const char *[]){"0.1", "2"});
  clf__classes_release(loaded);
  loaded = through_a_file(numbers(integers, CLF_I64, 3));
  assert_names(loaded, 3, (const char *[]){"-9223372036854775808", "5", "1000000000000000001"});
  assert_maps(loaded, numbers(integers, CLF_I64, 3), (const int32_t[]){0, 1, 2});
  assert_maps(through_a_file(numbers(doubles, CLF_F64, 3)), numbers(doubles, CLF_F64, 3),
              (const int32_t[]){0, 1, 2});
  loaded = through_a_file(names(texts, 3));
  assert_names(loaded, 3, texts);
  clf__classes_release(loaded);
}

TEST(load__of_a_store_without_classes_is_null) {
  clf__store *store = NULL;
  clf__classes *loaded = NULL;
  ck_clf_ok(clf__store_create(&store, context));
  ck_clf_ok(clf__classes_load(&loaded, context, store));
  ck_assert_ptr_null(loaded);
  clf__store_free(store);
}

TEST(load__rejects_what_no_save_writes) {
  const int64_t falling[] = {2, 1}, twice[] = {1, 1};
  const double not_a_number[] = {1, NAN};
  const struct {
    const void *data;
    int32_t dtype;
    int32_t ndim;
    int64_t count;
  } cases[] = {
      {falling, CLF_I64, 1, 2}, {twice, CLF_I64, 1, 2},   {not_a_number, CLF_F64, 1, 2},
      {"b\0a", CLF_U8, 1, 4},   {"a\0a", CLF_U8, 1, 4},   {"a\0b", CLF_U8, 1, 3},
      {falling, CLF_I64, 1, 0}, {falling, CLF_I64, 2, 1}, {falling, CLF_I64, 0, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    clf_tensor *tensor = NULL;
    clf__store *store = NULL;
    clf__classes *loaded = NULL;
    ck_clf_ok(clf_tensor_wrap(&tensor, context, cases[i].data, cases[i].dtype, cases[i].ndim,
                              (int64_t[]){cases[i].count, 2}, NULL));
    ck_clf_ok(clf__store_create(&store, context));
    ck_clf_ok(clf__store_add_tensor(store, "classes", tensor));
    ck_clf_fails(clf__classes_load(&loaded, context, store), CLF_ERROR_CORRUPT);
    ck_assert_ptr_null(loaded);
    clf_tensor_free(tensor);
    clf__store_free(store);
  }
}

TEST(classes__share_by_count) {
  const int32_t labels[] = {1, 2};
  clf__classes *classes = numbers(labels, CLF_I32, 2);
  ck_assert_ptr_eq(clf__classes_retain(classes), classes);
  clf__classes_release(classes);
  ck_assert_str_eq(clf__classes_name(classes, 1), "2");
  clf__classes_release(classes);
  clf__classes_release(NULL);
  ck_assert_int_eq(clf__classes_count(NULL), 0);
}

SUITE("classes", .setup = open_context, .teardown = close_context)
