/* The machines of a fit on several ranks. With divide=machines every rank has all rows
 * (data/rank_whole.h), so a machine is the one that one process would find. The largest machine
 * goes to the rank that has the least to do, then the next one: all ranks compute this from the
 * sizes of the classes. They exchange the steps after each round, and what the machines are at the
 * end. With divide=rows each rank has a part of every machine, and gets the vectors of the
 * others. */
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "comm/comm.h"
#include "models/svm/svm_fitting.h"

/* How many ranks share the fit: one for a fit within another call. */
static int32_t ranks_of(const clf_context *context) {
  return clf__comm_running(context) ? clf__comm_ranks(context) : 1;
}

typedef struct sized {
  double work;
  int64_t index;
} sized;

/* Largest first; equal ones in their order. */
static int compare(const void *one, const void *other) {
  const sized *a = one, *b = other;
  return a->work > b->work ? -1 : a->work < b->work ? 1 : a->index < b->index ? -1 : 1;
}

static int32_t least(const double *load, int32_t ranks) {
  int32_t found = 0;
  for (int32_t rank = 1; rank < ranks; rank++) {
    found = load[rank] < load[found] ? rank : found;
  }
  return found;
}

/* A machine of n rows takes time that grows with n^2. */
static clf_status deal(clf__svm_fitting *f, int32_t ranks) {
  const int64_t problems = f->shape.problems;
  clf__arena arena = {.context = f->model->context};
  sized *order = clf__arena_array(&arena, problems, sizeof *order);
  double *load = clf__arena_zeroed(&arena, ranks, sizeof *load);
  const clf_status status = clf__arena_status(&arena);
  for (int64_t i = 0; status == CLF_OK && i < problems; i++) {
    const double rows = (double)clf__svm_count(&f->problems[i]);
    order[i] = (sized){rows * rows, i};
  }
  if (status == CLF_OK) {
    qsort(order, (size_t)problems, sizeof *order, compare);
  }
  for (int64_t i = 0; status == CLF_OK && i < problems; i++) {
    const int32_t rank = least(load, ranks);
    load[rank] += order[i].work;
    f->owner[order[i].index] = rank;
  }
  clf__arena_free(&arena);
  return status;
}

clf_status clf__svm_divide(clf__svm_fitting *f) {
  const int64_t problems = f->shape.problems;
  const int32_t ranks = ranks_of(f->model->context), own = clf__comm_rank(f->model->context);
  f->own = clf__arena_array(&f->arena, problems, sizeof *f->own);
  f->owner = ranks > 1 ? clf__arena_array(&f->arena, problems, sizeof *f->owner) : NULL;
  CLF__CHECK(clf__arena_status(&f->arena));
  CLF__CHECK(ranks > 1 ? deal(f, ranks) : CLF_OK);
  for (int64_t i = 0; i < problems; i++) {
    if (ranks == 1 || f->owner[i] == own) {
      f->own[f->own_count++] = i;
    }
  }
  if (ranks > 1) {
    clf__fit_log(f->training, "rank %d of %d solves %lld of %lld machines", (int)own, (int)ranks,
                 (long long)f->own_count, (long long)problems);
  }
  return CLF_OK;
}

clf_status clf__svm_share_steps(clf__svm_fitting *f) {
  const int64_t problems = f->shape.problems;
  if (f->owner == NULL) {
    return CLF_OK;
  }
  clf_status status = CLF_OK;
  double *sums = clf__alloc_zeroed(f->model->context, clf__count(2, problems), sizeof *sums);
  CLF__TRY(sums != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  for (int64_t i = 0; i < f->own_count; i++) {
    const clf__svm_problem *problem = &f->problems[f->own[i]];
    sums[2 * f->own[i]] = (double)problem->steps;
    sums[2 * f->own[i] + 1] = problem->ended;
  }
  CLF__TRY(clf__comm_sum_integers(f->model->context, "steps of machines", sums, 2 * problems));
  for (int64_t i = 0; i < problems; i++) {
    f->problems[i].steps = (int64_t)sums[2 * i];
    f->problems[i].ended = sums[2 * i + 1] > 0;
  }
done:
  clf__free(sums);
  return status;
}

/* What is stored of a machine besides its vectors. */
typedef struct result {
  double intercept, implied, objective;
  double calibration[2];
  int64_t count, open_folds, converged, ended, objective_is_far;
} result;

static result result_of(const clf__svm_problem *p) {
  return (result){.intercept = p->intercept,
                  .implied = p->implied,
                  .objective = p->objective,
                  .calibration = {p->calibration[0], p->calibration[1]},
                  .count = p->count,
                  .open_folds = p->open_folds,
                  .converged = p->converged,
                  .ended = p->ended,
                  .objective_is_far = p->objective_is_far};
}

static clf_status set_result(clf__svm_problem *p, const result *r) {
  p->intercept = r->intercept;
  p->implied = r->implied;
  p->objective = r->objective;
  memcpy(p->calibration, r->calibration, sizeof p->calibration);
  p->open_folds = r->open_folds;
  p->converged = r->converged != 0;
  p->ended = r->ended != 0;
  p->objective_is_far = r->objective_is_far != 0;
  p->count = r->count;
  p->finished = true;
  p->row = clf__alloc_array(p->rows->context, p->count, sizeof *p->row);
  p->b = clf__alloc_array(p->rows->context, p->count, sizeof *p->b);
  return p->row != NULL && p->b != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

/* The results of all ranks: those of rank r are elements start[r] … start[r + 1] - 1 of all, in the
 * order of its problems, and their vectors lie one after another. */
typedef struct sharing {
  clf__arena arena;
  int32_t ranks;
  int64_t *at;    /* [problems] places of the results */
  int64_t *start; /* [ranks + 1] of the results */
  int64_t *first; /* [ranks + 1] of the vectors */
  result *results;
  int64_t *row; /* of the vectors */
  double *b;
} sharing;

static clf_status open_results(sharing *s, const clf__svm_fitting *f) {
  const int64_t problems = f->shape.problems;
  s->at = clf__arena_array(&s->arena, problems, sizeof *s->at);
  s->start = clf__arena_zeroed(&s->arena, (int64_t)s->ranks + 1, sizeof *s->start);
  s->first = clf__arena_zeroed(&s->arena, (int64_t)s->ranks + 1, sizeof *s->first);
  s->results = clf__arena_zeroed(&s->arena, problems, sizeof *s->results);
  CLF__CHECK(clf__arena_status(&s->arena));
  int64_t next = 0;
  for (int32_t rank = 0; rank < s->ranks; rank++) {
    for (int64_t i = 0; i < problems; i++) {
      if (f->owner[i] == rank) {
        s->at[i] = next++;
      }
    }
    s->start[rank + 1] = next;
  }
  return CLF_OK;
}

static clf_status share_results(sharing *s, const clf__svm_fitting *f) {
  for (int64_t i = 0; i < f->own_count; i++) {
    s->results[s->at[f->own[i]]] = result_of(&f->problems[f->own[i]]);
  }
  CLF__CHECK(clf__comm_spread(f->model->context, "results of machines", s->results, s->start,
                              sizeof *s->results));
  for (int32_t rank = 0; rank < s->ranks; rank++) {
    s->first[rank + 1] = s->first[rank];
    for (int64_t i = s->start[rank]; i < s->start[rank + 1]; i++) {
      if (s->results[i].count < 0 || s->results[i].count > f->training->x->rows) {
        return clf__comm_garbled("broadcast");
      }
      s->first[rank + 1] += s->results[i].count;
    }
  }
  return CLF_OK;
}

static clf_status share_vectors(sharing *s, const clf__svm_fitting *f) {
  const int64_t total = s->first[s->ranks];
  int64_t next = s->first[clf__comm_rank(f->model->context)];
  s->row = clf__arena_array(&s->arena, total, sizeof *s->row);
  s->b = clf__arena_array(&s->arena, total, sizeof *s->b);
  CLF__CHECK(clf__arena_status(&s->arena));
  for (int64_t i = 0; i < f->own_count; i++) {
    const clf__svm_problem *p = &f->problems[f->own[i]];
    if (p->count > 0) {
      memcpy(s->row + next, p->row, (size_t)p->count * sizeof *p->row);
      memcpy(s->b + next, p->b, (size_t)p->count * sizeof *p->b);
    }
    next += p->count;
  }
  CLF__CHECK(
      clf__comm_spread(f->model->context, "support vectors", s->row, s->first, sizeof *s->row));
  CLF__CHECK(clf__comm_spread(f->model->context, "coefficients", s->b, s->first, sizeof *s->b));
  for (int64_t k = 0; k < total; k++) {
    if (s->row[k] < 0 || s->row[k] >= f->training->x->rows) {
      return clf__comm_garbled("broadcast");
    }
  }
  return CLF_OK;
}

/* Copies the results of other ranks to the problems. */
static clf_status copy_results(const sharing *s, clf__svm_fitting *f) {
  const int32_t own = clf__comm_rank(f->model->context);
  for (int32_t rank = 0; rank < s->ranks; rank++) {
    int64_t next = s->first[rank];
    for (int64_t i = 0; i < f->shape.problems; i++) {
      clf__svm_problem *p = &f->problems[i];
      if (f->owner[i] != rank) {
        continue;
      }
      CLF__CHECK(rank != own ? set_result(p, &s->results[s->at[i]]) : CLF_OK);
      if (rank != own && p->count > 0) {
        memcpy(p->row, s->row + next, (size_t)p->count * sizeof *p->row);
        memcpy(p->b, s->b + next, (size_t)p->count * sizeof *p->b);
      }
      next += p->count;
    }
  }
  return CLF_OK;
}

clf_status clf__svm_share_results(clf__svm_fitting *f) {
  sharing s = {.arena = {.context = f->model->context}, .ranks = ranks_of(f->model->context)};
  clf_status status = CLF_OK;
  if (f->owner == NULL) {
    return CLF_OK;
  }
  CLF__TRY(open_results(&s, f));
  CLF__TRY(share_results(&s, f));
  CLF__TRY(share_vectors(&s, f));
  status = copy_results(&s, f);
done:
  clf__arena_free(&s.arena);
  return status;
}

/* Marks the rows that are vectors, and lists them in `chosen`; sets values [rows, 1 + lines] to
 * their numbers and coefficients. Returns how many there are. */
static int64_t list_vectors(const clf__svm_fitting *f, int64_t *chosen, double *values) {
  const clf__rows *x = f->training->x;
  const int64_t stride = 1 + f->shape.coefficients,
                first = x->shards != NULL ? x->shards->first : 0;
  int64_t count = 0;
  for (int64_t i = 0; i < f->shape.problems; i++) {
    const clf__svm_problem *p = &f->problems[i];
    for (int64_t k = 0; k < p->count; k++) {
      double *own = values + p->row[k] * stride;
      own[0] = 1;
      own[1 + clf__svm_line(f, i, f->training->labels[p->row[k]])] = p->b[k];
    }
  }
  for (int64_t row = 0; row < x->rows; row++) {
    if (values[row * stride] > 0) {
      values[row * stride] = (double)(first + row);
      chosen[count++] = row;
    }
  }
  return count;
}

/* Returns the coefficient of a vector of all machines in one of them. */
static double coefficient_of(const clf__svm_fitting *f, int64_t machine, int64_t vector) {
  const int64_t line = clf__svm_line(f, machine, f->vectors.labels[vector]);
  return line >= 0 ? f->vectors.targets[vector * (1 + f->shape.coefficients) + 1 + line] : 0;
}

/* The vectors of a machine among those of all machines. */
static clf_status read_vectors(clf__svm_fitting *f, int64_t machine) {
  clf__svm_problem *p = &f->problems[machine];
  int64_t count = 0;
  for (int64_t k = 0; k < f->vectors.x.rows; k++) {
    count += coefficient_of(f, machine, k) != 0;
  }
  clf__free(p->row);
  clf__free(p->b);
  p->count = 0;
  p->row = clf__alloc_array(p->rows->context, count, sizeof *p->row);
  p->b = clf__alloc_array(p->rows->context, count, sizeof *p->b);
  if (p->row == NULL || p->b == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t k = 0; k < f->vectors.x.rows; k++) {
    const double b = coefficient_of(f, machine, k);
    if (b != 0) {
      p->row[p->count] = k;
      p->b[p->count++] = b;
    }
  }
  return CLF_OK;
}

static clf_status number_rows(clf__svm_fitting *f, int64_t stride) {
  const int64_t rows = f->vectors.x.rows;
  const clf__rows *x = f->training->x;
  const int64_t all = clf__shards_rows(x->shards, x->rows);
  f->number = clf__arena_array(&f->arena, rows, sizeof *f->number);
  CLF__CHECK(clf__arena_status(&f->arena));
  for (int64_t k = 0; k < rows; k++) {
    const double number = f->vectors.targets[k * stride];
    if (!(number >= 0 && number < (double)all)) {
      return clf__comm_garbled("broadcast");
    }
    f->number[k] = (int64_t)number;
  }
  return CLF_OK;
}

clf_status clf__svm_gather_vectors(clf__svm_fitting *f) {
  clf_context *context = f->model->context;
  const int64_t rows = f->training->x->rows, stride = 1 + f->shape.coefficients;
  clf__arena arena = {.context = context};
  clf_status status = CLF_OK;
  int64_t *chosen = clf__arena_array(&arena, rows, sizeof *chosen);
  double *values = clf__arena_zeroed(&arena, clf__count(rows, stride), sizeof *values);
  CLF__TRY(clf__arena_status(&arena));
  const clf__rank_part part = {.x = f->training->x,
                               .labels = f->training->labels,
                               .targets = values,
                               .classes = f->training->classes,
                               .outputs = stride};
  const int64_t count = list_vectors(f, chosen, values);
  CLF__TRY(clf__rank_whole_choose(&f->vectors, context, &part, chosen, count));
  CLF__TRY(number_rows(f, stride));
  for (int64_t i = 0; i < f->shape.problems; i++) {
    CLF__TRY(read_vectors(f, i));
  }
  f->vector_training = *f->training;
  f->vector_training.x = &f->vectors.x;
  f->vector_training.labels = f->vectors.labels;
  f->vector_training.weights = NULL;
  f->vector_training.shared = NULL;
  f->training = &f->vector_training;
  double *counts = clf__arena_array(&arena, f->vectors.x.rows, sizeof *counts);
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t k = 0; k < f->vectors.x.rows; k++) {
    counts[k] = 1;
  }
  CLF__TRY(clf__svm_order_rows(&f->shared, context, f->training, &f->rows.function, counts));
  f->shared->center = f->rows.center;
done:
  clf__arena_free(&arena);
  return status;
}
