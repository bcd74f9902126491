/* CPU features by cpuid and xgetbv; CPUs by the affinity mask and the cgroup's quota.
 *
 * A quota is a share of CPU time per period: cgroup v2 has "cpu.max" with "quota period" or "max
 * period", v1 has cpu.cfs_quota_us (-1 for none) and cpu.cfs_period_us. The smallest quota of the
 * process's cgroup and its ancestors counts, rounded up to whole CPUs. */
#include "base/cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#include <sys/syscall.h>
#endif
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "base/math.h"
#include "base/text.h"

#ifdef __x86_64__
/* Reads which registers the operating system saves on a task switch. */
static uint64_t saved_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static bool has(uint64_t set, uint64_t bits) {
  return (set & bits) == bits;
}

bool clf__cpu_has_avx2(void) {
  const uint64_t ymm = 0x6; /* XCR0: SSE, AVX */
  uint32_t a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) && has(c, bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C) &&
         has(saved_state(), ymm) && __get_cpuid_count(7, 0, &a, &b, &c, &d) && has(b, bit_AVX2);
}

bool clf__cpu_has_avx512(void) {
  const uint64_t zmm = 0xE6; /* XCR0: the same, opmask and both halves of zmm */
  uint32_t a, b, c, d;
  return clf__cpu_has_avx2() && has(saved_state(), zmm) &&
         __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
         has(b, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL);
}

bool clf__cpu_has_avx512_vnni(void) {
  uint32_t a, b, c, d;
  return clf__cpu_has_avx512() && __get_cpuid_count(7, 0, &a, &b, &c, &d) && has(c, bit_AVX512VNNI);
}

bool clf__cpu_has_avx512_bf16(void) {
  const uint32_t bf16 = 1u << 5; /* of the subleaf after that of VNNI */
  uint32_t a, b, c, d;
  return clf__cpu_has_avx512_vnni() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && has(a, bf16);
}

bool clf__cpu_has_avx2_vnni(void) {
  const uint32_t avx_vnni = 1u << 4; /* of the same subleaf */
  uint32_t a, b, c, d;
  return clf__cpu_has_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && has(a, avx_vnni);
}

bool clf__cpu_has_amx(void) {
  const uint64_t tiles = 0x60000; /* XCR0: their shapes, them */
  const uint32_t amx_bf16 = 1u << 22, amx_tile = 1u << 24, amx_int8 = 1u << 25;
  uint32_t a, b, c, d;
  return clf__cpu_has_avx512_bf16() && has(saved_state(), tiles) &&
         __get_cpuid_count(7, 0, &a, &b, &c, &d) && has(d, amx_bf16 | amx_tile | amx_int8);
}
#endif

bool clf__cpu_request_tiles(void) {
#if defined(__x86_64__) && defined(__linux__)
  enum { GET_PERMISSION = 0x1022, REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
  const int before = errno;
  uint64_t allowed = 0;
  const bool yes = syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0 &&
                   syscall(SYS_arch_prctl, GET_PERMISSION, &allowed) == 0 &&
                   has(allowed, (uint64_t)1 << TILE_DATA);
  errno = before;
  return yes;
#else
  return false;
#endif
}

bool clf__cpu_has_baseline(void) {
  return true;
}

#ifdef __linux__
/* The affinity mask may be larger than cpu_set_t, so the code tries increasing sizes. */
static int64_t affinity_count(void) {
  enum { WORDS = 1024 };
  unsigned long mask[WORDS];
  for (size_t words = sizeof(cpu_set_t) / sizeof *mask; words <= WORDS; words *= 2) {
    cpu_set_t *set = (cpu_set_t *)(void *)mask;
    if (sched_getaffinity(0, words * sizeof *mask, set) == 0) {
      return CPU_COUNT_S(words * sizeof *mask, set);
    }
  }
  return 0;
}

/* Reads the start of a small file as text; false if it cannot be read. */
static bool read_text(const char *path, char *text, size_t capacity) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return false;
  }
  size_t length = 0;
  ssize_t got;
  while (length + 1 < capacity &&
         (got = read(descriptor, text + length, capacity - 1 - length)) > 0) {
    length += (size_t)got;
  }
  close(descriptor);
  text[length] = '\0';
  return length > 0;
}

/* Returns quota / period rounded up; INT64_MAX if one of them means "no limit". */
static int64_t whole_cpus(const char *quota_text, const char *period_text) {
  int64_t quota, period;
  if (clf__read_i64(quota_text, quota_text + strlen(quota_text), &quota) == NULL ||
      clf__read_i64(period_text, period_text + strlen(period_text), &period) == NULL ||
      quota <= 0 || period <= 0) {
    return INT64_MAX;
  }
  return (quota - 1) / period + 1;
}

static bool read_setting(const char *folder, const char *name, char *text, size_t capacity) {
  char path[PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return read_text(path, text, capacity);
}

static int64_t quota_v2(const char *folder) {
  char text[64];
  const char *blank = read_setting(folder, "cpu.max", text, sizeof text) ? strchr(text, ' ') : NULL;
  return blank != NULL ? whole_cpus(text, blank + 1) : INT64_MAX;
}

static int64_t quota_v1(const char *folder) {
  char quota[64], period[64];
  return read_setting(folder, "cpu.cfs_quota_us", quota, sizeof quota) &&
                 read_setting(folder, "cpu.cfs_period_us", period, sizeof period)
             ? whole_cpus(quota, period)
             : INT64_MAX;
}

/* Returns the smallest quota from the cgroup `group` up to the mount point. In a container, `group`
 * may be a name from outside that does not exist inside; then only the mount point's quota is
 * found. */
static int64_t tightest(const char *root, const char *mount, const char *group,
                        int64_t (*quota_of)(const char *)) {
  char folder[PATH_MAX];
  int length = snprintf(folder, sizeof folder, "%s%s%s", root, mount, group);
  if (length < 0 || (size_t)length >= sizeof folder) {
    return INT64_MAX;
  }
  char *end_of_mount = folder + strlen(root) + strlen(mount);
  int64_t min = INT64_MAX;
  for (;;) {
    int64_t quota = quota_of(folder);
    min = clf__min_i64(quota, min);
    char *slash = strrchr(end_of_mount, '/');
    if (slash == NULL) {
      return min;
    }
    *slash = '\0';
  }
}

/* Parses a line of /proc/self/cgroup: "0::/group" for v2, "4:cpu,cpuacct:/group" for v1. */
static int64_t line_quota(const char *root, char *line) {
  char *controllers = strchr(line, ':');
  char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
  if (group == NULL) {
    return INT64_MAX;
  }
  controllers++;
  *group++ = '\0';
  if (*controllers == '\0') {
    int64_t pure = tightest(root, "/sys/fs/cgroup", group, quota_v2);
    int64_t hybrid = tightest(root, "/sys/fs/cgroup/unified", group, quota_v2);
    return clf__min_i64(pure, hybrid);
  }
  char list[256];
  snprintf(list, sizeof list, ",%s,", controllers);
  return strstr(list, ",cpu,") != NULL ? tightest(root, "/sys/fs/cgroup/cpu", group, quota_v1)
                                       : INT64_MAX;
}

int64_t clf__cgroup_quota(const char *root) {
  char text[4 * PATH_MAX];
  if (!read_setting(root, "proc/self/cgroup", text, sizeof text)) {
    return INT64_MAX;
  }
  int64_t min = INT64_MAX;
  char *rest = text;
  for (char *line = text; line != NULL; line = rest) {
    rest = strchr(line, '\n');
    if (rest != NULL) {
      *rest++ = '\0';
    }
    int64_t quota = line_quota(root, line);
    min = clf__min_i64(quota, min);
  }
  return min;
}
#else
static int64_t affinity_count(void) {
  return 0;
}

int64_t clf__cgroup_quota(const char *root) {
  (void)root;
  return INT64_MAX;
}
#endif

int32_t clf__cpu_count(void) {
  int64_t count = affinity_count();
  if (count == 0) {
    count = sysconf(_SC_NPROCESSORS_ONLN);
  }
  int64_t quota = clf__cgroup_quota("");
  count = clf__min_i64(quota, count);
  return count < 1 ? 1 : count > INT32_MAX ? INT32_MAX : (int32_t)count;
}
