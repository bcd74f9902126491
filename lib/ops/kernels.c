/* Which kernels a level of CPU gets. */
#include "ops/kernels.h"

const clf__kernels *clf__kernels_of(clf__cpu_level level) {
#ifdef __x86_64__
  switch (level) {
  case CLF__CPU_AVX512_VNNI:
    return &clf__kernels_avx512_vnni;
  case CLF__CPU_AVX512:
    return &clf__kernels_avx512;
  case CLF__CPU_AVX2:
    return &clf__kernels_avx2;
  case CLF__CPU_GENERIC:
    break;
  }
#else
  (void)level;
#endif
  return &clf__kernels_generic;
}
