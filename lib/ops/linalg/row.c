/* Scores of single dense rows, and updates by them. */
#include "ops/linalg/row.h"

#include "ops/kernels.h"
#include "ops/linalg/linear.h"

static void prefetch(const void *data, int64_t first, int64_t count, size_t size) {
  enum { LINE = 64 };
  const char *from = (const char *)data + (size_t)first * size;
  const char *end = from + (size_t)count * size;
  for (; from < end; from += LINE) {
    __builtin_prefetch(from);
  }
}

void clf__prefetch_row(const clf__rows *x, int64_t row) {
  if (clf__rows_sparse(x)) {
    const int64_t first = x->row_start[row], count = x->row_start[row + 1] - first;
    prefetch(x->value, first, count, sizeof *x->value);
    prefetch(x->column, first, count, sizeof *x->column);
  } else {
    prefetch(x->data, row * x->stride, x->columns, x->dtype == CLF_U8 ? 1 : sizeof(float));
  }
}

void clf__score_row(clf_context *context, const clf__rows *x, const float *w, const float *b,
                    int64_t outputs, float *out) {
  const clf__kernels *kernels = clf__kernels_for(context);
  const clf__rows row = clf__rows_range(x, 0, 1);
  (x->dtype == CLF_U8 ? kernels->linear->u8 : kernels->linear->f32)(&row, w, x->columns, b, outputs,
                                                                    out, outputs);
}

void clf__add_row(clf_context *context, const clf__rows *x, float a, float *w, double s,
                  double *sums) {
  const clf__kernels *kernels = clf__kernels_for(context);
  const bool bytes = x->dtype == CLF_U8;
  if (bytes) {
    kernels->rows->step_u8(w, a * x->scale, x->data, x->columns);
  } else {
    kernels->rows->step_f32(w, a, x->data, x->columns);
  }
  if (sums != NULL && bytes) {
    kernels->rows->add_u8(sums, s * (double)x->scale, x->data, x->columns);
  } else if (sums != NULL) {
    kernels->rows->add_f32(sums, s, x->data, x->columns);
  }
}

void clf__sum_vectors(clf_context *context, double *sums, const double *factor,
                      const float *const *x, int64_t vectors, int64_t count) {
  clf__kernels_for(context)->rows->add_vectors(sums, factor, x, vectors, count);
}

void clf__sum_row(clf_context *context, const clf__rows *x, int64_t row, double factor,
                  double *sums) {
  const clf__kernels *kernels = clf__kernels_for(context);
  if (clf__rows_sparse(x)) {
    for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
      sums[x->column[e]] += factor * (double)x->value[e];
    }
  } else if (x->dtype == CLF_U8) {
    kernels->rows->add_u8(sums, factor * (double)x->scale,
                          (const uint8_t *)x->data + row * x->stride, x->columns);
  } else {
    kernels->rows->add_f32(sums, factor, (const float *)x->data + row * x->stride, x->columns);
  }
}

float clf__dot_row(clf_context *context, const clf__rows *x, int64_t row, const float *w) {
  float sum = 0;
  if (!clf__rows_sparse(x)) {
    const clf__rows one = clf__rows_range(x, row, 1);
    clf__score_row(context, &one, w, NULL, 1, &sum);
    return sum;
  }
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    sum += x->value[e] * w[x->column[e]];
  }
  return sum;
}
