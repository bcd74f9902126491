/* A fuzz target: it takes any bytes, and aborts when the library breaks a promise. Built with
 * libFuzzer (-Dfuzz=true, clang) as fuzz_<name>, and always with driver.c as smoke_<name>. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <classify.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Input `index` (0, 1, …) to start mutations from: its size, or 0 when there are no more. At most
 * `capacity` bytes. */
size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity);

#define FUZZ_CHECK(condition)                                                                      \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #condition,                  \
              clf_last_error());                                                                   \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

#endif
