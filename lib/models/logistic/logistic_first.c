/* The length of the first step of logistic regression from W = 0, where its Hessian is that of
 * probabilities of 1 / outputs. Where an output has few rows, a step of Newton's method is far too
 * long: it gives each row an output of the size of their number, of which the logarithm is enough,
 * and so a penalty that many iterations take back. So the step is as long as a sample of the rows
 * says: along a line their outputs are proportional to it, and no other product is needed. */
#include <math.h>

#include "base/math.h"
#include "models/logistic/logistic.h"
#include "ops/linalg/linear.h"
#include "optim/vector.h"

enum {
  SAMPLE_VALUES = 1 << 18, /* outputs of the sample */
  MIN_ROWS = 64,
  MAX_ROWS = 512,
  MAX_TRIALS = 16
};
#define EXACT 1.25 /* ratio of a step that is too long and one that is too short */

typedef struct first_step {
  const clf__logistic_objective *o;
  int64_t interval; /* the sample has each row whose number is a multiple of it */
  int64_t first;    /* the first of this rank's rows that it has */
  double *z;        /* [sample, outputs] of a step of length 1 */
  double length;
} first_step;

/* The derivative of a row's loss with respect to the length. */
static double derivative(const first_step *s, const double *z, int32_t own) {
  const clf__logistic_objective *o = s->o;
  double sum = 0, weighted = 0, largest = -INFINITY;
  for (int64_t k = 0; k < o->outputs && o->link == CLF__LOGISTIC_SOFTMAX; k++) {
    largest = fmax(largest, s->length * z[k]);
  }
  for (int64_t k = 0; k < o->outputs; k++) {
    if (o->link == CLF__LOGISTIC_SOFTMAX) {
      const double power = exp(s->length * z[k] - largest);
      sum += power;
      weighted += power * z[k];
    } else {
      weighted += z[k] / (1 + exp(-s->length * z[k]));
    }
  }
  return weighted / (o->link == CLF__LOGISTIC_SOFTMAX ? sum : 1) - z[own];
}

static clf_status add_rows(void *argument, int64_t first, int64_t rows, double *sums) {
  const first_step *s = argument;
  const clf__logistic_objective *o = s->o;
  int64_t row = s->first;
  row += first > row ? clf__round_up(first - row, s->interval) : 0;
  for (; row < first + rows; row += s->interval) {
    const double weight = clf__logistic_own_weight(o, row);
    const double *z = s->z + (row - s->first) / s->interval * o->outputs;
    sums[0] += weight;
    sums[1] += weight > 0 ? weight * derivative(s, z, o->labels[row]) : 0;
  }
  return CLF_OK;
}

/* Whether a step of this length is too long; `square` is |W|^2 of a step of length 1. */
static clf_status is_long(first_step *s, double square, double length, bool *out) {
  const clf__logistic_objective *o = s->o;
  const clf__shard_sum sum = {
      .name = "first step", .of = o->x->shards, .rows = o->x->rows, .add = add_rows, .argument = s};
  double sums[2] = {0, 0};
  s->length = length;
  CLF__CHECK(clf__shards_sum(&sum, sums, 2));
  *out = sums[0] > 0 && sums[1] / sums[0] + o->penalty * square * length > 0;
  return CLF_OK;
}

/* The outputs of the sample. */
static clf_status outputs(first_step *s, const double *step, int64_t count) {
  const clf__logistic_objective *o = s->o;
  const double *b = step + o->outputs * o->columns;
  if (!clf__rows_sparse(o->x)) {
    clf__rows all = clf__rows_range(o->x, s->first, clf__min_i64(count, 1));
    all.rows = count;
    all.stride *= s->interval;
    return clf__linear_f64(o->context, &all, step, b, o->outputs, s->z);
  }
  for (int64_t i = 0; i < count; i++) {
    const clf__rows row = clf__rows_range(o->x, s->first + i * s->interval, 1);
    CLF__CHECK(clf__linear_f64(o->context, &row, step, b, o->outputs, s->z + i * o->outputs));
  }
  return CLF_OK;
}

clf_status clf__logistic_first_step(double *length, const clf__logistic_objective *o,
                                    const double *step) {
  const int64_t before = o->x->shards != NULL ? o->x->shards->first : 0;
  const int64_t most = clf__clamp_i64(SAMPLE_VALUES / o->outputs, MIN_ROWS, MAX_ROWS);
  first_step s = {.o = o, .interval = clf__ceil_div(o->rows, most)};
  s.first = clf__round_up(before, s.interval) - before;
  const int64_t count = s.first < o->x->rows ? clf__ceil_div(o->x->rows - s.first, s.interval) : 0;
  const double square = clf__vector_dot(step, step, o->outputs * o->columns);
  double low = 0, high = 1;
  bool too_long = false;
  clf__arena arena = {.context = o->context};
  s.z = clf__arena_matrix(&arena, count + 1, o->outputs, sizeof *s.z);
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  CLF__TRY(outputs(&s, step, count));
  CLF__TRY(is_long(&s, square, high, &too_long));
  for (int i = 0; i < MAX_TRIALS && too_long && high > EXACT * low; i++) {
    const double middle = low > 0 ? sqrt(low * high) : high / 4;
    bool is = false;
    CLF__TRY(is_long(&s, square, middle, &is));
    *(is ? &high : &low) = middle;
  }
  *length = high;
done:
  clf__arena_free(&arena);
  return status;
}
