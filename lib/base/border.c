/* The slow part of the border: it handles an x87 state that is not the default one. */
#include "base/border.h"

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
