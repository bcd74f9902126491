/* Dense datasets, and what dense and sparse ones have in common: labels, targets, weights.
 * Contiguous rows of u8, f32 or f64 are shared. Others are converted once: integers to f32, or to
 * f64 if f32 cannot represent all of them. */
#include "data/dataset.h"

#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/utf8_text.h"
#include "data/build.h"

clf_status clf__dataset_blank(clf_dataset **out, clf_context *context) {
  clf_dataset *dataset = clf__handle_create(context, sizeof *dataset);
  if (dataset == NULL) {
    return CLF_ERROR_MEMORY;
  }
  *out = dataset;
  return CLF_OK;
}

void clf_dataset_free(clf_dataset *dataset) {
  if (dataset == NULL) {
    return;
  }
  clf_tensor_free(dataset->x);
  clf_tensor_free(dataset->row_start);
  clf_tensor_free(dataset->column);
  clf_tensor_free(dataset->value);
  clf_tensor_free(dataset->labels);
  clf__classes_release(dataset->classes);
  clf_tensor_free(dataset->targets);
  clf_tensor_free(dataset->weights);
  clf__names_release(dataset->names);
  clf__categories_release(dataset->categories);
  clf__free(dataset->guesses);
  clf__handle_free(dataset);
}

static clf_status check_shape(const clf_tensor *x) {
  if (x->ndim < 2) {
    return clf__fail(CLF_ERROR_SHAPE,
                     "x has %d dimensions and needs rows and features: reshape it to [rows, 1], or "
                     "to [1, features] for a single row",
                     x->ndim);
  }
  if (clf_tensor_count(x) == 0) {
    return clf__fail(CLF_ERROR_SHAPE, "x is empty: it needs at least one row and one feature");
  }
  return CLF_OK;
}

/* Returns whether kernels can read x directly: its rows must have no gaps, and be in order and
 * separate. */
static bool is_readable(const clf_tensor *x) {
  if (x->dtype != CLF_U8 && x->dtype != CLF_F32 && x->dtype != CLF_F64) {
    return false;
  }
  int64_t step = 1;
  for (int32_t i = x->ndim - 1; i > 0; i--) {
    if (x->shape[i] > 1 && x->strides[i] != step) {
      return false;
    }
    step *= x->shape[i];
  }
  return x->shape[0] == 1 || x->strides[0] >= step;
}

clf_status clf_dataset_create(clf_dataset **out, clf_context *context, const clf_tensor *x,
                              const clf_tensor *y) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(x);
  CLF__ENTER("dataset");
  clf_dataset *dataset = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(check_shape(x));
  CLF__TRY(clf__dataset_blank(&dataset, context));
  if (is_readable(x)) {
    CLF__TRY(clf__tensor_share(&dataset->x, x));
  } else {
    CLF__TRY(clf__to_float(&dataset->x, dataset->context, x));
  }
  dataset->rows = x->shape[0];
  dataset->features = clf_tensor_count(x) / x->shape[0];
  if (y != NULL) {
    CLF__TRY(clf_dataset_set_labels(dataset, y));
  }
  *out = dataset;
  dataset = NULL;
done:
  clf_dataset_free(dataset);
  return status;
}

static clf_status check_rows(const clf_dataset *dataset, const char *what, int64_t rows) {
  if (rows != dataset->rows) {
    return clf__fail(CLF_ERROR_SHAPE, "%s: %lld rows for a dataset of %lld", what, (long long)rows,
                     (long long)dataset->rows);
  }
  return CLF_OK;
}

static clf_status check_vector(const clf_dataset *dataset, const char *what,
                               const clf_tensor *tensor) {
  if (tensor->ndim != 1) {
    return clf__fail(CLF_ERROR_SHAPE, "%s: %d dimensions; the shape must be [rows]", what,
                     tensor->ndim);
  }
  return check_rows(dataset, what, tensor->shape[0]);
}

/* Replaces labels and targets; one of the two is NULL. */
static void replace_targets(clf_dataset *dataset, clf_tensor *labels, clf__classes *classes,
                            clf_tensor *targets) {
  clf_tensor_free(dataset->labels);
  clf__classes_release(dataset->classes);
  clf_tensor_free(dataset->targets);
  dataset->labels = labels;
  dataset->classes = classes;
  dataset->targets = targets;
}

clf_status clf_dataset_set_labels(clf_dataset *dataset, const clf_tensor *y) {
  CLF__REQUIRE(dataset);
  CLF__REQUIRE(y);
  CLF__ENTER("dataset");
  clf_tensor *labels = NULL;
  clf__classes *classes = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(check_vector(dataset, "labels", y));
  CLF__TRY(clf__tensor_vector(&labels, dataset->context, CLF_I32, dataset->rows));
  CLF__TRY(clf__classes_of_numbers(&classes, dataset->context, y, labels->data));
  replace_targets(dataset, labels, classes, NULL);
  labels = NULL;
done:
  clf_tensor_free(labels);
  return status;
}

clf_status clf_dataset_set_label_names(clf_dataset *dataset, const char *const *names,
                                       int64_t count) {
  CLF__REQUIRE(dataset);
  CLF__REQUIRE(names);
  CLF__ENTER("dataset");
  clf_tensor *labels = NULL;
  clf__classes *classes = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(check_rows(dataset, "labels", count));
  CLF__TRY(clf__utf8_check_names(names, count, "labels: the name of row"));
  CLF__TRY(clf__tensor_vector(&labels, dataset->context, CLF_I32, dataset->rows));
  CLF__TRY(clf__classes_of_names(&classes, dataset->context, names, count, labels->data));
  replace_targets(dataset, labels, classes, NULL);
  labels = NULL;
done:
  clf_tensor_free(labels);
  return status;
}

static clf_status copy_targets(clf_tensor **out, const clf_dataset *dataset,
                               const clf_tensor *targets) {
  int64_t outputs = clf_tensor_count(targets) / dataset->rows;
  clf_tensor *copy = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__tensor_matrix(&copy, dataset->context, CLF_F64, dataset->rows, outputs));
  double *values = copy->data;
  for (int64_t i = 0; i < clf_tensor_count(copy); i++) {
    values[i] = clf__tensor_value(targets, i);
    if (!isfinite(values[i])) {
      status = clf__fail(CLF_ERROR_DATA, "targets: row %lld, output %lld is %s; it must be finite",
                         (long long)(i / outputs), (long long)(i % outputs),
                         isnan(values[i]) ? "NaN" : "infinite");
      clf_tensor_free(copy);
      return status;
    }
  }
  *out = copy;
  return CLF_OK;
}

clf_status clf_dataset_set_targets(clf_dataset *dataset, const clf_tensor *targets) {
  CLF__REQUIRE(dataset);
  CLF__REQUIRE(targets);
  CLF__ENTER("dataset");
  if (targets->ndim < 1 || targets->ndim > 2 || clf_tensor_count(targets) == 0) {
    return clf__fail(CLF_ERROR_SHAPE, "targets: the shape must be [rows] or [rows, outputs]");
  }
  clf_tensor *copy = NULL;
  clf_status status = check_rows(dataset, "targets", targets->shape[0]);
  if (status == CLF_OK) {
    status = copy_targets(&copy, dataset, targets);
  }
  if (status == CLF_OK) {
    replace_targets(dataset, NULL, NULL, copy);
  }
  return status;
}

static clf_status check_weights(const float *weights, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    if (!(weights[i] >= 0 && isfinite(weights[i]))) {
      return clf__fail(CLF_ERROR_DATA, "weights: row %lld is %s; a weight must be finite and >= 0",
                       (long long)i,
                       isnan(weights[i])   ? "NaN"
                       : isinf(weights[i]) ? "infinite"
                                           : "negative");
    }
  }
  return CLF_OK;
}

clf_status clf_dataset_set_weights(clf_dataset *dataset, const clf_tensor *weights) {
  CLF__REQUIRE(dataset);
  CLF__ENTER("dataset");
  clf_tensor *copy = NULL;
  clf_status status = CLF_OK;
  if (weights != NULL) {
    CLF__TRY(check_vector(dataset, "weights", weights));
    status = clf__round_to_f32(&copy, dataset->context, weights);
    CLF__TRY(status < 0 ? clf__fail_within(status, "weights") : CLF_OK);
    CLF__TRY(check_weights(copy->data, dataset->rows));
  }
  clf_tensor *before = dataset->weights;
  dataset->weights = copy;
  copy = before;
done:
  clf_tensor_free(copy);
  return status;
}

int64_t clf_dataset_rows(const clf_dataset *dataset) {
  return dataset != NULL ? dataset->rows : -1;
}

int64_t clf_dataset_features(const clf_dataset *dataset) {
  return dataset != NULL ? dataset->features : -1;
}

int64_t clf_dataset_classes(const clf_dataset *dataset) {
  return dataset != NULL ? clf__classes_count(dataset->classes) : -1;
}

int64_t clf_dataset_outputs(const clf_dataset *dataset) {
  if (dataset == NULL) {
    return -1;
  }
  return dataset->targets != NULL ? dataset->targets->shape[1] : 0;
}

int64_t clf_dataset_nonzeros(const clf_dataset *dataset) {
  if (dataset == NULL) {
    return -1;
  }
  clf__rows x = clf__dataset_rows(dataset);
  return clf__rows_entries(&x);
}

const char *clf_dataset_guesses(const clf_dataset *dataset) {
  return dataset == NULL ? NULL : dataset->guesses == NULL ? "" : dataset->guesses;
}

int32_t clf_dataset_sparse(const clf_dataset *dataset) {
  return dataset != NULL && dataset->row_start != NULL;
}

const char *clf_dataset_class_name(const clf_dataset *dataset, int64_t index) {
  return dataset != NULL ? clf__classes_name(dataset->classes, index) : NULL;
}

clf_status clf_dataset_tensor(clf_tensor **out, const clf_dataset *dataset, const char *name) {
  CLF__REQUIRE(dataset);
  CLF__REQUIRE(name);
  CLF__REQUIRE(out);
  CLF__ENTER("dataset");
  const struct {
    const char *name;
    const clf_tensor *tensor;
  } parts[] = {
      {"x", dataset->x},
      {"labels", dataset->labels},
      {"targets", dataset->targets},
      {"weights", dataset->weights},
      {"row_start", dataset->row_start},
      {"column", dataset->column},
      {"value", dataset->value},
  };
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    if (strcmp(parts[i].name, name) != 0) {
      continue;
    }
    if (parts[i].tensor == NULL) {
      return clf__fail(CLF_ERROR_UNSUPPORTED, "this dataset has no %s", name);
    }
    return clf__tensor_share(out, parts[i].tensor);
  }
  return clf__fail(
      CLF_ERROR_ARGUMENT,
      "a dataset has no tensor '%s'; there are x, labels, targets, weights, row_start, "
      "column and value",
      name);
}

clf__rows clf__dataset_rows(const clf_dataset *dataset) {
  clf__rows x = {.rows = dataset->rows,
                 .shards = dataset->shards,
                 .columns = dataset->features,
                 .first_row = dataset->first_row,
                 .dtype = CLF_F32,
                 .scale = 1};
  if (dataset->x != NULL) {
    x.dtype = dataset->x->dtype;
    x.scale = (float)dataset->x->scale;
    x.data = dataset->x->data;
    x.stride = dataset->rows > 1 ? dataset->x->strides[0] : dataset->features;
  } else {
    x.row_start = dataset->row_start->data;
    x.column = dataset->column->data;
    x.value = dataset->value->data;
  }
  return x;
}

const int32_t *clf__dataset_labels(const clf_dataset *dataset) {
  return dataset->labels != NULL ? dataset->labels->data : NULL;
}

const double *clf__dataset_targets(const clf_dataset *dataset) {
  return dataset->targets != NULL ? dataset->targets->data : NULL;
}

const float *clf__dataset_weights(const clf_dataset *dataset) {
  return dataset->weights != NULL ? dataset->weights->data : NULL;
}

clf_status clf__dataset_share_rest(clf_dataset *dataset, const clf_dataset *like) {
  dataset->rows = like->rows;
  dataset->first_row = like->first_row;
  dataset->classes = clf__classes_retain(like->classes);
  if (like->labels != NULL) {
    CLF__CHECK(clf__tensor_share(&dataset->labels, like->labels));
  }
  if (like->targets != NULL) {
    CLF__CHECK(clf__tensor_share(&dataset->targets, like->targets));
  }
  if (like->weights != NULL) {
    CLF__CHECK(clf__tensor_share(&dataset->weights, like->weights));
  }
  return CLF_OK;
}

clf_status clf__dataset_with_x(clf_dataset **out, const clf_dataset *like, clf_tensor *x) {
  clf_dataset *dataset = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__dataset_blank(&dataset, like->context));
  CLF__TRY(clf__dataset_share_rest(dataset, like));
  dataset->features = 1;
  for (int32_t i = 1; i < x->ndim; i++) { /* there may be no rows */
    dataset->features *= x->shape[i];
  }
  dataset->x = x;
  *out = dataset;
  dataset = NULL;
done:
  clf_dataset_free(dataset);
  return status;
}

/* Returns the starts of sparse rows relative to the first row's. */
static clf_status count_from_first(clf_tensor **out, const clf_dataset *dataset) {
  const int64_t *from = dataset->row_start->data;
  if (from[0] == 0) {
    return clf__tensor_share(out, dataset->row_start);
  }
  clf_status status = clf__tensor_vector(out, dataset->context, CLF_I64, dataset->rows + 1);
  for (int64_t i = 0; status == CLF_OK && i <= dataset->rows; i++) {
    ((int64_t *)(*out)->data)[i] = from[i] - from[0];
  }
  return status;
}

clf_status clf__dataset_with_value(clf_dataset **out, const clf_dataset *like, clf_tensor *value) {
  const int64_t *start = like->row_start->data;
  clf_dataset *dataset = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__dataset_blank(&dataset, like->context));
  CLF__TRY(clf__dataset_share_rest(dataset, like));
  CLF__TRY(count_from_first(&dataset->row_start, like));
  CLF__TRY(clf_tensor_slice(&dataset->column, like->column, 0, start[0],
                            start[like->rows] - start[0], 1));
  dataset->features = like->features;
  dataset->names = clf__names_retain(like->names);
  dataset->value = value;
  *out = dataset;
  dataset = NULL;
done:
  clf_dataset_free(dataset);
  return status;
}
