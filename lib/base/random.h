/* xoshiro256++ (Blackman and Vigna, 2019), seeded through splitmix64. Each handle has its own
 * state. */
#ifndef CLF_BASE_RANDOM_H
#define CLF_BASE_RANDOM_H

#include <stdint.h>

typedef struct clf__random {
  uint64_t state[4];
} clf__random;

/* Different streams of one seed are independent. */
clf__random clf__random_seed(uint64_t seed, uint64_t stream);
uint64_t clf__random_next(clf__random *random);
double clf__random_uniform(clf__random *random);               /* [0, 1) */
int64_t clf__random_below(clf__random *random, int64_t limit); /* 0 … limit-1, unbiased */
void clf__random_shuffle(clf__random *random, int64_t *values, int64_t count);

#endif
