/* The writers of datasets: bytes known by hand, what is read back, and what is refused. pandas,
 * NumPy and SciPy read the files in tests/parity/test_writers.py. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "reader.h"
#include "support.h"

static const float x[] = {1, 0.1F, -0.0F, 1e-45F, 3e38F, -2.5F, 0, 16777216, 255, 1, 2, 3};
enum { ROWS = 4, COLUMNS = 3 };

static char path[96];

static void setup(void) {
  open_reader();
  snprintf(path, sizeof path, "%s/data", folder);
}

static clf_dataset *rows_of(const int32_t *y) {
  return dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
}

static void save(const clf_dataset *data, const char *format, const char *params) {
  forget_log();
  ck_clf_ok(clf_dataset_save(data, format, path, params));
}

static clf_dataset *load(const char *format, const char *params) {
  clf_dataset *data = NULL;
  ck_clf_ok(clf_dataset_load(&data, context, format, path, params));
  return data;
}

static void assert_text(const char *expected) {
  char text[1024];
  read_text_file(text, sizeof text, path);
  ck_assert_str_eq(text, expected);
}

static void assert_same_x(const clf_dataset *data, const float *expected, int64_t count) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_dataset_tensor(&tensor, data, "x"));
  ck_assert_int_eq(clf_tensor_dtype(tensor), CLF_F32);
  ck_assert_int_eq(clf_tensor_count(tensor), count);
  ck_assert_mem_eq(clf_tensor_data(tensor), expected, (size_t)count * sizeof *expected);
  clf_tensor_free(tensor);
}

static void assert_label(const clf_dataset *data, int64_t row, const char *name) {
  clf_tensor *labels = NULL;
  ck_clf_ok(clf_dataset_tensor(&labels, data, "labels"));
  const int32_t label = ((const int32_t *)clf_tensor_data(labels))[row];
  ck_assert_str_eq(clf_dataset_class_name(data, label), name);
  clf_tensor_free(labels);
}

/* The same digits whatever the locale's decimal point is. */
TEST_LOOP(csv__is_by_hand, 0, 2) {
  static const int32_t y[] = {5, -1, 5, 2};
  clf_dataset *data = rows_of(y);
  setlocale(LC_ALL, _i == 0 ? "C" : "de_DE.UTF-8");
  save(data, "csv", NULL);
  setlocale(LC_ALL, "C");
  assert_text("f1,f2,f3,label\n1,0.1,-0,5\n1e-45,3e+38,-2.5,-1\n0,16777216,255,5\n1,2,3,2\n");
  save(data, "csv", "delimiter=semicolon header=false");
  assert_text("1;0.1;-0;5\n1e-45;3e+38;-2.5;-1\n0;16777216;255;5\n1;2;3;2\n");
  save(data, "csv", "delimiter=tab label=kind");
  assert_text(
      "f1\tf2\tf3\tkind\n1\t0.1\t-0\t5\n1e-45\t3e+38\t-2.5\t-1\n0\t16777216\t255\t5\n1\t2\t3\t2\n");
  clf_dataset_free(data);
}

/* Names that hold what separates fields, that stand for no value elsewhere, or that have blanks at
 * their ends. */
TEST_LOOP(csv__quotes_what_would_read_as_something_else, 0, 5) {
  static const char *const names[] = {"a,b;c\td|e", "NA", " say \"x\"\nand more ", "#1"};
  static const char *const delimiters[] = {"comma", "semicolon", "tab", "pipe", "space"};
  char params[64];
  clf_dataset *data = rows_of(NULL);
  ck_clf_ok(clf_dataset_set_label_names(data, names, ROWS));
  snprintf(params, sizeof params, "delimiter=%s", delimiters[_i]);
  save(data, "csv", params);
  clf_dataset *again = load("csv", params);
  assert_same_x(again, x, ROWS * COLUMNS);
  for (int64_t row = 0; row < ROWS; row++) {
    assert_label(again, row, names[row]);
  }
  clf_dataset_free(again);
  clf_dataset_free(data);
}

TEST(csv__has_weights_and_targets) {
  static const float weights[] = {1, 0, 0.1F, 3};
  static const double targets[] = {0.1, 1e-300, -7, 5, 1 / 3.0, 2, 4, 8};
  clf_tensor *t = NULL;
  clf_dataset *data = rows_of(NULL);
  set_weights(data, weights);
  ck_clf_ok(clf_tensor_wrap(&t, context, targets, CLF_F64, 2, (int64_t[]){ROWS, 2}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, t));
  save(data, "csv", NULL);
  assert_text(
      "f1,f2,f3,weight,label_1,label_2\n1,0.1,-0,1,0.1,1e-300\n1e-45,3e+38,-2.5,0,-7,5\n"
      "0,16777216,255,0.1,0.3333333333333333,2\n1,2,3,3,4,8\n");
  ck_assert_ptr_nonnull(
      strstr(heard, "regression=true, and the last 2 columns as label, weight=weight"));
  clf_dataset *again = load("csv", "label=label_1,label_2 regression=true weight=weight");
  assert_same_x(again, x, ROWS * COLUMNS);
  assert_values(again, "targets", targets, 8);
  ck_values(again, "weights", 1, 0, (double)0.1F, 3);
  clf_dataset_free(again);
  save(data, "csv", "header=false");
  ck_assert_ptr_nonnull(strstr(heard, "weight=4"));
  again = load("csv", "label=5,6 regression=true weight=4 header=false");
  assert_values(again, "targets", targets, 8);
  clf_dataset_free(again);
  ck_clf_fails(clf_dataset_save(data, "csv", path, "weight=f2"), CLF_ERROR_ARGUMENT);
  ck_clf_says("a feature is named 'f2', too; weight=NAME");
  clf_tensor_free(t);
  clf_dataset_free(data);
}

TEST(csv__reports_how_rows_without_labels_are_read) {
  clf_dataset *data = rows_of(NULL);
  save(data, "csv", NULL);
  ck_assert_ptr_nonnull(strstr(heard, "the file is read by label=none"));
  clf_dataset *again = load("csv", "label=none");
  assert_same_x(again, x, ROWS * COLUMNS);
  clf_dataset_free(again);
  clf_dataset_free(data);
}

/* Names that would read as a row of numbers are quoted, all of them; those of others only if they
 * must be. */
TEST_LOOP(csv__has_the_names_of_columns, 0, 3) {
  static const char *const names[][COLUMNS] = {
      {"a,b", "10", ""}, {"\xEF\xBB\xBF;", "say \"x\"", "c"}, {"true", "False", "TRUE"}};
  static const char *const heads[] = {"\"a,b\",\"10\",\"\",\"label\"\n",
                                      "\"\xEF\xBB\xBF;\",\"say \"\"x\"\"\",c,label\n",
                                      "\"true\",\"False\",\"TRUE\",\"label\"\n"};
  static const int32_t y[] = {5, -1, 5, 2};
  char text[256];
  clf_dataset *data = rows_of(y);
  ck_clf_ok(clf_dataset_set_column_names(data, names[_i], COLUMNS));
  save(data, "csv", NULL);
  read_text_file(text, sizeof text, path);
  ck_assert(strncmp(text, heads[_i], strlen(heads[_i])) == 0);
  clf_dataset *again = load("csv", NULL);
  assert_same_x(again, x, ROWS * COLUMNS);
  for (int64_t j = 0; j < COLUMNS; j++) {
    ck_assert_str_eq(clf_dataset_column_name(again, j), names[_i][j]);
  }
  clf_dataset_free(again);
  clf_dataset_free(data);
}

TEST(csv__refuses_a_class_without_a_name) {
  static const char *const names[] = {"a", "", "b", "a"};
  clf_dataset *data = rows_of(NULL);
  ck_clf_ok(clf_dataset_set_label_names(data, names, ROWS));
  unlink(path);
  ck_clf_fails(clf_dataset_save(data, "csv", path, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("the name of class 0 is empty");
  ck_assert_int_ne(access(path, F_OK), 0);
  clf_dataset_free(data);
}

TEST(csv__warns_of_texts_that_are_numbers) {
  static const char *const names[] = {"01", "2", "01", "2"};
  clf_dataset *data = rows_of(NULL);
  ck_clf_ok(clf_dataset_set_label_names(data, names, ROWS));
  save(data, "csv", NULL);
  ck_assert_ptr_nonnull(strstr(heard, "texts of numbers, such as 01"));
  clf_dataset_free(data);
}

/* Dense rows of bytes, sparse rows and f64 rows have the digits of their types. */
TEST(csv__has_the_digits_of_each_type) {
  static const uint8_t bytes[] = {0, 255, 51, 1};
  static const double wide[] = {1700000001.5, 0.1, -1e300, 1 / 3.0};
  clf_dataset *data = dataset_of(context, bytes, CLF_U8, 2, 2, NULL);
  save(data, "csv", "header=false");
  assert_text("0,1\n0.20000002,0.003921569\n");
  clf_dataset_free(data);
  data = dataset_of(context, wide, CLF_F64, 2, 2, NULL);
  save(data, "csv", "header=false");
  assert_text("1700000001.5,0.1\n-1e+300,0.3333333333333333\n");
  clf_dataset_free(data);
  data = sparse_of(context, x, ROWS, COLUMNS, NULL);
  save(data, "csv", "header=false");
  assert_text("1,0.1,0\n1e-45,3e+38,-2.5\n0,16777216,255\n1,2,3\n");
  clf_dataset_free(data);
}

static const char npy_head[] =
    "\x93NUMPY\1\0\x76\0{'descr': '<f4', 'fortran_order': False, 'shape': (4, 3), }";

TEST(npy__is_by_hand) {
  char bytes[128 + sizeof x + 1];
  clf_dataset *data = rows_of(NULL);
  save(data, "npy", NULL);
  FILE *file = fopen(path, "rb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fread(bytes, 1, sizeof bytes, file), 128 + sizeof x);
  fclose(file);
  ck_assert_mem_eq(bytes, npy_head, sizeof npy_head - 1);
  ck_assert_int_eq(bytes[127], '\n');
  ck_assert_mem_eq(bytes + 128, x, sizeof x);
  clf_dataset_free(data);
}

/* Numbers stay numbers, and texts stay texts, even those of digits and beyond ASCII. */
TEST_LOOP(npz__keeps_labels, 0, 4) {
  static const int64_t integers[] = {-9007199254740993, 7, 9007199254740993, 7};
  static const double reals[] = {0.5, -1, 1e30, 0.5};
  static const char *const names[][ROWS] = {{"\xe7\x8c\xab", "\xc3\xa9t\xc3\xa9", "", "dog"},
                                            {"01", "1", "01", "1"}};
  clf_dataset *data = rows_of(NULL);
  clf_tensor *y = NULL;
  if (_i < 2) {
    const void *own = _i == 0 ? (const void *)integers : (const void *)reals;
    ck_clf_ok(
        clf_tensor_wrap(&y, context, own, _i == 0 ? CLF_I64 : CLF_F64, 1, (int64_t[]){ROWS}, NULL));
    ck_clf_ok(clf_dataset_set_labels(data, y));
  } else {
    ck_clf_ok(clf_dataset_set_label_names(data, names[_i - 2], ROWS));
  }
  save(data, "npy", "archive=true");
  clf_dataset *again = load("npy", NULL);
  assert_same_x(again, x, ROWS * COLUMNS);
  ck_assert_int_eq(clf_dataset_classes(again), clf_dataset_classes(data));
  for (int64_t k = 0; k < clf_dataset_classes(data); k++) {
    ck_assert_str_eq(clf_dataset_class_name(again, k), clf_dataset_class_name(data, k));
  }
  clf_tensor_free(y);
  clf_dataset_free(again);
  clf_dataset_free(data);
}

TEST(npz__keeps_categories_and_missing_values) {
  static const char *const cities[] = {"Z\xC3\xBCrich", "", "Bern"}, *const sizes[] = {"s"};
  static const float codes[] = {2, 0.5F, 0, NAN, NAN, NAN, 1, -1, 0};
  clf_dataset *data = dataset_of(context, codes, CLF_F32, 3, 3, NULL);
  ck_clf_ok(clf_dataset_set_categories(data, 0, cities, 3));
  ck_clf_ok(clf_dataset_set_categories(data, 2, sizes, 1));
  save(data, "npy", "archive=true");
  clf_dataset *again = load("npy", NULL);
  ck_values(again, "x", 2, 0.5, 0, NAN, NAN, NAN, 1, -1, 0);
  ck_assert_int_eq(clf_dataset_category_count(again, 0), 3);
  ck_assert_int_eq(clf_dataset_category_count(again, 1), 0);
  ck_assert_int_eq(clf_dataset_category_count(again, 2), 1);
  for (int k = 0; k < 3; k++) {
    ck_assert_str_eq(clf_dataset_category_name(again, 0, k), cities[k]);
  }
  ck_clf_fails(clf_dataset_save(data, "npy", path, "archive=false"), CLF_ERROR_DATA);
  ck_clf_fails(clf_dataset_save(data, "csv", path, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("the name of category 1 of column 1 is empty");
  clf_dataset_free(again);
  clf_dataset_free(data);
}

/* Writes `to` over each occurrence of a text of the same length in the file. */
static void replace_bytes(const char *from, const char *to, size_t length) {
  static char bytes[4096];
  FILE *file = fopen(path, "rb");
  const size_t size = fread(bytes, 1, sizeof bytes, file);
  int found = 0;
  fclose(file);
  ck_assert_uint_lt(size, sizeof bytes);
  for (size_t i = 0; i + length <= size; i++) {
    if (memcmp(bytes + i, from, length) == 0) {
      memcpy(bytes + i, to, length);
      found++;
    }
  }
  ck_assert_int_gt(found, 0);
  file = fopen(path, "wb");
  ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
  fclose(file);
}

TEST(npz__of_names_without_counts_or_counts_without_names) {
  static const char *const cities[] = {"Chur", "Bern"};
  static const float codes[] = {1, 0.5F, 0, NAN};
  clf_dataset *data = dataset_of(context, codes, CLF_F32, 2, 2, NULL), *again = NULL;
  ck_clf_ok(clf_dataset_set_categories(data, 0, cities, 2));
  save(data, "npy", "archive=true");
  replace_bytes("categories.npy", "somethings.npy", 14);
  ck_clf_fails(clf_dataset_load(&again, context, "npy", path, NULL), CLF_ERROR_DATA);
  ck_clf_says("it has category_counts without categories");
  save(data, "npy", "archive=true");
  replace_bytes("category_counts.npy", "somebody_counts.npy", 19);
  again = load("npy", NULL);
  ck_assert_int_eq(clf_dataset_category_count(again, 0), 0);
  ck_assert_ptr_nonnull(strstr(warned, "the array categories is not read, since category_counts"));
  clf_dataset_free(again);
  clf_dataset_free(data);
}

/* Setting one column after the other neither copies all columns nor changes what others share. */
TEST(npz__of_many_columns_of_categories) {
  enum { WIDE = 60000 };
  static const char *const names[] = {"a"}, *const other[] = {"b"};
  static float codes[WIDE];
  clf_dataset *data = dataset_of(context, codes, CLF_F32, 1, WIDE, NULL), *part = NULL;
  for (int64_t j = 0; j < WIDE; j++) {
    ck_clf_ok(clf_dataset_set_categories(data, j, names, 1));
  }
  save(data, "npy", "archive=true");
  clf_dataset *again = load("npy", NULL);
  ck_assert_str_eq(clf_dataset_category_name(again, WIDE - 1, 0), "a");
  ck_clf_ok(clf_dataset_subset(&part, again, (const int64_t[]){0}, 1));
  ck_clf_ok(clf_dataset_set_categories(again, 5, other, 1));
  ck_assert_str_eq(clf_dataset_category_name(part, 5, 0), "a");
  ck_assert_str_eq(clf_dataset_category_name(again, 5, 0), "b");
  clf_dataset_free(part);
  clf_dataset_free(again);
  clf_dataset_free(data);
}

/* A part of sparse rows does not begin at the first entry of its memory. */
TEST(npz__keeps_sparse_rows) {
  static const int32_t y[] = {5, -1, 5, 2};
  static const int64_t rows[] = {1, 2};
  clf_dataset *data = sparse_of(context, x, ROWS, COLUMNS, y), *part = NULL;
  ck_clf_ok(clf_dataset_subset(&part, data, rows, 2));
  save(part, "npy", "archive=true");
  clf_dataset *again = load("npy", NULL);
  ck_assert_int_eq(clf_dataset_features(again), COLUMNS);
  ck_values(again, "row_start", 0, 3, 5);
  ck_values(again, "column", 0, 1, 2, 1, 2);
  ck_values(again, "value", (double)1e-45F, (double)3e38F, -2.5, 16777216, 255);
  assert_label(again, 0, "-1");
  assert_label(again, 1, "5");
  clf_dataset_free(again);
  clf_dataset_free(part);
  clf_dataset_free(data);
}

TEST(npy__has_labels_in_a_file_of_their_own_or_none) {
  static const int32_t y[] = {5, -1, 5, 2};
  char params[128];
  clf_dataset *data = rows_of(y);
  ck_clf_fails(clf_dataset_save(data, "npy", path, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says(".npz");
  ck_assert_int_ne(access(path, F_OK), 0);
  snprintf(params, sizeof params, "labels=%s/y.npy", folder);
  save(data, "npy", params);
  clf_dataset *again = load("npy", params);
  assert_label(again, 1, "-1");
  clf_dataset_free(again);
  save(data, "npy", "labels=none");
  again = load("npy", NULL);
  ck_assert_int_eq(clf_dataset_classes(again), 0);
  clf_dataset_free(again);
  ck_clf_fails(clf_dataset_save(data, "npy", path, "archive=true labels=y"), CLF_ERROR_ARGUMENT);
  clf_dataset_free(data);
}

/* The values stay the same by default; dtype=u8 keeps the bytes, and the log has their scale. */
TEST_LOOP(bytes__keep_their_values_or_themselves, 0, 2) {
  static const uint8_t bytes[] = {0, 255, 51, 1};
  static const char *const formats[] = {"npy", "idx"};
  static const float scaled[] = {0, 1, 0.2F, 1 / 255.0F}, doubled[] = {0, 510, 102, 2};
  clf_tensor *pixels = NULL, *found = NULL;
  clf_dataset *data = NULL;
  const int64_t shape[] = {2, 1, 2};
  ck_clf_ok(clf_tensor_wrap(&pixels, context, bytes, CLF_U8, 3, shape, NULL));
  for (int i = 0; i < 3; i++) {
    const double scale = i == 0 ? 1.0 / 255 : 2;
    ck_clf_ok(clf_tensor_set_scale(pixels, scale));
    ck_clf_ok(clf_dataset_create(&data, context, pixels, NULL));
    save(data, formats[_i], i == 2 ? "dtype=u8" : NULL);
    ck_assert(i != 2 || strstr(heard, "count 2 each; scale=2 reads them so") != NULL);
    const char *const read = _i == 0  ? (i == 2 ? "scale=2" : NULL)
                             : i == 2 ? "scale=2 labels=none"
                                      : "labels=none";
    clf_dataset *again = load(formats[_i], read);
    ck_clf_ok(clf_dataset_tensor(&found, again, "x"));
    ck_assert_int_eq(clf_tensor_ndim(found), 3);
    ck_assert_int_eq(clf_tensor_dtype(found) == CLF_U8, i == 2 || (i == 0 && _i == 1));
    for (int64_t j = 0; j < 4; j++) {
      ck_assert_float_eq_tol((float)clf__tensor_value(found, j), (i == 0 ? scaled : doubled)[j],
                             1e-7F);
    }
    clf_tensor_free(found);
    clf_dataset_free(again);
    clf_dataset_free(data);
  }
  clf_tensor_free(pixels);
}

TEST(bytes__are_whole_numbers) {
  clf_dataset *data = rows_of(NULL);
  unlink(path);
  ck_clf_fails(clf_dataset_save(data, "npy", path, "dtype=u8"), CLF_ERROR_DATA);
  ck_clf_says("the value 0.10000000149011612 in row 0, column 1 (from 0), is no integer");
  ck_assert_int_ne(access(path, F_OK), 0);
  clf_dataset_free(data);
}

TEST(f32__refuses_what_it_cannot_hold) {
  static const double wide[] = {1, 1e300};
  clf_dataset *data = dataset_of(context, wide, CLF_F64, 2, 1, NULL);
  ck_clf_fails(clf_dataset_save(data, "npy", path, "dtype=f32"), CLF_ERROR_DATA);
  ck_clf_says("row 1, column 0 (from 0), is beyond the range of f32; dtype=f64");
  clf_dataset_free(data);
}

TEST(idx__is_by_hand) {
  static const uint8_t pixels[] = {0, 255, 51, 1};
  static const int32_t y[] = {7, 1};
  static const unsigned char images[] = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 255, 51, 1};
  static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 1};
  unsigned char found[32];
  char name[160];
  clf_dataset *data = dataset_of(context, pixels, CLF_U8, 2, 2, y);
  save(data, "idx", NULL);
  for (int i = 0; i < 2; i++) {
    const size_t size = i == 0 ? sizeof images : sizeof labels;
    snprintf(name, sizeof name, "%s-%s-ubyte", path, i == 0 ? "images-idx3" : "labels-idx1");
    FILE *file = fopen(name, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(found, 1, sizeof found, file), size);
    fclose(file);
    ck_assert_mem_eq(found, i == 0 ? images : labels, size);
  }
  clf_dataset_free(data);
}

/* Each type of labels: u8, i16, i32, f64, and indices in place of names. */
TEST_LOOP(idx__keeps_labels, 0, 5) {
  static const double reals[][ROWS] = {
      {0, 255, 7, 7}, {-1, 300, 7, 7}, {-70000, 2147483647, 7, 7}, {0.5, 2, 7, 7}};
  static const char *const names[] = {"b", "a", "b", "c"}, *const indices[] = {"1", "0", "1", "2"};
  clf_dataset *data = rows_of(NULL);
  clf_tensor *y = NULL;
  if (_i < 4) {
    ck_clf_ok(clf_tensor_wrap(&y, context, reals[_i], CLF_F64, 1, (int64_t[]){ROWS}, NULL));
    ck_clf_ok(clf_dataset_set_labels(data, y));
  } else {
    ck_clf_ok(clf_dataset_set_label_names(data, names, ROWS));
  }
  save(data, "idx", NULL);
  ck_assert_int_eq(strstr(heard, "0 is a, 1 is b, 2 is c") != NULL, _i == 4);
  clf_dataset *again = load("idx", NULL);
  assert_same_x(again, x, ROWS * COLUMNS);
  for (int64_t row = 0; row < ROWS; row++) {
    assert_label(again, row, _i < 4 ? clf__number_text(reals[_i][row]) : indices[row]);
  }
  clf_tensor_free(y);
  clf_dataset_free(again);
  clf_dataset_free(data);
}

/* Labels of other rows would be read together with the new images. */
TEST(idx__refuses_to_leave_labels_of_other_rows) {
  static const int32_t y[] = {5, -1, 5, 2};
  clf_dataset *data = rows_of(y), *without = rows_of(NULL);
  save(data, "idx", NULL);
  ck_clf_fails(clf_dataset_save(without, "idx", path, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("data-labels-idx1-ubyte");
  ck_clf_fails(clf_dataset_save(data, "idx", path, "labels=none"), CLF_ERROR_ARGUMENT);
  clf_dataset_free(without);
  clf_dataset_free(data);
}

static const char *const all[] = {"idx", "csv", "svmlight", "npy", "rows"};
enum { ALL = sizeof all / sizeof *all };

/* What a format cannot hold is refused, and so are values that are no numbers. */
TEST_LOOP(writers__refuse_what_they_cannot_write, 0, ALL) {
  static const float weights[] = {1, 2, 3, 4}, missing[] = {1, NAN}, bad[] = {1, INFINITY};
  clf_dataset *data = rows_of(NULL), *nan = dataset_of(context, missing, CLF_F32, 2, 1, NULL);
  clf_dataset *infinite = dataset_of(context, bad, CLF_F32, 2, 1, NULL);
  set_weights(data, weights);
  const clf_status status = clf_dataset_save(data, all[_i], path, NULL);
  const bool rows = strcmp(all[_i], "rows") == 0;
  if (rows || strcmp(all[_i], "csv") == 0) {
    ck_clf_ok(status);
  } else {
    ck_clf_fails(status, CLF_ERROR_UNSUPPORTED);
    ck_clf_says("weights");
  }
  if (rows || strcmp(all[_i], "csv") == 0 || strcmp(all[_i], "npy") == 0) { /* tables lack values */
    ck_clf_ok(clf_dataset_save(nan, all[_i], path, NULL));
  } else {
    ck_clf_fails(clf_dataset_save(nan, all[_i], path, NULL), CLF_ERROR_DATA);
  }
  ck_clf_fails(clf_dataset_save(infinite, all[_i], path, NULL), CLF_ERROR_DATA);
  ck_clf_fails(clf_dataset_save(data, all[_i], "/nonexistent/folder/file",
                                strcmp(all[_i], "csv") == 0 ? NULL : "dtyp=1"),
               strcmp(all[_i], "csv") == 0 ? CLF_ERROR_IO : CLF_ERROR_ARGUMENT);
  clf_dataset_free(infinite);
  clf_dataset_free(nan);
  clf_dataset_free(data);
}

static int32_t cancel(void *user, const clf_progress *progress) {
  (void)user;
  return progress->step > 0;
}

/* A cancelled call leaves nothing behind, and the old file. */
TEST_LOOP(writers__can_be_cancelled, 0, ALL) {
  enum { MANY = 1 << 20, WIDE = 4 };
  float *values = calloc((size_t)MANY * WIDE, sizeof *values);
  ck_assert_ptr_nonnull(values);
  clf_dataset *data = dataset_of(context, values, CLF_F32, MANY, WIDE, NULL);
  put_text("data", "old");
  put_text("data-images-idx3-ubyte", "old");
  ck_clf_ok(clf_context_set_progress(context, cancel, NULL));
  ck_clf_fails(clf_dataset_save(data, all[_i], path, NULL), CLF_ERROR_CANCELLED);
  assert_text("old");
  clf_dataset_free(data);
  free(values);
}

SUITE("writers", .setup = setup, .teardown = close_reader)
