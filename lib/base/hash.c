/* Polynomial hashing over the prime field of 2^61 - 1 (Carter and Wegman, "Universal classes of
 * hash functions", 1979): the coefficients are the parts of 7 bytes of the string, and the
 * polynomial is evaluated at the secret key. Two given strings of n parts collide for at most n + 1
 * of the 2^61 keys. The last part contains its length, so different strings are different
 * polynomials. */
#include "base/hash.h"

#include <sys/random.h>
#include <unistd.h>

#include "base/context.h"
#include "base/progress.h"
#include "base/random.h"

clf__hash_key clf__hash_key_new(void) {
  uint64_t bits[2] = {0, 0};
  if (getrandom(bits, sizeof bits, GRND_NONBLOCK) != (ssize_t)sizeof bits) {
    bits[0] ^= (uint64_t)(clf__seconds() * 1e9); /* used before the system has gathered entropy */
    bits[1] ^= (uint64_t)(uintptr_t)&bits ^ (uint64_t)getpid() << 32;
  }
  clf__random random = clf__random_seed(bits[0], bits[1]);
  return (clf__hash_key){1 + (uint64_t)clf__random_below(&random, (int64_t)CLF__HASH_PRIME - 1)};
}
