/* The features of the CPU, and how many CPUs this process may use. */
#ifndef CLF_BASE_CPU_H
#define CLF_BASE_CPU_H

#include <stdbool.h>
#include <stdint.h>

/* Each returns whether the CPU has the instructions of a target and the operating system saves
 * their registers. The targets are: what every CPU of the architecture has; AVX2 and FMA; AVX-512
 * F, BW, DQ and VL; VNNI in addition; BF16 in addition; and AMX, tiles of bf16 and of bytes. Each
 * includes those before it. AVX-VNNI has VNNI for the vectors of AVX2. */
bool clf__cpu_has_baseline(void);
#ifdef __x86_64__
bool clf__cpu_has_avx2(void);
bool clf__cpu_has_avx2_vnni(void);
bool clf__cpu_has_avx512(void);
bool clf__cpu_has_avx512_vnni(void);
bool clf__cpu_has_avx512_bf16(void);
bool clf__cpu_has_amx(void);
#endif

/* Asks the operating system to let this process use tiles, and returns whether it does. Linux saves
 * their 8 KiB for the threads that use them only after it was asked; from then on it refuses
 * alternate signal stacks that are too small for them. It refuses the request if a thread has one,
 * if it is older than 5.16, or by a filter of system calls. */
bool clf__cpu_request_tiles(void);

/* A set of instructions that the kernels are compiled for. */
typedef struct clf__cpu_target {
  const char *name;
  const char *word; /* the word of the parameter `cpu` that selects it */
  bool (*supported)(void);
  const struct clf__kernels *kernels;
  const struct clf__kernels *tiled; /* those to use where the process may use tiles; or NULL */
} clf__cpu_target;

/* The table of targets, which ops/kernels.c defines because it knows the kernels. The best target
 * comes first, the last one is supported everywhere, and a row without a name ends the table. */
extern const clf__cpu_target clf__cpu_targets[];

/* Returns how many CPUs affinity and cgroup quota allow, at least 1. */
int32_t clf__cpu_count(void);
/* Returns the cgroup's quota in whole CPUs, INT64_MAX for none. `root`, normally "", is put in
 * front of the paths of /proc and /sys for tests. */
int64_t clf__cgroup_quota(const char *root);

#endif
