#include "base/page_cache.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static void advise(const void *data, size_t size, int advice) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t before = (size_t)(uintptr_t)data % page;
  (void)posix_madvise((char *)(uintptr_t)data - before, size + before, advice);
}

void clf__page_cache_read(const void *data, size_t size) {
  advise(data, size, POSIX_MADV_WILLNEED);
}

void clf__page_cache_order(const void *data, size_t size, bool random) {
  advise(data, size, random ? POSIX_MADV_RANDOM : POSIX_MADV_NORMAL);
}

int64_t clf__page_cache_waits(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_majflt : 0;
}
