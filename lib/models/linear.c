/* What all linear kinds share: linear maps W x + b of the rows as tensors of the state, in f32 and
 * in f64. Results in f64 are computed from the latter. Results in f32 are computed from the former
 * if that is precise enough.
 *
 * The error of a product in f32 is about 2^-24 sum_j |w_j x_j|. This is negligible compared with
 * the spread of the values over the rows, unless large weights of opposite signs cancel, as they do
 * for nearly dependent columns. The ratio of the sum to the spread is measured on some rows of the
 * fit, with the same result on every CPU; above MAX_ERROR, results in f32, too, are computed in f64
 * and rounded once. */
#include "models/linear.h"

#include <math.h>

#include "base/math.h"
#include "comm/shards.h"
#include "models/kernel/kernel.h"
#include "models/model.h"
#include "ops/linalg/moments.h"
#include "ops/ops.h"

enum { SAMPLE_ROWS = 32, F32_BITS = 32, F64_BITS = 64 };

#define MAX_ERROR 1e-5 /* of a product in f32, relative to the spread of the values */
#define UNIT 0x1p-24   /* of rounding */

const clf__linear_names clf__decision_names = {"weights", "intercept", "weights_f64",
                                               "intercept_f64", "precision"};
const clf__linear_names clf__projection_names = {"projection", "projection_offset",
                                                 "projection_f64", "projection_offset_f64",
                                                 "projection_precision"};

clf_status clf__check_tensor(const clf_model *model, const char *name, int32_t dtype, int64_t rows,
                             int64_t columns) {
  const clf_tensor *tensor = clf__store_tensor(model->state, name);
  bool right = tensor != NULL && tensor->dtype == dtype && tensor->ndim == (columns >= 0 ? 2 : 1) &&
               (rows < 0 || tensor->shape[0] == rows) &&
               (columns < 0 || tensor->shape[1] == columns);
  return right ? CLF_OK
               : clf__fail(CLF_ERROR_CORRUPT, "%s: the tensor '%s' is missing or of a wrong shape",
                           model->kind->base.name, name);
}

/* Earlier versions stored a map in f64 only where f32 did not suffice, and no precision. */
static clf_status check_f64(const clf_model *model, const clf__linear_names *names, int64_t outputs,
                            int64_t columns) {
  const clf__store *state = model->state;
  const clf_tensor *precision = clf__store_tensor(state, names->precision);
  if (precision == NULL && clf__store_tensor(state, names->weights_f64) == NULL &&
      clf__store_tensor(state, names->offset_f64) == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__check_tensor(model, names->weights_f64, CLF_F64, outputs, columns));
  CLF__CHECK(clf__check_tensor(model, names->offset_f64, CLF_F64, outputs, -1));
  if (precision == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__check_tensor(model, names->precision, CLF_I64, 1, -1));
  const int64_t bits = *(const int64_t *)precision->data;
  return bits == F32_BITS || bits == F64_BITS
             ? CLF_OK
             : clf__fail(CLF_ERROR_CORRUPT, "%s: '%s' is %lld; it must be 32 or 64",
                         model->kind->base.name, names->precision, (long long)bits);
}

clf_status clf__linear_check_map(const clf_model *model, const clf__linear_names *names,
                                 int64_t outputs, int64_t columns) {
  CLF__CHECK(clf__check_tensor(model, names->weights, CLF_F32, outputs, columns));
  const clf_tensor *w = clf__store_tensor(model->state, names->weights);
  CLF__CHECK(clf__check_tensor(model, names->offset, CLF_F32, w->shape[0], -1));
  return check_f64(model, names, w->shape[0], w->shape[1]);
}

clf_status clf__linear_check(const clf_model *model) {
  if (clf__support_there(model->state)) {
    return clf__fail(CLF_ERROR_CORRUPT, "%s: there are support vectors, which no such model has",
                     model->kind->base.name);
  }
  return clf__linear_check_map(model, &clf__decision_names, model->outputs, model->columns);
}

bool clf__support_there(const clf__store *state) {
  return clf__store_tensor(state, "support") != NULL;
}

bool clf__linear_needs_f64(const clf__store *state, const clf__linear_names *names) {
  const clf_tensor *precision = clf__store_tensor(state, names->precision);
  return clf__store_tensor(state, names->weights_f64) != NULL &&
         (precision == NULL || *(const int64_t *)precision->data == F64_BITS);
}

static clf__bound_map find_map(const clf__store *state, const clf__linear_names *names) {
  const clf_tensor *b = clf__store_tensor(state, names->offset);
  const clf_tensor *b_f64 = clf__store_tensor(state, names->offset_f64);
  return (clf__bound_map){.w = clf__store_tensor(state, names->weights),
                          .w_f64 = clf__store_tensor(state, names->weights_f64),
                          .b = b != NULL ? b->data : NULL,
                          .b_f64 = b_f64 != NULL ? b_f64->data : NULL,
                          .needs_f64 = clf__linear_needs_f64(state, names)};
}

void clf__linear_bind(clf_model *model) {
  const clf__store *state = model->state;
  model->linear = (clf__linear_bound){.center = NULL};
  if (state == NULL) {
    return;
  }
  const clf__bound_map decision = find_map(state, &clf__decision_names);
  const clf__bound_map projection = find_map(state, &clf__projection_names);
  const bool maps = !clf__support_there(state);
  const bool kept = (decision.w_f64 != NULL || decision.w == NULL) &&
                    (projection.w_f64 != NULL || projection.w == NULL);
  model->linear =
      (clf__linear_bound){.decision = decision,
                          .center = clf__store_tensor(state, "center"),
                          .precise = maps && (decision.needs_f64 || projection.needs_f64),
                          .has_f64 = maps && kept && model->kind->decide_f64 != NULL};
}

bool clf__linear_precise(const clf_model *model) {
  return model->linear.precise;
}

bool clf__linear_has_f64(const clf_model *model) {
  return model->linear.has_f64;
}

/* The map of the decisions is found already, unless the model is not complete yet. */
static clf__bound_map map_of(const clf_model *model, const clf__linear_names *names) {
  const clf__bound_map *bound = &model->linear.decision;
  return names == &clf__decision_names && bound->w != NULL ? *bound : find_map(model->state, names);
}

/* Tests f32 products of f64 rows, which are rounded first. */
static clf_status apply_rounded(clf_context *context, const clf__rows *x, const float *w,
                                const float *b, int64_t outputs, float *values) {
  float *rounded = clf__alloc_matrix(context, x->rows, x->columns, sizeof *rounded);
  clf_status status = CLF_OK;
  CLF__TRY(rounded == NULL ? CLF_ERROR_MEMORY : clf__rows_round(context, x, x->center, rounded));
  const clf__rows rows = clf__rows_of_f32(rounded, x->rows, x->columns, x->columns);
  status = clf__linear(context, &rows, w, b, outputs, values, outputs);
done:
  clf__free(rounded);
  return status;
}

/* Computes in f64, and rounds once. */
static clf_status apply_precise(const clf_model *model, const clf__linear_names *names,
                                const clf__rows *x, int64_t outputs, float *values) {
  double *precise = clf__alloc_matrix(model->context, x->rows, outputs, sizeof *precise);
  clf_status status =
      precise == NULL ? CLF_ERROR_MEMORY : clf__linear_apply_f64(model, names, x, precise);
  for (int64_t i = 0; status == CLF_OK && i < x->rows * outputs; i++) {
    values[i] = (float)precise[i];
  }
  clf__free(precise);
  return status;
}

clf_status clf__linear_apply(const clf_model *model, const clf__linear_names *names,
                             const clf__rows *x, float *values) {
  clf_context *context = model->context;
  const clf__bound_map map = map_of(model, names);
  const int64_t outputs = map.w->shape[0];
  if (map.needs_f64) {
    return apply_precise(model, names, x, outputs, values);
  }
  return x->dtype == CLF_F64
             ? apply_rounded(context, x, map.w->data, map.b, outputs, values)
             : clf__linear(context, x, map.w->data, map.b, outputs, values, outputs);
}

clf_status clf__linear_decide(const clf_model *model, const clf__rows *x, float *values) {
  return clf__linear_apply(model, &clf__decision_names, x, values);
}

clf_status clf__linear_apply_f64(const clf_model *model, const clf__linear_names *names,
                                 const clf__rows *x, double *values) {
  const clf__bound_map map = map_of(model, names);
  return clf__linear_f64(model->context, x, map.w_f64->data, map.b_f64, map.w_f64->shape[0],
                         values);
}

clf_status clf__linear_decide_f64(const clf_model *model, const clf__rows *x, double *values) {
  return clf__linear_apply_f64(model, &clf__decision_names, x, values);
}

clf_status clf__state_tensor(clf_context *context, clf__store *state, const char *name,
                             int32_t dtype, int64_t rows, int64_t columns) {
  clf_tensor *tensor = NULL;
  clf_status status = columns < 0 ? clf__tensor_vector(&tensor, context, dtype, rows)
                                  : clf__tensor_matrix(&tensor, context, dtype, rows, columns);
  if (status == CLF_OK) {
    status = clf__store_add_tensor(state, name, tensor);
    clf_tensor_free(tensor);
  }
  return status;
}

void *clf__state_data(const clf__store *state, const char *name) {
  return clf__store_tensor(state, name)->data;
}

/* The values of one output over the rows that were measured. */
typedef struct output_sums {
  double value, square; /* sums of z and z^2 */
  double size;          /* sum of (|b| + sum_j |w_j x_j|)^2 */
  double z, terms;      /* of the current row */
} output_sums;

static void add_value(const clf__linear_solution *s, int64_t j, double x, output_sums *sums) {
  for (int64_t k = 0; k < s->outputs && x != 0; k++) {
    const double product = x * s->w[k * s->output_step + j * s->column_step];
    sums[k].z += product;
    sums[k].terms += fabs(product);
  }
}

static void measure_row(const clf__linear_solution *s, const clf__rows *x, int64_t i, double *row,
                        output_sums *sums) {
  for (int64_t k = 0; k < s->outputs; k++) {
    sums[k].z = s->b[k];
    sums[k].terms = fabs(s->b[k]);
  }
  if (clf__rows_sparse(x)) {
    for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
      add_value(s, x->column[e], (double)x->value[e], sums);
    }
  } else {
    clf__rows_read_f64(x, i, row);
    for (int64_t j = 0; j < s->columns; j++) {
      add_value(s, j, row[j], sums);
    }
  }
  for (int64_t k = 0; k < s->outputs; k++) {
    sums[k].value += sums[k].z;
    sums[k].square += sums[k].z * sums[k].z;
    sums[k].size += sums[k].terms * sums[k].terms;
  }
}

/* Returns whether f32 suffices for an output: its error is small compared with the spread of its
 * values, or no larger than that of rounding them. */
static bool suffices(const output_sums *sums, int64_t rows) {
  const double count = (double)rows, mean = sums->value / count;
  const double spread = fmax(sums->square / count - mean * mean, 0);
  const double error = UNIT * UNIT * sums->size / count;
  const double rounding = UNIT * UNIT * sums->square / count;
  return error <= fmax(MAX_ERROR * MAX_ERROR * spread, 16 * rounding);
}

typedef struct measuring {
  clf_context *context;
  const clf__linear_solution *solution;
  const clf__rows *x;
  int64_t rows; /* of all ranks, of which `sample` are measured, evenly spaced */
  int64_t sample;
} measuring;

/* Returns the first n with rows * n / sample >= row. */
static int64_t first_sampled(const measuring *m, int64_t row) {
  int64_t n = (int64_t)((double)row / (double)m->rows * (double)m->sample);
  while (n > 0 && m->rows * (n - 1) / m->sample >= row) {
    n--;
  }
  while (n < m->sample && m->rows * n / m->sample < row) {
    n++;
  }
  return n;
}

/* sums [outputs] of output_sums. */
static clf_status measure_rows(void *argument, int64_t first, int64_t rows, double *sums) {
  const measuring *m = argument;
  const int64_t before = m->x->shards != NULL ? m->x->shards->first : 0;
  double *row = clf__alloc_array(m->context, m->solution->columns, sizeof *row);
  if (row == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t n = first_sampled(m, before + first); n < m->sample; n++) {
    const int64_t at = m->rows * n / m->sample - before;
    if (at >= first + rows) {
      break;
    }
    measure_row(m->solution, m->x, at, row, (output_sums *)sums);
  }
  clf__free(row);
  return CLF_OK;
}

static clf_status measure(bool *precise, clf_context *context, const clf__linear_solution *s,
                          const clf__rows *x) {
  const int64_t all = clf__shards_rows(x->shards, x->rows), rows = clf__min_i64(all, SAMPLE_ROWS);
  measuring m = {context, s, x, all, rows};
  const clf__shard_sum sum = {.name = "precision of the map",
                              .of = x->shards,
                              .rows = x->rows,
                              .add = measure_rows,
                              .argument = &m};
  output_sums *sums = clf__alloc_zeroed(context, s->outputs, sizeof *sums);
  if (sums == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const clf_status status =
      clf__shards_sum(&sum, (double *)sums, s->outputs * (int64_t)(sizeof *sums / sizeof(double)));
  *precise = rows == 0;
  for (int64_t k = 0; k < s->outputs && rows > 0; k++) {
    *precise = *precise || !suffices(&sums[k], rows);
  }
  clf__free(sums);
  return status;
}

/* Sums give the spread of the values, and an upper bound of the size of their terms: the square of
 * |b| + sum_j |w_j| times the root mean square of x_j. */
static clf_status measure_sums(bool *precise, clf_context *context, const clf__linear_solution *s,
                               const clf__moments *m) {
  const int64_t n = s->columns;
  const double total = clf__moments_weight(m);
  clf__arena arena = {.context = context};
  double *mean = clf__arena_array(&arena, n, sizeof *mean);
  double *variance = clf__arena_array(&arena, n, sizeof *variance);
  double *w = clf__arena_array(&arena, n, sizeof *w);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  clf__moments_columns(m, mean, variance);
  *precise = false;
  for (int64_t k = 0; k < s->outputs && !*precise; k++) {
    double value = s->b[k], terms = fabs(s->b[k]), along = 0;
    for (int64_t j = 0; j < n; j++) {
      w[j] = s->w[k * s->output_step + j * s->column_step];
      value += w[j] * mean[j];
      terms += fabs(w[j]) * sqrt(mean[j] * mean[j] + variance[j]);
      w[j] *= m->unit;
      along += w[j] * m->sum[j] / total;
    }
    const double square = clf__moments_form(m, w) / total - along * along;
    const output_sums sums = {
        .value = value, .square = fmax(square, 0) + value * value, .size = terms * terms};
    *precise = !suffices(&sums, 1);
  }
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status store_map(clf_context *context, clf__store *state, const clf__linear_names *names,
                            const clf__linear_solution *s, bool precise) {
  CLF__CHECK(clf__state_tensor(context, state, names->weights, CLF_F32, s->outputs, s->columns));
  CLF__CHECK(clf__state_tensor(context, state, names->offset, CLF_F32, s->outputs, -1));
  CLF__CHECK(
      clf__state_tensor(context, state, names->weights_f64, CLF_F64, s->outputs, s->columns));
  CLF__CHECK(clf__state_tensor(context, state, names->offset_f64, CLF_F64, s->outputs, -1));
  CLF__CHECK(clf__state_tensor(context, state, names->precision, CLF_I64, 1, -1));
  *(int64_t *)clf__state_data(state, names->precision) = precise ? F64_BITS : F32_BITS;
  float *w = clf__state_data(state, names->weights), *b = clf__state_data(state, names->offset);
  double *w_f64 = clf__state_data(state, names->weights_f64);
  double *b_f64 = clf__state_data(state, names->offset_f64);
  for (int64_t k = 0; k < s->outputs; k++) {
    for (int64_t j = 0; j < s->columns; j++) {
      const double value = s->w[k * s->output_step + j * s->column_step];
      w[k * s->columns + j] = (float)value;
      w_f64[k * s->columns + j] = value;
    }
    b[k] = (float)s->b[k];
    b_f64[k] = s->b[k];
  }
  return CLF_OK;
}

clf_status clf__linear_store(clf_context *context, clf__store *state,
                             const clf__linear_names *names, const clf__linear_solution *s,
                             const clf__rows *x) {
  bool precise;
  CLF__CHECK(measure(&precise, context, s, x));
  return store_map(context, state, names, s, precise);
}

clf_status clf__linear_store_sums(clf_context *context, clf__store *state,
                                  const clf__linear_names *names, const clf__linear_solution *s,
                                  const clf__moments *sums) {
  bool precise;
  CLF__CHECK(measure_sums(&precise, context, s, sums));
  return store_map(context, state, names, s, precise);
}
