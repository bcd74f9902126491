/* The rows that a quadratic model is made of. A second derivative sum_i v_i x_ij x_ik is dominated
 * by the rows of much curvature v_i, since those that a classifier is certain of have almost none,
 * and by those that are far from the mean. So a row with the importance r_i = v_i (1 + |x_i|^2 /
 * columns), in units of the deviations, is taken with the probability p_i = min(1, r_i / t), and
 * then has the curvature v_i / p_i; t is chosen by the number of rows that is asked for. Means over
 * samples are the true sums (Horvitz and Thompson 1952). */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/status.h"
#include "optim/prox_model.h"

enum {
  ASKED = 1024, /* rows between two checks for cancellation */
  SWEEPS = 30,
  PRODUCTS = 20, /* of a matrix, in the time of reading and changing an entry */
  ROUNDS = 8
};

/* With so large a share of the rows, all of them are taken. */
static const double most = 0.6;

/* Returns t, so that the p_i add up to `asked`, which is less than the number of rows. */
static double threshold_of(const float *importance, int64_t rows, double asked) {
  double t = 0, rest = 0, certain = 0;
  for (int round = 0; round < ROUNDS; round++) {
    const double last = t;
    rest = certain = 0;
    for (int64_t i = 0; i < rows; i++) {
      const bool in = round > 0 && (double)importance[i] >= t;
      certain += in;
      rest += in ? 0 : (double)importance[i];
    }
    t = rest / fmax(asked - certain, 1);
    if (t == last) {
      break;
    }
  }
  return t;
}

/* Fills row and v; v and importance [rows of x] are of all rows. Rows without curvature are left
 * out, whatever their values. */
static void choose_rows(clf__prox_sample *s, const float *v, const float *importance, int64_t rows,
                        double asked, uint64_t seed) {
  const double t = asked >= most * (double)rows ? 0 : threshold_of(importance, rows, asked);
  clf__random random = clf__random_seed(seed, 0);
  for (int64_t i = 0; i < rows; i++) {
    const double own = (double)importance[i];
    if ((own >= t || clf__random_uniform(&random) * t < own) && own > 0) {
      const float curvature = own >= t ? v[i] : (float)((double)v[i] * t / own);
      s->row[s->rows] = i;
      s->v[s->rows++] = curvature;
      s->total += (double)curvature;
    }
  }
}

/* The matrix of a small table is in f64, and its systems are solved directly (prox_face.c), which
 * columns that nearly depend on each other need. */
static bool matrix_pays(double rows, double count, double entries) {
  const double small = 1 << 22;
  return rows * count * count <= small ||
         (count <= rows && rows * count * count / 2 <= (double)PRODUCTS * SWEEPS * entries);
}

typedef struct filling {
  const clf__prox_problem *p;
  const clf__prox_columns *columns;
  const int64_t *set; /* [count] */
  clf__arena arena;
  int32_t *place; /* [rows] in the sample, or -1; for sparse rows */
  float *root;    /* [rows of the sample] of v */
  double *row;    /* [columns] of dense rows */
  float *values;  /* [count] */
} filling;

static clf_status allocate_filling(filling *f, const clf__prox_sample *s) {
  const clf__rows *x = f->p->x;
  const bool sparse = clf__rows_sparse(x);
  f->place = clf__arena_array(&f->arena, sparse ? x->rows : 0, sizeof *f->place);
  f->root = clf__arena_array(&f->arena, s->rows, sizeof *f->root);
  f->row = clf__arena_array(&f->arena, sparse ? 0 : x->columns, sizeof *f->row);
  f->values = clf__arena_array(&f->arena, sparse ? 0 : s->count, sizeof *f->values);
  CLF__CHECK(clf__arena_status(&f->arena));
  for (int64_t i = 0; i < x->rows && sparse; i++) {
    f->place[i] = -1;
  }
  for (int64_t r = 0; r < s->rows; r++) {
    f->root[r] = sqrtf(s->v[r]);
    if (sparse) {
      f->place[s->row[r]] = (int32_t)r;
    }
  }
  return CLF_OK;
}

/* Returns the number of entries of the set's columns in all rows; dense rows have all. */
static int64_t count_entries(const clf__prox_sample *s, const filling *f) {
  const clf__prox_columns *c = f->columns;
  int64_t count = c->start == NULL ? s->count * f->p->x->rows : 0;
  for (int64_t a = 0; a < s->count && c->start != NULL; a++) {
    count += c->start[f->set[a] + 1] - c->start[f->set[a]];
  }
  return count;
}

/* Reads a row of the sample in units of the deviations, about the means. */
static void read_dense(const clf__prox_sample *s, const filling *f, int64_t r, float *out) {
  clf__rows_read_f64(f->p->x, s->row[r], f->row);
  for (int64_t a = 0; a < s->count; a++) {
    const int64_t j = f->set[a];
    out[a] = (float)((f->row[j] - f->columns->mean[j]) / f->columns->deviation[j]);
  }
}

static clf_status fill_entries_dense(clf__prox_sample *s, const filling *f) {
  for (int64_t a = 0; a < s->count; a++) {
    s->start[a + 1] = (a + 1) * s->rows;
  }
  for (int64_t r = 0; r < s->rows; r++) {
    CLF__CHECK(r % ASKED == 0 ? clf__progress_check() : CLF_OK);
    read_dense(s, f, r, f->values);
    for (int64_t a = 0; a < s->count; a++) {
      s->entry[a * s->rows + r] = (clf__prox_entry){(int32_t)r, f->root[r] * f->values[a]};
    }
  }
  return CLF_OK;
}

/* Entries of other rows are overwritten by the next one, which is faster than a branch. */
static clf_status fill_entries_sparse(clf__prox_sample *s, const filling *f) {
  const clf__prox_columns *c = f->columns;
  int64_t at = 0;
  for (int64_t a = 0; a < s->count; a++) {
    const double scale = 1 / c->deviation[f->set[a]];
    CLF__CHECK(a % ASKED == 0 ? clf__progress_check() : CLF_OK);
    for (int64_t e = c->start[f->set[a]]; e < c->start[f->set[a] + 1]; e++) {
      const int32_t r = f->place[c->entry[e].row];
      const float value = (float)(scale * (double)c->entry[e].value);
      s->entry[at] = (clf__prox_entry){r, f->root[r < 0 ? 0 : r] * value};
      at += r >= 0;
    }
    s->start[a + 1] = at;
  }
  return CLF_OK;
}

/* `capacity` is enough for the set's entries in all rows. Memory that is not written costs nothing.
 */
static clf_status fill_entries(clf__prox_sample *s, const filling *f, int64_t capacity) {
  s->entry = clf__arena_array(&s->arena, capacity + 1, sizeof *s->entry);
  CLF__CHECK(clf__arena_status(&s->arena));
  return f->columns->start != NULL ? fill_entries_sparse(s, f) : fill_entries_dense(s, f);
}

static void scatter_column(clf__prox_sample *s, const filling *f, int64_t a) {
  const clf__prox_columns *c = f->columns;
  const int64_t j = f->set[a];
  for (int64_t e = c->start[j]; e < c->start[j + 1]; e++) {
    const int32_t r = f->place[c->entry[e].row];
    if (r >= 0) {
      s->dense[r * s->count + a] = (float)((double)c->entry[e].value / c->deviation[j]);
    }
  }
}

static clf_status fill_dense(clf__prox_sample *s, const filling *f) {
  const bool sparse = f->columns->start != NULL;
  s->dense = clf__arena_matrix(&s->arena, s->rows, s->count, sizeof *s->dense);
  CLF__CHECK(clf__arena_status(&s->arena));
  for (int64_t r = 0; r < s->rows && !sparse; r++) {
    CLF__CHECK(r % ASKED == 0 ? clf__progress_check() : CLF_OK);
    read_dense(s, f, r, s->dense + r * s->count);
  }
  memset(s->dense, 0, sparse ? (size_t)s->rows * (size_t)s->count * sizeof *s->dense : 0);
  for (int64_t a = 0; a < s->count && sparse; a++) {
    scatter_column(s, f, a);
  }
  return CLF_OK;
}

static clf_status fill(clf__prox_sample *s, filling *f) {
  CLF__CHECK(allocate_filling(f, s));
  const int64_t entries = count_entries(s, f);
  const double share = (double)s->rows / (double)f->p->x->rows;
  return matrix_pays((double)s->rows, (double)s->count, share * (double)entries)
             ? fill_dense(s, f)
             : fill_entries(s, f, f->columns->start != NULL ? entries : s->count * s->rows);
}

clf_status clf__prox_sample_create(clf__prox_sample *s, const clf__prox_problem *p,
                                   const clf__prox_columns *columns,
                                   const clf__prox_target *target) {
  const int64_t rows = p->x->rows;
  filling f = {.p = p, .columns = columns, .set = target->set, .arena = {.context = p->context}};
  clf_status status = CLF_OK;
  *s = (clf__prox_sample){.arena = {.context = p->context}, .count = target->count};
  s->row = clf__arena_array(&s->arena, rows, sizeof *s->row);
  s->v = clf__arena_array(&s->arena, rows, sizeof *s->v);
  s->start = clf__arena_zeroed(&s->arena, s->count + 1, sizeof *s->start);
  float *v = clf__arena_array(&f.arena, rows, sizeof *v);
  float *importance = clf__arena_array(&f.arena, rows, sizeof *importance);
  CLF__TRY(clf__arena_status(&s->arena));
  CLF__TRY(clf__arena_status(&f.arena));
  p->curvature(p->argument, target->output, v);
  for (int64_t i = 0; i < rows; i++) {
    v[i] *= target->stiffness;
    importance[i] = v[i] > 0 ? fminf(v[i] * columns->leverage[i], FLT_MAX) : 0;
  }
  choose_rows(s, v, importance, rows, target->rows, target->seed);
  status = fill(s, &f);
done:
  clf__arena_free(&f.arena);
  return status;
}

void clf__prox_sample_free(clf__prox_sample *sample) {
  clf__arena_free(&sample->arena);
}
