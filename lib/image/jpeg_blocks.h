/* Walks over the blocks of a JPEG's entropy-coded data without decoding them. The number of blocks
 * and the sizes of coefficients reveal damage that a decoder would draw as pixels. */
#ifndef CLF_IMAGE_JPEG_BLOCKS_H
#define CLF_IMAGE_JPEG_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  CLF__JPEG_LOOKUP_BITS = 10,     /* bits of a code that is found by one look-up */
  CLF__JPEG_SLACK = 512,          /* bytes that must be readable after an interval: more than two
                               * blocks */
  CLF__JPEG_MAX_FILL = 3,         /* bytes: cameras write words of up to 4 bytes */
  CLF__JPEG_MAX_BLOCKS = 10,      /* in a unit (MCU) of interleaved components */
  CLF__JPEG_MAX_SIZE = 11,        /* bits of a value, so that 56 bits have two codes with their
                               * values */
  CLF__JPEG_MAX_ENERGY = 6400000, /* of a block, in quarters; see clf__jpeg_part */
};

/* A Huffman table. An entry has, from its low byte on: the bits of a code and its value together,
 * the bits of the code, its symbol, and the number of coefficients by which a sequential block
 * advances. */
typedef struct clf__jpeg_table {
  uint8_t symbols[256];
  uint32_t entries[1 << CLF__JPEG_LOOKUP_BITS]; /* 0: the code is longer */
  uint32_t ends[17];                            /* of codes of each length, aligned to 16 bits */
  int32_t offsets[17];                          /* of their symbols */
} clf__jpeg_table;

/* Makes the table from the numbers of codes of 1 to 16 bits and their symbols [their sum]. Returns
 * false if there are more codes than bits can encode. */
bool clf__jpeg_table_make(clf__jpeg_table *table, const uint8_t counts[16], const uint8_t *symbols);

typedef struct clf__jpeg_bits {
  const uint8_t *next, *begin, *end; /* without stuffed bytes; CLF__JPEG_SLACK more are readable */
  uint64_t buffer;                   /* the next bits, from the highest on */
  int count;                         /* number of valid bits */
} clf__jpeg_bits;

/* The part of one component in a scan. The squares of a block's dequantized coefficients sum to
 * those of its 64 pixels (Parseval), at most 64 * 128^2; the limit is 1.56 times that for encoders
 * that overshoot at edges. A value of `size` bits counts as the smallest coefficient that is
 * rounded to such a value, 2^(size - 1) - 1/2 steps. Without a quantizer it counts more than
 * CLF__JPEG_MAX_ENERGY. */
typedef struct clf__jpeg_part {
  const clf__jpeg_table *dc, *ac; /* NULL if the scan needs none */
  int64_t step;                   /* of the DC coefficient */
  int64_t predicted;              /* the last DC coefficient */
  uint64_t *nonzero;              /* [blocks] which coefficients are nonzero, in progressive scans
                                   * of AC */
  uint32_t energies[16][80];      /* [size, coefficient]; 64 and above are not coefficients */
} clf__jpeg_part;

typedef struct clf__jpeg_scan {
  bool progressive;
  int first, last; /* coefficients */
  int high, low;   /* bit positions Ah and Al */
  int block_count; /* in a unit */
  clf__jpeg_part *blocks[CLF__JPEG_MAX_BLOCKS];
  int64_t skipped; /* blocks that follow without a new coefficient: EOBRUN */
} clf__jpeg_scan;

void clf__jpeg_bits_begin(clf__jpeg_bits *bits, const uint8_t *begin, size_t size);

/* Walks over the units `from` to `to` of a scan. Returns the first impossible one, or `to`. A unit
 * is impossible if the table lacks its code, if it has too many coefficients or exceeds the range
 * of pixels, or if it ends beyond the data. */
int64_t clf__jpeg_walk(clf__jpeg_scan *scan, clf__jpeg_bits *bits, int64_t from, int64_t to);

/* Returns whether the rest of the data is mere fill: bits of a byte that are all 1 or all 0, and up
 * to CLF__JPEG_MAX_FILL zero bytes. */
bool clf__jpeg_bits_end(const clf__jpeg_bits *bits);

#endif
