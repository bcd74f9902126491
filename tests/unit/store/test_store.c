#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/status.h"
#include "contexts.h"
#include "failing_allocator.h"
#include "files.h"
#include "store/format.h"

static clf__store *store;
static char path[128];

static void open_store(void) {
  open_context();
  make_folder();
  snprintf(path, sizeof path, "%s/store", folder);
  ck_clf_ok(clf__store_create(&store, context));
}

static void close_store(void) {
  clf__store_free(store);
  remove_folder();
  close_context();
}

static void add(const char *name, const void *data, int32_t dtype, int32_t ndim,
                const int64_t *shape, double scale) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_tensor_wrap(&tensor, context, data, dtype, ndim, shape, NULL));
  ck_clf_ok(clf_tensor_set_scale(tensor, scale));
  ck_clf_ok(clf__store_add_tensor(store, name, tensor));
  clf_tensor_free(tensor);
}

/* The store as bytes; free() them. */
static unsigned char *written(size_t *size) {
  ck_clf_ok(clf__store_write_memory(store, NULL, 0, size));
  unsigned char *bytes = malloc(*size);
  ck_assert_ptr_nonnull(bytes);
  ck_clf_ok(clf__store_write_memory(store, bytes, *size, size));
  return bytes;
}

static clf_status try_read(const void *bytes, size_t size) {
  clf__store *back = NULL;
  clf_status status = clf__store_read_memory(&back, context, bytes, size);
  clf__store_free(back);
  return status;
}

static void assert_same_tensor(const clf_tensor *a, const clf_tensor *b) {
  ck_assert_ptr_nonnull(b);
  ck_assert_int_eq(a->dtype, b->dtype);
  ck_assert_int_eq(a->ndim, b->ndim);
  ck_assert_double_eq(a->scale, b->scale);
  for (int32_t i = 0; i < a->ndim; i++) {
    ck_assert_int_eq(a->shape[i], b->shape[i]);
  }
  size_t bytes = (size_t)clf_tensor_count(a) * clf__dtype_size(a->dtype);
  ck_assert(bytes == 0 || memcmp(a->data, b->data, bytes) == 0);
}

static void assert_same(const clf__store *a, const clf__store *b) {
  ck_assert_int_eq(clf__store_count(a), clf__store_count(b));
  for (int64_t i = 0; i < clf__store_count(a); i++) {
    const char *name = clf__store_name(a, i);
    ck_assert_str_eq(clf__store_name(b, i), name);
    const char *text = clf__store_text(a, name);
    if (text != NULL) {
      ck_assert_str_eq(clf__store_text(b, name), text);
    } else {
      assert_same_tensor(clf__store_tensor(a, name), clf__store_tensor(b, name));
    }
  }
}

static void assert_round_trips(void) {
  size_t size;
  unsigned char *bytes = written(&size);
  clf__store *back = NULL;
  ck_clf_ok(clf__store_read_memory(&back, context, bytes, size));
  assert_same(store, back);
  clf__store_free(back);
  ck_clf_ok(clf__store_write_path(store, path));
  ck_clf_ok(clf__store_read_path(&back, context, path));
  assert_same(store, back);
  clf__store_free(back);
  free(bytes);
}

static const float floats[6] = {1, -2.5F, 0.1F, 3e38F, -0.0F, 1e-45F};
static const uint8_t pixels[5] = {0, 1, 127, 128, 255};

TEST(every_dtype__round_trips) {
  static const double doubles[3] = {0.1, -1e300, 5e-324};
  static const int32_t ints[4] = {INT32_MIN, -1, 0, INT32_MAX};
  static const int64_t longs[2] = {INT64_MIN, INT64_MAX};
  float odd[2] = {NAN, -INFINITY};
  ck_clf_ok(clf__store_add_text(store, "kind", "test"));
  add("f32", floats, CLF_F32, 2, (int64_t[]){2, 3}, 1);
  add("f64", doubles, CLF_F64, 1, (int64_t[]){3}, 1);
  add("u8", pixels, CLF_U8, 3, (int64_t[]){1, 5, 1}, 1.0 / 255);
  add("i32", ints, CLF_I32, 1, (int64_t[]){4}, 1);
  add("i64", longs, CLF_I64, 8, (int64_t[]){1, 1, 1, 2, 1, 1, 1, 1}, 1);
  add("odd", odd, CLF_F32, 1, (int64_t[]){2}, 1);
  ck_clf_ok(clf__store_add_text(store, "text", "Zeile 1\nŽeile 2 \"quoted\""));
  assert_round_trips();
}

TEST(empty_things__round_trip) {
  assert_round_trips();
  ck_clf_ok(clf__store_add_text(store, "empty", ""));
  add("none", floats, CLF_F32, 1, (int64_t[]){0}, 1);
  add("no_rows", floats, CLF_F64, 3, (int64_t[]){4, 0, 7}, 1);
  add("scalar", floats, CLF_F32, 0, NULL, 1);
  assert_round_trips();
  ck_assert_str_eq(clf__store_text(store, "empty"), "");
}

TEST(strided_tensor__is_stored_in_c_order) {
  clf_tensor *wrapped = NULL, *turned = NULL;
  static const float expected[6] = {1, 3e38F, -2.5F, -0.0F, 0.1F, 1e-45F};
  ck_clf_ok(clf_tensor_wrap(&wrapped, context, floats, CLF_F32, 2, (int64_t[]){2, 3}, NULL));
  ck_clf_ok(clf_tensor_permute(&turned, wrapped, (int32_t[]){1, 0}));
  ck_clf_ok(clf__store_add_tensor(store, "turned", turned));
  clf_tensor_free(wrapped);
  clf_tensor_free(turned);
  ck_assert_mem_eq(clf__store_tensor(store, "turned")->data, expected, sizeof expected);
  assert_round_trips();
}

TEST(entries__are_found_by_name_and_type) {
  ck_clf_ok(clf__store_add_text(store, "a", "1"));
  add("b", floats, CLF_F32, 1, (int64_t[]){6}, 1);
  ck_assert_int_eq(clf__store_count(store), 2);
  ck_assert_str_eq(clf__store_name(store, 1), "b");
  ck_assert_ptr_null(clf__store_text(store, "b"));
  ck_assert_ptr_null(clf__store_tensor(store, "a"));
  ck_assert_ptr_null(clf__store_text(store, "c"));
  ck_assert_int_eq(clf__store_tensor(store, "b")->shape[0], 6);
}

TEST(names__are_checked) {
  char name[257];
  memset(name, 'n', 256);
  name[256] = '\0';
  ck_clf_fails(clf__store_add_text(store, name, "x"), CLF_ERROR_ARGUMENT);
  name[255] = '\0';
  ck_clf_ok(clf__store_add_text(store, name, "x"));
  ck_clf_fails(clf__store_add_text(store, name, "y"), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf__store_add_text(store, "", "x"), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf__store_add_text(store, "a b", "x"), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf__store_add_text(store, "\xC3\xA9", "x"), CLF_ERROR_ARGUMENT);
  ck_assert_int_eq(clf__store_count(store), 1);
  assert_round_trips();
}

TEST(entries__may_be_ten_thousand) {
  char name[32];
  for (int i = 0; i < 10000; i++) {
    snprintf(name, sizeof name, "entry.%d", i);
    if (clf__store_add_text(store, name, name) != CLF_OK) {
      ck_abort_msg("%s", name);
    }
  }
  ck_clf_fails(clf__store_add_text(store, "one_more", ""), CLF_ERROR_ARGUMENT);
  for (int i = 0; i < 10000; i++) {
    snprintf(name, sizeof name, "entry.%d", i);
    ck_assert_str_eq(clf__store_name(store, i), name); /* in the order they came in */
    ck_assert_str_eq(clf__store_text(store, name), name);
    snprintf(name, sizeof name, "entry.%d.", i);
    ck_assert_ptr_null(clf__store_text(store, name));
  }
  ck_assert_ptr_null(clf__store_text(store, ""));
  ck_assert_ptr_null(clf__store_text(store, "~"));
  size_t size;
  unsigned char *bytes = written(&size);
  ck_clf_ok(try_read(bytes, size));
  free(bytes);
}

TEST(write_memory__keeps_the_convention) {
  size_t size, other = 7;
  unsigned char *bytes = written(&size);
  ck_clf_fails(clf__store_write_memory(store, bytes, size - 1, &other), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf__store_write_memory(store, NULL, 1, &other), CLF_ERROR_ARGUMENT);
  ck_assert_uint_eq(other, 7);
  free(bytes);
}

/* The example of docs/model-format.md. Files of version 1 must look like this for ever. */
TEST(bytes__are_those_of_the_documentation) {
  static const unsigned char expected[] = {
#include "store_example.inc"
  };
  static const float weights[3] = {1, -2, 0.5F};
  ck_clf_ok(clf__store_add_text(store, "kind", "ridge"));
  add("state.weights", weights, CLF_F32, 2, (int64_t[]){1, 3}, 1);
  size_t size;
  unsigned char *bytes = written(&size);
  ck_assert_uint_eq(size, sizeof expected);
  ck_assert_mem_eq(bytes, expected, size);
  ck_clf_ok(try_read(expected, sizeof expected));
  free(bytes);
}

/* What big-endian machines do to numbers on their way in and out. */
TEST(swapped_copy__reverses_each_element) {
  char bytes[] = "abcdefgh", swapped[9] = "";
  clf__copy_swapped(swapped, bytes, 2, 4);
  ck_assert_str_eq(swapped, "dcbahgfe");
  clf__copy_swapped(bytes, bytes, 1, 8);
  ck_assert_str_eq(bytes, "hgfedcba");
}

/* A small store with every kind of gap. */
static unsigned char *small(size_t *size) {
  ck_clf_ok(clf__store_add_text(store, "kind", "ridge"));
  add("pixels", pixels, CLF_U8, 1, (int64_t[]){5}, 1.0 / 255);
  add("weights", floats, CLF_F32, 2, (int64_t[]){2, 3}, 1);
  return written(size);
}

TEST(every_flipped_bit__is_found) {
  size_t size;
  unsigned char *bytes = small(&size);
  ck_clf_ok(try_read(bytes, size));
  uint64_t held = clf_context_memory(context);
  for (size_t bit = 0; bit < 8 * size; bit++) {
    bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
    if (try_read(bytes, size) != CLF_ERROR_CORRUPT) {
      ck_abort_msg("bit %zu of byte %zu", bit % 8, bit / 8);
    }
    bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
  }
  ck_assert_uint_eq(clf_context_memory(context), held);
  free(bytes);
}

TEST(every_truncation_and_extension__is_found) {
  size_t size;
  unsigned char *bytes = small(&size);
  ck_clf_ok(clf__store_write_path(store, path));
  for (size_t length = size; length-- > 0;) {
    unsigned char *part = malloc(length + 1); /* so that a sanitizer sees a byte too far */
    memcpy(part, bytes, length);
    if (try_read(part, length) != CLF_ERROR_CORRUPT) {
      ck_abort_msg("%zu bytes", length);
    }
    free(part);
    clf__store *back = NULL;
    if (truncate(path, (off_t)length) != 0 ||
        clf__store_read_path(&back, context, path) != CLF_ERROR_CORRUPT) {
      ck_abort_msg("a file of %zu bytes", length);
    }
  }
  unsigned char *more = calloc(size + 1, 1);
  memcpy(more, bytes, size);
  ck_clf_fails(try_read(more, size + 1), CLF_ERROR_CORRUPT);
  free(more);
  free(bytes);
}

static void put(unsigned char *to, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) {
    to[i] = (unsigned char)(value >> 8 * i);
  }
}

/* Corrects the checksums of table and header, as an attacker would. */
static void reseal(unsigned char *bytes) {
  size_t table = bytes[24] + 256U * bytes[25];
  put(bytes + 32, crc32(crc32(0, NULL, 0), bytes + 40, (uInt)table), 4);
  put(bytes + 36, crc32(crc32(0, NULL, 0), bytes, 36), 4);
}

enum { TABLE = 40, PIXELS = TABLE + 56, WEIGHTS = PIXELS + 64 };

/* Records of small(): fixed parts of 48 bytes, then shape and name. */
TEST(hostile_tables__are_refused) {
  static const struct {
    const char *what;
    size_t at;
    uint64_t value;
    int bytes;
  } cases[] = {
      {"no entries", 12, 0, 4},
      {"fewer entries", 12, 2, 4},
      {"more entries", 12, 4, 4},
      {"2^32 - 1 entries", 12, UINT32_MAX, 4},
      {"another size", 16, 1, 8},
      {"a huge table", 24, UINT64_MAX, 8},
      {"a table up to the end", 24, UINT64_MAX - 39, 8},
      {"no table", 24, 0, 8},
      {"version 0", 8, 0, 4},
      {"an unknown type", TABLE, 3, 4},
      {"a text with a dtype", TABLE + 4, CLF_F32, 4},
      {"a text with an axis", TABLE + 8, 1, 4},
      {"no name", TABLE + 12, 0, 4},
      {"a name of 2^32 - 1 bytes", TABLE + 12, UINT32_MAX, 4},
      {"a name of 256 bytes", TABLE + 12, 256, 4},
      {"a name that goes on", TABLE + 12, 5, 4},
      {"a name cut short", TABLE + 12, 3, 4},
      {"data in the header", TABLE + 16, 0, 8},
      {"data far away", TABLE + 16, UINT64_MAX - 63, 8},
      {"data not aligned", TABLE + 16, 257, 8},
      {"a huge text", TABLE + 24, INT64_MAX, 8},
      {"a text of 2^64 - 1", TABLE + 24, UINT64_MAX, 8},
      {"a longer text", TABLE + 24, 6, 8},
      {"a shorter text", TABLE + 24, 4, 8},
      {"a scale for a text", TABLE + 32, UINT64_C(0x3FE0000000000000), 8},
      {"a bit beyond the checksum", TABLE + 44, 1, 4},
      {"a name with a control character", TABLE + 48, 0x01, 1},
      {"a byte after the name", TABLE + 52, 'x', 1},
      {"dtype 0", PIXELS + 4, 0, 4},
      {"an unknown dtype", PIXELS + 4, 6, 4},
      {"dtype 2^31", PIXELS + 4, UINT64_C(1) << 31, 4},
      {"another dtype", PIXELS + 4, CLF_F32, 4},
      {"9 axes", PIXELS + 8, 9, 4},
      {"2^32 - 1 axes", PIXELS + 8, UINT32_MAX, 4},
      {"scale 0", PIXELS + 32, 0, 8},
      {"scale -1", PIXELS + 32, UINT64_C(0xBFF0000000000000), 8},
      {"scale NaN", PIXELS + 32, UINT64_C(0x7FF8000000000000), 8},
      {"scale infinity", PIXELS + 32, UINT64_C(0x7FF0000000000000), 8},
      {"a negative size", PIXELS + 48, UINT64_MAX, 8},
      {"another size of an axis", PIXELS + 48, 4, 8},
      {"a size of 2^63 - 1", PIXELS + 48, INT64_MAX, 8},
      {"a scale for floats", WEIGHTS + 32, UINT64_C(0x3FE0000000000000), 8},
      {"sizes that overflow to 24 bytes", WEIGHTS + 48, (UINT64_C(1) << 62) + 2, 8},
      {"sizes that multiply to 0", WEIGHTS + 48, 0, 8},
  };
  size_t size;
  unsigned char *bytes = small(&size);
  unsigned char *hostile = malloc(size);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    memcpy(hostile, bytes, size);
    put(hostile + cases[i].at, cases[i].value, cases[i].bytes);
    reseal(bytes); /* no change: the helper agrees with the writer */
    ck_assert_mem_ne(hostile, bytes, size);
    if (cases[i].at != 24) {
      reseal(hostile);
    } else {
      put(hostile + 36, crc32(crc32(0, NULL, 0), hostile, 36), 4);
    }
    clf_status status = try_read(hostile, size);
    ck_assert_msg(status == CLF_ERROR_CORRUPT, "%s: %s", cases[i].what, clf_status_name(status));
  }
  free(hostile);
  free(bytes);
}

TEST(names_that_occur_twice__are_refused) {
  size_t size;
  ck_clf_ok(clf__store_add_text(store, "a", "1"));
  ck_clf_ok(clf__store_add_text(store, "b", "2"));
  unsigned char *bytes = written(&size);
  ck_assert_int_eq(bytes[TABLE + 56 + 48], 'b');
  bytes[TABLE + 56 + 48] = 'a';
  reseal(bytes);
  ck_clf_fails(try_read(bytes, size), CLF_ERROR_CORRUPT);
  ck_clf_says("'a'");
  free(bytes);
}

TEST(text_with_a_nul__is_refused) {
  size_t size;
  ck_clf_ok(clf__store_add_text(store, "a", "1"));
  unsigned char *bytes = written(&size);
  bytes[size - 1] = 0;
  put(bytes + TABLE + 40, crc32(crc32(0, NULL, 0), bytes + size - 1, 1), 4);
  reseal(bytes);
  ck_clf_fails(try_read(bytes, size), CLF_ERROR_CORRUPT);
  ck_clf_says("NUL");
  free(bytes);
}

TEST(later_version__is_told_apart_from_damage) {
  size_t size;
  unsigned char *bytes = small(&size);
  bytes[8] = 3;
  ck_clf_fails(try_read(bytes, size), CLF_ERROR_CORRUPT);
  reseal(bytes);
  ck_clf_fails(try_read(bytes, size), CLF_ERROR_VERSION);
  ck_clf_says("version 3");
  free(bytes);
}

TEST(memory_limit__holds_while_reading) {
  static const uint8_t zeros[1 << 20];
  add("large", zeros, CLF_U8, 1, (int64_t[]){1 << 20}, 1);
  size_t size;
  unsigned char *bytes = written(&size);
  clf_context *limited = NULL;
  clf__store *back = NULL;
  ck_clf_ok(clf_context_create(&limited, NULL, "memory_limit=500000 threads=1"));
  ck_clf_fails(clf__store_read_memory(&back, limited, bytes, size), CLF_ERROR_MEMORY);
  ck_assert_ptr_null(back);
  clf_context_free(limited);
  free(bytes);
}

TEST(paths_without_a_file__are_refused) {
  clf__store *back = NULL;
  ck_clf_fails(clf__store_read_path(&back, context, path), CLF_ERROR_IO);
  ck_clf_says(path);
  ck_clf_fails(clf__store_read_path(&back, context, folder), CLF_ERROR_IO);
  ck_clf_fails(clf__store_write_path(store, folder), CLF_ERROR_IO);
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  ck_clf_fails(clf__store_read_path(&back, context, path), CLF_ERROR_IO);
  ck_clf_fails(clf__store_write_path(store, path), CLF_ERROR_IO);
  ck_clf_fails(clf__store_read_path(&back, context, "/dev/zero"), CLF_ERROR_IO);
}

TEST(full_disk__leaves_the_old_store) {
  static const uint8_t zeros[1 << 16];
  struct rlimit before, limit;
  ck_clf_ok(clf__store_add_text(store, "kind", "old"));
  ck_clf_ok(clf__store_write_path(store, path));
  add("large", zeros, CLF_U8, 1, (int64_t[]){1 << 16}, 1);
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = 10000;
  signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  clf_status status = clf__store_write_path(store, path);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
  ck_assert_int_eq(status, CLF_ERROR_IO);
  clf__store *back = NULL;
  ck_clf_ok(clf__store_read_path(&back, context, path));
  ck_assert_int_eq(clf__store_count(back), 1);
  clf__store_free(back);
}

typedef struct block {
  unsigned char *bytes;
  size_t size;
} block;

static clf_status read_and_write(clf_context *own, const void *argument) {
  const block *from = argument;
  clf__store *back = NULL;
  clf_status status;
  TRY(clf__store_read_memory(&back, own, from->bytes, from->size));
  TRY(clf__store_write_path(back, path));
done:
  clf__store_free(back);
  return status < 0 ? clf__fail_within(status, "store") : status;
}

TEST(refused_memory__is_a_clean_status) {
  block from = {NULL, 0};
  from.bytes = small(&from.size);
  ck_assert_int_eq(check_every_allocation("threads=1", read_and_write, &from).tolerated, 0);
  free(from.bytes);
}

SUITE("store", .setup = open_store, .teardown = close_store)
