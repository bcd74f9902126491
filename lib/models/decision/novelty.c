/* The novelty of rows from the tensors of a fitted model. */
#include "models/decision/novelty.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/random.h"

int64_t clf__novelty_columns(int64_t columns) {
  return clf__min_i64(columns, CLF__NOVELTY_COLUMNS);
}

static void add_column(double *out, int64_t column, double value) {
  clf__random random = clf__random_seed(0, (uint64_t)column);
  const uint64_t drawn = clf__random_next(&random);
  out[(drawn >> 1) % CLF__NOVELTY_COLUMNS] += (drawn & 1) != 0 ? value : -value;
}

static void sum_sparse(const clf__rows *x, int64_t i, double *out) {
  for (int64_t j = x->row_start[i]; j < x->row_start[i + 1]; j++) {
    add_column(out, x->column[j], (double)x->value[j]);
  }
}

void clf__novelty_read(const clf__rows *x, int64_t i, double *row, double *out) {
  if (x->columns <= CLF__NOVELTY_COLUMNS) {
    clf__rows_read_f64(x, i, out);
    return;
  }
  memset(out, 0, CLF__NOVELTY_COLUMNS * sizeof *out);
  if (clf__rows_sparse(x)) {
    sum_sparse(x, i, out);
    return;
  }
  clf__rows_read_f64(x, i, row);
  for (int64_t j = 0; j < x->columns; j++) {
    add_column(out, j, row[j]);
  }
}

double clf__novelty_silence(const float *scores, int64_t classes) {
  double largest = (double)scores[0];
  for (int64_t k = 1; k < classes; k++) {
    largest = fmax(largest, (double)scores[k]);
  }
  return -largest;
}

double clf__novelty_sum(const double *scale, double distance, double silence) {
  const double far = (distance - scale[CLF__NOVELTY_DISTANCE]) / scale[CLF__NOVELTY_DISTANCE_UNIT];
  const double silent = (silence - scale[CLF__NOVELTY_SILENCE]) / scale[CLF__NOVELTY_SILENCE_UNIT];
  return fmax(far, 0) + fmax(silent, 0);
}

static void *data_of(const clf_model *model, const char *name) {
  const clf_tensor *tensor = clf__store_tensor(model->state, name);
  return tensor != NULL ? tensor->data : NULL;
}

/* The tensors of a checked state. */
static clf__density density_of(const clf_model *model) {
  const clf_tensor *variances = clf__store_tensor(model->state, "decision_reject_variances");
  return (clf__density){.classes = model->outputs,
                        .columns = clf__novelty_columns(model->columns),
                        .axes_of_class = variances->shape[1] - 1,
                        .means = data_of(model, "decision_reject_means"),
                        .axes = data_of(model, "decision_reject_axes"),
                        .variances = variances->data};
}

static void read_rows(const clf_model *model, const clf__rows *x, int64_t columns, double *row,
                      double *values, float *z) {
  const double *center = data_of(model, "decision_reject_center");
  const double *unit = data_of(model, "decision_reject_unit");
  for (int64_t i = 0; i < x->rows; i++) {
    clf__novelty_read(x, i, row, values);
    for (int64_t j = 0; j < columns; j++) {
      z[i * columns + j] = (float)((values[j] - center[j]) / unit[j]);
    }
  }
}

clf_status clf__novelty_compute(const clf_model *model, const clf__rows *x, const float *scores,
                                double *novelty) {
  const clf__density density = density_of(model);
  const double *scale = model->decision.reject_scale;
  clf__arena arena = {.context = model->context};
  double *row = clf__arena_array(&arena, x->columns, sizeof *row);
  double *values = clf__arena_array(&arena, density.columns, sizeof *values);
  float *z = clf__arena_matrix(&arena, x->rows, density.columns, sizeof *z);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  read_rows(model, x, density.columns, row, values, z);
  CLF__TRY(clf__density_distances(&density, model->context, z, x->rows, novelty));
  for (int64_t i = 0; i < x->rows; i++) {
    const double silence = clf__novelty_silence(scores + i * model->outputs, model->outputs);
    novelty[i] = clf__novelty_sum(scale, novelty[i], silence) / scale[CLF__NOVELTY_THRESHOLD];
  }
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status corrupt(const clf_model *model, const char *what) {
  return clf__fail(CLF_ERROR_CORRUPT, "%s: decision_reject_%s is not valid", model->kind->base.name,
                   what);
}

/* A class has positive variances, or none; at least one has. */
static bool variances_are_valid(const double *variances, int64_t classes, int64_t count) {
  bool some = false;
  for (int64_t k = 0; k < classes; k++, variances += count) {
    const bool there = variances[0] > 0;
    for (int64_t j = 0; j < count; j++) {
      if (there ? !(variances[j] > 0) : variances[j] != 0) {
        return false;
      }
    }
    some = some || there;
  }
  return some;
}

static bool all_positive(const double *values, int64_t count) {
  bool positive = true;
  for (int64_t i = 0; i < count; i++) {
    positive = positive && values[i] > 0;
  }
  return positive;
}

clf_status clf__novelty_check(const clf_model *model) {
  const int64_t columns = clf__novelty_columns(model->columns), classes = model->outputs;
  const clf_tensor *variances = clf__store_tensor(model->state, "decision_reject_variances");
  const double *scale = data_of(model, "decision_reject_scale");
  if (scale == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__check_tensor(model, "decision_reject_scale", CLF_F64, CLF__NOVELTY_SCALES, -1));
  CLF__CHECK(clf__check_tensor(model, "decision_reject_center", CLF_F64, columns, -1));
  CLF__CHECK(clf__check_tensor(model, "decision_reject_unit", CLF_F64, columns, -1));
  CLF__CHECK(clf__check_tensor(model, "decision_reject_means", CLF_F32, classes, columns));
  if (variances == NULL || variances->ndim != 2 || variances->shape[1] < 2 ||
      variances->shape[1] - 1 > columns) {
    return corrupt(model, "variances");
  }
  const int64_t axes = variances->shape[1] - 1;
  CLF__CHECK(clf__check_tensor(model, "decision_reject_variances", CLF_F64, classes, axes + 1));
  CLF__CHECK(clf__check_tensor(model, "decision_reject_axes", CLF_F32, classes * axes, columns));
  if (!variances_are_valid(variances->data, classes, axes + 1)) {
    return corrupt(model, "variances");
  }
  if (!all_positive(data_of(model, "decision_reject_unit"), columns)) {
    return corrupt(model, "unit");
  }
  return scale[CLF__NOVELTY_DISTANCE_UNIT] > 0 && scale[CLF__NOVELTY_SILENCE_UNIT] > 0 &&
                 scale[CLF__NOVELTY_THRESHOLD] > 0
             ? CLF_OK
             : corrupt(model, "scale");
}
