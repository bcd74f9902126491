/* Where a window that moves along an axis stands. */
#ifndef CLF_LAYERS_WINDOW_H
#define CLF_LAYERS_WINDOW_H

#include <stdint.h>

#define CLF__PADDING_WORDS "valid|same"
enum { CLF__VALID, CLF__SAME };

/* How many places there are for a window of `span` on an axis of `size`, and how much of it lies
 * before the axis at the first one. Within it, or with padding=same ceil(size / stride) places, the
 * larger half of what is beyond the axis at its end. */
static inline int64_t clf__window_places(int64_t size, int64_t span, int64_t stride,
                                         int32_t padding, int64_t *before) {
  if (padding == CLF__VALID) {
    *before = 0;
    return size >= span ? (size - span) / stride + 1 : 0;
  }
  const int64_t count = (size - 1) / stride + 1;
  const int64_t missing = (count - 1) * stride + span - size;
  *before = missing > 0 ? missing / 2 : 0;
  return count;
}

#endif
