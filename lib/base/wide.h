/* Products of 128 bits. */
#ifndef CLF_BASE_WIDE_H
#define CLF_BASE_WIDE_H

#include <stdint.h>

/* Returns the upper half of a * b; *low receives the lower half. It is for targets without integers
 * of 128 bits. */
static inline uint64_t clf__multiply_halves(uint64_t a, uint64_t b, uint64_t *low) {
  uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
  uint64_t bottom = a_low * b_low;
  uint64_t cross = a_high * b_low + (bottom >> 32);
  uint64_t middle = a_low * b_high + (uint32_t)cross;
  *low = (middle << 32) | (uint32_t)bottom;
  return a_high * b_high + (cross >> 32) + (middle >> 32);
}

/* The same. */
static inline uint64_t clf__multiply_wide(uint64_t a, uint64_t b, uint64_t *low) {
#ifdef __SIZEOF_INT128__
  __extension__ typedef unsigned __int128 wide;
  wide product = (wide)a * b;
  *low = (uint64_t)product;
  return (uint64_t)(product >> 64);
#else
  return clf__multiply_halves(a, b, low);
#endif
}

#endif
