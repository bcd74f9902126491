/* Decision values in f64, as svm_decide.c has them in f32. Kernel values are f32, as in the fit;
 * they are summed in f64 with coefficients in f64, so that equal rows among the support vectors
 * count as one of the sum of their coefficients. A linear kernel needs no kernel values: its
 * weights are f64. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "models/svm/svm.h"

static const int64_t max_block_values = 1 << 23; /* values that exist at once */

bool clf__svm_has_f64(const clf_model *model) {
  return clf__store_tensor(model->state, "dual_coef_f64") != NULL &&
         clf__store_tensor(model->state, "calibration") == NULL;
}

/* Computes the values of the pairs from the sums over the vectors of each class. */
static clf_status expand_pairs(const clf_model *model, const clf__rows *x, double *f) {
  const int64_t classes = model->outputs, width = clf__count(classes, classes - 1);
  const int64_t *count = clf__state_data(model->state, "support_count");
  clf__arena arena = {.context = model->context};
  int64_t *start = clf__arena_zeroed(&arena, classes + 1, sizeof *start);
  double *sums = clf__arena_matrix(&arena, x->rows, width, sizeof *sums);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t k = 0; k < classes; k++) {
    start[k + 1] = start[k] + count[k];
  }
  CLF__TRY(clf__support_sums_f64(
      model, start, classes, clf__state_data(model->state, "dual_coef_f64"), classes - 1, x, sums));
  for (int64_t row = 0; row < x->rows; row++) {
    const double *sum = sums + row * width;
    for (int64_t i = 0; i < classes; i++) {
      for (int64_t j = i + 1; j < classes; j++) {
        *f++ = sum[i * (classes - 1) + j - 1] + sum[j * (classes - 1) + i];
      }
    }
  }
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status machines(const clf_model *model, const clf__rows *x, double *f) {
  const clf__svm_shape shape = clf__svm_shape_of(model);
  const double *intercept = clf__state_data(model->state, "intercept");
  const int64_t whole[] = {0, clf__support_count(model)};
  if (clf__support_function(model).kind == CLF__KERNEL_LINEAR) {
    return clf__linear_f64(model->context, x, clf__state_data(model->state, "weights_f64"),
                           intercept, shape.problems, f);
  }
  CLF__CHECK(!shape.pairs ? clf__support_sums_f64(model, whole, 1,
                                                  clf__state_data(model->state, "dual_coef_f64"),
                                                  shape.coefficients, x, f)
                          : expand_pairs(model, x, f));
  for (int64_t i = 0; i < x->rows * shape.problems; i++) {
    f[i] += intercept[i % shape.problems];
  }
  return CLF_OK;
}

/* Computes votes, and the fractions that break ties, from the values of the pairs. */
static void aggregate(const double *f, int64_t classes, double *sums, double *values) {
  memset(values, 0, (size_t)classes * sizeof *values);
  memset(sums, 0, (size_t)classes * sizeof *sums);
  for (int64_t i = 0; i < classes; i++) {
    for (int64_t j = i + 1; j < classes; j++, f++) {
      const double cut = *f > 1 ? 1 : *f < -1 ? -1 : *f; /* NaN stays */
      values[*f > 0 ? i : j] += 1;
      sums[i] += cut;
      sums[j] -= cut;
    }
  }
  for (int64_t k = 0; k < classes; k++) {
    values[k] += sums[k] / (double)(2 * classes);
  }
}

/* A class without rows gets a value below all others. */
static void copy_rest(const double *f, const int64_t *support_count, int64_t classes,
                      double *values) {
  double lowest = INFINITY;
  for (int64_t k = 0; k < classes; k++) {
    lowest = support_count[k] > 0 && f[k] < lowest ? f[k] : lowest;
  }
  for (int64_t k = 0; k < classes; k++) {
    values[k] = support_count[k] > 0 ? f[k] : lowest - 1;
  }
}

static void decide_row(const clf_model *model, const clf__svm_shape *shape, const double *f,
                       double *scratch, double *values) {
  const int64_t classes = model->outputs;
  if (shape->one_vs_rest) {
    copy_rest(f, clf__state_data(model->state, "support_count"), classes, values);
  } else if (classes == 2) {
    values[0] = f[0];
    values[1] = -f[0];
  } else {
    aggregate(f, classes, scratch, values);
  }
}

/* Returns the rows, from `first` on, that are processed at once. */
static clf__rows block_at(const clf_model *model, const clf__rows *x, int64_t first) {
  const int64_t max = max_block_values / (model->outputs * model->outputs), rest = x->rows - first;
  return clf__rows_range(x, first, clf__clamp_i64(max, 1, rest));
}

clf_status clf__svm_transform_f64(const clf_model *model, const clf__rows *x, double *values) {
  const int64_t problems = clf__svm_components(model);
  clf_status status = CLF_OK;
  for (int64_t first = 0; status == CLF_OK && first < x->rows;) {
    const clf__rows part = block_at(model, x, first);
    status = machines(model, &part, values + first * problems);
    first += part.rows;
  }
  return status;
}

clf_status clf__svm_decide_f64(const clf_model *model, const clf__rows *x, double *values) {
  const int64_t classes = model->outputs, block = block_at(model, x, 0).rows;
  const clf__svm_shape shape = clf__svm_shape_of(model);
  clf__arena arena = {.context = model->context};
  double *f = clf__arena_matrix(&arena, block, shape.problems, sizeof *f);
  double *scratch = clf__arena_array(&arena, classes, sizeof *scratch);
  clf_status status = clf__arena_status(&arena);
  for (int64_t first = 0; status == CLF_OK && first < x->rows; first += block) {
    const clf__rows part = block_at(model, x, first);
    status = machines(model, &part, model->classes != NULL ? f : values + first * classes);
    for (int64_t row = 0; status == CLF_OK && model->classes != NULL && row < part.rows; row++) {
      decide_row(model, &shape, f + row * shape.problems, scratch,
                 values + (first + row) * classes);
    }
  }
  clf__arena_free(&arena);
  return status;
}
