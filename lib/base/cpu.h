/* What the CPU can do, and how many of them this process may use. */
#ifndef CLF_BASE_CPU_H
#define CLF_BASE_CPU_H

#include <stdint.h>

/* Each level includes those before it. AVX512 stands for F, BW, DQ and VL; AVX2 includes FMA. */
typedef enum clf__cpu_level {
  CLF__CPU_GENERIC = 0,
  CLF__CPU_AVX2 = 1,
  CLF__CPU_AVX512 = 2,
  CLF__CPU_AVX512_VNNI = 3
} clf__cpu_level;

/* The best level of this CPU and operating system. */
clf__cpu_level clf__cpu_detect(void);
const char *clf__cpu_name(clf__cpu_level level);

/* CPUs by affinity and cgroup quota, at least 1. */
int32_t clf__cpu_count(void);
/* The cgroup's quota in whole CPUs, INT64_MAX for none; `root` ("" as a rule) goes before the paths
 * of /proc and /sys, for tests. */
int64_t clf__cgroup_quota(const char *root);

#endif
