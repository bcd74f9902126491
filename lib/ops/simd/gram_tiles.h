/* Sums of products of the columns of bytes by tiles (tiles.h). A step is 64 rows of 32 columns,
 * twice: as B, 16 groups of 4 rows, each with 4 bytes of every column, and as A, 32 columns of 64
 * bytes. A block of two by two tiles is all products of a panel with a panel, so that a step of 4
 * products takes 64 cycles, longer than its 4 loads. 60,000 x 784 bytes are 938 steps of 325 pairs
 * of panels: 20 M cycles, 7.5 ms (2.6 GHz). The line between one step and the next lets all sets of
 * the cache take part, although a pair of panels uses half of each. */
#include "ops/linalg/gram_parts.h"

enum {
  STEP_ROWS = TILE_BYTES,
  FORM_BYTES = STEP_ROWS * BLOCK_SIDE,
  STEP_BYTES = 2 * FORM_BYTES + TILE_BYTES
};

static void gram_pack_tiles(void *out, const uint8_t *x, int64_t stride, int64_t rows,
                            int64_t columns) {
  for (char *to = out; rows > 0; to += STEP_BYTES, x += STEP_ROWS * stride, rows -= STEP_ROWS) {
    for (int64_t first = 0; first < BLOCK_SIDE; first += TILE_SIDE) {
      const int64_t lanes = clf__min_i64(TILE_SIDE, columns - first);
      __m512i units[TILE_SIDE];
      UNROLL for (int64_t i = 0; i < TILE_SIDE; i++) {
        const int64_t left = lanes > 0 ? clf__min_i64(GROUP, rows - i * GROUP) : 0;
        int32_t unit[TILE_SIDE] = {0};
        if (left == GROUP && lanes == TILE_SIDE) {
          pack_unit(unit, x + i * GROUP * stride + first, stride, GROUP, true, TILE_SIDE);
        } else if (left > 0) {
          pack_unit(unit, x + i * GROUP * stride + first, stride, left, false, lanes);
        }
        units[i] = (__m512i)load_i32(unit);
        memcpy(to + 4 * (i * BLOCK_SIDE + first), unit, sizeof unit);
      }
      transpose_16(units);
      memcpy(to + FORM_BYTES + first * TILE_BYTES, units, sizeof units);
    }
  }
}

static void gram_add_tiles(const void *panel_a, const void *panel_b, int64_t steps, int64_t rows,
                           int64_t columns, double *c, int64_t ldc) {
  int32_t sums[BLOCK_SIDE][BLOCK_SIDE] __attribute__((aligned(TILE_BYTES)));
  const char *a = (const char *)panel_a + FORM_BYTES, *b = panel_b;
  tiles_begin(BLOCK_SIDE, BLOCK_SIDE);
  TILE_ZERO(0);
  TILE_ZERO(1);
  TILE_ZERO(2);
  TILE_ZERO(3);
  for (int64_t step = 0; step < steps; step++, a += STEP_BYTES, b += STEP_BYTES) {
    TILE_LOAD(6, b, 2 * TILE_BYTES);
    TILE_LOAD(4, a, TILE_BYTES);
    TILE_ADD_UNSIGNED(0, 4, 6);
    TILE_LOAD(7, b + TILE_BYTES, 2 * TILE_BYTES);
    TILE_ADD_UNSIGNED(1, 4, 7);
    TILE_LOAD(5, a + TILE_SIDE * TILE_BYTES, TILE_BYTES);
    TILE_ADD_UNSIGNED(2, 5, 6);
    TILE_ADD_UNSIGNED(3, 5, 7);
  }
  TILE_STORE(0, &sums[0][0], sizeof sums[0]);
  TILE_STORE(1, &sums[0][TILE_SIDE], sizeof sums[0]);
  TILE_STORE(2, &sums[TILE_SIDE][0], sizeof sums[0]);
  TILE_STORE(3, &sums[TILE_SIDE][TILE_SIDE], sizeof sums[0]);
  tiles_end();
  for (int64_t i = 0; i < rows; i++, c += ldc) {
    for (int64_t j = 0; j < columns; j++) {
      c[j] += (double)sums[i][j];
    }
  }
}

const clf__gram_byte_kernels FAMILY(gram_byte_kernels) = {
    {BLOCK_SIDE, STEP_ROWS, STEP_BYTES, 2048, gram_add_tiles}, gram_pack_tiles};
