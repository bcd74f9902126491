/* The positions of a window that moves along an axis. */
#ifndef CLF_LAYERS_WINDOW_H
#define CLF_LAYERS_WINDOW_H

#include "layers/layer.h"

#define CLF__PADDING_WORDS "valid|same"
enum { CLF__VALID, CLF__SAME };

/* Returns how many positions a window of `span` has on an axis of `size`, and how far it begins
 * before the axis at the first one. The window stays within the axis; or, with padding=same, it has
 * ceil(size / stride) positions, and the larger half of the padding is at the end. */
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

/* Returns whether the layer computes the maxima of windows of 2 x 2, without overlap (pool2d.c). */
bool clf__layer_halves(const clf__layer *layer);

#endif
