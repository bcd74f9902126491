#include <math.h>
#include <string.h>

#include "contexts.h"
#include "data/dataset.h"

static clf_tensor *vector(const void *data, int32_t dtype, int64_t count) {
  return wrap(data, dtype, 1, &count, NULL);
}

/* A dataset of the tensor, which is freed. */
static clf_dataset *create(clf_tensor *x) {
  clf_dataset *dataset = NULL;
  ck_clf_ok(clf_dataset_create(&dataset, context, x, NULL));
  clf_tensor_free(x);
  return dataset;
}

static const void *features_of(const clf_dataset *dataset) {
  clf_tensor *x = NULL;
  ck_clf_ok(clf_dataset_tensor(&x, dataset, "x"));
  const void *data = clf_tensor_data(x);
  ck_assert_int_eq(clf_tensor_writable(x), 0);
  clf_tensor_free(x);
  return data;
}

static const float numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

TEST(create__shares_f32_and_u8) {
  const uint8_t pixels[] = {0, 51, 102, 153, 204, 255};
  clf_dataset *floats = create(wrap(numbers, CLF_F32, 2, (int64_t[]){4, 3}, NULL));
  ck_assert_ptr_eq(features_of(floats), numbers);
  ck_assert_int_eq(clf_dataset_rows(floats), 4);
  ck_assert_int_eq(clf_dataset_features(floats), 3);
  ck_assert_int_eq(clf_dataset_nonzeros(floats), 12);
  ck_assert_int_eq(clf_dataset_sparse(floats), 0);
  ck_assert_int_eq(clf_dataset_classes(floats), 0);
  ck_assert_int_eq(clf_dataset_outputs(floats), 0);
  clf_dataset *bytes = dataset_of(context, pixels, CLF_U8, 3, 2, NULL);
  ck_assert_ptr_eq(features_of(bytes), pixels);
  clf__rows x = clf__dataset_rows(bytes);
  ck_assert_int_eq(x.dtype, CLF_U8);
  ck_assert_float_eq(x.scale, 1.0f / 255);
  clf_dataset_free(floats);
  clf_dataset_free(bytes);
}

TEST(create__shares_rows_that_lie_apart) {
  clf_dataset *columns =
      create(wrap(numbers + 1, CLF_F32, 2, (int64_t[]){4, 2}, (int64_t[]){3, 1}));
  clf_dataset *every_second =
      create(wrap(numbers, CLF_F32, 3, (int64_t[]){2, 1, 3}, (int64_t[]){6, 77, 1}));
  ck_assert_ptr_eq(features_of(columns), numbers + 1);
  ck_assert_int_eq(clf__dataset_rows(columns).stride, 3);
  ck_assert_ptr_eq(features_of(every_second), numbers);
  ck_assert_int_eq(clf__dataset_rows(every_second).stride, 6);
  clf_dataset_free(columns);
  clf_dataset_free(every_second);
}

TEST(create__one_row_has_any_stride) {
  clf_dataset *dataset = create(wrap(numbers, CLF_F32, 2, (int64_t[]){1, 5}, (int64_t[]){-3, 1}));
  ck_assert_ptr_eq(features_of(dataset), numbers);
  ck_assert_int_eq(clf__dataset_rows(dataset).stride, 5);
  clf_dataset_free(dataset);
}

/* Transposed, reversed, repeated and overlapping rows, and rows of three axes. */
TEST(create__converts_what_kernels_cannot_read) {
  const struct {
    int64_t shape[3], strides[3];
    int64_t start;
    float expected[6];
  } cases[] = {
      {{3, 2, 1}, {1, 3, 1}, 0, {0, 3, 1, 4, 2, 5}},
      {{3, 2, 1}, {-2, 1, 1}, 4, {4, 5, 2, 3, 0, 1}},
      {{3, 2, 1}, {0, 1, 1}, 2, {2, 3, 2, 3, 2, 3}},
      {{3, 2, 1}, {1, 1, 1}, 0, {0, 1, 1, 2, 2, 3}},
      {{2, 1, 3}, {3, 9, -1}, 2, {2, 1, 0, 5, 4, 3}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset *dataset =
        create(wrap(numbers + cases[i].start, CLF_F32, 3, cases[i].shape, cases[i].strides));
    ck_assert_mem_eq(features_of(dataset), cases[i].expected, sizeof cases[i].expected);
    ck_assert_int_eq(clf__dataset_rows(dataset).stride, clf_dataset_features(dataset));
    clf_dataset_free(dataset);
  }
}

/* As f32, or as f64 where f32 does not hold all of them. */
TEST(create__converts_integers_of_every_type) {
  const int32_t large[] = {INT32_MIN, -1, 0, 1, 2, INT32_MAX};
  const int32_t small[] = {INT32_MIN, -1, 0, 1, 2, 3 << 24};
  const int64_t i64[] = {INT64_MIN, -1, 0, 1, 2, 1700000001};
  const int64_t round[] = {INT64_MIN, -1, 0, 1, 2, 0x7fffff8000000000};
  const int64_t shape[] = {2, 3};
  clf_dataset *dataset = create(wrap(large, CLF_I32, 2, shape, NULL));
  ck_assert_double_eq(((const double *)features_of(dataset))[5], 2147483647);
  clf_dataset_free(dataset);
  dataset = create(wrap(small, CLF_I32, 2, shape, NULL));
  ck_assert_float_eq(((const float *)features_of(dataset))[5], 0x3p24f);
  clf_dataset_free(dataset);
  dataset = create(wrap(i64, CLF_I64, 2, shape, NULL));
  ck_assert_double_eq(((const double *)features_of(dataset))[0], -0x1p63);
  ck_assert_double_eq(((const double *)features_of(dataset))[5], 1700000001);
  clf_dataset_free(dataset);
  dataset = create(wrap(round, CLF_I64, 2, shape, NULL));
  ck_assert_float_eq(((const float *)features_of(dataset))[5], 0x1.fffffep62f);
  clf_dataset_free(dataset);
}

TEST(create__f64_rows_stay_as_they_are) {
  const double f64[] = {0, -1.5, 1e-60, 1e300, NAN, -INFINITY};
  const double transposed[] = {0, 1e300, -1.5, NAN, 1e-60, -INFINITY};
  clf_dataset *dataset = create(wrap(f64, CLF_F64, 2, (int64_t[]){2, 3}, NULL));
  ck_assert_ptr_eq(features_of(dataset), f64);
  ck_assert_int_eq(clf__dataset_rows(dataset).dtype, CLF_F64);
  clf_dataset_free(dataset);
  dataset = create(wrap(f64, CLF_F64, 2, (int64_t[]){3, 2}, (int64_t[]){1, 3}));
  ck_assert_mem_eq(features_of(dataset), transposed, sizeof transposed);
  clf_dataset_free(dataset);
}

TEST(create__applies_the_scale_where_it_converts) {
  const uint8_t pixels[] = {0, 51, 102, 153, 204, 255};
  clf_tensor *x = wrap(pixels, CLF_U8, 2, (int64_t[]){3, 2}, (int64_t[]){1, 3});
  ck_clf_ok(clf_tensor_set_scale(x, 1.0 / 255));
  clf_dataset *dataset = create(x);
  const float expected[] = {0, 0.6f, 0.2f, 0.8f, 0.4f, 1};
  const float *values = features_of(dataset);
  for (int i = 0; i < 6; i++) {
    ck_assert_float_eq_tol(values[i], expected[i], 1e-7f);
  }
  clf_dataset_free(dataset);
}

TEST(create__refuses_shapes_without_rows_and_features) {
  clf_dataset *dataset = NULL;
  clf_tensor *line = vector(numbers, CLF_F32, 12);
  clf_tensor *no_rows = wrap(numbers, CLF_F32, 2, (int64_t[]){0, 3}, NULL);
  clf_tensor *no_features = wrap(numbers, CLF_F32, 2, (int64_t[]){3, 0}, NULL);
  ck_clf_fails(clf_dataset_create(&dataset, context, line, NULL), CLF_ERROR_SHAPE);
  ck_clf_says("reshape it to [rows, 1]");
  ck_clf_fails(clf_dataset_create(&dataset, context, no_rows, NULL), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_dataset_create(&dataset, context, no_features, NULL), CLF_ERROR_SHAPE);
  ck_clf_fails(clf_dataset_create(&dataset, context, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_dataset_create(NULL, context, line, NULL), CLF_ERROR_ARGUMENT);
  clf_tensor_free(line);
  clf_tensor_free(no_rows);
  clf_tensor_free(no_features);
  ck_assert_ptr_null(dataset);
}

TEST(create__conversion_respects_the_memory_limit) {
  static double zeros[100 * 100];
  clf_context *small = NULL;
  clf_dataset *dataset = NULL;
  ck_clf_ok(clf_context_create(&small, NULL, "threads=1 memory_limit=20000"));
  clf_tensor *x = wrap(zeros, CLF_F64, 2, (int64_t[]){100, 100}, (int64_t[]){1, 100});
  ck_clf_fails(clf_dataset_create(&dataset, small, x, NULL), CLF_ERROR_MEMORY);
  clf_tensor_free(x);
  clf_context_free(small);
}

static void count_release(void *user) {
  ++*(int *)user;
}

TEST(free__gives_wrapped_memory_back_once) {
  int released = 0;
  clf_tensor *x = NULL, *kept = NULL;
  ck_clf_ok(clf_tensor_wrap(&x, context, numbers, CLF_F32, 2, (int64_t[]){4, 3}, NULL));
  ck_clf_ok(clf_tensor_set_release(x, count_release, &released));
  clf_dataset *dataset = create(x);
  ck_clf_ok(clf_dataset_tensor(&kept, dataset, "x"));
  clf_dataset_free(dataset);
  ck_assert_int_eq(released, 0);
  clf_tensor_free(kept);
  ck_assert_int_eq(released, 1);
  clf_dataset_free(NULL);
}

static clf_dataset *four_rows(void) {
  return create(wrap(numbers, CLF_F32, 2, (int64_t[]){4, 3}, NULL));
}

/* Calls a setter with a borrowed vector. */
static clf_status set(clf_status (*setter)(clf_dataset *, const clf_tensor *), clf_dataset *dataset,
                      const void *data, int32_t dtype, int64_t count) {
  clf_tensor *tensor = vector(data, dtype, count);
  clf_status status = setter(dataset, tensor);
  clf_tensor_free(tensor);
  return status;
}

TEST(labels__map_to_classes_and_back) {
  const int64_t labels[] = {30, 10, 30, 20};
  clf_dataset *dataset = four_rows();
  ck_clf_ok(set(clf_dataset_set_labels, dataset, labels, CLF_I64, 4));
  ck_assert_int_eq(clf_dataset_classes(dataset), 3);
  ck_assert_str_eq(clf_dataset_class_name(dataset, 2), "30");
  ck_assert_ptr_null(clf_dataset_class_name(dataset, 3));
  ck_assert_mem_eq(clf__dataset_labels(dataset), ((int32_t[]){2, 0, 2, 1}), 16);
  clf_dataset_free(dataset);
}

TEST(labels__names) {
  const char *const names[] = {"dog", "cat", "dog", "bird"};
  clf_dataset *dataset = four_rows();
  ck_clf_ok(clf_dataset_set_label_names(dataset, names, 4));
  ck_assert_mem_eq(clf__dataset_labels(dataset), ((int32_t[]){2, 1, 2, 0}), 16);
  ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "bird");
  ck_clf_fails(clf_dataset_set_label_names(dataset, names, 3), CLF_ERROR_SHAPE);
  clf_dataset_free(dataset);
}

TEST(labels__refuse_names_that_are_no_utf8) {
  static const char *const bad[] = {"caf\xE9", "\xC0\x80", "a\xED\xA0\x80", "\xF4\x90\x80\x80"};
  static const char *const says[] = {"row 2: 'caf?' is no UTF-8: byte 4 is 0xE9; convert it",
                                     "byte 1 is 0xC0", "byte 2 is 0xED", "byte 1 is 0xF4"};
  clf_dataset *dataset = four_rows();
  ck_clf_ok(clf_dataset_set_label_names(dataset, (const char *[]){"a", "b", "c", "a"}, 4));
  for (int i = 0; i < 4; i++) {
    const char *const names[] = {"caf\xC3\xA9", "\xF0\x9F\x90\xB1", bad[i], NULL};
    ck_clf_fails(clf_dataset_set_label_names(dataset, names, 4), CLF_ERROR_DATA);
    ck_clf_says(says[i]);
    ck_clf_fails(clf_dataset_set_label_names(dataset, (const char *[]){"a", NULL, "b", "a"}, 4),
                 CLF_ERROR_ARGUMENT);
    ck_assert_str_eq(clf_dataset_class_name(dataset, 2), "c");
  }
  clf_dataset_free(dataset);
}

TEST(labels__read_through_strides) {
  const int32_t labels[] = {5, 0, 6, 0, 5, 0, 7, 0};
  const int64_t rows = 4, back = -2;
  clf_dataset *dataset = four_rows();
  clf_tensor *y = wrap(labels + 6, CLF_I32, 1, &rows, &back);
  ck_clf_ok(clf_dataset_set_labels(dataset, y));
  ck_assert_mem_eq(clf__dataset_labels(dataset), ((int32_t[]){2, 0, 1, 0}), 16);
  clf_tensor_free(y);
  clf_dataset_free(dataset);
}

TEST(setters__leave_the_dataset_untouched_when_they_fail) {
  const float good[] = {1, 0, 2, 1}, bad[] = {1, 0, NAN, 1};
  clf_dataset *dataset = four_rows();
  ck_clf_ok(set(clf_dataset_set_labels, dataset, good, CLF_F32, 4));
  ck_clf_ok(set(clf_dataset_set_weights, dataset, good, CLF_F32, 4));
  ck_clf_fails(set(clf_dataset_set_labels, dataset, bad, CLF_F32, 4), CLF_ERROR_DATA);
  ck_clf_says("row 2");
  ck_clf_fails(set(clf_dataset_set_targets, dataset, bad, CLF_F32, 4), CLF_ERROR_DATA);
  ck_clf_says("row 2");
  ck_clf_fails(set(clf_dataset_set_weights, dataset, bad, CLF_F32, 4), CLF_ERROR_DATA);
  ck_clf_says("row 2");
  ck_clf_fails(set(clf_dataset_set_labels, dataset, good, CLF_F32, 3), CLF_ERROR_SHAPE);
  ck_clf_fails(set(clf_dataset_set_targets, dataset, good, CLF_F32, 3), CLF_ERROR_SHAPE);
  ck_clf_fails(set(clf_dataset_set_weights, dataset, good, CLF_F32, 3), CLF_ERROR_SHAPE);
  ck_assert_int_eq(clf_dataset_classes(dataset), 3);
  ck_assert_mem_eq(clf__dataset_weights(dataset), good, sizeof good);
  clf_dataset_free(dataset);
}

TEST(targets__take_the_place_of_labels_and_labels_theirs) {
  const int32_t labels[] = {1, 0, 2, 1};
  const float targets[] = {0.5f, 1, 2, 3, 4, 5, 6, 7};
  clf_dataset *dataset = four_rows();
  ck_clf_ok(set(clf_dataset_set_labels, dataset, labels, CLF_I32, 4));
  clf_tensor *pairs = wrap(targets, CLF_F32, 2, (int64_t[]){4, 2}, NULL);
  ck_clf_ok(clf_dataset_set_targets(dataset, pairs));
  ck_assert_int_eq(clf_dataset_classes(dataset), 0);
  ck_assert_int_eq(clf_dataset_outputs(dataset), 2);
  ck_assert_double_eq(clf__dataset_targets(dataset)[7], 7);
  ck_assert_ptr_null(clf__dataset_labels(dataset));
  ck_clf_ok(set(clf_dataset_set_labels, dataset, labels, CLF_I32, 4));
  ck_assert_int_eq(clf_dataset_outputs(dataset), 0);
  clf_tensor_free(pairs);
  clf_dataset_free(dataset);
}

TEST(targets__of_one_output_are_a_column) {
  const double targets[] = {1, 2, 3, 1e300};
  clf_dataset *dataset = four_rows();
  clf_tensor *column = NULL;
  ck_clf_ok(set(clf_dataset_set_targets, dataset, targets, CLF_F64, 4));
  ck_assert_int_eq(clf_dataset_outputs(dataset), 1);
  ck_clf_ok(clf_dataset_tensor(&column, dataset, "targets"));
  ck_assert_int_eq(clf_tensor_ndim(column), 2);
  ck_assert_int_eq(clf_tensor_dtype(column), CLF_F64);
  clf_tensor_free(column);
  clf_dataset_free(dataset);
}

TEST(weights__must_be_finite_and_not_negative) {
  const double negative[] = {1, 0, -1, 1}, large[] = {1, 1e39, 1, 1}, good[] = {1, 0, 2.5, 1};
  clf_dataset *dataset = four_rows();
  ck_clf_fails(set(clf_dataset_set_weights, dataset, negative, CLF_F64, 4), CLF_ERROR_DATA);
  ck_clf_says("row 2 is negative");
  ck_clf_fails(set(clf_dataset_set_weights, dataset, large, CLF_F64, 4), CLF_ERROR_DATA);
  ck_clf_ok(set(clf_dataset_set_weights, dataset, good, CLF_F64, 4));
  ck_assert_float_eq(clf__dataset_weights(dataset)[2], 2.5f);
  ck_clf_ok(clf_dataset_set_weights(dataset, NULL));
  ck_assert_ptr_null(clf__dataset_weights(dataset));
  clf_dataset_free(dataset);
}

TEST(tensor__says_what_there_is) {
  clf_dataset *dataset = four_rows();
  clf_tensor *out = NULL;
  ck_clf_fails(clf_dataset_tensor(&out, dataset, "labels"), CLF_ERROR_UNSUPPORTED);
  ck_clf_fails(clf_dataset_tensor(&out, dataset, "row_start"), CLF_ERROR_UNSUPPORTED);
  ck_clf_fails(clf_dataset_tensor(&out, dataset, "X"), CLF_ERROR_ARGUMENT);
  ck_clf_says("'X'");
  ck_assert_ptr_null(out);
  clf_dataset_free(dataset);
}

TEST(null__is_answered) {
  ck_assert_int_eq(clf_dataset_rows(NULL), -1);
  ck_assert_int_eq(clf_dataset_features(NULL), -1);
  ck_assert_int_eq(clf_dataset_classes(NULL), -1);
  ck_assert_int_eq(clf_dataset_outputs(NULL), -1);
  ck_assert_int_eq(clf_dataset_nonzeros(NULL), -1);
  ck_assert_int_eq(clf_dataset_sparse(NULL), 0);
  ck_assert_ptr_null(clf_dataset_class_name(NULL, 0));
  ck_clf_fails(clf_dataset_set_labels(NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_dataset_set_targets(NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_dataset_set_weights(NULL, NULL), CLF_ERROR_ARGUMENT);
}

SUITE("dataset", .setup = open_two_threads, .teardown = close_context)
