/* The blocks of a JPEG's entropy-coded data, walked over without being decoded: by their number and
 * their coefficients' sizes damage shows that a decoder would draw. */
#ifndef CLF_IMAGE_JPEG_BLOCKS_H
#define CLF_IMAGE_JPEG_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  CLF__JPEG_LOOKUP_BITS = 10, /* of a code, that find it at once */
  CLF__JPEG_SLACK = 512,      /* bytes that must be readable behind an interval: over two blocks */
  CLF__JPEG_MAX_FILL = 3,     /* bytes: cameras write words of up to 4 bytes */
  CLF__JPEG_MAX_BLOCKS = 10,  /* of a unit (MCU) of interleaved components */
  CLF__JPEG_MAX_SIZE = 11,    /* bits of a value, so that 56 hold two codes with theirs */
  CLF__JPEG_MAX_ENERGY = 6400000, /* of a block, in quarters; see clf__jpeg_part */
};

/* A Huffman table. An entry is, from its low byte on: the bits of a code and of the value that
 * follows, the bits of the code, its symbol, and by how many coefficients a sequential block
 * advances. */
typedef struct clf__jpeg_table {
  uint8_t symbols[256];
  uint32_t entries[1 << CLF__JPEG_LOOKUP_BITS]; /* 0: the code is longer */
  uint32_t ends[17];                            /* of codes of each length, in 16 bits */
  int32_t offsets[17];                          /* of their symbols */
} clf__jpeg_table;

/* Makes the table of the numbers of codes of 1 to 16 bits and their symbols [their sum]. False
 * where there are more codes than bits tell apart. */
bool clf__jpeg_table_make(clf__jpeg_table *table, const uint8_t counts[16], const uint8_t *symbols);

typedef struct clf__jpeg_bits {
  const uint8_t *next, *begin, *end; /* without stuffed bytes; CLF__JPEG_SLACK more are readable */
  uint64_t buffer;                   /* the next bits, from the highest on */
  int count;                         /* of them that are valid */
} clf__jpeg_bits;

/* What a scan has of one component. The squares of a block's coefficients, quantization undone, sum
 * to those of its 64 pixels (Parseval), at most 64 * 128^2, with 1.56 times that for encoders that
 * overshoot at edges. Of a value of `size` bits the smallest coefficient counts that is rounded to
 * one, 2^(size - 1) - 1/2 steps, or more than CLF__JPEG_MAX_ENERGY where it has none. */
typedef struct clf__jpeg_part {
  const clf__jpeg_table *dc, *ac; /* NULL where the scan needs none */
  int64_t step;                   /* of the DC coefficient */
  int64_t predicted;              /* the last DC coefficient */
  uint64_t *nonzero;              /* [blocks] which coefficients are, of progressive scans of AC */
  uint32_t energies[16][80];      /* [size, coefficient]; there is no coefficient from 64 on */
} clf__jpeg_part;

typedef struct clf__jpeg_scan {
  bool progressive;
  int first, last; /* coefficients */
  int high, low;   /* positions of bits: Ah, Al */
  int block_count; /* of a unit */
  clf__jpeg_part *blocks[CLF__JPEG_MAX_BLOCKS];
  int64_t skipped; /* blocks still to come without a new coefficient: EOBRUN */
} clf__jpeg_scan;

void clf__jpeg_bits_begin(clf__jpeg_bits *bits, const uint8_t *begin, size_t size);

/* Walks over the units `from` to `to` of a scan. Returns the first that cannot be: whose code is
 * none of the table's, whose coefficients are too many or beyond what pixels give, or that ends
 * behind the data; `to` where all can. */
int64_t clf__jpeg_walk(clf__jpeg_scan *scan, clf__jpeg_bits *bits, int64_t from, int64_t to);

/* Whether what was not walked over only fills the data up: bits of a byte that are all 1 or all 0,
 * and up to CLF__JPEG_MAX_FILL bytes of 0. */
bool clf__jpeg_bits_end(const clf__jpeg_bits *bits);

#endif
