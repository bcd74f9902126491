/* Products of the kernel matrix with a few vectors. Its lower triangle is cut into square blocks
 * that stay in L2, where each serves twice: K_IJ v_J goes to y_I and K_IJ^T v_I to y_J. Kept blocks
 * are read from memory once a product, 2 n^2 bytes; the others are computed each time, which takes
 * no more memory.
 *
 * Rows of blocks are dealt out to a fixed number of groups, each with sums of its own, so that the
 * result does not depend on the number of threads. */
#include "models/fisher_cg.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 512, GROUPS = 8 };

clf_status clf__fisher_matrix_create(clf__fisher_matrix *out, clf__fisher_system *s) {
  clf_context *context = s->context;
  const int64_t size = BLOCK * BLOCK, width = s->n * s->responses;
  *out = (clf__fisher_matrix){.system = s, .sides = (s->n + BLOCK - 1) / BLOCK};
  out->spare = clf__alloc_array(context, clf__context_threads(context) * size, sizeof(float));
  out->v = clf__alloc_array(context, width, sizeof(float));
  out->forward = clf__alloc_array(context, GROUPS * width, sizeof(float));
  out->backward = clf__alloc_array(context, GROUPS * width, sizeof(float));
  if (!out->spare || !out->v || !out->forward || !out->backward) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status =
      clf__kernel_columns_create(&out->columns, context, &s->function, s->training->x, s->rows,
                                 s->n, s->training->x, s->center);
  if (status < 0) {
    return status;
  }
  const int64_t all = out->sides * (out->sides + 1) / 2, bytes = size * (int64_t)sizeof(float);
  size_t room = clf__context_room(context) / 2;
  int64_t kept = s->params->cache_mb * ((int64_t)(1 << 20) / bytes);
  kept = kept < all ? kept : all;
  kept = (size_t)kept < room / (size_t)bytes ? kept : (int64_t)(room / (size_t)bytes);
  out->blocks = clf__alloc_array(context, kept * size, sizeof(float));
  out->kept = out->blocks != NULL ? kept : 0;
  return CLF_OK;
}

void clf__fisher_matrix_free(clf__fisher_matrix *m) {
  clf__kernel_columns_free(m->columns);
  clf__free(m->blocks);
  clf__free(m->spare);
  clf__free(m->v);
  clf__free(m->forward);
  clf__free(m->backward);
}

typedef struct product {
  clf__fisher_matrix *matrix;
  atomic_int status;
} product;

/* Block (I, J), made where it is not kept. */
static clf_status get_block(const float **out, const clf__fisher_matrix *m, int64_t i, int64_t j,
                            int64_t rows, int64_t columns, int32_t worker) {
  const clf__fisher_system *s = m->system;
  const int64_t at = i * (i + 1) / 2 + j;
  float *block = at < m->kept ? m->blocks + at * BLOCK * BLOCK : m->spare + worker * BLOCK * BLOCK;
  *out = block;
  return at < m->kept && m->filled
             ? CLF_OK
             : clf__kernel_block(m->columns, j * BLOCK, columns, s->training->x,
                                 s->rows + i * BLOCK, rows, block, BLOCK);
}

static clf_status multiply_row(const clf__fisher_matrix *m, int64_t group, int64_t i,
                               int32_t worker) {
  const clf__fisher_system *s = m->system;
  const int64_t width = s->responses, n = s->n;
  const int64_t rows = n - i * BLOCK < BLOCK ? n - i * BLOCK : BLOCK;
  float *forward = m->forward + (group * n + i * BLOCK) * width;
  float *backward = m->backward + group * n * width;
  clf_status status = CLF_OK;
  for (int64_t j = 0; j <= i; j++) {
    const float *block = NULL;
    const int64_t columns = j == i ? rows : BLOCK;
    CLF__TRY(get_block(&block, m, i, j, rows, columns, worker));
    CLF__TRY(clf__gemm_f32(s->context, false, false, rows, width, columns, 1, block, BLOCK,
                           m->v + j * BLOCK * width, width, 1, forward, width));
    if (j < i) {
      CLF__TRY(clf__gemm_f32(s->context, true, false, width, columns, rows, 1,
                             m->v + i * BLOCK * width, width, block, BLOCK, 1, backward + j * BLOCK,
                             n));
    }
  }
done:
  return status;
}

static void multiply_group(void *argument, int64_t group, int32_t worker) {
  product *job = argument;
  const clf__fisher_matrix *m = job->matrix;
  const clf__fisher_system *s = m->system;
  const size_t bytes = (size_t)(s->n * s->responses) * sizeof(float);
  memset(m->forward + group * s->n * s->responses, 0, bytes);
  memset(m->backward + group * s->n * s->responses, 0, bytes);
  for (int64_t i = group; i < m->sides; i += GROUPS) {
    clf_status status = multiply_row(m, group, i, worker);
    if (status == CLF_OK) {
      status = clf__progress_step(&s->progress, s->step, (double)NAN, (double)NAN);
    }
    if (status < 0) {
      atomic_store(&job->status, status);
      return;
    }
  }
}

/* y = W^1/2 (sums of the groups). */
static void add_groups(const clf__fisher_matrix *m, double *y) {
  const clf__fisher_system *s = m->system;
  const int64_t width = s->responses, n = s->n;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t c = 0; c < width; c++) {
      double sum = 0;
      for (int64_t g = 0; g < GROUPS; g++) {
        sum += (double)m->forward[(g * n + i) * width + c] +
               (double)m->backward[(g * width + c) * n + i];
      }
      y[i * width + c] = s->root[i] * sum;
    }
  }
}

clf_status clf__fisher_matrix_times(clf__fisher_matrix *m, const double *p, double *y) {
  clf__fisher_system *s = m->system;
  product job = {.matrix = m};
  atomic_int_least64_t step;
  atomic_init(&step, s->step);
  atomic_init(&job.status, CLF_OK);
  for (int64_t i = 0; i < s->n * s->responses; i++) {
    m->v[i] = (float)(s->root[i / s->responses] * p[i]);
  }
  clf_status status = clf__progress_parallel(&s->progress, &step, GROUPS, multiply_group, &job);
  if (status == CLF_OK) {
    status = (clf_status)atomic_load(&job.status);
  }
  m->filled = m->filled || status == CLF_OK;
  if (status == CLF_OK) {
    add_groups(m, y);
  }
  return status;
}
