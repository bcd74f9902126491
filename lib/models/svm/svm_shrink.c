/* Shrinking (Joachims 1999). Late in a solution most variables are at a bound that their gradients
 * do not let them leave. The others are a problem of their own, whose rows of the kernel matrix are
 * short: they cost less, and more of them fit into memory. It is solved like the whole problem, and
 * shrinks again when it can. Then what its variables have changed is applied to all gradients, and
 * variables that violate the conditions after all go on from there.
 *
 * That costs a row of the whole matrix for each variable that changed. So it is of use where kernel
 * values have to be computed many times: if none are stored, unless there are few, or if those of
 * the support vectors would fill two caches of the default size. Whether they do depends on the
 * problem alone, not on the cache that it has. */
#include <string.h>

#include "models/svm/svm_solver.h"

/* Returns whether variable i can be part of a step. */
static bool is_active(const clf__svm_solver *s, int64_t i) {
  const double gradient = s->p->gradient[i];
  const clf__svm_gap *gap = &s->gap[clf__svm_sum_of(s, i)];
  return (clf__svm_in_up_set(s, i) && gradient >= gap->min_low) ||
         (clf__svm_in_low_set(s, i) && gradient <= gap->max_up);
}

static int64_t rows_of(const clf__svm_problem *p) {
  return clf__svm_twins(p) ? p->count / 2 : p->count;
}

/* A row of a regression is active if one of its two variables is. */
static bool is_row_active(const clf__svm_solver *s, int64_t i) {
  return is_active(s, i) || (clf__svm_twins(s->p) && is_active(s, rows_of(s->p) + i));
}

/* Few rows have to be active: variables that the part has, and later keeps at a bound, cost as
 * much. */
bool clf__svm_shrinks(const clf__svm_solver *s) {
  static const double min_stored = 2 * (200 << 18), min_computed = 1 << 22;
  const clf__svm_problem *p = s->p;
  const int64_t rows = rows_of(p);
  int64_t active = 0, vectors = 0;
  if (!s->may_shrink) {
    return false;
  }
  const double min_values = clf__kernel_cache_stores(p->rows->cache) ? min_stored : min_computed;
  for (int64_t i = 0; i < rows; i++) {
    active += is_row_active(s, i);
    vectors += p->b[i] != 0 || (clf__svm_twins(p) && p->b[rows + i] != 0);
  }
  return 5 * active <= 3 * rows && (double)vectors * (double)rows > min_values;
}

/* The problem of the active variables. */
typedef struct active_problem {
  clf__arena arena;
  clf__svm_rows rows;
  clf__svm_problem part;
  int64_t *order, *start; /* its rows, by side if these are of classes */
  int64_t *variable;      /* [rows] variables of the whole problem, of side 1 if it has twins */
  int64_t lent;           /* bytes of its cache */
} active_problem;

static void group_rows(active_problem *a, const clf__svm_solver *s) {
  const clf__svm_problem *p = s->p;
  const bool sides = clf__svm_type_has_classes(p->type);
  int64_t next = 0;
  for (int64_t group = 0; group < 1 + sides; group++) {
    a->start[group] = next;
    for (int64_t i = 0; i < rows_of(p); i++) {
      if ((!sides || (p->y[i] < 0) == group) && is_row_active(s, i)) {
        a->variable[next] = i;
        a->order[next++] = p->row[i];
      }
    }
  }
  a->start[1 + sides] = next;
  a->rows.groups.classes = 1 + sides;
}

static void begin_part(active_problem *a, const clf__svm_problem *p, const double *gap) {
  static const int64_t all_rows[] = {0, 0}, classes[] = {0, 1};
  static const int8_t sides[] = {1, -1};
  a->part = *p;
  a->part.rows = &a->rows;
  a->part.parts = p->type == CLF__SVM_ONE_CLASS ? 1 : 2;
  a->part.part = clf__svm_type_has_classes(p->type) ? classes : all_rows;
  a->part.side = sides;
  a->part.absent = NULL;
  a->part.gap = gap;
  a->part.start_b = a->part.start_product = NULL;
  a->part.steps = 0;
  a->part.max_steps = p->max_steps - p->steps;
  a->part.row = NULL;
  a->part.y = a->part.linear = a->part.b = a->part.gradient = NULL;
}

/* Returns the variable of the whole problem that variable i of the part is. */
static int64_t variable_of(const active_problem *a, const clf__svm_problem *p, int64_t i) {
  const int64_t rows = rows_of(&a->part);
  return i < rows ? a->variable[i] : rows_of(p) + a->variable[i - rows];
}

static clf_status begin(active_problem *a, const clf__svm_solver *s, const double *gap) {
  const clf__svm_problem *p = s->p;
  const clf__svm_rows *rows = p->rows;
  a->arena.context = s->context;
  a->rows = *rows;
  a->rows.cache = NULL;
  begin_part(a, p, gap);
  a->order = clf__arena_array(&a->arena, rows_of(p), sizeof *a->order);
  a->variable = clf__arena_array(&a->arena, rows_of(p), sizeof *a->variable);
  a->start = clf__arena_array(&a->arena, 3, sizeof *a->start);
  CLF__CHECK(clf__arena_status(&a->arena));
  group_rows(a, s);
  a->rows.groups.order = a->order;
  a->rows.groups.start = a->start;
  CLF__CHECK(clf__svm_alloc_results(&a->part));
  for (int64_t i = 0; i < a->part.count; i++) {
    a->part.b[i] = p->b[variable_of(a, p, i)];
    a->part.gradient[i] = p->gradient[variable_of(a, p, i)];
  }
  a->lent = clf__kernel_cache_lend(rows->cache);
  return clf__kernel_cache_create(&a->rows.cache, s->context, &rows->function, &a->rows.groups,
                                  rows->center, a->lent);
}

/* Exchanges the b of the part with those of the whole problem. */
static void exchange(active_problem *a, clf__svm_problem *p) {
  for (int64_t i = 0; i < a->part.count; i++) {
    double *b = &p->b[variable_of(a, p, i)], other = a->part.b[i];
    a->part.b[i] = *b;
    *b = other;
  }
}

/* Adds the changes of b, from those that the part has after exchange(), to all gradients. */
static clf_status update_all(const active_problem *a, clf__svm_solver *s) {
  const clf__svm_problem *p = s->p;
  const int64_t rows = rows_of(&a->part);
  int64_t moved = 0;
  for (int64_t i = 0; i < rows; i++) {
    double change = a->part.b[i] - p->b[a->variable[i]];
    if (clf__svm_twins(p)) {
      change += a->part.b[rows + i] - p->b[variable_of(a, p, rows + i)];
    }
    if (change != 0) {
      s->row[moved] = a->order[i];
      s->factor[moved++] = change;
    }
    if (moved == s->capacity || (i == rows - 1 && moved > 0)) {
      CLF__CHECK(clf__svm_update_gradients(s, moved));
      moved = 0;
    }
  }
  return CLF_OK;
}

/* It is a shortcut: without the memory for it, or if it makes no step, working sets go on. */
static clf_status without_it(clf__svm_solver *s, clf_status status) {
  s->may_shrink = false;
  return status == CLF_ERROR_MEMORY ? CLF_OK : status;
}

/* A fit that is stopped keeps what the part has so far. The gradients of other variables stay as
 * they were: they are at a bound, and the intercept follows from those that are not. */
static void keep_gradients(const active_problem *a, clf__svm_problem *p) {
  for (int64_t i = 0; i < a->part.count; i++) {
    p->gradient[variable_of(a, p, i)] = a->part.gradient[i];
  }
}

clf_status clf__svm_solve_active(clf__svm_solver *s, double gap) {
  clf__svm_problem *p = s->p;
  const size_t bytes = (size_t)p->count * sizeof *p->gradient;
  active_problem a = {.lent = 0};
  clf_status status = CLF_OK;
  CLF__TRY(begin(&a, s, &gap));
  status = clf__svm_solve(&a.part);
  if (status == CLF_ERROR_MEMORY) {
    goto done;
  }
  exchange(&a, p);
  memcpy(s->before, p->gradient, bytes);
  status = status < 0 ? status : update_all(&a, s);
  if (status < 0) {
    memcpy(p->gradient, s->before, bytes);
  }
  if (status == CLF_ERROR_MEMORY) { /* b and the gradients are as before */
    exchange(&a, p);
    goto done;
  }
  if (status < 0) {
    keep_gradients(&a, p);
  }
  p->objective = a.part.objective;
  p->steps += a.part.steps;
done:
  clf__kernel_cache_free(a.rows.cache);
  clf__kernel_cache_return(p->rows->cache, a.lent);
  clf__svm_problem_free(&a.part);
  clf__arena_free(&a.arena);
  return status < 0 || a.part.steps == 0 ? without_it(s, status) : status;
}
