/* A clock that can stand still, so that what asks the host ten times a second does not: reports
 * then depend on the steps of a call alone, however busy the machine is. It is linked in place of
 * the system's. */
#ifndef TESTS_UNIT_STILL_CLOCK_H
#define TESTS_UNIT_STILL_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_bool clock_stands;

/* It stands in the future: threads that wait for each other until then do not wake up before. A
 * test lets it go on at its end, since libcheck measures how long a test takes. */
int clock_gettime(clockid_t id, struct timespec *now) {
  if (id == CLOCK_MONOTONIC && atomic_load(&clock_stands)) {
    *now = (struct timespec){.tv_sec = 1 << 30};
    return 0;
  }
  return (int)syscall(SYS_clock_gettime, id, now);
}

#endif
