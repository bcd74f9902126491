#include <math.h>

#include "gzip.h"
#include "reader.h"

#define IMAGES "\0\0\x08\x03\0\0\0\x03\0\0\0\x02\0\0\0\x02\0\x33\x66\x99\xCC\xFF\1\2\3\4\5\6"
#define LABELS "\0\0\x08\x01\0\0\0\x03\7\2\7"
#define SIZE(literal) (sizeof(literal) - 1)

static clf_dataset *read_idx(const char *bytes, size_t size, const char *params) {
  clf_dataset *dataset = NULL;
  ck_clf_ok(read_bytes(&dataset, context, &clf__dataset_reader_idx, bytes, size, params));
  return dataset;
}

static clf_dataset *load(const char *path, const char *params) {
  clf_dataset *dataset = NULL;
  ck_clf_ok(clf_dataset_load(&dataset, context, "idx", path, params));
  return dataset;
}

/* A file, compressed when its name says so. */
static const char *put(const char *name, const void *data, size_t size) {
  static char packed[1 << 16];
  if (strstr(name, ".gz") == NULL) {
    return put_file(name, data, size);
  }
  return put_file(name, packed, deflate_bytes(packed, sizeof packed, data, size, 1));
}

/* Each guess is logged once, with the parameter that states it. */
TEST(log__tells_what_is_guessed) {
  put("t-images-idx3-ubyte", IMAGES, SIZE(IMAGES));
  put("t-labels-idx1-ubyte", LABELS, SIZE(LABELS));
  put("pixels", IMAGES, SIZE(IMAGES));
  forget_log();
  clf_dataset_free(load(path_of("t"), NULL));
  ck_assert_msg(strstr(heard, "t-images-idx3-ubyte: the labels are ") != NULL &&
                    strstr(heard, "t-labels-idx1-ubyte; labels=PATH") != NULL &&
                    strstr(heard, "bytes count as 1/255 each; scale=1") != NULL,
                "%s", heard);
  forget_log();
  clf_dataset_free(load(path_of("t"), "labels=none scale=0.5"));
  ck_assert_str_eq(heard, "");
  clf_dataset_free(load(path_of("pixels"), "scale=1"));
  ck_assert_msg(strstr(heard, "pixels: there is no file of labels next to it") != NULL, "%s",
                heard);
}

TEST(reads_pixels) {
  clf_dataset *dataset = read_idx(IMAGES, SIZE(IMAGES), NULL);
  clf_tensor *x = NULL;
  ck_assert_int_eq(clf_dataset_rows(dataset), 3);
  ck_assert_int_eq(clf_dataset_features(dataset), 4);
  ck_clf_ok(clf_dataset_tensor(&x, dataset, "x"));
  ck_assert_int_eq(clf_tensor_dtype(x), CLF_U8);
  ck_assert_int_eq(clf_tensor_ndim(x), 3);
  ck_assert_double_eq(clf_tensor_scale(x), 1.0 / 255);
  ck_assert_mem_eq(clf_tensor_data(x), &IMAGES[16], 12);
  clf_tensor_free(x);
  clf_dataset_free(dataset);
  dataset = read_idx(IMAGES, SIZE(IMAGES), "scale=0.5");
  ck_values(dataset, "x", 0, 25.5, 51, 76.5, 102, 127.5, .5, 1, 1.5, 2, 2.5, 3);
  clf_dataset_free(dataset);
}

#define HEADER(type) "\0\0" type "\2\0\0\0\1\0\0\0\2"

TEST(reads_every_element_type) {
  static const struct {
    const char *bytes;
    size_t size;
    double expected[2];
  } types[] = {
      {HEADER("\x08") "\x80\xFF", 14, {128 * (1.0 / 255), 255 * (1.0 / 255)}},
      {HEADER("\x09") "\x80\xFF", 14, {-128, -1}},
      {HEADER("\x0B") "\x80\0\x12\x34", 16, {-32768, 0x1234}},
      {HEADER("\x0C") "\x80\0\0\0\0\x12\x34\x56", 20, {-2147483648.0, 0x123456}},
      {HEADER("\x0D") "\x3F\xC0\0\0\xBE\x80\0\0", 20, {1.5, -0.25}},
      {HEADER("\x0E") "\x3F\xF8\0\0\0\0\0\0\xBF\xD0\0\0\0\0\0\0", 28, {1.5, -0.25}},
  };
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    clf_dataset *dataset = read_idx(types[i].bytes, types[i].size, NULL);
    assert_values(dataset, "x", types[i].expected, 2);
    clf_dataset_free(dataset);
  }
}

/* 1e300 is kept or refused, and not read as infinity. */
TEST(keeps_large_doubles_or_refuses_them) {
  static const char bytes[] = HEADER("\x0E") "\x7E\x37\xE4\x3C\x88\0\x75\x9C\xBF\xD0\0\0\0\0\0\0";
  clf_dataset *dataset = NULL;
  if (read_bytes(&dataset, context, &clf__dataset_reader_idx, bytes, SIZE(bytes), NULL) == CLF_OK) {
    ck_values(dataset, "x", 1e300, -0.25);
    clf_dataset_free(dataset);
  } else {
    ck_clf_says("file: the value in row 0, column 0 is 1e+300, too large for f32");
  }
}

TEST(reads_up_to_eight_axes) {
  static const char bytes[] =
      "\0\0\x08\x08\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1"
      "\0\0\0\1\0\0\0\2\5\6";
  clf_dataset *dataset = read_idx(bytes, SIZE(bytes), "scale=1");
  ck_values(dataset, "x", 5, 6);
  clf_dataset_free(dataset);
}

/* By path and by prefix, plain and compressed, in both spellings. */
TEST(finds_labels) {
  static const struct {
    const char *images, *labels, *path;
  } names[] = {
      {"a-images-idx3-ubyte", "a-labels-idx1-ubyte", "a"},
      {"b-images.idx3-ubyte", "b-labels.idx1-ubyte", "b"},
      {"c-images-idx3-ubyte.gz", "c-labels-idx1-ubyte.gz", "c"},
      {"d-images-idx3-ubyte.gz", "d-labels-idx1-ubyte", "d"},
      {"e-images-idx3-ubyte", "e-labels-idx1-ubyte.gz", "e-images-idx3-ubyte"},
      {"f-images-idx3-ubyte.gz", "f-labels-idx1-ubyte.gz", "f-images-idx3-ubyte.gz"},
      {"images_images.idx2", "images_labels.idx1", "images_images.idx2"},
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    put(names[i].images, IMAGES, SIZE(IMAGES));
    put(names[i].labels, LABELS, SIZE(LABELS));
    for (int map = 0; map < 2; map++) {
      clf_dataset *dataset = load(path_of(names[i].path), map ? "map=true" : NULL);
      ck_assert_int_eq(clf_dataset_rows(dataset), 3);
      ck_values(dataset, "labels", 1, 0, 1);
      ck_assert_str_eq(clf_dataset_class_name(dataset, 1), "7");
      clf_dataset_free(dataset);
    }
  }
}

TEST(labels_are_a_choice) {
  const char *images = put("images", IMAGES, SIZE(IMAGES));
  char params[256];
  clf_dataset *dataset = load(images, NULL);
  ck_assert_int_eq(clf_dataset_classes(dataset), 0);
  clf_dataset_free(dataset);
  snprintf(params, sizeof params, "labels=%s regression=true", put("y", LABELS, SIZE(LABELS)));
  dataset = load(images, params);
  ck_values(dataset, "targets", 7, 2, 7);
  clf_dataset_free(dataset);
  put("labels", LABELS, SIZE(LABELS));
  dataset = load(images, "labels=none");
  ck_assert_int_eq(clf_dataset_classes(dataset), 0);
  clf_dataset_free(dataset);
}

TEST(says_which_file_is_wrong) {
  clf_dataset *dataset = NULL;
  ck_clf_fails(clf_dataset_load(&dataset, context, "idx", path_of("m"), NULL), CLF_ERROR_IO);
  ck_clf_says("m-images-idx3-ubyte.gz");
  put("m-images-idx3-ubyte", IMAGES, SIZE(IMAGES));
  ck_clf_fails(clf_dataset_load(&dataset, context, "idx", path_of("m"), NULL), CLF_ERROR_IO);
  ck_clf_says("no labels file next to it");
  put("m-labels-idx1-ubyte", "\0\0\x08\x01\0\0\0\2\7\2", 10);
  ck_clf_fails(clf_dataset_load(&dataset, context, "idx", path_of("m"), NULL), CLF_ERROR_SHAPE);
  ck_clf_says("m-labels-idx1-ubyte: it has 2 labels for 3 rows");
  put("m-labels-idx1-ubyte", LABELS, SIZE(LABELS) - 1);
  ck_clf_fails(clf_dataset_load(&dataset, context, "idx", path_of("m"), NULL), CLF_ERROR_FORMAT);
  ck_clf_says("m-labels-idx1-ubyte: it has 10 bytes; its header promises 11");
  put("m-labels-idx1-ubyte", IMAGES, SIZE(IMAGES));
  ck_clf_fails(clf_dataset_load(&dataset, context, "idx", path_of("m"), NULL), CLF_ERROR_SHAPE);
  ck_clf_says("m-labels-idx1-ubyte: it has 3 axes; labels have 1 to 2");
  ck_assert_ptr_null(dataset);
}

/* The pixels are ours; or they stay where the file is mapped, for as long as the dataset lives. */
TEST(maps_plain_pixels_on_demand) {
  enum { ROWS = 1000, PIXELS = 784, BYTES = 16 + ROWS * PIXELS };
  unsigned char *file = calloc(1, BYTES);
  memcpy(file, "\0\0\x08\x03\0\0\x03\xE8\0\0\0\x1C\0\0\0\x1C", 16);
  file[BYTES - 1] = 255;
  const char *path = put("pixels", file, BYTES);
  clf_dataset *dataset = load(path, "map=true");
  ck_assert_uint_lt(clf_context_memory(context), 4096);
  ck_assert_int_eq(remove(path), 0);
  clf_tensor *x = NULL;
  ck_clf_ok(clf_dataset_tensor(&x, dataset, "x"));
  clf_dataset_free(dataset);
  ck_assert_mem_eq(clf_tensor_data(x), file + 16, BYTES - 16);
  clf_tensor_free(x);
  path = put("pixels", file, BYTES);
  dataset = load(path, NULL);
  ck_assert_uint_gt(clf_context_memory(context), BYTES);
  clf_dataset_free(dataset);
  free(file);
}

TEST(refuses_hostile_bytes) {
  static const hostile table[] = {
      {"\0", 0, NULL, CLF_ERROR_FORMAT, "file: it is not an IDX file"},
      {"\x89PNG", 4, NULL, CLF_ERROR_FORMAT, "file: it is not an IDX file"},
      {"\0\0\x0A\1\0\0\0\1\0", 9, NULL, CLF_ERROR_FORMAT, "offset 2: the element type is 0x0A"},
      {"\0\0\x08\0\0\0\0\1\0", 9, NULL, CLF_ERROR_FORMAT, "offset 3: it has 0 axes"},
      {"\0\0\x08\x09\0\0\0\1\0", 9, NULL, CLF_ERROR_FORMAT, "offset 3: it has 9 axes"},
      {IMAGES, 15, NULL, CLF_ERROR_FORMAT, "it ends at offset 15, inside the header of 16 bytes"},
      {IMAGES, 16, NULL, CLF_ERROR_FORMAT, "it has 16 bytes; its header promises 28"},
      {IMAGES, 27, NULL, CLF_ERROR_FORMAT, "it has 27 bytes; its header promises 28"},
      {IMAGES "\1", 29, NULL, CLF_ERROR_FORMAT, "it has 29 bytes; its header promises 28"},
      {"\0\0\x08\2\0\0\0\0\0\0\0\1", 12, NULL, CLF_ERROR_DATA, "the size of axis 0 is 0"},
      {"\0\0\x0E\2\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12, NULL, CLF_ERROR_SHAPE,
       "the sizes overflow at axis 1"},
      {"\0\0\x08\1\0\0\0\1\5", 9, NULL, CLF_ERROR_SHAPE,
       "file: it has 1 axes; rows of features have 2 to 8"},
      {IMAGES, 28, "scale=0", CLF_ERROR_ARGUMENT, "scale"},
      {IMAGES, 28, "scale=full", CLF_ERROR_ARGUMENT, "scale"},
      {HEADER("\x09") "\1\1", 14, "scale=0.5", CLF_ERROR_TYPE, "file: "},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_idx, &table[i]);
  }
}

/* Compressed zeros, with the header of an images file. */
static size_t pack_zeros(unsigned char *packed, size_t capacity, const char *header, size_t zeros) {
  unsigned char *plain = calloc(1, 16 + zeros);
  ck_assert_ptr_nonnull(plain);
  memcpy(plain, header, 16);
  size_t size = deflate_bytes(packed, capacity, plain, 16 + zeros, 1);
  free(plain);
  return size;
}

TEST(refuses_hostile_gzip) {
  enum { ZEROS = 1 << 24 };
  static unsigned char packed[1 << 20];
  static const char small[] = "\0\0\x08\3\0\0\0\x01\0\0\x80\0\0\0\x80\0";
  static const char huge[] = "\0\0\x08\3\0\x7F\xFF\xFF\0\0\x80\0\0\0\x80\0";
  static const char right[] = "\0\0\x08\3\0\0\x40\0\0\0\0\x20\0\0\0\x20";
  clf_dataset *dataset = NULL;
  size_t size = pack_zeros(packed, sizeof packed, small, ZEROS);
  ck_clf_fails(clf_dataset_load(&dataset, context, "idx", put_file("bomb", packed, size), NULL),
               CLF_ERROR_FORMAT);
  ck_clf_says("bytes; ");
  size = pack_zeros(packed, sizeof packed, huge, ZEROS);
  ck_clf_fails(clf_dataset_load(&dataset, context, "idx", put_file("bomb", packed, size), NULL),
               CLF_ERROR_FORMAT);
  ck_clf_says("compressed bytes cannot hold them");
  ck_assert_uint_lt(clf_context_memory_peak(context), 1 << 18);
  size = pack_zeros(packed, sizeof packed, right, ZEROS + 1000);
  ck_clf_fails(clf_dataset_load(&dataset, context, "idx", put_file("long", packed, size), NULL),
               CLF_ERROR_FORMAT);
  ck_clf_says("it goes on after the 16777232 bytes that its header promises");
  size = pack_zeros(packed, sizeof packed, right, ZEROS);
  ck_clf_fails(clf_dataset_load(&dataset, context, "idx", put_file("cut", packed, size - 9), NULL),
               CLF_ERROR_FORMAT);
  ck_clf_says("cut: the compressed data end early, at byte");
  packed[size - 8] ^= 1;
  ck_clf_fails(clf_dataset_load(&dataset, context, "idx", put_file("sum", packed, size), NULL),
               CLF_ERROR_FORMAT);
  ck_clf_says("sum: the compressed data are damaged before byte");
  packed[size - 8] ^= 1;
  packed[size] = 'x';
  ck_clf_fails(clf_dataset_load(&dataset, context, "idx", put_file("more", packed, size + 1), NULL),
               CLF_ERROR_FORMAT);
  ck_clf_says("more: 1 bytes follow the compressed data");
  clf_context *limited = NULL;
  ck_clf_ok(clf_context_create(&limited, NULL, "threads=1 memory_limit=10000000"));
  ck_clf_fails(clf_dataset_load(&dataset, limited, "idx", put_file("large", packed, size), NULL),
               CLF_ERROR_MEMORY);
  ck_clf_says("large (16777232 bytes unpacked): memory limit");
  clf_context_free(limited);
  clf_dataset_free(load(path_of("large"), NULL));
  ck_assert_ptr_null(dataset);
}

/* The header is checked before the rest is decompressed, so that a refused file takes little
 * memory. */
TEST(refuses_gzip_by_its_header) {
  enum { ZEROS = 1 << 24 };
  static unsigned char packed[1 << 20];
  static const char one_axis[] = "\0\0\x08\1\1\0\0\x08\0\0\0\0\0\0\0\0";
  static const char two_axes[] = "\0\0\x08\2\0\0\0\x04\0\x40\0\1\0\0\0\0";
  static const char three_axes[] = "\0\0\x08\3\0\0\x40\0\0\0\0\x20\0\0\0\x20";
  static const struct {
    const char *header, *says;
    bool labels;
  } cases[] = {
      {one_axis, "zeros.gz: it has 1 axes; rows of features have 2 to 8", false},
      {one_axis, "zeros.gz: it has 16777224 labels for 3 rows", true},
      {two_axes, "zeros.gz: it has 4 labels for 3 rows", true},
      {three_axes, "zeros.gz: it has 3 axes; labels have 1 to 2", true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset *dataset = NULL;
    clf_context *fresh = NULL;
    char params[160];
    const char *images = put("images", IMAGES, SIZE(IMAGES));
    const size_t size = pack_zeros(packed, sizeof packed, cases[i].header, ZEROS);
    const char *path = put_file("zeros.gz", packed, size);
    snprintf(params, sizeof params, "labels=%s", path);
    ck_clf_ok(clf_context_create(&fresh, NULL, "threads=1"));
    ck_clf_fails(clf_dataset_load(&dataset, fresh, "idx", cases[i].labels ? images : path,
                                  cases[i].labels ? params : NULL),
                 CLF_ERROR_SHAPE);
    ck_clf_says(cases[i].says);
    ck_assert_uint_lt(clf_context_memory_peak(fresh), 1 << 18);
    clf_context_free(fresh);
  }
}

/* gzip files may be put behind each other. */
TEST(reads_concatenated_gzip) {
  char packed[512];
  size_t size = deflate_bytes(packed, 256, IMAGES, 20, 1);
  size += deflate_bytes(packed + size, 256, &IMAGES[20], SIZE(IMAGES) - 20, 1);
  clf_dataset *dataset = load(put_file("two", packed, size), "scale=1");
  ck_values(dataset, "x", 0, 0x33, 0x66, 0x99, 0xCC, 0xFF, 1, 2, 3, 4, 5, 6);
  clf_dataset_free(dataset);
}

TEST(survives_damage) {
  survive_damage(context, &clf__dataset_reader_idx, IMAGES, SIZE(IMAGES), NULL);
  static const char floats[] = HEADER("\x0D") "\x3F\xC0\0\0\xBE\x80\0\0";
  survive_damage(context, &clf__dataset_reader_idx, floats, SIZE(floats), NULL);
}

/* A bit that changes nothing, such as one of the time, may; every other must be noticed. */
TEST(survives_damaged_gzip) {
  char packed[256];
  size_t size = deflate_bytes(packed, sizeof packed, IMAGES, SIZE(IMAGES), 1);
  clf_dataset *dataset = NULL;
  for (size_t length = 0; length < size; length++) {
    const char *path = put_file("cut", packed, length);
    ck_assert_int_lt(clf_dataset_load(&dataset, context, "idx", path, NULL), 0);
  }
  for (size_t bit = 0; bit < 8 * size; bit++) {
    packed[bit / 8] ^= (char)(1 << bit % 8);
    const char *path = put_file("flipped", packed, size);
    if (clf_dataset_load(&dataset, context, "idx", path, "scale=1") == CLF_OK) {
      ck_values(dataset, "x", 0, 0x33, 0x66, 0x99, 0xCC, 0xFF, 1, 2, 3, 4, 5, 6);
      clf_dataset_free(dataset);
      dataset = NULL;
    }
    packed[bit / 8] ^= (char)(1 << bit % 8);
  }
}

TEST(survives_refused_memory) {
  survive_refusals(&clf__dataset_reader_idx, IMAGES, SIZE(IMAGES), NULL);
  survive_refusals(&clf__dataset_reader_idx, HEADER("\x0B") "\x80\0\x12\x34", 16, NULL);
}

/* The real files, where they are: their published number of rows and of each digit, and sums of
 * pixels counted by another program. */
TEST(reads_mnist) {
  static const struct {
    const char *name;
    int64_t rows, pixels;
    int32_t digits[10];
  } parts[] = {
      {"train", 60000, 1567298545, {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}},
      {"t10k", 10000, 264923200, {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}},
  };
  const char *data = getenv("CLASSIFY_DATA");
  for (size_t i = 0; data != NULL && i < sizeof parts / sizeof parts[0]; i++) {
    char path[512];
    snprintf(path, sizeof path, "%s/mnist/%s", data, parts[i].name);
    clf_dataset *dataset = load(path, NULL);
    ck_assert_int_eq(clf_dataset_rows(dataset), parts[i].rows);
    ck_assert_int_eq(clf_dataset_features(dataset), 784);
    clf_tensor *x = NULL;
    ck_clf_ok(clf_dataset_tensor(&x, dataset, "x"));
    const uint8_t *pixels = clf_tensor_data(x);
    int64_t sum = 0;
    for (int64_t j = 0; j < clf_tensor_count(x); j++) {
      sum += pixels[j];
    }
    ck_assert_int_eq(sum, parts[i].pixels);
    int32_t digits[10] = {0};
    for (int64_t j = 0; j < parts[i].rows; j++) {
      digits[clf__dataset_labels(dataset)[j]]++;
    }
    ck_assert_mem_eq(digits, parts[i].digits, sizeof digits);
    clf_tensor_free(x);
    clf_dataset_free(dataset);
  }
}

SUITE("idx", .setup = open_reader, .teardown = close_reader)
