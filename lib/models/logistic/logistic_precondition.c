/* An approximate inverse Hessian for logistic regression.
 *
 * The Hessian's block of output k is (1/N) sum_i v_ik (x_i, 1)(x_i, 1)^T + penalty I with the
 * curvature v_ik = w_i p (1 - p). Blocks between outputs are left out, which is exact for sigmoids.
 * For softmax the missing part is largest along changes that are equal for all outputs, where the
 * loss is constant. The solution has no such component, so the result is projected to sum 0 over
 * the outputs. L-BFGS corrects the rest. On MNIST this takes 20 to 30 evaluations; a single block
 * for all outputs (such as Böhning's bound of 1992) takes 150, and a diagonal about 500. The blocks
 * of many outputs are pooled (logistic_pooled.c).
 *
 * A block is estimated from a sample of rows (logistic_sample.c). Relative to the weighted mean m
 * of the rows, the intercept separates: with u = g_W - m g_b, W changes by S^-1 u and b by
 * g_b / V - m . S^-1 u.
 *
 * Several ranks divide the blocks: each factorizes some, solves with them, and passes on the
 * result.
 *
 * If there are too many columns for blocks to pay, the diagonal of the Hessian at equal curvature
 * is used instead. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "models/logistic/logistic_sample.h"

#define ERROR_OF_SAMPLE                                                                            \
  1e-6 /* relative, added to the diagonal: covers rounding in the Gram matrix */

enum {
  SCALED_ROWS = 64,
  FREE_COLUMNS = 256, /* up to so many columns, blocks cost almost nothing */
  MANY_OUTPUTS = 32   /* the residuals of an output lie in as many cache lines as there are rows */
};

/* Blocks are refreshed two or three times in a fit, at MIN_SAMPLE/2 columns^2 multiply-adds for
 * each column and output, and save about 50 evaluations at 2 rows columns outputs. */
int64_t clf__logistic_blocks(const clf__logistic_objective *o) {
  double square = (double)o->columns * (double)o->columns;
  double limit =
      FREE_COLUMNS * FREE_COLUMNS + 16 * (double)clf__shards_rows(o->x->shards, o->x->rows);
  if (square <= limit && square * (double)o->outputs <= CLF__LOGISTIC_MAX_FACTORS &&
      (o->outputs < MANY_OUTPUTS || o->never_pools)) {
    return o->outputs;
  }
  return square <= limit * (double)o->outputs && square <= CLF__LOGISTIC_MAX_FACTORS ? 1 : 0;
}

bool clf__logistic_is_pooled(const clf__logistic_objective *o) {
  return o->outputs > 1 && clf__logistic_blocks(o) == 1;
}

bool clf__logistic_may_divide(const clf__logistic_objective *o) {
  clf__logistic_objective divided = *o;
  divided.never_pools = true;
  return clf__logistic_is_pooled(o) && !clf__logistic_is_pooled(&divided);
}

typedef struct scale_call {
  double *block;
  int64_t columns;
  double scale;
} scale_call;

/* The lower triangle. */
static void scale_task(void *argument, clf__range rows) {
  const scale_call *call = argument;
  for (int64_t i = rows.first; i < rows.end; i++) {
    for (int64_t j = 0; j <= i; j++) {
      call->block[i * call->columns + j] *= call->scale;
    }
  }
}

/* Converts the sample's scatter into the Hessian's block, and factorizes it. */
static clf_status factor(const clf__logistic_objective *o, double scale, double *block) {
  int64_t n = o->columns;
  scale_call scaling = {block, n, scale};
  clf__parallel_ranges(o->context, n, SCALED_ROWS, (double)n * (double)n * CLF__COST_COPY,
                       scale_task, &scaling);
  for (int64_t j = 0; j < n; j++) {
    double *at = &block[j * n + j];
    *at += ERROR_OF_SAMPLE * *at + o->penalty;
    *at = *at > 0 ? *at : 1; /* a constant column that is not penalized */
  }
  return clf__cholesky(o->context, block, n, n, 0, NULL);
}

/* Whether ranks divide the blocks. Few are each rank's own. */
static bool divided(const clf__logistic_objective *o, int64_t blocks) {
  return blocks > 1 && !clf__logistic_is_pooled(o) && o->x->shards != NULL &&
         o->x->shards->ranks > 1;
}

/* Whether this rank factorizes and solves with a block. */
static bool owns(const clf__logistic_objective *o, int64_t block, int64_t blocks) {
  return !divided(o, blocks) || block % o->x->shards->ranks == o->x->shards->rank;
}

static clf_status refresh_block(clf__logistic_preconditioner *p, int64_t block, int64_t first,
                                int64_t last, bool own) {
  const clf__logistic_objective *o = p->objective;
  double share = 1 / ((double)o->rows * (double)(last - first)); /* mean over rows and outputs */
  clf__logistic_sample rows;
  clf__gram gram = {0};
  clf_status status = CLF_OK;
  CLF__TRY(clf__logistic_sample_create(&rows, o, first, last, p->of_rows));
  clf__gram_input input = {.x = &rows.x, .weights = rows.weights, .centered = o->intercept};
  CLF__TRY(clf__gram_create(&gram, o->context, &input));
  CLF__TRY(own ? factor(o, rows.scale * share, gram.scatter) : CLF_OK);
  for (int64_t k = first; k < last; k++) {
    p->curvatures[k] = rows.curvature * share;
  }
  memcpy(p->means + block * o->columns, gram.mean, (size_t)o->columns * sizeof(double));
  clf__free(p->factors[block]);
  p->factors[block] = own ? gram.scatter : NULL;
  gram.scatter = own ? NULL : gram.scatter;
done:
  clf__logistic_sample_free(&rows);
  clf__gram_free(&gram);
  return status;
}

static clf_status add_curvatures(void *argument, int64_t first, int64_t rows, double *sums) {
  const clf__logistic_objective *o = argument;
  for (int64_t i = first; i < first + rows; i++) {
    for (int64_t k = 0; k < o->outputs; k++) {
      sums[k] += clf__logistic_row_curvature(o, i, k, k + 1);
    }
  }
  return CLF_OK;
}

static clf_status refresh_diagonal(clf__logistic_preconditioner *p) {
  const clf__logistic_objective *o = p->objective;
  const clf__shard_sum sum = {.name = "curvature",
                              .of = o->x->shards,
                              .rows = o->x->rows,
                              .add = add_curvatures,
                              .argument = (void *)o};
  memset(p->curvatures, 0, (size_t)o->outputs * sizeof *p->curvatures);
  CLF__CHECK(clf__shards_sum(&sum, p->curvatures, o->outputs));
  for (int64_t k = 0; k < o->outputs; k++) {
    p->curvatures[k] /= (double)o->rows;
  }
  p->blocks = 0;
  return CLF_OK;
}

/* Returns CLF_ERROR_NUMERIC on all ranks if a block of one has failed so. */
static clf_status agree(const clf__logistic_objective *o, bool failed) {
  double any = failed;
  if (o->x->shards != NULL && o->x->shards->ranks > 1) {
    CLF__CHECK(clf__comm_maxima(o->context, "factors", &any, 1));
  }
  return any > 0 ? CLF_ERROR_NUMERIC : CLF_OK;
}

/* Equal blocks of consecutive outputs; *failed says whether products overflowed. */
static clf_status refresh_blocks(clf__logistic_preconditioner *p, int64_t blocks, bool *failed) {
  const clf__logistic_objective *o = p->objective;
  const int64_t group = blocks > 0 ? o->outputs / blocks : 0;
  for (int64_t k = 0; k < o->outputs; k++) {
    p->order[k] = k;
    p->scales[k] = 1;
  }
  p->first[0] = 0;
  for (int64_t b = 0; b < blocks; b++) {
    p->first[b + 1] = (b + 1) * group;
    const clf_status status = refresh_block(p, b, p->first[b], p->first[b + 1], owns(o, b, blocks));
    *failed = *failed || status == CLF_ERROR_NUMERIC;
    CLF__CHECK(status == CLF_ERROR_NUMERIC ? CLF_OK : status);
  }
  p->blocks = blocks;
  return CLF_OK;
}

clf_status clf__logistic_refresh(clf__logistic_preconditioner *p, bool shared) {
  const clf__logistic_objective *o = p->objective;
  const bool pooled = clf__logistic_is_pooled(o);
  bool failed = false;
  p->length = 1;
  if (pooled) {
    const clf_status status = clf__logistic_refresh_pooled(p, shared);
    failed = status == CLF_ERROR_NUMERIC;
    CLF__CHECK(failed ? CLF_OK : status);
  } else {
    CLF__CHECK(refresh_blocks(p, shared && p->max_blocks > 0 ? 1 : p->max_blocks, &failed));
  }
  const clf_status status = agree(o, failed);
  CLF__CHECK(status == CLF_ERROR_NUMERIC ? CLF_OK : status);
  p->max_blocks = status == CLF_OK ? p->max_blocks : 0;
  p->blocks = status == CLF_OK ? p->blocks : 0;
  return p->blocks == 0 && !pooled ? refresh_diagonal(p) : CLF_OK;
}

/* One of `step` rows: the first of them that has a weight. */
typedef struct squaring {
  const clf__rows *x;
  const float *weights; /* or NULL */
  int64_t step;
  double share;
} squaring;

static void add_square(const squaring *s, int64_t row, double *squares) {
  const clf__rows *x = s->x;
  for (int64_t e = clf__rows_sparse(x) ? x->row_start[row] : x->columns;
       clf__rows_sparse(x) && e < x->row_start[row + 1]; e++) {
    squares[x->column[e]] += (double)x->value[e] * (double)x->value[e] * s->share;
  }
  for (int64_t j = 0; !clf__rows_sparse(x) && j < x->columns; j++) {
    int64_t at = row * x->stride + j;
    const double center = x->center != NULL ? x->center[j] : 0;
    double value = x->dtype == CLF_U8    ? (double)((const uint8_t *)x->data)[at] * (double)x->scale
                   : x->dtype == CLF_F64 ? ((const double *)x->data)[at] - center
                                         : (double)((const float *)x->data)[at];
    squares[j] += value * value * s->share;
  }
}

static clf_status add_squares(void *argument, int64_t first, int64_t rows, double *squares) {
  const squaring *s = argument;
  const int64_t before = s->x->shards != NULL ? s->x->shards->first : 0;
  const int64_t next = clf__ceil_div(before + first, s->step) * s->step - before;
  for (int64_t i = next; i < first + rows; i += s->step) {
    const int64_t end = clf__min_i64(i + s->step, first + rows);
    int64_t row = i;
    while (row < end && s->weights != NULL && !(s->weights[row] > 0)) {
      row++;
    }
    if (row < end) {
      add_square(s, row, squares);
    }
  }
  return CLF_OK;
}

/* Computes means of x^2: over all rows if they are sparse, since columns may be rare, otherwise
 * over some. */
static clf_status mean_squares(const clf__logistic_objective *o, double *squares) {
  enum { ENOUGH = 4096 };
  const int64_t step = clf__rows_sparse(o->x) || o->rows <= ENOUGH ? 1 : o->rows / ENOUGH;
  squaring own = {o->x, o->own_weights, step, 1 / (double)clf__ceil_div(o->rows, step)};
  const clf__shard_sum sum = {.name = "squares",
                              .of = o->x->shards,
                              .rows = o->x->rows,
                              .add = add_squares,
                              .argument = &own};
  return clf__shards_sum(&sum, squares, o->columns);
}

clf_status clf__logistic_preconditioner_create(clf__logistic_preconditioner *p,
                                               const clf__logistic_objective *objective) {
  clf_context *context = objective->context;
  int64_t columns = objective->columns, outputs = objective->outputs;
  *p = (clf__logistic_preconditioner){.objective = objective};
  p->max_blocks = clf__logistic_blocks(objective);
  p->arena.context = context;
  p->factors = clf__arena_zeroed(&p->arena, outputs, sizeof(double *));
  const bool pooled = clf__logistic_is_pooled(objective);
  const int64_t rows = objective->x->rows;
  p->means =
      clf__arena_matrix(&p->arena, pooled ? outputs : p->max_blocks, columns, sizeof(double));
  p->curvatures = clf__arena_array(&p->arena, outputs, sizeof(double));
  p->scales = clf__arena_array(&p->arena, outputs, sizeof(double));
  p->order = clf__arena_array(&p->arena, outputs, sizeof *p->order);
  p->first = clf__arena_array(&p->arena, outputs + 1, sizeof *p->first);
  p->of_rows = clf__arena_array(&p->arena, pooled ? 0 : rows, sizeof(double));
  p->weights = clf__arena_array(&p->arena, pooled ? rows : 0, sizeof(float));
  p->floors = clf__arena_array(&p->arena, columns, sizeof(double));
  p->squares = clf__arena_zeroed(&p->arena, columns, sizeof(double));
  p->scratch = clf__arena_matrix(&p->arena, outputs, columns, sizeof(double));
  CLF__CHECK(clf__arena_status(&p->arena));
  return mean_squares(objective, p->squares);
}

void clf__logistic_preconditioner_free(clf__logistic_preconditioner *p) {
  for (int64_t b = 0; p->factors != NULL && b < p->objective->outputs; b++) {
    clf__free(p->factors[b]);
  }
  p->factors = NULL;
  clf__arena_free(&p->arena);
}

typedef struct apply_call {
  const clf__logistic_preconditioner *preconditioner;
  double *vector;
} apply_call;

/* W of output k -= factor * m. */
static void subtract_mean(double *w, double factor, const double *mean, int64_t columns) {
  for (int64_t j = 0; j < columns; j++) {
    w[j] -= factor * mean[j];
  }
}

/* Solves with one block for the outputs that share it. */
static void block_task(void *argument, int64_t index, int32_t worker) {
  const apply_call *call = argument;
  const clf__logistic_preconditioner *p = call->preconditioner;
  const clf__logistic_objective *o = p->objective;
  const int64_t n = o->columns, group = p->first[index + 1] - p->first[index];
  const int64_t *outputs = p->order + p->first[index];
  const bool pooled = clf__logistic_is_pooled(o), own = owns(o, index, p->blocks);
  double *b = call->vector + o->outputs * n;
  double *solve = p->scratch + p->first[index] * n; /* [columns, group] */
  (void)worker;
  for (int64_t i = 0; i < group; i++) {
    const int64_t k = outputs[i];
    double *w = call->vector + k * n;
    if (!own) { /* what the owner adds to */
      memset(w, 0, (size_t)n * sizeof *w);
      b[k] = 0;
    } else if (o->intercept) {
      subtract_mean(w, b[k], p->means + (pooled ? k : index) * n, n);
    }
    for (int64_t j = 0; j < n && own; j++) {
      solve[j * group + i] = w[j];
    }
  }
  if (!own) {
    return;
  }
  clf__solve_lower(o->context, p->factors[index], n, n, solve, group, group);
  clf__solve_lower_transposed(o->context, p->factors[index], n, n, solve, group, group);
  for (int64_t i = 0; i < group; i++) {
    const int64_t k = outputs[i];
    double *w = call->vector + k * n;
    for (int64_t j = 0; j < n; j++) {
      w[j] = solve[j * group + i] * p->scales[k];
    }
    if (o->intercept) {
      b[k] = b[k] / p->curvatures[k] - clf__dot(p->means + (pooled ? k : index) * n, w, n);
    }
  }
}

static void apply_diagonal(const clf__logistic_preconditioner *p, double *vector) {
  const clf__logistic_objective *o = p->objective;
  for (int64_t k = 0; k < o->outputs; k++) {
    for (int64_t j = 0; j < o->columns; j++) {
      double diagonal = p->curvatures[k] * p->squares[j] + o->penalty;
      vector[k * o->columns + j] /= diagonal > 0 ? diagonal : 1;
    }
    vector[o->outputs * o->columns + k] /= p->curvatures[k];
  }
}

/* Subtracts the mean over the outputs from `count` numbers of each output. */
static void project(double *values, int64_t outputs, int64_t count) {
  for (int64_t j = 0; j < count; j++) {
    double sum = 0;
    for (int64_t k = 0; k < outputs; k++) {
      sum += values[k * count + j];
    }
    for (int64_t k = 0; k < outputs; k++) {
      values[k * count + j] -= sum / (double)outputs;
    }
  }
}

clf_status clf__logistic_precondition(clf__logistic_preconditioner *p, double *vector) {
  const clf__logistic_objective *o = p->objective;
  apply_call call = {p, vector};
  if (p->blocks > 0) {
    const double square = (double)o->columns * (double)o->columns;
    clf__parallel(o->context, p->blocks, (double)o->outputs * square * CLF__COST_COPY, block_task,
                  &call);
  } else {
    apply_diagonal(p, vector);
  }
  if (divided(o, p->blocks)) { /* exact: all ranks but one have 0 */
    CLF__CHECK(clf__comm_sum_integers(o->context, "preconditioned gradient", vector,
                                      o->outputs * (o->columns + 1)));
  }
  if (o->link == CLF__LOGISTIC_SOFTMAX) {
    project(vector, o->outputs, o->columns);
    project(vector + o->outputs * o->columns, o->outputs, 1);
  }
  for (int64_t i = 0; i < o->outputs * (o->columns + 1) && p->length < 1; i++) {
    vector[i] *= p->length;
  }
  return CLF_OK;
}
