/* Machines whose rows are on several ranks (divide=rows). Each rank has its own rows, and b and
 * gradients of them. In each round
 *   - every rank proposes those of its rows that violate the optimality conditions most, up to half
 *     a working set in each direction, and all ranks choose the same set from these;
 *   - the rows of the set go to all ranks, which solve it, each for itself, to the same bits;
 *   - every rank updates the gradients of its rows by their kernel values with the changed rows.
 * What is chosen depends on gradients, and among equal ones on the rows' numbers, and a gradient on
 * the changes in the order of the set, which is that of the rows. So the machine has the same bits
 * for any number of ranks. Sums over rows are made by shards, at the end.
 *
 * A rank of n of all rows, with d columns and working sets of q rows, computes 2 q d (n + q) flops
 * a round, sends its share of the q rows, of 4 d + 24 bytes each, and 16 q bytes of proposals. It
 * keeps its rows twice (packed for products), and some 100 bytes a row. Kernel values are not
 * kept. */
#include <stdlib.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "data/rank_whole.h"
#include "models/svm/svm_fitting.h"
#include "models/svm/svm_solver.h"
#include "ops/linalg/row.h"

enum { HALF = CLF__SVM_SET / 2, TASK_ROWS = 1024, PART = 64, MAX_STALLED = 10 };

/* A row by its number among those of all ranks; -1 for none. */
typedef struct proposal {
  double gradient;
  int64_t row;
} proposal;

/* What a rank says in each round: its gap, and proposals of the up set and of the low set. */
typedef struct proposals {
  clf__svm_gap gap;
  proposal of[2][HALF];
} proposals;

typedef struct divided {
  clf__svm_solver s; /* its set consists of numbers among the rows of all ranks */
  clf__svm_fitting *f;
  const clf__shards *shards;
  int32_t ranks;
  int64_t first;                /* the number of this rank's first row */
  proposals *mine, *all;        /* all [ranks] */
  double *offered;              /* [ranks, HALF] gradients of the proposals in one direction */
  int64_t *number, *at;         /* [ranks, HALF] their rows, and scratch */
  clf__kernel_columns *columns; /* this rank's rows */
  double *state;                /* [count, 3] gradient, b and the bound that is not 0 */
} divided;

enum { STATE = 3 };

static int8_t side_of(const clf__svm_problem *p, int64_t class) {
  for (int64_t i = 0; i < p->parts; i++) {
    if (p->part[i] == class) {
      return p->side[i];
    }
  }
  return 0;
}

/* The variables of this rank's rows, in their order. */
static clf_status set_variables(divided *m) {
  clf__svm_problem *p = m->s.p;
  const clf__training *training = m->f->training;
  const int64_t rows = training->x->rows;
  p->row = clf__alloc_array(m->s.context, rows, sizeof *p->row);
  p->y = clf__alloc_array(m->s.context, rows, sizeof *p->y);
  p->b = clf__alloc_zeroed(m->s.context, rows, sizeof *p->b);
  p->gradient = clf__alloc_array(m->s.context, rows, sizeof *p->gradient);
  m->s.lower = clf__arena_array(&m->s.arena, rows, sizeof *m->s.lower);
  m->s.upper = clf__arena_array(&m->s.arena, rows, sizeof *m->s.upper);
  CLF__CHECK(p->row && p->y && p->b && p->gradient ? clf__arena_status(&m->s.arena)
                                                   : CLF_ERROR_MEMORY);
  for (int64_t i = 0; i < rows; i++) {
    const int8_t side = side_of(p, training->labels[i]);
    if (side != 0 && p->C[i] > 0) {
      p->row[p->count] = i;
      p->y[p->count] = p->gradient[p->count] = side;
      m->s.lower[p->count] = side > 0 ? 0 : -p->C[i];
      m->s.upper[p->count++] = side > 0 ? p->C[i] : 0;
    }
  }
  return CLF_OK;
}

static clf_status begin(divided *m) {
  clf__svm_solver *s = &m->s;
  const clf__svm_rows *rows = s->p->rows;
  const int64_t offers = clf__count(m->ranks, HALF);
  CLF__CHECK(set_variables(m));
  const int64_t count = s->p->count;
  s->sums = 1;
  s->capacity = CLF__SVM_SET;
  s->in_set = clf__arena_zeroed(&s->arena, count, sizeof *s->in_set);
  s->candidate = clf__arena_array(&s->arena, count, sizeof *s->candidate);
  s->before = clf__arena_array(&s->arena, count, sizeof *s->before);
  s->set = clf__arena_array(&s->arena, 2 * s->capacity, sizeof *s->set);
  s->row = clf__arena_array(&s->arena, s->capacity, sizeof *s->row);
  s->K = clf__arena_matrix(&s->arena, s->capacity, s->capacity, sizeof *s->K);
  s->diagonal = clf__arena_array(&s->arena, s->capacity, sizeof *s->diagonal);
  s->own = clf__arena_matrix(&s->arena, 6, s->capacity, sizeof *s->own);
  s->factor = clf__arena_array(&s->arena, s->capacity, sizeof *s->factor);
  m->mine = clf__arena_zeroed(&s->arena, 1, sizeof *m->mine);
  m->all = clf__arena_array(&s->arena, m->ranks, sizeof *m->all);
  m->offered = clf__arena_array(&s->arena, offers, sizeof *m->offered);
  m->number = clf__arena_array(&s->arena, offers, sizeof *m->number);
  m->at = clf__arena_array(&s->arena, offers, sizeof *m->at);
  m->state = clf__arena_matrix(&s->arena, m->f->training->x->rows, STATE, sizeof *m->state);
  CLF__CHECK(clf__arena_status(&s->arena));
  return clf__kernel_columns_create(&m->columns, s->context, &rows->function, rows->groups.x,
                                    s->p->row, count, rows->groups.x, rows->center);
}

static int ascending(const void *one, const void *other) {
  const int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
  return a < b ? -1 : a > b;
}

/* Proposes up to `wanted` variables of the up set (sign 1) or the low set (-1), in the order of
 * their rows. */
static void propose(divided *m, double sign, int64_t wanted, proposal *out) {
  clf__svm_solver *s = &m->s;
  int64_t found = 0;
  for (int64_t i = 0; i < s->p->count; i++) {
    if (!s->in_set[i] && (sign > 0 ? clf__svm_in_up_set(s, i) : clf__svm_in_low_set(s, i))) {
      s->candidate[found++] = i;
    }
  }
  clf__svm_select_first(s->p->gradient, sign, s->candidate, found, clf__min_i64(wanted, found));
  found = clf__min_i64(wanted, found);
  qsort(s->candidate, (size_t)found, sizeof *s->candidate, ascending);
  for (int64_t i = 0; i < HALF; i++) {
    const int64_t at = i < found ? s->candidate[i] : -1;
    out[i] = at >= 0 ? (proposal){s->p->gradient[at], m->first + s->p->row[at]} : (proposal){0, -1};
  }
}

/* Exchanges proposals. Sets the gap of all rows and returns it. `kept` variables of the set stay in
 * it. */
static clf_status exchange(divided *m, int64_t wanted, double *gap) {
  clf__svm_solver *s = &m->s;
  clf__svm_find_gaps(s);
  m->mine->gap = s->gap[0];
  propose(m, 1, wanted, m->mine->of[0]);
  propose(m, -1, wanted, m->mine->of[1]);
  if (m->ranks == 1) {
    *m->all = *m->mine;
  } else {
    CLF__CHECK(
        clf__comm_gather(s->context, "violators", m->mine, (int64_t)sizeof *m->mine, m->all));
  }
  for (int32_t rank = 0; rank < m->ranks; rank++) {
    s->gap[0].max_up = fmax(s->gap[0].max_up, m->all[rank].gap.max_up);
    s->gap[0].min_low = fmin(s->gap[0].min_low, m->all[rank].gap.min_low);
  }
  *gap = s->gap[0].max_up - s->gap[0].min_low;
  return CLF_OK;
}

/* Adds up to `wanted` of what was proposed in one direction to the set. */
static clf_status select_violators(divided *m, int direction, int64_t wanted) {
  clf__svm_solver *s = &m->s;
  const double sign = direction == 0 ? 1 : -1;
  const double limit = direction == 0 ? s->gap[0].min_low : s->gap[0].max_up;
  const int64_t rows = clf__shards_rows(m->shards, m->f->training->x->rows);
  int64_t found = 0;
  for (int32_t rank = 0; rank < m->ranks; rank++) {
    for (int64_t i = 0; i < HALF; i++) {
      const proposal *one = &m->all[rank].of[direction][i];
      if (one->row < -1 || one->row >= rows) {
        return clf__comm_garbled("all_gather");
      }
      if (one->row >= 0 && sign * one->gradient > sign * limit) {
        m->offered[found] = one->gradient;
        m->number[found] = one->row;
        m->at[found] = found;
        found++;
      }
    }
  }
  wanted = clf__min_i64(wanted, found);
  clf__svm_select_first(m->offered, sign, m->at, found, wanted);
  for (int64_t i = 0; i < wanted; i++) {
    s->set[s->size++] = m->number[m->at[i]];
  }
  return CLF_OK;
}

/* Returns this rank's variable of a row, given by its number; -1 if it is another rank's. */
static int64_t variable_of(const divided *m, int64_t number) {
  const clf__svm_problem *p = m->s.p;
  const int64_t row = number - m->first;
  const int64_t *found =
      p->count > 0 ? bsearch(&row, p->row, (size_t)p->count, sizeof row, ascending) : NULL;
  return found != NULL ? found - p->row : -1;
}

static void mark(divided *m, bool in_set) {
  for (int64_t i = 0; i < m->s.size; i++) {
    const int64_t at = variable_of(m, m->s.set[i]);
    if (at >= 0) {
      m->s.in_set[at] = in_set;
    }
  }
}

/* Keeps the variables of the last set that are between their bounds, up to half of it. */
static void keep_free(divided *m) {
  clf__svm_solver *s = &m->s;
  const double *lower = s->own, *upper = s->own + s->capacity, *b = s->own + 2 * s->capacity;
  int64_t kept = 0;
  mark(m, false);
  for (int64_t i = 0; i < s->size && kept < HALF; i++) {
    if (b[i] > lower[i] && b[i] < upper[i]) {
      s->set[kept++] = s->set[i];
    }
  }
  s->size = kept;
  mark(m, true);
}

/* A row can be proposed in both directions. */
static void sort_set(clf__svm_solver *s) {
  int64_t size = 0;
  qsort(s->set, (size_t)s->size, sizeof *s->set, ascending);
  for (int64_t i = 0; i < s->size; i++) {
    if (size == 0 || s->set[i] != s->set[size - 1]) {
      s->set[size++] = s->set[i];
    }
  }
  s->size = size;
}

/* Gives all ranks the rows of the set, with their gradients, b and bounds. */
static clf_status gather_set(divided *m, clf__rank_whole *rows) {
  clf__svm_solver *s = &m->s;
  const clf__svm_problem *p = s->p;
  const clf__rank_part part = {.x = m->f->training->x, .targets = m->state, .outputs = STATE};
  int64_t count = 0;
  for (int64_t i = 0; i < s->size; i++) {
    const int64_t at = variable_of(m, s->set[i]);
    if (at >= 0) {
      double *state = m->state + p->row[at] * STATE;
      state[0] = p->gradient[at];
      state[1] = p->b[at];
      state[2] = p->y[at] > 0 ? s->upper[at] : s->lower[at];
      s->row[count++] = p->row[at];
    }
  }
  CLF__CHECK(clf__rank_whole_choose(rows, s->context, &part, s->row, count));
  return rows->x.rows == s->size ? CLF_OK : clf__comm_garbled("all_gather");
}

static clf_status load_set(divided *m, const clf__rank_whole *rows, double tolerance,
                           clf__smo *out) {
  clf__svm_solver *s = &m->s;
  const clf__svm_rows *all = s->p->rows;
  const int64_t padded = clf__round_up(s->size, CLF__SMO_LANES);
  clf__kernel_columns *columns = NULL;
  memset(s->diagonal, 0, (size_t)s->capacity * sizeof *s->diagonal);
  memset(s->own, 0, (size_t)(6 * s->capacity) * sizeof *s->own);
  memset(s->K, 0, (size_t)(padded * padded) * sizeof *s->K);
  CLF__CHECK(clf__kernel_columns_create(&columns, s->context, &all->function, &rows->x, NULL,
                                        s->size, &rows->x, all->center));
  const clf_status status =
      clf__kernel_block(columns, 0, s->size, &rows->x, NULL, s->size, s->K, padded);
  clf__kernel_columns_free(columns);
  for (int64_t i = 0; i < s->size; i++) {
    const double *state = rows->targets + i * STATE;
    s->diagonal[i] = s->K[i * padded + i];
    s->own[i] = fmin(state[2], 0);
    s->own[s->capacity + i] = fmax(state[2], 0);
    s->own[2 * s->capacity + i] = state[1];
    s->own[3 * s->capacity + i] = state[0];
  }
  *out = clf__svm_set_problem(s, tolerance);
  return status;
}

/* The rows row[0 … moved - 1] of the set have changed, by -factor. */
typedef struct change {
  const divided *m;
  const clf__rows *x;
  int64_t moved;
} change;

static clf_status add_change(void *argument, clf__range range) {
  const change *c = argument;
  const clf__svm_solver *s = &c->m->s;
  const int64_t n = range.end - range.first;
  const float *part[PART];
  float *values = clf__alloc_matrix(s->context, PART, n, sizeof *values);
  clf_status status = values != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t first = 0; status == CLF_OK && first < c->moved; first += PART) {
    const int64_t count = clf__min_i64(PART, c->moved - first);
    status =
        clf__kernel_block(c->m->columns, range.first, n, c->x, s->row + first, count, values, n);
    for (int64_t i = 0; i < count; i++) {
      part[i] = values + i * n;
    }
    if (status == CLF_OK) {
      clf__sum_vectors(s->context, s->p->gradient + range.first, s->factor + first, part, count, n);
    }
  }
  clf__free(values);
  return status;
}

/* Applies what the solved set has changed; all ranks find the same change of the objective. If that
 * fails, b and the gradients are as before. */
static clf_status apply(divided *m, const clf__rank_whole *rows, const clf__smo *smo) {
  clf__svm_solver *s = &m->s;
  const size_t bytes = (size_t)s->p->count * sizeof *s->before;
  change c = {.m = m, .x = &rows->x};
  double gain = 0;
  memcpy(s->before, s->p->gradient, bytes);
  for (int64_t i = 0; i < s->size; i++) {
    const double *before = rows->targets + i * STATE;
    const double step = smo->b[i] - before[1];
    const int64_t at = variable_of(m, s->set[i]);
    gain += step * (before[0] + smo->gradient[i]);
    if (at >= 0) {
      s->p->b[at] = smo->b[i];
    }
    if (step != 0) {
      s->row[c.moved] = i;
      s->factor[c.moved++] = -step;
    }
  }
  const clf_status status =
      clf__jobs_ranges(s->context, s->p->count, TASK_ROWS,
                       clf__kernel_work(m->columns, c.moved, 0, s->p->count), add_change, &c);
  s->p->objective -= status < 0 ? 0 : gain / 2;
  for (int64_t i = 0; status < 0 && i < s->size; i++) {
    const int64_t at = variable_of(m, s->set[i]);
    if (at >= 0) {
      s->p->b[at] = rows->targets[i * STATE + 1];
    }
  }
  if (status < 0) {
    memcpy(s->p->gradient, s->before, bytes);
  }
  return status;
}

static clf_status improve(divided *m, int64_t wanted, double gap) {
  clf__svm_solver *s = &m->s;
  clf__rank_whole rows = {.shards = NULL};
  clf__smo smo;
  clf_status status = CLF_OK;
  CLF__TRY(select_violators(m, 0, wanted));
  CLF__TRY(select_violators(m, 1, wanted));
  sort_set(s);
  CLF__TRY(gather_set(m, &rows));
  CLF__TRY(load_set(m, &rows, fmax(0.5 * s->p->tolerance, 0.1 * gap), &smo));
  const int64_t steps = clf__smo_solve(s->context, &smo);
  status = apply(m, &rows, &smo);
  s->p->steps += status < 0 ? 0 : steps;
done:
  clf__rank_whole_free(&rows);
  return status;
}

/* As in svm_solve.c: working sets that make no progress end it. */
static clf_status iterate(divided *m) {
  clf__svm_problem *p = m->s.p;
  double smallest = (double)INFINITY, gap = (double)NAN;
  for (int stalled = 0;; stalled++) {
    CLF__CHECK(clf__progress_step(&p->rows->progress, 0, gap, (double)NAN));
    keep_free(m);
    const int64_t wanted = (m->s.capacity - m->s.size) / 2;
    CLF__CHECK(exchange(m, wanted, &gap));
    stalled = p->objective < smallest ? 0 : stalled;
    smallest = fmin(smallest, p->objective);
    p->converged = !(gap > p->tolerance);
    p->ended = p->converged || stalled == MAX_STALLED;
    if (p->ended || p->steps >= p->max_steps) {
      return CLF_OK;
    }
    CLF__CHECK(improve(m, wanted, gap));
  }
}

/* A fit that is stopped keeps its only machine, on one rank, as it is. */
static clf_status keep(divided *m, clf_status status) {
  if (status >= 0 || m->f->shape.problems > 1 || m->s.p->steps == 0) {
    return status;
  }
  CLF__CHECK(clf__stop_keep(m->f->training->stop, status));
  m->f->stopped = true;
  clf__svm_find_gaps(&m->s);
  return CLF_OK;
}

/* Adds b (p + gradient) of rows, and the gradients and the number of free variables. */
static clf_status add_outcome(void *argument, int64_t first, int64_t rows, double *sums) {
  const clf__svm_solver *s = argument;
  const clf__svm_problem *p = s->p;
  int64_t i = 0;
  for (int64_t end = p->count; i < end;) { /* the first variable of these rows */
    const int64_t middle = i + (end - i) / 2;
    *(p->row[middle] < first ? &i : &end) = p->row[middle] < first ? middle + 1 : middle;
  }
  for (; i < p->count && p->row[i] < first + rows; i++) {
    sums[0] += p->b[i] * (p->y[i] + p->gradient[i]);
    if (clf__svm_in_up_set(s, i) && clf__svm_in_low_set(s, i)) {
      sums[1] += p->gradient[i];
      sums[2]++;
    }
  }
  return CLF_OK;
}

static clf_status finish(divided *m) {
  clf__svm_problem *p = m->s.p;
  double sums[3] = {0, 0, 0};
  const clf__shard_sum sum = {.name = "machine",
                              .of = m->shards,
                              .rows = m->f->training->x->rows,
                              .add = add_outcome,
                              .argument = &m->s};
  CLF__CHECK(clf__shards_sum(&sum, sums, 3));
  p->objective = -0.5 * sums[0];
  p->intercept = sums[2] > 0 ? sums[1] / sums[2] : clf__svm_middle(&m->s.gap[0]);
  clf__svm_keep_vectors(p);
  p->finished = true;
  return CLF_OK;
}

clf_status clf__svm_solve_rows(clf__svm_fitting *f, clf__svm_problem *problem) {
  const clf__rows *x = f->training->x;
  divided m = {.f = f, .shards = x->shards, .ranks = 1};
  clf_status status = CLF_OK;
  m.s = (clf__svm_solver){
      .p = problem, .context = f->model->context, .arena = {.context = f->model->context}};
  if (x->shards != NULL) {
    m.ranks = x->shards->ranks;
    m.first = x->shards->first;
  }
  CLF__TRY(begin(&m));
  CLF__TRY(keep(&m, iterate(&m)));
  status = finish(&m);
done:
  clf__kernel_columns_free(m.columns);
  clf__arena_free(&m.s.arena);
  return status;
}
