/* What the targets of images share: any bytes, read, and what was read used. */
#ifndef TESTS_FUZZ_IMAGE_H
#define TESTS_FUZZ_IMAGE_H

#include <string.h>

#include "../unit/image_bytes.h"
#include "fuzz.h"

static inline int fuzz_image(const uint8_t *data, size_t size) {
  clf_context *context = NULL;
  clf_image *image = NULL, *small = NULL;
  FUZZ_CHECK(clf_context_create(&context, NULL, "threads=1 memory_limit=64000000") == CLF_OK);
  clf_status status =
      clf_image_load_memory(&image, context, data, size, "max_pixels=1000000 background=100");
  FUZZ_CHECK((status == CLF_OK) == (image != NULL));
  FUZZ_CHECK(status == CLF_OK || strncmp(clf_last_error(), "image in memory", 15) == 0 ||
             status == CLF_ERROR_MEMORY);
  if (image != NULL) {
    const int64_t bytes =
        clf_image_height(image) * clf_image_width(image) * clf_image_channels(image);
    uint64_t sum = 0;
    for (int64_t i = 0; i < bytes; i++) {
      sum += clf_image_pixels(image)[i];
    }
    FUZZ_CHECK(bytes > 0 && sum <= (uint64_t)bytes * 255);
    FUZZ_CHECK(clf_image_resize(&small, image, 7, 5) == CLF_OK);
  }
  clf_image_free(small);
  clf_image_free(image);
  FUZZ_CHECK(clf_context_memory(context) < 1 << 16);
  clf_context_free(context);
  return 0;
}

static inline size_t fuzz_copy_image(uint8_t *buffer, size_t capacity, const image_bytes *file) {
  FUZZ_CHECK(file->size <= capacity);
  memcpy(buffer, file->bytes, file->size);
  return file->size;
}

#endif
