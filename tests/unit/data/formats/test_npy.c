#include <math.h>

#include "gzip.h"
#include "reader.h"

/* A file in the making. */
typedef struct file {
  unsigned char bytes[4096];
  size_t size;
} file;

static void append(file *to, const void *bytes, size_t size) {
  ck_assert_uint_le(to->size + size, sizeof to->bytes);
  memcpy(to->bytes + to->size, bytes, size);
  to->size += size;
}

/* The lowest `width` bytes of a number, least first. */
static void append_number(file *to, uint64_t number, int width) {
  for (int i = 0; i < width; i++) {
    to->bytes[to->size++] = (unsigned char)(number >> 8 * i);
  }
}

static file npy_of_version(int version, const char *header, const void *data, size_t size) {
  file out = {.size = 0};
  append(&out, "\x93NUMPY", 6);
  append_number(&out, (uint64_t)version, 2);
  append_number(&out, strlen(header), version == 1 ? 2 : 4);
  append(&out, header, strlen(header));
  append(&out, data, size);
  return out;
}

#define NPY(descr, order, shape, data)                                                             \
  npy_of_version(1, "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }\n",  \
                 data, sizeof data - 1)

static clf_dataset *read_file(const file *bytes, const char *params) {
  clf_dataset *dataset = NULL;
  ck_clf_ok(
      read_bytes(&dataset, context, &clf__dataset_reader_npy, bytes->bytes, bytes->size, params));
  return dataset;
}

TEST(reads_every_element_type) {
  static const struct {
    const char *descr;
    const char *data;
    size_t size;
    double expected[2];
  } types[] = {
      {"<f4", "\0\0\xC0\x3F\0\0\x80\xBE", 8, {1.5, -0.25}},
      {">f4", "\x3F\xC0\0\0\xBE\x80\0\0", 8, {1.5, -0.25}},
      {"<f8", "\0\0\0\0\0\0\xF8\x3F\0\0\0\0\0\0\xD0\xBF", 16, {1.5, -0.25}},
      {">f8", "\x3F\xF8\0\0\0\0\0\0\xBF\xD0\0\0\0\0\0\0", 16, {1.5, -0.25}},
      {"|u1", "\x80\xFF", 2, {128, 255}},
      {"|b1", "\1\0", 2, {1, 0}},
      {"|i1", "\x80\xFF", 2, {-128, -1}},
      {"<i2", "\0\x80\x34\x12", 4, {-32768, 0x1234}},
      {">i2", "\x80\0\x12\x34", 4, {-32768, 0x1234}},
      {"<u2", "\0\x80\x34\x12", 4, {32768, 0x1234}},
      {">u2", "\x80\0\x12\x34", 4, {32768, 0x1234}},
      {"<i4", "\0\0\0\x80\x56\x34\x12\0", 8, {-2147483648.0, 0x123456}},
      {">i4", "\x80\0\0\0\0\x12\x34\x56", 8, {-2147483648.0, 0x123456}},
      {"<u4", "\0\0\0\x80\x56\x34\x12\0", 8, {2147483648.0, 0x123456}},
      {">u4", "\x80\0\0\0\0\x12\x34\x56", 8, {2147483648.0, 0x123456}},
      {"<i8", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0\1\0\0\0", 16, {-1, 4294967296.0}},
      {">i8", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\1\0\0\0\0", 16, {-1, 4294967296.0}},
      {"<u8", "\0\0\0\0\0\0\0\x80\0\0\0\0\1\0\0\0", 16, {0x1p63, 4294967296.0}},
      {"<f2", "\0\x3E\0\xB4", 4, {1.5, -0.25}},
      {">f2", "\x7B\xFF\x80\0", 4, {65504, -0.0}},
      {"<f2", "\1\0\xFF\x83", 4, {0x1p-24, -0x3FFp-24}},
      {"<f2", "\0\x7C\1\x7E", 4, {INFINITY, NAN}},
      {"u1", "\x80\xFF", 2, {128, 255}},
      {"=i1", "\x80\xFF", 2, {-128, -1}},
  };
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    char header[128];
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (1, 2), }",
             types[i].descr);
    file bytes = npy_of_version(1, header, types[i].data, types[i].size);
    clf_dataset *dataset = read_file(&bytes, NULL);
    assert_values(dataset, "x", types[i].expected, 2);
    clf_dataset_free(dataset);
  }
}

/* As NumPy, this machine's order is taken where none is given; the log says so. */
TEST(reads_elements_of_no_order) {
  static const char *const orders[] = {"", "=", "|"};
  const float numbers[] = {1.5F, -0.25F};
  for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
    char header[128];
    forget_log();
    snprintf(header, sizeof header, "{'descr': '%sf4', 'fortran_order': False, 'shape': (1, 2), }",
             orders[i]);
    file bytes = npy_of_version(1, header, numbers, sizeof numbers);
    clf_dataset *dataset = read_file(&bytes, NULL);
    ck_values(dataset, "x", 1.5, -0.25);
    ck_assert_msg(strstr(heard, "file: the order of its elements' bytes is not given") != NULL,
                  "%s", heard);
    clf_dataset_free(dataset);
  }
}

/* What f64 does not hold is said. */
TEST(says_which_integers_are_rounded) {
  file exact = NPY("<u8", "False", "(1, 1)", "\0\0\0\0\0\0\0\xC0");
  file rounded = NPY("<u8", "False", "(1, 1)", "\1\0\0\0\0\0\0\xC0");
  forget_log();
  clf_dataset_free(read_file(&exact, NULL));
  ck_assert_str_eq(heard, "");
  clf_dataset_free(read_file(&rounded, NULL));
  ck_assert_ptr_nonnull(strstr(heard, "beyond 2^53"));
}

TEST(reads_every_header) {
  static const struct {
    int version;
    const char *header;
  } headers[] = {
      {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }          \n"},
      {2, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }\n"},
      {3, "{'descr': '<u1', 'fortran_order': False, 'shape': (2, 3)}"},
      {1, "{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\">u1\"}"},
      {1, " { 'shape' : ( 2L , 3L , ) , 'descr' : '|u1' , 'fortran_order' : False , } \n \n"},
  };
  for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
    file bytes = npy_of_version(headers[i].version, headers[i].header, "\1\2\3\4\5\6", 6);
    clf_dataset *dataset = read_file(&bytes, NULL);
    ck_assert_int_eq(clf_dataset_features(dataset), 3);
    ck_values(dataset, "x", 1, 2, 3, 4, 5, 6);
    clf_dataset_free(dataset);
  }
}

TEST(reads_fortran_order) {
  file bytes = NPY("|u1", "True", "(2, 3)", "\1\4\2\5\3\6");
  clf_dataset *dataset = read_file(&bytes, NULL);
  ck_values(dataset, "x", 1, 2, 3, 4, 5, 6);
  clf_dataset_free(dataset);
  bytes = NPY(">u2", "True", "(2, 1, 2)", "\0\1\0\3\0\2\0\4");
  dataset = read_file(&bytes, NULL);
  ck_values(dataset, "x", 1, 2, 3, 4);
  clf_dataset_free(dataset);
}

TEST(scales_bytes) {
  file bytes = NPY("|u1", "False", "(1, 2)", "\2\4");
  clf_dataset *dataset = read_file(&bytes, "scale=0.25");
  ck_values(dataset, "x", 0.5, 1);
  clf_dataset_free(dataset);
}

/* f32 in C order stays where the file is mapped. */
TEST(maps_plain_floats_on_demand) {
  enum { COUNT = 10000 };
  static struct {
    char header[128];
    float numbers[COUNT];
  } plain;
  memset(plain.header, ' ', sizeof plain.header);
  static const char header[] =
      "\x93NUMPY\1\0\x76\0{'descr': '<f4', 'fortran_order': False, "
      "'shape': (100, 100)}";
  memcpy(plain.header, header, sizeof header - 1);
  for (int i = 0; i < COUNT; i++) {
    plain.numbers[i] = (float)i;
  }
  clf_dataset *dataset = NULL;
  const char *path = put_file("x.npy", &plain, sizeof plain);
  ck_clf_ok(clf_dataset_load(&dataset, context, "npy", path, "map=true"));
  ck_assert_uint_lt(clf_context_memory(context), held_before + 4096);
  ck_assert_float_eq(((const float *)clf__dataset_rows(dataset).data)[COUNT - 1], COUNT - 1);
  clf_dataset_free(dataset);
  ck_clf_ok(clf_dataset_load(&dataset, context, "npy", path, NULL));
  ck_assert_uint_gt(clf_context_memory(context), sizeof plain);
  clf_dataset_free(dataset);
}

TEST(reads_labels_from_their_own_file) {
  file x = NPY("|u1", "False", "(2, 2)", "\1\2\3\4");
  file y = NPY("<i8", "False", "(2,)", "\7\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0");
  file column = NPY("|i1", "False", "(2, 1)", "\7\5");
  file targets = NPY("|i1", "True", "(2, 2)", "\1\3\2\4");
  char params[256];
  clf_dataset *dataset = NULL;
  const char *path = put_file("x.npy", x.bytes, x.size);
  snprintf(params, sizeof params, "labels=%s", put_file("y.npy", y.bytes, y.size));
  ck_clf_ok(clf_dataset_load(&dataset, context, "npy", path, params));
  ck_values(dataset, "labels", 1, 0);
  ck_assert_str_eq(clf_dataset_class_name(dataset, 1), "7");
  clf_dataset_free(dataset);
  put_file("y.npy", column.bytes, column.size);
  ck_clf_ok(clf_dataset_load(&dataset, context, "npy", path, params));
  ck_values(dataset, "labels", 1, 0);
  clf_dataset_free(dataset);
  put_file("y.npy", targets.bytes, targets.size);
  snprintf(params, sizeof params, "labels=%s regression=true", path_of("y.npy"));
  ck_clf_ok(clf_dataset_load(&dataset, context, "npy", path, params));
  ck_values(dataset, "targets", 1, 2, 3, 4);
  clf_dataset_free(dataset);
  dataset = NULL;
  put_file("y.npy", x.bytes, x.size - 1);
  ck_clf_fails(clf_dataset_load(&dataset, context, "npy", path, params), CLF_ERROR_FORMAT);
  ck_clf_says("y.npy: it has");
  ck_assert_ptr_null(dataset);
}

static const char good[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }";

TEST(refuses_hostile_headers) {
  static const struct {
    int version;
    const char *header;
    clf_status status;
    const char *says;
  } table[] = {
      {0, good, CLF_ERROR_FORMAT, "offset 6: its version is 0.0"},
      {4, good, CLF_ERROR_FORMAT, "offset 6: its version is 4.0"},
      {257, good, CLF_ERROR_FORMAT, "offset 6: its version is 1.1"},
      {1, "", CLF_ERROR_FORMAT, "offset 10: { expected"},
      {1, "{}", CLF_ERROR_FORMAT, "descr, fortran_order and shape expected"},
      {1, "{'descr': '|u1', 'fortran_order': False}", CLF_ERROR_FORMAT, "shape expected"},
      {1, "{'descr': '|u1', 'descr': '|u1', 'shape': (6,)}", CLF_ERROR_FORMAT,
       "each of descr, fortran_order and shape once expected"},
      {1, "{'descr': '|u1', 'order': False, 'shape': (6,)}", CLF_ERROR_FORMAT, "offset 34: each"},
      {1, "{'descr' '|u1'}", CLF_ERROR_FORMAT, "offset 19: : expected"},
      {1, "{'descr': '|u1' 'shape': (6,)}", CLF_ERROR_FORMAT, ", or } expected"},
      {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), } x", CLF_ERROR_FORMAT,
       "offset 70: "},
      {1, "{'descr': '|u1", CLF_ERROR_FORMAT, "an element type such as '<f4'"},
      {1, "{'descr': [('a', '<f4')]}", CLF_ERROR_TYPE, "records (a structured array)"},
      {1, "{'descr': '|O', 'fortran_order': False, 'shape': (6,)}", CLF_ERROR_TYPE,
       "its elements are '|O', Python objects, which are pickled"},
      {1, "{'descr': '<c8'}", CLF_ERROR_TYPE, "'<c8', complex: save x.real"},
      {1, "{'descr': '<f16'}", CLF_ERROR_TYPE, "'<f16', long doubles: save x.astype('f8')"},
      {1, "{'descr': '<M8[ns]'}", CLF_ERROR_TYPE, "dates"},
      {1, "{'descr': '|V8'}", CLF_ERROR_TYPE, "records"},
      {1, "{'descr': '<U0'}", CLF_ERROR_TYPE, "of no type that is read: f2|f4"},
      {1, "{'descr': '<U99999999'}", CLF_ERROR_TYPE, "of no type"},
      {1, "{'descr': '<i3'}", CLF_ERROR_TYPE, "of no type"},
      {1, "{'descr': 'f'}", CLF_ERROR_TYPE, "'f'"},
      {1, "{'descr': '<<f4'}", CLF_ERROR_TYPE, "of no type"},
      {1, "{'descr': '<f-4'}", CLF_ERROR_TYPE, "'<f-4'"},
      {1, "{'descr': ''}", CLF_ERROR_TYPE, "'', of no type"},
      {1, "{'descr': '<U1', 'fortran_order': False, 'shape': (1, 1)}", CLF_ERROR_TYPE,
       "file: its elements are texts ('U'); rows of features are numbers"},
      {1, "{'fortran_order': 0}", CLF_ERROR_FORMAT, "True or False expected"},
      {1, "{'shape': [2, 3]}", CLF_ERROR_FORMAT, "( expected"},
      {1, "{'shape': (2, -3)}", CLF_ERROR_FORMAT, "a size expected"},
      {1, "{'shape': (2, x)}", CLF_ERROR_FORMAT, "a size expected"},
      {1, "{'shape': (2 3)}", CLF_ERROR_FORMAT, ", or ) expected"},
      {1, "{'shape': (2, 99999999999999999999)}", CLF_ERROR_FORMAT, "a size expected"},
      {1, "{'shape': (1,1,1,1,1,1,1,1,1)}", CLF_ERROR_FORMAT, "it has more than 8 axes"},
      {1, "{'descr': '|u1', 'fortran_order': False, 'shape': ()}", CLF_ERROR_SHAPE,
       "file: it is a single element; rows of features have 2 to 8 axes"},
      {1, "{'shape': (", CLF_ERROR_FORMAT, "a size expected"},
      {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (6,)}", CLF_ERROR_SHAPE,
       "file: it has 1 axes; rows of features have 2 to 8"},
      {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (0, 3)}", CLF_ERROR_DATA,
       "the size of axis 0 is 0"},
      {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4)}", CLF_ERROR_FORMAT,
       "its header promises"},
      {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)}", CLF_ERROR_FORMAT,
       "its header promises"},
      {1, "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
       CLF_ERROR_SHAPE, "the sizes overflow at axis 1, which has 4294967296"},
      {1, "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 9223372036854775807)}",
       CLF_ERROR_DATA, "axis 0"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    file bytes = npy_of_version(table[i].version, table[i].header, "\1\2\3\4\5\6", 6);
    hostile bad = {(const char *)bytes.bytes, bytes.size, NULL, table[i].status, table[i].says};
    assert_refused(context, &clf__dataset_reader_npy, &bad);
  }
}

TEST(refuses_hostile_bytes) {
  static const hostile table[] = {
      {"\0", 0, NULL, CLF_ERROR_FORMAT, "file: it is not an NPY file"},
      {"\x93NUMPY\1\0\1", 9, NULL, CLF_ERROR_FORMAT, "file: it is not an NPY file"},
      {"\x93NUMPX\1\0\1\0{}", 12, NULL, CLF_ERROR_FORMAT, "file: it is not an NPY file"},
      {"\x93NUMPY\1\0\3\0{}", 12, NULL, CLF_ERROR_FORMAT,
       "offset 8: the header has 3 bytes; the file has 2 after it"},
      {"\x93NUMPY\2\0\xFF\xFF\xFF\xFF{}", 14, NULL, CLF_ERROR_FORMAT, "has 4294967295 bytes"},
      {"\x80\4\x95xxxxxxxxx", 12, NULL, CLF_ERROR_FORMAT, "file: it is a Python pickle"},
      {"PK\3\4xxxx", 8, NULL, CLF_ERROR_FORMAT, "a ZIP archive without its end record"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_npy, &table[i]);
  }
}

/* A ZIP archive in the making: its members, then its directory. */
typedef struct archive {
  file members;
  file directory;
  int count;
} archive;

static void add_member(archive *to, const char *name, const file *content, int deflated) {
  unsigned char packed[4096];
  size_t size = content->size;
  memcpy(packed, content->bytes, size);
  if (deflated) {
    size = deflate_bytes(packed, sizeof packed, content->bytes, content->size, 0);
  }
  uint64_t crc = crc32(0, content->bytes, (uInt)content->size);
  file *local = &to->members;
  file *entry = &to->directory;
  append(entry, "PK\1\2\x14\0\x14\0\0\0", 10);
  append_number(entry, deflated ? 8 : 0, 2);
  append_number(entry, 0, 4);
  append_number(entry, crc, 4);
  append_number(entry, size, 4);
  append_number(entry, content->size, 4);
  append_number(entry, strlen(name), 2);
  append_number(entry, 0, 8);
  append_number(entry, 0, 4);
  append_number(entry, local->size, 4);
  append(entry, name, strlen(name));
  append(local, "PK\3\4\x14\0\0\0", 8);
  append_number(local, deflated ? 8 : 0, 2);
  append_number(local, 0, 4);
  append_number(local, crc, 4);
  append_number(local, 0xFFFFFFFF, 4); /* NumPy leaves them to an extra field */
  append_number(local, 0xFFFFFFFF, 4);
  append_number(local, strlen(name), 2);
  append_number(local, 20, 2);
  append(local, name, strlen(name));
  append(local, "\1\0\x10\0xxxxxxxxxxxxxxxx", 20);
  append(local, packed, size);
  to->count++;
}

static file finish_archive(const archive *from, const char *comment) {
  file out = from->members;
  append(&out, from->directory.bytes, from->directory.size);
  append(&out, "PK\5\6\0\0\0\0", 8);
  append_number(&out, (uint64_t)from->count, 2);
  append_number(&out, (uint64_t)from->count, 2);
  append_number(&out, from->directory.size, 4);
  append_number(&out, from->members.size, 4);
  append_number(&out, strlen(comment), 2);
  append(&out, comment, strlen(comment));
  return out;
}

/* x and y under these names. */
static file npz_of(const char *x_name, const char *y_name, int deflated) {
  archive zip = {.count = 0};
  file x = NPY("<f4", "False", "(3, 1)", "\0\0\x80\x3F\0\0\0\x40\0\0\x40\x40");
  file y = NPY("<i8", "False", "(3,)", "\x09\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0");
  add_member(&zip, "arr_9.npy", &y, 0);
  add_member(&zip, x_name, &x, deflated);
  add_member(&zip, y_name, &y, deflated);
  return finish_archive(&zip, "");
}

TEST(reads_archives) {
  static const char *const names[][2] = {{"x.npy", "y.npy"},
                                         {"X.npy", "Y.npy"},
                                         {"data.npy", "target.npy"},
                                         {"images.npy", "labels.npy"},
                                         {"arr_0.npy", "arr_1.npy"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    for (int deflated = 0; deflated < 2; deflated++) {
      file bytes = npz_of(names[i][0], names[i][1], deflated);
      clf_dataset *dataset = read_file(&bytes, NULL);
      ck_values(dataset, "x", 1, 2, 3);
      ck_values(dataset, "labels", 1, 0, 1);
      clf_dataset_free(dataset);
    }
  }
}

/* A later member of a name takes the place of an earlier one, as numpy.load() has it. */
TEST(reads_the_last_of_one_name) {
  archive zip = {.count = 0};
  file first = NPY("|u1", "False", "(1, 2)", "\1\2");
  file last = NPY("|u1", "False", "(1, 2)", "\3\4");
  add_member(&zip, "x.npy", &first, 1);
  add_member(&zip, "x.npy", &last, 1);
  file bytes = finish_archive(&zip, "");
  clf_dataset *dataset = read_file(&bytes, NULL);
  ck_values(dataset, "x", 3, 4);
  clf_dataset_free(dataset);
}

/* Labels keep all 64 bits, and those that do not fit are refused rather than merged. */
TEST(reads_unsigned_labels_exactly) {
  archive zip = {.count = 0};
  file x = NPY("|u1", "False", "(2, 1)", "\1\2");
  file y = NPY("<u8", "False", "(2,)", "\7\0\0\0\0\0\0\0\1\0\0\0\0\0\0\x80");
  add_member(&zip, "x.npy", &x, 0);
  add_member(&zip, "y.npy", &y, 0);
  file bytes = finish_archive(&zip, "");
  hostile bad = {(const char *)bytes.bytes, bytes.size, NULL, CLF_ERROR_DATA,
                 "file: y.npy: element 1 is 9223372036854775809; labels up to 9223372036854775807"};
  assert_refused(context, &clf__dataset_reader_npy, &bad);
}

static void refuse(const file *bytes, const char *params, clf_status status, const char *says) {
  hostile bad = {(const char *)bytes->bytes, bytes->size, params, status, says};
  assert_refused(context, &clf__dataset_reader_npy, &bad);
}

/* x of three rows with labels of this header and these bytes. */
static file archive_with_labels(const char *header, const void *data, size_t size) {
  archive zip = {.count = 0};
  file x = NPY("|u1", "False", "(3, 1)", "\1\2\3");
  file y = npy_of_version(1, header, data, size);
  add_member(&zip, "x.npy", &x, 0);
  add_member(&zip, "y.npy", &y, 1);
  return finish_archive(&zip, "");
}

#define LABELS(descr, shape) "{'descr': '" descr "', 'fortran_order': False, 'shape': " shape ", }"

TEST(reads_texts_as_labels) {
  static const struct {
    const char *header, *data;
    size_t size;
    const char *first, *second;
    double labels[3];
  } cases[] = {
      {LABELS("<U2", "(3,)"),
       "\xDF\0\0\0\0\0\0\0a\0\0\0b\0\0\0\xDF\0\0\0\0\0\0\0",
       24,
       "ab",
       "\xC3\x9F",
       {1, 0, 1}},
      {LABELS(">U1", "(3, 1)"),
       "\0\1\xF6\x31\0\0\0z\0\0\0z",
       12,
       "z",
       "\xF0\x9F\x98\xB1",
       {1, 0, 0}},
      {LABELS("|S3", "(3,)"), "no\0yesno\0", 9, "no", "yes", {0, 1, 0}},
      {LABELS("S1", "(3,)"), "b\0b", 3, "", "b", {1, 0, 1}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    file bytes = archive_with_labels(cases[i].header, cases[i].data, cases[i].size);
    clf_dataset *dataset = read_file(&bytes, NULL);
    assert_values(dataset, "labels", cases[i].labels, 3);
    ck_assert_str_eq(clf_dataset_class_name(dataset, 0), cases[i].first);
    ck_assert_str_eq(clf_dataset_class_name(dataset, 1), cases[i].second);
    clf_dataset_free(dataset);
  }
}

TEST(refuses_texts_that_are_no_labels) {
  static const struct {
    const char *header, *data;
    size_t size;
    const char *params;
    clf_status status;
    const char *says;
  } cases[] = {
      {LABELS("|S1", "(3,)"),
       "a\xE9"
       "b",
       3, NULL, CLF_ERROR_DATA,
       "file: y.npy: labels: the name of row 1: '?' is no UTF-8: byte 1 is 0xE9"},
      {LABELS("|S3", "(3,)"), "a\0bcccddd", 9, NULL, CLF_ERROR_DATA, "element 0: 0x0, at place 1"},
      {LABELS("<U1", "(3,)"), "a\0\0\0\0\xD8\0\0c\0\0\0", 12, NULL, CLF_ERROR_DATA,
       "file: y.npy: element 1: 0xD800, at place 0, is no character"},
      {LABELS("<U1", "(3,)"), "a\0\0\0\0\0\x11\0c\0\0\0", 12, NULL, CLF_ERROR_DATA, "0x110000"},
      {LABELS("|u1", "(3, 2)"), "\1\0\0\1\1\0", 6, NULL, CLF_ERROR_SHAPE,
       "file: y.npy: labels: 2 numbers a row; the shape must be [rows]: of 0 and 1 save where"},
      {LABELS("|S1", "(3, 2)"), "abcdef", 6, NULL, CLF_ERROR_SHAPE, "2 texts a row"},
      {LABELS("|S1", "(3,)"), "abc", 3, "regression=true", CLF_ERROR_TYPE,
       "file: y.npy: its elements are texts ('S'); regression targets are numbers"},
      {LABELS("|S1", "(2,)"), "ab", 2, NULL, CLF_ERROR_SHAPE, "it has 2 labels for 3 rows"},
      {LABELS("|S2", "(3,)"), "abc", 3, NULL, CLF_ERROR_FORMAT, "promises"},
      {LABELS("|O", "(3,)"), "abc", 3, NULL, CLF_ERROR_TYPE,
       "y.npy: its elements are '|O', Python"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    file bytes = archive_with_labels(cases[i].header, cases[i].data, cases[i].size);
    hostile bad = {(const char *)bytes.bytes, bytes.size, cases[i].params, cases[i].status,
                   cases[i].says};
    assert_refused(context, &clf__dataset_reader_npy, &bad);
  }
}

TEST(says_which_arrays_it_takes) {
  file bytes = npz_of("x.npy", "y.npy", 0);
  forget_log();
  clf_dataset_free(read_file(&bytes, NULL));
  ck_assert_ptr_nonnull(strstr(heard, "file: the rows are x.npy; x=NAME"));
  ck_assert_ptr_nonnull(strstr(heard, "file: the labels are y.npy; y=NAME"));
  forget_log();
  clf_dataset_free(read_file(&bytes, "x=x y=y"));
  ck_assert_str_eq(heard, "");
  bytes = npz_of("x.npy", "z.npy", 0);
  clf_dataset_free(read_file(&bytes, "x=x"));
  ck_assert_ptr_nonnull(strstr(heard, "file: there are no labels; y=NAME"));
}

/* A part of a sparse matrix, in an archive. */
static void add_part(archive *to, const char *name, const char *header, const void *data,
                     size_t size) {
  file member = npy_of_version(1, header, data, size);
  add_member(to, name, &member, to->count % 2);
}

typedef struct parts {
  const char *format; /* of three letters */
  const char *first, *second;
  int32_t a[4], b[4];
  int a_count, b_count;
  float values[4];
  int32_t shape[2];
} parts;

static file sparse_archive(const parts *from) {
  char header[128];
  archive zip = {.count = 0};
  snprintf(header, sizeof header, LABELS("<i4", "(%d,)"), from->a_count);
  add_part(&zip, from->first, header, from->a, (size_t)from->a_count * 4);
  snprintf(header, sizeof header, LABELS("<i4", "(%d,)"), from->b_count);
  add_part(&zip, from->second, header, from->b, (size_t)from->b_count * 4);
  add_part(&zip, "format.npy", LABELS("|S3", "()"), from->format, 3);
  add_part(&zip, "shape.npy", LABELS("<i4", "(2,)"), from->shape, 8);
  add_part(&zip, "data.npy", LABELS("<f4", "(4,)"), from->values, 16);
  add_part(&zip, "y.npy", LABELS("|u1", "(3,)"), "\5\7\5", 3);
  return finish_archive(&zip, "");
}

/* [1 0 2; 0 0 0; 3 4 0] */
static const parts matrices[] = {
    {"csr", "indices.npy", "indptr.npy", {0, 2, 0, 1}, {0, 2, 2, 4}, 4, 4, {1, 2, 3, 4}, {3, 3}},
    {"csr", "indices.npy", "indptr.npy", {2, 0, 1, 0}, {0, 2, 2, 4}, 4, 4, {2, 1, 4, 3}, {3, 3}},
    {"csc", "indices.npy", "indptr.npy", {0, 2, 2, 0}, {0, 2, 3, 4}, 4, 4, {1, 3, 4, 2}, {3, 3}},
    {"coo", "row.npy", "col.npy", {2, 0, 2, 0}, {1, 2, 0, 0}, 4, 4, {4, 2, 3, 1}, {3, 3}},
};
enum { MATRICES = sizeof matrices / sizeof matrices[0] };

TEST(reads_sparse_matrices) {
  for (int i = 0; i < MATRICES; i++) {
    file bytes = sparse_archive(&matrices[i]);
    clf_dataset *dataset = read_file(&bytes, NULL);
    ck_assert_int_eq(clf_dataset_features(dataset), 3);
    ck_values(dataset, "row_start", 0, 2, 2, 4);
    ck_values(dataset, "column", 0, 2, 0, 1);
    ck_values(dataset, "value", 1, 2, 3, 4);
    ck_values(dataset, "labels", 0, 1, 0);
    clf_dataset_free(dataset);
  }
}

TEST(adds_entries_of_one_place) {
  parts twice = matrices[3];
  twice.a[3] = 2;
  twice.b[3] = 0; /* (2, 0) is 3 + 1 */
  forget_log();
  file bytes = sparse_archive(&twice);
  clf_dataset *dataset = read_file(&bytes, NULL);
  ck_values(dataset, "row_start", 0, 1, 1, 3);
  ck_values(dataset, "column", 2, 0, 1);
  ck_values(dataset, "value", 2, 4, 4);
  ck_assert_msg(strstr(heard, "file: 1 entries lie at places") != NULL, "%s", heard);
  clf_dataset_free(dataset);
}

TEST(refuses_sparse_matrices_that_are_none) {
  static const struct {
    int matrix, part, place;
    int32_t value;
    clf_status status;
    const char *says;
  } cases[] = {
      {0, 0, 1, 3, CLF_ERROR_DATA, "column[1] is 3; it must be 0 to 2"},
      {0, 0, 0, -1, CLF_ERROR_DATA, "column[0] is -1"},
      {0, 1, 0, 1, CLF_ERROR_DATA, "start 0 is 1; it must be 0 to 0"},
      {0, 1, 1, 5, CLF_ERROR_DATA, "start 1 is 5; it must be 0 to 4"},
      {0, 1, 2, 1, CLF_ERROR_DATA, "start 2 is 1; it must be 2 to 4"},
      {2, 0, 1, 3, CLF_ERROR_DATA, "row index 1 is 3; it must be 0 to 2"},
      {2, 1, 3, -4, CLF_ERROR_DATA, "start 3 is -4"},
      {3, 0, 3, -1, CLF_ERROR_DATA, "row index 3 is -1"},
      {3, 1, 3, 3, CLF_ERROR_DATA, "column index 3 is 3"},
      {0, 2, 0, 4, CLF_ERROR_SHAPE, "indptr.npy has 4 elements; there must be 5"},
      {2, 2, 1, 2, CLF_ERROR_SHAPE, "indptr.npy has 4 elements; there must be 3"},
      {3, 2, 0, 0, CLF_ERROR_SHAPE, "it must be two sizes"},
      {3, 2, 1, -1, CLF_ERROR_SHAPE, "it must be two sizes"},
      {3, 2, 0, INT32_MAX, CLF_ERROR_FORMAT, "its shape promises 2147483647 rows"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    parts bad = matrices[cases[i].matrix];
    int32_t *const part[] = {bad.a, bad.b, bad.shape};
    part[cases[i].part][cases[i].place] = cases[i].value;
    file bytes = sparse_archive(&bad);
    refuse(&bytes, NULL, cases[i].status, cases[i].says);
  }
  parts bad = matrices[0];
  bad.format = "bsr";
  file bytes = sparse_archive(&bad);
  refuse(&bytes, NULL, CLF_ERROR_UNSUPPORTED,
         "file: a sparse matrix of the format 'bsr'; csr, csc and coo are read: save x.tocsr()");
  bad = matrices[3];
  bad.second = "columns.npy";
  bytes = sparse_archive(&bad);
  refuse(&bytes, NULL, CLF_ERROR_DATA, "file: it has no array col, which a sparse matrix needs");
}

TEST(reads_named_arrays) {
  file bytes = npz_of("x_train.npy", "y_train.npy", 1);
  clf_dataset *dataset = read_file(&bytes, "x=x_train y=y_train regression=true");
  ck_values(dataset, "targets", 9, 3, 9);
  clf_dataset_free(dataset);
  dataset = read_file(&bytes, "x=x_train");
  ck_assert_int_eq(clf_dataset_classes(dataset), 0);
  clf_dataset_free(dataset);
  bytes = npz_of("x.npy", "y.npy", 1);
  dataset = read_file(&bytes, "y=none");
  ck_assert_int_eq(clf_dataset_classes(dataset), 0);
  clf_dataset_free(dataset);
}

TEST(reads_an_archive_with_a_comment) {
  archive zip = {.count = 0};
  file x = NPY("|u1", "False", "(1, 2)", "\1\2");
  add_member(&zip, "x.npy", &x, 1);
  file bytes = finish_archive(&zip, "PK\5\6 is how an archive ends");
  clf_dataset *dataset = read_file(&bytes, NULL);
  ck_values(dataset, "x", 1, 2);
  clf_dataset_free(dataset);
}

TEST(refuses_hostile_archives) {
  file good_zip = npz_of("x.npy", "y.npy", 1);
  const unsigned char *offset = good_zip.bytes + good_zip.size - 6;
  size_t directory = offset[0] | (size_t)offset[1] << 8;
  file bad = good_zip;
  refuse(&bad, "x=z", CLF_ERROR_DATA,
         "it has no array z; name one of arr_9.npy, x.npy, y.npy by x=NAME");
  refuse(&bad, "y=z", CLF_ERROR_DATA, "it has no array z; it has arr_9.npy");
  refuse(&bad, "x=arr_9 y=none", CLF_ERROR_SHAPE,
         "file: arr_9.npy: it has 1 axes; rows of features have 2 to 8");
  bad.bytes[directory] = 'Q';
  refuse(&bad, NULL, CLF_ERROR_FORMAT, "no entry of the archive's directory");
  bad = good_zip;
  bad.bytes[directory + 55 + 10] = 9;
  refuse(&bad, NULL, CLF_ERROR_FORMAT, "file: x.npy: it is compressed by another method");
  bad = good_zip;
  bad.bytes[directory + 55 + 8] = 1;
  refuse(&bad, NULL, CLF_ERROR_FORMAT, "file: x.npy: it is encrypted");
  bad = good_zip;
  bad.bytes[directory + 55 + 16] ^= 1;
  refuse(&bad, NULL, CLF_ERROR_FORMAT, "file: x.npy: it is damaged: its size or checksum");
  bad = good_zip;
  bad.bytes[directory + 55 + 24] ^= 1;
  refuse(&bad, NULL, CLF_ERROR_FORMAT, "file: x.npy: it is damaged: its size or checksum");
  bad = good_zip;
  bad.bytes[directory + 55 + 21] = 255;
  refuse(&bad, NULL, CLF_ERROR_FORMAT, "file: x.npy: its 65");
  bad = good_zip;
  bad.bytes[directory + 55 + 45] = 255;
  refuse(&bad, NULL, CLF_ERROR_FORMAT, "file: x.npy: there is no member at offset");
  bad = good_zip;
  memset(bad.bytes + directory + 55 + 20, 255, 4);
  refuse(&bad, NULL, CLF_ERROR_FORMAT, "file: x.npy: it has 4 GiB or more (ZIP64)");
  bad = good_zip;
  memset(bad.bytes + bad.size - 6, 255, 4);
  refuse(&bad, NULL, CLF_ERROR_FORMAT, "file: it is a ZIP64 archive");
  bad = good_zip;
  bad.bytes[bad.size - 3] = 1;
  refuse(&bad, NULL, CLF_ERROR_FORMAT, "file: offset");
}

TEST(loads_compressed_files) {
  unsigned char packed[4096];
  file plain = NPY("|u1", "False", "(1, 2)", "\1\2");
  clf_dataset *dataset = NULL;
  size_t size = deflate_bytes(packed, sizeof packed, plain.bytes, plain.size, 1);
  ck_clf_ok(clf_dataset_load(&dataset, context, "npy", put_file("x.npy.gz", packed, size), NULL));
  ck_values(dataset, "x", 1, 2);
  clf_dataset_free(dataset);
}

TEST(survives_damage) {
  file bytes = NPY(">i2", "True", "(2, 1)", "\0\1\0\2");
  survive_damage(context, &clf__dataset_reader_npy, bytes.bytes, bytes.size, NULL);
  file floats = NPY("<f4", "False", "(1, 1)", "\0\0\x80\x3F");
  survive_damage(context, &clf__dataset_reader_npy, floats.bytes, floats.size, NULL);
}

TEST(survives_damaged_archives) {
  for (int deflated = 0; deflated < 2; deflated++) {
    archive zip = {.count = 0};
    file x = NPY("|u1", "False", "(2, 1)", "\1\2");
    file y = NPY("|i1", "False", "(2,)", "\1\2");
    add_member(&zip, "x.npy", &x, deflated);
    add_member(&zip, "y.npy", &y, deflated);
    file bytes = finish_archive(&zip, "");
    survive_damage(context, &clf__dataset_reader_npy, bytes.bytes, bytes.size, NULL);
  }
}

TEST(survives_refused_memory) {
  file bytes = npz_of("x.npy", "y.npy", 1);
  survive_refusals(&clf__dataset_reader_npy, bytes.bytes, bytes.size, NULL);
  bytes = sparse_archive(&matrices[3]);
  survive_refusals(&clf__dataset_reader_npy, bytes.bytes, bytes.size, NULL);
  bytes = archive_with_labels(LABELS("<U1", "(3,)"), "a\0\0\0b\0\0\0c\0\0\0", 12);
  survive_refusals(&clf__dataset_reader_npy, bytes.bytes, bytes.size, NULL);
  bytes = NPY(">i2", "True", "(2, 1)", "\0\1\0\2");
  survive_refusals(&clf__dataset_reader_npy, bytes.bytes, bytes.size, NULL);
}

SUITE("npy", .setup = open_reader, .teardown = close_reader)
