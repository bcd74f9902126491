/* The perceptron on shards of the rows: iterative parameter mixing (McDonald, Hall and Mann 2010,
 * "Distributed training strategies for the structured perceptron", section 4). In each epoch, every
 * shard (comm/shards.h) starts from the same W and learns its rows one after the other, and the
 * next W is the mean of what the shards have learned, weighted by their rows,
 *
 *   W' = sum_s n_s W_s / sum_s n_s.
 *
 * Rows that a plane separates are separated after a bounded number of mistakes, as by the plain
 * perceptron, but an epoch with S shards moves W less far than S times the rows of one would.
 *
 * averaged: the model is the mean of the W of all shards over all rows seen. With U_s as in
 * perceptron_learn.c, counted from 0 in each shard, those of a shard sum to n_s W_s - U_s.
 *
 * It is another method than the plain perceptron. Its result depends on the number of shards, and
 * not on the ranks that have them. */
#include <string.h>

#include "models/perceptron/perceptron.h"

typedef struct mixture {
  clf__perceptron_learner *learner;
  clf__arena arena;
  int64_t epoch, before; /* rows seen before it */
  int64_t size;          /* of W and b together */
  float *start;          /* [size] W and b of the epoch's start */
  double *past;          /* [size] if averaged: the sum of W and b over the rows seen before */
  double *sums; /* [size] of n_s W_s, [size] of n_s W_s - U_s if averaged, mistakes, rows */
} mixture;

/* Returns the element of W and b, one after the other, that U and Ub hold. */
static double late_of(const clf__perceptron_learner *l, int64_t size, int64_t i) {
  const int64_t weights = size - l->classes;
  return i < weights ? l->U[i] : l->Ub[i - weights];
}

static void set_late(const clf__perceptron_learner *l, int64_t size, int64_t i, double value) {
  const int64_t weights = size - l->classes;
  *(i < weights ? &l->U[i] : &l->Ub[i - weights]) = value;
}

static float *weight_at(const clf__perceptron_learner *l, int64_t size, int64_t i) {
  const int64_t weights = size - l->classes;
  return i < weights ? &l->W[i] : &l->b[i - weights];
}

static clf_status learn_shard(void *argument, int64_t first, int64_t rows, double *sums) {
  const mixture *m = argument;
  clf__perceptron_learner *l = m->learner;
  clf__perceptron_pass pass = {.epoch = m->epoch, .first = first, .rows = rows};
  const clf__shards *shards = l->training->x->shards;
  pass.stream = (uint64_t)(m->before + (shards != NULL ? shards->first : 0) + first);
  l->seen = 0;
  for (int64_t i = 0; i < m->size; i++) {
    *weight_at(l, m->size, i) = m->start[i];
    if (m->past != NULL) {
      set_late(l, m->size, i, 0);
    }
  }
  CLF__CHECK(clf__perceptron_learn(l, &pass));
  const double seen = (double)l->seen;
  for (int64_t i = 0; i < m->size; i++) {
    const double sum = seen * (double)*weight_at(l, m->size, i);
    sums[i] += sum;
    if (m->past != NULL) {
      sums[m->size + i] += sum - late_of(l, m->size, i);
    }
  }
  double *const counts = sums + (m->past != NULL ? 2 : 1) * m->size;
  counts[0] += (double)pass.mistakes;
  counts[1] += seen;
  return CLF_OK;
}

static clf_status open_mixture(mixture *m) {
  const clf__perceptron_learner *l = m->learner;
  const bool averaged = l->U != NULL;
  m->arena.context = l->context;
  m->size = clf__count(l->classes, l->columns + 1);
  m->start = clf__arena_array(&m->arena, m->size, sizeof *m->start);
  m->past = averaged ? clf__arena_array(&m->arena, m->size, sizeof *m->past) : NULL;
  m->sums = clf__arena_zeroed(&m->arena, clf__count(2, m->size) + 2, sizeof *m->sums);
  CLF__CHECK(clf__arena_status(&m->arena));
  for (int64_t i = 0; i < m->size; i++) {
    m->start[i] = *weight_at(l, m->size, i);
    if (averaged) {
      m->past[i] = (double)m->before * (double)m->start[i] - late_of(l, m->size, i);
    }
  }
  return CLF_OK;
}

/* Sets the learner to the mean of `sums`, which has `rows` rows; without them, to the start. */
static void close_mixture(mixture *m, double rows) {
  clf__perceptron_learner *l = m->learner;
  l->seen = m->before + (int64_t)rows;
  for (int64_t i = 0; i < m->size; i++) {
    float *weight = weight_at(l, m->size, i);
    *weight = rows > 0 ? (float)(m->sums[i] / rows) : m->start[i];
    if (m->past != NULL) {
      const double sum = m->past[i] + (rows > 0 ? m->sums[m->size + i] : 0);
      set_late(l, m->size, i, (double)l->seen * (double)*weight - sum);
    }
  }
}

clf_status clf__perceptron_mix_epoch(clf__perceptron_learner *l, int64_t epoch) {
  mixture m = {.learner = l, .epoch = epoch, .before = l->seen};
  const int64_t parts = l->U != NULL ? 2 : 1;
  clf_status status = CLF_OK;
  CLF__TRY(open_mixture(&m));
  const clf__shard_sum sum = {.name = "weights of shards",
                              .of = l->training->x->shards,
                              .rows = l->training->x->rows,
                              .add = learn_shard,
                              .argument = &m};
  status = clf__shards_sum(&sum, m.sums, parts * m.size + 2);
  const double *counts = m.sums + parts * m.size;
  const int64_t most = clf__shards_rows(l->training->x->shards, l->training->x->rows);
  if (status == CLF_OK && !(counts[1] > 0 && counts[1] <= (double)most)) {
    status = clf__comm_garbled("exchange"); /* some row has a weight */
  }
  close_mixture(&m, status == CLF_OK ? counts[1] : 0);
  if (status == CLF_OK) {
    clf__perceptron_set_share(l, counts[0], counts[1]);
  }
done:
  clf__arena_free(&m.arena);
  return status;
}
