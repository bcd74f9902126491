/* Bilinear samples of an image at arbitrary positions, one vector of pixels at a time. A frame
 * around the image gives every clamped position four neighbors. Included by kernels.c alone. */
#include "ops/image/warp.h"

/* The source positions of pixels j … of the row along one axis, clamped to the frame. */
INLINE vector_f32 warp_place(const clf__warp_row *row, const int axis, int64_t j, float last) {
  vector_f32 at;
  for (int lane = 0; lane < LANES_F32; lane++) {
    at[lane] = (float)lane;
  }
  at = row->begin[axis] + row->right[axis] * (at + (float)j);
  if (row->shift[axis] != NULL) {
    UNROLL for (int k = 0; k < 4; k++) {
      at += row->weights[k] * load_f32(row->shift[axis] + k * row->stride + j);
    }
  }
  at = choose(at > 0.0F, at, all_f32(0));
  return choose(at < last, at, all_f32(last));
}

/* Interpolates between the four neighbors of the positions `at`; `below` is the step to the next
 * row of the frame. */
INLINE vector_f32 warp_sample(const float *frame, vector_i32 at, int64_t channels, int64_t below,
                              vector_f32 down, vector_f32 right) {
  const vector_f32 left = 1 - right;
  const vector_f32 top = left * gather_f32(frame, at) + right * gather_f32(frame + channels, at);
  const vector_f32 bottom =
      left * gather_f32(frame + below, at) + right * gather_f32(frame + below + channels, at);
  return (1 - down) * top + down * bottom;
}

static void warp_row(const clf__warp_row *row, float *out) {
  const int64_t channels = row->channels, below = (row->width + 3) * channels;
  for (int64_t j = 0; j < row->width; j += LANES_F32) {
    const int64_t count = clf__min_i64(LANES_F32, row->width - j);
    const vector_f32 y = warp_place(row, 0, j, (float)(row->height + 1));
    const vector_f32 x = warp_place(row, 1, j, (float)(row->width + 1));
    const vector_i32 i = __builtin_convertvector(y, vector_i32);
    const vector_i32 k = __builtin_convertvector(x, vector_i32);
    const vector_f32 down = y - __builtin_convertvector(i, vector_f32);
    const vector_f32 right = x - __builtin_convertvector(k, vector_f32);
    const vector_i32 at = i * (int32_t)below + k * (int32_t)channels;
    if (channels == 1) {
      store_part_f32(out + j, warp_sample(row->frame, at, 1, below, down, right), count);
      continue;
    }
    for (int64_t c = 0; c < channels; c++) {
      const vector_f32 v = warp_sample(row->frame + c, at, channels, below, down, right);
      for (int64_t lane = 0; lane < count; lane++) {
        out[(j + lane) * channels + c] = v[lane];
      }
    }
  }
}

const clf__warp_kernels FAMILY(warp_kernels) = {
    .row = warp_row,
};
