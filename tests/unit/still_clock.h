/* A clock that can stand still, so that what asks the host ten times a second does not: reports
 * then depend on the steps of a call alone, however busy the machine is. Or it leaps, so that the
 * host is asked wherever it may be. It is linked in place of the system's. */
#ifndef TESTS_UNIT_STILL_CLOCK_H
#define TESTS_UNIT_STILL_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_bool clock_stands, clock_leaps;
static atomic_int clock_looks;

/* It stands in the future: threads that wait for each other until then do not wake up before. A
 * test lets it go on at its end, since libcheck measures how long a test takes. */
int clock_gettime(clockid_t id, struct timespec *now) {
  if (id == CLOCK_MONOTONIC && atomic_load(&clock_stands)) {
    *now = (struct timespec){.tv_sec = 1 << 30};
    return 0;
  }
  if (id == CLOCK_MONOTONIC && atomic_load(&clock_leaps)) {
    *now = (struct timespec){.tv_sec = (1 << 30) + atomic_fetch_add(&clock_looks, 1)};
    return 0;
  }
  return (int)syscall(SYS_clock_gettime, id, now);
}

#endif
