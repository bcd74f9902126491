/* The table of CPU targets; meson.build compiles simd/kernels.c for each. */
#include "ops/kernels.h"

extern const clf__kernels clf__kernels_generic;
#ifdef __x86_64__
extern const clf__kernels clf__kernels_avx2;
extern const clf__kernels clf__kernels_avx512;
extern const clf__kernels clf__kernels_avx512_vnni;
extern const clf__kernels clf__kernels_avx512_bf16;
#endif

const clf__cpu_target clf__cpu_targets[] = {
#ifdef __x86_64__
    {"avx512_bf16", "avx512", clf__cpu_has_avx512_bf16, &clf__kernels_avx512_bf16},
    {"avx512_vnni", "avx512", clf__cpu_has_avx512_vnni, &clf__kernels_avx512_vnni},
    {"avx512", "avx512", clf__cpu_has_avx512, &clf__kernels_avx512},
    {"avx2", "avx2", clf__cpu_has_avx2, &clf__kernels_avx2},
#endif
    {"generic", "generic", clf__cpu_has_baseline, &clf__kernels_generic},
    {NULL, NULL, NULL, NULL},
};

const clf__kernels *clf__kernels_for(const clf_context *context) {
  return clf__context_target(context)->kernels;
}
