/* What the CPU can do, and how many of them this process may use. */
#ifndef CLF_BASE_CPU_H
#define CLF_BASE_CPU_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the CPU has the instructions of a target, and the operating system saves their registers:
 * those that every CPU of the architecture has; AVX2 and FMA; AVX-512 F, BW, DQ and VL; VNNI too.
 * Each includes those before it. */
bool clf__cpu_has_baseline(void);
#ifdef __x86_64__
bool clf__cpu_has_avx2(void);
bool clf__cpu_has_avx512(void);
bool clf__cpu_has_avx512_vnni(void);
#endif

/* Instructions that the kernels are compiled for. */
typedef struct clf__cpu_target {
  const char *name;
  const char *word; /* of the parameter `cpu` that asks for it */
  bool (*supported)(void);
  const struct clf__kernels *kernels;
} clf__cpu_target;

/* The table of targets, defined in ops/kernels.c where the kernels are known. The best comes first;
 * the last one is supported everywhere, and a row without a name follows it. */
extern const clf__cpu_target clf__cpu_targets[];

/* CPUs by affinity and cgroup quota, at least 1. */
int32_t clf__cpu_count(void);
/* The cgroup's quota in whole CPUs, INT64_MAX for none; `root` ("" as a rule) goes before the paths
 * of /proc and /sys, for tests. */
int64_t clf__cgroup_quota(const char *root);

#endif
