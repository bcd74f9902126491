/* The approximate inverse Hessian for logistic regression of many outputs, whose blocks
 * (logistic_precondition.c) take longer to compute than what they save.
 *
 * The blocks of outputs k are H_k = c_k S_k + penalty I, with the mean curvature c_k and the
 * scatter S_k about the mean m_k of the rows, both weighted by the curvatures v_ik. Means and
 * curvatures are each output's own, at the cost of an evaluation. The scatter is that of all
 * outputs together:
 *
 *   S = sum_k c_k S_k / sum_k c_k, where
 *   sum_k c_k S_k = (1/N) sum_i (sum_k v_ik) (x_i - m)(x_i - m)^T - sum_k c_k (m_k - m)(m_k - m)^T
 *
 * with the mean m over all outputs, as the scatter within classes is that of all less that between
 * them. Outputs of similar curvature c share a Cholesky factor of S + (penalty / c) I. It takes
 * about 1.4 times the evaluations that blocks take, and half of those with S about the mean of all,
 * where neither depends on the number of outputs. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "models/logistic/logistic.h"
#include "ops/linalg/gemm.h"

#define ERROR_OF_GRAM 1e-6 /* relative, added to the diagonal: covers rounding in the products */
#define BAND 4             /* outputs of a band differ in curvature by so much at most */

enum {
  MAX_BANDS = 6,
  ROWS_PER_COLUMN = 16, /* of more dense rows, each second, third ... is read */
  ROWS_PER_OUTPUT = 32,
  ENOUGH_ROWS = 4096
};

/* The objective of some of the rows. */
typedef struct subset {
  clf__arena arena;
  clf__shards *shards;
  clf__rows x;
  clf__logistic_objective objective;
} subset;

/* Returns how many of the numbers first … end - 1 are multiples of `step`. */
static int64_t multiples(int64_t first, int64_t end, int64_t step) {
  return end > first ? clf__ceil_div(end, step) - clf__ceil_div(first, step) : 0;
}

/* The chosen rows stay in their shards. */
static clf_status choose_shards(subset *s, const clf__shards *of, int64_t step) {
  int64_t *chosen = clf__arena_matrix(&s->arena, of->ranks, of->count, sizeof *chosen);
  CLF__CHECK(clf__arena_status(&s->arena));
  for (int64_t r = 0; r < of->ranks; r++) {
    for (int64_t i = 0; i < of->count; i++) {
      chosen[r * of->count + i] =
          multiples(clf__max_i64(of->start[r], clf__shard_start(of, i)),
                    clf__min_i64(of->start[r + 1], clf__shard_start(of, i + 1)), step);
    }
  }
  return clf__shards_choose(&s->shards, of, chosen);
}

/* Each row whose number is a multiple of `step`, as a view. */
static clf_status choose_rows(subset *s, const clf__logistic_objective *o, int64_t step) {
  const clf__shards *shards = o->x->shards;
  const int64_t before = shards != NULL ? shards->first : 0;
  const int64_t first = clf__round_up(before, step) - before;
  const int64_t rows = multiples(before, before + o->x->rows, step);
  const size_t size = o->x->dtype == CLF_U8 ? 1 : o->x->dtype == CLF_F64 ? 8 : 4;
  int32_t *labels = clf__arena_array(&s->arena, rows + 1, sizeof *labels);
  float *weights = clf__arena_array(&s->arena, rows + 1, sizeof *weights);
  float *own_weights = clf__arena_array(&s->arena, rows + 1, sizeof *own_weights);
  CLF__CHECK(clf__arena_status(&s->arena));
  for (int64_t i = 0; i < rows; i++) {
    const int64_t row = first + i * step;
    labels[i] = o->labels[row];
    weights[i] = clf__logistic_weight(o, row);
    own_weights[i] = o->own_weights != NULL ? o->own_weights[row] : 1;
  }
  CLF__CHECK(shards != NULL ? choose_shards(s, shards, step) : CLF_OK);
  s->x.data = (const char *)o->x->data + (size_t)(first * o->x->stride) * size;
  s->x.stride *= step;
  s->x.rows = rows;
  s->x.shards = s->shards;
  s->objective.x = &s->x;
  s->objective.rows = clf__shards_rows(s->shards, rows);
  s->objective.labels = labels;
  s->objective.weights = o->weights != NULL ? weights : NULL;
  s->objective.own_weights = o->own_weights != NULL ? own_weights : NULL;
  return CLF_OK;
}

/* Rows that are enough to estimate the scatter and the means. */
static clf_status choose(subset *s, const clf__logistic_objective *o) {
  const int64_t wanted =
      clf__max_i64(ENOUGH_ROWS, clf__max_i64(clf__count(ROWS_PER_COLUMN, o->columns),
                                             clf__count(ROWS_PER_OUTPUT, o->outputs)));
  const int64_t step = o->rows / wanted;
  *s = (subset){.arena = {.context = o->context}, .x = *o->x, .objective = *o};
  return step > 1 && !clf__rows_sparse(o->x) ? choose_rows(s, o, step) : CLF_OK;
}

static void free_subset(subset *s) {
  clf__shards_free(s->shards);
  clf__arena_free(&s->arena);
}

/* Equal curvatures of all outputs, as at W = 0. */
static void share_curvature(const clf__logistic_preconditioner *p, const subset *s) {
  const clf__logistic_objective *o = &s->objective;
  const double share = 1 / (double)o->outputs;
  for (int64_t i = 0; i < o->x->rows; i++) {
    p->weights[i] = (float)(1 - share) * clf__logistic_weight(o, i);
  }
  for (int64_t k = 0; k < o->outputs; k++) {
    p->curvatures[k] = share * (1 - share);
  }
}

/* p->weights [rows], p->curvatures and p->means at the last evaluation. */
static clf_status find_curvatures(const clf__logistic_preconditioner *p, subset *s) {
  clf__logistic_objective *o = &s->objective;
  clf__logistic_sums sums;
  CLF__CHECK(clf__logistic_curvatures(o, p->weights, &sums));
  for (int64_t k = 0; k < o->outputs; k++) {
    const double weight = sums.bias[k];
    p->curvatures[k] = weight / (double)o->rows;
    for (int64_t j = 0; j < o->columns; j++) {
      p->means[k * o->columns + j] = o->intercept ? sums.gradient[k * o->columns + j] / weight : 0;
    }
  }
  return CLF_OK;
}

/* scatter -= the sum over k of V_k (m_k - m)(m_k - m)^T, where V_k is the sum of v_ik. */
static clf_status subtract_between(const clf__logistic_preconditioner *p, double rows,
                                   const double *mean, double *scatter) {
  const clf__logistic_objective *o = p->objective;
  const int64_t n = o->columns;
  for (int64_t k = 0; k < o->outputs; k++) {
    const double root = sqrt(p->curvatures[k] * rows);
    for (int64_t j = 0; j < n; j++) {
      p->scratch[k * n + j] = root * (p->means[k * n + j] - mean[j]);
    }
  }
  return clf__gemm_f64(o->context, -1, clf__f64_transposed(p->scratch, n, o->outputs, n),
                       clf__f64_matrix(p->scratch, o->outputs, n, n), 1, scatter, n);
}

/* Computes S sum_i v_i [columns, columns]. */
static clf_status pool(const clf__logistic_preconditioner *p, const subset *s, bool shared,
                       clf__gram *gram) {
  const clf__logistic_objective *o = &s->objective;
  const int64_t n = o->columns;
  const clf__gram_input input = {.x = o->x, .weights = p->weights, .centered = o->intercept};
  CLF__CHECK(clf__gram_create(gram, o->context, &input));
  for (int64_t j = 0; j < n; j++) {
    p->floors[j] = ERROR_OF_GRAM * gram->scatter[j * (n + 1)];
  }
  if (shared) {
    for (int64_t k = 0; k < o->outputs; k++) {
      memcpy(p->means + k * n, gram->mean, (size_t)n * sizeof(double));
    }
  } else if (o->intercept) {
    CLF__CHECK(subtract_between(p, (double)o->rows, gram->mean, gram->scatter));
  }
  for (int64_t j = 0; j < n; j++) {
    double *at = &gram->scatter[j * (n + 1)];
    *at = fmax(*at, 0) + p->floors[j];
  }
  for (int64_t k = 0; k < o->outputs; k++) {
    p->scales[k] = gram->weight / p->curvatures[k];
  }
  return CLF_OK;
}

/* Divides the outputs into bands by their curvatures. */
static void divide(clf__logistic_preconditioner *p) {
  const clf__logistic_objective *o = p->objective;
  const int64_t most =
      clf__clamp_i64(CLF__LOGISTIC_MAX_FACTORS / clf__count(o->columns, o->columns), 1, MAX_BANDS);
  double largest = 0;
  for (int64_t k = 0; k < o->outputs; k++) {
    largest = fmax(largest, p->curvatures[k]);
  }
  p->blocks = 0;
  p->first[0] = 0;
  for (int64_t band = 0, count = 0; band < most; band++) {
    const double high = largest * pow(BAND, -(double)band), low = high / BAND;
    for (int64_t k = 0; k < o->outputs; k++) {
      const double c = p->curvatures[k];
      if ((c <= high || band == 0) && (c > low || band == most - 1)) {
        p->order[count++] = k;
      }
    }
    if (count > p->first[p->blocks]) {
      p->first[++p->blocks] = count;
    }
  }
}

/* Factorizes S + (penalty / c) I, with the mean curvature c of a band. */
static clf_status factor_band(clf__logistic_preconditioner *p, int64_t band,
                              const clf__gram *gram) {
  const clf__logistic_objective *o = p->objective;
  const int64_t n = o->columns, count = p->first[band + 1] - p->first[band];
  double curvature = 0;
  double *factor = clf__alloc_array(o->context, clf__count(n, n), sizeof *factor);
  if (factor == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf__free(p->factors[band]);
  p->factors[band] = factor;
  memcpy(factor, gram->scatter, (size_t)(n * n) * sizeof *factor);
  for (int64_t i = p->first[band]; i < p->first[band + 1]; i++) {
    curvature += p->curvatures[p->order[i]] / (double)count;
  }
  for (int64_t j = 0; j < n; j++) {
    double *at = &factor[j * (n + 1)];
    *at += gram->weight * o->penalty / curvature;
    *at = *at > 0 ? *at : 1; /* a constant column that is not penalized */
  }
  return clf__cholesky(o->context, factor, n, n, 0, NULL);
}

clf_status clf__logistic_refresh_pooled(clf__logistic_preconditioner *p, bool shared) {
  clf__gram gram = {0};
  subset s;
  clf_status status = choose(&s, p->objective);
  CLF__TRY(status);
  if (shared) {
    share_curvature(p, &s);
  } else {
    CLF__TRY(find_curvatures(p, &s));
  }
  p->blocks = 0;
  if (p->max_blocks > 0) {
    CLF__TRY(pool(p, &s, shared, &gram));
    divide(p);
  }
  for (int64_t band = 0; band < p->blocks; band++) {
    CLF__TRY(factor_band(p, band, &gram));
  }
done:
  clf__gram_free(&gram);
  free_subset(&s);
  return status;
}
