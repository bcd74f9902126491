/* The Gram engine, one row at a time in f64. */
#include "ops/gram.h"

#include <string.h>

static void row_values(const clf__rows *x, int64_t row, double *out) {
  if (clf__rows_sparse(x)) {
    memset(out, 0, (size_t)x->columns * sizeof(double));
    for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
      out[x->column[e]] += (double)x->value[e];
    }
    return;
  }
  for (int64_t j = 0; j < x->columns; j++) {
    int64_t at = row * x->stride + j;
    out[j] = x->dtype == CLF_U8 ? ((const uint8_t *)x->data)[at] * (double)x->scale
                                : (double)((const float *)x->data)[at];
  }
}

static void add_scaled(double *to, double factor, const double *values, int64_t count) {
  for (int64_t j = 0; j < count; j++) {
    to[j] += factor * values[j];
  }
}

static void add_cross(clf__gram *gram, const clf__gram_input *input, int64_t row, double weight,
                      const double *values) {
  int64_t columns = input->x->columns;
  if (input->labels != NULL) {
    gram->class_weight[input->labels[row]] += weight;
    add_scaled(gram->cross + input->labels[row] * columns, weight, values, columns);
  } else if (input->targets != NULL) {
    for (int64_t o = 0; o < input->outputs; o++) {
      add_scaled(gram->cross + o * columns, weight * input->targets[row * input->outputs + o],
                 values, columns);
    }
  }
}

static double weight_of(const clf__gram_input *input, int64_t row) {
  return input->weights == NULL ? 1 : (double)input->weights[row];
}

static void add_rows(clf__gram *gram, const clf__gram_input *input, double *values) {
  int64_t columns = input->x->columns;
  for (int64_t i = 0; i < input->x->rows; i++) {
    double weight = weight_of(input, i);
    row_values(input->x, i, values);
    add_scaled(values, -1, gram->mean, columns);
    for (int64_t j = 0; j < columns; j++) {
      add_scaled(gram->scatter + j * columns, weight * values[j], values, columns);
    }
    add_cross(gram, input, i, weight, values);
  }
}

static void find_mean(clf__gram *gram, const clf__gram_input *input, double *values) {
  for (int64_t i = 0; i < input->x->rows; i++) {
    double weight = weight_of(input, i);
    gram->weight += weight;
    if (input->centered) {
      row_values(input->x, i, values);
      add_scaled(gram->mean, weight, values, input->x->columns);
    }
  }
  for (int64_t j = 0; j < input->x->columns && input->centered; j++) {
    gram->mean[j] /= gram->weight;
  }
}

static double *new_matrix(clf_context *context, int64_t rows, int64_t columns) {
  int64_t count;
  return clf__alloc_zeroed(context, clf__mul_i64(rows, columns, &count) ? count : -1,
                           sizeof(double));
}

clf_status clf__gram_create(clf__gram *out, clf_context *context, const clf__gram_input *input) {
  int64_t columns = input->x->columns;
  clf_status status = CLF_ERROR_MEMORY;
  clf__gram gram = {0};
  double *values = new_matrix(context, 1, columns);
  gram.mean = new_matrix(context, 1, columns);
  gram.scatter = new_matrix(context, columns, columns);
  if (input->outputs > 0) {
    gram.cross = new_matrix(context, input->outputs, columns);
  }
  if (input->labels != NULL) {
    gram.class_weight = new_matrix(context, 1, input->outputs);
  }
  if (values == NULL || gram.mean == NULL || gram.scatter == NULL ||
      (input->outputs > 0 && gram.cross == NULL) ||
      (input->labels != NULL && gram.class_weight == NULL)) {
    goto done;
  }
  find_mean(&gram, input, values);
  if (input->centered && !(gram.weight > 0)) {
    status = clf__fail(CLF_ERROR_DATA, "the rows' weights sum to 0; some must be above 0");
    goto done;
  }
  add_rows(&gram, input, values);
  *out = gram;
  gram = (clf__gram){0};
  status = CLF_OK;
done:
  clf__free(values);
  clf__gram_free(&gram);
  return status;
}

void clf__gram_free(clf__gram *gram) {
  clf__free(gram->mean);
  clf__free(gram->scatter);
  clf__free(gram->cross);
  clf__free(gram->class_weight);
  *gram = (clf__gram){0};
}
