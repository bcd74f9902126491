/* The library's own files of rows: what is written in pieces is what was written at once, what is
 * read is what was written, damage is found, and nothing is left of a file that was not finished. */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "reader.h"
#include "store/store.h"
#include "support.h"

enum { ROWS = 40, COLUMNS = 3, OUTPUTS = 2 };

static const char *path;

static void setup(void) {
  open_reader();
  path = strdup(path_of("file.rows"));
}

static void teardown(void) {
  free((char *)(uintptr_t)path);
  close_reader();
}

static double value_at(int64_t i) {
  return (double)(i * 37 % 101) / 4 - 7;
}

/* What a dataset may carry. */
typedef enum content { NUMBERS, FRACTIONS, NAMES, TARGETS, NONE, CONTENTS } content;

static void set_content(clf_dataset *data, content what, int64_t rows) {
  static const char *const names[] = {"b", "\xC3\xA9", "a", "long name", "z"};
  double y[ROWS * OUTPUTS];
  const char *text[ROWS];
  for (int64_t i = 0; i < rows * OUTPUTS; i++) {
    y[i] = what == FRACTIONS ? (double)(i * 7 % 5) / 4 : (double)(i * 7 % 5) - 2;
  }
  for (int64_t i = 0; i < rows; i++) {
    text[i] = names[i * 7 % 5];
  }
  clf_tensor *t = wrap(y, CLF_F64, what == TARGETS ? 2 : 1, (const int64_t[]){rows, OUTPUTS}, NULL);
  ck_clf_ok(what == NAMES     ? clf_dataset_set_label_names(data, text, rows)
            : what == TARGETS ? clf_dataset_set_targets(data, t)
            : what == NONE    ? CLF_OK
                              : clf_dataset_set_labels(data, t));
  clf_tensor_free(t);
}

static void set_weights_and_names(clf_dataset *data, int64_t rows) {
  static const char *const names[COLUMNS] = {"one", "", "\xC3\xA9t\xC3\xA9"};
  float weights[ROWS];
  for (int64_t i = 0; i < rows; i++) {
    weights[i] = (float)i / 3;
  }
  clf_tensor *t = wrap(weights, CLF_F32, 1, &rows, NULL);
  ck_clf_ok(clf_dataset_set_weights(data, t));
  ck_clf_ok(clf_dataset_set_column_names(data, names, COLUMNS));
  clf_tensor_free(t);
}

static clf_dataset *dense(int32_t dtype) {
  clf_tensor *x = NULL;
  clf_dataset *data = NULL;
  ck_clf_ok(clf_tensor_create(&x, context, dtype, 2, (const int64_t[]){ROWS, COLUMNS}));
  for (int64_t i = 0; i < ROWS * COLUMNS; i++) {
    const double value = value_at(i);
    if (dtype == CLF_U8) {
      ((uint8_t *)x->data)[i] = (uint8_t)(i * 37 % 251);
    } else if (dtype == CLF_F32) {
      ((float *)x->data)[i] = (float)value;
    } else {
      ((double *)x->data)[i] = value + 1700000000;
    }
  }
  if (dtype == CLF_U8) {
    ck_clf_ok(clf_tensor_set_scale(x, 1.0 / 255));
  }
  ck_clf_ok(clf_dataset_create(&data, context, x, NULL));
  clf_tensor_free(x);
  return data;
}

static clf_dataset *sparse(void) {
  float x[ROWS * COLUMNS];
  for (int64_t i = 0; i < ROWS * COLUMNS; i++) {
    x[i] = i % 3 == 0 ? (float)value_at(i) : 0;
  }
  return sparse_of(context, x, ROWS, COLUMNS, NULL);
}

static clf_dataset *load(const char *params) {
  clf_dataset *data = NULL;
  ck_clf_ok(clf_dataset_load(&data, context, "rows", path, params));
  return data;
}

static void assert_same_tensor(const clf_dataset *one, const clf_dataset *other, const char *name) {
  clf_tensor *a = NULL, *b = NULL;
  const clf_status status = clf_dataset_tensor(&a, one, name);
  ck_clf_fails(clf_dataset_tensor(&b, other, name), status);
  if (status == CLF_OK) {
    ck_assert_int_eq(a->dtype, b->dtype);
    ck_assert(a->scale == b->scale);
    ck_assert_int_eq(a->ndim, b->ndim);
    ck_assert_mem_eq(a->shape, b->shape, (size_t)a->ndim * sizeof *a->shape);
    ck_assert_mem_eq(a->data, b->data, (size_t)clf_tensor_count(a) * clf__dtype_size(a->dtype));
  }
  clf_tensor_free(a);
  clf_tensor_free(b);
}

static void assert_same(const clf_dataset *one, const clf_dataset *other) {
  static const char *const tensors[] = {"x",         "labels", "targets", "weights",
                                        "row_start", "column", "value"};
  for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
    assert_same_tensor(one, other, tensors[i]);
  }
  ck_assert_int_eq(clf_dataset_classes(one), clf_dataset_classes(other));
  for (int64_t k = 0; k < clf_dataset_classes(one); k++) {
    ck_assert_str_eq(clf_dataset_class_name(one, k), clf_dataset_class_name(other, k));
  }
  for (int64_t j = 0; j < clf_dataset_features(one); j++) {
    const char *name = clf_dataset_column_name(one, j);
    ck_assert_int_eq(name == NULL, clf_dataset_column_name(other, j) == NULL);
    ck_assert(name == NULL || strcmp(name, clf_dataset_column_name(other, j)) == 0);
  }
}

TEST_LOOP(dense_rows__come_back, 0, CONTENTS) {
  static const int32_t dtypes[] = {CLF_U8, CLF_F32, CLF_F64};
  static const char *const params[] = {NULL, "verify=true", "map=false", "map=false verify=false"};
  for (size_t d = 0; d < 3; d++) {
    clf_dataset *data = dense(dtypes[d]);
    set_content(data, (content)_i, ROWS);
    set_weights_and_names(data, ROWS);
    ck_clf_ok(clf_dataset_save(data, "rows", path, NULL));
    for (size_t p = 0; p < sizeof params / sizeof *params; p++) {
      clf_dataset *again = load(params[p]);
      assert_same(data, again);
      clf_dataset_free(again);
    }
    clf_dataset_free(data);
  }
}

TEST(sparse_rows_and_images__come_back) {
  clf_dataset *data = sparse(), *again = NULL;
  set_content(data, NAMES, ROWS);
  ck_clf_ok(clf_dataset_save(data, "rows", path, NULL));
  again = load(NULL);
  assert_same(data, again);
  clf_dataset_free(again);
  clf_dataset_free(data);

  static const uint8_t pixels[2 * 3 * 2 * 1] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  clf_tensor *x = wrap(pixels, CLF_U8, 4, (const int64_t[]){2, 3, 2, 1}, NULL);
  ck_clf_ok(clf_dataset_create(&data, context, x, NULL));
  ck_clf_ok(clf_dataset_save(data, "rows", path, NULL));
  again = load("verify=true");
  assert_same(data, again);
  clf_dataset_free(again);
  clf_dataset_free(data);
  clf_tensor_free(x);
}

static clf_dataset *rows_from(const clf_dataset *data, int64_t first, int64_t count) {
  clf_dataset *part = NULL;
  int64_t indices[ROWS];
  for (int64_t i = 0; i < count; i++) {
    indices[i] = first + i;
  }
  ck_clf_ok(clf_dataset_subset(&part, data, indices, count));
  return part;
}

static void append(clf_dataset_writer *writer, clf_dataset *rows) {
  ck_clf_ok(clf_dataset_writer_append(writer, rows));
  clf_dataset_free(rows);
}

static void assert_same_file(const char *one, const char *other) {
  clf__bytes a = {0}, b = {0};
  ck_clf_ok(clf__file_read(&a, context, one));
  ck_clf_ok(clf__file_read(&b, context, other));
  ck_assert_uint_eq(a.size, b.size);
  ck_assert_mem_eq(a.data, b.data, a.size);
  clf__bytes_release(&a);
  clf__bytes_release(&b);
}

/* The file does not depend on the calls that wrote it, although each has classes of its own. */
TEST_LOOP(pieces__make_the_file_of_the_whole, 0, CONTENTS) {
  static const int64_t cuts[] = {0, 1, 3, 3 + 16, ROWS};
  const char *whole = path_of("whole.rows");
  for (int d = 0; d < 4; d++) {
    clf_dataset *data = d == 3 ? sparse() : dense(d == 0 ? CLF_U8 : d == 1 ? CLF_F32 : CLF_F64);
    clf_dataset_writer *writer = NULL;
    set_content(data, (content)_i, ROWS);
    ck_clf_ok(clf_dataset_save(data, "rows", whole, NULL));
    ck_clf_ok(clf_dataset_writer_create(&writer, context, path, NULL));
    for (int i = 0; i < 4; i++) {
      clf_dataset *part = rows_from(data, cuts[i], cuts[i + 1] - cuts[i]);
      set_content(part, _i == TARGETS ? TARGETS : NONE, cuts[i + 1] - cuts[i]);
      if (_i == TARGETS) {
        clf_dataset_free(part);
        part = rows_from(data, cuts[i], cuts[i + 1] - cuts[i]);
      }
      append(writer, part);
    }
    ck_clf_ok(clf_dataset_writer_finish(writer));
    clf_dataset_writer_free(writer);
    assert_same_file(whole, path);
    clf_dataset_free(data);
  }
}

static clf_dataset *labelled(const char *const *names, int64_t rows) {
  static const float x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  clf_dataset *data = dataset_of(context, x, CLF_F32, rows, 2, NULL);
  ck_clf_ok(clf_dataset_set_label_names(data, names, rows));
  return data;
}

/* New classes sort before old ones. */
TEST(classes__are_those_of_all_pieces) {
  static const char *const first[] = {"m", "x", "m"}, *const second[] = {"c", "x"},
                           *const third[] = {"z", "a", "m", "c"};
  static const char *const all[] = {"m", "x", "m", "c", "x", "z", "a", "m", "c"};
  clf_dataset_writer *writer = NULL;
  clf_tensor *labels = NULL;
  ck_clf_ok(clf_dataset_writer_create(&writer, context, path, NULL));
  append(writer, labelled(first, 3));
  append(writer, labelled(second, 2));
  append(writer, labelled(third, 4));
  ck_clf_ok(clf_dataset_writer_finish(writer));
  clf_dataset_writer_free(writer);
  clf_dataset *data = load(NULL);
  ck_assert_int_eq(clf_dataset_classes(data), 5);
  ck_clf_ok(clf_dataset_tensor(&labels, data, "labels"));
  for (int64_t i = 0; i < 9; i++) {
    ck_assert_str_eq(clf_dataset_class_name(data, ((const int32_t *)labels->data)[i]), all[i]);
  }
  clf_tensor_free(labels);
  clf_dataset_free(data);
}

static clf_dataset *categorical(const char *const *names, int64_t count) {
  static const float x[] = {0, 5, 1, 6, NAN, 7};
  clf_dataset *data = dataset_of(context, x, CLF_F32, 3, 2, NULL);
  ck_clf_ok(clf_dataset_set_categories(data, 0, names, count));
  return data;
}

/* Codes of later pieces are translated; the file is read even if it was to be mapped. */
TEST(categories__are_those_of_all_pieces) {
  static const char *const first[] = {"red", "blue"}, *const second[] = {"green", "red"};
  clf_dataset_writer *writer = NULL;
  ck_clf_ok(clf_dataset_writer_create(&writer, context, path, NULL));
  append(writer, categorical(first, 2));
  append(writer, categorical(second, 2));
  ck_clf_ok(clf_dataset_writer_finish(writer));
  clf_dataset_writer_free(writer);
  clf_dataset *data = load(NULL);
  ck_assert_int_eq(clf_dataset_category_count(data, 0), 3);
  ck_assert_int_eq(clf_dataset_category_count(data, 1), 0);
  ck_assert_str_eq(clf_dataset_category_name(data, 0, 2), "green");
  ck_values(data, "x", 0, 5, 1, 6, NAN, 7, 2, 5, 0, 6, NAN, 7);
  const int file = open(path, O_WRONLY);
  ck_assert_int_eq(ftruncate(file, 0), 0); /* nothing of it is mapped */
  close(file);
  ck_values(data, "x", 0, 5, 1, 6, NAN, 7, 2, 5, 0, 6, NAN, 7);
  clf_dataset_free(data);
}

TEST(dtype__converts_or_refuses) {
  static const double wide[] = {1, 2, 3e300, 4}, narrow[] = {1, 2, 255, 0};
  static const float single[] = {0.1F, 2, 3, 4};
  clf_dataset *f64 = dataset_of(context, wide, CLF_F64, 2, 2, NULL);
  clf_dataset *bytes = dataset_of(context, narrow, CLF_F64, 2, 2, NULL);
  clf_dataset *f32 = dataset_of(context, single, CLF_F32, 2, 2, NULL);
  clf_dataset_writer *writer = NULL;
  ck_clf_ok(clf_dataset_writer_create(&writer, context, path, NULL));
  ck_clf_ok(clf_dataset_writer_append(writer, f32));
  ck_clf_fails(clf_dataset_writer_append(writer, f64), CLF_ERROR_TYPE);
  ck_clf_says("dtype=f64");
  ck_clf_ok(clf_dataset_writer_append(writer, f32));
  clf_dataset_writer_free(writer);
  ck_clf_ok(clf_dataset_writer_create(&writer, context, path, "dtype=f64"));
  ck_clf_ok(clf_dataset_writer_append(writer, f32));
  ck_clf_ok(clf_dataset_writer_append(writer, f64));
  ck_clf_ok(clf_dataset_writer_finish(writer));
  ck_clf_fails(clf_dataset_writer_append(writer, f64), CLF_ERROR_ARGUMENT);
  clf_dataset_writer_free(writer);
  clf_dataset *data = load(NULL);
  ck_values(data, "x", (double)0.1F, 2, 3, 4, 1, 2, 3e300, 4);
  clf_dataset_free(data);
  ck_clf_fails(clf_dataset_save(f64, "rows", path, "dtype=f32"), CLF_ERROR_DATA);
  ck_clf_says("row 1, column 0");
  ck_clf_fails(clf_dataset_save(f32, "rows", path, "dtype=u8"), CLF_ERROR_DATA);
  ck_clf_ok(clf_dataset_save(bytes, "rows", path, "dtype=u8"));
  data = load(NULL);
  ck_assert_int_eq(clf__dataset_rows(data).dtype, CLF_U8);
  ck_values(data, "x", 1, 2, 255, 0);
  clf_dataset_free(data);
  clf_dataset *entries = sparse();
  ck_clf_fails(clf_dataset_save(entries, "rows", path, "dtype=f64"), CLF_ERROR_UNSUPPORTED);
  clf_dataset_free(entries);
  clf_dataset_free(f64);
  clf_dataset_free(bytes);
  clf_dataset_free(f32);
}

/* Other rows have no bytes of the first ones' scale. */
TEST(bytes_with_a_scale__take_no_other_rows) {
  static const float ones[] = {1, 0, 0};
  clf_dataset *bytes = dense(CLF_U8), *f32 = dataset_of(context, ones, CLF_F32, 1, COLUMNS, NULL);
  clf_dataset_writer *writer = NULL;
  ck_clf_ok(clf_dataset_writer_create(&writer, context, path, "dtype=u8"));
  ck_clf_ok(clf_dataset_writer_append(writer, bytes));
  ck_clf_fails(clf_dataset_writer_append(writer, f32), CLF_ERROR_TYPE);
  ck_clf_ok(clf_dataset_writer_finish(writer));
  clf_dataset_writer_free(writer);
  clf_dataset *data = load(NULL);
  assert_same(bytes, data);
  clf_dataset_free(data);
  clf_dataset_free(f32);
  clf_dataset_free(bytes);
}

/* 2^53 + 1 is no f64, and 0.5 no integer. */
TEST_LOOP(classes_that_would_be_rounded__are_refused, 0, 2) {
  static const float x[2] = {1, 2};
  static const int64_t integers[] = {9007199254740993, 3};
  static const double fractions[] = {0.5, 3};
  const int64_t rows = 2;
  clf_tensor *y[] = {wrap(integers, CLF_I64, 1, &rows, NULL),
                     wrap(fractions, CLF_F64, 1, &rows, NULL)};
  clf_dataset *first = dataset_of(context, x, CLF_F32, 2, 1, NULL);
  clf_dataset *second = dataset_of(context, x, CLF_F32, 2, 1, NULL);
  clf_dataset_writer *writer = NULL;
  ck_clf_ok(clf_dataset_set_labels(first, y[_i]));
  ck_clf_ok(clf_dataset_set_labels(second, y[1 - _i]));
  ck_clf_ok(clf_dataset_writer_create(&writer, context, path, NULL));
  ck_clf_ok(clf_dataset_writer_append(writer, first));
  ck_clf_fails(clf_dataset_writer_append(writer, second), CLF_ERROR_DATA);
  ck_clf_says("9007199254740993");
  ck_clf_ok(clf_dataset_writer_append(writer, first));
  clf_dataset_writer_free(writer);
  clf_dataset_free(first);
  clf_dataset_free(second);
  clf_tensor_free(y[0]);
  clf_tensor_free(y[1]);
}

/* The writer goes on after each of them. */
TEST(rows_unlike_the_first__are_refused) {
  static const char *const names[] = {"p", "q"}, *const other[] = {"p", "r"};
  static const char *const classes[] = {"a", "b", "a"};
  static const int32_t numbers[] = {1, 2, 3};
  static const float x[12] = {0};
  clf_dataset *like = labelled(classes, 3), *wide = dataset_of(context, x, CLF_F32, 3, 4, numbers);
  clf_dataset *bare = dataset_of(context, x, CLF_F32, 3, 2, NULL);
  clf_dataset *counted = dataset_of(context, x, CLF_F32, 3, 2, numbers);
  clf_dataset *entries = sparse_of(context, x, 3, 2, numbers), *renamed = labelled(classes, 3);
  clf_dataset *grouped = labelled(classes, 3), *weighted = labelled(classes, 3);
  clf_tensor *cube = wrap(x, CLF_F32, 3, (const int64_t[]){3, 1, 2}, NULL);
  clf_dataset *shaped = NULL;
  ck_clf_ok(clf_dataset_create(&shaped, context, cube, NULL));
  ck_clf_ok(clf_dataset_set_column_names(like, names, 2));
  ck_clf_ok(clf_dataset_set_column_names(renamed, other, 2));
  ck_clf_ok(clf_dataset_set_column_names(grouped, names, 2));
  ck_clf_ok(clf_dataset_set_column_names(counted, names, 2));
  ck_clf_ok(clf_dataset_set_categories(grouped, 1,
                                       (const char *[]){"0", "1", "2", "3", "4", "5", "6"}, 7));
  set_weights(weighted, (const float[]){1, 1, 1});
  const struct {
    const clf_dataset *rows;
    clf_status status;
    const char *says;
  } refused[] = {
      {wide, CLF_ERROR_SHAPE, "the rows have 4 features; the first ones had 2"},
      {shaped, CLF_ERROR_SHAPE, "features"},
      {entries, CLF_ERROR_SHAPE, "sparse"},
      {bare, CLF_ERROR_DATA, "no labels"},
      {weighted, CLF_ERROR_DATA, "weights"},
      {counted, CLF_ERROR_DATA, "the labels are numbers; the first ones were names"},
      {renamed, CLF_ERROR_DATA, "column 'r'"},
      {grouped, CLF_ERROR_DATA, "has categories"},
  };
  clf_dataset_writer *writer = NULL;
  ck_clf_ok(clf_dataset_writer_create(&writer, context, path, NULL));
  ck_clf_fails(clf_dataset_writer_finish(writer), CLF_ERROR_DATA);
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    ck_clf_ok(clf_dataset_writer_append(writer, like));
    ck_clf_fails(clf_dataset_writer_append(writer, refused[i].rows), refused[i].status);
    ck_clf_says(refused[i].says);
    clf_dataset_free((clf_dataset *)(uintptr_t)refused[i].rows);
  }
  ck_clf_ok(clf_dataset_writer_finish(writer));
  clf_dataset_writer_free(writer);
  clf_dataset *data = load(NULL);
  ck_assert_int_eq(clf_dataset_rows(data), 3 * 8);
  clf_dataset_free(data);
  clf_dataset_free(like);
  clf_tensor_free(cube);
}

static bool only_file(const char *name) {
  char command[160];
  snprintf(command, sizeof command, "test \"$(ls -A %s)\" = \"%s\"", folder, name);
  return system(command) == 0;
}

TEST(writer__has_the_default_context) {
  static const float x[] = {1, 2, 3, 4};
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 2, 2, NULL), *again = NULL;
  clf_dataset_writer *writer = NULL;
  ck_clf_ok(clf_dataset_writer_create(&writer, NULL, path, NULL));
  ck_clf_ok(clf_dataset_writer_append(writer, data));
  ck_clf_ok(clf_dataset_writer_finish(writer));
  clf_dataset_writer_free(writer);
  ck_clf_ok(clf_dataset_load(&again, NULL, "rows", path, NULL));
  ck_values(again, "x", 1, 2, 3, 4);
  clf_dataset_free(again);
  clf_dataset_free(data);
}

TEST(unfinished_file__leaves_nothing) {
  clf_dataset *data = dense(CLF_F32);
  set_content(data, NUMBERS, ROWS);
  clf_dataset_writer *writer = NULL;
  ck_clf_ok(clf_dataset_writer_create(&writer, context, path, NULL));
  ck_clf_ok(clf_dataset_writer_append(writer, data));
  clf_dataset_writer_free(writer);
  ck_assert(only_file(""));
  put_text("file.rows", "old");
  const pid_t child = fork();
  if (child == 0) {
    writer = NULL;
    if (clf_dataset_writer_create(&writer, context, path, NULL) == CLF_OK &&
        clf_dataset_writer_append(writer, data) == CLF_OK) {
      raise(SIGKILL);
    }
    _exit(1);
  }
  int ended;
  ck_assert_int_eq(waitpid(child, &ended, 0), child);
  ck_assert(WIFSIGNALED(ended));
  ck_assert(only_file("file.rows"));
  clf_dataset_free(data);
}

TEST(full_disk__is_a_status_and_leaves_the_old_file) {
  clf_dataset *data = dense(CLF_F64), *again = NULL;
  struct rlimit before, limit;
  struct stat about;
  set_content(data, NUMBERS, ROWS);
  ck_clf_ok(clf_dataset_save(data, "rows", path, NULL));
  ck_assert_int_eq(stat(path, &about), 0);
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_IGN);
  for (rlim_t bytes = 0; bytes < (rlim_t)about.st_size; bytes += 100) {
    limit = before;
    limit.rlim_cur = bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    const clf_status status = clf_dataset_save(data, "rows", path, NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(status, CLF_ERROR_IO);
    ck_clf_says("File too large");
  }
  again = load("verify=true");
  assert_same(data, again);
  ck_assert(only_file("file.rows"));
  clf_dataset_free(again);
  clf_dataset_free(data);
}

static clf__bytes small_file(void) {
  clf_dataset *data = categorical((const char *[]){"red", "blue"}, 2);
  clf__bytes bytes = {0};
  ck_clf_ok(clf_dataset_set_label_names(data, (const char *[]){"a", "b", "a"}, 3));
  ck_clf_ok(clf_dataset_save(data, "rows", path, NULL));
  ck_clf_ok(clf__file_read(&bytes, context, path));
  clf_dataset_free(data);
  return bytes;
}

/* Each changed or missing byte is found. */
TEST(damage__is_refused) {
  clf__bytes file = small_file();
  unsigned char *copy = malloc(file.size);
  ck_assert_ptr_nonnull(copy);
  memcpy(copy, file.data, file.size);
  for (size_t i = 0; i < file.size; i++) {
    clf_dataset *data = NULL;
    copy[i] ^= (unsigned char)(1 << i % 8);
    clf_status status =
        read_bytes(&data, context, &clf__dataset_reader_rows, copy, file.size, NULL);
    ck_assert(status == CLF_ERROR_CORRUPT || status == CLF_ERROR_VERSION);
    status = read_bytes(&data, context, &clf__dataset_reader_rows, file.data, i, NULL);
    ck_assert_int_eq(status, CLF_ERROR_CORRUPT);
    copy[i] = file.data[i];
  }
  free(copy);
  clf__bytes_release(&file);
}

/* Only the features of a mapped file are believed. */
TEST(mapped_features__are_verified_when_asked) {
  clf_dataset *data = dense(CLF_F64), *again = NULL;
  clf__bytes bytes = {0};
  ck_clf_ok(clf_dataset_save(data, "rows", path, NULL));
  ck_clf_ok(clf__file_read(&bytes, context, path));
  unsigned char *copy = malloc(bytes.size);
  ck_assert_ptr_nonnull(copy);
  memcpy(copy, bytes.data, bytes.size);
  copy[1000] ^= 1;
  put_file("file.rows", copy, bytes.size);
  again = load(NULL);
  clf_dataset_free(again);
  ck_clf_fails(clf_dataset_load(&again, context, "rows", path, "verify=true"), CLF_ERROR_CORRUPT);
  ck_clf_says("dataset.x");
  ck_clf_fails(clf_dataset_load(&again, context, "rows", path, "map=false"), CLF_ERROR_CORRUPT);
  ck_clf_fails(clf_dataset_load_memory(&again, context, "rows", copy, bytes.size, NULL),
               CLF_ERROR_CORRUPT);
  free(copy);
  clf__bytes_release(&bytes);
  clf_dataset_free(data);
}

/* A store with the entries of a file of rows, one of which is another. */
static clf_status read_other(const char *entry, const clf_tensor *tensor, const char *text) {
  static const float x[] = {0, 1, 1, 0};
  static const int32_t labels[] = {0, 1}, columns[] = {0, 1};
  static const int64_t classes[] = {3, 5}, starts[] = {0, 1, 2};
  const bool entries = strcmp(entry, "dataset.x") != 0 &&
                       (strcmp(entry, "dataset.column") == 0 || strstr(entry, "_start") != NULL ||
                        strstr(entry, "features") != NULL || strstr(entry, "value") != NULL);
  const struct {
    const char *name;
    const void *data;
    int32_t dtype, ndim;
    int64_t shape[2];
  } tensors[] = {{entries ? "dataset.value" : "dataset.x", x, CLF_F32, entries ? 1 : 2, {2, 2}},
                 {"dataset.column", columns, CLF_I32, 1, {2}},
                 {"dataset.row_start", starts, CLF_I64, 1, {3}},
                 {"dataset.labels", labels, CLF_I32, 1, {2}},
                 {"classes", classes, CLF_I64, 1, {2}}};
  clf__store *store = NULL;
  clf_dataset *data = NULL;
  size_t size = 0;
  ck_clf_ok(clf__store_create(&store, context));
  for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
    clf_tensor *t =
        wrap(tensors[i].data, tensors[i].dtype, tensors[i].ndim, tensors[i].shape, NULL);
    if (strcmp(tensors[i].name, entry) != 0) {
      ck_clf_ok(clf__store_add_tensor(store, tensors[i].name, t));
    }
    clf_tensor_free(t);
  }
  if (strcmp(entry, "dataset.version") != 0) {
    ck_clf_ok(clf__store_add_text(store, "dataset.version", "1"));
  }
  if (strcmp(entry, "dataset.features") != 0) {
    ck_clf_ok(clf__store_add_text(store, "dataset.features", "2"));
  }
  if (tensor != NULL) {
    ck_clf_ok(clf__store_add_tensor(store, entry, tensor));
  } else if (text != NULL) {
    ck_clf_ok(clf__store_add_text(store, entry, text));
  }
  ck_clf_ok(clf__store_write_memory(store, NULL, 0, &size));
  unsigned char *bytes = malloc(size);
  ck_clf_ok(clf__store_write_memory(store, bytes, size, &size));
  const clf_status status =
      read_bytes(&data, context, &clf__dataset_reader_rows, bytes, size, NULL);
  ck_assert_int_eq(status == CLF_OK, data != NULL);
  clf_dataset_free(data);
  clf__store_free(store);
  free(bytes);
  return status;
}

/* What checksums cannot vouch for. */
TEST(entries_that_do_not_fit__are_refused) {
  static const int32_t labels[] = {0, 2}, negative[] = {-1, 0}, columns[] = {0, 2};
  static const int64_t starts[] = {0, 3, 2}, beyond[] = {0, 1, 9};
  static const float weights[] = {1, -1};
  static const double targets[] = {NAN, 1};
  const int64_t two = 2, three = 3;
  const struct {
    const char *entry, *text;
    const void *data;
    int32_t dtype;
    const int64_t *shape;
    clf_status status;
  } cases[] = {
      {"none", NULL, NULL, 0, NULL, CLF_OK},
      {"dataset.version", NULL, NULL, 0, NULL, CLF_ERROR_CORRUPT},
      {"dataset.version", "2", NULL, 0, NULL, CLF_ERROR_VERSION},
      {"dataset.x", NULL, NULL, 0, NULL, CLF_ERROR_CORRUPT},
      {"dataset.x", NULL, labels, CLF_I32, &two, CLF_ERROR_CORRUPT},
      {"dataset.x", NULL, weights, CLF_F32, &two, CLF_ERROR_SHAPE},
      {"dataset.labels", NULL, labels, CLF_I32, &two, CLF_ERROR_CORRUPT},
      {"dataset.labels", NULL, negative, CLF_I32, &two, CLF_ERROR_CORRUPT},
      {"dataset.labels", NULL, weights, CLF_F32, &two, CLF_ERROR_CORRUPT},
      {"dataset.labels", NULL, starts, CLF_I32, &three, CLF_ERROR_CORRUPT},
      {"classes", NULL, NULL, 0, NULL, CLF_ERROR_CORRUPT},
      {"classes", NULL, beyond, CLF_I64, &three, CLF_OK},
      {"classes", NULL, starts, CLF_I64, &three, CLF_ERROR_CORRUPT},
      {"dataset.weights", NULL, weights, CLF_F32, &two, CLF_ERROR_DATA},
      {"dataset.names", NULL, labels, CLF_I32, &two, CLF_ERROR_CORRUPT},
      {"dataset.categories_counts", NULL, starts, CLF_I64, &two, CLF_ERROR_CORRUPT},
      {"dataset.column", NULL, columns, CLF_I32, &two, CLF_ERROR_DATA},
      {"dataset.column", NULL, NULL, 0, NULL, CLF_ERROR_CORRUPT},
      {"dataset.column", NULL, starts, CLF_I64, &two, CLF_ERROR_CORRUPT},
      {"dataset.row_start", NULL, starts, CLF_I64, &three, CLF_ERROR_DATA},
      {"dataset.row_start", NULL, beyond, CLF_I64, &three, CLF_ERROR_CORRUPT},
      {"dataset.features", "0", NULL, 0, NULL, CLF_ERROR_SHAPE},
      {"dataset.features", "many", NULL, 0, NULL, CLF_ERROR_CORRUPT},
      {"dataset.targets", NULL, targets, CLF_F64, &two, CLF_OK}, /* beside labels: left out */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    clf_tensor *tensor =
        cases[i].data != NULL ? wrap(cases[i].data, cases[i].dtype, 1, cases[i].shape, NULL) : NULL;
    const clf_status status = read_other(cases[i].entry, tensor, cases[i].text);
    ck_assert_msg(status == cases[i].status, "case %zu, %s: %s: %s", i, cases[i].entry,
                  clf_status_name(status), clf_last_error());
    clf_tensor_free(tensor);
  }
}

/* A model file is not a file of rows, and the other way round. */
TEST(files_of_another_kind__are_refused) {
  clf_dataset *data = dense(CLF_F32), *again = NULL;
  clf_transform *transform = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, "standardize", NULL));
  ck_clf_ok(clf_transform_fit(transform, data));
  ck_clf_ok(clf_transform_save(transform, path));
  ck_clf_fails(clf_dataset_load(&again, context, "rows", path, NULL), CLF_ERROR_CORRUPT);
  ck_clf_says("not one of rows");
  ck_clf_ok(clf_dataset_save(data, "rows", path, NULL));
  clf_transform_free(transform);
  transform = NULL;
  ck_clf_fails(clf_transform_load(&transform, context, path), CLF_ERROR_CORRUPT);
  clf_dataset_free(data);
}

static clf_status write_and_read(clf_context *own, const void *argument) {
  const char *where = argument;
  static const float x[] = {0, 5, 1, 6, NAN, 7};
  clf_dataset *data = NULL, *again = NULL;
  clf_tensor *tensor = NULL;
  clf_dataset_writer *writer = NULL;
  clf_status status = clf_tensor_wrap(&tensor, own, x, CLF_F32, 2, (const int64_t[]){3, 2}, NULL);
  status = status < 0 ? status : clf_dataset_create(&data, own, tensor, NULL);
  status =
      status < 0 ? status : clf_dataset_set_categories(data, 0, (const char *[]){"red", "blue"}, 2);
  status =
      status < 0 ? status : clf_dataset_set_label_names(data, (const char *[]){"a", "b", "a"}, 3);
  status = status < 0 ? status : clf_dataset_writer_create(&writer, own, where, NULL);
  status = status < 0 ? status : clf_dataset_writer_append(writer, data);
  status =
      status < 0 ? status : clf_dataset_set_label_names(data, (const char *[]){"c", "b", "0"}, 3);
  status = status < 0 ? status
                      : clf_dataset_set_categories(data, 0, (const char *[]){"green", "red"}, 2);
  status = status < 0 ? status : clf_dataset_writer_append(writer, data);
  status = status < 0 ? status : clf_dataset_writer_finish(writer);
  status = status < 0 ? status : clf_dataset_load(&again, own, "rows", where, NULL);
  clf_dataset_free(again);
  clf_dataset_writer_free(writer);
  clf_dataset_free(data);
  clf_tensor_free(tensor);
  return status;
}

TEST(every_allocation_may_fail) {
  ck_assert_int_eq(check_every_allocation("threads=1", write_and_read, path).tolerated, 0);
  unlink(path);
  ck_assert(only_file(""));
}

SUITE("rows_file", .setup = setup, .teardown = teardown)
