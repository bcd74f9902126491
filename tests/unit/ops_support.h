/* What the suites of lib/ops share: a context for each CPU target that this machine has. */
#ifndef TESTS_UNIT_OPS_SUPPORT_H
#define TESTS_UNIT_OPS_SUPPORT_H

#include <stdio.h>
#include <string.h>

#include "support.h"

#include "base/context.h"
#include "base/memory.h"
#ifdef __x86_64__
#include <cpuid.h>
#endif

/* Levels are the rows of the table of CPU targets. */
static inline int cpu_levels(void) {
  int count = 0;
  while (clf__cpu_targets[count].name != NULL) {
    count++;
  }
  return count;
}

/* `cpu` is a word of the context's parameter; NULL where the CPU lacks what it asks for. */
static inline clf_context *context_on(const char *cpu, int threads) {
  clf_context *context = NULL;
  char params[64];
  snprintf(params, sizeof params, "cpu=%s threads=%d", cpu, threads);
  clf_status status = clf_context_create(&context, NULL, params);
  ck_assert_msg(status == CLF_OK || status == CLF_ERROR_UNSUPPORTED, "%s", clf_last_error());
  return context;
}

/* Whether what a level shows is not shown by another. A target without a word of its own is tested
 * where it is the best that its word asks for. Sanitizers look into the generic kernels alone
 * (lib/ops/meson.build): there, the address sanitizer needs the loops around the widest kernels too,
 * and the thread sanitizer no others. */
static inline bool level_is_tested(int level) {
  const bool last = clf__cpu_targets[level + 1].name == NULL;
  if (level > 0 && strcmp(clf__cpu_targets[level].word, clf__cpu_targets[level - 1].word) == 0) {
    return false;
  }
  return last || !(THREAD_SANITIZER || (ADDRESS_SANITIZER && level > 0));
}

/* A context for a level; NULL where the CPU lacks it, or where another level shows the same. */
static inline clf_context *context_of(int level, int threads) {
  return level_is_tested(level) ? context_on(clf__cpu_targets[level].word, threads) : NULL;
}

/* Whether products of reduced precision are by tiles there, which add in an order of their own. */
static inline bool level_has_tiles(int level) {
  return clf__cpu_targets[level].tiled != NULL && clf__cpu_targets[level].supported() &&
         clf__cpu_request_tiles();
}

/* Whether this thread has registers of tiles in use, which the system would save on each switch. */
static inline bool tiles_are_in_use(void) {
#ifdef __x86_64__
  const uint32_t tells_use = 4, tile_data = 1 << 18;
  uint32_t a, b, c, d;
  if (__get_cpuid_count(0xd, 1, &a, &b, &c, &d) && (a & tells_use) != 0) {
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(1));
    return (a & tile_data) != 0;
  }
#endif
  return false;
}

/* Uniform in [-1, 1). */
static inline double random_signed(uint64_t *state) {
  return 2 * random_unit(state) - 1;
}

static inline float *random_f32(uint64_t *state, int64_t count) {
  float *values = malloc((size_t)count * sizeof *values + 1);
  for (int64_t i = 0; i < count; i++) {
    values[i] = (float)random_signed(state);
  }
  return values;
}

static inline double *random_f64(uint64_t *state, int64_t count) {
  double *values = malloc((size_t)count * sizeof *values + 1);
  for (int64_t i = 0; i < count; i++) {
    values[i] = random_signed(state);
  }
  return values;
}

static inline uint8_t *random_u8(uint64_t *state, int64_t count) {
  uint8_t *values = malloc((size_t)count + 1);
  for (int64_t i = 0; i < count; i++) {
    values[i] = (uint8_t)(256 * random_unit(state));
  }
  return values;
}

#endif
