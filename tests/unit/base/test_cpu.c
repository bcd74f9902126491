#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/cpu.h"
#include "files.h"
#include "support.h"

/* A file below the folder, its folders made. */
static void put(const char *path, const char *text) {
  char command[512];
  snprintf(command, sizeof command, "mkdir -p $(dirname %s/%s) && printf -- '%s' > %s/%s", folder,
           path, text, folder, path);
  ck_assert_int_eq(system(command), 0);
}

#ifdef __x86_64__
/* Whether the kernel names all of these features of the CPU. */
static bool kernel_names(const char *features) {
  char command[256];
  snprintf(command, sizeof command,
           "for feature in %s; do grep -qw $feature /proc/cpuinfo || exit 1; done", features);
  return system(command) == 0;
}

TEST(targets__are_supported_as_the_kernel_says) {
#define AVX512 "avx2 fma avx512f avx512bw avx512dq avx512vl"
  static const char *const features[] = {AVX512
                                         " avx512_vnni avx512_bf16 amx_tile amx_bf16 amx_int8",
                                         AVX512 " avx512_vnni avx512_bf16",
                                         AVX512 " avx512_vnni",
                                         AVX512,
                                         "avx2 fma avx_vnni",
                                         "avx2 fma",
                                         "fpu"};
  static const char *const names[] = {"amx",       "avx512_bf16", "avx512_vnni", "avx512",
                                      "avx2_vnni", "avx2",        "generic"};
  for (int i = 0; i < 7; i++) {
    ck_assert_str_eq(clf__cpu_targets[i].name, names[i]);
    ck_assert_int_eq(clf__cpu_targets[i].supported(), kernel_names(features[i]));
  }
}
#endif

/* A context gets the best target of its word; "auto" the best of all, and the last row is always
 * there. */
TEST(targets__are_taken_by_their_words) {
  const clf__cpu_target *best = NULL, *target = clf__cpu_targets;
  for (; target->name != NULL; target++) {
    char params[32];
    clf_context *context = NULL;
    snprintf(params, sizeof params, "cpu=%s", target->word);
    clf_status status = clf_context_create(&context, NULL, params);
    ck_assert(status == CLF_OK || status == CLF_ERROR_UNSUPPORTED);
    if (target->supported()) {
      best = best == NULL ? target : best;
      ck_clf_ok(status);
      const clf__cpu_target *found = clf__context_target(context);
      ck_assert(found <= target && found->supported());
      ck_assert_str_eq(found->word, target->word);
      ck_assert_str_eq(clf_context_cpu(context), found->name);
    }
    clf_context_free(context);
  }
  ck_assert_str_eq(target[-1].name, "generic");
  ck_assert(target[-1].supported());
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "cpu=auto"));
  ck_assert_ptr_eq(clf__context_target(context), best);
  clf_context_free(context);
}

TEST(count__follows_affinity) {
  cpu_set_t before, one;
  ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
  int32_t count = clf__cpu_count();
  ck_assert(count >= 1 && count <= CPU_COUNT(&before));
  CPU_ZERO(&one);
  for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++) {
    if (CPU_ISSET(cpu, &before)) {
      CPU_SET(cpu, &one);
    }
  }
  ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
  ck_assert_int_eq(clf__cpu_count(), 1);
  ck_assert_int_eq(sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(quota__is_none_without_cgroups) {
  ck_assert_int_eq(clf__cgroup_quota(folder), INT64_MAX);
  put("proc/self/cgroup", "0::/\\n");
  ck_assert_int_eq(clf__cgroup_quota(folder), INT64_MAX);
  put("sys/fs/cgroup/cpu.max", "max 100000\\n");
  ck_assert_int_eq(clf__cgroup_quota(folder), INT64_MAX);
}

TEST(quota_v2__is_the_tightest_on_the_way_up) {
  put("proc/self/cgroup", "0::/a/b/c\\n");
  put("sys/fs/cgroup/a/b/c/cpu.max", "max 100000\\n");
  put("sys/fs/cgroup/a/b/cpu.max", "250000 100000\\n");
  put("sys/fs/cgroup/a/cpu.max", "400000 100000\\n");
  ck_assert_int_eq(clf__cgroup_quota(folder), 3);
  put("sys/fs/cgroup/a/cpu.max", "200000 100000\\n");
  ck_assert_int_eq(clf__cgroup_quota(folder), 2);
  put("sys/fs/cgroup/a/b/c/cpu.max", "1000 100000\\n");
  ck_assert_int_eq(clf__cgroup_quota(folder), 1);
}

TEST(quota_v1__is_read_beside_other_controllers) {
  put("proc/self/cgroup", "5:memory:/x\\n4:cpu,cpuacct:/box\\n3:cpuset:/box\\n0::/\\n");
  put("sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "150000\\n");
  put("sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "50000\\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\\n");
  ck_assert_int_eq(clf__cgroup_quota(folder), 3);
}

/* In a container the group's name may be the host's; its own quota is at the mount point. */
TEST(quota__of_a_container_is_at_the_mount_point) {
  put("proc/self/cgroup", "0::/host/only/name\\n");
  put("sys/fs/cgroup/cpu.max", "50000 100000\\n");
  ck_assert_int_eq(clf__cgroup_quota(folder), 1);
}

TEST(quota__that_makes_no_sense_is_none) {
  static const char *const texts[] = {"",          "\\n",         "abc def\\n",
                                      "100000\\n", "100000 0\\n", "99999999999999999999 1\\n"};
  put("proc/self/cgroup", "0::/\\n\\n:\\n::\\nnonsense\\n");
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    put("sys/fs/cgroup/cpu.max", texts[i]);
    ck_assert_int_eq(clf__cgroup_quota(folder), INT64_MAX);
  }
}

SUITE("cpu", .setup = make_folder, .teardown = remove_folder)
