/* Updates by single rows. */
#include "ops/row.h"

static void add_u8(const uint8_t *x, int64_t count, float a, float *w, double s, double *sums) {
  for (int64_t j = 0; j < count; j++) {
    w[j] += a * (float)x[j];
  }
  for (int64_t j = 0; sums != NULL && j < count; j++) {
    sums[j] += s * (double)x[j];
  }
}

static void add_f32(const float *x, int64_t count, float a, float *w, double s, double *sums) {
  for (int64_t j = 0; j < count; j++) {
    w[j] += a * x[j];
  }
  for (int64_t j = 0; sums != NULL && j < count; j++) {
    sums[j] += s * (double)x[j];
  }
}

void clf__add_row(clf_context *context, const clf__rows *x, float a, float *w, double s,
                  double *sums) {
  (void)context;
  if (x->dtype == CLF_U8) {
    add_u8(x->data, x->columns, a * x->scale, w, s * (double)x->scale, sums);
  } else {
    add_f32(x->data, x->columns, a, w, s, sums);
  }
}
