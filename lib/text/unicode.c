/* Properties of characters. unicode_tables.py generates tables of classes and cases: positions
 * where the class changes, and runs of letters with the distance to their lower case. Both are
 * searched by bisection. ASCII is handled elsewhere. */
#include "text/unicode.h"

typedef struct clf__case_run {
  uint32_t first, last;
  uint32_t step; /* 1, or 2 if capital and small letters alternate */
  int32_t distance;
} clf__case_run;

#include "text/unicode_tables.inc"

enum {
  TRAIT_COUNT = sizeof unicode_traits / sizeof unicode_traits[0],
  CASE_COUNT = sizeof unicode_cases / sizeof unicode_cases[0]
};

uint32_t clf__char_lookup(const uint32_t *changes, size_t count, int bits, uint32_t character) {
  size_t low = 0, high = count; /* the last position that is not after it */
  while (high - low > 1) {
    size_t middle = (low + high) / 2;
    if (changes[middle] >> bits <= character) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return changes[low] & ((UINT32_C(1) << bits) - 1);
}

clf__char_traits clf__char_traits_of(uint32_t character) {
  uint32_t found = clf__char_lookup(unicode_traits, TRAIT_COUNT, 4, character);
  return (clf__char_traits){.class = (unsigned char)(found & 7), .plain = (found & 8) != 0};
}

uint32_t clf__char_lower(uint32_t character) {
  size_t low = 0, high = CASE_COUNT; /* the first run that does not end before it */
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (unicode_cases[middle].last < character) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const clf__case_run *run = &unicode_cases[low];
  bool inside =
      low < CASE_COUNT && character >= run->first && (character - run->first) % run->step == 0;
  return inside ? character + (uint32_t)run->distance : character;
}
