/* Arrays of texts, as NumPy stores them: elements of the same width, UTF-32 or bytes, padded by
 * NULs. They are the names of classes. */
#include <string.h>

#include "base/utf8.h"
#include "data/formats/array.h"

static uint32_t character_at(const unsigned char *at, bool big_endian) {
  return big_endian ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
                    : (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static bool is_character(uint32_t character) {
  return character != 0 && character <= 0x10FFFF && (character < 0xD800 || character > 0xDFFF);
}

/* Returns the bytes of an element without the NULs at its end, which have `step` bytes each. */
static int32_t length_of(const unsigned char *element, int32_t width, int32_t step) {
  static const unsigned char nul[4];
  while (width > 0 && memcmp(element + width - step, nul, (size_t)step) == 0) {
    width -= step;
  }
  return width;
}

clf_status clf__array_text(char *to, const clf__array *array, const unsigned char *data,
                           int64_t index) {
  const unsigned char *element = data + index * array->width;
  const int32_t step = array->kind == 'U' ? 4 : 1;
  const int32_t length = length_of(element, array->width, step);
  unsigned char *next = (unsigned char *)to;
  for (int32_t i = 0; i < length; i += step) {
    const uint32_t character =
        step == 4 ? character_at(element + i, array->big_endian) : element[i];
    if (step == 4 ? !is_character(character) : character == 0) {
      return clf__fail(CLF_ERROR_DATA, "element %lld: 0x%X, at place %d, is no character",
                       (long long)index, character, i / step);
    }
    if (step == 4) {
      next += clf__utf8_write(next, character);
    } else {
      *next++ = (unsigned char)character;
    }
  }
  *next = '\0';
  return CLF_OK;
}

clf_status clf__array_list_texts(const char ***out, clf__arena *arena, const clf__array *array,
                                 const unsigned char *data) {
  const int64_t count = array->shape[0];
  const size_t size = (size_t)array->width + 1;
  char *text = clf__arena_array(arena, count, size);
  const char **names = clf__arena_array(arena, count, sizeof *names);
  CLF__CHECK(clf__arena_status(arena));
  for (int64_t i = 0; i < count; i++) {
    names[i] = text + (size_t)i * size;
    CLF__CHECK(clf__array_text(text + (size_t)i * size, array, data, i));
  }
  *out = names;
  return CLF_OK;
}

clf_status clf__array_label_texts(clf_dataset *dataset, const clf__array *array,
                                  const unsigned char *data) {
  if (array->ndim == 2 && array->shape[1] != 1) {
    return clf__fail(CLF_ERROR_SHAPE, "labels: %lld texts a row; the shape must be [rows]",
                     (long long)array->shape[1]);
  }
  clf__arena arena = {.context = dataset->context};
  const char **names = NULL;
  clf_status status = clf__array_list_texts(&names, &arena, array, data);
  if (status == CLF_OK) {
    status = clf_dataset_set_label_names(dataset, names, array->shape[0]);
  }
  clf__arena_free(&arena);
  return status;
}
