/* NPY files and NPZ archives from memory. */
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const params[] = {NULL, "x=y y=none", "regression=true"};
  return fuzz_format(&clf__format_npy, data, size, params, sizeof params / sizeof params[0]);
}

#define NPY(descr, order, shape, data)                                                             \
  "\x93NUMPY\1\0\x37\0{'descr':'" descr "','fortran_order':" order ",'shape':" shape ",}  \n" data

/* A ZIP archive of a stored member x and a deflated one, y, both by Python's zipfile. */
static const unsigned char npz[] = {
#include "npz_seed.inc"
};

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const char floats[] = NPY("<f4", "False", "(2,1)", "\0\0\x80\x3F\0\0\0\x40");
  static const char swapped[] = NPY(">i2", "True ", "(1,2)", "\0\1\0\2");
  static const struct {
    const void *bytes;
    size_t size;
  } seeds[] = {{floats, sizeof floats - 1}, {swapped, sizeof swapped - 1}, {npz, sizeof npz}};
  const size_t count = sizeof seeds / sizeof seeds[0];
  return (size_t)index < count ? fuzz_copy(buffer, capacity, seeds[index].bytes, seeds[index].size)
                               : 0;
}
