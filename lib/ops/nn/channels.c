/* The channel of an element is its index modulo the number of channels. If there are only few
 * channels, several pixels form one line, so that loops over a line fill vectors with any number of
 * channels; the sums of the line are folded at the end. */
#include "ops/nn/channels.h"

#include <string.h>

#include "base/math.h"
#include "base/memory.h"
#include "base/pool.h"
#include "ops/kernels.h"

enum {
  LINE = 128,      /* max elements in a line of several pixels */
  BLOCKS = 64,     /* max blocks in a sum */
  BLOCK = 1 << 14, /* min elements in a block */
  TASK = 1 << 14,  /* approximate elements in a task of a map */
  VECTORS = 4      /* max vectors by channel in a map */
};

typedef struct channel_job {
  const clf__kernels *kernels;
  int64_t count;  /* elements */
  int64_t period; /* of a line */
  int64_t part;   /* elements in a task, whole lines */
  const float *x, *dy;
  const float *vectors[VECTORS]; /* center, factor, shift, share; [period] */
  float *out;
  double *sums; /* [tasks, 2, period] */
} channel_job;

static channel_job job_of(clf_context *context, clf__channels shape, int64_t task) {
  channel_job job = {.kernels = clf__kernels_for(context),
                     .count = shape.pixels * shape.channels,
                     .period = shape.channels};
  if (shape.channels <= LINE / 2) {
    job.period *= LINE / shape.channels;
  }
  job.part = clf__ceil_div(task, job.period) * job.period;
  return job;
}

static int64_t tasks_of(const channel_job *job) {
  return clf__ceil_div(job->count, job->part);
}

static void sum_part(void *argument, clf__range range) {
  const channel_job *job = argument;
  const int64_t first = range.first, count = range.end - first;
  double *sums = job->sums + 2 * range.index * job->period, *others = sums + job->period;
  if (job->dy == NULL) {
    job->kernels->channels->sums(job->x + first, count, job->period, sums, others);
  } else {
    job->kernels->channels->products(job->x + first, job->dy + first, count, job->period,
                                     job->vectors[0], sums, others);
  }
}

static void map_part(void *argument, clf__range range) {
  const channel_job *job = argument;
  const int64_t first = range.first, count = range.end - first;
  const float *const *v = job->vectors;
  const clf__channel_map map = {v[0], v[1], v[2]};
  if (job->dy == NULL) {
    job->kernels->channels->map(job->x + first, count, job->period, &map, job->out + first);
  } else {
    job->kernels->channels->gradient(job->x + first, job->dy + first, count, job->period, &map,
                                     v[3], job->out + first);
  }
}

static void run(clf_context *context, channel_job *job, clf__range_task task) {
  clf__parallel_ranges(context, job->count, job->part, (double)job->count * CLF__COST_COPY, task,
                       job);
}

/* Repeats the job's vectors in `lines` if a line has several pixels. */
static void repeat(channel_job *job, int64_t channels, float lines[VECTORS][LINE]) {
  for (int i = 0; i < VECTORS && job->period > channels; i++) {
    for (int64_t j = 0; job->vectors[i] != NULL && j < job->period; j++) {
      lines[i][j] = job->vectors[i][j % channels];
    }
    job->vectors[i] = job->vectors[i] != NULL ? lines[i] : NULL;
  }
}

static void fold(const channel_job *job, int64_t channels, double *sums, double *others) {
  memset(sums, 0, (size_t)channels * sizeof *sums);
  memset(others, 0, (size_t)channels * sizeof *others);
  for (int64_t task = 0; task < tasks_of(job); task++) {
    const double *from = job->sums + 2 * task * job->period;
    for (int64_t j = 0; j < job->period; j++) {
      sums[j % channels] += from[j];
      others[j % channels] += from[job->period + j];
    }
  }
}

static clf_status run_sums(clf_context *context, clf__channels shape, const float *x,
                           const float *dy, const float *center, double *sums, double *others) {
  const int64_t block = clf__ceil_div(shape.pixels * shape.channels, BLOCKS);
  channel_job job = job_of(context, shape, clf__max_i64(block, BLOCK));
  float lines[VECTORS][LINE];
  job.x = x;
  job.dy = dy;
  job.vectors[0] = center;
  repeat(&job, shape.channels, lines);
  job.sums =
      clf__alloc_zeroed(context, clf__count(2 * tasks_of(&job), job.period), sizeof *job.sums);
  if (job.sums == NULL) {
    return CLF_ERROR_MEMORY;
  }
  run(context, &job, sum_part);
  fold(&job, shape.channels, sums, others);
  clf__free(job.sums);
  return CLF_OK;
}

clf_status clf__channel_sums(clf_context *context, clf__channels shape, const float *x,
                             double *sums, double *squares) {
  return run_sums(context, shape, x, NULL, NULL, sums, squares);
}

clf_status clf__channel_products(clf_context *context, clf__channels shape, const float *x,
                                 const float *dy, const float *center, double *sums,
                                 double *products) {
  return run_sums(context, shape, x, dy, center, sums, products);
}

static void run_map(clf_context *context, clf__channels shape, const clf__channel_map *map,
                    channel_job job) {
  float lines[VECTORS][LINE];
  job.vectors[0] = map->center;
  job.vectors[1] = map->factor;
  job.vectors[2] = map->shift;
  repeat(&job, shape.channels, lines);
  run(context, &job, map_part);
}

void clf__channel_apply(clf_context *context, clf__channels shape, const float *x,
                        const clf__channel_map *map, float *y) {
  channel_job job = job_of(context, shape, TASK);
  job.x = x;
  job.out = y;
  run_map(context, shape, map, job);
}

void clf__channel_gradient(clf_context *context, clf__channels shape, const float *x,
                           const float *dy, const clf__channel_map *map, const float *share,
                           float *dx) {
  channel_job job = job_of(context, shape, TASK);
  job.x = x;
  job.dy = dy;
  job.vectors[3] = share;
  job.out = dx;
  run_map(context, shape, map, job);
}
