/* Tiles of AMX: eight registers of up to 16 rows of 64 bytes. An instruction adds to a tile of
 * sums, rows by columns of 32 bits, the product of a tile of A, rows by 16 groups of 4 bytes, and
 * one of B, 16 groups by columns. A block is two by two tiles of sums (0 … 3), for which two tiles
 * of A (4, 5) and of B (6, 7) are loaded.
 *
 * The instruction takes 16 cycles, a load 8 if its rows do not cross cache lines, and six times as
 * long if they do; so a block is bound by its products, 8192 multiply-adds of bf16 a load of each
 * tile, or twice as many of bytes. Setting the shapes takes 45 ns (2.6 GHz), so that blocks of one
 * shape follow one another. Tiles are released before a function returns: until then, the operating
 * system saves 8 KiB at each switch of threads, and a signal needs as much more of the stack. */

enum { TILE_SIDE = 16, BLOCK_SIDE = 2 * TILE_SIDE, TILE_BYTES = 64 };

typedef struct tile_shapes {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_shapes;

/* The compiler does not know what these read and write. */
#define TILE_LOAD(tile, from, stride)                                                              \
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile                                              \
                   :                                                                               \
                   : "r"(from), "r"((int64_t)(stride))                                             \
                   : "memory")
#define TILE_STORE(tile, to, stride)                                                               \
  __asm__ volatile("tilestored %%tmm" #tile ", (%0,%1,1)"                                          \
                   :                                                                               \
                   : "r"(to), "r"((int64_t)(stride))                                               \
                   : "memory")
#define TILE_ZERO(tile) __asm__ volatile("tilezero %%tmm" #tile :::)
/* sums += a b, of pairs of bf16, of unsigned bytes in A by signed ones in B, and of unsigned bytes.
 */
#define TILE_ADD_BF16(sums, a, b)                                                                  \
  __asm__ volatile("tdpbf16ps %%tmm" #b ", %%tmm" #a ", %%tmm" #sums :::)
#define TILE_ADD_BYTES(sums, a, b)                                                                 \
  __asm__ volatile("tdpbusd %%tmm" #b ", %%tmm" #a ", %%tmm" #sums :::)
#define TILE_ADD_UNSIGNED(sums, a, b)                                                              \
  __asm__ volatile("tdpbuud %%tmm" #b ", %%tmm" #a ", %%tmm" #sums :::)

/* The same of signed bytes in A by unsigned ones in B. */
#define TILE_ADD_SIGNED(sums, a, b)                                                                \
  __asm__ volatile("tdpbsud %%tmm" #b ", %%tmm" #a ", %%tmm" #sums :::)

/* Sets the shapes of blocks of up to 32 rows by up to 32 columns; tiles that would be empty have
 * the whole shape, and are not used. */
INLINE void tiles_begin(int64_t rows, int64_t columns) {
  tile_shapes shapes = {.palette = 1};
  const int64_t high[2] = {rows, rows - TILE_SIDE}, wide[2] = {columns, columns - TILE_SIDE};
  for (int i = 0; i < 2; i++) {
    const int64_t height = high[i] > 0 && high[i] < TILE_SIDE ? high[i] : TILE_SIDE;
    const int64_t width = wide[i] > 0 && wide[i] < TILE_SIDE ? wide[i] : TILE_SIDE;
    for (int j = 0; j < 2; j++) {
      shapes.rows[2 * i + j] = (uint8_t)height;
      shapes.row_bytes[2 * j + i] = (uint16_t)(4 * width);
    }
    shapes.rows[4 + i] = (uint8_t)height;
    shapes.row_bytes[4 + i] = TILE_BYTES;
    shapes.rows[6 + i] = TILE_SIDE;
    shapes.row_bytes[6 + i] = (uint16_t)(4 * width);
  }
  __asm__ volatile("ldtilecfg %0" : : "m"(shapes));
}

INLINE void tiles_end(void) {
  __asm__ volatile("tilerelease" ::: "memory");
}

/* out[i][] = element i of each of the 16 vectors. */
INLINE void transpose_16(__m512i row[16]) {
  __m512i pair[16];
  UNROLL for (int i = 0; i < 16; i += 2) {
    pair[i] = _mm512_unpacklo_epi32(row[i], row[i + 1]);
    pair[i + 1] = _mm512_unpackhi_epi32(row[i], row[i + 1]);
  }
  /* quads row[4 q + r]: lane l has elements 4 l + r of rows 4 q … 4 q + 3 */
  UNROLL for (int q = 0; q < 4; q++) {
    row[4 * q] = _mm512_unpacklo_epi64(pair[4 * q], pair[4 * q + 2]);
    row[4 * q + 1] = _mm512_unpackhi_epi64(pair[4 * q], pair[4 * q + 2]);
    row[4 * q + 2] = _mm512_unpacklo_epi64(pair[4 * q + 1], pair[4 * q + 3]);
    row[4 * q + 3] = _mm512_unpackhi_epi64(pair[4 * q + 1], pair[4 * q + 3]);
  }
  UNROLL for (int r = 0; r < 4; r++) {
    const __m512i low01 = _mm512_shuffle_i32x4(row[r], row[4 + r], 0x44);
    const __m512i high01 = _mm512_shuffle_i32x4(row[r], row[4 + r], 0xee);
    const __m512i low23 = _mm512_shuffle_i32x4(row[8 + r], row[12 + r], 0x44);
    const __m512i high23 = _mm512_shuffle_i32x4(row[8 + r], row[12 + r], 0xee);
    pair[r] = _mm512_shuffle_i32x4(low01, low23, 0x88);
    pair[4 + r] = _mm512_shuffle_i32x4(low01, low23, 0xdd);
    pair[8 + r] = _mm512_shuffle_i32x4(high01, high23, 0x88);
    pair[12 + r] = _mm512_shuffle_i32x4(high01, high23, 0xdd);
  }
  UNROLL for (int i = 0; i < 16; i++) {
    row[i] = pair[i];
  }
}
