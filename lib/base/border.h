/* The border between host and library. A public function that does arithmetic or allocates begins
 * with CLF__ENTER(subject), after its CLF__REQUIREs. Until it returns, by any path, it has:
 *
 * - the default floating-point environment: rounding to nearest, subnormal numbers as they are, no
 *   traps. On return the host's environment is restored, with the exception flags that the host had
 *   raised.
 * - a subject, such as "svm". It begins the message of a refused allocation, unless a function
 *   closer to the allocation has named one. A call within another call does not use its subject.
 *
 * Threads of the pool start within such a call and inherit its environment. Callbacks run in it. */
#ifndef CLF_BASE_BORDER_H
#define CLF_BASE_BORDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#if defined(__x86_64__)
/* Reads and writes only the control words of SSE and x87: fegetenv() and fesetenv() take ten times
 * as long. */
typedef struct clf__floats {
  uint32_t sse;
  uint16_t x87, flags;
} clf__floats;

enum {
  CLF__SSE_FLAGS = 0x3F,
  CLF__SSE_DEFAULT = 0x1F80,
  CLF__X87_FLAGS = 0x3F,
  CLF__X87_DEFAULT = 0x37F
};

/* These two handle an x87 state that a call must change, or has changed. */
void clf__floats_set_x87(uint16_t control, uint16_t flags);

static inline clf__floats clf__floats_enter(void) {
  const uint32_t usual = CLF__SSE_DEFAULT;
  clf__floats host;
  __asm__ volatile("stmxcsr %0\n\tfnstcw %1\n\tfnstsw %2"
                   : "=m"(host.sse), "=m"(host.x87), "=am"(host.flags)
                   :
                   : "memory");
  if ((host.sse & ~(uint32_t)CLF__SSE_FLAGS) != usual) {
    __asm__ volatile("ldmxcsr %0" : : "m"(usual) : "memory");
  }
  if (host.x87 != CLF__X87_DEFAULT) {
    clf__floats_set_x87(CLF__X87_DEFAULT, host.flags);
  }
  return host;
}

static inline void clf__floats_leave(const clf__floats *host) {
  uint16_t flags;
  __asm__ volatile("ldmxcsr %1\n\tfnstsw %0" : "=am"(flags) : "m"(host->sse) : "memory");
  if (host->x87 != CLF__X87_DEFAULT || ((flags ^ host->flags) & CLF__X87_FLAGS) != 0) {
    clf__floats_set_x87(host->x87, host->flags);
  }
}
#else
#include <fenv.h>

typedef struct clf__floats {
  fenv_t host;
} clf__floats;

static inline clf__floats clf__floats_enter(void) {
  clf__floats floats;
  feholdexcept(&floats.host);
  fesetenv(FE_DFL_ENV);
  return floats;
}

static inline void clf__floats_leave(const clf__floats *floats) {
  fesetenv(&floats->host);
}
#endif

typedef struct clf__border {
  clf__floats floats;
  const char *subject; /* NULL in a call within another call */
} clf__border;

/* Returns the subject, or NULL in a call within another call of the thread. */
const char *clf__subject_begin(const char *subject);
/* Puts the subject in front of the message of a refused allocation that names none yet. */
void clf__subject_end(const char *subject);

static inline clf__border clf__enter(const char *subject) {
  return (clf__border){clf__floats_enter(), clf__subject_begin(subject)};
}

static inline void clf__leave(const clf__border *border) {
  if (border->subject != NULL) {
    clf__subject_end(border->subject);
  }
  clf__floats_leave(&border->floats);
}

#define CLF__ENTER(subject)                                                                        \
  __attribute__((cleanup(clf__leave), unused)) const clf__border clf__border_of_call =             \
      clf__enter(subject)

/* CLF_ERROR_ARGUMENT if a required pointer is NULL, and otherwise CLF_OK. */
#define CLF__REQUIRED(pointer)                                                                     \
  ((pointer) != NULL                                                                               \
       ? CLF_OK                                                                                    \
       : clf__fail(CLF_ERROR_ARGUMENT, "%s: %s must not be NULL", __func__, #pointer))
/* Returns from the function if a required pointer is NULL. */
#define CLF__REQUIRE(pointer) CLF__CHECK(CLF__REQUIRED(pointer))

#endif
