/* Sums and maps by channel, as loops that the compiler vectorizes. Elements are in lines of
 * `period`; the last line may be incomplete. The floor is reading x, and dy, once. */
#include "ops/nn/channels.h"

static void channel_sums(const float *restrict x, int64_t count, int64_t period,
                         double *restrict sums, double *restrict squares) {
  for (; count > 0; count -= period, x += period) {
    const int64_t columns = count < period ? count : period;
    for (int64_t j = 0; j < columns; j++) {
      const double value = (double)x[j];
      sums[j] += value;
      squares[j] += value * value;
    }
  }
}

static void channel_products(const float *restrict x, const float *restrict dy, int64_t count,
                             int64_t period, const float *restrict center, double *restrict sums,
                             double *restrict products) {
  for (; count > 0; count -= period, x += period, dy += period) {
    const int64_t columns = count < period ? count : period;
    for (int64_t j = 0; j < columns; j++) {
      const double gradient = (double)dy[j];
      sums[j] += gradient;
      products[j] += gradient * ((double)x[j] - (double)center[j]);
    }
  }
}

static void channel_map(const float *restrict x, int64_t count, int64_t period,
                        const clf__channel_map *map, float *restrict y) {
  const float *restrict center = map->center, *restrict factor = map->factor;
  const float *restrict shift = map->shift;
  for (; count > 0; count -= period, x += period, y += period) {
    const int64_t columns = count < period ? count : period;
    for (int64_t j = 0; j < columns; j++) {
      y[j] = (x[j] - center[j]) * factor[j] + shift[j];
    }
  }
}

static void channel_gradient(const float *restrict x, const float *restrict dy, int64_t count,
                             int64_t period, const clf__channel_map *map,
                             const float *restrict share, float *restrict dx) {
  const float *restrict center = map->center, *restrict factor = map->factor;
  const float *restrict shift = map->shift;
  for (; count > 0; count -= period, x += period, dy += period, dx += period) {
    const int64_t columns = count < period ? count : period;
    for (int64_t j = 0; j < columns; j++) {
      dx[j] = share[j] * dy[j] + ((x[j] - center[j]) * factor[j] + shift[j]);
    }
  }
}

const clf__channel_kernels FAMILY(channel_kernels) = {
    .sums = channel_sums,
    .products = channel_products,
    .map = channel_map,
    .gradient = channel_gradient,
};
