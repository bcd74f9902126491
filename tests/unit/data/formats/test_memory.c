/* Datasets from bytes in memory: the rows of a file that holds the same bytes, which the caller may
 * change afterwards. */
#include <stdlib.h>

#include "gzip.h"
#include "reader.h"
#include "text/document_format.h"

#define IMAGES "\0\0\x08\x03\0\0\0\x03\0\0\0\x02\0\0\0\x02\0\x33\x66\x99\xCC\xFF\1\2\3\4\5\6"
#define DOUBLES                                                                                    \
  "\0\0\x0E\2\0\0\0\2\0\0\0\2\x3F\xF8\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\x40\x08\0\0\0\0\0\0\x40\x10\0" \
  "\0\0\0\0\0"
#define SIZE(literal) (sizeof(literal) - 1)

typedef struct format_case {
  const char *format, *params;
  const char *bytes;
  size_t size;
  const char *file_params; /* what a file needs to be read as such bytes are */
} format_case;

/* NPY of [2, 2] f4, little-endian: 1, 2, 3, 4. */
static const char npy[] =
    "\x93NUMPY\1\0\x46\0"
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }          \n"
    "\0\0\x80\x3F\0\0\0\x40\0\0\x40\x40\0\0\x80\x40";

static const format_case CASES[] = {
    {"csv", "label=c", "a,b,c\n1,2,x\n3,4.5,y\n5,6,x\n", 0, NULL},
    {"csv", "encoding=latin1", "a,b\n1,caf\xE9\n2,x\n", 0, NULL},
    {"svmlight", NULL, "1 1:0.5 3:2\n-1 2:1e3\n", 0, NULL},
    {"fields", NULL, "age=31\ncity=Bern\n", 0, NULL},
    {"idx", NULL, IMAGES, SIZE(IMAGES), "labels=none"},
    {"idx", "labels=none scale=1", IMAGES, SIZE(IMAGES), NULL},
    {"idx", NULL, DOUBLES, SIZE(DOUBLES), "labels=none"},
    {"npy", NULL, npy, SIZE(npy), NULL},
    {"images", NULL, "P5 3 2 255\n\1\2\3\4\5\6", 0, NULL},
    {"images", "height=4 width=4 channels=3 normalize=equalize", "P2 2 1 255 7 9\n", 0, NULL},
};
enum { CASE_COUNT = sizeof CASES / sizeof CASES[0] };

static size_t size_of(const format_case *c) {
  return c->size > 0 ? c->size : strlen(c->bytes);
}

static void check_same_tensor(const clf_dataset *a, const clf_dataset *b, const char *name) {
  clf_tensor *x = NULL, *y = NULL;
  const clf_status status = clf_dataset_tensor(&x, a, name);
  ck_assert_int_eq(clf_dataset_tensor(&y, b, name), status);
  if (status == CLF_OK) {
    ck_assert_int_eq(clf_tensor_dtype(x), clf_tensor_dtype(y));
    ck_assert_int_eq(clf_tensor_count(x), clf_tensor_count(y));
    ck_assert_double_eq(clf_tensor_scale(x), clf_tensor_scale(y));
    for (int64_t i = 0; i < clf_tensor_count(x); i++) {
      ck_assert_double_eq(clf__tensor_value(x, i), clf__tensor_value(y, i));
    }
  }
  clf_tensor_free(x);
  clf_tensor_free(y);
}

static void check_same(const clf_dataset *a, const clf_dataset *b) {
  ck_assert_int_eq(clf_dataset_rows(a), clf_dataset_rows(b));
  ck_assert_int_eq(clf_dataset_features(a), clf_dataset_features(b));
  ck_assert_int_eq(clf_dataset_classes(a), clf_dataset_classes(b));
  check_same_tensor(a, b, clf_dataset_sparse(a) ? "value" : "x");
  for (int64_t k = 0; k < clf_dataset_classes(a); k++) {
    ck_assert_str_eq(clf_dataset_class_name(a, k), clf_dataset_class_name(b, k));
  }
  if (clf_dataset_classes(a) > 0) {
    check_same_tensor(a, b, "labels");
  }
}

/* From each alignment; the bytes are overwritten when they have been read. */
static void check_memory(const format_case *c, const clf_dataset *expected, const void *bytes,
                         size_t size) {
  for (size_t offset = 0; offset < 8; offset++) {
    clf_dataset *made = NULL;
    char *block = malloc(offset + size);
    ck_assert_ptr_nonnull(block);
    memcpy(block + offset, bytes, size);
    ck_clf_ok(clf_dataset_load_memory(&made, context, c->format, block + offset, size, c->params));
    memset(block, 0xAA, offset + size);
    free(block);
    check_same(made, expected);
    clf_dataset_free(made);
  }
}

TEST_LOOP(bytes__are_read_as_the_file_that_holds_them, 0, CASE_COUNT) {
  const format_case *c = &CASES[_i];
  char packed[512];
  clf_dataset *expected = NULL;
  put_file("data", c->bytes, size_of(c));
  ck_clf_ok(clf_dataset_load(&expected, context, c->format, path_of("data"),
                             c->params != NULL ? c->params : c->file_params));
  check_memory(c, expected, c->bytes, size_of(c));
  check_memory(c, expected, packed, deflate_bytes(packed, sizeof packed, c->bytes, size_of(c), 1));
  clf_dataset_free(expected);
}

/* The library's own file, which starts at an address where f64 may not. */
TEST(file_of_rows__is_read_as_the_file) {
  static const double values[] = {1, 2.5, -3, 1e9, 5, 6};
  static const int32_t labels[] = {1, 0, 1};
  char bytes[4096], packed[4096];
  clf_dataset *expected = NULL, *data = dataset_of(NULL, values, CLF_F64, 3, 2, labels);
  ck_clf_ok(clf_dataset_save(data, "rows", path_of("rows"), NULL));
  FILE *file = fopen(path_of("rows"), "rb");
  ck_assert_ptr_nonnull(file);
  const size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  ck_assert_uint_lt(size, sizeof bytes);
  ck_clf_ok(clf_dataset_load(&expected, context, "rows", path_of("rows"), NULL));
  const format_case rows = {.format = "rows"};
  check_memory(&rows, expected, bytes, size);
  check_memory(&rows, expected, packed, deflate_bytes(packed, sizeof packed, bytes, size, 1));
  clf_dataset_free(expected);
  clf_dataset_free(data);
}

/* Plain text is not copied: no block of its size is allocated. */
TEST(text__is_not_copied) {
  enum { LINES = 1 << 14, BYTES = 128 };
  char *text = malloc(BYTES * LINES);
  clf_dataset *made = NULL;
  clf_context *small = NULL;
  ck_assert_ptr_nonnull(text);
  size_t size = 0;
  for (int i = 0; i < LINES; i++) {
    size += (size_t)sprintf(text + size, "%0100d,%d\n", i, i % 2);
  }
  ck_assert_uint_gt(size, 1600000);
  ck_clf_ok(clf_context_create(&small, NULL, "threads=1 memory_limit=1600000"));
  ck_clf_ok(clf_dataset_load_memory(&made, small, "csv", text, size, "header=false"));
  ck_assert_int_eq(clf_dataset_rows(made), LINES);
  clf_dataset_free(made);
  clf_context_free(small);
  free(text);
}

static void check_refused(const char *format, const char *params, const void *bytes, size_t size,
                          clf_status status, const char *says) {
  clf_dataset *made = NULL;
  ck_clf_fails(clf_dataset_load_memory(&made, context, format, bytes, size, params), status);
  ck_clf_says(says);
  ck_assert_ptr_null(made);
}

TEST(parameters_about_files__are_refused) {
  check_refused("idx", "labels=a", IMAGES, SIZE(IMAGES), CLF_ERROR_ARGUMENT,
                "data in memory: labels=a names a file");
  check_refused("idx", "map=true", IMAGES, SIZE(IMAGES), CLF_ERROR_ARGUMENT,
                "map=true is for files");
  check_refused("npy", "labels=a", npy, SIZE(npy), CLF_ERROR_ARGUMENT, "labels=a names a file");
  check_refused("npy", "map=true", npy, SIZE(npy), CLF_ERROR_ARGUMENT, "map=true is for files");
  check_refused("images", "labels=name", "P2 1 1 255 7", 12, CLF_ERROR_ARGUMENT,
                "labels and folders are for files");
  check_refused("images", "folders=a", "P2 1 1 255 7", 12, CLF_ERROR_ARGUMENT,
                "labels and folders are for files");
}

TEST(bytes_that_are_wrong__are_refused) {
  check_refused("cvs", NULL, "1", 1, CLF_ERROR_ARGUMENT, "did you mean 'csv'");
  check_refused("csv", NULL, "", 0, CLF_ERROR_DATA, "data in memory: the file is empty");
  check_refused("csv", NULL, "1,2\n1,x,2\n", 10, CLF_ERROR_FORMAT, "data in memory line 2");
  check_refused("csv", NULL, "1,2", SIZE_MAX, CLF_ERROR_ARGUMENT, "must be the number of bytes");
  check_refused("images", NULL, "x", 1, CLF_ERROR_FORMAT, "data in memory: ");
  check_refused("images", "height=3", "P2 1 1 255 7", 12, CLF_ERROR_ARGUMENT, "both");
}

/* Parts of a text are numbered as the whole. */
TEST(lines__are_numbered_from_any_number) {
  check_refused("csv", "first_line=100", "1,2\n\n1,x,2\n", 11, CLF_ERROR_FORMAT, "line 102");
  check_refused("svmlight", "first_line=100", "1 1:2\n1 x:2\n", 12, CLF_ERROR_FORMAT, "line 101");
  check_refused("csv", "first_line=0", "1,2\n", 4, CLF_ERROR_ARGUMENT, "first_line");
}

/* A header that promises too much is refused before memory is filled. */
TEST(compressed_bytes__are_measured_by_their_header) {
  static char zeros[1 << 20];
  static char packed[1 << 13];
  memcpy(zeros, "\0\0\x08\2\0\0\0\2\0\0\0\2", 12);
  const size_t size = deflate_bytes(packed, sizeof packed, zeros, sizeof zeros, 1);
  check_refused("idx", NULL, packed, size, CLF_ERROR_FORMAT,
                "it goes on after the 16 bytes that its header promises");
}

TEST(reading__can_be_cancelled) {
  clf_dataset *made = NULL;
  ck_clf_ok(clf_context_set_progress(context, cancel_at_once, NULL));
  ck_clf_fails(clf_dataset_load_memory(&made, context, "csv", "1,2\n3,4\n", 8, NULL),
               CLF_ERROR_CANCELLED);
  ck_assert_ptr_null(made);
}

SUITE("memory", .setup = open_reader, .teardown = close_reader)
