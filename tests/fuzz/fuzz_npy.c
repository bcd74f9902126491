/* NPY files and NPZ archives from memory. Bytes that begin with 'A' are the members of an archive,
 * which is made of them with the checksums right. */
#include <zlib.h>

#include "reader.h"

enum { MOST_BYTES = 1 << 16, MEMBER_BYTES = 128 };

typedef struct pieces {
  uint8_t *bytes; /* [MOST_BYTES] */
  size_t size;
} pieces;

static void put(pieces *to, const void *bytes, size_t size) {
  memcpy(to->bytes + to->size, bytes, size);
  to->size += size;
}

static void put_number(pieces *to, uint64_t number, int width) {
  for (int i = 0; i < width; i++) {
    to->bytes[to->size++] = (uint8_t)(number >> 8 * i);
  }
}

/* What a member has in its own header and in the directory: APPNOTE 4.3.7 and 4.3.12. */
static void put_entry(pieces *to, const char *name, const uint8_t *content, size_t size,
                      bool directory, size_t offset) {
  put(to, directory ? "PK\1\2\x14\0\x14\0\0\0\0\0\0\0\0\0" : "PK\3\4\x14\0\0\0\0\0\0\0\0\0",
      directory ? 16 : 14);
  put_number(to, crc32_z(0, content, size), 4);
  put_number(to, size, 4);
  put_number(to, size, 4);
  put_number(to, strlen(name), 2);
  put(to, "\0\0\0\0\0\0\0\0\0\0\0\0", directory ? 12 : 2);
  if (directory) {
    put_number(to, offset, 4);
  }
  put(to, name, strlen(name));
}

/* Each member is a byte that chooses its name, one for its size, and its bytes. */
static size_t make_archive(uint8_t *out, const uint8_t *data, size_t size) {
  static const char *const names[] = {"x.npy",      "y.npy",    "format.npy",
                                      "shape.npy",  "data.npy", "indices.npy",
                                      "indptr.npy", "row.npy",  "col.npy"};
  static uint8_t directory_bytes[MOST_BYTES];
  pieces archive = {out, 0}, directory = {directory_bytes, 0};
  size_t count = 0;
  while (size >= 2 && archive.size + directory.size + 2 * MEMBER_BYTES + 256 < MOST_BYTES) {
    const char *name = names[data[0] % (sizeof names / sizeof names[0])];
    const size_t length = data[1] < size - 2 ? data[1] : size - 2;
    put_entry(&directory, name, data + 2, length, true, archive.size);
    put_entry(&archive, name, data + 2, length, false, 0);
    put(&archive, data + 2, length);
    data += 2 + length;
    size -= 2 + length;
    count++;
  }
  const size_t offset = archive.size;
  put(&archive, directory.bytes, directory.size);
  put(&archive, "PK\5\6\0\0\0\0", 8);
  put_number(&archive, count, 2);
  put_number(&archive, count, 2);
  put_number(&archive, directory.size, 4);
  put_number(&archive, offset, 4);
  put_number(&archive, 0, 2);
  return archive.size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const params[] = {NULL, "x=y y=none", "regression=true"};
  static uint8_t archive[MOST_BYTES];
  if (size > 0 && data[0] == 'A') {
    size = make_archive(archive, data + 1, size - 1);
    data = archive;
  }
  return fuzz_format(&clf__dataset_reader_npy, data, size, params,
                     sizeof params / sizeof params[0]);
}

#define NPY(descr, order, shape, data)                                                             \
  "\x93NUMPY\1\0\x37\0{'descr':'" descr "','fortran_order':" order ",'shape':" shape ",}  \n" data

/* The size of a member is that of the header, 65 bytes, and of its elements. */
#define MEMBER(name, size, descr, shape, data) name size NPY(descr, "False", shape, data)

/* A ZIP archive of a stored member x and a deflated one, y, both by Python's zipfile. */
static const unsigned char npz[] = {
#include "npz_seed.inc"
};

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const char floats[] = NPY("<f4", "False", "(2,1)", "\0\0\x80\x3F\0\0\0\x40");
  static const char swapped[] = NPY(">i2", "True ", "(1,2)", "\0\1\0\2");
  static const char halves[] = NPY("|f2", "False", "(1,2)", "\0\x3C\1\0");
  static const char texts[] = "A" MEMBER("\0", "\x43", "|u1", "(2,1)", "\1\2")
      MEMBER("\1", "\x49", "<U1", "( 2,)", "a\0\0\0\xE9\0\0\0");
  static const char bytes[] = "A" MEMBER("\0", "\x43", "|u1", "(2,1)", "\1\2")
      MEMBER("\1", "\x45", "|S2", "( 2,)", "a\0bc");
  static const char csr[] = "A" MEMBER("\2", "\x44", "|S3", "(   )", "csr")
      MEMBER("\3", "\x49", "<i4", "( 2,)", "\2\0\0\0\3\0\0\0")
          MEMBER("\4", "\x44", "|u1", "( 3,)", "\5\6\7")
              MEMBER("\5", "\x4D", "<i4", "( 3,)", "\0\0\0\0\2\0\0\0\1\0\0\0")
                  MEMBER("\6", "\x4D", "<i4", "( 3,)", "\0\0\0\0\2\0\0\0\3\0\0\0");
  static const char coo[] = "A" MEMBER("\2", "\x44", "|S3", "(   )", "coo")
      MEMBER("\3", "\x49", "<i4", "( 2,)", "\2\0\0\0\3\0\0\0")
          MEMBER("\4", "\x44", "|u1", "( 3,)", "\5\6\7")
              MEMBER("\7", "\x4D", "<i4", "( 3,)", "\1\0\0\0\0\0\0\0\1\0\0\0")
                  MEMBER("\x08", "\x4D", "<i4", "( 3,)", "\0\0\0\0\2\0\0\0\0\0\0\0");
  static const struct {
    const void *bytes;
    size_t size;
  } seeds[] = {{floats, sizeof floats - 1}, {swapped, sizeof swapped - 1},
               {halves, sizeof halves - 1}, {texts, sizeof texts - 1},
               {bytes, sizeof bytes - 1},   {csr, sizeof csr - 1},
               {coo, sizeof coo - 1},       {npz, sizeof npz}};
  const size_t count = sizeof seeds / sizeof seeds[0];
  return (size_t)index < count ? fuzz_copy(buffer, capacity, seeds[index].bytes, seeds[index].size)
                               : 0;
}
