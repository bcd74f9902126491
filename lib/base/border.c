/* The slow part of the border: the subject of a call, and an x87 state that is not the default
 * one. */
#include "base/border.h"

#include <stdbool.h>

static _Thread_local bool
    within; /* a public call is running, which will name the subject when it ends */

const char *clf__subject_begin(const char *subject) {
  if (within) {
    return NULL;
  }
  within = true;
  clf__refusal_forget();
  return subject;
}

void clf__subject_end(const char *subject) {
  within = false;
  clf__refusal_name(subject);
}

#if defined(__x86_64__)
/* The 28 bytes that fnstenv and fldenv transfer. */
typedef struct x87_environment {
  uint16_t control, gap;
  uint16_t status, other_gap;
  uint16_t rest[10];
} x87_environment;

void clf__floats_set_x87(uint16_t control, uint16_t flags) {
  x87_environment environment;
  __asm__ volatile("fnstenv %0" : "=m"(environment) : : "memory");
  environment.control = control;
  environment.status =
      (uint16_t)((environment.status & ~CLF__X87_FLAGS) | (flags & CLF__X87_FLAGS));
  __asm__ volatile("fldenv %0" : : "m"(environment) : "memory");
}
#endif
