/* xoshiro256++ by Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2021),
 * seeded through splitmix64 as they advise. Numbers below a limit are drawn by the method of
 * Lemire, "Fast random integer generation in an interval" (2019): a product instead of a division,
 * and rejection to avoid bias. */
#include "base/random.h"

#include "base/wide.h"

static uint64_t rotate_left(uint64_t value, int count) {
  return (value << count) | (value >> (64 - count));
}

static uint64_t splitmix(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

/* The stream is mixed before it is combined with the seed, so that neighboring pairs do not
 * collide. */
clf__random clf__random_seed(uint64_t seed, uint64_t stream) {
  uint64_t mixed = seed ^ splitmix(&stream);
  clf__random random;
  for (int i = 0; i < 4; i++) {
    random.state[i] = splitmix(&mixed);
  }
  return random;
}

uint64_t clf__random_next(clf__random *random) {
  uint64_t *s = random->state;
  uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
  uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate_left(s[3], 45);
  return result;
}

double clf__random_uniform(clf__random *random) {
  return (double)(clf__random_next(random) >> 11) * 0x1p-53;
}

int64_t clf__random_below(clf__random *random, int64_t limit) {
  uint64_t range = (uint64_t)limit;
  uint64_t low;
  uint64_t high = clf__multiply_wide(clf__random_next(random), range, &low);
  if (low < range) {
    uint64_t uneven = (0 - range) % range; /* 2^64 mod range */
    while (low < uneven) {
      high = clf__multiply_wide(clf__random_next(random), range, &low);
    }
  }
  return (int64_t)high;
}

void clf__random_shuffle(clf__random *random, int64_t *values, int64_t count) {
  for (int64_t i = count - 1; i > 0; i--) {
    int64_t other = clf__random_below(random, i + 1);
    int64_t value = values[i];
    values[i] = values[other];
    values[other] = value;
  }
}
