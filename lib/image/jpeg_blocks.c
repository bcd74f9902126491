/* Walks over the blocks of a JPEG by ITU-T T.81, annexes F.1.2 (sequential) and G.1.2
 * (progressive): codes are looked up, and values are skipped, except those of DC coefficients,
 * which are cumulative.
 *
 * A wrong bit usually changes the lengths of the following codes, so that the blocks soon differ
 * from those that were written. This is detected by one of these: a code that the table lacks, more
 * than 64 coefficients, a DC coefficient beyond the range of pixels, or data that end before or
 * after the last block. A decoder checks none of them.
 *
 * Most JPEG data are sequential blocks, so a symbol takes one look-up, and its checks need no
 * branch: about 10 cycles, most of which wait for the table. */
#include "image/jpeg_blocks.h"

#include <string.h>

enum { END_OF_BLOCK = 80 }; /* coefficients that it advances by: more than any other */

static uint32_t entry_of(uint32_t symbol, uint32_t length) {
  const uint32_t advance = symbol == 0 ? END_OF_BLOCK : (symbol >> 4) + 1;
  const uint32_t size = (symbol & 15) <= CLF__JPEG_MAX_SIZE ? symbol & 15 : 0; /* refused later */
  return (length + size) | length << 8 | symbol << 16 | advance << 24;
}

static inline uint32_t length_of(uint32_t entry) {
  return entry >> 8 & 0xFF;
}

static inline uint32_t symbol_of(uint32_t entry) {
  return entry >> 16 & 0xFF;
}

bool clf__jpeg_table_make(clf__jpeg_table *table, const uint8_t counts[16],
                          const uint8_t *symbols) {
  uint32_t code = 0;
  int32_t used = 0;
  memset(table->entries, 0, sizeof table->entries);
  for (uint32_t length = 1; length <= 16; length++) {
    const uint32_t span = 1U << (16 - length), copies = span >> (16 - CLF__JPEG_LOOKUP_BITS);
    table->offsets[length] = used - (int32_t)(code >> (16 - length));
    for (int i = 0; i < counts[length - 1]; i++, code += span) {
      if (code + span > 1U << 16) {
        return false;
      }
      const uint32_t entry = entry_of(symbols[used], length);
      table->symbols[used] = symbols[used];
      used++;
      for (uint32_t c = 0; c < copies; c++) {
        table->entries[(code >> (16 - CLF__JPEG_LOOKUP_BITS)) + c] = entry;
      }
    }
    table->ends[length] = code;
  }
  return true;
}

/* Returns the entry of a code that is longer than the look-up; for an invalid code, a block that is
 * too long. */
static uint32_t long_entry(const clf__jpeg_table *table, uint64_t buffer) {
  const uint32_t code = (uint32_t)(buffer >> 48);
  for (uint32_t length = CLF__JPEG_LOOKUP_BITS + 1; length <= 16; length++) {
    if (code < table->ends[length]) {
      const int32_t at = table->offsets[length] + (int32_t)(code >> (16 - length));
      return entry_of(table->symbols[at], length);
    }
  }
  return 0xFFU << 16 | 64U << 24;
}

static inline uint32_t next_entry(const clf__jpeg_table *table, uint64_t buffer) {
  const uint32_t entry = table->entries[buffer >> (64 - CLF__JPEG_LOOKUP_BITS)];
  return entry != 0 ? entry : long_entry(table, buffer);
}

void clf__jpeg_bits_begin(clf__jpeg_bits *bits, const uint8_t *begin, size_t size) {
  *bits = (clf__jpeg_bits){.next = begin, .begin = begin, .end = begin + size};
}

/* Makes at least 56 bits valid. */
static inline void refill(clf__jpeg_bits *bits) {
  const uint8_t *from = bits->next;
  const uint64_t word = (uint64_t)from[0] << 56 | (uint64_t)from[1] << 48 |
                        (uint64_t)from[2] << 40 | (uint64_t)from[3] << 32 |
                        (uint64_t)from[4] << 24 | (uint64_t)from[5] << 16 | (uint64_t)from[6] << 8 |
                        (uint64_t)from[7];
  bits->buffer |= word >> bits->count;
  bits->next += (63 - bits->count) >> 3;
  bits->count |= 56;
}

static inline void skip(clf__jpeg_bits *bits, uint32_t count) { /* of at most 56 valid bits */
  bits->buffer <<= count;
  bits->count -= (int)count;
}

/* Reads a value of 0 to 16 valid bits. */
static inline uint32_t consume(clf__jpeg_bits *bits, uint32_t count) {
  const uint32_t value = (uint32_t)(bits->buffer >> 1 >> (63 - count));
  skip(bits, count);
  return value;
}

/* Returns whether more bits were consumed than there are. */
static inline bool is_beyond(const clf__jpeg_bits *bits) {
  return 8 * (bits->next - bits->end) > bits->count;
}

bool clf__jpeg_bits_end(const clf__jpeg_bits *bits) {
  const int64_t left = 8 * (bits->end - bits->next) + bits->count, bytes = left >> 3;
  if (left < 0 || bytes > CLF__JPEG_MAX_FILL) {
    return false;
  }
  const uint8_t *fill = bits->end - bytes; /* the byte before it may have bits left */
  const uint8_t last = fill > bits->begin ? fill[-1] : 0;
  const uint8_t mask = (uint8_t)((1U << (left & 7)) - 1);
  bool empty = true;
  for (int64_t i = 0; i < bytes; i++) {
    empty = empty && fill[i] == 0;
  }
  return empty && ((last & mask) == mask || (last & mask) == 0);
}

/* Reads a DC coefficient, the difference from the last one with `low` bits fewer. Returns its
 * energy. */
static inline uint64_t walk_dc(clf__jpeg_bits *bits, clf__jpeg_part *part, int low) {
  refill(bits);
  const uint32_t entry = next_entry(part->dc, bits->buffer), size = symbol_of(entry);
  skip(bits, length_of(entry));
  if (size > CLF__JPEG_MAX_SIZE) {
    return CLF__JPEG_MAX_ENERGY + 1;
  }
  const int64_t value = consume(bits, size);
  const bool negative = size > 0 && value >> (size - 1) == 0;
  part->predicted += (value - (negative ? (1 << size) - 1 : 0)) * (1 << low);
  const int64_t min = part->predicted < 0 ? -part->predicted - (1 << low) + 1 : part->predicted;
  const int64_t root = (2 * min - 1) * part->step;
  return root <= 0 ? 0 : root < 1 << 20 ? (uint64_t)(root * root) : CLF__JPEG_MAX_ENERGY + 1;
}

/* Reads the other coefficients of a sequential block. Returns their energy. */
static inline uint32_t walk_ac(clf__jpeg_bits *bits, const clf__jpeg_part *part) {
  uint32_t energy = 0, k = 0;
  while (k < 63) {
    refill(bits);
    for (int i = 0; i < 2 && k < 63; i++) {
      const uint32_t entry = next_entry(part->ac, bits->buffer);
      skip(bits, entry & 0x3F);
      k += entry >> 24;
      if (k >= END_OF_BLOCK) {
        return energy;
      }
      energy += part->energies[entry >> 16 & 15][k];
    }
  }
  return energy;
}

static bool walk_sequential(clf__jpeg_scan *scan, clf__jpeg_bits *bits) {
  bool possible = true;
  for (int b = 0; possible && b < scan->block_count; b++) {
    clf__jpeg_part *part = scan->blocks[b];
    const uint64_t energy = walk_dc(bits, part, 0);
    possible = energy + walk_ac(bits, part) <= CLF__JPEG_MAX_ENERGY && !is_beyond(bits);
  }
  return possible;
}

static bool walk_progressive_dc(clf__jpeg_scan *scan, clf__jpeg_bits *bits) {
  bool possible = true;
  for (int b = 0; possible && b < scan->block_count; b++) {
    if (scan->high == 0) {
      possible = walk_dc(bits, scan->blocks[b], scan->low) <= CLF__JPEG_MAX_ENERGY;
    } else {
      refill(bits);
      skip(bits, 1);
    }
    possible = possible && !is_beyond(bits);
  }
  return possible;
}

/* Returns how many blocks, including this one, a symbol without a value ends: 2^run plus `run`
 * bits. */
static int64_t consume_run(clf__jpeg_bits *bits, uint32_t run) {
  return (int64_t)(1U << run) + consume(bits, run);
}

/* Reads new coefficients of a block. */
static bool walk_first(clf__jpeg_scan *scan, clf__jpeg_bits *bits, uint64_t *nonzero) {
  const clf__jpeg_part *part = scan->blocks[0];
  int k = scan->first;
  while (scan->skipped == 0 && k <= scan->last) {
    refill(bits);
    const uint32_t entry = next_entry(part->ac, bits->buffer);
    const uint32_t run = symbol_of(entry) >> 4, size = symbol_of(entry) & 15;
    skip(bits, length_of(entry));
    if (size == 0 && run < 15) {
      scan->skipped = consume_run(bits, run);
      break;
    }
    k += (int)run;
    if (k > scan->last || part->energies[size][k] > CLF__JPEG_MAX_ENERGY) {
      return false;
    }
    skip(bits, size);
    *nonzero |= (uint64_t)(size > 0) << k;
    k++;
  }
  scan->skipped -= scan->skipped > 0;
  return true;
}

/* Skips a bit for each coefficient of `set`. */
static void skip_corrections(clf__jpeg_bits *bits, uint64_t set) {
  for (; set != 0; set &= set - 1) {
    refill(bits);
    skip(bits, 1);
  }
}

/* Advances to the coefficient after `run` zero ones, skipping the corrections of nonzero ones. */
static int pass_zeros(const clf__jpeg_scan *scan, clf__jpeg_bits *bits, uint64_t nonzero, int k,
                      uint32_t run) {
  for (; k <= scan->last; k++) {
    if ((nonzero >> k & 1) != 0) {
      refill(bits);
      skip(bits, 1);
    } else if (run-- == 0) {
      break;
    }
  }
  return k;
}

/* Reads one more bit of a block's coefficients, and those that become nonzero. */
static bool walk_refinement(clf__jpeg_scan *scan, clf__jpeg_bits *bits, uint64_t *nonzero) {
  int k = scan->first;
  while (scan->skipped == 0 && k <= scan->last) {
    refill(bits);
    const uint32_t entry = next_entry(scan->blocks[0]->ac, bits->buffer);
    const uint32_t run = symbol_of(entry) >> 4, size = symbol_of(entry) & 15;
    skip(bits, length_of(entry));
    if (size == 0 && run < 15) {
      scan->skipped = consume_run(bits, run);
      break;
    }
    skip(bits, size); /* the sign */
    k = pass_zeros(scan, bits, *nonzero, k, run);
    if (size > 1 || (size == 1 && k > scan->last)) {
      return false;
    }
    *nonzero |= (uint64_t)size << (k & 63);
    k++;
  }
  if (scan->skipped > 0) {
    const uint64_t upto = UINT64_MAX >> (63 - scan->last);
    skip_corrections(bits, k < 64 ? *nonzero & upto & UINT64_MAX << k : 0);
    scan->skipped--;
  }
  return true;
}

static bool walk_unit(clf__jpeg_scan *scan, clf__jpeg_bits *bits, int64_t unit) {
  if (!scan->progressive) {
    return walk_sequential(scan, bits);
  }
  if (scan->first == 0) {
    return walk_progressive_dc(scan, bits);
  }
  uint64_t *nonzero = &scan->blocks[0]->nonzero[unit];
  return (scan->high == 0 ? walk_first(scan, bits, nonzero)
                          : walk_refinement(scan, bits, nonzero)) &&
         !is_beyond(bits);
}

int64_t clf__jpeg_walk(clf__jpeg_scan *scan, clf__jpeg_bits *bits, int64_t from, int64_t to) {
  clf__jpeg_bits local = *bits;
  while (from < to && walk_unit(scan, &local, from)) {
    from++;
  }
  *bits = local;
  return from;
}
